"""Loevinger's H against mokken, against counting errors, and in resamples."""

import itertools
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    OptionError,
    SmallSampleWarning,
)
from loyaltymodel.loyalty_stage.ladder import kernels
from loyaltymodel.loyalty_stage.ladder.reproducibility import guttman_errors, reproducibility
from loyaltymodel.loyalty_stage.ladder.scalability import scalability
from loyaltymodel.loyalty_stage.phases.simulate import simulate_phases

from tolerances import EXACT, SAME

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "mokken.json").read_text())
PAIRS = list(itertools.combinations(range(4), 2))


@pytest.fixture(scope="module", params=["binary", "poly"])
def mokken(request):
    given_data = REFERENCE["input"][request.param]
    answers = pd.DataFrame(given_data["X"], columns=given_data["columns"])
    return answers, REFERENCE["output"][request.param]


def of_all(result):
    return result.whole.iloc[0]


def test_coefficients_and_errors_agree_with_mokken(mokken):
    answers, expected = mokken
    result = scalability(answers)
    for column, key in (("estimate", "Hij"), ("std_error", "se_Hij")):
        matrix = expected[key]["values"]
        np.testing.assert_allclose(
            result.pairs[column], [matrix[i][j] for i, j in PAIRS], rtol=EXACT
        )
    items = result.items.set_index("item")
    for column, key in (("estimate", "Hi"), ("std_error", "se_Hi")):
        np.testing.assert_allclose(
            items[column], [expected[key][name] for name in items.index], rtol=EXACT
        )
    assert pytest.approx(expected["H"], rel=EXACT) == result.H
    assert of_all(result)["std_error"] == pytest.approx(expected["se_H"], rel=EXACT)


def test_statistics_of_independence_agree_with_mokken(mokken):
    answers, expected = mokken
    result = scalability(answers)
    z = expected["coefZ"]
    np.testing.assert_allclose(
        result.pairs["statistic"], [z["Zij"]["values"][i][j] for i, j in PAIRS], rtol=EXACT
    )
    np.testing.assert_allclose(result.items["statistic"], list(z["Zi"].values()), rtol=EXACT)
    assert of_all(result)["statistic"] == pytest.approx(z["Z"], rel=EXACT)


@given(arrays(np.int64, (12, 3), elements=st.integers(0, 1)))
def test_binary_h_is_one_less_errors_over_expected_errors(answers):
    shares = answers.mean(axis=0)
    assume(((shares > 0) & (shares < 1)).all())
    patterns = kernels.find_patterns(answers)
    found = kernels.scalability_of(patterns, patterns.counts[None].astype(float))
    seen, expected = [], []
    for i, j in itertools.combinations(range(3), 2):
        easy, hard = (i, j) if shares[i] >= shares[j] else (j, i)
        seen.append(((answers[:, easy] == 0) & (answers[:, hard] == 1)).sum())
        expected.append(12 * (1 - shares[easy]) * shares[hard])
    np.testing.assert_allclose(found.pairs[0], 1 - np.divide(seen, expected), atol=SAME)
    assert found.scale[0] == pytest.approx(1 - sum(seen) / sum(expected), abs=SAME)


@given(arrays(np.int64, (15, 3), elements=st.integers(0, 4)), st.randoms(use_true_random=False))
def test_h_is_the_covariance_over_that_of_sorted_answers(answers, random):
    assume((answers.min(axis=0) < answers.max(axis=0)).all())
    patterns = kernels.find_patterns(answers - answers.min(axis=0))
    found = kernels.scalability_of(patterns, patterns.counts[None].astype(float))
    tidy = np.sort(answers, axis=0)
    for value, (i, j) in zip(found.pairs[0], itertools.combinations(range(3), 2), strict=True):
        cov = np.cov(answers[:, i], answers[:, j])[0, 1]
        most = np.cov(tidy[:, i], tidy[:, j])[0, 1]
        assert value == pytest.approx(cov / most, abs=SAME)
        assert value <= 1 + SAME
    # Neither the order of people nor that of items matters to the scale.
    rows, columns = list(range(15)), [0, 1, 2]
    random.shuffle(rows)
    random.shuffle(columns)
    turned = kernels.find_patterns((answers - answers.min(axis=0))[rows][:, columns])
    again = kernels.scalability_of(turned, turned.counts[None].astype(float))
    assert again.scale[0] == pytest.approx(found.scale[0], abs=SAME)


