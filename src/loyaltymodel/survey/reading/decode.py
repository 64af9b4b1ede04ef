"""Text answers as the numbers that a codebook gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from unicodedata import normalize

import numpy as np
import pandas as pd

from loyaltymodel._core.options import count_of, enumerate_names, matched, suggest, visible
from loyaltymodel.errors import DataError
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Scale

_MOST_LISTED = 12
_LONGEST = 60
_CODE = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def decode(
    frame: pd.DataFrame, codebook: Codebook, places: Sequence[str], file: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with its text answers as numbers, and what was done.

    A text is a label as it stands; else a label but for blanks and capitals; else a number that
    is written out. Columns of numbers, and items whose scale has no labels, are left as they are.

    Raises
    ------
    DataError
        If there are texts that are none of these; all are named with row and column.
    """
    known = matched(codebook.names, [str(name) for name in frame.columns])
    columns = {str(name): frame[name] for name in frame.columns}
    unknown: list[str] = []
    exact: list[str] = []
    alike: dict[str, int] = {}
    for item in codebook.items:
        name, scale = known.get(item.name), codebook.scales[item.scale]
        if name is None or not scale.labels or not _is_text(columns[name]):
            continue
        codes, numbers, folded, strange = _decoded(columns[name], scale)
        unknown += _named(name, codes, strange, scale, places)
        columns[name] = numbers.rename(name)
        exact.append(name)
        if folded:
            alike[name] = folded
    if unknown:
        listed = [f"  {k}. {line}" for k, line in enumerate(unknown[:_MOST_LISTED], start=1)]
        if len(unknown) > _MOST_LISTED:
            listed.append(f"  and {len(unknown) - _MOST_LISTED} more")
        head = f"{file} has texts that are no labels of the codebook {codebook.title!r}:"
        raise DataError("\n".join([head, *listed]))
    remarks = []
    if exact:
        remarks.append(f"decoded by the labels of the codebook: {enumerate_names(exact)}")
    if alike:
        listed = [f"{name} ({count_of(n, 'answer')})" for name, n in alike.items()]
        remarks.append(f"labels that differ by blanks or capitals only: {enumerate_names(listed)}")
    return pd.DataFrame(columns), remarks


def _is_text(series: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(series.dtype) and any(
        isinstance(value, str) for value in series
    )


def _decoded(series: pd.Series, scale: Scale) -> tuple[np.ndarray, pd.Series, int, dict[int, str]]:
    """Return the place of each answer, its number, how many were only alike, and strange texts."""
    places, distinct = pd.factorize(series.to_numpy(dtype=object))
    labels = {label: answer for answer, label in scale.labels.items()}
    loose: dict[str, set[float]] = {}
    for label, answer in labels.items():
        loose.setdefault(_folded(label), set()).add(answer)
    values, alike, strange = [], [], {}
    for k, text in enumerate(map(str, distinct)):
        if text in labels:
            values.append(labels[text])
        elif len(found := loose.get(_folded(text), set())) == 1:
            values.append(next(iter(found)))
            alike.append(k)
        elif _CODE.fullmatch(text.strip()):
            values.append(float(text))
        else:
            values.append(np.nan)
            strange[k] = text
    numbers = np.array([*values, np.nan], dtype=np.float64)[places]
    whole = np.isfinite(numbers).all() and (numbers % 1 == 0).all() and len(numbers) > 0
    made = pd.Series(numbers.astype(np.int64) if whole else numbers)
    return places, made, int(np.isin(places, alike).sum()), strange


def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", text).split()).casefold()


def _named(  # noqa: PLR0913, PLR0917, RUF100
    name: str,
    codes: np.ndarray,
    strange: Mapping[int, str],
    scale: Scale,
    places: Sequence[str],
) -> list[str]:
    lines = []
    for k, text in strange.items():
        hits = np.flatnonzero(codes == k)
        times = "" if len(hits) == 1 else f" and {count_of(len(hits) - 1, 'more row')}"
        hint = suggest(text, scale.labels.values())
        shown = visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
        lines.append(f"column {name!r}, {places[hits[0]]}{times}: {shown!r}{hint}")
    return lines
