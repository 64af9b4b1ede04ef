"""Limits of answer scales, and options that are given once for all variables or by variable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, FrozenRecord
from loyaltymodel._core.comparisons import ROUNDING
from loyaltymodel._core.labels import labelled
from loyaltymodel._core.native import native
from loyaltymodel._core.options import (
    LARGEST,
    count_of,
    enumerate_names,
    hinted,
    is_number,
    shown,
    suggest,
    why_not_a_list,
)
from loyaltymodel.errors import OptionError, ScaleWarning, warn_caller

Pair = tuple[float, float]
AnswerLimits = Pair | Mapping[str, Pair]

_NEEDED = object()  # stands for a value that has no default

# What questionnaires write where there is no answer, with either sign. A single 8 or 9 is as often
# an answer.
_LONG_CODES = (77, 88, 97, 98, 99, 777, 888, 996, 997, 998, 999, 9997, 9998, 9999, 99_999)
_CODES = np.array([*_LONG_CODES, *(-code for code in (7, 8, 9, *_LONG_CODES))], dtype=np.float64)
_LONGEST_SCALE = 10  # steps from the lowest to the highest answer
_FEWEST = 8  # answers that show on what scale they are


@dataclass(frozen=True, slots=True, eq=False)
class Limits(FrozenRecord):
    """Lowest and highest possible answer of each item, shape (p,) each."""

    lowest: FloatArray
    highest: FloatArray

    @property
    def pairs(self) -> list[Pair]:
        """Lowest and highest possible answer, item by item."""
        return list(zip(self.lowest.tolist(), self.highest.tolist(), strict=True))

    @property
    def reach(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest answer, with what rounding may add to an answer that was computed."""
        room = ROUNDING * np.maximum(np.abs(self.lowest), np.abs(self.highest))
        return self.lowest - room, self.highest + room

    def with_one_more(self) -> Limits:
        """Return the limits with one more column at the end that has none."""
        return Limits(np.append(self.lowest, -np.inf), np.append(self.highest, np.inf))

    def describe(self, position: int) -> str:
        """Say the limits of one item in words."""
        return f"{self.lowest[position]:.12g} to {self.highest[position]:.12g}"


def warn_of_codes(variables: Mapping[str, npt.NDArray[Any]]) -> None:
    """Warn of codes for no answer among answers (n,) whose scale nobody stated."""
    if found := [said for name, values in variables.items() if (said := _suspected(name, values))]:
        warn_caller(
            f"{'; '.join(found)}: if this means that there is no answer, recode it to NaN, or "
            "state the limits of the questionnaire in scale where the function has it",
            ScaleWarning,
        )


def may_be_codes(lowest: FloatArray, highest: FloatArray) -> BoolArray:
    """Tell of which variables the lowest or the highest value is written like a code."""
    return np.isin(lowest, _CODES) | np.isin(highest, _CODES)


def is_like_a_code(value: float) -> bool:
    """Tell whether a value is written like a code for no answer, such as 99."""
    return bool(np.isin(value, _CODES))


@dataclass(frozen=True, slots=True, eq=False)
class CodesApart(FrozenRecord):
    """Codes that stand far from all answers, how many there are, and where the answers end."""

    codes: FloatArray
    count: int
    low: float
    high: float


def codes_apart(values: npt.NDArray[Any]) -> CodesApart | None:
    """Return which codes stand far from all answers (n,), or nothing.

    They are further from the rest than the rest spans, and the rest are some whole numbers, none
    below 0, that span no more than a scale.
    """
    if values.dtype.kind not in "fiu" or values.ndim != 1 or len(values) == 0:
        return None
    if not may_be_codes(np.fmin.reduce(values), np.fmax.reduce(values)):
        return None
    rest = values[~(np.isin(values, _CODES) | np.isnan(values))]
    if len(rest) < _FEWEST or (rest % 1 != 0).any():
        return None
    low, high = rest.min(), rest.max()
    if not (low >= 0 and 0 < high - low <= _LONGEST_SCALE):
        return None
    far = values[(values > high + (high - low)) | (values < low - (high - low))]
    if len(far) == 0:
        return None
    return CodesApart(np.unique(far).astype(np.float64), len(far), float(low), float(high))


def _suspected(name: str, values: npt.NDArray[Any]) -> str:
    """Say which codes stand far from all answers of a variable, or nothing."""
    found = codes_apart(values)
    if found is None:
        return ""
    codes = enumerate_names([f"{code:.12g}" for code in found.codes])
    return (
        f"{name} has {count_of(found.count, 'answer')} of {codes}, and all others from "
        f"{found.low:.12g} to {found.high:.12g}"
    )


def freeze_scale(scale: AnswerLimits | None) -> Pair | FrozenMapping[str, Pair] | None:
    """Return the scale in a form that cannot change, each pair checked."""
    return None if scale is None else _freeze(scale)


