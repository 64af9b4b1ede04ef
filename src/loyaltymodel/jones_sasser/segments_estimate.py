"""From scores and options to segments, their probabilities and their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from loyaltymodel._arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._intervals import check_level, percentile, wilson
from loyaltymodel._options import check_choice, check_count
from loyaltymodel._quadrant_shares import (
    Classes,
    effective_size,
    observed_shares,
    resampled_shares,
    true_shares,
)
from loyaltymodel._quadrants import (
    Cut,
    Grid,
    Posterior,
    Ties,
    cell_codes,
    check_cut,
    cut_offs,
    moments_of,
    posterior_of,
    require_identified,
)
from loyaltymodel._scales import resolve_limits
from loyaltymodel._variables import Variables
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
    warn_caller,
)
from loyaltymodel.jones_sasser.advice import Classifier
from loyaltymodel.jones_sasser.segments_result import SegmentsResult

Pair = tuple[float, float]
Extremes = Literal["tenth"] | Pair | None
IntervalKind = Literal["formula", "bootstrap"]
Randomness = np.random.Generator | int | None

SCORES = ("satisfaction", "loyalty")
_MANY_FAILED = 0.01  # of all resamples


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorting:
    """How people are sorted, and how sure the shares are: all options, checked."""

    cuts: tuple[Cut, Cut]
    limits: tuple[Pair | None, Pair | None]
    extremes: Pair | None
    ties: Ties
    reliability: Pair | None
    given: tuple[FloatArray, FloatArray] | None  # means and covariance of the scores
    interval: IntervalKind
    level: float
    n_resamples: int

    @property
    def bounds(self) -> dict[str, Pair]:
        """Limits of those scores whose scale is known."""
        known = zip(SCORES, self.limits, strict=True)
        return {name: pair for name, pair in known if pair is not None}

    def grid(self, rows: FloatArray, weights: FloatArray) -> Grid:
        """Return the cut-offs for scores (n, 2) under weights (b, n)."""
        x, y = (
            cut_offs(rows[:, k], weights, self.cuts[k], limits=self.limits[k])[:, None]
            for k in range(2)
        )
        up = [self.ties == "high"]
        if self.extremes is None:
            return Grid(x, y, np.array(up), np.array(up))
        # In a resample the cut-off may pass an extreme, which then moves along.
        low, high = np.minimum(self.extremes[0], x), np.maximum(self.extremes[1], x)
        both_ends = np.array([False, *up, True])
        return Grid(np.hstack([low, x, high]), y, both_ends, np.array(up))

    def posterior(self, rows: FloatArray, weights: FloatArray, squared: FloatArray) -> Posterior:
        """Return the posterior of true scores under weights (b, n), or the one given."""
        reliability = np.array(self.reliability)
        if self.given is not None:
            mean, observed = self.given
        else:
            mean, observed = moments_of(rows, weights, squared)
        return posterior_of(mean, observed, reliability)


def check_sorting(
    *,
    scale: Pair | None,
    loyalty_scale: Pair | None,
    satisfaction_cut: Cut,
    loyalty_cut: Cut,
    extreme_cut: Extremes,
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
    first = pair_of("scale", scale)
    second = pair_of("loyalty_scale", loyalty_scale) if loyalty_scale is not None else first
    check_cut("satisfaction_cut", satisfaction_cut, first)
    check_cut("loyalty_cut", loyalty_cut, second)
    if reliability is None and (means is not None or covariance is not None):
        raise OptionError(
            "means and covariance serve to tell true scores from error; give the reliability "
            "too, such as reliability=(0.8, 0.7)"
        )
    return Sorting(
        cuts=(satisfaction_cut, loyalty_cut),
        limits=(first, second),
        extremes=_extremes(extreme_cut, first),
        ties=ties,
        reliability=_reliability(reliability),
        given=_given(means, covariance),
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )


def pair_of(name: str, scale: object) -> Pair | None:
    """Check the lowest and highest possible answer, if they are given."""
    if scale is None:
        return None
    limits = resolve_limits({name: scale}, [name])  # type: ignore[dict-item]
    return float(limits.lowest[0]), float(limits.highest[0])


def _extremes(extreme_cut: Extremes, limits: Pair | None) -> Pair | None:
    if extreme_cut is None:
        return None
    if isinstance(extreme_cut, str) and extreme_cut == "tenth":
        if limits is None:
            raise OptionError(
                "extreme_cut='tenth' needs the lowest and the highest possible answer; give "
                "scale=(1, 10) or the like, two numbers, or extreme_cut=None for no extremes"
            )
        low, high = limits
        return low + (high - low) / 10, high - (high - low) / 10
    way_out = "choose 'tenth', two numbers such as (2, 9), or None"
    numbers = _two_numbers(extreme_cut)
    if numbers is None:
        raise OptionError(f"extreme_cut={extreme_cut!r} is not an option; {way_out}")
    for number in numbers:
        check_cut("extreme_cut", number, limits)
    return numbers


def _reliability(reliability: object) -> Pair | None:
    if reliability is None:
        return None
    numbers = _two_numbers(reliability)
    if numbers is None or not all(0 < number <= 1 for number in numbers):
        raise OptionError(
            f"reliability={reliability!r} must be two numbers above 0 and at most 1, of "
            "satisfaction and of loyalty, such as (0.8, 0.7)"
        )
    return numbers


def _two_numbers(value: object) -> Pair | None:
    try:
        numbers = [] if isinstance(value, str) else [float(v) for v in value]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return (numbers[0], numbers[1]) if len(numbers) == len(SCORES) else None


def _given(means: Any, covariance: Any) -> tuple[FloatArray, FloatArray] | None:
    if means is None and covariance is None:
        return None
    if means is None or covariance is None:
        raise OptionError("means and covariance belong together; give both or neither")
    try:
        m, s = np.array(means, dtype=np.float64), np.array(covariance, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("means and covariance must be numbers") from None
    if m.shape != (2,) or s.shape != (2, 2):
        raise DataError(
            f"means have shape {m.shape} and covariance {s.shape}; two means and a matrix of "
            "two rows and two columns are needed, of satisfaction and loyalty"
        )
    if not (np.isfinite(m).all() and np.isfinite(s).all() and np.allclose(s, s.T, rtol=1e-9)):
        raise DataError("means and covariance must be finite, and the covariance symmetric")
    return m, s


def weights_of(variables: Variables) -> FloatArray:
    """Return the weights of people, 1 each if there are none."""
    if "weights" not in variables.values:
        return np.ones(variables.n_rows)
    weights = np.asarray(variables["weights"], dtype=np.float64)
    if not weights.sum() > 0:
        raise DataError("all weights are zero; at least one person must count")
    return weights


def sort_people(
    classifier: Classifier,
    names: tuple[str, ...],
    classes: Classes,
    *,
    variables: Variables,
    sorting: Sorting,
    rng: Randomness,
) -> SegmentsResult:
    """Sort people into segments by both scores, and say how large the segments are."""
    weights = weights_of(variables)
    x = np.column_stack([np.asarray(variables[name], dtype=np.float64) for name in SCORES])
    batch = sorting.grid(x, weights[None])
    grid = Grid(batch.x[0], batch.y[0], batch.x_up, batch.y_up)
    cuts = _name_cuts(grid, sorting)
    codes = classes.of_cells(cell_codes(x[:, 0], x[:, 1], grid))
    shares = observed_intervals(codes, weights, len(names), level=sorting.level)
    true, probabilities = np.empty((0, 3)), np.empty((0, len(names)))
    if sorting.reliability is not None:
        posterior = _posterior(x, weights, sorting)
        probabilities, share, error = true_shares(
            x, weights, grid, posterior, classes, from_sample=sorting.given is None
        )
        size = effective_size(share, error, weights)
        true = np.column_stack([share, *wilson(share, size, level=sorting.level)])
    n_failed = 0
    if sorting.interval == "bootstrap":
        n_failed = _resample(x, weights, classes, sorting, rng, shares, true)
    return SegmentsResult(
        classifier=classifier,
        names=names,
        codes=codes,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        cut_offs=cuts,
        ties=sorting.ties,
        reliability=sorting.reliability,
        interval=sorting.interval,
        level=sorting.level,
        n_resamples=sorting.n_resamples if sorting.interval == "bootstrap" else 0,
        n_failed=n_failed,
        sizes=np.bincount(codes, minlength=len(names)),
        share_values=shares,
        true_share_values=true,
        probability_values=probabilities,
    )


def observed_intervals(
    codes: IntArray, weights: FloatArray, n_classes: int, *, level: float
) -> FloatArray:
    """Return shares and the ends of their intervals (classes, 3).

    Wilson's interval for as many people as would give the linearised standard error, at most
    the people there are.
    """
    share, error = observed_shares(codes, weights, n_classes)
    size = np.minimum(effective_size(share, error, weights), np.count_nonzero(weights))
    return np.column_stack([share, *wilson(share, size, level=level)])


def _name_cuts(grid: Grid, sorting: Sorting) -> FrozenMapping[str, float]:
    x, y = grid.x, float(grid.y[0])
    if sorting.extremes is None:
        return FrozenMapping({"satisfaction": float(x[0]), "loyalty": y})
    low, cut, high = x.tolist()
    if not sorting.extremes[0] < cut < sorting.extremes[1]:
        raise OptionError(
            f"extreme_cut is ({sorting.extremes[0]:g}, {sorting.extremes[1]:g}), but the cut-off "
            f"of satisfaction, {cut:g}, must lie between; give other extremes, or "
            "extreme_cut=None for none"
        )
    return FrozenMapping(
        {"satisfaction": cut, "loyalty": y, "terrorist up to": low, "apostle from": high}
    )


def _posterior(x: FloatArray, weights: FloatArray, sorting: Sorting) -> Posterior:
    found = sorting.posterior(x, weights[None], np.array([weights @ weights]))
    if sorting.given is None:
        found = Posterior(
            found.mean[0],
            found.observed[0],
            found.reliability,
            found.pull[0],
            found.covariance[0],
            found.identified[0],
        )
    require_identified(found, SCORES)
    return found


def _resample(
    x: FloatArray,
    weights: FloatArray,
    classes: Classes,
    sorting: Sorting,
    rng: Randomness,
    shares: FloatArray,
    true: FloatArray,
) -> int:
    """Put percentile intervals in place of Wilson's; return how many resamples failed."""
    observed, of_true = resampled_shares(
        x,
        weights,
        classes,
        grid_of=sorting.grid,
        posterior_of_sample=None if sorting.reliability is None else sorting.posterior,
        n_resamples=sorting.n_resamples,
        rng=np.random.default_rng(rng),
    )
    _put(shares, observed[~_without(observed)], sorting.level)
    if not len(true):
        return 0
    failed = _without(of_true)
    n_failed = int(failed.sum())
    if len(failed) - n_failed < 2:  # noqa: PLR2004  an interval needs two replicates
        raise NotIdentifiedError(
            "nearly every resample has correlations that the reliabilities do not allow; give "
            "higher reliabilities, or leave them out"
        )
    if n_failed > _MANY_FAILED * len(failed):
        warn_caller(
            f"{n_failed} of {len(failed)} resamples have correlations that the reliabilities do "
            "not allow, and were left out; the intervals of true shares are too narrow",
            FailedResamplesWarning,
        )
    _put(true, of_true[~failed], sorting.level)
    return n_failed


def _put(table: FloatArray, replicates: FloatArray, level: float) -> None:
    interval = percentile(replicates, level=level)
    table[:, 1], table[:, 2] = interval.low, interval.high


def _without(replicates: FloatArray) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isnan(replicates).any(axis=1), dtype=np.bool_)


def constraint_of(variables: Variables) -> FloatArray:
    """Return how strongly each person is bound, from 0 to below 1."""
    c = np.asarray(variables["constraint"], dtype=np.float64)
    if (c == 1).any():
        row = variables.labels[int(np.argmax(c))]
        raise DataError(
            f"constraint must lie from 0 to below 1, but is 1 in row {row}; nobody is bound for "
            "good, so give a number a little below"
        )
    return c


def check_limit(name: str, value: object) -> None:
    """Raise an OptionError unless a limit of the constraint lies between 0 and 1."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value < 1:  # type: ignore[operator]
        raise OptionError(f"{name}={value!r} must lie between 0 and 1, such as 0.5")
