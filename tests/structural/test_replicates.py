"""What replicates are: they point as the estimate does, keep strata, and are told apart by rule."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets
from loyaltymodel._core import resampling
from loyaltymodel.errors import (
    FailedResamplesWarning,
    ImproperSolutionWarning,
    OptionError,
    SmallSampleWarning,
)
from loyaltymodel.structural import (
    Moments,
    StructuralModel,
    Truth,
    acsi,
    bootstrap,
    exact_fit_test,
    fit,
    jackknife,
    simulate,
)
from loyaltymodel.structural.inference import LeftOut, acceleration_of, make_interval
from loyaltymodel.structural.kernels.implied import is_possible
from loyaltymodel.structural.replication import make_task, read_units

from tolerances import SAME
from worlds import answers, model_of

TWO = StructuralModel.from_text("a =~ a1 + a2 + a3; b =~ b1 + b2 + b3 + b4; b ~ a")
SIZES, ARROWS = [2, 3, 1], [(0, 1), (0, 2), (1, 2)]
MODEL = model_of(SIZES, ARROWS)
POOR = Truth(
    paths={("c0", "c1"): 0.7, ("c0", "c2"): 0.3, ("c1", "c2"): 0.5},
    loadings=dict(zip(MODEL.items, [0.6, 0.5, 0.6, 0.5, 0.5, 0.8], strict=True)),
)


@pytest.fixture
def survey():
    raw = answers(np.random.default_rng(3), 90, SIZES, ARROWS)
    return pd.DataFrame(np.rint(5.5 + 1.5 * raw).clip(1, 10), columns=MODEL.items)


def half_reversed(n=100):
    """Two of the four items of b point the other way, so that their sum hangs by a thread."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=n)
    b = 0.6 * a + 0.8 * rng.normal(size=n)
    rows = np.c_[a, a, a, -b, -b, b, b] + 0.6 * rng.normal(size=(n, 7))
    return pd.DataFrame(rows, columns=TWO.items)


@pytest.mark.parametrize("sign", ["sum", {"b": "weak"}])
def test_replicates_point_as_the_estimate_does_whatever_the_rule(sign):
    data, model = half_reversed(), TWO
    if sign != "sum":  # an item that shows next to nothing of b decides where its score points
        data["weak"] = np.random.default_rng(3).normal(size=100)
        model = StructuralModel.from_text("a =~ a1 + a2 + a3; b =~ b3 + b4 + weak; b ~ a")
    result = fit(model, data, sign=sign)
    boot = bootstrap(result, data, n_resamples=60, rng=1)
    units = read_units(result, data, None, None)
    counts = next(resampling.draw_counts(units, 60, np.random.default_rng(1), size=60))
    own = result.weights.set_index("item")["estimate"]
    turned = 0
    for k in range(60):
        frame = data.loc[data.index.repeat(counts[k].astype(int))]
        again = fit(model, frame, sign=sign)
        weights = again.weights.set_index("item")["estimate"]
        z = (frame - frame.mean()) / frame.std(ddof=0)
        same = {
            c.name: np.sign(
                np.corrcoef(
                    z[list(c.items)] @ weights[list(c.items)], z[list(c.items)] @ own[list(c.items)]
                )[0, 1]
            )
            for c in model.constructs
        }
        turned += same["b"] < 0
        path = again.paths["estimate"][0] * same["a"] * same["b"]
        assert boot.replicates_of(("paths", "a", "b"))[k] == pytest.approx(path, abs=1e-6)
        item = model.constructs[1].items[0]
        weight = weights[item] * same["b"]
        assert boot.replicates_of(("weights", item))[k] == pytest.approx(weight, abs=1e-6)
    assert turned > 3, "the rule applied anew would have turned some"


