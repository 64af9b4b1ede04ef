"""Loyalty goes to superior value: from value above the best rival to loyalty."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import difference
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, errors_of
from loyaltymodel._core.options import check_choice, count_of, is_number
from loyaltymodel._core.regression import (
    Regression,
    StdErrors,
    collinear,
    full_leverage,
    is_constant,
    least_squares,
    logistic,
)
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Variables, read_variables, several_variables
from loyaltymodel.delivered_value.response.kernels import effect_on_share
from loyaltymodel.delivered_value.response.loyalty_result import (
    SEPARATE_TERMS,
    TERMS,
    Model,
    ValueLoyalty,
)
from loyaltymodel.errors import DataError, NotIdentifiedError


@checked
def value_loyalty(
    value: Variable,
    loyalty: Variable,
    *,
    rivals: Variable,
    data: Data | None = None,
    model: Model = "logit",
    std_errors: StdErrors = "robust",
    level: float = 0.95,
    missing: Missing = "raise",
) -> ValueLoyalty:
    """Return how loyalty goes with value above the best rival's (优异价值是忠诚基础).

    Customers are loyal to superior value, not to a given firm. How likely are they to be loyal
    where the firm gives just as much as the best that can be had elsewhere, what does one more
    point of value do, and how much more than the best rival must a firm give to reach a target?

    Parameters
    ----------
    value : array-like of shape (n,), Series or name of a column
        Value of the firm's offer to each customer: :func:`delivered_value` or
        :func:`perceived_value`.
    loyalty : array-like of shape (n,), Series or name of a column
        Loyalty of each customer: 0 or 1, such as stayed or bought again, or a score.
    rivals : float, array-like of shape (n,), Series, name, names, table, or mapping to columns
        Values of rival offers to the same customers, in the same unit; the best for each
        customer counts. One rival is an array, a Series or a name, or a single number that
        stands for every customer; several are names of columns, a table, or a mapping from
        rival to values.
    data : pandas, polars or pyarrow table, optional
        Where the columns are; a row a customer.
    model : {"logit", "linear"}
        Logistic regression of 0 and 1, or least squares of a score.
    std_errors : {"robust", "model"}
        Standard errors that hold whether or not the model is right about the spread of the
        answers (HC0 for logits, HC3 for scores), or those that rely on it, which are the default
        of :func:`~loyaltymodel.expectation_gap.satisfaction_drivers`.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers are left out, and counted, for whom value, loyalty or the value
        of any rival is missing.

    Returns
    -------
    ValueLoyalty
        Loyalty at parity, average effect of a point, relative value needed for a target, and a
        test of the difference form; with intervals.

    Raises
    ------
    DataError
        If values are missing, infinite, not numeric or of unequal length, loyalty of a logit is
        not 0 or 1, own value is among the rivals, or there are too few customers.
    NotIdentifiedError
        If relative value or loyalty is the same for everybody but for rounding, relative value
        tells perfectly who is loyal, or one customer alone decides the slope.
    OptionError
        If an option is not one of its choices.

    See Also
    --------
    relative_value : Value against the best rival, from a table with a row an offer.
    compare_offers : For how many customers each offer is the best.

    Notes
    -----
    With x = value - max(rivals): logit P(loyal) = a + b x, or score = a + b x. No coefficient has
    a default. That loyalty follows superior value is usually attributed to Reichheld; value as
    the driver of loyalty is the chain of [1]_.

    The difference assumes that a point more of own value does as much as a point less of the best
    rival's. That is tested: in a + b1 value + b2 max(rivals) the form holds if b1 + b2 = 0. If
    b1 + b2 is above 0, value counts for loyalty beyond comparison, as where leaving costs effort.

    Four things the numbers cannot tell. Loyal customers may rate what they have higher because
    they are loyal. Who has left already is not in a survey of today's customers. The best of
    several rivals is the best of several ratings, and the largest of ratings with error is too
    large on average, the more so the more rivals; error in value also flattens the slope. And a
    rival whom a customer does not know has no value for this customer: to use the best of those
    that are known, give that as the only rival, such as ``rivals=table.max(axis=1)``.

    Each row is one customer, drawn independently. Where value was moved for a whole market, as
    by a price rise, its customers share whatever else happened there: errors are too small and
    p-values too low, the more so the more customers a market has. With one such event a market,
    aggregate to markets first, and fit the score of their means, a row a market.

    If no residual of a score is above 1e-12 of the largest, the fit is exact but for rounding.
    Errors are then 0, and so are coefficients and sums that rounding alone can make.

    References
    ----------
    .. [1] Parasuraman, A., & Grewal, D. (2000). The impact of technology on the
       quality-value-loyalty chain: a research agenda. Journal of the Academy of Marketing
       Science, 28(1), 168-174.

    Examples
    --------
    Of 40 customers with 1 point less than from the best rival 10 are loyal, of 40 with 1 point
    more 30 are. The odds are 1/3 and 3, so at parity they are even, and logits rise by log 3 a
    point:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from loyaltymodel.delivered_value import value_loyalty
    >>> customers = pd.DataFrame(
    ...     {
    ...         "own": [5, 5, 7, 7, 6, 6, 6, 6], "a": [6, 6, 6, 6, 7, 7, 5, 5],
    ...         "b": [2, 2, 2, 2, 2, 2, 2, 2], "loyal": [0, 1] * 4, "times": [15, 5, 5, 15] * 2,
    ...     }
    ... )
    >>> customers = customers.loc[customers.index.repeat(customers["times"])]
    >>> customers = customers.reset_index(drop=True)
    >>> found = value_loyalty("own", "loyal", rivals=["a", "b"], data=customers)
    >>> found.standing.round(2)
       standing  n_obs  loyalty
    0  inferior     40     0.25
    1    parity      0      NaN
    2  superior     40     0.75
    >>> found.estimates.estimate.round(6) + 0, round(float(np.log(3)), 6)
    (array([0.      , 1.098612]), 1.098612)
    >>> float(found.parity["estimate"].round(6))
    0.5

    The slope of a probability is b p (1 - p), here log 3 * 3/16 for everybody:

    >>> round(float(found.marginal_effect["estimate"]), 4), round(float(np.log(3)) * 3 / 16, 4)
    (0.206, 0.206)

    Own and rival's value do the same in opposite directions:

    >>> (found.separate.estimate.round(4) + 0)[1:].tolist()
    [1.0986, -1.0986]
    >>> print(round(found.difference_test["estimate"], 4) + 0)
    0.0
    """
    check_choice("model", model, Model)
    check_choice("std_errors", std_errors, StdErrors)
    check_level(level)
    named = _rivals_of(rivals)
    if isinstance(value, str) and value in [v for v in named.values() if isinstance(v, str)]:
        raise DataError(
            f"value={value!r} is among the rivals, so no value could be superior; leave it out of "
            "rivals"
        )
    given = {"value": value, "loyalty": loyalty, **named}
    yes_no = ("loyalty",) if model == "logit" else ()
    read = read_variables(given, data=data, flags=yes_no, missing=missing)
    answers = np.asarray(read["loyalty"], dtype=np.float64)
    mine = np.asarray(read["value"], dtype=np.float64)
    best = _best_rival(read, mine, tuple(named))
    relative = difference(mine, best)
    _check_answers(answers, model)
    _check_relative(relative)
    x = np.column_stack([np.ones(len(mine)), relative])
    fitted = _fit(answers, x, model, std_errors, labels=read.labels)
    effect, gradient = float(fitted.estimates[1]), np.array([0.0, 1.0])
    if model == "logit":
        effect, gradient = effect_on_share(x, fitted.estimates)
    wide = np.column_stack([np.ones(len(mine)), mine, best])
    separate, problem = _fit_separately(answers, wide, model, std_errors)
    n, means = _by_standing(relative, answers)

    def table(labels: Labels, found: Regression, n_coefficients: int) -> EstimateTable:
        return EstimateTable.student(
            labels,
            found.estimates,
            np.sqrt(np.diag(found.covariance)),
            df=len(mine) - n_coefficients if model == "linear" else np.inf,
            level=level,
            covariance=found.covariance,
        )

    (error,) = errors_of(gradient[None], fitted.covariance)
    average = Regression(np.array([effect]), np.array([[error**2]]))
    return ValueLoyalty(
        model=model,
        std_errors=std_errors,
        estimates=table({"term": TERMS}, fitted, 2),
        separate=table({"term": SEPARATE_TERMS}, separate, 3),
        separate_problem=problem,
        effect=table({"quantity": ["per_point"]}, average, 2),
        standing_counts=n,
        standing_loyalty=means,
        relative_range=(float(relative.min()), float(relative.max())),
        n_rivals=len(named),
        n_obs=len(mine),
        n_dropped=read.n_dropped,
        level=level,
    )


def _rivals_of(rivals: Any) -> dict[str, object]:
    """Return the value of each rival, by a name for messages."""
    if rivals is None:
        raise DataError(
            "rivals=None, but superior value needs somebody to be superior to: give the values of "
            "at least one rival, as names of columns, a table, or a mapping from name to values"
        )
    one = isinstance(rivals, pd.Series) or nw.dependencies.is_into_series(rivals)
    if one or _is_numbers(rivals):
        return {"rivals": rivals}
    return {f"rival {name!r}": v for name, v in several_variables("rivals", rivals).items()}


def _is_numbers(rivals: Any) -> bool:
    """Tell whether this is a number, or a row of numbers: one rival without a name."""
    if isinstance(rivals, np.ndarray) and rivals.dtype.kind != "O":
        return rivals.ndim <= 1 and rivals.size > 0 and rivals.dtype.kind not in "US"
    if isinstance(rivals, (list, tuple, np.ndarray)):
        return len(rivals) > 0 and all(np.ndim(v) == 0 and not isinstance(v, str) for v in rivals)
    return is_number(rivals)


def _best_rival(read: Variables, own: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Return the largest value of the rivals (n,)."""
    best = np.full(len(own), -np.inf)
    for name in names:
        value = np.asarray(read[name], dtype=np.float64)
        if len(own) > 1 and np.array_equal(value, own):
            raise DataError(
                f"{name} is the own value of every customer, so no value could be superior; "
                "leave it out of rivals"
            )
        best = np.maximum(best, value)
    return best


