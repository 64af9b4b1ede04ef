"""Intervals of what is asked: by the profile of the likelihood, or by the normal law."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.intervals import ndtri
from loyaltymodel.economics.contractual.asked import Asked
from loyaltymodel.economics.contractual.cells import RetentionSolution
from loyaltymodel.economics.contractual.kernels.likelihood import MOST_R, Renewals
from loyaltymodel.economics.contractual.kernels.region import ends
from loyaltymodel.errors import NotIdentifiedError

RetentionInterval = Literal["profile", "wald"]

_STEP = 1e-5


def answer(
    labels: Labels, asked: Asked, renewals: Renewals, solution: RetentionSolution,
    *, interval: RetentionInterval, level: float,
) -> EstimateTable:  # fmt: skip
    """Return a table of quantities with their intervals."""
    which = np.arange(asked.numbers)
    here = np.repeat(solution.theta[None], asked.numbers, axis=0)
    estimate = asked.back(asked.link(here, which), which)
    columns: dict[str, FloatArray] = {}
    if interval == "wald":
        middle, error = asked.link(here, which), errors(asked, solution)
        reach = float(ndtri(np.array((1 + level) / 2))) * error
        found = [asked.back(middle + sign * reach, which) for sign in (-1, 1)]
        found = [np.where(np.isfinite(error), end, np.nan) for end in found]
    else:
        found = list(profile(asked, renewals, solution, level=level))
    # Links may fall where the quantity rises; an end that is not known leaves both.
    low, high = np.minimum(*found), np.maximum(*found)
    columns = {"ci_low": low, "ci_high": high}
    return EstimateTable(
        labels=FrozenMapping(labels),  # type: ignore[arg-type]
        estimate=estimate,
        level=level,
        method={"wald": "Wald", "profile": "profile likelihood"}[interval],
        **columns,
    )


def parameter_draws(solution: RetentionSolution, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw parameters (n, q) from the normal law of coefficients, log precision and log c."""
    r, theta = len(solution.centre) + 1, solution.theta
    if not np.isfinite(solution.covariance).all():
        raise NotIdentifiedError("the likelihood is level, so that the estimates have no law")
    to_log = np.eye(len(theta))
    to_log[r, r] = -np.exp(theta[r]) / np.expm1(theta[r])
    mean = theta.copy()
    mean[r] = -np.log(np.expm1(theta[r]))
    spread = to_log @ solution.covariance @ to_log.T
    drawn = rng.multivariate_normal(mean, spread, n, method="cholesky")
    drawn[:, r] = np.log1p(np.exp(-drawn[:, r]))
    return drawn


def profile(
    asked: Asked, renewals: Renewals, solution: RetentionSolution, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return least and largest values (k,) that the likelihood allows, NaN where none is found."""
    r = renewals.r
    if solution.theta[r] >= MOST_R:  # nothing holds r from above, and S hardly moves with it
        nothing = np.full(asked.numbers, np.nan)
        return nothing, nothing
    drop = float(ndtri(np.array((1 + level) / 2))) ** 2 / 2
    moving = np.ones_like(solution.free)
    theta, sure = ends(renewals, solution.theta, moving, asked.link, asked.numbers, drop=drop)
    which = np.tile(np.arange(asked.numbers), 2)
    values = np.where(sure, asked.back(asked.link(theta, which), which), np.nan)
    return values[: asked.numbers], values[asked.numbers :]


def errors(asked: Asked, solution: RetentionSolution) -> FloatArray:
    """Return standard errors (k,) on the scale of the links."""
    k, q = asked.numbers, len(solution.theta)
    which = np.arange(k)
    gradient = np.zeros((k, q))
    for j in np.flatnonzero(solution.free):
        step = _STEP * np.eye(q)[j]
        up, down = (
            asked.link(np.repeat((solution.theta + s * step)[None], k, axis=0), which)
            for s in (1, -1)
        )
        gradient[:, j] = (up - down) / (2 * _STEP)
    variance = np.einsum("ki,ij,kj->k", gradient, solution.covariance, gradient)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