def test_reversed_items_do_not_widen_the_error():
    # The same answers with the two items recoded have the same path, and the error of its size.
    data = half_reversed()
    recoded = data.assign(b1=-data["b1"], b2=-data["b2"])
    for procedure in (lambda r, d: bootstrap(r, d, n_resamples=300, rng=1), jackknife):
        one, other = (procedure(fit(TWO, d), d).paths.iloc[0] for d in (data, recoded))
        assert abs(one["estimate"]) == pytest.approx(abs(other["estimate"]), abs=1e-6)
        assert one["std_error"] == pytest.approx(other["std_error"], rel=1e-5)


# Strata and weights


def strata_of(survey):
    region = np.repeat(["n", "s", "w"], [10, 30, 50])
    return survey.assign(region=region, w=np.random.default_rng(2).uniform(0.5, 2, len(survey)))


@pytest.mark.parametrize("weighted", [False, True])
def test_leaving_a_unit_out_keeps_the_weight_of_its_stratum(survey, weighted):
    data = strata_of(survey)
    if not weighted:
        data["w"] = 1.0
    options = {"weights": "w", "scale": (1, 10), "tol": 1e-13}
    found = jackknife(fit(MODEL, data, **options), data, strata="region")
    for k in (0, 9, 10, 45, 89):
        same = data["region"] == data["region"][k]
        one_less = data.drop(index=k)
        more = same.sum() / (same.sum() - 1)
        one_less["w"] *= np.where(one_less["region"] == data["region"][k], more, 1.0)
        again = fit(MODEL, one_less, **options)
        name = ("paths", "c0", "c1")
        expected = again.paths["estimate"][0]
        assert found.replicates_of(name)[k] == pytest.approx(expected, abs=1e-8)
        assert found.replicates_of(("index", "c1"))[k] == pytest.approx(
            again.constructs["index"]["c1"], abs=1e-7
        )


@pytest.mark.parametrize("kind", ["delete-one", "infinitesimal"])
def test_the_stratified_jackknife_of_a_mean_is_the_textbooks(survey, kind):
    # Cochran: the variance of a stratified mean is the sum of W^2 s^2 / n over the strata.
    data = strata_of(survey)
    model = StructuralModel.from_text("c0 =~ c0i0; c2 =~ c2i0; c2 ~ c0")
    found = jackknife(fit(model, data, scale=(0, 100)), data, strata="region", kind=kind).index
    by = data.groupby("region")["c0i0"]
    share, n = by.size() / len(data), by.size()
    ddof = 1 if kind == "delete-one" else 0
    expected = np.sqrt((share**2 * by.var(ddof=ddof) / n).sum())
    assert found["std_error"][0] == pytest.approx(expected, rel=1e-6)


def test_the_acceleration_of_strata_is_that_of_the_textbook():
    # Davison & Hinkley (1997), section 5.3: with l the influences of n_h units of a stratum,
    # a = sum(l^3 / n_h^3) / (6 sum(l^2 / n_h^2)^(3/2)); of a mean l is W_h (x - mean_h).
    rng = np.random.default_rng(1)
    sizes = np.array([5, 20, 40])
    stratum = np.repeat([0, 1, 2], sizes)
    x = rng.exponential(size=65) * np.array([4.0, 1.0, 0.5])[stratum]
    share = sizes / 65
    mean = np.array([x[stratum == h].mean() for h in range(3)])
    influence = share[stratum] * (x - mean[stratum])  # of the whole mean, for unit mass in h
    n = sizes[stratum]
    expected = (influence**3 / n**3).sum() / (6 * ((influence**2 / n**2).sum()) ** 1.5)
    without = share @ mean - influence / (n - 1)
    found = acceleration_of(LeftOut(without[:, None], stratum))
    assert found[0] == pytest.approx(expected, rel=1e-10)
    ignoring = acceleration_of(LeftOut(without[:, None], np.zeros(65, dtype=int)))
    assert abs(ignoring[0] / expected - 1) > 0.01, "strata matter here"


