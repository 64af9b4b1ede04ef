"""The customer database: what a customer usually does, and who may be leaving."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_share
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError


@checked
def purchase_reference(
    recency: Variable,
    tenure: Variable,
    *,
    purchases: Variable,
    cuts: float = 0.05,
    data: Data | None = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return each customer's usual gap between purchases, and who is overdue (购买行为参考系统).

    Parameters
    ----------
    recency : float, array-like of shape (n,), Series, or name of a column
        Time from the last purchase to the end of the window, 0 or more.
    tenure : float, array-like of shape (n,), Series, or name of a column
        Time from the first purchase to the last, in the same unit, 0 or more; 0 with one
        purchase.
    purchases : float, array-like of shape (n,), Series, or name of a column
        Number of purchases in the window, at least 1; count purchases of one day as one.
    cuts : float
        From which probability of the wait down a customer counts as overdue, from 0 to 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns, such as the customers of
        :func:`purchase_behaviour`.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the customer out.

    Returns
    -------
    DataFrame
        A row a customer, with the labels of the rows: ``usual_gap``, the mean time between
        purchases; ``gaps_waited``, the recency in usual gaps; ``wait_probability``, how probable
        a wait at least as long is if nothing has changed, from 0 to 1; ``overdue``, True or
        False. Where no gap was seen (one purchase, or all at one time) the numbers are NaN, and
        nobody is called overdue.

    Raises
    ------
    DataError
        If values are missing, not numeric, negative or of unequal length, a number of purchases
        is not a whole number from 1 on, or one purchase has a tenure above 0.
    OptionError
        If ``cuts`` is no number from 0 to 1, or ``missing`` is not one of its choices.

    See Also
    --------
    exit_reasons : Why customers left.

    Notes
    -----
    Of a customer who buys at random at a rate of his own that does not change, the n - 1
    purchases after the first lie anywhere between the first and the end of the window with the
    same probability. All of them lie before the last one seen with the probability
    (tenure / (tenure + recency))^(n - 1), whatever the rate. It takes into account that the gap
    is itself estimated, from few purchases badly.

    Of customers who have not changed a share ``cuts`` is flagged by chance. Who buys
    more regularly than at random is flagged late, and who buys in bursts too early. The flag
    says that somebody waits longer than usual, and not that he left.

    Examples
    --------
    Four purchases over 30 days, so a gap of 10, and 30 days of silence: (30 / 60)^3 = 0.125.
    After 90 days it is (30 / 120)^3:

    >>> from loyaltymodel import customer_base
    >>> customer_base.purchase_reference([30, 90, 5], [30, 30, 0], purchases=[4, 4, 1]).round(3)
       usual_gap  gaps_waited  wait_probability  overdue
    0       10.0          3.0             0.125    False
    1       10.0          9.0             0.016     True
    2        NaN          NaN               NaN    False

    From purchases, which give ``recency``, ``tenure`` and ``n_purchases`` of each customer:

    >>> import pandas as pd
    >>> bought = pd.DataFrame({
    ...     "customer": ["Ann", "Ann", "Ann", "Bob"],
    ...     "date": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21", "2024-01-05"]),
    ...     "brand": "A",
    ... })
    >>> _, own = customer_base.purchase_behaviour(
    ...     data=bought, amount=None, window=("2024-01-01", "2024-02-20")
    ... )
    >>> customer_base.purchase_reference(
    ...     "recency", "tenure", purchases="n_purchases", data=own
    ... ).round(3)
              usual_gap  gaps_waited  wait_probability  overdue
    customer
    Ann            10.0          3.0              0.16    False
    Bob             NaN          NaN               NaN    False
    """
    check_share("cuts", cuts)
    positive = (0.0, np.inf)
    read = read_variables(
        {"recency": recency, "tenure": tenure, "purchases": purchases},
        data=data,
        bounds={"recency": positive, "tenure": positive, "purchases": (1.0, np.inf)},
        missing=missing,
    )
    wait, length, n = (
        np.asarray(read[name], dtype=np.float64) for name in ("recency", "tenure", "purchases")
    )
    if (n % 1 != 0).any():
        row = read.labels[int(np.argmax(n % 1 != 0))]
        raise DataError(f"purchases must be whole numbers, but row {row} has a fraction")
    if (torn := (n == 1) & (length > 0)).any():
        raise DataError(
            f"row {read.labels[int(np.argmax(torn))]} has a tenure above 0 with one purchase; "
            "tenure is the time from the first purchase to the last, so make it 0, or count all "
            "purchases"
        )
    seen = (n > 1) & (length > 0)
    length, gaps = np.where(seen, length, np.nan), np.where(seen, n - 1, np.nan)
    probability = (length / (length + wait)) ** gaps
    return pd.DataFrame(
        {
            "usual_gap": length / gaps,
            "gaps_waited": wait / length * gaps,
            "wait_probability": probability,
            "overdue": exceeds(cuts, probability),
        },
        index=read.labels,
    )
