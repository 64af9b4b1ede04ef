"""What was found about waves, alarms and the same customers, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, percent, table_of

if TYPE_CHECKING:
    from loyaltymodel._core.scales import Pair

_UNSURE = 0.05  # p-value below which the baseline itself moves more than chance
_A_SIGNAL = (
    "An alarm says that something is wrong, not what; no alarm does not say that customers stay."
)
STATES = ("fell", "unchanged", "rose")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WaveIndex(Result):
    """Mean satisfaction by wave, with changes and what they are made of.

    Made by :func:`index_by_wave`.

    Attributes
    ----------
    estimates : EstimateTable
        Mean of each wave, with the covariance of all of them.
    change_estimates : EstimateTable
        Change of the mean ``since`` an earlier wave.
    component_estimates : EstimateTable or None
        Parts of each change: "same_customers", "joiners" and "leavers"; None where it is not
        known who is the same customer.
    counts : ndarray of shape (t,)
        Answers in each wave.
    effective_counts : ndarray of shape (t,)
        Kish's effective number of them.
    overlaps : ndarray of shape (k,)
        Customers who are in both waves of a change; empty where that is not known.
    df : ndarray of shape (t,)
        Degrees of freedom of the error of each mean.
    change_df : ndarray of shape (k,)
        Degrees of freedom of the error of each change.
    scale : tuple of two floats or None
        Lowest and highest possible answer, if the means are an index from 0 to 100.
    level : float
        Confidence level of the intervals.
    n_clusters : int or None
        Number of clusters, if there are any.
    n_dropped : int
        Answers left out because a value was missing.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> found = chain.index_by_wave([7, 8, 9, 5, 6, 7], [1, 1, 1, 2, 2, 2])
    >>> found.waves["estimate"].tolist(), found.counts.tolist()
    ([8.0, 6.0], [3, 3])
    """

    made_by: ClassVar[str] = "index_by_wave()"
    people: ClassVar[str] = "answers"

    estimates: EstimateTable
    change_estimates: EstimateTable
    component_estimates: EstimateTable | None
    counts: IntArray
    effective_counts: FloatArray
    overlaps: FloatArray
    df: FloatArray
    change_df: FloatArray
    scale: Pair | None
    level: float
    n_clusters: int | None
    n_dropped: int

    @property
    def n_obs(self) -> int:
        """Number of answers in all waves."""
        return int(self.counts.sum())

    @property
    def waves(self) -> pd.DataFrame:
        """A row a wave: its mean with error and interval, ``n_obs`` and ``n_effective``."""
        return self.estimates.frame().assign(n_obs=self.counts, n_effective=self.effective_counts)

    @property
    def changes(self) -> pd.DataFrame:
        """A row a change: ``since``, ``wave``, estimate, interval, p-value, ``df``, ``n_both``."""
        table = self.change_estimates.frame().assign(df=self.change_df)
        return table.assign(n_both=self.overlaps) if self.overlaps.size else table

    @property
    def components(self) -> pd.DataFrame:
        """Parts of each change, which add up to it; no rows where customers are not known.

        "same_customers" is the change of those who are in both waves, "joiners" by how much the
        others of the later wave move its mean, "leavers" what is won by those who are gone.
        """
        if self.component_estimates is None:
            return pd.DataFrame(columns=["since", "wave", "component", "estimate"])
        return self.component_estimates.frame()

    def _title(self) -> str:
        return "Satisfaction by wave"

    def _brief(self) -> str:
        last = self.estimates.estimate[-1]
        return f"{count_of(len(self.counts), 'wave')}, {self.n_obs} answers, last {last:.4g}"

    def _facts(self) -> Facts:
        facts = [("waves", f"{len(self.counts):,}")]
        if self.scale is not None:
            low, high = self.scale
            facts.append(("index", f"0 to 100, of answers from {low:g} to {high:g}"))
        facts.append(
            ("samples", "same customers known" if self.overlaps.size else "drawn one apart")
        )
        return facts

    def _tables(self) -> Sequence[Table]:
        tables = [
            table_of("Means", self.waves, digits=[3, 3, 3, 3, 0, 1]),
            table_of(
                "Changes of the mean",
                self.changes,
                n_labels=2,
                digits=[3, 3, 3, 3, 3, 1, 0][: self.changes.shape[1] - 2],
            ),
        ]
        if self.component_estimates is not None:
            tables.append(table_of("What the changes are made of", self.components, n_labels=3))
        return tables

    def _remarks(self) -> Sequence[str]:
        remarks = ["Intervals hold one by one, not all together."]
        if not self.overlaps.size:
            remarks.append(
                "Waves are taken for samples drawn one apart from the other. If the same customers "
                "answered in several, give customer=: their changes are mostly far surer."
            )
        if np.isnan(self.df).any() or np.isnan(self.estimates.std_error).any():  # type: ignore[arg-type]
            remarks.append(
                "Where all answers of a wave are equal, nothing tells how sure its mean is."
            )
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WaveAlarms(Result):
    """Waves on a chart, and those at which a rule rings.

    Made by the method ``monitor`` of an alarm rule.

    Attributes
    ----------
    wave_labels : tuple
        Waves, in order of time.
    wave_means : ndarray of shape (t,)
        Mean satisfaction.
    errors : ndarray of shape (t,)
        Standard errors of the means; NaN where the rule takes the spread of the baseline.
    expected : ndarray of shape (t,)
        What each wave is held against: the centre, moved where the same customers answered before.
    falls : ndarray of shape (t,)
        How far each wave lies below that, in standard errors; NaN in the baseline.
    chart_values : ndarray of shape (t,)
        Value of the chart; NaN in the baseline.
    control_limits : ndarray of shape (t,)
        Mean below which the rule rings in each wave; NaN in the baseline.
    alarms : ndarray of shape (t,)
        Whether it rings.
    centre : float
        Mean when nothing happens.
    centre_error : float
        Its standard error, 0 if it was given.
    limit : float
        Limit of the chart, in standard errors.
    chart : {"shewhart", "cusum", "ewma"}
        Kind of chart.
    baseline : int or None
        Waves at the beginning that set the centre; None if it was given.
    false_alarm : float or None
        Probability of one or more alarms within ``horizon`` waves in which nothing happens.
    horizon : int or None
        So many waves after the baseline.
    baseline_p_value : float
        Of the test that the baseline waves differ by chance only; NaN where there is none.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> rule = chain.alarm_rule("shewhart", baseline=4, false_alarm=0.05, horizon=10)
    >>> found = rule.monitor([72, 73, 71, 72, 72, 67], std_error=1.0)
    >>> found.alarms.tolist()
    [False, False, False, False, False, True]
    """

    made_by: ClassVar[str] = "the method monitor() of an alarm rule"
    rests_on_data: ClassVar[bool] = False

    wave_labels: tuple[Any, ...]
    wave_means: FloatArray
    errors: FloatArray
    expected: FloatArray
    falls: FloatArray
    chart_values: FloatArray
    control_limits: FloatArray
    alarms: BoolArray
    centre: float
    centre_error: float
    limit: float
    chart: str
    baseline: int | None
    false_alarm: float | None
    horizon: int | None
    baseline_p_value: float

    @property
    def waves(self) -> pd.DataFrame:
        """A row a wave.

        ``estimate`` and ``std_error``; ``expected``, the mean that it is held against; ``fall``
        below it in standard errors; ``chart_value``; ``control_limit``, the mean below which the
        rule rings; ``alert``.
        """
        return pd.DataFrame(
            {
                "wave": list(self.wave_labels),
                "estimate": self.wave_means,
                "std_error": self.errors,
                "expected": self.expected,
                "fall": self.falls,
                "chart_value": self.chart_values,
                "control_limit": self.control_limits,
                "alert": self.alarms,
            }
        )

    @property
    def first_alarm(self) -> Any:
        """The first wave with an alarm, or None."""
        return self.wave_labels[int(self.alarms.argmax())] if self.alarms.any() else None

    def _title(self) -> str:
        return "Alarms of satisfaction"

    def _brief(self) -> str:
        n = count_of(len(self.wave_means), "wave")
        return f"{self.chart}, {n}, {count_of(int(self.alarms.sum()), 'alarm')}"

    def _facts(self) -> Facts:
        facts = [("chart", f"{self.chart}, limit {self.limit:.4g} standard errors")]
        held = "given" if self.baseline is None else f"of {count_of(self.baseline, 'wave')}"
        facts.append(("centre", f"{self.centre:.4g}, {held}"))
        if self.false_alarm is not None:
            facts.append(
                ("false alarms", f"in {percent(self.false_alarm)} of {self.horizon} quiet waves")
            )
        if np.isfinite(self.baseline_p_value):
            facts.append(("baseline alike", f"p = {self.baseline_p_value:.3f}"))
        return facts

    def _tables(self) -> Sequence[Table]:
        table = self.waves.assign(alert=np.where(self.alarms, "yes", "no").astype(object))
        return (table_of("Waves", table.dropna(axis=1, how="all")),)

    def _remarks(self) -> Sequence[str]:
        remarks = [_A_SIGNAL]
        if self.baseline_p_value < _UNSURE:
            remarks.append(
                "The waves of the baseline differ by more than their standard errors explain. "
                'Then there are more false alarms than stated; take spread="baseline".'
            )
        if self.horizon is not None and self.falls[~np.isnan(self.falls)].size > self.horizon:
            remarks.append(
                f"There are more waves than the {self.horizon} for which false alarms are as rare "
                "as stated."
            )
        return remarks


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReliableChange(Result):
    """How many of the same customers changed by more than errors of measurement explain.

    Made by :func:`reliable_change`.

    Attributes
    ----------
    estimates : EstimateTable
        Share of customers who fell, are unchanged or rose, by the plain ``criterion`` and by
        the one adjusted for regression to the mean.
    wave_means : ndarray of shape (2,)
        Mean before and after.
    deviations : ndarray of shape (2,)
        Standard deviations before and after.
    correlation : float
        Of the two.
    reliability : tuple of two floats
        Of the answers before and after.
    error_of_change : float
        Standard error of measurement of a customer's change.
    error_given_before : float
        The same where the answer before is known and its regression to the mean is allowed for.
    n_obs, n_dropped : int
        Customers, and those left out because of a missing value.
    n_effective : float
        Kish's effective number of customers.
    level : float
        Confidence level of intervals, and share of customers who stay unchanged by these rules if
        nothing but errors of measurement moves them.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> before, after = [7, 8, 9, 6, 5, 8], [7, 8, 4, 6, 5, 9]
    >>> result, customers = chain.reliable_change(before, after, reliability=0.8)
    >>> customers["state"].tolist()
    ['unchanged', 'unchanged', 'fell', 'unchanged', 'unchanged', 'unchanged']
    """

    made_by: ClassVar[str] = "reliable_change(), as .result,"
    people: ClassVar[str] = "customers"

    estimates: EstimateTable
    wave_means: FloatArray
    deviations: FloatArray
    correlation: float
    reliability: tuple[float, float]
    error_of_change: float
    error_given_before: float
    n_obs: int
    n_dropped: int
    n_effective: float
    level: float

    @property
    def shares(self) -> pd.DataFrame:
        """Shares with intervals, and ``by_error``: what errors of measurement alone would bring."""
        tail = (1 - self.level) / 2
        chance = {"fell": tail, "unchanged": self.level, "rose": tail}
        table = self.estimates.frame()
        return table.assign(by_error=[chance[state] for state in table["state"]])

    @property
    def regression_to_mean(self) -> float:
        """Share of its distance from the mean by which a score falls back on its own: 1 - r."""
        return 1 - self.reliability[0]

    def _title(self) -> str:
        return "Change of the same customers"

    def _brief(self) -> str:
        share = self.estimates.estimate[0]
        return f"{count_of(self.n_obs, 'customer')}, {100 * share:.3g}% fell reliably"

    def _facts(self) -> Facts:
        before, after = self.reliability
        one = f"{before:g}" if before == after else f"{before:g} before, {after:g} after"
        return [
            ("reliability", one),
            ("means", f"{self.wave_means[0]:.4g} before, {self.wave_means[1]:.4g} after"),
            ("correlation", f"{self.correlation:.3f}"),
            ("error of a change", f"{self.error_of_change:.4g}"),
            ("error given before", f"{self.error_given_before:.4g}"),
        ]

    def _tables(self) -> Sequence[Table]:
        return (table_of("Shares of customers", self.shares, n_labels=2),)

    def _remarks(self) -> Sequence[str]:
        tail = percent((1 - self.level) / 2)
        remarks = [
            f"Errors of measurement alone would let {tail} of customers fall and as many rise.",
        ]
        back = percent(self.regression_to_mean)
        remarks.append(
            "Who stood high before falls back on average, without any cause (regression to the "
            f"mean): here by {back} of the distance. The adjusted criterion takes that out, the "
            "plain one does not."
        )
        if self.correlation > np.sqrt(np.prod(self.reliability)):
            remarks.append(
                "The answers before and after agree better than their reliability allows, so "
                "the reliability is higher than stated and more customers changed."
            )
        return remarks