def test_bca_with_strata_stands_on_their_jackknife(survey):
    data = strata_of(survey)
    result = fit(MODEL, data)
    boot = bootstrap(result, data, strata="region", interval="bca", n_resamples=80, rng=1)
    left_out = jackknife(result, data, strata="region")
    np.testing.assert_array_equal(boot.left_out, left_out.left_out)
    np.testing.assert_array_equal(boot.strata, left_out.strata)
    assert set(boot.strata) == {0, 1, 2}
    names = ("paths", "c0", "c1"), ("paths", "c0", "c2")
    assert np.isfinite(boot.difference(*names)["ci_low"])


def test_who_weighs_nothing_is_no_unit(survey):
    data = survey.assign(w=np.r_[np.zeros(30), np.linspace(0.5, 1.5, 60)])
    there = data[30:]
    for procedure in (
        lambda r, d: bootstrap(r, d, n_resamples=60, rng=1, interval="bca"),
        jackknife,
        lambda r, d: jackknife(r, d, kind="infinitesimal"),
    ):
        all_rows, some = (procedure(fit(MODEL, d, weights="w"), d) for d in (data, there))
        np.testing.assert_allclose(
            all_rows.estimates.std_error, some.estimates.std_error, rtol=1e-9
        )
    assert all_rows.n_resamples == all_rows.n_obs == 60


def test_a_stratum_of_one_who_weighs_something_is_refused(survey):
    data = survey.assign(w=np.r_[0.0, np.ones(89)], s=np.r_[0, 0, np.ones(88)])
    for procedure in (jackknife, lambda *a, **k: bootstrap(*a, n_resamples=40, rng=1, **k)):
        with pytest.raises(ValueError, match="has one respondent, of whom nothing tells"):
            procedure(fit(MODEL, data, weights="w"), data, strata="s")


