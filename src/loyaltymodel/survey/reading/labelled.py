"""Files of SPSS and Stata: labels of columns and values, and what they declare as missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel.errors import DataError
from loyaltymodel.survey.reading.raw import Raw, needed
from loyaltymodel.survey.reading.source import Source, broken
from loyaltymodel.survey.reading.values import as_text


def read_labelled(source: Source) -> Raw:
    """Return what is in a file of SPSS or Stata.

    What the file declares as missing is missing in the table, and which kind it was is kept
    beside it.

    Raises
    ------
    DataError
        If the file is cut off or damaged, or has no columns.
    """
    kind = "SPSS (.sav)" if source.kind == "sav" else "Stata (.dta)"
    package = needed("pyreadstat", "pyreadstat", f"a file of {kind}")
    read = package.read_sav if source.kind == "sav" else package.read_dta
    # The second is not handed out by older versions.
    errors = (package.ReadstatError, getattr(package, "PyreadstatError", package.ReadstatError))
    try:
        frame, meta = read(str(source.path), user_missing=True)
    except (*errors, UnicodeError, ValueError) as error:
        raise broken(source.path, source.kind, error) from None
    if not len(frame.columns):
        raise DataError(f"{source.path} has no columns")
    labels = {name: dict(found) for name, found in meta.variable_value_labels.items()}
    ranges = dict(meta.missing_ranges) if source.kind == "sav" else {}
    absent: list[tuple[int, str, Any, str]] = []
    columns, codes = {}, {}
    for name in frame.columns:
        cells = frame[name].to_numpy(dtype=object)
        declared = _declared(cells, ranges.get(name, ()), _letters(meta, source, name))
        own = labels.get(name, {})
        absent += [
            (int(row), name, _plain(cells[row]), str(own.get(cells[row], "")))
            for row in np.flatnonzero(declared)
        ]
        columns[name] = _column(frame[name], cells, declared)
        codes[name] = _codes(ranges.get(name, ()), cells[declared], own)
    texts = {n: " ".join(t.split()) for n, t in meta.column_names_to_labels.items() if t}
    return Raw(
        frame=pd.DataFrame(columns),
        texts=texts,
        labels={name: found for name, found in labels.items() if found},
        codes={name: found for name, found in codes.items() if found},
        nominal=frozenset(n for n, m in meta.variable_measure.items() if m == "nominal"),
        absent=absent,
        said=[("letters", meta.file_encoding)] if meta.file_encoding else [],
        remarks=_remarks(absent, ranges),
        places=[f"row {k}" for k in range(len(frame))],
    )


def _letters(meta: Any, source: Source, name: str) -> frozenset[str]:
    """Return the extended missing values of Stata in a column: some of a to z."""
    return (
        frozenset() if source.kind == "sav" else frozenset(meta.missing_user_values.get(name, ()))
    )


def _declared(
    cells: npt.NDArray[Any], ranges: Any, letters: frozenset[str]
) -> npt.NDArray[np.bool_]:
    """Tell which cells have a value that the file declares as missing."""
    if not ranges and not letters:
        return np.zeros(len(cells), dtype=np.bool_)
    places, distinct = pd.factorize(cells)
    hits = [
        (isinstance(value, str) and value in letters)
        or any(_within(value, part["lo"], part["hi"]) for part in ranges)
        for value in distinct
    ]
    found: npt.NDArray[np.bool_] = np.array([*hits, False], dtype=np.bool_)[places]
    return found


def _within(value: Any, low: Any, high: Any) -> bool:
    if isinstance(value, str) or isinstance(low, str) or isinstance(high, str):
        return bool(str(low).rstrip() <= str(value).rstrip() <= str(high).rstrip())
    return bool(low <= value <= high)


def _column(
    series: pd.Series, cells: npt.NDArray[Any], declared: npt.NDArray[np.bool_]
) -> pd.Series:
    """Return a column with what was declared as missing missing, in the type of the rest."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series
    rest = [None if gone or pd.isna(cell) else cell
            for cell, gone in zip(cells, declared, strict=True)]  # fmt: skip
    there = [cell for cell in rest if cell is not None]
    if all(isinstance(cell, str) for cell in there) and there:
        texts = np.array([c if c is not None and c.strip() else None for c in rest], dtype=object)
        return as_text(texts)
    if all(isinstance(cell, dt.date) for cell in there) and there:
        return pd.Series(pd.to_datetime(pd.Series(rest, dtype="object")))
    if all(isinstance(cell, dt.time) for cell in there) and there:
        return pd.Series(rest, dtype="object")
    numbers = np.array([np.nan if c is None else float(c) for c in rest], dtype=np.float64)
    whole = np.isfinite(numbers).all() and (numbers % 1 == 0).all() and len(numbers) > 0
    return pd.Series(numbers.astype(np.int64) if whole else numbers)


def _codes(ranges: Any, found: npt.NDArray[Any], labels: Mapping[Any, str]) -> list[float]:
    """Return the numbers that were declared: of ranges those that occur or have a label."""
    codes = {float(p["lo"]) for p in ranges if not isinstance(p["lo"], str) and p["lo"] == p["hi"]}
    codes |= {float(value) for value in found if not isinstance(value, str)}
    for value in labels:
        if not isinstance(value, str) and any(
            _within(value, p["lo"], p["hi"]) for p in ranges if not isinstance(p["lo"], str)
        ):
            codes.add(float(value))
    return sorted(codes)


def _plain(value: Any) -> Any:
    """Return a code as Python's own: a whole number, .a of Stata, or text."""
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else float(value)


def _remarks(absent: list[tuple[int, str, Any, str]], ranges: Mapping[str, Any]) -> list[str]:
    wide = [
        f"{name} {part['lo']:g} to {part['hi']:g}"
        for name, parts in ranges.items()
        for part in parts
        if not isinstance(part["lo"], str) and part["lo"] != part["hi"]
    ]
    remarks = [f"ranges that the file declares as missing: {enumerate_names(wide)}"] if wide else []
    if absent:
        columns = list(dict.fromkeys(name for _, name, _, _ in absent))
        remarks.append(
            f"{count_of(len(absent), 'answer')} that the file declares as missing, in "
            f"{enumerate_names(columns)}, {'is' if len(absent) == 1 else 'are'} missing in the "
            "table; .declared_missing says which code each was"
        )
    return remarks
