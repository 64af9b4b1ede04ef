"""The lists of the library, read from the files below ``evidence/lists``.

It is here, not in the room for evidence, so that a theory which prints a list need not import
the published figures too. Nothing is read before somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import enumerate_names, suggest
from loyaltymodel.errors import OptionError

FIRST = ("id", "english", "chinese", "sources")  # columns that every list has


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueList:
    """A list and what is to be known about it; each row says at least the words of ``FIRST``."""

    title: str
    chinese: str
    concepts: tuple[str, ...]
    sources: str
    reference: str
    status: str
    origin: str
    note: str
    rows: tuple[FrozenMapping[str, Any], ...]


def rows_of(name: str) -> tuple[FrozenMapping[str, Any], ...]:
    """Return the rows of a list.

    Raises
    ------
    OptionError
        If there is no list of this name.
    """
    known = lists()
    if name not in known:
        hint = suggest(name, known)
        if owned := [own for own, entry in known.items() if name in entry.concepts]:
            hint = f"; {name} has {enumerate_names(map(repr, owned), most=len(owned))}"
        raise OptionError(
            f"there is no list {name!r}{hint}; evidence.catalogue() has the {len(known)} names"
        )
    return known[name].rows


def frame_of(name: str) -> pd.DataFrame:
    """Return a list as a table, several words of a cell joined by semicolons."""
    rows = rows_of(name)
    frame = pd.DataFrame([{key: _shown(value) for key, value in row.items()} for row in rows])
    return frame[[*FIRST, *(column for column in frame if column not in FIRST)]]


def chinese_of(name: str) -> dict[str, str]:
    """Return the Chinese term of each id of a list that has one."""
    return {row["id"]: row["chinese"] for row in rows_of(name) if row["chinese"]}


@cache
def lists() -> Mapping[str, CatalogueList]:
    """Return every list by its name, in alphabetical order."""
    import tomllib  # noqa: PLC0415 - needed only here

    folder = files("loyaltymodel") / "evidence" / "lists"
    found: dict[str, CatalogueList] = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[name] = _made(entry)
    return FrozenMapping(dict(sorted(found.items())))


def _made(entry: Mapping[str, Any]) -> CatalogueList:
    rows = entry["rows"]
    columns = dict.fromkeys(key for row in rows for key in row)
    own = [name for name in columns if name not in FIRST]
    return CatalogueList(
        **{
            **entry,
            "concepts": tuple(entry["concepts"]),
            "rows": tuple(_row(r, entry, own) for r in rows),
        }
    )


def _row(
    row: Mapping[str, Any], entry: Mapping[str, Any], own: Iterable[str]
) -> FrozenMapping[str, Any]:
    """Return a row with the sources of its list, where it has none of its own."""
    full = {"sources": entry["sources"], **row}
    return FrozenMapping({key: _frozen(full[key]) for key in (*FIRST, *own)})


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _shown(value: object) -> object:
    return "; ".join(value) if isinstance(value, tuple) else value
