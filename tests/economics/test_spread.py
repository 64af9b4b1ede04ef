"""How word of mouth spreads: closed forms against convolutions, sums and simulation."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from loyaltymodel import economics, evidence
from loyaltymodel.economics import (
    Audience,
    AudiencePart,
    estimate_audience,
    referral_value,
    spread,
    word_of_mouth,
)
from loyaltymodel.economics.word_of_mouth import kernels
from loyaltymodel.economics.word_of_mouth.audience import law_of
from loyaltymodel.errors import DataError, ModelError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME


def law(kind, mean, dispersion=None, share=1.0):
    part = {"share": share, "mean": mean, "law": kind}
    return part | ({} if dispersion is None else {"dispersion": dispersion})


def audience(*parts):
    return Audience(parts=list(parts))


AUDIENCES = {
    "fixed": audience(law("fixed", 3)),
    "poisson": audience(law("poisson", 1.3)),
    "wide": audience(law("negative_binomial", 1.3, 0.4)),
    "mixed": audience(
        law("fixed", 0, share=0.5), law("poisson", 2, share=0.3),
        law("negative_binomial", 4, 1.5, share=0.2),
    ),
}  # fmt: skip


def pmf_of(one, size):
    """Probabilities of a mixture by SciPy's laws."""
    x, found = np.arange(size), np.zeros(size)
    for part in one.parts:
        if part.law == "fixed":
            own = (x == part.mean).astype(float)
        elif part.law == "poisson":
            own = stats.poisson.pmf(x, part.mean)
        else:
            k = part.dispersion
            own = stats.nbinom.pmf(x, k, k / (k + part.mean))
        found += part.share * own
    return found


def draw(rng, one, n):
    """Numbers told by n people."""
    kind = rng.choice(len(one.parts), n, p=[part.share for part in one.parts])
    told = np.zeros(n)
    for k, part in enumerate(one.parts):
        rows = kind == k
        if part.law == "fixed":
            told[rows] = part.mean
        elif part.law == "poisson":
            told[rows] = rng.poisson(part.mean, rows.sum())
        else:
            told[rows] = rng.poisson(
                part.mean * rng.gamma(part.dispersion, 1 / part.dispersion, rows.sum())
            )
    return told


def test_the_printed_figures_agree_as_a_mixture():
    usual, many = evidence.get("B23")[0], evidence.get("B24a")[0].low
    told = audience(
        law("fixed", (usual.low + usual.high) / 2, share=1 - many),
        law("fixed", evidence.get("B24b")[0].low, share=many),
    )
    # 0.8 x 10 + 0.2 x 20: the number that B22 prints, and above the lower bound of B21.
    assert told.mean == pytest.approx(evidence.get("B22b")[0].low, rel=EXACT)
    assert told.mean > evidence.get("B21")[0].low
    assert told.variance == pytest.approx(0.8 * 4 + 0.2 * 64, rel=EXACT)
    ends = [
        audience(law("fixed", n, share=0.8), law("fixed", 20, share=0.2)).mean
        for n in (usual.low, usual.high)
    ]
    assert ends == pytest.approx([10.4, 13.6], rel=EXACT)


@pytest.mark.parametrize("name", AUDIENCES)
def test_moments_and_totals_are_those_of_the_probabilities(name):
    one = AUDIENCES[name]
    x, pmf = np.arange(400), pmf_of(one, 400)
    assert one.mean == pytest.approx(x @ pmf, rel=SAME)
    assert one.variance == pytest.approx((x - one.mean) ** 2 @ pmf, rel=SAME, abs=SAME)
    total = pmf.copy()
    for _ in range(6):
        total = np.convolve(total, pmf)[:400]
    cumulative = np.cumsum(total)
    levels = (0.1, 0.5, 0.9)
    found = one.total(7, quantiles=levels)["estimate"].tolist()
    assert found[:2] == pytest.approx([7 * one.mean, math.sqrt(7 * one.variance)], rel=EXACT)
    assert found[2:] == [int(np.argmax(cumulative >= q)) for q in levels]
    inverted = kernels.probabilities(
        lambda s: law_of(one).pgf(s) ** 7, 7 * one.mean, 7 * one.variance
    )
    n = min(len(inverted), 400)
    np.testing.assert_allclose(inverted[:n], total[:n], atol=1e-12)


@pytest.mark.parametrize("name", AUDIENCES)
def test_slopes_are_derivatives(name):
    one, s = law_of(AUDIENCES[name]), np.array([0.1, 0.5, 0.9])
    step = 1e-6
    numeric = (one.pgf(s + step) - one.pgf(s - step)) / (2 * step)
    np.testing.assert_allclose(one.slope(s), numeric, rtol=1e-7)  # of the difference


