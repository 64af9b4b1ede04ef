"""Profits of a relationship period by period, on stacks of problems.

A stack has the numbers first and their draws behind, (m, n) for n periods. The share of customers
who reach period t is S(t), 1 in the first, and money of a period counts D(t) of money now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import reaches

_NEAR = 1e-9  # of a whole number: rounding of the quotient of two logarithms


class Stream(NamedTuple):
    """Profits of a stack by component, who is there, and what money counts."""

    components: FloatArray  # (m, c, n)
    cost: FloatArray  # (m,) of acquisition
    retention: FloatArray  # (m, n): from each period to the next
    discount: FloatArray  # (m,)
    late: bool  # whether money of a period comes at its end
    endless: bool  # whether the last period repeats without end

    @property
    def profit(self) -> FloatArray:
        """Profit of a customer who is there, (m, n)."""
        return np.asarray(self.components.sum(axis=1))

    @property
    def survival(self) -> FloatArray:
        """Share of customers who reach each period, (m, n)."""
        first = np.ones((len(self.retention), 1))
        return np.asarray(
            np.cumprod(np.hstack([first, self.retention[:, :-1]]), axis=1), np.float64
        )

    @property
    def weight(self) -> FloatArray:
        """What a unit of money of a customer who is there counts now, (m, n)."""
        t = np.arange(self.retention.shape[1]) + self.late
        return np.asarray(self.survival * np.exp(-t * np.log1p(self.discount)[:, None]))

    @property
    def ratio(self) -> FloatArray:
        """By what the weight shrinks from a period to the next behind the last one, (m,)."""
        return np.asarray(self.retention[:, -1] / (1 + self.discount))

    def tail(self, values: FloatArray) -> FloatArray:
        """Return how often the last (m,) of some values come again behind the last period."""
        if not self.endless:
            return np.zeros_like(values)
        q = self.ratio
        return np.asarray(values * q / (1 - q))

    def lifetimes(self) -> tuple[FloatArray, FloatArray]:
        """Return the expected number of periods, plain and with each counted as money, (m,)."""
        there, counted = self.survival, self.weight
        plain, money = there.sum(axis=1), counted.sum(axis=1)
        if not self.endless:
            return plain, money
        last = self.retention[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            more = np.where(there[:, -1] * last > 0, there[:, -1] * last / (1 - last), 0.0)
        return plain + more, money + self.tail(counted[:, -1])

    def by_component(self) -> FloatArray:
        """Return what each component is worth now, (m, c)."""
        money = self.components * self.weight[:, None]
        found = money.sum(axis=2)
        if not self.endless:
            return np.asarray(found)
        return np.asarray(found + money[:, :, -1] * (self.ratio / (1 - self.ratio))[:, None])

    def cumulative(self) -> FloatArray:
        """Return what has come in so far, less the cost of acquisition, (m, n)."""
        return np.asarray(np.cumsum(self.profit * self.weight, axis=1) - self.cost[:, None])

    def value(self) -> FloatArray:
        """Return what a new customer is worth, less the cost of acquisition, (m,)."""
        return np.asarray(self.by_component().sum(axis=1) - self.cost)

    def break_even(self) -> FloatArray:
        """Return the first period, from 1, at whose end the cost has come in, or infinity, (m,)."""
        money = np.cumsum(self.profit * self.weight, axis=1)
        reached = reaches(money, self.cost[:, None])
        found = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
        if not self.endless:
            return np.asarray(found)
        q, n = self.ratio, money.shape[1]
        missing, following = self.cost - money[:, -1], (self.profit * self.weight)[:, -1] * q
        # j further periods bring following * (1 - q^j) / (1 - q).
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            left = 1 - missing * (1 - q) / following
            j = np.log(np.where(left > 0, left, np.nan)) / np.log(q)
            j = np.where(q == 0, np.inf, j)
        later = n + np.maximum(np.ceil(j - _NEAR * np.maximum(1.0, np.abs(j))), 1.0)
        late = np.isinf(found) & (following > 0) & (left > 0) & np.isfinite(j)
        return np.asarray(np.where(late, later, found))

    def remaining(self) -> FloatArray:
        """Return the value of what is still to come of a customer who reached a period, (m, n).

        As seen at the beginning of that period, whose own profit is part of it; NaN where nobody
        reaches it.
        """
        money = self.profit * self.weight
        to_come = np.cumsum(money[:, ::-1], axis=1)[:, ::-1] + self.tail(money[:, -1])[:, None]
        t = np.arange(money.shape[1])
        start = self.survival * np.exp(-t * np.log1p(self.discount)[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(start > 0, to_come / start, np.nan))


def stacked(paths: Sequence[FloatArray], n: int) -> FloatArray:
    """Return paths (m,) or (m, p), the last number of each repeated, as (m, c, n)."""
    full = [path[:, None] if path.ndim == 1 else path for path in paths]
    places = [np.minimum(np.arange(n), path.shape[1] - 1) for path in full]
    return np.stack([path[:, at] for path, at in zip(full, places, strict=True)], axis=1)
