"""The door for variables: arrays, Series or names of columns in, checked arrays out.

A function that takes a few variables, each as long as there are customers, reads them here, and
hands back what it computed in the shape in which the first of them came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.frames import Missing, check_names, open_frame, row_labels, without_repeated
from loyaltymodel._core.native import NotNumbers, Ragged, array_of, numbers_of
from loyaltymodel._core.options import (
    LARGEST,
    SMALLEST,
    check_choice,
    count_of,
    enumerate_names,
    has_half_letter,
    repeated,
    shown,
    why_not_a_list,
)
from loyaltymodel._core.scales import warn_of_codes
from loyaltymodel.errors import DataError, SmallSampleWarning, warn_caller

Bounds = tuple[float, float]
Column = npt.NDArray[Any] | pd.Categorical

_SEVERAL = 3  # of two one mostly has more than half

# Bounds that do not belong to their range.
_TINY = float(np.finfo(np.float64).tiny)
# Groups that a table can show and a picture tell apart are far fewer.
MOST_GROUPS = 1000
_LARGEST_COUNT = 2.0**53  # counts above it are not exact
BELOW_ONE = float(np.nextafter(1.0, 0.0))
_YES_NO = (0.0, 1.0)
_WEIGHTS = ("weights", "the weights")  # whose sum is theirs to divide by


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """Variables of one length, after rows with missing values were refused or left out.

    What came as a pandas Categorical stays one, because a million codes are read sooner than a
    million words.
    """

    values: dict[str, Column]
    labels: pd.Index
    n_dropped: int

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return the values of a variable."""
        found = self.values[name]
        return found.to_numpy(dtype=object) if isinstance(found, pd.Categorical) else found

    def codes(
        self, name: str, *, most: int | None = MOST_GROUPS
    ) -> tuple[IntArray, tuple[Any, ...]]:
        """Return the place of each value among the distinct ones, as :func:`codes_of`.

        Raises
        ------
        DataError
            If there are more than ``most`` of them, as where an identifier is given for groups.
        """
        codes, distinct = codes_of(self.values[name])
        if most is not None and len(distinct) > most:
            raise DataError(
                f"{name} has {len(distinct)} different values, such as "
                f"{enumerate_names(map(repr, distinct), most=2)}, which looks like an identifier; "
                f"at most {most} groups are told apart; put them together into fewer"
            )
        return codes, distinct

    @property
    def n_rows(self) -> int:
        """Number of rows that are left."""
        return len(self.labels)


def read_variables(
    given: Mapping[str, object],
    *,
    data: object = None,
    bounds: Mapping[str, Bounds] | None = None,
    categories: Sequence[str] = (),
    flags: Collection[str] | None = None,
    gaps: Collection[str] = (),
    missing: Missing = "raise",
    can_drop: bool = True,
) -> Variables:
    """Read variables: arrays and Series, or names of columns of ``data``.

    A single number stands for every row. Variables named in ``categories`` may hold anything
    that can be told apart; all others must be numbers, within their ``bounds``. True and False
    are numbers in ``flags`` only; without it where the bounds are 0 and 1. Variables in ``gaps``
    may lack values, which stay NaN. Without ``can_drop`` the message about missing values does
    not name that way out.

    Raises
    ------
    DataError
        If variables differ in length or labels, or values are not numeric, missing (with
        ``missing="raise"``), infinite or out of bounds.
    OptionError
        If ``missing`` is not one of its choices.
    """
    check_choice("missing", missing, Missing)
    if data is not None and not any(isinstance(value, str) for value in given.values()):
        open_frame(without_repeated(data)[0])  # also data of which no column is asked for
    found = {name: _find(name, value, data) for name, value in given.items()}
    if flags is None:
        flags = [name for name, limits in (bounds or {}).items() if limits == _YES_NO]
    values = {
        name: _categories(name, value)
        if name in categories
        else _numbers(name, value, flags=name in flags)
        for name, value in found.items()
    }
    labels = _common_labels(found, values)
    n = len(labels)
    values = {
        name: np.broadcast_to(np.asarray(value), (n,)) if value.ndim == 0 else value
        for name, value in values.items()
    }
    read = _checked(values, labels, bounds or {}, missing, gaps=gaps, can_drop=can_drop)
    free = [name for name in given if name not in categories and name not in (bounds or {})]
    warn_of_codes({name: read[name] for name in free})
    return read


