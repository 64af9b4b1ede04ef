"""The draft of a codebook: what the file says of its scales, and what can only be guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.scales import is_like_a_code
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.reading.columns import Column
from loyaltymodel.survey.reading.raw import Raw

Origin = Literal["value labels", "guess"]

_NO_ANSWER = re.compile(
    r"^(don'?t know|dk|no answer|refused|refusal|not applicable|n/?a|not asked|missing|can'?t say"
    r"|prefer not to (say|answer)|weiß nicht|keine angabe|k\.? ?a\.?|不知道|不清楚|说不清|不适用"
    r"|拒绝回答|拒答|未回答|无法回答|缺失)\b",
    re.IGNORECASE,
)
_FEWEST_LABELS = 2


@dataclass(slots=True)
class Draft:
    """A codebook (None without a scale), and of each scale its items and where it is from."""

    codebook: Codebook | None = None
    origins: dict[str, Origin] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def draft_codebook(raw: Raw, columns: Sequence[Column], title: str) -> Draft:
    """Return the draft of a codebook of the columns that seem to be answered on a scale."""
    draft = Draft()
    scales: dict[Scale, str] = {}
    items = []
    for column in columns:
        if column.kind != "scale" or column.numbers is None:
            continue
        found = _scale(column, raw, draft)
        if found is None:
            continue
        scale, origin = found
        if scale not in scales:
            scales[scale] = _free(_name(scale, origin), draft.origins)
            draft.origins[scales[scale]] = origin
        items.append(Item(name=column.name, scale=scales[scale], text=column.text))
    _remark_on_kinds(raw, columns, draft)
    if items:
        named = {name: scale for scale, name in scales.items()}
        draft.codebook = Codebook(
            title=title,
            source=f"draft, read from {title}; no file says which items are reversed",
            scales=named,
            items=items,
        )
    return draft


def _scale(column: Column, raw: Raw, draft: Draft) -> tuple[Scale, Origin] | None:
    """Return the scale of a column, and remark on codes that are suspected."""
    numbers = column.numbers
    if numbers is None:
        return None
    given = numbers[~np.isnan(numbers)]
    declared = {float(code) for code in raw.codes.get(column.name, ())}
    named = {
        float(value): text.strip()
        for value, text in raw.labels.get(column.name, {}).items()
        if not isinstance(value, str) and text.strip()
    }
    labels = {value: text for value, text in named.items() if value not in declared}
    answers = _without_codes(labels)
    if column.codes is not None:
        found = column.codes
        codes = enumerate_names([f"{code:g}" for code in found.codes])
        draft.remarks.append(
            f"{column.name!r} has {count_of(found.count, 'answer')} of {codes}, and the next "
            f"highest is {found.high:g}: if it means no answer, list it in dont_know of the scale"
        )
        given = given[(given >= found.low) & (given <= found.high)]
    _remark_on_labels(column.name, labels, answers, draft, said=column.codes is not None)
    if len(answers) >= _FEWEST_LABELS:
        low, high, origin = min(answers), max(answers), "value labels"
    elif given.size and given.min() < given.max():
        low, high, origin = min(float(given.min()), 1.0), float(given.max()), "guess"
        answers = {value: text for value, text in answers.items() if low <= value <= high}
    else:
        return None
    whole = all(value % 1 == 0 for value in answers) and low % 1 == 0
    if not whole:
        return None
    outside = _dont_know([code for code in sorted(declared) if not low <= code <= high], named)
    scale = Scale(lowest=low, highest=high, labels=answers, dont_know=outside)
    return scale, origin  # type: ignore[return-value]


def _dont_know(codes: Sequence[float], named: Mapping[float, str]) -> Any:
    """Return codes that the file declares as missing, by what it calls them if it names all."""
    if codes and all(code in named for code in codes):
        return {code: named[code] for code in codes}
    return tuple(codes)


def _without_codes(labels: Mapping[float, str]) -> dict[float, str]:
    """Return the labels of answers: codes that are far from all others are left out."""
    regular = [value for value in labels if not is_like_a_code(value)]
    if len(regular) < _FEWEST_LABELS:
        return dict(labels)
    low, high = min(regular), max(regular)
    reach = high - low
    return {
        value: text
        for value, text in labels.items()
        if not is_like_a_code(value) or low - reach <= value <= high + reach
    }


def _remark_on_labels(
    name: str,
    labels: Mapping[float, str],
    answers: Mapping[float, str],
    draft: Draft,
    *,
    said: bool,
) -> None:
    if (far := [v for v in labels if v not in answers]) and not said:
        listed = enumerate_names([f"{v:g} ({labels[v]})" for v in far])
        draft.remarks.append(
            f"{name!r} has labels far from all others: {listed}; if they mean no answer, list them "
            "in dont_know of the scale"
        )
    if near := [v for v in answers if _NO_ANSWER.match(answers[v])]:
        listed = enumerate_names([f"{v:g} ({answers[v]})" for v in near])
        draft.remarks.append(
            f"{name!r} has {listed} among its labels, which the file does not declare as missing: "
            "end the scale before it and list it in dont_know if it is no answer"
        )


def _name(scale: Scale, origin: Origin) -> str:
    ends = f"{scale.lowest:g} to {scale.highest:g}"
    return f"{ends}, labelled" if origin == "value labels" else f"{ends}, a guess"


def _free(name: str, used: Mapping[str, object]) -> str:
    number, found = 2, name
    while found in used:
        found, number = f"{name} ({number})", number + 1
    return found


def _remark_on_kinds(raw: Raw, columns: Sequence[Column], draft: Draft) -> None:
    two = [c.name for c in columns if c.kind == "scale"
           and len(raw.labels.get(c.name, ())) == _FEWEST_LABELS]  # fmt: skip
    if two:
        draft.remarks.append(
            f"{enumerate_names(two)} has two labels, which are taken as the lowest and the highest "
            "answer of a scale; leave it out of the codebook if neither is more than the other"
        )
    guessed = [name for name, origin in draft.origins.items() if origin == "guess"]
    if guessed:
        draft.remarks.append(
            "scales without labels are guesses from the answers given, and may be longer: "
            f"{enumerate_names(map(repr, guessed))}; take the limits from the questionnaire"
        )
    labelled = [c.name for c in columns if c.kind == "choice" and c.name in raw.nominal
                and len(raw.labels.get(c.name, ())) >= _FEWEST_LABELS]  # fmt: skip
    if labelled:
        draft.remarks.append(
            f"{enumerate_names(labelled)} has value labels, but is nominal by the file, so that "
            "it is no scale of the draft"
        )
