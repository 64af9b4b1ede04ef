"""Recover known structures: how errors fall with the sample, and what rounding does.

Run it from a development environment: ``python benchmarks/recovery.py``.
"""

import numpy as np
import pandas as pd

from loyaltymodel import datasets, structural
from loyaltymodel.structural import Moments, StructuralModel, Truth

SEED = 1
SURVEYS = 400
SIZES = (250, 1_000, 4_000, 16_000)
# The estimators, and whether their target is the population's own estimate or the truth.
ESTIMATORS = {
    "mode A": {"mode": "A", "consistent": False},
    "mode B": {"mode": "B", "consistent": False},
    "PLSc": {"mode": "A", "consistent": True},
}


def world() -> tuple[dict[str, list[str]], list[tuple[str, str]], Truth]:
    """Take the structure of the barometer, a factor model of five constructs."""
    truth = datasets.barometer_truth()
    items = {name: list(names) for name, names in datasets.barometer_codebook().constructs.items()}
    paths = {(path["source"], path["target"]): path["coefficient"] for path in truth["paths"]}
    return items, list(paths), Truth(paths=paths, loadings=truth["loadings"])


def model_of(
    items: dict[str, list[str]], arrows: list[tuple[str, str]], mode: str
) -> StructuralModel:
    """Specify the model with one mode for all constructs."""
    return StructuralModel(
        constructs=tuple(
            structural.Construct(name=name, items=tuple(names), mode=mode)
            for name, names in items.items()
        ),
        paths=tuple(structural.Path(source=source, target=target) for source, target in arrows),
    )


def errors_by_sample() -> None:
    """Show the root mean squared error of the paths, and that it falls as 1 / sqrt(n)."""
    items, arrows, truth = world()
    rng = np.random.default_rng(SEED)
    print(f"Continuous answers, {SURVEYS} surveys a size: root mean squared error of the paths")
    print("about the target, and in brackets times sqrt(n), which should not change with n.")
    print("Targets: modes A and B what the population's covariance gives, PLSc the truth.\n")
    print("        n" + "".join(f"{name:>20}" for name in ESTIMATORS))
    for n in SIZES:
        cells = []
        for options in ESTIMATORS.values():
            model = model_of(items, arrows, options["mode"])
            whole = structural.population(model, truth)
            target = structural.fit(
                model, whole.moments(n), consistent=options["consistent"]
            ).paths["estimate"]
            if options["consistent"]:
                target = pd.Series([truth.paths[p.source, p.target] for p in model.paths])
            found = [
                structural.fit(
                    model,
                    structural.simulate(model, truth, n, rng),
                    consistent=options["consistent"],
                ).paths["estimate"]
                for _ in range(SURVEYS)
            ]
            error = float(np.sqrt(((np.array(found) - target.to_numpy()) ** 2).mean()))
            cells.append(f"{error:.4f} ({error * np.sqrt(n):.3f})")
        print(f"{n:>9}" + "".join(f"{cell:>20}" for cell in cells))


def bias_of_rounding() -> None:
    """Show what PLSc gives on millions of rounded answers, where chance plays no part."""
    items, arrows, truth = world()
    model = model_of(items, arrows, "A")
    n, parts = 500_000, 4
    print(f"\nAnswers rounded to 1-10, {n * parts:,} people: PLSc path less truth, by the mean of")
    print("the answers (standard deviation 1.8) or, in the last column, on a scale from 1 to 5")
    print("(mean 3.7, standard deviation 0.9).\n")
    designs = {"5.5": (5.5, 1.8, 10), "7": (7.0, 1.8, 10), "8.5": (8.5, 1.8, 10)}
    designs["1-5"] = (3.7, 0.9, 5)
    columns = {}
    for name, (mean, deviation, highest) in designs.items():
        rounded = Truth(
            paths=truth.paths, loadings=truth.loadings, means=mean, deviations=deviation
        )
        rng = np.random.default_rng(SEED)
        moments = Moments.from_chunks(
            structural.simulate(model, rounded, n, rng, answers="scale", scale=(1, highest))
            for _ in range(parts)
        )
        paths = structural.fit(model, moments, consistent=True).paths
        columns[name] = [
            f"{p.estimate - truth.paths[p.source, p.target]:+.3f}"
            for p in paths.itertuples(index=False)
        ]
    table = pd.DataFrame(columns, index=[f"{source} -> {target}" for source, target in arrows])
    print(table.to_string())


def the_barometer() -> None:
    """Show what PLSc finds within the companies of the barometer."""
    items, arrows, truth = world()
    book = datasets.barometer_codebook()
    names = [name for block in items.values() for name in block]
    answers = book.clean(datasets.load_barometer(), names, keep=["company"]).dropna()
    within = answers[names] - answers.groupby("company")[names].transform("mean")
    result = structural.fit(model_of(items, arrows, "A"), within, consistent=True)
    print(f"\nThe barometer, {len(within)} people with every answer, within companies: PLSc\n")
    found = result.paths
    found["truth"] = [truth.paths[p] for p in zip(found["source"], found["target"], strict=True)]
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    errors_by_sample()
    bias_of_rounding()
    the_barometer()
