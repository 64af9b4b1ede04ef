"""How many people a customer tells, as a claim."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from loyaltymodel._core.arrays import Numbers
from loyaltymodel._core.comparisons import equals
from loyaltymodel._core.options import check_count
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import NotNegative, Positive, Share, Specification
from loyaltymodel.economics.word_of_mouth.kernels import (
    FIXED,
    POISSON,
    Law,
    probabilities,
    quantiles_of,
)
from loyaltymodel.errors import ModelError, OptionError

Kind = Literal["fixed", "poisson", "negative_binomial"]

_MOST_TOLD = 1e6  # people whom one customer tells, on average
_MOST_CUSTOMERS = 1_000_000_000
_USUAL = (0.025, 0.5, 0.975)


class AudiencePart(Specification):
    """A share of customers who tell about as many people (口碑听众的一部分).

    Parameters
    ----------
    share : float
        Their share of the customers, 0 to 1.
    mean : float
        How many people each tells on average, 0 or more.
    law : {"fixed", "poisson", "negative_binomial"}
        "fixed": exactly so many, a whole number. "poisson": by chance alone.
        "negative_binomial": customers differ in how much they talk.
    dispersion : float, optional
        For "negative_binomial", above 0: the variance is mean + mean^2 / dispersion, so that small
        ones are wide. 1 is the geometric law.

    Raises
    ------
    ModelError
        If a number is outside its range, a fixed number is not whole, or a dispersion is
        lacking or has no use.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.AudiencePart(share=1, mean=3, law="poisson").dispersion is None
    True
    """

    share: Share
    mean: Annotated[NotNegative, Field(le=_MOST_TOLD)]
    law: Kind
    dispersion: Positive | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.law == "fixed" and self.mean % 1 != 0:
            raise ModelError(
                f"a fixed number of people is whole, and it is {self.mean:g}; give "
                'law="poisson", or two parts'
            )
        if (self.law == "negative_binomial") != (self.dispersion is not None):
            raise ModelError(
                f"law={self.law!r} with dispersion={self.dispersion}: a dispersion belongs to the "
                "negative binomial law, and only to it"
            )
        return self


class Audience(Specification):
    """How many people a customer tells: a law, not a mean (口碑受众分布).

    Parameters
    ----------
    parts : sequence of AudiencePart
        Kinds of customers, whose shares add up to 1.

    Raises
    ------
    ModelError
        If there is no part, or the shares do not add up to 1.

    See Also
    --------
    spread : What happens if those who hear it tell others.
    estimate_audience : The law in a survey.

    Notes
    -----
    The mean of a mixture is the mean of the means, and its variance the mean of the variances plus
    the variance of the means. Of n customers who talk independently of each other both are n times
    as large, and the law of the total has the generating function G(s)^n, from whose values on the
    circle the discrete Fourier transform gives every probability.

    Examples
    --------
    Four of five dissatisfied customers tell 10 people and one tells 20, so 12 on average:

    >>> from loyaltymodel import economics
    >>> told = economics.Audience(parts=[
    ...     {"share": 0.8, "mean": 10, "law": "fixed"}, {"share": 0.2, "mean": 20, "law": "fixed"},
    ... ])
    >>> told.mean, told.variance
    (12.0, 16.0)
    >>> economics.Audience.from_json(told.to_json()) == told
    True
    """

    parts: tuple[AudiencePart, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.parts:
            raise ModelError("an audience has at least one part; give parts=[...]")
        total = sum(part.share for part in self.parts)
        if not equals(total, 1.0):
            raise ModelError(
                f"the shares of the parts add up to {total:.12g}, but must add up to 1; those who "
                'tell nobody are a part too: {"share": ..., "mean": 0, "law": "fixed"}'
            )
        return self

    @property
    def mean(self) -> float:
        """Mean number of people told."""
        return law_of(self).mean

    @property
    def variance(self) -> float:
        """Variance of the number of people told."""
        return law_of(self).variance

    @checked
    def total(self, customers: int, *, quantiles: Numbers = _USUAL) -> pd.DataFrame:
        """Return how many people some customers tell together.

        Parameters
        ----------
        customers : int
            How many customers talk, each independently of the others.
        quantiles : array of shape (q,)
            Probabilities of not exceeding the number, between 0 and 1.

        Returns
        -------
        DataFrame
            ``quantity`` and ``estimate``: "mean", "std_dev" and a row a quantile. People who hear
            it from several customers count several times.

        Raises
        ------
        OptionError
            If the number of customers is negative or a probability is not between 0 and 1.

        Examples
        --------
        25 such customers tell 300 people on average, and with a probability of 95 % between 260
        and 340:

        >>> from loyaltymodel import economics
        >>> told = economics.Audience(parts=[
        ...     {"share": 0.8, "mean": 10, "law": "fixed"},
        ...     {"share": 0.2, "mean": 20, "law": "fixed"},
        ... ])
        >>> told.total(25)
                quantity  estimate
        0           mean     300.0
        1        std_dev      20.0
        2  quantile 0.025     260.0
        3   quantile 0.5     300.0
        4  quantile 0.975     340.0
        """
        check_count("customers", customers, least=0)
        if customers > _MOST_CUSTOMERS:
            raise OptionError(f"customers={customers} are more than there are people to tell")
        levels = np.atleast_1d(np.asarray(quantiles, np.float64))
        if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
            raise OptionError("quantiles must be probabilities between 0 and 1, such as (0.5, 0.9)")
        law = law_of(self)
        mean, variance = customers * law.mean, customers * law.variance
        chances = probabilities(
            lambda s: np.asarray(law.pgf(s) ** customers, np.complex128), mean, variance
        )
        names = ["mean", "std_dev", *(f"quantile {level:g}" for level in levels)]
        found = [mean, variance**0.5, *quantiles_of(chances, levels)]
        return pd.DataFrame({"quantity": names, "estimate": found})


def law_of(audience: Audience) -> Law:
    """Return the law as arrays."""
    kinds = {"fixed": FIXED, "poisson": POISSON}
    return Law(
        np.array([part.share for part in audience.parts]),
        np.array([part.mean for part in audience.parts]),
        np.array([kinds.get(part.law, part.dispersion) for part in audience.parts], np.float64),
    )
