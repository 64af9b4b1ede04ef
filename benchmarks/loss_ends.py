"""Ends of profile intervals of losses against brute force, on random data sets.

The largest loss among parameters whose likelihood is near its maximum is searched by walks of many
points that only keep what is allowed and better. An end that falls short of what a walk found is a
miss. ``python benchmarks/loss_ends.py [DATA SETS]`` (1,000 by default, a quarter of an hour)
"""

import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from loyaltymodel import jones_sasser
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.jones_sasser.estimation import intervals
from loyaltymodel.jones_sasser.estimation.kernels import region
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import log_likelihood

SEED = 20_261_130
FAMILIES = ("power", "logistic", "cubic", "hazard")
CURVES = {
    "power": lambda rng: {"hi": rng.uniform(0.6, 1), "k": np.exp(rng.uniform(-0.5, 2))},
    "logistic": lambda rng: {
        "hi": rng.uniform(0.6, 1), "a": rng.uniform(3, 15), "s0": rng.uniform(0.3, 0.8),
    },
    "cubic": lambda rng: {
        "hi": rng.uniform(0.6, 1), "d0": rng.uniform(0, 1), "d1": rng.uniform(0, 1),
    },
    "hazard": lambda rng: {"a": rng.uniform(0.5, 3), "b": rng.uniform(1, 8)},
}  # fmt: skip
WALKERS, ROUNDS, KEPT, EVERY = 64, 120, 16, 20
SIZES = (1.0, 0.3, 0.1, 0.03, 0.01)
SHORT = 1e-3


def walk(setup, answers, top, drop, which, sign, rng):  # noqa: ANN001, ANN201
    """Return the largest ``sign`` times answer that walks found."""
    best = log_likelihood(setup.problem, setup.stats, top[None])[0]
    p = np.repeat(top[None], WALKERS, axis=0)
    place = np.full(WALKERS, which)
    value = sign * answers(p, place)[0]
    span = np.minimum(setup.upper - setup.lower, 0.3 * np.maximum(1, np.abs(top)))
    for k in range(ROUNDS):
        step = rng.standard_normal(p.shape) * span * rng.choice(SIZES, (WALKERS, 1))
        trial = np.clip(p + step, setup.lower, setup.upper)
        found = sign * answers(trial, place)[0]
        near = log_likelihood(setup.problem, setup.stats, trial) >= best - drop
        better = near & (found > value)
        p[better], value[better] = trial[better], found[better]
        if k % EVERY == EVERY - 1:
            kept = np.argsort(-value)[:KEPT]
            p = np.repeat(p[kept], WALKERS // KEPT, axis=0)
            value = np.repeat(value[kept], WALKERS // KEPT)
    return value.max()


def one(seed: int) -> tuple[str, list[float]]:
    """Return the family and by how much each end falls short; NaN where there is none."""
    rng = np.random.default_rng([SEED, seed])
    family = FAMILIES[seed % len(FAMILIES)]
    curve = jones_sasser.curve(family, CURVES[family](rng))
    n, groups = int(np.exp(rng.uniform(np.log(150), np.log(3000)))), int(rng.integers(1, 4))
    levels = int(rng.integers(4, 11))
    s = rng.binomial(levels, rng.beta(*np.exp(rng.uniform(0, 1.5, 2)), n)) / levels
    group = np.arange(n) % groups
    held = rng.uniform(0, 0.7, groups) * (rng.random(groups) < 0.8)
    stayed = rng.random(n) < curve.loyalty(s, constraint=held[group])
    options = {}
    if rng.random() < 0.5:
        options = {"weights": np.exp(0.7 * rng.standard_normal(n))}
    shares = []
    ends = region.extremes

    def checked(problem, stats, top, lower, upper, answers, *, drop):  # noqa: ANN001, ANN202
        low, high = ends(problem, stats, top, lower, upper, answers, drop=drop)
        setup = fitted._setup()
        for sign, found in ((-1, low), (1, high)):
            for k in np.flatnonzero(np.isfinite(drop)):
                most = walk(setup, answers, top, drop[k], k, sign, rng)
                shares.append(most - sign * found[k])
        return low, high

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = jones_sasser.fit(s, stayed, family=family, constraint_by=group, **options)
            intervals.extremes = checked
            jones_sasser.remove_constraint(fitted, s, constraint_by=group)
        except LoyaltyModelError:
            return family, []
        finally:
            intervals.extremes = ends
    return family, shares


def main() -> None:
    """Print how many ends are found, and how many fall short."""
    n = int(sys.argv[1]) if sys.argv[1:] else 1_000
    start = time.time()
    ends: Counter[str] = Counter()
    short: Counter[str] = Counter()
    none: Counter[str] = Counter()
    worst: dict[str, float] = {}
    with ProcessPoolExecutor(2) as pool:
        for family, gaps in pool.map(one, range(n), chunksize=5):
            found = np.array(gaps)
            ends[family] += len(found)
            none[family] += int(np.isnan(found).sum())
            short[family] += int((found > SHORT).sum())
            worst[family] = max(worst.get(family, 0.0), float(np.nanmax(found, initial=0.0)))
    print(f"{n} data sets, {time.time() - start:.0f} seconds; short: by more than {SHORT:g}\n")
    print(f"{'family':<12}{'ends':>8}{'none':>8}{'short':>8}{'largest':>12}")
    for family in FAMILIES:
        row = ends[family], none[family], short[family]
        print(f"{family:<12}" + "".join(f"{x:>8}" for x in row) + f"{worst[family]:>12.2g}")


if __name__ == "__main__":
    main()
