"""Whoever has the same score is judged alike, however the score was summed up.

A mean of answers comes out a few units of its last digit beside the number that it is, and beside
the mean of another who gave the same answers in another order. Every room that holds a score
against a cut-off, a threshold, a tolerance or another score is asked about all of these.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import (
    attributes,
    chain,
    customer_base,
    delivered_value,
    economics,
    expectation_gap,
    jones_sasser,
    loyalty_stage,
    satisfaction_loyalty,
)
from loyaltymodel.errors import DataError
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES

ITEMS = (1, 2, 3, 4, 5)
FIVE = (1, 5)


def spellings(value: float) -> np.ndarray:
    """Return what a score comes out as, by other ways to sum it up."""
    tenths = [k / 10 for k in range(1, 10)]
    found = [value, np.nextafter(value, -np.inf), np.nextafter(value, np.inf)]
    found += [value - part + part for part in tenths]
    found += [value + part - part for part in tenths]
    found += [sum([value / n] * n) for n in (3, 6, 7, 10)]
    found += [sum(order) for order in itertools.permutations([0.1, 0.2, 0.3, value - 0.6])]
    found.append(float(np.mean([value - 0.1, value + 0.3, value - 0.2])))
    return np.unique(found)


def patterns(n_items: int = 3) -> tuple[np.ndarray, dict[Fraction, list[int]]]:
    """Return all patterns of answers from 1 to 5, and which of them have the same exact mean."""
    answers = np.array(list(itertools.product(ITEMS, repeat=n_items)), dtype=np.float64)
    groups = defaultdict(list)
    for row, pattern in enumerate(answers):
        groups[Fraction(int(pattern.sum()), n_items)].append(row)
    return answers, groups


def means(answers: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean scores, each by another way to compute them."""
    share = np.full(answers.shape[1], 1 / answers.shape[1])
    return {
        "numpy": answers.mean(axis=1),
        "pandas": pd.DataFrame(answers).mean(axis=1).to_numpy(),
        "weighted": answers @ share,
        "one by one": sum((column * share[0] for column in answers.T), np.zeros(len(answers))),
        "of shares": 1 + 4 * ((answers - 1) / 4).mean(axis=1),
    }


WAYS = tuple(means(patterns()[0]))


def test_spellings_of_a_number_differ_in_their_last_digits_only():
    for value in (0.3, 0.8, 3.0, 7.2):
        found = spellings(value)
        assert len(found) > 2
        assert np.allclose(found, value, rtol=1e-14, atol=0)


# One score against a number


@dataclass(frozen=True)
class Judge:
    """A function that judges scores, and numbers at which its judgement changes."""

    name: str
    at: tuple[float, ...]
    verdicts: Callable[[np.ndarray, float], Any]  # of scores, with this number as the cut-off
    step: float = 0.01


def words(found: Any) -> list[Any]:
    """Return verdicts as a list, whatever they came as."""
    if isinstance(found, pd.DataFrame):
        return list(map(tuple, found.astype(object).to_numpy().tolist()))
    return found if isinstance(found, list) else np.asarray(found).tolist()


def numbers(found: Any) -> tuple[float, ...]:
    """Return estimates to six digits, as one verdict."""
    return tuple((np.asarray(found, dtype=np.float64).ravel().round(6) + 0.0).tolist())


def each(function: Callable[[float, float], Any]) -> Callable[[np.ndarray, float], list[Any]]:
    """Judge scores each for itself, where a function judges all together."""
    return lambda scores, cut: [function(float(score), cut) for score in scores]


def matrix(
    function: Any, first: str, second: float = 3, scale: Any = FIVE, *, swap: bool = False
) -> Callable[[np.ndarray, float], Any]:
    """Sort people by a score that is cut, and another one that is the same for all."""

    def verdicts(scores: np.ndarray, cut: float) -> Any:
        pair = (scores, np.full(len(scores), second))
        cuts = {first: cut} | ({"extremes": None} if function is jones_sasser.segments else {})
        return function(*(pair[::-1] if swap else pair), scale=scale, cuts=cuts)[1].iloc[:, 0]

    return verdicts


MATRICES = (
    ("segments", jones_sasser.segments, "satisfaction", "loyalty"),
    *(
        (name, partial(loyalty_stage.loyalty_types, matrix=name), *SCHEMES[name].variables)
        for name in ("relative_attitude", "ultimate_loyalty")
    ),
)
CURVE = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
RULE = chain.alarm_rule("shewhart", false_alarm=0.02, horizon=1)


