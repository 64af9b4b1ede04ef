"""A response curve as a claim: which share is reached for which spending."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.optimize import brentq

from loyaltymodel._core.accepted import AsGiven, Values
from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.options import shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Positive, Share, Specification
from loyaltymodel._core.variables import like, read_numbers
from loyaltymodel.economics.acquisition.kernels import rate_at, slope_at, spend_at
from loyaltymodel.errors import DataError, ModelError, OptionError

_STEEPEST = 1e50  # what spending can be multiplied with
_FLAT, _SHARP = 1e-9, 700.0  # steepness times the larger spending, between which points decide
_TWO = 2


class ResponseCurve(Specification):
    """The share that is won or kept, as it rises with spending to a ceiling (反应曲线).

    rate(spend) = floor + (ceiling - floor) * (1 - exp(-steepness * spend)), so that the first
    unit of money does most and no amount reaches more than the ceiling. It serves for the share of
    prospects who are won, of customers who are kept, or of complainants who come back. Spending
    is per head of those of whom the rate is a share, in the period to which the rate belongs.

    Parameters
    ----------
    ceiling : float
        The share that no spending exceeds, above the floor and at most 1.
    steepness : float
        How fast the curve rises, per unit of money, above 0: k in most texts. See
        :meth:`calibrated` for how to get it from what is known.
    floor : float
        The share without any spending, from 0.

    Raises
    ------
    ModelError
        If a number is outside its range, or the floor is not below the ceiling.

    See Also
    --------
    acquisition_retention : The best spending for two such curves.

    Notes
    -----
    Blattberg and Deighton (1996) propose this form without a floor for acquisition and for
    retention, calibrated from two guesses of a manager: the ceiling, and one point. Nothing says
    that an industry follows it. It has no threshold below which spending is lost, as an S-shaped
    curve would have, so that small budgets look better than they may be.

    References
    ----------
    Blattberg, R. C., & Deighton, J. (1996). Manage marketing by the customer equity test. *Harvard
    Business Review*, 74(4), 136-144.

    Examples
    --------
    For 5 a head 20 % are won, and never more than 40 %. Half of the ceiling is reached with 5, so
    three quarters of it with 10:

    >>> from loyaltymodel import economics
    >>> curve = economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
    >>> curve.rate([0, 5, 10]).round(3).tolist()
    [0.0, 0.2, 0.3]
    >>> round(curve.spend_for(0.3), 9)
    10.0
    >>> economics.ResponseCurve.from_json(curve.to_json()) == curve
    True
    """

    ceiling: Share
    steepness: Annotated[Positive, Field(le=_STEEPEST)]
    floor: Share = 0.0

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.floor >= self.ceiling:
            raise ModelError(
                f"the floor ({self.floor:.12g}) must lie below the ceiling ({self.ceiling:.12g}), "
                "or spending would change nothing"
            )
        return self

    @classmethod
    @checked
    def calibrated(
        cls, spend: Numbers, rate: Numbers, *, ceiling: float | None = None, floor: float = 0.0
    ) -> Self:
        """Return the curve through one point below a given ceiling, or through two points.

        Parameters
        ----------
        spend : float, or array of shape (2,)
            Spending per head in money, above 0, at which the rate is known or guessed.
        rate : float, or array of shape (2,)
            The share that is reached there, between floor and ceiling.
        ceiling : float, optional
            The share that no spending exceeds, at most 1. Needed with one point; with two
            points it follows from them.
        floor : float
            The share without any spending.

        Returns
        -------
        ResponseCurve
            The only such curve through what is given.

        Raises
        ------
        OptionError
            If there are neither one nor two points, a ceiling lacks or is given twice over,
            or the points lie so that no such curve goes through them.

        Notes
        -----
        With one point steepness = -ln(1 - (rate - floor) / (ceiling - floor)) / spend. With two
        points it solves (1 - exp(-k A1)) / (1 - exp(-k A2)) = (a1 - floor) / (a2 - floor), whose
        left side rises from A1 / A2 to 1. So the second spending must bring more than the first,
        but less than in proportion.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> curve = economics.ResponseCurve.calibrated([5, 10], [0.2, 0.3])
        >>> round(curve.ceiling, 9)
        0.4
        """
        money, share = _point("spend", spend), _point("rate", rate)
        if len(money) != len(share):
            raise OptionError(
                f"spend has {len(money)} and rate {len(share)} values; give one of each a point"
            )
        if not 0 <= floor < 1:
            raise OptionError(f"floor={shown(floor)} must be at least 0 and below 1")
        if (money <= 0).any():
            raise OptionError(
                f"spend has {shown(float(money.min()))}, but must be above 0; what is reached "
                "without spending is floor="
            )
        if (share <= floor).any() or (share >= 1).any():
            raise OptionError(
                f"rate must lie above the floor of {floor:g} and below 1, but is {_listed(share)}"
            )
        if len(money) == _TWO:
            if ceiling is not None:
                raise OptionError(
                    "two points decide the ceiling; give one point, or leave ceiling= out"
                )
            return cls._through_two(money, share - floor, floor)
        if ceiling is None:
            raise OptionError(
                "one point does not decide the curve; give ceiling=, the share that no spending "
                "exceeds, or a second point"
            )
        if not share[0] < ceiling <= 1:
            raise OptionError(
                f"ceiling={shown(ceiling)} must lie above the rate of {share[0]:g} that is reached "
                "already, and be at most 1"
            )
        steepness = -np.log1p(-(share[0] - floor) / (ceiling - floor)) / money[0]
        return cls(ceiling=ceiling, steepness=float(steepness), floor=floor)

    @classmethod
    def _through_two(cls, money: FloatArray, above: FloatArray, floor: float) -> Self:
        order = np.argsort(money)
        (little, much), (low, high) = money[order], above[order]
        if not little / much < low / high < 1:
            raise OptionError(
                f"no such curve goes through both points: for {much:g} instead of {little:g} the "
                f"rate must rise, but less than in proportion, and it goes from {floor + low:g} to "
                f"{floor + high:g}; give one point and ceiling="
            )

        def apart(x: float) -> float:
            return float(np.expm1(-x * little / much) / np.expm1(-x) - low / high)

        if apart(_FLAT) >= 0 or apart(_SHARP) <= 0:
            raise OptionError(
                "the points lie too close to a straight line, or to the ceiling, to decide the "
                "curve; give one point and ceiling="
            )
        x = brentq(apart, _FLAT, _SHARP, xtol=1e-14, rtol=1e-14)
        ceiling = floor + high / -np.expm1(-x)
        if ceiling > 1:
            raise OptionError(
                f"through these points the ceiling would be {ceiling:.4g}, and no share is above "
                "1; give one point and ceiling="
            )
        return cls(ceiling=float(ceiling), steepness=float(x / much), floor=floor)

    @checked
    def rate(self, spend: Values) -> AsGiven:
        """Return the share that is reached.

        Parameters
        ----------
        spend : float, array-like or Series
            Spending per head in money, 0 or more.

        Returns
        -------
        float, ndarray or Series
            The share, from the floor to the ceiling, in the form of ``spend``.

        Raises
        ------
        DataError
            If a number is missing or negative.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4).rate(15).__round__(9)
        0.35
        """
        money = read_numbers("spend", spend, bounds=(0.0, np.inf))
        return like(spend, rate_at(money, **self._numbers), name="rate")

    @checked
    def slope(self, spend: Values) -> AsGiven:
        """Return how much the share rises with a further unit of money.

        Parameters
        ----------
        spend : float, array-like or Series
            Spending per head in money, 0 or more.

        Returns
        -------
        float, ndarray or Series
            (ceiling - floor) * steepness * exp(-steepness * spend), in the form of ``spend``.

        Raises
        ------
        DataError
            If a number is missing or negative.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> economics.ResponseCurve(ceiling=0.4, steepness=0.5).slope(0)
        0.2
        """
        money = read_numbers("spend", spend, bounds=(0.0, np.inf))
        return like(spend, slope_at(money, **self._numbers), name="slope")

    @checked
    def spend_for(self, rate: Values) -> AsGiven:
        """Return the spending that reaches a share.

        Parameters
        ----------
        rate : float, array-like or Series
            The share, from the floor up to but below the ceiling.

        Returns
        -------
        float, ndarray or Series
            Spending per head in money, in the form of ``rate``.

        Raises
        ------
        DataError
            If a share is missing, below the floor, or not below the ceiling, which no spending
            reaches.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> curve = economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4)
        >>> round(curve.spend_for(0.35), 9)
        15.0
        """
        share = read_numbers("rate", rate, bounds=(self.floor, 1.0))
        if (out := share >= self.ceiling).any():
            raise DataError(
                f"rate has {share[out].flat[0]:g}, but no spending reaches the ceiling of "
                f"{self.ceiling:g}; ask below it, or take a curve with a higher ceiling"
            )
        return like(rate, spend_at(share, **self._numbers), name="spend")

    @property
    def _numbers(self) -> dict[str, Any]:
        return {"ceiling": self.ceiling, "steepness": self.steepness, "floor": self.floor}


def _point(name: str, given: Numbers) -> FloatArray:
    """Return the coordinate of one point or of two."""
    found = np.atleast_1d(np.asarray(given, np.float64))
    if found.shape not in {(1,), (_TWO,)}:
        raise OptionError(f"{name} has shape {found.shape}; give one number, or two for two points")
    if not np.isfinite(found).all():
        raise OptionError(f"{name} is {_listed(found)}, but must be finite")
    return found


def _listed(values: FloatArray) -> str:
    return " and ".join(f"{value:.12g}" for value in values)
