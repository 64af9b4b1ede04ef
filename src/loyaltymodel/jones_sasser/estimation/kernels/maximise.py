"""Maximum likelihood for a stack of problems, within bounds, and profiles of it.

Damped scoring (Levenberg and Marquardt) with an active set: a parameter on its bound stays there
as long as the likelihood would rise beyond it. Bounds are part of the problem because estimates
reach them: where nothing binds, the best constraint is exactly 0, and on an unbounded scale no
maximum would exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Problem,
    evaluate,
    loyalty_in_cells,
)

_LITTLE_DAMPED = 1e-2  # a step damped no more than this is nearly a full one
_UNDAMPED = 1e-7
_STUCK = 1e12
_IN_THE_WAY = 1.0  # a step damped so much that did not rise: a kink is in the way
# Gains are per unit of weight, so that the unit of weights and the number of customers are of no
# matter. Where rounding or dense kinks let no step rise, a climb ends with a promise so small.
_NOTHING_LEFT = 1e-10
_NEAR_KINK = 1e-7  # a promise so small that was not kept: the rest is done between two kinks
_FLAT = 1e-12  # of the largest slope over a parameter's range: a slope that is rounding
_EQUAL = 1e-12  # of two log-likelihoods per unit of weight
_LEAST_SHOWN = 1e-4  # of the largest information over a range: less is damped as much
_CLOSE = 1e-6  # of its range: a parameter so close to a bound may step onto it
_LEFT = 0.1
_PIECES = 13  # more kinks than these are not searched one by one
_DENSE = 100_000  # kinks so dense that no hill is to be seen between them
_NEIGHBOURS = np.array([-1.5, -1.0, -0.6, -0.3, -0.15, 0.15, 0.3, 0.6, 1.0, 1.5])  # in errors
_TURNS = 64  # pieces between kinks that a search walks through
_HOPEFUL = 2.0  # a log-likelihood so little below the best that its search goes on
_BENDS = 100  # steps with second derivatives
_SHIFT = 1e-6  # of the range, for second derivatives
_KEPT_OF_PROFILES = 3
_HILLS = 5  # that a profile goes over
_OTHER_HILL = 1e-6  # of log-likelihood: so much more is another hill
_RACE = (
    (4, 2),
    (8, 6),
    (16, 12),
    (32, 30),
)  # steps of those that run, and what part of all then goes on
_ENDS_FIRST = 5  # steps with the shape held
_SOME_MORE = 40  # starts at least, where shapes are few
_CROWD = 60_000  # cells times parameters times starts: the larger a problem, the fewer starts
_FEW = 6  # starts of the largest
_PROMISE = 5.0  # times what a start promises to gain: more is not hoped for
_SAME_HILL = 1e-4  # of a log-likelihood per unit of weight: so near are two on the same hill
_RISEN = 2  # a curve with more parameters has its ends first, then its shape
_KEPT = 6  # starts that are polished
_HELD = np.array([0.0, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.93])  # constraints that are tried
_VALUES = 30_000_000  # elements of information matrices and statistics at a time: 240 MB
_ENOUGH = 500  # cells that tell starts apart
_OF_SOME = 1_000_000  # values of likelihoods from which on some cells are enough
_TRIED = 4_000_000  # values of likelihoods tried at a time


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Maxima of b problems: parameters (b, q), log-likelihood (b,), information (b, q, q)."""

    p: FloatArray
    value: FloatArray
    score: FloatArray
    info: FloatArray
    converged: BoolArray
    n_iter: IntArray

    def chosen(self, rows: IntArray) -> Maximum:
        """Return some of the problems."""
        return Maximum(
            self.p[rows],
            self.value[rows],
            self.score[rows],
            self.info[rows],
            self.converged[rows],
            self.n_iter[rows],
        )


