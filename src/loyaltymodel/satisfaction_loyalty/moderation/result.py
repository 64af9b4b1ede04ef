"""How the slope of loyalty by satisfaction differs with conditions: what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, table_of

Outcome = Literal["binary", "score"]
Measure = Literal["loyalty", "profit"]

# What each of the five conditions moderates, and the sign that the reading of this library gives
# it when the column is higher: more new customers for each old one, a more open market, more
# media in the place of word of mouth, higher barriers, a costlier switch.
EXPECTED: dict[str, tuple[Measure, int]] = {
    "customer composition": ("profit", -1),
    "openness": ("loyalty", 1),
    "media and word of mouth": ("profit", -1),
    "risk cost": ("loyalty", -1),
    "switching cost": ("loyalty", -1),
}

_ERRORS = {"robust": "robust (HC3)", "cluster": "by clusters (jackknife)"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SlopeModeration(Result):
    """Slopes of loyalty by satisfaction under conditions; made by :func:`slope_moderation`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of missing values.
    n_clusters : int or None
        Number of clusters, if there are any.
    outcome : {"binary", "score"}
        Whether slopes are of the probability to be loyal, or of a score.
    measures : {"loyalty", "profit"}
        What the outcome is.
    curved : bool
        Whether the square of satisfaction is among the terms.
    level : float
        Confidence level of the intervals.
    moderators : tuple of str
        Their names, q of them.
    conditions : tuple of str or None
        Which of the five conditions each one is.
    average_estimate : EstimateTable
        Slope averaged over the customers as they are.
    slope_estimates : EstimateTable
        Average slope by ``moderator`` and its ``value``.
    difference_estimates : EstimateTable
        Slope at the higher less slope at the lower value, by ``moderator``.
    product_estimates : EstimateTable
        Coefficient of satisfaction times ``moderator``; for a binary outcome of the log odds.
    contrasts : ndarray of shape (q, 2)
        The lower and the higher value between which slopes are compared.
    share_opposite : ndarray of shape (q,)
        Share of customers whose own difference has the other sign.
    statistic, p_value : ndarray of shape (2,)
        Joint F tests of the products and of the differences.
    df, df_residual : float
        Their degrees of freedom.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.slope_moderation(
    ...     [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],
    ...     [1, 2, 3, 1, 3, 5, 2, 2, 2, 0, 2, 4],
    ...     moderators={"open": [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]},
    ...     outcome="score",
    ... )
    >>> found.slopes[["value", "estimate"]].round(6).to_numpy().tolist()
    [[0.0, 0.5], [1.0, 2.0]]
    """

    made_by: ClassVar[str] = "slope_moderation()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    n_clusters: int | None
    outcome: Outcome
    measures: Measure
    curved: bool
    level: float
    moderators: tuple[str, ...]
    conditions: tuple[str | None, ...]
    average_estimate: EstimateTable
    slope_estimates: EstimateTable
    difference_estimates: EstimateTable
    product_estimates: EstimateTable
    contrasts: FloatArray
    share_opposite: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    df: float
    df_residual: float

    @property
    def std_errors(self) -> str:
        """Kind of the standard errors: "robust" (HC3), or "cluster" (the cluster jackknife)."""
        return "robust" if self.n_clusters is None else "cluster"

    @property
    def average_slope(self) -> float:
        """Slope averaged over the customers as they are, per unit of satisfaction."""
        return float(self.average_estimate.estimate[0])

    @property
    def slopes(self) -> pd.DataFrame:
        """Average slopes, a row a moderator and value: per unit of satisfaction, with interval."""
        return self.slope_estimates.frame()

    @property
    def interactions(self) -> pd.DataFrame:
        """Cross-differences, a row a moderator: slope at ``to_value`` less at ``from_value``."""
        frame = self.difference_estimates.frame()
        frame.insert(1, "from_value", self.contrasts[:, 0])
        frame.insert(2, "to_value", self.contrasts[:, 1])
        frame["share_opposite"] = self.share_opposite.copy()
        return frame

    @property
    def products(self) -> pd.DataFrame:
        """Coefficients of satisfaction times moderator, a row each; log odds if binary."""
        return self.product_estimates.frame()

    @property
    def tests(self) -> pd.DataFrame:
        """Joint F tests of no moderation: of all products, and of all cross-differences."""
        return pd.DataFrame(
            {
                "hypothesis": ["every coefficient of a product is 0", "every difference is 0"],
                "statistic": self.statistic.copy(),
                "df": self.df,
                "df_residual": self.df_residual,
                "p_value": self.p_value.copy(),
            }
        )

    @property
    def expectations(self) -> pd.DataFrame:
        """Moderators that are one of the five conditions: expected sign, and what was found."""
        frame = self.difference_estimates.frame().drop(columns=["std_error", "p_value"])
        frame.insert(1, "condition", list(self.conditions))
        signs = [self._sign(condition) for condition in self.conditions]
        frame.insert(2, "expected_sign", signs)
        ends = zip(signs, frame["ci_low"], frame["ci_high"], strict=True)
        frame["verdict"] = [_verdict(*row) for row in ends]
        known = [condition is not None for condition in self.conditions]
        return frame[known].reset_index(drop=True)

    def _sign(self, condition: str | None) -> float:
        if condition is None:
            return np.nan
        of, sign = EXPECTED[condition]
        return float(sign) if of == self.measures else np.nan

    def _title(self) -> str:
        return f"Moderation of satisfaction and {self.measures}"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'customer')}, "
            f"{count_of(len(self.moderators), 'moderator')}, {self.outcome} outcome"
        )

    def _facts(self) -> Facts:
        of = f"probability of {self.measures}" if self.outcome == "binary" else self.measures
        mean = self.average_estimate.frame().iloc[0]
        return (
            ("slope of", f"{of}, per unit of satisfaction"),
            (
                "on average",
                f"{mean['estimate']:.3f} ({mean['ci_low']:.3f} to {mean['ci_high']:.3f})",
            ),
            ("standard errors", _ERRORS[self.std_errors]),
        )

    def _tables(self) -> tuple[Table, ...]:
        title = "Cross-differences: slope at the higher less slope at the lower value"
        tables = [table_of("Slopes", self.slopes), table_of(title, self.interactions)]
        if self.outcome == "binary":
            tables.append(table_of("Products in log odds", self.products))
        tables.append(table_of("No moderation at all", self.tests, digits=(3, 0, 0, 3)))
        if any(self.conditions):
            shown = self.expectations
            rows = table_of(
                "The conditions",
                shown[["moderator", "condition", "expected_sign"]],
                n_labels=2,
                digits=0,
            )
            tables.append(rows.with_column("verdict", shown["verdict"].tolist()))
        return tuple(tables)

    def _coefficients(self) -> EstimateTable:
        return self.product_estimates

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        if self.outcome == "binary":
            remarks.append(
                "A probability has less room near 0 and 1, so that slopes differ there without "
                "any product term. The coefficient of a product speaks of log odds, the "
                "cross-difference of probabilities; they may differ in sign."
            )
        if self.n_clusters is None:
            remarks.append(
                "Customers count as independent. If a condition is the same for all customers of a "
                "market, give clusters: there are as many observations of it as markets."
            )
        if np.isnan(self.p_value).any():
            remarks.append(
                "Moderators are too many for a joint test: it needs more clusters than moderators, "
                "and no two that say the same."
            )
        remarks.append(
            "Conditions were observed, not set: what goes together with one moderates in its name."
        )
        return tuple(remarks)


def _verdict(expected: float, low: float, high: float) -> str:
    """Say whether an interval bears out the expected sign."""
    if np.isnan(expected):
        return "no sign is stated for this outcome"
    if low <= 0 <= high or np.isnan(low):
        return "open: the interval has 0 in it"
    return "as expected" if expected * low > 0 else "against the expectation"
