"""Loyalty goes to superior value: from value above the best rival to loyalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray
from loyaltymodel._frames import Missing, column_names
from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_choice, count_of, enumerate_names, repeated
from loyaltymodel._regression import (
    Regression,
    collinear,
    full_leverage,
    is_constant,
    least_squares,
    logistic,
)
from loyaltymodel._variables import Variables, read_variables
from loyaltymodel.delivered_value.loyalty_result import Covariance, Outcome, ValueLoyalty
from loyaltymodel.delivered_value.response_kernels import effect_on_share
from loyaltymodel.errors import DataError, NotIdentifiedError

_ROUNDING = 1e-12  # of the largest value: values that differ by less are level


def value_loyalty(
    loyalty: object,
    own: object,
    *,
    rivals: object,
    data: object = None,
    outcome: Outcome = "binary",
    covariance: Covariance = "robust",
    level: float = 0.95,
    missing: Missing = "raise",
) -> ValueLoyalty:
    """Return how loyalty goes with value above the best rival's (优异价值是忠诚基础).

    Customers are loyal to superior value, not to a given firm. How likely are they to be loyal
    where the firm gives just as much as the best that can be had elsewhere, what does one more
    point of value do, and how much more than the best rival must a firm give to reach a target?

    Parameters
    ----------
    loyalty : array-like of shape (n,), Series or name of a column
        Loyalty of each customer: 0 or 1, such as stayed or bought again, or a score.
    own : array-like of shape (n,), Series or name of a column
        Value of the firm's offer to each customer: :func:`delivered_value` or
        :func:`perceived_value`.
    rivals : array-like of shape (n,) or (n, m), Series, table, name, or sequence of columns
        Values of m rival offers to the same customers, in the same unit. The best for each
        customer counts. A single number stands for every customer. In a list or tuple each
        name, Series or array is a column, the value of one rival to all customers; lists of
        plain numbers are rows, as in an array.
    data : pandas, polars or pyarrow table, optional
        Where the columns are; a row a customer.
    outcome : {"binary", "score"}
        Logistic regression of 0 and 1, or least squares of a score.
    covariance : {"robust", "classical"}
        Standard errors that hold whether or not the model is right about the spread of the
        answers (HC0 for logits, HC3 for scores), or those that rely on it. For a score "robust"
        is what :func:`~loyaltymodel.expectation_gap.satisfaction_drivers` calls "HC3";
        "classical" is its default.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        With "drop" customers are left out, and counted, for whom loyalty, own value or the value
        of any rival is missing.

    Returns
    -------
    ValueLoyalty
        Loyalty at parity, average effect of a point, relative value needed for a target, and a
        test of the difference form; with intervals.

    Raises
    ------
    DataError
        If values are missing, infinite, not numeric or of unequal length, a binary loyalty is
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
    With x = own - max(rivals): logit P(loyal) = a + b x, or score = a + b x. No coefficient has
    a default. That loyalty follows superior value is usually attributed to Reichheld; value as
    the driver of loyalty is the chain of [1]_.

    The difference assumes that a point more of own value does as much as a point less of the best
    rival's. That is tested: in a + b1 own + b2 max(rivals) the form holds if b1 + b2 = 0. If
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
    >>> people = pd.DataFrame(
    ...     {
    ...         "own": [5, 5, 7, 7, 6, 6, 6, 6], "a": [6, 6, 6, 6, 7, 7, 5, 5],
    ...         "b": [2, 2, 2, 2, 2, 2, 2, 2], "loyal": [0, 1] * 4, "times": [15, 5, 5, 15] * 2,
    ...     }
    ... )
    >>> people = people.loc[people.index.repeat(people["times"])].reset_index(drop=True)
    >>> found = value_loyalty("loyal", "own", rivals=["a", "b"], data=people)
    >>> found.standing.round(2)
       standing   n  loyalty
    0  inferior  40     0.25
    1    parity   0      NaN
    2  superior  40     0.75
    >>> found.estimates.round(6) + 0, round(float(np.log(3)), 6)
    (array([0.      , 1.098612]), 1.098612)
    >>> float(found.parity["estimate"].round(6))
    0.5

    The slope of a probability is b p (1 - p), here log 3 * 3/16 for everybody:

    >>> round(found.average_effect, 4), round(float(np.log(3)) * 3 / 16, 4)
    (0.206, 0.206)

    Own and rival's value do the same in opposite directions:

    >>> (found.difference_test[["own", "best_rival", "sum"]].round(4) + 0).to_dict()
    {'own': 1.0986, 'best_rival': -1.0986, 'sum': 0.0}
    """
    check_choice("outcome", outcome, Outcome)
    check_choice("covariance", covariance, Covariance)
    check_level(level)
    named = _rivals_of(rivals)
    if isinstance(own, str) and own in [name for name in named.values() if isinstance(name, str)]:
        raise DataError(
            f"own={own!r} is among the rivals, so no value could be superior; leave it out of "
            "rivals"
        )
    read = _read({"loyalty": loyalty, "own": own}, named, data, missing)
    answers = np.asarray(read["loyalty"], dtype=np.float64)
    mine = np.asarray(read["own"], dtype=np.float64)
    best = _best_rival(read, mine, tuple(named))
    relative = mine - best
    # Values that differ by rounding only are level.
    relative[np.abs(relative) <= _ROUNDING * np.maximum(np.abs(mine), np.abs(best))] = 0.0
    _check_answers(answers, outcome)
    _check_relative(relative)
    robust = covariance == "robust"
    ones = np.ones(len(mine))
    x = np.column_stack([ones, relative])
    fitted = _fit(answers, x, outcome, robust=robust, labels=read.labels)
    effect, gradient = float(fitted.estimates[1]), np.array([0.0, 1.0])
    if outcome == "binary":
        effect, gradient = effect_on_share(x, fitted.estimates)
    separate, problem = _fit_separately(
        answers, np.column_stack([ones, mine, best]), outcome, robust=robust
    )
    n, means = _by_standing(relative, answers)
    return ValueLoyalty(
        outcome=outcome,
        covariance_kind=covariance,
        estimates=fitted.estimates,
        covariance=fitted.covariance,
        separate_estimates=separate.estimates,
        separate_covariance=separate.covariance,
        separate_problem=problem,
        average_effect=effect,
        average_effect_error=float(np.sqrt(gradient @ fitted.covariance @ gradient)),
        standing_n=n,
        standing_loyalty=means,
        lowest=float(relative.min()),
        highest=float(relative.max()),
        n_rivals=len(named),
        n_obs=len(mine),
        n_dropped=read.n_dropped,
        level=level,
    )


def _rivals_of(rivals: Any) -> dict[str, Any]:
    """Return the value of each rival, by a name for messages."""
    if rivals is None:
        raise DataError(
            "rivals=None, but superior value needs somebody to be superior to: give the values of "
            "at least one rival, as names of columns, a table, or an array of shape (n, m)"
        )
    if isinstance(rivals, str):
        return {f"rival {rivals!r}": rivals}
    if isinstance(rivals, Mapping):
        raise DataError(
            "rivals is a mapping; give names of columns, a table, or an array of shape (n, m)"
        )
    if isinstance(rivals, (list, tuple)) and any(map(_is_column, rivals)):
        return _columns_of(rivals)
    if isinstance(rivals, pd.Series) or nw.dependencies.is_into_series(rivals):
        return {"rivals": rivals}
    if nw.dependencies.is_into_dataframe(rivals):
        return {f"rival {name!r}": rivals[name] for name in _names(rivals)}
    try:
        values = np.asarray(rivals)
    except ValueError:
        raise DataError("rivals has rows of different lengths; give an array (n, m)") from None
    if values.ndim <= 1 and values.size:
        return {"rivals": values}
    if values.ndim != 2 or not values.size:  # noqa: PLR2004  rows and columns
        raise DataError(
            f"rivals has shape {values.shape}; the values of at least one rival are needed, an "
            "array of shape (n,) or (n, m), or names of columns"
        )
    return {f"rivals[:, {k}]": values[:, k] for k in range(values.shape[1])}


def _is_column(value: Any) -> bool:
    if isinstance(value, (str, pd.Series)) or nw.dependencies.is_into_series(value):
        return True
    return isinstance(value, np.ndarray) and value.ndim > 0


def _columns_of(rivals: Sequence[Any]) -> dict[str, object]:
    """Return rivals that came one by one, as names of columns or as their values."""
    words = [rival for rival in rivals if isinstance(rival, str)]
    if twice := repeated(words):
        raise DataError(f"rivals name {enumerate_names(twice)} twice; name each once")
    odd = [k for k, rival in enumerate(rivals) if not _is_column(rival)]
    if odd:
        raise DataError(
            f"rivals[{odd[0]}] is {rivals[odd[0]]!r:.40}, but others are columns; give each rival "
            "as a name of a column, a Series or an array"
        )
    return {
        f"rival {rival!r}" if isinstance(rival, str) else f"rivals[{k}]": rival
        for k, rival in enumerate(rivals)
    }


def _read(
    people: dict[str, object], rivals: dict[str, Any], data: object, missing: Missing
) -> Variables:
    """Read loyalty and values; rivals of another length are told in one word, not one by one."""
    try:
        return read_variables({**people, **rivals}, data=data, missing=missing)
    except DataError as error:
        if len(rivals) == 1 or not str(error).startswith("variables must be equally long"):
            raise
    n = read_variables(people, data=data, missing="drop")
    lengths = sorted({np.size(value) for value in rivals.values() if not isinstance(value, str)})
    raise DataError(
        f"rivals are {len(rivals)} columns of {enumerate_names(map(str, lengths))} values, but "
        f"there are {n.n_rows + n.n_dropped} customers; give an array (n, m) with a row a "
        "customer, or a list of Series or arrays, each with a value a customer"
    )


def _names(table: object) -> tuple[str, ...]:
    names = column_names(table)
    if not names:
        raise DataError("rivals has no column; the values of at least one rival are needed")
    return names


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


def _check_answers(answers: FloatArray, outcome: Outcome) -> None:
    if outcome == "binary" and (odd := (answers != 0) & (answers != 1)).any():
        raise DataError(
            f"loyalty has {answers[odd][0]:g}, but a binary outcome is 0 or 1; recode it, or say "
            'outcome="score" for a score'
        )
    if is_constant(answers):
        raise NotIdentifiedError(
            f"loyalty is {answers[0]:g} for every one of {count_of(len(answers), 'customer')}, so "
            "nothing can be seen of what it goes with; survey those who left as well, or take "
            "another measure of loyalty"
        )


def _check_relative(relative: FloatArray) -> None:
    if is_constant(relative):
        raise NotIdentifiedError(
            f"relative value is {relative[0]:g} for everybody, so what it does for loyalty cannot "
            "be seen; customers must differ in own value or in that of their best rival"
        )


def _fit(
    answers: FloatArray, x: FloatArray, outcome: Outcome, *, robust: bool, labels: pd.Index
) -> Regression:
    """Fit the difference form, or say what makes it impossible."""
    if outcome == "binary":
        fitted = logistic(answers == 1, x, robust=robust)
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
    return least_squares(answers, x, covariance="HC3" if robust else "classical")


def _check_enough(n: int, n_coefficients: int) -> None:
    if n <= n_coefficients:
        raise DataError(
            f"{count_of(n, 'customer')} cannot determine {n_coefficients} coefficients and an "
            "error; more customers are needed"
        )


def _fit_separately(
    answers: FloatArray, x: FloatArray, outcome: Outcome, *, robust: bool
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
    elif outcome == "binary":
        fitted = logistic(answers == 1, x, robust=robust)
        if fitted is not None:
            return fitted, ""
        problem = "own and best rival's value together tell perfectly who is loyal"
    elif len(x) <= x.shape[1]:
        problem = "there are too few customers for three coefficients"
    elif full_leverage(x).any():
        problem = "one customer alone tells own from the best rival's value"
    else:
        return least_squares(answers, x, covariance="HC3" if robust else "classical"), ""
    return Regression(np.full(3, np.nan), np.full((3, 3), np.nan)), problem


def _by_standing(relative: FloatArray, answers: FloatArray) -> tuple[Any, FloatArray]:
    """Return customers and mean loyalty (3,) of those below, at and above parity."""
    place = (np.sign(relative) + 1).astype(np.intp)
    n = np.bincount(place, minlength=3)
    with np.errstate(invalid="ignore"):
        return n, np.bincount(place, answers, minlength=3) / n
