"""Hold planned powers and errors against surveys that are analysed one by one.

First the power of a path: what ``simulate_power`` says against the share of surveys in which a
full bootstrap (percentile interval, and Wald with the bootstrap's error) finds the path. Then the
same where there is nothing to find. At the end the expected errors of a curve against the spread of
fits. ``python benchmarks/planning.py`` (two minutes).
"""

import warnings

import numpy as np

from loyaltymodel import jones_sasser, planning, structural
from loyaltymodel.structural import StructuralModel, Truth

SEED = 20_261_201
SURVEYS, RESAMPLES, DRAWN = 300, 199, 10_000
FITS = 200
MODEL = StructuralModel.from_text(
    "q =~ q1 + q2 + q3; v =~ v1 + v2; s =~ s1 + s2 + s3; v ~ q; s ~ q + v"
)
PAIR = StructuralModel.from_text("v =~ v1; s =~ s1; s ~ v")


def worlds(path: float) -> dict[str, tuple[StructuralModel, Truth]]:
    """Return a model of one item a construct and one of several."""
    paths = {("q", "v"): 0.5, ("q", "s"): 0.4, ("v", "s"): path}
    several = Truth(paths=paths, loadings=dict.fromkeys(MODEL.items, 0.8))
    single = Truth(paths={("v", "s"): path}, loadings={"v1": 1.0, "s1": 1.0})
    return {"single items": (PAIR, single), "several items": (MODEL, several)}


def bootstrapped(
    model: StructuralModel, truth: Truth, n: int, rng: np.random.Generator, *, consistent: bool
) -> np.ndarray:
    """Return shares of surveys that find the path: by percentiles, and by the error."""
    found = np.zeros(2)
    for _ in range(SURVEYS):
        survey = structural.simulate(model, truth, n, rng)
        result = structural.fit(model, survey, consistent=consistent)
        table = structural.bootstrap(result, survey, n_resamples=RESAMPLES, rng=rng).paths
        row = table[(table["source"] == "v") & (table["target"] == "s")].iloc[0]
        apart = row["ci_low"] > 0 or row["ci_high"] < 0
        found += [apart, abs(row["estimate"]) > 1.96 * row["std_error"]]
    return found / SURVEYS


def of_paths() -> None:
    """Print powers that were planned, and those of full bootstraps."""
    print(f"Power of the path v -> s: planned ({DRAWN} surveys), {SURVEYS} with a bootstrap")
    print(f"of {RESAMPLES} resamples each (Monte Carlo error up to {0.5 / SURVEYS**0.5:.3f})")
    heads = ("path", "n", "planned", "percentile", "wald")
    print(f"{'model':16}{'method':8}" + "".join(f"{head:>12}" for head in heads))
    rng = np.random.default_rng(SEED)
    for path, n in ((0.25, 120), (0.25, 60), (0.0, 120)):
        for name, (model, truth) in worlds(path).items():
            for consistent in (False, True) if name == "several items" else (False,):
                planned = planning.simulate_power(
                    model, truth, n_obs=n, path=("v", "s"), consistent=consistent,
                    n_surveys=DRAWN, rng=SEED,
                )  # fmt: skip
                shares = bootstrapped(model, truth, n, rng, consistent=consistent)
                method = "PLSc" if consistent else "PLS"
                numbers = "".join(f"{v:12.3f}" for v in (planned.power[0], *shares))
                print(f"{name:16}{method:8}{path:12.2f}{n:12}{numbers}", flush=True)


def of_curves() -> None:
    """Print expected errors of a curve, and the spread of fits and of their own errors."""
    held = {"cars": 0.1, "telephone": 0.5}
    curve = jones_sasser.curve("power", {"hi": 0.9, "k": 3.0})
    print(f"\nErrors of a curve, hi = 0.9, k = 3: expected; spread and mean error of {FITS} fits")
    print(f"{'n a group':12}{'parameter':16}{'expected':>10}{'spread':>10}{'own':>10}")
    for n in (300, 1000, 4000):
        expected = planning.curve_precision(curve, n_obs=n, constraints=held).parameters
        rows = []
        for seed in range(FITS):
            people = jones_sasser.simulate(
                2 * n, model=curve, constraints=held, levels=10, rng=SEED + seed
            )
            fit = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
            table = fit.parameters.set_index("parameter")
            rows.append(table.loc[expected["parameter"], ["estimate", "std_error"]].to_numpy())
        drawn = np.array(rows, dtype=float)
        for k, (name, error) in enumerate(
            zip(expected["parameter"], expected["std_error"], strict=True)
        ):
            spread, own = drawn[:, k, 0].std(ddof=1), np.nanmean(drawn[:, k, 1])
            print(f"{n:<12}{name:16}{error:10.4f}{spread:10.4f}{own:10.4f}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    of_paths()
    of_curves()
