"""Types of loyalty: against their definitions, and against worlds whose truth is known."""

import pickle
import time
from dataclasses import fields

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import evidence
from loyaltymodel._core.counts import Shares
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.sorted_customers import share_estimates
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
)
from loyaltymodel.loyalty_stage.types.fit import loyalty_types
from loyaltymodel.loyalty_stage.types.schemes import NO_SUPERIORITY, SCHEMES
from loyaltymodel.loyalty_stage.types.simulate import simulate_types

from tolerances import EXACT, SAME

# Monte Carlo: a count of independent events lies within so many standard errors of its
# expectation, but for one time in 16,000.
CHANCE = 4.0
# Patronage of a simulated customer has no scale.
WORLD = {"cuts": 5.5, "scale": {"patronage": None}}
RELIABILITY = (0.7, 0.85)
SPREAD = np.array([1.8, 2.1])

# The types by definition: (first high, second high).
DEFINITIONS = {
    "relative_attitude": {
        (True, True): "highest",
        (False, True): "high",
        (True, False): "low",
        (False, False): "lowest",
    },
    "dick_basu": {
        (True, True): "loyalty",
        (True, False): "latent loyalty",
        (False, True): "spurious loyalty",
        (False, False): "no loyalty",
    },
    "knox": {
        (False, True): "loyal",
        (False, False): "habitual",
        (True, True): "variety seeker",
        (True, False): "switcher",
    },
    "ultimate_loyalty": {
        (True, True): "immersed self-identity",
        (True, False): "determined self-isolation",
        (False, True): "village envelopment",
        (False, False): "product superiority",
    },
}
OPTIONS = {
    "relative_attitude": {"scale": (1, 10)},
    "dick_basu": {"scale": {"attitude": (1, 10), "patronage": (1, 10)}},
    "knox": {"scale": {"portfolio": (1, 10), "involvement": (1, 10)}, "cuts": "midpoint"},
    "ultimate_loyalty": {"scale": (1, 10)},
}
EVERY = pytest.mark.parametrize("matrix", list(DEFINITIONS))


def lines(result, quantity="observed"):
    """Lines of the shares by type."""
    table = result.types
    return table[table["quantity"] == quantity].set_index("type")


def remarks(result):
    return " ".join(result.summary().remarks)


def world(n, seed=0):
    return simulate_types(
        n, means=(6, 5.5), sds=tuple(SPREAD), correlation=0.4, reliability=RELIABILITY, rng=seed
    )


def answers(n=200, seed=0):
    """Whole answers from 1 to 10 that correlate by about a half."""
    rng = np.random.default_rng(seed)
    scores = 6 + 1.5 * rng.normal(size=(n, 1)) + 1.5 * rng.normal(size=(n, 2))
    index = [f"p{k}" for k in range(n)]
    return pd.DataFrame(np.clip(np.round(scores), 1, 10), columns=["a", "b"], index=index)


# Types by definition


@EVERY
@given(rows=st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=1, max_size=30))
def test_types_follow_their_definition(matrix, rows):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    _, found = loyalty_types(first, second, matrix=matrix, **OPTIONS[matrix])
    want = [DEFINITIONS[matrix][bool(a > 5), bool(b > 5)] for a, b in rows]
    assert found["type"].tolist() == want


@EVERY
def test_the_types_are_ordered_and_nobody_is_lost(matrix):
    result, found = loyalty_types("a", "b", matrix=matrix, data=answers(), **OPTIONS[matrix])
    assert found["type"].cat.ordered
    assert list(found["type"].cat.categories) == list(SCHEMES[result.matrix].types)
    assert result.types["n_obs"].sum() == result.n_obs == 200
    np.testing.assert_allclose(result.types["estimate"].sum(), 1, rtol=EXACT)
    counted = found["type"].value_counts().reindex(result.types["type"])
    assert result.types["n_obs"].tolist() == counted.tolist()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["loyalty", "latent loyalty", "spurious loyalty", "no loyalty"]),
        ({"ties": "low"}, ["no loyalty"] * 4),
        ({"cuts": {"attitude": 2}}, ["loyalty", "latent loyalty", "loyalty", "latent loyalty"]),
        ({"cuts": {"patronage": 0.55}}, ["latent loyalty"] * 2 + ["no loyalty"] * 2),
        (
            {"cuts": {"attitude": "mean", "patronage": "median"}},
            ["loyalty", "latent loyalty", "spurious loyalty", "no loyalty"],
        ),
    ],
)
def test_options_change_who_belongs_where(options, expected):
    _, found = loyalty_types(
        [3, 3, 2, 2], [0.5, 0.4, 0.5, 0.4], matrix="dick_basu", scale=(1, 5), **options
    )
    assert found["type"].tolist() == expected


def test_the_median_portfolio_is_weighted():
    portfolio, involvement = [1, 2, 3, 4], [5, 5, 5, 5]
    assert (
        loyalty_types(portfolio, involvement, matrix="knox", scale=(1, 9)).result.cuts["portfolio"]
        == 2.5
    )
    found, _ = loyalty_types(
        portfolio, involvement, matrix="knox", scale=(1, 9), weights=[2.9, 1, 1, 1]
    )
    assert found.cuts["portfolio"] == 2


def buyers(rng, n):
    """Brands are counts whose median is 3 in about half of all samples, and 2 in the others."""
    shared = rng.normal(size=n)
    brands = 1 + rng.poisson(1.7 * np.exp(0.4 * shared))
    return brands.astype(float), 0.5 * shared + np.sqrt(0.75) * rng.normal(size=n)


