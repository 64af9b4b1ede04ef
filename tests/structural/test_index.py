"""The satisfaction index as a formula: by hand, by names, and what is no number."""

import itertools
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.structural import satisfaction_index

MEANS, WEIGHTS = {"a": 8.0, "b": 7.0, "c": 6.0}, {"a": 0.5, "b": 0.3, "c": 0.2}
# (8 * .5 + 7 * .3 + 6 * .2 - 1) / 9
INDEX = 70.0

NO_NUMBERS = {
    "dates": np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="M8[D]"),
    "spans": np.array([1, 2, 3], dtype="m8[D]"),
    "text": np.array(["1", "2", "3"]),
    "bytes": np.array([b"1", b"2", b"3"]),
    "booleans": np.array([True, False, True]),
    "complex numbers": np.array([1 + 0j, 2, 3]),
    "signalling NaN": [1, 2, Decimal("sNaN")],
    "beyond a float": [1, 2, 10**400],
    "a list inside": [1, 2, [3]],
    "hidden": np.ma.array([1.0, 2, 3], mask=[True, False, False]),
    "NA": pd.Series([1, 2, pd.NA], dtype="Float64"),
    "infinite": [1, 2, np.inf],
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
@pytest.mark.parametrize("which", ["means", "weights"])
def test_what_is_no_number_is_refused(which, kind):
    given = {"means": [8, 7, 6], "weights": [0.5, 0.3, 0.2], which: NO_NUMBERS[kind]}
    with pytest.raises(LoyaltyModelError):
        satisfaction_index(**given, scale=(1, 10))


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_numbers_with_names_are_put_together_by_them(order, kind):
    weights = kind({name: WEIGHTS[name] for name in order})
    for means in (MEANS, pd.Series(MEANS)):
        assert satisfaction_index(means, weights, scale=(1, 10)) == pytest.approx(INDEX)
    with pytest.raises(LoyaltyModelError, match="does not know 'c' and is labelled 'd'"):
        satisfaction_index({"a": 8, "b": 7, "c": 6}, {"a": 1, "b": 1, "d": 1}, scale=(1, 10))
    with pytest.raises(LoyaltyModelError, match="both"):
        satisfaction_index([8, 7, 6], weights, scale=(1, 10))
    by_item = {"c": (1, 10), "a": (1, 10), "b": (0, 20)}
    found = satisfaction_index(pd.Series(MEANS), weights, scale=by_item)
    assert found == pytest.approx(100 * (7 * 0.5 + 7 * 0.3 + 5 * 0.2) / (9 * 0.5 + 6 + 1.8))


@pytest.mark.parametrize("size", [1e-90, 1e-9, 1e9, 1e90])
def test_weights_of_any_size_give_the_same_index(size):
    found = satisfaction_index([8, 7, 6], np.array([5.0, 3, 2]) * size, scale=(1, 10))
    assert found == pytest.approx(INDEX, rel=1e-12)


@pytest.mark.parametrize("size", [1e-320, 1e307])
def test_weights_beyond_computing_are_refused(size):
    with pytest.raises(LoyaltyModelError, match="weights"):
        satisfaction_index([8, 7, 6], np.array([5.0, 3, 2]) * size, scale=(1, 10))


def test_a_mean_at_the_end_of_the_scale_but_for_rounding_is_there():
    assert satisfaction_index([0.1 + 0.2], [1], scale=(0, 0.3)) == 100


@pytest.mark.parametrize("scale", [(0, 1e308), (-1e308, 1e308), (1, 1), ("1", "9"), (True, 9)])
def test_a_scale_is_two_numbers_to_compute_with(scale):
    with pytest.raises(LoyaltyModelError, match="scale"):
        satisfaction_index([1, 1], [1, 1], scale=scale)
