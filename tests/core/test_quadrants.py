"""Cells between cut-offs: codes, true scores, probabilities, shares; against other ways to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import ndtr

from loyaltymodel._core.quadrant_shares import Classes, resampled_shares, true_shares
from loyaltymodel._core.quadrants import (
    Grid,
    bivariate_normal,
    cell_codes,
    cell_probabilities,
    check_cut,
    cut_offs,
    moments_of,
    posterior_of,
    quadrants,
    require_identified,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME

# The same probability in other ways: they are asked for 1e-13, ours is to give 1e-14.
QUADRATURE = 1e-12
# Central differences with steps of 1e-5 lose about 1e-10 to curvature and as much to rounding,
# relative to derivatives of the size of one.
DIFFERENCES = 1e-8

numbers = st.floats(-6, 6).map(lambda v: round(v, 3))
correlations = st.floats(-0.99, 0.99)


def four(x_cut=0.0, y_cut=0.0, ties="high"):
    return quadrants(np.array(x_cut), np.array(y_cut), ties=ties)


def plain(n, n_cells=4):
    """Every cell is a class, and all people are one group."""
    return Classes(np.eye(n_cells)[None], np.zeros(n, dtype=np.intp))


def world(rng, n, *, reliability=(0.8, 0.7), correlation=0.5, mean=(0.3, -0.2)):
    """True and observed scores of people, with true variances 1 and 2."""
    spread = np.sqrt([1.0, 2.0])
    covariance = np.array([[1, correlation], [correlation, 1]]) * np.outer(spread, spread)
    true = rng.multivariate_normal(mean, covariance, size=n)
    r = np.array(reliability)
    error = np.diag(covariance) * (1 - r) / r
    return true, true + rng.normal(size=(n, 2)) * np.sqrt(error)


def posterior_for(x, weights, reliability):
    """Posterior with the moments of a weighted sample, with the total weight as divisor."""
    mean = weights @ x / weights.sum()
    covariance = np.cov(x.T, aweights=weights, ddof=0)
    return posterior_of(mean, covariance, np.asarray(reliability))


# Cut-offs and codes


def test_the_code_is_twice_x_high_plus_y_high():
    x, y = np.array([-1.0, -1, 1, 1]), np.array([-1.0, 1, -1, 1])
    assert cell_codes(x, y, four()).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("ties", "code"), [("high", 3), ("low", 0)])
def test_a_value_at_the_cut_off_goes_where_ties_go(ties, code):
    at = np.array([5.5])
    assert cell_codes(at, at, four(5.5, 5.5, ties)).tolist() == [code]


@given(st.lists(numbers, min_size=1, max_size=20), st.booleans())
def test_levels_count_the_cut_offs_that_are_passed(values, up):
    cuts = np.array([-2.0, 0.0, 3.0])
    grid = Grid(cuts, np.array([0.0]), np.array([up] * 3), np.array([True]))
    x = np.array(values)
    codes = cell_codes(x, np.full(len(x), -1.0), grid)
    want = [sum(v >= c if up else v > c for c in cuts) * 2 for v in values]
    assert codes.tolist() == want


def test_nobody_passes_a_cut_off_without_those_below_it():
    # The lower one does not take its own value in, the upper one, which equals it, would.
    cuts = np.array([1.0, 1.0])
    grid = Grid(cuts, np.array([0.0]), np.array([False, True]), np.array([True]))
    assert cell_codes(np.array([1.0, 1.5]), np.array([1.0, 1.0]), grid).tolist() == [1, 5]


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 4)), min_size=1, max_size=12))
def test_weighted_cut_offs_are_those_of_people_repeated(rows):
    values, times = (np.array(column) for column in zip(*rows, strict=True))
    repeated = np.repeat(values, times)
    weights = times[None] / 7  # a factor changes nothing
    for cut, plain_cut in (("median", np.median), ("mean", np.mean)):
        found = cut_offs(values.astype(float), weights, cut)
        np.testing.assert_allclose(found, [plain_cut(repeated)], rtol=EXACT)


def test_cut_offs_of_a_batch_are_those_of_each_row():
    rng = np.random.default_rng(0)
    values, weights = rng.integers(1, 11, 40).astype(float), rng.integers(0, 4, (6, 40)) * 1.0
    for cut in ("median", "mean", "midpoint", 3.5):
        batch = cut_offs(values, weights, cut, limits=(1.0, 10.0))
        each = [cut_offs(values, row[None], cut, limits=(1.0, 10.0))[0] for row in weights]
        np.testing.assert_allclose(batch, each, rtol=EXACT)
    assert cut_offs(values, weights, "midpoint", limits=(1.0, 10.0)).tolist() == [5.5] * 6


def test_each_row_of_a_batch_may_have_values_of_its_own():
    rng = np.random.default_rng(1)
    values, weights = rng.integers(1, 11, (6, 40)).astype(float), rng.integers(0, 4, (6, 40)) * 1.0
    for cut in ("median", "mean", "midpoint", 3.5):
        batch = cut_offs(values, weights, cut, limits=(1.0, 10.0))
        each = [
            cut_offs(own, row[None], cut, limits=(1.0, 10.0))[0]
            for own, row in zip(values, weights, strict=True)
        ]
        np.testing.assert_allclose(batch, each, rtol=EXACT)
    np.testing.assert_array_equal(
        cut_offs(values, np.ones((6, 40)), "median"), np.median(values, axis=1)
    )


@pytest.mark.parametrize(
    ("cut", "limits", "says"),
    [
        ("middle", (1, 10), "choose one of 'midpoint', 'median', 'mean', or a finite number"),
        (True, (1, 10), "choose one of"),
        (None, (1, 10), "choose one of"),
        (float("nan"), (1, 10), "choose one of"),
        ("midpoint", None, r"give the scale, such as \(1, 10\), or a number as high"),
        (11, (1, 10), "lies outside the scale from 1 to 10; give it in the units"),
    ],
)
def test_bad_cut_offs(cut, limits, says):
    with pytest.raises(OptionError, match=says):
        check_cut("high", cut, limits)


@pytest.mark.parametrize("cut", ["midpoint", "median", "mean", 1, 10.0, np.float64(5.5)])
def test_good_cut_offs(cut):
    check_cut("high", cut, (1, 10))


# Moments and true scores


@pytest.mark.parametrize("k", [1, 2, 4])
def test_moments_are_those_of_numpy(k):
    rng = np.random.default_rng(k)
    x, own = rng.normal(50, 2, (30, k)), rng.uniform(0.5, 2, 30)
    counts = rng.integers(0, 4, (5, 30))
    means, covariances = moments_of(x, counts * own, counts @ own**2)
    for b, times in enumerate(counts):
        want = np.cov(x.T, fweights=times, aweights=own)
        np.testing.assert_allclose(covariances[b], np.reshape(want, (k, k)), rtol=SAME)
        np.testing.assert_allclose(means[b], np.average(x, axis=0, weights=times * own), rtol=SAME)


def test_a_constant_variable_has_no_variance_and_no_posterior():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.choice([0.1, 0.7], 20), rng.normal(size=20)])
    weights = np.stack([np.ones(20), (x[:, 0] == 0.1) * 0.3])  # the second has one value only
    means, covariances = moments_of(x, weights, (weights**2).sum(axis=1))
    assert covariances[0, 0, 0] > 0
    assert covariances[1, 0, 0] == 0
    found = posterior_of(means, covariances, np.array([0.8, 0.7]))
    assert found.identified.tolist() == [True, False]
    everywhere = np.full((20, 1), 0.1)  # its mean may miss it by a rounding error
    assert moments_of(everywhere, weights[:1], np.array([20.0]))[1] == 0


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_the_posterior_is_the_conditional_normal(k):
    # The textbook formula for a normal vector (T, X) with cov(T, X) = S_T.
    rng = np.random.default_rng(k)
    half = rng.normal(size=(k, k + 2))
    true = half @ half.T + np.eye(k)
    reliability = rng.uniform(0.6, 0.95, k)
    observed = true + np.diag(np.diag(true) * (1 - reliability) / reliability)
    mean, x = rng.normal(size=k), rng.normal(size=(7, k))
    found = posterior_of(mean, observed, reliability)
    assert found.identified
    want = mean + (x - mean) @ np.linalg.solve(observed, true)
    np.testing.assert_allclose(found.means(x), want, rtol=SAME, atol=SAME)
    left = true - true @ np.linalg.solve(observed, true)
    np.testing.assert_allclose(found.covariance, left, rtol=SAME, atol=SAME)


def test_posteriors_of_a_batch_are_those_of_each():
    rng = np.random.default_rng(3)
    _, x = world(rng, 50)
    weights = rng.multinomial(50, np.full(50, 0.02), size=4).astype(float)
    r = np.array([0.8, 0.7])
    batch = posterior_of(*moments_of(x, weights, weights.sum(axis=1)), r)
    grid = four()
    cells = cell_probabilities(batch.means(x), batch.covariance, grid)
    for b in range(4):
        alone = posterior_of(batch.mean[b], batch.observed[b], r)
        np.testing.assert_allclose(batch.means(x)[b], alone.means(x), rtol=SAME)
        one = cell_probabilities(alone.means(x), alone.covariance, grid)
        np.testing.assert_allclose(cells[:, b], one, atol=EXACT)


def test_a_score_without_error_stays_exactly_what_it_is():
    found = posterior_of(np.array([0.1, 0.7]), np.array([[2, 0.3], [0.3, 1]]), np.array([1, 0.5]))
    x = np.random.default_rng(0).normal(size=(100, 2))
    assert (found.means(x)[:, 0] == x[:, 0]).all()
    assert (found.covariance[0] == 0).all()


def test_impossible_posteriors_of_a_batch_are_nan_and_leave_the_others_alone():
    covariances = np.array([np.eye(2), [[1, 0.75], [0.75, 1]], np.zeros((2, 2)), np.eye(2)])
    found = posterior_of(np.zeros((4, 2)), covariances, np.array([0.8, 0.7]))
    assert found.identified.tolist() == [True, False, False, True]
    assert np.isnan(found.covariance).any(axis=(1, 2)).tolist() == [False, True, True, False]
    np.testing.assert_allclose(np.diag(found.covariance[0]), [0.8 * 0.2, 0.7 * 0.3], rtol=EXACT)


def test_correlations_above_what_reliabilities_allow_are_refused():
    # True scores of reliability 0.8 and 0.7 correlate by at most sqrt(0.56) = 0.748.
    r = np.array([0.8, 0.7])
    require_identified(posterior_of(np.zeros(2), np.array([[1, 0.74], [0.74, 1]]), r), ("a", "b"))
    found = posterior_of(np.zeros(2), np.array([[1, -0.75], [-0.75, 1]]), r)
    with pytest.raises(
        NotIdentifiedError, match=r"a and b correlate by -0\.750, .* at most by 0\.748.*Give higher"
    ):
        require_identified(found, ("a", "b"))


def test_three_scores_that_cannot_hold_together_are_refused():
    r = np.array([[1, 0.6, -0.6], [0.6, 1, 0.6], [-0.6, 0.6, 1]])  # each pair alone is possible
    with pytest.raises(NotIdentifiedError, match=r"no positive definite .* merge variables"):
        require_identified(posterior_of(np.zeros(3), r, np.full(3, 0.9)), ("a", "b", "c"))


def test_a_constant_score_is_refused():
    found = posterior_of(np.zeros(2), np.diag([1.0, 0.0]), np.array([0.8, 0.7]))
    with pytest.raises(DataError, match=r"b does not vary.*leave reliability out"):
        require_identified(found, ("a", "b"))


# The bivariate normal distribution


def by_quadrature(h, k, rho):
    """Integrate the density of Z1 times P(Z2 <= k | Z1); below -12 there is nothing."""
    root = np.sqrt(1 - rho**2)
    turn = np.clip(k / rho if rho else 0, -12, h)  # where the second factor changes fastest
    value, _ = integrate.quad(
        lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * ndtr((k - rho * z) / root),
        -12,
        h,
        points=[turn],
        epsabs=1e-13,
        epsrel=1e-13,
        limit=400,
    )
    return value


@pytest.mark.parametrize("rho", [-0.97, -0.6, -0.1, 0.0, 0.3, 0.8, 0.99])
def test_the_bivariate_normal_by_quadrature(rho):
    points = np.array([-5.0, -1.7, -0.4, 0.0, 1e-9, 0.6, 2.2, 6.0])
    h, k = (v.ravel() for v in np.meshgrid(points, points))
    found = bivariate_normal(h, k, np.array(rho))
    want = [by_quadrature(a, b, rho) for a, b in zip(h, k, strict=True)]
    np.testing.assert_allclose(found, want, atol=QUADRATURE)


@pytest.mark.parametrize("rho", [-0.9, -0.8, -0.3, 0.5, 0.8, 0.95])
def test_the_bivariate_normal_of_scipy(rho):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200, 2)) * 1.5
    want = stats.multivariate_normal.cdf(
        points, [0, 0], [[1, rho], [rho, 1]], abseps=1e-13, releps=1e-13
    )
    found = bivariate_normal(points[:, 0], points[:, 1], np.array(rho))
    np.testing.assert_allclose(found, want, atol=QUADRATURE)


@given(correlations)
def test_the_bivariate_normal_at_its_centre(rho):
    # A known closed form: 1/4 + asin(rho) / (2 pi).
    found = bivariate_normal(np.zeros(1), np.zeros(1), np.array(rho))
    np.testing.assert_allclose(found, 0.25 + np.arcsin(rho) / (2 * np.pi), atol=EXACT)


@given(numbers, correlations)
def test_the_bivariate_normal_far_out(h, rho):
    one, far = np.array([h]), np.array([np.inf])
    margin = stats.norm.cdf(h)
    np.testing.assert_allclose(bivariate_normal(one, far, np.array(rho)), margin, atol=EXACT)
    np.testing.assert_allclose(bivariate_normal(far, one, np.array(rho)), margin, atol=EXACT)
    np.testing.assert_allclose(bivariate_normal(one, -far, np.array(rho)), 0, atol=EXACT)


@given(numbers, numbers, correlations)
def test_probabilities_of_cells_add_up_and_agree_with_the_margins(a, b, rho):
    covariance = np.array([[4, 3 * rho], [3 * rho, 2.25]])
    cells = cell_probabilities(np.array([[a, b]]), covariance, four(0.5, -0.5))[:, 0]
    assert (cells > -EXACT).all()
    np.testing.assert_allclose(cells.sum(), 1, atol=EXACT)
    np.testing.assert_allclose(cells[2:].sum(), stats.norm.cdf((a - 0.5) / 2), atol=EXACT)
    np.testing.assert_allclose(cells[1::2].sum(), stats.norm.cdf((b + 0.5) / 1.5), atol=EXACT)


def test_cells_of_a_finer_grid_are_rectangles():
    means, covariance = np.array([[0.4, -0.1]]), np.array([[1.0, 0.5], [0.5, 2.0]])
    x, y = np.array([-1.0, 0.0, 2.0]), np.array([0.5])
    up = np.array([True])
    grid = Grid(x, y, np.array([True] * 3), up)
    law = {"mean": means[0], "cov": covariance, "abseps": 1e-13, "releps": 1e-13}
    xs, ys = [-50.0, *x, 50.0], [-50.0, *y, 50.0]
    want = [
        stats.multivariate_normal.cdf([xs[i + 1], ys[j + 1]], lower_limit=[xs[i], ys[j]], **law)
        for i in range(4)
        for j in range(2)
    ]
    np.testing.assert_allclose(
        cell_probabilities(means, covariance, grid)[:, 0], want, atol=QUADRATURE
    )


@pytest.mark.parametrize(("ties", "high"), [("high", True), ("low", False)])
def test_without_error_a_person_lies_in_one_cell(ties, high):
    x = np.array([[0.0, 1.0], [0.0, -1.0], [2.0, 0.0]])
    r = np.ones(2)
    found = posterior_of(np.zeros(2), np.array([[1, 0.3], [0.3, 1]]), r)
    cells = cell_probabilities(found.means(x), found.covariance, four(ties=ties))
    codes = cell_codes(x[:, 0], x[:, 1], four(ties=ties))
    np.testing.assert_allclose(cells, np.eye(4)[codes].T, atol=EXACT)
    assert bool(codes[0] == 3) is high


def test_with_error_in_one_score_only_the_other_is_certain():
    found = posterior_of(np.zeros(2), np.array([[1, 0.3], [0.3, 1]]), np.array([1.0, 0.6]))
    x = np.array([[0.0, 0.5], [-0.01, 0.5]])
    cells = cell_probabilities(found.means(x), found.covariance, four())
    above = stats.norm.cdf(found.means(x)[:, 1] / np.sqrt(found.covariance[1, 1]))
    np.testing.assert_allclose(cells[:, 0], [0, 0, 1 - above[0], above[0]], atol=EXACT)
    np.testing.assert_allclose(cells[:, 1], [1 - above[1], above[1], 0, 0], atol=EXACT)


# Shares


@pytest.mark.parametrize("reliability", [(0.8, 0.7), (1.0, 0.7), (0.8, 1.0)])
@pytest.mark.parametrize("from_sample", [True, False])
def test_the_error_of_true_shares_is_made_of_derivatives_by_weight(reliability, from_sample):
    """The infinitesimal jackknife by its definition: one person's weight moved at a time."""
    rng = np.random.default_rng(5)
    n = 25
    _, x = world(rng, n)
    weights, group = rng.uniform(0.5, 2, n), rng.integers(0, 2, n)
    # Eight cells, three classes; the two groups differ in where the middle cells go.
    merge = np.zeros((2, 8, 3))
    merge[0, range(8), [0, 1, 0, 1, 2, 2, 2, 0]] = 1
    merge[1, range(8), [0, 1, 1, 1, 1, 2, 2, 0]] = 1
    grid = Grid(
        np.array([-1.0, 0.2, 1.4]), np.array([0.1]), np.array([False, True, True]), np.array([True])
    )
    fixed = posterior_for(x, weights, reliability)

    def shares(w):
        posterior = posterior_for(x, w, reliability) if from_sample else fixed
        cells = cell_probabilities(posterior.means(x), posterior.covariance, grid)
        each = np.einsum("cn,ncs->ns", cells, merge[group])
        return w @ each / w.sum()

    _, share, error = true_shares(
        x, weights, grid, fixed, Classes(merge, group), from_sample=from_sample
    )
    np.testing.assert_allclose(share, shares(weights), atol=SAME)
    step = 1e-5
    change = np.array(
        [
            (shares(weights + step * unit) - shares(weights - step * unit)) / (2 * step)
            for unit in np.eye(n)
        ]
    )
    # The influence of a person is the derivative by the weight; the error, the root of the sum
    # of squares of weight times derivative.
    want = np.sqrt(((weights[:, None] * change) ** 2).sum(axis=0))
    np.testing.assert_allclose(error, want, rtol=DIFFERENCES)