def read_weighted(
    given: Mapping[str, object],
    weights: object,
    *,
    data: object = None,
    bounds: Mapping[str, Bounds] | None = None,
    categories: Sequence[str] = (),
    flags: Collection[str] | None = None,
    missing: Missing = "raise",
) -> tuple[Variables, FloatArray]:
    """Read variables as :func:`read_variables`, and the weights of people, 1 each without any.

    Raises
    ------
    DataError
        As there; or if a weight is negative, or all are zero.
    OptionError
        As there.

    Warns
    -----
    SmallSampleWarning
        If one of several has more than half of the weight.
    """
    own = "weights" if "weights" not in given else "the weights"
    read = read_variables(
        given if weights is None else {**given, own: weights},
        data=data,
        bounds={**(bounds or {}), own: (0.0, np.inf)},
        categories=categories,
        flags=flags,
        missing=missing,
    )
    if weights is None:
        return read, np.ones(read.n_rows)
    found = np.asarray(read[own], dtype=np.float64)
    if not found.any():
        raise DataError("all weights are zero; at least one must be above 0")
    found = of_moderate_size(found)
    warn_if_one_decides(found, read.labels)
    return read, found


def warn_if_one_decides(weights: FloatArray, labels: pd.Index) -> None:
    """Warn of one row that has more than half of the weight of three or more."""
    first = int(weights.argmax())
    share = float(weights[first] / weights.sum())
    if np.count_nonzero(weights) >= _SEVERAL and share > 1 / 2:
        warn_caller(
            f"row {labels[first]} alone has {100 * share:.0f} % of all weight, so that this one "
            "decides what is found; look at the weights, limit the largest, or leave them out",
            SmallSampleWarning,
        )


def of_moderate_size(weights: FloatArray) -> FloatArray:
    """Return weights in another unit where their squares would leave the numbers of a computer.

    Only their ratios mean something, and a power of two changes no digit of them.
    """
    largest = float(weights.max())
    if SMALLEST <= largest <= LARGEST:
        return weights
    return np.asarray(np.ldexp(weights, -int(np.frexp(largest)[1])))


def several_variables(what: str, given: object) -> dict[str, object]:
    """Return variables by name: from a mapping, a table, a Series, or names of columns.

    One way in wherever several variables go: ``{"price": prices}``, a frame of them, a list or
    an Index of names of columns of ``data``, or one such name. ``what`` names the option.

    Raises
    ------
    DataError
        If there is none, or what is given has no names or names that stand twice.
    """
    found = _named_variables(what, given)
    if not found:
        raise DataError(f"{what} are empty; give at least one variable")
    if bad := [name for name in found if not isinstance(name, str)]:
        raise DataError(f"names of {what} must be text, not {enumerate_names(map(repr, bad))}")
    return found


def _named_variables(what: str, given: Any) -> dict[Any, object]:
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, str):
        return {given: given}
    if nw.dependencies.is_into_series(given):
        name = nw.from_native(given, series_only=True).name
        return {what if name is None or name == "" else name: given}
    listed = isinstance(given, Sequence) or (isinstance(given, np.ndarray) and given.ndim > 0)
    if isinstance(given, pd.Index) or (listed and all(isinstance(v, str) for v in given)):
        names = [v.item() if isinstance(v, np.generic) else v for v in given]
        if twice := repeated(names):
            raise DataError(
                f"{what} name {enumerate_names(twice)} more than once; name each of them once"
            )
        return {name: name for name in names}
    if isinstance(given, (Sequence, np.ndarray, set, frozenset)):
        kind = "an array" if isinstance(given, np.ndarray) else f"a {type(given).__name__}"
        raise DataError(
            f"{what} are {kind} without names; give a table, names of columns with data=, or a "
            "mapping from name to values, such as dict(zip(names, array.T))"
        )
    alone, times = without_repeated(given)
    if twice := [name for name, count in times.items() if count > 1]:
        raise DataError(
            f"{what} have more than one column named {enumerate_names(twice)}; rename or drop the "
            "copies"
        )
    frame = open_frame(alone)
    labels = row_labels(alone, frame)
    if isinstance(alone, pd.DataFrame):
        return {name: alone[name] for name in alone.columns}
    return {n: pd.Series(frame.get_column(n).to_numpy(), index=labels) for n in frame.columns}


