"""The door for tables: what comes in gives the same numbers, what is not fit is refused."""

import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from loyaltymodel._core.frames import checked_rows, read_columns, read_table
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.structural import Moments

# Items s and l of four people; the means, variances and covariance are worked out by hand:
# s: 1 2 3 6, mean 3, squares about it 4 1 0 9, sum 14; l: 0 1 1 2, mean 1, sum 2;
# products -2*-1 + -1*0 + 0*0 + 3*1 = 5; divisor 3.
WHOLE = {"s": [1, 2, 3, 6], "l": [0, 1, 1, 2]}
MEANS = [3.0, 1.0]
COVARIANCE = [[14 / 3, 5 / 3], [5 / 3, 2 / 3]]
# The same people, and two with an answer missing.
GAPS = {"s": [1, None, 2, 3, 6, 5], "l": [0, 1, 1, 1, 2, None]}


def assert_moments(moments, *, n_dropped=0):
    assert moments.n_obs == 4
    assert moments.n_dropped == n_dropped
    assert moments.items == ("s", "l")
    np.testing.assert_allclose(moments.means, MEANS, rtol=1e-14)
    np.testing.assert_allclose(moments.covariance, COVARIANCE, rtol=1e-14)


def as_pandas(dtype):
    return lambda content: pd.DataFrame({k: pd.array(v, dtype=dtype) for k, v in content.items()})


def as_numpy(dtype):
    return lambda content: pd.DataFrame({k: np.array(v, dtype=dtype) for k, v in content.items()})


def with_mixed_columns(content):
    frame = pd.DataFrame({"name": list("ABCDEF")[: len(content["s"])], **content})
    return frame.assign(when=pd.Timestamp("2026-01-01"), l=frame["l"].astype("Float32"))


def in_other_order(content):
    return pd.DataFrame({"l": content["l"], "other": -1e9, "s": content["s"]})


def of_fortran_order(content):
    return pd.DataFrame(np.array(list(content.values()), dtype=float).T, columns=list(content))


def every_second_row(content):
    doubled = {k: [x for value in v for x in (value, -99)] for k, v in content.items()}
    return pd.DataFrame(doubled).iloc[::2]


def that_cannot_be_written(content):
    values = np.array(list(content.values()), dtype=float).T
    values.setflags(write=False)
    return pd.DataFrame(values, columns=list(content), copy=False)


def in_chunks(content):
    table = pa.table(content)
    return pa.concat_tables([table.slice(0, 1), table.slice(1)])


WHOLE_TABLES = {
    "pandas": pd.DataFrame,
    **{f"pandas, numpy {d}": as_numpy(d) for d in ("int8", "uint8", "int64", "float16", "float32")},
    **{
        f"pandas {dtype}": as_pandas(dtype)
        for dtype in ("Int8", "Int64", "UInt8", "Float32", "Float64", "int64[pyarrow]")
    },
    "pandas double[pyarrow]": as_pandas("double[pyarrow]"),
    "pandas, mixed columns": with_mixed_columns,
    "pandas, other order": in_other_order,
    "pandas, Fortran order": of_fortran_order,
    "pandas, every second row": every_second_row,
    "pandas, read-only": that_cannot_be_written,
    "pandas, text index": lambda c: pd.DataFrame(c, index=list("abcd")),
    "pandas, same index": lambda c: pd.DataFrame(c, index=[7, 7, 7, 7]),
    "polars": pl.DataFrame,
    "polars, small": lambda c: pl.DataFrame(c, schema={"s": pl.Int8, "l": pl.UInt16}),
    "polars, float32": lambda c: pl.DataFrame(c, schema={"s": pl.Float32, "l": pl.Float32}),
    "polars, decimal": lambda c: pl.DataFrame(c).cast(pl.Decimal(10, 2)),
    "pyarrow": pa.table,
    "pyarrow, chunked": in_chunks,
}
GAPPY_TABLES = {
    "pandas": pd.DataFrame,
    "pandas, numpy float32": as_numpy("float32"),
    **{
        f"pandas {dtype}": as_pandas(dtype)
        for dtype in ("Int8", "Int64", "Float64", "int64[pyarrow]", "double[pyarrow]")
    },
    "pandas, mixed columns": with_mixed_columns,
    "polars": pl.DataFrame,
    "polars, NaN": lambda c: pl.DataFrame(c).cast(pl.Float64).fill_null(float("nan")),
    "polars, decimal": lambda c: pl.DataFrame(c).cast(pl.Decimal(10, 2)),
    "pyarrow": pa.table,
    "pyarrow, chunked": in_chunks,
}


