"""From satisfaction and loyalty to a fitted curve: the door in, the likelihood, the result out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from loyaltymodel._core.accepted import Codebook, Columns, Data, Label, Values, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.scales import AnswerLimits
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import (
    ConvergenceWarning,
    DataError,
    FailedResamplesWarning,
    ImproperSolutionWarning,
    LoyaltyModelWarning,
    NotIdentifiedError,
    OptionError,
    WeakIdentificationWarning,
    warn_caller,
)
from loyaltymodel.jones_sasser.curves.families import CurveFamily, FamilyName, family_of
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import evaluate, loyalty_in_cells
from loyaltymodel.jones_sasser.estimation.kernels.maximise import (
    Maximum,
    among_kinks,
    at_estimate,
    free_parameters,
    search,
)
from loyaltymodel.jones_sasser.estimation.problem import Setup, coarser, set_up
from loyaltymodel.jones_sasser.estimation.report import State, misfit_of_law
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.sample import Sample, read_sample
from loyaltymodel.jones_sasser.estimation.settings import (
    SHARES,
    CurveSettings,
    OutcomeKind,
    StdErrors,
)
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores
from loyaltymodel.jones_sasser.estimation.uncertainty import (
    Uncertainty,
    bootstrap_uncertainty,
    model_uncertainty,
    sandwich_uncertainty,
)

Remark = tuple[str, type[LoyaltyModelWarning]]

_RANK = 1e-13  # of the scaled information, which is the square of the scaled Jacobian
_STEEP = 15.0  # logits that a driver moves in its standard deviation: a step
_PLACES = 16  # where the rank is looked at
_FLAT = 1e-6  # rise of a curve that is none
_MANY_FAILED = 0.05
_TAKES_PART = 0.05  # in a direction without information


def _on_a_scale(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which variables are answers on a scale."""
    scored = given.get("outcome") in ("score", "beta")
    return ("satisfaction", "loyalty") if scored else ("satisfaction",)