def test_probabilities_do_not_depend_on_slices(monkeypatch):
    _, x = world(np.random.default_rng(2), 100)
    weights = np.ones(100)
    args = (x, weights, four(), posterior_for(x, weights, (0.8, 0.7)), plain(100))
    whole = true_shares(*args, from_sample=True)
    monkeypatch.setattr("loyaltymodel._core.quadrant_shares.slices.__defaults__", (7,))
    for a, b in zip(whole, true_shares(*args, from_sample=True), strict=True):
        np.testing.assert_allclose(a, b, rtol=SAME)


def resample(x, weights, group, *, n_resamples=6, seed=1):
    merge = np.stack([np.eye(4), np.eye(4)[::-1]])
    r = np.array([0.8, 0.7])

    def grid_of(rows, w):
        return quadrants(
            cut_offs(rows[:, 0], w, "median"), cut_offs(rows[:, 1], w, "mean"), ties="low"
        )

    return resampled_shares(
        x,
        weights,
        Classes(merge, group),
        grid_of=grid_of,
        posterior_of_sample=lambda rows, w, squared: posterior_of(*moments_of(rows, w, squared), r),
        n_resamples=n_resamples,
        rng=np.random.default_rng(seed),
    )


def test_a_resample_is_a_survey_of_the_people_drawn():
    """The same draws as counts, turned into tables of people and computed one by one."""
    rng = np.random.default_rng(4)
    _, x = world(rng, 60)
    x = np.round(x)  # so that people agree and are drawn together
    weights, group = rng.choice([1.0, 2.5], 60), rng.integers(0, 2, 60)
    observed, true, _ = resample(x, weights, group)
    keys = np.column_stack([x, weights, group])
    rows, times = np.unique(keys, axis=0, return_counts=True)
    assert len(rows) < 60
    counts = np.random.default_rng(1).multinomial(60, times / 60, size=6)
    for b, drawn in enumerate(counts):
        people = np.repeat(rows, drawn, axis=0)
        y, w, g = people[:, :2], people[:, 2], people[:, 3].astype(int)
        grid = four(cut_offs(y[:, 0], w[None], "median")[0], w @ y[:, 1] / w.sum(), "low")
        cells = np.eye(4)[cell_codes(y[:, 0], y[:, 1], grid)]
        posterior = posterior_of(w @ y / w.sum(), np.cov(y.T, aweights=w), np.array([0.8, 0.7]))
        sure = cell_probabilities(posterior.means(y), posterior.covariance, grid).T
        turned = g == 1
        for found, each in ((observed, cells), (true, sure)):
            each[turned] = each[turned][:, ::-1]
            np.testing.assert_allclose(found[b], w @ each / w.sum(), atol=SAME)


