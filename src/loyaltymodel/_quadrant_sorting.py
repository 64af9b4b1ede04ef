"""People sorted into classes by two scores: options checked, classes, shares and how sure they are.

This is what every matrix of people has in common. A matrix says what its two variables are
called and which class each cell is (:class:`Classes`), and makes its own result of what is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._counts import expected_intervals, observed_intervals
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, check_resamples, percentile
from loyaltymodel._options import check_choice, check_count, count_of
from loyaltymodel._quadrant_shares import Classes, resampled_shares, true_shares
from loyaltymodel._quadrants import (
    Cut,
    Grid,
    Posterior,
    Ties,
    cell_codes,
    check_cut,
    cut_offs,
    given_moments,
    moments_of,
    posterior_of,
    quadrants,
    require_identified,
)
from loyaltymodel._resampling import check_failures
from loyaltymodel._scales import Pair, pair_of
from loyaltymodel._variables import Variables, read_weighted
from loyaltymodel.errors import OptionError

IntervalKind = Literal["formula", "bootstrap"]
Randomness = np.random.Generator | int | None

_CLASH = "correlations that the reliabilities do not allow"
_NOBODY = "only people of weight 0"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorting:
    """How people are sorted, and how sure the shares are: all options, checked."""

    names: tuple[str, str]
    cuts: tuple[Cut, Cut]
    limits: tuple[Pair | None, Pair | None]
    ties: Ties
    reliability: Pair | None
    given: tuple[FloatArray, FloatArray] | None  # means and covariance of the scores
    interval: IntervalKind
    level: float
    n_resamples: int
    extremes: Pair | None = None  # of the first score, below and above its cut-off, both included

    @property
    def bounds(self) -> dict[str, Pair]:
        """Limits of those scores whose scale is known."""
        known = zip(self.names, self.limits, strict=True)
        return {name: pair for name, pair in known if pair is not None}

    def grid(self, rows: FloatArray, weights: FloatArray) -> Grid:
        """Return the cut-offs for scores (n, 2) under weights (b, n)."""
        x, y = (
            cut_offs(rows[:, k], weights, self.cuts[k], limits=self.limits[k]) for k in range(2)
        )
        plain = quadrants(x, y, ties=self.ties)
        if self.extremes is None:
            return plain
        # In a resample the cut-off may pass an extreme, which then moves along.
        low, high = np.minimum(self.extremes[0], x), np.maximum(self.extremes[1], x)
        both_ends = np.array([False, *plain.x_up, True])
        return Grid(np.stack([low, x, high], axis=-1), plain.y, both_ends, plain.y_up)

    def posterior(self, rows: FloatArray, weights: FloatArray, squared: FloatArray) -> Posterior:
        """Return the posterior of true scores under weights (b, n), or the one given."""
        if self.given is not None:
            mean, observed = self.given
        else:
            mean, observed = moments_of(rows, weights, squared)
        return posterior_of(mean, observed, np.array(self.reliability))


def check_sorting(
    names: tuple[str, str],
    cuts: tuple[Cut, Cut],
    limits: tuple[Pair | None, Pair | None],
    *,
    ties: Ties,
    reliability: Pair | None,
    means: object,
    covariance: object,
    interval: IntervalKind,
    level: float,
    n_resamples: int,
) -> Sorting:
    """Check all options, and bring them into one form."""
    check_choice("ties", ties, Ties)
    check_choice("interval", interval, IntervalKind)
    check_level(level)
    check_count("n_resamples", n_resamples, least=2)
    if interval == "bootstrap":
        check_resamples(n_resamples, level=level)
    for name, cut, pair in zip(names, cuts, limits, strict=True):
        check_cut(f"{name}_cut", cut, pair)
    return Sorting(
        names=names,
        cuts=cuts,
        limits=limits,
        ties=ties,
        reliability=reliabilities(reliability, names),
        given=given_moments(means, covariance, names, reliability=reliability),
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )


def limits_of(scale: object, name: str, own: object) -> tuple[Pair | None, Pair | None]:
    """Check the limits of both scores: those of the scale, unless the second has its own."""
    first = pair_of("scale", scale)
    return first, pair_of(name, own) or first


def reliabilities(reliability: object, names: tuple[str, str]) -> Pair | None:
    """Check two reliabilities, if they are given."""
    if reliability is None:
        return None
    numbers = two_numbers(reliability)
    if numbers is None or not all(0 < number <= 1 for number in numbers):
        raise OptionError(
            f"reliability={reliability!r} must be two numbers above 0 and at most 1, of "
            f"{names[0]} and of {names[1]}, such as (0.8, 0.7)"
        )
    return numbers


def two_numbers(value: object) -> Pair | None:
    """Return two numbers, or nothing if the value is something else."""
    try:
        numbers = [] if isinstance(value, str) else [float(v) for v in value]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None  # noqa: PLR2004  a pair


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """People as they were read: scores (n, 2), weights (n,), and the cut-offs that come of them."""

    sorting: Sorting
    variables: Variables
    scores: FloatArray
    weights: FloatArray
    grid: Grid

    @property
    def cut_offs(self) -> dict[str, float]:
        """The cut-off of each score."""
        x = self.grid.x[len(self.grid.x) // 2]  # extremes stand on both sides
        return dict(zip(self.sorting.names, (float(x), self.grid.y.item()), strict=True))


def read_sample(
    sorting: Sorting,
    scores: tuple[object, object],
    weights: object,
    *,
    data: object,
    missing: Missing,
    further: Mapping[str, object] | None = None,
    bounds: Mapping[str, Pair] | None = None,
) -> Sample:
    """Read the scores of people, and what else is given of them."""
    given = dict(zip(sorting.names, scores, strict=True))
    given |= {name: value for name, value in (further or {}).items() if value is not None}
    limits = {**(bounds or {}), **sorting.bounds}
    variables, w = read_weighted(given, weights, data=data, bounds=limits, missing=missing)
    columns = [np.asarray(variables[name], dtype=np.float64) for name in sorting.names]
    rows = np.column_stack(columns)
    batch = sorting.grid(rows, w[None])
    grid = Grid(batch.x[0], batch.y[0], batch.x_up, batch.y_up)
    return Sample(sorting=sorting, variables=variables, scores=rows, weights=w, grid=grid)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorted:
    """The class of each person, probabilities of all classes, and shares with intervals.

    ``shares`` and ``true_shares`` are (classes, 3), and ``probabilities`` (n, classes). What
    needs a reliability is without rows where there is none. Of ``n_resamples``, ``n_failed``
    are left out of the intervals of true shares; ``n_empty`` of them are left out of all.
    """

    codes: IntArray
    sizes: IntArray
    shares: FloatArray
    true_shares: FloatArray
    probabilities: FloatArray
    posterior: Posterior | None
    n_resamples: int
    n_failed: int
    n_empty: int


def sort_sample(sample: Sample, classes: Classes, *, rng: Randomness) -> Sorted:
    """Sort people into classes by both scores, and say how large the classes are."""
    sorting = sample.sorting
    x, weights, n_classes = sample.scores, sample.weights, classes.merge.shape[2]
    codes = classes.of_cells(cell_codes(x[:, 0], x[:, 1], sample.grid))
    shares = observed_intervals(codes, weights, n_classes, level=sorting.level)
    posterior, true, probabilities = None, np.empty((0, 3)), np.empty((0, n_classes))
    if sorting.reliability is not None:
        posterior = _posterior(x, weights, sorting)
        probabilities, share, error = true_shares(
            x, weights, sample.grid, posterior, classes, from_sample=sorting.given is None
        )
        true = expected_intervals(share, error, weights, level=sorting.level)
    resampled = sorting.interval == "bootstrap"
    n_empty, n_clashing = 0, 0
    if resampled:
        n_empty, n_clashing = _resample(sample, classes, rng, shares, true)
    return Sorted(
        codes=codes,
        sizes=np.bincount(codes, minlength=n_classes),
        shares=shares,
        true_shares=true,
        probabilities=probabilities,
        posterior=posterior,
        n_resamples=sorting.n_resamples if resampled else 0,
        n_failed=n_empty + n_clashing,
        n_empty=n_empty,
    )


def _posterior(x: FloatArray, weights: FloatArray, sorting: Sorting) -> Posterior:
    moments = sorting.given
    if moments is None:
        mean, observed = moments_of(x, weights[None], np.array([weights @ weights]))
        moments = mean[0], observed[0]
    found = posterior_of(*moments, np.array(sorting.reliability))
    require_identified(found, sorting.names)
    return found


def _resample(
    sample: Sample, classes: Classes, rng: Randomness, shares: FloatArray, true: FloatArray
) -> tuple[int, int]:
    """Put percentile intervals in place of Wilson's; return how many resamples failed, and how.

    The first failed because nobody in them counts, the second because scores correlate too
    strongly.
    """
    sorting = sample.sorting
    observed, of_true = resampled_shares(
        sample.scores,
        sample.weights,
        classes,
        grid_of=sorting.grid,
        posterior_of_sample=None if sorting.reliability is None else sorting.posterior,
        n_resamples=sorting.n_resamples,
        rng=np.random.default_rng(rng),
    )
    kept, n_empty = _without_failures(
        observed,
        _NOBODY,
        so="; the intervals are those of the others",
        way_out="leave such people out, or choose interval='formula'",
    )
    _put(shares, observed[kept], sorting.level)
    if not len(true):
        return n_empty, 0
    of_true = of_true[kept]
    kept, n_clashing = _without_failures(
        of_true,
        _CLASH,
        so="; the intervals of true shares are too narrow",
        way_out="give higher reliabilities, or leave them out",
    )
    _put(true, of_true[kept], sorting.level)
    return n_empty, n_clashing


def _without_failures(
    replicates: FloatArray, what: str, *, so: str, way_out: str
) -> tuple[BoolArray, int]:
    """Return which replicates did not fail, and how many did."""
    failed = np.asarray(np.isnan(replicates).any(axis=1), dtype=np.bool_)
    n_failed = int(failed.sum())
    check_failures(n_failed, len(failed), f"have {what}", way_out=way_out, so=so)
    return ~failed, n_failed


def _put(table: FloatArray, replicates: FloatArray, level: float) -> None:
    interval = percentile(replicates, level=level)
    table[:, 1], table[:, 2] = interval.low, interval.high


def remarks_on_failures(n_failed: int, n_empty: int) -> list[str]:
    """Say which resamples were left out of which intervals, for a summary."""
    causes = (
        (n_empty, _NOBODY, "the intervals"),
        (n_failed - n_empty, _CLASH, "the intervals of true shares"),
    )
    return [
        f"{count_of(n, 'resample')} had {what}, and were left out of {which}."
        for n, what, which in causes
        if n
    ]