def programme(threshold: float) -> economics.LoyaltyProgramme:
    """A programme with a tier from a spend on."""
    return economics.LoyaltyProgramme(
        points_per_unit=1,
        point_value=0.01,
        redemption_share=0.8,
        tiers=[{"name": "basic"}, {"name": "gold", "threshold": threshold, "multiplier": 2}],
    )


JUDGES = [
    *(
        Judge(f"{name}, {variable}", (1.8, 3.0, 3.3, 4.6), matrix(f, variable, swap=swap))
        for name, f, first, second in MATRICES
        for variable, swap in ((first, False), (second, True))
    ),
    *(
        Judge(
            f"{name}, midpoint",
            (3.0,),
            lambda s, _, f=f: f(s, s, scale=FIVE, cuts="midpoint")[1].iloc[:, 0],
        )
        for name, f, *_ in MATRICES
    ),
    *(
        Judge(
            f"{name}, ties low",
            (3.0, 3.3),
            lambda s, cut, f=f: f(s, s, scale=FIVE, cuts=cut, ties="low")[1].iloc[:, 0],
        )
        for name, f, *_ in MATRICES
    ),
    Judge(
        "segments, terrorists",
        (1.8,),
        lambda s, cut: jones_sasser.segments(s, s, scale=FIVE, cuts={"extremes": (cut, 4.6)})[1][
            "segment"
        ],
    ),
    Judge(
        "segments, apostles",
        (4.6,),
        lambda s, cut: jones_sasser.segments(s, s, scale=FIVE, cuts={"extremes": (1.8, cut)})[1][
            "segment"
        ],
    ),
    Judge(
        "satisfied_loyal",
        (3.0, 3.3),
        lambda s, cut: jones_sasser.segments(
            s,
            0 * s + 4,
            matrix="satisfied_loyal",
            constraint=0 * s,
            scale=FIVE,
            cuts={"satisfaction": cut},
        )[1]["segment"],
    ),
    Judge(
        "dick_basu, attitude",
        (5.5, 7.3),
        lambda s, cut: loyalty_stage.loyalty_types(
            s, 0 * s + 0.7, matrix="dick_basu", scale=(1, 10), cuts={"attitude": cut}
        )[1]["type"],
    ),
    Judge(
        "dick_basu, patronage",
        (0.5, 0.7),
        lambda s, cut: loyalty_stage.loyalty_types(
            0 * s + 7, s, matrix="dick_basu", scale=(1, 10), cuts={"patronage": cut}
        )[1]["type"],
    ),
    Judge(
        "knox, involvement",
        (3.0, 3.3),
        lambda s, cut: loyalty_stage.loyalty_types(
            0 * s + 1, s, matrix="knox", scale=FIVE, cuts={"portfolio": 2.5, "involvement": cut}
        )[1]["type"],
    ),
    Judge(
        "oliver",
        (0.3, 0.8, 3.0),
        lambda s, cut: loyalty_stage.oliver(
            {"a": 0 * s + 5, "b": s}, phases=["a", "b"], scale=(0, 5), cuts={"b": cut}
        )[1][["stage", "steps_passed"]],
    ),
    Judge(
        "oliver, midpoint",
        (3.0,),
        lambda s, _: loyalty_stage.oliver({"a": s, "b": s}, phases=["a", "b"], scale=FIVE)[1][
            "stage"
        ],
    ),
    Judge(
        "oliver, ties low, out of order",
        (3.0, 3.3),
        lambda s, cut: loyalty_stage.oliver(
            {"a": s, "b": 0 * s + 5}, phases=["a", "b"], scale=FIVE, cuts=cut, ties="low"
        )[1][["stage", "out_of_order"]],
    ),
    Judge(
        "passed",
        (3.0, 3.3),
        lambda s, cut: loyalty_stage.oliver(
            {"a": [1, 4], "b": [2, 5]}, phases=["a", "b"], scale=FIVE, cuts=cut
        )[0].passed(np.column_stack([s, s])),
    ),
    Judge(
        "textbook_segments, saboteurs",
        (1.8,),
        lambda s, cut: jones_sasser.textbook_segments(
            CURVE, s, constraint=0 * s, scale=FIVE, cuts={"saboteur": cut}
        )[1]["segment"],
    ),
    Judge(
        "textbook_segments, constraint",
        (0.3, 0.8),
        lambda s, cut: jones_sasser.textbook_segments(
            CURVE, 0 * s + 0.2, constraint=s, cuts={"constraint": cut}
        )[1]["segment"],
    ),
    Judge("zone of a curve", (0.5,), lambda s, _: CURVE.zone(s)),
    Judge(
        "purchase_reference",
        (1.0,),  # 19 times as long as the gap before: 1 in 20
        lambda s, _: customer_base.purchase_reference(19 * s, 0 * s + 1, purchases=0 * s + 2)[
            "overdue"
        ],
    ),
    Judge(
        "association, satisfied",
        (3.0, 3.3),
        each(
            lambda s, cut: (
                satisfaction_loyalty.association(
                    [1, 2, s, 4, 5, 5], [1, 2, 2, 4, 4, 5], cuts=cut
                ).n_satisfied
            )
        ),
    ),
    Judge(
        "association, loyal",
        (3.0, 3.3),
        each(
            lambda s, cut: (
                satisfaction_loyalty.association(
                    [1, 2, 5, 4, 5, 5], [1, 2, s, 4, 4, 5], cuts={"satisfaction": 3, "loyalty": cut}
                ).satisfied_not_loyal
            )
        ),
    ),
    Judge(
        "necessary_condition",
        (3.0, 3.3),
        each(
            lambda s, cut: (
                satisfaction_loyalty.necessary_condition(
                    [1, 2, s, 4, 5], [1, 2, 3, 4, 5], cuts=cut, n_resamples=19, rng=1
                ).n_satisfied
            )
        ),
    ),
    Judge(
        "word_of_mouth",
        (3.0, 3.3),
        each(
            lambda s, cut: tuple(
                economics.word_of_mouth(
                    [1, 2, 2, s, 4, 5], mentions=[1, 5, 2, 8, 3, 4], cuts=[cut]
                ).quantities["n_obs"]
            )
        ),
    ),
    Judge(
        "alarm_rule",
        (3.0, 3.3),
        lambda s, cut: RULE.monitor(s, std_error=1.0, centre=cut + RULE.limit).alarms,
    ),
    Judge(
        "early_warning, constraint",
        (0.5,),
        lambda s, _: jones_sasser.early_warning(CURVE, 0 * s + 0.2, constraint=s, value=0 * s + 1)[
            "segment"
        ],
    ),
    Judge(
        "penalty_reward, low",
        (2.0, 3.3),
        each(
            lambda s, cut: numbers(
                attributes.penalty_reward(
                    {"a": [1, 2, s, 4, 5, 5]}, [1, 3, 4, 6, 5, 7], cuts=(cut, 4.5)
                ).effects["estimate"]
            )
        ),
    ),
    Judge(
        "penalty_reward, high",
        (3.3, 4.0),
        each(
            lambda s, cut: numbers(
                attributes.penalty_reward(
                    {"a": [1, 2, s, 3, 5, 5]}, [1, 3, 4, 6, 5, 7], cuts=(1.5, cut)
                ).effects["estimate"]
            )
        ),
    ),
    Judge(
        "direct_report",
        (2.0, 4.0),
        each(
            lambda s, _: numbers(
                attributes.direct_report([s, 3, 4.5, 5, 1.5], scale=FIVE, top=1)
                .quantities["estimate"]
                .iloc[2:]
            )
        ),
    ),
    Judge(
        "satisfaction_benefits",
        (3.0, 3.3),
        each(
            lambda s, cut: tuple(
                attributes.satisfaction_benefits(
                    [1, 2, s, 4, 5, 5], {"suggestions": [3, 5, 1, 3, 4, 2]}, cuts=cut
                ).comparisons["n_obs"]
            )
        ),
    ),
    Judge(
        "life_cycle_stage, cuts",
        (3.0, 3.3),
        lambda s, cut: loyalty_stage.life_cycle_stage(s, s, cuts=cut, steady=0.5),
    ),
    Judge(
        "life_cycle_stage, steady",
        (0.3, 0.5),
        lambda s, cut: loyalty_stage.life_cycle_stage(5 + s, 0 * s + 5, cuts=9, steady=cut),
    ),
    Judge(
        "life_cycle_stage, decline",
        (0.3, 0.5),
        lambda s, cut: loyalty_stage.life_cycle_stage(5 - s, 0 * s + 5, cuts=9, steady=cut),
    ),
    Judge(
        "LoyaltyProgramme.account",
        (3.3, 7.2, 50.1),
        lambda s, cut: programme(cut).account(s)["tier"],
    ),
    Judge(
        "kano_fuzzy",
        (0.3, 0.7),
        each(
            lambda s, cut: numbers(
                attributes.kano_fuzzy(
                    {"a": ([[s, 1 - s, 0, 0, 0]] * 2, [[0, 0, 0, 0, 1]] * 2)}, cuts=cut
                ).attributes[["A", "O", "M", "I"]]
            )
        ),
        step=0.0001,
    ),
]


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.name)
def test_a_score_on_a_cut_off_is_judged_alike_however_it_was_summed_up(judge):
    for cut in judge.at:
        exact = words(judge.verdicts(np.array([cut]), cut))
        assert set(words(judge.verdicts(spellings(cut), cut))) == set(exact), cut


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.name)
def test_a_cut_off_that_was_summed_up_is_the_same_cut_off(judge):
    for cut in judge.at:
        exact = set(words(judge.verdicts(np.array([cut]), cut)))
        for spelling in spellings(cut)[::7]:
            assert set(words(judge.verdicts(np.array([cut]), float(spelling)))) == exact


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.name)
def test_a_score_beside_a_cut_off_is_judged_otherwise(judge):
    """What is near is not the same: this holds the table, too."""
    for cut in judge.at:
        beside = words(judge.verdicts(np.array([cut - judge.step, cut + judge.step]), cut))
        assert len(set(beside)) > 1, cut


