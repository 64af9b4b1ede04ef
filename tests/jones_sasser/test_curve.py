"""What a curve answers: the identities of captive share, shapes in and out, refusals."""

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, ModelError, OptionError

from tolerances import EXACT

CURVES = {
    "power": jones_sasser.curve("power", {"lo": 0.05, "hi": 0.9, "k": 3.0}),
    "logistic": jones_sasser.curve("logistic", {"hi": 0.95, "a": 9.0, "s0": 0.6}),
    "hinge": jones_sasser.curve("hinge", {"hi": 0.9, "share": 0.2, "tau": 0.7}),
    "cubic": jones_sasser.curve("cubic", {"hi": 0.9, "d0": 0.3, "d1": 2.0}),
    "hazard": jones_sasser.curve("hazard", {"a": 2.0, "b": 5.0}),
}
ANY = st.sampled_from(list(CURVES.values()))
SHARE = st.floats(0.0, 1.0)
HELD = st.floats(0.0, 0.99)


@given(ANY, SHARE)
def test_without_constraint_loyalty_is_true_loyalty(curve, s):
    assert curve.loyalty(s) == curve.true_loyalty(s)
    assert curve.false_loyalty(s) == 0


@given(ANY, SHARE, HELD)
def test_true_and_false_loyalty_add_up(curve, s, c):
    total = curve.true_loyalty(s) + curve.false_loyalty(s, constraint=c)
    assert curve.loyalty(s, constraint=c) == pytest.approx(total, abs=EXACT)
    assert 0 <= total <= 1


@given(ANY, SHARE, SHARE, HELD, HELD)
def test_loyalty_rises_in_satisfaction_and_in_constraint(curve, s, t, c, d):
    (s, t), (c, d) = sorted((s, t)), sorted((c, d))
    assert curve.loyalty(s, constraint=c) <= curve.loyalty(t, constraint=c) + EXACT
    # So that to remove a constraint never raises loyalty.
    assert curve.loyalty(s, constraint=c) <= curve.loyalty(s, constraint=d) + EXACT


@given(ANY, SHARE, HELD)
def test_one_minus_loyalty_is_neither_held_nor_willing(curve, s, c):
    leaves = (1 - c) * (1 - curve.true_loyalty(s))
    assert 1 - curve.loyalty(s, constraint=c) == pytest.approx(leaves, abs=EXACT)


@given(ANY, SHARE, HELD)
def test_satisfaction_needed_reaches_its_target(curve, s, c):
    target = curve.loyalty(s, constraint=c)
    needed = curve.satisfaction_needed(target, constraint=c)
    # What was reached at s is within reach, at s or before, whatever was rounded.
    assert needed <= 1
    reached = curve.loyalty(needed, constraint=c)
    assert reached == pytest.approx(target, abs=1e-9)


def test_satisfaction_needed_says_what_is_enough_and_what_is_out_of_reach():
    curve = CURVES["power"]
    assert curve.satisfaction_needed(0.3, constraint=0.4) == 0
    assert np.isnan(curve.satisfaction_needed(0.99, constraint=0.4))
    assert curve.satisfaction_needed(1 - 0.6 * 0.1, constraint=0.4) == 1
    # 0.05 + 0.85 s^3 = (0.6 - 0.2) / 0.8
    expected = ((0.5 - 0.05) / 0.85) ** (1 / 3)
    assert curve.satisfaction_needed(0.6, constraint=0.2) == pytest.approx(expected, abs=EXACT)


@given(ANY, SHARE, SHARE, HELD)
def test_gain_is_the_difference_of_loyalties(curve, s, t, c):
    expected = curve.loyalty(t, constraint=c) - curve.loyalty(s, constraint=c)
    assert curve.gain(s, t, constraint=c) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_slope_and_elasticity_are_derivatives(curve):
    s, step = np.linspace(0.05, 0.95, 13), 1e-6
    high, low = (curve.loyalty(s + sign * step, constraint=0.3) for sign in (1, -1))
    slope = curve.slope(s, constraint=0.3)
    # Differences over 1e-6 of values near 1: rounding of about 1e-10, a kink apart.
    np.testing.assert_allclose(slope, (high - low) / (2 * step), atol=1e-7)
    elasticity = curve.elasticity(s, constraint=0.3)
    np.testing.assert_allclose(elasticity, slope * s / curve.loyalty(s, constraint=0.3))


