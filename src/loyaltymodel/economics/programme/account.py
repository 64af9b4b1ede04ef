"""What a programme gives each member, and what that is expected to cost."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.economics.programme.kernels import (
    points_by_slice,
    points_by_whole,
    tier_of,
    to_next,
)
from loyaltymodel.economics.programme.specification import LoyaltyProgramme
from loyaltymodel.errors import DataError

Crediting = Literal["whole", "marginal"]


@checked
def programme_account(
    programme: LoyaltyProgramme,
    spend: object,
    *,
    crediting: Crediting = "whole",
    data: object = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return tier, points and expected cost of each member (会员积分账户).

    Parameters
    ----------
    programme : LoyaltyProgramme
        The programme.
    spend : float, array-like of shape (n,), Series, or name of a column
        What each member spent in the qualifying period, in money, 0 or more.
    crediting : {"whole", "marginal"}
        At which rate points are credited. "whole": all spending of the period at the rate of
        the tier that it reaches. "marginal": the spending within each tier at the rate of that
        tier, as with an income tax.
    data : pandas, polars or pyarrow table, optional
        The table, where the spending is the name of a column.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the member out.

    Returns
    -------
    DataFrame
        A row a member, with the labels of the rows. ``tier``, an ordered category; ``points``;
        ``face_value``, all of them in money; ``expected_redemption``, what is expected to be
        redeemed, which is the liability that the period adds; ``expected_breakage``, the rest;
        ``standing_cost`` of membership and tier; ``expected_cost``, redemption and standing
        cost; ``to_next_tier``, the spending that is lacking to the next tier, NaN in the
        highest. All but tier and points are in money per period.

    Raises
    ------
    DataError
        If the programme is none, or spending is missing, not numeric or negative.
    OptionError
        If ``crediting`` or ``missing`` is not one of its choices.

    See Also
    --------
    programme_effect : What the programme changes.
    programme_return : Whether that is worth its cost.

    Notes
    -----
    points = points per unit * multiplier * spend; face value = points * value of a point;
    expected redemption = face value * redemption share. Who spends exactly the threshold of a
    tier holds it. With "whole" points jump at a threshold: a unit of money more can be worth
    many points, and there is a reason to spend just enough. With "marginal" they do not jump.

    Points are not rounded. A programme that rounds at each purchase credits less than this.
    Points brought forward, and those redeemed in the period, are not part of the account.

    The account counts what is credited on all spending, also on what would have been bought
    anyway. It says nothing of what the programme brings in.

    Examples
    --------
    Twice the points from 1,000 on. Wang spent 1,500: 3,000 points, of which 80 % are expected
    back at 0.01 each, so 24, and 5 for the membership.

    >>> import pandas as pd
    >>> from loyaltymodel import economics
    >>> programme = economics.LoyaltyProgramme(
    ...     points_per_unit=1, point_value=0.01, redemption_share=0.8, membership_cost=5,
    ...     tiers=[{"name": "basic"}, {"name": "gold", "threshold": 1000, "multiplier": 2}],
    ... )
    >>> spend = pd.Series([400.0, 1500.0], index=["Li", "Wang"])
    >>> account = economics.programme_account(programme, spend)
    >>> account[["tier", "points", "expected_redemption", "expected_cost", "to_next_tier"]]
           tier  points  expected_redemption  expected_cost  to_next_tier
    Li    basic   400.0                  3.2            8.2         600.0
    Wang   gold  3000.0                 24.0           29.0           NaN

    Slice by slice the first 1,000 count once and the next 500 twice:

    >>> economics.programme_account(programme, spend, crediting="marginal")["points"].tolist()
    [400.0, 2000.0]
    """
    check_choice("crediting", crediting, Crediting)
    if not isinstance(programme, LoyaltyProgramme):
        raise DataError(
            f"the programme is a {type(programme).__name__}; give a LoyaltyProgramme, such as "
            "LoyaltyProgramme(points_per_unit=1, point_value=0.01, redemption_share=0.8)"
        )
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
