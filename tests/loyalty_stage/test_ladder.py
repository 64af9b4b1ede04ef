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
    result, _ = reproducibility(dict(zip(data["columns"], np.transpose(data["X"]), strict=True)))
    table = result.counts.set_index("count")
    for row, suffix in (("goodenough_edwards", "goodenough_edwards"), ("minimum", "min")):
        assert table.loc[row, "reproducibility"] == pytest.approx(expected[f"CR_{suffix}"])
        assert table.loc[row, "scalability"] == pytest.approx(expected[f"CS_{suffix}"])
    assert table["errors"].tolist() == [
        expected["errors_goodenough_edwards"],
        expected["errors_min_cornell"],
    ]
    assert result.marginal == pytest.approx(expected["MMR"])
    ideal = result.patterns.query("errors == 0")["n_obs"].sum()
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
    answers = {"cognitive": [0] * 10 + [1] * 5, "affective": [0] * 5 + [1] * 10}
    given_order, customers = reproducibility(answers)
    assert customers["errors"].tolist() == [0] * 5 + [2] * 5 + [0] * 5
    assert "claimed to come first" in str(given_order.summary())
    popular, customers = reproducibility(answers, order="popularity")
    assert popular.names == ("affective", "cognitive")
    assert customers["errors"].sum() == 0
    assert popular.counts["scalability"].tolist() == [1.0, 1.0]
    assert guttman_errors(answers).sum() == 0
    assert guttman_errors(answers, order="given").sum() == 5


def test_independent_steps_have_no_consistency():
    rng = np.random.default_rng(1)
    answers = (rng.random((20_000, 4)) < [0.8, 0.6, 0.4, 0.2]).astype(int)
    result, _ = reproducibility(answers)
    # A share of 80,000 cells, of which 20,000 are independent: a standard error below 0.003.
    assert result.counts.loc[0, "consistency"] == pytest.approx(0, abs=0.03)
    patterns = result.patterns
    assert patterns["expected_share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(patterns["share"], patterns["expected_share"], atol=0.012)


def test_phases_go_in_and_labels_come_back():
    scores = simulate_phases(300, rng=1)[0]
    scores.index = [f"c{k}" for k in range(300)]
    phases, found = oliver(scores)
    ladder, customers = reproducibility(phases.passed(scores))
    assert customers.index.equals(scores.index)
    # Whoever passes out of order has errors, and nobody else.
    assert ((customers["errors"] > 0) == found["out_of_order"]).all()
    assert (customers["pattern"].str.len() == 4).all()
    again = pickle.loads(pickle.dumps(ladder))
    assert str(again.summary()) == str(ladder.summary())
    assert not again.pattern_rows.flags.writeable
    assert "<table" in ladder._repr_html_()
    assert "4 steps" in repr(ladder)


# The steps


@pytest.fixture(scope="module")
def fitted():
    data = LOGIT["input"]
    return sequential_logit({"x1": data["x1"], "x2": data["x2"]}, data["y"])


def test_each_step_agrees_with_r(fitted):
    for j, expected in enumerate(LOGIT["output"]["stagewise_glm"]):
        part = slice(3 * j, 3 * j + 3)
        found = fitted.estimates
        np.testing.assert_allclose(
            found.estimate[part], list(expected["coef"].values()), rtol=NEWTON
        )
        np.testing.assert_allclose(
            found.covariance[part, part], expected["vcov"]["values"], atol=NEWTON
        )
        assert fitted.log_likelihoods[j] == pytest.approx(expected["logLik"], rel=NEWTON)
        assert fitted.n_at_risk[j] == expected["n"]


def test_the_parallel_model_and_its_test_agree_with_r(fitted):
    expected = LOGIT["output"]["stacked_parallel_glm"]
    np.testing.assert_allclose(
        fitted.parallel_estimates.estimate, list(expected["coef"].values()), rtol=NEWTON
    )
    covariance = fitted.parallel_estimates.covariance
    np.testing.assert_allclose(covariance, expected["vcov"]["values"], atol=NEWTON)
    test = LOGIT["output"]["parallel_LR_test"]
    row = fitted.tests.iloc[0]
    assert row["statistic"] == pytest.approx(test["chi2"], rel=NEWTON)
    assert row["df"] == test["df"]
    assert row["p_value"] == pytest.approx(test["p"], rel=NEWTON)
    vgam = LOGIT["output"]["VGAM_cratio_parallel"]["coef"]
    # VGAM stops its iteration early: seven digits.
    common = fitted.parallel_estimates.estimate
    np.testing.assert_allclose(common, list(vgam.values()), rtol=1e-7)


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
    climb = 1 / (1 + np.exp(-fitted.estimates.estimate.reshape(3, 3) @ x))
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
        {"x1": 1e6 * np.array(data["x1"]), "x2": 1e-6 * np.array(data["x2"])}, data["y"]
    )
    ours, theirs = (found.estimates.estimate.reshape(3, 3) for found in (other, fitted))
    np.testing.assert_allclose(ours * [1, 1e6, 1e-6], theirs, rtol=1e-8)
    np.testing.assert_allclose(other.terms["p_value"], fitted.terms["p_value"], rtol=1e-8)


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
    same = sequential_logit({"x": x}, stage)
    slopes = same.terms.query("term == 'x'")
    # Four standard errors.
    assert (np.abs(slopes["estimate"] - 0.8) < 4 * slopes["std_error"]).all()
    common = same.parallel_terms.set_index("term").loc["x"]
    assert abs(common["estimate"] - 0.8) < 4 * common["std_error"]
    x, stage = draw_stages(rng, 3000, [1.0, 0.0, -0.5])
    assert sequential_logit({"x": x}, stage).tests.loc[0, "p_value"] < 1e-6