def test_resamples_do_not_depend_on_slices_or_order(monkeypatch):
    rng = np.random.default_rng(6)
    _, x = world(rng, 40)
    weights, group = rng.uniform(1, 2, 40), rng.integers(0, 2, 40)
    whole = resample(x, weights, group)
    monkeypatch.setattr("loyaltymodel._core.quadrant_shares._ELEMENTS", 100)
    order = rng.permutation(40)
    sliced = resample(x[order], weights[order], group[order])
    for a, b in zip(whole, sliced, strict=True):
        np.testing.assert_allclose(a, b, rtol=SAME)


def test_a_resample_in_which_nobody_counts_is_nan_and_leaves_the_others_alone(monkeypatch):
    rows, weights = np.array([[1.0, 2], [2, 1], [4, 4], [4, 5]]), np.array([1.0, 3, 0, 0])
    group = np.zeros(4, dtype=int)
    counts = np.random.default_rng(1).multinomial(4, [0.25] * 4, size=50)
    empty = counts @ weights == 0
    assert 0 < empty.sum() < 10  # 1 of 16 is expected
    observed, true, _ = resample(rows, weights, group, n_resamples=50)
    assert np.isnan(observed[empty]).all()
    assert np.isnan(true[empty]).all()
    for found, drawn in zip(observed[~empty], counts[~empty], strict=True):
        w = (drawn * weights)[None]
        x_cut, y_cut = cut_offs(rows[:, 0], w, "median")[0], cut_offs(rows[:, 1], w, "mean")[0]
        codes = cell_codes(rows[:, 0], rows[:, 1], four(x_cut, y_cut, "low"))
        np.testing.assert_allclose(found, np.bincount(codes, w[0], 4) / w.sum(), atol=SAME)
    # One resample at a time, so that some slices are of nobody at all.
    monkeypatch.setattr("loyaltymodel._core.quadrant_shares._ELEMENTS", 1)
    sliced = resample(rows, weights, group, n_resamples=50)
    for a, b in zip((observed, true), sliced[:2], strict=True):
        np.testing.assert_allclose(a, b, rtol=SAME)


def test_formula_and_bootstrap_agree_on_the_error():
    # 4,000 replicates know a standard error to 1.1 %, and for 800 people the formula is off by
    # a few people's worth: 5 % are 4 of the first.
    _, x = world(np.random.default_rng(7), 800)
    weights, r = np.ones(800), np.array([0.8, 0.7])
    _, _, error = true_shares(
        x, weights, four(), posterior_for(x, weights, r), plain(800), from_sample=True
    )
    _, true, _ = resampled_shares(
        np.round(x, 1),  # fewer distinct people, and faster; rounding adds 0.0008 to variances
        weights,
        plain(800),
        grid_of=lambda _rows, w: quadrants(np.zeros(len(w)), np.zeros(len(w)), ties="high"),
        posterior_of_sample=lambda rows, w, squared: posterior_of(*moments_of(rows, w, squared), r),
        n_resamples=4000,
        rng=np.random.default_rng(8),
    )
    np.testing.assert_allclose(true.std(axis=0), error, rtol=0.05)
