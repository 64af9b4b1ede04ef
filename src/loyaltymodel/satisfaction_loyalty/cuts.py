"""Cut-offs of satisfaction and loyalty, above which customers count as satisfied and loyal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.comparisons import reaches, usual_size
from loyaltymodel._core.options import check_finite
from loyaltymodel._core.scales import by_variable
from loyaltymodel.errors import DataError

Cuts = float | Mapping[str, float]


def check_cuts(cuts: Cuts | None, names: tuple[str, ...]) -> FrozenMapping[str, float] | None:
    """Return the cut of each variable: one for all, or a mapping that names exactly these."""
    if cuts is None:
        return None
    given = by_variable("cuts", cuts, names)
    for name in names:
        check_finite(f"cuts[{name!r}]", given[name])
    return FrozenMapping({name: float(given[name]) for name in names})


def satisfied_from(satisfaction: FloatArray, cut: float) -> BoolArray:
    """Tell who is satisfied, from a cut on; a DataError if nobody is."""
    among = reaches(satisfaction, cut, size=usual_size(satisfaction))
    if not among.any():
        raise DataError(
            f"no customer has a satisfaction of {cut:.12g} or more, the highest is "
            f"{np.max(satisfaction):.12g}; choose a lower cut"
        )
    return among
