"""What a curve answers, as formulas on arrays: for parameters (..., q) and satisfaction (m,).

Constraint ``c`` is (m,) or (..., m). Each function returns (..., m).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.jones_sasser.curves.families import CurveFamily

_ROUNDING = 4 * float(np.finfo(np.float64).eps)

Answer = Literal[
    "loyalty",
    "true_loyalty",
    "false_loyalty",
    "slope",
    "elasticity",
    "satisfaction_needed",
]


def loyalty(family: CurveFamily, p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    """Return L = c + (1 - c) g(s)."""
    return c + (1 - c) * family.value(s, p)


def true_loyalty(family: CurveFamily, p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    """Return g(s), whatever binds."""
    return family.value(s, p) + 0 * c


def false_loyalty(family: CurveFamily, p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    """Return c (1 - g(s)): held, and not willing."""
    return c * (1 - family.value(s, p))


def slope(family: CurveFamily, p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    """Return dL/ds."""
    return (1 - c) * family.slope(s, p)


def elasticity(family: CurveFamily, p: FloatArray, s: FloatArray, c: FloatArray) -> FloatArray:
    """Return (dL/ds) s / L: percent of loyalty for a percent of satisfaction."""
    return percent_of_percent(slope(family, p, s, c), s, loyalty(family, p, s, c))


def percent_of_percent(slope: FloatArray, at: FloatArray, loyalty: FloatArray) -> FloatArray:
    """Return the elasticity slope * at / loyalty."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # At 0 a slope may be infinite, but nothing is gained by percents of nothing.
        found: FloatArray = np.where(at == 0, 0.0, slope * at) / loyalty
    return found


def satisfaction_needed(
    family: CurveFamily, p: FloatArray, target: FloatArray, c: FloatArray
) -> FloatArray:
    """Return the smallest s with L = target; 0 if L is more everywhere, NaN if it is less."""
    needed = (target - c) / (1 - c)
    # L(1) itself, rounded, must not ask for more than g(1).
    top = family.value(np.ones(1), p)
    rounding = _ROUNDING / (1 - c)
    needed = np.where((needed > top) & (needed <= top + rounding), top, needed)
    found = family.inverse(np.maximum(needed, 0.0), p)
    return np.where(needed <= 0, 0.0, found)


FORMULAS: dict[str, Callable[[CurveFamily, FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "loyalty": loyalty,
    "true_loyalty": true_loyalty,
    "false_loyalty": false_loyalty,
    "slope": slope,
    "elasticity": elasticity,
    "satisfaction_needed": satisfaction_needed,
}
