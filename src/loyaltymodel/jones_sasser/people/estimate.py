"""From scores and options to segments, their probabilities and their shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.quadrant_shares import Classes
from loyaltymodel._core.quadrant_sorting import Randomness, Sample, two_numbers
from loyaltymodel._core.quadrants import check_cut
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.sorted_customers import customer_table, shared_fields
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.advice import Classifier
from loyaltymodel.jones_sasser.people.ends import Ends, sort_with_ends
from loyaltymodel.jones_sasser.people.result import SegmentsResult

SCORES = ("satisfaction", "loyalty")


def extremes_of(extremes: object, limits: Pair | None) -> Pair | None:
    """Return where the extremes of satisfaction begin, if there are to be any."""
    if extremes is None:
        return None
    if isinstance(extremes, str) and extremes == "tenth":
        if limits is None:
            raise OptionError(
                "extremes in the outer tenth need the lowest and the highest possible answer; "
                "give scale=(1, 10) or the like, two numbers, or cuts={'extremes': None} for no "
                "extremes"
            )
        low, high = limits
        return low + (high - low) / 10, high - (high - low) / 10
    way_out = "choose 'tenth', two numbers such as (2, 9), or None"
    numbers = two_numbers(extremes)
    if numbers is None:
        raise OptionError(f"cuts['extremes']={extremes!r} is not an option; {way_out}")
    for number in numbers:
        check_cut("cuts['extremes']", number, limits)
    return numbers


def sort_customers(
    classifier: Classifier,
    names: tuple[str, ...],
    classes: Classes,
    *,
    sample: Sample,
    cuts: Mapping[str, Any],
    ends: Ends,
    rng: Randomness = None,
) -> WithCustomers[SegmentsResult]:
    """Sort customers into segments by both scores, and say how large the segments are.

    ``ends`` are the lowest and highest possible score of each, if they are known.
    """
    found = sort_with_ends(sample, classes, ends, rng=rng)
    result = SegmentsResult(
        **shared_fields("segment", names, sample, found),
        classifier=classifier,
        cuts=FrozenMapping(cuts),
    )
    labels = sample.variables.labels
    customers = customer_table("segment", found.codes, names, labels, found.probabilities)
    return WithCustomers(result, customers)


def cuts_with_extremes(sample: Sample) -> dict[str, Any]:
    """Return the cut-offs of both scores, and the extremes if there are any."""
    cuts, extremes = sample.cuts, sample.sorting.extremes
    if extremes is None:
        return dict(cuts)
    low, high = extremes
    if not low < cuts["satisfaction"] < high:
        raise OptionError(
            f"the extremes are ({low:.12g}, {high:.12g}), but the cut-off of satisfaction, "
            f"{cuts['satisfaction']:.12g}, must lie between; give other extremes, or "
            "cuts={'extremes': None} for none"
        )
    return cuts | {"extremes": extremes}
