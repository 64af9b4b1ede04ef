"""Curves: false loyalty with drivers of the constraint, means of scores, size of a test.

The law of customers is known: constraints are given or logistic in the years of a contract, and
true loyalty is a power of satisfaction.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel import jones_sasser
from loyaltymodel.errors import OptionError

HI, K = 0.9, 3.0
CONST, YEARS = -1.5, 0.8
LOW_HI = 0.8  # so that it seldom reaches its bound
HELD, NOISE, PRECISION = 0.3, 0.1, 5.0
LEVEL = 0.05


def held_for(years: np.ndarray | float) -> np.ndarray:
    """Return the constraint of a contract of so many years."""
    return 1 / (1 + np.exp(-CONST - YEARS * np.asarray(years)))


def satisfied(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw satisfaction on eleven points."""
    return rng.binomial(10, rng.beta(3, 2, n)) / 10


def unequal(rng: np.random.Generator, n: int, weighted: bool) -> dict:
    """Draw weights of a design effect of 1.4 that have nothing to do with the answers, or none."""
    return {"weights": np.exp(0.6 * rng.standard_normal(n))} if weighted else {}


def driven(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Fit customers whose constraint has a driver; ask what goes when the constraint goes."""
    s, years = satisfied(rng, n), rng.integers(0, 4, n)
    held, free = held_for(years), HI * s**K
    stayed = rng.random(n) < held + (1 - held) * free
    drivers = {"years": years}
    fitted = jones_sasser.fit(s, stayed, drivers=drivers, **unequal(rng, n, weighted))
    freed, _ = jones_sasser.remove_constraint(fitted, s, drivers=drivers, constraint_by=years > 1)
    known, _ = jones_sasser.remove_constraint(
        fitted, s, constraint=fitted.constraint_of(drivers=drivers)
    )
    lost, free = held * (1 - free), HI * 0.5**K
    rows = {
        "loss of all": (freed.total, lost.mean()),
        "loss, contract of 0 or 1 year": (freed.by_group[:1], lost[years < 2].mean()),
        "loss, contract of 2 or 3 years": (freed.by_group[1:], lost[years > 1].mean()),
        "the same, constraints taken as known": (known.total, lost.mean()),
        "odds ratio of a year": (
            fitted.interval_of(lambda _, p: np.exp(p["d[years]"])),
            np.exp(YEARS),
        ),
    }
    truth = {
        "loyalty": held_for(2) + (1 - held_for(2)) * free,
        "false_loyalty": held_for(2) * (1 - free),
        "slope": (1 - held_for(2)) * HI * K * 0.5 ** (K - 1),
    }
    for kind, value in truth.items():
        table = fitted.interval_of(kind, 0.5, drivers={"years": 2})
        rows[f"{kind} at 0.5, 2 years"] = table, value
    return {
        name: (table["ci_low"].iloc[0], table["ci_high"].iloc[0], float(value))
        for name, (table, value) in rows.items()
    }


def means(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Fit a table of mean scores, standard deviations and numbers of customers."""
    s = satisfied(rng, n)
    loyal = HELD + (1 - HELD) * HI * s**K
    score = rng.beta(PRECISION * loyal, PRECISION * (1 - loyal))
    # Weights of the cells, such as those of regions, since a table has none of people.
    region = rng.integers(0, 3, n)
    people = pd.DataFrame({"s": s, "region": region, "score": score})
    cells = people.groupby(["s", "region"])["score"].agg(["mean", "std", "size"]).reset_index()
    weights = {"weights": cells["region"].map({0: 0.5, 1: 1.0, 2: 2.5})} if weighted else {}
    fitted = jones_sasser.fit(
        "s", "mean", data=cells, counts="size", sd="std", outcome="score", **weights
    )
    table = fitted.parameters.set_index("parameter")
    truth = {"hi": HI, "k": K, "c": HELD}
    return {
        f"{name} of a table of means": (*table.loc[name, ["ci_low", "ci_high"]], value)
        for name, value in truth.items()
    }


def no_constraint(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Test free customers of whom a share answers at random; covered means not rejected."""
    del weighted  # a likelihood ratio needs equal weights
    s = satisfied(rng, n)
    s[rng.random(n) < 0.2] = 0
    stayed = np.where(rng.random(n) < NOISE, rng.random(n) < 0.5, rng.random(n) < LOW_HI * s**K)
    fitted = jones_sasser.fit(s, stayed)
    try:
        found = jones_sasser.hypothesis_test(
            fitted, "no constraint", contamination=NOISE, method="asymptotic"
        )
    except OptionError:  # another parameter lies on its bound
        return {}
    return {"no constraint, 10 % random answers": (LEVEL, 1.0, found.p_value)}


def at_the_top(top: float) -> Callable[[np.random.Generator, int, bool], Found]:
    """Return a function that draws a held and a free group whose curve ends at or near 1."""

    def draw(rng: np.random.Generator, n: int, weighted: bool) -> Found:
        s, group = satisfied(rng, n), rng.integers(0, 2, n)
        held, free = np.where(group == 0, HELD, 0.0), top * s**K
        stayed = rng.random(n) < held + (1 - held) * free
        fitted = jones_sasser.fit(s, stayed, constraint_by=group, **unequal(rng, n, weighted))
        freed, _ = jones_sasser.remove_constraint(fitted, s, constraint_by=group)
        table = fitted.parameters.set_index("parameter")
        truth = {"hi": top, "k": K, "c[0]": HELD, "c[1]": 0.0}
        found = {name: (*table.loc[name, ["ci_low", "ci_high"]], truth[name]) for name in truth}
        loyal = HELD + (1 - HELD) * top * 0.9**K
        slope = (1 - HELD) * top * K * 0.9 ** (K - 1)
        asked = {
            "loyalty at 0.9": (fitted.interval_of("loyalty", 0.9, group=0), loyal),
            "slope at 0.9": (fitted.interval_of("slope", 0.9, group=0), slope),
            "loss of all": (freed.total, (held * (1 - free)).mean()),
            "loss of the free group": (freed.by_group[1:], 0.0),
        }
        return found | {name: ends_of(rows, value) for name, (rows, value) in asked.items()}

    return draw


def few(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Free few customers of two groups, with robust errors; weights of a design effect of 1.9."""
    s, group = satisfied(rng, n), rng.integers(0, 2, n)
    held, free = np.where(group == 0, 0.5, 0.25), LOW_HI * s**2.5
    stayed = rng.random(n) < held + (1 - held) * free
    options = {"weights": np.exp(0.8 * rng.standard_normal(n))} if weighted else {}
    fitted = jones_sasser.fit(s, stayed, constraint_by=group, std_errors="robust", **options)
    table = fitted.parameters.set_index("parameter")
    freed, _ = jones_sasser.remove_constraint(fitted, s, constraint_by=group)
    lost = held * (1 - free)
    return {
        "k": (*table.loc["k", ["ci_low", "ci_high"]], 2.5),
        "loss of all": ends_of(freed.total, lost.mean()),
        "loss of the group held more": ends_of(freed.by_group[:1], lost[group == 0].mean()),
        "loss of the group held less": ends_of(freed.by_group[1:], lost[group == 1].mean()),
    }


def ends_of(table: pd.DataFrame, truth: float) -> tuple[float, float, float]:
    """Return the interval of the first row, with the truth."""
    return table["ci_low"].iloc[0], table["ci_high"].iloc[0], float(truth)


WORLDS = {
    "tables of mean scores": World(
        means, sizes=(400, 1600), replications=1000, note="truth: the law of the scores"
    ),
    "test of no constraint": World(
        no_constraint,
        sizes=(600, 2400),
        weighted=(False,),
        replications=1000,
        note="truth: nothing holds; 1 less the coverage is the size of the test at 5 %, half "
        "chi-squared",
    ),
    "drivers of the constraint": World(
        driven,
        sizes=(1000, 4000),
        replications=1000,
        note="truth: of the same customers, by the law that they are drawn from; constraints taken "
        "as known\n   was the only way before",
    ),
}
WORLDS |= {
    f"top of {top:g}, one group free": World(
        at_the_top(top),
        sizes=(400, 2000),
        replications=1000,
        note=f"truth: hi = {top:g}, so that it is often found on its bound of 1, as is c[1] on 0",
    )
    for top in (1.0, 0.97, 0.9)
}
WORLDS["few customers, robust errors"] = World(
    few,
    sizes=(150, 600),
    replications=1000,
    note="truth: of the same customers; weights of a design effect of 1.9",
)
