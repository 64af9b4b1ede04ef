"""What is claimed of the dissatisfied: who complains, what becomes of it, who comes back."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.options import check_between, check_count, check_positive, shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import NotNegative, Positive, Share, Specification
from loyaltymodel.errors import ModelError, OptionError

LostBase = Literal["dissatisfied", "silent"]

_HALF = 0.5  # what Jeffreys' prior adds to either count
_SUREST = 1e-6  # standard deviation of a share
_MOST = 1e12  # customers whose number is still exact, and pseudo-counts of a law


class ComplaintBehaviour(Specification):
    """What dissatisfied customers do, and how complaints are handled (投诉行为).

    They fall into four branches that exclude each other and add up to all: silent; complaint not
    handled; complaint handled, but later; complaint solved at once.

    Parameters
    ----------
    complain_share : float
        Share of the dissatisfied who complain to the firm, 0 to 1.
    handled_share : float
        Share of the complaints that are handled well, but not at once.
    at_once_share : float
        Share of the complaints that are solved at once. The two shares add up to 1 or less; the
        rest of the complaints is not handled.
    lost_share : float
        Share of customers who do not come back, of the group that ``lost_base`` names.
    lost_base : {"dissatisfied", "silent"}
        Of whom ``lost_share`` is a share. "silent": of those who do not complain. "dissatisfied":
        of all the dissatisfied together; what the silent do follows.
    return_handled : float
        Share who come back of those whose complaint was handled.
    return_at_once : float
        The same where it was solved at once.
    return_unhandled : float, optional
        The same where nothing was done; by default as many as of the silent.
    told_against : float, optional
        How many people each customer who is silent or not handled tells of it.
    told_for : float, optional
        How many people each customer whose complaint was handled tells of that.

    Raises
    ------
    ModelError
        If a number is outside its range, the two shares of complaints exceed 1, or fewer or more
        are lost of all than the branches with complaints allow.

    See Also
    --------
    complaint_flow : What becomes of so many dissatisfied customers.

    Notes
    -----
    Textbooks print that 90 % do not come back, once of the dissatisfied and once of those who leave
    in silence, so the base is to be named. With the base "dissatisfied" the return share r of the
    silent solves 1 - lost = (1 - c) r + c (h r_h + o r_o + (1 - h - o) r_u), with c, h and o the
    shares who complain, are handled and are handled at once, and r_u = r unless it is given.
    Whether "handled" holds what was solved at once, no text says; here it does not.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> behaviour = economics.ComplaintBehaviour(
    ...     complain_share=0.1, handled_share=0.5, at_once_share=0.2, lost_share=0.9,
    ...     lost_base="silent", return_handled=0.7, return_at_once=0.95,
    ... )
    >>> economics.ComplaintBehaviour.from_json(behaviour.to_json()) == behaviour
    True
    """

    complain_share: Share
    handled_share: Share
    at_once_share: Share
    lost_share: Share
    lost_base: LostBase
    return_handled: Share
    return_at_once: Share
    return_unhandled: Share | None = None
    told_against: NotNegative | None = None
    told_for: NotNegative | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if exceeds(self.handled_share + self.at_once_share, 1.0):
            raise ModelError(
                f"handled_share ({self.handled_share:g}) and at_once_share "
                f"({self.at_once_share:g}) are shares of all complaints and exclude each other, so "
                "they add up to 1 at most"
            )
        return self


class ComplaintRate(Specification):
    """How many of the dissatisfied complain, as far as that is known (投诉率).

    A beta law with the shape parameters ``a`` and ``b``: of mean a / (a + b), and the surer the
    larger they are. It comes from outside, since complaints alone do not tell how many were silent.

    Parameters
    ----------
    a : float
        Shape, above 0: as if so many dissatisfied customers had been seen to complain.
    b : float
        Shape, above 0: as if so many had been seen to stay silent.

    Raises
    ------
    ModelError
        If a parameter is not above 0.

    See Also
    --------
    hidden_dissatisfied : How many dissatisfied customers stand behind the complaints.

    Examples
    --------
    Of 100 dissatisfied customers in a survey 40 had complained; or the share is put at 40 %, give
    or take 5 points:

    >>> from loyaltymodel import economics
    >>> economics.ComplaintRate.from_counts(40, 100)
    ComplaintRate(a=40.5, b=60.5)
    >>> rate = economics.ComplaintRate.from_mean(0.4, std_dev=0.05)
    >>> round(rate.a, 6), round(rate.b, 6)
    (38.0, 57.0)
    """

    a: Annotated[Positive, Field(le=_MOST)]
    b: Annotated[Positive, Field(le=_MOST)]

    @classmethod
    @checked
    def from_counts(cls, complained: int, asked: int) -> Self:
        """Return what a survey of dissatisfied customers tells.

        Parameters
        ----------
        complained : int
            How many of them had complained to the firm.
        asked : int
            How many dissatisfied customers were asked, 1 or more.

        Returns
        -------
        ComplaintRate
            The law after the survey from Jeffreys' prior: a = complained + 1/2 and
            b = asked - complained + 1/2.

        Raises
        ------
        OptionError
            If more complained than were asked, or a count is negative.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> economics.ComplaintRate.from_counts(2, 50).mean.__round__(3)
        0.049
        """
        check_count("asked", asked, least=1)
        check_count("complained", complained, least=0)
        if complained > asked:
            raise OptionError(
                f"complained={complained} is more than asked={asked}; of those asked no more can "
                "have complained"
            )
        return cls(a=complained + _HALF, b=asked - complained + _HALF)

    @classmethod
    @checked
    def from_mean(cls, mean: float, *, std_dev: float) -> Self:
        """Return the law with a mean and a standard deviation.

        Parameters
        ----------
        mean : float
            Mean share who complain, between 0 and 1.
        std_dev : float
            How far off that may be: its standard deviation, above 0.

        Returns
        -------
        ComplaintRate
            The law with a = mean * n and b = (1 - mean) * n, n = mean (1 - mean) / std_dev^2 - 1.

        Raises
        ------
        OptionError
            If the mean is not between 0 and 1, or no such law spreads so far.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> economics.ComplaintRate.from_mean(0.5, std_dev=0.1).a.__round__(9)
        12.0
        """
        check_between("mean", mean, such_as=0.5)
        check_positive("std_dev", std_dev)
        if std_dev < _SUREST:
            raise OptionError(
                f"std_dev={shown(std_dev)} is below {_SUREST:g}, which no survey can tell; give a "
                "larger one"
            )
        size = mean * (1 - mean) / std_dev**2 - 1
        if not size > 0:
            raise OptionError(
                f"std_dev={shown(std_dev)} is too large: no share with the mean {mean:g} spreads "
                f"by {(mean * (1 - mean)) ** 0.5:.4g} or more"
            )
        return cls(a=mean * size, b=(1 - mean) * size)

    @property
    def mean(self) -> float:
        """Mean share who complain."""
        return self.a / (self.a + self.b)

    @property
    def std_dev(self) -> float:
        """Standard deviation of the share."""
        return float((self.mean * (1 - self.mean) / (self.a + self.b + 1)) ** 0.5)
