"""Slopes of lines and parabolas on levels of x, and how sure they are for errors of any spread.

Letters in the shapes: m levels of x, j slopes. All that is needed of the answers at a level is
how many there are, their mean, and their sum of squares about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.comparisons import levels_of

_ALONE = 1e-9  # what must be left of the information on a slope without one customer
_VALUES = 500_000  # of an array in a slice of levels


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Answers gathered by level of x, ascending."""

    x: FloatArray  # (m,)
    count: FloatArray  # (m,)
    mean: FloatArray  # (m,)
    squares: FloatArray  # (m,) sum of squares about the mean of the level


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Slopes with their covariance.

    It is NaN where a customer alone decides a slope, and where there is no slope.
    """

    slope: FloatArray  # (j,)
    covariance: FloatArray  # (j, j)
    n_used: FloatArray  # (j,)


def gather(x: FloatArray, y: FloatArray) -> Levels:
    """Gather answers by level of x."""
    values, place = levels_of(x)
    count = np.bincount(place).astype(np.float64)
    mean = np.bincount(place, y) / count
    squares = np.bincount(place, (y - mean[place]) ** 2)
    return Levels(values, count, mean, np.asarray(squares, dtype=np.float64))


def line_slopes(levels: Levels, sides: BoolArray) -> Slopes:
    """Return slopes of lines through the customers at the levels of each side (j, m).

    A side without levels has NaN. Levels are taken in slices, because there may be as many of
    them as customers.
    """
    j = len(sides)
    n, centre, height, spread, together = np.zeros((5, j))
    for part in _slices(levels, j):
        count = levels.count[part] * sides[:, part]
        n += count.sum(axis=1)
        centre += count @ levels.x[part]
        height += count @ levels.mean[part]
    n = np.where(n > 0, n, np.nan)
    centre, height = centre / n, height / n
    for part in _slices(levels, j):
        away = np.where(sides[:, part], levels.x[part] - centre[:, None], 0.0)
        away *= np.isfinite(centre)[:, None]
        spread += away**2 @ levels.count[part]
        together += away @ (levels.count[part] * levels.mean[part])
    spread = np.where(np.isnan(n), np.nan, spread)
    slope = together / spread
    covariance = np.zeros((j, j))
    for part in _slices(levels, j):
        side = sides[:, part]
        away = levels.x[part] - centre[:, None]
        weight = np.where(side, away / spread[:, None], 0.0)
        leverage = np.where(side, 1 / n[:, None] + away**2 / spread[:, None], 0.0)
        residual = np.where(side, levels.mean[part] - height[:, None] - slope[:, None] * away, 0.0)
        covariance += _spread_of(levels, part, _corrected(weight, leverage), residual)
    # A side without levels has only zeros above, which would look like a slope without error.
    absent = np.isnan(slope)
    covariance[absent] = np.nan
    covariance[:, absent] = np.nan
    return Slopes(slope, covariance, n)


def parabola_slopes(levels: Levels) -> tuple[Slopes, float]:
    """Return slopes of a parabola at the lowest and highest level, and where it turns."""
    centre, unit = levels.x.mean(), np.ptp(levels.x)
    z = (levels.x - centre) / unit
    design = np.column_stack([np.ones_like(z), z, z**2])
    inverse = np.linalg.inv((design * levels.count[:, None]).T @ design)
    found = inverse @ (design.T @ (levels.count * levels.mean))
    ends = np.array([[0.0, 1.0, 2 * z[0]], [0.0, 1.0, 2 * z[-1]]]) / unit
    leverage = np.einsum("mi,ij,mj->m", design, inverse, design)
    pull = _corrected(ends @ inverse @ design.T, leverage)
    covariance = _spread_of(levels, slice(None), pull, levels.mean - design @ found)
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = float(centre - unit * np.divide(found[1], 2 * found[2]))
    return Slopes(ends @ found, covariance, np.full(2, levels.count.sum())), turn


def _slices(levels: Levels, j: int) -> Iterator[slice]:
    step = max(1, _VALUES // j)
    for start in range(0, len(levels.x), step):
        yield slice(start, start + step)


def _corrected(weight: FloatArray, leverage: FloatArray) -> FloatArray:
    """Correct for leverage as HC3 does: how far a slope moves by a residual of 1 of a customer."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = np.where(leverage < 1 - _ALONE, weight / (1 - leverage), np.nan)
    return found


def _spread_of(levels: Levels, part: slice, pull: FloatArray, residual: FloatArray) -> FloatArray:
    """Covariance (j, j) by the residuals within levels and those of their means."""
    apart = pull * residual
    # Not by matrix products: these are wide and thin, and where other work keeps the processors
    # busy the threads of BLAS wait for each other ten times as long as they compute.
    found: FloatArray = np.einsum("ji,ki->jk", pull * levels.squares[part], pull)
    found += np.einsum("ji,ki->jk", apart * levels.count[part], apart)
    return found


def candidates(levels: Levels, *, most: int) -> FloatArray:
    """Values within that may be the turn: all, or those next to ``most`` quantiles."""
    inner = levels.x[1:-1]
    if len(inner) <= most:
        return inner
    below = np.cumsum(levels.count)
    shares = np.arange(1, most + 1) / (most + 1)
    return np.intersect1d(inner, levels.x[np.searchsorted(below, shares * below[-1])])


def sides_of(levels: Levels, turns: FloatArray, *, least: int) -> tuple[BoolArray, BoolArray]:
    """Return levels (k, m) at or below each turn, and at or above it.

    Turns (k,) with fewer than ``least`` customers or two levels on a side have no level there.
    """
    sides = levels.x <= turns[:, None], levels.x >= turns[:, None]
    enough = [(side @ levels.count >= least) & (side.sum(axis=1) > 1) for side in sides]
    good = (enough[0] & enough[1])[:, None]
    return sides[0] & good, sides[1] & good


def searched(
    slopes: FloatArray, covariance: FloatArray, n_resamples: int, rng: np.random.Generator
) -> FloatArray:
    """Return slopes of both sides (b, 2), each at the turn that the search finds in a draw.

    The slopes (2k,) of the left sides of k turns, and then of the right, are drawn from their
    joint normal law, and in each draw the turn is taken at which the weaker side is strongest.
    """
    k = len(slopes) // 2
    drawn = slopes + rng.standard_normal((n_resamples, 2 * k)) @ _root(covariance).T
    error = np.sqrt(covariance.diagonal())
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.where(drawn == 0, 0.0, drawn / error)
    turn = np.minimum(-strength[:, :k], strength[:, k:]).argmax(axis=1)
    return np.take_along_axis(drawn, np.column_stack([turn, turn + k]), axis=1)


def _root(matrix: FloatArray) -> FloatArray:
    """Return what makes normal numbers with this covariance out of independent ones."""
    values, vectors = np.linalg.eigh(matrix)
    root: FloatArray = vectors * np.sqrt(values.clip(0))
    return root


def share_of_larger(
    statistic: float, correlations: FloatArray, n_resamples: int, rng: np.random.Generator
) -> float:
    """Chance that the largest of correlated standard normal numbers reaches a statistic."""
    if np.isnan(statistic):
        raise ValueError("a statistic that is not a number is neither reached nor missed")
    drawn = rng.standard_normal((n_resamples, len(correlations))) @ _root(correlations).T
    largest = drawn.max(axis=1)
    return float((1 + (largest >= statistic).sum()) / (n_resamples + 1))
