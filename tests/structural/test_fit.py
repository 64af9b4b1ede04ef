"""The front door: options, refusals, warnings, and a result that cannot be changed."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets
from loyaltymodel.errors import (
    ConvergenceWarning,
    DataError,
    ImproperSolutionWarning,
    ModelError,
    NegativeWeightWarning,
    NotIdentifiedError,
    OptionError,
    SmallSampleWarning,
)
from loyaltymodel.structural import Moments, StructuralModel, acsi, ecsi, fit
from loyaltymodel.survey import Codebook, Item, Scale

from tolerances import EXACT, REFERENCE
from worlds import answers, factor_world, model_of

SIZES, ARROWS = [2, 3, 1], [(0, 1), (0, 2), (1, 2)]
MODEL = model_of(SIZES, ARROWS)


@pytest.fixture
def survey():
    raw = answers(np.random.default_rng(3), 60, SIZES, ARROWS)
    return pd.DataFrame(np.rint(5.5 + 1.5 * raw).clip(1, 10), columns=MODEL.items)


@pytest.fixture
def result(survey):
    return fit(MODEL, survey, scale=(1, 10))


# Bad input: what is done to the survey or asked of fit, the error, and what its message names.


def change(item, value, row=4):
    def apply(survey):
        changed = survey.astype({item: object}) if isinstance(value, str) else survey.copy()
        changed.loc[row, item] = value
        return changed

    return apply


BAD_SURVEYS = {
    "missing": (change("c1i0", np.nan), DataError, "no answer in column 'c1i0' .*row 4.*drop"),
    "infinite": (change("c1i0", np.inf), DataError, "infinite answer in column 'c1i0'.*row 4"),
    "text": (change("c1i0", "good"), DataError, "'c1i0' is not numeric.*'good' in row 4"),
    "code": (change("c1i0", -99), DataError, "'c1i0' has 1 outside 1 to 10.*-99 in row 4"),
    "eleven": (change("c0i1", 11), DataError, "'c0i1' has 1 outside 1 to 10.*11 in row 4"),
    "constant": (lambda s: s.assign(c0i0=3), DataError, "same in c0i0.*leave it out"),
    "unknown column": (lambda s: s.drop(columns="c2i0"), DataError, "no column 'c2i0'"),
    "misspelt column": (lambda s: s.rename(columns={"c2i0": "c2_i0"}), DataError, "mean 'c2_i0'"),
    "duplicate column": (
        lambda s: pd.concat([s, s[["c0i0"]]], axis=1),
        DataError,
        "more than one column named c0i0",
    ),
    "no rows": (lambda s: s.iloc[:0], DataError, "no rows"),
    "two rows": (lambda s: s.iloc[:2], DataError, "2 respondents are too few.*at least 4"),
    "array": (lambda s: s.to_numpy(), DataError, r"numpy.ndarray.*pandas.DataFrame\("),
    "nothing": (lambda _: None, DataError, "NoneType"),
    "means off the scale": (
        lambda s: Moments.from_frame(s * 3),
        DataError,
        "means off the scale",
    ),
    "moments of other items": (
        lambda s: Moments.from_frame(s[["c0i0"]]),
        DataError,
        "no item c0i1",
    ),
}


@pytest.mark.parametrize("name", BAD_SURVEYS)
def test_bad_surveys_are_refused_by_name(survey, name):
    spoil, error, message = BAD_SURVEYS[name]
    with pytest.raises(error, match=message):
        fit(MODEL, spoil(survey), scale=(1, 10))


def test_a_mean_at_the_end_of_the_scale_but_for_rounding_is_on_it(survey):
    moments = Moments.from_frame(survey)
    top = np.nextafter(10, 11)
    means = np.where(np.arange(6) == 0, top, moments.means)
    typed = Moments(n_obs=90, items=moments.items, means=means, covariance=moments.covariance)
    assert fit(MODEL, typed, scale=(1, 10)).model == MODEL
    means[0] = 10.001
    typed = Moments(n_obs=90, items=moments.items, means=means, covariance=moments.covariance)
    with pytest.raises(DataError, match="off the scale"):
        fit(MODEL, typed, scale=(1, 10))


BAD_OPTIONS = {
    "scheme": ({"scheme": "paht"}, "'path', 'factorial', 'centroid'"),
    "consistent": ({"consistent": "yes"}, "True or False"),
    "missing": ({"missing": "mean"}, "'raise', 'drop'"),
    "tol zero": ({"tol": 0}, "above 0"),
    "tol nan": ({"tol": float("nan")}, "above 0"),
    "max_iter": ({"max_iter": 0}, "at least 1"),
    "max_iter fraction": ({"max_iter": 10.5}, "whole number"),
    "scale reversed": ({"scale": (10, 1)}, "lower one first"),
    "scale of one": ({"scale": (10,)}, "not two numbers"),
    "scale as text": ({"scale": "1-10"}, "not two numbers"),
    "scale infinite": ({"scale": (1, np.inf)}, "finite"),
    "scale lacks items": ({"scale": {"c0i0": (1, 10)}}, "no limits for c0i1"),
    "scale of a stranger": (
        {"scale": dict.fromkeys([*MODEL.items, "c0_i0"], (1, 10))},
        r"scale names 'c0_i0' \(did you mean 'c0i0'\?\)",
    ),
    "scale too large": ({"scale": (0, 1e308)}, "too large"),
    "masked scale": ({"scale": np.ma.array([1, 10], mask=[1, 0])}, "scale"),
    "sign": ({"sign": "first"}, "'sum'"),
    "sign of nobody": ({"sign": {"c9": "c0i0"}}, "unknown constructs: 'c9'"),
    "sign by a stranger": ({"sign": {"c0": "c1i0"}}, "whose items are c0i0, c0i1"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_options_are_refused_with_what_is_allowed(survey, name):
    options, message = BAD_OPTIONS[name]
    with pytest.raises(OptionError, match=message):
        fit(MODEL, survey, **options)


def test_a_model_must_be_a_model(survey):
    with pytest.raises(ModelError, match="StructuralModel is needed"):
        fit("c0 =~ c0i0", survey)


def test_respondents_weights_cannot_be_applied_to_moments(survey):
    with pytest.raises(OptionError, match="from_frame"):
        fit(MODEL, Moments.from_frame(survey), weights="w")


def test_a_covariance_matrix_that_no_data_have_is_refused():
    s = np.full((6, 6), -0.5) + 1.5 * np.eye(6)
    impossible = Moments(n_obs=50, items=MODEL.items, means=np.zeros(6), covariance=s)
    with pytest.raises(DataError, match="negative eigenvalue"):
        fit(MODEL, impossible)


# Not identified


def test_collinear_items_of_mode_b(survey):
    twins = survey.assign(c1i1=2 * survey["c1i0"])
    with pytest.raises(NotIdentifiedError, match=r"'c1' are collinear.*mode=\"A\""):
        fit(model_of(SIZES, ARROWS, "ABA"), twins)


def test_collinear_items_of_mode_a_are_estimated_and_named(survey):
    twins = survey.assign(c1i1=2 * survey["c1i0"])
    result = fit(MODEL, twins)
    found = result.item_vif.set_index("item")["vif"]
    assert found["c1i0"] > 1e9
    assert found["c1i2"] < 10


def test_collinear_drivers(survey):
    model = model_of([1, 1, 1], [(0, 2), (1, 2)])
    twins = pd.DataFrame({"c0i0": survey["c0i0"], "c1i0": -survey["c0i0"], "c2i0": survey["c2i0"]})
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit(model, twins)


def test_constructs_without_relation():
    model = model_of([1, 1], [(0, 1)])
    apart = pd.DataFrame({"c0i0": [1, 1, 2, 2], "c1i0": [1, 2, 1, 2]})
    with pytest.raises(NotIdentifiedError, match="not determined: c0, c1"):
        fit(model, apart)


def test_a_reliability_below_zero_stops_plsc_only():
    s = np.array([[1.0, -0.5, 0.4], [-0.5, 1.0, 0.4], [0.4, 0.4, 1.0]])
    moments = Moments(n_obs=90, items=["c0i0", "c0i1", "c1i0"], means=np.zeros(3), covariance=s)
    model = model_of([2, 1], [(0, 1)])
    assert fit(model, moments).converged
    with pytest.raises(NotIdentifiedError, match=r"rho_A of c0 \(-.*consistent=False"):
        fit(model, moments, consistent=True)


# Warnings


def test_weights_that_did_not_settle(survey):
    with pytest.warns(ConvergenceWarning, match="after 1 iteration:") as caught:
        result = fit(MODEL, survey, max_iter=1)
    assert not result.converged
    assert caught[0].filename == __file__, "the warning must point at the caller"
    assert not result.checks()[0].passed


def test_fewer_respondents_than_items(survey):
    with pytest.warns(SmallSampleWarning, match="only 5 respondents for 6 items"):
        fit(MODEL, survey.iloc[:5])


def test_a_construct_with_a_negative_weight_has_no_index(survey):
    reversed_item = survey.assign(c1i0=11 - survey["c1i0"])
    with pytest.warns(
        NegativeWeightWarning, match="c1i0 has a negative weight, so c1 has no index"
    ):
        result = fit(MODEL, reversed_item, scale=(1, 10))
    assert np.isnan(result.constructs["index"]["c1"])
    assert result.constructs["index"].drop("c1").notna().all()
    impacts = result.impacts.set_index(["source", "target"])["estimate"]
    assert impacts.isna().to_dict() == {
        ("c0", "c1"): True,
        ("c0", "c2"): False,
        ("c1", "c2"): True,
    }
    assert result.scores(reversed_item, unit="points")["c1"].isna().all()


def test_negative_weights_matter_only_to_an_index(survey):
    result = fit(MODEL, survey.assign(c1i0=11 - survey["c1i0"]))
    assert result.converged
    failed = [check.name for check in result.checks() if not check.passed]
    assert "positive_weights" in failed


def test_an_improper_solution_is_warned_of_once_with_all_reasons():
    model = ecsi(datasets.mobile_phone_items())
    with pytest.warns(ImproperSolutionWarning) as caught:
        fit(model, datasets.mobile_phone_moments(), consistent=True)
    assert len(caught) == 1


# Options have their effect


def test_missing_answers_are_left_out_on_request_and_counted(survey):
    holes = survey.copy()
    holes.loc[[3, 7], "c1i1"] = np.nan
    holes["not in the model"] = np.nan
    result = fit(MODEL, holes, missing="drop")
    whole = fit(MODEL, survey.drop([3, 7]))
    assert (result.n_obs, result.n_dropped) == (58, 2)
    np.testing.assert_allclose(result.solution.paths, whole.solution.paths, atol=EXACT)
    check = next(check for check in result.checks() if check.name == "complete_answers")
    assert not check.passed
    assert "2 of 60" in check.sentence


def test_the_sign_rule_can_name_an_item(survey):
    flipped = fit(MODEL, survey.assign(c1i0=-survey["c1i0"]), sign={"c1": "c1i0"})
    plain = fit(MODEL, survey)
    ours = flipped.paths.set_index(["source", "target"])["estimate"]
    theirs = plain.paths.set_index(["source", "target"])["estimate"]
    assert ours["c0", "c1"] == pytest.approx(-theirs["c0", "c1"], abs=REFERENCE)
    assert ours["c1", "c2"] == pytest.approx(-theirs["c1", "c2"], abs=REFERENCE)
    assert flipped.weights.set_index("item")["estimate"]["c1i0"] > 0


def test_schemes_and_modes_differ():
    items, moments = datasets.mobile_phone_items(), datasets.mobile_phone_moments()
    paths = [
        fit(ecsi(items, mode=mode), moments, scheme=scheme).paths["estimate"].to_numpy()
        for mode in "AB"
        for scheme in ("path", "factorial", "centroid")
    ]
    for k, one in enumerate(paths):
        for other in paths[k + 1 :]:
            assert np.abs(one - other).max() > 1e-6


def test_a_scale_for_each_item_mixes_scales(survey):
    mixed = survey.assign(c2i0=(survey["c2i0"] - 1) / 9 * 4 + 1)  # 1-10 squeezed to 1-5
    limits = dict.fromkeys(MODEL.items, (1, 10)) | {"c2i0": (1, 5)}
    np.testing.assert_allclose(
        fit(MODEL, mixed, scale=limits).index["estimate"],
        fit(MODEL, survey, scale=(1, 10)).index["estimate"],
        atol=1e-9,
    )


def test_impacts_of_plsc_are_slopes_between_true_scores():
    loadings = np.array([0.9, 0.6, 0.8, 0.7, 0.5])
    s, _ = factor_world([2, 3], [(0, 1)], [0.6], loadings)
    sd = np.array([1.0, 2.0, 1.5, 0.5, 1.0])
    moments = Moments(
        n_obs=500,
        items=model_of([2, 3], [(0, 1)]).items,
        means=np.full(5, 5.0),
        covariance=s * sd[:, None] * sd,
    )
    result = fit(model_of([2, 3], [(0, 1)]), moments, scale=(1, 10), consistent=True)
    # In points, a construct's score moves per unit of the standardised construct by
    # sum of (points per answer * sd * loading); the impact is 0.6 times target over source.
    w = result.solution.weights / sd
    per_unit = [
        100 * (w[b] @ (sd[b] * loadings[b])) / (9 * w[b].sum()) for b in (slice(0, 2), slice(2, 5))
    ]
    expected = 0.6 * per_unit[1] / per_unit[0]
    assert result.impacts["estimate"].item() == pytest.approx(expected, abs=1e-7)


# The result


def test_without_scale_there_is_no_index_and_it_says_why(survey):
    result = fit(MODEL, survey)
    for ask in (
        lambda: result.index,
        lambda: result.impacts,
        lambda: result.scores(survey, unit="points"),
    ):
        with pytest.raises(DataError, match=r"scale=\(1, 10\)"):
            ask()
    assert result.constructs["index"].isna().all()
    assert not {"index", "impacts"} & result.to_dict()["tables"].keys()


def test_the_result_cannot_be_changed(result):
    with pytest.raises(FrozenInstanceError):
        result.model = None
    with pytest.raises(ValueError, match="read-only"):
        result.solution.weights[0] = 1
    before = result.paths
    before.loc[:, "estimate"] = 0.0
    assert (result.paths["estimate"] != 0).all()
    correlations = result.construct_correlations
    correlations.iloc[0, 1] = 9.0
    assert result.construct_correlations.iloc[0, 1] < 1


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_copies_are_equal_and_read_only(result, again):
    other = again(result)
    assert other.to_dict() == result.to_dict()
    assert not other.solution.paths.flags.writeable
    assert not other.moments.covariance.flags.writeable


def test_mappings_in_the_settings_are_frozen_copies(survey):
    limits = dict.fromkeys(MODEL.items, (1, 10))
    result = fit(MODEL, survey, scale=limits, sign={"c0": "c0i0"})
    limits["c0i0"] = (0, 100)
    assert result.settings.scale["c0i0"] == (1.0, 10.0)
    with pytest.raises(TypeError):
        result.settings.scale["c0i0"] = (0, 1)
    assert pickle.loads(pickle.dumps(result)).settings == result.settings


def test_the_input_is_not_changed(survey):
    before = survey.copy(deep=True)
    result = fit(MODEL, survey, scale=(1, 10), missing="drop")
    result.scores(survey, unit="points")
    pd.testing.assert_frame_equal(survey, before)


def test_the_result_holds_no_rows(survey):
    small = len(pickle.dumps(fit(MODEL, survey)))
    large = len(pickle.dumps(fit(MODEL, pd.concat([survey] * 50, ignore_index=True))))
    assert large < 1.1 * small


def test_json_has_every_table_and_no_nan(result):
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    values, tables = content["values"], content["tables"]
    assert values["n_obs"] == 60
    assert values["converged"] is True
    assert tables["index"][0] == {"construct": "c0", "estimate": result.constructs["index"]["c0"]}
    assert len(tables["paths"]) == 3
    assert tables["constructs"][0]["r_squared"] is None, "an exogenous construct has no R2"
    assert len(content["checks"]) == len(result.checks())
    assert StructuralModel.model_validate(content["model"]) == result.model


def test_scores_keep_the_labels_of_the_people(survey):
    named = survey.set_axis([f"person {k}" for k in range(len(survey))])
    holes = named.copy()
    holes.loc["person 5", "c0i0"] = np.nan
    result = fit(MODEL, named, scale=(1, 10))
    with pytest.raises(DataError, match="row person 5"):
        result.scores(holes)
    scores = result.scores(holes, missing="drop")
    assert list(scores.index) == [label for label in named.index if label != "person 5"]
    np.testing.assert_allclose(scores, result.scores(named).drop("person 5"), atol=EXACT)


def test_scores_check_the_scale_of_new_answers(result, survey):
    with pytest.raises(DataError, match="'c0i0' has 1 outside 1 to 10"):
        result.scores(survey.assign(c0i0=[12, *survey["c0i0"].iloc[1:]]))


def test_scores_come_in_slices(result, survey):
    many = pd.concat([survey] * 300, ignore_index=True)  # 18,000 people: three slices
    scores = result.scores(many)
    assert len(scores) == len(many)
    np.testing.assert_allclose(scores.iloc[-60:], result.scores(survey), atol=EXACT)


def test_scores_have_a_choice_of_units(result, survey):
    with pytest.raises(OptionError, match="'standardised', 'points'"):
        result.scores(survey, unit="percent")


def test_raw_alpha_by_hand():
    model = StructuralModel.from_text("a =~ a1 + a2; b =~ b1; b ~ a")
    s = [[4.0, 1.0, 0.5], [1.0, 1.0, 0.3], [0.5, 0.3, 1.0]]
    moments = Moments(n_obs=40, items=["a1", "a2", "b1"], means=[0, 0, 0], covariance=s)
    result = fit(model, moments)
    found = result.constructs
    # Variances 4 and 1, covariance 1: 2 * (1 - 5 / 7).
    assert found["alpha_raw"]["a"] == pytest.approx(2 * (1 - 5 / 7), abs=EXACT)
    # Correlation 0.5: 2 * 0.5 / 1.5.
    assert found["alpha"]["a"] == pytest.approx(2 / 3, abs=EXACT)
    assert found["alpha"]["b"] == 1


def test_a_construct_has_all_its_numbers_in_one_row(result):
    found = result.constructs
    assert list(found.index) == list(MODEL.names)
    for name in ("index", "r_squared"):
        table = getattr(result, name).set_index("construct")["estimate"]
        pd.testing.assert_series_equal(found[name].dropna(), table, check_names=False)
    for name, part in result.reliability.groupby("quantity"):
        assert part["estimate"].to_list() == found[name].to_list()


def test_other_programs_find_the_paths(result):
    table = result.__maketables_coef_table__
    assert table["b"].to_list() == result.paths["estimate"].to_list()
    assert list(table.index) == ["c0 -> c1", "c0 -> c2", "c1 -> c2"]
    assert result.__maketables_stat__("N") == 60


def test_htmt2_says_why_it_is_missing():
    model = acsi(datasets.mobile_phone_items())
    table = fit(model, datasets.mobile_phone_moments()).htmt
    missing = table[table["htmt2"].isna()]
    assert len(missing) > 0
    assert (missing["note"] != "").all()
    assert (table.loc[table["htmt2"].notna(), "note"] == "").all()


def test_the_summary_is_reproducible_and_says_what_failed(result):
    text = str(result.summary())
    assert text == str(result.summary())
    assert f"{result.constructs['index']['c0']:.1f}" in text
    for check in result.checks():
        assert (check.sentence in text) == (not check.passed)
    html = result.summary()._repr_html_()
    assert "<table" in html
    assert "c1i2" in html


def test_mode_b_is_flagged_where_reliability_has_no_meaning(survey):
    result = fit(model_of(SIZES, ARROWS, "ABA"), survey)
    assert "c1" in next(r for r in result.summary().remarks if "mode B" in r)
    assert result.constructs.loc["c1", "rho_a"] == 1
    names = [check.name for check in result.checks()]
    assert "item_vif" in names
    alpha = next(check for check in result.checks() if check.name == "alpha")
    assert "c1" not in alpha.sentence


def test_a_codebook_gives_the_limits_of_the_items(survey):
    book = Codebook(
        title="two scales",
        scales={"ten": Scale(lowest=1, highest=10), "wide": Scale(lowest=0, highest=20)},
        items=[Item(name=item, scale="wide" if item == "c2i0" else "ten") for item in MODEL.items]
        + [Item(name="something else", scale="ten")],
    )
    limits = dict.fromkeys(MODEL.items, (1, 10)) | {"c2i0": (0, 20)}
    by_book = fit(MODEL, survey, scale=book)
    assert by_book.index.equals(fit(MODEL, survey, scale=limits).index)
    assert set(by_book.settings.scale) == set(MODEL.items)


def test_a_codebook_must_know_the_items_of_the_model(survey):
    book = Codebook(
        title="short",
        scales={"ten": Scale(lowest=1, highest=10)},
        items=[Item(name=item, scale="ten") for item in MODEL.items[1:]],
    )
    with pytest.raises(OptionError, match=r"has no item .c0i0."):
        fit(MODEL, survey, scale=book)
