"""The four ways to measure satisfaction."""

import itertools
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import DescrStatsW

from loyaltymodel.attributes.measurement.direct import direct_report, net_promoter
from loyaltymodel.attributes.measurement.index import (
    importance_index,
    rank_weights,
)
from loyaltymodel.attributes.measurement.problems import derived_dissatisfaction, problem_analysis
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, SmallSampleWarning

from tolerances import EXACT, SAME

# Directly reported

five_points = st.lists(st.integers(1, 5), min_size=2, max_size=60)


@given(ratings=five_points, level=st.sampled_from([0.8, 0.95]))
def test_direct_report_is_scipys(ratings, level):
    report = direct_report(ratings, scale=(1, 5), top=2, level=level)
    found = report.quantities.set_index("quantity")
    assert report.mean == pytest.approx(np.mean(ratings), rel=EXACT)
    if min(ratings) < max(ratings):
        interval = stats.t.interval(level, len(ratings) - 1, np.mean(ratings), stats.sem(ratings))
        assert tuple(found.loc["mean", ["ci_low", "ci_high"]]) == pytest.approx(
            np.clip(interval, 1, 5), rel=SAME
        )
    else:
        assert found.loc["mean", ["ci_low", "ci_high"]].isna().all()
        assert "all the weight is on equal answers" in str(report.summary())
    for name, hits in (("top_2_box", (4, 5)), ("bottom_2_box", (1, 2))):
        count = sum(rating in hits for rating in ratings)
        expected = stats.binomtest(count, len(ratings)).proportion_ci(level, method="wilson")
        assert found.loc[name, "estimate"] == pytest.approx(count / len(ratings), rel=EXACT)
        ends = tuple(found.loc[name, ["ci_low", "ci_high"]])
        assert ends == pytest.approx((expected.low, expected.high), abs=SAME)


@given(ratings=five_points)
def test_the_distribution_adds_up_to_the_mean(ratings):
    report = direct_report(ratings, scale=(1, 5))
    table = report.distribution
    assert table["answer"].to_list() == [1, 2, 3, 4, 5]
    assert table["estimate"].sum() == pytest.approx(1, rel=EXACT)
    assert table["answer"] @ table["estimate"] == pytest.approx(report.mean, rel=EXACT)
    points = report.quantities.set_index("quantity").loc["points", "estimate"]
    assert points == pytest.approx((report.mean - 1) * 25, abs=SAME)


def test_weights_that_are_counts_give_the_shares_of_repeated_answers():
    ratings, times = [5, 4, 2, 1], [3, 5, 1, 2]
    weighted = direct_report(ratings, scale=(1, 5), weights=times)
    repeated = direct_report(np.repeat(ratings, times), scale=(1, 5))
    np.testing.assert_allclose(
        weighted.distribution["estimate"], repeated.distribution["estimate"], rtol=EXACT
    )
    assert weighted.mean == pytest.approx(DescrStatsW(ratings, times).mean, rel=EXACT)
    # Four people are four people, however much they count.
    assert weighted.n_effective == pytest.approx(11**2 / (9 + 25 + 1 + 4), rel=EXACT)
    errors = [one.estimates.row("mean")["std_error"] for one in (weighted, repeated)]
    assert errors[0] > errors[1]


@pytest.mark.study
def test_weighted_interval_covers():
    rng = np.random.default_rng(1)
    held_mean, held_top = [], []
    for _ in range(500):
        # Those with weight 3 are asked a third as often, and are less satisfied.
        rare = rng.random(150) < 0.25
        answers = np.where(rare, rng.integers(1, 5, 150), rng.integers(2, 6, 150))
        report = direct_report(answers, scale=(1, 5), weights=np.where(rare, 3.0, 1.0))
        # Of the population a half is of each kind: 0.25 * 3 = 0.75 * 1.
        table = report.quantities.set_index("quantity")
        held_mean.append(table.loc["mean", "ci_low"] <= 3.0 <= table.loc["mean", "ci_high"])
        row = table.loc["top_1_box"]
        held_top.append(row["ci_low"] <= 0.125 <= row["ci_high"])
    # 500 surveys know a share of 0.95 to 0.01.
    assert np.mean(held_mean) == pytest.approx(0.95, abs=3 * 0.01)
    assert np.mean(held_top) == pytest.approx(0.95, abs=3 * 0.01)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.SmallSampleWarning")
