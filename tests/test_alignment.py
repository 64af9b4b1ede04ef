"""Nothing by position: what carries labels is read by them, in every parameter, or refused.

A table of small working calls, one for each parameter that takes values by label. Each is called
with the labels in other orders, as a mapping and as a Series, with labels twice, too many and too
few; matrices with their rows and columns in other orders. Numbers are all different, so what is
read by its place is other numbers; a test holds the table itself to that.
"""

import inspect
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fuzz.calls import ROOMS, callables_of, hints_of
from fuzz.verdicts import differs, plain
from loyaltymodel import (
    attributes,
    chain,
    customer_base,
    datasets,
    delivered_value,
    economics,
    evidence,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    planning,
    plots,
    satisfaction_loyalty,
    structural,
    survey,
)
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES
from loyaltymodel.results import EstimateTable
from loyaltymodel.structural import Moments

REFUSED = "refused"


@dataclass(frozen=True)
class Labelled:
    """A call that takes values by label; ``call`` gets the labelled value."""

    of: str  # room.function.parameter; several have a word after a space
    call: Callable[[Any], Any]
    given: dict[Any, Any]
    moves: bool = True  # whether values under other labels are other numbers


SCREENED = pd.DataFrame({"a": [1, 4, 4, 5], "b": [2, 4, 4, 7], "c": [0, 3, 4, 9]})


def outcome(call: Callable[[Any], Any], value: Any) -> Any:
    """Return the answer of a call, or that it refuses the value by name."""
    try:
        return call(value)
    except LoyaltyModelError:
        return REFUSED


def is_refused(answer: Any) -> bool:
    """Tell whether an answer is a refusal."""
    return isinstance(answer, str) and answer == REFUSED


