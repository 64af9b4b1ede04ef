"""Text answers as the numbers that a codebook gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import count_of, enumerate_names, matched, suggest, visible
from loyaltymodel.errors import DataError
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.decoding import Decoded, has_labels
from loyaltymodel.survey.decoding import decode as decode_answers
from loyaltymodel.survey.items import Scale
from loyaltymodel.survey.wording import texts_of

_MOST_LISTED = 12
_LONGEST = 60


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
        if name is None or not has_labels(scale, item) or not _is_text(columns[name]):
            continue
        answers = columns[name].to_numpy(dtype=object)
        found = decode_answers(answers, scale, item)
        unknown += _named(name, answers, found, scale, places)
        columns[name] = _shortest(found.numbers).rename(name)
        exact.append(name)
        if found.loose.any():
            alike[name] = int(found.loose.sum())
    if unknown:
        listed = [f"  {k}. {line}" for k, line in enumerate(unknown[:_MOST_LISTED], start=1)]
        if len(unknown) > _MOST_LISTED:
            listed.append(f"  and {len(unknown) - _MOST_LISTED} more")
        head = (
            f"{file} has texts that are no labels of the codebook {texts_of(codebook.title)[0]!r}:"
        )
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


def _shortest(numbers: FloatArray) -> pd.Series:
    """Return a column of whole numbers where all are whole."""
    whole = len(numbers) > 0 and np.isfinite(numbers).all() and (numbers % 1 == 0).all()
    return pd.Series(numbers.astype(np.int64) if whole else numbers)


def _named(
    name: str, answers: npt.NDArray[Any], found: Decoded, scale: Scale, places: Sequence[str]
) -> list[str]:
    """Say which texts are no labels, and where each stands first."""
    rows = np.flatnonzero(found.strange)
    codes, distinct = pd.factorize(np.array([str(value) for value in answers[rows]], dtype=object))
    known = [text for wording in scale.labels.values() for text in texts_of(wording)]
    lines = []
    for k, text in enumerate(distinct):
        hits = rows[codes == k]
        times = "" if len(hits) == 1 else f" and {count_of(len(hits) - 1, 'more row')}"
        shown = visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
        lines.append(f"column {name!r}, {places[hits[0]]}{times}: {shown!r}{suggest(text, known)}")
    return lines
