"""From text to rows of cells: which sign stands between columns, and rows that are broken."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from loyaltymodel._core.options import count_of, shown
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey.reading.raw import Facts, Grid

SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright lines"}
_SAMPLE = 1 << 18  # letters from which the sign is told
_ROWS = 500
_AGREE = 0.9  # of the rows have as many cells as the first
_TOLD = re.compile(r'"?sep=(.)"?[;,\t| ]*(?:\r\n|\r|\n)')
_LONGEST = 10_000_000  # letters in a cell


def rows_of(text: str, separator: str | None, name: str) -> tuple[Grid, str, Facts]:
    """Return the rows of a text, the sign between its columns, and how that is known.

    Raises
    ------
    DataError
        If there is nothing in it, a row is broken, or the sign cannot be told.
    OptionError
        If the separator that was given cannot be one.
    """
    if not text.strip():
        raise DataError(f"{name} has nothing in it but blanks; export it again")
    first = 1
    told = _TOLD.match(text)
    if told:
        text, first = text[told.end() :], 2
        if not text.strip():
            raise DataError(f"{name} has nothing in it but the line sep=; export it again")
    if separator is not None:
        if len(separator) != 1 or separator in '"\r\n':
            raise OptionError(
                f"separator={shown(separator)} must be one sign, such as ',', ';', '\\t' or '|'"
            )
        sign, how = separator, "as told"
    elif told:
        sign, how = told[1], "by the line sep="
    else:
        sign, how = _sensed(text, name), ""
    parted = SIGNS.get(sign, repr(sign)) if sign else "none, there is one column"
    said = [("separator", f"{parted}, {how}" if how else parted)]
    return _parsed(text, sign or ",", first, name), sign, said


def _sensed(text: str, name: str) -> str:
    """Return the sign by which most rows have as many cells as the first; none for one column."""
    sample = text[:_SAMPLE]
    if len(sample) < len(text):
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    shares, widths = {}, {}
    for sign in SIGNS:
        lines = csv.reader(io.StringIO(sample, newline=""), delimiter=sign)
        counts = [len(row) for row in _rows_as_far_as_they_go(lines) if row]
        usual, times = Counter(counts).most_common(1)[0] if counts else (1, 0)
        if max(counts, default=1) > 1:
            shares[sign] = times / len(counts) if counts[0] == usual > 1 else 0.0
            widths[sign] = usual
    if not shares:
        return ""
    good = [sign for sign, share in shares.items() if share >= _AGREE]
    if not good:
        best = max(shares.values())
        good = [sign for sign, share in shares.items() if share == best]
        if best == 0 and len(good) == 1 and widths[good[0]] == 1:
            return ""  # text with a comma now and then, below a name without
    if len(good) == 1:
        return good[0]
    ways = " or ".join(f"{SIGNS[s]} ({count_of(widths[s], 'column')})" for s in good)
    raise DataError(
        f"{name} may have its columns parted by {ways}, which cannot be told for certain; say "
        f"which by separator={good[0]!r} or {good[1]!r}"
    )


def _rows_as_far_as_they_go(lines: object) -> list[list[str]]:
    try:
        return list(islice(lines, _ROWS))  # type: ignore[call-overload]
    except csv.Error:
        return []


def _parsed(text: str, sign: str, first: int, name: str) -> Grid:
    rows: list[list[str]] = []
    lines: list[int] = []
    before = csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    start = first
    try:
        for row in reader:
            rows.append(row)
            lines.append(start)
            start = first + reader.line_num
    except csv.Error:
        raise DataError(_broken(text, sign, start, start - first, name)) from None
    finally:
        csv.field_size_limit(before)
    return Grid(rows, lines, "line")


def _broken(text: str, sign: str, line: int, skip: int, name: str) -> str:
    """Say where the row is broken that begins in a line."""
    rest = "".join(islice(io.StringIO(text, newline=""), skip, None))
    column, place, found = 1, 0, False
    while place < len(rest):
        if rest[place] == '"':
            end = re.compile(r'(?:[^"]|"")*"(?!")').match(rest, place + 1)
            if end is None:
                what = "a quotation mark is opened and never closed; the file may be cut off"
                return (
                    f"{name}, line {line}, column {column}: {what}, or the mark is part of a text"
                )
            place = end.end()
            if place < len(rest) and rest[place] not in f"{sign}\r\n":
                found = True
        if found:
            break
        while place < len(rest) and rest[place] not in f"{sign}\r\n":
            place += 1
        if place < len(rest) and rest[place] == sign:
            column += 1
        elif place < len(rest):
            break
        place += 1
    return (
        f"{name}, line {line}, column {column}: after the quotation mark that ends a cell comes "
        f"{rest[place : place + 1]!r}, no separator; double the quotation marks within a text"
    )
