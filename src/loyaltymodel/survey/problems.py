"""Answers held against a codebook: every problem at once, none of them repaired."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.options import is_number, suggest, visible
from loyaltymodel.errors import DataError
from loyaltymodel.survey.items import (
    Scale,
    between_steps,
    describe,
    has_flags,
    says_dont_know,
)
from loyaltymodel.survey.tables import AnswerTable

Severity = Literal["error", "notice"]
Kind = Literal[
    "no_rows",
    "absent",
    "duplicate",
    "not_numeric",
    "off_scale",
    "between_steps",
    "dont_know",
    "missing",
    "constant",
    "unknown",
]
_NOTICES: tuple[Kind, ...] = ("dont_know", "missing", "constant", "unknown")
_MOST_LISTED = 12
_PAIRS = 10_000  # of names, up to which all are compared for the one that was meant


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to know about a table before its answers are used.

    An error is where the table and the codebook contradict each other. A notice is no
    contradiction, and still what a careful reader wants to know.

    Attributes
    ----------
    item : str or None
        The item or column concerned; None for the table as a whole.
    kind : str
        What it is. Errors: "no_rows", a table without respondents; "absent", no such column;
        "duplicate", several columns of this name; "not_numeric", a column of another type;
        "off_scale", answers outside the limits; "between_steps", answers within the limits
        that are not on the scale. Notices: "dont_know", codes for "don't know"; "missing",
        answers that are not there; "constant", the same answer from everybody; "unknown", a
        column that is not in the codebook.
    count : int
        How many answers are concerned; for "absent", "duplicate" and "unknown" how many
        columns have the name.
    first_row : hashable or None
        Label of the first row concerned, its number from 0 in a table without labels; None
        where the problem is not one of single rows.
    example : float, str or None
        The answer in that row, or the one that everybody gave; None where there is none.
    severity : {"error", "notice"}
        Whether ``clean`` refuses the table for it.
    sentence : str
        All this in words, with the way out.
    """

    item: str | None
    kind: Kind
    count: int
    first_row: Hashable | None
    example: float | str | None
    severity: Severity
    sentence: str


def find_problems(
    table: AnswerTable, scales: Mapping[str, Scale], *, known: Collection[str], keep: Sequence[str]
) -> list[Problem]:
    """Hold a table against the scales of its items.

    ``known`` are all items of the codebook; other columns are unknown to it, and those in
    ``keep`` must be there once all the same.
    """
    names = _Names(table, known)
    problems = list(_of_rows(table))
    for item, scale in scales.items():
        problems += _of_name(table, item, names) or _of_answers(table, item, scale)
    for name in keep:
        problems += _of_name(table, name, names)
    return problems + list(_of_unknown(table, names))


class _Names:
    """The names of a codebook and of a table, those that each has alone, and which may be meant."""

    def __init__(self, table: AnswerTable, known: Collection[str]) -> None:
        self.known = frozenset(known)
        self.absent = [item for item in known if item not in table.times]
        self.spare = [name for name in table.times if name not in self.known]
        self._few = len(self.absent) * len(self.spare) <= _PAIRS

    def hint(self, name: object, others: Sequence[Hashable]) -> str:
        """Say which of the others may be meant, unless there are too many to compare."""
        return suggest(name, [o for o in others if isinstance(o, str)]) if self._few else ""


