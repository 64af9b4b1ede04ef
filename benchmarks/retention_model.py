"""Time a model of retention on a million customers, counting them included.

``python benchmarks/retention_model.py`` takes about half a minute.
"""

import time

import numpy as np
import pandas as pd
from scipy.special import expit

from loyaltymodel.economics import fit_retention

PEOPLE = 1_000_000
TURNS = 3
SEED = 20_261_130


def customers(rng: np.random.Generator) -> pd.DataFrame:
    """Draw customers with two drivers, of ten and of two values, watched for up to 12 renewals."""
    x, z = rng.integers(1, 11, PEOPLE), rng.integers(0, 2, PEOPLE)
    mu = expit(-1 - 0.2 * (x - 6) + 0.3 * z)
    left = rng.geometric(rng.beta(2 * mu, 2 * (1 - mu)).clip(1e-12))
    until = rng.integers(1, 13, PEOPLE)
    entry = rng.integers(0, 3, PEOPLE).clip(max=np.minimum(left, until) - 1)
    columns = {"tenure": np.minimum(left, until), "lost": left <= until, "entry": entry}
    return pd.DataFrame(columns | {"x": x, "z": z})


def main() -> None:
    """Print the median seconds of each model."""
    data = customers(np.random.default_rng(SEED))
    print(f"{PEOPLE:,} customers, median of {TURNS} turns, seconds\n")
    for model in ("beta_geometric", "beta_discrete_weibull"):
        for drivers in (None, ["x", "z"]):
            for interval in ("wald", "profile"):
                seconds = []
                for _ in range(TURNS):
                    start = time.perf_counter()
                    fit = fit_retention(
                        "tenure", "lost", entry="entry", drivers=drivers, data=data, model=model,
                        interval=interval,
                    )  # fmt: skip
                    seconds.append(time.perf_counter() - start)
                which = "two drivers" if drivers else "no drivers"
                cells = len(fit.cells.tenure)
                print(
                    f"{model:<24}{which:<14}{interval:<10}{cells:>5} cells{np.median(seconds):8.2f}"
                )


if __name__ == "__main__":
    main()