def test_intervals_hold_their_level_with_very_unequal_weights():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(600):
        weights = rng.lognormal(0, 1.5, 20)
        answers = rng.integers(1, 6, 20).astype(float)
        table = direct_report(answers, scale=(1, 5), weights=weights).quantities.iloc[0]
        assert table["quantity"] == "mean"
        held.append(table["ci_low"] <= 3.0 <= table["ci_high"])
    # With n - 1 degrees and residuals as they are it was 0.81, with Kish's number 0.928. What 600
    # surveys know of a share of 0.95 has a standard error of 0.009.
    assert 0.95 - 3 * 0.009 < np.mean(held) < 0.99


def test_scales_without_steps_list_the_answers_given():
    report = direct_report([0.5, 0.5, 2.25], scale=(0, 10))
    assert report.distribution["answer"].to_list() == [0.5, 2.25]
    assert direct_report([0, 100], scale=(0, 100)).distribution.shape[0] == 101


def test_left_out_answers_are_counted():
    report = direct_report([5, np.nan, 3], scale=(1, 5), missing="drop")
    assert (report.n_obs, report.n_dropped) == (2, 1)
    assert "left out" in str(report.summary())


def test_a_report_pickles_and_cannot_be_changed():
    report = pickle.loads(pickle.dumps(direct_report([5, 3], scale=(1, 5))))
    assert not report.totals.flags.writeable
    with pytest.raises(AttributeError):
        report.top = 5


# Net promoter


def test_net_promoter_by_hand():
    # p = 1/2, d = 1/6: score 100/3, and the variance of the tickets 1, 0, -1 is 5/9, as worked
    # out in a much-cited answer on Cross Validated.
    ratings = np.repeat([9, 10, 7, 8, 0, 6], [40, 20, 20, 20, 10, 10])
    found = net_promoter(ratings, interval="wald")
    assert found.estimate == pytest.approx(100 / 3, rel=EXACT)
    reach = stats.norm.ppf(0.975) * np.sqrt(5 / 9 / 120) * 100
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (100 / 3 - reach, 100 / 3 + reach), rel=SAME
    )
    assert found.promoters + found.passives + found.detractors == pytest.approx(1, rel=EXACT)


def test_adjusted_interval_by_hand():
    # Three more respondents: 3/4 of a promoter, 3/4 of a detractor.
    found = net_promoter([10] * 6 + [8] * 2 + [3] * 2)
    p, d = 6.75 / 13, 2.75 / 13
    reach = stats.norm.ppf(0.975) * np.sqrt((p + d - (p - d) ** 2) / 13)
    assert found.ci_low == pytest.approx(100 * (p - d - reach), rel=SAME)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")  # without promoters
@pytest.mark.parametrize("n", [20, 50, 200])
@pytest.mark.parametrize(("p", "d"), [(0.5, 0.2), (0.8, 0.05), (0.1, 0.6)])
def test_adjusted_interval_covers(n, p, d):
    rng = np.random.default_rng(3)
    kinds, times = np.unique(
        rng.multinomial(n, [p, 1 - p - d, d], 4000), axis=0, return_counts=True
    )
    held = 0
    for (many, some, few), count in zip(kinds, times, strict=True):
        found = net_promoter(np.repeat([10, 7, 0], [many, some, few]))
        held += count * (found.ci_low <= 100 * (p - d) <= found.ci_high)
    # 4,000 surveys know a share of 0.95 to 0.0035; counts jump by a point more.
    assert held / 4000 == pytest.approx(0.95, abs=3 * 0.0035 + 0.01)


