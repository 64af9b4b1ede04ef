"""Run lengths of charts, means of waves with their joint error, and parts of a change, on arrays.

All three charts are one recursion on how far a wave u lies below the centre, in standard errors:
Q' = max(0, memory Q + gain (u - reference)), from Q = 0, with an alarm where Q' passes the limit.
Shewhart's chart has no memory, the CUSUM all of it, and the EWMA 1 - gain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.counts import Shares, effective_size, kish, pull_of, weighted_means
from loyaltymodel._core.intervals import ndtr, satterthwaite

_NODES = 40  # of an integral over the values of a chart
_MOST_NODES = 240
_STEP = 0.6  # standard deviations of a step between nodes, so that sums are the integrals
_CENTRES = 24  # nodes for the error of the centre
_SPREADS = 20  # and of the standard deviation
_ROUNDED = 1e-12  # of the largest answer
_ROOT_2_PI = float(np.sqrt(2 * np.pi))


class Recursion(NamedTuple):
    """What makes a chart: ``memory`` and ``gain`` of its recursion, and ``reference``."""

    memory: float
    gain: float
    reference: float


def charted(u: FloatArray, chart: Recursion) -> FloatArray:
    """Return the values (..., t) of a chart of waves (..., t)."""
    q, found = np.zeros(u.shape[:-1]), np.empty_like(u)
    for t in range(u.shape[-1]):
        q = np.maximum(0.0, chart.memory * q + chart.gain * (u[..., t] - chart.reference))
        found[..., t] = q
    return found


def _steps(
    chart: Recursion, limit: float, shift: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return nodes (r,), the first of them 0, and steps (b, r, r) between them without an alarm.

    The chart rests at 0 with a probability, and elsewhere has a density, whose integral is
    a sum over the nodes of Gauss and Legendre.
    """
    widest = limit / (chart.gain * float(scale.min()))
    size = int(min(max(_NODES, widest / _STEP), _MOST_NODES))
    x, weight = np.polynomial.legendre.leggauss(size)
    nodes = np.append(0.0, (x + 1) * limit / 2)
    start = chart.memory * nodes[:, None] / chart.gain - chart.reference
    goal = nodes[None, :] / chart.gain
    z = (goal - start - shift[:, None, None]) / scale[:, None, None]
    step = np.exp(-(z**2) / 2) / (_ROOT_2_PI * chart.gain * scale[:, None, None])
    step[:, :, 1:] *= weight * limit / 2
    step[:, :, 0] = ndtr(z[:, :, 0])
    return nodes, step


def average_run_length(
    chart: Recursion, limit: float, shift: FloatArray | None = None
) -> FloatArray:
    """Return how many waves pass on average up to an alarm, with falls (b,) in standard errors."""
    fall = np.zeros(1) if shift is None else shift
    if chart.memory == 0:
        return np.asarray(1 / ndtr(fall - chart.reference - limit / chart.gain))
    _, step = _steps(chart, limit, fall, np.ones_like(fall))
    length = np.linalg.solve(np.eye(step.shape[-1]) - step, np.ones((*step.shape[:-1], 1)))
    return np.asarray(length[:, 0, 0])


def no_alarm(
    chart: Recursion, limit: float, shift: FloatArray, scale: FloatArray, horizon: int
) -> FloatArray:
    """Return the probability (b, horizon) that there was no alarm up to each wave.

    Waves are normal, with mean ``shift`` (b,) and standard deviation ``scale`` (b,).
    """
    if chart.memory == 0:
        stays = ndtr((limit / chart.gain + chart.reference - shift) / scale)
        return np.asarray(stays[:, None] ** np.arange(1, horizon + 1))
    _, step = _steps(chart, limit, shift, scale)
    left, found = np.ones((*step.shape[:-1], 1)), np.empty((len(shift), horizon))
    for t in range(horizon):
        left = step @ left
        found[:, t] = left[:, 0, 0]
    return found


