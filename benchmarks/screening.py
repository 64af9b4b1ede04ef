"""How often screening flags careful respondents, and how many careless ones it finds.

Run it from a development environment: ``python benchmarks/screening.py``. Each line is the mean
over surveys of 1,000 respondents; of these, in the second part, 50 are careless in one known way.
The last line times a million respondents.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from loyaltymodel import survey
from loyaltymodel._core.results import WithCustomers

N, SURVEYS, PLANTED = 1_000, 40, 50
REASONS = ("long_string", "p_value", "same_answers")


def careful(rng: np.random.Generator, k: int, top: int, rho: float, n: int = N) -> pd.DataFrame:
    """Answers from 1 to ``top`` of one common factor, a little above the middle."""
    z = np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, k))
    answers = np.clip(np.round((top + 1) / 2 + 0.08 * top + z * top / 5), 1, top)
    return pd.DataFrame(answers, columns=[f"q{j}" for j in range(k)])


def screened(
    data: pd.DataFrame, top: int, seed: int, **options: object
) -> WithCustomers[survey.results.Screening]:
    """Screen a survey."""
    return survey.screen(data, scale=(1, top), items=list(data), rng=seed, **options)


def false_flags() -> None:
    """Print shares of careful respondents that are flagged, and that are expected to be."""
    print("Careful respondents flagged, of 1,000: found (expected)")
    print(f"{'items':>6} {'scale':>6} {'correlation':>12} " + "".join(f"{r:>20}" for r in REASONS))
    for k, top, rho in (
        (10, 5, 0.3), (10, 5, 0.6), (10, 10, 0.6), (20, 5, 0.3), (20, 5, 0.6), (20, 7, 0.5),
        (20, 10, 0.6), (40, 5, 0.5),
    ):  # fmt: skip
        rng, total = np.random.default_rng(k * 100 + top), np.zeros((len(REASONS), 2))
        for seed in range(SURVEYS):
            cuts = {"same_answers": 1}
            table = screened(careful(rng, k, top, rho), top, seed, cuts=cuts).result.reasons
            total += table.set_index("reason").loc[list(REASONS), ["count", "expected"]].to_numpy()
        cells = [f"{c:.1f} ({e:.1f})" for c, e in total / SURVEYS]
        print(f"{k:>6} {top:>6} {rho:>12} " + "".join(f"{cell:>20}" for cell in cells))


def straight(rng: np.random.Generator, rows: np.ndarray, top: int) -> np.ndarray:
    """One answer all over."""
    return np.repeat(rng.integers(1, top + 1, len(rows)), rows.shape[1]).reshape(rows.shape)


def half_straight(rng: np.random.Generator, rows: np.ndarray, top: int) -> np.ndarray:
    """One answer in the second half."""
    half = rows.shape[1] // 2
    rows[:, half:] = rng.integers(1, top + 1, (len(rows), 1))
    return rows


def at_random(rng: np.random.Generator, rows: np.ndarray, top: int) -> np.ndarray:
    """Any answer to any question."""
    return rng.integers(1, top + 1, rows.shape)


def about_the_middle(rng: np.random.Generator, rows: np.ndarray, top: int) -> np.ndarray:
    """One of the three answers in the middle."""
    return rng.integers(-1, 2, rows.shape) + (top + 1) // 2


def copied(_rng: np.random.Generator, rows: np.ndarray, _top: int) -> np.ndarray:
    """Each of the first half twice."""
    return np.repeat(rows[: len(rows) // 2], 2, axis=0)


KINDS: dict[str, Callable[[np.random.Generator, np.ndarray, int], np.ndarray]] = {
    "one answer all over": straight,
    "one answer in the second half": half_straight,
    "at random": at_random,
    "about the middle": about_the_middle,
    "copies": copied,
}


def found() -> None:
    """Print shares of careless respondents that are flagged, and of the careful ones beside."""
    print(f"\n{PLANTED} careless among 1,000, 20 items from 1 to 7, correlation .5: share flagged")
    print(f"{'kind':<32}" + "".join(f"{r:>14}" for r in REASONS) + f"{'any':>8}{'careful':>10}")
    for kind, make in KINDS.items():
        rng, total = np.random.default_rng(7), np.zeros(len(REASONS) + 2)
        for seed in range(SURVEYS):
            data = careful(rng, 20, 7, 0.5)
            data.iloc[:PLANTED] = make(rng, data.iloc[:PLANTED].to_numpy().copy(), 7)
            people = screened(data, 7, seed).customers
            bad, good = people.iloc[:PLANTED], people.iloc[PLANTED:]
            shares = [bad["reasons"].str.contains(reason).mean() for reason in REASONS]
            total += [*shares, bad["flagged"].mean(), good["flagged"].mean()]
        *each, of_any, of_careful = total / SURVEYS
        cells = "".join(f"{share:>14.3f}" for share in each)
        print(f"{kind:<32}{cells}{of_any:>8.3f}{of_careful:>10.4f}")


def million() -> None:
    """Time a million respondents and 20 items, of which 3 % are missing."""
    rng = np.random.default_rng(1)
    data = careful(rng, 20, 5, 0.5, 1_000_000)
    data = data.mask(rng.random(data.shape) < 0.03)
    start = time.perf_counter()
    screened(data, 5, 1)
    print(f"\nA million respondents, 20 items: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}\n")
    false_flags()
    found()
    million()