def test_cut_offs_that_come_from_the_sample_are_drawn_again_with_it():
    scores = buyers(np.random.default_rng(1), 100)
    known, _ = loyalty_types(*scores, matrix="knox", cuts={"portfolio": 2.5, "involvement": 0.0})
    assert (known.interval, known.cuts_estimated, known.n_resamples) == ("wilson", False, 0)
    found, _ = loyalty_types(*scores, matrix="knox", cuts={"involvement": 0.0}, rng=1)
    assert (found.interval, found.cuts_estimated, found.n_resamples) == ("percentile", True, 2000)
    assert "count as known" not in str(found.summary())
    plain, _ = loyalty_types(*scores, matrix="knox", cuts={"involvement": 0.0}, interval="wilson")
    assert "come from these customers, and count as known" in str(plain.summary())
    # Where half have 2 brands and half 3, the cut-off of a resample is 2 or 3, and at 2, which
    # belongs to many, nobody has few.
    even = np.repeat([2.0, 3.0], 50), np.tile([-1.0, 1.0], 50)
    jumps, plain = (
        loyalty_types(
            *even, matrix="knox", cuts={"involvement": 0.0}, interval=kind, rng=1
        ).result.estimates
        for kind in (None, "wilson")
    )
    # At 3 half of the others are loyal, and the interval reaches as far as with that cut-off.
    assert jumps.ci_low[found.names.index("loyal")] == 0.0
    at_three, _ = loyalty_types(
        *even, matrix="knox", cuts={"portfolio": 3.0, "involvement": 0.0}, interval="wilson"
    )
    top = at_three.estimates.ci_high[found.names.index("loyal")]
    assert jumps.ci_high[found.names.index("loyal")] == pytest.approx(top, abs=0.03)
    assert plain.ci_low[found.names.index("loyal")] > 0.15
    with pytest.raises(OptionError, match="draw at least 39"):
        loyalty_types(*scores, matrix="knox", cuts={"involvement": 0.0}, n_resamples=20)


@pytest.mark.parametrize("cuts", [{"involvement": 0.0}, "median", {"portfolio": "mean"}])
@pytest.mark.parametrize("ties", ["high", "low"])
def test_resamples_are_customers_drawn_one_by_one_with_their_own_cut_offs(cuts, ties):
    rng = np.random.default_rng(2)
    x, y = buyers(rng, 150)
    given = cuts if isinstance(cuts, str) else {"involvement": 0.0, **cuts}
    found, _ = loyalty_types(x, y, matrix="knox", cuts=given, ties=ties, n_resamples=4000, rng=1)
    rules = [given] * 2 if isinstance(given, str) else [given.get("portfolio", "median"), 0.0]
    passes = np.greater_equal if ties == "high" else np.greater
    shares = []
    for _ in range(4000):
        rows = rng.integers(0, 150, 150)
        a, b = x[rows], y[rows]
        cut = [
            getattr(np, rule)(v) if isinstance(rule, str) else rule
            for v, rule in zip((a, b), rules, strict=True)
        ]
        many, much = passes(a, cut[0]), passes(b, cut[1])
        # In the order of the types: switcher, variety seeker, habitual, loyal.
        shares.append(
            [np.mean(k) for k in (many & ~much, many & much, ~many & ~much, ~many & much)]
        )
    by_name = dict(
        zip(("switcher", "variety seeker", "habitual", "loyal"), np.transpose(shares), strict=True)
    )
    drawn = found.estimates.replicates
    for k, name in enumerate(found.names):
        own = by_name[name]
        assert drawn[:, k].mean() == pytest.approx(own.mean(), abs=0.006)
        assert drawn[:, k].std() == pytest.approx(own.std(), rel=0.06)


def test_many_different_customers_keep_wilsons_interval_and_are_told():
    rng = np.random.default_rng(3)
    scores = np.exp(rng.normal(size=6000)), rng.normal(size=6000)
    found, _ = loyalty_types(*scores, matrix="knox", cuts="mean")
    assert (found.interval, found.cuts_estimated) == ("wilson", True)
    assert "count as known" in str(found.summary())


def test_each_variable_may_have_a_scale_of_its_own():
    scale = {"attitude": (1, 10), "differentiation": (1, 5)}
    result, found = loyalty_types([6], [3], matrix="relative_attitude", scale=scale)
    assert found["type"][0] == "highest"
    assert dict(result.scale) == scale
    _, found = loyalty_types(
        [6], [3], matrix="ultimate_loyalty", scale={"fortitude": (1, 10), "support": (1, 7)}
    )
    assert found["type"][0] == "determined self-isolation"


def test_one_scale_is_for_those_variables_that_have_none_of_their_own():
    result, _ = loyalty_types([6, 3], [0.2, 0.9], matrix="dick_basu", scale=(1, 10))
    assert dict(result.scale) == {"attitude": (1, 10), "patronage": (0, 1)}
    result, _ = loyalty_types([20, 3], [2, 9], matrix="knox", scale=(1, 10))
    assert dict(result.scale) == {"involvement": (1, 10)}


# Dick and Basu, fed by the matrix of relative attitude