@pytest.mark.parametrize("tied", [False, True])
def test_standard_errors_agree_with_numeric_derivatives(tied):
    rng = np.random.default_rng(4)
    answers = (rng.normal(size=(80, 1)) + rng.normal(size=(80, 3)) > [-0.8, 0.1, 0.9]).astype(int)
    if tied:
        # Equally popular steps: central differences give the mean of the two slopes.
        answers = np.vstack([answers, answers[:, ::-1]])
    patterns = kernels.find_patterns(answers)
    counts = patterns.counts.astype(float)

    def h(c):
        found = kernels.scalability_of(patterns, c[None])
        return np.concatenate([found.pairs[0], found.items[0], found.scale])

    step = 1e-5
    slopes = np.array(
        [
            (h(counts + step * unit) - h(counts - step * unit)) / (2 * step)
            for unit in np.eye(len(counts))
        ]
    )
    # The multinomial variance; H does not change with the number of people.
    numeric = np.sqrt(counts @ slopes**2)
    base = kernels.scalability_of(patterns, counts[None])
    pairs, items, scale = kernels.scalability_errors(patterns, base)
    # Central differences of step 1e-5 are good to about 1e-8. One pair has no errors at all.
    np.testing.assert_allclose([*pairs, *items, scale], numeric, rtol=1e-6, atol=EXACT)


def test_bootstrap_and_delta_method_agree(mokken):
    answers, _ = mokken
    delta = scalability(answers)
    boot = scalability(answers, interval="percentile", n_resamples=4000, rng=1)
    # 4,000 resamples know a standard error to 1.1 %; the delta method is off by 1 / n.
    assert of_all(boot)["std_error"] == pytest.approx(of_all(delta)["std_error"], rel=0.1)
    assert of_all(boot)["ci_low"] == pytest.approx(of_all(delta)["ci_low"], abs=0.03)
    assert boot.H == delta.H
    again = scalability(answers, interval="percentile", n_resamples=4000, rng=1)
    pd.testing.assert_frame_equal(boot.pairs, again.pairs)


def test_a_perfect_ladder_and_independence():
    perfect = np.repeat(np.tri(5, 4, -1, dtype=int), 30, axis=0)
    result = scalability(perfect)
    assert pytest.approx(1.0) == result.H
    assert result.strength == "strong"
    np.testing.assert_allclose(of_all(result)["std_error"], 0, atol=1e-12)
    rng = np.random.default_rng(2)
    apart = scalability((rng.random((4000, 4)) < [0.8, 0.6, 0.4, 0.2]).astype(int))
    # Three standard errors of H under independence.
    assert abs(apart.H) < 3 * of_all(apart)["std_error"]
    assert apart.strength == "none"


