"""Who stands exactly on a cut-off stands there, whatever the order of the sums behind the score."""

from functools import reduce
from itertools import permutations
from operator import add

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel import chain, economics, jones_sasser, satisfaction_loyalty

# The same number added up in two orders: 0.8 and 0.7999999999999999, 0.3 and 0.30000000000000004.
BELOW, ABOVE = 0.7 + 0.1, 0.1 + 0.2
# A mean of exactly 5.5 in every order of its parts.
PARTS = (5.7, 5.4, 5.1, 5.8)


def on_the_line(ties):
    """Scores of people exactly at the middle of a scale from 1 to 10, and others on both sides."""
    # Added up one after the other: since Python 3.12 sum() itself takes rounding back.
    at = sorted({reduce(add, order) / 4 for order in permutations(PARTS)} | {5.5})
    assert len(at) > 1
    others = [2.0, 9.0]
    expected = [ties == "high"] * len(at) + [False, True]
    return np.array([*at, *others]), np.array(expected)


@pytest.mark.parametrize("ties", ["high", "low"])
@pytest.mark.parametrize("reliability", [None, (1, 1), (1, 0.9)])
@pytest.mark.parametrize("cut", ["midpoint", 5.5])
def test_people_at_the_middle_are_all_judged_alike(ties, reliability, cut):
    score, high = on_the_line(ties)
    loyal = np.resize([3.0, 8.0, 2.0], len(score))
    _, customers = jones_sasser.segments(
        score,
        loyal,
        scale=(1, 10),
        ties=ties,
        cuts={"satisfaction": cut, "extremes": None},
        reliability=reliability,
    )
    assert customers["segment"].isin(["mercenary", "loyalist"]).tolist() == high.tolist()
    if reliability is not None:  # satisfaction without error lies where it lies
        share = customers["mercenary"] + customers["loyalist"]
        np.testing.assert_allclose(share, high, atol=1e-12)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=8), st.randoms())
def test_people_at_the_mean_are_there_whatever_the_order_of_their_answers(answers, random):
    tenths = [a / 10 for a in answers]
    mean = sum(tenths) / len(tenths)
    random.shuffle(tenths)
    scores = [*tenths, sum(tenths) / len(tenths), mean]
    _, customers = jones_sasser.segments(
        scores, scores, cuts={"satisfaction": "mean", "loyalty": "mean", "extremes": None}
    )
    assert (customers["segment"].iloc[-2:] == "loyalist").all()


def test_constraints_at_the_cut_are_bound():
    _, customers = jones_sasser.segments(
        [1, 1, 5],
        [5, 5, 1],
        matrix="satisfied_loyal",
        constraint=[BELOW, 0.8, 0],
        cuts={"constraint": 0.8},
        scale=(1, 5),
    )
    assert customers["segment"].tolist()[:2] == ["monopoly loyalty"] * 2


def test_satisfied_from_a_cut_on():
    found = satisfaction_loyalty.association(
        [BELOW, 0.8, 0.9, 0.1, 0.2, 0.4], [0.3, ABOVE, 0.1, 0.5, 0.4, 0.3], cuts=(0.8)
    )
    assert found.n_satisfied == 3
    assert found.satisfied_not_loyal == 1
    found = satisfaction_loyalty.association(
        [BELOW, 0.8, 0.9, 0.1, 0.2, 0.4],
        [0.3, ABOVE, 0.1, 0.5, 0.4, 0.3],
        cuts={"satisfaction": 0.8, "loyalty": ABOVE},
    )
    assert found.satisfied_not_loyal == pytest.approx(1 / 3)


def test_zones_and_levels_at_their_borders():
    curve = jones_sasser.curve("hinge", {"hi": 0.9, "share": 0.1, "tau": 0.8})
    assert curve.zone([BELOW, 0.8, 0.79]).tolist() == ["sensitive", "sensitive", "insensitive"]
    # A straight line is everywhere as steep as on average.
    straight = jones_sasser.curve("cubic", {"hi": 0.7, "d0": 1.0, "d1": 1.0})
    assert set(straight.zone(np.linspace(0, 1, 101))) == {"sensitive"}


def test_alarms_begin_below_the_limit_only():
    rule = chain.alarm_rule("shewhart", false_alarm=0.02, horizon=1)
    centre = 0.8 + 0.1 * rule.limit
    found = rule.monitor([BELOW, 0.8, 0.79], std_error=0.1, centre=centre)
    assert found.alarms.tolist() == [False, False, True]


def test_a_turn_at_a_level_is_on_both_sides():
    x = np.repeat([0.1, 0.2, 0.3, 0.4, 0.5], 20)
    y = (x - 0.3) ** 2 + np.tile([0.01, -0.01], 50)
    one, other = (
        satisfaction_loyalty.u_shape_test(x, y, turning_point=turn) for turn in (0.3, ABOVE)
    )
    pd.testing.assert_frame_equal(one.estimates.frame(), other.estimates.frame())


@pytest.mark.parametrize("cuts", [[0.8], None])
def test_levels_of_word_of_mouth_are_those_of_the_same_score(cuts):
    s = np.repeat([BELOW, 0.8, 0.2], 10)
    found = economics.word_of_mouth(s, valence=np.tile([1, -1, 0, 1, 1], 6), cuts=cuts)
    assert found.counts.tolist() == [10, 20]


def test_scores_that_differ_by_rounding_share_a_rank():
    plain = satisfaction_loyalty.association([0.8, 0.8, 0.1, 0.3, 0.9], [1, 2, 3, 5, 4])
    other = satisfaction_loyalty.association([0.8, BELOW, 0.1, ABOVE, 0.9], [1, 2, 3, 5, 4])
    np.testing.assert_allclose(plain.estimates.estimate, other.estimates.estimate, rtol=1e-12)


def test_a_ceiling_has_one_corner_for_one_score():
    plain = satisfaction_loyalty.necessary_condition([0.8, 0.8, 0.1, 0.3], [1, 4, 2, 3], rng=1)
    other = satisfaction_loyalty.necessary_condition([0.8, BELOW, 0.1, ABOVE], [1, 4, 2, 3], rng=1)
    np.testing.assert_allclose(plain.corners, other.corners, rtol=1e-12)
    assert plain.effect_size == pytest.approx(other.effect_size)


def test_an_outlier_does_not_blur_the_cut_of_the_others():
    scores = [1.0, 5.0, 5.6, 9.0, 1e14]
    _, customers = jones_sasser.segments(
        scores, scores, cuts={"satisfaction": 5.5, "loyalty": 5.5, "extremes": None}
    )
    assert customers["segment"].tolist() == ["defector"] * 2 + ["loyalist"] * 3
    found = satisfaction_loyalty.association([1, 2, 3, 4, 5, 1e14], [1, 2, 3, 4, 5, 6], cuts=3)
    assert found.n_satisfied == 4


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("unit", [1e-90, 1e90])
def test_curvature_in_any_unit(unit):
    s, loyal = np.array([1.0, 2, 3, 4, 5, 5]), np.array([1.0, 1, 2, 4, 7, 8])
    plain, found = (satisfaction_loyalty.association(s * u, loyal) for u in (1.0, unit))
    assert found.curvature * unit * unit == pytest.approx(plain.curvature, rel=1e-9)
    np.testing.assert_allclose(found.p_value, plain.p_value, rtol=1e-9)
