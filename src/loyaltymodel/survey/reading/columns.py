"""What each column seems to be, said and nothing more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.scales import CodesApart, codes_apart
from loyaltymodel.survey.reading.raw import Raw

ColumnKind = Literal[
    "identifier", "scale", "flag", "option", "several", "choice", "number", "date", "duration",
    "text", "other", "empty",
]  # fmt: skip

_ID = re.compile(
    r"(^|[_ .])(id|uuid|guid|token|key|no|nr)$|^(respondent|response|record|person|customer|case)s?"
    r"([_ .]?(id|no|nr|number|key))?$|(id|编号|序号|号码|^答卷)$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\bother\b|specify|_text$|其他|其它|请注明|请说明|sonstige|autre|otro", re.IGNORECASE
)
_DURATION = re.compile(r"duration|seconds|elapsed|time.?taken|用时|时长|dauer", re.IGNORECASE)
_STEM = re.compile(r"^(.+?)(?:[_.\- ]*\d+|[_.\-:/ ]+[^_:/]+)$", re.DOTALL)
_PARTS = (";", "┋", "|", ",", "，", "、", "；")
_LONGEST_SCALE = 10  # steps of an answer scale
_FEW = 20  # different texts of a choice
_REPEATED = 2  # times that each text of a choice is given, on average
_FEWEST = 5  # rows in which values that all differ say something
_SHARE = 0.2  # of the cells of a question of several answers have more than one


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column, what it seems to be, and numbers of it that a reader wants."""

    name: str
    text: str
    kind: ColumnKind
    n_missing: int
    distinct: int
    numbers: FloatArray | None  # (n,) its values, if they are numbers
    codes: CodesApart | None  # that stand far from all answers

    @property
    def row(self) -> tuple[str, str, str, int, int, float, float]:
        """Return its row of the table of columns."""
        given = np.array([]) if self.numbers is None else self.numbers[~np.isnan(self.numbers)]
        ends = (float(given.min()), float(given.max())) if given.size else (np.nan, np.nan)
        return (self.name, self.text, self.kind, self.n_missing, self.distinct, *ends)


def describe_columns(raw: Raw) -> list[Column]:
    """Return what each column of a table seems to be."""
    found = [_described(raw, name, is_first=k == 0) for k, name in enumerate(raw.frame.columns)]
    options = _options(found)
    return [
        Column(c.name, c.text, "option", c.n_missing, c.distinct, c.numbers, c.codes)
        if c.name in options
        else c
        for c in found
    ]


def groups_of_options(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return the first and the last column of each question with a column an option."""
    groups: dict[str, list[str]] = {}
    for column in columns:
        if column.kind == "option":
            groups.setdefault(_stem(column.name), []).append(column.name)
    return [(names[0], names[-1]) for names in groups.values()]


def _described(raw: Raw, name: str, *, is_first: bool) -> Column:
    series, text = raw.frame[name], raw.texts.get(name, "")
    missing = series.isna().to_numpy()
    numbers = _numbers(series)
    try:
        distinct = int(series.nunique())
    except TypeError:  # lists
        distinct = int(series[~missing].map(str).nunique())
    codes = None if numbers is None else codes_apart(numbers)
    kind = _kind(raw, name, text, numbers, codes, distinct, missing, is_first=is_first)
    return Column(name, text, kind, int(missing.sum()), distinct, numbers, codes)


def _numbers(series: pd.Series) -> FloatArray | None:
    if pd.api.types.is_bool_dtype(series.dtype) or not pd.api.types.is_numeric_dtype(series.dtype):
        return None
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _kind(  # noqa: PLR0911  a line a kind
    raw: Raw,
    name: str,
    text: str,
    numbers: FloatArray | None,
    codes: CodesApart | None,
    distinct: int,
    missing: npt.NDArray[np.bool_],
    *,
    is_first: bool,
) -> ColumnKind:
    series = raw.frame[name]
    if distinct == 0:
        return "empty"
    if pd.api.types.is_bool_dtype(series.dtype):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "date"
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        return "duration"
    differs = distinct == len(series) and len(series) >= _FEWEST
    if numbers is None:
        return _kind_of_text(raw, name, text, distinct, missing, differs=differs)
    labels = [value for value in raw.labels.get(name, {}) if not isinstance(value, str)]
    if labels:
        # Two labels are a scale where they are numbered as its lowest and highest answer.
        two = len(labels) <= 2 and set(labels) not in ({0, 1}, {1, 2})  # noqa: PLR2004
        return "choice" if name in raw.nominal or two else "scale"
    given = numbers[~np.isnan(numbers)]
    whole = bool((given % 1 == 0).all())
    counted = whole and bool((np.diff(given) == 1).all())
    if differs and whole and (_ID.search(name) or (counted and is_first)):
        return "identifier"
    if _DURATION.search(name) or _DURATION.search(text):
        return "duration"
    answers = given if codes is None else given[(given >= codes.low) & (given <= codes.high)]
    if set(np.unique(answers)) <= {0.0, 1.0}:
        return "flag"
    low, high = float(answers.min()), float(answers.max())
    if whole and low >= 0 and 0 < high - low <= _LONGEST_SCALE and high <= _LONGEST_SCALE:
        return "scale"
    return "number"


def _kind_of_text(
    raw: Raw, name: str, text: str, distinct: int, missing: npt.NDArray[np.bool_], *, differs: bool
) -> ColumnKind:
    if _OTHER.search(name) or _OTHER.search(text):
        return "other"
    if raw.labels.get(name):
        return "choice"
    cells = [str(cell) for cell in raw.frame[name][~missing]]
    if differs and (_ID.search(name) or not any(re.search(r"\s", cell) for cell in cells)):
        return "identifier"
    if _of_several(cells):
        return "several"
    few = distinct <= _FEW and len(cells) >= _REPEATED * distinct
    return "choice" if few else "text"


def _of_several(cells: Sequence[str]) -> bool:
    """Tell whether cells list answers: parts that come again, in more ways than there are parts."""
    for sign in _PARTS:
        several = [cell for cell in cells if sign in cell]
        if len(several) < max(2, _SHARE * len(cells)):
            continue
        parts = Counter(part.strip() for cell in cells for part in cell.split(sign) if part.strip())
        n_parts = sum(parts.values())
        if len(parts) <= _FEW and n_parts >= _REPEATED * len(parts):
            return True
    return False


def _stem(name: str) -> str:
    found = _STEM.match(name)
    return found[1] if found else name


def _options(columns: Sequence[Column]) -> frozenset[str]:
    """Return the columns that are each one option of a question: chosen, or nothing."""
    groups: dict[str, list[Column]] = {}
    for column in columns:
        if column.kind not in ("empty", "other") and _stem(column.name) != column.name:
            groups.setdefault(_stem(column.name), []).append(column)
    found: list[str] = []
    for members in groups.values():
        chosen = all(c.distinct <= 1 for c in members) and any(c.n_missing for c in members)
        marked = all(c.kind == "flag" for c in members)
        if len(members) > 1 and (chosen or marked):
            found += [c.name for c in members]
    return frozenset(found)


def table_of_columns(columns: Sequence[Column]) -> Mapping[str, Sequence[Any]]:
    """Return the columns of the table of columns."""
    names = ("name", "text", "kind", "n_missing", "distinct", "lowest", "highest")
    rows = [column.row for column in columns]
    return dict(zip(names, zip(*rows, strict=True), strict=True))
