"""What was found about the effect of a programme, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, percent, table_of

Estimator = Literal["difference", "difference_in_differences", "ancova"]
StdErrors = Literal["robust", "cluster"]
AveragedOver = Literal["everybody", "members"]

_ROUNDING = 1e-12  # of the larger mean: what rounding leaves of a spread or difference of 0

_WORDS = {
    "difference": "difference of means",
    "difference_in_differences": "difference in differences",
    "ancova": "analysis of covariance, a slope for each group",
}
_ERRORS = {"robust": "robust (HC2)", "cluster": "by clusters (CR1)"}
_ASSUMES = {
    "difference": (
        "Members choose themselves. Unless membership was assigned at random, the difference is "
        "not an effect: those who buy more may join more."
    ),
    "difference_in_differences": (
        "Unless assigned at random, this holds only if both groups would have changed by the same "
        "amount without the programme. Who joins after an unusually good period falls back anyway."
    ),
    "ancova": (
        "Unless assigned at random, this holds only if, among customers with the same value "
        "before, joining has nothing to do with what they would have done. One period tells only "
        "in part what customers are like, and the rest of a difference between the groups stays in."
    ),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ProgrammeEffect(Result):
    """The effect of membership against a control group, with its uncertainty.

    Made by :func:`programme_effect`. Pairs stand for members, then control.

    Attributes
    ----------
    estimator : {"difference", "difference_in_differences", "ancova"}
        How the effect was estimated.
    averaged_over : {"everybody", "members"} or None
        Over whom the effect is averaged; None but for "ancova".
    std_errors : {"robust", "cluster"}
        Kind of the standard error: HC2, or by clusters (CR1).
    estimates : EstimateTable
        Effect of membership, in units of the outcome per member.
    df : float
        Degrees of freedom of its standard error.
    level : float
        Confidence level of the interval.
    counts : ndarray of shape (2,)
        Number of customers.
    outcome_means : ndarray of shape (2,)
        Mean outcome.
    before_means : ndarray of shape (2,)
        Mean before; NaN where no such values were given.
    before_deviations : ndarray of shape (2,)
        Standard deviation before; NaN where no such values were given.
    group_slopes : ndarray of shape (2,)
        Slope of the outcome on the value before; NaN but for "ancova".
    n_clusters : int or None
        Number of clusters, if there are any.
    group_clusters : ndarray of shape (2,) or (0,)
        Number of clusters with members and with control; empty without clusters.
    n_dropped : int
        Customers left out because of a missing value.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> effect = economics.programme_effect([1, 1, 1, 0, 0, 0], [12, 14, 16, 9, 10, 11])
    >>> round(effect.estimate, 3), effect.counts.tolist()
    (4.0, [3, 3])
    """

    made_by: ClassVar[str] = "programme_effect()"

    people: ClassVar[str] = "customers"

    estimator: Estimator
    averaged_over: AveragedOver | None
    std_errors: StdErrors
    estimates: EstimateTable
    df: float
    level: float
    counts: IntArray
    outcome_means: FloatArray
    before_means: FloatArray
    before_deviations: FloatArray
    group_slopes: FloatArray
    n_clusters: int | None
    group_clusters: IntArray
    n_dropped: int

    @property
    def n_obs(self) -> int:
        """Number of customers in both groups."""
        return int(self.counts.sum())

    @property
    def estimate(self) -> float:
        """Effect of membership, in units of the outcome per member."""
        return float(self.estimates.estimate[0])

    @property
    def effects(self) -> pd.DataFrame:
        """The effect: ``quantity``, ``estimate``, error, interval, ``p_value`` and ``df``.

        The p-value is two-sided, against no effect, and below 1 - level where the interval does not
        hold 0.
        """
        return self.estimates.frame().assign(df=self.df)

    @property
    def groups(self) -> pd.DataFrame:
        """A row a group: ``n_obs``, means ``before`` and ``outcome``, ``change``, ``slope``."""
        return pd.DataFrame(
            {
                "group": ["members", "control"],
                "n_obs": self.counts,
                "before": self.before_means,
                "outcome": self.outcome_means,
                "change": self.outcome_means - self.before_means,
                "slope": self.group_slopes,
            }
        )

    @property
    def baseline_difference(self) -> float:
        """Members less control before, in standard deviations; NaN without values before.

        The standard deviation is the root of the mean of the two variances. Random assignment
        brings it near 0; customers who choose themselves need not. Where nobody differs within
        the groups it is 0 if these are alike, and else infinite, above 0 where the members stood
        higher.
        """
        apart = self.before_means[0] - self.before_means[1]
        pooled = np.sqrt((self.before_deviations**2).mean())
        slack = _ROUNDING * np.abs(self.before_means).max()
        if pooled <= slack:
            return 0.0 if abs(apart) <= slack else float(np.copysign(np.inf, apart))
        return float(apart / pooled)

    def _apart_in_words(self) -> str:
        apart = self.baseline_difference
        if np.isinf(apart):
            side = "higher" if apart > 0 else "lower"
            return f"wholly: members stood {side}, and nobody differs within the groups"
        return f"{apart:.2f} standard deviations"

    def _title(self) -> str:
        return "Effect of the programme"

    def _brief(self) -> str:
        row = self.estimates.frame().iloc[0]
        return (
            f"{self.estimate:.4g} ({percent(self.level)} interval {row['ci_low']:.4g} to "
            f"{row['ci_high']:.4g}), {self.counts[0]} members, {self.counts[1]} control"
        )

    def _facts(self) -> Facts:
        facts = [("estimator", _WORDS[self.estimator])]
        if self.averaged_over is not None:
            facts.append(("averaged over", self.averaged_over))
        facts.append(("standard errors", _ERRORS[self.std_errors]))
        if self.group_clusters.size:
            members, control = self.group_clusters
            facts.append(("groups", f"{members:,} clusters with members, {control:,} with control"))
        if np.isfinite(self.before_means).all():
            facts.append(("apart before", self._apart_in_words()))
        return facts

    def _tables(self) -> tuple[Table, ...]:
        groups = self.groups.dropna(axis=1, how="all")
        return (
            table_of("Effect, in units of the outcome per member", self.effects),
            table_of("Groups, means", groups, digits=[0, *[3] * (groups.shape[1] - 2)]),
        )

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _remarks(self) -> tuple[str, ...]:
        return (_ASSUMES[self.estimator],)
