"""Fit simulated customers of known curves: bias, errors, coverage of intervals, size of tests.

Satisfaction has ten answers (fifty, where it is measured with error), three industries differ in
their constraint, and loyalty is drawn from the curve at the answer that was given.
``python benchmarks/curve_coverage.py [SURVEYS [PART ...]]`` (1,000 surveys and all parts by
default: inside, edges, hinge, errors, tests) takes about an hour.
"""

import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from loyaltymodel import jones_sasser
from loyaltymodel.errors import LoyaltyModelError

PEOPLE = 3_000
LEVEL = 0.95
NEAR = 0.1
SEED = 20_261_121
HELD = {"a": 0.6, "b": 0.35, "c": 0.15}
CURVES = {
    "power": {"hi": 0.9, "k": 3.0},
    "logistic": {"hi": 0.9, "a": 10.0, "s0": 0.6},
    "hinge": {"hi": 0.9, "share": 0.2, "tau": 0.61},
    "cubic": {"hi": 0.9, "d0": 0.5, "d1": 1.6},
    "hazard": {"a": 2.0, "b": 5.0},
}
OUTCOMES = ("binary", "count", "score", "beta", "ordinal")
TRIALS = 5
PRECISION = 8.0
THRESHOLDS = (-1.5, 0.0, 1.5)
OWN = {"log_precision": np.log(PRECISION), "log_step[2 to 3]": np.log(1.5)}
OWN["log_step[3 to 4]"] = OWN["log_step[2 to 3]"]

Row = tuple[float, float, float, float, float]


def world(
    rng: np.random.Generator,
    truth: jones_sasser.LoyaltyCurve,
    held: dict[str, float],
    outcome: str,
    *,
    people: int = PEOPLE,
    levels: int = 10,
    reliability: float = 1.0,
    centre: float = 0.6,
    spread: float = 0.25,
) -> pd.DataFrame:
    """Draw customers: satisfaction (true, then observed), industry, and their loyalty."""
    score = centre + spread * rng.standard_normal(people)
    noise = spread * np.sqrt(1 / reliability - 1) * rng.standard_normal(people)
    seen = np.rint((score + noise).clip(0, 1) * (levels - 1)) / (levels - 1)
    true = seen if reliability == 1 else score.clip(0, 1)
    code = np.arange(people) % len(held)
    loyalty = truth.loyalty(true, constraint=np.array(list(held.values()))[code])
    loyalty = loyalty.clip(1e-9, 1 - 1e-9)  # where a logit and a beta law exist
    answers = {
        "binary": lambda: (rng.random(people) < loyalty).astype(int),
        "count": lambda: rng.binomial(TRIALS, loyalty),
        "ordinal": lambda: (
            1
            + (
                np.log(loyalty / (1 - loyalty))[:, None] + rng.logistic(size=people)[:, None]
                > np.array(THRESHOLDS)
            ).sum(axis=1)
        ),
    }

    def score() -> np.ndarray:
        return rng.beta(loyalty * PRECISION, (1 - loyalty) * PRECISION).clip(1e-12, 1 - 1e-12)

    return pd.DataFrame(
        {
            "satisfaction": seen,
            "industry": np.array(list(held))[code],
            "loyalty": answers.get(outcome, score)(),
        }
    )


def options_of(outcome: str) -> dict:
    """Return what fit must know of an outcome."""
    return {"count": {"trials": TRIALS}, "ordinal": {"cuts": 3}}.get(outcome, {})


def interval_rows(table: pd.DataFrame, truth: dict[str, float], kind: str) -> dict[str, Row]:
    """Return (estimate, error, low, high, truth) by the name of parameter and interval."""
    return {
        f"{row.parameter} {kind}": (
            row.estimate,
            row.std_error,
            row.ci_low,
            row.ci_high,
            truth[row.parameter],
        )
        for row in table.itertuples()
        if row.state != "fixed"
    }


