"""What highly satisfied customers do otherwise: six outcomes, against those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.catalogue import rows_of
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import skewness_of, weighted_means
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, satterthwaite, skewed_sum, student
from loyaltymodel._core.options import check_finite, count_of, enumerate_names, suggest
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables, several_variables, warn_if_one_decides
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

BenefitName = Literal[
    "tenure",
    "purchases",
    "word_of_mouth",
    "price_sensitivity",
    "suggestions",
    "cost_to_serve",
]

_QUANTITIES = ("highly satisfied", "others", "difference", "ratio")
_LEAST = 2  # customers in a group, for its mean to have an error
_TINY = float(np.finfo(np.float64).tiny)
_WHOLE = 1 - 1e-9  # a share of the weight that leaves the others nothing to say
_UP = "up"


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SatisfactionBenefits(Result):
    """Outcomes of highly satisfied customers against those of the others.

    Attributes
    ----------
    names : tuple of str
        The k outcomes that were compared.
    cuts : float
        Satisfaction from which a customer counts as highly satisfied.
    estimates : EstimateTable
        Means of both groups, their difference and their ratio, by ``outcome`` and ``quantity``.
    group_sizes : ndarray of shape (k, 2)
        Numbers of highly satisfied customers and of others.
    effective_sizes : ndarray of shape (k, 2)
        One more than the degrees of freedom of each mean; the sizes without weights.
    dropped : ndarray of shape (k,)
        Customers left out of each outcome because of a missing value.
    no_ratio : tuple of str
        Why there is no ratio, k texts; empty where there is one.
    level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> found = attributes.satisfaction_benefits(
    ...     [5, 5, 4, 2], {"suggestions": [3, 5, 1, 3]}, cuts=5
    ... )
    >>> found
    <SatisfactionBenefits: suggestions; highly satisfied from 5 on, 4 customers>
    >>> found.estimates.row("highly satisfied")["estimate"].item()
    4.0
    """

    people: ClassVar[str] = "customers"

    names: tuple[str, ...]
    cuts: float
    estimates: EstimateTable
    group_sizes: IntArray
    effective_sizes: FloatArray
    dropped: IntArray
    no_ratio: tuple[str, ...]
    level: float

    @property
    def n_obs(self) -> int:
        """Number of customers on the outcome that is known of most of them."""
        return int(self.group_sizes.sum(axis=1).max())

    @property
    def n_dropped(self) -> int:
        """Number of the other customers; :attr:`outcomes` has it by outcome."""
        return int(self.dropped.min())

    @property
    def comparisons(self) -> pd.DataFrame:
        """Means of both groups, their difference and their ratio, a row each.

        ``quantity`` is "highly satisfied" and "others" (means), "difference" (the first less
        the second) and "ratio" (the first over the second, made on the scale of logarithms, so
        without ``std_error``). ``p_value`` is that of no difference.
        """
        sizes = self.group_sizes
        both = sizes.sum(axis=1)
        rows = np.column_stack([sizes, both, both]).ravel()
        return self.estimates.frame().assign(n_obs=rows)

    @property
    def outcomes(self) -> pd.DataFrame:
        """Whether each outcome goes where it is expected to go.

        ``expected`` is "up" or "down" with high satisfaction, ``as_expected`` tells whether the
        difference goes there, ``certain`` whether its interval leaves out 0; ``no_ratio`` says
        why there is no ratio.
        """
        listed = {row["id"]: row["expected"] for row in rows_of("benefits")}
        expected = np.array([listed[name] for name in self.names])
        sign = np.where(expected == _UP, 1.0, -1.0)
        rows = self.comparisons.query("quantity == 'difference'")
        difference, low, high = rows[["estimate", "ci_low", "ci_high"]].to_numpy().T
        return pd.DataFrame(
            {
                "outcome": list(self.names),
                "expected": expected.astype(object),
                "as_expected": difference * sign > 0,
                "certain": (low > 0) | (high < 0),
                "no_ratio": list(self.no_ratio),
                "n_dropped": self.dropped.copy(),
            }
        )

    def _title(self) -> str:
        return "Benefits of high satisfaction"

    def _brief(self) -> str:
        names = enumerate_names(self.names, most=3)
        return (
            f"{names}; highly satisfied from {self.cuts:g} on, {count_of(self.n_obs, 'customer')}"
        )

    def _facts(self) -> Facts:
        facts = [("highly satisfied", f"from {self.cuts:g} on")]
        if self.dropped.any():
            left_out = zip(self.names, self.dropped, strict=True)
            facts.append(("left out by outcome", ", ".join(f"{name} {n}" for name, n in left_out)))
        return facts

    def _tables(self) -> Sequence[Table]:
        outcomes, rows = self.outcomes, self.comparisons
        words = {True: "yes", False: "no"}
        for name in ("as_expected", "certain"):
            outcomes[name] = outcomes[name].map(words)
        shown = outcomes[["outcome", "expected", "as_expected", "certain"]]
        digits = (3, 3, 3, 3, 3, 0)
        return (
            table_of("Highly satisfied customers and the others", shown, n_labels=4),
            table_of("Means, differences and ratios", rows, n_labels=2, digits=digits),
        )

    def _remarks(self) -> Sequence[str]:
        reasons = [
            f"{name} has no ratio: {why}."
            for name, why in zip(self.names, self.no_ratio, strict=True)
            if why
        ]
        errors = self.estimates.frame().query("quantity == 'difference'")["std_error"]
        reasons += [
            f"{name} does not vary within either group, so that it has no interval."
            for name, error in zip(self.names, errors, strict=True)
            if error == 0
        ]
        remark = (
            "The two groups may differ in more than satisfaction, so a difference is no proof that "
            "satisfaction made it."
        )
        return (*reasons, remark)


@checked
def satisfaction_benefits(
    satisfaction: Variable,
    outcomes: Columns,
    *,
    cuts: float,
    rated: Sequence[BenefitName] = (),
    data: Data | None = None,
    weights: Variable | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> SatisfactionBenefits:
    """Return what highly satisfied customers do otherwise than the others (高度满意顾客).

    Parameters
    ----------
    satisfaction : array-like of shape (n,), Series or str
        Satisfaction of each customer, higher for more; or the name of a column of ``data``.
    outcomes : mapping from outcome to array-like of shape (n,), Series or str, or table
        What each customer did, by the names of ``evidence.catalogue("benefits")``, such as years
        for "tenure" or money for "cost_to_serve"; 0 and 1 make shares. Larger must be more of it:
        for "price_sensitivity" a larger value for a more sensitive customer.
    cuts : float
        From which satisfaction on a customer counts as highly satisfied; the highest possible
        answer for the top box.
    rated : sequence of str
        Which of the outcomes are answers on a rating scale. They have no true zero and get no
        ratio.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each customer, above 0.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the customer out for this outcome.

    Returns
    -------
    SatisfactionBenefits
        Means, difference and ratio of each outcome with intervals, and whether the difference
        has the expected direction.

    Raises
    ------
    DataError
        If a group has fewer than two customers, values are missing (with ``missing="raise"``),
        infinite or of unequal length, or weights are not above 0.
    NotIdentifiedError
        If one customer has all the weight of a group.
    OptionError
        If an outcome is unknown, or another option is not allowed.

    Notes
    -----
    The difference has Welch's error, for groups of unequal spread, and the interval of
    :func:`~loyaltymodel.economics.programme_effect`: Welch's where nothing is skewed, and wider
    where few customers of a group spend much. With weights each mean has the linearised error and
    the degrees of freedom of :func:`direct_report`. The ratio
    of means m1 / m2 with errors e1 and e2 has exp(log(m1 / m2) -+ t sqrt((e1 / m1)^2 + (e2 /
    m2)^2)), the delta method on the scale of logarithms, with t of as many degrees of freedom as
    by Welch's rule for these two parts. A ratio needs a true zero and means above 0. Outcomes
    with a negative value, such as a margin, have a mean that can be 0 or less: they get the
    difference only, as do ratings and groups with a mean of 0, and ``no_ratio`` says so. Where an
    outcome does not vary within either group its intervals are NaN. Six comparisons have six
    chances to err: a p-value of 0.04 among them is no surprise.

    The two groups may differ in more than satisfaction. Above all for tenure the cause can run
    the other way: whoever was not satisfied has left and was never asked.

    Examples
    --------
    Two customers in the top box made 3 and 5 suggestions, two others 1 and 3; they cost 8 and 12
    to serve, the others 18 and 22:

    >>> from loyaltymodel import attributes
    >>> found = attributes.satisfaction_benefits(
    ...     [5, 5, 4, 2], {"suggestions": [3, 5, 1, 3], "cost_to_serve": [8, 12, 18, 22]}, cuts=5
    ... )
    >>> found.outcomes[["outcome", "expected", "as_expected", "certain"]]
             outcome expected  as_expected  certain
    0    suggestions       up         True    False
    1  cost_to_serve     down         True    False
    >>> found.comparisons.query("quantity in ('difference', 'ratio')").iloc[:, :3]
             outcome    quantity  estimate
    2    suggestions  difference       2.0
    3    suggestions       ratio       2.0
    6  cost_to_serve  difference     -10.0
    7  cost_to_serve       ratio       0.5
    """
    check_level(level)
    given = several_variables("outcomes", outcomes)
    _check_names(list(given), rated)
    check_finite("cuts", cuts, way_out=", such as 5 for the top of 1 to 5")
    rows = [
        _compare(name, satisfaction, values, float(cuts), weights, data, missing)
        for name, values in given.items()
    ]
    means, errors, skewness, sizes, effective, dropped, negative = zip(*rows, strict=True)
    no_ratio = tuple(
        _why_none(name in rated, below, mean)
        for name, below, mean in zip(given, negative, means, strict=True)
    )
    return SatisfactionBenefits(
        names=tuple(given),
        cuts=float(cuts),
        estimates=_estimated(
            list(given),
            np.array(means),
            np.array(errors),
            np.array(skewness),
            np.array(effective),
            no_ratio,
            level,
        ),
        group_sizes=np.array(sizes, dtype=np.intp),
        effective_sizes=np.array(effective),
        dropped=np.array(dropped, dtype=np.intp),
        no_ratio=no_ratio,
        level=level,
    )


def _estimated(
    names: Sequence[str],
    means: FloatArray,
    errors: FloatArray,
    skewness: FloatArray,
    sizes: FloatArray,
    no_ratio: Sequence[str],
    level: float,
) -> EstimateTable:
    """Return means, difference and ratio with their intervals, from (k, 2) each."""
    spread = np.where(errors > 0, errors, np.nan)  # what does not vary has no interval
    own = student(means, spread, sizes - 1, level=level)
    difference = means[:, 0] - means[:, 1]
    error = np.hypot.reduce(errors, axis=1)
    # What the others have is taken off: their part of the difference is skewed the other way.
    turned = skewness.T * np.array([[1.0], [-1.0]])
    parts = np.where(error > 0, errors.T, 1.0)  # what does not vary has no interval
    apart = skewed_sum(difference, parts, turned, sizes.T - 1, level=level)
    low, high, p_value = (
        np.where(error > 0, end, np.nan) for end in (apart.low, apart.high, apart.p_value)
    )
    # The ratio has its interval on the scale of logarithms.
    there = np.where(np.array([not why for why in no_ratio])[:, None], means, np.nan)
    ratio = there[:, 0] / there[:, 1]
    in_logs = errors / there
    log_error = np.hypot.reduce(in_logs, axis=1)
    log_degrees = satterthwaite(in_logs**2, sizes - 1)
    reach = student(np.zeros_like(log_error), log_error, log_degrees, level=level).high
    with np.errstate(over="ignore"):  # no end above, where weights leave hardly any degrees
        factor = np.exp(reach)
    nothing = np.full(len(names), np.nan)

    def rows(*columns: FloatArray) -> FloatArray:
        return np.column_stack(columns).ravel()

    return EstimateTable(
        labels=FrozenMapping(
            {
                "outcome": tuple(name for name in names for _ in _QUANTITIES),
                "quantity": _QUANTITIES * len(names),
            }
        ),
        estimate=rows(means, difference, ratio),
        std_error=rows(errors, error, nothing),
        ci_low=rows(own.low, low, ratio / factor),
        ci_high=rows(own.high, high, ratio * factor),
        p_value=rows(nothing, nothing, p_value, nothing),
        level=level,
        method="Student's t, for differences with Hall's correction of skewness",
    )


def _check_names(outcomes: Sequence[str], rated: Sequence[str]) -> None:
    known: tuple[BenefitName, ...] = get_args(BenefitName)
    for name in outcomes:
        if name not in known:
            raise OptionError(
                f"{name!r} is no outcome{suggest(name, known)}; choose from {', '.join(known)}"
            )
    if isinstance(rated, str) or not isinstance(rated, Sequence):
        raise OptionError(f"rated={rated!r} must be a sequence of names, such as ['tenure']")
    if apart := [name for name in rated if name not in outcomes]:
        raise OptionError(
            f"rated has {enumerate_names(apart)}, which is not among the outcomes; name those "
            "that are"
        )


def _compare(
    name: str,
    satisfaction: object,
    outcome: object,
    cut: float,
    weights: object,
    data: object,
    missing: Missing,
) -> tuple[list[float], list[float], list[float], list[int], list[float], int, bool]:
    """Return means, errors, skewness and sizes of both groups, and what else is to be known."""
    given = {"satisfaction": satisfaction, name: outcome}
    if weights is not None:
        given["weights"] = weights
    read = read_variables(given, data=data, bounds={"weights": (_TINY, np.inf)}, missing=missing)
    y, x = np.asarray(read[name], dtype=np.float64), read["satisfaction"]
    is_high = reaches(x, cut, size=np.abs(x).max())
    w = np.ones(len(y)) if weights is None else np.asarray(read["weights"], dtype=np.float64)
    means, errors, skewness, sizes, effective = [], [], [], [], []
    for chosen, who in ((is_high, f"with {cut:g} or more"), (~is_high, f"below {cut:g}")):
        size = int(chosen.sum())
        if size < _LEAST:
            verb = "has" if size == 1 else "have"
            raise DataError(
                f"{count_of(size, 'customer')} with an answer to {name} {verb} a satisfaction "
                f"{who}, and two are needed for an interval; choose another cut"
            )
        own = w[chosen] / w[chosen].max()  # so that squares are safe
        if 1 / own.sum() > _WHOLE:
            raise NotIdentifiedError(
                f"one customer has all the weight of those with a satisfaction {who}, so that "
                "their mean is this customer's and its error cannot be seen; limit the weights, or "
                "leave them out"
            )
        warn_if_one_decides(own, read.labels[chosen])
        mean, error, degrees = weighted_means(y[chosen, None], own)
        means.append(float(mean[0]))
        # Equal values have a mean that misses them by rounding, and an error that is no error.
        errors.append(float(error[0]) if np.ptp(y[chosen]) > 0 else 0.0)
        skewness.append(skewness_of(own * (y[chosen] - mean[0])))
        sizes.append(size)
        effective.append(degrees + 1)
    return means, errors, skewness, sizes, effective, read.n_dropped, bool((y < 0).any())


def _why_none(is_rating: bool, below: bool, means: Sequence[float]) -> str:  # noqa: FBT001 (internal)
    """Return why there is no ratio, or nothing if there is one."""
    if is_rating:
        return "a rating has no true zero"
    if below:
        return "values below 0 let the mean be 0 or less"
    if 0 in means:
        who = "highly satisfied" if means[0] == 0 else "others"
        return f"the mean of the {who} is 0"
    return ""
