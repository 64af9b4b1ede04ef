"""The likelihood: its score, its information, its cells and its quadrature."""

import itertools

import numpy as np
import pytest
from scipy import special, stats

from loyaltymodel.jones_sasser.curves.families import FAMILIES
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Beta,
    Cells,
    Ordinal,
    Problem,
    Shares,
    evaluate,
    log_likelihood,
    loyalty_in_cells,
    observed_information,
)
from loyaltymodel.jones_sasser.estimation.observations import beta_answers, observe

# Central differences over steps of 1e-6 of log-likelihoods of about 1e2 to 1e3: rounding of
# 1e3 * 1e-16 / 1e-6 = 1e-7, and truncation by third derivatives of up to 1e4 times 1e-12.
DIFFERENCE = 2e-6

CURVES = {
    "power": [0.05, 0.9, 2.5],
    "logistic": [0.05, 0.9, 7.0, 0.55],
    "hinge": [0.05, 0.9, 0.3, 0.62],
    "cubic": [0.05, 0.9, 0.6, 1.7],
    "hazard": [1.5, 4.0],
}
HELD = {"given": [], "group": [0.15, 0.4, 0.3], "drivers": [-0.8, 0.5]}
OUTCOMES = ("shares", "beta", "ordinal")


def make(family, held, outcome, n_nodes, seed=0):
    """Make a problem with 12 cells, statistics of two surveys, and parameters inside."""
    rng = np.random.default_rng(seed)
    m = 12
    s = np.sort(rng.uniform(0.05, 0.95, m))
    if n_nodes == 1:
        nodes, weights = s, np.ones((m, 1))
    else:
        nodes = np.clip(s[:, None] + np.linspace(-0.1, 0.1, n_nodes), 0, 1).ravel()
        weights = rng.dirichlet(np.ones(n_nodes), m)
    kinds = {
        "given": {"given": rng.uniform(0, 0.6, m)},
        "group": {"group": np.repeat([0, 1, 2], 4)},
        "drivers": {"drivers": np.column_stack([np.ones(m), rng.normal(size=m)])},
    }
    cells = Cells(nodes, weights, **kinds[held])
    n = rng.integers(5, 40, (2, m)).astype(float)
    if outcome == "shares":
        kind, extra = Shares(), []
        y = rng.binomial(n.astype(int), 0.5)
        statistics = np.stack([n, y], axis=1)
    elif outcome == "beta":
        kind, extra = Beta(), [1.7]
        score = rng.beta(2, 2, (2, m))
        statistics = np.stack([n, n * np.log(score), n * np.log1p(-score)], axis=1)
    else:
        kind, extra = Ordinal(4, 2), [0.3, -0.2]
        statistics = rng.integers(1, 20, (2, 4, m)).astype(float)
    problem = Problem(FAMILIES[family], cells, kind, len(extra))
    p = np.array([CURVES[family] + HELD[held] + extra])
    return problem, statistics, np.repeat(p, 2, axis=0) * np.array([[1.0], [0.97]])


# The beta law is refused with measurement error: it has no closed average over the true score.
CASES = [
    case for case in itertools.product(CURVES, HELD, OUTCOMES, (1, 3)) if case[2:] != ("beta", 3)
]


@pytest.mark.parametrize(("family", "held", "outcome", "n_nodes"), CASES)
def test_the_score_is_the_derivative_and_the_information_positive(family, held, outcome, n_nodes):
    problem, statistics, p = make(family, held, outcome, n_nodes)
    value, score, info = evaluate(problem, statistics, p)
    step = 1e-6
    for place in range(p.shape[1]):
        high, low = p.copy(), p.copy()
        high[:, place] += step
        low[:, place] -= step
        above, below = (log_likelihood(problem, statistics, at) for at in (high, low))
        numeric = (above - below) / (2 * step)
        np.testing.assert_allclose(score[:, place], numeric, rtol=1e-5, atol=DIFFERENCE)
    assert np.isfinite(value).all()
    np.testing.assert_allclose(info, info.swapaxes(1, 2), atol=0)
    # Positive but for rounding, in units of its diagonal.
    size = np.sqrt(np.einsum("bqq->bq", info))
    values = np.linalg.eigvalsh(info / (size[:, :, None] * size[:, None, :]))
    assert values.min() > -1e-10


