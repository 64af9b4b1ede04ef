"""Time delivered value of a million judgements against the bare NumPy expression.

Run it from a development environment: ``python benchmarks/delivered_value.py``. The ratios are
between things timed in turn in the same run, because absolute times move with the machine.
"""

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from loyaltymodel import evidence
from loyaltymodel.delivered_value import (
    compare_offers,
    delivered_value,
    heterogeneity,
    value_account,
)

MILLION = 1_000_000
NAMES = evidence.catalogue("components_delivered_value")["id"].to_list()
WEIGHTS = np.array([0.4, 0.3, 0.2, 0.1, 0.5, 0.2, 0.2, 0.1])


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(works: dict[str, Callable[[], object]], rounds: int = 11) -> dict[str, list[float]]:
    """Time all works in turn, after one call each that does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return times


def show(times: dict[str, list[float]]) -> None:
    """Print medians, and the median ratio to the first."""
    base = next(iter(times.values()))
    for name, found in times.items():
        ratio = statistics.median(s / b for s, b in zip(found, base, strict=True))
        print(f"  {name:<44} {statistics.median(found) * 1e3:8.1f} ms   {ratio:5.2f}")


def one_value_each() -> None:
    """Time a million judgements of eight components."""
    rng = np.random.default_rng(1)
    columns = [rng.integers(1, 8, MILLION).astype(np.float64) for _ in NAMES]
    table = pd.concat(
        [pd.Series(column, name=name) for name, column in zip(NAMES, columns, strict=True)],
        axis=1,
    )
    weights = dict(zip(NAMES, WEIGHTS.tolist(), strict=True))
    arrays = dict(zip(NAMES, columns, strict=True))

    def bare() -> np.ndarray:
        value = sum(w * c for w, c in zip(WEIGHTS[:4], columns[:4], strict=True))
        cost = sum(w * c for w, c in zip(WEIGHTS[4:], columns[4:], strict=True))
        return value - cost

    found = delivered_value(table, unit="points", weights=weights)
    np.testing.assert_allclose(found, bare(), atol=1e-12)
    print("Columns, 1,000,000 x 8, and ratio to sum(w * v) - sum(w * c) in NumPy:")
    show(
        in_turn(
            {
                "bare NumPy expression, checks nothing": bare,
                "table": lambda: delivered_value(table, unit="points", weights=weights),
                "table, answers checked and moved to 0-100": lambda: delivered_value(
                    table, unit="points", weights=weights, scale=(1, 7)
                ),
                "table, ratio": lambda: delivered_value(
                    table, unit="points", weights=weights, form="ratio"
                ),
                "mapping of arrays": lambda: delivered_value(
                    arrays, unit="points", weights=weights
                ),
            }
        )
    )
    square = np.column_stack(columns)
    rows = pd.DataFrame(square, columns=NAMES)
    signed = np.concatenate([WEIGHTS[:4], -WEIGHTS[4:]])
    print("\nOne array behind the table, and ratio to array @ signed_weights:")
    show(
        in_turn(
            {
                "one product in NumPy, checks nothing": lambda: square @ signed,
                "table": lambda: delivered_value(rows, unit="points", weights=weights),
            }
        )
    )


def offers() -> None:
    """Time comparisons of four offers judged by 250,000 customers each."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.integers(1, 8, (MILLION, 8)).astype(np.float64), columns=NAMES)
    table["brand"] = np.tile(["A", "B", "C", "D"], MILLION // 4)
    table["who"] = np.repeat(np.arange(MILLION // 4), 4)
    table["worth"] = delivered_value(table, unit="points")
    account = value_account(table, offer="brand", unit="points")
    works: dict[str, Callable[[], object]] = {
        "value_account by brand": lambda: value_account(table, offer="brand", unit="points"),
        "compare_offers": lambda: compare_offers("worth", "brand", customer="who", data=table),
        "heterogeneity by brand": lambda: heterogeneity("worth", "brand", data=table),
        "probability_of_best, 1,000,000 draws": lambda: account.probability_of_best(
            concentration=8, n_resamples=MILLION, rng=1
        ),
    }
    print("\nFour offers, 250,000 customers, 1,000,000 rows, seconds:")
    for name, found in in_turn(works, rounds=3).items():
        print(f"  {name:<44} {statistics.median(found):8.2f} s")


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}\n")
    one_value_each()
    offers()
