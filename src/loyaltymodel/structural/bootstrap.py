"""From a fitted model to the uncertainty of every estimate, by resampling respondents."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level, check_resamples
from loyaltymodel._core.options import check_choice, check_flag, enumerate_names
from loyaltymodel._core.resampling import FOR_INTERVALS, Units
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import (
    FailedResamplesWarning,
    ImproperSolutionWarning,
    OptionError,
    SmallSampleWarning,
    warn_caller,
)
from loyaltymodel.structural.inference import (
    Inadmissible,
    InferenceResult,
    IntervalKind,
    LeftOut,
    Method,
    covariance_of,
    errors_of,
    is_still,
    make_interval,
    table_labels,
    with_errors,
)
from loyaltymodel.structural.kernels.quantities import ABOVE_ZERO
from loyaltymodel.structural.replication import (
    WORTH_A_WARNING,
    Drawn,
    Task,
    check_depth,
    check_same_data,
    collect,
    count_failures,
    drawn_slices,
    leave_out,
    make_task,
    move_each,
    parametric_slices,
    read_units,
    usable,
    without_inadmissible,
)
from loyaltymodel.structural.result import StructuralResult

Draw = Literal["respondents", "parametric"]
JackknifeKind = Literal["delete-one", "infinitesimal"]


@checked
def bootstrap(
    result: StructuralResult,
    data: Data | None = None,
    *,
    clusters: str | None = None,
    strata: str | None = None,
    interval: IntervalKind = "percentile",
    level: float = 0.95,
    n_resamples: int = FOR_INTERVALS,
    draw: Draw = "respondents",
    inadmissible: Inadmissible = "keep",
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
        normal population with the moments of the data have them, and needs no rows, nor knows
        of unequal weights.
    inadmissible : {"keep", "drop"}
        What to do with resamples of which a ``consistent`` fit gives an inadmissible solution: a
        loading, reliability, correlation or R2 above 1, or correlations of constructs or items
        that cannot hold together. Without them intervals are too short: in a study with poor items
        those of 95 % held R2 in 92 % of the surveys by percentile and in 81 to 85 % by BCa.
        ``admissibility`` of the result shows both, side by side.
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
        missing, there are fewer than two clusters, a cluster lies in two strata, or a stratum has
        one unit (two, for studentized intervals).
    NotIdentifiedError
        If fewer than two resamples can be estimated.
    OptionError
        If an option is not one of its choices, ``result`` is no fitted model, Moments are given
        without ``draw="parametric"``, or this is asked of respondents of unequal weights.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out: an item was constant in
        it, the weights did not settle, or an estimate was undetermined.
    ImproperSolutionWarning
        If more than one resample in a hundred has an inadmissible solution.
    SmallSampleWarning
        If an estimate does not vary between resamples, so that it has no error and no interval,
        or if a single respondent or cluster has more than half of the weight.

    Notes
    -----
    An interval aims at what the estimator gives on the population. Without ``consistent`` that
    is not the path between factors; only PLSc aims at that. In every resample each score is
    turned to correlate positively with that of the estimate.

    Drawing n of n units makes variances (n - 1) / n of what they are, which is much in small strata
    and with few clusters. So of a design, with clusters or strata, n - 1 of n units are drawn from
    each stratum (from all, without strata), and weigh n / (n - 1) [2]_.

    References
    ----------
    .. [1] Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman &
       Hall.
    .. [2] Rao, J. N. K., & Wu, C. F. J. (1988). Resampling inference with complex survey data.
       Journal of the American Statistical Association, 83(401), 231-241.

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
    left_out, n_clusters = _nothing(task), None
    if draw == "parametric":
        _check_parametric(result, interval, clusters, strata)
        if data is not None:
            check_same_data(result, data)
        slices = parametric_slices(task, n_resamples, generator)
        drawn = collect(task, slices, n_resamples, progress=progress)
    else:
        units = read_units(result, data, clusters, strata)
        n_clusters = None if clusters is None else units.n_units
        if interval == "studentized":
            check_depth(units)
        slices = drawn_slices(task, units, n_resamples, generator, nested=interval == "studentized")
        drawn = collect(task, slices, n_resamples, progress=progress)
        if interval == "bca":
            left_out = _left_out(leave_out(task, units), units)
    method: Method = "bootstrap" if draw == "respondents" else "parametric bootstrap"
    return _conclude(
        task,
        method,
        interval,
        level,
        drawn,
        left_out,
        n_clusters=n_clusters,
        inadmissible=inadmissible,
    )


@checked
def jackknife(
    result: StructuralResult,
    data: Data,
    *,
    clusters: str | None = None,
    strata: str | None = None,
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
    strata : str, optional
        Column of groups that were drawn from separately, such as regions. The others of its
        stratum take the place of a unit that is left out.
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
        If the data are not those of the result, clusters are missing or fewer than two, a
        cluster lies in two strata, or a stratum has one unit.
    NotIdentifiedError
        If fewer than two estimates with a unit left out exist.
    OptionError
        If an option is not one of its choices, ``result`` is no fitted model, or Moments are
        given, which have no rows.

    Warns
    -----
    FailedResamplesWarning
        If more than one estimate in a hundred does not exist.
    ImproperSolutionWarning
        If more than one estimate in a hundred is inadmissible.
    SmallSampleWarning
        If an estimate does not vary, so that it has no error and no interval, or if a single
        respondent or cluster has more than half of the weight.

    Notes
    -----
    With t_i the estimate without unit i of n, the variance is (n - 1) / n times the sum of
    (t_i - mean)^2. With U_i the derivative of the estimate by the weight of unit i it is the
    sum of U_i^2 / n^2. Of several strata these sums, each with its own n and mean, are added up.
    A respondent of weight 0 is no unit.

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
    units = read_units(result, data, clusters, strata)
    n_clusters = None if clusters is None else units.n_units
    once = kind == "delete-one"
    drawn = leave_out(task, units) if once else move_each(task, units)
    method: Method = "jackknife" if once else "infinitesimal jackknife"
    left_out = LeftOut(drawn.values, units.stratum)
    return _conclude(task, method, "wald", level, drawn, left_out, n_clusters=n_clusters)


def _nothing(task: Task) -> LeftOut:
    return LeftOut(np.empty((0, len(task.catalogue.by_definition))), np.empty(0, dtype=np.intp))


def _left_out(drawn: Drawn, units: Units) -> LeftOut:
    """Take the estimates that exist with a unit left out, and the strata of these units."""
    kept = usable(drawn.failure)
    return LeftOut(drawn.values[kept], units.stratum[kept])


class _Procedure(NamedTuple):
    """How replicates become intervals, and what they are replicates of."""

    labels: FrozenMapping[str, tuple[str, ...]]
    method: Method
    interval: str
    level: float
    estimate: FloatArray  # (k,)
    drawn: Drawn
    left_out: LeftOut

    @property
    def by_leaving_out(self) -> bool:
        """Whether each is the estimate without a unit."""
        return "jackknife" in self.method


class _Found(NamedTuple):
    """Errors, ends of intervals and p-values (k,) from some of the resamples."""

    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray


def _conclude(
    task: Task,
    method: Method,
    interval: str,
    level: float,
    drawn: Drawn,
    left_out: LeftOut,
    *,
    n_clusters: int | None,
    inadmissible: Inadmissible = "keep",
) -> InferenceResult:
    """Turn replicates into errors, intervals and p-values."""
    estimate = task.original().values[0]
    with_index = task.setup.lowest is not None
    labels = table_labels(task.result.model, with_index=with_index)
    how = _Procedure(labels, method, interval, level, estimate, drawn, left_out)
    estimated = drawn.failure == 0
    failure = without_inadmissible(drawn) if inadmissible == "drop" else drawn.failure
    used = usable(failure)
    found = _measured(how, used)
    values = drawn.values[used]
    kept_out = LeftOut(values, left_out.stratum[used]) if how.by_leaving_out else left_out
    undefined = np.isnan(values)
    if interval == "studentized":
        undefined |= np.isnan(with_errors(values, drawn.errors[used]))
    result = InferenceResult(
        result=task.result,
        method=method,
        interval=interval,
        level=level,
        n_resamples=len(drawn.failure),
        n_clusters=n_clusters,
        inadmissible=inadmissible,
        n_inadmissible=int((estimated & ~drawn.admissible).sum()),
        failures=count_failures(failure),
        estimates=EstimateTable(
            labels=labels,
            estimate=estimate,
            **found._asdict(),
            level=level,
            method=f"Wald, {method}" if how.by_leaving_out else f"{interval} {method}",
            covariance=covariance_of(kept_out) if how.by_leaving_out else None,
            replicates=None if how.by_leaving_out else values,
        ),
        admissibility=_side_by_side(how, found, estimated, used),
        undefined=np.where(task.catalogue.by_definition, 0, undefined.sum(axis=0)),
        left_out=kept_out.values,
        strata=kept_out.stratum,
    )
    _warn_of_undefined(result, len(values))
    _warn_of_inadmissible(result)
    _warn_of_still(result, task.catalogue.by_definition)
    return result


def _measured(how: _Procedure, chosen: BoolArray) -> _Found:
    """Make errors and intervals of the resamples that are chosen."""
    estimate, values = how.estimate, how.drawn.values[chosen]
    errors = how.drawn.errors[chosen] if len(how.drawn.errors) else how.drawn.errors
    left_out = how.left_out
    if how.by_leaving_out:
        left_out = LeftOut(values, left_out.stratum[chosen])
        std_error = np.sqrt(covariance_of(left_out).diagonal())
    else:
        std_error = errors_of(values)
    ends = make_interval(
        how.interval, values, estimate, std_error, left_out, errors, level=how.level
    )
    unknown = np.isnan(estimate) | is_still(estimate, std_error)
    no_question = np.isin(how.labels["quantity"], ABOVE_ZERO)
    return _Found(
        np.where(unknown, np.nan, std_error),
        ends.low,
        ends.high,
        np.where(no_question, np.nan, ends.p_value),
    )


def _side_by_side(
    how: _Procedure, found: _Found, estimated: BoolArray, used: BoolArray
) -> EstimateTable:
    """Hold what all resamples say against what those say whose solution is admissible."""
    parts = []
    for chosen in (estimated, how.drawn.admissible):
        if (chosen == used).all():
            parts.append(found)
        elif chosen.sum() > 1:
            parts.append(_measured(how, chosen))
        else:
            parts.append(_Found(*np.full((4, len(how.estimate)), np.nan)))
    k = len(how.estimate)
    which = ("all",) * k + ("admissible",) * k
    return EstimateTable(
        labels=FrozenMapping(
            {**{name: values * 2 for name, values in how.labels.items()}, "resamples": which}
        ),
        estimate=np.tile(how.estimate, 2),
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in _Found._fields},
        level=how.level,
        method=f"{how.interval} {how.method}",
    )


def _warn_of_undefined(found: InferenceResult, n_kept: int) -> None:
    often = (found.undefined > WORTH_A_WARNING * n_kept) & ~np.isnan(found.estimates.estimate)
    if often.any():
        listed = [
            f"{name} in {count}"
            for name, count in zip(_names(found, often), found.undefined[often], strict=True)
        ]
        warn_caller(
            f"quantities that do not exist in some of {n_kept} resamples, mostly "
            f"because a weight is negative: {enumerate_names(listed)}. Their intervals rest on the "
            "others",
            FailedResamplesWarning,
        )


def _names(found: InferenceResult, chosen: BoolArray) -> list[str]:
    """Name some of the quantities."""
    rows = list(zip(*found.estimates.labels.values(), strict=True))
    return [" ".join(rows[k]) for k in np.flatnonzero(chosen)]


def _warn_of_inadmissible(found: InferenceResult) -> None:
    if found.n_inadmissible > WORTH_A_WARNING * found.n_resamples:
        kept = found.inadmissible == "keep"
        other = 'inadmissible="drop" leaves them out, and' if kept else "they were left out;"
        warn_caller(
            f"{found.n_inadmissible} of {found.n_resamples} resamples have an inadmissible "
            f"solution, such as an R2 above 1; {other} .admissibility shows intervals with and "
            "without them",
            ImproperSolutionWarning,
        )


def _warn_of_still(found: InferenceResult, by_definition: BoolArray) -> None:
    """Say what does not vary although it is not 1 by definition."""
    estimates = found.estimates
    still = ~np.isnan(estimates.estimate) & np.isnan(np.asarray(estimates.std_error))
    if (still := still & ~by_definition).any():
        warn_caller(
            f"no resample differs in {enumerate_names(_names(found, still))}, so that nothing "
            "tells how others would vary: these have no error and no interval",
            SmallSampleWarning,
        )


def _check_parametric(
    result: StructuralResult, interval: str, clusters: str | None, strata: str | None
) -> None:
    if result.n_effective < result.n_obs:
        raise OptionError(
            f"the weights are unequal: {result.n_obs} respondents count as about "
            f"{result.n_effective:.1f}, and samples drawn from a normal law know nothing of that, "
            "so that errors would be too small; give the answers and draw respondents, "
            'draw="respondents"'
        )
    if clusters is not None or strata is not None:
        raise OptionError("clusters and strata need respondents; leave them out, or draw those")
    if interval in ("bca", "studentized"):
        raise OptionError(
            f'interval={interval!r} needs respondents; choose "percentile" or "basic"'
        )
