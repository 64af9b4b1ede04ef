"""Worlds of complaints and of word of mouth.

Complaints arrive evenly over 30 days and are closed after times of a known law; at the end about a
third of them are open, or none. Dissatisfied customers of a known number complain with a share that
is drawn anew from its law. Customers tell others by negative binomial laws.
"""

from collections.abc import Callable

import numpy as np
from interval_coverage import Found, World

from loyaltymodel.economics import (
    ComplaintRate,
    complaint_log,
    estimate_audience,
    hidden_dissatisfied,
    problem_pareto,
)

Array = np.ndarray
DAYS = 30.0
SHARES = {"a": 0.3, "b": 0.25, "c": 0.2, "d": 0.15, "e": 0.1}


def closure(shape: float, scale: float, end: float) -> Callable[..., Found]:
    """Return the world of complaints that are closed after Weibull times."""

    def draw(rng: np.random.Generator, people: int, _weighted: bool) -> Found:
        opened = rng.uniform(0, DAYS, people)
        closed = opened + scale * rng.weibull(shape, people)
        closed[closed > end] = np.nan
        times = (2.0, 8.0)
        found = complaint_log(opened, closed=closed, until=end, unit="days", within=times)
        rows = found.times.set_index("quantity")
        truth = {f"within {t:g}": 1 - np.exp(-((t / scale) ** shape)) for t in times}
        truth["median"] = scale * np.log(2) ** (1 / shape)
        return {n: (rows.loc[n, "ci_low"], rows.loc[n, "ci_high"], t) for n, t in truth.items()}

    return draw


def hidden(a: float, b: float) -> Callable[..., Found]:
    """Return the world of so many dissatisfied customers and a law of the share who complain."""

    def draw(rng: np.random.Generator, people: int, _weighted: bool) -> Found:
        complaints = int(rng.binomial(people, rng.beta(a, b)))
        if complaints == 0:
            return {"dissatisfied": (np.nan, np.nan, people)}
        found = hidden_dissatisfied(complaints, rate=ComplaintRate(a=a, b=b))
        row = found.estimates.row("dissatisfied")
        return {"dissatisfied": (row["ci_low"], row["ci_high"], people)}

    return draw


def mentions(mean: float, dispersion: float) -> Callable[..., Found]:
    """Return the world of customers who tell so many others."""

    def draw(rng: np.random.Generator, people: int, _weighted: bool) -> Found:
        told = rng.poisson(mean * rng.gamma(dispersion, 1 / dispersion, people))
        rows = estimate_audience(told, law="empirical").quantities.set_index("quantity")
        truth = {
            "mean": mean,
            "variance": mean + mean**2 / dispersion,
            "dispersion": dispersion,
            "silent": (dispersion / (dispersion + mean)) ** dispersion,
        }
        return {n: (rows.loc[n, "ci_low"], rows.loc[n, "ci_high"], t) for n, t in truth.items()}

    return draw


def ranks(rng: np.random.Generator, people: int, _weighted: bool) -> Found:
    """Five problems, some customers with several complaints: do all ranks together hold."""
    names = list(SHARES)
    problem = rng.choice(names, people, p=list(SHARES.values()))
    customer = rng.integers(0, people // 2, people)
    found = {}
    for name, options in {
        "all ranks, counts": {},
        "all ranks, severity": {"severity": rng.gamma(0.5, 2, people), "customer": customer},
    }.items():
        table = problem_pareto(problem, **options).set_index("problem").loc[names]
        rank = np.arange(1, len(names) + 1)
        holds = (table["best_rank"] <= rank) & (rank <= table["worst_rank"])
        found[name] = (0.0, float(holds.all()), 1.0)
    return found


WORLDS = {
    "closure, a third open": World(
        closure(1.0, 14.0, DAYS), (60, 240), (False,), 1_000, note="exponential times"
    ),
    "closure, a third open, slow": World(
        closure(0.6, 10.0, DAYS), (60, 240), (False,), 1_000, note="a few take very long"
    ),
    "closure, none open": World(closure(1.0, 5.0, 1e6), (60, 240), (False,), 1_000),
    "hidden dissatisfied, survey of 50": World(
        hidden(5.5, 45.5), (100, 2_000), (False,), 1_000, note="the number is the sample size"
    ),
    "hidden dissatisfied, survey of 100": World(
        hidden(40.5, 60.5), (100, 2_000), (False,), 1_000, note="the number is the sample size"
    ),
    "mentions, dispersion 1": World(mentions(3.0, 1.0), (100, 400), (False,), 1_000),
    "mentions, dispersion 0.3": World(mentions(3.0, 0.3), (100, 400), (False,), 1_000),
    "ranks of problems": World(ranks, (80, 320), (False,), 1_000),
}
