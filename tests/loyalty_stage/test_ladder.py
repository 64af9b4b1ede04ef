"""Guttman errors, reproducibility, and the continuation-ratio model of the steps."""

import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.ladder import kernels
from loyaltymodel.loyalty_stage.ladder.reproducibility import guttman_errors, reproducibility
from loyaltymodel.loyalty_stage.ladder.steps import sequential_logit
from loyaltymodel.loyalty_stage.phases.oliver import oliver
from loyaltymodel.loyalty_stage.phases.simulate import simulate_phases

from tolerances import EXACT

FOLDER = Path(__file__).parents[1] / "reference"
MOKKEN = json.loads((FOLDER / "mokken.json").read_text())
LOGIT = json.loads((FOLDER / "sequential_logit.json").read_text())

# Both programs iterate Newton's method to the end; estimates agree to rounding, and so do
# log-likelihoods. R's covariance matrix is that of the last but one iteration, 1e-10 off.
NEWTON = 1e-10


@pytest.mark.parametrize("kind", ["binary", "poly"])
def test_guttman_errors_agree_with_mokken(kind):
    found = guttman_errors(MOKKEN["input"][kind]["X"])
    assert found.tolist() == MOKKEN["output"][kind]["Gplus"]


def test_reproducibility_agrees_with_the_count_in_r():
    expected = MOKKEN["output"]["binary"]["reproducibility_own"]
    data = MOKKEN["input"]["binary"]
    result = reproducibility(data["X"], items=data["columns"])
    table = result.coefficients.set_index("count")
    for row, suffix in (("goodenough_edwards", "goodenough_edwards"), ("minimum", "min")):
        assert table.loc[row, "reproducibility"] == pytest.approx(expected[f"CR_{suffix}"])
        assert table.loc[row, "scalability"] == pytest.approx(expected[f"CS_{suffix}"])
    assert table["errors"].tolist() == [
        expected["errors_goodenough_edwards"],
        expected["errors_min_cornell"],
    ]
    assert result.marginal == pytest.approx(expected["MMR"])
    ideal = result.patterns.query("errors == 0")["n"].sum()
    assert ideal == expected["n_perfect_patterns"]


def errors_by_hand(answers):
    """Count pairs of steps in the wrong order for each person, tied steps half."""
    steps = [
        (answers[:, j] >= a).astype(int)
        for j in range(answers.shape[1])
        for a in range(1, answers[:, j].max() + 1)
    ]
    found = np.zeros(len(answers))
    for one, other in itertools.combinations(steps, 2):
        easy, hard = (one, other) if one.sum() >= other.sum() else (other, one)
        wrong = (easy == 0) & (hard == 1)
        if one.sum() == other.sum():
            wrong = (easy != hard) / 2
        found += wrong
    return found


@given(arrays(np.int64, (8, 3), elements=st.integers(0, 3)))
def test_guttman_errors_agree_with_counting_pairs(answers):
    answers = answers - answers.min(axis=0)
    assume((answers.max(axis=0) > 0).all())
    np.testing.assert_allclose(guttman_errors(answers), errors_by_hand(answers), atol=EXACT)


@given(arrays(np.int64, (9, 4), elements=st.integers(0, 1)))
def test_scale_types_and_expectation_agree_with_enumeration(answers):
    every = np.array(list(itertools.product([0, 1], repeat=4)))
    ideal = np.tri(5, 4, -1, dtype=int)
    own, fewest = kernels.scale_type_errors(every)
    for row, first, second in zip(every, own, fewest, strict=True):
        assert first == (row != ideal[row.sum()]).sum()
        assert second == min((row != other).sum() for other in ideal)
    shares = answers.mean(axis=0)
    odds = np.where(every == 1, shares, 1 - shares).prod(axis=1)
    assert kernels.expected_errors(shares) == pytest.approx(odds @ own, abs=EXACT)


def test_the_claimed_order_and_that_of_the_data():
    # Everybody climbs the second step first.
    answers = np.repeat([[0, 0], [0, 1], [1, 1]], [5, 5, 5], axis=0)
    given_order = reproducibility(answers, items=["cognitive", "affective"])
    assert given_order.errors.tolist() == [0] * 5 + [2] * 5 + [0] * 5
    assert "claimed to come first" in str(given_order.summary())
    popular = reproducibility(answers, items=["cognitive", "affective"], order="popularity")
    assert popular.names == ("affective", "cognitive")
    assert popular.errors.sum() == 0
    assert popular.coefficients["scalability"].tolist() == [1.0, 1.0]
    assert guttman_errors(answers).sum() == 0
    assert guttman_errors(answers, order="given").sum() == 5


