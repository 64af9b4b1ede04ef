"""Weights are relative: their unit and their type are nothing, and 0 is to be left out.

One table of small working calls, one for each public function that takes weights.
"""

import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fuzz.calls import ROOMS, callables_of
from fuzz.verdicts import differs, plain
from loyaltymodel import (
    attributes,
    chain,
    delivered_value,
    economics,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    planning,
    structural,
)
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.structural import Moments

CHANCE = np.random.default_rng(17)
N = 60
SCORES = CHANCE.integers(1, 6, (N, 4))
PEOPLE = pd.DataFrame(SCORES, columns=list("abcd"), index=[f"p{k}" for k in range(N)])
PEOPLE["y"] = (PEOPLE["a"] + CHANCE.integers(0, 3, N) > 4).astype(int)
PEOPLE["share"] = PEOPLE["b"] / 5
PEOPLE["bond"] = PEOPLE["c"] / 7
PEOPLE["kind"] = CHANCE.choice(["x", "y", "z"], N)
PEOPLE["other"] = np.where(CHANCE.random(N) < 0.5, PEOPLE["kind"], "x")
WHOLE = CHANCE.integers(1, 9, N)  # weights, and with some of them 0
SOME = np.where(np.arange(N) // 4 % 5 == 0, 0, WHOLE)
PEOPLE["who"], PEOPLE["date"] = np.arange(N) // 4, np.arange(N) % 4
PEOPLE[["happy", "stayed"]] = jones_sasser.simulate(N, rng=4)[["satisfaction", "stayed"]].to_numpy()
CURVE = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
STAGES = ["x", "y", "z"]
MODEL = structural.StructuralModel.from_text("p =~ a + b; q =~ c + d; q ~ p")
PILOT = Moments(n_obs=80, items=["s1", "s2"], means=[7, 7], covariance=[[4, 2], [2, 9]])
SMALL = {"n_resamples": 40, "rng": 1, "level": 0.9}

# What counts people, who are there even without a weight.
COUNTED = {"n_obs", "n_units", "n_panel", "n_at_risk", "n_passed"}


@dataclass(frozen=True)
class Weighted:
    """A call with people's weights."""

    name: str
    call: Callable[[pd.DataFrame, Any], Any]
    zero: bool = True  # whether somebody may have no weight
    sums: tuple[str, ...] = ()  # what is handed back in the unit of the weights


def people(name: str, function: Callable[..., Any], **more: Any) -> Weighted:
    """A call of a function with the table of people."""
    return Weighted(name, lambda t, w: function(t, weights=w), **more)


def column(name: str, function: Callable[[pd.DataFrame], Any], **more: Any) -> Weighted:
    """A call of a function whose weights are a column, "w", of its table."""
    return Weighted(name, lambda t, w: function(t.assign(w=w)), **more)


def matrix(name: str, first: str, second: str, **options: Any) -> Weighted:
    """A call of a matrix of people."""
    room, _, function = name.split(maxsplit=1)[0].partition(".")
    module = {"jones_sasser": jones_sasser, "loyalty_stage": loyalty_stage}[room]
    return people(
        name,
        lambda t, weights: getattr(module, function)(
            first, second, data=t, weights=weights, **options
        ),
    )


def moments(found: Moments) -> Any:
    """Means and covariance."""
    return [found.means, found.covariance]


# Cut-offs of the sample are drawn again by default, by chance.
KNOWN_CUTS = {"interval": "wilson"}

MONEY = chain.CustomerEconomics(margin=100, per="year", discount=0.1, timing="now", horizon=None)


def money_of(table: pd.DataFrame, weights: Any) -> Any:
    """What a change brings to customers of unequal weights."""
    plan = chain.scenario(
        "quality",
        "satisfaction",
        change=5,
        impact=1,
        curve=CURVE,
        satisfaction="happy",
        constraint="bond",
        weights=weights,
        data=table,
        economics=MONEY,
        observed_per="year",
        cost=1,
    )
    return chain.what_if(plan).quantities


CALLS = [
    people("chain.scenario", money_of),
    people(
        "attributes.derived_dissatisfaction",
        lambda t, weights: attributes.derived_dissatisfaction(
            {"one": ("a", "b"), "other": ("c", "d")}, data=t, weights=weights
        ),
    ),
    people(
        "attributes.direct_report",
        lambda t, weights: attributes.direct_report("a", scale=(1, 5), data=t, weights=weights),
    ),
    people(
        "attributes.net_promoter",
        lambda t, weights: attributes.net_promoter(t["a"] + 5, weights=weights),
    ),
    people(
        "attributes.importance_index",
        lambda t, weights: attributes.importance_index(
            {"one": t["a"], "other": t["b"]},
            {"one": t["c"], "other": t["d"]},
            scale=(1, 5),
            weights=weights,
        ),
    ),
    people(
        "attributes.importance_performance",
        lambda t, weights: attributes.importance_performance(
            {"one": t["a"], "other": t["b"]},
            importance={"one": t["c"], "other": t["d"]},
            scale=(1, 5),
            weights=weights,
        ),
    ),
    people(
        "attributes.importance_performance derived",
        lambda t, weights: attributes.importance_performance(
            ["a", "b", "c"], target="d", data=t, scale=(1, 5), weights=weights
        ),
    ),
    people(
        "attributes.key_drivers",
        lambda t, weights: attributes.key_drivers(["a", "b"], "d", data=t, weights=weights),
    ),
    people(
        "attributes.penalty_reward",
        lambda t, weights: attributes.penalty_reward(
            ["a", "b"], "d", cuts=(2, 4), data=t, weights=weights
        ),
    ),
    people(
        "attributes.satisfaction_benefits",
        lambda t, weights: attributes.satisfaction_benefits(
            "a", {"suggestions": "b"}, cuts=4, data=t, weights=weights
        ),
        zero=False,
    ),
    people(
        "jones_sasser.fit",
        lambda t, weights: jones_sasser.fit(
            "happy", "stayed", data=t, weights=weights
        ).parameters.round(4),
        zero=False,
    ),
    matrix("jones_sasser.segments", "a", "b", scale=(1, 5)),
    matrix("jones_sasser.segments mean", "a", "b", scale=(1, 5), cuts="mean", **KNOWN_CUTS),
    matrix(
        "jones_sasser.segments satisfied_loyal",
        "a",
        "b",
        matrix="satisfied_loyal",
        constraint="bond",
        scale=(1, 5),
    ),
    people(
        "jones_sasser.textbook_segments",
        lambda t, weights: jones_sasser.textbook_segments(
            CURVE, "a", constraint="bond", data=t, scale=(1, 5), weights=weights
        ),
    ),
    matrix("loyalty_stage.loyalty_types dick_basu", "a", "share", matrix="dick_basu", scale=(1, 5)),
    matrix(
        "loyalty_stage.loyalty_types relative_attitude",
        "a",
        "b",
        matrix="relative_attitude",
        scale=(1, 5),
    ),
    matrix(
        "loyalty_stage.loyalty_types relative_attitude median",
        "a",
        "b",
        matrix="relative_attitude",
        scale=(1, 5),
        cuts="median",
        **KNOWN_CUTS,
    ),
    matrix(
        "loyalty_stage.loyalty_types relative_attitude error",
        "a",
        "b",
        matrix="relative_attitude",
        scale=(1, 5),
        reliability=(0.8, 0.7),
    ),
    matrix("loyalty_stage.loyalty_types knox", "c", "a", matrix="knox", scale=(1, 5), **KNOWN_CUTS),
    matrix(
        "loyalty_stage.loyalty_types ultimate_loyalty",
        "a",
        "b",
        matrix="ultimate_loyalty",
        scale=(1, 5),
    ),
    people(
        "loyalty_stage.oliver",
        lambda t, weights: loyalty_stage.oliver(
            t[["a", "b", "c"]],
            phases=["a", "b", "c"],
            scale=(1, 5),
            reliability=0.8,
            weights=weights,
        ),
    ),
    people(
        "loyalty_stage.agreement",
        lambda t, weights: loyalty_stage.agreement("kind", "other", data=t, weights=weights),
        sums=("cross_table",),
    ),
    people(
        "chain.index_by_wave",
        lambda t, weights: chain.index_by_wave(
            "a", "date", customer="who", data=t, weights=weights
        ),
        zero=False,
    ),
    people(
        "chain.reliable_change",
        lambda t, weights: chain.reliable_change(
            "a", "b", reliability=0.7, data=t, weights=weights
        ),
    ),
    people(
        "economics.programme_effect",
        lambda t, weights: economics.programme_effect("y", "a", data=t, weights=weights),
        zero=False,
    ),
    people(
        "economics.survival",
        lambda t, weights: economics.survival("a", "y", groups="kind", data=t, weights=weights),
    ),
    people(
        "loyalty_stage.estimate_movement",
        lambda t, weights: loyalty_stage.estimate_movement(
            "who", "date", "kind", data=t, stages=STAGES, weights=weights, **SMALL
        ),
        sums=("moves",),
    ),
    column(
        "structural.fit",
        lambda t: structural.fit(MODEL, t, weights="w", scale=(1, 5)),
        sums=("weight_total",),
    ),
    column(
        "structural.Moments.from_frame",
        lambda t: moments(Moments.from_frame(t, items=list("abcd"), weights="w")),
    ),
    column(
        "structural.Moments.from_chunks",
        lambda t: moments(
            Moments.from_chunks([t.iloc[:25], t.iloc[25:]], items=list("abcd"), weights="w")
        ),
    ),
    column(
        "structural.aggregate",
        lambda t: structural.aggregate(t, weights="w", groups="kind", value="a", std_error="share"),
        sums=("w",),
    ),
    column(
        "structural.compare_units group",
        lambda t: structural.compare_units(
            t, weights="w", groups="kind", value="a", std_error="share"
        ),
        sums=("w",),
    ),
]


def without_unit(answer: Any, sums: tuple[str, ...], unit: float) -> Any:
    """Turn what is in the unit of the weights into another one."""
    if isinstance(answer, dict):
        return {
            key: in_units(value, unit) if key in sums else without_unit(value, sums, unit)
            for key, value in answer.items()
        }
    if isinstance(answer, list):
        return [without_unit(value, sums, unit) for value in answer]
    if isinstance(answer, pd.DataFrame):
        return answer.assign(**{key: answer[key] / unit for key in sums if key in answer})
    return answer


def in_units(value: Any, unit: float) -> Any:
    """Divide all numbers of a table or a value by a unit."""
    if isinstance(value, dict):
        return {key: in_units(part, unit) for key, part in value.items()}
    if isinstance(value, list):
        return [in_units(part, unit) for part in value]
    return value if isinstance(value, str) else value / unit


def without_counts(answer: Any) -> Any:
    """Leave out what counts people."""
    if isinstance(answer, dict):
        return {k: without_counts(v) for k, v in answer.items() if k not in COUNTED}
    if isinstance(answer, list):
        return [without_counts(value) for value in answer]
    if isinstance(answer, pd.DataFrame):
        return answer.drop(columns=COUNTED & set(answer.columns))
    return answer


def kept(answer: Any, labels: pd.Index) -> Any:
    """Keep the rows of some people where an answer has a row for each."""
    if isinstance(answer, list):
        return [kept(value, labels) for value in answer]
    if isinstance(answer, (pd.DataFrame, pd.Series)) and set(labels) <= set(answer.index):
        return answer.loc[labels]
    return answer


def units() -> Iterator[Any]:
    """Return each call with each unit."""
    for case, unit in itertools.product(CALLS, (1e-6, 3.7, 1e6)):
        yield pytest.param(case, unit, id=f"{case.name}-{unit}")


@pytest.mark.parametrize(("case", "unit"), list(units()))
def test_weights_in_another_unit_give_the_same_numbers(case, unit):
    usual = plain(case.call(PEOPLE, WHOLE.astype(float)))
    answer = without_unit(plain(case.call(PEOPLE, WHOLE * unit)), case.sums, unit)
    assert not differs(answer, usual, words=True)


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case.name)
def test_weights_of_any_type_of_numbers_are_the_same(case):
    usual = case.call(PEOPLE, WHOLE.astype(float))
    for kind in ("i4", "u4", "i8", "u8", ">i4", "f4", "longdouble", "O"):
        assert not differs(case.call(PEOPLE, WHOLE.astype(kind)), usual, words=True), kind
    heavy = WHOLE * 13  # whose sums and squares are beyond the smallest types
    usual_heavy = case.call(PEOPLE, heavy.astype(float))
    for kind in ("i1", "u1", "i2", "f2"):
        assert not differs(case.call(PEOPLE, heavy.astype(kind)), usual_heavy, words=True), kind
    labelled = pd.Series(WHOLE, PEOPLE.index)
    for given in (
        WHOLE.tolist(),
        labelled,
        labelled.astype("Int16"),
        labelled.astype("float32[pyarrow]"),
    ):
        assert not differs(case.call(PEOPLE, given), usual, words=True)


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case.name)
def test_a_weight_of_zero_is_as_if_somebody_were_not_there_or_refused(case):
    there = SOME > 0
    weights = SOME.astype(float)
    if not case.zero:
        with pytest.raises(LoyaltyModelError, match="weights"):
            case.call(PEOPLE, weights)
        return
    answer = case.call(PEOPLE, weights)
    due = case.call(PEOPLE[there], weights[there])
    answer = kept(without_counts(plain(answer)), PEOPLE.index[there])
    assert not differs(answer, without_counts(plain(due)), words=True)


