"""Count how often 95 % intervals hold the truth, at two sample sizes, with and without weights.

A file of the folder ``intervals`` holds the worlds of one room. Each world is a function of a
generator, a number of people and whether they have unequal weights; it draws a survey and gives
for each interval its name, its two ends and the truth, in ``{name: (low, high, truth)}``, with NaN
for an interval that was not made. ``python benchmarks/interval_coverage.py ROOM [WORLD ...]``
prints one table a world; ``--replications`` takes the place of a world's own number.
"""

import argparse
import importlib
import itertools
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from loyaltymodel.errors import NotIdentifiedError

SEED = 20_261_130
PROCESSES = 2

Found = Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class World:
    """Surveys of a known truth, and the intervals that are made of each."""

    draw: Callable[[np.random.Generator, int, bool], Found]
    sizes: tuple[int, int] = (100, 400)
    weighted: tuple[bool, ...] = (False, True)
    replications: int = 2_000
    note: str = ""  # printed below the name: what the truth is, and where it comes from


def one_draw(task: tuple[str, str, int, bool, int]) -> Found:
    """Draw one survey of a world and make its intervals."""
    room, name, people, weighted, seed = task
    world = worlds_of(room)[name]
    # The name is part of the seed, so that a world draws the same alone and among others.
    rng = np.random.default_rng([SEED, seed, people, weighted, *name.encode()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return world.draw(rng, people, weighted)
        except NotIdentifiedError:  # refused by name: a survey without an interval
            return {}


def worlds_of(room: str) -> dict[str, World]:
    """Return the worlds of a room by name."""
    worlds: dict[str, World] = importlib.import_module(f"intervals.{room}").WORLDS
    return worlds


def study(room: str, name: str, replications: int | None, pool: ProcessPoolExecutor) -> None:
    """Print the coverage of each interval of one world."""
    world = worlds_of(room)[name]
    n = replications or world.replications
    print(f"== {name}\n   {n} surveys each, chance alone moves a share by {error(n):.3f}")
    if world.note:
        print(f"   {world.note}")
    print(f"   {'':44}{'people':>8}{'weights':>9}{'covered':>9}{'of all':>9}{'none':>7}")
    for weighted, people in itertools.product(world.weighted, world.sizes):
        tasks = ((room, name, people, weighted, k) for k in range(n))
        found = list(pool.map(one_draw, tasks, chunksize=max(1, n // 64)))
        for key in dict.fromkeys(k for one in found for k in one):
            triples = [one.get(key, (np.nan, np.nan, np.nan)) for one in found]
            low, high, truth = np.array(triples, dtype=float).T
            made = ~(np.isnan(low) | np.isnan(high))
            held = made & (low <= truth) & (truth <= high)
            share = held[made].mean() if made.any() else np.nan
            print(
                f"   {key:44}{people:8}{'unequal' if weighted else 'equal':>9}"
                f"{share:9.3f}{held.mean():9.3f}{1 - made.mean():7.3f}"
                + ("" if 0.93 <= share <= 0.97 else "  *"),
                flush=True,
            )
    print(flush=True)


def error(replications: int) -> float:
    """Return twice the standard error of a coverage of 95 %."""
    return float(2 * np.sqrt(0.95 * 0.05 / replications))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room")
    parser.add_argument("worlds", nargs="*")
    parser.add_argument("--replications", type=int)
    options = parser.parse_args()
    print("A star stands where a coverage is outside 93 to 97 %.\n")
    with ProcessPoolExecutor(PROCESSES) as workers:
        for each in options.worlds or worlds_of(options.room):
            study(options.room, each, options.replications, workers)
