"""Arithmetic of gaps on arrays: reliabilities, responses, running satisfaction."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds

_ROUNDING = 1e-12  # of the variance of the parts: a variance this small is rounding, not spread


def cronbach_alpha(covariance: FloatArray) -> float:
    """Return raw alpha of items with a covariance matrix (k, k); NaN where it does not exist."""
    k = len(covariance)
    own, total = float(np.trace(covariance)), float(covariance.sum())
    if k == 1 or total <= _ROUNDING * own:
        return float("nan")
    return k / (k - 1) * (1 - own / total)


def difference_reliability(
    variances: tuple[float, float], covariance: float, reliabilities: tuple[float, float]
) -> float:
    """Return the reliability of a difference of two scores whose errors are unrelated."""
    (a, b), (reliable_a, reliable_b) = variances, reliabilities
    spread = a + b - 2 * covariance
    if spread <= _ROUNDING * (a + b):
        return float("nan")
    return (a * reliable_a + b * reliable_b - 2 * covariance) / spread


def prospect_value(
    difference: FloatArray, *, loss_aversion: float, gain_power: float, loss_power: float
) -> FloatArray:
    """Return the value of gains and losses; losses count ``loss_aversion`` times."""
    size = np.abs(difference)
    value: FloatArray = np.where(
        difference >= 0, size**gain_power, -loss_aversion * size**loss_power
    )
    return value


def running_mean(values: FloatArray, place: IntArray) -> FloatArray:
    """Return the mean of each customer's values so far; customers one after another, in order."""
    # Sums run over everybody; what stood before a customer's first value is taken off again.
    # Values are centred first, so that a long sum loses no digits.
    # A whole number as the centre keeps sums of whole numbers exact.
    centre, number = np.round(values.mean()), place + 1
    sums = np.cumsum(values - centre)
    first = np.arange(len(values)) - place
    before = np.where(first > 0, sums[first - 1], 0.0)
    return np.asarray((centre * number + (sums - before)) / number, dtype=np.float64)


def steps_of(place: IntArray) -> list[IntArray]:
    """Return the rows that are somebody's first, second, third... transaction."""
    order = np.argsort(place, kind="stable")
    return np.split(order, np.cumsum(np.bincount(place))[:-1])


def running_adjustment(
    values: FloatArray, steps: list[IntArray], *, rate: float, start: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return each customer's adjusted level after each value, and its derivative by the rate.

    Customers stand one after another, so the row before a row is the same customer's last one.
    Without ``start`` the first value is the anchor.
    """
    level, slope = np.empty_like(values), np.zeros_like(values)
    first = steps[0]
    if start is None:
        level[first] = values[first]
    else:
        level[first] = start + rate * (values[first] - start)
        slope[first] = values[first] - start
    for rows in steps[1:]:
        before = level[rows - 1]
        level[rows] = before + rate * (values[rows] - before)
        slope[rows] = (1 - rate) * slope[rows - 1] + values[rows] - before
    return level, slope


def running_recency(values: FloatArray, steps: list[IntArray], *, decay: float) -> FloatArray:
    """Return each customer's mean so far, in which a value counts ``decay`` times the next one."""
    total, weight = values.copy(), np.ones_like(values)
    for rows in steps[1:]:
        total[rows] += decay * total[rows - 1]
        weight[rows] += decay * weight[rows - 1]
    return total / weight


def running_peak(
    distance: FloatArray, values: FloatArray, steps: list[IntArray], *, size: float = 0.0
) -> FloatArray:
    """Return each customer's value of the largest distance so far, the later one of equals.

    ``size`` is the largest number from which distances were computed.
    """
    peak, far = values.copy(), distance.copy()
    for rows in steps[1:]:
        kept = exceeds(far[rows - 1], distance[rows], size=size)
        peak[rows] = np.where(kept, peak[rows - 1], values[rows])
        far[rows] = np.where(kept, far[rows - 1], distance[rows])
    return peak