@pytest.mark.parametrize(
    ("cut", "high"),
    [
        ("midpoint", {"high", "highest"}),
        ("high", {"high", "highest"}),
        ("low", {"low", "high", "highest"}),
        ("highest", {"highest"}),
    ],
)
def test_classes_of_relative_attitude_feed_the_types(cut, high):
    table = answers()
    table["share"] = np.linspace(0, 1, len(table))
    _, relative = loyalty_types("a", "b", matrix="relative_attitude", data=table, scale=(1, 10))
    table["class"] = relative["type"]
    want = [
        DEFINITIONS["dick_basu"][kind in high, share >= 0.5]
        for kind, share in zip(relative["type"], table["share"], strict=True)
    ]
    cuts = {"attitude": cut}
    for attitude in ("class", table["class"], table["class"].astype(object)):
        result, found = loyalty_types(attitude, "share", matrix="dick_basu", data=table, cuts=cuts)
        assert found["type"].tolist() == want
        assert found.index.equals(table.index)
    _, by_polars = loyalty_types(
        "class", "share", matrix="dick_basu", data=pl.from_pandas(table), cuts=cuts
    )
    assert by_polars["type"].tolist() == want
    named = "high" if cut == "midpoint" else cut
    assert f"attitude from the class '{named}' on; patronage 0.5" in str(result.summary())


def test_a_missing_class_is_missing():
    classes = pd.Series(["high", None, "low"], dtype=object)
    with pytest.raises(DataError, match='first in row 1; missing="drop"'):
        loyalty_types(classes, [0.9, 0.9, 0.9], matrix="dick_basu")
    result, found = loyalty_types(classes, [0.9, 0.9, 0.9], matrix="dick_basu", missing="drop")
    assert found["type"].tolist() == ["loyalty", "spurious loyalty"]
    assert result.n_dropped == 1


def test_numbers_of_any_type_are_scores():
    scores = pd.Series([9, None], dtype=object)
    _, found = loyalty_types(scores, [0.9, 0.9], matrix="dick_basu", scale=(1, 10), missing="drop")
    assert found["type"].tolist() == ["loyalty"]
    _, found = loyalty_types(
        scores.astype(float).to_numpy()[:1].tolist(), [0.9], matrix="dick_basu", scale=(1, 10)
    )
    assert found["type"][0] == "loyalty"


def test_a_list_of_classes_will_do():
    _, found = loyalty_types(["highest", "lowest"], [0.1, 0.1], matrix="dick_basu")
    assert found["type"].tolist() == [
        "latent loyalty",
        "no loyalty",
    ]


# Ultimate loyalty rests on superiority


def test_without_superiority_there_is_no_ultimate_loyalty():
    scores = [6, 6, 2, 2], [6, 2, 6, 2]
    result, found = loyalty_types(
        *scores,
        matrix="ultimate_loyalty",
        superiority=[5, 3, 5, 2],
        cuts={"superiority": 4},
        scale=(1, 7),
        weights=[1, 1, 1, 3],
        moves={"fortitude": [-2.5]},
    )
    assert dict(result.cuts) == {"fortitude": 4, "support": 4, "superiority": 4}
    assert found["type"].tolist() == [
        "immersed self-identity",
        NO_SUPERIORITY,
        "village envelopment",
        NO_SUPERIORITY,
    ]
    shares = result.types["estimate"]
    np.testing.assert_allclose(shares, [4 / 6, 0, 1 / 6, 0, 1 / 6], rtol=EXACT)
    _, flags = loyalty_types(
        *scores, matrix="ultimate_loyalty", superiority=[True, False, True, False], scale=(1, 7)
    )
    assert flags["type"].tolist() == found["type"].tolist()
    # Who is outside stays outside, however the cut-offs move.
    moved = result.stability
    row = moved[moved["fortitude"] == 1.5].iloc[0]
    np.testing.assert_allclose(row[["changed", NO_SUPERIORITY]].astype(float), [1 / 6, 4 / 6])
    assert row["immersed self-identity"] == pytest.approx(2 / 6)


def test_who_is_outside_is_outside_for_sure():
    table = answers()
    superior = np.arange(len(table)) % 2 == 0
    found, customers = loyalty_types(
        "a",
        "b",
        matrix="ultimate_loyalty",
        data=table,
        superiority=superior,
        scale=(1, 10),
        reliability=(0.8, 0.7),
    )
    probabilities = customers[list(found.names)]
    np.testing.assert_allclose(probabilities[NO_SUPERIORITY], ~superior, atol=EXACT)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=SAME)
    accuracy = found.accuracy.set_index("type")
    sure = accuracy.loc[NO_SUPERIORITY, ["accuracy", "consistency"]].to_numpy(dtype=float)
    np.testing.assert_allclose(sure, 1, atol=EXACT)


# Probabilities


def test_the_probabilities_are_those_of_the_posterior():
    """The formula of the theory, written out for every person."""
    table = answers(60)
    result, found = loyalty_types(
        "a", "b", matrix="dick_basu", data=table, reliability=(0.8, 0.7), **OPTIONS["dick_basu"]
    )
    x = table.to_numpy()
    mean, observed = x.mean(axis=0), np.cov(x.T)
    true = observed - np.diag(np.diag(observed) * np.array([0.2, 0.3]))
    gain = true @ np.linalg.inv(observed)
    covariance = true - gain @ true
    for row, p in zip(x, found[list(result.names)].to_numpy(), strict=True):
        law = stats.multivariate_normal(mean + gain @ (row - mean), covariance)
        below = law.cdf([5.5, 5.5])
        a_low, b_low = (
            stats.norm.cdf(5.5, law.mean[k], np.sqrt(covariance[k, k])) for k in range(2)
        )
        want = [below, a_low - below, b_low - below, 1 - a_low - b_low + below]
        # scipy integrates the bivariate normal to about 1e-8.
        np.testing.assert_allclose(p, want, atol=1e-7)


