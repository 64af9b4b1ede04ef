"""The service profit chain as a path model: against regressions, tracing, resampling, coverage."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel._core import resampling
from loyaltymodel._core.robust import left_out
from loyaltymodel.chain.service_profit import fit as estimation
from loyaltymodel.chain.service_profit.fit import service_profit_paths
from loyaltymodel.chain.service_profit.kernels import path_coefficients, total_effects
from loyaltymodel.chain.service_profit.links import (
    CONSTRUCTS,
    LINKS,
    pairs,
    service_profit_chain,
)
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
)

from tolerances import EXACT, SAME

TRUTH = dict(zip(LINKS, (0.6, 0.5, 0.4, 0.5, 0.3, 0.7, 0.6, 0.5, 0.0), strict=True))
STAFF, CONTENT, CUSTOMERS = "employee_retention", "employee_satisfaction", "customer_loyalty"


def world(rng, n, *, truth=TRUTH):
    """Units in which every construct is its sources and an error of variance 1."""
    values = {}
    for name in CONSTRUCTS:
        caused = sum(truth[link] * values[link[0]] for link in LINKS if link[1] == name)
        values[name] = caused + rng.normal(size=n)
    return pd.DataFrame(values)


@pytest.fixture(scope="module")
def branches():
    return world(np.random.default_rng(1), 40)


@pytest.fixture(scope="module")
def found(branches):
    return service_profit_paths(data=branches, rng=1)


def numbers(table):
    """All numbers of a table of estimates (k, 4), or with p-values (k, 5)."""
    return table.frame().select_dtypes("number").to_numpy()


def sources_of(target):
    return [source for source, end in LINKS if end == target]


def routes(source, target):
    """Every directed route, found by walking."""
    if source == target:
        return [[]]
    return [
        [(source, step), *rest]
        for start, step in LINKS
        if start == source
        for rest in routes(step, target)
    ]


def effect_of(frame, source, target, column="estimate"):
    return frame.set_index(["source", "target"]).loc[(source, target), column]


def test_links_are_those_of_statsmodels(branches, found):
    paths = found.paths.set_index(["source", "target"])
    r_squared = found.equations.set_index("target")["r_squared"]
    for target in dict(LINKS).values():
        drivers = sources_of(target)
        design = sm.add_constant(branches[drivers].to_numpy())
        other = sm.OLS(branches[target].to_numpy(), design).fit(cov_type="HC3", use_t=True)
        ends = other.conf_int()
        for k, source in enumerate(drivers, start=1):
            expected = [other.params[k], other.bse[k], *ends[k], other.pvalues[k]]
            row = paths.loc[(source, target)]
            assert row.iloc[:5].tolist() == pytest.approx(expected, abs=SAME)
            unit = branches[source].std() / branches[target].std()
            own = found.standardised_path_estimates.row((source, target))["estimate"]
            assert own == pytest.approx(other.params[k] * unit, abs=SAME)
        assert r_squared[target] == pytest.approx(other.rsquared, abs=SAME)


def test_errors_of_clusters_are_those_of_leaving_each_out(branches):
    region = np.arange(40) % 7
    found = service_profit_paths(data=branches, clusters=region, rng=1)
    y = branches["external_service_value"].to_numpy()
    x = sm.add_constant(branches[sources_of("external_service_value")].to_numpy())
    whole = sm.OLS(y, x).fit().params
    apart = np.array(
        [sm.OLS(y[region != g], x[region != g]).fit().params - whole for g in range(7)]
    )
    error = np.sqrt(6 / 7 * (apart**2).sum(axis=0))[1:]
    rows = found.paths.query("target == 'external_service_value'")
    assert rows["std_error"].tolist() == pytest.approx(error.tolist(), rel=1e-9)
    reach = stats.t.ppf(0.975, 6) * error
    assert (rows["ci_high"] - rows["estimate"]).tolist() == pytest.approx(reach.tolist())
    assert found.n_clusters == 7
    assert "clusters   7" in str(found.summary())


def test_clusters_may_be_a_column_of_names(branches):
    table = branches.assign(region=np.array(list("abcde"))[np.arange(40) % 5])
    by_column = service_profit_paths(data=table, clusters="region", rng=1)
    by_codes = service_profit_paths(data=branches, clusters=np.arange(40) % 5, rng=1)
    pd.testing.assert_frame_equal(by_column.paths, by_codes.paths)
    pd.testing.assert_frame_equal(by_column.effects, by_codes.effects)


def test_effects_are_those_of_the_inverse(found):
    place = {name: k for k, name in enumerate(CONSTRUCTS)}
    for frame, paths in (
        (found.effects, found.paths),
        (found.standardised_effects, found.standardised_paths),
    ):
        b = np.zeros((9, 9))
        for row in paths.itertuples():
            b[place[row.source], place[row.target]] = row.estimate
        total = np.linalg.inv(np.eye(9) - b) - np.eye(9)
        expected = [total[place[row.source], place[row.target]] for row in frame.itertuples()]
        assert frame["estimate"].tolist() == pytest.approx(expected, abs=SAME)
        assert len(frame) == 34
        links = frame[frame["direct"]]
        assert set(zip(links["source"], links["target"], strict=True)) == set(LINKS)


def test_one_coefficient_has_one_interval(branches):
    for clusters in (None, np.arange(len(branches)) % 10):
        found = service_profit_paths(data=branches, clusters=clusters, n_resamples=400, rng=1)
        for effects, paths in (
            (found.effects, found.paths),
            (found.standardised_effects, found.standardised_paths),
        ):
            ends = ["std_error", "ci_low", "ci_high"]
            joined = effects[effects["direct"]].merge(paths, on=["source", "target"])
            assert len(joined) == 9
            for end in ends:
                np.testing.assert_array_equal(joined[f"{end}_x"], joined[f"{end}_y"])


def test_loyal_employees_in_three_ways(branches, found):
    rows = found.employee_loyalty.set_index("quantity")
    chain = rows.loc["total effect along the chain"]
    assert chain["estimate"] == effect_of(found.effects, STAFF, CUSTOMERS)
    y = branches[CUSTOMERS].to_numpy()
    for how, drivers in (
        ("regression across units", [STAFF]),
        ("regression, employee satisfaction held", [STAFF, CONTENT]),
    ):
        design = sm.add_constant(branches[drivers].to_numpy())
        other = sm.OLS(y, design).fit(cov_type="HC3", use_t=True)
        expected = [other.params[1], other.bse[1], *other.conf_int()[1]]
        assert rows.loc[how].tolist() == pytest.approx(expected, abs=SAME)


def test_what_makes_both_is_in_the_plain_regression_only():
    # Var(satisfaction) 1.36, retention 0.5 of it and an error: covariance 0.68, variance 1.34.
    # Loyal customers: 0.42 of value, 0.5 of retention and 0.3 of productivity, 0.4 of
    # satisfaction, which is 0.68 / 1.34 of retention.
    found = service_profit_paths(
        data=world(np.random.default_rng(2), 50_000), n_resamples=40, rng=1
    )
    chain, plain, held = found.loyalty_estimates.estimate
    # Four standard errors of about 1.2 / sqrt(50,000).
    assert chain == pytest.approx(0.21, abs=0.022)
    assert held == pytest.approx(0.21, abs=0.022)
    assert plain == pytest.approx(0.21 + 0.42 * 0.3 * 0.4 * 0.68 / 1.34, abs=0.022)


def one_by_one(table, draw, n_resamples):
    """Standardised and raw effect of loyal employees on loyal customers, drawn as tables."""
    drawn = []
    for _ in range(n_resamples):
        values = table.iloc[draw()]
        c = values.cov().to_numpy()
        k = {name: j for j, name in enumerate(table)}
        raw = 1.0
        for target in ("external_service_value", "customer_satisfaction", CUSTOMERS):
            drivers = [k[name] for name in sources_of(target)]
            b = np.linalg.solve(c[np.ix_(drivers, drivers)], c[drivers, k[target]])
            raw *= b[0]
        drawn.append((raw, raw * values[STAFF].std() / values[CUSTOMERS].std()))
    return np.array(drawn)


@pytest.mark.parametrize("clustered", [False, True])
def test_resampling_is_that_of_units_drawn_one_by_one(branches, clustered):
    rng = np.random.default_rng(3)
    region = np.arange(40) % 20
    members = [np.flatnonzero(region == g) for g in range(20)]

    def draw():
        if clustered:
            return np.concatenate([members[g] for g in rng.integers(0, 20, 20)])
        return rng.integers(0, 40, 40)

    drawn = one_by_one(branches, draw, 600)
    clusters = region if clustered else None
    found = service_profit_paths(data=branches, clusters=clusters, n_resamples=4000, rng=1)
    ours = [
        effect_of(frame, STAFF, CUSTOMERS, "std_error")
        for frame in (found.effects, found.standardised_effects)
    ]
    # A standard error from 600 draws is itself sure to about 3 percent where they are nearly
    # normal, from 4,000 to 1.2; products are longer-tailed. Four times both is 13 percent.
    assert ours == pytest.approx(drawn.std(axis=0, ddof=1).tolist(), rel=0.14)


def test_widening_makes_the_interval_of_a_mean_that_of_student():
    # The bootstrap of a mean of n is normal with variance s^2 (n - 1) / n^2.
    for n in (5, 12, 100):
        level = estimation._widened(0.9, n, 10**6)
        reach = stats.norm.ppf((1 + level) / 2) * np.sqrt((n - 1) / n)
        assert reach == pytest.approx(stats.t.ppf(0.95, n - 1), rel=1e-9)


@settings(max_examples=12)
@given(
    scales=st.lists(st.floats(0.1, 10), min_size=9, max_size=9),
    shifts=st.lists(st.floats(-10, 10), min_size=9, max_size=9),
)
def test_units_are_carried_through(scales, shifts):
    plain = world(np.random.default_rng(4), 12)
    moved = plain * scales + shifts
    unit = dict(zip(CONSTRUCTS, scales, strict=True))
    options = {"n_resamples": 200, "level": 0.8, "rng": 1}
    first, second = (service_profit_paths(data=table, **options) for table in (plain, moved))
    by_link = np.array([unit[target] / unit[source] for source, target in LINKS])
    by_pair = np.array([unit[target] / unit[source] for source, target, _ in pairs()])
    # Shifts of 10 on a spread of 0.1 cost four digits.
    before, after = (numbers(found.path_estimates) for found in (first, second))
    np.testing.assert_allclose(after[:, 4], before[:, 4], rtol=1e-7)
    np.testing.assert_allclose(after[:, :4], before[:, :4] * by_link[:, None], rtol=1e-7)
    before, after = (numbers(found.effect_estimates) for found in (first, second))
    np.testing.assert_allclose(after, before * by_pair[:, None], rtol=1e-7, atol=1e-9)
    before, after = (numbers(found.standardised_effect_estimates) for found in (first, second))
    np.testing.assert_allclose(after, before, rtol=1e-7, atol=1e-9)


def test_what_was_not_measured_is_unknown_and_said(branches):
    table = branches.drop(columns=["customer_satisfaction", "employee_productivity"])
    found = service_profit_paths(data=table, rng=1)
    paths = found.paths.set_index(["source", "target"])
    gone = [link for link in LINKS if not set(link) <= set(table)]
    assert len(gone) == 4
    assert paths.loc[gone].isna().all(axis=None)
    assert paths.drop(index=gone).notna().all(axis=None)
    # Over satisfaction there is no way; from content employees to value one of two.
    effects = found.effects.set_index(["source", "target"])
    assert effects.loc[(STAFF, CUSTOMERS)].iloc[3:].isna().all()
    assert not effects.loc[(STAFF, CUSTOMERS), "direct"]
    assert effects.loc[(STAFF, CUSTOMERS), ["routes", "routes_measured"]].tolist() == [1, 0]
    part = effects.loc[(CONTENT, "external_service_value")]
    assert part[["routes", "routes_measured"]].tolist() == [2, 1]
    product = paths.loc[(CONTENT, STAFF), "estimate"]
    product *= paths.loc[(STAFF, "external_service_value"), "estimate"]
    assert part["estimate"] == pytest.approx(product, abs=SAME)
    assert found.employee_loyalty["estimate"].isna().tolist() == [True, False, False]
    equations = found.equations.set_index("target")
    assert equations.loc["external_service_value", "not_measured"] == "employee_productivity"
    assert np.isnan(equations.loc[CUSTOMERS, "r_squared"])
    text = " ".join(str(found.summary()).split())
    assert "Not measured: employee_productivity, customer_satisfaction" in text
    assert "the rest of the effect is not in the number" in text
    assert "together with employee_productivity" in text
    assert "rests on" not in text


def test_loyal_people_alone_can_be_regressed(branches):
    found = service_profit_paths(data=branches[[STAFF, CUSTOMERS]], rng=1)
    assert found.paths["estimate"].isna().all()
    assert found.employee_loyalty["estimate"].isna().tolist() == [True, False, True]
    assert "regression across units" in str(found.summary())
    assert "Links in units" not in str(found.summary())


def test_the_summary_says_what_is_there(found):
    text = str(found.summary())
    assert "units      40" in text
    assert "40 units are few" not in text
    assert "Not measured" not in text
    assert "causal only if" in text
    few = service_profit_paths(data=world(np.random.default_rng(5), 12), rng=1)
    assert "12 units are few" in str(few.summary())


def test_seeds_slices_and_tables(branches, monkeypatch):
    before = branches.copy()
    options = {"n_resamples": 100, "level": 0.9, "rng": 1}
    found = service_profit_paths(data=branches, **options)
    again = service_profit_paths(data=pl.from_pandas(branches), **options)
    np.testing.assert_array_equal(numbers(again.effect_estimates), numbers(found.effect_estimates))
    other = service_profit_paths(data=branches, **{**options, "rng": 2})
    np.testing.assert_array_equal(numbers(other.path_estimates), numbers(found.path_estimates))
    assert not np.allclose(
        numbers(other.effect_estimates)[:, 2], numbers(found.effect_estimates)[:, 2]
    )
    monkeypatch.setattr(resampling, "_COUNTS", 7 * 40)
    sliced = service_profit_paths(data=branches, **options)
    np.testing.assert_allclose(
        numbers(sliced.effect_estimates), numbers(found.effect_estimates), atol=SAME
    )
    pd.testing.assert_frame_equal(branches, before)
    renamed = branches.rename(columns=str.upper)
    names = {name.lower(): name for name in reversed(list(renamed))}
    by_name = service_profit_paths(data=renamed, columns=names, **options)
    np.testing.assert_array_equal(
        numbers(by_name.effect_estimates), numbers(sliced.effect_estimates)
    )


def test_results_stay_as_they_are(found):
    loaded = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(numbers(loaded.path_estimates), numbers(found.path_estimates))
    for result in (found, loaded):
        with pytest.raises(ValueError, match="read-only"):
            result.effect_estimates.estimate[0] = 1.0
        frame = result.effects
        frame.loc[:, "estimate"] = 0.0
        assert (result.effects["estimate"] != 0).any()


def test_units_with_gaps_are_left_out_of_everything(branches, found):
    holed = branches.copy()
    holed.loc[3, "profitability"] = np.nan
    dropped = service_profit_paths(data=holed, missing="drop", rng=1)
    without = service_profit_paths(data=branches.drop(index=3), rng=1)
    assert (dropped.n_obs, dropped.n_dropped) == (39, 1)
    np.testing.assert_array_equal(numbers(dropped.path_estimates), numbers(without.path_estimates))
    assert not np.allclose(numbers(dropped.path_estimates)[0], numbers(found.path_estimates)[0])


def test_failed_resamples_are_counted():
    # One unit in eight differs in value: a third of the resamples has none of it.
    table = pd.DataFrame(
        {
            "external_service_value": [0, 0, 0, 0, 0, 0, 0, 1],
            "customer_satisfaction": [1, 3, 2, 5, 4, 7, 6, 8],
        }
    )
    with pytest.warns(FailedResamplesWarning, match="does not vary"):
        found = service_profit_paths(data=table, level=0.8, rng=1)
    # (7 / 8)^8 = 0.344, and 1 / 8^7 with that unit alone; four standard errors are 0.043.
    assert found.n_failed / 2000 == pytest.approx(0.344, abs=0.043)
    # That unit decides the slope alone, so nothing is known of the error of the regression.
    assert np.isnan(found.paths.dropna(subset="estimate")["std_error"]).all()
    assert "rests on a single unit" in str(found.summary())
    # And the effect of the link is the same coefficient.
    assert np.isnan(effect_of(found.effects, *table, "ci_low"))


def base(**changes):
    rng = np.random.default_rng(6)
    columns = ["employee_retention", "employee_productivity", "external_service_value"]
    table = pd.DataFrame(rng.normal(size=(8, 3)), columns=columns)
    return table.assign(**changes)


BAD = [
    ({"data": base()[:4]}, DataError, "there are 4 units with every value; at least 5"),
    ({"data": base()[:1]}, DataError, "there is 1 unit with"),
    ({"data": base(employee_retention=1.0)}, DataError, "employee_retention is 1 for every unit;"),
    ({"data": base(employee_retention=np.nan)}, DataError, 'missing="drop"'),
    ({"data": base(employee_retention="high")}, DataError, "recode"),
    ({"data": base(employee_retention=np.inf)}, DataError, "infinite"),
    ({"data": base()[["employee_retention"]]}, OptionError, "columns="),
    ({"data": 3}, DataError, "table in memory"),
    ({"columns": {"employee_joy": "x"}}, OptionError, "employee_joy"),
    ({"columns": {"employee_retention": "x", "external_service_value": "y"}}, DataError, "'x'"),
    (
        {"data": base(employee_productivity=2 * base()["employee_retention"] + 1)},
        NotIdentifiedError,
        "leave one out",
    ),
    ({"columns": ["customer_loyalty"]}, OptionError, "mapping from construct"),
    ({"columns": {"customer_loyalty": 3}}, OptionError, "mapping from construct"),
    (
        {
            "columns": {
                "customer_loyalty": "employee_retention",
                "customer_satisfaction": "employee_retention",
            }
        },
        OptionError,
        "to customer_loyalty and customer_satisfaction, .* a column of its own",
    ),
    ({"clusters": [1] * 8}, DataError, "there is 1 cluster;"),
    ({"clusters": [1, 1, 2, 2, 3, 3, 4, 4]}, DataError, "give smaller ones"),
    ({"clusters": [1, 2]}, DataError, "equally long"),
    ({"n_resamples": 10}, OptionError, "draw at least 39"),
    ({"n_resamples": 50}, OptionError, "n_resamples of at least"),
    ({"level": 95}, OptionError, "between 0 and 1"),
    ({"missing": "mean"}, OptionError, "'raise', 'drop'"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_what_is_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        service_profit_paths(**{"data": base(), **options})


def test_the_chain_refuses_what_the_paths_refuse():
    for columns, message in (
        (["customer_loyalty"], "mapping from construct"),
        (
            dict.fromkeys(["employee_retention", "external_service_value"], "employee_retention"),
            "of its own",
        ),
    ):
        with pytest.raises(OptionError, match=message):
            service_profit_chain(data=base(), columns=columns)
    with pytest.raises(DataError, match="there are 4 units with"):
        service_profit_chain(data=base()[:4])


def test_the_least_number_of_resamples_is_what_the_docstring_says():
    for level, least in ((0.95, 175), (0.99, 10_917)):
        with pytest.raises(OptionError, match=f"at least {least};"):
            estimation._widened(level, 8, least - 2)
        tail = (1 - estimation._widened(level, 8, least)) / 2
        reach = stats.t.ppf((1 + level) / 2, 7) * np.sqrt(8 / 7)
        assert tail == pytest.approx(stats.norm.sf(reach), rel=1e-9)
        assert np.ceil(1 / tail) == least


def test_what_a_notebook_shows(found):
    assert repr(found) == "<ServiceProfitPaths: 40 units, 9 of 9 constructs measured>"
    assert found._repr_html_() == found.summary().to_html()


def test_too_few_resamples_that_can_be_estimated(monkeypatch):
    # As if in every resample one unit alone had been drawn.
    monkeypatch.setattr(
        estimation, "_resampled", lambda z, *_: [np.zeros((99, z.shape[1], z.shape[1]))]
    )
    with pytest.raises(NotIdentifiedError, match="more units"):
        service_profit_paths(data=base(), n_resamples=99, level=0.8)


def test_a_stack_of_matrices_is_solved_one_by_one():
    rng = np.random.default_rng(7)
    samples = rng.normal(size=(6, 50, 4)) @ rng.normal(size=(6, 4, 4))
    samples[2, :, 1] = 2 * samples[2, :, 0]  # sources that are alike
    samples[4, :, 3] = 1.0  # a target that does not vary
    stack = np.array([np.cov(rows, rowvar=False) for rows in samples])
    sources = ([], [], [0, 1], [0, 2])
    standardised, raw = path_coefficients(stack, sources)
    for k, rows in enumerate(samples):
        for target, drivers in enumerate(sources):
            column = raw[k, :, target]
            assert (column[[j for j in range(4) if j not in drivers]] == 0).all()
            if not drivers:
                continue
            if (k, target) in ((2, 2), (4, 3)):
                assert np.isnan(column[drivers]).all()
                continue
            other = sm.OLS(rows[:, target], sm.add_constant(rows[:, drivers])).fit().params[1:]
            assert column[drivers].tolist() == pytest.approx(other.tolist(), rel=1e-7)
            units = rows[:, drivers].std(axis=0) / rows[:, target].std()
            assert standardised[k, drivers, target].tolist() == pytest.approx(
                (other * units).tolist(), rel=1e-7
            )


def test_routes_are_counted_by_ones():
    for source, target, n in pairs():
        assert len(routes(source, target)) == n
    ones = np.zeros((1, 9, 9))
    names = list(CONSTRUCTS)
    for source, target in LINKS:
        ones[0, names.index(source), names.index(target)] = 1
    total = total_effects(ones)[0]
    inverse = np.linalg.inv(np.eye(9) - ones[0]) - np.eye(9)
    np.testing.assert_allclose(total, inverse, atol=EXACT)


def test_leaving_out_is_exact_for_lines():
    rng = np.random.default_rng(8)
    x = sm.add_constant(rng.normal(size=(30, 2)))
    y = rng.normal(size=30)
    fitted = sm.OLS(y, x).fit()
    single = left_out(x, fitted.resid)
    for k in (0, 17):
        rest = np.arange(30) != k
        expected = fitted.params - sm.OLS(y[rest], x[rest]).fit().params
        np.testing.assert_allclose(single.moved[k], expected, atol=SAME)
    np.testing.assert_allclose(single.covariance(single.moved), fitted.cov_HC3, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("n", [15, 25, 100])
def test_intervals_keep_their_promise(n):
    rng = np.random.default_rng(n)
    place = {name: k for k, name in enumerate(CONSTRUCTS)}
    direct = np.zeros((9, 9))
    for (source, end), value in TRUTH.items():
        direct[place[source], place[end]] = value
    total = np.linalg.inv(np.eye(9) - direct)
    truth = np.array([total[place[source], place[end]] for source, end, _ in pairs()])
    whole = service_profit_paths(data=world(np.random.default_rng(0), 1_000_000), n_resamples=40)
    over_several = np.array([(source, end) not in LINKS for source, end, _ in pairs()])
    hits = {"effects": [], "standardised": [], "links": [], "loyalties": []}
    for _ in range(1000):
        found = service_profit_paths(data=world(rng, n), n_resamples=1000, rng=rng)
        for name, target, table in (
            ("effects", truth, found.effect_estimates),
            (
                "standardised",
                whole.standardised_effect_estimates.estimate,
                found.standardised_effect_estimates,
            ),
            ("links", np.array([*TRUTH.values()]), found.path_estimates),
            ("loyalties", whole.loyalty_estimates.estimate, found.loyalty_estimates),
        ):
            hits[name].append((table.ci_low <= target) & (target <= table.ci_high))
    share = {name: np.mean(rows, axis=0) for name, rows in hits.items()}
    # Four standard errors of a share of 1,000 at 0.95 are 0.028. The shares of effects over
    # several links differ between pairs: with few units those of a link of 0 are too large.
    assert (np.abs(share["links"] - 0.945) < 0.028).all(), share["links"]
    assert (np.abs(share["loyalties"] - 0.945) < 0.03).all(), share["loyalties"]
    for name in ("effects", "standardised"):
        assert share[name][over_several].min() > 0.88, share[name]
        assert share[name][over_several].mean() == pytest.approx(0.945, abs=0.02)