def maximise(
    problem: Problem,
    stats: FloatArray,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    tol: float = 1e-16,
    max_iter: int = 200,
    to_end: bool = True,
) -> Maximum:
    """Find the maximum of each problem from its own start.

    ``start``, ``lower`` and ``upper`` are (b, q); a parameter whose bounds are equal is fixed.
    Converged means that a full step of the parameters that can move would raise the
    log-likelihood by less than ``tol`` per unit of weight, on either side of a kink.
    """
    b, q = start.shape
    size = max(1, _VALUES // (q * q + stats.shape[1] * stats.shape[2]))
    parts = []
    for first in range(0, b, size):
        part = slice(first, first + size)
        own = stats[part] if len(stats) > 1 else stats
        climb = _over_kinks if to_end else _climb
        parts.append(
            climb(problem, own, start[part], lower[part], upper[part], tol=tol, max_iter=max_iter)
        )
    if len(parts) == 1:
        return parts[0]
    return Maximum(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("p", "value", "score", "info", "converged", "n_iter")
        )
    )


def _over_kinks(
    problem: Problem,
    stats: FloatArray,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    tol: float,
    max_iter: int,
) -> Maximum:
    """Climb; where a kink is in the way, climb on either side of it before saying more.

    Between two kinks the problem is smooth. A maximum on a kink is one of both pieces.
    """
    kinks = problem.kinks
    top = _climb(
        problem,
        stats,
        start,
        lower,
        upper,
        tol=tol,
        max_iter=max_iter,
        across=kinks is not None,
    )
    if kinks is None:
        return top
    place = _kinked_place(problem)
    tau = top.p[:, place]
    piece = np.searchsorted(kinks, tau, side="right")
    on_kink = kinks[piece - 1] == tau
    rows = np.flatnonzero((lower < upper)[:, place] & (~top.converged | on_kink))
    came = np.full(len(rows), -1)
    piece = piece[rows]
    for _ in range(_TURNS):
        if not len(rows):
            break
        low, high = lower[rows], upper[rows]
        low[:, place] = np.maximum(low[:, place], kinks[piece - 1])
        # On a kink the derivatives are those to its right; the piece on its left ends before.
        high[:, place] = np.minimum(high[:, place], np.nextafter(kinks[piece], -1.0))
        own = stats[rows] if len(stats) > 1 else stats
        found = _climb(problem, own, top.p[rows], low, high, tol=tol, max_iter=max_iter)
        top.p[rows], top.value[rows], top.score[rows] = found.p, found.value, found.score
        top.info[rows], top.converged[rows] = found.info, found.converged
        top.n_iter[rows] += found.n_iter
        tau = found.p[:, place]
        above, below = tau >= high[:, place], tau <= low[:, place]
        end = np.where(above, piece, piece - 1)
        inside = (kinks[end] > lower[rows, place]) & (kinks[end] < upper[rows, place])
        top.p[rows[above], place] = np.minimum(kinks[piece[above]], upper[rows[above], place])
        on = (above | below) & inside & (end != came)
        # Not yet seen from the other side.
        top.converged[rows[on]] = False
        top.p[rows[on & below], place] = np.nextafter(kinks[end[on & below]], -1.0)
        rows, came = rows[on], end[on]
        piece = np.where(above[on], piece[on] + 1, piece[on] - 1)
    return top


def _kinked_place(problem: Problem) -> int:
    """Return which parameter has kinks."""
    names = [parameter.name for parameter in problem.family.parameters]
    return names.index(str(problem.family.kinked))


