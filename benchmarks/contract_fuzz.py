"""Call everything public with one argument changed at a time, and count what happened.

Run it from a development environment: ``python benchmarks/contract_fuzz.py`` (twelve minutes). A
call is refused by an error of the library (named), gives the answer of the unchanged call (same)
or another one (value); everything else is a fault. ``python -m tests.fuzz ROOM`` lists the faults.
"""

import argparse
import platform
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.calls import ROOMS
from tests.fuzz.run import Word, show, watch
from tests.fuzz.verdicts import BAD, FINE

LIBRARIES = ("numpy", "scipy", "pandas", "polars", "pyarrow", "pydantic", "matplotlib")


def main() -> None:
    """Judge all rooms, and print counts by room and verdict."""
    start = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="list the faults of each room in this folder as well")
    options = argparse.Namespace(only=None, key=None, share=1.0, folder=parser.parse_args().folder)
    words: dict[str, list[Word]] = {room: [] for room in ROOMS}
    for room, word in watch(ROOMS, options):
        words[room].append(word)
    if options.folder:
        for room, found in words.items():
            with Path(options.folder, f"inventory_{room}.txt").open("w") as out:
                show(found, verbose=False, out=out)
    counts = {room: Counter(word["verdict"] for word in found) for room, found in words.items()}
    shown = [v for v in (*FINE, *BAD, "broken") if v in FINE or any(c[v] for c in counts.values())]
    print(
        f"Python {platform.python_version()}, " + ", ".join(f"{n} {version(n)}" for n in LIBRARIES)
    )
    print(f"\n{'room':<16} {'calls':>8}" + "".join(f" {v:>8}" for v in shown))
    counts["all"] = sum(counts.values(), Counter())
    for room, count in counts.items():
        total = sum(count[v] for v in (*FINE, *BAD))
        print(f"{room:<16} {total:8,}" + "".join(f" {count[v]:8,}" for v in shown))
    faults = {v: counts["all"][v] for v in BAD}
    print("\nfaults: " + ", ".join(f"{n} {v}" for v, n in faults.items()))
    print(f"{time.monotonic() - start:,.0f} seconds in two processes")


if __name__ == "__main__":
    main()
