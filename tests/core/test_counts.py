"""Shares and means of weighted people: errors, effective numbers, degrees of freedom."""

import numpy as np
import pytest
from scipy import stats

from loyaltymodel._core.counts import (
    counted,
    effective_size,
    kish,
    members,
    pull_of,
    weighted_means,
)

EXACT = 1e-12
CODES = np.array([0, 0, 1, 1, 1, 2])


def by_matrix(weights):
    """Form the variance of a weighted mean as a matrix: e' B e with e = (1 - 1 h') y."""
    h = weights / weights.sum()
    n = len(h)
    apart = np.eye(n) - np.outer(np.ones(n), h)
    a = h**2 / np.diag(apart @ apart.T)
    return h, a, apart.T @ np.diag(a) @ apart


@pytest.mark.parametrize("weights", [np.ones(6), np.full(6, 3.5)])
def test_equal_weights_count_people(weights):
    found = counted(CODES, weights, 4, level=0.95)
    np.testing.assert_allclose(found.share, [2 / 6, 3 / 6, 1 / 6, 0], rtol=EXACT)
    np.testing.assert_allclose(
        found.std_error, np.sqrt(found.share * (1 - found.share) / 6), rtol=EXACT
    )
    np.testing.assert_allclose(found.n, 6, rtol=EXACT)


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.0])
def test_errors_are_unbiased_whatever_the_weights_if_all_vary_alike(spread):
    weights = np.random.default_rng(1).lognormal(0, spread, 12)
    h, a, form = by_matrix(weights)
    pull = pull_of(weights)
    np.testing.assert_allclose(pull.of_square, a, rtol=1e-9)
    # The mean of e' B e is its trace; that of the mean is the sum of squared shares.
    assert np.trace(form) == pytest.approx(h @ h, rel=1e-9)
    assert pull.degrees == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-6)
    assert 1 <= pull.degrees <= 11


def test_means_of_equal_weights_are_those_of_the_textbook():
    y = np.random.default_rng(2).normal(3, 2, (9, 2))
    mean, error, degrees = weighted_means(y, np.full(9, 0.2))
    np.testing.assert_allclose(mean, y.mean(axis=0), rtol=EXACT)
    np.testing.assert_allclose(error, stats.sem(y, axis=0), rtol=EXACT)
    assert degrees == 8


def test_shares_with_weights_are_means_of_0_and_1():
    rng = np.random.default_rng(0)
    codes, weights = rng.integers(0, 3, 50), rng.uniform(0.2, 3, 50)
    belongs = (codes[:, None] == np.arange(3)).astype(float)
    mean, error, degrees = weighted_means(belongs, weights)
    found = counted(codes, weights, 3, level=0.9)
    np.testing.assert_allclose(found.share, mean, rtol=EXACT)
    np.testing.assert_allclose(found.std_error, error * np.sqrt(49 / 50), rtol=EXACT)
    # Korn and Graubard: p (1 - p) over the variance, and Student's quantiles of both degrees.
    size = mean * (1 - mean) / found.std_error**2
    factor = (stats.t.ppf(0.95, 49) / stats.t.ppf(0.95, degrees)) ** 2
    np.testing.assert_allclose(found.n, size * factor, rtol=1e-9)
    for one, other in zip(found, members(belongs, weights, level=0.9), strict=True):
        np.testing.assert_allclose(one, other, rtol=EXACT)


def test_the_size_follows_from_weights_that_go_with_the_answers():
    # Half of 100 answer yes and weigh 4, so p = .8. On the logit p moves as the plain share does:
    # its variance is (p (1 - p))^2 / (100 / 4), and p (1 - p) over it is 25 / .16 > 100 people.
    codes = np.repeat([0, 1], 50)
    assert kish(np.where(codes == 1, 4.0, 1.0)) == pytest.approx(250**2 / 850)
    found = counted(codes, np.where(codes == 1, 4.0, 1.0), 2, level=0.95)
    assert found.std_error[1] == pytest.approx(0.16 / np.sqrt(25), rel=0.01)
    # Of 100 ten answer yes and weigh 4, so p = 4 / 13: 9 / (p (1 - p)) people; Kish has 67.6.
    codes = np.repeat([0, 1], [90, 10])
    weights = np.where(codes == 1, 4.0, 1.0)
    found = counted(codes, weights, 2, level=0.95)
    assert kish(weights) == pytest.approx(130**2 / 250)
    assert found.n[1] == pytest.approx(9 / (4 / 13 * 9 / 13), rel=0.12)


def test_an_empty_class_has_the_size_of_kish():
    weights = np.array([1.0, 1.0, 2.0])
    nobody, all_of_them = np.zeros(1), np.zeros(1)
    np.testing.assert_allclose(effective_size(nobody, all_of_them, weights), 16 / 6, rtol=EXACT)
    factor = (stats.t.ppf(0.975, 2) / stats.t.ppf(0.975, pull_of(weights).degrees)) ** 2
    found = counted(np.zeros(3, dtype=np.intp), weights, 2, level=0.95)
    np.testing.assert_allclose(found.n, 16 / 6 * factor, rtol=EXACT)


@pytest.mark.parametrize("little", [0.3, 1e-2, 1e-4, 1e-6])
def test_who_has_almost_all_the_weight_leaves_one_difference(little):
    # Two people, y1 - y2 = 2: whatever the weights, the variance of one of them is 2^2 / 2.
    mean, error, degrees = weighted_means(np.array([[3.0], [1.0]]), np.array([1.0, little]))
    share = 1 / (1 + little)
    assert mean[0] == pytest.approx(3 - 2 * (1 - share))
    assert error[0] == pytest.approx(np.sqrt(2 * (share**2 + (1 - share) ** 2)), rel=1e-6)
    assert degrees == pytest.approx(1)


@pytest.mark.parametrize("little", [0, 1e-12, 1e-200])
def test_one_person_has_no_error(little):
    mean, error, degrees = weighted_means(np.array([[3.0], [1.0]]), np.array([1.0, little]))
    assert (mean[0], degrees) == (pytest.approx(3), 0)
    assert np.isnan(error[0])