def test_elasticity_at_the_bottom():
    root = jones_sasser.curve("power", {"hi": 0.9, "k": 0.5})
    assert root.slope(0.0) == np.inf
    assert root.elasticity(0.0, constraint=0.2) == 0
    assert np.isnan(root.elasticity(0.0))  # nothing is no percent of nothing


def test_the_zone_is_that_of_the_slope():
    curve = CURVES["power"]
    s = np.array([0.0, 0.5, curve.zone_limit, 0.6, 1.0])
    zones = curve.zone(s)
    assert zones.tolist() == ["insensitive"] * 2 + ["sensitive"] * 3
    assert curve.zone(0.9) == "sensitive"
    assert curve.zone_limit == pytest.approx(3**-0.5, abs=EXACT)
    assert np.isnan(jones_sasser.curve("power", {"hi": 0.9, "k": 1.0}).zone_limit)


@given(st.floats(0.2, 5.0), SHARE)
def test_a_hazard_goes_over_periods_by_powers(periods, s):
    year = CURVES["hazard"]
    over = year.over_periods(periods)
    assert over.true_loyalty(s) == pytest.approx(year.true_loyalty(s) ** periods, abs=EXACT)
    back = over.over_periods(1)
    assert back.true_loyalty(s) == pytest.approx(year.true_loyalty(s), abs=EXACT)
    # The constraint lasts: it is not compounded.
    assert over.loyalty(s, constraint=0.5) >= 0.5


def test_answers_come_as_questions_came():
    curve = CURVES["power"]
    series = pd.Series([0.2, 0.9], index=["x", "y"])
    held = pd.Series([0.1, 0.5], index=["x", "y"])
    assert type(curve.loyalty(0.5)) is float
    assert type(curve.loyalty(np.float64(0.5), constraint=0.1)) is float
    assert curve.loyalty([0.2, 0.9]).shape == (2,)
    assert curve.loyalty(np.full((2, 3), 0.4)).shape == (2, 3)
    for answer in (
        curve.loyalty(series, constraint=held),
        curve.loyalty(0.5, constraint=held),
        curve.loyalty([0.1, 0.2], constraint=held),
        curve.gain(series, 1.0, constraint=held),
        curve.gain(0.1, series),
        curve.satisfaction_needed(series),
        curve.zone(series),
    ):
        assert isinstance(answer, pd.Series)
        assert answer.index.tolist() == ["x", "y"]
    assert series.tolist() == [0.2, 0.9]
    np.testing.assert_allclose(
        curve.loyalty(series, constraint=held),
        [curve.loyalty(0.2, constraint=0.1), curve.loyalty(0.9, constraint=0.5)],
    )


def test_a_curve_is_frozen_and_can_be_pickled():
    curve = CURVES["hinge"]
    with pytest.raises(ValueError, match="read-only"):
        curve.values[0] = 1.0
    again = pickle.loads(pickle.dumps(curve))
    assert again.parameters == curve.parameters
    assert again.loyalty(0.3) == curve.loyalty(0.3)


def test_the_default_is_a_convention_for_drawings():
    assert jones_sasser.curve().parameters == {"lo": 0.0, "hi": 1.0, "k": 4.0}


