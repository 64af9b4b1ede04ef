"""Numbers that carry labels are put in order by them, or refused; never taken by their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.native import native
from loyaltymodel._core.options import count_of, enumerate_names, hinted, repeated
from loyaltymodel.errors import DataError


def labelled(name: str, series: pd.Series) -> dict[Any, Any]:
    """Return a Series as a mapping by its labels.

    Raises
    ------
    DataError
        If a label stands twice.
    """
    _check_unique(name, series.index)
    return dict(zip(series.index, native(np.asarray(series)).tolist(), strict=True))


def has_labels(given: object) -> bool:
    """Tell whether numbers come with labels."""
    return isinstance(given, (Mapping, pd.Series)) or nw.dependencies.is_into_dataframe(given)


def in_order_of(name: str, given: Any, labels: Sequence[Any]) -> npt.NDArray[Any]:
    """Return values in the order of the labels, (k, ...).

    A mapping, Series or table is put in order by its labels, which must be these and no others;
    an array or list is taken to stand in their order, and a single number stays one.

    Raises
    ------
    DataError
        If a label is missing, unknown or stands twice, or an array has another length.
    """
    if isinstance(given, Mapping):
        given = pd.Series(list(given.values()), index=pd.Index(list(given), dtype=object))
    if isinstance(given, (pd.Series, pd.DataFrame)):
        found: npt.NDArray[Any] = native(
            given.iloc[places_of(name, given.index, labels)]
        ).to_numpy()
        return found
    _check_labelled(name, given)
    array: npt.NDArray[Any] = native(np.asanyarray(given))
    if array.ndim and len(array) != len(labels):
        raise DataError(
            f"{name} has {count_of(len(array), 'value')}, but one for each of {len(labels)} is "
            f"needed: {enumerate_names(labels, most=12)}"
        )
    return array


def matrix_in_order_of(name: str, given: Any, labels: Sequence[Any]) -> npt.NDArray[Any]:
    """Return a matrix with a row and a column a label, in the order of the labels.

    A table is put in order by the labels of its rows and of its columns; an array is taken to
    stand in their order.

    Raises
    ------
    DataError
        If a label is missing, unknown or stands twice.
    """
    if not isinstance(given, pd.DataFrame):
        _check_labelled(name, given)
        array: npt.NDArray[Any] = native(np.asanyarray(given))
        return array
    down = places_of(f"the index of {name}", given.index, labels)
    across = places_of(f"the header of {name}", given.columns, labels)
    found: npt.NDArray[Any] = native(given.iloc[down, across]).to_numpy()
    return found


def places_of(name: str, index: pd.Index, labels: Sequence[Any]) -> list[int]:
    """Return where each label stands in an index that has these labels and no others.

    Raises
    ------
    DataError
        If a label is missing, unknown or stands twice.
    """
    _check_unique(name, index)
    place = {label: k for k, label in enumerate(index)}
    known = set(labels)
    unknown = [label for label in place if label not in known]
    absent = [label for label in labels if label not in place]
    if unknown or absent:
        wrong = [f"does not know {enumerate_names(map(repr, absent))}"] if absent else []
        if unknown:
            wrong.append(f"is labelled {hinted(unknown, labels)}")
        raise DataError(
            f"{name} {' and '.join(wrong)}; label it by {enumerate_names(labels, most=12)}, or "
            "give an array in this order"
        )
    return [place[label] for label in labels]


def _check_labelled(name: str, given: object) -> None:
    """Refuse tables that name their columns but not their rows."""
    if nw.dependencies.is_into_dataframe(given):
        raise DataError(
            f"{name} is a table without labels of its rows; give a pandas table with labels, or an "
            "array in the order that is meant"
        )


def _check_unique(name: str, index: pd.Index) -> None:
    if twice := repeated(index):
        raise DataError(
            f"{name} has the label {enumerate_names(map(repr, twice))} more than once; give one "
            "value for each label"
        )
