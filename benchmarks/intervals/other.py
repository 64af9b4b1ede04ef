"""Worlds of ratios, explained variance, skewed counts, searches, and cut-offs from the data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from interval_coverage import Found, World
from numpy.typing import NDArray

from loyaltymodel._core.variables import read_variables
from loyaltymodel.attributes import key_drivers
from loyaltymodel.economics import word_of_mouth
from loyaltymodel.expectation_gap import satisfaction_drivers
from loyaltymodel.jones_sasser.curves.families import family_of
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.loyalty_stage import loyalty_types
from loyaltymodel.satisfaction_loyalty import simulate_views, u_shape_test
from loyaltymodel.satisfaction_loyalty.results import ChangeOfLoyalty
from loyaltymodel.satisfaction_loyalty.views.models import change_by_satisfaction, fit_regressions
from loyaltymodel.satisfaction_loyalty.views.survey import gather

Array = NDArray[np.float64]

_AMONG = np.full((4, 4), 0.4) + 0.6 * np.eye(4)
_SLOPES = np.array([0.4, 0.25, 0.1, 0.0])
_EXPLAINED = 0.4


def unequal(rng: np.random.Generator, n: int, weighted: bool) -> Array | None:
    """Weights from 0.5 to 3 that have nothing to do with the answers, or none."""
    return rng.choice([0.5, 1.0, 3.0], size=n) if weighted else None


def ends(row: pd.Series, truth: float) -> tuple[float, float, float]:
    """Return the ends of an interval, and the truth."""
    return float(row["ci_low"]), float(row["ci_high"]), truth


def multiplier(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Let a shortfall cost 0.5, and 0.4 more by full attribution: 1.8 times as much."""
    del weighted
    gap, locus = rng.normal(0, 2, n).round(1), rng.integers(0, 5, n) / 4
    given = {"disconfirmation": gap, "locus_firm": locus}
    short = np.clip(-gap, 0, None)
    y = 7.0 + 0.3 * np.clip(gap, 0, None) - (0.5 + 0.4 * locus) * short + rng.normal(size=n)
    found = satisfaction_drivers(["excess", "shortfall", "attributed_shortfall"], y, **given)
    return {"attribution_multiplier": ends(found.attribution_multiplier(), 1.8)}


