"""Tables as they come, with columns that are absent, named twice or not numeric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import (
    numbers_in,
    open_frame,
    row_labels,
    without_repeated,
)
from loyaltymodel._core.options import matched


@dataclass(frozen=True, slots=True, eq=False)
class AnswerTable:
    """A table whose columns are taken one by one, once each was found to be fit for it."""

    native: Any  # the table itself, less the columns whose name is repeated
    frame: nw.DataFrame[Any]  # the same for narwhals
    times: Counter[Hashable]  # how often each name is there, in the order of the columns
    labels: pd.Index

    def numbers(self, name: str, *, flags: bool = False) -> FloatArray | None:
        """Return a copy of a column of numbers, missing ones as NaN; nothing if it holds others.

        With ``flags``, True and False are numbers.
        """
        found = numbers_in(self.native, self.frame, name, flags=flags)
        return None if found is None else np.array(found, dtype=np.float64)

    def kind(self, name: str) -> str:
        """Return what type a column has."""
        return str(self.frame.get_column(name).dtype)

    def column(self, name: str) -> pd.Series:
        """Return a column of any type, as it is."""
        if isinstance(self.native, pd.DataFrame):
            return self.native[name]
        return pd.Series(self.frame.get_column(name).to_list(), index=self.labels)

    def with_numbers(self, columns: Mapping[str, FloatArray]) -> pd.DataFrame:
        """Return the table as one of pandas, with other numbers in some columns."""
        whole = self.native if isinstance(self.native, pd.DataFrame) else self.frame.to_pandas()
        return whole.assign(**columns)


def open_table(data: object, names: Sequence[str]) -> AnswerTable:
    """Open a pandas, polars or pyarrow table without asking anything of its columns.

    A column whose name differs from one of those known in how its letters are composed only is
    called by the one known.

    Raises
    ------
    DataError
        If the data are no table in memory.
    """
    native, times = without_repeated(data)
    frame = open_frame(native)
    times = times or Counter(frame.columns)
    own = {name: known for known, name in matched(names, times).items() if name != known}
    if own:
        frame = frame.rename(own)
        native = frame.to_native()
        times = Counter({own.get(name, name): count for name, count in times.items()})
    return AnswerTable(native, frame, times, row_labels(native, frame))
