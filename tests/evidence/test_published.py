"""Published tables and sentences: the printed numbers, and what follows from them by hand."""

import itertools
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.evidence.published.readings import (
    defection_given_satisfaction,
)
from loyaltymodel.evidence.published.tables import (
    PublishedTable,
    published_table,
)

from tolerances import EXACT

share = st.floats(0, 1)
inner = st.floats(0.01, 0.99)


def retention():
    return published_table("retention")


def defection():
    return published_table("defection")


TABLES = [retention, defection]


def test_the_printed_numbers():
    # As the teaching texts print them, in percent, from score 1 to score 5.
    table = published_table("retention")
    np.testing.assert_allclose(100 * table.lower, [0, 15, 60, 80, 92], rtol=EXACT)
    np.testing.assert_allclose(100 * table.upper, [5, 20, 65, 85, 97], rtol=EXACT)
    assert table.period == "one year"
    assert table.labels[0] == "very dissatisfied"
    assert table.figures == ("B05", "B04", "B03", "B02", "B01")
    lost = published_table("defection")
    np.testing.assert_allclose(100 * (1 - lost.upper), [80, 40, 20, 10, 1], rtol=EXACT)
    np.testing.assert_allclose(100 * (1 - lost.lower), [80, 40, 20, 10, 2], rtol=EXACT)
    assert lost.period is None
    assert lost.labels[-1] == "highly satisfied"


def test_retention_of_a_score():
    table = published_table("retention")
    assert table.retention(5) == pytest.approx(0.945, abs=EXACT)
    assert [table.retention(5, bound=end) for end in ("lower", "upper")] == [0.92, 0.97]
    assert 1 - published_table("defection").retention(5) == pytest.approx(0.015, abs=EXACT)


def test_a_horizon_is_a_power():
    table = published_table("retention")
    assert table.retention(3, periods=3, bound="lower") == pytest.approx(0.6**3, abs=EXACT)
    assert table.retention(3, periods=0.5) ** 2 == pytest.approx(0.625, abs=EXACT)
    after = table.expected_retained({3: 1000}, periods=3)
    assert after.lower == pytest.approx(216, abs=1e-9)  # 1000 times the rounding of EXACT


def test_no_horizon_where_none_is_printed():
    for call in (
        published_table("defection").retention,
        published_table("defection").expected_retained,
    ):
        with pytest.raises(OptionError, match="states no period"):
            call([1, 1, 1, 1, 1], periods=1)


def test_between_scores_only_when_asked():
    table = published_table("retention")
    with pytest.raises(DataError, match='interpolation="pchip"'):
        table.retention([4, 4.5])
    # By hand: slopes .20 and .12 meet at 4 in their harmonic mean .15, the one-sided slope at
    # 5 is (3 * .12 - .20) / 2 = .08, and half way the cubic is the mean plus an eighth of .07.
    assert table.retention(4.5, interpolation="pchip") == pytest.approx(0.89375, abs=EXACT)


@pytest.mark.parametrize("make", TABLES)
def test_interpolation_keeps_the_printed_points_and_their_order(make):
    table = make()
    fine = np.linspace(1, 5, 401)
    ends = [
        table.retention(fine, bound=bound, interpolation="pchip")
        for bound in ("lower", "midpoint", "upper")
    ]
    for values, printed in zip(ends, (table.lower, table.midpoint, table.upper), strict=True):
        np.testing.assert_allclose(values[::100], printed, atol=EXACT)
        assert (np.diff(values) >= -EXACT).all()
    assert (ends[0] <= ends[1] + EXACT).all()
    assert (ends[1] <= ends[2] + EXACT).all()


@given(counts=st.lists(st.integers(0, 30), min_size=5, max_size=5))
@pytest.mark.parametrize("make", TABLES)
def test_expected_customers_are_counted_one_by_one(make, counts):
    table = make()
    found = table.expected_retained(counts)
    people = np.repeat([1, 2, 3, 4, 5], counts)
    assert found.customers == len(people)
    for bound in ("lower", "midpoint", "upper"):
        alone = table.retention(people, bound=bound).sum() if len(people) else 0.0
        assert getattr(found, bound) == pytest.approx(alone, abs=1e-10)  # 150 roundings
    assert found.lower <= found.midpoint + EXACT
    assert found.midpoint <= found.upper + EXACT


