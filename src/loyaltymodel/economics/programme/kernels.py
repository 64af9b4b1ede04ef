"""Points by tier, and errors of a difference between two groups, on arrays."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import ROUNDING


def tier_of(spend: FloatArray, thresholds: FloatArray) -> IntArray:
    """Return the place of the last of the rising thresholds (k,) that each spend reaches."""
    # What reaches() asks of each threshold, in one search.
    return np.searchsorted(thresholds * (1 - ROUNDING), spend, side="right") - 1


def points_by_whole(spend: FloatArray, tier: IntArray, rates: FloatArray) -> FloatArray:
    """Return points at the rate of one's tier for everything that was spent."""
    return np.asarray(spend * rates[tier], dtype=np.float64)


def points_by_slice(
    spend: FloatArray, tier: IntArray, thresholds: FloatArray, rates: FloatArray
) -> FloatArray:
    """Return points at the rate of each tier for what was spent within it."""
    below = np.append(0.0, np.cumsum(np.diff(thresholds) * rates[:-1]))
    within = np.maximum(spend - thresholds[tier], 0.0)
    return np.asarray(below[tier] + within * rates[tier], dtype=np.float64)


def to_next(spend: FloatArray, tier: IntArray, thresholds: FloatArray) -> FloatArray:
    """Return what is lacking to the next threshold; NaN in the highest tier."""
    return np.asarray(np.append(thresholds[1:], np.nan)[tier] - spend, dtype=np.float64)


def mean_of(x: FloatArray, weights: FloatArray) -> float:
    """Return the weighted mean."""
    return float(weights @ x / weights.sum())


def variance_of(x: FloatArray, weights: FloatArray) -> float:
    """Return the weighted variance, with n - 1 where all weights are equal."""
    apart = (x - mean_of(x, weights)) ** 2
    return float(weights @ apart / weights.sum() * len(x) / (len(x) - 1))


def parts_of_mean(x: FloatArray, weights: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Return how far independent customers, or clusters of them, move the weighted mean."""
    part = weights * (x - mean_of(x, weights)) / weights.sum()
    if cluster is not None:
        present = np.bincount(cluster) > 0
        part = np.bincount(cluster, part)[present]
    return np.asarray(part, dtype=np.float64)


def line_leverage(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Return how far each customer's own answer pulls a weighted line through all; 1 is wholly."""
    apart = x - mean_of(x, weights)
    return np.asarray(weights / weights.sum() + weights * apart**2 / (weights @ apart**2))


def n_clusters(cluster: IntArray, rows: BoolArray) -> int:
    """Return how many clusters have at least one of the rows."""
    return int((np.bincount(cluster[rows]) > 0).sum())
