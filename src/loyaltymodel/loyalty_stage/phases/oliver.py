"""Oliver's phases: which one each customer has reached, and how probable that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from loyaltymodel._arrays import FloatArray
from loyaltymodel._counts import expected_intervals, observed_intervals
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_choice, count_of, enumerate_names, repeated
from loyaltymodel._quadrants import (
    Posterior,
    Ties,
    given_moments,
    moments_of,
    posterior_of,
    require_identified,
)
from loyaltymodel._variables import Variables, read_weighted
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, warn_caller
from loyaltymodel.loyalty_stage.phases.indicators import PHASES
from loyaltymodel.loyalty_stage.phases.kernels import (
    MOST_PHASES,
    choose_order,
    correlation_of,
    level_probabilities,
    levels_reached,
    share_errors,
)
from loyaltymodel.loyalty_stage.phases.result import PhaseResult, StageRule

ByPhase = float | Sequence[float] | Mapping[str, float]

_LOWEST, _HIGHEST = 0.0, 100.0
_LEAST_PHASES = 2
_LONGEST_ANSWERS = 10.0  # the highest answer of the longest scale in common use


def oliver(
    scores: object,
    *,
    phases: Sequence[str] = PHASES,
    threshold: ByPhase = 50.0,
    ties: Ties = "high",
    stage_rule: StageRule = "passed",
    composite_weights: ByPhase | None = None,
    reliability: ByPhase | None = None,
    means: object = None,
    covariance: object = None,
    weights: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> PhaseResult:
    """Return the phase of loyalty that each customer has reached (认知/情感/意向/行为忠诚).

    A customer reaches a phase if the score of this phase and of all before it pass their
    thresholds. High action without affection is therefore no action loyalty: it stays where the
    chain breaks. With reliabilities each customer also gets the probability of each phase.

    Parameters
    ----------
    scores : table, array of shape (n, k), or mapping from phase to Series or array
        Scores from 0 to 100, such as those of :func:`phase_scores`. A table has a column a
        phase; an array has them in the order of ``phases``.
    phases : sequence of str
        Names of the phases, in order, at least two.
    threshold : float, sequence of k floats, or mapping from phase to float
        Score from which on a phase is passed, 0 to 100; one for all, or one each.
    ties : {"high", "low"}
        Whether a score that equals its threshold passes ("high").
    stage_rule : {"passed", "entered"}
        "passed" names the last phase passed in order, "none" where not even the first one is.
        "entered" names the last phase whose predecessors are all passed, whatever its own
        score; so everybody is in a phase.
    composite_weights : float, sequence of k floats, or mapping from phase to float, optional
        Weights of the phases in the composite, none negative; without it all are equal.
    reliability : float, sequence of k floats, or mapping from phase to float, optional
        Reliability of each score, above 0 and at most 1; for at most four phases.
    means : array of shape (k,), optional
        Means of the scores where the customers come from; without it, those of the sample.
    covariance : array of shape (k, k), optional
        Their covariance there, as observed, with the error in it; given with ``means``.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative; they count in shares, means and covariances.
    level : float
        Confidence level of the intervals of shares, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    PhaseResult
        Phases, composites and, with ``reliability``, probabilities of each customer; shares of
        the phases; how many climb each step.

    Raises
    ------
    DataError
        If scores are missing, not numeric or outside 0 to 100, a score does not vary where a
        reliability is given, or weights are negative or all zero.
    OptionError
        If there are fewer than two phases, a phase is named twice, a threshold lies outside 0
        to 100, or another option is not one of its choices.
    NotIdentifiedError
        If the reliabilities are too low for the correlations of the scores.

    Warns
    -----
    ScaleWarning
        If nobody passes a phase and no score is above 10, as if they were answers on a
        shorter scale.

    See Also
    --------
    phase_scores : Scores from answers.
    reproducibility : Whether the phases are a ladder in these data.
    sequential_logit : What makes customers climb a step.

    Notes
    -----
    The four phases, in this order, are Oliver's [1]_. Thresholds and scores are not; a theory
    gives none, so say yours and see how much depends on it.

    A score is taken as true score plus error, both normal, with the error variance
    (1 - reliability) times the observed one. The true scores of a customer then are normal
    around a mean that is drawn towards that of all customers, with a covariance that is the
    same for all. The normal around the observed score, which leaves that pull out, is not
    calibrated. The probability of reaching phase j is the probability that the first j true
    scores pass; Plackett's identity [2]_ is integrated numerically for three and four, with an
    error reported as ``quadrature_error``. Observed scores near 0 or 100 are not normal, and
    there the probabilities are rough.

    Intervals of shares are Wilson's, for as many people as would give the standard error. That
    of true shares allows for the estimation of means and covariance, not of the reliabilities.

    References
    ----------
    .. [1] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63(4, special
       issue), 33-44.
    .. [2] Genz, A. (2004). Numerical computation of rectangular bivariate and trivariate normal
       and t probabilities. Statistics and Computing, 14.

    Examples
    --------
    The third buys a lot without any liking, so that the chain breaks after the first phase:

    >>> import pandas as pd
    >>> from loyaltymodel import loyalty_stage
    >>> scores = pd.DataFrame(
    ...     {
    ...         "cognitive": [80, 70, 60, 40],
    ...         "affective": [75, 60, 30, 45],
    ...         "conative": [70, 40, 55, 30],
    ...         "action": [65, 30, 90, 20],
    ...     },
    ...     index=["Li", "Wang", "Zhang", "Chen"],
    ... )
    >>> result = loyalty_stage.oliver(scores)
    >>> result.stage.tolist()
    ['action', 'affective', 'cognitive', 'none']
    >>> result.composite.tolist()
    [72.5, 50.0, 58.75, 33.75]
    >>> loyalty_stage.oliver(scores, threshold={"cognitive": 50, "affective": 70,
    ...     "conative": 50, "action": 50}).stage.tolist()
    ['action', 'cognitive', 'cognitive', 'none']
    """
    names = check_phases(phases)
    check_choice("ties", ties, Ties)
    check_choice("stage_rule", stage_rule, StageRule)
    check_level(level)
    thresholds = by_phase("threshold", threshold, names, low=_LOWEST, high=_HIGHEST)
    composite = _composite_weights(composite_weights, names)
    reliabilities = _reliabilities(reliability, names)
    given = given_moments(means, covariance, names, reliability=reliability)
    variables, people = _read(scores, names, weights, missing)
    x = np.column_stack([np.asarray(variables[name], dtype=np.float64) for name in names])
    if x.max() <= _LONGEST_ANSWERS and x.max() < thresholds.min():
        warn_caller(
            f"scores from 0 to 100 are expected, but none is above {x.max():g}, so that nobody "
            "passes a phase; if they are answers on a shorter scale, phase_scores() makes scores "
            "of them",
            ScaleWarning,
        )
    codes = levels_reached(x, thresholds, up=ties == "high")
    merge = _merge(len(names), stage_rule)
    stages = merge.argmax(axis=1)[codes]
    observed = observed_intervals(stages, people, merge.shape[1], level=level)
    probabilities, true, error = np.empty((0, merge.shape[1])), np.empty((0, 3)), 0.0
    if reliabilities is not None:
        probabilities, true, error = _true_phases(
            x, people, thresholds, reliabilities, given, names, merge, level=level, ties=ties
        )
    return PhaseResult(
        phases=names,
        stage_rule=stage_rule,
        steps_passed=codes,
        scores=x,
        labels=variables.labels,
        n_dropped=variables.n_dropped,
        thresholds=thresholds,
        ties=ties,
        composite_weights=composite,
        reliability=None if reliabilities is None else tuple(reliabilities.tolist()),
        level=level,
        weights=people,
        share_values=observed,
        true_share_values=true,
        probability_values=probabilities,
        quadrature_error=error,
    )


def check_phases(phases: object) -> tuple[str, ...]:
    """Return the names of the phases, checked."""
    listed = [] if isinstance(phases, str) else list(phases)  # type: ignore[call-overload]
    if not all(isinstance(name, str) and name for name in listed) or len(listed) < _LEAST_PHASES:
        raise OptionError(
            f"phases={phases!r} must be names of at least two phases in their order, such as "
            "('affective', 'action')"
        )
    if twice := repeated(listed):
        raise OptionError(f"phases name {enumerate_names(twice)} twice; name each phase once")
    if "none" in listed:
        raise OptionError("no phase can be called 'none', which means that none is reached")
    return tuple(listed)


def by_phase(
    name: str, value: object, phases: Sequence[str], *, low: float, high: float
) -> FloatArray:
    """Return a number for each phase, between the limits, from one for all or one each."""
    if isinstance(value, Mapping):
        if set(value) != set(phases):
            apart = sorted(map(str, set(value) ^ set(phases)))
            raise OptionError(
                f"{name} and the phases differ in {enumerate_names(apart)}; give one number for "
                f"each of {enumerate_names(phases, most=12)}"
            )
        value = [value[phase] for phase in phases]
    way_out = f"give one number for all phases, or {len(phases)}, between {low:g} and {high:g}"
    try:
        numbers = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(f"{name}={value!r} is not numeric; {way_out}") from None
    if numbers.shape not in ((), (len(phases),)):
        raise OptionError(f"{name} has shape {numbers.shape}; {way_out}")
    numbers = np.broadcast_to(numbers, (len(phases),)).copy()
    inside = (numbers >= low) & (numbers <= high)
    if not inside.all():
        j = int(np.argmin(inside))
        raise OptionError(f"{name} of {phases[j]!r} is {numbers[j]:g}; {way_out}")
    return numbers


def _composite_weights(value: object, phases: Sequence[str]) -> FloatArray:
    if value is None:
        return np.full(len(phases), 1 / len(phases))
    found = by_phase("composite_weights", value, phases, low=0.0, high=float(np.finfo(float).max))
    if not found.sum() > 0:
        raise OptionError("composite_weights are all zero; at least one phase must count")
    return np.asarray(found / found.sum())


def _reliabilities(value: object, phases: Sequence[str]) -> FloatArray | None:
    if value is None:
        return None
    found = by_phase("reliability", value, phases, low=0.0, high=1.0)
    if not (found > 0).all():
        raise OptionError(
            "a reliability of 0 says that the score is nothing but error; give one above 0, or "
            "leave the phase out"
        )
    if len(phases) > MOST_PHASES:
        raise OptionError(
            f"probabilities exist for at most {MOST_PHASES} phases, but there are {len(phases)}; "
            "merge phases, or leave reliability out"
        )
    return found


def _read(
    scores: object, names: tuple[str, ...], weights: object, missing: Missing
) -> tuple[Variables, FloatArray]:
    """Return scores from 0 to 100, and the weights of customers."""
    data = None
    if isinstance(scores, Mapping):
        if absent := [name for name in names if name not in scores]:
            raise DataError(
                f"there are no scores of {enumerate_names(absent)}; give them, or name the phases "
                "that there are in phases="
            )
        given: dict[str, object] = {name: scores[name] for name in names}
    elif isinstance(scores, (np.ndarray, list, tuple)):
        array = np.asarray(scores)
        if array.ndim != 2 or array.shape[1] != len(names):  # noqa: PLR2004
            raise DataError(
                f"the scores have shape {array.shape}; (n, {len(names)}) is needed, a column for "
                f"each of {enumerate_names(names)}"
            )
        given = {name: array[:, j] for j, name in enumerate(names)}
    else:
        given, data = {name: name for name in names}, scores
    variables, people = read_weighted(given, weights, data=data, missing=missing)
    for name in names:
        values = variables[name]
        outside = (values < _LOWEST) | (values > _HIGHEST)
        if outside.any():
            first = int(np.argmax(outside))
            raise DataError(
                f"scores of {name!r} must lie between 0 and 100, but "
                f"{count_of(int(outside.sum()), 'score')} do not (first {values[first]:g} in row "
                f"{variables.labels[first]}); phase_scores() makes such scores of answers"
            )
    return variables, people


def _merge(k: int, rule: StageRule) -> FloatArray:
    """Return how numbers of steps passed (k + 1) become stages, as a matrix of 0 and 1."""
    if rule == "passed":
        return np.eye(k + 1)
    merge = np.zeros((k + 1, k))
    merge[np.arange(k + 1), np.minimum(np.arange(k + 1), k - 1)] = 1
    return merge


def _true_phases(
    x: FloatArray,
    weights: FloatArray,
    thresholds: FloatArray,
    reliabilities: FloatArray,
    given: tuple[FloatArray, FloatArray] | None,
    names: tuple[str, ...],
    merge: FloatArray,
    *,
    level: float,
    ties: Ties,
) -> tuple[FloatArray, FloatArray, float]:
    """Return probabilities (n, stages), true shares with intervals (stages, 3), and the error."""
    posterior = _posterior(x, weights, reliabilities, given, names)
    nodes, error = choose_order(correlation_of(posterior.covariance))
    up = ties == "high"
    found = level_probabilities(x, posterior, thresholds, up=up, nodes=nodes)
    probabilities = found if len(merge) == merge.shape[1] else np.asarray(found @ merge)
    errors = share_errors(
        x,
        weights,
        posterior,
        thresholds,
        probabilities,
        merge=merge,
        up=up,
        nodes=nodes,
        from_sample=given is None,
    )
    share = weights @ probabilities / weights.sum()
    return probabilities, expected_intervals(share, errors, weights, level=level), error


def _posterior(
    x: FloatArray,
    weights: FloatArray,
    reliabilities: FloatArray,
    given: tuple[FloatArray, FloatArray] | None,
    names: tuple[str, ...],
) -> Posterior:
    if given is not None:
        found = posterior_of(*given, reliabilities)
    else:
        if len(x) <= x.shape[1]:
            raise DataError(
                f"{count_of(len(x), 'customer')} cannot show how {x.shape[1]} scores vary "
                "together; give means and covariance of a larger sample, or leave reliability out"
            )
        constant = [name for name, v in zip(names, np.ptp(x, axis=0), strict=True) if v == 0]
        if constant:
            raise DataError(
                f"scores of {enumerate_names(constant)} are the same for everybody, so there is "
                "no true score to tell from error; leave reliability out, or give means and a "
                "covariance of another sample"
            )
        mean, observed = moments_of(x, weights[None], np.array([weights @ weights]))
        found = posterior_of(mean[0], observed[0], reliabilities)
    require_identified(found, names)
    return found
