"""Arithmetic of response curves, and of the best spending on two of them.

All arrays of a problem have one shape, (m,) for a stack of m problems, or shapes that fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import wrightomega

from loyaltymodel._core.arrays import BoolArray, FloatArray

_HALVINGS = 100  # after which the ends of an interval are neighbours among numbers


def rate_at(
    spend: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return the share that is reached; all shapes that fit."""
    return np.asarray(floor - (ceiling - floor) * np.expm1(-steepness * spend))


def slope_at(
    spend: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return how much the share rises with a unit of money."""
    return np.asarray((ceiling - floor) * steepness * np.exp(-steepness * spend))


def spend_at(
    rate: FloatArray, ceiling: FloatArray, steepness: FloatArray, floor: FloatArray
) -> FloatArray:
    """Return the spending that reaches a share below the ceiling."""
    return np.asarray(-np.log1p(-(rate - floor) / (ceiling - floor)) / steepness)


class Curves(NamedTuple):
    """A stack of problems: two curves, a margin, a discount, and the price of retention.

    ``advance`` is what a unit of retention spending is worth at the renewal for which it is
    spent: 1 there, 1 + discount if it is spent a period before.
    """

    acquisition: dict[str, FloatArray]
    retention: dict[str, FloatArray]
    margin: FloatArray
    growth: FloatArray  # 1 + discount
    advance: FloatArray

    @classmethod
    def of(cls, numbers: Mapping[str, FloatArray], *, in_advance: bool) -> Curves:
        """Sort numbers by name into a stack of problems."""
        growth = 1 + numbers["discount"]
        own = ("ceiling", "steepness", "floor")
        return cls(
            {name: numbers[f"acquisition_{name}"] for name in own},
            {name: numbers[f"retention_{name}"] for name in own},
            numbers["margin"],
            growth,
            growth if in_advance else np.ones_like(growth),
        )

    def gross(self, kept: FloatArray) -> FloatArray:
        """Return the present value of all margins of a customer who was won."""
        return np.asarray(self.margin * self.growth / (self.growth - kept))

    def spent_on(self, keeping: FloatArray, kept: FloatArray) -> FloatArray:
        """Return the present value of all retention spending on a customer who was won."""
        return np.asarray(self.advance * keeping / (self.growth - kept))


def best_spending(
    problem: Curves, price: FloatArray | float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Return the spending on acquisition and on retention at which the value is largest.

    ``price`` multiplies all spending, as the multiplier of a budget does.

    With R spent, a won customer is worth (M - cR) / (D - r(R)), M = margin * D, D = 1 + discount.
    Where that is largest, u = steepness * R solves u + q e^u = p with q = (D - ceiling) / (ceiling
    - floor) and p = steepness * M / c - 1: u = p - w, w = Wright's omega of p + ln q, and, since
    w = q e^u, u = ln w - ln q, which loses no digits where p is large. The left side rises with u,
    so that the best R is 0 if p <= q.
    """
    keep, win = problem.retention, problem.acquisition
    cost = problem.advance * price
    q = (problem.growth - keep["ceiling"]) / (keep["ceiling"] - keep["floor"])
    p = keep["steepness"] * problem.margin * problem.growth / cost - 1
    inside = p > q
    at = np.where(inside, p, q + 1)
    u = np.log(wrightomega(at + np.log(q))) - np.log(q)
    u = u - (u + q * np.exp(u) - at) / (1 + q * np.exp(u))  # what rounding of a logarithm left
    keeping = np.where(inside, np.maximum(u, 0.0), 0.0) / keep["steepness"]
    kept = rate_at(keeping, **keep)
    worth = problem.gross(kept) - price * problem.spent_on(keeping, kept)
    first = win["steepness"] * (win["ceiling"] - win["floor"]) * worth / price
    winning = np.log(np.maximum(first, 1.0)) / win["steepness"]
    return np.asarray(winning), np.asarray(keeping)


def total_spending(problem: Curves, winning: FloatArray, keeping: FloatArray) -> FloatArray:
    """Return the present value of all spending per prospect."""
    won = rate_at(winning, **problem.acquisition)
    kept = rate_at(keeping, **problem.retention)
    return np.asarray(winning + won * problem.spent_on(keeping, kept))


def prospect_value(problem: Curves, winning: FloatArray, keeping: FloatArray) -> FloatArray:
    """Return the value of a prospect, net of all spending."""
    won = rate_at(winning, **problem.acquisition)
    kept = rate_at(keeping, **problem.retention)
    return np.asarray(won * (problem.gross(kept) - problem.spent_on(keeping, kept)) - winning)


def best_within(problem: Curves, budget: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the best spending on both that costs at most a budget, and the budget's multiplier.

    What maximises value less (price - 1) * spending is the best of all that cost as much, and
    spending falls as the price rises; so the price is halved in until the budget is met.
    """
    keep, win = problem.retention, problem.acquisition
    first = win["steepness"] * (win["ceiling"] - win["floor"]) * problem.gross(keep["floor"])
    q = (problem.growth - keep["ceiling"]) / (keep["ceiling"] - keep["floor"])
    other = keep["steepness"] * problem.margin * problem.growth / problem.advance / (1 + q)
    low = np.zeros(np.shape(budget))
    high = np.log(np.maximum(np.maximum(first, other), 1.0))  # where nothing is spent
    free = total_spending(problem, *best_spending(problem)) <= budget
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = total_spending(problem, *best_spending(problem, np.exp(middle))) <= budget
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    price = np.where(free, 1.0, np.exp(high))
    return (*best_spending(problem, price), price - 1)


def quantities_of(
    problem: Curves, winning: FloatArray, keeping: FloatArray
) -> dict[str, FloatArray]:
    """Return what follows from spending so much on both, by name."""
    won = rate_at(winning, **problem.acquisition)
    kept = rate_at(keeping, **problem.retention)
    worth = problem.gross(kept) - problem.spent_on(keeping, kept)
    total = total_spending(problem, winning, keeping)
    with np.errstate(divide="ignore", invalid="ignore"):  # of nothing spent: infinite or undefined
        a_head, a_kept = winning / won, keeping / kept
        return {
            "acquisition_spend": winning,
            "acquisition_rate": won,
            "retention_spend": keeping,
            "retention_rate": kept,
            "customer_value": worth,
            "prospect_value": prospect_value(problem, winning, keeping),
            "total_spend": total,
            "acquisition_share": winning / total,
            "cost_per_customer_won": a_head,
            "cost_per_customer_kept": a_kept,
            "cost_ratio": a_head / a_kept,
            "marginal_cost_of_winning": 1 / slope_at(winning, **problem.acquisition),
            "marginal_cost_of_keeping": problem.advance / slope_at(keeping, **problem.retention),
        }


def without_limit(problem: Curves) -> BoolArray:
    """Tell for which problems the value of a customer has no bound: nobody need ever leave."""
    return np.asarray(problem.retention["ceiling"] >= problem.growth)