@checked
@takes_codebook(of=_on_a_scale, also=("loyalty", "constraint", "drivers"), limits="role")
def fit(
    satisfaction: Variable,
    loyalty: Variable,
    *,
    data: Data | None = None,
    constraint: Variable | None = None,
    drivers: Columns | None = None,
    constraint_by: Variable | None = None,
    reference: Label | None = None,
    family: FamilyName | CurveFamily = "power",
    fixed: Mapping[str, float] | None = None,
    outcome: OutcomeKind = "binary",
    trials: Variable | None = None,
    cuts: Values | None = None,
    scale: AnswerLimits | Codebook = SHARES,
    reliability: float | None = None,
    true_scores: TrueScores = "masses",
    weights: Variable | None = None,
    counts: Variable | None = None,
    sd: Variable | None = None,
    missing: Missing = "raise",
    std_errors: StdErrors | None = None,
    n_resamples: int = FOR_INTERVALS,
    rng: np.random.Generator | int | None = None,
) -> LoyaltyCurveResult:
    """Fit L = c + (1 - c) g(s): loyalty by satisfaction and constraint (琼斯和萨瑟 L=f(C,S)).

    A customer stays who is held, with probability c, or else is willing, with probability
    g(s): g is loyalty under perfect competition, c (1 - g) is false loyalty. Constraints are
    given, explained by drivers, or estimated, one for each group or one for all.

    Parameters
    ----------
    satisfaction : array, Series or str
        Satisfaction of each customer on ``scale``, or the column of ``data`` that has it.
    loyalty : array, Series or str
        What was observed, by ``outcome``: stayed or not (1 or 0), the number of ``trials``
        that the customer stayed, a score on its ``scale``, or an ordered answer.
    data : pandas, polars or pyarrow table, optional
        Where columns are looked up.
    constraint : number, array, Series or str, optional
        Known constraints, 0 to below 1; a number holds for all. Then ``lo`` can be estimated.
    drivers : table, sequence of str or mapping, optional
        What explains the constraint, c = logistic(d0 + d'z): a table of columns, names of
        columns of ``data``, or a mapping from name to values.
    constraint_by : array, Series or str, optional
        Groups, such as industries, with a constraint each. At most one of ``constraint``,
        ``drivers`` and ``constraint_by`` can be given; without any, one constraint is estimated.
    reference : object, optional
        A group whose constraint is known to be 0. Then ``lo`` is estimated.
    family : {"power", "logistic", "hinge", "cubic", "hazard"} or CurveFamily
        Family of g.
    fixed : mapping from name to number, optional
        Parameters that are not estimated, curve parameters or constraints such as
        "c[telephone]". By default ``lo`` is 0: nobody who is free and wholly dissatisfied
        stays. An empty mapping fixes nothing.
    outcome : {"binary", "count", "score", "beta", "ordinal"}
        "score" is quasi-binomial: right about the mean, with robust errors, and without
        AIC and likelihood ratios. "beta" needs scores strictly within the scale. "ordinal" has
        logit P(Y >= j) = logit L - theta_j, with theta = 0 at ``cuts``.
    trials : number, array, Series or str, optional
        Of how many; needed for "count".
    cuts : object or mapping, optional
        The lowest category of loyalty that means staying, or a mapping from "loyalty" to it;
        needed for "ordinal".
    scale : pair of float, mapping of them, or Codebook
        Lowest and highest possible answer. A pair is that of satisfaction; a mapping such as
        ``{"satisfaction": (1, 10), "loyalty": (0, 10)}`` also gives that of the scores of
        "score" and "beta". What is not given goes from 0 to 1. The result takes and gives
        answers on these scales.
    reliability : float, optional
        Reliability of satisfaction, above 0 to 1: the correlation of two parallel answers of the
        same people, such as Cronbach's alpha of its items. The likelihood is then averaged over
        the true score; an answer at an end of the scale says only that satisfaction was at least
        that low or high. Without it curvature is attenuated.
    true_scores : {"masses", "beta", "normal"}
        Law of true satisfaction, where ``reliability`` is below 1. "masses" takes no form for
        given: as many parts of the scale as there are possible answers, 20 at most, each with a
        free mass. "beta" and "normal" have two numbers and smaller errors, and are biased where
        they are wrong, "normal" wherever satisfaction is skewed or has two peaks:
        :func:`hypothesis_test` of "true scores".
    weights : array, Series or str, optional
        Survey weights, positive. Errors are then robust or those of the bootstrap.
    counts : number, array, Series or str, optional
        How many customers each row stands for, whole numbers: a table of cells in place of one of
        people. They count as so many rows, which weights do not.
    sd : number, array, Series or str, optional
        Standard deviation (n - 1) of the scores of which ``loyalty`` is the mean, where rows are
        cells of "score" with ``counts``, in points of the score. Estimates and errors are then
        those of the customers themselves.
    missing : {"raise", "drop"}
        What to do with customers of whom something is missing.
    std_errors : {"model", "robust", "bootstrap"}, optional
        Kind of standard errors: "model" is from the observed information, "robust" Huber's
        sandwich (HC0 times n / (n - 1)). By default "model", and "robust" with weights, for
        "score", and with ``reliability`` below 1. The law of true scores is estimated as well,
        which "robust" and "bootstrap" allow for and "model" does not.
    n_resamples : int
        Resamples of the bootstrap, at least 39, which an interval of 95 % needs.
    rng : Generator, int or None
        Randomness of the bootstrap.

    Returns
    -------
    LoyaltyCurveResult
        Parameters, constraints, intervals, and what the curve answers.

    Raises
    ------
    DataError
        If variables are missing, out of range or do not fit together, or a threshold of
        satisfaction separates those who stayed from those who left perfectly.
    NotIdentifiedError
        If the data cannot determine the parameters: all stayed or all left, too few levels of
        satisfaction, loyalty that does not rise, or ``lo`` and every constraint free. Also if
        what was seen has a likelihood of 0 whatever the parameters, such as a free customer with
        satisfaction 0 who stayed where ``lo`` is fixed at 0.
    OptionError
        If an option is not one of its choices or contradicts another.

    Warns
    -----
    ConvergenceWarning
        If the search stopped before it had converged.
    ImproperSolutionWarning
        If a parameter of shape lies on its bound, the effect of a driver has no end, or the law
        of true scores does not fit the answers (a test at 1 %).
    FailedResamplesWarning
        If more than 5 in 100 resamples did not converge.
    WeakIdentificationWarning
        If parameters cannot be told apart at the estimate, or only by the form of drivers.

    Notes
    -----
    Since 1 - L = (1 - c)(1 - g), only the product is seen, however many groups share g: a
    higher floor ``lo`` for all and a higher constraint for all are the same thing. So ``lo`` is
    fixed, or one constraint is known. Drivers identify the level by the form of the logistic
    function alone. The rank of the Jacobian of the cells' means is checked.

    Estimates are maximum likelihood on the cells, the distinct combinations of satisfaction and
    constraint. The search tries many starts and follows the best; converged means that the
    slope in every direction that is open is 0, on a kink seen from both sides, and it does not
    depend on the unit of weights. Bounds belong to the model, because estimates reach them:
    where nothing binds
    the best constraint is exactly 0. Parameters on a bound have no standard error, but an interval
    that begins there. Errors of the others hold that these may lie further in, by the mean square
    of how far the likelihood lets them, so that k is not taken for better known where hi is found
    at 1. Such intervals hold the truth in 95 to 99 of 100 surveys. Robust errors divide scores by
    1 less the leverage (HC3), and their intervals are Student's.

    References
    ----------
    Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard Business
    Review, 73(6), 88-99. The drawing is theirs; the formula is this library's reading of it.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(4000, constraints={"telephone": 0.5, "cars": 0.0}, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
    >>> result.parameters[["parameter", "estimate", "ci_low", "ci_high"]].round(2)
          parameter  estimate  ci_low  ci_high
    0            lo      0.00    0.00     0.00
    1            hi      0.97    0.92     0.99
    2             k      2.99    2.64     3.37
    3       c[cars]      0.02    0.00     0.08
    4  c[telephone]      0.48    0.44     0.51
    """
    settings = CurveSettings(
        family=family_of(family),
        outcome=outcome,
        fixed=fixed,
        reference=reference,
        scale=limits_only(scale),
        cuts=cuts,
        reliability=reliability,
        true_scores=true_scores,
        missing=missing,
        std_errors=std_errors,
        n_resamples=n_resamples,
    )
    sample = read_sample(
        settings,
        satisfaction=satisfaction,
        loyalty=loyalty,
        data=data,
        constraint=constraint,
        drivers=drivers,
        constraint_by=constraint_by,
        trials=trials,
        weights=weights,
        counts=counts,
        sd=sd,
    )
    return estimate(settings, sample, np.random.default_rng(rng))


