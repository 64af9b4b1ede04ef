"""Reading of records: whose row, in which period, on a calendar that the call names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.calendar import written_as
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import (
    check_choice,
    count_of,
    enumerate_names,
    shown,
)
from loyaltymodel._core.variables import Bounds, Variables, codes_of, read_variables
from loyaltymodel.economics.retention.kernels import Present, who_was_there, whole_codes
from loyaltymodel.errors import DataError, OptionError

Per = Literal["day", "week", "month", "quarter", "half_year", "year"]

_MOST_PERIODS = 10_000
_MOST_CELLS = 50_000_000  # of a table of periods by periods
_LARGEST = 2**53
_YEARS = (1800, 2200)
_MONTHS = 12
_SEVERAL = 3  # distinct periods, from which an equal step between them is no chance
_IN_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_MARKS = {"quarter": "Q", "half_year": "H"}
_MONDAY = 3  # days from a Monday to 1 January 1970, where counting begins


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Rows (n,) by numbers: whose, and in which period since the first with a row."""

    customer: IntArray
    period: IntArray
    ids: npt.NDArray[Any]
    first: int
    n_periods: int
    per: Per | None
    found: Variables

    @property
    def there(self) -> Present:
        """Each customer and period once."""
        return who_was_there(self.customer, self.period, len(self.ids), self.n_periods)

    @property
    def labels(self) -> tuple[int | str, ...]:
        """How each period is written."""
        return tuple(label_of(self.first + k, self.per) for k in range(self.n_periods))

    def called(self, period: int) -> str:
        """Return how a period is written in a message."""
        return str(label_of(self.first + int(period), self.per))


def read_records(
    customer: object,
    date: object,
    *,
    per: Per | None,
    until: object = None,
    more: Mapping[str, object] | None = None,
    bounds: Mapping[str, Bounds] | None = None,
    categories: Sequence[str] = (),
    data: object = None,
    missing: Missing = "raise",
    least: int = 2,
) -> Records:
    """Read rows of activity: a row a customer and period, or several, as in a log of purchases."""
    if per is not None:
        check_choice("per", per, Per)
    given = {name: value for name, value in (more or {}).items() if value is not None}
    found = read_variables(
        {"customer": customer, "date": date, **given},
        data=data,
        bounds=bounds,
        categories=["customer", "date", *categories],
        missing=missing,
    )
    who, ids = _customers(found)
    when = read_periods("date", found["date"], per, found.labels)
    first, last = int(when.min()), int(when.max())
    if until is not None:
        end = one_period("until", until, per)
        if end < last:
            row = found.labels[int(np.argmax(when > end))]
            raise DataError(
                f"row {row} is later than until={shown(until)}, the last period observed; leave "
                "later rows out, or give a later period"
            )
        last = end
    n_periods = last - first + 1
    if n_periods > _MOST_PERIODS:
        raise DataError(
            f"rows lie {n_periods:,} periods apart, more than {_MOST_PERIODS:,}; dates may be "
            "written in two ways, or give per= a longer period"
        )
    if n_periods < least:
        raise DataError(
            f"only one period is observed, {label_of(first, per)}, so nobody can be seen to stay "
            "or leave; give rows of more periods, or per= a shorter one"
        )
    when -= first
    _check_step(when, first, n_periods, per)
    return Records(who, when, ids, first, n_periods, per, found)


def _customers(found: Variables) -> tuple[IntArray, npt.NDArray[Any]]:
    values = found.values["customer"]
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        dense = whole_codes(values)
        if dense is not None:
            return dense
    codes, distinct = codes_of(values)
    ids = np.empty(len(distinct), dtype=object)
    ids[:] = distinct
    return codes, ids


def _check_step(when: IntArray, first: int, n_periods: int, per: Per | None) -> None:
    """Refuse rows of longer periods than those that are counted, such as quarters by months."""
    seen = np.flatnonzero(np.bincount(when, minlength=n_periods))
    step = int(np.gcd.reduce(np.diff(seen))) if len(seen) >= _SEVERAL else 1
    if step > 1:
        raise DataError(
            f"rows stand in one of {step} periods only, from {label_of(first, per)} on, so "
            "that everybody would be lost at once; "
            + (
                f"divide the numbers by {step}"
                if per is None
                else "give per= the longer period that they belong to"
            )
        )


def check_no_empty_period(records: Records) -> None:
    """Refuse a period in which nobody at all has a row, after which all would be won back."""
    empty = np.flatnonzero(np.bincount(records.period, minlength=records.n_periods) == 0)
    if empty.size:
        raise DataError(
            f"{count_of(len(empty), 'period')} without any row "
            f"({enumerate_names(records.called(int(k)) for k in empty)}), so that everybody would "
            "be lost at once; add the rows, end until= earlier, or take longer periods"
        )


def one_period(name: str, value: object, per: Per | None) -> int:
    """Return the number of one period, given as in the data or as text such as "2024-03"."""
    if np.ndim(value) > 0:  # type: ignore[arg-type]
        raise OptionError(f"{name}={shown(value)} must be one period, such as the last one")
    if isinstance(value, str) and per is not None:
        try:
            value = pd.Timestamp(value)
        except (ValueError, TypeError):
            raise OptionError(f"{name}={shown(value)} is no date, such as '2024-12-31'") from None
    if isinstance(value, pd.Timestamp):
        value = np.datetime64(value) if value.tzinfo is None else value
    try:
        return int(read_periods(name, np.atleast_1d(np.asarray(value)), per, None)[0])
    except DataError as error:
        raise OptionError(str(error)) from None


