"""Customers differ in what they perceive: covariates that shift their ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, errors_of
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.regression import collinear, full_leverage, is_constant, least_squares
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import (
    Variables,
    codes_of,
    one_variable,
    read_variables,
    several_variables,
)
from loyaltymodel.delivered_value.response.covariates import Covariate, references_of
from loyaltymodel.delivered_value.response.kernels import Law, effect_of_change, effect_of_unit
from loyaltymodel.delivered_value.response.ordered import ordered
from loyaltymodel.delivered_value.response.shifts_result import Model, PerceptionShift
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

_RATING = "rating"
_MOST_RATINGS = 21  # such as -10 to 10; more distinct ratings are points, not categories
_LEAST_CATEGORIES = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """What an estimated model says of k ratings and p terms; thresholds are k - 1."""

    ratings: FloatArray
    counts: IntArray
    estimates: FloatArray
    thresholds: FloatArray
    covariance: FloatArray  # of estimates, then thresholds
    effects: FloatArray
    effect_errors: FloatArray


@checked
def perception_shift(
    covariates: Columns,
    rating: Variable,
    *,
    data: Data | None = None,
    model: Model = "logit",
    categories: Sequence[str] | Mapping[str, object] = (),
    level: float = 0.95,
    missing: Missing = "raise",
) -> PerceptionShift:
    """Return how experience, background and needs shift what customers report (客户感受水平差异性).

    The same service is rated differently by customers who differ. Covariates shift the thresholds
    above which the next higher rating is given, all by the same amount; and, so that it can be
    read, the expected difference in the mean rating.

    Parameters
    ----------
    covariates : table, sequence of str, or mapping from str to Series or array
        Numbers or categories, one each per customer: all columns of a table, names of columns
        of ``data``, or values by name.
    rating : array-like of shape (n,), Series or name of a column
        Rating of each customer as a number, such as 1 to 5. Ratings are taken as categories in
        order, unless the model is "linear".
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    model : {"logit", "probit", "linear"}
        Ordered logit or probit for categories in order; least squares for points.
    categories : sequence of str, or mapping from str to category
        Covariates that are categories, such as a region. Each category is compared with the
        first one in sorted order, or with the one that the mapping names.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers with a missing value are left out and counted.

    Returns
    -------
    PerceptionShift
        Shift of each term with its interval, difference in the mean rating that it makes, and
        the shift of any customer.

    Raises
    ------
    DataError
        If there are no covariates, values are missing, infinite, not numeric or of unequal
        length, there are too many distinct ratings for categories, or too few customers.
    NotIdentifiedError
        If everybody gives the same rating but for rounding, a covariate does not vary or follows
        from others, or covariates tell ratings apart perfectly.
    OptionError
        If an option is not as described.

    See Also
    --------
    heterogeneity : Which share of the variance lies between groups.

    Notes
    -----
    P(rating <= r_j) = F(t_j - x'b), with F the logistic [1]_ or normal distribution function: for
    a customer with covariates x every threshold t_j lies x'b lower. The difference in the mean
    rating is the mean over customers of E(rating | covariate = 1) - E(rating | covariate = 0)
    for covariates of 0 and 1 and categories, and of the slope for other numbers. It treats
    distances between ratings as equal, which the shift does not. Standard errors are those of
    maximum likelihood, and HC3 for the linear model; those of differences follow from them by the
    delta method, for the customers at hand. If no residual of a linear model is above 1e-12 of the
    largest rating, the fit is exact but for rounding: errors are then 0, and so are shifts that
    rounding alone can make.

    A rating shows where perception lies among a customer's thresholds. A covariate that raises
    perception and one that lowers all thresholds give the same ratings, so the two cannot be told
    apart from ratings alone: b is their sum. That thresholds do differ has been found in a study
    of 100,040 car buyers, by way of their later purchases [2]_; such a second measure, or rating
    the same described case by everybody (anchoring vignettes), is what it takes. Therefore ratings
    are not adjusted here: taking x'b away from a rating would take away true differences too.

    That every threshold moves alike is assumed. Ratings cut at one place, as in
    ``perception_shift(covariates, rating > 3)``, show the shift of that threshold alone; where
    these differ from place to place, customers differ in how far they spread over the scale too.

    References
    ----------
    .. [1] McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal
       Statistical Society, Series B, 42(2), 109-142.
    .. [2] Mittal, V., & Kamakura, W. A. (2001). Satisfaction, repurchase intent, and repurchase
       behavior: investigating the moderating effect of customer characteristics. Journal of
       Marketing Research, 38(1), 131-142.

    Examples
    --------
    Of 40 old customers 20 give a 1, 10 a 2 and 10 a 3: the odds of a 1 are 1 and of at most a 2
    they are 3. Of 40 new ones 10, 10 and 20: odds of 1/3 and 1. Both are a third, so the
    thresholds of new customers lie log 3 lower, and their mean rating is 2.25 against 1.75:

    >>> import numpy as np
    >>> from loyaltymodel.delivered_value import perception_shift
    >>> rating = np.repeat([1, 2, 3, 1, 2, 3], [20, 10, 10, 10, 10, 20])
    >>> found = perception_shift({"new": np.repeat([0, 1], 40)}, rating)
    >>> found.shifts.estimate.round(4), round(float(np.log(3)), 4)
    (array([1.0986]), 1.0986)
    >>> (found.thresholds["estimate"].round(4) + 0).tolist()
    [0.0, 1.0986]
    >>> found.effects.estimate.round(4)
    array([0.5])
    """
    check_choice("model", model, Model)
    check_level(level)
    function = "perception_shift"
    one_variable("rating", rating, causes="covariates", function=function, first=covariates)
    given = several_variables("covariates", covariates)
    if _RATING in given:
        raise OptionError("no covariate can be called 'rating'; rename it")
    references = references_of(categories, tuple(given))
    read = _read(rating, given, data, tuple(references), missing)
    described = tuple(
        _covariate(name, read, references[name]) if name in references else Covariate(name)
        for name in given
    )
    columns = [covariate.columns(read) for covariate in described]
    x = np.hstack(columns)
    terms = tuple(term for covariate in described for term in covariate.terms)
    answers = np.asarray(read[_RATING], dtype=np.float64)
    _check(answers, x, terms, model)
    # Terms of one covariate change together: another category is one instead of the reference.
    blocks = np.repeat(np.arange(len(columns)), [block.shape[1] for block in columns])
    as_change: BoolArray = np.all((x == 0) | (x == 1), axis=0)
    fit = (
        _linear(answers, x, read.labels)
        if model == "linear"
        else _ordinal(answers, x, model, blocks, as_change)
    )
    p, df = len(terms), float(len(answers) - len(terms) - 1) if model == "linear" else np.inf
    errors = np.sqrt(np.diag(fit.covariance))
    between = [f"{low:g} | {high:g}" for low, high in pairwise(fit.ratings)] or ["constant"]
    return PerceptionShift(
        model=model,
        covariates=described,
        ratings=fit.ratings,
        rating_counts=fit.counts,
        mean_rating=float(answers.mean()),
        shifts=EstimateTable.student(
            {"term": terms},
            fit.estimates,
            errors[:p],
            df=df,
            level=level,
            covariance=fit.covariance[:p, :p],
        ),
        effects=EstimateTable.student(
            {"term": terms, "change": np.where(as_change, "0 to 1", "per unit")},
            fit.effects,
            fit.effect_errors,
            df=df,
            level=level,
        ),
        boundaries=EstimateTable.student(
            {"between": between},
            fit.thresholds,
            errors[p:],
            df=df,
            level=level,
            covariance=fit.covariance[p:, p:],
            test_zero=False,
        ),
        term_means=x.mean(axis=0),
        n_obs=len(answers),
        n_dropped=read.n_dropped,
        level=level,
    )


def _read(
    rating: object,
    given: Mapping[str, object],
    data: object,
    categories: tuple[str, ...],
    missing: Missing,
) -> Variables:
    try:
        return read_variables(
            {_RATING: rating, **given}, data=data, categories=categories, missing=missing
        )
    except DataError as error:
        words = [name for name in given if str(error).startswith(f"{name} is not numeric")]
        if not words:
            raise
        raise DataError(
            f"{error}; or, if it holds categories, say categories=({words[0]!r},)"
        ) from None


def _covariate(name: str, read: Variables, reference: object) -> Covariate:
    _, levels = codes_of(read[name])
    if reference is None:
        reference = levels[0]
    if reference not in levels:
        raise OptionError(
            f"categories compares {name!r} with {reference!r}, which no customer has; it has "
            f"{enumerate_names(map(repr, levels), most=12)}"
        )
    if len(levels) < _LEAST_CATEGORIES:
        raise NotIdentifiedError(
            f"covariate {name!r} is {levels[0]!r} for everybody, so it cannot shift ratings; "
            "leave it out"
        )
    return Covariate(name, (reference, *(other for other in levels if other != reference)))


def _check(answers: FloatArray, x: FloatArray, terms: tuple[str, ...], model: Model) -> None:
    if is_constant(answers):
        raise NotIdentifiedError(
            f"everybody gives the rating {answers[0]:.12g}, so nothing shifts it; take a rating in "
            "which customers differ"
        )
    distinct = len(np.unique(answers))
    if model != "linear" and distinct > _MOST_RATINGS:
        raise DataError(
            f"rating has {distinct} distinct values, too many for categories in order; use "
            f'model="linear" for points, or group them into {_MOST_RATINGS} ratings or fewer'
        )
    needed = x.shape[1] + (1 if model == "linear" else distinct - 1)
    if len(answers) <= needed:
        raise DataError(
            f"{count_of(len(answers), 'customer')} cannot determine {needed} shifts and "
            "thresholds; take fewer covariates, or more customers"
        )
    follows = [terms[k - 1] for k in collinear(np.column_stack([np.ones(len(x)), x])) if k]
    if len(follows) == 1:
        raise NotIdentifiedError(
            f"covariate {follows[0]!r} is the same for everybody, so it cannot shift ratings; "
            "leave it out"
        )
    if follows:
        raise NotIdentifiedError(
            f"{enumerate_names(follows, most=12)} determine each other, so their shifts cannot be "
            "told apart; leave one of them out"
        )


def _linear(answers: FloatArray, x: FloatArray, labels: pd.Index) -> _Fit:
    design = np.column_stack([np.ones(len(x)), x])
    if (alone := full_leverage(design)).any():
        raise NotIdentifiedError(
            f"the customer in row {labels[int(np.argmax(alone))]} alone decides a shift, so it has "
            "no error; leave the customer out, merge categories, or take fewer covariates"
        )
    fitted = least_squares(answers, design, std_errors="robust")
    order = np.r_[1 : design.shape[1], 0]  # shifts, then the constant
    covariance = fitted.covariance[np.ix_(order, order)]
    estimates = fitted.estimates[order]
    return _Fit(
        ratings=np.zeros(0),
        counts=np.zeros(0, dtype=np.intp),
        estimates=estimates[:-1],
        thresholds=estimates[-1:],
        covariance=covariance,
        effects=estimates[:-1],
        effect_errors=np.sqrt(np.diag(covariance)[:-1]),
    )


def _ordinal(
    answers: FloatArray, x: FloatArray, law: Law, blocks: IntArray, as_change: BoolArray
) -> _Fit:
    ratings, codes = np.unique(answers, return_inverse=True)
    fitted = ordered(codes, x, law)
    if fitted is None:
        raise NotIdentifiedError(
            "the covariates tell some ratings apart perfectly (all with one value of a covariate "
            "rate no lower, or no higher, than all others), so a shift runs off to infinity; leave "
            "out a covariate, merge its categories, or merge neighbouring ratings"
        )
    p = x.shape[1]
    effects, errors = np.empty(p), np.empty(p)
    where = (fitted.shifts, fitted.thresholds, ratings, law)
    for k in range(p):
        if as_change[k]:
            before = np.where(blocks == blocks[k], 0.0, x)
            after = before.copy()
            after[:, k] = 1.0
            effects[k], gradient = effect_of_change(before, after, *where)
        else:
            effects[k], gradient = effect_of_unit(x, k, *where)
        (errors[k],) = errors_of(gradient[None], fitted.covariance)
    return _Fit(
        ratings=ratings,
        counts=np.bincount(codes),
        estimates=fitted.shifts,
        thresholds=fitted.thresholds,
        covariance=fitted.covariance,
        effects=effects,
        effect_errors=errors,
    )
