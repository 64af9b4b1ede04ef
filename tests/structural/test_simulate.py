"""Worlds of known structure: their populations, samples of them, and what they refuse."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.errors import LoyaltyModelError, ModelError, OptionError
from loyaltymodel.structural import Moments, Truth, fit, population, simulate

from tolerances import EXACT, REFERENCE
from worlds import factor_world, model_of

SIZES, ARROWS = [3, 2, 1], [(0, 1), (0, 2), (1, 2)]
MODEL = model_of(SIZES, ARROWS)
PATHS = {("c0", "c1"): 0.5, ("c0", "c2"): 0.2, ("c1", "c2"): 0.4}
LOADINGS = dict(zip(MODEL.items, [0.9, 0.8, 0.7, 0.85, 0.75, 1.0], strict=True))
TRUTH = Truth(paths=PATHS, loadings=LOADINGS)


def test_the_population_of_factors_is_that_of_the_formula():
    items, constructs = factor_world(SIZES, ARROWS, [0.5, 0.2, 0.4], list(LOADINGS.values()))
    world = population(MODEL, TRUTH)
    np.testing.assert_allclose(world.covariance, items, atol=EXACT)
    np.testing.assert_allclose(world.construct_correlations, constructs, atol=EXACT)


def test_means_and_deviations_are_in_answer_units():
    truth = Truth(
        paths=PATHS,
        loadings=LOADINGS,
        means=7,
        deviations=dict.fromkeys(MODEL.items, 2.0) | {"c2i0": 3.0},
    )
    world = population(MODEL, truth)
    assert (world.means == 7).all()
    np.testing.assert_allclose(np.diag(world.covariance), [4, 4, 4, 4, 4, 9], atol=EXACT)


def test_the_composite_of_a_composite_world_has_the_structure():
    weights = dict(zip(MODEL.items, [1, 2, 0.5, 1, 1, 1], strict=True))
    truth = Truth(paths=PATHS, loadings=LOADINGS, weights=weights)
    world = population(MODEL, truth, kind="composite")
    w = np.zeros((6, 3))
    w[range(6), [0, 0, 0, 1, 1, 2]] = list(weights.values())
    sums = w.T @ world.covariance @ w
    sd = np.sqrt(np.diag(sums))
    np.testing.assert_allclose(sums / np.outer(sd, sd), world.construct_correlations, atol=EXACT)
    # Within a block the items correlate by the product of their loadings.
    assert world.covariance[0, 1] == pytest.approx(0.9 * 0.8)


def test_mode_b_finds_the_weights_and_paths_of_a_composite_world():
    weights = dict(zip(MODEL.items, [1, 2, 0.5, 1, 3, 1], strict=True))
    truth = Truth(paths=PATHS, loadings=LOADINGS, weights=weights)
    model = model_of(SIZES, ARROWS, "B")
    result = fit(model, population(model, truth, kind="composite").moments(100))
    found = result.paths.set_index(["source", "target"])["estimate"]
    for pair, value in PATHS.items():
        assert found[pair] == pytest.approx(value, abs=REFERENCE)
    w = result.weights.set_index("item")["estimate"]
    assert w["c0i1"] / w["c0i0"] == pytest.approx(2, abs=1e-7)
    assert w["c1i1"] / w["c1i0"] == pytest.approx(3, abs=1e-7)


def test_plsc_finds_a_factor_world_exactly():
    result = fit(MODEL, population(MODEL, TRUTH).moments(100), consistent=True)
    found = result.paths.set_index(["source", "target"])["estimate"]
    for pair, value in PATHS.items():
        assert found[pair] == pytest.approx(value, abs=REFERENCE)


def test_correlated_causes():
    model = model_of([1, 1, 1], [(0, 2), (1, 2)])
    truth = Truth(
        paths={("c0", "c2"): 0.3, ("c1", "c2"): 0.5},
        loadings=dict.fromkeys(model.items, 1.0),
        correlations={("c1", "c0"): 0.4},
    )
    found = population(model, truth).construct_correlations
    np.testing.assert_allclose(found, [[1, 0.4, 0.5], [0.4, 1, 0.62], [0.5, 0.62, 1]], atol=EXACT)


def test_samples_have_the_moments_of_the_population():
    world = population(MODEL, TRUTH)
    n = 200_000
    moments = Moments.from_frame(simulate(MODEL, TRUTH, n, 7))
    # The standard error of a covariance of variables of variance 1 is at most sqrt(2 / n).
    np.testing.assert_allclose(moments.covariance, world.covariance, atol=5 * np.sqrt(2 / n))
    np.testing.assert_allclose(moments.means, 0, atol=5 / np.sqrt(n))


def test_the_error_of_estimates_falls_with_the_root_of_the_sample():
    rng = np.random.default_rng(3)
    target = fit(MODEL, population(MODEL, TRUTH).moments(100)).solution.paths
    error = {}
    for n in (200, 3_200):
        found = [fit(MODEL, simulate(MODEL, TRUTH, n, rng)).solution.paths for _ in range(150)]
        error[n] = np.sqrt(((np.array(found) - target) ** 2).mean())
    # Sixteen times the people, a quarter of the error; 450 values each are known to 5 %.
    assert error[200] / error[3_200] == pytest.approx(4, rel=0.2)


def test_answers_on_a_scale_are_whole_and_within_it():
    truth = Truth(paths=PATHS, loadings=LOADINGS, means=9, deviations=2)
    limits = dict.fromkeys(MODEL.items, (1, 10)) | {"c2i0": (0, 100)}
    survey = simulate(MODEL, truth, 5_000, 2, answers="scale", scale=limits)
    assert (survey == survey.round()).all(axis=None)
    assert (survey.drop(columns="c2i0").max() == 10).all()
    assert survey["c2i0"].max() > 10
    assert survey.min().min() >= 0


def test_the_same_seed_gives_the_same_people():
    one, two = (simulate(MODEL, TRUTH, 50, 4) for _ in range(2))
    assert one.equals(two)
    generator = np.random.default_rng(4)
    assert simulate(MODEL, TRUTH, 50, generator).equals(one)
    assert not simulate(MODEL, TRUTH, 50, generator).equals(one)


def with_truth(**change):
    return Truth(**{"paths": PATHS, "loadings": LOADINGS, **change})


REFUSED = {
    "path without number": (
        {"paths": {("c0", "c1"): 0.5, ("c0", "c2"): 0.2}},
        "no paths for .'c1', 'c2'.",
    ),
    "number without path": ({"paths": PATHS | {("c2", "c1"): 0.1}}, "paths for .'c2', 'c1'"),
    "item without loading": ({"loadings": {"c0i0": 0.5}}, "no loadings for c0i1"),
    "loading above one": ({"loadings": LOADINGS | {"c0i0": 1.2}}, "-1 and 1: 'c0i0'"),
    "loading nan": ({"loadings": LOADINGS | {"c0i0": np.nan}}, "finite"),
    "loading by number": ({"loadings": LOADINGS | {3: 0.5}}, "key 3, but needs the name"),
    "path by text": ({"paths": PATHS | {"c0c1": 0.5}}, "key 'c0c1', but needs a pair"),
    "path to a number": ({"paths": PATHS | {("c0", 1): 0.5}}, "needs a pair of names"),
    "half of a letter": ({"loadings": LOADINGS | {"caf\ud800": 0.5}}, "half of a letter"),
    "infinite path": ({"paths": PATHS | {("c0", "c1"): np.inf}}, "finite number"),
    "too much explained": (
        {"paths": PATHS | {("c1", "c2"): 0.99}},
        "'c2' explain 1.2",
    ),
    "correlation of an effect": (
        {"correlations": {("c0", "c1"): 0.3}},
        "exogenous constructs, not c0 and c1",
    ),
    "correlation above one": ({"correlations": {("c0", "c1"): 1.3}}, "between -1 and 1"),
    "correlation twice": (
        {"correlations": {("c0", "c1"): 0.3, ("c1", "c0"): 0.2}},
        "in both orders",
    ),
    "deviation of zero": ({"deviations": 0}, "above 0"),
    "deviation without square": ({"deviations": 1e-200}, "above 0"),
    "mean beyond computing": ({"means": {"c0i0": 1e308}}, "up to 1e100"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_impossible_worlds_are_refused(name):
    change, message = REFUSED[name]
    with pytest.raises(ModelError, match=message):
        population(MODEL, with_truth(**change))


@pytest.mark.parametrize("bad", [None, "0.8", True, 1j, pd.NaT, [0.5], Decimal("sNaN")])
@pytest.mark.parametrize("field", ["paths", "loadings", "weights", "correlations", "means"])
def test_what_is_no_number_is_none_in_a_truth(field, bad):
    pairs = field in ("paths", "correlations")
    with pytest.raises(LoyaltyModelError, match=field):
        with_truth(**{field: {("c0", "c1") if pairs else "c0i0": bad}})


def test_drivers_may_explain_all_but_for_rounding():
    model = model_of([1, 1, 1], [(0, 2), (1, 2)])
    paths = {("c0", "c2"): 0.5**0.5, ("c1", "c2"): 0.5**0.5}
    assert sum(value**2 for value in paths.values()) > 1
    population(model, Truth(paths=paths, loadings=dict.fromkeys(model.items, 1.0)))


def test_a_truth_may_come_as_series_in_any_order():
    given = with_truth(paths=pd.Series(PATHS).iloc[::-1], loadings=pd.Series(LOADINGS).iloc[::-1])
    assert population(MODEL, given).covariance.tolist() == (
        population(MODEL, with_truth()).covariance.tolist()
    )


def test_more_people_than_memory_holds_are_refused():
    with pytest.raises(OptionError, match="at most 10,000,000"):
        simulate(MODEL, TRUTH, 10**12)
    assert population(MODEL, TRUTH).moments(10**12).n_obs == 10**12


def test_correlations_of_causes_must_hold_together():
    model = model_of([1, 1, 1, 1], [(0, 3), (1, 3), (2, 3)])
    truth = Truth(
        paths={("c0", "c3"): 0.1, ("c1", "c3"): 0.1, ("c2", "c3"): 0.1},
        loadings=dict.fromkeys(model.items, 1.0),
        correlations={("c0", "c1"): 0.9, ("c1", "c2"): 0.9, ("c0", "c2"): -0.9},
    )
    with pytest.raises(ModelError, match="cannot hold together"):
        population(model, truth)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mixture"}, "'factor', 'composite'"),
        ({"answers": "text"}, "'continuous', 'scale'"),
        ({"answers": "scale"}, "go together"),
        ({"scale": (1, 10)}, "go together"),
        ({"n_obs": 0}, "at least 1"),
    ],
)
def test_options_are_refused(options, message):
    n = options.pop("n_obs", 10)
    with pytest.raises(OptionError, match=message):
        simulate(MODEL, TRUTH, n, 1, **options)


def test_weights_belong_to_composites():
    truth = with_truth(weights=dict.fromkeys(MODEL.items, 1.0))
    with pytest.raises(OptionError, match="composite"):
        population(MODEL, truth)
    opposed = with_truth(weights=dict.fromkeys(MODEL.items, 1.0) | {"c2i0": 0.0}, loadings=LOADINGS)
    with pytest.raises(ModelError, match="c2 make a sum without variance"):
        population(MODEL, opposed, kind="composite")
