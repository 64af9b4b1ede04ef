"""Groups of structural models: size and power of the tests, coverage of ranks, time.

Run with ``python benchmarks/groups.py``; about four minutes of one core. The record stands in
``benchmarks/output/groups.txt``.
"""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd

from loyaltymodel import datasets, structural

MODEL = structural.StructuralModel.from_text(
    "x =~ x1 + x2 + x3; y =~ y1 + y2 + y3; z =~ z1 + z2 + z3; y ~ x; z ~ x + y"
)
PATHS = {("x", "y"): 0.5, ("x", "z"): 0.3, ("y", "z"): 0.3}


def group(
    n: int,
    rng: np.random.Generator,
    *,
    noise: float = 0.6,
    spread: float = 1.0,
    tails: bool = False,
    path: float = 0.5,
    tilt: float = 0.0,
) -> pd.DataFrame:
    """Draw answers to nine items of three factors; ``tilt`` changes how items make composites."""
    e = rng.standard_normal((3, n))
    if tails:  # Student's law with 5 degrees of freedom, variance 1
        e = e / np.sqrt(rng.chisquare(5, (1, n)) / 5) * np.sqrt(3 / 5)
    x = e[0]
    y = path * x + np.sqrt(1 - path**2) * e[1]
    rest = 1 - 0.09 - 0.09 - 2 * 0.09 * path
    z = 0.3 * x + 0.3 * y + np.sqrt(rest) * e[2]
    table = {}
    for name, factor in (("x", x), ("y", y), ("z", z)):
        for k in (1, 2, 3):
            loading = 1 - tilt * (k - 1) / 2 if name == "x" else 1.0
            table[f"{name}{k}"] = spread * (loading * factor + noise * rng.standard_normal(n))
    return pd.DataFrame(table)


