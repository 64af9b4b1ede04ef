"""Directly reported satisfaction: mean, top box, distribution, net promoter score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenMapping
from loyaltymodel._comparisons import exceeds
from loyaltymodel._counts import kish
from loyaltymodel._estimates import EstimateTable
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, ndtri, student_reach
from loyaltymodel._options import check_choice, check_count, count_of
from loyaltymodel._results import Facts, Result
from loyaltymodel._scales import check_pair
from loyaltymodel._signature import checked
from loyaltymodel._tables import Table, percent, table_of
from loyaltymodel._variables import read_weighted
from loyaltymodel.attributes.measurement_kernels import share_interval, weighted_mean
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, warn_caller

PromoterInterval = Literal["wilson", "wald"]

_LEAST = 2  # respondents
_MOST_STEPS = 101  # of a scale whose every answer is listed, such as 0 to 100
_NPS_SCALE = (0.0, 10.0)
_PROMOTERS, _DETRACTORS = 9, 6  # from, up to
_OTHER_SCALES = 5  # the highest answer of scales that are taken for that of the score


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DirectReport(Result):
    """What respondents say about their satisfaction when they are asked directly.

    Attributes
    ----------
    answers : ndarray of shape (a,)
        The possible answers, or those that were given on a scale without steps.
    totals : ndarray of shape (a,)
        Weight of the respondents who gave each answer.
    estimates : EstimateTable
        Mean, points and shares of top and bottom answers, by ``quantity``.
    n_obs : int
        Number of respondents.
    n_effective : float
        How many equally weighted respondents tell as much.
    n_dropped : int
        How many were left out for a missing value.
    scale : tuple of (float, float)
        Lowest and highest possible answer.
    top : int
        How many of the highest answers count as top.
    level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> report = attributes.direct_report([5, 4, 4, 2], scale=(1, 5))
    >>> report
    <DirectReport: mean 3.75 on 1 to 5, 4 respondents>
    >>> report.mean
    3.75
    """

    answers: FloatArray
    totals: FloatArray
    estimates: EstimateTable
    n_obs: int
    n_effective: float
    n_dropped: int
    scale: tuple[float, float]
    top: int
    level: float

    @property
    def mean(self) -> float:
        """Weighted mean answer."""
        return float(self.estimates.estimate[0])

    @property
    def quantities(self) -> pd.DataFrame:
        """Mean, points from 0 to 100, and shares of the top and the bottom answers.

        ``quantity``, ``estimate``, ``std_error`` (NaN for shares), ``ci_low`` and ``ci_high``.
        """
        return self.estimates.frame()

    @property
    def distribution(self) -> pd.DataFrame:
        """Share of each answer as ``estimate``, each with a Wilson interval of its own."""
        shares = self.totals / self.totals.sum()
        n = np.full(len(shares), self.n_effective)
        return EstimateTable.wilson({"answer": self.answers}, shares, n, level=self.level).frame()

    def _title(self) -> str:
        return "Directly reported satisfaction"

    def _brief(self) -> str:
        lowest, highest = self.scale
        return (
            f"mean {self.mean:.2f} on {lowest:g} to {highest:g}, "
            f"{count_of(self.n_obs, 'respondent')}"
        )

    def _facts(self) -> Facts:
        lowest, highest = self.scale
        return (("scale", f"{lowest:g} to {highest:g}"),)

    def _tables(self) -> Sequence[Table]:
        distribution = self.distribution
        distribution["answer"] = [f"{answer:g}" for answer in self.answers]
        return (table_of("Answers in short", self.quantities), table_of("Answers", distribution))


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NetPromoter(Result):
    """A net promoter score with its interval.

    Attributes
    ----------
    estimate : float
        The score: percentage of promoters less percentage of detractors, from -100 to 100.
    ci_low, ci_high : float
        Ends of the interval.
    promoters, passives, detractors : float
        Shares of those who answer 9 or 10, 7 or 8, and 0 to 6.
    n_obs : int
        Number of respondents.
    n_effective : float
        How many equally weighted respondents tell as much.
    n_dropped : int
        How many were left out for a missing value.
    interval : str
        How the interval is made.
    level : float
        Confidence level of the interval.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> score = attributes.net_promoter([10, 9, 8, 3])
    >>> score
    <NetPromoter: 25 (95% interval -44 to 73), 4 respondents>
    >>> print(score.summary())
    Net promoter score
    <BLANKLINE>
    score        25.0 (-44.2 to 72.7)
    respondents  4
    intervals    95% Wilson
    <BLANKLINE>
    Who recommends
    group       answer      share
    ----------  --------  -------
    promoters   9 or 10     0.500
    passives    7 or 8      0.250
    detractors  0 to 6      0.250
    <BLANKLINE>
    - The interval adds three respondents first, to come close to Wilson's.
    """

    estimate: float
    ci_low: float
    ci_high: float
    promoters: float
    passives: float
    detractors: float
    n_obs: int
    n_effective: float
    n_dropped: int
    interval: PromoterInterval
    level: float

    @property
    def groups(self) -> pd.DataFrame:
        """Who recommends: ``group``, the ``answer`` that it gives, and its weighted ``share``."""
        return pd.DataFrame(
            {
                "group": ["promoters", "passives", "detractors"],
                "answer": ["9 or 10", "7 or 8", "0 to 6"],
                "share": [self.promoters, self.passives, self.detractors],
            }
        )

    def _title(self) -> str:
        return "Net promoter score"

    def _brief(self) -> str:
        ends = f"{percent(self.level)} interval {self.ci_low:.0f} to {self.ci_high:.0f}"
        return f"{self.estimate:.0f} ({ends}), {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        ends = f"{self.ci_low:.1f} to {self.ci_high:.1f}"
        return (("score", f"{self.estimate:.1f} ({ends})"),)

    def _tables(self) -> Sequence[Table]:
        return (table_of("Who recommends", self.groups, n_labels=2),)

    def _remarks(self) -> Sequence[str]:
        if self.interval == "wald":
            return ()
        return ("The interval adds three respondents first, to come close to Wilson's.",)


@checked
def direct_report(
    ratings: object,
    *,
    scale: tuple[float, float],
    data: object = None,
    top: int = 1,
    weights: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> DirectReport:
    """Return directly reported satisfaction (直接报告满意程度): mean, top box, distribution.

    Parameters
    ----------
    ratings : array-like of shape (n,), Series or str
        Satisfaction of each respondent, higher for more satisfied; or the name of a column of
        ``data``.
    scale : pair of numbers
        Lowest and highest answer that the questionnaire allows.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    top : int
        How many of the highest steps of 1 count as top: 1 for the top box, 2 for the top two.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each respondent, none negative.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the respondent out.

    Returns
    -------
    DirectReport
        The measures with intervals.

    Raises
    ------
    DataError
        If an answer is off the scale or missing (with ``missing="raise"``), fewer than two
        respondents remain, or weights are negative or all zero.
    OptionError
        If the scale is no pair of numbers, ``top`` covers it all, or another option is not
        allowed.

    Notes
    -----
    The interval of the mean is that of t, which may leave the scale where there are few
    answers; its error is HC2, and its degrees of freedom are the effective number
    sum(w)^2 / sum(w^2) less 1, that is n - 1 without weights. Those of the shares are Wilson's,
    for the same number. Each interval holds its level on its own, not
    all of them together. A mean of five-point answers takes their steps to be equal.

    Examples
    --------
    Answers 5, 4, 4 and 2: mean 15 / 4, one in four in the top box, three in the top two.

    >>> from loyaltymodel import attributes
    >>> report = attributes.direct_report([5, 4, 4, 2], scale=(1, 5), top=2)
    >>> report.quantities[["quantity", "estimate"]]
           quantity  estimate
    0          mean      3.75
    1        points     68.75
    2     top_2_box      0.75
    3  bottom_2_box      0.25
    """
    check_level(level)
    check_count("top", top, least=1)
    lowest, highest = check_pair(scale)
    if top > highest - lowest:
        raise OptionError(
            f"top={top} covers the whole scale from {lowest:.12g} to {highest:.12g}; take a "
            "smaller one"
        )
    given, bounds = {"ratings": ratings}, {"ratings": (lowest, highest)}
    read, weight = read_weighted(given, weights, data=data, bounds=bounds, missing=missing)
    require_two(weight, "ratings")
    x = np.asarray(read["ratings"], dtype=np.float64)
    mean, error, _ = weighted_mean(x[:, None], weight)
    answers = _steps(x, lowest, highest)
    totals = np.bincount(np.searchsorted(answers, x), weight, minlength=len(answers)).astype(
        np.float64
    )
    n = kish(weight)
    return DirectReport(
        answers=answers,
        totals=totals,
        estimates=_in_short(
            answers,
            totals,
            float(mean[0]),
            float(error[0]),
            n,
            scale=(lowest, highest),
            top=int(top),
            level=level,
        ),
        n_obs=len(x),
        n_effective=n,
        n_dropped=read.n_dropped,
        scale=(lowest, highest),
        top=int(top),
        level=level,
    )


@checked
def net_promoter(
    ratings: object,
    *,
    data: object = None,
    weights: object = None,
    interval: PromoterInterval = "wilson",
    level: float = 0.95,
    missing: Missing = "raise",
) -> NetPromoter:
    """Return the net promoter score (净推荐值), from -100 to 100, with its interval.

    Parameters
    ----------
    ratings : array-like of shape (n,), Series or str
        How likely each respondent is to recommend, whole numbers from 0 to 10; or the name of a
        column of ``data``.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each respondent, none negative.
    interval : {"wilson", "wald"}
        How the interval is made: "wilson" adds three respondents, 3/4 of a promoter and 3/4 of
        a detractor among them, before it takes the score plus and minus its standard errors, as
        Agresti and Coull come close to Wilson's interval of a share; "wald" adds nobody.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the respondent out.

    Returns
    -------
    NetPromoter
        The score and the shares behind it.

    Raises
    ------
    DataError
        If an answer is no whole number from 0 to 10 or is missing (with ``missing="raise"``),
        fewer than two respondents remain, or weights are negative or all zero.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    ScaleWarning
        If no answer is above 5, as on a scale from 1 to 5 or of yes and no.

    Notes
    -----
    score = 100 (p - d), with p for the share of answers 9 and 10 and d for that of 0 to 6.
    Its variance is 100^2 (p + d - (p - d)^2) / n. "wald" takes the score plus and minus
    so many standard errors, and has no width where all answers are of one kind. "wilson" is the
    adjusted interval that did best in the comparison of Rocks [1]_: the same after three
    respondents were added. Either may leave -100 to 100 and is cut there. With
    weights n is the effective number. The score throws information away: two surveys with the
    same mean may differ in it, and the other way round.

    References
    ----------
    .. [1] Rocks, B. (2016), in The American Statistician; as summarised on
       https://measuringu.com/nps-confidence-intervals/.

    Examples
    --------
    Two promoters, a passive and a detractor of four: 50 % less 25 %.

    >>> from loyaltymodel import attributes
    >>> found = attributes.net_promoter([10, 9, 8, 3])
    >>> found.estimate, found.promoters, found.detractors
    (25.0, 0.5, 0.25)
    """
    check_level(level)
    check_choice("interval", interval, PromoterInterval)
    given, bounds = {"ratings": ratings}, {"ratings": _NPS_SCALE}
    read, weight = read_weighted(given, weights, data=data, bounds=bounds, missing=missing)
    require_two(weight, "ratings")
    x = np.asarray(read["ratings"], dtype=np.float64)
    if (x % 1 != 0).any():
        first = x[int(np.argmax(x % 1 != 0))]
        raise DataError(
            f"ratings have {count_of(int((x % 1 != 0).sum()), 'answer')} between whole numbers, "
            f"first {first:.12g}; the score is defined for whole answers from 0 to 10"
        )
    if x.max() <= _OTHER_SCALES:
        warn_caller(
            f"no answer is above {x.max():g}, so that all are detractors; the score is defined for "
            "the question with answers from 0 to 10. Of another scale take direct_report",
            ScaleWarning,
        )
    total = weight.sum()
    kinds = (x >= _PROMOTERS, (x < _PROMOTERS) & (x > _DETRACTORS), x <= _DETRACTORS)
    p, rest, d = (float(weight[group].sum() / total) for group in kinds)
    n = kish(weight)
    low, high = _promoter_interval(p, d, n, interval, level)
    return NetPromoter(
        estimate=100 * (p - d),
        ci_low=low,
        ci_high=high,
        promoters=p,
        passives=rest,
        detractors=d,
        n_obs=len(x),
        n_effective=n,
        n_dropped=read.n_dropped,
        interval=interval,
        level=level,
    )


def require_two(weights: FloatArray, what: str) -> None:
    """Refuse fewer than two respondents, whose mean has no interval."""
    if len(weights) < _LEAST:
        raise DataError(f"{what} have one respondent; an interval needs two or more")
    if np.count_nonzero(weights) < _LEAST:
        raise DataError("fewer than two respondents have a weight above 0; check the weights")


def _steps(x: FloatArray, lowest: float, highest: float) -> FloatArray:
    """Return every step of a scale whose answers are steps of 1, else the answers given."""
    if highest - lowest < _MOST_STEPS and ((x - lowest) % 1 == 0).all():
        return np.arange(lowest, highest + 0.5)
    return np.unique(x)


def _in_short(
    answers: FloatArray,
    totals: FloatArray,
    mean: float,
    std_error: float,
    n: float,
    *,
    scale: tuple[float, float],
    top: int,
    level: float,
) -> EstimateTable:
    """Return mean, points from 0 to 100, and shares of the top and the bottom answers."""
    lowest, highest = scale
    reach = student_reach(n - 1, level=level) * std_error
    stretch = 100 / (highest - lowest)
    ends = np.array([mean - reach, mean + reach])
    points = (ends - lowest) * stretch
    shares = totals / totals.sum()
    size = max(abs(lowest), abs(highest))
    in_top = exceeds(answers, highest - top, size=size)
    in_bottom = exceeds(lowest + top, answers, size=size)
    boxes = np.array([shares[in_top].sum(), shares[in_bottom].sum()])
    low, high = share_interval(boxes * n, np.full(len(boxes), n), level=level)
    names = ("mean", "points", f"top_{top}_box", f"bottom_{top}_box")
    return EstimateTable(
        labels=FrozenMapping({"quantity": names}),
        estimate=np.array([mean, (mean - lowest) * stretch, *boxes]),
        std_error=np.array([std_error, std_error * stretch, np.nan, np.nan]),
        ci_low=np.array([ends[0], points[0], *low]),
        ci_high=np.array([ends[1], points[1], *high]),
        level=level,
        method="Student's t and Wilson",
    )


def _promoter_interval(
    p: float, d: float, n: float, interval: PromoterInterval, level: float
) -> tuple[float, float]:
    if interval == "wilson":
        p, d, n = (p * n + 0.75) / (n + 3), (d * n + 0.75) / (n + 3), n + 3
    reach = float(ndtri(np.array((1 + level) / 2))) * np.sqrt((p + d - (p - d) ** 2) / n)
    low, high = 100 * (p - d - reach), 100 * (p - d + reach)
    return float(max(low, -100.0)), float(min(high, 100.0))
