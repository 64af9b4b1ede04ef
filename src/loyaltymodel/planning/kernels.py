"""Margins and powers by the number of respondents: arrays in, arrays out.

``n`` (m,) are respondents of the first group, those of the second are ``ratio`` times as many. They
need not be whole. Everything falls or rises with n, so that a size is found by halving.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import ndtr, ndtri, wilson

MOST = 10**9  # respondents, beyond which no survey is planned
_NORMAL = 1e5  # degrees of freedom from which Student's law is the normal one to six digits


@dataclass(frozen=True, slots=True)
class Layout:
    """How respondents are drawn, and what is held against what."""

    n_groups: int
    ratio: float = 1.0
    overlap: float = 0.0  # share of the respondents of either wave who are in both
    correlation: float = 0.0  # of their two answers
    deff: float = 1.0
    population: float = np.inf

    def left(self, n: FloatArray) -> FloatArray:
        """Return the share of the variance that a finite population leaves, (N - n) / (N - 1)."""
        if np.isinf(self.population):
            return np.ones_like(n)
        return np.maximum(self.population - n, 0.0) / max(self.population - 1, 1.0)

    def variance(self, n: FloatArray) -> FloatArray:
        """Return the variance of the estimate where that of an answer is 1."""
        if self.n_groups == 1:
            return self.deff / n * self.left(n)
        shared = 2 * self.overlap * self.correlation
        return self.deff / n * (1 + 1 / self.ratio - shared)

    def degrees(self, n: FloatArray) -> FloatArray:
        """Return the degrees of freedom: people that independent answers are worth, less means."""
        worth = n / self.deff
        if self.n_groups == 1:
            return worth - 1
        return worth * (1 + self.ratio) - 2 - self.overlap * (worth - 1)


def margin_of_mean(n: FloatArray, layout: Layout, sd: float, *, level: float) -> FloatArray:
    """Return half the width of Student's interval of a mean, or of a difference of two."""
    from scipy.special import stdtrit  # noqa: PLC0415  as in _core.intervals

    degrees = layout.degrees(n)
    reach = stdtrit(np.maximum(degrees, 1e-3), (1 + level) / 2)
    return np.where(degrees > 0, reach * sd * np.sqrt(layout.variance(n)), np.inf)


def margin_of_share(n: FloatArray, layout: Layout, share: float, *, level: float) -> FloatArray:
    """Return half the width of the interval of a share, or of a difference of two equal ones.

    Wilson's at the expected share; Newcombe's of two groups; Wald's of waves that overlap.
    """
    worth = n / layout.deff
    shares = np.full_like(worth, share)
    if layout.n_groups == 1:
        left = layout.left(n)
        low, high = wilson(shares, worth / np.where(left > 0, left, 1.0), level=level)
        return np.where(left > 0, (high - low) / 2, 0.0)
    if layout.overlap:
        reach = ndtri(np.array((1 + level) / 2))
        return np.asarray(reach * np.sqrt(share * (1 - share) * layout.variance(n)))
    low, high = wilson(shares, worth, level=level)
    other_low, other_high = wilson(shares, worth * layout.ratio, level=level)
    below = np.hypot(shares - low, other_high - shares)
    above = np.hypot(high - shares, shares - other_low)
    return np.asarray((below + above) / 2)


def power_of_mean(
    n: FloatArray, layout: Layout, sd: float, difference: float, *, level: float
) -> FloatArray:
    """Return the power of the two-sided t test, by the noncentral t law."""
    from scipy.special import nctdtr, stdtrit  # noqa: PLC0415  as in _core.intervals

    degrees = layout.degrees(n)
    df = np.maximum(degrees, 1e-3)
    with np.errstate(divide="ignore"):
        away = abs(difference) / (sd * np.sqrt(layout.variance(n)))
    limit = stdtrit(df, (1 + level) / 2)
    normal = ndtr(away - limit) + ndtr(-away - limit)
    near = (df < _NORMAL) & (away < 30)  # noqa: PLR2004  errors, beyond which power is 1
    at = np.where(near, away, 0.0)
    exact = 1 - nctdtr(df, at, limit) + nctdtr(df, at, -limit)
    found = np.where(near & np.isfinite(exact), exact, normal)
    return np.where(degrees > 0, found, 0.0)


def power_of_share(
    n: FloatArray, layout: Layout, share: float, difference: float, *, level: float
) -> FloatArray:
    """Return the power of the two-sided score test: variance without a difference in the limit."""
    z = float(ndtri(np.array((1 + level) / 2)))
    other = share + difference
    own, moved = share * (1 - share), other * (1 - other)
    if layout.n_groups == 1:
        scale = layout.deff * layout.left(n) / n
        null, true = own * scale, moved * scale
    else:
        pooled = (share + layout.ratio * other) / (1 + layout.ratio)
        shared = 2 * layout.overlap * layout.correlation
        each = 1 + 1 / layout.ratio
        null = layout.deff / n * pooled * (1 - pooled) * (each - shared)
        true = layout.deff / n * (own + moved / layout.ratio - shared * np.sqrt(own * moved))
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = z * np.sqrt(null)
        found = ndtr((abs(difference) - limit) / np.sqrt(true)) + ndtr(
            (-abs(difference) - limit) / np.sqrt(true)
        )
    certain = np.where(abs(difference) > limit, 1.0, 0.0)
    return np.where(true > 0, found, certain)


def smallest(reaches: Callable[[float], bool], *, least: int = 1, most: int = MOST) -> int | None:
    """Return the smallest whole number that reaches something; None if ``most`` does not."""
    low, high = least - 1, least
    while not reaches(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def least_difference(power_at: Callable[[float], float], power: float, most: float) -> float | None:
    """Return the smallest difference that has a power; None if ``most`` has less."""
    if power_at(most) < power:
        return None
    low, high = 0.0, most
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high


def line_of_probits(
    sizes: FloatArray, power: FloatArray, n_surveys: int, *, within: bool
) -> tuple[FloatArray, FloatArray] | None:
    """Return intercept and slope of probit(power) by root n, and their covariance (2, 2).

    Of what must lie ``within`` a margin, it is that of (1 + power) / 2, which is a line through 0.
    Points where all or no surveys reach are left out; None where fewer than two are left.
    """
    from scipy.special import ndtri as probit  # noqa: PLC0415  as in _core.intervals

    inside = (power > 0) & (power < 1)
    if inside.sum() < 2:  # noqa: PLR2004  a line has two points
        return None
    p = power[inside]
    y = probit((1 + p) / 2 if within else p)
    density = np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi) * (2 if within else 1)
    weight = density**2 * n_surveys / (p * (1 - p))
    x = np.column_stack([np.ones(len(p)), np.sqrt(sizes[inside])])
    covariance = np.linalg.inv((x * weight[:, None]).T @ x)
    return covariance @ (x * weight[:, None]).T @ y, covariance
