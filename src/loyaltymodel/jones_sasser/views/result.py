"""Rival views of satisfaction and loyalty side by side, and what was found of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._intervals import wald
from loyaltymodel._options import enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.inference.compare import Comparison
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest

ViewName = Literal[
    "direct",
    "weak",
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
        "loyalty does not depend on satisfaction, which at most warns early",
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
            "a slope before the threshold as steep as after it (threshold_test), or a lower AIC of "
            "a smooth curve"
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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ViewRegression(FrozenRecord):
    """A logistic regression that stands for a view.

    Attributes
    ----------
    view : str
        The view.
    terms : tuple of str
        Names of the regressors. Satisfaction is a share of its scale; mediator and bond are in
        standard deviations from their mean.
    coefficients : ndarray of shape (k,)
        Log odds.
    covariance : ndarray of shape (k, k)
        Inverse of the information.
    """

    view: ViewName
    terms: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AverageEffects(FrozenRecord):
    """Effects averaged over the customers, on the scale of probabilities, with intervals.

    Attributes
    ----------
    names : tuple of str
        What was estimated.
    ends : pair of float
        The two values that are compared: of satisfaction for a mediation, of the bond for a
        damping, in the units of the data.
    estimate, std_error, ci_low, ci_high : ndarray of shape (k,)
        Estimates, and percentile intervals of the bootstrap; NaN where there is none.
    level : float
        Confidence level.
    n_resamples, n_failed : int
        Resamples drawn, and how many of them could not be estimated and were left out.
    """

    names: tuple[str, ...]
    ends: tuple[float, float]
    estimate: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float
    n_resamples: int
    n_failed: int

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``effect``, ``estimate``, ``std_error``, ``ci_low`` and ``ci_high``."""
        return pd.DataFrame(
            {
                "effect": list(self.names),
                "estimate": self.estimate.copy(),
                "std_error": self.std_error.copy(),
                "ci_low": self.ci_low.copy(),
                "ci_high": self.ci_high.copy(),
            }
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ViewsComparison(FrozenRecord):
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
    mediation, damping : AverageEffects or None
        Direct and indirect effect of satisfaction, and its slopes where the bond is low and
        where it is high; None without a mediator, or a bond.
    two_valued : bool
        Whether the mediator has two values only.
    n_dropped : int
        Customers left out because of missing values.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate_views("threshold", 4000, rng=1)
    >>> found = jones_sasser.compare_views("satisfaction", "stayed", data=people)
    >>> found.preferred
    'threshold'
    >>> [view for view, _ in found.left_out]
    ['partial mediation', 'full mediation', 'bonds weaken']
    """

    comparison: Comparison
    formulas: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    tests: tuple[HypothesisTest, ...]
    regressions: tuple[ViewRegression, ...]
    mediation: AverageEffects | None
    damping: AverageEffects | None
    two_valued: bool
    n_dropped: int

    @property
    def preferred(self) -> str:
        """The view with the lowest AIC."""
        return self.comparison.rows[0][0]

    @property
    def table(self) -> pd.DataFrame:
        """A row a view, the preferred first.

        Columns ``view``, ``model``, ``n_parameters``, ``log_likelihood``, ``aic``, ``bic``,
        ``delta_aic``, ``weight``, ``says``, ``asked``, ``against`` and ``remark``.
        """
        table = self.comparison.table.rename(columns={"model": "view"})
        table.insert(1, "model", list(self.formulas))
        words = [STATEMENTS[view] for view in table["view"]]
        for place, name in enumerate(("says", "asked", "against")):
            table.insert(table.shape[1] - 1, name, [word[place] for word in words])
        return table

    @property
    def tests_table(self) -> pd.DataFrame:
        """The tests, a row each: ``hypothesis``, ``statistic``, ``df``, ``p_value``, ``method``."""
        columns = ["hypothesis", "statistic", "df", "p_value", "method"]
        rows = [[getattr(test, name) for name in columns] for test in self.tests]
        return pd.DataFrame(rows, columns=columns)

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients of the logistic regressions, a row each, with intervals of 95 %.

        Columns ``view``, ``term``, ``estimate``, ``std_error``, ``ci_low`` and ``ci_high``.
        """
        parts = []
        for fitted in self.regressions:
            error = np.sqrt(np.diag(fitted.covariance))
            interval = wald(fitted.coefficients, error, level=0.95)
            part = {
                "view": fitted.view,
                "term": list(fitted.terms),
                "estimate": fitted.coefficients,
                "std_error": error,
                "ci_low": interval.low,
                "ci_high": interval.high,
            }
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

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

    def summary(self) -> Summary:
        """Return the comparison in words and tables, with what it assumes.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        table = self.table
        numbers = ["n_parameters", "log_likelihood", "aic", "bic", "delta_aic", "weight"]
        tables = [
            table_of(
                "Views, the preferred first",
                table[["view", "model", *numbers]],
                n_labels=2,
                digits=[0, 3, 3, 3, 3, 3],
            ),
            table_of("Tests", self.tests_table.drop(columns="method"), digits=[3, 0, 4]),
        ]
        if self.mediation is not None:
            low, high = self.mediation.ends
            title = f"Effects on loyalty of satisfaction going from {low:.4g} to {high:.4g}"
            tables.append(table_of(title, self.mediation.table))
        if self.damping is not None:
            low, high = self.damping.ends
            title = (
                f"Slopes of loyalty over the scale of satisfaction, bond {low:.4g} and {high:.4g}"
            )
            tables.append(table_of(title, self.damping.table))
        return Summary(
            "Rival views of satisfaction and loyalty",
            self._facts(),
            tuple(tables),
            (*self._remarks(table), *self._assumptions()),
        )

    def _facts(self) -> tuple[tuple[str, str], ...]:
        facts = [
            ("customers", str(self.comparison.n_people)),
            ("left out", str(self.n_dropped)),
            ("lowest AIC", self.preferred),
            ("lowest BIC", self.table.sort_values("bic")["view"].iloc[0]),
        ]
        for name, effects in (("mediation", self.mediation), ("damping", self.damping)):
            if effects is not None:
                facts.append(
                    (
                        f"intervals of {name}",
                        (
                            f"percentile, {100 * effects.level:g}%, "
                            f"{effects.n_resamples} resamples, {effects.n_failed} left out"
                        ),
                    )
                )
        return tuple(facts)

    def _remarks(self, table: pd.DataFrame) -> list[str]:
        remarks = [
            f"{row['view']}: {row['says']}. Asked: {row['asked']} Against it: {row['against']}."
            + (f" Here: {row['remark']}." if row["remark"] else "")
            for row in table.to_dict("records")
        ]
        remarks += [
            f"No p-value for the hypothesis that {test.hypothesis}: {test.method}."
            for test in self.tests
            if np.isnan(test.p_value)
        ]
        return [*remarks, *(f"Not fitted: {view}, because {why}." for view, why in self.left_out)]

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