def estimate(
    settings: CurveSettings, sample: Sample, rng: np.random.Generator
) -> LoyaltyCurveResult:
    """Estimate the curve of a sample that has been read, and warn of what is doubtful."""
    result, remarks = estimate_with_remarks(settings, sample, rng)
    for message, category in remarks:
        warn_caller(message, category)
    return result


def estimate_with_remarks(
    settings: CurveSettings, sample: Sample, rng: np.random.Generator
) -> tuple[LoyaltyCurveResult, list[Remark]]:
    """Estimate the curve, and return what a reader should be warned of."""
    if sample.weighted and settings.std_errors == "model":
        raise OptionError(
            "with weights there is no likelihood whose information could give errors; choose "
            'std_errors="robust" or "bootstrap"'
        )
    check_variation(settings, sample)
    setup = set_up(settings, sample)
    fewer = coarser(setup)
    check_identification(fewer)
    top = search(fewer.problem, fewer.stats, fewer.starts, fewer.lower, fewer.upper, keep=None)
    if fewer is not setup:
        top = at_estimate(setup.problem, setup.stats, top.p[0], setup.lower, setup.upper)
    top = among_kinks(setup.problem, setup.stats, top, setup.lower, setup.upper)
    _check_possible(settings, setup, top)
    free = free_parameters(top.p, top.score, setup.lower, setup.upper)[0]
    _check_rise(setup, top)
    uncertainty = _uncertainty(settings, sample, setup, top, free, rng)
    states = tuple(
        _state(bool(moves), bool(low < high))
        for moves, low, high in zip(free, setup.lower, setup.upper, strict=True)
    )
    result = LoyaltyCurveResult(
        settings=settings,
        sample=sample,
        names=setup.names,
        values=top.p[0],
        states=states,
        uncertainty=uncertainty,
        log_likelihood=float(top.value[0]) + sample.log_ways,
        converged=bool(top.converged[0]),
        n_iter=int(top.n_iter[0]),
    )
    silent = silent_parameters(setup, top.info[0], free)
    return result, list(_remarks(settings, sample, setup, result, silent))


