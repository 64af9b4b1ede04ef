"""From cells to columns: numbers as they are written in a language, dates, flags and text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel.errors import DataError
from loyaltymodel.survey.reading.raw import Facts

Decimal = Literal[".", ","]

# What programs write where there is no value. Taken as such only among numbers and dates.
NO_ANSWER = (
    "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "#NULL!", "None", ".", "-", "--",
)  # fmt: skip
_FLAGS = {"true": True, "false": False}
_MOST_DIGITS = 15  # that a number of a computer keeps
_SPACES = "[ \u00a0\u202f\u2009'’]"
_SIGN = "[+-]?"
_POWER = r"(?:[eE][+-]?\d+)?"


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """Return how a number is written: 1234.5, 1,234.5, 1 234.5, .5."""
    groups = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d{{1,3}}(?:{_SPACES}\d{{3}})+"
    whole = rf"(?:{groups}|\d+)"
    point = re.escape(decimal)
    return re.compile(rf"{_SIGN}(?:{whole}(?:{point}\d*)?|{point}\d+){_POWER}", re.ASCII)


_NUMBER: dict[Decimal, re.Pattern[str]] = {".": _pattern(".", ","), ",": _pattern(",", ".")}
_OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_GROUPED = re.compile(rf"\d(?:{_SPACES}|[.,](?=\d{{3}}[.,])|[,.](?=\d{{3}}$))\d", re.ASCII)
_NOT_DIGITS = re.compile(rf"{_SPACES}")
_TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?)?"
_DATES = (
    (re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII), (0, 2, 3), True),
    (re.compile(rf"(\d{{4}})(年)(\d{{1,2}})月(\d{{1,2}})日?{_TIME}", re.ASCII), (0, 2, 3), True),
    (re.compile(rf"(\d{{1,2}})(\.)(\d{{1,2}})\.(\d{{4}}){_TIME}", re.ASCII), (3, 2, 0), True),
    (re.compile(rf"(\d{{1,2}})([/-])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII), (3, 2, 0), False),
)


def is_empty(cell: object) -> bool:
    """Tell whether a cell has nothing in it."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def reads_as_value(cell: object) -> bool:
    """Tell whether a cell has a number or a date, however it is written."""
    if not isinstance(cell, str):
        return not is_empty(cell)
    text = cell.strip()
    return any(n.fullmatch(text) for n in _NUMBER.values()) or any(
        pattern.fullmatch(text) for pattern, _, _ in _DATES
    )


def written(cell: object) -> str:
    """Return a cell as a text: whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)


@dataclass(slots=True)
class Columns:
    """Columns with their types, and what is to be said of how they were read."""

    series: dict[str, pd.Series]
    said: Facts = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Column:
    """The texts of a column: which are there, which distinct, and what they may be."""

    name: str
    cells: npt.NDArray[Any]
    places: npt.NDArray[np.intp]  # of each cell among the distinct texts, -1 where it is empty
    distinct: list[str]  # stripped
    words: set[str]  # among them that stand for no answer

    @property
    def given(self) -> list[str]:
        return [text for text in self.distinct if text not in self.words]


def typed(
    cells: Mapping[str, Sequence[Any]],
    *,
    separator: str,
    decimal: Decimal | None,
    day_first: bool | None,
    no_answer: Collection[str] | None,
    places: Sequence[str],
    file: str,
) -> Columns:
    """Return the columns of a grid as numbers, dates, flags or text.

    Raises
    ------
    DataError
        If numbers can be read in two ways, and nothing in the file tells in which.
    """
    arrays = {name: _objects(column) for name, column in cells.items()}
    columns = {
        name: _of_texts(name, array, no_answer)
        for name, array in arrays.items()
        if set(map(type, array)) <= {str, type(None)}
    }
    arrays |= {name: column.cells for name, column in columns.items()}
    sign, said = _decimal_of(columns, separator, decimal, file)
    found = Columns({}, said)
    asks: list[str] = []
    words: dict[str, int] = {}
    for name, array in arrays.items():
        if name in columns:
            column = columns[name]
            series = _numbers(column, sign, found) if column.given else None
            if series is None and column.given:
                series = _flags(column)
            if series is None and column.given:
                series = _dates(column, asks, day_first=day_first)
            if series is None:
                series = _text(column, no_answer)
                _remark_on_few(column, sign, places, found)
            elif column.words:
                for word in column.words:
                    count = int((column.places == column.distinct.index(word)).sum())
                    words[word] = words.get(word, 0) + count
        else:
            series = _of_values(name, array, sign, places, found)
        found.series[name] = series.rename(name)
    if words:
        listed = enumerate_names(f"{word!r} ({count_of(n, 'cell')})" for word, n in words.items())
        found.remarks.append(f"read as missing among numbers and dates: {listed}")
    if asks:
        found.remarks.append(
            f"{enumerate_names(asks)} may be dates with the day or the month first and stay text; "
            "say which by day_first="
        )
    return found


def _objects(cells: Sequence[Any]) -> npt.NDArray[Any]:
    """Return cells as an array, those that are empty as None but for blank texts among texts."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    if set(map(type, cells)) != {str}:
        array[:] = [None if type(c) is str and not c.strip() else c for c in cells]
    return array


