"""Slopes of loyalty by satisfaction that depend on moderators: terms, averages, gradients.

Letters in the shapes: n customers, q moderators, k terms. Satisfaction and moderators are
z-scores, so that products of them do not go together with their factors by scale alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Slope of every customer (n,), their average, and its gradient (k,) by the coefficients."""

    own: FloatArray
    average: float
    gradient: FloatArray


def terms(s: FloatArray, m: FloatArray, *, curved: bool) -> FloatArray:
    """Return columns (n, k): 1, s, s^2 if curved, moderators (n, q), and s times each of them."""
    square = [s**2] if curved else []
    return np.column_stack([np.ones(len(s)), s, *square, m, s[:, None] * m])


def terms_by_satisfaction(s: FloatArray, m: FloatArray, *, curved: bool) -> FloatArray:
    """Return the derivatives (n, k) of the columns of :func:`terms` by s."""
    square = [2 * s] if curved else []
    nothing = np.zeros_like(m)
    return np.column_stack([np.zeros(len(s)), np.ones(len(s)), *square, nothing, m])


def slopes(
    s: FloatArray, m: FloatArray, coefficients: FloatArray, *, curved: bool, logistic: bool
) -> Slopes:
    """Return slopes by s of a linear predictor, or of its logistic function.

    With eta = x'b and d = dx/ds the slope is d'b, or p (1 - p) d'b; the gradient of the latter
    is p (1 - p) (d + (1 - 2 p) d'b x).
    """
    x = terms(s, m, curved=curved)
    d = terms_by_satisfaction(s, m, curved=curved)
    along = d @ coefficients
    if not logistic:
        return Slopes(along, float(along.mean()), d.mean(axis=0))
    # The slope is a product: its gradient has a part through d, and one through p (1 - p).
    p = probability(x @ coefficients)
    spread = p * (1 - p)
    own = spread * along
    gradient = (spread @ d + (spread * (1 - 2 * p) * along) @ x) / len(s)
    return Slopes(own, float(own.mean()), gradient)


def probability(eta: FloatArray) -> FloatArray:
    """Return the logistic function, which cannot overflow in this form."""
    small = np.exp(-np.abs(eta))
    found: FloatArray = np.where(eta >= 0, 1.0, small) / (1 + small)
    return found
