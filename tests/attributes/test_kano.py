"""Kano's method against a published example, SciPy, brute force and simulation."""

import math
import pickle
from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from loyaltymodel.attributes.kano.analysis import kano, kano_category
from loyaltymodel.attributes.kano.kernels import (
    CATEGORIES,
    coefficient_counts,
    holm,
    leaders,
    memberships,
    runner_up_test,
    share_interval,
)
from loyaltymodel.attributes.kano.segments import kano_segments
from loyaltymodel.attributes.kano.variants import kano_continuous, kano_fuzzy
from loyaltymodel.errors import DataError, OptionError, SmallSampleWarning

from tolerances import EXACT, SAME

# The worked example in the README of the R package stp25kano (stp4/stp25kano on GitHub, commit
# 13ebf74): counts, and what it prints of them. It prints percentages without decimals,
# coefficients with three, and the critical difference of Fong's test with one.
EXAMPLE = pd.DataFrame(
    [
        # M, O, A, I, R, Q, category, rule, total, strength, better, worse, difference, critical
        ("app", 95, 123, 45, 33, 0, 0, "O", "O", 89, 9, 0.568, -0.736, 28, 19.4),
        ("service", 101, 54, 54, 81, 3, 3, "M", "M", 71, 7, 0.372, -0.534, 20, 18.5),
        ("hotline", 15, 24, 121, 124, 6, 6, "I", "A", 54, 1, 0.511, -0.137, 3, 19.8),
        ("loan", 65, 87, 93, 51, 0, 0, "A", "O", 83, 2, 0.608, -0.514, 6, 18.5),
        ("return", 9, 18, 83, 177, 6, 3, "I", "I", 37, 32, 0.352, -0.094, 94, 19.9),
    ],
    columns=[
        *("attribute", *"MOAIRQ", "category", "rule", "total", "strength"),
        *("better", "worse", "difference", "critical"),
    ],
).set_index("attribute")
COUNTS = EXAMPLE[list("MOAIRQ")]

# Rows are answers to the functional question, columns to the dysfunctional one; the same table
# in the README above and in "Virtual study for the indifferent attribute of Kano" (scribd
# 60002990).
TABLE = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"]


def answers_of(counts, rng=None):
    """Pairs of answers, as codes 1 to 5, that have these counts of categories."""
    cell = {"A": (1, 3), "O": (1, 5), "M": (3, 5), "I": (3, 3), "R": (5, 1), "Q": (1, 1)}
    pairs = [cell[letter] for letter, n in counts.items() for _ in range(int(n))]
    order = np.arange(len(pairs)) if rng is None else rng.permutation(len(pairs))
    return tuple(np.array(pairs)[order].T)


# The table


def test_every_cell_of_the_evaluation_table():
    functional, dysfunctional = np.divmod(np.arange(25), 5)
    found = kano_category(functional + 1, dysfunctional + 1)
    assert "".join(found) == "".join(TABLE)


@pytest.mark.parametrize(
    "answers",
    [
        ("a", "b", "c", "d", "e"),
        (5, 4, 3, 2, 1),
        ("喜欢", "理应如此", "无所谓", "能忍受", "不喜欢"),
    ],
)
def test_answers_may_be_written_in_any_way(answers):
    functional, dysfunctional = np.divmod(np.arange(25), 5)
    written = np.array(answers, dtype=object)
    found = kano_category(written[functional], written[dysfunctional], answers=answers)
    assert "".join(found) == "".join(TABLE)


def test_categories_come_back_with_the_users_labels():
    data = pd.DataFrame({"f": [1.0, np.nan, 2.0], "d": [5, 5, 5]}, index=["x", "y", "z"])
    found = kano_category(data["f"], data["d"], missing="drop")
    pd.testing.assert_series_equal(
        found, pd.Series(["O", "M"], index=["x", "z"], name="category"), check_dtype=False
    )
    named = kano_category("f", "d", data=data, missing="drop")
    pd.testing.assert_series_equal(found, named)


# The published example


def rows_of(result, quantity):
    """The better, or worse, coefficients of all attributes."""
    return result.better_worse[result.better_worse["quantity"] == quantity].reset_index(drop=True)


@pytest.fixture(scope="module")
def example():
    return kano(counts=COUNTS, test="fong")


def test_published_coefficients(example):
    for name in ("better", "worse"):
        np.testing.assert_array_equal(rows_of(example, name)["estimate"].round(3), EXAMPLE[name])


def test_published_categories_and_strengths(example):
    found = example.attributes
    assert found["category"].to_list() == EXAMPLE["category"].to_list()
    np.testing.assert_array_equal((100 * found["category_strength"]).round(), EXAMPLE["strength"])
    np.testing.assert_array_equal((100 * found["total_strength"]).round(), EXAMPLE["total"])