def several_columns(
    what: str, given: object, names: Sequence[str] | None = None
) -> dict[str, object]:
    """Return variables as :func:`several_variables` does, also those of an array (n, k).

    The columns of an array are called as the ``names``, or "item 1", "item 2" and so on.

    Raises
    ------
    DataError
        As there; or if an array does not have a row a respondent and a column a name.
    """
    if not _is_array(given):
        return several_variables(what, given)
    k = "k" if names is None else len(names)
    needed = f"(n, {k}) is needed, a row a respondent and a column " + (
        "a variable" if names is None else f"for each of {enumerate_names(names)}"
    )
    try:
        array = np.asarray(given)
    except ValueError:
        raise DataError(f"{what} have rows of different lengths; {needed}") from None
    if array.ndim != 2 or k not in ("k", array.shape[1]):  # noqa: PLR2004
        raise DataError(f"{what} have shape {array.shape}; {needed}")
    called = [f"item {j + 1}" for j in range(array.shape[1])] if names is None else names
    return dict(zip(called, array.T, strict=True))


def _is_array(given: object) -> bool:
    if isinstance(given, np.ndarray) and given.ndim != 1:
        return True
    return isinstance(given, (np.ndarray, list, tuple)) and not all(
        isinstance(value, str) for value in given
    )


def one_variable(
    what: str, given: object, *, causes: str, function: str, first: object = None, hint: str = ""
) -> None:
    """Refuse several variables where one is needed, as where causes and effect are swapped.

    ``what`` names the effect and ``causes`` what stands before it; ``first`` is what was given
    in their place.

    Raises
    ------
    DataError
        If several names, a table of several columns or a mapping are given.
    """
    if (kind := _kind_of_several(given)) is None:
        return
    call = f"([...], {first!r})" if isinstance(first, str) else f"({causes}, {what})"
    verb = "stand" if causes.endswith("s") else "stands"
    raise DataError(
        f"{what} is {kind}, but one variable is needed; {causes} {verb} before the {what}: "
        f"{function}{call}{hint}"
    )


def _kind_of_several(given: Any) -> str | None:
    """Say what holds several variables; strings that repeat are values rather than names."""
    if isinstance(given, Mapping):
        return f"a mapping of {count_of(len(given), 'name')}"
    if nw.dependencies.is_into_dataframe(given):
        k = given.shape[1]
        return f"a table of {k} columns" if k > 1 else None
    if isinstance(given, np.ndarray):
        kind, listed = "an array", list(given) if given.ndim == 1 else []
    elif isinstance(given, pd.Index):
        kind, listed = "an Index", list(given)
    elif isinstance(given, (list, tuple, set, frozenset)):
        kind, listed = f"a {type(given).__name__}", list(given)
    else:
        return None
    names = len(listed) > 1 and all(isinstance(v, str) for v in listed)
    return f"{kind} of {len(listed)} names" if names and not repeated(listed) else None


def read_numbers(
    name: str, value: object, *, bounds: Bounds | None = None, any_size: bool = False
) -> FloatArray:
    """Read numbers of any shape that must all be there, such as levels to compute at.

    ``any_size`` lets numbers through whose squares a computer does not hold.
    """
    numbers = np.asarray(_numbers(name, value, flags=False, any_shape=True), dtype=np.float64)
    if np.isnan(numbers).any():
        raise DataError(f"{name} has {count_of(int(np.isnan(numbers).sum()), 'missing value')}")
    return _in_range(name, numbers, bounds, None, any_size=any_size)


