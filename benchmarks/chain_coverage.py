"""How often the interval of the money that a measure brings holds the truth, on whole surveys.

A survey like the barometer: factors of expectation, quality, value and satisfaction with the paths
and loadings of its truth, answers rounded to 1 to 10 and held there, three industries that hold
their customers by 0.5, 0.2 and 0, and a curve of who stays a year later. The measure moves the
latent quality of every customer by 5 points of its index. The truth is that change passed through
the true paths and the true curve, customer by customer, in a population of two million. True
satisfaction as a share of the scale is the part of a customer's mean answer that is no error.

The chain is fitted in four ways. Corrected (consistent impacts, and the reliability of the survey
for the curve) with a normal law of true scores, as the world has it, and both links drawn from the
same resamples; the same with impacts and curve drawn apart; the same with free masses on the scale,
which know nothing of true scores beyond it; and uncorrected, from composites and answers as they
are. The money is looked at over five renewals and without end.

``python benchmarks/chain_coverage.py [--surveys 300] [--people 1000] [--processes 1]``
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from loyaltymodel import chain, jones_sasser, structural
from loyaltymodel.errors import LoyaltyModelError

Array = np.ndarray

SEED = 20_261_130
PATHS = {
    ("expectation", "quality"): 0.55,
    ("expectation", "value"): 0.15,
    ("quality", "value"): 0.55,
    ("expectation", "satisfaction"): 0.10,
    ("quality", "satisfaction"): 0.50,
    ("value", "satisfaction"): 0.30,
}
LOADINGS = {
    "expectation": (0.80, 0.75, 0.70),
    "quality": (0.90, 0.80, 0.75),
    "value": (0.85, 0.80),
    "satisfaction": (0.90, 0.85, 0.80),
}
CENTRE, SPREAD, LOWEST, HIGHEST = 7.0, 1.8, 1, 10
CONSTRAINTS = np.array([0.5, 0.2, 0.0])
CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
MONEY = chain.CustomerEconomics(
    margin=100, per="year", discount=0.1, timing="now", customers=1_000, horizon=5
)
ENDLESS = MONEY.model_copy(update={"horizon": None})
CHANGE = 5.0
QUANTITIES = (
    "index_change", "retention_before", "retention_change", "gain", "gain without end",
)  # fmt: skip
WAYS = (
    "corrected, normal true scores, drawn together",
    "corrected, normal true scores, drawn apart",
    "corrected, masses of true scores, drawn together",
    "uncorrected, drawn together",
)


def model() -> tuple[structural.StructuralModel, dict[str, list[str]]]:
    """Return the structural model."""
    items = {name: [f"{name[:3]}{k}" for k in range(len(own))] for name, own in LOADINGS.items()}
    measured = [f"{name} =~ {' + '.join(own)}" for name, own in items.items()]
    paths = [f"{target} ~ {source}" for source, target in PATHS]
    return structural.StructuralModel.from_text("; ".join([*measured, *paths])), items


MODEL, ITEMS = model()


def factors(n: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw the constructs (n,) of customers, each of variance 1."""
    found = {"expectation": rng.standard_normal(n)}
    names = list(LOADINGS)
    corr = np.eye(4)
    for k, name in enumerate(names[1:], start=1):
        b = np.array([PATHS.get((source, name), 0.0) for source in names[:k]])
        explained = b @ corr[:k, :k] @ b
        corr[k, :k] = corr[:k, k] = corr[:k, :k] @ b
        noise = np.sqrt(1 - explained) * rng.standard_normal(n)
        found[name] = sum(c * found[s] for c, s in zip(b, names, strict=False)) + noise
    return found


def answers(found: dict[str, Array], rng: np.random.Generator) -> pd.DataFrame:
    """Return rounded answers to all items."""
    table = {}
    for name, loadings in LOADINGS.items():
        for item, loading in zip(ITEMS[name], loadings, strict=True):
            error = rng.standard_normal(len(found[name]))
            score = loading * found[name] + np.sqrt(1 - loading**2) * error
            table[item] = np.rint(CENTRE + SPREAD * score).clip(LOWEST, HIGHEST)
    return pd.DataFrame(table)


def true_share(satisfaction: Array) -> Array:
    """Return satisfaction without error as a share of the scale, which it may leave."""
    mean = CENTRE + SPREAD * np.mean(LOADINGS["satisfaction"]) * satisfaction
    return (mean - LOWEST) / (HIGHEST - LOWEST)


def stays(share: Array, group: Array) -> Array:
    """Return the probability to stay."""
    held = CONSTRAINTS[group]
    return held + (1 - held) * CURVE.true_loyalty(share.clip(0, 1))


def truth() -> dict[str, float]:
    """Pass the change of latent quality through the true world."""
    rng = np.random.default_rng(1)
    n = 2_000_000
    share = true_share(factors(n, rng)["satisfaction"])
    group = np.arange(n) % len(CONSTRAINTS)
    total = 0.50 + 0.55 * 0.30
    # A point of the index of quality moves the mean answer by 0.09, and that is all true score.
    latent = CHANGE * (HIGHEST - LOWEST) / 100 / (SPREAD * np.mean(LOADINGS["quality"])) * total
    move = SPREAD * np.mean(LOADINGS["satisfaction"]) * latent / (HIGHEST - LOWEST)
    before, after = stays(share, group), stays(share + move, group)
    q = [r / (1 + MONEY.discount) for r in (before, after)]
    endless = [100 / (1 - x) for x in q]
    value = [100 * (1 - x**6) / (1 - x) for x in q]
    moved = (share + move).clip(0, 1) - share.clip(0, 1)
    return {
        "index_change": 100 * moved.mean(),
        "retention_before": before.mean(),
        "retention_change": (after - before).mean(),
        "gain": MONEY.customers * (value[1] - value[0]).mean(),
        "gain without end": MONEY.customers * (endless[1] - endless[0]).mean(),
    }


