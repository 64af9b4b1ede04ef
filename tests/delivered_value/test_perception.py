"""What is perceived, and how it is spread: against published data, other programs and coverage."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

from loyaltymodel.delivered_value import heterogeneity
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT

# Strength of cloth from four looms, a textbook example of random effects, as printed with the
# statements that work it out at https://sites.ualberta.ca/~dwiens/stat368/rem.R, where
# F = 15.681, MS within = 1.896, and the interval is (F / quantile - 1) / 4 turned into a share.
LOOMS = [98, 91, 96, 95, 97, 90, 95, 96, 99, 93, 97, 99, 96, 92, 95, 98]
WHICH = [1, 2, 3, 4] * 4


def test_the_looms():
    found = heterogeneity(LOOMS, WHICH)
    assert found.statistic == pytest.approx(15.681, abs=5e-4)  # as printed
    assert found.variance_within == pytest.approx(1.896, abs=5e-4)
    # The interval of that page, by its own statements.
    ends = [(15.68132 / stats.f.ppf(share, 3, 12) - 1) / 4 for share in (0.975, 0.025)]
    low, high = (end / (1 + end) for end in ends)
    assert found.estimates.ci_low[0] == pytest.approx(low, abs=1e-5)  # F is given with seven digits
    assert found.estimates.ci_high[0] == pytest.approx(high, abs=1e-5)
    other = stats.f_oneway(*(np.array(LOOMS)[np.array(WHICH) == k] for k in (1, 2, 3, 4)))
    assert found.statistic == pytest.approx(other.statistic, rel=EXACT)
    assert found.p_value == pytest.approx(other.pvalue, rel=1e-9)  # two ways to the F tail


@pytest.mark.parametrize("n", [2, 5, 40])
def test_groups_of_one_size_have_the_closed_form(n):
    rng = np.random.default_rng(n)
    values = rng.normal(size=(6, 1)) * 0.8 + rng.normal(size=(6, n))
    found = heterogeneity(values.ravel(), np.repeat(list("abcdef"), n), level=0.9)
    within = values.var(axis=1, ddof=1).mean()
    f = n * values.mean(axis=1).var(ddof=1) / within
    ends = [(f / stats.f.ppf(share, 5, 6 * (n - 1)) - 1) / n for share in (0.95, 0.05)]
    low, high = (max(end, 0) / (1 + max(end, 0)) for end in ends)
    # A root found to 1e-14 against a closed form.
    assert found.quantities.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(
        (low, high), rel=1e-9, abs=1e-12
    )
    assert found.variance_between == pytest.approx((f - 1) * within / n, rel=1e-9)


def test_unequal_groups_by_plain_sums():
    rng = np.random.default_rng(2)
    sizes = [1, 4, 9, 30]
    group = np.repeat(["w", "x", "y", "z"], sizes)
    values = 50 + rng.normal(size=44) + np.repeat(rng.normal(size=4), sizes)
    found = heterogeneity(values, group)
    frame = pd.DataFrame({"v": values, "s": group})
    groups = frame.groupby("s")["v"]
    means = groups.mean()
    within = ((frame["v"] - groups.transform("mean")) ** 2).sum()
    between = (sizes * (means - values.mean()) ** 2).sum()
    assert found.sum_within == pytest.approx(within, rel=1e-10)
    assert found.sum_between == pytest.approx(between, rel=1e-10)
    assert found.eta_squared == pytest.approx(between / (between + within), rel=1e-10)
    np.testing.assert_allclose(found.group_means, means, rtol=EXACT)
    np.testing.assert_allclose(found.group_deviations, groups.std(), rtol=1e-10)
    typical = (44 - sum(n**2 for n in sizes) / 44) / 3
    expected = (between / 3 - within / 40) / typical
    assert found.variance_between == pytest.approx(expected, rel=1e-10)
    ratio = max(expected, 0) / (within / 40)
    weights = 1 / (ratio + 1 / np.array(sizes))
    middle = np.average(means, weights=weights)
    shrunken = (means - middle) * ratio / (ratio + 1 / np.array(sizes))
    np.testing.assert_allclose(found.group_shifts, shrunken, rtol=1e-9, atol=1e-12)


@pytest.mark.study
@pytest.mark.parametrize("icc", [0.0, 0.1, 0.5])
def test_the_interval_holds_its_level_for_unequal_groups(icc):
    rng = np.random.default_rng(17)
    sizes = np.array([2, 3, 5, 8, 20, 60, 4, 12])
    group = np.repeat(np.arange(8), sizes)
    runs, below, above = 1500, 0, 0
    for _ in range(runs):
        levels = rng.normal(size=8) * np.sqrt(icc)
        values = levels[group] + rng.normal(size=sizes.sum()) * np.sqrt(1 - icc)
        found = heterogeneity(values, group, level=0.9)
        below += icc < found.estimates.ci_low[0]
        above += icc > found.estimates.ci_high[0]
    # Each tail is 0.05; three standard errors in 1,500 runs are 0.017. At 0 the interval, cut at
    # 0, cannot lie below.
    assert abs(below / runs - 0.05) < 0.017
    if icc:
        assert abs(above / runs - 0.05) < 0.017
    else:
        assert above == 0


def test_less_spread_than_chance_is_said_and_not_hidden():
    found = heterogeneity([1, 9, 2, 8, 1, 9], ["a", "a", "b", "b", "c", "c"])
    assert found.variance_between < 0
    assert found.icc < 0
    assert found.estimates.ci_low[0] == 0
    assert 0 <= found.estimates.ci_high[0] < 1
    assert found.group_shifts.tolist() == [0, 0, 0]
    assert "below 0" in str(found.summary())


def test_levels_far_from_zero_lose_no_digits():
    near = heterogeneity(LOOMS, WHICH)
    far = heterogeneity(np.array(LOOMS) + 1e8, WHICH)
    assert far.icc == pytest.approx(near.icc, rel=1e-9)  # 1e8 leaves eight digits of each value


def test_shapes_tables_and_pickles():
    frame = pd.DataFrame({"p": LOOMS, "s": [f"loom {k}" for k in WHICH]})
    by_name = heterogeneity("p", "s", data=frame)
    for table in (pl.from_pandas(frame), frame):
        again = heterogeneity("p", "s", data=table)
        assert again.icc == by_name.icc
        assert again.group_names == ("loom 1", "loom 2", "loom 3", "loom 4")
    frame.loc[3, "s"] = None
    assert heterogeneity("p", "s", data=frame, missing="drop").n_dropped == 1
    assert by_name.decomposition["df"].to_list() == [3, 12, 15]
    assert by_name.groups["n_obs"].to_list() == [4, 4, 4, 4]
    assert by_name.n_obs == 16
    pickled = pickle.loads(pickle.dumps(by_name))
    with pytest.raises(ValueError, match="read-only"):
        pickled.group_means[0] = 1
    assert "intraclass correlation" in str(by_name.summary())


@pytest.mark.parametrize(
    ("perceived", "group", "options", "error", "way_out"),
    [
        ([1, 2, 3], ["a", "a", "a"], {}, DataError, "at least two different values"),
        ([1, 2, 3], ["a", "b", "c"], {}, DataError, "coarser groups"),
        ([1, 1, 3, 3], ["a", "a", "b", "b"], {}, DataError, "of single customers"),
        ([1.1, 1.1, 1.1, 1.1], ["a", "a", "b", "b"], {}, DataError, "of single customers"),
        ([1, np.nan, 3], ["a", "a", "b"], {}, DataError, 'missing="drop"'),
        ([1, 2, 3], ["a", None, "b"], {}, DataError, 'missing="drop"'),
        ([1, 2, 3], ["a", "b"], {}, DataError, "equally long"),
        ([1, 2, 3], ["a", "a", "b"], {"level": 0}, OptionError, "between 0 and 1"),
        ("p", "s", {}, DataError, "give data="),
    ],
)
def test_bad_groups_are_named_errors(perceived, group, options, error, way_out):
    with pytest.raises(error, match=way_out):
        heterogeneity(perceived, group, **options)
