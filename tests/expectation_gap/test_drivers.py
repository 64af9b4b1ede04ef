"""Drivers of satisfaction against statsmodels on matrices made by hand, and the trap."""

import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from loyaltymodel.errors import DataError, ModelError, NotIdentifiedError, OptionError
from loyaltymodel.expectation_gap import satisfaction_drivers

from tolerances import SAME

ALL = ["excess", "shortfall", "attributed_shortfall", "stable_shortfall",
       "controllable_shortfall", "positive_affect", "negative_affect", "fairness",
       "distributive_justice", "procedural_justice", "interactional_justice"]  # fmt: skip
VARIABLES = {
    "expected": "e", "perceived": "p", "positive_affect": "pa", "negative_affect": "na",
    "locus_firm": "locus", "stability": "lasting", "controllability": "preventable",
    "fairness": "fair", "distributive_justice": "outcome", "procedural_justice": "rules",
    "interactional_justice": "manners",
}  # fmt: skip
TRUTH = {
    "constant": 5.0, "excess": 0.3, "shortfall": -0.7, "attributed_shortfall": -0.35,
    "stable_shortfall": -0.14, "controllable_shortfall": -0.21, "positive_affect": 0.2,
    "negative_affect": -0.4, "fairness": 0.25, "distributive_justice": 0.3,
    "procedural_justice": 0.1, "interactional_justice": 0.2,
}  # fmt: skip


def world(rng, n, *, noise=1.0):
    people = pd.DataFrame(
        {
            "e": rng.normal(6, 1, n), "p": rng.normal(6, 1.5, n), "pa": rng.normal(size=n),
            "na": rng.normal(size=n), "locus": rng.uniform(0, 1, n), "fair": rng.normal(5, 1, n),
            "lasting": rng.uniform(0, 1, n), "preventable": rng.uniform(0, 1, n),
            "outcome": rng.normal(5, 1, n), "rules": rng.normal(5, 1, n),
            "manners": rng.normal(5, 1, n),
        }
    )  # fmt: skip
    people["s"] = matrix_by_hand(people) @ np.array([TRUTH[t] for t in ("constant", *ALL)])
    people["s"] += noise * rng.normal(size=n)
    return people


@pytest.fixture(scope="module")
def people():
    return world(np.random.default_rng(4), 120)


def matrix_by_hand(people):
    rows = []
    for person in people.itertuples():
        gap = person.p - person.e
        short = -gap if gap < 0 else 0.0
        rows.append(
            [1.0, max(gap, 0.0), short, short * person.locus, short * person.lasting,
             short * person.preventable, person.pa, person.na, person.fair, person.outcome,
             person.rules, person.manners]
        )  # fmt: skip
    return np.array(rows)


@pytest.mark.parametrize(("ours", "theirs"), [("model", "nonrobust"), ("robust", "HC3")])
def test_coefficients_are_those_of_statsmodels_on_a_matrix_made_by_hand(people, ours, theirs):
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=people, std_errors=ours, level=0.9)
    fitted = sm.OLS(people["s"].to_numpy(), matrix_by_hand(people)).fit(cov_type=theirs, use_t=True)
    table = result.terms
    assert table["term"].tolist() == ["constant", *ALL]
    np.testing.assert_allclose(table["estimate"], fitted.params, rtol=SAME)
    np.testing.assert_allclose(table["std_error"], fitted.bse, rtol=SAME)
    np.testing.assert_allclose(
        table[["ci_low", "ci_high"]], fitted.conf_int(alpha=0.1), rtol=SAME, atol=SAME
    )
    np.testing.assert_allclose(table["p_value"], fitted.pvalues, rtol=1e-6, atol=SAME)
    assert result.r_squared == pytest.approx(fitted.rsquared, abs=SAME)
    contrast = fitted.t_test(np.array([[0, -1, -1] + [0] * 9]))
    asymmetry = result.asymmetry()
    assert asymmetry["estimate"] == pytest.approx(contrast.effect[0], abs=SAME)
    assert asymmetry["std_error"] == pytest.approx(contrast.sd[0, 0], abs=SAME)
    assert asymmetry["p_value"] == pytest.approx(float(contrast.pvalue), abs=SAME)
    cases = np.array([[0, 0, 0], [1, 0, 0], [0.2, 1, 0.5]])
    slopes = result.shortfall_slope(
        locus_firm=cases[:, 0], stability=cases[:, 1], controllability=cases[:, 2]
    )
    sums = np.column_stack([np.zeros((3, 2)), np.ones(3), cases, np.zeros((3, 6))])
    contrast = fitted.t_test(sums)
    np.testing.assert_allclose(slopes[["locus_firm", "stability", "controllability"]], cases)
    np.testing.assert_allclose(slopes["estimate"], contrast.effect, rtol=SAME)
    np.testing.assert_allclose(slopes["std_error"], contrast.sd.ravel(), rtol=SAME)
    np.testing.assert_allclose(slopes[["ci_low", "ci_high"]], contrast.conf_int(0.1), atol=SAME)
    np.testing.assert_allclose(slopes["p_value"], contrast.pvalue, rtol=1e-6, atol=SAME)