BAD = {
    "true and false": WHOLE > 4,
    "nullable true and false": pd.array(WHOLE > 4, dtype="boolean"),
    "text": WHOLE.astype(str),
    "dates": pd.date_range("2024-01-01", periods=N),
    "spans of time": pd.to_timedelta(WHOLE, unit="D"),
    "complex": WHOLE.astype(complex),
    "missing": np.where(np.arange(N) == 3, np.nan, WHOLE),
    "infinite": np.where(np.arange(N) == 3, np.inf, WHOLE),
    "negative": np.where(np.arange(N) == 3, -1, WHOLE),
    "all zero": 0 * WHOLE,
    "none": [None] * N,
    "masked": np.ma.masked_equal(WHOLE, WHOLE[3]),
}


@pytest.mark.parametrize("wrong", BAD)
@pytest.mark.parametrize("case", CALLS, ids=lambda case: case.name)
def test_what_is_no_weight_is_refused_by_name(case, wrong):
    weights = BAD[wrong]
    if wrong == "masked" and is_column(case):
        return  # a column of a table has no mask
    with pytest.raises(LoyaltyModelError, match=r"weight|\bw\b"):
        case.call(PEOPLE, weights)


def is_column(case: Weighted) -> bool:
    """Tell whether the weights of a call are a column of its table."""
    return case.name.startswith("structural.")


