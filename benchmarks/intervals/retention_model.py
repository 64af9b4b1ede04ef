"""Cohorts of known churn: what models of retention say of tenures seen, and of those beyond.

Customers are watched for 4 to 6 renewals, and survival is asked 10 renewals on. Each quantity has
an interval by the profile of the likelihood and one by the normal law.
"""

from collections.abc import Callable

import numpy as np
from interval_coverage import Found, World
from scipy.special import betaln, expit

from loyaltymodel.economics import fit_retention

Array = np.ndarray
DISCOUNT = 0.1
AHEAD = 10  # renewals
ASKED = {"x": 2.0}  # of the drivers


def truth(eta: float, nu: float, c: float) -> dict[str, float]:
    """Return the quantities of a law of churn, by sums of beta functions."""
    a, b = nu * expit(eta), nu * expit(-eta)
    t = np.arange(2_000.0)
    survival = np.exp(betaln(a, b + t**c * (t > 0)) - betaln(a, b))
    return {
        "retention at the 3rd renewal": survival[3] / survival[2],
        "survival of 10 renewals": survival[AHEAD],
        "residual value": (survival / (1 + DISCOUNT) ** t).sum(),
        "value after 3 renewals": (survival[3:] / survival[3] / (1 + DISCOUNT) ** t[:-3]).sum(),
    }


def world(
    intercept: float, slope: float, nu: float, *, c: float = 1.0, late: bool = False,
    model: str = "beta_geometric",
) -> Callable[[np.random.Generator, int, bool], Found]:  # fmt: skip
    """Return cohorts of a law of churn, with a driver of values 0 to 4 where it has a slope."""
    goals = truth(intercept + slope * ASKED["x"] * (slope != 0), nu, c)

    def draw(rng: np.random.Generator, people: int, _weighted: bool) -> Found:
        n = 4 * people if late else people  # of whom so many are still there when watching begins
        x = rng.integers(0, 5, n).astype(float)
        mu = expit(intercept + slope * x)
        theta = rng.beta(nu * mu, nu * (1 - mu)).clip(1e-15, 1 - 1e-12)
        left = np.ceil((np.log(rng.random(n)) / np.log1p(-theta)) ** (1 / c)).clip(1, 1e9)
        entry = rng.integers(0, 3, n) if late else np.zeros(n, dtype=int)
        until = entry + rng.integers(2, 5, n) if late else rng.integers(4, 7, n)
        seen = np.flatnonzero(left > entry)[:people]
        tenure, lost = np.minimum(left, until)[seen].astype(int), (left <= until)[seen]
        drivers = {"x": x[seen]} if slope else None
        at = ASKED if slope else None
        found = {}
        for interval in ("profile", "wald"):
            fit = fit_retention(
                tenure, lost, entry=entry[seen], drivers=drivers, model=model, interval=interval
            )
            value = {"discount": DISCOUNT, "timing": "now", "drivers": at}
            tables = {
                "retention at the 3rd renewal": fit.retention(3, drivers=at),
                "survival of 10 renewals": fit.survival(AHEAD, drivers=at),
                "residual value": fit.residual_value(1, **value),
                "value after 3 renewals": fit.residual_value(1, renewals=3, **value),
            }
            for name, table in tables.items():
                row = table.iloc[0]
                found[f"{name}, {interval}"] = (row["ci_low"], row["ci_high"], goals[name])
        return found

    return draw


SIZES = (300, 1_500)
BDW = "beta_discrete_weibull"
WORLDS = {
    "plain": World(world(-0.53, 0, 2.0), SIZES, (False,), 1_000, "alpha 0.74, beta 1.26"),
    "hardly different": World(world(-1.4, 0, 20.0), SIZES, (False,), 1_000, "alpha 4, beta 16"),
    "driver": World(world(-0.4, -0.3, 3.0), SIZES, (False,), 1_000, "five values of a driver"),
    "delayed entry": World(world(-0.8, -0.2, 3.0, late=True), SIZES, (False,), 1_000),
    "weibull": World(world(-1.0, 0, 2.0, c=1.3, model=BDW), SIZES, (False,), 500, "c = 1.3"),
}
