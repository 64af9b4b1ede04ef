"""Tests of a curve: no constraint, a straight line, no threshold, lack of fit.

Likelihood ratios have their usual law only inside the parameter space. On its edge, where a
constraint of 0 lies, they are compared with those of surveys drawn under the hypothesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import count_of, is_number, shown
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import p_text, percent
from loyaltymodel.errors import FailedResamplesWarning, NotIdentifiedError, OptionError, warn_caller
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import Beta, Ordinal, loyalty_in_cells
from loyaltymodel.jones_sasser.estimation.kernels.maximise import Maximum, at_estimate, search
from loyaltymodel.jones_sasser.estimation.problem import Setup, set_up
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult

Method = Literal["auto", "asymptotic", "bootstrap"]
_MANY_FAILED = 0.05
_KEPT = 3  # starts of each survey that are polished
FEWEST = 19  # that can show a p-value of 0.05
_EDGE = 1e-8
_SMALL_CELL = 5.0  # expected number below which the chi-squared law is usually distrusted


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class HypothesisTest(Result):
    """A test: what was asked, how it was answered, and how sure the answer is.

    Attributes
    ----------
    hypothesis : str
        What is taken to be true unless the data speak against it.
    statistic : float
        Likelihood ratio (twice the difference of the log-likelihoods), or squared Wald ratio.
    df : int
        Number of parameters that the hypothesis fixes.
    p_value : float
        Share of surveys that would speak as loud against a true hypothesis, 0 to 1.
    method : str
        Law that the statistic was compared with.
    n_obs, n_dropped : int
        Number of customers, and of those left out because something was missing.
    n_resamples : int
        Surveys drawn under the hypothesis, 0 if none.
    n_failed : int
        Those of them that could not be estimated and were left out.
    remark : str
        What the answer depends on; empty if nothing.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(2000, levels=10, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people)
    >>> found = jones_sasser.hypothesis_test(result, "linear", n_resamples=99, rng=1)
    >>> found
    <HypothesisTest: statistic 231.713, df 1, p = 0.0100, parametric bootstrap>
    >>> found.hypothesis
    'loyalty is a straight line of satisfaction'
    """

    made_by: ClassVar[str] = "hypothesis_test()"
    people: ClassVar[str] = "customers"

    hypothesis: str
    statistic: float
    df: int
    p_value: float
    method: str
    n_obs: int
    n_dropped: int
    n_resamples: int = 0
    n_failed: int = 0
    remark: str = ""

    def _title(self) -> str:
        return "Test of a hypothesis"

    def _brief(self) -> str:
        return (
            f"statistic {self.statistic:.3f}, df {self.df}, p = {self.p_value:.4f}, {self.method}"
        )

    def _facts(self) -> Facts:
        return (
            ("hypothesis", self.hypothesis),
            ("statistic", f"{self.statistic:.3f}"),
            ("degrees of freedom", str(self.df)),
            ("p-value", p_text(self.p_value, 4)),
            ("compared with", self.method),
        )

    def _remarks(self) -> Sequence[str]:
        return [self.remark] if self.remark else []


def no_constraint(
    result: LoyaltyCurveResult,
    *,
    contamination: float,
    method: Method,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> HypothesisTest:
    """Test whether nothing holds the customers: every constraint is 0."""
    if not is_number(contamination) or not 0 <= contamination < 1:
        raise OptionError(
            f"contamination={shown(contamination)} must be a share of answers, 0 to below 1, such "
            "as 0.02"
        )
    setup = _prepared(result)
    held = [k for k, name in enumerate(setup.names) if name == "c" or name.startswith("c[")]
    held = [k for k in held if setup.lower[k] < setup.upper[k]]
    if not held:
        raise OptionError("no constraint was estimated in this fit, so there is none to test")
    level = _noise(setup, contamination)
    # Noise is there with any constraint, so none is below what it looks like.
    lower, upper = setup.lower.copy(), setup.upper.copy()
    lower[held] = level
    full = replace(setup, lower=lower, starts=np.clip(setup.starts, lower, upper))
    upper = upper.copy()
    upper[held] = level
    null = replace(full, upper=upper)
    hypothesis = "nothing holds the customers, every constraint is 0"
    if contamination:
        hypothesis = (
            f"nothing holds the customers, and {percent(contamination)} of answers are random: "
            f"every constraint is {level:.3g}"
        )
    found = _ratio_test(
        result,
        full,
        null,
        hypothesis=hypothesis,
        df=len(held),
        on_edge=True,
        method=method,
        n_resamples=n_resamples,
        rng=rng,
        way_out=(
            "Say with contamination= which share of all answers may be random, such as 0.02, or "
            "compare with a group that is known to be free (reference in fit)"
        ),
    )
    return replace(found, remark=_about_the_bottom(setup, result, contamination, level))


def _noise(setup: Setup, contamination: float) -> float:
    """Return the constraint that a share of random answers looks like."""
    floor = _place_of_floor(setup)
    if contamination == 0:
        return 0.0
    if floor is not None and setup.lower[floor] < setup.upper[floor]:
        raise OptionError(
            "lo was estimated, and random answers are part of it already; leave contamination out"
        )
    outcome = setup.problem.outcome
    share = 0.5
    if isinstance(outcome, Ordinal):
        share = 1 - outcome.stays / outcome.n_categories
    lowest = 0.0 if floor is None else float(setup.lower[floor])
    return max(contamination * (share - lowest) / (1 - lowest), 0.0)


def _place_of_floor(setup: Setup) -> int | None:
    return setup.names.index("lo") if "lo" in setup.names else None


def _about_the_bottom(
    setup: Setup, result: LoyaltyCurveResult, contamination: float, level: float
) -> str:
    """Say what a test of no constraint asks, if the floor of the curve is known."""
    floor = _place_of_floor(setup)
    if floor is None or setup.lower[floor] < setup.upper[floor]:
        return ""
    lowest = float(setup.lower[floor])
    each = "" if result.sample.groups is None else " of each group"
    asked = (
        f"The curve lets {'nobody' if lowest == 0 else f'a share of {lowest:.3g}'} stay who is "
        f"free and wholly dissatisfied, so this asks whether more do at the bottom of the scale"
        f"{each}"
    )
    if contamination:
        return f"{asked} than the {level:.3g} that so many random answers make of it."
    return (
        f"{asked}. A few wrong answers there are enough to reject: contamination= says which share "
        "of answers may be random."
    )


def linear(
    result: LoyaltyCurveResult,
    *,
    method: Method,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> HypothesisTest:
    """Test whether true loyalty is a straight line of satisfaction."""
    line = "loyalty is a straight line of satisfaction"
    family = result.settings.family
    if family.name == "power" and not result.has_likelihood:
        return _wald_of_power(result, line)
    if family.name == "hinge":
        return no_threshold(result, method=method, n_resamples=n_resamples, rng=rng)
    setup = _prepared(result)
    fixed = {"power": {"k": 1.0}, "cubic": {"d0": 1.0, "d1": 1.0}}.get(family.name)
    if fixed is None:
        raise OptionError(
            f"the {family.name} family has no straight line in it; fit power, cubic or hinge, or "
            "compare families by AIC"
        )
    null = _with_fixed(setup, fixed)
    return _ratio_test(
        result,
        setup,
        null,
        hypothesis=line,
        df=len(fixed),
        on_edge=False,
        method=method,
        n_resamples=n_resamples,
        rng=rng,
    )


def no_threshold(
    result: LoyaltyCurveResult,
    *,
    method: Method,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> HypothesisTest:
    """Test whether there is no threshold of satisfaction."""
    if result.settings.family.name != "hinge":
        raise OptionError(
            f'a threshold belongs to family="hinge"; this fit has {result.settings.family.name!r}'
        )
    setup = _prepared(result)
    if method == "asymptotic":
        raise OptionError(
            'method="asymptotic" has no law for a threshold, which means nothing on a straight '
            'line; choose "bootstrap"'
        )
    # With the middle on the line, any threshold is the same straight line.
    null = _with_fixed(setup, {"share": 0.5, "tau": 0.5})
    return _ratio_test(
        result,
        setup,
        null,
        hypothesis="there is no threshold, loyalty is a straight line of satisfaction",
        df=2,
        on_edge=True,
        method="bootstrap",
        n_resamples=n_resamples,
        rng=rng,
    )


def lack_of_fit(
    result: LoyaltyCurveResult,
    *,
    method: Method,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> HypothesisTest:
    """Test the curve against the saturated model: a loyalty of its own for each cell."""
    setup = _prepared(result)
    if isinstance(setup.problem.outcome, Beta):
        raise OptionError('outcome="beta" has no saturated model; look at calibration() instead')
    counts = _counts(setup)
    amount = counts.sum(axis=1)[0]
    if amount.max() <= 1:
        raise NotIdentifiedError(
            "no two customers share a cell, so each would have a loyalty of its own, and the "
            "deviance says nothing of the fit; round satisfaction to a few levels"
        )
    df = int((amount > 0).sum()) * (counts.shape[1] - 1) - result.n_free
    if df < 1:
        raise NotIdentifiedError(
            f"there are {setup.problem.cells.n_cells} cells and {result.n_free} parameters, so "
            "nothing is left to test the fit"
        )
    expected = _probabilities(setup, result.values[None])[0] * amount
    sparse = (expected < _SMALL_CELL).mean() > 0.2 or expected.min() < 1  # noqa: PLR2004
    inside = "on bound" not in result.states
    exact = method == "asymptotic" or (method == "auto" and inside and not sparse)
    top = _maximum(setup, result)
    _check_both(top, top)
    statistic = float(_deviance(counts, top)[0])
    what = "the curve is right, and cells differ from it by chance alone"
    if exact:
        return HypothesisTest(
            hypothesis=what,
            statistic=statistic,
            df=df,
            p_value=float(chi_square_tail(statistic, df)),
            method="chi-squared",
            n_obs=result.n_obs,
            n_dropped=result.n_dropped,
        )
    stats = _drawn(setup, result.values, n_resamples, np.random.default_rng(rng))
    found = _again(setup, stats, result.values[None])
    own = replace(setup, stats=stats)
    simulated = _deviance(_counts(own), found)
    return _compared(result, what, statistic, df, simulated[found.converged], n_resamples)


def _prepared(result: LoyaltyCurveResult) -> Setup:
    if not result.has_likelihood:
        reason = "weights" if result.sample.weighted else result.settings.without_likelihood
        raise OptionError(
            f"with {reason} there is no likelihood to test by; use the intervals of the parameters"
        )
    return set_up(result.settings, result.sample)


def _with_fixed(setup: Setup, values: dict[str, float]) -> Setup:
    lower, upper = setup.lower.copy(), setup.upper.copy()
    for name, value in values.items():
        place = setup.names.index(name)
        lower[place] = upper[place] = value
    return replace(setup, lower=lower, upper=upper)


def _maximum(setup: Setup, result: LoyaltyCurveResult) -> Maximum:
    return at_estimate(setup.problem, setup.stats, result.values, setup.lower, setup.upper)


def _ratio_test(
    result: LoyaltyCurveResult,
    full: Setup,
    null: Setup,
    *,
    hypothesis: str,
    df: int,
    on_edge: bool,
    method: Method,
    n_resamples: int,
    rng: np.random.Generator | int | None,
    way_out: str = "Estimate lo",
) -> HypothesisTest:
    """Compare the maxima with and without the hypothesis."""
    own = result.values[None, None]
    bottom = search(null.problem, null.stats, full.starts, null.lower, null.upper, own=own)
    # What the hypothesis reaches is reached without it as well.
    own = np.stack([result.values, bottom.p[0]])[None]
    top = search(full.problem, full.stats, full.starts, full.lower, full.upper, own=own, keep=_KEPT)
    _check_possible(result, null, bottom, way_out)
    _check_both(top, bottom)
    statistic = max(0.0, 2 * float(top.value[0] - bottom.value[0]))
    tested = null.lower == null.upper
    others_inside = not (
        _on_edge(full, top.p[0], skip=tested) or _on_edge(null, bottom.p[0], skip=tested)
    )
    known = others_inside and (df == 1 or not on_edge)
    if method == "asymptotic" and not known:
        raise OptionError(
            'method="asymptotic" would reject a true hypothesis too often here: several '
            "constraints, or another parameter, lie on the edge of their range; choose "
            '"bootstrap"'
        )
    # On the edge the mixture is an approximation: where customers are near s = 0, the estimate is 0
    # in more than half of all surveys, and the test hardly ever rejects.
    if method == "asymptotic" or (method == "auto" and known and not on_edge):
        tail = float(chi_square_tail(statistic, df))
        if on_edge:
            tail = 1.0 if statistic == 0 else tail / 2
        law = "half chi-squared(0), half chi-squared(1)" if on_edge else "chi-squared"
        return HypothesisTest(
            hypothesis=hypothesis,
            statistic=statistic,
            df=df,
            p_value=tail,
            method=law,
            n_obs=result.n_obs,
            n_dropped=result.n_dropped,
        )
    stats = _drawn(null, bottom.p[0], n_resamples, np.random.default_rng(rng))
    low = _again(null, stats, bottom.p)
    high = _again(full, stats, np.concatenate([top.p, low.p.mean(axis=0)[None]]), own=low.p)
    good = low.converged & high.converged
    simulated = np.maximum(2 * (high.value - low.value)[good], 0.0)
    return _compared(result, hypothesis, statistic, df, simulated, n_resamples)


def _check_possible(result: LoyaltyCurveResult, null: Setup, bottom: Maximum, way_out: str) -> None:
    """Refuse hypotheses under which what was seen cannot be, so that their likelihood is 0."""
    loyalty = loyalty_in_cells(null.problem, bottom.p)[0]
    loyalty = (loyalty * null.problem.cells.node_weights).sum(axis=1)
    wrong = null.problem.outcome.impossible(loyalty, null.stats[0])
    if not wrong.any():
        return
    if isinstance(null.problem.outcome, Beta):
        raise NotIdentifiedError(
            "under the hypothesis the mean score of some customers is an end of the scale, "
            f"where there is no beta law; fit without them. {way_out}"
        )
    observed = result.sample.observations
    cell = int(np.flatnonzero(wrong)[0])
    low, high = result.settings.limits("satisfaction")
    s = low + (high - low) * observed.satisfaction[cell]
    n = int(np.add.reduceat(observed.count, observed.first)[cell])
    none = loyalty[cell] < 0.5  # noqa: PLR2004
    raise NotIdentifiedError(
        f"the hypothesis is impossible, not improbable: it says that nobody with satisfaction "
        f"{s:.12g} {'stays' if none else 'leaves'}, and of {count_of(n, 'customer')} there "
        f"somebody did. One wrong answer is enough for that, so there is no p-value. {way_out}"
    )


def _check_both(top: Maximum, bottom: Maximum) -> None:
    """Refuse to compare what are no maxima."""
    wrong = [
        name for name, fitted in (("with", bottom), ("without", top)) if not fitted.converged.all()
    ]
    if wrong:
        raise NotIdentifiedError(
            f"the fit {' and '.join(wrong)} the hypothesis did not converge, so their "
            "likelihoods cannot be compared; take a family with fewer parameters, or fix some"
        )


def _on_edge(setup: Setup, p: FloatArray, *, skip: BoolArray) -> bool:
    """Tell whether a parameter that is not tested lies on its bound."""
    span = setup.upper - setup.lower
    free = (span > 0) & ~skip
    near = (p - setup.lower < _EDGE * span) | (setup.upper - p < _EDGE * span)
    return bool((near & free).any())


def _again(
    setup: Setup, stats: FloatArray, starts: FloatArray, *, own: FloatArray | None = None
) -> Maximum:
    """Estimate surveys that were drawn, from common starts (k, q) and one of its own each."""
    every = np.broadcast_to(starts, (len(stats), *starts.shape))
    if own is not None:
        every = np.concatenate([every, own[:, None]], axis=1)
    return search(
        setup.problem, stats, setup.starts, setup.lower, setup.upper, own=every, keep=_KEPT
    )


def _probabilities(setup: Setup, p: FloatArray) -> FloatArray:
    """Return probabilities (b, categories, m) of the answers in each cell."""
    loyalty = loyalty_in_cells(setup.problem, p)
    weights = setup.problem.cells.node_weights
    outcome = setup.problem.outcome
    if isinstance(outcome, Ordinal):
        return outcome.probabilities(loyalty, weights, p[:, len(p[0]) - setup.problem.n_extra :])
    mean = (loyalty * weights).sum(axis=-1)
    return np.stack([1 - mean, mean], axis=1)


def _counts(setup: Setup) -> FloatArray:
    """Return how many answered what (b, categories, m)."""
    if isinstance(setup.problem.outcome, Ordinal):
        return setup.stats
    return np.stack([setup.stats[:, 0] - setup.stats[:, 1], setup.stats[:, 1]], axis=1)


def _drawn(setup: Setup, p: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw statistics (n, t, m) of surveys with the same cells from the model at p (q,)."""
    if isinstance(setup.problem.outcome, Beta):
        return _drawn_scores(setup, p, n, rng)
    share = _probabilities(setup, p[None])[0]
    amount = _counts(setup).sum(axis=1)[0].astype(np.int64)
    if isinstance(setup.problem.outcome, Ordinal):
        share = np.moveaxis(share, 0, -1)
        found = rng.multinomial(amount, share / share.sum(axis=-1, keepdims=True), (n, len(amount)))
        return np.moveaxis(found, -1, 1).astype(np.float64)
    stayed = rng.binomial(amount, np.clip(share[1], 0, 1), (n, len(amount)))
    return np.stack([np.broadcast_to(amount, stayed.shape), stayed], axis=1).astype(np.float64)


