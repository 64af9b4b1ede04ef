"""Resampling: against refitting, by seeds and slices, and what it refuses."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loyaltymodel import datasets
from loyaltymodel._core import resampling
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    ModelError,
    NotIdentifiedError,
    OptionError,
)
from loyaltymodel.structural import (
    Moments,
    StructuralModel,
    Truth,
    bootstrap,
    ecsi,
    exact_fit_test,
    fit,
    jackknife,
    population,
    simulate,
)
from loyaltymodel.structural.replication import read_units

from tolerances import SAME
from worlds import answers, model_of

SIZES, ARROWS = [2, 3, 1], [(0, 1), (0, 2), (1, 2)]
MODEL = model_of(SIZES, ARROWS)
COLUMNS = ["estimate", "std_error", "ci_low", "ci_high", "p_value"]


@pytest.fixture
def survey():
    raw = answers(np.random.default_rng(3), 90, SIZES, ARROWS)
    return pd.DataFrame(np.rint(5.5 + 1.5 * raw).clip(1, 10), columns=MODEL.items)


def refitted(result):
    """All quantities of a fitted model, from its tables, in the order of the inference tables."""
    effects = {
        (row.source, row.target): row.estimate for row in result.paths.itertuples(index=False)
    }
    routes = {}

    def walk(route, effect):
        for (source, target), value in effects.items():
            if source == route[-1]:
                longer = (*route, target)
                if len(longer) > 2:
                    routes[" -> ".join(longer)] = effect * value
                walk(longer, effect * value)

    for name in result.model.names:
        walk((name,), 1.0)
    reliability = result.reliability.groupby("quantity")["estimate"]
    return {
        "paths": result.paths["estimate"].to_numpy(),
        "weights": result.weights["estimate"].to_numpy(),
        "loadings": result.loadings["estimate"].to_numpy(),
        "total_effects": result.total_effects["estimate"].to_numpy(),
        "specific_effects": routes,
        "r_squared": result.r_squared["estimate"].to_numpy(),
        "index": result.index["estimate"].to_numpy(),
        "impacts": result.impacts["estimate"].to_numpy(),
        "htmt": result.htmt["estimate"].to_numpy(),
        **{name: values.to_numpy() for name, values in reliability},
    }


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.LoyaltyModelWarning")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("mode", "consistent"), [("AAA", False), ("BBB", False), ("AAA", True), ("ABA", True)]
)
def test_replicates_equal_refitting_each_resampled_frame(survey, mode, consistent, weighted):
    model = model_of(SIZES, ARROWS, mode)
    options = {"scale": (1, 10), "consistent": consistent, "tol": 1e-13}
    if weighted:
        survey = survey.assign(w=np.random.default_rng(1).uniform(0.5, 2, len(survey)))
        options["weights"] = "w"
    result = fit(model, survey, **options)
    boot = bootstrap(result, survey, n_resamples=50, rng=7, level=0.9)
    units = read_units(boot.result, survey, None, None)
    counts = next(resampling.draw_counts(units, 50, np.random.default_rng(7), size=50))
    assert boot.n_failed == 0
    table = boot.estimates.frame()
    for k in range(50):
        frame = survey.loc[survey.index.repeat(counts[k].astype(int))]
        expected = refitted(fit(model, frame, **options))
        for kind, values in expected.items():
            place = (table["quantity"] == kind).to_numpy()
            if kind == "specific_effects":
                expected[kind] = [values[name] for name in table["name"][place]]
            found = boot.estimates.replicates[k, place]
            np.testing.assert_allclose(found, expected[kind], atol=SAME, rtol=SAME, err_msg=kind)


def test_the_estimates_are_those_of_the_fit(survey):
    boot = bootstrap(fit(MODEL, survey, scale=(1, 10)), survey, n_resamples=40, rng=1)
    expected = refitted(fit(MODEL, survey, scale=(1, 10)))
    np.testing.assert_allclose(boot.paths["estimate"], expected["paths"], atol=SAME)
    np.testing.assert_allclose(boot.index["estimate"], expected["index"], atol=1e-8)
    np.testing.assert_allclose(boot.impacts["estimate"], expected["impacts"], atol=SAME)
    routes = boot.specific_effects.set_index("route")["estimate"].to_dict()
    assert routes == pytest.approx(expected["specific_effects"], abs=SAME)


def test_counts_do_not_depend_on_the_slices(survey):
    result = fit(MODEL, survey)
    strata = survey.assign(s=np.arange(len(survey)) % 3)
    for units in (read_units(result, survey, None, None), read_units(result, strata, None, "s")):
        whole = np.concatenate(
            list(resampling.draw_counts(units, 300, np.random.default_rng(5), size=300))
        )
        for size in (1, 7, 100):
            rng = np.random.default_rng(5)
            parts = list(resampling.draw_counts(units, 300, rng, size=size))
            np.testing.assert_array_equal(np.concatenate(parts), whole)
        n_strata = len(np.unique(units.stratum))
        assert (whole.sum(axis=1) == len(survey) - units.fewer * n_strata).all()


def test_estimates_do_not_depend_on_the_slices(survey, monkeypatch):
    one = bootstrap(fit(MODEL, survey, scale=(1, 10)), survey, n_resamples=200, rng=2)
    monkeypatch.setattr("loyaltymodel._core.resampling._MATRICES", 36 * 13)  # 13 resamples a slice
    monkeypatch.setattr("loyaltymodel._core.resampling._PRODUCTS", 21 * 17)  # 17 people a slice
    other = bootstrap(fit(MODEL, survey, scale=(1, 10)), survey, n_resamples=200, rng=2)
    np.testing.assert_allclose(one.estimates.replicates, other.estimates.replicates, atol=SAME)


@pytest.mark.parametrize("options", [{"draw": "parametric"}, {"interval": "studentized"}])
def test_no_kind_of_draw_depends_on_the_slices(survey, monkeypatch, options):
    one = bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=2, **options)
    monkeypatch.setattr("loyaltymodel._core.resampling._MATRICES", 36 * 50 * 13)
    monkeypatch.setattr("loyaltymodel._core.resampling._INNER_DRAWS", 90 * 50 * 7)
    if "draw" in options:
        monkeypatch.setattr("loyaltymodel._core.resampling._MATRICES", 36 * 13)
    other = bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=2, **options)
    np.testing.assert_allclose(one.estimates.replicates, other.estimates.replicates, atol=SAME)
    np.testing.assert_allclose(one.estimates.ci_low, other.estimates.ci_low, atol=1e-8)


def test_the_same_seed_gives_the_same_and_another_something_else(survey):
    one, two, three = (
        bootstrap(fit(MODEL, survey), survey, n_resamples=100, rng=seed).paths for seed in (1, 1, 2)
    )
    assert one.equals(two)
    assert not one.equals(three)
    generator = np.random.default_rng(1)
    assert bootstrap(fit(MODEL, survey), survey, n_resamples=100, rng=generator).paths.equals(one)


def test_strata_keep_their_sizes_and_clusters_stay_together(survey):
    grouped = survey.assign(region=["n", "s", "s"] * 30, household=np.arange(90) // 3)
    result = fit(MODEL, survey)
    units = read_units(result, grouped, None, "region")
    counts = next(resampling.draw_counts(units, 20, np.random.default_rng(1), size=20))
    # One fewer of each stratum than there are, each of whom weighs n / (n - 1) for it.
    assert (counts[:, ::3].sum(axis=1) == 29).all()
    assert (counts.sum(axis=1) == 88).all()
    weights = np.where(np.arange(90) % 3 == 0, 30 / 29, 60 / 59) * counts
    np.testing.assert_allclose(weights.sum(axis=1), 90)
    means, _ = resampling.resampled_moments(units, counts)
    np.testing.assert_allclose(means, weights @ units.rows / 90, atol=SAME)
    units = read_units(result, grouped, "household", None)
    assert units.n_units == 30
    counts = next(resampling.draw_counts(units, 20, np.random.default_rng(1), size=20))
    assert (counts.sum(axis=1) == 29).all()
    means, covariances = resampling.resampled_moments(units, counts)
    rows = units.rows
    for k in range(20):
        drawn = np.repeat(rows, counts[k][units.member], axis=0)
        np.testing.assert_allclose(means[k], drawn.mean(axis=0), atol=SAME)
        np.testing.assert_allclose(covariances[k], np.cov(drawn.T, ddof=0), atol=SAME)


def test_a_resample_of_a_design_is_resampled_from_what_it_has(survey):
    grouped = survey.assign(region=["n", "s", "s"] * 30)
    units = read_units(fit(MODEL, survey), grouped, None, "region")
    rng = np.random.default_rng(1)
    counts = next(resampling.draw_counts(units, 20, rng, size=20))
    again = resampling.draw_again(units, counts, 7, rng).reshape(20, 7, 90)
    assert (again[..., ::3].sum(axis=2) == 28).all()
    assert (again.sum(axis=2) == 86).all()
    assert not again[np.repeat(counts[:, None] == 0, 7, axis=1)].any(), "nobody who was not drawn"
    assert (np.count_nonzero(again, axis=2) < np.count_nonzero(counts, axis=1)[:, None]).all()


def test_studentized_intervals_need_three_units_a_stratum(survey):
    pairs = survey.assign(s=np.arange(90) // 2, t=np.arange(90) // 3)
    options = {"interval": "studentized", "n_resamples": 40, "rng": 1}
    with pytest.raises(DataError, match=r"has 2 units, .*interval=\"percentile\""):
        bootstrap(fit(MODEL, pairs), pairs, strata="s", **options)
    found = bootstrap(fit(MODEL, pairs), pairs, strata="t", **options)
    assert np.isfinite(found.paths["ci_low"]).all()


def test_clusters_that_answer_alike_make_errors_larger():
    rng = np.random.default_rng(4)
    once = pd.DataFrame(answers(rng, 60, SIZES, ARROWS), columns=MODEL.items)
    copies = once.loc[once.index.repeat(4)].reset_index(names="who")
    alone = bootstrap(fit(MODEL, copies), copies, n_resamples=400, rng=1).paths["std_error"]
    found = bootstrap(fit(MODEL, copies), copies, clusters="who", n_resamples=400, rng=1)
    together = found.paths["std_error"]
    assert found.n_clusters == 60
    assert dict(found.summary().facts)["clusters"] == "60"
    # Four copies of each answer look like four times the people, so half the error.
    assert (together / alone).mean() == pytest.approx(2, rel=0.1)


def test_errors_agree_between_the_methods():
    truth = Truth(
        paths={("c0", "c1"): 0.5, ("c0", "c2"): 0.2, ("c1", "c2"): 0.4},
        loadings=dict(zip(MODEL.items, [0.9, 0.8, 0.7, 0.85, 0.75, 1.0], strict=True)),
    )
    survey = simulate(MODEL, truth, 3_000, 5)
    draws = [
        bootstrap(fit(MODEL, survey), survey, n_resamples=2000, rng=1),
        bootstrap(fit(MODEL, survey), survey, n_resamples=2000, rng=1, draw="parametric"),
        jackknife(fit(MODEL, survey), survey),
        jackknife(fit(MODEL, survey), survey, kind="infinitesimal"),
    ]
    errors = np.array([found.paths["std_error"] for found in draws])
    # Bootstrap errors of 2,000 resamples are known to 1.6 %; normal answers, so all agree.
    assert np.abs(errors / errors.mean(axis=0) - 1).max() < 0.08


def test_the_jackknife_of_a_mean_is_its_textbook_error(survey):
    model = StructuralModel.from_text("c0 =~ c0i0; c2 =~ c2i0; c2 ~ c0")
    for kind in ("delete-one", "infinitesimal"):
        found = jackknife(fit(model, survey, scale=(1, 10)), survey, kind=kind).index
        expected = survey[["c0i0", "c2i0"]].std() / np.sqrt(len(survey)) * 100 / 9
        # The infinitesimal jackknife divides by n, not n - 1.
        if kind == "infinitesimal":
            expected = expected * np.sqrt((len(survey) - 1) / len(survey))
        np.testing.assert_allclose(found["std_error"], expected, rtol=1e-6)


@pytest.mark.study
def test_a_correlation_has_the_error_of_theory():
    # For normal answers the error of a correlation is (1 - r^2) / sqrt(n).
    model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    truth = Truth(paths={("a", "b"): 0.6}, loadings={"a1": 1, "b1": 1})
    survey = simulate(model, truth, 2_000, 1)
    for interval in ("percentile", "bca", "basic", "studentized"):
        found = bootstrap(
            fit(model, survey), survey, n_resamples=600, rng=1, interval=interval
        ).paths.iloc[0]
        r = found["estimate"]
        assert found["std_error"] == pytest.approx((1 - r**2) / np.sqrt(2_000), rel=0.1)
        assert found["ci_high"] - found["ci_low"] == pytest.approx(
            2 * 1.96 * found["std_error"], rel=0.15
        )


@pytest.mark.parametrize("interval", ["percentile", "basic", "bca", "studentized"])
def test_p_values_agree_with_intervals(survey, interval):
    result = fit(MODEL, survey)
    boot = bootstrap(result, survey, n_resamples=199, rng=1, interval=interval, level=0.9)
    table = boot.estimates.frame()
    excluded = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    asked = table["p_value"].notna()
    assert ((table["p_value"] < 0.1) == excluded)[asked].all()
    # 0 is a question for all quantities that can be below it.
    above_zero = {"index", "r_squared", "htmt", "alpha", "rho_a", "rho_c", "ave"}
    single = table["name"].isin(["c2i0"])  # its weight and loading are 1 by definition
    assert set(table["quantity"][~asked & ~single]) <= above_zero
    assert not set(table["quantity"][asked]) & above_zero


def test_differences(survey):
    boot = bootstrap(fit(MODEL, survey, scale=(1, 10)), survey, n_resamples=300, rng=1)
    found = boot.difference(("paths", "c0", "c1"), ("paths", "c0", "c2"))
    one, two = boot.paths["estimate"][:2]
    assert found["estimate"] == pytest.approx(one - two)
    apart = boot.estimates.replicates[:, 0] - boot.estimates.replicates[:, 1]
    assert found["std_error"] == pytest.approx(apart.std(ddof=1))
    assert boot.difference(("index", "c0"), ("index", "c0"))["std_error"] == 0
    route = boot.difference(("specific_effects", "c0 -> c1 -> c2"), ("paths", "c0", "c2"))
    assert np.isfinite(route["p_value"])
    for wrong in (("nothing", "c0"), ("paths", "c0"), ("paths", "c1", "c0"), ("index", "c9")):
        with pytest.raises(OptionError):
            boot.difference(wrong, ("index", "c0"))


def test_htmt_is_tested_against_a_threshold(survey):
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=400, rng=1)
    for threshold in (0.3, 0.6, 0.9):
        table = boot.htmt_test(threshold=threshold)
        assert ((table["p_value"] < 0.05) == (table["ci_high"] < threshold)).all()
    assert boot.htmt_test(threshold=2.0)["p_value"].max() == pytest.approx(1 / 401)


def test_failures_are_counted_by_kind_and_warned_of():
    # One answer of twelve differs: in about a third of the resamples the item is constant.
    survey = pd.DataFrame(answers(np.random.default_rng(2), 12, [1, 1], [(0, 1)]))
    survey.columns = ["c0i0", "c1i0"]
    survey["c0i0"] = 3.0
    survey.loc[0, "c0i0"] = 4.0
    with pytest.warns(FailedResamplesWarning, match="left out of everything: constant_item") as w:
        boot = bootstrap(fit(model_of([1, 1], [(0, 1)]), survey), survey, n_resamples=500, rng=1)
    assert w[0].filename == __file__
    expected = 500 * (11 / 12) ** 12
    assert boot.failures["constant_item"] == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert len(boot.estimates.replicates) + boot.n_failed == 500


def test_a_quantity_that_some_resamples_lack_rests_on_the_others():
    model = ecsi(datasets.mobile_phone_items())
    survey = datasets.load_mobile_phones()
    with pytest.warns(FailedResamplesWarning, match="index loyalty in"):
        boot = bootstrap(fit(model, survey, scale=(1, 10)), survey, n_resamples=500, rng=1)
    place = boot.estimates.place(("index", "loyalty"))
    column = boot.replicates_of(("index", "loyalty"))
    assert boot.undefined[place] == np.isnan(column).sum() > 0
    row = boot.index.set_index("construct").loc["loyalty"]
    assert row["std_error"] == pytest.approx(np.nanstd(column, ddof=1))
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert f"index loyalty in {boot.undefined[place]}" in str(boot.summary()).replace("\n  ", " ")


def test_more_routes_than_can_be_resampled_are_refused():
    # Of 24 constructs, each driving all after it, 2**24 - 24 - 1 - 276 sets of three and more are
    # the stations of a route.
    model = model_of([1] * 24, [(k, m) for m in range(24) for k in range(m)])
    survey = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 24)), columns=model.items)
    with pytest.raises(ModelError, match="along 16,776,915 indirect routes"):
        bootstrap(fit(model, survey), survey, n_resamples=40, rng=1)


@pytest.mark.parametrize("blank", ["", " ", None])
@pytest.mark.parametrize("kind", [object, "category"])
@pytest.mark.parametrize("option", ["clusters", "strata"])
def test_respondents_without_a_group_are_refused(survey, option, kind, blank):
    groups = pd.Series(["a", "b", "c"] * 30)
    groups[4] = blank
    data = survey.assign(g=groups.astype(kind))
    with pytest.raises(DataError, match="without a group"):
        bootstrap(fit(MODEL, survey), data, n_resamples=40, rng=1, **{option: "g"})
    data["g"] = pd.Series([["a"]] * 90)
    with pytest.raises(DataError, match="no categories"):
        bootstrap(fit(MODEL, survey), data, n_resamples=40, rng=1, **{option: "g"})


@pytest.mark.parametrize("size", [1e-250, 1e250])
def test_the_unit_of_weights_changes_nothing(survey, size):
    weights = np.linspace(0.5, 1.5, 90)
    found = []
    for unit in (1.0, size):
        data = survey.assign(w=weights * unit)
        boot = bootstrap(fit(MODEL, data, weights="w"), data, n_resamples=40, rng=1)
        found.append(boot.paths[COLUMNS].to_numpy())
    np.testing.assert_allclose(*found, rtol=1e-9)


@pytest.mark.parametrize(
    ("strata", "clusters"),
    [(np.arange(90), None), (np.r_[0, np.ones(89)], None), (np.arange(90) // 30,) * 2],
)
def test_a_stratum_of_one_is_refused(survey, strata, clusters):
    data = survey.assign(s=strata, c=clusters)
    options = {"strata": "s", "clusters": None if clusters is None else "c"}
    with pytest.raises(DataError, match=r"has one (respondent|cluster), of whom nothing"):
        bootstrap(fit(MODEL, survey), data, n_resamples=40, rng=1, **options)


@pytest.mark.parametrize("ask", ["row", "replicates_of", "difference"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ([], r"the name is \(\); give a quantity"),
        (("path", "c0"), "no quantity is called 'path'"),
        (("paths", "c0"), "is not the name of one quantity"),
        (np.ma.array(["paths", "c0"], mask=[1, 0]), "None"),
        ({"paths"}, "has no order"),
        ("paths", "the name is 'paths'; give a quantity"),
    ],
)
def test_a_name_of_no_quantity_is_refused(survey, ask, name, message):
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=40, rng=1)
    given = [name] if ask != "difference" else [("paths", "c0", "c1"), name]
    with pytest.raises(OptionError, match=message):
        getattr(boot, ask)(*given)


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ImproperSolutionWarning")
def test_the_exact_fit_test_holds_its_size_and_finds_a_wrong_model():
    truth = Truth(
        paths={("c0", "c1"): 0.5, ("c0", "c2"): 0.2, ("c1", "c2"): 0.4},
        loadings=dict(zip(MODEL.items, [0.9, 0.8, 0.7, 0.85, 0.75, 1.0], strict=True)),
    )
    rng = np.random.default_rng(1)
    rejected = [
        exact_fit_test(
            fit(MODEL, survey := simulate(MODEL, truth, 300, rng), consistent=True),
            survey,
            n_resamples=99,
            rng=rng,
        )
        .distances["p_value"]
        .to_numpy()
        <= 0.05
        for _ in range(60)
    ]
    # 5 in 100 are expected; of 60 samples at most 9 with probability 0.998.
    assert np.mean(rejected, axis=0).max() <= 0.15
    wrong = model_of([3, 2, 1], ARROWS)
    shuffled = simulate(MODEL, truth, 300, 2)
    shuffled.columns = wrong.items
    result = fit(wrong, shuffled, consistent=True)
    found = exact_fit_test(result, shuffled, n_resamples=199, rng=1)
    assert (found.distances["p_value"] < 0.05).all()


def test_the_exact_fit_test_reports_the_fit_measures(survey):
    result = fit(MODEL, survey, consistent=True)
    found = exact_fit_test(result, survey, n_resamples=50, rng=1).distances
    measures = result.fit_measures()
    for model in ("saturated", "estimated"):
        part = found[found["model"] == model].set_index("measure")
        np.testing.assert_allclose(part["statistic"], measures[model].loc[part.index], atol=SAME)
    assert (found["critical_95"] <= found["critical_99"]).all()


def test_the_exact_fit_test_says_how_many_resamples_failed():
    # One answer of twelve differs: in about a third of the resamples the item is constant.
    survey = pd.DataFrame(answers(np.random.default_rng(2), 12, [1, 1], [(0, 1)]))
    survey.columns = ["c0i0", "c1i0"]
    survey["c0i0"] = 3.0
    survey.loc[0, "c0i0"] = 4.0
    result = fit(model_of([1, 1], [(0, 1)]), survey)
    with pytest.warns(FailedResamplesWarning, match="left out of everything: constant_item"):
        found = exact_fit_test(result, survey, n_resamples=60, rng=1)
    assert (found.n_obs, found.n_resamples) == (12, 60)
    used = found.distances.groupby("model")["n_resamples"].max()
    assert found.n_failed == 60 - used.min() > 10
    page = str(found.summary())
    assert "srmr" in page
    assert f"60, {found.n_failed} left out" in page


def test_fit_and_bootstrap_have_the_same_tables(survey):
    result = fit(MODEL, survey, scale=(1, 10))
    boot = bootstrap(result, survey, n_resamples=60, rng=1)
    for name in (
        *("paths", "weights", "loadings", "total_effects", "impacts", "index", "r_squared"),
        *("reliability", "htmt"),
    ):
        points, table = getattr(result, name), getattr(boot, name)
        shared = [column for column in points if column in table]
        assert shared[-1] == "estimate"
        pd.testing.assert_frame_equal(points[shared], table[shared], atol=SAME)
    assert len(boot.estimates) == len(boot.undefined)
    # Every row has a name of its own.
    assert len(set(boot.estimates.names)) == len(boot.estimates)


def test_other_programs_find_paths_with_their_errors(survey):
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=1)
    table = boot.__maketables_coef_table__
    assert table["se"].to_list() == boot.paths["std_error"].to_list()
    assert table["ci95u"].to_list() == boot.paths["ci_high"].to_list()


def test_an_improper_model_cannot_be_tested_exactly(survey):
    twins = survey.assign(c1i1=survey["c1i0"])
    with pytest.raises(NotIdentifiedError, match="positive definite"):
        exact_fit_test(fit(MODEL, twins, consistent=True), twins, n_resamples=20, rng=1)


BAD = {
    "one resample": ({"n_resamples": 1}, OptionError, "at least 2"),
    "too few for the level": ({"n_resamples": 20}, OptionError, "draw at least 39"),
    "level 0": ({"level": 0}, OptionError, "between 0 and 1"),
    "level 95": ({"level": 95}, OptionError, "between 0 and 1"),
    "interval": ({"interval": "bc"}, OptionError, "'percentile', 'basic', 'bca'"),
    "draw": ({"draw": "rows"}, OptionError, "'respondents', 'parametric'"),
    "progress": ({"progress": 1}, OptionError, "True or False"),
    "no such cluster": ({"clusters": "nobody"}, DataError, "no column 'nobody'"),
    "one cluster": ({"clusters": "one"}, DataError, "'one' of clusters has one value"),
    "clusters missing": ({"clusters": "holes"}, DataError, "'holes' has respondents without"),
    "clusters across strata": (
        {"clusters": "pairs", "strata": "halves"},
        DataError,
        "'pairs' lies in two strata of 'halves'",
    ),
    "parametric clusters": (
        {"draw": "parametric", "clusters": "pairs"},
        OptionError,
        "need respondents",
    ),
    "parametric bca": ({"draw": "parametric", "interval": "bca"}, OptionError, "needs respondents"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(survey, name):
    options, error, message = BAD[name]
    data = survey.assign(
        one=1, holes=[None, *range(89)], pairs=np.arange(90) // 2, halves=np.arange(90) % 2
    )
    with pytest.raises(error, match=message):
        bootstrap(fit(MODEL, data), data, **options)


@pytest.mark.parametrize("procedure", [bootstrap, jackknife, exact_fit_test])
def test_a_model_that_was_not_fitted_is_refused(survey, procedure):
    with pytest.raises(
        OptionError, match=r"a StructuralModel, not a StructuralResult; give what fit\(\) returns"
    ):
        procedure(MODEL, survey)


def test_moments_need_the_parametric_bootstrap(survey):
    moments = Moments.from_frame(survey)
    result = fit(MODEL, moments)
    with pytest.raises(OptionError, match='draw="parametric"'):
        bootstrap(result, moments, n_resamples=50)
    with pytest.raises(DataError, match=r'keeps no answers.*draw="parametric"'):
        bootstrap(result, n_resamples=50)
    with pytest.raises(OptionError, match="no respondents"):
        jackknife(result, moments)
    found = bootstrap(result, n_resamples=50, draw="parametric", rng=1)
    assert found.method == "parametric bootstrap"
    again = bootstrap(result, moments, n_resamples=50, draw="parametric", rng=1)
    assert again.paths.equals(found.paths)


def drop_rows(survey):
    return survey.iloc[:-1]


def move_an_item(survey):
    return survey.assign(c1i1=survey["c1i1"] + 1e-3)


def shuffle_an_item(survey):
    return survey.assign(c0i1=survey["c0i1"].sample(frac=1, random_state=1).to_numpy())


OTHER_DATA = {
    "fewer rows": (drop_rows, "89 respondents, and the result rests on 90"),
    "another mean": (move_an_item, "means of 'c1i1' are not those in the result"),
    "other covariances": (shuffle_an_item, "covariances of .*'c0i1'.* are not those"),
    "an item less": (lambda s: s.drop(columns="c2i0"), "no column 'c2i0'"),
}


@pytest.mark.parametrize("name", OTHER_DATA)
def test_data_that_the_result_was_not_fitted_to_are_refused(survey, name):
    change, message = OTHER_DATA[name]
    result = fit(MODEL, survey, scale=(1, 10))
    for again in (bootstrap, jackknife, exact_fit_test):
        with pytest.raises(DataError, match=message):
            again(result, change(survey))
    with pytest.raises(DataError, match=message):
        bootstrap(result, change(survey), draw="parametric")


def test_data_that_were_weighted_are_read_with_their_weights(survey):
    weighted = survey.assign(w=np.random.default_rng(1).uniform(0.5, 2, len(survey)))
    result = fit(MODEL, weighted, weights="w")
    assert bootstrap(result, weighted, n_resamples=50, rng=1).n_failed == 0
    with pytest.raises(DataError, match="no column 'w'"):
        bootstrap(result, survey)
    with pytest.raises(DataError, match=r"means of .* fit the model to these first"):
        bootstrap(fit(MODEL, survey), weighted.assign(c0i0=weighted["c0i0"] * weighted["w"]))


def test_the_order_of_rows_and_the_kind_of_table_do_not_matter(survey):
    result = fit(MODEL, survey)
    shuffled = survey.sample(frac=1, random_state=1)
    one, two = jackknife(result, survey), jackknife(result, pl.from_pandas(shuffled))
    np.testing.assert_allclose(one.estimates.std_error, two.estimates.std_error, atol=SAME)


def test_differences_of_a_jackknife_rest_on_its_covariance(survey):
    found = jackknife(fit(MODEL, survey), survey)
    names = ("paths", "c0 -> c1"), ("paths", "c0 -> c2")
    by_covariance = found.estimates.difference(*names)
    np.testing.assert_allclose(found.difference(*names), by_covariance, rtol=1e-9)
    varies = ~np.isnan(found.estimates.std_error)
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.estimates.covariance))[varies],
        found.estimates.std_error[varies],
        rtol=1e-9,
    )


def test_parametric_covariances_are_those_of_samples():
    # Means and variances of drawn covariances against the Wishart distribution's.
    world = population(
        StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a"),
        Truth(paths={("a", "b"): 0.6}, loadings={"a1": 1, "b1": 1}),
    )
    result = fit(world.model, world.moments(50))
    boot = bootstrap(result, n_resamples=20_000, draw="parametric", rng=1)
    r = boot.paths.iloc[0]
    assert result.paths["estimate"].item() == pytest.approx(0.6)
    # The error of r in normal samples of 50, to the first order, is (1 - r^2) / sqrt(49).
    assert r["std_error"] == pytest.approx(0.64 / 7, rel=0.03)


def test_progress_is_shown_on_standard_error(survey, capsys):
    bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=1, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith("60/60\n")
    bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=1)
    assert capsys.readouterr().err == ""


def test_tables_for_a_paper(survey):
    boot = bootstrap(fit(MODEL, survey, scale=(1, 10)), survey, n_resamples=100, rng=1)
    plain, starred = boot.summary(), boot.summary(stars=True)
    assert "*" not in str(plain)
    assert "*" in str(starred)
    assert "p_value" in str(starred), "stars are never the only mark"
    latex = starred.to_latex()
    assert latex.count(r"\toprule") == latex.count(r"\bottomrule") == len(starred.tables)


def test_the_result_cannot_be_changed(survey):
    boot = bootstrap(fit(MODEL, survey), survey, n_resamples=60, rng=1)
    with pytest.raises(ValueError, match="read-only"):
        boot.estimates.replicates[0, 0] = 1
    table = boot.paths
    table["estimate"] = 0.0
    assert (boot.paths["estimate"] != 0).all()