def test_coefficients_are_the_truth_where_there_is_no_noise():
    people = world(np.random.default_rng(1), 40, noise=0.0)
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=people)
    np.testing.assert_allclose(
        result.estimates.estimate, [TRUTH[t] for t in ("constant", *ALL)], atol=SAME
    )
    # A shortfall of 1 counts 0.7 where nobody, and 1.05 where the firm alone is to blame.
    assert result.attribution_multiplier()["estimate"] == pytest.approx(1.5, abs=SAME)
    assert result.asymmetry()["estimate"] == pytest.approx(0.4, abs=SAME)
    # All three together: 0.7 + 0.35 + 0.14 + 0.21 = 1.4; a lasting cause alone: 0.84.
    full = {"locus_firm": 1, "stability": 1, "controllability": 1}
    assert result.shortfall_slope(**full)["estimate"][0] == pytest.approx(-1.4, abs=SAME)
    assert result.attribution_multiplier(**full)["estimate"] == pytest.approx(2.0, abs=SAME)
    alone = result.attribution_multiplier(locus_firm=0, stability=1)
    assert alone["estimate"] == pytest.approx(1.2, abs=SAME)


def test_without_attribution_the_multiplier_is_1_for_sure(people):
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=people)
    nothing = result.attribution_multiplier(locus_firm=0)
    assert (nothing["estimate"], nothing["std_error"]) == (1.0, 0.0)
    base = result.terms.set_index("term").loc["shortfall"]
    slope = result.shortfall_slope().iloc[0]
    assert slope[list(base.index)].to_list() == base.to_list()


@pytest.mark.parametrize("case", [(1.0, 0.0, 0.0), (0.3, 1.0, 0.6)])
def test_the_multipliers_error_is_that_of_numerical_derivatives(people, case):
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=people)
    step, slopes = 1e-6, []
    for k in range(len(result.estimates)):
        ends = []
        for sign in (1, -1):
            b = result.estimates.estimate.copy()
            b[k] += sign * step
            ends.append(1 + b[3:6] @ case / b[2])
        slopes.append((ends[0] - ends[1]) / (2 * step))
    error = np.sqrt(np.array(slopes) @ result.estimates.covariance @ np.array(slopes))
    # A central difference of step 1e-6 is good to about 1e-9 of the value.
    locus, stability, controllability = case
    found = result.attribution_multiplier(
        locus_firm=locus, stability=stability, controllability=controllability
    )
    assert found["std_error"] == pytest.approx(error, rel=1e-7)


def test_at_the_ends_of_a_multiplier_the_shortfall_is_just_not_told_from_so_many_times_as_much(
    people,
):
    """Fieller's set by its definition, with the t-test of another program at both ends."""
    fitted = sm.OLS(people["s"].to_numpy(), matrix_by_hand(people)).fit()
    found = satisfaction_drivers(ALL, "s", **VARIABLES, data=people).attribution_multiplier()
    assert found["ci_low"] < found["estimate"] < found["ci_high"]
    for end in (found["ci_low"], found["ci_high"]):
        row = np.zeros(12)
        row[2], row[3] = 1 - end, 1.0
        assert float(fitted.t_test(row).pvalue) == pytest.approx(0.05, abs=1e-9)


