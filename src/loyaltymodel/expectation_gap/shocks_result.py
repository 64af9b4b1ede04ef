"""What was found about the response to an adverse event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._options import count_of
from loyaltymodel._regression import EXACT, inference_columns, sums_of
from loyaltymodel._tables import Summary, table_of

_SMALL = 0.001  # a p-value that is printed as below this

_SLOPES = {
    "line": "coefficient of the line",
    "derivative": "mean derivative of the probability, over people",
    "difference": "mean difference of the probability between the two shocks, over people",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AdverseResponse(FrozenRecord):
    """How an outcome responds to an adverse event, by satisfaction.

    Attributes
    ----------
    model : str
        "linear" or "logit".
    slope_kind : str
        "line", or for a logit "derivative" or "difference" of the probability.
    baseline_as : str or None
        What became of the baseline: "covariate", "subtracted", or None where there was none.
    terms : tuple of str, k names
        The constant, the shock, satisfaction, their product, and perhaps the baseline.
    estimates : array, shape (k,)
        Coefficients; of the log-odds for a logit.
    covariance : array, shape (k, k)
        Covariance matrix of the coefficients.
    at : array, shape (m,)
        The chosen levels of satisfaction, lowest first.
    slope_estimates : array, shape (m,)
        Slopes there, in units of outcome (for a logit, of probability) per unit of shock.
    slope_covariance : array, shape (m, m)
        Their covariance matrix.
    limits : array, shape (0,), (1,) or (2,)
        Satisfactions at which the interval of the slope begins or ceases to hold 0, wherever
        they lie (Johnson and Neyman).
    region_ends : array, shape (r, 2)
        From which to which observed satisfaction the slope differs from 0.
    region_slopes : array, shape (r,)
        Slopes (for a logit, of the log-odds) in the middles.
    region_shares : array, shape (r,)
        Shares of the people whose satisfaction lies there.
    satisfaction_range : pair of float
        Lowest and highest satisfaction observed.
    degrees : float
        Degrees of freedom of Student's law; infinite for the normal one.
    n_obs : int
        Number of people.
    n_dropped : int
        People left out because of a missing value.
    level : float
        Confidence level of the intervals.
    """

    model: str
    slope_kind: str
    baseline_as: str | None
    terms: tuple[str, ...]
    estimates: FloatArray
    covariance: FloatArray
    at: FloatArray
    slope_estimates: FloatArray
    slope_covariance: FloatArray
    limits: FloatArray
    region_ends: FloatArray
    region_slopes: FloatArray
    region_shares: FloatArray
    satisfaction_range: tuple[float, float]
    degrees: float
    n_obs: int
    n_dropped: int
    level: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        levels = count_of(len(self.at), "level")
        return f"<AdverseResponse: {self.model}, {self.n_obs} people, {levels}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients with standard errors, intervals and p-values; of log-odds for a logit."""
        error = np.sqrt(np.diag(self.covariance))
        return pd.DataFrame({"term": list(self.terms), **self._inference(self.estimates, error)})

    @property
    def slopes(self) -> pd.DataFrame:
        """What a unit of shock does to the outcome at each level of satisfaction."""
        error = np.sqrt(np.diag(self.slope_covariance))
        found = self._inference(self.slope_estimates, error)
        return pd.DataFrame({"satisfaction": self.at.copy(), **found})

    @property
    def damping(self) -> pd.Series:
        """Change of the slope by point of satisfaction, between the ends of the chosen levels.

        ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value`` of no change. Where
        slopes are negative, a positive change damps. For a line it is the coefficient of the
        product.
        """
        contrast = np.zeros((1, len(self.at)))
        contrast[0, [0, -1]] = np.array([-1.0, 1.0]) / (self.at[-1] - self.at[0])
        found = self._inference(*sums_of(contrast, self.slope_estimates, self.slope_covariance))
        return pd.Series({name: float(value[0]) for name, value in found.items()})

    @property
    def region(self) -> pd.DataFrame:
        """Where, within the satisfaction observed, the slope differs from 0 at the level.

        A row a stretch: ``low`` and ``high`` satisfaction, the sign of the ``slope`` and the
        ``share`` of people in it. No row if it differs nowhere.
        """
        return pd.DataFrame(
            {
                "low": self.region_ends[:, 0].copy(),
                "high": self.region_ends[:, 1].copy(),
                "slope": np.where(self.region_slopes < 0, "negative", "positive").astype(object),
                "share": self.region_shares.copy(),
            }
        )

    def summary(self) -> Summary:
        """Return the slopes, the damping and the region in words and tables.

        Returns
        -------
        Summary
            Print it, or let a notebook show it.
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        lowest, highest = self.satisfaction_range
        facts = [
            ("people", f"{self.n_obs}{left_out}"),
            ("satisfaction", f"{lowest:g} to {highest:g}"),
            ("model", self.model),
            ("slope", _SLOPES[self.slope_kind]),
            ("baseline", self.baseline_as or "none"),
            ("standard errors", "HC3" if self.model == "linear" else "information matrix"),
            ("confidence level", f"{self.level:g}"),
        ]
        slopes = self.slopes
        slopes["satisfaction"] = [f"{level:g}" for level in self.at]
        region = self.region[["slope", "low", "high", "share"]]
        what = "Coefficients" if self.model == "linear" else "Coefficients of the log-odds"
        tables = [
            table_of("Slopes per unit of shock", slopes, digits=4),
            table_of("Change of the slope by point of satisfaction", self._one_row(), digits=4),
            table_of(what, self.coefficients, digits=4),
        ]
        if len(region):
            tables.insert(2, table_of("Satisfactions at which the slope is not 0", region))
        return Summary("Response to an adverse event", tuple(facts), tuple(tables), self._remarks())

    def _one_row(self) -> pd.DataFrame:
        name = f"from {self.at[0]:g} to {self.at[-1]:g}"
        return pd.DataFrame([{"levels": name, **self.damping.to_dict()}])

    def _remarks(self) -> tuple[str, ...]:
        low, high = self.slope_estimates[[0, -1]]
        p_value = self.damping["p_value"]
        told = f"p = {p_value:.3f}" if p_value >= _SMALL else f"p < {_SMALL:g}"
        here, there = f"{self.at[0]:g} ({low:.4g})", f"{self.at[-1]:g} ({high:.4g})"
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
        chance = "Unless the event came to people at random, this is an association."
        remarks = [first, pointwise, chance]
        if not self.covariance.any():
            remarks.insert(1, EXACT)
        if not len(self.region_ends):
            remarks.insert(1, "At no observed satisfaction does the slope differ from 0.")
        if self.model == "logit":
            remarks.append(
                "The region is that of the slope of the log-odds, which has the same sign as "
                "that of the probability."
            )
        return tuple(remarks)

    def _inference(self, estimate: FloatArray, error: FloatArray) -> dict[str, FloatArray]:
        return inference_columns(estimate, error, degrees=self.degrees, level=self.level)
