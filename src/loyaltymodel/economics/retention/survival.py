"""Survival of customers by tenure, with those who are not lost yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray, Numbers
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import kish, pull_of
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, chi_square_tail, ndtri, wilson
from loyaltymodel._core.options import check_positive, count_of, shown
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import Variables, counts_of, read_numbers, read_weighted
from loyaltymodel.economics.retention.kernels import (
    Spells,
    Survival,
    log_rank,
    product_limit,
    restricted_mean,
    spells_of,
)
from loyaltymodel.economics.retention.records import spells_in
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

_HALF = 0.5
_MOST_TENURES = 10_000  # whole tenures that are listed one by one
_MOST_PRINTED = 40  # rows of a page


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SurvivalCurve(Result):
    """Survival of customers by tenure (生存曲线); made by :func:`survival`.

    Attributes
    ----------
    n_obs : int
        Customers.
    n_dropped : int
        Rows left out because of missing values.
    n_lost : int
        Customers lost.
    n_effective : float
        Kish's effective number of weighted customers.
    level : float
        Confidence level of the intervals.
    groups : tuple or None
        Groups that are told apart.
    horizon : float
        Tenure up to which the restricted mean counts.
    entered, followed : ndarray of shape (g,)
        Earliest entry of a customer of each group, and latest tenure that is known.
    at_risk, lost : ndarray of shape (r,)
        Customers at risk and lost at the tenure of each row of ``estimates``.
    estimates : EstimateTable
        Survival by ``group``, if there are any, and ``tenure``.
    retention_estimates : EstimateTable or None
        Share retained of those at risk, likewise; where tenures are whole numbers.
    quantity_estimates : EstimateTable
        Median tenure and restricted mean by ``group`` and ``quantity``.
    statistic, p_value : float
        Of the log-rank test; NaN without groups, or with weights.
    df : int
        Its degrees of freedom.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.survival([1, 2, 2, 3], [1, 1, 0, 0])
    >>> found.survival[["tenure", "n_at_risk", "n_lost", "estimate"]]
       tenure  n_at_risk  n_lost  estimate
    0     1.0          4       1      0.75
    1     2.0          3       1      0.50
    2     3.0          1       0      0.50
    """

    made_by: ClassVar[str] = "survival()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    n_lost: int
    n_effective: float
    level: float
    groups: tuple[Any, ...] | None
    horizon: float
    entered: FloatArray
    followed: FloatArray
    at_risk: IntArray
    lost: IntArray
    estimates: EstimateTable
    retention_estimates: EstimateTable | None
    quantity_estimates: EstimateTable
    statistic: float
    df: int
    p_value: float

    @property
    def survival(self) -> pd.DataFrame:
        """Survival: a row a ``tenure``, of each ``group``.

        ``n_at_risk``, ``n_lost``, ``estimate`` of the share still there after the losses at
        this tenure, ``std_error``, ``ci_low``, ``ci_high``.
        """
        return self._counted(self.estimates.frame())

    @property
    def retention(self) -> pd.DataFrame:
        """Share retained from one tenure to the next, of those at risk; columns as above."""
        if self.retention_estimates is None:
            raise DataError(
                "tenures are no whole numbers of periods, so that no share is retained from one to "
                "the next; give whole periods, or compare .at() two tenures"
            )
        return self._counted(self.retention_estimates.frame())

    @property
    def quantities(self) -> pd.DataFrame:
        """Median tenure and restricted mean: a row a ``quantity``, of each ``group``."""
        return self.quantity_estimates.frame()

    @property
    def tests(self) -> pd.DataFrame:
        """The log-rank test of equal survival: ``test``, ``statistic``, ``df``, ``p_value``."""
        if np.isnan(self.statistic):
            raise DataError(
                "there is no test: it needs groups, in which customers were lost, and no weights"
            )
        return pd.DataFrame(
            {
                "test": ["log-rank"],
                "statistic": [self.statistic],
                "df": [self.df],
                "p_value": [self.p_value],
            }
        )

    @checked
    def at(self, tenure: Numbers) -> pd.DataFrame:
        """Return survival at given tenures.

        Parameters
        ----------
        tenure : float or array of shape (k,)
            Tenures from 0 on, in the units of the data.

        Returns
        -------
        DataFrame
            A row a tenure, of each group: ``tenure``, ``estimate``, ``std_error``, ``ci_low``,
            ``ci_high``. Survival is 1 before the first tenure, and NaN beyond the last that is
            known of anybody.

        Raises
        ------
        DataError
            If a tenure is missing or below 0.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.survival([1, 2, 2, 3], [1, 1, 0, 0])
        >>> found.at([0, 2.5, 9])[["tenure", "estimate"]]
           tenure  estimate
        0     0.0       1.0
        1     2.5       0.5
        2     9.0       NaN
        """
        wanted = np.atleast_1d(read_numbers("tenure", tenure, bounds=(0.0, np.inf))).ravel()
        frame, frames = self.estimates.frame(), []
        columns = ["estimate", "std_error", "ci_low", "ci_high"]
        for k, name in enumerate((None,) if self.groups is None else self.groups):
            own = frame if name is None else frame[frame["group"] == name]
            tenures = own["tenure"].to_numpy()
            before = np.array([[1.0, np.nan, np.nan, np.nan]])
            values = np.vstack([before, own[columns].to_numpy()])
            found = values[np.searchsorted(tenures, wanted, side="right")]
            found = np.where(
                ((wanted > self.followed[k]) & (values[-1, 0] > 0))[:, None], np.nan, found
            )
            part = pd.DataFrame(found, columns=columns)
            part.insert(0, "tenure", wanted)
            if name is not None:
                part.insert(0, "group", [name] * len(part))
            frames.append(part)
        return pd.concat(frames, ignore_index=True)

    def _counted(self, frame: pd.DataFrame) -> pd.DataFrame:
        place = list(frame.columns).index("estimate")
        frame.insert(place, "n_at_risk", self.at_risk)
        frame.insert(place + 1, "n_lost", self.lost)
        return frame

    def _title(self) -> str:
        return "Survival of customers"

    def _brief(self) -> str:
        groups = "" if self.groups is None else f", {count_of(len(self.groups), 'group')}"
        return f"{count_of(self.n_obs, 'customer')}, {self.n_lost} lost{groups}"

    def _facts(self) -> Facts:
        known = "to " + ", ".join(f"{end:g}" for end in np.unique(self.followed))
        return (("lost", f"{self.n_lost:,}"), ("tenures known", known))

    def _tables(self) -> tuple[Table, ...]:
        n_labels = 1 + (self.groups is not None)
        tables = []
        frame = self.survival
        if len(frame) <= _MOST_PRINTED:
            frame["tenure"] = frame["tenure"].map("{:g}".format)
            digits = (0, 0, *[3] * 4)
            tables.append(table_of("Survival", frame, n_labels=n_labels, digits=digits))
        quantities = self.quantities
        tables.append(table_of("Tenure", quantities, n_labels=n_labels, digits=2))
        if not np.isnan(self.statistic):
            tables.append(table_of("Test of equal survival", self.tests, digits=(2, 0, 3)))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if (self.entered > 0).any():
            remarks.append(
                f"Nobody was seen before tenure {self.entered.max():g} in some group; survival is "
                "that of customers who reach it."
            )
        medians = self.quantity_estimates.estimate[::2]
        if np.isnan(medians).any():
            remarks.append("Where fewer than half are lost yet, the median tenure is not known.")
        remarks.append(
            f"The restricted mean is the mean tenure within {self.horizon:g}; beyond, nothing is "
            "added."
        )
        remarks.append(
            "Whoever is not lost yet is taken to leave later as others of the same tenure do. A "
            "retention that rises with tenure does not say that anybody became more loyal: who "
            "leaves easily leaves first."
        )
        return tuple(remarks)


@checked
def survival(
    tenure: Variable,
    lost: Variable,
    *,
    entry: Variable | None = None,
    groups: Variable | None = None,
    counts: Variable | None = None,
    weights: Variable | None = None,
    horizon: float | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> SurvivalCurve:
    """Return survival of customers by tenure, also of those not lost yet (生存分析、客户流失).

    Parameters
    ----------
    tenure : Series, array of shape (n,) or str
        How long each customer is known to have been one, from 0 on, in periods or any unit.
    lost : Series, array of shape (n,) or str
        1 or True for customers lost at that tenure, 0 for those who were still there.
    entry : Series, array of shape (n,) or str, optional
        Tenure from which on each was observed; those lost before it are in no data.
    groups : Series, array of shape (n,) or str, optional
        A curve for each group, and a test of equal survival.
    counts : Series, array of shape (n,) or str, optional
        How many customers each row stands for, as in the table of :func:`tenures`.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, 0 or more.
    horizon : float, optional
        Tenure up to which the restricted mean counts, without which it is the last one that is
        known in every group.
    level : float
        Confidence level of the intervals, between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    SurvivalCurve
        Survival and retention by tenure, median tenure, restricted mean, and a test of groups.

    Raises
    ------
    DataError
        If values are missing, a tenure is negative, a customer is lost before or at the entry,
        or nobody is seen after it.
    NotIdentifiedError
        If all customers at risk are lost at a tenure after which others enter, or nobody is at
        risk between two tenures.
    OptionError
        If an option is not as described, or both counts and weights are given.

    See Also
    --------
    tenures : Tenures from rows of activity.
    cox_regression : What drives losses.

    Notes
    -----
    Of Y(u) customers at risk at tenure u, those with entry < u <= tenure, d(u) are lost. Survival
    (Kaplan and Meier [1]_) and its standard error (Greenwood) are

        S(t) = product over u <= t of (1 - d(u) / Y(u)),
        s(t) = S(t) sqrt(sum over u <= t of d(u) / (Y(u) (Y(u) - d(u)))).

    The interval is that of the normal law for log(-log S), which stays between 0 and 1. Between
    losses S stays and fewer and fewer are at risk; the square of the lower reach grows by the
    ratio of their numbers (after Dorey and Korn [2]_). Where S is 1 the interval is Wilson's of
    those at risk. Where it is 0 the upper end is the larger of Wilson's for a share of 0 of as
    many as would give the error at the tenure before, and of that survival times Wilson's for 0
    of those at risk. Retention is 1 - d(u) / Y(u), with Wilson's interval.

    The median tenure is the first at which S is at most 1/2; its interval ends where the ends of
    the intervals of S first are [3]_, and is infinite if the upper one never is. The restricted
    mean is the area under S up to the horizon, with the interval of the normal law.

    The log-rank test holds the losses of each group against those expected if all had the
    same shares lost at each tenure. ``p_value`` is from chi-square.

    With weights, d and Y are sums of weights and errors are linearised: a customer moves log S
    by the own part in each factor. Reaches are then those of Student's t with the degrees of
    freedom of a weighted mean.

    In simulated worlds of 50 and 200 customers, half of whom leave four times as fast, 95 %
    intervals of survival held the truth in 93 % to 98 %, with equal weights and unequal ones, and
    those of retention and the restricted mean in 93 % to 97 %. In whole periods the median is
    held in 98 % to 100 %.

    References
    ----------
    .. [1] Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete
       observations. Journal of the American Statistical Association, 53(282), 457-481.
    .. [2] Dorey, F. J., & Korn, E. L. (1987). Effective sample sizes for confidence intervals
       for survival probabilities. Statistics in Medicine, 6(6), 679-687. Named from memory; the
       rule is that of R's ``survfit(conf.lower="modified")``.
    .. [3] Brookmeyer, R., & Crowley, J. (1982). A confidence interval for the median survival
       time. Biometrics, 38(1), 29-41.

    Examples
    --------
    Ten customers start; 2 are lost at tenure 1, then one is censored, and at tenure 2 one of
    7 is lost: survival is 0.8 * 6 / 7.

    >>> from loyaltymodel import economics
    >>> found = economics.survival(
    ...     [1, 1, 1, 2, 2], [1, 1, 0, 1, 0], counts=[1, 1, 1, 1, 6]
    ... )
    >>> found.survival[["tenure", "n_at_risk", "n_lost", "estimate", "std_error"]].round(4)
       tenure  n_at_risk  n_lost  estimate  std_error
    0     1.0         10       2    0.8000     0.1265
    1     2.0          7       1    0.6857     0.1515
    >>> found.retention["estimate"].round(3).tolist()
    [0.8, 0.857]
    """
    check_level(level)
    if counts is not None and weights is not None:
        raise OptionError(
            "counts= says for how many customers a row stands, and weights= how much each one "
            "counts; give one of the two"
        )
    optional = {"entry": entry, "groups": groups, "counts": counts}
    given = {name: value for name, value in optional.items() if value is not None}
    found, w = read_weighted(
        {"tenure": tenure, "lost": lost, **given},
        weights,
        data=data,
        bounds={
            "tenure": (0.0, np.inf),
            "entry": (0.0, np.inf),
            "lost": (0.0, 1.0),
            "counts": (0.0, np.inf),
        },
        categories=[] if groups is None else ["groups"],
        missing=missing,
    )
    people = _people(found, w, weighted=weights is not None)
    names, codes = None, np.zeros(len(people.tenure), dtype=np.intp)
    if groups is not None:
        codes, names = found.codes("groups")
        used = np.bincount(codes[people.own > 0], minlength=len(names)) > 0
        if not used.all():
            raise DataError(
                f"group {shown(names[int(np.argmin(used))])} has no customer with a weight; leave "
                "it out"
            )
    n_groups = 1 if names is None else len(names)
    parts = [_of_group(people, codes == k, names, k) for k in range(n_groups)]
    ends = np.array([part.followed for part in parts])
    limit = _horizon(horizon, parts, ends)
    rows = [_rows(part, level) for part in parts]
    statistic, df, p_value = np.nan, 0, np.nan
    if n_groups > 1 and weights is None:
        statistic, df, p_value = _test(people, codes, n_groups)
    retained = None
    if people.whole:
        retained = _retention_table(parts, names, level)
    return SurvivalCurve(
        n_obs=int(people.counts.sum()),
        n_dropped=found.n_dropped,
        n_lost=int(people.counts[people.lost & (people.own > 0)].sum()),
        n_effective=kish(w) if weights is not None else float(people.counts.sum()),
        level=level,
        groups=names,
        horizon=limit,
        entered=np.array([part.entered for part in parts]),
        followed=ends,
        at_risk=np.rint(np.concatenate([p.at.n_at_risk for p in parts])).astype(np.intp),
        lost=np.rint(np.concatenate([p.at.n_lost for p in parts])).astype(np.intp),
        estimates=EstimateTable(
            labels=_row_labels(parts, names),
            estimate=np.concatenate([p.at.survival for p in parts]),
            std_error=np.concatenate([row[0] for row in rows]),
            ci_low=np.concatenate([row[1] for row in rows]),
            ci_high=np.concatenate([row[2] for row in rows]),
            level=level,
            method="Wald, of log(-log S)",
        ),
        retention_estimates=retained,
        quantity_estimates=_quantities(parts, rows, names, limit, level),
        statistic=statistic,
        df=df,
        p_value=p_value,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """Customers (n,), or rows that stand for ``counts`` of them."""

    tenure: FloatArray
    lost: BoolArray
    entry: FloatArray
    counts: FloatArray
    weights: FloatArray
    weighted: bool
    whole: bool

    @property
    def own(self) -> FloatArray:
        return self.counts * self.weights


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One group: its spells, what is computed of them, and how much less sure weights make it."""

    spells: Spells
    at: Survival
    entered: float
    followed: float
    stretch: float


