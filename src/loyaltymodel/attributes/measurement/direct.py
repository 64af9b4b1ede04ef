"""Directly reported satisfaction: mean, top box, distribution, net promoter score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.counts import (
    Pull,
    counted,
    kish,
    members,
    pull_of,
    weighted_means,
)
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import (
    Ends,
    check_level,
    ndtri,
    newcombe,
    satterthwaite,
    student,
    wilson,
    wilson_at,
)
from loyaltymodel._core.options import check_choice, check_count, count_of
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, percent, table_of
from loyaltymodel._core.variables import read_weighted
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, warn_caller

PromoterInterval = Literal["wilson", "wald"]

_LEAST = 2  # respondents
_MOST_STEPS = 101  # of a scale whose every answer is listed, such as 0 to 100
_NPS_SCALE = (0.0, 10.0)
_PROMOTERS, _DETRACTORS = 9, 6  # from, up to
_BOXES = 2  # top and bottom: the last rows of a report
NO_SPREAD = (
    "{} has no interval: all the weight is on equal answers, so that nothing shows how far those "
    "of other respondents would differ."
)
# The highest answers of scales that are taken for that of the score, of any and of many people.
_OTHER_SCALES, _LONGER_SCALES, _MANY = 5, 7, 30


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DirectReport(Result):
    """What respondents say about their satisfaction when they are asked directly.

    Attributes
    ----------
    answers : ndarray of shape (a,)
        The possible answers, or those that were given on a scale without steps.
    totals : ndarray of shape (a,)
        Weight of the respondents who gave each answer.
    sizes : ndarray of shape (a + 2,)
        Of how many equally weighted respondents the share of each answer is as sure, and those of
        the top and the bottom answers.
    df : float
        Degrees of freedom of the mean.
    estimates : EstimateTable
        Mean, points and shares of top and bottom answers, by ``quantity``.
    n_obs : int
        Number of respondents.
    n_effective : float
        Kish's effective number, which knows the weights only.
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
    sizes: FloatArray
    df: float
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
        labels, n = {"answer": self.answers}, self.sizes[:-_BOXES]
        return EstimateTable.wilson(labels, shares, n, level=self.level).frame()

    @checked
    def difference(self, earlier: DirectReport) -> pd.DataFrame:
        """Return how much higher this report is than another one of other respondents.

        Parameters
        ----------
        earlier : DirectReport
            The same question asked of others, such as a year before.

        Returns
        -------
        DataFrame
            The rows of :attr:`quantities`, this one less the earlier one: ``estimate``,
            ``std_error`` (NaN for shares), ``ci_low``, ``ci_high`` and ``p_value`` of no
            difference.

        Raises
        ------
        OptionError
            If scale, ``top`` or level differ.

        Notes
        -----
        The interval of means is Welch's, that of shares Newcombe's. Both need the two to be
        independent: where the same respondents answered twice, make the difference of each
        respondent, and its mean.

        Examples
        --------
        >>> from loyaltymodel import attributes
        >>> before = attributes.direct_report([1, 2, 3, 3, 4, 5], scale=(1, 5))
        >>> now = attributes.direct_report([3, 4, 4, 5, 5, 5], scale=(1, 5))
        >>> now.difference(before)[["quantity", "estimate", "ci_low", "ci_high"]].round(3)
               quantity  estimate  ci_low  ci_high
        0          mean     1.333  -0.204    2.871
        1        points    33.333  -5.100   71.767
        2     top_1_box     0.333  -0.172    0.674
        3  bottom_1_box    -0.167  -0.564    0.247
        """
        for name in ("scale", "top", "level"):
            own, other = getattr(self, name), getattr(earlier, name)
            if own != other:
                raise OptionError(
                    f"the reports differ in {name}: {own} and {other}; make both with the same"
                )
        one, other = self.estimates, earlier.estimates
        assert one.std_error is not None  # noqa: S101  made with errors
        assert other.std_error is not None  # noqa: S101
        errors = np.column_stack([one.std_error, other.std_error])[:-_BOXES]
        means = (one.estimate - other.estimate)[:-_BOXES]
        degrees = satterthwaite(errors**2, np.array([self.df, earlier.df]))
        apart = student(means, np.hypot(*errors.T), degrees, level=self.level)
        ends = tuple(_share_ends(r.estimates.estimate[-_BOXES:], r.sizes) for r in (self, earlier))
        boxes = newcombe(
            one.estimate[-_BOXES:], other.estimate[-_BOXES:], (ends[0], ends[1]), level=self.level
        )
        return EstimateTable(
            labels=one.labels,
            estimate=one.estimate - other.estimate,
            std_error=np.append(np.hypot(*errors.T), [np.nan] * _BOXES),
            ci_low=np.append(apart.low, boxes.low),
            ci_high=np.append(apart.high, boxes.high),
            p_value=np.append(apart.p_value, boxes.p_value),
            level=self.level,
            method="Welch and Newcombe",
        ).frame()

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

    def _remarks(self) -> Sequence[str]:
        error = self.estimates.std_error
        return () if error is None or error[0] > 0 else (NO_SPREAD.format("The mean"),)


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
        Kish's effective number, which knows the weights only.
    size : float
        Of how many equally weighted respondents the score is as sure.
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
    size: float
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

    @checked
    def difference(self, earlier: NetPromoter) -> pd.Series:
        """Return how much higher this score is than another one of other respondents.

        Parameters
        ----------
        earlier : NetPromoter
            The score of others, such as a wave before, with the same kind and level of interval.

        Returns
        -------
        Series
            ``estimate``, this score less the earlier one, ``ci_low``, ``ci_high`` and the
            ``p_value`` of no difference.

        Raises
        ------
        OptionError
            If the two have other kinds or levels of intervals.

        Notes
        -----
        Newcombe's interval, made of those of the two scores, which must be independent: where
        the same respondents answered twice, the mean difference of each respondent's 1, 0 or -1
        is what to look at.

        Examples
        --------
        >>> from loyaltymodel import attributes
        >>> before = attributes.net_promoter([10] * 30 + [8] * 40 + [5] * 30)
        >>> now = attributes.net_promoter([10] * 45 + [8] * 35 + [5] * 20)
        >>> now.difference(before).round(3).to_dict()
        {'estimate': 25.0, 'ci_low': 3.469, 'ci_high': 45.506, 'p_value': 0.022}
        """
        for name in ("interval", "level"):
            own, other = getattr(self, name), getattr(earlier, name)
            if own != other:
                raise OptionError(
                    f"the scores differ in {name}: {own} and {other}; make both with the same"
                )
        scores = [np.array([one.estimate / 100]) for one in (self, earlier)]
        ends = (_promoter_ends(self), _promoter_ends(earlier))
        found = newcombe(scores[0], scores[1], ends, level=self.level)
        return pd.Series(
            {
                "estimate": self.estimate - earlier.estimate,
                "ci_low": 100 * found.low[0],
                "ci_high": 100 * found.high[0],
                "p_value": found.p_value[0],
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
@takes_codebook("ratings")
def direct_report(
    ratings: Variable,
    *,
    scale: tuple[float, float] | Codebook,
    data: Data | None = None,
    top: int = 1,
    weights: Variable | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> DirectReport:
    """Return directly reported satisfaction (直接报告满意程度): mean, top box, distribution.

    Parameters
    ----------
    ratings : array-like of shape (n,), Series or str
        Satisfaction of each respondent, higher for more satisfied; or the name of a column of
        ``data``.
    scale : pair of numbers, or Codebook
        Lowest and highest answer that the questionnaire allows; or the codebook that the answers
        are read by.
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
    The interval of the mean is that of t, cut at the ends of the scale. With weights its error is
    linearised: the weight of a respondent times the distance from the mean, over the sum of
    weights, is what this one moves it by. The squares are divided by what is expected of them if
    all vary alike, so that the error is unbiased, and have degrees of freedom by Satterthwaite
    [1]_; without weights these are n - 1. Where all give the same answer there is no interval,
    because nothing shows how far others differ. Those of the shares are Wilson's, for the number
    of respondents of whom a plain share would have the same error [2]_. Kish's number would take
    weights to have nothing to do with the answers. In simulated surveys of 40 and 200 in which
    they have, intervals of level .95 held the truth in 92 % to 97 %. The least sure is a share of
    people who may be absent from a sample, which then does not show what they weigh. Each
    interval holds its level on its own, not all of them together. A mean of five-point answers
    takes their steps to be equal.

    References
    ----------
    .. [1] Bell, R. M., & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear
       regression with multi-stage samples. Survey Methodology, 28(2), 169-181.
    .. [2] Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data. Survey Methodology, 24(2),
       193-201.

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
    mean, error, degrees = weighted_means(x[:, None], weight)
    answers = _steps(x, lowest, highest)
    codes = np.searchsorted(answers, x)
    size = max(abs(lowest), abs(highest))
    in_top = exceeds(answers, highest - int(top), size=size)
    in_bottom = exceeds(lowest + int(top), answers, size=size)
    boxes = np.column_stack([in_top[codes], in_bottom[codes]]).astype(np.float64)
    in_boxes = members(boxes, weight, level=level)
    of_answers = counted(codes, weight, len(answers), level=level)
    return DirectReport(
        answers=answers,
        totals=np.bincount(codes, weight, minlength=len(answers)).astype(np.float64),
        sizes=np.append(of_answers.n, in_boxes.n),
        df=degrees,
        estimates=_in_short(
            float(mean[0]),
            float(error[0]),
            degrees,
            (in_boxes.share, in_boxes.n),
            scale=(lowest, highest),
            top=int(top),
            level=level,
        ),
        n_obs=len(x),
        n_effective=kish(weight),
        n_dropped=read.n_dropped,
        scale=(lowest, highest),
        top=int(top),
        level=level,
    )


@checked
def net_promoter(
    ratings: Variable,
    *,
    data: Data | None = None,
    weights: Variable | None = None,
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
        If no answer is above 5, as on a scale from 1 to 5 or of yes and no, or among 30 answers
        and more none above 7.

    Notes
    -----
    score = 100 (p - d), with p for the share of answers 9 and 10 and d for that of 0 to 6. Its
    variance is 100^2 (p + d - (p - d)^2) / n. "wald" takes the score plus and minus so many
    standard errors. "wilson" is the adjusted interval that did best in the comparison of Rocks
    [1]_: the same after three respondents were added. Either may leave -100 to 100 and is cut
    there. With weights the variance is the linearised one of :func:`direct_report`, and n is
    ``size``, the number of respondents who would give it without weights. "wald" has no width
    where all weights are on answers of one kind, and is then NaN. The score throws information
    away: two surveys with the same mean may differ in it, and the other way round.

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
    if x.max() <= (_OTHER_SCALES if len(x) < _MANY else _LONGER_SCALES):
        whom = "all are detractors" if x.max() <= _DETRACTORS else "nobody is a promoter"
        warn_caller(
            f"no answer is above {x.max():g}, so that {whom}; the score is defined for the "
            "question with answers from 0 to 10. Of another scale take direct_report",
            ScaleWarning,
        )
    total = weight.sum()
    kinds = (x >= _PROMOTERS, (x < _PROMOTERS) & (x > _DETRACTORS), x <= _DETRACTORS)
    p, rest, d = (float(weight[group].sum() / total) for group in kinds)
    size = _promoter_size(p, d, kinds[0].astype(np.float64) - kinds[2], weight, level)
    low, high = _promoter_ends_of(p, d, size, interval)(ndtri(np.array([(1 + level) / 2])))
    return NetPromoter(
        estimate=100 * (p - d),
        ci_low=100 * float(low[0]),
        ci_high=100 * float(high[0]),
        promoters=p,
        passives=rest,
        detractors=d,
        n_obs=len(x),
        n_effective=kish(weight),
        size=size,
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
    mean: float,
    std_error: float,
    degrees: float,
    boxes: tuple[FloatArray, FloatArray],
    *,
    scale: tuple[float, float],
    top: int,
    level: float,
) -> EstimateTable:
    """Return mean, points from 0 to 100, and shares of the top and the bottom answers."""
    lowest, highest = scale
    stretch = 100 / (highest - lowest)
    own = student(np.array([mean]), np.array([std_error]), degrees, level=level)
    ends = np.clip([own.low[0], own.high[0]], lowest, highest)
    points = (ends - lowest) * stretch
    low, high = wilson(*boxes, level=level)
    names = ("mean", "points", f"top_{top}_box", f"bottom_{top}_box")
    return EstimateTable(
        labels=FrozenMapping({"quantity": names}),
        estimate=np.array([mean, (mean - lowest) * stretch, *boxes[0]]),
        std_error=np.array([std_error, std_error * stretch, np.nan, np.nan]),
        ci_low=np.array([ends[0], points[0], *low]),
        ci_high=np.array([ends[1], points[1], *high]),
        level=level,
        method="Student's t and Wilson",
    )


def _share_ends(share: FloatArray, sizes: FloatArray) -> Ends:
    """Return the ends of the shares of the top and the bottom answers."""
    return lambda z: wilson_at(share, sizes[-_BOXES:], z)


def _promoter_size(
    p: float, d: float, score: FloatArray, weights: FloatArray, level: float
) -> float:
    """Return of how many equally weighted respondents the mean of 1, 0 and -1 is as sure."""
    pull: Pull = pull_of(weights)
    variance = float(pull.of_square @ (score - (p - d)) ** 2) * (1 - 1 / pull.n)
    alone = p + d - (p - d) ** 2  # the variance of one respondent
    size = alone / variance if variance > 0 and alone > 0 else kish(weights)
    return min(size, float(pull.n)) * pull.less_sure(level)


def _promoter_ends(found: NetPromoter) -> Ends:
    return _promoter_ends_of(found.promoters, found.detractors, found.size, found.interval)


def _promoter_ends_of(p: float, d: float, n: float, interval: PromoterInterval) -> Ends:
    """Return the ends of a score from -1 to 1 at so many standard errors."""
    if interval == "wilson":
        p, d, n = (p * n + 0.75) / (n + 3), (d * n + 0.75) / (n + 3), n + 3
    variance = (p + d - (p - d) ** 2) / n
    error = np.sqrt(variance) if variance > 0 else np.nan  # without width it is no interval

    def ends(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.maximum(p - d - z * error, -1.0), np.minimum(p - d + z * error, 1.0)

    return ends
