"""An offer against its rivals, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import difference
from loyaltymodel._core.counts import weighted_means
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, check_finite, count_of, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.delivered_value.components import Form
from loyaltymodel.delivered_value.kernels import (
    Ties,
    best_rival,
    ranks_of,
    shares_of_best,
)
from loyaltymodel.errors import DataError

_LEAST_OFFERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """Values of every customer for every offer, and where each row of the data stands."""

    values: FloatArray  # (r, m)
    offers: tuple[Any, ...]
    customers: IntArray  # (n,) of the rows that are left
    places: IntArray  # (n,)
    labels: pd.Index  # (n,)


@checked
def relative_value(
    value: Variable,
    offer: Variable,
    *,
    customer: Variable | None = None,
    data: Data | None = None,
    form: Form = "difference",
    missing: Missing = "raise",
) -> AsGiven:
    """Return the value of each offer relative to the best of its rivals (相对价值).

    Customers are loyal to superior value, not to a given firm (优异价值是忠诚基础). What counts
    is therefore not how much value an offer has, but how much more than the best that can be had
    elsewhere.

    Parameters
    ----------
    value : array-like of shape (n,), Series or name of a column
        Value of an offer to a customer: :func:`delivered_value` or :func:`perceived_value`.
    offer : array-like of shape (n,), Series or name of a column
        Which offer.
    customer : array-like of shape (n,), Series or name of a column, optional
        Who judged it. Each customer judges every offer once. Without it there is one judgement
        of each offer.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    form : {"difference", "ratio"}
        Value less the best rival's, or over it.
    missing : {"raise", "drop"}
        With "drop" customers for whom the value of an offer is missing are left out.

    Returns
    -------
    ndarray or Series
        Relative value of each row, in the unit of the values; above 0 (or 1 for the ratio) the
        offer is the customer's best alone.

    Raises
    ------
    DataError
        If there are fewer than two offers, a customer judged an offer twice or not at all,
        values are not numeric, missing or infinite, or a ratio has a best rival not above 0.
    OptionError
        If ``form`` or ``missing`` is not one of its choices.

    Notes
    -----
    relative value of j = v_j - max over the other offers of v. The mean over customers is not
    the difference of mean values: each customer has a best rival of their own.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import relative_value
    >>> relative_value([20, 15, 12], ["A", "B", "C"])
    array([ 5., -5., -8.])

    Two customers, as columns of a table:

    >>> import pandas as pd
    >>> answers = pd.DataFrame(
    ...     {"who": [1, 1, 2, 2], "brand": ["A", "B", "A", "B"], "worth": [6, 2, 3, 4]}
    ... )
    >>> relative_value("worth", "brand", customer="who", data=answers).to_list()
    [4.0, -4.0, -1.0, 1.0]
    """
    check_choice("form", form, Form)
    panel = _read_panel(value, offer, customer, data, missing)
    rival = best_rival(panel.values)
    if form == "difference":
        relative = difference(panel.values, rival)
    elif (rival > 0).all():
        relative = panel.values / rival
    else:
        raise DataError(
            "a best rival has a value of 0 or less, so a ratio to it says nothing; use "
            'form="difference"'
        )
    found = relative[panel.customers, panel.places]
    if isinstance(value, str | pd.Series):
        return pd.Series(found, index=panel.labels, name="relative_value")
    return found


@checked
def compare_offers(
    value: Variable,
    offer: Variable,
    *,
    customer: Variable,
    data: Data | None = None,
    ties: Ties = "split",
    tie_within: float = 0.0,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return how offers compare in value: means, ranks, and for how many each is best (报价比较).

    Parameters
    ----------
    value : array-like of shape (n,), Series or name of a column
        Value of an offer to a customer: :func:`delivered_value` or :func:`perceived_value`.
    offer, customer : array-like of shape (n,), Series or name of a column
        Which offer, and who judged it. Each customer judges every offer once.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    ties : {"split", "all", "none"}
        What offers get that share the best place of a customer: an equal part of the
        customer, the whole customer each (shares then add up to more than 1), or nothing.
    tie_within : float
        Values that are no further apart than this share the place; rounding always does.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers for whom the value of an offer is missing are left out.

    Returns
    -------
    DataFrame
        Four rows an offer, the best mean first: ``offer``, ``rank`` of the mean (offers of equal
        mean share the better rank), ``quantity``, ``estimate``, ``std_error``, ``ci_low``,
        ``ci_high`` and ``n_obs`` (customers). The quantities are "mean" of the values,
        "relative_value" (mean of :func:`relative_value`), "share_best" from 0 to 1, and
        "share_tied", the share of customers for whom the offer shares the best place, whatever
        ``ties``. Errors and intervals of means are NaN for a single customer, and where all
        values are the same: nothing shows how far those of others differ.

    Raises
    ------
    DataError
        If there are fewer than two offers, a customer judged an offer twice or not at all, or
        values are not numeric, missing or infinite.
    OptionError
        If ``ties``, ``tie_within``, ``level`` or ``missing`` is not as described.

    Notes
    -----
    Customers count as drawn independently. Means have Student's interval. Shares have Wilson's
    interval [1]_; where ties are split it holds its level or more, because a part of a customer
    varies less than a whole one. Each interval is about one offer: two that overlap can still
    belong to offers that differ, since the same customers judged both.

    The offer with the best mean need not be the best for most customers.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical
       inference. Journal of the American Statistical Association, 22(158), 209-212.

    Examples
    --------
    Three customers. A is best for the first, B for the second, and the third is torn between
    them, so each has one and a half of three:

    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import compare_offers
    >>> answers = pd.DataFrame(
    ...     {
    ...         "who": [1, 1, 2, 2, 3, 3],
    ...         "brand": ["A", "B", "A", "B", "A", "B"],
    ...         "worth": [9, 2, 3, 4, 5, 5],
    ...     }
    ... )
    >>> table = compare_offers("worth", "brand", customer="who", data=answers)
    >>> table[["offer", "rank", "quantity", "estimate"]].round(3)
      offer  rank        quantity  estimate
    0     A     1            mean     5.667
    1     A     1  relative_value     2.000
    2     A     1      share_best     0.500
    3     A     1      share_tied     0.333
    4     B     2            mean     3.667
    5     B     2  relative_value    -2.000
    6     B     2      share_best     0.500
    7     B     2      share_tied     0.333
    """
    check_choice("ties", ties, Ties)
    check_level(level)
    check_finite("tie_within", tie_within, least=0)
    panel = _read_panel(value, offer, customer, data, missing)
    n = len(panel.values)
    shares, tied = shares_of_best(panel.values, ties, float(tie_within))
    relative = difference(panel.values, best_rival(panel.values))

    def labels(quantity: str) -> dict[str, list[Any]]:
        return {"offer": list(panel.offers), "quantity": [quantity] * len(panel.offers)}

    size = np.array(float(n))
    tables = [
        _means(labels("mean"), panel.values, level),
        _means(labels("relative_value"), relative, level),
        EstimateTable.wilson(labels("share_best"), shares.mean(axis=0), size, level=level),
        EstimateTable.wilson(labels("share_tied"), tied.mean(axis=0), size, level=level),
    ]
    found = pd.concat([table.frame() for table in tables], keys=range(len(tables)))
    found.insert(1, "rank", np.tile(ranks_of(tables[0].estimate), len(tables)))
    found["n_obs"] = n
    # Offers of equal rank in the order in which they came, and the quantities of each together.
    places = found.index.get_level_values(1)
    order = np.lexsort((found.index.get_level_values(0), places, found["rank"]))
    columns = ["offer", "rank", "quantity", "estimate", "std_error", "ci_low", "ci_high", "n_obs"]
    return found[columns].iloc[order].reset_index(drop=True)


