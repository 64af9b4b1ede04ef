"""Look for higher likelihoods than those of the fits, by brute force on random small data sets.

Each data set has a family, an outcome and a form of the constraint of its own. The likelihood is
written again here, from the formulas alone, and climbed from 200 random places: all at once by
BFGS with differences for derivatives, the best of them again by scipy. Fits that call themselves
converged should not lie below what it finds. Of one data set in 200, scipy's L-BFGS-B climbs
from all 200 places as well, to see whether the brute force itself misses hills.
``python benchmarks/curve_search.py`` takes 1,000 data sets; ``--sets 10000`` is the recorded study.
"""

import argparse
import collections
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from loyaltymodel import jones_sasser
from loyaltymodel.errors import ImproperSolutionWarning, LoyaltyModelError

Array = npt.NDArray[np.float64]
FAMILIES = ("power", "logistic", "hinge", "cubic", "hazard")
OUTCOMES = ("binary", "count", "ordinal", "beta", "score")
FORMS = ("one", "groups", "given", "drivers")
STARTS = 200
POLISHED = 3
STEPS = 300
QUIET = 1e-6  # a gain that is none, three times
BELOW = 1e-3
STEP = 1e-7  # of derivatives
FIRST = 20261130
AGAIN = 200  # one in so many is climbed by scipy from all places
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
        self.outcome = OUTCOMES[number // 5 % 5]
        self.form = FORMS[number // 25 % 4]
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
        self.held = np.zeros(n)  # what tells customers apart beside satisfaction
        if self.form == "one":
            held = np.full(n, rng.choice([0, 0.2, 0.5]))
        elif self.form == "groups":
            self.held = rng.integers(0, 3, n).astype(float)
            held = rng.choice([0, 0.1, 0.4, 0.7], 3)[self.held.astype(int)]
        elif self.form == "given":
            held = self.held = rng.choice([0.1, 0.3, 0.6], n)
        else:
            self.held = np.rint(rng.normal(size=n))
            held = special.expit(-1 + rng.normal() * self.held)
        # With known constraints the floor can be estimated.
        self.floor = self.form == "given" and self.family != "hazard" and rng.random() < 0.5
        mean = np.clip(held + (1 - held) * g, 1e-6, 1 - 1e-6)
        self.trials = 6 if self.outcome == "count" else 1
        if self.outcome in ("binary", "count"):
            self.y = rng.binomial(self.trials, mean).astype(float)
        elif self.outcome == "ordinal":
            # Of four answers, the third means staying.
            noise = rng.logistic(size=n) + special.logit(mean)
            self.y = np.digitize(noise, [-1.5, 0, 1.2]).astype(float)
        else:
            self.y = np.clip(rng.beta(mean * 6, (1 - mean) * 6), 1e-4, 1 - 1e-4)

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

    def pose(self) -> None:
        """Add up what was seen in each cell; write bounds, and where starts fall."""
        cells, self.at = np.unique(
            np.column_stack([self.s, self.held]), axis=0, return_inverse=True
        )
        self.cell_s, self.cell_held = cells.T
        self.at = self.at.ravel()
        if self.outcome == "ordinal":
            seen = [self.y == code for code in range(int(self.y.max()) + 1)]
        elif self.outcome == "beta":
            seen = [np.ones(len(self.y)), np.log(self.y), np.log1p(-self.y)]
        else:
            seen = [self.trials - self.y, self.y]
        self.seen = np.stack([np.bincount(self.at, weights=part) for part in seen])
        distinct = np.unique(self.s)
        inner = (distinct[1], distinct[-2]) if len(distinct) > 3 else (0.3, 0.7)
        self.bounds = [inner if b is None else b for b in BOUNDS[self.family]]
        self.spread = [inner if b is None else b for b in SPREAD[self.family]]
        self.kinks = distinct[1:-1] if self.family == "hinge" else None
        self.n_curve = len(self.bounds)
        if self.form in ("one", "groups"):
            self.code = np.unique(self.cell_held, return_inverse=True)[1].ravel()
            k = int(self.code.max()) + 1
            self.bounds += [(0, 0.999999)] * k
            self.spread += [(0, 0.9)] * k
        elif self.form == "drivers":
            reach = 50 / self.held.std()
            edge = 50 + abs(self.held.mean()) * reach
            self.bounds += [(-edge, edge), (-reach, reach)]
            self.spread += [(-5, 3), (-3, 3)]
        elif self.floor:
            self.bounds += [(0, 0.99)]
            self.spread += [(0, 0.6)]
        if self.outcome == "ordinal":
            self.bounds += [(-12, 8)] * (len(self.seen) - 2)
            self.spread += [(-2, 2)] * (len(self.seen) - 2)
        elif self.outcome == "beta":
            self.bounds += [(-10, 25)]
            self.spread += [(0, 4)]

    def mean(self, p: Array) -> tuple[Array, int]:
        """Return loyalty (k, m) in the cells, and where parameters of the outcome begin."""
        n_curve = self.n_curve
        g = curve(self.family, self.cell_s, p[:, :n_curve])
        last = n_curve
        if self.form in ("one", "groups"):
            last += int(self.code.max()) + 1
            c = p[:, n_curve:last][:, self.code]
        elif self.form == "given":
            c = self.cell_held
            if self.floor:
                # Curves that rise: lo + (1 - lo) g, where hi is that at g's own hi.
                last += 1
                g = p[:, [n_curve]] + (1 - p[:, [n_curve]]) * g
        else:
            c = special.expit(p[:, [n_curve]] + p[:, [n_curve + 1]] * self.cell_held)
            last += 2
        return np.clip(c + (1 - c) * g, 1e-12, 1 - 1e-12), last

    def minus(self, p: Array) -> Array:
        """Return minus the log-likelihood (k,) of parameters (k, q)."""
        mean, last = self.mean(p)
        if self.outcome == "beta":
            size = np.exp(p[:, [last]])
            a, b = mean * size, (1 - mean) * size
            norm = special.gammaln(size) - special.gammaln(a) - special.gammaln(b)
            n, log_y, log_rest = self.seen
            return -(norm @ n + (a - 1) @ log_y + (b - 1) @ log_rest)
        if self.outcome != "ordinal":
            left, stayed = self.seen
            return -(np.log1p(-mean) @ left + np.log(mean) @ stayed)
        place = np.cumsum(np.exp(p[:, last:]), axis=1)
        place = np.concatenate([np.zeros((len(p), 1)), place], axis=1)
        place -= place[:, [self.stays - 1]]
        over = special.expit(special.logit(mean)[:, None] - place[..., None])
        ends = np.ones((len(p), 1, mean.shape[1]))
        over = np.concatenate([ends, over, 0 * ends], axis=1)
        apart = np.log(np.maximum(over[:, :-1] - over[:, 1:], 1e-300))
        return -(apart * self.seen).sum(axis=(1, 2))

    def fit(self) -> tuple[jones_sasser.results.LoyaltyCurveResult, bool]:
        """Return the library's fit, and whether it names something of it as without an end."""
        options = {"family": self.family, "outcome": self.outcome, "fixed": None}
        if self.form == "groups":
            options["constraint_by"] = self.held
        elif self.form == "given":
            options["constraint"] = self.held
            options["fixed"] = {} if self.floor else None
        elif self.form == "drivers":
            options["drivers"] = {"z": self.held}
        if self.outcome == "count":
            options["trials"] = self.trials
        if self.outcome == "ordinal":
            options["cuts"] = self.stays
        y = self.y.astype(int) if self.outcome == "ordinal" else self.y
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = jones_sasser.fit(self.s, y, **options)
        return found, any(
            one.category is ImproperSolutionWarning and "no end" in str(one.message) for one in told
        )

    def own_value(self, result: jones_sasser.results.LoyaltyCurveResult) -> float:
        """Return the fit's log-likelihood, without the ways in which counts can come about."""
        found = result.log_likelihood
        if self.outcome == "count":
            found -= (
                special.gammaln(7) * len(self.y)
                - (special.gammaln(self.y + 1) + special.gammaln(7 - self.y)).sum()
            )
        return float(found)

    def places(self) -> tuple[Array, Array, Array]:
        """Return random places (k, q) and bounds of each; between two kinks, where there are."""
        low, high = (np.tile(side, (STARTS, 1)) for side in np.array(self.bounds, dtype=float).T)
        near, far = np.array(self.spread, dtype=float).T
        starts = np.clip(self.rng.uniform(near, far, low.shape), low, high)
        if self.kinks is not None and len(self.kinks) > 1:
            piece = np.arange(STARTS) % (len(self.kinks) - 1)
            low[:, 2], high[:, 2] = self.kinks[piece], self.kinks[piece + 1]
            starts[:, 2] = self.rng.uniform(low[:, 2], high[:, 2])
        return starts, low, high

    def brute_force(self) -> float:
        """Return the highest log-likelihood from random places."""
        starts, low, high = self.places()
        near, far = np.array(self.spread, dtype=float).T
        found, value = climbed(self.minus, starts, low, high, (far - near) / 2)
        best = np.inf
        kept: list[Array] = []
        for row in np.argsort(value):
            if any(np.allclose(found[row], other, atol=0.01, rtol=0.01) for other in kept):
                continue
            kept.append(found[row])
            best = min(best, polished(self.minus, found[row], low[row], high[row]))
            if len(kept) == POLISHED:
                break
        return -best

    def by_scipy(self) -> float:
        """Return the highest log-likelihood that scipy finds from other random places."""
        rows = zip(*self.places(), strict=True)
        return -min(polished(self.minus, *row) for row in rows)


def polished(minus: Callable[[Array], Array], start: Array, low: Array, high: Array) -> float:
    """Return the least value that L-BFGS-B finds from a place."""

    def slope(p: Array) -> tuple[float, Array]:
        step = np.where(p + STEP > high, -STEP, STEP)
        found = minus(np.vstack([p, p + np.diag(step)]))
        return found[0], (found[1:] - found[0]) / step

    bounds = optimize.Bounds(low, high)
    found = optimize.minimize(slope, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.fun)


def climbed(
    minus: Callable[[Array], Array], starts: Array, low: Array, high: Array, unit: Array
) -> tuple[Array, Array]:
    """Return where BFGS comes from all starts (k, q), and the values there.

    Parameters are sines of what is moved, so that bounds are reached and need no care.
    """
    k, q = starts.shape
    half, middle = (high - low) / 2, (high + low) / 2
    half = np.maximum(half, 1e-12)
    unit = np.minimum(unit, half)
    x = np.arcsin(np.clip((starts - middle) / half, -0.999, 0.999)) * half / unit

    def at(x: Array, rows: Array) -> Array:
        return middle[rows] + half[rows] * np.sin(x * unit[rows] / half[rows])

    def slopes(x: Array, rows: Array, value: Array) -> Array:
        moved = (x[:, None] + 1e-6 * np.eye(q)).reshape(-1, q)
        found = minus(at(moved, np.repeat(rows, q))).reshape(-1, q)
        return (found - value[:, None]) / 1e-6

    rows = np.arange(k)
    value = minus(at(x, rows))
    slope = slopes(x, rows, value)
    size = np.linalg.norm(slope, axis=1)[:, None, None]
    turn = np.eye(q) * 0.3 / np.maximum(size, 1e-12)  # the first step is of 0.3 units
    length, quiet, fresh = np.ones(k), np.zeros(k, dtype=int), np.ones(k, dtype=bool)
    for _ in range(STEPS):
        step = -np.einsum("kij,kj->ki", turn[rows], slope[rows])
        down = (step * slope[rows]).sum(axis=1)
        wrong = ~(down < 0)
        if wrong.any():
            step[wrong] = -slope[rows[wrong]] * 1e-3
            down[wrong] = -1e-3 * (slope[rows[wrong]] ** 2).sum(axis=1)
            turn[rows[wrong]] = np.eye(q) * 1e-3
        step *= np.minimum(1, 2 / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        step *= length[rows, None]
        trial = x[rows] + step
        new = minus(at(trial, rows))
        good = new <= value[rows] + 1e-4 * length[rows] * np.minimum(down, 0)
        won = rows[good]
        gain = value[won] - new[good]
        slope_new = slopes(trial[good], won, new[good])
        s, y = step[good], slope_new - slope[won]
        x[won], value[won], slope[won] = trial[good], new[good], slope_new
        quiet[won] = np.where(gain < QUIET, quiet[won] + 1, 0)
        length[won] = 1.0
        sy = (s * y).sum(axis=1)
        fit = sy > 1e-10
        r, s, y, sy = won[fit], s[fit], y[fit], sy[fit]
        first = fresh[r]
        turn[r[first]] = np.eye(q) * (sy / (y * y).sum(axis=1))[first][:, None, None]
        fresh[r] = False
        hy = np.einsum("kij,kj->ki", turn[r], y)
        yhy = (y * hy).sum(axis=1)
        turn[r] += ((sy + yhy) / sy**2)[:, None, None] * s[:, :, None] * s[:, None, :] - (
            hy[:, :, None] * s[:, None, :] + s[:, :, None] * hy[:, None, :]
        ) / sy[:, None, None]
        lost = rows[~good]
        length[lost] *= 0.3
        rows = rows[(quiet[rows] < 3) & (length[rows] > 1e-5)]
        if not len(rows):
            break
    return at(x, np.arange(k)), value


Row = tuple[str, str, str, str, float, int, bool, float]


def tried(number: int) -> Row:
    """Return family, outcome, form, what became of it, gap, number, named, what scipy has more."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    case = Case(number)
    kind = (case.family, case.outcome, case.form)
    if not case.readable():
        return (*kind, "not of the kind", 0.0, number, False, 0.0)
    try:
        result, named = case.fit()
    except LoyaltyModelError as error:
        return (*kind, "refused: " + type(error).__name__, 0.0, number, False, 0.0)
    found = case.brute_force()
    more = case.by_scipy() - found if number % AGAIN == 0 else 0.0
    gap = max(found, found + more) - case.own_value(result)
    word = "converged" if result.converged else "not converged"
    return (*kind, word, gap, number, named, more)


def study(n_sets: int, n_jobs: int | None, first: int, minutes: float) -> None:
    """Print how many fits lie below, by family, outcome and form."""
    start = time.perf_counter()
    rows: list[Row] = []
    with multiprocessing.Pool(n_jobs) as pool:
        for row in pool.imap(tried, range(first, first + n_sets), chunksize=5):
            rows.append(row)
            if time.perf_counter() - start > 60 * minutes:
                pool.terminate()
                break
    print(
        f"{len(rows):,} random data sets from number {first}, {STARTS} random starts each; brute "
        f"force by BFGS"
    )
    for word, n in sorted(collections.Counter(row[3] for row in rows).items()):
        print(f"  {word:<32}{n:>7}")
    good = [row for row in rows if row[3] == "converged"]
    named = [row for row in good if row[6]]
    print(f"  of the converged, a driver's effect without an end is named in {len(named):>7}")
    again = [row[7] for row in rows if row[5] % AGAIN == 0 and "onverged" in row[3]]
    print(
        f"  L-BFGS-B of scipy from {STARTS} places found more than the brute force by 0.001 in "
        f"{sum(more > BELOW for more in again)} of {len(again)}"
    )
    print(
        f"{'converged':<16}{'fits':>7}{'below by > 0.001':>18}{'upper 95 %':>12}{'largest gap':>13}"
    )
    told("all", good)
    for place in range(3):
        for name in dict.fromkeys(row[place] for row in rows):
            told(name, [row for row in good if row[place] == name])
    for row in [row for row in good if row[4] > BELOW][:20]:
        print(f"  below by {row[4]:.4f}: number {row[5]}, {row[0]}, {row[1]}, {row[2]}")
    short = [row for row in rows if row[3] == "not converged"]
    print(f"  not converged, and below by > 0.001: {sum(row[4] > BELOW for row in short)}")
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
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many")
    asked = parser.parse_args()
    study(asked.sets, asked.jobs, asked.first, asked.minutes)