def check_variation(settings: CurveSettings, sample: Sample) -> None:
    """Refuse samples in which nobody differs, or a threshold tells everything."""
    observed = sample.observations
    if np.ptp(observed.satisfaction) == 0:
        low, high = settings.limits("satisfaction")
        level = low + (high - low) * observed.satisfaction[0]
        raise NotIdentifiedError(
            f"every customer has satisfaction {level:.12g}, so nothing can be said of how loyalty "
            "depends on it"
        )
    if settings.outcome not in ("binary", "count"):
        return
    trials, stayed = observed.answer
    if (stayed == trials).all() or (stayed == 0).all():
        word = "stayed" if stayed.any() else "left"
        raise NotIdentifiedError(
            f"every customer {word}, so loyalty does not vary and no curve can be told from "
            "another; a longer period may show some who did not"
        )
    s = observed.satisfaction[observed.cell]
    lowest_stayer, highest_leaver = s[stayed > 0].min(), s[stayed < trials].max()
    if lowest_stayer > highest_leaver:
        low, high = settings.limits("satisfaction")
        border = low + (high - low) * (lowest_stayer + highest_leaver) / 2
        raise DataError(
            f"satisfaction above {border:g} separates those who stayed from those who left "
            "perfectly, so the curve would be a step of infinite slope; check that loyalty was "
            "not computed from satisfaction"
        )


def check_identification(setup: Setup) -> None:
    """Refuse problems whose Jacobian lacks rank at every place where the search begins."""
    # A few of them, spread over all.
    few = np.unique((np.arange(_PLACES) * 0.618034 % 1 * len(setup.starts)).astype(int))
    starts = np.clip(setup.starts[few], setup.lower, setup.upper)
    # Shifted a little, so that no parameter stands at a value where it happens to be silent.
    shift = 0.01 * (1 + np.arange(starts.shape[1])) / starts.shape[1]
    starts = starts * (1 + shift) + 0.003 * (starts == 0)
    cells = setup.problem.cells
    if cells.drivers is not None:
        # Drivers of no effect cannot be told from lo; of some effect they can.
        z = cells.drivers[:, 1:]
        spread = z.std(axis=0)
        effect = (0.7 + 0.1 * np.arange(z.shape[1])) / np.where(spread > 0, spread, np.inf)
        first = setup.problem.n_curve
        starts[:, first] = -0.5 - z.mean(axis=0) @ effect
        starts[:, first + 1 : first + 1 + z.shape[1]] = effect
    starts = np.clip(starts, setup.lower, setup.upper)
    _, _, info = evaluate(setup.problem, setup.stats, starts)
    free = setup.lower < setup.upper
    ranks = [_rank(each, free) for each in info]
    n_free = int(free.sum())
    if max(ranks) == n_free:
        return
    names = silent_parameters(setup, info[int(np.argmax(ranks))], free)
    if "lo" in names and any(name[:2] in ("c", "c[", "d[") for name in names):
        raise NotIdentifiedError(
            "lo and the constraints cannot both be free: only (1 - c)(1 - g) is seen, so a "
            "higher floor for all and a higher constraint for all are the same. Leave lo at 0 "
            "(the default), name a reference group whose constraint is 0, or give constraint"
        )
    if all(name.startswith("d[") for name in names):
        raise NotIdentifiedError(
            f"the data do not determine {enumerate_names(names)}: a driver is constant, or the "
            "others compute it; leave one out"
        )
    n_levels = len(setup.levels)
    raise NotIdentifiedError(
        f"the data do not determine {enumerate_names(names)}: with {n_levels} levels of "
        "satisfaction the Jacobian of the cells' means lacks rank everywhere. Take a family with "
        "fewer parameters, or fix some of these"
    )


