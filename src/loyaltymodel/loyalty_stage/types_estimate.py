"""From scores and options to types, their probabilities and their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from loyaltymodel._arrays import FloatArray, FrozenMapping
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
    quadrants,
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
from loyaltymodel.loyalty_stage.types_result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types_schemes import SCHEMES, Classification

Pair = tuple[float, float]
IntervalKind = Literal["formula", "bootstrap"]
Randomness = np.random.Generator | int | None

_MANY_FAILED = 0.01  # of all resamples


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sorting:
    """How customers are sorted, and how sure the shares are: all options, checked."""

    names: tuple[str, str]
    cuts: tuple[Cut, Cut]
    limits: tuple[Pair | None, Pair | None]
    ties: Ties
    reliability: Pair | None
    given: tuple[FloatArray, FloatArray] | None  # means and covariance of the scores
    interval: IntervalKind
    level: float
    n_resamples: int

    @property
    def bounds(self) -> dict[str, Pair]:
        """Limits of those variables whose scale is known."""
        known = zip(self.names, self.limits, strict=True)
        return {name: pair for name, pair in known if pair is not None}

    def grid(self, rows: FloatArray, weights: FloatArray) -> Grid:
        """Return the cut-offs for scores (n, 2) under weights (b, n)."""
        x, y = (
            cut_offs(rows[:, k], weights, self.cuts[k], limits=self.limits[k]) for k in range(2)
        )
        return quadrants(x, y, ties=self.ties)

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
    for name, cut, pair in zip(names, cuts, limits, strict=True):
        check_cut(f"{name}_cut", cut, pair)
    if reliability is None and (means is not None or covariance is not None):
        raise OptionError(
            "means and covariance serve to tell true scores from error; give the reliability "
            "too, such as reliability=(0.8, 0.7)"
        )
    return Sorting(
        names=names,
        cuts=cuts,
        limits=limits,
        ties=ties,
        reliability=reliabilities(reliability, names),
        given=_given(means, covariance, names),
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )


def pair_of(name: str, scale: object) -> Pair | None:
    """Check the lowest and highest possible score, if they are given."""
    if scale is None:
        return None
    try:
        limits = resolve_limits({name: scale}, [name])  # type: ignore[dict-item]
    except OptionError as error:
        raise OptionError(str(error).replace(f"scale of {name!r}", name)) from None
    return float(limits.lowest[0]), float(limits.highest[0])


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


def _given(
    means: Any, covariance: Any, names: tuple[str, str]
) -> tuple[FloatArray, FloatArray] | None:
    if means is None and covariance is None:
        return None
    if means is None or covariance is None:
        raise OptionError("means and covariance belong together; give both or neither")
    try:
        m, s = np.array(means, dtype=np.float64), np.array(covariance, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("means and covariance must be numbers; recode them") from None
    if m.shape != (2,) or s.shape != (2, 2):
        raise DataError(
            f"means have shape {m.shape} and covariance {s.shape}; two means and a matrix of "
            f"two rows and two columns are needed, of {names[0]} and {names[1]}"
        )
    if not (np.isfinite(m).all() and np.isfinite(s).all() and np.allclose(s, s.T, rtol=1e-9)):
        raise DataError(
            "means and covariance must be finite, and the covariance symmetric; take both from "
            "one sample"
        )
    return m, s


def sort_customers(
    classification: Classification,
    variables: Variables,
    *,
    sorting: Sorting,
    outside: npt.NDArray[np.bool_] | None = None,
    from_classes: bool = False,
    rng: Randomness,
) -> LoyaltyTypes:
    """Sort customers into types by both variables, and say how large the types are."""
    scheme = SCHEMES[classification]
    has_outside = outside is not None
    names = scheme.names(with_outside=has_outside)
    group = np.zeros(variables.n_rows) if outside is None else outside
    classes = Classes(scheme.merge(with_outside=has_outside), group.astype(np.intp))
    weights = weights_of(variables)
    x = np.column_stack([np.asarray(variables[name], dtype=np.float64) for name in sorting.names])
    batch = sorting.grid(x, weights[None])
    grid = Grid(batch.x[0], batch.y[0], batch.x_up, batch.y_up)
    codes = classes.of_cells(cell_codes(x[:, 0], x[:, 1], grid))
    share, error = observed_shares(codes, weights, len(names))
    size = np.minimum(effective_size(share, error, weights), np.count_nonzero(weights))
    shares = np.column_stack([share, *wilson(share, size, level=sorting.level)])
    posterior, true, probabilities = None, np.empty((0, 3)), np.empty((0, len(names)))
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
    cuts = zip(sorting.names, (grid.x.item(), grid.y.item()), strict=True)
    return LoyaltyTypes(
        classification=classification,
        names=names,
        variables=sorting.names,
        codes=codes,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        cut_offs=FrozenMapping(dict(cuts)),
        limits=sorting.limits,
        from_classes=from_classes,
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
        scores=x,
        weights=weights,
        group=classes.group,
        posterior=posterior,
    )


def weights_of(variables: Variables) -> FloatArray:
    """Return the weights of customers, 1 each if there are none."""
    if "weights" not in variables.values:
        return np.ones(variables.n_rows)
    weights = np.asarray(variables["weights"], dtype=np.float64)
    if not weights.sum() > 0:
        raise DataError("all weights are zero; at least one customer must count")
    return weights


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
    require_identified(found, sorting.names)
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
    # With weights of 0 a resample may be of nobody.
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
