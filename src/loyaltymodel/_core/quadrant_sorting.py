"""Customers sorted into classes by two scores: options checked, classes, shares, how sure they are.

This is what every matrix of customers has in common. A matrix says what its two variables are
called and which class each cell is (:class:`Classes`), and makes its own result of what is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds, reaches, usual_size
from loyaltymodel._core.counts import Shares, counted, expected, kish
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import (
    LEAST_RELIABILITY,
    check_choice,
    check_count,
    count_of,
    enumerate_names,
    is_reliability,
    shown,
)
from loyaltymodel._core.quadrant_shares import Classes, resampled_shares, true_shares
from loyaltymodel._core.quadrants import (
    Cut,
    Grid,
    Posterior,
    Ties,
    cell_codes,
    check_cut,
    cut_offs,
    moments_of,
    posterior_of,
    quadrants,
    require_identified,
)
from loyaltymodel._core.resampling import check_failures
from loyaltymodel._core.scales import Pair, by_variable
from loyaltymodel._core.variables import Variables, read_weighted
from loyaltymodel.errors import OptionError

IntervalKind = Literal["wilson", "percentile"]
Randomness = np.random.Generator | int | None
Cuts = Cut | Mapping[str, Any] | None
Scale = Pair | Mapping[str, Pair | None] | None
Reliability = Pair | Mapping[str, float] | None

_CLASH = "correlations that the reliabilities do not allow"
_NOBODY = "only customers of weight 0"
_WORK = 10_000_000  # different customers times resamples, which take a few seconds
_BEYOND = 8.0  # standard errors, beyond which no resample has its median


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorting:
    """How customers are sorted, and how sure the shares are: all options, checked."""

    names: tuple[str, str]
    cuts: tuple[Cut, Cut]
    limits: tuple[Pair | None, Pair | None]
    ties: Ties
    reliability: Pair | None
    moments: Moments | None  # of the scores, where they are given
    interval: IntervalKind | None  # None chooses by the cut-offs, when the sample is read
    level: float
    n_resamples: int
    extremes: Pair | None = None  # of the first score, below and above its cut-off, both included

    @property
    def estimates_cuts(self) -> bool:
        """Whether a cut-off comes from the sample, so that it is as uncertain as the shares."""
        return any(isinstance(cut, str) and cut != "midpoint" for cut in self.cuts)

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
        if self.moments is not None:
            mean, observed = self.moments.means, self.moments.covariance
        else:
            mean, observed = moments_of(rows, weights, squared)
        return posterior_of(mean, observed, np.array(self.reliability))


def check_sorting(
    names: tuple[str, str],
    cuts: Mapping[str, Cut],
    limits: Mapping[str, Pair | None],
    *,
    ties: Ties,
    reliability: Reliability,
    moments: Moments | None,
    interval: IntervalKind | None,
    level: float,
    n_resamples: int,
) -> Sorting:
    """Check all options, and bring them into one form; cuts and limits are by variable."""
    check_choice("ties", ties, Ties)
    if interval is not None:
        check_choice("interval", interval, IntervalKind)
    check_level(level)
    check_count("n_resamples", n_resamples, least=2)
    for name in names:
        check_cut(f"cuts[{name!r}]", cuts[name], limits[name])
    found = Sorting(
        names=names,
        cuts=(cuts[names[0]], cuts[names[1]]),
        limits=(limits[names[0]], limits[names[1]]),
        ties=ties,
        reliability=reliabilities(reliability, names),
        moments=given_moments(moments, names, reliability=reliability),
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    if interval == "percentile" or (interval is None and found.estimates_cuts):
        check_resamples(n_resamples, level=level)
    return found


def reliabilities(reliability: object, names: tuple[str, str]) -> Pair | None:
    """Check the reliabilities of two variables, if they are given."""
    if reliability is None:
        return None
    given = reliability
    if isinstance(reliability, Mapping):
        by_name = by_variable("reliability", reliability, dict.fromkeys(names))
        given = tuple(by_name.values())
    numbers = two_numbers(given)
    if numbers is None or not all(map(is_reliability, numbers)):
        raise OptionError(
            f"reliability={shown(reliability)} must be two numbers above 0 and at most 1, of "
            f"{names[0]} and of {names[1]}, such as (0.8, 0.7), and {LEAST_RELIABILITY:g} at least"
        )
    return numbers


def given_moments(moments: object, names: Sequence[str], *, reliability: object) -> Moments | None:
    """Return the moments of observed scores in the order of their names, if they are given."""
    if moments is None:
        return None
    if reliability is None:
        raise OptionError("moments serve to tell true scores from error; give the reliability too")
    if not isinstance(moments, Moments):
        raise OptionError(
            f"moments is a {type(moments).__name__}; give a structural.Moments with the items "
            f"{enumerate_names(names)}"
        )
    return moments.select(list(names))


def two_numbers(value: object) -> Pair | None:
    """Return two numbers, or nothing if the value is something else."""
    try:
        numbers = numbers_of(value)
    except NotNumbers:
        return None
    return (float(numbers[0]), float(numbers[1])) if numbers.shape == (2,) else None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """Customers as they were read: scores (n, 2), weights (n,), and the cut-offs of these."""

    sorting: Sorting
    variables: Variables
    scores: FloatArray
    weights: FloatArray
    grid: Grid

    @property
    def cuts(self) -> dict[str, float]:
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
    """Read the scores of customers, and what else is given of them."""
    given = dict(zip(sorting.names, scores, strict=True))
    given |= {name: value for name, value in (further or {}).items() if value is not None}
    limits = {**(bounds or {}), **sorting.bounds}
    flags = [name for name in further or () if name not in limits]
    variables, w = read_weighted(
        given, weights, data=data, bounds=limits, flags=flags, missing=missing
    )
    sample = sample_of(sorting, variables, w)
    if sorting.interval is not None:
        return sample
    return replace(sample, sorting=replace(sorting, interval=_interval_for(sample)))


def sample_of(sorting: Sorting, variables: Variables, weights: FloatArray) -> Sample:
    """Return customers whose scores were read, with the cut-offs that follow from them."""
    columns = [np.asarray(variables[name], dtype=np.float64) for name in sorting.names]
    rows = np.column_stack(columns)
    batch = sorting.grid(rows, weights[None])
    grid = Grid(batch.x[0], batch.y[0], batch.x_up, batch.y_up)
    return Sample(sorting=sorting, variables=variables, scores=rows, weights=weights, grid=grid)


def _interval_for(sample: Sample) -> IntervalKind:
    """Draw customers again where cut-offs come from them, unless that would take too long."""
    if not sample.sorting.estimates_cuts:
        return "wilson"
    keys = np.column_stack([_merged(sample), sample.weights])
    n_rows = len(np.unique(keys, axis=0))
    return "percentile" if n_rows * sample.sorting.n_resamples <= _WORK else "wilson"


def _merged(sample: Sample) -> FloatArray:
    """Return scores in which those are equal that no resample can tell apart.

    Where a cut-off is known, it only counts on which side of it a score lies; at a median, that
    a score lies far beyond where any resample has its median. True scores need all of it.
    """
    sorting, rows = sample.sorting, sample.scores.copy()
    if sorting.reliability is not None or sorting.extremes is not None:
        return rows
    for k, cut in enumerate(sorting.cuts):
        x = rows[:, k]
        low, high = x.min(), x.max()
        if cut == "median":
            order = np.argsort(x, kind="stable")
            below = np.cumsum(sample.weights[order]) / sample.weights.sum()
            reach = _BEYOND / (2 * np.sqrt(kish(sample.weights)))
            ends = np.searchsorted(below, [0.5 - reach, 0.5 + reach]).clip(0, len(x) - 1)
            np.clip(x, *x[order[ends]], out=x)
        elif cut != "mean":
            at = (sample.grid.x, sample.grid.y)[k][0]
            passes = reaches if sorting.ties == "high" else exceeds
            x[:] = np.where(passes(x, at, size=usual_size(x)), high, low)
    return rows


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorted:
    """The class of each customer, probabilities of all classes, and shares.

    What needs a reliability is None where there is none. ``replicates`` hold observed shares
    and, behind them, true ones; ``drawn_cuts`` (b, 2) are the cut-offs in them.
    Of ``n_resamples``, ``n_failed`` are left out of the intervals of true shares; ``n_empty`` of
    them are left out of all.
    """

    codes: IntArray
    observed: Shares
    true: Shares | None = None
    probabilities: FloatArray | None = None
    posterior: Posterior | None = None
    replicates: FloatArray | None = None
    drawn_cuts: FloatArray | None = None
    n_resamples: int = 0
    n_failed: int = 0
    n_empty: int = 0


def sort_sample(sample: Sample, classes: Classes, *, rng: Randomness) -> Sorted:
    """Sort customers into classes by both scores, and say how large the classes are."""
    sorting = sample.sorting
    x, weights, n_classes = sample.scores, sample.weights, classes.merge.shape[2]
    codes = classes.of_cells(cell_codes(x[:, 0], x[:, 1], sample.grid))
    found: dict[str, Any] = {
        "codes": codes,
        "observed": counted(codes, weights, n_classes, level=sorting.level),
    }
    if sorting.reliability is not None:
        posterior = _posterior(x, weights, sorting)
        probabilities, share, error = true_shares(
            x, weights, sample.grid, posterior, classes, from_sample=sorting.moments is None
        )
        found |= {
            "true": expected(share, error, weights, level=sorting.level),
            "probabilities": probabilities,
            "posterior": posterior,
        }
    if sorting.interval == "percentile":
        found |= _resample(sample, classes, rng)
    return Sorted(**found)


def _posterior(x: FloatArray, weights: FloatArray, sorting: Sorting) -> Posterior:
    if sorting.moments is not None:
        mean, observed = sorting.moments.means, sorting.moments.covariance
    else:
        means, covariances = moments_of(x, weights[None], np.array([weights @ weights]))
        mean, observed = means[0], covariances[0]
    found = posterior_of(mean, observed, np.array(sorting.reliability))
    require_identified(found, sorting.names)
    return found


def _resample(sample: Sample, classes: Classes, rng: Randomness) -> dict[str, Any]:
    """Return shares in each resample in which somebody counts, and how many failed, and how.

    True shares of resamples whose scores correlate too strongly are NaN.
    """
    sorting = sample.sorting
    observed, of_true, cuts = resampled_shares(
        _merged(sample),
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
        way_out='leave such customers out, or choose interval="wilson"',
    )
    replicates, n_clashing = observed[kept], 0
    if sorting.reliability is not None:
        of_true = of_true[kept]
        identified, n_clashing = _without_failures(
            of_true,
            _CLASH,
            so="; the intervals of true shares are too narrow",
            way_out="give higher reliabilities, or leave them out",
        )
        of_true[~identified] = np.nan
        replicates = np.hstack([replicates, of_true])
    return {
        "replicates": replicates,
        "drawn_cuts": cuts[kept],
        "n_resamples": sorting.n_resamples,
        "n_failed": n_empty + n_clashing,
        "n_empty": n_empty,
    }


def _without_failures(
    replicates: FloatArray, what: str, *, so: str, way_out: str
) -> tuple[BoolArray, int]:
    """Return which replicates did not fail, and how many did."""
    failed = np.asarray(np.isnan(replicates).any(axis=1), dtype=np.bool_)
    n_failed = int(failed.sum())
    check_failures(n_failed, len(failed), f"have {what}", way_out=way_out, so=so)
    return ~failed, n_failed


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
