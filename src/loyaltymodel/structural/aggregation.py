"""From companies to a nation: indices averaged level by level, and held against a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import read_table
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.labels import in_order_of
from loyaltymodel._core.options import enumerate_names, repeated
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Bounds, read_numbers, read_variables
from loyaltymodel.errors import DataError, OptionError

_NOT_NEGATIVE = (0.0, np.inf)
_NO_KEYS = pd.DataFrame(index=[0])


@checked
def aggregate(
    units: Variable,
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
        negative, all weights of a group are zero, or a column of ``groups`` or ``weights`` has the
        name of another column of the result.

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
    names = _names(groups)
    added = ["estimate", weights, "n_units", *(["std_error"] if std_error is not None else [])]
    if taken := [name for name in (*names, weights) if [*names, *added].count(name) > 1]:
        raise DataError(
            f"the result has columns {enumerate_names(added)} of its own, besides those of groups; "
            f"rename {enumerate_names(map(repr, dict.fromkeys(taken)))} in the units"
        )
    read = _read(units, value=value, weights=weights, std_error=std_error, groups=names)
    places, keys, share, total = _shares(units, read, names, weights)
    result = keys.copy()
    x, w = read.numbers[value], read.numbers[weights]
    result["estimate"] = np.bincount(places, w * x) / total
    if std_error is not None:
        of_unit = share * read.numbers[std_error]
        result["std_error"] = np.sqrt(np.bincount(places, of_unit**2))
    result[weights] = total
    result["n_units"] = np.bincount(places)
    return result


@checked
def compare_units(
    units: Variable,
    *,
    benchmark: float | Mapping[Any, float] | None = None,
    benchmark_std_error: float | Mapping[Any, float] | None = None,
    weights: str | None = None,
    groups: str | Sequence[str] = (),
    value: str = "estimate",
    std_error: str = "std_error",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return how far each unit lies from a benchmark, or from the mean of its group (标杆比较).

    With ``benchmark`` units are held against a value of elsewhere, with ``weights`` against the
    weighted mean of their own group.

    Parameters
    ----------
    units : pandas, polars or pyarrow table
        A row a unit.
    benchmark : float, or mapping or Series by the units' labels, optional
        The value to compare with, such as the index of another year or country; of several, each
        is held against the unit of its label.
    benchmark_std_error : float, or mapping or Series by the units' labels, optional
        The standard error of ``benchmark``; without it a fixed goal, with none.
    weights : str, optional
        Column of weights, none negative, for the mean of the group.
    groups : str or sequence of str
        Columns that name the group, with ``weights``; without any there is one group, all units.
    value, std_error : str
        Columns of the values and their standard errors.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DataFrame
        The units' columns, ``benchmark`` (what was given, or the mean of the group),
        ``estimate`` (unit less benchmark), ``std_error``, ``ci_low``, ``ci_high`` and the
        two-sided ``p_value`` of no difference. A column of the units that has one of these names
        stands under the name with ``unit_`` before it, such as ``unit_estimate``.

    Raises
    ------
    DataError
        If a column is absent, a number is missing, a weight or standard error is negative, or
        all weights of a group are zero.
    OptionError
        If not exactly one of ``benchmark`` and ``weights`` is given, an option belongs to the
        other one, or ``level`` does not lie between 0 and 1.

    Notes
    -----
    A benchmark of elsewhere counts as independent of the units. A unit is part of its group's
    mean, so these two are not independent: with weights that add to 1, x_i - sum(w_j x_j) has
    the variance (1 - w_i)^2 se_i^2 + sum over the others of w_j^2 se_j^2.

    Examples
    --------
    75 against 72 with a standard error of 1.5: 3 / 1.5 is 2 standard errors.

    >>> import pandas as pd
    >>> from loyaltymodel.structural import compare_units
    >>> units = pd.DataFrame({"index": [75.0], "std_error": [1.5]})
    >>> found = compare_units(units, benchmark=72, value="index").round(4)
    >>> found[["index", "benchmark", "estimate", "ci_low", "ci_high", "p_value"]]
       index  benchmark  estimate  ci_low  ci_high  p_value
    0   75.0       72.0       3.0  0.0601   5.9399   0.0455

    The error of the index, 1.5, is not that of the difference if the benchmark has one as well:

    >>> found = compare_units(units, benchmark=72, benchmark_std_error=2, value="index")
    >>> found[["unit_std_error", "std_error"]]
       unit_std_error  std_error
    0             1.5        2.5

    Two companies of equal weight, 80 and 70 points, standard error 1 each: the mean is 75,
    the difference 5, and its standard error sqrt(0.5^2 + 0.5^2) = 0.707:

    >>> units = pd.DataFrame({"index": [80.0, 70.0], "std_error": [1.0, 1.0], "revenue": [1, 1]})
    >>> found = compare_units(units, weights="revenue", value="index")
    >>> found[["index", "benchmark", "estimate", "std_error"]].round(3)
       index  benchmark  estimate  std_error
    0   80.0       75.0       5.0      0.707
    1   70.0       75.0      -5.0      0.707
    """
    check_level(level)
    names = _names(groups)
    if (benchmark is None) == (weights is None):
        raise OptionError(
            "give exactly one of benchmark, a value of elsewhere, and weights, for the mean of the "
            "units' own group"
        )
    if benchmark is None and benchmark_std_error is not None:
        raise OptionError("benchmark_std_error is of a benchmark; give benchmark, or leave it out")
    if weights is None and names:
        raise OptionError("groups are compared by their weighted mean; give weights, not benchmark")
    read = _read(units, value=value, weights=weights, std_error=std_error, groups=names)
    x, se = read.numbers[value], read.numbers[std_error]
    if weights is None:
        labels = list(read.labels)
        mean = _one_each("benchmark", benchmark, labels, None)
        given = 0.0 if benchmark_std_error is None else benchmark_std_error
        of_mean = _one_each("benchmark_std_error", given, labels, _NOT_NEGATIVE)
        return _differences(units, x, mean, np.hypot(se, of_mean), level)
    places, _, share, _ = _shares(units, read, names, weights)
    mean = np.bincount(places, share * x).astype(np.float64)[places]
    others = np.bincount(places, (share * se) ** 2)[places] - (share * se) ** 2
    variance = others + ((1 - share) * se) ** 2
    return _differences(units, x, mean, np.sqrt(variance.clip(0)), level)


