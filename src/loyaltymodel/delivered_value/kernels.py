"""Mathematics of comparing offers and of spread, on arrays.

Offers are m, components k, customers r. ``gain`` (m, k) holds levels with the sign of their
side: values as they are, costs negative; so the value of offers is ``gain @ weights``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import ROUNDING, difference, exceeds, reaches

Others = Literal["fixed", "rescaled"]
Ties = Literal["split", "all", "none"]

_ELEMENTS = 2_000_000  # numbers in a batch of draws: 16 MB


def best_rival(values: FloatArray) -> FloatArray:
    """Return for every offer of a row (r, m) the largest value of the others."""
    top_two = np.partition(values, values.shape[1] - 2, axis=1)[:, -2:]
    second, first = top_two[:, :1], top_two[:, 1:]
    return np.where(values == first, second, first)


def ranks_of(values: FloatArray, *, size: FloatArray | float = 0.0) -> IntArray:
    """Return the rank (m,) of values, 1 for the largest; those that differ by rounding share it.

    ``size`` is how large the numbers were from which the values were computed.
    """
    level = values + ROUNDING * np.maximum(np.abs(values), size)
    better = len(values) - np.searchsorted(np.sort(values), level, side="right")
    return np.asarray(1 + better, dtype=np.intp)


def shares_of_best(
    values: FloatArray, ties: Ties, tie_within: float
) -> tuple[FloatArray, BoolArray]:
    """Return the share (r, m) that each offer has in being best, and which share it."""
    size = np.abs(values).max(axis=1, keepdims=True)
    best = reaches(values, values.max(axis=1, keepdims=True) - tie_within, size=size)
    number = best.sum(axis=1, keepdims=True)
    tied = best & (number > 1)
    if ties == "split":
        return best / number, tied
    if ties == "all":
        return best.astype(np.float64), tied
    return (best & ~tied).astype(np.float64), tied


@dataclass(frozen=True, slots=True, eq=False)
class SwapPoints:
    """Weights (k,) at which the first place is shared, on either side; -1 names no rival."""

    low: FloatArray
    low_rival: IntArray
    high: FloatArray
    high_rival: IntArray


def swap_points(gain: FloatArray, weights: FloatArray, first: int, others: Others) -> SwapPoints:
    """Return how far each weight can move before another offer draws level with the first.

    The lead over a rival is linear in one weight: lead + slope * change, whether the other
    weights stay or share the rest of the sum.
    """
    lead_by = difference(gain[first], gain)  # (m, k) per unit of weight
    lead = difference((lead_by @ weights)[:, None], 0.0, size=(np.abs(lead_by) @ weights)[:, None])
    slope = lead_by
    most = np.full(len(weights), np.inf)
    if others == "rescaled":
        total = weights.sum()
        rest = total - weights
        with np.errstate(divide="ignore", invalid="ignore"):
            of_others = (lead - weights * lead_by) / rest
            size = (np.abs(lead_by) @ weights)[:, None] / rest
            slope = np.where(rest > 0, difference(lead_by, of_others, size=size), 0.0)
        most = np.full(len(weights), total)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = weights - lead / slope
    # Where the lead is 0 and the slope too, the two are level whatever the weight.
    falling = np.where((slope > 0) & (at >= 0), at, -np.inf)
    rising = np.where((slope < 0) & reaches(most, at), at, np.inf)
    falling[first], rising[first] = -np.inf, np.inf
    low, high = falling.max(axis=0), rising.min(axis=0)
    return SwapPoints(
        np.where(np.isfinite(low), low, 0.0),
        np.where(np.isfinite(low), falling.argmax(axis=0), -1),
        np.where(np.isfinite(high), high, most),
        np.where(np.isfinite(high), rising.argmin(axis=0), -1),
    )


def cheapest(
    needed: float, worth: FloatArray, price: FloatArray, most: FloatArray
) -> FloatArray | None:
    """Return changes (k,) of least cost that together are worth ``needed``, if there are any.

    Each unit of change k is worth ``worth`` and costs ``price``, up to ``most``. The linear
    programme has one constraint beside the bounds, so it is solved by taking changes in order of
    price for worth, all of each but the last.
    """
    change = np.zeros(len(worth))
    usable = np.flatnonzero((worth > 0) & (most > 0))
    if needed <= 0:
        return change
    order = usable[np.argsort(price[usable] / worth[usable], kind="stable")]
    before = np.concatenate([[0.0], np.cumsum(worth[order] * most[order])])
    if exceeds(needed, before[-1]):
        return None
    needed = min(needed, float(before[-1]))  # what is missing is rounding
    last = int(np.searchsorted(before[1:], needed))
    change[order[:last]] = most[order[:last]]
    change[order[last]] = (needed - before[last]) / worth[order[last]]
    return change


def wins_under_dirichlet(
    gain: FloatArray, alpha: FloatArray, n_resamples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return mean and mean square (m,) of each offer's share in being best, over random weights.

    Weights follow a Dirichlet law; draws come in batches that do not change them.
    """
    size = max(1, _ELEMENTS // max(gain.shape))
    total, squares = np.zeros(len(gain)), np.zeros(len(gain))
    for start in range(0, n_resamples, size):
        weights = rng.dirichlet(alpha, size=min(size, n_resamples - start))
        share, _ = shares_of_best(weights @ gain.T, "split", 0.0)
        total += share.sum(axis=0)
        squares += (share**2).sum(axis=0)
    return total / n_resamples, squares / n_resamples


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Sizes, means and standard deviations (a,) of groups, and sums of squares."""

    sizes: IntArray
    means: FloatArray
    deviations: FloatArray
    between: float  # sum of squares
    within: float


def spread(values: FloatArray, codes: IntArray, n_groups: int) -> Spread:
    """Split the spread of values (n,) into that between and that within groups."""
    sizes = np.bincount(codes, minlength=n_groups)
    overall = values.mean()
    apart = values - overall  # first, so that squares of large levels lose no digits
    means = np.bincount(codes, apart, minlength=n_groups) / sizes
    squares = np.bincount(codes, (apart - means[codes]) ** 2, minlength=n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = np.where(sizes > 1, np.sqrt(squares / (sizes - 1)), np.nan)
    return Spread(sizes, means + overall, deviations, float(sizes @ means**2), float(squares.sum()))


def ratio_of_squares(theta: float, found: Spread) -> float:
    """Return the pivot of the ratio of variances, between over within.

    With normal groups and errors it follows the F law with a - 1 and n - a degrees of freedom
    at the true ratio, whatever the sizes of the groups, and it falls as ``theta`` grows.
    """
    weights = 1 / (theta + 1 / found.sizes)
    middle = weights @ found.means / weights.sum()
    between = weights @ (found.means - middle) ** 2 / (len(found.sizes) - 1)
    return float(between / (found.within / (found.sizes.sum() - len(found.sizes))))


def ratio_interval(found: Spread, low_f: float, high_f: float) -> tuple[float, float]:
    """Return the ratios of variances, 0 or more, at which the pivot equals two quantiles of F."""
    return _ratio_at(found, high_f), _ratio_at(found, low_f)


def _ratio_at(found: Spread, quantile: float) -> float:
    # Loaded here: scipy.optimize is needed for nothing else in this package.
    from scipy.optimize import brentq  # noqa: PLC0415

    if ratio_of_squares(0.0, found) <= quantile:
        return 0.0
    upper = 1.0
    while ratio_of_squares(upper, found) > quantile:
        upper *= 4
    return float(brentq(lambda t: ratio_of_squares(t, found) - quantile, 0.0, upper, xtol=1e-14))
