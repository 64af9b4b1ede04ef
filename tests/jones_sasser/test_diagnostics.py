"""Diagnostics: calibration against a group-by, influence against leaving people out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import jones_sasser
from loyaltymodel.errors import NotIdentifiedError, OptionError

from tolerances import EXACT

GROUPS = {"a": 0.5, "b": 0.2}


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(1500, constraints=GROUPS, levels=6, rng=1)


@pytest.fixture(scope="module")
def fitted(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")


@pytest.fixture(scope="module")
def scores():
    return jones_sasser.simulate(800, constraints=GROUPS, levels=6, outcome="score", rng=2)


def test_calibration_is_a_group_by_beside_the_curve(people, fitted):
    table = fitted.calibration()
    grouped = people.groupby(["industry", "satisfaction"])["stayed"].agg(["mean", "count", "sum"])
    grouped = grouped.reset_index()
    assert table["group"].tolist() == grouped["industry"].tolist()
    np.testing.assert_allclose(table["satisfaction"], grouped["satisfaction"], atol=EXACT)
    assert table["n_obs"].tolist() == grouped["count"].tolist()
    np.testing.assert_allclose(table["estimate"], grouped["mean"], atol=EXACT)
    held = fitted.constraint_of(grouped["industry"])
    np.testing.assert_allclose(
        table["fitted"], fitted.loyalty(grouped["satisfaction"], constraint=held)
    )
    low, high = proportion_confint(grouped["sum"], grouped["count"], method="wilson")
    np.testing.assert_allclose(table["ci_low"], low, atol=1e-9)
    np.testing.assert_allclose(table["ci_high"], high, atol=1e-9)


def test_calibration_of_all_and_in_bins(people, fitted):
    table = fitted.calibration(by_group=False)
    assert len(table) == 6
    assert table["n_obs"].sum() == 1500
    continuous = jones_sasser.fit("true_satisfaction", "stayed", data=people)
    table = continuous.calibration(bins=5)
    assert len(table) == 5
    assert table["n_obs"].between(290, 310).all()
    assert (table["estimate"].iloc[-1] - table["fitted"].iloc[-1]) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("outcome", ["binary", "score"])
def test_weights_are_known_up_to_a_factor(people, scores, outcome):
    data, name = (people, "stayed") if outcome == "binary" else (scores, "score")
    weights = np.random.default_rng(1).uniform(0.5, 2, len(data))
    one, other = (
        jones_sasser.fit(
            "satisfaction", name, data=data, outcome=outcome, weights=factor * weights
        ).calibration()
        for factor in (1, 1000)
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-5)
    s = data["satisfaction"]
    mean = (weights * data[name]).groupby(s).sum() / pd.Series(weights).groupby(s).sum()
    np.testing.assert_allclose(one["estimate"], mean)


def test_a_mean_of_scores_has_the_interval_of_a_mean(scores):
    result = jones_sasser.fit("satisfaction", "score", data=scores, outcome="score")
    table = result.calibration()
    grouped = scores.groupby("satisfaction")["score"]
    reach = 1.959963984540054 * grouped.sem().to_numpy()
    np.testing.assert_allclose(table["ci_high"] - table["estimate"], reach, rtol=1e-9)
    lonely = scores.drop(index=scores.index[scores["satisfaction"] == 0][1:])
    if (lonely["satisfaction"] == 0).sum() == 1:
        result = jones_sasser.fit("satisfaction", "score", data=lonely, outcome="score")
        row = result.calibration().iloc[0]
        assert row["n_obs"] == 1
        assert np.isnan(row["ci_low"])


def test_calibration_of_ordered_answers_is_the_share_that_stays():
    data = jones_sasser.simulate(1500, levels=5, outcome="ordinal", rng=1)
    result = jones_sasser.fit("satisfaction", "intention", data=data, outcome="ordinal", cuts=3)
    table = result.calibration()
    share = (data["intention"] >= 3).groupby(data["satisfaction"]).mean()
    np.testing.assert_allclose(table["estimate"], share)
    np.testing.assert_allclose(table["fitted"], result.loyalty(table["satisfaction"]), atol=EXACT)


@pytest.mark.parametrize("kind", ["binary", "score", "weighted"])
def test_influence_is_what_leaving_one_out_moves(people, scores, kind):
    data, name, options = people, "stayed", {}
    if kind == "score":
        data, name, options = scores, "score", {"outcome": "score"}
    weights = np.random.default_rng(1).uniform(0.5, 1.5, len(data))
    if kind == "weighted":
        options = {"weights": weights}

    def fit(rows):
        own = {"weights": weights[rows.index]} if "weights" in options else options
        return jones_sasser.fit("satisfaction", name, data=rows, constraint_by="industry", **own)

    whole = fit(data)
    long = whole.influence()
    free = [k for k, state in enumerate(whole.states) if state == "estimated"]
    table = long.iloc[:: len(free)]
    assert table["n_obs"].sum() == len(data)
    error = np.sqrt(np.diag(whole.uncertainty.covariance))
    for rank in (0, 1):
        row = table.iloc[rank]
        same = (data["industry"] == row["group"]) & np.isclose(
            data["satisfaction"], row["satisfaction"]
        )
        same &= np.isclose(data[name], row["answer"])
        chosen = data.index[same]
        left_out = [fit(data.drop(index=one)) for one in chosen[:4]]
        moves = np.array([(one.values - whole.values)[free] / error[free] for one in left_out])
        told = long["move"].to_numpy()[rank * len(free) : (rank + 1) * len(free)]
        assert long["parameter"].iloc[: len(free)].tolist() == [whole.names[k] for k in free]
        # One step of Newton's method, for the most influential people of all: a fifth is left.
        nearest = np.abs(moves - told).max(axis=1).min()
        assert nearest < 0.25 * np.abs(told).max()


def test_diagnostics_are_on_the_scales_of_the_fit(people, scores, fitted):
    answers = people.assign(satisfaction=1 + 9 * people["satisfaction"])
    other = jones_sasser.fit(
        "satisfaction", "stayed", data=answers, constraint_by="industry", scale=(1, 10)
    )
    for method in ("calibration", "influence"):
        one, two = getattr(fitted, method)(), getattr(other, method)()
        np.testing.assert_allclose(two["satisfaction"], 1 + 9 * one["satisfaction"], atol=EXACT)
        rest = [name for name in one.columns if name != "satisfaction"]
        pd.testing.assert_frame_equal(one[rest], two[rest], atol=1e-6, rtol=1e-6)
    points = scores.assign(score=20 + 60 * scores["score"])
    one, two = (
        jones_sasser.fit(
            "satisfaction", "score", data=data, outcome="score", scale=scale
        ).calibration()
        for data, scale in ((scores, (0, 1)), (points, {"loyalty": (20, 80)}))
    )
    names = ["estimate", "ci_low", "ci_high", "fitted"]
    np.testing.assert_allclose(two[names], 20 + 60 * one[names], rtol=1e-7)


def test_influence_needs_something_that_moves(people):
    result = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint=0.2, fixed={"lo": 0, "hi": 0.9, "k": 3}
    )
    with pytest.raises(OptionError, match="no parameter was estimated"):
        result.influence()


def test_influence_needs_standard_errors(fitted):
    covariance = np.full_like(fitted.uncertainty.covariance, np.nan)
    unknown = replace(fitted, uncertainty=replace(fitted.uncertainty, covariance=covariance))
    with pytest.raises(NotIdentifiedError, match="do not tell the parameters apart"):
        unknown.influence()


@pytest.mark.parametrize("options", [{"bins": 1}, {"bins": 2.5}, {"level": 95}])
def test_bad_options_of_calibration(fitted, options):
    with pytest.raises(OptionError):
        fitted.calibration(**options)