def test_a_ladder_of_few_without_errors_is_no_certainty():
    # Two steps and 12 people, of whom nobody errs: Wilson's interval of 0 of 12 errors, over the
    # errors that independence would give, (1 - 2 / 3) / 3 of all.
    answers = np.repeat([[0, 0], [1, 0], [1, 1]], 4, axis=0)
    with pytest.warns(SmallSampleWarning):
        found = scalability(answers)
    most = stats.binomtest(0, 12).proportion_ci(method="wilson").high
    assert of_all(found)["ci_low"] == pytest.approx(1 - most / (1 / 3 - 2 / 9), rel=SAME)
    assert of_all(found)["ci_high"] == 1
    assert "as so few respondents leave room" in " ".join(found.summary().remarks)
    for interval in ("wald", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            none = scalability(answers, interval=interval, n_resamples=99, rng=1)
        assert np.isnan(of_all(none)["ci_low"])
        assert 'interval="wilson" gives one' in " ".join(none.summary().remarks)


def test_one_who_errs_alone_is_named():
    answers = np.repeat([[0, 0], [1, 0], [1, 1], [0, 1]], [30, 30, 30, 1], axis=0)
    found = scalability(answers)
    assert found.n_erring == 1
    assert "without this one H would be 1" in " ".join(found.summary().remarks)
    assert of_all(found)["ci_high"] <= 1


@pytest.mark.study
def test_intervals_of_h_near_1_cover():
    rng, held, steps = np.random.default_rng(8), 0, np.array([0.7, 0.4])
    # Of 100 who are as the second item says, 3 do not take the first: H is 1 - .012 / .12.
    error = 0.03 * steps[1]
    truth = 1 - error / ((1 - steps[0]) * steps[1])
    law = [1 - steps[0] - error, error, steps[0] - steps[1] + error, steps[1] - error]
    for _ in range(400):
        cells = rng.choice(4, 150, p=law)
        whole = of_all(scalability(np.column_stack([cells >= 2, cells % 2 == 1]).astype(int)))
        held += whole["ci_low"] <= truth <= whole["ci_high"]
    # 400 surveys know a share of 0.95 to 0.011; plus and minus errors it is 0.8.
    assert held / 400 == pytest.approx(0.95, abs=3 * 0.011)


def test_z_is_normal_under_independence():
    rng = np.random.default_rng(3)
    z = [
        scalability((rng.random((200, 3)) < [0.7, 0.5, 0.3]).astype(int)).statistic[-1]
        for _ in range(400)
    ]
    # 400 values: the mean is known to 0.05 and the standard deviation to 0.035; four of them.
    assert np.mean(z) == pytest.approx(0, abs=0.2)
    assert np.std(z) == pytest.approx(1, abs=0.14)


@pytest.mark.slow
def test_intervals_of_h_cover():
    rng = np.random.default_rng(5)

    def draw(n):
        theta = rng.normal(size=(n, 1))
        return (theta + 0.8 * rng.normal(size=(n, 4)) > [-1.2, -0.4, 0.4, 1.2]).astype(int)

    truth = scalability(draw(2_000_000)).H
    hits = []
    for _ in range(1000):
        scale = of_all(scalability(draw(400)))
        hits.append(scale["ci_low"] <= truth <= scale["ci_high"])
    # 1,000 runs at 95 %: a standard error of 0.7 points; three of them and small-sample bias.
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)


def test_phases_go_in():
    result = scalability(simulate_phases(500, rng=1)[0] >= 50)
    assert result.names == ("cognitive", "affective", "conative", "action")
    assert 0 < result.H < 1
    assert result.items["mean"].is_monotonic_decreasing


def test_many_patterns_are_counted_without_a_table():
    rng = np.random.default_rng(6)
    answers = rng.integers(0, 9, (300, 12))
    patterns = kernels.find_patterns(answers)
    np.testing.assert_array_equal(patterns.rows[patterns.of_person], answers)
    assert patterns.counts.sum() == 300
    few = rng.integers(0, 2, (300, 3))
    coded = kernels.find_patterns(few)
    np.testing.assert_array_equal(coded.rows[coded.of_person], few)


def test_result_is_frozen_pickles_and_prints(mokken):
    answers, _ = mokken
    result = scalability(answers)
    assert not result.estimates.estimate.flags.writeable
    again = pickle.loads(pickle.dumps(result))
    assert str(again.summary()) == str(result.summary())
    assert "H of all" in str(result.summary())
    assert "<table" in result._repr_html_()
    assert "4 items" in repr(result)
    turned = answers.assign(action=answers["action"].max() - answers["action"])
    text = str(scalability(turned).summary())
    assert "was an item not reversed" in text
    wrong_way = answers[["action", "conative", "affective", "cognitive"]]
    assert "By their means the order is" in str(scalability(wrong_way).summary())