def test_of_customers_given_about_four_fifths_so_many_belong_there():
    people = world(200_000, seed=1)
    result, found = loyalty_types(
        "attitude", "patronage", matrix="dick_basu", data=people, reliability=RELIABILITY, **WORLD
    )
    for kind, stated in found[list(result.names)].items():
        about = stated.between(0.75, 0.85)
        n = about.sum()
        assert n > 1000
        right = (people.loc[about, "true_type"] == kind).mean()
        assert abs(right - stated[about].mean()) < CHANCE * np.sqrt(0.8 * 0.2 / n)


@pytest.mark.parametrize("kind", ["latent loyalty", "spurious loyalty"])
def test_a_normal_distribution_around_the_score_is_not_calibrated(kind):
    people = world(200_000, seed=1)
    x = people[["attitude", "patronage"]].to_numpy()
    error = SPREAD * np.sqrt((1 - np.array(RELIABILITY)) / np.array(RELIABILITY))
    high = stats.norm.cdf((x - 5.5) / error)
    away = (
        [1 - high[:, 0], high[:, 1]] if kind == "spurious loyalty" else [high[:, 0], 1 - high[:, 1]]
    )
    naive = away[0] * away[1]
    about = (naive > 0.75) & (naive < 0.85)
    # It promises four fifths; seven tenths would be wrong by twenty standard errors.
    assert (people.loc[about, "true_type"] == kind).mean() < 0.74


def test_true_shares_are_held_as_often_as_their_interval_says():
    want = world(500_000, seed=99)["true_type"].value_counts(normalize=True)
    held, times = 0, 120
    for seed in range(times):
        people = world(300, seed=seed)
        result, _ = loyalty_types(
            "attitude",
            "patronage",
            matrix="dick_basu",
            data=people,
            reliability=RELIABILITY,
            **WORLD,
        )
        shares = lines(result, "true")
        truth = want.reindex(shares.index).to_numpy()
        held += ((shares["ci_low"] <= truth) & (truth <= shares["ci_high"])).sum()
    # Four shares of a sample are not independent; at worst they are one.
    assert abs(held / (4 * times) - 0.95) < CHANCE * np.sqrt(0.95 * 0.05 / times)


def test_accuracy_and_consistency_are_what_happens():
    people = world(100_000, seed=2)
    found, customers = loyalty_types(
        "attitude", "patronage", matrix="dick_basu", data=people, reliability=RELIABILITY, **WORLD
    )
    first = customers["type"]
    true = people[["true_attitude", "true_patronage"]].to_numpy()
    r = np.array(RELIABILITY)
    noise = np.random.default_rng(3).standard_normal(true.shape)
    again = true + SPREAD * np.sqrt((1 - r) / r) * noise
    second = loyalty_types(again[:, 0], again[:, 1], matrix="dick_basu", **WORLD).customers["type"]
    table = found.accuracy.set_index("type")
    for kind in (*found.names, "all"):
        who = np.full(len(people), True) if kind == "all" else (first == kind).to_numpy()
        bound = CHANCE * 0.5 / np.sqrt(who.sum())
        own = first[who].astype(str).to_numpy()
        right = (people.loc[who, "true_type"].astype(str).to_numpy() == own).mean()
        same = (second[who].astype(str).to_numpy() == own).mean()
        assert abs(table.loc[kind, "accuracy"] - right) < bound
        assert abs(table.loc[kind, "consistency"] - same) < bound
    assert table.loc["all", "share"] == 1


def test_scores_without_error_are_sure():
    table = answers()
    found, customers = loyalty_types(
        "a", "b", matrix="relative_attitude", data=table, scale=(1, 10), reliability=(1, 1)
    )
    likely = customers[list(found.names)]
    assert likely.idxmax(axis=1).tolist() == customers["type"].tolist()
    accuracy = found.accuracy
    np.testing.assert_allclose(accuracy[["accuracy", "consistency"]], 1, rtol=EXACT)
    true, seen = lines(found, "true")["estimate"], lines(found)["estimate"]
    np.testing.assert_allclose(true, seen, rtol=EXACT)


def test_a_type_without_customers_has_no_accuracy():
    found, _ = loyalty_types(
        [6, 7, 8, 9],
        [0.9, 0.6, 0.8, 0.9],
        matrix="dick_basu",
        scale=(1, 10),
        reliability=(0.9, 0.9),
    )
    table = found.accuracy.set_index("type")
    assert np.isnan(table.loc["no loyalty", "accuracy"])
    assert table.loc["loyalty", "n_obs"] == 4


# Shares


def test_an_observed_share_has_wilsons_interval():
    """5 of 10 by the formula: (0.5 + z^2 / 20 -+ z sqrt(0.025 + z^2 / 400)) / (1 + z^2 / 10)."""
    found, _ = loyalty_types([9] * 10, [0.9] * 5 + [0.1] * 5, matrix="dick_basu", scale=(1, 10))
    z2 = stats.norm.ppf(0.975) ** 2
    reach = np.sqrt(z2 * (0.025 + z2 / 400))
    want = [0.5, (0.5 + z2 / 20 - reach) / (1 + z2 / 10), (0.5 + z2 / 20 + reach) / (1 + z2 / 10)]
    loyal = lines(found).loc["loyalty", ["estimate", "ci_low", "ci_high"]]
    np.testing.assert_allclose(loyal.astype(float), want, rtol=SAME)


