"""Worlds in which a sample often shows no spread: agreement near 1, ladders, rare choices, few."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel import attributes, expectation_gap, loyalty_stage

Draw = Callable[[np.random.Generator, int, bool], Found]

# Cells of two classifications that hardly differ: kappa .92, .94 and .96.
CELLS = np.array([[0.475, 0.025, 0], [0.0125, 0.3, 0.0125], [0, 0.025, 0.15]])
BRANDED, BLIND = np.array([0.03, 0.27, 0.7]), np.array([0.01, 0.49, 0.5])
LIKE = np.array([[3, 2, 1, 0.1, 0.1], [2, 1, 1, 0.5, 0.2]])
SAD = np.array([[0.02, 0.05, 0.1, 0.2, 6], [0.2, 0.3, 0.5, 1, 3]])
MANY = 400_000  # draws of a truth that has no closed form


def ends(row: pd.Series, truth: float) -> tuple[float, float, float]:
    """Return the ends of a row beside the truth."""
    return (
        float(row["ci_low"]),
        float(
            row["ci_high"],
        ),
        float(truth),
    )


def kappa(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Agreement of two classifications that hardly differ."""
    cells = rng.choice(9, n, p=CELLS.ravel())
    first, second = cells // 3, cells % 3
    shares, weights = CELLS, None
    if weighted:  # who is of two minds counts twice
        weights = np.where(first != second, 2.0, 1.0) * rng.lognormal(0, 0.3, n)
        shares = CELLS * np.where(np.eye(3) > 0, 1, 2)
        shares = shares / shares.sum()
    table = loyalty_stage.agreement(first, second, categories=range(3), weights=weights).kappa
    place = np.arange(3)
    apart = np.abs(place[:, None] - place)
    chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    found = {}
    for row, cost in zip(table.itertuples(), (apart > 0, apart, apart**2), strict=True):
        truth = 1 - (cost * shares).sum() / (cost * chance).sum()
        found[f"kappa, {row.weighting}"] = (row.ci_low, row.ci_high, truth)
    return found


def passed(rng: np.random.Generator, n: int, slips: float, k: int = 4) -> np.ndarray:
    """Draw who passes k steps of a ladder; a step is answered at random with probability slips."""
    able = rng.standard_normal(n)[:, None] > np.linspace(-1, 1, k)
    return np.where(rng.random((n, k)) < slips, rng.random((n, k)) < 0.5, able).astype(int)


@cache
def ladder_of(slips: float) -> tuple[float, float, float]:
    """Return H of pairs, items and all in the population, by its definition."""
    x = passed(np.random.default_rng(0), MANY, slips)
    p, both = x.mean(axis=0), x.T @ x / len(x)
    most = np.minimum(p[:, None], p) - np.outer(p, p)
    covariance = both - np.outer(p, p)
    np.fill_diagonal(most, 0)
    np.fill_diagonal(covariance, 0)
    first, second = np.triu_indices(len(p), 1)
    pair = (covariance[first, second] / most[first, second])[0]
    return pair, (covariance.sum(axis=0) / most.sum(axis=0))[0], covariance.sum() / most.sum()


def ladder(slips: float) -> Draw:
    """Return the world of steps that are answered at random with some probability."""

    def world(rng: np.random.Generator, n: int, _: bool) -> Found:
        x = passed(rng, n, slips)
        if (x.min(axis=0) == x.max(axis=0)).any():
            return {}
        found, truth = loyalty_stage.scalability(x), ladder_of(slips)
        rows = (found.pairs.iloc[0], found.items.iloc[0], found.whole.iloc[0])
        names = ("H of a pair", "H of an item", "H of all")
        return {name: ends(row, t) for name, row, t in zip(names, rows, truth, strict=True)}

    return world


