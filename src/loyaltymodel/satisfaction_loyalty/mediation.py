"""Quality determines satisfaction, satisfaction partly determines loyalty: how large a part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples, percentile
from loyaltymodel._core.options import check_flag, count_of
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.spread import check_spread
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import NotIdentifiedError

# What is estimated, in this order.
EFFECTS = (
    "quality on satisfaction",
    "satisfaction on loyalty",
    "total effect of quality",
    "indirect effect, through satisfaction",
    "direct effect of quality",
    "share of the total effect that is indirect",
)
VARIANCES = (
    "satisfaction explained by quality",
    "loyalty explained by satisfaction",
    "loyalty explained by quality besides",
    "loyalty left over",
)
_SHARE = EFFECTS.index("share of the total effect that is indirect")
_LEAST = 5
_COLLINEAR = 1e-10  # of its variance, so much must be left to a variable


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PartialDetermination(Result):
    """A mediation by satisfaction, with intervals; made by :func:`partial_determination`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because of missing values.
    standardised : bool
        Whether effects are in standard deviations; else in the units of the answers.
    estimates : EstimateTable
        Six effects, then four shares of variance, by ``quantity``.
    level : float
        Confidence level of the percentile intervals.
    n_resamples, n_failed : int
        Resamples drawn, and how many of them could not be estimated and were left out.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.partial_determination(
    ...     [1, 2, 3, 4, 5, 6] * 5,
    ...     [2, 1, 4, 3, 6, 5] * 5,
    ...     [1, 1, 2, 2, 4, 3] * 5,
    ...     n_resamples=200,
    ...     rng=1,
    ... )
    >>> found.variance["estimate"].tail(3).sum().round(6).item()
    1.0
    """

    made_by: ClassVar[str] = "partial_determination()"
    people: ClassVar[str] = "customers"
    interval: ClassVar[str] = "percentile"

    n_obs: int
    n_dropped: int
    standardised: bool
    estimates: EstimateTable
    level: float
    n_resamples: int
    n_failed: int

    @property
    def effects(self) -> pd.DataFrame:
        """The effects, a row each: ``quantity``, ``estimate``, ``std_error``, interval."""
        return self.estimates.frame().iloc[: len(EFFECTS)]

    @property
    def variance(self) -> pd.DataFrame:
        """Shares of variance, a row each; the three of loyalty add up to 1."""
        return self.estimates.frame().iloc[len(EFFECTS) :].reset_index(drop=True)

    def _title(self) -> str:
        return "Partial determination of loyalty"

    def _brief(self) -> str:
        indirect = self.estimates.row(EFFECTS[3])["estimate"]
        return f"{count_of(self.n_obs, 'customer')}, indirect effect {indirect:.4g}"

    def _tables(self) -> tuple[Table, ...]:
        units = "standard deviations" if self.standardised else "units of the answers"
        return (
            table_of(f"Effects ({units})", self.effects),
            table_of("Shares of variance", self.variance),
        )

    def _remarks(self) -> tuple[str, ...]:
        remark = (
            "The effects are causal only if nothing else drives both satisfaction and loyalty, "
            "and quality is not an answer to loyalty itself; one survey cannot show that."
        )
        return (remark,)

    def _coefficients(self) -> EstimateTable:
        return self.estimates


@checked
def partial_determination(
    quality: Variable,
    satisfaction: Variable,
    loyalty: Variable,
    *,
    standardised: bool = False,
    n_resamples: int = FOR_INTERVALS,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> PartialDetermination:
    """Return how far quality reaches loyalty through satisfaction (满意部分地决定忠诚).

    Service quality determines satisfaction, and satisfaction determines loyalty in part
    (服务质量决定满意,满意部分决定忠诚). The effect of quality is split into the part that goes
    through satisfaction and the rest, and the variance of loyalty into what satisfaction
    explains, what quality adds, and what neither does.

    Parameters
    ----------
    quality, satisfaction, loyalty : array or Series of shape (n,), or str
        Scores, higher for more; or names of columns of ``data``.
    standardised : bool
        Whether effects are in standard deviations of the variables.
    n_resamples : int
        Number of bootstrap resamples of customers.
    level : float
        Confidence level between 0 and 1.
    rng : Generator or int, optional
        Source of randomness; the same seed gives the same intervals.
    data : pandas, polars or pyarrow table, optional
        Table with the columns.
    missing : {"raise", "drop"}
        What to do with customers with a missing value.

    Returns
    -------
    PartialDetermination
        Effects and shares of variance, with standard errors and percentile intervals.

    Raises
    ------
    DataError
        If a value is missing or infinite, there are fewer than 5 customers, or a variable is
        constant.
    NotIdentifiedError
        If quality and satisfaction are the same up to scale, so that their effects on loyalty
        cannot be told apart, or no resample can be estimated.
    OptionError
        If an option is not as described.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred could not be estimated.

    Notes
    -----
    With a the slope of satisfaction on quality, and b and d the slopes of loyalty on
    satisfaction and on quality in one regression, the indirect effect is a b, the direct
    effect d, and the total effect, the slope of loyalty on quality alone, is exactly a b + d.
    The share of the total that is indirect exceeds 1, or is negative, where the direct effect
    points the other way, and has no stable value where the total is near 0; where it is
    exactly 0, in the sample or in a resample, share or interval are NaN.

    The shares of variance are r^2 of loyalty and satisfaction, R^2 with quality added less
    that, and 1 - R^2. All three sum to 1, none is negative, so that an interval never tells
    whether a share is 0; in small samples the first two are too large.

    Intervals are percentile intervals: bias-corrected ones reject a true zero indirect effect
    too often when one of the two slopes is large and the other zero [1]_. Error in the scores
    weakens a and b, and moves a part of the indirect effect to the direct one; a structural
    model with consistent estimates (:mod:`loyaltymodel.structural`) corrects for it.

    Where there are many customers and few distinct triples of answers, resamples are drawn as
    counts of triples, which is the same lottery and does not grow with the customers.

    References
    ----------
    .. [1] Fritz, M. S., Taylor, A. B., & MacKinnon, D. P. (2012). Explanation of two anomalous
       results in statistical mediation analysis. Multivariate Behavioral Research, 47(1),
       61-87.

    Examples
    --------
    Satisfaction follows quality with slope 1 but for an error that is uncorrelated with it,
    and loyalty is half of satisfaction: the whole effect of 0.5 goes through satisfaction.

    >>> from loyaltymodel import satisfaction_loyalty
    >>> found = satisfaction_loyalty.partial_determination(
    ...     [1, 1, 2, 2, 3, 3] * 5,
    ...     [0, 2, 1, 3, 2, 4] * 5,
    ...     [0, 1, 0.5, 1.5, 1, 2] * 5,
    ...     n_resamples=200,
    ...     rng=1,
    ... )
    >>> found.effects["estimate"].round(6).tolist()[:4]
    [1.0, 0.5, 0.5, 0.5]
    """
    check_flag("standardised", standardised)
    check_resamples(n_resamples, level=level)
    given = {"quality": quality, "satisfaction": satisfaction, "loyalty": loyalty}
    found = read_variables(given, data=data, missing=missing)
    variables = [np.asarray(found[name], dtype=np.float64) for name in given]
    check_spread(given, variables, least=_LEAST)
    rows = np.column_stack([(v - v.mean()) / v.std() for v in variables])
    deviations = None if standardised else np.array([v.std() for v in variables])
    estimate = decompose(rows.T @ rows[None] / len(rows), deviations)[0]
    if np.isnan(estimate[1]):
        raise NotIdentifiedError(
            "quality and satisfaction are the same up to scale, so that nobody can tell which of "
            "them drives loyalty; leave one out, or ask different questions for the two"
        )
    drawn = [
        decompose(covariances, deviations)
        for covariances in _resampled(rows, n_resamples, np.random.default_rng(rng))
    ]
    replicates = np.concatenate(drawn)
    kept = replicates[np.isfinite(np.delete(replicates, _SHARE, axis=1)).all(axis=1)]
    n_failed = n_resamples - len(kept)
    resampling.check_failures(
        n_failed,
        n_resamples,
        "have a variable that does not vary, or quality and satisfaction alike",
        way_out="more customers are needed",
    )
    interval = percentile(kept, level=level)
    ends = np.stack([kept.std(axis=0, ddof=1), interval.low, interval.high])
    if np.isnan(kept[:, _SHARE]).any():  # a total effect of exactly 0 has no shares
        ends[:, _SHARE] = np.nan
    return PartialDetermination(
        n_obs=found.n_rows,
        n_dropped=found.n_dropped,
        standardised=standardised,
        estimates=EstimateTable(
            labels=FrozenMapping({"quantity": EFFECTS + VARIANCES}),
            estimate=estimate,
            std_error=ends[0],
            ci_low=ends[1],
            ci_high=ends[2],
            level=level,
            method="percentile bootstrap",
            replicates=kept,
        ),
        level=level,
        n_resamples=n_resamples,
        n_failed=n_failed,
    )


def decompose(covariances: FloatArray, deviations: FloatArray | None) -> FloatArray:
    """Effects and shares of variance (b, 10) of a stack of covariance matrices (b, 3, 3).

    The order is quality, satisfaction, loyalty. Effects are multiplied back to the units of
    ``deviations`` (3,), or without them given in standard deviations of each matrix. What
    does not exist is NaN.
    """
    # Variances are those of standardised answers: what rounding leaves of none is no variance.
    variances = covariances[:, range(3), range(3)].T
    qq, ss, ll = np.where(variances > _COLLINEAR, variances, np.nan)
    qs, ql, sl = covariances[:, 0, 1], covariances[:, 0, 2], covariances[:, 1, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = qq * ss - qs**2
        apart = np.where(apart > _COLLINEAR * qq * ss, apart, np.nan)
        a = qs / qq
        b = (qq * sl - qs * ql) / apart
        direct = (ss * ql - qs * sl) / apart
        total = ql / qq
        r2_satisfaction = qs**2 / (qq * ss)
        by_satisfaction = sl**2 / (ss * ll)
        # As a square, what quality adds cannot come out negative by rounding.
        added = direct**2 * apart / (ss * ll)
        # A slope of y on x is multiplied by the unit of y over the unit of x.
        if deviations is None:
            q, s, loyal = 1 / np.sqrt([qq, ss, ll])
        else:
            q, s, loyal = deviations
        a, b, direct, total = a * s / q, b * loyal / s, direct * loyal / q, total * loyal / q
        share = np.where(total == 0, np.nan, a * b / total)
        effects = [a, b, total, a * b, direct, share]
    shares = [r2_satisfaction, by_satisfaction, added, 1 - by_satisfaction - added]
    return np.stack([*effects, *shares], axis=1)


def _resampled(
    rows: FloatArray, n_resamples: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Covariance matrices (slice, 3, 3) of resamples of customers."""
    cells, times = np.unique(rows, axis=0, return_counts=True)
    n = len(rows)
    if 2 * len(cells) > n:
        units = resampling.make_units(rows, np.ones(n), None, None)
        size = resampling.slice_size(units)
        for counts in resampling.draw_counts(units, n_resamples, rng, size=size):
            yield resampling.resampled_moments(units, counts)[1]
        return
    units = resampling.make_units(cells, np.ones(len(cells)), None, None)
    size = resampling.slice_size(units)
    for start in range(0, n_resamples, size):
        drawn = rng.multinomial(n, times / n, size=min(size, n_resamples - start))
        yield resampling.resampled_moments(units, drawn)[1]
