"""What was found about loyalty and superior value, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Values
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import errors_of, ndtri, student_reach
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.regression import EXACT, StdErrors, sums_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.delivered_value.response.kernels import distribution, fieller, level_for
from loyaltymodel.errors import DataError

Model = Literal["logit", "linear"]
Inverse = Literal["fieller", "wald"]

STANDINGS = ("inferior", "parity", "superior")
TERMS = ("constant", "relative_value")
SEPARATE_TERMS = ("constant", "value", "best_rival")

_KINDS = {"logit": "HC0", "linear": "HC3"}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ValueLoyalty(Result):
    """How loyalty goes with the value that the firm gives above its best rival.

    Made by :func:`value_loyalty`.

    Attributes
    ----------
    model : str
        "logit" of loyalty as 0 and 1, or "linear" for a score.
    std_errors : str
        "robust" or "model".
    estimates : EstimateTable
        Constant and slope in relative value: logits, or points of the score.
    separate : EstimateTable
        Constant, slope in own value and slope in the best rival's value; NaN where the two
        cannot be told apart.
    separate_problem : str
        Why the two slopes cannot be told apart; empty where they can.
    effect : EstimateTable
        Average slope of loyalty in relative value over these customers.
    standing_counts : ndarray of shape (3,)
        Customers to whom the firm's value is inferior, equal and superior to the best rival's.
    standing_loyalty : ndarray of shape (3,)
        Their mean loyalty; NaN where there are none.
    relative_range : pair of float
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
    >>> found = value_loyalty([1, 2, 3, 4], [4, 5, 7, 8], rivals=2, model="linear")
    >>> found.estimates.estimate.round(6)
    array([5.3, 1.4])
    """

    made_by: ClassVar[str] = "value_loyalty()"
    people: ClassVar[str] = "customers"

    model: Model
    std_errors: StdErrors
    estimates: EstimateTable
    separate: EstimateTable
    separate_problem: str
    effect: EstimateTable
    standing_counts: IntArray
    standing_loyalty: FloatArray
    relative_range: tuple[float, float]
    n_rivals: int
    n_obs: int
    n_dropped: int
    level: float

    @property
    def standing(self) -> pd.DataFrame:
        """Customers and mean loyalty by standing: "inferior", "parity", "superior"."""
        return pd.DataFrame(
            {
                "standing": list(STANDINGS),
                "n_obs": self.standing_counts.copy(),
                "loyalty": self.standing_loyalty.copy(),
            }
        )

    @property
    def terms(self) -> pd.DataFrame:
        """Coefficients of both forms: in relative value, and in own and best rival's value.

        ``form`` is "difference" or "separate".
        """
        return pd.concat(
            [_of_form("difference", self.estimates), _of_form("separate", self.separate)],
            ignore_index=True,
        )

    @property
    def quantities(self) -> pd.DataFrame:
        """Loyalty at "parity" with the best rival, and its average change "per_point".

        ``estimate``, ``ci_low`` and ``ci_high``: probabilities, or points of a score.
        """
        columns = ["estimate", "ci_low", "ci_high"]
        rows = [self.parity[columns], self.marginal_effect[columns]]
        table = pd.DataFrame(rows).reset_index(drop=True)
        table.insert(0, "quantity", ["parity", "per_point"])
        return table

    @property
    def parity(self) -> pd.Series:
        """Loyalty where the firm gives just as much value as its best rival, with interval.

        ``estimate``, ``ci_low`` and ``ci_high``; a probability for a logit.
        """
        return self.loyalty_at(0.0)[["estimate", "ci_low", "ci_high"]].iloc[0].rename("parity")

    @property
    def marginal_effect(self) -> pd.Series:
        """Average change of loyalty per point of relative value, over these customers.

        ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value``.
        """
        return self.effect.row("per_point").rename("marginal_effect")

    @property
    def difference_test(self) -> pd.Series:
        """Wald test of what the difference form assumes: slopes of equal size, opposite sign.

        ``estimate`` is what the two slopes add up to (0 if the form holds), with ``std_error``,
        ``ci_low``, ``ci_high`` and ``p_value``. All are NaN where the two cannot be told apart;
        ``separate_problem`` says why.
        """
        both = np.array([[0.0, 1.0, 1.0]])
        total, error = sums_of(both, self.separate.estimate, _covariance(self.separate))
        table = EstimateTable.student(
            {"quantity": ["sum"]}, total, error, df=self._df(3), level=self.level
        )
        return table.row("sum").rename("difference_test")

    @checked
    def loyalty_at(self, relative_value: Values) -> pd.DataFrame:
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
        >>> found = value_loyalty([4, 4, 6, 6, 6, 6], [0, 1, 0, 1, 1, 1], rivals=5)
        >>> found.loyalty_at([-1, 1])[["relative_value", "estimate", "extrapolated"]].round(6)
           relative_value  estimate  extrapolated
        0            -1.0      0.50         False
        1             1.0      0.75         False
        """
        levels = _levels("relative_value", relative_value)
        rows = np.column_stack([np.ones(len(levels)), levels])
        score = rows @ self.estimates.estimate
        reach = self._reach * errors_of(rows, _covariance(self.estimates))
        ends = np.stack([score, score - reach, score + reach])
        if self.model == "logit":
            ends = distribution(ends, "logit")
        return pd.DataFrame(
            {
                "relative_value": levels,
                **dict(zip(("estimate", "ci_low", "ci_high"), ends, strict=True)),
                "extrapolated": self._beyond(levels),
            }
        )

    @checked
    def relative_value_for(self, target: Values, *, interval: Inverse = "fieller") -> pd.DataFrame:
        """Return how much more value than the best rival is needed for a target of loyalty.

        Parameters
        ----------
        target : float or array-like of shape (t,)
            Loyalty to reach: probabilities between 0 and 1, or points of the score.
        interval : {"fieller", "wald"}
            Fieller's interval, or a symmetric one by the delta method.

        Returns
        -------
        DataFrame
            A row a target: ``target``, ``estimate`` in points of value, ``ci_low``,
            ``ci_high``, and ``extrapolated`` where no customer has so much or so little.

        Raises
        ------
        DataError
            If a target is missing, infinite, not a number, or no probability for a logit.
        OptionError
            If ``interval`` is not one of its choices.

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
        >>> found = value_loyalty(np.repeat([4, 6], 40), loyal, rivals=5)
        >>> found.relative_value_for(0.9)[["target", "estimate", "extrapolated"]].round(6)
           target  estimate  extrapolated
        0     0.9       2.0          True
        """
        check_choice("interval", interval, Inverse)
        targets = _levels("target", target)
        scores = targets
        if self.model == "logit":
            if not ((targets > 0) & (targets < 1)).all():
                raise DataError(
                    "target must lie between 0 and 1, both excluded, because loyalty is a "
                    'probability here; for points of a score fit with model="linear"'
                )
            scores = np.log(targets) - np.log1p(-targets)
        b, s = self.estimates.estimate, _covariance(self.estimates)
        level, error = level_for(scores, b, s)
        low, high = level - self._reach * error, level + self._reach * error
        if interval == "fieller":
            low, high = fieller(scores, b, s, self._reach)
        return pd.DataFrame(
            {
                "target": targets,
                "estimate": level,
                "ci_low": low,
                "ci_high": high,
                "extrapolated": self._beyond(level),
            }
        )

    def _title(self) -> str:
        return "Loyalty and superior value"

    def _brief(self) -> str:
        return f"{count_of(self.n_obs, 'customer')}, {self.model}"

    def _facts(self) -> Facts:
        what = "probability of loyalty" if self.model == "logit" else "loyalty in points"
        kind = f"robust ({_KINDS[self.model]})" if self.std_errors == "robust" else "model"
        test = self.difference_test
        told = (
            f"they add up to {number(test['estimate'])}, p = {number(test['p_value'], 4)}"
            if not self.separate_problem
            else "not testable"
        )
        return (
            ("best of", count_of(self.n_rivals, "rival")),
            ("loyalty", what),
            ("standard errors", kind),
            ("own and rival's slope", told),
        )

    def _tables(self) -> Sequence[Table]:
        answers = self.quantities
        answers["quantity"] = ["at parity with the best rival", "per point, on average"]
        standing = self.standing
        standing["n_obs"] = standing["n_obs"].astype(float)
        return (
            table_of("Loyalty by standing", standing, digits=(0, 3)),
            table_of("Answers", answers),
            table_of("Coefficients", self.terms, n_labels=2),
        )

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _remarks(self) -> list[str]:
        remarks = []
        if not _covariance(self.estimates).any():
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
        lowest, highest = self.relative_range
        if not lowest <= 0 <= highest:
            side = "more" if lowest > 0 else "less"
            remarks.append(
                f"Every customer gets {side} value here than from the best rival, so loyalty at "
                "parity is extrapolated."
            )
        remarks.append(
            "Those who are loyal may rate what they have higher because they are loyal: these "
            "are associations, not proof of cause."
        )
        return remarks

    def _beyond(self, levels: FloatArray) -> BoolArray:
        """Tell which relative values no customer has."""
        lowest, highest = self.relative_range
        return exceeds(lowest, levels) | exceeds(levels, highest)

    @property
    def _reach(self) -> float:
        """Errors to either side: Student's law for a score, the normal one for logits."""
        if self.model == "linear":
            return student_reach(self._df(2), level=self.level)
        return float(ndtri(np.array((1 + self.level) / 2)))

    def _df(self, n_coefficients: int) -> float:
        return self.n_obs - n_coefficients if self.model == "linear" else np.inf


def _covariance(table: EstimateTable) -> FloatArray:
    return np.asarray(table.covariance, dtype=np.float64)


def _of_form(form: str, table: EstimateTable) -> pd.DataFrame:
    frame = table.frame()
    frame.insert(0, "form", form)
    return frame


def _levels(name: str, value: object) -> FloatArray:
    levels = np.atleast_1d(read_numbers(name, value))
    if levels.ndim > 1:
        raise DataError(f"{name} has shape {levels.shape}; give a number or an array of shape (t,)")
    return levels
