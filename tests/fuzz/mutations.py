"""One shared table of mutations: what may be given in place of an argument, and what is due then.

Each function yields the mutations of one kind of value. A mutation is a name, a way to make the
new value, and what is due: SAME (the answer of the original, or a refusal), REFUSE, ANY, or the
arguments of another call whose answer is due, such as plain numbers in place of small ones.
"""

# ruff: noqa: PLR0911, PLR0915  a table is long, and kinds are told apart one after another

import datetime
import decimal
import fractions
import inspect
import math
import numbers
import re
import unicodedata
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from . import others
from .calls import AXES, Call, duplicate

ANY, SAME, REFUSE = "any", "same", "refuse"
# The numbers that a call gives may be categories, or times: then text may be given as well.
MAY_BE_CATEGORIES = re.compile(
    r"group|customer|respondent|company|clusters|strata|stage|date|source|target|member$|label"
    r"|segment|category|before|after|first|second|unit|time|names|reason|^by$|^matrix$|raters"
)
NO_ROWS = re.compile(
    r"scale|phases|reliability|cuts|columns|items|values|costs|terms|stages|window|keep|attributes$"
)
ALONE = {"int", "float", "bool", "str", "None", "typing", "Optional", "Union"}
GROUPS = re.compile(r"^(groups?|clusters|strata|by|customer|units?|stage|reason|source|company)$")
# These tell what is wrong in a list, or only hold what is to be printed.
REPORTS = (
    "survey.Codebook.check",
    "survey.Codebook.clean",
    "results.Table",
    "results.Summary",
)
# Text that is printed as it stands: a cell may be empty, and nothing is no text.
PRINTED = ("cells",)
# Mappings whose order says which step comes first.
ORDERED = ("loyalty_stage.reproducibility/items", "loyalty_stage.scalability/items")
# Variables whose labels are handed on, and nothing is put in order by: they may repeat.
HANDED_ON = ("economics.LoyaltyProgramme.account/spend",)
# How far something is so, from not at all to altogether: False and True are its ends.
SHARES = ("locus_firm", "stability", "controllability")
MANY = 20_000
SURROGATE = "caf\ud800"


@dataclass(frozen=True)
class Mutation:
    """Arguments to change, by name, made when they are needed; and what is due then."""

    name: str
    make: Callable[[], dict[str, Any]]
    due: str = ANY
    like: Callable[[], dict[str, Any]] | None = None
    other_order: bool = False  # rows come in another order, so what is drawn differs


Found = Iterator[tuple[Any, ...]]


def mutations_of(call: Call, name: str) -> Iterator[Mutation]:
    """Yield every mutation of one argument, each name once."""
    value = call.arguments.get(name)
    seen = set()
    for made in _tables(call, name, value):
        label, make, due, *rest = made
        if label in seen:
            continue
        seen.add(label)
        like = rest[0] if rest else None
        if call.inside or call.name in REPORTS:  # what a record may hold is not stated
            due, like = ANY, None
        yield Mutation(
            label,
            lambda make=make: _changes(name, make()),
            due,
            None if like is None else lambda like=like: _changes(name, like()),
            other_order="permuted" in label,
        )


class Changes(dict):
    """New values of several arguments."""


def _changes(name: str, made: Any) -> dict[str, Any]:
    return dict(made) if isinstance(made, Changes) else {name: made}


def kind_of(call: Call, name: str, value: Any) -> str:
    """Tell what kind of thing an argument is."""
    hint = call.hint(name)
    if value is AXES or name == "ax":
        return "axes"
    if name == "rng" or isinstance(value, np.random.Generator):
        return "rng"
    if value is None or value is inspect.Parameter.empty:
        return "nothing"
    if isinstance(value, (bool, np.bool_)):
        return "flag"
    if isinstance(value, numbers.Integral):
        return "count"
    if isinstance(value, numbers.Real):
        return "number"
    if isinstance(value, str):
        if any(value in columns_of(v) for v in call.arguments.values()):
            return "column"
        return "option" if "Literal" in hint else "text"
    if isinstance(value, (pd.DataFrame, pl.DataFrame, pa.Table)):
        return "frame"
    if isinstance(value, Mapping):
        return "mapping"
    if type(value).__module__.startswith("loyaltymodel"):
        return "object"
    if callable(value):
        return "function"
    if isinstance(value, pd.Series) and not is_row_like(value.index):
        return "labelled"
    if isinstance(value, (np.ndarray, pd.Series, pd.Index, list, tuple, range)):
        return "array" if _plain(value) is not None else "list"
    return "thing"


def is_row_like(index: pd.Index) -> bool:
    """Tell whether labels number rows, rather than name things."""
    return index.dtype.kind in "iu"


def columns_of(value: Any) -> list[Any]:
    """The names of columns of a table."""
    if isinstance(value, (pd.DataFrame, pl.DataFrame)):
        return list(value.columns)
    return list(value.column_names) if isinstance(value, pa.Table) else []


