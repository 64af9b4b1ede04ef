"""Screening: each measure against a loop or by hand, what was planted, what is refused."""

from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

from loyaltymodel import survey
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey import Codebook, Item, Scale, screen
from loyaltymodel.survey.screening import kernels

from tolerances import EXACT

ITEMS = [f"q{k}" for k in range(12)]


def world(n=600, k=12, *, rho=0.5, top=7, seed=1):
    """Careful respondents: one common factor, answers from 1 to top."""
    rng = np.random.default_rng(seed)
    factor, own = rng.standard_normal((n, 1)), rng.standard_normal((n, k))
    z = np.sqrt(rho) * factor + np.sqrt(1 - rho) * own
    answers = np.clip(np.round((top + 1) / 2 + 0.4 + z * top / 5), 1, top)
    return pd.DataFrame(answers, columns=[f"q{j}" for j in range(k)])


@pytest.fixture(scope="module")
def gappy():
    """Answers of 60 people with a tenth missing, one row without any."""
    answers = world(60, 6, seed=5).to_numpy().copy()
    answers[np.random.default_rng(2).random(answers.shape) < 0.1] = np.nan
    answers[7] = np.nan
    return answers


# Kernels against loops


def test_the_longest_run_by_hand():
    nan = np.nan
    rows = [[3, 3, 3, 1], [1, 1, 2, 2], [1, nan, 1, 1], [nan] * 4, [5, 4, 3, 2], [2, 2, 2, 2]]
    on = np.array([False, True, True, True])
    assert kernels.longest_run(np.array(rows, float), on).tolist() == [3, 2, 2, 0, 1, 4]
    on[2] = False  # another block begins
    assert kernels.longest_run(np.array(rows, float), on).tolist() == [2, 2, 2, 0, 1, 2]


def test_shares_and_spreads_against_a_loop(gappy):
    share, spread = kernels.commonest_share(gappy), kernels.spread(gappy)
    for k, row in enumerate(gappy):
        given = row[~np.isnan(row)]
        if len(given) == 0:
            assert np.isnan([share[k], spread[k]]).all()
            continue
        assert share[k] == Counter(given).most_common(1)[0][1] / len(given)
        assert spread[k] == pytest.approx(np.std(given, ddof=1), rel=EXACT)


def test_moments_are_those_of_all_pairs(gappy):
    mean, covariance = kernels.moments_of(gappy)
    frame = pd.DataFrame(gappy)
    np.testing.assert_allclose(mean, frame.mean(), rtol=EXACT)
    np.testing.assert_allclose(covariance, frame.cov(), rtol=1e-12)


def test_distances_against_a_loop(gappy):
    mean, covariance = kernels.moments_of(gappy)
    squared, p_value = kernels.distances(gappy, mean, covariance)
    for k, row in enumerate(gappy):
        there = np.flatnonzero(~np.isnan(row))
        if len(there) == 0:
            assert np.isnan([squared[k], p_value[k]]).all()
            continue
        apart = row[there] - mean[there]
        expected = apart @ np.linalg.solve(covariance[np.ix_(there, there)], apart)
        assert squared[k] == pytest.approx(expected, rel=1e-10)
        assert p_value[k] == pytest.approx(stats.chi2.sf(expected, len(there)), rel=1e-10)


def test_distances_do_not_depend_on_how_rows_are_sliced(monkeypatch, gappy):
    mean, covariance = kernels.moments_of(gappy)
    whole = kernels.distances(gappy, mean, covariance)[0]
    monkeypatch.setattr(kernels, "_SLICE", 4)
    np.testing.assert_allclose(kernels.distances(gappy, mean, covariance)[0], whole, rtol=1e-12)


def test_copies_against_a_loop(gappy):
    answers = np.vstack([gappy, gappy[:5], gappy[:2]])
    rows = [tuple(np.nan_to_num(row, nan=-1)) for row in answers]
    times = Counter(rows)
    assert kernels.copies(answers).tolist() == [times[row] - 1 for row in rows]
    surveys = np.repeat([0, 1], [len(gappy), 7])
    assert kernels.copies(answers, surveys)[: len(gappy)].max() == 0
    assert kernels.copies(np.array([[0.0], [-0.0]])).tolist() == [1, 1]


