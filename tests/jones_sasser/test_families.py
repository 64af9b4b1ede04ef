"""Families of curves: values, derivatives, inverses and zones against numbers and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, brentq

from loyaltymodel import jones_sasser
from loyaltymodel.errors import LoyaltyModelError, ModelError, NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.families import FAMILIES, CurveFamily, Parameter, family_of

from tolerances import EXACT

# Differences over steps of about 1e-6 of values up to 1: rounding 1e-16 / 1e-6, and a curvature
# of up to 1e3 times the squared step.
DIFFERENCE = 1e-6
# An inverse loses what a flat curve loses: rounding over a slope of at least 1e-3.
INVERSE = 1e-9

# Parameters inside their ranges, where nothing is flat to the last digit.
LO = st.floats(0.0, 0.4)
HI = st.floats(0.5, 1.0)
INSIDE = {
    "power": st.tuples(LO, HI, st.floats(0.3, 12.0)),
    "logistic": st.tuples(LO, HI, st.floats(1.0, 20.0), st.floats(0.1, 0.9)),
    "hinge": st.tuples(LO, HI, st.floats(0.05, 0.95), st.floats(0.1, 0.9)),
    "cubic": st.tuples(LO, HI, st.floats(0.0, 3.0), st.floats(0.0, 3.0)),
    "hazard": st.tuples(st.floats(-1.0, 3.0), st.floats(0.5, 8.0)),
}
NAMES = tuple(INSIDE)
GRID = np.linspace(0, 1, 41)


class Line(CurveFamily):
    """A family of a user's own, with the numeric defaults for all but the value."""

    name = "line"
    parameters = (Parameter("top", 0.0, 1.0, starts=(0.8,)),)

    def value(self, s, p):
        return p[..., :1] * s


class Bent(CurveFamily):
    """The power curve again, without any formula but its value."""

    name = "bent"
    parameters = (
        Parameter("hi", 0.0, 1.0, starts=(0.9,), transform="logit"),
        Parameter("k", 0.05, 50.0, starts=(1.0, 3.0), transform="log"),
    )

    def value(self, s, p):
        return p[..., :1] * s ** p[..., 1:2]


def any_family(draw_from):
    return st.sampled_from(NAMES).flatmap(
        lambda name: st.tuples(st.just(name), draw_from[name].map(np.array))
    )


@given(any_family(INSIDE))
def test_a_curve_rises_and_stays_between_its_ends(pair):
    family, p = FAMILIES[pair[0]], pair[1]
    value = family.value(GRID, p)
    assert value.shape == GRID.shape
    assert (np.diff(value) >= -EXACT).all()
    assert value.min() >= -EXACT
    assert value.max() <= 1 + EXACT
    if pair[0] in ("power", "hinge", "cubic"):  # lo and hi are where the curve begins and ends
        assert value[0] == pytest.approx(p[0], abs=EXACT)
        assert value[-1] == pytest.approx(p[1], abs=EXACT)


@given(any_family(INSIDE), st.floats(0.02, 0.98))
def test_derivatives_are_those_of_the_value(pair, s):
    family, p = FAMILIES[pair[0]], pair[1]
    if pair[0] == "hinge" and abs(s - p[3]) < 1e-4:
        return  # at the threshold there is a kink
    at = np.array([s])
    value, gradient = family.value_and_gradient(at, p)
    assert value == pytest.approx(family.value(at, p), abs=EXACT)
    assert gradient == pytest.approx(family.gradient(at, p), abs=EXACT)
    numeric = approx_fprime(p, lambda q: family.value(at, q)[0], 1e-7)
    assert gradient[:, 0] == pytest.approx(numeric, abs=1e-5)  # one-sided: 1e-7 times curvature
    step = 1e-6
    slope = (family.value(at + step, p) - family.value(at - step, p)) / (2 * step)
    assert family.slope(at, p) == pytest.approx(slope, rel=1e-5, abs=DIFFERENCE)


@given(any_family(INSIDE), st.floats(0.05, 1.0))
def test_the_inverse_undoes_the_value(pair, s):
    family, p = FAMILIES[pair[0]], pair[1]
    at = np.array([s])
    if family.slope(at, p)[0] < 1e-3:
        return
    # The satisfaction that is found has the value, whatever flat parts came before.
    value = family.value(at, p)
    found = family.inverse(value, p)
    assert family.value(found, p) == pytest.approx(value, abs=INVERSE)
    assert found[0] <= s + INVERSE / 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_inverse_knows_what_is_out_of_reach(name):
    family = FAMILIES[name]
    p = np.array([0.1, 0.8, 2.0, 0.5][: len(family.parameters)])
    p = {"hazard": np.array([1.0, 3.0]), "hinge": np.array([0.1, 0.8, 0.3, 0.5])}.get(name, p)
    low, high = family.value(np.array([0.0, 1.0]), p)
    below, above = family.inverse(np.array([low / 2, (high + 1) / 2]), p)
    assert below == 0
    assert np.isnan(above)
    assert family.inverse(np.array([high]), p)[0] == pytest.approx(1.0, abs=INVERSE)


