"""What the signature of a public function says is held before its body runs.

The annotations name what every parameter takes: a number, one of some words, a result of some
kind, a mapping by name. :func:`checked` reads them once and holds every call against them, so
that no body meets a set, a text or the result of another theory in place of what it works with.
Numbers arrive as Python's own, labelled numbers as mappings, arrays without masks and in the
byte order of the machine. What stands in a table or an array, the doors of the data check.
"""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar, Union, cast, get_args, get_origin

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.codebooks import is_codebook
from loyaltymodel._core.labels import labelled
from loyaltymodel._core.native import NotNumbers, Ragged, native, numbers_of
from loyaltymodel._core.options import (
    a_or_an,
    check_text,
    is_number,
    is_whole,
    one_number,
    one_whole,
    shown,
    why_not_a_list,
)
from loyaltymodel.errors import LoyaltyModelError, OptionError

P = ParamSpec("P")
R = TypeVar("R")


# Marks types of arguments that a door of the data reads, and refuses with the row that is wrong.
READ_BY_A_DOOR = "read by a door of the data"
# Marks a codebook, which can stand for limits of answers wherever there are any.
A_CODEBOOK = "a codebook"

_VIEWS = (collections.abc.KeysView, collections.abc.ValuesView)  # of a dictionary, in its order


class _Plain(OptionError):  # noqa: N818  it is never seen: an OptionError is raised for it
    """What no body must meet, nor could say better: a set, an iterator, too large a count."""