@pytest.mark.parametrize("table", WHOLE_TABLES.values(), ids=WHOLE_TABLES)
def test_every_kind_of_table_gives_the_same_moments(table):
    assert_moments(Moments.from_frame(table(WHOLE), ["s", "l"]))


@pytest.mark.parametrize("table", GAPPY_TABLES.values(), ids=GAPPY_TABLES)
def test_every_kind_of_missing_answer_is_left_out_and_counted(table):
    assert_moments(Moments.from_frame(table(GAPS), ["s", "l"], missing="drop"), n_dropped=2)


@pytest.mark.parametrize("table", GAPPY_TABLES.values(), ids=GAPPY_TABLES)
def test_every_kind_of_missing_answer_is_refused_with_counts(table):
    message = (
        r"no answer in column 's' \(1 time, first in row 1\), 'l' \(1 time, first in row 5\); "
        r'missing="drop" leaves out 2 of 6 rows'
    )
    with pytest.raises(DataError, match=message):
        Moments.from_frame(table(GAPS), ["s", "l"])


YES_NO = {
    "pandas": lambda v: pd.DataFrame({"stayed": v}),
    "pandas boolean": lambda v: pd.DataFrame({"stayed": pd.array(v, dtype="boolean")}),
    "pandas bool[pyarrow]": lambda v: pd.DataFrame({"stayed": pd.array(v, dtype="bool[pyarrow]")}),
    "polars": lambda v: pl.DataFrame({"stayed": v}),
    "pyarrow": lambda v: pa.table({"stayed": v}),
}


@pytest.mark.parametrize("table", YES_NO.values(), ids=YES_NO)
def test_true_and_false_are_no_numbers(table):
    with pytest.raises(DataError, match="'stayed' is not numeric"):
        Moments.from_frame(table([True, False, True, True]))


@pytest.mark.parametrize("table", YES_NO.values(), ids=YES_NO)
def test_missing_yes_or_no_is_no_number_either(table):
    with pytest.raises(DataError, match="'stayed' is not numeric"):
        Moments.from_frame(table([True, None, False]), missing="drop")


def test_large_whole_numbers_are_exact():
    moments = Moments.from_frame(pl.DataFrame({"s": [2**53 - 1, 2**53 - 3]}))
    assert moments.means[0] == 2**53 - 2
    assert moments.covariance[0, 0] == 2.0


def test_without_items_every_column_is_used():
    assert_moments(Moments.from_frame(pa.table(WHOLE)))


def test_one_item_may_be_named_alone():
    moments = Moments.from_frame(pd.DataFrame(WHOLE), "l")
    assert moments.items == ("l",)
    assert moments.covariance.tolist() == [[pytest.approx(2 / 3)]]


# Refusals

NOT_TABLES = {
    "lazy polars": (pl.LazyFrame(WHOLE), r"LazyFrame; .* \.collect\(\)"),
    "array": (np.ones((4, 2)), "numpy.ndarray; .* pandas.DataFrame"),
    "dictionary": (WHOLE, "builtins.dict;"),
    "nothing": (None, "NoneType;"),
    "series": (pd.Series([1, 2], name="s"), "pandas.*Series;"),
    "text": ("survey.csv", "builtins.str;"),
    "list": ([[1, 2], [3, 4]], "builtins.list;"),
}


@pytest.mark.parametrize(("data", "message"), NOT_TABLES.values(), ids=NOT_TABLES)
def test_what_is_no_table_in_memory_is_refused_with_a_way_out(data, message):
    with pytest.raises(DataError, match=message):
        Moments.from_frame(data, ["s", "l"])