def _check_answers(answers: FloatArray, model: Model) -> None:
    if model == "logit" and (odd := (answers != 0) & (answers != 1)).any():
        raise DataError(
            f"loyalty has {answers[odd][0]:.12g}, but for a logit it is 0 or 1; recode it, or say "
            'model="linear" for a score'
        )
    if is_constant(answers):
        raise NotIdentifiedError(
            f"loyalty is {answers[0]:.12g} for every one of {count_of(len(answers), 'customer')}, "
            "so nothing can be seen of what it goes with; survey those who left as well, or take "
            "another measure of loyalty"
        )


def _check_relative(relative: FloatArray) -> None:
    if is_constant(relative):
        raise NotIdentifiedError(
            f"relative value is {relative[0]:.12g} for everybody, so what it does for loyalty "
            "cannot be seen; customers must differ in own value or in that of their best rival"
        )


def _fit(
    answers: FloatArray, x: FloatArray, model: Model, std_errors: StdErrors, *, labels: pd.Index
) -> Regression:
    """Fit the difference form, or say what makes it impossible."""
    if model == "logit":
        fitted = logistic(answers == 1, x, std_errors=std_errors)
        if fitted is None:
            raise NotIdentifiedError(
                "relative value tells perfectly who is loyal (nobody above some level of it "
                "differs from the others), so the slope runs off to infinity; the "
                f"{count_of(len(answers), 'customer')} are too few for a probability, or loyalty "
                "was derived from value"
            )
        return fitted
    _check_enough(len(answers), x.shape[1])
    if (alone := full_leverage(x)).any():
        raise NotIdentifiedError(
            f"the customer in row {labels[int(np.argmax(alone))]} alone differs from the others in "
            "relative value, so the slope has no error; more customers must differ"
        )
    return least_squares(answers, x, std_errors=std_errors)


