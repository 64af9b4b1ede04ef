"""A codebook in place of limits: the answers are read by it, and their limits are its own.

The one mechanism by which every theory takes ``scale=book``. Nothing here knows what a codebook
is beyond what :class:`AnswerBook` says, since the theories stand above questionnaires.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, cast, overload, runtime_checkable

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.options import enumerate_names, matched, suggest
from loyaltymodel._core.scales import AnswerLimits, Pair
from loyaltymodel.errors import OptionError

P = ParamSpec("P")
R = TypeVar("R")

Roles = Sequence[str] | Callable[[Mapping[str, Any]], Sequence[str]]
Found = dict[str | None, str]  # item by name within a role; by None where a role is one variable


@runtime_checkable
class AnswerBook(Protocol):
    """What a codebook can do for a theory."""

    @property
    def limits(self) -> Mapping[str, Pair]:
        """Lowest and highest possible answer of each item."""

    @property
    def turned(self) -> tuple[str, ...]:
        """Items whose answers it turns."""

    def clean(self, data: Any, items: Any = None, *, keep: Any = ()) -> pd.DataFrame:
        """Return a table with the answers to these items as numbers, turned where needed."""


def is_codebook(scale: object) -> bool:
    """Tell whether limits of answers were given as a codebook."""
    return not isinstance(scale, (tuple, list, Mapping, type)) and isinstance(scale, AnswerBook)


def limits_by_item(book: AnswerBook, items: Iterable[str]) -> dict[str, Pair]:
    """Return the limits of items under the names by which they were asked for.

    Raises
    ------
    OptionError
        If the codebook lacks one.
    """
    limits, items = book.limits, list(items)
    known = matched(items, limits)
    for name in items:
        if name not in known:
            raise _stranger(name, limits)
    return {name: limits[known[name]] for name in items}


def read_answers(
    book: AnswerBook, data: Any, items: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, Pair]]:
    """Return a table with the answers to these items read, all else as it was, and their limits.

    Raises
    ------
    OptionError
        If the codebook lacks an item.
    DataError
        If answers contradict the codebook.
    """
    limits = limits_by_item(book, items)
    return book.clean(data, list(limits), keep="all"), limits


def one_pair(limits: Mapping[str, Pair], what: str = "scale") -> Pair:
    """Return the limits that all items share.

    Raises
    ------
    OptionError
        If two items differ.
    """
    (first, pair), *others = limits.items()
    for name, other in others:
        if other != pair:
            raise OptionError(
                f"{what} needs one pair for all, but by the codebook {first!r} goes from "
                f"{pair[0]:g} to {pair[1]:g} and {name!r} from {other[0]:g} to {other[1]:g}; bring "
                "them to one scale first, as points() of the codebook does with scale=(0, 100)"
            )
    return pair


@overload
def limits_only(scale: Pair | AnswerBook) -> Pair: ...
@overload
def limits_only(  # type: ignore[overload-overlap]  # what is a pair stays one
    scale: AnswerLimits | AnswerBook,
) -> AnswerLimits: ...
@overload
def limits_only(scale: Pair | AnswerBook | None) -> Pair | None: ...
@overload
def limits_only(scale: AnswerLimits | AnswerBook | None) -> AnswerLimits | None: ...
def limits_only(scale: Any) -> Any:
    """Return limits of which :func:`takes_codebook` has made sure that they are no codebook.

    For type checkers, which see only that a caller may give one.
    """
    return scale


def takes_codebook(
    *roles: str,
    of: Roles | None = None,
    perhaps: Sequence[str] = (),
    also: Sequence[str] = (),
    limits: Literal["pair", "role", "name"] = "pair",
    called: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let ``scale`` of a function be a codebook; a decorator below ``checked``.

    ``roles``, or ``of`` the other arguments, are the parameters whose limits ``scale`` gives: what
    they name must be items of the codebook. What is in ``perhaps`` may be an item or not, such as
    a rate that nobody was asked for; so may what is in ``also``, for which ``scale`` has no limits.
    The limits are then one "pair" for all, a pair by "role", under the name by which the role is
    ``called``, or a pair by "name" of the variables of the roles.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        order = tuple(inspect.signature(function).parameters)
        place = order.index("scale")

        def arguments(args: Any, kwargs: Any) -> tuple[Any, Any]:
            """Return what is given by place and by name, as it would be without a codebook."""
            scale = kwargs.get("scale", args[place] if len(args) > place else None)
            if scale is None or not is_codebook(scale):
                return args, kwargs
            given = {**dict(zip(order, args, strict=False)), **kwargs}
            needed = roles if of is None else of(given) if callable(of) else of
            read, pairs = _read(scale, given, needed, perhaps, also)
            return (), {**read, "scale": _limits(pairs, limits, called(given) if called else {})}

        def call(*args: Any, **kwargs: Any) -> Any:  # whose globals are replaced below
            by_place, by_name = arguments(args, kwargs)
            return function(*by_place, **by_name)

        # With the globals of its own module, by which annotations and examples are looked up.
        own = types.FunctionType(
            call.__code__, function.__globals__, function.__name__, None, call.__closure__
        )
        return cast("Callable[P, R]", wraps(function)(own))

    return decorate


def _read(
    book: AnswerBook,
    given: Mapping[str, Any],
    roles: Sequence[str],
    perhaps: Sequence[str],
    also: Sequence[str],
) -> tuple[dict[str, Any], dict[str, dict[str | None, Pair]]]:
    """Return the arguments of a call with all answers read, and the limits by role and name."""
    reader, read = _Reader(book, given.get("data")), dict(given)
    pairs: dict[str, dict[str | None, Pair]] = {}
    limits = book.limits
    for role in dict.fromkeys((*roles, *perhaps, *also)):
        if given.get(role) is None:
            continue
        read[role], found = reader.find(role, given[role], needed=role in roles)
        if found and (role in roles or role in perhaps):
            pairs[role] = {name: limits[item] for name, item in found.items()}
    if reader.wanted:
        read["data"] = book.clean(reader.data, list(dict.fromkeys(reader.wanted)), keep="all")
    return read, pairs


def _limits(
    pairs: Mapping[str, Mapping[str | None, Pair]], kind: str, called: Mapping[str, str]
) -> Any:
    """Return the limits in the form in which a function takes them."""
    named = {
        role: {role if name is None else str(name): pair for name, pair in found.items()}
        for role, found in pairs.items()
    }
    if kind == "name":
        return {name: pair for found in named.values() for name, pair in found.items()} or None
    if kind == "role":
        called = called or {}
        return {
            called.get(role, role): one_pair(found, f"scale of {called.get(role, role)!r}")
            for role, found in named.items()
        }
    # Two roles may call their variables alike, as performance and importance do.
    every = {
        name if name == role else f"{role} {name}": pair
        for role, found in named.items()
        for name, pair in found.items()
    }
    return one_pair(every) if every else None


class _Reader:
    """Reads what a call names by a codebook, and notes which columns of the data are to be read."""

    def __init__(self, book: AnswerBook, data: Any) -> None:
        self._book = book
        self._limits = book.limits
        self.data = data
        self.wanted: list[str] = []

    def find(self, role: str, given: Any, *, needed: bool) -> tuple[Any, Found]:  # noqa: PLR0911
        """Return what was given with its answers read, and which items it is, by name."""
        if isinstance(given, str):
            item = self._item(given, needed=needed)
            if item is None or self.data is None:
                return given, {}
            self.wanted.append(item)
            return given, {None: item}
        if isinstance(given, Mapping):
            parts = {name: self.find(role, part, needed=needed) for name, part in given.items()}
            return {name: part for name, (part, _) in parts.items()}, {
                name if inner is None else f"{name} {inner}": item
                for name, (_, found) in parts.items()
                for inner, item in found.items()
            }
        if nw.dependencies.is_into_series(given):
            return self._series(role, given, needed=needed)
        if nw.dependencies.is_into_dataframe(given):
            return self._table(given, needed=needed)
        if _is_list(given):
            return self._list(role, given, needed=needed)
        if needed and given is not None:
            self._refuse(role)
        return given, {}

    def _item(self, name: object, *, needed: bool) -> str | None:
        found = matched([name], self._limits) if isinstance(name, str) else {}
        if needed and not found:
            raise _stranger(name, self._limits)
        return next(iter(found.values()), None)

    def _series(self, role: str, given: Any, *, needed: bool) -> tuple[Any, Found]:
        series = nw.from_native(given, series_only=True)
        if not series.name and not needed:
            return given, {}
        if not series.name:
            self._refuse(role)
        item = self._item(series.name, needed=needed)
        if item is None:
            return given, {}
        pandas = given if isinstance(given, pd.Series) else pd.Series(series.to_list())
        table = pandas.to_frame(item)
        return self._book.clean(table, [item])[item].rename(series.name), {None: item}

    def _table(self, given: Any, *, needed: bool) -> tuple[Any, Found]:
        columns = list(given.columns)
        if not all(isinstance(name, str) for name in columns):  # as pyarrow gives the columns
            columns = list(nw.from_native(given, eager_only=True).columns)
        items = {name: self._item(name, needed=needed) for name in columns}
        found = {name: item for name, item in items.items() if item is not None}
        if not found:
            return given, {}
        return self._book.clean(given, list(found.values()), keep="all"), dict(found)

    def _list(self, role: str, given: Any, *, needed: bool) -> tuple[Any, Found]:
        if all(isinstance(part, str) for part in given):
            found: Found = {}
            for name in given:
                for item in self.find(role, name, needed=needed)[1].values():
                    found[str(name)] = item
            return given, found
        parts = [self.find(role, part, needed=needed) for part in given]
        items = {
            f"{place}": item
            for place, (_, found) in enumerate(parts, start=1)
            for item in found.values()
        }
        return type(given)(part for part, _ in parts), cast("Found", items)

    def _refuse(self, role: str) -> None:
        raise OptionError(
            f"scale is a codebook, but {role} has no name by which to find its item; name a column "
            f"of data, give a Series whose name is an item ({enumerate_names(self._limits)}), or "
            "scale as the lowest and the highest possible answer"
        )


def _is_list(given: object) -> bool:
    """Tell whether it holds names of columns, or variables in order, as pairs do."""
    if isinstance(given, (pd.Index, np.ndarray)):
        return len(given) > 0 and all(isinstance(part, str) for part in given)
    return (
        isinstance(given, (list, tuple))
        and len(given) > 0
        and all(isinstance(p, str) or nw.dependencies.is_into_series(p) for p in given)
    )


def _stranger(name: object, items: Mapping[str, Pair]) -> OptionError:
    hint = suggest(name, items) if isinstance(name, str) else ""
    return OptionError(
        f"scale is a codebook, which has no item {name!r}{hint}; it has "
        f"{enumerate_names(items, most=12)}. Name one of these, or give scale as the lowest and "
        "the highest possible answer"
    )
