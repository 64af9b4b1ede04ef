"""Moments: against plain computation, in pieces, with weights, and what is refused."""

import copy
import itertools
import json
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, OptionError, ScaleWarning
from loyaltymodel.structural import Moments

ITEMS = ["a", "b", "c"]
SLICE = 8192  # rows that are taken at once; the tests go past one and two of them


def table(n, *, seed=0, n_items=3):
    """Make a table of correlated numbers of any size."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, n_items)) + rng.normal(size=(n, 1)) + np.arange(n_items)
    return pd.DataFrame(values, columns=ITEMS[:n_items])


def by_the_book(rows, weights):
    """Weighted mean and covariance as the documentation of Moments states them, in loops."""
    kept = [(row, w) for row, w in zip(rows, weights, strict=True) if w > 0]
    n, total, p = len(kept), sum(w for _, w in kept), len(rows[0])
    means = [sum(w * row[i] for row, w in kept) / total for i in range(p)]
    covariance = [
        [
            n
            / (n - 1)
            * sum(w * (row[i] - means[i]) * (row[j] - means[j]) for row, w in kept)
            / total
            for j in range(p)
        ]
        for i in range(p)
    ]
    return n, total, means, covariance


def assert_same(one, other, *, rtol=1e-10, atol=1e-10):
    assert one.items == other.items
    assert (one.n_obs, one.n_dropped) == (other.n_obs, other.n_dropped)
    assert one.weight_total == pytest.approx(other.weight_total, rel=rtol)
    np.testing.assert_allclose(one.means, other.means, rtol=rtol, atol=atol)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=rtol, atol=atol)


@pytest.fixture
def published():
    """Moments as typed in from a publication."""
    return Moments(n_obs=9, items=["a", "b"], means=[4, 5], covariance=[[1, 0.5], [0.5, 2]])


# From a table


@pytest.mark.parametrize("n", [2, 3, 100, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE + 1])
def test_agrees_with_numpy(n):
    data = table(n)
    moments = Moments.from_frame(data)
    assert (moments.n_obs, moments.n_dropped, moments.weight_total) == (n, 0, n)
    np.testing.assert_allclose(moments.means, data.to_numpy().mean(axis=0), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(data.to_numpy().T), rtol=1e-11)


def test_covariance_is_exactly_symmetric():
    covariance = Moments.from_frame(table(2 * SLICE + 7)).covariance
    assert (covariance == covariance.T).all()


def test_items_stand_in_the_order_asked_for():
    data = table(50)
    moments = Moments.from_frame(data, ["c", "a"])
    assert moments.items == ("c", "a")
    np.testing.assert_allclose(moments.covariance, np.cov(data[["c", "a"]].to_numpy().T))


def test_one_row_has_no_covariance():
    moments = Moments.from_frame(pd.DataFrame({"a": [3], "b": [4]}))
    assert moments.n_obs == 1
    assert moments.means.tolist() == [3, 4]
    assert moments.covariance.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("gaps", [[5], [SLICE, SLICE + 1], range(SLICE), range(SLICE, 2 * SLICE)])
def test_rows_with_a_gap_are_dropped_in_every_slice(gaps):
    data = table(2 * SLICE + 5)
    data.iloc[list(gaps), 1] = np.nan
    moments = Moments.from_frame(data, missing="drop")
    whole = data.dropna().to_numpy()
    assert (moments.n_obs, moments.n_dropped) == (len(whole), len(gaps))
    np.testing.assert_allclose(moments.means, whole.mean(axis=0), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(whole.T), rtol=1e-11)


def test_gap_in_a_late_slice_is_refused_with_its_row():
    data = table(2 * SLICE + 5).rename(index=lambda k: f"p{k}")
    data.iloc[[2 * SLICE + 1, 2 * SLICE + 3], 0] = np.nan
    with pytest.raises(DataError, match=rf"'a' \(2 times, first in row p{2 * SLICE + 1}\)"):
        Moments.from_frame(data)


def test_answer_off_the_scale_in_a_late_slice_is_refused_with_its_row():
    data = pd.DataFrame({"a": np.tile([1, 5], SLICE + 3)})
    data.loc[2 * SLICE + 4, "a"] = 6
    with pytest.raises(
        DataError, match=rf"'a' has 1 outside 1 to 5 \(first 6 in row {2 * SLICE + 4}"
    ):
        Moments.from_frame(data, scale=(1, 5))


@pytest.mark.parametrize("n", [50, 2 * SLICE + 3])
def test_large_offset_does_not_cancel_digits(n):
    # Steps of 1/1024 on top of 1e9 are exact in binary, so the truth is that of the steps.
    steps = np.random.default_rng(1).integers(-4096, 4096, size=(n, 2)) / 1024
    moments = Moments.from_frame(pd.DataFrame(1e9 + steps, columns=["a", "b"]))
    np.testing.assert_allclose(moments.covariance, np.cov(steps.T), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(moments.means, 1e9 + steps.mean(axis=0), rtol=1e-15)


def test_large_offset_does_not_cancel_digits_row_by_row():
    steps = np.random.default_rng(2).integers(-4096, 4096, size=(300, 2)) / 1024
    data = pd.DataFrame(1e9 + steps, columns=["a", "b"])
    moments = Moments.from_chunks(data.iloc[[k]] for k in range(len(data)))
    np.testing.assert_allclose(moments.covariance, np.cov(steps.T), rtol=1e-6, atol=1e-6)


# Weights


def test_weighted_moments_by_hand():
    # Mean (3 * 1 + 1 * 5) / 4 = 2; 2 / (2 - 1) * (3 * (1 - 2)^2 + 1 * (5 - 2)^2) / 4 = 6.
    moments = Moments.from_frame(pd.DataFrame({"a": [1, 5], "w": [3, 1]}), weights="w")
    assert moments.items == ("a",)
    assert (moments.n_obs, moments.weight_total) == (2, 4)
    assert moments.means.tolist() == [2]
    assert moments.covariance.tolist() == [[pytest.approx(6)]]


@pytest.mark.parametrize("seed", range(3))
def test_weighted_moments_follow_the_documented_formula(seed):
    rng = np.random.default_rng(seed)
    data = table(40, seed=seed).assign(w=rng.gamma(1.0, size=40) * rng.integers(0, 2, size=40))
    moments = Moments.from_frame(data, ITEMS, weights="w")
    n, total, means, covariance = by_the_book(data[ITEMS].to_numpy().tolist(), data["w"].tolist())
    assert moments.n_obs == n
    assert moments.weight_total == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(moments.means, means, rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, covariance, rtol=1e-12)


def test_weighted_moments_over_several_slices():
    data = table(2 * SLICE + 11)
    weights = np.random.default_rng(5).gamma(2.0, size=len(data))
    weights[:SLICE:2] = 0
    moments = Moments.from_frame(data.assign(w=weights), ITEMS, weights="w")
    n = np.count_nonzero(weights)
    expected = np.cov(data.to_numpy().T, aweights=weights, ddof=0) * n / (n - 1)
    assert moments.n_obs == n
    np.testing.assert_allclose(
        moments.means, np.average(data.to_numpy(), axis=0, weights=weights), rtol=1e-11
    )
    np.testing.assert_allclose(moments.covariance, expected, rtol=1e-11)


@pytest.mark.parametrize("size", [1, 7, 0.001, 1e-30, 1e30])
@pytest.mark.parametrize("n", [30, SLICE + 10])
def test_equal_weights_of_any_size_give_the_unweighted_moments(size, n):
    data = table(n)
    weighted = Moments.from_frame(data.assign(w=float(size)), ITEMS, weights="w")
    plain = Moments.from_frame(data)
    assert weighted.n_obs == plain.n_obs
    assert weighted.weight_total == pytest.approx(n * size, rel=1e-12)
    np.testing.assert_allclose(weighted.means, plain.means, rtol=1e-11)
    np.testing.assert_allclose(weighted.covariance, plain.covariance, rtol=1e-11)


def test_weights_that_count_people_give_the_means_of_the_repeated_rows():
    data = table(30)
    times = np.random.default_rng(3).integers(0, 5, size=30)
    weighted = Moments.from_frame(data.assign(w=times), ITEMS, weights="w")
    repeated = Moments.from_frame(data.loc[data.index.repeat(times)])
    assert weighted.weight_total == repeated.n_obs == times.sum()
    np.testing.assert_allclose(weighted.means, repeated.means, rtol=1e-12)
    # The scatter is the same too; only the number of people in the divisor differs.
    n, m = weighted.n_obs, repeated.n_obs
    np.testing.assert_allclose(
        weighted.covariance * (n - 1) / n, repeated.covariance * (m - 1) / m, rtol=1e-12
    )


@pytest.mark.parametrize("n", [30, 2 * SLICE + 3])
def test_people_of_weight_zero_do_not_count(n):
    data = table(n).assign(w=np.random.default_rng(4).integers(1, 4, size=n).astype(float))
    data.loc[::3, "w"] = 0
    with_zeros = Moments.from_frame(data, ITEMS, weights="w")
    without = Moments.from_frame(data[data["w"] > 0], ITEMS, weights="w")
    assert_same(with_zeros, without)


def test_column_of_weights_is_no_item_unless_asked_for():
    assert Moments.from_frame(table(5).assign(w=1), weights="w").items == tuple(ITEMS)


def test_missing_weight_is_a_missing_answer():
    data = pd.DataFrame({"a": [1.0, 2, 9], "w": [1, 1, np.nan]})
    moments = Moments.from_frame(data, weights="w", missing="drop")
    assert (moments.n_obs, moments.n_dropped, moments.means.tolist()) == (2, 1, [1.5])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -0.5, 1], "weight -0.5 in row 1 of column 'w': weights must not be negative"),
        ([1.0, 2.0, -1e-300], "row 2 of column 'w'"),
        ([0, 0, 0], "weights in column 'w' are all zero"),
        ([1, float("nan"), 1], r"no answer in column 'w' \(1 time, first in row 1\)"),
        ([1, float("inf"), 1], "infinite answer in column 'w'"),
        (["1", "2", "3"], "'w' is not numeric"),
    ],
)
def test_weights_refused(frame, weights, message):
    data = (
        frame({"a": [1, 2, 3], "w": weights}, strict=False)
        if frame is pl.DataFrame
        else frame({"a": [1, 2, 3], "w": weights})
    )
    with pytest.raises(DataError, match=message):
        Moments.from_frame(data, ["a"], weights="w")


def test_negative_weight_in_a_late_slice_is_refused_with_its_row():
    data = table(SLICE + 10).assign(w=1.0)
    data.loc[SLICE + 4, "w"] = -2
    with pytest.raises(DataError, match=f"weight -2 in row {SLICE + 4} "):
        Moments.from_frame(data, ITEMS, weights="w")


def test_unknown_column_of_weights_is_refused():
    with pytest.raises(DataError, match=r"no column 'wt' \(did you mean 'w'\?\)"):
        Moments.from_frame(table(5).assign(w=1), ITEMS, weights="wt")


def test_weight_that_is_also_an_item_is_refused():
    with pytest.raises(DataError, match="'b' cannot be both an item and the weight"):
        Moments.from_frame(table(5), ["a", "b"], weights="b")


# In pieces

ANSWERS = st.integers(-10, 10).map(float)
ROWS = st.lists(st.tuples(ANSWERS, ANSWERS, st.sampled_from([0.25, 1.0, 3.0])), min_size=2)


def cut(data, cuts):
    """Part a table at places that may repeat or lie outside; no piece is empty."""
    places = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    return [data.iloc[start:stop] for start, stop in pairwise(places)]


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")  # 99 among ones, by chance
@given(ROWS, st.lists(st.integers(1, 30)), st.booleans(), st.randoms(use_true_random=False))
def test_pieces_in_any_order_give_the_moments_of_the_whole(rows, cuts, weighted, random):
    data = pd.DataFrame(rows, columns=["a", "b", "w"])
    weights = "w" if weighted else None
    whole = Moments.from_frame(data, ["a", "b"], weights=weights)
    pieces = cut(data, cuts)
    random.shuffle(pieces)
    assert_same(Moments.from_chunks(pieces, ["a", "b"], weights=weights), whole)
    n, total, means, covariance = by_the_book(
        [row[:2] for row in rows], [row[2] if weighted else 1.0 for row in rows]
    )
    assert (whole.n_obs, whole.weight_total) == (n, pytest.approx(total))
    np.testing.assert_allclose(whole.means, means, atol=1e-10)
    np.testing.assert_allclose(whole.covariance, covariance, atol=1e-10)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")  # 99 among ones, by chance
@given(ROWS.filter(lambda rows: len(rows) > 2), st.data())
def test_adding_is_commutative_and_associative(rows, data):
    frame = pd.DataFrame(rows, columns=["a", "b", "w"])
    i, j = sorted(
        data.draw(st.lists(st.integers(1, len(rows) - 1), min_size=2, max_size=2, unique=True))
    )
    x, y, z = (Moments.from_frame(part, weights="w") for part in (frame[:i], frame[i:j], frame[j:]))
    assert_same(x + y, y + x)
    assert_same((x + y) + z, x + (y + z))


def test_pieces_of_a_single_row():
    data = table(20)
    assert_same(Moments.from_chunks(data.iloc[[k]] for k in range(20)), Moments.from_frame(data))


def test_pieces_may_be_tables_of_different_kinds_and_orders():
    data = table(30)
    pieces = [data[:10], pl.DataFrame(data[10:20].to_dict("list")), data[20:][["c", "a", "b"]]]
    assert_same(Moments.from_chunks(pieces), Moments.from_frame(data))


def test_pieces_of_a_file(tmp_path):
    data = table(100)
    data.to_csv(tmp_path / "survey.csv", index=False)
    with pd.read_csv(tmp_path / "survey.csv", chunksize=7) as pieces:
        assert_same(Moments.from_chunks(pieces), Moments.from_frame(data))


def test_pieces_add_up_what_was_dropped():
    data = table(30)
    data.iloc[[1, 2, 15, 29], 0] = np.nan
    pieces = [data[:10], data[10:]]
    assert_same(
        Moments.from_chunks(pieces, missing="drop"), Moments.from_frame(data, missing="drop")
    )
    assert Moments.from_chunks(pieces, missing="drop").n_dropped == 4


def test_options_reach_every_piece():
    good, bad = pd.DataFrame({"a": [1, 5]}), pd.DataFrame({"a": [1, 6]})
    with pytest.raises(DataError, match="off the scale"):
        Moments.from_chunks([good, bad], scale=(1, 5))
    with pytest.raises(DataError, match="missing"):
        Moments.from_chunks([good, bad.replace(6, np.nan)])


def test_piece_that_lacks_an_item_of_the_first_is_refused():
    with pytest.raises(DataError, match="no column 'b'"):
        Moments.from_chunks([table(5), table(5)[["a", "c"]]])


@pytest.mark.parametrize("pieces", [[], iter(())])
def test_no_piece_is_refused(pieces):
    with pytest.raises(DataError, match="there is no chunk"):
        Moments.from_chunks(pieces)


def test_sum_of_weighted_and_published_moments(published):
    # Two people of weight 4 each at (6, 1) join nine of weight 1 at (4, 5):
    # mean of a: (9 * 4 + 8 * 6) / 17, of b: (9 * 5 + 8 * 1) / 17.
    other = Moments(
        n_obs=2, items=["a", "b"], means=[6, 1], covariance=np.zeros((2, 2)), weight_total=8
    )
    total = published + other
    assert (total.n_obs, total.weight_total) == (11, 17)
    np.testing.assert_allclose(total.means, [84 / 17, 53 / 17])
    # Scatter: nine people's 8/9 of the covariance times 9, and 9 * 8 / 17 of the shift's square.
    shift = np.array([2, -4])
    scatter = np.array([[1, 0.5], [0.5, 2]]) * 8 + np.outer(shift, shift) * 72 / 17
    np.testing.assert_allclose(total.covariance, scatter * 11 / (17 * 10))


def test_sum_keeps_the_order_of_the_left_side():
    data = table(20)
    one = Moments.from_frame(data[:8])
    other = Moments.from_frame(data[8:], ["c", "b", "a"])
    assert_same(one + other, Moments.from_frame(data))
    assert_same(other + one, Moments.from_frame(data, ["c", "b", "a"]))


def test_moments_of_different_items_do_not_add_up():
    data = table(20)
    with pytest.raises(DataError, match="different items cannot be added: a, c are in one"):
        Moments.from_frame(data, ["a", "b"]) + Moments.from_frame(data, ["b", "c"])


@pytest.mark.parametrize("other", [1, None, "moments", np.ones(2)])
def test_moments_add_to_moments_only(published, other):
    with pytest.raises(TypeError):
        published + other


# Selecting, writing, protecting


def test_select_takes_items_in_the_order_asked_for():
    data = table(25).assign(w=np.linspace(0.1, 2, 25))
    data.iloc[3, 1] = np.nan
    selected = Moments.from_frame(data, ITEMS, weights="w", missing="drop").select(["c", "a"])
    whole = data.dropna()
    n, total, means, covariance = by_the_book(whole[["c", "a"]].to_numpy(), whole["w"])
    assert selected.items == ("c", "a")
    assert (selected.n_obs, selected.n_dropped) == (n, 1)
    assert selected.weight_total == pytest.approx(total)
    np.testing.assert_allclose(selected.means, means)
    np.testing.assert_allclose(selected.covariance, covariance)


def test_select_of_every_item_is_the_same(published):
    assert_same(published.select(["a", "b"]), published)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["a", "z"], "no item z; they have a, b"),
        ([], "no item is named"),
        (["a", "a"], "more than once: a"),
        ([1], "must be text"),
    ],
)
def test_select_refuses(published, items, message):
    with pytest.raises(DataError, match=message):
        published.select(items)


def test_dictionary_makes_the_same_moments_by_way_of_json():
    data = table(25).assign(w=np.linspace(0.1, 2, 25))
    data.iloc[3, 1] = np.nan
    moments = Moments.from_frame(data, weights="w", missing="drop")
    again = Moments(**json.loads(json.dumps(moments.to_dict())))
    assert_same(again, moments, rtol=0, atol=0)


def test_dictionary_holds_plain_values(published):
    assert published.to_dict() == {
        "n_obs": 9,
        "items": ["a", "b"],
        "means": [4.0, 5.0],
        "covariance": [[1.0, 0.5], [0.5, 2.0]],
        "weight_total": 9.0,
        "n_dropped": 0,
        "n_effective": 9.0,
    }


def test_the_effective_number_is_kishs_however_the_survey_is_cut():
    data = table(25).assign(w=np.linspace(0, 2, 25))
    w = data["w"].to_numpy()
    kish = w.sum() ** 2 / (w**2).sum()
    for unit in (1.0, 1e-200, 1e200):
        weighted = data.assign(w=w * unit)
        pieces = [weighted[:7], weighted[7:8], weighted[8:]]
        for found in (
            Moments.from_frame(weighted, weights="w"),
            Moments.from_chunks(pieces, weights="w"),
            sum(Moments.from_frame(piece, weights="w") for piece in pieces[1:]),
        ):
            part = w if found.n_obs == 24 else w[7:]
            assert found.n_effective == pytest.approx(part.sum() ** 2 / (part**2).sum())
    assert kish < 24
    equal = Moments.from_frame(data.assign(w=0.3), weights="w")
    assert (equal.n_obs, equal.n_effective) == (25, 25.0)
    assert (equal + equal).n_effective == 50.0
    with pytest.raises(DataError, match="n_effective is 10, more than the 9 respondents"):
        Moments(n_obs=9, items=["a"], means=[4], covariance=[[1]], n_effective=10)


AGAIN = {
    "itself": lambda m: m,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "old pickle": lambda m: pickle.loads(pickle.dumps(m, protocol=2)),
    "selection": lambda m: m.select(["b", "a"]),
    "sum": lambda m: m + m,
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("field", ["means", "covariance"])
def test_arrays_cannot_be_written_to(published, again, field):
    with pytest.raises(ValueError, match="read-only"):
        getattr(again(published), field)[0] = 7


@pytest.mark.parametrize("name", ["copy", "deep copy", "pickle", "old pickle"])
def test_copies_and_pickles_hold_the_same(published, name):
    assert_same(AGAIN[name](published), published, rtol=0, atol=0)


@pytest.mark.parametrize("field", ["n_obs", "means", "new"])
def test_fields_cannot_be_replaced(published, field):
    with pytest.raises((AttributeError, TypeError)):
        setattr(published, field, 1)


def test_arrays_given_may_change_without_changing_the_moments():
    means, covariance, items = np.array([1.0, 2.0]), np.eye(2), ["a", "b"]
    moments = Moments(n_obs=5, items=items, means=means, covariance=covariance)
    means[0], covariance[0, 0] = 99, 99
    items.append("c")
    assert moments.items == ("a", "b")
    assert moments.means.tolist() == [1, 2]
    assert moments.covariance.tolist() == [[1, 0], [0, 1]]


# Refusals

REFUSED = {
    "no respondent": ({"n_obs": 0}, "n_obs is 0; a whole number of at least 1"),
    "respondents that are True": ({"n_obs": True}, "n_obs is True"),
    "half a respondent": ({"n_obs": 2.5}, "n_obs is 2.5"),
    "respondents as a float": ({"n_obs": 9.0}, "n_obs is 9.0"),
    "fewer than no respondent": ({"n_obs": -3}, "n_obs is -3"),
    "dropped below zero": ({"n_dropped": -1}, "n_dropped is -1; .* at least 0"),
    "dropped as a float": ({"n_dropped": 1.5}, "n_dropped is 1.5"),
    "no weight": ({"weight_total": 0}, "weight_total is 0; it must be a finite number above 0"),
    "negative weight": ({"weight_total": -1}, "weight_total is -1"),
    "infinite weight": ({"weight_total": float("inf")}, "weight_total is inf"),
    "weight that is NaN": ({"weight_total": float("nan")}, "weight_total is nan"),
    "too few means": ({"means": [4]}, r"shape \(2,\) .* given are \(1,\) and \(2, 2\)"),
    "means in a row": ({"means": [[4, 5]]}, r"given are \(1, 2\) and"),
    "covariance too small": ({"covariance": [[1]]}, r"\(2, 2\); given are \(2,\) and \(1, 1\)"),
    "variances only": ({"covariance": [1, 2]}, r"given are \(2,\) and \(2,\)"),
    "upper triangle": ({"covariance": [[1, 0.5], [0, 2]]}, "not symmetric"),
    "slightly asymmetric": ({"covariance": [[1, 0.5], [0.501, 2]]}, "not symmetric"),
    "negative variance": ({"covariance": [[1, 0], [0, -2]]}, "negative variance, for item 'b'"),
    "mean that is NaN": ({"means": [4, np.nan]}, "means must be finite"),
    "mean that is infinite": ({"means": [4, np.inf]}, "means must be finite"),
    "covariance with NaN": ({"covariance": [[1, np.nan], [np.nan, 2]]}, "covariance must be fin"),
    "covariance with infinity": ({"covariance": [[np.inf, 0], [0, 1]]}, "covariance must be fin"),
    "text for means": ({"means": ["low", "high"]}, "means must be numbers"),
    "ragged covariance": ({"covariance": [[1], [0.5, 2]]}, "covariance must be numbers"),
    "nothing for means": ({"means": None}, "means"),
    "item twice": ({"items": ["a", "a"]}, "items named more than once: a"),
    "no item": ({"items": [], "means": [], "covariance": np.empty((0, 0))}, "no item is named"),
    "numbers for items": ({"items": [1, 2]}, "item names must be text, not 1, 2"),
    "an item without a name": ({"items": ["a", " "]}, "name that is empty"),
    "items in a set": ({"items": {"a", "b"}}, "has no order"),
    "masked items": ({"items": np.ma.array(["a", "b"], mask=[1, 0])}, "must be text, not None"),
    "dates for means": ({"means": np.array([1, 2], dtype="M8[D]")}, "means must be numbers"),
    "digits for means": ({"means": ["4", "5"]}, "means must be numbers"),
    "flags for means": ({"means": [True, False]}, "means must be numbers"),
    "complex means": ({"means": [4 + 0j, 5]}, "means must be numbers"),
    "masked means": ({"means": np.ma.array([4, 5], mask=[1, 0])}, "means must be finite"),
    "means beyond a float": ({"means": [4, 10**400]}, "means must be numbers"),
    "covariance without rows": ({"covariance": pl.DataFrame({"b": [2.0]})}, "labels of its rows"),
    "weight as text": ({"weight_total": "9"}, "weight_total"),
    "weight as flag": ({"weight_total": True}, "weight_total"),
    "weight beyond a float": ({"weight_total": 10**400}, "weight_total"),
    "one item too few": ({"items": ["a"]}, "1 items need means of shape"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(published, change, message):
    with pytest.raises(DataError, match=message):
        Moments(**{**published.to_dict(), **change})


def test_asymmetry_of_a_printed_digit_is_accepted():
    covariance = [[1, 0.5], [0.5 + 1e-10, 2]]
    moments = Moments(n_obs=9, items=["a", "b"], means=[4, 5], covariance=covariance)
    assert moments.covariance[1, 0] == pytest.approx(0.5)


def test_fields_are_named_when_given():
    with pytest.raises(TypeError):
        Moments(9, ["a"], [4], [[1]])


@pytest.mark.parametrize("size", [1e-280, 1e-200, 1e200])
def test_equal_weights_of_extreme_size_change_nothing_over_many_slices(size):
    data = pd.DataFrame({"a": np.arange(20_000.0), "w": size})
    found = Moments.from_frame(data, weights="w").covariance[0, 0]
    # The variance of 0, ..., n - 1 with divisor n - 1 is n (n + 1) / 12.
    assert found == pytest.approx(20_000 * 20_001 / 12, rel=1e-12)


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e308])
def test_weights_without_all_their_digits_are_refused(size):
    with pytest.raises(DataError, match=r"weights in column 'w' add up to .*only their ratios"):
        Moments.from_frame(pd.DataFrame({"a": np.arange(20.0), "w": size}), weights="w")


BEYOND = {
    "one": ([1e308, 2, 3], "'a' has 1e.308 in row 0, too large"),
    "all": ([1e308, 1e307, 1e306], "'a' has 1e.308 in row 0, too large"),
    "below": ([1, -1e150, 3], "'a' has 1e.150 in row 1, too large"),
    "tiny": ([1e-200, 2e-200, 3e-200], "'a' has nothing above 3e-200, too small"),
    "tiny about 0": ([1e-200, 0, -1e-200], "'a' has nothing above 1e-200, too small"),
    "small": ([1e-160, 2e-160, 3e-160], "too small"),
}


@pytest.mark.parametrize("name", BEYOND)
@pytest.mark.parametrize("weighted", [False, True])
def test_answers_beyond_computing_are_refused_by_name(name, weighted):
    answers, message = BEYOND[name]
    data = pd.DataFrame({"b": [0.0, 0, 1], "a": answers, "w": [1.0, 2, 3]})
    with pytest.raises(DataError, match=message):
        Moments.from_frame(data, ["b", "a"], weights="w" if weighted else None)
    with pytest.raises(DataError, match=message):
        Moments.from_frame(pd.concat([data, data * np.nan]), ["b", "a"], missing="drop")


@pytest.mark.parametrize("size", [1e-95, 1e-30, 1e30, 1e95])
def test_the_unit_of_answers_changes_nothing_but_the_unit(size):
    data = table(25)
    one, other = Moments.from_frame(data, ITEMS), Moments.from_frame(data[ITEMS] * size)
    np.testing.assert_allclose(other.means / size, one.means, rtol=1e-13)
    np.testing.assert_allclose(other.covariance / size / size, one.covariance, rtol=1e-12)
    twice = other + other
    np.testing.assert_allclose(twice.means, other.means)


@pytest.mark.parametrize("variance", [1e-320, 1e-210, 1e210, 1e308])
def test_typed_in_moments_beyond_computing_are_refused(variance):
    with pytest.raises(DataError, match=r"'a' has a variance of size .*other units"):
        Moments(n_obs=9, items=["a"], means=[4], covariance=[[variance]])
    with pytest.raises(DataError, match=r"'a' has a mean of size 1e.150"):
        Moments(n_obs=9, items=["a"], means=[-1e150], covariance=[[1]])


@pytest.mark.parametrize("second", [[np.nan], []])
def test_chunks_may_be_empty_or_wholly_missing(second):
    first, rest = pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": np.array(second, float)})
    for chunks in ([first, rest], [rest, first]):
        found = Moments.from_chunks(chunks, missing="drop")
        assert (found.n_obs, found.n_dropped) == (2, len(second))
        assert found.means[0] == 1.5


def test_a_chunk_may_weigh_nothing():
    first, rest = pd.DataFrame({"a": [1, 2], "w": [1, 1]}), pd.DataFrame({"a": [9], "w": [0]})
    assert Moments.from_chunks([rest, first], weights="w").means[0] == 1.5


def test_a_table_is_no_iterable_of_chunks():
    with pytest.raises(DataError, match="from_frame"):
        Moments.from_chunks(pd.DataFrame({"a": [1, 2]}))


@pytest.mark.parametrize("weights", [np.ones(3), pd.Series([1, 1, 1]), [1, 1, 1]])
def test_weights_are_named_not_given(weights):
    with pytest.raises(OptionError, match="name of a column"):
        Moments.from_frame(pd.DataFrame({"a": [1, 2, 3]}), ["a"], weights=weights)


@pytest.mark.parametrize(
    "change", [{"n_obs": None}, {"n_obs": "many"}, {"weight_total": "x"}, {"items": None}]
)
def test_nonsense_is_refused_by_name(change):
    content = {"n_obs": 9, "items": ["a"], "means": [4], "covariance": [[1]], **change}
    with pytest.raises(DataError, match=next(iter(change))):
        Moments(**content)


def test_counts_of_numpy_become_json():
    moments = Moments(n_obs=np.int64(9), items=["a"], means=[4], covariance=[[1]])
    assert json.loads(json.dumps(moments.to_dict()))["n_obs"] == 9


def test_one_respondent_has_no_variance():
    with pytest.raises(DataError, match="must be 0"):
        Moments(n_obs=1, items=["a"], means=[4], covariance=[[5]])


def test_sum_adds_moments():
    part = Moments(n_obs=9, items=["a"], means=[4], covariance=[[1]])
    assert sum([part, part]).n_obs == 18
    with pytest.raises(TypeError):
        _ = 1 + part


@pytest.mark.parametrize("order", list(itertools.permutations(["a", "b", "c"])))
def test_moments_are_put_in_order_by_their_labels(order):
    data = pd.DataFrame({"a": [1.0, 2, 4, 3], "b": [2.0, 1, 5, 0], "c": [0.0, 1, 0, 3]})
    other = data[list(order)]
    found = Moments(n_obs=4, items=("a", "b", "c"), means=other.mean(), covariance=other.cov())
    np.testing.assert_allclose(found.means, data.mean())
    np.testing.assert_allclose(found.covariance, data.cov())


def test_labels_of_moments_that_are_others_or_twice_are_refused():
    means, cov = pd.Series({"p": 1.0, "q": 2.0}), pd.DataFrame(np.eye(2), list("pq"), list("pq"))
    with pytest.raises(DataError, match="means does not know 'x', 'y' and is labelled 'p', 'q'"):
        Moments(n_obs=4, items=("x", "y"), means=means, covariance=cov)
    with pytest.raises(DataError, match="the index of covariance does not know 'x'"):
        Moments(n_obs=4, items=("x", "y"), means=[1.0, 2.0], covariance=cov)
    with pytest.raises(DataError, match="'x' more than once"):
        Moments(
            n_obs=4, items=("x", "y"), means=pd.Series([1.0, 2.0], list("xx")), covariance=np.eye(2)
        )


@pytest.mark.parametrize("weights", [None, "w"])
def test_codes_for_no_answer_are_named_unless_the_scale_is_stated(weights):
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.integers(1, 8, (20_000, 3)), columns=["a", "b", "w"])
    Moments.from_frame(table, ["a", "b"], weights=weights)
    table.loc[[7, 19_999], "b"] = 99
    with pytest.warns(ScaleWarning, match="b has 2 answers of 99, and all others from 1 to 7"):
        Moments.from_frame(table, ["a", "b"], weights=weights)
    with pytest.raises(DataError, match="row 7"):
        Moments.from_frame(table, ["a", "b"], weights=weights, scale=(1, 7))
