"""Satisfaction told by what is wrong: gaps between expected and received, and problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._arrays import FloatArray
from loyaltymodel._counts import kish
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, student_reach
from loyaltymodel._options import check_count, check_share
from loyaltymodel._scales import pair_of
from loyaltymodel._variables import read_variables, read_weighted
from loyaltymodel.attributes._pairs import named_pairs
from loyaltymodel.attributes.measurement import require_two
from loyaltymodel.attributes.measurement_kernels import share_interval, weighted_mean
from loyaltymodel.errors import DataError


def derived_dissatisfaction(
    pairs: object,
    *,
    data: object = None,
    scale: tuple[float, float] | None = None,
    weights: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return how far attributes fall short of what was expected (引申出来的不满意).

    Nobody is asked for dissatisfaction. Respondents say how much of each attribute they
    expected and how much they received, and the difference tells.

    Parameters
    ----------
    pairs : mapping from attribute to pair, or table
        Expected and received level of each attribute on one scale: arrays, Series or names of
        columns of ``data``. A table has two columns an attribute side by side, the expected
        one first, whose names agree up to the last ``_``, ``.``, ``-`` or space.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    scale : pair of numbers, optional
        Lowest and highest level that the questionnaire allows; checked if given.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each respondent, none negative.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the respondent out for this
        attribute.

    Returns
    -------
    DataFrame
        A row an attribute: ``expected`` and ``received``, the means; ``dissatisfaction``, their
        difference, positive where it falls short, with ``ci_low`` and ``ci_high``;
        ``share_short`` of respondents who received less than expected, with ``short_low`` and
        ``short_high``; ``share_above`` of those who received more; and ``n``.

    Raises
    ------
    DataError
        If columns do not come in pairs, a level is off the scale or missing (with
        ``missing="raise"``), or fewer than two respondents remain.
    OptionError
        If an option is not allowed.

    Notes
    -----
    dissatisfaction = E - P, averaged over respondents; the interval is that of t for paired
    answers. A mean of 0 may hide as many who were disappointed as were surprised, which is
    what the shares are for.

    Examples
    --------
    Expected 5, 4, 4; received 3, 4, 5: the differences are 2, 0 and -1.

    >>> from loyaltymodel import attributes
    >>> found = attributes.derived_dissatisfaction({"seat": ([5, 4, 4], [3, 4, 5])})
    >>> found[["attribute", "dissatisfaction", "share_short", "share_above"]].round(3)
      attribute  dissatisfaction  share_short  share_above
    0      seat            0.333        0.333        0.333
    """
    check_level(level)
    limits = pair_of("scale", scale)
    named, table = named_pairs(pairs, data, asked=("expected", "received"))
    rows = []
    for name, pair in named.items():
        keys = [f"{name} expected", f"{name} received"]
        given = dict(zip(keys, pair, strict=True))
        bounds = {} if limits is None else dict.fromkeys(keys, limits)
        read, weight = read_weighted(given, weights, data=table, bounds=bounds, missing=missing)
        require_two(weight, " and ".join(keys))
        expected, received = (np.asarray(read[key], dtype=np.float64) for key in keys)
        rows.append({"attribute": name, **_gap(expected, received, weight, level)})
    return pd.DataFrame(rows)


