"""The satisfaction index as the plain formula it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyaltymodel._options import enumerate_names
from loyaltymodel._signature import checked
from loyaltymodel.errors import DataError


@checked
def satisfaction_index(
    means: npt.ArrayLike | Mapping[str, float],
    weights: npt.ArrayLike | Mapping[str, float],
    *,
    scale: (
        tuple[float, float] | Sequence[tuple[float, float]] | Mapping[str, tuple[float, float]]
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
    scale : pair of numbers, one pair for each item, or mapping from item to pair
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
    if isinstance(scale, Mapping):
        if names is None or set(scale) != set(names):
            raise DataError("a scale by item needs means and weights of the same items by name")
        scale = [scale[name] for name in names]
    try:
        limits = np.broadcast_to(np.asarray(scale, dtype=float), (len(m), 2))
    except (TypeError, ValueError):
        raise DataError(
            f"scale is {scale!r}; a pair such as (1, 10), or a pair for each item, is needed"
        ) from None
    lowest, highest = limits.T
    if not (np.isfinite(limits).all() and (lowest < highest).all()):
        raise DataError("every scale needs two finite numbers with the lower one first")
    if not (np.isfinite(v).all() and (v >= 0).all() and v.sum() > 0):
        raise DataError(
            f"the weights are {v.tolist()}; an index needs finite weights, none negative and "
            "not all zero. Reverse the items that point the other way, or leave them out"
        )
    if not ((m >= lowest) & (m <= highest)).all():
        raise DataError(f"the means {m.tolist()} are not all within the scale {scale!r}")
    return float(100 * (v @ (m - lowest)) / (v @ (highest - lowest)))


def _pair_up(
    means: npt.ArrayLike | Mapping[str, float], weights: npt.ArrayLike | Mapping[str, float]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[str] | None]:
    """Return means and weights as arrays in the same order of items, and their names."""
    if isinstance(means, pd.Series):
        means = {str(item): float(value) for item, value in means.items()}
    if isinstance(weights, pd.Series):
        weights = {str(item): float(value) for item, value in weights.items()}
    names = None
    if isinstance(means, Mapping) and isinstance(weights, Mapping):
        if apart := sorted(map(str, means.keys() ^ weights.keys())):
            raise DataError(f"means and weights differ in the items {enumerate_names(apart)}")
        names = list(means)
        means, weights = [means[i] for i in names], [weights[i] for i in names]
    elif isinstance(means, Mapping) or isinstance(weights, Mapping):
        raise DataError("give means and weights both by item name or both as arrays")
    try:
        m, v = np.asarray(means, dtype=float), np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        raise DataError("means and weights must be numbers") from None
    if m.ndim != 1 or m.shape != v.shape or m.size == 0:
        raise DataError(
            f"means have shape {m.shape} and weights {v.shape}; one of each per item is needed"
        )
    return m, v, names