def test_published_rule_of_priority(example):
    assert example.by_priority(tolerance=0.05).to_list() == EXAMPLE["rule"].to_list()
    # Without tolerance the rule decides ties only, of which there are none here.
    assert example.by_priority(tolerance=0).to_list() == EXAMPLE["category"].to_list()


def test_published_form_of_fongs_test(example):
    z = example.attributes["statistic"].to_numpy()
    np.testing.assert_array_equal((1.65 * EXAMPLE["difference"] / z).round(1), EXAMPLE["critical"])
    assert (z > 1.65).tolist() == (EXAMPLE["difference"] > EXAMPLE["critical"]).to_list()


def test_fongs_test_calls_significant_what_the_exact_one_does_not():
    # 101 against 81 of 296: significant at 10 % by the published form, p = 0.16 exactly.
    exact = kano(counts=COUNTS).attributes.set_index("attribute")["p_value"]
    fong = kano(counts=COUNTS, test="fong").attributes.set_index("attribute")["p_value"]
    assert fong["service"] < 0.1 < exact["service"]


def test_answers_give_the_counts_that_they_were_made_of():
    rng = np.random.default_rng(1)
    pairs = {name: answers_of(row, rng) for name, row in COUNTS.iterrows()}
    found = kano(pairs).frequencies.set_index("attribute")[list("MOAIRQ")]
    np.testing.assert_array_equal(found, COUNTS)


# Tests and intervals against SciPy

some_counts = st.lists(st.integers(0, 40), min_size=6, max_size=6).filter(lambda c: sum(c) > 1)


@given(counts=some_counts)
def test_exact_test_is_scipys(counts):
    row = kano(counts={"x": dict(zip(CATEGORIES, counts, strict=True))}).attributes.iloc[0]
    first, second = sorted(counts)[:-3:-1]
    expected = stats.binomtest(first, first + second, 0.5).pvalue
    assert row["p_value"] == pytest.approx(expected, rel=SAME)
    assert row["tied"] == (first == second)


@given(counts=some_counts)
def test_normal_test_is_the_textbook_formula(counts):
    given_counts = {"x": dict(zip(CATEGORIES, counts, strict=True))}
    row = kano(counts=given_counts, test="normal").attributes.iloc[0]
    a, b = sorted(counts)[:-3:-1]
    z = (a - b) / np.sqrt(a + b)
    assert row["statistic"] == pytest.approx(z, rel=EXACT)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(z), rel=SAME)


@pytest.mark.parametrize(("method", "scipys"), [("wilson", "wilson"), ("exact", "exact")])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_of_coefficients_are_scipys(method, scipys, level):
    result = kano(counts=COUNTS, interval=method, level=level)
    better, worse = rows_of(result, "better"), rows_of(result, "worse")
    for k, (_, row) in enumerate(COUNTS.iterrows()):
        base = row[list("AOMI")].sum()
        for part, low, high in (
            (row["A"] + row["O"], better["ci_low"][k], better["ci_high"][k]),
            (row["O"] + row["M"], -worse["ci_high"][k], -worse["ci_low"][k]),
        ):
            expected = stats.binomtest(int(part), int(base)).proportion_ci(level, method=scipys)
            assert (low, high) == pytest.approx((expected.low, expected.high), rel=SAME)


def test_wald_interval_by_hand():
    # 50 of 100: 0.5 plus and minus 1.96 times sqrt(0.25 / 100).
    row = kano(counts={"x": {"A": 50, "I": 50}}, interval="wald").better_worse.iloc[0]
    assert row["ci_low"] == pytest.approx(0.5 - 0.05 * stats.norm.ppf(0.975), rel=EXACT)


@pytest.mark.parametrize(("part", "low", "high"), [(0, 0.0, None), (12, None, 1.0)])
@pytest.mark.parametrize("method", ["wilson", "exact"])
def test_intervals_at_the_ends_stay_within_0_and_1(part, low, high, method):
    ends = share_interval(np.array([float(part)]), np.array([12.0]), level=0.95, method=method)
    expected = stats.binomtest(part, 12).proportion_ci(0.95, method=method)
    assert (ends[0][0], ends[1][0]) == pytest.approx((expected.low, expected.high), abs=EXACT)
    assert low is None or ends[0][0] == low
    assert high is None or ends[1][0] == high


# Coverage and size, by simulation

SURVEYS = 20_000
# Three standard errors of a share near 0.95 over 20,000 surveys.
OF_95 = 3 * np.sqrt(0.95 * 0.05 / SURVEYS)


