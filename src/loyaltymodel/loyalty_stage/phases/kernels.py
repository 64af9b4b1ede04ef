"""Gating on arrays: which phases are reached in order, and how probable that is of true scores.

Phases stand in the order of the theory. A customer reaches a phase if the scores of this phase
and of all before it pass their cut-offs. For true scores that are normal with one covariance
for all customers, the probability of reaching phase j is an orthant probability of dimension j.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import equals, exceeds, reaches
from loyaltymodel._core.quadrant_shares import influence_errors, slices
from loyaltymodel._core.quadrants import (
    NODES,
    Posterior,
    bivariate_normal,
    in_deviations,
    legendre,
    posterior_of,
)

MOST_PHASES = 4  # with probabilities

_ORDERS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
_TOLERANCE = 1e-9  # of probabilities, between one order of quadrature and the next
_PROBES = (-2.5, -1.0, 0.0, 0.7, 1.8)  # distances at which an order is tried, in every combination
_INNER = ((0.1, 3), (0.2, 4), (0.4, 5))  # up to a correlation so many nodes: errors below 2e-12
_ENOUGH = 2000  # customers from whom a slope, which is a mean, is computed
_STEP = 1e-3  # of a standard deviation, for differences


def passes(scores: FloatArray, cuts: FloatArray, *, size: FloatArray, up: bool) -> BoolArray:
    """Tell which scores (n, k) pass the cut-off of their own phase.

    With ``up`` a score that equals its cut-off passes. ``size`` (k,) is how large scores can be,
    of which rounding is a part.
    """
    return (reaches if up else exceeds)(scores, cuts, size=size)


def levels_reached(passed: BoolArray) -> IntArray:
    """Return how many phases (n,) are passed in order, from which are passed (n, k)."""
    return np.asarray(np.logical_and.accumulate(passed, axis=1).sum(axis=1), dtype=np.intp)


def level_probabilities(
    scores: FloatArray,
    posterior: Posterior,
    cuts: FloatArray,
    *,
    up: bool,
    nodes: int,
) -> FloatArray:
    """Return probabilities (n, k + 1) of having passed 0, 1, ..., k phases in order."""
    n, k = scores.shape
    sd = np.sqrt(np.maximum(np.diagonal(posterior.covariance), 0.0))
    correlation = correlation_of(posterior.covariance)
    out = np.empty((n, k + 1))
    for part in slices(n):
        at = posterior.means(scores[part])
        apart = at - cuts
        if not sd.all():  # then it matters who stands exactly at a cut-off
            apart = np.where(equals(at, cuts, size=np.abs(at).max()), 0.0, apart)
        h = [in_deviations(a, s, up=up) for a, s in zip(apart.T, sd, strict=True)]
        reached = orthants(h, correlation, nodes)
        out[part, 0] = 1 - reached[0]
        out[part, 1:k] = (reached[:-1] - reached[1:]).T
        out[part, k] = reached[-1]
    return out


def correlation_of(covariance: FloatArray) -> FloatArray:
    """Return correlations; 0 for a variable without variance."""
    sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    scale = np.outer(sd, sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(scale > 0, covariance / scale, 0.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def orthants(h: list[FloatArray], correlation: FloatArray, nodes: int) -> FloatArray:
    """Return P(Z1 <= h1, ..., Zj <= hj) for j = 1, ..., k, as (k, n), for two to four Z.

    One correlation matrix holds for all n. From the third dimension on, Plackett's identity is
    integrated along the correlations of the last variable, from none to what they are.
    """
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    found = np.empty((len(h), len(h[0])))
    found[0] = ndtr(h[0])
    found[1] = bivariate_normal(h[0], h[1], correlation[0, 1, None])
    for last in range(2, len(h)):
        found[last] = found[last - 1] * ndtr(h[last])
        found[last] += _added(h, correlation, last, nodes)
    # What rounding and quadrature may break holds by definition.
    return np.asarray(np.minimum.accumulate(np.clip(found, 0.0, 1.0), axis=0))


def _added(h: list[FloatArray], correlation: FloatArray, last: int, nodes: int) -> FloatArray:
    """Return what the correlations of the last variable add to the orthant probability."""
    total = np.zeros(len(h[0]))
    if not correlation[last, :last].any():
        return total
    points, weights = (np.array(values) for values in legendre(nodes))
    # Nodes crowd where correlations are strongest, which is where the integrand is steep.
    angle = math.pi / 4 * (points + 1)
    steps, weights = np.sin(angle), math.pi / 4 * weights * np.cos(angle)
    squares = [value * value for value in h[: last + 1]]
    products = [h[i] * h[last] for i in range(last)]
    for step, weight in zip(steps, weights, strict=True):
        moved = correlation[: last + 1, : last + 1].copy()
        moved[last, :last] *= step
        moved[:last, last] *= step
        for i in range(last):
            if correlation[i, last] == 0:
                continue
            r = moved[i, last]
            room = (1 - r) * (1 + r)
            density = 2 * r * products[i]
            density -= squares[i]
            density -= squares[last]
            density /= 2 * room
            np.exp(density, out=density)
            density *= weight * correlation[i, last] / (2 * math.pi * math.sqrt(room))
            density *= _rest_below(h, moved, (i, last))
            total += density
    return total


def _rest_below(h: list[FloatArray], correlation: FloatArray, given: tuple[int, int]) -> FloatArray:
    """Return the probability that the others are below h, given that two equal theirs."""
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    rest = [j for j in range(len(correlation)) if j not in given]
    pair = list(given)
    slopes = np.linalg.solve(correlation[np.ix_(pair, pair)], correlation[np.ix_(pair, rest)])
    left = correlation[np.ix_(rest, rest)] - correlation[np.ix_(rest, pair)] @ slopes
    # Above 0 for a positive definite matrix; rounding may lose that.
    sd = np.sqrt(np.maximum(np.diagonal(left), 1e-14))
    apart = [
        (h[j] - slopes[0, m] * h[given[0]] - slopes[1, m] * h[given[1]]) / sd[m]
        for m, j in enumerate(rest)
    ]
    if len(rest) == 1:
        return np.asarray(ndtr(apart[0]))
    r = left[0, 1] / (sd[0] * sd[1])
    return _both_below(apart[0], apart[1], min(max(r, -1 + 1e-12), 1 - 1e-12))


def _both_below(h: FloatArray, k: FloatArray, r: float) -> FloatArray:
    """Return P(Z1 <= h, Z2 <= k) for a correlation r, with no more nodes than it needs.

    What is left among true scores is mostly weakly correlated, where three or four nodes do
    what twelve are needed for elsewhere.
    """
    nodes = next((m for most, m in _INNER if abs(r) <= most), NODES)
    return bivariate_normal(h, k, np.array([r]), nodes=nodes)


def choose_order(correlation: FloatArray) -> tuple[int, float]:
    """Return an order of quadrature for these correlations, and its error at probes.

    The error is how far the probabilities of the chosen order and of the next lie apart at
    most, over a grid of distances from the cut-offs.
    """
    k = len(correlation)
    if k <= 2:  # noqa: PLR2004  no quadrature beyond the bivariate one
        return _ORDERS[0], 0.0
    grid = np.array(list(itertools.product(_PROBES, repeat=k))).T
    h = list(np.ascontiguousarray(grid))
    before = orthants(h, correlation, _ORDERS[0])
    error = math.inf
    for order, following in itertools.pairwise(_ORDERS):
        after = orthants(h, correlation, following)
        error = float(np.abs(after - before).max())
        if error < _TOLERANCE:
            return order, error
        before = after
    return _ORDERS[-1], error


def share_errors(
    scores: FloatArray,
    weights: FloatArray,
    posterior: Posterior,
    cuts: FloatArray,
    probabilities: FloatArray,
    *,
    merge: FloatArray,
    up: bool,
    nodes: int,
    from_sample: bool,
) -> FloatArray:
    """Return standard errors (s,) of weighted means of probabilities (n, s) of stages.

    ``merge`` (k + 1, s) says which numbers of phases passed make up a stage.
    """
    slopes = None
    if from_sample:
        slopes = _slopes(scores, weights, posterior, cuts, up=up, nodes=nodes) @ merge
    return influence_errors(scores, weights, probabilities, slopes)


def _slopes(
    scores: FloatArray,
    weights: FloatArray,
    posterior: Posterior,
    cuts: FloatArray,
    *,
    up: bool,
    nodes: int,
) -> FloatArray:
    """Return derivatives of the shares by means and (co)variances, from at most some customers."""
    chosen = np.arange(0, len(scores), max(1, len(scores) // _ENOUGH))
    x, w = scores[chosen], weights[chosen]
    k = x.shape[1]
    sd = np.sqrt(np.diagonal(posterior.observed))

    def shares(mean: FloatArray, observed: FloatArray) -> FloatArray:
        moved = posterior_of(mean, observed, posterior.reliability)
        found = level_probabilities(x, moved, cuts, up=up, nodes=nodes)
        return np.asarray(w @ found / w.sum())

    rows = []
    for j in range(k):
        step = np.zeros(k)
        step[j] = _STEP * sd[j]
        ends = [shares(posterior.mean + s * step, posterior.observed) for s in (1, -1)]
        rows.append((ends[0] - ends[1]) / (2 * step[j]))
    for i, j in itertools.combinations_with_replacement(range(k), 2):
        change = np.zeros((k, k))
        change[i, j] = change[j, i] = _STEP * sd[i] * sd[j]
        ends = [shares(posterior.mean, posterior.observed + s * change) for s in (1, -1)]
        rows.append((ends[0] - ends[1]) / (2 * change[i, j]))
    return np.array(rows)
