"""Intervals of parameters and of what a curve answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from loyaltymodel._core import intervals as _intervals
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import ConvergenceWarning, warn_caller
from loyaltymodel.jones_sasser.curves.families import Parameter
from loyaltymodel.jones_sasser.estimation.kernels.maximise import at_estimate, profile_ends
from loyaltymodel.jones_sasser.estimation.kernels.region import Answers, extremes
from loyaltymodel.jones_sasser.estimation.problem import Setup
from loyaltymodel.jones_sasser.estimation.uncertainty import (
    Uncertainty,
    information_uncertainty,
    model_uncertainty,
)

ParameterInterval = Literal["wald", "profile", "percentile"]
AnswerInterval = Literal["wald", "percentile"]
Range = Literal["share", "positive", "any"]
Ends = tuple[FloatArray, FloatArray]

METHODS = {
    "wald": "Wald",
    "profile": "profile likelihood",
    "percentile": "percentile bootstrap",
}

_NEAR = 3.0  # standard errors


def parameter_interval(
    estimate: FloatArray,
    error: FloatArray,
    kinds: Sequence[Parameter],
    *,
    level: float,
    degrees: float = np.inf,
) -> Ends:
    """Return Wald intervals (k,), symmetric on the scale of each parameter's transform.

    No interval of a transform holds a bound, however near it is. So where the normal law's reaches
    a bound, the interval begins there; and its other end is no further off than twice the normal
    law's, since a logit has no end at a bound.
    """
    low, high = _wald(estimate, error, level, degrees)
    reach = high - estimate
    for place, parameter in enumerate(kinds):
        x, e = estimate[place : place + 1], error[place : place + 1]
        if not e > 0 or parameter.transform == "none":
            continue
        lower, upper = parameter.lower, parameter.upper
        if not lower < x < upper:
            low[place], high[place] = max(lower, low[place]), min(upper, high[place])
            continue
        if parameter.transform == "log":
            ends = _log_wald(x, e, level, degrees)
        else:
            span = upper - lower
            ends = _logit_wald((x - lower) / span, e / span, level, degrees)
            ends = lower + span * ends[0], lower + span * ends[1]
            if low[place] <= lower:
                ends = np.full(1, lower), np.minimum(ends[1], x + 2 * reach[place])
            if high[place] >= upper:
                ends = np.maximum(ends[0], x - 2 * reach[place]), np.full(1, upper)
        low[place], high[place] = ends[0][0], ends[1][0]
    return low, high


def profile_interval(
    setup: Setup, values: FloatArray, free: BoolArray, places: IntArray, *, level: float
) -> Ends:
    """Return the ends (k,) at which the likelihood ratio test is just not significant.

    An end at which the other parameters could not be maximised is NaN, with a warning.
    """
    from scipy.special import chdtri  # noqa: PLC0415  slow to import

    lower, upper = setup.lower, setup.upper
    top = at_estimate(setup.problem, setup.stats, values, lower, upper)
    covariance = information_uncertainty(setup.problem, setup.stats, top, free).covariance
    error = np.sqrt(np.diag(covariance))
    # Where there is no error, the first guess comes from the information of the one alone.
    alone = 1 / np.sqrt(np.maximum(np.diag(top.info[0]), 1e-12))
    error = np.where((error > 0) & np.isfinite(error), error, alone)
    moving = np.flatnonzero(lower[places] < upper[places])
    ends = np.column_stack([values[places], values[places]])
    if len(moving):
        ends[moving] = profile_ends(
            setup.problem,
            setup.stats,
            top,
            lower,
            upper,
            places=places[moving],
            errors=error[places[moving]],
            drop=float(chdtri(1, 1 - level)) / 2,
            starts=setup.starts,
        )
    if not top.converged[0]:
        ends[moving] = np.nan
    open_ends = [setup.names[places[k]] for k in np.flatnonzero(np.isnan(ends).any(axis=1))]
    if open_ends:
        warn_caller(
            f"the profile of {enumerate_names(open_ends)} did not converge, so an end of its "
            "interval is not known; take Wald or bootstrap intervals, or a family with fewer "
            "parameters",
            ConvergenceWarning,
        )
    return ends[:, 0], ends[:, 1]


def draws_interval(draws: FloatArray, *, level: float) -> Ends:
    """Return percentile intervals (k,) of draws (b, k)."""
    found = _intervals.percentile(draws, level=level)
    return found.low, found.high


def delta_interval(
    answer: Callable[[FloatArray], FloatArray],
    values: FloatArray,
    uncertainty: Uncertainty,
    *,
    level: float,
    within: Range,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return standard errors and ends (m,) of answers to parameters (b, q) as (b, m)."""
    estimate = answer(values[None])[0]
    error = np.sqrt(delta_variance(answer, values, uncertainty))
    low, high = _WALD[within](estimate, error, level, uncertainty.degrees)
    return error, low, high


