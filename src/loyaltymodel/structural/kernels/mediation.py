"""What kind of mediation a direct and an indirect effect are, after Zhao, Lynch and Chen."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

TYPES = (
    "complementary",
    "competitive",
    "indirect-only",
    "direct-only",
    "no effect",
    "no direct path",
)


def types_of(
    indirect: FloatArray,
    direct: FloatArray,
    found_indirect: BoolArray,
    found_direct: BoolArray,
    has_direct: BoolArray,
) -> list[str]:
    """Name the type of each route (k,): which effects were found, and whether their signs agree."""
    place = np.select(
        [
            ~has_direct,
            found_indirect & found_direct & (indirect * direct > 0),
            found_indirect & found_direct,
            found_indirect,
            found_direct,
        ],
        [5, 0, 1, 2, 3],
        default=4,
    )
    return [TYPES[k] for k in place.tolist()]


def same_sign(effects: FloatArray, pair: IntArray, direct: FloatArray) -> BoolArray:
    """Tell of which routes (k,) no part of the total effect of their pair has another sign."""
    below = np.bincount(pair, effects < 0)[pair] + (direct < 0)
    above = np.bincount(pair, effects > 0)[pair] + (direct > 0)
    found: BoolArray = (below == 0) | (above == 0)
    return found


def shares(effects: FloatArray, pair: IntArray, direct: FloatArray) -> FloatArray:
    """Return the share (..., k) of each route in the total effect of its pair.

    ``effects`` are those of the routes (..., k), and ``direct`` the path of each route's pair.
    """
    member = (pair[:, None] == pair).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = effects / (direct + effects @ member)
    return found
