"""Customers sorted into types of loyalty by two variables: one door for every matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Data, Variable
from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing, read_table
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice, check_finite, enumerate_names, suggest
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
from loyaltymodel.loyalty_stage.types.schemes import (
    RELATIVE_CLASSES,
    SCHEMES,
    Matrix,
    RelativeClass,
)

_CLASS_LIMITS = (0.0, 3.0)  # classes of relative attitude count 0, 1, 2 and 3


def _called(given: Mapping[str, Any]) -> dict[str, str]:
    """Return by which name of the matrix the limits of each variable are given."""
    scheme = SCHEMES.get(given.get("matrix", ""))
    return {} if scheme is None else dict(zip(("first", "second"), scheme.variables, strict=False))


@checked
@takes_codebook(perhaps=("first", "second"), limits="role", called=_called)
def loyalty_types(
    first: Variable,
    second: Variable,
    *,
    matrix: Matrix,
    superiority: Variable | None = None,
    data: Data | None = None,
    scale: Scale | Codebook = None,
    cuts: Cuts = None,
    ties: Ties = "high",
    reliability: Reliability = None,
    moments: Moments | None = None,
    moves: Mapping[str, Iterable[float]] | None = None,
    weights: Variable | None = None,
    missing: Missing = "raise",
    interval: IntervalKind | None = None,
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    rng: Randomness = None,
) -> WithCustomers[LoyaltyTypes]:
    """Return each customer's type of loyalty by two variables, as a matrix sorts them (忠诚类型).

    Four matrices of the literature cut two variables into high and low, and name the cells:

    "dick_basu" (狄克和巴苏分类矩阵)
        ``attitude`` and ``patronage`` [1]_. Loyalty needs both. The attitude alone is latent
        loyalty (潜在忠诚), patronage alone spurious loyalty (虚假忠诚、伪忠诚), neither no loyalty.
    "relative_attitude" (态度取向矩阵)
        ``attitude`` and ``differentiation`` [1]_. An attitude counts by how strong it is, and by
        whether rivals enjoy it as well. Strong and differentiated is the highest class, weak but
        differentiated is high, strong but undifferentiated low, and neither the lowest.
    "knox" (诺克斯钻石模型)
        ``portfolio``, the number of brands or suppliers that a customer uses, and ``involvement``,
        how much it matters which [2]_. Few brands and involved is loyal (忠诚者), few and
        uninvolved habitual (习惯性购买者), many and involved a variety seeker (多品牌购买者), many
        and uninvolved a switcher (品牌转换者).
    "ultimate_loyalty" (最终忠诚客户)
        ``fortitude``, how determined a customer is to stay against all offers, and ``support``,
        how much others support staying, on top of a product that is seen to be superior [3]_.
        Neither is loyalty for product superiority alone, support alone village envelopment,
        fortitude alone determined self-isolation, both immersed self-identity [4]_.

    Parameters
    ----------
    first, second : Series, array of shape (n,) or str
        The two variables of the matrix in the order above, or names of columns of ``data``. The
        attitude of "dick_basu" may also be classes of relative attitude, which are the column
        ``type`` of the customers sorted by "relative_attitude".
    matrix : {"relative_attitude", "dick_basu", "knox", "ultimate_loyalty"}
        Which matrix sorts the customers.
    superiority : Series, array of shape (n,) or str, optional
        For "ultimate_loyalty": how superior a customer finds the product, as a score or as True
        and False. Those below its cut-off are of the type "no superiority", whatever their
        fortitude and support.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    scale : pair of float, mapping from variable to pair, or Codebook, optional
        Lowest and highest possible score, such as (1, 10): one pair for both variables, or each
        by name, such as ``{"attitude": (1, 10), "patronage": (1, 7)}``. Values outside are an
        error. One pair is not for patronage, which has the scale of a share, 0 to 1, and not for
        a portfolio, which has none, unless a mapping says otherwise. None is for numbers without
        an end, which then need another cut-off than the midpoint.
    cuts : {"midpoint", "median", "mean"}, float, or mapping from variable to such, optional
        From where on a variable is high: the midpoint of its scale, the weighted median or mean
        of the sample, or a number in its units; one for both, or by name, such as
        ``{"portfolio": 2.5}``. By default the midpoint, but of a portfolio the median. For classes
        of relative attitude the lowest that counts as high, such as ``{"attitude": "low"}``, of
        "low", "high" and "highest"; "midpoint" means "high". "superiority" is from which score on
        a product is superior, such as ``{"superiority": 4}``; with True and False it is not needed.
    ties : {"high", "low"}
        Where a score belongs that equals its cut-off.
    reliability : pair of float, or mapping from variable to float, optional
        Reliability of both variables, above 0 and at most 1. With it each customer gets the
        probability of each type.
    moments : Moments, optional
        Means and covariance where the customers come from, as observed, with the error in
        them; without it, those of the sample. Its items are called as the two variables.
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
        If an option is not one of its choices, a midpoint is asked for without a scale, a move
        would carry a cut-off off its scale, superiority is given to another matrix, or only one
        of superiority and its cut-off is given.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred has correlations that the reliabilities do not
        allow, or only customers of weight 0.

    Notes
    -----
    No literature gives the cut-offs; those here are conventions, and every share depends on
    them. State them.

    The attitude of Dick and Basu is *relative*: how far the firm is preferred to its rivals. The
    teaching text has positive and negative emotion instead (积极情感、消极情感), for which give a
    score of emotion. The two need not agree. In the order of the classes of relative attitude
    differentiation comes first: read literally, whether a relative attitude is high or low
    depends on differentiation alone, and strength says how high or how low.

    Classes of relative attitude are not scores, so they have no reliability and no
    probabilities. Where a probability is wanted, give the score that decides: the classes
    "high" and "highest" are those of customers whose differentiation is high.

    Knox sorts purchasing styles by involvement and by the portfolio of suppliers; which style
    stands in which cell is stated here as it is usually reported. A portfolio has no scale, so its
    default is the median of the sample, which makes about half of the customers buyers of many
    brands by definition; for comparisons over time give a number. With few different counts much
    depends on ``ties``, and intervals hold a share in 94 to 95 of 100 simulated surveys, with
    unequal weights in 91 to 94.

    Superiority counts as known: probabilities are those of fortitude and support only. Village
    envelopment and determined self-isolation have no order by theory.

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
    .. [2] Knox, S. (1998). Loyalty-based segmentation and the customer development process.
       European Management Journal, 16(6), 729-737.
    .. [3] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63, 33-44.
    .. [4] Trail, G. T., James, J. D., Kwon, H., Anderson, D., & Robinson, M. J. (2016). An
       examination of Oliver's product loyalty framework. International Journal of Sports
       Marketing and Sponsorship, (2), 94-109.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> people = pd.DataFrame(
    ...     {"attitude": [9, 8, 2, 3], "share": [0.9, 0.1, 0.8, 0.2]},
    ...     index=["Ann", "Bo", "Chen", "Dai"],
    ... )
    >>> result, customers = loyalty_stage.loyalty_types(
    ...     "attitude", "share", matrix="dick_basu", data=people, scale=(1, 10)
    ... )
    >>> for name, kind in customers["type"].items():
    ...     print(name, kind)
    Ann loyalty
    Bo latent loyalty
    Chen spurious loyalty
    Dai no loyalty

    With the classes of relative attitude in place of a score:

    >>> _, relative = loyalty_stage.loyalty_types(
    ...     "attitude", [2, 9, 9, 2], matrix="relative_attitude", data=people, scale=(1, 10)
    ... )
    >>> relative["type"].tolist()
    ['low', 'highest', 'high', 'lowest']
    >>> _, customers = loyalty_stage.loyalty_types(
    ...     relative["type"], "share", matrix="dick_basu", data=people
    ... )
    >>> customers["type"].tolist()
    ['spurious loyalty', 'latent loyalty', 'loyalty', 'no loyalty']

    The diamond of loyalty: the median of 1, 1, 4 and 6 brands is 2.5, and the midpoint of the
    scale 5.5.

    >>> _, customers = loyalty_stage.loyalty_types(
    ...     [1, 1, 4, 6], [8, 3, 8, 3], matrix="knox", scale=(1, 10)
    ... )
    >>> customers["type"].tolist()
    ['loyal', 'habitual', 'variety seeker', 'switcher']

    What loyalty rests on besides the product:

    >>> _, customers = loyalty_stage.loyalty_types(
    ...     [6, 6, 2, 2], [6, 2, 6, 2], matrix="ultimate_loyalty", scale=(1, 7)
    ... )
    >>> for kind in customers["type"]:
    ...     print(kind)
    immersed self-identity
    determined self-isolation
    village envelopment
    product superiority

    How probable is it that someone just above the middle prefers the firm? The mean is 5, so
    with a reliability of 0.75 the true score of someone with a 6 is expected at 5.75, with the
    standard deviation sqrt(4 * 0.75 * 0.25) = 0.866; the cut-off of 5.5 lies 0.289 of them
    below, which 61.4 % of a normal distribution exceed:

    >>> from loyaltymodel.structural import Moments
    >>> market = Moments(
    ...     n_obs=500, items=["attitude", "patronage"], means=[5, 0.5],
    ...     covariance=[[4, 0], [0, 0.04]],
    ... )
    >>> result, alone = loyalty_stage.loyalty_types(
    ...     [6], [0.9], matrix="dick_basu", scale=(1, 10), reliability=(0.75, 1), moments=market
    ... )
    >>> alone[list(result.names)].round(3).to_dict("records")
    [{'no loyalty': 0.0, 'spurious loyalty': 0.386, 'latent loyalty': 0.0, 'loyalty': 0.614}]
    """
    check_choice("matrix", matrix, Matrix)
    scheme = SCHEMES[matrix]
    names, from_classes = scheme.variables, False
    limits = limits_of(scale, scheme.scales, shared=scheme.scored)
    own = by_variable("cuts", cuts, scheme.cuts, shared=names)
    if matrix == "dick_basu":
        first, from_classes = as_ranks(first, data)
    if from_classes:
        limits["attitude"] = _CLASS_LIMITS
        own["attitude"] = _class_cut(own["attitude"], reliability)
    at = own.get("portfolio")
    if isinstance(at, str) and at == "midpoint" and limits["portfolio"] is None:
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
    if superiority is not None and scheme.outside is None:
        raise OptionError(
            f"superiority says nothing to matrix={matrix!r}; leave it out, or choose "
            "matrix='ultimate_loyalty'"
        )
    limit = own.get("superiority")
    if superiority is None and limit is not None:
        raise OptionError("cuts['superiority'] has nothing to cut; give superiority as well")
    sample = read_sample(
        sorting,
        (first, second),
        weights,
        data=data,
        missing=missing,
        further={"superiority": superiority},
        bounds=scheme.bounds,
    )
    outside = None
    if superiority is not None:
        outside = ~_superior(sample.variables["superiority"], limit)
    return sort_customers(
        matrix,
        sample,
        outside=outside,
        from_classes=from_classes,
        further_cuts={} if limit is None else {"superiority": float(limit)},
        moves=moves,
        rng=rng,
    )


def as_ranks(attitude: Variable, data: object) -> tuple[Variable, bool]:
    """Return classes of relative attitude as 0, 1, 2 and 3, and scores as they came."""
    if isinstance(attitude, (LoyaltyTypes, WithCustomers)):
        raise DataError(
            "attitude is a result; give the column 'type' of the customers that "
            "loyalty_types(..., matrix='relative_attitude') returns beside it"
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
