"""From a panel of customers, dates and stages to the counts that everything is estimated from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
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
    suggest,
    visible,
)
from loyaltymodel._core.variables import Variables, read_weighted
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement.stages import Stages, place_of, word_of
from loyaltymodel.loyalty_stage.movement.weighting import WeightedMoves, weighted_moves

Gaps = Literal["raise", "skip", "absent"]
Period = Literal["number", "month"]

_LARGEST = 2**53  # whole number that a float tells from its neighbours
_MOST_CELLS = 50_000_000  # of a table of dates by stages by stages: 400 MB
_MOST_ROWS = 100_000_000  # with those of absent customers
_MONTHS = 12


@dataclass(frozen=True, slots=True, eq=False)
class PanelCounts:
    """Moves counted: who went where, when, and from where before.

    ``counts`` (k, k) are weighted; ``per_date`` (t, k, k) by the time of the start and
    ``triples`` (k, k, k) are not. ``weighted`` holds the moves of customers whose weights differ;
    it is None if all moves weigh the same.
    """

    counts: FloatArray
    weighted: WeightedMoves | None
    per_date: FloatArray
    dates: IntArray
    triples: FloatArray
    n_panel: int
    n_dropped: int
    n_gaps: int
    n_ended: int


def count_moves(
    stages: Stages,
    *,
    customer: Any,
    date: Any,
    stage: Any,
    weights: Any,
    data: object,
    gaps: Gaps,
    absent: str | None,
    period: Period,
    missing: Missing,
) -> PanelCounts:
    """Read a panel and count the moves of one period."""
    check_choice("gaps", gaps, Gaps)
    check_choice("period", period, Period)
    if gaps == "absent" and absent is None:
        raise OptionError('gaps="absent" needs absent=, the stage of customers without a row')
    nowhere = None if absent is None else place_of(stages, absent)
    given = {"customer": customer, "date": date, "stage": stage}
    found, worth = read_weighted(
        given, weights, data=data, categories=tuple(given), missing=missing
    )
    who, _ = pd.factorize(found["customer"])
    when = _periods(found) if period == "number" else _months(found)
    place = _places(found, stages)
    order = np.lexsort((when, who))
    who, when, place = who[order], when[order], place[order]
    same = who[1:] == who[:-1]
    step = when[1:] - when[:-1]
    _one_stage_at_a_time(found, same & (step == 0), order, stages, place)
    n_gaps = _gaps(found, same & (step > 1), order, gaps)
    k = len(stages.names)
    final = when.max()
    last = np.append(~same, True)
    n_ended = int((last & (when < final)).sum())
    worth = worth[order]
    if nowhere is not None:
        if found.n_dropped:
            raise DataError(
                f"{count_of(found.n_dropped, 'row')} with a missing value would be left out, and "
                "customers without a row count as absent; fill these rows in, or leave their "
                "customers out"
            )
        lacking = np.where(last, final - when, 0)
        if gaps == "absent":
            lacking[:-1] += np.where(same, step - 1, 0)
        rows, place, when = _filled(lacking, place, when, nowhere)
        who, worth = who[rows], worth[rows]
        same, step = who[1:] == who[:-1], when[1:] - when[:-1]
    moved = same & (step == 1)
    source, target = place[:-1][moved], place[1:][moved]
    if not len(source):
        raise DataError(
            "no customer was seen at two successive dates, so there is no move to count; give "
            "at least two periods"
        )
    weight = worth[:-1][moved]
    times, at = np.unique(when[:-1][moved], return_inverse=True)
    if len(times) * k * k > _MOST_CELLS:
        raise DataError(
            f"moves start at {len(times)} dates and go between {k} stages, which makes too large "
            f"a table (at most {_MOST_CELLS:,} cells); count longer periods, or merge stages"
        )
    twice = moved[1:] & moved[:-1]
    first, middle, last = place[:-2][twice], place[1:-1][twice], place[2:][twice]
    pair = source * k + target
    differ = bool((weight != weight[0]).any())
    return PanelCounts(
        counts=np.asarray(np.bincount(pair, weight, minlength=k * k).reshape(k, k), np.float64),
        weighted=weighted_moves(who[:-1][moved], pair, weight, k) if differ else None,
        per_date=_tally(at * (k * k) + pair, (len(times), k, k)),
        dates=times if period == "number" else times // _MONTHS * 100 + times % _MONTHS + 1,
        triples=_tally((first * k + middle) * k + last, (k, k, k)),
        n_panel=int(who[-1]) + 1,
        n_dropped=found.n_dropped,
        n_gaps=n_gaps,
        n_ended=n_ended,
    )


def _tally(codes: IntArray, shape: tuple[int, ...]) -> FloatArray:
    counted = np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(counted, dtype=np.float64)


def _periods(found: Variables) -> IntArray:
    """Return dates as whole numbers of periods."""
    values = found["date"]
    try:
        numbers = numbers_of(values)
    except NotNumbers as error:
        raise _no_periods(error.example) from None
    whole = (np.abs(numbers) <= _LARGEST) & (numbers == np.floor(numbers))
    if not whole.all():
        raise _no_periods(f"{float(numbers[int(np.argmin(whole))])!r}")
    periods = numbers.astype(np.intp)
    written = written_as(periods)
    if written:
        way_out = (
            'period="month" counts months'
            if written == "yyyymm"
            else "count days, such as by pandas.to_datetime(date, format='%Y%m%d')"
        )
        raise DataError(
            f"date has numbers such as {periods.min()} and {periods.max()}, which look like dates "
            f"written {written}, so that steps over the end of a "
            f"{'year' if written == 'yyyymm' else 'month'} would be gaps; {way_out}"
        )
    return periods


def _no_periods(example: str) -> DataError:
    return DataError(
        f'date must be whole numbers that count periods, not {example}; period="month" takes '
        "months of dates, or written as 202412"
    )


def _months(found: Variables) -> IntArray:
    """Return months since the year 0, of dates or of numbers written yyyymm."""
    values = found["date"]
    if np.issubdtype(values.dtype, np.datetime64):
        return values.astype("datetime64[M]").astype(np.intp) + 1970 * _MONTHS
    try:
        numbers = numbers_of(values)
    except NotNumbers as error:
        raise _no_months(error.example) from None
    month = numbers % 100
    good = (numbers == np.floor(numbers)) & (month >= 1) & (month <= _MONTHS)
    good &= (numbers >= 100_001) & (numbers < 1_000_000)  # noqa: PLR2004  years of four digits
    if not good.all():
        raise _no_months(f"{float(numbers[int(np.argmin(good))]):.12g}")
    written = numbers.astype(np.intp)
    return written // 100 * _MONTHS + written % 100 - 1


def _no_months(example: str) -> DataError:
    return DataError(
        f'with period="month" date must be dates, or months written as 202412, not {example}; '
        "make dates of text by pandas.to_datetime"
    )


def _filled(
    lacking: IntArray, place: IntArray, when: IntArray, absent: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Put rows in the absent stage where so many are lacking after a row.

    Returns the row that each is made of, its stage and its period.
    """
    n = int(lacking.sum()) + len(lacking)
    if n > _MOST_ROWS:
        raise DataError(
            f"customers would be absent for {n - len(lacking):,} periods, more than can be counted;"
            " count longer periods"
        )
    rows = np.repeat(np.arange(len(lacking)), lacking + 1)
    first = np.cumsum(lacking + 1) - lacking - 1
    since = np.arange(n) - first[rows]
    return rows, np.where(since > 0, absent, place[rows]), when[rows] + since


