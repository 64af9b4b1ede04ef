"""Loyalty to a site: rates over customers, held against the same needs one by one."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from loyaltymodel._core.intervals import wilson
from loyaltymodel.customer_base.site import site_loyalty
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT, SAME

COUNTS = st.lists(
    st.integers(0, 6).flatmap(lambda x: st.tuples(st.just(x), st.integers(0, x))),
    min_size=2,
    max_size=12,
).map(lambda rows: np.array(rows, dtype=float).T)


def customers(seed, n, *, mean=0.4, prior=2.0, needs=4.0):
    """Needs and purchases of customers whose own probabilities follow a beta distribution."""
    rng = np.random.default_rng(seed)
    x = rng.poisson(needs, n)
    own = rng.beta(mean * prior, (1 - mean) * prior, n)
    return x, rng.binomial(x, own), own


def one_by_one(x, y):
    """Each need as a row: whether it was met at the site, and whose it was."""
    who = np.repeat(np.arange(len(x)), x)
    met = np.concatenate([np.arange(total) < part for total, part in zip(x, y, strict=True)])
    return met.astype(float), who


def rates_of(found):
    return found.result.quantities.set_index("quantity")


def rate_of(found):
    return rates_of(found).loc["return_probability"]


def test_the_error_is_that_of_a_mean_with_clusters():
    x, y, _ = customers(1, 60)
    found = rate_of(site_loyalty(x, y))
    met, who = one_by_one(x, y)
    fitted = sm.OLS(met, np.ones(len(met))).fit(cov_type="cluster", cov_kwds={"groups": who})
    assert found["estimate"] == pytest.approx(fitted.params[0], rel=SAME)
    assert found["std_error"] == pytest.approx(fitted.bse[0], rel=SAME)
    alone = met.mean() * (1 - met.mean()) / len(met)
    assert found["design_effect"] == pytest.approx(fitted.bse[0] ** 2 / alone, rel=SAME)


def test_the_interval_is_wilsons_with_fewer_needs():
    x, y, _ = customers(2, 60)
    found = rate_of(site_loyalty(x, y, level=0.9))
    p, m = found["estimate"], (x > 0).sum()
    n = p * (1 - p) / found["std_error"] ** 2
    # The ends are where the distance to the estimate is Student's quantile in errors at the end.
    t = stats.t.ppf(0.95, m - 1)
    for end in found[["ci_low", "ci_high"]]:
        assert abs(p - end) == pytest.approx(t * np.sqrt(end * (1 - end) / n), rel=SAME)


def test_the_correlation_is_that_of_an_analysis_of_variance():
    x, y, _ = customers(3, 80)
    met, who = one_by_one(x, y)
    f = stats.f_oneway(*(met[who == k] for k in np.unique(who))).statistic
    own = x[x > 0]
    size = (own.sum() - (own**2).sum() / own.sum()) / (len(own) - 1)
    expected = (f - 1) / (f - 1 + size)
    assert site_loyalty(x, y).result.correlation == pytest.approx(expected, rel=SAME)


@settings(max_examples=60)
@given(COUNTS)
def test_rates_by_sums(rows):
    x, y = rows
    assume((x > 0).sum() >= 2)
    visits = y + 1
    rates = rates_of(site_loyalty(x, y, visits=visits))
    estimate = rates["estimate"]
    assert estimate["return_probability"] == pytest.approx(y.sum() / x.sum(), rel=EXACT)
    assert estimate["visits_per_need"] == pytest.approx(visits.sum() / x.sum(), rel=EXACT)
    product = estimate["visits_per_need"] * estimate["purchases_per_visit"]
    assert product == pytest.approx(estimate["return_probability"], rel=EXACT)
    assert (rates["ci_low"] <= estimate).all()
    assert (estimate <= rates["ci_high"]).all()
    shares = rates.loc[["return_probability", "purchases_per_visit"]]
    assert (shares[["ci_low", "ci_high"]] >= 0).all(axis=None)
    assert (shares[["ci_low", "ci_high"]] <= 1).all(axis=None)


@settings(max_examples=60)
@given(COUNTS)
def test_own_probabilities_lie_between_own_share_and_all(rows):
    x, y = rows
    assume((x > 0).sum() >= 2)
    found, table = site_loyalty(x, y)
    p, r = found.return_probability, found.correlation
    if np.isnan(r):
        assert table["return_probability"].isna().all()
        return
    share = table["share"].fillna(p)
    low, high = np.minimum(share, p), np.maximum(share, p)
    assert (table["return_probability"] >= low - EXACT).all()
    assert (table["return_probability"] <= high + EXACT).all()
    if 0 < r < 1:
        prior = 1 / r - 1
        expected = (prior * p + y) / (prior + x)
        np.testing.assert_allclose(table["return_probability"], expected, rtol=1e-9, atol=1e-12)
    if r <= 0:
        assert (table["return_probability"] == p).all()


def test_customers_who_always_or_never_return():
    found, own = site_loyalty([2, 3, 0, 4], [2, 0, 0, 4])
    assert found.correlation == 1
    assert own["return_probability"].tolist() == [1, 0, 6 / 9, 1]


def test_where_nothing_tells_how_customers_differ():
    once, own = site_loyalty([1, 1, 1, 0], [1, 0, 1, 0])
    assert np.isnan(once.correlation)
    assert own["return_probability"].isna().all()
    assert "nobody has more than one need" in str(once.summary())
    alike, own = site_loyalty([2, 2, 2], [1, 1, 1])
    assert alike.correlation < 0
    assert own["return_probability"].tolist() == [0.5] * 3
    assert "not above 0" in " ".join(str(alike.summary()).split())
    # All alike is no proof: the interval is at least that of six independent needs.
    low, high = wilson(np.array(0.5), np.array(6.0), level=0.95)
    assert alike.estimates.ci_low[0] < low
    assert alike.estimates.ci_high[0] > high


@pytest.mark.parametrize("all_return", [False, True])
def test_where_all_or_none_return_each_customer_counts_once(all_return):
    x = np.array([3, 1, 5, 2, 4, 0])
    found, own = site_loyalty(x, x * all_return, visits=x)
    rate = found.quantities.loc[0]
    t = stats.t.ppf(0.975, 4)
    edge = t**2 / (5 + t**2)  # Wilson's end for 5 customers, with Student's quantile
    expected = (1 - edge, 1) if all_return else (0, edge)
    assert (rate["ci_low"], rate["ci_high"]) == pytest.approx(expected, rel=SAME)
    assert "all needs ended in the same way" in str(found.summary())
    assert "no probabilities of single customers" in str(found.summary())
    assert np.isnan(found.correlation)
    assert own["return_probability"].isna().all()


def test_visits_without_a_need_count_as_customers():
    needs, bought, visits = np.array([[4, 4, 0, 5, 0], [2, 1, 0, 3, 0], [3, 2, 50, 4, 0]])
    rates = rates_of(site_loyalty(needs, bought, visits=visits))
    # Four customers have a need or a visit; the fifth has neither and counts nowhere.
    apart = visits - 59 / 13 * needs
    error = np.sqrt(4 / 3 * (apart**2).sum()) / 13
    assert error == pytest.approx(5.133, abs=5e-4)
    found = rates.loc["visits_per_need"]
    assert found["std_error"] == pytest.approx(error, rel=SAME)
    reach = stats.t.ppf(0.975, 3) * error / (59 / 13)
    assert found["ci_high"] == pytest.approx(59 / 13 * np.exp(reach), rel=SAME)
    # The return probability knows the three with a need only.
    apart = bought - 6 / 13 * needs
    error = np.sqrt(3 / 2 * (apart**2).sum()) / 13
    assert rates.loc["return_probability", "std_error"] == pytest.approx(error, rel=SAME)


def test_nobody_visits():
    with pytest.raises(DataError, match="0 customers with visits"):
        site_loyalty([1, 2], [0, 0], visits=[0, 0])


def test_order_does_not_matter_and_a_copy_of_everybody_changes_no_rate():
    x, y, _ = customers(4, 40)
    found = rates_of(site_loyalty(x, y))
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(rates_of(site_loyalty(x[order], y[order])), found, rtol=SAME)
    twice = rate_of(site_loyalty(np.tile(x, 2), np.tile(y, 2)))
    own = found.loc["return_probability"]
    assert twice["estimate"] == pytest.approx(own["estimate"], rel=EXACT)
    m = (x > 0).sum()
    shrunk = own["std_error"] * np.sqrt((m - 1) / (2 * m - 1))
    assert twice["std_error"] == pytest.approx(shrunk, rel=SAME)


def test_own_probabilities_are_better_than_own_shares_and_calibrated():
    x, y, own = customers(5, 40_000, prior=3.0)
    found, table = site_loyalty(x, y)
    # The correlation of a beta-binomial is 1 / (prior + 1); its error here is about 0.004.
    assert found.correlation == pytest.approx(0.25, abs=0.015)
    seen = x > 0
    rough = np.sqrt(((table["share"] - own)[seen] ** 2).mean())
    drawn = np.sqrt(((table["return_probability"] - own)[seen] ** 2).mean())
    assert drawn < 0.75 * rough
    # Among those who are given about a probability, as many return: within four errors.
    grade = pd.cut(table["return_probability"], np.arange(0, 1.01, 0.1))
    for _, rows in table.assign(own=own).groupby(grade, observed=True):
        if len(rows) > 100:
            gap = rows["own"].mean() - rows["return_probability"].mean()
            assert abs(gap) < 4 * rows["own"].std() / np.sqrt(len(rows)) + 0.005


def coverage(replications, n, **world):
    """How often intervals hold the truth: ours, of independent needs, and with visits."""
    held = []
    for seed in range(replications):
        x, y, _ = customers([seed, n], n, **world)
        p = world.get("mean", 0.4)
        visits = y + np.random.default_rng([seed, 1]).poisson(x)
        rates = rates_of(site_loyalty(x, y, visits=visits))
        low, high = wilson(np.array(y.sum() / x.sum()), np.array(float(x.sum())), level=0.95)
        truths = [p, p + 1, p / (p + 1)]
        ends = zip(rates["ci_low"], truths, rates["ci_high"], strict=True)
        held.append([*(a <= true <= b for a, true, b in ends), low <= p <= high])
    return np.mean(held, axis=0)


def test_customers_as_units_cover_and_needs_as_units_do_not():
    ours, visits, conversion, naive = coverage(250, 40)
    # 250 worlds: three and a third binomial errors of 0.95 are 0.046.
    assert ours > 0.904
    assert visits > 0.904
    assert conversion > 0.904
    assert naive < 0.87


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 50, 200])
@pytest.mark.parametrize(("mean", "prior"), [(0.5, 2.0), (0.2, 2.0), (0.95, 3.0), (0.5, 1e9)])
def test_coverage_in_thousands_of_worlds(n, mean, prior):
    ours, visits, conversion, naive = coverage(2000, n, mean=mean, prior=prior)
    # At most the number of needs counts, so the interval is wide where customers do not differ.
    assert 0.925 < ours < 0.985
    assert 0.925 < visits < 0.975
    assert 0.925 < conversion < 0.998
    if prior < 10 and mean < 0.9:
        assert naive < 0.85


def test_the_result_reads_tables_and_is_frozen():
    table = pd.DataFrame({"n": [4, 2, np.nan, 5], "b": [2, 2, 1, 0]}, index=list("abcd"))
    found, own = site_loyalty("n", "b", data=table, missing="drop")
    assert own.index.tolist() == ["a", "b", "d"]
    assert (found.n_obs, found.n_dropped) == (3, 1)
    assert "left out" in str(found.summary())
    assert "<table" in found._repr_html_()
    assert "3 customers" in repr(found)
    other, _ = site_loyalty("n", "b", data=pl.DataFrame(table), missing="drop")
    pd.testing.assert_frame_equal(other.quantities, found.quantities)
    again = pickle.loads(pickle.dumps(found))
    assert again.quantities.equals(found.quantities)
    assert not again.estimates.estimate.flags.writeable
    assert "visits" in str(site_loyalty([4, 4], [1, 2], visits=[3, 3]).result.summary())


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"needs": [1.5, 2]}, DataError, "needs must be whole numbers"),
        ({"needs": [-1, 2]}, DataError, "0 or more"),
        ({"purchases": [3, 1]}, DataError, "row 0 has more purchases than needs; count each"),
        ({"purchases": [3, 4]}, DataError, "row 0 and 1 other has more purchases"),
        ({"visits": [0, 0]}, DataError, "more purchases than visits; count the visit"),
        ({"needs": [0, 2], "purchases": [0, 1]}, DataError, "1 customer with needs.*at least 2"),
        ({"needs": [np.nan, 2]}, DataError, 'missing="drop"'),
        ({"needs": [2, 2, 2]}, DataError, "equally long"),
        ({"needs": ["a", "b"]}, DataError, "recode it to numbers"),
        ({"needs": "n"}, DataError, "give data="),
        ({"level": 1.0}, OptionError, "between 0 and 1"),
        ({"missing": "fill"}, OptionError, "choose one of"),
    ],
)
def test_sites_that_cannot_be_judged(change, kind, message):
    given = {"needs": [2, 2], "purchases": [1, 1]} | change
    with pytest.raises(kind, match=message):
        site_loyalty(given.pop("needs"), given.pop("purchases"), **given)