@pytest.mark.parametrize("name", AUDIENCES)
def test_reach_is_that_of_the_closed_form(name):
    one = AUDIENCES[name]
    m, s2, seeds = one.mean, one.variance, 3
    found = spread(one, seeds=seeds, generations=5, retell_share=1)
    n = np.arange(1, 6)
    np.testing.assert_allclose(found.reach_means[:-1], seeds * m**n, rtol=EXACT)
    variance = seeds * s2 * m ** (n - 1) * (m**n - 1) / (m - 1)
    np.testing.assert_allclose(found.reach_variances[:-1], variance, rtol=SAME, atol=SAME)
    assert found.reach_means[-1] == pytest.approx(found.reach_means[:-1].sum(), rel=EXACT)


def test_at_a_mean_of_one_the_variance_grows_in_proportion():
    one = audience(law("poisson", 1))
    found = spread(one, seeds=1, generations=6, retell_share=1)
    np.testing.assert_allclose(found.reach_variances[:-1], np.arange(1, 7), rtol=EXACT)
    assert found.extinction == 1
    assert math.isinf(found.limit)


@pytest.mark.parametrize("name", AUDIENCES)
def test_everything_is_what_simulated_words_do(name):
    one, seeds, keep, n = AUDIENCES[name], 2, 0.4, 20_000
    found = spread(one, seeds=seeds, generations=3, retell_share=keep, level=0.8)
    rng = np.random.default_rng(6)
    heard = np.zeros((n, 4))
    tellers = np.full(n, seeds)
    for g in range(3):
        owner = np.repeat(np.arange(n), tellers)
        heard[:, g] = np.bincount(owner, draw(rng, one, len(owner)), n)
        tellers = rng.binomial(heard[:, g].astype(int), keep)
    heard[:, 3] = heard[:, :3].sum(axis=1)
    error = np.sqrt(found.reach_variances / n)
    # Four standard errors; those of variances by the sample's own fourth moments.
    assert (np.abs(heard.mean(axis=0) - found.reach_means) <= 4 * error + EXACT).all()
    apart = (heard - heard.mean(axis=0)) ** 2
    of_variance = apart.std(axis=0) / np.sqrt(n)
    assert (np.abs(apart.mean(axis=0) - found.reach_variances) <= 4 * of_variance + EXACT).all()
    for g in range(4):
        for level, end in zip((0.1, 0.5, 0.9), found.reach_ends[g], strict=True):
            below, until = (heard[:, g] < end).mean(), (heard[:, g] <= end).mean()
            assert below - 0.015 <= level <= until + 0.015
        assert (heard[:, g] == 0).mean() == pytest.approx(found.died_out[g], abs=0.015)


@pytest.mark.parametrize("name", AUDIENCES)
@pytest.mark.parametrize("keep", [0.2, 0.6, 0.9, 1.0])
def test_the_end_is_the_smallest_root(name, keep):
    one = law_of(AUDIENCES[name])

    def apart(q):
        return 1 - keep + keep * float(one.pgf(np.array([q]))[0]) - q

    found = kernels.end_probability(one, keep)
    assert apart(found) == pytest.approx(0, abs=1e-14)
    if keep * one.mean > 1:
        below = np.linspace(0, found, 200)[:-1]
        assert all(apart(q) > -1e-14 for q in below)
        if found > 0:
            assert found == pytest.approx(optimize.brentq(apart, 0, 1 - 1e-6), abs=1e-9)
    else:
        assert found == 1
    # What has died out after many generations comes near it from below.
    many = spread(AUDIENCES[name], seeds=1, generations=1, retell_share=keep).extinction
    q = 0.0
    for _ in range(2_000):
        q = 1 - keep + keep * float(one.pgf(np.array([q]))[0])
    assert many == pytest.approx(float(one.pgf(np.array([q]))[0]), abs=1e-3)


def test_one_each_never_ends():
    found = spread(audience(law("fixed", 1)), seeds=1, generations=4, retell_share=1)
    assert found.extinction == 0
    assert found.reach["median"].tolist() == [1, 1, 1, 1, 4]


