"""Respondents by groups: read, checked, and put together by pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.frames import read_table
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.resampling import Units
from loyaltymodel._core.variables import codes_of, without_blanks
from loyaltymodel.errors import DataError, NotIdentifiedError
from loyaltymodel.structural.groups import kernels
from loyaltymodel.structural.kernels.quantities import FAILURES, Evaluation
from loyaltymodel.structural.replication import Drawn, Task, codes_in, collect, read_answers
from loyaltymodel.structural.result import StructuralResult

Moments = tuple[FloatArray, FloatArray]  # means (b, p) and covariances (b, p, p)

_EQUAL = 1e-9  # weights that differ by less of their size weigh the same
_FEWEST = 2  # groups that are compared, and units that show how others vary


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Respondents in an order of their own, so that the order of the data changes nothing."""

    labels: tuple[Any, ...]  # of the groups
    group: IntArray  # (n,) of each respondent
    rows: FloatArray  # (n, p) answers less the mean of all, over the deviation of all
    weights: FloatArray  # (n,)
    cluster: IntArray | None  # (n,)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of groups."""
        return list(combinations(range(len(self.labels)), 2))

    @property
    def sizes(self) -> IntArray:
        """Respondents of each group."""
        return np.bincount(self.group)

    @property
    def n_clusters(self) -> int | None:
        """Number of clusters, if there are any."""
        return None if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def weighted(self) -> bool:
        """Whether respondents weigh unequally."""
        return bool(np.ptp(self.weights) > _EQUAL * self.weights.max())

    def units(self, *groups: int) -> Units:
        """Put respondents of some groups together, as units that are drawn or left out."""
        rows = np.isin(self.group, groups)
        cluster = None
        if self.cluster is not None:
            cluster = np.unique(self.cluster[rows], return_inverse=True)[1].astype(np.intp)
        return resampling.make_units(self.rows[rows], self.weights[rows], cluster, None)

    def of_units(self, *groups: int) -> IntArray:
        """Return the group of each unit of :meth:`units`."""
        rows = np.isin(self.group, groups)
        if self.cluster is None:
            return self.group[rows]
        first = np.unique(self.cluster[rows], return_index=True)[1]
        return self.group[rows][first]

    def stratified(self) -> Units:
        """Return all respondents as units that are drawn within their group."""
        return resampling.make_units(self.rows, self.weights, self.cluster, self.group)

    def moments(self) -> Moments:
        """Return the moments of each group."""
        units = resampling.make_units(self.rows, self.weights, None, None)
        member = self.group == np.arange(len(self.labels))[:, None]
        return resampling.resampled_moments(units, member.astype(np.float64))


def read_groups(
    result: StructuralResult, data: object, groups: str, clusters: str | None, *, alone: bool
) -> Samples:
    """Read the respondents by groups; ``alone`` says whether the model is fitted to each."""
    answers = read_answers(result, data)
    column = without_blanks(
        f"column {groups!r}", read_table(data, [groups])[groups].to_numpy(dtype=object)
    )
    used = column[answers.places]
    if (without := pd.isna(used)).any():
        row = answers.labels[answers.places[int(without.argmax())]]
        raise DataError(
            f"column {groups!r} has {count_of(int(without.sum()), 'respondent')} without a group, "
            f"the first in row {row}; fill the column, or fit the model to the others first"
        )
    group, labels = codes_of(used)
    known = set(labels)
    if gone := [g for g in pd.unique(column[~pd.isna(column)]) if g not in known]:
        raise DataError(
            f"no respondent of {enumerate_names(map(repr, gone))} in column {groups!r} counts: all "
            "weigh 0 or lack an answer; take these rows out of the data, or mend them"
        )
    if len(labels) < _FEWEST:
        raise DataError(
            f"column {groups!r} has one group, {labels[0]!r}; at least two are compared. Name a "
            "column that tells respondents apart; bootstrap() has the uncertainty of one"
        )
    cluster = codes_in(data, clusters, answers.places)
    order = np.lexsort((answers.weights, *answers.rows.T, group))
    if cluster is not None:
        cluster = np.asarray(pd.factorize(cluster[order])[0], dtype=np.intp)
    found = Samples(labels, group[order], answers.rows[order], answers.weights[order], cluster)
    _check_sizes(result, found, groups, alone=alone)
    _check_clusters(found, groups, clusters)
    return found


