"""The predictive ability test: against a paired t test, and on planted differences."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets, structural
from loyaltymodel.errors import DataError, OptionError

from tolerances import REFERENCE, SAME

FULL = "x =~ x1 + x2; z =~ z1 + z2; y =~ y1 + y2; y ~ x + z"
PART = "x =~ x1 + x2; y =~ y1 + y2; y ~ x"


def world(n, strength, seed):
    rng = np.random.default_rng(seed)
    x, z, e = rng.normal(size=(3, n, 1))
    y = 0.5 * x + strength * z + e
    answers = np.hstack([x, x, z, z, y, y]) + 0.5 * rng.normal(size=(n, 6))
    return pd.DataFrame(answers, columns=["x1", "x2", "z1", "z2", "y1", "y2"])


def fits(survey):
    return [
        structural.fit(structural.StructuralModel.from_text(text), survey) for text in (FULL, PART)
    ]


def test_it_is_a_paired_t_test_of_losses():
    survey = world(60, 0.4, 1)
    full, part = fits(survey)
    test = structural.cvpat(full, survey, benchmark=part, n_folds="leave_one_out")
    losses = []
    for result in (full, part):
        squared = []
        for k in survey.index:
            again = structural.fit(result.model, survey.drop(index=k))
            row = survey.loc[[k]]
            guess = structural.predict(again, row).items
            squared.append(((row[guess.columns] - guess) ** 2).to_numpy().mean())
        losses.append(np.array(squared))
    apart = losses[0] - losses[1]
    row = test.estimates.row("overall")
    assert row["estimate"] == pytest.approx(apart.mean(), rel=REFERENCE)
    assert row["std_error"] == pytest.approx(apart.std(ddof=1) / np.sqrt(60), rel=REFERENCE)
    np.testing.assert_allclose(
        test.losses.query("construct == 'overall'")["loss"],
        [losses[0].mean(), losses[1].mean()],
        rtol=REFERENCE,
    )


def test_planted_differences_are_found_and_the_order_only_turns_the_sign():
    survey = world(300, 0.8, 2)
    full, part = fits(survey)
    one = structural.cvpat(full, survey, benchmark=part, rng=3).estimates.row("y")
    other = structural.cvpat(part, survey, benchmark=full, rng=3).estimates.row("y")
    assert one["ci_high"] < 0
    assert one["p_value"] < 0.001
    assert one["estimate"] == pytest.approx(-other["estimate"], abs=SAME)


def test_benchmarks_are_those_of_plspredict():
    survey = datasets.load_mobile_phones()
    result = structural.fit(structural.acsi(datasets.mobile_phone_items()), survey)
    found = structural.plspredict(result, survey, benchmark="exogenous_items", rng=4)
    mse = (found.items.set_index(["predictor", "construct"])["rmse"] ** 2).groupby(level=[0, 1])
    expected = mse.mean()
    for benchmark, name in (("exogenous_items", "linear_model"), ("item_average",) * 2):
        test = structural.cvpat(result, survey, benchmark=benchmark, rng=4)
        for target in result.model.endogenous:
            difference = expected["model", target] - expected[name, target]
            assert test.estimates.row(target)["estimate"] == pytest.approx(difference, rel=SAME)


def test_clusters_are_the_units():
    survey = world(120, 0.4, 5).assign(shop=np.repeat(np.arange(12), 10))
    full, _ = fits(survey)
    test = structural.cvpat(full, survey, n_folds="leave_one_out", clusters="shop")
    assert test.n_clusters == 12
    doubled = pd.concat([survey, survey], ignore_index=True)
    # Every respondent twice, in the same cluster, says no more.
    again = structural.cvpat(
        fits(doubled)[0], doubled, n_folds="leave_one_out", clusters="shop"
    ).estimates.row("overall")
    row = test.estimates.row("overall")
    assert again["std_error"] == pytest.approx(row["std_error"], rel=REFERENCE)
    assert again["p_value"] == pytest.approx(row["p_value"], rel=1e-6)


def test_weights_are_as_good_as_copies():
    survey = world(40, 0.4, 6).assign(w=[1, 3] * 20, who=np.arange(40))
    copies = survey.loc[survey.index.repeat(survey["w"])].reset_index(drop=True)
    model = structural.StructuralModel.from_text(FULL)
    one = structural.cvpat(
        structural.fit(model, survey, weights="w"), survey, n_folds="leave_one_out"
    )
    other = structural.cvpat(
        structural.fit(model, copies), copies, n_folds="leave_one_out", clusters="who"
    )
    for name in ("estimate", "std_error", "p_value"):
        value = getattr(other.estimates, name)
        np.testing.assert_allclose(getattr(one.estimates, name), value, rtol=1e-6)


def test_bad_input_is_named():
    survey = world(60, 0.4, 7)
    full, _ = fits(survey)
    short = structural.fit(
        structural.StructuralModel.from_text("x =~ x1 + x2; y =~ y1; y ~ x"), survey
    )
    with pytest.raises(OptionError, match="do not predict the same items: they differ in 'y'"):
        structural.cvpat(full, survey, benchmark=short)
    holes = survey.copy()
    holes.loc[0, "z1"] = np.nan
    texts = [structural.StructuralModel.from_text(text) for text in (FULL, PART)]
    one, other = (structural.fit(model, holes, missing="drop") for model in texts)
    with pytest.raises(DataError, match="different respondents"):
        structural.cvpat(one, holes, benchmark=other)
    with pytest.raises(OptionError, match="benchmark"):
        structural.cvpat(full, survey, benchmark="average")
