"""What variables are called at the door, and how numbers of people go out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._variables import Bounds, like
from loyaltymodel.errors import OptionError

Variable = Any  # a number, an array, a Series, or the name of a column of ``data``


def shaped(
    values: Any,
    given: Iterable[object],
    *,
    labels: pd.Index,
    name: str,
) -> Any:
    """Return values of people as the variables came: a Series, an array, or one number."""
    variables: list[Any] = list(given)
    if any(isinstance(variable, (pd.Series, str)) for variable in variables):
        return pd.Series(values, index=labels, name=name)
    plain = np.asarray(values)
    if all(np.ndim(variable) == 0 for variable in variables):
        return like(0.0, plain[0])
    return plain


def ordered_words(codes: npt.NDArray[np.integer], words: Sequence[str]) -> Any:
    """Return words by their numbers, in an order in which they can be compared."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(words), ordered=True)


def check_fraction(name: str, value: object, *, above: bool = False) -> None:
    """Raise an OptionError unless a number lies between 0 and 1, above 0 if asked."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1 or (above and value == 0):  # type: ignore[operator]
        limits = "above 0 and at most 1" if above else "between 0 and 1"
        raise OptionError(f"{name}={value!r} must be a number {limits}")


def check_scale(scale: object) -> Bounds:
    """Return the ends of an answer scale as two numbers, the lower one first."""
    try:
        lowest, highest = (float(end) for end in scale)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        lowest = highest = float("nan")
    if isinstance(scale, str) or not (np.isfinite([lowest, highest]).all() and lowest < highest):
        raise OptionError(
            f"scale={scale!r} is no pair of two finite numbers with the lower one first; give "
            "the lowest and the highest possible answer, such as scale=(1, 7)"
        )
    return lowest, highest
