"""Docstrings as they are written here, taken apart: sections, entries, paragraphs, pieces of text.

Only what docstrings of this library have is known: paragraphs, lists with dashes, tables of plain
text, names in code, roles, links, and references by number. Nothing of it is HTML; the template
makes that, and escapes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_HEADING = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\S[^\n]*?)(?: : ([^\n]*))?\n((?:[ \t]+[^\n]*(?:\n|\Z)|\n)*)", re.MULTILINE)
_REFERENCE = re.compile(r"^\.\. \[(\d+)\] ", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_BULLET = re.compile(r"^(?:- |\* |\d+\. )", re.MULTILINE)
_PIECE = re.compile(
    r"``(?P<code>.+?)``|:\w+:`(?P<role>[^`]+)`|`(?P<name>[^`]+)`|\[(?P<cite>\d+)\]_"
    r"|\*\*(?P<strong>[^*]+)\*\*|(?P<link>https?://[^\s<>\"]*[^\s<>\".,;:)\]])"
    r'|"(?P<quoted>[^"]{1,60})"'
)


class Piece(NamedTuple):
    """A piece of a paragraph: plain text, or with what it is and where it leads."""

    kind: str
    text: str
    anchor: str = ""


class Block(NamedTuple):
    """A paragraph, a list, or lines as they stand."""

    kind: str
    items: tuple[tuple[Piece, ...], ...]


class Entry(NamedTuple):
    """What is said of some names: parameters, attributes, what is returned."""

    names: tuple[str, ...]
    kind: str
    text: str


def sections(thing: object) -> dict[str, str]:
    """Return the sections of a docstring by their headings; what stands before them has none."""
    parts = _HEADING.split(inspect.getdoc(thing) or "")
    return {"": parts[0].strip()} | {
        heading: text.strip("\n") for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def entries(text: str) -> list[Entry]:
    """Return the entries of a section such as Parameters or Attributes."""
    return [
        Entry(
            tuple(name.strip().lstrip("*") for name in names.split(",")),
            kind,
            inspect.cleandoc(f"\n{told}"),
        )
        for names, kind, told in _ENTRY.findall(f"{text}\n")
    ]


def references(text: str) -> list[tuple[str, tuple[Piece, ...]]]:
    """Return the numbered references of a section, each with its number."""
    parts = _REFERENCE.split(f"{text}\n")
    return [
        (number, pieces(told.strip()))
        for number, told in zip(parts[1::2], parts[2::2], strict=True)
    ]


def blocks(text: str) -> list[Block]:
    """Return paragraphs, lists and lines that are to stand as they are."""
    found = []
    for part in _BLANK.split(text.strip("\n")):
        if not part.strip():
            continue
        if part.startswith(("=", " ", ">>>")):
            lines = tuple((Piece("text", line),) for line in part.splitlines())
            found.append(Block("lines", lines))
        elif _BULLET.match(part):
            items = [pieces(item) for item in _BULLET.split(part) if item.strip()]
            found.append(Block("list", tuple(items)))
        else:
            found.append(Block("paragraph", (pieces(part),)))
    return found


def pieces(text: str) -> tuple[Piece, ...]:
    """Take a paragraph apart."""
    text = " ".join(text.split())
    found: list[Piece] = []
    end = 0
    for match in _PIECE.finditer(text):
        if match.start() > end:
            found.append(Piece("text", text[end : match.start()]))
        kind = str(match.lastgroup)
        found.append(Piece("name" if kind == "role" else kind, _shown(kind, match[kind])))
        end = match.end()
    if end < len(text):
        found.append(Piece("text", text[end:]))
    return tuple(found)


def named(parts: Iterable[Block]) -> set[str]:
    """Return the names that stand in code or between quotes."""
    return {
        piece.text
        for block in parts
        for item in block.items
        for piece in item
        if piece.kind in _NAMING
    }


def anchored(parts: Sequence[Block], anchors: Mapping[str, str]) -> list[Block]:
    """Return blocks in which the first mention of each name can be linked to."""
    left = dict(anchors)

    def place(piece: Piece) -> Piece:
        if piece.kind in _NAMING and piece.text in left:
            return piece._replace(anchor=left.pop(piece.text))
        return piece

    return [
        block._replace(items=tuple(tuple(map(place, item)) for item in block.items))
        for block in parts
    ]


_NAMING = {"code", "quoted"}


def _shown(kind: str, text: str) -> str:
    """Return what is shown of a role: without the path before a name where it says so."""
    if kind != "role":
        return text
    text = text.partition(" <")[0]
    return text.rpartition(".")[2] if text.startswith("~") else text.removeprefix("loyaltymodel.")
