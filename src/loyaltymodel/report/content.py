"""What a page says of a result: facts, tables, pictures, remarks and options, with links."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from loyaltymodel._core.results import Result, WithCustomers, settings_of
from loyaltymodel._core.tables import Table
from loyaltymodel.report.pictures import Picture, drawn
from loyaltymodel.report.sources import Source, frames_of, property_of
from loyaltymodel.report.words import Language

_DIGIT = re.compile(r"\d|\binf\b")
_NONE = "-"  # where there is no number


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
    subtitle: str
    facts: list[tuple[str, Cell]]
    tables: list[TableOfCells]
    pictures: list[Picture]
    remarks: tuple[str, ...]
    options: list[tuple[str, Cell]]
    customers: TableOfCells | None
    source: Source
    version: str


class Contents:
    """The parts of a page, and the sections that explain their numbers, one a class."""

    def __init__(self) -> None:
        self.sources: dict[type[Result], Source] = {}
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
        kind, anchor = type(result), f"r{len(self.parts) + 1}"
        if kind not in self.sources:
            self.sources[kind] = Source(kind, f"f{len(self.sources) + 1}")
        source = self.sources[kind]
        summary, frames = result.summary(), frames_of(result)
        beside = given.customers if customers and isinstance(given, WithCustomers) else None
        self.parts.append(
            Part(
                anchor,
                name or summary.title,
                summary.title if name else "",
                [(n, _cell(text, source.of_fact(n))) for n, text in summary.facts],
                [_table(t, source, property_of(t, frames)) for t in summary.tables],
                drawn(result, language, f"{anchor}-p") if pictures else [],
                summary.remarks,
                [(n, _cell(_said(v), source.of_option(n))) for n, v in _options(result)],
                None if beside is None else _customers(beside, source),
                source,
                result.version,
            )
        )


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


def _written(value: Any) -> str:
    if isinstance(value, float):
        return _NONE if math.isnan(value) else f"{value:.6g}"
    return str(value)