COLUMNS_REFUSED = {
    "unknown column": (pd.DataFrame(WHOLE), ["s", "m"], "no column 'm'; their columns are s, l$"),
    "unknown column with a hint": (
        pd.DataFrame({"CUSA1": [1], "CUSA2": [2]}),
        ["CUSA1", "CUSA_2"],
        r"no column 'CUSA_2' \(did you mean 'CUSA2'\?\)",
    ),
    "unknown column of polars": (pl.DataFrame(WHOLE), ["S"], "no column 'S'"),
    "unknown column of pyarrow": (pa.table(WHOLE), ["S"], "no column 'S'"),
    "column twice in the table": (
        pd.DataFrame([[1, 2, 3]], columns=["s", "l", "s"]),
        ["s", "l"],
        "more than one column named s;",
    ),
    "column asked for twice": (pd.DataFrame(WHOLE), ["s", "l", "s"], "more than once: s$"),
    "no column asked for": (pd.DataFrame(WHOLE), [], "no item is named"),
    "numbers for names": (pd.DataFrame(np.ones((2, 2))), None, "must be text, not 0, 1;"),
    "number among the names": (pd.DataFrame(WHOLE), ["s", 1], "must be text, not 1;"),
    "no column": (pd.DataFrame(index=[1, 2]), None, "no item is named"),
    "no row": (pd.DataFrame({"s": [], "l": []}), ["s"], "no rows"),
    "no row of polars": (pl.DataFrame({"s": []}, schema={"s": pl.Int64}), ["s"], "no rows"),
    "no row of pyarrow": (pa.table({"s": pa.array([], pa.int64())}), ["s"], "no rows"),
}


@pytest.mark.parametrize(
    ("data", "items", "message"), COLUMNS_REFUSED.values(), ids=COLUMNS_REFUSED
)
def test_columns_refused(data, items, message):
    with pytest.raises(DataError, match=message):
        Moments.from_frame(data, items)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, None, 4], dtype=object),
        pd.Series([Decimal(1), Decimal(2), None, Decimal(4)]),
        pd.Series([Fraction(1), 2, pd.NA, 4.0], dtype=object),
        pd.Categorical([1, 2, np.nan, 4]),
        pd.Series([1, 2, None, 4], dtype="Int8"),
        pd.arrays.SparseArray([1, 2, np.nan, 4]),
        np.array([1, 2, np.nan, 4], dtype=">f4"),
    ],
)
def test_numbers_of_every_kind_are_numbers_in_tables_and_as_variables(values):
    found = Moments.from_frame(pd.DataFrame({"s": values}), missing="drop")
    assert (found.means.item(), found.n_obs, found.n_dropped) == (pytest.approx(7 / 3), 3, 1)
    alone = read_variables({"s": pd.Series(values)}, missing="drop")
    assert alone["s"].tolist() == [1, 2, 4]


NOT_NUMERIC = {
    "text": (pd.DataFrame({"s": ["1", "don't know", None]}), 'such as "don\'t know" in row 1'),
    "text of numbers": (pd.DataFrame({"s": ["1", "2"]}), "to_numeric helps"),
    "text of polars": (pl.DataFrame({"s": ["1", None, "n/a"]}), "such as 'n/a' in row 2"),
    "text of pyarrow": (pa.table({"s": ["?", "2"]}), r"such as '\?' in row 0"),
    "objects": (pd.DataFrame({"s": pd.Series([1, "x", 2.0], dtype=object)}), "'x' in row 1"),
    "a signalling NaN": (pd.DataFrame({"s": [Decimal("sNaN"), Decimal(1)]}), "Object"),
    "too large": (pd.DataFrame({"s": pd.Series([10**400, 1], dtype=object)}), "Object"),
    "categories of polars": (pl.DataFrame({"s": pl.Series(["a"], dtype=pl.Categorical)}), "Categ"),
    "dates": (pd.DataFrame({"s": pd.to_datetime(["2026-01-01"])}), "Datetime"),
    "dates of polars": (pl.DataFrame({"s": [0]}).cast(pl.Date), "Date"),
    "durations": (pd.DataFrame({"s": pd.to_timedelta([1, 2])}), "Duration"),
    "complex numbers": (pd.DataFrame({"s": [1j, 2.0]}), "recode to numbers"),
    "lists": (pl.DataFrame({"s": [[1, 2], [3]]}), "List"),
}