@pytest.mark.parametrize("design", ["strata", "clusters"])
def test_errors_of_small_strata_and_few_clusters_are_those_of_the_jackknife(survey, design):
    # Drawing all units would make them sqrt(1 - 1 / 2) and sqrt(1 - 1 / 9) of what they are.
    data = survey.assign(strata=np.arange(90) // 2, clusters=np.arange(90) // 10)
    model = StructuralModel.from_text("one =~ c0i0\ntwo =~ c1i0\ntwo ~ one")
    result = fit(model, data, scale=(1, 10))
    boot = bootstrap(result, data, n_resamples=4000, rng=1, **{design: design}).index
    exact = jackknife(result, data, **{design: design}).index
    # An index of one item is a mean, of which both know the error; 3 sqrt(1 / 8000) is 3.4 %.
    np.testing.assert_allclose(boot["std_error"], exact["std_error"], rtol=0.04)


@pytest.mark.parametrize("given", ["table", "moments", "chunks"])
def test_the_parametric_bootstrap_refuses_unequal_weights(survey, given):
    data = survey.assign(w=np.random.default_rng(1).choice([0.2, 1, 5], 90))
    if given == "table":
        result = fit(MODEL, data, weights="w")
    elif given == "moments":
        result = fit(MODEL, Moments.from_frame(data, weights="w"))
    else:
        result = fit(MODEL, Moments.from_chunks([data[:40], data[40:]], weights="w"))
    with pytest.raises(OptionError, match=r'weights are unequal: 90 .*draw="respondents"'):
        bootstrap(result, draw="parametric", n_resamples=50, rng=1)
    w = data["w"]
    assert result.n_effective == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert "effective number" in dict(result.summary().facts)
    equal = fit(MODEL, survey.assign(w=7.0), weights="w")
    same = fit(MODEL, survey)
    one, other = (bootstrap(r, draw="parametric", n_resamples=50, rng=1) for r in (equal, same))
    np.testing.assert_allclose(one.paths["std_error"], other.paths["std_error"], rtol=1e-9)


def test_draws_without_an_error_of_their_own_are_left_out():
    rng = np.random.default_rng(1)
    values, errors = rng.normal(size=(400, 1)), rng.uniform(0.5, 2, size=(400, 1))
    estimate, own = np.array([0.3]), np.array([1.0])
    nothing = LeftOut(values[:0], np.empty(0, dtype=int))
    lost = np.arange(400) < 150
    with_gaps = np.where(lost[:, None], np.nan, errors)
    found = make_interval("studentized", values, estimate, own, nothing, with_gaps, level=0.95)
    t = np.sort((values[~lost, 0] - 0.3) / errors[~lost, 0])
    # Weibull's quantiles: the i-th of b values stands at i / (b + 1).
    upper, lower = np.interp([0.975, 0.025], np.arange(1, 251) / 251, t)
    assert found.low[0] == pytest.approx(0.3 - upper)
    assert found.high[0] == pytest.approx(0.3 - lower)


@pytest.mark.parametrize("small", [1e-3, 1e-12])
def test_who_has_nearly_all_the_weight_is_named(survey, small):
    data = survey.assign(w=np.where(np.arange(90) == 7, 1.0, small), c=np.arange(90) // 9)
    data.index = [f"no. {k}" for k in range(90)]
    result = fit(MODEL, data, weights="w")
    with pytest.warns(SmallSampleWarning, match=r"respondent in row no\. 7 has .*% of all weight"):
        jackknife(result, data)
    with pytest.warns(SmallSampleWarning, match=r"one cluster has .*% of all weight"):
        jackknife(result, data, clusters="c")


# What does not vary


def test_what_is_1_by_definition_has_no_error(survey):
    model = model_of(SIZES, ARROWS, "ABA")
    boot = bootstrap(fit(model, survey), survey, n_resamples=60, rng=1)
    table = boot.estimates.frame()
    still = table[table["std_error"].isna()]
    expected = {("weights", "c2i0"), ("loadings", "c2i0"), ("rho_a", "c1")}
    expected |= {(name, "c2") for name in ("alpha", "rho_a", "rho_c", "ave")}
    found = {
        (q, n.split(" -> ")[-1]) for q, n in zip(still["quantity"], still["name"], strict=True)
    }
    assert found == expected
    assert still[["ci_low", "ci_high", "p_value"]].isna().all(axis=None)
    assert (still["estimate"] - 1).abs().max() < SAME


def test_what_never_varies_is_named_and_has_no_interval():
    model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    x = np.random.default_rng(1).normal(size=30)
    twins = pd.DataFrame({"a1": x, "b1": 3 * x + 1})
    for procedure in (lambda r, d: bootstrap(r, d, n_resamples=60, rng=1), jackknife):
        with pytest.warns(SmallSampleWarning, match="no resample differs in paths a -> b"):
            row = procedure(fit(model, twins), twins).paths.iloc[0]
        assert row["estimate"] == pytest.approx(1)
        assert row[["std_error", "ci_low", "ci_high", "p_value"]].isna().all()


# Inadmissible solutions


def admissible_by_hand(result):
    """The rule in words of linear algebra, from the tables of a fit."""
    r = result.construct_correlations.to_numpy()
    r2 = result.r_squared["estimate"].to_numpy()
    loadings = result.loadings["estimate"].to_numpy()
    rho = result.constructs["rho_a"].to_numpy()
    return bool(
        np.linalg.eigvalsh(r)[0] > -1e-9
        and np.abs(r).max() < 1 + 1e-9
        and max(r2.max(), np.abs(loadings).max(), rho.max()) < 1 + 1e-9
    )


NAMES = (
    "loadings_possible",
    "reliabilities_possible",
    "correlations_possible",
    "correlations_consistent",
    "r_squared_possible",
)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
def test_one_rule_says_what_is_admissible_in_fits_and_in_resamples():
    data = simulate(MODEL, POOR, 80, 4)
    result = fit(MODEL, data, consistent=True)
    boot = bootstrap(result, data, n_resamples=150, rng=1)
    task, units = make_task(result), read_units(result, data, None, None)
    counts = next(resampling.draw_counts(units, 150, np.random.default_rng(1), size=150))
    found = task.evaluate(*resampling.resampled_moments(units, counts))
    seen = {False: 0, True: 0}
    for k in np.flatnonzero(found.failure == 0):
        again = fit(MODEL, data.loc[data.index.repeat(counts[k].astype(int))], consistent=True)
        passed = all(c.passed for c in again.checks() if c.name in NAMES)
        assert found.admissible[k] == passed == admissible_by_hand(again)
        seen[passed] += 1
    assert min(seen.values()) > 15
    assert boot.n_inadmissible == seen[False]
    assert boot.admissible_share == pytest.approx(seen[True] / 150)


def test_an_r_squared_above_1_is_inadmissible_though_every_correlation_is_possible():
    # Loadings of 0.8 and rho_A of 0.5 * 0.64: correlations .9, .9 with a target and -.2 between.
    model = StructuralModel.from_text("a =~ a1 + a2; b =~ b1 + b2; c =~ c1 + c2; c ~ a + b")
    r = np.array([[1, 0.5, 0.95], [0.5, 1, 0.95], [0.95, 0.95, 1]])
    wide = 0.6 * np.kron(np.eye(3), np.ones((2, 1)))
    s = wide @ r @ wide.T
    np.fill_diagonal(s, 1.0)
    moments = Moments(n_obs=200, items=model.items, means=np.zeros(6), covariance=s)
    assert np.linalg.eigvalsh(s)[0] > 0
    with pytest.warns(ImproperSolutionWarning, match="R2 above 1"):
        result = fit(model, moments, consistent=True)
    assert result.r_squared["estimate"][0] == pytest.approx(2 * 0.95**2 / 1.5)  # above 1
    evaluated = make_task(result).original()
    assert evaluated.failure[0] == 0
    assert not evaluated.admissible[0]
    assert make_task(fit(model, moments)).original().admissible[0]


def test_pivots_tell_what_eigenvalues_tell():
    rng = np.random.default_rng(1)
    half = rng.normal(size=(500, 5, 5))
    matrices = half @ half.transpose(0, 2, 1) + rng.normal(size=500)[:, None, None] * np.eye(5)
    lowest = np.linalg.eigvalsh(matrices)[:, 0]
    assert 100 < (lowest > 0).sum() < 400
    np.testing.assert_array_equal(is_possible(matrices), lowest > -1e-9)
    assert is_possible(np.ones((1, 3, 3)))[0]
    assert not is_possible(np.full((1, 3, 3), np.nan))[0]


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
@pytest.mark.parametrize("interval", ["percentile", "bca", "studentized"])
def test_all_and_admissible_resamples_stand_side_by_side(interval):
    data = simulate(MODEL, POOR, 150, 1)
    result = fit(MODEL, data, consistent=True)
    kept, dropped = (
        bootstrap(result, data, n_resamples=100, rng=1, interval=interval, inadmissible=what)
        for what in ("keep", "drop")
    )
    columns = ["std_error", "ci_low", "ci_high"]
    for boot in (kept, dropped):
        both = boot.admissibility.frame()
        for which, alone in (("all", kept), ("admissible", dropped)):
            part = both[both["resamples"] == which].reset_index(drop=True)
            pd.testing.assert_frame_equal(part[columns], alone.estimates.frame()[columns])
    n = kept.n_inadmissible
    assert n == dropped.n_inadmissible > 3
    assert dropped.failures["inadmissible"] == dropped.n_failed - kept.n_failed == n
    lost = kept.n_failed
    assert kept.failures["inadmissible"] == 0
    assert kept.admissible_share == dropped.admissible_share == pytest.approx(1 - (n + lost) / 100)
    assert len(dropped.estimates.replicates) == 100 - n - lost
    page = str(kept.summary())
    assert "by all resamples and by the admissible ones" in page
    assert f"Kept are {n} resamples" in page
    assert f"Left out are {n} resamples" in str(dropped.summary())


def test_many_inadmissible_resamples_are_warned_of():
    data = simulate(MODEL, POOR, 150, 1)
    result = fit(MODEL, data, consistent=True)
    with pytest.warns(ImproperSolutionWarning, match='inadmissible="drop" leaves them out'):
        bootstrap(result, data, n_resamples=100, rng=1)
    with (
        pytest.warns(ImproperSolutionWarning, match="they were left out"),
        pytest.warns(FailedResamplesWarning, match="left out of everything: .*inadmissible 29"),
    ):
        bootstrap(result, data, n_resamples=100, rng=1, inadmissible="drop")


def test_scores_are_always_admissible(survey):
    # Correlations of scores are those of answers; an R2 above 1 or the like cannot be.
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=100, rng=1)
    assert (boot.n_inadmissible, boot.admissible_share) == (0, 1.0)
    assert "admissible solutions" not in dict(boot.summary().facts)


def test_errors_of_heavy_tails_are_named(survey):
    # rho_A divides by a correlation of two items, which comes near 0 in a few resamples.
    rho_a = bootstrap(fit(MODEL, survey), survey, n_resamples=2000, rng=1).heavy_tails.iloc[0]
    assert (rho_a["quantity"], rho_a["name"]) == ("rho_a", "c0")
    assert rho_a["std_error"] > 100 * rho_a["percentile_error"]
    loadings = dict.fromkeys(MODEL.items, 0.9)
    survey = simulate(MODEL, replace(POOR, loadings=loadings), 300, 1)
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=2000, rng=1)
    assert boot.heavy_tails.empty
    assert "far out" not in str(boot.summary())
    place = boot.estimates.place(("paths", "c0 -> c2"))
    drawn = boot.estimates.replicates.copy()
    drawn[:, place] = 0.2 + 0.1 * np.random.default_rng(1).standard_cauchy(2000)
    error = boot.estimates.std_error.copy()
    error[place] = drawn[:, place].std(ddof=1)
    wild = replace(boot, estimates=replace(boot.estimates, replicates=drawn, std_error=error))
    row = wild.heavy_tails.iloc[0]
    assert (row["quantity"], row["name"]) == ("paths", "c0 -> c2")
    assert row["std_error"] == pytest.approx(error[place])
    # tan(pi * 0.341345) of the Cauchy law: 1.8374.
    assert row["percentile_error"] == pytest.approx(0.18374, rel=0.1)
    assert "a few resamples far out: paths c0 -> c2" in str(wild.summary()).replace("\n  ", " ")