# One score against another


@dataclass(frozen=True)
class Rivals:
    """A function that holds one score against another, and scores where its verdict changes."""

    name: str
    at: tuple[tuple[float, float], ...]
    verdicts: Callable[[np.ndarray, np.ndarray], Any]


def judged(tolerance: float | None = None) -> Callable[[np.ndarray, np.ndarray], Any]:
    """States of disconfirmation with a tolerance."""
    return lambda x, y: expectation_gap.disconfirmation(x, y, kind="state", tolerance=tolerance)


def fair(tolerance: float) -> Callable[[np.ndarray, np.ndarray], Any]:
    """States of equity with a tolerance."""
    return lambda x, y: expectation_gap.equity(
        x, 0 * x + 1, referent_outcomes=y, referent_inputs=1, kind="state", tolerance=tolerance
    )


SAME = ((0.8, 0.8), (3.3, 3.3), (7.2, 7.2))


def zones(perceived: Any, desired: Any, adequate: Any) -> Any:
    """Where each respondent stands; given twice, since one alone has no interval."""
    given = (np.append(level, level) for level in (perceived, desired, adequate))
    p, d, a = given
    found = expectation_gap.zone_of_tolerance(p, d, adequate=a).customers["state"]
    return found[: len(perceived)]


RIVALS = [
    Rivals("disconfirmation", SAME, judged()),
    Rivals("disconfirmation, tolerance", ((1.1, 0.8), (0.8, 1.1), (7.5, 7.2)), judged(0.3)),
    Rivals(
        "disconfirmation, degrees",
        SAME,
        lambda x, y: expectation_gap.disconfirmation(
            np.append(x, [9, 0]), np.append(y, [0, 9]), kind="state", vocabulary="degrees"
        )[:-2],
    ),
    Rivals("equity", ((1.04, 0.8), (0.56, 0.8), (9.36, 7.2)), fair(0.3)),
    Rivals("equity, level", SAME, fair(0.0)),
    Rivals(
        "zone_of_tolerance, desired",
        SAME,
        lambda x, y: zones(x, y, y - 0.7),
    ),
    Rivals(
        "zone_of_tolerance, adequate",
        SAME,
        lambda x, y: zones(x, y + 0.7, y),
    ),
    Rivals(
        "formation_stage",
        SAME,
        lambda x, y: loyalty_stage.formation_stage(
            0 * x + 1, performance=x, expectation=y, least_repeats=3
        ),
    ),
    Rivals(
        "derived_dissatisfaction",
        SAME,
        lambda x, y: [
            tuple(
                attributes.derived_dissatisfaction({"a": ([1, 2, float(a)], [2, 1, float(b)])})
                .query("quantity in ('share_short', 'share_above')")["estimate"]
                .round(6)
            )
            for a, b in zip(x, y, strict=True)
        ],
    ),
    *(
        Rivals(
            f"compare_offers, {within}",
            at,
            lambda x, y, within=within: [
                tuple(
                    delivered_value.compare_offers(
                        [float(a), float(b), 2, 1],
                        ["A", "B", "A", "B"],
                        customer=[1, 1, 2, 2],
                        tie_within=within,
                    )
                    .query("quantity in ('share_best', 'share_tied')")
                    .sort_values(["offer", "quantity"])["estimate"]
                )
                for a, b in zip(x, y, strict=True)
            ],
        )
        for within, at in ((0.0, SAME), (0.3, ((1.1, 0.8), (7.5, 7.2))))
    ),
    Rivals(
        "rank of an account",
        SAME,
        lambda x, y: [
            tuple(
                delivered_value.value_account(
                    pd.DataFrame({"a": [float(a), float(b)], "b": [0.1, 0.1]}),
                    unit="points",
                    values=["a"],
                    costs=["b"],
                ).totals["rank"]
            )
            for a, b in zip(x, y, strict=True)
        ],
    ),
]