def test_independent_steps_have_no_consistency():
    rng = np.random.default_rng(1)
    answers = (rng.random((20_000, 4)) < [0.8, 0.6, 0.4, 0.2]).astype(int)
    result = reproducibility(answers)
    # A share of 80,000 cells, of which 20,000 are independent: a standard error below 0.003.
    assert result.coefficients.loc[0, "consistency"] == pytest.approx(0, abs=0.03)
    patterns = result.patterns
    assert patterns["expected_share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(patterns["share"], patterns["expected_share"], atol=0.012)


def test_phases_go_in_and_labels_come_back():
    scores = simulate_phases(300, 1).scores
    scores.index = [f"c{k}" for k in range(300)]
    result = oliver(scores)
    ladder = reproducibility(result.passed)
    assert ladder.errors.index.equals(scores.index)
    # Whoever passes out of order has errors, and nobody else.
    assert ((ladder.errors > 0) == result.out_of_order).all()
    again = pickle.loads(pickle.dumps(ladder))
    assert str(again.summary()) == str(ladder.summary())
    assert not again.pattern_rows.flags.writeable
    assert "<table" in ladder._repr_html_()
    assert "4 steps" in repr(ladder)


# The steps


@pytest.fixture(scope="module")
def fitted():
    data = LOGIT["input"]
    return sequential_logit(data["y"], {"x1": data["x1"], "x2": data["x2"]})


def test_each_step_agrees_with_r(fitted):
    for j, expected in enumerate(LOGIT["output"]["stagewise_glm"]):
        np.testing.assert_allclose(
            fitted.estimates[j], list(expected["coef"].values()), rtol=NEWTON
        )
        np.testing.assert_allclose(fitted.covariances[j], expected["vcov"]["values"], atol=NEWTON)
        assert fitted.log_likelihoods[j] == pytest.approx(expected["logLik"], rel=NEWTON)
        assert fitted.n_at_risk[j] == expected["n"]


def test_the_parallel_model_and_its_test_agree_with_r(fitted):
    expected = LOGIT["output"]["stacked_parallel_glm"]
    np.testing.assert_allclose(
        fitted.parallel_estimates, list(expected["coef"].values()), rtol=NEWTON
    )
    np.testing.assert_allclose(fitted.parallel_covariance, expected["vcov"]["values"], atol=NEWTON)
    test = LOGIT["output"]["parallel_LR_test"]
    assert fitted.parallelism["statistic"] == pytest.approx(test["chi2"], rel=NEWTON)
    assert fitted.parallelism["df"] == test["df"]
    assert fitted.parallelism["p_value"] == pytest.approx(test["p"], rel=NEWTON)
    vgam = LOGIT["output"]["VGAM_cratio_parallel"]["coef"]
    # VGAM stops its iteration early: seven digits.
    np.testing.assert_allclose(fitted.parallel_estimates, list(vgam.values()), rtol=1e-7)


def test_predictions_agree_with_r(fitted):
    data = LOGIT["input"]
    first = {name: data[name][:5] for name in ("x1", "x2")}
    expected = LOGIT["output"]["fitted_probabilities_first5"]["values"]
    # VGAM's fitted values carry the error of its estimates.
    np.testing.assert_allclose(fitted.predict(first, parallel=True), expected, atol=1e-8)
    own = fitted.predict(first)
    np.testing.assert_allclose(own.sum(axis=1), 1, rtol=EXACT)
    # By hand for the first person: stay, climb once and stay, and so on.
    x = np.array([1.0, data["x1"][0], data["x2"][0]])
    climb = 1 / (1 + np.exp(-fitted.estimates @ x))
    by_hand = [
        1 - climb[0],
        climb[0] * (1 - climb[1]),
        climb[0] * climb[1] * (1 - climb[2]),
        climb.prod(),
    ]
    np.testing.assert_allclose(own.iloc[0], by_hand, rtol=EXACT)


def test_units_of_covariates_do_not_matter(fitted):
    data = LOGIT["input"]
    other = sequential_logit(
        data["y"], {"x1": 1e6 * np.array(data["x1"]), "x2": 1e-6 * np.array(data["x2"])}
    )
    np.testing.assert_allclose(other.estimates * [1, 1e6, 1e-6], fitted.estimates, rtol=1e-8)
    np.testing.assert_allclose(
        other.coefficients["p_value"], fitted.coefficients["p_value"], rtol=1e-8
    )


def draw_stages(rng, n, slopes):
    x = rng.normal(size=n)
    stage = np.zeros(n, dtype=int)
    for j, slope in enumerate(slopes):
        before = stage == j
        climbs = rng.random(n) < 1 / (1 + np.exp(-(0.6 - 0.3 * j + slope * x)))
        stage[before & climbs] += 1
    return x, stage


def test_slopes_are_recovered_and_unequal_ones_found():
    rng = np.random.default_rng(2)
    x, stage = draw_stages(rng, 20_000, [0.8, 0.8, 0.8])
    same = sequential_logit(stage, {"x": x})
    slopes = same.coefficients.query("term == 'x'")
    # Four standard errors.
    assert (np.abs(slopes["estimate"] - 0.8) < 4 * slopes["std_error"]).all()
    common = same.parallel_coefficients.set_index("term").loc["x"]
    assert abs(common["estimate"] - 0.8) < 4 * common["std_error"]
    x, stage = draw_stages(rng, 3000, [1.0, 0.0, -0.5])
    assert sequential_logit(stage, {"x": x}).parallelism["p_value"] < 1e-6


def test_the_test_of_parallelism_keeps_its_level():
    rng = np.random.default_rng(3)
    p = [
        sequential_logit(stage, {"x": x}).parallelism["p_value"]
        for x, stage in (draw_stages(rng, 400, [0.5, 0.5]) for _ in range(150))
    ]
    # 150 uniform values: the mean is known to 0.024; four of them.
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)


