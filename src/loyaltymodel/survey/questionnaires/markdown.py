"""A questionnaire to read and to print, as Markdown."""

from __future__ import annotations

import re
from typing import Any

from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.questionnaires.choices import (
    answers_of,
    chosen_language,
    codes_of,
    is_listed,
    said,
)
from loyaltymodel.survey.wording import in_language

_BOX = "☐"
_LINE = "__________"
# Signs that Markdown takes for more than signs, anywhere and at the beginning of a line.
_MARKUP = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_FIRST = re.compile(r"^(\d*)([#>+=.)-])")


def written(asked: Any, language: str | None) -> str:
    """Return a questionnaire in a language: its items by construct, numbered throughout."""
    language = chosen_language(asked, language)
    parts = [f"# {_in(asked.title, language)}"]
    introduction = in_language(asked.introduction, language, "the introduction")
    parts += [_plain(line) for line in introduction.splitlines() if line.strip()]
    number = 0
    for construct in (*asked.constructs, None):
        items = [item for item in asked.items if item.construct == construct]
        if items and construct is not None:
            parts.append(f"## {_in(asked.constructs[construct], language)}")
        elif items and asked.constructs:
            parts.append("---")
        for item in items:
            number += 1
            text = _in(item.text, language) or _plain(item.name)
            indent = " " * len(f"{number}. ")
            answers = _answers(asked.scales[item.scale], item, language)
            parts += [f"{number}. {text}", f"{indent}{answers}"]
    return "\n\n".join(parts) + "\n"


def _answers(scale: Scale, item: Item, language: str | None) -> str:
    """Write the boxes of an item, or the line to fill in."""
    boxes = []
    if is_listed(scale):
        for choice in answers_of(scale):
            called, number = said(choice, language), f"{choice.code:.12g}"
            boxes.append(number if called == number else f"{number} {_plain(called)}")
    shown = [f"{_BOX} {box}" for box in boxes]
    if not boxes:
        shown = [f"{_LINE} ({_limits(scale, language)})"]
    codes = [*codes_of(scale), *codes_of(item)]
    return " ".join([*shown, *(f"{_BOX} {_plain(said(code, language))}" for code in codes)])


def _limits(scale: Scale, language: str | None) -> str:
    labels = {choice.code: _plain(said(choice, language)) for choice in answers_of(scale)}
    ends = [
        f"{end:.12g} {labels[end]}" if end in labels else f"{end:.12g}"
        for end in (scale.lowest, scale.highest)
    ]
    return " – ".join(ends)


def _in(wording: Any, language: str | None) -> str:
    return _plain(in_language(wording, language, "the text"))


def _plain(text: str) -> str:
    """Return a text on one line, with nothing in it that Markdown reads as more than text."""
    line = _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
    return _FIRST.sub(r"\1\\\2", line)