@pytest.mark.parametrize("name", NAMES)
def test_stacks_of_parameters_are_treated_one_by_one(name):
    family = FAMILIES[name]
    inside = np.array([[parameter.starts[0] for parameter in family.parameters]])
    p = inside * np.array([[1.0], [0.9], [1.05]])
    value, gradient = family.value_and_gradient(GRID, p)
    assert value.shape == (3, len(GRID))
    assert gradient.shape == (3, p.shape[1], len(GRID))
    for row, one in enumerate(p):
        np.testing.assert_allclose(value[row], family.value(GRID, one), atol=EXACT)
        np.testing.assert_allclose(gradient[row], family.gradient(GRID, one), atol=EXACT)
        np.testing.assert_allclose(family.slope(GRID, p)[row], family.slope(GRID, one))
        np.testing.assert_array_equal(family.zone_limit(p)[row], family.zone_limit(one))
        needed = family.inverse(np.array([0.3, 0.6]), p)[row]
        np.testing.assert_allclose(needed, family.inverse(np.array([0.3, 0.6]), one))


def test_zone_limits_in_closed_form():
    # Power: k s^(k - 1) = 1. For k = 2 that is at one half.
    assert FAMILIES["power"].zone_limit(np.array([0.0, 0.9, 2.0])) == pytest.approx(0.5, abs=EXACT)
    # Cubic with d0 = 0, d1 = 3 is s^3, the power curve with k = 3.
    third = FAMILIES["power"].zone_limit(np.array([0.0, 0.9, 3.0]))
    assert third == pytest.approx(3**-0.5, abs=EXACT)
    cubic = FAMILIES["cubic"].zone_limit(np.array([0.0, 0.9, 0.0, 3.0]))
    assert cubic == pytest.approx(third, abs=1e-12)  # found by halving fifty times
    # Hinge: the threshold, if the line after it is the steeper one.
    assert FAMILIES["hinge"].zone_limit(np.array([0.0, 0.9, 0.2, 0.6])) == 0.6
    for concave in ([0.0, 0.9, 0.7, 0.6], [0.5, 0.5, 0.2, 0.6]):
        assert np.isnan(FAMILIES["hinge"].zone_limit(np.array(concave)))
    for straight in ([0.0, 0.9, 1.0], [0.0, 0.9, 0.5], [0.5, 0.5, 3.0]):
        assert np.isnan(FAMILIES["power"].zone_limit(np.array(straight)))


@pytest.mark.parametrize(
    ("name", "p"),
    [("logistic", [0.05, 0.9, 9.0, 0.6]), ("hazard", [3.0, 5.0]), ("cubic", [0.0, 0.9, 0.3, 2.0])],
)
def test_zone_limits_against_a_root_finder(name, p):
    family, p = FAMILIES[name], np.array(p)
    chord = np.diff(family.value(np.array([0.0, 1.0]), p))[0]
    first = np.flatnonzero(family.slope(GRID, p) >= chord)[0]
    root = brentq(lambda s: family.slope(np.array([s]), p)[0] - chord, GRID[first - 1], GRID[first])
    assert family.zone_limit(p) == pytest.approx(root, abs=1e-9)  # both stop at about 1e-12


def test_cubic_and_hinge_in_their_usual_notation():
    lo, hi, share, tau = 0.1, 0.8, 0.3, 0.6
    b1 = (hi - lo) * share / tau
    b2 = (hi - lo) * (1 - share) / (1 - tau) - b1
    expected = lo + b1 * GRID + b2 * np.maximum(0, GRID - tau)
    found = FAMILIES["hinge"].value(GRID, np.array([lo, hi, share, tau]))
    np.testing.assert_allclose(found, expected, atol=EXACT)
    found = FAMILIES["cubic"].value(GRID, np.array([lo, hi, 0.0, 0.0]))
    np.testing.assert_allclose(found, lo + (hi - lo) * (3 * GRID**2 - 2 * GRID**3), atol=EXACT)
    slope = FAMILIES["cubic"].slope(np.array([0.0, 1.0]), np.array([lo, hi, 0.4, 1.7]))
    np.testing.assert_allclose(slope, (hi - lo) * np.array([0.4, 1.7]), atol=EXACT)


def test_a_hazard_over_two_periods_is_the_square():
    p = np.array([1.0, 4.0])
    once, twice = (jones_sasser.Hazard(periods=periods).value(GRID, p) for periods in (1, 2))
    np.testing.assert_allclose(twice, once**2, atol=EXACT)


