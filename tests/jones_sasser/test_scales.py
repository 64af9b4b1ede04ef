"""Answers on the scale of the data: results take and give them, and their curve takes shares."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError

from tolerances import EXACT

GROUPS = {"a": 0.55, "b": 0.3, "c": 0.1}


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(3000, constraints=GROUPS, levels=10, rng=1)


@pytest.fixture(scope="module")
def scores():
    model = jones_sasser.curve("power", {"lo": 0.1, "hi": 0.9, "k": 3.0})
    return jones_sasser.simulate(
        1500, model=model, constraints=GROUPS, levels=10, outcome="score", rng=3
    )


@pytest.fixture(scope="module")
def fitted(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")


@st.composite
def scales(draw):
    low = draw(st.floats(-50, 50))
    return low, low + draw(st.floats(0.1, 200))


@settings(max_examples=25, deadline=None)
@given(scale=scales(), share=st.floats(0, 1))
def test_a_result_takes_answers_and_its_curve_shares(people, scale, share):
    low, high = scale
    data = people.iloc[:600].assign(answer=low + (high - low) * people["satisfaction"])
    data["answer"] = data["answer"].clip(low, high)
    result = jones_sasser.fit("answer", "stayed", data=data, scale=scale)
    held = result.constraint_of()
    answer = min(low + (high - low) * share, high)
    at = (answer - low) / (high - low)
    assert result.loyalty(answer) == result.curve.loyalty(at, constraint=held)
    assert result.true_loyalty(answer) == result.curve.true_loyalty(at)
    assert result.false_loyalty(answer) == result.curve.false_loyalty(at, constraint=held)
    found = result.interval_of("loyalty", answer)
    assert found["at"].item() == answer
    assert found["estimate"].item() == pytest.approx(result.loyalty(answer), abs=EXACT)
    slope = result.interval_of("slope", answer)["estimate"].item() * (high - low)
    expected = result.curve.slope(at, constraint=held)
    assert slope == pytest.approx(expected, rel=1e-9, abs=EXACT)
    target = (held + result.loyalty(high)) / 2
    needed = result.interval_of("satisfaction_needed", target)["estimate"].item()
    assert result.loyalty(needed) == pytest.approx(target, abs=1e-9)


def test_intervals_are_those_of_shares_in_other_units(people, fitted):
    data = people.assign(answer=1 + 9 * people["satisfaction"])
    result = jones_sasser.fit(
        "answer", "stayed", data=data, constraint_by="industry", scale=(1, 10)
    )
    names = ["estimate", "std_error", "ci_low", "ci_high"]
    for quantity, factor in (("loyalty", 1.0), ("false_loyalty", 1.0), ("slope", 1 / 9)):
        one = fitted.interval_of(quantity, 0.6, group="a")[names]
        two = result.interval_of(quantity, 6.4, group="a")[names]
        np.testing.assert_allclose(two, factor * one, rtol=1e-5)
    one = fitted.interval_of("satisfaction_needed", 0.9, group="a")
    two = result.interval_of("satisfaction_needed", 0.9, group="a")
    ends = ["estimate", "ci_low", "ci_high"]
    np.testing.assert_allclose(two[ends], 1 + 9 * one[ends], rtol=1e-5)
    np.testing.assert_allclose(two["std_error"], 9 * one["std_error"], rtol=1e-4)
    step = result.interval_of("loyalty", 7, step_to=10, group="a")["estimate"].item()
    assert step == pytest.approx(result.loyalty(10, group="a") - result.loyalty(7, group="a"))
    # Percents of an answer, and not of its distance to the lowest one.
    elastic = result.interval_of("elasticity", 6.4, group="a")["estimate"].item()
    up, down = (result.loyalty(6.4 * (1 + h), group="a") for h in (1e-6, -1e-6))
    assert elastic == pytest.approx((np.log(up) - np.log(down)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("outcome", ["score", "beta"])
def test_scores_are_answered_on_their_scale(scores, outcome):
    data = scores[scores["satisfaction"] > 0]
    points = data.assign(score=10 * data["score"])
    plain = jones_sasser.fit("satisfaction", "score", data=data, outcome=outcome)
    scale = {"satisfaction": (0, 1), "loyalty": (0, 10)}
    result = jones_sasser.fit("satisfaction", "score", data=points, outcome=outcome, scale=scale)
    assert dict(result.scale) == scale
    for one, two in (
        (plain.loyalty(0.7), result.loyalty(0.7)),
        (plain.true_loyalty(0.7), result.true_loyalty(0.7)),
        (plain.false_loyalty(0.7), result.false_loyalty(0.7)),
    ):
        assert two == pytest.approx(10 * one, rel=1e-6)
    needed = result.interval_of("satisfaction_needed", 8.0)["estimate"].item()
    assert result.loyalty(needed) == pytest.approx(8.0)
    one, two = (r.interval_of("loyalty", [0.2, 0.7]) for r in (plain, result))
    names = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(two[names], 10 * one[names], rtol=1e-4)
    one, _ = jones_sasser.remove_constraint(plain, data["satisfaction"])
    two, customers = jones_sasser.remove_constraint(result, data["satisfaction"])
    names = ["before", "after", "estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(two.total[names], 10 * one.total[names], rtol=1e-4)
    assert customers["before"].max() > 1
    assert two.total["set_free"].isna().all()


@pytest.mark.parametrize(
    "ask",
    [
        lambda r: r.loyalty(0.5, group="a"),
        lambda r: r.true_loyalty([5, 11]),
        lambda r: r.false_loyalty(0, group="a"),
        lambda r: r.interval_of("slope", 0.5, group="a"),
        lambda r: r.interval_of("loyalty", 7, step_to=10.5, group="a"),
        lambda r: r.loyalty(pd.Series([5.0, 0.99]), group="a"),
    ],
)
def test_an_answer_off_the_scale_is_refused(people, ask):
    data = people.assign(answer=1 + 9 * people["satisfaction"])
    result = jones_sasser.fit(
        "answer", "stayed", data=data, constraint_by="industry", scale=(1, 10)
    )
    with pytest.raises(DataError, match=r"on the scale of the fit, 1 to 10, and result.curve"):
        ask(result)


def test_a_driver_may_have_the_name_of_an_option(people):
    one = jones_sasser.fit("satisfaction", "stayed", data=people, drivers=["constraint"])
    renamed = people.rename(columns={"constraint": "loyalty"})
    two = jones_sasser.fit("satisfaction", "stayed", data=renamed, drivers=["loyalty"])
    np.testing.assert_array_equal(one.values, two.values)
    assert two.constraint_of(drivers=renamed).equals(two.constraint_of(data=renamed))
    with pytest.raises(DataError, match="drivers lack loyalty"):
        two.constraint_of(drivers={"constraint": 0.5})


def test_prediction_parts_loyalty_into_true_and_false():
    rng = np.random.default_rng(3)
    s, group = rng.integers(1, 11, 600), rng.choice(["a", "b"], 600)
    stayed = rng.random(600) < 0.2 + 0.06 * s
    result = jones_sasser.fit(s, stayed, scale=(1, 10), constraint_by=group)
    answers = pd.Series([1, 6.5, 10], index=["x", "y", "z"])
    found = result.predict(answers, group="b")
    assert found.index.tolist() == ["x", "y", "z"]
    for name in ("loyalty", "false_loyalty"):
        expected = getattr(result, name)(answers, group="b")
        pd.testing.assert_series_equal(found[name], expected, check_names=False)
    whole = found["true_loyalty"] + found["false_loyalty"]
    np.testing.assert_allclose(whole, found["loyalty"], rtol=EXACT)
    assert len(result.predict(8, group="a")) == 1
    with pytest.raises(DataError, match="scale"):
        result.predict(11, group="a")
