"""Satisfaction explained: expectation, disconfirmation, emotion, attribution and fairness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from loyaltymodel._arrays import FloatArray
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_choice, count_of, enumerate_names, repeated, suggest
from loyaltymodel._variables import Bounds, Variables, as_given, read_variables
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.expectation_gap._people import Variable
from loyaltymodel.expectation_gap.drivers_result import DriverResult

Term = Literal[
    "expected",
    "perceived",
    "disconfirmation",
    "excess",
    "shortfall",
    "attributed_shortfall",
    "positive_affect",
    "negative_affect",
    "fairness",
]
Covariance = Literal["classical", "HC3"]

# What each term is computed from. A gap comes from "disconfirmation" itself if that was asked.
_GAP = ("disconfirmation", "excess", "shortfall", "attributed_shortfall")
_SINGULAR = 1e-9  # of the largest singular value of columns scaled to length 1


def satisfaction_drivers(
    satisfaction: Variable,
    terms: Sequence[Term],
    *,
    expected: Variable | None = None,
    perceived: Variable | None = None,
    disconfirmation: Variable | None = None,
    positive_affect: Variable | None = None,
    negative_affect: Variable | None = None,
    locus_firm: Variable | None = None,
    fairness: Variable | None = None,
    covariance: Covariance = "classical",
    level: float = 0.95,
    data: object = None,
    missing: Missing = "raise",
) -> DriverResult:
    """Return how satisfaction depends on its drivers, by least squares (客户满意的影响因素).

    Parameters
    ----------
    satisfaction : array-like of shape (n,), Series, or name of a column
        Satisfaction, in points.
    terms : sequence of str
        What satisfaction is explained by, besides a constant: "expected", "perceived",
        "disconfirmation" (D), "excess" (D where it is above 0, else 0), "shortfall" (-D where
        it is below 0, else 0), "attributed_shortfall" (shortfall times ``locus_firm``),
        "positive_affect", "negative_affect", "fairness".
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
    fairness : array-like of shape (n,), Series, or name of a column, optional
        Perceived fairness (公平感知), in points.
    covariance : {"classical", "HC3"}
        Standard errors for residuals of one variance, or for residuals of any.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the person out.

    Returns
    -------
    DriverResult
        Coefficients with intervals, in points of satisfaction per unit of the term.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length, or there are too few people.
    ModelError
        If coefficients are asked from the result that the terms do not give.
    NotIdentifiedError
        If a term follows from the others, so that their coefficients cannot be told apart.
    OptionError
        If a term or another option is not one of its choices, lacks its variable, or a
        variable is given that no term uses.

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
    :meth:`DriverResult.asymmetry` tests. Who is to blame (locus a from 0 to 1) multiplies the
    effect of a shortfall: b_s (1 + m a) shortfall, estimated as b_s shortfall + c a shortfall
    with m = c / b_s. The form with emotion, attribution and fairness is put together from the
    five factors of the teaching texts; no coefficient has a default, and coefficients from one
    cross-section are no proof of cause.

    Examples
    --------
    Five customers whose satisfaction is exactly 2 + 0.5 E + 1 D:

    >>> from loyaltymodel.expectation_gap import satisfaction_drivers
    >>> expected, perceived = [4, 6, 5, 7, 5], [5, 5, 5, 8, 3]
    >>> satisfaction = [5, 4, 4.5, 6.5, 2.5]
    >>> result = satisfaction_drivers(
    ...     satisfaction, ["expected", "disconfirmation"], expected=expected, perceived=perceived
    ... )
    >>> result.coefficients[["term", "estimate"]].round(6)
                  term  estimate
    0         constant       2.0
    1         expected       0.5
    2  disconfirmation       1.0

    The same as E and P: 0.5 - 1 = -0.5 and 1.

    >>> result = satisfaction_drivers(
    ...     satisfaction, ["expected", "perceived"], expected=expected, perceived=perceived
    ... )
    >>> result.coefficients["estimate"].round(6).tolist()
    [2.0, -0.5, 1.0]
    """
    check_level(level)
    check_choice("covariance", covariance, Covariance)
    chosen = _check_terms(terms)
    given = {
        "expected": expected,
        "perceived": perceived,
        "disconfirmation": disconfirmation,
        "positive_affect": positive_affect,
        "negative_affect": negative_affect,
        "locus_firm": locus_firm,
        "fairness": fairness,
    }
    used = _used(chosen, given)
    _refuse_the_trap(chosen, measured="disconfirmation" in used)
    read = _read({"satisfaction": satisfaction, **used}, data, missing)
    design = np.column_stack([np.ones(read.n_rows), _columns(chosen, read)])
    names = ("constant", *chosen)
    if read.n_rows <= design.shape[1]:
        raise DataError(
            f"{count_of(read.n_rows, 'person')} cannot determine {design.shape[1]} coefficients "
            "and an error; there must be more people than coefficients, so take fewer terms"
        )
    _check_rank(design, names)
    return _estimate(read["satisfaction"], design, names, covariance, level, read.n_dropped)


def linear_satisfaction(
    coefficients: Mapping[str, float],
    *,
    expected: Variable | None = None,
    perceived: Variable | None = None,
    disconfirmation: Variable | None = None,
    positive_affect: Variable | None = None,
    negative_affect: Variable | None = None,
    locus_firm: Variable | None = None,
    fairness: Variable | None = None,
    data: object = None,
    missing: Missing = "raise",
) -> Any:
    """Return the satisfaction that given coefficients make of the drivers.

    Parameters
    ----------
    coefficients : mapping from term to float
        Coefficients of "constant" and of any terms of :func:`satisfaction_drivers`. None has a
        default; terms that are not named have no part.
    expected : float, array-like of shape (n,), Series, or name of a column, optional
        Expectation, in points.
    perceived : float, array-like of shape (n,), Series, or name of a column, optional
        Perceived performance, in the same points.
    disconfirmation : float, array-like of shape (n,), Series, or name of a column, optional
        Disconfirmation asked directly; without it perceived less expected.
    positive_affect : float, array-like of shape (n,), Series, or name of a column, optional
        Positive emotion.
    negative_affect : float, array-like of shape (n,), Series, or name of a column, optional
        Negative emotion.
    locus_firm : float, array-like of shape (n,), Series, or name of a column, optional
        How far the firm is held responsible, from 0 to 1.
    fairness : float, array-like of shape (n,), Series, or name of a column, optional
        Perceived fairness, in points.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the person out.

    Returns
    -------
    float, array of shape (n,) or Series
        Satisfaction in points, as the variables came; not kept within any scale.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length.
    OptionError
        If a term is unknown, lacks its variable, or a variable is given that no term uses.

    Examples
    --------
    3 points short count 1.5 each, and where the firm is to blame another 0.5: 8 - 4.5 = 3.5
    where it is not, 8 - 4.5 - 1.5 = 2 where it is.

    >>> from loyaltymodel.expectation_gap import linear_satisfaction
    >>> coefficients = {"constant": 8, "shortfall": -1.5, "attributed_shortfall": -0.5}
    >>> linear_satisfaction(coefficients, expected=7, perceived=4, locus_firm=[0, 1])
    array([3.5, 2. ])
    """
    if not isinstance(coefficients, Mapping):
        raise OptionError(f"coefficients={coefficients!r} is no mapping from term to number")
    chosen = _check_terms([name for name in coefficients if name != "constant"])
    given = {
        "expected": expected,
        "perceived": perceived,
        "disconfirmation": disconfirmation,
        "positive_affect": positive_affect,
        "negative_affect": negative_affect,
        "locus_firm": locus_firm,
        "fairness": fairness,
    }
    try:
        values = np.array([float(coefficients[name]) for name in chosen])
        constant = float(coefficients.get("constant", 0.0))
    except (TypeError, ValueError):
        raise OptionError(f"coefficients={dict(coefficients)!r} are not all numbers") from None
    if not np.isfinite([*values, constant]).all():
        raise OptionError(f"coefficients={dict(coefficients)!r} are not all finite")
    used = _used(chosen, given)
    read = _read(used, data, missing)
    total = constant + _columns(chosen, read) @ values
    return as_given(used.values(), read.labels, total, name="satisfaction")


def _check_terms(terms: Sequence[str]) -> tuple[str, ...]:
    known = get_args(Term)
    if isinstance(terms, str) or not isinstance(terms, Sequence) or not terms:
        raise OptionError(
            f"terms={terms!r} must be a sequence of at least one of {', '.join(known)}"
        )
    for term in terms:
        if term not in known:
            raise OptionError(
                f"{term!r} is no term{suggest(term, known)}; choose from {', '.join(known)}"
            )
    if twice := repeated(terms):
        raise OptionError(f"terms have {enumerate_names(twice)} twice; name each once")
    return tuple(terms)


def _used(terms: tuple[str, ...], given: Mapping[str, object]) -> dict[str, object]:
    """Return the variables that the terms need; refuse what is lacking and what is idle."""
    needed: dict[str, str] = {}
    for term in terms:
        sources = [term]
        if term in _GAP:
            asked = given["disconfirmation"] is not None
            sources = ["disconfirmation"] if asked else ["expected", "perceived"]
        if term == "attributed_shortfall":
            sources.append("locus_firm")
        needed.update(dict.fromkeys(sources, term))
    if lacking := [name for name in needed if given[name] is None]:
        name = lacking[0]
        raise OptionError(f"the term {needed[name]!r} needs {name}=; give it, or drop the term")
    if idle := [name for name, value in given.items() if value is not None and name not in needed]:
        raise OptionError(
            f"no term uses {enumerate_names(idle)}; leave it out, or add a term that does"
        )
    return {name: given[name] for name in needed}


def _refuse_the_trap(terms: tuple[str, ...], *, measured: bool) -> None:
    if {"expected", "perceived", "disconfirmation"} <= set(terms) and not measured:
        raise NotIdentifiedError(
            "disconfirmation computed as perceived less expected follows from the two, so the "
            "three coefficients cannot be told apart: any number can be moved between them "
            "without changing a fitted value. Leave out one of the three terms, or give "
            "disconfirmation= as customers rated it directly"
        )


def _read(variables: dict[str, object], data: object, missing: Missing) -> Variables:
    bounds: dict[str, Bounds] = {"locus_firm": (0.0, 1.0)}
    return read_variables(variables, data=data, bounds=bounds, missing=missing)


def _columns(terms: tuple[str, ...], read: Variables) -> FloatArray:
    """Return the values (n, k) of the terms."""
    values = {name: np.asarray(column, dtype=np.float64) for name, column in read.values.items()}
    if "disconfirmation" not in values and {"expected", "perceived"} <= set(values):
        values["disconfirmation"] = values["perceived"] - values["expected"]
    if "disconfirmation" in values:
        gap = values["disconfirmation"]
        values["excess"], values["shortfall"] = gap.clip(min=0), (-gap).clip(min=0)
        if "locus_firm" in values:
            values["attributed_shortfall"] = values["shortfall"] * values["locus_firm"]
    return np.column_stack([values[term] for term in terms])


def _check_rank(design: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse columns that follow from others, and name those that do."""
    lengths = np.linalg.norm(design, axis=0)
    if (lengths == 0).any():
        empty = [name for name, length in zip(names, lengths, strict=True) if length == 0]
        raise NotIdentifiedError(
            f"{enumerate_names(empty)} is 0 for everybody, so it has no coefficient; leave the "
            "term out"
        )
    _, singular, directions = np.linalg.svd(design / lengths, full_matrices=False)
    if singular[-1] > _SINGULAR * singular[0]:
        return
    involved = np.abs(directions[-1]) > np.sqrt(_SINGULAR)
    listed = [name for name, part in zip(names, involved, strict=True) if part]
    raise NotIdentifiedError(
        f"{', '.join(listed)} are not independent: one follows exactly from the others (a term "
        "that is the same for everybody follows from the constant), so their coefficients "
        "cannot be told apart. Leave out one of them"
    )


def _estimate(
    y: FloatArray,
    design: FloatArray,
    names: tuple[str, ...],
    covariance: Covariance,
    level: float,
    n_dropped: int,
) -> DriverResult:
    # Loaded here: statsmodels takes as long to import as all the rest together.
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415

    kind = "nonrobust" if covariance == "classical" else covariance
    outcome = np.asarray(y, dtype=np.float64)
    if np.ptp(outcome) == 0:
        raise DataError("satisfaction is the same for everybody, so there is nothing to explain")
    fitted = OLS(outcome, design).fit(cov_type=kind, use_t=True)
    return DriverResult(
        terms=names,
        estimates=np.asarray(fitted.params),
        covariance=np.asarray(fitted.cov_params()),
        covariance_kind=covariance,
        r_squared=float(fitted.rsquared),
        r_squared_adjusted=float(fitted.rsquared_adj),
        residual_deviation=float(np.sqrt(fitted.mse_resid)),
        n_obs=len(design),
        n_dropped=n_dropped,
        level=level,
    )
