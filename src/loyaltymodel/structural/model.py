"""What a structural model claims: constructs with their items, and paths between constructs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, Self

from pydantic import field_validator, model_validator

from loyaltymodel._core import notation
from loyaltymodel._core.options import (
    alike,
    enumerate_names,
    hinted,
    matched,
    repeated,
    shown,
    suggest,
    visible,
)
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Specification
from loyaltymodel.errors import ModelError

Mode = Literal["A", "B"]

_STEPS = 50  # of a circle that a message shows


class Construct(Specification):
    """A quantity that is not seen itself, such as satisfaction, and the items that show it.

    Parameters
    ----------
    name : str
        Name of the construct (结构变量, also 潜变量).
    items : sequence of str
        Names of its items, the columns of the survey (显变量, 观测变量).
    mode : {"A", "B"}
        How the weights of its items are estimated. "A" takes each item's correlation with
        the construct's neighbours, the usual choice for reflective items (反映型). "B" takes
        a multiple regression on all its items together, for items that form the construct
        (形成型); it needs items that are not collinear.

    Raises
    ------
    ModelError
        If the name is empty, there is no item, or an item is named twice.

    Examples
    --------
    >>> from loyaltymodel.structural import Construct
    >>> Construct(name="satisfaction", items=["CUSA1", "CUSA2", "CUSA3"]).mode
    'A'
    """

    name: str
    items: tuple[str, ...]
    mode: Mode = "A"

    @field_validator("items", mode="before")
    @classmethod
    def _in_order(cls, items: object) -> object:
        if isinstance(items, (set, frozenset)):
            raise ModelError("the items of a construct have an order; give a list or a tuple")
        return items

    @model_validator(mode="after")
    def _named_and_not_empty(self) -> Self:
        _check_text([self.name], "a construct has a name that is empty")
        _check_text(self.items, f"construct {self.name!r} has an item whose name is empty")
        if not self.items:
            raise ModelError(
                f"construct {self.name!r} has no item; name at least one column of the survey"
            )
        if twice := alike(self.items):
            raise ModelError(f"construct {self.name!r} names {enumerate_names(twice)} twice")
        return self


class Path(Specification):
    """A claim that one construct drives another.

    Parameters
    ----------
    source : str
        The construct that drives.
    target : str
        The construct that is driven.

    Raises
    ------
    ModelError
        If source and target are the same.

    Examples
    --------
    >>> from loyaltymodel.structural import Path
    >>> str(Path(source="satisfaction", target="loyalty"))
    'satisfaction -> loyalty'
    """

    source: str
    target: str

    @model_validator(mode="after")
    def _between_two(self) -> Self:
        _check_text([self.source, self.target], "a path has an end whose name is empty")
        if self.source == self.target:
            raise ModelError(
                f"the path {visible(str(self))} leads from a construct to itself; "
                "a construct cannot drive itself in a model of one moment"
            )
        return self

    def __str__(self) -> str:
        """Return the path as an arrow."""
        return f"{self.source} -> {self.target}"


class StructuralModel(Specification):
    """Constructs and the paths between them: the specification that ``fit`` estimates.

    A model says nothing of data and never changes. Its paths are kept in the order of its
    equations: by target, then by source, both in the order of the constructs, so two models
    that claim the same are equal however their paths were listed.

    Parameters
    ----------
    constructs : sequence of Construct
        The constructs; an item belongs to one of them only.
    paths : sequence of Path
        The paths; they must not close a circle, and every construct must be on one.

    Raises
    ------
    ModelError
        If names are used twice, a path names an unknown construct, is listed twice or closes
        a circle, an item is in two constructs, or a construct is on no path.

    Examples
    --------
    >>> from loyaltymodel.structural import Construct, Path, StructuralModel
    >>> model = StructuralModel(
    ...     constructs=[
    ...         Construct(name="satisfaction", items=["s1", "s2"]),
    ...         Construct(name="loyalty", items=["l1"]),
    ...     ],
    ...     paths=[Path(source="satisfaction", target="loyalty")],
    ... )
    >>> print(model.to_text())
    satisfaction =~ s1 + s2
    loyalty =~ l1
    <BLANKLINE>
    loyalty ~ satisfaction
    >>> StructuralModel.from_text(model.to_text()) == model
    True
    >>> StructuralModel.from_json(model.to_json()) == model
    True
    """

    constructs: tuple[Construct, ...]
    paths: tuple[Path, ...]

    @model_validator(mode="after")
    def _acyclic_connected_every_item_once(self) -> Self:
        names = self.names
        if not self.constructs:
            raise ModelError("a model needs at least two constructs and a path between them")
        if twice := alike(names):
            raise ModelError(f"constructs named more than once: {enumerate_names(twice)}")
        _check_items(self.constructs)
        paths = _between_known(names, self.paths)
        _check_paths(names, paths)
        object.__setattr__(self, "paths", _in_order_of_equations(names, paths))
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the constructs."""
        return tuple(construct.name for construct in self.constructs)

    @property
    def items(self) -> tuple[str, ...]:
        """Names of all items, construct by construct."""
        return tuple(item for construct in self.constructs for item in construct.items)

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Names of the constructs that no path leads to (外生变量)."""
        targets = {path.target for path in self.paths}
        return tuple(name for name in self.names if name not in targets)

    @property
    def endogenous(self) -> tuple[str, ...]:
        """Names of the constructs that at least one path leads to (内生变量)."""
        targets = {path.target for path in self.paths}
        return tuple(name for name in self.names if name in targets)

    @checked
    def drivers(self, target: str) -> tuple[str, ...]:
        """Return the constructs that drive a construct directly.

        Parameters
        ----------
        target : str
            Name of a construct of this model.

        Returns
        -------
        tuple of str
            Sources of the paths to it, empty for an exogenous construct.

        Raises
        ------
        ModelError
            If the model has no such construct.

        Examples
        --------
        >>> from loyaltymodel.structural import StructuralModel
        >>> StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a").drivers("b")
        ('a',)
        """
        found = matched([target], self.names)
        if target not in found:
            raise ModelError(
                f"the model has no construct {shown(target)}{suggest(target, self.names)}; "
                f"it has {enumerate_names(self.names, most=12)}"
            )
        return tuple(path.source for path in self.paths if path.target == found[target])

    def to_text(self) -> str:
        """Return the model in the notation that lavaan made common.

        Returns
        -------
        str
            One statement a line: ``construct =~ item + item`` for mode A, ``<~`` for mode B,
            and ``target ~ source + source`` for the paths. Names that are not plain words
            stand in double quotes.

        Examples
        --------
        >>> from loyaltymodel.structural import StructuralModel
        >>> print(StructuralModel.from_text("a <~ 'a 1'; b =~ b1; b ~ a").to_text())
        a <~ "a 1"
        b =~ b1
        <BLANKLINE>
        b ~ a
        """
        equations = groupby(self.paths, key=attrgetter("target"))  # in whose order they are
        statements = notation.Statements(
            blocks=tuple((c.name, c.mode, c.items) for c in self.constructs),
            equations=tuple((name, tuple(p.source for p in paths)) for name, paths in equations),
        )
        return notation.write(statements)

    @classmethod
    @checked
    def from_text(cls, text: str) -> Self:
        """Read a model from text in lavaan's notation. The text is parsed, never evaluated.

        Parameters
        ----------
        text : str
            Statements on lines of their own or parted by semicolons:
            ``construct =~ item + item`` (mode A), ``construct <~ item + item`` (mode B) and
            ``target ~ source + source``. ``#`` and ``!`` begin a comment. A statement goes on
            in the next line after ``+`` or before it.

        Returns
        -------
        StructuralModel
            The model.

        Raises
        ------
        ModelError
            If the text cannot be read, with line and column, or the model is not allowed.

        Examples
        --------
        >>> from loyaltymodel.structural import StructuralModel
        >>> model = StructuralModel.from_text('''
        ...     satisfaction =~ s1 + s2   # measured by two items
        ...     loyalty =~ l1
        ...     loyalty ~ satisfaction
        ... ''')
        >>> model.endogenous
        ('loyalty',)
        """
        statements = notation.read(text)
        return cls(
            constructs=tuple(
                Construct(name=name, items=items, mode=mode)
                for name, mode, items in statements.blocks
            ),
            paths=tuple(
                Path(source=source, target=target)
                for target, sources in statements.equations
                for source in sources
            ),
        )


def _check_text(names: Iterable[str], message: str) -> None:
    """Refuse names that are empty."""
    if not all(name.strip() for name in names):
        raise ModelError(message)


def _check_items(constructs: Sequence[Construct]) -> None:
    if twice := alike([item for construct in constructs for item in construct.items]):
        owners = [repr(c.name) for c in constructs if matched(twice[:1], c.items)]
        raise ModelError(
            f"item {twice[0]!r} is in two constructs, {' and '.join(owners[:2])}; an item can show "
            "one construct only"
        )


def _between_known(names: Sequence[str], paths: Sequence[Path]) -> Sequence[Path]:
    """Give the ends of paths the names of the constructs, which may compose letters otherwise."""
    ends = list(dict.fromkeys(end for path in paths for end in (path.source, path.target)))
    found = matched(ends, names)
    if unknown := sorted(end for end in ends if end not in found):
        product = any("." in end and set(end.split(".")) <= set(names) for end in unknown)
        also = "; interactions of constructs (moderation) are not supported" if product else ""
        raise ModelError(
            f"paths name unknown constructs: {hinted(unknown, names)}; "
            f"the constructs are {enumerate_names(names, most=12)}{also}"
        )
    if all(name == known for name, known in found.items()):
        return paths
    return [Path(source=found[path.source], target=found[path.target]) for path in paths]


def _check_paths(names: Sequence[str], paths: Sequence[Path]) -> None:
    if twice := repeated(paths):
        raise ModelError(f"paths listed more than once: {enumerate_names(twice)}")
    on_a_path = {end for path in paths for end in (path.source, path.target)}
    if alone := [name for name in names if name not in on_a_path]:
        raise ModelError(
            f"constructs on no path: {enumerate_names(alone)}; weights come from a construct's "
            "neighbours, so connect it or leave it out"
        )
    if circle := _find_circle(names, paths):
        raise ModelError(
            f"the paths close a circle: {visible(_way(circle))}; a recursive model is needed, "
            "so take one of these paths out"
        )


def _way(names: Sequence[str]) -> str:
    """Write a way from construct to construct; of a long one the beginning."""
    return " -> ".join([*names[:_STEPS], "..."] if len(names) > _STEPS + 1 else names)


def _find_circle(names: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """Return the constructs along a circle of paths, or nothing.

    Constructs that nothing left drives are taken away until none can be; whoever is left has
    a driver that is left, so walking back from driver to driver must meet a circle.
    """
    drivers: dict[str, list[str]] = {name: [] for name in names}
    driven: dict[str, list[str]] = {name: [] for name in names}
    for path in paths:
        drivers[path.target].append(path.source)
        driven[path.source].append(path.target)
    left = {name: len(sources) for name, sources in drivers.items()}  # drivers that are left
    free = [name for name, count in left.items() if count == 0]
    while free:
        name = free.pop()
        del left[name]
        for target in driven[name]:
            left[target] -= 1
            if left[target] == 0:
                free.append(target)
    if not left:
        return []
    walk: dict[str, None] = {}
    here = next(iter(left))
    while here not in walk:
        walk[here] = None
        here = min(source for source in drivers[here] if source in left)
    circle = list(walk)[list(walk).index(here) :]
    return [here, *circle[::-1]]


def _in_order_of_equations(names: Sequence[str], paths: Sequence[Path]) -> tuple[Path, ...]:
    place = {name: index for index, name in enumerate(names)}
    return tuple(sorted(paths, key=lambda path: (place[path.target], place[path.source])))
