"""Worlds of retention: survival of two kinds of customers, late entry, cohorts, money, drivers.

Half of all customers leave with a chance of 0.1 a period and half with 0.4. With unequal weights
those who leave easily are drawn three times as often and weigh a third.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from interval_coverage import Found, World
from numpy.typing import NDArray

from loyaltymodel import economics
from loyaltymodel.errors import LoyaltyModelError

Array = NDArray[np.float64]

LOYAL, FICKLE = 0.1, 0.4
KNOWN = 12  # periods of observation, at most
HORIZON = 6.0


def left(t: int) -> float:
    """Share of all customers who are left after t periods."""
    return 0.5 * (1 - LOYAL) ** t + 0.5 * (1 - FICKLE) ** t


def drawn(rng: np.random.Generator, n: int, weighted: bool) -> tuple[Array, Array | None]:
    """Chances to leave, and weights."""
    fickle = rng.random(n) < (0.75 if weighted else 0.5)
    weights = np.where(fickle, 1.0, 3.0) if weighted else None
    return np.where(fickle, FICKLE, LOYAL), weights


def ends(row: pd.Series, truth: float) -> tuple[float, float, float]:
    """Return the ends of an interval, and the truth."""
    return float(row["ci_low"]), float(row["ci_high"]), truth


def periods(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Survival and retention in whole periods, of customers known for 1 to 12 periods."""
    chance, weights = drawn(rng, n, weighted)
    stays, known = rng.geometric(chance), rng.integers(1, KNOWN + 1, n)
    seen = np.minimum(stays, known)
    horizon = HORIZON if seen.max() >= HORIZON else None
    given = {"weights": weights, "horizon": horizon}
    found = {}
    curve = economics.survival(seen, stays <= known, **given)
    for _, row in curve.at([1, 3, 6, 10]).iterrows():
        t = int(row["tenure"])
        found[f"survival at {t}"] = ends(row, left(t))
    found["median"] = ends(curve.quantity_estimates.row("median"), 3.0)
    kept = curve.retention.set_index("tenure")
    for t in (1, 3, 6):
        if t in kept.index:
            found[f"retention at {t}"] = ends(kept.loc[t], left(t) / left(t - 1))
    mean = 1 + sum(left(t) for t in range(1, int(HORIZON)))
    if horizon is not None:
        found["restricted mean"] = ends(curve.quantity_estimates.row("restricted_mean"), mean)
    return found