def read_periods(
    name: str, values: npt.NDArray[Any], per: Per | None, labels: pd.Index | None
) -> IntArray:
    """Return the number of the period of each date; without ``per`` dates count periods."""
    if values.dtype == object:
        values = _from_objects(name, values)
    if values.dtype.kind == "M":
        if per is None:
            raise DataError(
                f'{name} has dates; give per=, such as "month", to say what a period is'
            )
        return _of_dates(values, per)
    try:
        numbers = numbers_of(values)
    except NotNumbers as error:
        raise DataError(
            f"{name} has {error.example}, neither a date nor a whole number; pandas.to_datetime "
            "makes dates of text"
        ) from None
    if numbers.dtype.kind == "f":
        whole = (np.abs(numbers) <= _LARGEST) & (numbers == np.floor(numbers))
        if not whole.all():
            at = int(np.argmin(whole))
            where = "" if labels is None else f" in row {labels[at]}"
            raise DataError(f"{name} has {numbers[at]:.12g}{where}, which counts no periods")
    counted = numbers.astype(np.int64)  # also a copy, which may be changed
    return _plain(name, counted) if per is None else _written(name, counted, per)


def _from_objects(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    first = values[0]
    if isinstance(first, pd.Period):
        raise DataError(f"{name} has periods of pandas; make dates of them by .dt.to_timestamp()")
    if getattr(first, "tzinfo", None) is not None:
        raise DataError(
            f"{name} has times with a time zone; say which day counts by "
            ".dt.tz_convert(zone).dt.tz_localize(None)"
        )
    if isinstance(first, (calendar_date, np.datetime64)):
        try:
            return np.asarray(pd.to_datetime(pd.Series(values)).to_numpy())
        except (ValueError, TypeError):
            raise DataError(
                f"{name} has dates beside other values; write all of them in one way"
            ) from None
    return values


def _of_dates(values: npt.NDArray[Any], per: Per) -> IntArray:
    if per in ("day", "week"):
        days = values.astype("datetime64[D]").astype(np.int64)
        return days if per == "day" else (days + _MONDAY) // 7
    months = values.astype("datetime64[M]").astype(np.int64) + 1970 * _MONTHS
    return months if per == "month" else months // _IN_MONTHS[per]


def _plain(name: str, counted: IntArray) -> IntArray:
    written = written_as(counted)
    low, high = int(counted.min()), int(counted.max())
    years = (counted >= _YEARS[0]) & (counted <= _YEARS[1])
    months = (counted >= 100 * _YEARS[0]) & (counted <= 100 * _YEARS[1] + _MONTHS)
    if years.any() and months.any() and (years | months).all():
        raise DataError(
            f"{name} has mixed periods: years such as {low} beside months such as {high}; write "
            "all dates in one way"
        )
    if written:
        way_out = (
            'give per="month"'
            if written == "yyyymm"
            else "make dates of them by pandas.to_datetime(date, format='%Y%m%d') and give per="
        )
        raise DataError(
            f"{name} has numbers such as {low} and {high}, which look like dates written "
            f"{written}, so that steps over the end of a "
            f"{'year' if written == 'yyyymm' else 'month'} would be gaps; {way_out}"
        )
    return counted


def _written(name: str, counted: IntArray, per: Per) -> IntArray:
    """Return periods of numbers that write years (2024) or months (202412)."""
    if per == "year" and ((counted >= _YEARS[0]) & (counted <= _YEARS[1])).all():
        return counted
    year, month = np.divmod(counted, 100)
    good = (month >= 1) & (month <= _MONTHS) & (year >= _YEARS[0]) & (year <= _YEARS[1])
    if per in _IN_MONTHS and good.all():
        return (year * _MONTHS + month - 1) // _IN_MONTHS[per]
    if per in _IN_MONTHS and good.any():
        odd = int(counted[np.argmin(good)])
        raise DataError(
            f"{name} has mixed periods: months written as {int(counted[good][0])} beside {odd}; "
            "write all dates in one way"
        )
    such_as = ", or months written as 202412" if per in _IN_MONTHS else ""
    raise DataError(
        f'with per="{per}" {name} must be dates{such_as}, not {int(counted[0])}; whole numbers '
        "that count periods need no per="
    )


def label_of(number: int, per: Per | None) -> int | str:
    """Return how a period is written: numbers and years as such, others as text."""
    if per is None or per == "year":
        return number
    if per in ("day", "week"):
        day = number if per == "day" else 7 * number - _MONDAY
        return str(np.datetime64(day, "D"))
    parts = _MONTHS // _IN_MONTHS[per]
    year, part = divmod(number, parts)
    return f"{year:04d}-{part + 1:02d}" if per == "month" else f"{year:04d}-{_MARKS[per]}{part + 1}"


def spells_in(found: Variables) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Return tenure (n,), whether lost at it, and entry, 0 where none is given.

    Raises
    ------
    DataError
        If lost is neither 0 nor 1, or somebody is last seen before the entry or lost not after it.
    """
    tenure = np.asarray(found["tenure"], dtype=np.float64)
    said = np.asarray(found["lost"], dtype=np.float64)
    if not np.isin(said, (0.0, 1.0)).all():
        raise DataError("lost must be 1 (or True) for customers lost and 0 for the others")
    lost = said == 1
    known = "entry" in found.values
    entry = np.asarray(found["entry"], np.float64) if known else np.zeros_like(tenure)
    early = (tenure < entry) | (lost & (tenure <= entry))
    if early.any():
        at = int(np.argmax(early))
        what = "lost" if lost[at] else "last seen"
        since = f"the entry at {entry[at]:g}" if known else "being won"
        raise DataError(
            f"the customer in row {found.labels[at]} was {what} at tenure {tenure[at]:g}, "
            f"{'before' if tenure[at] < entry[at] else 'not after'} {since}; tenure counts from "
            "the start, and a loss in the first period has tenure 1"
        )
    return tenure, lost, entry
