"""The door for answers to several items, of which it is asked whether they make a ladder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import IntArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of
from loyaltymodel._core.scales import Pair, check_pair
from loyaltymodel._core.variables import read_variables, several_columns
from loyaltymodel.errors import DataError

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
    items: object,
    *,
    data: object = None,
    scale: Pair | None = None,
    binary: bool = False,
    missing: Missing = "raise",
) -> ItemAnswers:
    """Read answers to items: variables by name, or an array (n, k)."""
    given = several_columns("items", items)
    names = tuple(given)
    if len(names) < _LEAST_ITEMS:
        raise DataError(
            f"there is {count_of(len(names), 'item')}; a ladder needs at least two. Give a table "
            "with a column an item, names of columns with data=, or an array of shape (n, k)"
        )
    bounds = {}
    if scale is not None:
        bounds = dict.fromkeys(names, check_pair(scale))
    elif binary:
        bounds = dict.fromkeys(names, (0.0, 1.0))
    variables = read_variables(
        given,
        data=data,
        bounds=bounds,
        flags=names if scale in (None, (0.0, 1.0)) else (),
        missing=missing,
    )
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
                f"{name} is {low:.12g} for everybody, so it cannot be seen where it stands in the "
                "ladder; leave it out, or take another cut-off"
            )
        if high - low > _MOST_ANSWERS:
            raise DataError(
                f"{name} runs over {high - low:.12g} steps, but at most {_MOST_ANSWERS} can be "
                "handled; group its values into a few, such as passed or not"
            )
        columns.append((values - low).astype(np.intp))
    return ItemAnswers(names, np.column_stack(columns), variables.labels, variables.n_dropped)
