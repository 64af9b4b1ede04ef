"""From a fitted model to the uncertainty of every estimate, by resampling respondents."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._arrays import FloatArray
from loyaltymodel._estimates import EstimateTable
from loyaltymodel._intervals import check_level, check_resamples
from loyaltymodel._options import check_choice, check_flag, enumerate_names
from loyaltymodel._resampling import FOR_INTERVALS
from loyaltymodel._signature import checked
from loyaltymodel.errors import FailedResamplesWarning, OptionError, warn_caller
from loyaltymodel.structural.inference import (
    InferenceResult,
    IntervalKind,
    Method,
    covariance_of,
    errors_of,
    make_interval,
    table_labels,
)
from loyaltymodel.structural.quantities import ABOVE_ZERO
from loyaltymodel.structural.replication import (
    WORTH_A_WARNING,
    Drawn,
    Task,
    check_same_data,
    collect,
    drawn_slices,
    leave_out,
    make_task,
    move_each,
    parametric_slices,
    read_units,
)
from loyaltymodel.structural.result import StructuralResult

Draw = Literal["respondents", "parametric"]
JackknifeKind = Literal["delete-one", "infinitesimal"]


@checked
def bootstrap(
    result: StructuralResult,
    data: object = None,
    *,
    clusters: str | None = None,
    strata: str | None = None,
    interval: IntervalKind = "percentile",
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    draw: Draw = "respondents",
    rng: np.random.Generator | int | None = None,
    progress: bool = False,
) -> InferenceResult:
    """Return errors, intervals and p-values of everything by the bootstrap (自助法).

    Respondents are drawn with replacement and the model is estimated again, thousands of
    times. What varies between the resamples varies between surveys.

    Parameters
    ----------
    result : StructuralResult
        The fitted model; it is estimated again with the same settings.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of weights if there is one. Not needed
        with ``draw="parametric"``, for which the moments suffice.
    clusters : str, optional
        Column of groups that are drawn as a whole, such as households or branches.
    strata : str, optional
        Column of groups, each of which is drawn from itself, such as regions.
    interval : {"percentile", "basic", "bca", "studentized"}
        "bca" corrects for bias and skewness by leaving out each unit once. "studentized"
        bootstraps each resample 50 times for its own error, and takes as much longer.
    level : float
        Confidence level between 0 and 1.
    n_resamples : int
        Number of resamples; enough for the level: (n + 1)(1 - level) / 2 must be at least 1.
    draw : {"respondents", "parametric"}
        "parametric" draws means and covariance matrices as samples of the same size from a
        normal population with the moments of the data have them, and needs no rows.
    rng : numpy.random.Generator, int or None
        Source of randomness. The same seed draws the same resamples.
    progress : bool
        Whether to show on standard error how far the work is.

    Returns
    -------
    InferenceResult
        Tables of paths, weights, loadings, effects along every route, impacts, index, R2,
        reliabilities and HTMT, and differences of any two.

    Raises
    ------
    DataError
        If the data are needed and not given, or are not those of the result: their means and
        covariances differ by more than 1e-9 of their size. Or if clusters or strata are
        missing, there are fewer than two clusters, or a cluster lies in two strata.
    NotIdentifiedError
        If fewer than two resamples can be estimated.
    OptionError
        If an option is not one of its choices, ``result`` is no fitted model, or Moments are
        given without ``draw="parametric"``.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out: an item was constant in
        it, the weights did not settle, an estimate was undetermined, or constructs were
        correlated by more than 1.

    Notes
    -----
    An interval aims at what the estimator gives on the population. Without ``consistent`` that
    is not the path between factors; only PLSc aims at that. The sign rule is applied in every
    resample.

    References
    ----------
    .. [1] Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman &
       Hall.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> boot = structural.bootstrap(result, survey, n_resamples=1000, rng=1)
    >>> boot.n_failed, len(boot.paths), len(boot.specific_effects)
    (0, 12, 49)

    The path from complaints to loyalty could well be 0, and the p-value agrees:

    >>> row = boot.paths.query("source == 'complaints'").iloc[0]
    >>> bool(row["ci_low"] < 0 < row["ci_high"]), bool(row["p_value"] > 0.05)
    (True, True)
    """
    check_choice("interval", interval, IntervalKind)
    check_choice("draw", draw, Draw)
    check_flag("progress", progress)
    check_resamples(n_resamples, level=level)
    task = make_task(result)
    generator = np.random.default_rng(rng)
    nothing, n_clusters = np.empty((0, len(task.original()))), None
    if draw == "parametric":
        _check_parametric(interval, clusters, strata)
        if data is not None:
            check_same_data(result, data)
        slices = parametric_slices(task, n_resamples, generator)
        drawn = collect(task, slices, n_resamples, progress=progress)
        left_out = nothing
    else:
        units = read_units(result, data, clusters, strata)
        n_clusters = None if clusters is None else units.n_units
        slices = drawn_slices(task, units, n_resamples, generator, nested=interval == "studentized")
        drawn = collect(task, slices, n_resamples, progress=progress)
        left_out = leave_out(task, units).values if interval == "bca" else nothing
    method: Method = "bootstrap" if draw == "respondents" else "parametric bootstrap"
    return _conclude(task, method, interval, level, drawn, left_out, n_clusters)


@checked
def jackknife(
    result: StructuralResult,
    data: object,
    *,
    clusters: str | None = None,
    level: float = 0.95,
    kind: JackknifeKind = "delete-one",
) -> InferenceResult:
    """Return errors of everything by leaving out each respondent once (刀切法); no randomness.

    Parameters
    ----------
    result : StructuralResult
        The fitted model; it is estimated again with the same settings.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of weights if there is one.
    clusters : str, optional
        Column of groups that are left out as a whole.
    level : float
        Confidence level between 0 and 1, of Wald intervals.
    kind : {"delete-one", "infinitesimal"}
        Leave each unit out, or give it a little more and a little less weight: the
        infinitesimal jackknife, whose error is that of the influence of each unit.

    Returns
    -------
    InferenceResult
        As of :func:`bootstrap`; ``left_out`` are the estimates with each unit left out, for
        the infinitesimal kind scaled to the same size.

    Raises
    ------
    DataError
        If the data are not those of the result, or clusters are missing or fewer than two.
    NotIdentifiedError
        If fewer than two estimates with a unit left out exist.
    OptionError
        If an option is not one of its choices, ``result`` is no fitted model, or Moments are
        given, which have no rows.

    Warns
    -----
    FailedResamplesWarning
        If more than one estimate in a hundred does not exist.

    Notes
    -----
    With t_i the estimate without unit i of n, the variance is (n - 1) / n times the sum of
    (t_i - mean)^2. With U_i the derivative of the estimate by the weight of unit i it is the
    sum of U_i^2 / n^2.

    Examples
    --------
    The standard error of a mean is s / sqrt(n), and so is that of an index of one item:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit, jackknife
    >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    >>> survey = pd.DataFrame({"a1": [1, 2, 3, 4], "b1": [1, 3, 2, 4]})
    >>> result = fit(model, survey, scale=(0, 100))
    >>> found = jackknife(result, survey).index["std_error"][0]
    >>> round(float(found), 9) == round(float(survey["a1"].std() / 2), 9)
    True
    """
    check_choice("kind", kind, JackknifeKind)
    check_level(level)
    task = make_task(result)
    units = read_units(result, data, clusters, None)
    n_clusters = None if clusters is None else units.n_units
    once = kind == "delete-one"
    drawn = leave_out(task, units) if once else move_each(task, units)
    method: Method = "jackknife" if once else "infinitesimal jackknife"
    return _conclude(task, method, "wald", level, drawn, drawn.values, n_clusters)


def _conclude(
    task: Task,
    method: Method,
    interval: str,
    level: float,
    drawn: Drawn,
    left_out: FloatArray,
    n_clusters: int | None,
) -> InferenceResult:
    """Turn replicates into errors, intervals and p-values."""
    estimate, values = task.original(), drawn.values
    by_leaving_out = "jackknife" in method
    std_error = errors_of(values, jackknife=by_leaving_out)
    found = make_interval(
        interval, values, estimate, std_error, left_out, drawn.errors, level=level
    )
    labels = table_labels(task.result.model, task.catalogue)
    no_question = np.isin(labels["quantity"], ABOVE_ZERO)
    estimates = EstimateTable(
        labels=labels,
        estimate=estimate,
        std_error=np.where(np.isnan(estimate), np.nan, std_error),
        ci_low=found.low,
        ci_high=found.high,
        p_value=np.where(no_question, np.nan, found.p_value),
        level=level,
        method=f"Wald, {method}" if by_leaving_out else f"{interval} {method}",
        covariance=covariance_of(values) if by_leaving_out else None,
        replicates=None if by_leaving_out else values,
    )
    result = InferenceResult(
        result=task.result,
        method=method,
        interval=interval,
        level=level,
        n_resamples=len(values) + sum(drawn.failures.values()),
        n_clusters=n_clusters,
        failures=drawn.failures,
        estimates=estimates,
        undefined=np.isnan(values).sum(axis=0),
        left_out=left_out,
    )
    _warn_of_undefined(result, len(values))
    return result


def _warn_of_undefined(found: InferenceResult, n_kept: int) -> None:
    table = found.estimates.frame()
    often = (found.undefined > WORTH_A_WARNING * n_kept) & table["estimate"].notna()
    if often.any():
        listed = [
            f"{quantity} {name} in {count}"
            for quantity, name, count in zip(
                table["quantity"][often], table["name"][often], found.undefined[often], strict=True
            )
        ]
        warn_caller(
            f"quantities that do not exist in some of {n_kept} resamples, mostly "
            f"because a weight is negative: {enumerate_names(listed)}. Their intervals rest on the "
            "others",
            FailedResamplesWarning,
        )


def _check_parametric(interval: str, clusters: str | None, strata: str | None) -> None:
    if clusters is not None or strata is not None:
        raise OptionError("clusters and strata need respondents; leave them out, or draw those")
    if interval in ("bca", "studentized"):
        raise OptionError(
            f'interval={interval!r} needs respondents; choose "percentile" or "basic"'
        )
