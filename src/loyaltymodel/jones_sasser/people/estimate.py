"""From scores and options to segments, their probabilities and their shares."""

from __future__ import annotations

from typing import Literal

from loyaltymodel._arrays import FrozenMapping
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import Randomness, Sample, sort_sample, two_numbers
from loyaltymodel._quadrants import check_cut
from loyaltymodel._scales import Pair
from loyaltymodel._sorted_people import shared_fields
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.advice import Classifier
from loyaltymodel.jones_sasser.people.result import SegmentsResult

Extremes = Literal["tenth"] | Pair | None

SCORES = ("satisfaction", "loyalty")


def extremes_of(extreme_cut: Extremes, limits: Pair | None) -> Pair | None:
    """Return where the extremes of satisfaction begin, if there are to be any."""
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


def sort_people(
    classifier: Classifier,
    names: tuple[str, ...],
    classes: Classes,
    *,
    sample: Sample,
    rng: Randomness,
) -> SegmentsResult:
    """Sort people into segments by both scores, and say how large the segments are."""
    cuts = _name_cuts(sample)
    found = sort_sample(sample, classes, rng=rng)
    return SegmentsResult(
        **shared_fields(names, sample, found), classifier=classifier, cut_offs=cuts
    )


def _name_cuts(sample: Sample) -> FrozenMapping[str, float]:
    cuts, extremes = sample.cut_offs, sample.sorting.extremes
    if extremes is None:
        return FrozenMapping(cuts)
    low, high = extremes
    if not low < cuts["satisfaction"] < high:
        raise OptionError(
            f"extreme_cut is ({low:g}, {high:g}), but the cut-off of satisfaction, "
            f"{cuts['satisfaction']:g}, must lie between; give other extremes, or "
            "extreme_cut=None for none"
        )
    return FrozenMapping(cuts | {"terrorist up to": low, "apostle from": high})