@pytest.mark.parametrize(("data", "message"), NOT_NUMERIC.values(), ids=NOT_NUMERIC)
def test_column_that_is_not_numeric_is_refused(data, message):
    with pytest.raises(DataError, match=rf"column 's' is not numeric.*{message}"):
        Moments.from_frame(data, ["s"])


def test_columns_that_are_not_asked_for_may_hold_anything():
    data = pd.DataFrame({**WHOLE, "text": "x", "gap": [np.nan, np.inf, 1, 2]})
    assert_moments(Moments.from_frame(data, ["s", "l"], scale=(0, 6)))


@pytest.mark.parametrize("missing", ["raise", "drop"])
@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
def test_infinity_is_refused_whatever_is_done_with_missing_answers(infinity, missing):
    data = pd.DataFrame({"s": [1, 2, infinity], "l": [1.0, 2, 3]}, index=["Ann", "Bob", "Cem"])
    with pytest.raises(DataError, match=r"infinite answer in column 's' \(1 time, .* row Cem\)"):
        Moments.from_frame(data, missing=missing)


def test_infinities_of_both_signs_are_not_taken_for_a_missing_answer():
    data = pd.DataFrame({"s": [np.inf, -np.inf, 1.0]})
    with pytest.raises(DataError, match=r"infinite answer in column 's' \(2 times"):
        Moments.from_frame(data, missing="drop")


@pytest.mark.parametrize("values", [[1.7e308, 1.7e308], [1e200, -1e200], [-1.7e308, 1.7e308]])
def test_answers_too_large_to_compute_with_are_refused(values):
    with pytest.raises(DataError, match="too large"):
        Moments.from_frame(pd.DataFrame({"s": values}))


@pytest.mark.parametrize("data", [{"s": [np.nan, np.nan]}, {"s": [1, np.nan], "l": [np.nan, 1]}])
def test_table_without_a_complete_row_is_refused(data):
    with pytest.raises(DataError, match="no row is left: every respondent has a missing answer"):
        Moments.from_frame(pd.DataFrame(data), missing="drop")


def test_refusal_names_the_row_by_the_label_that_the_user_gave():
    data = pd.DataFrame({"s": [1, np.nan, np.nan]}, index=["Ann", "Bob", "Cem"])
    with pytest.raises(DataError, match=r"'s' \(2 times, first in row Bob\)"):
        Moments.from_frame(data)


@pytest.mark.parametrize("missing", ["em", "Drop", None, True, 0])
def test_unknown_treatment_of_missing_answers_is_refused(missing):
    with pytest.raises(OptionError, match=r"missing=.* choose one of 'raise', 'drop'"):
        Moments.from_frame(pd.DataFrame(WHOLE), missing=missing)


# Scales


def test_answers_at_the_limits_are_on_the_scale():
    assert_moments(Moments.from_frame(pd.DataFrame(WHOLE), scale=(0, 6)))


def test_each_item_may_have_limits_of_its_own():
    scale = {"l": (0, 2), "s": (1, 6), "other": (5, 7)}
    assert_moments(Moments.from_frame(pd.DataFrame(WHOLE).assign(other=6), ["s", "l"], scale=scale))
    with pytest.raises(OptionError, match="scale names 'other', which is none of the items s, l"):
        Moments.from_frame(pd.DataFrame(WHOLE), ["s", "l"], scale=scale)


@pytest.mark.parametrize(("scale", "end"), [((0.3, 1), 0.7 - 0.4), ((0, 0.3), 0.1 + 0.2)])
def test_an_answer_at_the_end_of_its_scale_but_for_rounding_is_on_it(scale, end):
    assert not scale[0] <= end <= scale[1]
    answers = [end, 0.3, 0.3]
    found = Moments.from_frame(pd.DataFrame({"a": answers}), scale=scale)
    assert found.means[0] == pytest.approx(0.3)
    with pytest.raises(DataError, match="'a' has 1 outside"):
        Moments.from_frame(pd.DataFrame({"a": [*answers, 2 * scale[0] - 0.3001]}), scale=scale)


