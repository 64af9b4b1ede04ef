"""Numbers that are known or uncertain: joint draws go through a formula in one call.

A formula takes arrays by name and gives a row an element. The numbers themselves are the first
element, draws of some of them the others, so that an estimate is a stack of one and its draws are
the rest of the stack.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from loyaltymodel._core import intervals
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, Numbers
from loyaltymodel._core.estimates import EstimateTable, Labels
from loyaltymodel._core.options import LARGEST, enumerate_names, shown, suggest
from loyaltymodel.errors import OptionError

_FEWEST = 2  # draws that have a spread


class Bound(NamedTuple):
    """Where a number may lie; an open end is not itself allowed."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def holds(self, values: FloatArray) -> BoolArray:
        """Return for each value whether it lies within."""
        above = values > self.low if self.open_low else values >= self.low
        below = values < self.high if self.open_high else values <= self.high
        return np.asarray(above & below & (np.abs(values) <= LARGEST))

    def words(self) -> str:
        """Say it in words."""
        if not math.isfinite(self.low) and not math.isfinite(self.high):
            return "a finite number"
        if not math.isfinite(self.high):
            return f"a number {'above' if self.open_low else 'of at least'} {self.low:g}"
        if not math.isfinite(self.low):
            return f"a number {'below' if self.open_high else 'of at most'} {self.high:g}"
        ends = ["excluded" if end else "included" for end in (self.open_low, self.open_high)]
        note = (
            ""
            if set(ends) == {"included"}
            else f" ({self.low:g} {ends[0]}, {self.high:g} {ends[1]})"
        )
        return f"a number from {self.low:g} to {self.high:g}{note}"


SHARE = Bound(0.0, 1.0)
AMOUNT = Bound(0.0)
POSITIVE = Bound(0.0, open_low=True)
ANY = Bound()


def stack_of(
    numbers: Mapping[str, float | FloatArray],
    draws: Mapping[str, Numbers] | None = None,
    *,
    bounds: Mapping[str, Bound],
) -> dict[str, FloatArray]:
    """Return each number with its draws behind it.

    Parameters
    ----------
    numbers : mapping from str to float or ndarray
        The numbers by name, or several under one name, such as a margin a year.
    draws : mapping from str to array of shape (b,) or (b, ...), optional
        Draws of some of them, all of one joint law: the same place is the same draw. Behind the
        draws stands the shape of the number.
    bounds : mapping from str to Bound
        Where each number, and each of its draws, may lie.

    Returns
    -------
    dict from str to ndarray of shape (1 + b,) or (1 + b, ...)
        First the number, then its draws; a number without draws is repeated.

    Raises
    ------
    OptionError
        If a name is unknown, draws differ in length, or a value is outside its bound.
    """
    drawn = {name: np.asarray(values, np.float64) for name, values in (draws or {}).items()}
    if unknown := [name for name in drawn if name not in numbers]:
        raise OptionError(
            f"draws has {unknown[0]!r}, which is no number of this calculation"
            f"{suggest(unknown[0], numbers)}; there are {enumerate_names(numbers, most=20)}"
        )
    for name, values in drawn.items():
        each = np.shape(numbers[name])
        if values.ndim == 0 or values.shape[1:] != each:
            wanted = "(b,)" if not each else f"(b, {', '.join(map(str, each))})"
            raise OptionError(
                f"draws[{name!r}] has shape {values.shape}, but must have {wanted}: a draw a row"
            )
    sizes = {name: len(values) for name, values in drawn.items()}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise OptionError(
            f"draws must be of one joint law, so equally many of each number; there are: {said}"
        )
    b = next(iter(sizes.values()), 0)
    if drawn and b < _FEWEST:
        raise OptionError(f"draws has {b} value each; an interval needs many, such as 1,000")
    found = {}
    for name, number in numbers.items():
        first = np.asarray(number, np.float64)[None]
        behind = drawn.get(name, np.broadcast_to(first, (b, *first.shape[1:])))
        found[name] = np.concatenate([first, behind])
    check_stack(found, bounds=bounds)
    return found


