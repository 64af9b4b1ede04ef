"""Customers of a known truth: industries with a curve, constraints and measurement error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.options import (
    LEAST_RELIABILITY,
    check_choice,
    check_count,
    check_finite,
    check_positive,
    is_reliability,
    shown,
)
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import BELOW_ONE, read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve, curve

_WIDEST = 1e100

Drawn = Literal["binary", "count", "score", "ordinal"]


@checked
def simulate(
    n: int,
    *,
    model: LoyaltyCurve | None = None,
    constraints: Mapping[str, float] | None = None,
    mean: float = 0.65,
    sd: float = 0.2,
    reliability: float = 1.0,
    levels: int | None = None,
    outcome: Drawn = "binary",
    trials: int = 10,
    precision: float = 10.0,
    thresholds: tuple[float, ...] = (-2.0, 0.0, 2.0),
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return customers of industries whose curve and constraints are known.

    True satisfaction is normal, what lies beyond an end of the scale being on that end. The
    observed one has normal measurement error on top.

    Parameters
    ----------
    n : int
        Number of customers, shared equally among the industries.
    model : LoyaltyCurve, optional
        Loyalty of a free customer; by default power with hi = 0.95 and k = 3.
    constraints : mapping from industry to number, optional
        How strongly each industry holds its customers, 0 to below 1; by default one, free.
    mean, sd : float
        Of true satisfaction before it is held within the scale, as shares of the scale.
    reliability : float
        Share of the variance of the observed satisfaction that is not error, above 0 to 1, before
        it is held within the scale and rounded. Two answers of a customer then correlate a little
        less: by 0.79 where it is 0.8, with a mean of 0.6 and a standard deviation of 0.25.
    levels : int, optional
        Round the observed satisfaction to so many equally spaced answers, such as 10.
    outcome : {"binary", "count", "score", "ordinal"}
        What is observed of loyalty.
    trials : int
        Number of trials of each customer, for "count".
    precision : float
        Precision of the beta law of scores, above 0, for "score".
    thresholds : tuple of float
        Rising thresholds of ordered answers on the logistic scale, for "ordinal"; the answers
        are 1, 2 and so on, and the one above the threshold 0 is the first that means staying.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    DataFrame
        ``industry``, ``satisfaction`` (observed) and ``true_satisfaction`` as shares of the
        scale, ``constraint``, ``probability`` (true loyalty and false together) and what was
        observed: ``stayed`` (1 or 0, or how often), ``score`` or ``intention``.

    Raises
    ------
    DataError
        If a constraint is out of its range.
    OptionError
        If an option is not one of its choices.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(
    ...     10_000, constraints={"telephone": 0.5, "cars": 0.0}, rng=1
    ... )
    >>> people.groupby("industry")["stayed"].mean().round(2).to_dict()
    {'cars': 0.32, 'telephone': 0.66}
    """
    check_count("n", n, least=1)
    check_choice("outcome", outcome, Drawn)
    check_positive("sd", sd)
    check_finite("mean", mean, way_out=", such as 0.65")
    for name, value in (("mean", mean), ("sd", sd)):
        if abs(value) > _WIDEST:
            raise OptionError(f"{name}={value:g} is too large; it is in shares of the scale")
    check_positive("precision", precision)
    check_count("trials", trials, least=1)
    if levels is not None:
        check_count("levels", levels, least=2)
    if not is_reliability(reliability):
        raise OptionError(
            f"reliability={shown(reliability)} must lie above 0 and up to 1, and be "
            f"{LEAST_RELIABILITY:g} at least"
        )
    if 0 not in thresholds or list(thresholds) != sorted(set(thresholds)):
        raise OptionError(
            f"thresholds={shown(thresholds)} must rise, and one of them must be 0, such as "
            "(-2.0, 0.0, 2.0)"
        )
    if constraints is not None and not constraints:
        raise OptionError("constraints is empty; name at least one industry, or leave it out")
    random = np.random.default_rng(rng)
    held = {"market": 0.0} if constraints is None else dict(constraints)
    strength = read_numbers("constraints", list(held.values()), bounds=(0.0, BELOW_ONE))
    truth = curve("power", {"hi": 0.95, "k": 3.0}) if model is None else model
    code = np.arange(n) % len(held)
    score = mean + sd * random.standard_normal(n)
    noise = sd * np.sqrt((1 - reliability) / reliability) * random.standard_normal(n)
    true = score.clip(0, 1)
    observed = (score + noise).clip(0, 1)
    if levels is not None:
        observed = np.rint(observed * (levels - 1)) / (levels - 1)
    c = strength[code]
    loyalty = truth.loyalty(true, constraint=c)
    people = pd.DataFrame(
        {
            "industry": np.array(list(held), dtype=object)[code],
            "satisfaction": observed,
            "true_satisfaction": true,
            "constraint": c,
            "probability": loyalty,
        }
    )
    name = {"score": "score", "ordinal": "intention"}.get(outcome, "stayed")
    people[name] = _observed(loyalty, outcome, trials, precision, thresholds, random)
    return people


def _observed(
    loyalty: FloatArray,
    outcome: Drawn,
    trials: int,
    precision: float,
    thresholds: tuple[float, ...],
    rng: np.random.Generator,
) -> FloatArray | IntArray:
    """Return what is observed of loyalty."""
    n = len(loyalty)
    if outcome == "binary":
        return (rng.random(n) < loyalty).astype(np.intp)
    if outcome == "count":
        return rng.binomial(trials, loyalty)
    inside = loyalty.clip(1e-6, 1 - 1e-6)  # the laws of score and answer need the open interval
    if outcome == "score":
        drawn = rng.beta(inside * precision, (1 - inside) * precision)
        score: FloatArray = drawn.clip(1e-12, 1 - 1e-12)  # rounding must not reach the ends
        return score
    logit = np.log(inside) - np.log1p(-inside)
    at_least = logit[:, None] + rng.logistic(size=n)[:, None] > np.array(thresholds)
    answers: IntArray = 1 + at_least.sum(axis=1)
    return answers