def test_the_test_of_parallelism_keeps_its_level():
    rng = np.random.default_rng(3)
    p = [
        sequential_logit({"x": x}, stage).tests.loc[0, "p_value"]
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
        sequential_logit(["x1", "x2"], "y", data=table),
        sequential_logit(["x1", "x2"], "y", data=pa.Table.from_pandas(table)),
        sequential_logit(table[["x1", "x2"]], table["y"]),
        sequential_logit(table[["x1", "x2"]], words, stages=list(names.values())),
        sequential_logit(table[["x1", "x2"]], ordered),
        sequential_logit(["x1", "x2"], "o", data=table.assign(o=ordered)),
    ):
        np.testing.assert_allclose(result.estimates.estimate, fitted.estimates.estimate, rtol=EXACT)
    assert result.stages == ("none", "low", "mid", "high")
    gaps = table.assign(x1=table["x1"].where(table.index != 0))
    assert sequential_logit(["x1", "x2"], "y", data=gaps, missing="drop").n_dropped == 1


def test_phases_go_in():
    scores, true_scores = simulate_phases(2000, rng=4)
    stage = oliver(scores).customers["stage"]
    tenure = true_scores.mean(axis=1) + np.random.default_rng(1).normal(0, 5, 2000)
    result = sequential_logit({"tenure": tenure}, stage)
    assert result.stages == ("none", "cognitive", "affective", "conative", "action")
    assert (result.terms.query("term == 'tenure'")["ci_low"] > 0).all()
    again = pickle.loads(pickle.dumps(result))
    assert str(again.summary()) == str(result.summary())
    assert not again.estimates.estimate.flags.writeable
    assert "chi2(3)" in str(result.summary())
    assert "<table" in result._repr_html_()
    assert "4 steps" in repr(result)


