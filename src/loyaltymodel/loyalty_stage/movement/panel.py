"""From a panel of customers, dates and stages to the counts that everything is estimated from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._frames import Missing
from loyaltymodel._native import NotNumbers, numbers_of
from loyaltymodel._options import (
    check_choice,
    count_of,
    enumerate_names,
    shown,
    suggest,
    visible,
)
from loyaltymodel._variables import Variables, read_weighted
from loyaltymodel.errors import DataError
from loyaltymodel.loyalty_stage.calendar import written_as
from loyaltymodel.loyalty_stage.movement.stages import Stages, word_of

Gaps = Literal["raise", "skip"]

_LARGEST = 2**53  # whole number that a float tells from its neighbours
_MOST_CELLS = 50_000_000  # of a table of dates by stages by stages: 400 MB


@dataclass(frozen=True, slots=True, eq=False)
class PanelCounts:
    """Moves counted: who went where, when, and from where before.

    ``counts`` (k, k) are weighted; ``per_date`` (t, k, k) by the time of the start and
    ``triples`` (k, k, k) are not. ``effective`` (k,) is what the weighted moves out of a stage
    are worth in moves of equal weight.
    """

    counts: FloatArray
    effective: FloatArray
    per_date: FloatArray
    dates: IntArray
    triples: FloatArray
    n_panel: int
    n_dropped: int
    n_gaps: int


def count_moves(
    stages: Stages,
    *,
    customer: Any,
    date: Any,
    stage: Any,
    weights: Any,
    data: object,
    gaps: Gaps,
    missing: Missing,
) -> PanelCounts:
    """Read a panel and count the moves of one period."""
    check_choice("gaps", gaps, Gaps)
    given = {"customer": customer, "date": date, "stage": stage}
    found, worth = read_weighted(
        given, weights, data=data, categories=tuple(given), missing=missing
    )
    who, _ = pd.factorize(found["customer"])
    when = _periods(found)
    place = _places(found, stages)
    order = np.lexsort((when, who))
    who, when, place = who[order], when[order], place[order]
    same = who[1:] == who[:-1]
    step = when[1:] - when[:-1]
    _one_stage_at_a_time(found, same & (step == 0), order, stages, place)
    moved, n_gaps = _moves(found, same, step, order, gaps)
    k = len(stages.names)
    source, target = place[:-1][moved], place[1:][moved]
    if not len(source):
        raise DataError(
            "no customer was seen at two successive dates, so there is no move to count; give "
            "at least two periods"
        )
    weight = worth[order][:-1][moved]
    times, at = np.unique(when[:-1][moved], return_inverse=True)
    if len(times) * k * k > _MOST_CELLS:
        raise DataError(
            f"moves start at {len(times)} dates and go between {k} stages, which makes too large "
            f"a table (at most {_MOST_CELLS:,} cells); count longer periods, or merge stages"
        )
    twice = moved[1:] & moved[:-1]
    first, middle, last = place[:-2][twice], place[1:-1][twice], place[2:][twice]
    total = np.bincount(source, weight, minlength=k)
    squares = np.bincount(source, weight**2, minlength=k)
    return PanelCounts(
        counts=np.asarray(
            np.bincount(source * k + target, weight, minlength=k * k).reshape(k, k), np.float64
        ),
        effective=np.divide(total**2, squares, out=np.zeros(k), where=squares > 0),
        per_date=_tally((at * k + source) * k + target, (len(times), k, k)),
        dates=times,
        triples=_tally((first * k + middle) * k + last, (k, k, k)),
        n_panel=int(who[-1]) + 1,
        n_dropped=found.n_dropped,
        n_gaps=n_gaps,
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
            "date // 100 * 12 + date % 100 counts months"
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
        f"date must be whole numbers that count periods, not {example}; months of dates are "
        "12 * date.dt.year + date.dt.month"
    )


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


def _moves(
    found: Variables,
    same: BoolArray,
    step: npt.NDArray[np.integer],
    order: IntArray,
    gaps: Gaps,
) -> tuple[BoolArray, int]:
    """Tell which successive rows are one period apart, and count those further apart."""
    jump = same & (step > 1)
    n_gaps = int(jump.sum())
    if n_gaps and gaps == "raise":
        row = order[int(np.argmax(jump))]
        raise DataError(
            f"{count_of(n_gaps, 'gap')} in time, first after date {found['date'][row]} of customer "
            f"{found['customer'][row]}: the next row is more than one period later. "
            'gaps="skip" leaves such pairs of rows out; if the periods are longer than 1, '
            "recode date to 0, 1, 2 and so on"
        )
    return same & (step == 1), n_gaps