def test_an_interval_of_promoters_only_has_a_width_when_adjusted():
    assert np.isnan(net_promoter([10] * 20, interval="wald").ci_low)
    found = net_promoter([10] * 20)
    assert found.ci_low < 90
    assert found.ci_high == 100


def test_a_weighted_score_is_as_sure_as_its_linearised_error_says():
    rng = np.random.default_rng(4)
    ratings, weights = rng.integers(0, 11, 80), rng.uniform(0.5, 2, 80)
    found = net_promoter(ratings, weights=weights, interval="wald")
    score = (ratings > 8) * 1.0 - (ratings < 7)
    h = weights / weights.sum()
    assert found.estimate == pytest.approx(100 * (h @ score), rel=SAME)
    # By the definition of the variance, person by person, and Korn and Graubard's step.
    form = np.eye(80) - np.outer(np.ones(80), h)
    spread = h**2 / np.diag(form @ form.T)
    variance = spread @ (score - h @ score) ** 2 * 79 / 80
    squared = form.T @ np.diag(spread) @ form
    degrees = np.trace(squared) ** 2 / np.trace(squared @ squared)
    reach = 1.959964 * np.sqrt(variance) * stats.t.ppf(0.975, degrees) / stats.t.ppf(0.975, 79)
    assert found.ci_high - found.estimate == pytest.approx(100 * reach, rel=1e-6)


def test_promoters_with_small_weights_are_less_sure_than_their_number_says():
    # Promoters weigh 1 and the others 3, so Kish's number is wrong: covered .99 in 2,000 surveys.
    rng, held = np.random.default_rng(5), 0
    for _ in range(400):
        promoter = rng.random(100) < 0.75
        found = net_promoter(np.where(promoter, 10, 5), weights=np.where(promoter, 1.0, 3.0))
        held += found.ci_low <= 0 <= found.ci_high
    assert held / 400 == pytest.approx(0.95, abs=3 * 0.011)


@given(
    first=st.tuples(st.integers(1, 200), st.integers(0, 200)),
    second=st.tuples(st.integers(1, 200), st.integers(0, 200)),
)
@example(first=(1, 1), second=(157, 0))  # 157 parts of a 157th are less than 1
@example(first=(2, 0), second=(49, 0))  # 49 parts of a 49th are more than 1
def test_differences_of_top_boxes_are_newcombes(first, second):
    one, other = (
        direct_report(np.repeat([5, 1], pair), scale=(1, 5)) if sum(pair) > 1 else None
        for pair in (first, second)
    )
    if one is None or other is None:
        return
    row = one.difference(other).set_index("quantity").loc["top_1_box"]
    (low, high), estimate = (
        confint_proportions_2indep(
            first[0], sum(first), second[0], sum(second), method="newcomb", compare="diff"
        ),
        first[0] / sum(first) - second[0] / sum(second),
    )
    assert row["estimate"] == pytest.approx(estimate, abs=SAME)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=1e-9)
    assert (row["p_value"] < 0.05) == (not row["ci_low"] <= 0 <= row["ci_high"])


def test_differences_of_means_are_welchs():
    rng = np.random.default_rng(6)
    now, before = rng.integers(1, 6, 40), rng.integers(1, 5, 25)
    row = direct_report(now, scale=(1, 5)).difference(direct_report(before, scale=(1, 5))).iloc[0]
    welch = stats.ttest_ind(now, before, equal_var=False)
    assert row["p_value"] == pytest.approx(welch.pvalue, rel=SAME)
    interval = welch.confidence_interval(0.95)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(interval), rel=SAME)