def test_all_generations_together():
    one = audience(law("poisson", 2))
    found = spread(one, seeds=5, generations=60, retell_share=0.3)
    assert found.limit == pytest.approx(5 * 2 / (1 - 0.6), rel=EXACT)
    assert found.reach_means[-1] == pytest.approx(found.limit, rel=1e-9)
    # Poisson offspring: the total from one hearer has Borel's law with variance mu / (1 - mu)^3.
    hearer = kernels.total_moments(law_of(audience(law("fixed", 1))), 1.0, 1, 1)
    assert hearer == (1.0, 0.0)
    everybody = spread(audience(law("poisson", 0.6)), seeds=1, generations=200, retell_share=1)
    # The total progeny without the seed itself.
    assert everybody.reach_variances[-1] == pytest.approx(0.6 / 0.4**3, rel=1e-9)
    assert everybody.reach_means[-1] + 1 == pytest.approx(1 / 0.4, rel=1e-9)
    total = kernels.probabilities(
        kernels.law_of_total(law_of(audience(law("poisson", 0.6))), 1.0, 1, 200), 1.5, 9.4
    )
    n = np.arange(1.0, 12)
    borel = np.exp(-0.6 * n + (n - 1) * np.log(0.6 * n) - np.array([math.lgamma(k + 1) for k in n]))
    np.testing.assert_allclose(total[:11], borel, atol=1e-12)


def test_online_and_offline_differ_in_the_law_alone():
    # The same mean; online a few reach very many.
    offline = audience(law("poisson", 3))
    online = audience(law("negative_binomial", 3, 0.05))
    near, far = (spread(a, seeds=10, generations=3, retell_share=0.3) for a in (offline, online))
    np.testing.assert_allclose(near.reach_means, far.reach_means, rtol=EXACT)
    assert far.reach_ends[-1, 2] > 2 * near.reach_ends[-1, 2]
    assert far.reach_ends[-1, 1] < near.reach_ends[-1, 1]
    assert far.died_out[2] > 10 * near.died_out[2]


def test_purchases_lost():
    found = spread(
        AUDIENCES["poisson"], seeds=4, generations=2, retell_share=0.5, lost_share=0.25, value=80
    )
    table = found.reach
    np.testing.assert_allclose(table["purchases_lost"], 0.25 * table["mean"], rtol=EXACT)
    np.testing.assert_allclose(table["value_lost"], 20 * table["mean"], rtol=EXACT)
    assert "people in all generations" in str(found.summary())


def test_a_reach_beyond_all_numbers_has_no_quantiles_and_says_so():
    found = spread(audience(law("poisson", 12)), seeds=10, generations=7, retell_share=1)
    assert np.isnan(found.reach_ends[-1]).all()
    assert np.isfinite(found.reach_ends[3]).all()
    text = str(found.summary())
    assert "too many numbers" in text
    assert "no such bound" in text
    assert found.extinction == pytest.approx(0, abs=1e-40)