def test_one_step_leaves_nothing_to_compare():
    card = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
    result = sequential_logit({"card": card}, np.repeat([0, 1, 0, 1], [30, 10, 10, 30]))
    assert np.isnan(result.tests.loc[0, "p_value"])
    assert "nothing to compare" in str(result.summary())
    np.testing.assert_allclose(
        result.estimates.estimate, result.parallel_estimates.estimate, rtol=NEWTON
    )


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
        (lambda: reproducibility(GOOD * [1, 1, 0]), DataError, "another cut-off"),
        (lambda: reproducibility(GOOD, order="theory"), OptionError, "choose one of"),
        (lambda: guttman_errors(GOOD * [1, 1, 2], order="given"), OptionError, "popularity"),
        (lambda: guttman_errors(GOOD, scale=(1, 2)), DataError, "between 1 and 2"),
        (lambda: guttman_errors("abc"), DataError, "needs at least two"),
        (lambda: guttman_errors(["a", "b"]), DataError, "give data= as well"),
        (lambda: guttman_errors([[1, 0], [1]]), DataError, "rows of different lengths"),
        (
            lambda: sequential_logit("stage", ["age", "card"], data=TWICE),
            DataError,
            r"covariates stand before the stage: sequential_logit\(\[...\], 'stage'\)",
        ),
        (
            lambda: sequential_logit({"age": AGE}, {"stage": STAGE}),
            DataError,
            "a mapping of 1 name",
        ),
        (lambda: sequential_logit({"age": AGE}, [2] * 12), OptionError, "give all of them"),
        (
            lambda: sequential_logit({"age": AGE}, [1] * 12, stages=[0, 1]),
            NotIdentifiedError,
            "merge this stage",
        ),
        (
            lambda: sequential_logit({"age": AGE}, [0] * 12, stages=[0, 1]),
            NotIdentifiedError,
            "merge this stage",
        ),
        (
            lambda: sequential_logit({"age": AGE}, list("abcbacbacabc")),
            OptionError,
            "from lowest to highest",
        ),
        (
            lambda: sequential_logit({"age": AGE}, STAGE, stages=[0, 1]),
            DataError,
            "name every stage",
        ),
        (lambda: sequential_logit({"age": AGE}, STAGE, stages=[0]), OptionError, "at least two"),
        (lambda: sequential_logit({"a": [1.0] * 12}, STAGE), NotIdentifiedError, "leave it out"),
        (
            lambda: sequential_logit({"a": AGE, "b": np.multiply(AGE, 2)}, STAGE),
            NotIdentifiedError,
            "leave one of them out",
        ),
        (
            lambda: sequential_logit({"a": np.arange(12)}, [0] * 6 + [1] * 6),
            NotIdentifiedError,
            "off to infinity",
        ),
        (
            lambda: sequential_logit({"a": [0, 0, 1, 1, 0, 0] * 3}, [0, 0, 1, 1, 0, 1] * 3),
            NotIdentifiedError,
            "off to infinity",
        ),
        (lambda: sequential_logit({}, STAGE), DataError, "at least one"),
        (lambda: sequential_logit(TWICE[:12], STAGE), DataError, "drop the copies"),
        (lambda: reproducibility(TWICE), DataError, "drop the copies"),
        (lambda: reproducibility(pd.DataFrame(GOOD)), DataError, "must be text"),
        (lambda: sequential_logit({"stage": AGE}, STAGE), DataError, "rename it"),
        (lambda: sequential_logit(np.array(AGE), STAGE), DataError, "mapping from name"),
        (lambda: sequential_logit([1, 2], STAGE), DataError, "names of columns"),
        (lambda: sequential_logit(["a", "a"], STAGE), DataError, "more than once"),
        (lambda: sequential_logit("age", STAGE), DataError, "give data="),
        (lambda: sequential_logit({"age": AGE[:5]}, STAGE), DataError, "equally long"),
        (
            lambda: sequential_logit({"age": [np.nan, *AGE[1:]]}, STAGE),
            DataError,
            'missing="drop"',
        ),
        (lambda: sequential_logit({"age": AGE}, STAGE, level=2), OptionError, "such as 0.95"),
        (
            lambda: sequential_logit({"age": AGE}, STAGE).predict({"sex": [1]}),
            DataError,
            "give them as well",
        ),
        (
            lambda: sequential_logit({"age": AGE}, STAGE).predict({"age": [1]}, parallel=1),
            OptionError,
            "True or False",
        ),
    ],
)
def test_bad_input_ends_in_a_named_error(call, error, says):
    with pytest.raises(error, match=says):
        call()
