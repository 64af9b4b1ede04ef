"""Oliver's phases: which one each customer has reached, and how probable that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from loyaltymodel._core.accepted import Codebook, Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.counts import Shares, counted, expected
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.quadrant_sorting import given_moments
from loyaltymodel._core.quadrants import (
    Posterior,
    Ties,
    moments_of,
    posterior_of,
    require_identified,
)
from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.scales import AnswerLimits, limits_of
from loyaltymodel._core.signature import checked
from loyaltymodel._core.sorted_customers import customer_table, share_estimates
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, warn_caller
from loyaltymodel.loyalty_stage.phases.indicators import PHASES
from loyaltymodel.loyalty_stage.phases.kernels import (
    MOST_PHASES,
    choose_order,
    correlation_of,
    level_probabilities,
    levels_reached,
    passes,
    share_errors,
)
from loyaltymodel.loyalty_stage.phases.reading import (
    POINTS,
    ByPhase,
    by_phase,
    check_phases,
    cuts_of,
    read_scores,
    sizes_of,
)
from loyaltymodel.loyalty_stage.phases.result import NONE, PhaseResult, StageRule

PhaseCut = Literal["midpoint"] | float

_LONGEST_ANSWERS = 10.0  # the highest answer of the longest scale in common use


@checked
@takes_codebook("scores", limits="name")
def oliver(
    scores: Columns,
    *,
    data: Data | None = None,
    phases: Sequence[str] = PHASES,
    scale: AnswerLimits | Codebook = POINTS,
    cuts: PhaseCut | Mapping[str, PhaseCut] = "midpoint",
    ties: Ties = "high",
    stage_rule: StageRule = "passed",
    composite_weights: ByPhase | None = None,
    reliability: ByPhase | None = None,
    moments: Moments | None = None,
    weights: Variable | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> WithCustomers[PhaseResult]:
    """Return the phase of loyalty that each customer has reached (认知/情感/意向/行为忠诚).

    A customer reaches a phase if the score of this phase and of all before it pass their
    cut-offs. High action without affection is therefore no action loyalty: it stays where the
    chain breaks. With reliabilities each customer also gets the probability of each phase.

    Parameters
    ----------
    scores : table, names of columns, mapping from phase to values, or array of shape (n, k)
        Scores, such as those of :meth:`PhaseInstrument.scores`, under the names of the phases; a
        table may have further columns. An array has them in the order of ``phases``.
    data : pandas, polars or pyarrow table, optional
        Holds the columns that are named.
    phases : sequence of str
        Names of the phases, in order, at least two.
    scale : pair of float, mapping from phase to pair, or Codebook
        Lowest and highest possible score: of all phases, or by name; a phase that a mapping
        does not name keeps 0 to 100.
    cuts : "midpoint", float, or mapping from phase to one of them
        Score from which on a phase is passed, on its scale: the middle, one number for all, or
        by name; a phase that a mapping does not name is cut in the middle.
    ties : {"high", "low"}
        Whether a score that equals its cut-off passes ("high").
    stage_rule : {"passed", "entered"}
        "passed" names the last phase passed in order, "none" where not even the first one is.
        "entered" names the last phase whose predecessors are all passed, whatever its own
        score; so everybody is in a phase.
    composite_weights : float, sequence of k floats, or mapping from phase to float, optional
        Weights of the phases in the composite, none negative; without it all are equal.
    reliability : float, sequence of k floats, or mapping from phase to float, optional
        Reliability of each score, above 0 and at most 1; for at most four phases.
    moments : Moments, optional
        Means and covariance of the scores where the customers come from, as observed, with the
        error in them; without it, those of the sample. Its items are the phases.
    weights : Series, array of shape (n,) or str, optional
        Survey weights, none negative; they count in shares, means and covariances.
    level : float
        Confidence level of the intervals of shares, between 0 and 1.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out.

    Returns
    -------
    result : PhaseResult
        Shares of the stages with their intervals, and how many climb each step.
    customers : DataFrame
        A row a customer with the labels of the data: ``stage``, ordered categories, lowest
        first; ``steps_passed``, how many phases are passed in order; ``composite``, the weighted
        mean of the scores, from 0 to 100, whatever the phase; ``out_of_order``, whether a later
        phase is passed without an earlier one; and if ``reliability`` is given the probability
        of each stage, in a column called as the stage.

    Raises
    ------
    DataError
        If scores are missing, not numeric or off their scale, a score does not vary where a
        reliability is given, or weights are negative or all zero.
    OptionError
        If there are fewer than two phases, a phase is named twice, a cut-off lies off its
        scale, or another option is not one of its choices.
    NotIdentifiedError
        If the reliabilities are too low for the correlations of the scores.

    Warns
    -----
    ScaleWarning
        If nobody passes a phase and no score of 0 to 100 is above 10, as if they were answers
        on a shorter scale.

    See Also
    --------
    PhaseInstrument.scores : Scores from answers.
    reproducibility : Whether the phases are a ladder in these data.
    sequential_logit : What makes customers climb a step.

    Notes
    -----
    The four phases, in this order, are Oliver's [1]_. Cut-offs and scores are not; a theory
    gives none, so say yours and see how much depends on it.

    A score is taken as true score plus error, both normal, with the error variance
    (1 - reliability) times the observed one. The true scores of a customer then are normal
    around a mean that is drawn towards that of all customers, with a covariance that is the
    same for all. The normal around the observed score, which leaves that pull out, is not
    calibrated. The probability of reaching phase j is the probability that the first j true
    scores pass; Plackett's identity [2]_ is integrated numerically for three and four, with an
    error reported as ``quadrature_error``. Observed scores near 0 or 100 are not normal, and
    there the probabilities are rough.

    Intervals of shares are Wilson's, for as many customers as would give the standard error. That
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
    >>> result, customers = loyalty_stage.oliver(scores)
    >>> customers["stage"].tolist()
    ['action', 'affective', 'cognitive', 'none']
    >>> customers["composite"].tolist()
    [72.5, 50.0, 58.75, 33.75]
    >>> result, customers = loyalty_stage.oliver(scores, cuts={"affective": 70})
    >>> customers["stage"].tolist()
    ['action', 'cognitive', 'cognitive', 'none']
    """
    names = check_phases(phases)
    check_choice("ties", ties, Ties)
    check_choice("stage_rule", stage_rule, StageRule)
    check_level(level)
    limits = {n: p or POINTS for n, p in limits_of(scale, dict.fromkeys(names, POINTS)).items()}
    cut = cuts_of(cuts, limits)
    composite = _composite_weights(composite_weights, names)
    reliabilities = _reliabilities(reliability, names)
    given = given_moments(moments, names, reliability=reliability)
    variables, own = read_scores(scores, limits, weights, data, missing)
    x = np.column_stack([np.asarray(variables[name], dtype=np.float64) for name in names])
    lowest, highest = np.array(list(limits.values())).T
    if x.max() <= _LONGEST_ANSWERS < highest.min() and x.max() < cut.min():
        warn_caller(
            f"scores from 0 to 100 are expected, but none is above {x.max():g}, so that nobody "
            "passes a phase; if they are answers on a shorter scale, give it, such as "
            "scale=(1, 10), or make scores of them by .scores() of an instrument",
            ScaleWarning,
        )
    up = ties == "high"
    passed = passes(x, cut, size=sizes_of(limits), up=up)
    steps = levels_reached(passed)
    out_of_order = passed.sum(axis=1) > steps
    merge = _merge(len(names), stage_rule)
    stages = (NONE, *names) if stage_rule == "passed" else names
    codes = merge.argmax(axis=1)[steps]
    probabilities, true, error = None, None, 0.0
    if reliabilities is not None:
        probabilities, true, error = _true_phases(
            x, own, cut, reliabilities, given, names, merge, ties=ties, level=level
        )
    observed = counted(codes, own, len(stages), level=level)
    reached = steps[:, None] >= np.arange(len(names) + 1)
    result = PhaseResult(
        names=stages,
        phases=names,
        stage_rule=stage_rule,
        n_obs=len(x),
        n_dropped=variables.n_dropped,
        sizes=np.bincount(codes, minlength=len(stages)),
        estimates=share_estimates("stage", stages, observed, true, level=level),
        scale=FrozenMapping(limits),
        cuts=_by_name(names, cut),
        ties=ties,
        composite_weights=composite,
        reliability=None if reliabilities is None else _by_name(names, reliabilities),
        level=level,
        reached=reached.sum(axis=0),
        climbed=_climbed(x, passed, reached, own),
        share_out_of_order=float(own @ out_of_order / own.sum()),
        quadrature_error=error,
    )
    further = {
        "steps_passed": steps,
        "composite": np.clip(100 * (x - lowest) / (highest - lowest) @ composite, 0.0, 100.0),
        "out_of_order": out_of_order,
    }
    labels = variables.labels
    return WithCustomers(
        result, customer_table("stage", codes, stages, labels, probabilities, further)
    )


def _by_name(names: Sequence[str], values: FloatArray) -> FrozenMapping[str, Any]:
    return FrozenMapping(dict(zip(names, values.tolist(), strict=True)))


def _climbed(
    x: FloatArray, passed: BoolArray, reached: BoolArray, weights: FloatArray
) -> FloatArray:
    """Return weighted shares who take each step, and who pass each phase, and mean scores."""
    weighted, total = weights @ reached, weights.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(weighted[:-1] > 0, weighted[1:] / weighted[:-1], np.nan)
    return np.column_stack([share, weights @ passed / total, weights @ x / total])


def _composite_weights(value: object, phases: Sequence[str]) -> FloatArray:
    if value is None:
        return np.full(len(phases), 1 / len(phases))
    found = by_phase("composite_weights", value, phases, low=0.0, high=float(np.finfo(float).max))
    if not found.any():
        raise OptionError("composite_weights are all zero; at least one phase must count")
    found = found / found.max()  # first, since the sum of huge numbers is none
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
    cuts: FloatArray,
    reliabilities: FloatArray,
    given: Moments | None,
    names: tuple[str, ...],
    merge: FloatArray,
    *,
    ties: Ties,
    level: float,
) -> tuple[FloatArray, Shares, float]:
    """Return probabilities (n, stages), true shares, and the error of quadrature."""
    posterior = _posterior(x, weights, reliabilities, given, names)
    nodes, error = choose_order(correlation_of(posterior.covariance))
    up = ties == "high"
    found = level_probabilities(x, posterior, cuts, up=up, nodes=nodes)
    probabilities = found if len(merge) == merge.shape[1] else np.asarray(found @ merge)
    errors = share_errors(
        x,
        weights,
        posterior,
        cuts,
        probabilities,
        merge=merge,
        up=up,
        nodes=nodes,
        from_sample=given is None,
    )
    share = weights @ probabilities / weights.sum()
    return probabilities, expected(share, errors, weights, level=level), error


def _posterior(
    x: FloatArray,
    weights: FloatArray,
    reliabilities: FloatArray,
    given: Moments | None,
    names: tuple[str, ...],
) -> Posterior:
    if given is not None:
        found = posterior_of(given.means, given.covariance, reliabilities)
    else:
        if len(x) <= x.shape[1]:
            raise DataError(
                f"{count_of(len(x), 'customer')} cannot show how {x.shape[1]} scores vary "
                "together; give the moments of a larger sample, or leave reliability out"
            )
        constant = [name for name, v in zip(names, np.ptp(x, axis=0), strict=True) if v == 0]
        if constant:
            raise DataError(
                f"scores of {enumerate_names(constant)} are the same for all customers, so there "
                "is no true score to tell from error; leave reliability out, or give the moments "
                "of another sample"
            )
        mean, observed = moments_of(x, weights[None], np.array([weights @ weights]))
        found = posterior_of(mean[0], observed[0], reliabilities)
    require_identified(found, names)
    return found
