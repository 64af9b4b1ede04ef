"""A loyalty programme as a claim: who earns what, and what it costs."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
import pandas as pd
from annotated_types import Le
from pydantic import Field, model_validator

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names, repeated
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import NotNegative, Positive, Share, Specification
from loyaltymodel.economics.programme.account import Crediting, account_of
from loyaltymodel.errors import ModelError

# No larger than what spending can be multiplied with, one after the other.
_Money = Annotated[NotNegative, Le(1e50)]
_Rate = Annotated[Positive, Le(1e50)]


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
    programme_effect : What a programme changes.
    programme_return : Whether that is worth its cost.

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

    @checked
    def account(
        self,
        spend: Variable,
        *,
        crediting: Crediting = "whole",
        data: Data | None = None,
        missing: Missing = "raise",
    ) -> pd.DataFrame:
        """Return tier, points and expected cost of each member (会员积分账户).

        Parameters
        ----------
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
            If spending is missing, not numeric or negative.
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
        >>> account = programme.account(spend)
        >>> account[["tier", "points", "expected_redemption", "expected_cost", "to_next_tier"]]
               tier  points  expected_redemption  expected_cost  to_next_tier
        Li    basic   400.0                  3.2            8.2         600.0
        Wang   gold  3000.0                 24.0           29.0           NaN

        Slice by slice the first 1,000 count once and the next 500 twice:

        >>> programme.account(spend, crediting="marginal")["points"].tolist()
        [400.0, 2000.0]
        """
        return account_of(self, spend, crediting=crediting, data=data, missing=missing)
