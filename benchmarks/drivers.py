"""Time the analysis of drivers, and count how often its intervals hold what they aim at.

Run it from a development environment: ``python benchmarks/drivers.py``. The kernels are timed on
correlation matrices, the whole analysis on answers. For comparison LMG is also computed by one
regression after another on the same matrix, which is what a loop over subsets does. The count
compares the percentile intervals, which the library gives, with basic and BCa ones (three minutes).
"""

import platform
import statistics
import time
from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from loyaltymodel._core import intervals, resampling
from loyaltymodel.attributes.drivers import kernels
from loyaltymodel.attributes.drivers.importance import key_drivers

Array = npt.NDArray[np.float64]
RESPONDENTS = 1_000


def seconds(work: Callable[[], object], *, rounds: int = 5) -> float:
    """Median time of some rounds, after one that is not counted."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answers(p: int) -> Array:
    """Answers of people to p drivers that share something, and to a target in the last column."""
    rng = np.random.default_rng(p)
    x = rng.normal(size=(RESPONDENTS, p)) + 0.7 * rng.normal(size=(RESPONDENTS, 1))
    y = x @ np.linspace(0.5, 0.1, p) + rng.normal(size=RESPONDENTS)
    return np.column_stack([x, y])


def one_by_one(correlations: Array) -> Array:
    """LMG by one regression after another."""
    p = len(correlations) - 1
    among, alone = correlations[:p, :p], correlations[:p, p]
    explained: dict[tuple[int, ...], float] = {(): 0.0}
    for size in range(1, p + 1):
        for chosen in combinations(range(p), size):
            part = list(chosen)
            slopes = np.linalg.solve(among[np.ix_(part, part)], alone[part])
            explained[chosen] = float(slopes @ alone[part])
    lmg = np.zeros(p)
    for chosen, value in explained.items():
        for driver in chosen:
            others = tuple(k for k in chosen if k != driver)
            lmg[driver] += (value - explained[others]) / (p * comb(p - 1, len(others)))
    return lmg


def exact() -> None:
    """All orders of the drivers of one survey."""
    print("LMG over all orders, one correlation matrix, milliseconds:")
    print(f"  {'drivers':>7} {'regressions':>12} {'kernel':>9} {'one by one':>11} {'ratio':>7}")
    for p in (5, 10, 15):
        correlations = np.corrcoef(answers(p).T)
        stack = correlations[None]
        quick = seconds(lambda stack=stack: kernels.gains_by_size(stack), rounds=15)
        rounds = 1 if p > 10 else 5
        plain = seconds(lambda c=correlations: one_by_one(c), rounds=rounds)
        lmg = kernels.gains_by_size(stack)[0].mean(axis=1)
        assert np.allclose(lmg, one_by_one(correlations), atol=1e-12)  # noqa: S101
        print(f"  {p:>7} {2**p:>12,} {1e3 * quick:9.2f} {1e3 * plain:11.1f} {plain / quick:7.0f}")


def resampled() -> None:
    """Whole analyses: six measures, shares, R2 and their intervals, from answers."""
    print(f"\nkey_drivers from {RESPONDENTS:,} answers, all measures and intervals, seconds:")
    print(f"  {'drivers':>7} {'orders':>8} {'resamples':>10} {'time':>8}")
    for p, n_resamples in ((5, 1000), (10, 1000), (10, 5000), (15, 0), (15, 1000), (20, 0)):
        rows = answers(p)
        drivers = {f"d{k}": rows[:, k] for k in range(p)}

        def work(
            rows: Array = rows,
            drivers: dict[str, Array] = drivers,
            n_resamples: int = n_resamples,
        ) -> object:
            return key_drivers(drivers, rows[:, -1], n_resamples=n_resamples, rng=1)

        orders = "all" if p <= kernels.EXACT_UP_TO else "2,000"
        rounds = 1 if p == 15 and n_resamples else 3
        print(f"  {p:>7} {orders:>8} {n_resamples:>10,} {seconds(work, rounds=rounds):8.3f}")


def coverage() -> None:
    """How often 95 % intervals of shares of R2 by LMG hold the share in the population."""
    among = np.full((4, 4), 0.4) + 0.6 * np.eye(4)
    alone = among @ [0.4, 0.25, 0.1, 0.0]
    population = np.block([[among, alone[:, None]], [alone[None], np.ones((1, 1))]])
    root = np.linalg.cholesky(population)

    def shares(covariances: Array) -> Array:
        found = kernels.importance(covariances)
        lmg: Array = found.measures[:, kernels.MEASURES.index("lmg")] / found.r_squared[:, None]
        return lmg

    truth = shares(population[None])[0]
    print(f"\n95 % intervals of shares by LMG, true {truth.round(3).tolist()}, share that hold:")
    print(
        f"  {'people':>7} {'surveys':>8} {'kind':<11}" + "".join(f"  driver {k}" for k in range(4))
    )
    for n, surveys in ((150, 1000), (500, 400)):
        held = {kind: np.zeros(4) for kind in ("percentile", "basic", "bca")}
        for seed in range(surveys):
            rng = np.random.default_rng(seed)
            rows = rng.normal(size=(n, 5)) @ root.T
            rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
            units = resampling.make_units(rows, np.ones(n), None, None)
            counts = next(resampling.draw_counts(units, 999, rng, size=999))
            replicates = shares(resampling.resampled_moments(units, counts)[1])
            estimate = shares(resampling.resampled_moments(units, np.ones((1, n)))[1])[0]
            left_out = [shares(part[1]) for part in resampling.moments_without_each(units)]
            bend = intervals.acceleration_of(np.concatenate(left_out))
            for kind, found in (
                ("percentile", intervals.percentile(replicates, level=0.95)),
                ("basic", intervals.basic(replicates, estimate, level=0.95)),
                ("bca", intervals.bca(replicates, estimate, bend, level=0.95)),
            ):
                held[kind] += (found.low <= truth) & (truth <= found.high)
        for kind, count in held.items():
            line = "".join(f"{share:10.3f}" for share in count / surveys)
            print(f"  {n:>7} {surveys:>8,} {kind:<11}{line}")


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}\n")
    exact()
    resampled()
    coverage()