def brand(rng: np.random.Generator, n: int, _: bool) -> Found:
    """Rare, lost and favourite choices with brands shown and hidden."""
    shares = [rng.multinomial(n, law) / n for law in (BRANDED, BLIND)]
    given = [dict(zip("abc", values.tolist(), strict=True)) for values in shares]
    table = expectation_gap.brand_effect(*given, n_branded=n, n_blind=n)
    names = ("effect on a rare choice", "on a choice lost", "on the favourite")
    truth = BRANDED - BLIND
    return {name: ends(table.iloc[k], truth[k]) for k, name in enumerate(names)}


@cache
def coefficients_of(k: int) -> tuple[float, float]:
    """Return better and worse in the population, from the table of Kano's categories."""
    rng = np.random.default_rng(1)
    present, absent = rng.dirichlet(LIKE[k], MANY), rng.dirichlet(SAD[k], MANY)
    like, middle = present[:, 0], present[:, 1:4].sum(axis=1)
    sad, calm = absent[:, 4], absent[:, 1:4].sum(axis=1)
    a, o, m, i = (
        float((p * q).sum()) for p, q in ((like, calm), (like, sad), (middle, sad), (middle, calm))
    )
    return (a + o) / (a + o + m + i), -(o + m) / (a + o + m + i)


def fuzzy(rng: np.random.Generator, n: int, _: bool) -> Found:
    """Coefficients of answers that respondents divide."""
    found = {}
    for k, name in enumerate(("near -1", "in the middle")):
        pairs = {"seat": (rng.dirichlet(LIKE[k], n), rng.dirichlet(SAD[k], n))}
        rows = attributes.kano_fuzzy(pairs).better_worse
        for row, truth, which in zip(
            (rows.iloc[0], rows.iloc[1]), coefficients_of(k), ("better", "worse"), strict=True
        ):
            found[f"fuzzy, worse {name}: {which}"] = ends(row, truth)
    return found


def crisp(rng: np.random.Generator, n: int, _: bool) -> Found:
    """Coefficients of a must-be attribute."""
    counts = rng.multinomial(n, [0.1, 0.45, 0.37, 0.02, 0.03, 0.03])
    table = attributes.kano(counts={"seat": dict(zip("AOMIRQ", counts, strict=True))})
    rows = table.better_worse
    return {
        "better": ends(rows.iloc[0], 0.55 / 0.94),
        "worse": ends(rows.iloc[1], -0.82 / 0.94),
    }


def penalty(few: int) -> Draw:
    """Return the world of an attribute that few rate low."""

    def world(rng: np.random.Generator, n: int, weighted: bool) -> Found:
        seat = np.repeat([1, 3, 5], [few, n - 3 * few, 2 * few])
        x = {"seat": seat, "price": rng.integers(1, 6, n)}
        weights, y = None, rng.standard_normal(n)
        if weighted:  # those with twice the weight answer one point lower
            heavy = rng.random(n) < 1 / 3
            weights, y = np.where(heavy, 2.0, 1.0), y - heavy + 0.5
        y = y - (seat == 1) + 0.5 * (seat == 5)
        rows = attributes.penalty_reward(x, y, cuts=(2, 4), weights=weights).effects
        rows = rows[rows["attribute"] == "seat"].set_index("quantity")
        truth = {"penalty": -1.0, "reward": 0.5, "range": 1.5, "asymmetry": -0.5}
        return {name: ends(rows.loc[name], value) for name, value in truth.items()}

    return world


PLAIN = (False,)
WORLDS = {
    "kappa near 1": World(
        kappa, (40, 200), replications=1_000, note="the definition, on the cells of the population"
    ),
    "H near 1": World(
        ladder(0.02), (50, 200), PLAIN, 1_000, note="the definition, on 400,000 people"
    ),
    "H about .5": World(
        ladder(0.2), (50, 200), PLAIN, 1_000, note="the definition, on 400,000 people"
    ),
    "brand effect": World(brand, (50, 200), PLAIN),
    "fuzzy Kano": World(fuzzy, (30, 120), PLAIN, note="the definition, on 400,000 people"),
    "Kano": World(crisp, (30, 120), PLAIN),
    "penalty of 4": World(penalty(4), (60, 240), replications=1_000),
    "penalty of 15": World(penalty(15), (60, 240), replications=1_000),
}