def like(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same numbers and words, or both a refusal."""
    if is_refused(one) or is_refused(other):
        return is_refused(one) and is_refused(other)
    return not differs(listed(plain(one)), listed(plain(other)), words=True)


def listed(answer: Any) -> Any:
    """Put lists of names in order, which are in that of the labels; rows are told apart anyway."""
    if isinstance(answer, dict):
        return {key: listed(value) for key, value in answer.items()}
    if isinstance(answer, list) and answer and all(isinstance(v, str) for v in answer):
        return sorted(answer)
    return [listed(value) for value in answer] if isinstance(answer, list) else answer


def orders(labels: Any) -> list[list[Any]]:
    """Return up to four other orders of labels: reversed, turned round, two mixed ones."""
    labels = list(labels)
    mixed = np.random.default_rng(7)
    found = [labels[::-1], labels[1:] + labels[:1]]
    found += [[labels[k] for k in mixed.permutation(len(labels))] for _ in range(2)]
    return [order for k, order in enumerate(found) if order != labels and order not in found[:k]]


def series(given: dict[Any, Any]) -> pd.Series:
    """Return a mapping as a Series; keys that are pairs stay single labels."""
    index = pd.Index(list(given), dtype=object, tupleize_cols=False)
    values = list(given.values())
    if any(isinstance(value, (list, tuple, dict)) for value in values):
        return pd.Series([*values, None], dtype=object).iloc[:-1].set_axis(index)
    return pd.Series(values, index=index)


# What the calls are about

CHANCE = np.random.default_rng(11)
PEOPLE = pd.DataFrame(
    {
        "a": CHANCE.integers(1, 6, 60),
        "b": CHANCE.integers(1, 6, 60),
        "c": CHANCE.integers(1, 6, 60),
        "d": CHANCE.integers(1, 6, 60),
        "w": CHANCE.uniform(0.5, 2, 60),
        "kind": CHANCE.choice(["x", "y", "z"], 60),
    }
)
PEOPLE["y"] = (PEOPLE["a"] + PEOPLE["b"] + CHANCE.integers(0, 3, 60) > 7).astype(int)
OFFERS = pd.DataFrame(
    {"product": [7, 6, 9], "service": [4, 8, 5], "monetary": [4, 2, 3], "time": [5, 1, 2]},
    index=["A", "B", "C"],
)
PARTS = {"values": ["product", "service"], "costs": ["monetary", "time"]}
UNITS = {"product": "points", "service": "money", "monetary": "money", "time": "points"}
LIMITS = {"product": (1, 10), "service": (0, 19), "monetary": (1, 8), "time": (0, 6)}
WEIGHTS = {"product": 3, "service": 1, "monetary": 2, "time": 5}
ACCOUNT = delivered_value.value_account(OFFERS, unit="points", **PARTS)
RATINGS = pd.DataFrame(
    {"social": [3, 2], "emotional": [4, 5], "functional": [5, 1], "sacrifice": [2, 3]}
)
BRANCH = expectation_gap.ServiceInstrument(
    dimensions=[
        {"name": "speed", "items": [{"name": "wait"}]},
        {"name": "staff", "items": [{"name": "polite"}, {"name": "neat"}]},
    ]
)
SERVICE = pd.DataFrame(
    {
        "E_wait": [7, 6, 5],
        "P_wait": [5, 5, 5],
        "E_polite": [5, 6, 4],
        "P_polite": [6, 7, 5],
        "E_neat": [4, 5, 6],
        "P_neat": [2, 3, 7],
    }
)
RELIABLE = pd.DataFrame({f"E_{k}": [6, 7, 5, 6] for k in BRANCH.items}).assign(
    **{f"P_{k}": [1, 7, 4, 2 + (k == "neat")] for k in BRANCH.items}
)
PHASES = ("cognitive", "affective", "conative", "action")
SCORES = pd.DataFrame(CHANCE.integers(0, 101, (25, 4)).astype(float), columns=list(PHASES))
STAGES = ["new", "regular", "loyal"]
MOVES = pd.DataFrame(
    [[0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [0.25, 0.05, 0.7]], index=STAGES, columns=STAGES
)
_LEFT = np.random.default_rng(1).geometric(np.random.default_rng(2).beta(1, 2, 300))
RETAINED = economics.fit_retention(
    np.minimum(_LEFT, 4),
    _LEFT <= 4,
    drivers={"age": np.arange(300) % 2, "score": np.arange(300) % 5},
    interval="wald",
)
RETAINED_BY_THREE = economics.fit_retention(
    np.minimum(_LEFT, 4),
    _LEFT <= 4,
    drivers={"age": np.arange(300) % 2, "score": np.arange(300) % 5, "price": np.arange(300) % 7},
    interval="wald",
)
CHAIN = loyalty_stage.markov_chain(MOVES.to_numpy(), stages=STAGES)
LATER = CHAIN.what_if(source="new", target="loyal", probability=0.5)
PANEL = CHAIN.simulate(40, n_periods=4, rng=3)
BRANDS = ["A", "B", "C"]
BRAND_CHAIN = loyalty_stage.markov_chain(MOVES.to_numpy(), stages=BRANDS)
MODEL = structural.StructuralModel.from_text("p =~ p1 + p2; q =~ q1 + q2; r =~ r1; r ~ p + q")
ITEMS = ["p1", "p2", "q1", "q2", "r1"]
PATHS = {("p", "r"): 0.5, ("q", "r"): 0.4}
LOADINGS = {"p1": 0.9, "p2": 0.8, "q1": 0.85, "q2": 0.75, "r1": 1.0}
PILOT = structural.Moments(n_obs=80, items=["s1", "s2"], means=[5, 5], covariance=[[4, 2], [2, 9]])
PAIR = structural.StructuralModel.from_text("a =~ s1; b =~ s2; b ~ a")
ANSWERS = structural.simulate(
    MODEL,
    structural.Truth(paths=PATHS, loadings=LOADINGS),
    n_obs=160,
    rng=1,
    answers="scale",
    scale=(-3, 3),
)
ITEM_LIMITS = {item: (-4 - k, 5 + k) for k, item in enumerate(ITEMS)}
COMPANIES = pd.DataFrame({"estimate": [75.0, 80.0, 64.0], "std_error": [1.5, 1, 2]}, index=BRANDS)
GROUPED = jones_sasser.simulate(150, constraints={"telephone": 0.5, "cars": 0.0}, rng=1)
CURVE = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
BRANCHES = pd.DataFrame(
    {
        "value": [2, 2, 4, 4, 6, 6, 3, 5],
        "happy": [0, 2, 1, 3, 2, 4, 1, 2],
        "stay": [0, 4, 2, 6, 4, 8, 3, 3],
    }
)
LINKS = {
    "external_service_value": "value",
    "customer_satisfaction": "happy",
    "customer_loyalty": "stay",
}
INSTRUMENT = loyalty_stage.PhaseInstrument(
    phases=[
        {
            "name": "affective",
            "indicators": [
                {"name": "liking", "scale": (1, 5)},
                {"name": "warmth", "scale": (1, 5)},
            ],
        },
        {"name": "action", "indicators": [{"name": "orders", "scale": (0, 8)}]},
    ]
)
TERMS = chain.CustomerEconomics(margin=100, per="year", discount=0.3, timing="now", horizon=4)
GROUPED_CURVE = jones_sasser.fit(
    "satisfaction", "stayed", data=GROUPED, constraint_by="industry", std_errors="model"
)


def scenario(**given: Any) -> chain.Scenario:
    """A scenario of a curve with groups, without draws."""
    usual = {"change": 5, "impact": 0.8, "economics": TERMS, "observed_per": "year"}
    return chain.scenario("q", "s", **usual, n_resamples=0, **given)


def money_of(plan: chain.Scenario) -> Any:
    """All quantities of a scenario."""
    return chain.what_if(plan).quantities


CURVED = scenario(curve=GROUPED_CURVE)
BY_DRIVER = {
    name: chain.scenario(
        name, "s", change=5, impact=impact, retention=0.6, retention_slope=0.01, economics=TERMS,
        observed_per="year",
    ).model_copy(update={"driver_level": 70.0 - 50 * impact})
    for name, impact in {"quality": 0.6, "value": 0.4, "image": 0.2}.items()
}  # fmt: skip
BY_POINT = chain.fix_first(BY_DRIVER, per="point")
SMALL = {"n_resamples": 40, "level": 0.9, "rng": 1}
PAIRS = {
    "seat": ([1, 1, 2, 3, 1, 2], [5, 4, 5, 3, 3, 3]),
    "price": ([1, 2, 3, 3, 4, 3], [5, 5, 5, 5, 3, 4]),
    "menu": ([3, 3, 1, 2, 3, 5], [3, 2, 3, 4, 3, 1]),
}
SHARES = {
    "seat": ([[1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0]], [[0, 0, 0, 0, 1], [0, 0, 0, 0.4, 0.6]]),
    "price": ([[0, 0, 1, 0, 0], [0.2, 0.3, 0.5, 0, 0]], [[0, 0, 0, 0, 1], [0, 0, 0, 0.3, 0.7]]),
}
RATED = {"seat": [5, 3, 4], "price": [3, 3, 2], "menu": [1, 5, 2]}
GIVEN = {"seat": 3, "price": 1, "menu": 2}
RATED_LIMITS = {"seat": (1, 5), "price": (1, 6), "menu": (0, 7)}


def rounded(terms: EstimateTable) -> dict[str, float]:
    """Estimates by term, to the digits in which searches that start elsewhere agree."""
    return dict(zip(terms.labels["term"], terms.estimate.round(5), strict=True))


def axes() -> Any:
    """Axes that nothing keeps open."""
    return Figure().subplots()


def outlines(ax: Any) -> Any:
    """Places of what axes show, from left to right."""
    marks = [np.asarray(line.get_xydata()) for line in ax.lines]
    marks += [path.vertices for shape in ax.collections for path in shape.get_paths()]
    marks += [shape.get_offsets() for shape in ax.collections]
    return [mark[np.lexsort(mark.T)].tolist() for mark in map(np.asarray, marks)]


def moments_of(given: Any) -> Any:
    """Means by item, of three items."""
    return Moments(
        n_obs=9, items=["p1", "p2", "q1"], means=given, covariance=np.diag([1.0, 2, 3])
    ).to_dict()


def truth(**given: Any) -> Any:
    """The population of a truth, as numbers."""
    kind = "composite" if "weights" in given else "factor"
    made = structural.Truth(**{"paths": PATHS, "loadings": LOADINGS} | given)
    return structural.population(MODEL, made, kind=kind).moments(100).to_dict()


def quadrant(function: Any, first: str, second: str, **options: Any) -> Any:
    """People in the plane of two variables; the result and the table."""
    options = {"scale": {first: (1, 5), second: (0, 6)}, "rng": 1} | options
    return function(PEOPLE["a"], PEOPLE["b"], **options)


MATRICES = {
    "jones_sasser": (jones_sasser.segments, "satisfaction", "loyalty"),
    "satisfied_loyal": (
        lambda a, b, **o: jones_sasser.segments(
            a, b, matrix="satisfied_loyal", constraint=PEOPLE["y"] / 2, **o
        ),
        "satisfaction",
        "loyalty",
    ),
    **{
        name: (partial(loyalty_stage.loyalty_types, matrix=name), *scheme.variables)
        for name, scheme in SCHEMES.items()
    },
}


def quadrants(name: str) -> list[Labelled]:
    """The labelled parameters of one matrix of people."""
    function, first, second = MATRICES[name]
    verb = "loyalty_stage.loyalty_types" if name in SCHEMES else "jones_sasser.segments"

    def case(parameter: str, given: Any, **options: Any) -> Labelled:
        return Labelled(
            f"{verb}.{parameter} {name}",
            lambda v: quadrant(function, first, second, **options | {parameter: v}),
            {first: given[0], second: given[1]},
        )

    found = [
        case("cuts", (4, 2)),
        case("scale", ((1, 5), (0, 8))),
        case("reliability", (0.9, 0.6)),
    ]
    if name in SCHEMES:
        found.append(case("moves", ([-1, 1], [-2, 2])))
    return found


def phases(parameter: str, given: list[Any], **options: Any) -> Labelled:
    """A call of oliver with a value for each phase."""
    return Labelled(
        f"loyalty_stage.oliver.{parameter}",
        lambda v: loyalty_stage.oliver(SCORES, **options | {parameter: v}),
        dict(zip(PHASES, given, strict=True)),
    )


def simulated(parameter: str, given: list[float]) -> Labelled:
    """A call of simulate_phases with a value for each phase."""
    return Labelled(
        f"loyalty_stage.simulate_phases.{parameter}",
        lambda v: loyalty_stage.simulate_phases(50, rng=1, **{parameter: v})[0],
        dict(zip(PHASES, given, strict=True)),
    )


def account(function: Any, parameter: str, given: dict[str, Any], **options: Any) -> Labelled:
    """A call of a function of delivered value with a value for each component."""
    return Labelled(
        f"delivered_value.{function.__name__}.{parameter}",
        lambda v: function(OFFERS, **{"unit": "points"} | PARTS | options | {parameter: v}),
        given,
        # What is summed does not tell its parts; nor do two shifts that are alike.
        moves=parameter not in ("values", "costs") or function is delivered_value.value_account,
    )


ACCOUNTS = (
    delivered_value.delivered_value,
    delivered_value.value_account,
)

COMPLAINERS = economics.ComplaintBehaviour(
    complain_share=0.3, handled_share=0.4, at_once_share=0.2, lost_share=0.8,
    lost_base="silent", return_handled=0.6, return_at_once=0.9,
)  # fmt: skip

LEAVERS = economics.cox_regression(
    {"satisfaction": np.arange(40) % 7, "ties": np.arange(40) % 3, "price": np.arange(40) % 5},
    1 + np.arange(40) * 7 % 11,
    np.arange(40) % 4 != 1,
)

CASES = [
    # attributes
    *(
        Labelled(f"attributes.{f.__name__}.pairs", lambda v, f=f: f(v), PAIRS)
        for f in (
            attributes.derived_dissatisfaction,
            attributes.kano,
            attributes.kano_continuous,
        )
    ),
    Labelled(
        "attributes.kano_segments.pairs",
        lambda v: (
            attributes.kano_segments(
                v, [0, 0, 0, 1, 1, 1], test="permutation", n_resamples=40, rng=1
            ).better_worse
        ),
        PAIRS,
    ),
    Labelled("attributes.kano_fuzzy.pairs", attributes.kano_fuzzy, SHARES),
    Labelled(
        "attributes.kano_fuzzy.cuts",
        lambda v: attributes.kano_fuzzy(SHARES, cuts=v),
        {"seat": 0.3, "price": 0.6},
    ),
    Labelled(
        "attributes.kano.importance",
        lambda v: attributes.kano(PAIRS, importance=v, scale=(0, 7)),
        {
            "seat": [5, 3, 4, 5, 4, 5],
            "price": [3, 3, 2, 1, 2, 3],
            "menu": [1, 5, 2, 6, 7, 5],
        },
    ),
    Labelled(
        "attributes.kano.scale",
        lambda v: attributes.kano(
            PAIRS, importance={name: [2, 3, 4, 5, 4, 5] for name in PAIRS}, scale=v
        ),
        RATED_LIMITS,
        moves=False,
    ),
    Labelled(
        "attributes.kano.counts",
        lambda v: attributes.kano(counts=v),
        {
            "seat": dict(zip("MOAIRQ", [9, 5, 3, 2, 1, 0], strict=True)),
            "price": dict(zip("MOAIRQ", [1, 2, 8, 5, 0, 3], strict=True)),
        },
    ),
    Labelled(
        "attributes.kano.counts of one",
        lambda v: attributes.kano(counts={"seat": v}),
        dict(zip("MOAIRQ", [9, 5, 3, 2, 1, 0], strict=True)),
    ),
    *(
        Labelled(
            f"attributes.{f.__name__}.{parameter}",
            lambda v, f=f, p=parameter: f(
                **{"performance": RATED, "importance": GIVEN, "scale": RATED_LIMITS} | {p: v}
            ),
            given,
        )
        for f in (attributes.importance_index,)
        for parameter, given in (
            ("performance", RATED),
            ("importance", GIVEN),
            ("scale", RATED_LIMITS),
        )
    ),
    Labelled(
        "attributes.importance_performance.performance",
        lambda v: attributes.importance_performance(v, importance=GIVEN, scale=(1, 5)),
        RATED,
    ),
    Labelled(
        "attributes.importance_performance.importance",
        lambda v: attributes.importance_performance(RATED, importance=v, scale=(1, 5)),
        GIVEN,
    ),
    Labelled(
        "attributes.importance_performance.scale",
        lambda v: attributes.importance_performance(RATED, importance=GIVEN, scale=v),
        {"performance": (1, 6), "importance": (0, 5)},
    ),
    Labelled(
        "attributes.importance_performance.cuts",
        lambda v: attributes.importance_performance(RATED, importance=GIVEN, scale=(1, 5), cuts=v),
        {"performance": 2.8, "importance": 1.2},
    ),
    Labelled(
        "attributes.key_drivers.drivers",
        lambda v: attributes.key_drivers(v, PEOPLE["d"]),
        {name: PEOPLE[name] for name in "abc"},
    ),
    Labelled(
        "attributes.penalty_reward.attributes",
        lambda v: attributes.penalty_reward(v, PEOPLE["d"], cuts=(2, 4)),
        {name: PEOPLE[name] for name in "abc"},
    ),
    Labelled(
        "attributes.penalty_reward.cuts",
        lambda v: attributes.penalty_reward(["a", "b", "c"], "d", cuts=v, data=PEOPLE),
        {"a": (2, 4), "b": (1, 5), "c": (2, 5)},
    ),
    Labelled(
        "attributes.problem_analysis.problems",
        attributes.problem_analysis,
        {"late": 9, "rude": 4, "dear": 1},
    ),
    Labelled(
        "attributes.satisfaction_benefits.outcomes",
        lambda v: attributes.satisfaction_benefits([5, 5, 4, 2, 5, 1], v, cuts=5),
        {"suggestions": [3, 5, 1, 3, 4, 2], "cost_to_serve": [8, 12, 18, 22, 9, 20]},
    ),
    # delivered_value
    *(account(f, "unit", UNITS, money_per_point=2) for f in ACCOUNTS),
    *(account(f, "weights", WEIGHTS) for f in ACCOUNTS),
    *(account(f, "scale", LIMITS) for f in ACCOUNTS),
    *(
        account(f, part, dict(zip(own, PARTS[part][::-1], strict=True)))
        for f in ACCOUNTS
        for part, own in (("values", ["good", "help"]), ("costs", ["pays", "waits"]))
        if part in inspect.signature(f).parameters
    ),
    *(
        Labelled(
            f"delivered_value.{f.__name__}.offer",
            lambda v, f=f, keep=keep: f(v, unit="points", **keep),
            {name: OFFERS.loc["A", name] for part in keep for name in keep[part]},
            moves=all(keep.values()),
        )
        for f, keep in (
            (delivered_value.delivered_value, PARTS),
            (delivered_value.delivered_value, PARTS | {"costs": ()}),
            (delivered_value.delivered_value, PARTS | {"values": ()}),
        )
    ),
    Labelled(
        "delivered_value.value_account.offers",
        lambda v: delivered_value.value_account(v, unit="points", **PARTS),
        {name: OFFERS[name].tolist() for name in OFFERS},
    ),
    Labelled(
        "delivered_value.results.ValueAccount.cheapest_change.unit_costs",
        lambda v: ACCOUNT.cheapest_change("A", unit_costs=v),
        {"product": 2, "service": 3, "monetary": 4, "time": 1.5},
    ),
    Labelled(
        "delivered_value.results.ValueAccount.cheapest_change.limits",
        lambda v: ACCOUNT.cheapest_change("A", unit_costs=WEIGHTS, limits=v),
        {"product": 9, "service": 3, "monetary": 0.5, "time": 0.25},
    ),
    *(
        Labelled(
            f"delivered_value.perceived_value.{parameter}",
            lambda v, p=parameter: delivered_value.perceived_value(
                **{"ratings": RATINGS, "scale": (1, 5)} | {p: v}
            ),
            dict(zip(RATINGS, given, strict=True)),
        )
        for parameter, given in (
            ("ratings", [3, 4, 5, 2]),
            ("weights", [3, 1, 2, 5]),
            ("columns", ["emotional", "functional", "sacrifice", "social"]),
            ("scale", [(1, 5), (0, 6), (1, 7), (0, 8)]),
        )
    ),
    Labelled(
        "delivered_value.perception_shift.covariates",
        lambda v: rounded(delivered_value.perception_shift(v, PEOPLE["d"]).effects),
        {name: PEOPLE[name] for name in "abc"},
    ),
    Labelled(
        "delivered_value.perception_shift.categories",
        lambda v: (
            delivered_value.perception_shift(["kind", "y"], "d", data=PEOPLE, categories=v).effects
        ),
        {"kind": "z", "y": 1},
    ),
    Labelled(
        "delivered_value.results.PerceptionShift.customer_shifts.covariates",
        delivered_value.perception_shift(["a", "b"], "d", data=PEOPLE).customer_shifts,
        {"a": [1, 5, 2], "b": [4, 3, 1]},
    ),
    # expectation_gap
    Labelled(
        "expectation_gap.brand_effect.branded",
        lambda v: expectation_gap.brand_effect(v, {"A": 0.5, "B": 0.3, "none": 0.2}),
        {"A": 0.2, "B": 0.7, "none": 0.1},
    ),
    Labelled(
        "expectation_gap.brand_effect.blind",
        lambda v: expectation_gap.brand_effect({"A": 0.5, "B": 0.3, "none": 0.2}, v),
        {"A": 0.2, "B": 0.7, "none": 0.1},
    ),
    Labelled(
        "expectation_gap.servqual.points",
        lambda v: expectation_gap.servqual(BRANCH, RELIABLE, scale=(1, 7), points=v),
        {"speed": 75, "staff": 25},
    ),
    *(
        Labelled(
            f"expectation_gap.quality_profile.{parameter}",
            lambda v, p=parameter: expectation_gap.quality_profile(
                "supplier",
                **{
                    "scores": {"on_time_rate": 0.9, "quality": 4, "price": 2},
                    "scale": {"on_time_rate": (0, 1), "quality": (1, 5), "price": (1, 6)},
                }
                | {p: v},
            ),
            dict(zip(("on_time_rate", "quality", "price"), given, strict=True)),
        )
        for parameter, given in (
            ("scores", [0.9, 4, 2]),
            ("scale", [(0, 1), (1, 5), (0, 6)]),
            ("weights", [2, 1, 4]),
        )
    ),
    # jones_sasser
    *(case for name in ("jones_sasser", "satisfied_loyal") for case in quadrants(name)),
    Labelled(
        "satisfaction_loyalty.association.cuts",
        lambda v: satisfaction_loyalty.association(PEOPLE["a"], PEOPLE["b"], cuts=v),
        {"satisfaction": 4, "loyalty": 2},
    ),
    Labelled(
        "satisfaction_loyalty.necessary_condition.cuts",
        lambda v: satisfaction_loyalty.necessary_condition(
            PEOPLE["a"], PEOPLE["b"], cuts=v, n_resamples=40, rng=1
        ),
        {"satisfaction": 4},
        moves=False,
    ),
    Labelled(
        "satisfaction_loyalty.necessary_condition.scale",
        lambda v: satisfaction_loyalty.necessary_condition(
            PEOPLE["a"], PEOPLE["b"], scale=v, n_resamples=40, rng=1
        ),
        {"satisfaction": (1, 6), "loyalty": (0, 5)},
    ),
    Labelled(
        "jones_sasser.textbook_segments.cuts",
        lambda v: jones_sasser.textbook_segments(
            CURVE, [0.1, 0.3, 0.5, 0.7, 0.9], constraint=[0.1, 0.5, 0.2, 0.7, 0.4], cuts=v
        ),
        {"saboteur": 0.2, "constraint": 0.45},
    ),
    *(
        Labelled(
            f"jones_sasser.{f.__name__}.strengths",
            f,
            {"legal": [0.5, 0.1], "technical": [0.2, 0.3], "habit": [0.7, 0.4]},
            moves=False,
        )
        for f in (jones_sasser.combined_constraint,)
    ),
    Labelled(
        "jones_sasser.curve.parameters",
        lambda v: jones_sasser.curve("logistic", v).loyalty([0.2, 0.6]),
        {"hi": 0.9, "lo": 0.1, "a": 5, "s0": 0.6},
    ),
    Labelled(
        "jones_sasser.fit.fixed",
        lambda v: jones_sasser.fit("satisfaction", "stayed", data=GROUPED, fixed=v),
        {"hi": 0.95, "k": 2.5},
    ),
    Labelled(
        "jones_sasser.remove_constraint.scale",
        lambda v: jones_sasser.remove_constraint(CURVE, [1, 3], constraint=[0.4, 0.2], scale=v)[1],
        {"satisfaction": (1, 5), "loyalty": (0, 1)},
    ),
    Labelled(
        "jones_sasser.fit.scale",
        lambda v: jones_sasser.fit(
            "satisfaction", "satisfaction", data=GROUPED, outcome="score", scale=v
        ),
        {"satisfaction": (0, 1.5), "loyalty": (0, 1)},
    ),
    *(
        Labelled(
            f"jones_sasser.fit_cusp.{parameter}",
            lambda v, p=parameter: (
                jones_sasser.fit_cusp(
                    loyalty=np.cbrt(PEOPLE["d"] - 3.0),
                    **{"normal": {"a": PEOPLE["a"]}, "splitting": {"c": PEOPLE["c"]}} | {p: v},
                ).explained
            ),
            {"a": PEOPLE["a"] / 5, "b": PEOPLE["b"] / 5},
            moves=False,
        )
        for parameter in ("normal", "splitting")
    ),
    Labelled(
        "evidence.results.PublishedTable.expected_retained.counts",
        evidence.published_table("retention").expected_retained,
        {4: 100, 3: 50, 5: 7, 1: 3},
    ),
    *(
        Labelled(
            f"chain.{f.__name__}.columns",
            lambda v, f=f, o=options: f(columns=v, data=BRANCHES, **o),
            LINKS,
        )
        for f, options in (
            (chain.service_profit_chain, {}),
            (chain.service_profit_paths, {"rng": 1, "n_resamples": 60, "level": 0.9}),
        )
    ),
    Labelled(
        "chain.scenario.constraint_after",
        lambda v: money_of(scenario(curve=GROUPED_CURVE, constraint_lasts=1, constraint_after=v)),
        {"telephone": 0.3, "cars": 0.1},
    ),
    Labelled(
        "chain.scenario.drivers",
        lambda v: money_of(
            scenario(retention=RETAINED_BY_THREE, satisfaction=[1, 3], scale=(0, 4), drivers=v)
        ),
        {"age": 1.0, "price": 3.0},
    ),
    Labelled(
        "chain.results.WhatIf.sensitivity.ranges",
        lambda v: chain.what_if(CURVED).sensitivity(ranges=v),
        {"margin": (90.0, 130.0), "change": (3.0, 6.0), "discount": (0.2, 0.5)},
    ),
    Labelled(
        "chain.results.WhatIf.segments.cuts",
        lambda v: chain.what_if(CURVED).segments("type", cuts={"extremes": None, **v}),
        {"satisfaction": 0.7, "loyalty": 0.4},
    ),
    Labelled(
        "plots.chain.money_performance_map.cuts",
        lambda v: outlines(plots.chain.money_performance_map(BY_POINT, cuts=v, ax=axes())),
        {"performance": 50.0, "money": 70.0},
    ),
    Labelled(
        "planning.Quantity.index.weights",
        lambda v: {"sd": planning.Quantity.index(PILOT, scale=(1, 10), weights=v).sd},
        {"s1": 3.0, "s2": 1.0},
    ),
    Labelled(
        "planning.Quantity.index.scale",
        lambda v: {"sd": planning.Quantity.index(PILOT, scale=v, weights={"s1": 3, "s2": 1}).sd},
        {"s1": (1.0, 10.0), "s2": (1.0, 7.0)},
    ),
    Labelled(
        "planning.simulate_power.scale",
        lambda v: dict(
            planning.simulate_power(
                PAIR,
                structural.Truth(paths={("a", "b"): 0.5}, loadings={"s1": 1, "s2": 1}, means=4),
                index="b",
                margin=3,
                n_obs=100,
                n_surveys=100,
                scale=v,
                rng=1,
            )
            .powers[["n_obs", "power"]]
            .to_numpy()
            .tolist()
        ),
        {"s1": (1.0, 10.0), "s2": (1.0, 7.0)},
    ),
    Labelled(
        "planning.curve_precision.constraints",
        lambda v: dict(
            planning.curve_precision(
                jones_sasser.curve("power", {"hi": 0.9, "k": 2}), n_obs=100, constraints=v
            )
            .parameters[["parameter", "truth"]]
            .to_numpy()
            .tolist()
        ),
        {"telephone": 0.5, "cars": 0.1, "banks": 0.2},
    ),
    Labelled(
        "jones_sasser.simulate.constraints",
        lambda v: dict(
            jones_sasser.simulate(60, constraints=v, rng=1)[["industry", "constraint"]]
            .to_numpy()
            .tolist()
        ),
        {"telephone": 0.5, "cars": 0.0, "banks": 0.2},
    ),
    *(
        Labelled(
            f"satisfaction_loyalty.slope_moderation.{parameter}",
            lambda v, p=parameter: satisfaction_loyalty.slope_moderation(
                PEOPLE["a"],
                PEOPLE["d"],
                outcome="score",
                **{"moderators": {"b": PEOPLE["b"], "c": PEOPLE["c"]}} | {p: v},
            ),
            given,
        )
        for parameter, given in (
            ("moderators", {"b": PEOPLE["b"], "c": PEOPLE["c"]}),
            ("conditions", {"b": "openness", "c": "switching cost"}),
            ("at", {"b": [1, 3], "c": [2, 5]}),
        )
    ),
    # loyalty_stage
    *(case for name in SCHEMES for case in quadrants(name)),
    phases("cuts", [30, 40, 60, 70]),
    phases("scale", [(0, 100), (0, 120), (-50, 100), (0, 200)]),
    phases("composite_weights", [1, 2, 3, 5]),
    phases("reliability", [0.9, 0.8, 0.7, 0.6]),
    Labelled(
        "loyalty_stage.oliver.scores",
        loyalty_stage.oliver,
        {name: SCORES[name].tolist() for name in SCORES},
    ),
    simulated("means", [30, 40, 60, 70]),
    simulated("sds", [5, 10, 15, 20]),
    simulated("reliability", [0.9, 0.8, 0.7, 0.6]),
    *(
        Labelled(
            f"loyalty_stage.simulate_types.{parameter}",
            lambda v, p=parameter: loyalty_stage.simulate_types(50, rng=1, **{p: v}),
            given,
        )
        for parameter, given in (
            ("cuts", {"attitude": 4, "patronage": 7}),
            ("reliability", {"attitude": 0.9, "patronage": 0.6}),
        )
    ),
    Labelled(
        "loyalty_stage.agreement.match",
        lambda v: loyalty_stage.agreement(
            ["L", "L", "N", "S", "S", "N"], ["loyal", "not", "not", "so", "loyal", "so"], match=v
        ),
        {"loyal": "L", "not": "N", "so": "S"},
    ),
    Labelled(
        "loyalty_stage.life_cycle_stage.cuts",
        lambda v: loyalty_stage.life_cycle_stage([1, 4, 9, 5], [1, 2, 9, 9], cuts=v, steady=0.5),
        {"strength": 8},
        moves=False,
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.discounted_value.rewards",
        lambda v: CHAIN.discounted_value(v, discount=0.1),
        {"new": 1.0, "regular": 20.0, "loyal": 300.0},
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.customer_equity.customers",
        lambda v: CHAIN.customer_equity(v, [1.0, 20.0, 300.0], discount=0.1),
        {"new": 1.0, "regular": 20.0, "loyal": 300.0},
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.customer_equity.rewards",
        lambda v: CHAIN.customer_equity([3.0, 4.0, 5.0], v, discount=0.1),
        {"new": 1.0, "regular": 20.0, "loyal": 300.0},
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.sensitivity.rewards",
        lambda v: CHAIN.sensitivity(quantity="discounted_value", rewards=v, discount=0.1),
        {"new": 1.0, "regular": 20.0, "loyal": 300.0},
    ),
    *(
        Labelled(
            f"economics.results.RetentionModel.{name}.drivers", call, {"age": 1.0, "score": 4.0}
        )
        for name, call in (
            ("survival", lambda v: RETAINED.survival([1, 2], drivers=v)),
            ("retention", lambda v: RETAINED.retention([1, 2], drivers=v)),
            ("projection", lambda v: RETAINED.projection(2, drivers=v)),
            ("churn", lambda v: RETAINED.churn(drivers=v)),
            ("expected_tenure", lambda v: RETAINED.expected_tenure(horizon=5, drivers=v)),
            (
                "residual_value",
                lambda v: RETAINED.residual_value(1, discount=0.1, timing="now", drivers=v),
            ),
            ("draws", lambda v: RETAINED.draws(3, periods=2, rng=1, drivers=v)),
        )
    ),
    Labelled(
        "plots.economics.retention_projection.drivers",
        lambda v: [
            line.get_ydata()
            for line in plots.economics.retention_projection(RETAINED, drivers=v).lines
        ],
        {"age": 1.0, "score": 4.0},
    ),
    Labelled(
        "economics.lifetime_value.draws",
        lambda v: economics.lifetime_value(
            9, retention=0.5, discount=0.1, acquisition_cost=2, timing="now", per="year", draws=v
        ),
        {"margin": (8.0, 10.0), "retention": (0.4, 0.6), "acquisition_cost": (1.0, 4.0)},
    ),
    Labelled(
        "economics.complaint_flow.draws",
        lambda v: economics.complaint_flow(COMPLAINERS, 100, value=9, draws=v),
        {"complain_share": (0.2, 0.4), "lost_share": (0.8, 0.9), "value": (8.0, 10.0)},
    ),
    Labelled(
        "economics.recovery_spend.draws",
        lambda v: economics.recovery_spend(
            economics.ResponseCurve(ceiling=0.9, steepness=0.1), 100, draws=v
        ),
        {"value": (80.0, 120.0), "ceiling": (0.8, 0.9), "floor": (0.1, 0.2)},
    ),
    Labelled(
        "economics.results.CoxRegression.survival.drivers",
        lambda v: LEAVERS.survival(v, at=[2, 5]),
        {"satisfaction": 5.0, "ties": 1.0, "price": 3.0},
    ),
    Labelled(
        "economics.referral_value.draws",
        lambda v: economics.referral_value(
            50, leads=3, conversion=0.2, refer_share=0.5, discount=0.1, draws=v
        ),
        {"value": (40.0, 60.0), "leads": (2.0, 4.0), "conversion": (0.1, 0.3)},
    ),
    *(
        Labelled(f"loyalty_stage.{name}.start", call, {"new": 0.7, "regular": 0.1, "loyal": 0.2})
        for name, call in (
            ("results.MarkovChain.distribution", lambda v: CHAIN.distribution(v, periods=2)),
            ("results.MarkovChain.start_shares", CHAIN.start_shares),
            (
                "results.MarkovChain.compare",
                lambda v: CHAIN.compare(LATER, quantity="distribution", start=v, periods=2),
            ),
            (
                "results.MarkovChain.simulate",
                lambda v: CHAIN.simulate(50, n_periods=2, start=v, rng=1),
            ),
        )
    ),
    Labelled(
        "plots.loyalty_stage.state_path.start",
        lambda v: outlines(plots.loyalty_stage.state_path(CHAIN, v, ax=axes())),
        {"new": 0.7, "regular": 0.1, "loyal": 0.2},
    ),
    Labelled(
        "plots.loyalty_stage.transition_heat_map.names",
        lambda v: sorted(
            text.get_text()
            for text in plots.loyalty_stage.transition_heat_map(
                CHAIN, names=v, ax=axes()
            ).get_xticklabels()
        ),
        {"new": "fresh", "regular": "steady", "loyal": "true"},
        moves=False,
    ),
    Labelled(
        "economics.LoyaltyProgramme.model_copy.update",
        lambda v: economics.LoyaltyProgramme(
            points_per_unit=1, point_value=0.01, redemption_share=0.8, tiers=[{"name": "basic"}]
        ).model_copy(update=v),
        {"points_per_unit": 2, "point_value": 0.05},
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.simulate_purchases.start",
        lambda v: BRAND_CHAIN.simulate_purchases(50, rate=3, start=v, rng=1),
        {"A": 0.7, "B": 0.1, "C": 0.2},
    ),
    Labelled(
        "loyalty_stage.results.MarkovChain.simulate_purchases.prices",
        lambda v: BRAND_CHAIN.simulate_purchases(50, rate=3, prices=v, rng=1),
        {"A": 3.0, "B": 10.0, "C": 50.0},
    ),
    Labelled(
        "loyalty_stage.PhaseInstrument.with_columns.columns",
        lambda v: INSTRUMENT.with_columns(v).to_json(),
        {"liking": "q1", "warmth": "q2", "orders": "q3"},
    ),
    Labelled(
        "loyalty_stage.reproducibility.items",
        lambda v: loyalty_stage.reproducibility(v, order="popularity"),
        {name: (PEOPLE[name] > 2).astype(int) for name in "abcd"},
        moves=False,
    ),
    Labelled(
        "loyalty_stage.sequential_logit.covariates",
        lambda v: loyalty_stage.sequential_logit(v, PEOPLE["kind"], stages=["x", "y", "z"]),
        {name: PEOPLE[name] for name in "abc"},
    ),
    Labelled(
        "loyalty_stage.results.SequentialLogitResult.predict.covariates",
        loyalty_stage.sequential_logit(
            ["a", "b"], "kind", data=PEOPLE, stages=["x", "y", "z"]
        ).predict,
        {"a": [1, 5, 2], "b": [4, 3, 1]},
    ),
    # results
    *(
        Labelled(
            f"results.EstimateTable.{name}labels",
            lambda v, make=make: make(v).frame(),
            {"source": ("p", "q"), "target": ("r", "s")},
        )
        for name, make in (
            ("", lambda v: EstimateTable(labels=v, estimate=[1.0, 2.0])),
            ("wald.", lambda v: EstimateTable.wald(v, [1.0, 2.0], [0.1, 0.2])),
            ("student.", lambda v: EstimateTable.student(v, [1.0, 2.0], [0.1, 0.2], df=9)),
            ("wilson.", lambda v: EstimateTable.wilson(v, [0.1, 0.2], [20.0, 30])),
            (
                "resampled.",
                lambda v: EstimateTable.resampled(
                    v, [1.0, 2.0], np.random.default_rng(1).normal(size=(50, 2))
                ),
            ),
        )
    ),
    # structural
    Labelled("structural.Moments.means", moments_of, {"p1": 1.0, "p2": 2.0, "q1": 3.0}),
    Labelled(
        "structural.Moments.from_frame.scale",
        lambda v: Moments.from_frame(ANSWERS, scale=v).to_dict(),
        ITEM_LIMITS,
        moves=False,
    ),
    Labelled(
        "structural.Moments.from_chunks.scale",
        lambda v: Moments.from_chunks([ANSWERS], scale=v).to_dict(),
        ITEM_LIMITS,
        moves=False,
    ),
    *(
        Labelled(f"structural.Truth.{p}", lambda v, p=p: truth(**{p: v}), given)
        for p, given in (
            ("paths", PATHS),
            ("loadings", LOADINGS),
            ("weights", dict(zip(ITEMS, [1, 2, 3, 4, 5], strict=True))),
            ("means", dict(zip(ITEMS, [1, 2, 3, 4, 5], strict=True))),
            ("deviations", dict(zip(ITEMS, [1, 2, 3, 4, 5], strict=True))),
        )
    ),
    Labelled(
        "structural.Truth.correlations",
        lambda v: truth(correlations=v),
        {("p", "q"): 0.3},
        moves=False,
    ),
    Labelled(
        "structural.fit.scale",
        lambda v: structural.fit(MODEL, ANSWERS, scale=v).index,
        ITEM_LIMITS,
    ),
    Labelled(
        "structural.fit.sign",
        lambda v: structural.fit(MODEL, ANSWERS, sign=v),
        {"p": "p1", "q": "q2", "r": "r1"},
        moves=False,
    ),
    Labelled(
        "structural.simulate.scale",
        lambda v: structural.simulate(
            MODEL,
            structural.Truth(paths=PATHS, loadings=LOADINGS),
            50,
            1,
            answers="scale",
            scale=v,
        ),
        {"p1": (-1, 3), "p2": (0, 2), "q1": (-2, 1), "q2": (-5, 5), "r1": (-1, 1)},
    ),
    *(
        Labelled(
            f"structural.satisfaction_index.{parameter}",
            lambda v, p=parameter: structural.satisfaction_index(
                **{
                    "means": {"s1": 8, "s2": 7, "s3": 6},
                    "weights": {"s1": 3, "s2": 2, "s3": 7},
                    "scale": {"s1": (1, 10), "s2": (0, 10), "s3": (1, 9)},
                }
                | {p: v}
            ),
            dict(zip(("s1", "s2", "s3"), given, strict=True)),
        )
        for parameter, given in (
            ("means", [8, 7, 6]),
            ("weights", [3, 2, 7]),
            ("scale", [(1, 10), (0, 10), (1, 9)]),
        )
    ),
    *(
        Labelled(
            f"structural.compare_units.{parameter}",
            lambda v, p=parameter: structural.compare_units(
                COMPANIES, **{"benchmark": 70.0} | {p: v}
            ),
            dict(zip(BRANDS, given, strict=True)),
        )
        for parameter, given in (
            ("benchmark", [70.0, 82.0, 60.0]),
            ("benchmark_std_error", [1.0, 2.0, 0.5]),
        )
    ),
    *(
        Labelled(
            f"structural.{make.__name__}.items",
            lambda v, make=make: make(v).to_json(),
            datasets.mobile_phone_items(),
        )
        for make in (structural.acsi, structural.ecsi, structural.scsb)
    ),
    # survey
    Labelled(
        "survey.Codebook.scales",
        lambda v: survey.Codebook(
            title="a",
            scales=v,
            items=[{"name": "q", "scale": "five"}, {"name": "r", "scale": "ten"}],
        ).scales["five"],
        {
            "five": survey.Scale(lowest=1, highest=5),
            "ten": survey.Scale(lowest=1, highest=10),
        },
    ),
    Labelled(
        "survey.Questionnaire.scales",
        lambda v: survey.Questionnaire(
            title="a",
            scales=v,
            items=[{"name": "q", "scale": "five"}, {"name": "r", "scale": "ten"}],
        ).scales["five"],
        {
            "five": survey.Scale(lowest=1, highest=5),
            "ten": survey.Scale(lowest=1, highest=10),
        },
    ),
    Labelled(
        "survey.Scale.labels",
        lambda v: survey.Scale(lowest=1, highest=3, labels=v).labels,
        {1: "bad", 2: "so so", 3: "good"},
    ),
    Labelled(
        "survey.screen.scale",
        lambda v: survey.screen(SCREENED, scale=v, items=["a", "b", "c"], rng=1).customers,
        {"a": (1, 5), "b": (1, 7), "c": (0, 10)},
    ),
    Labelled(
        "survey.screen.blocks",
        # The order of blocks is that of the questionnaire unless items= says it.
        lambda v: (
            survey.screen(SCREENED, scale=(0, 10), items=["a", "b", "c"], blocks=v, rng=1).customers
        ),
        {"one": ["a"], "two": ["b", "c"]},
        moves=False,
    ),
    Labelled(
        "survey.screen.cuts",
        lambda v: survey.screen(
            SCREENED, scale=(0, 10), items=["a", "b", "c"], cuts=v, rng=1
        ).result.reasons.drop(columns="expected"),
        {"long_string": 2, "missing": 0.3, "same_share": 0.6},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.of)
def test_labels_in_any_order_are_the_same_numbers_or_refused(case):
    usual = case.call(case.given)
    for order in orders(case.given):
        turned = {label: case.given[label] for label in order}
        assert like(case.call(turned), usual)
        answer = outcome(case.call, series(turned))
        assert is_refused(answer) or like(answer, usual)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.of)
def test_a_label_that_stands_twice_is_refused(case):
    for label, value in case.given.items():
        for given in (case.given, {**case.given, label: value}):
            plain = series(given)
            twice = pd.concat([plain, plain[[k == label for k in plain.index]]])
            assert is_refused(outcome(case.call, twice)), label


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.of)
def test_labels_too_few_or_too_many_are_refused_or_as_in_a_mapping(case):
    labels = list(case.given)
    few = [{k: case.given[k] for k in labels if k != label} for label in (labels[0], labels[-1])]
    last = case.given[labels[-1]]
    one = "unknown" if isinstance(labels[0], str) else ("un", "known")
    many = [{one: last, **case.given}, {**case.given, one: last}]
    renamed = [{(one if k == labels[0] else k): v for k, v in case.given.items()}]
    for given in (*few, *many, *renamed):
        if not given:
            continue
        due, found = outcome(case.call, given), outcome(case.call, series(given))
        assert is_refused(found) or like(found, due), list(given)


@pytest.mark.parametrize("case", [case for case in CASES if case.moves], ids=lambda case: case.of)
def test_values_under_other_labels_are_other_numbers(case):
    """What is read by its place would be seen: this holds the table, not the library."""
    values = list(case.given.values())
    moved = dict(zip(case.given, values[1:] + values[:1], strict=True))
    assert not like(outcome(case.call, moved), case.call(case.given))


# Matrices with a row and a column for each label

CORRELATIONS = pd.DataFrame(
    [[1, 0.1, 0.2, 0.3], [0.1, 1, 0.4, 0.5], [0.2, 0.4, 1, 0.6], [0.3, 0.5, 0.6, 1]],
    index=PHASES,
    columns=PHASES,
)
COVARIANCE = pd.DataFrame(
    [[1, 0.1, 0.2], [0.1, 2, 0.3], [0.2, 0.3, 3]], index=list("abc"), columns=list("abc")
)


def moved(**given: Any) -> Any:
    """Movement between stages, with what is said of each transition."""
    return loyalty_stage.estimate_movement(
        "customer", "date", "stage", data=PANEL, stages=STAGES, rng=1, n_resamples=0, **given
    ).posterior_mean


MATRIX_CASES = {
    "structural.Moments.covariance": (
        lambda v: Moments(n_obs=9, items=list("abc"), means=[1, 2, 3], covariance=v).to_dict(),
        COVARIANCE,
    ),
    "loyalty_stage.markov_chain.matrix": (
        lambda v: loyalty_stage.markov_chain(v, stages=STAGES).matrix,
        MOVES,
    ),
    "loyalty_stage.simulate_phases.correlation": (
        lambda v: loyalty_stage.simulate_phases(50, correlation=v, rng=1)[0],
        CORRELATIONS,
    ),
    "loyalty_stage.estimate_movement.prior": (
        lambda v: moved(prior=v),
        MOVES * 9,
    ),
    "loyalty_stage.estimate_movement.possible": (
        lambda v: moved(possible=v),
        pd.DataFrame(
            PANEL.assign(next=PANEL.groupby("customer")["stage"].shift(-1))
            .pipe(lambda t: pd.crosstab(t["stage"], t["next"]))
            .reindex(index=STAGES, columns=STAGES)
            > 0
        ),
    ),
}


@pytest.mark.parametrize("name", MATRIX_CASES)
def test_rows_and_columns_of_matrices_are_put_in_order_each_by_its_labels(name):
    call, matrix = MATRIX_CASES[name]
    usual = call(matrix.to_numpy())
    assert like(call(matrix), usual)
    labels = list(matrix.index)
    for rows, columns in itertools.product([labels, *orders(labels)], repeat=2):
        assert like(call(matrix.loc[rows, columns]), usual)


@pytest.mark.parametrize("name", MATRIX_CASES)
def test_matrices_with_other_labels_are_refused(name):
    call, matrix = MATRIX_CASES[name]
    labels = list(matrix.index)
    twice, unknown = [labels[0], *labels[:-1]], [*labels[:-1], "unknown"]
    for wrong in (
        matrix.loc[twice, labels],
        matrix.loc[labels, twice],
        matrix.loc[twice, twice],
        matrix.loc[[*labels, labels[0]], labels],
        matrix.iloc[:-1],
        matrix.iloc[:, :-1],
        matrix.iloc[:-1, :-1],
        matrix.set_axis(unknown),
        matrix.set_axis(unknown, axis=1),
        matrix.reset_index(drop=True),
    ):
        assert is_refused(outcome(call, wrong))


@pytest.mark.parametrize("name", MATRIX_CASES)
def test_a_matrix_read_by_place_would_be_seen(name):
    call, matrix = MATRIX_CASES[name]
    turned = matrix.to_numpy()[::-1, ::-1]
    if not np.array_equal(turned, matrix.to_numpy()):
        assert not like(outcome(call, turned), call(matrix.to_numpy()))


# Tables of data, whose columns and rows have names

NAMED = PEOPLE.set_axis([f"p{k}" for k in range(len(PEOPLE))])
CUSTOMERS = GROUPED.set_axis([f"p{k}" for k in range(len(GROUPED))])
BOUGHT = BRAND_CHAIN.simulate_purchases(30, rate=5, rng=2)

FRAMES = {
    "attributes.kano": (
        lambda t: attributes.kano({"one": ("a", "b"), "other": ("c", "d")}, data=t),
        NAMED,
    ),
    "attributes.key_drivers": (
        lambda t: attributes.key_drivers(["a", "b", "c"], "d", data=t, weights="w"),
        NAMED,
    ),
    "attributes.penalty_reward": (
        lambda t: attributes.penalty_reward(["a", "b"], "d", cuts=(2, 4), data=t),
        NAMED,
    ),
    "attributes.importance_index table": (
        lambda t: attributes.importance_index(
            t[["a", "b"]], t[["c", "d"]].rename(columns={"c": "a", "d": "b"}), scale=(1, 5)
        ),
        NAMED,
    ),
    "delivered_value.delivered_value": (
        lambda t: delivered_value.delivered_value(t, unit="points", **PARTS),
        OFFERS,
    ),
    "delivered_value.value_account": (
        lambda t: delivered_value.value_account(t, unit="points", **PARTS),
        OFFERS,
    ),
    "delivered_value.perceived_value": (delivered_value.perceived_value, RATINGS),
    "expectation_gap.servqual": (
        lambda t: expectation_gap.servqual(BRANCH, t, scale=(1, 7)),
        RELIABLE,
    ),
    "jones_sasser.segments": (
        lambda t: jones_sasser.segments("a", "b", data=t, scale=(1, 5), weights="w"),
        NAMED,
    ),
    "jones_sasser.fit": (
        lambda t: jones_sasser.fit("satisfaction", "stayed", data=t, constraint_by="industry"),
        CUSTOMERS,
    ),
    "chain.service_profit_chain": (
        lambda t: chain.service_profit_chain(data=t),
        BRANCHES.rename(columns={v: k for k, v in LINKS.items()}),
    ),
    "loyalty_stage.oliver": (loyalty_stage.oliver, SCORES),
    "loyalty_stage.oliver mapping": (lambda t: loyalty_stage.oliver(dict(t)), SCORES),
    "loyalty_stage.PhaseInstrument.scores": (
        INSTRUMENT.scores,
        NAMED.set_axis(["liking", "warmth", "orders", "x", "y", "z", "u"], axis=1),
    ),
    "loyalty_stage.PhaseInstrument.reliability": (
        INSTRUMENT.reliability,
        NAMED.set_axis(["liking", "warmth", "orders", "x", "y", "z", "u"], axis=1),
    ),
    "customer_base.purchase_behaviour": (
        lambda t: customer_base.purchase_behaviour(
            data=t, window=("2024-01-01", "2025-01-01"), amount=None
        ),
        BOUGHT,
    ),
    "loyalty_stage.scalability": (
        lambda t: loyalty_stage.scalability(["a", "b", "c"], data=t),
        NAMED.assign(b=NAMED["a"], c=NAMED["a"] + NAMED["y"]),
    ),
    "structural.fit": (lambda t: structural.fit(MODEL, t, scale=(-3, 3)), ANSWERS),
    "structural.Moments.from_frame": (
        lambda t: Moments.from_frame(t, items=ITEMS).to_dict(),
        ANSWERS,
    ),
    "structural.results.StructuralResult.scores": (
        structural.fit(MODEL, ANSWERS, scale=(-3, 3)).scores,
        ANSWERS,
    ),
    "structural.compare_units": (
        lambda t: structural.compare_units(t, benchmark=70),
        COMPANIES,
    ),
    "structural.compare_units rows": (
        lambda t: structural.compare_units(
            t, benchmark=dict(zip(BRANDS, [70, 82, 60], strict=True))
        ),
        COMPANIES,
    ),
    "structural.compare_units group": (
        lambda t: structural.compare_units(t, weights="revenue"),
        COMPANIES.assign(revenue=[1.0, 3, 2]),
    ),
    "structural.aggregate": (
        lambda t: structural.aggregate(t, weights="revenue", std_error="std_error"),
        COMPANIES.assign(revenue=[1.0, 3, 2]),
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_columns_in_any_order_are_the_same_numbers(name):
    call, table = FRAMES[name]
    usual = call(table)
    for order in orders(table.columns):
        assert like(call(table[order]), usual)


# Variables whose rows have labels: one function, and the variables that it takes

NAMED["date"] = np.random.default_rng(3).permutation(len(NAMED))
NAMED["brand"] = [BRANDS[k % 3] for k in range(len(NAMED))]
NAMED["who"] = [k // 3 for k in range(len(NAMED))]
LONG = {"k": "kind", "n": "date", "o": "brand", "p": "who"}
VARIABLES: dict[str, tuple[Callable[..., Any], list[pd.Series]]] = {
    name: (function, [NAMED[k] for k in columns])
    for name, function, columns in (
        ("attributes.kano", lambda x, y: attributes.kano({"one": (x, y)}), "ab"),
        ("attributes.kano_category", attributes.kano_category, "ab"),
        (
            "attributes.derived_dissatisfaction",
            lambda x, y, w: attributes.derived_dissatisfaction({"one": (x, y)}, weights=w),
            "abw",
        ),
        (
            "attributes.direct_report",
            lambda x, w: attributes.direct_report(x, scale=(1, 5), weights=w),
            "aw",
        ),
        (
            "attributes.net_promoter",
            lambda x, w: attributes.net_promoter(x + 5, weights=w),
            "aw",
        ),
        (
            "attributes.importance_index",
            lambda x, y: attributes.importance_index({"a": x}, {"a": y}, scale=(1, 5)),
            "ab",
        ),
        (
            "attributes.key_drivers",
            lambda x, y, z, w: attributes.key_drivers({"x": x, "y": y}, z, weights=w),
            "abcw",
        ),
        (
            "attributes.penalty_reward",
            lambda x, y, w: attributes.penalty_reward({"x": x}, y, cuts=(2, 4), weights=w),
            "abw",
        ),
        (
            "attributes.satisfaction_benefits",
            lambda x, y: attributes.satisfaction_benefits(x, {"suggestions": y}, cuts=4),
            "ab",
        ),
        (
            "delivered_value.delivered_value",
            lambda x, y: delivered_value.delivered_value(
                {"product": x, "monetary": y},
                unit="points",
                values=["product"],
                costs=["monetary"],
            ),
            "ab",
        ),
        (
            "delivered_value.perception_shift",
            lambda x, y: rounded(delivered_value.perception_shift({"x": x}, y).effects),
            "ab",
        ),
        ("expectation_gap.disconfirmation", expectation_gap.disconfirmation, "ab"),
        (
            "expectation_gap.equity",
            lambda x, y, z, u: expectation_gap.equity(x, y, referent_outcomes=z, referent_inputs=u),
            "abcd",
        ),
        (
            "expectation_gap.satisfaction_drivers",
            lambda x, y, z: expectation_gap.satisfaction_drivers(
                ["expected", "perceived"], x, expected=y, perceived=z
            ),
            "abc",
        ),
        ("satisfaction_loyalty.association", satisfaction_loyalty.association, "ab"),
        (
            "jones_sasser.segments",
            lambda x, y, w: jones_sasser.segments(x, y, scale=(1, 5), weights=w),
            "abw",
        ),
        (
            "satisfaction_loyalty.partial_determination",
            lambda x, y, z: satisfaction_loyalty.partial_determination(x, y, z, **SMALL),
            "abc",
        ),
        (
            "satisfaction_loyalty.slope_moderation",
            lambda x, y, z: satisfaction_loyalty.slope_moderation(
                x, y, moderators={"z": z}, outcome="score"
            ),
            "abc",
        ),
        ("loyalty_stage.agreement", loyalty_stage.agreement, "ab"),
        (
            "loyalty_stage.loyalty_types",
            lambda x, y, w: loyalty_stage.loyalty_types(
                x, y / 5, matrix="dick_basu", scale=(1, 5), weights=w
            ),
            "abw",
        ),
        (
            "loyalty_stage.oliver",
            lambda x, y, w: loyalty_stage.oliver(
                {"a": x, "b": y}, phases=["a", "b"], scale=(1, 5), weights=w
            ),
            "abw",
        ),
        (
            "loyalty_stage.life_cycle_stage",
            lambda x, y: loyalty_stage.life_cycle_stage(x, y, cuts=4, steady=0.5),
            "ab",
        ),
        (
            "loyalty_stage.formation_stage",
            lambda x, y, z: loyalty_stage.formation_stage(
                x, performance=y, expectation=z, least_repeats=3
            ),
            "abc",
        ),
        (
            "customer_base.purchase_reference",
            lambda x, y, z: customer_base.purchase_reference(x * 9, y * 9, purchases=z + 1),
            "abc",
        ),
        (
            "loyalty_stage.guttman_errors",
            lambda x, y, z: loyalty_stage.guttman_errors({"x": x, "y": y, "z": z}, scale=(1, 5)),
            "abc",
        ),
        (
            "loyalty_stage.scalability",
            lambda x, y: loyalty_stage.scalability({"x": x, "y": x + y}),
            "ay",
        ),
        (
            "economics.problem_pareto",
            lambda x, y: economics.problem_pareto(x, severity=y),
            "kb",
        ),
        (
            "economics.exit_reasons",
            lambda x, y: economics.exit_reasons(x, value=y),
            "kb",
        ),
        (
            "expectation_gap.cumulative_satisfaction",
            lambda x, y, z: expectation_gap.cumulative_satisfaction(
                x, y, rule="recency", decay=0.5, date=z
            ),
            "akn",
        ),
        (
            "expectation_gap.provider_gaps",
            lambda x, y, z, u, v: expectation_gap.provider_gaps(
                expected=x, understood=y, designed=z, delivered=u, perceived=v
            ),
            "abcdw",
        ),
        (
            "expectation_gap.zone_of_tolerance",
            lambda x, y: expectation_gap.zone_of_tolerance(x, y + 5, adequate=y),
            "ab",
        ),
        (
            "expectation_gap.quality_profile",
            lambda x, y, z: expectation_gap.quality_profile(
                "supplier",
                {"on_time_rate": x / 5, "quality": y, "price": z},
                scale={"on_time_rate": (0, 1), "quality": (1, 5), "price": (1, 5)},
            ),
            "abc",
        ),
        (
            "delivered_value.relative_value",
            lambda x, y, z: delivered_value.relative_value(x, y, customer=z),
            "aop",
        ),
        (
            "delivered_value.heterogeneity",
            delivered_value.heterogeneity,
            "ak",
        ),
        (
            "delivered_value.value_loyalty",
            lambda x, y, z: delivered_value.value_loyalty(x, y, rivals={"z": z}),
            "ayb",
        ),
        (
            "jones_sasser.early_warning",
            lambda x, y, z: jones_sasser.early_warning(
                CURVE, x, constraint=y / 2, value=z, scale=(1, 5)
            ),
            "ayb",
        ),
        (
            "jones_sasser.textbook_segments",
            lambda x, y, w: jones_sasser.textbook_segments(
                CURVE, x, constraint=y / 2, scale=(1, 5), weights=w
            ),
            "ayw",
        ),
        (
            "jones_sasser.segments",
            lambda x, y, z, w: jones_sasser.segments(
                x, y, matrix="satisfied_loyal", constraint=z / 2, scale=(1, 5), weights=w
            ),
            "abyw",
        ),
        (
            "satisfaction_loyalty.necessary_condition",
            lambda x, y: (
                satisfaction_loyalty.necessary_condition(x, y, n_resamples=20, rng=1).effect_size
            ),
            "aw",
        ),
        (
            "economics.word_of_mouth",
            lambda x, y: economics.word_of_mouth(x, mentions=y),
            "ab",
        ),
        (
            "jones_sasser.combined_constraint",
            lambda x, y: jones_sasser.combined_constraint({"x": x / 6, "y": y / 6}),
            "ab",
        ),
        (
            "jones_sasser.fit",
            lambda x, y, z, w: (
                jones_sasser.fit(x + z - 1, y, constraint=z / 9, scale=(0, 9), weights=w).parameters
            ),
            "aybw",
        ),
        (
            "economics.programme_effect",
            lambda x, y, z, w: economics.programme_effect(
                x, y, before=z, estimator="difference_in_differences", weights=w
            ),
            "yabw",
        ),
        (
            "loyalty_stage.sequential_logit",
            lambda x, y: loyalty_stage.sequential_logit({"x": x}, y, stages=["x", "y", "z"]),
            "ak",
        ),
    )
    for columns in [[LONG.get(c, c) for c in columns]]
}


@pytest.mark.parametrize("name", VARIABLES)
def test_rows_in_another_order_are_put_in_order_or_refused(name):
    function, variables = VARIABLES[name]
    usual = function(*variables)
    other = np.random.default_rng(5).permutation(len(NAMED))
    seen = False
    for k, variable in enumerate(variables):
        given = [*variables]
        for turned in (variable.iloc[::-1], variable.iloc[other]):
            given[k] = turned
            answer = outcome(lambda v: function(*v), given)
            assert is_refused(answer) or like(answer, usual)
        given[k] = pd.Series(variable.to_numpy()[other], variable.index)
        seen = seen or not like(outcome(lambda v: function(*v), given), usual)
    assert seen  # what is read by its place is other numbers


@pytest.mark.parametrize("name", VARIABLES)
def test_rows_that_stand_twice_or_have_other_names_are_never_matched_by_place(name):
    function, variables = VARIABLES[name]
    twice = ["p0", *variables[0].index[:-1]]
    for index in (twice, [f"q{k}" for k in range(len(NAMED))]):
        given = [variables[0], *(v.set_axis(index) for v in variables[1:])]
        assert is_refused(outcome(lambda v: function(*v), given))


# Moments of a market and other objects that carry names

MARKET = {
    "segments": ("satisfaction", "loyalty", jones_sasser.segments),
    "satisfied_loyal": (
        "satisfaction",
        "loyalty",
        lambda x, y, **o: jones_sasser.segments(
            x, y, matrix="satisfied_loyal", constraint=0 * x, **o
        ),
    ),
    "dick_basu": (
        "attitude",
        "patronage",
        lambda x, y, **o: loyalty_stage.loyalty_types(x, y / 6, matrix="dick_basu", **o),
    ),
    "relative_attitude": (
        "attitude",
        "differentiation",
        partial(loyalty_stage.loyalty_types, matrix="relative_attitude"),
    ),
    "knox": (
        "portfolio",
        "involvement",
        partial(loyalty_stage.loyalty_types, matrix="knox", interval="wilson"),
    ),
    "ultimate_loyalty": (
        "fortitude",
        "support",
        partial(loyalty_stage.loyalty_types, matrix="ultimate_loyalty"),
    ),
    "oliver": (
        "one",
        "other",
        lambda x, y, **o: loyalty_stage.oliver(
            {"one": x, "other": y}, phases=["one", "other"], **o
        ),
    ),
}


@pytest.mark.parametrize("name", MARKET)
def test_moments_of_variables_in_another_order_are_the_same(name):
    first, second, function = MARKET[name]
    items, means = [first, second], pd.Series({first: 3.1, second: 2.7})
    covariance = pd.DataFrame([[2.0, 0.4], [0.4, 1.0]], items, items)

    def sorted_by(order: list[str], names: list[str]) -> Any:
        market = Moments(
            n_obs=90,
            items=names,
            means=means[order].to_numpy(),
            covariance=covariance.loc[order, order].to_numpy(),
        )
        return function(
            NAMED["a"].astype(float),
            NAMED["b"].astype(float),
            scale=(1, 5) if name != "knox" else {second: (1, 5)},
            reliability={first: 0.8, second: 0.6},
            moments=market,
        )

    usual = sorted_by(items, items)
    assert like(sorted_by(items[::-1], items[::-1]), usual)
    assert not like(outcome(lambda order: sorted_by(order, items), items[::-1]), usual)
    assert is_refused(outcome(lambda names: sorted_by(items, names), [first, "unknown"]))


FITTED = structural.fit(MODEL, ANSWERS, scale=(-3, 3))
CORRECTED = structural.fit(MODEL, ANSWERS, consistent=True)
RESULTS = {
    "moments": lambda t: structural.fit(MODEL, Moments.from_frame(t), scale=(-3, 3)),
    "bootstrap": lambda t: structural.bootstrap(FITTED, t, n_resamples=40, level=0.9, rng=1),
    "jackknife": lambda t: structural.jackknife(FITTED, t, level=0.9),
    "exact_fit_test": lambda t: structural.exact_fit_test(CORRECTED, t, n_resamples=40, rng=1),
    "fit_measures": lambda t: structural.fit(MODEL, t, scale=(-3, 3)).fit_measures(),
    "cross_loadings": lambda t: structural.fit(MODEL, t, scale=(-3, 3)).cross_loadings,
}


@pytest.mark.parametrize("name", RESULTS)
def test_columns_in_any_order_give_the_same_inference(name):
    call = RESULTS[name]
    usual = call(ANSWERS)
    for order in orders(ANSWERS.columns)[:2]:
        assert like(call(ANSWERS[order]), usual)


def test_later_answers_are_read_by_name_too():
    phases = SCORES.loc[:, list(PHASES)]
    result, _ = loyalty_stage.oliver(phases)
    usual = result.passed(phases)
    for order in orders(PHASES):
        assert like(result.passed(phases[order]), usual)
        assert like(result.passed(dict(phases[order])), usual)
    loyalty = np.cbrt(PEOPLE["d"] - 3.0)
    normal = {"a": PEOPLE["a"] / 5, "b": PEOPLE["b"] / 5}
    found = jones_sasser.fit_cusp(normal, {"c": PEOPLE["c"] / 5}, loyalty)
    later = {"splitting": {"c": [0.2, 0.6]}}
    usual = found.predict(normal={"a": [0.2, 0.4], "b": [1.0, 0.8]}, **later)
    assert like(found.predict(normal={"b": [1.0, 0.8], "a": [0.2, 0.4]}, **later), usual)
    frame = pd.DataFrame({"b": [1.0, 0.8], "a": [0.2, 0.4]})
    assert like(found.predict(normal=frame, **later), usual)
    assert is_refused(outcome(lambda v: found.predict(normal=v, **later), {"a": [0.2, 0.4]}))


def test_a_map_of_types_finds_customers_by_their_labels():
    attitude, share = 2 * NAMED["w"], NAMED["w"].iloc[::-1].set_axis(NAMED.index) / 2
    result, customers = loyalty_stage.loyalty_types(
        attitude, share, matrix="dick_basu", scale=(1, 5)
    )

    def points(table: pd.DataFrame) -> Any:
        return outlines(
            plots.loyalty_stage.type_map(
                result, attitude, share, customers=table, show="customers", ax=axes()
            )
        )

    assert like(points(customers.iloc[::-1]), points(customers))
    assert is_refused(outcome(points, customers.iloc[[0, *range(len(customers) - 1)]]))


def test_tables_are_drawn_by_the_names_of_their_columns():
    hangs_on = chain.what_if(CURVED).sensitivity(ranges={"margin": (90, 130), "change": (3, 6)})
    for draw, table in (
        (plots.chain.driver_ranking, BY_POINT),
        (plots.chain.money_performance_map, BY_POINT),
        (plots.chain.tornado, hangs_on),
    ):
        usual = outlines(draw(table, ax=axes()))
        assert like(outlines(draw(table[table.columns[::-1]], ax=axes())), usual)


# That nothing is left out

# One method reads what all have; the table has a case of it.
ONE_DOOR = {
    "names": "every picture reads names= by plots._names.shown_names",
    "update": "every specification is copied by Specification.model_copy",
    "draws": "every calculation reads draws= by _core.draws.stack_of",
}
# Items and components have whatever names the mapping gives them. A function of one's own gets a
# mapping, and gives none; what a scale calls its answers stands in
# their order, whatever the index of the Series.
# Results beside each other in a picture are named, and matched with nothing. Texts by language, and
# codes with their texts, are a whole that is kept as it came.
# Tables that a function of the library made are drawn by the names of their columns, and the table
# of a file is what was read.
NOT_BY_LABEL = {
    "plots.chain.driver_ranking.table",
    "plots.chain.money_performance_map.table",
    "plots.chain.tornado.result",
    "survey.results.SurveyFile.data",
    "chain.compare_scenarios.scenarios",
    "chain.fix_first.scenarios",
    "economics.benefits_account.items",
    "economics.profit_by_tenure.components",
    "plots.economics.cumulative_value.result",
    "plots.economics.reach_by_generation.result",
    "jones_sasser.results.LoyaltyCurveResult.interval_of.quantity",
    "survey.Scale.of_labels.labels",
    "survey.Codebook.title",
    "survey.Item.dont_know",
    "survey.Item.text",
    "survey.Questionnaire.constructs",
    "survey.Questionnaire.introduction",
    "survey.Questionnaire.title",
    "survey.Scale.dont_know",
    "survey.instrument.entity",
    "survey.instrument.features",
}


def test_every_parameter_that_is_given_by_label_stands_in_the_table():
    known = {case.of.split()[0] for case in CASES}
    known |= {*MATRIX_CASES, "plots.loyalty_stage.type_map.customers"}
    found = set()
    for room in ROOMS:
        for name, holder, attribute in callables_of(room):
            function = holder if attribute in (None, "__init__") else getattr(holder, attribute)
            parameters = inspect.signature(function).parameters
            for parameter, hint in hints_of(function, parameters).items():
                by_label = re.search(r"\b(Mapping|Series|DataFrame)\b", hint)
                if by_label and parameter in parameters and parameter not in ONE_DOOR:
                    found.add(f"{room}.{name}.{parameter}")
    assert found - known == NOT_BY_LABEL
    assert {of.rpartition(".")[2] for of in known} >= set(ONE_DOOR)
