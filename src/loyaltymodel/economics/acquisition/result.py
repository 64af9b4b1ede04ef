"""What the best spending on acquisition and retention is, and what it brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import AsGiven, Values
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_between
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import like, read_together
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.kernels import (
    Curves,
    best_spending,
    best_within,
    prospect_value,
    total_spending,
    without_limit,
)
from loyaltymodel.economics.rates import Period

SpendTiming = Literal["at_renewal", "in_advance"]

_TIMES: dict[SpendTiming, str] = {
    "at_renewal": "at the renewal for which it is spent",
    "in_advance": "a period before the renewal for which it is spent",
}
UNITS = {
    "acquisition_spend": "money per prospect",
    "acquisition_rate": "share of prospects",
    "retention_spend": "money per customer and renewal",
    "retention_rate": "share of customers",
    "customer_value": "money per customer won",
    "prospect_value": "money per prospect",
    "total_spend": "money per prospect",
    "acquisition_share": "share of total_spend",
    "cost_per_customer_won": "money per customer won",
    "cost_per_customer_kept": "money per customer kept",
    "cost_ratio": "won to kept",
    "marginal_cost_of_winning": "money per customer won",
    "marginal_cost_of_keeping": "money per customer kept",
    "budget_multiplier": "value per further unit of money",
    "planned_value": "money per prospect",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AcquisitionRetention(Result):
    """The best spending on acquisition and retention; made by :func:`acquisition_retention`.

    Attributes
    ----------
    acquisition, retention : ResponseCurve
        Which share is won and kept for which spending.
    margin : float
        What a customer brings per period before retention spending, in money.
    discount : float
        Rate of interest per period.
    per : str
        The period.
    spend_timing : {"at_renewal", "in_advance"}
        When retention is paid for.
    budget : float or None
        The most that may be spent per prospect, in present value.
    level : float
        Confidence level of the intervals, if there were draws.
    estimates : EstimateTable
        By ``quantity`` and ``unit``; see :func:`acquisition_retention`.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> found = economics.acquisition_retention(
    ...     economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4),
    ...     economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8),
    ...     margin=50, discount=0.1, per="year", spend_timing="at_renewal",
    ... )
    >>> round(found.value_at(5, 10), 3)  # a fifth of (50 * 1.1 - 10) / (1.1 - 0.6), less 5
    13.0
    """

    made_by: ClassVar[str] = "acquisition_retention()"
    rests_on_data: ClassVar[bool] = False

    acquisition: ResponseCurve
    retention: ResponseCurve
    margin: float
    discount: float
    per: Period
    spend_timing: SpendTiming
    budget: float | None
    level: float
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """What is spent and what it brings: a row a quantity.

        ``quantity``, ``unit``, ``estimate``, and with draws ``std_error``, ``ci_low``, ``ci_high``.
        """
        return self.estimates.frame()

    @checked
    def value_at(self, acquisition_spend: Values, retention_spend: Values) -> AsGiven:
        """Return the value of a prospect at some spending, such as that of today.

        Parameters
        ----------
        acquisition_spend : float, array-like or Series
            Money per prospect, 0 or more.
        retention_spend : float, array-like or Series
            Money per customer and renewal, 0 or more; of a shape that fits.

        Returns
        -------
        float, ndarray or Series
            Money per prospect, net of all spending; a Series if one was given.

        Raises
        ------
        DataError
            If a number is missing or negative, or shapes do not fit.

        Examples
        --------
        Nothing spent wins nobody:

        >>> from loyaltymodel import economics
        >>> found = economics.acquisition_retention(
        ...     economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4),
        ...     economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8),
        ...     margin=50, discount=0.1, per="year", spend_timing="at_renewal",
        ... )
        >>> found.value_at([0, 5], 10).round(3).tolist()
        [0.0, 13.0]
        """
        return self._at(prospect_value, acquisition_spend, retention_spend, name="value")

    @checked
    def spending_at(self, acquisition_spend: Values, retention_spend: Values) -> AsGiven:
        """Return what some spending costs per prospect in all, in expected present value.

        Parameters
        ----------
        acquisition_spend : float, array-like or Series
            Money per prospect, 0 or more.
        retention_spend : float, array-like or Series
            Money per customer and renewal, 0 or more; of a shape that fits.

        Returns
        -------
        float, ndarray or Series
            Money per prospect, which a budget limits; a Series if one was given.

        Raises
        ------
        DataError
            If a number is missing or negative, or shapes do not fit.

        Examples
        --------
        A fifth are won, on each of whom 10 / (1.1 - 0.6) is spent to keep him:

        >>> from loyaltymodel import economics
        >>> found = economics.acquisition_retention(
        ...     economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4),
        ...     economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8),
        ...     margin=50, discount=0.1, per="year", spend_timing="at_renewal",
        ... )
        >>> round(found.spending_at(5, 10), 3)
        9.0
        """
        return self._at(total_spending, acquisition_spend, retention_spend, name="spend")

    @checked
    def sensitivity(self, *, change: float = 0.1) -> pd.DataFrame:
        """Return what the optimum becomes if one number is larger or smaller.

        Parameters
        ----------
        change : float
            Relative change of each number, between 0 and 1: 0.1 is 10 % up and down.

        Returns
        -------
        DataFrame
            Long: ``input`` (the number that changes), ``change``, ``quantity`` and ``estimate``.
            Quantities are the best ``acquisition_spend`` and ``retention_spend``, the
            ``prospect_value`` with them, and the ``planned_value`` that remains if spending stays
            as planned. The steepness stays where a ceiling changes. NaN where a ceiling would
            exceed 1 or 1 + discount, or fall to the floor. What is 0 has no rows.

        Raises
        ------
        OptionError
            If ``change`` is not between 0 and 1.

        Examples
        --------
        >>> from loyaltymodel import economics
        >>> found = economics.acquisition_retention(
        ...     economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4),
        ...     economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8),
        ...     margin=50, discount=0.1, per="year", spend_timing="at_renewal",
        ... )
        >>> table = found.sensitivity()
        >>> table[(table["input"] == "margin") & (table["change"] > 0)].round(2)
             input  change           quantity  estimate
        36  margin     0.1  acquisition_spend     13.44
        37  margin     0.1    retention_spend     18.44
        38  margin     0.1     prospect_value     25.82
        39  margin     0.1      planned_value     25.68
        """
        check_between("change", change, such_as=0.1)
        base = self._numbers()
        names = [name for name, value in base.items() if value != 0 and name != "budget"]
        k = len(names)
        stack = {name: np.full(2 * k, value) for name, value in base.items()}
        for place, name in enumerate(names):
            stack[name][2 * place : 2 * place + 2] *= 1 + change * np.array([-1.0, 1.0])
        problem = self._problem(stack)
        possible = ~without_limit(problem)
        for side in ("acquisition", "retention"):
            ceiling, floor = stack[f"{side}_ceiling"], stack[f"{side}_floor"]
            possible &= (ceiling <= 1) & (floor < ceiling)
        with np.errstate(all="ignore"):  # of what is not possible, and NaN below
            winning, keeping, _ = self._best(problem)
            planned = self.estimates.estimate[[0, 2]]
            columns = {
                "acquisition_spend": winning,
                "retention_spend": keeping,
                "prospect_value": prospect_value(problem, winning, keeping),
                "planned_value": prospect_value(problem, planned[[0]], planned[[1]]),
            }
        values = np.where(possible[:, None], np.column_stack(list(columns.values())), np.nan)
        return pd.DataFrame(
            {
                "input": np.repeat(names, 2 * len(columns)),
                "change": np.tile(np.repeat([-change, change], len(columns)), k),
                "quantity": np.tile(list(columns), 2 * k),
                "estimate": values.ravel(),
            }
        )

    def _at(
        self,
        question: Callable[[Curves, FloatArray, FloatArray], FloatArray],
        acquisition_spend: Values,
        retention_spend: Values,
        *,
        name: str,
    ) -> AsGiven:
        spent = {"acquisition_spend": acquisition_spend, "retention_spend": retention_spend}
        limits = dict.fromkeys(spent, (0.0, np.inf))
        (winning, keeping), series = read_together(spent, bounds=limits)
        found = question(self._problem(self._numbers()), winning, keeping)
        return like(0.0 if series is None else series, found, name=name)

    def _numbers(self) -> dict[str, float]:
        curves = {"acquisition": self.acquisition, "retention": self.retention}
        own = ("ceiling", "steepness", "floor")
        found = {f"{side}_{n}": getattr(curve, n) for side, curve in curves.items() for n in own}
        return {**found, "margin": self.margin, "discount": self.discount}

    def _problem(self, numbers: Mapping[str, float | FloatArray]) -> Curves:
        stack = {name: np.asarray(value, np.float64) for name, value in numbers.items()}
        return Curves.of(stack, in_advance=self.spend_timing == "in_advance")

    def _best(self, problem: Curves) -> tuple[FloatArray, FloatArray, FloatArray]:
        if self.budget is not None:
            return best_within(problem, np.full(problem.margin.shape, self.budget))
        winning, keeping = best_spending(problem)
        return winning, keeping, np.zeros_like(winning)

    def _row(self, quantity: str) -> float:
        return float(self.estimates.estimate[self.estimates.labels["quantity"].index(quantity)])

    def _title(self) -> str:
        return "Acquisition against retention"

    def _brief(self) -> str:
        won, kept = self._row("acquisition_spend"), self._row("retention_spend")
        period = self.per.replace("_", "-")
        return f"{won:.4g} per prospect and {kept:.4g} per customer and {period}"

    def _facts(self) -> Facts:
        facts = [
            ("period", self.per.replace("_", "-")),
            ("margin", f"{self.margin:,.6g} per customer"),
            ("discount", f"{100 * self.discount:.4g} %"),
            ("retention is paid", _TIMES[self.spend_timing]),
        ]
        if self.budget is not None:
            facts.append(("budget", f"{self.budget:,.6g} per prospect, present value"))
        return facts

    def _intervals(self) -> list[tuple[str, str]]:
        return [] if self.estimates.replicates is None else Result._intervals(self)

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Best spending and what it brings", self.quantities, n_labels=2),)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self._row("acquisition_spend") == 0:
            remarks.append(
                "Nothing is spent on acquisition: the first unit of money per prospect would win "
                "customers worth less than it."
            )
        if self._row("retention_spend") == 0:
            remarks.append(
                "Nothing is spent on retention: the first unit of money per customer would keep "
                "customers worth less than it."
            )
        if self.budget is not None and self._row("budget_multiplier") == 0:
            remarks.append("The budget does not bind: more would be spent at a loss.")
        if self.estimates.replicates is not None:
            remarks.append(
                "Each draw has its own best spending: intervals say how well it is known. What the "
                "plan of the first row brings if the numbers are other ones is planned_value."
            )
        remarks.append(
            "The curves are claims, mostly guesses of managers, and the optimum is no better than "
            "they are; see sensitivity()."
        )
        return tuple(remarks)
