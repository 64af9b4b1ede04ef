"""Slopes of margin on tenure, from panels of customers who leave for several reasons.

People are customers, whose margins have levels of their own, errors that hang together in time,
and a slope of 1 on average. The slopes among all, and what selection adds, are what a panel of
400,000 customers gives.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from interval_coverage import Found, World

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.economics import tenure_profit_test

SLOPE = 1.0
LONGEST = 12
Panel = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def panel(rng: np.random.Generator, people: int, leaves: str, own_slopes: float) -> Panel:
    """Return customer, tenure, margin and calendar period of each row."""
    level = rng.normal(50, 10, people)
    slope = SLOPE + own_slopes * rng.normal(size=people)
    tenure = np.arange(1, LONGEST + 1)
    errors = np.empty((people, LONGEST))
    errors[:, 0] = rng.normal(0, 5, people)
    for t in range(1, LONGEST):
        shock = rng.normal(0, 4, people) * (0.5 + rng.random(people))
        errors[:, t] = 0.5 * errors[:, t - 1] + shock
    margin = level[:, None] + slope[:, None] * tenure + errors
    if leaves == "by chance":
        stays = np.full((people, LONGEST), 0.75)
    elif leaves == "by level":
        stays = np.repeat(1 / (1 + np.exp(-(level - 45) / 5)), LONGEST).reshape(people, LONGEST)
    elif leaves == "after a bad period":
        stays = 1 / (1 + np.exp(-(1 + errors / 4)))
    else:  # few are seen for long
        long = rng.random(people) < 0.1
        stays = np.repeat(np.where(long, 0.95, 0.2), LONGEST).reshape(people, LONGEST)
    there = np.cumprod(rng.random((people, LONGEST)) < stays, axis=1)
    there = np.hstack([np.ones((people, 1)), there[:, :-1]]).astype(bool)
    start = rng.integers(0, 8, people)
    who, when = np.nonzero(there)
    return who.astype(float), tenure[when].astype(float), margin[there], (start[who] + when) * 1.0


@cache
def truth_of(leaves: str, own_slopes: float) -> dict[str, float]:
    """Return the slopes of a very large panel; that within is known."""
    _, tenure, margin, _ = panel(np.random.default_rng(1), 400_000, leaves, own_slopes)
    pooled = np.cov(tenure, margin)[0, 1] / tenure.var(ddof=1)
    return {"within": SLOPE, "pooled": pooled, "selection": pooled - SLOPE}


def world(
    leaves: str, own_slopes: float, *, periods: bool = False
) -> Callable[[np.random.Generator, int, bool], Found]:
    """Return what draws a panel and makes its intervals."""

    def draw(rng: np.random.Generator, people: int, weighted: bool) -> Found:  # noqa: ARG001
        who, tenure, margin, when = panel(rng, people, leaves, own_slopes)
        found = tenure_profit_test(who, tenure, margin, period=when if periods else None)
        table = found.quantities.set_index("quantity")
        truth = truth_of(leaves, own_slopes)
        rows = ["within"] if leaves == "after a bad period" else list(truth)
        rows = ["within"] if periods else rows
        return {
            name: (table.loc[name, "ci_low"], table.loc[name, "ci_high"], truth[name])
            for name in rows
        }

    return draw


PLAIN = {"sizes": (30, 300), "weighted": (False,), "replications": 2_000}
WORLDS = {
    "customers leave by chance": World(world("by chance", 0.0), **PLAIN),
    "slopes of customers differ": World(world("by chance", 1.5), **PLAIN),
    "customers of a low level leave": World(world("by level", 0.0), **PLAIN),
    "few are seen for long": World(world("few", 0.0), **PLAIN),
    "few are seen for long, slopes differ": World(world("few", 1.5), **PLAIN),
    "single periods are taken out": World(world("by chance", 0.0, periods=True), **PLAIN),
    "customers leave after a bad period": World(
        world("after a bad period", 0.0),
        **PLAIN,
        note="the slope within is too low: its interval holds less than it says",
    ),
}
