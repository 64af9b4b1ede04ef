"""How the slope of loyalty by satisfaction differs with conditions: what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._options import count_of
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.jones_sasser.links.association import Estimate

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


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SlopeModeration(FrozenRecord):
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
    average_slope : Estimate
        Slope averaged over the customers as they are.
    moderators : tuple of str
        Their names, q of them.
    conditions : tuple of str or None
        Which of the five conditions each one is.
    place : ndarray of shape (r,)
        The moderator of each row of slopes.
    slope_values : ndarray of shape (r, 5)
        Value of the moderator, average slope there, standard error, ends of the interval.
    products : ndarray of shape (q, 5)
        Coefficient of satisfaction times moderator, error, ends, p-value; for a binary outcome
        of the log odds.
    contrasts : ndarray of shape (q, 2)
        The low and the high value between which slopes are compared.
    differences : ndarray of shape (q, 6)
        Slope at the high less slope at the low value, error, ends, p-value, and the share of
        customers whose own difference has the other sign.
    joint : ndarray of shape (2, 4)
        F, its two degrees of freedom and p-value, for the products and for the differences.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> found = jones_sasser.slope_moderation(
    ...     [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],
    ...     [1, 2, 3, 1, 3, 5, 2, 2, 2, 0, 2, 4],
    ...     moderators={"open": [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]},
    ...     outcome="score",
    ... )
    >>> found.slopes[["value", "slope"]].round(6).to_numpy().tolist()
    [[0.0, 0.5], [1.0, 2.0]]
    """

    n_obs: int
    n_dropped: int
    n_clusters: int | None
    outcome: Outcome
    measures: Measure
    curved: bool
    level: float
    average_slope: Estimate
    moderators: tuple[str, ...]
    conditions: tuple[str | None, ...]
    place: IntArray
    slope_values: FloatArray
    products: FloatArray
    contrasts: FloatArray
    differences: FloatArray
    joint: FloatArray

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<SlopeModeration: {count_of(self.n_obs, 'customer')}, "
            f"{count_of(len(self.moderators), 'moderator')}, {self.outcome} outcome>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def slopes(self) -> pd.DataFrame:
        """Average slopes, a row a moderator and value: per unit of satisfaction, with interval."""
        frame = pd.DataFrame({"moderator": [self.moderators[k] for k in self.place]})
        frame[["value", "slope", "std_error", "ci_low", "ci_high"]] = self.slope_values
        return frame

    @property
    def interactions(self) -> pd.DataFrame:
        """Cross-differences, a row a moderator: slope at ``high`` less slope at ``low``."""
        frame = pd.DataFrame({"moderator": list(self.moderators)})
        frame[["low", "high"]] = self.contrasts
        columns = ["cross_difference", "std_error", "ci_low", "ci_high", "p_value"]
        frame[[*columns, "share_opposite"]] = self.differences
        return frame

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients of satisfaction times moderator, a row each; log odds if binary."""
        frame = pd.DataFrame({"moderator": list(self.moderators)})
        frame[["coefficient", "std_error", "ci_low", "ci_high", "p_value"]] = self.products
        return frame

    @property
    def tests(self) -> pd.DataFrame:
        """Joint tests of no moderation: of all coefficients, and of all cross-differences."""
        what = ["every coefficient of a product is 0", "every cross-difference is 0"]
        frame = pd.DataFrame({"hypothesis": what})
        frame[["f_statistic", "df", "df_error", "p_value"]] = self.joint
        return frame

    @property
    def expectations(self) -> pd.DataFrame:
        """Moderators that are one of the five conditions: expected sign, and what was found."""
        rows = []
        for k, (name, condition) in enumerate(zip(self.moderators, self.conditions, strict=True)):
            if condition is None:
                continue
            of, sign = EXPECTED[condition]
            expected = float(sign) if of == self.measures else np.nan
            found, _, low, high = self.differences[k, :4]
            rows.append(
                (name, condition, expected, found, low, high, _verdict(expected, low, high))
            )
        columns = ["moderator", "condition", "expected_sign", "cross_difference"]
        return pd.DataFrame(rows, columns=[*columns, "ci_low", "ci_high", "verdict"])

    def summary(self) -> Summary:
        """Return the numbers and what they mean, ready to be printed.

        Returns
        -------
        Summary
            Text, HTML and LaTeX.
        """
        of = f"probability of {self.measures}" if self.outcome == "binary" else self.measures
        mean = self.average_slope
        facts = [("customers", str(self.n_obs)), ("left out", str(self.n_dropped))]
        if self.n_clusters is not None:
            facts.append(("clusters", str(self.n_clusters)))
        facts += [
            ("slope of", f"{of}, per unit of satisfaction"),
            ("on average", f"{mean.value:.3f} ({mean.ci_low:.3f} to {mean.ci_high:.3f})"),
        ]
        level = f"{100 * self.level:g}% intervals"
        tables = [
            table_of(f"Slopes, {level}", self.slopes),
            table_of(
                f"Cross-differences: slope at high less slope at low, {level}", self.interactions
            ),
        ]
        if self.outcome == "binary":
            tables.append(table_of(f"Products in log odds, {level}", self.coefficients))
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
        return Summary(
            f"Moderation of satisfaction and {self.measures}",
            tuple(facts),
            tuple(tables),
            self._remarks(),
        )

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
        if np.isnan(self.joint[:, -1]).any():
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
