"""What was found about the response to an adverse event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of
from loyaltymodel._core.regression import EXACT, StdErrors, sums_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, table_of

_SMALL = 0.001  # a p-value that is printed as below this

_SLOPES = {
    "line": "coefficient of the line",
    "derivative": "mean derivative of the probability, over customers",
    "difference": "mean difference of the probability between the two shocks, over customers",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AdverseResponse(Result):
    """How an outcome responds to an adverse event, by satisfaction.

    Attributes
    ----------
    model : str
        "linear" or "logit".
    slope_kind : str
        "line", or for a logit "derivative" or "difference" of the probability.
    baseline_as : str or None
        What became of the baseline: "covariate", "subtracted", or None where there was none.
    estimates : EstimateTable
        Coefficients of the constant, the shock, satisfaction, their product, and perhaps the
        baseline; of the log-odds for a logit.
    slope_estimates : EstimateTable
        Slopes at the chosen levels of satisfaction, lowest first, in units of outcome (for a
        logit, of probability) per unit of shock.
    limits : array, shape (0,), (1,) or (2,)
        Satisfactions at which the interval of the slope begins or ceases to hold 0, wherever
        they lie (Johnson and Neyman).
    region_ends : array, shape (r, 2)
        From which to which observed satisfaction the slope differs from 0.
    region_slopes : array, shape (r,)
        Slopes (for a logit, of the log-odds) in the middles.
    region_shares : array, shape (r,)
        Shares of the customers whose satisfaction lies there.
    satisfaction_range : pair of float
        Lowest and highest satisfaction observed.
    df : float
        Degrees of freedom of Student's law; infinite for the normal one.
    n_obs : int
        Number of customers.
    n_dropped : int
        Customers left out because of a missing value.
    level : float
        Confidence level of the intervals.
    """

    made_by: ClassVar[str] = "adverse_response()"
    people: ClassVar[str] = "customers"

    model: str
    slope_kind: str
    baseline_as: str | None
    estimates: EstimateTable
    slope_estimates: EstimateTable
    limits: FloatArray
    region_ends: FloatArray
    region_slopes: FloatArray
    region_shares: FloatArray
    satisfaction_range: tuple[float, float]
    df: float
    n_obs: int
    n_dropped: int
    level: float

    @property
    def std_errors(self) -> StdErrors:
        """Kind of standard errors: "robust" for a line, "model" for a logit."""
        return "robust" if self.model == "linear" else "model"

    @property
    def terms(self) -> pd.DataFrame:
        """Coefficients with standard errors, intervals and p-values; of log-odds for a logit."""
        return self.estimates.frame()

    @property
    def slopes(self) -> pd.DataFrame:
        """What a unit of shock does to the outcome at each level of satisfaction."""
        return self.slope_estimates.frame()

    @property
    def damping(self) -> pd.Series:
        """Change of the slope by point of satisfaction, between the ends of the chosen levels.

        ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value`` of no change. Where
        slopes are negative, a positive change damps. For a line it is the coefficient of the
        product.
        """
        at, slopes = self._at, self.slope_estimates
        contrast = np.zeros((1, len(at)))
        contrast[0, [0, -1]] = np.array([-1.0, 1.0]) / (at[-1] - at[0])
        between = np.asarray(slopes.covariance, dtype=np.float64)
        found, error = sums_of(contrast, slopes.estimate, between)
        labels = {"quantity": ["damping"]}
        table = EstimateTable.student(labels, found, error, df=self.df, level=self.level)
        return table.row("damping")

    @property
    def region(self) -> pd.DataFrame:
        """Where, within the satisfaction observed, the slope differs from 0 at the level.

        A row a stretch: ``lowest`` and ``highest`` satisfaction, the sign of the ``slope`` and
        the ``share`` of customers in it. No row if it differs nowhere.
        """
        return pd.DataFrame(
            {
                "lowest": self.region_ends[:, 0].copy(),
                "highest": self.region_ends[:, 1].copy(),
                "slope": np.where(self.region_slopes < 0, "negative", "positive").astype(object),
                "share": self.region_shares.copy(),
            }
        )

    def _title(self) -> str:
        return "Response to an adverse event"

    def _brief(self) -> str:
        levels = count_of(len(self._at), "level")
        return f"{count_of(self.n_obs, 'customer')}, {self.model}, {levels}"

    def _facts(self) -> Facts:
        lowest, highest = self.satisfaction_range
        kind = "robust (HC3)" if self.model == "linear" else "model (information matrix)"
        return (
            ("satisfaction", f"{lowest:g} to {highest:g}"),
            ("model", self.model),
            ("slope", _SLOPES[self.slope_kind]),
            ("baseline", self.baseline_as or "none"),
            ("standard errors", kind),
        )

    def _tables(self) -> Sequence[Table]:
        slopes = self.slopes
        slopes["satisfaction"] = [f"{level:g}" for level in self._at]
        region = self.region[["slope", "lowest", "highest", "share"]]
        what = "Coefficients" if self.model == "linear" else "Coefficients of the log-odds"
        tables = [
            table_of("Slopes per unit of shock", slopes, digits=4),
            table_of("Change of the slope by point of satisfaction", self._one_row(), digits=4),
            table_of(what, self.terms, digits=4),
        ]
        if len(region):
            tables.insert(2, table_of("Satisfactions at which the slope is not 0", region))
        return tables

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    @property
    def _at(self) -> tuple[float, ...]:
        """Levels of satisfaction that were chosen."""
        return self.slope_estimates.labels["satisfaction"]

    def _one_row(self) -> pd.DataFrame:
        name = f"from {self._at[0]:g} to {self._at[-1]:g}"
        return pd.DataFrame([{"levels": name, **self.damping.to_dict()}])

    def _remarks(self) -> Sequence[str]:
        low, high = self.slope_estimates.estimate[[0, -1]]
        p_value = self.damping["p_value"]
        told = f"p = {p_value:.3f}" if p_value >= _SMALL else f"p < {_SMALL:g}"
        here, there = f"{self._at[0]:g} ({low:.4g})", f"{self._at[-1]:g} ({high:.4g})"
        if low * high < 0:
            first = f"The response is reversed at a satisfaction of {there} against that at {here}"
        else:
            weaker = "weaker" if abs(high) < abs(low) else "not weaker"
            first = f"The response is {weaker} at a satisfaction of {there} than at {here}"
        first += f"; {told} for no difference."
        pointwise = (
            "Each interval, and the region, holds its level at one satisfaction, not at all of "
            "them together."
        )
        chance = "Without random assignment of the event, this is an association."
        remarks = [first, pointwise, chance]
        if not np.any(self.estimates.covariance):
            remarks.insert(1, EXACT)
        if not len(self.region_ends):
            remarks.insert(1, "At no observed satisfaction does the slope differ from 0.")
        if self.model == "logit":
            remarks.append(
                "The region is that of the slope of the log-odds, which has the same sign as "
                "that of the probability."
            )
        return remarks
