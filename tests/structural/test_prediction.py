"""Predictions and their errors: against fits without the fold, and regressions in closed form."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets, structural
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import REFERENCE, SAME


@pytest.fixture(scope="module")
def survey():
    return datasets.load_mobile_phones()


@pytest.fixture(scope="module")
def result(survey):
    return structural.fit(structural.acsi(datasets.mobile_phone_items()), survey)


def errors(found, predictor):
    items = found.items
    return items[items["predictor"] == predictor].set_index("item")


def by_refitting(result, survey, held, antecedents, weights=None):
    """Predict held-out rows by a new fit to the others, step by step."""
    rest = survey.drop(index=held)
    again = structural.fit(result.model, rest, weights=weights, scheme=result.settings.scheme)
    return structural.predict(again, survey.loc[held], antecedents=antecedents)


@pytest.mark.parametrize("antecedents", ["direct", "earliest"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_clusters_are_held_out_as_refits_without_them_predict(survey, antecedents, weights):
    survey = survey.assign(
        w=np.linspace(0.5, 2.0, 250) if weights else 1.0, shop=np.arange(250) % 5
    )
    model = structural.acsi(datasets.mobile_phone_items())
    result = structural.fit(model, survey, weights=weights)
    found = structural.plspredict(
        result, survey, n_folds="leave_one_out", antecedents=antecedents, clusters="shop"
    )
    assert found.n_clusters == found.n_folds == 5
    predicted = pd.concat(
        by_refitting(result, survey, survey.index[survey["shop"] == k], antecedents, weights).items
        for k in range(5)
    ).loc[survey.index]
    share = survey["w"] / survey["w"].sum()
    apart = survey[predicted.columns] - predicted
    rmse = np.sqrt((apart**2).mul(share, axis=0).sum())
    mae = apart.abs().mul(share, axis=0).sum()
    got = errors(found, "model").loc[predicted.columns]
    np.testing.assert_allclose(got["rmse"], rmse, rtol=REFERENCE)
    np.testing.assert_allclose(got["mae"], mae, rtol=REFERENCE)


def test_linear_models_regress_on_the_items_they_name(result, survey):
    names = {
        "antecedent_items": ["satisfaction", "complaints"],
        "exogenous_items": ["expectation"],
        "other_items": ["expectation", "quality", "value", "satisfaction", "complaints"],
    }
    items = datasets.mobile_phone_items()
    for benchmark, sources in names.items():
        found = structural.plspredict(result, survey, n_folds="leave_one_out", benchmark=benchmark)
        x = np.column_stack(
            [np.ones(250), survey[[i for name in sources for i in items[name]]].to_numpy()]
        )
        y = survey["CUSL1"].to_numpy()
        hat = x @ np.linalg.pinv(x)
        # The error without a row is the residual over one less the leverage.
        apart = (y - hat @ y) / (1 - hat.diagonal())
        got = errors(found, "linear_model").loc["CUSL1", "rmse"]
        assert got == pytest.approx(np.sqrt((apart**2).mean()), rel=REFERENCE)


def test_q2_compares_with_the_average_of_the_others(result, survey):
    found = structural.plspredict(result, survey, n_folds="leave_one_out", benchmark=None)
    y = survey["CUSA1"].to_numpy(dtype=float)
    average = (y - y.mean()) * 250 / 249
    rmse = errors(found, "model").loc["CUSA1", "rmse"]
    q2 = errors(found, "model").loc["CUSA1", "q2_predict"]
    assert q2 == pytest.approx(1 - rmse**2 / (average**2).mean(), abs=SAME)
    assert set(found.items["predictor"]) == {"model", "item_average"}


def test_construct_errors_are_of_held_out_scores(result, survey):
    survey = survey.assign(half=np.arange(250) % 2)
    found = structural.plspredict(result, survey, n_folds=2, clusters="half", benchmark=None, rng=1)
    parts = []
    for k in (0, 1):
        again = structural.fit(result.model, survey[survey["half"] != k])
        held = survey[survey["half"] == k]
        predicted = structural.predict(again, held).constructs["loyalty"]
        parts.append(pd.DataFrame({"own": again.scores(held)["loyalty"], "guess": predicted}))
    table = pd.concat(parts)
    apart = table["own"] - table["guess"]
    row = found.constructs.loc["loyalty"]
    assert row["rmse"] == pytest.approx(np.sqrt((apart**2).mean()), rel=REFERENCE)
    q2 = 1 - (apart**2).sum() / (table["own"] ** 2).sum()
    assert row["q2_predict"] == pytest.approx(q2, rel=REFERENCE)


def test_repeats_average_squared_errors(result, survey):
    found = structural.plspredict(result, survey, n_folds=4, n_repeats=3, benchmark=None, rng=5)
    assert (found.n_folds, found.n_repeats) == (4, 3)
    again = structural.plspredict(result, survey, n_folds=4, n_repeats=3, benchmark=None, rng=5)
    pd.testing.assert_frame_equal(found.items, again.items)
    alone = structural.plspredict(result, survey, n_folds=4, benchmark=None, rng=6)
    ratio = errors(found, "model")["rmse"] / errors(alone, "model")["rmse"]
    assert ratio.between(0.95, 1.05).all()


def test_prediction_of_the_fit_agrees_with_its_scores(result, survey):
    found = structural.predict(result, survey)
    scores = result.scores(survey)
    paths = result.paths.query("target == 'loyalty'").set_index("source")["estimate"]
    expected = scores[paths.index] @ paths
    np.testing.assert_allclose(found.constructs["loyalty"], expected, atol=SAME)
    np.testing.assert_allclose(found.constructs["expectation"], scores["expectation"], atol=SAME)
    earliest = structural.predict(result, survey, antecedents="earliest").constructs
    total = result.total_effects.query("source == 'expectation' and target == 'loyalty'")
    effect = total["estimate"].iloc[0] * scores["expectation"]
    np.testing.assert_allclose(earliest["loyalty"], effect, atol=SAME)


def test_only_what_predictions_start_from_is_read(result, survey):
    few = survey[["CUEX1", "CUEX2", "CUEX3"]].set_axis([f"r{k}" for k in range(250)])
    found = structural.predict(result, few, antecedents="earliest")
    assert list(found.items.index[:2]) == ["r0", "r1"]
    assert "CUEX1" not in found.items
    with pytest.raises(DataError, match="no column"):
        structural.predict(result, few)


def test_missing_answers_are_treated_as_in_the_fit(survey):
    model = structural.acsi(datasets.mobile_phone_items())
    holes = survey.astype(float)
    holes.iloc[3, holes.columns.get_loc("CUEX1")] = np.nan
    with pytest.raises(DataError, match="missing"):
        structural.predict(structural.fit(model, survey), holes)
    kept = structural.predict(structural.fit(model, survey, missing="drop"), holes)
    assert len(kept.items) == 249
    assert 3 not in kept.items.index
    off = survey.assign(CUEX1=11)
    with pytest.raises(DataError, match="scale"):
        structural.predict(structural.fit(model, survey, scale=(1, 10)), off)


def test_calibration_covers_everybody(result, survey):
    found = structural.plspredict(result, survey, rng=1)
    table = found.calibration.query("target == 'CUSL1'")
    assert table["n_obs"].sum() == 250
    mean = (table["estimate"] * table["n_obs"]).sum() / 250
    assert mean == pytest.approx(survey["CUSL1"].mean(), abs=SAME)
    assert table["predicted"].is_monotonic_increasing


def test_bad_input_is_named(result, survey):
    with pytest.raises(OptionError, match="251 folds cannot be made of 250 respondents"):
        structural.plspredict(result, survey, n_folds=251)
    with pytest.raises(OptionError, match="at least 2"):
        structural.plspredict(result, survey, n_folds=1)
    with pytest.raises(OptionError, match="cannot be repeated"):
        structural.plspredict(result, survey, n_folds="leave_one_out", n_repeats=2)
    shop = survey.assign(shop=np.arange(250) % 3)
    with pytest.raises(OptionError, match="10 folds cannot be made of 3 clusters"):
        structural.plspredict(result, shop, clusters="shop")
    with pytest.raises(DataError, match="250"):
        structural.plspredict(result, survey.head(100))
    with pytest.raises(OptionError, match="benchmark"):
        structural.plspredict(result, survey, benchmark="lm")


def test_an_item_that_is_constant_without_a_fold_is_named():
    model = structural.StructuralModel.from_text("s =~ s1 + s2; l =~ l1; l ~ s")
    rng = np.random.default_rng(1)
    survey = pd.DataFrame(rng.integers(1, 8, (30, 3)), columns=["s1", "s2", "l1"])
    survey["s2"] = 4
    survey.loc[7, "s2"] = 5
    result = structural.fit(model, survey)
    with pytest.raises(DataError, match="every answer to s2 is the same without one of the 30"):
        structural.plspredict(result, survey, n_folds="leave_one_out")


def test_a_linear_model_without_a_solution_is_refused():
    model = structural.StructuralModel.from_text("s =~ s1 + s2; l =~ l1; l ~ s")
    rng = np.random.default_rng(1)
    survey = pd.DataFrame(rng.integers(1, 8, (30, 3)), columns=["s1", "s2", "l1"])
    survey["s2"] = survey["s1"]
    result = structural.fit(model, survey)
    with pytest.raises(NotIdentifiedError, match="collinear"):
        structural.plspredict(result, survey)
    assert len(structural.plspredict(result, survey, benchmark=None).items) == 2
    few = survey.assign(s2=rng.integers(1, 8, 30)).head(5)
    small = structural.fit(model, few)
    with pytest.raises(DataError, match="linear model of 'l'"):
        structural.plspredict(small, few, n_folds=2)
