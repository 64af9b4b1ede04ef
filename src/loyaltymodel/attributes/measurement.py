"""Directly reported satisfaction: mean, top box, distribution, net promoter score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._counts import kish
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, ndtri, student_reach
from loyaltymodel._options import check_choice, check_count
from loyaltymodel._scales import check_pair
from loyaltymodel._tables import Summary, table_of
from loyaltymodel._variables import read_weighted
from loyaltymodel.attributes.measurement_kernels import share_interval, weighted_mean
from loyaltymodel.errors import DataError, OptionError

PromoterInterval = Literal["adjusted", "wald"]

_LEAST = 2  # respondents
_MOST_STEPS = 101  # of a scale whose every answer is listed, such as 0 to 100
_NPS_SCALE = (0.0, 10.0)
_PROMOTERS, _DETRACTORS = 9, 6  # from, up to


@dataclass(frozen=True, slots=True, eq=False)
class DirectReport(FrozenRecord):
    """What respondents say about their satisfaction when they are asked directly.

    Attributes
    ----------
    answers : ndarray of shape (a,)
        The possible answers, or those that were given on a scale without steps.
    totals : ndarray of shape (a,)
        Weight of the respondents who gave each answer.
    n : int
        Number of respondents.
    n_effective : float
        How many equally weighted respondents tell as much.
    n_dropped : int
        How many were left out for a missing value.
    mean : float
        Weighted mean answer.
    std_error : float
        Its standard error.
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
    >>> report.mean
    3.75
    """

    answers: FloatArray
    totals: FloatArray
    n: int
    n_effective: float
    n_dropped: int
    mean: float
    std_error: float
    scale: tuple[float, float]
    top: int
    level: float

    @property
    def distribution(self) -> pd.DataFrame:
        """Share of each answer, each with a Wilson interval of its own."""
        shares = self.totals / self.totals.sum()
        low, high = self._interval(shares)
        return pd.DataFrame(
            {"answer": self.answers.copy(), "share": shares, "ci_low": low, "ci_high": high}
        )

    @property
    def measures(self) -> pd.DataFrame:
        """Mean, points from 0 to 100, and shares of the top and the bottom answers."""
        lowest, highest = self.scale
        reach = student_reach(self.n_effective - 1, level=self.level) * self.std_error
        stretch = 100 / (highest - lowest)
        ends = np.array([self.mean - reach, self.mean + reach])
        shares = self.totals / self.totals.sum()
        boxes = np.array(
            [
                shares[self.answers > highest - self.top].sum(),
                shares[self.answers < lowest + self.top].sum(),
            ]
        )
        low, high = self._interval(boxes)
        points = (ends - lowest) * stretch
        return pd.DataFrame(
            {
                "measure": ["mean", "points", f"top_{self.top}_box", f"bottom_{self.top}_box"],
                "estimate": [self.mean, (self.mean - lowest) * stretch, *boxes],
                "ci_low": [ends[0], points[0], *low],
                "ci_high": [ends[1], points[1], *high],
            }
        )

    def summary(self) -> Summary:
        """Return the measures and the distribution in words and tables.

        Returns
        -------
        Summary
            Print it, or let a notebook show it.
        """
        lowest, highest = self.scale
        facts = [("Respondents", str(self.n)), ("Scale", f"{lowest:g} to {highest:g}")]
        if self.n_effective < self.n * (1 - 1e-9):
            facts.append(("Effective number", f"{self.n_effective:.1f}"))
        if self.n_dropped:
            facts.append(("Left out", str(self.n_dropped)))
        distribution = self.distribution
        distribution["answer"] = [f"{answer:g}" for answer in self.answers]
        tables = (
            table_of(f"Measures, {100 * self.level:g}% intervals", self.measures),
            table_of(f"Distribution, {100 * self.level:g}% intervals", distribution),
        )
        return Summary("Directly reported satisfaction", tuple(facts), tables)

    def _interval(self, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        n = np.full(len(shares), self.n_effective)
        return share_interval(shares * n, n, level=self.level)


@dataclass(frozen=True, slots=True)
class NetPromoter:
    """A net promoter score with its interval.

    Attributes
    ----------
    score : float
        Percentage of promoters less percentage of detractors, from -100 to 100.
    ci_low, ci_high : float
        Ends of the interval.
    promoters, passives, detractors : float
        Shares of those who answer 9 or 10, 7 or 8, and 0 to 6.
    n : int
        Number of respondents.
    n_effective : float
        How many equally weighted respondents tell as much.
    n_dropped : int
        How many were left out for a missing value.
    level : float
        Confidence level of the interval.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> attributes.net_promoter([10, 9, 8, 3]).score
    25.0
    """

    score: float
    ci_low: float
    ci_high: float
    promoters: float
    passives: float
    detractors: float
    n: int
    n_effective: float
    n_dropped: int
    level: float


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
    >>> report.measures[["measure", "estimate"]]
            measure  estimate
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
            f"top={top} covers the whole scale from {lowest:g} to {highest:g}; take a smaller one"
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
    return DirectReport(
        answers,
        totals,
        len(x),
        kish(weight),
        read.n_dropped,
        float(mean[0]),
        float(error[0]),
        (lowest, highest),
        int(top),
        level,
    )


def net_promoter(
    ratings: object,
    *,
    data: object = None,
    weights: object = None,
    interval: PromoterInterval = "adjusted",
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
    interval : {"adjusted", "wald"}
        How the interval is made.
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

    Notes
    -----
    score = 100 (p - d), with p for the share of answers 9 and 10 and d for that of 0 to 6.
    Its variance is 100^2 (p + d - (p - d)^2) / n. "wald" takes the score plus and minus
    so many standard errors, and has no width where all answers are of one kind. "adjusted"
    first adds three respondents, 3/4 of a promoter and 3/4 of a detractor among them, which
    did best in the comparison of Rocks [1]_; it may leave -100 to 100 and is cut there. With
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
    >>> found.score, found.promoters, found.detractors
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
            f"ratings have {int((x % 1 != 0).sum())} answers that are no whole numbers, first "
            f"{first:g}; the score is defined for whole answers from 0 to 10"
        )
    total = weight.sum()
    kinds = (x >= _PROMOTERS, (x < _PROMOTERS) & (x > _DETRACTORS), x <= _DETRACTORS)
    p, rest, d = (float(weight[group].sum() / total) for group in kinds)
    n = kish(weight)
    low, high = _promoter_interval(p, d, n, interval, level)
    return NetPromoter(100 * (p - d), low, high, p, rest, d, len(x), n, read.n_dropped, level)


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


def _promoter_interval(
    p: float, d: float, n: float, interval: PromoterInterval, level: float
) -> tuple[float, float]:
    if interval == "adjusted":
        p, d, n = (p * n + 0.75) / (n + 3), (d * n + 0.75) / (n + 3), n + 3
    reach = float(ndtri(np.array((1 + level) / 2))) * np.sqrt((p + d - (p - d) ** 2) / n)
    low, high = 100 * (p - d - reach), 100 * (p - d + reach)
    return float(max(low, -100.0)), float(min(high, 100.0))
