"""Time 5,000 resamples of the ECSI model, beside the bare kernel and the packages installed.

Run it from a development environment: ``python benchmarks/bootstrap.py``. Everything is timed in
one run on the mobile-phone survey (250 people, 24 items); scaling and memory on simulated answers.
"""

import platform
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from loyaltymodel import datasets, structural
from loyaltymodel._core import resampling
from loyaltymodel.structural.kernels import pls as kernels
from loyaltymodel.structural.replication import make_task, read_units

RESAMPLES = 5_000


def seconds(work: Callable[[], object], *, rounds: int = 5) -> float:
    """Median time over some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def bare_kernel() -> Callable[[], object]:
    """Draw, make moments, weights and paths: nothing else."""
    survey = datasets.load_mobile_phones()
    model = structural.ecsi(datasets.mobile_phone_items())
    result = structural.fit(model, survey)
    task, units = make_task(result), read_units(result, survey, None, None)
    design = task.catalogue.design

    def run() -> None:
        rng = np.random.default_rng(1)
        size = resampling.slice_size(units)
        for counts in resampling.draw_counts(units, RESAMPLES, rng, size=size):
            _, covariances = resampling.resampled_moments(units, counts)
            sd = np.sqrt(np.einsum("bii->bi", covariances))
            s = covariances / (sd[:, :, None] * sd[:, None, :])
            outer = kernels.outer_weights(s, design, scheme="path", tol=1e-10, max_iter=300)
            weights = kernels.orient(s, outer.weights, design, np.ones(len(model.items)))
            kernels.structure(s, weights, design, consistent=False)

    return run


def against_the_bare_kernel() -> None:
    """Time all quantities with their intervals against paths alone."""
    survey = datasets.load_mobile_phones()
    model = structural.ecsi(datasets.mobile_phone_items())
    fitted = structural.fit(model, survey, scale=(1, 10))
    consistent = structural.fit(model, survey, scale=(1, 10), consistent=True)
    works: dict[str, Callable[[], object]] = {
        "bare kernel, paths only": bare_kernel(),
        **{
            f"bootstrap, {interval}": lambda interval=interval: structural.bootstrap(
                fitted, survey, n_resamples=RESAMPLES, interval=interval, rng=1
            )
            for interval in ("percentile", "basic", "bca")
        },
        "bootstrap, PLSc": lambda: structural.bootstrap(
            consistent, survey, n_resamples=RESAMPLES, rng=1
        ),
    }
    times = {name: [] for name in works}
    for _ in range(7):  # in turn, so that all meet the same machine
        for name, work in works.items():
            times[name].append(seconds(work, rounds=1))
    base = times["bare kernel, paths only"]
    print(f"{RESAMPLES:,} resamples, ECSI, 250 x 24, 213 quantities: seconds, ratio to the kernel")
    for name, found in times.items():
        ratio = statistics.median(a / b for a, b in zip(found, base, strict=True))
        print(f"  {name:<28} {statistics.median(found):7.3f} s {ratio:7.2f}")
    peer = seminr_bootstrap(survey)
    ours = statistics.median(times["bootstrap, percentile"])
    print(f"  {'seminr (Python), the same':<28} {peer:7.1f} s {peer / ours:7.0f} times ours")


def seminr_bootstrap(survey: pd.DataFrame) -> float:
    """Time the same number of resamples in the Python package seminr."""
    import seminr  # noqa: PLC0415  a peer, not a dependency

    blocks = datasets.mobile_phone_items()
    measurement = seminr.constructs(
        *(seminr.composite(name, list(items)) for name, items in blocks.items())
    )
    structure = seminr.relationships(
        *(seminr.paths(path.source, path.target) for path in structural.ecsi(blocks).paths)
    )
    estimated = seminr.estimate_pls(survey, measurement, structure)
    return seconds(lambda: seminr.bootstrap_model(estimated, nboot=RESAMPLES), rounds=1)


def chain(n: int, items: int) -> tuple[structural.StructuralModel, pd.DataFrame]:
    """Make a model of four constructs in a row with so many items each, and n answers."""
    names = [f"c{k}" for k in range(4)]
    model = structural.StructuralModel(
        constructs=tuple(
            structural.Construct(name=c, items=tuple(f"{c}i{i}" for i in range(items)))
            for c in names
        ),
        paths=tuple(structural.Path(source=s, target=t) for s, t in pairwise(names)),
    )
    truth = structural.Truth(
        paths={(path.source, path.target): 0.5 for path in model.paths},
        loadings=dict.fromkeys(model.items, 0.8),
    )
    return model, structural.simulate(model, truth, n, 1)


def timed(n: int, items: int, resamples: int) -> float:
    """Time a bootstrap of the chain."""
    model, survey = chain(n, items)
    result = structural.fit(model, survey)
    return seconds(
        lambda: structural.bootstrap(result, survey, n_resamples=resamples, rng=1), rounds=3
    )


def scaling() -> None:
    """Show that time is linear in resamples and people and at most quadratic in items."""
    print("\nScaling, four constructs in a row: seconds")
    designs = {
        "resamples (n = 250, 24 items)": [
            (b, timed(250, 6, b)) for b in (2_500, 5_000, 10_000, 20_000)
        ],
        "people (24 items, 1,000)": [
            (n, timed(n, 6, 1_000)) for n in (2_000, 8_000, 32_000, 128_000)
        ],
        "items (n = 2,000, 1,000)": [
            (4 * items, timed(2_000, items, 1_000)) for items in (6, 12, 24, 48)
        ],
    }
    for name, row in designs.items():
        print(f"  {name:<30}", "   ".join(f"{size:,}: {took:.3f}" for size, took in row))


def memory() -> None:
    """Measure what 5,000 resamples of 100,000 people need beyond the process after import."""
    model, survey = chain(100_000, 6)
    result = structural.fit(model, survey)
    before = peak()
    start = time.perf_counter()
    structural.bootstrap(result, survey, n_resamples=RESAMPLES, rng=1)
    took = time.perf_counter() - start
    print(
        f"\nn = 100,000, {RESAMPLES:,} resamples, 24 items: {took:.0f} s, "
        f"{peak() - before:.0f} MiB above the process with its data"
    )


def peak() -> float:
    """Return the largest resident size of this process so far, in MiB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["memory"]:
        memory()
    else:
        print(f"Python {platform.python_version()}, NumPy {np.__version__}\n")
        against_the_bare_kernel()
        scaling()
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "memory"], check=True)