def _climb(
    problem: Problem,
    stats: FloatArray,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    tol: float,
    max_iter: int,
    across: bool = False,
) -> Maximum:
    """Climb from each start; ``across`` kinks only until one is in the way."""
    b, _ = start.shape
    few_kinks = problem.kinks is not None and len(problem.kinks) <= _PIECES
    p = np.clip(start, lower, upper)
    amount = np.broadcast_to(problem.outcome.amount(stats), b)

    def evaluated(at: FloatArray, rows: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Evaluate some problems, per unit of weight."""
        own = stats[rows] if len(stats) > 1 else stats
        value, score, info = evaluate(problem, own, at)
        size = amount[rows]
        return value / size, score / size[:, None], info / size[:, None, None]

    at_work = np.arange(b)
    value, score, info = evaluated(p, at_work)
    converged, n_iter = np.zeros(b, dtype=bool), np.zeros(b, dtype=np.intp)
    damping = np.full(b, _LITTLE_DAMPED)
    for _ in range(max_iter):
        here = at_work
        step, gain, damped = _step(
            p[here], score[here], info[here], lower[here], upper[here], damping[here]
        )
        done = (gain < tol) & (damped <= _LITTLE_DAMPED)
        converged[here[done]] = True
        # What is quiet because it was held back is asked again with a full step.
        held_back = (gain < tol) & ~done
        damping[here[held_back]] = 0.0
        n_iter[here[held_back]] += 1
        on = ~done & ~held_back
        waiting, here, gain = here[held_back], here[on], gain[on]
        if not len(here):
            if not len(waiting):
                break
            at_work = waiting
            continue
        n_iter[here] += 1
        trial = _within(p[here], step[on], lower[here], upper[here])
        new_value, new_score, new_info = evaluated(trial, here)
        # Sums of many terms are rounded; a loss as small as that is none.
        better = new_value >= value[here] - 1e-14 * np.abs(value[here])
        good = here[better]
        p[good], value[good] = trial[better], new_value[better]
        score[good], info[good] = new_score[better], new_info[better]
        small = ~better & (damping[here] <= _LITTLE_DAMPED)
        stuck = small & (gain < _NOTHING_LEFT)
        # Between kinks nothing more can be asked. Elsewhere second derivatives decide.
        converged[here[stuck]] = problem.kinks is not None
        if across:
            stuck |= small & (gain < _NEAR_KINK)
            if few_kinks:
                stuck |= ~better & (damping[here] >= _IN_THE_WAY)
        damping[good] = np.where(damping[good] < _UNDAMPED, 0.0, damping[good] / 10)
        damping[here[~better]] = np.maximum(damping[here[~better]] * 10, 1e-4)
        here = here[~stuck]
        at_work = np.concatenate([here[damping[here] < _STUCK], waiting])
        if not len(at_work):
            break
    score, info = score * amount[:, None], info * amount[:, None, None]
    return Maximum(p, value * amount, score, info, converged, n_iter)


def _step(
    p: FloatArray,
    score: FloatArray,
    info: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    damping: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return steps (b, q), twice the gain (b,) that they promise, and the most damping (b,).

    Damping adds to the information at least a share of the largest one over a range. What
    hardly shows in the likelihood would else jump about, and hold up all others.
    """
    free = free_parameters(p, score, lower, upper)
    pull = np.where(free, score, 0.0)
    q = p.shape[1]
    # Only what can move has a say in the scale, each parameter by its own range.
    span = np.where(lower < upper, upper - lower, 1.0)
    slope = np.where(free, np.sqrt(info[:, np.arange(q), np.arange(q)]), 0.0)
    least = _FLAT * (slope * span).max(axis=1, keepdims=True) / span
    size = np.where(free, np.maximum(slope, least), 1.0)
    size = np.where(size > 0, size, 1.0)
    scaled = info / (size[:, :, None] * size[:, None, :])
    scaled = np.where(free[:, :, None] & free[:, None, :], scaled, 0.0)
    shown = (size * span * free).max(axis=1, keepdims=True)
    more = damping[:, None] * np.maximum(1.0, _LEAST_SHOWN * (shown / (size * span)) ** 2)
    scaled[:, np.arange(q), np.arange(q)] = np.where(free, 1 + 1e-12 + more, 1.0)
    step = np.linalg.solve(scaled, (pull / size)[..., None])[..., 0] / size
    most = np.where(free, more, 0.0).max(axis=1)
    return np.where(free, step, 0.0), (step * pull).sum(axis=1), most


def _within(p: FloatArray, step: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Take a step, but towards a bound no more than nine tenths of the way, until close to it.

    Near a bound the likelihood can be a cliff: a single customer who stayed where loyalty is
    almost 0. Whoever steps onto the bound at once spends dozens of steps on getting away.
    """
    trial = p + step
    near = _CLOSE * (upper - lower)
    floor = np.where(p - lower <= near, lower, lower + _LEFT * (p - lower))
    ceiling = np.where(upper - p <= near, upper, upper - _LEFT * (upper - p))
    return np.clip(trial, floor, ceiling)


def free_parameters(
    p: FloatArray, score: FloatArray, lower: FloatArray, upper: FloatArray
) -> BoolArray:
    """Tell which parameters can move: not fixed, and not pressed against a bound."""
    found: BoolArray = (
        (lower < upper) & ~((p <= lower) & (score <= 0)) & ~((p >= upper) & (score >= 0))
    )
    return found


def search(
    problem: Problem,
    stats: FloatArray,
    starts: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    own: FloatArray | None = None,
    keep: int | None = _KEPT,
) -> Maximum:
    """Try all starts (k, q) on each of b problems, maximise from the best, keep the highest.

    Trying costs little: of a start only the log-likelihood is computed, and its parts serve all
    problems. ``own`` (b, j, q) are starts that are maximised whatever they promise. ``keep`` tells
    from how many starts to climb; with None from one of each shape, and from some more.
    """
    b = len(stats)
    if keep is None:
        keep = max(_SOME_MORE, len(np.unique(starts[:, _shape_places(problem)], axis=0)))
    keep = min(keep, max(_FEW, _CROWD // (problem.cells.n_cells * starts.shape[1])))
    from_where = promising_starts(problem, stats, starts, lower, upper, keep=keep)
    n_own = 0
    if own is not None:
        ours = np.clip(np.broadcast_to(own, (b, *own.shape[1:])), lower, upper)
        from_where, n_own = np.concatenate([ours, from_where], axis=1), ours.shape[1]
    found, went_on = _raced(problem, stats, from_where, lower, upper, n_own=n_own)
    k = from_where.shape[1]
    amount = problem.outcome.amount(stats)
    value = found.value.reshape(b, k)
    hopeful = (value >= value.max(axis=1, keepdims=True) - _HOPEFUL).ravel()
    for row in went_on[hopeful[went_on] & ~found.converged[went_on]].tolist():
        _bend_over(problem, stats[[row // k]] if b > 1 else stats, found, row, lower, upper)
    value = found.value.reshape(b, k)
    highest = value.max(axis=1, keepdims=True)
    reached = value >= highest - _EQUAL * amount[:, None]
    # Of those that reach the top, one that knows that it is there.
    settled = reached & found.converged.reshape(b, k)
    place = np.where(settled.any(axis=1), settled.argmax(axis=1), value.argmax(axis=1))
    return found.chosen(np.arange(b) * k + place)


def at_estimate(
    problem: Problem,
    stats: FloatArray,
    values: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> Maximum:
    """Return the maximum of one problem that was found before, with its derivatives."""
    top = maximise(problem, stats, values[None], lower[None], upper[None])
    if not top.converged[0]:
        _bend_over(problem, stats, top, 0, lower, upper)
    return top


def _raced(
    problem: Problem,
    stats: FloatArray,
    starts: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    n_own: int,
) -> tuple[Maximum, IntArray]:
    """Maximise from the best of starts (b, k, q): a few steps from each, more from fewer.

    The first ``n_own`` of each problem go all the way. Starts that fall behind, and those that
    have come to the hill of a better one, stay where they are; the rows that went all the way are
    returned, too.
    """
    b, k, q = starts.shape
    low, high = np.tile(lower, (b * k, 1)), np.tile(upper, (b * k, 1))
    amount = problem.outcome.amount(stats)
    shared = len(stats) == 1
    found = Maximum(
        starts.reshape(b * k, q).copy(),
        np.full(b * k, -np.inf),
        np.zeros((b * k, q)),
        np.zeros((b * k, q, q)),
        np.zeros(b * k, dtype=bool),
        np.zeros(b * k, dtype=np.intp),
    )

    held = _shape_places(problem)

    def climb(rows: IntArray, n_steps: int | None, *, ends_only: bool = False) -> None:
        rows = rows[~found.converged[rows]]
        if not len(rows):
            return
        limit: dict[str, Any] = {} if n_steps is None else {"max_iter": n_steps, "to_end": False}
        own = stats if shared else stats[rows // k]
        near, far = low[rows], high[rows]
        if ends_only:
            near[:, held] = far[:, held] = found.p[rows][:, held]
        new = maximise(problem, own, found.p[rows], near, far, **limit)
        found.p[rows], found.value[rows], found.score[rows] = new.p, new.value, new.score
        found.info[rows], found.converged[rows] = new.info, new.converged & (not ends_only)
        found.n_iter[rows] += new.n_iter

    every = np.arange(b * k).reshape(b, k)
    climb(every[:, :n_own].ravel(), None)
    rows = every[:, n_own:].ravel()
    ours = every[:, :n_own].ravel()
    # The hill of a steep curve is small: with wrong ends a climb would leave it at once.
    climb(rows, _ENDS_FIRST, ends_only=True)
    for n_steps, part in _RACE:
        climb(rows, n_steps)
        rows = np.union1d(ours, rows)
        rows = rows[_hopeful(found, rows, lower, upper, b)]
        rows = _ahead(problem, found, rows, amount, b, -(-k // part))
    rows = np.union1d(ours, rows)
    climb(rows, None)
    return found, rows


def _hopeful(
    found: Maximum, rows: IntArray, lower: FloatArray, upper: FloatArray, b: int
) -> BoolArray:
    """Tell which rows may still rise above the maxima that others in their problem have reached."""
    reached = np.where(found.converged, found.value, -np.inf).reshape(b, -1).max(axis=1)
    reached = reached[rows // (len(found.p) // b)]
    hopeful: BoolArray = found.converged[rows] | ~np.isfinite(reached)
    asked = np.flatnonzero(~hopeful)
    if len(asked):
        own = rows[asked]
        _, gain, _ = _step(
            found.p[own], found.score[own], found.info[own], lower, upper, np.zeros(len(own))
        )
        hopeful[asked] = found.value[own] + _PROMISE * gain > reached[asked]
    return hopeful


def _ahead(
    problem: Problem, found: Maximum, rows: IntArray, amount: FloatArray, b: int, most: int
) -> IntArray:
    """Return the best of some rows in each of b problems, each on a hill of its own."""
    k = len(found.p) // b
    runs = np.zeros(b * k, dtype=bool)
    runs[rows] = True
    order = np.argsort(-np.where(runs, found.value, -np.inf).reshape(b, k), axis=1, kind="stable")
    n_first = int(runs.reshape(b, k).sum(axis=1).max())
    rows = order[:, :n_first] + k * np.arange(b)[:, None]
    p, info, runs = found.p[rows], found.info[rows], runs[rows]
    apart = p[:, :, None] - p[:, None]
    near = ((apart @ info) * apart).sum(axis=-1) < _SAME_HILL * amount[:, None, None]
    elsewhere = np.zeros_like(near)
    if problem.kinks is not None:
        piece = np.searchsorted(problem.kinks, p[:, :, _kinked_place(problem)], side="right")
        elsewhere = piece[:, :, None] != piece[:, None]
    # Where kinks are few, the best between any two of them goes on.
    by_piece = problem.kinks is not None and len(problem.kinks) <= _PIECES
    for place in range(n_first):
        before = runs[:, :place]
        other = elsewhere[:, place, :place]
        known = (near[:, place, :place] & ~other & before).any(axis=1)
        goes_on = before.sum(axis=1) < most
        if by_piece:
            goes_on |= (other | ~before).all(axis=1)
        runs[:, place] &= ~known & goes_on
    return np.sort(rows[runs])


def _bend_over(
    problem: Problem,
    stats: FloatArray,
    top: Maximum,
    row: int,
    lower: FloatArray,
    upper: FloatArray,
) -> None:
    """Go on from one problem of ``top`` with the second derivatives (Newton), in its place.

    Where the curve is steep, scoring takes what hardly shows in the likelihood for straight,
    and goes to and fro. Second derivatives cost more, and are right.
    """
    if problem.kinks is not None:
        return
    amount = float(problem.outcome.amount(stats)[0])
    span = np.where(upper > lower, upper - lower, 1.0)

    def evaluated(at: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Evaluate places (k, q) per unit of weight, in units of the ranges."""
        value, score, info = evaluate(problem, stats, at)
        return value / amount, score * span / amount, info

    p = top.p[[row]]
    value, score, info = evaluated(p)
    damping, converged, held = 1e-6, False, None
    for _ in range(_BENDS):
        free = np.flatnonzero(free_parameters(p, score, lower, upper)[0])
        if not len(free):
            converged = True
            break
        if held is None:
            held = _curvature(evaluated, p[0], free, lower, upper, span)
        values, vectors = np.linalg.eigh(held)
        pull = vectors.T @ score[0, free]
        size = np.maximum(np.abs(values), 1e-14 * np.abs(values).max() + 1e-300)
        hollow = (values < -1e-7 * np.abs(values).max()).any()
        promise = np.inf if hollow else (pull**2 / size).sum()
        converged = promise < _NOTHING_LEFT
        if promise < _NOTHING_LEFT / 100:
            break
        step = np.zeros_like(p)
        step[0, free] = vectors @ (pull / (size + damping)) * span[free]
        trial = _within(p, step, lower, upper)
        new = evaluated(trial)
        top.n_iter[row] += 1
        if new[0][0] > value[0]:
            p, (value, score, info), held = trial, new, None
            damping = max(damping / 10, 1e-14)
        elif damping > _STUCK:
            break
        else:
            damping *= 10
    top.p[row], top.value[row], top.info[row] = p[0], value[0] * amount, info[0]
    top.score[row], top.converged[row] = score[0] / span * amount, converged


def _curvature(
    evaluated: Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]],
    p: FloatArray,
    free: IntArray,
    lower: FloatArray,
    upper: FloatArray,
    span: FloatArray,
) -> FloatArray:
    """Return minus the second derivatives of the free parameters, in units of the ranges."""
    k = np.arange(len(free))
    high, low = np.repeat(p[None], len(free), axis=0), np.repeat(p[None], len(free), axis=0)
    high[k, free] = np.minimum(p[free] + _SHIFT * span[free], upper[free])
    low[k, free] = np.maximum(p[free] - _SHIFT * span[free], lower[free])
    _, score, _ = evaluated(np.concatenate([high, low]))
    apart = (high - low)[k, free] / span[free]
    bend = (score[len(free) :] - score[: len(free)])[:, free] / apart[:, None]
    found: FloatArray = (bend + bend.T) / 2
    return found