def test_pairs_are_apart_as_by_hand():
    points = np.array([[0, 100, 50], [10, 10, np.nan], [np.nan, 5, np.nan]])
    apart = kernels.disagreement(points, np.array([0, 0]), np.array([1, 2]))
    assert apart[:2].tolist() == [75, 0]
    assert np.isnan(apart[2])


def test_what_is_drawn_has_the_margins_gaps_and_correlations():
    answers = world(400, 5, rho=0.4, top=5).to_numpy().copy()
    answers[:40, 1] = np.nan
    _, covariance = kernels.moments_of(answers)
    drawn = kernels.alike(answers, covariance, 50, 400, np.random.default_rng(3))
    assert np.isnan(drawn[:, 1]).sum() == 50 * 40
    for j in (0, 2, 3, 4):
        shares = [np.mean(answers[:, j] == a) - np.mean(drawn[:, j] == a) for a in range(1, 6)]
        assert max(map(abs, shares)) < 1e-3  # quantiles, so but for rounding the same
    # 20,000 draws: an error of .007 for a correlation of 0, less for others.
    apart = pd.DataFrame(answers).corr() - pd.DataFrame(drawn).corr()
    assert np.abs(apart.to_numpy()).max() < 0.02


# The door


def test_what_was_planted_is_found():
    data = world(1000)
    rng = np.random.default_rng(4)
    data.loc[0:39] = np.repeat(rng.integers(1, 8, 40), 12).reshape(40, 12)  # straight
    data.loc[40:49] = data.loc[50:59].to_numpy()  # copies
    data.loc[100:139] = rng.integers(1, 8, (40, 12))  # at random
    data.loc[200, "q3"] = 77
    seconds = rng.lognormal(np.log(90), 0.2, 1000)
    seconds[300:320] = 12
    customer = np.arange(1000)
    customer[1] = 0
    result, people = screen(
        data, scale=(1, 7), items=ITEMS, duration=seconds, customer=customer, rng=1
    )
    why = people["reasons"]
    assert why[0:40].str.contains("long_string").all()
    assert why[40:60].str.contains("same_answers").all()
    assert why[100:140].str.contains("p_value").mean() > 0.5
    assert why[200] == "off_scale"
    assert why[300:320].str.contains("seconds_per_item").all()
    assert why[[0, 1]].str.contains("same_customer").all()
    counts = result.reasons.set_index("reason")["count"]
    assert counts[["off_scale", "same_answers", "seconds_per_item", "same_customer"]].tolist() == [
        1, 20, 20, 2,
    ]  # fmt: skip
    expected = result.reasons.set_index("reason")["expected"]["long_string"]
    assert abs(counts["long_string"] - 40 - expected) < 4 * np.sqrt(expected)
    careful = people.drop(index=[*range(60), *range(100, 140), 200, *range(300, 320)])
    assert careful["flagged"].mean() < 0.03
    assert result.n_flagged == people["flagged"].sum()
    assert len(people) == result.n_obs == 1000
    assert result.overlaps.loc["long_string", "same_customer"] == 2


def test_what_is_expected_is_what_careful_respondents_show():
    # Twelve surveys of 500: the mean count against what each expects, by Poisson's error.
    counts, expected = np.zeros(2), np.zeros(2)
    for seed in range(12):
        result, _ = screen(world(500, seed=10 + seed, top=5), scale=(1, 5), items=ITEMS, rng=seed)
        table = result.reasons.set_index("reason").loc[["long_string", "p_value"]]
        counts += table["count"]
        expected += table["expected"]
    assert (np.abs(counts - expected) < 3 * np.sqrt(counts) + 0.1 * counts).all()


