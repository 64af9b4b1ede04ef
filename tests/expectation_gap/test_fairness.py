"""Equity: what one gets for what one puts in, against what a referent gets."""

from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import equity, satisfaction_drivers

from tolerances import EXACT, SAME

# Whole numbers, so that what is expected can be worked out in fractions.
AMOUNT, INPUT = st.integers(0, 1000), st.integers(1, 1000)


@given(AMOUNT, INPUT, AMOUNT, INPUT)
def test_equity_is_that_of_exact_fractions(outcome, effort, other_outcome, other_effort):
    own, other = Fraction(outcome, effort), Fraction(other_outcome, other_effort)
    referent = {"referent_outcomes": other_outcome, "referent_inputs": other_effort}
    difference = equity(outcome, effort, **referent)
    # Ratios up to 1000, so their rounding is a thousand times that of 1.
    assert difference == pytest.approx(float(own - other), abs=EXACT * 1000)
    if other > 0:
        ratio = equity(outcome, effort, kind="ratio", **referent)
        assert ratio == pytest.approx(float(own / other), rel=EXACT)
    words = {-1: "under-rewarded", 0: "equitable", 1: "over-rewarded"}
    exact = words[(own > other) - (own < other)]
    assert equity(outcome, effort, kind="state", **referent) == exact
    # A tenth of the referent's ratio, either way: the limits belong to what is equitable.
    within = abs(own - other) <= Fraction(1, 10) * other
    state = equity(outcome, effort, kind="state", tolerance=0.1, **referent)
    assert state == ("equitable" if within else exact)


@given(AMOUNT, INPUT, AMOUNT, INPUT, st.floats(0.01, 100), st.floats(0.01, 100))
def test_units_scale_the_difference_and_leave_the_ratio(a, b, c, d, per_outcome, per_input):
    plain = {"referent_outcomes": c, "referent_inputs": d}
    scaled = {"referent_outcomes": c * per_outcome, "referent_inputs": d * per_input}
    before = equity(a, b, **plain)
    after = equity(a * per_outcome, b * per_input, **scaled)
    # The two ratios may nearly cancel: rounding is that of the larger.
    size = max(a / b, c / d) * per_outcome / per_input
    assert after == pytest.approx(before * per_outcome / per_input, abs=SAME * (1 + size))
    if c:
        found = equity(a * per_outcome, b * per_input, kind="ratio", **scaled)
        assert found == pytest.approx(equity(a, b, kind="ratio", **plain), rel=SAME)
    # Whoever is under-rewarded sees a referent who is over-rewarded.
    turned = equity(c, d, referent_outcomes=a, referent_inputs=b)
    assert turned == -before


def test_results_come_back_as_the_variables_came():
    people = pd.DataFrame(
        {"got": [300, 100, 250], "paid": [100, 50, 100], "theirs": [100, 100, 100]},
        index=["Li", "Wu", "Xu"],
    )
    referent = {"referent_outcomes": "theirs", "referent_inputs": 40}
    found = equity("got", "paid", **referent, data=people)
    assert found.to_dict() == {"Li": 0.5, "Wu": -0.5, "Xu": 0.0}
    states = equity("got", "paid", kind="state", **referent, data=people)
    assert states.cat.ordered
    assert states.cat.categories.to_list() == ["under-rewarded", "equitable", "over-rewarded"]
    assert states.to_list() == ["over-rewarded", "under-rewarded", "equitable"]
    again = equity("got", "paid", kind="ratio", **referent, data=pl.from_pandas(people))
    assert again.to_list() == pytest.approx([1.2, 0.8, 1.0], rel=EXACT)
    holes = people.assign(paid=[100, np.nan, 100])
    left = equity("got", "paid", **referent, data=holes, missing="drop")
    assert left.to_dict() == {"Li": 0.5, "Xu": 0.0}


def test_losses_have_a_difference_and_a_state_but_no_ratio():
    referent = {"referent_outcomes": -10, "referent_inputs": 10}
    assert equity(-30, 10, **referent) == -2
    assert equity(-30, 10, kind="state", **referent) == "under-rewarded"
    assert equity(-30, 10, kind="state", tolerance=2.0, **referent) == "equitable"


