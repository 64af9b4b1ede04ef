"""The door for variables: what is refused, and how results go back."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from loyaltymodel._core.variables import (
    as_given,
    codes_of,
    counts_of,
    like,
    one_variable,
    read_numbers,
    read_together,
    read_variables,
    read_weighted,
    several_columns,
    several_variables,
)
from loyaltymodel.errors import DataError, OptionError, ScaleWarning, SmallSampleWarning

TABLE = pd.DataFrame({"s": [1, 2, 3], "g": ["b", "a", "a"]}, index=[7, 8, 9])


def test_columns_arrays_and_numbers_are_read_together():
    for data in (TABLE, pl.from_pandas(TABLE)):
        read = read_variables(
            {"satisfaction": "s", "groups": "g", "constraint": 0.3},
            data=data,
            categories=["groups"],
        )
        assert read["satisfaction"].tolist() == [1, 2, 3]
        assert read["constraint"].tolist() == [0.3] * 3
        assert read["groups"].tolist() == ["b", "a", "a"]
    codes, distinct = codes_of(read["groups"])
    assert codes.tolist() == [1, 0, 0]
    assert distinct == ("a", "b")


def test_missing_rows_are_left_out_when_asked():
    read = read_variables({"x": [1.0, np.nan, 3.0], "y": [1, 2, 3]}, missing="drop")
    assert read["y"].tolist() == [1, 3]
    assert read.n_dropped == 1
    assert read.labels.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("given", "options", "error", "says"),
    [
        ({"x": [1.0, np.nan]}, {}, DataError, 'missing="drop" leaves such rows out'),
        ({"x": [1.0, np.nan]}, {"can_drop": False}, DataError, "row 1; leave such rows out"),
        ({"x": [np.nan], "y": [1.0]}, {"missing": "drop"}, DataError, "missing value in x$"),
        ({"x": [1.0, np.inf]}, {}, DataError, "infinite value in row 1"),
        ({"x": [1.0, 9.0]}, {"bounds": {"x": (0, 1)}}, DataError, "between 0 and 1, .*first 9"),
        ({"x": [1], "y": [1, 2]}, {}, DataError, "x has 1, y has 2"),
        ({"x": ["a", "b"]}, {}, DataError, "not numeric: it has 'a'; recode"),
        ({"x": [[1, 2], [3]]}, {}, DataError, "rows of different lengths"),
        ({"x": [[1, 2], [3, 4]]}, {}, DataError, r"shape \(2, 2\)"),
        ({"x": []}, {}, DataError, "no values at all"),
        ({"x": "s"}, {}, DataError, "there is no data; give data="),
        ({"x": "t"}, {"data": TABLE}, DataError, "no column 't'"),
        ({"x": [1]}, {"missing": "impute"}, OptionError, "'raise', 'drop'"),
        (
            {"x": TABLE["s"], "y": pd.Series([1, 2, 3])},
            {},
            DataError,
            "different labels, so it is unclear",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        read_variables(given, **options)


def test_numbers_to_compute_at_may_have_any_shape():
    assert read_numbers("at", [[0.1, 0.2]]).shape == (1, 2)
    with pytest.raises(DataError, match="1 missing value"):
        read_numbers("at", [np.nan, 1.0])


def test_results_go_back_as_variables_came():
    values = np.array([1.0, 2.0, 3.0])
    assert as_given([TABLE["s"]], TABLE.index, values, name="z").index.equals(TABLE.index)
    assert as_given([[1, 2, 3]], TABLE.index, values, name="z").tolist() == [1, 2, 3]
    assert as_given([1.0, 2.0], pd.RangeIndex(1), values[:1], name="z") == 1.0
    assert isinstance(like(0.5, np.array(0.25)), float)


@pytest.mark.parametrize("words", [["b", "a", "c", "a"], [3, 1, 2, 1], ["b", 1, "b", 2.5]])
def test_a_categorical_is_read_as_its_values_are(words):
    levels = [*dict.fromkeys(words), "never seen"]
    kept = pd.Series(pd.Categorical(words, categories=levels))
    plain = pd.Series(words, dtype=object)
    read = [read_variables({"x": x}, categories=["x"]) for x in (kept, plain)]
    (codes, names), (other, same) = (each.codes("x") for each in read)
    assert codes.tolist() == other.tolist()
    assert names == same
    assert [type(name) for name in names] == [type(name) for name in same]
    assert read[0]["x"].tolist() == words
    gaps = pd.Series(pd.Categorical([*words, None], categories=levels))
    assert read_variables({"x": gaps}, categories=["x"], missing="drop").n_dropped == 1
    with pytest.raises(DataError, match="first in row 4"):
        read_variables({"x": gaps}, categories=["x"])


def test_weights_are_those_given_or_1():
    read, weights = read_weighted({"x": "s"}, None, data=TABLE)
    assert read["x"].tolist() == [1, 2, 3]
    assert weights.tolist() == [1, 1, 1]
    read, weights = read_weighted({"x": "s"}, [0, 2, np.nan], data=TABLE, missing="drop")
    assert weights.tolist() == [0, 2]
    assert (read.n_rows, read.n_dropped) == (2, 1)
    # A variable may have the name itself.
    read, weights = read_weighted({"weights": [5, 6]}, [1, 3])
    assert (read["weights"].tolist(), weights.tolist()) == ([5, 6], [1, 3])


@pytest.mark.parametrize(
    ("weights", "says"),
    [([0, 0], "all weights are zero"), ([1, -1], "weights must lie 0 or more"), (["a", 1], "'a'")],
)
def test_weights_that_are_none_are_refused(weights, says):
    with pytest.raises(DataError, match=says):
        read_weighted({"x": [1, 2]}, weights)


def test_numbers_that_belong_together_have_one_shape():
    row = pd.Series([0.1, 0.2], index=["a", "b"])
    (one, other), series = read_together({"x": [[1.0], [2.0], [3.0]], "y": row})
    assert one.shape == other.shape == (3, 2)
    assert series is row
    (one, other), series = read_together({"x": 1, "y": 2.5})
    assert (one.shape, float(other), series) == ((), 2.5, None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"x": [1, 2], "y": [1, 2, 3]}, r"x has shape \(2,\), y has shape \(3,\)"),
        ({"x": pd.Series([1, 2]), "y": pd.Series([1, 2], index=[1, 2])}, "different labels"),
        ({"x": [1, 2], "y": [0.5, 1.5]}, "y must lie between 0 and 1"),
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(given, says):
    with pytest.raises(DataError, match=says):
        read_together(given, bounds={"y": (0.0, 1.0)} if says.startswith("y") else None)


@pytest.mark.parametrize(
    ("given", "names", "found"),
    [
        ([[1, 2], [3, 4]], None, {"item 1": [1, 3], "item 2": [2, 4]}),
        (np.array([[1, 2], [3, 4]]), ["a", "b"], {"a": [1, 3], "b": [2, 4]}),
        (TABLE[["s"]], ["b"], {"s": [1, 2, 3]}),
        ({"x": [1]}, None, {"x": [1]}),
    ],
)
def test_columns_of_an_array_get_names(given, names, found):
    read = several_columns("items", given, names)
    assert {name: list(values) for name, values in read.items()} == found
    assert several_columns("items", np.array(["s", "g"])) == {"s": "s", "g": "g"}


@pytest.mark.parametrize(
    ("given", "names", "says"),
    [
        ([1, 2], None, r"items have shape \(2,\); \(n, k\) is needed"),
        (np.ones((2, 3)), ["a", "b"], r"\(n, 2\) is needed, .* each of a, b"),
        ([[1, 2], [1]], None, "rows of different lengths"),
        ([], None, "give at least one variable"),
    ],
)
def test_arrays_without_a_column_a_name_are_refused(given, names, says):
    with pytest.raises(DataError, match=says):
        several_columns("items", given, names)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (["a", "b"], "a list of 2 names"),
        (("a", "b", "c"), "a tuple of 3 names"),
        (pd.Index(["a", "b"]), "an Index of 2 names"),
        (np.array(["a", "b"]), "an array of 2 names"),
        (TABLE, "a table of 2 columns"),
        (pl.from_pandas(TABLE), "a table of 2 columns"),
        (pa.Table.from_pandas(TABLE, preserve_index=False), "a table of 2 columns"),
        ({"a": [1]}, "a mapping of 1 name"),
    ],
)
def test_several_variables_are_refused_where_one_is_needed(given, kind):
    with pytest.raises(DataError) as caught:
        one_variable("target", given, causes="drivers", function="f", first="y", hint="; or so")
    assert str(caught.value) == (
        f"target is {kind}, but one variable is needed; drivers stand before the target: "
        "f([...], 'y'); or so"
    )


@pytest.mark.parametrize(
    "given",
    [
        *("y", ["y"], None, 3.0, [1, 2], ["low", "high", "low"], [[1, 2], [3]]),
        *(TABLE["g"], TABLE[["s"]], np.ones(3), np.array(1.0), np.ones((2, 2))),
    ],
)
def test_one_variable_is_let_through(given):
    one_variable("target", given, causes="drivers", function="f")


@pytest.mark.parametrize("series", [pl.Series("price", [1, 2]), pl.Series([1, 2])])
def test_a_series_of_any_kind_is_one_variable(series):
    name = series.name or "drivers"
    found = several_variables("drivers", series)
    assert list(found) == [name]
    np.testing.assert_array_equal(read_variables(found)[name], [1, 2])


def test_names_of_numpy_are_plain_text():
    found = several_variables("drivers", np.array(["a", "b"]))
    assert found == {"a": "a", "b": "b"}
    assert {type(part) for pair in found.items() for part in pair} == {str}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, 1e200, 3.0], "^s has 1e.200 in row b, too large to compute with"),
        ([1.0, -1e101, 3.0], "in row b, too large"),
        ([1e-200, 2e-200, -3e-200], "^s has nothing above 3e-200, too small to compute with"),
    ],
)
def test_numbers_whose_powers_no_computer_holds_are_refused(values, says):
    with pytest.raises(DataError, match=says):
        read_variables({"s": pd.Series(values, index=list("abc"))})


@pytest.mark.parametrize("values", [[1e99, 1.0], [0.0, 1e-300, 1.0], [0.0, 0.0], 1e-300])
def test_large_and_small_numbers_that_do_no_harm_are_read(values):
    np.testing.assert_array_equal(read_variables({"s": np.atleast_1d(values)})["s"], values)


@pytest.mark.parametrize("size", [1e-310, 1e-200, 1e200])
def test_weights_may_have_any_size(size):
    _, weights = read_weighted({"s": [1, 2]}, [size, 2 * size])
    assert weights[1] == 2 * weights[0]


@pytest.mark.parametrize("make", [list, np.array, lambda v: pd.Series(v, dtype=object)])
def test_categories_that_no_table_holds_are_refused(make):
    with pytest.raises(DataError, match=r"g has 'caf.ud800', which is not valid text"):
        read_variables({"g": make(["a", "caf\ud800", "a"])}, categories=["g"])


def test_a_single_number_is_no_table_of_variables():
    with pytest.raises(DataError, match=r"^covariates are an array without names"):
        several_variables("covariates", np.array(3.0))


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.SmallSampleWarning")
@pytest.mark.parametrize("unit", [1e-320, 1e-300, 1e-120, 1e120, 1e307])
def test_weights_may_have_any_unit(unit):
    _, plain = read_weighted({"x": [1, 2, 3]}, np.array([1, 2, 4]) * 1e-3)
    _, found = read_weighted({"x": [1, 2, 3]}, np.array([1, 2, 4]) * unit)
    assert plain.tolist() == [0.001, 0.002, 0.004]
    # The smallest numbers have few digits themselves.
    np.testing.assert_allclose(found / found[0], [1, 2, 4], rtol=1e-3 if unit < 1e-300 else 1e-15)
    assert 0 < (found**2).sum() < np.inf


class Strange:
    """An object that fails whatever is asked of it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize("values", [Strange(), [1.0, Strange()]])