@pytest.mark.parametrize("n", [20, 50, 200])
@pytest.mark.parametrize(
    "p", [[0.3, 0.2, 0.2, 0.2, 0.05, 0.05], [0.02, 0.03, 0.6, 0.3, 0.03, 0.02]]
)
def test_intervals_of_coefficients_cover(n, p):
    counts = np.random.default_rng(1).multinomial(n, p, SURVEYS).astype(float)
    up, _, base = coefficient_counts(counts)
    truth = (p[0] + p[1]) / sum(p[:4])
    held = {}
    for method in ("wilson", "wald", "exact"):
        low, high = share_interval(up, base, level=0.95, method=method)
        held[method] = np.mean((low <= truth) & (truth <= high))
    # A count jumps: Wilson's coverage swings about the level by up to 1.5 points at n = 20,
    # Clopper-Pearson's stays above it.
    assert abs(held["wilson"] - 0.95) < 0.015 + OF_95
    assert held["exact"] > 0.95 - OF_95
    assert held["wald"] < held["exact"]
    if n * truth < 2:
        assert held["wald"] < 0.7  # why it is not the default


def rejected(p, n, test, level=0.1):
    counts = np.random.default_rng(2).multinomial(n, p, SURVEYS).astype(float)
    first, second = leaders(counts)
    rows = np.arange(SURVEYS)
    ahead, behind = counts[rows, first], counts[rows, second]
    z, p_value = runner_up_test(ahead, behind, counts.sum(axis=1), test)
    return np.mean(z > 1.65) if test == "fong" else np.mean(p_value <= level)


# Share of the two tied categories, and the size of Fong's test that follows from its variance
# being too small by the factor 1 - share / 2: P(|Z| > 1.65 sqrt(1 - share / 2)).
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 1.0])
def test_size_of_fongs_test_is_not_10_percent(share):
    rest = (1 - share) / 4
    p = [share / 2, share / 2, rest, rest, rest, rest]
    expected = 2 * stats.norm.sf(1.65 * np.sqrt(1 - share / 2))
    assert 0.14 < expected < 0.25
    # Over 20,000 surveys a size near 0.2 has a standard error of 0.003, and counts jump.
    assert rejected(p, 1000, "fong") == pytest.approx(expected, abs=0.012)
    assert rejected(p, 1000, "exact") < 0.1 + 3 * np.sqrt(0.09 / SURVEYS)
    assert rejected(p, 1000, "exact") > 0.08  # and not for want of power


@pytest.mark.parametrize("p", [[0.3, 0.3, 0.3, 0.1, 0, 0], [0.25, 0.25, 0.25, 0.25, 0, 0]])
def test_choosing_the_categories_after_looking_does_not_break_the_exact_test(p):
    assert rejected(p, 200, "exact") < 0.1


# Groups


def grouped(tables):
    """Answers and groups that have these counts: attribute -> group -> category -> count."""
    pairs, groups = {}, None
    for name, by_group in tables.items():
        parts = [answers_of(counts) for counts in by_group.values()]
        pairs[name] = tuple(np.concatenate(side) for side in zip(*parts, strict=True))
        groups = np.concatenate(
            [[g] * len(part[0]) for g, part in zip(by_group, parts, strict=True)]
        )
    return pairs, groups


TWO_ATTRIBUTES = {
    "seat": {"new": {"A": 30, "O": 20, "M": 10}, "old": {"A": 10, "O": 20, "M": 30}},
    "price": {"new": {"A": 20, "O": 20, "M": 20}, "old": {"A": 22, "O": 20, "M": 18}},
}


def test_a_group_may_be_called_as_a_column():
    pairs, _ = grouped(TWO_ATTRIBUTES)
    groups = np.resize(["attribute", "group"], len(next(iter(pairs.values()))[0]))
    found = kano_segments(pairs, groups)
    assert "attribute" in str(found.summary())
    assert set(found.to_dict()["tables"]["categories"][0]) == {
        "attribute (label)", "attribute", "group"
    }  # fmt: skip


def test_differences_between_groups_are_scipys():
    found = kano_segments(*grouped(TWO_ATTRIBUTES))
    for k, by_group in enumerate(TWO_ATTRIBUTES.values()):
        table = np.array([list(counts.values()) for counts in by_group.values()])
        expected = stats.chi2_contingency(table, correction=False)
        assert found.statistic[k] == pytest.approx(expected.statistic, rel=SAME)
        assert found.df[k] == expected.dof
        assert found.p_value[k] == pytest.approx(expected.pvalue, rel=SAME)
        assert found.cramers_v[k] == pytest.approx(stats.contingency.association(table), rel=SAME)
    assert found.categories.loc["seat"].to_list() == ["A", "M"]


@pytest.mark.parametrize("k", [1, 2, 5, 30])
def test_holms_adjustment_is_that_of_statsmodels(k):
    p_values = np.random.default_rng(k).random(k) ** 3
    p_values[: k // 3] = p_values[0]  # some alike
    expected = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), expected, rtol=SAME)


