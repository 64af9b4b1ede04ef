"""Checking of options: one wording for every value that is not allowed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from decimal import Decimal
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, TypeGuard, TypeVar, cast, get_args
from unicodedata import normalize

from loyaltymodel.errors import OptionError

T = TypeVar("T")

_LARGEST_WHOLE = 2**53
LEAST_RELIABILITY = 0.001
# Beyond these, powers and products of what was measured leave the numbers of a computer.
LARGEST, SMALLEST = 1e100, 1e-100

# More than anybody needs, and few enough that memory and patience last.
MOST = {
    "n": (10_000_000, "people"),
    "n_resamples": (1_000_000, "resamples: more of them change no digit that data support"),
    "n_surveys": (100_000, "surveys: more of them change no digit that a plan needs"),
    "n_orders": (1_000_000, "orders: more of them change no digit that data support"),
    "n_periods": (10_000, "periods"),
    "periods": (1_000_000, "periods; .steady_state says where a chain ends"),
    "n_points": (1_000_000, "points of a line"),
    "bins": (1_000, "bins"),
    "max_iter": (1_000_000, "iterations: what has not converged by then will not"),
    "digits": (15, "digits, which is all that numbers have"),
    "indent": (100, "spaces a level"),
}

# Controls, ends of lines and paragraphs, what turns the order of letters, halves of letters.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_OF_NUMPY = re.compile(r"\bnp\.(?:\w+\(([^()]+)\)|(True|False)_)")
_HINTED = 5  # names in a message with what may be meant, which takes long to find
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


def is_whole(value: object, *, least: int | None = None) -> bool:
    """Tell whether a value is a whole number, of Python or NumPy, not below ``least`` if given."""
    value = _alone(value)
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    return whole and (least is None or int(cast(int, value)) >= least)


def one_whole(name: str, value: object) -> int:
    """Return a whole number as Python's own; see :func:`is_whole`."""
    number = int(cast(int, _alone(value)))
    if abs(number) > _LARGEST_WHOLE:
        raise OptionError(f"{name} is too large a number; at most 2**53 is exact in computing")
    most, of_what = MOST.get(name, (_LARGEST_WHOLE, ""))
    if number > most:
        raise OptionError(f"{name}={number} is too large; give at most {most:,} {of_what}")
    return number


def check_count(name: str, value: object, *, least: int) -> None:
    """Raise an OptionError unless the value is a whole number not below ``least``."""
    if not is_whole(value, least=least):
        raise OptionError(f"{name}={shown(value)} must be a whole number of at least {least}")


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is one number, of Python or NumPy; a Decimal is one."""
    value = _alone(value)
    return isinstance(value, (Real, Decimal)) and not isinstance(value, bool)


def one_number(name: str, value: object) -> float:
    """Return a number as Python's own, a whole one as such; see :func:`is_number`.

    Raises
    ------
    OptionError
        If it is no number at all (NaN), or beyond the numbers of computing.
    """
    value = cast(float, _alone(value))
    try:
        number = float(value)
    except (OverflowError, ValueError):  # of an integer beyond a float, of a signalling NaN
        raise OptionError(f"{name}={shown(value)} is no number to compute with") from None
    if number != number:  # noqa: PLR0124  only NaN is not itself
        raise OptionError(f"{name} is NaN, which is no number")
    return value if type(value) is int else number


def _alone(value: object) -> object:
    """Return a single value of NumPy, also in an array without dimensions, as Python's own."""
    if getattr(value, "ndim", None) != 0 or not hasattr(value, "item"):
        return value
    hidden = bool(getattr(value, "mask", False))  # nothing, which would come out as 0
    return None if hidden else value.item()


def check_text(name: str, value: str) -> str:
    """Return text as Python's own, or raise an OptionError where it cannot be written down."""
    if has_half_letter(value):
        raise OptionError(
            f"{name}={shown(value)} has half of a letter (a surrogate), which cannot be written to "
            "a file; read the text anew in its right encoding"
        )
    return str(value)


