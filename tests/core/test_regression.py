"""Regressions against statsmodels on the columns as they are, and what makes them impossible."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel._core import regression
from loyaltymodel._core.intervals import satterthwaite, student, wald
from loyaltymodel._core.regression import errors_of_contrasts

from tolerances import EXACT, SAME

UNITS = [1.0, 1e-6, 1e6]


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(200), rng.normal(size=(200, 2))])
    score = design @ [0.3, 1.0, -0.5]
    return design, score + rng.normal(size=200), rng.random(200) < 1 / (1 + np.exp(-score))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("kind", "theirs"), [("model", "nonrobust"), ("robust", "HC3")])
def test_a_line_is_that_of_statsmodels(world, kind, theirs, unit):
    design, y, _ = world
    found = regression.least_squares(y, design * [1, unit, 1], std_errors=kind)
    expected = sm.OLS(y, design).fit(cov_type=theirs)
    size = np.array([1, unit, 1])
    np.testing.assert_allclose(found.estimates * size, expected.params, rtol=SAME)
    np.testing.assert_allclose(
        found.covariance * np.outer(size, size), expected.cov_params(), rtol=SAME, atol=1e-12
    )


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("kind", "theirs"), [("model", "nonrobust"), ("robust", "HC0")])
def test_a_logit_is_that_of_statsmodels(world, kind, theirs, unit):
    design, _, y = world
    size = np.array([1, unit, 1])
    found = regression.logistic(y, design * size, std_errors=kind)
    expected = sm.GLM(y.astype(float), design, family=sm.families.Binomial()).fit(
        cov_type=theirs, tol=1e-14
    )
    np.testing.assert_allclose(found.estimates * size, expected.params, rtol=SAME)
    np.testing.assert_allclose(
        found.covariance * np.outer(size, size), expected.cov_params(), rtol=SAME, atol=1e-12
    )
    assert found.log_likelihood == pytest.approx(expected.llf, rel=SAME)


@pytest.mark.parametrize("last", [False, True])
def test_columns_that_tell_everything_have_no_logit(last):
    x = np.arange(20.0)
    y = x > 9
    if last:  # all but those at the border, where either happens
        x, y = np.append(x, 9.5), np.append(y, True)
        x, y = np.append(x, 9.5), np.append(y, False)
    design = np.column_stack([np.ones(len(x)), x])
    assert regression.logistic(y, design) is None
    y[3] = True
    assert regression.logistic(y, design) is not None


def test_a_logit_leaves_the_filters_of_warnings_alone(monkeypatch, world):
    # Threads that change them and put them back at once leave those of each other behind.
    monkeypatch.setattr(warnings, "catch_warnings", None)
    monkeypatch.setattr(warnings, "simplefilter", None)
    design, _, y = world
    assert regression.logistic(y, design) is not None
    assert regression.logistic(design[:, 1] > 0, design) is None


@given(st.lists(st.booleans(), min_size=4, max_size=12))
def test_the_logit_of_two_groups_is_the_difference_of_their_log_odds(stayed):
    y = np.array([*stayed, True, False, *stayed, True, False, True])
    group = np.arange(len(y)) >= len(stayed) + 2
    found = regression.logistic(y, np.column_stack([np.ones(len(y)), group]))
    odds = [y[g].sum() / (~y[g]).sum() for g in (~group, group)]
    np.testing.assert_allclose(
        found.estimates, [np.log(odds[0]), np.log(odds[1] / odds[0])], rtol=EXACT, atol=EXACT
    )


def test_entangled_columns_are_named():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(size=(3, 30))
    one = np.ones(30)
    assert regression.collinear(np.column_stack([one, a, b])).tolist() == []
    assert regression.collinear(np.column_stack([one, a, b, a + 2])).tolist() == [0, 1, 3]
    assert regression.collinear(np.column_stack([one, a, 0 * b, c])).tolist() == [2]
    assert regression.collinear(np.column_stack([a, b, c])[:2]).tolist() == [0, 1, 2]
    # One unit is as good as another.
    assert regression.collinear(np.column_stack([one, a * 1e9, b, a + 2])).tolist() == [0, 1, 3]


def test_who_alone_decides_a_coefficient():
    x = np.array([0.0, 0.0, 0.0, 5.0])
    design = np.column_stack([np.ones(4), x])
    assert regression.full_leverage(design).tolist() == [False, False, False, True]
    assert not regression.full_leverage(design[:, :1]).any()


@given(
    st.floats(-5, 5),
    st.floats(0.1, 3),
    st.sampled_from([1.0, 4.0, 30.5, 1000.0]),
    st.sampled_from([0.8, 0.95]),
)
def test_student_is_that_of_scipy(estimate, error, degrees, level):
    found = student(np.array([estimate]), np.array([error]), degrees, level=level)
    low, high = stats.t.interval(level, degrees, estimate, error)
    assert found.low[0] == pytest.approx(low, rel=SAME, abs=EXACT)
    assert found.high[0] == pytest.approx(high, rel=SAME, abs=EXACT)
    assert found.p_value[0] == pytest.approx(2 * stats.t.sf(abs(estimate) / error, degrees))


def test_student_of_endless_degrees_is_the_normal_law():
    estimate, error = np.array([1.0, 0.0, 2.0]), np.array([0.5, 0.0, np.nan])
    found = student(estimate, error, np.inf, level=0.9)
    expected = wald(estimate, error, level=0.9)
    for ours, theirs in zip(
        (found.low, found.high, found.p_value),
        (expected.low, expected.high, expected.p_value),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    mixed = student(estimate[:2], np.array([0.5, 0.5]), np.array([np.inf, 3.0]), level=0.9)
    assert mixed.low[0] == found.low[0]
    assert mixed.high[1] == pytest.approx(stats.t.ppf(0.95, 3) * 0.5, rel=SAME)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["model", "robust"])
def test_what_rounding_leaves_of_an_exact_line_is_no_error(world, kind, unit):
    design = world[0] * [1, unit, 1]
    found = regression.least_squares(design @ [0.1, 0.3 / unit, 0], design, std_errors=kind)
    assert found.estimates * [1, unit, 1] == pytest.approx([0.1, 0.3, 0], rel=SAME)
    assert found.estimates[2] == 0
    assert not found.covariance.any()
    weights = np.array([[3.0, -1.0 / unit, 0.0]])  # 3 * 0.1 - 0.3 is not 0 in doubles
    sums, errors = regression.sums_of(weights * [1, unit**2, 1], found.estimates, found.covariance)
    assert (sums[0], errors[0]) == (0, 0)


def test_the_size_of_rounding_is_that_of_what_answers_were_made_of():
    before = np.array([0.3, 5.7, 101.3])
    rounding = (before + 0.1) - before
    assert np.ptp(rounding) > 0
    assert regression.is_constant(rounding, size=101.4)
    assert not regression.is_constant(rounding * [1, 2, 3], size=101.4)
    assert not regression.is_constant(np.array([1.0, 1.0 + 1e-9]))


def test_unknown_degrees_are_not_taken_for_endless_ones():
    found = student(np.array([1.0, 1.0]), np.array([0.5, 0.5]), np.array([np.nan, 3.0]), level=0.9)
    for part in (found.low, found.high, found.p_value):
        assert np.isnan(part).tolist() == [True, False]


def test_degrees_of_a_difference_are_those_of_welch():
    rng = np.random.default_rng(3)
    one, two = rng.normal(0, 1, 8), rng.normal(0, 3, 5)
    variances = np.array([one.var(ddof=1) / 8, two.var(ddof=1) / 5])
    degrees = satterthwaite(np.stack([variances, [0, 0]]), np.array([7.0, 4.0]))
    assert degrees[0] == pytest.approx(stats.ttest_ind(one, two, equal_var=False).df, rel=SAME)
    assert np.isnan(degrees[1])


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e5, 1e7, 1e9])
def test_an_error_is_never_less_than_rounding_can_take_away(offset):
    # At the mean of x the error of a line is that of a mean, wherever 0 lies.
    x = offset + np.array([0.0, 1.0, 2.0, 3.0])
    y = np.array([0.0, 2.0, 1.0, 3.0])
    fitted = regression.least_squares(y, np.column_stack([np.ones(4), x]), std_errors="model")
    (error,) = regression.errors_of(np.array([[1.0, x.mean()]]), fitted.covariance)
    due = np.sqrt(1.8 / 2 / 4)  # residual sum of squares 5 - 5 * 0.8 ** 2, with 2 df
    assert error > 0
    assert error >= due * (1 - 1e-15 * offset**2 - 1e-9)
    if offset <= 1e3:
        assert error == pytest.approx(due, rel=1e-6)


def test_the_likelihood_of_an_exact_fit_does_not_warn():
    fitted = regression.least_squares(
        np.array([2.0, 2, 1, 1]), np.eye(2)[[0, 0, 1, 1]], std_errors="model"
    )
    np.testing.assert_allclose(fitted.estimates, [2, 1])


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_of_contrasts_by_matrices(weighted):
    rng = np.random.default_rng(3)
    n = 25
    design = np.column_stack([np.ones(n), np.arange(n) < 3, rng.normal(size=n)])
    y, w = rng.normal(size=n), rng.lognormal(0, 0.7, n) if weighted else np.ones(n)
    contrasts = np.array([[0, 1.0, 0], [0, 1, -2], [1, 0, 0]])
    found = errors_of_contrasts(y, design, w, contrasts)
    of_answers = np.linalg.inv(design.T @ np.diag(w) @ design) @ design.T @ np.diag(w)
    left = np.eye(n) - design @ of_answers
    for g, error, degrees in zip(contrasts @ of_answers, *found, strict=True):
        form = left.T @ np.diag(g**2 / np.diag(left @ left.T)) @ left
        assert error == pytest.approx(np.sqrt(y @ form @ y), rel=1e-9)
        assert np.trace(form) == pytest.approx(g @ g)  # unbiased, if all vary alike
        assert degrees == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form), rel=1e-9)
    if not weighted:
        bse = sm.OLS(y, design).fit(cov_type="HC2").bse
        assert found[0][[0, 2]] == pytest.approx(bse[[1, 0]], rel=1e-9)


def test_a_sum_that_one_person_decides_has_no_error():
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(20), np.arange(20) < 1, np.arange(20) > 15])
    found = errors_of_contrasts(rng.normal(size=20), design, np.ones(20), np.eye(3))
    for values in found:
        assert np.isnan(values).tolist() == [False, True, False]