def test_permutations_agree_with_all_that_there_are():
    pairs, groups = grouped({"x": {"a": {"A": 3, "O": 1}, "b": {"O": 2, "M": 1}}})
    found = kano_segments(pairs, groups, test="permutation", n_resamples=20_000, rng=3)
    categories = kano_category(*pairs["x"])

    def statistic(order):
        table = pd.crosstab(groups, categories[list(order)])
        return stats.chi2_contingency(table, correction=False).statistic

    # Which rows are "a" decides: each of the 35 ways stands for equally many orders.
    values = {frozenset(order[:4]): order for order in permutations(range(7))}
    every = np.array([statistic(order) for order in values.values()])
    expected = np.mean(every >= statistic(range(7)) - EXACT)
    # 20,000 tables know a share to 0.0035.
    assert found.p_value[0] == pytest.approx(expected, abs=4 * 0.0035)


def test_permutations_hold_their_size():
    rng = np.random.default_rng(5)
    p_values = [
        kano_segments(
            {"x": (rng.integers(1, 6, 24), rng.integers(1, 6, 24))},
            np.repeat(["a", "b"], 12),
            test="permutation",
            n_resamples=99,
            rng=rng,
        ).p_value[0]
        for _ in range(300)
    ]
    # 300 surveys know a share of 0.1 to 0.017.
    assert np.mean(np.array(p_values) <= 0.1) < 0.1 + 3 * 0.017


def test_sparse_tables_are_warned_of():
    with pytest.warns(SmallSampleWarning, match='test="permutation" does without'):
        kano_segments(*grouped({"x": {"a": {"A": 3, "O": 1}, "b": {"O": 2, "M": 1}}}))


def test_one_category_only_is_no_difference():
    pairs, groups = grouped({"x": {"a": {"O": 12}, "b": {"O": 15}}})
    for test in ("chi_square", "permutation"):
        found = kano_segments(pairs, groups, test=test, rng=1)
        assert found.p_value[0] == 1
        assert found.df[0] == 0
        assert np.isnan(found.cramers_v[0])


def test_groups_are_analysed_as_if_alone():
    pairs, groups = grouped(TWO_ATTRIBUTES)
    found = kano_segments(pairs, groups)
    alone = {name: (f[groups == "old"], d[groups == "old"]) for name, (f, d) in pairs.items()}
    expected = kano(alone).better_worse
    of_old = found.better_worse.query("group == 'old'").drop(columns="group")
    pd.testing.assert_frame_equal(of_old.reset_index(drop=True), expected)
    assert "Categories by group" in str(found.summary())


# Variants


def test_scores_by_hand():
    found = kano_continuous({"x": ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])}).set_index("quantity")
    functional, dysfunctional = np.array([4, 2, 0, -1, -2]), np.array([-2, -1, 0, 2, 4])
    assert found.loc["functional", "estimate"] == pytest.approx(functional.mean(), rel=EXACT)
    interval = stats.t.interval(0.95, 4, dysfunctional.mean(), stats.sem(dysfunctional))
    ends = tuple(found.loc["dysfunctional", ["ci_low", "ci_high"]])
    assert ends == pytest.approx(interval, rel=SAME)


ENDS = ["ci_low", "ci_high"]


def test_scores_of_one_mind_have_no_interval():
    scores = kano_continuous({"seat": ([1, 1, 1], [5, 5, 4])}).set_index("quantity")
    assert scores.loc["functional", ["std_error", *ENDS]].isna().all()
    assert scores.loc["dysfunctional", ["std_error", *ENDS]].notna().all()


def one_hot(codes):
    return np.eye(5)[np.asarray(codes) - 1]


def test_answers_that_are_not_divided_are_plain_kano():
    rng = np.random.default_rng(6)
    pairs = {name: answers_of(row, rng) for name, row in COUNTS.iterrows()}
    fuzzy = kano_fuzzy({name: (one_hot(f), one_hot(d)) for name, (f, d) in pairs.items()})
    plain = kano(pairs)
    letters = list("AOMIRQ")
    np.testing.assert_allclose(fuzzy.attributes[letters], plain.shares[letters], atol=EXACT)
    assert fuzzy.attributes["category"].to_list() == plain.attributes["category"].to_list()
    for name in ("better", "worse"):
        own, table = rows_of(fuzzy, name), rows_of(plain, name)
        np.testing.assert_allclose(own["estimate"], table["estimate"], rtol=EXACT)
        np.testing.assert_allclose(own[ENDS], table[ENDS], rtol=SAME)


def test_fuzzy_coefficients_of_one_mind_have_a_width_within_their_range():
    # Seven who like it and dislike to be without: 7 of 7 are O, as in Wilson's interval.
    sure = kano_fuzzy({"seat": (one_hot([1] * 7), one_hot([5] * 7))}).better_worse
    expected = stats.binomtest(7, 7).proportion_ci(method="wilson")
    assert sure.loc[0, ENDS].tolist() == pytest.approx([expected.low, 1], rel=SAME)
    assert sure.loc[1, ENDS].tolist() == pytest.approx([-1, -expected.low], rel=SAME)
    # One wavers a little; the estimate plus and minus its errors would leave the range.
    wavering = one_hot([5] * 7)
    wavering[0] = [0, 0, 0, 0.1, 0.9]
    better, worse = kano_fuzzy({"seat": (one_hot([1] * 7), wavering)}).better_worse[ENDS].to_numpy()
    assert (better >= 0).all()
    assert -1 <= worse[0] < -1 + 0.1 / 7 < worse[1] < -0.9