def test_a_difference_of_scores_holds_its_level():
    rng, held, wrong = np.random.default_rng(7), 0, 0
    for _ in range(400):
        one, other = (net_promoter(rng.choice([10, 8, 3], n, p=[0.5, 0.3, 0.2])) for n in (60, 90))
        found = one.difference(other)
        held += found["ci_low"] <= 0 <= found["ci_high"]
        wrong += (found["p_value"] < 0.05) != (not found["ci_low"] <= 0 <= found["ci_high"])
    assert held / 400 == pytest.approx(0.95, abs=3 * 0.011)
    assert wrong == 0


def test_differences_need_the_same_question():
    one = direct_report([1, 2, 4], scale=(1, 5))
    with pytest.raises(OptionError, match="differ in scale"):
        one.difference(direct_report([1, 2, 4], scale=(1, 7)))
    score = net_promoter([10, 0, 5])
    with pytest.raises(OptionError, match="differ in level"):
        score.difference(net_promoter([10, 0, 5], level=0.9))


# Derived dissatisfaction


@given(answers=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7)), min_size=3, max_size=40))
def test_gaps_are_scipys_paired_t(answers):
    expected, received = np.array(answers).T
    found = derived_dissatisfaction({"x": (expected, received)}, scale=(1, 7)).set_index("quantity")
    row = found["estimate"]
    gap = expected - received
    assert row["dissatisfaction"] == pytest.approx(gap.mean(), abs=SAME)
    assert row["expected"] - row["received"] == pytest.approx(row["dissatisfaction"], abs=SAME)
    assert row["share_short"] == pytest.approx(np.mean(gap > 0), rel=EXACT)
    assert row["share_above"] == pytest.approx(np.mean(gap < 0), rel=EXACT)
    if gap.std() > 0:
        interval = stats.ttest_rel(expected, received).confidence_interval(0.95)
        ends = tuple(found.loc["dissatisfaction", ["ci_low", "ci_high"]])
        assert ends == pytest.approx(tuple(interval), abs=SAME)


def test_gaps_of_a_table():
    data = pl.DataFrame({"seat_expected": [5, 4], "seat_received": [3, 4], "w": [3.0, 1.0]})
    pairs = {"seat": ("seat_expected", "seat_received")}
    found = derived_dissatisfaction(pairs, data=data, weights="w")
    assert found["estimate"][2] == 1.5
    plain = derived_dissatisfaction(data.drop("w"))
    assert set(plain["attribute"]) == {"seat"}
    assert plain["estimate"][2] == 1.0
    by_name = derived_dissatisfaction(data.columns[:2], data=data)
    pd.testing.assert_frame_equal(by_name, plain)


# Problems

MENTIONS = ["late"] * 6 + ["dirty"] * 3 + ["rude"]


def test_pareto_table_by_hand():
    both = problem_analysis(MENTIONS, n_respondents=20)
    table = both.query("quantity == 'mentions'")
    pd.testing.assert_frame_equal(table, problem_analysis(MENTIONS))
    assert table["problem"].to_list() == ["late", "dirty", "rude"]
    np.testing.assert_allclose(table["cumulative_share"], [0.6, 0.9, 1.0], rtol=EXACT)
    assert table["vital"].to_list() == [True, True, False]
    for quantity, n in (("mentions", 10), ("respondents", 20)):
        expected = stats.binomtest(6, n).proportion_ci(0.95, method="wilson")
        row = both[both["quantity"] == quantity].iloc[0]
        assert row["estimate"] == pytest.approx(6 / n, rel=EXACT)
        ends = (row["ci_low"], row["ci_high"])
        assert ends == pytest.approx((expected.low, expected.high), rel=SAME)


