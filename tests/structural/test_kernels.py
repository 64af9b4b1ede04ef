"""The kernels: against a plain second computation, as stacks, and where there is no answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.structural import checks
from loyaltymodel.structural.kernels import criteria
from loyaltymodel.structural.kernels import pls as kernels

from tolerances import EXACT, REFERENCE, SAME
from worlds import answers, factor_world, plain_pls

SIZES = [3, 2, 4, 1]
ARROWS = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]


def design(mode="AAAA", sizes=SIZES, arrows=ARROWS):
    return kernels.make_design(sizes, arrows, [letter == "B" for letter in mode])


def weigh(s, arranged, *, scheme="path", tol=1e-12, max_iter=500):
    outer = kernels.outer_weights(s, arranged, scheme=scheme, tol=tol, max_iter=max_iter)
    return outer, kernels.orient(s, outer.weights, arranged, np.ones(s.shape[-1]))


def stack(n_surveys, n=120, seed=0):
    rng = np.random.default_rng(seed)
    return np.array(
        [np.corrcoef(answers(rng, n, SIZES, ARROWS), rowvar=False) for _ in range(n_surveys)]
    )


@pytest.mark.parametrize("scheme", ["path", "factorial", "centroid"])
@pytest.mark.parametrize("mode", ["AAAA", "BBBB", "ABAB"])
def test_weights_and_paths_equal_a_plain_computation_on_rows(scheme, mode):
    x = answers(np.random.default_rng(5), 150, SIZES, ARROWS)
    s = np.corrcoef(x, rowvar=False)[None]
    arranged = design(mode)
    _, w = weigh(s, arranged, scheme=scheme)
    found = kernels.structure(s, w, arranged, consistent=False)
    weights, paths = plain_pls(x, SIZES, ARROWS, scheme=scheme, mode=mode)
    np.testing.assert_allclose(w[0], weights, atol=REFERENCE, rtol=0)
    for (source, target), value in paths.items():
        assert found.paths[0, source, target] == pytest.approx(value, abs=REFERENCE)


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("mode", ["AAAA", "ABAB"])
def test_a_stack_gives_what_its_members_give_alone(consistent, mode):
    s = stack(7)
    arranged = design(mode)
    outer, w = weigh(s, arranged)
    together = kernels.structure(s, w, arranged, consistent=consistent)
    assert len(set(outer.n_iter.tolist())) > 1, "members must leave the stack at different times"
    for k in range(len(s)):
        alone_outer, alone_w = weigh(s[k : k + 1], arranged)
        alone = kernels.structure(s[k : k + 1], alone_w, arranged, consistent=consistent)
        assert alone_outer.n_iter[0] == outer.n_iter[k]
        np.testing.assert_allclose(alone_w[0], w[k], atol=EXACT, rtol=0)
        np.testing.assert_allclose(alone.paths[0], together.paths[k], atol=SAME, rtol=0)
        np.testing.assert_allclose(alone.rho_a[0], together.rho_a[k], atol=SAME, rtol=0)


def test_a_member_without_solution_leaves_the_others_alone():
    s = stack(3)
    s[1] = np.eye(s.shape[-1])  # nothing correlates: no weights
    outer, _ = weigh(s, design())
    assert outer.converged.tolist() == [True, False, True]
    assert np.isnan(outer.weights[1]).all()
    np.testing.assert_allclose(outer.weights[2], weigh(s[2:], design())[0].weights[0], atol=EXACT)


def test_a_singular_block_of_mode_b_gives_nan_for_its_member_only():
    s = stack(2)
    s[0, 1] = s[0, 0]
    s[0, :, 1] = s[0, :, 0]
    outer, _ = weigh(s, design("BAAA"))
    assert np.isnan(outer.weights[0]).any()
    assert np.isfinite(outer.weights[1]).all()


def test_stopping_early_is_reported():
    outer, _ = weigh(stack(1), design(), max_iter=2)
    assert not outer.converged[0]
    assert outer.n_iter[0] == 2
    assert np.isfinite(outer.weights).all()


def test_scores_have_unit_variance_and_agree_with_their_items():
    s = stack(4)
    arranged = design()
    _, w = weigh(s, arranged)
    wide = w[:, :, None] * arranged.membership
    r = wide.transpose(0, 2, 1) @ s @ wide
    np.testing.assert_allclose(np.einsum("bkk->bk", r), 1.0, atol=EXACT)
    with_sums = wide.transpose(0, 2, 1) @ s @ arranged.membership
    assert (np.einsum("bkk->bk", with_sums) > 0).all()


def test_plsc_returns_the_truth_of_a_factor_model_exactly():
    loadings = np.array([0.9, 0.7, 0.6, 0.8, 0.75, 0.5, 0.6, 0.7, 0.8, 1.0])
    truth = [0.6, 0.3, 0.4, 0.2, 0.5]
    s, phi = factor_world(SIZES, ARROWS, truth, loadings)
    arranged = design()
    _, w = weigh(s[None], arranged)
    found = kernels.structure(s[None], w, arranged, consistent=True)
    np.testing.assert_allclose(found.correlations[0], phi, atol=REFERENCE)
    np.testing.assert_allclose(found.loadings[0], loadings, atol=REFERENCE)
    for (source, target), value in zip(ARROWS, truth, strict=True):
        assert found.paths[0, source, target] == pytest.approx(value, abs=REFERENCE)
    # Every item's loading on every construct: own loading times the constructs' correlation.
    np.testing.assert_allclose(
        found.cross_loadings[0], loadings[:, None] * phi[arranged.block], atol=REFERENCE
    )


def test_without_correction_the_paths_of_a_factor_model_are_attenuated():
    s, _ = factor_world([3, 3], [(0, 1)], [0.5], np.full(6, 0.7))
    arranged = design("AA", [3, 3], [(0, 1)])
    _, w = weigh(s[None], arranged)
    raw = kernels.structure(s[None], w, arranged, consistent=False)
    # Equal loadings of 0.7 get equal weights. The sum of three items has common variance
    # (3 * 0.7)^2 and error 3 * 0.51; with one reliability on both sides, r = 0.5 * rho.
    rho = 2.1**2 / (2.1**2 + 3 * 0.51)
    assert raw.paths[0, 0, 1] == pytest.approx(0.5 * rho, abs=REFERENCE)
    assert raw.rho_a[0, 0] == pytest.approx(rho, abs=REFERENCE)


def test_a_reliability_that_is_not_positive_is_not_used():
    # Two items that correlate negatively inside a block of positive weights.
    s = np.array([[[1.0, -0.5, 0.4], [-0.5, 1.0, 0.4], [0.4, 0.4, 1.0]]])
    arranged = design("AA", [2, 1], [(0, 1)])
    _, w = weigh(s, arranged)
    found = kernels.structure(s, w, arranged, consistent=True)
    assert found.rho_a[0, 0] < 0
    assert np.isnan(found.paths[0, 0, 1])


def test_solve_marks_singular_systems_and_solves_the_rest():
    left = np.array([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]])
    found = kernels.solve(left, np.ones((2, 2, 1)))
    np.testing.assert_array_equal(found[0, :, 0], [0.5, 0.25])
    assert np.isnan(found[1]).all()


def routes(paths, source, target):
    """Sum over all directed routes of the product of their coefficients, by recursion."""
    return paths[source, target] + sum(
        paths[source, k] * routes(paths, k, target)
        for k in range(len(paths))
        if paths[source, k] != 0 and k != target
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 7), st.integers(0, 10_000))
def test_total_effects_add_up_all_routes(j, seed):
    rng = np.random.default_rng(seed)
    paths = np.triu(rng.normal(size=(j, j)) * (rng.random((j, j)) < 0.6), 1)
    total = kernels.total_effects(paths[None])[0]
    for source in range(j):
        for target in range(j):
            expected = routes(paths, source, target)
            assert total[source, target] == pytest.approx(expected, abs=SAME, rel=SAME)


def test_criteria_by_hand():
    # Two blocks of two items: 0.6 within the first, 0.5 within the second, and between them
    # 0.3, 0.1, 0.2, -0.2.
    s = np.array(
        [
            [
                [1.0, 0.6, 0.3, 0.1],
                [0.6, 1.0, 0.2, -0.2],
                [0.3, 0.2, 1.0, 0.5],
                [0.1, -0.2, 0.5, 1.0],
            ]
        ]
    )
    arranged = design("AA", [2, 2], [(0, 1)])
    np.testing.assert_allclose(
        criteria.cronbach_alpha(s, arranged)[0], [2 * 0.6 / 1.6, 2 * 0.5 / 1.5], atol=EXACT
    )
    absolute, signed, geometric = criteria.htmt(s, arranged)
    assert absolute[0, 0, 1] == pytest.approx(0.2 / np.sqrt(0.6 * 0.5), abs=EXACT)
    assert signed[0, 0, 1] == pytest.approx(0.1 / np.sqrt(0.6 * 0.5), abs=EXACT)
    assert np.isnan(geometric[0, 0, 1])
    assert criteria.not_positive(s, arranged)[0, 0, 1] == 1
    np.testing.assert_allclose(
        criteria.item_vif(s, arranged)[0], [1 / 0.64, 1 / 0.64, 1 / 0.75, 1 / 0.75], atol=EXACT
    )
    loadings = np.array([[0.8, 0.6, 0.5, 0.5]])
    np.testing.assert_allclose(
        criteria.average_variance_extracted(loadings, arranged)[0], [0.5, 0.25], atol=EXACT
    )
    np.testing.assert_allclose(
        criteria.composite_reliability(loadings, arranged)[0],
        [1.96 / (1.96 + 1.0), 1.0 / (1.0 + 1.5)],
        atol=EXACT,
    )


def test_htmt2_is_a_ratio_of_geometric_means():
    s = np.array(
        [
            [
                [1.0, 0.6, 0.4, 0.1],
                [0.6, 1.0, 0.2, 0.2],
                [0.4, 0.2, 1.0, 0.5],
                [0.1, 0.2, 0.5, 1.0],
            ]
        ]
    )
    geometric = criteria.htmt(s, design("AA", [2, 2], [(0, 1)]))[2]
    expected = (0.4 * 0.1 * 0.2 * 0.2) ** 0.25 / np.sqrt(0.6 * 0.5)
    assert geometric[0, 0, 1] == pytest.approx(expected, abs=EXACT)


def test_vif_and_f_squared_equal_regressions_left_out():
    x = np.random.default_rng(2).normal(size=(60, 4)) @ np.array(
        [[1, 0.5, 0.2, 0.3], [0, 1, 0.4, 0.5], [0, 0, 1, 0.6], [0, 0, 0, 1]]
    )
    r = np.corrcoef(x, rowvar=False)
    arranged = design("AAAA", [1, 1, 1, 1], [(0, 3), (1, 3), (2, 3)])

    def r_squared(target, sources):
        return r[target, sources] @ np.linalg.solve(r[np.ix_(sources, sources)], r[sources, target])

    w = np.ones((1, 4))
    found = kernels.structure(r[None], w, arranged, consistent=False)
    vif = criteria.driver_vif(found.correlations, arranged)
    sizes = criteria.f_squared(found.paths, vif, found.r_squared)
    full = r_squared(3, [0, 1, 2])
    assert found.r_squared[0, 3] == pytest.approx(full, abs=EXACT)
    for k in range(3):
        others = [i for i in range(3) if i != k]
        assert vif[0, k, 3] == pytest.approx(1 / (1 - r_squared(k, others)), rel=SAME)
        expected = (full - r_squared(3, others)) / (1 - full)
        assert sizes[0, k, 3] == pytest.approx(expected, abs=SAME)
    assert np.isnan(vif[0, 3]).all()


def test_a_weight_of_zero_but_for_rounding_is_not_negative():
    design = kernels.make_design([2, 1], [(0, 1)], [False, False])
    for small, exists in ((-1e-17, True), (-1e-6, False)):
        weights = np.array([[0.5, small, 1.0]])
        points = kernels.points_per_deviation(weights, np.zeros(3), np.full(3, 10.0), design)[0]
        assert np.isfinite(points[0]) == exists
        assert points[1] == pytest.approx(10)


@pytest.mark.parametrize("criterion", [checks._ALPHA, checks._AVE, checks._LOADINGS])
def test_a_criterion_that_is_met_but_for_rounding_is_met(criterion):
    at = np.array([criterion.threshold - 1e-16, criterion.threshold - 1e-13])
    assert checks._at_least(criterion, at, str)[0].passed
    assert not checks._at_least(criterion, at - 1e-6, str)[0].passed