def _of_texts(name: str, cells: npt.NDArray[Any], no_answer: Collection[str] | None) -> _Column:
    """Look at each distinct text once."""
    raw, kept = pd.factorize(cells)
    order: dict[str, int] = {}
    into = np.full(len(kept) + 1, -1, dtype=np.intp)  # place -1 is a missing cell
    for k, text in enumerate(kept):
        if stripped := text.strip():
            into[k] = order.setdefault(stripped, len(order))
    places = into[raw]
    if (gone := places < 0).any():
        cells = cells.copy()
        cells[gone] = None
    known = NO_ANSWER if no_answer is None else {word.strip() for word in no_answer}
    return _Column(name, cells, places, list(order), {text for text in order if text in known})


def _decimal_of(
    columns: Mapping[str, _Column], separator: str, told: Decimal | None, file: str
) -> tuple[Decimal, Facts]:
    """Return the sign of decimals by what can be read in one way only."""
    only: dict[Decimal, list[tuple[str, str]]] = {".": [], ",": []}
    either: list[tuple[str, str]] = []
    for column in columns.values():
        texts = column.given
        if not texts or all(_WHOLE.fullmatch(text) for text in texts):
            continue
        point, comma = (all(_NUMBER[sign].fullmatch(t) for t in texts) for sign in _NUMBER)
        if point and comma:
            # The same digits mean another number, such as 1,234.
            example = next((t for t in texts if "." in t or "," in t), "")
            if example:
                either.append((column.name, example))
        elif point or comma:
            odd: Decimal = "," if point else "."
            show = next(t for t in texts if not _NUMBER[odd].fullmatch(t))
            only[_OTHER[odd]].append((column.name, show))
    if told is not None:
        return told, [("decimals", f"{_called(told)}, as told")]
    if only["."] and only[","]:
        (a, x), (b, y) = only["."][0], only[","][0]
        raise DataError(
            f"{file} has numbers written in two ways: {x} in {a!r} and {y} in {b!r}; say "
            "decimal='.' or decimal=',', and the other columns stay text"
        )
    for sign, columns_so in only.items():
        if columns_so:
            return sign, [("decimals", _called(sign))]
    if either:
        name, text = either[0]
        if all("," not in text for _, text in either) and separator == ",":
            return ".", [("decimals", f"{_called('.')}, as in files parted by commas")]
        raise DataError(
            f"{file} has numbers such as {text} in {name!r} that may be thousands or decimals, and "
            "none that tells which; say decimal='.' or decimal=','"
        )
    return ".", []


def _called(sign: str) -> str:
    return "a point" if sign == "." else "a comma"


