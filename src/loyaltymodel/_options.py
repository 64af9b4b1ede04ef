"""Checking of options: one wording for every value that is not allowed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, TypeGuard, TypeVar, get_args

from loyaltymodel.errors import OptionError

T = TypeVar("T")

# Controls, ends of lines and paragraphs, what turns the order of letters, halves of letters.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_OF_NUMPY = re.compile(r"\bnp\.(?:\w+\(([^()]+)\)|(True|False)_)")
_LONGEST = 200  # letters of a value in a message


def check_choice(name: str, value: object, allowed: Any) -> None:
    """Raise an OptionError unless the value is one of those that the Literal lists."""
    choices = get_args(allowed)
    if not any(value is choice or (type(value) is str and value == choice) for choice in choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise OptionError(f"{name}={shown(value)} is not an option; choose one of {listed}")


def check_flag(name: str, value: object) -> None:
    """Raise an OptionError unless the value is True or False."""
    if not isinstance(value, bool):
        raise OptionError(f"{name}={shown(value)} is not an option; choose True or False")


def is_whole(value: object, *, least: int) -> bool:
    """Tell whether a value is a whole number, of Python or NumPy, not below ``least``."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_count(name: str, value: object, *, least: int) -> None:
    """Raise an OptionError unless the value is a whole number not below ``least``."""
    if not is_whole(value, least=least):
        raise OptionError(f"{name}={shown(value)} must be a whole number of at least {least}")


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is one number, of Python or NumPy."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_finite(
    name: str, value: object, *, least: float | None = None, way_out: str = ""
) -> None:
    """Raise an OptionError unless the value is a finite number, not below ``least`` if given."""
    if not is_number(value) or not math.isfinite(value) or (least is not None and value < least):
        limit = "" if least is None else f" of at least {least:g}"
        raise OptionError(f"{name}={shown(value)} must be a finite number{limit}{way_out}")


def check_positive(name: str, value: object) -> None:
    """Raise an OptionError unless the value is a finite number above zero."""
    if not is_number(value) or not math.isfinite(value) or value <= 0:
        raise OptionError(f"{name}={shown(value)} must be a finite number above 0")


def check_share(
    name: str, value: object, *, above: bool = False, such_as: float | None = None
) -> None:
    """Raise an OptionError unless a number lies between 0 and 1, above 0 if asked."""
    if not is_number(value) or not 0 <= value <= 1 or (above and value == 0):
        limits = "above 0 and at most 1" if above else "between 0 and 1"
        example = "" if such_as is None else f", such as {such_as:g}"
        raise OptionError(f"{name}={shown(value)} must be a number {limits}{example}")


def check_between(name: str, value: object, *, such_as: float) -> None:
    """Raise an OptionError unless a number lies between 0 and 1, neither of them included."""
    if not is_number(value) or not 0 < value < 1:
        raise OptionError(f"{name}={shown(value)} must lie between 0 and 1, such as {such_as:g}")


def visible(text: str) -> str:
    r"""Return a text in which what a terminal would obey stands as an escape, such as \x1b."""
    return _HIDDEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def shown(value: object) -> str:
    """Return a value for a message: numbers of NumPy as plain ones, long ones cut short."""
    text = _OF_NUMPY.sub(lambda found: found[1] or found[2], repr(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def enumerate_names(names: Iterable[object], *, most: int = 5) -> str:
    """List names for a message: the first few, and how many more there are."""
    listed = [visible(str(name)) for name in names]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def count_of(number: int, noun: str) -> str:
    """Say how many there are of something: 1 row, 2 rows."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def repeated(names: Iterable[T]) -> list[T]:
    """Return the names that stand more than once, each once, in order of appearance."""
    return [name for name, times in Counter(names).items() if times > 1]


def suggest(name: object, known: Iterable[str]) -> str:
    """Return a hint at the most similar known name, or nothing."""
    folded = {other.strip().casefold(): other for other in known}
    close = [folded[fold] for fold in get_close_matches(str(name).strip().casefold(), folded, n=1)]
    return f" (did you mean {close[0]!r}?)" if close else ""
