"""Derived importance: against other programs, all orders counted one by one, and known truths."""

import json
import pickle
from itertools import combinations, permutations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from loyaltymodel import datasets
from loyaltymodel._core import resampling
from loyaltymodel.attributes.drivers import kernels
from loyaltymodel.attributes.drivers.contrast import penalty_reward
from loyaltymodel.attributes.drivers.importance import key_drivers
from loyaltymodel.attributes.drivers.result import _ranks, pack
from loyaltymodel.errors import (
    CollinearityWarning,
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
)

from tolerances import SAME

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "relative_importance.json").read_text("utf-8")
)

# Direct linear algebra here and there; the reference is good to about 1e-14, and correlations of
# nine items lose no more than two digits.
DIRECT = 1e-12


def world(p, *, n=60, seed=0, common=0.6):
    """Answers of n people to p drivers that share something, and a target."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) + common * rng.normal(size=(n, 1))
    y = x @ np.linspace(0.6, 0.0, p) + rng.normal(size=n)
    return x, y


def as_mapping(x):
    return {f"d{k}": column for k, column in enumerate(x.T)}


def measures_of(found):
    """All measures of all drivers, one after another."""
    return found.estimates.estimate[: 6 * len(found.drivers)]


def r_squared(x, y, w=None):
    """R2 of a regression with intercept, person by person."""
    w = np.ones(len(y)) if w is None else w
    root = np.sqrt(w)[:, None]
    design = np.column_stack([np.ones(len(y)), x])
    residual = y - design @ np.linalg.lstsq(root * design, root[:, 0] * y, rcond=None)[0]
    return 1 - w @ residual**2 / (w @ (y - w @ y / w.sum()) ** 2)


# Against other programs


@pytest.fixture(scope="module")
def phones():
    survey = datasets.load_mobile_phones()
    return key_drivers(REFERENCE["input"]["x"], REFERENCE["input"]["y"], data=survey)


@pytest.mark.parametrize(
    ("column", "theirs"),
    [
        ("lmg", "lmg"),
        ("pratt", "pratt"),
        ("first", "first"),
        ("last", "last"),
        ("relative_weights", "genizi"),
    ],
)
def test_relaimpo(phones, column, theirs):
    expected = REFERENCE["output"]["raw"][theirs]
    assert phones.drivers[column].to_dict() == pytest.approx(expected, abs=DIRECT)
    if column in phones.shares:
        shares = REFERENCE["output"]["normalised_to_100pct"][theirs]
        assert phones.shares[column].to_dict() == pytest.approx(shares, abs=DIRECT)


def test_rwa_and_the_regression_itself(phones):
    output = REFERENCE["output"]
    weights = phones.drivers["relative_weights"].to_dict()
    assert weights == pytest.approx(output["johnson_rwa_package"], abs=DIRECT)
    assert phones.drivers["standardised"].to_dict() == pytest.approx(output["std_beta"], abs=DIRECT)
    assert phones.r_squared == pytest.approx(output["R2"], abs=DIRECT)
    assert phones.r_squared_adjusted == pytest.approx(output["adjR2"], abs=DIRECT)


def test_conditional_dominance(phones):
    expected = REFERENCE["output"]["conditional_dominance"]["values"]
    np.testing.assert_allclose(phones.gains, expected, atol=DIRECT)
    np.testing.assert_allclose(phones.gains.mean(axis=1), phones.drivers["lmg"], atol=DIRECT)


# Against plain computations


@pytest.mark.parametrize("p", [1, 2, 3, 5])
def test_lmg_is_the_mean_gain_over_all_orders(p):
    x, y = world(p)
    expected = np.zeros(p)
    for order in permutations(range(p)):
        for place, driver in enumerate(order):
            before = list(order[:place])
            expected[driver] += r_squared(x[:, [*before, driver]], y) - r_squared(x[:, before], y)
    found = key_drivers(as_mapping(x), y).drivers
    np.testing.assert_allclose(found["lmg"], expected / factorial(p), atol=SAME)


def test_every_subset_has_its_regression():
    x, y = world(5)
    left = kernels.unexplained(np.corrcoef(np.column_stack([x, y]).T)[None])[0]
    for size in range(6):
        for chosen in combinations(range(5), size):
            place = sum(2**k for k in chosen)
            assert 1 - left[place] == pytest.approx(r_squared(x[:, chosen], y), abs=SAME)


def test_first_last_and_inflation():
    x, y = world(4)
    table = key_drivers(as_mapping(x), y).drivers
    for k in range(4):
        others = [j for j in range(4) if j != k]
        row = table.iloc[k]
        assert row["first"] == pytest.approx(r_squared(x[:, [k]], y), abs=SAME)
        gain = r_squared(x, y) - r_squared(x[:, others], y)
        assert row["last"] == pytest.approx(gain, abs=SAME)
        inflation = 1 / (1 - r_squared(x[:, others], x[:, k]))
        assert row["vif"] == pytest.approx(inflation, rel=SAME)


def test_a_weight_counts_people():
    x, y = world(4)
    w = np.random.default_rng(3).integers(0, 4, len(y))
    counted = key_drivers(as_mapping(x), y, weights=w)
    repeated = key_drivers(as_mapping(np.repeat(x, w, axis=0)), np.repeat(y, w))
    np.testing.assert_allclose(measures_of(counted), measures_of(repeated), atol=SAME)
    assert counted.n_obs == (w > 0).sum()
    assert counted.r_squared == pytest.approx(r_squared(x, y, w), abs=SAME)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(0, 10_000), st.floats(0, 1.5))
def test_what_adds_up_adds_up_and_scales_do_not_matter(p, seed, common):
    x, y = world(p, seed=seed, common=common)
    found = key_drivers(as_mapping(x), y)
    for name in ("pratt", "relative_weights", "lmg"):
        assert found.drivers[name].sum() == pytest.approx(found.r_squared, abs=SAME)
        assert found.shares[name].sum() == pytest.approx(1, abs=1e-8)  # R2 may be small
    assert (found.drivers[["first", "last", "relative_weights", "lmg"]] > -SAME).all(axis=None)
    between = found.drivers["lmg"].to_numpy()
    assert (between <= found.gains.max(axis=1) + SAME).all()
    order = np.random.default_rng(seed).permutation(p)
    names = [f"d{k}" for k in order]
    again = key_drivers({f"d{k}": 5 + 0.1 * x[:, k] for k in order}, 3 - 2 * y)
    same = ["first", "last", "pratt", "relative_weights", "lmg", "vif"]
    np.testing.assert_allclose(again.drivers[same], found.drivers.loc[names, same], atol=1e-9)


def test_without_correlation_all_definitions_agree():
    design = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    y = design @ [4, 3, 2, 1]
    found = key_drivers(as_mapping(design), y)
    expected = np.array([16, 9, 4, 1]) / 30
    for name in ("first", "last", "pratt", "relative_weights", "lmg"):
        np.testing.assert_allclose(found.drivers[name], expected, atol=SAME)


# Drawn orders


def test_drawn_orders_are_close_to_all_by_their_own_error():
    x, y = world(8)
    exact = key_drivers(as_mapping(x), y)
    drawn = [key_drivers(as_mapping(x), y, n_orders=200, rng=seed) for seed in range(60)]
    lmg = np.array([one.drivers["lmg"] for one in drawn])
    for one in drawn:
        assert one.drivers["lmg"].sum() == pytest.approx(one.r_squared, abs=SAME)
    own = np.mean([one.monte_carlo_error for one in drawn], axis=0)
    # Sixty draws know a standard deviation to a tenth, and their mean to an eighth of it.
    np.testing.assert_allclose(lmg.std(axis=0, ddof=1) / own, 1, atol=0.4)
    assert (np.abs(lmg.mean(axis=0) - exact.drivers["lmg"]) < 4 * own / np.sqrt(60)).all()
    assert (exact.monte_carlo_error == 0).all()


def test_beyond_fifteen_drivers_orders_are_drawn():
    x, y = world(18, n=200)
    found = key_drivers(as_mapping(x), y, rng=1)
    assert found.n_orders == 2000
    assert "2000 drawn" in str(found.summary())
    assert found.drivers["lmg"].sum() == pytest.approx(found.r_squared, abs=SAME)
    # All 262,144 regressions, which the kernel can do, if not within its slice of memory.
    exact = kernels.gains_by_size(found.correlations[None])[0].mean(axis=1)
    error = np.abs(found.drivers["lmg"] - exact) / found.monte_carlo_error
    assert error.max() < 4.5  # eighteen normal deviates


def test_gains_in_drawn_orders_are_those_of_all_orders_if_all_are_drawn():
    x, y = world(4)
    correlations = np.corrcoef(np.column_stack([x, y]).T)[None]
    orders = np.array(list(permutations(range(4))))
    drawn, exact = kernels.importance(correlations, orders), kernels.importance(correlations)
    np.testing.assert_allclose(drawn.by_size, exact.by_size, atol=SAME)
    np.testing.assert_allclose(drawn.measures, exact.measures, atol=SAME)


# Stacks and resamples


def test_a_problem_without_solution_leaves_the_others_alone():
    x, y = world(3)
    good = np.cov(np.column_stack([x, y]).T)
    constant, collinear = good.copy(), good.copy()
    constant[1] = constant[:, 1] = 0
    collinear[2] = collinear[:, 2] = 0
    collinear[2] = collinear[0]
    collinear[:, 2] = collinear[:, 0]
    found = kernels.importance(np.stack([constant, good, collinear]))
    assert found.solvable.tolist() == [False, True, False]
    assert np.isnan(pack(found, 100.0, resampled=False)[[0, 2]]).all()
    np.testing.assert_array_equal(found.measures[1], kernels.importance(good[None]).measures[0])


def test_a_resample_is_an_analysis_of_the_people_drawn():
    x, y = world(4)
    found = key_drivers(as_mapping(x), y, n_resamples=50, rng=5)
    units = resampling.make_units(np.column_stack([x, y]), np.ones(len(y)), None, None)
    counts = next(resampling.draw_counts(units, 50, np.random.default_rng(5), size=50))
    for k in (0, 49):
        again = key_drivers(as_mapping(x), y, weights=counts[k].astype(float))
        replicate = found.estimates.replicates[k]
        np.testing.assert_allclose(replicate[:24], measures_of(again), atol=SAME)
        left = (len(y) - 1) / (len(y) - 5)  # adjusted twice, for everybody's number
        twice = 1 - (1 - again.r_squared) * left**2
        assert replicate[-1] == pytest.approx(twice, abs=SAME)
    table = found.importance
    assert table["estimate"].to_numpy()[-1] == found.r_squared_adjusted
    assert table["std_error"].to_numpy() == pytest.approx(
        found.estimates.replicates.std(axis=0, ddof=1)
    )
    assert list(table["measure"].unique())[-4:] == [
        "pratt_share",
        "relative_weights_share",
        "lmg_share",
        "r_squared_adjusted",
    ]


def r_squared_law(r, rho, n, p):
    """P(R2 <= r) for normal drivers: F with a noncentrality that is chi-squared itself."""
    chi = stats.chi2.ppf((np.arange(400) + 0.5) / 400, n - 1)
    f = r / (1 - r) * (n - p - 1) / p
    return stats.ncf.cdf(f, p, n - p - 1, chi * rho / (1 - rho)).mean()


def test_the_interval_of_r_squared_is_that_of_the_law_of_normal_drivers():
    x, y = world(4, n=300)
    n, p = x.shape
    found = key_drivers(as_mapping(x), y, n_resamples=4000, rng=1)
    row = found.importance.iloc[-1]
    ends = [
        optimize.brentq(lambda rho: r_squared_law(found.r_squared, rho, n, p) - tail, 1e-6, 0.99)  # noqa: B023
        for tail in (0.975, 0.025)
    ]
    # Between percentiles of a few hundred people, and of the law: a tenth of the width apart.
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(ends, abs=0.1 * (ends[1] - ends[0]))


def test_r_squared_of_noise_is_not_told_from_0():
    """20 drivers without effect explain a fifth by chance; the plain interval starts at .2."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(100, 20)), rng.normal(size=100)
    found = key_drivers(as_mapping(x), y, n_orders=4, n_resamples=400, rng=1)
    assert found.r_squared > 0.15
    assert found.importance["ci_low"].iloc[-1] == 0.0


