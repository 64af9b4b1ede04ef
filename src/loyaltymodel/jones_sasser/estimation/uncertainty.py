"""How sure an estimate is: covariance matrices from the likelihood, its rows, or resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.jones_sasser.estimation.likelihood import (
    Problem,
    difference_steps,
    loyalty_in_cells,
    observed_information,
)
from loyaltymodel.jones_sasser.estimation.maximise import Maximum, search
from loyaltymodel.jones_sasser.estimation.observations import Observations
from loyaltymodel.jones_sasser.estimation.settings import StdErrors

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
    problem: Problem, stats: FloatArray, observations: Observations, top: Maximum, free: BoolArray
) -> Uncertainty:
    """Return the inverse information round the outer product of customers' scores (Huber)."""
    bread = _inverse(_bend(problem, stats, top, free), free)
    meat = np.zeros_like(bread)
    for first in range(0, observations.n_records, _CHUNK):
        part = slice(first, first + _CHUNK)
        rows = record_scores(problem, stats, observations, top, free, part)
        often = observations.count[part] * observations.weight[part] ** 2
        meat += (rows * often[:, None]).T @ rows
    n = observations.count.sum()
    # The usual factor for the mean of the scores having been set to zero.
    return Uncertainty("robust", bread @ meat @ bread * (n / (n - 1)))


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
    problem: Problem,
    observations: Observations,
    top: Maximum,
    lower: FloatArray,
    upper: FloatArray,
    *,
    starts: FloatArray,
    n_resamples: int,
    rng: np.random.Generator,
) -> Uncertainty:
    """Draw customers again, with replacement, and estimate again.

    Resamples of records are multinomial counts. Each search sets out from the estimate,
    and from the two most promising of ``starts``.
    """
    n = int(observations.count.sum())
    share = observations.count / n
    size = max(1, _VALUES // max(observations.n_records, 1))
    draws, converged = [], []
    for first in range(0, n_resamples, size):
        b = min(size, n_resamples - first)
        people = rng.multinomial(n, share, size=b).astype(np.float64)
        stats = observations.statistics(problem.outcome, people)
        found = search(
            problem, stats, starts, lower, upper, own=top.p[None], keep=_KEPT_OF_RESAMPLES
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