def check_stack(stack: Mapping[str, FloatArray], *, bounds: Mapping[str, Bound]) -> None:
    """Raise an OptionError if a number or a draw of it is outside its bound."""
    for name, values in stack.items():
        _check(name, values, bounds.get(name, ANY))


def table_of_rows(labels: Labels, rows: FloatArray, *, level: float) -> EstimateTable:
    """Return a table of rows (1 + b, k) of which the first is the estimate, the rest draws."""
    columns = FrozenMapping({name: tuple(column) for name, column in labels.items()})
    if len(rows) == 1:
        return EstimateTable(labels=columns, estimate=rows[0], level=level)
    found = spread_of(rows[1:], level=level)
    return EstimateTable(
        labels=columns,
        estimate=rows[0],
        std_error=found.std_error,
        ci_low=found.low,
        ci_high=found.high,
        level=level,
        method="percentiles of the draws",
        replicates=rows[1:],
    )


def difference_of(one: EstimateTable, other: EstimateTable, *, paired: bool) -> FloatArray:
    """Return by how much the rows of a table exceed those of another, (1 + b, k).

    Without ``paired`` the two are independent, and each draw is held against the one of the other
    a place further on, so that equal random numbers do not meet.
    """
    sizes = [0 if table.replicates is None else len(table.replicates) for table in (one, other)]
    if all(sizes) and sizes[0] != sizes[1]:
        raise OptionError(f"there are {sizes[0]:,} draws of this and {sizes[1]:,} of the other")

    def rows(table: EstimateTable, shift: int) -> FloatArray:
        drawn = table.replicates
        if drawn is None:
            drawn = np.broadcast_to(table.estimate, (max(sizes), len(table)))
        return np.vstack([table.estimate, np.roll(drawn, shift, axis=0)])

    with np.errstate(invalid="ignore"):  # infinity less infinity is no number
        return np.asarray(rows(one, 0) - rows(other, 0 if paired else 1))


class Spread(NamedTuple):
    """What draws (b, k) say of each column: standard deviation, interval, share that is finite."""

    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    finite: FloatArray


def spread_of(draws: FloatArray, *, level: float) -> Spread:
    """Return standard deviation, interval and share of finite values of draws (b, k).

    Infinite values count as larger than all others; undefined ones are left out of the
    interval. The standard deviation is NaN unless every draw is finite.
    """
    columns = draws.shape[1]
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    finite = np.isfinite(draws)
    whole = finite.all(axis=0)
    error = np.full(columns, np.nan)
    if whole.any():
        ends = intervals.percentile(draws[:, whole], level=level)
        low[whole], high[whole] = ends.low, ends.high
        error[whole] = intervals.spread(draws[:, whole])
    tail = (1 - level) / 2
    for k in np.flatnonzero(~whole):  # few: quantities that some draws do not have
        there = draws[~np.isnan(draws[:, k]), k]
        if len(there):
            method: Any = "closest_observation"  # no straight line leads to infinity
            low[k], high[k] = np.quantile(there, [tail, 1 - tail], method=method)
    return Spread(error, low, high, finite.mean(axis=0))


def _check(name: str, values: FloatArray, bound: Bound) -> None:
    if (inside := bound.holds(values)).all():
        return
    place = tuple(np.argwhere(~inside)[0])
    within = f" at {', '.join(map(str, place[1:]))}" if len(place) > 1 else ""
    what = f"{name}{within}" if place[0] == 0 else f"draw {place[0] - 1} of {name}{within}"
    value = float(values[place])
    if LARGEST < abs(value) < math.inf:
        raise OptionError(f"{what} is {value:g}, too large to compute with; take other units")
    raise OptionError(f"{what} is {shown(value)}, but must be {bound.words()}")