def _plain(value: Any) -> np.ndarray | None:
    """The numbers or texts of something like an array, or nothing if it holds other things."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    if array.dtype.kind == "O" and not all(isinstance(v, (str, type(None))) for v in array.ravel()):
        return None
    return array if array.ndim and array.size else None


def _tables(call: Call, name: str, value: Any) -> Iterator[tuple[Any, ...]]:
    if name not in call.arguments:
        value = call.default(name)
    kind = kind_of(call, name, value)
    yield from _general(call, name, value, kind)
    if kind in ("count", "number"):
        yield from _single_numbers(call, name, value)
    elif kind == "option":
        yield "upper_case", value.upper, ANY if value.upper() == value else SAME
    elif kind == "array":
        yield from _arrays(call, name, value)
    elif kind == "labelled":
        yield from _arrays(call, name, value)
        yield from _labelled(value, ANY if f"{call.name}/{name}" in HANDED_ON else REFUSE)
    elif kind == "frame":
        yield from _frames(call, name, value)
    elif kind == "mapping":
        yield from _mappings(call, name, value)
    elif kind == "list":
        yield from _lists(value)
    if name == "weights":
        yield from _weights(call, value)
    if GROUPS.search(name) and kind in ("array", "column"):
        yield from _many_groups(call, name, value)
    if kind == "column":
        yield from _columns(call, value)


# In place of anything


def _general(call: Call, name: str, value: Any, kind: str) -> Found:
    hint, default = call.hint(name), call.default(name)
    wide = _wide(hint) if kind != "object" else type(value).__name__ not in hint
    # Only where one kind of thing is due, another kind has to be refused.
    strict = REFUSE if kind in ("flag", "count", "number", "option", "object") and not wide else ANY
    if kind in ("array", "frame", "labelled", "mapping", "rng", "axes"):
        strict = REFUSE
    text = ANY if re.search(r"\bstr\b|Literal", hint) and kind != "option" else strict
    text = ANY if kind in ("array", "frame", "labelled", "mapping") else text
    number = ANY if re.search(r"int|float|Real|Number", hint) or kind == "rng" else strict
    number = ANY if kind in ("array", "labelled", "flag") else number
    mapping = (
        ANY if "Mapping" in hint or kind in ("array", "frame", "object", "mapping") else strict
    )
    none = ANY if default is None or re.search("None|Optional", hint) or kind == "array" else strict
    several = ANY if kind in ("array", "labelled", "frame", "mapping", "object", "rng") else strict
    yield "None", lambda: None, none
    yield "int", lambda: 3, number
    yield "text", lambda: "no such thing", text
    yield "empty_text", lambda: "", text
    yield "surrogate", lambda: SURROGATE, text
    yield "bytes", lambda: b"text", strict
    yield "object", object, strict
    yield "function", lambda: abs, ANY if kind == "function" else strict
    yield "list", lambda: [1, 2], several
    yield "empty_list", list, several
    yield "dict", lambda: {"a": 1}, mapping
    yield "empty_dict", dict, mapping
    yield "set", lambda: {1, 2}, several
    yield "frozenset", lambda: frozenset(["a"]), several
    yield "generator", lambda: (k for k in range(3)), several
    yield "unhashable_names", lambda: [["a"]], several
    for label, make in (
        ("nan", lambda: math.nan),
        ("inf", lambda: math.inf),
        ("minus_one", lambda: -1),
        ("zero", lambda: 0),
        ("huge", lambda: 1e308),
        ("tiny", lambda: 1e-200),
        ("beyond_float", lambda: 10**400),
        ("decimal", lambda: decimal.Decimal("1.5")),
        ("fraction", lambda: fractions.Fraction(1, 2)),
        ("np_int8", lambda: np.int8(100)),
        ("np_float32", lambda: np.float32(0.25)),
    ):
        bad = label == "nan" and kind in ("count", "number", "flag", "option")
        yield label, make, REFUSE if bad and not wide else ANY if kind != "object" else number
    yield "decimal_snan", lambda: decimal.Decimal("sNaN"), strict
    yield "pd_NA", lambda: pd.NA, strict if kind != "flag" else REFUSE
    yield "pd_NaT", lambda: pd.NaT, strict
    yield "complex", lambda: 1 + 2j, strict
    yield "datetime", lambda: datetime.datetime(2020, 1, 2), strict
    yield "np_NaT", lambda: np.datetime64("NaT", "D"), strict
    yield (
        "true",
        lambda: True,
        ANY if kind in ("flag", "array", "rng") or "bool" in hint else strict,
    )
    yield "array_0d", lambda: np.array(3.0), ANY
    yield "array_1d", lambda: np.array([0.5, 0.25]), several
    yield "array_2d", lambda: np.ones((3, 2)), several
    yield "array_text", lambda: np.array(["a", "b"]), several
    yield "array_empty", lambda: np.array([]), several
    yield "series", lambda: pd.Series([0.5, 0.25], index=["a", "b"]), several
    yield "frame", lambda: pd.DataFrame({"a": [1, 2], "b": [2, 1]}), several
    yield "frame_empty", pd.DataFrame, several
    yield "class", lambda: dict, ANY if kind == "function" else strict
    yield "module", lambda: np.random, strict
    for label, make in others.objects().items():
        same = kind == "object" and type(make()) is type(value)
        same = same or (kind == "array" and label == "MarkovChain")  # it has a matrix
        yield f"other_{label}", make, ANY if same or label in hint else strict
    if kind == "object":
        yield "its_class", lambda: type(value), strict
        yield "its_repr", lambda: repr(value), text
    if kind == "axes":
        yield "closed_axes", others.closed_axes, ANY
    if kind == "rng":
        yield "random_state", lambda: np.random.RandomState(1), ANY
        yield "generator_class", lambda: np.random.Generator, REFUSE
        yield "seed_sequence", lambda: np.random.SeedSequence(1), ANY


def _wide(hint: str) -> bool:
    """Tell whether more than single values may be given."""
    words = re.sub(r"Literal\[[^\]]*\]", "", hint)
    return not hint or bool(set(re.findall(r"\w+", words)) - ALONE)


def _single_numbers(call: Call, name: str, value: Any) -> Found:
    due = ANY if _wide(call.hint(name)) else REFUSE
    yield "as_array_0d", lambda: np.array(value), SAME
    yield "as_array_of_one", lambda: np.array([value]), ANY
    yield "as_list_of_two", lambda: [value, value], due
    yield "as_array_of_two", lambda: np.array([value, value]), due
    yield "as_series_of_two", lambda: pd.Series([value, value]), due
    yield "as_text", lambda: str(value), ANY if "str" in call.hint(name) else REFUSE
    yield "as_decimal", lambda: decimal.Decimal(str(value)), SAME
    yield "as_fraction", lambda: fractions.Fraction(str(value)), SAME
    yield "as_complex", lambda: complex(value), REFUSE
    yield "negative", lambda: -value, ANY
    yield "as_float32", lambda: np.float32(value), ANY, lambda: float(np.float32(value))
    if isinstance(value, numbers.Integral):
        yield "as_int8", lambda: _fitting(value, np.int8)[()], SAME
        yield "as_uint8", lambda: _fitting(value, np.uint8)[()], SAME
        yield "int8_100", lambda: np.int8(100), ANY, lambda: 100
        yield "too_many", lambda: 10**12, ANY


# In place of arrays, lists and Series


def _same_length(call: Call, n: int, but: str) -> dict[str, Any]:
    """The other arguments that are as long: variables of the same people."""
    found = {}
    for name, value in call.arguments.items():
        own = isinstance(value, (list, tuple, np.ndarray, pd.Series, pd.DataFrame))
        rows = not NO_ROWS.search(name) and not NO_ROWS.search(but)
        if name != but and own and rows and len(value) == n:
            found[name] = value
    return found


def _fitting(values: Any, dtype: Any) -> np.ndarray:
    """The values in a smaller type that holds them all."""
    small = np.asarray(values).astype(dtype)
    if not np.array_equal(small, np.asarray(values)):
        raise OverflowError("the type is too small")
    return small


def _with(values: np.ndarray, place: int, value: Any) -> np.ndarray:
    changed = values.astype(float if isinstance(value, float) else object)
    changed.flat[place] = value
    return changed


def _arrays(call: Call, name: str, value: Any) -> Found:
    array = _plain(value)
    if array is None:
        return
    names = any(
        str(v) in map(str, columns_of(o)) for v in array.ravel() for o in call.arguments.values()
    )
    index = value.index if isinstance(value, pd.Series) else None
    rows = _same_length(call, len(array), name)
    number = array.dtype.kind in "fiub"
    # Names of columns, options and limits are no data; their order may be without meaning.
    strict = REFUSE if number and not MAY_BE_CATEGORIES.search(name) else ANY
    due = SAME if not names else ANY
    flat = array.ndim == 1

    def series(values: Any, dtype: Any = None) -> pd.Series:
        return pd.Series(values, index=index, dtype=dtype)

    yield "as_list", array.tolist, due
    yield "as_tuple", lambda: tuple(array.tolist()), due
    yield "as_array", array.copy, due
    yield "as_object", lambda: array.astype(object), due
    yield "as_big_endian", lambda: array.astype(array.dtype.newbyteorder(">")), due
    yield "read_only", lambda: _read_only(array), due
    yield "negative_strides", lambda: array[::-1].copy()[::-1], due
    yield "fortran", lambda: np.asfortranarray(array), due
    yield "as_set", lambda: set(array.tolist()), REFUSE if number or rows else ANY
    yield "as_dict", lambda: dict(enumerate(array.tolist())), ANY
    yield "as_generator", lambda: iter(array.tolist()), ANY
    yield "one_row", array[:1].copy, ANY
    yield "no_rows", array[:0].copy, ANY
    yield "one_less", array[:-1].copy, REFUSE if rows and strict == REFUSE else ANY
    yield "constant", lambda: np.full_like(array, array.flat[0]), ANY
    yield "more_dimensions", lambda: np.stack([array, array], axis=-1), ANY
    yield "datetimes", lambda: np.arange(array.size).reshape(array.shape).astype("M8[D]"), strict
    yield "timedeltas", lambda: np.arange(array.size).reshape(array.shape).astype("m8[D]"), strict
    yield "one_None", lambda: _with(array, 0, None), ANY
    yield "masked", lambda: np.ma.masked_array(array, _first(array)), ANY, lambda: _gap(array)
    # What a mask hides is missing, which estimates may be, all of them.
    nothing = (lambda: np.full(array.shape, math.nan)) if number else None
    yield "all_masked", lambda: np.ma.masked_all_like(array), ANY, nothing
    if flat:
        yield "as_series", lambda: pd.Series(array), due
        yield "as_index", lambda: pd.Index(array), due
        yield "as_categorical", lambda: pd.Categorical(array), due
        yield "as_categorical_series", lambda: series(pd.Categorical(array)), due
        yield "as_polars", lambda: pl.Series("x", array), due
        yield "as_arrow", lambda: pa.array(array), due
        yield "as_arrow_series", lambda: series(pd.array(array, dtype=_arrow(array))), due
        yield "as_frame", lambda: pd.DataFrame({"x": array}), ANY
        yield "as_object_series", lambda: series(array.astype(object), object), due
        if index is not None or len(rows):
            others_labelled = any(isinstance(v, (pd.Series, pd.DataFrame)) for v in rows.values())
            due_twice = REFUSE if others_labelled else ANY
            yield "same_labels_twice", lambda: pd.Series(array, index=[0] * len(array)), due_twice
            order = np.random.default_rng(1).permutation(len(array))
            labelled = SAME if others_labelled else ANY
            yield "permuted_labels", lambda: series(array).iloc[order], labelled
            yield (
                "other_labels",
                lambda: pd.Series(array, index=range(7, 7 + len(array))),
                (REFUSE if others_labelled else ANY),
            )
        for other, given in rows.items():
            # Two variables with labels, one of them in another order.
            if isinstance(given, (list, np.ndarray)) and np.ndim(given) == 1:
                order = np.random.default_rng(2).permutation(len(array))
                yield (
                    f"permuted_labels_against_{other}",
                    lambda other=other, given=given, order=order: Changes(
                        {name: pd.Series(array).iloc[order], other: pd.Series(given)}
                    ),
                    SAME,
                )
                break
    if number:
        yield from _numbers(array, series, strict, due, flat, share=name in SHARES)
    else:
        like = None if name in PRINTED else lambda: _with(array, 0, None)
        yield "blank", lambda: _with(array, 0, ""), ANY, like
        yield "space", lambda: _with(array, 0, " "), ANY, like
        yield (
            "one_surrogate",
            lambda: _swap(array, SURROGATE),
            ANY,
        )
        yield "one_unhashable", lambda: _swap(array, ["a"]), REFUSE
        yield "string_series", lambda: series(array, "string"), due
        yield "decomposed", lambda: _swap(array, unicodedata.normalize("NFD", "café")), ANY
        yield "numbers", lambda: np.arange(array.size).reshape(array.shape), ANY


def _numbers(
    array: np.ndarray, series: Any, strict: str, due: str, flat: bool, *, share: bool
) -> Found:
    real = array.astype(float)
    binary = set(np.unique(real)) <= {0.0, 1.0}
    yield "as_float", lambda: real, due
    yield (
        "as_float32",
        lambda: array.astype(np.float32),
        ANY,
        lambda: real.astype(np.float32).astype(float),
    )
    yield "as_longdouble", lambda: array.astype(np.longdouble), due
    yield "as_decimal", lambda: _each(array, lambda v: decimal.Decimal(str(v))), due
    yield "as_fraction", lambda: _each(array, lambda v: fractions.Fraction(str(v))), due
    for small in ("int8", "uint8", "int16", "float16"):
        yield f"as_{small}", lambda small=small: _fitting(array, small), due
        if small != "float16" and array.dtype.kind in "iu":
            large = (np.iinfo(small).max - np.arange(array.size) % 50).reshape(array.shape)
            yield (
                f"large_{small}",
                lambda small=small, large=large: large.astype(small),
                ANY,
                lambda large=large: large.astype(np.int64),
            )
    yield "as_text", lambda: array.astype(str), strict
    yield "as_text_objects", lambda: array.astype(str).astype(object), strict
    yield "as_bytes", lambda: array.astype("S"), strict
    yield "as_complex", lambda: array.astype(complex), strict
    yield "as_bool", lambda: array > np.median(array), ANY if binary or share else strict
    yield "one_nan", lambda: _with(array, 0, math.nan), ANY
    yield "last_nan", lambda: _with(array, -1, math.nan), ANY
    yield "all_nan", lambda: np.full(array.shape, math.nan), ANY
    yield "one_inf", lambda: _with(array, 0, math.inf), ANY
    yield (
        "one_beyond_float",
        lambda: _swap(array, 10**400),
        ANY,
    )
    yield "one_snan", lambda: _swap(array, decimal.Decimal("sNaN")), ANY
    yield "one_pd_NA", lambda: _swap(array, pd.NA), ANY, lambda: _with(array, 0, math.nan)
    yield "one_pd_NaT", lambda: _swap(array, pd.NaT), ANY
    yield "one_text", lambda: _swap(array, "many"), strict
    yield "one_list", lambda: _swap(array, [1]), REFUSE
    yield "times_huge", lambda: real * 1e308 / max(1.0, np.abs(real).max()), ANY
    yield "all_huge", lambda: np.full(array.shape, 1e308), ANY
    yield "times_tiny", lambda: real * 1e-200, ANY
    yield "one_huge", lambda: _with(array, 0, 1e308), ANY
    yield "negative", lambda: -real, ANY
    yield "all_zero", lambda: np.zeros(array.shape), ANY
    if flat:
        yield "as_Float64", lambda: series(array, "Float64"), due
        yield "as_Int64", lambda: series(_fitting(array, np.int64), "Int64"), due
        yield (
            "Float64_with_NA",
            lambda: series(_swap(array, pd.NA), "Float64"),
            ANY,
            lambda: _gap(array),
        )
        yield "as_sparse", lambda: series(pd.arrays.SparseArray(array)), due
        yield (
            "as_decimal_series",
            lambda: series(_each(array, lambda v: decimal.Decimal(str(v)))),
            due,
        )
        yield "as_value_counts", lambda: pd.Series(array).value_counts(), ANY
        yield "datetime_series", lambda: series(pd.date_range("2020", periods=len(array))), strict
    yield "permuted_values", lambda: np.random.default_rng(3).permutation(array), ANY


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.setflags(write=False)
    return copy


def _first(array: np.ndarray) -> np.ndarray:
    mask = np.zeros(array.shape, dtype=bool)
    mask.flat[0] = True
    return mask


def _gap(array: np.ndarray) -> np.ndarray:
    return _with(array, 0, math.nan if array.dtype.kind in "fiub" else None)


def _swap(array: np.ndarray, value: Any) -> np.ndarray:
    changed = array.astype(object)
    changed.flat[0] = None
    changed[np.unravel_index(0, array.shape)] = value
    return changed


def _each(array: np.ndarray, make: Callable[[Any], Any]) -> np.ndarray:
    changed = np.empty(array.shape, dtype=object)
    changed.flat[:] = [make(v) for v in array.ravel().tolist()]
    return changed


def _arrow(array: np.ndarray) -> pd.ArrowDtype:
    return pd.ArrowDtype(pa.array(array.ravel()).type)


def _lists(value: Any) -> Found:
    """Lists of other things, such as paths, pairs or specifications."""
    items = list(value) if not isinstance(value, np.ndarray) else value.tolist()
    yield "as_list", lambda: list(items), SAME
    yield "as_tuple", lambda: tuple(items), SAME
    yield "no_items", list, ANY
    yield "one_item", lambda: items[:1], ANY
    yield "doubled", lambda: items + items, ANY
    yield "with_None", lambda: [*items, None], ANY
    yield "with_number", lambda: [*items, 3.5], ANY
    yield "with_text", lambda: [*items, "x"], ANY
    yield "with_unhashable", lambda: [*items, ["a"]], ANY
    yield "with_object", lambda: [*items, object()], ANY
    yield "as_iterator", lambda: iter(items), ANY


def _labelled(value: pd.Series, twice: str) -> Found:
    order = np.random.default_rng(4).permutation(len(value))
    yield "permuted", lambda: value.iloc[order], SAME
    yield "reversed", lambda: value.iloc[::-1], SAME
    yield "same_labels_twice", lambda: value.set_axis([value.index[0]] * len(value)), twice
    yield "one_label_twice", lambda: pd.concat([value, value.iloc[:1] * 2]), twice
    yield "unknown_labels", lambda: value.set_axis([f"zz{k}" for k in range(len(value))]), ANY
    yield "no_labels", lambda: value.reset_index(drop=True), ANY


# In place of tables


def _mentioned(call: Call, frame_name: str) -> set[Any]:
    """The columns that other arguments speak of."""
    found: set[Any] = set()
    columns = set(columns_of(call.arguments[frame_name]))

    def look(value: Any) -> None:
        if isinstance(value, str) and value in columns:
            found.add(value)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                look(key), look(inner)
        elif isinstance(value, (list, tuple, set)):
            for inner in value:
                look(inner)
        elif type(value).__module__.startswith("loyaltymodel"):
            text = value.model_dump_json() if hasattr(value, "model_dump_json") else ""
            found.update(c for c in columns if isinstance(c, str) and f'"{c}"' in text)

    for name, value in [*call.arguments.items(), ("", call.owner)]:
        if name != frame_name:
            look(value)
    return found


def _frames(call: Call, name: str, value: Any) -> Found:
    frame = value if isinstance(value, pd.DataFrame) else value.to_pandas()
    mentioned = _mentioned(call, name)
    used = [c for c in frame.columns if c in mentioned] or list(frame.columns)
    numeric = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    may = {str(a) for n, a in call.arguments.items() if MAY_BE_CATEGORIES.search(n)}
    data = [c for c in numeric if c in used and str(c) not in may]
    texts = [c for c in frame.columns if c not in numeric and c in used]
    others_labelled = any(
        isinstance(v, (pd.Series, pd.DataFrame))
        for v in _same_length(call, len(frame), name).values()
    )
    # Without names of columns, or with some of them only, all numbers of a table may be used.
    chosen = not {"items", "columns"} & set(call.parameters) - set(call.arguments)
    extra = SAME if mentioned and chosen else ANY

    def each(columns: list[Any], make: Callable[[pd.Series], Any]) -> pd.DataFrame:
        return frame.assign(**{c: make(frame[c]) for c in columns}) if columns else _nothing()

    def put(column: Any, new: Any) -> pd.DataFrame:
        values = frame[column].astype(object).to_numpy().copy()
        values[0] = new
        return frame.assign(**{column: values})

    order = np.random.default_rng(5).permutation(len(frame))
    columns = np.random.default_rng(6).permutation(len(frame.columns))
    yield "as_polars", lambda: pl.from_pandas(frame.reset_index(drop=True)), SAME
    yield "as_pyarrow", lambda: pa.Table.from_pandas(frame, preserve_index=False), SAME
    yield "as_dict", lambda: {c: frame[c].tolist() for c in frame.columns}, ANY
    yield "as_array", frame.to_numpy, ANY
    yield "as_records", lambda: frame.to_dict("records"), ANY
    yield "as_lazy", lambda: pl.from_pandas(frame.reset_index(drop=True)).lazy(), REFUSE
    yield "as_object", lambda: frame.astype(object), SAME
    yield "as_nullable", frame.convert_dtypes, SAME
    yield "as_arrow_backed", lambda: frame.convert_dtypes(dtype_backend="pyarrow"), SAME
    yield "as_float", lambda: each(numeric, lambda s: s.astype(float)), SAME
    yield (
        "as_float32",
        lambda: each(data, lambda s: s.astype("float32")),
        ANY,
        (lambda: each(data, lambda s: s.astype("float32").astype(float))),
    )
    yield "as_decimal", lambda: each(data, lambda s: s.map(lambda v: decimal.Decimal(str(v)))), SAME
    yield "as_sparse", lambda: each(data, pd.arrays.SparseArray), SAME
    yield "as_big_endian", lambda: each(data, lambda s: s.astype(s.dtype.newbyteorder(">"))), SAME
    yield "as_categorical", lambda: each(texts, lambda s: s.astype("category")), SAME
    yield "numbers_as_categorical", lambda: each(data, lambda s: s.astype("category")), SAME
    yield "as_int8", lambda: each(data, lambda s: _fitting(s, np.int8)), SAME
    yield "as_uint8", lambda: each(data, lambda s: _fitting(s, np.uint8)), SAME
    yield "permuted_columns", lambda: frame.iloc[:, columns], SAME if mentioned else ANY
    yield "permuted_rows", lambda: frame.iloc[order], SAME if others_labelled else ANY
    for label in ("estimate", "n_obs", "n_units", "group", "index", "customer"):
        if label not in frame.columns:
            yield f"extra_{label}", lambda label=label: frame.assign(**{label: "x"}), extra
            yield f"extra_number_{label}", lambda label=label: frame.assign(**{label: 7}), extra
    yield (
        "column_twice",
        lambda: pd.concat([frame, frame[used[:1]] + frame[used[:1]]], axis=1),
        REFUSE,
    )
    yield "last_column_twice", lambda: pd.concat([frame[used[-1:]], frame], axis=1), REFUSE
    yield (
        "row_label_twice",
        lambda: frame.set_axis([frame.index[0]] * len(frame)),
        (REFUSE if others_labelled else ANY),
    )
    yield "integer_names", lambda: frame.set_axis(range(frame.shape[1]), axis=1), ANY
    yield (
        "tuple_names",
        lambda: frame.set_axis(
            pd.Index([(c, 1) for c in frame.columns], tupleize_cols=False), axis=1
        ),
        ANY,
    )
    yield "multiindex_names", lambda: pd.concat({"a": frame}, axis=1), ANY
    yield (
        "multiindex_rows",
        lambda: frame.set_index(pd.MultiIndex.from_arrays([range(len(frame)), range(len(frame))])),
        ANY,
    )
    yield (
        "surrogate_name",
        lambda: frame.set_axis(
            pd.Index([SURROGATE if c == used[0] else c for c in frame.columns], dtype=object),
            axis=1,
        ),
        ANY,
    )
    yield "without_columns", lambda: frame.drop(columns=used[:1]), REFUSE if mentioned else ANY
    yield "no_rows", lambda: frame.iloc[:0], ANY
    yield "one_row", lambda: frame.iloc[:1], ANY
    yield "two_rows", lambda: frame.iloc[:2], ANY
    yield "constant", lambda: frame.iloc[[0] * len(frame)].set_axis(frame.index), ANY
    yield "read_only", lambda: _frame_read_only(frame), SAME
    yield "reversed_view", lambda: frame.iloc[::-1].iloc[::-1], SAME
    for column in data[:2]:
        c = column if column == data[0] else "other"
        due = REFUSE if column in mentioned else ANY
        label = "first" if c == column else "second"
        yield f"nan_{label}", lambda column=column: put(column, math.nan), ANY
        yield (
            f"NA_{label}",
            lambda column=column: put(column, pd.NA),
            ANY,
            (lambda column=column: put(column, math.nan)),
        )
        yield f"inf_{label}", lambda column=column: put(column, math.inf), ANY
        yield f"snan_{label}", lambda column=column: put(column, decimal.Decimal("sNaN")), ANY
        yield f"beyond_float_{label}", lambda column=column: put(column, 10**400), ANY
        yield f"word_{label}", lambda column=column: put(column, "many"), due
        yield f"unhashable_{label}", lambda column=column: put(column, [1]), due
        yield f"all_nan_{label}", lambda column=column: frame.assign(**{column: math.nan}), ANY
        yield f"huge_{label}", lambda column=column: put(column, 1e308), ANY
        yield (
            f"all_huge_{label}",
            lambda column=column: each(
                [column], lambda s: s.astype(float) * (1e308 / max(1.0, s.abs().max()))
            ),
            ANY,
        )
        yield f"all_tiny_{label}", lambda column=column: each([column], lambda s: s * 1e-200), ANY
        yield f"negative_{label}", lambda column=column: each([column], lambda s: -s), ANY
        yield f"constant_{label}", lambda column=column: each([column], lambda s: s * 0 + 1), ANY
        yield f"text_{label}", lambda column=column: each([column], lambda s: s.astype(str)), due
        yield (
            f"complex_{label}",
            lambda column=column: each([column], lambda s: s.astype(complex)),
            due,
        )
        yield (
            f"dates_{label}",
            lambda column=column: frame.assign(
                **{column: pd.date_range("2020", periods=len(frame))}
            ),
            due,
        )
        yield (
            f"bool_{label}",
            lambda column=column: each([column], lambda s: s > s.median()),
            (ANY if set(frame[column].dropna()) <= {0, 1} else due),
        )
    if texts:
        column = texts[0]
        yield "blank", lambda: put(column, ""), ANY, lambda: put(column, None)
        yield "space", lambda: put(column, " "), ANY, lambda: put(column, None)
        yield "surrogate", lambda: put(column, SURROGATE), ANY
        yield "unhashable", lambda: put(column, ["a"]), ANY
        yield "numbers", lambda: frame.assign(**{column: range(len(frame))}), ANY
        yield "strings", lambda: each(texts, lambda s: s.astype("string")), SAME


def _nothing() -> Any:
    raise ValueError("no column of this kind")


def _frame_read_only(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({c: _read_only_series(frame[c]) for c in frame.columns}, index=frame.index)


def _read_only_series(series: pd.Series) -> Any:
    if not isinstance(series.dtype, np.dtype):
        return series
    return pd.Series(_read_only(series.to_numpy()), index=series.index, copy=False)


def _columns(call: Call, column: str) -> Found:
    """The values of a column in place of its name, and columns that are not there."""
    table = next(v for v in call.arguments.values() if column in columns_of(v))
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    order = np.random.default_rng(7).permutation(len(frame))
    yield "column_as_series", lambda: frame[column], SAME
    yield "column_as_array", frame[column].to_numpy, SAME
    yield "column_permuted", lambda: frame[column].iloc[order], SAME
    yield "column_labels_twice", lambda: frame[column].set_axis([0] * len(frame)), ANY
    yield "column_in_list", lambda: [column], ANY
    yield "column_upper", lambda: f"{column.upper()} ", ANY
    yield "column_as_np_str", lambda: np.str_(column), SAME


# In place of mappings, weights and groups


def _mappings(call: Call, name: str, value: Mapping[Any, Any]) -> Found:
    content = dict(value)
    keys = list(content)
    if not keys:
        return
    first = keys[0]
    single = all(isinstance(v, numbers.Real) for v in content.values())
    # What is drawn is drawn in the order in which it was named.
    order = ANY if f"{call.name}/{name}" in ORDERED or "simulate" in call.name else SAME
    yield "permuted", lambda: {k: content[k] for k in reversed(keys)}, order
    yield "as_proxy", lambda: MappingProxyType(content), SAME
    yield "as_chain_map", lambda: ChainMap(content), ANY
    yield "extra_key", lambda: {**content, "zz extra": content[first]}, ANY
    yield "missing_key", lambda: {k: content[k] for k in keys[1:]}, ANY
    yield "number_key", lambda: {**content, 3: content[first]}, ANY
    yield "None_key", lambda: {**content, None: content[first]}, ANY
    yield "tuple_key", lambda: {**content, ("a", 1): content[first]}, ANY
    yield "surrogate_key", lambda: {**content, SURROGATE: content[first]}, REFUSE
    yield "only_surrogate", lambda: {SURROGATE: content[first]}, REFUSE
    yield "as_pairs", lambda: list(content.items()), ANY
    yield "as_values", lambda: list(content.values()), ANY
    yield "as_series", lambda: pd.Series(content), SAME if single else ANY
    yield "as_permuted_series", lambda: pd.Series(content).iloc[::-1], order if single else ANY
    yield "as_frame", lambda: pd.DataFrame(content), ANY
    strict = REFUSE if single and not MAY_BE_CATEGORIES.search(name) else ANY
    several = strict if re.search(r"Mapping\[\w+, float\]", call.hint(name)) else ANY
    for label, new, due in (
        ("None", None, ANY),
        ("nan", math.nan, REFUSE if single else ANY),
        ("inf", math.inf, ANY),
        ("text", "many", strict),
        ("digits", "5", strict),
        ("complex", 1 + 1j, strict),
        ("date", datetime.date(2020, 1, 1), strict),
        ("true", True, ANY),
        ("NA", pd.NA, strict),
        ("NaT", pd.NaT, strict),
        ("object", object(), strict),
        ("list", [1, 2], several),
        ("snan", decimal.Decimal("sNaN"), strict),
        ("beyond_float", 10**400, ANY),
        ("huge", 1e308, ANY),
        ("tiny", 1e-200, ANY),
        ("negative", -1, ANY),
        ("zero", 0, ANY),
        ("array", np.array([1.0, 2.0]), several),
    ):
        yield f"value_{label}", lambda new=new: {**content, first: new}, due
    # What a mapping of variables or of mappings holds is mutated in turn.
    inner = content[first]
    if isinstance(inner, (list, tuple, np.ndarray, pd.Series)) and _plain(inner) is not None:
        for label, make, due, *like in _arrays(call, name, inner):
            yield (
                f"inside_{label}",
                lambda make=make: {**content, first: make()},
                due if "permuted" not in label else ANY,
                *[lambda one=one: {**content, first: one()} for one in like if one],
            )


def _weights(call: Call, value: Any) -> Found:
    array = None if value is None or isinstance(value, str) else _plain(value)
    if array is None:
        given = [(n, v) for n, v in call.arguments.items() if not NO_ROWS.search(n)]
        lengths = [len(v) for n, v in given if kind_of(call, n, v) in ("array", "frame")]
        if not lengths:
            return
        array = np.ones(max(lengths))
    ones = np.linspace(0.5, 1.5, len(array)) if value is None or isinstance(value, str) else array
    yield "weights_all_one", lambda: np.ones(len(array)), ANY
    yield "weights_all_zero", lambda: np.zeros(len(array)), REFUSE
    yield "weights_negative", lambda: _with(ones, 0, -1.0), REFUSE
    yield "weights_one_zero", lambda: _with(ones, 0, 0.0), ANY
    yield "weights_nan", lambda: _with(ones, 0, math.nan), ANY
    yield "weights_inf", lambda: _with(ones, 0, math.inf), REFUSE
    yield "weights_tiny", lambda: ones * 1e-300, ANY
    yield "weights_huge", lambda: ones * 1e307, ANY
    yield "weights_subnormal", lambda: ones * 1e-320, ANY
    yield "weights_text", lambda: ones.astype(str), REFUSE
    yield "weights_complex", lambda: ones.astype(complex), REFUSE
    yield "weights_dates", lambda: np.arange(len(ones)).astype("M8[D]"), REFUSE
    yield "weights_set", lambda: set(ones.tolist()), REFUSE
    yield "weights_short", lambda: ones[:-1], REFUSE
    yield "weights_list", ones.tolist, ANY, lambda: ones
    yield "weights_series", lambda: pd.Series(ones), ANY, lambda: ones
    yield "weights_object", lambda: ones.astype(object), ANY, lambda: ones
    yield "weights_masked", lambda: np.ma.masked_array(ones, _first(ones)), ANY, lambda: _gap(ones)


def _many_groups(call: Call, name: str, value: Any) -> Found:
    """As many groups as people: an identifier that was taken for a group."""

    def many(codes: Callable[[np.ndarray], Any]) -> Changes:
        changes = Changes()
        if isinstance(value, str):
            found = next((n, v) for n, v in call.arguments.items() if value in columns_of(v))
            frame = found[1] if isinstance(found[1], pd.DataFrame) else found[1].to_pandas()
            rows = np.arange(MANY) % len(frame)
            long = frame.iloc[rows].reset_index(drop=True)
            changes[found[0]] = long.assign(**{value: codes(np.arange(MANY))})
            n = len(frame)
        else:
            n = len(value)
            changes[name] = codes(np.arange(MANY))
        for other, given in _same_length(call, n, name).items():
            if other not in changes:
                rows = np.arange(MANY) % n
                whole = isinstance(given, (pd.Series, pd.DataFrame))
                changes[other] = (
                    given.iloc[rows].reset_index(drop=True) if whole else np.asarray(given)[rows]
                )
        return changes

    yield "20000_groups", lambda: many(lambda k: k), ANY
    yield (
        "20000_groups_text",
        lambda: many(lambda k: np.array([f"g{i}" for i in k], dtype=object)),
        ANY,
    )
    yield "20000_groups_categorical", lambda: many(pd.Categorical), ANY


def fresh(changes: dict[str, Any]) -> dict[str, Any]:
    """Copies of changed arguments."""
    return {name: duplicate(value) for name, value in changes.items()}