@EVERY
def test_a_weight_counts_as_so_many_customers(matrix):
    table = answers(50)
    times = np.random.default_rng(1).integers(0, 4, 50)
    first, second = SCHEMES[matrix].variables
    moments = Moments(n_obs=9, items=[first, second], means=[6, 6], covariance=[[4, 2], [2, 4]])
    options = {
        "reliability": (0.8, 0.7),
        "moments": moments,
        "moves": {first: [-1, 2]},
        **OPTIONS[matrix],
    }
    weighted, _ = loyalty_types("a", "b", matrix=matrix, data=table, weights=times, **options)
    repeated, _ = loyalty_types(
        np.repeat(table["a"].to_numpy(), times),
        np.repeat(table["b"].to_numpy(), times),
        matrix=matrix,
        **options,
    )
    for quantity in ("observed", "true"):
        shares = (lines(found, quantity)["estimate"] for found in (weighted, repeated))
        np.testing.assert_allclose(*shares, rtol=SAME)
    for column in ("accuracy", "consistency"):
        np.testing.assert_allclose(weighted.accuracy[column], repeated.accuracy[column], rtol=SAME)
    pd.testing.assert_frame_equal(
        weighted.stability, repeated.stability, rtol=SAME, check_exact=False
    )


def test_percentiles_and_wilson_agree_where_cut_offs_are_known():
    people = world(1000, seed=5)
    options = {"data": people, "reliability": RELIABILITY, **WORLD}
    formula = loyalty_types("attitude", "patronage", matrix="dick_basu", **options).result
    options |= {"interval": "percentile", "n_resamples": 500}
    boot = loyalty_types("attitude", "patronage", matrix="dick_basu", rng=1, **options).result
    again = loyalty_types("attitude", "patronage", matrix="dick_basu", rng=1, **options).result
    assert boot.types.equals(again.types)
    for quantity in ("observed", "true"):
        drawn, known = lines(boot, quantity), lines(formula, quantity)
        for end in ("ci_low", "ci_high"):
            # Standard errors are at most 0.016, and an end of 500 resamples varies by a tenth of
            # one; the two kinds differ by as much again.
            np.testing.assert_allclose(drawn[end], known[end], atol=0.006)
    facts = dict(boot.summary().facts)
    assert (facts["intervals"], facts["resamples"]) == ("95% percentile", "500")


def test_the_bootstrap_knows_that_a_median_is_estimated():
    # 48.5 % make at most 2 purchases, so that the median of a sample is 2 or 3 by chance.
    rng = np.random.default_rng(5)
    counts, scores = 1.0 + rng.poisson(1.7, 100), rng.normal(size=100)

    def sorted_at(cut, **options):
        found = loyalty_types(
            counts, scores, matrix="knox", cuts={"portfolio": cut, "involvement": 0.0}, **options
        )
        return found.result.types

    boot = sorted_at("median", rng=1)
    formula = sorted_at("median", interval="wilson")
    assert (boot["ci_high"] - boot["ci_low"] > formula["ci_high"] - formula["ci_low"]).all()


def test_each_of_a_few_cut_offs_has_wilsons_interval():
    # Two cut-offs jump between shares of .3 and .5, which hardly vary as long as they stay.
    rng = np.random.default_rng(2)
    first = np.append(0.3 + 0.01 * rng.normal(size=120), 0.5 + 0.01 * rng.normal(size=79))
    cuts = np.column_stack([np.repeat([2.0, 3.0], [120, 79]), np.zeros(199)])
    known = Shares(np.array([0.3, 0.7]), np.full(2, 0.06), np.array([50.0, 60.0]))
    drawn = np.column_stack([first, 1 - first])
    table = share_estimates("type", ("a", "b"), known, None, drawn, cuts, level=0.95)
    for k, n in enumerate((50, 60)):
        ends = [
            proportion_confint(drawn[rows, k].mean() * n, n, method="wilson")
            for rows in (slice(120), slice(120, None))
        ]
        assert table.ci_low[k] == pytest.approx(np.min(ends), rel=SAME)
        assert table.ci_high[k] == pytest.approx(np.max(ends), rel=SAME)


def test_resamples_that_fail_are_told_and_refused_where_nearly_all_do():
    rng = np.random.default_rng(3)
    scores = 5 + rng.normal(size=40) + 0.42 * rng.normal(size=(2, 40))
    options = {"scale": (0, 10), "interval": "percentile", "n_resamples": 200, "rng": 1}
    r = np.corrcoef(scores)[0, 1] + 0.01
    with pytest.warns(FailedResamplesWarning, match="were left out; .* too narrow"):
        found, _ = loyalty_types(*scores, matrix="relative_attitude", reliability=(r, r), **options)
    assert found.n_failed > 2
    assert "were left out of the intervals" in remarks(found)
    assert np.isfinite(lines(found, "true")["ci_low"]).all()
    # Of three people most resamples hold two at most, whose scores correlate by 1 or -1.
    three = [2, 5, 8], [3, 2, 4]
    options |= {"n_resamples": 2, "level": 0.3}  # for which two are enough
    with pytest.raises(NotIdentifiedError, match=r"nearly all of 2 resamples .* or leave them out"):
        loyalty_types(*three, matrix="relative_attitude", reliability=(0.75, 0.75), **options)


