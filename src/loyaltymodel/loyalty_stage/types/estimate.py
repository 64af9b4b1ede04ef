"""From scores and options to types, their probabilities and their shares."""

from __future__ import annotations

import numpy as np

from loyaltymodel import _quadrant_sorting as quadrant_sorting
from loyaltymodel._arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._quadrant_shares import Classes
from loyaltymodel._quadrant_sorting import Randomness, Sorting
from loyaltymodel._variables import Variables
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES, Classification


def weights_of(variables: Variables) -> FloatArray:
    """Return the weights of customers, 1 each if there are none."""
    return quadrant_sorting.weights_of(variables, who="customer")


def sort_customers(
    classification: Classification,
    variables: Variables,
    *,
    sorting: Sorting,
    outside: BoolArray | None = None,
    from_classes: bool = False,
    rng: Randomness,
) -> LoyaltyTypes:
    """Sort customers into types by both variables, and say how large the types are."""
    scheme = SCHEMES[classification]
    has_outside = outside is not None
    group = np.zeros(variables.n_rows) if outside is None else outside
    classes = Classes(scheme.merge(with_outside=has_outside), group.astype(np.intp))
    sample = quadrant_sorting.sample_of(variables, weights_of(variables), sorting)
    found = quadrant_sorting.sort_sample(sample, classes, sorting=sorting, rng=rng)
    return LoyaltyTypes(
        classification=classification,
        names=scheme.names(with_outside=has_outside),
        variables=sorting.names,
        codes=found.codes,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        cut_offs=FrozenMapping(dict(zip(sorting.names, sample.cut_offs, strict=True))),
        limits=sorting.limits,
        from_classes=from_classes,
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
        scores=sample.scores,
        weights=sample.weights,
        group=classes.group,
        posterior=found.posterior,
    )
