"""Present values of streams that end when a customer leaves, on stacks of problems.

A customer who has renewed t times brings the margin of tenure t. The share that reaches t is
S(t), the product of the retention rates before; money of t counts (1 + d)^-t of money now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import reaches

_CELLS = 4_000_000  # of a stack that is written out at once
_NEAR = 1e-6  # of a whole number, relative: rounding of the quotient of two logarithms


class Numbers(NamedTuple):
    """What a stream is made of, for a stack of m; the last of each path holds on."""

    margin: FloatArray  # (m, a)
    retention: FloatArray  # (m, b), after tenure 0, 1, ...
    growth: FloatArray  # (m,)
    discount: FloatArray  # (m,)

    def part(self, rows: slice) -> Numbers:
        """Return some of the stack."""
        return Numbers(*(values[rows] for values in self))

    @property
    def length(self) -> int:
        """Tenure from which on nothing changes but the share of customers who are left."""
        return max(int(self.margin.shape[1]) - 1, int(self.retention.shape[1]))


class Sums(NamedTuple):
    """Sums over a stream, each (m,)."""

    value: FloatArray  # of PV_t
    moment: FloatArray  # of t PV_t
    lifetime: FloatArray  # of S(t)
    break_even: FloatArray  # first t at which the cost has come in, or infinity


def gap_of(retention: FloatArray, growth: FloatArray, discount: FloatArray) -> FloatArray:
    """Return 1 - r (1 + g) / (1 + d), without the rounding of the ratio."""
    return np.asarray((discount + (1 - retention) - retention * growth) / (1 + discount))


def constant_value(
    margin: FloatArray, gap: FloatArray, *, first: int, last: int | None
) -> FloatArray:
    """Return the sum of margin * q^t over t from first to last, with q = 1 - gap."""
    start = margin if first == 0 else margin * (1 - gap)
    if last is None:
        return np.asarray(start / gap)
    n = last - first + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -np.expm1(n * np.log1p(-gap)) / gap
    return np.asarray(start * np.where(gap == 0, n, terms))


def written_out(n: Numbers, *, first: int, last: int) -> tuple[FloatArray, FloatArray]:
    """Return survival S(t) and present values PV_t (m, last + 1), from tenure 0 on."""
    tenure = np.arange(last + 1)
    stays = n.retention[:, np.minimum(tenure[:-1], n.retention.shape[1] - 1)]
    survival = np.cumprod(np.concatenate([np.ones((len(stays), 1)), stays], axis=1), axis=1)
    factor = ((1 + n.growth) / (1 + n.discount))[:, None] ** tenure
    present = n.margin[:, np.minimum(tenure, n.margin.shape[1] - 1)] * survival * factor
    if first == 1:
        present[:, 0] = 0.0
    return survival, present


def sums_of(n: Numbers, cost: FloatArray, *, first: int, last: int | None) -> Sums:
    """Return the sums over streams up to tenure ``last``; None is no end.

    Without an end the ratio behind the paths must be below 1, which the caller has checked.
    """
    parts = [
        _sums(n.part(rows), cost[rows], first=first, last=last)
        for rows in _slices(len(cost), n.length if last is None else last)
    ]
    return Sums(*map(np.concatenate, zip(*parts, strict=True)))


def _slices(m: int, length: int) -> Iterator[slice]:
    step = max(1, _CELLS // (length + 1))
    return (slice(k, k + step) for k in range(0, m, step))


def _sums(n: Numbers, cost: FloatArray, *, first: int, last: int | None) -> Sums:
    end = n.length if last is None else last
    survival, present = written_out(n, first=first, last=end)
    total = np.cumsum(present, axis=1)
    reached = reaches(total, cost[:, None])
    place = np.where(reached.any(axis=1), reached.argmax(axis=1), np.inf)
    value, moment, lifetime = total[:, -1], present @ np.arange(end + 1.0), survival.sum(axis=1)
    if last is not None:
        return Sums(value, moment, lifetime, place)
    # Behind the paths the stream is geometric, with this term next.
    r = n.retention[:, -1]
    gap = gap_of(r, n.growth, n.discount)
    left = survival[:, -1] * r
    following = n.margin[:, -1] * left * ((1 + n.growth) / (1 + n.discount)) ** (end + 1.0)
    # A margin of almost nothing never comes to the cost: its share of the whole is infinite.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lifetime = lifetime + np.where(left > 0, left / (1 - r), 0.0)
        later = end + _terms(following, gap, cost - value)
    return Sums(
        value + following / gap,
        # sum over j from 0 of (end + 1 + j) q^j
        moment + following * ((end + 1) / gap + (1 - gap) / gap**2),
        lifetime,
        np.where(np.isinf(place) & (following > 0), later, place),
    )


def _terms(following: FloatArray, gap: FloatArray, missing: FloatArray) -> FloatArray:
    """Return how many terms of a geometric series bring what is missing; else infinity."""
    share = missing * gap / following  # of all terms
    j = np.log1p(-np.minimum(share, 1.0)) / np.log1p(-gap)
    whole = np.maximum(np.round(j), 1.0)
    brings = following * -np.expm1(whole * np.log1p(-gap)) / gap
    is_whole = reaches(brings, missing) & (np.abs(j - whole) < _NEAR * whole)
    return np.where(share < 1, np.where(is_whole, whole, np.ceil(j)), np.inf)


def lorenz(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return shares of customers and of the total (n + 1,), the customers worth least first."""
    money = np.append(0.0, np.cumsum(np.sort(values)))
    return np.linspace(0.0, 1.0, len(values) + 1), money / money[-1]


def gini(values: FloatArray) -> tuple[float, FloatArray]:
    """Return Gini's coefficient 1 - 2 R / mean, and what each customer moves it by (n,).

    R is the mean of x (1 - F(x)), with half of those who are worth the same above; a customer
    moves it by x (1 - F(x)) + mean L(F(x)) - 2 R.
    """
    n, mean = len(values), values.mean()
    levels, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    above = 1 - (np.cumsum(counts) - counts / 2) / n
    below = (np.cumsum(levels * counts) - levels * counts / 2) / n
    both = (levels * above + below)[place]
    r = float((values * above[place]).mean())
    moved = -2 * (both - 2 * r) / mean + 2 * r * (values - mean) / mean**2
    return 1 - 2 * r / mean, moved


def top_share(values: FloatArray, share: float) -> tuple[float, FloatArray]:
    """Return what the most valuable customers bring of the total, and what each moves it by.

    With q = 1 - share and Q the quantile at q, L(q) is moved by
    ((x - Q) 1(x <= Q) + q Q - L mean) / mean - L (x - mean) / mean.
    """
    n, mean = len(values), values.mean()
    people, money = lorenz(values)
    q = 1 - share
    low = float(np.interp(q, people, money))
    cut = np.sort(values)[min(int(np.ceil(q * n)), n) - 1] if q > 0 else values.min()
    moved = ((values - cut) * (values <= cut) + q * cut - low * mean) / mean
    return 1 - low, low * (values - mean) / mean - moved
