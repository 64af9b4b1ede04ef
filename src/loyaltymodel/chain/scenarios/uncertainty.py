"""Draws of a fitted curve within its bounds."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.jones_sasser.estimation.problem import Setup
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult

_ROUNDS = 4  # of putting draws back within bounds, one parameter after another


def curve_draws(
    result: LoyaltyCurveResult, setup: Setup, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return draws (n, q) of all parameters of a fitted curve, every one within its bounds.

    Those of its bootstrap if there are any. Otherwise of a normal law with the covariance of the
    estimates, Student's where the errors have degrees of freedom. A draw beyond a bound is put on
    it and takes the other parameters along, as the likelihood would: by their covariance with the
    one that is moved, which is where the maximum within the bounds lies. Parameters that were
    estimated on a bound are drawn inward from it, by half a normal law, and take the others along.
    """
    found = result.uncertainty
    if found.draws is not None:
        size = len(found.draws)
        rows = rng.permutation(size)[:n] if n <= size else rng.integers(size, size=n)
        drawn: FloatArray = found.draws[rows]
        return drawn
    if not np.isfinite(found.covariance).all():
        raise NotIdentifiedError(
            "the curve has no errors, since its data do not tell its parameters apart, so that "
            "nothing can be drawn; take a family with fewer parameters"
        )
    inward = np.zeros(len(result.values)) if found.inward is None else found.inward
    scale = np.ones((n, 1))
    if np.isfinite(found.degrees):
        scale = np.sqrt(found.degrees / rng.chisquare(found.degrees, (n, 1)))
    free = found.given_bounds
    drawn = result.values + scale * _normal(free, n, rng)
    hidden = found.covariance - free
    for place in np.flatnonzero(inward):
        size = np.sqrt(hidden[place, place])
        if size > 0:
            ridge = hidden[:, place] / size
            drawn += scale * np.abs(rng.standard_normal((n, 1))) * ridge
    return within(drawn, free, setup.lower, setup.upper)


def within(
    drawn: FloatArray, covariance: FloatArray, lower: FloatArray, upper: FloatArray
) -> FloatArray:
    """Put draws (n, q) within bounds, and let the other parameters follow by their covariance."""
    drawn = drawn.copy()
    moves: BoolArray = np.diag(covariance) > 0
    for _ in range(_ROUNDS):
        apart = np.clip(drawn, lower, upper) - drawn
        if not apart.any():
            return drawn
        for place in np.flatnonzero(moves & apart.any(axis=0)):
            gap = np.clip(drawn[:, place], lower[place], upper[place]) - drawn[:, place]
            drawn += gap[:, None] * covariance[place] / covariance[place, place]
    return np.clip(drawn, lower, upper)


def _normal(covariance: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    found: FloatArray = rng.standard_normal((n, len(values))) @ root.T
    return found