def silent_parameters(setup: Setup, info: FloatArray, free: BoolArray) -> list[str]:
    """Return the free parameters that can move together without the likelihood noticing."""
    places = np.flatnonzero(free)
    if _rank(info, free) == len(places):
        return []
    block = info[np.ix_(places, places)]
    size = np.sqrt(np.maximum(np.diag(block), 1e-300))
    values, vectors = np.linalg.eigh(block / np.outer(size, size))
    share = np.abs(vectors[:, values <= _RANK * values[-1]]).max(axis=1)
    return [setup.names[places[k]] for k in np.flatnonzero(share > _TAKES_PART)]


def _rank(info: FloatArray, free: BoolArray) -> int:
    places = np.flatnonzero(free)
    block = info[np.ix_(places, places)]
    diagonal = np.diag(block)
    size = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values = np.linalg.eigvalsh(block / np.outer(size, size))
    return int((values > _RANK * max(values[-1], 1e-300)).sum()) if len(places) else 0


def _check_rise(setup: Setup, top: Maximum) -> None:
    curve = setup.problem.family
    p = top.p[0, : setup.problem.n_curve]
    rise = float((curve.value(np.ones(1), p) - curve.value(np.zeros(1), p))[0])
    if rise < _FLAT and (setup.lower < setup.upper)[: setup.problem.n_curve].any():
        raise NotIdentifiedError(
            "loyalty does not rise with satisfaction in these data, so the shape of the curve "
            "has no meaning; check the direction of both scales"
        )


def _check_possible(settings: CurveSettings, setup: Setup, top: Maximum) -> None:
    """Refuse curves under which what was seen cannot happen, so that their likelihood is 0."""
    cells, problem = setup.problem.cells, setup.problem
    weights = cells.node_weights
    loyalty = (loyalty_in_cells(problem, top.p)[0] * weights).sum(axis=1)
    wrong = problem.outcome.impossible(loyalty, setup.stats[0])
    if not wrong.any():
        return
    cell = int(np.flatnonzero(wrong)[0])
    s = (np.broadcast_to(cells.nodes.reshape(-1, weights.shape[1]), weights.shape) * weights)[
        cell
    ].sum()
    low, high = settings.limits("satisfaction")
    none = loyalty[cell] < 0.5  # noqa: PLR2004
    at = f"{low + (high - low) * s:.12g}"
    seen = (
        f"customers with satisfaction {at} were seen to {'stay' if none else 'leave'}, which this "
        "curve says nobody there does"
    )
    if settings.outcome in ("score", "beta"):
        # A mean that is an end of the scale leaves no other score, whatever their law.
        end = "lowest" if none else "highest"
        seen = (
            f"customers with satisfaction {at} gave other scores than the {end}, which this curve "
            "says is their mean, so that nobody there gives another"
        )
    ways = "give a constraint above 0 to them, or leave out who is no customer of the kind"
    if none and "lo" in setup.names and setup.upper[setup.names.index("lo")] == 0:
        ways = (
            "estimate lo, the loyalty of who is free and wholly dissatisfied, with fixed={} (or "
            "fix it above 0), or give a constraint above 0 to them"
        )
    raise NotIdentifiedError(
        f"{seen}, whatever its parameters: the likelihood is 0. {ways[0].upper()}{ways[1:]}"
    )


