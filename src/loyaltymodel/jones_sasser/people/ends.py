"""True scores of customers who answered an end of a scale, where answers are cut off.

Such an answer says only that the observed score lies beyond half a step before the end. Means and
covariance of scores are those of maximum likelihood for scores that were cut off so, and the
probabilities of cells are averaged over all scores that may stand behind an answer.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.counts import expected
from loyaltymodel._core.possible_answers import MOST_ANSWERS, possible_answers
from loyaltymodel._core.quadrant_shares import Classes
from loyaltymodel._core.quadrant_sorting import Randomness, Sample, Sorted, sort_sample
from loyaltymodel._core.quadrants import (
    Grid,
    Posterior,
    cell_probabilities,
    posterior_of,
    require_identified,
)
from loyaltymodel._core.scales import Pair

_NODES = 12
_REACH = 6.0  # standard deviations beyond a limit, or beyond the mean, that are integrated over
_ROUNDS = 200
_SETTLED = 1e-8  # standard deviations
_STEP = 1e-4  # standard deviations, of numeric derivatives
_BATCH = 400_000  # customers times nodes times resamples

Ends = tuple[Pair | None, Pair | None]


@dataclass(frozen=True, slots=True, eq=False)
class CutOff(FrozenRecord):
    """Distinct customers: scores ``rows`` (n, 2), and which were cut off.

    ``side`` (n, 2) is 1 for who answered the highest score, -1 for the lowest, else 0, and
    ``limit`` (n, 2) where what was cut off begins.
    """

    rows: FloatArray
    side: IntArray
    limit: FloatArray


def cut_off(rows: FloatArray, ends: Ends) -> CutOff:
    """Find the answers that are an end of their scale.

    Where a scale has few answers, an answer that nobody gave is one as well.
    """
    side = np.zeros(rows.shape, dtype=np.intp)
    limit = np.zeros(rows.shape)
    for k, pair in enumerate(ends):
        distinct = np.unique(rows[:, k])
        if pair is None or len(distinct) < 2:  # noqa: PLR2004
            continue
        low, high = pair
        answers = possible_answers((distinct - low) / (high - low))
        if len(answers.levels) < MOST_ANSWERS:
            distinct = low + (high - low) * answers.levels
        at_low, at_high = rows[:, k] <= low, rows[:, k] >= high
        side[at_low, k], side[at_high, k] = -1, 1
        limit[at_low, k] = (distinct[0] + distinct[1]) / 2
        limit[at_high, k] = (distinct[-2] + distinct[-1]) / 2
    return CutOff(rows, side, limit)


def _beyond(
    limit: FloatArray, side: IntArray, mean: FloatArray, sd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return nodes (..., q) beyond limits, and weights with the density of a normal law."""
    points, gauss = np.polynomial.legendre.leggauss(_NODES)
    far = np.maximum(side * (mean - limit), 0.0) + _REACH * sd
    at = limit[..., None] + side[..., None] * far[..., None] * (points + 1) / 2
    z = (at - mean[..., None]) / sd[..., None]
    return at, gauss * far[..., None] / sd[..., None] * np.exp(-0.5 * z * z)