def test_distributions_by_name_and_in_stacks():
    table = published_table("retention")
    one = table.expected_retained([10, 0, 0, 20, 0])
    for same in ({1: 10, 4: 20}, pd.Series([20, 10], index=[4, 1])):
        assert table.expected_retained(same).midpoint == one.midpoint
    stack = table.expected_retained([[10, 0, 0, 20, 0], [0, 0, 0, 0, 1]])
    np.testing.assert_array_equal(stack.customers, [30, 1])
    np.testing.assert_allclose(stack.midpoint, [one.midpoint, 0.945], atol=EXACT)
    assert not stack.lower.flags.writeable


def test_ratios_are_those_of_the_dispute():
    # evidence.disputes names them: odds 3.64 and 7.3, leavers 3.2 and 6.7, shares 1.145; the
    # ranges of REL-09 allow odds ratios from 2.0 to 8.1.
    def top(table, kind):
        return table.ratios(kind).iloc[-1]

    first, second = published_table("retention"), published_table("defection")
    assert top(first, "odds")["midpoint"] == pytest.approx(3.64, abs=0.005)
    assert top(second, "odds")["midpoint"] == pytest.approx(7.3, abs=0.05)
    assert top(first, "defection")["midpoint"] == pytest.approx(3.2, abs=0.05)
    assert top(second, "defection")["midpoint"] == pytest.approx(6.7, abs=0.05)
    assert top(first, "probability")["midpoint"] == pytest.approx(1.145, abs=0.0005)
    assert top(first, "odds")["lower"] == pytest.approx(2.0, abs=0.05)
    assert top(first, "odds")["upper"] == pytest.approx(8.1, abs=0.05)
    assert np.isinf(first.ratios().loc[0, "upper"])  # nobody need stay at score 1


@pytest.mark.parametrize("kind", ["odds", "probability", "defection"])
def test_the_ends_of_a_ratio_are_reached_within_the_ranges(kind):
    table = published_table("defection")
    ratios = table.ratios(kind)

    def strength(p):
        return {"odds": p / (1 - p), "probability": p, "defection": 1 / (1 - p)}[kind]

    for k, row in ratios.iterrows():
        below = np.linspace(table.lower[k], table.upper[k], 7)
        above = np.linspace(table.lower[k + 1], table.upper[k + 1], 7)
        all_ratios = [strength(b) / strength(a) for a, b in itertools.product(below, above)]
        assert row["lower"] == pytest.approx(min(all_ratios), rel=EXACT)
        assert row["upper"] == pytest.approx(max(all_ratios), rel=EXACT)


def test_scores_come_back_as_they_came():
    table = published_table("retention")
    people = pd.DataFrame({"score": [5, 1, None]}, index=["a", "b", "c"])
    kept = people.copy()
    found = table.retention("score", data=people, missing="drop")
    assert found.index.tolist() == ["a", "b"]
    assert found.tolist() == pytest.approx([0.945, 0.025])
    pd.testing.assert_frame_equal(people, kept)
    assert isinstance(table.retention(4), float)
    assert isinstance(table.retention(np.array([4, 5])), np.ndarray)
    assert table.retention("s", data=pl.DataFrame({"s": [4.0]})).tolist() == pytest.approx([0.825])


@pytest.mark.parametrize("make", TABLES)
def test_tables_cannot_be_changed(make):
    table = make()
    again = pickle.loads(pickle.dumps(table))
    for one in (table, again):
        with pytest.raises(ValueError, match="read-only"):
            one.lower[0] = 1
        with pytest.raises(AttributeError):
            one.period = "a day"
    frame = table.levels
    frame.loc[0, "lower"] = 9
    assert table.levels.loc[0, "lower"] != 9
    text = " ".join(str(table.summary()).split())  # remarks are wrapped
    assert table.concept in text
    assert table.doubt in text


BAD_SCORES = [
    (6, {}, "between 1 and 5"),
    (0, {}, "between 1 and 5"),
    (np.nan, {}, "missing value"),
    ([[1, 2]], {}, "one value a row"),
    ("score", {}, "give data="),
    ("very satisfied", {"data": pd.DataFrame({"score": [1]})}, "very satisfied"),
]


@pytest.mark.parametrize(("score", "options", "message"), BAD_SCORES)
def test_scores_that_are_refused(score, options, message):
    with pytest.raises(DataError, match=message):
        published_table("retention").retention(score, **options)


