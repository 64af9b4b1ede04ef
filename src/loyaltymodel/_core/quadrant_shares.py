"""Shares of classes that cells make up, of observed and of true scores, and how sure they are.

The cells are those of :mod:`loyaltymodel._core.quadrants`. Cells may be merged into classes by a
matrix of 0 and 1, differently for groups of customers. Customers count with their weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.quadrants import (
    Distances,
    Grid,
    Posterior,
    cell_codes,
    cell_probabilities,
    cells_between,
    corners,
    distances,
)

_SLICE = 1 << 15  # customers at a time: what is computed of them stays in the cache
_ELEMENTS = 1_000_000  # customers times resamples at a time: 8 MB an array


def slices(n: int, size: int = _SLICE) -> Iterator[slice]:
    """Cut n customers into slices."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


@dataclass(frozen=True, slots=True, eq=False)
class Classes(FrozenRecord):
    """How cells become classes: ``merge`` (groups, cells, classes), ``group`` (n,) of customers."""

    merge: FloatArray
    group: IntArray

    def of_cells(self, codes: IntArray) -> IntArray:
        """Return the class of each customer, as cells (..., n) are."""
        return np.asarray(self.merge.argmax(axis=2)[self.group, codes], dtype=np.intp)

    def probabilities(self, cells: FloatArray, part: slice) -> FloatArray:
        """Return probabilities (classes, n) of the customers of a slice from those of cells."""
        out: FloatArray = self.merge[0].T @ cells
        for g in range(1, len(self.merge)):
            here = self.group[part] == g
            out[:, here] = self.merge[g].T @ cells[:, here]
        # Differences of probabilities may fall below 0 by rounding.
        return np.asarray(np.maximum(out, 0.0))


