"""From companies to a nation: indices averaged level by level, and held against a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._estimates import EstimateTable
from loyaltymodel._frames import Columns, read_columns, read_table
from loyaltymodel._intervals import check_level
from loyaltymodel._labels import in_order_of
from loyaltymodel._options import enumerate_names, shown
from loyaltymodel._signature import checked
from loyaltymodel.errors import DataError


@checked
def aggregate(
    units: object,
    *,
    weights: str,
    groups: str | Sequence[str] = (),
    value: str = "estimate",
    std_error: str | None = None,
) -> pd.DataFrame:
    """Return the weighted mean index of each group of units (逐级汇总).

    One call is one step up: companies to industries by revenue, industries to sectors by
    revenue, sectors to a nation by their share of the economy. Each step keeps the columns
    that the next needs.

    Parameters
    ----------
    units : pandas, polars or pyarrow table
        A row a unit, such as a company.
    weights : str
        Column of weights, none negative; such as revenue.
    groups : str or sequence of str
        Columns that name the group; without any there is one group, all units.
    value : str
        Column to average, such as an index from 0 to 100.
    std_error : str, optional
        Column of standard errors of the values, to be carried up.

    Returns
    -------
    DataFrame
        A row a group, in order of first appearance: the columns of ``groups``, ``estimate``,
        ``std_error`` if asked for, the column of ``weights`` (their sum) and ``n_units``.

    Raises
    ------
    DataError
        If a column is absent, a number is missing or infinite, a weight or standard error is
        negative, or all weights of a group are zero.

    Notes
    -----
    index = sum(w_i x_i) / sum(w_i), with standard error sqrt(sum(w_i^2 se_i^2)) / sum(w_i).
    The weights count as known, and the units as surveyed independently of each other; units
    that share respondents have errors that this formula does not see.

    Examples
    --------
    Two companies with 80 and 70 points and revenues of 3 and 1: (3 * 80 + 70) / 4 = 77.5, and
    with standard errors of 1 and 2, sqrt(3^2 + 2^2) / 4 = 0.901:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import aggregate
    >>> companies = pd.DataFrame(
    ...     {
    ...         "industry": ["phones", "phones"],
    ...         "index": [80.0, 70.0],
    ...         "std_error": [1.0, 2.0],
    ...         "revenue": [3.0, 1.0],
    ...     }
    ... )
    >>> aggregate(
    ...     companies, weights="revenue", groups="industry", value="index", std_error="std_error"
    ... ).round(3)
      industry  estimate  std_error  revenue  n_units
    0   phones      77.5      0.901      4.0        2
    """
    places, keys = _groups(units, groups)
    names = [value, weights, *([std_error] if std_error is not None else [])]
    x, w, *se = _finite(read_columns(units, names))
    total = _totals(w, places, keys, weights)
    result = keys.copy()
    result["estimate"] = np.bincount(places, w * x) / total
    if std_error is not None:
        _not_negative(se[0], f"column {std_error!r}")
        result["std_error"] = np.sqrt(np.bincount(places, (w * se[0]) ** 2)) / total
    result[weights] = total
    result["n_units"] = np.bincount(places)
    return result


@checked
def compare_with_benchmark(
    units: object,
    *,
    benchmark: float | Mapping[Any, float],
    benchmark_std_error: float | Mapping[Any, float] = 0.0,
    value: str = "estimate",
    std_error: str = "std_error",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return how far each unit lies from a benchmark of elsewhere (标杆比较).

    Parameters
    ----------
    units : pandas, polars or pyarrow table
        A row a unit.
    benchmark : float, or mapping or Series by the units' labels
        The value to compare with, such as the index of another year or country; of several, each
        is held against the unit of its label.
    benchmark_std_error : float, or mapping or Series by the units' labels
        Its standard error; 0 if it is a fixed goal.
    value, std_error : str
        Columns of the values and their standard errors.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DataFrame
        The units' columns, ``benchmark``, ``estimate`` (unit less benchmark), ``std_error``,
        ``ci_low``, ``ci_high`` and the two-sided ``p_value`` of no difference. A column of the
        units that has one of these names is replaced.

    Raises
    ------
    DataError
        If a column is absent, a number is missing, or a standard error is negative.
    OptionError
        If ``level`` does not lie between 0 and 1.

    Notes
    -----
    Units and benchmark count as independent. For the mean of a group that the unit belongs
    to, use :func:`compare_with_group`.

    Examples
    --------
    75 against 72 with a standard error of 1.5: 3 / 1.5 is 2 standard errors.

    >>> import pandas as pd
    >>> from loyaltymodel.structural import compare_with_benchmark
    >>> units = pd.DataFrame({"index": [75.0], "std_error": [1.5]})
    >>> compare_with_benchmark(units, benchmark=72, value="index").round(4)
       index  benchmark  estimate  std_error  ci_low  ci_high  p_value
    0   75.0       72.0       3.0        1.5  0.0601   5.9399   0.0455
    """
    check_level(level)
    columns = read_columns(units, [value, std_error])
    x, se = _finite(columns)
    _not_negative(se, f"column {std_error!r}")
    labels = list(columns.labels)
    mean = _one_each("benchmark", benchmark, labels)
    of_mean = _one_each("benchmark_std_error", benchmark_std_error, labels)
    _not_negative(of_mean, "benchmark_std_error")
    return _differences(units, x, mean, np.hypot(se, of_mean), level)