@given(
    times=st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any),
    vital=st.floats(0.05, 1),
)
def test_the_vital_few_are_just_enough(times, vital):
    counts = {f"problem {k}": count for k, count in enumerate(times)}
    table = problem_analysis(counts, vital=vital)
    assert (table["count"].diff().dropna() <= 0).all()
    assert table["cumulative_share"].iloc[-1] == pytest.approx(1, rel=EXACT)
    few = table["count"][table["vital"]]
    total = sum(counts.values())
    assert few.sum() >= vital * total * (1 - EXACT)
    least = few[few == few.iloc[-1]]
    assert few.sum() - least.sum() < vital * total
    assert table["vital"].equals(table["count"] >= few.iloc[-1])


def test_problems_of_one_count_are_vital_together_in_any_order():
    for order in itertools.permutations([("a", 4), ("b", 2), ("c", 2), ("d", 2)]):
        table = problem_analysis(dict(order), vital=0.5).set_index("problem")
        assert table["vital"].all(), order
        assert problem_analysis(dict(order), vital=0.4).query("vital")["problem"].tolist() == ["a"]


def test_answers_of_a_scale_to_seven_are_named_where_there_are_many():
    with pytest.warns(ScaleWarning, match="no answer is above 7, so that nobody is a promoter"):
        net_promoter([1, 7, 5] * 10)
    net_promoter([1, 7, 5])


def test_a_share_that_is_just_reached_is_enough():
    table = problem_analysis({"a": 8, "b": 1, "c": 1}, vital=0.8)
    assert table["vital"].to_list() == [True, False, False]


def test_mentions_and_counts_agree():
    counted = problem_analysis({"dirty": 3, "late": 6, "rude": 1})
    pd.testing.assert_frame_equal(
        problem_analysis("problem", data=pd.DataFrame({"problem": MENTIONS})), counted
    )
    assert problem_analysis([*MENTIONS, None], missing="drop").equals(counted)
    assert problem_analysis(pd.Series(MENTIONS).value_counts()).equals(counted)
    codes = pd.Series([7, 7, 7, 4, 4, 9]).value_counts()
    assert problem_analysis(codes)[["problem", "count"]].to_numpy().tolist() == [
        [7, 3],
        [4, 2],
        [9, 1],
    ]


# Importance and performance


def test_rank_order_centroid_is_the_mean_of_all_weights_in_order():
    rng = np.random.default_rng(4)
    drawn = np.sort(rng.dirichlet(np.ones(4), 200_000), axis=1)[:, ::-1].mean(axis=0)
    found = rank_weights([1, 2, 3, 4], method="rank_order_centroid")
    # A mean of 200,000 weights with standard deviations below 0.15.
    np.testing.assert_allclose(found, drawn, atol=4 * 0.15 / np.sqrt(200_000))


@given(
    ranks=st.permutations(range(1, 7)), method=st.sampled_from(["rank_order_centroid", "rank_sum"])
)
def test_weights_of_ranks_fall_with_the_rank_and_sum_to_one(ranks, method):
    weights = rank_weights(ranks, method=method)
    assert weights.sum() == pytest.approx(1, rel=EXACT)
    assert (np.diff(weights[np.argsort(ranks)]) < 0).all()
    np.testing.assert_array_equal(rank_weights([ranks, ranks], method=method), [weights, weights])


def world(seed, n=40, k=3):
    rng = np.random.default_rng(seed)
    names = [f"a{j}" for j in range(k)]
    performance = {name: rng.integers(1, 6, n) for name in names}
    importance = {name: rng.integers(1, 8, n) for name in names}
    return performance, importance


@given(seed=st.integers(0, 1000))
def test_index_by_plain_arithmetic(seed):
    performance, importance = world(seed)
    scores = []
    for person in range(40):
        points = [100 * (values[person] - 1) / 4 for values in performance.values()]
        weights = [values[person] for values in importance.values()]
        scores.append(np.average(points, weights=weights))
    found, customers = importance_index(performance, importance, scale=(1, 5))
    assert found.estimate == pytest.approx(np.mean(scores), rel=SAME)
    interval = stats.t.interval(0.95, 39, np.mean(scores), stats.sem(scores))
    assert (found.ci_low, found.ci_high) == pytest.approx(interval, rel=SAME)
    np.testing.assert_allclose(customers["score"], scores, rtol=SAME)
    assert found.contribution.sum() == pytest.approx(found.estimate, rel=SAME)
    assert found.weight.sum() == pytest.approx(1, rel=SAME)
    assert found.estimate + found.attributes["lost"].sum() == pytest.approx(100, rel=SAME)


