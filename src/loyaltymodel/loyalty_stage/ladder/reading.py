"""The door for answers to several items, of which it is asked whether they make a ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import IntArray
from loyaltymodel._frames import Missing, open_frame
from loyaltymodel._options import count_of, enumerate_names, repeated
from loyaltymodel._scales import Pair, check_pair
from loyaltymodel._variables import read_variables, several_variables
from loyaltymodel.errors import DataError, OptionError

_LEAST_ITEMS, _LEAST_RESPONDENTS = 2, 2
_MOST_ANSWERS = 50  # of an item: more of them are a measurement rather than steps


@dataclass(frozen=True, slots=True, eq=False)
class ItemAnswers:
    """Answers (n, k) as whole numbers from 0, with the names of items and the labels of rows."""

    names: tuple[str, ...]
    values: IntArray
    labels: pd.Index
    n_dropped: int


def read_items(
    answers: object,
    items: Sequence[str] | None,
    *,
    scale: Pair | None = None,
    binary: bool = False,
    missing: Missing = "raise",
) -> ItemAnswers:
    """Read answers to items: columns of a table, all or those named, or an array (n, k)."""
    given, data = _given(answers, items)
    names = tuple(given)
    if len(names) < _LEAST_ITEMS:
        raise DataError(
            f"there is {count_of(len(names), 'item')}; a ladder needs at least two. Give a table "
            "with a column an item, or an array of shape (n, k)"
        )
    bounds = {}
    if scale is not None:
        bounds = dict.fromkeys(names, check_pair(scale))
    elif binary:
        bounds = dict.fromkeys(names, (0.0, 1.0))
    variables = read_variables(given, data=data, bounds=bounds, missing=missing)
    if variables.n_rows < _LEAST_RESPONDENTS:
        raise DataError(
            f"there is {count_of(variables.n_rows, 'row')} of answers; give those of several "
            "respondents"
        )
    columns = []
    for name in names:
        values = np.asarray(variables[name], dtype=np.float64)
        low, high = values.min(), values.max()
        if (values != np.rint(values)).any():
            way_out = "whether it is passed, 1 or 0" if binary else "whole numbers"
            raise DataError(
                f"{name} has values that are not whole numbers; give {way_out}, such as those of "
                "the result of oliver()"
            )
        if low == high:
            raise DataError(
                f"{name} is {low:g} for everybody, so it cannot be seen where it stands in the "
                "ladder; leave it out, or take another cut-off"
            )
        if high - low > _MOST_ANSWERS:
            raise DataError(
                f"{name} runs over {high - low:g} steps, but at most {_MOST_ANSWERS} can be "
                "handled; group its values into a few, such as passed or not"
            )
        columns.append((values - low).astype(np.intp))
    return ItemAnswers(names, np.column_stack(columns), variables.labels, variables.n_dropped)


def _given(answers: object, items: Sequence[str] | None) -> tuple[dict[str, object], object]:
    if isinstance(items, str):
        raise OptionError(f"items={items!r} is one name; give a sequence of names")
    if items is not None and (twice := repeated(items)):
        raise OptionError(f"items name {enumerate_names(twice)} twice; name each once")
    if isinstance(answers, (np.ndarray, list, tuple)):
        array = np.asarray(answers)
        if array.ndim != 2:  # noqa: PLR2004
            raise DataError(
                f"the answers have shape {array.shape}; (n, k) is needed, a row a respondent "
                "and a column an item"
            )
        names = (
            list(items) if items is not None else [f"item {j + 1}" for j in range(array.shape[1])]
        )
        if len(names) != array.shape[1]:
            raise DataError(
                f"the answers have {array.shape[1]} columns, but items name {len(names)}; give as "
                "many names as columns"
            )
        return {name: array[:, j] for j, name in enumerate(names)}, None
    if items is not None:
        return {name: name for name in items}, answers
    if isinstance(answers, str):
        open_frame(answers)  # refuses what is no table
    return several_variables("answers", answers), None
