"""What was found about the drivers of satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.intervals import errors_of, fieller, student_reach
from loyaltymodel._core.options import count_of
from loyaltymodel._core.regression import EXACT, StdErrors, sums_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_together
from loyaltymodel.errors import DataError, ModelError, NotIdentifiedError
from loyaltymodel.expectation_gap.drivers.terms import ATTRIBUTIONS


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DriverResult(Result):
    """A regression of satisfaction on its drivers.

    Attributes
    ----------
    estimates : EstimateTable
        Coefficients of the constant and the terms, in points of satisfaction per unit.
    std_errors : str
        "model" or "robust".
    r_squared : float
        Share of the variance of satisfaction that is explained, from 0 to 1.
    r_squared_adjusted : float
        The same, corrected for the number of terms.
    residual_deviation : float
        Standard deviation of the residuals, in points.
    n_obs : int
        Number of respondents.
    n_dropped : int
        Respondents left out because of a missing value.
    level : float
        Confidence level of the intervals.
    """

    made_by: ClassVar[str] = "satisfaction_drivers()"

    estimates: EstimateTable
    std_errors: StdErrors
    r_squared: float
    r_squared_adjusted: float
    residual_deviation: float
    n_obs: int
    n_dropped: int
    level: float

    @property
    def terms(self) -> pd.DataFrame:
        """Coefficients with standard errors, intervals and two-sided p-values against 0."""
        return self.estimates.frame()

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
        -b_shortfall - b_excess. With attributions among the terms it is the asymmetry where
        locus, stability and controllability are all 0.
        """
        sums = np.zeros((1, len(self.estimates)))
        for term in ("excess", "shortfall"):
            sums[0, self._place(term, "the asymmetry")] = -1.0
        return self._sums({"quantity": ["asymmetry"]}, sums).row("asymmetry")

    @checked
    def shortfall_slope(
        self,
        *,
        locus_firm: npt.ArrayLike = 0.0,
        stability: npt.ArrayLike = 0.0,
        controllability: npt.ArrayLike = 0.0,
    ) -> pd.DataFrame:
        """Return what a point short does to satisfaction, by what it is put down to.

        Parameters
        ----------
        locus_firm : float or array-like of shape (m,)
            How far the firm is held responsible, from 0 to 1. Here and below, a value other
            than 0 needs the term that goes with it.
        stability : float or array-like of shape (m,)
            How far the cause is seen as lasting, from 0 to 1.
        controllability : float or array-like of shape (m,)
            How far it could have been prevented, from 0 to 1.

        Returns
        -------
        DataFrame
            A row for each stated case: the three attributions, ``estimate`` (points of
            satisfaction per point short, below 0 where a shortfall lowers satisfaction),
            ``std_error``, ``ci_low``, ``ci_high`` and ``p_value`` of no effect.

        Raises
        ------
        DataError
            If an attribution is missing or not between 0 and 1, or numbers of cases differ.
        ModelError
            If the terms do not have the shortfall, or the one that an attribution needs.

        Notes
        -----
        b_shortfall + locus b_attributed + stability b_stable + controllability b_controllable,
        a sum of coefficients, so that its interval is as exact as theirs. Each row has an
        interval of its own; they do not hold together at that level.

        Examples
        --------
        Satisfaction is exactly 8 less a point for each point short, less half a point more
        where the firm is responsible, and less a quarter where the cause will last:

        >>> from loyaltymodel.expectation_gap import satisfaction_drivers
        >>> result = satisfaction_drivers(
        ...     ["shortfall", "attributed_shortfall", "stable_shortfall"],
        ...     [8, 6.5, 5.5, 4.5, 3, 1],
        ...     disconfirmation=[0, -1, -2, -2, -4, -4],
        ...     locus_firm=[0, 1, 0, 1, 0.5, 1],
        ...     stability=[0, 0, 1, 1, 0, 1],
        ... )
        >>> slopes = result.shortfall_slope(locus_firm=[0, 1, 1], stability=[0, 0, 1])
        >>> slopes["estimate"].round(6).tolist()
        [-1.0, -1.5, -1.75]
        >>> print(round(result.attribution_multiplier(stability=1)["estimate"], 6))
        1.75
        """
        cases = self._cases(
            {"locus_firm": locus_firm, "stability": stability, "controllability": controllability}
        )
        sums = self._shortfall_sums(cases, "the slope")
        return self._sums(dict(zip(ATTRIBUTIONS, cases.T, strict=True)), sums).frame()

    @checked
    def attribution_multiplier(
        self, *, locus_firm: float = 1.0, stability: float = 0.0, controllability: float = 0.0
    ) -> pd.Series:
        """Return how many times as much a shortfall counts as it does without any attribution.

        Parameters
        ----------
        locus_firm : float
            How far the firm is held responsible, from 0 to 1; by default fully. Here and below,
            a value other than 0 needs the term that goes with it.
        stability : float
            How far the cause is seen as lasting, from 0 to 1.
        controllability : float
            How far it could have been prevented, from 0 to 1.

        Returns
        -------
        Series
            ``estimate`` (a multiple: 1 where attribution changes nothing), ``std_error``,
            ``ci_low`` and ``ci_high``, which are infinite where nothing bounds the multiple.

        Raises
        ------
        DataError
            If an attribution is missing or not between 0 and 1.
        ModelError
            If the terms do not have the shortfall, or the one that an attribution needs.
        NotIdentifiedError
            If the coefficient of the shortfall is 0, as can be in an exact fit.

        Notes
        -----
        (b + c) / b with the coefficient b of the shortfall and what the attributions add to it,
        c; for the locus alone 1 + c / b. The interval is Fieller's: every multiple m at which
        b + c - m b could be 0. Where b itself could be 0 at this level, it has no bounds, and the
        ends are infinite: then the data do not tell how many times as much, and
        :meth:`shortfall_slope` is what to report. The standard error is that of the delta method,
        which needs b to be well away from 0.
        """
        cases = self._cases(
            {"locus_firm": locus_firm, "stability": stability, "controllability": controllability}
        )
        if len(cases) > 1:
            raise DataError(
                f"the multiplier is that of one case, but there are {len(cases)}; ask for one "
                "after the other, or for shortfall_slope, which takes many"
            )
        sums = self._shortfall_sums(cases, "the multiplier")[0]
        base = self._place("shortfall", "the multiplier")
        b = self.estimates.estimate[base]
        if b == 0:
            raise NotIdentifiedError(
                "a shortfall without any attribution counts nothing (its coefficient is 0), and "
                "nothing is a multiple of that; ask for shortfall_slope"
            )
        parts = np.stack([sums, np.eye(len(sums))[base]])
        value = float(sums @ self.estimates.estimate / b)
        error = errors_of((parts[0] - value * parts[1])[None] / b, self._covariance)
        low = high = np.array([value])
        if error[0] > 0:  # else it is sure, be it 1 because there is no attribution
            low, high = fieller(
                (parts @ self.estimates.estimate)[None],
                (parts @ self._covariance @ parts.T)[None],
                reach=student_reach(self._df, level=self.level),
            )
        table = EstimateTable(
            labels=FrozenMapping({"quantity": ("multiplier",)}),
            estimate=np.array([value]),
            std_error=error,
            ci_low=low,
            ci_high=high,
            level=self.level,
            method="Fieller",
        )
        return table.row("multiplier")

    def _title(self) -> str:
        return "Drivers of satisfaction"

    def _brief(self) -> str:
        terms = count_of(len(self.estimates) - 1, "term")
        return f"{count_of(self.n_obs, 'respondent')}, {terms}"

    def _facts(self) -> Facts:
        kind = "robust (HC3)" if self.std_errors == "robust" else "model"
        return (
            ("standard errors", kind),
            ("R2", f"{self.r_squared:.3f} (adjusted {self.r_squared_adjusted:.3f})"),
            ("residuals' deviation", f"{self.residual_deviation:.3f} points"),
        )

    def _tables(self) -> Sequence[Table]:
        return (table_of("Coefficients", self.terms),)

    def _remarks(self) -> Sequence[str]:
        remarks = ["Coefficients of one cross-section are associations, not proof of cause."]
        if {"expected", "disconfirmation"} <= set(self.estimates.labels["term"]):
            remarks.insert(
                0,
                "Where disconfirmation was computed as perceived less expected, the coefficient "
                "of expected less that of disconfirmation is the effect of expectation at the "
                "same performance.",
            )
        if not self._covariance.any():
            remarks.insert(0, EXACT)
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    @property
    def _df(self) -> int:
        return self.n_obs - len(self.estimates)

    @property
    def _covariance(self) -> FloatArray:
        return np.asarray(self.estimates.covariance, dtype=np.float64)

    def _place(self, term: str, what: str) -> int:
        terms = self.estimates.labels["term"]
        if term not in terms:
            raise ModelError(f"{what} needs the term {term!r}; fit again with it among the terms")
        return terms.index(term)

    def _cases(self, given: dict[str, npt.ArrayLike]) -> FloatArray:
        """Return the attributions (m, 3) of the stated cases."""
        read, _ = read_together(given, bounds=dict.fromkeys(given, (0.0, 1.0)))
        if read[0].ndim > 1:
            raise DataError(
                f"attributions have shape {read[0].shape}; give single numbers, or a list of cases"
            )
        return np.column_stack([np.atleast_1d(values) for values in read])

    def _shortfall_sums(self, cases: FloatArray, what: str) -> FloatArray:
        """Return what the coefficients are multiplied by (m, k) to make slopes of a shortfall."""
        terms = self.estimates.labels["term"]
        sums = np.zeros((len(cases), len(terms)))
        sums[:, self._place("shortfall", what)] = 1.0
        for (name, term), values in zip(ATTRIBUTIONS.items(), cases.T, strict=True):
            if term in terms:
                sums[:, terms.index(term)] = values
            elif (values != 0).any():
                raise ModelError(
                    f"{what} at {name}={values[values != 0][0]:.12g} needs the term {term!r}; fit "
                    f"again with it among the terms, or ask for {name}=0"
                )
        return sums

    def _sums(self, labels: Labels, sums: FloatArray) -> EstimateTable:
        """Return weighted sums (m, k) of the coefficients, with Student's law."""
        found, error = sums_of(sums, self.estimates.estimate, self._covariance)
        return EstimateTable.student(labels, found, error, df=self._df, level=self.level)
