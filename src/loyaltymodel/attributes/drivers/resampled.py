"""Many quantities at once, and how far resampled respondents let them vary.

Intervals lie between percentiles. Shares of R2 cannot fall below 0 and lie askew, so that basic
intervals hold small ones far too rarely, and BCa intervals do no better than percentiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.resampling import Units
from loyaltymodel._core.results import Result
from loyaltymodel.errors import DataError

# Means (b, q) and covariances (b, q, q) to quantities (b, k), and which problems are solvable.
Evaluate = Callable[[FloatArray, FloatArray], tuple[FloatArray, BoolArray]]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class _Resampled(Result):
    """Base of results whose errors and intervals, if asked for, come from resamples.

    Attributes
    ----------
    estimates : EstimateTable
        What was estimated; with resamples also errors, intervals and all replicates.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    n_resamples : int
        Number of resamples drawn; 0 for none.
    n_failed : int
        Resamples left out because a variable was constant or collinear in them.
    level : float or None
        Confidence level of each interval; None without resamples.
    """

    estimates: EstimateTable
    n_obs: int
    n_dropped: int
    n_resamples: int
    n_failed: int
    level: float | None

    @property
    def interval(self) -> str | None:
        """Kind of interval, always between percentiles; None without resamples."""
        return None if self.level is None else "percentile"

    def _replicates(self) -> FloatArray:
        """Return the estimates in each resample.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        if self.estimates.replicates is None:
            raise DataError("there are no resamples; ask for some, such as n_resamples=2000")
        return self.estimates.replicates


def observed_moments(units: Units) -> tuple[FloatArray, FloatArray]:
    """Means (1, q) and covariances (1, q, q) of the sample itself, everybody drawn once."""
    return resampling.resampled_moments(units, np.ones((1, units.n_units)))


def with_resamples(
    labels: Labels,
    estimate: FloatArray,
    units: Units,
    evaluate: Evaluate,
    *,
    tested: BoolArray,
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> tuple[EstimateTable, int]:
    """Return a table of estimates (k,), with intervals if there are resamples, and how many failed.

    ``tested`` (k,) tells of which estimates 0 is a question.

    Raises
    ------
    NotIdentifiedError
        If fewer than two resamples can be evaluated.
    """
    if n_resamples == 0:
        columns = FrozenMapping({name: tuple(values) for name, values in labels.items()})
        return EstimateTable(labels=columns, estimate=estimate, level=level), 0
    slices = resampling.draw_counts(units, n_resamples, rng, size=resampling.slice_size(units))
    moments = (resampling.resampled_moments(units, counts) for counts in slices)
    replicates = _collect(moments, evaluate, n_resamples)
    table = EstimateTable.resampled(labels, estimate, replicates, level=level)
    assert table.p_value is not None  # noqa: S101  0 is tested unless it is declined
    p_value = np.where(tested, table.p_value, np.nan) if tested.any() else None
    return replace(table, p_value=p_value), n_resamples - len(replicates)


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
        way_out="ask more respondents, or leave out variables that hardly vary",
    )
    return kept
