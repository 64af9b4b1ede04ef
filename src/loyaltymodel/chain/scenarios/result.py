"""What a scenario brings, with how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_choice, check_count, count_of
from loyaltymodel._core.quadrant_sorting import Cuts
from loyaltymodel._core.quadrants import Ties
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.chain.scenarios import report
from loyaltymodel.chain.scenarios.evaluation import seed_of, shares_of_variance
from loyaltymodel.chain.scenarios.ranges import at_ends
from loyaltymodel.chain.scenarios.report import Language
from loyaltymodel.chain.scenarios.segments import By, segment_table
from loyaltymodel.chain.scenarios.specification import Scenario
from loyaltymodel.errors import OptionError

Quantity = Literal[
    "index_change", "share_capped", "retention_before", "retention_after", "retention_change",
    "value_before", "value_after", "value_change", "equity_change", "referrals", "gain", "cost",
    "net_present_value", "return_on_quality", "payback",
]  # fmt: skip

UNITS = {
    "index_change": "points",
    "share_capped": "share",
    "retention_before": "share",
    "retention_after": "share",
    "retention_change": "share",
    "value_before": "money per customer",
    "value_after": "money per customer",
    "value_change": "money per customer",
    "equity_change": "money",
    "referrals": "money",
    "gain": "money",
    "cost": "money",
    "net_present_value": "money",
    "return_on_quality": "per unit of cost",
    "payback": "periods",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WhatIf(Result):
    """What a change of a driver brings, link by link, in money; made by :func:`what_if`.

    Attributes
    ----------
    scenario : Scenario
        What was asked.
    level : float
        Confidence level of the intervals.
    n_resamples : int
        Draws taken; 0 if nothing is uncertain.
    draw_order : int
        Which draws of independent inputs met, so that a segment has those of the whole.
    estimates : EstimateTable
        By ``quantity`` and ``unit``, with the draws: see :attr:`quantities`.
    part_estimates : EstimateTable
        By ``component``: see :attr:`parts`.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ... )
    >>> chain.what_if(plan)
    <WhatIf: quality +5 points, net present value 7,778>
    """

    rests_on_data: ClassVar[bool] = False
    people: ClassVar[str] = "customers"

    scenario: Scenario
    level: float
    n_resamples: int
    draw_order: int
    estimates: EstimateTable
    part_estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """Every quantity: ``quantity``, ``unit``, ``estimate``, and of the draws ``median``, ends.

        "index_change": points of the target's index, after customers at an end of the scale were
        held there, whose share is "share_capped". "retention_before", "retention_after" and
        "retention_change": mean over the customers, a period. "value_before", "value_after" and
        "value_change": mean lifetime value of a customer, in money. "equity_change": the same of
        all customers. "referrals": what those bring who would have left. "gain": both together.
        "cost": present value of what the measure costs. "net_present_value": gain less cost.
        "return_on_quality": net present value per unit of cost; undefined without cost.
        "payback": first period in which discounted gains have covered the costs so far; infinite
        if never.
        """
        return _with_median(self.estimates)

    @property
    def parts(self) -> pd.DataFrame:
        """What the net present value is made of: ``component``, ``estimate``, ``median``, ends.

        "retention": customers who stay, at the margin of today. "margin_growth": what the margin of
        those who stay grows by. "referrals", and "cost", which is negative. They add up.
        """
        return _with_median(self.part_estimates)

    @property
    def estimate(self) -> float:
        """Net present value, in money."""
        return float(self.estimates.row(("net_present_value", "money"))["estimate"])

    @property
    def paying_share(self) -> float:
        """Share of the draws in which the net present value is above 0; NaN without draws.

        A probability only as far as the draws are the law of what is not known.
        """
        drawn = self._draws("net_present_value")
        return float((drawn > 0).mean()) if len(drawn) else float("nan")

    @checked
    def variance_shares(
        self,
        quantity: Quantity = "net_present_value",
        *,
        n_resamples: int = FOR_INTERVALS,
        rng: np.random.Generator | int | None = None,
    ) -> pd.DataFrame:
        """Return which input the uncertainty of a quantity comes from (不确定性分解).

        Parameters
        ----------
        quantity : str
            A quantity, all but "payback".
        n_resamples : int
            Draws of each of the sets that are compared.
        rng : Generator, int or None
            Randomness.

        Returns
        -------
        DataFrame
            A row an ``input`` that has draws: ``source``, the inputs that are drawn together with
            it; ``first_order``, the share of the variance that goes if this source were known;
            ``total``, the share that stays if all other sources were known. Both are of the whole
            source, and 1 if there is one only. ``covariance_share``, of the input itself: they add
            up to 1 but for what inputs do only together.

        Raises
        ------
        OptionError
            If nothing is drawn, the quantity does not vary, or it is the payback, which may be
            infinite.

        Notes
        -----
        Sobol's shares by pick and freeze [1]_ need independent inputs. Links estimated on one
        survey are not, so that they are one source; within it, an input has the covariance of the
        quantity with what it is when this input alone is drawn, over the variance.

        References
        ----------
        .. [1] Sobol, I. M. (2001). Global sensitivity indices for nonlinear mathematical models and
           their Monte Carlo estimates. Mathematics and Computers in Simulation, 55, 271-280.

        Examples
        --------
        A product of two independent numbers, whose errors are 1 and 2 percent:

        >>> import numpy as np
        >>> from loyaltymodel import chain
        >>> rng = np.random.default_rng(1)
        >>> money = chain.CustomerEconomics(
        ...     margin=100, per="year", discount=0.25, timing="now", horizon=1
        ... )
        >>> plan = chain.scenario(
        ...     "quality", "satisfaction", change=5, impact=1, retention=0.7, retention_slope=0.01,
        ...     economics=money, observed_per="year",
        ...     draws={"impact": rng.normal(1, 0.01, 4000), "margin": rng.normal(100, 2, 4000)},
        ... )
        >>> found = chain.what_if(plan, rng=1).variance_shares(rng=1)
        >>> found[["input", "first_order", "total"]].round(1)
            input  first_order  total
        0  impact          0.2    0.2
        1  margin          0.8    0.8
        """
        check_choice("quantity", quantity, Quantity)
        check_count("n_resamples", n_resamples, least=100)
        if quantity == "payback":
            raise OptionError("a payback may be infinite; take another quantity")
        if not self.scenario.draws:
            raise OptionError("nothing is drawn, so that nothing is uncertain; give draws")
        names, sources, shares = shares_of_variance(
            self.scenario, quantity, n_resamples, seed_of(rng)
        )
        return pd.DataFrame(
            {
                "input": names,
                "source": sources,
                "first_order": shares[:, 0],
                "total": shares[:, 1],
                "covariance_share": shares[:, 2],
            }
        )

    @checked
    def sensitivity(
        self,
        quantity: Quantity = "net_present_value",
        *,
        ranges: Mapping[str, tuple[float, float]] | None = None,
    ) -> pd.DataFrame:
        """Return a quantity with each input at its low and its high end, alone (单因素敏感性分析).

        Parameters
        ----------
        quantity : str
            A quantity, all but "payback".
        ranges : mapping from str to pair of float, optional
            Low and high end of numbers that have no draws, such as ``{"margin": (90, 120)}``: of
            the economics, the costs, "customers" or the "change"; of the links too. A range
            takes the place of draws.

        Returns
        -------
        DataFrame
            Two rows an ``input``, widest first: ``end``, "low" or "high"; ``value`` of the input
            there; ``quantity``; ``estimate``, with all other inputs at their numbers; and
            ``change``, by how much that differs from the estimate of the numbers. The ends of
            draws are their quantiles, at the level of the result. An input of several numbers,
            such as a curve, has no ``value``: its rows are the ends of the quantity when it alone
            is drawn.

        Raises
        ------
        OptionError
            If nothing has draws or a range, a range is of no number of the scenario or beyond
            where it may lie, or the quantity is the payback or undefined.

        See Also
        --------
        variance_shares : Which input the spread comes from, with what inputs do together.
        loyaltymodel.plots.chain.tornado : The picture.

        Notes
        -----
        One input at a time says nothing of what two do together, and a range that is given is as
        wide as who gives it thinks. Eschenbach [1]_ treats such diagrams.

        References
        ----------
        .. [1] Eschenbach, T. G. (1992). Spiderplots versus tornado diagrams for sensitivity
           analysis. Interfaces, 22(6), 40-46 (named from memory).

        Examples
        --------
        Customers are worth 125 * margin / (125 - 100 r), here 2.5 times the margin before and
        2.7778 times after. With a margin of 90 each of 1,000 gains 25 instead of 27.78:

        >>> from loyaltymodel import chain
        >>> money = chain.CustomerEconomics(
        ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
        ... )
        >>> plan = chain.scenario(
        ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
        ...     economics=money, observed_per="year", cost=20_000,
        ... )
        >>> found = chain.what_if(plan).sensitivity(
        ...     ranges={"margin": (90, 110), "cost": (19_000, 21_000)}
        ... )
        >>> found[["input", "end", "value", "estimate", "change"]].round(2)
            input   end    value  estimate   change
        0  margin   low     90.0   5000.00 -2777.78
        1  margin  high    110.0  10555.56  2777.78
        2    cost   low  19000.0   8777.78  1000.00
        3    cost  high  21000.0   6777.78 -1000.00
        """
        check_choice("quantity", quantity, Quantity)
        if quantity == "payback":
            raise OptionError("a payback may be infinite; take another quantity")
        if not self.scenario.draws and not ranges:
            raise OptionError("nothing has draws, so that nothing has ends; give ranges=")
        base, found = at_ends(self.scenario, quantity, ranges or {}, self.level)
        if not np.isfinite(base):
            raise OptionError(
                f"{quantity} is undefined, as nothing is spent; take another quantity"
            )
        found.sort(key=lambda ends: -abs(ends.outcome[1] - ends.outcome[0]))
        outcome = np.concatenate([ends.outcome for ends in found])
        return pd.DataFrame(
            {
                "input": np.repeat([ends.name for ends in found], 2),
                "end": ["low", "high"] * len(found),
                "value": np.concatenate([ends.values for ends in found]),
                "quantity": quantity,
                "estimate": outcome,
                "change": outcome - base,
            }
        )

    @checked
    def segments(
        self,
        by: By,
        *,
        cuts: Cuts = "midpoint",
        ties: Ties = "high",
        scale: tuple[float, float] = (0.0, 1.0),
    ) -> pd.DataFrame:
        """Return whose money it is: by group, or by type of customer (按客户群与客户类型的收益).

        Parameters
        ----------
        by : {"group", "type", "both"}
            "group": the groups that have a constraint each, such as industries. "type":
            defectors, hostages, mercenaries and loyalists, with terrorists and apostles as their
            extremes, as of :func:`loyaltymodel.jones_sasser.segments`. "both": types within groups.
        cuts : {"midpoint", "median", "mean"}, float, or mapping
            For types: from where on satisfaction and loyalty are high; one for both, or by name
            with "satisfaction", "loyalty" and "extremes", as of
            :func:`loyaltymodel.jones_sasser.segments`. Satisfaction is cut on ``scale``, and
            loyalty is retention, a share from 0 to 1.
        ties : {"high", "low"}
            Where a customer belongs who equals a cut-off.
        scale : pair of float
            Lowest and highest answer, in whose units satisfaction is cut.

        Returns
        -------
        DataFrame
            A row a ``group``, a ``segment``, or both, and a ``quantity`` with its ``unit``,
            ``estimate``, and of draws ``median`` and ends. "share" of all customers;
            "retention_before" and "retention_after", of the first renewal; "value_before",
            "value_after" and "value_change", of a customer of the segment; "gain", of all
            customers of the segment together: the gains add up to that of the whole. Where the
            constraint falls, "value_held" is what of "value_before" comes in until then, and
            "value_lost" by how much more a customer would be worth if it held on.

        Raises
        ------
        OptionError
            If retention comes from records, which know no kinds of customers; all customers are
            one group; or cut-offs are given to groups, or are no cut-offs.

        Notes
        -----
        The loyalty of a customer is the retention before the measure, at the estimate: it is
        computed from satisfaction and constraint, not observed. So within a group loyalty rises
        with satisfaction, and only a constraint makes hostages. Who belongs to which segment is
        fixed at the estimate, in all draws and after the measure as well; where customers are
        drawn, the shares vary with their numbers. A segment that nobody is in has the share 0,
        and nothing else. No literature gives the cut-offs, and every row depends on them.

        Examples
        --------
        Half of the customers of a monopoly and of a market are satisfied to 40 %, half to 80 %.
        Loyalty is c + (1 - c) s, with c of 0.5 where a contract holds for one more renewal:

        >>> from loyaltymodel import chain, jones_sasser
        >>> money = chain.CustomerEconomics(
        ...     margin=100, per="year", discount=0.25, timing="now", horizon=2, customers=1000
        ... )
        >>> plan = chain.scenario(
        ...     "quality", "satisfaction", change=10, impact=1, economics=money,
        ...     curve=jones_sasser.curve("power", {"hi": 1.0, "k": 1.0}), observed_per="year",
        ...     satisfaction=[0.4, 0.8, 0.4, 0.8], constraint=[0.5, 0.5, 0, 0], constraint_lasts=1,
        ... )
        >>> table = chain.what_if(plan).segments("type", cuts={"extremes": None})
        >>> wide = table.pivot(index="segment", columns="quantity", values="estimate")
        >>> wide.loc["hostage", ["share", "retention_before", "retention_after"]].tolist()
        [0.25, 0.7, 0.75]
        >>> wide.loc["hostage", ["value_before", "value_held", "value_lost"]].round(2).tolist()
        [173.92, 156.0, 13.44]

        A hostage is worth 100 + 100 * 0.7 / 1.25 = 156 until the constraint falls, and 70 * 0.4 /
        1.25 ** 2 = 17.92 after it. If it held on, those would be 70 * 0.7 / 1.25 ** 2 = 31.36.
        """
        check_choice("by", by, By)
        return _with_median(
            segment_table(
                self.scenario,
                by,
                cuts=cuts,
                ties=ties,
                scale=scale,
                n=self.n_resamples,
                seed=self.draw_order,
                level=self.level,
                units=UNITS,
            )
        )

    @checked
    def reading(self, *, language: Language = "en") -> str:
        """Return the result in sentences, assumptions first (解读).

        Parameters
        ----------
        language : {"en", "zh"}
            English or Chinese.

        Returns
        -------
        str
            Paragraphs.

        Raises
        ------
        OptionError
            If there is no such language.
        """
        check_choice("language", language, Language)
        return report.reading(
            self.scenario,
            _lines(self.quantities, "quantity"),
            _lines(self.parts, "component"),
            self.paying_share,
            level=self.level,
            language=language,
        )

    def _draws(self, quantity: str) -> FloatArray:
        drawn = self.estimates.replicates
        place = list(UNITS).index(quantity)
        return np.empty(0) if drawn is None else np.asarray(drawn[:, place])

    def _title(self) -> str:
        return f"What if: {self.scenario.driver} {self.scenario.change:+g} points"

    def _brief(self) -> str:
        plan = self.scenario
        return f"{plan.driver} {plan.change:+g} points, net present value {self.estimate:,.0f}"

    def _facts(self) -> Facts:
        return report.facts(self.scenario, self.paying_share)

    def _tables(self) -> Sequence[Table]:
        return [
            table_of("Quantities", self.quantities, n_labels=2),
            table_of("Parts of the net present value", self.parts, n_labels=1),
        ]

    def _remarks(self) -> Sequence[str]:
        return report.assumptions(self.scenario, "en")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ScenarioComparison(Result):
    """Several scenarios side by side; made by :func:`compare_scenarios`.

    Attributes
    ----------
    names : tuple of str
        Of the scenarios.
    level : float
        Confidence level of the intervals.
    n_resamples : int
        Draws taken; the same ones where scenarios share them.
    estimates : EstimateTable
        By ``scenario`` and ``quantity``, with the draws, so that any difference has an interval.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ... )
    >>> half = plan.model_copy(update={"change": 2.5, "cost": 10_000})
    >>> chain.compare_scenarios({"whole": plan, "half": half})
    <ScenarioComparison: 2 scenarios, most money by whole>
    """

    rests_on_data: ClassVar[bool] = False

    names: tuple[str, ...]
    level: float
    n_resamples: int
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """Every quantity of every ``scenario``, with ``median`` and ends of the draws."""
        return _with_median(self.estimates)

    @property
    def first_shares(self) -> pd.DataFrame:
        """In which share of the draws each scenario has the largest net present value.

        ``scenario`` and ``estimate``; NaN without draws. It is a share of draws, and no probability
        that the scenario is the best one: of two that are truly alike either is first in half of
        them, or in all, as the survey fell.
        """
        drawn = self.estimates.replicates
        share = np.full(len(self.names), np.nan)
        if drawn is not None:
            money = drawn.reshape(len(drawn), len(self.names), -1)[..., _NET]
            share = np.bincount(money.argmax(axis=1), minlength=len(self.names)) / len(drawn)
        return pd.DataFrame({"scenario": list(self.names), "estimate": share})

    def _title(self) -> str:
        return "Scenarios compared"

    def _brief(self) -> str:
        money = self.estimates.estimate.reshape(len(self.names), -1)[:, _NET]
        best = self.names[int(np.argmax(money))]
        return f"{count_of(len(self.names), 'scenario')}, most money by {best}"

    def _tables(self) -> Sequence[Table]:
        return [table_of("Quantities", self.quantities, n_labels=2)]

    def _remarks(self) -> Sequence[str]:
        return ("Draws that scenarios share are taken together, so that differences are of them.",)


_NET = list(UNITS).index("net_present_value")


def _lines(table: pd.DataFrame, name: str) -> dict[str, dict[str, float]]:
    rows: Any = table.set_index(name).to_dict("index")
    return dict(rows)


def _with_median(table: EstimateTable) -> pd.DataFrame:
    """Return a table with the median of its draws beside the estimate."""
    frame = table.frame()
    if table.replicates is not None:
        with np.errstate(invalid="ignore"):
            middle = np.quantile(table.replicates, 0.5, axis=0, method="closest_observation")
        finite = np.isfinite(table.replicates).all(axis=0)
        middle[finite] = np.median(table.replicates[:, finite], axis=0)
        for k in np.flatnonzero(np.isnan(middle)):  # few: what some draws do not have
            there = table.replicates[~np.isnan(table.replicates[:, k]), k]
            if len(there):
                middle[k] = np.quantile(there, 0.5, method="closest_observation")
        frame.insert(list(frame).index("estimate") + 1, "median", middle)
    return frame
