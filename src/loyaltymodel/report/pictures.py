"""The pictures of a result: those that need nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loyaltymodel._core.results import Result
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.report.docstrings import blocks, sections
from loyaltymodel.report.words import Language

if TYPE_CHECKING:
    from loyaltymodel.plots._svg import Svg


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with what it shows in words; one that cannot be drawn says why."""

    name: str
    caption: str
    svg: Svg | None
    refusal: str = ""


def drawn(result: Result, language: Language, prefix: str) -> list[Picture]:
    """Draw every picture that takes this class of results and needs nothing else."""
    from loyaltymodel.plots._svg import as_svg  # noqa: PLC0415  matplotlib takes half a second

    found = []
    for k, (name, picture) in enumerate(_pictures_of(type(result))):
        caption = _caption(picture)
        try:
            svg = as_svg(lambda: picture(result, language=language), prefix=f"{prefix}{k}-")  # noqa: B023
        except LoyaltyModelError as refusal:
            found.append(Picture(name, caption, None, str(refusal)))
        else:
            found.append(Picture(name, caption, svg))
    return found


def _pictures_of(kind: type[Result]) -> Iterator[tuple[str, Callable[..., Any]]]:
    from loyaltymodel import plots  # noqa: PLC0415

    names = {base.__name__ for base in kind.__mro__ if base.__module__.startswith("loyaltymodel.")}
    names -= {Result.__name__}
    for room in plots.__all__:
        module = getattr(plots, room)
        for name in module.__all__:
            first, *others = inspect.signature(getattr(module, name)).parameters.values()
            needs_more = any(p.default is p.empty for p in others)
            if not needs_more and names & _taken(str(first.annotation)):
                yield f"{room}.{name}", getattr(module, name)


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
