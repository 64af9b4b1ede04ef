"""The door for purchase records: a table in, whole numbers out, nothing left out in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.frames import Missing, check_names, open_frame, row_labels, without_repeated
from loyaltymodel._core.options import (
    check_choice,
    count_of,
    enumerate_names,
    repeated,
    shown,
    suggest,
)
from loyaltymodel._core.variables import codes_of, read_variables
from loyaltymodel.customer_base.kernels import Coded
from loyaltymodel.customer_base.purchases_time import (
    Clock,
    in_window,
    no_time,
    read_times,
)
from loyaltymodel.errors import DataError, OptionError

Refunds = Literal["raise", "subtract", "subtract_matched", "drop"]
Outside = Literal["raise", "drop"]


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Purchases by numbers, with their labels, and what was left out."""

    rows: Coded
    amount: FloatArray | None
    refund_code: IntArray
    refund_amount: FloatArray
    customers: npt.NDArray[Any]
    brands: tuple[Any, ...]
    clock: Clock
    labels: pd.Index
    n_rows: int
    n_missing: int
    n_outside: int
    n_refunds: int
    n_unmatched: int


@dataclass(frozen=True, slots=True, eq=False)
class _Codes:
    """Places (n,) among distinct values, -1 where missing."""

    codes: IntArray
    distinct: Sequence[Any] | npt.NDArray[Any]


def as_table(given: Mapping[str, object], data: object) -> tuple[object, dict[str, str | None]]:
    """Return a table with the columns that are given, by name or as values."""
    values = {name: value for name, value in given.items() if value is not None}
    named = {name: value for name, value in values.items() if isinstance(value, str)}
    if len(named) == len(values) and data is not None:
        return data, {name: None if value is None else str(value) for name, value in given.items()}
    if named and data is None:
        raise DataError(
            f"{enumerate_names(named)} names a column, but there is no table; give data= with a "
            "row a purchase"
        )
    for name, value in values.items():
        if isinstance(getattr(value, "dtype", None), pd.DatetimeTZDtype):
            raise _with_zone(name)
    found = read_variables(
        values,
        data=data,
        categories=[name for name in values if name != "amount"],
        gaps=list(values),
    )
    table = pd.DataFrame(found.values, index=found.labels)
    return table, {name: None if value is None else name for name, value in given.items()}


def _with_zone(name: str) -> DataError:
    return DataError(
        f"column {name!r} has times with a time zone; say which day counts by "
        ".dt.tz_convert(zone).dt.tz_localize(None)"
    )


