"""What differs between groups: every quantity of a model, tested and with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.options import check_choice, enumerate_names, shown
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.groups import kernels
from loyaltymodel.structural.groups.samples import (
    Moments,
    Samples,
    evaluate_groups,
    in_stacks,
    leave_each_out,
    permutations,
    read_groups,
    values_of,
)
from loyaltymodel.structural.inference import (
    LeftOut,
    covariance_of,
    errors_of,
    is_still,
    make_interval,
    table_labels,
)
from loyaltymodel.structural.kernels.quantities import ABOVE_ZERO
from loyaltymodel.structural.replication import (
    Task,
    collect,
    count_failures,
    make_task,
    warn_of_failures,
)
from loyaltymodel.structural.result import OnFit, StructuralResult

GroupMethod = Literal["permutation", "bootstrap"]
Correction = Literal["holm", "bonferroni", "fdr_bh", "fdr_by", "none"]

_EFFECTS = ("paths", "total_effects", "r_squared", "index")  # what a summary prints


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class GroupComparison(OnFit):
    """What a structural model estimates in each group, and how far groups are apart.

    Made by :func:`compare_groups`.

    Attributes
    ----------
    result : StructuralResult
        The model, fitted to all respondents together.
    groups : str
        Column of the groups.
    method : str
        "permutation" or "bootstrap".
    correction : str
        How p-values are adjusted within a quantity, over its rows and all pairs of groups.
    level : float
        Confidence level of each interval.
    n_resamples : int
        Permutations of each pair of groups, or resamples of each group.
    failures : mapping from str to int
        Permutations or resamples left out, by what was wrong with them, over all pairs or groups.
    n_clusters : int or None
        Clusters that were permuted or drawn as a whole; None without clusters.
    estimates : EstimateTable
        The differences: ``first``, ``second`` (groups), ``quantity``, ``name`` (as in
        :class:`InferenceResult`), and ``estimate``, first less second.
    p_adjusted : ndarray of shape (k,)
        Their p-values, adjusted.
    by_group : EstimateTable
        The quantities themselves: ``group``, ``quantity``, ``name``, with Wald intervals.
    sizes : mapping from group to int
        Respondents of each group.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> survey["half"] = ["first"] * 125 + ["second"] * 125
    >>> result = structural.fit(model, survey)
    >>> structural.compare_groups(result, survey, groups="half", n_resamples=199, rng=1)
    <GroupComparison: permutation, 2 groups by half, 0 of 127 differences below .05 after holm>
    """

    made_by: ClassVar[str] = "compare_groups()"

    groups: str
    method: GroupMethod
    correction: Correction
    level: float
    n_resamples: int
    failures: FrozenMapping[str, int]
    n_clusters: int | None
    estimates: EstimateTable
    p_adjusted: FloatArray
    by_group: EstimateTable
    sizes: FrozenMapping[Any, int]

    @property
    def n_failed(self) -> int:
        """Number of permutations or resamples left out."""
        return sum(self.failures.values())

    @property
    def differences(self) -> pd.DataFrame:
        """Differences: first, second, quantity, name, their uncertainty, and ``p_adjusted``."""
        return self.estimates.frame().assign(p_adjusted=self.p_adjusted.copy())

    def _title(self) -> str:
        return "Groups compared"

    def _brief(self) -> str:
        below = int((self.p_adjusted < _SMALL).sum())
        found = f"{below} of {len(self.p_adjusted)} differences below .05 after {self.correction}"
        return f"{self.method}, {len(self.sizes)} groups by {self.groups}, {found}"

    def _facts(self) -> Facts:
        sizes = enumerate_names((f"{name} {n:,}" for name, n in self.sizes.items()), most=30)
        return (("groups", sizes), ("method", self.method), ("correction", self.correction))

    def _tables(self) -> Sequence[Table]:
        table = self.differences.drop(columns="p_value")
        present = list(dict.fromkeys(table["quantity"]))
        printed = [name for name in present if name in _EFFECTS] or present
        return [
            table_of(
                f"{name}: first less second",
                table[table["quantity"] == name].drop(columns="quantity"),
                n_labels=3,
            )
            for name in printed
        ]

    def _remarks(self) -> Sequence[str]:
        found = [_ONE_BY_ONE, _ALIKE]
        if self.method == "bootstrap" and self.result.n_effective < self.n_obs * (1 - 1e-9):
            found.append(
                "The respondents weigh unequally and so cannot change places; groups are compared "
                "by the bootstrap, not by permutation."
            )
        return found


_SMALL = 0.05
_ONE_BY_ONE = (
    "p_adjusted allows for all rows and pairs of groups of the same quantity; the intervals are "
    "one by one."
)
_ALIKE = (
    "A difference of paths or indices can be read only if the constructs are measured alike; "
    "measurement_invariance() asks that."
)


@checked
def compare_groups(
    result: StructuralResult,
    data: Data,
    *,
    groups: str,
    parameters: Sequence[str] | None = None,
    method: GroupMethod | None = None,
    correction: Correction = "holm",
    clusters: str | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
) -> GroupComparison:
    """Return what differs between groups of respondents (多组分析), pair by pair.

    The model is fitted to each group with the settings of the result, and every quantity is
    compared between each two groups.

    Parameters
    ----------
    result : StructuralResult
        The model, fitted to all respondents together.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of groups.
    groups : str
        Column of the groups.
    parameters : sequence of str, optional
        Quantities to compare, such as "paths", "total_effects", "loadings", "weights",
        "r_squared" or "index"; all by default.
    method : {"permutation", "bootstrap"}, optional
        "permutation" deals respondents out to the two groups anew. "bootstrap" draws respondents
        within each group. By default "permutation", and "bootstrap" where respondents weigh
        unequally, who cannot change places.
    correction : {"holm", "bonferroni", "fdr_bh", "fdr_by", "none"}
        How p-values are adjusted for many comparisons, over all rows and pairs of the same
        quantity: the first two hold the chance of any false finding, "fdr_bh" (Benjamini and
        Hochberg) and "fdr_by" (Benjamini and Yekutieli) the share of false ones among all found.
    clusters : str, optional
        Column of groups of respondents that are permuted or drawn as a whole, such as branches.
        Each must lie in one group.
    level : float
        Confidence level between 0 and 1.
    n_resamples : int
        Permutations of each pair, or resamples of each group.
    rng : numpy.random.Generator, int or None
        Source of randomness. The same seed gives the same numbers, in whatever order rows stand.

    Returns
    -------
    GroupComparison
        ``differences`` has a row for each pair of groups and quantity.

    Raises
    ------
    DataError
        If the data are not those of the result, there is one group, a respondent has none, a
        group has no more respondents than the model has items, an item is constant in a group,
        nobody of a group counts, or a cluster lies in two groups.
    NotIdentifiedError
        If the model has no solution in a group.
    OptionError
        If an option is not one of its choices, or permutation is asked of unequal weights.

    Warns
    -----
    FailedResamplesWarning
        If more than one permutation or resample in a hundred could not be estimated.

    Notes
    -----
    With theta the estimates of two groups and s^2 their jackknife variances the statistic is

        T = (theta_1 - theta_2) / sqrt(s_1^2 + s_2^2)

    In each permutation the model is estimated anew in both groups, and s^2 comes from the
    influences of their units on the estimate of both groups together. Permutation of differences
    that are not studentised is no test of equal parameters where variances and sizes of groups
    differ [1]_. The p-value is (1 + number of abs(T) at or above) / (1 + permutations), and the
    interval holds the differences that this test would not reject.

    References
    ----------
    .. [1] Chung, E., & Romano, J. P. (2013). Exact and asymptotically robust permutation tests.
       Annals of Statistics, 41(2), 484-507.

    Examples
    --------
    Two groups whose answers differ by 1 everywhere: their indices on the scale from 1 to 11 are
    10 points apart, and nothing else differs.

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, compare_groups, fit
    >>> model = StructuralModel.from_text("s =~ s1; l =~ l1; l ~ s")
    >>> one = pd.DataFrame({"s1": [3, 5, 6, 8, 9, 4], "l1": [4, 4, 7, 7, 9, 5], "group": "b"})
    >>> two = one.assign(s1=one["s1"] + 1, l1=one["l1"] + 1, group="a")
    >>> survey = pd.concat([one, two], ignore_index=True)
    >>> result = fit(model, survey, scale=(1, 11))
    >>> found = compare_groups(
    ...     result, survey, groups="group", parameters=["paths", "index"], n_resamples=199, rng=1
    ... )
    >>> found.differences[["first", "second", "quantity", "name", "estimate"]].round(6)
      first second quantity    name  estimate
    0     a      b    paths  s -> l       0.0
    1     a      b    index       s      10.0
    2     a      b    index       l      10.0
    """
    check_level(level)
    check_resamples(n_resamples, level=level)
    check_choice("correction", correction, Correction)
    task = make_task(result)
    columns = _columns(task, parameters)
    samples = read_groups(result, data, groups, clusters, alone=True)
    method = _method(samples, method)
    generator = np.random.default_rng(rng)
    estimate = evaluate_groups(task, samples).values[:, columns]
    if method == "permutation":
        found = _permute(task, samples, columns, estimate, n_resamples, level, generator)
    else:
        found = _draw(task, samples, columns, estimate, n_resamples, level, generator)
    warn_of_failures(found.failures, found.n_drawn)
    labels = _labels(task, columns)
    differences = found.differences(samples, labels, method, level)
    return GroupComparison(
        result=result,
        groups=groups,
        method=method,
        correction=correction,
        level=level,
        n_resamples=n_resamples,
        failures=found.failures,
        n_clusters=samples.n_clusters,
        estimates=differences,
        p_adjusted=_adjusted(differences, correction),
        by_group=_by_group(samples, labels, estimate, found.std_error, level),
        sizes=FrozenMapping(dict(zip(samples.labels, samples.sizes.tolist(), strict=True))),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Errors of each group (g, k), and of each pair (q, k) its difference and company."""

    std_error: FloatArray
    difference: FloatArray
    of_difference: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray
    failures: FrozenMapping[str, int]
    n_drawn: int

    def differences(
        self, samples: Samples, labels: dict[str, list[str]], method: str, level: float
    ) -> EstimateTable:
        """Put the pairs one below the other."""
        k, pairs = self.difference.shape[1], samples.pairs
        ends = {
            name: tuple(samples.labels[pair[end]] for pair in pairs for _ in range(k))
            for end, name in enumerate(("first", "second"))
        }
        more = {name: tuple(column * len(pairs)) for name, column in labels.items()}
        return EstimateTable(
            labels=FrozenMapping(ends | more),
            estimate=self.difference.ravel(),
            std_error=self.of_difference.ravel(),
            ci_low=self.ci_low.ravel(),
            ci_high=self.ci_high.ravel(),
            p_value=self.p_value.ravel(),
            level=level,
            method="studentised permutation" if method == "permutation" else "percentile bootstrap",
        )