def _numbers(column: _Column, sign: Decimal, found: Columns) -> pd.Series | None:
    texts = column.given
    if not all(_NUMBER[sign].fullmatch(text) for text in texts):
        return None
    if all(_WHOLE.fullmatch(text) for text in texts):
        digits = [text.lstrip("+-") for text in texts]
        if any(len(text) > 1 and text[0] == "0" for text in digits):
            found.remarks.append(
                f"{column.name!r} has numbers that begin with 0, such as "
                f"{next(t for t in digits if len(t) > 1 and t[0] == '0')}, and stays text, as a "
                "code does; pandas.to_numeric makes numbers of it"
            )
            return None
        if max(map(len, digits)) > _MOST_DIGITS:
            found.remarks.append(
                f"{column.name!r} has numbers of more than {_MOST_DIGITS} digits, which a computer "
                "rounds, and stays text"
            )
            return None
    values = [_number(text, sign) if text not in column.words else np.nan
              for text in column.distinct]  # fmt: skip
    if grouped := next((t for t in texts if _GROUPED.search(t)), ""):
        found.remarks.append(
            f"{column.name!r} has numbers with groups of thousands, such as {grouped}, read as "
            f"{written(_number(grouped, sign))}"
        )
    whole = all(isinstance(v, int) for v, t in zip(values, column.distinct, strict=True)
                if t not in column.words) and not column.words  # fmt: skip
    if whole and (column.places >= 0).all():
        return pd.Series(np.array(values, dtype=np.int64)[column.places])
    return pd.Series(np.array([*map(float, values), np.nan])[column.places])


def _number(text: str, sign: Decimal) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    plain = _NOT_DIGITS.sub("", text)
    plain = plain.replace(",", "") if sign == "." else plain.replace(".", "").replace(",", ".")
    return float(plain)


def _flags(column: _Column) -> pd.Series | None:
    if not all(text.lower() in _FLAGS for text in column.given):
        return None
    values = [*(_FLAGS.get(text.lower()) for text in column.distinct), None]
    found = np.array(values, dtype=object)[column.places]
    has_gaps = any(value is None for value in found)
    return pd.Series(found, dtype="boolean" if has_gaps else "bool")


def _dates(column: _Column, asks: list[str], *, day_first: bool | None) -> pd.Series | None:
    for pattern, order, certain in _DATES:
        matches = [pattern.fullmatch(text) for text in column.distinct]
        if not all(m or t in column.words for m, t in zip(matches, column.distinct, strict=True)):
            continue
        ways = [order] if certain or day_first is not False else []
        if not certain and day_first is not True:
            ways.append((3, 0, 2))
        dates = [d for way in ways if (d := _made(matches, way)) is not None]
        if len(dates) == 1 or (len(dates) > 1 and dates[0] == dates[1]):
            made = pd.Series(pd.to_datetime(pd.Series([*dates[0], None], dtype="object")))
            return pd.Series(made.to_numpy()[column.places])
        if len(dates) > 1:
            asks.append(f"{column.name!r} ({column.given[0]})")
    return None


def _made(
    matches: Sequence[re.Match[str] | None], order: tuple[int, int, int]
) -> list[dt.datetime | None] | None:
    """Return dates, or nothing where one of them is no day of the calendar."""
    year, month, day = order
    found: list[dt.datetime | None] = []
    try:
        for match in matches:
            if match is None:
                found.append(None)
                continue
            g = match.groups()
            hour, minute, second = (int(part or 0) for part in g[4:7])
            micro = int((g[7] or "").ljust(6, "0"))
            found.append(
                dt.datetime(int(g[year]), int(g[month]), int(g[day]), hour, minute, second, micro)
            )
    except ValueError:
        return None
    return found


def _text(column: _Column, no_answer: Collection[str] | None) -> pd.Series:
    """Return a column as it is written; words that were told to be no answers are missing."""
    cells = column.cells
    if no_answer is not None and column.words:
        gone = [column.distinct.index(word) for word in column.words]
        cells = cells.copy()
        cells[np.isin(column.places, gone)] = None
    return as_text(cells)


