"""Dates of purchases as whole numbers, counted from the start of a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as calendar_date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.calendar import written_as
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import is_number, one_number, shown
from loyaltymodel.errors import DataError, OptionError

_LARGEST = 2**53  # whole number that a float tells from its neighbours
_FARTHEST = 2**62  # from the start of counting, so that differences can be counted as well

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
        values = _from_objects(values)
    if values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        if unit in ("Y", "M", "W"):
            values, unit = values.astype("datetime64[D]"), "D"
        return values.astype(np.int64), unit
    if values.dtype.kind in "iu":
        return values.astype(np.int64), None
    if values.dtype.kind == "f":
        values = numbers_of(values)
        gaps = np.isnan(values)
        whole = np.where(gaps, 0.0, values)
        if (np.abs(whole) <= _LARGEST).all() and (whole == np.floor(whole)).all():
            return np.where(gaps, _NO_TIME, whole.astype(np.int64)), None
    raise DataError(
        f"column {name!r} holds neither dates nor whole numbers but {values.dtype}; "
        "pandas.to_datetime makes dates of text"
    )


def _from_objects(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return dates or numbers among objects as such, and anything else as it is."""
    try:
        there = values[~pd.isna(values)]
        if len(there) and all(isinstance(v, calendar_date) for v in there[:1000]):
            return pd.to_datetime(pd.Series(values)).to_numpy()
        return numbers_of(values)
    except (NotNumbers, TypeError, ValueError, ArithmeticError):
        return values


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
            f"window={shown(window)} is no pair of dates; give the first date that counts and the "
            "first after it that does not"
        ) from None
    if unit is None:
        low, high = _number_ends(start, end)
        _check_counts(np.append(ticks if kept is None else ticks[kept], [low, high]))
        return Clock(low, high - low, None), ticks - low
    ends = [_nanoseconds(_date(value, window)) for value in (start, end)]
    if not ends[0] < ends[1]:
        raise OptionError(
            f"window={shown(window)} ends before it starts; give the earlier date first"
        )
    chosen = unit
    there = ticks if kept is None else ticks[kept]
    for coarser in _DAY:
        if coarser == unit:
            break
        factor = _DAY[unit] // _DAY[coarser]
        whole = all(e % (_DAY["ns"] // _DAY[coarser]) == 0 for e in ends)
        if whole and not (there % factor).any():
            chosen, ticks = coarser, ticks // factor
            break
    per = _DAY["ns"] // _DAY[chosen]
    if any(e % per for e in ends):
        raise OptionError(
            f"window={shown(window)} is finer than the dates, which count in {chosen!r}; give ends "
            "in this unit"
        )
    begin, length = ends[0] // per, (ends[1] - ends[0]) // per
    if max(abs(begin), length) > _FARTHEST:
        raise OptionError(
            f"window={shown(window)} reaches beyond what times in {chosen!r} can count; end it at "
            "the day after the last that was observed"
        )
    first: np.datetime64 = np.array([begin]).astype(f"datetime64[{chosen}]")[0]
    return Clock(first, length, chosen), ticks - begin


def _nanoseconds(time: pd.Timestamp) -> int:
    """Count nanoseconds since 1970, in Python's numbers, which no date of a calendar exceeds."""
    return int(time.as_unit("us").asm8.astype(np.int64)) * 1000 + time.nanosecond


def _check_counts(ticks: npt.NDArray[np.int64]) -> None:
    """Refuse whole numbers that write dates, between which nothing can be counted."""
    if written := written_as(ticks):
        raise DataError(
            f"dates and window are numbers such as {ticks.min()} and {ticks.max()}, which look "
            f"like dates written {written} and count no days; make dates of them, such as by "
            "pandas.to_datetime(date, format='%Y%m%d'), and give the window as dates too"
        )


def _number_ends(start: object, end: object) -> tuple[int, int]:
    ends = []
    for value in (start, end):
        number = one_number("window", value) if is_number(value) else np.inf
        if abs(number) > _LARGEST or number % 1:
            raise OptionError(
                f"window={shown((start, end))} must be two whole numbers, because the dates are"
            )
        ends.append(int(number))
    if ends[0] >= ends[1]:
        raise OptionError(
            f"window={shown((start, end))} ends before it starts; give the earlier time first"
        )
    return ends[0], ends[1]


def _date(value: object, window: object) -> pd.Timestamp:
    found: Any = pd.NaT
    if not is_number(value):  # pandas would take them for nanoseconds
        try:
            found = pd.Timestamp(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            found = pd.NaT
    if pd.isna(found) or found.tzinfo is not None:
        raise OptionError(
            f"window={shown(window)} is no pair of dates without time zone, such as "
            "('2024-01-01', '2025-01-01')"
        )
    return pd.Timestamp(found)
