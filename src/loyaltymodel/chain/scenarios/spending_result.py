"""What spending on a driver brings, amount by amount, and the best amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel.chain.scenarios import report
from loyaltymodel.chain.scenarios.result import _with_median
from loyaltymodel.chain.scenarios.specification import Scenario
from loyaltymodel.economics.acquisition.curve import ResponseCurve

SpendAs = Literal["cost", "cost_per_period", "cost_per_customer"]

SPENT: dict[SpendAs, str] = {
    "cost": "once, at the beginning",
    "cost_per_period": "each period",
    "cost_per_customer": "each period for each customer",
}
NEARLY = 0.95  # of what the best spending brings


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReturnOnQuality(Result):
    """What spending on a driver brings, by its amount; made by :func:`return_on_quality`.

    Attributes
    ----------
    scenario : Scenario
        The chain from the driver to money.
    response : ResponseCurve
        What spending does to the driver.
    spend_as : {"cost", "cost_per_period", "cost_per_customer"}
        What kind of cost the spending is.
    level : float
        Confidence level of the intervals.
    n_resamples : int
        Draws taken; 0 if nothing is uncertain.
    estimates : EstimateTable
        By ``spend`` and ``quantity``, with the draws: see :attr:`quantities`.
    best_estimates : EstimateTable
        By ``quantity``: see :attr:`best`.
    nearly_best : tuple of float
        From which to which spending the net present value is, next to that without spending, at
        least 95 % of the best one.
    nothing_share : float
        Share of the draws in which it is best to spend nothing; NaN without draws.
    most_share : float
        Share of the draws in which the largest amount that was asked for is the best.

    Examples
    --------
    >>> from loyaltymodel import chain, economics
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year",
    ... )
    >>> response = economics.ResponseCurve.calibrated(10_000, 0.05, ceiling=0.10)
    >>> chain.return_on_quality(plan, response, spend=[0, 20_000, 40_000], spend_as="cost")
    <ReturnOnQuality: quality, best spending 22,935>
    """

    rests_on_data: ClassVar[bool] = False
    people: ClassVar[str] = "customers"

    scenario: Scenario
    response: ResponseCurve
    spend_as: SpendAs
    level: float
    n_resamples: int
    estimates: EstimateTable
    best_estimates: EstimateTable
    nearly_best: tuple[float, float]
    nothing_share: float
    most_share: float

    @property
    def quantities(self) -> pd.DataFrame:
        """What each amount brings: ``spend``, ``quantity``, ``estimate``, ``median``, ends.

        "change": points of the driver's index. "gain", "cost", "net_present_value" and
        "return_on_quality" as of :func:`what_if`; the last is undefined where nothing is spent.
        """
        return _with_median(self.estimates)

    @property
    def best(self) -> pd.DataFrame:
        """The best amount and what it brings: ``quantity``, ``estimate``, ``median``, ends.

        "spend": where the net present value is largest, and of each draw where its own is. The
        other quantities are those of spending the estimate of that amount, in every draw, since
        one amount can be spent, and not each draw's own.
        """
        return _with_median(self.best_estimates)

    @property
    def estimate(self) -> float:
        """The best amount to spend, in money."""
        return float(self.best_estimates.row("spend")["estimate"])

    @property
    def _ends(self) -> tuple[float, float]:
        asked = self.estimates.labels["spend"]
        return 0.0, float(max(asked))

    def _title(self) -> str:
        return f"Return on quality: {self.scenario.driver}"

    def _brief(self) -> str:
        return f"{self.scenario.driver}, best spending {self.estimate:,.0f}"

    def _facts(self) -> Facts:
        low, high = self.nearly_best
        curve = self.response
        facts = [
            ("driver", self.scenario.driver),
            ("satisfaction", self.scenario.target),
            ("spending", SPENT[self.spend_as]),
            ("most points", f"{100 * (curve.ceiling - curve.floor):.3g}"),
            ("best spending", f"{self.estimate:,.0f}"),
            (f"{percent(NEARLY)} of what it brings", f"from {low:,.0f} to {high:,.0f}"),
        ]
        if self.n_resamples:
            facts.append(("draws that had best spend nothing", f"{self.nothing_share:.3f}"))
            facts.append(("draws for the largest amount or more", f"{self.most_share:.3f}"))
        return facts

    def _tables(self) -> Sequence[Table]:
        return [
            table_of("Best spending", self.best, n_labels=1),
            table_of("By amount spent", self.quantities, n_labels=2),
        ]

    def _remarks(self) -> Sequence[str]:
        nothing, most = self._ends
        points = 100 * (self.response.ceiling - self.response.floor)
        at_most = self.scenario.model_copy(update={"change": points})
        found = [
            *report.assumptions(at_most, "en"),
            "That spending moves the driver as the response curve says is assumed, not estimated.",
        ]
        if self.estimate == nothing:
            found.append("No amount brings back what it costs: it is best to spend nothing.")
        if self.estimate == most:
            found.append(
                f"The largest amount asked for, {most:,.0f}, is the best of all: more may be "
                "better still."
            )
        return found
