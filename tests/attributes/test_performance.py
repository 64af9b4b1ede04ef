"""Importance-performance analysis: quadrants by hand, probabilities by resampling one by one."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel import _quadrants as quadrants
from loyaltymodel import _resampling as resampling
from loyaltymodel.attributes.importance import key_drivers
from loyaltymodel.attributes.performance import importance_performance
from loyaltymodel.attributes.performance_result import QUADRANTS
from loyaltymodel.errors import CollinearityWarning, DataError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME

# Means of answers that come back from standardised ones: rounding of a few operations on numbers
# up to 100.
ROUNDED = 1e-10

FOUR = {"app": 2.0, "desk": 2.0, "price": 8.0, "staff": 8.0}  # performance
STATED = {"app": 3.0, "desk": 9.0, "price": 3.0, "staff": 9.0}


def around(means, spread=1.0):
    """Two people about each mean."""
    return {name: [mean - spread, mean + spread] for name, mean in means.items()}


def survey(n=200, k=3, seed=0):
    """Rated importance and performance of k attributes, and a satisfaction that they drive."""
    rng = np.random.default_rng(seed)
    frame = {}
    for j in range(k):
        frame[f"I{j}"] = rng.normal(8 - j, 1.5, n).round().clip(1, 10)
        frame[f"P{j}"] = rng.normal(6 + j, 1.5, n).round().clip(1, 10)
    frame["S"] = sum(frame[f"P{j}"] * (k - j) for j in range(k)) / k + rng.normal(size=n)
    frame["w"] = rng.uniform(0.5, 2, n)
    return pd.DataFrame(frame)


I3, P3 = ["I0", "I1", "I2"], ["P0", "P1", "P2"]


# By hand


def test_the_four_quadrants():
    found = importance_performance(around(FOUR), importance=around(STATED), scale=(1, 10))
    assert found.quadrants.to_dict() == {
        "app": "low priority",
        "desk": "concentrate here",
        "price": "possible overkill",
        "staff": "keep up the good work",
    }
    assert found.cuts.tolist() == [6.0, 5.0]
    assert found.table["gap"].to_numpy() == pytest.approx(
        np.array([1, 7, -5, 1]) / 9 * 100, abs=ROUNDED
    )


@pytest.mark.parametrize(
    ("cut", "expected"), [("mean", 5.0), ("midpoint", 5.5), ("median", 4.0), (6, 6.0)]
)
def test_cut_offs(cut, expected):
    means = {"a": 2.0, "b": 4.0, "c": 9.0}
    found = importance_performance(
        around(means),
        importance=around(means),
        scale=(1, 10),
        performance_cut=cut,
        importance_cut=cut,
    )
    assert found.cuts == pytest.approx([expected, expected], abs=EXACT)
    high = np.array(list(means.values())) >= expected
    assert found.codes.tolist() == (3 * high).tolist()
    # The rule of the shared mechanism, on the means themselves.
    shared = quadrants.cut_offs(found.performance, np.ones((1, 3)), cut, limits=(1, 10))
    assert found.cuts[1] == pytest.approx(shared[0], abs=EXACT)


@pytest.mark.parametrize(("ties", "expected"), [("high", 3), ("low", 0)])
def test_an_attribute_on_the_cut_off_goes_where_ties_go(ties, expected):
    means = {"a": 2.1, "b": 4.3, "c": 9.7}
    options = {"importance_cut": "median", "performance_cut": "median", "ties": ties}
    found = importance_performance(
        around(means, 0.7), importance=around(means, 0.3), n_resamples=99, rng=1, **options
    )
    assert found.codes[1] == expected
    # Everybody agrees, so that every resample has the same means, but for rounding.
    sure = importance_performance(
        around(means, 0), importance=around(means, 0), n_resamples=99, rng=1, **options
    )
    assert sure.probabilities.iloc[1, expected] == 1.0


def test_the_scale_of_importance_may_be_another():
    found = importance_performance(
        {"a": [1, 5], "b": [5, 5]},
        importance={"a": [0.2, 0.4], "b": [0.8, 0.6]},
        scale=(1, 5),
        importance_scale=(0, 1),
    )
    assert found.table["gap"].to_numpy() == pytest.approx([-20.0, -30.0], abs=ROUNDED)
    without = importance_performance(
        {"a": [1, 5], "b": [5, 5]}, importance={"a": [1, 2], "b": [3, 4]}
    )
    assert without.gap is None
    assert without.table["gap"].isna().all()


def test_columns_are_paired_by_order_and_mappings_by_name():
    data = survey()
    by_order = importance_performance(P3, importance=I3, data=data)
    names = {"x": "P0", "y": "P1", "z": "P2"}
    swapped = {"z": "I2", "x": "I0", "y": "I1"}
    by_name = importance_performance(names, importance=swapped, data=data)
    np.testing.assert_array_equal(by_order.importance, by_name.importance)
    assert by_order.attributes == tuple(P3)
    mixed = importance_performance(names, importance=I3, data=data)
    np.testing.assert_array_equal(mixed.importance, by_name.importance)
    assert mixed.importance == pytest.approx(data[I3].mean().to_numpy(), abs=ROUNDED)


def test_weights_count():
    data = survey()
    found = importance_performance(P3, importance=I3, data=data, weights="w")
    expected = np.average(data[I3 + P3], axis=0, weights=data["w"])
    assert np.concatenate([found.importance, found.performance]) == pytest.approx(
        expected, abs=ROUNDED
    )


# Derived importance


@pytest.mark.parametrize("measure", ["standardised", "lmg", "relative_weights"])
def test_derived_importance_is_that_of_key_drivers(measure):
    data = survey()
    found = importance_performance(P3, target="S", measure=measure, data=data, scale=(1, 10))
    drivers = key_drivers("S", P3, data=data)
    np.testing.assert_allclose(found.importance, drivers.table[measure], atol=EXACT)
    assert found.performance == pytest.approx(data[P3].mean().to_numpy(), abs=ROUNDED)
    assert found.gap is None
    assert found.source == f"importance for S by {measure}"
    assert "need not be a cause" in str(found.summary())


# Probabilities


@pytest.mark.parametrize("derived", [False, True])
def test_probabilities_count_resamples_in_which_everything_is_done_again(derived):
    data = survey(n=40)
    options = {"target": "S"} if derived else {"importance": I3}
    found = importance_performance(P3, data=data, n_resamples=60, rng=3, **options)
    columns = [*P3, "S"] if derived else [*I3, *P3]
    units = resampling.make_units(data[columns].to_numpy(), np.ones(40), None, None)
    counts = next(resampling.draw_counts(units, 60, np.random.default_rng(3), size=60))
    cells = np.zeros((3, 4))
    for row in counts:
        again = importance_performance(P3, data=data, weights=row.astype(float), **options)
        cells[np.arange(3), again.codes] += 1 / 60
    np.testing.assert_allclose(found.probabilities, cells, atol=EXACT)
    np.testing.assert_allclose(
        found.table["probability"], cells[np.arange(3), found.codes], atol=EXACT
    )


def test_an_attribute_on_a_fixed_cut_off_is_as_likely_above_as_below():
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(400, 2))
    answers -= answers.mean(axis=0)
    found = importance_performance(
        {"a": answers[:, 0], "b": answers[:, 1] + 9},
        importance={"a": answers[:, 1] + 9, "b": answers[:, 0]},
        performance_cut=0,
        importance_cut=0,
        n_resamples=4000,
        rng=1,
    )
    # 4,000 resamples know a half to 0.008; the bootstrap of a mean is slightly askew.
    assert found.probabilities.loc["a", "keep up the good work"] == pytest.approx(0.5, abs=0.04)
    assert found.probabilities.loc["b", "keep up the good work"] == pytest.approx(0.5, abs=0.04)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000), st.sampled_from(["mean", "median", "midpoint"]))
def test_probabilities_add_up_and_intervals_hold_the_estimate(k, seed, cut):
    data = survey(n=50, k=k, seed=seed)
    found = importance_performance(
        [f"P{j}" for j in range(k)],
        importance=[f"I{j}" for j in range(k)],
        data=data,
        scale=(1, 10),
        importance_cut=cut,
        performance_cut=cut,
        n_resamples=99,
        rng=seed,
    )
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=EXACT)
    rows = found.intervals
    assert (rows["ci_low"] <= rows["estimate"] + SAME).all()
    assert (rows["estimate"] <= rows["ci_high"] + SAME).all()
    gap = 100 * (rows["estimate"][:k].to_numpy() - rows["estimate"][k : 2 * k].to_numpy()) / 9
    np.testing.assert_allclose(rows["estimate"][2 * k :], gap, atol=ROUNDED)


@pytest.mark.slow
def test_intervals_hold_means_and_their_gap():
    held = []
    for seed in range(600):
        rng = np.random.default_rng(seed)
        x = rng.normal([7, 6, 5, 4], [1, 2, 1, 2], (150, 4))
        found = importance_performance(
            {"a": x[:, 2], "b": x[:, 3]},
            importance={"a": x[:, 0], "b": x[:, 1]},
            scale=(-20, 30),
            n_resamples=999,
            rng=seed,
        )
        rows = found.intervals
        truth = np.array([7, 6, 5, 4, 4, 4])
        held.append((rows["ci_low"] <= truth) & (truth <= rows["ci_high"]))
    # 600 surveys know a share to 0.009.
    assert np.abs(np.mean(held, axis=0) - 0.95).max() < 0.03


# Rankings


def test_ranks_become_weights_person_by_person():
    ranks = {"a": [1, 1, 2], "b": [2, 2, 1]}
    rated = {"a": [4, 5, 3], "b": [2, 2, 2]}
    for method, weights in (("rank_order_centroid", (3 / 4, 1 / 4)), ("rank_sum", (2 / 3, 1 / 3))):
        found = importance_performance(rated, importance=ranks, importance_as=method, scale=(1, 5))
        first, second = weights
        expected = [(2 * first + second) / 3, (first + 2 * second) / 3]
        assert found.importance == pytest.approx(expected, abs=EXACT)
        assert found.gap is None
        assert found.source == f"importance from ranks by {method}"
        assert found.quadrants["a"] == "keep up the good work"


# What comes out


def test_results_stay_as_they_are():
    found = importance_performance(P3, importance=I3, data=survey(), scale=(1, 10), n_resamples=60)
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.table, found.table)
    with pytest.raises(ValueError, match="read-only"):
        found.cells[0] = 0
    text = str(found.summary())
    assert "Probability of each quadrant" in text
    assert "no standard from elsewhere" in text
    assert repr(found) == (
        "<ImportancePerformanceResult: 3 attributes, stated importance, 200 respondents>"
    )
    assert set(found.quadrants) <= set(QUADRANTS)
    assert "quadrant" in found._repr_html_()


def test_near_collinearity_is_warned_of():
    data = survey()
    data["P1"] = data["P0"] + 0.01 * data["P1"]
    with pytest.warns(CollinearityWarning, match="variance inflation"):
        importance_performance(P3, target="S", data=data)


def ipa(**options):
    data = options.pop("data", survey())
    performance = options.pop("performance", P3)
    return importance_performance(performance, data=data, **options)


OFF = survey().assign(P0=98.0)
HOLES = survey().assign(P0=np.nan)
TWIN = survey().assign(P1=lambda d: d["P0"])


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (OptionError, "give either importance", ipa),
        (OptionError, "give either importance", lambda: ipa(importance=I3, target="S")),
        (DataError, "at least two", lambda: ipa(performance=["P0"], importance=["I0"])),
        (DataError, "2 variables of importance for 3", lambda: ipa(importance=I3[:2])),
        (
            DataError,
            "differ in the attributes P0, a; give both under the same names",
            lambda: ipa(importance={"a": "I0", "P1": "I1", "P2": "I2"}),
        ),
        (
            DataError,
            "performance of P0 must lie between 1 and 10",
            lambda: ipa(importance=I3, data=OFF, scale=(1, 10)),
        ),
        (
            DataError,
            "P0 must lie between 1 and 10",
            lambda: ipa(target="S", data=OFF, scale=(1, 10)),
        ),
        (DataError, "performance of P0 has 200 missing", lambda: ipa(importance=I3, data=HOLES)),
        (
            DataError,
            "every row has a missing value",
            lambda: ipa(importance=I3, data=HOLES, missing="drop"),
        ),
        (DataError, "constant: P0", lambda: ipa(target="S", data=OFF)),
        (NotIdentifiedError, "P0, P1 make each other up", lambda: ipa(target="S", data=TWIN)),
        (DataError, "weights must lie 0 or more", lambda: ipa(importance=I3, weights=[-1.0] * 200)),
        (
            OptionError,
            "performance_cut='midpoint' needs the lowest",
            lambda: ipa(importance=I3, performance_cut="midpoint"),
        ),
        (
            OptionError,
            "derived or ranked has no scale, and so no midpoint",
            lambda: ipa(target="S", scale=(1, 10), importance_cut="midpoint"),
        ),
        (
            OptionError,
            "importance_scale is for rated importance",
            lambda: ipa(target="S", importance_scale=(1, 10)),
        ),
        (OptionError, "importance_cut='high'", lambda: ipa(importance=I3, importance_cut="high")),
        (
            OptionError,
            "lies outside the scale",
            lambda: ipa(importance=I3, scale=(1, 10), performance_cut=11),
        ),
        (OptionError, "lower one first", lambda: ipa(importance=I3, scale=(10, 1))),
        (OptionError, "one pair for all", lambda: ipa(importance=I3, scale={"P0": (1, 10)})),
        (OptionError, "ties='up'", lambda: ipa(importance=I3, ties="up")),
        (OptionError, "measure='beta'", lambda: ipa(target="S", measure="beta")),
        (OptionError, "cannot show an interval", lambda: ipa(importance=I3, n_resamples=10)),
        (DataError, "n_resamples=1000", lambda: ipa(importance=I3).probabilities),
        (DataError, "n_resamples=1000", lambda: ipa(importance=I3).intervals),
        (
            OptionError,
            "ranked has no scale, and so no midpoint",
            lambda: ipa(importance=I3, importance_as="rank_sum", importance_cut="midpoint"),
        ),
        (
            OptionError,
            "importance_scale is for rated importance",
            lambda: ipa(importance=I3, importance_as="rank_sum", importance_scale=(1, 3)),
        ),
        (
            DataError,
            "no ranking of 1 to 3",
            lambda: ipa(importance=I3, importance_as="rank_order_centroid"),
        ),
        (
            OptionError,
            "importance_as='order'",
            lambda: ipa(importance=I3, importance_as="order"),
        ),
    ],
)
def test_bad_input_ends_in_a_named_error_with_a_way_out(error, message, call):
    with pytest.raises(error, match=message):
        call()