GOOD = np.random.default_rng(7).integers(0, 2, (40, 3))
GOOD_TABLE = pd.DataFrame(GOOD, columns=["a", "b", "c"])


def test_every_form_of_items_gives_the_same_result():
    names, others = ["a", "b", "c"], GOOD_TABLE.assign(town="x")
    expected = scalability(GOOD_TABLE)
    assert expected.names == ("a", "b", "c")
    for found in (
        scalability(names, data=others),
        scalability(others.columns[:3], data=pl.from_pandas(others)),
        scalability(dict(zip(names, GOOD.T, strict=True))),
        scalability({"a": "a", "b": GOOD[:, 1], "c": "c"}, data=pa.Table.from_pandas(others)),
        scalability(pl.from_pandas(GOOD_TABLE)),
    ):
        pd.testing.assert_frame_equal(found.pairs, expected.pairs)
    plain = scalability(GOOD.tolist())
    assert plain.names == ("item 1", "item 2", "item 3")
    assert plain.H == expected.H
    for order in ("given", "popularity"):
        result, customers = reproducibility(names, data=others, order=order)
        same, of_table = reproducibility(GOOD_TABLE, order=order)
        pd.testing.assert_frame_equal(result.patterns, same.patterns)
        pd.testing.assert_frame_equal(customers, of_table)
        pd.testing.assert_series_equal(
            guttman_errors(names, data=others, order=order),
            guttman_errors(GOOD_TABLE, order=order),
        )


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: scalability(GOOD[:, :1]), DataError, "at least two"),
        (lambda: scalability(GOOD[:, 0]), DataError, "a row a respondent"),
        (lambda: scalability(np.column_stack([GOOD, np.ones(40)])), DataError, "leave it out"),
        (lambda: scalability(GOOD + 0.5), DataError, "whole numbers"),
        (lambda: scalability(GOOD, scale=(1, 5)), DataError, "between 1 and 5"),
        (lambda: scalability(GOOD, scale=(5, 1)), OptionError, "lower one first"),
        (lambda: scalability(np.where(GOOD == 1, np.nan, GOOD)), DataError, 'missing="drop"'),
        (lambda: scalability(GOOD[:1]), DataError, "several respondents"),
        (lambda: scalability(GOOD * 80), DataError, "group its values"),
        (
            lambda: scalability(["a", "a", "b"], data=GOOD_TABLE),
            DataError,
            "name each of them once",
        ),
        (lambda: scalability("abc", data=GOOD_TABLE), DataError, "at least two"),
        (lambda: scalability(["x", "y"], data=GOOD_TABLE), DataError, "no column"),
        (lambda: scalability(["a", "b"]), DataError, "give data= as well"),
        (lambda: scalability([]), DataError, "give at least one variable"),
        (lambda: scalability(GOOD, interval="exact"), OptionError, "choose one of"),
        (lambda: scalability(GOOD, level=1.0), OptionError, "between 0 and 1"),
        (lambda: scalability(GOOD, n_resamples=1), OptionError, "at least 2"),
        (lambda: scalability(GOOD, interval="percentile", n_resamples=38), OptionError, "least 39"),
        (lambda: scalability(GOOD, missing="keep"), OptionError, "choose one of"),
    ],
)
def test_bad_input_ends_in_a_named_error(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_little_data_is_warned_of():
    with pytest.warns(SmallSampleWarning, match="more of them are the way out"):
        scalability([[0, 0], [1, 0], [1, 1]])
    rare = np.column_stack([np.arange(30) % 2, np.arange(30) == 3]).astype(int)
    with pytest.warns(FailedResamplesWarning, match="did not vary"):
        result = scalability(rare, interval="percentile", n_resamples=200, rng=1)
    # The only one who passes is missed by (29 / 30)^30 of the resamples, about 36 %.
    assert result.n_failed == pytest.approx(200 * (29 / 30) ** 30, abs=4 * 6.8)