def test_weighted_people_count_for_fewer_in_adjusted_r_squared():
    x, y = world(3)
    w = np.random.default_rng(1).exponential(size=len(y))
    found = key_drivers(as_mapping(x), y, weights=w)
    n = w.sum() ** 2 / (w @ w)
    expected = 1 - (1 - r_squared(x, y, w)) * (n - 1) / (n - 4)
    assert found.r_squared_adjusted == pytest.approx(expected, abs=SAME)


def test_the_same_seed_gives_the_same_intervals():
    x, y = world(3)
    one, two, other = (
        key_drivers(as_mapping(x), y, n_resamples=99, rng=seed).importance for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_ranks_and_differences():
    x, y = world(3, n=400)
    found = key_drivers(as_mapping(x), y, n_resamples=400, rng=1)
    ranks = found.ranks()
    assert ranks["rank"].tolist() == [1, 2, 3]
    assert (ranks["best"] <= ranks["rank"]).all()
    assert (ranks["rank"] <= ranks["worst"]).all()
    assert ranks["resample_share_first"].sum() == pytest.approx(1)
    turned = key_drivers(as_mapping(x * [-1, 1, 1]), y, n_resamples=400, rng=1)
    by_size = turned.ranks(measure="standardised")
    assert by_size["rank"].tolist() == [1, 2, 3]
    assert turned.drivers.loc["d0", "standardised"] < 0
    for measure in ("standardised", "lmg"):
        apart = found.difference("d0", "d2", measure=measure)
        table = found.drivers[measure]
        assert apart["estimate"] == pytest.approx(table["d0"] - table["d2"])
        assert (apart["ci_low"] > 0) == (apart["p_value"] < 0.05)
    assert found.difference("d0", "d1")["estimate"] == -found.difference("d1", "d0")["estimate"]


TARGET_R = np.full((4, 4), 0.4) + 0.6 * np.eye(4)
TARGET_B = np.array([0.4, 0.25, 0.1, 0.0])


def coverage(n, surveys, n_resamples):
    """Shares of surveys whose intervals hold what the measures are in the population."""
    r = TARGET_R @ TARGET_B
    population = np.block([[TARGET_R, r[:, None]], [r[None], np.ones((1, 1))]])
    truth = pack(kernels.importance(population[None]), 1e15, resampled=False)[0]  # of all
    root = np.linalg.cholesky(population)
    held = []
    for seed in range(surveys):
        x = np.random.default_rng(seed).normal(size=(n, 5)) @ root.T
        found = key_drivers(as_mapping(x[:, :4]), x[:, 4], n_resamples=n_resamples, rng=seed)
        low, high = found.estimates.ci_low, found.estimates.ci_high
        held.append((low <= truth) & (truth <= high))
    shares = np.mean(held, axis=0)
    table = dict(zip(kernels.MEASURES, shares[:24].reshape(6, 4), strict=True))
    return table | {"lmg_share": shares[32:36], "r_squared_adjusted": shares[36:]}


HELD = (
    "standardised",
    "first",
    "pratt",
    "relative_weights",
    "lmg",
    "lmg_share",
    "r_squared_adjusted",
)


def test_intervals_hold_what_they_aim_at_roughly():
    found = coverage(200, 120, 199)
    # 120 surveys know a share of 0.95 to 0.02, and the mean of four, which go together, better.
    for name in HELD:
        assert found[name].mean() == pytest.approx(0.95, abs=0.05), name
    # What is never below 0 cannot have an interval about a true 0.
    assert found["last"][3] == 0


@pytest.mark.slow
@pytest.mark.parametrize("n", [150, 500])
def test_intervals_hold_what_they_aim_at(n):
    found = coverage(n, 1000, 999)
    # A thousand surveys know a share to 0.007; percentile intervals themselves are off by about
    # 0.01 at this size, because shares are biased upwards where they are small.
    for name in HELD:
        assert np.abs(found[name] - 0.95).max() < 0.035, (name, found[name])


# Penalty and reward


def test_penalty_and_reward_are_those_of_a_dummy_regression():
    rng = np.random.default_rng(2)
    x = rng.integers(1, 11, (300, 3))
    y = x @ [0.5, 0.2, 0.1] - (x[:, 0] <= 3) * 2 + rng.normal(size=300)
    w = rng.uniform(0.5, 2, 300)
    cuts = {"d0": (3, 8), "d1": (4, 8), "d2": (3, 8)}
    found = penalty_reward(as_mapping(x), y, cuts=cuts, weights=w, n_resamples=99, rng=1)
    low, high = x <= [3, 4, 3], x >= 8
    design = np.column_stack([np.ones(300), low, high]) * np.sqrt(w)[:, None]
    expected = np.linalg.lstsq(design, y * np.sqrt(w), rcond=None)[0][1:]
    table = dict(list(found.effects.groupby("quantity")["estimate"]))
    np.testing.assert_allclose(table["penalty"], expected[:3], atol=SAME)
    np.testing.assert_allclose(table["reward"], expected[3:], atol=SAME)
    np.testing.assert_allclose(table["range"], expected[3:] - expected[:3], atol=SAME)
    np.testing.assert_allclose(table["asymmetry"], expected[3:] + expected[:3], atol=SAME)
    shares = found.groups.query("group == 'low'")["share"]
    np.testing.assert_allclose(shares, w @ low / w.sum())
    assert found.r_squared == pytest.approx(r_squared(np.column_stack([low, high]), y, w))
    assert found.effects["quantity"].unique().tolist() == [
        "penalty", "reward", "range", "asymmetry", "r_squared_adjusted",
    ]  # fmt: skip
    assert found.effects["p_value"].notna().tolist() == [True] * 12 + [False]
    assert "Asymmetry" in str(found.summary())
    assert repr(found).startswith("<PenaltyRewardResult: 3 attributes, target target, 300")
    assert "Penalty" in found._repr_html_()


def test_penalty_and_reward_find_the_asymmetry_put_in():
    rng = np.random.default_rng(5)
    x = rng.integers(1, 6, (4000, 2))
    y = -2.0 * (x[:, 0] <= 2) + 0.5 * (x[:, 0] >= 4) + 1.0 * (x[:, 1] >= 4) + rng.normal(size=4000)
    found = penalty_reward(as_mapping(x), y, cuts=(2, 4), n_resamples=300, rng=1)
    rows = found.effects.set_index(["quantity", "attribute"])
    truth = {"penalty": (-2, 0), "reward": (0.5, 1), "asymmetry": (-1.5, 1)}
    for quantity, values in truth.items():
        for name, value in zip(("d0", "d1"), values, strict=True):
            row = rows.loc[(quantity, name)]
            # One survey, eight intervals: they hold within three standard errors.
            assert abs(row["estimate"] - value) < 3 * row["std_error"]
    assert rows.loc[("asymmetry", "d0"), "ci_high"] < 0 < rows.loc[("asymmetry", "d1"), "ci_low"]


def few_low(rng, m, n=60):
    """Draw answers of which m rate d0 low, at a cost of 1."""
    x = np.column_stack([np.repeat([1, 3, 5], [m, n - m - 20, 20]), rng.integers(1, 6, n)])
    return x, -1.0 * (x[:, 0] == 1) + rng.normal(size=n)


def test_what_one_respondent_decides_alone_is_named_and_has_no_interval():
    found = penalty_reward(
        as_mapping((sample := few_low(np.random.default_rng(6), 1))[0]), sample[1], cuts=(2, 4)
    )
    rows = found.effects.set_index(["quantity", "attribute"])
    for quantity, known in (("penalty", False), ("reward", True), ("range", False)):
        row = rows.loc[(quantity, "d0")]
        assert row[["std_error", "ci_low", "ci_high", "p_value"]].notna().all() == known
    assert rows.loc[("penalty", "d1"), "ci_low"] < rows.loc[("penalty", "d1"), "ci_high"]
    assert "to rate d0 low (1); one alone leaves no interval" in " ".join(found.summary().remarks)
    assert found.group_sizes[0].tolist() == [1, 20]


@pytest.mark.parametrize("weighted", [False, True])
def test_penalties_of_a_few_people_cover(weighted):
    rng, held = np.random.default_rng(7), 0
    for _ in range(300):
        x, y = few_low(rng, 6)
        w = rng.lognormal(0, 0.5, 60) if weighted else None
        row = penalty_reward(as_mapping(x), y, cuts=(2, 4), weights=w).effects.iloc[0]
        held += row["ci_low"] <= -1 <= row["ci_high"]
    # 300 surveys know a share of 0.95 to 0.0126; between percentiles of resamples it is 0.87.
    assert held / 300 == pytest.approx(0.955, abs=3 * 0.0126)


# What comes in and what comes out


def test_columns_of_any_table():
    x, y = world(2)
    frame = pd.DataFrame({**as_mapping(x), "y": y, "w": 1.0})
    expected = key_drivers(["d0", "d1"], "y", data=frame, weights="w")
    for data in (pl.from_pandas(frame), frame.set_index(pd.Index(range(100, 160)))):
        found = key_drivers(["d0", "d1"], "y", data=data, weights="w")
        np.testing.assert_array_equal(measures_of(found), measures_of(expected))
    renamed = key_drivers({"first": "d0", "second": frame["d1"]}, "y", data=frame)
    assert tuple(renamed.drivers.index) == ("first", "second")
    assert renamed.target == "y"
    assert key_drivers(as_mapping(x), pl.Series("y", y)).target == "y"


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_table_of_drivers_and_a_series_of_the_target(make):
    x, y = world(2)
    expected = key_drivers(as_mapping(x), y)
    found = key_drivers(make(as_mapping(x)), pd.Series(y, name="overall"))
    np.testing.assert_array_equal(measures_of(found), measures_of(expected))
    assert (found.target, expected.target) == ("overall", "target")
    data = make({**as_mapping(x), "y": y})
    for drivers in (["d0", "d1"], pd.Index(["d0", "d1"])):
        again = key_drivers(drivers, "y", data=data)
        np.testing.assert_array_equal(measures_of(again), measures_of(expected))
    with pytest.raises(DataError, match="'y' is the target and also"):
        key_drivers(data, pd.Series(y, name="y"))


def test_only_coefficients_are_tested_against_0():
    x, y = world(3)
    plain = key_drivers(as_mapping(x), y)
    assert plain.importance.columns.to_list() == ["measure", "driver", "estimate"]
    assert (plain.level, plain.interval) == (None, None)
    found = key_drivers(as_mapping(x), y, n_resamples=99, level=0.9, rng=1)
    tested = found.importance.query("p_value.notna()")
    assert tested["measure"].unique().tolist() == ["standardised"]
    assert (found.level, found.interval) == (0.9, "percentile")
    assert "90% percentile" in str(found.summary())


def test_missing_answers_are_left_out_if_asked_for():
    x, y = world(2)
    holes = x.copy()
    holes[3, 0] = np.nan
    with pytest.raises(DataError, match=r'd0 has 1 missing value.*missing="drop"'):
        key_drivers(as_mapping(holes), y)
    found = key_drivers(as_mapping(holes), y, missing="drop")
    keep = np.arange(len(y)) != 3
    assert (found.n_obs, found.n_dropped) == (59, 1)
    assert "left out     1" in str(found.summary())
    np.testing.assert_allclose(
        measures_of(found), measures_of(key_drivers(as_mapping(x[keep]), y[keep])), atol=SAME
    )


def test_results_stay_as_they_are():
    x, y = world(3)
    before = x.copy()
    found = key_drivers(as_mapping(x), y, n_resamples=60, rng=1)
    np.testing.assert_array_equal(x, before)
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.importance, found.importance)
    for array in (again.correlations, again.estimates.replicates, found.by_size):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    table = found.drivers
    table.iloc[0, 0] = 9
    assert found.drivers.iloc[0, 0] != 9
    assert repr(found).startswith("<KeyDriversResult: 3 drivers of target, 60 respondents")
    assert "Shares of R2" in found._repr_html_()


