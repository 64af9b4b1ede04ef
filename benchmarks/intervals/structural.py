"""Worlds of :mod:`loyaltymodel.structural`: a chain of three constructs with eight items.

The target of an interval is what the estimator gives on the population's covariance matrix, which
for PLSc are the paths of the world itself. Where weights are unequal people are drawn with a chance
that rises with an answer, from about a fifth to four fifths, and weigh one over it.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel import structural
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.structural import Moments, StructuralModel, Truth

RESAMPLES = 399
TOL = 1e-6  # far below the errors, and a third faster
MODEL = StructuralModel.from_text("""
    quality =~ q1 + q2 + q3
    satisfaction =~ s1 + s2 + s3
    loyalty =~ l1 + l2
    satisfaction ~ quality
    loyalty ~ quality + satisfaction
""")
PATHS = {
    ("quality", "satisfaction"): 0.6,
    ("quality", "loyalty"): 0.2,
    ("satisfaction", "loyalty"): 0.5,
}
LOADINGS = {
    "good": (0.9, 0.8, 0.7, 0.85, 0.8, 0.7, 0.9, 0.8),
    "poor": (0.7, 0.6, 0.6, 0.7, 0.6, 0.6, 0.7, 0.6),
    # Two items of satisfaction point the other way, and the sign of the sum hangs by a thread.
    "reversed": (0.9, 0.8, 0.7, 0.9, -0.8, -0.2, 0.9, 0.8),
}
REGIONS = 10
BRANCH = 5  # people of a branch
BETWEEN = 0.4  # standard deviation of branches, which all answers of their people share
KINDS = ("percentile", "bca")
TURNS = ("path", "loading")  # with the score of satisfaction, which may point either way
ASKED = {
    "path": ("paths", "satisfaction -> loyalty"),
    "total effect": ("total_effects", "quality -> loyalty"),
    "loading": ("loadings", "s2"),
    "R2": ("r_squared", "loyalty"),
    "alpha": ("alpha", "satisfaction"),
    "rho_A": ("rho_a", "satisfaction"),
}


def truth_of(items: str) -> Truth:
    """Return the world with such items."""
    return Truth(paths=PATHS, loadings=dict(zip(MODEL.items, LOADINGS[items], strict=True)))


def level_of(region: np.ndarray) -> np.ndarray:
    """Return how far the answers of a region lie above the mean."""
    return region / (REGIONS - 1) - 0.5


def drawn(
    items: str, rng: np.random.Generator, people: int, *, weighted: bool, design: str | None
) -> pd.DataFrame:
    """Draw people with their weights, of each region or branch as many."""
    truth = truth_of(items)
    region = np.arange(people) // BRANCH if design == "clusters" else np.arange(people) % REGIONS
    survey = structural.simulate(MODEL, truth, 8 * people if weighted else people, rng)
    weight = np.ones(people)
    if weighted:
        chance = 1 / (1 + np.exp(-0.7 * survey["q1"].to_numpy()))
        taken = np.flatnonzero(rng.random(len(survey)) < chance)[:people]
        survey, weight = survey.iloc[taken].reset_index(drop=True), 1 / chance[taken]
    if design == "strata":
        survey = survey.add(level_of(region), axis=0)
    if design == "clusters":
        survey = survey.add(BETWEEN * rng.standard_normal(people // BRANCH)[region], axis=0)
    return survey.assign(w=weight, region=region)


@cache
def targets(items: str, *, consistent: bool, design: str | None) -> dict[str, float]:
    """Return what the estimator gives on everybody, with a score that points as s1 does."""
    everybody = structural.population(MODEL, truth_of(items)).moments(1_000)
    if design is not None:
        levels = (level_of(np.arange(REGIONS)) ** 2).mean()
        between = levels if design == "strata" else BETWEEN**2
        covariance = everybody.covariance + between
        means = everybody.means
        everybody = Moments(n_obs=1_000, items=MODEL.items, means=means, covariance=covariance)
    result = structural.fit(MODEL, everybody, consistent=consistent, sign={"satisfaction": "s1"})
    table = structural.bootstrap(result, draw="parametric", n_resamples=39, rng=1).estimates
    return {name: float(table.estimate[table.place(key)]) for name, key in ASKED.items()}


def world_of(
    items: str, *, consistent: bool = False, design: str | None = None
) -> Callable[[np.random.Generator, int, bool], Found]:
    """Make a draw of a world: percentile and BCa intervals of one survey."""

    def draw(rng: np.random.Generator, people: int, weighted: bool) -> Found:
        survey = drawn(items, rng, people, weighted=weighted, design=design)
        aim = targets(items, consistent=consistent, design=design)
        found = {}
        try:
            result = structural.fit(MODEL, survey, weights="w", consistent=consistent, tol=TOL)
        except LoyaltyModelError:  # no estimate, so no interval at all
            return found
        turn = np.sign(result.weights.set_index("item")["estimate"]["s1"])
        for kind in KINDS:
            boot = structural.bootstrap(
                result,
                survey,
                interval=kind,
                n_resamples=RESAMPLES,
                rng=rng,
                **({} if design is None else {design: "region"}),
            )
            table = boot.admissibility
            for which in ("all", "admissible") if consistent else ("all",):
                told = f", {which}" if consistent else ""
                for name, key in ASKED.items():
                    place = table.place((*key, which))
                    ends = table.ci_low[place], table.ci_high[place]
                    target = aim[name] * (turn if name in TURNS else 1.0)
                    found[f"{name}, {kind}{told}"] = (*ends, target)
        return found

    return draw


WORLDS = {
    "mode A": World(world_of("good"), replications=1_000),
    "PLSc, poor items": World(
        world_of("poor", consistent=True),
        replications=1_000,
        note="all: every resample; admissible: those alone whose solution is possible",
    ),
    "reversed items": World(world_of("reversed"), weighted=(False,), replications=1_000),
    "strata": World(
        world_of("good", design="strata"),
        weighted=(False,),
        replications=1_000,
        note="ten regions of different level, each resampled from itself: 10 or 40 people a region",
    ),
    "clusters": World(
        world_of("good", design="clusters"),
        weighted=(False,),
        replications=1_000,
        note="branches of five people who answer alike, drawn as a whole: 20 or 80 branches",
    ),
}
