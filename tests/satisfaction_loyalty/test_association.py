"""Correlations, linearity and shares against scipy, statsmodels and published examples."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import evidence
from loyaltymodel.chain.service_profit.links import (
    service_profit_chain,
)
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.satisfaction_loyalty.association import association

from tolerances import EXACT, SAME

SCORES = np.array([1.0, 2, 3, 4, 5])
SHARES = [0.05, 0.10, 0.20, 0.40, 0.25]


def sample(rng, n, *, spread=None):
    """Scores as surveys have them, and loyalty that follows them in a straight line."""
    s = rng.choice(SCORES, p=SHARES, size=n)
    mean = 0.1 + 0.17 * s
    if spread is None:
        return s, (rng.random(n) < mean).astype(float)
    return s, mean + rng.normal(size=n) * spread(s)


@pytest.fixture(scope="module")
def people():
    s, loyal = sample(np.random.default_rng(3), 120)
    return s, loyal


def test_pearson_is_that_of_scipy(people):
    found = association(*people, level=0.9).estimates.row("Pearson correlation")
    other = stats.pearsonr(*people)
    interval = other.confidence_interval(0.9)
    assert found["estimate"] == pytest.approx(other.statistic, abs=SAME)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(interval), abs=SAME)


def test_spearman_is_the_published_one():
    # The example of ci.spear in the documentation of the R package statpsych (Bonett), which
    # states what it should return.
    y = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
    x = [67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]
    found = association(x, y).estimates.row("Spearman correlation")
    printed = (0.8699639, 0.5840951, 0.9638297)
    assert tuple(found[["estimate", "ci_low", "ci_high"]]) == pytest.approx(printed, abs=5e-8)


def test_spearman_averages_ties(people):
    assert association(*people).spearman == pytest.approx(
        stats.spearmanr(*people).statistic, abs=SAME
    )


@pytest.mark.parametrize("curved", [0.0, 0.3])
def test_linearity_is_that_of_statsmodels(curved):
    rng = np.random.default_rng(4)
    s = rng.normal(5, 2, size=80)
    loyal = s + curved * s**2 + rng.normal(size=80) * (1 + np.abs(s))
    test = association(s, loyal)
    line = sm.OLS(loyal, np.column_stack([np.ones(80), s])).fit()
    design = np.column_stack([np.ones(80), s, s**2])
    parabola = sm.OLS(loyal, design).fit()
    f, p, df = parabola.compare_f_test(line)
    assert (test.statistic[0], test.p_value[0]) == pytest.approx((f, p), rel=1e-8)  # s^2 is steep
    assert (test.df, df) == (77, 1)
    assert test.curvature == pytest.approx(parabola.params[2], rel=1e-8)
    robust = sm.OLS(loyal, design).fit(cov_type="HC3", use_t=True)
    assert test.statistic[1] == pytest.approx(robust.tvalues[2] ** 2, rel=1e-8)
    assert test.p_value[1] == pytest.approx(robust.pvalues[2], rel=1e-7)


@given(
    shift=st.floats(-50, 50),
    scale=st.floats(0.1, 10),
    turn=st.sampled_from([1, -1]),
)
def test_units_do_not_matter(shift, scale, turn):
    s, loyal = sample(np.random.default_rng(5), 60)
    plain, moved = association(s, loyal), association(shift + scale * s, 3 + turn * loyal)
    assert moved.pearson == pytest.approx(turn * plain.pearson, abs=SAME)
    assert moved.spearman == pytest.approx(turn * plain.spearman, abs=SAME)
    # Far from 0 the square of a score is nearly straight, which costs digits.
    assert moved.p_value[0] == pytest.approx(plain.p_value[0], rel=1e-6)
    curvature = turn * plain.curvature / scale**2
    assert moved.curvature == pytest.approx(curvature, rel=1e-6)


def test_perfect_lines_and_curves():
    s = np.arange(1.0, 9)
    line = association(s, 2 * s + 1)
    assert (line.pearson, *line.estimates.ci_low, *line.estimates.ci_high) == (1.0,) * 5
    assert np.isnan(line.p_value[0])
    falling = association(s, -(s**3))
    assert falling.spearman == -1.0
    assert falling.pearson > -1.0
    curve = association(s, s**2)
    assert curve.curvature == pytest.approx(1, abs=SAME)
    assert curve.p_value.tolist() == [0.0, 0.0]


def test_where_curvature_cannot_be_asked():
    two = association([1, 1, 2, 2, 2], [1, 2, 2, 3, 3])
    assert np.isnan(two.curvature)
    assert "two values only" in str(two.summary())
    alone = association([1, 1, 1, 2, 2, 2, 9], [1, 2, 3, 2, 3, 4, 5])
    assert np.isnan(alone.p_value[1])
    assert 0 < alone.p_value[0] < 1


@pytest.mark.parametrize(("n", "hits"), [(5, 0), (5, 5), (40, 1), (200, 90)])
def test_the_interval_of_the_share_is_that_of_statsmodels(n, hits):
    loyal = np.where(np.arange(n) < hits, 1, 5)
    s, loyal = np.append(np.full(n, 5), [1, 2]), np.append(loyal, [1, 5])
    found = association(s, loyal, cuts={"satisfaction": 5, "loyalty": 3}, level=0.9)
    row = found.estimates.row("satisfied, not loyal")
    ends = proportion_confint(hits, n, alpha=0.1, method="wilson")
    assert found.satisfied_not_loyal == row["estimate"] == hits / n
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(ends), abs=EXACT)


def test_satisfied_and_not_loyal():
    s, loyal = [5, 5, 4, 4, 3, 1], [1, 5, 4, 2, 1, 1]
    found = association(s, loyal, cuts=4)
    assert (found.n_satisfied, found.satisfied_not_loyal) == (4, 0.5)
    assert len(found.quantities) == 3
    assert "satisfied, from 4" in str(found.summary())
    plain = association(s, loyal)
    assert plain.satisfied_not_loyal is None
    assert len(plain.quantities) == 2


def test_columns_of_any_table(people):
    s, loyal = people
    table = {"sat": s, "loy": loyal}
    plain = association(s, loyal)
    for frame in (pd.DataFrame(table), pl.DataFrame(table)):
        assert association("sat", "loy", data=frame).pearson == plain.pearson
    holed = pd.DataFrame(table)
    holed.loc[0, "sat"] = np.nan
    found = association("sat", "loy", data=holed, missing="drop")
    assert (found.n_obs, found.n_dropped) == (119, 1)


BAD = [
    (([1, 2, 3], [1, 2, 3]), {}, DataError, "at least 5"),
    (([1] * 6, range(6)), {}, DataError, "satisfaction is 1 for every customer"),
    ((range(6), [0] * 6), {}, DataError, "loyalty is 0"),
    (([1, 2, 3, 4, np.nan], range(5)), {}, DataError, 'missing="drop"'),
    ((range(5), range(6)), {}, DataError, "equally long"),
    ((list("abcde"), range(5)), {}, DataError, "not numeric"),
    ((range(6), range(6)), {"cuts": {"satisfaction": 4}}, OptionError, "cuts lacks loyalty"),
    (
        (range(6), range(6)),
        {"cuts": 9},
        DataError,
        "choose a lower",
    ),
    ((range(6), range(6)), {"level": 95}, OptionError, "between 0 and 1"),
]


@pytest.mark.parametrize(("values", "options", "kind", "message"), BAD)
def test_samples_that_are_refused(values, options, kind, message):
    values = [v if isinstance(v[0], str) else np.array(v, dtype=float) for v in values]
    with pytest.raises(kind, match=message):
        association(*values, **options)


@pytest.mark.slow
def test_the_sizes_that_the_notes_state():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(3000):
        s, loyal = sample(rng, 1000, spread=lambda s: 0.15 * (6 - s))
        found.append(association(s, loyal).p_value < 0.05)
    plain, robust = np.mean(found, axis=0)
    # Four standard errors of a share of 3,000 samples: 0.025 at 0.14, 0.016 at 0.05.
    assert plain == pytest.approx(0.14, abs=0.025)
    assert robust == pytest.approx(0.05, abs=0.016)


@pytest.mark.slow
def test_intervals_of_correlations_keep_their_promise():
    rng = np.random.default_rng(2)
    r = 0.6
    # Of a normal law: Spearman's is 6 / pi asin(r / 2).
    truths = (r, 6 / np.pi * np.arcsin(r / 2))
    hits = np.zeros((2000, 2))
    for row in hits:
        s = rng.normal(size=50)
        found = association(s, r * s + np.sqrt(1 - r**2) * rng.normal(size=50))
        row[:] = (found.estimates.ci_low <= truths) & (truths <= found.estimates.ci_high)
    # Four standard errors of a share of 2,000 at 0.95.
    assert hits.mean(axis=0) == pytest.approx([0.95, 0.95], abs=0.02)


def test_satisfaction_and_loyalty_are_compared_in_two_languages():
    table = evidence.catalogue("satisfaction_and_loyalty").set_index("id")
    assert len(table) == 4
    assert table.loc["form", "satisfaction"] == "psychological feeling"
    assert table.loc["form", "satisfaction_chinese"] == "心理感受"


def test_links_of_the_service_profit_chain():
    links = evidence.catalogue("service_profit_links")
    # Every link begins where another one ended, but for the first construct.
    ends = ["internal_service_quality", *links["target"]]
    assert all(source in ends for source in links["source"])
    assert not links["target"].eq("internal_service_quality").any()
    assert links.notna().all(axis=None)


def test_service_profit_chain_link_by_link():
    rng = np.random.default_rng(6)
    branches = pd.DataFrame(
        rng.normal(size=(30, 3)), columns=["customer_satisfaction", "customer_loyalty", "growth"]
    )
    branches.loc[0, "growth"] = np.nan
    names = {
        "customer_satisfaction": "customer_satisfaction",
        "customer_loyalty": "customer_loyalty",
        "revenue_growth": "growth",
    }
    chain = service_profit_chain(names, data=branches, missing="drop")
    assert len(chain) == 9
    measured = chain[chain["n_obs"] > 0].set_index("target")
    assert measured["n_obs"].to_dict() == {"customer_loyalty": 30, "revenue_growth": 29}
    other = stats.pearsonr(branches["customer_loyalty"][1:], branches["growth"][1:])
    row = measured.loc["revenue_growth"]
    assert row["estimate"] == pytest.approx(other.statistic, abs=SAME)
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(
        list(other.confidence_interval()), abs=SAME
    )
    assert chain[chain["n_obs"] == 0]["estimate"].isna().all()
    by_name = service_profit_chain(data=branches.drop(columns="growth"))
    assert by_name["n_obs"].tolist().count(30) == 1


BAD_CHAINS = [
    ({"data": pd.DataFrame({"x": range(6)})}, OptionError, "columns="),
    ({"columns": {"customer_joy": "x"}}, OptionError, "customer_joy"),
    ({"columns": {"customer_loyalty": "loyalty"}}, OptionError, "both its ends"),
    ({"columns": {"customer_loyalty": "l", "customer_satisfaction": "z"}}, DataError, "'z'"),
    ({"columns": {"customer_loyalty": "l", "customer_satisfaction": "c"}}, DataError, "for every"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_CHAINS)
def test_chains_that_are_refused(options, kind, message):
    table = pd.DataFrame({"l": range(6), "c": [1] * 6})
    with pytest.raises(kind, match=message):
        service_profit_chain(**{"data": table, **options})


def test_nothing_warns_on_extremes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        association([1, 2, 3, 4, 5], [0, 0, 0, 0, 1])
