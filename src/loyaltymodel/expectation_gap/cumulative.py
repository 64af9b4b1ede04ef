"""From single transactions to cumulative satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, student_reach
from loyaltymodel._core.options import check_choice, check_finite, check_share, count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.expectation_gap.kernels import (
    running_adjustment,
    running_mean,
    running_peak,
    running_recency,
    steps_of,
)

Rule = Literal["mean", "recency", "adjustment", "peak_end"]
Peak = Literal["highest", "lowest", "most_extreme"]
Start = float | Literal["first"]
Each = Literal["customer", "transaction"]

_GRID = np.linspace(0.0, 1.0, 201)
_EDGE = 1e-6  # of the rate: closer to 0 than this is at the end of its range


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """Transactions sorted by customer and date."""

    values: FloatArray  # (n,)
    place: IntArray  # (n,) number of the transaction within its customer, from 0
    last: IntArray  # (c,) rows of the customers' last transactions
    customers: tuple[Any, ...]  # (c,)
    rows: IntArray  # (n,) where each sorted transaction stands among those given
    labels: pd.Index  # (n,) of the rows as given

    @property
    def customer(self) -> IntArray:
        """Number of the customer of each transaction."""
        return np.cumsum(self.place == 0) - 1


@checked
def cumulative_satisfaction(
    satisfaction: Variable,
    customer: Variable,
    *,
    rule: Rule,
    date: Variable | None = None,
    rate: float | None = None,
    start: Start | None = None,
    decay: float | None = None,
    peak: Peak | None = None,
    neutral: float | None = None,
    end_weight: float | None = None,
    each: Each = "customer",
    data: Data | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the satisfaction that single transactions add up to (积累性的客户满意).

    Parameters
    ----------
    satisfaction : array-like of shape (n,), Series, or name of a column
        Satisfaction with each transaction (交易导向的满意), in points.
    customer : array-like of shape (n,), Series, or name of a column
        Whose transaction it was.
    rule : {"mean", "recency", "adjustment", "peak_end"}
        How a customer adds up. "mean": all count the same. "recency": each counts ``decay``
        times the next one. "adjustment": the level so far is an anchor that each transaction
        moves by ``rate`` of the distance. "peak_end": mean of the peak and the last.
    date : array-like of shape (n,), Series, or name of a column, optional
        When, by which the transactions of a customer are sorted: dates or numbers; no two of a
        customer may have the same. Without it they come in the order of the rows.
    rate : float, optional
        For adjustment: above 0 and at most 1. :func:`adjustment_rate` estimates it.
    start : float or "first", optional
        For adjustment: the anchor before the first transaction, in points; "first" takes the
        first transaction itself.
    decay : float, optional
        For recency: above 0 and at most 1; with 1 it is the mean.
    peak : {"highest", "lowest", "most_extreme"}, optional
        For peak_end: which transaction is the peak; "most_extreme" is the one farthest from
        ``neutral``, the later one of equals.
    neutral : float, optional
        For the most extreme peak: the point between good and bad.
    end_weight : float, optional
        For peak_end: weight of the last transaction, from 0 to 1; 0.5 by default.
    each : {"customer", "transaction"}
        One value a customer, after the last transaction; or one a transaction, the level
        after it.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the transaction out.

    Returns
    -------
    Series or array
        With ``each="customer"`` a Series by customer, sorted. With ``each="transaction"`` the
        levels in the order of the rows, as the variables came. In points.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length, or two transactions of a customer
        have the same date.
    OptionError
        If an option is not one of its choices, is needed and absent, or has no effect.

    Notes
    -----
    adjustment: C_t = C_(t-1) + rate (s_t - C_(t-1)). That cumulative satisfaction is an anchor
    which new experience updates is the model of [1]_. recency: sum(decay^k s) / sum(decay^k), k
    transactions back; it counts transactions, not days. Adjustment without end is recency with
    decay = 1 - rate.

    References
    ----------
    .. [1] Bolton, R. N. (1998). A dynamic model of the duration of the customer's relationship
       with a continuous service provider: the role of satisfaction. Marketing Science, 17(1),
       45-65.

    Examples
    --------
    One customer had 8, 8 and 2; the mean is 6, and the worst and the last are both 2. With an
    anchor of 5 and half of each distance, 5 becomes 6.5, 7.25 and 4.625:

    >>> from loyaltymodel.expectation_gap import cumulative_satisfaction
    >>> scores, who = [8, 8, 2], ["Li", "Li", "Li"]
    >>> cumulative_satisfaction(scores, who, rule="mean")["Li"].item()
    6.0
    >>> cumulative_satisfaction(scores, who, rule="peak_end", peak="lowest")["Li"].item()
    2.0
    >>> cumulative_satisfaction(
    ...     scores, who, rule="adjustment", rate=0.5, start=5, each="transaction"
    ... )
    array([6.5  , 7.25 , 4.625])

    The last counts twice the one before, (2 + 0.5 * 8 + 0.25 * 8) / 1.75 = 4.571:

    >>> cumulative_satisfaction(scores, who, rule="recency", decay=0.5)["Li"].round(3).item()
    4.571
    """
    check_choice("rule", rule, Rule)
    check_choice("each", each, Each)
    options = {
        "rate": rate,
        "start": start,
        "decay": decay,
        "peak": peak,
        "neutral": neutral,
        "end_weight": end_weight,
    }
    _check_options(rule, options)
    given = {"satisfaction": satisfaction, "customer": customer}
    history, _ = _history(given, date, data, missing)
    levels = _levels(history, rule, options)
    if each == "customer":
        index = pd.Index(list(history.customers), name="customer")
        return pd.Series(levels[history.last], index=index, name="cumulative_satisfaction")
    in_order = np.empty_like(levels)
    in_order[history.rows] = levels
    return as_given(given.values(), history.labels, in_order, name="cumulative_satisfaction")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AdjustmentRate(Result):
    """How far a transaction moves cumulative satisfaction, as estimated.

    Attributes
    ----------
    estimates : EstimateTable
        The "rate": share of the distance that a transaction moves the level, above 0 and at most
        1. Its standard error is that for customers drawn independently, and its interval is cut
        off at 0 and 1.
    residual_deviation : float
        Standard deviation of stated about computed levels, in points.
    n_obs : int
        Stated levels.
    n_clusters : int
        Customers with at least one stated level.
    n_dropped : int
        Always 0: nothing is left out.
    level : float
        Confidence level of the interval.
    """

    made_by: ClassVar[str] = "adjustment_rate()"
    people: ClassVar[str] = "stated levels"

    estimates: EstimateTable
    residual_deviation: float
    n_obs: int
    n_clusters: int
    level: float
    n_dropped: int = 0

    @property
    def rate(self) -> float:
        """Share of the distance that a transaction moves the level."""
        return float(self.estimates.estimate[0])

    @property
    def parameters(self) -> pd.DataFrame:
        """The rate with its standard error and interval."""
        return self.estimates.frame()

    def _title(self) -> str:
        return "Rate at which transactions move cumulative satisfaction"

    def _brief(self) -> str:
        return (
            f"{self.rate:.3g}, from {count_of(self.n_obs, 'stated level')} of "
            f"{count_of(self.n_clusters, 'customer')}"
        )

    def _facts(self) -> Facts:
        return (("residuals' deviation", f"{self.residual_deviation:.3f} points"),)

    def _tables(self) -> Sequence[Table]:
        return (table_of("Rate", self.parameters),)

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@checked
def adjustment_rate(
    satisfaction: Variable,
    customer: Variable,
    *,
    overall: Variable,
    start: Start,
    date: Variable | None = None,
    level: float = 0.95,
    data: Data | None = None,
) -> AdjustmentRate:
    """Return the rate at which transactions move stated cumulative satisfaction.

    Parameters
    ----------
    satisfaction : array-like of shape (n,), Series, or name of a column
        Satisfaction with each transaction, in points.
    customer : array-like of shape (n,), Series, or name of a column
        Whose transaction it was.
    overall : array-like of shape (n,), Series, or name of a column
        Cumulative satisfaction as stated after the transaction, in the same points; NaN where
        it was not asked, for which no transaction is left out.
    start : float or "first"
        The anchor before the first transaction, or the first transaction itself.
    date : array-like of shape (n,), Series, or name of a column, optional
        When, by which the transactions of a customer are sorted; without it the order of the
        rows.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.

    Returns
    -------
    AdjustmentRate
        The rate with its interval.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length, the levels are of
        fewer than 2 customers, or the best rate is 0.
    NotIdentifiedError
        If the stated levels do not depend on the rate.
    OptionError
        If ``start`` is not a number or "first", or ``level`` does not lie between 0 and 1.

    Notes
    -----
    Least squares of the stated levels about C_t(rate), which starts from ``start`` and is
    updated by the transactions, not by earlier stated levels: errors in these would bias the
    rate. All customers have one rate; the standard error is that of the sandwich over
    customers, with c / (c - 1). The interval is Student's with c - 1 degrees of freedom, and
    does not hold well where the rate lies close to 1 or customers are few.

    Examples
    --------
    Levels that move by exactly a quarter of the distance, from 4: 4 + 0.25 * 4 = 5, and
    5 + 0.25 * (1 - 5) = 4; for the other 4 + 0.25 * 2 = 4.5:

    >>> from loyaltymodel.expectation_gap import adjustment_rate
    >>> result = adjustment_rate([8, 1, 6], ["Li", "Li", "Wu"], overall=[5, 4, 4.5], start=4)
    >>> round(result.rate, 6)
    0.25
    """
    check_level(level)
    anchor = _anchor(start)
    given = {"satisfaction": satisfaction, "customer": customer}
    history, stated = _history(given, date, data, "raise", overall=overall, can_drop=False)
    asked = np.isfinite(stated)
    members = history.customer[asked]
    n_customers = len(np.unique(members))
    if n_customers < 2:  # noqa: PLR2004 (between customers there is no spread of one)
        raise DataError(
            f"overall was stated by {count_of(n_customers, 'customer')}; a rate with an interval "
            "needs at least 2"
        )
    steps = steps_of(history.place)

    def residuals(rate: float) -> tuple[FloatArray, FloatArray]:
        levels, slopes = running_adjustment(history.values, steps, rate=rate, start=anchor)
        return stated[asked] - levels[asked], slopes[asked]

    rate = _best_rate(lambda trial: float((residuals(trial)[0] ** 2).sum()))
    apart, slopes = residuals(rate)
    information = float((slopes**2).sum())
    if information == 0:
        raise NotIdentifiedError(
            "the stated levels do not depend on the rate: every transaction equals the level "
            "before it, or levels were stated after first transactions only with start='first'"
        )
    if rate <= _EDGE:
        raise DataError(
            "the levels fit best with a rate of 0: stated levels do not follow the transactions; "
            "check the order of the rows, and start"
        )
    of_customer = np.bincount(members, apart * slopes) / information
    size = float(np.abs(of_customer).max()) or 1.0  # whose square need be no number
    meat = float(((of_customer / size) ** 2).sum()) * n_customers / (n_customers - 1)
    error = size * float(np.sqrt(meat))
    reach = student_reach(n_customers - 1, level=level) * error
    return AdjustmentRate(
        estimates=EstimateTable(
            labels=FrozenMapping({"parameter": ("rate",)}),
            estimate=np.array([rate]),
            std_error=np.array([error]),
            ci_low=np.array([max(rate - reach, 0.0)]),
            ci_high=np.array([min(rate + reach, 1.0)]),
            level=level,
            method="Student's t",
        ),
        residual_deviation=float(np.sqrt((apart**2).mean())),
        n_obs=int(asked.sum()),
        n_clusters=n_customers,
        level=level,
    )


