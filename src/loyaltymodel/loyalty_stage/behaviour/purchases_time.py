"""Dates of purchases as whole numbers, counted from the start of a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as calendar_date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._arrays import BoolArray
from loyaltymodel.errors import DataError, OptionError

_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86_400}
_DAY |= {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """How times are counted: ticks from the start of the window on.

    ``ticks_per_unit`` is the number of ticks a day, or 1 where dates are plain numbers.
    """

    start: np.datetime64 | int
    length: int
    unit: str | None

    @property
    def ticks_per_unit(self) -> int:
        """Ticks a day, or a unit of plain numbers."""
        return 1 if self.unit is None else _DAY[self.unit]

    def dates(self, ticks: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return dates, or numbers, of ticks."""
        if self.unit is None:
            return np.asarray(ticks + self.start)
        # pandas has no tables in days, hours or minutes.
        resolution = self.unit if self.unit in ("ms", "us", "ns") else "s"
        return (self.start + ticks.astype(f"timedelta64[{self.unit}]")).astype(
            f"datetime64[{resolution}]"
        )


_NO_TIME = np.iinfo(np.int64).min  # what NumPy makes of a missing date


def no_time(ticks: npt.NDArray[np.int64]) -> BoolArray:
    """Tell which dates are missing."""
    return np.asarray(ticks == _NO_TIME)


def read_times(name: str, values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], str | None]:
    """Return dates as whole numbers and their unit of time; plain whole numbers have none."""
    if values.dtype == object:
        there = values[~pd.isna(values)]
        if len(there) and all(isinstance(v, calendar_date) for v in there[:1000]):
            values = pd.to_datetime(pd.Series(values)).to_numpy()
    if values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        if unit in ("Y", "M", "W"):
            values, unit = values.astype("datetime64[D]"), "D"
        return values.astype(np.int64), unit
    if values.dtype.kind in "iu":
        return values.astype(np.int64), None
    if values.dtype.kind == "f":
        gaps = np.isnan(values)
        whole = np.where(gaps, 0.0, values)
        if np.isfinite(whole).all() and (whole == np.floor(whole)).all():
            return np.where(gaps, _NO_TIME, whole.astype(np.int64)), None
    raise DataError(
        f"column {name!r} holds neither dates nor whole numbers but {values.dtype}; "
        "pandas.to_datetime makes dates of text"
    )


def in_window(
    ticks: npt.NDArray[np.int64],
    unit: str | None,
    window: tuple[object, object],
    kept: BoolArray | None,
) -> tuple[Clock, npt.NDArray[np.int64]]:
    """Return the clock of the window and times counted from its start, in the coarsest unit."""
    try:
        start, end = window
    except (TypeError, ValueError):
        raise OptionError(
            f"window={window!r} is no pair of dates; give the first date that counts and the "
            "first after it that does not"
        ) from None
    if unit is None:
        low, high = _number_ends(start, end)
        return Clock(low, high - low, None), ticks - low
    low_date, high_date = (_date(value, window).as_unit("ns") for value in (start, end))
    if not low_date < high_date:
        raise OptionError(f"window={window!r} ends before it starts; give the earlier date first")
    chosen = unit
    there = ticks if kept is None else ticks[kept]
    for coarser in _DAY:
        if coarser == unit:
            break
        factor = _DAY[unit] // _DAY[coarser]
        whole = all(e.value % (_DAY["ns"] // _DAY[coarser]) == 0 for e in (low_date, high_date))
        if whole and not (there % factor).any():
            chosen, ticks = coarser, ticks // factor
            break
    per = _DAY["ns"] // _DAY[chosen]
    if any(e.value % per for e in (low_date, high_date)):
        raise OptionError(
            f"window={window!r} is finer than the dates, which count in {chosen!r}; give ends "
            "in this unit"
        )
    begin, length = low_date.value // per, (high_date.value - low_date.value) // per
    first: np.datetime64 = np.array([begin]).astype(f"datetime64[{chosen}]")[0]
    return Clock(first, length, chosen), ticks - begin


def _number_ends(start: object, end: object) -> tuple[int, int]:
    ends = []
    for value in (start, end):
        plain = isinstance(value, (int, float, np.integer, np.floating))
        if not plain or isinstance(value, bool) or value != np.floor(value):  # type: ignore[call-overload]
            raise OptionError(
                f"window=({start!r}, {end!r}) must be two whole numbers, because the dates are"
            )
        ends.append(int(value))  # type: ignore[call-overload]
    if ends[0] >= ends[1]:
        raise OptionError(
            f"window=({start!r}, {end!r}) ends before it starts; give the earlier time first"
        )
    return ends[0], ends[1]


def _date(value: object, window: object) -> pd.Timestamp:
    found: Any = pd.NaT
    if not isinstance(value, (int, float)):  # pandas would take them for nanoseconds
        try:
            found = pd.Timestamp(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            found = pd.NaT
    if pd.isna(found) or found.tzinfo is not None:
        raise OptionError(
            f"window={window!r} is no pair of dates without time zone, such as "
            "('2024-01-01', '2025-01-01')"
        )
    return pd.Timestamp(found)