def _check_enough(n: int, n_coefficients: int) -> None:
    if n <= n_coefficients:
        raise DataError(
            f"{count_of(n, 'customer')} cannot determine {n_coefficients} coefficients and an "
            "error; more customers are needed"
        )


def _fit_separately(
    answers: FloatArray, x: FloatArray, model: Model, std_errors: StdErrors
) -> tuple[Regression, str]:
    """Fit own and best rival's value apart; NaN and the reason where they cannot be."""
    problem = ""
    names = ("own value", "the best rival's value")
    if follows := [names[k - 1] for k in collinear(x) if k]:
        problem = (
            f"{follows[0]} is the same for everybody"
            if len(follows) == 1
            else "own value follows exactly from the best rival's"
        )
    elif model == "logit":
        fitted = logistic(answers == 1, x, std_errors=std_errors)
        if fitted is not None:
            return fitted, ""
        problem = "own and best rival's value together tell perfectly who is loyal"
    elif len(x) <= x.shape[1]:
        problem = "there are too few customers for three coefficients"
    elif full_leverage(x).any():
        problem = "one customer alone tells own from the best rival's value"
    else:
        return least_squares(answers, x, std_errors=std_errors), ""
    return Regression(np.full(3, np.nan), np.full((3, 3), np.nan)), problem


def _by_standing(relative: FloatArray, answers: FloatArray) -> tuple[Any, FloatArray]:
    """Return customers and mean loyalty (3,) of those below, at and above parity."""
    place = (np.sign(relative) + 1).astype(np.intp)
    n = np.bincount(place, minlength=3)
    with np.errstate(invalid="ignore"):
        return n, np.bincount(place, answers, minlength=3) / n