def survey(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one survey."""
    found = factors(n, rng)
    table = answers(found, rng)
    group = np.arange(n) % len(CONSTRAINTS)
    table["industry"] = np.array(["telephone", "bank", "cars"])[group]
    stayed = rng.random(n) < stays(true_share(found["satisfaction"]), group)
    table["stayed"] = stayed.astype(int)
    table["satisfaction"] = table[ITEMS["satisfaction"]].mean(axis=1)
    return table


def one(task: tuple[int, int, Sequence[int], int]) -> Array:
    """Return estimates and ends (ways, quantities, 3) of one survey."""
    n, seed, ways, resamples = task
    rng = np.random.default_rng([SEED, n, seed])
    people = survey(n, rng)
    found = np.full((len(WAYS), len(QUANTITIES), 3), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, way in enumerate(WAYS):
            if place not in ways:
                continue
            try:
                found[place] = numbers(people, way, rng, resamples)
            except LoyaltyModelError:
                continue
    return found


def numbers(people: pd.DataFrame, way: str, rng: np.random.Generator, resamples: int) -> Array:
    """Fit the chain in one way."""
    corrected = way.startswith("corrected")
    fit = structural.fit(MODEL, people, scale=(LOWEST, HIGHEST), consistent=corrected)
    reliability = None
    if corrected:
        table = fit.reliability.query("quantity == 'alpha' and construct == 'satisfaction'")
        reliability = float(table["estimate"].item())
    curve = jones_sasser.fit(
        "satisfaction",
        "stayed",
        data=people,
        constraint_by="industry",
        scale=(LOWEST, HIGHEST),
        reliability=reliability,
        true_scores="masses" if "masses" in way else "normal",
        std_errors="model" if corrected else None,  # not used, and quick
    )
    options = {}
    impact = fit
    if way.endswith("together"):
        options = {
            "data": people,
            "satisfaction": "satisfaction",
            "loyalty": "stayed",
            "constraint_by": "industry",
        }
    else:
        impact = structural.bootstrap(fit, people, n_resamples=resamples, rng=rng)
    plan = chain.scenario(
        "quality",
        "satisfaction",
        change=CHANGE,
        impact=impact,
        curve=curve,
        economics=MONEY,
        observed_per="year",
        n_resamples=resamples,
        rng=rng,
        **options,
    )
    tables = []
    for money in (MONEY, ENDLESS):
        own = plan.model_copy(update={"economics": money})
        found = chain.what_if(own, n_resamples=resamples, rng=rng).quantities
        tables.append(found.set_index("quantity")[["estimate", "ci_low", "ci_high"]])
    first = tables[0].loc[list(QUANTITIES[:-1])].to_numpy()
    return np.concatenate([first, tables[1].loc[["gain"]].to_numpy()])


def main() -> None:
    """Print a table a way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--surveys", type=int, default=1_000)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="seed of the first survey")
    parser.add_argument("--resamples", type=int, default=499)
    parser.add_argument("--every", type=int, default=0, help="surveys between tables on the way")
    parser.add_argument("--ways", type=int, nargs="+", default=[0, 1, 2, 3])
    given = parser.parse_args()
    goal = truth()
    start = time.time()
    seeds = range(given.first, given.first + given.surveys)
    tasks = [(given.people, seed, given.ways, given.resamples) for seed in seeds]
    found = []
    with ProcessPoolExecutor(given.processes) as pool:
        for one_survey in pool.map(one, tasks):
            found.append(one_survey)
            if given.every and len(found) % given.every == 0 and len(found) < given.surveys:
                tell(np.array(found), goal, given)
    tell(np.array(found), goal, given)
    print(f"\n{time.time() - start:.0f} seconds")


def tell(found: Array, goal: dict[str, float], given: argparse.Namespace) -> None:
    """Print a table a way."""
    print(
        f"{len(found)} surveys of {given.people} customers, intervals of 95 %, "
        f"{given.resamples} resamples each"
    )
    heads = ("truth", "mean", "median", "held", "below", "above", "made")
    for place in given.ways:
        print(f"\n== {WAYS[place]}")
        print(f"{'quantity':<20}" + "".join(f"{head:>10}" for head in heads))
        for k, name in enumerate(QUANTITIES):
            estimate, low, high = found[:, place, k].T
            made = np.isfinite(low).mean()
            below, above = (goal[name] < low).mean(), (goal[name] > high).mean()
            centre = np.nanmean(estimate), np.nanmedian(estimate)
            numbers = "".join(f"{x:>10.4g}" for x in (goal[name], *centre))
            shares = (made - below - above, below, above, made)
            print(f"{name:<20}{numbers}" + "".join(f"{x:>10.3f}" for x in shares))
    print(flush=True)


if __name__ == "__main__":
    main()