@pytest.mark.parametrize(
    "case", [case for case in CALLS if not is_column(case)], ids=lambda case: case.name
)
def test_weights_of_others_are_refused(case):
    for weights in (WHOLE[:-1], np.append(WHOLE, 1), WHOLE[:, None] * [1, 2], "no such"):
        with pytest.raises(LoyaltyModelError, match=r"weight|no such"):
            case.call(PEOPLE, weights)


# Weights of parts, by name: each call, and its weights

BRANCH = {"on_time_rate": 0.9, "quality": 4, "price": 2}
OFFER = {"product": 6, "service": 2, "monetary": 3, "time": 1}
SIDES = {"values": ["product", "service"], "costs": ["monetary", "time"]}
RATINGS = {"social": 3, "emotional": 4, "functional": 5, "sacrifice": 2}
TRUTH = {
    "paths": {("p", "q"): 0.5},
    "loadings": dict(zip("abcd", [0.9, 0.8, 0.7, 0.6], strict=True)),
}


def side(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """A function of delivered value with the components of both sides."""
    return lambda w: function(OFFER, unit="points", weights={k: w[k] for k in OFFER}, **SIDES)


# What adds up weighted parts is in the unit of the weights; what divides by their sum is not.
SUMS: dict[str, tuple[Callable[[Any], Any], dict[str, float]]] = {
    "delivered_value.delivered_value": (
        side(delivered_value.delivered_value),
        {"product": 3, "service": 1, "monetary": 2, "time": 5},
    ),
    "delivered_value.value_account": (
        lambda w: delivered_value.value_account(
            pd.DataFrame([OFFER]), unit="points", weights=w, **SIDES
        ).totals[["total_value", "total_cost", "delivered_value"]],
        {"product": 3, "service": 1, "monetary": 2, "time": 5},
    ),
    "delivered_value.perceived_value": (
        lambda w: delivered_value.perceived_value(RATINGS, weights=w),
        dict(zip(RATINGS, [3, 1, 2, 5], strict=True)),
    ),
}
MEANS: dict[str, tuple[Callable[[Any], Any], dict[str, float]]] = {
    "planning.Quantity.index": (
        lambda w: planning.Quantity.index(PILOT, scale=(1, 10), weights=w).sd,
        {"s1": 3, "s2": 1},
    ),
    "expectation_gap.quality_profile": (
        lambda w: (
            expectation_gap.quality_profile(
                "supplier",
                BRANCH,
                scale={"on_time_rate": (0, 1), "quality": (1, 5), "price": (1, 5)},
                weights=w,
            ).total
        ),
        dict(zip(BRANCH, [2, 1, 3], strict=True)),
    ),
    "loyalty_stage.oliver composite_weights": (
        lambda w: loyalty_stage.oliver(
            PEOPLE[["a", "b"]], phases=["a", "b"], scale=(1, 5), composite_weights=w
        )[1]["composite"],
        {"a": 2, "b": 3},
    ),
    "structural.satisfaction_index": (
        lambda w: structural.satisfaction_index({"s1": 8, "s2": 7, "s3": 6}, w, scale=(1, 10)),
        {"s1": 3, "s2": 2, "s3": 7},
    ),
    "structural.Truth": (
        lambda w: (
            structural.population(
                MODEL, structural.Truth(**TRUTH, weights=w), kind="composite"
            ).covariance
        ),
        {"a": 1, "b": 2, "c": 3, "d": 5},
    ),
}
PARTS = {**SUMS, **MEANS}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("unit", [1e-6, 3.7, 1e6])
def test_weights_of_parts_are_relative_or_multiply_the_sum(name, unit):
    call, weights = PARTS[name]
    found = np.asarray(call({part: weight * unit for part, weight in weights.items()}))
    due = np.asarray(call(weights)) * (unit if name in SUMS else 1)
    np.testing.assert_allclose(found, due, rtol=1e-9)


@pytest.mark.parametrize("name", PARTS)
def test_weights_of_parts_of_any_type_of_numbers_are_the_same(name):
    call, weights = PARTS[name]
    heavy = {part: 18 * weight for part, weight in weights.items()}  # of sums above 127
    for kind in (np.int8, np.uint8, np.int16, np.int64, np.uint64, np.float16, np.float32):
        found = call({part: kind(weight) for part, weight in heavy.items()})
        np.testing.assert_allclose(np.asarray(found), np.asarray(call(heavy)), rtol=1e-9)


@pytest.mark.parametrize("name", PARTS)
def test_what_is_no_weight_of_a_part_is_refused_by_name(name):
    call, weights = PARTS[name]
    first = next(iter(weights))
    date = pd.Timestamp("2024-01-01")
    below = -1 if name != "structural.Truth" else np.nan  # an item may count against the others
    for wrong in (True, "3", date, date - date, 1j, np.nan, np.inf, below, None, pd.NA, [1, 2]):
        with pytest.raises(LoyaltyModelError, match=r"weight|number"):
            call({**weights, first: wrong})
    with pytest.raises(LoyaltyModelError, match=r"weight|zero"):
        call(dict.fromkeys(weights, 0))


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_weight_zero_counts_nothing(name):
    call, weights = PARTS[name]
    if name == "structural.Truth":
        return  # an item that does not count is still observed
    none = {**weights, next(iter(weights)): 0}
    little = {**weights, next(iter(weights)): 1e-12}
    np.testing.assert_allclose(np.asarray(call(none)), np.asarray(call(little)), atol=1e-9)
    assert not np.allclose(np.asarray(call(none)), np.asarray(call(weights)))


NO_WEIGHTS = {
    "planning.design_effect": "weights by themselves; who has none is refused, as no respondent",
    "structural.results.PLSSolution": "keeps what was estimated",
}


def test_every_function_with_weights_stands_in_a_table():
    known = {case.name.split(maxsplit=1)[0] for case in CALLS} | {*PARTS, *NO_WEIGHTS}
    found = set()
    for room in ROOMS:
        for name, holder, attribute in callables_of(room):
            function = holder if attribute in (None, "__init__") else getattr(holder, attribute)
            if "weights" in inspect.signature(function).parameters:
                found.add(f"{room}.{name}")
    assert found - known == set()
    assert {name for name in known if " " not in name} - found == set()