def test_whatever_a_strange_object_does_it_is_refused_by_name(values):
    with pytest.raises(DataError, match=r"x is not numeric: it has <(Strange|list)>"):
        read_variables({"x": values})


def test_data_that_are_no_table_are_refused_though_no_column_is_asked_for():
    with pytest.raises(DataError, match=r"the data are a datetime\.date"):
        read_variables({"x": [1.0]}, data=date(2026, 1, 1))


def test_a_number_beyond_doubles_is_infinite():
    with pytest.raises(DataError, match="x has an infinite value in row 0"):
        read_variables({"x": np.array(["1e400"], dtype=np.longdouble)})


@pytest.mark.parametrize("values", [[1.0, True], (2, False), [True, None], [True, False]])
def test_true_among_numbers_is_no_number_but_where_it_is_asked_for(values):
    with pytest.raises(DataError, match=r"x is not numeric: it has (True|False)"):
        read_variables({"x": values})
    read = read_variables({"x": values}, flags=("x",), missing="drop")
    assert np.asarray(read["x"], dtype=float)[0] == float(values[0])


def test_counts_in_rows_of_different_lengths_are_refused_by_name():
    with pytest.raises(DataError, match="problems has rows of different lengths"):
        counts_of("problems", [[1, 2], [3], 4])


