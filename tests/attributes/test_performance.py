"""Importance-performance analysis: quadrants by hand, probabilities by resampling one by one."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel._core import quadrants, resampling
from loyaltymodel.attributes.drivers.importance import key_drivers
from loyaltymodel.attributes.drivers.performance import _above, importance_performance
from loyaltymodel.attributes.drivers.performance_result import QUADRANTS
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


def codes_of(found):
    return np.array([QUADRANTS.index(name) for name in found.quadrants])


def importance_of(found):
    return found.attributes["importance"].to_numpy()


I3, P3 = ["I0", "I1", "I2"], ["P0", "P1", "P2"]


# By hand


def test_the_four_quadrants():
    found = importance_performance(around(FOUR), importance=around(STATED), scale=(1, 10))
    assert found.attributes["quadrant"].to_dict() == {
        "app": "low priority",
        "desk": "concentrate here",
        "price": "possible overkill",
        "staff": "keep up the good work",
    }
    assert dict(found.cuts) == {"importance": 6.0, "performance": 5.0}
    assert found.attributes["gap"].to_numpy() == pytest.approx(
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
        cuts=cut,
    )
    assert [*found.cuts.values()] == pytest.approx([expected, expected], abs=EXACT)
    high = np.array(list(means.values())) >= expected
    assert codes_of(found).tolist() == (3 * high).tolist()
    # The rule of the shared mechanism, on the means themselves.
    shared = quadrants.cut_offs(
        found.attributes["performance"].to_numpy(), np.ones((1, 3)), cut, limits=(1, 10)
    )
    assert found.cuts["performance"] == pytest.approx(shared[0], abs=EXACT)


def test_axes_are_cut_one_by_one():
    found = importance_performance(
        around(FOUR),
        importance=around(STATED),
        scale={"performance": (1, 10)},
        cuts={"performance": "midpoint"},
    )
    assert dict(found.cuts) == {"importance": 6.0, "performance": 5.5}
    assert dict(found.cut_rules) == {"importance": "mean", "performance": "midpoint"}
    assert dict(found.scale) == {"importance": None, "performance": (1.0, 10.0)}


@pytest.mark.parametrize(("ties", "expected"), [("high", 3), ("low", 0)])
def test_an_attribute_on_the_cut_off_goes_where_ties_go(ties, expected):
    means = {"a": 2.1, "b": 4.3, "c": 9.7}
    options = {"cuts": "median", "ties": ties}
    found = importance_performance(
        around(means, 0.7), importance=around(means, 0.3), n_resamples=99, rng=1, **options
    )
    assert codes_of(found)[1] == expected
    # Everybody agrees, so that every resample has the same means, but for rounding.
    sure = importance_performance(
        around(means, 0), importance=around(means, 0), n_resamples=99, rng=1, **options
    )
    assert sure.resample_shares.iloc[1, expected] == 1.0


def test_the_scale_of_importance_may_be_another():
    found = importance_performance(
        {"a": [1, 5], "b": [5, 5]},
        importance={"a": [0.2, 0.4], "b": [0.8, 0.6]},
        scale={"performance": (1, 5), "importance": (0, 1)},
    )
    assert found.attributes["gap"].to_numpy() == pytest.approx([-20.0, -30.0], abs=ROUNDED)
    without = importance_performance(
        {"a": [1, 5], "b": [5, 5]}, importance={"a": [1, 2], "b": [3, 4]}
    )
    assert set(without.coordinates["quantity"]) == {"importance", "performance"}
    assert without.attributes["gap"].isna().all()


def test_columns_are_paired_by_order_and_mappings_by_name():
    data = survey()
    by_order = importance_performance(P3, importance=I3, data=data)
    names = {"x": "P0", "y": "P1", "z": "P2"}
    swapped = {"z": "I2", "x": "I0", "y": "I1"}
    by_name = importance_performance(names, importance=swapped, data=data)
    expected = importance_of(by_name)
    np.testing.assert_array_equal(importance_of(by_order), expected)
    assert list(by_order.attributes.index) == P3
    mixed = importance_performance(names, importance=I3, data=data)
    np.testing.assert_array_equal(importance_of(mixed), expected)
    assert importance_of(mixed) == pytest.approx(data[I3].mean().to_numpy(), abs=ROUNDED)


def test_tables_are_paired_by_name_else_by_order():
    data = survey()
    expected = importance_of(importance_performance(P3, importance=I3, data=data))
    by_order = importance_performance(data[P3], importance=data[I3])
    np.testing.assert_array_equal(importance_of(by_order), expected)
    turned = data[I3].set_axis(P3, axis=1)[P3[::-1]]
    by_name = importance_performance(data[P3], importance=turned)
    np.testing.assert_array_equal(importance_of(by_name), expected)


def test_weights_count():
    data = survey()
    found = importance_performance(P3, importance=I3, data=data, weights="w")
    expected = np.average(data[I3 + P3], axis=0, weights=data["w"])
    assert found.coordinates["estimate"].to_numpy() == pytest.approx(expected, abs=ROUNDED)


# Derived importance


@pytest.mark.parametrize("measure", ["standardised", "lmg", "relative_weights"])
def test_derived_importance_is_that_of_key_drivers(measure):
    data = survey()
    found = importance_performance(P3, "S", measure=measure, data=data, scale=(1, 10))
    drivers = key_drivers(P3, "S", data=data)
    np.testing.assert_allclose(importance_of(found), drivers.drivers[measure], atol=EXACT)
    assert found.attributes["performance"].to_numpy() == pytest.approx(
        data[P3].mean().to_numpy(), abs=ROUNDED
    )
    assert set(found.coordinates["quantity"]) == {"importance", "performance"}
    assert f"importance for S by {measure}" in repr(found)
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
        cells[np.arange(3), codes_of(again)] += 1 / 60
    np.testing.assert_allclose(found.resample_shares, cells, atol=EXACT)
    np.testing.assert_allclose(
        found.attributes["resample_share"], cells[np.arange(3), codes_of(found)], atol=EXACT
    )


def test_an_attribute_on_a_fixed_cut_off_is_as_likely_above_as_below():
    rng = np.random.default_rng(1)
    answers = rng.normal(size=(400, 2))
    answers -= answers.mean(axis=0)
    found = importance_performance(
        {"a": answers[:, 0], "b": answers[:, 1] + 9},
        importance={"a": answers[:, 1] + 9, "b": answers[:, 0]},
        cuts=0,
        n_resamples=4000,
        rng=1,
    )
    # 4,000 resamples know a half to 0.008; the bootstrap of a mean is slightly askew.
    assert found.resample_shares.loc["a", "keep up the good work"] == pytest.approx(0.5, abs=0.04)
    assert found.resample_shares.loc["b", "keep up the good work"] == pytest.approx(0.5, abs=0.04)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000), st.sampled_from(["mean", "median", "midpoint"]))
def test_probabilities_add_up_and_intervals_hold_the_estimate(k, seed, cut):
    data = survey(n=50, k=k, seed=seed)
    found = importance_performance(
        [f"P{j}" for j in range(k)],
        importance=[f"I{j}" for j in range(k)],
        data=data,
        scale=(1, 10),
        cuts=cut,
        n_resamples=99,
        rng=seed,
    )
    np.testing.assert_allclose(found.resample_shares.sum(axis=1), 1, atol=EXACT)
    rows = found.coordinates
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
        rows = found.coordinates
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
        assert importance_of(found) == pytest.approx(expected, abs=EXACT)
        assert set(found.coordinates["quantity"]) == {"importance", "performance"}
        assert f"importance from ranks by {method}" in repr(found)
        assert found.attributes["quadrant"]["a"] == "keep up the good work"


# What comes out


def test_results_stay_as_they_are():
    found = importance_performance(P3, importance=I3, data=survey(), scale=(1, 10), n_resamples=60)
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.attributes, found.attributes)
    with pytest.raises(ValueError, match="read-only"):
        found.quadrant_shares[0] = 0
    text = str(found.summary())
    assert "Share of resamples in each quadrant" in text
    assert "no standard from elsewhere" in " ".join(text.split())
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
        (
            DataError,
            "performance stands before the target: .* goes to importance=",
            lambda: ipa(target=["S", "I0"], data=OFF),
        ),
        (NotIdentifiedError, "P0, P1 make each other up", lambda: ipa(target="S", data=TWIN)),
        (DataError, "weights must lie 0 or more", lambda: ipa(importance=I3, weights=[-1.0] * 200)),
        (
            OptionError,
            "cuts of 'performance'='midpoint' needs the lowest",
            lambda: ipa(importance=I3, cuts={"performance": "midpoint"}),
        ),
        (
            OptionError,
            "derived or ranked has no scale, and so no midpoint",
            lambda: ipa(target="S", scale=(1, 10), cuts={"importance": "midpoint"}),
        ),
        (
            OptionError,
            "scale of 'importance' is for rated importance",
            lambda: ipa(target="S", scale={"importance": (1, 10)}),
        ),
        (
            OptionError,
            "cuts of 'importance'='high'",
            lambda: ipa(importance=I3, cuts={"importance": "high"}),
        ),
        (
            OptionError,
            "cuts names 'P0', but there are cuts of importance, performance",
            lambda: ipa(importance=I3, cuts={"P0": 1}),
        ),
        (
            OptionError,
            "lies outside the scale",
            lambda: ipa(importance=I3, scale=(1, 10), cuts={"performance": 11}),
        ),
        (OptionError, "lower one first", lambda: ipa(importance=I3, scale=(10, 1))),
        (OptionError, "scale names 'P0'", lambda: ipa(importance=I3, scale={"P0": (1, 10)})),
        (OptionError, "ties='up'", lambda: ipa(importance=I3, ties="up")),
        (OptionError, "measure='beta'", lambda: ipa(target="S", measure="beta")),
        (OptionError, "cannot show an interval", lambda: ipa(importance=I3, n_resamples=10)),
        (DataError, "n_resamples=2000", lambda: ipa(importance=I3).resample_shares),
        (
            OptionError,
            "ranked has no scale, and so no midpoint",
            lambda: ipa(importance=I3, importance_as="rank_sum", cuts={"importance": "midpoint"}),
        ),
        (
            OptionError,
            "scale of 'importance' is for rated importance",
            lambda: ipa(importance=I3, importance_as="rank_sum", scale={"importance": (1, 3)}),
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


@pytest.mark.parametrize("unit", [1e-60, 1.0, 1e60])
def test_means_that_differ_by_rounding_only_lie_on_the_cut_off_in_every_unit(unit):
    values = np.array([[0.3, 0.1 + 0.2, 0.4]]) * unit
    assert _above(values, np.array([0.3]) * unit).tolist()[:2] == [0, 0]
    assert _above(values, np.array([0.3]) * unit)[2] == pytest.approx(0.1 * unit)
