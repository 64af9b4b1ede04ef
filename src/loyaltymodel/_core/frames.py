"""The door for tables: pandas, polars or pyarrow in, checked columns of numbers out.

A table is never copied as a whole. Its columns are handed on one by one, as views where the
table allows it, and the mathematics takes them in slices of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.native import NotNumbers, native, numbers_of
from loyaltymodel._core.options import (
    LARGEST,
    SMALLEST,
    count_of,
    enumerate_names,
    has_half_letter,
    hinted,
    matched,
    repeated,
    shown,
    visible,
)
from loyaltymodel._core.scales import Limits
from loyaltymodel.errors import DataError

Missing = Literal["raise", "drop"]

_ROWS_PER_SLICE = 8192  # 24 items of 8 bytes: a slice of 1.5 MB stays in the cache


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Numeric columns of a table, of one length, with the labels of its rows."""

    names: tuple[str, ...]
    values: tuple[FloatArray, ...]
    labels: pd.Index

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.labels)


def read_columns(data: object, names: Sequence[str], *, flags: bool = False) -> Columns:
    """Take the named columns out of a table.

    Answers that are missing come out as NaN, whatever the table calls them. The numbers may
    be of any numeric type; they become floats slice by slice, when they are used. With ``flags``,
    True and False are 1 and 0.

    Raises
    ------
    DataError
        If the data are no table, or a column is absent, named twice or not numeric.
    """
    alone, times = without_repeated(data)
    frame = open_frame(alone)
    columns = check_names(list(frame.columns), names, times)
    labels = row_labels(alone, frame)
    found = [numbers_in(alone, frame, name, flags=flags) for name in columns]
    values = tuple(value for value in found if value is not None)
    if len(values) < len(names):
        bad = [name for name, value in zip(columns, found, strict=True) if value is None]
        problems = [_not_numeric(frame.get_column(name), labels) for name in bad]
        raise DataError(
            f"{enumerate_names(problems)}; recode to numbers, with missing answers as NaN "
            "(pandas.to_numeric helps)"
        )
    return Columns(tuple(names), values, labels)


