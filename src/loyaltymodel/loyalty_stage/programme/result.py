"""What was found about the effect of a programme, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._intervals import Interval, student
from loyaltymodel._tables import Summary, table_of

Estimator = Literal["difference", "difference_in_differences", "ancova"]
Covariance = Literal["HC2", "HC3", "CR1"]
Target = Literal["everybody", "members"]

_ROUNDING = 1e-12  # of the larger mean: what rounding leaves of a spread or difference of 0

_WORDS = {
    "difference": "difference of means",
    "difference_in_differences": "difference in differences",
    "ancova": "analysis of covariance, a slope for each group",
}
_ASSUMES = {
    "difference": (
        "Members choose themselves. Unless a lot decided who is a member, the difference is not "
        "an effect: those who buy more may join more."
    ),
    "difference_in_differences": (
        "Unless a lot decided, this holds only if both groups would have changed by the same "
        "amount without the programme. Who joins after an unusually good period falls back anyway."
    ),
    "ancova": (
        "Unless a lot decided, this holds only if, among people with the same value before, "
        "joining has nothing to do with what they would have done. One period tells only in part "
        "what people are like, and the rest of a difference between the groups stays in."
    ),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProgrammeEffect(FrozenRecord):
    """The effect of membership against a control group, with its uncertainty.

    Made by :func:`programme_effect`. Pairs stand for members, then control.

    Attributes
    ----------
    estimator : {"difference", "difference_in_differences", "ancova"}
        How the effect was estimated.
    target : {"everybody", "members"} or None
        Over whom the effect is averaged; None but for "ancova".
    covariance : {"HC2", "HC3", "CR1"}
        Kind of the standard error; "CR1" goes by clusters.
    estimate : float
        Effect of membership, in units of the outcome per member.
    std_error : float
        Its standard error.
    degrees : float
        Degrees of freedom of its interval.
    level : float
        Confidence level of the interval.
    n : ndarray of shape (2,)
        Number of people.
    outcome_means : ndarray of shape (2,)
        Mean outcome.
    before_means : ndarray of shape (2,)
        Mean before; NaN where no such values were given.
    before_deviations : ndarray of shape (2,)
        Standard deviation before; NaN where no such values were given.
    slopes : ndarray of shape (2,)
        Slope of the outcome on the value before; NaN but for "ancova".
    n_clusters : ndarray of shape (2,) or (0,)
        Number of clusters with members and with control; empty without clusters.
    n_dropped : int
        People left out because of a missing value.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> effect = loyalty_stage.programme_effect([12, 14, 16, 9, 10, 11], [1, 1, 1, 0, 0, 0])
    >>> round(effect.estimate, 3), effect.n.tolist()
    (4.0, [3, 3])
    """

    estimator: Estimator
    target: Target | None
    covariance: Covariance
    estimate: float
    std_error: float
    degrees: float
    level: float
    n: IntArray
    outcome_means: FloatArray
    before_means: FloatArray
    before_deviations: FloatArray
    slopes: FloatArray
    n_clusters: IntArray
    n_dropped: int

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        low, high = self.interval
        return (
            f"<ProgrammeEffect: {self.estimate:.4g} ({100 * self.level:g} % interval {low:.4g} to "
            f"{high:.4g}), {self.n[0]} members, {self.n[1]} control>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the interval of the effect."""
        found = self._tested
        return float(found.low), float(found.high)

    @property
    def effect(self) -> pd.Series:
        """Effect with ``std_error``, ``ci_low``, ``ci_high``, ``p_value`` and ``degrees``.

        The p-value is two-sided, against no effect.
        """
        found = self._tested
        return pd.Series(
            {
                "estimate": self.estimate,
                "std_error": self.std_error,
                "ci_low": float(found.low),
                "ci_high": float(found.high),
                "p_value": float(found.p_value),
                "degrees": self.degrees,
            }
        )

    @property
    def _tested(self) -> Interval:
        estimate, error = np.array(self.estimate), np.array(self.std_error)
        return student(estimate, error, self.degrees, level=self.level)

    @property
    def groups(self) -> pd.DataFrame:
        """A row a group: ``n``, mean ``before``, mean ``outcome``, ``change`` and ``slope``."""
        return pd.DataFrame(
            {
                "n": self.n,
                "before": self.before_means,
                "outcome": self.outcome_means,
                "change": self.outcome_means - self.before_means,
                "slope": self.slopes,
            },
            index=pd.Index(["members", "control"], name="group"),
        )

    @property
    def baseline_difference(self) -> float:
        """Members less control before, in standard deviations; NaN without values before.

        The standard deviation is the root of the mean of the two variances. A lot brings it
        near 0; people who choose themselves need not. Where nobody differs within the groups it
        is 0 if these are alike, and else infinite, above 0 where the members stood higher.
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

    def summary(self) -> Summary:
        """Return the effect as tables to print.

        Returns
        -------
        Summary
            The effect, the groups, and what the estimate rests on.
        """
        left_out = f", {self.n_dropped:,} left out" if self.n_dropped else ""
        facts = [
            ("estimator", _WORDS[self.estimator]),
            ("members", f"{self.n[0]:,}"),
            ("control", f"{self.n[1]:,}{left_out}"),
            ("standard errors", self.covariance),
        ]
        if self.target is not None:
            facts.insert(1, ("averaged over", self.target))
        if self.n_clusters.size:
            pair = f"{self.n_clusters[0]:,} with members, {self.n_clusters[1]:,} with control"
            facts.append(("clusters", pair))
        if np.isfinite(self.before_means).all():
            facts.append(("apart before", self._apart_in_words()))
        share = f"{100 * self.level:g} %"
        effect = self.effect.to_frame().T.rename(
            columns={
                "std_error": "std. error",
                "ci_low": f"low {share}",
                "ci_high": f"high {share}",
                "p_value": "p",
                "degrees": "df",
            }
        )
        effect.insert(0, "", ["membership"])
        groups = self.groups.dropna(axis=1, how="all").reset_index()
        tables = (
            table_of("Effect, in units of the outcome per member", effect),
            table_of("Groups, means", groups, digits=[0, *[3] * (groups.shape[1] - 2)]),
        )
        return Summary("Effect of the programme", tuple(facts), tables, (_ASSUMES[self.estimator],))