def read_records(
    data: object,
    names: Mapping[str, str | None],
    *,
    window: tuple[object, object],
    brands: Sequence[Any] | None,
    refunds: Refunds,
    outside: Outside,
    missing: Missing,
) -> Records:
    """Read purchases: columns found, gaps, the window, refunds and brands dealt with."""
    check_choice("refunds", refunds, Refunds)
    check_choice("outside", outside, Outside)
    check_choice("missing", missing, Missing)
    customer, date, brand = (str(names[name]) for name in ("customer", "date", "brand"))
    amount = names["amount"]
    columns = [customer, date, brand, *([] if amount is None else [amount])]
    if twice := repeated(columns):
        raise OptionError(f"column {twice[0]!r} is given for two things; name different columns")
    alone, times = without_repeated(data)
    frame = open_frame(alone)
    customer, date, brand, *rest = check_names(list(frame.columns), columns, times)
    amount = rest[0] if rest else None
    if len(frame) == 0:
        raise DataError("the table of purchases has no rows")
    labels = row_labels(alone, frame)
    who, what = (_coded(alone, frame, name) for name in (customer, brand))
    ticks, unit = read_times(date, _plain(alone, frame, date))
    money = None
    if amount is not None:
        paid = read_variables({amount: _plain(alone, frame, amount)}, gaps=(amount,))
        money = np.asarray(paid[amount], dtype=np.float64)
    gaps = {customer: who.codes < 0, brand: what.codes < 0, date: no_time(ticks)}
    if amount is not None and money is not None:
        gaps[amount] = np.isnan(money)
    kept, n_missing = _complete(gaps, labels, missing)
    clock, ticks = in_window(ticks, unit, window, kept)
    kept, n_outside = _inside(ticks, clock, kept, labels, outside)
    is_refund = _refunds(money, kept, labels, refunds)
    n_refunds = 0 if is_refund is None else int(is_refund.sum())
    bought = kept if is_refund is None else (~is_refund if kept is None else kept & ~is_refund)
    if bought is not None and not bought.any():
        raise DataError("no purchase is left inside the window; widen it, or look at the dates")
    known = _known_brands(what, bought, brands, labels)
    there = _present(who, bought)
    buyers = _places(there, who)[who.codes]
    rows = Coded(
        customer=_take(buyers, bought),
        brand=_take(known.codes, bought),
        time=_take(ticks, bought),
        n_customers=len(there),
        n_brands=len(known.distinct),
        length=clock.length,
    )
    back = is_refund if refunds in ("subtract", "subtract_matched") else None
    code, back_money, n_unmatched = _returned(buyers, known.codes, money, back, rows, refunds)
    return Records(
        rows=rows,
        amount=None if money is None else _take(money, bought),
        refund_code=code,
        refund_amount=back_money,
        customers=np.asarray(who.distinct)[there],
        brands=tuple(known.distinct),
        clock=clock,
        labels=labels if bought is None else labels[bought],
        n_rows=len(frame),
        n_missing=n_missing,
        n_outside=n_outside,
        n_refunds=n_refunds,
        n_unmatched=n_unmatched,
    )


def _take(values: npt.NDArray[Any], kept: BoolArray | None) -> npt.NDArray[Any]:
    return values if kept is None else values[kept]


def _coded(data: Any, frame: nw.DataFrame[Any], name: str) -> _Codes:
    """Return a column as places among its distinct values, which are sorted if they can be.

    Blank text is missing.
    """
    try:
        found = _with_blanks(data, frame, name)
    except (TypeError, InvalidOperation):
        raise DataError(
            f"column {name!r} has values that cannot be told apart, such as lists; give text or "
            "numbers"
        ) from None
    distinct = np.asarray(found.distinct)
    if distinct.dtype != object:
        return found
    blank = np.array([isinstance(v, str) and not v.strip() for v in distinct], dtype=np.bool_)
    if not blank.any():
        return found
    place = np.append(np.where(blank, -1, np.cumsum(~blank) - 1), -1)
    return _Codes(place[found.codes], distinct[~blank])


def _with_blanks(data: Any, frame: nw.DataFrame[Any], name: str) -> _Codes:
    column = frame.get_column(name)
    values: Any
    if isinstance(data, pd.DataFrame):
        values = data[name]
        if isinstance(values.dtype, np.dtype):
            values = values.to_numpy()
    elif column.dtype in (nw.String, nw.Categorical, nw.Enum):
        places = _text_places(column)
        if places is not None:
            return _sorted_codes(*_looked_up(column, places))
        values = column.to_numpy()
    elif column.dtype.is_integer() and bool((absent := column.is_null()).any()):
        # As floats, large keys would run into each other.
        whole = _whole_codes(column.fill_null(0).to_numpy())
        return _Codes(np.where(absent.to_numpy(), -1, whole.codes), whole.distinct)
    else:
        values = column.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return _whole_codes(values)
    codes, distinct = pd.factorize(values)
    return _sorted_codes(codes, np.asarray(distinct))


def _text_places(column: nw.Series[Any]) -> FloatArray | None:
    """Return numbers that tell texts apart, NaN where missing, without making Python strings."""
    native = column.to_native()
    if nw.dependencies.is_pyarrow_chunked_array(native):
        encoded = native.combine_chunks().dictionary_encode()
        return np.asarray(encoded.indices.cast("float64").to_numpy(zero_copy_only=False))
    native = column.cast(nw.Categorical).to_native()
    if not hasattr(native, "to_physical"):
        return None
    return np.asarray(native.to_physical().cast(float).to_numpy())


