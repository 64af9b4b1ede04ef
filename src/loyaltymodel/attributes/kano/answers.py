"""The door for Kano questionnaires: pairs of answers in, places and categories out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.counts import weighted_means
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, count_of, enumerate_names, is_number, shown
from loyaltymodel._core.scales import AnswerLimits, resolve_limits
from loyaltymodel._core.variables import read_variables, several_variables
from loyaltymodel.attributes._pairs import Pair
from loyaltymodel.attributes.kano.kernels import ANSWERS, EVALUATION, CategoryTest, ShareInterval
from loyaltymodel.errors import DataError, OptionError

CODES = (1, 2, 3, 4, 5)
ASKED = ("functional", "dysfunctional")
NEVER_FIRST = ("d", "dys", "dysf", "dysfunctional")
LEAST = 2  # respondents


def check_options(test: object, interval: object, level: float) -> None:
    """Check what every analysis takes."""
    check_choice("test", test, CategoryTest)
    check_choice("interval", interval, ShareInterval)
    check_level(level)


def read_answers(
    name: str, pair: Pair, data: object, answers: Sequence[object], missing: Missing
) -> tuple[tuple[IntArray, IntArray], pd.Index, int]:
    """Read a pair of answers as places 0 to 4, with the labels of rows and how many are gone."""
    keys = [f"{name} {question}".strip() for question in ASKED]
    given = dict(zip(keys, pair, strict=True))
    read = read_variables(given, data=data, categories=keys, missing=missing)
    first, second = (_places(key, read[key], answers, read.labels) for key in keys)
    return (first, second), read.labels, read.n_dropped


def read_grouped(
    name: str,
    pair: Pair,
    groups: object,
    data: object,
    answers: Sequence[object],
    missing: Missing,
) -> tuple[IntArray, npt.NDArray[Any], int]:
    """Read categories as places 0 to 5, and the groups of the respondents."""
    keys = [f"{name} {question}" for question in ASKED]
    given = {**dict(zip(keys, pair, strict=True)), "groups": groups}
    read = read_variables(given, data=data, categories=[*keys, "groups"], missing=missing)
    codes = [_places(key, read[key], answers, read.labels) for key in keys]
    return EVALUATION[codes[0], codes[1]], np.asarray(read["groups"], dtype=object), read.n_dropped


def _places(
    name: str, values: npt.NDArray[Any], answers: Sequence[object], labels: pd.Index
) -> IntArray:
    """Return the place of each answer among the five."""
    known = _check_answers(answers)
    if values.dtype.kind == "b":
        raise DataError(f"{name} holds True and False, which are no answers; recode it to the five")
    codes, distinct = pd.factorize(values)
    distinct = np.asarray(distinct).tolist()
    found = [known.get(value, -1) for value in distinct]
    if -1 in found:
        bad = [value for value, place in zip(distinct, found, strict=True) if place < 0]
        hits = np.isin(codes, [k for k, place in enumerate(found) if place < 0])
        times, first = int(hits.sum()), labels[int(np.argmax(hits))]
        listed = enumerate_names(map(shown, bad))
        raise DataError(
            f"{name} has {times} of {len(values)} answers that are none of the five: {listed} "
            f"(first in row {first}); "
            f"they are {enumerate_names(map(repr, answers))} for {', '.join(ANSWERS)}. Say in "
            "answers= how the data write them, and make codes for no answer missing"
        )
    return np.asarray(found, dtype=np.intp)[codes]


def _check_answers(answers: Sequence[object]) -> dict[object, int]:
    way_out = f"give one for each of {', '.join(ANSWERS)}, such as (1, 2, 3, 4, 5)"
    if isinstance(answers, str) or not isinstance(answers, Sequence):
        raise OptionError(f"answers={shown(answers)} is no sequence of five; {way_out}")
    try:
        known = {_plain(answer): place for place, answer in enumerate(answers)}
    except (TypeError, ValueError, OverflowError):  # lists and the like, which no answer equals
        raise OptionError(f"answers={shown(answers)} are no codes or labels; {way_out}") from None
    if len(answers) != len(ANSWERS) or len(known) != len(ANSWERS):
        raise OptionError(f"answers={shown(answers)} are not five different ones; {way_out}")
    return known


def _plain(answer: object) -> object:
    """Return an answer as Python's own number or text, as those of the data come.

    Raises
    ------
    TypeError
        If it is a complex number, or no number at all, which no answer equals.
    """
    answer = answer.item() if isinstance(answer, np.generic) else answer
    if isinstance(answer, complex) or (is_number(answer) and math.isnan(answer)):
        raise TypeError
    return float(answer) if is_number(answer) and not isinstance(answer, int) else answer


def check_lengths(lengths: Mapping[str, int]) -> int:
    """Refuse attributes that were not answered by the same respondents, and count these."""
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise DataError(
            f"attributes must have equally many respondents, but {listed}; a respondent who did "
            'not answer has a missing value, and missing="drop" leaves it out'
        )
    return next(iter(lengths.values()))


def read_importance(
    importance: object,
    scale: AnswerLimits | None,
    lengths: Mapping[str, int],
    data: object,
    missing: Missing,
) -> FloatArray | None:
    """Return number, mean and standard error (k, 3) of the stated importance."""
    if importance is None:
        if scale is not None:
            raise OptionError("scale is that of importance; give both, or leave it out")
        return None
    stated = several_variables("importance", importance)
    if set(stated) != set(lengths):
        raise OptionError(
            f"importance must name the attributes {enumerate_names(lengths)}, all of them and no "
            "other; give a mapping from attribute to answers"
        )
    limits = (
        {}
        if scale is None
        else dict(zip(lengths, resolve_limits(scale, list(lengths)).pairs, strict=True))
    )
    rows = []
    for name, n in lengths.items():
        key = f"importance of {name}"
        bounds = {key: limits[name]} if name in limits else None
        read = read_variables({key: stated[name]}, data=data, bounds=bounds, missing=missing)
        values = np.asarray(read[key], dtype=np.float64)
        if len(values) + read.n_dropped != n:
            raise DataError(
                f"{key} has {count_of(len(values) + read.n_dropped, 'answer')}, but "
                f"{count_of(n, 'respondent')} answered the pairs; give one a respondent, missing "
                "where there is none"
            )
        if len(values) < LEAST:
            raise DataError(f"{key} has one answer; a mean with an interval needs two or more")
        mean, error, _ = weighted_means(values[:, None], np.ones(len(values)))
        rows.append((len(values), mean[0], error[0]))
    return np.array(rows, dtype=np.float64)