def _people(found: Variables, w: FloatArray, *, weighted: bool) -> _People:
    tenure, lost, entry = spells_in(found)
    known = found.values
    counts = counts_of("counts", found["counts"]) if "counts" in known else np.ones_like(tenure)
    if not counts.any():
        raise DataError("all counts are 0; at least one must be above 0")
    whole = bool(
        (tenure == np.floor(tenure)).all()
        and (entry == np.floor(entry)).all()
        and tenure.max() <= _MOST_TENURES
    )
    used = (counts * w > 0) & (tenure > entry)
    if not used.any():
        raise DataError(
            "nobody is seen for any time after the entry, so nothing is known of survival; tenures "
            "must be above 0"
        )
    return _People(tenure, lost, entry, counts, w, weighted, whole)


def _of_group(people: _People, mine: BoolArray, names: tuple[Any, ...] | None, k: int) -> _Part:
    counted = mine & (people.own > 0)
    tenure, lost, entry = people.tenure[counted], people.lost[counted], people.entry[counted]
    seen = tenure > entry
    of = "" if names is None else f" in group {shown(names[k])}"
    if not seen.any():
        raise DataError(
            f"nobody is seen for any time after the entry{of}; leave the group out"
            if of
            else "nobody is seen for any time after the entry"
        )
    entered, followed = float(entry[seen].min()), float(tenure.max())
    if people.whole:
        at = np.arange(entered + 1, followed + 1)
    else:
        at = np.unique(tenure[lost]) if lost.any() else np.array([followed])
    spells = spells_of(tenure, lost, entry, people.counts[counted], people.weights[counted], at)
    found = product_limit(spells)
    alone = (found.n_at_risk == 0) | (found.n_lost == found.n_at_risk)
    later = np.flatnonzero(alone)
    last = int(spells.end.max(initial=0)) - 1
    if later.size and later[0] < last:
        raise NotIdentifiedError(
            f"at tenure {at[later[0]]:g}{of} nobody is left at risk, and others enter later, so "
            "that survival cannot be carried on; start from a later tenure: leave out who entered "
            "before it and was lost by it, and raise the entry of the others to it"
        )
    stretch = 1.0
    if people.weighted:
        stretch = 1 / pull_of(people.weights[counted]).less_sure(0.95)
    return _Part(spells, found, entered, followed, stretch)