def one_survey(
    seed: int,
    *,
    family: str,
    outcome: str,
    curve: dict[str, float] | None = None,
    held: dict[str, float] | None = None,
    methods: tuple[str, ...] = ("wald",),
    answers: bool = False,
    bootstrap: int = 0,
    weighted: bool = False,
    people: int = PEOPLE,
    levels: int = 10,
    reliability: float = 1.0,
    corrected: bool = True,
    sandwich: bool = False,
    centre: float = 0.6,
    spread: float = 0.25,
) -> dict[str, Row]:
    """Draw a survey, fit it, and return estimates, errors and intervals with their truth."""
    rng = np.random.default_rng([SEED, seed])
    values = CURVES[family] if curve is None else curve
    strength = HELD if held is None else held
    truth = jones_sasser.curve(family, values)
    data = world(
        rng,
        truth,
        strength,
        outcome,
        people=people,
        levels=levels,
        reliability=reliability,
        centre=centre,
        spread=spread,
    )
    options = options_of(outcome)
    if weighted:
        options["weights"] = rng.uniform(0.3, 1.7, people)
    if reliability < 1 and corrected:
        options |= {"reliability": reliability, "true_scores": "normal"}  # as they are drawn
    if bootstrap:
        options |= {"std_errors": "bootstrap", "n_resamples": bootstrap, "rng": seed}
    if sandwich:
        options["std_errors"] = "robust"
    target = truth.parameters | {f"c[{name}]": c for name, c in strength.items()} | OWN
    found: dict[str, Row] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = jones_sasser.fit(
                "satisfaction",
                "loyalty",
                data=data,
                constraint_by="industry",
                family=family,
                outcome=outcome,
                **options,
            )
        except LoyaltyModelError:
            return {"failed": (1.0, 0.0, 0.0, 0.0, 1.0)}
        for method in methods:
            found |= interval_rows(result.intervals(interval=method), target, method)
        # The table of constraints takes other intervals near 0.
        found |= {
            f"c[{row.group}] constraints": (
                row.estimate,
                row.std_error,
                row.ci_low,
                row.ci_high,
                strength[row.group],
            )
            for row in result.constraints.itertuples()
            if strength[row.group] < NEAR
        }
        if answers:
            found |= answer_rows(result, truth, strength, data)
    return found


def answer_rows(
    result: jones_sasser.results.LoyaltyCurveResult,
    truth: jones_sasser.LoyaltyCurve,
    held: dict[str, float],
    data: pd.DataFrame,
) -> dict[str, Row]:
    """Return what the curve answers, with the truth."""
    c = held["a"]
    asked = {
        "loyalty at 0.5": ("loyalty", 0.5, None, truth.loyalty(0.5, constraint=c)),
        "true loyalty at 0.8": ("true_loyalty", 0.8, None, truth.true_loyalty(0.8)),
        "slope at 0.9": ("slope", 0.9, None, truth.slope(0.9, constraint=c)),
        "gain 0.75 to 1": ("loyalty", 0.75, 1.0, truth.gain(0.75, 1.0, constraint=c)),
        "needed for 0.8": (
            "satisfaction_needed",
            0.8,
            None,
            truth.satisfaction_needed(0.8, constraint=c),
        ),
    }
    found = {}
    for name, (kind, at, step_to, right) in asked.items():
        row = result.interval_of(kind, at, step_to=step_to, group="a").iloc[0]
        found[name] = (row["estimate"], row["std_error"], row["ci_low"], row["ci_high"], right)
    freed, _ = jones_sasser.remove_constraint(
        result, "satisfaction", data=data, constraint_by="industry"
    )
    before = data["industry"].map(held).to_numpy() * (
        1 - truth.true_loyalty(data["satisfaction"].to_numpy())
    )
    total = freed.total.iloc[0]
    found["loss by deregulation"] = (
        total["estimate"],
        total["std_error"],
        total["ci_low"],
        total["ci_high"],
        before.mean(),
    )
    return found