OFF_THE_SCALE = {
    "pair, above": ((0, 5), r"'s' has 1 outside 0 to 5 \(first 6 in row d\);"),
    "pair, below": ((1, 6), r"'l' has 1 outside 1 to 6 \(first 0 in row a\);"),
    "pair, both": ((1, 2), r"'s' has 2 outside 1 to 2 \(first 3 in row c\), 'l' has 1 outside"),
    "mapping": ({"s": (1, 6), "l": (0, 1)}, r"'l' has 1 outside 0 to 1 \(first 2 in row d\);"),
    "halves": ((0.5, 6), r"'l' has 1 outside 0.5 to 6 \(first 0 in row a\);"),
}


@pytest.mark.parametrize(("scale", "message"), OFF_THE_SCALE.values(), ids=OFF_THE_SCALE)
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_answers_off_the_scale_are_refused(scale, message, dtype):
    data = pd.DataFrame(WHOLE, index=list("abcd")).astype(dtype)
    with pytest.raises(DataError, match=rf"answers off the scale: {message}"):
        Moments.from_frame(data, scale=scale)


def test_dont_know_codes_are_refused_with_a_way_out():
    with pytest.raises(DataError, match=r"'s' has 2 outside 1 to 5 \(first -99 .* recode"):
        Moments.from_frame(pd.DataFrame({"s": [1, -99, 5, -99]}), scale=(1, 5))


def test_missing_answers_are_not_off_the_scale():
    moments = Moments.from_frame(pd.DataFrame(GAPS), scale=(0, 6), missing="drop")
    assert_moments(moments, n_dropped=2)


def test_weights_need_not_be_on_the_scale():
    data = pd.DataFrame({**WHOLE, "w": [70.0, 70.0, 70.0, 70.0]})
    assert_moments(Moments.from_frame(data, weights="w", scale=(0, 6)))


BAD_SCALES = {
    "lacks an item": ({"s": (1, 6)}, "no limits for l;"),
    "upside down": ((10, 1), r"scale is \(10, 1\), not two finite numbers with the lower"),
    "one point": ((3, 3), "lower"),
    "infinite": ((1, float("inf")), "finite"),
    "NaN": ((float("nan"), 5), "finite"),
    "three numbers": ((1, 5, 10), "not two numbers"),
    "one number": (10, "not two numbers"),
    "text": (("low", "high"), "not two numbers"),
    "upside down for one item": ({"s": (1, 6), "l": (2, 0)}, r"scale of 'l' is \(2, 0\)"),
    "one number for one item": ({"s": (1, 6), "l": 2}, "scale of 'l' is 2, not two numbers"),
}


@pytest.mark.parametrize(("scale", "message"), BAD_SCALES.values(), ids=BAD_SCALES)
def test_scale_that_is_none_is_refused(scale, message):
    with pytest.raises(OptionError, match=message):
        Moments.from_frame(pd.DataFrame(WHOLE), scale=scale)


# The input stays as it was


def test_pandas_input_is_not_changed():
    data = pd.DataFrame({**WHOLE, "w": [1.0, 0.0, 2.0, 3.0]}, index=list("abcd")).astype(float)
    before = data.copy(deep=True)
    Moments.from_frame(data, weights="w", scale=(0, 6), missing="drop")
    pd.testing.assert_frame_equal(data, before)


def test_polars_input_is_not_changed():
    data = pl.DataFrame({"s": [1.0, 2.0, None], "w": [1.0, 1.0, 2.0]})
    before = data.clone()
    Moments.from_frame(data, weights="w", missing="drop")
    assert data.equals(before)


def test_pyarrow_input_is_not_changed():
    data = pa.table({"s": [1.0, 2.0, None], "w": [1.0, 1.0, 2.0]})
    before = pa.table({"s": [1.0, 2.0, None], "w": [1.0, 1.0, 2.0]})
    Moments.from_frame(data, weights="w", missing="drop")
    assert data.equals(before)


