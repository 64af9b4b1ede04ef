"""Time cohorts and rates of ten million rows against one group-by on the same columns.

Run it from a development environment: ``python benchmarks/retention.py`` (two minutes, 3 GB). The
group-by adds amounts by customer and period. ``cohort_table`` does that, checks every row, finds
the cohort of each customer, and counts and adds by cohort and age; ``retention_rates`` also follows
each customer from period to period. The ratios are between things timed in turn in the same run,
because absolute times move with the machine.
"""

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from loyaltymodel import economics

ROWS = 10_000_000
PERIODS = 24


def seconds(work: Callable[[], object]) -> float:
    """Time one round."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rows(customers: int) -> pd.DataFrame:
    """Draw rows in no order, with dates of two years."""
    rng = np.random.default_rng(20_240_101)
    date = np.datetime64("2024-01-01", "s") + rng.integers(0, 730 * 86_400, ROWS)
    return pd.DataFrame(
        {
            "customer": rng.integers(0, customers, ROWS),
            "period": rng.integers(1, PERIODS + 1, ROWS),
            "date": date,
            "amount": rng.gamma(2.0, 10.0, ROWS),
        }
    )


def group_by(table: pd.DataFrame) -> object:
    """Group as a pandas user would, without sorting the groups."""
    return table.groupby(["customer", "period"], sort=False)["amount"].sum()


def group_by_month(table: pd.DataFrame) -> object:
    """Group the same by months of dates."""
    month = table["date"].to_numpy().astype("datetime64[M]").astype(np.int64)
    return table["amount"].groupby([table["customer"], month], sort=False).sum()


def compare(customers: int, *, rounds: int = 2) -> None:
    """Time all for one number of customers."""
    table = rows(customers)
    given = {"amount": "amount", "data": table}
    works: dict[str, tuple[Callable[[], object], str]] = {
        "group-by, periods": (lambda: group_by(table), "group-by, periods"),
        "cohort_table, periods": (
            lambda: economics.cohort_table("customer", "period", empty="keep", **given),
            "group-by, periods",
        ),
        "retention_rates, periods": (
            lambda: economics.retention_rates("customer", "period", **given),
            "group-by, periods",
        ),
        "tenures, periods": (
            lambda: economics.tenures("customer", "period", rows_end="lost", data=table),
            "group-by, periods",
        ),
        "group-by, months of dates": (lambda: group_by_month(table), "group-by, months of dates"),
        "cohort_table, months of dates": (
            lambda: economics.cohort_table("customer", "date", per="month", empty="keep", **given),
            "group-by, months of dates",
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):  # in turn, so that all meet the same machine
        for name, (work, _base) in works.items():
            times[name].append(seconds(work))
    print(f"\n{ROWS:,} rows, {customers:,} customers, {PERIODS} periods:")
    for name, (_work, base) in works.items():
        ratios = [one / other for one, other in zip(times[name], times[base], strict=True)]
        print(
            f"  {name:<32} {statistics.median(times[name]):7.2f} s   "
            f"{statistics.median(ratios):5.2f} of the {base}"
        )


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}")
    compare(1_000_000)
    compare(100_000)
