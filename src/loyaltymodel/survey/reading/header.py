"""Which rows of a grid are its header, and what each column is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from loyaltymodel._core.options import count_of, enumerate_names, shown
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey.reading.raw import Facts, Grid
from loyaltymodel.survey.reading.values import is_empty, reads_as_value, written

_IMPORT_ID = '{"ImportId"'
_LONGEST_NAME = 40  # letters
_MOST_WORDS = 4
_QUESTION = re.compile("[?？。；：:\n]")
_NUMBERED = re.compile(
    r"^\s*([A-Za-z]{1,3}\d+(?:[._-]\d+)*[a-z]?|\d{1,3}(?:[._-]\d+)*)\s*[.:)、．：)\]]"
)
_ABOVE = 10  # rows within which a header follows its title
_WIDE = 3  # columns from which a row of one cell is a title
_SENTENCE = 15  # letters, on average, of texts of questions below their codes


@dataclass(slots=True)
class Header:
    """Names (p,) that are there once, the questions behind them, and where the answers begin."""

    names: list[str]
    texts: dict[str, str]
    begin: int
    said: Facts = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unnamed: frozenset[str] = frozenset()


def read_header(grid: Grid, header: int | None, name: str) -> Header:
    """Find the header of a grid: sensed, or as many rows as were told.

    Raises
    ------
    DataError
        If there seems to be none.
    OptionError
        If there are fewer rows than were told.
    """
    if header is not None:
        return _told(grid, header, name)
    top, remarks = _below_titles(grid)
    rows = grid.rows
    first = rows[top]
    if all(reads_as_value(cell) for cell in first if not is_empty(cell)):
        raise DataError(
            f"{name}: the first {grid.unit} has numbers only "
            f"({enumerate_names(map(written, first))}), no names of columns; say header=0 if there "
            "are none, or header=1 if these are they"
        )
    for place in range(top + 1, min(top + 4, len(rows))):
        if sum(str(cell).startswith(_IMPORT_ID) for cell in rows[place]) > len(first) / 2:
            texts = rows[top + 1] if place > top + 1 else [""] * len(first)
            extra = place - top
            said = f"{grid.unit} {grid.lines[top]}, and {count_of(extra, 'more row')} of Qualtrics"
            return _named(first, texts, place + 1, [("header", said)], remarks)
    if _is_of_questions(rows, top):
        said = f"{grid.unit} {grid.lines[top]}, with questions below"
        return _named(first, rows[top + 1], top + 2, [("header", said)], remarks)
    if _is_of_two(grid, top):
        joined = _joined(grid, top, 2)
        said = f"{grid.unit}s {grid.lines[top]} and {grid.lines[top + 1]}, joined"
        return _named(joined, joined, top + 2, [("header", said)], remarks)
    return _named(first, first, top + 1, [("header", f"{grid.unit} {grid.lines[top]}")], remarks)


def _told(grid: Grid, header: int, name: str) -> Header:
    if not 0 <= header <= len(grid.rows):
        raise OptionError(
            f"header={shown(header)} must be the number of header rows, from 0 to the "
            f"{len(grid.rows)} that {name} has"
        )
    said = [("header", f"{count_of(header, 'row')}, as told")]
    if header == 0:
        width = max(map(len, grid.rows))
        return _named([""] * width, [""] * width, 0, said, [])
    joined = grid.rows[0] if header == 1 else _joined(grid, 0, header)
    return _named(joined, joined, header, said, [])


def _below_titles(grid: Grid) -> tuple[int, list[str]]:
    """Return where the header is: below empty rows and rows of a single cell."""
    filled = [sum(not is_empty(cell) for cell in row) for row in grid.rows[: _ABOVE + 1]]
    widest = max(filled)
    top = next((k for k, n in enumerate(filled) if n > 1 or n == widest), 0)
    if widest < _WIDE:
        top = next(k for k, n in enumerate(filled) if n)
    titles = [
        written(cell).strip() for row in grid.rows[:top] for cell in row if not is_empty(cell)
    ]
    if not titles:
        return top, []
    said = (
        f"above the header stands {enumerate_names(map(repr, titles))}, which is no part of the "
        "table; header= says how many rows the header has if it is"
    )
    return top, [said]


def _is_of_questions(rows: Sequence[Sequence[Any]], top: int) -> bool:
    """Tell whether texts of questions stand below their codes, and numbers below them."""
    if len(rows) < top + 3:
        return False
    codes, texts, below = rows[top], rows[top + 1], rows[top + 2 : top + 22]
    filled = [cell for cell in texts if not is_empty(cell)]
    if len(filled) < len(codes) / 2 or any(reads_as_value(cell) for cell in filled):
        return False
    if sum(len(str(cell)) for cell in filled) < _SENTENCE * len(filled):
        return False
    numeric = 0
    for k in range(len(codes)):
        cells = [row[k] for row in below if k < len(row) and not is_empty(row[k])]
        numeric += bool(cells) and all(reads_as_value(cell) for cell in cells)
    return numeric >= len(codes) / 2


def _is_of_two(grid: Grid, top: int) -> bool:
    """Tell whether a second row names what stands below joined or empty cells of the first."""
    if len(grid.rows) < top + 3:
        return False
    first, second = grid.rows[top], grid.rows[top + 1]
    gaps = [
        k
        for k in range(1, len(second))
        if not is_empty(second[k]) and (k >= len(first) or is_empty(first[k]))
    ]
    return bool(gaps) and not any(reads_as_value(cell) for cell in second if not is_empty(cell))


def _joined(grid: Grid, top: int, n_rows: int) -> list[str]:
    """Join the rows of a header, a cell that spans several columns in each of them."""
    rows = [
        ["" if is_empty(cell) else written(cell).strip() for cell in grid.rows[top + k]]
        for k in range(n_rows)
    ]
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    for k, row in enumerate(rows[:-1]):
        spans = [(a, b) for at, a, b in grid.spans if at == top + k]
        if not grid.spans:  # a text file has no spans: empty cells go on with what is at their left
            starts = [*(j for j, cell in enumerate(row) if cell), width]
            spans = [(a, b - 1) for a, b in pairwise(starts)]
            spans = [(a, b) for a, b in spans if all(rows[-1][a : b + 1])]
        for a, b in spans:
            row[a : b + 1] = [row[a]] * (b + 1 - a)
    return [": ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*rows, strict=True)]


def _named(
    names: Sequence[Any], texts: Sequence[Any], begin: int, said: Facts, remarks: list[str]
) -> Header:
    """Make names that are there once, short where they are whole questions."""
    own = ["" if is_empty(cell) else written(cell).strip() for cell in names]
    taken = {name for name in own if name and not _is_long(name)}
    used: set[str] = set()
    found: list[str] = []
    said_of: dict[str, list[str]] = {"empty": [], "twice": [], "short": []}
    questions: dict[str, str] = {}
    for k, name in enumerate(own):
        if not name:
            new = _free(f"column_{k + 1}", used | taken)
            said_of["empty"].append(new)
        elif _is_long(name):
            new = _free(_short(name, k), used | taken)
            said_of["short"].append(new)
        elif name in used:
            new = _free(f"{name}_2", used | taken)
            said_of["twice"].append(f"{name} ({new})")
        else:
            new = name
        used.add(new)
        found.append(new)
        text = "" if k >= len(texts) or is_empty(texts[k]) else written(texts[k]).strip()
        if text != new:
            questions[new] = " ".join(text.split())
    if said_of["empty"]:
        remarks.append(f"columns without a name are called {enumerate_names(said_of['empty'])}")
    if said_of["twice"]:
        remarks.append(f"names that stand twice have a number: {enumerate_names(said_of['twice'])}")
    if said_of["short"]:
        remarks.append(
            f"{count_of(len(said_of['short']), 'column')} headed by whole questions: "
            f"{enumerate_names(said_of['short'])}; .columns has the questions"
        )
    questions = {name: text for name, text in questions.items() if text}
    return Header(found, questions, begin, said, remarks, frozenset(said_of["empty"]))


def unique(names: Sequence[str]) -> tuple[list[str], dict[str, str], list[str]]:
    """Return names that are there once, questions behind those made short, and what was done."""
    found = _named(names, names, 0, [], [])
    return found.names, found.texts, found.remarks


def _is_long(name: str) -> bool:
    if len(name) > _LONGEST_NAME or len(name.split()) > _MOST_WORDS:
        return True
    return bool(_QUESTION.search(name))


def _short(question: str, place: int) -> str:
    """Return the code before a question, such as Q1 or 1, or the number of its column."""
    found = _NUMBERED.match(question)
    if not found:
        return f"q_{place + 1}"
    code = re.sub(r"[.-]", "_", found[1])
    return f"q{code}" if code[0].isdigit() else code


def _free(name: str, used: set[str]) -> str:
    if name not in used:
        return name
    stem = re.sub(r"_2$", "", name)
    number = 2
    while f"{stem}_{number}" in used:
        number += 1
    return f"{stem}_{number}"