def _completed(
    cut: CutOff, which: BoolArray, mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return scores (b, m, q, 2) that may stand behind the answers of some rows, with weights."""
    side, limit, rows = cut.side[which], cut.limit[which], cut.rows[which]
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    first_cut, second_cut = (side[0] != 0).tolist()
    b, m = len(mean), len(rows)

    def given(k: int, other: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of score k given the other (b, m, ...)."""
        wide = (slice(None),) + (None,) * (other.ndim - 1)
        variance = covariance[:, 1 - k, 1 - k]
        slope = covariance[:, 0, 1] / np.where(variance > 0, variance, 1.0)
        rest = np.sqrt(np.maximum(covariance[:, k, k] - slope * covariance[:, 0, 1], 1e-300))
        middle = mean[:, k][wide] + slope[wide] * (other - mean[:, 1 - k][wide])
        return middle, np.broadcast_to(rest[wide], middle.shape)

    if first_cut and second_cut:
        y, weight = _beyond(
            np.broadcast_to(limit[:, 1], (b, m)),
            np.broadcast_to(side[:, 1], (b, m)),
            np.broadcast_to(mean[:, [1]], (b, m)),
            np.broadcast_to(sd[:, [1]], (b, m)),
        )
        shape = (b, m, _NODES)
        x, more = _beyond(
            np.broadcast_to(limit[:, 0, None], shape),
            np.broadcast_to(side[:, 0, None], shape),
            *given(0, y),
        )
        weight = (weight[..., None] * more).reshape(b, m, -1)
        both = np.stack([x, np.broadcast_to(y[..., None], x.shape)], axis=-1).reshape(b, m, -1, 2)
    else:
        k = 0 if first_cut else 1
        known = np.broadcast_to(rows[:, 1 - k], (b, m))
        own, weight = _beyond(
            np.broadcast_to(limit[:, k], (b, m)),
            np.broadcast_to(side[:, k], (b, m)),
            *given(k, known),
        )
        pair = [own, np.broadcast_to(known[..., None], own.shape)]
        both = np.stack(pair if k == 0 else pair[::-1], axis=-1)
    total = weight.sum(axis=-1, keepdims=True)
    # Where a whole tail has no density, its nodes count alike.
    weight = np.where(total > 0, weight / np.where(total > 0, total, 1.0), 1 / weight.shape[-1])
    return both, weight


def _kinds(cut: CutOff) -> list[BoolArray]:
    """Return who was cut off in the first score alone, in the second, and in both."""
    first, second = cut.side[:, 0] != 0, cut.side[:, 1] != 0
    return [part for part in (first & ~second, second & ~first, first & second) if part.any()]


def _sums(cut: CutOff, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return expected scores and products (b, n, 5) of each row."""
    b, n = len(mean), len(cut.rows)
    x, y = cut.rows.T
    found = np.empty((b, n, 5))
    found[:] = np.column_stack([x, y, x * x, x * y, y * y])
    for which in _kinds(cut):
        at, weight = _completed(cut, which, mean, covariance)
        u, v = at[..., 0], at[..., 1]
        for place, value in enumerate((u, v, u * u, u * v, v * v)):
            found[:, which, place] = np.vecdot(value, weight)
    return found


def _moments(sums: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means (b, 2) and covariances (b, 2, 2) of sums (b, n, 5), weights (b, n)."""
    share = weights / weights.sum(axis=1, keepdims=True)
    one = np.einsum("bn,bnk->bk", share, sums)
    mean = one[:, :2]
    products = one[:, 2:] - np.column_stack(
        [mean[:, 0] ** 2, mean[:, 0] * mean[:, 1], mean[:, 1] ** 2]
    )
    return mean, products[:, [0, 1, 1, 2]].reshape(-1, 2, 2)


def latent_moments(cut: CutOff, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means (b, 2) and covariances (b, 2, 2) before the scale cut scores off, by EM."""
    x, y = cut.rows.T
    plain = np.column_stack([x, y, x * x, x * y, y * y])
    mean, covariance = _moments(np.broadcast_to(plain, (len(weights), *plain.shape)), weights)
    on = np.arange(len(weights))
    for _ in range(_ROUNDS):
        new, spread = _moments(_sums(cut, mean[on], covariance[on]), weights[on])
        sd = np.sqrt(np.diagonal(spread, axis1=-2, axis2=-1))
        moved = np.abs(new - mean[on]) / np.where(sd > 0, sd, 1.0)
        mean[on], covariance[on] = new, spread
        on = on[moved.max(axis=1) > _SETTLED]
        if not len(on):
            break
    return mean, covariance


def cell_probabilities_of(cut: CutOff, posterior: Posterior, grid: Grid) -> FloatArray:
    """Return probabilities (cells, b, n) of rows for a batch of posteriors."""
    found = cell_probabilities(posterior.means(cut.rows), posterior.covariance, grid)
    for which in _kinds(cut):
        at, weight = _completed(cut, which, posterior.mean, posterior.observed)
        b, m, q, _ = at.shape
        means = posterior.means(at.reshape(b, m * q, 2))
        each = cell_probabilities(means, posterior.covariance, grid).reshape(-1, b, m, q)
        found[:, :, which] = (each * weight).sum(axis=-1)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Distinct customers: how often, of which weight, which group, and who is which of them."""

    cut: CutOff
    count: FloatArray
    weight: FloatArray
    group: IntArray
    who: IntArray
    merge: FloatArray

    def probabilities(self, cells: FloatArray) -> FloatArray:
        """Return probabilities (b, n, classes) from those of cells (cells, b, n)."""
        found = np.empty((*cells.shape[1:], self.merge.shape[2]))
        for g, merge in enumerate(self.merge):
            here = self.group == g
            found[:, here] = np.einsum("cbn,cs->bns", cells[:, :, here], merge)
        return np.maximum(found, 0.0)


def _groups(sample: Sample, classes: Classes, ends: Ends) -> _Groups:
    keys = (sample.scores[:, 0], sample.scores[:, 1], sample.weights, classes.group)
    order = np.lexsort(keys[::-1])
    new = np.zeros(len(order), dtype=np.bool_)
    new[0] = True
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    who = np.empty(len(order), dtype=np.intp)
    who[order] = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    first = order[starts]
    count = np.diff(starts, append=len(order)).astype(np.float64)
    return _Groups(
        cut_off(sample.scores[first], ends),
        count,
        sample.weights[first],
        classes.group[first],
        who,
        classes.merge,
    )


def sort_with_ends(sample: Sample, classes: Classes, ends: Ends, *, rng: Randomness) -> Sorted:
    """Sort customers as :func:`sort_sample` does, with answers at the ends as cut off there.

    ``ends`` are the lowest and highest answer of each score, in the units of the sample's, if
    they are known. A score without error is not cut off. With given moments, which are those of
    scores as observed, answers are taken at their word.
    """
    generator = np.random.default_rng(rng)
    same = copy.deepcopy(generator)
    found = sort_sample(sample, classes, rng=generator)
    sorting = sample.sorting
    if sorting.reliability is None or sorting.moments is not None:
        return found
    first, second = (
        pair if r < 1 else None for pair, r in zip(ends, sorting.reliability, strict=True)
    )
    groups = _groups(sample, classes, (first, second))
    if not groups.cut.side.any():
        return found
    own = (groups.count * groups.weight)[None]
    posterior = _posterior_of(groups, own, (groups.count * groups.weight**2)[None], sample)
    alone = Posterior(
        posterior.mean[0],
        posterior.observed[0],
        posterior.reliability,
        posterior.pull[0],
        posterior.covariance[0],
        posterior.identified[0],
    )
    require_identified(alone, sorting.names)
    grid = Grid(sample.grid.x[None], sample.grid.y[None], sample.grid.x_up, sample.grid.y_up)
    each = groups.probabilities(cell_probabilities_of(groups.cut, posterior, grid))[0]
    share = own[0] @ each / own.sum()
    influence = each - share + _through_moments(groups, own, posterior, grid)
    variance = (groups.count * groups.weight**2) @ influence**2
    error = np.sqrt(variance) / own.sum()
    changed = replace(
        found,
        true=expected(share, error, sample.weights, level=sorting.level),
        probabilities=each[groups.who],
        posterior=alone,
    )
    if found.replicates is None:
        return changed
    drawn = _drawn_again(groups, sample, same)
    n_classes = classes.merge.shape[2]
    replicates = np.hstack([found.replicates[:, :n_classes], drawn])
    n_failed = found.n_empty + int(np.isnan(drawn).any(axis=1).sum())
    return replace(changed, replicates=replicates, n_failed=n_failed)


def _posterior_of(
    groups: _Groups, weights: FloatArray, squared: FloatArray, sample: Sample
) -> Posterior:
    """Return posteriors under weights (b, n); ``squared`` (b, n) are summed squares of them."""
    mean, covariance = latent_moments(groups.cut, weights)
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # of one customer there is none
        covariance = covariance * (total**2 / (total**2 - squared.sum(axis=1)))[:, None, None]
    return posterior_of(mean, covariance, np.array(sample.sorting.reliability))


def _through_moments(
    groups: _Groups, own: FloatArray, posterior: Posterior, grid: Grid
) -> FloatArray:
    """Return how each customer (n, classes) moves all probabilities through means and covariance.

    What was cut off is not seen, so the own scores move them more, by the inverse of the share of
    information that is seen. All derivatives are differences.
    """
    mean, covariance = posterior.mean[0], posterior.observed[0]
    sd = np.sqrt(np.diagonal(covariance))
    unit = np.array([sd[0], sd[1], sd[0] ** 2, sd[0] * sd[1], sd[1] ** 2])
    steps = _STEP * np.concatenate([np.eye(5), -np.eye(5)]) * unit
    unit = np.where(unit > 0, unit, 1.0)  # what is known and does not vary stays what it is
    means = mean + steps[:, :2]
    covariances = covariance + steps[:, [2, 3, 3, 4]].reshape(-1, 2, 2)
    weights = np.broadcast_to(own, (10, own.shape[1]))
    new, spread = _moments(_sums(groups.cut, means, covariances), weights)
    moved = np.column_stack([new, spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]]) / unit
    unseen = (moved[:5] - moved[5:]) / (2 * _STEP)
    beside = posterior_of(means, covariances, posterior.reliability)
    cells = cell_probabilities_of(groups.cut, beside, grid)
    shares = np.einsum("n,bns->bs", own[0], groups.probabilities(cells)) / own.sum()
    slope = (shares[:5] - shares[5:]) / (2 * _STEP)
    sums = _sums(groups.cut, mean[None], covariance[None])[0]
    x, y = sums[:, 0], sums[:, 1]
    apart = np.column_stack(
        [
            x - mean[0],
            y - mean[1],
            sums[:, 2] - 2 * mean[0] * x + mean[0] ** 2 - covariance[0, 0],
            sums[:, 3] - mean[0] * y - mean[1] * x + mean[0] * mean[1] - covariance[0, 1],
            sums[:, 4] - 2 * mean[1] * y + mean[1] ** 2 - covariance[1, 1],
        ]
    )
    found: FloatArray = (apart / unit) @ np.linalg.solve(np.eye(5) - unseen, slope)
    return found


def _drawn_again(groups: _Groups, sample: Sample, rng: np.random.Generator) -> FloatArray:
    """Return true shares (b, classes) of the resamples in which somebody counts."""
    n, share = int(groups.count.sum()), groups.count / groups.count.sum()
    n_resamples = sample.sorting.n_resamples
    size = max(1, _BATCH // (len(share) * _NODES))
    parts = []
    for first in range(0, n_resamples, size):
        drawn = rng.multinomial(n, share, size=min(size, n_resamples - first)).astype(np.float64)
        w = drawn * groups.weight
        somebody = w.sum(axis=1) > 0
        w, drawn = w[somebody], drawn[somebody]
        if not len(w):
            continue
        posterior = _posterior_of(groups, w, drawn * groups.weight**2, sample)
        grid = sample.sorting.grid(groups.cut.rows, w)
        each = groups.probabilities(cell_probabilities_of(groups.cut, posterior, grid))
        parts.append(np.einsum("bn,bns->bs", w, each) / w.sum(axis=1)[:, None])
    return np.concatenate(parts)