def test_a_codebook_says_what_is_turned_and_no_answer():
    book = Codebook(
        title="t",
        scales={"five": Scale(lowest=1, highest=5, labels={1: "bad", 5: "good"}, dont_know=[9])},
        items=[
            Item(name="a", scale="five", construct="c"),
            Item(name="b", scale="five", construct="c", reversed=True),
            Item(name="d", scale="five", construct="c"),
        ],
    )
    data = pd.DataFrame({"a": ["good", 5, 9], "b": ["bad", 5, 2], "d": [5, 5, 6]}, list("xyz"))
    result, people = screen(data, codebook=book, rng=1)
    assert people.index.tolist() == list("xyz")
    assert people["inconsistency"].tolist()[:2] == [0, 100]
    assert np.isnan(people["inconsistency"].iloc[2])
    assert people["long_string"].tolist() == [1, 3, 1]
    assert people["dont_know"].tolist() == pytest.approx([0, 0, 1 / 3])
    assert people["off_scale"].tolist() == [0, 0, 1]
    assert people.loc["y", "reasons"] == "inconsistency"
    items = result.items.set_index("item")
    assert items["ceiling"].tolist() == pytest.approx([1, 1 / 3, 1])
    assert items["dont_know"].tolist() == pytest.approx([1 / 3, 0, 0])
    assert items["constant"].tolist() == [True, False, True]
    pd.testing.assert_frame_equal(screen(data, scale=book, rng=1).customers, people)
    # Read by the codebook before, it is the same but for what is missing by then.
    fine = data.drop(index="z")
    once, again = screen(fine, codebook=book, rng=1), screen(book.clean(fine), codebook=book, rng=1)
    pd.testing.assert_frame_equal(once.customers, again.customers)


def test_blocks_and_scales_end_a_run():
    data = pd.DataFrame([[3] * 12, [1, 2, 1, 3, 5, 4, 1, 2, 3, 4, 5, 2]], columns=ITEMS)
    blocks = {"one": ITEMS[:5], "two": ITEMS[5:]}
    _, people = screen(data, scale=(1, 7), blocks=blocks, rng=1)
    assert people["long_string"].tolist() == [7, 1]
    scale = dict.fromkeys(ITEMS[:4], (1, 5)) | dict.fromkeys(ITEMS[4:], (1, 7))
    _, people = screen(data, scale=scale, rng=1)
    assert people["long_string"].tolist() == [8, 1]
    result, _ = screen(data, scale=(1, 7), items=ITEMS, rng=1)
    assert result.cuts["long_string"] == 6
    assert (
        screen(world(20, 30), scale=(1, 7), items=list(world(2, 30)), rng=1).result.cuts[
            "long_string"
        ]
        == 15
    )


def test_pairs_that_ask_the_same():
    data = world(50)
    data["q11"] = data["q0"]
    _, people = screen(data, scale=(1, 7), items=ITEMS, pairs=[("q0", "q11")], rng=1)
    assert (people["inconsistency"] == 0).all()
    assert "p_value" not in people  # a copy of an item leaves no distance


def test_few_items_say_nothing_of_twins_unless_asked():
    data = world(300, 3)
    items = list(data)
    result, people = screen(data, scale=(1, 7), items=items, rng=1)
    assert result.cuts["same_answers"] is None
    assert (people["same_answers"] > 0).any()
    assert not people["reasons"].str.contains("same_answers").any()
    asked, _ = screen(data, scale=(1, 7), items=items, cuts={"same_answers": 1}, rng=1)
    table = asked.reasons.set_index("reason").loc["same_answers"]
    assert table["count"] == pytest.approx(table["expected"], rel=0.15)


def test_cuts_are_options():
    data = world(200)
    cuts = {"long_string": 3, "p_value": None, "same_share": 0.75, "spread": 5, "of_median": 0.3}
    seconds = np.full(200, 60.0)
    seconds[5] = 17
    result, people = screen(data, scale=(1, 7), items=ITEMS, cuts=cuts, duration=seconds, rng=1)
    table = result.reasons.set_index("reason")
    assert table.loc["long_string", "count"] == (people["long_string"] >= 3).sum()
    assert table.loc["same_share", "count"] == (people["same_share"] >= 0.75).sum()
    assert table.loc["spread", "count"] == (people["spread"] < 5).sum()
    assert people.index[people["reasons"].str.contains("of_median")].tolist() == [5]
    assert "p_value" not in table.index


def test_order_of_rows_and_kind_of_table_do_not_matter():
    data = world(80)
    data.index = [f"r{k}" for k in range(80)]
    _, people = screen(data, scale=(1, 7), items=ITEMS, rng=1)
    turned = screen(data[::-1], scale=(1, 7), items=ITEMS, rng=1).customers
    pd.testing.assert_frame_equal(turned[::-1], people, rtol=1e-9)
    other = screen(pl.from_pandas(data), scale=(1, 7), items=ITEMS, rng=1).customers
    np.testing.assert_allclose(other["distance"], people["distance"], rtol=1e-12)