def repeat(
    task: Callable[[int], dict[str, Row]], surveys: int, pool: ProcessPoolExecutor
) -> dict[str, np.ndarray]:
    """Run a task for every seed; return an array (surveys, 5) by name."""
    drawn = list(pool.map(task, range(surveys), chunksize=10))
    names = list(dict.fromkeys(name for survey in drawn for name in survey))
    nothing = (np.nan,) * 5
    return {name: np.array([survey.get(name, nothing) for survey in drawn]) for name in names}


def report(title: str, found: dict[str, np.ndarray]) -> dict[str, float]:
    """Print a table: truth, mean estimate, its scatter and mean error, coverage.

    Return the share of all surveys whose interval holds the truth, by name.
    """
    shares = {}
    print(f"== {title}")
    head = ("truth", "mean", "median", "scatter", "error", "covered", "of all", "none")
    print(f"  {'':<28}" + "".join(f"{word:>9}" for word in head))
    for name, surveys in found.items():
        if name == "failed":
            print(f"  refused {np.nansum(surveys[:, 0]):.0f} of {len(surveys)}")
            continue
        rows = surveys[~np.isnan(surveys[:, 0])]
        estimate, error, low, high, truth = rows.T
        held = (low <= truth + 1e-9) & (truth - 1e-9 <= high)
        made = ~np.isnan(low) & ~np.isnan(high)
        covered = held[made].mean() if made.any() else np.nan
        numbers = (
            truth.mean(),
            estimate.mean(),
            np.median(estimate),
            estimate.std(ddof=1),
            np.nanmean(error) if np.isfinite(error).any() else np.nan,
            covered,
            held.mean(),
            1 - made.mean(),
        )
        print(f"  {name:<28}" + "".join(f"{number:9.3f}" for number in numbers))
        shares[name] = float(held.mean())
    print(flush=True)
    return shares


def main_study(surveys: int, pool: ProcessPoolExecutor) -> None:
    """Every family and outcome, all parameters inside their range."""
    found = {}
    for family in CURVES:
        for outcome in OUTCOMES:
            task = partial(one_survey, family=family, outcome=outcome, answers=outcome == "binary")
            shares = report(f"{family}, {outcome}", repeat(task, surveys, pool))
            found |= {(family, outcome, name): share for name, share in shares.items()}
    wald = {key: share for key, share in found.items() if key[2].endswith(" wald")}
    near = [share for share in wald.values() if 0.93 <= share <= 0.97]
    print(
        f"Of all surveys, those without an interval among them, {len(near)} of {len(wald)} Wald "
        "intervals hold\nthe truth of a parameter in 93 to 97 %. The others:"
    )
    for (family, outcome, name), share in wald.items():
        if not 0.93 <= share <= 0.97:
            print(f"  {family}, {outcome}: {name.removesuffix(' wald')} {share:.3f}")
    print(flush=True)


def edge_study(surveys: int, pool: ProcessPoolExecutor) -> None:
    """Estimates near bounds: a free industry, one hardly held, a top of 1."""
    held = {"a": 0.5, "b": 0.05, "c": 0.0}
    for outcome in ("binary", "ordinal", "score", "weighted binary"):
        weighted = outcome.startswith("weighted")
        plain = outcome not in ("score", "weighted binary")
        task = partial(
            one_survey,
            family="power",
            outcome=outcome.removeprefix("weighted "),
            weighted=weighted,
            held=held,
            curve={"hi": 0.98, "k": 3.0},
            methods=("wald", "profile") if plain else ("wald",),
            answers=True,
        )
        report(f"edges: power, {outcome}", repeat(task, surveys, pool))