def explained(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Four normal drivers explain .4 of the variance; shares by LMG are those of its formula."""
    x = rng.normal(size=(n, 4)) @ np.linalg.cholesky(_AMONG).T
    signal = _SLOPES @ _AMONG @ _SLOPES
    y = x @ _SLOPES + rng.normal(size=n) * np.sqrt(signal * (1 - _EXPLAINED) / _EXPLAINED)
    weights = unequal(rng, n, weighted)
    drivers = {f"d{k}": x[:, k] for k in range(4)}
    found = key_drivers(drivers, y, weights=weights, n_resamples=199, rng=rng).importance
    rows = found.set_index(["measure", "driver"])
    own = {"r_squared_adjusted": ends(rows.loc[("r_squared_adjusted", "")], _EXPLAINED)}
    for k, share in ((0, 0.5030), (3, 0.0756)):
        own[f"lmg_share of driver {k}"] = ends(rows.loc[("lmg_share", f"d{k}")], share)
    return own


def told(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """At one level 4 of 10 tell others, 5 on average; at the other all may, 3 on average."""
    del weighted
    few = (rng.random(n // 2) < 0.4) * (1 + rng.poisson(rng.gamma(0.5, 8, n // 2)))
    many = rng.poisson(rng.gamma(1.0, 3.0, n // 2))
    found = word_of_mouth([1] * (n // 2) + [2] * (n // 2), mentions=[*few, *many]).quantities
    rows = found[found["quantity"] == "mentions"].set_index("lowest")
    return {
        "mentions where 6 of 10 are silent": ends(rows.loc[1], 2.0),
        "mentions, geometric": ends(rows.loc[2], 3.0),
    }


def valley(x: Array) -> Array:
    """Activity that falls by 2 up to 5 and rises by 1 beyond."""
    return np.where(x < 5, 2 * (5 - x), x - 5)


def bowl(x: Array) -> Array:
    """Activity that is a parabola, so that the best turning point depends on the noise."""
    return 0.3 * (x - 6) ** 2


@cache
def at_best_turn(name: str) -> tuple[float, float, float]:
    """Slopes and asymmetry at the best turning point of two million customers."""
    rng = np.random.default_rng(0)
    x = rng.integers(1, 11, 2_000_000).astype(float)
    y = {"valley": valley, "bowl": bowl}[name](x) + 3 * rng.normal(size=len(x))
    left, right, apart = u_shape_test(x, y, n_resamples=99, rng=1).estimates.estimate[:3].tolist()
    return left, right, apart


def u_shape(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Search the turning point; the truth is what is found so among two million."""
    del weighted
    found = {}
    for curve in (valley, bowl):
        x = rng.integers(1, 11, n).astype(float)
        result = u_shape_test(x, curve(x) + 3 * rng.normal(size=n), rng=rng)
        for row, truth in zip(range(3), at_best_turn(curve.__name__), strict=True):
            label = result.quantities.iloc[row]
            found[f"{curve.__name__}: {label['quantity']}"] = ends(label, truth)
    return found


def diamond(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Sort by medians and means of the sample; the truth is the shares among a million."""
    found = {}
    for name, cuts in RULES.items():
        x, y = customers(rng, n, name)
        weights = unequal(rng, n, weighted)
        result, _ = loyalty_types(
            x, y, matrix="knox", cuts=cuts, weights=weights, n_resamples=199, rng=rng
        )
        table = result.estimates
        for kind, truth in true_shares(name).items():
            found[f"{name}: {kind}"] = ends(table.row((kind, "observed")), truth)
    return found


RULES = {
    "median of few counts": {"portfolio": "median", "involvement": 0.0},
    "medians of scores": "median",
    "means of scores": "mean",
}


def customers(rng: np.random.Generator, n: int, name: str) -> tuple[Array, Array]:
    """Return brands and involvement that go together.

    Of the few counts 48.5 % are at most 2, so that the median of a sample is 3 or 2 by chance.
    """
    shared = rng.normal(size=n)
    involvement = 0.5 * shared + np.sqrt(0.75) * rng.normal(size=n)
    if "scores" in name:
        return np.exp(shared), involvement
    return 1.0 + rng.poisson(1.7 * np.exp(0.4 * shared)), involvement


@cache
def true_shares(name: str) -> dict[str, float]:
    """Return the shares of two types among a million customers."""
    x, y = customers(np.random.default_rng(0), 1_000_000, name)
    table = loyalty_types(x, y, matrix="knox", cuts=RULES[name], interval="wilson").result.estimates
    return {kind: table.row((kind, "observed"))["estimate"] for kind in ("loyal", "switcher")}


def change(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Ask how much satisfaction moves loyalty between .5 and .8; the truth is of 300,000."""
    del weighted
    found = {}
    for view in ("weak", "threshold"):
        people = simulate_views(view, n, rng=rng)
        row = compared(people).quantities.iloc[0]
        found[f"change of loyalty, {view}"] = ends(row, true_change(view))
    return found


def compared(people: pd.DataFrame) -> ChangeOfLoyalty:
    """Return the change of loyalty, without the curves, which have no part in it."""
    given = {name: people[name].to_numpy() for name in ("satisfaction", "stayed", "bond")}
    given["loyalty"] = given.pop("stayed")
    settings = CurveSettings(family=family_of("power"), outcome="binary")
    read = read_variables(given, flags=("loyalty",))
    survey = gather(settings, read, contrast=(0.5, 0.8), log_ways=0.0)
    direct = fit_regressions(survey)["direct"]
    return change_by_satisfaction(survey, direct, weak_within=0.1, level=0.95)


@cache
def true_change(view: str) -> float:
    """Return the change among 300,000 customers."""
    people = simulate_views(view, 300_000, rng=np.random.default_rng(0))
    return float(compared(people).quantities["estimate"].iloc[0])


WORLDS = {
    "attribution multiplier": World(multiplier, weighted=(False,)),
    "mentions": World(told, sizes=(40, 200), weighted=(False,)),
    "u shape": World(u_shape, weighted=(False,)),
    "explained variance": World(explained),
    "diamond": World(diamond, sizes=(100, 300), replications=1_000),
    "change of loyalty": World(change, weighted=(False,)),
}