def test_index_of_tables():
    performance, importance = (pd.DataFrame(part) for part in world(3))
    expected, _ = importance_index(dict(performance), dict(importance), scale=(1, 5))
    found, _ = importance_index(
        performance, importance.add_prefix("how important is "), scale=(1, 5)
    )
    assert found.estimate == expected.estimate
    assert found.names == ("a0", "a1", "a2")


def test_a_score_is_one_line_and_its_summary_says_how_the_interval_is_made():
    found = net_promoter([10] * 6 + [8] * 2 + [3] * 2)
    assert repr(found) == "<NetPromoter: 40 (95% interval -13 to 74), 10 respondents>"
    assert "three respondents first" in str(found.summary())
    assert "three respondents" not in str(net_promoter([10, 3], interval="wald").summary())


@pytest.mark.parametrize("ratings", [[1, 5, 4, 2], [1, 0, 1]])
def test_answers_on_another_scale_are_warned_of(ratings):
    with pytest.warns(ScaleWarning, match="answers from 0 to 10") as caught:
        net_promoter(ratings)
    assert caught[0].filename == __file__


def test_index_does_not_depend_on_units():
    performance, importance = world(1)
    base = importance_index(performance, importance, scale=(1, 5)).result.estimate
    moved = {name: values * 10 + 3 for name, values in performance.items()}
    assert importance_index(moved, importance, scale=(13, 53)).result.estimate == pytest.approx(
        base, rel=SAME
    )
    larger = {name: values * 7 for name, values in importance.items()}
    assert importance_index(performance, larger, scale=(1, 5)).result.estimate == pytest.approx(
        base, rel=SAME
    )


def test_a_rate_beside_ratings():
    # The on-time rate of SAT-18 is a share, the others are ratings.
    found, _ = importance_index(
        {"on_time": [0.9, 0.7], "quality": [4, 5]},
        {"on_time": 1, "quality": 3},
        scale={"on_time": (0, 1), "quality": (1, 5)},
    )
    assert found.estimate == pytest.approx((90 + 70) / 2 / 4 + 3 * (75 + 100) / 2 / 4, rel=EXACT)


@pytest.mark.parametrize("little", [1e-12, 1e-300])
def test_one_respondent_with_all_the_weight_leaves_no_interval_of_a_mean(little):
    with pytest.warns(SmallSampleWarning, match="row 1 alone has 100 % of all weight"):
        report = direct_report([1, 4, 5, 2], scale=(1, 5), weights=[little, 1, little, little])
    table = report.quantities.set_index("quantity")
    assert np.isnan(table.loc["mean", ["std_error", "ci_low", "ci_high"]].astype(float)).all()
    # A share of which one person is known: Wilson's interval of 0 of 1.
    top = stats.binomtest(0, 1).proportion_ci(method="wilson")
    assert table.loc["top_1_box", "ci_high"] == pytest.approx(top.high, rel=1e-6)
    assert "The mean has no interval" in str(report.summary())


def test_an_index_of_equal_scores_has_no_interval_and_says_so():
    found, _ = importance_index({"x": [3, 3, 3]}, {"x": 1}, scale=(1, 5))
    assert np.isnan([found.std_error, found.ci_low, found.ci_high]).all()
    assert "The index has no interval: all the weight is on equal answers" in str(found.summary())