def both(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Put two groups together."""
    parts = [first.assign(group="a"), second.assign(group="b")]
    return pd.concat(parts, ignore_index=True)


def rejections(make: object, n_surveys: int, seed: int, **options: object) -> pd.Series:
    """Count how often each path is called different at 5 %, without a correction."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_surveys):
        survey = make(rng)  # type: ignore[operator]
        result = structural.fit(MODEL, survey)
        table = structural.compare_groups(
            result, survey, groups="group", parameters=["paths"], correction="none",
            n_resamples=199, rng=rng, **options,
        ).differences  # fmt: skip
        found.append((table.set_index("name")["p_value"] < 0.05).astype(float))
    return pd.DataFrame(found).mean()


def tests_of_paths() -> None:
    """Size with equal paths, power with different ones."""
    print("compare_groups: rejections at 5 % by path, 199 permutations or resamples a survey")
    worlds = {
        "equal, 100 and 100": lambda r: both(group(100, r), group(100, r)),
        "spread 1 and 2, 50 and 200": lambda r: both(
            group(50, r, spread=2.0), group(200, r, spread=1.0)
        ),
        "heavy tails in the smaller, 50 and 200": lambda r: both(
            group(50, r, tails=True), group(200, r)
        ),
        "heavy tails in the larger, 50 and 200": lambda r: both(
            group(50, r), group(200, r, tails=True)
        ),
        "path x -> y 0.5 and 0.2, 150 and 150": lambda r: both(
            group(150, r), group(150, r, path=0.2)
        ),
    }
    for method in ("permutation", "bootstrap"):
        for name, make in worlds.items():
            row = rejections(make, 500, 1, method=method)
            shown = ", ".join(f"{path} {share:.3f}" for path, share in row.items())
            print(f"  {method:12s} {name:40s} {shown}")
    print(f"  Monte Carlo error of a share of .05 among 500: {np.sqrt(0.05 * 0.95 / 500):.4f}")


def invariance() -> None:
    """Size and power of step 2 of MICOM."""
    print("measurement_invariance: rejections of step 2 at 5 %, construct x, 199 permutations")
    worlds = {
        "equal, 100 and 100": lambda r: both(group(100, r), group(100, r)),
        "equal, 60 and 200": lambda r: both(group(60, r), group(200, r)),
        "spread 1 and 2, 60 and 200": lambda r: both(group(60, r, spread=2.0), group(200, r)),
        "loadings of x 1 and (1, .6, .2), 200 and 200": lambda r: both(
            group(200, r), group(200, r, tilt=0.8)
        ),
    }
    for name, make in worlds.items():
        rng = np.random.default_rng(2)
        hits = np.zeros(3)
        for _ in range(400):
            survey = make(rng)
            found = structural.measurement_invariance(
                structural.fit(MODEL, survey), survey, groups="group", n_resamples=199, rng=rng
            )
            hits += found.p_value[0, 0] < 0.05
        shares = dict(zip(("composition", "mean", "variance"), hits / 400, strict=True))
        print(f"  {name:46s} " + ", ".join(f"{k} {v:.3f}" for k, v in shares.items()))
    print(f"  Monte Carlo error of a share of .05 among 400: {np.sqrt(0.05 * 0.95 / 400):.4f}")


def ranks() -> None:
    """How often the ranges hold all true ranks at once; and percentiles of resampled ranks."""
    print("league_table: share of surveys in which all rank ranges hold, 10 groups, level 95 %")
    model = structural.StructuralModel.from_text("s =~ s1 + s2 + s3; l =~ l1 + l2; l ~ s")
    truths = {
        "all tie": np.zeros(10),
        "two blocks that tie": np.repeat([0.0, 1.0], 5),
        "evenly apart": np.linspace(0, 2.0, 10),
    }
    for n in (50, 200):
        for name, truth in truths.items():
            rng = np.random.default_rng(3)
            held = np.zeros(2)
            for _ in range(400):
                s = np.repeat(truth, n) + 1.5 * rng.standard_normal(10 * n)
                noise = rng.standard_normal((10 * n, 5))
                answers = np.column_stack([s, s, s, 0.5 * s, 0.5 * s]) + noise + 5
                survey = pd.DataFrame(answers, columns=["s1", "s2", "s3", "l1", "l2"])
                survey["group"] = np.repeat(np.arange(10), n)
                result = structural.fit(model, survey, scale=(-20, 30))
                found = structural.league_table(
                    result, survey, groups="group", construct="s", n_resamples=999, rng=rng
                )
                of = truth[found.ranks["group"].to_numpy(dtype=int)]
                best = 1 + (of > of[:, None]).sum(axis=1)
                worst = 10 - (of < of[:, None]).sum(axis=1)
                # Where groups tie, every rank between best and worst is a true one.
                held[0] += ((found.rank_first <= best) & (found.rank_last >= worst)).all()
                drawn = found.estimates.replicates
                resampled = 1 + (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2)
                low, high = np.quantile(resampled, [0.025, 0.975], axis=0, method="nearest")
                held[1] += ((low <= best) & (high >= worst)).all()
            share = held / 400
            print(
                f"  {n:4d} a group, {name:22s} simultaneous {share[0]:.3f}, "
                f"percentiles of resampled ranks {share[1]:.3f}"
            )


def seconds(call: object) -> float:
    """Return the shortest processor time of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        call()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)


def speed() -> None:
    """Time of permutations against the bootstrap, and of the barometer's league table."""
    print("time, processor seconds of one core, the shortest of three")
    model = structural.acsi(datasets.mobile_phone_items())
    phones = datasets.load_mobile_phones()
    again = phones.sample(250, replace=True, random_state=1)
    survey = pd.concat([phones.assign(group="a"), again.assign(group="b")], ignore_index=True)
    result = structural.fit(model, survey, scale=(1, 10))

    def compare(method: str, parameters: list[str] | None = None) -> object:
        return structural.compare_groups(
            result, survey, groups="group", parameters=parameters, method=method,
            n_resamples=5000, rng=1,
        )  # fmt: skip

    compare("permutation")
    alone = seconds(lambda: structural.bootstrap(result, survey, n_resamples=5000, rng=1))
    for parameters in (["paths"], None):
        permuted = seconds(lambda p=parameters: compare("permutation", p))
        drawn = seconds(lambda p=parameters: compare("bootstrap", p))
        print(
            f"  5,000 for two groups of 250, {'all' if parameters is None else 'paths'}: "
            f"permutation {permuted:.2f}, bootstrap of both groups {drawn:.2f}, "
            f"ratio {permuted / drawn:.2f}"
        )
    print(f"  bootstrap() of all 500 together, half the estimations: {alone:.2f}")
    book = datasets.barometer_codebook()
    items = [name for names in book.constructs.values() for name in names]
    clean = book.clean(datasets.load_barometer(), items, keep=["company"])
    text = "; ".join(f"{c} =~ {' + '.join(names)}" for c, names in book.constructs.items())
    text += (
        "; quality ~ expectation; value ~ expectation + quality"
        "; satisfaction ~ expectation + quality + value; loyalty ~ satisfaction"
    )
    barometer = structural.StructuralModel.from_text(text)
    fitted = structural.fit(barometer, clean, scale=(1, 10), missing="drop")
    for weights in ("pooled", "own"):
        took = seconds(
            lambda w=weights: structural.league_table(
                fitted, clean, groups="company", outer_weights=w, n_resamples=1000, rng=1
            )
        )
        print(
            f"  league table of the barometer's 24 companies, 1,000 resamples each, {weights} "
            f"weights: {took:.2f}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for study in (speed, tests_of_paths, invariance, ranks):
        start = time.process_time()
        study()
        print(f"  ({time.process_time() - start:.0f} s)", flush=True)