def test_both_kinds_of_failed_resamples_are_told_apart():
    # None of the three who count is drawn with the probability (5 / 8) ** 8 = 0.023, and two
    # of them alone correlate by 1 or -1.
    scores = [2, 5, 8, 9, 9, 9, 9, 9], [3, 2, 4, 9, 9, 9, 9, 9]
    weights = [1, 1, 1, 0, 0, 0, 0, 0]
    options = {"scale": (0, 10), "weights": weights, "reliability": (0.9, 0.9), "rng": 1}
    with pytest.warns(FailedResamplesWarning) as told:
        found, _ = loyalty_types(
            *scores, matrix="relative_attitude", interval="percentile", n_resamples=400, **options
        )
    empty, clashing = (str(one.message) for one in told)
    assert empty.startswith(f"{found.n_empty} of 400 resamples have only customers of weight 0")
    others = f"{found.n_failed - found.n_empty} of {400 - found.n_empty} resamples"
    assert clashing.startswith(f"{others} have correlations")
    assert np.isfinite(found.types.filter(like="ci_").to_numpy()).all()
    said = remarks(found)
    assert "had only customers of weight 0" in said
    assert "left out of the intervals of true shares" in said


# Stability


@settings(max_examples=20)
@given(
    seed=st.integers(0, 1000),
    moves=st.lists(st.sampled_from([-2, -1.5, -1, 0.5, 1, 2]), min_size=1, max_size=4),
    ties=st.sampled_from(["high", "low"]),
)
def test_stability_is_sorting_again(seed, moves, ties):
    table = answers(40, seed)
    weights = np.random.default_rng(seed).uniform(0, 2, 40)
    options = {"data": table, "scale": (1, 10), "weights": weights, "ties": ties}
    moves = {"attitude": moves, "differentiation": [-1]}
    found, customers = loyalty_types("a", "b", matrix="relative_attitude", moves=moves, **options)
    grid = found.stability
    assert len(grid) == len({0, *moves["attitude"]}) * 2
    for _, row in grid.iterrows():
        cuts = {name: row[name] for name in found.variables}
        moved, others = loyalty_types("a", "b", matrix="relative_attitude", cuts=cuts, **options)
        other = (others["type"] != customers["type"]).to_numpy()
        want = weights[other].sum() / weights.sum()
        np.testing.assert_allclose(row["changed"], want, atol=EXACT)
        np.testing.assert_allclose(
            row[list(found.names)].astype(float), moved.types["estimate"], atol=EXACT
        )


def test_the_true_types_change_as_expected():
    people = world(100_000, seed=4)
    moves = {"attitude": [-0.5, 1], "patronage": [0.7]}
    options = {"data": people, "reliability": RELIABILITY, "moves": moves, **WORLD}
    table = loyalty_types("attitude", "patronage", matrix="dick_basu", **options).result.stability
    true = people[["true_attitude", "true_patronage"]].to_numpy() >= 5.5
    for _, row in table.iterrows():
        cut = row[["attitude", "patronage"]].to_numpy(dtype=float)
        moved = people[["true_attitude", "true_patronage"]].to_numpy() >= cut
        want = (moved != true).any(axis=1).mean()
        assert abs(row["true_changed"] - want) <= CHANCE * np.sqrt(max(want, 1e-6) / len(people))
    assert table.loc[(table["attitude"] == 5.5) & (table["patronage"] == 5.5)][
        ["changed", "true_changed"]
    ].to_numpy().tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ([1, 2], "does not say which cut-off moves; give a mapping"),
        ({"atitude": [1]}, "did you mean 'attitude'.* by 'attitude' and 'patronage'; name one"),
        ({"loyalty": [1]}, "sorted by 'attitude' and 'patronage'; name one of these"),
        ({"attitude": 1}, "give finite numbers"),
        ({"attitude": "12x"}, "give finite numbers"),
        ({"attitude": [np.nan]}, "give finite numbers"),
        ({"attitude": [6]}, "off the scale from 1 to 10; give smaller"),
    ],
)
def test_moves_that_make_no_sense(moves, says):
    with pytest.raises(OptionError, match=says):
        loyalty_types([9, 3], [0.9, 0.1], matrix="dick_basu", scale=(1, 10), moves=moves)


def test_a_cut_between_classes_does_not_move_by_points():
    with pytest.raises(OptionError, match="sort again with another one in cuts"):
        loyalty_types(["high", "low"], [0.9, 0.1], matrix="dick_basu", moves={"attitude": [1]})
    found, _ = loyalty_types(
        ["high", "low"], [0.9, 0.1], matrix="dick_basu", moves={"patronage": [0.45]}
    )
    assert found.stability["changed"].tolist() == [0, 0.5]


# Worlds


@pytest.mark.parametrize("matrix", list(SCHEMES))
def test_simulated_customers_are_as_ordered(matrix):
    people = simulate_types(
        200_000,
        matrix=matrix,
        means=(6, 5),
        sds=(2, 1),
        correlation=-0.3,
        reliability=(0.6, 1.0),
        cuts={SCHEMES[matrix].variables[0]: 5},
        rng=1,
    )
    a, b = SCHEMES[matrix].variables
    true = people[[f"true_{a}", f"true_{b}"]].to_numpy()
    bound = CHANCE / np.sqrt(len(people))
    np.testing.assert_allclose(true.mean(axis=0), [6, 5], atol=2 * bound)
    np.testing.assert_allclose(true.std(axis=0), [2, 1], atol=2 * bound)
    assert abs(np.corrcoef(true.T)[0, 1] + 0.3) < bound
    assert abs(true[:, 0].var() / people[a].var() - 0.6) < 2 * bound
    assert people[b].equals(people[f"true_{b}"].rename(b))
    want = [DEFINITIONS[matrix][bool(u), bool(v)] for u, v in (true[:500] >= np.array([5, 5.5]))]
    assert people["true_type"][:500].tolist() == want


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n": 0}, "at least 1"),
        ({"matrix": "oliver"}, "choose one of 'relative_attitude'"),
        ({"sds": (1, 0)}, "must both be above 0"),
        ({"means": 5}, "two numbers, none beyond"),
        ({"cuts": np.inf}, "finite number, such as 5.5"),
        ({"cuts": {"loyalty": 5}}, "attitude, patronage only"),
        ({"correlation": 1.0}, "between -1 and 1"),
        ({"reliability": (0.5, 0)}, "above 0 and at most 1"),
        ({"reliability": None}, r"give \(1, 1\)"),
        ({"ties": "up"}, "choose one of 'high', 'low'"),
    ],
)
def test_worlds_that_cannot_be(change, says):
    with pytest.raises(OptionError, match=says):
        simulate_types(**({"n": 10} | change))