def alarm_by(
    chart: Recursion,
    limit: float,
    horizon: int,
    *,
    baseline: int | None,
    estimated: bool,
    fall: float = 0.0,
) -> FloatArray:
    """Return the probability (horizon,) of an alarm up to each wave.

    The centre is known, or the mean of ``baseline`` waves, whose error all later waves share; the
    standard error of a wave is known, or the standard deviation of the same waves.
    """
    error, weight = np.zeros(1), np.ones(1)
    if baseline is not None:
        x, w = np.polynomial.hermite_e.hermegauss(_CENTRES)
        error, weight = x / np.sqrt(baseline), w / w.sum()
    ratios, of_ratio = np.ones(1), np.ones(1)
    if estimated and baseline is not None:
        ratios, of_ratio = _spreads(baseline - 1)
    # A centre that came out too high by its error makes every wave look lower.
    one = np.ones_like(error)
    found = [
        weight @ no_alarm(chart, limit, (error + fall) / ratio, one / ratio, horizon)
        for ratio in ratios
    ]
    return np.asarray(1 - of_ratio @ np.array(found))


def _spreads(degrees: int) -> tuple[FloatArray, FloatArray]:
    """Return standard deviations of a sample over the true one, and their probabilities."""
    from scipy.special import chdtri  # noqa: PLC0415  takes long to import

    x, weight = np.polynomial.legendre.leggauss(_SPREADS)
    return np.sqrt(chdtri(degrees, (1 - x) / 2) / degrees), weight / 2


def innovations(
    means: FloatArray, covariance: FloatArray, baseline: int, centre: float | None
) -> tuple[float, float, FloatArray, FloatArray]:
    """Return what each later wave says that those before it did not.

    Returns
    -------
    centre, error
        Mean of the baseline waves, weighted by what they say, and its standard error, 0 if known.
    expected : ndarray of shape (t,)
        Expected mean of each wave: the centre, and more where the same people answered before.
    std_error : ndarray of shape (t,)
        Error of the difference of each mean and the expected one, of the centre too.
    """
    unit = float(np.sqrt(np.diagonal(covariance).min()))
    lower = np.linalg.cholesky(covariance / unit**2)
    ones = np.linalg.solve(lower, np.ones(len(means)))  # t: how the centre enters each innovation
    if centre is None:
        first = means[0]  # deviations from it keep their digits
        said = np.linalg.solve(lower, means - first)
        known = float(ones[:baseline] @ ones[:baseline])
        centre = float(first + ones[:baseline] @ said[:baseline] / known)
        error = unit / float(np.sqrt(known))
    else:
        error = 0.0
    own = np.diagonal(lower)
    apart = np.linalg.solve(lower, means - centre)
    expected = means - apart * own
    return centre, error, expected, unit * own * np.hypot(1.0, ones * error / unit)


# Means of waves


class Wave(NamedTuple):
    """Who answered in a wave (n,): rows, answers, weights, and the places of persons and units.

    A unit is what is drawn by itself: a person, or a cluster of them.
    """

    rows: IntArray
    x: FloatArray
    weights: FloatArray
    person: IntArray
    unit: IntArray


class WaveMeans(NamedTuple):
    """Means (t,), their errors and degrees of freedom, people and Kish's number, and covariance.

    ``moves`` is how far each person, or each cluster, moves the mean of a wave.
    """

    mean: FloatArray
    std_error: FloatArray
    degrees: FloatArray
    n: IntArray
    n_effective: FloatArray
    covariance: FloatArray
    moves: list[FloatArray]


def waves_of(
    x: FloatArray, code: IntArray, weights: FloatArray, person: IntArray, unit: IntArray
) -> list[Wave]:
    """Return the answers of each wave; weights over the largest, so that squares are safe."""
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code))[:-1]
    return [
        Wave(rows, x[rows], weights[rows] / weights[rows].max(), person[rows], unit[rows])
        for rows in np.split(order, ends)
    ]


def influence(x: FloatArray, weights: FloatArray, unit: IntArray, *, clustered: bool) -> FloatArray:
    """Return how far each person, or each cluster, moves a weighted mean, shape (n,) or (g,).

    The sum of squares is the variance of the mean. A cluster counts as one person with its mean
    and the sum of its weights; ``unit`` are their places.
    """
    if not clustered:
        pull = pull_of(weights)
        return np.asarray(np.sqrt(pull.of_square) * (x - pull.share @ x))
    total = np.asarray(np.bincount(unit, weights), dtype=np.float64)
    found, present = np.zeros_like(total), total > 0
    own = np.bincount(unit, weights * x)[present] / total[present]
    pull = pull_of(total[present])
    found[present] = np.sqrt(pull.of_square) * (own - pull.share @ own)
    return found


