"""Time a fit on a million customers, and a prediction for ten million, beside plain peers.

Each pair is timed in turn and the medians are compared. ``python benchmarks/curve_speed.py``
takes about two minutes and two gigabytes.
"""

import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from statsmodels.api import Logit

from loyaltymodel import jones_sasser

PEOPLE = 1_000_000
MANY = 10_000_000
INDUSTRIES = 50
TURNS = 7
CURVE = jones_sasser.curve("power", {"hi": 0.9, "k": 3.0})


def turns(own: Callable[[], object], peer: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the median seconds of each, timed in turn after one run of each to warm up."""
    seconds: list[list[float]] = [[], []]
    for turn in range(times + 1):
        for place, task in enumerate((own, peer)):
            start = time.perf_counter()
            task()
            if turn:
                seconds[place].append(time.perf_counter() - start)
    return float(np.median(seconds[0])), float(np.median(seconds[1]))


def customers(levels: int | None) -> pd.DataFrame:
    """Draw a million customers of fifty industries."""
    rng = np.random.default_rng(1)
    s = rng.normal(0.6, 0.25, PEOPLE).clip(0, 1)
    s = s if levels is None else np.rint(s * (levels - 1)) / (levels - 1)
    industry = rng.integers(0, INDUSTRIES, PEOPLE)
    constraint = np.linspace(0.02, 0.8, INDUSTRIES)[industry]
    loyalty = CURVE.loyalty(s, constraint=constraint)
    return pd.DataFrame({"s": s, "g": industry, "y": (rng.random(PEOPLE) < loyalty).astype(int)})


def told(name: str, own: float, peer: float, target: str) -> None:
    """Print a line."""
    print(f"{name:<62}{own:9.3f} s{peer:9.3f} s{own / peer:7.2f} times   target {target}")


def study() -> None:
    """Run the three comparisons."""
    warnings.simplefilter("ignore")
    print(f"{'':<62}{'library':>11}{'peer':>11}{'ratio':>13}")
    data = customers(10)
    answers = data["s"] * 9 + 1
    for name, own in (
        ("10 answers as shares (floats)", data),
        ("10 answers as whole numbers", data.assign(s=answers.round().astype(int))),
    ):
        scale = (0, 1) if "shares" in name else (1, 10)
        seconds = turns(
            lambda own=own, scale=scale: jones_sasser.fit(
                "s", "y", data=own, constraint_by="g", scale=scale
            ),
            lambda own=own: own.groupby(["s", "g"])["y"].agg(["sum", "count"]),
            TURNS,
        )
        told(f"(a) {name}, 50 industries; groupby.agg", *seconds, "3 times + 0.050 s")
    words = data.assign(g=("industry " + data["g"].astype(str)).astype("category"))
    seconds = turns(
        lambda: jones_sasser.fit("s", "y", data=words, constraint_by="g"),
        lambda: words.groupby(["s", "g"], observed=True)["y"].agg(["sum", "count"]),
        TURNS,
    )
    told("(a) the same, industries as a categorical of words", *seconds, "3 times + 0.050 s")
    data = customers(None)
    x = np.column_stack([np.ones(PEOPLE), data["s"]])
    y = data["y"].to_numpy()
    for family in ("power", "logistic", "hinge"):
        seconds = turns(
            lambda family=family: jones_sasser.fit("s", "y", data=data, family=family),
            lambda: Logit(y, x).fit(disp=0),
            3,
        )
        told(f"(b) continuous satisfaction, {family}, one c; Logit", *seconds, "3 times")
    dummies = np.column_stack(
        [x, (data["g"].to_numpy()[:, None] == np.arange(1, INDUSTRIES)).astype(float)]
    )
    seconds = turns(
        lambda: jones_sasser.fit("s", "y", data=data, constraint_by="g"),
        lambda: Logit(y, dummies).fit(disp=0),
        1,
    )
    told("(b) continuous satisfaction, power, 50 industries; Logit", *seconds, "3 times")
    s = np.random.default_rng(1).random(MANY)
    seconds = turns(lambda: CURVE.loyalty(s, constraint=0.3), lambda: np.power(s, 3.0), TURNS)
    told("(c) loyalty of 10,000,000 people; numpy.power", *seconds, "5 times")


if __name__ == "__main__":
    study()
