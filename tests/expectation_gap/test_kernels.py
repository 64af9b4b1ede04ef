"""Intervals, reliabilities and running levels against other programs and plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel.expectation_gap import kernels
from loyaltymodel.expectation_gap._people import means_of

from tolerances import EXACT, SAME

LEVELS = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30), LEVELS)
def test_the_interval_of_a_mean_is_that_of_scipy(values, level):
    x = np.array(values)
    error = x.std(ddof=1) / np.sqrt(len(x))
    table = means_of({"part": ["all"]}, [x.mean()], [error], n=len(x), level=level)
    low, high = table.ci_low[0], table.ci_high[0]
    assert table.p_value is None
    if error > 1e-9 * np.abs(x).max():  # of equal values only rounding is left
        theirs = stats.t.interval(level, len(x) - 1, x.mean(), error)
        # SciPy's two routes to the quantile agree to about ten digits.
        np.testing.assert_allclose([low, high], theirs, rtol=SAME, atol=SAME)
    elif np.ptp(x) == 0:
        assert np.isnan([low, high]).all()  # equal values do not show how far others differ


@pytest.mark.parametrize("k", [2, 3, 6])
def test_alpha_is_the_formula_person_by_person(k):
    answers = np.random.default_rng(k).normal(size=(40, k)) + np.linspace(-1, 1, 40)[:, None]
    variances = [np.var(answers[:, j], ddof=1) for j in range(k)]
    plain = k / (k - 1) * (1 - sum(variances) / np.var(answers.sum(axis=1), ddof=1))
    assert kernels.cronbach_alpha(np.cov(answers, rowvar=False)) == pytest.approx(plain, abs=SAME)


def test_alpha_exists_only_for_items_that_vary_together():
    assert np.isnan(kernels.cronbach_alpha(np.array([[2.0]])))
    assert np.isnan(kernels.cronbach_alpha(np.zeros((3, 3))))
    # Two items that always add up to the same.
    assert np.isnan(kernels.cronbach_alpha(np.array([[1.0, -1.0], [-1.0, 1.0]])))
    assert kernels.cronbach_alpha(np.full((4, 4), 1.5)) == pytest.approx(1, abs=EXACT)


def test_reliability_of_a_difference_has_the_published_values():
    # Edwards' slides: unit variances, reliabilities of 0.75, correlation 0.50.
    assert kernels.difference_reliability((1.0, 1.0), 0.5, (0.75, 0.75)) == pytest.approx(0.5)
    # metricgate.com: reliabilities of 0.85, correlation 0.80.
    assert kernels.difference_reliability((1.0, 1.0), 0.8, (0.85, 0.85)) == pytest.approx(0.25)
    assert np.isnan(kernels.difference_reliability((1.0, 1.0), 1.0, (0.8, 0.8)))


def test_reliability_of_a_difference_is_that_of_a_world_with_true_scores():
    # Var(true difference) / Var(observed difference), from a covariance matrix of true scores.
    true = np.array([[2.0, 0.7], [0.7, 1.5]])
    noise = np.array([0.5, 0.8])
    variances = np.diag(true) + noise
    reliabilities = np.diag(true) / variances
    signs = np.array([1.0, -1.0])
    expected = (signs @ true @ signs) / (signs @ true @ signs + noise.sum())
    found = kernels.difference_reliability(
        (variances[0], variances[1]), 0.7, (reliabilities[0], reliabilities[1])
    )
    assert found == pytest.approx(expected, abs=EXACT)


HISTORIES = st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=6), min_size=1, max_size=6)


def flat(histories):
    values = np.array([float(v) for history in histories for v in history])
    place = np.array([k for history in histories for k in range(len(history))])
    return values, place


@settings(max_examples=60)
@given(HISTORIES, st.floats(0.01, 1), st.sampled_from([None, 0.0, 4.5]))
def test_running_levels_are_those_of_plain_loops(histories, rate, start):
    values, place = flat(histories)
    steps = kernels.steps_of(place)
    means, recent, peaks, levels, slopes = [], [], [], [], []
    for history in histories:
        level, slope = start, 0.0
        for k, value in enumerate(history):
            so_far = history[: k + 1]
            means.append(sum(so_far) / len(so_far))
            weights = [rate ** (k - j) for j in range(k + 1)]
            weighted = sum(w * v for w, v in zip(weights, so_far, strict=True))
            recent.append(weighted / sum(weights))
            peaks.append(max(reversed(so_far), key=lambda v: abs(v - 5)))
            if level is None:
                level, slope = float(value), 0.0
            else:
                level, slope = level + rate * (value - level), (1 - rate) * slope + value - level
            levels.append(level)
            slopes.append(slope)
    found_levels, found_slopes = kernels.running_adjustment(values, steps, rate=rate, start=start)
    np.testing.assert_allclose(found_levels, levels, atol=SAME)
    np.testing.assert_allclose(found_slopes, slopes, atol=SAME)
    np.testing.assert_allclose(kernels.running_mean(values, place), means, atol=SAME)
    np.testing.assert_allclose(
        kernels.running_recency(values, steps, decay=rate), recent, atol=SAME
    )
    peak = kernels.running_peak(np.abs(values - 5), values, steps)
    np.testing.assert_array_equal(peak, peaks)
