"""How sure an estimate is: covariance matrices from the likelihood, its rows, or resamples."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Problem,
    WithLaws,
    difference_steps,
    evaluate,
    loyalty_in_cells,
    observed_information,
)
from loyaltymodel.jones_sasser.estimation.kernels.maximise import Maximum, maximise, search
from loyaltymodel.jones_sasser.estimation.observations import Observations
from loyaltymodel.jones_sasser.estimation.problem import Setup
from loyaltymodel.jones_sasser.estimation.settings import StdErrors
from loyaltymodel.jones_sasser.estimation.true_score import TrueScoreLaw, changes, fit_law

_VALUES = 4_000_000  # of statistics in a slice of resamples: 32 MB
_POSITIVE = 1e-13  # smallest eigenvalue over the largest that is more than rounding
_HAIR = 2e-5  # off a bound, where derivatives exist on both sides
_FAR = 100.0  # errors
_MOST_LEVERAGE = 0.5  # taken of a customer: beyond, one step of the jackknife leads too far
_KEPT_OF_RESAMPLES = 2
_CHUNK = 200_000  # records at a time


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty(FrozenRecord):
    """Covariance (q, q) of the parameters, 0 for those that are fixed; draws (b, q) if any.

    ``n_failed`` resamples did not converge and are not among the draws. ``inward`` (q,) is 1 or -1
    for a parameter on its bound, the direction in which it may move, and 0 for the others.
    ``degrees`` of freedom are those of Student's law in intervals. ``own`` (q, q) is what the
    covariance would be if parameters on bounds were known to lie there.
    """

    kind: StdErrors
    covariance: FloatArray
    draws: FloatArray | None = None
    n_failed: int = 0
    inward: FloatArray | None = None
    degrees: float = np.inf
    own: FloatArray | None = None

    @property
    def given_bounds(self) -> FloatArray:
        """The covariance (q, q) if parameters on bounds are taken as known."""
        return self.covariance if self.own is None else self.own


def information_uncertainty(
    problem: Problem, stats: FloatArray, top: Maximum, free: BoolArray
) -> Uncertainty:
    """Return the inverse of the observed information, of the free parameters."""
    return Uncertainty("model", _inverse(_bend(problem, stats, top, free), free))


def model_uncertainty(setup: Setup, top: Maximum, free: BoolArray) -> Uncertainty:
    """Return the inverse of the observed information, with what bounds hide (:func:`_hidden`)."""
    inward = _inward(setup, top, free)
    if not np.any(inward):
        return information_uncertainty(setup.problem, setup.stats, top, free)
    inside = _moved_in(setup, top, inward)
    bend = _bend(setup.problem, setup.stats, inside, free | (inward != 0))
    own = _inverse(bend, free)
    covariance = own + _hidden(own, bend, bend, top.score[0], inward)
    return Uncertainty("model", covariance, inward=inward, own=own)


def sandwich_uncertainty(
    setup: Setup,
    observations: Observations,
    top: Maximum,
    free: BoolArray,
    reliability: float | None,
) -> Uncertainty:
    """Return the inverse information round the outer product of customers' scores (Huber).

    A customer's answer about satisfaction also moves the law of true scores, and with it the
    score of all. What bounds hide is part of it (:func:`_hidden`).

    Scores are divided by 1 less the customer's leverage w u' H^-1 u, as HC3 does, since customers
    pull the curve to their own answers. Without that, errors are too small where a few of large
    weight decide. A variance that is a sum of squares x^2 is worth 2 (sum x^2)^2 / sum x^4
    degrees of freedom (Satterthwaite); of the parameters in every direction, x^4 is on the average
    3 / (q (q + 2)) times the square of their common length.
    """
    problem, stats, law = setup.problem, setup.stats, setup.law
    inward = _inward(setup, top, free)
    moves = free | (inward != 0)
    inside = _moved_in(setup, top, inward) if inward.any() else top
    bend = _bend(problem, stats, inside, moves)
    inverse = _inverse(bend, free)
    meat = np.zeros_like(bend)
    total = squares = 0.0
    by_cell = None
    if law is not None and reliability is not None:
        by_cell = _through_law(setup, law, observations, inside, reliability) * moves
    for first in range(0, observations.n_records, _CHUNK):
        part = slice(first, first + _CHUNK)
        rows = record_scores(problem, stats, observations, inside, moves, part)
        if by_cell is not None:
            rows += by_cell[observations.cell[part]]
        often, weight = observations.count[part], observations.weight[part]
        size = _mean_size(rows, inverse, observations.cell[part], often)
        weight = weight / (1 - np.minimum(weight * size, _MOST_LEVERAGE))
        meat += (rows * (often * weight**2)[:, None]).T @ rows
        total += float(often @ (weight**2 * size))
        squares += float(often @ (weight**2 * size) ** 2)
    q = int(free.sum())
    degrees = 2 * (q + 2) / (3 * q) * total**2 / squares if squares > 0 else np.inf
    own = inverse @ meat @ inverse
    covariance = own + _hidden(inverse, bend, meat, top.score[0], inward)
    return Uncertainty("robust", covariance, inward=inward, degrees=degrees, own=own)


def _mean_size(
    rows: FloatArray, inverse: FloatArray, cell: IntArray, often: FloatArray
) -> FloatArray:
    """Return u' H^-1 u (r,) of the scores (r, q), the mean of the customers of a cell.

    So leverage depends on where customers stand and not on what they happened to answer.
    """
    place = cell - cell[0]
    own = often * np.einsum("rp,rp->r", rows @ inverse, rows)
    found: FloatArray = (np.bincount(place, own) / np.bincount(place, often).clip(1e-300))[place]
    return found


def _inward(setup: Setup, top: Maximum, free: BoolArray) -> FloatArray:
    """Return 1 for parameters (q,) on their lower bound, -1 on the upper one, 0 for others."""
    side = np.where(top.p[0] <= setup.lower, 1.0, -1.0)
    return np.where(~free & (setup.lower < setup.upper), side, 0.0)


def _moved_in(setup: Setup, top: Maximum, inward: FloatArray) -> Maximum:
    """Return the maximum with its parameters a hair off their bounds, and its derivatives.

    On a bound the expected information may have no end, where nobody at the top may leave.
    """
    p = top.p + _HAIR * inward
    value, score, info = evaluate(setup.problem, setup.stats, p)
    return replace(top, p=p, value=value, score=score, info=info)


def _hidden(
    inverse: FloatArray, bend: FloatArray, meat: FloatArray, score: FloatArray, inward: FloatArray
) -> FloatArray:
    """Return what is added to a covariance (q, q) since parameters on bounds are not known.

    A parameter on its bound might lie at a distance d >= 0 from it, and the others with it, along
    the ridge of the likelihood. By the quadratic of the likelihood, d has a normal law about a
    place beyond the bound, cut off at it. Its mean square E[d^2] takes the place of a variance:
    that of the free parameter where the likelihood is level at the bound, and nearly nothing where
    it falls steeply from it. Taken as known, as if d were 0, intervals of the others are too short.
    """
    found = np.zeros_like(bend)
    for place in np.flatnonzero(inward):
        ridge = -inverse @ bend[:, place]  # how the free ones follow the one on the bound
        ridge[place] = 1.0
        information = float(bend[place] @ ridge)
        steep = abs(score[place])
        if information > 0:
            square = _mean_square(steep / information, float(ridge @ meat @ ridge) / information**2)
        else:
            square = np.nan
        if not np.isfinite(square):  # no quadratic: the exponential law of its slope
            square = 2 / steep**2 if steep > 0 else 0.0
        found += square * np.outer(ridge, ridge)
    return found


def _mean_square(beyond: float, variance: float) -> float:
    """Return E[d^2] of a normal law with mean ``-beyond``, cut off below 0."""
    from scipy.special import log_ndtr  # noqa: PLC0415  slow to import

    x = beyond / float(np.sqrt(variance))
    if x > _FAR:  # where the difference below is lost in rounding
        return 2 * variance / x**2
    hazard = float(np.exp(-(x**2) / 2 - np.log(2 * np.pi) / 2 - log_ndtr(-x)))
    return variance * (1 + x**2 - x * hazard)


def _through_law(
    setup: Setup, law: TrueScoreLaw, observations: Observations, top: Maximum, reliability: float
) -> FloatArray:
    """Return how the score (q,) moves with the law if there is one customer more in a cell, (m, q).

    By differences: the law is estimated again with a few more and a few fewer of each answer.
    """
    place = law.answers.place(observations.satisfaction)
    counts = observations.answered(place, len(law.answers.levels))[0]
    laws, step, given = changes(law, counts, reliability)
    problem, packed = with_laws(setup.problem, setup.stats, laws, place)
    _, score, _ = evaluate(problem, packed, np.repeat(top.p, len(packed), axis=0))
    more, fewer = np.split(score, 2)
    found = np.zeros((len(counts), top.p.shape[1]))
    found[given] = (more - fewer) / (2 * step[:, None])
    moved: FloatArray = found[place]
    return moved


def with_laws(
    problem: Problem, stats: FloatArray, laws: TrueScoreLaw, place: IntArray
) -> tuple[Problem, FloatArray]:
    """Return a stack of problems that differ in the law of true scores, and their statistics.

    ``place`` (m,) says which possible answer each cell has.
    """
    weights = laws.posterior()[:, place]
    own = np.broadcast_to(stats, (len(weights), *stats.shape[1:]))
    outcome = WithLaws(problem.outcome, stats.shape[1])
    return replace(problem, outcome=outcome), outcome.packed(own, weights)


def record_scores(
    problem: Problem,
    stats: FloatArray,
    observations: Observations,
    top: Maximum,
    free: BoolArray,
    part: slice = slice(None),
) -> FloatArray:
    """Return derivatives (r, q) of each record's log-likelihood for one customer of weight 1."""
    p = top.p[0]
    cell = observations.cell[part]
    near = slice(int(cell[0]), int(cell[-1]) + 1)
    answer = observations.answer[:, part]
    weights = problem.cells.node_weights[cell]
    steps = difference_steps(problem, stats, top.info[0])
    found = np.zeros((len(cell), len(p)))
    for place in np.flatnonzero(free):
        step = steps[place]
        ends = []
        for sign in (1, -1):
            moved = p[None].copy()
            moved[0, place] += sign * step
            loyalty = loyalty_in_cells(problem, moved, near)[:, cell - near.start]
            extra = moved[:, problem.n_parameters - problem.n_extra :]
            ends.append(problem.outcome.densities(loyalty, weights, extra, answer)[0])
        found[:, place] = (ends[0] - ends[1]) / (2 * step)
    return found