@checked
def compare_with_group(
    units: object,
    *,
    weights: str,
    groups: str | Sequence[str] = (),
    value: str = "estimate",
    std_error: str = "std_error",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return how far each unit lies from the weighted mean of its own group.

    Parameters
    ----------
    units : pandas, polars or pyarrow table
        A row a unit.
    weights : str
        Column of weights, none negative.
    groups : str or sequence of str
        Columns that name the group; without any there is one group, all units.
    value, std_error : str
        Columns of the values and their standard errors.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DataFrame
        As of :func:`compare_with_benchmark`; ``benchmark`` is the mean of the group.

    Raises
    ------
    DataError
        If a column is absent, a number is missing, a weight or standard error is negative,
        or all weights of a group are zero.
    OptionError
        If ``level`` does not lie between 0 and 1.

    Notes
    -----
    A unit is part of its group's mean, so the two are not independent. With weights that add
    to 1, x_i - sum(w_j x_j) has the variance (1 - w_i)^2 se_i^2 + sum over the others of
    w_j^2 se_j^2.

    Examples
    --------
    Two companies of equal weight, 80 and 70 points, standard error 1 each: the mean is 75,
    the difference 5, and its standard error sqrt(0.5^2 + 0.5^2) = 0.707:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import compare_with_group
    >>> units = pd.DataFrame({"index": [80.0, 70.0], "std_error": [1.0, 1.0], "revenue": [1, 1]})
    >>> found = compare_with_group(units, weights="revenue", value="index")
    >>> found[["index", "benchmark", "estimate", "std_error"]].round(3)
       index  benchmark  estimate  std_error
    0   80.0       75.0       5.0      0.707
    1   70.0       75.0      -5.0      0.707
    """
    check_level(level)
    places, keys = _groups(units, groups)
    x, w, se = _finite(read_columns(units, [value, weights, std_error]))
    _not_negative(se, f"column {std_error!r}")
    share = w / _totals(w, places, keys, weights)[places]
    mean = np.bincount(places, share * x).astype(np.float64)[places]
    of_mean = np.bincount(places, (share * se) ** 2)[places]
    variance = of_mean - (share * se) ** 2 + ((1 - share) * se) ** 2
    return _differences(units, x, mean, np.sqrt(variance), level)


def _groups(units: object, groups: str | Sequence[str]) -> tuple[IntArray, pd.DataFrame]:
    """Give each unit the number of its group, and list the groups as they first appear."""
    names = [groups] if isinstance(groups, str) else list(groups)
    table = read_table(units, names)
    if not names:
        return np.zeros(len(table), dtype=np.intp), pd.DataFrame(index=[0])
    if table.isna().to_numpy().any():
        without = [name for name in names if table[name].isna().any()]
        raise DataError(f"units without a group in column {enumerate_names(without)}")
    codes = np.asarray(table.groupby(names, sort=False).ngroup(), dtype=np.intp)
    return codes, table.drop_duplicates().reset_index(drop=True)


def _finite(columns: Columns) -> list[FloatArray]:
    values = [np.asarray(column, dtype=np.float64) for column in columns.values]
    for name, column in zip(columns.names, values, strict=True):
        if not np.isfinite(column).all():
            row = columns.labels[int(np.argmin(np.isfinite(column)))]
            raise DataError(f"column {name!r} has no finite number in row {row}")
    return values


def _one_each(name: str, given: float | Mapping[Any, float], labels: list[Any]) -> FloatArray:
    """Return one number a unit: the same for all, or by the labels of the units."""
    found = np.asarray(in_order_of(name, given, labels), dtype=np.float64)
    if not np.isfinite(found).all():
        raise DataError(f"{name} must be finite; it has {shown(found[~np.isfinite(found)][0])}")
    return np.array(np.broadcast_to(found, len(labels)))


def _totals(weights: FloatArray, places: IntArray, keys: pd.DataFrame, name: str) -> FloatArray:
    _not_negative(weights, f"column {name!r}")
    total = np.bincount(places, weights).astype(np.float64)
    if not (total > 0).all():
        empty = keys.iloc[int(np.argmin(total > 0))].tolist()
        raise DataError(f"all weights in column {name!r} are zero for group {empty}")
    return total


def _not_negative(values: FloatArray, what: str) -> None:
    if (values < 0).any():
        raise DataError(f"{what} has {values.min():.12g}; it must not be negative")


def _differences(
    units: object, x: FloatArray, benchmark: FloatArray, std_error: FloatArray, level: float
) -> pd.DataFrame:
    found = EstimateTable.wald({}, x - benchmark, std_error, level=level).frame()
    table = read_table(units)
    kept = table[[name for name in table.columns if name not in {"benchmark", *found.columns}]]
    found.insert(0, "benchmark", benchmark)
    return pd.concat([kept, found.set_index(kept.index)], axis=1)
