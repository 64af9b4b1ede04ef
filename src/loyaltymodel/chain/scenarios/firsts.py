"""With what probability each of a few numbers is the largest, after shrinkage, on arrays.

The true numbers of a problem are exchangeable: normal about a mean of which nothing is known, with
a spread tau. Estimates lie about them with a known covariance. All that depends on the mean drops
out of the differences, so that k - 1 orthogonal contrasts of the numbers say everything: theirs is
a normal law of variance tau^2 about 0, and they are estimated with a covariance that is turned
until it is diagonal. The probability to be the largest is that all differences to the others are
above 0, under the law that the estimates leave, which is normal for each tau; and tau is summed
over, by how likely the estimates make it.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import ndtr, ndtri

_NODES = 96  # of tau
_FAR = 10.0  # on the logarithm of tau, beyond all that is known of it
_RARE = 1e-7  # share of the law below which a node is left out
_LATTICE = 1021  # points of quadrature over the differences
_PRIMES = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0])
MOST = len(_PRIMES) + 2  # numbers whose differences the lattice reaches
_SMALL = 1e-10  # of the mean variance: what does not vary is taken to vary by that much
_NUMBERS = 2_000_000  # of a slice of problems


def first_probabilities(
    values: FloatArray,
    covariance: FloatArray,
    spread: FloatArray | None = None,
    *,
    points: int = _LATTICE,
) -> FloatArray:
    """Return the probability (b, k) of each of the values (b, k) to be the largest.

    ``covariance`` (b, k, k) is that of the estimates, of which some difference varies, and
    ``spread`` (b,) the median of tau; without it that is the error of the estimates,
    :func:`error_of`. Its law is tau / (tau + median) uniform on 0 to 1.
    """
    b, k = values.shape
    across = contrasts(k)
    each = across @ covariance @ across.T
    variances, turn = np.linalg.eigh(each)
    mean = variances.mean(axis=1, keepdims=True)
    variances = np.maximum(variances, _SMALL * mean)
    back = np.swapaxes(turn, -1, -2) @ across  # (b, k - 1, k): from numbers to turned contrasts
    seen = np.vecdot(back, values[:, None])
    median = np.sqrt(mean[:, 0]) if spread is None else spread
    tau, weights = _nodes(seen, variances, median)
    problem, node = np.nonzero(weights > _RARE)
    found = np.zeros((b, k))
    step = max(1, _NUMBERS // (points * k))
    for start in range(0, len(problem), step):
        own, place = problem[start : start + step], node[start : start + step]
        square = tau[own, place, None] ** 2
        kept = square / (square + variances[own])
        centre = np.vecdot(np.swapaxes(back[own], -1, -2), (kept * seen[own])[:, None, :])
        half = back[own] * np.sqrt(kept * variances[own])[:, :, None]
        left = np.swapaxes(half, -1, -2) @ half
        np.add.at(found, own, weights[own, place, None] * _largest(centre, left, points))
    total: FloatArray = found.sum(axis=1, keepdims=True)
    return found / total


def error_of(covariance: FloatArray) -> FloatArray:
    """Return the root of half the mean variance (b,) of the differences of two estimates.

    That of one estimate, where all are equally sure and independent.
    """
    across = contrasts(covariance.shape[-1])
    each = across @ covariance @ across.T
    return np.asarray(np.sqrt(np.maximum(np.trace(each, axis1=-2, axis2=-1), 0) / len(across)))


def contrasts(k: int) -> FloatArray:
    """Return k - 1 orthogonal contrasts (k - 1, k) of length 1, after Helmert."""
    found = np.tril(np.ones((k - 1, k)))
    steps = np.arange(1.0, k)
    found[np.arange(k - 1), np.arange(1, k)] = -steps
    return np.asarray(found / np.sqrt(steps * (steps + 1))[:, None])


def _nodes(
    seen: FloatArray, variances: FloatArray, median: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return values of tau (b, n), even on its logarithm, and how likely each is (b, n)."""
    sizes = np.column_stack([median, np.sqrt(variances), np.abs(seen)])
    low = np.log(np.minimum(median, np.sqrt(variances.min(axis=1)))) - _FAR
    high = np.log(sizes.max(axis=1)) + _FAR
    logs = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _NODES)
    tau = np.exp(logs)
    whole = tau[:, :, None] ** 2 + variances[:, None]
    likely = -0.5 * (np.log(whole) + seen[:, None] ** 2 / whole).sum(axis=-1)
    # The density of log tau, where tau / (tau + median) is uniform.
    likely += logs - 2 * np.log(tau + median[:, None])
    weights = np.exp(likely - likely.max(axis=1, keepdims=True))
    return tau, np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _largest(centre: FloatArray, covariance: FloatArray, points: int) -> FloatArray:
    """Return the probability (m, k) of each of normal numbers to be the largest.

    For each its differences to the others, of which all must be above 0: one after another, given
    those before (Genz 1992), at the points of a lattice.
    """
    m, k = centre.shape
    found = np.empty((m, k))
    for i in range(k):
        others = [j for j in range(k) if j != i]
        apart = centre[:, [i]] - centre[:, others]
        cross = covariance[:, others][:, :, [i]]
        joint = covariance[:, others][:, :, others] - cross - np.swapaxes(cross, -1, -2)
        joint = joint + covariance[:, [i]][:, :, [i]]
        found[:, i] = _all_above(apart, joint, points)
    return found


def _all_above(centre: FloatArray, covariance: FloatArray, points: int) -> FloatArray:
    """Return the probability (m,) that normal numbers (m, n) are all above 0."""
    m, n = centre.shape
    errors = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    bound = centre / errors
    # What is least likely goes first, which leaves least to the lattice.
    order = np.argsort(bound, axis=1)
    bound = np.take_along_axis(bound, order, axis=1)
    alike = covariance / (errors[:, :, None] * errors[:, None, :])
    alike = np.take_along_axis(alike, order[:, :, None], axis=1)
    alike = np.take_along_axis(alike, order[:, None, :], axis=2)
    root = np.linalg.cholesky(alike + _SMALL * np.eye(n))
    first = ndtr(bound[:, :1] / root[:, :1, 0])
    if n == 1:
        return first[:, 0]
    places = np.arange(1.0, points + 1)[:, None] * np.sqrt(_PRIMES[: n - 1])
    places = np.abs(2 * (places % 1.0) - 1)  # folded, so that both ends are alike
    drawn = np.empty((m, points, n - 1))
    share = np.broadcast_to(first, (m, points))
    product = share.copy()
    for j in range(1, n):
        drawn[:, :, j - 1] = ndtri(np.clip(places[:, j - 1] * share, 1e-300, 1 - 1e-16))
        before = np.vecdot(drawn[:, :, :j], root[:, None, j, :j])
        share = ndtr((bound[:, [j]] - before) / root[:, [j], j])
        product *= share
    return np.asarray(product.mean(axis=1))
