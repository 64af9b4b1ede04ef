"""Arrays, Series and tables as this machine computes with them: no masks, no foreign byte order."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.options import shown

_BYTES = 8  # of a number of double precision
_SHOWN = 60  # letters of an example
_FLAGS = {bool, np.bool_}


def native(values: Any) -> Any:
    """Return an array, Series or table without masks and in the byte order of the machine.

    What a mask hides is missing: NaN among numbers, else None.
    """
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(values)
        plain = np.asarray(values.data)
        if hidden.any():
            numbers = plain.dtype.kind in "biuf"
            plain = plain.astype(np.float64 if numbers else object)
            plain[hidden] = np.nan if numbers else None
        return native(plain)
    if isinstance(values, np.ndarray):
        array = np.asarray(values)  # of a subclass, such as a matrix, too
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if isinstance(values, pd.Series):
        if _is_native(values.dtype):
            return values
        return pd.Series(native(values.to_numpy()), index=values.index, name=values.name)
    if isinstance(values, pd.DataFrame) and not all(map(_is_native, values.dtypes)):
        columns = [native(values.iloc[:, k]) for k in range(values.shape[1])]
        table = pd.concat(columns, axis=1)
        table.columns = values.columns
        return table
    return values


def _is_native(dtype: Any) -> bool:
    return not isinstance(dtype, np.dtype) or dtype.isnative


class NotNumbers(Exception):  # noqa: N818  never seen outside: a door says it in its own words
    """Values that are no numbers; ``example`` shows what they are."""

    def __init__(self, example: str) -> None:
        super().__init__(example)
        self.example = example


class Ragged(NotNumbers):
    """Rows of different lengths, which are no array."""

    def __init__(self) -> None:
        super().__init__("rows of different lengths")


def array_of(values: Any) -> npt.NDArray[Any]:  # noqa: PLR0911  a line a library
    """Return what stands for one array, of whatever library, as an array of this machine."""
    if type(values) in (np.ndarray, list, tuple):  # asked first: the other questions take long
        return _as_array(values)
    if isinstance(values, (pd.Series, pd.Index)):
        dtype = values.dtype
        if isinstance(dtype, np.dtype):
            own: npt.NDArray[Any] = native(values.to_numpy())
            return own
        if isinstance(dtype, pd.SparseDtype):
            return np.asarray(values.array)
        if dtype.kind in "fiu":  # types of pandas and pyarrow, with a missing value of their own
            return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(values.to_numpy(dtype=object))
    if isinstance(values, nw.Series):
        return array_of(values.to_numpy())
    if nw.dependencies.is_into_series(values):
        return array_of(nw.from_native(values, series_only=True))
    return _as_array(values)


def _as_array(values: Any) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = native(np.asanyarray(values))
    except ValueError:
        raise Ragged from None
    except Exception:  # whatever the object of a stranger does
        raise NotNumbers(shown(values)[:_SHOWN]) from None
    return array


def numbers_of(values: Any, *, flags: bool = False) -> npt.NDArray[Any]:
    """Return numbers as float64 or int64, with NaN where one is missing.

    Decimals, fractions and numbers among objects are numbers; text, dates, times and complex
    numbers are not. True and False are with ``flags`` only, and may come out as they are.

    Raises
    ------
    NotNumbers
        If something among them is none; `Ragged` if rows differ in length.
    """
    array = array_of(values)
    if array.dtype == object:
        return _from_objects(array, flags=flags)
    if not flags and type(values) in (list, tuple) and _FLAGS & set(map(type, values)):
        # NumPy makes 1 or 0 of one beside numbers.
        raise NotNumbers(str(next(v for v in values if type(v) in _FLAGS)))
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large for a double is refused as infinite
            return array if array.dtype.itemsize == _BYTES else array.astype(np.float64)
    if array.dtype.kind in "iu":  # small ones would overflow, and unsigned ones below 0
        wide = np.float64 if array.dtype == np.uint64 else np.int64
        return array if array.dtype == wide else array.astype(wide)
    if array.dtype.kind == "b" and flags:
        return array
    if array.size == 0:
        return array.astype(np.float64)
    first = array.ravel()[0]
    raise NotNumbers(repr(first.item()) if array.dtype.kind in "USb" else str(array.dtype))


def _from_objects(array: npt.NDArray[Any], *, flags: bool) -> npt.NDArray[Any]:
    try:
        missing = np.asarray(pd.isna(array))
    except InvalidOperation:
        raise NotNumbers("a signalling NaN") from None
    present = array[~missing]
    for kind in set(map(type, present)):
        fits = flags if kind in _FLAGS else issubclass(kind, (Real, Decimal))
        if not fits:
            raise NotNumbers(shown(next(v for v in present if type(v) is kind))[:_SHOWN])
    found = np.full(array.shape, np.nan)
    try:
        found[~missing] = present.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise NotNumbers("a number beyond those of computing (about 1e308)") from None
    return found