def test_a_target_explained_wholly_is_no_problem():
    x, _ = world(3)
    found = key_drivers(as_mapping(x), x @ [1, 2, 3])
    assert found.r_squared == pytest.approx(1)
    assert found.drivers["lmg"].sum() == pytest.approx(1)
    drawn = key_drivers(as_mapping(x), x @ [1, 2, 3], n_orders=100, rng=1)
    assert drawn.drivers["lmg"].sum() == pytest.approx(1)


def test_near_collinearity_is_warned_of():
    x, y = world(3, n=200)
    x[:, 2] = x[:, 0] + 0.05 * x[:, 2]
    with pytest.warns(CollinearityWarning, match=r"d0 \(\d+.*d2 \(") as caught:
        key_drivers(as_mapping(x), y)
    assert caught[0].filename == __file__


def test_negative_pratt_is_remarked_on(phones):
    assert "Pratt is negative for PERQ5, PERQ6" in str(phones.summary())


def test_resamples_that_fail_are_counted():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 2))
    x[:, 1] = 0
    x[0, 1] = 1  # constant in every third resample
    y = x[:, 0] + rng.normal(size=40)
    with pytest.warns(FailedResamplesWarning, match="of 200 resamples .*were left out"):
        found = key_drivers(as_mapping(x), y, n_resamples=200, rng=1)
    # (1 - 1/40)^40 = 0.363 of the resamples leave that person out.
    assert found.n_failed / 200 == pytest.approx(0.363, abs=0.1)
    assert len(found.estimates.replicates) == 200 - found.n_failed
    assert "left out" in str(found.summary())