def test_every_form_of_input_gives_the_same_model(fitted):
    data = LOGIT["input"]
    table = pd.DataFrame({"y": data["y"], "x1": data["x1"], "x2": data["x2"]})
    names = dict(zip([1, 2, 3, 4], ["none", "low", "mid", "high"], strict=True))
    words = table["y"].map(names)
    ordered = pd.Series(pd.Categorical(words, list(names.values()), ordered=True))
    for result in (
        sequential_logit("y", ["x1", "x2"], data=table),
        sequential_logit("y", ["x1", "x2"], data=pa.Table.from_pandas(table)),
        sequential_logit(table["y"], table[["x1", "x2"]]),
        sequential_logit(words, table[["x1", "x2"]], stages=list(names.values())),
        sequential_logit(ordered, table[["x1", "x2"]]),
        sequential_logit("o", ["x1", "x2"], data=table.assign(o=ordered)),
    ):
        np.testing.assert_allclose(result.estimates, fitted.estimates, rtol=EXACT)
    assert result.stages == ("none", "low", "mid", "high")
    gaps = table.assign(x1=table["x1"].where(table.index != 0))
    assert sequential_logit("y", ["x1", "x2"], data=gaps, missing="drop").n_dropped == 1


def test_phases_go_in():
    world = simulate_phases(2000, 4)
    stage = oliver(world.scores).stage
    tenure = world.true_scores.mean(axis=1) + np.random.default_rng(1).normal(0, 5, 2000)
    result = sequential_logit(stage, {"tenure": tenure})
    assert result.stages == ("none", "cognitive", "affective", "conative", "action")
    assert (result.coefficients.query("term == 'tenure'")["ci_low"] > 0).all()
    again = pickle.loads(pickle.dumps(result))
    assert str(again.summary()) == str(result.summary())
    assert not again.estimates.flags.writeable
    assert "chi2(3)" in str(result.summary())
    assert "<table" in result._repr_html_()
    assert "4 steps" in repr(result)


def test_one_step_leaves_nothing_to_compare():
    card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
    result = sequential_logit(np.repeat([0, 1, 0, 1], [30, 10, 10, 30]), {"card": card})
    assert np.isnan(result.parallelism["p_value"])
    assert "nothing to compare" in str(result.summary())
    np.testing.assert_allclose(result.estimates[0], result.parallel_estimates, rtol=NEWTON)


