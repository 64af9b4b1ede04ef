"""The fourth way to measure satisfaction: how well what is important does, in one index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.counts import weighted_means
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, student_reach
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import check_choice, count_of
from loyaltymodel._core.results import Facts, Result, WithCustomers
from loyaltymodel._core.scales import AnswerLimits, resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import Variables, read_weighted
from loyaltymodel.attributes.inputs import paired_by_attribute
from loyaltymodel.attributes.measurement.direct import NO_SPREAD, require_two
from loyaltymodel.errors import DataError

RankMethod = Literal["rank_order_centroid", "rank_sum"]
Importance = Literal["rating", "rank_order_centroid", "rank_sum"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ImportanceIndex(Result):
    """A satisfaction index whose attributes are weighted by stated importance.

    Attributes
    ----------
    names : tuple of str
        Names of the k attributes.
    estimate : float
        The index, in points from 0 to 100.
    std_error : float
        Its standard error.
    ci_low, ci_high : float
        Ends of its interval.
    performance : ndarray of shape (k,)
        Mean performance of each attribute, in points from 0 to 100.
    weight : ndarray of shape (k,)
        Mean share of each attribute in the weights; they sum to 1.
    contribution : ndarray of shape (k,)
        What each attribute contributes to the index, in points; they sum to it.
    n_obs : int
        Number of respondents.
    n_dropped : int
        How many were left out for a missing value.
    level : float
        Confidence level of the interval.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> performance = {"seat": [5, 3], "price": [3, 3]}
    >>> importance = {"seat": 3, "price": 1}
    >>> found, _ = attributes.importance_index(performance, importance, scale=(1, 5))
    >>> found
    <ImportanceIndex: 68.8 of 2 attributes, 2 respondents>
    >>> found.estimate
    68.75
    """

    names: tuple[str, ...]
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    performance: FloatArray
    weight: FloatArray
    contribution: FloatArray
    n_obs: int
    n_dropped: int
    level: float

    @property
    def attributes(self) -> pd.DataFrame:
        """Performance, weight, contribution and what is missing to 100, by attribute."""
        return pd.DataFrame(
            {
                "attribute": self.names,
                "performance": self.performance.copy(),
                "weight": self.weight.copy(),
                "contribution": self.contribution.copy(),
                "lost": 100 * self.weight - self.contribution,
            }
        )

    def _title(self) -> str:
        return "Importance-weighted satisfaction index"

    def _brief(self) -> str:
        n = count_of(len(self.names), "attribute")
        return f"{self.estimate:.1f} of {n}, {count_of(self.n_obs, 'respondent')}"

    def _facts(self) -> Facts:
        ends = f"{self.ci_low:.1f} to {self.ci_high:.1f}"
        return (("index", f"{self.estimate:.1f} ({ends})"),)

    def _tables(self) -> Sequence[Table]:
        return (table_of("Attributes", self.attributes, digits=(1, 3, 1, 1)),)

    def _remarks(self) -> Sequence[str]:
        remark = "lost: points that the attribute withholds from an index of 100."
        return (remark, NO_SPREAD.format("The index")) if np.isnan(self.std_error) else (remark,)


@checked
def rank_weights(ranks: npt.ArrayLike, *, method: RankMethod) -> FloatArray:
    """Return the weights that ranks of importance stand for; they sum to 1.

    Parameters
    ----------
    ranks : array-like of shape (k,) or (n, k)
        Ranks from 1, the most important, to k, each once in a row.
    method : {"rank_order_centroid", "rank_sum"}
        How ranks become weights.

    Returns
    -------
    ndarray of the shape of ``ranks``
        Weights between 0 and 1; each row sums to 1.

    Raises
    ------
    DataError
        If a row is no ranking from 1 to k without ties.
    OptionError
        If ``method`` is not one of its choices.

    Notes
    -----
    - rank-order centroid: w(r) = (1/r + 1/(r + 1) + ... + 1/k) / k, the mean of all weights
      that respect the ranking.
    - rank sum: w(r) = 2 (k + 1 - r) / (k (k + 1)), equal steps.

    A ranking does not say how much more important the first is than the second, so the method
    decides: with four attributes the first gets 0.52 or 0.40. There is no default.

    Examples
    --------
    >>> rank_weights([1, 2, 3, 4], method="rank_order_centroid").round(2).tolist()
    [0.52, 0.27, 0.15, 0.06]
    >>> rank_weights([1, 2, 3, 4], method="rank_sum").round(2).tolist()
    [0.4, 0.3, 0.2, 0.1]
    """
    check_choice("method", method, RankMethod)
    try:
        values = np.asarray(numbers_of(ranks), dtype=np.float64)
    except NotNumbers:
        raise DataError("ranks hold something else than numbers; give 1, 2, 3 and so on") from None
    if values.ndim not in (1, 2) or values.size == 0:
        raise DataError(f"ranks have shape {values.shape}; (k,) or (n, k) is needed")
    k = values.shape[-1]
    rows = values.reshape(-1, k)
    bad = (np.sort(rows, axis=1) != np.arange(1, k + 1)).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{int(bad.sum())} of {len(rows)} rows are no ranking of 1 to {k}, each once "
            f"(first {rows[row].tolist()} in row {row}); break ties, or take ratings instead"
        )
    r = np.arange(1, k + 1)
    if method == "rank_sum":
        weights = 2 * (k + 1 - r) / (k * (k + 1))
    else:
        weights = np.cumsum((1 / r)[::-1])[::-1] / k
    found: FloatArray = weights[values.astype(np.intp) - 1]
    return found


@checked
@takes_codebook("performance", also=("importance",), limits="name")
def importance_index(
    performance: Columns,
    importance: Columns,
    *,
    scale: AnswerLimits | Codebook,
    data: Data | None = None,
    importance_as: Importance = "rating",
    weights: Variable | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> WithCustomers[ImportanceIndex]:
    """Return the importance-weighted satisfaction index (重要性/绩效等级排列), from 0 to 100.

    Parameters
    ----------
    performance : table, names of columns, or mapping from attribute to array-like, shape (n,)
        How well each attribute does: a table, columns of ``data``, or names of attributes, each
        with its column or values.
    importance : table, names of columns, or mapping from attribute to number or array-like
        Importance of each attribute, for everybody or for each respondent. A mapping has the
        names of ``performance``; columns have them too, or stand in the same order.
    scale : pair of numbers, mapping from attribute to pair, or Codebook
        Lowest and highest performance that the questionnaire allows. A rate from 0 to 1 can
        stand beside ratings from 1 to 5. A codebook also reads the answers.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    importance_as : {"rating", "rank_order_centroid", "rank_sum"}
        Whether importance is a rating, higher for more important, none negative; or a rank, 1
        for the most important, and how it becomes a weight: the mean of all weights that respect
        the ranking, or equal steps.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each respondent, none negative.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the respondent out.

    Returns
    -------
    result : ImportanceIndex
        The index with its interval, and what each attribute contributes.
    customers : DataFrame
        A row a respondent with the labels of the data: ``score``, their importance-weighted
        satisfaction, in points from 0 to 100.

    Raises
    ------
    DataError
        If performance is off the scale, importance is negative, all zero or no ranking, the two
        name different attributes, a value is missing (with ``missing="raise"``), fewer than two
        respondents remain, or weights are negative or all zero.
    OptionError
        If an option is not allowed.

    Notes
    -----
    score = 100 sum(w_j (p_j - lo_j) / (hi_j - lo_j)) / sum(w_j). Ratings of importance are taken
    as they are. On a scale from 1 to 5 the least important attribute has a fifth of the weight
    of the most important one, on one from 0 to 4 none.

    The index is the mean of the respondents' scores, with an interval of t, cut at 0 and 100,
    with weights as for :func:`direct_report`. Where all have the same score there
    is none, because nothing shows how far others differ. It counts every respondent alike,
    however high they rate importance. Where everybody states their own importance, the index is
    not the mean performance times the mean weight.

    Examples
    --------
    Seat 5 and price 3 of 1 to 5 are 100 and 50 points; weighted 3 to 1, 87.5. The other has 50,
    and the mean is 68.75.

    >>> from loyaltymodel import attributes
    >>> performance = {"seat": [5, 3], "price": [3, 3]}
    >>> importance = {"seat": 3, "price": 1}
    >>> found, customers = attributes.importance_index(performance, importance, scale=(1, 5))
    >>> customers["score"].tolist()
    [87.5, 50.0]
    >>> found.attributes[["attribute", "performance", "weight", "contribution"]]
      attribute  performance  weight  contribution
    0      seat         75.0    0.75         56.25
    1     price         50.0    0.25         12.50
    """
    check_level(level)
    given, stated = paired_by_attribute(performance, importance)
    points, shares, weight, read = _read(
        given, stated, limits_only(scale), data, importance_as, missing, weights
    )
    require_two(weight, "performance and importance")
    scores = (points * shares).sum(axis=1)
    columns = np.column_stack([scores, points, shares, points * shares])
    mean, error, degrees = weighted_means(columns, weight)
    reach = student_reach(degrees, level=level) * error[0]
    k = len(given)
    result = ImportanceIndex(
        names=tuple(given),
        estimate=float(mean[0]),
        std_error=float(error[0]),
        ci_low=float(np.maximum(mean[0] - reach, 0.0)),
        ci_high=float(np.minimum(mean[0] + reach, 100.0)),
        performance=mean[1 : k + 1],
        weight=mean[k + 1 : 2 * k + 1],
        contribution=mean[2 * k + 1 :],
        n_obs=read.n_rows,
        n_dropped=read.n_dropped,
        level=level,
    )
    return WithCustomers(result, pd.DataFrame({"score": scores}, index=read.labels))


def _read(
    performance: Mapping[str, object],
    importance: Mapping[str, object],
    scale: AnswerLimits,
    data: object,
    importance_as: Importance,
    missing: Missing,
    weights: object,
) -> tuple[FloatArray, FloatArray, FloatArray, Variables]:
    """Return points from 0 to 100, their weights (n, k), respondents' weights, and the rest."""
    check_choice("importance_as", importance_as, Importance)
    names = list(performance)
    limits = resolve_limits(scale, names)
    doing = [f"performance of {name}" for name in names]
    stated = [f"importance of {name}" for name in names]
    given = {
        **dict(zip(doing, (performance[name] for name in names), strict=True)),
        **dict(zip(stated, (importance[name] for name in names), strict=True)),
    }
    bounds = dict(zip(doing, limits.pairs, strict=True)) | dict.fromkeys(stated, (0.0, np.inf))
    read, weight = read_weighted(given, weights, data=data, bounds=bounds, missing=missing)
    values = np.column_stack([read[key].astype(np.float64) for key in doing])
    points = 100 * (values - limits.lowest) / (limits.highest - limits.lowest)
    important = np.column_stack([read[key].astype(np.float64) for key in stated])
    if importance_as != "rating":
        return points, rank_weights(important, method=importance_as), weight, read
    total = important.sum(axis=1, keepdims=True)
    if (total == 0).any():
        row = read.labels[int(np.argmax(total.ravel() == 0))]
        raise DataError(
            f"importance is 0 for every attribute in row {row}, which leaves nothing to weigh; "
            "leave such respondents out, or make their importance missing"
        )
    return points, important / total, weight, read