@pytest.mark.parametrize(("family", "held", "outcome", "n_nodes"), CASES[::7])
def test_a_stack_gives_what_each_problem_gives(family, held, outcome, n_nodes, monkeypatch):
    problem, statistics, p = make(family, held, outcome, n_nodes)
    whole = evaluate(problem, statistics, p)
    for row in (0, 1):
        alone = evaluate(problem, statistics[row : row + 1], p[row : row + 1])
        for one, both in zip(alone, whole, strict=True):
            np.testing.assert_allclose(one[0], both[row], rtol=1e-12)
    # Neither do slices of the cells matter.
    monkeypatch.setattr(
        "loyaltymodel.jones_sasser.estimation.kernels.likelihood._IN_CACHE", 5 * 2 * n_nodes
    )
    assert len(list(problem.cells.slices(2))) == 3
    for one, both in zip(evaluate(problem, statistics, p), whole, strict=True):
        np.testing.assert_allclose(one, both, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_likelihood_is_that_of_the_law(outcome):
    problem, statistics, p = make("power", "group", outcome, 1)
    loyalty = loyalty_in_cells(problem, p)[0, :, 0]
    statistics = statistics[:1]
    found = log_likelihood(problem, statistics, p[:1])[0]
    if outcome == "shares":
        n, y = statistics[0]
        # scipy also counts the ways in which y of n can come about.
        expected = (stats.binom.logpmf(y, n, loyalty) - np.log(special.comb(n, y))).sum()
    elif outcome == "beta":
        n, log_score, _ = statistics[0]
        phi = np.exp(p[0, -1])  # every cell holds one score n times
        law = stats.beta.logpdf(np.exp(log_score / n), loyalty * phi, (1 - loyalty) * phi)
        expected = (n * law).sum()
    else:
        steps = np.exp(p[0, -2:])
        theta = np.array([-steps[0], 0.0, steps[1]])
        above = stats.logistic.cdf(np.log(loyalty / (1 - loyalty)) - theta[:, None])
        cumulative = np.vstack([np.ones(12), above, np.zeros(12)])
        expected = (statistics[0] * np.log(cumulative[:-1] - cumulative[1:])).sum()
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_expected_information_is_the_mean_outer_product():
    problem, _, p = make("power", "group", "ordinal", 1)
    p = p[:1]
    probability = problem.outcome.probabilities(
        loyalty_in_cells(problem, p), problem.cells.node_weights, p[:, -2:]
    )[0]
    # With answers in exactly the expected numbers, the outer product is the information, and
    # that is minus the second derivative, because the score is 0.
    statistics = 1000 * probability[None]
    value, score, info = evaluate(problem, statistics, p)
    np.testing.assert_allclose(score, 0, atol=1e-8)
    free = np.ones(p.shape[1], dtype=bool)
    bend = observed_information(problem, statistics, p[0], free, info[0])
    np.testing.assert_allclose(bend, info[0], rtol=1e-4, atol=1e-4 * np.abs(info).max())
    assert np.isfinite(value)


def test_cells_give_the_likelihood_of_rows():
    rng = np.random.default_rng(3)
    n = 400
    s = rng.integers(1, 11, n)
    group = rng.integers(0, 3, n)
    weight = rng.choice([0.5, 1.0, 2.0], n)
    for answers, outcome, n_extra, extra in (
        ([np.array(1.0), rng.integers(0, 2, n)], Shares(), 0, []),
        ([rng.integers(4, 7, n), rng.integers(0, 4, n)], Shares(), 0, []),
        ([rng.integers(0, 4, n)], Ordinal(4, 2), 2, [0.3, -0.2]),
        (beta_answers(rng.choice([0.2, 0.5, 0.9], n)), Beta(), 1, [1.2]),
    ):
        for weights in (None, weight):
            found = observe(s, answers, weights, scale=(1, 10), group=group)
            assert found.n_cells <= 30
            assert found.count.sum() == n
            p = np.array([[0.05, 0.9, 2.5, 0.1, 0.3, 0.5, *extra]])
            problem = Problem(FAMILIES["power"], found.cells(None), outcome, n_extra)
            value = log_likelihood(problem, found.statistics(outcome), p)[0]
            # Row by row, sorted by group, without any cell shared.
            order = np.argsort(group, kind="stable")
            rows = Cells((s[order] - 1) / 9, np.ones((n, 1)), group=group[order])
            loyalty = loyalty_in_cells(Problem(FAMILIES["power"], rows, outcome, n_extra), p)
            full = np.stack([np.broadcast_to(part, n)[order] for part in answers]).astype(float)
            density = outcome.densities(loyalty, rows.node_weights, p[:, 6:], full)[0]
            own = np.ones(n) if weights is None else weights[order]
            assert value == pytest.approx((own * density).sum(), rel=1e-12)


def test_continuous_answers_are_kept_apart_and_sorted_by_group():
    rng = np.random.default_rng(1)
    s, group, y = rng.random(12_000), rng.integers(0, 3, 12_000), rng.integers(0, 2, 12_000)
    found = observe(s, [np.array(1.0), y], None, group=group)
    assert found.n_cells == found.n_records == 12_000
    assert (np.diff(found.group) >= 0).all()
    np.testing.assert_allclose(np.sort(found.satisfaction), np.sort(s))
    assert found.mean == pytest.approx(s.mean())
    assert found.sd == pytest.approx(s.std())
