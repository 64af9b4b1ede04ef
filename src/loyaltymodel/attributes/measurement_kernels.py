"""Intervals of shares among counted people; NumPy and SciPy only."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._arrays import FloatArray
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
