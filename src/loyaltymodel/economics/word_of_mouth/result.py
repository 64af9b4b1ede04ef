"""What was found of the spread of word of mouth, handed out as tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, number, percent, table_of
from loyaltymodel.economics.word_of_mouth.audience import Audience


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Spread(Result):
    """How far word of mouth reaches; made by :func:`spread`.

    Arrays have a place a generation and one for the total, which stands last.

    Attributes
    ----------
    seeds : int
        With how many customers it begins.
    generations : int
        How often it is passed on.
    retell_share : float
        Share of hearers who pass it on.
    lost_share, value : float or None
        Share of hearers whose purchase is lost or won, and what that is worth.
    level : float
        Probability between the quantiles.
    reach_means, reach_variances : ndarray of shape (g + 1,)
        Of the number of people who hear it.
    reach_ends : ndarray of shape (g + 1, 3)
        Lower quantile, median and upper quantile; NaN where there are too many numbers.
    died_out : ndarray of shape (g + 1,)
        Probability that nobody hears it.
    reproduction : float
        How many hear it from each hearer on average.
    extinction : float
        Probability that it dies out some time.
    limit : float
        Mean number of people who hear it if it is passed on without end.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> told = economics.Audience(parts=[{"share": 1, "mean": 2, "law": "fixed"}])
    >>> found = economics.spread(told, seeds=1, generations=2, retell_share=0)
    >>> found
    <Spread: 2 generations from 1 seed, 2 people on average>
    >>> found.limit
    2.0
    """

    made_by: ClassVar[str] = "spread()"
    people: ClassVar[str] = "people"
    rests_on_data: ClassVar[bool] = False

    seeds: int
    generations: int
    retell_share: float
    lost_share: float | None
    value: float | None
    level: float
    reach_means: FloatArray
    reach_variances: FloatArray
    reach_ends: FloatArray
    died_out: FloatArray
    reproduction: float
    extinction: float
    limit: float

    @property
    def reach(self) -> pd.DataFrame:
        """How many hear it: a row a ``generation`` and one for the "total".

        ``mean``, ``std_dev``, ``lower`` quantile, ``median`` and ``upper`` quantile,
        ``died_out``, the probability that nobody hears it; with a share of purchases lost their
        mean ``purchases_lost``, and ``value_lost`` if they have a value.
        """
        frame = pd.DataFrame(
            {
                "generation": [*range(1, self.generations + 1), "total"],
                "mean": self.reach_means,
                "std_dev": np.sqrt(self.reach_variances),
                "lower": self.reach_ends[:, 0],
                "median": self.reach_ends[:, 1],
                "upper": self.reach_ends[:, 2],
                "died_out": self.died_out,
            }
        )
        if self.lost_share is not None:
            frame["purchases_lost"] = self.reach_means * self.lost_share
            if self.value is not None:
                frame["value_lost"] = frame["purchases_lost"] * self.value
        return frame

    def _title(self) -> str:
        return "How far word of mouth reaches"

    def _brief(self) -> str:
        seeds = f"{self.seeds:,} seed" + ("" if self.seeds == 1 else "s")
        many = f"{self.generations} generation" + ("" if self.generations == 1 else "s")
        return f"{many} from {seeds}, {float(self.reach_means[-1]):,.6g} people on average"

    def _facts(self) -> Facts:
        limit = "without end" if math.isinf(self.limit) else f"{self.limit:,.6g}"
        return (
            ("seeds", f"{self.seeds:,}"),
            ("retold by", f"{100 * self.retell_share:g}% of hearers"),
            ("hear it from each hearer", number(self.reproduction)),
            ("probability to die out", number(self.extinction)),
            ("people in all generations", limit),
            ("quantiles", percent(self.level)),
        )

    def _intervals(self) -> list[tuple[str, str]]:
        return []

    def _tables(self) -> tuple[Table, ...]:
        frame = self.reach.assign(generation=self.reach["generation"].map(str))
        return (table_of("People who hear it", frame, n_labels=1),)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self.reproduction > 1:
            remarks.append(
                "Each hearer passes it on to more than one, so that it grows until everybody has "
                "heard it; the process knows no such bound."
            )
        if np.isnan(self.reach_ends).any():
            remarks.append("Quantiles are missing where too many numbers would be needed.")
        remarks.append("Nobody is counted as having heard it before.")
        return tuple(remarks)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AudienceEstimate(Result):
    """How many people customers tell in a survey; made by :func:`estimate_audience`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of a missing value.
    audience : Audience
        The law, as :func:`spread` takes it.
    level : float
        Confidence level of the intervals.
    estimates : EstimateTable
        By ``quantity``: "mean" and "variance" of the number told, "dispersion" of the negative
        binomial law with these, infinite where the variance is not above the mean, and "silent",
        the share who tell nobody.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.estimate_audience([0, 0, 1, 3, 6], law="negative_binomial")
    >>> found
    <AudienceEstimate: 5 customers, who tell 2 people on average>
    """

    made_by: ClassVar[str] = "estimate_audience()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    audience: Audience
    level: float
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """Mean, variance, dispersion and the silent: ``quantity``, ``estimate`` and interval."""
        return self.estimates.frame()

    def _title(self) -> str:
        return "How many people customers tell"

    def _brief(self) -> str:
        mean = float(self.estimates.row("mean")["estimate"])
        return f"{self.n_obs:,} customers, who tell {mean:.4g} people on average"

    def _facts(self) -> Facts:
        kinds = " and ".join(dict.fromkeys(part.law for part in self.audience.parts))
        return (("law", kinds.replace("_", " ")),)

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Number of people told", self.quantities, n_labels=1),)

    def _remarks(self) -> tuple[str, ...]:
        return (
            (
                "A few who tell very many decide mean and variance, and may not be in the sample; "
                "the interval of the variance is then too short."
            ),
            "Customers report themselves what they told others.",
        )
