"""The satisfaction index as the plain formula it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._core.accepted import Codebook
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.codebooks import AnswerBook, limits_by_item
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.labels import in_order_of, labelled
from loyaltymodel._core.options import shown
from loyaltymodel._core.scales import check_pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.errors import DataError


@checked
def satisfaction_index(
    means: npt.ArrayLike | Mapping[str, float],
    weights: npt.ArrayLike | Mapping[str, float],
    *,
    scale: (
        tuple[float, float]
        | Sequence[tuple[float, float]]
        | Mapping[str, tuple[float, float]]
        | Codebook
    ),
) -> float:
    """Return the satisfaction index (顾客满意指数), from 0 to 100.

    The weighted mean of the items' mean answers, moved and stretched so that the lowest
    possible answer to every item gives 0 and the highest gives 100. It is a level, not a
    percentage of satisfied customers, and it compares only where the questions are the same.

    Parameters
    ----------
    means : array-like of shape (k,), or mapping or Series from item to number
        Mean answer to each item, in the units of the questionnaire.
    weights : array-like of shape (k,), or mapping or Series from item to number
        Weight of each item for answers in those units: an estimated weight for standardised
        answers divided by the standard deviation of the item. None negative, not all zero;
        their sum does not matter.
    scale : pair of numbers, one pair for each item, mapping from item to pair, or Codebook
        Lowest and highest answer that the questionnaire allows, not those observed.

    Returns
    -------
    float
        The index, in points from 0 to 100.

    Raises
    ------
    DataError
        If the lengths or names differ, a weight is negative, all weights are zero, or a mean
        lies outside the scale.

    Notes
    -----
    index = 100 * sum(v_i (m_i - lo_i)) / sum(v_i (hi_i - lo_i))

    With one scale from 1 to 10 this is the form usually given for the ACSI [1]_, (weighted
    mean - 1) / 9 times 100. Weights for standardised answers without the division by the standard
    deviation are a common slip; on the mobile-phone survey they move the index from 72.45 to
    71.78.

    References
    ----------
    .. [1] Fornell, C., Johnson, M. D., Anderson, E. W., Cha, J., & Bryant, B. E. (1996). The
       American Customer Satisfaction Index: nature, purpose, and findings. Journal of
       Marketing, 60(4), 7-18.

    Examples
    --------
    Three items with means 8, 7 and 6 and weights 0.5, 0.3 and 0.2 have the weighted mean
    4.0 + 2.1 + 1.2 = 7.3, and (7.3 - 1) / 9 = 0.70:

    >>> from loyaltymodel.structural import satisfaction_index
    >>> round(satisfaction_index([8, 7, 6], [0.5, 0.3, 0.2], scale=(1, 10)), 10)
    70.0

    Everybody at the top, everybody at the bottom:

    >>> satisfaction_index([10, 10], [1, 3], scale=(1, 10))
    100.0
    >>> satisfaction_index([1, 1], [1, 3], scale=(1, 10))
    0.0
    """
    m, v, names = _pair_up(means, weights)
    if isinstance(scale, AnswerBook):
        if names is None:
            raise DataError("a codebook knows items by name; give means and weights by name too")
        scale = limits_by_item(scale, names)
    if isinstance(scale, Mapping):
        if names is None or set(scale) != set(names):
            raise DataError("a scale by item needs means and weights of the same items by name")
        scale = [scale[name] for name in names]
    pairs = read_numbers("scale", scale)
    if pairs.shape not in ((2,), (len(m), 2)):
        raise DataError(
            f"scale has shape {pairs.shape}; a pair such as (1, 10), or a pair for each of "
            f"{len(m)} items, is needed"
        )
    checked_pairs = [check_pair(pair) for pair in np.broadcast_to(pairs, (len(m), 2))]
    lowest, highest = np.array(checked_pairs).T
    if not v.any() or (v < 0).any():
        raise DataError(
            f"the weights are {v.tolist()}; an index needs finite weights, none negative and "
            "not all zero. Reverse the items that point the other way, or leave them out"
        )
    size = np.abs([lowest, highest]).max()
    if not (reaches(m, lowest, size=size) & reaches(highest, m, size=size)).all():
        raise DataError(f"the means {m.tolist()} are not all within the scale {shown(scale)}")
    share = v / v.max()  # whose sums are numbers, however large or small the weights are
    return float(100 * (share @ (m.clip(lowest, highest) - lowest)) / (share @ (highest - lowest)))


def _pair_up(
    means: npt.ArrayLike | Mapping[str, float], weights: npt.ArrayLike | Mapping[str, float]
) -> tuple[FloatArray, FloatArray, list[Any] | None]:
    """Return means and weights as arrays in the same order of items, and their names."""
    several = isinstance(means, pd.Series) and isinstance(weights, pd.Series)
    named = [
        isinstance(given, Mapping)
        or (
            isinstance(given, pd.Series) and (several or not isinstance(given.index, pd.RangeIndex))
        )
        for given in (means, weights)
    ]
    if any(named) and not all(named):
        raise DataError("give means and weights both by item name or both as arrays")
    names = None
    if all(named):
        by_name: Any = labelled("means", means) if isinstance(means, pd.Series) else means
        names = list(by_name)
        means = [by_name[name] for name in names]
        weights = in_order_of("weights", weights, names)
    m, v = read_numbers("means", means), read_numbers("weights", weights)
    if m.ndim != 1 or m.shape != v.shape or m.size == 0:
        raise DataError(
            f"means have shape {m.shape} and weights {v.shape}; one of each per item is needed"
        )
    return m, v, names