def _check_sizes(result: StructuralResult, found: Samples, groups: str, *, alone: bool) -> None:
    """Refuse groups to which the model cannot be fitted, or of which nothing can be resampled."""
    items = result.model.items
    least = len(items) + 1 if alone else _FEWEST
    if small := [k for k, n in enumerate(found.sizes.tolist()) if n < least]:
        named = [f"{found.labels[k]!r} ({found.sizes[k]})" for k in small]
        why = f"the model has {count_of(len(items), 'item')}, and " if alone else ""
        raise DataError(
            f"column {groups!r} has groups that are too small: {enumerate_names(named)}; {why}each "
            f"group needs at least {least} respondents. Put small groups together, or leave them "
            "out and fit the model to the others"
        )
    if not alone:
        return
    starts = np.flatnonzero(np.diff(found.group, prepend=-1))
    low, high = (f.reduceat(found.rows, starts, axis=0) for f in (np.minimum, np.maximum))
    if (constant := np.argwhere(high - low <= 1e-12)).size:  # noqa: PLR2004  rounding of a shift
        named = [f"{items[k]} in {found.labels[g]!r}" for g, k in constant.tolist()]
        raise DataError(
            f"every answer is the same to {enumerate_names(named)}; an item that does not vary "
            "in a group shows nothing there, so leave it out of the model, or put groups together"
        )


def _check_clusters(found: Samples, groups: str, clusters: str | None) -> None:
    if found.cluster is None:
        return
    pairs = np.unique(np.column_stack([found.cluster, found.group]), axis=0)
    if len(pairs) > pairs[-1, 0] + 1:
        raise DataError(
            f"a cluster of {clusters!r} has respondents of two groups of {groups!r}, so it cannot "
            "belong to one; make clusters within the groups, or leave clusters out"
        )
    if (few := np.flatnonzero(np.bincount(pairs[:, 1]) < _FEWEST)).size:
        named = enumerate_names(repr(found.labels[k]) for k in few)
        raise DataError(
            f"{named} of {groups!r} has a single cluster of {clusters!r}, and nothing tells how "
            "others would vary; each group needs at least two"
        )


def evaluate_groups(task: Task, samples: Samples) -> Evaluation:
    """Estimate the model in each group; refuse groups in which it has no solution."""
    found = task.evaluate(*samples.moments())
    if (bad := np.flatnonzero(found.failure)).size:
        named = [f"{samples.labels[k]!r} ({FAILURES[found.failure[k] - 1]})" for k in bad]
        raise NotIdentifiedError(
            f"the model cannot be estimated in {enumerate_names(named)}; put groups together, "
            "leave these out, or take a simpler model"
        )
    return found


def in_stacks(parts: Iterator[Moments], size: int) -> Iterator[Moments]:
    """Put small stacks of moments together until they have at least ``size`` problems."""
    waiting: list[Moments] = []
    for part in parts:
        waiting.append(part)
        if sum(len(means) for means, _ in waiting) >= size:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[Moments]) -> Moments:
    means, covariances = (np.concatenate(one) for one in zip(*parts, strict=True))
    return means, covariances


def leave_each_out(task: Task, units: list[Units]) -> list[FloatArray]:
    """Estimate with each unit of each sample left out: (m, k) a sample, NaN where it failed."""
    size = resampling.matrices_in_slice(units[0].rows.shape[1])
    parts = (part for one in units for part in resampling.moments_without_each(one))
    n = sum(one.n_units for one in units)
    drawn = collect(task, ((*part, None) for part in in_stacks(parts, size)), n)
    return np.split(values_of(drawn), np.cumsum([one.n_units for one in units])[:-1])


def values_of(drawn: Drawn | Evaluation) -> FloatArray:
    """Return all quantities, NaN of what failed."""
    return np.where(drawn.failure[:, None] == 0, drawn.values, np.nan)


def permutations(
    units: Units, group: IntArray, n_permutations: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, Moments]]:
    """Deal the units of two groups out anew, again and again, in slices.

    Each slice is who is in the first group (b, m), and the moments of the first groups followed by
    those of the second (2 b, ...).
    """
    n, n_first = len(group), int((group == group.min()).sum())
    own = np.bincount(units.member, weights=units.weights)
    every = resampling.resampled_moments(units, np.ones((1, n)), fewer=0)
    size = max(1, resampling.slice_size(units) // 2)
    for start in range(0, n_permutations, size):
        first = kernels.permuted(n, n_first, min(size, n_permutations - start), rng)
        one = resampling.resampled_moments(units, first, fewer=0)
        other = kernels.the_others(first @ own / own.sum(), one, every)
        yield first, _joined([one, other])