def has_half_letter(text: str) -> bool:
    """Tell whether a text has half of a letter (a surrogate), which no file or terminal takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def why_not_a_list(value: object) -> str:
    """Say why a value cannot be read in order, or nothing if it can: it is a set, or read once."""
    if isinstance(value, Set):
        return "has no order"
    return "can be read only once" if isinstance(value, Iterator) else ""


def a_or_an(noun: str) -> str:
    """Return the article of a noun."""
    return "an" if noun[:1].lower() in tuple("aeio") or noun.startswith("nd") else "a"


def check_finite(
    name: str, value: object, *, least: float | None = None, way_out: str = ""
) -> None:
    """Raise an OptionError unless the value is a finite number, not below ``least`` if given."""
    if not is_number(value) or not math.isfinite(value) or (least is not None and value < least):
        limit = "" if least is None else f" of at least {least:g}"
        raise OptionError(f"{name}={shown(value)} must be a finite number{limit}{way_out}")
    _check_size(name, value)


def check_positive(name: str, value: object) -> None:
    """Raise an OptionError unless the value is a finite number above zero."""
    if not is_number(value) or not math.isfinite(value) or value <= 0:
        raise OptionError(f"{name}={shown(value)} must be a finite number above 0")
    _check_size(name, value)


def _check_size(name: str, value: float) -> None:
    if abs(float(value)) > LARGEST:
        raise OptionError(f"{name}={shown(value)} is too large to compute with; take other units")


def check_share(
    name: str, value: object, *, above: bool = False, such_as: float | None = None
) -> None:
    """Raise an OptionError unless a number lies between 0 and 1, above 0 if asked."""
    if not is_number(value) or not 0 <= value <= 1 or (above and value == 0):
        limits = "above 0 and at most 1" if above else "between 0 and 1"
        example = "" if such_as is None else f", such as {such_as:g}"
        raise OptionError(f"{name}={shown(value)} must be a number {limits}{example}")


def is_reliability(value: object) -> TypeGuard[float]:
    """Tell whether a value is a reliability that leaves something to be told from error."""
    return is_number(value) and LEAST_RELIABILITY <= value <= 1


def check_between(name: str, value: object, *, such_as: float) -> None:
    """Raise an OptionError unless a number lies between 0 and 1, neither of them included."""
    if not is_number(value) or not 0 < value < 1:
        raise OptionError(f"{name}={shown(value)} must lie between 0 and 1, such as {such_as:.12g}")


def visible(text: str) -> str:
    r"""Return a text in which what a terminal would obey stands as an escape, such as \x1b."""
    return _HIDDEN.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def shown(value: object) -> str:
    """Return a value for a message: numbers of NumPy as plain ones, long ones cut short."""
    if (shape := getattr(value, "shape", ())) != () and not isinstance(value, type):
        kind = type(value).__name__
        return f"{a_or_an(kind)} {kind} of shape {shape}"
    try:
        text = _OF_NUMPY.sub(lambda found: found[1] or found[2], repr(value))
    except Exception:  # whatever the object of a stranger does, the message comes out
        text = f"<{type(value).__name__}>"
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


def matched(names: Collection[T], known: Collection[T]) -> dict[T, T]:
    """Return which of those known each name is: as it stands, else as Unicode composes letters.

    An é is one letter or two, and looks the same. A name that is none of them is left out, and one
    that is several of them when composed.
    """
    own = set(known)
    found = {name: name for name in names if name in own}
    if absent := [name for name in names if name not in found]:
        composed: dict[object, list[T]] = {}
        for name in own:
            composed.setdefault(_composed(name), []).append(name)
        same = ((name, composed.get(_composed(name), [])) for name in absent)
        found |= {name: others[0] for name, others in same if len(others) == 1}
    return found


def alike(names: Collection[T]) -> list[T]:
    """Return the names that stand more than once, also as Unicode composes letters, each once."""
    times = Counter(map(_composed, names))
    return [name for name in dict.fromkeys(names) if times[_composed(name)] > 1]


def _composed(name: object) -> object:
    return normalize("NFC", name) if isinstance(name, str) else name


def hinted(names: Sequence[object], known: Iterable[object]) -> str:
    """List names that are not known, the first few with what may be meant."""
    texts = [name for name in known if isinstance(name, str)]
    hints = [shown(name) + suggest(name, texts) for name in names[:_HINTED]]
    return enumerate_names([*hints, *names[_HINTED:]], most=_HINTED)


def suggest(name: object, known: Iterable[str]) -> str:
    """Return a hint at the most similar known name, or nothing."""
    folded = {other.strip().casefold(): other for other in known}
    close = [folded[fold] for fold in get_close_matches(str(name).strip().casefold(), folded, n=1)]
    return f" (did you mean {close[0]!r}?)" if close else ""