class _Read(NamedTuple):
    """Columns of numbers by name, the codes of each column of groups, labels of the units."""

    numbers: dict[str, FloatArray]
    codes: list[IntArray]
    labels: pd.Index


def _names(groups: str | Sequence[str]) -> list[str]:
    names = [groups] if isinstance(groups, str) else list(groups)
    if twice := repeated(names):
        raise DataError(f"groups has {enumerate_names(twice)} more than once; name each once")
    return names


def _read(
    units: object,
    *,
    value: str,
    std_error: str | None,
    weights: str | None = None,
    groups: Sequence[str] = (),
) -> _Read:
    """Read columns by the door of variables, so that what is missing is so everywhere."""
    numbers = [name for name in (value, weights, std_error) if name is not None]
    given = {f"column {name!r}": name for name in numbers}
    kinds = {f"group in column {name!r}": name for name in groups}
    bounds = {f"column {name!r}": _NOT_NEGATIVE for name in (weights, std_error)}
    found = read_variables(
        {**given, **kinds}, data=units, bounds=bounds, categories=list(kinds), can_drop=False
    )
    return _Read(
        {name: np.asarray(found[key], dtype=np.float64) for key, name in given.items()},
        [found.codes(key, most=None)[0] for key in kinds],
        found.labels,
    )


def _shares(
    units: object, read: _Read, names: list[str], weights: str
) -> tuple[IntArray, pd.DataFrame, FloatArray, FloatArray]:
    """Give each unit the number of its group and its share of the group's weight.

    The groups are listed as they first appear, with the sums of their weights.
    """
    w = read.numbers[weights]
    places: IntArray = np.zeros(len(w), dtype=np.intp)
    for codes in read.codes:
        places = np.asarray(pd.factorize(places * (codes.max() + 1) + codes)[0], dtype=np.intp)
    first = np.unique(places, return_index=True)[1]
    keys = read_table(units, names).iloc[first].reset_index(drop=True) if names else _NO_KEYS
    total = np.bincount(places, w).astype(np.float64)
    if not (total > 0).all():
        empty = keys.iloc[int(np.argmin(total > 0))].tolist()
        raise DataError(f"all weights in column {weights!r} are zero for group {empty}")
    return places, keys, w / total[places], total


def _one_each(
    name: str, given: float | Mapping[Any, float] | None, labels: list[Any], bounds: Bounds | None
) -> FloatArray:
    """Return one number a unit: the same for all, or by the labels of the units."""
    found = read_numbers(name, in_order_of(name, given, labels), bounds=bounds)
    if found.ndim > 1:
        raise DataError(f"{name} has shape {found.shape}; give one number, or one for each unit")
    return np.array(np.broadcast_to(found, len(labels)))


def _differences(
    units: object, x: FloatArray, benchmark: FloatArray, std_error: FloatArray, level: float
) -> pd.DataFrame:
    """Add the differences to the units, whose own columns of such names become those of a unit."""
    found = EstimateTable.wald({}, x - benchmark, std_error, level=level).frame()
    found.insert(0, "benchmark", benchmark)
    table = read_table(units)
    own = {name: f"unit_{name}" for name in table.columns if name in found.columns}
    if taken := [name for name in own.values() if name in table.columns]:
        raise DataError(
            f"the units have a column {enumerate_names(map(repr, taken))}, which is how their "
            f"columns {enumerate_names(map(repr, own))} are called in the result; rename or drop it"
        )
    return pd.concat([table.rename(columns=own), found.set_index(table.index)], axis=1)
