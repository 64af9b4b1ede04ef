"""One rule for comparing computed numbers: what differs by rounding only is equal.

A mean of answers, a share or a difference comes out a few units of its last digit beside the
number that it is. So .7 + .1 reaches .8, and whoever stands exactly on a cut-off stands there
whatever the order of the sums. Numbers are equal here that differ by at most
:data:`ROUNDING` of the larger of them, or of ``size``: what a difference was computed from, or
the width of the scale, where the numbers themselves may be 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

# Far above what sums of thousands of doubles lose, far below what anybody measures.
ROUNDING = 1e-12


def sign_of(
    x: npt.ArrayLike, y: npt.ArrayLike = 0.0, *, size: npt.ArrayLike = 0.0
) -> npt.NDArray[np.int8]:
    """Return -1, 0 or 1 where x is below, equal to or above y but for rounding; NaN is none: 0.

    ``size`` is how large the numbers were from which x and y were computed.
    """
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    near = _allowance(right, size)
    return (left > right + near).astype(np.int8) - (left < right - near).astype(np.int8)


def reaches(x: npt.ArrayLike, y: npt.ArrayLike, *, size: npt.ArrayLike = 0.0) -> BoolArray:
    """Tell where x is y or more, but for rounding; NaN never is."""
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return np.asarray(left >= right - _allowance(right, size), dtype=np.bool_)


def exceeds(x: npt.ArrayLike, y: npt.ArrayLike, *, size: npt.ArrayLike = 0.0) -> BoolArray:
    """Tell where x is more than y, by more than rounding; NaN never is."""
    return np.asarray(sign_of(x, y, size=size) > 0, dtype=np.bool_)


def equals(x: npt.ArrayLike, y: npt.ArrayLike, *, size: npt.ArrayLike = 0.0) -> BoolArray:
    """Tell where x is y but for rounding; NaN never is."""
    return reaches(x, y, size=size) & reaches(y, x, size=size)


def difference(x: npt.ArrayLike, y: npt.ArrayLike, *, size: npt.ArrayLike = 0.0) -> FloatArray:
    """Return x - y, and 0 where they are equal but for rounding."""
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    gap = np.asarray(left - right)
    # One bound for all finds the few, if any, that may be rounding; each is then held to its own.
    reach = np.abs(np.fmax.reduce(np.abs(right), axis=None, initial=0.0))
    near = np.abs(gap) <= ROUNDING * max(float(reach), float(np.max(size, initial=0.0)))
    near &= gap != 0
    if near.any():
        sizes = np.broadcast_to(np.asarray(size, dtype=np.float64), gap.shape)[near]
        allowed = _allowance(np.broadcast_to(right, gap.shape)[near], sizes)
        gap[near] = np.where(np.abs(gap[near]) <= allowed, 0.0, gap[near])
    return gap


def snapped(x: npt.ArrayLike, grid: npt.ArrayLike, *, size: npt.ArrayLike = 0.0) -> FloatArray:
    """Return x, and where it is a number of a sorted grid but for rounding, that number.

    So that a search among cut-offs (``numpy.searchsorted``) follows the same rule.
    """
    values, cuts = np.asarray(x, dtype=np.float64), np.asarray(grid, dtype=np.float64)
    if cuts.size == 0:
        return values
    place = np.searchsorted(cuts, values)
    found = values
    for k in (np.clip(place - 1, 0, cuts.size - 1), np.clip(place, 0, cuts.size - 1)):
        found = np.where(equals(values, cuts[k], size=size), cuts[k], found)
    return found


def usual_size(x: npt.ArrayLike) -> float:
    """Return how large numbers are: no more than a tenth of them is larger, such as one outlier."""
    size = np.abs(np.asarray(x, dtype=np.float64))
    return float(np.quantile(size, 0.9, method="lower")) if size.size else 0.0


def levels_of(x: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    """Return the distinct values in ascending order, and the place of each x among them.

    Values that differ by rounding only are one: the lowest of them.
    """
    values, place = np.unique(np.asarray(x, dtype=np.float64), return_inverse=True)
    new = np.append(True, exceeds(values[1:], values[:-1], size=usual_size(values)))
    if new.all():
        return values, place
    return values[new], (np.cumsum(new) - 1)[place]


def _allowance(right: FloatArray, size: npt.ArrayLike) -> FloatArray:
    # Where two numbers are nearly equal, it does not matter of which of them it is a part.
    largest = np.maximum(np.abs(right), np.abs(np.asarray(size, dtype=np.float64)))
    return np.asarray(ROUNDING * np.where(np.isfinite(largest), largest, 0.0))
