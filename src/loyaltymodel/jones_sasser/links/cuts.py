"""Cut-offs of satisfaction and loyalty, above which customers count as satisfied and loyal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._options import check_finite, is_number
from loyaltymodel.errors import DataError, OptionError

Cuts = float | Mapping[str, float]


def check_cuts(cuts: Cuts | None, names: tuple[str, ...]) -> FrozenMapping[str, float] | None:
    """Return the cut of each variable: one for all, or a mapping that names exactly these."""
    if cuts is None:
        return None
    if is_number(cuts):
        cuts = dict.fromkeys(names, cuts)
    if not isinstance(cuts, Mapping) or set(cuts) != set(names):
        such_as = "{" + ", ".join(f"{name!r}: 4" for name in names) + "}"
        raise OptionError(
            f"cuts={cuts!r} must be a number, or a mapping that gives one for "
            f"{' and '.join(names)}, such as {such_as}"
        )
    for name in names:
        check_finite(f"cuts[{name!r}]", cuts[name])
    return FrozenMapping({name: float(cuts[name]) for name in names})


def satisfied_from(satisfaction: FloatArray, cut: float) -> BoolArray:
    """Tell who is satisfied, from a cut on; a DataError if nobody is."""
    among: BoolArray = satisfaction >= cut
    if not among.any():
        raise DataError(
            f"no customer has a satisfaction of {cut:g} or more, the highest is "
            f"{np.max(satisfaction):g}; choose a lower cut"
        )
    return among
