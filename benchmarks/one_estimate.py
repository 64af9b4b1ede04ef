"""Time one estimate: 250 mobile-phone customers, and a million respondents.

Run it from a development environment: ``python benchmarks/one_estimate.py``. The ratios are
between things timed in turn in the same run, because absolute times move with the machine.
"""

import platform
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import seminr

from loyaltymodel import datasets, structural
from loyaltymodel.structural import Moments

MILLION = 1_000_000


def milliseconds(work: Callable[[], object], *, repeats: int, rounds: int = 7) -> float:
    """Median over rounds of the mean time of some repeats."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        times.append((time.perf_counter() - start) / repeats * 1e3)
    return statistics.median(times)


def neighbour(survey: pd.DataFrame) -> Callable[[], object]:
    """Set up the same model in the Python package seminr."""
    blocks = datasets.mobile_phone_items()
    measurement = seminr.constructs(
        *(seminr.composite(name, list(items)) for name, items in blocks.items())
    )
    model = structural.ecsi(blocks)
    structure = seminr.relationships(
        *(seminr.paths(path.source, path.target) for path in model.paths)
    )
    return lambda: seminr.estimate_pls(survey, measurement, structure)


def small() -> None:
    """Time the ECSI model on the mobile-phone survey: 250 x 24 answers, 7 constructs."""
    survey = datasets.load_mobile_phones()
    moments = datasets.mobile_phone_moments()
    model = structural.ecsi(datasets.mobile_phone_items())
    model_b = structural.ecsi(datasets.mobile_phone_items(), mode="B")

    def everything() -> None:
        result = structural.fit(model, survey, scale=(1, 10))
        result.to_dict()

    print("One estimate of the ECSI model, mobile phones (250 x 24), milliseconds:")
    rows = {
        "fit from answers": lambda: structural.fit(model, survey, scale=(1, 10)),
        "fit from answers, PLSc": lambda: structural.fit(model, survey, consistent=True),
        "fit from answers, mode B": lambda: structural.fit(model_b, survey),
        "fit from moments": lambda: structural.fit(model, moments, scale=(1, 10)),
        "fit, and every table and check": everything,
        "seminr (Python), estimate only": neighbour(survey),
    }
    for name, work in rows.items():
        work()
        print(f"  {name:<34} {milliseconds(work, repeats=20):8.2f}")


def large() -> None:
    """Time a million respondents by 24 items against numpy.cov of the same array."""
    rng = np.random.default_rng(20_240_101)
    small_survey = datasets.load_mobile_phones()
    people = rng.integers(0, len(small_survey), MILLION)
    answers = small_survey.to_numpy()[people] + rng.normal(0, 0.1, (MILLION, 24))
    answers = answers.clip(1, 10)
    survey = pd.DataFrame(answers, columns=small_survey.columns)
    model = structural.ecsi(datasets.mobile_phone_items())

    def chunks() -> Moments:
        return Moments.from_chunks(
            survey.iloc[start : start + 100_000] for start in range(0, MILLION, 100_000)
        )

    works = {
        "numpy.cov": lambda: np.cov(answers, rowvar=False),
        "fit": lambda: structural.fit(model, survey),
        "fit, answers checked for the scale": lambda: structural.fit(model, survey, scale=(1, 10)),
        "moments in ten chunks, then fit": lambda: structural.fit(model, chunks()),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(5):  # in turn, so that all meet the same machine
        for name, work in works.items():
            times[name].append(milliseconds(work, repeats=1, rounds=1) / 1e3)
    base = times["numpy.cov"]
    print("\nOne estimate of the ECSI model, 1,000,000 x 24, seconds and ratio to numpy.cov:")
    for name, seconds in times.items():
        ratio = statistics.median(s / b for s, b in zip(seconds, base, strict=True))
        print(f"  {name:<36} {statistics.median(seconds):7.3f} s   {ratio:5.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}\n")
    small()
    large()
