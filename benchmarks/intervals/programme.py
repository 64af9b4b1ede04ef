"""Worlds of the effect of a programme on skewed spending, with one member among six or eleven.

Members are drawn by lot from the same law as the control group and then spend what the programme
adds, so the effect is known. Unequal weights, 0.5 to 3, have nothing to do with spending.
"""

from collections.abc import Callable

import numpy as np
from interval_coverage import Found, World

from loyaltymodel.economics import programme_effect

Array = np.ndarray
STAYS, MORE = 0.2, 0.1  # who stays without the programme, and how many more with it


def purchases(rng: np.random.Generator, level: Array) -> Array:
    """Draw purchases of which 6 of 10 customers make none, and the others 5 on average."""
    n = len(level)
    return (rng.random(n) < 0.4) * (1.0 + rng.poisson(8 * rng.gamma(0.5, level, n)))


def money(rng: np.random.Generator, level: Array) -> Array:
    """Draw log-normal spending."""
    return level * np.exp(rng.standard_normal(len(level)))


def scores(rng: np.random.Generator, level: Array) -> Array:
    """Draw spending that is not skewed."""
    return level + rng.standard_normal(len(level))


def world(
    law: Callable[[np.random.Generator, Array], Array], one_in: int
) -> Callable[[np.random.Generator, int, bool], Found]:
    """Return the world of a law of spending and of one member among so many customers."""

    def draw(rng: np.random.Generator, people: int, weighted: bool) -> Found:
        member = np.arange(people) < people // one_in
        weights = rng.choice([0.5, 1.0, 3.0], people) if weighted else None
        level = rng.uniform(0.5, 1.5, people)  # what lasts of a customer
        before, outcome = law(rng, level), law(rng, level) + 1.0 * member
        found = {}
        for estimator in ("difference", "difference_in_differences", "ancova"):
            row = programme_effect(
                member, outcome, before=before, estimator=estimator, weights=weights
            ).effects.iloc[0]
            found[estimator.replace("_", " ")] = (row["ci_low"], row["ci_high"], 1.0)
        return found

    return draw


def stayed(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Two of ten stay in the control group, and three of the members."""
    member = np.arange(people) < people // 6
    weights = rng.choice([0.5, 1.0, 3.0], people) if weighted else None
    stays = (rng.random(people) < STAYS + MORE * member).astype(float)
    row = programme_effect(member, stays, weights=weights).effects.iloc[0]
    return {"difference of shares": (row["ci_low"], row["ci_high"], MORE)}


WORLDS = {
    "purchases, 1 in 6": World(
        world(purchases, 6), (120, 480), replications=1_000, note="members: 20 and 80"
    ),
    "purchases, 1 in 11": World(
        world(purchases, 11), (330, 1320), replications=1_000, note="members: 30 and 120"
    ),
    "money, 1 in 6": World(
        world(money, 6), (120, 480), replications=1_000, note="members: 20 and 80"
    ),
    "not skewed, 1 in 2": World(
        world(scores, 2), (20, 80), replications=1_000, note="members: 10 and 40"
    ),
    "stayed, 1 in 6": World(stayed, (60, 240), replications=1_000, note="members: 10 and 40"),
}