def read_together(
    given: Mapping[str, object], *, bounds: Mapping[str, Bounds] | None = None
) -> tuple[list[FloatArray], pd.Series | None]:
    """Read numbers that belong together, in one shape, and the first Series among what is given.

    Raises
    ------
    DataError
        If a number is missing or out of its bounds, shapes do not fit, or labels differ.
    """
    limits = bounds or {}
    read = {
        name: read_numbers(name, v, bounds=limits.get(name), any_size=True)
        for name, v in given.items()
    }
    try:
        together = np.broadcast_arrays(*read.values())
    except ValueError:
        listed = ", ".join(f"{name} has shape {values.shape}" for name, values in read.items())
        raise DataError(
            f"{listed}; give one number for all, one for each, or shapes that fit"
        ) from None
    series = {name: value for name, value in given.items() if isinstance(value, pd.Series)}
    _check_labels(series)
    return list(together), next(iter(series.values()), None)


def counts_of(
    name: str, values: Any, *, way_out: str = "give whole numbers", gaps: bool = False
) -> FloatArray:
    """Return counts as numbers, of any shape; with ``gaps`` a missing one is 0.

    Raises
    ------
    DataError
        If one is no whole number from 0 up, or beyond those that computing holds exactly.
    """
    try:
        counts = np.asarray(numbers_of(values), dtype=np.float64)
    except NotNumbers as error:
        raise DataError(f"{name} has {error.example}, which is no count; {way_out}") from None
    counts = np.where(np.isnan(counts), 0.0, counts) if gaps else counts
    bad = ~((counts >= 0) & (counts <= _LARGEST_COUNT) & (np.floor(counts) == counts))
    if bad.any():
        raise DataError(
            f"{name} has {counts[bad][0]:g}, which is no whole number from 0 to 2**53; {way_out}"
        )
    return counts


def like(template: object, values: npt.NDArray[Any], *, name: str | None = None) -> Any:
    """Return values as the template came: a number, a Series with its labels, else an array."""
    if isinstance(template, pd.Series):
        return pd.Series(values, index=template.index, name=name)
    array = np.asarray(values)
    return array.item() if array.ndim == 0 else array


def as_given(given: Iterable[object], labels: pd.Index, values: Any, *, name: str) -> Any:
    """Return what was computed for rows as their variables came.

    A Series with the labels if any variable is a Series or a column, a number if all are
    numbers, else an array.
    """
    came: list[Any] = list(given)
    if any(isinstance(value, (str, pd.Series)) for value in came):
        return pd.Series(values, index=labels, name=name)
    plain = np.asarray(values)
    if all(np.ndim(value) == 0 for value in came):
        return like(0.0, plain[0])
    return plain


def codes_of(categories: Column) -> tuple[IntArray, tuple[Any, ...]]:
    """Return the place of each value among the distinct ones, which are sorted if they can be."""
    if isinstance(categories, pd.Categorical):
        occurs = np.bincount(categories.codes, minlength=len(categories.categories)) > 0
        codes = (np.cumsum(occurs) - 1)[categories.codes]
        distinct = categories.categories[occurs].to_numpy(dtype=object)
    else:
        codes, distinct = pd.factorize(categories, sort=False)
    try:
        order = np.argsort(np.asarray(distinct), kind="stable")
    except TypeError:  # values of several types have no order
        order = np.arange(len(distinct))
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    chosen = [distinct[k] for k in order]
    return place[codes], tuple(v.item() if isinstance(v, np.generic) else v for v in chosen)


def _find(name: str, value: object, data: object) -> object:
    """Return the column that a name means, and everything else as it is."""
    if not isinstance(value, str):
        return value
    if data is None:
        raise DataError(
            f"{name}={value!r} names a column, but there is no data; give data= as well, or "
            "the values themselves"
        )
    alone, times = without_repeated(data)
    frame = open_frame(alone)
    (own,) = check_names(list(frame.columns), [value], times)
    column = alone[own] if isinstance(alone, pd.DataFrame) else frame.get_column(own)
    if isinstance(column, pd.Series):
        return column
    return pd.Series(column.to_numpy(), index=row_labels(alone, frame), name=value)


