"""Satisfaction by wave: means, changes with and without known customers, and their parts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyaltymodel.chain import index_by_wave
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError, SmallSampleWarning

from tolerances import EXACT, SAME


def panel(rng, n=40, n_waves=3, stay=0.6):
    """Answers of a rotating panel, in mixed order, with weights."""
    rows, who, last = [], np.arange(n), n
    lasting = rng.normal(size=n)
    for wave in range(1, n_waves + 1):
        x = 6 + lasting + rng.normal(size=n)
        rows.append(pd.DataFrame({"who": who, "wave": wave, "x": x}))
        leaves = rng.random(n) > stay
        who = np.where(leaves, last + np.arange(n), who)
        lasting = np.where(leaves, rng.normal(size=n), lasting)
        last += n
    table = pd.concat(rows, ignore_index=True)
    table["weight"] = rng.uniform(0.5, 3, len(table))
    return table.sample(frac=1, random_state=1, ignore_index=True)


def test_samples_one_apart_are_compared_as_welch_does():
    rng = np.random.default_rng(0)
    one, other = rng.normal(7, 1, 25), rng.normal(6, 2, 40)
    found = index_by_wave(np.append(one, other), np.repeat([1, 2], [25, 40]), level=0.9)
    welch = stats.ttest_ind(other, one, equal_var=False)
    row = found.changes.iloc[0]
    np.testing.assert_allclose(row["p_value"], welch.pvalue, rtol=SAME)
    np.testing.assert_allclose(row["df"], welch.df, rtol=SAME)
    ends = welch.confidence_interval(0.9)
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].tolist(), ends, rtol=SAME)
    own = stats.t.interval(0.9, 24, one.mean(), stats.sem(one))
    np.testing.assert_allclose(found.waves.loc[0, ["ci_low", "ci_high"]].tolist(), own, rtol=SAME)
    assert found.components.empty


def test_the_same_customers_are_compared_in_pairs():
    rng = np.random.default_rng(1)
    before = rng.normal(7, 1, 30)
    after = before - 0.3 + rng.normal(0, 0.5, 30)
    who = np.arange(30)
    found = index_by_wave(
        np.append(before, after), np.repeat([1, 2], 30), customer=np.append(who, who)
    )
    paired = stats.ttest_rel(after, before)
    row = found.changes.iloc[0]
    np.testing.assert_allclose(row["estimate"] / row["std_error"], paired.statistic, rtol=SAME)
    np.testing.assert_allclose([row["p_value"], row["df"]], [paired.pvalue, 29], rtol=SAME)
    # All of the change is theirs, and of joiners and leavers there is nothing to be unsure of.
    parts = found.components.set_index("component")
    np.testing.assert_allclose(parts["estimate"], [row["estimate"], 0, 0], atol=EXACT)
    assert np.isnan(parts.loc[["joiners", "leavers"], "std_error"]).all()


def test_partly_overlapping_samples_follow_their_formula():
    rng = np.random.default_rng(2)
    table = panel(rng, n_waves=2)
    found = index_by_wave("x", "wave", customer="who", data=table)
    wide = table.pivot_table(index="who", columns="wave", values="x")
    apart = wide - wide.mean()
    n1, n2 = wide.notna().sum()
    together = (apart[1] * apart[2]).sum() / np.sqrt(n1 * (n1 - 1) * n2 * (n2 - 1))
    variance = wide[1].var() / n1 + wide[2].var() / n2 - 2 * together
    row = found.changes.iloc[0]
    np.testing.assert_allclose(row["std_error"] ** 2, variance, rtol=SAME)
    assert row["n_both"] == wide.notna().all(axis=1).sum()
    # The covariance of the table gives the same.
    apart_by_table = found.estimates.difference(2, 1)
    np.testing.assert_allclose(apart_by_table["std_error"], row["std_error"], rtol=SAME)
    # It lies between the comparison in pairs and that of two samples.
    plain = index_by_wave("x", "wave", data=table).changes["std_error"][0]
    assert row["std_error"] < plain


def test_parts_add_up_to_the_change_and_are_differences_of_means():
    table = panel(np.random.default_rng(3))
    found = index_by_wave("x", "wave", customer="who", weights="weight", data=table)
    sums = found.components.groupby(["since", "wave"], sort=False)["estimate"].sum()
    np.testing.assert_allclose(sums, found.changes["estimate"], atol=EXACT)
    assert list(sums.index) == [(1, 2), (2, 3), (1, 3)]
    one, two = table[table["wave"] == 1], table[table["wave"] == 2]
    stay_1, stay_2 = one[one["who"].isin(two["who"])], two[two["who"].isin(one["who"])]
    means = [np.average(t["x"], weights=t["weight"]) for t in (one, two, stay_1, stay_2)]
    expected = [means[3] - means[2], means[1] - means[3], means[2] - means[0]]
    np.testing.assert_allclose(found.components["estimate"][:3], expected, atol=EXACT)


def test_errors_of_changes_and_parts_are_those_of_a_bootstrap_of_customers():
    rng = np.random.default_rng(4)
    table = panel(rng, n=150, n_waves=2)
    found = index_by_wave("x", "wave", customer="who", weights="weight", data=table)
    codes = table["who"].factorize()[0]
    n = codes.max() + 1
    first, x, w = (table["wave"] == 1).to_numpy(), table["x"].to_numpy(), table["weight"]
    both = table["who"].duplicated(keep=False).to_numpy()
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=4000)[:, codes] * w.to_numpy()

    def mean(rows):
        return (drawn[:, rows] @ x[rows]) / drawn[:, rows].sum(axis=1)

    m1, m2, s1, s2 = (mean(r) for r in (first, ~first, first & both, ~first & both))
    by_bootstrap = np.std([m2 - m1, s2 - s1, m2 - s2, s1 - m1], axis=1, ddof=1)
    ours = np.append(found.changes["std_error"], found.components["std_error"])
    # 4,000 resamples know a standard error to 1 %; the bootstrap lacks n / (n - 1), and a ratio
    # of random sums is not wholly linear.
    np.testing.assert_allclose(ours, by_bootstrap, rtol=0.06)


def test_a_cluster_counts_as_one_customer_in_both_waves():
    rng = np.random.default_rng(5)
    table = panel(rng, n=60, n_waves=2).assign(place=lambda t: t["who"] % 8)
    found = index_by_wave("x", "wave", customer="who", clusters="place", data=table)
    # As if a branch were one customer, with its mean, and its number of answers as weight.
    means = table.groupby(["place", "wave"])["x"].agg(["mean", "size"]).reset_index()
    again = index_by_wave("mean", "wave", customer="place", weights="size", data=means)
    ours, theirs = found.changes.iloc[0], again.changes.iloc[0]
    names = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(ours[names].tolist(), theirs[names].tolist(), rtol=SAME)
    assert ours["df"] < 7
    assert found.n_clusters == 8


def test_an_index_runs_from_0_to_100_and_only_ratios_of_weights_count():
    table = panel(np.random.default_rng(6)).assign(x=lambda t: t["x"].clip(1, 10))
    plain = index_by_wave("x", "wave", customer="who", weights="weight", data=table)
    index = index_by_wave(
        "x", "wave", customer="who", weights=table["weight"] * 1e-6, scale=(1, 10), data=table
    )
    np.testing.assert_allclose(
        index.waves["estimate"], (plain.waves["estimate"] - 1) / 9 * 100, rtol=SAME
    )
    np.testing.assert_allclose(
        index.changes["std_error"], plain.changes["std_error"] / 9 * 100, rtol=SAME
    )
    np.testing.assert_allclose(index.change_df, plain.change_df, rtol=SAME)


def test_waves_are_read_in_the_order_that_is_known():
    x = [1.0, 2, 3, 5, 6, 8]
    words = ["Q9", "Q9", "Q10", "Q10", "Q11", "Q11"]
    found = index_by_wave(x, words, order=["Q9", "Q10", "Q11"])
    assert found.waves["wave"].tolist() == ["Q9", "Q10", "Q11"]
    ordered = pd.Categorical(words, ["Q9", "Q10", "Q11"], ordered=True)
    assert index_by_wave(x, ordered).waves.equals(found.waves)
    dates = pd.to_datetime(["2024-12-01"] * 2 + ["2025-01-01"] * 2 + ["2025-02-01"] * 2)
    again = index_by_wave(x[::-1], dates[::-1])
    assert again.waves["estimate"].tolist() == found.waves["estimate"].tolist()
    months = index_by_wave(x, dates.to_period("M"))
    assert months.changes["estimate"].tolist() == found.changes["estimate"].tolist()


def test_a_wave_of_equal_answers_has_a_mean_and_no_interval():
    found = index_by_wave([5, 5, 5, 4, 6, 8], [1, 1, 1, 2, 2, 2])
    assert np.isnan(found.waves.loc[0, ["std_error", "ci_low", "ci_high"]].astype(float)).all()
    assert np.isfinite(found.waves.loc[1, "std_error"])
    assert "Where all answers of a wave are equal" in str(found.summary())
    with pytest.raises(NotIdentifiedError, match="all answers of all waves are equal"):
        index_by_wave([5, 5, 5, 5], [1, 1, 2, 2])


def test_one_answer_that_decides_a_wave_is_named():
    with pytest.warns(SmallSampleWarning, match="row 2 alone"):
        index_by_wave([1, 2, 3, 4, 5, 6], [1, 1, 1, 2, 2, 2], weights=[1, 1, 9, 1, 1, 1])


def test_missing_answers_are_left_out_and_counted():
    x = [1, 2, np.nan, 4, 5, 6]
    with pytest.raises(DataError, match="missing value"):
        index_by_wave(x, [1, 1, 1, 2, 2, 2])
    found = index_by_wave(x, [1, 1, 1, 2, 2, 2], missing="drop")
    assert (found.n_obs, found.n_dropped) == (5, 1)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"wave": ["b", "b", "a", "a"]}, DataError, "waves are words, such as 'a', 'b'"),
        ({"order": [1]}, DataError, "order does not name: 2"),
        ({"order": [1, 2, 3]}, DataError, "waves without customers: 3"),
        ({"order": [1, 2, 1]}, DataError, "more than once"),
        ({"wave": [1, 1, 1, 1]}, DataError, "one wave only, 1"),
        ({"wave": [1, 1, 1, 2]}, DataError, "wave 2 has 1 answer; each needs at least 2"),
        ({"customer": ["a", "b", "c", "c"]}, DataError, "customer 'c' is more than once in wave 2"),
        ({"clusters": ["a", "b", "c", "c"]}, DataError, "one cluster only"),
        ({"scale": (1, 4)}, DataError, "between 1 and 4"),
        ({"weights": [1, 1, 0, 1]}, DataError, "above 0"),
        ({"level": 1.0}, OptionError, "level"),
    ],
)
def test_bad_waves_are_refused(change, kind, says):
    good = {"satisfaction": [4, 5, 6, 8], "wave": [1, 1, 2, 2]}
    with pytest.raises(kind, match=says):
        index_by_wave(**(good | change))
