"""The diamond of loyalty (Knox), and ultimate loyalty (Oliver)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_finite
from loyaltymodel._core.quadrant_sorting import (
    Cuts,
    IntervalKind,
    Randomness,
    Reliability,
    Scale,
    check_sorting,
    read_sample,
)
from loyaltymodel._core.quadrants import Ties
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import by_variable, limits_of
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.types.estimate import sort_customers
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES


@checked
def knox(
    portfolio: object,
    involvement: object,
    *,
    data: object = None,
    scale: Scale = None,
    cuts: Cuts = None,
    ties: Ties = "high",
    reliability: Reliability = None,
    moments: Moments | None = None,
    moves: Mapping[str, Iterable[float]] | None = None,
    weights: object = None,
    missing: Missing = "raise",
    interval: IntervalKind | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: Randomness = None,
) -> WithCustomers[LoyaltyTypes]:
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
    scale : pair of float, or mapping from variable to pair, optional
        Lowest and highest possible involvement, such as (1, 10). Scores outside are an error. A
        portfolio has none, unless a mapping gives it one.
    cuts : {"midpoint", "median", "mean"}, float, or mapping from variable to such, optional
        From where on a variable is high: the weighted median or mean of the sample, the
        midpoint of its scale, or a number in its units; one for both, or by name, such as
        ``{"portfolio": 2.5}``. By default the median of the portfolio, and the midpoint of
        involvement.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off. "high" is many brands, and high
        involvement.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of portfolio and of involvement, above 0 and at most 1. With it each
        customer gets the probability of each type.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are "portfolio" and "involvement".
    moves : mapping from str to sequence of float, optional
        By how much the cut-off of a variable moves in the table ``stability`` of the result, in
        the units of the variable, such as ``{"portfolio": [-1, 1]}``. To stay, 0, is always among
        the moves; a variable that is not named stays.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    interval : {"wilson", "percentile"}, optional
        "wilson": Wilson's interval for an effective number of customers; cut-offs count as
        known. "percentile": of customers drawn again; cut-offs, means and covariance from the
        sample are estimated again each time. By default "percentile" where a cut-off is the
        mean or median of the sample, and "wilson" where all are known, or where so many
        customers differ that drawing them would take long, which a remark says. Where the
        cut-offs of resamples jump between two or three values, as a median of counts does, the
        interval reaches over Wilson's with each.
    level : float
        Confidence level of each interval, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="percentile"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy Generator or int, optional
        Randomness, for ``interval="percentile"``.

    Returns
    -------
    result : LoyaltyTypes
        Shares of the types with their intervals, how far to trust them, and advice.
    customers : DataFrame
        A row a customer with the labels of the data: ``type``, ordered categories, ascending,
        and if ``reliability`` is given the probability of each type, in a column called as the
        type.

    Raises
    ------
    DataError
        If scores are missing, off their scale or not numbers, variables differ in length, a
        weight is negative or all are zero, or a score does not vary and ``reliability`` is
        given.
    NotIdentifiedError
        If the scores correlate more strongly than their reliabilities allow.
    OptionError
        If an option is not one of its choices, a midpoint is asked for without a scale, or a
        move would carry a cut-off off its scale.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred has correlations that the reliabilities do not
        allow, or only customers of weight 0.

    Notes
    -----
    The reference sorts purchasing styles by involvement and by the portfolio of suppliers; which
    style stands in which cell is stated here as it is usually reported. No literature gives
    the cut-offs. A portfolio has no scale, so its default is the median of the sample, which
    makes about half of the customers buyers of many brands by definition; for comparisons over
    time give a number. With few different counts much depends on ``ties``, and intervals hold a
    share in 94 to 95 of 100 simulated surveys, with unequal weights in 91 to 94.

    For probabilities, intervals and their assumptions see :func:`dick_basu`.

    References
    ----------
    .. [1] Knox, S. (1998). Loyalty-based segmentation and the customer development process.
       European Management Journal, 16(6), 729-737.

    Examples
    --------
    The median of 1, 1, 4 and 6 brands is 2.5, and the midpoint of the scale 5.5.

    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.knox([1, 1, 4, 6], [8, 3, 8, 3], scale=(1, 10))
    >>> customers["type"].tolist()
    ['loyal', 'habitual', 'variety seeker', 'switcher']
    """
    names = SCHEMES["knox"].variables
    limits = limits_of(scale, dict.fromkeys(names), shared=["involvement"])
    own = by_variable("cuts", cuts, {"portfolio": "median", "involvement": "midpoint"})
    at = own["portfolio"]
    if limits["portfolio"] is None and isinstance(at, str) and at == "midpoint":
        raise OptionError(
            "the midpoint of portfolio needs the smallest and the largest possible one; give "
            "scale={'portfolio': (1, 6)} or the like, or a number of brands"
        )
    sorting = check_sorting(
        names,
        own,
        limits,
        ties=ties,
        reliability=reliability,
        moments=moments,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    scores, bounds = (portfolio, involvement), {"portfolio": (0.0, np.inf)}
    sample = read_sample(sorting, scores, weights, data=data, missing=missing, bounds=bounds)
    return sort_customers("knox", sample, moves=moves, rng=rng)


@checked
def ultimate_loyalty(
    fortitude: object,
    support: object,
    *,
    superiority: object = None,
    data: object = None,
    scale: Scale = None,
    cuts: Cuts = "midpoint",
    ties: Ties = "high",
    reliability: Reliability = None,
    moments: Moments | None = None,
    moves: Mapping[str, Iterable[float]] | None = None,
    weights: object = None,
    missing: Missing = "raise",
    interval: IntervalKind | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: Randomness = None,
) -> WithCustomers[LoyaltyTypes]:
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
        below its cut-off are of the type "no superiority", whatever their fortitude
        and support.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, or mapping from variable to pair, optional
        Lowest and highest possible score of fortitude and support, such as (1, 7), or of each by
        name. Scores outside are an error.
    cuts : {"midpoint", "median", "mean"}, float, or mapping
        From where on fortitude and support are high: the midpoint of the scale, the weighted
        median or mean of the sample, or a number in the units of the scores; one for both, or
        by name. "superiority" is from which score on a product is superior, a convention, such
        as ``{"superiority": 4}``; with True and False it is not needed.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of fortitude and of support, above 0 and at most 1. With it each
        customer gets the probability of each type.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are "fortitude" and "support".
    moves : mapping from str to sequence of float, optional
        By how much the cut-off of a variable moves in the table ``stability`` of the result, in
        the units of the variable, such as ``{"fortitude": [-1, 1]}``. To stay, 0, is always among
        the moves; a variable that is not named stays.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative.
    missing : {"raise", "drop"}
        What to do with customers of whom a value is missing.
    interval : {"wilson", "percentile"}, optional
        "wilson": Wilson's interval for an effective number of customers; cut-offs count as
        known. "percentile": of customers drawn again; cut-offs, means and covariance from the
        sample are estimated again each time. By default "percentile" where a cut-off is the
        mean or median of the sample, and "wilson" where all are known, or where so many
        customers differ that drawing them would take long, which a remark says. Where the
        cut-offs of resamples jump between two or three values, as a median of counts does, the
        interval reaches over Wilson's with each.
    level : float
        Confidence level of each interval, between 0 and 1.
    n_resamples : int
        Number of resamples, for ``interval="percentile"``; enough for the level:
        (n + 1)(1 - level) / 2 must be at least 1.
    rng : numpy Generator or int, optional
        Randomness, for ``interval="percentile"``.

    Returns
    -------
    result : LoyaltyTypes
        Shares of the types with their intervals, how far to trust them, and advice.
    customers : DataFrame
        A row a customer with the labels of the data: ``type``, ordered categories, ascending,
        and if ``reliability`` is given the probability of each type, in a column called as the
        type.

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
        allow, or only customers of weight 0.

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
    >>> result, customers = loyalty_stage.ultimate_loyalty(
    ...     [6, 6, 2, 2], [6, 2, 6, 2], scale=(1, 7)
    ... )
    >>> for kind in customers["type"]:
    ...     print(kind)
    immersed self-identity
    determined self-isolation
    village envelopment
    product superiority
    """
    names = SCHEMES["ultimate_loyalty"].variables
    defaults = {**dict.fromkeys(names, "midpoint"), "superiority": None}
    own = by_variable("cuts", cuts, defaults, shared=names)
    sorting = check_sorting(
        names,
        own,
        limits_of(scale, dict.fromkeys(names)),
        ties=ties,
        reliability=reliability,
        moments=moments,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    limit = own["superiority"]
    if superiority is None and limit is not None:
        raise OptionError("cuts['superiority'] has nothing to cut; give superiority as well")
    scores, further = (fortitude, support), {"superiority": superiority}
    sample = read_sample(sorting, scores, weights, data=data, missing=missing, further=further)
    outside = None
    if superiority is not None:
        outside = ~_superior(sample.variables["superiority"], limit)
    further_cuts = {} if limit is None else {"superiority": float(limit)}
    return sort_customers(
        "ultimate_loyalty",
        sample,
        outside=outside,
        further_cuts=further_cuts,
        moves=moves,
        rng=rng,
    )


def _superior(values: npt.NDArray[Any], limit: float | None) -> BoolArray:
    """Tell who finds the product superior."""
    if limit is None:
        if not np.isin(values, (0, 1)).all():
            raise OptionError(
                "superiority is a score, so it needs a cut-off; give cuts={'superiority': 4} or "
                "the like, or True and False as superiority"
            )
        return np.asarray(values, dtype=np.bool_)
    check_finite("cuts['superiority']", limit, way_out=", such as 4")
    return reaches(values, limit)
