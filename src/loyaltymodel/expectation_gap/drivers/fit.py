"""Satisfaction explained: expectation, disconfirmation, emotion, attribution and fairness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.regression import StdErrors, is_constant, least_squares
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import one_variable
from loyaltymodel.errors import DataError
from loyaltymodel.expectation_gap._design import check_design, check_leverage
from loyaltymodel.expectation_gap.drivers.result import DriverResult
from loyaltymodel.expectation_gap.drivers.terms import (
    Term,
    check_terms,
    columns_of,
    read_terms,
    refuse_the_trap,
    variables_of,
)


@checked
def satisfaction_drivers(
    terms: Sequence[Term],
    satisfaction: Variable,
    *,
    expected: Variable | None = None,
    perceived: Variable | None = None,
    disconfirmation: Variable | None = None,
    positive_affect: Variable | None = None,
    negative_affect: Variable | None = None,
    locus_firm: Variable | None = None,
    stability: Variable | None = None,
    controllability: Variable | None = None,
    fairness: Variable | None = None,
    distributive_justice: Variable | None = None,
    procedural_justice: Variable | None = None,
    interactional_justice: Variable | None = None,
    std_errors: StdErrors = "model",
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> DriverResult:
    """Return how satisfaction depends on its drivers, by least squares (客户满意的影响因素).

    Parameters
    ----------
    terms : sequence of str
        What satisfaction is explained by, besides a constant: "expected", "perceived",
        "disconfirmation" (D), "excess" (D where it is above 0, else 0), "shortfall" (-D where
        it is below 0, else 0); "attributed_shortfall", "stable_shortfall" and
        "controllable_shortfall" (shortfall times ``locus_firm``, ``stability`` and
        ``controllability``); "positive_affect", "negative_affect"; "fairness" as one score, or
        "distributive_justice", "procedural_justice" and "interactional_justice".
    satisfaction : array-like of shape (n,), Series, or name of a column
        Satisfaction, in points.
    expected : array-like of shape (n,), Series, or name of a column, optional
        Expectation, in points.
    perceived : array-like of shape (n,), Series, or name of a column, optional
        Perceived performance, in the same points.
    disconfirmation : array-like of shape (n,), Series, or name of a column, optional
        Disconfirmation that was asked directly, with 0 for "as expected". Without it D is
        perceived less expected.
    positive_affect : array-like of shape (n,), Series, or name of a column, optional
        Positive emotion (积极情绪), asked apart from the negative.
    negative_affect : array-like of shape (n,), Series, or name of a column, optional
        Negative emotion (消极情绪).
    locus_firm : array-like of shape (n,), Series, or name of a column, optional
        Attribution (归因): how far the firm is held responsible, from 0 to 1.
    stability : array-like of shape (n,), Series, or name of a column, optional
        Attribution: how far the cause is seen as lasting, from 0 (it will not come again) to 1.
    controllability : array-like of shape (n,), Series, or name of a column, optional
        Attribution: how far it is thought that the cause could have been prevented, from 0 to
        1.
    fairness : array-like of shape (n,), Series, or name of a column, optional
        Perceived fairness (公平感知) as one score, in points; :func:`equity` makes one.
    distributive_justice : array-like of shape (n,), Series, or name of a column, optional
        How fair the outcome was, in points.
    procedural_justice : array-like of shape (n,), Series, or name of a column, optional
        How fair the rules and the way there were, in points.
    interactional_justice : array-like of shape (n,), Series, or name of a column, optional
        How fairly people treated the customer, in points.
    std_errors : {"model", "robust"}
        Standard errors for residuals of one variance, or for residuals of any (HC3).
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the respondent out.

    Returns
    -------
    DriverResult
        Coefficients with intervals, in points of satisfaction per unit of the term.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length, satisfaction does not vary by more
        than rounding, or there are too few respondents.
    ModelError
        If coefficients are asked from the result that the terms do not give.
    NotIdentifiedError
        If a term follows from the others, so that their coefficients cannot be told apart.
    OptionError
        If a term or another option is not one of its choices, lacks its variable, or a
        variable is given that no term uses.

    See Also
    --------
    loyaltymodel.delivered_value.value_loyalty : Loyalty explained; its default is
        ``std_errors="robust"``.

    Notes
    -----
    S = b0 + b1 E + b2 D is the expectation-disconfirmation regression, usually attributed to
    Oliver (1980). Where D is computed as P - E it says the same as S = b0 + (b1 - b2) E + b2 P:
    b1 is what expectation and performance do when both rise by a point, not the effect of
    expectation at the same performance, which is b1 - b2. And a regression on E, P and P - E
    together has no answer: adding any number to the coefficients of E and of P - E, and taking
    it from that of P, leaves every fitted value as it is. That is refused. Only a D that was
    asked directly can stand beside E and P.

    With excess and shortfall a point short may count more than a point beyond, which
    :meth:`DriverResult.asymmetry` tests.

    What a shortfall is put down to multiplies its effect. With the locus a, the stability s and
    the controllability c of the cause, each from 0 to 1, a point short costs b (1 + k a + l s +
    m c); estimated is the sum of b, b k, b l and b m times shortfall, a shortfall, s shortfall
    and c shortfall. :meth:`DriverResult.shortfall_slope` and
    :meth:`DriverResult.attribution_multiplier` put them together again. Attributions have no
    effect of their own: where nothing falls short there is nothing to be put down to anybody.
    The three are the properties that Weiner [1]_ finds causes to have; that they multiply, side
    by side, is the simplest form and this library's.

    Fairness is one score or the three kinds of justice that are told apart in how complaints
    are handled [2]_. A total that was made of the three cannot stand beside them.

    The form with emotion, attribution and fairness is put together from the five factors of
    the teaching texts. No coefficient has a default, and coefficients from one cross-section
    are no proof of cause.

    If no residual is above 1e-12 of the largest satisfaction, the fit is exact but for rounding.
    Errors are then 0, and so are coefficients that rounding alone can make.

    References
    ----------
    .. [1] Weiner, B. (1985). An attributional theory of achievement motivation and emotion.
       Psychological Review, 92(4), 548-573.
    .. [2] Blodgett, J. G., Hill, D. J., & Tax, S. S. (1997). The effects of distributive,
       procedural, and interactional justice on postcomplaint behavior. Journal of Retailing,
       73(2).

    Examples
    --------
    Five customers whose satisfaction is exactly 2 + 0.5 E + 1 D:

    >>> from loyaltymodel.expectation_gap import satisfaction_drivers
    >>> expected, perceived = [4, 6, 5, 7, 5], [5, 5, 5, 8, 3]
    >>> satisfaction = [5, 4, 4.5, 6.5, 2.5]
    >>> result = satisfaction_drivers(
    ...     ["expected", "disconfirmation"], satisfaction, expected=expected, perceived=perceived
    ... )
    >>> result.terms[["term", "estimate"]].round(6)
                  term  estimate
    0         constant       2.0
    1         expected       0.5
    2  disconfirmation       1.0

    The same as E and P: 0.5 - 1 = -0.5 and 1.

    >>> result = satisfaction_drivers(
    ...     ["expected", "perceived"], satisfaction, expected=expected, perceived=perceived
    ... )
    >>> result.terms["estimate"].round(6).tolist()
    [2.0, -0.5, 1.0]
    """
    check_level(level)
    check_choice("std_errors", std_errors, StdErrors)
    function = "satisfaction_drivers"
    one_variable("satisfaction", satisfaction, causes="terms", function=function, first=terms)
    chosen = check_terms(terms)
    given = {
        "expected": expected,
        "perceived": perceived,
        "disconfirmation": disconfirmation,
        "positive_affect": positive_affect,
        "negative_affect": negative_affect,
        "locus_firm": locus_firm,
        "stability": stability,
        "controllability": controllability,
        "fairness": fairness,
        "distributive_justice": distributive_justice,
        "procedural_justice": procedural_justice,
        "interactional_justice": interactional_justice,
    }
    used = variables_of(chosen, given)
    refuse_the_trap(chosen, measured="disconfirmation" in used)
    read = read_terms({"satisfaction": satisfaction, **used}, data, missing)
    design = np.column_stack([np.ones(read.n_rows), columns_of(chosen, read)])
    names = ("constant", *chosen)
    check_design(design, names)
    y = np.asarray(read["satisfaction"], dtype=np.float64)
    size = float(np.abs(y).max())
    if is_constant(y, size=size):
        raise DataError("satisfaction is the same for everybody, so there is nothing to explain")
    if std_errors == "robust":
        check_leverage(design, read.labels)
    fitted = least_squares(y, design, size=size, std_errors=std_errors)
    df = len(y) - len(names)
    exact = not fitted.covariance.any()
    left = 0.0 if exact else float(((y - design @ fitted.estimates) ** 2).sum())
    r_squared = 1 - left / float(((y - y.mean()) ** 2).sum())
    return DriverResult(
        estimates=EstimateTable.student(
            {"term": names},
            fitted.estimates,
            np.sqrt(np.diag(fitted.covariance)),
            df=df,
            level=level,
            covariance=fitted.covariance,
        ),
        std_errors=std_errors,
        r_squared=r_squared,
        r_squared_adjusted=1 - (1 - r_squared) * (len(y) - 1) / df,
        residual_deviation=float(np.sqrt(left / df)),
        n_obs=read.n_rows,
        n_dropped=read.n_dropped,
        level=level,
    )