def _best_rate(loss: Any) -> float:
    """Return the rate of least loss: the best of a grid, refined between its neighbours."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 (slow to import)

    best = int(np.argmin([loss(float(rate)) for rate in _GRID]))
    low, high = float(_GRID[max(best - 1, 0)]), float(_GRID[min(best + 1, len(_GRID) - 1)])
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    # The search stays inside its bounds; the ends themselves are looked at here.
    return min([float(found.x), low, high], key=loss)


def _check_options(rule: str, options: dict[str, Any]) -> None:
    """Refuse options that the rule needs and lacks, or that have no effect in it."""
    needs = {
        "mean": (),
        "recency": ("decay",),
        "adjustment": ("rate", "start"),
        "peak_end": ("peak",),
    }
    takes = set(needs[rule])
    if rule == "peak_end":
        takes |= {"end_weight", "neutral"}
    for name, value in options.items():
        if value is not None and name not in takes:
            raise OptionError(f"{name} has no effect with rule={rule!r}; leave it out")
    for name in needs[rule]:
        if options[name] is None:
            raise OptionError(f"rule={rule!r} needs {name}=; there is no default")
    for name in ("rate", "decay"):
        if options[name] is not None:
            check_share(name, options[name], above=True)
    if options["end_weight"] is not None:
        check_share("end_weight", options["end_weight"])
    if options["peak"] is not None:
        check_choice("peak", options["peak"], Peak)
        extreme = options["peak"] == "most_extreme"
        if extreme != (options["neutral"] is not None):
            say = "needs neutral=, the point between good and bad" if extreme else "needs no"
            raise OptionError(f"peak={options['peak']!r} {say}{'' if extreme else ' neutral'}")
    if options["neutral"] is not None:
        check_finite("neutral", options["neutral"])
    if options["start"] is not None:
        _anchor(options["start"])


def _anchor(start: Start) -> float | None:
    """Return the level before the first transaction; None for the first one itself."""
    if isinstance(start, str) and start == "first":
        return None
    check_finite("start", start, way_out=' or "first"')
    return float(start)


def _levels(history: _History, rule: str, options: dict[str, Any]) -> FloatArray:
    """Return the level after each transaction."""
    values, place = history.values, history.place
    if rule == "mean":
        return running_mean(values, place)
    steps = steps_of(place)
    if rule == "recency":
        return running_recency(values, steps, decay=float(options["decay"]))
    if rule == "adjustment":
        anchor = _anchor(options["start"])
        return running_adjustment(values, steps, rate=float(options["rate"]), start=anchor)[0]
    neutral = float(options["neutral"] or 0.0)
    distance = {
        "highest": values,
        "lowest": -values,
        "most_extreme": np.abs(values - neutral),
    }[options["peak"]]
    size = max(abs(neutral), float(np.abs(values).max()))
    weight = 0.5 if options["end_weight"] is None else float(options["end_weight"])
    return weight * values + (1 - weight) * running_peak(distance, values, steps, size=size)


def _history(
    given: dict[str, Variable],
    date: Variable | None,
    data: object,
    missing: Missing,
    *,
    overall: Variable | None = None,
    can_drop: bool = True,
) -> tuple[_History, FloatArray]:
    """Read transactions and sort them by customer and date; also what was stated, if asked."""
    variables = dict(given)
    if date is not None:
        variables["date"] = date
    if overall is not None:
        variables["overall"] = overall
    read = read_variables(
        variables,
        data=data,
        categories=("customer", "date"),
        gaps=("overall",),
        missing=missing,
        can_drop=can_drop,
    )
    stated = np.full(read.n_rows, np.nan)
    if overall is not None:
        stated = np.asarray(read["overall"], dtype=np.float64)
    codes, customers = read.codes("customer", most=None)
    within = np.arange(read.n_rows) if date is None else _sortable(read["date"])
    rows = np.lexsort((within, codes))
    sorted_codes = codes[rows]
    begins = np.r_[True, sorted_codes[1:] != sorted_codes[:-1]]
    same = ~begins[1:] & (within[rows][1:] == within[rows][:-1])
    if same.any():
        k = int(np.argmax(same))
        raise DataError(
            f"customer {customers[sorted_codes[k]]!r} has two transactions of the same date, in "
            f"rows {read.labels[rows[k]]} and {read.labels[rows[k + 1]]}; give dates, or numbers, "
            "that tell them apart"
        )
    starts = np.flatnonzero(begins)
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    history = _History(
        np.asarray(read["satisfaction"], dtype=np.float64)[rows],
        place,
        np.r_[starts[1:], len(rows)] - 1,
        customers,
        rows,
        read.labels,
    )
    return history, stated[rows]


def _sortable(date: npt.NDArray[Any]) -> IntArray:
    """Return the rank of each date, or number."""
    if date.dtype.kind not in "fiubM" and any(isinstance(when, str) for when in date):
        text = next(when for when in date if isinstance(when, str))
        raise DataError(
            f"date has text, such as {str(text)!r}, which would be sorted letter by letter (10 "
            "before 9); recode it to numbers, or to dates by pandas.to_datetime"
        )
    try:
        _, ranks = np.unique(date, return_inverse=True)
    except TypeError:
        raise DataError(
            "date has values of several types that cannot be sorted; recode it to numbers or dates"
        ) from None
    return np.asarray(ranks, dtype=np.intp)
