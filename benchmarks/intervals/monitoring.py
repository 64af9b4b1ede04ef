"""Satisfaction over waves: means, changes and what these are made of; customers who changed.

Answers stand on a scale of ten points, skewed by its upper end. A customer has a lasting part of
satisfaction and one of the wave. Dissatisfied customers leave more often, and those who join are
less satisfied, so that all parts of a change are there. People are answers in each wave. Unequal
weights go with the answers: one customer in two is drawn with a chance of 0.3, and these are more
satisfied.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel.chain import index_by_wave, reliable_change

POPULATION = 3_000_000
FALL = 0.4  # of the lasting part between waves, in standard deviations
RARE = 0.3  # chance with which one in two is drawn
RELIABILITY = 0.8


def answers(latent: np.ndarray) -> np.ndarray:
    """Return answers from 1 to 10."""
    return np.rint(8 + 1.8 * latent).clip(1, 10)


def panel(rng: np.random.Generator, people: int, *, stay: bool, weighted: bool) -> pd.DataFrame:
    """Draw two waves of about so many answers each; without ``stay`` nobody is in both."""
    n = round(people / (1 + RARE) * 2) if weighted else people
    group = rng.random(n) < 0.5
    lasting = 0.8 * rng.normal(size=n) + 0.5 * group
    first = answers(lasting + 0.6 * rng.normal(size=n))
    leaves = rng.random(n) < np.where(lasting < 0, 0.6, 0.3)
    if not stay:
        leaves[:] = True
    group_2 = np.where(leaves, rng.random(n) < 0.5, group)
    new = 0.8 * rng.normal(size=n) + 0.5 * group_2 - 0.3
    second = np.where(leaves, new, lasting)
    second = answers(second - FALL + 0.6 * rng.normal(size=n))
    table = pd.DataFrame(
        {
            "satisfaction": np.append(first, second),
            "wave": np.repeat([1, 2], n),
            "customer": np.append(np.arange(n), np.where(leaves, n, 0) + np.arange(n)),
            "weight": 1 / np.append(np.where(group, RARE, 1.0), np.where(group_2, RARE, 1.0)),
        }
    )
    if not weighted:
        return table.assign(weight=1.0)
    # A customer is drawn once and then in both waves.
    luck = rng.random(2 * n)[table["customer"].to_numpy()]
    return table[luck < 1 / table["weight"]]


@cache
def truth(*, stay: bool) -> dict[str, float]:
    """Return means and parts of the change in a very large population."""
    table = panel(np.random.default_rng(1), POPULATION, stay=stay, weighted=False)
    first, second = (
        table[table["wave"] == w].set_index("customer")["satisfaction"] for w in (1, 2)
    )
    found = {"mean 1": first.mean(), "mean 2": second.mean()}
    found["change"] = found["mean 2"] - found["mean 1"]
    if stay:
        both = first.index.intersection(second.index)
        theirs = first[both].mean(), second[both].mean()
        found["same_customers"] = theirs[1] - theirs[0]
        found["joiners"] = found["mean 2"] - theirs[1]
        found["leavers"] = theirs[0] - found["mean 1"]
    return {name: float(value) for name, value in found.items()}


def waves(*, stay: bool, given: dict[str, Any]) -> Any:
    """Return the world of two waves, with customers known or not."""

    def draw(rng: np.random.Generator, people: int, weighted: bool) -> Found:
        table = panel(rng, people, stay=stay, weighted=weighted)
        found = index_by_wave(
            "satisfaction", "wave", weights="weight" if weighted else None, data=table, **given
        )
        rows = [(f"mean {w}", low, high) for w, low, high in _ends(found.waves, "wave")]
        rows += [("change", low, high) for _, low, high in _ends(found.changes, "wave")]
        if not found.components.empty:
            rows += _ends(found.components, "component")
        known = truth(stay=stay)
        return {name: (low, high, known[name]) for name, low, high in rows}

    return draw


def _ends(table: pd.DataFrame, label: str) -> list[Any]:
    return list(table[[label, "ci_low", "ci_high"]].itertuples(index=False, name=None))


def branches(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Draw branches of 10 customers who stay, in each of two waves."""
    n = people // 10
    branch = np.repeat(np.arange(n), 10)
    move = np.repeat(0.4 * rng.normal(size=(2, n)) + 0.5 * rng.normal(size=n), 10, axis=1)
    lasting = 0.7 * rng.normal(size=people)
    x = 7 + move + lasting + 0.5 * rng.normal(size=(2, people)) + np.array([[0.0], [-FALL]])
    weights = np.repeat(rng.choice([1.0, 3.0], n), 10) if weighted else np.ones(people)
    found = index_by_wave(
        x.ravel(),
        np.repeat([1, 2], people),
        customer=np.tile(np.arange(people), 2),
        clusters=np.tile(branch, 2),
        weights=np.tile(weights, 2),
    )
    known = {1: 7.0, 2: 7.0 - FALL}
    rows = {f"mean {w}": (a, b, known[w]) for w, a, b in _ends(found.waves, "wave")}
    ((_, low, high),) = _ends(found.changes, "wave")
    return rows | {"change": (low, high, -FALL)}


def changed(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Draw customers of whom some fell; the truth is the share beyond the true limits."""
    x, weights = _changing(rng, people, weighted)
    result = reliable_change(*x, reliability=RELIABILITY, weights=weights).result
    known = _shares_beyond()
    table = result.shares
    names = table["criterion"] + " " + table["state"]
    ends = zip(names, table["ci_low"], table["ci_high"], strict=True)
    return {name: (low, high, known[name]) for name, low, high in ends}


def _changing(
    rng: np.random.Generator, people: int, weighted: bool
) -> tuple[np.ndarray, np.ndarray]:
    n = round(people / (1 + RARE) * 2) if weighted else people
    true = rng.normal(size=n)
    group = rng.random(n) < 0.5
    later = true - np.where(group & (rng.random(n) < 0.4), 1.5, 0.0)
    error = np.sqrt((1 - RELIABILITY) / RELIABILITY)
    x = np.stack([true, later]) + error * rng.normal(size=(2, n))
    if not weighted:
        return x, np.ones(n)
    chance = np.where(group, RARE, 1.0)
    drawn = rng.random(n) < chance
    return x[:, drawn], 1 / chance[drawn]


@cache
def _shares_beyond() -> dict[str, float]:
    x, weights = _changing(np.random.default_rng(2), POPULATION, weighted=False)
    table = reliable_change(*x, reliability=RELIABILITY, weights=weights).result.shares
    names = table["criterion"] + " " + table["state"]
    return dict(zip(names, table["estimate"], strict=True))


WORLDS = {
    "two samples": World(
        waves(stay=False, given={}), sizes=(30, 120), note="nobody is in both waves"
    ),
    "rotating panel": World(
        waves(stay=True, given={"customer": "customer"}),
        sizes=(30, 120),
        note="about 45 % leave between the waves, and others come",
    ),
    "branches": World(branches, sizes=(80, 300), note="branches of 10, all of them in both waves"),
    "reliable change": World(
        changed, sizes=(60, 250), note="one in five fell by 1.5 true standard deviations"
    ),
}
