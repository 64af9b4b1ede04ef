"""Worlds of ratios, explained variance, skewed counts, searches, and cut-offs from the data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from interval_coverage import Found, World
from numpy.typing import NDArray

from loyaltymodel.attributes import key_drivers
from loyaltymodel.expectation_gap import linear_satisfaction, satisfaction_drivers
from loyaltymodel.jones_sasser import u_shape_test, word_of_mouth

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
    truth = {"constant": 7.0, "excess": 0.3, "shortfall": -0.5, "attributed_shortfall": -0.4}
    given = {"disconfirmation": gap, "locus_firm": locus}
    y = linear_satisfaction(truth, **given) + rng.normal(size=n)
    found = satisfaction_drivers(list(truth)[1:], y, **given)
    return {"attribution_multiplier": ends(found.attribution_multiplier(), 1.8)}


def explained(rng: np.random.Generator, n: int, weighted: bool) -> Found:
    """Four normal drivers explain .4 of the variance; shares by LMG are those of its formula."""
    x = rng.normal(size=(n, 4)) @ np.linalg.cholesky(_AMONG).T
    signal = _SLOPES @ _AMONG @ _SLOPES
    y = x @ _SLOPES + rng.normal(size=n) * np.sqrt(signal * (1 - _EXPLAINED) / _EXPLAINED)
    weights = unequal(rng, n, weighted)
    drivers = {f"d{k}": x[:, k] for k in range(4)}
    found = key_drivers(drivers, y, weights=weights, n_resamples=499, rng=rng).importance
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


WORLDS = {
    "attribution multiplier": World(multiplier, weighted=(False,)),
    "explained variance": World(explained),
    "mentions": World(told, sizes=(40, 200), weighted=(False,)),
    "u shape": World(u_shape, weighted=(False,)),
}
