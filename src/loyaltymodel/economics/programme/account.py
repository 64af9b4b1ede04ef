"""What a programme gives each member, and what that is expected to cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.variables import read_variables
from loyaltymodel.economics.programme.kernels import (
    points_by_slice,
    points_by_whole,
    tier_of,
    to_next,
)

if TYPE_CHECKING:
    from loyaltymodel.economics.programme.specification import LoyaltyProgramme

Crediting = Literal["whole", "marginal"]


def account_of(
    programme: LoyaltyProgramme,
    spend: object,
    *,
    crediting: Crediting,
    data: object,
    missing: Missing,
) -> pd.DataFrame:
    """Return tier, points and expected cost of each member."""
    check_choice("crediting", crediting, Crediting)
    read = read_variables(
        {"spend": spend}, data=data, bounds={"spend": (0.0, np.inf)}, missing=missing
    )
    x = np.asarray(read["spend"], dtype=np.float64)
    thresholds, rates = programme.thresholds, programme.rates
    tier = tier_of(x, thresholds)
    if crediting == "whole":
        points = points_by_whole(x, tier, rates)
    else:
        points = points_by_slice(x, tier, thresholds, rates)
    face = points * programme.point_value
    redeemed = face * programme.redemption_share
    standing = programme.standing_costs[tier]
    names = pd.CategoricalDtype(list(programme.names), ordered=True)
    return pd.DataFrame(
        {
            "tier": pd.Categorical.from_codes(tier, dtype=names),
            "points": points,
            "face_value": face,
            "expected_redemption": redeemed,
            "expected_breakage": face - redeemed,
            "standing_cost": standing,
            "expected_cost": redeemed + standing,
            "to_next_tier": to_next(x, tier, thresholds),
        },
        index=read.labels,
    )
