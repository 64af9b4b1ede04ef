"""Sizes, margins and powers against other programs, formulas by hand and simulated surveys."""

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import power_proportions_2indep

from loyaltymodel import planning
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.planning import Quantity
from loyaltymodel.structural import Moments

from tolerances import EXACT, SAME

HALF = Quantity.share(0.5)
SURVEYS = 20_000
CHANCE = 4 * math.sqrt(0.25 / SURVEYS)  # four Monte Carlo errors of a power


@pytest.mark.parametrize("ratio", [0.5, 1, 3])
@pytest.mark.parametrize(("difference", "n"), [(0.2, 300), (-0.5, 40), (1.2, 6)])
def test_power_of_means_is_that_of_statsmodels(ratio, difference, n):
    found = planning.power(Quantity.mean(sd=1), n, difference=difference, ratio=ratio)
    known = TTestIndPower().power(difference, n, 0.05, ratio=ratio)
    assert found.power[0] == pytest.approx(known, abs=SAME)


def test_power_of_one_mean_is_that_of_statsmodels():
    found = planning.power(Quantity.mean(sd=2), 30, difference=0.8, n_groups=1, level=0.9)
    assert found.power[0] == pytest.approx(TTestPower().power(0.4, 30, 0.1), abs=SAME)


@pytest.mark.parametrize(("difference", "power", "ratio"), [(0.3, 0.9, 1), (0.5, 0.8, 2)])
def test_size_of_means_is_that_of_statsmodels(difference, power, ratio):
    found = planning.sample_size(
        Quantity.mean(sd=1), difference=difference, power=power, ratio=ratio
    )
    known = TTestIndPower().solve_power(difference, alpha=0.05, power=power, ratio=ratio)
    assert found.sizes.tolist() == [math.ceil(known), math.ceil(ratio * math.ceil(known))]


def test_shares_are_those_of_r():
    # power.prop.test(n = 50, p1 = .5, p2 = .75) is 0.740; with power = .9 n is 76.7.
    assert planning.power(HALF, 50, difference=0.25).power[0] == pytest.approx(0.740, abs=5e-4)
    assert planning.sample_size(HALF, difference=0.25, power=0.9).sizes.tolist() == [77, 77]


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_power_of_shares_is_that_of_statsmodels(ratio):
    # There the first of the two has prop2 + diff, and nobs1 respondents.
    known = power_proportions_2indep(0.1, 0.3, 150, ratio=ratio).power
    found = planning.power(Quantity.share(0.4), 150, difference=-0.1, ratio=ratio)
    assert found.power[0] == pytest.approx(known, abs=SAME)


def test_margin_of_a_share_is_half_of_wilsons_interval():
    # By hand: z / (1 + z^2/n) root(p q / n + z^2 / 4 n^2).
    n, p, z = 200, 0.3, 1.959963984540054
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    found = planning.detectable_difference(Quantity.share(p), n, n_groups=1)
    assert found.margin == pytest.approx(half, rel=EXACT)


def test_spread_of_the_net_promoter_score():
    answers = np.repeat([100, 0, -100], [5, 3, 2])
    assert Quantity.nps(promoters=0.5, detractors=0.2).sd == pytest.approx(answers.std(), rel=EXACT)


def test_index_has_the_spread_of_its_respondents():
    rng = np.random.default_rng(1)
    rows = rng.normal(6, 1, (500, 3)) @ rng.normal(size=(3, 3)) / 3 + 4
    w = np.array([1.0, 3.0, 2.0])
    index = 100 * (rows - 1) @ w / (w.sum() * 9)
    moments = Moments(
        n_obs=500, items=list("abc"), means=rows.mean(axis=0), covariance=np.cov(rows.T)
    )
    found = Quantity.index(moments, scale=(1, 10), weights={"b": 3, "c": 2, "a": 1})
    assert found.sd == pytest.approx(index.std(ddof=1), rel=SAME)
    assert found.expected == pytest.approx(index.mean(), rel=SAME)


