"""How low and how high a quantity can be where the likelihood has hardly fallen.

The ends of a profile-likelihood interval of any function of the parameters are its least and its
largest value where the log-likelihood lies within a cut-off of its maximum. Each end is a problem
of its own, and all ends of all quantities are solved as one stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.economics.contractual.kernels.likelihood import (
    Renewals,
    Slopes,
    log_likelihood,
    slopes,
)
from loyaltymodel.economics.contractual.kernels.search import held_at, spectrum

# From parameters (b, q) and the number (b,) of the quantity to its value (b,) without bounds.
Quantity = Callable[[FloatArray, IntArray], FloatArray]

_ROUNDS = 80
_CAREFUL = 12  # rounds after which steps are halved, and halved again after as many more
_STEP = 1e-4  # of a difference, in the unit of a parameter
_CLOSE = 1e-5  # to the cut-off, and of what a step would gain
_NEAR = 0.01  # of the drop: what moves an end by half a per cent of its distance
_LEAST = 1e-3  # of the expected information: less than this is taken for level
_FAR = 3.0  # the longest step
_BOUNDS_MET = 3
_HALVINGS = 12


class _Goal(NamedTuple):
    """What is to be large: its slope (b, q), second derivatives, and weight in the sum so far."""

    slope: FloatArray
    bend: FloatArray
    multiplier: FloatArray
    moving: BoolArray
    units: FloatArray


def ends(
    renewals: Renewals, best: FloatArray, free: BoolArray, quantity: Quantity, numbers: int,
    *, drop: float,
) -> tuple[FloatArray, BoolArray]:  # fmt: skip
    """Return parameters (2 k, q) at which k quantities are least, then largest; which are found.

    ``drop`` is how far the log-likelihood may fall below that of ``best`` (q,); parameters that are
    not ``free`` (q,) do not move.
    """
    which = np.tile(np.arange(numbers), 2)
    sign = np.repeat([-1.0, 1.0], numbers)
    theta = np.repeat(best[None], 2 * numbers, axis=0)
    moving = np.repeat(free[None], 2 * numbers, axis=0)
    target = float(log_likelihood(renewals, best[None])[0]) - drop
    found = np.zeros(2 * numbers, dtype=np.bool_)
    multiplier = np.zeros(2 * numbers)
    nearest, reached = np.full(2 * numbers, np.inf), theta.copy()
    for round_ in range(_ROUNDS):
        at = np.flatnonzero(~found)
        if not at.size:
            break
        here = theta[at]
        likely = slopes(renewals, here)
        units, *_ = spectrum(likely.observed, likely.expected, moving[at])
        slope, bend = _differences(quantity, here, which[at], units, moving[at])
        goal = _Goal(
            slope * sign[at, None], bend * sign[at, None, None], multiplier[at], moving[at], units
        )
        step, weight, left = _towards(likely, goal, here, renewals, target)
        lost = np.isnan(step).any(axis=1)
        left = np.where(lost, np.inf, left)
        nearer = left < nearest[at]
        nearest[at[nearer]], reached[at[nearer]] = left[nearer], here[nearer]
        found[at] = left < _CLOSE
        multiplier[at] = np.where(np.isfinite(weight), weight, 0.0)
        step = np.where(np.asarray(lost)[:, None], 0.0, step) * 0.5 ** (round_ // _CAREFUL)
        theta[at] = _backed(renewals, here, step, target, drop)
    return reached, nearest < _NEAR * drop


def _differences(
    quantity: Quantity, theta: FloatArray, which: IntArray, scale: FloatArray, moving: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return gradient (b, q) and second derivatives (b, q, q) of each quantity."""
    b, q = theta.shape
    steps = _STEP * np.where(moving, scale.clip(1e-4, 10.0), 0.0)
    eye = np.eye(q)
    pairs = [(i, j) for i in range(q) for j in range(i, q)]
    moves = [np.zeros((b, q))]
    moves += [s * steps * eye[i] for i in range(q) for s in (1, -1)]
    moves += [s * steps * (eye[i] + eye[j]) for i, j in pairs if i < j for s in (1, -1)]
    stack = np.concatenate([theta + move for move in moves])
    values = quantity(stack, np.tile(which, len(moves))).reshape(len(moves), b)
    middle, up, down = values[0], values[1 : 2 * q : 2], values[2 : 2 * q + 1 : 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(steps > 0, (up - down).T / (2 * steps), 0.0)
        bend = np.zeros((b, q, q))
        for i in range(q):
            bend[:, i, i] = (up[i] + down[i] - 2 * middle) / steps[:, i] ** 2
        place = 2 * q + 1
        for i, j in pairs:
            if i < j:
                both = values[place] + values[place + 1] - 2 * middle
                mixed = both / (steps[:, i] * steps[:, j])
                own = bend[:, i, i] * steps[:, i] / steps[:, j]
                own += bend[:, j, j] * steps[:, j] / steps[:, i]
                bend[:, i, j] = bend[:, j, i] = (mixed - own) / 2
                place += 2
        bend = np.where((steps[:, :, None] > 0) & (steps[:, None] > 0), bend, 0.0)
    return slope, bend


def _towards(
    likely: Slopes, goal: _Goal, here: FloatArray, renewals: Renewals, target: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a step, the weight of the quantity against the likelihood, and how far it is to go.

    With the likelihood taken as a parabola the point of its edge where the quantity is largest is
    J^-1 (u + w g), u and g the two slopes, and w solves a quadratic. A step that would pass a bound
    ends there, and the other parameters go on along it.
    """
    low, high = renewals.bounds
    # At the beginning only the quantity tells which way to leave a bound.
    weights = goal.multiplier[:, None]
    pull = np.where(weights > 0, likely.gradient + weights * goal.slope, goal.slope)
    held = goal.moving & held_at(here, pull, (low, high))
    fixed = np.zeros_like(here)
    for _ in range(_BOUNDS_MET):
        step, weight = _edge(likely, goal, goal.moving & ~held, target, fixed)
        over = goal.moving & ~held & ((here + step < low) | (here + step > high))
        if not over.any():
            break
        held |= over
        fixed = np.where(over, (here + step).clip(low, high) - here, fixed)
    # What the step would gain, the quantity counted in the log-likelihood that it is worth.
    gain = np.abs(((likely.gradient + weight[:, None] * goal.slope) * step).sum(axis=1))
    # At a bound beyond which alone the quantity would go on, the likelihood need not have fallen.
    level = (weight == 0) & (likely.value >= target)
    apart = np.where(level, 0.0, np.abs(likely.value - target))
    return step, weight, np.maximum(apart, gain)


def _edge(
    likely: Slopes, goal: _Goal, free: BoolArray, target: float, fixed: FloatArray
) -> tuple[FloatArray, FloatArray]:
    curved = likely.observed - goal.multiplier[:, None, None] * goal.bend
    units, values, vectors = spectrum(curved, likely.expected, free)
    plain_units, plain, plain_vectors = spectrum(likely.observed, likely.expected, free)
    # A direction along which the sum would rise without end is taken with the likelihood alone.
    use = values.min(axis=1) > _LEAST
    values = np.where(use[:, None], values, np.maximum(np.abs(plain), _LEAST))
    vectors = np.where(use[:, None, None], vectors, plain_vectors)
    units = np.where(use[:, None], units, plain_units)
    slope = goal.slope

    def solved(x: FloatArray) -> FloatArray:
        inner = np.einsum("bij,bi->bj", vectors, np.where(free, x, 0.0) * units) / values
        return np.where(free, np.einsum("bij,bj->bi", vectors, inner) * units, 0.0)

    pull = likely.gradient - np.einsum("bij,bj->bi", likely.observed, fixed)
    at = likely.value + (likely.gradient * fixed).sum(axis=1)
    at -= np.einsum("bi,bij,bj->b", fixed, likely.observed, fixed) / 2
    by_pull, by_slope = solved(pull), solved(slope)
    uu = np.where(free, pull * by_pull, 0.0).sum(axis=1)
    gg = np.where(free, slope * by_slope, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.sqrt(np.maximum(2 * (at - target) + uu, 0.0) / gg)
    weight = np.where(gg > 0, weight, 0.0)
    return by_pull + weight[:, None] * by_slope + fixed, weight


def _backed(
    renewals: Renewals, theta: FloatArray, step: FloatArray, target: float, drop: float
) -> FloatArray:
    """Take a step, halved until the likelihood has not fallen far beyond the cut-off."""
    longest = np.abs(step).max(axis=1, keepdims=True)
    step = step * np.minimum(1.0, _FAR / np.maximum(longest, 1e-300))
    new = theta
    for _ in range(_HALVINGS):
        new = (theta + step).clip(*renewals.bounds)
        bad = ~(log_likelihood(renewals, new) > target - 2 * drop)
        if not bad.any():
            break
        step = np.where(bad[:, None], step / 2, step)
    return new
