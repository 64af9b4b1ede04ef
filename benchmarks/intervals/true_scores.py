"""Curves of customers whose true satisfaction is not normal, and measured with error.

Ten answers with a reliability of .8: the normal error is such that two rounded answers correlate
so. Loyalty is c + (1 - c) hi t^4 of the true score t, with c = 0.3 and hi = 1, the bound of it, or
0.9. hi is estimated, as by default.
"""

from collections.abc import Callable

import numpy as np
from interval_coverage import Found, World
from scipy import optimize, stats

from loyaltymodel import jones_sasser

LEVELS = np.linspace(0, 1, 10)
FINE = (np.arange(2000) + 0.5) / 2000
DENSITIES = {
    "uniform": np.ones(2000),
    "skewed": np.exp(-(1 - FINE) / 0.25),
    "skewed beta": stats.beta(5, 1.5).pdf(FINE),
    "two peaks": 0.4 * stats.beta(4, 12).pdf(FINE) + 0.6 * stats.beta(14, 3).pdf(FINE),
}
TRUTH = {"hi": 1.0, "k": 4.0, "c": 0.3}
RELIABILITY = 0.8


def correlation(error: float, density: np.ndarray) -> float:
    """Return the correlation of two answers with independent errors."""
    middle = (LEVELS[1:] + LEVELS[:-1]) / 2
    below = stats.norm.cdf((middle[:, None] - FINE) / error)
    seen = np.diff(np.vstack([np.zeros(2000), below, np.ones(2000)]), axis=0)
    w = density / density.sum()
    expected = LEVELS @ seen
    mean = expected @ w
    return (expected**2 @ w - mean**2) / ((LEVELS**2 @ seen) @ w - mean**2)


ERRORS = {
    name: optimize.brentq(lambda e: correlation(e, density) - RELIABILITY, 1e-3, 2)  # noqa: B023
    for name, density in DENSITIES.items()
}


def draw_of(
    name: str,
    laws: tuple[str, ...],
    errors: tuple[str, ...],
    *,
    top: float = 1.0,
) -> Callable[[np.random.Generator, int, bool], Found]:
    """Return a function that draws a survey and makes the intervals of each law and error."""
    share = DENSITIES[name] / DENSITIES[name].sum()

    def draw(rng: np.random.Generator, people: int, weighted: bool) -> Found:
        true = rng.choice(FINE, p=share, size=people)
        seen = true + ERRORS[name] * rng.standard_normal(people)
        seen = np.rint(seen.clip(0, 1) * 9) / 9
        stayed = rng.random(people) < 0.3 + 0.7 * top * true**4
        options = {"weights": rng.uniform(0.3, 1.7, people)} if weighted else {}
        found = {}
        for law in laws:
            for kind in errors:
                result = jones_sasser.fit(
                    seen,
                    stayed,
                    reliability=RELIABILITY,
                    true_scores=law,
                    fixed={"lo": 0.0},
                    std_errors=kind,
                    n_resamples=99,
                    rng=rng,
                    **options,
                )
                interval = "percentile" if kind == "bootstrap" else "wald"
                table = result.intervals(interval=interval).set_index("parameter")
                for parameter, value in (TRUTH | {"hi": top}).items():
                    ends = table.loc[parameter]
                    found[f"{law}, {kind}: {parameter}"] = (ends["ci_low"], ends["ci_high"], value)
                if kind == "robust":
                    row = result.interval_of("loyalty", 0.8).iloc[0]
                    at = 0.3 + 0.7 * top * 0.8**4
                    found[f"{law}, {kind}: loyalty at .8"] = (row["ci_low"], row["ci_high"], at)
        return found

    return draw


MEAN = np.array([7.5, 7.5])
TRUE = 2.2**2 * np.array([[0.8, 0.5], [0.5, 0.7]])
CUTS = {"satisfaction": 5.5, "loyalty": 5.5, "extremes": (2.5, 8.5)}


def true_shares() -> dict[str, float]:
    """Return the shares of segments by true scores, from the bivariate normal law."""
    far = 100.0

    def between(low: tuple[float, float], high: tuple[float, float]) -> float:
        law = stats.multivariate_normal(MEAN, TRUE, abseps=1e-9, releps=1e-9)
        return float(law.cdf(high, lower_limit=low))

    return {
        "hostage": between((-far, 5.5), (5.5, far)),
        "mercenary": between((5.5, -far), (far, 5.5)),
        "loyalist": between((5.5, 5.5), (8.5, far)),
        "apostle": between((8.5, 5.5), (far, far)),
    }


SHARES = true_shares()


def matrix(rng: np.random.Generator, people: int, weighted: bool) -> Found:
    """Sort whole answers from 1 to 10, of which a third are an end of the scale."""
    true = rng.multivariate_normal(MEAN, TRUE, size=people)
    seen = true + rng.normal(size=true.shape) * 2.2 * np.sqrt([0.2, 0.3])
    seen = np.rint(seen.clip(1, 10))
    options = {"weights": rng.uniform(0.3, 1.7, people)} if weighted else {}
    result, _ = jones_sasser.segments(
        seen[:, 0],
        seen[:, 1],
        scale=(1, 10),
        reliability=(0.8, 0.7),
        cuts=CUTS,
        interval="wilson",
        **options,
    )
    table = result.segments.query("quantity == 'true'").set_index("segment")
    return {
        f"true share: {name}": (table.loc[name, "ci_low"], table.loc[name, "ci_high"], share)
        for name, share in SHARES.items()
    }


WORLDS = {
    name: World(
        draw_of(name, ("masses",), ("robust",)),
        sizes=(1000, 3000),
        weighted=(False,) if name == "uniform" else (False, True),
        replications=1000,
        note="truth: L = 0.3 + 0.7 t^4; hi (at its bound of 1), k and c estimated",
    )
    for name in ("skewed", "two peaks", "uniform")
}
# What other laws do, and the bootstrap where Wald's interval is too short: smaller studies.
WORLDS |= {
    f"{name}, other laws": World(
        draw_of(name, ("beta", "normal"), ("robust",)),
        sizes=(1000, 3000),
        weighted=(False,),
        replications=100,
        note="truth: L = 0.3 + 0.7 t^4; hi (at its bound of 1), k and c estimated",
    )
    for name in ("uniform", "skewed", "two peaks")
}
WORLDS["two peaks, top of 0.9"] = World(
    draw_of("two peaks", ("masses",), ("robust", "bootstrap"), top=0.9),
    sizes=(1000, 3000),
    weighted=(False,),
    replications=200,
    note="truth: L = 0.3 + 0.63 t^4; hi = 0.9, k and c estimated; 99 resamples",
)
WORLDS["matrix of people"] = World(
    matrix,
    sizes=(200, 800),
    replications=1000,
    note="truth: bivariate normal true scores; answers rounded and cut off at 1 and 10",
)
