"""Chances to climb each step of a ladder: what was found, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import check_flag, count_of, enumerate_names
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, table_of
from loyaltymodel._core.variables import Variables, read_variables, several_variables
from loyaltymodel.errors import DataError

INTERCEPT = "intercept"
_REMARK = (
    "A coefficient compares customers who stand before the step; it says nothing of those who have "
    "not come so far, nor of causes."
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SequentialLogitResult(Result):
    """Chances to climb each step, given covariates. Made by :func:`sequential_logit`.

    Attributes
    ----------
    stages : tuple of str
        The stages, lowest first; there is a step to each but the first.
    covariates : tuple of str
        The covariates.
    n_at_risk, n_passed : ndarray of shape (j,)
        Customers who stand before each step, and those of them who climb it.
    n_dropped : int
        Customers left out because of missing values.
    estimates : EstimateTable
        Intercept and slopes by ``step`` and ``term``, in logits, with their covariance;
        estimates of different steps are independent.
    log_likelihoods : ndarray of shape (j,)
        Log-likelihood of each step.
    parallel_estimates : EstimateTable
        Intercepts of the steps and common slopes of the parallel model, by ``term``.
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
    >>> result = loyalty_stage.sequential_logit({"card": card}, stage)
    >>> result.terms["odds_ratio"].round(6).tolist()
    [0.333333, 9.0]
    """

    people: ClassVar[str] = "customers"
    interval: ClassVar[str] = "wald"

    stages: tuple[str, ...]
    covariates: tuple[str, ...]
    n_at_risk: IntArray
    n_passed: IntArray
    n_dropped: int
    estimates: EstimateTable
    log_likelihoods: FloatArray
    parallel_estimates: EstimateTable
    parallel_log_likelihood: float
    level: float

    @property
    def n_obs(self) -> int:
        """Number of customers."""
        return int(self.n_at_risk[0])

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all steps together."""
        return float(self.log_likelihoods.sum())

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
    def terms(self) -> pd.DataFrame:
        """A row a step and term: ``step``, ``term``, ``estimate`` in logits, and how sure it is.

        ``std_error``, ``ci_low``, ``ci_high``, ``p_value`` (Wald) and ``odds_ratio``.
        """
        return _with_odds(self.estimates)

    @property
    def parallel_terms(self) -> pd.DataFrame:
        """The same for the model in which a covariate does as much at every step: ``term``, ..."""
        return _with_odds(self.parallel_estimates)

    @property
    def tests(self) -> pd.DataFrame:
        """Likelihood ratio test: ``hypothesis``, ``statistic``, ``df``, ``p_value``.

        Equal slopes at every step are supposed. With one step there is nothing to compare, and
        the p-value is NaN.
        """
        df = (len(self.n_passed) - 1) * len(self.covariates)
        statistic = 2 * (self.log_likelihood - self.parallel_log_likelihood)
        # Never below 0 but for the tolerance of the maximisation.
        statistic = max(float(statistic), 0.0)
        p = float(chi_square_tail(statistic, df))
        row = {"hypothesis": "equal slopes", "statistic": statistic, "df": df, "p_value": p}
        return pd.DataFrame([row])

    @checked
    def predict(
        self,
        covariates: Columns,
        *,
        data: Data | None = None,
        parallel: bool = False,
    ) -> pd.DataFrame:
        """Return the probability of each stage for given covariates.

        Parameters
        ----------
        covariates : table, mapping or sequence of str
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
        ...     {"card": card}, stage, stages=["none", "cognitive"]
        ... )
        >>> result.predict({"card": [0, 1]}).round(2).to_numpy().tolist()
        [[0.75, 0.25], [0.25, 0.75]]
        """
        check_flag("parallel", parallel)
        given = several_variables("covariates", covariates)
        if absent := [name for name in self.covariates if name not in given]:
            raise DataError(f"there are no values of {enumerate_names(absent)}; give them as well")
        chosen = {name: given[name] for name in self.covariates}
        variables = read_variables(chosen, data=data)
        x = design_of(variables, self.covariates)
        j = len(self.n_passed)
        if parallel:
            common = self.parallel_estimates.estimate
            beta = np.column_stack([common[:j], np.tile(common[j:], (j, 1))])
        else:
            beta = self.estimates.estimate.reshape(j, -1)
        with np.errstate(over="ignore"):
            climb = 1 / (1 + np.exp(-(x @ beta.T)))
        reached = np.column_stack([np.ones(len(x)), np.cumprod(climb, axis=1), np.zeros(len(x))])
        return pd.DataFrame(
            reached[:, :-1] - reached[:, 1:], index=variables.labels, columns=list(self.stages)
        )

    def _title(self) -> str:
        return "Steps of loyalty (continuation-ratio logit)"

    def _brief(self) -> str:
        steps = count_of(len(self.n_passed), "step")
        return f"{steps}, {count_of(len(self.covariates), 'covariate')}"

    def _facts(self) -> Facts:
        test = self.tests.iloc[0]
        told = (
            "nothing to compare"
            if len(self.n_passed) == 1
            else (
                f"chi2({test['df']:.0f}) = {test['statistic']:.3f}, p = {number(test['p_value'])}"
            )
        )
        return (("stages", " < ".join(self.stages)), ("equal slopes", told))

    def _tables(self) -> tuple[Table, ...]:
        return (
            table_of("Steps", self.steps, digits=(0, 0, 3)),
            table_of("Each step by itself", self.terms, n_labels=2),
            table_of("Equal slopes at every step", self.parallel_terms),
        )

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _remarks(self) -> tuple[str, ...]:
        return (_REMARK,)


def _with_odds(table: EstimateTable) -> pd.DataFrame:
    with np.errstate(over="ignore"):  # a slope per unit may be beyond any odds
        return table.frame().assign(odds_ratio=np.exp(table.estimate))


def design_of(variables: Variables, names: Sequence[str]) -> FloatArray:
    """Return ones and the covariates, side by side (n, p + 1)."""
    columns = [np.asarray(variables[name], dtype=np.float64) for name in names]
    return np.column_stack([np.ones(variables.n_rows), *columns])