def test_slices_of_rows_may_be_written_to_without_changing_the_table():
    data = pd.DataFrame(WHOLE).astype(float)
    for rows, _ in checked_rows(read_columns(data, ["s", "l"]), None, "raise"):
        rows[:] = -1
    assert data.to_dict("list") == WHOLE


def test_slices_tell_the_places_of_the_rows_that_are_kept():
    n = 20_000
    values = np.arange(n, dtype=float)
    values[[0, 8191, 8192, n - 1]] = np.nan
    columns = read_columns(pd.DataFrame({"s": values}), ["s"])
    slices = list(checked_rows(columns, None, "drop"))
    places = np.concatenate([places for _, places in slices])
    np.testing.assert_array_equal(places, np.flatnonzero(~np.isnan(values)))
    np.testing.assert_array_equal(np.concatenate([rows[0] for rows, _ in slices]), values[places])


def test_a_pyarrow_table_with_a_repeated_name_is_refused():
    table = pa.table([[1, 2], [3, 4], [5, 6]], names=["a", "a", "b"])
    with pytest.raises(DataError, match="more than one column named a"):
        Moments.from_frame(table, ["a", "b"])
    assert Moments.from_frame(table, ["b"]).means[0] == 5.5, "unused copies are left alone"


def test_text_is_shown_under_the_label_of_its_row():
    with pytest.raises(DataError, match="'x' in row Bob"):
        Moments.from_frame(pd.DataFrame({"s": ["1", "x"]}, index=["Ann", "Bob"]))


@pytest.mark.parametrize("values", [[None, None], pd.array([None, None], dtype="string")])
def test_a_column_without_any_answer_is_missing_not_text(values):
    with pytest.raises(DataError, match="no answer in column 's'"):
        Moments.from_frame(pd.DataFrame({"s": values}))


def test_a_scale_is_two_numbers_not_two_letters():
    with pytest.raises(OptionError, match="not two numbers"):
        Moments.from_frame(pd.DataFrame({"a": [1, 5]}), scale="15")


def test_answers_of_people_left_out_are_not_counted_as_off_the_scale():
    data = pd.DataFrame({"s": [99, 3, 99], "l": [np.nan, 1, 1]})
    with pytest.raises(DataError, match=r"'s' has 1 outside 1 to 10 \(first 99 in row 2\)"):
        Moments.from_frame(data, scale=(1, 10), missing="drop")


# Names whose letters are composed in two ways

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize(
    ("named", "asked"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), (COMPOSED, COMPOSED)]
)
def test_a_column_is_found_however_its_accent_is_written(library, named, asked):
    table = library({named: [1, 2], "x": [0, 9]})
    columns = read_columns(table, [asked])
    assert columns.names == (asked,)
    np.testing.assert_array_equal(columns.values[0], [1, 2])
    read = read_table(table, [asked])
    assert list(read.columns) == [asked]
    assert read[asked].tolist() == [1, 2]


def test_a_name_as_it_stands_goes_before_one_that_looks_the_same():
    table = pd.DataFrame({COMPOSED: [1, 2], DECOMPOSED: [3, 4]})
    for name, values in table.items():
        np.testing.assert_array_equal(read_columns(table, [name]).values[0], values)


def test_one_column_is_not_read_under_two_names_that_look_the_same():
    with pytest.raises(DataError, match="two names stand for the column"):
        read_columns(pd.DataFrame({COMPOSED: [1, 2]}), [COMPOSED, DECOMPOSED])


def test_a_name_with_half_of_a_letter_is_refused():
    with pytest.raises(DataError, match=r"column '\\ud800' is not valid text"):
        read_columns(
            pd.DataFrame([[1], [2]], columns=pd.Index(["\ud800"], dtype=object)), ["\ud800"]
        )


def test_many_names_that_are_not_there_are_refused_at_once():
    many = [f"item_{k}" for k in range(5_000)]
    start = time.perf_counter()
    with pytest.raises(DataError, match=r"'item_0' \(did you mean 'Item_0'.*and 4995 more"):
        read_columns(
            pd.DataFrame([range(5_000)], columns=[f"Item_{k}" for k in range(5_000)]), many
        )
    assert time.perf_counter() - start < 10