class _Kind(NamedTuple):
    """A thing that a parameter takes: how it is known, how it is read, what it is called."""

    takes: Callable[[Any], bool]
    read: Callable[[str, Any], Any]
    words: tuple[str, ...]


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Hold each call of a function or method against the annotations of its parameters.

    Raises
    ------
    OptionError
        By the function returned, if an argument is not of a kind that its annotation names.
    """
    read, refused, plain = _Reader(function), OptionError, _Plain

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            arguments = read.in_order(args), read.by_name(kwargs)
        except refused as refusal:
            if not isinstance(refusal, plain):
                in_own_words(args, kwargs)
            raise refused(str(refusal)) from None
        return function(*arguments[0], **arguments[1])

    def in_own_words(args: Any, kwargs: Any) -> None:
        """Let the function refuse what the annotations do not name, if it knows a way out."""
        try:
            # Nothing comes of the call, so nobody needs its warnings.
            with warnings.catch_warnings(action="ignore"):
                function(*args, **kwargs)
        except LoyaltyModelError:
            raise
        except Exception:
            return

    # Made again with the globals of its own module: by them doctest knows where it belongs.
    own = types.FunctionType(
        call.__code__, function.__globals__, function.__name__, None, call.__closure__
    )
    return cast("Callable[P, R]", wraps(function)(own))


def checked_fields(kind: type[R]) -> type[R]:
    """Hold what a record is made from against the annotations of its fields; a decorator."""
    kind.__init__ = checked(kind.__init__)  # type: ignore[method-assign]
    return kind


def listed(value: Any) -> Any:
    """Return an array as a list, in which what a mask hides is missing."""
    return native(value).tolist() if isinstance(value, np.ndarray) else value


class _Reader:
    """Reads the arguments of one function, whose annotations it looks up at the first call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._places: tuple[str, ...] | None = None
        self._kinds: dict[str, _Kind] = {}

    def in_order(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments that were given without their names."""
        if self._places is None:
            self._look_up()
        places = cast("tuple[str, ...]", self._places)
        known = [self._read(name, value) for name, value in zip(places, args, strict=False)]
        return (*known, *args[len(known) :])

    def by_name(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that were given by name."""
        return {name: self._read(name, value) for name, value in kwargs.items()}

    def _read(self, name: str, value: Any) -> Any:
        kind = self._kinds.get(name)
        return value if kind is None else kind.read(name, value)

    def _look_up(self) -> None:
        parameters = inspect.signature(self._function).parameters
        for name, parameter in parameters.items():
            if parameter.annotation is not parameter.empty:
                self._kinds[name] = _kind_of(_evaluated(parameter.annotation, self._function))
        in_order = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._places = tuple(name for name, p in parameters.items() if p.kind in in_order)


def _evaluated(annotation: object, function: Callable[..., Any]) -> object:
    """Return the type that an annotation names.

    A class that is imported for type checkers only is looked for among the modules at hand.
    """
    if not isinstance(annotation, str):
        return annotation
    space = dict(function.__globals__)
    while True:
        try:
            return eval(annotation, space)  # noqa: S307  written in this library
        except NameError as error:
            space[str(error.name)] = _somewhere(str(error.name))


def _somewhere(name: str) -> object:
    own = __name__.partition(".")[0]
    for module, content in list(sys.modules.items()):
        if module.startswith(own) and name in vars(content):
            return vars(content)[name]
    return object


def _kind_of(annotation: Any) -> _Kind:  # noqa: PLR0911  a line a kind
    """Return how to read what an annotation names."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(annotation))
    if annotation == Numbers:
        return _kind_of(FloatArray)
    if origin is typing.Annotated:
        of, *marks = get_args(annotation)
        if A_CODEBOOK in marks:
            return _CODEBOOK
        return _ANYTHING if READ_BY_A_DOOR in marks else _kind_of(of)
    if origin is Literal:
        return _choice(get_args(annotation))
    if annotation in _SINGLE:
        return _SINGLE[annotation]
    if annotation == FloatArray:
        return _Kind(lambda _: True, _floats, ("numbers",))
    kind = origin or annotation
    if kind is tuple and get_args(annotation)[-1:] != (...,):
        return _fixed(get_args(annotation))
    if kind in _LISTS:
        return _list_of(kind, get_args(annotation))
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return _mapping(get_args(annotation))
    if kind is collections.abc.Callable:
        return _Kind(callable, _same, ("a function",))
    if not isinstance(kind, type) or kind in _LOOSE or getattr(kind, "_is_protocol", False):
        return _ANYTHING
    return _instance(kind)


def _same(_: str, value: Any) -> Any:
    return value


def _anything(name: str, value: Any) -> Any:
    """Return variables, tables and all that a door of the data checks, in plain arrays."""
    if isinstance(value, str):
        return check_text(name, value)
    if isinstance(value, (np.ndarray, pd.Series, pd.DataFrame)):
        return native(value)
    if type(value) is dict:
        _check_keys(name, value)
        return {key: _anything(name, part) for key, part in value.items()}
    if type(value) in (list, tuple) and value and isinstance(value[0], np.ndarray):
        return [native(part) if isinstance(part, np.ndarray) else part for part in value]
    if isinstance(value, _VIEWS):
        return list(value)
    _check_order(name, value)
    return value


def _check_keys(name: str, given: Mapping[Any, Any]) -> None:
    """Refuse names with half of a letter, before they reach a table or a terminal."""
    for key in given:
        if isinstance(key, str):
            check_text(f"a name in {name}", key)


def _check_order(name: str, value: object) -> None:
    if why := why_not_a_list(value):
        unordered = isinstance(value, collections.abc.Set)
        way_out = f"give a list, such as sorted({name})" if unordered else f"give list({name})"
        raise _Plain(f"{name} is a {type(value).__name__}, which {why}; {way_out}")


def _floats(name: str, value: Any) -> FloatArray:
    """Return numbers as an array of doubles, of any shape."""
    _check_order(name, value)
    try:
        array = np.asarray(numbers_of(value), dtype=np.float64)
    except Ragged:
        raise _Plain(f"{name} has rows of different lengths; give an array") from None
    except NotNumbers as error:
        raise _Plain(f"{name} has {error.example}, which is no number") from None
    if array.ndim == 0 and not is_number(value):  # nothing at all is no number
        raise _Plain(f"{name}={shown(value)} must be a number or an array of them")
    return array


_ANYTHING = _Kind(lambda _: True, _anything, ("anything",))
_NOTHING = _Kind(lambda value: value is None, _same, ("None",))
# Without words of its own: what is no pair is refused in the words of pairs.
_CODEBOOK = _Kind(is_codebook, _same, ())


def _kind(takes: Callable[[Any], bool], read: Callable[[str, Any], Any], words: str) -> _Kind:
    """Return a kind that refuses in its own words what it does not take."""

    def read_or_refuse(name: str, value: Any) -> Any:
        if not takes(value):
            raise OptionError(f"{name}={shown(value)} must be {words}")
        return read(name, value)

    return _Kind(takes, read_or_refuse, (words,))


def _whole(name: str, value: Any) -> int:
    try:
        return one_whole(name, value)
    except OptionError as refusal:
        raise _Plain(str(refusal)) from None


_SEED = _kind(lambda value: is_whole(value, least=0), _whole, "a whole number from 0 up")


def _is_category(value: object) -> bool:
    """Tell whether a value can be told apart from others: not a list, not missing or blank."""
    if not isinstance(value, collections.abc.Hashable):
        return False
    if isinstance(value, str):
        return bool(value.strip())
    try:
        hash(value)
        missing = pd.isna(cast("Any", value))
    except (TypeError, ArithmeticError):  # a tuple of lists, a signalling NaN
        return False
    return isinstance(missing, np.ndarray) or not missing


_SINGLE: dict[Any, _Kind] = {
    None: _NOTHING,
    type(None): _NOTHING,
    Any: _ANYTHING,
    object: _ANYTHING,
    float: _kind(is_number, one_number, "a number"),
    int: _kind(is_whole, _whole, "a whole number"),
    str: _kind(lambda value: isinstance(value, str), check_text, "text"),
    collections.abc.Hashable: _kind(_is_category, _anything, "text, a number or a date"),
    bool: _kind(
        lambda value: isinstance(value, (bool, np.bool_)), lambda _, v: bool(v), "True or False"
    ),
}


def _choice(choices: tuple[Any, ...]) -> _Kind:
    """Read one of some words."""

    def takes(value: Any) -> bool:
        return any(value is c or (isinstance(value, str) and value == c) for c in choices)

    def read(name: str, value: Any) -> Any:
        if not takes(value):
            raise OptionError(_no_option(name, value, words))
        return next(choice for choice in choices if value is choice or value == choice)

    words = tuple(repr(choice) for choice in choices)
    return _Kind(takes, read, words)


def _no_option(name: str, value: object, words: tuple[str, ...]) -> str:
    return f"{name}={shown(value)} is not an option; choose one of {', '.join(words)}"


def _one_of(parts: tuple[Any, ...]) -> _Kind:
    """Read by the first of several kinds that takes the value."""
    seeds = np.random.Generator in parts
    kinds = [_SEED if seeds and part is int else _kind_of(part) for part in parts]
    if _ANYTHING in kinds:
        return _ANYTHING
    words = tuple(word for kind in kinds for word in kind.words)
    # The others first, since arrays of numbers take anything.
    kinds.sort(key=lambda kind: kind not in (_NOTHING, _CODEBOOK))
    some = [kind for kind in kinds if kind not in (_NOTHING, _CODEBOOK)]

    def read(name: str, value: Any) -> Any:
        first: OptionError | None = None
        for kind in kinds:
            if kind.takes(value):
                try:
                    return kind.read(name, value)
                except OptionError as refusal:
                    first = first or refusal
        if first is not None:
            raise first
        if len(some) == 1 and len(some[0].words) == 1:  # which says best what is wrong
            return some[0].read(name, value)
        # No room knows more of chance, and one that tried would draw from what was given.
        raise (_Plain if seeds else OptionError)(_no_option(name, value, words))

    return _Kind(lambda value: any(kind.takes(value) for kind in kinds), read, words)


def _instance(kind: type[Any]) -> _Kind:
    """Read an object of a class, such as a result; the class may say what makes one."""
    called = f"{a_or_an(kind.__name__)} {kind.__name__}"

    def read(name: str, value: Any) -> Any:
        if isinstance(value, kind):
            return native(value) if isinstance(value, (pd.Series, pd.DataFrame)) else value
        made_by = getattr(kind, "made_by", None)
        way_out = f"; give what {made_by} returns" if made_by else ""
        given = value.__name__ if isinstance(value, type) else type(value).__name__
        itself = "the class" if isinstance(value, type) else a_or_an(given)
        raise OptionError(f"{name} is {itself} {given}, not {called}{way_out}")

    return _Kind(lambda value: isinstance(value, kind), read, (called,))


def _is_list(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1
    return isinstance(value, (list, tuple, range, pd.Index, pd.Series, *_VIEWS)) or (
        isinstance(value, collections.abc.Sequence) and not isinstance(value, (str, bytes))
    )


def _in_order(name: str, value: Any) -> list[Any] | tuple[Any, ...]:
    """Return the elements of a list, array or Index; a Series with labels has no place."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, pd.Series) and not isinstance(value.index, pd.RangeIndex):
        raise OptionError(
            f"{name} is a Series with labels, but is read in order; give .tolist(), in the order "
            "that is meant"
        )
    if isinstance(value, (np.ndarray, pd.Index, pd.Series)):
        value = np.asarray(native(value)).tolist()
    return list(value)


def _plural(words: tuple[str, ...]) -> str:
    plural = {"text": "texts", "a number": "numbers", "a whole number": "whole numbers"}
    return " or ".join(plural.get(word, word) for word in words)


def _list_of(kind: type[Any], parts: tuple[Any, ...]) -> _Kind:
    """Read a list of things of one kind; where the order is nothing, also a set."""
    part = _kind_of(parts[0]) if parts else _ANYTHING
    words = "a list" if part is _ANYTHING else f"a list of {_plural(part.words)}"
    free, once = kind is collections.abc.Collection, kind is collections.abc.Iterable

    def takes(value: Any) -> bool:
        unordered = free and isinstance(value, collections.abc.Set)
        return (
            _is_list(value) or unordered or (once and isinstance(value, collections.abc.Iterator))
        )

    def read(name: str, value: Any) -> Any:
        if once and isinstance(value, collections.abc.Iterator):
            return value
        if not takes(value):
            _check_order(name, value)
            such_as = f", such as [{value!r}]" if isinstance(value, str) else ""
            raise OptionError(f"{name}={shown(value)} must be {words}{such_as}")
        if isinstance(value, collections.abc.Set):
            return value
        found = [part.read(f"{name}[{k}]", v) for k, v in enumerate(_in_order(name, value))]
        return tuple(found) if kind is tuple or isinstance(value, tuple) else found

    return _Kind(takes, read, (words,))


def _fixed(parts: tuple[Any, ...]) -> _Kind:
    """Read so many things in order, such as the lowest and the highest answer."""
    kinds = [_kind_of(part) for part in parts]
    numbers = parts == (float,) * len(parts)
    n = "two" if len(parts) == 2 else str(len(parts))  # noqa: PLR2004
    words = f"{n} numbers" if numbers else f"{n} values"

    def read(name: str, value: Any) -> Any:
        _check_order(name, value)
        given = _in_order(name, value) if _is_list(value) else ()
        if len(given) != len(kinds) or (numbers and not all(map(is_number, given))):
            raise OptionError(f"{name} is {shown(value)}, not {words}{_such_as(name)}")
        return tuple(
            kind.read(f"{name}[{k}]", v)
            for k, (kind, v) in enumerate(zip(kinds, given, strict=True))
        )

    return _Kind(_is_list, read, (words,))


def _such_as(name: str) -> str:
    if not name.startswith("scale"):
        return ""
    return "; give the lowest and the highest possible answer, such as (1, 10)"


def _mapping(parts: tuple[Any, ...]) -> _Kind:
    """Read a mapping by name; a Series is one by its labels."""
    named = bool(parts) and parts[0] is str
    part = _kind_of(parts[1]) if parts else _ANYTHING

    def takes(value: Any) -> bool:
        return isinstance(value, (Mapping, pd.Series))

    def read(name: str, value: Any) -> Any:
        if not takes(value):
            _check_order(name, value)
            raise OptionError(f"{name}={shown(value)} must be a mapping, such as a dictionary")
        if isinstance(value, pd.Series):
            value = labelled(name, value)
        _check_keys(name, value)
        if named and (odd := [key for key in value if not isinstance(key, str)]):
            raise OptionError(f"{name} has the name {shown(odd[0])}, which is no text")
        found = {key: part.read(f"{name}[{key!r}]", v) for key, v in value.items()}
        same = all(found[key] is v for key, v in value.items())
        return value if same else found

    return _Kind(takes, read, ("a mapping",))


_LISTS = (
    list,
    tuple,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.Collection,
)
# Types of arrays, and of parts of what NumPy reads as one, which the doors of the data check.
_LOOSE = (np.ndarray, complex, bytes)