def _horizon(horizon: float | None, parts: Sequence[_Part], ends: FloatArray) -> float:
    # Where everybody is lost survival is 0 ever after.
    known = np.array(
        [np.inf if (p.at.survival == 0).any() else e for p, e in zip(parts, ends, strict=True)]
    )
    if horizon is None:
        return float(min(known.min(), ends.max()))
    check_positive("horizon", horizon)
    if horizon > known.min():
        raise OptionError(
            f"horizon={horizon:g} lies beyond {known.min():g}, the last tenure that is known in "
            "every group; give one up to it"
        )
    return float(horizon)


def _rows(part: _Part, level: float) -> tuple[FloatArray, ...]:
    """Return standard error and ends (m,) of survival."""
    at = part.at
    s = at.survival
    inside = (s > 0) & (s < 1)
    variance = at.variance * part.stretch
    # What is not lost between losses is known of ever fewer, which the lower end must show.
    place = np.maximum.accumulate(np.where(at.lost > 0, np.arange(len(s)), 0))
    fewer = at.effective[place] / np.maximum(at.effective, 1e-300)
    z = ndtri(np.array((1 + level) / 2))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = s * np.sqrt(at.variance)
        size = np.where(inside, (1 - s) / (s * variance), at.effective / part.stretch)
        reach = z * np.sqrt(variance) / np.abs(np.log(s))
        low = s ** np.exp(reach * np.sqrt(np.maximum(fewer, 1.0)))
        high = s ** np.exp(-reach)
    gone = s == 0
    if gone.any() and not gone[0]:
        size[gone] = size[int(np.argmax(gone)) - 1]
    ends = wilson(s, np.maximum(size, 0.0), level=level)
    upper = np.array(ends[1])
    if gone.any():
        # Where nobody is left of few at risk, a share of those before may have been.
        last = int(np.argmax(gone))
        risk = np.array([at.effective[last] / part.stretch])
        before = s[last - 1] if last else 1.0
        upper[gone] = np.maximum(upper[gone], before * wilson(np.zeros(1), risk, level=level)[1])
    return (
        np.where(inside, error, np.nan),
        np.where(inside, low, ends[0]),
        np.where(inside, high, upper),
    )


