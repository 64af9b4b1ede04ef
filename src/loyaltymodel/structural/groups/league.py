"""A table of companies by their index, with what is sure of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import check_choice, enumerate_names, suggest
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.structural.groups import kernels
from loyaltymodel.structural.groups.samples import (
    Samples,
    in_stacks,
    read_groups,
)
from loyaltymodel.structural.inference import LeftOut, errors_of, make_interval
from loyaltymodel.structural.kernels import pls
from loyaltymodel.structural.kernels.quantities import estimate
from loyaltymodel.structural.replication import (
    Task,
    count_failures,
    make_task,
    usable,
)
from loyaltymodel.structural.result import OnFit, StructuralResult

OuterWeights = Literal["pooled", "own"]

_ALL_AT_ONCE = (
    "Ranks hold all at once: a group ranks behind all that are surely above it and before all that "
    "are surely below. A wide range says that these data do not tell the order."
)
_OVERLAP = (
    "Intervals of two indices may overlap although their difference is sure; ask differences, not "
    "the overlap."
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LeagueTable(OnFit):
    """Groups by their index, such as companies, with what is sure of their order.

    Made by :func:`league_table`.

    Attributes
    ----------
    result : StructuralResult
        The model, fitted to all respondents together.
    groups : str
        Column of the groups.
    construct : str
        The construct whose index is ranked.
    outer_weights : str
        "pooled" where one set of weights makes all indices, "own" where each group has its own.
    level : float
        Confidence level: of each index, of all differences at once, and of all ranks at once.
    n_resamples : int
        Resamples of respondents within groups.
    failures : mapping from str to int
        Resamples left out, by what was wrong with them.
    n_clusters : int or None
        Clusters that were drawn as a whole; None without clusters.
    estimates : EstimateTable
        Indices by ``group``, the highest first, with the replicates.
    sizes : ndarray of shape (g,)
        Respondents of each group, in this order.
    rank_first, rank_last : ndarray of shape (g,)
        First and last rank that each can have.
    apart : EstimateTable
        All differences of two, ``first`` less ``second``, with intervals that hold all at once.
    p_adjusted : ndarray of shape (q,)
        p-values of these, which allow for all of them.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> survey["shop"] = ["north"] * 100 + ["south"] * 150
    >>> result = structural.fit(model, survey, scale=(1, 10))
    >>> structural.league_table(result, survey, groups="shop", n_resamples=199, rng=1)
    <LeagueTable: satisfaction of 2 groups by shop, 0 of 1 differences sure at 95%>
    """

    made_by: ClassVar[str] = "league_table()"

    groups: str
    construct: str
    outer_weights: OuterWeights
    level: float
    n_resamples: int
    failures: FrozenMapping[str, int]
    n_clusters: int | None
    estimates: EstimateTable
    sizes: IntArray
    rank_first: IntArray
    rank_last: IntArray
    apart: EstimateTable
    p_adjusted: FloatArray

    @property
    def n_failed(self) -> int:
        """Number of resamples left out."""
        return sum(self.failures.values())

    @property
    def ranks(self) -> pd.DataFrame:
        """The league table: a row a group, the highest index first.

        ``group``, ``n_obs``, the index as ``estimate`` with ``std_error``, ``ci_low`` and
        ``ci_high`` (of each alone), ``rank``, ``rank_first``, ``rank_last`` (of all at once; 1 is
        the highest), and ``n_above`` and ``n_below``, the number of groups surely above and below.
        """
        table = self.estimates.frame()
        table.insert(1, "n_obs", self.sizes.copy())
        k = len(table)
        values = self.estimates.estimate
        return table.assign(
            rank=1 + (values > values[:, None]).sum(axis=1),
            rank_first=self.rank_first.copy(),
            rank_last=self.rank_last.copy(),
            n_above=self.rank_first - 1,
            n_below=k - self.rank_last,
        )

    @property
    def differences(self) -> pd.DataFrame:
        """All differences of two groups: first, second, estimate, error, interval, p_adjusted."""
        return self.apart.frame().assign(p_adjusted=self.p_adjusted.copy())

    @property
    def differs(self) -> pd.DataFrame:
        """Which groups differ: groups by groups, True where the interval leaves out 0."""
        labels = pd.Index(self.estimates.labels["group"], name="group")
        square = np.zeros((len(labels), len(labels)), dtype=bool)
        one, other = np.triu_indices(len(labels), 1)
        square[one, other] = square[other, one] = self._sure()
        return pd.DataFrame(square, index=labels, columns=labels)

    def _sure(self) -> BoolArray:
        table = self.apart.frame()
        return ((table["ci_low"] > 0) | (table["ci_high"] < 0)).to_numpy()

    def _title(self) -> str:
        return f"League table: {self.construct}"

    def _brief(self) -> str:
        sure = self._sure()
        found = f"{int(sure.sum())} of {len(sure)} differences sure at {percent(self.level)}"
        return f"{self.construct} of {len(self.sizes)} groups by {self.groups}, {found}"

    def _facts(self) -> Facts:
        return (("construct", self.construct), ("outer weights", self.outer_weights))

    def _tables(self) -> Sequence[Table]:
        digits = (0, 1, 1, 1, 1, 0, 0, 0, 0, 0)
        return (table_of("Index from 0 to 100", self.ranks, n_labels=1, digits=digits),)

    def _remarks(self) -> Sequence[str]:
        return [_ALL_AT_ONCE, _OVERLAP]


@checked
def league_table(
    result: StructuralResult,
    data: Data,
    *,
    groups: str,
    construct: str = "satisfaction",
    outer_weights: OuterWeights = "pooled",
    clusters: str | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
) -> LeagueTable:
    """Return groups, such as companies, ranked by their index, with what is sure (排行榜).

    Parameters
    ----------
    result : StructuralResult
        The model, fitted to all respondents together with ``scale``.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of groups.
    groups : str
        Column of the groups.
    construct : str
        Whose index is ranked.
    outer_weights : {"pooled", "own"}
        "pooled": the weights of the fit to all respondents make every index, so that all are
        measured by the same rule. "own": the model is fitted to each group.
    clusters : str, optional
        Column of groups of respondents that are drawn as a whole. Each must lie in one group.
    level : float
        Confidence level between 0 and 1.
    n_resamples : int
        Resamples of respondents, drawn within each group.
    rng : numpy.random.Generator, int or None
        Source of randomness. The same seed gives the same numbers, in whatever order rows stand.

    Returns
    -------
    LeagueTable
        ``ranks`` has a row a group, ``differences`` a row a pair, ``differs`` a square.

    Raises
    ------
    DataError
        If the model was fitted without ``scale``, the data are not those of the result, there is
        one group, a respondent has none, a group is too small, a weight is negative so that there
        is no index, nobody of a group counts, or a cluster lies in two groups.
    NotIdentifiedError
        If with "own" weights the model has no solution in a group, or fewer than two resamples can
        be used.
    OptionError
        If an option is not one of its choices, or the model has no such construct.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    Notes
    -----
    With d a difference of two indices, s its standard error, and c the quantile of the largest
    abs(d* - mean d*) / s of all pairs in a resample, the intervals d - c s to d + c s hold all at
    once; c is taken as of Student's law with the degrees of freedom of each pair. Of g groups, if
    a of them are surely above a group and b surely below, its rank is one from 1 + a to g - b
    [1]_. That holds for all ranks at once with at least the level, also where groups tie;
    percentiles of resampled ranks do not. This is the single step; the stepwise refinement of the
    authors can shorten ranges a little.

    References
    ----------
    .. [1] Mogstad, M., Romano, J. P., Shaikh, A. M., & Wilhelm, D. (2024). Inference for ranks
       with applications to mobility across neighbourhoods and academic achievement across
       countries. Review of Economic Studies, 91(1), 476-518.

    Examples
    --------
    Two shops whose answers are 3 points of 10 apart, so 30 points of 100, which is sure:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit, league_table
    >>> model = StructuralModel.from_text("s =~ s1; l =~ l1; l ~ s")
    >>> one = pd.DataFrame({"s1": [5, 6, 5, 6, 5, 6], "l1": [4, 4, 7, 7, 9, 5], "shop": "north"})
    >>> two = one.assign(s1=one["s1"] + 3, shop="south")
    >>> survey = pd.concat([one, two], ignore_index=True)
    >>> result = fit(model, survey, scale=(1, 11))
    >>> found = league_table(result, survey, groups="shop", construct="s", n_resamples=199, rng=1)
    >>> found.ranks[["group", "n_obs", "estimate", "rank", "rank_first", "rank_last"]].round(6)
       group  n_obs  estimate  rank  rank_first  rank_last
    0  south      6      75.0     1           1          1
    1  north      6      45.0     2           2          2
    """
    check_choice("outer_weights", outer_weights, OuterWeights)
    check_resamples(n_resamples, level=level)
    names = result.model.names
    if construct not in names:
        raise OptionError(
            f"the model has no construct {construct!r}{suggest(construct, names)}; there are "
            f"{enumerate_names(map(repr, names), most=30)}"
        )
    result.index  # noqa: B018  raises what is to be said without a scale
    task = make_task(result)
    samples = read_groups(result, data, groups, clusters, alone=outer_weights == "own")
    place = names.index(construct)
    generator = np.random.default_rng(rng)
    if outer_weights == "pooled":
        values, drawn, failure = _by_one_rule(task, samples, n_resamples, generator)
    else:
        values, drawn, failure = _each_its_own(task, samples, n_resamples, generator)
    value, replicates = values[:, place], drawn[:, :, place]
    if (without := np.flatnonzero(np.isnan(value))).size:
        who = enumerate_names(repr(samples.labels[k]) for k in without)
        raise DataError(
            f"{construct!r} has no index in {who}: an item has a negative weight there, or the "
            "model no solution; leave the item out, or put small groups together"
        )
    # An index that is lost in a resample is lost for all groups, whose differences are asked.
    lost = np.isnan(replicates).any(axis=1) & (failure == 0)
    failure = np.where(lost, _UNDETERMINED, failure)
    replicates = replicates[usable(failure)]
    order = np.argsort(-value, kind="stable")
    value, replicates = value[order], replicates[:, order]
    labels = tuple(samples.labels[k] for k in order.tolist())
    units = np.bincount(samples.of_units(*range(len(labels))))[order]
    pairs = kernels.all_pairs(value, replicates, units.astype(np.float64) - 1, alpha=1 - level)
    rank_first, rank_last = kernels.rank_ends(pairs, len(labels))
    reach = pairs.critical * pairs.std_error
    return LeagueTable(
        result=result,
        groups=groups,
        construct=construct,
        outer_weights=outer_weights,
        level=level,
        n_resamples=n_resamples,
        failures=count_failures(failure),
        n_clusters=samples.n_clusters,
        estimates=_indices(labels, value, replicates, level),
        sizes=samples.sizes[order],
        rank_first=rank_first,
        rank_last=rank_last,
        apart=EstimateTable(
            labels=FrozenMapping(
                {
                    "first": tuple(labels[k] for k in pairs.first.tolist()),
                    "second": tuple(labels[k] for k in pairs.second.tolist()),
                }
            ),
            estimate=pairs.estimate,
            std_error=pairs.std_error,
            ci_low=pairs.estimate - reach,
            ci_high=pairs.estimate + reach,
            level=level,
            method="simultaneous bootstrap",
        ),
        p_adjusted=pairs.p_adjusted,
    )


_UNDETERMINED = 3  # the kind of failure in which an index is lost


def _indices(
    labels: tuple[Any, ...], value: FloatArray, replicates: FloatArray, level: float
) -> EstimateTable:
    error = errors_of(replicates)
    nothing = LeftOut(replicates[:0], np.empty(0, dtype=np.intp))
    ends = make_interval(
        "percentile", replicates, value, error, nothing, replicates[:0], level=level
    )
    return EstimateTable(
        labels=FrozenMapping({"group": labels}),
        estimate=value,
        std_error=error,
        ci_low=ends.low,
        ci_high=ends.high,
        level=level,
        method="percentile bootstrap",
        replicates=replicates,
    )


def _points(task: Task, means: FloatArray, weights: FloatArray) -> FloatArray:
    """Return indices (..., j) from means and weights in answer units (..., p)."""
    lowest, highest = np.asarray(task.setup.lowest), np.asarray(task.setup.highest)
    return pls.index_points(means, weights, lowest, highest, task.catalogue.design)


def _by_one_rule(
    task: Task, samples: Samples, n_resamples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return indices (g, j) by the weights of all, those of resamples (b, g, j), failures (b,)."""
    units = samples.stratified()
    n_groups = len(samples.labels)
    member = np.arange(n_groups)[:, None] == samples.group
    original = task.result.solution.weights  # of answers whose deviation is 1
    centres = samples.moments()[0]
    values = _points(task, centres, np.broadcast_to(original, centres.shape))
    drawn, failures = [], []
    size = max(1, min(resampling.slice_size(units), _ELEMENTS // (n_groups * len(original))))
    for counts in resampling.draw_counts(units, n_resamples, rng, size=size):
        means, covariances = resampling.resampled_moments(units, counts)
        found = estimate(means, covariances, task.catalogue.design, task.setup)
        v = (found.weights / found.sd)[:, None]
        of_groups = _group_means(samples, units.member, counts, member)
        b, p = len(counts), of_groups.shape[-1]
        wide = np.broadcast_to(v, of_groups.shape).reshape(-1, p)
        points = _points(task, of_groups.reshape(-1, p), wide)
        drawn.append(points.reshape(b, n_groups, -1))
        failures.append(found.failure)
    return values, np.concatenate(drawn), np.concatenate(failures)


_ELEMENTS = 20_000_000  # numbers in a slice of means by groups: 160 MB


def _group_means(
    samples: Samples, unit: IntArray, counts: resampling.Counts, member: BoolArray
) -> FloatArray:
    """Return the means (b, g, p) of resamples, group by group, of respondents sorted by group."""
    starts = [int(row.argmax()) for row in member]
    parts = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(unit)], strict=True)]
    means = []
    for part in parts:
        weight = counts[:, unit[part]] * samples.weights[part]
        means.append(weight @ samples.rows[part] / weight.sum(axis=1, keepdims=True))
    return np.stack(means, axis=1)


def _each_its_own(
    task: Task, samples: Samples, n_resamples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the same with the weights of each group, whose resample fails if one of them does."""
    n_groups = len(samples.labels)
    found = estimate(*samples.moments(), task.catalogue.design, task.setup)
    values = _points(task, samples.moments()[0], found.weights / found.sd)
    values = np.where(found.failure[:, None] == 0, values, np.nan)
    parts = (
        resampling.resampled_moments(units, counts)
        for units in map(samples.units, range(n_groups))
        for counts in resampling.draw_counts(
            units, n_resamples, rng, size=resampling.slice_size(units)
        )
    )
    size = resampling.matrices_in_slice(samples.rows.shape[1])
    drawn, failures = [], []
    for means, covariances in in_stacks(parts, size):
        one = estimate(means, covariances, task.catalogue.design, task.setup)
        drawn.append(_points(task, means, one.weights / one.sd))
        failures.append(one.failure)
    by_group = np.concatenate(drawn).reshape(n_groups, n_resamples, -1)
    failure = np.concatenate(failures).reshape(n_groups, n_resamples).max(axis=0)
    return values, by_group.transpose(1, 0, 2), failure