def read_table(data: object, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a copy of the named columns, or of all, as a pandas table with its labels.

    For small tables whose columns may be names of things; numbers are read by columns.

    Raises
    ------
    DataError
        If the data are no table, or a column is absent or named twice.
    """
    frame = _open(data)
    wanted = frame.columns if names is None else list(names)
    columns = check_names(list(frame.columns), wanted, without_repeated(data)[1])
    if isinstance(data, pd.DataFrame):
        table = data[columns].copy()
    else:
        table = frame.select(columns).to_pandas()
    return table if columns == wanted else table.set_axis(wanted, axis="columns")


def column_names(data: object) -> tuple[str, ...]:
    """Return the names of all columns of a table."""
    return tuple(_open(data).columns)


def _open(data: object) -> nw.DataFrame[Any]:
    """Open a table without its columns whose name is repeated."""
    return open_frame(without_repeated(data)[0])


def without_repeated(data: Any) -> tuple[Any, Counter[Any]]:
    """Set aside the columns whose name stands more than once; also count all names.

    The count is empty for tables that cannot have such columns.
    """
    if isinstance(data, pd.DataFrame):
        times: Counter[Any] = Counter(data.columns)
        alone = (
            data if data.columns.is_unique else data.loc[:, ~data.columns.duplicated(keep=False)]
        )
        return alone, times
    if nw.dependencies.is_pyarrow_table(data):
        times = Counter(data.column_names)
        places = [k for k, name in enumerate(data.column_names) if times[name] == 1]
        return data.select(places), times
    return data, Counter()


def open_frame(data: Any) -> nw.DataFrame[Any]:
    """Open a table for narwhals, whose names are unique.

    Raises
    ------
    DataError
        If the data are no table in memory.
    """
    try:
        return nw.from_native(data, eager_only=True)
    except TypeError:
        raise DataError(
            f"the data are a {type(data).__module__}.{type(data).__name__}; a pandas, polars or "
            "pyarrow table in memory is needed. An array becomes a table by "
            "pandas.DataFrame(array, columns=names), a lazy polars frame by .collect()"
        ) from None


def row_labels(data: object, frame: nw.DataFrame[Any]) -> pd.Index:
    """Return the labels of the rows: those of a pandas table, else their numbers."""
    return data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(len(frame))


def holds_numbers(column: nw.Series[Any]) -> bool:
    """Tell whether a column is numeric, or without any answer, from which no type can be told."""
    dtype = column.dtype
    return dtype.is_numeric() or bool(column.is_null().all())


def check_names(present: list[str], wanted: Sequence[str], times: Counter[Any]) -> list[str]:
    """Return the columns that names mean; refuse names that no column has, or more than one.

    ``times`` counts all names. A name that no column has as it stands may be that of a column
    whose letters are composed in another way.
    """
    if twice := [name for name in wanted if times[name] > 1]:
        raise DataError(
            f"the data have more than one column named {enumerate_names(twice)}; "
            "rename or drop the copies"
        )
    found = matched(wanted, present)
    if absent := [name for name in wanted if name not in found]:
        raise DataError(
            f"the data have no column {hinted(absent, present)}; "
            f"their columns are {enumerate_names(present, most=12)}"
        )
    columns = [found[name] for name in wanted]
    _refuse_halves(columns)
    if (shared := repeated(columns)) and not repeated(wanted):
        raise DataError(
            f"two names stand for the column {enumerate_names(shared)}: they differ in how an "
            "accent is written; name it once"
        )
    return columns


def _refuse_halves(columns: Iterable[object]) -> None:
    """Refuse names with half of a letter (a surrogate), which no file or terminal takes."""
    for name in columns:
        if has_half_letter(str(name)):
            raise DataError(
                f"the name of the column {name!r} is not valid text: it has half of a letter; "
                "rename it"
            )


def numbers_in(
    data: object, frame: nw.DataFrame[Any], name: str, *, flags: bool
) -> FloatArray | None:
    """Return the column as numbers, or nothing if it holds something else."""
    # A column of a pandas table is taken in place.
    column: Any = data[name] if isinstance(data, pd.DataFrame) else frame.get_column(name)
    if isinstance(column, pd.Series) and isinstance(column.dtype, np.dtype):
        if column.dtype.kind in "fiu":
            found: FloatArray = native(column.to_numpy())
            return found
    elif isinstance(column, nw.Series) and not (holds_numbers(column) or flags):
        return None
    try:
        return np.asarray(numbers_of(column, flags=flags), dtype=np.float64)
    except NotNumbers:
        return None


def _not_numeric(column: nw.Series[Any], labels: pd.Index) -> str:
    values = column.to_list()
    # The first answer that is neither a number nor missing shows what is meant.
    row = next((i for i, v in enumerate(values) if isinstance(v, str) and not _is_number(v)), None)
    example = f", such as {shown(values[row])} in {_row(labels[row])}" if row is not None else ""
    return f"column {column.name!r} is not numeric but {column.dtype}{example}"


def _row(label: object) -> str:
    return f"row {visible(str(label))}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def checked_rows(
    columns: Columns, limits: Limits | None, missing: Missing, *, weighted: bool = False
) -> Iterator[tuple[FloatArray, IntArray]]:
    """Go through a table in slices: answers (p, m) as floats, and the places of their rows.

    The slices can be written to. A slice whose rows are all left out does not come. Where the
    rows are ``weighted``, the last column holds the weights, whose squares need be no numbers.

    Raises
    ------
    DataError
        If an answer is infinite, too large to compute with, off the scale, or missing where
        ``missing`` is "raise".
    """
    for start in range(0, columns.n_rows, _ROWS_PER_SLICE):
        stop = min(start + _ROWS_PER_SLICE, columns.n_rows)
        rows = np.empty((len(columns.values), stop - start))
        for row, column in zip(rows, columns.values, strict=True):
            row[:] = column[start:stop]
        places = np.arange(start, stop)
        # Sums of squares find what cannot be computed with; only then are rows looked at.
        if not _can_compute(rows, weighted=weighted):
            complete = _complete_rows(rows, columns, missing)
            rows, places = rows[:, complete], places[complete]
            _check_sizes(rows[:-1] if weighted else rows, columns, places)
        if rows.shape[1] == 0:
            continue
        if limits is not None:
            lowest, highest = limits.reach
            if (rows.min(axis=1) < lowest).any() or (rows.max(axis=1) > highest).any():
                raise DataError(_off_the_scale(columns, limits, missing))
        yield rows, places


def _can_compute(rows: FloatArray, *, weighted: bool) -> bool:
    """Tell whether all answers are there, and all columns of a size that can be squared."""
    answers, weights = (rows[:-1], rows[-1]) if weighted else (rows, rows[:0])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.vecdot(answers, answers)
        fit = (squares >= SMALLEST**2 * rows.shape[1]) & (squares <= LARGEST**2)
        return bool(fit.all() and np.isfinite(weights.sum()))


def _check_sizes(rows: FloatArray, columns: Columns, places: IntArray) -> None:
    """Refuse columns whose answers, or their squares, are no numbers to compute with."""
    if rows.shape[1] == 0:
        return
    for name, row in zip(columns.names, np.abs(rows), strict=False):
        first = int(row.argmax())
        if row[first] > LARGEST:
            where = _row(columns.labels[places[first]])
            raise DataError(
                f"column {name!r} has {row[first]:.3g} in {where}, too large to compute with; give "
                "it in larger units, or correct the answer"
            )
        if 0 < row[first] < SMALLEST:
            raise DataError(
                f"column {name!r} has nothing above {row[first]:.3g}, too small to compute with; "
                "give it in smaller units"
            )


def _complete_rows(rows: FloatArray, columns: Columns, missing: Missing) -> BoolArray:
    """Tell which rows of a slice have every answer; refuse the table where there is no way."""
    absent = np.isnan(rows)
    if absent.any() and missing == "raise":
        n_rows = int(np.logical_or.reduce([np.isnan(values) for values in columns.values]).sum())
        raise DataError(
            _where("no answer", columns, np.isnan)
            + f'; missing="drop" leaves out {n_rows} of {columns.n_rows} rows'
        )
    if np.isinf(rows).any():
        raise DataError(
            _where("an infinite answer", columns, np.isinf)
            + "; replace it by the answer that was meant, or by NaN for a missing one"
        )
    return np.logical_not(absent.any(axis=0), dtype=bool)


def _off_the_scale(columns: Columns, limits: Limits, missing: Missing) -> str:
    found = []
    used = np.ones(columns.n_rows, dtype=bool)
    if missing == "drop":
        used = ~np.logical_or.reduce([np.isnan(values) for values in columns.values])
    for k, (low, high) in enumerate(zip(*limits.reach, strict=True)):
        values = columns.values[k]
        outside = used & ((values < low) | (values > high))
        if outside.any():
            first = int(np.argmax(outside))
            found.append(
                f"{columns.names[k]!r} has {int(outside.sum())} outside {limits.describe(k)} "
                f"(first {values[first]:.12g} in {_row(columns.labels[first])})"
            )
    return (
        f"answers off the scale: {enumerate_names(found)}; recode don't-know codes such as -99 "
        "to NaN, or state the limits of the questionnaire in scale"
    )


def _where(what: str, columns: Columns, test: Callable[[FloatArray], BoolArray]) -> str:
    """Say in which columns something was found, how often, and in which row first."""
    found = []
    for name, values in zip(columns.names, columns.values, strict=True):
        hits = test(values)
        if hits.any():
            first = _row(columns.labels[int(np.argmax(hits))])
            found.append(f"{name!r} ({count_of(int(hits.sum()), 'time')}, first in {first})")
    return f"{what} in column {enumerate_names(found)}"
