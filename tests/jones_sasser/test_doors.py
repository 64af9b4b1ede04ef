"""What is given to any function of the field is read rightly or refused by name."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import chain, economics, evidence, jones_sasser, satisfaction_loyalty
from loyaltymodel.errors import DataError, LoyaltyModelError, OptionError

TABLE = evidence.published_table("retention")
CURVE = jones_sasser.curve("power", {"hi": 1.0, "k": 2.0})
CUSP = jones_sasser.Cusp(alpha=(-2, 4), beta=(0, 1))
S, STAYED = [1, 3, 5, 7, 7, 9, 9, 10], [0, 0, 0, 0, 1, 1, 1, 1]
GROUPS = ["a", "b"] * 4


@pytest.fixture(scope="module")
def fitted():
    return jones_sasser.fit(S, STAYED, scale=(1, 10), fixed={"c": 0.5})


@pytest.fixture(scope="module")
def by_group():
    people = jones_sasser.simulate(500, constraints={"a": 0.0, "b": 0.5}, rng=1)
    return jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", reference="a"
    )


@pytest.mark.parametrize("group", [pd.NA, np.array(["a", "b"]), ["a"], {"a": 1}, 3.5, "c"])
def test_what_is_no_group_is_named(by_group, group):
    with pytest.raises(LoyaltyModelError, match="group"):
        by_group.interval_of("loyalty", 0.5, group=group)
    with pytest.raises(LoyaltyModelError, match="is no group"):
        jones_sasser.fit(S, STAYED, scale=(1, 10), constraint_by=GROUPS, reference=group)


@pytest.mark.parametrize(
    "call",
    [
        lambda: economics.word_of_mouth(None, valence=[1, -1]),
        lambda: jones_sasser.remove_constraint(CURVE, None, constraint=0.2),
        lambda: satisfaction_loyalty.compare_views(None, STAYED),
        lambda: jones_sasser.fit_cusp([1.0, 2, 3], [1.0, 2, 3], None),
    ],
)
def test_nothing_in_place_of_a_variable_is_missing(call):
    with pytest.raises(DataError, match="missing"):
        call()


def test_a_prediction_is_a_row_a_customer(fitted):
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        fitted.predict(np.full((2, 2), 5))
    assert len(fitted.predict(5)) == 1


def test_counts_by_level_are_one_number_each():
    with pytest.raises(DataError, match=r"counts\[4\] has shape \(2,\)"):
        TABLE.expected_retained({4: [100, 50]})
    with pytest.raises(DataError, match="no level"):
        TABLE.expected_retained({("a", 1): 2, 4: 1})
    assert TABLE.expected_retained({4: 100, 3: 50}).midpoint == 113.75


def test_a_score_is_at_its_level_whatever_rounding_did():
    assert TABLE.retention(0.1 + 0.2 + 2.7) == 0.625


@pytest.mark.parametrize("reliability", [1e-200, 1e-6, 0.0, np.nan, "0.8"])
def test_a_reliability_of_nothing_is_refused(reliability):
    calls = [
        lambda: jones_sasser.fit(S, STAYED, scale=(1, 10), reliability=reliability),
        lambda: jones_sasser.segments(S, S, scale=(1, 10), reliability=(reliability, 1)),
        lambda: jones_sasser.simulate(10, reliability=reliability),
        lambda: jones_sasser.textbook_segments(
            CURVE, [0.1, 0.5], constraint=0.0, reliability=reliability
        ),
    ]
    for call in calls:
        with pytest.raises(OptionError, match="reliability"):
            call()


@pytest.mark.parametrize("option", [{"sd": 1e308}, {"mean": 1e200}, {"mean": -np.inf}])
def test_people_are_drawn_on_the_scale(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        jones_sasser.simulate(10, rng=1, **option)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "call",
    [
        lambda: CUSP.equilibria(1e308, constraint=1.0),
        lambda: CUSP.loyalty([0.1, -1e308], constraint=1.0),
        lambda: CUSP.path([0.1, 1e308], constraint=1.0),
        lambda: CUSP.thresholds(1e308),
        lambda: CUSP.branches((0, 1), constraint=1e308),
        lambda: CUSP.branches((-1e308, 1e308), constraint=1.0),
        lambda: jones_sasser.Cusp(alpha=(0, 1), beta=(1e308, 1e308)).loyalty(1, constraint=5),
        lambda: jones_sasser.Cusp(alpha=(0, 1), beta=(1e308, 0), unit=1e200).loyalty(
            1, constraint=5
        ),
    ],
)
def test_a_cusp_says_what_it_cannot_compute(call):
    with pytest.raises(DataError, match="beyond those of computing"):
        call()


def test_paths_and_branches_need_some_length():
    with pytest.raises(DataError, match="one value for each step"):
        CUSP.path([], constraint=1.0)
    with pytest.raises(OptionError, match="too short"):
        CUSP.branches((0.0, 1e-200), constraint=1.0)


@pytest.mark.parametrize("pairs", [[("a", [1, 2])], [("a", "b")], [["a", 1.0]]])
def test_pairs_are_no_predictors(pairs):
    with pytest.raises(DataError, match="normal"):
        jones_sasser.fit_cusp(pairs, [1.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize("weights", [1e-310, 1e-200, 1e200, 1e307])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_segments_take_weights_of_any_unit(weights):
    w = np.array([1.0, 2.0, 1.0, 4.0, 2.0, 1.0, 1.0, 1.0])
    plain, _ = jones_sasser.segments(S, S[::-1], scale=(1, 10), weights=w)
    found, _ = jones_sasser.segments(S, S[::-1], scale=(1, 10), weights=w * weights)
    pd.testing.assert_frame_equal(plain.estimates.frame(), found.estimates.frame(), rtol=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda flags: jones_sasser.textbook_segments(CURVE, flags, constraint=0.0),
        lambda flags: jones_sasser.early_warning(CURVE, flags, constraint=0.0, value=1.0),
        lambda flags: jones_sasser.remove_constraint(CURVE, flags, constraint=0.5),
        lambda flags: jones_sasser.fit(flags, flags),
    ],
)
def test_true_and_false_are_no_satisfaction(call):
    with pytest.raises(DataError, match="not numeric"):
        call([True, False, True])


def test_true_and_false_are_no_constraint():
    with pytest.raises(DataError, match="constraint is not numeric"):
        jones_sasser.segments(
            [1, 5], [5, 1], matrix="satisfied_loyal", constraint=[False, False], scale=(1, 5)
        )


def test_who_stayed_may_be_true_or_false():
    people = satisfaction_loyalty.simulate_views("direct", 600, rng=1)
    s, stayed = people["satisfaction"], people["stayed"]
    one, other = (jones_sasser.fit(s, answer) for answer in (stayed, stayed == 1))
    np.testing.assert_array_equal(one.values, other.values)
    one, other = (
        satisfaction_loyalty.compare_views(s, answer, bond=people["bond"], n_resamples=50, rng=1)
        for answer in (stayed, stayed == 1)
    )
    pd.testing.assert_frame_equal(one.comparison.models, other.comparison.models)


@pytest.mark.parametrize("name", ["mediator", "bond"])
def test_what_is_measured_is_not_true_or_false(name):
    people = satisfaction_loyalty.simulate_views("direct", 50, rng=1)
    with pytest.raises(DataError, match=f"{name} is not numeric"):
        satisfaction_loyalty.compare_views(
            "satisfaction", "stayed", data=people, **{name: people[name] > 0.5}
        )
    with pytest.raises(DataError, match="driver 'held' is not numeric"):
        jones_sasser.fit(
            "satisfaction", "stayed", data=people, drivers={"held": people["bond"] > 0.5}
        )


def test_strengths_in_a_series_might_be_of_constraints_or_of_customers():
    strengths = {"legal": 0.5, "technical": 0.2}
    with pytest.raises(DataError, match=r"to_dict\(\)"):
        jones_sasser.combined_constraint(pd.Series(strengths))
    assert jones_sasser.combined_constraint(pd.Series(strengths).to_dict()) == pytest.approx(0.6)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("unit", [1e-90, 1.0, 1e90])
def test_alarms_do_not_depend_on_the_unit(unit):
    means, errors = np.array([72.0, 73, 71, 68]), np.array([1.0, 2, 1, 1])
    rule = chain.alarm_rule("shewhart", false_alarm=0.05, horizon=2, baseline=2)
    plain = rule.monitor(means, std_error=errors).control_limits
    found = rule.monitor(means * unit, std_error=1.0 * unit * errors).control_limits
    np.testing.assert_allclose(found / unit, plain, rtol=1e-12)


def test_errors_that_are_next_to_nothing_leave_limits():
    rule = chain.alarm_rule("shewhart", false_alarm=0.05, horizon=2, baseline=1)
    found = rule.monitor([72.0, 73.0, 71.0], std_error=1e-100)
    assert found.control_limits.tolist()[1:] == [72.0, 72.0]
    assert found.alarms.tolist() == [False, False, True]


def test_a_cusp_has_no_masked_coefficients():
    hidden = np.ma.masked_array([0.0, 1.0], mask=[True, False])
    with pytest.raises(LoyaltyModelError, match="beta"):
        jones_sasser.Cusp(alpha=(-2, 4), beta=hidden)
    with pytest.raises(LoyaltyModelError, match="alpha"):
        jones_sasser.Cusp(alpha=np.ma.masked_all(2), beta=(0, 1))


def test_a_construct_in_two_columns_is_refused():
    branches = pd.DataFrame(
        {
            "external_service_value": [2, 2, 4, 4, 6, 6],
            "customer_satisfaction": [0, 2, 1, 3, 2, 4],
            "customer_loyalty": [0, 4, 2, 6, 4, 8],
        }
    )
    twice = pd.concat([branches, branches[["customer_loyalty"]] * 2], axis=1)
    for function in (chain.service_profit_paths, chain.service_profit_chain):
        with pytest.raises(DataError, match="more than one column named customer_loyalty"):
            function(data=twice)


@pytest.mark.parametrize(
    "wrong", [CURVE, None, {"k": 1}, "fit", jones_sasser.results.LoyaltyCurveResult]
)
def test_what_is_no_result_says_what_makes_one(wrong):
    with pytest.raises(OptionError, match=r"give what fit\(\) returns"):
        jones_sasser.hypothesis_test(wrong, "linear")
    if wrong is not CURVE:
        with pytest.raises(OptionError, match=r"curve"):
            jones_sasser.early_warning(wrong, [0.1], constraint=0.0, value=1.0)