@pytest.mark.parametrize("rivals", RIVALS, ids=lambda rivals: rivals.name)
def test_two_scores_are_compared_alike_however_they_were_summed_up(rivals):
    for one, other in rivals.at:
        pairs = np.array(list(itertools.product(spellings(one)[::3], spellings(other)[::3]))).T
        exact = words(rivals.verdicts(np.array([one]), np.array([other])))
        assert set(words(rivals.verdicts(*pairs))) == set(exact), (one, other)


@pytest.mark.parametrize("rivals", RIVALS, ids=lambda rivals: rivals.name)
def test_scores_that_are_apart_are_told_apart(rivals):
    for one, other in rivals.at:
        x = np.array([one - 0.01, one + 0.01])
        assert len(set(words(rivals.verdicts(x, np.array([other, other]))))) > 1


# Scores that the library computes: all patterns of answers with the same exact mean

CUTS = (2.0, 8 / 3, 3.0, 10 / 3, 13 / 3)  # means of three answers, as a person writes them
SORTERS = {
    **{name: (function, "type") for name, function, *_ in MATRICES},
    "segments": (jones_sasser.segments, "segment"),
    "knox": (
        lambda _, y, **o: loyalty_stage.loyalty_types(
            np.ones(len(y)),
            y,
            matrix="knox",
            **o | {"cuts": {"portfolio": 2, "involvement": o["cuts"]}},
        ),
        "type",
    ),
    "dick_basu": (
        lambda x, y, **o: loyalty_stage.loyalty_types(
            x, 0 * y + 0.7, matrix="dick_basu", **o | {"cuts": {"attitude": o["cuts"]}}
        ),
        "type",
    ),
    "oliver": (
        lambda x, y, **o: loyalty_stage.oliver({"a": x, "b": y}, phases=["a", "b"], **o),
        "stage",
    ),
}


