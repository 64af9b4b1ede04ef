"""Answers held against a codebook: every problem at once, none of them repaired."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.options import count_of, enumerate_names, suggest, visible
from loyaltymodel._core.scales import codes_apart
from loyaltymodel.errors import DataError
from loyaltymodel.survey.decoding import Decoded, ambiguous, decode
from loyaltymodel.survey.items import Item, Scale, between_steps, describe, has_flags, is_turned
from loyaltymodel.survey.tables import AnswerTable
from loyaltymodel.survey.wording import texts_of

Severity = Literal["error", "notice"]
Kind = Literal[
    "no_rows",
    "absent",
    "duplicate",
    "not_numeric",
    "off_scale",
    "between_steps",
    "suspected_code",
    "spelling",
    "text_number",
    "dont_know",
    "missing",
    "turned",
    "constant",
    "unknown",
]
_ERRORS: tuple[Kind, ...] = (
    "no_rows", "absent", "duplicate", "not_numeric", "off_scale", "between_steps",
)  # fmt: skip
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
        "duplicate", several columns of this name; "not_numeric", neither a number nor a label;
        "off_scale", answers outside the limits; "between_steps", answers within the limits
        that are not on the scale. Notices: "suspected_code", answers on the scale that stand far
        from all others, as 99 does; "spelling", labels but for blanks, width and capitals;
        "text_number", numbers that stand as text; "dont_know", codes for "don't know"; "missing",
        answers that are not there; "turned", an item of which a high answer means little, so that
        ``clean`` turns it; "constant", the same answer from everybody; "unknown", a column that is
        not in the codebook.
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


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The answers to an item: as they stand, as numbers, and which rows have which problem."""

    item: Item
    scale: Scale
    values: npt.NDArray[Any]  # (n,) as they stand
    numbers: FloatArray  # (n,) codes for "don't know" among them
    hits: Mapping[Kind, BoolArray]  # rows (n,) by kind, where any row is hit

    @property
    def dont_know(self) -> BoolArray:
        """Which answers (n,) are codes for "don't know"."""
        return self.hits.get("dont_know", np.zeros(len(self.numbers), dtype=np.bool_))


def find_problems(
    table: AnswerTable, items: Mapping[str, tuple[Item, Scale]], *, known: Collection[str],
    keep: Sequence[str],
) -> tuple[list[Problem], dict[str, Column]]:  # fmt: skip
    """Hold a table against the scales of its items; return what was found, and the columns read.

    ``known`` are all items of the codebook; other columns are unknown to it, and those in
    ``keep`` must be there once all the same.
    """
    names = _Names(table, known)
    problems = list(_of_rows(table))
    columns = {}
    for name, (item, scale) in items.items():
        if of_name := _of_name(table, name, names):
            problems += of_name
        elif len(table.labels):
            columns[name] = _read(table, item, scale)
            problems += _of_column(table, columns[name])
    for name in keep:
        problems += _of_name(table, name, names)
    return problems + list(_of_unknown(table, names)), columns


def cleaned(column: Column, *, turn: bool = True) -> FloatArray:
    """Return the answers with codes for "don't know" as missing, turned if a high one is little."""
    item, scale = column.item, column.scale
    answers = np.where(column.dont_know, np.nan, column.numbers)
    if not (turn and is_turned(scale, item)):
        return answers
    # Rounding may lead a little beyond the limits.
    return np.clip(scale.lowest + scale.highest - answers, scale.lowest, scale.highest)


