"""What a page says of a result or a table: in words, facts, tables, pictures, with links."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from loyaltymodel._core.results import Result, WithCustomers, settings_of
from loyaltymodel._core.tables import Table, number
from loyaltymodel._version import __version__
from loyaltymodel.report.makers import makers_of, makers_of_table
from loyaltymodel.report.pictures import Picture, drawn, pictures_of, pictures_of_table
from loyaltymodel.report.sources import Source, frames_of, property_of
from loyaltymodel.report.words import Language

_DIGIT = re.compile(r"\d|\binf\b")
_NONE = "-"  # where there is no number
_TABLE = "Table"  # without a name
_LARGE = 1000.0


class Cell(NamedTuple):
    """A text, whether it is a number, and where it is explained."""

    text: str
    is_number: bool = False
    link: str = ""


class TableOfCells(NamedTuple):
    """A table whose heading, columns and numbers lead to what explains them."""

    title: Cell
    columns: list[Cell]
    rows: list[list[Cell]]
    n_labels: int

    @property
    def numeric(self) -> list[bool]:
        """Whether each column has numbers, or none where they would be: it stands at the right."""
        cells = zip(*self.rows, strict=True) if self.rows else [() for _ in self.columns]
        return [
            place >= self.n_labels
            and (any(c.is_number for c in column) or all(c.text == _NONE for c in column))
            for place, column in enumerate(cells)
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """What a page says of one result."""

    anchor: str
    title: str
    subtitle: str = ""
    reading: list[str] = field(default_factory=list)
    facts: list[tuple[str, Cell]] = field(default_factory=list)
    tables: list[TableOfCells] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    options: list[tuple[str, Cell]] = field(default_factory=list)
    customers: TableOfCells | None = None
    source: Source | None = None
    version: str = __version__


class Contents:
    """The parts of a page, and the sections that explain their numbers, one a class or maker."""

    def __init__(self) -> None:
        self.sources: dict[type[Result] | str, Source] = {}
        self.parts: list[Part] = []

    def add(
        self,
        given: Result | WithCustomers[Any],
        name: str,
        *,
        pictures: bool,
        customers: bool,
        language: Language,
    ) -> None:
        """Add what there is to say of a result, with a name if the user gave one."""
        result = given.result if isinstance(given, WithCustomers) else given
        kind, anchor = type(result), self._anchor()
        if kind not in self.sources:
            self.sources[kind] = Source(f"f{len(self.sources) + 1}", kind, makers_of(kind))
        source = self.sources[kind]
        summary, frames = result.summary(), frames_of(result)
        reading, told = _reading(result, language)
        beside = given.customers if customers and isinstance(given, WithCustomers) else None
        self.parts.append(
            Part(
                anchor,
                name or summary.title,
                summary.title if name else "",
                reading,
                [(n, _cell(text, source.of_fact(n))) for n, text in summary.facts],
                [_table(t, source, property_of(t, frames)) for t in summary.tables],
                drawn(result, pictures_of(kind), language, f"{anchor}-p") if pictures else [],
                tuple(remark for remark in summary.remarks if remark not in told),
                [(n, _cell(_said(v), source.of_option(n))) for n, v in _options(result)],
                None if beside is None else _customers(beside, source),
                source,
                result.version,
            )
        )

    def add_table(
        self, frame: pd.DataFrame, name: str, *, pictures: bool, language: Language
    ) -> None:
        """Add a table, explained by the function that makes such tables if there is one."""
        source, figures, anchor = None, [], self._anchor()
        if making := makers_of_table(frame):
            maker = making[0][0]
            if maker not in self.sources:
                self.sources[maker] = Source(f"f{len(self.sources) + 1}", None, making)
            source = self.sources[maker]
            if pictures:
                figures = drawn(frame, pictures_of_table(maker), language, f"{anchor}-p")
        cells = _frame(frame, source)
        self.parts.append(
            Part(anchor, name or _TABLE, tables=[cells], pictures=figures, source=source)
        )

    def _anchor(self) -> str:
        return f"r{len(self.parts) + 1}"


def _reading(result: Result, language: Language) -> tuple[list[str], str]:
    """Return what a result says of itself in sentences, and all of that in English."""
    read = getattr(result, "reading", None)
    if read is None:
        return [], ""
    return read(language=language).split("\n\n"), read(language="en")


def _options(result: Result) -> list[tuple[str, Any]]:
    return list(settings_of(result.settings).items())


def _said(value: Any) -> str:
    """Return an option as a reader writes it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return str(value)


def _cell(text: str, link: str) -> Cell:
    return Cell(text, is_number=bool(_DIGIT.search(text)), link=link)


def _table(table: Table, source: Source, name: str | None) -> TableOfCells:
    links = [source.of_column(column, name) for column in table.columns]
    heads = [Cell(column, link=link) for column, link in zip(table.columns, links, strict=True)]
    return TableOfCells(
        Cell(table.title, link=source.of_table(name)),
        heads,
        [_row(row, table, links, source, name) for row in table.rows],
        table.n_labels,
    )


def _row(
    row: Sequence[str], table: Table, links: Sequence[str], source: Source, name: str | None
) -> list[Cell]:
    """Link the numbers of a row: an estimate to what the row is, where that is said."""
    labels = [Cell(text, link=source.of_label(text, name) or "") for text in row[: table.n_labels]]
    of_row = next((label.link for label in reversed(labels) if label.link), "")
    numbers = [
        _cell(text, of_row if of_row and column == "estimate" else link)
        for text, column, link in zip(
            row[table.n_labels :],
            table.columns[table.n_labels :],
            links[table.n_labels :],
            strict=True,
        )
    ]
    return [*labels, *numbers]


def _customers(frame: pd.DataFrame, source: Source) -> TableOfCells:
    """Return the table of customers with their labels."""
    labels = frame.index.to_frame(index=False)
    names = [str(name or "") for name in frame.index.names]
    columns = [str(column) for column in frame.columns]
    links = [source.of_column(column, None) for column in columns]
    rows = [
        [
            *(Cell(_written(label)) for label in of_row),
            *(_cell(_written(v), link) for v, link in zip(values, links, strict=True)),
        ]
        for of_row, values in zip(
            labels.itertuples(index=False, name=None),
            frame.itertuples(index=False, name=None),
            strict=True,
        )
    ]
    heads = [Cell(name) for name in names]
    heads += [Cell(name, link=link) for name, link in zip(columns, links, strict=True)]
    return TableOfCells(Cell(""), heads, rows, len(names))


def _frame(frame: pd.DataFrame, source: Source | None) -> TableOfCells:
    """Return a table whose first columns are names, as far as they have no numbers."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    links = ["" if source is None else source.of_column(str(c), None) for c in frame.columns]
    numeric = [pd.api.types.is_numeric_dtype(frame.iloc[:, k]) for k in range(frame.shape[1])]
    rows = [
        [
            _cell(_short(v), link) if is_number else Cell(_written(v))
            for v, link, is_number in zip(row, links, numeric, strict=True)
        ]
        for row in frame.itertuples(index=False, name=None)
    ]
    heads = [Cell(str(c), link=link) for c, link in zip(frame.columns, links, strict=True)]
    return TableOfCells(Cell(""), heads, rows, [*numeric, True].index(True))


def _short(value: float) -> str:
    """Return a number without decimals if it is whole by kind, or as large as money is."""
    is_whole = not isinstance(value, float) or abs(value) >= _LARGE
    return number(float(value), 0 if is_whole else 3)


def _written(value: Any) -> str:
    if isinstance(value, float):
        return _NONE if math.isnan(value) else f"{value:.6g}"
    return str(value)
