"""The matrices of Dick and Basu: relative attitude, and the types of loyalty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import numpy as np
import pandas as pd

from loyaltymodel._core.frames import Missing, read_table
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice, enumerate_names, suggest
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
from loyaltymodel._core.variables import without_blanks
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.types.estimate import sort_customers
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import RELATIVE_CLASSES, SCHEMES, RelativeClass

_CLASS_LIMITS = (0.0, 3.0)  # classes of relative attitude count 0, 1, 2 and 3


@checked
def relative_attitude(
    attitude: object,
    differentiation: object,
    *,
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
    """Return each customer's class of relative attitude (态度取向矩阵).

    An attitude counts for loyalty by how strong it is, and by whether rivals enjoy it as well.
    Strong and differentiated is the highest class, weak but differentiated is high, strong but
    undifferentiated low, and weak and undifferentiated the lowest [1]_.

    Parameters
    ----------
    attitude : Series, array of shape (n,) or str
        Strength of the attitude to the firm, or the name of a column of ``data``.
    differentiation : Series, array of shape (n,) or str
        How much the firm is seen to stand apart from its rivals.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, or mapping from variable to pair, optional
        Lowest and highest possible score of both, such as (1, 10), or of each by name. Scores
        outside are an error.
    cuts : {"midpoint", "median", "mean"}, float, or mapping from variable to such
        From where on a score is high: the midpoint of the scale, the weighted median or mean
        of the sample, or a number in the units of the scores; one for both, or by name.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of attitude and of differentiation, above 0 and at most 1. With it each
        customer gets the probability of each type.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are "attitude" and "differentiation".
    moves : mapping from str to sequence of float, optional
        By how much the cut-off of a variable moves in the table ``stability`` of the result, in
        the units of the variable, such as ``{"attitude": [-1, 1]}``. To stay, 0, is always among
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
    The order of the classes puts differentiation first: read literally, whether a relative
    attitude is high or low depends on differentiation alone, and strength says how high or how
    low. No literature gives the cut-offs; those here are conventions.

    For probabilities, intervals and their assumptions see :func:`dick_basu`.

    References
    ----------
    .. [1] Dick, A. S., & Basu, K. (1994). Customer loyalty: Toward an integrated conceptual
       framework. Journal of the Academy of Marketing Science, 22(2), 99-113.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.relative_attitude(
    ...     [8, 3, 8, 3], [9, 9, 2, 2], scale=(1, 10)
    ... )
    >>> customers["type"].tolist()
    ['highest', 'high', 'low', 'lowest']
    """
    names = SCHEMES["relative_attitude"].variables
    sorting = check_sorting(
        names,
        by_variable("cuts", cuts, dict.fromkeys(names, "midpoint")),
        limits_of(scale, dict.fromkeys(names)),
        ties=ties,
        reliability=reliability,
        moments=moments,
        interval=interval,
        level=level,
        n_resamples=n_resamples,
    )
    sample = read_sample(sorting, (attitude, differentiation), weights, data=data, missing=missing)
    return sort_customers("relative_attitude", sample, moves=moves, rng=rng)


@checked
def dick_basu(
    attitude: object,
    patronage: object,
    *,
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
    """Return each customer's type of loyalty by attitude and patronage (忠诚、潜在忠诚、虚假忠诚).

    Loyalty needs both a high relative attitude and repeat patronage. The attitude alone is
    latent loyalty, patronage alone spurious loyalty (虚假忠诚、伪忠诚), and neither is no
    loyalty [1]_.

    Parameters
    ----------
    attitude : Series, array of shape (n,) or str
        Relative attitude as a score; or as classes, which are the column ``type`` of the
        customers that :func:`relative_attitude` returns.
    patronage : Series, array of shape (n,) or str
        Repeat patronage, such as the share of purchases made at the firm, or a score.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, or mapping from variable to pair, optional
        Lowest and highest possible attitude, such as (1, 10). Scores outside are an error.
        Patronage has the scale of a share, 0 to 1, unless a mapping gives another, such as
        ``{"attitude": (1, 10), "patronage": (1, 7)}``; None is for numbers without an end, which
        then need another cut-off.
    cuts : {"midpoint", "median", "mean"}, float, or mapping from variable to such
        From where on a variable is high: the midpoint of its scale, the weighted median or mean
        of the sample, or a number in its units; one for both, or by name. For classes of
        relative attitude the lowest that counts as high, such as ``{"attitude": "low"}``, of
        "low", "high" and "highest"; "midpoint" means "high".
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of attitude and of patronage, above 0 and at most 1. With it each
        customer gets the probability of each type.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are "attitude" and "patronage".
    moves : mapping from str to sequence of float, optional
        By how much the cut-off of a variable moves in the table ``stability`` of the result, in
        the units of the variable, such as ``{"attitude": [-1, 1]}``. To stay, 0, is always among
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
    The original axis is *relative* attitude: how far the firm is preferred to its rivals. The
    teaching text has positive and negative emotion instead (积极情感、消极情感), for which give a
    score of emotion. The two need not agree. No literature gives the cut-offs; those here are
    conventions, and every share depends on them. State them.

    Classes of relative attitude are not scores, so they have no reliability and no
    probabilities. Where a probability is wanted, give the score that decides: the classes
    "high" and "highest" are those of customers whose differentiation is high.

    Probabilities are those of the true scores. Given the observed scores x these are normal
    with mean mu + S_T S_X^-1 (x - mu) and covariance S_T - S_T S_X^-1 S_T, where S_X is the
    covariance of the scores and S_T = S_X - diag(sd^2 (1 - reliability)): Kelley's formula for
    two scores at once. A normal distribution around the observed score itself is not
    calibrated, since extreme scores are partly luck. Scores count as continuous, true scores
    as normal, and reliabilities as known. Patronage from the firm's own records has a
    reliability too: as a measure of what a customer usually does a year of purchases is a
    sample.

    An observed share has a linearised standard error, and Wilson's interval for as many
    customers, at most n, as would give a plain share this error. A true share is the mean of
    the probabilities. Its standard error is that of the infinitesimal jackknife, and holds
    that mu and S_X are estimates. Of a type without customers the bootstrap knows nothing: its
    observed interval is 0 to 0.

    References
    ----------
    .. [1] Dick, A. S., & Basu, K. (1994). Customer loyalty: Toward an integrated conceptual
       framework. Journal of the Academy of Marketing Science, 22(2), 99-113.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> people = pd.DataFrame(
    ...     {"attitude": [9, 8, 2, 3], "share": [0.9, 0.1, 0.8, 0.2]},
    ...     index=["Ann", "Bo", "Chen", "Dai"],
    ... )
    >>> result, customers = loyalty_stage.dick_basu(
    ...     "attitude", "share", data=people, scale=(1, 10)
    ... )
    >>> for name, kind in customers["type"].items():
    ...     print(name, kind)
    Ann loyalty
    Bo latent loyalty
    Chen spurious loyalty
    Dai no loyalty

    With the classes of relative attitude in place of a score:

    >>> _, relative = loyalty_stage.relative_attitude(
    ...     "attitude", [2, 9, 9, 2], data=people, scale=(1, 10)
    ... )
    >>> _, customers = loyalty_stage.dick_basu(relative["type"], "share", data=people)
    >>> customers["type"].tolist()
    ['spurious loyalty', 'latent loyalty', 'loyalty', 'no loyalty']

    How probable is it that someone just above the middle prefers the firm? The mean is 5, so
    with a reliability of 0.75 the true score of someone with a 6 is expected at 5.75, with the
    standard deviation sqrt(4 * 0.75 * 0.25) = 0.866; the cut-off of 5.5 lies 0.289 of them
    below, which 61.4 % of a normal distribution exceed:

    >>> from loyaltymodel.structural import Moments
    >>> market = Moments(
    ...     n_obs=500, items=["attitude", "patronage"], means=[5, 0.5],
    ...     covariance=[[4, 0], [0, 0.04]],
    ... )
    >>> result, alone = loyalty_stage.dick_basu(
    ...     [6], [0.9], scale=(1, 10), reliability=(0.75, 1), moments=market
    ... )
    >>> alone[list(result.names)].round(3).to_dict("records")
    [{'no loyalty': 0.0, 'spurious loyalty': 0.386, 'latent loyalty': 0.0, 'loyalty': 0.614}]
    """
    attitude, from_classes = as_ranks(attitude, data)
    names = SCHEMES["dick_basu"].variables
    limits = limits_of(scale, {"attitude": None, "patronage": (0.0, 1.0)}, shared=["attitude"])
    own = by_variable("cuts", cuts, dict.fromkeys(names, "midpoint"))
    if from_classes:
        limits["attitude"] = _CLASS_LIMITS
        own["attitude"] = _class_cut(own["attitude"], reliability)
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
    sample = read_sample(sorting, (attitude, patronage), weights, data=data, missing=missing)
    return sort_customers("dick_basu", sample, from_classes=from_classes, moves=moves, rng=rng)


def as_ranks(attitude: object, data: object) -> tuple[object, bool]:
    """Return classes of relative attitude as 0, 1, 2 and 3, and scores as they came."""
    if isinstance(attitude, (LoyaltyTypes, WithCustomers)):
        raise DataError(
            "attitude is a result; give the column 'type' of the customers that "
            "relative_attitude() returns beside it"
        )
    column = attitude
    if isinstance(attitude, str):
        if data is None:
            return attitude, False  # the door says what is wrong
        column = read_table(data, [attitude])[attitude]
    elif not isinstance(attitude, pd.Series):
        array = np.asarray(attitude)
        if array.dtype.kind not in "OU" or array.ndim != 1:
            return attitude, False
        column = pd.Series(array, dtype=object)
    if not isinstance(column, pd.Series) or pd.api.types.is_numeric_dtype(column.dtype):
        return attitude, False
    values = pd.Series(without_blanks("attitude", column.to_numpy(dtype=object)), column.index)
    names = [v for v in values.dropna().unique() if isinstance(v, str)]
    if not names:
        return attitude, False
    unknown = [name for name in names if name not in RELATIVE_CLASSES]
    if unknown:
        raise DataError(
            f"attitude has {enumerate_names(map(repr, unknown))}"
            f"{suggest(unknown[0], RELATIVE_CLASSES)}, which is no class of relative attitude; "
            f"the classes are {enumerate_names(RELATIVE_CLASSES)}, and scores must be numbers"
        )
    ranks: Mapping[str, float] = {name: float(k) for k, name in enumerate(RELATIVE_CLASSES)}
    coded = values.map(ranks).astype(np.float64)
    is_series = isinstance(attitude, (str, pd.Series))
    return (coded if is_series else coded.to_numpy()), True


def _class_cut(cut: object, reliability: object) -> float:
    """Return the cut-off between classes of relative attitude that count as low and as high."""
    if reliability is not None:
        raise OptionError(
            "classes of relative attitude have no reliability; give attitude as a score, or "
            "leave reliability out"
        )
    if isinstance(cut, str) and cut == "midpoint":
        return RELATIVE_CLASSES.index("high") - 0.5
    check_choice("cuts['attitude']", cut, RelativeClass)
    lowest_high = cast("RelativeClass", cut)
    if lowest_high == "lowest":
        raise OptionError(
            "cuts['attitude']='lowest' would count every class as high; choose 'low', 'high' or "
            "'highest'"
        )
    return RELATIVE_CLASSES.index(lowest_high) - 0.5
