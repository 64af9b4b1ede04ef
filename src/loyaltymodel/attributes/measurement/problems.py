"""Satisfaction told by what is wrong: gaps between expected and received, and problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data, Pairs, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.codebooks import takes_codebook
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.counts import members, weighted_means
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.labels import labelled
from loyaltymodel._core.options import check_count, check_share
from loyaltymodel._core.scales import pair_of
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import counts_of, read_variables, read_weighted
from loyaltymodel.attributes._pairs import named_pairs
from loyaltymodel.attributes.measurement.direct import require_two
from loyaltymodel.errors import DataError

_QUANTITIES = ("expected", "received", "dissatisfaction", "share_short", "share_above")


@checked
@takes_codebook("pairs")
def derived_dissatisfaction(
    pairs: Pairs,
    *,
    data: Data | None = None,
    scale: tuple[float, float] | Codebook | None = None,
    weights: Variable | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return how far attributes fall short of what was expected (引申出来的不满意).

    Nobody is asked for dissatisfaction. Respondents say how much of each attribute they
    expected and how much they received, and the difference tells.

    Parameters
    ----------
    pairs : mapping from attribute to pair, table, or names of columns
        Expected and received level of each attribute on one scale: arrays, Series or names of
        columns of ``data``. A table, or a list of names of columns, has two columns an attribute
        side by side, the expected one first, whose names agree up to the last ``_``, ``.``,
        ``-`` or space.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    scale : pair of numbers or Codebook, optional
        Lowest and highest level that the questionnaire allows; checked if given. Or the codebook
        that the answers are read by.
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
        Five rows an attribute, by ``attribute`` and ``quantity``: the means "expected" and
        "received"; "dissatisfaction", their difference, positive where it falls short;
        "share_short" of respondents who received less than expected, and "share_above" of those
        who received more. Each with ``estimate``, ``std_error`` (not of shares), ``ci_low``,
        ``ci_high``, ``p_value`` (of no difference) and ``n_obs``.

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
    answers, and those of the shares are Wilson's; weights count as for :func:`direct_report`.
    Where a mean rests on equal values only, its error and interval are NaN: nothing shows how far
    others differ. A mean of 0 may hide as many who were
    disappointed as were surprised, which is what the shares are for.

    Examples
    --------
    Expected 5, 4, 4; received 3, 4, 5: the differences are 2, 0 and -1.

    >>> from loyaltymodel import attributes
    >>> found = attributes.derived_dissatisfaction({"seat": ([5, 4, 4], [3, 4, 5])})
    >>> found[["attribute", "quantity", "estimate"]].iloc[2:].round(3)
      attribute         quantity  estimate
    2      seat  dissatisfaction     0.333
    3      seat      share_short     0.333
    4      seat      share_above     0.333
    """
    check_level(level)
    limits = pair_of("scale", scale)
    named, table = named_pairs(pairs, data, asked=("expected", "received"))
    parts, sizes = [], []
    for name, pair in named.items():
        keys = [f"{name} expected", f"{name} received"]
        given = dict(zip(keys, pair, strict=True))
        bounds = {} if limits is None else dict.fromkeys(keys, limits)
        read, weight = read_weighted(given, weights, data=table, bounds=bounds, missing=missing)
        require_two(weight, " and ".join(keys))
        expected, received = (np.asarray(read[key], dtype=np.float64) for key in keys)
        parts.append(_gap(name, expected, received, weight, level))
        sizes += [read.n_rows] * len(_QUANTITIES)
    return pd.concat(parts, ignore_index=True).assign(n_obs=sizes)


