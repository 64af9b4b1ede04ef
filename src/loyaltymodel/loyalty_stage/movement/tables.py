"""Derived quantities of chains as tables: an estimate, and what posterior draws say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.draws import spread_of
from loyaltymodel._core.estimates import EstimateTable


def table_of_values(
    labels: Mapping[str, Sequence[Any]], values: FloatArray, *, level: float
) -> pd.DataFrame:
    """Make a table of values (1 + b, m): the first row is the estimate, the rest are draws.

    An interval reaches its estimate: a move that was never seen is 0 in the estimate and above 0 in
    every draw, and may be either. What has no estimate has no interval.
    """
    columns = FrozenMapping({name: tuple(column) for name, column in labels.items()})
    table = EstimateTable(labels=columns, estimate=values[0], level=level)
    if len(values) <= 2:  # noqa: PLR2004  an interval needs two draws
        return table.frame()
    found = spread_of(values[1:], level=level)
    known = ~np.isnan(values[0])
    whole = replace(
        table,
        std_error=np.where(np.isfinite(values[0]), found.std_error, np.nan),
        ci_low=np.where(known, np.fmin(found.low, values[0]), np.nan),
        ci_high=np.where(known, np.fmax(found.high, values[0]), np.nan),
    )
    return whole.frame().assign(finite=found.finite)
