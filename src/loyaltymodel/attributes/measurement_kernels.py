"""Intervals of shares and means, weighted or not; NumPy and SciPy only."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._arrays import FloatArray
from loyaltymodel._counts import kish
from loyaltymodel._intervals import wald, wilson

ShareInterval = Literal["wilson", "wald", "exact"]


def share_interval(
    successes: FloatArray, n: FloatArray, *, level: float, method: ShareInterval = "wilson"
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval of a share; NaN where there is nothing to share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "exact":
            return _clopper_pearson(successes, n, level)
        share = successes / n
        if method == "wilson":
            return wilson(share, n, level=level)
        found = wald(share, np.sqrt(share * (1 - share) / n), level=level)
        return found.low, found.high


def _clopper_pearson(
    successes: FloatArray, n: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    # Loaded here: scipy.special takes a third of the time of importing the whole library.
    from scipy.special import betaincinv  # noqa: PLC0415

    tail = (1 - level) / 2
    failures = n - successes
    low = betaincinv(np.maximum(successes, 1), failures + 1, tail)
    high = betaincinv(successes + 1, np.maximum(failures, 1), 1 - tail)
    empty = n == 0
    low = np.where(empty, np.nan, np.where(successes == 0, 0.0, low))
    high = np.where(empty, np.nan, np.where(failures == 0, 1.0, high))
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def weighted_mean(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return means (k,) of values (n, k) with weights (n,), their errors, and degrees of freedom.

    The error (HC2) is that of a ratio of two sums over independent respondents, of whom those
    with much weight pull the mean to themselves; the degrees are Kish's number less 1. With equal
    weights they are the standard deviation over the root of n, and n - 1.
    """
    share = weights / weights.sum()
    mean = share @ values
    pull = share**2 / (1 - share)
    # A power of two changes no digit; without it, squares end where numbers do not.
    apart = values - mean
    _, power = np.frexp(np.abs(apart).max(axis=0))
    error = np.ldexp(np.sqrt(pull @ np.ldexp(apart, -power) ** 2), power)
    return mean, error, kish(weights) - 1
