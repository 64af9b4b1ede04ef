"""Why customers leave, and what it costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.economics.pareto import ranked
from loyaltymodel.errors import DataError


@checked
def exit_reasons(
    reason: Variable,
    *,
    value: Variable | None = None,
    data: Data | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return why customers left, the weightiest reason first (顾客退出管理).

    Parameters
    ----------
    reason : Series, array of shape (n,) or str
        The reason of each customer who left, as a text or a code.
    value : Series, array of shape (n,) or str, optional
        What each was worth per period, in money, none negative; then reasons are ordered by
        the value lost.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    level : float
        Confidence level of the intervals, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    DataFrame
        A row a reason: ``reason``, ``n_obs`` (exits), ``estimate`` (their share) with
        ``ci_low`` and ``ci_high`` (Wilson), ``value_lost`` and ``value_share`` if values are
        given, ``best_rank`` and ``worst_rank``, ``cumulative``, the share of exits, or of the
        value, down to this reason, and ``p_next``, the p-value of no difference from the next.

    Raises
    ------
    DataError
        If values are missing, negative or of different lengths.
    OptionError
        If an option is not one of its choices.

    See Also
    --------
    problem_pareto : The same for complaints; says how ranks and p-values are made.

    Notes
    -----
    What defectors say is learnt from those who answer; the others may have left for other
    reasons. That a firm can learn from defectors is argued by Reichheld and Sasser [1]_.

    References
    ----------
    .. [1] Reichheld, F. F., & Sasser, W. E. (1990). Zero defections: quality comes to services.
       Harvard Business Review, 68(5), 105-111.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.exit_reasons(
    ...     ["price", "service", "price", "moved"], value=[10, 50, 20, 20]
    ... )[["reason", "n_obs", "value_lost", "cumulative"]]
        reason  n_obs  value_lost  cumulative
    0  service      1        50.0         0.5
    1    price      2        30.0         0.8
    2    moved      1        20.0         1.0
    """
    check_level(level)
    given: dict[str, object] = {"reason": reason}
    if value is not None:
        given["value"] = value
    variables = read_variables(
        given,
        data=data,
        bounds={"value": (0.0, np.inf)},
        categories=["reason"],
        missing=missing,
    )
    codes, names = variables.codes("reason")
    worth = None if value is None else np.asarray(variables["value"], np.float64)
    if worth is not None and not worth.sum() > 0:
        raise DataError("the value lost is 0 in all; leave value out to count exits")
    return ranked("reason", codes, names, worth, None, level=level)