def problem_analysis(
    problems: object,
    *,
    data: object = None,
    n_respondents: int | None = None,
    vital: float = 0.8,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return the Pareto table of the problems that customers name (问题分析).

    Parameters
    ----------
    problems : array-like of shape (m,), Series, str, or mapping from problem to count
        One entry a mention: the problem that was named; or the name of a column of ``data``; or
        how often each problem was named.
    data : pandas, polars or pyarrow table, optional
        Where a named column is found.
    n_respondents : int, optional
        How many respondents were asked, if each could name a problem only once; for shares of
        respondents.
    vital : float
        Share of all mentions that the vital few problems make up together, between 0 and 1.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do with a missing entry: refuse, or leave it out. Respondents without a problem
        make no entry.

    Returns
    -------
    DataFrame
        A row a problem, the most frequent first: ``count``, ``share`` of mentions with
        ``ci_low`` and ``ci_high``, ``cumulative_share``, and ``vital`` for those that it takes
        to reach the share. With ``n_respondents`` also ``respondents``, the share of them who
        named it, with ``respondents_low`` and ``respondents_high``.

    Raises
    ------
    DataError
        If there is no mention, a count is negative or not whole, a problem has more mentions
        than there are respondents, or an entry is missing (with ``missing="raise"``).
    OptionError
        If ``vital`` or ``level`` does not lie between 0 and 1, or ``n_respondents`` is no
        whole number.

    Notes
    -----
    The intervals are Wilson's. Those of the shares of mentions take mentions as independent,
    which those of one person are not; with ``n_respondents`` the shares of respondents do
    without that. Frequent is not the same as grave: the table does not know how much a problem
    costs. Four in five is the habit of Pareto charts.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> table = attributes.problem_analysis({"late": 6, "rude": 1, "dirty": 3})
    >>> table[["problem", "count", "share", "cumulative_share", "vital"]]
      problem  count  share  cumulative_share  vital
    0    late      6    0.6               0.6   True
    1   dirty      3    0.3               0.9   True
    2    rude      1    0.1               1.0  False
    """
    check_level(level)
    check_share("vital", vital, above=True, such_as=0.8)
    names, counts = _mentions(problems, data, missing)
    order = np.argsort(-counts, kind="stable")
    count = counts[order]
    total = count.sum()
    low, high = share_interval(count, np.full(len(count), total), level=level)
    before = np.cumsum(count) - count
    table = pd.DataFrame(
        {
            "problem": [names[k] for k in order],
            "count": count.astype(np.intp),
            "share": count / total,
            "ci_low": low,
            "ci_high": high,
            "cumulative_share": np.cumsum(count) / total,
            # Counts are whole, so that a share that is just reached is found in spite of rounding.
            "vital": before < vital * total * (1 - 1e-12),
        }
    )
    return table if n_respondents is None else _of_respondents(table, n_respondents, level)


def _gap(
    expected: FloatArray, received: FloatArray, weight: FloatArray, level: float
) -> dict[str, Any]:
    columns = np.column_stack([expected, received, expected - received])
    mean, error, degrees = weighted_mean(columns, weight)
    reach = student_reach(degrees, level=level) * error[2]
    total = weight.sum()
    short, above = weight[expected > received].sum(), weight[expected < received].sum()
    n = np.array([kish(weight)])
    low, high = share_interval(n * short / total, n, level=level)
    return {
        "expected": mean[0],
        "received": mean[1],
        "dissatisfaction": mean[2],
        "ci_low": mean[2] - reach,
        "ci_high": mean[2] + reach,
        "share_short": short / total,
        "short_low": low[0],
        "short_high": high[0],
        "share_above": above / total,
        "n": len(columns),
    }


def _mentions(
    problems: object, data: object, missing: Missing
) -> tuple[tuple[Any, ...], FloatArray]:
    """Return the problems that were named and how often."""
    if not isinstance(problems, Mapping):
        read = read_variables(
            {"problems": problems}, data=data, categories=["problems"], missing=missing
        )
        codes, names = read.codes("problems")
        return names, np.bincount(codes, minlength=len(names)).astype(np.float64)
    try:
        counts = np.array([float(count) for count in problems.values()])
    except (TypeError, ValueError):
        raise DataError("problems has counts that are no numbers; give whole numbers") from None
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise DataError("problems has counts that are negative or not whole; give whole numbers")
    if counts.sum() == 0:
        raise DataError("problems has no mention at all; there is nothing to analyse")
    return tuple(problems), counts


def _of_respondents(table: pd.DataFrame, n_respondents: int, level: float) -> pd.DataFrame:
    """Add the shares of respondents who named each problem."""
    check_count("n_respondents", n_respondents, least=1)
    count: npt.NDArray[np.float64] = table["count"].to_numpy(dtype=np.float64)
    if (count > n_respondents).any():
        often = table["problem"][int(np.argmax(count))]
        raise DataError(
            f"{often!r} has {int(count.max())} mentions by n_respondents={n_respondents}; each "
            "respondent can count once a problem, so drop repeated mentions or leave "
            "n_respondents out"
        )
    low, high = share_interval(count, np.full(len(count), float(n_respondents)), level=level)
    return table.assign(
        respondents=count / n_respondents, respondents_low=low, respondents_high=high
    )