def among_kinks(
    problem: Problem, stats: FloatArray, top: Maximum, lower: FloatArray, upper: FloatArray
) -> Maximum:
    """Look round the maximum of one problem for higher hills between kinks that are dense.

    Such hills are small beside the standard error, the smaller the more customers there are.
    """
    if problem.kinks is None or not _PIECES < len(problem.kinks) < _DENSE:
        return top
    place = _kinked_place(problem)
    if lower[place] == upper[place]:
        return top
    free = free_parameters(top.p, top.score, lower, upper)[0]
    free[place] = True
    block = top.info[0][np.ix_(free, free)]
    at = int(free[:place].sum())
    error = np.sqrt(np.abs(np.linalg.pinv(block)[at, at]))
    starts = np.repeat(top.p, len(_NEIGHBOURS), axis=0)
    starts[:, place] += _NEIGHBOURS * error
    k = len(starts)
    found = maximise(problem, stats, starts, np.tile(lower, (k, 1)), np.tile(upper, (k, 1)))
    best = int(found.value.argmax())
    return found.chosen(np.array([best])) if found.value[best] > top.value[0] else top


def promising_starts(
    problem: Problem,
    stats: FloatArray,
    starts: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    keep: int,
) -> FloatArray:
    """Return the starts (b, keep, q) of the highest log-likelihood, of different shapes.

    Given the curve, groups do not depend on each other, so each takes the best of several
    constraints. The last parameter of the curve and the effects of drivers tell shapes apart: the
    best of each are preferred. Of very many cells some are enough to tell starts apart.
    """
    cells, n_curve = problem.cells, problem.n_curve
    rows = np.clip(starts, lower, upper)
    if cells.group is not None:
        rows[:, n_curve : n_curve + cells.n_constraints] = 0.0
    rows = np.unique(rows, axis=0)
    n_groups = cells.n_constraints if cells.group is not None else 1
    size = max(1, _TRIED // (len(rows) * len(_HELD) * n_groups))
    n_values = len(rows) * len(_HELD) * cells.n_cells
    stride = max(1, min(n_values // _OF_SOME, cells.n_cells // _ENOUGH))
    if stride > 1:
        problem, stats = replace(problem, cells=cells.some(stride)), stats[:, :, ::stride]
    parts = []
    for first in range(0, len(stats), size):
        own = stats[first : first + size]
        value, held = _tried(problem, own, rows, lower, upper)
        parts.append(_chosen(problem, rows, value, held, min(keep, len(rows))))
    return np.concatenate(parts)


def _tried(
    problem: Problem, stats: FloatArray, rows: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log-likelihoods (b, k) of starts, and the best constraints (b, k, groups)."""
    cells, n_curve, b, k = problem.cells, problem.n_curve, len(stats), len(rows)
    extra = rows[:, n_curve + cells.n_constraints :]
    if cells.group is None:
        value = np.zeros((b, k))
        for part in cells.slices(k):
            loyalty = loyalty_in_cells(problem, rows, part)
            terms = problem.outcome.terms(loyalty, cells.node_weights[part], extra)
            value += stats[:, :, part].reshape(b, -1) @ terms.reshape(k, -1).T
        return value, np.empty((b, k, 0))
    n_groups = cells.n_constraints
    own = slice(n_curve, n_curve + n_groups)
    tried = np.clip(_HELD[:, None], lower[own], upper[own])
    n_tried = len(tried)
    each = np.zeros((b, k, n_tried, n_groups))
    more = np.repeat(extra, n_tried, axis=0)
    for part in cells.slices(k * n_tried):
        code = cells.group[part]
        g = problem.family.value(cells.nodes_of(part), rows[:, :n_curve])
        g = g.reshape(k, 1, -1, cells.node_weights.shape[1])
        c = tried[:, code, None]
        loyalty = (c + (1 - c) * g).reshape(k * n_tried, len(code), -1)
        terms = problem.outcome.terms(loyalty, cells.node_weights[part], more)
        firsts = np.flatnonzero(np.diff(code, prepend=-1))
        here = stats[:, :, part]
        if b == 1:
            added = np.add.reduceat((terms * here[0]).sum(axis=1), firsts, axis=1)
            each[0][:, :, code[firsts]] += added.reshape(k, n_tried, -1)
            continue
        for first, last in pairwise([*firsts.tolist(), len(code)]):
            found = here[:, :, first:last].reshape(b, -1) @ (
                terms[:, :, first:last].reshape(k * n_tried, -1).T
            )
            each[:, :, :, code[first]] += found.reshape(b, k, n_tried)
    best = each.argmax(axis=2)
    value = np.take_along_axis(each, best[:, :, None], axis=2)[:, :, 0].sum(axis=2)
    held = tried[best, np.arange(n_groups)]
    return value, held


def _chosen(
    problem: Problem, rows: FloatArray, value: FloatArray, held: FloatArray, keep: int
) -> FloatArray:
    """Return the best starts (b, keep, q): first of each shape, then of all."""
    b = np.arange(len(value))[:, None]
    shape = np.unique(rows[:, _shape_places(problem)], axis=0, return_inverse=True)[1].ravel()
    rank = value.copy()
    high, low = value.max(axis=1), value.min(axis=1)
    for one in np.unique(shape):
        same = np.flatnonzero(shape == one)
        rank[b[:, 0], same[value[:, same].argmax(axis=1)]] += high - low + 1
    order = np.argsort(-rank, axis=1, kind="stable")[:, :keep]
    found = rows[order]
    found[:, :, problem.n_curve : problem.n_curve + held.shape[2]] = held[b, order]
    return found


def _shape_places(problem: Problem) -> list[int]:
    """Return which parameters make the shape of the curve, and which are effects of drivers."""
    last, n_held = problem.n_curve - 1, problem.cells.n_constraints
    places = list(range(min(last, _RISEN), last + 1))
    if problem.cells.drivers is not None:
        places += range(last + 2, last + 1 + n_held)
    return places


def profile_ends(  # noqa: PLR0915  loops that share where they are
    problem: Problem,
    stats: FloatArray,
    top: Maximum,
    lower: FloatArray,
    upper: FloatArray,
    *,
    places: IntArray,
    errors: FloatArray,
    drop: float,
    starts: FloatArray,
) -> FloatArray:
    """Return where the profile log-likelihood has fallen by ``drop``: (k, 2) for k parameters.

    ``top`` is the maximum of one problem and ``errors`` (k,) are standard errors, for the first
    guess. An end at which it never falls so far is the parameter's bound. At an end ``starts``
    are tried again: where another hill is higher there, the way goes on from it.
    """
    k = len(places)
    place = np.repeat(places, 2)
    sign = np.tile([-1.0, 1.0], k)
    limit = np.where(sign < 0, lower[place], upper[place])
    at = np.repeat(top.p[0, places], 2)
    reach = np.repeat(errors, 2) * np.sqrt(2 * drop)
    inner, outer = at.copy(), at.copy()
    fallen_inner, fallen_outer = np.full(2 * k, -drop), np.full(2 * k, -drop)
    p = np.repeat(top.p, 2 * k, axis=0)

    def fallen(values: FloatArray, rows: IntArray) -> FloatArray:
        """Profile at values of some rows, less the drop; remembers where it was."""
        start = p[rows]
        start[np.arange(len(rows)), place[rows]] = values
        low, high = np.tile(lower, (len(rows), 1)), np.tile(upper, (len(rows), 1))
        low[np.arange(len(rows)), place[rows]] = values
        high[np.arange(len(rows)), place[rows]] = values
        found = maximise(problem, stats, start, low, high)
        p[rows] = found.p
        lost: FloatArray = top.value[0] - found.value - drop
        return lost

    def out_and_back(rows: IntArray) -> None:
        """Find the ends of some rows, from where they are."""
        open_rows = rows
        reach[rows] = np.repeat(errors, 2)[rows] * np.sqrt(2 * drop)
        for _ in range(60):  # outwards, until it has fallen enough or the bound is reached
            step = np.maximum(reach[open_rows], 1e-9)
            nearer = np.where(
                sign[open_rows] < 0,
                np.maximum(outer[open_rows] - step, limit[open_rows]),
                np.minimum(outer[open_rows] + step, limit[open_rows]),
            )
            inner[open_rows], fallen_inner[open_rows] = outer[open_rows], fallen_outer[open_rows]
            outer[open_rows] = nearer
            fallen_outer[open_rows] = fallen(nearer, open_rows)
            reach[open_rows] *= 1.5
            open_rows = open_rows[
                (fallen_outer[open_rows] < 0) & (outer[open_rows] != limit[open_rows])
            ]
            if not len(open_rows):
                break
        found[rows] = np.where(fallen_outer[rows] < 0, limit[rows], outer[rows])
        open_rows = rows[fallen_outer[rows] >= 0]
        for turn in range(100):  # regula falsi, with the end that stays halved (Illinois)
            if not len(open_rows):
                break
            a, b = inner[open_rows], outer[open_rows]
            fa, fb = fallen_inner[open_rows], fallen_outer[open_rows]
            middle = (a + b) / 2 if turn % 8 == 7 else b - fb * (b - a) / (fb - fa)  # noqa: PLR2004
            fm = fallen(middle, open_rows)
            beyond = fm >= 0
            inner[open_rows] = np.where(beyond, a, middle)
            fallen_inner[open_rows] = np.where(beyond, fa / 2, fm)
            outer[open_rows] = np.where(beyond, middle, b)
            fallen_outer[open_rows] = np.where(beyond, fm, fb / 2)
            found[open_rows] = middle
            near = (np.abs(fm) < 1e-9) | (np.abs(b - a) < 1e-12 * (1 + np.abs(b)))  # noqa: PLR2004
            open_rows = open_rows[~near]

    def higher(rows: IntArray) -> IntArray:
        """Return the rows at whose ends another hill is higher, and go over to it."""
        over = []
        for row in rows.tolist():
            low, high = lower.copy(), upper.copy()
            low[place[row]] = high[place[row]] = found[row]
            here = p[row][None, None]
            best = search(problem, stats, starts, low, high, own=here, keep=_KEPT_OF_PROFILES)
            lost = float(top.value[0] - best.value[0] - drop)
            settled[row] = best.converged[0]
            if lost < -_OTHER_HILL:
                p[row], outer[row], fallen_outer[row] = best.p[0], found[row], lost
                over.append(row)
        return np.array(over, dtype=np.intp)

    found = at.copy()
    settled = np.ones(2 * k, dtype=bool)
    open_rows = np.arange(2 * k)
    for _ in range(_HILLS):
        out_and_back(open_rows)
        open_rows = higher(open_rows[found[open_rows] != limit[open_rows]])
        if not len(open_rows):
            break
    settled[open_rows] = False  # hill after hill: no end was found
    return np.where(settled | (found == limit), found, np.nan).reshape(k, 2)
