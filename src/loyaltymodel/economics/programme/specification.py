"""A loyalty programme as a claim: who earns what, and what it costs."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import enumerate_names, repeated
from loyaltymodel._core.specification import NotNegative, Positive, Share, Specification
from loyaltymodel.errors import ModelError

# No larger than what spending can be multiplied with, one after the other.
_Money = Annotated[NotNegative, Field(le=1e50)]
_Rate = Annotated[Positive, Field(le=1e50)]


class ProgrammeTier(Specification):
    """One level of membership: from which spending on it is held, and what it gives (会员等级).

    Parameters
    ----------
    name : str
        Name of the tier.
    threshold : float
        Spending in the qualifying period from which on the tier is held, in money, 0 or more.
    multiplier : float
        By how much the points are multiplied, above 0.
    service_cost : float
        What the treatment of a member of this tier costs the firm, in money per period, beside
        the points; 0 or more.

    Raises
    ------
    ModelError
        If the name is empty, the multiplier is not above 0, or another number is negative.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.ProgrammeTier(name="gold", threshold=5000, multiplier=1.5).service_cost
    0.0
    """

    name: Annotated[str, Field(min_length=1)]
    threshold: _Money = 0.0
    multiplier: _Rate = 1.0
    service_cost: _Money = 0.0


class LoyaltyProgramme(Specification):
    """A loyalty programme with points and tiers (忠诚计划、会员积分).

    All money is in one currency, and everything is per qualifying period, such as a year.

    Parameters
    ----------
    points_per_unit : float
        Points for each unit of money that is spent, before the multiplier of the tier.
    point_value : float
        What a point costs the firm when it is redeemed, in money.
    redemption_share : float
        Share of the points that is expected to be redeemed, from 0 to 1. The rest is breakage:
        points that lapse or are forgotten.
    tiers : sequence of ProgrammeTier
        From the lowest up: the first has the threshold 0, the thresholds rise. Without it there
        is one tier, "member".
    membership_cost : float
        What a membership costs the firm per period, whatever is spent: card, letters, service.

    Raises
    ------
    ModelError
        If there is no tier, a name stands twice, the first threshold is not 0, the thresholds do
        not rise, or a number is outside its range.

    See Also
    --------
    programme_account : Tier, points and costs of each member.

    Examples
    --------
    A point for each unit of money, worth a hundredth, of which four of five are redeemed: 0.8 %
    of what is spent comes back, and twice that in gold.

    >>> from loyaltymodel import economics
    >>> programme = economics.LoyaltyProgramme(
    ...     points_per_unit=1, point_value=0.01, redemption_share=0.8,
    ...     tiers=[{"name": "basic"}, {"name": "gold", "threshold": 5000, "multiplier": 2}],
    ... )
    >>> programme.table()[["tier", "threshold", "face_rate", "expected_rate"]]
        tier  threshold  face_rate  expected_rate
    0  basic        0.0       0.01          0.008
    1   gold     5000.0       0.02          0.016
    >>> economics.LoyaltyProgramme.from_json(programme.to_json()) == programme
    True
    """

    points_per_unit: _Rate
    point_value: _Rate
    redemption_share: Share
    tiers: tuple[ProgrammeTier, ...] = (ProgrammeTier(name="member"),)
    membership_cost: _Money = 0.0

    @model_validator(mode="after")
    def _tiers_that_rise(self) -> Self:
        if not self.tiers:
            raise ModelError("a programme without tiers has no members; give at least one tier")
        if twice := repeated(self.names):
            raise ModelError(f"the tier {enumerate_names(twice)} stands twice; use each name once")
        first = self.tiers[0]
        if first.threshold != 0:
            raise ModelError(
                f"the first tier, {first.name!r}, begins at {first.threshold:.12g}, so that "
                "members who spend less have none; its threshold must be 0"
            )
        for below, above in pairwise(self.tiers):
            if above.threshold <= below.threshold:
                raise ModelError(
                    f"thresholds must rise, but {above.name!r} ({above.threshold:.12g}) follows "
                    f"{below.name!r} ({below.threshold:.12g}); list the tiers from the lowest up"
                )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tiers, from the lowest up."""
        return tuple(tier.name for tier in self.tiers)

    @property
    def thresholds(self) -> FloatArray:
        """Spending from which on each tier is held, shape (k,)."""
        return np.array([tier.threshold for tier in self.tiers])

    @property
    def rates(self) -> FloatArray:
        """Points per unit of money in each tier, shape (k,)."""
        return self.points_per_unit * np.array([tier.multiplier for tier in self.tiers])

    @property
    def standing_costs(self) -> FloatArray:
        """Cost of a member of each tier per period beside the points, in money, shape (k,)."""
        return self.membership_cost + np.array([tier.service_cost for tier in self.tiers])

    def table(self) -> pd.DataFrame:
        """Return the tiers as a table.

        Returns
        -------
        DataFrame
            A row a tier: ``tier``, ``threshold``, ``multiplier``, ``points_per_unit``,
            ``face_rate`` (money back per unit of money spent if every point is redeemed),
            ``expected_rate`` (with the expected redemption) and ``standing_cost`` per member
            and period.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> programme = economics.LoyaltyProgramme(
        ...     points_per_unit=2, point_value=0.01, redemption_share=0.5, membership_cost=3
        ... )
        >>> table = programme.table()
        >>> table[["face_rate", "expected_rate", "standing_cost"]].to_numpy()[0].tolist()
        [0.02, 0.01, 3.0]
        """
        face = self.rates * self.point_value
        return pd.DataFrame(
            {
                "tier": list(self.names),
                "threshold": self.thresholds,
                "multiplier": [tier.multiplier for tier in self.tiers],
                "points_per_unit": self.rates,
                "face_rate": face,
                "expected_rate": face * self.redemption_share,
                "standing_cost": self.standing_costs,
            }
        )
