"""How sure an estimate is: covariance matrices from the likelihood, its rows, or resamples."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.jones_sasser.estimation.likelihood import (
    Problem,
    WithLaws,
    difference_steps,
    evaluate,
    loyalty_in_cells,
    observed_information,
)
from loyaltymodel.jones_sasser.estimation.maximise import Maximum, search
from loyaltymodel.jones_sasser.estimation.observations import Observations
from loyaltymodel.jones_sasser.estimation.problem import Setup
from loyaltymodel.jones_sasser.estimation.settings import StdErrors
from loyaltymodel.jones_sasser.estimation.true_score import TrueScoreLaw, changes, fit_law

_VALUES = 4_000_000  # of statistics in a slice of resamples: 32 MB
_POSITIVE = 1e-13  # smallest eigenvalue over the largest that is more than rounding
_KEPT_OF_RESAMPLES = 2
_CHUNK = 200_000  # records at a time


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty(FrozenRecord):
    """Covariance (q, q) of the parameters, 0 for those not estimated; draws (b, q) if any.

    ``n_failed`` resamples did not converge and are not among the draws.
    """

    kind: StdErrors
    covariance: FloatArray
    draws: FloatArray | None = None
    n_failed: int = 0


def information_uncertainty(
    problem: Problem, stats: FloatArray, top: Maximum, free: BoolArray
) -> Uncertainty:
    """Return the inverse of the observed information, of the free parameters."""
    return Uncertainty("model", _inverse(_bend(problem, stats, top, free), free))


def sandwich_uncertainty(
    setup: Setup,
    observations: Observations,
    top: Maximum,
    free: BoolArray,
    reliability: float | None,
) -> Uncertainty:
    """Return the inverse information round the outer product of customers' scores (Huber).

    A customer's answer about satisfaction also moves the law of true scores, and with it the
    score of all.
    """
    problem, stats, law = setup.problem, setup.stats, setup.law
    bread = _inverse(_bend(problem, stats, top, free), free)
    meat = np.zeros_like(bread)
    by_cell = None
    if law is not None and reliability is not None:
        by_cell = _through_law(setup, law, observations, top, reliability) * free
    for first in range(0, observations.n_records, _CHUNK):
        part = slice(first, first + _CHUNK)
        rows = record_scores(problem, stats, observations, top, free, part)
        if by_cell is not None:
            rows += by_cell[observations.cell[part]]
        often = observations.count[part] * observations.weight[part] ** 2
        meat += (rows * often[:, None]).T @ rows
    n = observations.count.sum()
    # The usual factor for the mean of the scores having been set to zero.
    return Uncertainty("robust", bread @ meat @ bread * (n / (n - 1)))


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
    law, lower, upper = setup.law, setup.lower, setup.upper
    n = int(observations.count.sum())
    share = observations.count / n
    values = observations.n_records
    if law is not None:
        values = max(values, observations.n_cells * len(law.satisfaction))
        place = law.answers.place(observations.satisfaction)
    size = max(1, _VALUES // max(values, 1))
    draws, converged = [], []
    for first in range(0, n_resamples, size):
        b = min(size, n_resamples - first)
        people = rng.multinomial(n, share, size=b).astype(np.float64)
        problem, stats = setup.problem, observations.statistics(setup.problem.outcome, people)
        if law is not None and reliability is not None:
            counts = observations.answered(place, len(law.answers.levels), people)
            laws = fit_law(law.kind, law.answers, counts, reliability, like=law)
            problem, stats = with_laws(problem, stats, laws, place)
        found = search(
            problem, stats, setup.starts, lower, upper, own=top.p[None], keep=_KEPT_OF_RESAMPLES
        )
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