def _row_labels(
    parts: Sequence[_Part], names: tuple[Any, ...] | None
) -> FrozenMapping[str, tuple[Any, ...]]:
    tenures = tuple(np.concatenate([part.spells.tenure for part in parts]).tolist())
    if names is None:
        return FrozenMapping({"tenure": tenures})
    group = tuple(
        n for n, part in zip(names, parts, strict=True) for _ in range(len(part.spells.tenure))
    )
    return FrozenMapping({"group": group, "tenure": tenures})


def _retention_table(
    parts: Sequence[_Part], names: tuple[Any, ...] | None, level: float
) -> EstimateTable:
    share, low, high = [], [], []
    for part in parts:
        at = part.at
        lost = np.where(at.at_risk > 0, at.lost / np.where(at.at_risk > 0, at.at_risk, 1), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = lost * (1 - lost) / at.share_variance
        size = np.where(np.isfinite(size) & (size > 0), size, at.effective)
        size = np.minimum(size, at.n_at_risk) / part.stretch
        ends = wilson(1 - lost, size, level=level)
        share.append(1 - lost)
        low.append(ends[0])
        high.append(ends[1])
    return EstimateTable(
        labels=_row_labels(parts, names),
        estimate=np.concatenate(share),
        ci_low=np.concatenate(low),
        ci_high=np.concatenate(high),
        level=level,
        method="Wilson",
    )


def _first_half(tenure: FloatArray, values: FloatArray) -> float:
    """Return the first tenure at which something falls to a half, infinite if it never does."""
    below = reaches(_HALF, values)
    return float(tenure[int(np.argmax(below))]) if below.any() else np.inf


def _quantities(
    parts: Sequence[_Part],
    rows: Sequence[tuple[FloatArray, ...]],
    names: tuple[Any, ...] | None,
    horizon: float,
    level: float,
) -> EstimateTable:
    found = []
    z = float(ndtri(np.array((1 + level) / 2)))
    for part, (_, low, high) in zip(parts, rows, strict=True):
        tenure, s = part.spells.tenure, part.at.survival
        median = _first_half(tenure, s)
        ends = _first_half(tenure, low), _first_half(tenure, high)
        if np.isinf(ends[0]):
            ends = (part.followed, np.inf)  # the median lies beyond all that is known
        found.append((median if np.isfinite(median) else np.nan, np.nan, *ends))
        mean, variance = restricted_mean(part.spells, part.at, horizon)
        error = np.sqrt(variance) if variance > 0 else np.nan
        reach = z * error * np.sqrt(part.stretch)
        found.append((mean, error, max(mean - reach, 0.0), min(mean + reach, horizon)))
    estimate, error, low, high = np.array(found, dtype=np.float64).T
    labels: dict[str, tuple[Any, ...]] = {}
    if names is not None:
        labels["group"] = tuple(name for name in names for _ in range(2))
    labels["quantity"] = ("median", "restricted_mean") * len(parts)
    return EstimateTable(
        labels=FrozenMapping(labels),
        estimate=estimate,
        std_error=error,
        ci_low=low,
        ci_high=high,
        level=level,
        method="by the intervals of survival, and Wald",
    )


def _test(people: _People, codes: IntArray, n_groups: int) -> tuple[float, int, float]:
    """Return the log-rank test."""
    at = np.unique(people.tenure[people.lost & (people.counts > 0)])
    if not at.size:
        return np.nan, 0, np.nan
    risk, lost = np.empty((n_groups, len(at))), np.empty((n_groups, len(at)))
    for k in range(n_groups):
        mine = codes == k
        spells = spells_of(
            people.tenure[mine],
            people.lost[mine],
            people.entry[mine],
            people.counts[mine],
            people.weights[mine],
            at,
        )
        risk[k], lost[k] = spells.at_risk(spells.counts), spells.lost_at(spells.counts)
    apart, covariance = log_rank(risk, lost)
    df = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if df == 0:
        return np.nan, 0, np.nan
    statistic = float(apart @ np.linalg.pinv(covariance, hermitian=True) @ apart)
    return statistic, df, float(chi_square_tail(np.array(statistic), df))