def _numbers(name: str, value: object, *, flags: bool, any_shape: bool = False) -> npt.NDArray[Any]:
    _check_kind(name, value)
    try:
        array = numbers_of(value, flags=flags)
    except Ragged:
        raise DataError(
            f"{name} has rows of different lengths; one value a row is needed, of shape (n,)"
        ) from None
    except NotNumbers as error:
        raise DataError(
            f"{name} is not numeric: it has {error.example}; recode it to numbers, with missing "
            "values as NaN"
        ) from None
    if array.ndim > 1 and not any_shape:
        raise DataError(
            f"{name} has shape {array.shape}; one value a row is needed, an array of shape (n,)"
        )
    return array


def _check_kind(name: str, value: object) -> None:
    """Refuse what has no order, or several variables, where one variable is needed."""
    if why := why_not_a_list(value):
        raise DataError(f"{name} is a {type(value).__name__}, which {why}; give a list")
    if isinstance(value, Mapping):
        raise DataError(
            f"{name} is a mapping, but one variable is needed; give its values as a list, or a "
            "Series whose labels are those of the other variables"
        )


def _categories(name: str, value: object) -> Column:
    _check_kind(name, value)
    kept = value.array if isinstance(value, pd.Series) else value
    if isinstance(kept, pd.Categorical):
        blank = [text for text in _texts_in(name, kept.categories) if not text.strip()]
        return kept.remove_categories(blank) if blank else kept
    try:
        array = array_of(value)
    except NotNumbers:
        raise DataError(
            f"{name} has rows of different lengths; one value a row is needed, of shape (n,)"
        ) from None
    if array.ndim != 1:
        raise DataError(f"{name} has shape {array.shape}; an array of shape (n,) is needed")
    if array.dtype.kind in "Vc":
        raise DataError(f"{name} has {array.dtype} values, which are no categories; give text")
    if array.dtype.kind == "f":  # of any size, of which pandas makes no labels
        return numbers_of(array)
    return without_blanks(name, array.astype(object) if array.dtype.kind in "US" else array)


