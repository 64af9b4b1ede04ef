"""Is the maximum of a model of retention the best there is? Against random beginnings.

Random cohorts, small and large, with and without drivers and delayed entry, are fitted with both
laws. Beside each fit a search of another kind, BFGS of SciPy with numeric gradients on a likelihood
written with plain beta functions, begins at a dozen random places. Printed are the fits that call
themselves converged and lie below the best by more than 0.001, and what was refused. Run
``python benchmarks/retention_search.py [DATA_SETS [MINUTES]]``.
"""

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, expit

from loyaltymodel.economics import fit_retention
from loyaltymodel.errors import NotIdentifiedError

Array = np.ndarray
Data = tuple[Array, Array, Array, Array]

SEED = 20_261_130
BEGINNINGS = 12
BELOW = 1e-3
MOST_MINUTES = float(sys.argv[2]) if len(sys.argv) > 2 else np.inf
FAR = 9.0  # of a logit or a log precision: no maximum within


def customers(rng: np.random.Generator) -> Data:
    """Draw customers of a random world: tenure, lost, entry, drivers."""
    n = int(rng.choice([30, 100, 300, 1500]))
    k = int(rng.choice([0, 0, 1, 2]))
    x = rng.integers(0, rng.choice([2, 3, 5]), (n, k)).astype(float)
    eta = rng.normal(-1.2, 0.8) + x @ rng.normal(0, 0.4, k)
    nu = np.exp(rng.normal(0.7, 1.2)) if rng.random() > 0.15 else 1e4
    c = np.exp(rng.normal(0, 0.35)) if rng.random() < 0.5 else 1.0
    mu = expit(eta)
    theta = rng.beta(nu * mu, nu * (1 - mu)).clip(1e-12, 1 - 1e-12)
    # (1 - theta)^(t^c) falls below a uniform number at the smallest such t.
    t = (np.log(rng.random(n)) / np.log1p(-theta)) ** (1 / c)
    left = np.ceil(t).clip(1, 1e6)
    until = rng.integers(2, rng.choice([4, 7, 13]), n)
    tenure, lost = np.minimum(left, until).astype(int), left <= until
    entry = np.where(rng.random(n) < 0.4, rng.integers(0, 4, n), 0) if rng.random() < 0.4 else 0
    entry = np.broadcast_to(entry, n)
    seen = tenure > entry
    return tenure[seen], lost[seen], entry[seen], x[seen]


def likelihood(data: Data, weibull: bool) -> Callable[[Array], float]:
    """Return minus the log-likelihood of (coefficients, log precision, log c)."""
    tenure, lost, entry, x = data
    rows, counts = np.unique(np.column_stack([tenure, lost, entry, x]), axis=0, return_counts=True)
    t, lost, entry, x = rows[:, 0], rows[:, 1] == 1, rows[:, 2], rows[:, 3:]
    k = x.shape[1]

    def found(p: Array) -> float:
        mu, nu = expit(p[0] + x @ p[1 : k + 1]), np.exp(min(p[k + 1], 14.0))
        a, b, c = nu * mu, nu * (1 - mu), np.exp(p[k + 2]) if weibull else 1.0

        def stay(s: Array) -> Array:
            return betaln(a, b + np.where(s > 0, s, 1) ** c * (s > 0)) - betaln(a, b)

        end = stay(t)
        before = stay(t - 1)
        logs = np.where(lost, before + np.log(-np.expm1(end - before)), end) - stay(entry)
        value = -(counts @ logs)
        return value if np.isfinite(value) else 1e10

    return found


def best_of_many(rng: np.random.Generator, data: Data, weibull: bool) -> tuple[float, Array]:
    """Return the best log-likelihood of random beginnings, and where it is."""
    minus, k = likelihood(data, weibull), data[3].shape[1]
    best, place = -np.inf, np.zeros(0)
    for _ in range(BEGINNINGS):
        begin = np.concatenate(
            [[rng.normal(-1, 1)], rng.normal(0, 0.4, k), [rng.normal(0.7, 1.5)]]
            + ([[rng.normal(0, 0.5)]] if weibull else [])
        )
        found = minimize(minus, begin, method="BFGS", options={"maxiter": 300})
        if -found.fun > best:
            best, place = -found.fun, found.x
    return best, place


def rises_beyond(data: Data, best: float, place: Array) -> bool:
    """Tell whether the likelihood is no lower with a c twice, or half, as far from 1."""
    minus = likelihood(data, weibull=True)
    further = place[-1] + np.sign(place[-1]) * np.log(2)
    options = {"maxiter": 4_000, "fatol": 1e-9, "xatol": 1e-6}
    found = minimize(
        lambda p: minus(np.append(p, further)), place[:-1], method="Nelder-Mead", options=options
    )
    return -found.fun > best - BELOW


def main(data_sets: int) -> None:
    """Print the comparison."""
    rng = np.random.default_rng(SEED)
    tally, worst, refused, seconds = Counter(), [], Counter(), 0.0
    started, until = time.monotonic(), MOST_MINUTES * 60
    for number in range(data_sets):
        if time.monotonic() - started > until:
            data_sets = number
            break
        data = customers(rng)
        weibull = number % 2 == 1
        model = "beta_discrete_weibull" if weibull else "beta_geometric"
        tenure, lost, entry, x = data
        if not len(tenure):
            continue
        names = [f"x{j}" for j in range(x.shape[1])]
        drivers = dict(zip(names, x.T, strict=True)) or None
        begun = time.perf_counter()
        try:
            fit = fit_retention(
                tenure, lost, entry=entry, drivers=drivers, model=model, interval="wald"
            )
        except NotIdentifiedError as error:
            fit, why = None, " ".join(str(error).split()[:7])
        seconds += time.perf_counter() - begun
        best, place = best_of_many(rng, data, weibull)
        if fit is None:
            k = x.shape[1]
            far = np.abs(place[: k + 1]).max() > FAR or abs(place[k + 1]) > FAR
            far |= weibull and rises_beyond(data, best, place)
            refused[(model, why, "edge" if far else "within")] += 1
            continue
        tally[(model, fit.limit or "inside", "converged" if fit.converged else "open")] += 1
        if best - fit.log_likelihood > BELOW:
            worst.append((best - fit.log_likelihood, model, fit.converged, fit.limit, number))
    print(f"{data_sets} random data sets, {BEGINNINGS} random beginnings each\n")
    print("fits")
    for (model, limit, state), n in sorted(tally.items()):
        print(f"  {model:<24}{limit:<16}{state:<12}{n:>6}")
    print("\nrefused; where the other search ended")
    for (model, why, where), n in sorted(refused.items()):
        print(f"  {model:<24}{why:<60}{where:<8}{n:>6}")
    n_converged = sum(n for (*_, state), n in tally.items() if state == "converged")
    bad = [w for w in worst if w[2]]
    print(
        f"\ncalled converged and below the best by more than {BELOW}: {len(bad)} of {n_converged}"
    )
    print(f"not called converged and below: {len(worst) - len(bad)}")
    for gap, model, converged, limit, number in sorted(worst, reverse=True)[:10]:
        print(f"  {gap:8.4f} {model} converged={converged} limit={limit} data set {number}")
    print(f"\nseconds a fit: {seconds / data_sets:.3f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