@checked
def problem_analysis(
    problems: Columns,
    *,
    data: Data | None = None,
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
        how often each problem was named, as a mapping or what ``value_counts()`` returns.
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
        A row a problem, the most frequent first: ``problem``, ``quantity`` ("mentions"),
        ``count``, the share of all mentions as ``estimate`` with ``ci_low`` and ``ci_high``,
        ``cumulative_share``, and ``vital`` for those that it takes to reach the share, with
        all that are as frequent as the last of them. With ``n_respondents`` as many rows follow
        whose ``quantity`` is "respondents": the share of respondents who named the problem,
        without a cumulative one.

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
    which those of one respondent are not; with ``n_respondents`` the shares of respondents do
    without that. Frequent is not the same as grave: the table does not know how much a problem
    costs. Four in five is the habit of Pareto charts.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> table = attributes.problem_analysis({"late": 6, "rude": 1, "dirty": 3})
    >>> table[["problem", "count", "estimate", "cumulative_share", "vital"]]
      problem  count  estimate  cumulative_share  vital
    0    late      6       0.6               0.6   True
    1   dirty      3       0.3               0.9   True
    2    rude      1       0.1               1.0  False
    """
    check_level(level)
    check_share("vital", vital, above=True, such_as=0.8)
    names, counts = _mentions(problems, data, missing)
    order = np.argsort(-counts, kind="stable")
    count = counts[order]
    total = count.sum()
    # Problems of one count come before or after a share together, in whatever order they stand.
    before = (count[:, None] * (count[:, None] > count)).sum(axis=0)
    few = exceeds(vital * total, before)
    ranked = [names[k] for k in order]
    table = _shares(ranked, "mentions", count, total, level)
    table = table.assign(cumulative_share=np.cumsum(count) / total, vital=few)
    if n_respondents is None:
        return table
    _check_once(ranked, count, n_respondents)
    more = _shares(ranked, "respondents", count, float(n_respondents), level)
    more = more.assign(cumulative_share=np.nan, vital=few)
    return pd.concat([table, more], ignore_index=True)


def _gap(
    name: str, expected: FloatArray, received: FloatArray, weight: FloatArray, level: float
) -> pd.DataFrame:
    """Return means, their difference, and shares of those who got less and more."""
    columns = np.column_stack([expected, received, expected - received])
    mean, error, degrees = weighted_means(columns, weight)
    means = EstimateTable.student(
        _labels(name, _QUANTITIES[:3]), mean, error, df=degrees, level=level
    )
    table = means.frame()
    table.loc[:1, "p_value"] = np.nan  # 0 is a question of the difference only
    size = np.abs(columns).max()
    short, above = exceeds(expected, received, size=size), exceeds(received, expected, size=size)
    belongs = np.column_stack([short, above]).astype(np.float64)
    found = members(belongs, weight, level=level)
    shares = EstimateTable.wilson(_labels(name, _QUANTITIES[3:]), found.share, found.n, level=level)
    return pd.concat([table, shares.frame().reindex(columns=table.columns)])


def _labels(name: str, quantities: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {"attribute": (name,) * len(quantities), "quantity": quantities}


def _mentions(
    problems: object, data: object, missing: Missing
) -> tuple[tuple[Any, ...], FloatArray]:
    """Return the problems that were named and how often."""
    if isinstance(problems, pd.Series) and problems.dtype.kind in "iuf":
        problems = _by_problem(problems)
    if not isinstance(problems, Mapping):
        read = read_variables(
            {"problems": problems}, data=data, categories=["problems"], missing=missing
        )
        codes, names = read.codes("problems")
        return names, np.bincount(codes, minlength=len(names)).astype(np.float64)
    counts = counts_of("problems", list(problems.values()))
    if counts.sum() == 0:
        raise DataError("problems has no mention at all; there is nothing to analyse")
    return tuple(problems), counts


def _by_problem(problems: pd.Series) -> pd.Series | dict[Any, Any]:
    """Recognise what ``value_counts()`` returns; a mention can be a number too."""
    if problems.name == "count":
        return labelled("problems", problems)
    if problems.index.dtype.kind not in "iu":
        raise DataError(
            "problems is a Series of numbers by label, which may be counts or mentions; give "
            "dict(problems) if each label is a problem and each number how often it was named, "
            "or problems.to_numpy() if each number is a problem"
        )
    return problems


def _shares(
    names: list[Any], quantity: str, count: FloatArray, total: float, level: float
) -> pd.DataFrame:
    """Return the share of each problem, with Wilson's intervals."""
    labels = {"problem": names, "quantity": [quantity] * len(names)}
    n = np.full(len(count), total)
    table = EstimateTable.wilson(labels, count / total, n, level=level).frame()
    table.insert(2, "count", count.astype(np.intp))
    return table


def _check_once(names: list[Any], count: FloatArray, n_respondents: int) -> None:
    """Refuse a problem that more respondents name than there are."""
    check_count("n_respondents", n_respondents, least=1)
    if (count > n_respondents).any():
        often = names[int(np.argmax(count))]
        raise DataError(
            f"{often!r} has {int(count.max())} mentions by n_respondents={n_respondents}; each "
            "respondent can count once a problem, so drop repeated mentions or leave "
            "n_respondents out"
        )
