"""Attributes that are asked about twice: pairs of variables, by name or as columns of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from loyaltymodel._core.frames import column_names
from loyaltymodel._core.options import count_of, enumerate_names, repeated
from loyaltymodel.errors import DataError, OptionError

Pair = tuple[object, object]

_STEM = re.compile(r"^(.+)[_.\- ]([^_.\- ]+)$")


def named_pairs(
    pairs: object, data: object, *, asked: tuple[str, str], never_first: Sequence[str] = ()
) -> tuple[dict[str, Pair], object]:
    """Return the two variables of each attribute, and the table that they are columns of.

    A table, or a list of names of columns, has them side by side; the part of their names before
    the last separator is the name of the attribute. ``asked`` says what the two are,
    ``never_first`` which endings of a column show that the order is wrong.

    Raises
    ------
    DataError
        If the columns of a table do not come in pairs, or there are none.
    OptionError
        If a mapping has anything but pairs, or a table comes with ``data``.
    """
    if isinstance(pairs, Mapping):
        found = {str(name): _pair(name, value, asked) for name, value in pairs.items()}
        if not found:
            raise DataError(f"pairs names no attribute; give at least one, {_form(asked)}")
        return found, data
    if isinstance(pairs, pd.Index) or (isinstance(pairs, (list, tuple)) and _is_text(pairs)):
        return _by_name(list(pairs), asked, never_first), data
    if data is not None:
        raise OptionError(
            "pairs is a table already, so data= is one too many; give the names of the columns "
            f"with data=, {_form(asked)}"
        )
    return _by_name(list(column_names(pairs)), asked, never_first), pairs


def _is_text(names: Sequence[object]) -> bool:
    return all(isinstance(name, str) for name in names)


def _form(asked: tuple[str, str]) -> str:
    return f'such as {{"seat": ("seat_{asked[0]}", "seat_{asked[1]}")}}'


def _pair(name: object, value: object, asked: tuple[str, str]) -> Pair:
    if not isinstance(value, (tuple, list)) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise OptionError(
            f"pairs of attribute {name!r} is no pair ({asked[0]}, {asked[1]}); give two variables, "
            + _form(asked)
        )
    return value[0], value[1]


def _by_name(
    names: list[str], asked: tuple[str, str], never_first: Sequence[str]
) -> dict[str, Pair]:
    """Pair neighbouring columns whose names agree up to the last separator."""
    if len(names) % 2 or not names:
        raise DataError(
            f"the table has {count_of(len(names), 'column')}, which is no number of pairs; give "
            f"two columns an attribute, {asked[0]} and {asked[1]}, or name them, {_form(asked)}"
        )
    stems = []
    for first, second in zip(names[::2], names[1::2], strict=True):
        one, other = _STEM.match(str(first)), _STEM.match(str(second))
        if one is None or other is None or one[1] != other[1]:
            raise DataError(
                f"columns {first!r} and {second!r} stand side by side, but their names do not say "
                f"that they are one attribute; name the pairs, {_form(asked)}"
            )
        if one[2].casefold() in never_first:
            raise DataError(
                f"column {first!r} comes before {second!r}, but the {asked[0]} one must come "
                f"first; change the order, or name the pairs, {_form(asked)}"
            )
        stems.append(one[1])
    if twice := repeated(stems):
        raise DataError(
            f"the columns make more than one pair of attribute {enumerate_names(twice)}; name the "
            f"pairs, {_form(asked)}"
        )
    return dict(zip(stems, zip(names[::2], names[1::2], strict=True), strict=True))
