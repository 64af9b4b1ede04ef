"""What was found about covariates that shift ratings, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._intervals import chi_square_tail
from loyaltymodel._options import count_of, enumerate_names
from loyaltymodel._regression import EXACT, inference_columns
from loyaltymodel._tables import Summary, number, table_of
from loyaltymodel._variables import read_variables
from loyaltymodel.delivered_value.covariates import Covariate, given_covariates
from loyaltymodel.delivered_value.response_kernels import mean_rating
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
class PerceptionShift(FrozenRecord):
    """How covariates shift the ratings that customers give. Made by :func:`perception_shift`.

    Attributes
    ----------
    model : str
        "logit", "probit" or "linear".
    covariates : tuple of Covariate
        The covariates, with the categories of those that have any, the reference first.
    ratings : ndarray of shape (k,)
        The ratings that were given, in rising order; empty for a linear model.
    counts : ndarray of shape (k,)
        How many customers gave each.
    mean : float
        Mean rating.
    estimates : ndarray of shape (p,)
        Shift of each term: by how much the thresholds lie lower, or the rating higher.
    thresholds : ndarray of shape (k - 1,)
        Thresholds between neighbouring ratings where every covariate is 0; for a linear model
        the constant alone.
    covariance : ndarray of shape (p + k - 1, p + k - 1)
        Covariance matrix of estimates and thresholds.
    effects, effect_errors : ndarray of shape (p,)
        Average difference in the mean rating that each term makes, and its standard error.
    as_change : ndarray of shape (p,)
        Whether the effect is that of a change from 0 to 1, or else the slope.
    means : ndarray of shape (p,)
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
    >>> found = perception_shift(
    ...     [3, 5, 6, 8], covariates={"new": [0, 0, 1, 1]}, model="linear"
    ... )
    >>> found.estimates.round(6)
    array([3.])
    """

    model: Model
    covariates: tuple[Covariate, ...]
    ratings: FloatArray
    counts: IntArray
    mean: float
    estimates: FloatArray
    thresholds: FloatArray
    covariance: FloatArray
    effects: FloatArray
    effect_errors: FloatArray
    as_change: BoolArray
    means: FloatArray
    n_obs: int
    n_dropped: int
    level: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return f"<PerceptionShift: {self.model}, {count_of(len(self.terms), 'term')}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms: numbers by their name, categories as name=category."""
        return tuple(term for covariate in self.covariates for term in covariate.terms)

    @property
    def shift_table(self) -> pd.DataFrame:
        """A row a term: its shift with ``std_error``, ``ci_low``, ``ci_high``, ``p_value``."""
        p = len(self.estimates)
        frame = self._inference(self.estimates, np.sqrt(np.diag(self.covariance)[:p]))
        frame = frame.rename(columns={"estimate": "shift"})
        frame.insert(0, "term", list(self.terms))
        return frame

    @property
    def effect_table(self) -> pd.DataFrame:
        """A row a term: the difference in the mean rating that it makes, with its interval.

        ``change`` is "0 to 1" or "per unit".
        """
        frame = self._inference(self.effects, self.effect_errors)
        frame = frame.rename(columns={"estimate": "difference"})
        frame.insert(0, "change", np.where(self.as_change, "0 to 1", "per unit").tolist())
        frame.insert(0, "term", list(self.terms))
        return frame

    @property
    def threshold_table(self) -> pd.DataFrame:
        """A row a threshold: the ratings that it parts, and where it lies for the reference."""
        p = len(self.estimates)
        error = np.sqrt(np.diag(self.covariance)[p:])
        frame = self._inference(self.thresholds, error).drop(columns="p_value")
        frame = frame.rename(columns={"estimate": "threshold"})
        names = [f"{low:g} | {high:g}" for low, high in pairwise(self.ratings)]
        frame.insert(0, "between", names or ["constant"])
        return frame

    @property
    def joint_test(self) -> pd.Series:
        """Wald test that no term shifts ratings: ``statistic``, ``df`` and ``p_value``.

        A chi-squared statistic, or for a linear model F with the ``df`` of the numerator.
        """
        from scipy.special import fdtrc  # noqa: PLC0415  slow to import

        p = len(self.estimates)
        between = self.covariance[:p, :p]
        statistic = float("inf")  # of an exact fit, which has no errors
        if between.any():
            size = np.sqrt(np.diag(between))
            scaled = self.estimates / size
            statistic = float(scaled @ np.linalg.solve(between / np.outer(size, size), scaled))
        if self.model == "linear":
            statistic /= p
            p_value = float(fdtrc(p, self._degrees, statistic))
        else:
            p_value = float(chi_square_tail(statistic, p))
        return pd.Series({"statistic": statistic, "df": p, "p_value": p_value}, name="joint_test")

    def customer_shifts(self, covariates: object, *, data: object = None) -> pd.DataFrame:
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
            A row a customer: ``shift`` against a customer with the mean of every covariate, with
            ``ci_low`` and ``ci_high``, and ``expected_rating``; with the labels of the rows.

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
        >>> found = perception_shift(
        ...     [3, 5, 6, 8], covariates={"new": [0, 0, 1, 1]}, model="linear"
        ... )
        >>> found.customer_shifts({"new": [0, 1]})[["shift", "expected_rating"]].round(6)
           shift  expected_rating
        0   -1.5              4.0
        1    1.5              7.0
        """
        given = given_covariates(covariates)
        if absent := [c.name for c in self.covariates if c.name not in given]:
            raise DataError(f"there are no values of {enumerate_names(absent)}; give them as well")
        read = read_variables(
            {covariate.name: given[covariate.name] for covariate in self.covariates},
            data=data,
            categories=[covariate.name for covariate in self.covariates if covariate.levels],
        )
        x = np.hstack([covariate.columns(read) for covariate in self.covariates])
        p = len(self.estimates)
        apart = x - self.means
        shift = apart @ self.estimates
        error = np.sqrt(np.einsum("ni,ij,nj->n", apart, self.covariance[:p, :p], apart))
        frame = self._inference(shift, error)[["estimate", "ci_low", "ci_high"]]
        frame = frame.rename(columns={"estimate": "shift"}).set_axis(read.labels, axis=0)
        score = x @ self.estimates
        frame["expected_rating"] = (
            score + self.thresholds[0]
            if self.model == "linear"
            else mean_rating(score, self.thresholds, self.ratings, self.model)
        )
        return frame

    def summary(self) -> Summary:
        """Return the shifts in words and tables.

        Returns
        -------
        Summary
            Shifts, differences in the mean rating, and thresholds; ``print`` it.

        Examples
        --------
        >>> from loyaltymodel.delivered_value import perception_shift
        >>> found = perception_shift(
        ...     [3, 5, 6, 8], covariates={"new": [0, 0, 1, 1]}, model="linear"
        ... )
        >>> found.summary().facts[1]
        ('mean rating', '5.500')
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        test = self.joint_test
        name = "F" if self.model == "linear" else "chi2"
        told = (
            f"{name}({test['df']:.0f}) = {number(test['statistic'])}, "
            f"p = {number(test['p_value'], 4)}"
        )
        facts = [
            ("customers", f"{self.n_obs}{left_out}"),
            ("mean rating", number(self.mean)),
            ("model", self.model),
            ("shifts in", _UNITS[self.model]),
            ("confidence level", f"{self.level:g}"),
            ("no shift at all", told),
        ]
        facts += [
            (f"reference of {covariate.name}", str(covariate.levels[0]))
            for covariate in self.covariates
            if covariate.levels
        ]
        tables = [table_of("Shifts", self.shift_table)]
        if self.model != "linear":
            tables += [
                table_of("Difference in the mean rating", self.effect_table, n_labels=2),
                table_of("Thresholds", self.threshold_table),
            ]
        return Summary(
            "What shifts perception",
            tuple(facts),
            tuple(tables),
            (_REMARK,) if self.covariance.any() else (EXACT, _REMARK),
        )

    @property
    def _degrees(self) -> int:
        return self.n_obs - len(self.estimates) - 1

    def _inference(self, estimate: FloatArray, error: FloatArray) -> pd.DataFrame:
        """Return estimates with intervals and p-values: Student's law if linear, else normal."""
        degrees = self._degrees if self.model == "linear" else np.inf
        return pd.DataFrame(inference_columns(estimate, error, degrees=degrees, level=self.level))