def without_blanks(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return categories with None for blank text, which is no answer.

    Raises
    ------
    DataError
        If a value is of a kind that cannot be told apart from others, such as a list.
    """
    if array.dtype != object:
        return array
    try:
        distinct = pd.unique(array)
    except (TypeError, InvalidOperation):
        raise DataError(
            f"{name} has values that are no categories, such as lists; give text or numbers"
        ) from None
    if not (blank := [text for text in _texts_in(name, distinct) if not text.strip()]):
        return array
    filled = array.copy()
    filled[np.asarray(pd.Series(array, dtype=object).isin(blank))] = None
    return filled


def _texts_in(name: str, distinct: Iterable[object]) -> list[str]:
    """Return what is text; refuse text with half of a letter, of which no table can be made."""
    texts = [value for value in distinct if isinstance(value, str)]
    if has_half_letter("".join(texts)):
        odd = next(text for text in texts if has_half_letter(text))
        raise DataError(
            f"{name} has {shown(odd)}, which is not valid text: half of a letter (a surrogate) "
            "stands in it; read it anew in its right encoding"
        )
    return texts


def _common_labels(found: Mapping[str, object], values: Mapping[str, Column]) -> pd.Index:
    """Return the labels of the rows: those of the first Series, else numbers."""
    lengths = {name: len(value) for name, value in values.items() if value.ndim}
    if not lengths:
        return pd.RangeIndex(1)
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise DataError(f"variables must be equally long, but {listed} values")
    n = next(iter(lengths.values()))
    if n == 0:
        raise DataError(f"{enumerate_names(lengths)} have no values at all")
    series = {name: v for name, v in found.items() if isinstance(v, pd.Series)}
    _check_labels(series)
    return next((one.index for one in series.values()), pd.RangeIndex(n))


def _check_labels(series: Mapping[str, pd.Series]) -> None:
    """Refuse Series whose rows are called differently."""
    names = list(series)
    for other in names[1:]:
        if not series[names[0]].index.equals(series[other].index):
            raise DataError(
                f"the rows of {names[0]} and {other} have different labels, so it is unclear which "
                "belong together; take both from one table, or give arrays by .to_numpy()"
            )


def _checked(
    values: dict[str, Column],
    labels: pd.Index,
    bounds: Mapping[str, Bounds],
    missing: Missing,
    *,
    gaps: Collection[str],
    can_drop: bool,
) -> Variables:
    absent = np.zeros(len(labels), dtype=bool)
    lacking: list[str] = []
    for name, value in values.items():
        if name in gaps or (lacks := _gaps(value)) is None:
            continue
        if missing == "raise":
            first = labels[int(np.argmax(lacks))]
            way_out = 'missing="drop" leaves such rows out' if can_drop else "leave such rows out"
            raise DataError(
                f"{name} has {count_of(int(lacks.sum()), 'missing value')}, first in row {first}; "
                f"{way_out}"
            )
        absent |= lacks
        lacking.append(name)
    if absent.all():
        raise DataError(f"every row has a missing value in {enumerate_names(lacking)}")
    n_dropped = int(absent.sum())
    if n_dropped:
        values = {name: value[~absent] for name, value in values.items()}
        labels = labels[~absent]
    for name, value in values.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            limits = bounds.get(name)
            values[name] = _in_range(name, value, limits, labels, any_size=name in _WEIGHTS)
    return Variables(values, labels, n_dropped)


def _gaps(value: Column) -> BoolArray | None:
    """Tell which values are missing, or nothing if none is."""
    if isinstance(value, pd.Categorical):
        absent: BoolArray = value.codes < 0
        return absent if absent.any() else None
    if value.dtype.kind in "iub":
        return None
    if value.dtype.kind == "f":
        # One sum finds what is not finite; only then is every value looked at.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(value.sum()):
                return None
    gaps: BoolArray = np.asarray(pd.isna(value), dtype=np.bool_)
    return gaps if gaps.any() else None


def _in_range(
    name: str,
    value: npt.NDArray[Any],
    bounds: Bounds | None,
    labels: pd.Index | None,
    *,
    any_size: bool = False,
) -> npt.NDArray[Any]:
    """Return numbers that lie within their bounds; what is on a bound but for rounding is on it."""
    low, high = bounds if bounds is not None else (-np.inf, np.inf)
    if value.size == 0 or value.dtype.kind == "b":
        return value
    # NaN if all are, without a warning.
    lowest, highest = np.fmin.reduce(value, axis=None), np.fmax.reduce(value, axis=None)
    if np.isinf(lowest) or np.isinf(highest):
        raise DataError(f"{name} has an infinite value{_place(np.isinf(value), labels)}")
    if lowest < low or highest > high:
        size = max((abs(end) for end in (low, high) if np.isfinite(end)), default=0.0)
        open_ended = low == _TINY or high == BELOW_ONE
        if not open_ended and reaches(lowest, low, size=size) and reaches(high, highest, size=size):
            return value.clip(low, high)
        outside = (value < low) | (value > high)
        first = value.ravel()[int(np.argmax(outside.ravel()))]
        limits = f"{low:.12g} or more"
        limits = f"between {low:.12g} and {high:.12g}" if np.isfinite(high) else limits
        limits = "above 0" if low == _TINY else limits
        limits = f"from {low:g} to below 1" if high == BELOW_ONE else limits
        raise DataError(
            f"{name} must lie {limits}, but has {count_of(int(outside.sum()), 'value')} outside"
            f" (first {first:.12g}{_place(outside, labels)})"
        )
    if any_size:
        return value
    if (top := max(-float(lowest), float(highest))) > LARGEST:
        where = _place(np.abs(value) > LARGEST, labels)
        raise DataError(
            f"{name} has {top:.3g}{where}, too large to compute with; give {name} in larger units, "
            "or correct the value"
        )
    # One number alone is harmless: nothing is squared but what varies.
    if 0 < top < SMALLEST and not np.isfinite(high) and value.size > 1 and lowest != highest:
        raise DataError(
            f"{name} has nothing above {top:.3g}, too small to compute with; give {name} in "
            "smaller units"
        )
    return value


def _place(hits: BoolArray, labels: pd.Index | None) -> str:
    return "" if labels is None else f" in row {labels[int(np.argmax(hits))]}"