def _places(found: Variables, stages: Stages) -> IntArray:
    """Return the place of each stage, by either of its names."""
    codes, distinct = pd.factorize(found["stage"])
    known = {name: k for k, name in enumerate(stages.names)}
    known |= {name: k for k, name in enumerate(stages.chinese)}
    places = np.array([known.get(word_of(value), -1) for value in distinct], dtype=np.intp)
    place = places[codes]
    if (unknown := place < 0).any():
        row = int(np.argmax(unknown))
        name = distinct[codes[row]]
        raise DataError(
            f"{count_of(int(unknown.sum()), 'row')} in an unknown stage, first {shown(name)} in "
            f"row {found.labels[row]}{suggest(name, known)}; stages are "
            f"{enumerate_names(stages.names, most=12)}. Correct it, or give stages="
        )
    return place


def _one_stage_at_a_time(
    found: Variables, double: BoolArray, order: IntArray, stages: Stages, place: IntArray
) -> None:
    if not double.any():
        return
    first = int(np.argmax(double))
    row = order[first]
    names = [stages.names[place[first]], stages.names[place[first + 1]]]
    where = visible(f"customer {found['customer'][row]} at date {found['date'][row]}")
    if names[0] == names[1]:
        raise DataError(
            f"rows that repeat others: {int(double.sum())}, first {where} in stage "
            f"{names[0]!r}; drop the copies"
        )
    raise DataError(
        f"nobody can be in two stages at once, but {where} is in {names[0]!r} and {names[1]!r}; "
        "keep one row for each customer and date"
    )


def _gaps(found: Variables, jump: BoolArray, order: IntArray, gaps: Gaps) -> int:
    """Count successive rows that are further apart than one period."""
    n_gaps = int(jump.sum())
    if n_gaps and gaps == "raise":
        row = order[int(np.argmax(jump))]
        raise DataError(
            f"{count_of(n_gaps, 'gap')} in time, first after date {found['date'][row]} of customer "
            f"{found['customer'][row]}: the next row is more than one period later. "
            'gaps="skip" leaves such pairs of rows out, gaps="absent" puts the customer into the '
            "stage of absent= meanwhile; if the periods are longer than 1, recode date to 0, 1, 2 "
            "and so on"
        )
    return n_gaps
