"""What was computed for people, handed back in the shape in which their variables came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._variables import Variables


def as_given(
    given: Iterable[object], variables: Variables, values: npt.NDArray[Any], *, name: str
) -> Any:
    """Return a Series if a variable came as a Series or a column, a number if all are numbers."""
    came = list(given)
    if any(isinstance(value, (str, pd.Series)) for value in came):
        return pd.Series(values, index=variables.labels, name=name)
    if all(np.ndim(value) == 0 for value in came):  # type: ignore[arg-type]
        return values[0].item()
    return values