def alike(verdicts: Any, groups: dict[Fraction, list[int]]) -> bool:
    """Tell whether everybody in a group got the same verdict, and not all groups the same."""
    found = np.asarray(words(verdicts), dtype=object)
    by_group = [set(found[rows].tolist()) for rows in groups.values()]
    return all(len(seen) == 1 for seen in by_group) and len(set.union(*by_group)) > 1


@pytest.mark.parametrize("ties", ["high", "low"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SORTERS)
def test_all_patterns_with_the_same_mean_are_sorted_alike(name, way, ties):
    function, column = SORTERS[name]
    answers, groups = patterns()
    scores = means(answers)[way]
    named = [cut for cut in ("midpoint", "mean", "median") if name != "oliver" or cut == "midpoint"]
    for cut in (*named, *CUTS):
        kept = cut not in named and name == "segments"
        cuts = {"satisfaction": cut, "loyalty": cut, "extremes": None} if kept else cut
        found = function(scores, scores, scale=FIVE, cuts=cuts, ties=ties)[1][column]
        assert alike(found, groups), cut


@pytest.mark.parametrize("n_items", [2, 3, 4, 6])
def test_phase_scores_of_the_same_mean_pass_alike(n_items):
    """Indicators on scales of their own; exactly at the cut-off is high, whatever the order."""
    scales = [(1, 5), (0, 4), (1, 9), (-2, 2), (1, 5), (0, 6)][:n_items]
    names = [f"q{k}" for k in range(n_items)]
    instrument = loyalty_stage.PhaseInstrument(
        phases=[
            {
                "name": "affective",
                "indicators": [
                    {"name": name, "scale": scale}
                    for name, scale in zip(names, scales, strict=True)
                ],
            },
            {"name": "action", "indicators": [{"name": "orders", "scale": (0, 8)}]},
        ]
    )
    steps = [range(low, high + 1, max(1, (high - low) // 4)) for low, high in scales]
    answers = pd.DataFrame(list(itertools.product(*steps)), columns=names).sample(
        frac=1, random_state=1
    )[:2000]
    exact = [
        sum(
            Fraction(int(answer - low), high - low)
            for answer, (low, high) in zip(row, scales, strict=True)
        )
        / n_items
        for row in answers.to_numpy().tolist()
    ]
    scores = instrument.scores(answers.assign(orders=8))
    reached = np.array(exact)
    for cut in sorted(set(exact))[:: max(1, len(set(exact)) // 12)]:
        found = loyalty_stage.oliver(
            scores, phases=instrument.names, cuts={"affective": float(100 * cut), "action": 50}
        )[1]["stage"]
        assert ((found == "action").to_numpy() == (reached >= cut)).all(), cut


def test_the_mean_of_scores_is_reached_by_whoever_has_it():
    answers, groups = patterns()
    for scores in means(answers).values():
        found = loyalty_stage.loyalty_types(
            scores, scores, matrix="relative_attitude", scale=FIVE, cuts="mean"
        )[1]["type"]
        high = found == found[int(np.argmax(scores))]
        assert high[groups[Fraction(3)]].all()
        assert not high[groups[Fraction(8, 3)]].any()


def test_attributes_of_the_same_mean_are_in_the_same_quadrant():
    rows = list(itertools.permutations([1, 2, 2, 4, 5, 5]))[::40]
    performance = {f"p{k}": list(row) for k, row in enumerate(rows)}
    performance |= {"low": [1, 2, 2, 4, 5, 4], "high": [2, 2, 2, 4, 5, 5]}
    importance = {name: [3, 4] * 3 if k % 2 else [4, 3] * 3 for k, name in enumerate(performance)}
    mean = 19 / 6
    for cut in ({"performance": mean}, "mean", {"performance": mean, "importance": 3.5}):
        found = attributes.importance_performance(
            performance, importance=importance, scale=FIVE, cuts=cut
        ).attributes["quadrant"]
        assert np.unique(found[[f"p{k}" for k in range(len(rows))]]).size == 1
        assert found["low"] != found["high"]


@pytest.mark.parametrize("way", WAYS)
def test_expectations_of_the_same_mean_are_met_alike(way):
    answers, groups = patterns()
    scores = means(answers)[way]
    for level in CUTS:
        expected = np.full(len(scores), level)
        for verdicts in (
            expectation_gap.disconfirmation(scores, expected, kind="state"),
            expectation_gap.disconfirmation(scores, expected, kind="state", tolerance=1 / 3),
            expectation_gap.zone_of_tolerance(scores, expected + 1, adequate=expected).customers[
                "state"
            ],
        ):
            assert alike(verdicts, groups), level
    against = scores[np.concatenate([np.roll(rows, 1) for rows in groups.values()])]
    mine = scores[np.concatenate(list(groups.values()))]
    states = expectation_gap.disconfirmation(mine, against, kind="state")
    assert set(map(str, states)) == {"satisfied"}


@pytest.mark.parametrize("name", SORTERS)
@pytest.mark.parametrize("limit", FIVE)
def test_whoever_is_at_the_end_of_a_scale_is_on_it(name, limit):
    function, column = SORTERS[name]
    scores = spellings(float(limit))
    cut = {"satisfaction": 3, "loyalty": 3} if name == "segments" else 3
    found = function(scores, scores, scale=FIVE, cuts=cut)[1][column]
    exact = np.full(len(scores), float(limit))
    assert found.tolist() == function(exact, exact, scale=FIVE, cuts=cut)[1][column].tolist()
    beyond = exact + np.sign(limit - 3) * 1e-9
    with pytest.raises(DataError, match=r"outside|off the scale"):
        function(beyond, beyond, scale=FIVE, cuts=cut)


def test_an_open_end_stays_open():
    with pytest.raises(DataError, match="from 0 to below 1"):
        jones_sasser.combined_constraint({"a": [1.0, 0.5]})


def test_a_ceiling_is_found_from_a_step_that_is_reached():
    found = satisfaction_loyalty.necessary_condition(
        [1, 2, 3, 3], [1, 2, 3, 1], n_resamples=19, rng=1
    )
    for step in (1.0, 2.0, 3.0):
        assert set(found.ceiling(spellings(step)).tolist()) == {step}
        assert set(found.bottleneck(spellings(step)).tolist()) == {step}
    assert found.ceiling(1.99) == 1
    assert found.bottleneck(2.01) == 3