# The exact test


def test_the_exact_test_refuses_scores_that_are_not_corrected():
    # It rejected every one of 120 true factor models, and 100 of 100 true composites of mode A.
    data = half_reversed()
    with pytest.raises(OptionError, match=r"scores of a, b .*consistent=True.*mode=\"B\""):
        exact_fit_test(fit(TWO, data), data, n_resamples=20, rng=1)
    composites = StructuralModel.from_text("a <~ a1 + a2 + a3; b <~ b1 + b2 + b3 + b4; b ~ a")
    assert exact_fit_test(fit(composites, data), data, n_resamples=20, rng=1).n_obs == 100
    single = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    assert exact_fit_test(fit(single, data), data, n_resamples=20, rng=1).n_obs == 100


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
@pytest.mark.parametrize(
    "options",
    [
        {"consistent": True, "scheme": "centroid"},
        {"consistent": True, "weights": "w", "scheme": "factorial"},
        {"consistent": True, "sign": {"c1": "c1i2"}, "tol": 1e-3},
    ],
)
def test_the_exact_test_estimates_as_the_result_does(survey, options):
    """Its distances are those of fits with the same options to the same resamples."""
    data = survey.assign(w=np.random.default_rng(1).uniform(0.5, 2, 90))
    result = fit(MODEL, data, **options)
    b = 30
    found = exact_fit_test(result, data, n_resamples=b, rng=5)
    # By hand: standardised answers, times S^(-1/2) Sigma^(1/2), drawn with the same counts.
    w = data["w"] if "weights" in options else np.ones(90)
    z = data[list(MODEL.items)].to_numpy()
    z = z - np.average(z, axis=0, weights=w)
    s = z.T @ (z * np.asarray(w)[:, None])
    sd = np.sqrt(np.diag(s))
    s = s / np.outer(sd, sd)
    loadings = result.loadings["estimate"].to_numpy()
    r = result.construct_correlations.to_numpy()
    block = np.repeat([0, 1, 2], SIZES)
    sigma = np.outer(loadings, loadings) * r[np.ix_(block, block)]
    np.fill_diagonal(sigma, 1.0)

    def root(matrix, power):
        values, vectors = np.linalg.eigh(matrix)
        return vectors * values**power @ vectors.T

    world = pd.DataFrame(
        z / sd * np.sqrt(90) @ root(s, -0.5) @ root(sigma, 0.5), columns=MODEL.items
    )
    world["w"] = data["w"]
    units = read_units(result, data, None, None)
    rng = np.random.default_rng(5)
    counts = next(resampling.draw_counts(units, b, rng, size=b))
    drawn = [
        fit(MODEL, world.loc[world.index.repeat(k.astype(int))], **options)
        .fit_measures()["saturated"][["srmr", "d_uls", "d_g"]]
        .to_numpy()
        for k in counts
    ]
    statistic = result.fit_measures()["saturated"][["srmr", "d_uls", "d_g"]].to_numpy()
    exists = ~np.isnan(drawn)
    share = (1 + (np.array(drawn) >= statistic).sum(axis=0)) / (1 + exists.sum(axis=0))
    np.testing.assert_allclose(found.p_value[0], share, atol=1e-12)
    np.testing.assert_array_equal(found.n_used[0], exists.sum(axis=0))
    np.testing.assert_allclose(found.critical_95[0], np.nanquantile(drawn, 0.95, axis=0), rtol=1e-5)


