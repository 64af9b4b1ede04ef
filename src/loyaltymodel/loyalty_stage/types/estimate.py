"""From scores and options to types, their probabilities and their shares."""

from __future__ import annotations

import numpy as np

from loyaltymodel._arrays import BoolArray, FrozenMapping
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import Randomness, Sample, sort_sample
from loyaltymodel._sorted_people import shared_fields
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES, Classification


def sort_customers(
    classification: Classification,
    sample: Sample,
    *,
    outside: BoolArray | None = None,
    from_classes: bool = False,
    rng: Randomness,
) -> LoyaltyTypes:
    """Sort customers into types by both variables, and say how large the types are."""
    scheme = SCHEMES[classification]
    has_outside = outside is not None
    group = np.zeros(len(sample.scores)) if outside is None else outside
    classes = Classes(scheme.merge(with_outside=has_outside), group.astype(np.intp))
    found = sort_sample(sample, classes, rng=rng)
    return LoyaltyTypes(
        **shared_fields(scheme.names(with_outside=has_outside), sample, found),
        classification=classification,
        variables=sample.sorting.names,
        cut_offs=FrozenMapping(sample.cut_offs),
        limits=sample.sorting.limits,
        from_classes=from_classes,
        scores=sample.scores,
        weights=sample.weights,
        group=classes.group,
        posterior=found.posterior,
    )