def share_interval(
    share: FloatArray, error: FloatArray, *, level: float, degrees: float = np.inf
) -> Ends:
    """Return Wald intervals (k,) of shares that may be 0, such as constraints.

    An interval that is symmetric in the logit cannot hold 0, however near it is. So within three
    errors of 0 it is the normal law's, cut off at 0.
    """
    low, high = _logit_wald(share, error, level, degrees)
    plain = _wald(share, error, level, degrees)
    near = share < _NEAR * error
    return np.where(near, np.maximum(plain[0], 0.0), low), np.where(near, plain[1], high)


def answers_profile(
    setup: Setup,
    values: FloatArray,
    uncertainty: Uncertainty,
    answer: Callable[[FloatArray], FloatArray],
    one_each: Answers,
    *,
    level: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return standard errors and profile intervals (k,) of answers (b, k) to parameters (b, q).

    ``one_each`` gives one of the answers a row, with its gradient.

    Where the errors are robust, the log-likelihood may fall by as many times more as the robust
    variance of an answer is larger than that of the model, and Student's quantile takes the place
    of the normal law's. So the interval has the length of Wald's where everything is straight, and
    follows the likelihood where it is not. NaN where no end was found.
    """
    variance = delta_variance(answer, values, uncertainty)
    ratio = np.ones_like(variance)
    if uncertainty.kind != "model":
        top = at_estimate(setup.problem, setup.stats, values, setup.lower, setup.upper)
        free = (setup.lower < values) & (values < setup.upper)
        own = delta_variance(answer, values, model_uncertainty(setup, top, free))
        ratio = np.divide(variance, own, out=np.full_like(own, np.nan), where=own > 0)
    one = np.ones(1)
    reach = _intervals.student(0 * one, one, uncertainty.degrees, level=level).high
    drop = np.where(variance > 0, ratio * reach**2 / 2, np.nan)
    low, high = extremes(
        setup.problem, setup.stats, values, setup.lower, setup.upper, one_each, drop=drop
    )
    sure = variance == 0
    estimate = answer(values[None])[0]
    return np.sqrt(variance), np.where(sure, estimate, low), np.where(sure, estimate, high)


def delta_variance(
    answer: Callable[[FloatArray], FloatArray], values: FloatArray, uncertainty: Uncertainty
) -> FloatArray:
    """Return variances (m,) of answers, by differences in the parameters.

    They are central, and on a bound those of the side on which the parameter may lie.
    """
    covariance, inward = uncertainty.covariance, uncertainty.inward
    places = np.flatnonzero(np.diag(covariance) > 0)
    if not len(places):
        return np.zeros(answer(values[None]).shape[1])
    step = 1e-3 * np.sqrt(np.diag(covariance)[places])
    k = np.arange(len(places))
    moved = np.repeat(values[None], 2 * len(places), axis=0)
    side = np.zeros(len(places)) if inward is None else inward[places]
    moved[k, places] += step * (side >= 0)
    moved[len(places) + k, places] -= step * (side <= 0)
    found = answer(moved)
    apart = np.where(side == 0, 2 * step, step)
    slope = (found[: len(places)] - found[len(places) :]) / apart[:, None]
    block = covariance[np.ix_(places, places)]
    variance: FloatArray = np.einsum("im,ij,jm->m", slope, block, slope)
    return np.maximum(variance, 0.0)


def _wald(x: FloatArray, error: FloatArray, level: float, degrees: float) -> Ends:
    found = _intervals.student(x, error, degrees, level=level)
    return found.low, found.high


def _log_wald(x: FloatArray, error: FloatArray, level: float, degrees: float) -> Ends:
    """Return the interval that is symmetric in the logarithm, the plain one of what has none."""
    positive = x > 0
    safe = np.where(positive, x, 1.0)
    reach = _wald(np.log(safe), error / safe, level, degrees)
    plain = _wald(x, error, level, degrees)
    low, high = (
        np.where(positive, np.exp(end), other) for end, other in zip(reach, plain, strict=True)
    )
    return low, high


def _logit_wald(share: FloatArray, error: FloatArray, level: float, degrees: float) -> Ends:
    """Return the interval that is symmetric in the logit; a share of 0 or 1 has itself."""
    inside = (share > 0) & (share < 1) & (error > 0)
    safe = np.where(inside, share, 0.5)
    low, high = _wald(np.log(safe / (1 - safe)), error / (safe * (1 - safe)), level, degrees)
    turned = (0.5 + 0.5 * np.tanh(low / 2), 0.5 + 0.5 * np.tanh(high / 2))
    edge = np.where(np.isnan(share) | np.isnan(error), np.nan, share)
    return np.where(inside, turned[0], edge), np.where(inside, turned[1], edge)


_WALD = {"share": _logit_wald, "positive": _log_wald, "any": _wald}
