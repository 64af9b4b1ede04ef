"""What the readers of all kinds of files hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pandas as pd

from loyaltymodel.errors import ExtraNotInstalledError

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells (n rows of any length) of a text file or a sheet, and the line that each row is on.

    Cells are text, or what a workbook has: numbers, flags, dates. ``spans`` are cells that are
    joined in a row: the row, and the first and the last column.
    """

    rows: list[list[Any]]
    lines: list[int]
    unit: str  # what a row is called in messages: a line of a text, a row of a sheet
    spans: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A table with names that are there once, and all that its file says of its columns."""

    frame: pd.DataFrame
    texts: Mapping[str, str] = field(default_factory=dict)  # questions, column labels
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)  # of values
    codes: Mapping[str, Sequence[float]] = field(default_factory=dict)  # declared as missing
    nominal: frozenset[str] = frozenset()  # by what the file says
    absent: Sequence[tuple[int, str, Any, str]] = ()  # row, column, code, label of each declared
    said: Facts = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    places: Sequence[str] = ()  # where each row stands in the file


def needed(module: str, package: str, what: str) -> Any:
    """Return a module of the extra for files.

    Raises
    ------
    ExtraNotInstalledError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ExtraNotInstalledError(
            f"{what} is read by the package {package}; install it by pip install {package}, or "
            'pip install "loyaltymodel[files]" for all kinds of files'
        ) from None
