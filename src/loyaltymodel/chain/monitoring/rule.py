"""Rules of alarm with a known rate of false alarms, and waves held against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds, usual_size
from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import (
    check_between,
    check_choice,
    check_count,
    check_finite,
    count_of,
    shown,
)
from loyaltymodel._core.regression import is_constant
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel._core.variables import read_variables
from loyaltymodel.chain.monitoring.kernels import (
    Recursion,
    alarm_by,
    average_run_length,
    charted,
    innovations,
)
from loyaltymodel.chain.monitoring.result import WaveAlarms, WaveIndex
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

Chart = Literal["shewhart", "cusum", "ewma"]
Spread = Literal["std_error", "baseline"]

_OVER_MANY = (
    "Over many baselines false alarms are as rare as stated. With one baseline they are rarer or "
    "more frequent, because all later waves share the error of its mean."
)
_FALLS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_REFERENCE, _SMOOTHING = 0.5, 0.2
_LARGEST_LIMIT = 2.0**9
_LEAST_LIMIT = 1e-3
_LONGEST = 10_000  # waves of a horizon
_LEAST_SPREAD = 4  # waves whose standard deviation tells something
_MOST_RUN = 1e8  # waves


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class AlarmRule(Result):
    """A one-sided rule that rings when satisfaction has fallen, with how often it does so in vain.

    Made by :func:`alarm_rule`.

    Attributes
    ----------
    chart : {"shewhart", "cusum", "ewma"}
        Kind of chart.
    limit : float
        Value of the chart above which it rings, in standard errors of a wave.
    reference : float or None
        Of the CUSUM: how far a wave must lie below the centre to count, in standard errors.
    smoothing : float or None
        Of the EWMA: weight of the newest wave.
    baseline : int or None
        Number of waves at the beginning that set the centre; None where it is known.
    spread : {"std_error", "baseline"}
        Where the spread of waves is taken from.
    false_alarm : float or None
        Probability of one or more alarms within ``horizon`` waves if nothing happens.
    horizon : int or None
        Number of waves after the baseline.
    average_run_length : float
        Waves up to an alarm, on average, if nothing happens and the centre is known; NaN where it
        is estimated.

    Examples
    --------
    >>> from loyaltymodel import chain
    >>> rule = chain.alarm_rule("cusum", average_run_length=370)
    >>> round(rule.limit, 2)
    4.1
    """

    made_by: ClassVar[str] = "alarm_rule()"
    rests_on_data: ClassVar[bool] = False

    chart: Chart
    limit: float
    reference: float | None
    smoothing: float | None
    baseline: int | None
    spread: Spread
    false_alarm: float | None
    horizon: int | None
    average_run_length: float

    @property
    def _recursion(self) -> Recursion:
        return _recursion_of(self.reference, self.smoothing)

    @property
    def detection(self) -> pd.DataFrame:
        """How soon a lasting ``fall``, in standard errors of a wave, is found.

        ``average_run_length`` where the centre is known; ``alarm``, the probability of an alarm
        within the horizon, where there is one. The row of fall 0 has the false alarms.
        """
        table = pd.DataFrame({"fall": _FALLS})
        if self.baseline is None:
            table["average_run_length"] = average_run_length(
                self._recursion, self.limit, np.array(_FALLS)
            )
        if self.horizon is not None:
            table["alarm"] = [self._alarm(fall)[-1] for fall in _FALLS]
        return table

    def _alarm(self, fall: float) -> FloatArray:
        return alarm_by(
            self._recursion,
            self.limit,
            self.horizon or 1,
            baseline=self.baseline,
            estimated=self.spread == "baseline",
            fall=fall,
        )

    @checked
    def monitor(
        self,
        satisfaction: Variable | WaveIndex,
        *,
        std_error: Variable | None = None,
        centre: float | None = None,
        data: Data | None = None,
    ) -> WaveAlarms:
        """Hold waves against the rule.

        Parameters
        ----------
        satisfaction : WaveIndex, Series, array of shape (t,), or name of a column
            Waves in order of time: what :func:`index_by_wave` found, or the mean of each.
        std_error : float, Series, array of shape (t,), or name of a column, optional
            Standard error of each mean, above 0; not with a WaveIndex, which knows them, nor
            with ``spread="baseline"``.
        centre : float, optional
            The mean when nothing happens, for a rule without baseline.
        data : pandas, polars or pyarrow table, optional
            Where names of columns are looked up.

        Returns
        -------
        WaveAlarms
            The chart and its alarms.

        Raises
        ------
        DataError
            If a mean or standard error is missing or infinite, a standard error is not above 0,
            or no wave is left after the baseline.
        NotIdentifiedError
            If all means of the baseline are equal, with ``spread="baseline"``.
        OptionError
            If something that the rule needs is lacking, or does not go with it.

        Notes
        -----
        Each wave is held against what is expected of it: the mean of the baseline, weighted by
        1 / se^2, and, where a WaveIndex knows that the same customers answered before, the part
        that follows from their earlier answers. Differences are divided by their error, with that
        of the centre, times sqrt(1 + 1 / m) of m baseline waves. So they are as spread as the
        rule supposes, whatever the errors of the waves, and where all errors are equal they are
        the plain (centre - mean) / se. The chart goes on after an alarm.

        Examples
        --------
        With a limit of 3 known standard errors, a mean 4 below the centre rings:

        >>> from loyaltymodel import chain
        >>> rule = chain.alarm_rule("shewhart", false_alarm=0.00135, horizon=1)
        >>> found = rule.monitor([71, 72, 68], std_error=1.0, centre=72)
        >>> found.waves[["wave", "fall", "control_limit", "alert"]].round(2)
           wave  fall  control_limit  alert
        0     0   1.0           69.0  False
        1     1   0.0           69.0  False
        2     2   4.0           69.0   True
        """
        if (centre is None) == (self.baseline is None):
            raise OptionError(
                "the rule has no baseline, so give centre=, the mean when nothing happens"
                if centre is None
                else f"centre={shown(centre)} does not go with a rule whose baseline sets the "
                "centre; leave it out, or make the rule with baseline=None"
            )
        labels, means, covariance = _read_waves(self, satisfaction, std_error, data)
        m = self.baseline or 0
        if m >= len(means):
            raise DataError(
                f"the baseline has {count_of(m, 'wave')}, and there are {len(means)} in all, so "
                "that none is left to be held against it; take a shorter baseline"
            )
        if self.spread == "baseline":
            if is_constant(means[:m]):
                raise NotIdentifiedError(
                    "all means of the baseline are equal, so that they do not tell how far waves "
                    'differ by chance; take spread="std_error"'
                )
            covariance = np.diag(np.full(len(means), means[:m].var(ddof=1)))
        found_centre, error, expected, errors = innovations(means, covariance, m, centre)
        unit = errors / np.sqrt(1 + 1 / m) if m else errors
        falls = (expected - means) / unit
        chart = self._recursion
        values = charted(falls[m:], chart)
        before = np.append(0.0, values[:-1])
        needed = (self.limit - chart.memory * before) / chart.gain + chart.reference
        limits = np.append(np.full(m, np.nan), expected[m:] - needed * unit[m:])
        falls[:m] = np.nan
        return WaveAlarms(
            wave_labels=labels,
            wave_means=means,
            errors=np.full(len(means), np.nan)
            if self.spread == "baseline"
            else np.sqrt(np.diagonal(covariance)),
            expected=np.where(np.arange(len(means)) < m, found_centre, expected),
            falls=falls,
            chart_values=np.append(np.full(m, np.nan), values),
            control_limits=limits,
            alarms=exceeds(limits, means, size=usual_size(means)),
            centre=found_centre,
            centre_error=error,
            limit=self.limit,
            chart=self.chart,
            baseline=self.baseline,
            false_alarm=self.false_alarm,
            horizon=self.horizon,
            baseline_p_value=np.nan
            if m <= 1 or self.spread == "baseline"
            else _alike(means[:m], covariance[:m, :m], found_centre),
        )

    def _title(self) -> str:
        return "Rule of alarm"

    def _brief(self) -> str:
        return f"{self.chart}, limit {self.limit:.4g}, {self._rate()}"

    def _rate(self) -> str:
        if self.false_alarm is not None:
            return f"false alarms in {percent(self.false_alarm)} of {self.horizon} quiet waves"
        return f"a false alarm in {self.average_run_length:.4g} waves"

    def _facts(self) -> Facts:
        facts = [("chart", self.chart), ("limit", f"{self.limit:.4g} standard errors")]
        if self.reference is not None:
            facts.append(("reference", f"{self.reference:g} standard errors"))
        if self.smoothing is not None:
            facts.append(("weight of the newest wave", f"{self.smoothing:g}"))
        known = "known" if self.baseline is None else f"mean of {count_of(self.baseline, 'wave')}"
        facts.append(("centre", known))
        words = {"std_error": "standard errors of the waves", "baseline": "of the baseline"}
        facts.append(("spread", words[self.spread]))
        facts.append(("if nothing happens", self._rate()))
        return facts

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("How soon a lasting fall is found", self.detection),)

    def _remarks(self) -> tuple[str, ...]:
        if self.baseline is None:
            return ()
        return (_OVER_MANY,)


@checked
def alarm_rule(
    chart: Chart,
    *,
    false_alarm: float | None = None,
    horizon: int | None = None,
    average_run_length: float | None = None,
    baseline: int | None = None,
    spread: Spread = "std_error",
    reference: float | None = None,
    smoothing: float | None = None,
) -> AlarmRule:
    """Set the limit of a rule of alarm for a wished rate of false alarms (满意度控制图).

    Parameters
    ----------
    chart : {"shewhart", "cusum", "ewma"}
        "shewhart" looks at the newest wave only and finds great falls. "cusum" (累积和) adds up
        what waves lie below the centre, "ewma" (指数加权移动平均) averages them; both find small
        falls that last.
    false_alarm : float, optional
        Probability of one or more alarms within ``horizon`` waves if nothing happens, between
        0 and 1.
    horizon : int, optional
        Number of waves after the baseline, with ``false_alarm``; 1 makes it a rate a wave.
    average_run_length : float, optional
        In place of these: waves up to a false alarm, on average. Only where the centre is known.
    baseline : int, optional
        How many waves at the beginning set the centre, at least 1. Without it, the centre is known
        and given to ``monitor``.
    spread : {"std_error", "baseline"}
        Whether waves spread by their standard errors, or, as satisfaction moves anyway, by
        the standard deviation of the baseline waves, at least 4.
    reference : float, optional
        Of the CUSUM, in standard errors: half of the fall that is to be found; 0.5 by default.
    smoothing : float, optional
        Of the EWMA: weight of the newest wave, above 0 and below 1; 0.2 by default.

    Returns
    -------
    AlarmRule
        The rule, whose method ``monitor`` holds waves against it.

    Raises
    ------
    OptionError
        If the rate is not given in one of the two ways, or an option is out of its range or does
        not belong to the chart.

    See Also
    --------
    index_by_wave : Means of waves and their errors.

    Notes
    -----
    With u how far a wave lies below the centre in standard errors, the charts are

    shewhart: Q = u; cusum: Q = max(0, Q + u - k); ewma: Q = max(0, (1 - w) Q + w u),

    from Q = 0, with an alarm where Q passes the limit. The EWMA that is held at 0 from below is the
    one for a fall only. Waves are normal, which means of many answers are nearly.

    Where the centre is known, the average run length solves an integral equation, here by
    quadrature [1]_. Shewhart's chart with 3 standard errors has 740.8, or 370.4 if it rings on both
    sides; the CUSUM with k = 0.5 has 335.4 at the limit 4, and 930.9 at 5 (halves of them, 168 and
    465, are printed for both sides in textbooks; named from memory).

    Where it is the mean of m waves, all later waves share its error. False alarms then come in
    series: some baselines lie too high and ring again and again, others never. Limits for a
    known centre would give far more alarms than stated: of 12 quiet waves against a baseline
    of 4, a CUSUM meant to ring in 5 % of cases rings in 17 %
    (``benchmarks/alarms.py``). So the limit is set for the mean over all baselines, by quadrature
    over the error of the centre, and over that of the standard deviation with
    ``spread="baseline"``; in simulated series the rules rang in 4.6 % to 5.4 %. Standard errors
    that come from few skewed answers add to that: 7 % with 30 answers a wave, 6 % to 7 % with 120.
    An average run length would be ruled by the few baselines that never ring, so it cannot be asked
    for there.

    A limit of so many standard errors is "shewhart" with ``horizon=1`` and the probability to fall
    below it by chance: 0.00135 for 3, 0.0228 for 2. A target that was agreed on, such as 70 points,
    needs no rule: hold the means against it. It rings as often as chance and the target have it.

    References
    ----------
    .. [1] Goel, A. L., & Wu, S. M. (1971). Determination of A.R.L. and a contour nomogram for
       cusum charts to control normal mean. Technometrics, 13(2), 221-230.

    Examples
    --------
    One wave against a known centre rings in vain with a probability of 0.00135 beyond 3 standard
    errors; against the mean of 4 waves the error is sqrt(1 + 1 / 4) as large:

    >>> from loyaltymodel import chain
    >>> known = chain.alarm_rule("shewhart", false_alarm=0.00135, horizon=1)
    >>> few = chain.alarm_rule("shewhart", false_alarm=0.00135, horizon=1, baseline=4)
    >>> round(known.limit, 3), round(few.limit / known.limit, 3)
    (3.0, 1.118)
    >>> chain.alarm_rule("cusum", false_alarm=0.05, horizon=12, baseline=4).detection.round(2)
       fall  alarm
    0   0.0   0.05
    1   0.5   0.21
    2   1.0   0.53
    3   1.5   0.82
    4   2.0   0.96
    5   3.0   1.00
    """
    check_choice("chart", chart, Chart)
    check_choice("spread", spread, Spread)
    k, w = _shape_of(chart, reference, smoothing)
    recursion = _recursion_of(k, w)
    if baseline is not None:
        check_count("baseline", baseline, least=1)
    if spread == "baseline" and (baseline is None or baseline < _LEAST_SPREAD):
        raise OptionError(
            f"baseline={shown(baseline)} with spread='baseline': the standard deviation of a few "
            f'waves tells nothing; take at least {_LEAST_SPREAD}, or spread="std_error"'
        )
    if average_run_length is not None:
        limit = _for_run_length(recursion, average_run_length, false_alarm, horizon, baseline)
    else:
        if false_alarm is None or horizon is None:
            raise OptionError(
                "give false_alarm= with horizon=, such as 0.05 within 12 waves, or "
                "average_run_length= for a known centre"
            )
        check_between("false_alarm", false_alarm, such_as=0.05)
        check_count("horizon", horizon, least=1)
        if horizon > _LONGEST:
            raise OptionError(f"horizon={horizon} is too large; give at most {_LONGEST:,} waves")

        def excess(value: float) -> float:
            found = alarm_by(
                recursion, value, horizon, baseline=baseline, estimated=spread == "baseline"
            )
            return float(found[-1]) - false_alarm

        limit = _root(excess, f"false_alarm={false_alarm:g} within {horizon}")
    run_length = np.nan
    if baseline is None:
        run_length = float(_run_length(recursion, limit))
    return AlarmRule(
        chart=chart,
        limit=limit,
        reference=k,
        smoothing=w,
        baseline=baseline,
        spread=spread,
        false_alarm=false_alarm,
        horizon=horizon,
        average_run_length=run_length,
    )


def _run_length(recursion: Recursion, limit: float) -> float:
    """Return the average run length without a fall."""
    return float(average_run_length(recursion, limit)[0])


def _for_run_length(
    recursion: Recursion,
    length: float,
    false_alarm: float | None,
    horizon: int | None,
    baseline: int | None,
) -> float:
    if false_alarm is not None or horizon is not None:
        raise OptionError(
            "average_run_length= and false_alarm= with horizon= are two ways to say how rare false "
            "alarms are; give one of them"
        )
    if baseline is not None:
        raise OptionError(
            "average_run_length= needs a known centre: with a baseline the few whose mean came out "
            "low ring hardly ever and rule the average; give false_alarm= and horizon="
        )
    check_finite("average_run_length", length, least=1)
    if length > _MOST_RUN:
        raise OptionError(f"average_run_length={length:g} is too large; give at most {_MOST_RUN:g}")
    return _root(
        lambda value: 1 / _run_length(recursion, value) - 1 / length,
        f"average_run_length={length:g}",
    )


def _root(excess: Callable[[float], float], wish: str) -> float:
    """Return the limit at which alarms are as rare as wished."""
    from scipy.optimize import brentq  # noqa: PLC0415  takes long to import

    if excess(_LEAST_LIMIT) < 0:
        raise OptionError(
            f"{wish}: even a rule that rings at the least fall has fewer false alarms; ask for "
            "fewer, or look at the waves themselves"
        )
    high = 1.0
    while excess(high) > 0:
        high *= 2
        if high > _LARGEST_LIMIT:
            raise OptionError(
                f"{wish}: no limit makes alarms so rare; take a longer baseline, a larger "
                "reference, or allow more"
            )
    return float(brentq(excess, _LEAST_LIMIT, high, xtol=1e-8, rtol=1e-8))


def _shape_of(
    chart: Chart, reference: float | None, smoothing: float | None
) -> tuple[float | None, float | None]:
    if reference is not None and chart != "cusum":
        raise OptionError(f'reference= belongs to chart="cusum", not to {chart!r}; leave it out')
    if smoothing is not None and chart != "ewma":
        raise OptionError(f'smoothing= belongs to chart="ewma", not to {chart!r}; leave it out')
    if reference is not None:
        check_finite("reference", reference, least=0)
    if smoothing is not None:
        check_between("smoothing", smoothing, such_as=_SMOOTHING)
    k = (_REFERENCE if reference is None else float(reference)) if chart == "cusum" else None
    w = (_SMOOTHING if smoothing is None else float(smoothing)) if chart == "ewma" else None
    return k, w


def _recursion_of(reference: float | None, smoothing: float | None) -> Recursion:
    if reference is not None:
        return Recursion(1.0, 1.0, reference)
    if smoothing is not None:
        return Recursion(1 - smoothing, smoothing, 0.0)
    return Recursion(0.0, 1.0, 0.0)


def _read_waves(
    rule: AlarmRule, satisfaction: object, std_error: object, data: object
) -> tuple[tuple[object, ...], FloatArray, FloatArray]:
    """Return labels of waves, their means and the covariance of these."""
    needs = rule.spread == "std_error"
    if std_error is not None and (not needs or isinstance(satisfaction, WaveIndex)):
        raise OptionError(
            "std_error= is not needed: "
            + ("the result knows it" if needs else "the rule takes the spread of the baseline")
            + "; leave it out"
        )
    if isinstance(satisfaction, WaveIndex):
        table = satisfaction.estimates
        covariance = np.asarray(table.covariance)
        if needs and np.isnan(covariance).any():
            wave = table.labels["wave"][int(np.isnan(np.diagonal(covariance)).argmax())]
            raise DataError(
                f"all answers of wave {shown(wave)} are equal, so that its mean has no standard "
                'error; leave the wave out, or take spread="baseline"'
            )
        return table.labels["wave"], table.estimate.copy(), covariance
    if needs and std_error is None:
        raise OptionError(
            "std_error= is lacking, the standard error of each mean; give it, give what "
            'index_by_wave() found, or make the rule with spread="baseline"'
        )
    given: dict[str, object] = {"satisfaction": satisfaction}
    given |= {"std_error": std_error} if needs else {}
    read = read_variables(given, data=data, can_drop=False)
    means = np.asarray(read["satisfaction"], dtype=np.float64)
    errors = np.ones(len(means))
    if needs:
        errors = np.asarray(read["std_error"], dtype=np.float64)
        if not (errors > 0).all():
            row = read.labels[int(np.argmin(errors > 0))]
            raise DataError(
                f"std_error is {errors.min():.12g} in row {row}; every mean needs a standard error "
                "above 0, such as the standard deviation over the root of the number of answers"
            )
    return tuple(read.labels.tolist()), means, np.diag(errors**2)


def _alike(means: FloatArray, covariance: FloatArray, centre: float) -> float:
    """Return the p-value of the test that waves differ by chance only."""
    unit = float(np.sqrt(np.diagonal(covariance).min()))
    apart = np.linalg.solve(np.linalg.cholesky(covariance / unit**2), (means - centre) / unit)
    return float(chi_square_tail(float(apart @ apart), len(means) - 1))
