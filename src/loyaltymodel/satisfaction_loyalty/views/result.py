"""Rival views of satisfaction and loyalty side by side, and what was found of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.inference.compare import Comparison
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest

ViewName = Literal[
    "direct",
    "weak",
    "unrelated",
    "partial mediation",
    "full mediation",
    "threshold",
    "bonds weaken",
    "captive share",
]
CURVES: dict[str, str] = {"threshold": "hinge", "captive share": "power"}

# What each view says, what it asks of the data, and what speaks against it.
STATEMENTS: dict[ViewName, tuple[str, str, str]] = {
    "direct": (
        "satisfaction determines loyalty: log odds of staying rise in a line with it",
        "are the satisfied more loyal, and is a straight line of log odds all there is?",
        "a slope of 0 or below, or a lower AIC of a view with a bend, a mediator or a damping",
    ),
    "weak": (
        "the two are hardly related: the satisfied are not much more loyal",
        "do the satisfied stay hardly more often than the less satisfied who are bound alike?",
        "an interval of that change that lies beyond what was declared to be weak",
    ),
    "unrelated": (
        "the two have nothing to do with each other",
        "do customers who are bound alike stay equally often at every satisfaction?",
        "a lower AIC of any view in which satisfaction matters",
    ),
    "partial mediation": (
        "satisfaction acts directly, and besides through the mediator",
        (
            "do satisfaction and mediator each tell of loyalty when the other is known, and does "
            "the mediator move with satisfaction?"
        ),
        "an interval of the indirect effect with 0 in it, or a direct effect of 0",
    ),
    "full mediation": (
        "satisfaction acts through the mediator alone",
        (
            "does satisfaction tell nothing more of loyalty once the mediator is known, though the "
            "mediator moves with it?"
        ),
        "a direct effect beside the mediator, or a mediator that does not move with satisfaction",
    ),
    "threshold": (
        "loyalty rises fast only after satisfaction has reached a level",
        "do two lines that meet at a threshold fit better than what bends smoothly or not at all?",
        (
            "a slope before the threshold as steep as after it (hypothesis_test of no threshold), "
            "or a lower AIC of a smooth curve"
        ),
    ),
    "bonds weaken": (
        "the stronger the bond, the weaker the effect of satisfaction",
        "is the interaction of satisfaction and bond negative?",
        "an interaction of 0 or above, or slopes of loyalty that do not fall with the bond",
    ),
    "captive share": (
        "a share c is held whatever its satisfaction; the free follow a power curve",
        "does loyalty have a floor of the captive, and rise from it as c + (1 - c) hi s^k?",
        "a lower AIC of a view without captives, or a constraint that does not grow with the bond",
    ),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ViewRegression(Result):
    """A logistic regression that stands for a view.

    Attributes
    ----------
    view : str
        The view.
    estimates : EstimateTable
        Log odds by ``term``, with Wald intervals and the inverse of the information as their
        covariance. Satisfaction is a share of its scale; mediator and bond are in standard
        deviations from their mean.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    """

    made_by: ClassVar[str] = "compare_views(), as one of .regressions,"
    people: ClassVar[str] = "customers"

    view: ViewName
    estimates: EstimateTable
    n_obs: int
    n_dropped: int

    @property
    def terms(self) -> pd.DataFrame:
        """Terms with Wald intervals: term, estimate, std_error, ends, p_value."""
        return self.estimates.frame()

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimates.level

    def _title(self) -> str:
        return f"Logistic regression of the view: {self.view}"

    def _brief(self) -> str:
        n_terms = count_of(len(self.estimates), "term")
        return f"{self.view}, {n_terms}, {count_of(self.n_obs, 'customer')}"

    def _tables(self) -> Sequence[Table]:
        return [table_of("Log odds", self.terms)]

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AverageEffects(Result):
    """Effects averaged over the customers, on the scale of probabilities, with intervals.

    Attributes
    ----------
    ends : pair of float
        The two values that are compared: of satisfaction for a mediation, of the bond for a
        damping, in the units of the data.
    estimates : EstimateTable
        Effects by ``quantity``, with percentile intervals of the bootstrap; NaN where there is
        none.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    n_resamples, n_failed : int
        Resamples drawn, and how many of them could not be estimated and were left out.
    """

    made_by: ClassVar[str] = "compare_views(), as .mediation or .damping,"
    people: ClassVar[str] = "customers"

    ends: tuple[float, float]
    estimates: EstimateTable
    n_obs: int
    n_dropped: int
    n_resamples: int
    n_failed: int

    @property
    def effects(self) -> pd.DataFrame:
        """Columns ``quantity``, ``estimate``, ``std_error``, ``ci_low`` and ``ci_high``."""
        return self.estimates.frame()

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.estimates.level

    @property
    def interval(self) -> str:
        """Kind of the intervals."""
        return "percentile"

    def _title(self) -> str:
        low, high = self.ends
        if "bond" in self.estimates.names[0]:
            return f"Average slopes of loyalty over satisfaction, bond {low:.4g} and {high:.4g}"
        return f"Average effects on loyalty of satisfaction going from {low:.4g} to {high:.4g}"

    def _brief(self) -> str:
        first = f"{self.estimates.names[0]} {self.estimates.estimate[0]:.3f}"
        return f"{first}, {count_of(self.n_obs, 'customer')}"

    def _tables(self) -> Sequence[Table]:
        return [table_of("Effects", self.effects)]

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ChangeOfLoyalty(Result):
    """How much satisfaction moves loyalty, and whether that is weak.

    Attributes
    ----------
    ends : pair of float
        The two satisfactions that are compared, in the units of the data.
    estimates : EstimateTable
        The change of the probability to stay from the one to the other, averaged over customers
        who keep what binds them, with a Wald interval from errors that are linearised.
    weak_within : float
        Changes of loyalty smaller than this, up or down, were declared to be weak.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    """

    made_by: ClassVar[str] = "compare_views(), as .change,"
    people: ClassVar[str] = "customers"

    ends: tuple[float, float]
    estimates: EstimateTable
    weak_within: float
    n_obs: int
    n_dropped: int

    @property
    def quantities(self) -> pd.DataFrame:
        """One row: ``quantity``, ``estimate``, ``std_error``, ``ci_low``, ``ci_high``, ``p_value``.

        The p-value is two-sided, of no change at all.
        """
        return self.estimates.frame()

    @property
    def level(self) -> float:
        """Confidence level of the interval."""
        return self.estimates.level

    @property
    def verdict(self) -> str:
        """What the interval says: "weak", "not weak", or "open" where it has both in it.

        It is weak where the whole interval lies within what was declared to be weak.
        """
        row = self.estimates.row("change of loyalty")
        if -self.weak_within < row["ci_low"] and row["ci_high"] < self.weak_within:
            return "weak"
        beyond = row["ci_low"] >= self.weak_within or row["ci_high"] <= -self.weak_within
        return "not weak" if beyond else "open"

    def _title(self) -> str:
        low, high = self.ends
        return f"Change of loyalty by satisfaction going from {low:.4g} to {high:.4g}"

    def _brief(self) -> str:
        change = self.estimates.estimate[0]
        return f"{change:.3f}, {self.verdict}, {count_of(self.n_obs, 'customer')}"

    def _facts(self) -> Facts:
        return (("weak within", f"{self.weak_within:g}"), ("verdict", self.verdict))

    def _tables(self) -> Sequence[Table]:
        return [table_of("Change of the probability to stay", self.quantities)]

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ViewsComparison(Result):
    """Rival views fitted to the same customers; made by :func:`compare_views`.

    Attributes
    ----------
    comparison : Comparison
        The models, the one that the data prefer first, each named by its view.
    formulas : tuple of str
        Formula of each model, in the same order.
    left_out : tuple of (str, str)
        Views that were not fitted, and why.
    tests : tuple of HypothesisTest
        Likelihood ratio tests between views of which one contains the other.
    regressions : tuple of ViewRegression
        Coefficients of the views that are logistic regressions.
    change : ChangeOfLoyalty
        How much satisfaction moves loyalty, which is what the weak view is about.
    mediation, damping : AverageEffects or None
        Direct and indirect effect of satisfaction, and its slopes where the bond is low and
        where it is high; None without a mediator, or a bond.
    two_valued : bool
        Whether the mediator has two values only.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> people = satisfaction_loyalty.simulate_views("threshold", 4000, rng=1)
    >>> found = satisfaction_loyalty.compare_views("satisfaction", "stayed", data=people)
    >>> found.preferred
    'threshold'
    >>> [view for view, _ in found.left_out]
    ['partial mediation', 'full mediation', 'bonds weaken']
    """

    made_by: ClassVar[str] = "compare_views()"
    people: ClassVar[str] = "customers"

    comparison: Comparison
    formulas: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    tests: tuple[HypothesisTest, ...]
    regressions: tuple[ViewRegression, ...]
    change: ChangeOfLoyalty
    mediation: AverageEffects | None
    damping: AverageEffects | None
    two_valued: bool

    @property
    def n_obs(self) -> int:
        """Number of customers."""
        return self.comparison.n_obs

    @property
    def n_dropped(self) -> int:
        """Number of customers left out because something was missing."""
        return self.comparison.n_dropped

    @property
    def preferred(self) -> str:
        """The view with the lowest AIC."""
        return self.comparison.rows[0][0]

    @property
    def views(self) -> pd.DataFrame:
        """A row a view, the preferred first.

        Columns ``view``, ``model``, ``n_parameters``, ``log_likelihood``, ``aic``, ``bic``,
        ``delta_aic``, ``weight``, ``says``, ``asked``, ``against`` and ``remark``.
        """
        table = self.comparison.models.rename(columns={"model": "view"})
        table.insert(1, "model", list(self.formulas))
        words = [STATEMENTS[view] for view in table["view"]]
        for place, name in enumerate(("says", "asked", "against")):
            table.insert(table.shape[1] - 1, name, [word[place] for word in words])
        return table

    @property
    def hypotheses(self) -> pd.DataFrame:
        """The tests, a row each: ``hypothesis``, ``statistic``, ``df``, ``p_value``, ``method``."""
        columns = ["hypothesis", "statistic", "df", "p_value", "method"]
        rows = [[getattr(test, name) for name in columns] for test in self.tests]
        return pd.DataFrame(rows, columns=columns)

    @property
    def terms(self) -> pd.DataFrame:
        """Terms of the logistic regressions, a row each, with Wald intervals of 95 %.

        Columns ``view``, ``term``, ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and
        ``p_value``.
        """
        parts = [fitted.terms.assign(view=fitted.view) for fitted in self.regressions]
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "view", table.pop("view"))
        return table

    @checked
    def curve_of(self, view: Literal["threshold", "captive share"]) -> LoyaltyCurveResult:
        """Return the fitted curve that stands for a view, for its parameters and tests.

        Parameters
        ----------
        view : {"threshold", "captive share"}
            The view.

        Returns
        -------
        LoyaltyCurveResult
            As :func:`fit` returns it.

        Raises
        ------
        OptionError
            If the view is no curve, or its curve is not identified in these data.
        """
        for result in self.comparison.results:
            if result.settings.family.name == CURVES.get(view):
                return result
        fitted = {result.settings.family.name for result in self.comparison.results}
        known = [repr(name) for name, family in CURVES.items() if family in fitted]
        listed = enumerate_names(known) if known else "none in these data"
        raise OptionError(
            f"there is no fitted curve for the view {view!r}; views with a curve: {listed}"
        )

    def _title(self) -> str:
        return "Rival views of satisfaction and loyalty"

    def _brief(self) -> str:
        others = count_of(len(self.formulas) - 1, "other view")
        return f"{self.preferred} before {others}, {count_of(self.n_obs, 'customer')}"

    def _facts(self) -> Facts:
        facts = [
            ("lowest AIC", self.preferred),
            ("lowest BIC", str(self.views.sort_values("bic")["view"].iloc[0])),
            ("relation", f"{self.change.verdict} (weak: within {self.change.weak_within:g})"),
        ]
        for name, effects in (("mediation", self.mediation), ("damping", self.damping)):
            if effects is not None:
                said = [value for _, value in effects._intervals()]
                facts.append((f"intervals of {name}", f"{', '.join(said)} resamples"))
        return facts

    def _tables(self) -> Sequence[Table]:
        numbers = ["n_parameters", "log_likelihood", "aic", "bic", "delta_aic", "weight"]
        tables = [
            table_of(
                "Views, the preferred first",
                self.views[["view", *numbers]],
                digits=[0, 3, 3, 3, 3, 3],
            ),
            table_of("Tests", self.hypotheses.drop(columns="method"), digits=[3, 0, 4]),
            table_of(self.change._title(), self.change.quantities),
        ]
        if self.mediation is not None:
            low, high = self.mediation.ends
            title = f"Effects on loyalty of satisfaction going from {low:.4g} to {high:.4g}"
            tables.append(table_of(title, self.mediation.effects))
        if self.damping is not None:
            low, high = self.damping.ends
            title = (
                f"Slopes of loyalty over the scale of satisfaction, bond {low:.4g} and {high:.4g}"
            )
            tables.append(table_of(title, self.damping.effects))
        return tables

    def _remarks(self) -> Sequence[str]:
        remarks = [
            f"{row['view']} ({row['model']}): {row['says']}. "
            f"Asked: {row['asked']} Against it: {row['against']}."
            + (f" Here: {row['remark']}." if row["remark"] else "")
            for row in self.views.to_dict("records")
        ]
        remarks.append(self._weakness())
        remarks += [
            f"No p-value for the hypothesis that {test.hypothesis}: {test.method}."
            for test in self.tests
            if np.isnan(test.p_value)
        ]
        remarks += [f"Not fitted: {view}, because {why}." for view, why in self.left_out]
        return [*remarks, *self._assumptions()]

    def _weakness(self) -> str:
        """Say what speaks for and against the weak view, which is no model."""
        says, asked, against = STATEMENTS["weak"]
        change = self.change
        row = change.estimates.row("change of loyalty")
        return (
            f"weak (no model, but a size): {says}. Asked: {asked} Against it: {against}. Here: "
            f"{row['estimate']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f}), which is "
            f"{change.verdict} where less than {change.weak_within:g} is weak."
        )

    def _assumptions(self) -> list[str]:
        said = [
            (
                "One survey cannot show what causes what. A lower AIC says which model describes "
                "these customers better, among those compared; the cause of loyalty may be none of "
                "them."
            )
        ]
        if self.mediation is not None:
            moves = "a logistic regression" if self.two_valued else "a straight line"
            said.append(
                "The direct and the indirect effect are causal only if nothing unmeasured drives "
                "two of satisfaction, mediator and loyalty at once, satisfaction comes before the "
                "mediator and the mediator before loyalty, and nothing else that satisfaction "
                f"changes drives mediator and loyalty. The mediator follows satisfaction by {moves}"
                ", and its effect on log odds is the same at every satisfaction."
            )
        if self.damping is not None:
            said.append(
                "An interaction of log odds is not one of probabilities: where most stay "
                "anyway, satisfaction has little left to move. Look at the slopes as well."
            )
        return said
