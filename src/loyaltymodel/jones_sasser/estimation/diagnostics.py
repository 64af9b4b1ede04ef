"""Does the curve fit: observed against fitted by level, and who moves the estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from loyaltymodel._core import intervals as _intervals
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.comparisons import levels_of
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_count
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Ordinal,
    evaluate,
    loyalty_in_cells,
)
from loyaltymodel.jones_sasser.estimation.kernels.maximise import Maximum
from loyaltymodel.jones_sasser.estimation.problem import Setup, set_up
from loyaltymodel.jones_sasser.estimation.settings import Measured
from loyaltymodel.jones_sasser.estimation.uncertainty import information_uncertainty, record_scores

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult

_LEVELS = 11  # scales of up to eleven points are shown point by point


def calibration_of(
    result: LoyaltyCurveResult, *, bins: int, by_group: bool, level: float
) -> pd.DataFrame:
    """Return observed and fitted loyalty by level of satisfaction."""
    check_count("bins", bins, least=2)
    _intervals.check_level(level)
    setup = set_up(result.settings, result.sample)
    observed = result.sample.observations
    fitted = _fitted(setup, result.values)
    people = np.add.reduceat(observed.count, observed.first)
    amount, doubled, stayed, squares = _stayed(setup, result)
    group = np.zeros(observed.n_cells, dtype=np.intp)
    if by_group and result.sample.groups is not None and observed.group is not None:
        group = observed.group
    bin_of, n_bins = _bins(observed.satisfaction, people, bins)
    code = group * n_bins + bin_of
    size = (int(group.max()) + 1) * n_bins

    def total(values: FloatArray) -> FloatArray:
        found: FloatArray = np.bincount(code, weights=values, minlength=size).astype(np.float64)
        return found

    n = total(people)
    kept = np.flatnonzero(n > 0)
    weight, share = total(amount)[kept], total(stayed)[kept] / total(amount)[kept]
    # Of weighted customers there are, for a mean, as many as this (Kish's effective number).
    effective = weight**2 / total(doubled)[kept]
    if result.settings.outcome in ("score", "beta"):
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt(
                np.maximum(total(squares)[kept] / weight - share**2, 0) / (effective - 1)
            )
        spread[effective <= 1] = np.nan  # one customer says nothing of the spread
        ends = _intervals.wald(share, spread, level=level)
        low, high = ends.low, ends.high
    else:
        low, high = _intervals.wilson(share, effective, level=level)
    names = result.sample.groups if by_group and result.sample.groups is not None else ("",)
    mean = total(observed.satisfaction * people)[kept] / n[kept]

    def scores(values: FloatArray) -> FloatArray:
        return _answers_of(result, "loyalty", values)

    table = EstimateTable(
        labels=FrozenMapping(
            {
                "group": tuple(names[k] for k in kept // n_bins),
                "satisfaction": tuple(_answers_of(result, "satisfaction", mean)),
                "n_obs": tuple(n[kept].astype(np.int64)),
            }
        ),
        estimate=scores(share),
        ci_low=scores(low),
        ci_high=scores(high),
        level=level,
    )
    return table.frame().assign(fitted=scores(total(fitted * amount)[kept] / weight))


def _answers_of(result: LoyaltyCurveResult, kind: Measured, shares: FloatArray) -> FloatArray:
    """Return shares of a scale as answers."""
    low, high = result.settings.limits(kind)
    return low + (high - low) * shares


def influence_of(result: LoyaltyCurveResult) -> pd.DataFrame:
    """Return how much one customer moves the estimates, by what was answered."""
    free = np.array([state == "estimated" for state in result.states])
    if not free.any():
        raise OptionError("no parameter was estimated, so nobody can move one")
    setup = set_up(result.settings, result.sample)
    observed = result.sample.observations
    top = evaluated(setup, result)
    scores = record_scores(setup.problem, setup.stats, observed, top, free)
    scores *= observed.weight[:, None]
    places = np.flatnonzero(free)
    covariance = result.uncertainty.covariance[np.ix_(places, places)]
    if not np.isfinite(covariance).all():
        raise NotIdentifiedError(
            "the data do not tell the parameters apart, so there are no standard errors by which "
            "a move could be measured; take a family with fewer parameters, or fix some"
        )
    # Estimates move by the inverse information, whatever their errors are made of.
    bread = information_uncertainty(setup.problem, setup.stats, top, free).covariance
    moves = -scores[:, places] @ bread[np.ix_(places, places)]
    distance = np.einsum("rp,pq,rq->r", moves, np.linalg.pinv(covariance), moves) / len(places)
    error = np.sqrt(np.diag(covariance))
    cell = observed.cell
    groups = result.sample.groups
    table = pd.DataFrame(
        {
            "group": _group_names(groups, observed.group, cell),
            "satisfaction": _answers_of(result, "satisfaction", observed.satisfaction)[cell],
            "answer": _answers(result),
            "n_obs": observed.count.astype(np.int64),
            "distance": distance,
        }
    )
    order = np.argsort(-distance, kind="stable")
    long = table.loc[np.repeat(order, len(places))].reset_index(drop=True)
    return long.assign(
        parameter=[result.names[place] for place in places] * len(order),
        move=(moves / error)[order].ravel(),
    )


def evaluated(setup: Setup, result: LoyaltyCurveResult) -> Maximum:
    """Return the maximum that a result has found, with its score and information."""
    p = result.values[None]
    value, score, info = evaluate(setup.problem, setup.stats, p)
    return Maximum(p, value, score, info, np.array([True]), np.array([0]))


def _fitted(setup: Setup, values: FloatArray) -> FloatArray:
    """Return the mean loyalty (m,) in each cell."""
    loyalty = loyalty_in_cells(setup.problem, values[None])[0]
    found: FloatArray = (loyalty * setup.problem.cells.node_weights).sum(axis=1)
    return found


def _stayed(
    setup: Setup, result: LoyaltyCurveResult
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return trials, trials with squared weights, stays and squared scores (m,) by cell."""
    observed = result.sample.observations
    amount = observed.count * observed.weight
    outcome = setup.problem.outcome
    if isinstance(outcome, Ordinal):
        trials, stays = np.ones(len(amount)), (observed.answer[0] >= outcome.stays).astype(float)
    elif result.settings.outcome == "beta":
        trials, stays = observed.answer[0], np.exp(observed.answer[1])
    else:
        trials, stays = observed.answer

    def cells(values: FloatArray) -> FloatArray:
        return np.add.reduceat(amount * values, observed.first)

    return cells(trials), cells(trials * observed.weight), cells(stays), cells(stays**2)


def _bins(s: FloatArray, people: FloatArray, bins: int) -> tuple[IntArray, int]:
    """Return the bin (m,) of each cell by satisfaction: its level, or a part of the customers."""
    levels, place = levels_of(s)
    if len(levels) <= max(bins, _LEVELS):
        return place, len(levels)
    at_level = np.bincount(place, weights=people)
    middle = (np.cumsum(at_level) - at_level / 2) / at_level.sum()
    own = np.minimum((middle * bins).astype(np.intp), bins - 1)
    return own[place], bins


def _group_names(
    groups: tuple[Any, ...] | None, code: IntArray | None, cell: IntArray
) -> list[Any]:
    if groups is None or code is None:
        return [""] * len(cell)
    return [groups[k] for k in code[cell]]


def _answers(result: LoyaltyCurveResult) -> list[Any]:
    observed, sample = result.sample.observations, result.sample
    if sample.categories is not None:
        return [sample.categories[int(k)] for k in observed.answer[0]]
    found = observed.answer[1]
    if result.settings.outcome in ("score", "beta"):
        share = np.exp(found) if result.settings.outcome == "beta" else found
        found = _answers_of(result, "loyalty", share)
    return list(found.tolist())
