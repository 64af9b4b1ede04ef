"""Look for higher likelihoods than those of the fits, by brute force on random small data sets.

Each data set has a family, an outcome and a form of the constraint of its own. The likelihood is
written again here, from the formulas alone, and climbed by scipy from 200 random places. Fits that
call themselves converged should not lie below what it finds. ``python benchmarks/curve_search.py``
takes 1,000 data sets; ``--sets 10000`` is the recorded study, and takes hours.
"""

import argparse
import collections
import multiprocessing
import os
import time
import warnings

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from loyaltymodel import jones_sasser
from loyaltymodel.errors import LoyaltyModelError

Array = npt.NDArray[np.float64]
Row = tuple[str, str, str, str, float, int]  # family, outcome, form, what became of it, gap
FAMILIES = ("power", "logistic", "hinge", "cubic", "hazard")
OUTCOMES = ("binary", "count", "ordinal", "beta")
FORMS = ("one", "groups", "given", "drivers")
STARTS = 200
POLISHED = 3
BELOW = 1e-3
STEP = 1e-7  # of derivatives
FIRST = 20261130
BOUNDS = {
    "power": [(0, 1), (0.05, 50)],
    "logistic": [(0, 1), (0, 200), (-1, 2)],
    "hinge": [(0, 1), (0, 1), None],
    "cubic": [(0, 1), (0, 3), (0, 3)],
    "hazard": [(-15, 15), (0, 60)],
}
# Where random starts fall: where curves differ, not all of the range.
SPREAD = {
    "power": [(0, 1), (0.1, 20)],
    "logistic": [(0, 1), (0, 60), (-0.5, 1.5)],
    "hinge": [(0, 1), (0, 1), None],
    "cubic": [(0, 1), (0, 3), (0, 3)],
    "hazard": [(-4, 8), (0, 25)],
}


def curve(family: str, s: Array, p: Array) -> Array:
    """Return g(s), (k, m), by the textbook formula, with lo = 0, of parameters (k, q)."""
    p = p[..., None]
    first, second = p[:, 0], p[:, 1]
    if family == "power":
        return first * s**second
    if family == "logistic":
        return first * special.expit(second * (s - p[:, 2]))
    if family == "hinge":
        tau = p[:, 2]
        after = second + (1 - second) * (s - tau) / (1 - tau)
        return first * np.where(s < tau, second * s / tau, after)
    if family == "cubic":
        d0, d1 = second, p[:, 2]
        up = d0 * (s**3 - 2 * s**2 + s) + 3 * s**2 - 2 * s**3
        return first * (up + d1 * (s**3 - s**2))
    return np.exp(-np.exp(first - second * s))


