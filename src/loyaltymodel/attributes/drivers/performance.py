"""Importance-performance analysis: where to act first, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from loyaltymodel._core import quadrants
from loyaltymodel._core.accepted import Codebook, Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import equals
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.quadrants import Cut, Ties, check_cut
from loyaltymodel._core.scales import Pair, by_variable, limits_of
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import one_variable, several_variables
from loyaltymodel.attributes.drivers import kernels
from loyaltymodel.attributes.drivers.importance import check_drivers, orders_of
from loyaltymodel.attributes.drivers.performance_result import (
    QUADRANTS,
    QUANTITIES,
    ImportancePerformanceResult,
)
from loyaltymodel.attributes.drivers.resampled import Evaluate, observed_moments, with_resamples
from loyaltymodel.attributes.drivers.result import Measure
from loyaltymodel.attributes.inputs import (
    Answers,
    Door,
    paired_by_attribute,
    read_answers,
    read_with_target,
)
from loyaltymodel.attributes.measurement.index import Importance, RankMethod, rank_weights
from loyaltymodel.errors import DataError, OptionError

Axis = Literal["importance", "performance"]

_AXES = 2
_FEWEST = 2  # attributes that can be compared


def _rated(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the axes that are answers on a scale."""
    rated = given.get("importance_as", "rating") == "rating"
    return ("performance", "importance") if rated else ("performance",)