def rows_with_problems(table: AnswerTable, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return a row for each answer with a problem: where it is, what it is, and how it stands."""
    parts = []
    for name, column in columns.items():
        for kind, hits in column.hits.items():
            rows = np.flatnonzero(hits)
            parts.append(
                pd.DataFrame(
                    {
                        "row": table.labels[rows],
                        "item": name,
                        "kind": kind,
                        "answer": column.values[rows].astype(object),
                        "severity": _severity(kind),
                        "_place": rows,
                    }
                )
            )
    if not parts:
        return pd.DataFrame(columns=pd.Index(["row", "item", "kind", "answer", "severity"]))
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values("_place", kind="stable", ignore_index=True).drop(columns="_place")


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


def _read(table: AnswerTable, item: Item, scale: Scale) -> Column:
    """Read the answers to an item and find the rows of each problem."""
    numbers = table.numbers(item.name, flags=has_flags(scale))
    if numbers is None:
        values = table.column(item.name).to_numpy(dtype=object)
        decoded = decode(values, scale, item)
        numbers = decoded.numbers
    else:
        none = np.zeros(len(numbers), dtype=np.bool_)
        values, decoded = numbers, Decoded(numbers, none, none, none)
    codes = (*scale.dont_know, *item.dont_know)
    missing = np.isnan(numbers) & ~decoded.strange
    dont_know = np.isin(numbers, codes)
    off_scale = ((numbers < scale.lowest) | (numbers > scale.highest)) & ~dont_know
    between = ~(missing | dont_know | off_scale | decoded.strange)
    between[between] = between_steps(scale, numbers[between])
    found: dict[Kind, BoolArray] = {
        "not_numeric": decoded.strange,
        "off_scale": off_scale,
        "between_steps": between,
        "suspected_code": _suspected(numbers, dont_know | off_scale),
        "spelling": decoded.loose,
        "text_number": decoded.spelled,
        "dont_know": dont_know,
        "missing": missing,
    }
    return Column(
        item, scale, values, numbers, {k: hits for k, hits in found.items() if hits.any()}
    )


def _suspected(numbers: FloatArray, known: BoolArray) -> BoolArray:
    """Tell which answers on the scale stand far from all others, as codes for no answer do."""
    hits = np.zeros(len(numbers), dtype=np.bool_)
    if (apart := codes_apart(numbers[~known])) is not None:
        hits = np.isin(numbers, apart.codes) & ~known
    return hits


def _of_column(table: AnswerTable, column: Column) -> Iterator[Problem]:
    """Describe every way in which the answers of a column are not all answers on the scale."""
    item, scale, hits = column.item, column.scale, column.hits
    limits = describe(scale)
    codes = '; correct the data, or list codes for "don\'t know" in dont_know of the scale'
    if "off_scale" in hits and (apart := codes_apart(column.numbers)) is not None:
        named = enumerate_names([f"{code:.12g}" for code in apart.codes])
        codes = (
            f": {count_of(apart.count, 'answer')} of {named}, and the next highest is "
            f"{apart.high:.12g}, so that this may mean no answer: then list it in dont_know"
        )
    labelled = " nor as a label of the scale" if scale.labels else ""
    words: Mapping[Kind, tuple[str, str]] = {
        "not_numeric": (
            f"that cannot be read as a number{labelled} (the column is {table.kind(item.name)})",
            _way_out(column, labelled),
        ),
        "off_scale": (f"off the scale {limits}", codes),
        "between_steps": (
            f"between the steps of the scale {limits}",
            "; correct the data, or the step of the scale",
        ),
        "suspected_code": (
            "on the scale but far from all others",
            "; if this means no answer, the scale ends before it, and it belongs in dont_know",
        ),
        "spelling": ("that are labels but for blanks, width or capitals", "; clean reads them"),
        "text_number": ("that are numbers as text", "; clean reads them"),
        "dont_know": ('coded as "don\'t know"', "; clean makes them missing"),
        "missing": ("missing", ""),
    }
    for kind, (what, advice) in words.items():
        if kind in hits:
            yield _in_rows(table, item.name, kind, hits[kind], column.values, what, advice)
    if table.kind(item.name) == "Boolean" and not has_flags(scale) and "not_numeric" not in hits:
        sentence = f"{item.name!r} is not numeric but Boolean; give 1 and 0"
        yield _problem(item.name, "not_numeric", 0, sentence)
    if is_turned(scale, item):
        why = "the item is reversed" if item.reversed else "its scale points down"
        sentence = (
            f"a high answer to {item.name!r} means little of what it shows, since {why}; clean "
            "turns it"
        )
        yield _problem(item.name, "turned", len(column.numbers), sentence)
    given = ~(np.isnan(column.numbers) | column.dont_know)
    yield from _of_variation(item.name, column.numbers[given])


def _way_out(column: Column, labelled: str) -> str:
    if not labelled:
        return "; recode to numbers, with missing answers as NaN, or give the scale labels"
    first = column.values[int(np.argmax(column.hits.get("not_numeric", [False])))]
    if isinstance(first, str) and (several := ambiguous(first, column.scale, column.item)):
        answers = enumerate_names([f"{answer:g}" for answer in several])
        return f", since it is the label of {answers}; give each answer a label of its own"
    texts = [t for wording in column.scale.labels.values() for t in texts_of(wording)]
    hint = suggest(first, texts) if isinstance(first, str) else ""
    return f"{hint}; correct the data, or the labels"


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
    return Problem(item, kind, count, first_row, example, _severity(kind), sentence)


def _severity(kind: Kind) -> Severity:
    return "error" if kind in _ERRORS else "notice"
