"""The zone of tolerance: by hand, against plain counting, and by simulation."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import zone_of_tolerance

from tolerances import SAME

PERSON = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)).map(
    lambda person: (person[0], max(person[1:]), min(person[1:]))
)


@given(st.lists(PERSON, min_size=2, max_size=25))
def test_measures_and_shares_are_those_counted_one_by_one(people):
    p, d, a = map(list, zip(*people, strict=True))
    result, one_by_one = zone_of_tolerance(p, d, adequate=a)
    states = []
    for row, (own, desired, adequate) in enumerate(people):
        person = one_by_one.iloc[row]
        assert person["superiority"] == own - desired
        assert person["adequacy"] == own - adequate
        if desired > adequate:
            place = (own - adequate) / (desired - adequate)
            assert person["position"] == pytest.approx(place, abs=SAME)
        else:
            assert np.isnan(person["position"])
        state = "below" if own < adequate else "above" if own > desired else "inside"
        assert person["state"] == state
        states.append(state)
    shares = result.shares.set_index("state")["estimate"]
    assert shares.to_dict() == pytest.approx(
        {state: states.count(state) / len(states) for state in ("below", "inside", "above")}
    )
    means = result.attributes.set_index("quantity")["estimate"]
    assert means["superiority"] == pytest.approx(np.mean(p) - np.mean(d), abs=SAME)
    assert means["adequacy"] == pytest.approx(np.mean(p) - np.mean(a), abs=SAME)


def test_the_interval_of_superiority_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(5)
    p, d = rng.normal(6, 1, 30), rng.normal(7, 1, 30)
    row = (
        zone_of_tolerance(p, d, level=0.9)
        .result.attributes.set_index("quantity")
        .loc["superiority"]
    )
    theirs = stats.ttest_rel(p, d).confidence_interval(0.9)
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].astype(float), theirs, atol=SAME)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say():
    # 1,000 samples: the share that cover has a standard error of 0.007; four of them are 0.028.
    # Wilson's coverage of one share is off by up to 0.02 by itself at 50 people.
    rng = np.random.default_rng(11)
    n, covered = 50, np.zeros(3)
    true_share = stats.norm.cdf((5 - 6) / np.hypot(1, 0.5))
    for _ in range(1000):
        p, a = rng.normal(6, 1, n), rng.normal(5, 0.5, n)
        result, _ = zone_of_tolerance(p, np.full(n, 20.0), adequate=a)
        superiority, adequacy = result.attributes[["ci_low", "ci_high"]].to_numpy()[3:]
        low, high = result.shares[["ci_low", "ci_high"]].to_numpy()[0]
        covered += [
            superiority[0] <= -14 <= superiority[1],
            adequacy[0] <= 1 <= adequacy[1],
            low <= true_share <= high,
        ]
    np.testing.assert_allclose(covered / 1000, 0.95, atol=0.03)


def test_without_the_adequate_level_there_is_superiority_only():
    result, customers = zone_of_tolerance([4, 9, 8], [8, 8, 8])
    assert not result.has_adequate
    assert result.attributes["quantity"].tolist() == ["perceived", "desired", "superiority"]
    assert result.shares["state"].tolist() == ["not above", "above"]
    assert result.shares["estimate"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert list(result.zones) == ["attribute", "desired"]
    assert "no zone" in str(result.summary())
    assert list(customers) == ["superiority"]


def test_attributes_side_by_side_are_those_alone():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {f"{level}_{k}": rng.integers(lo, lo + 3, 20) for k in "ab"
         for level, lo in (("p", 4), ("d", 7), ("a", 2))}
    )  # fmt: skip
    both, customers = zone_of_tolerance(
        {k: f"p_{k}" for k in "ab"},
        {k: f"d_{k}" for k in "ab"},
        adequate={k: f"a_{k}" for k in "ab"},
        data=table,
    )
    for name in "ab":
        alone, own = zone_of_tolerance(f"p_{name}", f"d_{name}", adequate=f"a_{name}", data=table)
        pd.testing.assert_frame_equal(customers[name], own, check_names=False)
        for part in ("attributes", "zones", "shares"):
            own = getattr(both, part)
            own = own[own["attribute"] == name].drop(columns="attribute").reset_index(drop=True)
            pd.testing.assert_frame_equal(own, getattr(alone, part).drop(columns="attribute"))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_attributes_may_be_the_columns_of_tables(make):
    rng = np.random.default_rng(3)
    perceived, desired = {"a": rng.integers(1, 6, 9), "b": rng.integers(1, 6, 9)}, rng.uniform(6, 9)
    wanted = {name: np.full(9, desired) for name in "ab"}
    expected, _ = zone_of_tolerance(perceived, wanted)
    found, _ = zone_of_tolerance(make(perceived), make(wanted))
    pd.testing.assert_frame_equal(found.attributes, expected.attributes)
    assert found.shares["attribute"].unique().tolist() == ["a", "b"]


def test_inverted_zones_are_refused_or_counted():
    p, d, a = [5, 5, 6, 7], [8, 4, 8, 8], [5, 6, 5, 5]
    with pytest.raises(DataError, match=r'row 1.*inverted="drop"'):
        zone_of_tolerance(p, d, adequate=a)
    result, customers = zone_of_tolerance(p, d, adequate=a, inverted="drop")
    assert (result.n_obs, result.n_inverted) == (3, 1)
    assert "1 left out" in str(result.summary())
    assert customers.index.tolist() == [0, 2, 3]


def test_a_result_stays_as_it_is():
    result = pickle.loads(pickle.dumps(zone_of_tolerance([4, 9], [8, 8], adequate=[5, 5]).result))
    with pytest.raises(ValueError, match="read-only"):
        result.counts[0, 0] = 1
    table = result.attributes
    table.iloc[0, 2] = 99
    assert result.attributes.iloc[0, 2] != 99


BAD = [
    (([4], [8]), {}, DataError, "of more respondents"),
    (([4, 5], [8]), {}, DataError, "equally long"),
    (([4, np.nan], [8, 8]), {}, DataError, 'missing="drop"'),
    (([4, np.nan], [8, 8]), {"missing": "drop"}, DataError, "at least 2"),
    (({"a": [1, 2]}, [8, 8]), {}, DataError, "all be mappings"),
    (({"a": [1, 2]}, {"b": [8, 8]}), {}, DataError, "a, b are in one"),
    (({}, {}), {}, DataError, "at least one variable"),
    (([4, 5], [8, 8]), {"level": 95}, OptionError, "0.95"),
    (([4, 5], [8, 8]), {"inverted": "keep"}, OptionError, "'raise', 'drop'"),
]


@pytest.mark.parametrize(("variables", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(variables, options, error, says):
    with pytest.raises(error, match=says):
        zone_of_tolerance(*variables, **options)


def test_who_stands_at_an_end_of_the_zone_is_inside_whatever_the_rounding():
    tenths = np.arange(1, 40)
    low, high = tenths * 0.1, tenths * 0.1 + 0.7
    for end in (low, high, (tenths + 7) / 10, tenths / 10):
        _, found = zone_of_tolerance(end, high, adequate=low)
        assert set(found["state"]) == {"inside"}
        assert ((found["superiority"] == 0) | (found["adequacy"] == 0)).all()
    assert zone_of_tolerance(high, high, adequate=low).result.counts.tolist() == [[0, 39, 0]]


def test_a_person_of_large_numbers_does_not_blur_the_others():
    result, _ = zone_of_tolerance([1.5e9, 5.0001], [2e9, 5], adequate=[1, 1])
    assert result.counts.tolist() == [[0, 1, 1]]


def test_a_zone_turned_over_by_rounding_only_is_none_that_is_inverted():
    _, found = zone_of_tolerance([0.3] * 2, [0.3] * 2, adequate=[0.1 + 0.2] * 2)
    assert found["width"].tolist() == [0, 0]
    assert np.isnan(found["position"][0])