def _columns(task: Task, parameters: Sequence[str] | None) -> IntArray:
    """Return the places of the quantities that are compared; what is 1 by definition is not."""
    places = task.catalogue.places
    names = list(places) if parameters is None else list(parameters)
    if isinstance(parameters, str) or not names or (odd := [n for n in names if n not in places]):
        wrong = parameters if isinstance(parameters, str) or not names else odd
        scale = "" if "index" in places else "; index and impacts need a fit with scale="
        raise OptionError(
            f"parameters is {shown(wrong)}; give a list of {', '.join(map(repr, places))}{scale}"
        )
    wanted = np.zeros(len(task.catalogue.by_definition), dtype=bool)
    for name in names:
        wanted[places[name]] = True
    columns: IntArray = np.flatnonzero(wanted & ~task.catalogue.by_definition)
    if not len(columns):
        raise OptionError(
            f"all of {enumerate_names(map(repr, names))} is 1 by definition in this model, of "
            "single items; compare other parameters"
        )
    return columns


def _method(samples: Samples, method: GroupMethod | None) -> GroupMethod:
    if method == "permutation" and samples.weighted:
        raise OptionError(
            "the respondents weigh unequally and cannot change places between groups, so that no "
            'permutation tests anything; take method="bootstrap"'
        )
    return method or ("bootstrap" if samples.weighted else "permutation")


