"""The search for the maximum: against likelihoods written here again and climbed by scipy."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, special

from loyaltymodel import jones_sasser
from loyaltymodel.errors import ConvergenceWarning, ImproperSolutionWarning, NotIdentifiedError
from loyaltymodel.jones_sasser.estimation import fit as fit_module
from loyaltymodel.jones_sasser.estimation import intervals
from loyaltymodel.jones_sasser.estimation.kernels import maximise
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.inference import hypotheses

pytestmark = pytest.mark.filterwarnings(
    "ignore::loyaltymodel.errors.ImproperSolutionWarning",
    "ignore::loyaltymodel.errors.WeakIdentificationWarning",
)
# Counts of a hinge with two hills, and of one whose maximum is on a kink.
TWO_HILLS = ([104, 218, 182, 346, 212, 26, 31], [24, 91, 100, 214, 189, 26, 31])
ON_KINK = ([59, 113, 91, 77, 96], [10, 41, 49, 77, 93])
NEAR = 1e-5  # what L-BFGS-B with differences leaves of the maximum


def hinge_of(table, **options):
    trials, stayed = (np.array(part) for part in table)
    s = np.arange(len(trials)) / (len(trials) - 1)
    return jones_sasser.fit(
        s, stayed, trials=trials, outcome="count", family="hinge", rng=1, **options
    )


def highest_hinge(table, *, fixed_c=None):
    """Return the highest log-likelihood of L = c + (1 - c) g, tau by tau, and where it is.

    At a given tau loyalty is linear in c, in its value at tau and in its last, so that the
    log-likelihood has one hill.
    """
    n, y = (np.array(part, dtype=float) for part in table)
    s = np.arange(len(n)) / (len(n) - 1)
    ways = (special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)).sum()
    bounds = [(0, 1), (0, 1), (0, 0.999999) if fixed_c is None else (fixed_c, fixed_c)]

    def at_tau(tau):
        def minus(p):
            g = np.interp(s, [0, tau, 1], [0, p[0] * p[1], p[0]])
            mean = np.clip(p[2] + (1 - p[2]) * g, 1e-12, 1 - 1e-12)
            return -(y * np.log(mean) + (n - y) * np.log1p(-mean)).sum()

        starts = ([0.9, at, 0.1 if fixed_c is None else fixed_c] for at in (0.5, 0.95))
        found = [optimize.minimize(minus, x, method="L-BFGS-B", bounds=bounds) for x in starts]
        best = min(found, key=lambda one: one.fun)
        return best.fun, (*best.x, tau)

    taus = np.unique(np.concatenate([s[1:-1], np.linspace(s[1], s[-2], 41)]))
    best = min(map(at_tau, taus), key=lambda pair: pair[0])
    closer = np.clip(best[1][-1] + np.linspace(-0.02, 0.02, 41), s[1], s[-2])
    best = min([best, *map(at_tau, closer)], key=lambda pair: pair[0])
    return ways - best[0], best[1]


def squares():
    rng = np.random.default_rng(1)
    s = rng.integers(0, 5, 2000) / 4
    return s, (rng.random(2000) < 0.02 + 0.88 * s**2) * 1.0


def test_what_cannot_have_happened_is_refused_with_the_way_out():
    s, y = squares()
    assert y[s == 0].sum() > 0  # free, wholly dissatisfied, and there
    with pytest.raises(NotIdentifiedError, match=r"likelihood is 0\. Estimate lo.*fixed=\{\}"):
        jones_sasser.fit(s, y, constraint=0.0)
    inside = s > 0  # where nobody contradicts lo = 0
    found = jones_sasser.fit(s[inside], y[inside], constraint=0.0)

    def minus(p):
        mean = p[0] * s[inside] ** p[1]
        return -(y[inside] * np.log(mean) + (1 - y[inside]) * np.log1p(-mean)).sum()

    direct = optimize.minimize(
        minus, [0.8, 1.5], method="L-BFGS-B", bounds=[(0.1, 0.999), (0.1, 9)], tol=1e-13
    )
    assert found.log_likelihood == pytest.approx(-direct.fun, abs=NEAR)
    np.testing.assert_allclose(found.values[1:3], direct.x, rtol=1e-3)


@pytest.mark.parametrize("outcome", ["ordinal", "beta", "score"])
def test_impossible_answers_of_other_outcomes_are_refused(outcome):
    rng = np.random.default_rng(2)
    s = rng.integers(0, 5, 300) / 4
    if outcome == "ordinal":
        y, options = rng.integers(0, 4, 300), {"cuts": 2}
    else:
        y, options = rng.uniform(0.2, 0.8, 300), {}
    what = "were seen to stay" if outcome == "ordinal" else "gave other scores than the lowest"
    with pytest.raises(NotIdentifiedError, match=rf"satisfaction 0 {what}.*likelihood is 0"):
        jones_sasser.fit(s, y, constraint=0.0, outcome=outcome, **options)


def test_a_mean_of_scores_has_a_floor_where_lo_is_estimated():
    rng = np.random.default_rng(2)
    s = rng.integers(0, 5, 300) / 4
    y = np.clip(0.1 + 0.7 * s**2 + rng.normal(0, 0.05, 300), 0, 1)
    found = jones_sasser.fit(s, y, constraint=0.0, outcome="score", fixed={})

    def minus(p):
        mean = p[0] + (p[1] - p[0]) * s ** p[2]
        return -(y * np.log(mean) + (1 - y) * np.log1p(-mean)).sum()

    bounds = [(1e-6, 0.9), (0.1, 0.999), (0.1, 9)]
    direct = optimize.minimize(minus, [0.2, 0.8, 1.5], method="L-BFGS-B", bounds=bounds, tol=1e-13)
    np.testing.assert_allclose(found.values[:3], direct.x, rtol=1e-3)


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e6])
@pytest.mark.parametrize("family", ["power", "hinge", "logistic"])
def test_the_unit_of_weights_is_of_no_matter(family, unit):
    s, y = squares()
    w = np.random.default_rng(3).uniform(0.5, 2, len(s))
    usual, other = (jones_sasser.fit(s, y, weights=w * size, family=family) for size in (1.0, unit))
    np.testing.assert_allclose(other.values, usual.values, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        other.uncertainty.covariance, usual.uncertainty.covariance, rtol=1e-3, atol=1e-9
    )
    assert other.log_likelihood == pytest.approx(unit * usual.log_likelihood, rel=1e-9)
    assert other.converged


@pytest.mark.study
def test_of_two_hills_the_higher_one_is_found():
    found = hinge_of(TWO_HILLS)
    highest, place = highest_hinge(TWO_HILLS)
    assert highest == pytest.approx(-20.2859, abs=1e-3)
    assert found.log_likelihood == pytest.approx(highest, abs=NEAR)
    np.testing.assert_allclose(found.values[[1, 2, 4, 3]], place, atol=1e-3)
    assert found.converged


def test_the_threshold_test_compares_the_higher_hill():
    found = jones_sasser.hypothesis_test(
        hinge_of(TWO_HILLS), "no threshold", n_resamples=199, rng=1
    )
    n, y = (np.array(part, dtype=float) for part in TWO_HILLS)
    s = np.arange(7) / 6

    def minus(p):
        mean = np.clip(p[0] + (1 - p[0]) * p[1] * s, 1e-12, 1 - 1e-12)
        return -(y * np.log(mean) + (n - y) * np.log1p(-mean)).sum()

    line = optimize.minimize(
        minus, [0.2, 0.9], method="L-BFGS-B", bounds=[(0, 0.999999), (0, 1)], tol=1e-13
    )
    ways = (special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)).sum()
    assert found.statistic == pytest.approx(2 * (-20.285926 + line.fun - ways), abs=1e-4)
    assert found.p_value == pytest.approx(1 / 200)


@pytest.mark.study
def test_a_maximum_on_a_kink_is_one_of_both_its_sides():
    found = hinge_of(ON_KINK)
    highest, place = highest_hinge(ON_KINK)
    assert found.log_likelihood == pytest.approx(highest, abs=NEAR)
    assert found.values[4] == pytest.approx(0.113, abs=5e-4)
    np.testing.assert_allclose(found.values[[1, 2, 4, 3]], place, atol=1e-3)
    assert found.converged
    other = highest_hinge(ON_KINK, fixed_c=0.164809)[0]
    assert found.log_likelihood > other


def test_resamples_go_over_to_other_hills():
    found = hinge_of(TWO_HILLS, std_errors="bootstrap", n_resamples=39)
    assert found.uncertainty.n_failed <= 1
    # Every draw is the highest of many starts in its own resample.
    setup = set_up(found.settings, found.sample)
    rng = np.random.default_rng(1)
    observed = found.sample.observations
    n = int(observed.count.sum())
    people = rng.multinomial(n, observed.count / n, size=39).astype(float)
    stats = observed.statistics(setup.problem.outcome, people)
    every = maximise.search(setup.problem, stats, setup.starts, setup.lower, setup.upper, keep=20)
    again = maximise.search(
        setup.problem,
        stats,
        setup.starts,
        setup.lower,
        setup.upper,
        own=found.values[None, None],
        keep=2,
    )
    assert np.all(again.value >= every.value - 1e-3)


@pytest.mark.study
def test_profiles_end_where_the_highest_hill_has_fallen():
    found = hinge_of(TWO_HILLS)
    setup = set_up(found.settings, found.sample)
    top = maximise.maximise(
        setup.problem, setup.stats, found.values[None], setup.lower[None], setup.upper[None]
    )
    ends = maximise.profile_ends(
        setup.problem,
        setup.stats,
        top,
        setup.lower,
        setup.upper,
        places=np.array([4]),
        errors=np.array([0.02]),
        drop=1.92,
        starts=setup.starts,
    )[0]
    for end in ends:
        at = highest_hinge(TWO_HILLS, fixed_c=float(end))[0]
        assert at == pytest.approx(found.log_likelihood - 1.92, abs=1e-3)


def test_a_search_that_did_not_converge_says_so(monkeypatch):
    s, y = squares()

    def stopped(*args, **options):
        found = maximise.search(*args, **options)
        return replace(found, converged=np.zeros_like(found.converged))

    monkeypatch.setattr(fit_module, "search", stopped)
    with pytest.warns(ConvergenceWarning, match="before it had converged"):
        result = jones_sasser.fit(s, y)
    assert not result.converged
    # A test needs both fits.
    monkeypatch.setattr(hypotheses, "search", stopped)
    with pytest.raises(NotIdentifiedError, match="with and without the hypothesis did not"):
        jones_sasser.hypothesis_test(result, "linear", n_resamples=19, rng=1)


def test_a_driver_whose_effect_has_no_end_is_named():
    rng = np.random.default_rng(4)
    s = rng.integers(0, 5, 600) / 4
    z = rng.integers(0, 2, 600)
    y = np.where(z == 1, 1, rng.random(600) < 0.8 * s**2).astype(int)  # all who are bound stay
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        jones_sasser.fit(s, y, drivers={"z": z})
    about = [str(one.message) for one in told if one.category is ImproperSolutionWarning]
    assert any("d[z]" in text and "no end" in text for text in about)


@pytest.mark.study
@pytest.mark.parametrize("family", ["power", "logistic", "cubic", "hazard"])
def test_every_family_finds_what_brute_force_finds(family):
    formulas = {
        "power": (lambda s, p: p[0] * s ** p[1], [(0, 1), (0.05, 50)]),
        "logistic": (
            lambda s, p: p[0] * special.expit(p[1] * (s - p[2])),
            [(0, 1), (0, 200), (-1, 2)],
        ),
        "cubic": (
            lambda s, p: (
                p[0] * (p[1] * s * (1 - s) ** 2 + s * s * (3 - 2 * s) - p[2] * s * s * (1 - s))
            ),
            [(0, 1), (0, 3), (0, 3)],
        ),
        "hazard": (lambda s, p: np.exp(-np.exp(p[0] - p[1] * s)), [(-15, 15), (0, 60)]),
    }
    g, bounds = formulas[family]
    bounds = [*bounds, (0, 0.999999)]
    s = np.arange(6) / 5
    for seed in range(3):  # thousands in benchmarks/curve_search.py
        rng = np.random.default_rng([seed, 7])
        n = rng.integers(5, 40, 6)
        y = rng.binomial(n, np.sort(rng.uniform(0.05, 0.95, 6)))

        def minus(p, n=n, y=y):
            mean = np.clip(p[-1] + (1 - p[-1]) * g(s, p), 1e-12, 1 - 1e-12)
            return -(y * np.log(mean) + (n - y) * np.log1p(-mean)).sum()

        spread = np.array([(low, min(high, 12)) for low, high in bounds], dtype=float).T
        starts = rng.uniform(*spread, (30, len(bounds)))
        best = min(
            optimize.minimize(minus, start, method="L-BFGS-B", bounds=bounds).fun
            for start in starts
        )
        found = jones_sasser.fit(s, y, trials=n, outcome="count", family=family)
        ways = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        assert found.converged
        assert found.log_likelihood > ways.sum() - best - 1e-4, seed


def test_the_end_of_a_profile_that_was_not_maximised_is_not_known(monkeypatch):
    found = hinge_of(TWO_HILLS)
    setup = set_up(found.settings, found.sample)
    places = np.array([4])

    def interval():
        return intervals.profile_interval(setup, found.values, found._free, places, level=0.95)

    low, high = (float(end[0]) for end in interval())
    assert low < found.values[4] < high
    real = maximise.search

    def stopped(*args, **options):
        best = real(*args, **options)
        return replace(best, converged=np.zeros_like(best.converged))

    monkeypatch.setattr(maximise, "search", stopped)
    with pytest.warns(ConvergenceWarning, match=r"profile of c did not converge"):
        ends = interval()
    assert np.isnan(ends[0][0]) or ends[0][0] == 0.0  # a bound is one without a search
    assert np.isnan(ends[1][0])


def test_a_hill_that_is_a_step_between_two_levels_is_found():
    # Customers in 22 cells; the place is where 200 random starts of a study ended.
    s = np.array([0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6]) / 7
    z = np.array([-1, 0, -2, -1, 0, 1, 2, -2, -1, 0, 1, 2, -2, -1, 0, 1, -1, 0, 1, 0, 2, 0])
    left = np.array([6, 4, 11, 5, 4, 3, 1, 6, 23, 27, 2, 0, 6, 4, 10, 2, 33, 4, 1, 14, 2, 5])
    stayed = np.array([0, 2, 1, 1, 2, 3, 11, 0, 1, 3, 4, 6, 0, 2, 2, 4, 3, 2, 5, 4, 10, 1])
    hi, a, s0, const, effect = 0.052961606, 194.193491, 0.0642603715, -1.60068811, 1.97002756
    c = special.expit(const + effect * z)
    mean = c + (1 - c) * hi * special.expit(a * (s - s0))
    value = (stayed * np.log(mean) + left * np.log1p(-mean)).sum()
    n = left + stayed
    ways = special.gammaln(n + 1) - special.gammaln(stayed + 1) - special.gammaln(left + 1)
    found = jones_sasser.fit(
        s, stayed, trials=n, outcome="count", family="logistic", drivers={"z": z}
    )
    assert found.converged
    assert found.log_likelihood > value + ways.sum() - 1e-4


def test_a_small_step_far_up_the_scale_is_found():
    # Of all customers a fifth stays whatever happens; the place is where 200 random starts ended.
    s = np.arange(8) / 9
    n = 6 * np.array([60, 88, 58, 44, 28, 9, 9, 4])
    stayed = np.array([79, 118, 78, 64, 30, 8, 16, 5])
    hi, a, s0, c = 0.0644, 200.0, 0.6139, 0.2189
    mean = c + (1 - c) * hi * special.expit(a * (s - s0))
    value = (stayed * np.log(mean) + (n - stayed) * np.log1p(-mean)).sum()
    ways = special.gammaln(n + 1) - special.gammaln(stayed + 1) - special.gammaln(n - stayed + 1)
    found = jones_sasser.fit(s, stayed, trials=n, outcome="count", family="logistic")
    assert found.converged
    assert found.log_likelihood > value + ways.sum() - 1e-4
