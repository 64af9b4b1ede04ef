"""Guttman errors and Loevinger's H on arrays of answer patterns and their counts.

Answers are whole numbers 0, 1, ..., m of an item. An item step (j, a) is passed by an answer of
at least a to item j. Respondents with the same answers are one row with a count, and a resample is
another row of counts: everything here takes counts (b, r) of r patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray

_TABLE = 1 << 22  # patterns that can be counted by their code
_CLOSE = 1e-12  # shares that differ by no more than rounding are tied


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Distinct rows of answers (r, k), how many gave each (r,), and whose is which (n,)."""

    rows: IntArray
    counts: IntArray
    of_person: IntArray

    @property
    def steps(self) -> list[FloatArray]:
        """Which steps each pattern passes, item by item (r, m_j)."""
        return [
            np.asarray(self.rows[:, j, None] >= np.arange(1, m + 1), dtype=np.float64)
            for j, m in enumerate(self.rows.max(axis=0))
        ]


def find_patterns(answers: IntArray) -> Patterns:
    """Find the distinct rows of answers (n, k), which are whole numbers from 0 on."""
    sizes = answers.max(axis=0).astype(object) + 1  # Python's numbers do not overflow
    if int(np.prod(sizes)) <= _TABLE:
        code = np.ravel_multi_index(tuple(answers.T), tuple(int(s) for s in sizes))
        counts = np.bincount(code)
        there = np.flatnonzero(counts)
        place = np.empty(len(counts), dtype=np.intp)
        place[there] = np.arange(len(there))
        rows = np.column_stack(np.unravel_index(there, tuple(int(s) for s in sizes)))
        return Patterns(rows.astype(np.intp), counts[there], place[code])
    rows, of_person, counts = np.unique(answers, axis=0, return_inverse=True, return_counts=True)
    return Patterns(rows.astype(np.intp), counts, of_person.ravel())


def pair_errors(patterns: Patterns, *, given_order: bool = False) -> FloatArray:
    """Return Guttman errors of each pattern (r,): pairs of steps passed in the wrong order.

    Steps are ordered by how many pass them or, for items with a single step, as the items
    stand. A pair of equally popular steps of which one is passed counts half: the mean over
    all orders.
    """
    steps = np.hstack(patterns.steps)
    if given_order:
        popularity = -np.arange(steps.shape[1], dtype=np.float64)
    else:
        popularity = patterns.counts @ steps
    order = np.argsort(-popularity, kind="stable")
    passed, popularity = steps[:, order], popularity[order]
    failed = 1 - passed
    # Of tied steps all count as if half of them stood before.
    start = np.searchsorted(-popularity, -popularity, side="left")
    stop = np.searchsorted(-popularity, -popularity, side="right")
    before = np.hstack([np.zeros((len(passed), 1)), np.cumsum(failed, axis=1)])
    expected = (before[:, start] + before[:, stop]) / 2
    return np.asarray((passed * expected).sum(axis=1))