def cluster_degrees(wave: Wave) -> float:
    """Return the degrees of freedom of the error of a mean of clusters."""
    total = np.asarray(np.bincount(wave.unit, wave.weights), dtype=np.float64)
    return pull_of(total[total > 0]).degrees


def means_of(waves: list[Wave], n_units: int, *, clustered: bool) -> WaveMeans:
    """Return means of waves with their joint covariance.

    The covariance of two waves is the sum, over units in both, of what they add to either mean.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  takes long to import

    mean, error, degrees, effective = (np.empty(len(waves)) for _ in range(4))
    columns, moves, places = [], [], []
    for t, wave in enumerate(waves):
        found = weighted_means(wave.x[:, None], wave.weights)
        mean[t], error[t], degrees[t] = found[0][0], found[1][0], found[2]
        effective[t] = kish(wave.weights)
        part = influence(wave.x, wave.weights, wave.unit, clustered=clustered)
        if clustered:
            error[t] = np.sqrt(part @ part) if np.isfinite(error[t]) else np.nan
            degrees[t] = cluster_degrees(wave)
        moves.append(part)
        places.append(np.arange(len(part)) if clustered else wave.unit)
        columns.append(np.full(len(part), t))
    table = csr_array(
        (np.concatenate(moves), (np.concatenate(places), np.concatenate(columns))),
        shape=(n_units, len(waves)),
    )
    covariance = np.asarray((table.T @ table).todense(), dtype=np.float64)
    alike = np.isnan(error)
    covariance[alike] = covariance[:, alike] = np.nan
    np.fill_diagonal(covariance, error**2)
    n = np.array([len(wave.rows) for wave in waves])
    return WaveMeans(mean, error, degrees, n, effective, covariance, moves)


class Change(NamedTuple):
    """A change and its parts (4,): all of it, the same customers, joiners, leavers."""

    estimate: FloatArray
    std_error: FloatArray
    degrees: FloatArray
    n_both: int


def change_between(
    waves: tuple[Wave, Wave],
    means: tuple[float, float],
    moves: tuple[FloatArray, FloatArray],
    n_units: int,
    place: IntArray,
    *,
    clustered: bool,
) -> Change:
    """Return the change of the mean between two waves, and what it is made of.

    The change is that of the people who are in both, plus by how much those who joined raise the
    later mean above theirs, less by how much those who left had raised the earlier one. Each part
    is a difference of means, whose error is the sum of squares of what each unit moves. ``place``
    is an array of -1, one a person, to work in; it is -1 again afterwards.
    """
    before, after = waves
    place[after.person] = np.arange(len(after.person))
    partner = place[before.person]
    place[after.person] = -1
    first = np.flatnonzero(partner >= 0)
    both = first, partner[first]  # rows of the same people in either wave
    n_both = len(first)
    theirs = np.full(2, np.nan)
    own: list[FloatArray] = []
    for k, (wave, rows) in enumerate(zip(waves, both, strict=True)):
        weights, x = wave.weights[rows], wave.x[rows]
        if n_both:
            theirs[k] = weights @ x / weights.sum()
            with np.errstate(invalid="ignore", divide="ignore"):
                own.append(influence(x, weights, wave.unit[rows], clustered=clustered))
        else:
            own.append(np.full(n_units if clustered else 0, np.nan))
    made = np.array(
        [means[1] - means[0], theirs[1] - theirs[0], means[1] - theirs[1], theirs[0] - means[0]]
    )
    if clustered:
        parts, degrees = _of_clusters(waves, moves, own, n_units)
    else:
        parts, degrees = _of_people(waves, moves, own, both)
    if not n_both:
        parts[1:] = np.nan
    variance = parts.sum(axis=1)
    # What nobody's spread can tell has no error: what is left of 0 is rounding.
    size = max(np.abs(wave.x).max() for wave in waves)
    none = ~(variance > (_ROUNDED * size) ** 2)
    error = np.where(none, np.nan, np.sqrt(variance))
    with np.errstate(invalid="ignore", divide="ignore"):
        df = satterthwaite(parts / variance[:, None], degrees[None, :])
    return Change(made, error, np.where(none, np.nan, df), n_both)


def _of_clusters(
    waves: tuple[Wave, Wave],
    moves: tuple[FloatArray, FloatArray],
    own: list[FloatArray],
    n_units: int,
) -> tuple[FloatArray, FloatArray]:
    """Return variances (4, 1) of the change and its parts, and degrees of freedom (1,)."""
    m1, m2, s1, s2 = (np.pad(a, (0, n_units - len(a))) for a in (*moves, *own))
    moved = np.array([m2 - m1, s2 - s1, m2 - s2, s1 - m1])
    least = min(cluster_degrees(wave) for wave in waves)
    return (moved**2).sum(axis=1)[:, None], np.array([least])


def _of_people(
    waves: tuple[Wave, Wave],
    moves: tuple[FloatArray, FloatArray],
    own: list[FloatArray],
    both: tuple[IntArray, IntArray],
) -> tuple[FloatArray, FloatArray]:
    """Return variances (4, 3) of the change and its parts, by who moves them, and degrees (3,).

    Those who are in both waves, in the first only, and in the second only move them one apart from
    the other.
    """
    parts, degrees = np.zeros((4, 3)), np.ones(3)
    if len(both[0]):
        m1, m2 = (moved[rows] for moved, rows in zip(moves, both, strict=True))
        s1, s2 = own
        for row, moved in enumerate((m2 - m1, s2 - s1, m2 - s2, s1 - m1)):
            parts[row, 0] = moved @ moved
        known = (pull_of(w.weights[rows]).degrees for w, rows in zip(waves, both, strict=True))
        degrees[0] = max(min(known), 1.0)
    for k, (wave, rows, moved) in enumerate(zip(waves, both, moves, strict=True)):
        alone = np.ones(len(moved), dtype=np.bool_)
        alone[rows] = False
        if alone.any():
            degrees[1 + k] = max(pull_of(wave.weights[alone]).degrees, 1.0)
            parts[0, 1 + k] = parts[3 - k, 1 + k] = moved[alone] @ moved[alone]
    return parts, degrees


# The same customers


def limits_moved(
    apart: FloatArray, variance: FloatArray, reliable: tuple[float, float], reach: float
) -> FloatArray:
    """Return how each customer moves the lower and the upper limit of a change (2, 2, n).

    First of the plain criterion and then of the adjusted one, whose limits also move with the
    mean before. ``apart`` (2, n) are distances from the means before and after.
    """
    r1 = reliable[0]
    error = (1 - np.array(reliable)) * variance
    moves_error = (1 - np.array(reliable))[:, None] * (apart**2 - variance[:, None])
    found = np.empty((2, 2, apart.shape[1]))
    for k, (share, middle) in enumerate(((1.0, 0.0), (r1, 1 - r1))):
        size = np.sqrt(share * error[0] + error[1])
        width = reach * (share * moves_error[0] + moves_error[1]) / (2 * size)
        found[k] = middle * apart[0] + np.array([-1.0, 1.0])[:, None] * width
    return found


def shares_beyond(
    state: IntArray,
    scores: FloatArray,
    middle: float,
    width: float,
    moved: FloatArray,
    weights: FloatArray,
    level: float,
) -> Shares:
    """Return shares (3,) below, between and above limits that the same customers (n,) set.

    ``moved`` (2, n) is how each customer moves the limits, ``middle`` less and plus ``width``. A
    limit takes with it as many customers as the density of the ``scores`` tells, which is drawn by
    a normal kernel of the usual width.
    """
    pull = pull_of(weights)
    belongs = (state[:, None] == np.arange(3)).astype(np.float64)
    share = np.minimum(pull.share @ belongs, 1.0)
    apart = scores - pull.share @ scores
    spread = np.sqrt(pull.share @ apart**2)
    band = 1.06 * spread * pull.n ** (-1 / 5)  # Silverman's rule for the normal law
    limits = middle + width * np.array([-1.0, 1.0])
    z = (limits[:, None] - scores) / band
    density = np.exp(-(z**2) / 2) @ pull.share / (_ROOT_2_PI * band)
    low, high = density[:, None] * moved
    part = belongs - share + np.stack([low, high - low, -high], axis=1)
    variance = pull.of_square @ part**2
    error = np.sqrt(variance * (1 - 1 / max(pull.n, 2)))
    error = np.where((share <= 0) | (share >= 1), 0.0, error)
    size = np.minimum(effective_size(share, error, weights), pull.n)
    return Shares(share, error, size * pull.less_sure(level))
