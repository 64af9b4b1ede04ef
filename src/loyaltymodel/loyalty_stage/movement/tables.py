"""Derived quantities of chains as tables: an estimate, and what posterior draws say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable


def spread(draws: FloatArray, *, level: float) -> dict[str, FloatArray]:
    """Return standard deviation, interval and share of finite values of draws (b, m).

    Infinite values count as larger than all others; undefined ones are left out of the
    interval. The standard deviation is NaN unless every draw is finite.
    """
    tail = (1 - level) / 2
    columns = draws.shape[1]
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    finite = np.isfinite(draws)
    whole = finite.all(axis=0)
    error = np.full(columns, np.nan)
    error[whole] = draws[:, whole].std(axis=0, ddof=1)
    ends = np.quantile(draws[:, whole], [tail, 1 - tail], axis=0, method="weibull")
    low[whole], high[whole] = ends
    for k in np.flatnonzero(~whole):  # few: quantities that some draws do not have
        there = draws[~np.isnan(draws[:, k]), k]
        if len(there):
            method: Any = "closest_observation"  # no straight line leads to infinity
            low[k], high[k] = np.quantile(there, [tail, 1 - tail], method=method)
    return {"std_error": error, "ci_low": low, "ci_high": high, "finite": finite.mean(axis=0)}


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
    found = spread(values[1:], level=level)
    known = ~np.isnan(values[0])
    whole = replace(
        table,
        std_error=np.where(np.isfinite(values[0]), found["std_error"], np.nan),
        ci_low=np.where(known, np.fmin(found["ci_low"], values[0]), np.nan),
        ci_high=np.where(known, np.fmax(found["ci_high"], values[0]), np.nan),
    )
    return whole.frame().assign(finite=found["finite"])
