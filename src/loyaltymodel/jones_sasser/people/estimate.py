"""From scores and options to segments, their probabilities and their shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from loyaltymodel import _quadrant_sorting as quadrant_sorting
from loyaltymodel._arrays import FloatArray, FrozenMapping
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import (
    IntervalKind,
    Randomness,
    Sample,
    Sorting,
    pair_of,
    two_numbers,
)
from loyaltymodel._quadrants import Cut, Ties, check_cut
from loyaltymodel._scales import Pair
from loyaltymodel._variables import Variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.people.advice import Classifier
from loyaltymodel.jones_sasser.people.result import SegmentsResult

Extremes = Literal["tenth"] | Pair | None

_SCORES = ("satisfaction", "loyalty")


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
    first = pair_of("scale", scale)
    second = pair_of("loyalty_scale", loyalty_scale) if loyalty_scale is not None else first
    sorting = quadrant_sorting.check_sorting(
        _SCORES,
        (satisfaction_cut, loyalty_cut),
        (first, second),
        ties=ties,
        reliability=reliability,
        means=means,
        covariance=covariance,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    return replace(sorting, extremes=_extremes(extreme_cut, first))


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
    numbers = two_numbers(extreme_cut)
    if numbers is None:
        raise OptionError(f"extreme_cut={extreme_cut!r} is not an option; {way_out}")
    for number in numbers:
        check_cut("extreme_cut", number, limits)
    return numbers


def weights_of(variables: Variables) -> FloatArray:
    """Return the weights of people, 1 each if there are none."""
    return quadrant_sorting.weights_of(variables, who="person")


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
    sample = quadrant_sorting.sample_of(variables, weights_of(variables), sorting)
    cuts = _name_cuts(sample, sorting)
    found = quadrant_sorting.sort_sample(sample, classes, sorting=sorting, rng=rng)
    return SegmentsResult(
        classifier=classifier,
        names=names,
        codes=found.codes,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        cut_offs=cuts,
        ties=sorting.ties,
        reliability=sorting.reliability,
        interval=sorting.interval,
        level=sorting.level,
        n_resamples=found.n_resamples,
        n_failed=found.n_failed,
        n_empty=found.n_empty,
        sizes=found.sizes,
        share_values=found.shares,
        true_share_values=found.true_shares,
        probability_values=found.probabilities,
    )


def _name_cuts(sample: Sample, sorting: Sorting) -> FrozenMapping[str, float]:
    cuts = dict(zip(sorting.names, sample.cut_offs, strict=True))
    if sorting.extremes is None:
        return FrozenMapping(cuts)
    low, high = sorting.extremes
    if not low < cuts["satisfaction"] < high:
        raise OptionError(
            f"extreme_cut is ({low:g}, {high:g}), but the cut-off of satisfaction, "
            f"{cuts['satisfaction']:g}, must lie between; give other extremes, or "
            "extreme_cut=None for none"
        )
    return FrozenMapping(cuts | {"terrorist up to": low, "apostle from": high})


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
