"""Respondents in folds: each fold predicted by the model that was estimated without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_count, count_of, enumerate_names, is_whole, shown
from loyaltymodel.errors import (
    ConvergenceWarning,
    DataError,
    NotIdentifiedError,
    OptionError,
    warn_caller,
)
from loyaltymodel.structural.kernels.quantities import FAILURES, Estimated, estimate
from loyaltymodel.structural.prediction import kernels
from loyaltymodel.structural.prediction.kernels import Antecedents, LinearModel
from loyaltymodel.structural.replication import Task, codes_in, make_task, read_answers
from loyaltymodel.structural.result import StructuralResult

LeaveOneOut = Literal["leave_one_out"]

_ROWS = 8192  # rows at a time: their slopes are 24 by 24 numbers each
_FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Respondents in the units of the result's deviations, and where each is held out."""

    rows: FloatArray  # (n, p)
    weights: FloatArray  # (n,)
    unit: IntArray  # (n,) respondent or cluster
    fold: IntArray  # (r, n) the fold of each, in each repeat
    places: IntArray  # (n,) rows of the data
    n_clusters: int | None

    @property
    def number(self) -> int:
        """Number of folds of a repeat."""
        return int(self.fold.max()) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What was predicted of each respondent, averaged over repeats; errors in answer units."""

    squared: FloatArray  # (3, n, q) errors of model, linear model and item averages
    absolute: FloatArray  # (3, n, q)
    predicted: FloatArray  # (n, q) answers
    observed: FloatArray  # (n, q)
    score_squared: FloatArray  # (2, n, j) errors of model and of average scores
    score_absolute: FloatArray  # (n, j)
    score_predicted: FloatArray  # (n, j)
    score_observed: FloatArray  # (n, j)


def read_folds(
    result: StructuralResult,
    data: object,
    *,
    clusters: str | None,
    n_folds: int | LeaveOneOut,
    n_repeats: int,
    rng: np.random.Generator,
) -> Folds:
    """Read the respondents, and deal them or their clusters out to folds.

    Raises
    ------
    DataError
        If the data are not those of the result.
    OptionError
        If there are more folds than respondents or clusters, or leave-one-out is repeated.
    """
    check_count("n_repeats", n_repeats, least=1)
    if isinstance(data, Moments):
        raise OptionError(
            "Moments have no respondents to hold out; give the answers that the result was fitted "
            "to"
        )
    answers = read_answers(result, data)
    cluster = codes_in(data, clusters, answers.places)
    unit = np.arange(len(answers.rows)) if cluster is None else cluster
    n, what = int(unit.max()) + 1, "respondent" if cluster is None else "cluster"
    if n_folds == "leave_one_out":
        if n_repeats > 1:
            raise OptionError(
                "leave-one-out has nothing random, so that it cannot be repeated; give n_repeats=1"
            )
        number = n
    else:
        if not is_whole(n_folds) or int(n_folds) < _FEWEST:
            raise OptionError(
                f"n_folds is {shown(n_folds)}; give a whole number of at least 2, or "
                '"leave_one_out"'
            )
        number = int(n_folds)
    if number > n:
        raise OptionError(
            f"{number} folds cannot be made of {count_of(n, what)}; give n_folds of at most {n}, "
            'or "leave_one_out"'
        )
    if n < _FEWEST:
        raise DataError(f"there is one {what}; at least two are needed to hold one out")
    if number == n:
        order = np.arange(n)[None]
    else:
        order = np.argsort(rng.random((n_repeats, n)), axis=1).argsort(axis=1) % number
    return Folds(
        answers.rows,
        answers.weights,
        unit.astype(np.intp),
        order[:, unit].astype(np.intp),
        answers.places,
        None if cluster is None else n,
    )


def same_folds(folds: Folds, other: StructuralResult, data: object) -> Folds:
    """Return the same respondents in the same folds, with the items of another model.

    Raises
    ------
    DataError
        If the other model rests on other respondents or weights.
    """
    answers = read_answers(other, data)
    if not np.array_equal(answers.places, folds.places) or not np.allclose(
        answers.weights / answers.weights.sum(), folds.weights / folds.weights.sum()
    ):
        raise DataError(
            "the two models rest on different respondents or weights, so that their losses cannot "
            "be held against each other; fit both to the rows that are complete in the items of "
            "both, with the same weights"
        )
    return replace(folds, rows=answers.rows)


def hold_out(
    result: StructuralResult, folds: Folds, antecedents: Antecedents, benchmark: LinearModel | None
) -> Outcome:
    """Predict every respondent by what the others say, with the linear model if one is named."""
    task = make_task(result)
    design = task.catalogue.design
    driven = np.flatnonzero(~design.exogenous[design.block])
    ends = np.flatnonzero(~design.exogenous)
    n, q, j = len(folds.rows), len(driven), len(ends)
    sd = np.sqrt(result.moments.covariance.diagonal())[driven]
    targets = []
    if benchmark is not None:
        targets = _targets(task, folds, antecedents, benchmark)
    squared, absolute = np.zeros((3, n, q)), np.zeros((3, n, q))
    predicted, score_squared = np.zeros((n, q)), np.zeros((2, n, j))
    score_absolute, score_predicted, score_observed = np.zeros((3, n, j))
    if benchmark is None:
        squared[1], absolute[1] = np.nan, np.nan
    repeats = len(folds.fold)
    for rows, fold, means, covariances, found in _estimated(task, folds):
        given, answers = folds.rows[rows], folds.rows[rows][:, driven]
        held = kernels.predicted(given, fold, means, found, design, antecedents)
        guesses: list[tuple[int, FloatArray]] = [(0, held.items), (2, means[:, driven][fold])]
        if targets:
            linear = kernels.linear_predictions(given, fold, means, covariances, targets)
            guesses.append((1, linear))
        for place, guess in guesses:
            error = (answers - guess) * sd
            np.add.at(squared[place], rows, error**2 / repeats)
            np.add.at(absolute[place], rows, np.abs(error) / repeats)
        np.add.at(predicted, rows, held.items / repeats)
        own, guess = held.observed[:, ends], held.scores[:, ends]
        np.add.at(score_squared[0], rows, (own - guess) ** 2 / repeats)
        np.add.at(score_squared[1], rows, own**2 / repeats)
        np.add.at(score_absolute, rows, np.abs(own - guess) / repeats)
        np.add.at(score_predicted, rows, guess / repeats)
        np.add.at(score_observed, rows, own / repeats)
    if targets and not np.isfinite(squared[1]).all():
        _refuse_linear()
    origin = result.moments.means[driven]
    return Outcome(
        squared,
        absolute,
        predicted * sd + origin,
        folds.rows[:, driven] * sd + origin,
        score_squared,
        score_absolute,
        score_predicted,
        score_observed,
    )


Part = tuple[IntArray, IntArray, FloatArray, FloatArray, Estimated]


def _estimated(task: Task, folds: Folds) -> Iterator[Part]:
    """Estimate without each fold, stack by stack, and hand out the rows that are held out."""
    number, place = folds.number, 0
    ids = folds.fold + number * np.arange(len(folds.fold))[:, None]
    order = np.argsort(ids, axis=None, kind="stable")
    ordered = ids.ravel()[order]
    setup, design = task.setup, task.catalogue.design
    n_held = np.bincount(ordered)
    for means, divided in _stacks(folds):
        stop = place + len(means)
        n_left = len(folds.rows) - n_held[place:stop, None, None]
        # Their divisor is n; scores are standardised with n - 1, as in a fit.
        covariances = divided * (n_left / np.maximum(n_left - 1, 1))
        found = estimate(means, covariances, design, setup)
        _refuse_failed(task, means, covariances, found.failure, number)
        first, last = np.searchsorted(ordered, (place, stop))
        for start in range(int(first), int(last), _ROWS):
            chosen = slice(start, min(start + _ROWS, int(last)))
            rows = (order[chosen] % len(folds.rows)).astype(np.intp)
            yield rows, (ordered[chosen] - place).astype(np.intp), means, covariances, found
        place = stop


def _stacks(folds: Folds) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Return moments without each fold: those of all less those of the fold, in stacks."""
    size = resampling.matrices_in_slice(folds.rows.shape[1])
    waiting: list[tuple[FloatArray, FloatArray]] = []
    for fold in folds.fold:
        units = resampling.make_units(folds.rows, folds.weights, fold, None)
        for part in resampling.moments_without_each(units):
            waiting.append(part)
            if sum(len(means) for means, _ in waiting) >= size:
                yield _joined(waiting)
                waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    means, covariances = (np.concatenate(one) for one in zip(*parts, strict=True))
    return means, covariances


