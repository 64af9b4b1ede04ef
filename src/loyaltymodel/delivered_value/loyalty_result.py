"""What was found about loyalty and superior value, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._intervals import ndtri, student_reach
from loyaltymodel._options import count_of
from loyaltymodel._regression import EXACT, inference_columns, sums_of
from loyaltymodel._tables import Summary, number, table_of
from loyaltymodel._variables import read_numbers
from loyaltymodel.delivered_value.response_kernels import distribution, fieller, level_for
from loyaltymodel.errors import DataError

Outcome = Literal["binary", "score"]
Covariance = Literal["robust", "classical"]

STANDINGS = ("inferior", "parity", "superior")

_TERMS = ("constant", "relative_value")
_SEPARATE_TERMS = ("constant", "own", "best_rival")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ValueLoyalty(FrozenRecord):
    """How loyalty goes with the value that the firm gives above its best rival.

    Made by :func:`value_loyalty`.

    Attributes
    ----------
    outcome : str
        "binary" or "score".
    covariance_kind : str
        "robust" or "classical".
    estimates : ndarray of shape (2,)
        Constant and slope in relative value: logits, or points of the score.
    covariance : ndarray of shape (2, 2)
        Their covariance matrix.
    separate_estimates : ndarray of shape (3,)
        Constant, slope in own value and slope in the best rival's value; NaN where the two
        cannot be told apart.
    separate_covariance : ndarray of shape (3, 3)
        Their covariance matrix.
    separate_problem : str
        Why the two slopes cannot be told apart; empty where they can.
    average_effect, average_effect_error : float
        Average slope of loyalty in relative value over these customers, and its standard error.
    standing_n : ndarray of shape (3,)
        Customers to whom the firm's value is inferior, equal and superior to the best rival's.
    standing_loyalty : ndarray of shape (3,)
        Their mean loyalty; NaN where there are none.
    lowest, highest : float
        Smallest and largest relative value among the customers.
    n_rivals : int
        Rivals from which the best was taken.
    n_obs : int
        Number of customers.
    n_dropped : int
        Customers left out because a value was missing.
    level : float
        Confidence level of the intervals.

    See Also
    --------
    value_loyalty : Makes one from data.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import value_loyalty
    >>> found = value_loyalty([4, 5, 7, 8], [1, 2, 3, 4], rivals=2, outcome="score")
    >>> found.estimates.round(6)
    array([5.3, 1.4])
    """

    outcome: Outcome
    covariance_kind: Covariance
    estimates: FloatArray
    covariance: FloatArray
    separate_estimates: FloatArray
    separate_covariance: FloatArray
    separate_problem: str
    average_effect: float
    average_effect_error: float
    standing_n: IntArray
    standing_loyalty: FloatArray
    lowest: float
    highest: float
    n_rivals: int
    n_obs: int
    n_dropped: int
    level: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return f"<ValueLoyalty: {count_of(self.n_obs, 'customer')}, {self.outcome} outcome>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def standing(self) -> pd.DataFrame:
        """Customers and mean loyalty by standing: "inferior", "parity", "superior"."""
        return pd.DataFrame(
            {
                "standing": list(STANDINGS),
                "n": self.standing_n.copy(),
                "loyalty": self.standing_loyalty.copy(),
            }
        )

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients of both forms: in relative value, and in own and best rival's value."""
        first = self._inference(self.estimates, np.sqrt(np.diag(self.covariance)), 2)
        second = self._inference(
            self.separate_estimates, np.sqrt(np.diag(self.separate_covariance)), 3
        )
        first.insert(0, "term", list(_TERMS))
        first.insert(0, "form", "difference")
        second.insert(0, "term", list(_SEPARATE_TERMS))
        second.insert(0, "form", "separate")
        return pd.concat([first, second], ignore_index=True)

    @property
    def parity(self) -> pd.Series:
        """Loyalty where the firm gives just as much value as its best rival, with interval.

        ``estimate``, ``ci_low`` and ``ci_high``; a probability for a binary outcome.
        """
        return self.loyalty_at(0.0)[["estimate", "ci_low", "ci_high"]].iloc[0].rename("parity")

    @property
    def marginal_effect(self) -> pd.Series:
        """Average change of loyalty per point of relative value, over these customers.

        ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value``.
        """
        found = self._inference(
            np.array([self.average_effect]), np.array([self.average_effect_error]), 2
        )
        return found.iloc[0].rename("marginal_effect")

    @property
    def difference_test(self) -> pd.Series:
        """Wald test of what the difference form assumes: slopes of equal size, opposite sign.

        ``own`` and ``best_rival`` are the slopes, ``sum`` is what they add up to (0 if the form
        holds) with ``std_error``, ``ci_low``, ``ci_high`` and ``p_value``. All are NaN where the
        two cannot be told apart; ``separate_problem`` says why.
        """
        both = np.array([[0.0, 1.0, 1.0]])
        total, error = sums_of(both, self.separate_estimates, self.separate_covariance)
        found = self._inference(total, error, 3).iloc[0].rename({"estimate": "sum"})
        slopes = dict(zip(_SEPARATE_TERMS[1:], self.separate_estimates[1:], strict=True))
        return pd.concat([pd.Series(slopes), found]).rename("difference_test")

    def loyalty_at(self, relative_value: object) -> pd.DataFrame:
        """Return loyalty at levels of relative value.

        Parameters
        ----------
        relative_value : float or array-like of shape (t,)
            Own value less the best rival's.

        Returns
        -------
        DataFrame
            A row a level: ``relative_value``, ``estimate`` (a probability, or points of the
            score), ``ci_low``, ``ci_high``, and ``extrapolated`` where no customer has so much
            or so little.

        Raises
        ------
        DataError
            If a level is missing, infinite or not a number.

        Examples
        --------
        Half of those with 1 point less than elsewhere are loyal, and 3 of 4 of those with 1 more:

        >>> from loyaltymodel.delivered_value import value_loyalty
        >>> found = value_loyalty([0, 1, 0, 1, 1, 1], [4, 4, 6, 6, 6, 6], rivals=5)
        >>> found.loyalty_at([-1, 1])[["relative_value", "estimate", "extrapolated"]].round(6)
           relative_value  estimate  extrapolated
        0            -1.0      0.50         False
        1             1.0      0.75         False
        """
        levels = _levels("relative_value", relative_value)
        rows = np.column_stack([np.ones(len(levels)), levels])
        score = rows @ self.estimates
        reach = self._reach(2) * np.sqrt(np.einsum("ti,ij,tj->t", rows, self.covariance, rows))
        ends = np.stack([score, score - reach, score + reach])
        if self.outcome == "binary":
            ends = distribution(ends, "logit")
        return pd.DataFrame(
            {
                "relative_value": levels,
                **dict(zip(("estimate", "ci_low", "ci_high"), ends, strict=True)),
                "extrapolated": (levels < self.lowest) | (levels > self.highest),
            }
        )

    def relative_value_for(self, target: object) -> pd.DataFrame:
        """Return how much more value than the best rival is needed for a target of loyalty.

        Parameters
        ----------
        target : float or array-like of shape (t,)
            Loyalty to reach: probabilities between 0 and 1, or points of the score.

        Returns
        -------
        DataFrame
            A row a target: ``target``, ``estimate`` in points of value, ``delta_low`` and
            ``delta_high`` by the delta method, ``fieller_low`` and ``fieller_high`` by Fieller's
            method, and ``extrapolated`` where no customer has so much or so little.

        Raises
        ------
        DataError
            If a target is missing, infinite, not a number, or no probability for a binary
            outcome.

        Notes
        -----
        With loyalty a + b x on the scale of the model, x = (target - a) / b is a ratio of
        estimates. The delta method makes a symmetric interval of it, and it misses too often
        where b is uncertain. Fieller's interval holds every x at which the line could meet the
        target, and is the one to report. Where b itself could be 0 at this confidence level, any
        relative value could be the one: its ends are then infinite, and that is the answer.

        In 2,000 simulated surveys of 150 customers with a slope so weak that b could be 0 in 4 of
        10, the delta interval of 95 percent held the truth in 89 percent, and Fieller's in 97.
        With a firm slope both held it in 95.

        Examples
        --------
        Odds of 1/3 at -1 and of 3 at 1 are logits of log 3 per point, so odds of 9 are met at
        log 9 / log 3 = 2:

        >>> import numpy as np
        >>> from loyaltymodel.delivered_value import value_loyalty
        >>> loyal = np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
        >>> found = value_loyalty(loyal, np.repeat([4, 6], 40), rivals=5)
        >>> found.relative_value_for(0.9)[["target", "estimate", "extrapolated"]].round(6)
           target  estimate  extrapolated
        0     0.9       2.0          True
        """
        targets = _levels("target", target)
        scores = targets
        if self.outcome == "binary":
            if not ((targets > 0) & (targets < 1)).all():
                raise DataError(
                    "target must lie between 0 and 1, both excluded, because loyalty is a "
                    'probability here; for points of a score fit with outcome="score"'
                )
            scores = np.log(targets) - np.log1p(-targets)
        level, error = level_for(scores, self.estimates, self.covariance)
        reach = self._reach(2)
        low, high = fieller(scores, self.estimates, self.covariance, reach)
        return pd.DataFrame(
            {
                "target": targets,
                "estimate": level,
                "delta_low": level - reach * error,
                "delta_high": level + reach * error,
                "fieller_low": low,
                "fieller_high": high,
                "extrapolated": (level < self.lowest) | (level > self.highest),
            }
        )

    def summary(self) -> Summary:
        """Return the result in words and tables.

        Returns
        -------
        Summary
            Loyalty by standing, at parity and per point, coefficients of both forms and the test
            of the difference form; ``print`` it.

        Examples
        --------
        >>> from loyaltymodel.delivered_value import value_loyalty
        >>> found = value_loyalty([4, 5, 7, 8], [1, 2, 3, 4], rivals=2, outcome="score")
        >>> found.summary().facts[0]
        ('customers', '4')
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        what = "probability of loyalty" if self.outcome == "binary" else "loyalty in points"
        test = self.difference_test
        told = (
            f"they add up to {number(test['sum'])}, p = {number(test['p_value'], 4)}"
            if not self.separate_problem
            else "not testable"
        )
        answers = pd.DataFrame([self.parity, self.marginal_effect])
        answers = answers[["estimate", "ci_low", "ci_high"]]
        answers.insert(0, "answer", ["at parity with the best rival", "per point, on average"])
        standing = self.standing
        standing["n"] = standing["n"].astype(float)
        return Summary(
            "Loyalty and superior value",
            (
                ("customers", f"{self.n_obs}{left_out}"),
                ("best of", count_of(self.n_rivals, "rival")),
                ("loyalty", what),
                ("standard errors", self.covariance_kind),
                ("confidence level", f"{self.level:g}"),
                ("own and rival's slope", told),
            ),
            (
                table_of("Loyalty by standing", standing, digits=(0, 3)),
                table_of("Answers", answers),
                table_of("Coefficients", self.coefficients, n_labels=2),
            ),
            tuple(self._remarks()),
        )

    def _remarks(self) -> list[str]:
        remarks = []
        if not self.covariance.any():
            remarks.append(EXACT)
        if self.separate_problem:
            remarks.append(
                f"That own and rival's value count alike cannot be tested: {self.separate_problem}."
            )
        elif self.difference_test["p_value"] < 1 - self.level:
            remarks.append(
                "Own and best rival's value do not count alike, so their difference tells only a "
                "part: read the coefficients of the separate form."
            )
        if not self.lowest <= 0 <= self.highest:
            side = "more" if self.lowest > 0 else "less"
            remarks.append(
                f"Every customer gets {side} value here than from the best rival, so loyalty at "
                "parity is extrapolated."
            )
        remarks.append(
            "Those who are loyal may rate what they have higher because they are loyal: these "
            "are associations, not proof of cause."
        )
        return remarks

    def _reach(self, n_coefficients: int) -> float:
        """Return the errors to either side: Student's law for a score, the normal for logits."""
        if self.outcome == "score":
            return student_reach(self.n_obs - n_coefficients, level=self.level)
        return float(ndtri(np.array((1 + self.level) / 2)))

    def _inference(
        self, estimate: FloatArray, error: FloatArray, n_coefficients: int
    ) -> pd.DataFrame:
        degrees = self.n_obs - n_coefficients if self.outcome == "score" else np.inf
        return pd.DataFrame(inference_columns(estimate, error, degrees=degrees, level=self.level))


def _levels(name: str, value: object) -> FloatArray:
    levels = np.atleast_1d(read_numbers(name, value))
    if levels.ndim > 1:
        raise DataError(f"{name} has shape {levels.shape}; give a number or an array of shape (t,)")
    return levels