BAD_OPTIONS = [
    ({"bound": "middle"}, "'lower', 'midpoint', 'upper'"),
    ({"interpolation": "linear"}, "'none', 'pchip'"),
    ({"periods": 0}, "above 0"),
    ({"periods": np.inf}, "above 0"),
    ({"missing": "ignore"}, "'raise', 'drop'"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_options_that_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        published_table("retention").retention(3, **options)


BAD_COUNTS = [
    ([1, 2, 3], "each of the 5 levels"),
    (7, "each of the 5 levels"),
    ([1, 1, 1, 1, -1], "0 or more"),
    ([1, 1, 1, 1, np.nan], "missing value"),
    ({6: 1}, "no level 6"),
    ({4.5: 1}, "no level 4.5"),
    ({4: "many"}, "not numeric"),
]


@pytest.mark.parametrize(("counts", "message"), BAD_COUNTS)
def test_counts_that_are_refused(counts, message):
    with pytest.raises(DataError, match=message):
        published_table("retention").expected_retained(counts)


BAD_TABLES = [
    ({"lower": [0.1], "upper": [0.2]}, "one label and one range"),
    ({"scores": [2, 1]}, "must rise"),
    ({"lower": [0.3, 0.5], "upper": [0.2, 0.6]}, "lower <= upper"),
    ({"lower": [10, 20], "upper": [20, 30]}, "not in percent"),
    ({"labels": ()}, "one label"),
]


@pytest.mark.parametrize(("change", "message"), BAD_TABLES)
def test_tables_of_ones_own_are_checked(change, message):
    content = {
        "concept": "own",
        "title": "own",
        "scores": [1, 2],
        "labels": ("bad", "good"),
        "lower": [0.1, 0.5],
        "upper": [0.2, 0.6],
        "period": "one month",
    }
    assert PublishedTable(**content).retention(2, periods=2) == pytest.approx(0.3025)
    with pytest.raises(DataError, match=message):
        PublishedTable(**{**content, **change})


def test_85_percent_of_defectors_are_9_percent_of_the_satisfied():
    # 1,000 customers: 100 leave, 85 of them satisfied; 900 satisfied in all.
    found = defection_given_satisfaction(0.85, defection=0.10, satisfaction=0.90)
    assert found == pytest.approx(85 / 900, abs=EXACT)
    # The other 815 satisfied ones are among the 900 who stay.
    other = defection_given_satisfaction(0.85, defection=0.10, satisfied_given_stayed=815 / 900)
    assert other == pytest.approx(found, abs=EXACT)


@given(cells=st.lists(st.integers(1, 50), min_size=4, max_size=4))
def test_the_condition_is_turned_round_as_by_counting(cells):
    left_satisfied, left_not, stayed_satisfied, _ = cells
    n, left = sum(cells), left_satisfied + left_not
    satisfied = left_satisfied + stayed_satisfied
    given_left = left_satisfied / left
    truth = left_satisfied / satisfied
    assert defection_given_satisfaction(
        given_left, defection=left / n, satisfaction=satisfied / n
    ) == pytest.approx(truth, rel=1e-10)  # a few divisions
    assert defection_given_satisfaction(
        given_left, defection=left / n, satisfied_given_stayed=stayed_satisfied / (n - left)
    ) == pytest.approx(truth, rel=1e-10)


def test_shares_come_back_as_they_came():
    firms = pd.DataFrame({"q": [0.85, 0.5], "d": [0.1, 0.2]}, index=["x", "y"])
    found = defection_given_satisfaction("q", defection="d", satisfaction=0.9, data=firms)
    assert found.index.tolist() == ["x", "y"]
    assert found.tolist() == pytest.approx([0.085 / 0.9, 0.1 / 0.9])
    many = defection_given_satisfaction([0.85, 0.5], defection=0.1, satisfaction=0.9)
    assert isinstance(many, np.ndarray)


BAD_SHARES = [
    ({"defection": 0.9, "satisfaction": 0.3}, DataError, "cannot be"),  # .765 of .3
    ({"defection": 0.5, "satisfaction": 0.99}, DataError, "cannot be"),  # .565 of .5
    ({"defection": 0.0, "satisfaction": 0.0}, DataError, "nobody is satisfied"),
    ({"defection": 10, "satisfaction": 0.9}, DataError, "between 0 and 1"),
    ({"defection": 0.1}, OptionError, "exactly one of"),
    (
        {"defection": 0.1, "satisfaction": 0.9, "satisfied_given_stayed": 0.9},
        OptionError,
        "exactly one of",
    ),
]


@pytest.mark.parametrize(("shares", "kind", "message"), BAD_SHARES)
def test_shares_that_contradict_each_other(shares, kind, message):
    with pytest.raises(kind, match=message):
        defection_given_satisfaction(0.85, **shares)