def _freeze(scale: AnswerLimits) -> Pair | FrozenMapping[str, Pair]:
    if isinstance(scale, Mapping):
        return FrozenMapping(
            {item: check_pair(pair, name=f"scale of {item!r}") for item, pair in scale.items()}
        )
    return check_pair(scale)


def resolve_limits(
    scale: AnswerLimits, items: Sequence[str], *, known: Collection[str] | None = None
) -> Limits:
    """Check the scale and find the limits of each item: one pair for all, or a pair for each.

    A mapping may name others of those that are ``known``, such as further columns of a table, and
    no others; anything if that is None.
    """
    scale = _freeze(scale)
    if isinstance(scale, Mapping):
        others = () if known is None else known
        unknown = [name for name in scale if name not in items and name not in others]
        if known is not None and unknown:
            raise OptionError(
                f"scale names {hinted(unknown, items)}, which is none of the items "
                f"{enumerate_names(items)}; take it out, or correct its name"
            )
        absent = [item for item in items if item not in scale]
        if absent:
            raise OptionError(
                f"scale gives no limits for {enumerate_names(absent)}; a mapping needs a pair "
                "for each, or give one pair for all"
            )
        pairs = [scale[item] for item in items]
    else:
        pairs = [scale] * len(items)
    lowest, highest = np.array(pairs, dtype=np.float64).reshape(len(items), 2).T
    return Limits(lowest, highest)


def by_variable(
    option: str,
    given: object,
    names: Mapping[str, Any] | Sequence[str],
    *,
    shared: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the value of an option for each variable, from one value or a mapping by name.

    ``names`` are the variables with their defaults, which what a mapping does not name keeps, as
    everything does without a value; or names alone, of which a mapping must give all. One value
    is for all variables, or for those that are ``shared``.

    Raises
    ------
    OptionError
        If a mapping names something that has no such option, or lacks what has no default.
    """
    defaults = names if isinstance(names, Mapping) else dict.fromkeys(names, _NEEDED)
    if isinstance(given, pd.Series):
        given = labelled(option, given)
    if isinstance(given, Mapping):
        if unknown := [name for name in given if name not in defaults]:
            hints = [repr(name) + suggest(name, defaults) for name in unknown]
            raise OptionError(
                f"{option} names {enumerate_names(hints)}, but there are {option} of "
                f"{enumerate_names(defaults, most=12)} only; name these"
            )
        found = {**defaults, **given}
    elif given is None:
        found = dict(defaults)
    else:
        found = {**defaults, **dict.fromkeys(defaults if shared is None else shared, given)}
    if absent := [name for name, value in found.items() if value is _NEEDED]:
        raise OptionError(
            f"{option} lacks {enumerate_names(absent)}; give one value for all, or a mapping that "
            f"names {enumerate_names(defaults, most=12)}"
        )
    return found


def limits_of(
    scale: object, defaults: Mapping[str, Pair | None], *, shared: Sequence[str] | None = None
) -> dict[str, Pair | None]:
    """Return the limits of each variable: of one pair for all, or of a mapping by name.

    A variable whose value is None has no limits. ``shared`` are those that one pair is for.
    """
    several = isinstance(scale, Mapping)
    return {
        name: pair_of(f"scale[{name!r}]" if several else "scale", pair)
        for name, pair in by_variable("scale", scale, defaults, shared=shared).items()
    }


def pair_of(name: str, scale: object) -> Pair | None:
    """Check the limits of one scale, if they are given; ``name`` is what the option is called."""
    return None if scale is None else check_pair(scale, name=name)


def check_pair(pair: object, *, name: str = "scale") -> Pair:
    """Return the limits of one scale as two numbers, or raise an OptionError."""
    way_out = "give the lowest and the highest possible answer, such as (1, 10)"
    if isinstance(pair, Mapping):
        raise OptionError(f"{name} is a mapping; give one pair for all, such as (1, 10)")
    # "15" is no pair, though it has two letters; a set has no first.
    limits = () if isinstance(pair, str) or why_not_a_list(pair) else native(pair)
    try:
        lowest, highest = (float(limit) if is_number(limit) else None for limit in limits)
    except (TypeError, ValueError, OverflowError):
        lowest = highest = None
    if lowest is None or highest is None:
        raise OptionError(f"{name} is {shown(pair)}, not two numbers; {way_out}")
    if not (np.isfinite(lowest) and np.isfinite(highest) and lowest < highest):
        raise OptionError(
            f"{name} is ({lowest:.12g}, {highest:.12g}), not two finite numbers with the lower one "
            f"first; {way_out}"
        )
    if max(-lowest, highest) > LARGEST:
        raise OptionError(
            f"{name} is ({lowest:.12g}, {highest:.12g}), too large to compute with; give the "
            "answers and their scale in larger units"
        )
    return lowest, highest
