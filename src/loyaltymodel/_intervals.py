"""Intervals, and p-values that agree with them: p < 1 - level exactly where 0 lies outside."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from loyaltymodel._arrays import FloatArray
from loyaltymodel.errors import OptionError


def check_level(level: float) -> None:
    """Raise an OptionError unless the confidence level lies between 0 and 1."""
    is_number = isinstance(level, (int, float)) and not isinstance(level, bool)
    if not is_number or not 0 < level < 1:
        raise OptionError(f"level={level!r} must lie between 0 and 1, such as 0.95")


def wald(
    estimate: FloatArray, std_error: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower ends, upper ends and two-sided p-values against 0, by the normal law.

    With a standard error of 0 the interval is the estimate, and p is 0, or 1 for an estimate
    of 0.
    """
    reach = ndtri((1 + level) / 2) * std_error
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(estimate == 0, 0.0, np.abs(estimate) / std_error)
    return estimate - reach, estimate + reach, 2 * ndtr(-z)
