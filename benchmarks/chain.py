"""Time what_if on draws of everything, and show that time is linear in draws and in customers."""

import resource
import time

import numpy as np

from loyaltymodel import chain, jones_sasser

RUNS = 3
SIZES = ((1_250, 10_000), (2_500, 10_000), (5_000, 10_000), (5_000, 5_000), (5_000, 2_500))


def plan(draws: int, customers: int) -> chain.Scenario:
    """Return a scenario of so many different customers, with draws of impact, curve and margin."""
    rng = np.random.default_rng(1)
    curve = np.column_stack(
        [np.zeros(draws), rng.uniform(0.85, 0.95, draws), rng.normal(3, 0.2, draws)]
    )
    return chain.scenario(
        "quality",
        "satisfaction",
        change=5.0,
        impact=0.6,
        curve=jones_sasser.curve("power", {"hi": 0.9, "k": 3.0}),
        satisfaction=rng.beta(5, 3, customers),
        constraint=0.2,
        economics=chain.CustomerEconomics(
            margin=100, per="year", discount=0.1, timing="now", customers=1e6, horizon=None
        ),
        observed_per="year",
        cost=20e6,
        draws={
            "impact": rng.normal(0.6, 0.05, draws),
            "curve": curve,
            "margin": rng.normal(100, 5, draws),
        },
        joint=(("impact", "curve"),),
    )


def main() -> None:
    """Print the best of some runs a size."""
    print(f"{'draws':>8}{'customers':>11}{'seconds':>9}{'ns a pair':>11}")
    for draws, customers in SIZES:
        asked = plan(draws, customers)
        times = []
        for _ in range(RUNS):
            start = time.process_time()
            chain.what_if(asked, n_resamples=draws, rng=1)
            times.append(time.process_time() - start)
        best = min(times)
        print(f"{draws:>8,}{customers:>11,}{best:>9.2f}{1e9 * best / draws / customers:>11.1f}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"processor time, best of {RUNS}; {most:,.0f} MB at most, the library itself included")


if __name__ == "__main__":
    main()