def test_equity_is_a_term_of_satisfaction():
    rng = np.random.default_rng(3)
    got, paid = rng.uniform(50, 150, 60), rng.uniform(50, 100, 60)
    fair = equity(got, paid, referent_outcomes=100, referent_inputs=75)
    satisfaction = 6 + 2 * fair + rng.normal(0, 0.5, 60)
    result = satisfaction_drivers(["fairness"], satisfaction, fairness=fair)
    by_hand = sm.OLS(satisfaction, sm.add_constant(got / paid - 100 / 75)).fit()
    np.testing.assert_allclose(result.estimates.estimate, by_hand.params, rtol=SAME)


R = {"referent_outcomes": 100, "referent_inputs": 40}
BAD = [
    ((5, 0), R, DataError, "inputs must be above 0, but is 0 in row 0; leave such rows out"),
    (([5, 5], [1, -2]), R, DataError, "is -2 in row 1"),
    ((5, 1), {**R, "referent_inputs": 0}, DataError, "referent_inputs must be above 0"),
    ((-5, 1), {**R, "kind": "ratio"}, DataError, 'kind="difference" takes outcomes of any sign'),
    ((5, 1), {**R, "referent_outcomes": 0, "kind": "ratio"}, DataError, 'kind="difference"'),
    ((5, np.nan), R, DataError, 'missing="drop"'),
    (([5, 5], [1, 1, 1]), R, DataError, "equally long"),
    ((np.inf, 1), R, DataError, "infinite"),
    ((5, 1), {**R, "kind": "words"}, OptionError, "'difference', 'ratio', 'state'"),
    ((5, 1), {**R, "tolerance": 0.1}, OptionError, 'belongs to kind="state".*leave it out'),
    ((5, 1), {**R, "kind": "state", "tolerance": -1}, OptionError, "such as 0.1"),
    ((5, 1), {**R, "kind": "state", "tolerance": True}, OptionError, "finite number"),
]


@pytest.mark.parametrize(("given", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        equity(*given, **options)


@pytest.mark.parametrize(
    ("given", "referent", "kind", "says"),
    [
        (([1, 1e90], [1, 1e-250]), (100, 40), "difference", r"outcomes / inputs is .* row 1;"),
        (([1, 1e90], [1, 1e-250]), (100, 40), "ratio", "row 1; take other units"),
        (([1, 1e90], [1, 1e-250]), (100, 40), "state", "take other units"),
        (([1], [1]), (1e90, 1e-250), "difference", "^referent_outcomes / referent_inputs is"),
        (([1.5e90], [1e-218]), (-1.5e90, 1e-218), "difference", "difference of the two ratios is"),
        (([1e90], [1e-110]), (1e-110, 1), "ratio", "ratio of the two ratios is beyond"),
        (([1], [1]), (1e-250, 1e90), "ratio", "ratio of the two ratios is beyond"),
        (([1e101], [1]), (100, 40), "difference", "outcomes has 1e.101 in row 0, too large"),
    ],
)
def test_what_no_number_can_hold_is_refused(given, referent, kind, says):
    others = dict(zip(("referent_outcomes", "referent_inputs"), referent, strict=True))
    with pytest.raises(DataError, match=says):
        equity(*given, kind=kind, **others)


def test_a_tolerance_without_end_makes_everything_equitable():
    others = {"referent_outcomes": 1e99, "referent_inputs": 1e-150}
    assert equity(1, 1, kind="state", tolerance=1e99, **others) == "equitable"


def test_who_is_exactly_a_tolerance_apart_is_treated_equitably():
    inputs = np.arange(1, 30)
    others = {"referent_outcomes": inputs * 0.1, "referent_inputs": inputs}
    for share in (1.2, 0.8):
        states = equity(inputs * (0.1 * share), inputs, kind="state", tolerance=0.2, **others)
        assert set(states) == {"equitable"}
    assert equity(0.1, 1, referent_outcomes=0.3, referent_inputs=3) == 0
    assert equity(0.1, 1, kind="ratio", referent_outcomes=0.3, referent_inputs=3) == 1
