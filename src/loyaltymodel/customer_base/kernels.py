"""Purchases as arrays of whole numbers: cells of customer and brand, and pairs in time.

Everything is counted from sorted keys: customer, brand and time are packed into one whole
number, so that sorting it sorts by all of them, and a change of it ends a group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

_LARGEST = 2**63 - 1
_CELLS_PER_ROW = 8  # counting in a full table of cells is quicker up to about this size


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Purchases (n,) by numbers: customers and brands from 0 on, times from 0 to ``length``."""

    customer: IntArray
    brand: IntArray
    time: npt.NDArray[np.int64]
    n_customers: int
    n_brands: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Combinations (m,) of customer and brand that occur, by customer, then brand."""

    customer: IntArray
    brand: IntArray
    n: IntArray
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    def codes(self, n_brands: int) -> IntArray:
        """Return one number for each cell, rising."""
        return self.customer * n_brands + self.brand


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Purchases with a next one: counts of brand to brand, and for each cell."""

    source: IntArray
    target: IntArray
    count: IntArray
    followed: IntArray
    repeated: IntArray
    n_skipped: int


def cells_of(rows: Coded) -> Cells:
    """Count purchases of each customer and brand, with the first and the last time."""
    code = rows.customer * rows.n_brands + rows.brand
    if rows.n_customers * rows.n_brands * rows.length <= _LARGEST:
        key = np.sort(code * rows.length + rows.time)
        code = key // rows.length
        time = key - code * rows.length
    else:
        order = np.lexsort((rows.time, code))
        code, time = code[order], rows.time[order]
    starts = starts_of(code)
    ends = np.append(starts[1:], len(code))
    found = code[starts]
    customer = found // rows.n_brands
    return Cells(
        customer=customer,
        brand=found - customer * rows.n_brands,
        n=ends - starts,
        first=time[starts],
        last=time[ends - 1],
    )


def sum_in_cells(
    code: IntArray, cells: IntArray, size: int, weights: FloatArray | None = None
) -> FloatArray:
    """Sum weights (1 without any) of rows in cells; ``code`` must be among the rising cells."""
    if size <= _CELLS_PER_ROW * (len(code) + len(cells)):
        found = np.bincount(code, weights, minlength=size)[cells]
    else:
        found = np.bincount(np.searchsorted(cells, code), weights, minlength=len(cells))
    return np.asarray(found, dtype=np.float64)


def starts_of(ordered: npt.NDArray[np.integer]) -> IntArray:
    """Places where a new value begins in a sorted array that is not empty."""
    return np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)


def in_time(rows: Coded) -> tuple[IntArray, npt.NDArray[np.int64], IntArray]:
    """Return customers, times and brands sorted in this order."""
    if rows.n_customers * rows.length * rows.n_brands <= _LARGEST:
        key = np.sort((rows.customer * rows.length + rows.time) * rows.n_brands + rows.brand)
        when = key // rows.n_brands
        customer = when // rows.length
        return customer, when - customer * rows.length, key - when * rows.n_brands
    order = np.lexsort((rows.brand, rows.time, rows.customer))
    return rows.customer[order], rows.time[order], rows.brand[order]


def as_listed(rows: Coded) -> IntArray:
    """Return places of rows by customer, in the order in which they are listed."""
    n = len(rows.customer)
    if rows.n_customers * n <= _LARGEST:  # sorting values is quicker than sorting places
        return np.sort(rows.customer * n + np.arange(n)) % n
    return np.argsort(rows.customer, kind="stable")


def mixed_rows(customer: IntArray, time: npt.NDArray[np.int64], brand: IntArray) -> BoolArray:
    """Tell which rows, sorted, are of a customer who bought several brands at the same time."""
    new = np.append(True, (customer[1:] != customer[:-1]) | (time[1:] != time[:-1]))
    changed: BoolArray = np.append(False, brand[1:] != brand[:-1]) & ~new
    if not changed.any():
        return changed
    group = np.cumsum(new) - 1
    mixed = np.zeros(int(group[-1]) + 1, dtype=np.bool_)
    mixed[group[changed]] = True
    return np.asarray(mixed[group], dtype=np.bool_)


def pairs_of(
    customer: IntArray, brand: IntArray, cells: Cells, n_brands: int, skip: BoolArray | None
) -> Pairs:
    """Count pairs of successive purchases of a customer, sorted by customer and time.

    Pairs with a row of ``skip`` at either end are left out and counted.
    """
    same = customer[1:] == customer[:-1]
    n_skipped = 0
    if skip is not None and skip.any():
        kept = same & ~(skip[1:] | skip[:-1])
        n_skipped = int(same.sum() - kept.sum())
        same = kept
    source, target = brand[:-1][same], brand[1:][same]
    from_cell = customer[:-1][same] * n_brands + source
    codes = cells.codes(n_brands)
    size = (int(customer[-1]) + 1) * n_brands
    again = source == target
    pair, count = _tally(source * n_brands + target, n_brands**2)
    return Pairs(
        source=pair // n_brands,
        target=pair % n_brands,
        count=count,
        followed=sum_in_cells(from_cell, codes, size).astype(np.intp),
        repeated=sum_in_cells(from_cell[again], codes, size).astype(np.intp),
        n_skipped=n_skipped,
    )


def _tally(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Distinct codes, rising, and how often each occurs."""
    if size <= len(codes) + 1_000_000:
        times = np.bincount(codes, minlength=size)
        found = np.flatnonzero(times)
        return found, times[found]
    found, times = np.unique(codes, return_counts=True)
    return found, times


def ratio_error(top: FloatArray, bottom: FloatArray, group: IntArray, size: int) -> FloatArray:
    """Return the standard error of sum(top) / sum(bottom) in each group, over independent rows.

    The rows are customers: their own purchases hang together, so they are counted as one.
    """
    tops = np.bincount(group, top, minlength=size)
    bottoms = np.bincount(group, bottom, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = tops / bottoms
        apart = top - ratio[group] * bottom
        n = np.bincount(group, bottom > 0, minlength=size)
        spread = np.bincount(group, apart**2, minlength=size) * n / np.maximum(n - 1, 0)
        return np.sqrt(spread) / bottoms