STAGE = [0, 0, 1, 2, 1, 0, 2, 1, 2, 0, 1, 2]
AGE = [3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
GOOD = np.random.default_rng(7).integers(0, 2, (40, 3))
TWICE = pd.DataFrame(GOOD, columns=["a", "a", "b"])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: reproducibility(GOOD[:, :1]), DataError, "at least two"),
        (lambda: reproducibility(GOOD * 2), DataError, "between 0 and 1"),
        (lambda: reproducibility(GOOD / 2), DataError, "whether it is passed"),
        (lambda: reproducibility(GOOD * [1, 1, 0]), DataError, "another threshold"),
        (lambda: reproducibility(GOOD, order="theory"), OptionError, "choose one of"),
        (lambda: guttman_errors(GOOD * [1, 1, 2], order="given"), OptionError, "popularity"),
        (lambda: guttman_errors(GOOD, scale=(1, 2)), DataError, "between 1 and 2"),
        (lambda: guttman_errors("abc"), DataError, "a pandas, polars or pyarrow table"),
        (lambda: sequential_logit([2] * 12, {"age": AGE}), OptionError, "give all of them"),
        (
            lambda: sequential_logit([1] * 12, {"age": AGE}, stages=[0, 1]),
            NotIdentifiedError,
            "merge this stage",
        ),
        (
            lambda: sequential_logit([0] * 12, {"age": AGE}, stages=[0, 1]),
            NotIdentifiedError,
            "merge this stage",
        ),
        (
            lambda: sequential_logit(list("abcbacbacabc"), {"age": AGE}),
            OptionError,
            "from lowest to highest",
        ),
        (
            lambda: sequential_logit(STAGE, {"age": AGE}, stages=[0, 1]),
            DataError,
            "name every stage",
        ),
        (lambda: sequential_logit(STAGE, {"age": AGE}, stages=[0]), OptionError, "at least two"),
        (lambda: sequential_logit(STAGE, {"a": [1.0] * 12}), NotIdentifiedError, "leave it out"),
        (
            lambda: sequential_logit(STAGE, {"a": AGE, "b": np.multiply(AGE, 2)}),
            NotIdentifiedError,
            "leave one of them out",
        ),
        (
            lambda: sequential_logit([0] * 6 + [1] * 6, {"a": np.arange(12)}),
            NotIdentifiedError,
            "off to infinity",
        ),
        (
            lambda: sequential_logit([0, 0, 1, 1, 0, 1] * 3, {"a": [0, 0, 1, 1, 0, 0] * 3}),
            NotIdentifiedError,
            "off to infinity",
        ),
        (lambda: sequential_logit(STAGE, {}), DataError, "at least one"),
        (lambda: sequential_logit(STAGE, TWICE[:12]), DataError, "drop the copies"),
        (lambda: reproducibility(TWICE), DataError, "drop the copies"),
        (lambda: reproducibility(pd.DataFrame(GOOD)), DataError, "must be text"),
        (lambda: sequential_logit(STAGE, {"stage": AGE}), DataError, "rename it"),
        (lambda: sequential_logit(STAGE, np.array(AGE)), OptionError, "give a mapping"),
        (lambda: sequential_logit(STAGE, [1, 2]), OptionError, "names of columns"),
        (lambda: sequential_logit(STAGE, ["a", "a"]), OptionError, "name each once"),
        (lambda: sequential_logit(STAGE, "age"), DataError, "give data="),
        (lambda: sequential_logit(STAGE, {"age": AGE[:5]}), DataError, "equally long"),
        (
            lambda: sequential_logit(STAGE, {"age": [np.nan, *AGE[1:]]}),
            DataError,
            'missing="drop"',
        ),
        (lambda: sequential_logit(STAGE, {"age": AGE}, level=2), OptionError, "such as 0.95"),
        (
            lambda: sequential_logit(STAGE, {"age": AGE}).predict({"sex": [1]}),
            DataError,
            "give them as well",
        ),
        (
            lambda: sequential_logit(STAGE, {"age": AGE}).predict({"age": [1]}, parallel=1),
            OptionError,
            "True or False",
        ),
    ],
)
def test_bad_input_ends_in_a_named_error(call, error, says):
    with pytest.raises(error, match=says):
        call()
