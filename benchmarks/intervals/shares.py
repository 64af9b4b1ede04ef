"""Worlds of shares, scores and means of answers, with weights that go with the answers.

Who is asked a third as often as others has three times their weight, and answers otherwise. So
the truth is known: it is that of the population, of which the sample is drawn by the weights.
"""

import numpy as np
import pandas as pd
from interval_coverage import Found, World

from loyaltymodel import attributes, economics

# Two halves of the population; with weights the second is asked a third as often.
ANSWERS = np.arange(1, 6)
HALVES = np.array([[0.05, 0.1, 0.2, 0.3, 0.35], [0.25, 0.25, 0.3, 0.15, 0.05]])
RECOMMENDS = np.array([10, 8, 4])
KINDS = np.array([[0.55, 0.3, 0.15], [0.2, 0.4, 0.4]])
LATER = np.array([[0.65, 0.25, 0.1], [0.3, 0.4, 0.3]])
RARELY = 3.0


def asked(rng: np.random.Generator, n: int, weighted: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """Return which half each belongs to, and the weights."""
    rare = rng.random(n) < (1 / (1 + RARELY) if weighted else 0.5)
    return rare.astype(int), np.where(rare, RARELY, 1.0) if weighted else None


def drawn(
    rng: np.random.Generator, values: np.ndarray, laws: np.ndarray, half: np.ndarray
) -> np.ndarray:
    """Draw the answer of each from the law of the own half."""
    return values[(rng.random((len(half), 1)) > laws[half].cumsum(axis=1)).sum(axis=1)]


def report_of(
    rng: np.random.Generator, n: int, weighted: bool, laws: np.ndarray = HALVES
) -> attributes.results.DirectReport:
    """Return the report of one survey."""
    half, weights = asked(rng, n, weighted)
    answers = drawn(rng, ANSWERS, laws, half)
    return attributes.direct_report(answers, scale=(1, 5), weights=weights)


def score_of(
    rng: np.random.Generator, n: int, weighted: bool, laws: np.ndarray = KINDS
) -> attributes.results.NetPromoter:
    """Return the score of one survey."""
    half, weights = asked(rng, n, weighted)
    return attributes.net_promoter(drawn(rng, RECOMMENDS, laws, half), weights=weights)


def ends(row: pd.Series, truth: float) -> tuple[float, float, float]:
    """Return the ends of a row beside the truth."""
    return float(row["ci_low"]), float(row["ci_high"]), truth


def answers(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Mean and shares of answers on five points."""
    report, law = report_of(rng, n, weighted), HALVES.mean(axis=0)
    rows = report.quantities.set_index("quantity")
    each = report.distribution.set_index("answer")
    return {
        "mean": ends(rows.loc["mean"], law @ ANSWERS),
        "top box": ends(rows.loc["top_1_box"], law[-1]),
        "bottom box": ends(rows.loc["bottom_1_box"], law[0]),
        "share of the middle answer": ends(each.loc[3], law[2]),
    }


def score(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Make the net promoter score."""
    found, law = score_of(rng, n, weighted), KINDS.mean(axis=0)
    return {"net promoter score": (found.ci_low, found.ci_high, 100 * (law[0] - law[2]))}


def two_waves(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Differences of two surveys of other respondents."""
    apart = score_of(rng, n, weighted, LATER).difference(score_of(rng, n, weighted))
    law = (LATER - KINDS).mean(axis=0)
    worse = report_of(rng, n, weighted, HALVES[:, ::-1])
    rows = worse.difference(report_of(rng, n, weighted)).set_index("quantity")
    turned = (HALVES[:, ::-1] - HALVES).mean(axis=0)
    return {
        "difference of scores": ends(apart, 100 * (law[0] - law[2])),
        "difference of means": ends(rows.loc["mean"], turned @ ANSWERS),
        "difference of top boxes": ends(rows.loc["top_1_box"], turned[-1]),
    }


def gaps(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Compare what was expected with what was received."""
    half, weights = asked(rng, n, weighted)
    received = drawn(rng, ANSWERS, HALVES, half)
    expected = drawn(rng, ANSWERS, HALVES[[0, 0]], half)
    table = attributes.derived_dissatisfaction({"seat": (expected, received)}, weights=weights)
    rows = table.set_index("quantity")
    law = np.outer(HALVES[0], HALVES.mean(axis=0))  # expected by received
    short = np.tril(law, -1).sum()
    return {
        "dissatisfaction": ends(
            rows.loc["dissatisfaction"], (HALVES[0] - HALVES.mean(axis=0)) @ ANSWERS
        ),
        "share who fall short": ends(rows.loc["share_short"], short),
    }


def benefits(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Means of two groups, their difference and ratio, and the effect of a programme."""
    half, weights = asked(rng, n, weighted)
    satisfied = rng.integers(0, 2, n)
    years = 8 + satisfied - half + rng.standard_normal(n)
    found = attributes.satisfaction_benefits(
        satisfied, {"tenure": years}, cuts=1, weights=weights
    ).comparisons.set_index("quantity")
    effect = economics.programme_effect(satisfied, years, weights=weights).effects.iloc[0]
    return {
        "mean of a group": ends(found.loc["others"], 7.5),
        "difference of groups": ends(found.loc["difference"], 1.0),
        "ratio of groups": ends(found.loc["ratio"], 8.5 / 7.5),
        "effect of a programme": ends(effect, 1.0),
    }


HOW = "with weights half of the population is asked a third as often and answers otherwise"
WORLDS = {
    "answers on five points": World(answers, (40, 200), note=HOW),
    "net promoter score": World(score, (40, 200), note=HOW),
    "two waves": World(two_waves, (60, 240), replications=1_000, note=HOW),
    "expected and received": World(gaps, (40, 200), replications=1_000, note=HOW),
    "highly satisfied and others": World(benefits, (60, 240), replications=1_000, note=HOW),
}