def _targets(
    task: Task, folds: Folds, antecedents: Antecedents, benchmark: LinearModel
) -> list[tuple[IntArray, IntArray]]:
    """Return the items of each driven construct, and those that predict them."""
    design = task.catalogue.design
    found = []
    least = len(folds.rows) - int(np.bincount(folds.fold[0]).max())
    for k in np.flatnonzero(~design.exogenous).tolist():
        own = np.arange(design.rows(k).start, design.rows(k).stop)
        sources = kernels.regressors(design, k, benchmark, antecedents)
        if least <= len(sources) + 1:
            raise DataError(
                f"the linear model of {task.result.model.names[k]!r} has {len(sources)} items, and "
                f"a fold leaves {count_of(least, 'respondent')} to estimate it; take more folds, "
                'benchmark=None, or benchmark="antecedent_items", which needs fewer'
            )
        found.append((own, sources))
    return found


def _refuse_failed(
    task: Task, means: FloatArray, covariances: FloatArray, failure: IntArray, number: int
) -> None:
    late = failure == FAILURES.index("not_converged") + 1
    if late.any():
        warn_caller(
            f"without {count_of(int(late.sum()), 'fold')} of {number} the weights did not settle; "
            "predictions are by those of the last iteration",
            ConvergenceWarning,
        )
    failure = np.where(late, 0, failure)
    if not failure.any():
        return
    items = task.result.model.items
    way_out = (
        "take more folds, so that more respondents are left to estimate with, or leave out what "
        "hardly varies"
    )
    variances = np.einsum("bii->bi", covariances)
    constant = (variances <= 1e-12 * (1 + means**2)).any(axis=0)
    if constant.any():
        named = enumerate_names(items[k] for k in np.flatnonzero(constant))
        raise DataError(
            f"every answer to {named} is the same without one of the {number} folds, so that the "
            f"model cannot be estimated there; {way_out}"
        )
    kinds = enumerate_names(FAILURES[k - 1] for k in np.unique(failure[failure > 0]))
    raise NotIdentifiedError(
        f"without one of the {number} folds the model cannot be estimated ({kinds}); {way_out}"
    )


def _refuse_linear() -> None:
    raise NotIdentifiedError(
        "the items of the linear model are collinear without one of the folds, so that it predicts "
        "nothing; take another benchmark, or benchmark=None"
    )