def test_the_same_seed_says_the_same_and_the_table_is_left_alone():
    data = world(100)
    before = data.copy()
    one, two = (screen(data, scale=(1, 7), items=ITEMS, rng=3).result for _ in range(2))
    pd.testing.assert_frame_equal(one.reasons, two.reasons)
    pd.testing.assert_frame_equal(data, before)


def test_times_that_are_missing_flag_nobody():
    seconds = np.full(50, np.nan)
    seconds[3] = 1
    _, people = screen(world(50), scale=(1, 7), items=ITEMS, duration=seconds, rng=1)
    assert people["reasons"].str.contains("seconds").sum() == 1
    none = screen(world(50), scale=(1, 7), items=ITEMS, duration=np.full(50, np.nan), rng=1)
    assert none.customers["of_median"].isna().all()
    who = ["a", None, None, "a", *list("bcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU")]
    _, people = screen(world(50), scale=(1, 7), items=ITEMS, customer=who, rng=1)
    assert people["same_customer"].tolist() == [1, 0, 0, 1] + [0] * 46


def test_small_and_odd_surveys_are_measured_as_far_as_it_goes():
    empty = pd.DataFrame({"a": [np.nan, np.nan], "b": [np.nan, np.nan]})
    result, people = screen(empty, scale=(1, 5), items=["a", "b"], rng=1)
    assert people["reasons"].tolist() == ["missing", "missing"]
    assert result.items["constant"].all()
    one, _ = screen(pd.DataFrame({"a": [1.0], "b": [2.0]}), scale=(1, 5), items=["a", "b"], rng=1)
    assert one.n_flagged == 0
    assert "p_value" in one.not_measured
    assert str(one.summary())


REFUSED = {
    "neither": ({}, OptionError, "give either codebook="),
    "no items": ({"scale": (1, 7)}, OptionError, "which columns are questions"),
    "strange item": ({"scale": (1, 7), "items": ["q0", "q99"]}, DataError, "no column 'q99'"),
    "strange cut": (
        {"scale": (1, 7), "items": ITEMS, "cuts": {"longstring": 5}},
        OptionError,
        "did you mean 'long_string'",
    ),
    "cut of nothing": (
        {"scale": (1, 7), "items": ITEMS, "cuts": {"missing": 0}},
        OptionError,
        "would flag everybody",
    ),
    "cut below 0": (
        {"scale": (1, 7), "items": ITEMS, "cuts": {"p_value": -1}},
        OptionError,
        "or None for no cut-off",
    ),
    "pair of one": (
        {"scale": (1, 7), "items": ITEMS, "pairs": ["q1"]},
        OptionError,
        "give two items",
    ),
    "pair of a stranger": (
        {"scale": (1, 7), "items": ITEMS, "pairs": [("q1", "q91")]},
        OptionError,
        "pairs names 'q91'",
    ),
    "block of a stranger": (
        {"scale": (1, 7), "items": ITEMS, "blocks": {"a": ["q91"]}},
        OptionError,
        "blocks names 'q91'",
    ),
    "item in two blocks": (
        {"scale": (1, 7), "items": ITEMS, "blocks": {"a": ["q1"], "b": ["q1"]}},
        OptionError,
        "blocks have q1 twice",
    ),
    "time before the beginning": (
        {"scale": (1, 7), "items": ITEMS, "duration": [-1.0] * 20},
        DataError,
        "duration",
    ),
    "times of others": (
        {"scale": (1, 7), "items": ITEMS, "duration": [5.0] * 19},
        DataError,
        "19",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    options, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        screen(world(20), **options)


def test_labels_of_other_rows_are_refused():
    seconds = pd.Series(np.arange(20.0), index=range(1, 21))
    with pytest.raises(DataError):
        screen(world(20), scale=(1, 7), items=ITEMS, duration=seconds, rng=1)
    with pytest.raises(DataError, match="no rows"):
        screen(world(20).iloc[:0], scale=(1, 7), items=ITEMS)
    book = Codebook(
        title="t", scales={"s": Scale(lowest=1, highest=7)}, items=[Item(name="q0", scale="s")]
    )
    with pytest.raises(OptionError, match="give either"):
        screen(world(20), codebook=book, scale=(1, 7))


def test_it_is_public():
    assert "screen" in dir(survey)
    assert survey.results.Screening.__name__ == "Screening"
