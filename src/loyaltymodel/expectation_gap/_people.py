"""What variables are called at the door, and how numbers of respondents go out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import ROUNDING
from loyaltymodel._core.estimates import EstimateTable, Labels


def ordered_words(codes: npt.NDArray[np.integer], words: Sequence[str]) -> Any:
    """Return words by their numbers, in an order in which they can be compared."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(words), ordered=True)


def means_of(
    labels: Labels, mean: FloatArray, std_error: FloatArray, *, n: int, level: float
) -> EstimateTable:
    """Return means of n respondents with Student's intervals.

    A single one has no error, nor have equal values: nothing shows how far others differ.
    """
    error = np.where(std_error > ROUNDING * np.abs(mean), std_error, np.nan)
    df = max(n - 1, 1)
    return EstimateTable.student(labels, mean, error, df=df, level=level, test_zero=False)


def are_several(given: Any) -> bool:
    """Tell whether this is several variables: a mapping, a table, or names of columns."""
    if isinstance(given, (Mapping, pd.Index)) or nw.dependencies.is_into_dataframe(given):
        return True
    return isinstance(given, (list, tuple)) and any(isinstance(name, str) for name in given)
