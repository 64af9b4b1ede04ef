"""Arithmetic of a response to a shock that depends on satisfaction: slopes and where they lie.

Coefficients (k,) are those of a constant, the shock, satisfaction, their product and, with k = 5,
a baseline.
"""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import errors_of

_SHOCK, _PRODUCT = 1, 3
_ROUNDING = 1e-12  # of its parts: a slope that is less is 0


def line_gradient(at: FloatArray, k: int) -> FloatArray:
    """Return what coefficients are multiplied by (m, k) to make slopes at satisfactions (m,)."""
    sums = np.zeros((len(at), k))
    sums[:, _SHOCK], sums[:, _PRODUCT] = 1.0, at
    return sums


def average_slopes(
    coefficients: FloatArray, at: FloatArray, cells: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return slopes (m,) of a probability by the shock, and their derivatives (m, k).

    Averages over customers: ``cells`` (c, 1 or 2) are the combinations of shock and baseline that
    occur, ``counts`` (c,) how many customers have each.
    """
    share = counts / counts.sum()
    own = line_gradient(at, len(coefficients))
    steep = own @ coefficients  # slopes (m,) of the log-odds
    slopes, derivatives = np.empty(len(at)), np.empty_like(own)
    # One level of satisfaction at a time: there are a few, and cells can be a million.
    for row, level in enumerate(at):
        design = _design(cells, float(level))
        p = _expit(design @ coefficients)
        spread = share * p * (1 - p)
        slopes[row] = spread.sum() * steep[row]
        bent = (spread * (1 - 2 * p)) @ design
        derivatives[row] = bent * steep[row] + spread.sum() * own[row]
    return slopes, derivatives


def average_steps(
    coefficients: FloatArray,
    at: FloatArray,
    cells: FloatArray,
    counts: FloatArray,
    shocks: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Return differences (m,) of a probability between two shocks, by unit of shock.

    Averages over the baselines of the customers; derivatives are (m, k).
    """
    share = counts / counts.sum()
    size = shocks[1] - shocks[0]
    slopes = np.zeros(len(at))
    derivatives = np.zeros((len(at), len(coefficients)))
    moved = cells.copy()
    for row, level in enumerate(at):
        for sign, shock in zip((-1, 1), shocks, strict=True):
            moved[:, 0] = shock
            design = _design(moved, float(level))
            p = _expit(design @ coefficients)
            slopes[row] += sign * (share @ p) / size
            derivatives[row] += sign * ((share * p * (1 - p)) @ design) / size
    return slopes, derivatives


def johnson_neyman(coefficients: FloatArray, covariance: FloatArray, *, reach: float) -> FloatArray:
    """Return the satisfactions at which an interval of the slope ends at 0: none, one or two.

    ``reach`` is how many standard errors the interval reaches to either side.
    """
    slope, bend = float(coefficients[_SHOCK]), float(coefficients[_PRODUCT])
    if not covariance.any():  # an exact line: both ends are where its slope is 0
        return np.array([-slope / bend + 0.0]) if bend else np.empty(0)
    unit = max(abs(slope), abs(bend), float(np.sqrt(np.abs(covariance).max())))
    slope, bend, between = slope / unit, bend / unit, covariance / unit / unit
    square = reach**2
    # (slope + bend s)^2 = reach^2 variance(s) is a s^2 + 2 b s + c = 0.
    a = square * float(between[_PRODUCT, _PRODUCT]) - bend**2
    b = square * float(between[_SHOCK, _PRODUCT]) - slope * bend
    c = square * float(between[_SHOCK, _SHOCK]) - slope**2
    inside = b**2 - a * c
    if a < 0:
        # The slope is 0 somewhere, and there its interval holds 0: roots exist, but for rounding.
        inside = max(inside, 0.0)
    if inside < 0:
        return np.empty(0)
    larger = -(b + np.copysign(np.sqrt(inside), b))  # no cancellation
    roots = [c / larger] if larger != 0 else []
    roots += [larger / a] if a != 0 else []
    found = np.sort(np.array(roots, dtype=np.float64))
    return found[np.isfinite(found)]


def pieces_apart_from_zero(
    coefficients: FloatArray,
    covariance: FloatArray,
    limits: FloatArray,
    ends: tuple[float, float],
    *,
    reach: float,
) -> tuple[FloatArray, FloatArray]:
    """Return where between two ends the interval of the slope does not hold 0.

    The pieces (r, 2) lie between ``limits``, the satisfactions at which it begins or ceases to;
    the slopes in their middles are (r,).
    """
    cuts = np.concatenate([ends[:1], limits[(limits > ends[0]) & (limits < ends[1])], ends[1:]])
    middle = (cuts[1:] + cuts[:-1]) / 2
    sums = line_gradient(middle, len(coefficients))
    slopes = sums @ coefficients
    errors = errors_of(sums, covariance)
    rounding = _ROUNDING * (np.abs(sums) @ np.abs(coefficients))
    apart = np.abs(slopes) > np.maximum(reach * errors, rounding)
    return np.column_stack([cuts[:-1], cuts[1:]])[apart], slopes[apart]


def _design(cells: FloatArray, satisfaction: float) -> FloatArray:
    shock = cells[:, 0]
    level = np.full(len(cells), satisfaction)
    columns = [np.ones(len(cells)), shock, level, shock * level, *cells[:, 1:].T]
    return np.column_stack(columns)


def _expit(x: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)) without overflow."""
    size = np.exp(-np.abs(x))
    value: FloatArray = np.where(x >= 0, 1.0, size) / (1 + size)
    return value
