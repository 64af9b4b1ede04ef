"""Where each number is explained: what made the result, the formula, the literature behind it.

It is read from docstrings: of the functions that return results of this class or this table, of
the class, of its properties, and, for what all estimates have, of
:class:`~loyaltymodel.results.EstimateTable`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, is_dataclass
from importlib import import_module
from typing import Any, NamedTuple

import pandas as pd

from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Result
from loyaltymodel._core.tables import Table
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.report.docstrings import (
    Block,
    Piece,
    anchored,
    blocks,
    entries,
    named,
    references,
    sections,
)
from loyaltymodel.report.makers import Functions, is_own

_FRAME = re.compile("DataFrame|Series|EstimateTable")
# Facts that the base of all results states, and the fields that they are.
_FACTS = {
    "respondents": "n_obs", "customers": "n_obs", "effective number": "n_effective",
    "left out": "n_dropped", "clusters": "n_clusters", "intervals": "level",
    "resamples": "n_resamples",
}  # fmt: skip
_ENOUGH = 0.5  # of the columns of a printed table, for it to be that of a property


class Reference(NamedTuple):
    """A reference by its number, and where it stands in the page."""

    number: str
    anchor: str
    told: tuple[Piece, ...]


class Told(NamedTuple):
    """Names with what is said of them, and where that stands in the page."""

    anchor: str
    names: tuple[tuple[str, str], ...]  # each with an anchor of its own, or none
    kind: str
    told: list[Block]


class Maker(NamedTuple):
    """A function that makes results of a class, with what its docstring says."""

    name: str
    anchor: str
    opening: list[Block]
    notes: list[Block]
    references: list[Reference]

    def anchors(self) -> dict[str, str]:
        """Return where each reference stands, by its number."""
        return {reference.number: reference.anchor for reference in self.references}


@dataclass(slots=True)
class _Text:
    """A text in the page, the names in it, and those of them that something links to."""

    anchor: str
    told: list[Block]
    heads: tuple[str, ...] = ()
    kind: str = ""
    mentions: set[str] = field(default_factory=set)
    wanted: dict[str, str] = field(default_factory=dict)
    is_used: bool = False

    def __post_init__(self) -> None:
        self.mentions = named(self.told)

    def link(self, name: str = "") -> str:
        """Return the anchor of a name in this text, or of the text; it is then in the page."""
        self.is_used = True
        if not name or (name in self.heads and len(self.heads) == 1):
            return self.anchor
        return self.wanted.setdefault(name, f"{self.anchor}-{_slug(name)}")

    def anchored(self) -> list[Block]:
        return anchored(self.told, {n: a for n, a in self.wanted.items() if n not in self.heads})

    def shown(self) -> Told:
        heads = tuple((head, self.wanted.get(head, "")) for head in self.heads)
        return Told(self.anchor, heads, self.kind, self.anchored())


class Source:
    """What explains the numbers of a class of results, or of a table, as a section of the page."""

    def __init__(self, anchor: str, kind: type[Result] | None, making: Functions) -> None:
        self.kind = kind
        self.anchor = anchor
        self._makers = [_maker(*found, f"{anchor}-m{k}") for k, found in enumerate(making)]
        self._fields = {} if kind is None else dict(self._read_fields(kind))
        self._estimates = dict(self._read(EstimateTable, f"{anchor}-e"))
        self._options = {} if kind is None else dict(self._read_options(kind))

    @property
    def name(self) -> str:
        """The name of the class, or of the function that makes the table."""
        return self._makers[0].name if self.kind is None else self.kind.__name__

    # Links

    def of_fact(self, name: str) -> str:
        """Return where a fact is explained."""
        known = _FACTS.get(name, _slug(name).replace("-", "_"))
        if (text := self._fields.get(known)) is not None:
            return text.link(known)
        return self._mentioned(known) or self.formulas()

    def of_option(self, name: str) -> str:
        """Return where an option is explained."""
        text = self._options.get(name) or self._fields.get(name)
        return self.formulas() if text is None else text.link(name)

    def of_table(self, name: str | None) -> str:
        """Return where a table is explained, by the name of its property."""
        text = self._fields.get(name or "")
        return self.formulas() if text is None else text.link()

    def of_column(self, column: str, table: str | None) -> str:
        """Return where a column is explained: in its table, its class, its function, or at all."""
        of_table = self._fields.get(table or "")
        for name in _spellings(column):
            if of_table is not None and name in of_table.mentions:
                return of_table.link(name)
            if (text := self._fields.get(name)) is not None and name != table:
                return text.link(name)
            if anchor := self._mentioned(name):
                return anchor
            if (text := self._estimates.get(name)) is not None:
                return text.link(name)
        return self.of_table(table)

    def of_label(self, label: str, table: str | None) -> str | None:
        """Return where a row is explained by its name, if it is."""
        of_table = self._fields.get(table or "")
        for name in _spellings(label):
            if of_table is not None and name in of_table.mentions:
                return of_table.link(name)
            if (text := self._fields.get(name)) is not None:
                return text.link(name)
            if anchor := self._mentioned(name):
                return anchor
        return None

    def _mentioned(self, name: str) -> str | None:
        found = [text for maker in self._makers for text in maker.texts if name in text.mentions]
        return found[0].link(name) if found else None

    def formulas(self) -> str:
        """Return where the formulas are."""
        return self._makers[0].text.anchor if self._makers else self.anchor

    # What is shown

    @property
    def has_formulas(self) -> bool:
        """Whether a function is known that makes such results."""
        return bool(self._makers)

    def fields(self) -> list[Told]:
        """Return what is said of the fields and tables that something links to."""
        return [text.shown() for text in _each(self._fields, self._estimates) if text.is_used]

    def options(self) -> list[Told]:
        """Return what is said of the options that something links to."""
        return [text.shown() for text in _each(self._options) if text.is_used]

    def makers(self) -> list[Maker]:
        """Return what is said of the functions."""
        return [maker.shown() for maker in self._makers]

    def about(self) -> list[Block]:
        """Return what the class says of itself."""
        return [] if self.kind is None else blocks(sections(self.kind).get("", ""))

    # What is read

    def _read_fields(self, kind: type[Result]) -> Iterator[tuple[str, _Text]]:
        for base in kind.__mro__:
            if is_own(base):
                yield from self._read(base, self.anchor)
        for name, value in _properties(kind):
            told = inspect.getdoc(value)
            if told:
                yield name, _Text(f"{self.anchor}-{_slug(name)}", blocks(told), (name,))

    def _read_options(self, kind: type[Result]) -> Iterator[tuple[str, _Text]]:
        for making in reversed(self._makers):
            yield from self._read(making.function, f"{self.anchor}-o", "Parameters")
        if (settings := _settings_class(kind)) is not None:
            yield from self._read(settings, f"{self.anchor}-o")

    def _read(
        self, thing: object, anchor: str, section: str = "Attributes"
    ) -> Iterator[tuple[str, _Text]]:
        """Yield what a docstring says of names; of fields readers need not know the type."""
        for entry in entries(sections(thing).get(section, "")):
            kind = entry.kind if section == "Parameters" else ""
            at = f"{anchor}-{_slug(entry.names[0])}"
            text = _Text(at, blocks(entry.text), entry.names, kind)
            for name in entry.names:
                yield name, text


def property_of(table: Table, frames: dict[str, list[str]]) -> str | None:
    """Return the property whose table a printed one is, as far as columns and title tell."""
    printed = {_spellings(column)[-1] for column in table.columns}
    best, best_score = None, (0.0, False)
    for name, columns in frames.items():
        shared = len(printed & set(columns))
        if shared < _ENOUGH * len(printed):
            continue
        named_so = name.replace("_", " ") in table.title.lower()
        score = (shared / len(printed | set(columns)), named_so)
        if score > best_score:
            best, best_score = name, score
    return best


def frames_of(result: Result) -> dict[str, list[str]]:
    """Return the columns of the tables of a result, by the names of its properties."""
    found = {}
    for name, value in _properties(type(result)):
        if not _FRAME.search(str(getattr(value.fget, "__annotations__", {}).get("return", ""))):
            continue
        try:
            frame = getattr(result, name)
        except LoyaltyModelError:  # this one does not have it
            continue
        if isinstance(frame, pd.Series):
            frame = frame.to_frame()
        if isinstance(frame, pd.DataFrame):
            found[name] = [str(c) for c in (*frame.index.names, *frame.columns) if c is not None]
    return found


class _Making(NamedTuple):
    """A function with the parts of its docstring that explain."""

    name: str
    function: Any
    text: _Text
    parts: dict[str, str]
    texts: list[_Text]

    def shown(self) -> Maker:
        anchor = self.text.anchor
        opening, notes = (text.anchored() for text in self.texts[:2])
        cited = references(self.parts.get("References", ""))
        listed = [Reference(n, f"{anchor}-r{n}", told) for n, told in cited]
        return Maker(self.name, anchor, opening, notes, listed)


def _maker(name: str, function: Any, anchor: str) -> _Making:
    parts = sections(function)
    returned = "\n\n".join(entry.text for entry in entries(parts.get("Returns", "")))
    opening = _Text(anchor, [*blocks(parts[""]), *blocks(returned)])
    notes = _Text(f"{anchor}-n", blocks(parts.get("Notes", "")))
    return _Making(name, function, opening, parts, [opening, notes])


def _settings_class(kind: type[Result]) -> type[Any] | None:
    """Return the class of the settings where they are a record of their own."""
    hint = str(getattr(kind, "__annotations__", {}).get("settings", ""))
    module = import_module(kind.__module__)
    found = getattr(module, hint, None)
    return found if isinstance(found, type) and is_dataclass(found) else None


def _properties(kind: type[Any]) -> Iterator[tuple[str, property]]:
    for base in reversed(kind.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, property) and not name.startswith("_"):
                yield name, value


def _each(*texts: dict[str, _Text]) -> list[_Text]:
    return list({id(text): text for some in texts for text in some.values()}.values())


def _spellings(name: str) -> list[str]:
    """Return a name as it stands, and as a column is called that is printed in words."""
    bare = re.sub(r"\s*\(.*\)$", "", name).strip()
    return list(dict.fromkeys([name, bare, re.sub(r"[\s-]+", "_", bare.lower())]))


def _slug(name: str) -> str:
    """Return a name as it may stand in an anchor; letters of other scripts as their numbers."""
    return "".join(
        c if c.isascii() and (c.isalnum() or c == "_") else "-" if c.isascii() else f"u{ord(c):x}"
        for c in name
    )