def test_a_multiple_of_what_may_be_nothing_has_no_bounds():
    # The slope of the shortfall is not told from 0: t is below its quantile.
    rng = np.random.default_rng(2)
    gap, locus = rng.normal(size=60), rng.random(60)
    y = 5 - 0.05 * np.maximum(-gap, 0) + rng.normal(size=60)
    result = satisfaction_drivers(
        ["shortfall", "attributed_shortfall"], y, disconfirmation=gap, locus_firm=locus
    )
    assert result.terms["p_value"][1] > 0.05
    found = result.attribution_multiplier()
    assert (found["ci_low"], found["ci_high"]) == (-np.inf, np.inf)


@pytest.mark.slow
def test_intervals_cover_multipliers_slope_and_asymmetry():
    # 500 samples: the share that cover has a standard error of 0.01; four of them are 0.04.
    rng = np.random.default_rng(8)
    covered = np.zeros(4)
    full = {"locus_firm": 1, "stability": 1, "controllability": 1}
    for _ in range(500):
        result = satisfaction_drivers(ALL, "s", **VARIABLES, data=world(rng, 400, noise=0.3))
        for k, (found, truth) in enumerate(
            (
                (result.attribution_multiplier(), 1.5),
                (result.attribution_multiplier(**full), 2.0),
                (result.shortfall_slope(**full).iloc[0], -1.4),
                (result.asymmetry(), 0.4),
            )
        ):
            covered[k] += found["ci_low"] <= truth <= found["ci_high"]
    np.testing.assert_allclose(covered / 500, 0.95, atol=0.04)


def test_expectation_and_computed_disconfirmation_say_what_expectation_and_performance_say(people):
    both = {"expected": "e", "perceived": "p", "data": people}
    gap = satisfaction_drivers(["expected", "disconfirmation"], "s", **both)
    plain = satisfaction_drivers(["expected", "perceived"], "s", **both)
    assert gap.r_squared == pytest.approx(plain.r_squared, abs=SAME)
    ours, theirs = gap.estimates.estimate, plain.estimates.estimate
    assert ours[1] - ours[2] == pytest.approx(theirs[1], abs=SAME)
    assert ours[2] == pytest.approx(theirs[2], abs=SAME)
    assert "at the same performance" in " ".join(str(gap.summary()).split())


def test_the_trap_is_refused_and_explained(people):
    trap = ["expected", "perceived", "disconfirmation"]
    both = {"expected": "e", "perceived": "p"}
    with pytest.raises(NotIdentifiedError, match=r"perceived less expected.*disconfirmation="):
        satisfaction_drivers(trap, "s", **both, data=people)
    # Disconfirmation that was asked directly may stand beside both,
    direct = people.assign(d=people["p"] - people["e"] + np.sin(people.index))
    result = satisfaction_drivers(trap, "s", **both, disconfirmation="d", data=direct)
    by_hand = np.column_stack([np.ones(len(direct)), direct[["e", "p", "d"]]])
    np.testing.assert_allclose(
        result.estimates.estimate, sm.OLS(direct["s"].to_numpy(), by_hand).fit().params, rtol=SAME
    )
    # but not if it was computed beforehand and is only said to have been asked.
    computed = people.assign(d=people["p"] - people["e"])
    with pytest.raises(NotIdentifiedError, match="expected, perceived, disconfirmation are not"):
        satisfaction_drivers(trap, "s", **both, disconfirmation="d", data=computed)


@pytest.mark.parametrize(
    "terms",
    [
        ["disconfirmation", "excess", "shortfall"],
        ["expected", "perceived", "excess", "shortfall"],
    ],
)
def test_other_traps_are_found_in_the_data(people, terms):
    with pytest.raises(NotIdentifiedError, match="not independent"):
        satisfaction_drivers(terms, "s", expected="e", perceived="p", data=people)


def test_terms_that_never_vary_are_refused(people):
    pleased = people.assign(p=people["e"] + 1 + people["pa"] ** 2, na=3.0)
    both = {"expected": "e", "perceived": "p", "data": pleased}
    with pytest.raises(NotIdentifiedError, match="shortfall is 0 for everybody"):
        satisfaction_drivers(["excess", "shortfall"], "s", **both)
    with pytest.raises(NotIdentifiedError, match="constant, negative_affect"):
        satisfaction_drivers(["negative_affect"], "s", negative_affect="na", data=pleased)