def test_planned_margins_are_the_mean_width_of_intervals():
    rng = np.random.default_rng(2)
    n = planning.sample_size(Quantity.mean(sd=3), margin=0.5).n_obs
    sd = 3 * np.sqrt(rng.chisquare(n - 1, SURVEYS) / (n - 1))
    reach = planning.detectable_difference(Quantity.mean(sd=1), n, n_groups=1).margin
    # The mean of a sample's deviation lies below the true one by about 1 / 4 n.
    assert (sd * reach).mean() == pytest.approx(0.5, rel=1 / n)
    share = planning.sample_size(Quantity.share(0.2), margin=0.04).n_obs
    seen = rng.binomial(share, 0.2, SURVEYS) / share
    margins = [
        planning.detectable_difference(Quantity.share(p), share, n_groups=1).margin
        for p in np.unique(seen)
    ]
    width = np.array(margins)[np.unique(seen, return_inverse=True)[1]].mean()
    assert 0.98 * 0.04 < width <= 0.04


def test_powers_are_those_of_simulated_surveys():
    rng = np.random.default_rng(3)
    n, d, sd = 40, 1.2, 2.0
    means = rng.normal(0, sd / math.sqrt(n), (2, SURVEYS))
    spread = sd**2 * rng.chisquare(2 * n - 2, SURVEYS) / (2 * n - 2)
    t = (means[1] + d - means[0]) / np.sqrt(spread * 2 / n)
    simulated = (np.abs(t) > 1.990847).mean()  # Student's quantile of 78 degrees
    found = planning.power(Quantity.mean(sd=sd), n, difference=d).power[0]
    assert found == pytest.approx(simulated, abs=CHANCE)
    n, p1, p2 = 150, 0.6, 0.72
    one, two = rng.binomial(n, p1, SURVEYS) / n, rng.binomial(n, p2, SURVEYS) / n
    pooled = (one + two) / 2
    z = (two - one) / np.sqrt(2 * pooled * (1 - pooled) / n)
    found = planning.power(Quantity.share(p1), n, difference=p2 - p1).power[0]
    # Binomial steps of 1 / 150 add to the error of the normal law.
    assert found == pytest.approx((np.abs(z) > 1.96).mean(), abs=CHANCE + 0.01)


def test_a_panel_is_tested_by_its_differences():
    rng = np.random.default_rng(4)
    n, r, d = 60, 0.7, 0.5
    of_change = math.sqrt(2 * (1 - r))
    mean = rng.normal(d, of_change / math.sqrt(n), SURVEYS)
    spread = of_change**2 * rng.chisquare(n - 1, SURVEYS) / (n - 1)
    simulated = (np.abs(mean) > 2.000995 * np.sqrt(spread / n)).mean()
    options = {"difference": d, "overlap": 1, "correlation": r}
    found = planning.power(Quantity.mean(sd=1), n, **options).power[0]
    assert found == pytest.approx(simulated, abs=CHANCE)
    known = TTestPower().power(d / of_change, n, 0.05)
    assert found == pytest.approx(known, abs=SAME)


def test_a_design_effect_multiplies_the_respondents():
    plain = planning.sample_size(HALF, margin=0.02).n_obs
    clustered = planning.sample_size(HALF, margin=0.02, deff=2.5).n_obs
    assert abs(clustered - 2.5 * plain) <= 2.5
    assert planning.design_effect(icc=0.02, cluster_size=21) == pytest.approx(1.4)
    # Kish: his effective number of these weights is 10^2 / 30.
    found = planning.design_effect(weights=[1, 2, 3, 4], icc=0.1, cluster_size=6)
    assert found == pytest.approx(1.5 * 4 * 30 / 100)


def test_a_small_population_needs_fewer_and_never_more_than_all():
    # Cochran: 384.1 (less z^2 of Wilson) over 1 + (384.1 - 1) / 1000 is 277.7.
    found = planning.sample_size(HALF, margin=0.05, population=1000).n_obs
    assert 274 <= found <= 278
    census = planning.sample_size(Quantity.mean(sd=2), margin=1e-9, population=500)
    assert (census.n_obs, census.margin) == (500, 0.0)


