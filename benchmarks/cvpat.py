"""Size and power of the predictive ability test, on worlds whose losses are known.

Two rivals that predict equally well by symmetry: y depends alike on x and z, and one model has x,
the other z. Then a model of x alone against one of x and z, of which z drives y; and a model of
what drives nothing against the items' averages. Run: python benchmarks/cvpat.py
"""

import time
import warnings
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel import structural

WORLDS = 500
X = structural.StructuralModel.from_text("x =~ x1 + x2; y =~ y1 + y2; y ~ x")
Z = structural.StructuralModel.from_text("z =~ z1 + z2; y =~ y1 + y2; y ~ z")
BOTH = structural.StructuralModel.from_text("x =~ x1 + x2; z =~ z1 + z2; y =~ y1 + y2; y ~ x + z")
NAMES = ["x1", "x2", "z1", "z2", "y1", "y2"]


def world(rng: np.random.Generator, n: int, of_x: float, of_z: float) -> pd.DataFrame:
    """Answers of n people: x and z correlate by 0.3, y depends on both."""
    x, z, e = rng.standard_normal((3, n, 1))
    z = 0.3 * x + np.sqrt(1 - 0.09) * z
    y = of_x * x + of_z * z + e
    answers = np.hstack([x, x, z, z, y, y]) + 0.6 * rng.standard_normal((n, 6))
    return pd.DataFrame(answers, columns=NAMES)


def rates(
    n: int,
    of_x: float,
    of_z: float,
    first: structural.StructuralModel,
    second: structural.StructuralModel | Literal["item_average"],
) -> tuple[float, float]:
    """Shares of worlds in which the first is called better, and the second."""
    rng = np.random.default_rng([n, int(100 * of_z)])
    better = worse = 0
    for _ in range(WORLDS):
        survey = world(rng, n, of_x, of_z)
        result = structural.fit(first, survey)
        rival = second if isinstance(second, str) else structural.fit(second, survey)
        row = structural.cvpat(result, survey, benchmark=rival, rng=rng).estimates.row("overall")
        better += row["ci_high"] < 0
        worse += row["ci_low"] > 0
    return better / WORLDS, worse / WORLDS


def main() -> None:
    """Print a line a design."""
    print(f"{WORLDS} worlds a line, 10 folds, level 0.95; a rate of 5 % has an error of 1 %\n")
    print(f"{'design':<44}{'n':>5}  first better  second better")
    designs = [
        ("equal: y of x against y of z, 0.4 both", 0.4, 0.4, X, Z),
        ("equal: y of x against y of z, 0.2 both", 0.2, 0.2, X, Z),
        ("nothing: y of x against item averages, 0", 0.0, 0.0, X, "item_average"),
        ("planted: x and z against x, z of 0.15", 0.4, 0.15, BOTH, X),
        ("planted: x and z against x, z of 0.3", 0.4, 0.3, BOTH, X),
        ("planted: y of x against item averages, 0.3", 0.3, 0.0, X, "item_average"),
    ]
    for name, of_x, of_z, first, second in designs:
        for n in (100, 250):
            better, worse = rates(n, of_x, of_z, first, second)
            print(f"{name:<44}{n:>5}{better:>13.1%}{worse:>14.1%}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # weights that do not settle where nothing is related
    start = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - start:.0f} s on one core")