def _drawn_scores(setup: Setup, p: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw statistics (n, 3, m) of scores with the beta law, customer by customer."""
    mean = np.clip(loyalty_in_cells(setup.problem, p[None])[0, :, 0], _EDGE, 1 - _EDGE)
    amount = setup.stats[0, 0].astype(np.int64)
    first = np.cumsum(amount) - amount
    a = np.repeat(mean, amount) * np.exp(p[-1])
    b = np.repeat(1 - mean, amount) * np.exp(p[-1])
    found = np.empty((n, 3, len(amount)))
    found[:, 0] = amount
    for survey in found:  # a survey at a time: customers and not cells are drawn
        score = np.clip(rng.beta(a, b), np.finfo(np.float64).tiny, 1 - 2**-53)
        survey[1] = np.add.reduceat(np.log(score), first)
        survey[2] = np.add.reduceat(np.log1p(-score), first)
    return found


def _deviance(counts: FloatArray, top: Maximum) -> FloatArray:
    """Return twice the log-likelihood (b,) that the saturated model has more."""
    amount = counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(counts > 0, counts * np.log(counts / amount), 0.0)
    found: FloatArray = np.maximum(2 * (own.sum(axis=(1, 2)) - top.value), 0.0)
    return found


def _compared(
    result: LoyaltyCurveResult,
    hypothesis: str,
    statistic: float,
    df: int,
    simulated: FloatArray,
    n_resamples: int,
) -> HypothesisTest:
    n_failed = n_resamples - len(simulated)
    if len(simulated) < FEWEST:
        raise NotIdentifiedError(
            f"of {n_resamples} surveys drawn under the hypothesis only {len(simulated)} could be "
            "estimated, too few for a p-value; the hypothesis leaves too little to estimate, so "
            "take a family with fewer parameters, or another outcome"
        )
    if n_failed > _MANY_FAILED * n_resamples:
        warn_caller(
            f"{n_failed} of {n_resamples} surveys drawn under the hypothesis could not be "
            "estimated and were left out",
            FailedResamplesWarning,
        )
    # A survey drawn counts as loud if it is so but for the rounding of sums.
    louder = int((simulated >= statistic - 1e-9 * (1 + statistic)).sum())
    return HypothesisTest(
        hypothesis=hypothesis,
        statistic=statistic,
        df=df,
        p_value=(1 + louder) / (1 + len(simulated)),
        method="parametric bootstrap",
        n_obs=result.n_obs,
        n_dropped=result.n_dropped,
        n_resamples=n_resamples,
        n_failed=n_failed,
    )


def _wald_of_power(result: LoyaltyCurveResult, hypothesis: str) -> HypothesisTest:
    place = result.names.index("k")
    k = result.values[place]
    error = np.sqrt(result.uncertainty.covariance[place, place])
    if result.states[place] != "estimated" or not error > 0:
        raise OptionError("k was not estimated within its range, so there is nothing to test")
    if not result.converged:
        raise NotIdentifiedError(
            "the fit did not converge, so neither k nor its error is what the data say; take a "
            "family with fewer parameters, or fix some"
        )
    statistic = float((np.log(k) * k / error) ** 2)
    return HypothesisTest(
        hypothesis=hypothesis,
        statistic=statistic,
        df=1,
        p_value=float(chi_square_tail(statistic, 1)),
        method=f"Wald, {result.uncertainty.kind} errors",
        n_obs=result.n_obs,
        n_dropped=result.n_dropped,
    )
