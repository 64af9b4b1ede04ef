"""The diamond of loyalty (Knox), and ultimate loyalty (Oliver)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from loyaltymodel._arrays import BoolArray
from loyaltymodel._frames import Missing
from loyaltymodel._options import check_finite
from loyaltymodel._quadrant_sorting import (
    IntervalKind,
    Randomness,
    check_sorting,
    limits_of,
    read_sample,
)
from loyaltymodel._quadrants import Cut, Ties
from loyaltymodel._scales import Pair, pair_of
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.types.estimate import sort_customers
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES


def knox(
    portfolio: object,
    involvement: object,
    *,
    data: object = None,
    scale: Pair | None = None,
    portfolio_scale: Pair | None = None,
    portfolio_cut: Cut = "median",
    involvement_cut: Cut = "midpoint",
    ties: Ties = "high",
    reliability: Pair | None = None,
    means: object = None,
    covariance: object = None,
    weights: object = None,
    missing: Missing = "raise",
    interval: IntervalKind = "formula",
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: Randomness = None,
) -> LoyaltyTypes:
    """Return each customer's place in Knox's diamond of loyalty (诺克斯钻石模型).

    Buyers differ by how many brands they buy and by how much they care [1]_. Who buys few and
    cares is loyal (忠诚者), who buys few without caring habitual (习惯性购买者), who buys many and
    cares a variety seeker (多品牌购买者), and who buys many without caring a switcher
    (品牌转换者).

    Parameters
    ----------
    portfolio : Series, array of shape (n,) or str
        Number of brands or suppliers that a customer uses, not negative, or the name of a
        column of ``data``.
    involvement : Series, array of shape (n,) or str
        How much a customer cares which it is.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, optional
        Lowest and highest possible involvement, such as (1, 10). Scores outside are an error.
    portfolio_scale : pair of float, optional
        Lowest and highest possible portfolio, where there are such.
    portfolio_cut : {"midpoint", "median", "mean"} or float
        From where on a portfolio is large: the weighted median or mean of the sample, the
        midpoint of ``portfolio_scale``, or a number of brands.
    involvement_cut : {"midpoint", "median", "mean"} or float
        From where on involvement is high: the midpoint of the scale, the weighted median or
        mean of the sample, or a number in the units of the scores.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off. "high" is many brands, and high
        involvement.
    reliability : pair of float, optional
        Reliability of portfolio and of involvement, above 0 and at most 1. With it
        each customer gets the probability of each type.
    means : array of shape (2,), optional
        Means of portfolio and involvement where the customers come from; without it,
        those of the sample.
    covariance : array of shape (2, 2), optional
        Their covariance there, as observed, with the error in it; given with ``means``.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    interval : {"formula", "bootstrap"}
        "formula": Wilson's interval for an effective number of customers; cut-offs count as
        known. "bootstrap": percentiles over customers drawn again; cut-offs, means and
        covariance from the sample are estimated again each time.
    level : float
        Confidence level of each interval, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="bootstrap"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy Generator or int, optional
        Randomness, for ``interval="bootstrap"``.

    Returns
    -------
    LoyaltyTypes
        Types by customer, their shares with intervals, probabilities if ``reliability`` is
        given, and advice.

    Raises
    ------
    DataError
        If scores are missing, off their scale or not numbers, variables differ in length, a
        weight is negative or all are zero, or a score does not vary and ``reliability`` is
        given.
    NotIdentifiedError
        If the scores correlate more strongly than their reliabilities allow.
    OptionError
        If an option is not one of its choices, or a midpoint is asked for without a scale.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred has correlations that the reliabilities do not
        allow, or only people of weight 0.

    Notes
    -----
    The reference sorts purchasing styles by involvement and by the portfolio of suppliers; which
    style stands in which cell is stated here as it is usually reported. No literature gives
    the cut-offs. A portfolio has no scale, so its default is the median of the sample, which
    makes about half of the customers buyers of many brands by definition; for comparisons over
    time give a number. With few different counts much depends on ``ties``.

    For probabilities, intervals and their assumptions see :func:`dick_basu`.

    References
    ----------
    .. [1] Knox, S. (1998). Loyalty-based segmentation and the customer development process.
       European Management Journal, 16(6), 729-737.

    Examples
    --------
    The median of 1, 1, 4 and 6 brands is 2.5, and the midpoint of the scale 5.5.

    >>> from loyaltymodel import loyalty_stage
    >>> found = loyalty_stage.knox([1, 1, 4, 6], [8, 3, 8, 3], scale=(1, 10))
    >>> found.type.tolist()
    ['loyal', 'habitual', 'variety seeker', 'switcher']
    """
    first, second = pair_of("portfolio_scale", portfolio_scale), pair_of("scale", scale)
    if first is None and isinstance(portfolio_cut, str) and portfolio_cut == "midpoint":
        raise OptionError(
            "portfolio_cut='midpoint' needs the smallest and the largest possible portfolio; "
            "give portfolio_scale, such as (1, 6), or a number of brands"
        )
    sorting = check_sorting(
        SCHEMES["knox"].variables,
        (portfolio_cut, involvement_cut),
        (first, second),
        ties=ties,
        reliability=reliability,
        means=means,
        covariance=covariance,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    scores, own = (portfolio, involvement), {"portfolio": (0.0, np.inf)}
    sample = read_sample(sorting, scores, weights, data=data, missing=missing, bounds=own)
    return sort_customers("knox", sample, rng=rng)


def ultimate_loyalty(
    fortitude: object,
    support: object,
    *,
    superiority: object = None,
    superiority_from: float | None = None,
    data: object = None,
    scale: Pair | None = None,
    support_scale: Pair | None = None,
    fortitude_cut: Cut = "midpoint",
    support_cut: Cut = "midpoint",
    ties: Ties = "high",
    reliability: Pair | None = None,
    means: object = None,
    covariance: object = None,
    weights: object = None,
    missing: Missing = "raise",
    interval: IntervalKind = "formula",
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: Randomness = None,
) -> LoyaltyTypes:
    """Return what each customer's loyalty rests on besides the product (最终忠诚客户).

    Ultimate loyalty combines a product that is seen to be superior with personal fortitude and
    social support [1]_. Who has neither is loyal for product superiority alone; support alone
    is village envelopment, fortitude alone determined self-isolation, and both together
    immersed self-identity, the ultimate loyal customer [2]_.

    Parameters
    ----------
    fortitude : Series, array of shape (n,) or str
        How determined a customer is to stay, against all offers, or the name of a column of
        ``data``.
    support : Series, array of shape (n,) or str
        How much those around a customer support staying.
    superiority : Series, array of shape (n,) or str, optional
        How superior a customer finds the product, as a score or as True and False. Those
        below ``superiority_from`` are of the type "no superiority", whatever their fortitude
        and support.
    superiority_from : float, optional
        From which score on a product is superior; a convention. With True and False it is not
        needed.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, optional
        Lowest and highest possible score of fortitude and support, such as (1, 7). Scores
        outside are an error.
    support_scale : pair of float, optional
        The same for support, where its scale is another.
    fortitude_cut, support_cut : {"midpoint", "median", "mean"} or float
        From where on a score is high: the midpoint of the scale, the weighted median or mean
        of the sample, or a number in the units of the scores.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, optional
        Reliability of fortitude and of support, above 0 and at most 1. With it
        each customer gets the probability of each type.
    means : array of shape (2,), optional
        Means of fortitude and support where the customers come from; without it,
        those of the sample.
    covariance : array of shape (2, 2), optional
        Their covariance there, as observed, with the error in it; given with ``means``.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    interval : {"formula", "bootstrap"}
        "formula": Wilson's interval for an effective number of customers; cut-offs count as
        known. "bootstrap": percentiles over customers drawn again; cut-offs, means and
        covariance from the sample are estimated again each time.
    level : float
        Confidence level of each interval, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="bootstrap"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy Generator or int, optional
        Randomness, for ``interval="bootstrap"``.

    Returns
    -------
    LoyaltyTypes
        Types by customer, their shares with intervals, probabilities if ``reliability`` is
        given, and advice.

    Raises
    ------
    DataError
        If scores are missing, off their scale or not numbers, variables differ in length, a
        weight is negative or all are zero, or a score does not vary and ``reliability`` is
        given.
    NotIdentifiedError
        If the scores correlate more strongly than their reliabilities allow.
    OptionError
        If an option is not one of its choices, a midpoint is asked for without a scale, or only
        one of superiority and its cut-off is given.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred has correlations that the reliabilities do not
        allow, or only people of weight 0.

    Notes
    -----
    Superiority counts as known: probabilities are those of fortitude and support only. No
    literature gives the cut-offs; those here are conventions. Village envelopment and
    determined self-isolation have no order by theory.

    For probabilities, intervals and their assumptions see :func:`dick_basu`.

    References
    ----------
    .. [1] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63, 33-44.
    .. [2] Trail, G. T., James, J. D., Kwon, H., Anderson, D., & Robinson, M. J. (2016). An
       examination of Oliver's product loyalty framework. International Journal of Sports
       Marketing and Sponsorship, (2), 94-109.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> found = loyalty_stage.ultimate_loyalty([6, 6, 2, 2], [6, 2, 6, 2], scale=(1, 7))
    >>> for kind in found.type:
    ...     print(kind)
    immersed self-identity
    determined self-isolation
    village envelopment
    product superiority
    """
    sorting = check_sorting(
        SCHEMES["ultimate_loyalty"].variables,
        (fortitude_cut, support_cut),
        limits_of(scale, "support_scale", support_scale),
        ties=ties,
        reliability=reliability,
        means=means,
        covariance=covariance,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    if superiority is None and superiority_from is not None:
        raise OptionError("superiority_from has nothing to cut; give superiority as well")
    scores, further = (fortitude, support), {"superiority": superiority}
    sample = read_sample(sorting, scores, weights, data=data, missing=missing, further=further)
    outside = None
    if superiority is not None:
        outside = ~_superior(sample.variables["superiority"], superiority_from)
    return sort_customers("ultimate_loyalty", sample, outside=outside, rng=rng)


def _superior(values: npt.NDArray[Any], limit: float | None) -> BoolArray:
    """Tell who finds the product superior."""
    if limit is None:
        if not np.isin(values, (0, 1)).all():
            raise OptionError(
                "superiority is a score, so it needs a cut-off; give superiority_from, such as "
                "4, or True and False as superiority"
            )
        return np.asarray(values, dtype=np.bool_)
    check_finite("superiority_from", limit, way_out=", such as 4")
    return np.asarray(values >= limit, dtype=np.bool_)
