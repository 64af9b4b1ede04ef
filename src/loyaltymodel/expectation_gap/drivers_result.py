"""What was found about the drivers of satisfaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._intervals import student_reach
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import ModelError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverResult(FrozenRecord):
    """A regression of satisfaction on its drivers.

    Attributes
    ----------
    terms : tuple of str, k names
        The constant and the terms.
    estimates : array, shape (k,)
        Coefficients, in points of satisfaction per unit of the term.
    covariance : array, shape (k, k)
        Covariance matrix of the coefficients.
    covariance_kind : str
        "classical" or "HC3".
    r_squared : float
        Share of the variance of satisfaction that is explained, from 0 to 1.
    r_squared_adjusted : float
        The same, corrected for the number of terms.
    residual_deviation : float
        Standard deviation of the residuals, in points.
    n_obs : int
        Number of people.
    n_dropped : int
        People left out because of a missing value.
    level : float
        Confidence level of the intervals.
    """

    terms: tuple[str, ...]
    estimates: FloatArray
    covariance: FloatArray
    covariance_kind: str
    r_squared: float
    r_squared_adjusted: float
    residual_deviation: float
    n_obs: int
    n_dropped: int
    level: float

    @property
    def coefficients(self) -> pd.DataFrame:
        """Coefficients with standard errors, intervals and two-sided p-values against 0."""
        return pd.DataFrame(
            {
                "term": list(self.terms),
                **self._inference(self.estimates, np.sqrt(np.diag(self.covariance))),
            }
        )

    def asymmetry(self) -> pd.Series:
        """Return by how much a point short weighs more than a point beyond.

        Returns
        -------
        Series
            ``estimate`` (points of satisfaction per point: effect of a shortfall less that of
            an excess, above 0 where losses weigh more), ``std_error``, ``ci_low``, ``ci_high``
            and ``p_value`` of no asymmetry.

        Raises
        ------
        ModelError
            If the terms do not have both excess and shortfall.

        Notes
        -----
        -b_shortfall - b_excess. With an attributed shortfall among the terms it is the
        asymmetry where nobody holds the firm responsible.
        """
        sums = np.zeros(len(self.terms))
        for term in ("excess", "shortfall"):
            sums[self._place(term, "the asymmetry")] = -1.0
        estimate = np.array([sums @ self.estimates])
        error = np.sqrt([sums @ self.covariance @ sums])
        found = self._inference(estimate, error)
        return pd.Series({name: float(value[0]) for name, value in found.items()})

    def attribution_multiplier(self) -> pd.Series:
        """Return how much more a shortfall counts where the firm is held fully responsible.

        Returns
        -------
        Series
            ``estimate`` (a multiple: 1 where attribution changes nothing), ``std_error``,
            ``ci_low`` and ``ci_high``.

        Raises
        ------
        ModelError
            If the terms do not have both shortfall and attributed shortfall.

        Notes
        -----
        1 + c / b with the coefficients c of the attributed shortfall and b of the shortfall;
        the standard error is that of the delta method, which needs b to be well away from 0.
        """
        base = self._place("shortfall", "the multiplier")
        extra = self._place("attributed_shortfall", "the multiplier")
        b, c = self.estimates[base], self.estimates[extra]
        slope = np.zeros(len(self.terms))
        slope[base], slope[extra] = -c / b**2, 1 / b
        error = float(np.sqrt(slope @ self.covariance @ slope))
        reach = student_reach(self._degrees, level=self.level) * error
        value = float(1 + c / b)
        return pd.Series(
            {
                "estimate": value,
                "std_error": error,
                "ci_low": value - reach,
                "ci_high": value + reach,
            }
        )

    def summary(self) -> Summary:
        """Return the regression as a table to print.

        Returns
        -------
        Summary
            Coefficients and what to know about them.
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        facts = (
            ("people", f"{self.n_obs}{left_out}"),
            ("standard errors", self.covariance_kind),
            ("R2", f"{self.r_squared:.3f} (adjusted {self.r_squared_adjusted:.3f})"),
            ("residuals' deviation", f"{self.residual_deviation:.3f} points"),
            ("confidence level", f"{self.level:g}"),
        )
        tables = (table_of("Coefficients", self.coefficients),)
        remarks = ["Coefficients of one cross-section are associations, not proof of cause."]
        if {"expected", "disconfirmation"} <= set(self.terms):
            remarks.insert(
                0,
                "Where disconfirmation was computed as perceived less expected, the coefficient "
                "of expected less that of disconfirmation is the effect of expectation at the "
                "same performance.",
            )
        return Summary("Drivers of satisfaction", facts, tables, tuple(remarks))

    @property
    def _degrees(self) -> int:
        return self.n_obs - len(self.terms)

    def _place(self, term: str, what: str) -> int:
        if term not in self.terms:
            raise ModelError(f"{what} needs the term {term!r}; fit again with it among the terms")
        return self.terms.index(term)

    def _inference(self, estimate: FloatArray, error: FloatArray) -> dict[str, FloatArray]:
        """Return estimates with Student's intervals and p-values."""
        from scipy.special import stdtr  # noqa: PLC0415 (slow to import)

        reach = student_reach(self._degrees, level=self.level) * error
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(estimate == 0, 0.0, np.abs(estimate) / error)
        return {
            "estimate": estimate.copy(),
            "std_error": error,
            "ci_low": estimate - reach,
            "ci_high": estimate + reach,
            "p_value": 2 * np.asarray(stdtr(self._degrees, -t), dtype=np.float64),
        }
