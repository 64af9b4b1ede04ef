"""What makes customers climb a step: the continuation-ratio (sequential logit) model."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import enumerate_names, is_number, one_number, repeated, shown
from loyaltymodel._core.regression import Regression, logistic
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import (
    Variables,
    codes_of,
    one_variable,
    read_variables,
    several_variables,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.ladder.steps_result import (
    INTERCEPT,
    SequentialLogitResult,
    design_of,
)

_STAGE = "stage"
_LEAST_STAGES = 2
_RANK = 1e-9


@checked
def sequential_logit(
    covariates: Columns,
    stage: Variable,
    *,
    data: Data | None = None,
    stages: Sequence[Hashable] | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> SequentialLogitResult:
    """Return how covariates go with climbing each step of a ladder (continuation-ratio logit).

    Of those who have come as far as a step, who climbs it? A logistic regression for each step,
    and one in which a covariate does as much at every step, with a test of the second against
    the first.

    Parameters
    ----------
    covariates : table, mapping from str to Series or array, or sequence of str
        Numbers, one each per customer: all columns of a table, by name, or as names of columns
        of ``data``.
    stage : Series, array of shape (n,) or str
        Stage of each customer, such as the column ``stage`` of the customers of :func:`oliver`,
        or a column of ``data``.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    stages : sequence, optional
        The stages from lowest to highest. Without it they are taken from ordered categories,
        or from numbers in their order.
    level : float
        Confidence level of the intervals, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    SequentialLogitResult
        Coefficients of each step and of the parallel model, the test of parallelism, and
        predictions.

    Raises
    ------
    DataError
        If values are missing or not numeric, or a stage is not among ``stages``.
    NotIdentifiedError
        If at a step everybody or nobody climbs, a covariate is constant or a combination of
        others, or covariates tell perfectly who climbs.
    OptionError
        If there are fewer than two stages or their order is not known, or an option is not one
        of its choices.

    Notes
    -----
    logit P(stage >= j | stage >= j - 1, x) = a_j + b_j'x for each step j; b_j = b in the
    parallel model. The likelihood is a product over steps, so steps are estimated one by one,
    the estimates of different steps are independent, and the stacked data of the parallel
    model need no correction for clusters [1]_. Some programs model who stays instead of who
    climbs, which turns every sign.

    References
    ----------
    .. [1] Cox, C. (1988). Multinomial regression models based on continuation ratios.
       Statistics in Medicine, 7(3), 435-441.

    Examples
    --------
    Without a card 10 of 40 climb, with one 30 of 40. The odds are 1/3 and 3, so the odds ratio
    is 9:

    >>> import numpy as np
    >>> from loyaltymodel import loyalty_stage
    >>> card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
    >>> stage = np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
    >>> result = loyalty_stage.sequential_logit({"card": card}, stage)
    >>> result.terms[["step", "term", "odds_ratio"]].round(3)
      step       term  odds_ratio
    0    1  intercept       0.333
    1    1       card       9.000
    """
    check_level(level)
    function = "sequential_logit"
    one_variable("stage", stage, causes="covariates", function=function, first=covariates)
    given = several_variables("covariates", covariates)
    names = tuple(given)
    if _STAGE in names:
        raise DataError("no covariate can be called 'stage'; rename it")
    order = _order_of(stage, data, stages)
    variables = read_variables(
        {_STAGE: stage, **given}, data=data, categories=[_STAGE], missing=missing
    )
    codes, known = _codes(variables, order)
    x = design_of(variables, names)
    if len(known) < _LEAST_STAGES:
        raise OptionError(
            "there are fewer than two stages, so there is no step; give all of them in stages="
        )
    fits, at_risk, passed = [], [], []
    for j in range(1, len(known)):
        before = codes >= j - 1
        climbed = codes[before] >= j
        at_risk.append(int(before.sum()))
        passed.append(int(climbed.sum()))
        _check_step(known[j], x[before], climbed, names)
        fits.append(_logit(climbed, x[before], f"the step to {known[j]}"))
    stacked = _parallel(codes, x, len(known))
    return SequentialLogitResult(
        stages=known,
        covariates=names,
        n_at_risk=np.array(at_risk),
        n_passed=np.array(passed),
        n_dropped=variables.n_dropped,
        estimates=_by_step(fits, known[1:], names, level),
        log_likelihoods=np.array([f.log_likelihood for f in fits]),
        parallel_estimates=EstimateTable.wald(
            {"term": [*(f"{INTERCEPT} of {stage}" for stage in known[1:]), *names]},
            stacked.estimates,
            np.sqrt(np.diag(stacked.covariance)),
            level=level,
            covariance=stacked.covariance,
        ),
        parallel_log_likelihood=stacked.log_likelihood,
        level=level,
    )


def _by_step(
    fits: Sequence[Regression], steps: Sequence[str], names: Sequence[str], level: float
) -> EstimateTable:
    """Put the estimates of all steps, which are independent, into one table."""
    k = len(names) + 1
    covariance = np.zeros((len(fits) * k, len(fits) * k))
    for j, fitted in enumerate(fits):
        covariance[j * k : (j + 1) * k, j * k : (j + 1) * k] = fitted.covariance
    return EstimateTable.wald(
        {"step": np.repeat(steps, k), "term": [INTERCEPT, *names] * len(fits)},
        np.concatenate([fitted.estimates for fitted in fits]),
        np.sqrt(np.diag(covariance)),
        level=level,
        covariance=covariance,
    )


def _order_of(stage: object, data: Any, stages: Sequence[object] | None) -> list[object] | None:
    """Return the stages in order, if the user or the data say it."""
    if stages is not None:
        listed = [] if isinstance(stages, str) else list(stages)
        if len(listed) < _LEAST_STAGES or repeated(listed):
            raise OptionError(
                f"stages={shown(stages)} must name at least two stages, each once, lowest first"
            )
        return listed
    column = data[stage] if isinstance(stage, str) and isinstance(data, pd.DataFrame) else stage
    dtype = column.dtype if isinstance(column, pd.Series) else None
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        return list(dtype.categories)
    return None


def _codes(variables: Variables, order: list[object] | None) -> tuple[IntArray, tuple[str, ...]]:
    values = variables[_STAGE]
    codes, distinct = codes_of(values)
    if order is None:
        if not all(is_number(v) for v in distinct):
            raise OptionError(
                "the order of the stages is not known; give stages= from lowest to highest, or "
                "an ordered categorical such as the stage of oliver()'s customers"
            )
        return codes, tuple(f"{one_number('stage', v):g}" for v in distinct)
    place = {name: k for k, name in enumerate(order)}
    if unknown := [v for v in distinct if v not in place]:
        raise DataError(
            f"stage has {enumerate_names(map(repr, unknown))}, which stages does not name; name "
            "every stage, lowest first"
        )
    return np.array([place[v] for v in distinct])[codes], tuple(str(name) for name in order)


def _check_step(stage: str, x: FloatArray, climbed: BoolArray, names: Sequence[str]) -> None:
    if climbed.all() or not climbed.any():
        who = "all" if len(climbed) and climbed.all() else "none"
        raise NotIdentifiedError(
            f"{who} of the {len(climbed)} customers before the step to {stage!r} climb it, so "
            "there is nothing to explain; merge this stage with its neighbour, or take another "
            "cut-off"
        )
    spread = x[:, 1:].std(axis=0)
    constant = [
        n
        for n, s, m in zip(names, spread, np.abs(x[:, 1:]).max(axis=0), strict=True)
        if s <= _RANK * max(m, 1e-300)
    ]
    if constant:
        raise NotIdentifiedError(
            f"{enumerate_names(constant)} does not vary among customers before the step to "
            f"{stage!r}; leave it out"
        )
    scaled = (x[:, 1:] - x[:, 1:].mean(axis=0)) / spread
    if np.linalg.matrix_rank(scaled, tol=_RANK * np.sqrt(scaled.size)) < len(names):
        raise NotIdentifiedError(
            f"{enumerate_names(names)} determine each other among customers before the step to "
            f"{stage!r}; leave one of them out"
        )


def _parallel(codes: IntArray, x: FloatArray, n_stages: int) -> Regression:
    """Fit one logistic regression to all steps, with an intercept each and common slopes."""
    rows, outcomes = [], []
    for j in range(1, n_stages):
        before = codes >= j - 1
        intercepts = np.zeros((int(before.sum()), n_stages - 1))
        intercepts[:, j - 1] = 1
        rows.append(np.hstack([intercepts, x[before, 1:]]))
        outcomes.append(codes[before] >= j)
    return _logit(np.concatenate(outcomes), np.vstack(rows), "the steps taken together")


def _logit(y: BoolArray, x: FloatArray, where: str) -> Regression:
    found = logistic(y, x)
    if found is None:
        raise NotIdentifiedError(
            f"at {where} the covariates tell (almost) perfectly who climbs, so that estimates run "
            "off to infinity; leave out a covariate or merge stages"
        )
    return found
