"""The maximum of the likelihood, for a stack of beginnings and of restrictions at once.

Damped Newton steps in the metric of the expected information, with r >= 0 as an active set.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.economics.contractual.kernels.likelihood import (
    Renewals,
    log_likelihood,
    slopes,
)

_ROUNDS = 200
_DONE = 1e-20  # Newton decrement, twice what the log-likelihood may still gain
CONVERGED = 1e-8
_ROUNDING = 1e-13  # of the log-likelihood
_LONGEST = 1.5  # of a step, in any parameter
_SHARE = 1e-9  # of the largest curvature, below which a direction is level
_HOPELESS = 1e12
_STEEPER = 1e-12


class Maximum(NamedTuple):
    """Maxima (b, ...) of a stack."""

    theta: FloatArray
    value: FloatArray
    decrement: FloatArray  # twice what another Newton step would gain, NaN where none is known
    n_iter: int


def maximise(
    renewals: Renewals, theta: FloatArray, free: BoolArray, *, second: bool = True,
    rounds: int = _ROUNDS,
) -> Maximum:  # fmt: skip
    """Climb from beginnings (b, q); parameters that are not ``free`` (b, q) stay where they are."""
    theta, bounds = theta.copy(), renewals.bounds
    value = log_likelihood(renewals, theta)
    decrement = np.full(len(theta), np.inf)
    damping = np.full(len(theta), 1e-3)
    going = np.isfinite(value)
    n_iter = 0
    while going.any() and n_iter < rounds:
        n_iter += 1
        at = np.flatnonzero(going)
        found = slopes(renewals, theta[at], second=second)
        known = np.isfinite(found.observed) & np.isfinite(found.expected)
        lost = ~np.asarray(known.all(axis=(1, 2)), dtype=np.bool_)
        if lost.any():  # so far out that chances round to 0 or 1, where no hill is
            going[at[lost]] = False
            decrement[at[lost]] = np.nan
            at, found = at[~lost], found.rows(~lost)
        moving = free[at] & ~held_at(theta[at], found.gradient, bounds)
        step, gain = _step(found.gradient, found.observed, found.expected, moving, damping[at])
        decrement[at] = gain
        tried = (theta[at] + step).clip(*bounds)
        new = log_likelihood(renewals, tried)
        good = new >= value[at] - _ROUNDING * (1 + np.abs(value[at]))
        theta[at[good]], value[at[good]] = tried[good], new[good]
        damping[at] = np.where(good, damping[at] * 0.1, np.maximum(damping[at], 1e-4) * 8)
        damping[at] = np.where(damping[at] < _STEEPER, 0.0, damping[at])
        still = (gain < _DONE * (1 + np.abs(value[at]))) | (damping[at] > _HOPELESS)
        going[at] = ~still
    return Maximum(theta, value, decrement, n_iter)


def held_at(
    theta: FloatArray, gradient: FloatArray, bounds: tuple[FloatArray, FloatArray]
) -> BoolArray:
    """Tell which parameters are at a bound, beyond which they would go."""
    low, high = bounds
    return ((theta <= low) & (gradient <= 0)) | ((theta >= high) & (gradient >= 0))


def _step(
    gradient: FloatArray, observed: FloatArray, expected: FloatArray, moving: BoolArray,
    damping: FloatArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Return a step (b, q) that climbs, and the Newton decrement (b,)."""
    scale, values, vectors = spectrum(observed, expected, moving)
    along = np.einsum("bij,bi->bj", vectors, np.where(moving, gradient, 0.0) * scale)
    size = np.maximum(np.abs(values), _SHARE)
    gain = (along**2 / size).sum(axis=1)
    step = np.einsum("bij,bj->bi", vectors, along / (size + damping[:, None])) * scale
    step = np.where(moving, step, 0.0)
    longest = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300)), gain


def spectrum(
    observed: FloatArray, expected: FloatArray, moving: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return units (b, q) of the parameters, and eigenvalues and -vectors of the information.

    In these units the expected information has ones in its diagonal.
    """
    diagonal = np.einsum("bii->bi", expected)
    least = _SHARE * np.maximum(diagonal.max(axis=1, keepdims=True), 1e-300)
    scale = 1 / np.sqrt(np.maximum(diagonal, least))
    both = moving[:, :, None] & moving[:, None]
    scaled = np.where(both, observed * scale[:, :, None] * scale[:, None], 0.0)
    scaled += np.where(moving, 0.0, 1.0)[:, :, None] * np.eye(moving.shape[1])
    values, vectors = np.linalg.eigh(scaled)
    return scale, values, vectors


def beginnings(renewals: Renewals, *, r: FloatArray, log_c: FloatArray) -> FloatArray:
    """Return rows of parameters to begin with, at which as many are lost as were."""
    tenure, n = renewals.tenure, renewals.at_risk
    faded = (n / (1 + (tenure - 1) * np.expm1(r)[:, None])).sum(axis=1)
    mu = (renewals.lost.sum() / faded).clip(1e-6, 0.95)
    theta = np.zeros((len(r), renewals.n_parameters))
    theta[:, 0] = np.log(mu / (1 - mu))
    theta[:, renewals.r] = r
    theta[:, renewals.r + 1 :] = log_c[:, None]
    return theta
