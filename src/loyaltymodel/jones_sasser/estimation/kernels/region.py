"""How far an answer can go while the likelihood stays near its maximum.

The profile interval of an answer h(p) ends where h is smallest and largest among the parameters
whose log-likelihood is no more than a drop below the maximum. With the quadratic of the likelihood
and the tangent of h at some place both ends have a closed form; at the maximum it is Wald's. That
step is taken from place to place until nothing moves: then the likelihood is at its end, and its
slope is that of h. Parameters on a bound stay there as long as the step would lead beyond it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import Problem, evaluate

# Values (b,) and gradients (b, q) of answers, whose places are (b,), at parameters (b, q).
Answers = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]
# Parameters (b, q) with log-likelihood (b,), score (b, q) and information (b, q, q).
Place = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

_STEPS = 300
_HALVINGS = 12
_BEYOND = 0.25  # of the drop: so far below its end a step may lead, the next comes back
_CLOSE = 1e-6  # of the drop, and of the answer: what is left to go
_LEAST = 1e-4  # an answer smaller than this is as close as one of this size
_DAMPED = (1e-8, 1e-3, 1e-1)  # of the information at the maximum, least, at first and most
_LESS, _MORE = 0.7, 5.0  # damped after a step that leads on, and after one that leads back
_LEAST_SHOWN = 1e-4  # of the largest information over a range: less is damped as much
_LEFT = 0.1  # of the way to a bound, in the second attempt: there a likelihood may have no end
_NEAR = 1e-4  # of a range: so near, a step goes onto the bound
_BESIDE = 2.0  # errors
_PATIENT = 20  # steps after which damping is lessened
_QUICKER = 1.2  # after each step that leads on; one that leads back halves the pace
_VALUES = 10_000_000  # elements of information matrices and gradients at a time: 80 MB


def extremes(
    problem: Problem,
    stats: FloatArray,
    top: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    answers: Answers,
    *,
    drop: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the smallest and the largest of answers (k,) within drops (k,) of the maximum (q,).

    NaN where no end was found. Answers whose drop is not known have none.
    """
    known = np.flatnonzero(np.isfinite(drop))
    ends = np.full((2, len(drop)), np.nan)
    most = max(len(top), problem.n_curve * problem.cells.n_cells // len(top))
    size = max(1, _VALUES // (len(top) * most))
    best, _, info = evaluate(problem, stats, top[None])
    start = _starts(top, info[0], lower, upper, problem.n_curve)
    tasks = np.array([(side, k) for side in (0, 1) for k in known], dtype=np.intp).reshape(-1, 2)
    for short in (False, True):
        rows = np.repeat(tasks, len(start), axis=0)
        starts = np.tile(start, (len(tasks), 1))
        found = np.empty(len(rows))
        for first in range(0, len(rows), size):
            part = slice(first, first + size)
            side, which = rows[part].T
            found[part] = _ends(
                problem, stats, starts[part], info[0], (lower, upper), answers, which,
                2.0 * side - 1, best[0] - drop[which], drop[which], short=short,
            )  # fmt: skip
        sign = 2.0 * tasks[:, 0] - 1
        furthest = np.fmax.reduce(sign[:, None] * found.reshape(-1, len(start)), axis=1)
        ends[tasks[:, 0], tasks[:, 1]] = sign * furthest
        tasks = tasks[np.isnan(furthest)]
    return ends[0], ends[1]


def _starts(
    top: FloatArray, info: FloatArray, lower: FloatArray, upper: FloatArray, n_curve: int
) -> FloatArray:
    """Return places (s, q) to set out from: the maximum, and beside it along the curve's own.

    From the maximum alone, parameters on their bounds may never leave them.
    """
    free = np.flatnonzero(lower < upper)
    errors = np.sqrt(np.diag(np.linalg.pinv(info[np.ix_(free, free)])).clip(min=0.0))
    starts = [top]
    for place, error in zip(free, errors, strict=True):
        if place < n_curve:
            for sign in (-1.0, 1.0):
                beside = top.copy()
                beside[place] += sign * _BESIDE * error
                starts.append(np.clip(beside, lower, upper))
    return np.unique(starts, axis=0)


def _ends(  # noqa: PLR0917  as of the function above
    problem: Problem,
    stats: FloatArray,
    p: FloatArray,
    info_at_top: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    answers: Answers,
    which: IntArray,
    side: FloatArray,
    goal: FloatArray,
    drop: FloatArray,
    *,
    short: bool,
) -> FloatArray:
    """Return the smallest (side -1) or largest (1) answers (k,) from starts ``p`` (k, q).

    With ``short`` steps, which lead most of the way to a bound, and not onto it.
    """
    k, (lower, upper) = len(which), bounds
    sign = side[:, None]
    found = np.full(k, np.nan)
    at_work, pace = np.arange(k), np.ones(k)
    value, score, info = evaluate(problem, stats, p)
    span = np.where(lower < upper, upper - lower, 1.0)
    shown = np.diag(info_at_top) * span**2
    least_damped, at_first, most_damped = _DAMPED
    unit = np.diag(np.maximum(shown, _LEAST_SHOWN * shown.max()) / span**2)
    damp = np.full(k, at_first)
    _, slope = answers(p, which)
    step = _step(value - goal, score, info + at_first * unit, sign * slope, p, lower, upper)
    for turn in range(_STEPS):
        least = np.minimum(value, goal - _BEYOND * drop)
        ends = _short_of(p, lower, upper) if short else bounds
        at = (p, value, score, info)
        p, value, score, info = _moved(problem, stats, at, pace[:, None] * step, least, ends)
        answer, slope = answers(p, which)
        last = step
        damped = info + damp[:, None, None] * unit
        step = _step(value - goal, score, damped, sign * slope, p, lower, upper)
        # Steps that lead to and fro go round the end, which is bent; half of them lead there.
        back = np.einsum("bi,bij,bj->b", last, info, step) < 0
        pace = np.where(back, pace / 2, np.minimum(1.0, _QUICKER * pace))
        if turn >= _PATIENT:
            damp = np.clip(damp * np.where(back, _MORE, _LESS), least_damped, most_damped)
        to_go = np.abs(np.vecdot(slope, np.clip(p + step, lower, upper) - p))
        there = (value >= goal - _CLOSE * drop) & (
            to_go <= _CLOSE * np.maximum(np.abs(answer), _LEAST)
        )
        found[at_work[there]] = answer[there]
        on = ~there
        if not on.any():
            break
        at_work, which, drop, sign, goal, pace, damp = (
            x[on] for x in (at_work, which, drop, sign, goal, pace, damp)
        )
        p, value, score, info, slope, step = (x[on] for x in (p, value, score, info, slope, step))
    return found


def _short_of(p: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far a step may lead (b, q) at once: most of the way to a bound."""
    close = _NEAR * (upper - lower)
    return (
        np.where(p - lower > close, lower + _LEFT * (p - lower), lower),
        np.where(upper - p > close, upper - _LEFT * (upper - p), upper),
    )


def _moved(
    problem: Problem,
    stats: FloatArray,
    at: Place,
    step: FloatArray,
    least: FloatArray,
    ends: tuple[FloatArray, FloatArray],
) -> Place:
    """Take a step within the ends, or a half of a half, so that the likelihood is not lost."""
    p = at[0]
    lower, upper = (np.broadcast_to(end, p.shape) for end in ends)
    moved = np.clip(p + step, lower, upper)
    found = (moved, *evaluate(problem, stats, moved))
    lost = np.flatnonzero(~(found[1] >= least))
    size = 1.0
    for _ in range(_HALVINGS):
        if not len(lost):
            return found
        size /= 2
        moved = np.clip(p[lost] + size * step[lost], lower[lost], upper[lost])
        _put(found, lost, (moved, *evaluate(problem, stats, moved)))
        lost = lost[~(found[1][lost] >= least[lost])]
    _put(found, lost, tuple(part[lost] for part in at))
    return found


def _put(found: Place, rows: IntArray, parts: tuple[FloatArray, ...]) -> None:
    """Put what was found of some rows in its place."""
    for whole, part in zip(found, parts, strict=True):
        whole[rows] = part


def _step(
    above: FloatArray,
    score: FloatArray,
    info: FloatArray,
    slope: FloatArray,
    p: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """Return the step (b, q) to the largest tangent on the quadratic's end.

    Of a log-likelihood ``above`` its goal, with score u and information J, the largest h'd with
    above + u'd - d'Jd / 2 = 0 is at d = J^-1 u + t J^-1 h, t^2 = (2 above + u'J^-1 u) / h'J^-1 h;
    where the quadratic does not get so high, t = 0 climbs.
    """
    b, q = p.shape
    places = np.arange(q)
    low, high = p <= lower, p >= upper
    free = np.broadcast_to(lower < upper, (b, q)).copy()
    step = np.zeros((b, q))
    for _ in range(q):
        u, h = np.where(free, score, 0.0), np.where(free, slope, 0.0)
        size = np.sqrt(np.where(free, info[:, places, places], 1.0))
        scaled = info * (free[:, :, None] & free[:, None, :]) / (size[:, :, None] * size[:, None])
        scaled[:, places, places] = 1.0
        both = np.linalg.solve(scaled, np.stack([u / size, h / size], axis=-1)) / size[..., None]
        climb, turn = both[..., 0], both[..., 1]
        room = 2 * above + np.vecdot(u, climb)
        bent = np.vecdot(h, turn)
        t = np.sqrt(np.maximum(room, 0.0) / np.where(bent > 0, bent, np.inf))
        step = climb + t[:, None] * turn
        beyond = free & ((low & (step < 0)) | (high & (step > 0)))
        if not beyond.any():
            break
        free &= ~beyond
    return np.where(free, step, 0.0)