def _means(labels: Labels, values: FloatArray, level: float) -> EstimateTable:
    """Return means of columns with Student's intervals; equal values show no error."""
    n = len(values)
    mean, error, _ = weighted_means(values, np.ones(n))
    return EstimateTable.student(
        labels, mean, error, df=max(n - 1, 1), level=level, test_zero=False
    )


def _read_panel(
    value: object, offer: object, customer: object, data: object, missing: Missing
) -> _Panel:
    """Read values and arrange them by customer and offer."""
    check_choice("missing", missing, Missing)
    named = {"value": value, "offer": offer}
    if customer is not None:
        named["customer"] = customer
    read = read_variables(named, data=data, categories=("offer", "customer"), missing=missing)
    codes, offers = read.codes("offer")
    if read.n_dropped:
        named_at_all = read_variables(
            {"offer": offer}, data=data, categories=("offer",), missing=missing
        )
        if gone := set(named_at_all.codes("offer")[1]) - set(offers):
            raise DataError(
                f"nobody's value of offer {enumerate_names(sorted(map(str, gone)))} is there; "
                "leave its rows out of the data to compare the others"
            )
    if len(offers) < _LEAST_OFFERS:
        raise DataError(
            f"there is only one offer, {offers[0]!r}; a comparison needs the values of at least "
            "one rival, as further rows with another name in offer"
        )
    who, people = (
        read.codes("customer", most=None)
        if customer is not None
        else (np.zeros(read.n_rows, dtype=np.intp), ("the only judge",))
    )
    _check_once(who, codes, people, offers, given=customer is not None)
    kept = _complete(who, codes, people, offers, missing)
    _, who = np.unique(who[kept], return_inverse=True)
    codes = codes[kept]
    values = np.empty((int(who.max()) + 1, len(offers)))
    values[who, codes] = read["value"][kept]
    return _Panel(values, offers, who, codes, read.labels[kept])


def _check_once(
    who: IntArray,
    codes: IntArray,
    people: tuple[Any, ...],
    offers: tuple[Any, ...],
    *,
    given: bool,
) -> None:
    cell = who.astype(np.int64) * len(offers) + codes
    in_order = np.sort(cell)  # there may be far more cells than rows
    twice = in_order[1:][in_order[1:] == in_order[:-1]]
    if twice.size:
        first = int(twice[0])
        times = int((cell == first).sum())
        person, offer = people[first // len(offers)], offers[first % len(offers)]
        if not given:
            raise DataError(
                f"offer {offer!r} stands in {times} rows; say who judged it by customer="
            )
        raise DataError(
            f"customer {person!r} judged offer {offer!r} {times} times; keep one of the "
            "judgements, or average them before"
        )


def _complete(
    who: IntArray,
    codes: IntArray,
    people: tuple[Any, ...],
    offers: tuple[Any, ...],
    missing: Missing,
) -> BoolArray:
    """Tell which rows belong to customers who judged every offer."""
    judged = np.bincount(who, minlength=len(people))
    full = judged == len(offers)
    if missing == "raise" and not full.all():
        person = int(np.argmin(full))
        without = sorted(set(range(len(offers))) - set(codes[who == person].tolist()))
        raise DataError(
            f"{count_of(int((~full).sum()), 'customer')} did not judge every offer, first "
            f"{people[person]!r}, who lacks {enumerate_names(offers[k] for k in without)}; "
            'missing="drop" leaves such customers out'
        )
    if not full.any():
        raise DataError("no customer is left who judged every offer; compare fewer offers")
    kept: BoolArray = full[who]
    return kept