def refuse_errors(problems: Sequence[Problem], title: str) -> None:
    """Raise a DataError that lists every error, unless there is none."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return
    lines = [f"  {k}. {error.sentence}" for k, error in enumerate(errors[:_MOST_LISTED], start=1)]
    if len(errors) > _MOST_LISTED:
        lines.append(f"  and {len(errors) - _MOST_LISTED} more; check lists them all")
    raise DataError("\n".join([f"the table does not fit the codebook {title!r}:", *lines]))


def _of_rows(table: AnswerTable) -> Iterator[Problem]:
    if len(table.labels) == 0:
        sentence = "the table has no rows; at least a few answers are needed"
        yield _problem(None, "no_rows", 0, sentence)


def _of_name(table: AnswerTable, name: str, names: _Names) -> list[Problem]:
    """Find out whether a column is there once; return nothing if it is."""
    times = table.times[name]
    if times == 1:
        return []
    if times > 1:
        sentence = f"the table has {times} columns named {name!r}; rename or drop the copies"
        return [_problem(name, "duplicate", times, sentence)]
    sentence = f"the table has no column {name!r}{names.hint(name, names.spare)}"
    return [_problem(name, "absent", 0, sentence)]


def _of_unknown(table: AnswerTable, names: _Names) -> Iterator[Problem]:
    for name in names.spare:
        times = table.times[name]
        columns = f"column {name!r} is" if times == 1 else f"{times} columns {name!r} are"
        sentence = f"{columns} not in the codebook{names.hint(name, names.absent)}"
        yield _problem(str(name), "unknown", times, sentence)


def _of_answers(table: AnswerTable, item: str, scale: Scale) -> list[Problem]:
    if len(table.labels) == 0:
        return []
    answers = table.numbers(item, flags=has_flags(scale))
    return list(
        _of_others(table, item) if answers is None else _of_numbers(table, item, scale, answers)
    )


def _of_others(table: AnswerTable, item: str) -> Iterator[Problem]:
    """Describe a column that is not numeric, by its first answer that is no number."""
    kind = table.kind(item)
    answers = table.column(item).to_numpy(dtype=object)
    hits = _no_numbers(answers)
    if hits.any():
        what = f"that cannot be read as a number (the column is {kind})"
        advice = "; recode to numbers, with missing answers as NaN"
        yield _in_rows(table, item, "not_numeric", hits, answers, what, advice)
    else:
        sentence = (
            f"{item!r} is not numeric but {kind}, though every answer reads as a number; "
            + ("give 1 and 0" if kind == "Boolean" else "pandas.to_numeric converts it")
        )
        yield _problem(item, "not_numeric", 0, sentence)


def _no_numbers(answers: npt.NDArray[Any]) -> BoolArray:
    """Tell which answers are there and cannot be read as a number."""
    try:
        # Text is slow to read, and there are few different answers: each is read once.
        places, distinct = pd.factorize(answers)
    except TypeError:  # such as lists, which cannot be compared quickly
        places, distinct = np.arange(answers.size), answers
    unread = np.array([not _reads_as_number(answer) for answer in distinct], dtype=np.bool_)
    return np.append(unread, False)[places]  # place -1 is a missing answer


def _reads_as_number(answer: Any) -> bool:
    try:
        if isinstance(answer, str):
            return math.isfinite(float(answer))
        missing = pd.api.types.is_scalar(answer) and bool(pd.isna(answer))
        return missing or (is_number(answer) and math.isfinite(float(answer)))
    except (ArithmeticError, ValueError):  # beyond a float, or a signalling NaN
        return False


def _of_numbers(
    table: AnswerTable, item: str, scale: Scale, answers: FloatArray
) -> Iterator[Problem]:
    """Describe every way in which the numbers of a column are not all answers on the scale."""
    missing = np.isnan(answers)
    dont_know = says_dont_know(scale, answers)
    off_scale = ((answers < scale.lowest) | (answers > scale.highest)) & ~dont_know
    given = ~(missing | dont_know)
    between = given & ~off_scale
    between[between] = between_steps(scale, answers[between])

    limits = describe(scale)
    codes = '; correct the data, or list codes for "don\'t know" in dont_know of the scale'
    step = "; correct the data, or the step of the scale"
    found: list[tuple[Kind, BoolArray, str, str]] = [
        ("off_scale", off_scale, f"off the scale {limits}", codes),
        ("between_steps", between, f"between the steps of the scale {limits}", step),
        ("dont_know", dont_know, 'coded as "don\'t know"', "; clean makes them missing"),
        ("missing", missing, "missing", ""),
    ]
    for kind, hits, what, advice in found:
        if hits.any():
            yield _in_rows(table, item, kind, hits, answers, what, advice)
    yield from _of_variation(item, answers[given])


def _of_variation(item: str, given: FloatArray) -> Iterator[Problem]:
    if given.size > 1 and given.min() == given.max():
        answer = float(given[0])
        sentence = (
            f"all {given.size} answers to {item!r} are {answer:.12g}; what does not vary cannot "
            "correlate with anything"
        )
        yield _problem(item, "constant", given.size, sentence, example=answer)


def _in_rows(
    table: AnswerTable,
    item: str,
    kind: Kind,
    hits: BoolArray,
    answers: npt.NDArray[Any],
    what: str,
    advice: str,
) -> Problem:
    """Describe the rows that were hit by their number and the first of them."""
    count, first = int(np.count_nonzero(hits)), int(np.argmax(hits))
    label, answer = table.labels[first], answers[first]
    row = label.item() if isinstance(label, np.generic) else label
    example: float | str | None
    if kind == "missing":
        example, shown = None, ""
    elif isinstance(answer, float):
        example, shown = float(answer), f"{answer:.12g} "
    else:
        example = str(answer)
        shown = f"{reprlib.repr(example)} "  # the middle of a long text left out
    where = f"first {shown}in row {visible(str(row))}"
    sentence = f"{item!r} has {count} of {answers.size} answers {what}, {where}{advice}"
    return _problem(item, kind, count, sentence, first_row=row, example=example)


def _problem(
    item: str | None,
    kind: Kind,
    count: int,
    sentence: str,
    *,
    first_row: Hashable | None = None,
    example: float | str | None = None,
) -> Problem:
    severity: Severity = "notice" if kind in _NOTICES else "error"
    return Problem(item, kind, count, first_row, example, severity, sentence)
