"""Errors and intervals of many quantities at once, from resampled respondents.

Intervals lie between percentiles. Shares of R2 cannot fall below 0 and lie askew, so that basic
intervals hold small ones far too rarely, and BCa intervals do no better than percentiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel import _intervals as intervals
from loyaltymodel import _resampling as resampling
from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord
from loyaltymodel._resampling import Units
from loyaltymodel.errors import DataError

# Means (b, q) and covariances (b, q, q) to quantities (b, k), and which problems are solvable.
Evaluate = Callable[[FloatArray, FloatArray], tuple[FloatArray, BoolArray]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Uncertainty(FrozenRecord):
    """How far k quantities would vary between surveys, by the bootstrap (自助法).

    It hangs on the result of an analysis that was asked for resamples, and is what its tables of
    intervals are made from.

    Attributes
    ----------
    level : float
        Confidence level of each interval.
    n_resamples : int
        Number of resamples drawn.
    n_failed : int
        Resamples that were left out, because a variable was constant or collinear in them.
    std_error, ci_low, ci_high : ndarray of shape (k,)
        Standard errors and ends of the intervals.
    replicates : ndarray of shape (b, k)
        All quantities in each resample that did not fail.
    """

    level: float
    n_resamples: int
    n_failed: int
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    replicates: FloatArray


def facts_of(uncertainty: Uncertainty) -> tuple[tuple[str, str], ...]:
    """Say in words how intervals were made."""
    failed = f", {uncertainty.n_failed} left out" if uncertainty.n_failed else ""
    return (
        ("resamples", f"{uncertainty.n_resamples}{failed}"),
        ("intervals", f"percentile, level {uncertainty.level:g}"),
    )


def observed_moments(units: Units) -> tuple[FloatArray, FloatArray]:
    """Means (1, q) and covariances (1, q, q) of the sample itself, everybody drawn once."""
    return resampling.resampled_moments(units, np.ones((1, units.n_units)))


def resample(
    units: Units,
    evaluate: Evaluate,
    *,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> Uncertainty | None:
    """Draw respondents, evaluate every resample, and make intervals; nothing for 0 resamples.

    Raises
    ------
    NotIdentifiedError
        If fewer than two resamples can be evaluated.
    """
    if n_resamples == 0:
        return None
    slices = resampling.draw_counts(units, n_resamples, rng, size=resampling.slice_size(units))
    moments = (resampling.resampled_moments(units, counts) for counts in slices)
    replicates = _collect(moments, evaluate, n_resamples)
    found = intervals.percentile(replicates, level=level)
    return Uncertainty(
        level=level,
        n_resamples=n_resamples,
        n_failed=n_resamples - len(replicates),
        std_error=replicates.std(axis=0, ddof=1),
        ci_low=found.low,
        ci_high=found.high,
        replicates=replicates,
    )


def _collect(
    moments: Iterator[tuple[FloatArray, FloatArray]], evaluate: Evaluate, n_resamples: int
) -> FloatArray:
    """Evaluate every problem, and keep those that have a solution."""
    found = [evaluate(means, covariances) for means, covariances in moments]
    kept = np.concatenate([values[solvable] for values, solvable in found])
    resampling.check_failures(
        n_resamples - len(kept),
        n_resamples,
        "have a variable that was constant or collinear",
        way_out="ask more people, or leave out variables that hardly vary",
    )
    return kept


def drawn(uncertainty: Uncertainty | None) -> Uncertainty:
    """Return the uncertainty that a result has.

    Raises
    ------
    DataError
        If it has none.
    """
    if uncertainty is None:
        raise DataError("there are no resamples; ask for some, such as n_resamples=1000")
    return uncertainty


def tidy(
    labels: pd.DataFrame, estimate: FloatArray, uncertainty: Uncertainty | None
) -> pd.DataFrame:
    """Put labels, estimates and their uncertainty side by side, a row a quantity."""
    found = drawn(uncertainty)
    return labels.assign(
        estimate=estimate,
        std_error=found.std_error.copy(),
        ci_low=found.ci_low.copy(),
        ci_high=found.ci_high.copy(),
    )
