"""How transactions add up: plain loops, ways in, and a rate that is recovered."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.expectation_gap import adjustment_rate, cumulative_satisfaction

from tolerances import SAME

TRANSACTIONS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 10)), min_size=1, max_size=15
)
RULES = {
    "mean": {},
    "recency": {"decay": 0.7},
    "adjustment": {"rate": 0.3, "start": 5.0},
    "peak_end": {"peak": "lowest", "end_weight": 0.25},
}


def by_hand(rule, scores):
    if rule == "mean":
        return sum(scores) / len(scores)
    if rule == "recency":
        weights = [0.7**k for k in range(len(scores))][::-1]
        return sum(w * s for w, s in zip(weights, scores, strict=True)) / sum(weights)
    if rule == "adjustment":
        level = 5.0
        for score in scores:
            level += 0.3 * (score - level)
        return level
    return 0.25 * scores[-1] + 0.75 * min(scores)


@settings(max_examples=50)
@given(TRANSACTIONS, st.sampled_from(list(RULES)), st.randoms())
def test_every_rule_is_a_plain_loop_whatever_the_order_of_the_rows(history, rule, random):
    rows = list(enumerate(history))
    random.shuffle(rows)
    order, pairs = zip(*rows, strict=True)
    who, scores = zip(*pairs, strict=True)
    options = {"rule": rule, "date": order, **RULES[rule]}
    last = cumulative_satisfaction(scores, who, **options)
    each = cumulative_satisfaction(scores, who, each="transaction", **options)
    assert last.index.tolist() == sorted(set(who))
    for name in set(who):
        own = [score for customer, score in history if customer == name]
        assert last[name] == pytest.approx(by_hand(rule, own), abs=SAME)
    for row, place in enumerate(order):
        name = who[row]
        so_far = [s for k, (customer, s) in enumerate(history) if customer == name and k <= place]
        assert each[row] == pytest.approx(by_hand(rule, so_far), abs=SAME)


def test_rules_that_are_relatives_agree():
    rng = np.random.default_rng(0)
    scores, who = rng.integers(1, 11, 300), rng.integers(0, 20, 300)
    mean = cumulative_satisfaction(scores, who, rule="mean")
    even = cumulative_satisfaction(scores, who, rule="recency", decay=1)
    pd.testing.assert_series_equal(mean, even)
    last = cumulative_satisfaction(scores, who, rule="adjustment", rate=1, start="first")
    end = cumulative_satisfaction(scores, who, rule="peak_end", peak="highest", end_weight=1)
    pd.testing.assert_series_equal(last, end, check_exact=False, atol=SAME)
    # Levels move with the scale: every rule is a weighted mean.
    moved = cumulative_satisfaction(
        10 * scores + 3, who, rule="adjustment", rate=0.4, start=10 * 5 + 3
    )
    plain = cumulative_satisfaction(scores, who, rule="adjustment", rate=0.4, start=5)
    np.testing.assert_allclose(moved, 10 * plain + 3, rtol=SAME)


def test_the_most_extreme_peak_is_the_farthest_from_neutral_and_the_later_of_equals():
    def level(scores):
        who = ["Li"] * len(scores)
        options = {"peak": "most_extreme", "neutral": 5, "end_weight": 0}
        return cumulative_satisfaction(scores, who, rule="peak_end", **options)["Li"]

    assert level([9, 2, 5]) == 9
    assert level([9, 0, 5]) == 0
    assert level([8, 2, 5]) == 2
    assert level([2, 8, 5]) == 8


def test_results_keep_the_labels_of_the_rows_and_the_input():
    people = pd.DataFrame(
        {"s": [8.0, 2.0, 6.0], "who": ["Wu", "Li", "Wu"], "day": pd.to_datetime(
            ["2024-03-02", "2024-01-01", "2024-03-01"])}, index=["x", "y", "z"],
    )  # fmt: skip
    before = people.copy()
    each = cumulative_satisfaction(
        "s", "who", rule="mean", date="day", each="transaction", data=people
    )
    assert each.to_dict() == {"x": 7.0, "y": 2.0, "z": 6.0}
    last = cumulative_satisfaction("s", "who", rule="mean", date="day", data=people)
    assert last.to_dict() == {"Li": 2.0, "Wu": 7.0}
    pd.testing.assert_frame_equal(people, before)
    holes = people.assign(s=[8.0, np.nan, 6.0])
    found = cumulative_satisfaction("s", "who", rule="mean", data=holes, missing="drop")
    assert found.to_dict() == {"Wu": 7.0}


def test_a_million_transactions_take_no_loop_over_people():
    rng = np.random.default_rng(0)
    who = rng.integers(0, 200_000, 1_000_000)
    scores = rng.integers(1, 11, 1_000_000)
    found = cumulative_satisfaction(scores, who, rule="adjustment", rate=0.3, start=5)
    for name in (0, 77, 199_999):
        assert found[name] == pytest.approx(by_hand("adjustment", scores[who == name]), abs=SAME)


# The rate


def panel(rng, *, rate=0.35, customers=60, times=5, noise=0.5, start=6.0):
    """Transactions and stated levels, about a third of which were not asked."""
    scores = rng.normal(6, 2, (customers, times))
    level, stated = np.full(customers, start), np.empty_like(scores)
    for t in range(times):
        level = level + rate * (scores[:, t] - level)
        stated[:, t] = level + noise * rng.normal(size=customers)
    stated[rng.random(stated.shape) < 0.3] = np.nan
    who = np.repeat(np.arange(customers), times)
    return scores.ravel(), who, stated.ravel()


def test_the_rate_is_that_of_a_search_and_its_error_that_of_a_plain_sandwich():
    scores, who, stated = panel(np.random.default_rng(2))
    result = adjustment_rate(scores, who, overall=stated, start=6.0)

    def levels(rate):
        out, level = [], None
        for k, score in enumerate(scores):
            level = 6.0 if k == 0 or who[k] != who[k - 1] else level
            level = level + rate * (score - level)
            out.append(level)
        return np.array(out)

    def loss(rate):
        return np.nansum((stated - levels(rate)) ** 2)

    grid = np.linspace(result.rate - 0.01, result.rate + 0.01, 201)
    assert min(loss(rate) for rate in grid) >= loss(result.rate) - SAME
    step = 1e-6
    slope = (levels(result.rate + step) - levels(result.rate - step)) / (2 * step)
    apart = stated - levels(result.rate)
    asked = ~np.isnan(stated)
    scores_of = [(apart * slope)[asked & (who == k)].sum() for k in range(60)]
    spread = np.sqrt(np.square(scores_of).sum() * 60 / 59) / (slope[asked] ** 2).sum()
    # Central differences of step 1e-6 are good to about 1e-9.
    assert result.estimates.std_error[0] == pytest.approx(spread, rel=1e-6)
    assert (result.n_clusters, result.n_obs) == (60, asked.sum())


def test_the_rate_is_recovered():
    # One sample: within four of its standard errors.
    scores, who, stated = panel(np.random.default_rng(9), customers=500)
    result = adjustment_rate(scores, who, overall=stated, start=6.0)
    assert abs(result.rate - 0.35) < 4 * result.estimates.std_error[0]
    assert result.estimates.std_error[0] < 0.02
    assert result.residual_deviation == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.1, 0.35, 0.8])
def test_the_interval_of_the_rate_covers_as_often_as_it_says(rate):
    # 1,000 samples: the share that cover has a standard error of 0.007; four of them are 0.028.
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(1000):
        scores, who, stated = panel(rng, rate=rate)
        found = adjustment_rate(scores, who, overall=stated, start=6.0)
        covered += found.estimates.ci_low[0] <= rate <= found.estimates.ci_high[0]
    assert covered / 1000 == pytest.approx(0.95, abs=0.03)


# Bad input

S, WHO = [8.0, 8, 2], ["Li", "Li", "Li"]
BAD = [
    ((S, WHO), {"rule": "sum"}, OptionError, "'mean', 'recency', 'adjustment', 'peak_end'"),
    ((S, WHO), {"rule": "mean", "rate": 0.5}, OptionError, "no effect"),
    ((S, WHO), {"rule": "recency"}, OptionError, "needs decay="),
    ((S, WHO), {"rule": "recency", "decay": 0}, OptionError, "above 0"),
    ((S, WHO), {"rule": "adjustment", "rate": 0.5}, OptionError, "needs start="),
    ((S, WHO), {"rule": "adjustment", "rate": 1.5, "start": 5}, OptionError, "at most 1"),
    ((S, WHO), {"rule": "adjustment", "rate": 0.5, "start": "mean"}, OptionError, '"first"'),
    ((S, WHO), {"rule": "adjustment", "rate": 0.5, "start": np.nan}, OptionError, "finite"),
    ((S, WHO), {"rule": "peak_end"}, OptionError, "needs peak="),
    ((S, WHO), {"rule": "peak_end", "peak": "worst"}, OptionError, "'highest', 'lowest'"),
    ((S, WHO), {"rule": "peak_end", "peak": "most_extreme"}, OptionError, "neutral="),
    ((S, WHO), {"rule": "peak_end", "peak": "highest", "neutral": 5}, OptionError, "no neutral"),
    ((S, WHO), {"rule": "peak_end", "peak": "highest", "end_weight": 2}, OptionError, "between"),
    ((S, WHO), {"rule": "mean", "each": "day"}, OptionError, "'customer', 'transaction'"),
    ((S, WHO[:2]), {"rule": "mean"}, DataError, "equally long"),
    (([8, np.nan, 2], WHO), {"rule": "mean"}, DataError, 'missing="drop"'),
    ((S, ["Li", None, "Li"]), {"rule": "mean"}, DataError, 'missing="drop"'),
    ((S, WHO), {"rule": "mean", "date": [1, 2, 2]}, DataError, "'Li' has two.*rows 1 and 2"),
    ((S, WHO), {"rule": "mean", "date": pd.Series([1, "b", 2.5])}, DataError, "sorted"),
]


@pytest.mark.parametrize(("variables", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(variables, options, error, says):
    with pytest.raises(error, match=says):
        cumulative_satisfaction(*variables, **options)


TWO = ["Li", "Li", "Wu"]
BAD_RATES = [
    (([8, 1, 6], WHO), {"overall": [5, 4, 4.5], "start": 4}, DataError, "at least 2"),
    (([8, 1, 6], TWO), {"overall": [5, 4], "start": 4}, DataError, "equally long"),
    (([8, 1, 6], TWO), {"overall": [np.nan] * 3, "start": 4}, DataError, "stated by 0 customers"),
    (([8, 1, 6], TWO), {"overall": [3, 5, 3], "start": 4}, DataError, "order of the rows"),
    (([8, 8, 6], TWO), {"overall": [8, 8, 6], "start": "first"}, NotIdentifiedError, "depend"),
    (([8, 1, 6], TWO), {"overall": [5, 4, 4.5], "start": "mean"}, OptionError, '"first"'),
]


@pytest.mark.parametrize(("variables", "options", "error", "says"), BAD_RATES)
def test_rates_that_cannot_be_estimated_are_refused(variables, options, error, says):
    with pytest.raises(error, match=says):
        adjustment_rate(*variables, **options)


@pytest.mark.parametrize("order", [["10", "9"], np.array(["2024-01-02", "2024-10-01"])])
def test_an_order_of_text_is_refused(order):
    # Sorted letter by letter, 10 would stand before 9.
    with pytest.raises(DataError, match=r"date has text.*to_datetime"):
        cumulative_satisfaction([1, 9], ["x", "x"], rule="recency", decay=0.1, date=order)


def test_a_mean_of_whole_numbers_is_divided_once():
    rng = np.random.default_rng(2)
    ratings = np.array([rng.permutation([1, 2, 2, 5, 6, 7, 7]) for _ in range(200)])
    who = np.repeat(np.arange(200), 7)
    means = cumulative_satisfaction(ratings.ravel(), who, rule="mean", each="customer")
    assert (means == 30 / 7).all()


def test_equally_extreme_experiences_are_equal_whatever_the_rounding():
    # 0.3 and 0.7 are equally far from 0.5; the later one is the peak, and the end is as well.
    for first, last in ((0.3, 0.7), (0.7, 0.3)):
        options = {"rule": "peak_end", "peak": "most_extreme", "neutral": 0.5, "end_weight": 0.0}
        assert np.asarray(cumulative_satisfaction([first, last], [1, 1], **options))[-1] == last