def scale_type_errors(rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return errors of patterns (r,) of 0 and 1, whose items stand from most to least popular.

    First the cells that differ from the ideal pattern with the same sum (Goodenough and
    Edwards), then the least number of cells to change to make it ideal (Guttman, Cornell).
    """
    k = rows.shape[1]
    ideal = np.arange(k) < np.arange(k + 1)[:, None]  # (k + 1, k)
    apart = (rows[:, None, :] != ideal).sum(axis=2)
    own = np.take_along_axis(apart, rows.sum(axis=1)[:, None], axis=1)[:, 0]
    return own.astype(np.intp), apart.min(axis=1).astype(np.intp)


def expected_errors(popularity: FloatArray) -> float:
    """Return the mean error of Goodenough and Edwards if items (k,) were independent.

    Whoever passes s items errs twice for each of the first s that is not among them.
    """
    k = len(popularity)
    total = 0.0
    for i in range(k):
        sums = np.ones(1)  # distribution of how many of the others are passed
        for p in np.delete(popularity, i):
            sums = np.convolve(sums, [1 - p, p])
        total += 2 * (1 - popularity[i]) * sums[i + 1 :].sum()
    return float(total)


@dataclass(frozen=True, slots=True, eq=False)
class Scalability:
    """Covariances of pairs and the largest they could be (b, pairs), and H at three levels."""

    covariance: FloatArray
    most: FloatArray
    pairs: FloatArray  # (b, pairs)
    items: FloatArray  # (b, k)
    scale: FloatArray  # (b,)


def scalability_of(patterns: Patterns, counts: FloatArray) -> Scalability:
    """Return Loevinger's H under counts (b, r) of the patterns; NaN where an item is constant.

    H of a pair is the covariance over the largest one that the marginal distributions allow,
    in which respondents answer both items in the same order.
    """
    k = patterns.rows.shape[1]
    first, second = np.triu_indices(k, 1)
    total = counts.sum(axis=1, keepdims=True)
    survival = [counts @ steps / total for steps in patterns.steps]
    means = np.stack([s.sum(axis=1) for s in survival], axis=1)
    products = counts @ (patterns.rows[:, first] * patterns.rows[:, second]) / total
    expected = means[:, first] * means[:, second]
    covariance = products - expected
    together = [
        np.minimum(survival[i][:, :, None], survival[j][:, None, :]).sum(axis=(1, 2))
        for i, j in zip(first, second, strict=True)
    ]
    most = np.stack(together, axis=1) - expected
    # Rounding leaves a constant item with a largest covariance that is not quite 0.
    most = np.where(most > _CLOSE, most, 0.0)
    member = _membership(k)
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = covariance / most
        constant = np.isinf(pairs) | np.isnan(pairs)
        pairs = np.where(constant, np.nan, pairs)
        broken = constant.astype(np.float64)
        items = np.where(broken @ member > 0, np.nan, (covariance @ member) / (most @ member))
        scale = np.where(broken.any(axis=1), np.nan, covariance.sum(axis=1) / most.sum(axis=1))
    return Scalability(covariance, most, pairs, items, scale)


def _membership(k: int) -> FloatArray:
    """Return which items belong to which pair (pairs, k)."""
    first, second = np.triu_indices(k, 1)
    member = np.zeros((len(first), k))
    member[np.arange(len(first)), first] = 1
    member[np.arange(len(first)), second] = 1
    return member


def summed(pairs: FloatArray, k: int) -> FloatArray:
    """Return what pairs (pairs,) of k items have, and its sums by item and over all, in a row."""
    return np.concatenate([pairs, pairs @ _membership(k), [pairs.sum()]])


def scalability_errors(
    patterns: Patterns, found: Scalability
) -> tuple[FloatArray, FloatArray, float]:
    """Return standard errors of H of pairs, of items (k,) and of the scale, for one estimate.

    The delta method for a multinomial sample of patterns, by way of the influence of a respondent
    with each pattern. Where steps of two items are tied, the largest covariance has a corner,
    and the mean of its two slopes is taken.
    """
    k = patterns.rows.shape[1]
    first, second = np.triu_indices(k, 1)
    n = patterns.counts.sum()
    steps = patterns.steps
    survival = [patterns.counts @ s / n for s in steps]
    apart = [s - own for s, own in zip(steps, survival, strict=True)]
    centred = np.stack([a.sum(axis=1) for a in apart], axis=1)
    means = np.array([s.sum() for s in survival])
    of_covariance = centred[:, first] * centred[:, second] - found.covariance[0]
    of_most = np.empty_like(of_covariance)
    for pair, (i, j) in enumerate(zip(first, second, strict=True)):
        difference = survival[i][:, None] - survival[j][None, :]
        tied = np.abs(difference) <= _CLOSE
        lower = np.where(tied, 0.5, difference < 0)  # the step of i decides
        of_most[:, pair] = apart[i] @ lower.sum(axis=1) + apart[j] @ (1 - lower).sum(axis=0)
        of_most[:, pair] -= centred[:, i] * means[j] + centred[:, j] * means[i]

    def error(cov: FloatArray, most: FloatArray, h: FloatArray, size: FloatArray) -> FloatArray:
        influence = (cov - h * most) / size
        return np.asarray(np.sqrt(patterns.counts @ influence**2) / n)

    member = _membership(k)
    pairs = error(of_covariance, of_most, found.pairs[0], found.most[0])
    items = error(of_covariance @ member, of_most @ member, found.items[0], found.most[0] @ member)
    whole = np.ones((len(first), 1))
    scale = error(of_covariance @ whole, of_most @ whole, found.scale[:1], found.most[0] @ whole)
    return pairs, items, float(scale[0])


def independence_statistics(
    patterns: Patterns, found: Scalability
) -> tuple[FloatArray, FloatArray, float]:
    """Return Mokken's Z of pairs, of items (k,) and of the scale: about normal if independent."""
    k = patterns.rows.shape[1]
    first, second = np.triu_indices(k, 1)
    n = patterns.counts.sum()
    mean = patterns.counts @ patterns.rows / n
    variance = patterns.counts @ (patterns.rows - mean) ** 2 / (n - 1)
    covariance = found.covariance[0] * n / (n - 1)
    null = variance[first] * variance[second] / (n - 1)
    member = _membership(k)
    pairs = covariance / np.sqrt(null)
    items = (covariance @ member) / np.sqrt(null @ member)
    return pairs, items, float(covariance.sum() / np.sqrt(null.sum()))
