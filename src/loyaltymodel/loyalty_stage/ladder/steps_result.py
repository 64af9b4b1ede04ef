"""Chances to climb each step of a ladder: what was found, handed out as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._intervals import chi_square_tail, wald
from loyaltymodel._options import check_flag, count_of, enumerate_names, repeated
from loyaltymodel._tables import Summary, number, table_of
from loyaltymodel._variables import Variables, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.ladder.reading import all_columns

_CONSTANT = "intercept"
_REMARK = (
    "A coefficient compares people who stand before the step; it says nothing of those who have "
    "not come so far, nor of causes."
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SequentialLogitResult(FrozenRecord):
    """Chances to climb each step, given covariates. Made by :func:`sequential_logit`.

    Attributes
    ----------
    stages : tuple of str
        The stages, lowest first; there is a step to each but the first.
    covariates : tuple of str
        The covariates.
    n_at_risk, n_passed : ndarray of shape (j,)
        People who stand before each step, and those of them who climb it.
    n_dropped : int
        People left out because of missing values.
    estimates : ndarray of shape (j, p + 1)
        Intercept and slopes of each step, in logits.
    covariances : ndarray of shape (j, p + 1, p + 1)
        Their covariance matrices; estimates of different steps are independent.
    log_likelihoods : ndarray of shape (j,)
        Log-likelihood of each step.
    parallel_estimates : ndarray of shape (j + p,)
        Intercepts of the steps and common slopes of the parallel model.
    parallel_covariance : ndarray of shape (j + p, j + p)
        Their covariance matrix.
    parallel_log_likelihood : float
        Log-likelihood of the parallel model.
    level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from loyaltymodel import loyalty_stage
    >>> card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
    >>> stage = np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
    >>> result = loyalty_stage.sequential_logit(stage, {"card": card})
    >>> result.coefficients["odds_ratio"].round(6).tolist()
    [0.333333, 9.0]
    """

    stages: tuple[str, ...]
    covariates: tuple[str, ...]
    n_at_risk: IntArray
    n_passed: IntArray
    n_dropped: int
    estimates: FloatArray
    covariances: FloatArray
    log_likelihoods: FloatArray
    parallel_estimates: FloatArray
    parallel_covariance: FloatArray
    parallel_log_likelihood: float
    level: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        steps = count_of(len(self.n_passed), "step")
        return f"<SequentialLogitResult: {steps}, {count_of(len(self.covariates), 'covariate')}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def steps(self) -> pd.DataFrame:
        """A row a step: ``step``, the stage it leads to; ``n_at_risk``, ``n_passed``, ``share``."""
        return pd.DataFrame(
            {
                "step": list(self.stages[1:]),
                "n_at_risk": self.n_at_risk,
                "n_passed": self.n_passed,
                "share": self.n_passed / self.n_at_risk,
            }
        )

    @property
    def coefficients(self) -> pd.DataFrame:
        """A row a step and term: ``step``, ``term``, ``estimate`` in logits, and how sure it is.

        ``std_error``, ``ci_low``, ``ci_high``, ``p_value`` (Wald) and ``odds_ratio``.
        """
        terms = (_CONSTANT, *self.covariates)
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        frame = self._table(self.estimates.ravel(), variances.ravel())
        frame.insert(0, "step", np.repeat(self.stages[1:], len(terms)))
        frame.insert(1, "term", list(terms) * len(self.n_passed))
        return frame

    @property
    def parallel_coefficients(self) -> pd.DataFrame:
        """The same for the model in which a covariate does as much at every step: ``term``, ..."""
        intercepts = [f"{_CONSTANT} of {stage}" for stage in self.stages[1:]]
        frame = self._table(self.parallel_estimates, np.diagonal(self.parallel_covariance))
        frame.insert(0, "term", [*intercepts, *self.covariates])
        return frame

    def _table(self, estimate: FloatArray, variance: FloatArray) -> pd.DataFrame:
        error = np.sqrt(variance)
        interval = wald(estimate, error, level=self.level)
        with np.errstate(over="ignore"):  # a slope per unit may be beyond any odds
            odds_ratio = np.exp(estimate)
        return pd.DataFrame(
            {
                "estimate": estimate.copy(),
                "std_error": error,
                "ci_low": interval.low,
                "ci_high": interval.high,
                "p_value": interval.p_value,
                "odds_ratio": odds_ratio,
            }
        )

    @property
    def parallelism(self) -> pd.Series:
        """Likelihood ratio test of equal slopes at every step: ``statistic``, ``df``, ``p_value``.

        With one step there is nothing to compare, and the p-value is NaN.
        """
        df = (len(self.n_passed) - 1) * len(self.covariates)
        statistic = 2 * (self.log_likelihoods.sum() - self.parallel_log_likelihood)
        # Never below 0 but for the tolerance of the maximisation.
        statistic = max(float(statistic), 0.0)
        p = float(chi_square_tail(statistic, df))
        return pd.Series({"statistic": statistic, "df": df, "p_value": p}, name="parallelism")

    def predict(
        self,
        covariates: Mapping[str, object] | Sequence[str] | object,
        *,
        data: object = None,
        parallel: bool = False,
    ) -> pd.DataFrame:
        """Return the probability of each stage for given covariates.

        Parameters
        ----------
        covariates : mapping, sequence of str or table
            As in :func:`sequential_logit`, with the same names.
        data : pandas, polars or pyarrow table, optional
            Where names of columns are looked up.
        parallel : bool
            Whether to use the parallel model.

        Returns
        -------
        DataFrame
            A column a stage; every row sums to 1.

        Raises
        ------
        DataError
            If a covariate is absent, missing or not numeric.
        OptionError
            If ``parallel`` is neither True nor False.

        Examples
        --------
        >>> import numpy as np
        >>> from loyaltymodel import loyalty_stage
        >>> card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
        >>> stage = np.repeat(["none", "cognitive", "none", "cognitive"], [30, 10, 10, 30])
        >>> result = loyalty_stage.sequential_logit(
        ...     stage, {"card": card}, stages=["none", "cognitive"]
        ... )
        >>> result.predict({"card": [0, 1]}).round(2).to_numpy().tolist()
        [[0.75, 0.25], [0.25, 0.75]]
        """
        check_flag("parallel", parallel)
        given, table = covariates_of(covariates, data)
        if absent := [name for name in self.covariates if name not in given]:
            raise DataError(f"there are no values of {enumerate_names(absent)}; give them as well")
        chosen = {name: given[name] for name in self.covariates}
        variables = read_variables(chosen, data=table)
        x = design_of(variables, self.covariates)
        j = len(self.n_passed)
        if parallel:
            slopes = np.tile(self.parallel_estimates[j:], (j, 1))
            beta = np.column_stack([self.parallel_estimates[:j], slopes])
        else:
            beta = self.estimates
        with np.errstate(over="ignore"):
            climb = 1 / (1 + np.exp(-(x @ beta.T)))
        reached = np.column_stack([np.ones(len(x)), np.cumprod(climb, axis=1), np.zeros(len(x))])
        return pd.DataFrame(
            reached[:, :-1] - reached[:, 1:], index=variables.labels, columns=list(self.stages)
        )

    def summary(self) -> Summary:
        """Return the model in words and tables.

        Returns
        -------
        Summary
            Steps, coefficients of both models, and the test of parallelism.

        Examples
        --------
        >>> import numpy as np
        >>> from loyaltymodel import loyalty_stage
        >>> card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
        >>> stage = np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
        >>> print(loyalty_stage.sequential_logit(stage, {"card": card}).summary().title)
        Steps of loyalty (continuation-ratio logit)
        """
        test = self.parallelism
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        told = (
            "nothing to compare"
            if len(self.n_passed) == 1
            else (
                f"chi2({test['df']:.0f}) = {test['statistic']:.3f}, p = {number(test['p_value'])}"
            )
        )
        return Summary(
            title="Steps of loyalty (continuation-ratio logit)",
            facts=(
                ("people", f"{self.n_at_risk[0]}{left_out}"),
                ("stages", " < ".join(self.stages)),
                ("intervals", f"Wald, at {100 * self.level:g} %, each on its own"),
                ("equal slopes", told),
            ),
            tables=(
                table_of("Steps", self.steps, digits=(0, 0, 3)),
                table_of("Each step by itself", self.coefficients, n_labels=2, digits=3),
                table_of("Equal slopes at every step", self.parallel_coefficients, digits=3),
            ),
            remarks=(_REMARK,),
        )


def covariates_of(covariates: Any, data: object) -> tuple[dict[str, object], object]:
    """Return covariates by name, and the table where names of columns are looked up."""
    if isinstance(covariates, Mapping):
        return {str(name): value for name, value in covariates.items()}, data
    if isinstance(covariates, str):
        return {covariates: covariates}, data
    if isinstance(covariates, (list, tuple)):
        if not all(isinstance(name, str) for name in covariates):
            raise OptionError("covariates as a sequence must be names of columns of data")
        if twice := repeated(covariates):
            raise OptionError(f"covariates name {enumerate_names(twice)} twice; name each once")
        return {name: name for name in covariates}, data
    if isinstance(covariates, np.ndarray):
        raise OptionError(
            "covariates are an array without names; give a mapping, such as {'age': ages}"
        )
    return {name: covariates[name] for name in all_columns(covariates)}, data


def design_of(variables: Variables, names: Sequence[str]) -> FloatArray:
    """Return ones and the covariates, side by side (n, p + 1)."""
    columns = [np.asarray(variables[name], dtype=np.float64) for name in names]
    return np.column_stack([np.ones(variables.n_rows), *columns])