class Case:
    """A random data set, and minus its log-likelihood."""

    def __init__(self, number: int) -> None:
        rng = self.rng = np.random.default_rng([FIRST, number])
        self.family = FAMILIES[number % 5]
        self.outcome = OUTCOMES[number // 5 % 4]
        self.form = FORMS[number // 20 % 4]
        levels = int(rng.integers(5, 11))
        n = int(rng.choice([40, 100, 300, 1000]))
        place = rng.beta(*rng.uniform(0.7, 4, 2), n)
        self.s = np.rint(place * (levels - 1)) / (levels - 1)
        shape = [rng.uniform(0.05, 0.5), *np.sort(rng.random(3)), rng.uniform(0.5, 1)]
        if rng.random() < 0.5:  # half of the truths are curves of any shape, half of the family
            g = np.interp(self.s, np.linspace(0, 1, 5), shape) * rng.uniform(0.6, 1)
        else:
            bounds = [(0.02, 0.98) if b is None else b for b in SPREAD[self.family]]
            truth = np.array([[rng.uniform(*b) for b in bounds]])
            g = curve(self.family, self.s, truth)[0]
        self.z = None
        if self.form == "one":
            held = np.full(n, rng.choice([0, 0.2, 0.5]))
        elif self.form == "groups":
            self.group = rng.integers(0, 3, n)
            held = rng.choice([0, 0.1, 0.4, 0.7], 3)[self.group]
        elif self.form == "given":
            held = self.given = rng.choice([0.1, 0.3, 0.6], n)
        else:
            self.z = np.rint(rng.normal(size=n))
            held = special.expit(-1 + rng.normal() * self.z)
        mean = np.clip(held + (1 - held) * g, 1e-6, 1 - 1e-6)
        self.trials = 1
        if self.outcome == "binary":
            self.y = (rng.random(n) < mean).astype(float)
        elif self.outcome == "count":
            self.trials = 6
            self.y = rng.binomial(6, mean).astype(float)
        elif self.outcome == "ordinal":
            # Of four answers, the third means staying.
            noise = rng.logistic(size=n) + special.logit(mean)
            self.y = np.digitize(noise, [-1.5, 0, 1.2]).astype(float)
        else:
            self.y = np.clip(rng.beta(mean * 6, (1 - mean) * 6), 1e-4, 1 - 1e-4)
        self.pose()

    def pose(self) -> None:
        """Write bounds, and where starts fall."""
        distinct = np.unique(self.s)
        inner = (distinct[1], distinct[-2]) if len(distinct) > 3 else (0.3, 0.7)
        self.bounds = [inner if b is None else b for b in BOUNDS[self.family]]
        self.spread = [inner if b is None else b for b in SPREAD[self.family]]
        self.n_curve = len(self.bounds)
        if self.form in ("one", "groups"):
            k = 1 if self.form == "one" else len(np.unique(self.group))
            self.bounds += [(0, 0.999999)] * k
            self.spread += [(0, 0.9)] * k
        elif self.form == "drivers":
            reach = 50 / self.z.std()
            edge = 50 + abs(self.z.mean()) * reach
            self.bounds += [(-edge, edge), (-reach, reach)]
            self.spread += [(-5, 3), (-3, 3)]
        if self.outcome == "ordinal":
            self.bounds += [(-12, 8)] * (len(np.unique(self.y)) - 2)
            self.spread += [(-2, 2)] * (len(np.unique(self.y)) - 2)
        elif self.outcome == "beta":
            self.bounds += [(-10, 25)]
            self.spread += [(0, 4)]
        # Equal customers are counted once.
        what = [self.s, self.y]
        if self.form == "groups":
            what.append(np.unique(self.group, return_inverse=True)[1])
        elif self.form == "given":
            what.append(self.given)
        elif self.form == "drivers":
            what.append(self.z)
        rows, self.often = np.unique(np.column_stack(what), axis=0, return_counts=True)
        self.rows = rows.T

    def minus(self, p: Array) -> Array:
        """Return minus the log-likelihood (k,) of parameters (k, q)."""
        s, y = self.rows[:2]
        m, n_curve = self.often, self.n_curve
        g = curve(self.family, s, p[:, :n_curve])
        if self.form == "one":
            c, last = p[:, [n_curve]], n_curve + 1
        elif self.form == "groups":
            k = int(self.rows[2].max()) + 1
            c, last = p[:, n_curve : n_curve + k][:, self.rows[2].astype(int)], n_curve + k
        elif self.form == "given":
            c, last = self.rows[2], n_curve
        else:
            c = special.expit(p[:, [n_curve]] + p[:, [n_curve + 1]] * self.rows[2])
            last = n_curve + 2
        mean = np.clip(c + (1 - c) * g, 1e-12, 1 - 1e-12)
        if self.outcome in ("binary", "count"):
            return -(m * (y * np.log(mean) + (self.trials - y) * np.log1p(-mean))).sum(axis=1)
        if self.outcome == "beta":
            size = np.exp(p[:, [last]])
            a, b = mean * size, (1 - mean) * size
            norm = special.gammaln(size) - special.gammaln(a) - special.gammaln(b)
            return -(m * (norm + (a - 1) * np.log(y) + (b - 1) * np.log1p(-y))).sum(axis=1)
        place = np.cumsum(np.exp(p[:, last:]), axis=1)
        place = np.concatenate([np.zeros((len(p), 1)), place], axis=1)
        place -= place[:, [self.stays - 1]]
        over = special.expit(special.logit(mean)[:, None] - place[..., None])
        ends = np.ones((len(p), 1, len(s)))
        over = np.concatenate([ends, over, 0 * ends], axis=1)
        code, at = y.astype(int), np.arange(len(s))
        apart = over[:, code, at] - over[:, code + 1, at]
        return -(m * np.log(np.maximum(apart, 1e-300))).sum(axis=1)

    def slope(self, p: Array) -> tuple[float, Array]:
        """Return minus the log-likelihood at p (q,) and its slope, by differences."""
        step = np.where(p + STEP > self.high, -STEP, STEP)
        found = self.minus(np.vstack([p, p + np.diag(step)]))
        return found[0], (found[1:] - found[0]) / step

    def readable(self) -> bool:
        """Tell whether the data are of the kind; name the answer that means staying."""
        if self.outcome == "ordinal":
            seen = np.unique(self.y)
            if 2 not in seen or seen[0] == 2 or len(seen) < 3:
                return False
            self.stays = int(np.searchsorted(seen, 2))
            self.y = np.searchsorted(seen, self.y).astype(float)
            self.pose()
        return self.family != "hinge" or len(np.unique(self.s)) > 3

    def fit(self) -> jones_sasser.LoyaltyCurveResult:
        """Return the library's fit."""
        options = {"family": self.family, "outcome": self.outcome, "fixed": None}
        if self.form == "groups":
            options["constraint_by"] = self.group
        elif self.form == "given":
            options["constraint"] = self.given
        elif self.form == "drivers":
            options["drivers"] = {"z": self.z}
        if self.outcome == "count":
            options["trials"] = self.trials
        if self.outcome == "ordinal":
            options["cuts"] = self.stays
        y = self.y.astype(int) if self.outcome == "ordinal" else self.y
        return jones_sasser.fit(self.s, y, **options)

    def brute_force(self) -> float:
        """Return the highest log-likelihood from random places."""
        low, high = np.array(self.bounds, dtype=float).T
        near, far = np.array(self.spread, dtype=float).T
        starts = np.clip(self.rng.uniform(near, far, (STARTS, len(low))), low, high)
        self.high = high
        bounds = optimize.Bounds(low, high)
        found = [
            optimize.minimize(self.slope, start, jac=True, method="L-BFGS-B", bounds=bounds)
            for start in starts
        ]
        found.sort(key=lambda one: one.fun)
        best = found[0].fun
        for one in found[:POLISHED]:  # over kinks, where gradients mislead
            again = optimize.minimize(
                lambda p: self.minus(p[None])[0],
                one.x,
                method="Nelder-Mead",
                bounds=bounds,
                options={"maxiter": 2000},
            )
            best = min(best, again.fun)
        return -best


def tried(number: int) -> Row:
    """Return what became of one data set."""
    warnings.simplefilter("ignore")
    case = Case(number)
    kind = (case.family, case.outcome, case.form)
    if not case.readable():
        return (*kind, "not of the kind", 0.0, number)
    try:
        result = case.fit()
    except LoyaltyModelError as error:
        return (*kind, "refused: " + type(error).__name__, 0.0, number)
    own = result.log_likelihood
    if case.outcome == "count":  # which counts the ways in which successes can come about
        own -= (
            special.gammaln(7) * len(case.y)
            - (special.gammaln(case.y + 1) + special.gammaln(7 - case.y)).sum()
        )
    gap = case.brute_force() - own
    return (*kind, "converged" if result.converged else "not converged", gap, number)


def study(n_sets: int, n_jobs: int | None, first: int) -> None:
    """Print how many fits lie below, by family, outcome and form."""
    start = time.perf_counter()
    numbers = range(first, first + n_sets)
    with multiprocessing.Pool(n_jobs) as pool:
        rows = pool.map(tried, numbers, chunksize=5)
    print(f"{n_sets} random data sets from number {first}, {STARTS} random starts each")
    for word, n in sorted(collections.Counter(row[3] for row in rows).items()):
        print(f"  {word:<32}{n:>7}")
    good = [row for row in rows if row[3] == "converged"]
    print(
        f"{'converged':<16}{'fits':>7}{'below by > 0.001':>18}{'upper 95 %':>12}{'largest gap':>13}"
    )
    told("all", good)
    for place in range(3):
        for name in dict.fromkeys(row[place] for row in rows):
            told(name, [row for row in good if row[place] == name])
    missed = [row for row in good if row[4] > BELOW]
    for row in missed[:20]:
        print(f"  below by {row[4]:.4f}: number {row[5]}, {row[0]}, {row[1]}, {row[2]}")
    short = [row for row in rows if row[3] == "not converged"]
    for row in short[:20]:
        print(f"  not converged, gap {row[4]:.4f}: number {row[5]}, {row[0]}, {row[1]}, {row[2]}")
    print(f"took {(time.perf_counter() - start) / 60:.1f} minutes")


def told(name: str, rows: list[Row]) -> None:
    """Print a line; the limit is that of Clopper and Pearson, one-sided."""
    k, n = sum(row[4] > BELOW for row in rows), len(rows)
    limit = stats.beta.ppf(0.95, k + 1, n - k) if k < n else 1.0
    largest = max((row[4] for row in rows), default=0.0)
    print(f"{name:<16}{n:>7}{k:>18}{100 * limit:>10.3f} %{largest:>13.6f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    study(asked.sets, asked.jobs, asked.first)