def _looked_up(
    column: nw.Series[Any], places: FloatArray
) -> tuple[IntArray, npt.NDArray[np.object_]]:
    """Return codes in order of appearance, and the value of each, read where it first stands."""
    codes, distinct = pd.factorize(places)
    first = np.empty(len(distinct), dtype=np.intp)
    backwards = np.arange(len(codes) - 1, -1, -1)
    there = codes[backwards] >= 0
    first[codes[backwards][there]] = backwards[there]
    return codes, np.asarray(column[first.tolist()].to_list(), dtype=object)


def _whole_codes(values: npt.NDArray[Any]) -> _Codes:
    """Codes of whole numbers; a table of all of them is quicker than hashing where it is small."""
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values) or high > np.iinfo(np.int64).max:
        codes, distinct = pd.factorize(values)
        return _sorted_codes(codes, distinct)
    moved = values.astype(np.int64) - low
    present = np.bincount(moved) > 0
    return _Codes((np.cumsum(present) - 1)[moved], np.flatnonzero(present) + low)


def _sorted_codes(codes: IntArray, distinct: npt.NDArray[Any]) -> _Codes:
    place, ordered = codes_of(distinct) if len(distinct) else (np.empty(0, np.intp), ())
    sought = np.append(place, -1)  # a missing value, code -1, stays -1
    kind = distinct.dtype if distinct.dtype.kind in "iuM" else object
    kind = np.float64 if distinct.dtype.kind == "f" else kind
    listed = np.empty(len(ordered), dtype=kind)
    listed[:] = ordered
    return _Codes(sought[codes], listed)


def _plain(data: Any, frame: nw.DataFrame[Any], name: str) -> npt.NDArray[Any]:
    """Return a column as an array."""
    if isinstance(data, pd.DataFrame) and isinstance(data[name].dtype, pd.DatetimeTZDtype):
        raise _with_zone(name)
    column = frame.get_column(name)
    if isinstance(column.dtype, nw.Datetime) and column.dtype.time_zone is not None:
        raise DataError(
            f"column {name!r} has times with a time zone; convert them to the zone whose days "
            "count and drop the zone, in polars by .dt.replace_time_zone(None)"
        )
    if isinstance(data, pd.DataFrame) and isinstance(data[name].dtype, np.dtype):
        return data[name].to_numpy()
    if column.dtype.is_numeric() and bool(column.is_null().any()):
        return column.cast(nw.Float64).to_numpy()
    return np.asarray(column.to_numpy())


def _complete(
    gaps: dict[str, BoolArray], labels: pd.Index, missing: Missing
) -> tuple[BoolArray | None, int]:
    """Tell which rows are complete, or nothing if all are."""
    found = {name: gap for name, gap in gaps.items() if gap.any()}
    if not found:
        return None, 0
    if missing == "raise":
        listed = enumerate_names(
            f"{name!r} ({count_of(int(gap.sum()), 'time')}, first in row "
            f"{labels[int(np.argmax(gap))]})"
            for name, gap in found.items()
        )
        raise DataError(f'no value in column {listed}; missing="drop" leaves such rows out')
    kept = ~np.logical_or.reduce(list(found.values()))
    if not kept.any():
        raise DataError(f"every row has a missing value in {enumerate_names(found)}")
    return kept, int((~kept).sum())


def _inside(
    ticks: npt.NDArray[np.int64],
    clock: Clock,
    kept: BoolArray | None,
    labels: pd.Index,
    outside: Outside,
) -> tuple[BoolArray | None, int]:
    there = ticks if kept is None else ticks[kept]
    if there.min() >= 0 and there.max() < clock.length:
        return kept, 0
    out = (ticks < 0) | (ticks >= clock.length)
    if kept is not None:
        out &= kept
    if outside == "raise":
        first = int(np.argmax(out))
        raise DataError(
            f"{count_of(int(out.sum()), 'purchase')} outside the window, first "
            f"{clock.dates(ticks[first : first + 1])[0]} in row {labels[first]}; "
            'outside="drop" leaves them out'
        )
    return (~out if kept is None else kept & ~out), int(out.sum())


