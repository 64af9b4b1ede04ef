"""Time loyalty from ten million purchases against one group-by on the same columns.

Run it from a development environment: ``python benchmarks/purchases.py`` (three minutes, 4 GB). The
group-by counts purchases, adds amounts and finds the first and last date of each customer and
brand. ``purchase_behaviour`` does that, checks every row, counts repeats and switching, and makes
the table of all customers. The ratios are between things timed in turn in the same run, because
absolute times move with the machine.
"""

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from loyaltymodel.customer_base.measures import purchase_behaviour

PURCHASES = 10_000_000
WINDOW = ("2024-01-01", "2025-01-01")


def seconds(work: Callable[[], object]) -> float:
    """Time one round."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def purchases(n: int, customers: int, brands: int) -> pd.DataFrame:
    """Draw purchases in no order; half of them are of a brand that the customer likes best."""
    rng = np.random.default_rng(20_240_101)
    who = rng.integers(0, customers, n)
    liked = rng.integers(0, brands, customers)[who]
    brand = np.where(rng.random(n) < 0.5, liked, rng.integers(0, brands, n))
    date = np.datetime64(WINDOW[0], "us") + rng.integers(0, 366 * 86_400, n) * 1_000_000
    names = np.array([f"brand {place:02d}" for place in range(brands)], dtype=object)
    return pd.DataFrame(
        {"customer": who, "date": date, "brand": names[brand], "amount": rng.gamma(2.0, 10.0, n)}
    )


def pandas_group_by(table: pd.DataFrame) -> pd.DataFrame:
    """Group as a pandas user would, without sorting the groups."""
    return table.groupby(["customer", "brand"], observed=True, sort=False).agg(
        n=("amount", "size"),
        amount=("amount", "sum"),
        first=("date", "min"),
        last=("date", "max"),
    )


def polars_group_by(table: pl.DataFrame) -> pl.DataFrame:
    """Group as a polars user would; polars uses all cores."""
    return table.group_by("customer", "brand").agg(
        n=pl.len(),
        amount=pl.col("amount").sum(),
        first=pl.col("date").min(),
        last=pl.col("date").max(),
    )


def compare(customers: int, *, days: bool, rounds: int = 3) -> None:
    """Time both for one number of customers."""
    table = purchases(PURCHASES, customers, 20)
    if days:
        table["date"] = table["date"].dt.floor("D").astype("datetime64[s]")
    quick = pl.from_pandas(table)
    arrow = quick.to_arrow()

    def library(data: object) -> Callable[[], object]:
        # Some customers bought several brands at one date.
        return lambda: purchase_behaviour(data=data, window=WINDOW, same_date="skip_pairs")

    works: dict[str, tuple[Callable[[], object], str]] = {
        "pandas group-by": (lambda: pandas_group_by(table), "pandas group-by"),
        "purchase_behaviour, pandas": (library(table), "pandas group-by"),
        "polars group-by": (lambda: polars_group_by(quick), "polars group-by"),
        "purchase_behaviour, polars": (library(quick), "polars group-by"),
        "purchase_behaviour, pyarrow": (library(arrow), "polars group-by"),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):  # in turn, so that all meet the same machine
        for name, (work, _base) in works.items():
            times[name].append(seconds(work))
    kind = "dates without time of day" if days else "dates to the second"
    print(f"\n{PURCHASES:,} purchases, {customers:,} customers, 20 brands, {kind}:")
    for name, (_work, base) in works.items():
        ratios = [one / other for one, other in zip(times[name], times[base], strict=True)]
        print(
            f"  {name:<30} {statistics.median(times[name]):7.2f} s   "
            f"{statistics.median(ratios):5.2f} of the {base}"
        )


if __name__ == "__main__":
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}, "
        f"polars {pl.__version__}, pyarrow {pa.__version__}"
    )
    compare(1_000_000, days=True)
    compare(1_000_000, days=False)
    compare(100_000, days=True)
