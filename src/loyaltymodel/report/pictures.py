"""The pictures of a result or a table: those that need nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from loyaltymodel._core.results import Result
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.report.docstrings import blocks, entries, named, sections
from loyaltymodel.report.words import Language

if TYPE_CHECKING:
    from loyaltymodel.plots._svg import Svg

Named = tuple[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with what it shows in words; one that cannot be drawn says why."""

    name: str
    caption: str
    svg: Svg | None
    refusal: str = ""


def drawn(
    given: Result | pd.DataFrame, pictures: Iterable[Named], language: Language, prefix: str
) -> list[Picture]:
    """Draw pictures of a result or a table, inside the page."""
    from loyaltymodel.plots._svg import as_svg  # noqa: PLC0415  matplotlib takes half a second

    found = []
    for k, (name, picture) in enumerate(pictures):
        caption = _caption(picture)
        try:
            svg = as_svg(lambda: picture(given, language=language), prefix=f"{prefix}{k}-")  # noqa: B023
        except LoyaltyModelError as refusal:
            found.append(Picture(name, caption, None, str(refusal)))
        else:
            found.append(Picture(name, caption, svg))
    return found


def pictures_of(kind: type[Result]) -> Iterator[Named]:
    """Yield the pictures that take this class of results, by name."""
    names = {base.__name__ for base in kind.__mro__ if base.__module__.startswith("loyaltymodel.")}
    names -= {Result.__name__}
    for name, picture, annotation in _alone():
        if names & _taken(annotation):
            yield name, picture


def pictures_of_table(maker: str) -> Iterator[Named]:
    """Yield the pictures that take a table and say that this function or method makes it."""
    names = {maker, maker.rpartition(".")[2]}
    for name, picture, annotation in _alone():
        if "DataFrame" in annotation:
            first = entries(sections(picture)["Parameters"])[0]
            if names & named(blocks(first.text)):
                yield name, picture


def _alone() -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Yield the pictures that need one thing only, and what that is."""
    from loyaltymodel import plots  # noqa: PLC0415

    for room in plots.__all__:
        module = getattr(plots, room)
        for name in module.__all__:
            first, *others = inspect.signature(getattr(module, name)).parameters.values()
            if not any(p.default is p.empty for p in others):
                yield f"{room}.{name}", getattr(module, name), str(first.annotation)


def _taken(annotation: str) -> set[str]:
    """Return the classes that an annotation names, but not those within a mapping or a list."""
    todo, found = [ast.parse(annotation, mode="eval").body], set()
    while todo:
        node = todo.pop()
        if isinstance(node, ast.BinOp):
            todo += [node.left, node.right]
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


def _caption(picture: Callable[..., Any]) -> str:
    """Return the first sentence of a picture's docstring, as what one sees."""
    first = blocks(sections(picture)[""])[0]
    seen = "".join(piece.text for piece in first.items[0]).removeprefix("Draw ")
    return seen[:1].upper() + seen[1:]
