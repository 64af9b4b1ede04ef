"""What was found about covariates that shift ratings, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import chi_square_tail, errors_of
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.regression import EXACT
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel._core.variables import read_variables, several_variables
from loyaltymodel.delivered_value.response.covariates import Covariate
from loyaltymodel.delivered_value.response.kernels import mean_rating
from loyaltymodel.errors import DataError

Model = Literal["logit", "probit", "linear"]

_REMARK = (
    "A covariate that moves what customers truly perceive, and one that moves how they use the "
    "scale, shift ratings alike: ratings alone cannot tell which."
)
_UNITS = {
    "logit": "latent units, logistic (standard deviation 1.81)",
    "probit": "latent units, normal (standard deviation 1)",
    "linear": "points of the rating",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PerceptionShift(Result):
    """How covariates shift the ratings that customers give. Made by :func:`perception_shift`.

    Attributes
    ----------
    model : str
        "logit", "probit" or "linear".
    covariates : tuple of Covariate
        The covariates, with the categories of those that have any, the reference first.
    ratings : ndarray of shape (k,)
        The ratings that were given, in rising order; empty for a linear model.
    rating_counts : ndarray of shape (k,)
        How many customers gave each.
    mean_rating : float
        Mean rating.
    shifts : EstimateTable
        Shift of each term: by how much the thresholds lie lower, or the rating higher.
    effects : EstimateTable
        Average difference in the mean rating that each term makes; by a ``change`` from
        "0 to 1", or "per unit".
    boundaries : EstimateTable
        Thresholds between neighbouring ratings where every covariate is 0; for a linear model
        the constant alone.
    term_means : ndarray of shape (p,)
        Mean of each term.
    n_obs : int
        Number of customers.
    n_dropped : int
        Customers left out because a value was missing.
    level : float
        Confidence level of the intervals.

    See Also
    --------
    perception_shift : Makes one from data.

    Examples
    --------
    >>> from loyaltymodel.delivered_value import perception_shift
    >>> found = perception_shift({"new": [0, 0, 1, 1]}, [3, 5, 6, 8], model="linear")
    >>> found.shifts.estimate.round(6)
    array([3.])
    """

    made_by: ClassVar[str] = "perception_shift()"
    people: ClassVar[str] = "customers"

    model: Model
    covariates: tuple[Covariate, ...]
    ratings: FloatArray
    rating_counts: IntArray
    mean_rating: float
    shifts: EstimateTable
    effects: EstimateTable
    boundaries: EstimateTable
    term_means: FloatArray
    n_obs: int
    n_dropped: int
    level: float

    @property
    def std_errors(self) -> str:
        """Kind of standard errors: "model", of maximum likelihood, or "robust" if linear."""
        return "robust" if self.model == "linear" else "model"

    @property
    def terms(self) -> pd.DataFrame:
        """Two rows a term: its "shift", and the "difference" in the mean rating that it makes.

        Numbers are called by their name, categories name=category. ``change`` is "0 to 1" or
        "per unit".
        """
        tables = {"shift": self.shifts, "difference": self.effects}
        found = pd.concat([table.frame() for table in tables.values()], ignore_index=True)
        found = found.drop(columns="change")
        found.insert(1, "quantity", np.repeat(list(tables), len(self.shifts)).tolist())
        found.insert(2, "change", [*self.effects.labels["change"]] * 2)
        return found

    @property
    def thresholds(self) -> pd.DataFrame:
        """A row a threshold: the ratings that it parts, and where it lies for the reference."""
        return self.boundaries.frame()

    @property
    def joint_test(self) -> pd.Series:
        """Wald test that no term shifts ratings: ``statistic``, ``df`` and ``p_value``.

        A chi-squared statistic, or for a linear model F with the ``df`` of the numerator.
        """
        from scipy.special import fdtrc  # noqa: PLC0415  slow to import

        p = len(self.shifts)
        between = _covariance(self.shifts)
        statistic = float("inf")  # of an exact fit, which has no errors
        if between.any():
            size = np.sqrt(np.diag(between))
            scaled = self.shifts.estimate / size
            statistic = float(scaled @ np.linalg.solve(between / np.outer(size, size), scaled))
        if self.model == "linear":
            statistic /= p
            p_value = float(fdtrc(p, self._df, statistic))
        else:
            p_value = float(chi_square_tail(statistic, p))
        return pd.Series({"statistic": statistic, "df": p, "p_value": p_value}, name="joint_test")

    @checked
    def customer_shifts(self, covariates: Columns, *, data: Data | None = None) -> pd.DataFrame:
        """Return by how much the ratings of given customers are shifted (感受差异).

        Parameters
        ----------
        covariates : mapping from str to Series or array, sequence of str, or table
            As in :func:`perception_shift`, with the same names.
        data : pandas, polars or pyarrow table, optional
            Where names of columns are looked up.

        Returns
        -------
        DataFrame
            A row a customer: ``estimate`` of the shift against a customer with the mean of every
            covariate, with ``ci_low`` and ``ci_high``, and ``expected_rating``; with the labels
            of the rows.

        Raises
        ------
        DataError
            If a covariate is absent, missing or not numeric, or has an unknown category.

        Notes
        -----
        The shift is what covariates tell of a customer, not the customer's own. Two with the same
        covariates have the same shift, and the rest of their difference is not explained.

        Examples
        --------
        >>> from loyaltymodel.delivered_value import perception_shift
        >>> found = perception_shift({"new": [0, 0, 1, 1]}, [3, 5, 6, 8], model="linear")
        >>> found.customer_shifts({"new": [0, 1]})[["estimate", "expected_rating"]].round(6)
           estimate  expected_rating
        0      -1.5              4.0
        1       1.5              7.0
        """
        given = several_variables("covariates", covariates)
        if absent := [c.name for c in self.covariates if c.name not in given]:
            raise DataError(f"there are no values of {enumerate_names(absent)}; give them as well")
        read = read_variables(
            {covariate.name: given[covariate.name] for covariate in self.covariates},
            data=data,
            categories=[covariate.name for covariate in self.covariates if covariate.levels],
        )
        x = np.hstack([covariate.columns(read) for covariate in self.covariates])
        apart = x - self.term_means
        shift = apart @ self.shifts.estimate
        error = errors_of(apart, _covariance(self.shifts))
        df = self._df if self.model == "linear" else np.inf
        table = EstimateTable.student({}, shift, error, df=df, level=self.level)
        frame = table.frame()[["estimate", "ci_low", "ci_high"]].set_axis(read.labels, axis=0)
        score = x @ self.shifts.estimate
        thresholds = self.boundaries.estimate
        frame["expected_rating"] = (
            score + thresholds[0]
            if self.model == "linear"
            else mean_rating(score, thresholds, self.ratings, self.model)
        )
        return frame

    def _title(self) -> str:
        return "What shifts perception"

    def _brief(self) -> str:
        terms = count_of(len(self.shifts), "term")
        return f"{count_of(self.n_obs, 'customer')}, {self.model}, {terms}"

    def _facts(self) -> Facts:
        test = self.joint_test
        name = "F" if self.model == "linear" else "chi2"
        told = (
            f"{name}({test['df']:.0f}) = {number(test['statistic'])}, "
            f"p = {number(test['p_value'], 4)}"
        )
        kind = "robust (HC3)" if self.model == "linear" else "model (maximum likelihood)"
        facts = [
            ("mean rating", number(self.mean_rating)),
            ("model", self.model),
            ("shifts in", _UNITS[self.model]),
            ("standard errors", kind),
            ("no shift at all", told),
        ]
        facts += [
            (f"reference of {covariate.name}", str(covariate.levels[0]))
            for covariate in self.covariates
            if covariate.levels
        ]
        return facts

    def _tables(self) -> Sequence[Table]:
        tables = [table_of("Shifts", self.shifts.frame())]
        if self.model != "linear":
            effects = self.effects.frame()
            tables += [
                table_of("Difference in the mean rating", effects, n_labels=2),
                table_of("Thresholds", self.thresholds),
            ]
        return tables

    def _remarks(self) -> Sequence[str]:
        return (_REMARK,) if _covariance(self.shifts).any() else (EXACT, _REMARK)

    def _coefficients(self) -> EstimateTable:
        return self.shifts

    @property
    def _df(self) -> int:
        return self.n_obs - len(self.shifts) - 1


def _covariance(table: EstimateTable) -> FloatArray:
    return np.asarray(table.covariance, dtype=np.float64)
