"""From cells of renewals to estimates, or to the name of what has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel.economics.contractual.cells import (
    Model,
    RenewalCells,
    RetentionSolution,
    renewals_of,
)
from loyaltymodel.economics.contractual.kernels.likelihood import (
    MOST_C,
    MOST_R,
    Renewals,
    slopes,
)
from loyaltymodel.economics.contractual.kernels.search import (
    Maximum,
    beginnings,
    maximise,
    spectrum,
)
from loyaltymodel.errors import NotIdentifiedError

_R = np.array([0.05, 0.4, 1.2, 3.0])  # precisions of 20, 2, 0.4 and 0.05
_C = np.array([-0.7, 0.0, 0.7])
_FIRST_ROUNDS = 40
_FEWEST = {"beta_geometric": 2, "beta_discrete_weibull": 3}
_MANY = 100_000  # cells from which on two beginnings have to do
_FLAT = 1e-9  # of the expected information, below which a direction has no error
_FARTHEST = 25.0  # a logit of a churn that is 0 or 1


def estimate(cells: RenewalCells, names: tuple[str, ...], model: Model) -> RetentionSolution:
    """Return the maximum of the likelihood.

    Raises
    ------
    NotIdentifiedError
        If it has none that means anything: nobody or everybody left, too few renewals, a driver
        that tells who leaves without exception.
    """
    _check(cells, model)
    centre, unit = _standardised(cells, names)
    renewals = renewals_of(cells, centre, unit, model)
    if not cells.lost[cells.tenure > 1].any():
        return _all_or_nothing(renewals, names, centre, unit, model)
    found, alike, constant, n_iter = _maxima(renewals)
    theta, value = found.theta[0], float(found.value[0])
    _check_solution(renewals, theta, names, model)
    free = np.ones(len(theta), dtype=np.bool_)
    free[renewals.r] = theta[renewals.r] > 0
    alike = min(alike, value) if free[renewals.r] else value
    return RetentionSolution(
        theta=theta,
        covariance=_covariance(renewals, theta, free),
        free=free,
        centre=centre,
        unit=unit,
        log_likelihoods=np.array([value, alike, min(constant, value)]),
        without=_without_each(renewals, theta, free),
        decrement=float(found.decrement[0]),
        n_iter=n_iter,
    )


def _check(cells: RenewalCells, model: Model) -> None:
    if not cells.lost.any():
        raise NotIdentifiedError(
            "no customer was lost, so that churn has no estimate but 0, and nothing tells how "
            "customers differ; watch them longer"
        )
    if (cells.lost == cells.at_risk).all():
        raise NotIdentifiedError(
            "every customer left at the first renewal that was watched, so that churn has no "
            "estimate but 1; add customers who stayed (lost=0)"
        )
    at = np.unique(cells.tenure)
    if len(at) < _FEWEST[model]:
        needed = {"beta_geometric": "two", "beta_discrete_weibull": "three"}[model]
        also = "" if model == "beta_geometric" else ", and c"
        raise NotIdentifiedError(
            f"customers were watched at {count_of(len(at), 'renewal')} only "
            f"({enumerate_names(at.tolist())}), and {model!r} needs {needed}: how many leave and "
            f"how much customers differ{also} cannot be told apart; watch them for another "
            "renewal, or state the retention rate that was seen"
        )


def _standardised(cells: RenewalCells, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    if not names:
        return np.zeros(0), np.ones(0)
    weight = np.bincount(cells.profile, cells.at_risk, len(cells.profiles))
    weight = weight / weight.sum()
    centre = weight @ cells.profiles
    apart = cells.profiles - centre
    unit = np.sqrt(weight @ apart**2)
    size = np.abs(cells.profiles).max(axis=0)
    if (level := unit <= 1e-12 * size).any():
        constant = [name for name, flat in zip(names, level, strict=True) if flat]
        raise NotIdentifiedError(
            f"{enumerate_names(constant)} is the same for all customers, so that nothing tells "
            "what it does; leave it out of drivers"
        )
    inner = apart / unit
    values, vectors = np.linalg.eigh((inner * weight[:, None]).T @ inner)
    if values[0] < 1e-10:  # noqa: PLR2004
        tied = [n for n, v in zip(names, vectors[:, 0], strict=True) if abs(v) > 1e-4]  # noqa: PLR2004
        raise NotIdentifiedError(
            f"{enumerate_names(tied)} are tied together by an exact equation, so that their "
            "coefficients cannot be told apart; leave one of them out"
        )
    return centre, unit


def _maxima(renewals: Renewals) -> tuple[Maximum, float, float, int]:
    """Return the maximum, the best with customers all alike, and the best with c = 1."""
    few = len(renewals.tenure) > _MANY
    r = _R[1:3] if few else _R
    constant = replace(renewals, weibull=False)
    zero = np.zeros(1)
    begin = np.concatenate(
        [beginnings(constant, r=zero, log_c=zero), beginnings(constant, r=r, log_c=zero)]
    )
    free = np.ones(begin.shape, dtype=np.bool_)
    free[0, constant.r] = False
    found = maximise(constant, begin, free)
    best = int(np.nanargmax(found.value))
    alike, c_is_one, n_iter = float(found.value[0]), float(found.value[best]), found.n_iter
    if not renewals.weibull:
        return _row(found, best), alike, c_is_one, n_iter
    rs, cs = (x.ravel() for x in np.meshgrid(r, _C[1:2] if few else _C))
    none = np.zeros(len(_C))
    begin = np.concatenate(
        [
            np.append(found.theta[best], 0.0)[None],
            beginnings(renewals, r=rs, log_c=cs),
            beginnings(renewals, r=none, log_c=_C),
        ]
    )
    free = np.ones(begin.shape, dtype=np.bool_)
    free[-len(_C) :, renewals.r] = False
    # What begins alike stays alike; the others are freed where they came to a halt there.
    rough = maximise(renewals, begin, free, second=False, rounds=_FIRST_ROUNDS)
    searched, held = slice(0, -len(_C)), slice(-len(_C), None)
    places = [
        int(np.nanargmax(rough.value[searched])),
        len(begin) - len(_C) + int(np.nanargmax(rough.value[held])),
    ]
    begin = rough.theta[[places[0], places[1], places[1]]]
    free = np.ones(begin.shape, dtype=np.bool_)
    free[1, renewals.r] = False
    fine = maximise(renewals, begin, free)
    best = int(np.nanargmax(fine.value))
    return _row(fine, best), float(fine.value[1]), c_is_one, n_iter + rough.n_iter + fine.n_iter


def _row(found: Maximum, best: int) -> Maximum:
    return Maximum(
        found.theta[best : best + 1], found.value[best : best + 1],
        found.decrement[best : best + 1], found.n_iter,
    )  # fmt: skip


def _check_solution(
    renewals: Renewals, theta: FloatArray, names: tuple[str, ...], model: Model
) -> None:
    _, high = renewals.bounds
    coefficients = slice(0, renewals.r)
    etas = renewals.etas(theta[None])[0]
    if (np.abs(theta[coefficients]) >= high[coefficients]).any() or np.abs(etas).max() > _FARTHEST:
        who = f" of customers with some values of {enumerate_names(names)}" if names else ""
        raise NotIdentifiedError(
            f"the likelihood rises without end while the churn{who} goes to 0 or 1, because all "
            "of them left, or none; put such values together with others, or watch longer"
        )
    if renewals.weibull and abs(theta[-1]) >= MOST_C:
        way = "above" if theta[-1] > 0 else "below"
        raise NotIdentifiedError(
            f"the likelihood rises without end while c goes {way} "
            f"{np.exp(np.sign(theta[-1]) * MOST_C):.3g}: these losses by tenure have no beta "
            'discrete Weibull law; fit model="beta_geometric", or watch more renewals'
        )
    if theta[renewals.r] >= MOST_R:
        raise NotIdentifiedError(f"the precision of {model!r} goes to 0; watch more renewals")


def _covariance(renewals: Renewals, theta: FloatArray, free: BoolArray) -> FloatArray:
    found = slopes(renewals, theta[None])
    scale, values, vectors = spectrum(found.observed, found.expected, free[None])
    if values[0].min() < _FLAT:
        return np.full((len(theta), len(theta)), np.nan)
    inner = (vectors[0] / values[0]) @ vectors[0].T
    both = np.outer(free, free)
    return np.asarray(np.where(both, inner * np.outer(scale[0], scale[0]), 0.0))


def _without_each(renewals: Renewals, theta: FloatArray, free: BoolArray) -> FloatArray:
    """Return the log-likelihood without each driver; for c that with c = 1 is known already."""
    k = renewals.r - 1
    if not k:
        return np.zeros(0)
    begin = np.repeat(theta[None], k, axis=0)
    moving = np.repeat(free[None], k, axis=0)
    moving[:, renewals.r] = True
    begin[:, renewals.r] = np.maximum(begin[:, renewals.r], 0.05)
    places = np.arange(k), np.arange(1, k + 1)
    begin[places], moving[places] = 0.0, False
    if not free[renewals.r] and theta[renewals.r] >= MOST_R:
        begin[:, renewals.r], moving[:, renewals.r] = MOST_R, False
    return maximise(renewals, begin, moving).value


def _all_or_nothing(
    renewals: Renewals, names: tuple[str, ...], centre: FloatArray, unit: FloatArray, model: Model
) -> RetentionSolution:
    """Return the limit where precision is 0: all who ever leave have left at the first renewal."""
    if renewals.weibull:
        raise NotIdentifiedError(
            "nobody left after the first renewal, so that customers either leave at once or "
            'never, and c has nothing to tell; fit model="beta_geometric", which says so'
        )
    zero = np.zeros(1)
    begin = beginnings(renewals, r=np.array([0.0, MOST_R]), log_c=np.zeros(2))
    free = np.ones(begin.shape, dtype=np.bool_)
    free[:, renewals.r] = False
    found = maximise(renewals, begin, free)
    theta = found.theta[1]
    _check_solution(renewals, np.where(free[1], theta, zero), names, model)
    return RetentionSolution(
        theta=theta,
        covariance=_covariance(renewals, theta, free[1]),
        free=free[1],
        centre=centre,
        unit=unit,
        log_likelihoods=np.array([found.value[1], found.value[0], found.value[1]]),
        without=_without_each(renewals, theta, free[1]),
        decrement=float(found.decrement[1]),
        n_iter=found.n_iter,
    )