SCORES = [1, 2, 3, 4, 5, 6, 7, 7]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([*SCORES, 99, 99], "x has 2 answers of 99, and all others from 1 to 7: if this means"),
        ([*SCORES, -99], "x has 1 answer of -99, and all others from 1 to 7"),
        ([*SCORES, 98, 99, 999], "x has 3 answers of 98, 99, 999, and"),
        ([*map(float, SCORES), 88], "88"),
        ([*SCORES, 0, 10, 77], "77"),
        ([1, 2] * 4 + [-9], "-9"),
    ],
)
def test_codes_far_from_all_answers_are_named_where_no_scale_is_stated(values, said):
    with pytest.warns(ScaleWarning) as caught:
        read_variables({"x": values})
    assert said in str(caught[0].message)
    assert "recode it to NaN, or state the limits" in str(caught[0].message)


@pytest.mark.parametrize(
    "values",
    [
        SCORES,
        [*range(0, 100, 7), 99],  # percentages
        [18, 25, 40, 62, 99],  # ages
        [-2.1, -0.3, 0.4, 1.7],
        [1, 7, -7],  # no further away than the answers span
        [5] * 9 + [99],  # one answer alone spans nothing
        [-1.0, *SCORES, -99],  # scores around 0
        [1, 7, 4, 99],  # too few to show their scale
        [*SCORES, 2.5, 99],  # no answers, but measured
        [99, 98],
    ],
)
def test_numbers_that_spread_are_no_codes(values):
    read_variables({"x": values})


def test_codes_are_not_looked_for_where_limits_are_stated_or_categories_are_read():
    with pytest.raises(DataError, match="99"):
        read_variables({"x": [*SCORES, 99]}, bounds={"x": (1, 7)})
    read_variables({"x": [*SCORES, 99]}, categories=["x"])


def test_one_row_that_decides_alone_is_named():
    table = pd.DataFrame({"x": [1.0, 2, 3], "w": [1, 9.0, 2]}, index=["a", "b", "c"])
    with pytest.warns(SmallSampleWarning, match="row b alone has 75 % of all weight"):
        read_weighted({"x": "x"}, "w", data=table)
    # Half is not more than half, and of two one always has as much.
    for weights in ([1, 2, 1], [1, 5, 0]):
        read_weighted({"x": "x"}, weights, data=table)
