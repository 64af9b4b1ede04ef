"""Count how often 95 % intervals hold what they aim at, over simulated surveys of 250 people.

Every interval counts: one that was not made holds nothing, and how many these are is said.

The world is the structure of the barometer, with continuous answers. The target of an interval is
what the estimator gives on the population's covariance matrix; for PLSc that is the truth of the
factor model. ``python benchmarks/coverage.py [SURVEYS]`` (1,000 by default) takes ten minutes of
two cores.
"""

import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from recovery import model_of, world

from loyaltymodel import structural
from loyaltymodel.structural import Moments

PEOPLE = 250
RESAMPLES = 999
LEVEL = 0.95
INTERVALS = ("percentile", "bca")
ESTIMATORS = {"mode A": ("A", False), "mode B": ("B", False), "PLSc": ("A", True)}
# Answers have mean 7 and deviation 1.8; being continuous they pass 1 and 10, so that limits this
# wide are needed for an index. Its coverage does not depend on them.
SCALE = (-5.0, 20.0)


@cache
def world_of(name: str) -> tuple[structural.StructuralModel, structural.Truth, np.ndarray]:
    """Return model and truth, and what the estimator gives on the population."""
    mode, consistent = ESTIMATORS[name]
    items, arrows, truth = world()
    truth = replace(truth, means=7.0, deviations=1.8)
    model = model_of(items, arrows, mode)
    whole = structural.population(model, truth).moments(PEOPLE)
    aim = structural.fit(model, whole, scale=SCALE, consistent=consistent)
    drawn = structural.bootstrap(aim, draw="parametric", n_resamples=39, rng=1)
    return model, truth, drawn.estimates.estimate


def one_survey(task: tuple[str, int]) -> dict[str, np.ndarray]:
    """Make the intervals of a survey: 1 where one holds its target, NaN where there is none."""
    name, seed = task
    rng = np.random.default_rng([20_261_121, seed])
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, truth, target = world_of(name)
        survey = structural.simulate(model, truth, PEOPLE, rng)
        result = structural.fit(model, survey, scale=SCALE, consistent=ESTIMATORS[name][1])
        for interval in INTERVALS:
            boot = structural.bootstrap(
                result, survey, interval=interval, level=LEVEL, n_resamples=RESAMPLES, rng=seed
            )
            low, high = boot.estimates.ci_low, boot.estimates.ci_high
            held = (low <= target) & (target <= high)
            found[interval] = np.where(np.isnan(low), np.nan, held)
    found["failed"] = np.array([boot.n_failed])
    found["inadmissible"] = np.array([boot.n_inadmissible])
    return found


def study(surveys: int) -> None:
    """Print the share of intervals that hold their target, by kind of quantity."""
    print(f"{surveys} surveys of {PEOPLE} people, {RESAMPLES} resamples each, level {LEVEL:g}")
    print(f"Chance alone moves a share by {1.96 * np.sqrt(0.95 * 0.05 / surveys):.3f}.\n")
    items, arrows, _ = world()
    with ProcessPoolExecutor(2) as workers:
        for name, (mode, consistent) in ESTIMATORS.items():
            tasks = [(name, seed) for seed in range(surveys)]
            found = list(workers.map(one_survey, tasks, chunksize=10))
            model = model_of(items, arrows, mode)
            labels = labels_of(model, consistent=consistent)
            lost, odd = (np.mean([f[key] for f in found]) for key in ("failed", "inadmissible"))
            print(f"== {name}: resamples left out, mean {lost:.1f}; inadmissible, mean {odd:.1f}")
            for interval in INTERVALS:
                held = np.array([f[interval] for f in found])
                shares, none = np.nansum(held, axis=0) / surveys, np.isnan(held).mean(axis=0)
                report(labels.assign(share=shares, none=none), interval)
            print()


def labels_of(model: structural.StructuralModel, *, consistent: bool) -> pd.DataFrame:
    """Name the quantities in the order of the intervals."""
    items = len(model.items)
    rng = np.random.default_rng(1)
    moments = Moments(
        n_obs=200,
        items=model.items,
        means=np.zeros(items),
        covariance=np.cov(rng.normal(size=(items, 500)) + rng.normal(size=500)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = structural.fit(model, moments, scale=SCALE)
        drawn = structural.bootstrap(result, draw="parametric", n_resamples=39, rng=1)
    table = drawn.estimates.frame()
    kinds = table["quantity"].where(~table["quantity"].isin(["paths", "index"]), "paths and index")
    return table.assign(group=kinds, consistent=consistent)


def report(table: pd.DataFrame, interval: str) -> None:
    """Print mean, least and largest share of each group."""
    print(f"  {interval}")
    for group, part in table.groupby("group", sort=False):
        if (part["none"] == 1).all():
            print(f"    {group:<17} 1 by definition, so there is no interval")
            continue
        share = part["share"]
        worst = part.loc[share.sub(LEVEL).abs().idxmax()]
        print(
            f"    {group:<17} mean {share.mean():.3f}  from {share.min():.3f} to {share.max():.3f}"
            f"  not made {part['none'].mean():.3f}"
            f"  furthest: {worst['quantity']} {worst['name']} {worst['share']:.3f}"
        )


if __name__ == "__main__":
    study(int(sys.argv[1]) if sys.argv[1:] else 1_000)
