"""What a careful reader asks of an estimated model, each question with its answer.

Thresholds are guidelines of the literature, given with their reference; they are not laws,
and passing them all does not make a model true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import ROUNDING
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.signature import checked_fields
from loyaltymodel.structural.estimates import PLSSolution, correlation_matrix, design_of
from loyaltymodel.structural.kernels import criteria
from loyaltymodel.structural.kernels.implied import POSSIBLE, implied_correlations
from loyaltymodel.structural.kernels.pls import Design
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.settings import FitSettings

_RANGE = (
    "the possible range; corrected estimates (Dijkstra & Henseler 2015, MIS Quarterly 39(2), "
    "297-316) can leave it in a sample"
)
_HAIR = (
    "a common guideline, usually attributed to Hair, Risher, Sarstedt & Ringle (2019), European "
    "Business Review 31(1), 2-24"
)
_FORNELL = "Fornell & Larcker (1981), Journal of Marketing Research 18(1), 39-50"
_HALF = (
    "half of the variance, a common guideline, usually attributed to Fornell & Larcker (1981), "
    "Journal of Marketing Research 18(1), 39-50"
)
_HENSELER = (
    "the larger of the two thresholds weighed by Henseler, Ringle & Sarstedt (2015), Journal of "
    "the Academy of Marketing Science 43(1), 115-135"
)


class _Criterion(NamedTuple):
    """A bound that values are held against, and where it comes from."""

    name: str
    question: str
    threshold: float
    reference: str
    what: str


_LOADINGS_POSSIBLE = _Criterion(
    "loadings_possible", "Is every loading between -1 and 1?", 1.0, _RANGE, "absolute loading"
)
_RELIABILITIES_POSSIBLE = _Criterion(
    "reliabilities_possible",
    "Is every reliability rho_A at most 1?",
    1.0,
    _RANGE,
    "reliability rho_A",
)
_CORRELATIONS_POSSIBLE = _Criterion(
    "correlations_possible",
    "Is every correlation of constructs between -1 and 1?",
    1.0,
    _RANGE,
    "absolute correlation of constructs",
)
_R_SQUARED_POSSIBLE = _Criterion("r_squared_possible", "Is every R2 at most 1?", 1.0, _RANGE, "R2")
_ALPHA = _Criterion(
    "alpha",
    "Are the items of each construct of mode A consistent (alpha)?",
    0.7,
    _HAIR,
    "alpha",
)
_RHO_A = _Criterion(
    "rho_a",
    "Are the scores of each construct of mode A reliable (rho_A)?",
    0.7,
    _HAIR,
    "rho_A",
)
_RHO_C = _Criterion(
    "rho_c",
    "Are the items of each construct of mode A reliable together (rho_C)?",
    0.7,
    _HAIR,
    "rho_C",
)
_AVE = _Criterion(
    "ave",
    "Does each construct of mode A explain half of its items' variance (AVE)?",
    0.5,
    _HALF,
    "AVE",
)
_LOADINGS = _Criterion(
    "loadings",
    "Does each item of mode A share half of its variance with its construct?",
    0.708,
    _HALF,
    "loading",
)
_HTMT = _Criterion("htmt", "Are any two constructs distinct (HTMT)?", 0.9, _HENSELER, "HTMT")
_VIF = _Criterion(
    "vif", "Can the drivers of each construct be told apart (VIF)?", 5.0, _HAIR, "VIF"
)
_ITEM_VIF = _Criterion(
    "item_vif",
    "Can the items of each construct of mode B be told apart (VIF)?",
    5.0,
    _HAIR,
    "VIF",
)


@checked_fields
@dataclass(frozen=True, slots=True)
class Check:
    """One question to a result, and its answer.

    Attributes
    ----------
    name : str
        Short name, stable between versions.
    question : str
        What was asked.
    value : float
        The number that decides, the worst one where there are many.
    threshold : float or None
        What the number is held against; None where there is no number to hold it against.
    passed : bool
        Whether the answer is good.
    reference : str
        Where the threshold comes from.
    sentence : str
        The answer in words, naming what did not pass.
    """

    name: str
    question: str
    value: float
    threshold: float | None
    passed: bool
    reference: str
    sentence: str


def all_checks(
    model: StructuralModel, settings: FitSettings, moments: Moments, solution: PLSSolution
) -> list[Check]:
    """Return every check: first whether the solution stands, then how good it is."""
    return [
        *validity_checks(model, settings, moments, solution),
        *_quality_checks(model, moments, solution),
    ]


def validity_checks(
    model: StructuralModel, settings: FitSettings, moments: Moments, solution: PLSSolution
) -> list[Check]:
    """Return the checks on which the solution stands; ``fit`` warns of those that fail."""
    return [
        _converged(settings, solution),
        _enough_respondents(model, moments),
        _complete_answers(moments),
        *_admissible(model, settings, moments, solution),
        _no_negative_weights(model, solution),
    ]


def _converged(settings: FitSettings, solution: PLSSolution) -> Check:
    times = count_of(solution.n_iter, "iteration")
    return Check(
        name="convergence",
        question="Did the weights settle?",
        value=float(solution.n_iter),
        threshold=float(settings.max_iter),
        passed=solution.converged,
        reference=f"the settings: no weight moves by tol = {settings.tol:g} within max_iter",
        sentence=(
            f"The weights settled after {times}."
            if solution.converged
            else f"The weights still moved by tol = {settings.tol:g} or more after {times}: raise "
            "max_iter, and if that does not help, look for constructs that are hardly related."
        ),
    )


def _enough_respondents(model: StructuralModel, moments: Moments) -> Check:
    n, p = moments.n_obs, len(model.items)
    return Check(
        name="sample_size",
        question="Are there more respondents than items?",
        value=float(n),
        threshold=float(p),
        passed=n > p,
        reference="linear algebra: with n <= p the items' covariance matrix is singular",
        sentence=(
            f"There are {n} respondents for {p} items."
            if n > p
            else f"There are only {n} respondents for {p} items, so the covariance matrix is "
            "singular and the estimates fit noise: ask more respondents, or fewer questions."
        ),
    )


def _complete_answers(moments: Moments) -> Check:
    asked = moments.n_obs + moments.n_dropped
    share = moments.n_dropped / asked
    return Check(
        name="complete_answers",
        question="Did every respondent answer every item?",
        value=share,
        threshold=0.0,
        passed=moments.n_dropped == 0,
        reference="leaving respondents out biases estimates unless answers are missing at random",
        sentence=(
            "No respondent was left out."
            if moments.n_dropped == 0
            else f"{moments.n_dropped} of {asked} respondents ({share:.1%}) left out because an "
            "answer was missing."
        ),
    )


def _admissible(
    model: StructuralModel, settings: FitSettings, moments: Moments, solution: PLSSolution
) -> list[Check]:
    """Ask whether the estimates lie where such numbers can lie at all.

    In words, and with names, what :func:`~implied.is_admissible` tells of a stack of solutions.
    """
    correlations = np.abs(solution.correlations[np.tril_indices(len(model.names), -1)])
    item, construct = model.items.__getitem__, model.names.__getitem__
    return [
        *_at_most(_LOADINGS_POSSIBLE, np.abs(solution.loadings), item),
        *_at_most(_RELIABILITIES_POSSIBLE, solution.rho_a, construct),
        *_at_most(_CORRELATIONS_POSSIBLE, correlations, _pair_of(model)),
        _correlations_consistent(model, settings, moments, solution),
        *_at_most(_R_SQUARED_POSSIBLE, solution.r_squared, construct),
    ]


def _correlations_consistent(
    model: StructuralModel, settings: FitSettings, moments: Moments, solution: PLSSolution
) -> Check:
    lowest, of_what = float(np.linalg.eigvalsh(solution.correlations)[0]), "of the constructs"
    if settings.consistent and lowest >= -POSSIBLE:
        design = design_of(model)
        implied = implied_correlations(
            correlation_matrix(moments)[None],
            solution.as_stack(),
            design,
            design.mode_b,
            which="estimated",
            implied="convention",
        )
        if (of_items := float(np.linalg.eigvalsh(implied[0])[0])) < -POSSIBLE:
            lowest, of_what = of_items, "of the items that the paths imply"
    passed = lowest >= -POSSIBLE
    return Check(
        name="correlations_consistent",
        question="Can the correlations of the constructs hold together?",
        value=lowest,
        threshold=0.0,
        passed=passed,
        reference="a correlation matrix has no negative eigenvalue",
        sentence=(
            "The correlation matrix of the constructs is positive semidefinite."
            if passed
            else f"The correlation matrix {of_what} is not positive semidefinite "
            f"(smallest eigenvalue {lowest:.3g}): no constructs can be correlated like this. "
            "Some constructs are too alike, or measured too poorly for the correction."
        ),
    )


def _no_negative_weights(model: StructuralModel, solution: PLSSolution) -> Check:
    weights = solution.weights
    negative = [item for item, w in zip(model.items, weights, strict=True) if w < -ROUNDING]
    return Check(
        name="positive_weights",
        question="Is every weight positive?",
        value=float(weights.min()),
        threshold=0.0,
        passed=not negative,
        reference="the index: with a negative weight a better answer would lower it",
        sentence=(
            "Every item has a positive weight, so every construct can have an index."
            if not negative
            else f"{_list(negative)} {_have(negative)} a negative weight, so "
            f"{_list(_owners(model, negative))} {_have(_owners(model, negative))} no index: "
            "reverse items that point the other way; under mode B look for collinear items."
        ),
    )


def _quality_checks(model: StructuralModel, moments: Moments, solution: PLSSolution) -> list[Check]:
    s, design = correlation_matrix(moments)[None], design_of(model)
    ratio = criteria.htmt_absolute(s, design)[0]
    vif = criteria.driver_vif(solution.correlations[None], design)[0]
    item_vif = criteria.item_vif(s, design)[0]
    source, target = np.nonzero(design.drives)
    formed = np.flatnonzero((design.mode_b & (design.sizes > 1))[design.block])
    return [
        *_measurement_checks(model, solution, s, design),
        *_at_most(_HTMT, ratio[np.tril_indices_from(ratio, -1)], _pair_of(model)),
        *_at_most(
            _VIF,
            vif[source, target],
            lambda k: f"{model.names[source[k]]} -> {model.names[target[k]]}",
        ),
        _items_distinct(model, item_vif),
        *_at_most(_ITEM_VIF, item_vif[formed], lambda k: model.items[formed[k]]),
    ]


def _measurement_checks(
    model: StructuralModel, solution: PLSSolution, s: FloatArray, design: Design
) -> list[Check]:
    """Ask how well the items of mode A show their constructs; single items show them wholly."""
    reflective = (design.sizes > 1) & ~design.mode_b
    constructs, items = np.flatnonzero(reflective), np.flatnonzero(reflective[design.block])
    loadings = solution.loadings[None]
    alpha = criteria.cronbach_alpha(s, design)[0]
    rho_c = criteria.composite_reliability(loadings, design)[0]
    ave = criteria.average_variance_extracted(loadings, design)[0]

    def construct(k: int) -> str:
        return model.names[int(constructs[k])]

    return [
        *_at_least(_ALPHA, alpha[constructs], construct),
        *_at_least(_RHO_A, solution.rho_a[constructs], construct),
        *_at_least(_RHO_C, rho_c[constructs], construct),
        *_at_least(_AVE, ave[constructs], construct),
        *_at_least(_LOADINGS, solution.loadings[items], lambda k: model.items[items[k]]),
        *_fornell_larcker(model, solution, ave, constructs),
    ]


def _items_distinct(model: StructuralModel, item_vif: FloatArray) -> Check:
    made_up = [model.items[k] for k in np.flatnonzero(np.isinf(item_vif)).tolist()]
    return Check(
        name="items_distinct",
        question="Does every item add something to the others of its construct?",
        value=float(len(made_up)),
        threshold=0.0,
        passed=not made_up,
        reference="linear algebra: an item that others make up exactly counts twice in mode A",
        sentence=(
            f"{_list(made_up)} can be computed from each other exactly: leave one out."
            if made_up
            else "No item can be computed from others of its construct."
        ),
    )


def _fornell_larcker(
    model: StructuralModel, solution: PLSSolution, ave: FloatArray, constructs: IntArray
) -> list[Check]:
    if constructs.size == 0:
        return []
    shared = (solution.correlations - np.eye(len(ave))) ** 2
    spare = (ave - shared.max(axis=1))[constructs]
    below = np.flatnonzero(~(spare >= -POSSIBLE))
    failing = [f"{model.names[constructs[k]]} ({spare[k]:+.3f})" for k in below]
    return [
        Check(
            name="fornell_larcker",
            question="Does each construct of mode A share most with its own items?",
            value=float(spare.min()),
            threshold=0.0,
            passed=not failing,
            reference=_FORNELL,
            sentence=(
                "AVE less the largest squared correlation of the construct below 0: "
                f"{_list(failing)}."
                if failing
                else "Every AVE is above all squared correlations with other constructs."
            ),
        )
    ]


def _at_least(
    criterion: _Criterion, values: FloatArray, label: Callable[[int], str]
) -> list[Check]:
    """Hold values against a lower bound; no values, no check."""
    below = ~(values >= criterion.threshold - POSSIBLE)
    good, bad = f"at least {criterion.threshold:g}", f"below {criterion.threshold:g}"
    return _held(criterion, values, below, label, values.min(initial=np.inf), good, bad)


def _at_most(criterion: _Criterion, values: FloatArray, label: Callable[[int], str]) -> list[Check]:
    """Hold values against an upper bound; no values, no check."""
    above = ~(values <= criterion.threshold + POSSIBLE)
    good, bad = f"at most {criterion.threshold:g}", f"above {criterion.threshold:g}"
    return _held(criterion, values, above, label, values.max(initial=-np.inf), good, bad)


def _held(
    criterion: _Criterion,
    values: FloatArray,
    beyond: BoolArray,
    label: Callable[[int], str],
    worst: float,
    good: str,
    bad: str,
) -> list[Check]:
    if values.size == 0:
        return []
    failing = [f"{label(k)} ({values[k]:.3f})" for k in np.flatnonzero(beyond).tolist()]
    return [
        Check(
            name=criterion.name,
            question=criterion.question,
            value=float(worst),
            threshold=criterion.threshold,
            passed=not failing,
            reference=criterion.reference,
            sentence=_sentence(criterion.what, good, bad, failing),
        )
    ]


def _sentence(what: str, good: str, bad: str, failing: list[str]) -> str:
    return f"{what} {bad}: {_list(failing)}." if failing else f"Every {what} is {good}."


def _list(names: Iterable[str]) -> str:
    return enumerate_names(names, most=12)


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _owners(model: StructuralModel, items: list[str]) -> list[str]:
    return [c.name for c in model.constructs if not set(items).isdisjoint(c.items)]


def _pair_of(model: StructuralModel) -> Callable[[int], str]:
    second, first = np.tril_indices(len(model.names), -1)
    return lambda k: f"{model.names[first[k]]} and {model.names[second[k]]}"
