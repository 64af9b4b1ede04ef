"""What is given to any function of the field is read rightly or refused by name."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, LoyaltyModelError

TABLE = jones_sasser.retention_table()
CURVE = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
CUSP = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
S, STAYED = [1, 3, 5, 7, 7, 9, 9, 10], [0, 0, 0, 0, 1, 1, 1, 1]
GROUPS = ["a", "b"] * 4


@pytest.fixture(scope="module")
def fitted():
    return jones_sasser.fit(S, STAYED, scale=(1, 10), fixed={"c": 0.5})


@pytest.fixture(scope="module")
def by_group():
    people = jones_sasser.simulate(500, constraints={"a": 0.0, "b": 0.5}, rng=1)
    return jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", reference="a"
    )


@pytest.mark.parametrize("group", [pd.NA, np.array(["a", "b"]), ["a"], {"a": 1}, 3.5, "c"])
def test_what_is_no_group_is_named(by_group, group):
    with pytest.raises(LoyaltyModelError, match="group"):
        by_group.interval_of("loyalty", 0.5, group=group)
    with pytest.raises(LoyaltyModelError, match="is no group"):
        jones_sasser.fit(S, STAYED, scale=(1, 10), constraint_by=GROUPS, reference=group)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jones_sasser.word_of_mouth(None, valence=[1, -1]),
        lambda: jones_sasser.remove_constraint(CURVE, None, constraint=0.2),
        lambda: jones_sasser.compare_views(None, STAYED),
        lambda: jones_sasser.fit_cusp([1.0, 2, 3], [1.0, 2, 3], None),
    ],
)
def test_nothing_in_place_of_a_variable_is_missing(call):
    with pytest.raises(DataError, match="missing"):
        call()


def test_a_prediction_is_a_row_a_customer(fitted):
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        fitted.predict(np.full((2, 2), 5))
    assert len(fitted.predict(5)) == 1


def test_counts_by_level_are_one_number_each():
    with pytest.raises(DataError, match=r"counts\[4\] has shape \(2,\)"):
        TABLE.expected_retained({4: [100, 50]})
    with pytest.raises(DataError, match="no level"):
        TABLE.expected_retained({("a", 1): 2, 4: 1})
    assert TABLE.expected_retained({4: 100, 3: 50}).midpoint == 113.75


def test_a_score_is_at_its_level_whatever_rounding_did():
    assert TABLE.retention(0.1 + 0.2 + 2.7) == 0.625
