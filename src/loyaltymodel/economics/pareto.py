"""Causes by weight, and how sure their order is: complaints, exits and what else has a cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable


def ranked(
    label: str,
    codes: IntArray,
    names: tuple[Any, ...],
    weight: FloatArray | None,
    customer: IntArray | None,
    *,
    level: float,
) -> pd.DataFrame:
    """Return causes, the weightiest first: counts, shares, cumulative shares and possible ranks.

    ``codes`` (n,) say the cause of each row, ``weight`` (n,) what it weighs, and ``customer`` (n,)
    whose it is; rows of one customer hang together.
    """
    k, n = len(names), len(codes)
    counts = np.bincount(codes, minlength=k)
    weights = np.ones(n) if weight is None else weight
    totals = np.bincount(codes, weights, k)
    frame = EstimateTable.wilson({label: names}, counts / n, np.full(k, n), level=level).frame()
    frame.insert(1, "n_obs", counts)
    share = totals / totals.sum()
    if weight is not None:
        frame = frame.assign(value_lost=totals, value_share=share)
    who = np.arange(n) if customer is None else customer
    p_value = _p_values(codes, weights, who, k, exact=weight is None and customer is None)
    # Of k causes k (k - 1) / 2 pairs are compared; Bonferroni keeps all statements together.
    sure = p_value <= (1 - level) / max(k * (k - 1) / 2, 1)
    above = sure & (totals[:, None] > totals)  # row exceeds column
    order = np.argsort(-totals, kind="stable")
    following = np.append(p_value[order[:-1], order[1:]], np.nan)
    frame = frame.assign(best_rank=above.sum(axis=0) + 1, worst_rank=k - above.sum(axis=1))
    frame = frame.iloc[order].reset_index(drop=True)
    return frame.assign(cumulative=np.cumsum(share[order]), p_next=following)


def _p_values(
    codes: IntArray, weights: FloatArray, who: IntArray, k: int, *, exact: bool
) -> FloatArray:
    """Return p-values (k, k) of two causes that weigh the same."""
    from scipy.special import betainc, stdtr  # noqa: PLC0415 - takes long to import

    if exact:
        counts = np.bincount(codes, minlength=k).astype(np.float64)
        both = counts[:, None] + counts
        less = np.minimum(counts[:, None], counts)
        # Binomial with 1/2 and as many trials as both have: P(X <= less), twice.
        tail = betainc(both - less, less + 1, 0.5)
        return np.minimum(2 * tail, 1.0)
    _, person = np.unique(who, return_inverse=True)
    n = int(person.max()) + 1
    cell, place = np.unique(person * k + codes, return_inverse=True)
    sums = np.bincount(place, weights)
    totals = np.bincount(codes, weights, k)
    from scipy.sparse import csr_array  # noqa: PLC0415

    by_person = csr_array((sums, (cell // k, cell % k)), shape=(n, k))
    products = (by_person.T @ by_person).toarray()
    squares = np.diag(products)
    apart = totals[:, None] - totals
    variance = squares[:, None] + squares - 2 * products - apart**2 / n
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(apart) / np.sqrt(np.maximum(variance, 0.0))
    t = np.where(apart == 0, 0.0, t)
    return np.asarray(2 * stdtr(max(n - 1, 1), -t))
