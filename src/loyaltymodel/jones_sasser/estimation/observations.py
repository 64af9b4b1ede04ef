"""From variables to cells: what a survey says, in as few numbers as say it all.

A cell is a distinct combination of satisfaction and constraint, a record a distinct answer in a
cell. On a scale of ten points with fifty industries a million customers are a thousand records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.possible_answers import possible_answers
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import Cells, Ordinal, Outcome
from loyaltymodel.jones_sasser.estimation.true_score import (
    TrueScoreLaw,
    TrueScores,
    fit_law,
)

_TRIED = 5_000  # rows that tell whether a variable has few values
_TABLE = 200_000  # combinations that are counted without looking which occur


Answers = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class Observations(FrozenRecord):
    """Records, sorted by cell, and the cells they are in, sorted by group.

    ``satisfaction`` (m,), and one of ``group`` (m,), ``given`` (m,) and ``drivers`` (m, k)
    describe the cells. ``first`` (m,) is the first record of each cell. A record has its
    ``answer`` (a, r), the ``weight`` (r,) of a customer and the ``count`` (r,) of customers.
    ``mean`` and ``sd`` are those of satisfaction over customers.
    """

    satisfaction: FloatArray
    group: IntArray | None
    given: FloatArray | None
    drivers: FloatArray | None
    first: IntArray
    answer: FloatArray
    weight: FloatArray
    count: FloatArray
    mean: float
    sd: float

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.satisfaction)

    @property
    def n_records(self) -> int:
        """Number of records."""
        return len(self.count)

    @property
    def cell(self) -> IntArray:
        """Cell of each record."""
        sizes = np.diff(self.first, append=self.n_records)
        return np.repeat(np.arange(self.n_cells), sizes)

    def with_group(self, group: IntArray) -> Observations:
        """Return the same observations with the group of each cell, in the order they have."""
        return replace(self, group=group)

    def law(self, kind: TrueScores, reliability: float | None) -> TrueScoreLaw | None:
        """Return the law of true scores; None where satisfaction has no error."""
        if reliability is None or reliability == 1 or self.sd == 0:
            return None
        return _law_of(self, kind, reliability)

    def answered(
        self, place: IntArray, n_answers: int, people: FloatArray | None = None
    ) -> FloatArray:
        """Return the weight (b, k) of each possible answer, for numbers by record (b, r).

        ``place`` (m,) says which answer each cell has.
        """
        amount = np.atleast_2d((self.count if people is None else people) * self.weight)
        is_given = (place[:, None] == np.arange(n_answers)).astype(np.float64)
        found: FloatArray = self._by_cell(amount) @ is_given
        return found

    def cells(self, law: TrueScoreLaw | None) -> Cells:
        """Return the cells as the likelihood takes them, with nodes for measurement error."""
        if law is None:
            nodes, weights = self.satisfaction, np.ones((self.n_cells, 1))
        else:
            nodes = law.satisfaction
            weights = law.posterior()[0][law.answers.place(self.satisfaction)]
        return Cells(nodes, weights, self.given, self.group, self.drivers)

    def statistics(self, outcome: Outcome, people: FloatArray | None = None) -> FloatArray:
        """Return the statistics (b, t, m) for numbers of customers by record, (b, r)."""
        amount = (self.count if people is None else people) * self.weight
        amount = np.atleast_2d(amount)
        if isinstance(outcome, Ordinal):
            code = self.answer[0].astype(np.intp)
            found = np.zeros((len(amount), outcome.n_categories, self.n_cells))
            # A category has at most one record a cell and weight, so sums run over few.
            for category in range(outcome.n_categories):
                found[:, category] = self._by_cell(amount * (code == category))
            return found
        return np.stack([self._by_cell(amount * part) for part in self.answer], axis=1)

    def _by_cell(self, values: FloatArray) -> FloatArray:
        if self.n_cells == self.n_records:
            return values
        found: FloatArray = np.add.reduceat(values, self.first, axis=-1)
        return found


@lru_cache(maxsize=4)  # a fitted curve is asked more than once
def _law_of(observations: Observations, kind: TrueScores, reliability: float) -> TrueScoreLaw:
    answers = possible_answers(observations.satisfaction)
    place = answers.place(observations.satisfaction)
    counts = observations.answered(place, len(answers.levels))
    return fit_law(kind, answers, counts, reliability)


def observe(
    satisfaction: Answers,
    answer: Sequence[Answers],
    weight: FloatArray | None,
    *,
    scale: tuple[float, float] = (0.0, 1.0),
    group: IntArray | None = None,
    given: FloatArray | None = None,
    drivers: FloatArray | None = None,
    counts: FloatArray | None = None,
) -> Observations:
    """Gather customers into cells and records.

    All arguments are by customer: satisfaction (n,) on its scale, and answers (n,) or one number
    for all. With ``counts`` (n,) a row stands for so many customers. Whole numbers are gathered
    faster than others.
    """
    n = len(satisfaction)
    where: list[Answers] = [part for part in (group, given) if part is not None]
    where += [] if drivers is None else list(drivers.T)
    where.append(satisfaction)
    what = [part for part in answer if np.ndim(part)]
    what += [] if weight is None else [weight]
    cell = _combine(where)
    record = None if cell is None else _combine([cell, *what])
    if record is not None:
        order, people = _distinct(record, counts)
    else:
        key = cell if cell is not None else group
        order = np.arange(n) if key is None else np.argsort(key, kind="stable")
        people = np.ones(n) if counts is None else counts[order]
    first = np.arange(n) if cell is None else np.flatnonzero(np.diff(cell[order], prepend=-1))
    low, high = scale
    share = (satisfaction[order].astype(np.float64) - low) / (high - low)
    weights = np.ones(len(order)) if weight is None else weight[order]
    mean = float(np.average(share, weights=people * weights))
    spread = float(np.average((share - mean) ** 2, weights=people * weights))
    start = order[first]
    return Observations(
        share[first],
        None if group is None else group[start],
        None if given is None else given[start],
        None if drivers is None else drivers[start],
        first,
        np.stack([_of_records(part, order) for part in answer]),
        weights,
        people,
        mean,
        float(np.sqrt(spread)),
    )


def _of_records(part: Answers, order: IntArray) -> FloatArray:
    if np.ndim(part) == 0:
        return np.full(len(order), float(part))
    return part[order].astype(np.float64)


def _combine(keys: Sequence[Answers]) -> IntArray | None:
    """Return one code a combination, sorted by the keys in turn; None if a key has many values."""
    n = len(keys[0])
    code, size = np.zeros(n, dtype=np.int64), 1
    for key in keys:
        own = _level_codes(key)
        if own is None:
            return None
        levels, n_levels = own
        code *= n_levels
        code += levels
        size *= n_levels
        if size > max(4 * n, _TABLE):  # keep those that occur
            kept, distinct = pd.factorize(code, sort=True)
            code, size = kept.astype(np.int64), len(distinct)
    return code


def _level_codes(key: Answers) -> tuple[IntArray, int] | None:
    """Return the place of each value among the sorted distinct ones, and how many there are."""
    n = len(key)
    if n > 2 * _TRIED and len(np.unique(key[:: n // _TRIED])) > _TRIED // 2:
        return None
    if key.dtype.kind in "iub":
        whole = key.astype(np.int64)
        low = int(whole.min())
        span = int(whole.max()) - low + 1
        if span <= max(1000, n):
            present = np.bincount(whole - low, minlength=span) > 0
            place = np.cumsum(present) - 1
            return place[whole - low], int(present.sum())
    codes, distinct = pd.factorize(key, sort=True)
    if len(distinct) > max(n // 2, _TRIED):
        return None
    return codes, len(distinct)


def _distinct(code: IntArray, counts: FloatArray | None) -> tuple[IntArray, FloatArray]:
    """Return a row of each distinct code, in order of the codes, and how many have it."""
    size = int(code.max()) + 1
    people = np.bincount(code, weights=counts, minlength=size)
    row = np.empty(size, dtype=np.intp)
    row[code] = np.arange(len(code))
    present = np.flatnonzero(people)
    return row[present], people[present].astype(np.float64)


def beta_answers(score: FloatArray) -> list[FloatArray]:
    """Return what the beta likelihood takes of scores within (0, 1)."""
    return [np.ones_like(score), np.log(score), np.log1p(-score)]


def two_answers(
    mean: FloatArray, sd: FloatArray, counts: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the row of each answer, the answers, and how many gave them, for rows of means.

    Two answers stand for those of the customers of a row: they have their mean and their standard
    deviation, which is all that a quasi-likelihood and its robust errors take of scores. So many
    give the higher one as would if both were ends of the scale; then neither is beyond an end.
    """
    variance = np.where(counts > 1, sd**2 * (counts - 1) / counts, 0.0)
    high = np.clip(np.rint(counts * mean), 1, np.maximum(counts - 1, 1))
    low = counts - high
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = np.sqrt(variance * low / high), np.sqrt(variance * high / low)
    spread = np.flatnonzero(variance > 0)
    alike = np.flatnonzero(variance == 0)
    return (
        np.concatenate([spread, spread, alike]),
        np.concatenate([(mean + up)[spread], (mean - down)[spread], mean[alike]]),
        np.concatenate([high[spread], low[spread], counts[alike]]),
    )
