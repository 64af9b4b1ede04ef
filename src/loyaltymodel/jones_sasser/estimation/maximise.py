"""Maximum likelihood for a stack of problems, within bounds, and profiles of it.

Damped scoring (Levenberg and Marquardt) with an active set: a parameter on its bound stays there
as long as the likelihood would rise beyond it. Bounds are part of the problem because estimates
reach them: where nothing binds, the best constraint is exactly 0, and on an unbounded scale no
maximum would exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.jones_sasser.estimation.likelihood import Problem, evaluate

_LITTLE_DAMPED = 1e-2  # a step damped no more than this is nearly a full one
_UNDAMPED = 1e-7
_AT_KINK = 1e-4
_STUCK = 1e12
_CLOSE = 1e-6  # of its range: a parameter so close to a bound may step onto it
_LEFT = 0.1
_VALUES = 30_000_000  # elements of information matrices and statistics at a time: 240 MB


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
    tol: float = 1e-11,
    max_iter: int = 200,
) -> Maximum:
    """Find the maximum of each problem from its own start.

    ``start``, ``lower`` and ``upper`` are (b, q); a parameter whose bounds are equal is fixed.
    Converged means that a full step would raise the log-likelihood by less than ``tol``, so
    that the estimate is within about sqrt(2 tol) standard errors of the maximum.
    """
    b, q = start.shape
    size = max(1, _VALUES // (q * q + stats.shape[1] * stats.shape[2]))
    if b <= size:
        return _maximise(problem, stats, start, lower, upper, tol=tol, max_iter=max_iter)
    parts = []
    for first in range(0, b, size):
        part = slice(first, first + size)
        own = stats[part] if len(stats) > 1 else stats
        parts.append(
            _maximise(
                problem, own, start[part], lower[part], upper[part], tol=tol, max_iter=max_iter
            )
        )
    return Maximum(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("p", "value", "score", "info", "converged", "n_iter")
        )
    )


def _maximise(
    problem: Problem,
    stats: FloatArray,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    tol: float,
    max_iter: int,
) -> Maximum:
    b, _ = start.shape
    p = np.clip(start, lower, upper)
    value, score, info = evaluate(problem, stats, p)
    converged, n_iter = np.zeros(b, dtype=bool), np.zeros(b, dtype=np.intp)
    damping = np.full(b, _LITTLE_DAMPED)
    at_work = np.arange(b)
    for _ in range(max_iter):
        here = at_work
        step, gain = _step(
            p[here], score[here], info[here], lower[here], upper[here], damping[here]
        )
        done = (gain < tol) & (damping[here] <= _LITTLE_DAMPED)
        converged[here[done]] = True
        at_work = here = here[~done]
        if not len(here):
            break
        n_iter[here] += 1
        trial = _within(p[here], step[~done], lower[here], upper[here])
        own = stats[here] if len(stats) > 1 else stats
        new_value, new_score, new_info = evaluate(problem, own, trial)
        # Sums of many terms are rounded; a loss as small as that is none.
        better = new_value >= value[here] - 1e-14 * np.abs(value[here]) - 1e-13
        good = here[better]
        p[good], value[good] = trial[better], new_value[better]
        score[good], info[good] = new_score[better], new_info[better]
        damping[good] = np.where(damping[good] < _UNDAMPED, 0.0, damping[good] / 10)
        damping[here[~better]] = np.maximum(damping[here[~better]] * 10, 1e-4)
        # On a kink no step keeps what it promises; within a hundredth of an error it may not.
        stuck = ~better & (gain[~done] < _AT_KINK)
        converged[here[stuck]] = True
        here = here[~stuck]
        at_work = here[damping[here] < _STUCK]
        if not len(at_work):
            break
    return Maximum(p, value, score, info, converged, n_iter)


def _step(
    p: FloatArray,
    score: FloatArray,
    info: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    damping: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return steps (b, q) and twice the gain (b,) that they promise."""
    free = free_parameters(p, score, lower, upper)
    pull = np.where(free, score, 0.0)
    q = p.shape[1]
    diagonal = info[:, np.arange(q), np.arange(q)]
    size = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True) + 1e-300))
    scaled = info / (size[:, :, None] * size[:, None, :])
    scaled = np.where(free[:, :, None] & free[:, None, :], scaled, 0.0)
    scaled[:, np.arange(q), np.arange(q)] = np.where(free, 1 + 1e-12 + damping[:, None], 1.0)
    step = np.linalg.solve(scaled, (pull / size)[..., None])[..., 0] / size
    return np.where(free, step, 0.0), (step * pull).sum(axis=1)


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


def best_of_starts(
    problem: Problem,
    stats: FloatArray,
    starts: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    tol: float = 1e-11,
    max_iter: int = 200,
) -> Maximum:
    """Maximise each of b problems from each of k starts (k, q) or (b, k, q); keep the best."""
    b = len(stats)
    starts = np.broadcast_to(starts, (b, *starts.shape[-2:]))
    k, q = starts.shape[1:]
    found = maximise(
        problem,
        np.repeat(stats, k, axis=0) if b > 1 else stats,
        starts.reshape(b * k, q),
        np.broadcast_to(lower, (b * k, q)) if lower.ndim == 1 else np.repeat(lower, k, axis=0),
        np.broadcast_to(upper, (b * k, q)) if upper.ndim == 1 else np.repeat(upper, k, axis=0),
        tol=tol,
        max_iter=max_iter,
    )
    best = np.arange(b) * k + found.value.reshape(b, k).argmax(axis=1)
    return found.chosen(best)


def profile_ends(
    problem: Problem,
    stats: FloatArray,
    top: Maximum,
    lower: FloatArray,
    upper: FloatArray,
    *,
    places: IntArray,
    errors: FloatArray,
    drop: float,
) -> FloatArray:
    """Return where the profile log-likelihood has fallen by ``drop``: (k, 2) for k parameters.

    ``top`` is the maximum of one problem and ``errors`` (k,) are standard errors, for the first
    guess. An end at which it never falls so far is the parameter's bound.
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

    open_rows = np.arange(2 * k)
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
        reach *= 1.5
        open_rows = open_rows[
            (fallen_outer[open_rows] < 0) & (outer[open_rows] != limit[open_rows])
        ]
        if not len(open_rows):
            break
    found = np.where(fallen_outer < 0, limit, outer)
    open_rows = np.flatnonzero(fallen_outer >= 0)
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
    return found.reshape(k, 2)