def as_text(cells: npt.NDArray[Any]) -> pd.Series:
    """Return texts as pandas keeps them; a column without any as numbers that are missing."""
    if set(map(type, cells)) <= {type(None)}:
        return pd.Series(np.full(len(cells), np.nan))
    return pd.Series(cells.tolist())


def _remark_on_few(column: _Column, sign: Decimal, places: Sequence[str], found: Columns) -> None:
    """Name what keeps a column from being one of numbers, if it is little."""
    if column.given and all(_NUMBER[_OTHER[sign]].fullmatch(text) for text in column.given):
        if any("." in text or "," in text for text in column.given):
            found.remarks.append(
                f"{column.name!r} has numbers whose decimals are not parted by {_called(sign)}, "
                f"such as {column.given[0]}, and stays text"
            )
        return
    odd = [k for k, text in enumerate(column.distinct)
           if text not in column.words and not _NUMBER[sign].fullmatch(text)]  # fmt: skip
    hits = np.isin(column.places, odd)
    there = int((column.places >= 0).sum())
    if not 0 < hits.sum() <= max(1, there // 4) or there == hits.sum():
        return
    first = int(np.argmax(hits))
    found.remarks.append(
        f"{column.name!r} stays text: {int(hits.sum())} of {count_of(there, 'cell')} "
        f"{'is' if hits.sum() == 1 else 'are'} no number, first "
        f"{str(column.cells[first])[:40]!r} in {places[first]}; "
        "no_answer= lists words that mean no answer"
    )


def _of_values(
    name: str, cells: npt.NDArray[Any], sign: Decimal, places: Sequence[str], found: Columns
) -> pd.Series:
    """Return a column whose cells have types already, as in a workbook."""
    there = [cell for cell in cells if cell is not None]
    kinds = {type(cell) for cell in there}
    if str in kinds and kinds <= {str, int, float}:
        texts = {cell.strip() for cell in there if isinstance(cell, str)}
        if all(_NUMBER[sign].fullmatch(text) or text in NO_ANSWER for text in texts):
            n = sum(isinstance(cell, str) for cell in there)
            found.remarks.append(f"{name!r} has {count_of(n, 'number')} or gaps written as text")
            cells = np.array([_loosened(cell, sign) for cell in cells], dtype=object)
            kinds = {int, float}
    if kinds <= {int, float}:
        numbers = np.array([np.nan if c is None else float(c) for c in cells], dtype=np.float64)
        whole = np.isfinite(numbers).all() and (numbers % 1 == 0).all()
        exact = whole and np.abs(numbers).max(initial=0) < 2**53
        return pd.Series(numbers.astype(np.int64) if exact else numbers)
    if kinds == {bool}:
        gaps = any(cell is None for cell in cells)
        return pd.Series(cells, dtype="boolean" if gaps else "bool")
    if kinds <= {dt.date, dt.datetime}:
        days = pd.Series([_at_midnight(cell) for cell in cells], dtype="object")
        return pd.Series(pd.to_datetime(days))
    if kinds <= {dt.time, dt.timedelta}:
        return pd.Series(pd.to_timedelta([_duration(cell) for cell in cells]))
    first = next(k for k, c in enumerate(cells) if c is not None and type(c) is not type(there[0]))
    found.remarks.append(
        f"{name!r} has cells of several types and stays text; the first that differs is "
        f"{written(cells[first])[:40]!r} in {places[first]}"
    )
    return as_text(np.array([None if c is None else written(c) for c in cells], dtype=object))


def _loosened(cell: object, sign: Decimal) -> object:
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    return None if text in NO_ANSWER else _number(text, sign)


def _at_midnight(day: Any) -> dt.datetime | None:
    if day is None or isinstance(day, dt.datetime):
        return day
    return dt.datetime(day.year, day.month, day.day)


def _duration(cell: Any) -> dt.timedelta | None:
    if isinstance(cell, dt.time):
        return dt.timedelta(
            hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond
        )
    return cell  # type: ignore[no-any-return]