def test_the_extremes_of_satisfaction_and_steepness_are_finite():
    for name, p in {
        "power": [0.0, 1.0, 50.0],
        "logistic": [0.0, 1.0, 200.0, -1.0],
        "hazard": [15.0, 60.0],
        "hinge": [0.0, 1.0, 0.0, 0.02],
    }.items():
        value, gradient = FAMILIES[name].value_and_gradient(np.array([0.0, 1.0]), np.array(p))
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
    # s^k ln s is 0 at s = 0, in the limit.
    assert FAMILIES["power"].gradient(np.zeros(1), np.array([0.0, 0.9, 2.0]))[2, 0] == 0


def test_a_family_of_ones_own_works_with_numeric_defaults():
    own, p = Bent(), np.array([0.9, 3.0])
    power, same = FAMILIES["power"], np.array([0.0, 0.9, 3.0])
    inside = GRID[1:-1]
    np.testing.assert_allclose(own.value(GRID, p), power.value(GRID, same), atol=EXACT)
    gradient = own.gradient(inside, p)
    np.testing.assert_allclose(gradient, power.gradient(inside, same)[1:], atol=DIFFERENCE)
    np.testing.assert_allclose(own.slope(GRID, p), power.slope(GRID, same), atol=1e-5)
    np.testing.assert_allclose(
        own.inverse(np.array([0.1, 0.5]), p), power.inverse(np.array([0.1, 0.5]), same), atol=1e-12
    )
    # The zone depends on a numeric slope here.
    assert own.zone_limit(p) == pytest.approx(float(power.zone_limit(same)), abs=1e-5)
    # At the end of a range the difference is one-sided, and still right.
    assert Line().gradient(GRID, np.array([1.0]))[0] == pytest.approx(GRID, abs=DIFFERENCE)


def test_a_hinge_takes_its_range_of_thresholds_from_the_data():
    parameters = FAMILIES["hinge"].parameters_for(np.linspace(0, 1, 11))
    tau = parameters[-1]
    assert (tau.lower, tau.upper) == pytest.approx((0.1, 0.9))
    assert all(tau.lower <= start <= tau.upper for start in tau.starts)
    with pytest.raises(NotIdentifiedError, match="need 4 levels"):
        FAMILIES["hinge"].parameters_for(np.array([0.0, 0.5, 1.0]))


class _Bad(CurveFamily):
    name = "bad"
    parameters = (Parameter("q", 0.0, 1.0, starts=(0.5,)),)

    def value(self, s, p):
        return p[..., :1] * s


def bad(**changes):
    return type("Bad", (_Bad,), changes)()


@pytest.mark.parametrize(
    ("family", "error", "message"),
    [
        ("pwer", OptionError, "did you mean 'power'"),
        (3, OptionError, "give an object of your own"),
        (bad(name=None), ModelError, "needs a name"),
        (bad(parameters=()), ModelError, "tuple of parameters"),
        (bad(parameters=_Bad.parameters * 2), ModelError, "several parameters 'q'"),
        (
            bad(parameters=(Parameter("c", 0.0, 1.0, starts=(0.5,)),)),
            ModelError,
            "a name that constraints",
        ),
        (bad(value=lambda _, s, __: s), ModelError, r"index parameters as p\[..., :1\]"),
        (bad(value=lambda _, s, p: 2 + p[..., :1] * s), ModelError, "leaves the range"),
    ],
)
def test_families_that_cannot_be_fitted_are_refused(family, error, message):
    with pytest.raises(error, match=message):
        family_of(family)


@pytest.mark.parametrize(
    "arguments",
    [
        (1.0, 0.0, (0.5,)),
        (0.0, 1.0, ()),
        (0.0, 1.0, (2.0,)),
        (0.0, 1.0, (0.5,), 2.0),
        (0.0, np.inf, (0.5,)),
        (-1e308, 1e308, (0.5,)),
    ],
    ids=str,
)
def test_parameters_need_a_range_and_starts_in_it(arguments):
    low, high, starts, *fixed = arguments
    with pytest.raises(ModelError, match="needs finite lower < upper"):
        Parameter("q", low, high, starts, *fixed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 3),
        ("lower", "0"),
        ("lower", True),
        ("upper", None),
        ("upper", np.nan),
        ("starts", {0.5, 0.2}),
        ("starts", ("0.5",)),
        ("fixed", 1j),
        ("transform", "sqrt"),
    ],
)
def test_fields_of_a_parameter_are_of_their_kind(field, value):
    given = {"name": "q", "lower": 0.0, "upper": 1.0, "starts": (0.5,), field: value}
    with pytest.raises(LoyaltyModelError, match=field):
        Parameter(**given)


@pytest.mark.parametrize("periods", [0, "2", True, np.nan, np.inf, 1e308])
def test_a_hazard_needs_periods(periods):
    with pytest.raises(OptionError, match="periods"):
        jones_sasser.Hazard(periods=periods)


def test_families_are_called_by_name():
    assert str(jones_sasser.curve().family) == "power"
    assert str(jones_sasser.Hazard()) == "hazard"
    assert str(jones_sasser.Hazard(periods=2.5)) == "hazard over 2.5 periods"