def test_no_p_value_of_the_exact_test_is_0():
    data = datasets.load_mobile_phones()
    result = fit(acsi(datasets.mobile_phone_items()), data, consistent=True)
    found = exact_fit_test(result, data, n_resamples=19, rng=1)
    # None of 19 is as far off: with the sample itself, 1 of 20.
    assert found.p_value.min() == pytest.approx(1 / 20)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
def test_the_exact_test_leaves_out_what_cannot_be_estimated():
    # A reliability that is not positive leaves nothing to correct; poor items have it often.
    data = simulate(MODEL, POOR, 60, 4)
    result = fit(MODEL, data, consistent=True)
    found = exact_fit_test(result, data, n_resamples=200, rng=1)
    assert found.n_failed > 0
    assert (found.n_used <= 200 - found.n_failed).any()
    assert np.isfinite(found.p_value).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
def test_the_exact_test_holds_its_size_under_weights():
    # People are drawn with a chance that goes with their answers, and weigh one over it.
    truth = Truth(
        paths={("c0", "c1"): 0.5, ("c0", "c2"): 0.2, ("c1", "c2"): 0.4},
        loadings=dict(zip(MODEL.items, [0.9, 0.8, 0.8, 0.85, 0.75, 1.0], strict=True)),
    )
    rng = np.random.default_rng(1)
    rejected = []
    for _ in range(100):
        crowd = simulate(MODEL, truth, 700, rng)
        chance = 1 / (1 + np.exp(-0.7 * crowd["c1i0"]))
        crowd = crowd.assign(w=1 / chance)[rng.random(700) < chance]
        result = fit(MODEL, crowd, consistent=True, weights="w")
        found = exact_fit_test(result, crowd, n_resamples=99, rng=rng)
        rejected.append(found.p_value.ravel() <= 0.05)
    # 5 in 100 are expected; more than 11 of 100 have probability 0.004.
    assert np.mean(rejected, axis=0).max() <= 0.11
