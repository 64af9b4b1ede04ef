"""Types of mediation: planted in worlds of known structure, and shares by hand."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets, structural
from loyaltymodel.structural.kernels import mediation

from tolerances import SAME

TEXT = "x =~ x1; m =~ m1; y =~ y1; m ~ x; y ~ x + m"
PLANTED = {  # x -> m, m -> y, x -> y
    "complementary": (0.6, 0.5, 0.4),
    "competitive": (0.6, 0.5, -0.6),
    "indirect-only": (0.6, 0.6, 0.0),
    "direct-only": (0.0, 0.5, 0.5),
    "no effect": (0.0, 0.5, 0.0),
}


def survey_of(a, b, direct, n=1000, seed=4):
    """Answers whose regressions have the planted coefficients to the last digit."""
    raw = np.random.default_rng(seed).normal(size=(n, 3))
    x, e, u = np.linalg.qr(raw - raw.mean(axis=0))[0].T * np.sqrt(n - 1)
    m = a * x + e
    return pd.DataFrame({"x1": x, "m1": m, "y1": direct * x + b * m + u})


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("interval", ["percentile", "jackknife"])
def test_planted_types_are_found(kind, interval):
    survey = survey_of(*PLANTED[kind])
    result = structural.fit(structural.StructuralModel.from_text(TEXT), survey)
    if interval == "jackknife":
        boot = structural.jackknife(result, survey)
    else:
        boot = structural.bootstrap(result, survey, n_resamples=400, rng=2)
    table = boot.mediation()
    assert set(table["mediation"]) == {kind}
    assert table["route"].unique().tolist() == ["x -> m -> y"]
    rows = table.set_index("quantity")
    total = boot.row(("total_effects", "x", "y"))["estimate"]
    indirect = boot.row(("specific_effects", "x -> m -> y"))
    assert rows.loc["indirect", "ci_low"] == indirect["ci_low"]
    assert rows.loc["direct", "p_value"] == boot.row(("paths", "x", "y"))["p_value"]
    if kind == "complementary":
        share = indirect["estimate"] / total
        assert rows.loc["vaf", "estimate"] == pytest.approx(share, abs=SAME)
        a, b, direct = PLANTED[kind]
        assert share == pytest.approx(a * b / (a * b + direct), abs=SAME)
        assert rows.loc["vaf", "ci_low"] < share < rows.loc["vaf", "ci_high"]
    elif kind != "indirect-only":
        assert np.isnan(rows.loc["vaf", ["estimate", "std_error", "ci_low"]].astype(float)).all()


def test_the_interval_of_a_share_is_that_of_its_replicates():
    survey = survey_of(*PLANTED["complementary"])
    result = structural.fit(structural.StructuralModel.from_text(TEXT), survey)
    boot = structural.bootstrap(result, survey, n_resamples=400, rng=2)
    indirect = boot.replicates_of(("specific_effects", "x -> m -> y"))
    share = indirect / boot.replicates_of(("total_effects", "x", "y"))
    row = boot.mediation().set_index("quantity").loc["vaf"]
    assert row["std_error"] == pytest.approx(share.std(ddof=1), rel=SAME)
    ends = np.quantile(share, [0.025, 0.975], method="weibull")
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], ends, rtol=SAME)


def test_without_a_direct_path_nothing_is_told():
    survey = datasets.load_mobile_phones()
    result = structural.fit(structural.ecsi(datasets.mobile_phone_items()), survey)
    table = structural.bootstrap(result, survey, n_resamples=200, rng=1).mediation()
    assert len(table) == 3 * 49
    row = table.query("route == 'image -> expectation -> quality' and quantity == 'direct'")
    assert row["mediation"].item() == "no direct path"
    assert row["estimate"].item() == 0
    assert np.isnan(row["p_value"].item())


def test_a_model_without_routes_has_no_rows():
    survey = survey_of(0.5, 0.5, 0.5)
    model = structural.StructuralModel.from_text("x =~ x1; y =~ y1; y ~ x")
    result = structural.fit(model, survey)
    assert structural.bootstrap(result, survey, n_resamples=100, rng=1).mediation().empty


def test_parts_of_two_signs_have_no_shares():
    effects, pair = np.array([0.2, -0.1, 0.3]), np.array([0, 0, 1])
    direct = np.array([0.1, 0.1, 0.0])
    assert mediation.same_sign(effects, pair, direct).tolist() == [False, False, True]
    np.testing.assert_allclose(mediation.shares(effects, pair, direct), [1.0, -0.5, 1.0])