def _state(moves: bool, was_free: bool) -> State:  # noqa: FBT001
    if moves:
        return "estimated"
    return "on bound" if was_free else "fixed"


def _uncertainty(
    settings: CurveSettings,
    sample: Sample,
    setup: Setup,
    top: Maximum,
    free: BoolArray,
    rng: np.random.Generator,
) -> Uncertainty:
    kind = settings.std_errors
    if kind is None:
        plain = settings.has_likelihood and not sample.weighted and not settings.has_error
        kind = "model" if plain else "robust"
    if kind == "model":
        return model_uncertainty(setup, top, free)
    if kind == "robust":
        return sandwich_uncertainty(setup, sample.observations, top, free, settings.reliability)
    return bootstrap_uncertainty(
        setup,
        sample.observations,
        top,
        settings.reliability,
        n_resamples=settings.n_resamples,
        rng=rng,
    )


def _remarks(
    settings: CurveSettings,
    sample: Sample,
    setup: Setup,
    result: LoyaltyCurveResult,
    silent: list[str],
) -> Iterator[Remark]:
    if silent:
        yield (
            (
                f"at the estimate the data do not tell {enumerate_names(silent)} apart, so they "
                "have no standard errors; the curve itself may still be right. A family with fewer "
                "parameters says as much"
            ),
            WeakIdentificationWarning,
        )
    if setup.law is not None and (wrong := misfit_of_law(settings, setup.law, sample)):
        yield wrong, ImproperSolutionWarning
    if not result.converged:
        yield (
            (
                f"the search stopped after {result.n_iter} steps before it had converged; the "
                "data may say little of this family, so try one with fewer parameters"
            ),
            ConvergenceWarning,
        )
    steep = _steep_drivers(sample, result)
    if steep:
        yield (
            (
                f"the effect of {enumerate_names(steep)} has no end: customers seem either held "
                "altogether or free, as if the constraint were a step; the likelihood rises with "
                "the effect, so the estimate and its error mean little. Leave the driver out, or "
                "take groups with constraint_by"
            ),
            ImproperSolutionWarning,
        )
    shape = [
        f"{name} = {value:g}"
        for name, value, state in zip(result.names, result.values, result.states, strict=True)
        if state == "on bound"
        and name not in ("lo", "hi", "c")
        and not name.startswith(("c[", "d["))
    ]
    if shape:
        yield (
            (
                f"{enumerate_names(shape)} on the bound of its range: the curve wants a shape "
                "that the family does not have"
            ),
            ImproperSolutionWarning,
        )
    if sample.drivers is not None and "lo" in setup.names and (setup.lower < setup.upper)[0]:
        yield (
            (
                "lo and the level of the constraint are told apart by the logistic form of the "
                "drivers alone; fix lo unless you trust that form"
            ),
            WeakIdentificationWarning,
        )
    failed, drawn = result.uncertainty.n_failed, settings.n_resamples
    if failed > _MANY_FAILED * drawn:
        yield (
            f"{failed} of {drawn} resamples did not converge and were left out",
            FailedResamplesWarning,
        )


def _steep_drivers(sample: Sample, result: LoyaltyCurveResult) -> list[str]:
    """Return the drivers whose effects are those of a step, or on the bound."""
    drivers = sample.observations.drivers
    if drivers is None:
        return []
    first = result.names.index("d[const]")
    spread = drivers.std(axis=0)
    spread[0] = 1.0
    return [
        result.names[first + k]
        for k in range(len(spread))
        if (k and abs(result.values[first + k]) * spread[k] > _STEEP)
        or result.states[first + k] == "on bound"
    ]
