"""Words in the reader's language, and names in the user's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from unicodedata import east_asian_width

from loyaltymodel._core.options import check_choice, enumerate_names, visible
from loyaltymodel.errors import OptionError

Language = Literal["en", "zh"]
Words = Mapping[str, str]

_LONG = 22  # letters of a name in a line
_LONGEST = 200  # letters of a name
# Chinese may be broken between any two letters, but not before and after these.
_CLOSING = "，。、；：！？）》】’”…％%,.;:!?)]}"
_OPENING = "（《【‘“([{"
_WORDS: Mapping[Language, Words] = {
    "en": {"interval": "{:g}% interval"},
    "zh": {"interval": "{:g}% 区间"},
}
_PERIODS: Mapping[Language, Words] = {
    "en": {
        "day": "day", "week": "week", "month": "month", "quarter": "quarter",
        "half_year": "half-year", "year": "year",
    },
    "zh": {
        "day": "日", "week": "周", "month": "月", "quarter": "季度",
        "half_year": "半年", "year": "年",
    },
}  # fmt: skip


def words_in(language: Language, table: Mapping[Language, Words]) -> Words:
    """Return the words of a picture in a language; an OptionError if there is no such language."""
    check_choice("language", language, Language)
    return table[language]


def period_in(language: Language, per: str) -> str:
    """Return what a period is called."""
    return words_in(language, _PERIODS)[per]


def chinese_in(language: Language, chinese: Mapping[Any, str]) -> Mapping[Any, str]:
    """Return the Chinese names of those that have one, or nothing in other languages."""
    return {name: own for name, own in chinese.items() if own} if language == "zh" else {}


def interval_in(language: Language, level: float) -> str:
    """Return what intervals are called, with their level."""
    return _WORDS[language]["interval"].format(100 * level)


def shown_names(
    known: Iterable[Any],
    names: Mapping[Any, str] | None,
    own: Mapping[Any, str] | None = None,
    *,
    more: Iterable[Any] = (),
    listed: str = ", which the result has not; it has",
) -> dict[Any, str]:
    """Return the name to show for each of those known, and of more that may be named.

    It is the one that the user gives in ``names``, else the one in ``own``, else its own.
    An OptionError says what else there is in ``names``, and, after ``listed``, what is known.
    """
    if names is not None and not isinstance(names, Mapping):
        raise OptionError(f"names={names!r} is no mapping from a name to the name to show")
    given, known = dict(names or {}), list(known)
    every = [*known, *more]
    if unknown := [name for name in given if name not in every]:
        raise OptionError(
            f"names has {enumerate_names(unknown)}{listed} {enumerate_names(known, most=12)}"
        )
    shown = dict(own or {}) | given
    return {name: _seen(str(shown.get(name, name))) for name in every}


def _seen(name: str) -> str:
    """Return a name whose letters can be drawn, in the lines that it has; a very long one cut."""
    cut = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    return "\n".join(map(visible, cut.split("\n")))


def wrapped(names: Iterable[str], letters: int = _LONG) -> list[str]:
    """Return names with the long ones in several lines, about as long as each other.

    A Chinese letter is as wide as two others.
    """
    return [_wrap(name, letters) for name in names]


def _wrap(name: str, letters: int) -> str:
    pieces = _pieces(name)
    lines = _fill(pieces, letters)
    if len(lines) == 1:
        return name
    narrower = letters
    while narrower > 1 and len(shorter := _fill(pieces, narrower - 1)) == len(lines):
        lines, narrower = shorter, narrower - 1
    return "\n".join(lines)


def _pieces(name: str) -> list[str]:
    """Part a name where it may be broken; a piece that begins a word begins with a space."""
    pieces: list[str] = []
    for word in name.split():
        piece = f"{pieces.pop()} " if pieces and pieces[-1].endswith("→") else " "
        for before, letter in zip(f" {word}", word, strict=False):
            wide = _is_wide(before) or _is_wide(letter)
            apart = wide and letter not in _CLOSING and before not in _OPENING
            if before != " " and (apart or (before == "-" and letter.isalnum())):
                pieces.append(piece)
                piece = ""
            piece += letter
        pieces.append(piece)
    return pieces


def _fill(pieces: Sequence[str], letters: int) -> list[str]:
    lines = [""]
    for piece in pieces:
        if lines[-1] and _width(lines[-1] + piece) > letters:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


def _width(text: str) -> int:
    return len(text) + sum(map(_is_wide, text))


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"