@pytest.mark.parametrize(
    "quantity", [HALF, Quantity.mean(sd=0.5), Quantity.nps(promoters=0.4, detractors=0.3)]
)
def test_more_is_asked_of_more_respondents(quantity):
    margins = np.array([0.02, 0.05, 0.1]) * quantity.sd
    sizes = [planning.sample_size(quantity, margin=m).n_obs for m in margins]
    assert sizes == sorted(sizes, reverse=True)
    for margin, n in zip(margins, sizes, strict=True):  # the smallest that is enough
        fewer, enough = (
            planning.detectable_difference(quantity, k, n_groups=1).margin for k in (n - 1, n)
        )
        assert enough <= margin < fewer


@pytest.mark.parametrize("n_groups", [1, 2])
@pytest.mark.parametrize("quantity", [Quantity.share(0.3), Quantity.mean(sd=2)])
def test_both_directions_agree(quantity, n_groups):
    found = planning.detectable_difference(quantity, 200, n_groups=n_groups, power=0.9)
    assert found.power == pytest.approx(0.9, abs=SAME)
    back = planning.sample_size(
        quantity, difference=found.difference * (1 + SAME), n_groups=n_groups, power=0.9
    )
    assert back.sizes[0] == 200


def test_several_comparisons_share_the_error():
    shared = planning.power(HALF, 200, difference=0.1, n_comparisons=5).power[0]
    assert shared == planning.power(HALF, 200, difference=0.1, level=0.99).power[0]


def test_invitations_are_enough_for_the_response_rate():
    found = planning.sample_size(HALF, margin=0.05, response_rate=0.3)
    assert found.groups["n_invited"].item() == math.ceil(found.n_obs / 0.3)
    assert "response rate" in str(found.summary())


MEAN = Quantity.mean(sd=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: planning.sample_size(HALF), "one of the two"),
        (lambda: planning.sample_size(HALF, margin=0.1, difference=0.1), "one of the two"),
        (lambda: planning.sample_size(HALF, difference=0.6), "no share"),
        (lambda: planning.sample_size(HALF, difference=0), "is none"),
        (lambda: planning.sample_size(MEAN, margin=-1), "margin"),
        (lambda: planning.sample_size(MEAN, margin=1e-9), "too few"),
        (lambda: planning.sample_size(MEAN, margin=0.1, ratio=2), "two groups"),
        (lambda: planning.sample_size(MEAN, difference=1, ratio=2, overlap=1), "equally"),
        (lambda: planning.sample_size(MEAN, difference=1, correlation=0.5), "overlap"),
        (lambda: planning.sample_size(MEAN, difference=1, population=100), "one group"),
        (lambda: planning.sample_size(MEAN, margin=0.1, n_groups=3), "n_groups"),
        (lambda: planning.power(MEAN, [], difference=1), "empty"),
        (lambda: planning.detectable_difference(Quantity.share(0.9), 30), "find no difference"),
        (
            lambda: planning.sample_size(HALF, margin=0.05, population=400, response_rate=0.3),
            "invited",
        ),
        (lambda: Quantity.nps(promoters=0.8, detractors=0.4), "more than all"),
        (lambda: Quantity.nps(promoters=1, detractors=0), "same answer"),
        (lambda: Quantity.share(1), "between 0 and 1"),
        (lambda: planning.design_effect(icc=0.1), "cluster_size"),
        (lambda: planning.power(MEAN, [10, 20], difference=1).n_for_power(0.99), "more"),
    ],
)
def test_refused_by_name(call, words):
    with pytest.raises(OptionError, match=words):
        call()


def test_weights_of_nobody_are_refused():
    with pytest.raises(DataError, match="above 0"):
        planning.design_effect(weights=[1, 0])