@checked
@takes_codebook(of=_rated, also=("importance", "target"), limits="role")
def importance_performance(
    performance: Columns,
    target: Variable | None = None,
    *,
    importance: Columns | None = None,
    measure: Measure = "lmg",
    data: Data | None = None,
    scale: Pair | Mapping[Axis, Pair] | Codebook | None = None,
    importance_as: Importance = "rating",
    cuts: Cut | Mapping[Axis, Cut] = "mean",
    ties: Ties = "high",
    weights: Variable | None = None,
    missing: Missing = "raise",
    n_resamples: int = 0,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> ImportancePerformanceResult:
    """Return what to improve first: importance-performance analysis (重要性-绩效分析).

    What matters much and does badly comes first. Importance is either stated, as respondents rated
    it, or derived from how performance goes together with a target such as satisfaction; the
    two often disagree, because they answer different questions.

    Parameters
    ----------
    performance : table, names of columns, or mapping from str to str or array-like, shape (n,)
        Rated performance: a table, columns of ``data``, or names of attributes, each with its
        column or values.
    target : str or array-like of shape (n,), optional
        What importance is derived from, instead of ``importance``.
    importance : table, names of columns, or mapping from str to str or array-like, optional
        Stated importance. A mapping has the names of ``performance``; columns have them too, or
        stand in the same order.
    measure : {"standardised", "first", "last", "pratt", "relative_weights", "lmg"}
        Which derived importance, as :func:`key_drivers` defines them.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    scale : pair, mapping from "performance" and "importance" to pair, or Codebook, optional
        Lowest and highest possible answer: one pair for both, or a pair for each that has one;
        an answer outside is an error. Needed for "midpoint" and for the gap. Importance that is
        derived or ranked has no scale.
    importance_as : {"rating", "rank_order_centroid", "rank_sum"}
        Whether stated importance is a rating, higher for more important, or a rank, 1 for the
        most important, and how ranks become weights: the mean of all weights that respect the
        ranking, or equal steps.
    cuts : {"mean", "median", "midpoint"}, float, or mapping from "performance" and "importance"
        Where high begins: at the mean or the median over the attributes, at the middle of the
        scale, or at a number in the units of the axis; one cut for both axes, or one for each,
        and "mean" for one that is not named. Importance that is derived or ranked has no
        midpoint.
    ties : {"high", "low"}
        Where an attribute that lies exactly on a cut-off belongs. With "median" and an odd
        number of attributes there always is one.
    weights : str or array-like of shape (n,), optional
        Weight of each respondent, none negative and not all zero.
    missing : {"raise", "drop"}
        With "drop", respondents without an answer to any of the questions are left out.
    n_resamples : int
        Number of bootstrap resamples of respondents; 0 for no intervals and shares of resamples.
    level : float
        Confidence level between 0 and 1.
    rng : numpy.random.Generator, int or None
        Source of randomness of the resamples.

    Returns
    -------
    ImportancePerformanceResult
        Importance, performance, gap and quadrant of each attribute; with resamples also
        intervals, and the share of them in which each quadrant holds.

    Raises
    ------
    DataError
        If there are fewer than two attributes, importance and performance name different ones,
        variables are not numeric, missing, off the scale or differ in length, a weight is
        negative, ranks are no ranking, or, for derived importance, a variable is constant.
    NotIdentifiedError
        For derived importance, as of :func:`key_drivers`.
    OptionError
        If both or none of ``importance`` and ``target`` are given, or an option is not one of
        its choices.

    Warns
    -----
    CollinearityWarning
        For derived importance, if a variance inflation factor is above 10.
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    See Also
    --------
    key_drivers : Derived importance by all methods.

    Notes
    -----
    The quadrants and their names are those of Martilla and James [1]_. Cut-offs at the mean or
    median part the attributes from each other: somewhere there always is a low half, however
    good all of them are. A midpoint is a standard, but most stated importance lies above it.

    The gap is importance less performance, each as points from 0 to 100 of its scale. It is
    defined for stated importance with a scale, and says in which attributes performance lags;
    on the map its line of 0 is the diagonal.

    In a resample both coordinates and the cut-offs at mean or median are computed again, so the
    share of resamples in a quadrant counts all of their uncertainty. It is no probability that
    the quadrant is the true one, but larger on average, because the quadrant is chosen where
    the attribute seems to lie. In 600 simulated surveys of 100 respondents, with 8 attributes
    whose true means lie as far apart as chance alone could move them, it was 0.71 on average,
    and 0.66 of the quadrants were true.

    References
    ----------
    .. [1] Martilla, J. A., & James, J. C. (1977). Importance-performance analysis. Journal of
       Marketing, 41(1), 77-79.

    Examples
    --------
    Two attributes on a scale from 1 to 5: staff matters, mean 4.5, and does badly, mean 2.

    >>> from loyaltymodel import attributes
    >>> found = attributes.importance_performance(
    ...     {"staff": [1, 3], "parking": [4, 5]},
    ...     importance={"staff": [4, 5], "parking": [2, 3]},
    ...     scale=(1, 5),
    ... )
    >>> found.attributes
               importance  performance   gap           quadrant
    attribute
    staff             4.5          2.0  62.5   concentrate here
    parking           2.5          4.5 -50.0  possible overkill
    """
    check_resamples(n_resamples, level=level, optional=True)
    check_choice("ties", ties, Ties)
    if (importance is None) == (target is None):
        raise OptionError(
            "give either importance, which respondents stated, or target, from which it is derived"
        )
    one_variable(
        "target",
        target,
        causes="performance",
        function="importance_performance",
        first=performance,
        hint="; importance that respondents stated goes to importance=",
    )
    check_choice("importance_as", importance_as, Importance)
    check_choice("measure", measure, Measure)
    rated = target is None and importance_as == "rating"
    limits = _limits(scale, rated=rated)
    axes = _axes(cuts, limits, rated=rated)
    door, generator = Door(data, weights, missing), np.random.default_rng(rng)
    if target is None:
        given, stated = paired_by_attribute(performance, importance)
        answers = _read_stated(given, stated, limits, door)
        if importance_as != "rating":
            answers = _weigh_ranks(answers, importance_as)
        evaluate = _stated(answers, limits)
    else:
        given = several_variables("performance", performance)
        pair = limits["performance"]
        bounds = None if pair is None else dict.fromkeys(given, pair)
        answers = read_with_target(given, target, door, bounds=bounds)
        evaluate = _derived(answers, measure, orders_of(len(given), None, generator))
    if len(given) < _FEWEST:
        raise DataError(
            f"performance has {count_of(len(given), 'attribute')}; cut-offs part attributes from "
            "each other, so give at least two"
        )
    units = answers.units()
    moments = observed_moments(units)
    if target is not None:
        check_drivers(answers, moments[1][0])
    estimate = evaluate(*moments)[0]
    k = len(given)
    n_quantities = estimate.shape[1] // k
    estimates, n_failed = with_resamples(
        {
            "quantity": [name for name in QUANTITIES[:n_quantities] for _ in given],
            "attribute": list(given) * n_quantities,
        },
        estimate[0],
        units,
        evaluate,
        tested=np.arange(estimate.shape[1]) >= _AXES * k,  # the gap
        n_resamples=n_resamples,
        level=level,
        rng=generator,
    )
    codes, levels = _quadrants_of(estimate, k, axes, ties)
    shares = None
    if estimates.replicates is not None:
        drawn, _ = _quadrants_of(estimates.replicates, k, axes, ties)
        shares = np.stack([(drawn == code).mean(axis=0) for code in range(len(QUADRANTS))], axis=1)
    names = get_args(Axis)
    return ImportancePerformanceResult(
        target=None if target is None else answers.names[-1],
        measure=None if target is None else measure,
        importance_as=None if target is not None else importance_as,
        estimates=estimates,
        n_obs=answers.n_obs,
        n_dropped=answers.n_dropped,
        cuts=FrozenMapping(dict(zip(names, levels[0].tolist(), strict=True))),
        cut_rules=FrozenMapping({name: axis.cut for name, axis in zip(names, axes, strict=True)}),
        scale=FrozenMapping(limits),
        ties=ties,
        quadrants=tuple(QUADRANTS[code] for code in codes[0]),
        quadrant_shares=shares,
        n_resamples=n_resamples,
        n_failed=n_failed,
        level=level if n_resamples else None,
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """How an axis is cut, and the lowest and highest possible value if there are any."""

    cut: Cut
    limits: Pair | None


def _limits(scale: object, *, rated: bool) -> dict[str, Pair | None]:
    """Check the scales; only rated importance has one."""
    if not rated and isinstance(scale, Mapping) and "importance" in scale:
        raise OptionError(
            "scale of 'importance' is for rated importance; importance that is derived or ranked "
            "has no scale, so leave it out"
        )
    limits = limits_of(scale, dict.fromkeys(get_args(Axis)))
    return limits if rated else {**limits, "importance": None}


def _axes(cuts: object, limits: Mapping[str, Pair | None], *, rated: bool) -> tuple[_Axis, _Axis]:
    """Check where the axes of importance and of performance are cut."""
    given = by_variable("cuts", cuts, dict.fromkeys(get_args(Axis), "mean"))
    if given["importance"] == "midpoint" and not rated:
        raise OptionError(
            "importance that is derived or ranked has no scale, and so no midpoint; choose 'mean', "
            "'median' or a number as its cut, such as cuts={'performance': 'midpoint'}"
        )
    for name, cut in given.items():
        check_cut(f"cuts of {name!r}", cut, limits[name])
    first, second = (_Axis(given[name], limits[name]) for name in get_args(Axis))
    return first, second


def _read_stated(
    performance: Mapping[str, object],
    importance: Mapping[str, object],
    limits: Mapping[str, Pair | None],
    door: Door,
) -> Answers:
    """Read importance and, after it, performance of all attributes."""
    both = {
        **{f"importance of {name}": value for name, value in importance.items()},
        **{f"performance of {name}": value for name, value in performance.items()},
    }
    bounds = {
        f"{axis} of {name}": pair
        for axis, pair in limits.items()
        for name in performance
        if pair is not None
    }
    return read_answers(both, door, bounds=bounds)


def _weigh_ranks(answers: Answers, method: RankMethod) -> Answers:
    """Replace the ranks of the attributes, which stand first, by weights."""
    k = len(answers.names) // 2
    weights = rank_weights(answers.values[:, :k], method=method)
    return replace(answers, values=np.column_stack([weights, answers.values[:, k:]]))


def _stated(answers: Answers, limits: Mapping[str, Pair | None]) -> Evaluate:
    """Return how to find importance, performance and gap (b, 2k or 3k) from stated importance."""
    centre, spread = answers.means, answers.deviations
    k = len(centre) // 2

    def evaluate(means: FloatArray, _: FloatArray) -> tuple[FloatArray, BoolArray]:
        values = centre + spread * means
        pairs = [limits[name] for name in get_args(Axis)]
        if None not in pairs:
            parts = (values[:, :k], values[:, k:])
            points = [
                100 * (part - pair[0]) / (pair[1] - pair[0])
                for part, pair in zip(parts, pairs, strict=True)
                if pair is not None
            ]
            values = np.concatenate([values, points[0] - points[1]], axis=1)
        return values, np.ones(len(values), dtype=np.bool_)

    return evaluate


def _derived(answers: Answers, measure: Measure, orders: IntArray | None) -> Evaluate:
    """Return how to find importance and performance (b, 2k) from a target."""
    centre, spread = answers.means[:-1], answers.deviations[:-1]
    place = kernels.MEASURES.index(measure)

    def evaluate(means: FloatArray, covariances: FloatArray) -> tuple[FloatArray, BoolArray]:
        found = kernels.importance(covariances, orders)
        performance = centre + spread * means[:, :-1]
        return np.concatenate([found.measures[:, place], performance], axis=1), found.solvable

    return evaluate


def _quadrants_of(
    values: FloatArray, k: int, axes: tuple[_Axis, _Axis], ties: Ties
) -> tuple[IntArray, FloatArray]:
    """Codes (b, k) of the quadrants of k attributes, and the cut-offs (b, 2)."""
    pairs = [(values[:, :k], axes[0]), (values[:, k : 2 * k], axes[1])]
    levels = np.column_stack(
        [
            quadrants.cut_offs(part, np.ones_like(part), axis.cut, limits=axis.limits)
            for part, axis in pairs
        ]
    )
    # Attributes differ between resamples and so do cut-offs: what counts is how far above.
    above = [_above(part, levels[:, j]) for j, (part, _) in enumerate(pairs)]
    grid = quadrants.quadrants(np.zeros(()), np.zeros(()), ties=ties)
    codes = quadrants.cell_codes(above[0], above[1], grid)
    return codes.reshape(len(values), k), levels


def _above(values: FloatArray, cut: FloatArray) -> FloatArray:
    """How far each value lies above the cut-off of its problem, one after another (b * k,).

    Means of resampled answers come with rounding, which must not decide a tie in any unit.
    """
    apart = (values - cut[:, None]).ravel()
    near = equals(values, cut[:, None], size=np.abs(values).max(axis=1, keepdims=True)).ravel()
    return np.where(near, 0.0, apart)
