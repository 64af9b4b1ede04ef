"""A fitted curve in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loyaltymodel._options import count_of
from loyaltymodel._tables import Summary, table_of

if TYPE_CHECKING:
    from loyaltymodel.jones_sasser.result import LoyaltyCurveResult

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
    "information": "observed information",
    "sandwich": "sandwich",
    "bootstrap": "bootstrap",
}


def summarise(result: LoyaltyCurveResult) -> Summary:
    """Put facts, tables and remarks together."""
    settings, sample = result.settings, result.sample
    family = settings.family.name
    left_out = f", {sample.n_dropped} left out" if sample.n_dropped else ""
    state = "converged" if result.converged else "NOT CONVERGED"
    facts = [
        ("curve", f"L = c + (1 - c) g(s), {_FORMULAS.get(family, family)}"),
        ("constraint", _constraint(result)),
        ("outcome", _OUTCOMES[settings.outcome]),
        (
            "customers",
            f"{sample.n_people}{left_out}, {count_of(sample.observations.n_cells, 'cell')}",
        ),
        ("standard errors", _ERRORS[result.uncertainty.kind]),
        ("search", f"{count_of(result.n_iter, 'step')}, {state}"),
    ]
    if result.has_likelihood:
        facts.append(
            (
                "log likelihood",
                f"{result.log_likelihood:.3f}, AIC {result.aic:.3f}, BIC {result.bic:.3f}",
            )
        )
    facts.append(("sensitive zone", _zone(result)))
    groups = sample.groups is not None
    table = result.parameters
    own = table[~table["parameter"].str.startswith("c[")] if groups else table
    columns = ["parameter", "state", "estimate", "std_error", "ci_low", "ci_high"]
    tables = [table_of("Parameters", own[columns], n_labels=2)]
    if groups:
        held = result.constraints
        columns = ["group", "state", "constraint", "std_error", "ci_low", "ci_high"]
        tables.append(table_of("Constraints", held[columns], n_labels=2))
    return Summary("Loyalty curve", tuple(facts), tuple(tables), tuple(_remarks(result)))


def _zone(result: LoyaltyCurveResult) -> str:
    limit = result.curve.zone_limit
    if np.isnan(limit):
        return "none"
    grid = np.linspace(limit, 1, 1001)
    inside = result.curve.zone(grid) == "sensitive"
    if inside[-1]:
        return f"from {limit:.3f} of the scale on"
    return f"from {limit:.3f} to {grid[inside].max():.3f} of the scale"


def _constraint(result: LoyaltyCurveResult) -> str:
    sample = result.sample
    if sample.groups is not None:
        return f"one for each of {count_of(len(sample.groups), 'group')}"
    if sample.drivers is not None:
        return f"logistic in {', '.join(sample.drivers)}"
    return "given" if sample.observations.given is not None else "one for all"


def _remarks(result: LoyaltyCurveResult) -> list[str]:
    remarks = []
    reliability = result.settings.reliability
    if reliability is None:
        remarks.append(
            "Satisfaction is taken as measured without error. Its measurement error flattens the "
            "curve: hi and the curvature are attenuated. Give reliability to correct for it."
        )
    elif reliability < 1:
        remarks.append(
            f"Averaged over the true score, for a reliability of {reliability:g} and normal "
            "measurement error."
        )
    if "on bound" in result.states:
        remarks.append(
            "Parameters on a bound have no standard error, and those of the others are "
            "conditional on it."
        )
    if not result.has_likelihood:
        remarks.append("There is no likelihood here, so no AIC, likelihood ratio or profile.")
    return remarks