def test_fuzzy_coefficients_near_an_end_cover():
    rng, held = np.random.default_rng(8), 0
    like, sad = [3, 2, 1, 0.1, 0.1], [0.02, 0.05, 0.1, 0.2, 6]
    many = memberships(rng.dirichlet(like, 200_000), rng.dirichlet(sad, 200_000))
    _, down, base = coefficient_counts(many.sum(axis=0))
    for _ in range(400):
        pairs = {"seat": (rng.dirichlet(like, 60), rng.dirichlet(sad, 60))}
        worse = kano_fuzzy(pairs).better_worse.iloc[1]
        held += worse["ci_low"] <= -down / base <= worse["ci_high"]
    # 400 surveys know a share of 0.95 to 0.011. Plus and minus errors it is 0.9.
    assert held / 400 > 0.95 - 3 * 0.011


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), cut=st.sampled_from([None, 0.25, 0.4]))
def test_fuzzy_memberships_by_brute_force(seed, cut):
    rng = np.random.default_rng(seed)
    functional, dysfunctional = rng.dirichlet(np.full(5, 0.4), (2, 7))
    expected = np.zeros((7, 6))
    for person in range(7):
        for row in range(5):
            for column in range(5):
                place = CATEGORIES.index(TABLE[row][column])
                expected[person, place] += functional[person, row] * dysfunctional[person, column]
    if cut is not None:
        expected = (expected >= cut).astype(float)
    found = kano_fuzzy({"x": (functional, dysfunctional)}, cuts=cut).attributes.iloc[0]
    np.testing.assert_allclose(
        found[list(CATEGORIES)].astype(float), expected.mean(axis=0), atol=SAME
    )


def test_fuzzy_interval_covers():
    rng = np.random.default_rng(7)
    alpha_f, alpha_d = np.array([2, 1, 0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5, 1, 2])
    mean_f, mean_d = alpha_f / alpha_f.sum(), alpha_d / alpha_d.sum()
    cells = dict.fromkeys(CATEGORIES, 0.0)
    for row in range(5):
        for column in range(5):
            cells[TABLE[row][column]] += mean_f[row] * mean_d[column]
    truth = (cells["A"] + cells["O"]) / sum(cells[letter] for letter in "AOMI")
    held = []
    for _ in range(400):
        found = kano_fuzzy({"x": (rng.dirichlet(alpha_f, 80), rng.dirichlet(alpha_d, 80))})
        row = found.better_worse.iloc[0]
        held.append(row["ci_low"] <= truth <= row["ci_high"])
    # 400 surveys know a share of 0.95 to 0.011; the normal law at n = 80 takes a little.
    assert np.mean(held) == pytest.approx(0.95, abs=3 * 0.011 + 0.005)


# What comes in, what comes out

WIDE = pd.DataFrame(
    {
        "seat_functional": [1, 1, 2, 3],
        "seat_dysfunctional": [5, 4, 5, 3],
        "price_functional": [1, 3, 3, 5],
        "price_dysfunctional": [5, 3, 5, 1],
    },
    index=["p", "q", "r", "s"],
)


def arrow(table):
    return pa.Table.from_pandas(table, preserve_index=False)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas, arrow])
def test_any_table_with_pairs_of_columns(make):
    found = kano(make(WIDE)).frequencies
    named = {"seat": ("seat_functional", "seat_dysfunctional")}
    named["price"] = ("price_functional", "price_dysfunctional")
    pd.testing.assert_frame_equal(found, kano(named, data=make(WIDE)).frequencies)
    assert found["attribute"].to_list() == ["seat", "price"]
    assert found.loc[0, list("AOMI")].to_list() == [1, 1, 1, 1]


def test_names_of_columns_side_by_side_are_pairs():
    expected = kano(WIDE).frequencies
    for names in (list(WIDE), WIDE.columns):
        pd.testing.assert_frame_equal(kano(names, data=WIDE).frequencies, expected)


def test_a_cut_for_each_attribute_of_fuzzy_answers():
    pair = ([[0.5, 0.5, 0, 0, 0]] * 2, [[0, 0, 0, 0, 1]] * 2)
    found = kano_fuzzy({"x": pair, "y": pair}, cuts={"x": 0.5, "y": 0.6}).attributes
    assert found["O"].to_list() == [1, 0]
    with pytest.raises(OptionError, match="cuts lacks y; give one value for all"):
        kano_fuzzy({"x": pair, "y": pair}, cuts={"x": 0.5})