BAD = [
    (lambda: Audience(parts=[]), ModelError, "at least one part"),
    (lambda: audience(law("fixed", 1, share=0.5)), ModelError, "add up to 1"),
    (lambda: AudiencePart(share=1, mean=1.5, law="fixed"), ModelError, "is whole"),
    (lambda: AudiencePart(share=1, mean=1.5, law="poisson", dispersion=2), ModelError, "belongs"),
    (lambda: AudiencePart(share=1, mean=1.5, law="negative_binomial"), ModelError, "belongs"),
    (lambda: AUDIENCES["fixed"].total(-1), OptionError, "customers"),
    (lambda: AUDIENCES["fixed"].total(1, quantiles=[0.0, 0.5]), OptionError, "quantiles"),
    (
        lambda: spread(AUDIENCES["fixed"], seeds=0, generations=1, retell_share=0.1),
        OptionError,
        "seeds",
    ),
    (
        lambda: spread(AUDIENCES["fixed"], seeds=1, generations=1, retell_share=0.1, value=3),
        OptionError,
        "lost_share",
    ),
    (
        lambda: spread(AUDIENCES["fixed"], seeds=1, generations=201, retell_share=1),
        OptionError,
        "more than 200",
    ),
    (
        lambda: spread(audience(law("poisson", 100)), seeds=1, generations=200, retell_share=1),
        OptionError,
        "fewer generations",
    ),
    (lambda: estimate_audience([1, 2], law="poisson"), DataError, "at least 3"),
    (lambda: estimate_audience([1, 2, 2.5], law="poisson"), DataError, "whole"),
    (lambda: estimate_audience([1, 2, -2], law="poisson"), DataError, "mentions"),
    (
        lambda: estimate_audience([2, 2, 3], law="negative_binomial"),
        NotIdentifiedError,
        "not above the mean",
    ),
    (
        lambda: referral_value(1, leads=8, conversion=0.125, refer_share=1, discount=0.0),
        NotIdentifiedError,
        "without end",
    ),
    (
        lambda: referral_value(1, leads=8, conversion=1.125, refer_share=1, discount=0.0),
        OptionError,
        "conversion",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_words_that_cannot_be_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# Estimates


@pytest.mark.parametrize("kind", ["empirical", "poisson", "negative_binomial"])
def test_the_estimated_law_has_the_moments_of_the_sample(kind):
    told = np.random.default_rng(7).negative_binomial(1, 0.25, 200)
    found = estimate_audience(told, law=kind)
    assert found.audience.mean == pytest.approx(told.mean(), rel=EXACT)
    expected = {
        "empirical": told.var(), "poisson": told.mean(), "negative_binomial": told.var(ddof=1),
    }[kind]  # fmt: skip
    assert found.audience.variance == pytest.approx(expected, rel=SAME)
    rows = found.quantities.set_index("quantity")
    assert rows.loc["silent", "estimate"] == (told == 0).mean()
    # The mean has the interval that word_of_mouth gives one level.
    level = word_of_mouth(np.ones(200), mentions=told).quantities.query("quantity == 'mentions'")
    ends = ["estimate", "ci_low", "ci_high"]
    np.testing.assert_allclose(rows.loc["mean", ends], level[ends].iloc[0], rtol=SAME)
    k, v, m = rows["estimate"][["dispersion", "variance", "mean"]]
    assert m + m**2 / k == pytest.approx(v, rel=SAME)


def test_equal_numbers_have_no_intervals():
    found = estimate_audience([2, 2, 2, 2], law="empirical")
    rows = found.quantities.set_index("quantity")
    assert rows.loc[["mean", "variance"], "ci_low"].isna().all()
    assert rows.loc["dispersion", "estimate"] == math.inf
    assert found.to_dict()["values"]["n_obs"] == 4


# Referrals


def test_the_printed_figure_is_a_chain_without_end():
    leads, closed = evidence.get("B34a")[0].low, evidence.get("B34b")[0].low
    numbers = {"leads": leads, "conversion": closed / leads, "discount": 0.0}
    found = referral_value(100, refer_share=1, generations=10, **numbers).set_index("quantity")
    assert found.loc["customers_won", "estimate"] == 1
    assert found.loc["chain_customers", "estimate"] == 10
    # Discounted the chain has a value, but the customers grow without end all the same.
    with pytest.raises(NotIdentifiedError):
        referral_value(100, refer_share=1, **{**numbers, "discount": 0.1})


def test_referrals_are_the_sum_generation_by_generation():
    options = {"leads": 3.0, "conversion": 0.5, "refer_share": 0.4, "discount": 0.1}
    r, x = 0.6, 0.6 / 1.1
    for n in (1, 4, None):
        steps = np.arange(1, (n or 400) + 1)
        found = referral_value(50, generations=n, **options)["estimate"]
        chain = 50 * (x**steps).sum()
        expected = [r, (r**steps).sum(), 50 * x, chain, 50 + chain]
        np.testing.assert_allclose(found, expected, rtol=SAME)
    draws = {"conversion": np.linspace(0.3, 0.6, 99), "value": np.linspace(40, 60, 99)}
    drawn = referral_value(50, draws=draws, **options)
    alone = referral_value(60, **{**options, "conversion": 0.6})["estimate"]
    assert drawn["ci_high"].max() <= alone.max()
    assert (drawn["ci_low"] < drawn["estimate"]).all()
    with pytest.raises(NotIdentifiedError, match="in draw 1"):
        referral_value(50, draws={"leads": [1.0, 9.0]}, **options)


def test_the_spread_of_referrals_is_that_of_a_branching_process():
    # Customers won are offspring: the mean of the chain is that of the process.
    told = audience(law("poisson", 3))
    found = spread(told, seeds=1, generations=40, retell_share=0.2)
    chain = referral_value(1, leads=1, conversion=0.6, refer_share=1, discount=0.0)
    won = chain.set_index("quantity").loc["chain_customers", "estimate"]
    # Each hearer of the process passes it to 0.6, and the first tell 3.
    assert found.limit == pytest.approx(3 * (1 + won), rel=SAME)


def test_net_impressions_and_the_share_that_they_need():
    # 12 good ones for a bad one: the sign is that of the share of good ones against 12 / 13.
    offset = evidence.get("B25")[0].low
    good, bad = 130, 12
    assert (good - offset * bad < 0) == (good / (good + bad) < offset / (1 + offset))
    assert offset * bad - good == 14  # so many are still needed
    assert economics.Audience is Audience