def _refunds(
    money: FloatArray | None, kept: BoolArray | None, labels: pd.Index, refunds: Refunds
) -> BoolArray | None:
    """Tell which rows are refunds, or nothing if none is."""
    if money is None:
        return None
    with np.errstate(invalid="ignore"):
        negative = money < 0
    if kept is not None:
        negative &= kept
    if not negative.any():
        return None
    if refunds == "raise":
        raise DataError(
            f"{count_of(int(negative.sum()), 'amount')} below 0, first in row "
            f'{labels[int(np.argmax(negative))]}; if they are refunds, refunds="subtract" takes '
            'them off what the customer spent on the brand, and "drop" leaves them out'
        )
    return negative


def _known_brands(
    what: _Codes, bought: BoolArray | None, brands: Sequence[Any] | None, labels: pd.Index
) -> _Codes:
    """Return brands by their places among those stated, or among those bought."""
    if brands is None:
        there = _present(what, bought)
        names = [_plain_value(v) for v in np.asarray(what.distinct)[there]]
        return _Codes(_places(there, what)[what.codes], names)
    listed = list(brands)
    if isinstance(brands, str) or not listed or repeated(listed):
        raise OptionError(f"brands={shown(brands)} must be a list of different brands, not empty")
    place_of = {brand: k for k, brand in enumerate(listed)}
    place = np.array([place_of.get(_plain_value(v), -1) for v in what.distinct] + [-1], np.intp)
    codes = place[what.codes]
    unknown = codes < 0 if bought is None else bought & (codes < 0)
    if unknown.any():
        row = int(np.argmax(unknown))
        name = _plain_value(np.asarray(what.distinct)[what.codes[row]])
        texts = [b for b in listed if isinstance(b, str)]
        raise DataError(
            f"{count_of(int(unknown.sum()), 'purchase')} of an unknown brand, first {shown(name)} "
            f"in row {labels[row]}{suggest(name, texts)}; brands are {enumerate_names(listed)}. "
            "Correct the name, or add the brand to the list"
        )
    return _Codes(codes, listed)


def _plain_value(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _present(coded: _Codes, bought: BoolArray | None) -> IntArray:
    """Return which distinct values are left."""
    if bought is None:
        return np.arange(len(coded.distinct))
    return np.flatnonzero(np.bincount(coded.codes[bought], minlength=len(coded.distinct)))


def _places(chosen: IntArray, coded: _Codes) -> IntArray:
    """Return the place of each distinct value among some; -1 if it is none, or missing."""
    place = np.full(len(coded.distinct) + 1, -1, dtype=np.intp)
    place[chosen] = np.arange(len(chosen))
    return place


def _returned(
    buyers: IntArray,
    brands: IntArray,
    money: FloatArray | None,
    back: BoolArray | None,
    rows: Coded,
    refunds: Refunds,
) -> tuple[IntArray, FloatArray, int]:
    """Return cells and amounts of refunds, and how many have no purchase in the window."""
    if back is None or money is None:
        return np.empty(0, dtype=np.intp), np.empty(0), 0
    buyer, brand = buyers[back], brands[back]
    code = buyer * rows.n_brands + brand
    bought = np.unique(rows.customer * rows.n_brands + rows.brand)
    matched = (buyer >= 0) & (brand >= 0) & np.isin(code, bought)
    n_unmatched = int((~matched).sum())
    if n_unmatched and refunds == "subtract":
        raise DataError(
            f"{count_of(n_unmatched, 'refund')} of a brand that the customer did not buy in the "
            'window; refunds="subtract_matched" leaves such refunds out and subtracts the others'
        )
    return code[matched], money[back][matched], n_unmatched