OTHER_ROWS = pd.Series([0.1, 0.2], index=["y", "x"])
ROWS = pd.Series([0.1, 0.2], index=["x", "y"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: c.loyalty(1.1), DataError, "between 0 and 1"),
        (lambda c: c.loyalty(-0.1), DataError, "between 0 and 1"),
        (lambda c: c.loyalty(np.nan), DataError, "missing"),
        (lambda c: c.loyalty(np.inf), DataError, "infinite"),
        (lambda c: c.loyalty("much"), DataError, "not numeric"),
        (lambda c: c.loyalty(None), DataError, "missing"),
        (lambda c: c.loyalty(0.5, constraint=1.0), DataError, "from 0 to below 1"),
        (lambda c: c.loyalty(0.5, constraint=-0.1), DataError, "from 0 to below 1"),
        (lambda c: c.loyalty([0.1, 0.2], constraint=[0.1] * 3), DataError, "one for each"),
        (lambda c: c.loyalty(ROWS[:1], constraint=[0.1, 0.2]), DataError, "one for each"),
        (lambda c: c.loyalty(ROWS, constraint=OTHER_ROWS), DataError, "different labels"),
        (lambda c: c.gain(ROWS, OTHER_ROWS), DataError, "different labels"),
        (lambda c: c.gain([0.1, 0.2], [0.1] * 3), DataError, "one for each"),
        (lambda c: c.satisfaction_needed(1.5), DataError, "target must lie between 0 and 1"),
        (lambda c: c.zone(2.0), DataError, "between 0 and 1"),
        (lambda c: c.over_periods(2), OptionError, "hazard"),
        (lambda _: CURVES["hazard"].over_periods(0), OptionError, "above 0"),
        (lambda _: jones_sasser.curve("power", {"hi": 0.9, "kk": 1}), ModelError, "mean 'k'"),
        (lambda _: jones_sasser.curve("hinge", {"hi": 0.9}), ModelError, "also give share, tau"),
        (lambda _: jones_sasser.curve("power", {"hi": 1.2}), ModelError, "between 0 and 1"),
        (lambda _: jones_sasser.curve("power", {"hi": "a"}), OptionError, "must be a number"),
        (lambda _: jones_sasser.curve("power", {"hi": np.nan}), ModelError, "between 0 and 1"),
        (lambda _: jones_sasser.curve("power", [1, 2]), OptionError, "must be a mapping"),
        (
            lambda _: jones_sasser.curve("power", {"lo": 0.5, "hi": 0.2}),
            ModelError,
            "check lo and hi",
        ),
    ],
)
def test_bad_input_is_refused_with_a_way_out(call, error, message):
    with pytest.raises(error, match=message):
        call(CURVES["power"])


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([0.0, 9.0, 3.0], ModelError, "hi=9 must lie between 0 and 1"),
        ([0.0, 0.9, 51.0], ModelError, "k=51 must lie between 0.05 and 50"),
        ([0.5, 0.4, 3.0], ModelError, "must rise with satisfaction, but goes from 0.5 down to 0.4"),
        ([0.0, 0.9], ModelError, "one number for each of lo, hi, k"),
        ([[0.0, 0.9, 3.0]], ModelError, r"shape \(1, 3\)"),
        ([0.0, np.nan, 3.0], ModelError, "hi=nan"),
        (["0", "0.9", "3"], OptionError, "values"),
        ({0.0, 0.9, 3.0}, OptionError, "values is a set"),
        (None, OptionError, "values=None"),
    ],
)
def test_a_curve_of_ones_own_making_is_held_to_the_ranges_of_its_family(values, error, message):
    family = jones_sasser.curve().family
    with pytest.raises(error, match=message):
        jones_sasser.LoyaltyCurve(family, values)


def test_a_curve_is_made_from_any_numbers():
    family = jones_sasser.curve().family
    values = [Decimal(0), Fraction(1), np.float32(2)]
    assert jones_sasser.LoyaltyCurve(family, values).loyalty(0.5) == 0.25
    with pytest.raises(OptionError, match="family is a str, not a CurveFamily"):
        jones_sasser.LoyaltyCurve("power", values)


def test_true_and_false_are_no_shares_to_compute_at():
    with pytest.raises(DataError, match="satisfaction is not numeric"):
        CURVES["power"].loyalty([True, False])