def true_shares(
    x: FloatArray,
    weights: FloatArray,
    grid: Grid,
    posterior: Posterior,
    classes: Classes,
    *,
    from_sample: bool,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probabilities (n, classes), their weighted means, and standard errors of these.

    Standard errors allow for mean and covariance if these are ``from_sample``. Cut-offs count as
    known.
    """
    n, n_classes = len(x), classes.merge.shape[2]
    total = weights.sum()
    probabilities = np.empty((n, n_classes))
    # Derivatives by cell and group, in the five directions of mean and covariance.
    slopes = np.zeros((len(classes.merge), grid.n_cells, 5))
    # In standard deviations, so that the unit of scores is of no matter.
    unit = np.sqrt(np.diagonal(posterior.observed))
    turn = _directions(posterior, unit) if from_sample else None
    for part in slices(n):
        z = distances(posterior.means(x[part]), posterior.covariance, grid)
        cells = cells_between(corners(z))
        probabilities[part] = classes.probabilities(cells, part).T
        if turn is not None:
            apart = (x[part] - posterior.mean) / unit
            for g in range(len(slopes)):
                w = np.where(classes.group[part] == g, weights[part], 0.0)
                slopes[g] += cells_between(_slopes(z, apart, w, turn))
    share = weights @ probabilities / total
    gradient = None
    if from_sample:
        gradient = np.einsum("gcd,gcs->ds", slopes, classes.merge) / total
    return probabilities, share, influence_errors(x / unit, weights, probabilities, gradient)


def influence_errors(
    x: FloatArray, weights: FloatArray, probabilities: FloatArray, gradient: FloatArray | None
) -> FloatArray:
    """Return standard errors (s,) of weighted means of probabilities (n, s), given scores (n, k).

    The infinitesimal jackknife over customers: the influence of a customer is the own probability
    less the share and, if mean and covariance of the scores are of the same customers, what a
    change of them does to everybody's: the ``gradient`` (k + k (k + 1) / 2, s).
    """
    total = weights.sum()
    share, mean = weights @ probabilities / total, weights @ x / total
    first, second = np.triu_indices(x.shape[1])
    products = ((x - mean).T * weights) @ (x - mean) / total
    variance = np.zeros(len(share))
    for part in slices(len(x)):
        influence = probabilities[part] - share
        if gradient is not None:
            apart = x[part] - mean
            squares = apart[:, first] * apart[:, second] - products[first, second]
            influence += np.hstack([apart, squares]) @ gradient
        influence *= weights[part, None]
        variance += np.einsum("ns,ns->s", influence, influence)
    return np.asarray(np.sqrt(variance) / total)


@dataclass(frozen=True, slots=True, eq=False)
class _Directions:
    """What the posterior does when the means (2) and (co)variances (3) of the sample change.

    All in standard deviations of the scores.
    """

    sd: FloatArray  # (2,)
    mean: FloatArray  # (5, 2)
    pull: FloatArray  # (5, 2, 2)
    log_sd: FloatArray  # (5, 2)
    rho: FloatArray  # (5,)


def _directions(posterior: Posterior, unit: FloatArray) -> _Directions:
    observed = posterior.observed / np.outer(unit, unit)
    covariance = posterior.covariance / np.outer(unit, unit)
    pull = posterior.pull * unit / unit[:, None]
    means = np.zeros((5, 2))
    means[0, 0] = means[1, 1] = 1.0
    moved = np.zeros((5, 2, 2))
    moved[2, 0, 0] = moved[3, 0, 1] = moved[3, 1, 0] = moved[4, 1, 1] = 1.0
    eye = np.eye(2)
    lost = 1 - posterior.reliability
    error = np.diag(np.diagonal(observed) * lost)
    inverse = np.linalg.inv(observed)
    d_error = np.diagonal(moved, axis1=1, axis2=2)[:, :, None] * eye * lost
    d_inverse = -inverse @ moved @ inverse
    d_pull = d_error @ inverse + error @ d_inverse
    d_covariance = d_error - d_pull @ error - pull @ d_error
    variance = np.diagonal(covariance)
    sd = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_sd = np.diagonal(d_covariance, axis1=1, axis2=2) / (2 * variance)
        log_sd = np.where(variance > 0, log_sd, 0.0)
        rho = covariance[0, 1] / (sd[0] * sd[1])
        d_rho = d_covariance[:, 0, 1] / (sd[0] * sd[1]) - rho * log_sd.sum(axis=1)
    d_rho = np.where(sd.all(), d_rho, 0.0)
    return _Directions(sd, means @ pull.T, d_pull, log_sd, d_rho)


def _slopes(z: Distances, apart: FloatArray, weights: FloatArray, turn: _Directions) -> FloatArray:
    """Return derivatives of the weighted sums of :func:`corners`, (kx + 1, ky + 1, 5)."""
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    basis = np.column_stack([weights, apart * weights[:, None]]).T

    def along(variable: int, distance: FloatArray, density: FloatArray) -> FloatArray:
        """Sum density times the change of the distance from the cut-off."""
        if turn.sd[variable] == 0:
            return np.zeros(5)
        ones, *deviations = basis @ density
        shift = turn.mean[:, variable] * ones - turn.pull[:, variable] @ np.array(deviations)
        stretch = turn.log_sd[:, variable] * (weights @ (density * distance))
        return np.asarray(shift / turn.sd[variable] - stretch)

    root = math.sqrt((1 - z.rho[0]) * (1 + z.rho[0]))
    found = np.zeros((len(z.h) + 1, len(z.k) + 1, 5))
    density_h, density_k = [_density(h) for h in z.h], [_density(k) for k in z.k]
    for i, h in enumerate(z.h):
        found[i + 1, 0] = along(0, h, density_h[i])
    for j, k in enumerate(z.k):
        found[0, j + 1] = along(1, k, density_k[j])
    for i, h in enumerate(z.h):
        for j, k in enumerate(z.k):
            k_given_h, h_given_k = (k - z.rho * h) / root, (h - z.rho * k) / root
            joint = density_h[i] * _density(k_given_h) / root
            found[i + 1, j + 1] = (
                along(0, h, density_h[i] * ndtr(k_given_h))
                + along(1, k, density_k[j] * ndtr(h_given_k))
                + turn.rho * (weights @ joint)
            )
    return found


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def resampled_shares(
    x: FloatArray,
    weights: FloatArray,
    classes: Classes,
    *,
    grid_of: Callable[[FloatArray, FloatArray], Grid],
    posterior_of_sample: Callable[[FloatArray, FloatArray, FloatArray], Posterior] | None,
    n_resamples: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return observed and true shares (b, classes) of customers drawn again, and cut-offs (b, 2).

    Customers who agree in everything are drawn together, as a count. ``grid_of`` takes the
    distinct scores and their weights (b, distinct), ``posterior_of_sample`` these and the sums
    of customers' squared weights (b,). Without it there are no true shares, and they are NaN, as
    where a resample does not identify them. All are NaN of a resample in which nobody counts,
    because everybody drawn has the weight 0.
    """
    rows, first, counts = _distinct(x, weights, classes.group)
    of_rows = Classes(classes.merge, classes.group[first])
    own, n = weights[first], len(x)
    observed, true = np.full((2, n_resamples, classes.merge.shape[2]), np.nan)
    cuts = np.full((n_resamples, 2), np.nan)
    for part in slices(n_resamples, max(1, _ELEMENTS // len(rows))):
        drawn = rng.multinomial(n, counts / n, size=part.stop - part.start).astype(np.float64)
        somebody = drawn @ own > 0
        if not somebody.any():
            continue
        places, drawn = np.flatnonzero(somebody) + part.start, drawn[somebody]
        w = drawn * own
        grid = grid_of(rows, w)
        for k, at in enumerate((grid.x, grid.y)):
            cuts[places, k] = at[..., at.shape[-1] // 2]  # extremes stand on both sides
        found = of_rows.of_cells(cell_codes(rows[:, 0], rows[:, 1], grid))
        total = w.sum(axis=1)
        for s in range(observed.shape[1]):
            observed[places, s] = np.einsum("bn,bn->b", w, found == s) / total
        if posterior_of_sample is not None:
            posterior = posterior_of_sample(rows, w, drawn @ own**2)
            cells = cell_probabilities(posterior.means(rows), posterior.covariance, grid)
            true[places] = 0.0
            for g, merge in enumerate(of_rows.merge):
                summed = np.einsum("bn,cbn->bc", w * (of_rows.group == g), cells)
                true[places] += summed @ merge / total[:, None]
    return observed, true, cuts


def _distinct(
    x: FloatArray, weights: FloatArray, group: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Return distinct customers in ascending order, where each stands first, and their numbers."""
    keys = [x[:, 0], x[:, 1], weights, group]
    order = np.lexsort(keys[::-1])
    new = np.zeros(len(order), dtype=np.bool_)
    new[0] = True
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    starts = np.flatnonzero(new)
    first = order[starts]
    return x[first], first, np.diff(starts, append=len(order))
