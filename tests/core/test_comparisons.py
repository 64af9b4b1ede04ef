"""One rule for comparing: rounding is no difference, and anything that is measured is one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel._core.comparisons import (
    difference,
    equals,
    exceeds,
    levels_of,
    reaches,
    sign_of,
    snapped,
)
from loyaltymodel.expectation_gap import disconfirmation, zone_of_tolerance
from loyaltymodel.loyalty_stage import formation_stage

SIZES = st.floats(1e-6, 1e6)


@given(size=SIZES, places=st.permutations(range(6)))
def test_a_sum_in_any_order_is_the_same_number(size, places):
    parts = size * np.array([0.1, 0.2, 0.3, 0.7, 1.1, 2.6])
    one, other = sum(parts), sum(parts[list(places)])
    assert equals(one, other)
    assert reaches(one, other)
    assert reaches(other, one)
    assert not exceeds(one, other)
    assert sign_of(one, other) == 0


@given(size=SIZES, apart=st.floats(1e-9, 1))
def test_what_is_apart_by_nine_digits_differs(size, apart):
    assert sign_of(size * (1 + apart), size) == 1
    assert sign_of(size, size * (1 + apart)) == -1
    assert not reaches(size, size * (1 + apart))


def test_a_difference_is_zero_by_the_size_of_its_parts():
    gap = 0.1 + 0.2 - 0.3
    assert gap > 0
    assert sign_of(gap) == 1
    assert sign_of(gap, size=0.3) == 0
    assert difference(0.1 + 0.2, 0.3) == 0
    assert difference(0.3, [0.1 + 0.2, 0.2, np.nan], size=1)[0] == 0
    np.testing.assert_array_equal(difference([3.0, np.nan], 1.0), [2.0, np.nan])


def test_nothing_is_compared_with_nan_and_infinity_is_beyond():
    assert not reaches(np.nan, 1)
    assert not equals(np.nan, np.nan)
    assert sign_of(np.nan, 1) == 0
    assert sign_of([-np.inf, 1, np.inf], [0, np.inf, 1]).tolist() == [-1, -1, 1]


def test_a_value_beside_a_cut_off_is_put_on_it():
    cuts = np.array([0.3, 0.8])
    assert snapped([0.1 + 0.2, 0.7 + 0.1, 0.5], cuts).tolist() == [0.3, 0.8, 0.5]
    assert snapped([1.0], []).tolist() == [1.0]


def test_pairs_exactly_one_tolerance_apart_are_all_what_was_expected():
    pairs = [(k / 10, (k + d) / 10) for k, d in itertools.product(range(50), (-3, 3))]
    perceived, expected = np.array(pairs).T
    states = disconfirmation(perceived, expected, kind="state", tolerance=0.3)
    assert set(map(str, states)) == {"satisfied"}


@pytest.mark.parametrize("level", [0.7 + 0.1, 0.8])
def test_a_level_that_is_reached_but_for_rounding_is_reached(level):
    stage = formation_stage([1], performance=[level], expectation=[0.8], least_repeats=3)
    assert str(stage[0]) == "preference"
    _, found = zone_of_tolerance([level] * 2, [0.9] * 2, adequate=[0.8] * 2)
    assert found["state"].astype(str).tolist() == ["inside"] * 2


def test_values_that_differ_by_rounding_are_one_level():
    levels, place = levels_of([0.3, 0.1, 0.1 + 0.2, 0.3 + 1e-9])
    assert levels.tolist() == [0.1, 0.3, 0.3 + 1e-9]
    assert place.tolist() == [1, 0, 1, 2]
    assert levels_of([])[0].size == 0
