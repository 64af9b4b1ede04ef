"""A fitted curve in words and tables."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import count_of
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.tables import p_text
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve
from loyaltymodel.jones_sasser.estimation.sample import Sample
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings, StdErrors
from loyaltymodel.jones_sasser.estimation.true_score import TrueScoreLaw, misfit

_SIGNIFICANT = 0.01  # of the test of a law of true scores

State = Literal["estimated", "fixed", "on bound"]

_FORMULAS = {
    "power": "g(s) = lo + (hi - lo) s^k",
    "logistic": "g(s) = lo + (hi - lo) / (1 + exp(-a (s - s0)))",
    "hinge": "two lines, from (0, lo) over the threshold tau to (1, hi)",
    "cubic": "cubic from (0, lo) to (1, hi), end slopes d0 and d1 times the chord's",
    "hazard": "g(s) = exp(-exp(a - b s))",
}
_OUTCOMES = {
    "binary": "stayed or left",
    "count": "number of times stayed",
    "score": "score, quasi-binomial",
    "beta": "score, beta",
    "ordinal": "ordered answers, cumulative logit",
}
_ERRORS = {
    "model": "model (observed information)",
    "robust": "robust (Huber's sandwich)",
    "bootstrap": "bootstrap",
}


def facts(
    settings: CurveSettings, sample: Sample, curve: LoyaltyCurve, errors: StdErrors
) -> list[tuple[str, str]]:
    """Say what was fitted to what."""
    family = settings.family.name
    return [
        ("curve", f"L = c + (1 - c) g(s), {_FORMULAS.get(family, family)}"),
        ("constraint", _constraint(sample)),
        ("outcome", _OUTCOMES[settings.outcome]),
        ("cells", f"{sample.observations.n_cells:,}"),
        ("standard errors", _ERRORS[errors]),
        ("sensitive zone", _zone(curve, settings.limits("satisfaction"))),
    ]


def _zone(curve: LoyaltyCurve, scale: Pair) -> str:
    limit = curve.zone_limit
    if np.isnan(limit):
        return "none"
    low, high = scale
    grid = np.linspace(limit, 1, 1001)
    inside = curve.zone(grid) == "sensitive"
    start, end = (low + (high - low) * share for share in (limit, grid[inside].max()))
    until = "on" if inside[-1] else f"to {end:.3f}"
    return f"satisfaction from {start:.3f} {until} (scale {low:g} to {high:g})"


def _constraint(sample: Sample) -> str:
    if sample.groups is not None:
        return f"one for each of {count_of(len(sample.groups), 'group')}"
    if sample.drivers is not None:
        return f"logistic in {', '.join(sample.drivers)}"
    return "given" if sample.observations.given is not None else "one for all"


_LAWS = {
    "masses": "free masses",
    "beta": "a beta law",
    "normal": "a normal law",
}


def misfit_of_law(settings: CurveSettings, law: TrueScoreLaw, sample: Sample) -> str | None:
    """Say that the law of true scores does not fit the answers, if a test at 1 % rejects it."""
    statistic, df = law_test(law, sample)
    p_value = float(chi_square_tail(statistic, df)) if df > 0 else 1.0
    if p_value >= _SIGNIFICANT:
        return None
    return (
        f'true_scores="{settings.true_scores}" does not fit the answers about satisfaction '
        f"(chi-squared {statistic:.1f}, df {df}, p-value {p_text(p_value, 4)}), so the curve may "
        'be far off; choose true_scores="masses"'
    )


def law_test(law: TrueScoreLaw, sample: Sample) -> tuple[float, int]:
    """Return chi-squared and degrees of freedom of a law of true scores."""
    observed = sample.observations
    place, n_answers = law.answers.place(observed.satisfaction), len(law.answers.levels)
    counts = observed.answered(place, n_answers)[0]
    squares = observed.answered(place, n_answers, observed.count * observed.weight)[0]
    return misfit(law, counts, squares)


def remarks(
    settings: CurveSettings,
    sample: Sample,
    law: TrueScoreLaw | None,
    states: tuple[State, ...],
    *,
    has_likelihood: bool,
) -> list[str]:
    """Say what a reader of the numbers has to know."""
    remarks = []
    reliability = settings.reliability
    if reliability is None:
        remarks.append(
            "Satisfaction is taken as measured without error. Its measurement error flattens the "
            "curve: hi and the curvature are attenuated. Give reliability to correct for it."
        )
    elif law is not None:
        remarks.append(
            f"Averaged over the true score, for a reliability of {reliability:g}, normal errors "
            f"and {_LAWS[law.kind]} of true scores, estimated from the answers. Robust and "
            "bootstrap errors allow for that; those of the model and profiles take the law as "
            "known. Without the bootstrap the interval of hi has no upper end but its bound."
        )
        if wrong := misfit_of_law(settings, law, sample):
            remarks.append(f"{wrong[0].upper()}{wrong[1:]}.")
    if "on bound" in states:
        remarks.append(
            "Parameters on a bound have no standard error, and their intervals begin there; errors "
            "of the others allow for them to lie further in, so that intervals are rather too wide "
            "than too short."
        )
    if not has_likelihood:
        remarks.append("There is no likelihood here, so no AIC, likelihood ratio or profile.")
    return remarks
