"""Arithmetic of response curves, and of the best spending on two of them."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import FloatArray


def rate_at(
    spend: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return the share that is reached; all shapes that fit."""
    return np.asarray(floor - (ceiling - floor) * np.expm1(-steepness * spend))


def slope_at(
    spend: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return how much the share rises with a unit of money."""
    return np.asarray((ceiling - floor) * steepness * np.exp(-steepness * spend))


def spend_at(
    rate: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return the spending that reaches a share below the ceiling."""
    return np.asarray(-np.log1p(-(rate - floor) / (ceiling - floor)) / steepness)
