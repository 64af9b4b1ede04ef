"""Worlds of known concentration: Gini's coefficient and the part of the best customers."""

import numpy as np
from interval_coverage import Found, World
from scipy.stats import norm

from loyaltymodel import economics

SPREAD = 1.0  # standard deviation of the logarithm


def lognormal(rng: np.random.Generator, n: int, _: bool) -> Found:
    """Draw customers whose value is log-normal."""
    found = economics.value_concentration(rng.lognormal(0, SPREAD, n)).estimates
    truths = [
        2 * norm.cdf(SPREAD / np.sqrt(2)) - 1,
        *(1 - norm.cdf(norm.ppf(1 - share) - SPREAD) for share in (0.1, 0.2)),
    ]
    names = ["Gini's coefficient", "part of the best tenth", "part of the best fifth"]
    return {name: (found.ci_low[k], found.ci_high[k], truths[k]) for k, name in enumerate(names)}


def exponential(rng: np.random.Generator, n: int, _: bool) -> Found:
    """Draw customers whose value is exponential."""
    found = economics.value_concentration(rng.exponential(size=n)).estimates
    truths = [0.5, *(share * (1 - np.log(share)) for share in (0.1, 0.2))]
    names = ["Gini's coefficient", "part of the best tenth", "part of the best fifth"]
    return {name: (found.ci_low[k], found.ci_high[k], truths[k]) for k, name in enumerate(names)}


WORLDS = {
    "concentration of log-normal value": World(
        lognormal, weighted=(False,), note="truth: the law of the values; spread 1 of the logarithm"
    ),
    "concentration of exponential value": World(
        exponential, weighted=(False,), note="truth: the law of the values"
    ),
}