def bootstrap_uncertainty(
    setup: Setup,
    observations: Observations,
    top: Maximum,
    reliability: float | None,
    *,
    n_resamples: int,
    rng: np.random.Generator,
) -> Uncertainty:
    """Draw customers again, with replacement, and estimate again, the law of true scores too.

    Resamples of records are multinomial counts. Each search sets out from the estimate,
    and from the two most promising starts.
    """
    n = int(observations.count.sum())
    share = observations.count / n
    size = resamples_in_slice(setup, observations)
    draws, converged = [], []
    for first in range(0, n_resamples, size):
        b = min(size, n_resamples - first)
        people = rng.multinomial(n, share, size=b).astype(np.float64)
        found, _ = estimated_again(setup, observations, top.p[0], reliability, people)
        draws.append(found.p)
        converged.append(found.converged)
    good = np.concatenate(converged)
    kept = np.concatenate(draws)[good]
    if len(kept) < 2:  # noqa: PLR2004
        raise NotIdentifiedError(
            f"none of {n_resamples} resamples could be estimated; the data say too little of "
            "this curve, so take a family with fewer parameters or fix some"
        )
    return Uncertainty("bootstrap", np.cov(kept, rowvar=False), kept, int(len(good) - good.sum()))


def resamples_in_slice(setup: Setup, observations: Observations) -> int:
    """Return how many resamples are estimated at once, so that memory is bounded."""
    values = observations.n_records
    if setup.law is not None:
        values = max(values, observations.n_cells * len(setup.law.satisfaction))
    return max(1, _VALUES // max(values, 1))


def estimated_again(
    setup: Setup,
    observations: Observations,
    values: FloatArray,
    reliability: float | None,
    people: FloatArray,
    *,
    near: bool = False,
) -> tuple[Maximum, TrueScoreLaw | None]:
    """Estimate again with other numbers of customers by record (b, r), the law of true scores too.

    ``values`` (q,) are the estimates, from which the searches set out. With ``near`` they set out
    from nowhere else, a tenth of the work: another hill would not be found. A curve with kinks,
    whose likelihood has a hill for each, is searched as a whole all the same.
    """
    law, problem = setup.law, setup.problem
    stats = observations.statistics(problem.outcome, people)
    laws = None
    if law is not None and reliability is not None:
        place = law.answers.place(observations.satisfaction)
        counts = observations.answered(place, len(law.answers.levels), people)
        laws = fit_law(law.kind, law.answers, counts, reliability, like=law)
        problem, stats = with_laws(problem, stats, laws, place)
    lower, upper = setup.lower, setup.upper
    if near and problem.family.kinked is None:
        start, low, high = (np.tile(v, (len(people), 1)) for v in (values, lower, upper))
        return maximise(problem, stats, start, low, high), laws
    found = search(
        problem,
        stats,
        setup.starts,
        lower,
        upper,
        own=values[None, None],
        keep=_KEPT_OF_RESAMPLES,
    )
    return found, laws


def _bend(problem: Problem, stats: FloatArray, top: Maximum, free: BoolArray) -> FloatArray:
    if not problem.family.smooth:
        expected: FloatArray = top.info[0]
        return expected
    return observed_information(problem, stats, top.p[0], free, top.info[0])


def _inverse(info: FloatArray, free: BoolArray) -> FloatArray:
    """Return the inverse (q, q) of the free block, 0 elsewhere; NaN where it is not positive."""
    found = np.zeros_like(info)
    places = np.flatnonzero(free)
    if not len(places):
        return found
    block = info[np.ix_(places, places)]
    size = np.sqrt(np.abs(np.diag(block)))
    if not (np.isfinite(block).all() and (size > 0).all()):
        found[np.ix_(places, places)] = np.nan
        return found
    scaled = block / np.outer(size, size)
    values = np.linalg.eigvalsh(scaled)
    positive = values[0] > _POSITIVE * values[-1]
    inverse = np.linalg.inv(scaled) if positive else np.full_like(scaled, np.nan)
    found[np.ix_(places, places)] = inverse / np.outer(size, size)
    return found