def days(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Draw the same in real numbers: exponential stays with means of 10 and 2.5."""
    chance, weights = drawn(rng, n, weighted)
    stays, known = rng.exponential(1 / chance), rng.uniform(0, KNOWN, n)
    found = {}
    curve = economics.survival(np.minimum(stays, known), stays <= known, weights=weights)
    for _, row in curve.at([1.0, 5.0]).iterrows():
        t = row["tenure"]
        truth = 0.5 * np.exp(-LOYAL * t) + 0.5 * np.exp(-FICKLE * t)
        found[f"survival at {t:g}"] = ends(row, truth)
    # Where 0.5 exp(-0.1 t) + 0.5 exp(-0.4 t) is a half.
    found["median"] = ends(curve.quantity_estimates.row("median"), 3.2228)
    return found


def late(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Draw customers who began up to 4 periods before they are seen; who left before is not."""
    chance, weights = drawn(rng, 6 * n, weighted)
    stays, entry = rng.geometric(chance), rng.integers(0, 5, 6 * n)
    seen = np.flatnonzero(stays > entry)[:n]
    stays, entry = stays[seen], entry[seen]
    known = entry + rng.integers(1, 7, n)
    own = None if weights is None else weights[seen]
    try:
        curve = economics.survival(
            np.minimum(stays, known), stays <= known, entry=entry, weights=own
        )
    except LoyaltyModelError:
        return {}
    return {f"survival at {t}": ends(curve.at(t).iloc[0], left(t)) for t in (1, 3, 6)}


def cohorts(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Draw customers won in 6 periods, who are there in later ones with chances of their own."""
    del weighted
    start, likes = rng.integers(0, 6, n), rng.beta(1.0, 2.0, n)
    there = rng.random((n, 6)) < likes[:, None]
    there[:, 0] = True
    who, age = np.nonzero(there)
    kept = start[who] + age < 6
    table = economics.cohort_table(who[kept], (start[who] + age)[kept], empty="keep")
    ages = table.ages.set_index("age")
    found = {f"share at age {a}": ends(ages.loc[a], 1 / 3) for a in (1, 3) if a in ages.index}
    first = table.cohorts.query("age == 2")
    if len(first):
        found["share of the first cohort at age 2"] = ends(first.iloc[0], 1 / 3)
    return found


def money(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Log-normal payments; one of five is lost, the others pay 0.8 to 1.3 times as much."""
    del weighted
    found = {}
    for name, spread in (("sigma 0.5", 0.5), ("sigma 1", 1.0)):
        before = np.exp(spread * rng.standard_normal(n))
        stays = rng.random(n) < 0.8
        after = before * rng.uniform(0.8, 1.3, n)
        new = rng.poisson(0.3 * n)
        table = economics.retention_rates(
            [*range(n), *np.flatnonzero(stays), *range(n, n + new)],
            np.repeat([1, 2], [n, stays.sum() + new]),
            amount=[*before, *after[stays], *np.ones(new)],
        )
        rows = table.amount_rates.set_index("quantity")
        found[f"net, {name}"] = ends(rows.loc["net"], 0.8 * 1.05)
        # Of a uniform law from 0.8 to 1.3 the smaller of it and 1 is 0.96 on average.
        found[f"gross, {name}"] = ends(rows.loc["gross"], 0.8 * 0.96)
        rates = table.rates.set_index("quantity")
        found["new over start"] = ends(rates.loc["new"], 0.3)
        found["loss over start"] = ends(rates.loc["loss"], 0.2)
        rungs = economics.retention_rates(
            [*range(n), *range(n)],
            np.repeat([1, 2], n),
            tier=["low"] * (2 * n),
            tiers=["low", "high"],
            profit=[*before, *before],
        ).rungs
        found[f"mean profit, {name}"] = ends(rungs.iloc[0], float(np.exp(spread**2 / 2)))
    return found


def drivers(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Satisfaction and ties lower the hazard; in whole periods, and in real numbers."""
    del weighted
    score, tied = rng.integers(1, 11, n), rng.random(n) < 0.4
    rate = 0.25 * np.exp(-0.2 * (score - 5.5) - 0.5 * tied)
    known = rng.uniform(1, 10, n)
    stays = rng.exponential(1 / rate)
    given = {"satisfaction": score, "tied": tied}
    found = {}
    try:
        fit = economics.cox_regression(given, np.minimum(stays, known), stays <= known)
    except LoyaltyModelError:
        return {}
    for name, truth in (("satisfaction", -0.2), ("tied", -0.5)):
        found[f"log hazard ratio of {name}"] = ends(fit.estimates.row(name), truth)
    row = fit.survival({"satisfaction": 8, "tied": 0}, at=4.0).iloc[0]
    found["predicted survival"] = ends(row, float(np.exp(-4 * 0.25 * np.exp(-0.5))))
    # Whole periods: losses of a hazard that is proportional fall into the period they end in.
    whole, seen = np.ceil(stays), np.floor(known)
    kept = np.minimum(whole, seen), whole <= seen
    tied_fit = economics.cox_regression(given, *kept)
    found["the same in whole periods, satisfaction"] = ends(
        tied_fit.estimates.row("satisfaction"), -0.2
    )
    clusters = rng.integers(0, 20, n)
    shared = 0.6 * rng.standard_normal(20)[clusters]
    stays = rng.exponential(1 / (rate * np.exp(shared)))
    fit = economics.cox_regression(
        {**given, "of cluster": shared}, np.minimum(stays, known), stays <= known, clusters=clusters
    )
    found["by 20 clusters, satisfaction"] = ends(fit.estimates.row("satisfaction"), -0.2)
    return found


WORLDS = {
    "survival in whole periods": World(periods, sizes=(50, 200)),
    "survival in real numbers": World(days, sizes=(50, 200)),
    "late entry": World(late, sizes=(100, 400)),
    "cohorts": World(cohorts, sizes=(60, 300), weighted=(False,)),
    "money": World(money, sizes=(100, 400), weighted=(False,)),
    "drivers of losses": World(drivers, sizes=(100, 400), weighted=(False,)),
}