def test_too_few_resamples_that_can_be_estimated_are_an_error():
    # Ten people answer one question each differently; hardly a resample has all of them.
    y = np.random.default_rng(1).normal(size=12)
    with pytest.raises(
        NotIdentifiedError, match=r"nearly all of 39 resamples .*ask more respondents"
    ):
        key_drivers(as_mapping(np.eye(12)[:, :10]), y, n_resamples=39, rng=1)


X, Y = world(3)
CONSTANT = {"d0": X[:, 0], "flat": np.full(60, 5.0)}
SUM = {"d0": X[:, 0], "d1": X[:, 1], "both": X[:, 0] + X[:, 1], "free": X[:, 2]}
FRAME = pd.DataFrame({**as_mapping(X), "y": Y})


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (DataError, r"constant: flat \(always 5\).*leave it out", lambda: key_drivers(CONSTANT, Y)),
        (DataError, "constant: target", lambda: key_drivers(as_mapping(X), np.ones(60))),
        (
            DataError,
            r"a list of 2 names, .* drivers stand before the target: key_drivers\(\[...\], 'y'\)",
            lambda: key_drivers("y", ["d0", "d1"], data=FRAME),
        ),
        (
            DataError,
            r"attributes stand before the target: penalty_reward\(\[...\], 'y'\)",
            lambda: penalty_reward("y", ["d0", "d1"], cuts=(3, 8), data=FRAME),
        ),
        (
            NotIdentifiedError,
            "d0, d1, both make each other up.*leave out one",
            lambda: key_drivers(SUM, Y),
        ),
        (
            NotIdentifiedError,
            "a, b make each other up exactly",
            lambda: key_drivers({"a": X[:, 0], "b": X[:, 0]}, Y),
        ),
        (
            NotIdentifiedError,
            "4 respondents are too few for 3 drivers.*at least 5.*fewer drivers",
            lambda: key_drivers(as_mapping(X[:4]), Y[:4]),
        ),
        (DataError, "equally long", lambda: key_drivers(as_mapping(X), Y[:50])),
        (
            DataError,
            "drivers name d0 more than once",
            lambda: key_drivers(["d0", "d0"], "y", data=FRAME),
        ),
        (
            DataError,
            "'y' is the target and also",
            lambda: key_drivers(["d0", "y"], "y", data=FRAME),
        ),
        (DataError, "did you mean 'd1'", lambda: key_drivers(["D1"], "y", data=FRAME)),
        (DataError, "give data=", lambda: key_drivers(["d0"], "y")),
        (DataError, "mapping from name to values", lambda: key_drivers(X, Y)),
        (DataError, "drivers are empty", lambda: key_drivers({}, Y)),
        (DataError, "must be text", lambda: key_drivers({1: X[:, 0]}, Y)),
        (
            DataError,
            "weights must lie 0 or more.*first -1 in row 0",
            lambda: key_drivers(as_mapping(X), Y, weights=-np.ones(60)),
        ),
        (
            DataError,
            "all weights are zero",
            lambda: key_drivers(as_mapping(X), Y, weights=np.zeros(60)),
        ),
        (DataError, "not numeric", lambda: key_drivers({"d0": ["a"] * 60}, Y)),
        (OptionError, "missing", lambda: key_drivers(as_mapping(X), Y, missing="mean")),
        (OptionError, "n_orders=3 must be", lambda: key_drivers(as_mapping(X), Y, n_orders=3)),
        (OptionError, "even number", lambda: key_drivers(as_mapping(X), Y, n_orders=5)),
        (
            OptionError,
            "30 resamples cannot show.*at least 39.*draw 0",
            lambda: key_drivers(as_mapping(X), Y, n_resamples=30),
        ),
        (OptionError, "n_resamples", lambda: key_drivers(as_mapping(X), Y, n_resamples=-1)),
        (OptionError, "level", lambda: key_drivers(as_mapping(X), Y, level=95)),
        (DataError, "n_resamples=2000", lambda: key_drivers(as_mapping(X), Y).ranks()),
        (
            DataError,
            "n_resamples=2000",
            lambda: key_drivers(as_mapping(X), Y).difference("d0", "d1"),
        ),
        (
            OptionError,
            "no driver 'x'; the drivers are d0, d1, d2",
            lambda: key_drivers(as_mapping(X), Y, n_resamples=99).difference("x", "d0"),
        ),
        (
            OptionError,
            "measure='best' is not an option",
            lambda: key_drivers(as_mapping(X), Y, n_resamples=99).ranks(measure="best"),
        ),
        (
            OptionError,
            "cuts of 'd0' are .1, 1.*not below",
            lambda: penalty_reward(as_mapping(X), Y, cuts=(1, 1)),
        ),
        (
            OptionError,
            "cuts lacks d1, d2; give one value for all",
            lambda: penalty_reward(as_mapping(X), Y, cuts={"d0": (1, 2)}),
        ),
        (OptionError, "cuts='top'", lambda: penalty_reward(as_mapping(X), Y, cuts=(0, "top"))),
        (OptionError, "3, no pair", lambda: penalty_reward(as_mapping(X), Y, cuts=3)),
        (
            DataError,
            "nobody rates 'd0' low; set other cuts",
            lambda: penalty_reward(as_mapping(X), Y, cuts=(-99, 1)),
        ),
        (
            NotIdentifiedError,
            "low d0, high d0 make each other up.*other cuts",
            lambda: penalty_reward({"d0": np.sign(X[:, 0])}, Y, cuts=(-1, 1)),
        ),
        (
            NotIdentifiedError,
            "5 respondents are too few for 4 coefficients",
            lambda: penalty_reward(
                {"a": [1, 2, 3, 1, 3], "b": [1, 3, 2, 2, 1]}, [1, 2, 3, 4, 5], cuts=(1, 3)
            ),
        ),
    ],
)
def test_bad_input_ends_in_a_named_error_with_a_way_out(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_drivers_that_differ_by_rounding_only_share_a_rank():
    ranks = _ranks(np.array([[0.3, 0.1 + 0.2, 0.1], [1e-9, 2e-9, 3e-9]]))
    assert ranks.tolist() == [[1, 1, 3], [3, 2, 1]]


def test_what_varies_by_rounding_only_is_constant():
    with pytest.raises(DataError, match="constant: a"):
        key_drivers({"a": [0.3, 0.1 + 0.2, 0.3, 0.3], "b": [1, 2, 3, 1]}, [1, 2, 2, 4])