def test_the_input_stays_as_it_was_and_order_does_not_matter():
    before = WIDE.copy()
    first = kano(WIDE)
    pd.testing.assert_frame_equal(WIDE, before)
    second = kano(WIDE.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first.frequencies, second.frequencies)


def test_missing_answers_are_left_out_attribute_by_attribute():
    data = WIDE.astype(float)
    data.iloc[0, 0] = np.nan
    result = kano(data, missing="drop")
    assert result.frequencies["n_obs"].to_list() == [3, 4]
    assert (result.n_obs, result.n_dropped) == (4, 0)
    assert result.frequencies["n_dropped"].to_list() == [1, 0]
    assert "1 pair of answers were incomplete" in str(result.summary())


def test_self_stated_importance():
    stated = {"seat": [9, 7, 8, 8], "price": [1, 2, 3, 4]}
    result = kano(WIDE, importance=stated, scale={"seat": (1, 9), "price": (1, 4)})
    for k, values in enumerate(stated.values()):
        row = result.importance.iloc[k]
        interval = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
        assert row["estimate"] == pytest.approx(np.mean(values), rel=EXACT)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(interval, rel=SAME)
    assert "Self-stated importance" in str(result.summary())


def test_ties_go_to_what_hurts_most():
    result = kano(counts={"x": {"A": 5, "O": 5, "M": 5, "I": 5}})
    row = result.attributes.iloc[0]
    assert (row["category"], row["runner_up"], row["tied"], row["p_value"]) == ("M", "O", True, 1)


def test_nobody_in_a_o_m_i_has_no_coefficients():
    result = kano(counts={"x": {"R": 6, "Q": 2}, "y": {"O": 3}})
    rows = result.better_worse.query("attribute == 'x'")
    assert rows[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert rows["n_obs"].to_list() == [0, 0]
    text = str(result.summary())
    assert "No coefficients, for want of A, O, M and I: x" in text


def test_a_question_that_most_misunderstood_is_named():
    assert "probably misunderstood" in str(kano(counts={"x": {"Q": 6, "O": 2}}).summary())


def test_results_cannot_be_changed_and_pickle():
    result = kano(WIDE)
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.attributes, result.attributes)
    for thing in (result, again):
        assert not thing.counts.flags.writeable
        with pytest.raises(AttributeError):
            thing.level = 0.9
    table = result.shares
    table.iloc[:, 1:] = 0
    assert result.shares["A"].sum() > 0


def test_summary_names_what_is_not_sure():
    text = str(kano(counts=COUNTS, test="fong").summary())
    assert "Fong's test rejects more often than it says" in text
    assert "Not told apart from the runner-up at level 95%: service, hotline, loan." in text


# Bad input

