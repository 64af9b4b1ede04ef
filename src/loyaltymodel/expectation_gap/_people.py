"""What variables are called at the door, and how numbers of people go out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Variable = Any  # a number, an array, a Series, or the name of a column of ``data``


def ordered_words(codes: npt.NDArray[np.integer], words: Sequence[str]) -> Any:
    """Return words by their numbers, in an order in which they can be compared."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(words), ordered=True)