# In and out


def test_the_index_is_kept_and_the_input_unchanged():
    table = answers()
    before = table.copy()
    result, found = loyalty_types(
        "a", "b", matrix="relative_attitude", data=table, scale=(1, 10), reliability=(0.8, 0.7)
    )
    assert found.index.equals(table.index)
    assert found.columns.tolist() == ["type", *result.names]
    _, by_series = loyalty_types(table["a"], table["b"], matrix="relative_attitude", scale=(1, 10))
    assert by_series["type"].equals(found["type"])
    _, by_polars = loyalty_types(
        "a", "b", matrix="relative_attitude", data=pl.from_pandas(table), scale=(1, 10)
    )
    _, by_arrays = loyalty_types(
        table["a"].to_numpy(), table["b"].to_numpy(), matrix="relative_attitude", scale=(1, 10)
    )
    for others in (by_polars, by_arrays):
        assert others["type"].tolist() == found["type"].tolist()
    pd.testing.assert_frame_equal(table, before)


def test_a_result_stays_as_it_is_also_after_pickling():
    found, _ = loyalty_types(
        "a",
        "b",
        matrix="ultimate_loyalty",
        data=answers(),
        scale=(1, 10),
        reliability=(0.8, 0.7),
        superiority=True,
        moves={"support": [-1, 1]},
    )
    again = pickle.loads(pickle.dumps(found))
    assert again.stability.equals(found.stability)
    for one in (found, again):
        for field in fields(one):
            value = getattr(one, field.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable
        for table in (one.types, one.accuracy, one.stability):
            table.iloc[:, 2:] = 0
    assert again.types.equals(found.types)
    assert lines(found)["estimate"].sum() == pytest.approx(1)
    assert found.stability["changed"].max() > 0


def test_the_summary_says_what_was_done():
    table = answers()
    table.loc["p3", "a"] = np.nan
    found, _ = loyalty_types(
        "a",
        "b",
        matrix="relative_attitude",
        data=table,
        scale=(1, 10),
        reliability=(0.8, 0.7),
        missing="drop",
    )
    facts = dict(found.summary().facts)
    assert (facts["customers"], facts["left out"]) == ("199", "1")
    text = str(found.summary())
    for part in (
        "attitude 5.5; differentiation 5.5",
        "0.8 of attitude, 0.7 of differentiation",
        "How far to trust them",
        "stability shows",
    ):
        assert part in text
    assert "<table" in found._repr_html_()
    assert repr(found) == "<LoyaltyTypes: 199 customers in 4 types, matrix relative_attitude>"
    plain, _ = loyalty_types("a", "b", matrix="knox", data=answers(), scale=(1, 10))
    assert "give their reliability" in remarks(plain)


@pytest.mark.parametrize("matrix", list(SCHEMES))
def test_every_type_has_its_texts(matrix):
    texts = evidence.catalogue(f"types_{matrix}")
    scheme = SCHEMES[matrix]
    assert texts["id"].tolist() == list(scheme.names(with_outside=True))
    assert (texts[["meaning", "strategy", "concepts"]] != "").all(axis=None)
    inside = texts[texts["id"] != NO_SUPERIORITY]
    assert (inside["chinese"] != "").all()
    binding = texts.loc[texts["measures"].str.contains("switching"), "id"]
    assert set(binding) <= {"spurious loyalty", "habitual"}
    found, _ = loyalty_types("a", "b", matrix=matrix, data=answers(), **OPTIONS[matrix])
    assert found.advice["type"].tolist() == list(scheme.types)
    assert (found.advice["reference"] != "").all()


def test_a_million_customers_take_no_time():
    people = world(1_000_000)
    start = time.perf_counter()
    found, _ = loyalty_types("attitude", "patronage", matrix="dick_basu", data=people, **WORLD)
    # 0.12 s on an idle core; the bound is for busy ones.
    assert time.perf_counter() - start < 5
    assert found.types["n_obs"].sum() == len(people)


# Bad input


MARKET = Moments(n_obs=9, items=["attitude", "patronage"], means=[5, 0.5], covariance=np.eye(2))


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"first": [1, 11]}, DataError, "must lie between 1 and 10, .* row 1"),
        ({"second": [0.2, 7]}, DataError, "patronage must lie between 0 and 1"),
        ({"second": [0.5, 0.5, 0.5]}, DataError, "equally long"),
        ({"first": [1, np.nan]}, DataError, 'missing="drop" leaves'),
        ({"first": ["hihg", "low"]}, DataError, "did you mean 'high'.*scores must be numbers"),
        ({"first": pd.Series(["9", "3"])}, DataError, "no class of relative attitude"),
        ({"first": "a"}, DataError, "give data= as well"),
        ({"first": [[1, 2], [3, 4]]}, DataError, "one value a row is needed"),
        ({"first": [5, np.inf]}, DataError, "infinite"),
        ({"weights": [1, -1]}, DataError, "weights must lie 0 or more"),
        ({"weights": [0, 0]}, DataError, "all weights are zero; at least one"),
        ({"superiority": [1, 0]}, OptionError, "choose matrix='ultimate_loyalty'"),
        ({"matrix": "oliver"}, OptionError, "choose one of 'relative_attitude'"),
        ({"scale": None}, OptionError, "give the scale"),
        ({"scale": (10, 1)}, OptionError, "lower one first"),
        ({"scale": 10}, OptionError, "give the lowest and the highest"),
        ({"scale": {"patronage": (1, 1)}}, OptionError, "lower one first"),
        ({"scale": {"attitude": (1, 10), "patronage": None}}, OptionError, "give the scale"),
        ({"scale": {"patronge": (1, 7)}}, OptionError, "did you mean 'patronage'.*name these"),
        ({"cuts": {"attitude": "high"}}, OptionError, "choose one of 'midpoint'"),
        ({"cuts": {"attitude": 12}}, OptionError, "outside the scale"),
        ({"cuts": {"patronage": np.nan}}, OptionError, "or a finite number"),
        ({"cuts": 5}, OptionError, r"cuts\['patronage'\]=5 lies outside the scale from 0 to 1"),
        ({"cuts": {"loyalty": 5}}, OptionError, "attitude, patronage only; name these"),
        ({"ties": "middle"}, OptionError, "choose one of 'high', 'low'"),
        ({"reliability": 0.8}, OptionError, "two numbers above 0 and at most 1, of attitude"),
        ({"reliability": (0.8, 1.2)}, OptionError, "two numbers above 0"),
        ({"reliability": (0.0, 0.8)}, OptionError, "two numbers above 0"),
        ({"reliability": (0.8, 0.8, 0.8)}, OptionError, "two numbers above 0"),
        ({"moments": MARKET}, OptionError, "give the reliability too"),
        ({"reliability": (0.8, 0.8), "moments": [5, 5]}, OptionError, "give a structural.Moments"),
        (
            {"reliability": (0.8, 0.8), "moments": MARKET.select(["patronage"])},
            DataError,
            "no item attitude",
        ),
        ({"reliability": (0.8, 0.8), "second": [0.5, 0.5]}, DataError, "does not vary"),
        ({"reliability": (0.8, 0.8)}, NotIdentifiedError, "correlate by 1.000"),
        ({"interval": "wald"}, OptionError, "choose one of 'wilson', 'percentile'"),
        ({"level": 95}, OptionError, "between 0 and 1"),
        ({"n_resamples": 1}, OptionError, "at least 2"),
        ({"n_resamples": 38, "interval": "percentile"}, OptionError, "draw at least 39"),
        ({"missing": "ignore"}, OptionError, "choose one of"),
        (
            {"first": ["high", "low"], "reliability": (0.8, 0.8)},
            OptionError,
            "give attitude as a score, or leave reliability out",
        ),
        ({"first": ["high", "low"], "cuts": 2}, OptionError, "choose one of 'lowest'"),
        (
            {"first": ["high", "low"], "cuts": {"attitude": "lowest"}},
            OptionError,
            "choose 'low', 'high' or 'highest'",
        ),
        (
            {"first": loyalty_types([1, 2], [3, 4], matrix="knox", scale=(1, 5))},
            DataError,
            "attitude is a result; give the column 'type'",
        ),
    ],
)
def test_bad_input(change, kind, says):
    good = {"first": [1, 9], "second": [0.2, 0.8], "scale": (1, 10)}
    with pytest.raises(kind, match=says):
        loyalty_types(**({"matrix": "dick_basu"} | good | change))


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (
            lambda: loyalty_types([1, -99], [5, 5], matrix="knox", scale=(1, 10)),
            DataError,
            "portfolio must lie 0 or more",
        ),
        (
            lambda: loyalty_types([1, 2], [5, 5], matrix="knox", scale=(1, 10), cuts="midpoint"),
            OptionError,
            "give scale={'portfolio': \\(1, 6\\)}",
        ),
        (
            lambda: loyalty_types(
                [1, 2], [1, 2], matrix="ultimate_loyalty", scale=(1, 7), superiority=[1, 5]
            ),
            OptionError,
            "give cuts={'superiority': 4}",
        ),
        (
            lambda: loyalty_types(
                [1, 2], [1, 2], matrix="ultimate_loyalty", scale=(1, 7), cuts={"superiority": 4}
            ),
            OptionError,
            "give superiority as well",
        ),
        (
            lambda: loyalty_types(
                [1, 2],
                [1, 2],
                matrix="ultimate_loyalty",
                scale=(1, 7),
                superiority=[1, 5],
                cuts={"superiority": "high"},
            ),
            OptionError,
            "must be a finite number",
        ),
        (
            lambda: loyalty_types(
                [1, 2], [1, 2], matrix="relative_attitude", scale={"differentiation": 7}
            ),
            OptionError,
            r"scale\['differentiation'\] is 7, not two numbers",
        ),
        (
            lambda: (
                loyalty_types(
                    [1, 9], [0.2, 0.8], matrix="dick_basu", scale=(1, 10)
                ).result.stability
            ),
            DataError,
            "no moves were given; sort again with moves={'attitude'",
        ),
        (
            lambda: (
                loyalty_types([1, 9], [0.2, 0.8], matrix="dick_basu", scale=(1, 10)).result.accuracy
            ),
            DataError,
            "no reliability was given; sort again",
        ),
    ],
)
def test_bad_input_of_the_others(call, kind, says):
    with pytest.raises(kind, match=says):
        call()