def test_people_without_an_answer_are_left_out(people):
    holes = people.copy()
    holes.loc[3, "pa"] = np.nan
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=holes, missing="drop")
    rest = satisfaction_drivers(ALL, "s", **VARIABLES, data=people.drop(3))
    assert (result.n_obs, result.n_dropped) == (119, 1)
    np.testing.assert_allclose(result.estimates.estimate, rest.estimates.estimate, rtol=SAME)
    again = pickle.loads(pickle.dumps(result))
    with pytest.raises(ValueError, match="read-only"):
        again.estimates.estimate[0] = 0


S, E, P = [1.0, 2, 4, 3, 5], [4, 6, 5, 7, 5], [5, 5, 5, 8, 3]
BAD = [
    ((S, []), {}, OptionError, "at least one of expected"),
    ((S, "expected"), {"expected": E}, OptionError, "sequence"),
    ((S, ["expectd"]), {"expected": E}, OptionError, "did you mean 'expected'"),
    ((S, ["expected", "expected"]), {"expected": E}, OptionError, "once"),
    ((S, ["expected"]), {}, OptionError, "needs expected="),
    ((S, ["disconfirmation"]), {"expected": E}, OptionError, "needs perceived="),
    ((S, ["attributed_shortfall"]), {"expected": E, "perceived": P}, OptionError, "locus_firm="),
    ((S, ["expected"]), {"expected": E, "perceived": P}, OptionError, "no term uses perceived"),
    ((S, ["expected"]), {"expected": E[:4]}, DataError, "equally long"),
    ((S, ["expected"]), {"expected": [*E[:4], np.nan]}, DataError, 'missing="drop"'),
    ((S[:2], ["expected"]), {"expected": E[:2]}, DataError, "fewer terms"),
    (([3] * 5, ["expected"]), {"expected": E}, DataError, "nothing to explain"),
    ((S, ["expected"]), {"expected": E, "std_errors": "HC0"}, OptionError, "'model', 'robust'"),
    ((S, ["attributed_shortfall"]), {"disconfirmation": [-1, 0, 1, 2, 1],
     "locus_firm": [2, 0, 0, 1, 1]}, DataError, "between 0 and 1"),
    ((S, ["stable_shortfall"]), {"disconfirmation": E}, OptionError, "needs stability="),
    ((S, ["controllable_shortfall"]), {"disconfirmation": E}, OptionError, "controllability="),
    ((S, ["procedural_justice"]), {"interactional_justice": E}, OptionError, "procedural_justice="),
    ((S, ["shortfall"]), {"disconfirmation": E, "stability": S}, OptionError, "uses stability"),
    ((S, ["controllable_shortfall"]), {"disconfirmation": [-1, 0, 1, 2, 1],
     "controllability": [-1, 0, 0, 1, 1]}, DataError, "between 0 and 1"),
    ((S, ["expected"]), {"expected": [0, 0, 0, 0, 1], "std_errors": "robust"}, NotIdentifiedError,
     "row 4 alone.*leave this respondent"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        satisfaction_drivers(*given[::-1], **options)


def test_what_the_terms_do_not_give_is_refused(people):
    result = satisfaction_drivers(["fairness"], "s", fairness="fair", data=people)
    with pytest.raises(ModelError, match="'excess'"):
        result.asymmetry()
    with pytest.raises(ModelError, match="'shortfall'"):
        result.attribution_multiplier()


def test_attributions_that_the_terms_do_not_give_are_refused(people):
    both = {"expected": "e", "perceived": "p", "data": people}
    result = satisfaction_drivers(
        ["shortfall", "stable_shortfall"], "s", stability="lasting", **both
    )
    assert result.shortfall_slope(stability=[0, 0.5, 1]).shape == (3, 8)
    with pytest.raises(ModelError, match=r"'attributed_shortfall'.*or ask for locus_firm=0"):
        result.attribution_multiplier(stability=1)
    with pytest.raises(ModelError, match=r"controllability=0\.5 needs the term"):
        result.shortfall_slope(controllability=0.5)
    with pytest.raises(DataError, match="between 0 and 1"):
        result.shortfall_slope(stability=2)
    with pytest.raises(DataError, match="one number for all, one for each"):
        result.shortfall_slope(stability=[0, 1], locus_firm=[0, 0, 0])
    with pytest.raises(DataError, match="a list of cases"):
        result.shortfall_slope(stability=[[0, 1]])
    with pytest.raises(DataError, match="shortfall_slope, which takes many"):
        result.attribution_multiplier(locus_firm=0, stability=[0, 1])


def test_a_total_of_the_three_justices_cannot_stand_beside_them(people):
    justice = ["distributive_justice", "procedural_justice", "interactional_justice"]
    given = {name: VARIABLES[name] for name in justice}
    total = people["outcome"] + people["rules"] + people["manners"]
    with pytest.raises(NotIdentifiedError, match="not independent"):
        satisfaction_drivers([*justice, "fairness"], "s", **given, fairness=total, data=people)


def test_terms_stand_before_satisfaction():
    with pytest.raises(DataError, match=r"satisfaction_drivers\(\[...\], 'sat'\)"):
        satisfaction_drivers("sat", ["expected", "perceived"], expected=E)


def test_satisfaction_that_differs_by_rounding_is_level():
    with pytest.raises(DataError, match="the same for everybody"):
        satisfaction_drivers(["expected"], [0.3, 0.1 + 0.2, 0.3, 0.3, 0.3], expected=E)


@pytest.mark.parametrize("std_errors", ["model", "robust"])
def test_an_exact_fit_has_no_errors_and_nothing_from_rounding(std_errors):
    # A point short takes 0.7, a point beyond adds as much; fairness has no part.
    rng = np.random.default_rng(2)
    gap, fair = rng.normal(size=40), rng.normal(5, 1, 40)
    result = satisfaction_drivers(
        ["excess", "shortfall", "fairness"], 1.1 + 0.7 * gap, disconfirmation=gap, fairness=fair,
        std_errors=std_errors,
    )  # fmt: skip
    table = result.terms.set_index("term")
    assert (table["std_error"] == 0).all()
    assert table["p_value"].to_list() == [0, 0, 0, 1]
    assert table.loc["fairness", "estimate"] == 0
    asymmetry = result.asymmetry()
    assert asymmetry[["estimate", "p_value"]].to_list() == [0, 1]
    assert (result.r_squared, result.residual_deviation) == (1, 0)
    assert "exact but for rounding" in str(result.summary())


def test_nothing_is_a_multiple_of_no_effect():
    gap = np.array([0.0, -1, -2, -3, -4, 1, 2, -1])
    locus = np.array([0.3, 0.2, 0.9, 0.5, 0.1, 0.4, 0.8, 1])
    result = satisfaction_drivers(
        ["shortfall", "attributed_shortfall"], 8 - 0.3 * gap.clip(max=0) * -locus,
        disconfirmation=gap, locus_firm=locus,
    )  # fmt: skip
    with pytest.raises(NotIdentifiedError, match="ask for shortfall_slope"):
        result.attribution_multiplier()
    np.testing.assert_allclose(result.shortfall_slope(locus_firm=1)["estimate"], -0.3, rtol=SAME)


def test_terms_that_are_0_are_told_in_their_number(people):
    gap = np.abs(people["p"] - people["e"])
    given = {"disconfirmation": gap, "locus_firm": people["locus"]}
    with pytest.raises(NotIdentifiedError, match=r"^shortfall is 0 for everybody, so it has"):
        satisfaction_drivers(["shortfall"], people["s"], disconfirmation=gap)
    says = "^shortfall, attributed_shortfall are 0 for everybody, so they have no .* these terms"
    with pytest.raises(NotIdentifiedError, match=says):
        satisfaction_drivers(["shortfall", "attributed_shortfall"], people["s"], **given)


def test_a_result_says_in_a_line_what_it_is(people):
    result = satisfaction_drivers(ALL, "s", **VARIABLES, data=people)
    assert repr(result) == "<DriverResult: 120 respondents, 11 terms>"
    assert result._repr_html_() == result.summary().to_html()
