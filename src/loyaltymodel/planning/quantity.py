"""What a survey is to estimate, and how far single answers lie apart in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from loyaltymodel._core.arrays import FrozenRecord
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_between, check_positive, check_share, enumerate_names
from loyaltymodel._core.scales import AnswerLimits, resolve_limits
from loyaltymodel._core.signature import checked, checked_fields
from loyaltymodel.errors import OptionError

Kind = Literal["mean", "index", "share", "nps"]


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(FrozenRecord):
    """What a survey is to estimate, with the spread of single answers (待估指标).

    Made by :meth:`mean`, :meth:`index`, :meth:`share` and :meth:`nps`.

    Attributes
    ----------
    kind : {"mean", "index", "share", "nps"}
        What is estimated.
    sd : float
        Standard deviation of what a respondent contributes: points of the answer, points of the
        index (0 to 100), 0 or 1 for a share, -100, 0 or 100 for the net promoter score.
    expected : float or None
        The value that is expected, where the spread follows from it.

    Examples
    --------
    >>> from loyaltymodel import planning
    >>> planning.Quantity.nps(promoters=0.5, detractors=0.2).sd.__round__(2)
    78.1
    """

    kind: Kind
    sd: float
    expected: float | None = None

    def __post_init__(self) -> None:
        """Refuse a spread that nothing can have."""
        check_positive("sd", self.sd)

    @classmethod
    @checked
    def mean(cls, sd: float) -> Self:
        """Return a mean answer whose respondents have a standard deviation.

        Parameters
        ----------
        sd : float
            Standard deviation of the answers, in their units, above 0.

        Returns
        -------
        Quantity
            A mean.
        """
        return cls(kind="mean", sd=sd)

    @classmethod
    @checked
    def share(cls, share: float) -> Self:
        """Return a share, such as that of satisfied customers, of an expected size.

        Parameters
        ----------
        share : float
            The share that is expected, between 0 and 1; 0.5 asks for the most respondents.

        Returns
        -------
        Quantity
            A share.
        """
        check_between("share", share, such_as=0.5)
        return cls(kind="share", sd=float(np.sqrt(share * (1 - share))), expected=share)

    @classmethod
    @checked
    def nps(cls, *, promoters: float, detractors: float) -> Self:
        """Return a net promoter score (净推荐值) from the shares that are expected.

        Parameters
        ----------
        promoters, detractors : float
            Shares of respondents who answer 9 or 10, and 0 to 6. Together at most 1.

        Returns
        -------
        Quantity
            The score, with variance 100^2 (p + d - (p - d)^2) of a respondent.

        Raises
        ------
        OptionError
            If they are no shares, or leave no spread.
        """
        check_share("promoters", promoters)
        check_share("detractors", detractors)
        if promoters + detractors > 1 + 1e-12:  # rounding of two shares
            raise OptionError(
                f"promoters={promoters:g} and detractors={detractors:g} are more than all "
                "respondents; give shares that add up to 1 at most"
            )
        net = promoters - detractors
        variance = promoters + detractors - net**2
        if variance <= 0:
            raise OptionError("all respondents give the same answer, so there is nothing to plan")
        return cls(kind="nps", sd=100 * float(np.sqrt(variance)), expected=100 * net)

    @classmethod
    @checked
    def index(
        cls, moments: Moments, *, scale: AnswerLimits, weights: Mapping[str, float] | None = None
    ) -> Self:
        """Return an index from 0 to 100, with its spread from the covariance of its items.

        Parameters
        ----------
        moments : Moments
            Means and covariance of the items, from an earlier survey or a pilot.
        scale : pair, or mapping from item to pair
            Lowest and highest possible answer.
        weights : mapping from item to float, optional
            Weights of the items of the index, in answer units, none of them negative; all items
            of ``moments`` weigh the same without it.

        Returns
        -------
        Quantity
            The index, with standard deviation 100 root(w'Sw) / sum w (highest - lowest).

        Raises
        ------
        OptionError
            If weights name something that is no item, or are not above 0 together.

        Notes
        -----
        The weights are taken as known. Where they are estimated from the same survey, as in a
        structural model, :func:`simulate_power` allows for that as well.

        Examples
        --------
        Two items from 1 to 10 with variances of 4 that correlate by 0.5: their mean has the
        variance (4 + 4 + 2 * 2) / 4 = 3, and an answer unit is 100 / 9 points:

        >>> from loyaltymodel import planning
        >>> from loyaltymodel.structural import Moments
        >>> pilot = Moments(
        ...     n_obs=80, items=["s1", "s2"], means=[7, 7], covariance=[[4, 2], [2, 4]]
        ... )
        >>> round(planning.Quantity.index(pilot, scale=(1, 10)).sd, 4)
        19.245
        >>> round(100 / 9 * 3 ** 0.5, 4)
        19.245
        """
        given = dict.fromkeys(moments.items, 1.0) if weights is None else dict(weights)
        if unknown := [name for name in given if name not in moments.items]:
            raise OptionError(
                f"weights names {enumerate_names(unknown)}, which is no item of the moments; they "
                f"have {enumerate_names(moments.items, most=12)}"
            )
        used = moments.select(tuple(given))
        limits = resolve_limits(scale, used.items, known=moments.items)
        w = np.array([given[item] for item in used.items], dtype=np.float64)
        if not (np.isfinite(w).all() and (w >= 0).all() and w.any()):
            raise OptionError(
                "weights of an index are finite, none is negative and one is above 0; otherwise a "
                "better answer would lower it"
            )
        span = float(w @ (limits.highest - limits.lowest))
        variance = float(w @ used.covariance @ w)
        reached = float(w @ (used.means - limits.lowest)) / span
        return cls(kind="index", sd=100 * float(np.sqrt(variance)) / span, expected=100 * reached)