def hinge_study(surveys: int, pool: ProcessPoolExecutor) -> None:
    """Several intervals of a threshold, on few answers and on many."""
    for people in (2_000, 5_000):
        task = partial(
            one_survey,
            family="hinge",
            outcome="binary",
            methods=("wald", "profile", "percentile"),
            bootstrap=199,
            people=people,
        )
        title = f"hinge, bootstrap errors, {people} people"
        report(title, repeat(task, max(surveys // 4, 2), pool))
        task = partial(one_survey, family="hinge", outcome="binary", people=people, levels=101)
        report(f"hinge, 101 answers, {people} people", repeat(task, max(surveys // 2, 2), pool))


def error_study(surveys: int, pool: ProcessPoolExecutor) -> None:
    """Satisfaction of reliability 0.8, without and with the correction."""
    surveys = max(surveys // 2, 2)
    for hi in (1.0, 0.9):
        for outcome in ("binary", "ordinal", "score", "count"):
            likely = outcome in ("binary", "ordinal")
            for corrected in (False, True):
                task = partial(
                    one_survey,
                    family="power",
                    outcome=outcome,
                    curve={"hi": hi, "k": 4.0},
                    levels=50,
                    reliability=0.8,
                    corrected=corrected,
                    answers=corrected,
                    methods=("wald", "profile") if likely else ("wald",),
                )
                word = "with" if corrected else "without"
                report(
                    f"reliability 0.8, hi = {hi:g}, {outcome}, {word} correction",
                    repeat(task, surveys, pool),
                )


def one_test(seed: int, *, which: str, groups: int) -> dict[str, Row]:
    """Draw a survey in which a hypothesis is true, and test it."""
    rng = np.random.default_rng([SEED, seed, groups])
    truths = {"no constraint": ("power", {"hi": 0.9, "k": 3.0})}
    straight = ("hinge", {"hi": 0.9, "share": 0.5, "tau": 0.5})
    truth = jones_sasser.curve(*truths.get(which, straight))
    free = dict.fromkeys("abcdefgh"[:groups], 0.0)
    held = free if which == "no constraint" else dict(zip(free, HELD.values(), strict=False))
    data = world(rng, truth, held, "binary")
    family = "hinge" if which == "no threshold" else "power"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = jones_sasser.fit(
            "satisfaction", "loyalty", data=data, constraint_by="industry", family=family
        )
        found = jones_sasser.hypothesis_test(result, which, n_resamples=199, rng=rng)
    return {"p": (found.p_value, 0.0, 0.0, 0.0, 0.0)}


def size_study(surveys: int, pool: ProcessPoolExecutor) -> None:
    """How often tests reject what is true."""
    surveys = max(surveys // 2, 2)
    print("== size of tests at 1, 5 and 10 %, 199 surveys drawn where a test draws")
    for which, groups in (
        ("no constraint", 1),
        ("no constraint", 3),
        ("no constraint", 8),
        ("linear", 1),
        ("linear", 3),
        ("lack of fit", 3),
        ("no threshold", 3),
    ):
        task = partial(one_test, which=which, groups=groups)
        p = repeat(task, surveys, pool)["p"][:, 0]
        shares = "".join(f"{(p <= size).mean():9.3f}" for size in (0.01, 0.05, 0.1))
        print(f"  {which + ', ' + str(groups) + ' groups':<28}{shares}", flush=True)
    print()


STUDIES = {
    "inside": main_study,
    "edges": edge_study,
    "hinge": hinge_study,
    "errors": error_study,
    "tests": size_study,
}


def study(surveys: int, parts: list[str]) -> None:
    """Run the parts of the study."""
    print(
        f"{surveys} surveys of {PEOPLE} people where nothing else is said, level {LEVEL:g}; halves "
        "and quarters of that for the slower studies."
    )
    print(
        f"Chance alone moves a coverage by {1.96 * np.sqrt(0.95 * 0.05 / surveys):.3f}. Columns: "
        "truth, mean and median estimate, their\nscatter, mean standard error, coverage of the "
        "intervals that were made, of all surveys, and\nthe share without an interval.\n"
    )
    with ProcessPoolExecutor(2) as pool:
        for part in parts:
            STUDIES[part](surveys, pool)


if __name__ == "__main__":
    study(int(sys.argv[1]) if sys.argv[1:] else 1_000, sys.argv[2:] or list(STUDIES))
