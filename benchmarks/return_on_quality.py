"""Hold the best spending of many random problems against a fine grid, and time the search."""

import time
from inspect import unwrap

import numpy as np

from loyaltymodel import chain, economics, jones_sasser
from loyaltymodel.chain.scenarios.search import largest

PROBLEMS, SEEDS, AMOUNTS, MOST = 150, 8, 1001, 6e7
# Lowest and highest parameters of curves, from flat to as steep as a step.
FAMILIES = {
    "power": {"lo": (0, 0.1), "hi": (0.6, 1), "k": (0.3, 6)},
    "logistic": {"lo": (0, 0.1), "hi": (0.7, 1), "a": (2, 60), "s0": (0.2, 0.9)},
    "hinge": {"lo": (0, 0.1), "hi": (0.7, 1), "share": (0, 1), "tau": (0.2, 0.9)},
    "cubic": {"lo": (0, 0.1), "hi": (0.7, 1), "d0": (0, 3), "d1": (0, 3)},
}


def ask(
    family: str, rng: np.random.Generator, draws: int, kinds: int
) -> chain.results.ReturnOnQuality:
    """Return the best spending of so many problems: each draw is one."""
    parameters = FAMILIES[family]
    drawn = rng.uniform(*np.array(list(parameters.values())).T, (draws, len(parameters)))
    plan = chain.scenario(
        "quality",
        "satisfaction",
        change=5.0,
        impact=0.6,
        curve=jones_sasser.curve(family, dict(zip(parameters, drawn[0].tolist(), strict=True))),
        satisfaction=rng.uniform(0.2, 1, kinds),
        economics=chain.CustomerEconomics(
            margin=100, per="year", discount=0.1, timing="now", horizon=5, customers=1e6
        ),
        observed_per="year",
        draws={"curve": drawn, "impact": rng.uniform(-0.2, 2.0, draws)},
    )
    return chain.return_on_quality(
        plan,
        economics.ResponseCurve(ceiling=0.3, steepness=10 / MOST),
        spend=[0, MOST],
        spend_as="cost",
        draws={
            "ceiling": rng.uniform(0.05, 0.5, draws),
            "steepness": rng.uniform(0.5, 30, draws) / MOST,
        },
        n_resamples=draws,
        rng=1,
    )


def main() -> None:
    """Print how much less than the best of the grid the search found, and its time."""
    print(f"{'curve':>9}{'problems':>10}{'nothing best':>14}{'grid better':>13}{'by at most':>12}")
    place, gaps = unwrap(chain.return_on_quality).__globals__, []

    def watched(value, nodes, known):  # noqa: ANN001, ANN202  what the search is given
        best = largest(value, nodes, known)
        rows = np.arange(len(best))
        grid = [value(np.full(len(best), x), rows) for x in np.linspace(0, MOST, AMOUNTS)]
        gap = np.max(grid, axis=0) - value(best, rows)
        gaps.append(gap / np.abs(grid).max(axis=0))
        return best

    for family in FAMILIES:
        gaps.clear()
        nothing = 0.0
        place["largest"] = watched
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            found = ask(family, rng, PROBLEMS, int(rng.integers(1, 13)))
            nothing += found.nothing_share / SEEDS
        place["largest"] = largest
        gap = np.concatenate(gaps)
        print(
            f"{family:>9}{len(gap):>10,}{nothing:>14.2f}{int((gap > 1e-9).sum()):>13}"
            f"{max(gap.max(), 0.0):>12.1e}"
        )
    print(f"grid of {AMOUNTS:,} amounts; 'by' relative to the largest sum of money on the grid")
    print(f"\n{'draws':>8}{'customers':>11}{'seconds':>9}")
    for draws, kinds in ((1_000, 100), (1_000, 1_000), (2_000, 1_000)):
        start = time.process_time()
        ask("power", np.random.default_rng(1), draws, kinds)
        print(f"{draws:>8,}{kinds:>11,}{time.process_time() - start:>9.1f}")
    print("processor time of return_on_quality, customers all different")


if __name__ == "__main__":
    main()
