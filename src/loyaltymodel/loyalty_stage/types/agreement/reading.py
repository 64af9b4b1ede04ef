"""The door for classifications: categories of any kind in, codes of common categories out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import IntArray
from loyaltymodel._core.options import enumerate_names, repeated, shown
from loyaltymodel._core.results import Result, WithCustomers
from loyaltymodel._core.variables import codes_of, read_variables
from loyaltymodel.errors import DataError, OptionError

LEAST = 2  # categories that can disagree


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Column:
    """One classification: codes with -1 for missing, and what they stand for."""

    codes: IntArray
    names: tuple[Any, ...]
    ordered: bool
    labels: pd.Index | None  # of a Series
    name: str


def read_column(name: str, value: object, data: object) -> Column:
    """Read one classification, in any form, with its missing values."""
    if isinstance(value, (Result, WithCustomers, pd.DataFrame)):
        raise DataError(
            f"{name} is a {type(value).__name__}; give the column with the class of each "
            "customer, such as customers['type']"
        )
    found = read_variables({name: value}, data=data, categories=[name], gaps=[name])
    labels = found.labels if isinstance(value, (str, pd.Series)) else None
    kept = found.values[name]
    if isinstance(kept, pd.Categorical):
        codes, kinds, ordered = kept.codes, tuple(kept.categories), bool(kept.ordered)
    else:
        gaps = np.asarray(pd.isna(kept), dtype=np.bool_)
        codes = np.full(len(kept), -1)
        codes[~gaps], kinds = codes_of(kept[~gaps])
        ordered = all(isinstance(kind, (int, float)) for kind in kinds)
    return Column(
        codes=np.asarray(codes, np.intp), names=kinds, ordered=ordered, labels=labels, name=name
    )


def matched(column: Column, match: object) -> Column:
    """Call the categories of a classification by the names that the other has for them."""
    if not isinstance(match, Mapping):
        raise OptionError(
            f"match={shown(match)} must be a mapping from categories of the second to those of the "
            "first, such as {'loyal': 'loyalty'}"
        )
    unknown = [name for name in match if name not in column.names]
    if unknown:
        raise OptionError(
            f"match names {enumerate_names(map(repr, unknown))}, but the categories of the second "
            f"are {enumerate_names(map(repr, column.names))}; name these"
        )
    renamed = [match.get(name, name) for name in column.names]
    distinct = tuple(dict.fromkeys(renamed))
    places = np.array([distinct.index(name) for name in renamed] + [-1], dtype=np.intp)
    return replace(column, codes=places[column.codes], names=distinct, ordered=False)


def common_categories(
    one: Column, other: Column, categories: Sequence[object] | None
) -> tuple[tuple[Any, ...], bool]:
    """Return all categories, and whether they are in order."""
    present = [
        [column.names[code] for code in np.unique(column.codes[column.codes >= 0])]
        for column in (one, other)
    ]
    if categories is not None:
        return _given(categories, one, other, present)
    if not set(present[0]) & set(present[1]) and all(present):
        raise DataError(
            f"first has the categories {enumerate_names(map(repr, present[0]))}, second has "
            f"{enumerate_names(map(repr, present[1]))}, none in common; match= says which of the "
            "second stands for which of the first"
        )
    for column, others in ((one, other), (other, one)):
        if column.ordered and set(others.names) <= set(column.names):
            if others.ordered and [v for v in column.names if v in others.names] != list(
                others.names
            ):
                raise DataError(
                    "first and second order their categories differently, as "
                    f"{enumerate_names(map(repr, one.names))} and as "
                    f"{enumerate_names(map(repr, other.names))}; categories= says which order holds"
                )
            return column.names, True
    union = tuple(dict.fromkeys((*one.names, *other.names)))
    if one.ordered and other.ordered and all(isinstance(v, (int, float)) for v in union):
        return tuple(sorted(union)), True
    return union, False


def _given(
    categories: Sequence[object], one: Column, other: Column, present: list[list[Any]]
) -> tuple[tuple[Any, ...], bool]:
    names = () if isinstance(categories, str) else tuple(categories)
    if len(names) < LEAST or repeated(names):
        raise OptionError(
            f"categories={shown(categories)} must be two or more different categories in ascending "
            "order"
        )
    for column, found in zip((one, other), present, strict=True):
        unknown = [name for name in found if name not in names]
        if unknown:
            raise DataError(
                f"{column.name} has {enumerate_names(map(repr, unknown))}, which categories "
                f"{enumerate_names(map(repr, names))} do not have; name every category"
            )
    return names, True


def coded(column: Column, names: tuple[Any, ...]) -> object:
    """Return codes among all categories, with NaN for missing, as the column came."""
    place = {name: float(k) for k, name in enumerate(names)}
    of_code = np.array([place.get(name, np.nan) for name in column.names] + [np.nan])
    codes = of_code[column.codes]
    return codes if column.labels is None else pd.Series(codes, index=column.labels)
