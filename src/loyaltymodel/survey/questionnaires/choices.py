"""The answers that an item offers, as a form shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from loyaltymodel._core.options import enumerate_names, suggest
from loyaltymodel.errors import OptionError
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.wording import in_language

MOST = 11  # answers that are offered one by one

_DONT_KNOW = {"en": "don't know", "zh": "不清楚"}  # where a code has no label of its own

Kind = Literal["answer", "dont_know"]


class Choice(NamedTuple):
    """One answer, with what it is called."""

    code: int | float
    wording: str | Mapping[str, str]
    kind: Kind


def short(value: float) -> int | float:
    """Write 10 rather than 10.0."""
    return int(value) if float(value).is_integer() else value


def is_listed(scale: Scale) -> bool:
    """Tell whether the answers are few enough to be offered one by one."""
    return scale.step is not None and (scale.highest - scale.lowest) / scale.step < MOST


def answers_of(scale: Scale) -> list[Choice]:
    """Return every answer of a scale of few; of another those that have a label."""
    codes: list[float] = list(scale.labels)
    if is_listed(scale) and scale.step is not None:
        n = round((scale.highest - scale.lowest) / scale.step)
        steps = [scale.lowest + place * scale.step for place in range(n + 1)]
        labels = {_nearest(code, steps): wording for code, wording in scale.labels.items()}
        return [Choice(short(c), labels.get(c, f"{c:.12g}"), "answer") for c in steps]
    return [Choice(short(code), scale.labels[code], "answer") for code in codes]


def codes_of(of: Scale | Item) -> list[Choice]:
    """Return the codes for "don't know" of a scale or an item."""
    named: Mapping[float, Any] = of.dont_know if isinstance(of.dont_know, Mapping) else {}
    return [Choice(short(code), named.get(code, ""), "dont_know") for code in of.dont_know]


def said(choice: Choice, language: str | None) -> str:
    """Return what an answer is called in a language; the number where it has no name."""
    if isinstance(choice.wording, Mapping):
        return in_language(choice.wording, language, f"the answer {choice.code:g}")
    if choice.wording:
        return choice.wording
    return _DONT_KNOW.get(language or "en", f"{choice.code:g}")


def chosen_language(asked: Any, language: str | None) -> str | None:
    """Return the language asked for, or the first; refuse one in which a text is missing.

    Without a language the whole is in one all the same, never each text in its own first one.
    """
    if language is None:
        by_language = [w for _, w in wordings_of(asked) if isinstance(w, Mapping)]
        if not by_language:
            return None
        language = next(iter(asked.languages or by_language[0]))
    lacking = dict.fromkeys(name for name, w in wordings_of(asked) if _lacks(w, language))
    if lacking:
        meant = "" if language in asked.languages else suggest(language, asked.languages)
        raise OptionError(
            f"language={language!r}{meant}: there is no text in it "
            f"for {enumerate_names(lacking)}; the questionnaire is worded in "
            f"{enumerate_names(asked.languages) or 'no language throughout'}"
        )
    return language


def wordings_of(asked: Any) -> list[tuple[str, str | Mapping[str, str]]]:
    """Return every text of a questionnaire, after where it stands."""
    found = [(f"item {item.name!r}", item.text) for item in asked.items]
    found += [(f"item {i.name!r}", code.wording) for i in asked.items for code in codes_of(i)]
    found += [("the title", asked.title), ("the introduction", asked.introduction)]
    found += [(f"construct {name!r}", wording) for name, wording in asked.constructs.items()]
    for name, scale in asked.scales.items():
        named = [*answers_of(scale), *codes_of(scale)]
        found += [(f"scale {name!r}", choice.wording) for choice in named]
    return found


def further_languages(asked: Any, written: Sequence[str]) -> dict[str, list[str]]:
    """Return what has texts in languages that are not written, by language."""
    found: dict[str, list[str]] = {}
    for name, wording in wordings_of(asked):
        for language in wording if isinstance(wording, Mapping) else ():
            if language not in written and name not in found.setdefault(language, []):
                found[language].append(name)
    return found


def _lacks(wording: str | Mapping[str, str], language: str) -> bool:
    return isinstance(wording, Mapping) and language not in wording


def _nearest(code: float, steps: list[float]) -> float:
    """Return the step that an answer is, which may differ from it by rounding."""
    return min(steps, key=lambda step: abs(step - code))