def test_ranks_become_weights_for_each_respondent():
    performance = pd.DataFrame({"seat": [5, 1], "price": [1, 5], "r1": [1, 2], "r2": [2, 1]})
    _, customers = importance_index(
        {"seat": "seat", "price": "price"},
        {"seat": "r1", "price": "r2"},
        data=performance,
        scale=(1, 5),
        importance_as="rank_sum",
    )
    # Both are happy with what matters most to them: 2/3 of the weight.
    np.testing.assert_allclose(customers["score"], [200 / 3, 200 / 3], rtol=EXACT)
    assert "lost" in str(importance_index(*world(2), scale=(1, 5)).result.summary())


# Bad input

INDEX = {"performance": {"x": [1, 2]}, "importance": {"x": [1, 2]}}
BAD = {
    "off the scale": (lambda: direct_report([1, 9], scale=(1, 5)), DataError, "between 1 and 5"),
    "missing": (lambda: direct_report([1, None], scale=(1, 5)), DataError, 'missing="drop"'),
    "one respondent": (lambda: direct_report([1], scale=(1, 5)), DataError, "needs two or more"),
    "labels": (lambda: direct_report(["满意"], scale=(1, 5)), DataError, "recode it"),
    "scale": (lambda: direct_report([1, 2], scale=(5, 1)), OptionError, "lower one"),
    "top": (lambda: direct_report([1, 2], scale=(1, 5), top=5), OptionError, "smaller one"),
    "top of nothing": (
        lambda: direct_report([1, 2], scale=(1, 5), top=0),
        OptionError,
        "at least 1",
    ),
    "negative weights": (
        lambda: direct_report([1, 2], scale=(1, 5), weights=[1, -1]),
        DataError,
        "0 or more",
    ),
    "weights of zero": (
        lambda: direct_report([1, 2], scale=(1, 5), weights=[0, 0]),
        DataError,
        "all weights are zero",
    ),
    "weights of another length": (
        lambda: direct_report([1, 2], scale=(1, 5), weights=[1, 1, 1]),
        DataError,
        "equally long",
    ),
    "promoters off the scale": (lambda: net_promoter([11, 5]), DataError, "between 0 and 10"),
    "promoters between": (lambda: net_promoter([8.5, 5]), DataError, "whole answers"),
    "promoter interval": (
        lambda: net_promoter([8, 5], interval="exact"),
        OptionError,
        "'wilson', 'wald'",
    ),
    "gaps of unequal length": (
        lambda: derived_dissatisfaction({"x": ([1, 2], [1])}),
        DataError,
        "equally long",
    ),
    "gaps off the scale": (
        lambda: derived_dissatisfaction({"x": ([1, 9], [1, 2])}, scale=(1, 7)),
        DataError,
        "between 1 and 7",
    ),
    "gaps of one": (lambda: derived_dissatisfaction({"x": ([1], [2])}), DataError, "two or more"),
    "odd number of columns": (
        lambda: derived_dissatisfaction(pd.DataFrame({"x_e": [1], "x_r": [1], "y_e": [1]})),
        DataError,
        "no number of pairs",
    ),
    "no problems": (lambda: problem_analysis([]), DataError, "no values"),
    "no mentions": (lambda: problem_analysis({"late": 0}), DataError, "nothing to analyse"),
    "counts or mentions": (
        lambda: problem_analysis(pd.Series({"late": 3, "rude": 1})),
        DataError,
        "counts or mentions",
    ),
    "negative mentions": (lambda: problem_analysis({"late": -1}), DataError, "whole numbers"),
    "mentions as text": (lambda: problem_analysis({"late": "often"}), DataError, "whole numbers"),
    "more mentions than people": (
        lambda: problem_analysis(MENTIONS, n_respondents=5),
        DataError,
        "drop repeated mentions",
    ),
    "vital": (lambda: problem_analysis(MENTIONS, vital=80), OptionError, "such as 0.8"),
    "respondents": (
        lambda: problem_analysis(MENTIONS, n_respondents=0),
        OptionError,
        "at least 1",
    ),
    "missing mention": (lambda: problem_analysis(["late", None]), DataError, 'missing="drop"'),
    "ties": (lambda: rank_weights([1, 1, 3], method="rank_sum"), DataError, "break ties"),
    "ranks from 0": (lambda: rank_weights([0, 1, 2], method="rank_sum"), DataError, "of 1 to 3"),
    "ranks as text": (lambda: rank_weights(["a"], method="rank_sum"), DataError, "give 1, 2, 3"),
    "no ranks": (lambda: rank_weights([], method="rank_sum"), DataError, "is needed"),
    "rank method": (lambda: rank_weights([1], method="roc"), OptionError, "'rank_sum'"),
    "other attributes": (
        lambda: importance_index({"x": [1, 2]}, {"y": [1, 2]}, scale=(1, 5)),
        DataError,
        "under the same names",
    ),
    "no names": (lambda: importance_index([1], [1], scale=(1, 5)), DataError, "without names"),
    "importance of zero": (
        lambda: importance_index({"x": [1, 2]}, {"x": [1, 0]}, scale=(1, 5)),
        DataError,
        "row 1.*leave such respondents out",
    ),
    "negative importance": (
        lambda: importance_index({"x": [1, 2]}, {"x": [1, -1]}, scale=(1, 5)),
        DataError,
        "0 or more",
    ),
    "performance off the scale": (
        lambda: importance_index({"x": [1, 6]}, {"x": 1}, scale=(1, 5)),
        DataError,
        "between 1 and 5",
    ),
    "no limits for an attribute": (
        lambda: importance_index({"x": [1, 2]}, {"x": 1}, scale={"y": (1, 5)}),
        OptionError,
        "no limits for x",
    ),
    "index of one": (
        lambda: importance_index({"x": [1]}, {"x": [1]}, scale=(1, 5)),
        DataError,
        "two or more",
    ),
    "index with weights of zero": (
        lambda: importance_index({"x": [1, 2]}, {"x": 1}, scale=(1, 5), weights=[0, 1]),
        DataError,
        "check the weights",
    ),
    "importance as": (
        lambda: importance_index({"x": [1]}, {"x": [1]}, scale=(1, 5), importance_as="rank"),
        OptionError,
        "'rating'",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_input_ends_in_a_named_error_with_a_way_out(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "value", ["5", True, 1 + 0j, np.nan, -1, 1.5, 1e308, 10**400, Decimal("sNaN")], ids=repr
)
def test_what_is_no_count_of_problems_is_refused(value):
    with pytest.raises(DataError, match="problems has"):
        problem_analysis({"late": value, "rude": 2})
    found = problem_analysis({"late": Decimal(5), "rude": np.int8(2)})
    assert found["count"].tolist() == [5, 2]


@pytest.mark.parametrize(
    "ranks",
    [["1", "2"], [1 + 0j, 2], [1, 10**400], [b"1", b"2"], [True, False], [[1, 2], [1]], "12", None],
    ids=repr,
)
def test_ranks_that_are_no_numbers_are_refused(ranks):
    with pytest.raises(DataError, match="rank"):
        rank_weights(ranks, method="rank_sum")


def test_ranks_of_every_kind_are_those_numbers():
    for ranks in (
        [Decimal(1), Decimal(2)],
        np.array([1, 2], "i1"),
        pd.Series([1, 2], dtype="Int64"),
    ):
        assert rank_weights(ranks, method="rank_sum") == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize("edge", [2.3, 2.3 + 1e-15])
def test_answers_on_the_edge_of_the_top_box_stay_there_whatever_the_rounding(edge):
    found = direct_report([4.3, edge, 0.3, 3.3], scale=(0.3, 4.3), top=2).estimates
    assert found.row("top_2_box")["estimate"] == pytest.approx(0.5)
    assert found.row("bottom_2_box")["estimate"] == pytest.approx(0.25)
