"""Arithmetic of comparisons of groups: permutations, studentised differences, ranks.

Letters in the shapes: b permutations or resamples, m units, k quantities, g groups.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.intervals import ndtr, ndtri, satterthwaite


def permuted(n: int, n_first: int, n_permutations: int, rng: np.random.Generator) -> FloatArray:
    """Draw which of n units are in the first group: ones and zeros (b, n)."""
    chosen = np.argpartition(rng.random((n_permutations, n)), n_first - 1, axis=1)[:, :n_first]
    first = np.zeros((n_permutations, n))
    np.put_along_axis(first, chosen, 1.0, axis=1)
    return first


def influences(left_out: FloatArray) -> FloatArray:
    """Return what each unit adds to an estimate (m, k), from those with each unit left out.

    An estimate that does not exist without a unit says nothing of it: 0.
    """
    exists = ~np.isnan(left_out)
    n = np.maximum(exists.sum(axis=0), 1)
    mean = np.where(exists, left_out, 0.0).sum(axis=0) / n
    return np.where(exists, (mean - left_out) * (n - 1) / n, 0.0)


def variances(
    first: FloatArray, influence: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return variances (b, k) of the estimates of either group, where one has some (b, m) of all.

    To first order the estimate of a part differs from that of all by the sum of the influences
    (m, k) of its units, times the weight (m,) of all over that of the part.
    """
    k = influence.shape[1]
    weighed = influence * weight[:, None]
    powers = np.column_stack(
        [influence, influence**2, weighed, weight, weight**2, np.ones(len(weight))]
    )
    one, everybody = first @ powers, powers.sum(axis=0)
    found = []
    for part in (one, everybody - one):
        sums, squares, weighed = np.split(part[:, : 3 * k], 3, axis=1)
        total, of_weights, n = part[:, -3:].T[:, :, None]
        mean = sums / total
        # The sum of squares of what is left of each influence less the unit's share of their sum.
        left = squares - 2 * mean * weighed + mean**2 * of_weights
        found.append((everybody[-3] / total) ** 2 * n / (n - 1) * np.maximum(left, 0.0))
    return found[0], found[1]


def the_others(
    share: FloatArray, one: tuple[FloatArray, FloatArray], every: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the moments of those who are not in a part with a share (b,) of all weight."""
    a = share[:, None]
    means = (every[0] - a * one[0]) / (1 - a)
    # Means of products add up by shares, and covariances are these less products of means.
    products = every[1] + every[0][:, :, None] * every[0][:, None, :]
    products = products - a[:, :, None] * (one[1] + one[0][:, :, None] * one[0][:, None, :])
    return means, products / (1 - a)[:, :, None] - means[:, :, None] * means[:, None, :]


class Held(NamedTuple):
    """A critical value and a p-value for each quantity (k,)."""

    critical: FloatArray
    p_value: FloatArray


def hold_against(statistic: FloatArray, drawn: FloatArray, *, alpha: float) -> Held:
    """Hold statistics (k,), of which large ones speak, against those of permutations (b, k).

    The p-value is below alpha exactly where the statistic is above the critical value. The sample
    itself counts as one of the permutations.
    """
    exists = ~np.isnan(drawn)
    number = exists.sum(axis=0)
    beyond = reaches(drawn, statistic).sum(axis=0)  # NaN never does
    p_value = np.where(np.isnan(statistic) | (number == 0), np.nan, (1 + beyond) / (1 + number))
    ordered = np.sort(np.where(exists, drawn, -np.inf), axis=0)
    ordered = np.vstack([ordered, np.full(len(statistic), np.inf)])
    above = np.array([math.ceil(alpha * (1 + n)) - 1 for n in number.tolist()], dtype=np.intp)
    critical = np.take_along_axis(ordered, (len(drawn) - above)[None], axis=0)[0]
    return Held(np.where(number == 0, np.nan, critical), p_value)


def adjusted(p_value: FloatArray, correction: str) -> FloatArray:
    """Adjust p-values (m,) for each other.

    Those of statsmodels' ``multipletests``, which collects all garbage of the process each time
    and takes longer for a model's quantities than their permutations do.
    """
    m = len(p_value)
    if correction == "bonferroni":
        return np.minimum(1.0, m * p_value)
    if correction == "holm":
        order = np.argsort(p_value, kind="stable")
        found = np.empty(m)
        found[order] = np.maximum.accumulate((m - np.arange(m)) * p_value[order])
        return np.minimum(1.0, found)
    # Loaded here: scipy.stats takes half as long as the whole library.
    from scipy.stats import false_discovery_control  # noqa: PLC0415

    method: Literal["bh", "by"] = "bh" if correction == "fdr_bh" else "by"
    return np.asarray(false_discovery_control(p_value, method=method))


class Pairs(NamedTuple):
    """All differences of two groups (q,), first less second, and how far each may be off."""

    first: IntArray
    second: IntArray
    estimate: FloatArray
    std_error: FloatArray
    critical: FloatArray  # (q,) of studentised differences
    p_adjusted: FloatArray


def all_pairs(
    estimate: FloatArray, replicates: FloatArray, degrees: FloatArray, *, alpha: float
) -> Pairs:
    """Compare each two of g groups so that all intervals hold at once.

    ``replicates`` are (b, g), and ``degrees`` of freedom (g,). The critical value is a quantile of
    the largest of all studentised differences in a resample, as Student's law has it with the
    degrees of the pair: errors that are estimated are sometimes too small.
    """
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415

    first, second = np.triu_indices(len(estimate), 1)
    apart = estimate[first] - estimate[second]
    drawn = replicates[:, first] - replicates[:, second]
    std_error = drawn.std(axis=0, ddof=1)
    variance = replicates.var(axis=0, ddof=1)
    both = np.column_stack([first, second])
    df = satterthwaite(variance[both], degrees[both])
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.abs((drawn - drawn.mean(axis=0)) / std_error).max(axis=1)
        statistic = -ndtri(np.asarray(stdtr(df, -np.abs(apart / std_error))))
    everywhere = np.broadcast_to(largest[:, None], (len(largest), len(apart)))
    held = hold_against(statistic, everywhere, alpha=alpha)
    critical = -np.asarray(stdtrit(df, ndtr(-held.critical)))
    return Pairs(first, second, apart, std_error, critical, held.p_value)


def rank_ends(pairs: Pairs, n_groups: int) -> tuple[IntArray, IntArray]:
    """Return the first and the last rank (g,) that each group can have; 1 is the highest.

    A group ranks behind all that are surely above it, and before all that are surely below.
    """
    reach = pairs.critical * pairs.std_error
    above = pairs.estimate > reach
    below = pairs.estimate < -reach
    count = np.zeros((2, n_groups), dtype=np.intp)  # groups surely above, surely below
    ends = ((pairs.first, pairs.second, above), (pairs.second, pairs.first, below))
    for one, other, sure in ends:
        count[0] += np.bincount(other[sure], minlength=n_groups)
        count[1] += np.bincount(one[sure], minlength=n_groups)
    return count[0] + 1, n_groups - count[1]
