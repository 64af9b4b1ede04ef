"""Every link of the chain, estimated on the same customers, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel import chain, jones_sasser, structural
from loyaltymodel._cli.plan import ChainPlan
from loyaltymodel._core.options import enumerate_names, shown
from loyaltymodel.chain.scenarios.firsts import MOST
from loyaltymodel.errors import DataError
from loyaltymodel.survey import Codebook, Item, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: every link, the measure, and the other drivers beside it."""

    plan: ChainPlan
    n_given: int
    structure: structural.results.StructuralResult
    curve: jones_sasser.results.LoyaltyCurveResult
    measure: chain.results.WhatIf
    needed: pd.DataFrame
    sources: pd.DataFrame
    order: pd.DataFrame | None
    groups: pd.DataFrame | None
    types: pd.DataFrame


def ask(plan: ChainPlan, answers: pd.DataFrame) -> Found:
    """Estimate every link on the same customers, and follow the measure through them."""
    people, answer = _people(plan, answers)
    shared: dict[str, Any] = {"weights": plan.weights}
    structure = structural.fit(
        plan.structure, people, consistent=True, scale=plan.scale, weights=plan.weights
    )
    curve = jones_sasser.fit(
        answer,
        plan.loyalty,
        data=people,
        constraint_by=plan.constraint_by,
        family=plan.family,
        scale=plan.scale,
        reliability=_reliability(plan, structure),
        true_scores=plan.true_scores,
        **shared,
    )
    drawn: dict[str, Any] = {"n_resamples": plan.n_resamples, "rng": plan.seed}
    scenarios = {
        driver: chain.scenario(
            driver,
            plan.target,
            change=plan.change,
            impact=structure,
            curve=curve,
            economics=plan.economics,
            observed_per=plan.observed_per,
            cost=plan.cost,
            cost_per_period=plan.cost_per_period,
            cost_per_customer=plan.cost_per_customer,
            lasts=plan.lasts,
            constraint_lasts=plan.constraint_lasts,
            data=people,
            satisfaction=answer,
            loyalty=plan.loyalty,
            constraint_by=plan.constraint_by,
            **shared,
            **drawn,
        )
        for driver in plan.drivers
    }
    asked: dict[str, Any] = {"level": plan.level, **drawn}
    order = None
    if len(scenarios) > 1:
        law: Any = "std_error" if len(scenarios) <= MOST else None
        order = chain.fix_first(scenarios, per="point", spread=law, **asked)
    best = plan.drivers[0] if order is None else str(order["scenario"].iloc[0])
    measure = chain.what_if(scenarios[plan.driver or best], **asked)
    return Found(
        plan=plan,
        n_given=len(answers),
        structure=structure,
        curve=curve,
        measure=measure,
        needed=chain.required_change(measure.scenario, **asked),
        sources=measure.variance_shares(**{**drawn, "n_resamples": max(plan.n_resamples, 100)}),
        order=order,
        groups=measure.segments("group") if len(measure.scenario.groups) > 1 else None,
        types=measure.segments("type", scale=plan.scale),
    )


def _people(plan: ChainPlan, answers: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the customers with all answers, and the column of their satisfaction."""
    items = [item for c in plan.structure.constructs for item in c.items]
    low, high = plan.scale
    scale = Scale(lowest=low, highest=high, dont_know=plan.dont_know, step=None)
    book = Codebook(
        title="the survey", scales={"all": scale}, items=[Item(name=n, scale="all") for n in items]
    )
    if wrong := [p.sentence for p in book.check(answers) if p.severity == "error"]:
        more = len(wrong) - 1
        raise DataError(wrong[0] + (f"; and {more} more items are like that" if more else ""))
    people = book.clean(answers, keep=list(dict.fromkeys(plan.columns)))
    missing = people.isna()
    if missing.to_numpy().any() and plan.missing == "raise":
        count = missing.sum()
        names = [f"{name!r} ({n} times)" for name, n in count[count > 0].items()]
        raise DataError(
            f'answers are missing in {enumerate_names(names)}; with missing="drop" these '
            "customers are left out"
        )
    people = people[~missing.any(axis=1)].reset_index(drop=True)
    if not len(people):
        raise DataError("no customer is left: each lacks an answer")
    seen = people[plan.loyalty]
    if not (stayed := seen.isin([0, 1])).all():
        raise DataError(
            f"{plan.loyalty!r} says who stayed and must hold 1 or 0, but has "
            f"{shown(seen[~stayed].iloc[0])}; recode it, or name another column as loyalty"
        )
    answer = plan.target
    while answer in people:
        answer += "_"
    people[answer] = people[list(plan.items(plan.target))].mean(axis=1)
    return people, answer


def _reliability(plan: ChainPlan, structure: structural.results.StructuralResult) -> float | None:
    """Return the reliability of the mean of the target's items: alpha, unless it is given."""
    if plan.reliability is not None or len(plan.items(plan.target)) == 1:
        return plan.reliability
    table = structure.reliability.query("quantity == 'alpha'").set_index("construct")["estimate"]
    alpha = float(table[plan.target])
    if not np.isfinite(alpha) or not 0 < alpha <= 1:
        raise DataError(
            f"the items of {plan.target!r} have an alpha of {alpha:.3g}, so that they measure "
            "nothing together; look at them, or give reliability in the plan"
        )
    return alpha