def _labels(task: Task, columns: IntArray) -> dict[str, list[str]]:
    with_index = task.setup.lowest is not None
    labels = table_labels(task.result.model, with_index=with_index)
    return {name: [values[c] for c in columns.tolist()] for name, values in labels.items()}


def _permute(
    task: Task,
    samples: Samples,
    columns: IntArray,
    estimate: FloatArray,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> _Found:
    """Test each pair by permutation of whole units."""
    alone = [samples.units(g) for g in range(len(samples.labels))]
    together = [samples.units(*pair) for pair in samples.pairs]
    left_out = [values[:, columns] for values in leave_each_out(task, [*alone, *together])]
    std_error = np.array([_jackknife_error(values) for values in left_out[: len(alone)]])
    tests, failures = [], []
    for pair, units, without in zip(samples.pairs, together, left_out[len(alone) :], strict=True):
        own = np.bincount(units.member, weights=units.weights).astype(np.float64)
        influence = kernels.influences(without)
        drawn = []
        for first, moments in permutations(units, samples.of_units(*pair), n_resamples, rng):
            found = task.evaluate(*moments)
            one, other = np.split(values_of(found)[:, columns], 2)
            variance = np.add(*kernels.variances(first, influence, own))
            with np.errstate(divide="ignore", invalid="ignore"):
                drawn.append(np.abs(one - other) / np.sqrt(variance))
            one_failed, other_failed = np.split(found.failure, 2)
            failures.append(np.where(one_failed > 0, one_failed, other_failed))
        error = np.hypot(*std_error[list(pair)])
        apart = estimate[pair[0]] - estimate[pair[1]]
        still = is_still(apart, error)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(still, np.nan, np.abs(apart) / error)
        held = kernels.hold_against(statistic, np.concatenate(drawn), alpha=1 - level)
        reach = np.where(still, np.nan, held.critical * error)
        tests.append((apart, error, apart - reach, apart + reach, held.p_value))
    return _found(std_error, tests, np.concatenate(failures))


def _found(
    std_error: FloatArray, tests: Sequence[tuple[FloatArray, ...]], failure: IntArray
) -> _Found:
    columns = [np.array(column) for column in zip(*tests, strict=True)]
    apart, error, low, high, p_value = columns
    counted = count_failures(failure)
    return _Found(std_error, apart, error, low, high, p_value, counted, len(failure))


def _jackknife_error(left_out: FloatArray) -> FloatArray:
    one_stratum = np.zeros(len(left_out), dtype=np.intp)
    return np.sqrt(covariance_of(LeftOut(left_out, one_stratum)).diagonal())


def _draw(
    task: Task,
    samples: Samples,
    columns: IntArray,
    estimate: FloatArray,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> _Found:
    """Draw within each group, and take the differences of groups in each resample."""
    n_groups = len(samples.labels)
    size = resampling.matrices_in_slice(samples.rows.shape[1])
    parts = in_stacks(_drawn(samples, n_resamples, rng), size)
    found = collect(task, ((*part, None) for part in parts), n_groups * n_resamples)
    values = values_of(found)[:, columns].reshape(n_groups, n_resamples, -1)
    tests = []
    nothing = LeftOut(values[0, :0], np.empty(0, dtype=np.intp))
    for one, other in samples.pairs:
        drawn = values[one] - values[other]
        apart, error = estimate[one] - estimate[other], errors_of(drawn)
        ends = make_interval("percentile", drawn, apart, error, nothing, drawn[:0], level=level)
        tests.append((apart, error, ends.low, ends.high, ends.p_value))
    std_error = np.array([errors_of(part) for part in values])
    return _found(std_error, tests, found.failure)


def _drawn(samples: Samples, n_resamples: int, rng: np.random.Generator) -> Iterator[Moments]:
    """Draw the moments of resamples, group by group."""
    for group in range(len(samples.labels)):
        units = samples.units(group)
        for counts in resampling.draw_counts(
            units, n_resamples, rng, size=resampling.slice_size(units)
        ):
            yield resampling.resampled_moments(units, counts)


def _by_group(
    samples: Samples,
    labels: dict[str, list[str]],
    estimate: FloatArray,
    std_error: FloatArray,
    level: float,
) -> EstimateTable:
    k = estimate.shape[1]
    named = {"group": [name for name in samples.labels for _ in range(k)]}
    named |= {name: column * len(samples.labels) for name, column in labels.items()}
    made = EstimateTable.wald(named, estimate.ravel(), std_error.ravel(), level=level)
    no_question = np.isin(named["quantity"], ABOVE_ZERO)
    return replace(made, p_value=np.where(no_question, np.nan, np.asarray(made.p_value)))


def _adjusted(differences: EstimateTable, correction: Correction) -> FloatArray:
    """Adjust the p-values within each quantity."""
    adjusted = np.array(differences.p_value, dtype=np.float64)
    if correction == "none":
        return adjusted
    quantity = np.array(differences.labels["quantity"], dtype=object)
    for name in dict.fromkeys(quantity.tolist()):
        rows = np.flatnonzero((quantity == name) & ~np.isnan(adjusted))
        if len(rows):
            adjusted[rows] = kernels.adjusted(adjusted[rows], correction)
    return adjusted
