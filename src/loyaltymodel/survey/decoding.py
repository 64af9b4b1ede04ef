"""Answers of any kind as the numbers that a scale gives them: read value by value, each once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.options import is_number
from loyaltymodel.survey.items import Item, Scale, has_flags
from loyaltymodel.survey.wording import folded, texts_of

# Not all that float() reads: "1_0", "1e1", "nan" are no answers that somebody wrote.
_WRITTEN = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Answers (n,) as numbers, NaN where there is none, and how they were read."""

    numbers: FloatArray
    strange: BoolArray  # neither a label nor a number
    loose: BoolArray  # a label but for blanks, width and capitals
    spelled: BoolArray  # a number that stands as text


def decode(values: npt.NDArray[Any], scale: Scale, item: Item) -> Decoded:
    """Return answers of any type as the numbers of their scale.

    A text is a label as it stands, in any language; else a label but for blanks, width and
    capitals; else a number that is written out. Blank text is no answer.
    """
    try:
        # There are few different answers: each is read once.
        places, distinct = pd.factorize(values)
    except TypeError:  # such as lists, which cannot be compared quickly
        places, distinct = np.arange(len(values)), values
    exact, alike = _labels(scale, item)
    k = len(distinct)
    numbers = np.full(k + 1, np.nan)
    strange, loose, spelled = (np.zeros(k + 1, dtype=np.bool_) for _ in range(3))
    for place, value in enumerate(distinct):
        if isinstance(value, str):
            text = folded(value)
            code = exact.get(value)
            if code is None and (code := alike.get(text)) is not None:
                loose[place] = True
            if code is None and _WRITTEN.fullmatch(text):
                code = _number(text)
                spelled[place] = code is not None
            strange[place] = code is None and bool(text)
            numbers[place] = np.nan if code is None else code
        elif not _is_missing(value):
            read = _number(value, flags=has_flags(scale))
            strange[place] = read is None
            numbers[place] = np.nan if read is None else read
    return Decoded(numbers[places], strange[places], loose[places], spelled[places])


def _labels(scale: Scale, item: Item) -> tuple[dict[str, float], dict[str, float]]:
    """Return the numbers of labels as they stand and of labels folded, each of one answer only."""
    called = _called(scale, item)
    return _of_one(called), _of_one([(folded(text), code) for text, code in called])


def has_labels(scale: Scale, item: Item) -> bool:
    """Tell whether any answer or code has a label."""
    return bool(_called(scale, item))


def ambiguous(text: str, scale: Scale, item: Item) -> list[float]:
    """Return the answers that a text may mean where it is the label of several."""
    return sorted({code for label, code in _called(scale, item) if folded(label) == folded(text)})


def _called(scale: Scale, item: Item) -> list[tuple[str, float]]:
    """Return every label with its answer or code."""
    called: list[tuple[str, float]] = []
    for answers in (scale.labels, scale.dont_know, item.dont_know):
        if isinstance(answers, Mapping):
            called += [(text, code) for code, w in answers.items() for text in texts_of(w)]
    return called


def _of_one(called: list[tuple[str, float]]) -> dict[str, float]:
    codes: dict[str, set[float]] = {}
    for text, code in called:
        codes.setdefault(text, set()).add(code)
    return {text: next(iter(found)) for text, found in codes.items() if len(found) == 1}


def _is_missing(value: Any) -> bool:
    try:
        return bool(pd.api.types.is_scalar(value) and pd.isna(value))
    except ArithmeticError:  # a signalling NaN, which is a number to be looked at
        return False


def _number(value: Any, *, flags: bool = False) -> float | None:
    try:
        if isinstance(value, (bool, np.bool_)):
            return float(value) if flags else None
        if isinstance(value, str) or is_number(value):
            read = float(value)
            return read if math.isfinite(read) else None
    except (ArithmeticError, ValueError):  # beyond a float, or a signalling NaN
        pass
    return None