PAIR = {"x": ([1, 2, 3], [5, 5, 5])}
FUZZY = np.full((3, 5), 0.2)
BAD = {
    "unequal lengths": (lambda: kano({"x": ([1, 2], [5, 5, 5])}), DataError, "equally long"),
    "attributes of unequal length": (
        lambda: kano({"x": ([1, 2], [5, 5]), "y": ([1, 2, 3], [5, 5, 5])}),
        DataError,
        "x has 2, y has 3; .* missing value",
    ),
    "missing": (lambda: kano({"x": ([1, None], [5, 5])}), DataError, 'missing="drop" leaves'),
    "all missing": (
        lambda: kano({"x": ([np.nan, 1], [5, np.nan])}, missing="drop"),
        DataError,
        "every row has a missing value",
    ),
    "off the scale": (
        lambda: kano({"x": ([1, 6], [5, 5])}),
        DataError,
        "none of the five: 6.*answers=",
    ),
    "don't know code": (lambda: kano_category([1, 99], [5, 5]), DataError, "make codes .* missing"),
    "unknown label": (
        lambda: kano(
            {"x": (["like", "love"], ["dislike"] * 2)}, answers=("like", *"bcd", "dislike")
        ),
        DataError,
        "none of the five: 'love'",
    ),
    "labels not declared": (
        lambda: kano({"x": (["like"], ["dislike"])}),
        DataError,
        "answers= how",
    ),
    "true and false": (lambda: kano({"x": ([True, False], [5, 5])}), DataError, "recode"),
    "one respondent": (lambda: kano({"x": ([1], [5])}), DataError, "kano_category gives"),
    "one respondent left": (
        lambda: kano({"x": ([1, np.nan], [5, 5])}, missing="drop"),
        DataError,
        "fewer than 2 respondents",
    ),
    "odd number of columns": (lambda: kano(WIDE.iloc[:, :3]), DataError, "3 columns.*name them"),
    "no columns": (lambda: kano(WIDE.iloc[:, :0]), DataError, "0 columns"),
    "columns that are no pair": (
        lambda: kano(WIDE.iloc[:, [0, 2, 1, 3]]),
        DataError,
        "do not say that they are one attribute; name the pairs",
    ),
    "dysfunctional first": (
        lambda: kano(WIDE.iloc[:, [1, 0]]),
        DataError,
        "must come first; change the order",
    ),
    "pairs twice": (
        lambda: kano(pd.DataFrame([[1, 5, 1, 5]] * 2, columns=["a_f", "a_x", "a_g", "a_y"])),
        DataError,
        "more than one pair of attribute a",
    ),
    "no table": (lambda: kano([[1, 5]]), DataError, "a pandas, polars or pyarrow table"),
    "no attributes": (lambda: kano({}), DataError, "at least one"),
    "no pair": (lambda: kano({"x": [1, 2, 3]}), OptionError, "give two variables"),
    "table and data": (lambda: kano(WIDE, data=WIDE), OptionError, "one too many"),
    "no such column": (lambda: kano({"x": ("a", "b")}, data=WIDE), DataError, "no column 'a'"),
    "names without data": (lambda: kano({"x": ("a", "b")}), DataError, "give data="),
    "four answers": (lambda: kano(PAIR, answers=(1, 2, 3, 4)), OptionError, "five different"),
    "the same answer twice": (lambda: kano(PAIR, answers=(1, 1, 3, 4, 5)), OptionError, "such as"),
    "answers as text": (
        lambda: kano(PAIR, answers="12345"),
        OptionError,
        "no sequence of five",
    ),
    "test": (lambda: kano(PAIR, test="chi"), OptionError, "'exact', 'normal', 'fong'"),
    "interval": (lambda: kano(PAIR, interval="bca"), OptionError, "'wilson', 'wald', 'exact'"),
    "level": (lambda: kano(PAIR, level=95), OptionError, "between 0 and 1"),
    "missing option": (lambda: kano(PAIR, missing="mean"), OptionError, "'raise', 'drop'"),
    "importance of some": (
        lambda: kano(PAIR, importance={"y": [1, 2, 3]}),
        OptionError,
        "all of them and no other",
    ),
    "importance off scale": (
        lambda: kano(PAIR, importance={"x": [1, 2, 10]}, scale=(1, 9)),
        DataError,
        "between 1 and 9",
    ),
    "importance of others": (
        lambda: kano(PAIR, importance={"x": [1, 2]}),
        DataError,
        "one a respondent",
    ),
    "importance of one": (
        lambda: kano(PAIR, importance={"x": [1, None, None]}, missing="drop"),
        DataError,
        "needs two or more",
    ),
    "answers that are lists": (
        lambda: kano(PAIR, answers=([1], [2], [3], [4], [5])),
        OptionError,
        "no codes or labels",
    ),
    "fuzzy answers as words": (
        lambda: kano_fuzzy({"x": (["like"], FUZZY)}),
        DataError,
        "give memberships",
    ),
    "scores as words": (
        lambda: kano_continuous(PAIR, functional_scores=("a",)),
        OptionError,
        "five finite numbers",
    ),
    "attributes twice": (
        lambda: kano(counts=pd.DataFrame({"A": [3, 4]}, index=["x", "x"])),
        DataError,
        "a name of its own",
    ),
    "scale without importance": (
        lambda: kano(PAIR, scale=(1, 9)),
        OptionError,
        "give both",
    ),
    "no importance": (lambda: kano(PAIR).importance, DataError, "give importance="),
    "tolerance": (lambda: kano(PAIR).by_priority(tolerance=5), OptionError, "such as 0.05"),
    "unknown category": (
        lambda: kano(counts={"x": {"A": 3, "total": 3}}),
        DataError,
        "leave totals",
    ),
    "percentages": (lambda: kano(counts={"x": {"A": 32.3}}), DataError, "multiplied by"),
    "negative counts": (lambda: kano(counts={"x": {"A": -1, "O": 4}}), DataError, "negative"),
    "counts as text": (lambda: kano(counts={"x": {"A": "many"}}), DataError, "whole numbers"),
    "counts of one": (lambda: kano(counts={"x": {"A": 1}}), DataError, "fewer than 2"),
    "no counts": (lambda: kano(counts=[1, 2]), DataError, "such as"),
    "one group": (lambda: kano_segments(PAIR, ["a"] * 3), DataError, "needs two or more"),
    "a group of one": (lambda: kano_segments(PAIR, ["a", "a", "b"]), DataError, "merge groups"),
    "missing group": (
        lambda: kano_segments(PAIR, ["a", None, "b"]),
        DataError,
        "groups has 1 missing",
    ),
    "groups of another length": (
        lambda: kano_segments(PAIR, ["a", "b"]),
        DataError,
        "equally long",
    ),
    "group test": (lambda: kano_segments(PAIR, ["a"] * 3, test="t"), OptionError, "permutation"),
    "permutations": (
        lambda: kano_segments(PAIR, ["a"] * 3, n_resamples=0),
        OptionError,
        "at least 1",
    ),
    "scores": (
        lambda: kano_continuous(PAIR, functional_scores=(1, 2)),
        OptionError,
        "five finite numbers",
    ),
    "scores of one": (lambda: kano_continuous({"x": ([1], [5])}), DataError, "two or more"),
    "memberships that do not sum to 1": (
        lambda: kano_fuzzy({"x": (FUZZY * 100, FUZZY)}),
        DataError,
        "divide each row",
    ),
    "memberships missing": (
        lambda: kano_fuzzy({"x": (np.where(FUZZY > 1, 1, np.nan), FUZZY)}),
        DataError,
        "leave out rows",
    ),
    "memberships of another shape": (
        lambda: kano_fuzzy({"x": (FUZZY[:, :4], FUZZY)}),
        DataError,
        r"\(n, 5\) is needed",
    ),
    "memberships of unequal length": (
        lambda: kano_fuzzy({"x": (FUZZY[:2], FUZZY)}),
        DataError,
        "one of each",
    ),
    "one fuzzy respondent": (
        lambda: kano_fuzzy({"x": (FUZZY[:1], FUZZY[:1])}),
        DataError,
        "two or more",
    ),
    "fuzzy answers as a table": (lambda: kano_fuzzy(WIDE), DataError, "mapping"),
    "cut": (lambda: kano_fuzzy({"x": (FUZZY, FUZZY)}, cuts=40), OptionError, "such as 0.4"),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_input_ends_in_a_named_error_with_a_way_out(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "answers",
    [
        [Decimal(k) for k in range(1, 6)], np.arange(1.0, 6.0), np.arange(1, 6, dtype="i1"),
        np.arange(1, 6, dtype=">i8"), pd.Series(range(1, 6)),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("kind", [np.array, lambda v: [Decimal(k) for k in v]])
def test_codes_of_every_kind_are_those_numbers(answers, kind):
    found = kano_category(kind([1, 1, 2]), kind([5, 4, 5]), answers=answers)
    assert found.tolist() == ["O", "A", "M"]


@pytest.mark.parametrize(
    "answers",
    [
        np.arange(1, 6) + 0j, [1, 2, 3, 4, np.nan], [1, 2, 3, 4, Decimal("sNaN")],
        [1, 2, 3, 4, 10**400], np.ma.masked_array(range(1, 6), [0, 0, 0, 0, 1]), [1, 2, 3, 4, [5]],
    ],
    ids=repr,
)  # fmt: skip
def test_codes_that_no_answer_can_equal_are_refused(answers):
    with pytest.raises((OptionError, DataError), match="answers"):
        kano_category([1, 1, 2], [5, 4, 5], answers=answers)


NO_COUNTS = ["4", True, 1 + 0j, np.nan, -1, 1.5, 1e308, 10**400, Decimal("sNaN"), pd.NA, None]


@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
def test_what_is_no_count_is_refused_in_every_form(value):
    with pytest.raises(DataError, match="counts has"):
        kano(counts={"seat": {"A": value, "O": 3}})
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return  # nobody, in a table
    with pytest.raises(DataError, match="counts has"):
        kano(counts=pd.DataFrame({"A": [value], "O": [3]}, index=["seat"], dtype=object))


def test_a_cell_of_a_table_that_nobody_is_in_may_be_missing():
    table = pd.DataFrame({"A": [4, None], "O": [Decimal(3), 2]}, index=["seat", "door"])
    assert kano(counts=table).frequencies[["A", "O", "M"]].to_numpy().tolist() == [
        [4, 3, 0], [0, 2, 0],
    ]  # fmt: skip


def test_a_category_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="category A more than once"):
        kano(counts=pd.DataFrame([[1, 2]], columns=["A", "A"], index=["seat"]))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_errors_of_scores_have_the_unit_of_the_scores(size):
    pairs = {"seat": ([1, 1, 2, 3], [5, 5, 4, 5])}
    plain = kano_continuous(pairs)["std_error"][0]
    scores = np.array([4, 2, 0, -1, -2]) * size
    scaled = kano_continuous(pairs, functional_scores=scores)["std_error"][0]
    assert scaled / size == pytest.approx(plain, rel=EXACT)
    # Scores 4, 4, 2 and 0.
    assert plain == pytest.approx(stats.sem([4, 4, 2, 0]))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "exactly one of pairs"),
        ({"pairs": {"x": ([1, 2], [5, 4])}, "counts": {"x": {"A": 3}}}, "exactly one of pairs"),
        (
            {"counts": {"x": {"A": 3}}, "missing": "drop", "scale": (1, 5)},
            "leave out scale, missing",
        ),
    ],
)
def test_pairs_or_counts(given, says):
    with pytest.raises(OptionError, match=says):
        kano(**given)
