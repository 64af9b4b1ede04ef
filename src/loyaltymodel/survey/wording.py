"""Texts of a questionnaire: one text, or the same in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import enumerate_names, shown, suggest
from loyaltymodel.errors import ModelError, OptionError

# A language as BCP 47 writes it: en, zh, pt-BR, zh-Hant.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _read(given: Any) -> Any:
    if isinstance(given, str):
        return given
    if not isinstance(given, Mapping):
        raise PydanticCustomError("string_type", "no text")
    for language, text in given.items():
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise ModelError(
                f"{shown(language)} is no language; write it as in {{'en': ..., 'zh': ...}}"
            )
        if not isinstance(text, str):
            raise ModelError(f"the text in {language!r} is {shown(text)}, no text")
    if not given:
        raise ModelError("texts by language need at least one language")
    return given


def _frozen(wording: str | Mapping[str, str]) -> str | Mapping[str, str]:
    return wording if isinstance(wording, str) else FrozenMapping(wording)


def _plain(wording: Any) -> Any:
    return dict(wording) if isinstance(wording, Mapping) else wording


Wording = Annotated[
    str | Mapping[str, str],
    BeforeValidator(_read),
    AfterValidator(_frozen),
    PlainSerializer(_plain, return_type=str | dict[str, str]),
]


def in_language(wording: str | Mapping[str, str], language: str | None, what: str) -> str:
    """Return a text in a language; without one the only text, or the first.

    Raises
    ------
    OptionError
        If there are texts by language, and none in this one.
    """
    if isinstance(wording, str):
        return wording
    if language is None:
        return next(iter(wording.values()))
    if language not in wording:
        raise OptionError(
            f"{what} has no text in {language!r}{suggest(language, wording)}; there is "
            f"{enumerate_names(wording)}"
        )
    return wording[language]


def texts_of(wording: str | Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts in all languages."""
    return (wording,) if isinstance(wording, str) else tuple(wording.values())


def languages_of(wordings: Iterable[str | Mapping[str, str]]) -> tuple[str, ...]:
    """Return the languages in which all texts are that are given by language."""
    several = [tuple(w) for w in wordings if isinstance(w, Mapping)]
    if not several:
        return ()
    return tuple(name for name in several[0] if all(name in other for other in several))


def folded(text: str) -> str:
    """Return a text without what differs between spellings: width, blanks around, capitals."""
    return " ".join(normalize("NFKC", text).split()).casefold()
