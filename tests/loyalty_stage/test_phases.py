"""Instruments, scores, gating, probabilities of phases, and what the texts say of them."""

import itertools
import math
import pickle
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import multivariate_normal, norm
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel import evidence
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.quadrants import posterior_of
from loyaltymodel.economics.exits import (
    exit_reasons,
)
from loyaltymodel.errors import (
    DataError,
    ModelError,
    NotIdentifiedError,
    OptionError,
    ScaleWarning,
)
from loyaltymodel.loyalty_stage.phases import kernels
from loyaltymodel.loyalty_stage.phases.indicators import PHASES, PhaseInstrument
from loyaltymodel.loyalty_stage.phases.oliver import oliver
from loyaltymodel.loyalty_stage.phases.simulate import simulate_phases

from tolerances import EXACT

# Quadrature stops where two orders agree to 1e-9 on a grid of trial points; elsewhere it may
# be a little worse.
QUADRATURE = 1e-8

# SciPy integrates by quasi-Monte Carlo; its answers differ by up to 5e-6 between seeds where the
# variables are nearly collinear. The closed forms below are the sharper test.
QUASI_MONTE_CARLO = 1e-5

RANGES = {
    "price_tolerance": (0, 0.2),
    "volume": (0, 1200),
    "frequency": (0, 12),
    "duration": (0, 5),
}


def drawn_world(n, *, means=(62, 56, 50, 44), sds=12.0, correlation=0.6, reliability=0.8, rng=None):
    """A world of Oliver's phases, with the moments of its observed scores."""
    scores, true = simulate_phases(
        n, means=means, sds=sds, correlation=correlation, reliability=reliability, rng=rng
    )
    covariance = sds**2 * (
        correlation + (1 - correlation) * np.eye(4) + (1 - reliability) / reliability * np.eye(4)
    )
    moments = Moments(n_obs=n, items=list(PHASES), means=list(means), covariance=covariance)
    return SimpleNamespace(
        scores=scores,
        observed_values=scores.to_numpy(),
        true_values=true.to_numpy(),
        moments=moments,
    )


def lines(result, quantity="observed"):
    """Lines of the shares by stage."""
    table = result.stages
    return table[table["quantity"] == quantity].set_index("stage")


# Numbers of a size that people measure: others are refused.
POINTS = st.floats(0, 100).map(lambda points: round(points, 6))


def likely(found):
    """Probabilities of the stages (n, s)."""
    return found.customers[list(found.result.names)]


@pytest.fixture(scope="module")
def instrument():
    return PhaseInstrument.oliver(**RANGES)


@pytest.fixture(scope="module")
def survey(instrument):
    """Thirty customers whose answers lie within the scales."""
    rng = np.random.default_rng(5)
    table = instrument.table()
    columns = {row.column: rng.uniform(row.lowest, row.highest, 30) for row in table.itertuples()}
    return pd.DataFrame(columns, index=[f"c{k}" for k in range(30)])


# Instruments and scores


def test_eleven_indicators_of_four_phases(instrument):
    assert instrument.names == PHASES
    assert [len(phase.indicators) for phase in instrument.phases] == [4, 2, 2, 3]
    table = instrument.table().set_index("indicator")
    assert table.index[table["direction"] == "negative"].tolist() == ["negative_emotion"]
    # What has no highest value by nature is capped, everything else refused.
    capped = table.index[table["beyond"] == "cap"].tolist()
    assert capped == ["price_tolerance", "volume", "frequency", "duration"]
    assert tuple(table.loc["price_tolerance", ["lowest", "highest"]]) == (0, 0.2)
    assert (table["unit"] != "").all()
    assert (table["chinese"] != "").all()


def test_instrument_survives_json_and_pickle(instrument):
    renamed = instrument.with_columns({"pursuit": "q9"})
    assert "q9" in renamed.columns
    assert "q9" not in instrument.columns
    assert PhaseInstrument.from_json(renamed.to_json()) == renamed
    assert pickle.loads(pickle.dumps(renamed)) == renamed


def test_scores_are_those_of_the_formula(instrument, survey):
    scores = instrument.scores(survey)
    by_hand = (
        100 * (survey["positive_emotion"] - 1) / 9 + 100 * (10 - survey["negative_emotion"]) / 9
    ) / 2
    np.testing.assert_allclose(scores["affective"], by_hand, rtol=EXACT)
    assert scores.index.equals(survey.index)
    assert ((scores >= 0) & (scores <= 100)).all(axis=None)


def test_best_and_worst_answers_give_100_and_0(instrument):
    table = instrument.table()
    up = table["direction"] == "positive"
    best = dict(zip(table["column"], np.where(up, table["highest"], table["lowest"]), strict=True))
    worst = dict(zip(table["column"], np.where(up, table["lowest"], table["highest"]), strict=True))
    scores = instrument.scores(pd.DataFrame([best, worst]))
    np.testing.assert_allclose(scores.iloc[0], 100, rtol=EXACT)
    np.testing.assert_allclose(scores.iloc[1], 0, atol=EXACT)


def test_weights_and_caps_are_applied(instrument, survey):
    first = instrument.phases[3].indicators[0].model_copy(update={"weight": 3.0})
    heavier = instrument.phases[3].model_copy(
        update={"indicators": (first, *instrument.phases[3].indicators[1:])}
    )
    changed = PhaseInstrument(phases=(*instrument.phases[:3], heavier))
    data = survey.assign(volume=5000.0, frequency=0.0, duration=0.0)
    assert changed.scores(data)["action"].tolist() == pytest.approx([60.0] * 30)


def test_any_table_gives_the_same_scores(instrument, survey):
    expected = instrument.scores(survey)
    arrow = pa.Table.from_pandas(survey.reset_index(drop=True))
    np.testing.assert_allclose(instrument.scores(arrow), expected, rtol=EXACT)
    assert "cognitive" in expected.columns


def test_alpha_is_the_usual_one(instrument, survey):
    found = instrument.reliability(survey)
    table = instrument.table().set_index("column")
    columns = list(table.index[table["phase"] == "cognitive"])
    points = (survey[columns] - table.loc[columns, "lowest"]) / (
        table.loc[columns, "highest"] - table.loc[columns, "lowest"]
    )
    # By way of the mean covariance over the mean of all elements of the covariance matrix.
    s = points.cov().to_numpy()
    m = len(s)
    between = (s.sum() - np.trace(s)) / (m * (m - 1))
    assert found["cognitive"] == pytest.approx(between / (s.sum() / m**2), rel=1e-10)


def test_the_three_components_answer_to_phases():
    three = PhaseInstrument.three_components(repurchase=(0, 12))
    mapped = evidence.catalogue("components_of_loyalty")
    assert set(mapped["component"]) - {""} == set(three.names)
    assert tuple(mapped["id"]) == PHASES


# Gating


def gate_by_hand(scores, thresholds, *, up=True):
    found = []
    for row in scores:
        level = 0
        for score, threshold in zip(row, thresholds, strict=True):
            if not (score >= threshold if up else score > threshold):
                break
            level += 1
        found.append(level)
    return found


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")
@given(
    scores=arrays(float, (7, 4), elements=st.sampled_from([0.0, 20.0, 50.0, 70.0, 100.0])),
    thresholds=st.lists(st.sampled_from([0.0, 20.0, 50.0, 100.0]), min_size=4, max_size=4),
    ties=st.sampled_from(["high", "low"]),
)
def test_gating_agrees_with_going_through_the_phases(scores, thresholds, ties):
    cuts = dict(zip(PHASES, thresholds, strict=True))
    result, customers = oliver(scores, cuts=cuts, ties=ties)
    expected = gate_by_hand(scores, thresholds, up=ties == "high")
    assert customers["steps_passed"].tolist() == expected
    assert customers["stage"].tolist() == [("none", *PHASES)[k] for k in expected]
    _, entered = oliver(scores, cuts=cuts, ties=ties, stage_rule="entered")
    assert entered["stage"].tolist() == [PHASES[min(k, 3)] for k in expected]
    assert result.stages["n_obs"].sum() == len(scores)
    # A later pass without an earlier one, and nothing else, is out of order.
    own = result.passed(scores).to_numpy()
    out_of_order = (np.diff(own, axis=1) > 0).any(axis=1)
    assert customers["out_of_order"].tolist() == out_of_order.tolist()
    assert result.share_out_of_order == pytest.approx(out_of_order.mean())


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")
@given(arrays(float, (5, 4), elements=POINTS), st.floats(0, 100))
def test_a_higher_threshold_never_raises_a_phase(scores, threshold):
    lower, higher = (
        oliver(scores, cuts=cut).customers["steps_passed"] for cut in (threshold / 2, threshold)
    )
    assert (higher <= lower).all()


def test_composite_is_the_weighted_mean():
    scores = np.array([[80.0, 60.0, 40.0, 20.0]])
    assert oliver(scores).customers["composite"].tolist() == [50.0]
    weights = {"cognitive": 1, "affective": 0, "conative": 0, "action": 3}
    _, weighted = oliver(scores, composite_weights=weights)
    assert weighted["composite"].tolist() == [35.0]


def test_steps_count_who_climbs():
    scores = [[60, 60, 10, 90], [60, 10, 90, 90], [10, 90, 90, 90], [90, 90, 90, 90]]
    steps = oliver(scores).result.steps
    assert steps["n_at_risk"].tolist() == [4, 3, 2, 1]
    assert steps["n_passed"].tolist() == [3, 2, 1, 1]
    assert steps["passed"].tolist() == pytest.approx([3 / 4, 2 / 3, 1 / 2, 1])
    assert steps["passed_alone"].tolist() == [0.75, 0.75, 0.75, 1.0]


def test_weights_count_as_copies_of_customers():
    scores = simulate_phases(40, rng=2)[0]
    weights = np.arange(40) % 3
    weighted, _ = oliver(scores.assign(w=weights), weights="w")
    copied, _ = oliver(scores.loc[scores.index.repeat(weights)])
    shares = weighted.stages["estimate"], copied.stages["estimate"]
    np.testing.assert_allclose(*shares, rtol=EXACT)
    np.testing.assert_allclose(weighted.steps["mean"], copied.steps["mean"], rtol=EXACT)


def test_intervals_of_shares_are_wilsons():
    shares = oliver(simulate_phases(120, rng=12)[0], level=0.9).result.stages
    low, high = proportion_confint(shares["n_obs"], 120, alpha=0.1, method="wilson")
    np.testing.assert_allclose(shares["ci_low"], low, rtol=1e-10)
    np.testing.assert_allclose(shares["ci_high"], high, rtol=1e-10)


def test_every_form_of_scores_gives_the_same_phases():
    scores = simulate_phases(50, rng=3)[0]
    scores.index = [f"c{k}" for k in range(50)]
    before = scores.copy()
    _, expected = oliver(scores)
    for other in (
        scores.to_numpy(),
        pa.Table.from_pandas(scores, preserve_index=False),
        {name: scores[name] for name in scores},
        pl.from_pandas(scores.assign(town="北京")),
    ):
        found = oliver(other).customers.set_index(scores.index)
        pd.testing.assert_frame_equal(found, expected)
    for names in (list(scores), scores.columns, {name: name for name in scores}):
        result, found = oliver(names, data=scores.assign(w=1.0), weights="w")
        pd.testing.assert_frame_equal(found, expected)
        passed = result.passed(names, data=scores)
        pd.testing.assert_frame_equal(passed, result.passed(scores))
    assert expected.index.equals(scores.index)
    assert expected.columns.tolist() == ["stage", "steps_passed", "composite", "out_of_order"]
    pd.testing.assert_frame_equal(scores, before)
    assert expected["stage"].cat.ordered


def test_other_phases_than_olivers():
    _, two = oliver([[60, 40], [60, 60]], phases=("affective", "behavioural"))
    assert two["stage"].tolist() == ["affective", "behavioural"]
    _, six = oliver(np.full((3, 6), 60.0), phases=tuple("abcdef"))
    assert six["stage"].tolist() == ["f"] * 3


@pytest.mark.filterwarnings("ignore::loyaltymodel.errors.ScaleWarning")
def test_result_is_frozen_pickles_and_prints():
    scores = simulate_phases(80, rng=4)[0]
    result, _ = oliver(scores, reliability=0.8)
    with pytest.raises(AttributeError):
        result.level = 0.9
    assert not result.climbed.flags.writeable
    again = pickle.loads(pickle.dumps(result))
    assert not again.reached.flags.writeable
    pd.testing.assert_frame_equal(again.stages, result.stages)
    assert str(result.summary()) == str(again.summary())
    assert "true " in str(result.summary())
    assert "<table" in result._repr_html_()
    assert "80 customers" in repr(result)
    one = oliver(np.full((3, 4), 90.0)).result.summary()
    assert "All 3 customers are at one stage" in str(one)
    some, _ = oliver([[80, 20, 30, np.nan], [1, 2, 3, 4]], missing="drop")
    assert dict(some.summary().facts)["left out"] == "1"


# Orthant probabilities


def random_correlation(rng, k, ridge):
    a = rng.normal(size=(k, k))
    s = a @ a.T + ridge * np.eye(k)
    d = np.sqrt(np.diag(s))
    return s / np.outer(d, d)


@pytest.mark.parametrize("ridge", [0.05, 1.0])
def test_orthants_agree_with_scipy(ridge):
    rng = np.random.default_rng(int(100 * ridge))
    for _ in range(3):
        r = random_correlation(rng, 4, ridge)
        h = 1.3 * rng.normal(size=(4, 4))
        nodes, error = kernels.choose_order(r)
        assert error < 1e-9
        found = kernels.orthants(list(h.T), r, nodes)
        draws = "rng" in signature(multivariate_normal.cdf).parameters  # from SciPy 1.16 on
        for j in range(2, 5):
            for person, row in enumerate(h):
                expected = multivariate_normal.cdf(
                    row[:j],
                    np.zeros(j),
                    r[:j, :j],
                    maxpts=400_000,
                    abseps=1e-7,
                    releps=1e-7,
                    **({"rng": np.random.default_rng(1)} if draws else {}),
                )
                assert found[j - 1, person] == pytest.approx(expected, abs=QUASI_MONTE_CARLO)


def test_orthants_in_closed_form():
    # At the origin with all correlations 1/2 the probability in k dimensions is 1 / (k + 1).
    half = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    origin = [np.zeros(1)] * 4
    nodes, _ = kernels.choose_order(half)
    found = kernels.orthants(origin, half, nodes)[:, 0]
    np.testing.assert_allclose(found, [1 / 2, 1 / 3, 1 / 4, 1 / 5], atol=QUADRATURE)
    # In three dimensions it is 1/8 plus the sum of the arcsines over 4 pi.
    for seed in range(5):
        r = random_correlation(np.random.default_rng(seed), 3, 0.01)
        nodes, _ = kernels.choose_order(r)
        arcsines = np.arcsin(r[np.triu_indices(3, 1)]).sum()
        found = kernels.orthants([np.zeros(1)] * 3, r, nodes)[2, 0]
        assert found == pytest.approx(1 / 8 + arcsines / (4 * math.pi), abs=QUADRATURE)


def test_orthants_of_independent_variables_are_products():
    h = list(np.random.default_rng(1).normal(size=(4, 20)))
    found = kernels.orthants(h, np.eye(4), 4)
    np.testing.assert_allclose(found, np.cumprod(norm.cdf(h), axis=0), rtol=EXACT)


@pytest.mark.parametrize("r", [0.97, 0.9999])
def test_orthants_of_nearly_collinear_variables(r):
    # With one common factor the probability is a single integral over it.
    h = np.array([[0.3, -0.2, 0.1, 0.8], [1.0, 1.0, 1.0, 1.0], [-0.5, 0.4, 2.0, 0.0]])
    common = np.full((4, 4), r) + (1 - r) * np.eye(4)
    nodes, error = kernels.choose_order(common)
    found = kernels.orthants(list(h.T), common, nodes)[3]
    z = np.linspace(-8, 8, 20_001)
    for row, value in zip(h, found, strict=True):
        below = norm.cdf((row - math.sqrt(r) * z[:, None]) / math.sqrt(1 - r)).prod(axis=1)
        exact = np.trapezoid(below * norm.pdf(z), z)
        assert value == pytest.approx(exact, abs=max(1e-7, 3 * error))


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.floats(0.5, 0.95))
def test_probabilities_are_probabilities(seed, reliability):
    scores = simulate_phases(30, rng=seed)[0]
    covariance = 13.0**2 * (0.4 * np.eye(4) + 0.3)
    moments = Moments(n_obs=9, items=PHASES, means=[60, 55, 50, 45], covariance=covariance)
    p = likely(oliver(scores, reliability=reliability, moments=moments))
    assert (p >= 0).all(axis=None)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=EXACT)
    assert p.columns.tolist() == ["none", *PHASES]
    entered = likely(oliver(scores, reliability=reliability, moments=moments, stage_rule="entered"))
    # "entered" shifts everybody one phase up, and joins the last two.
    np.testing.assert_allclose(entered["cognitive"], p["none"], atol=EXACT)
    np.testing.assert_allclose(entered["action"], p["conative"] + p["action"], atol=EXACT)


def test_probabilities_agree_with_drawing_true_scores():
    world = drawn_world(400, rng=6)
    found = likely(oliver(world.scores, reliability=0.8, moments=world.moments)).to_numpy()
    moments = world.moments
    posterior = posterior_of(moments.means, moments.covariance, np.full(4, 0.8))
    rng = np.random.default_rng(0)
    n = 200_000
    for person in (0, 17, 250):
        centre = posterior.means(world.observed_values[[person]])[0]
        drawn = rng.multivariate_normal(centre, posterior.covariance, n)
        counts = np.bincount(kernels.levels_reached(drawn >= 50), minlength=5)
        expected = found[person]
        # Five standard errors of a share of the draws.
        reach = 5 * np.sqrt(expected * (1 - expected) / n) + 1e-9
        assert (np.abs(counts / n - expected) < reach).all()


def test_reliability_of_1_gives_the_observed_phase():
    scores = simulate_phases(200, rng=7)[0]
    found = oliver(scores, reliability=1.0)
    p = likely(found).to_numpy()
    assert p.argmax(axis=1).tolist() == found.customers["steps_passed"].tolist()
    assert set(np.unique(p)) == {0.0, 1.0}
    true, seen = (lines(found.result, quantity)["estimate"] for quantity in ("true", "observed"))
    np.testing.assert_allclose(true, seen, rtol=EXACT)
    # One score without error, the others with it.
    _, mixed = oliver(scores, reliability=[1.0, 0.8, 0.8, 0.8])
    fails = scores["cognitive"].to_numpy() < 50
    assert (mixed["none"].to_numpy() == fails).all()


def calibration(probabilities, truth):
    """Return z-values by tenth of probability: how far from the share that was promised."""
    hit = np.arange(probabilities.shape[1]) == truth[:, None]
    p, hit = probabilities.ravel(), hit.ravel()
    tenth = np.minimum((10 * p).astype(int), 9)
    promised = np.bincount(tenth, p, 10)
    variance = np.bincount(tenth, p * (1 - p), 10)
    return (np.bincount(tenth, hit, 10) - promised) / np.sqrt(variance)


@pytest.fixture(scope="module")
def calibrated():
    # Far enough from 0 and 100 that hardly anybody is drawn again.
    world = drawn_world(60_000, rng=8, means=[58, 54, 50, 46], sds=9.0, reliability=0.7)
    result = oliver(world.scores, reliability=0.7)
    truth = kernels.levels_reached(world.true_values >= 50)
    return world, result, truth


def test_probabilities_are_calibrated(calibrated):
    _, found, truth = calibrated
    p = likely(found).to_numpy()
    z = calibration(p, truth)
    # Ten tenths at once: beyond 4 once in 1,600 runs. Cells of a person are negatively
    # correlated, so the variance is if anything too large.
    assert np.abs(z).max() < 4
    # Those who are given about 0.8 for a phase.
    near = (p > 0.75) & (p < 0.85)
    hit = np.arange(5) == truth[:, None]
    assert hit[near].mean() == pytest.approx(0.8, abs=0.02)
    shares = np.bincount(truth, minlength=5) / len(truth)
    low, high = (lines(found.result, "true")[end].to_numpy() for end in ("ci_low", "ci_high"))
    # The interval is for the share in the world; that of a sample adds its own noise.
    slack = np.sqrt(shares * (1 - shares) / len(truth))
    assert ((shares > low - 2 * slack) & (shares < high + 2 * slack)).all()


def test_the_normal_around_the_observed_score_is_not_calibrated(calibrated):
    world, _, truth = calibrated
    error = np.sqrt(np.diag(world.moments.covariance) * 0.3)
    h = list(((world.observed_values - 50) / error).T)
    reached = kernels.orthants(h, np.eye(4), 4)
    bounds = np.vstack([np.ones(len(truth)), reached, np.zeros(len(truth))])
    naive = -np.diff(bounds, axis=0).T
    # A defect so large that the bound above would be passed many times over.
    assert np.abs(calibration(naive, truth)).max() > 10


@pytest.mark.slow
def test_intervals_of_true_shares_cover():
    rng = np.random.default_rng(9)
    big = drawn_world(2_000_000, rng=rng)
    truth = np.bincount(kernels.levels_reached(big.true_values >= 50), minlength=5) / len(
        big.true_values
    )
    hits = []
    for _ in range(400):
        found, _ = oliver(simulate_phases(300, rng=rng)[0], reliability=0.8)
        values = lines(found, "true")
        hits.append((values["ci_low"] <= truth) & (truth <= values["ci_high"]))
    # 400 runs at 95 %: a standard error of 1.1 points, and a little for small samples.
    assert (np.abs(np.mean(hits, axis=0) - 0.95) < 0.04).all()


def test_standard_errors_agree_with_leaving_out():
    scores = simulate_phases(60, rng=10)[0].to_numpy()
    thresholds, nodes = np.full(4, 50.0), 8

    def estimate(x):
        posterior = posterior_of(x.mean(axis=0), np.cov(x.T), np.full(4, 0.8))
        found = kernels.level_probabilities(x, posterior, thresholds, up=True, nodes=nodes)
        return posterior, found

    left = np.array([estimate(np.delete(scores, k, axis=0))[1].mean(axis=0) for k in range(60)])
    jackknife = np.sqrt(59 / 60 * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    posterior, found = estimate(scores)
    errors = kernels.share_errors(
        scores,
        np.ones(60),
        posterior,
        thresholds,
        found,
        merge=np.eye(5),
        up=True,
        nodes=nodes,
        from_sample=True,
    )
    # The jackknife differs from its infinitesimal form by terms of the order 1 / n.
    np.testing.assert_allclose(errors, jackknife, rtol=0.1)


def test_simulated_worlds_have_their_moments():
    world = drawn_world(40_000, rng=11, sds=8.0, correlation=0.5, reliability=0.8)
    # Five standard errors of a mean, and of a covariance of normal scores.
    covariance = world.moments.covariance
    sd = np.sqrt(np.diag(covariance))
    reach = 5 * sd / 200
    assert (np.abs(world.observed_values.mean(axis=0) - world.moments.means) < reach).all()
    found = np.cov(world.observed_values.T)
    assert (np.abs(found - covariance) < 5 * np.outer(sd, sd) * math.sqrt(2) / 200).all()
    one, other = drawn_world(5, rng=1), drawn_world(5, rng=1)
    np.testing.assert_array_equal(one.true_values, other.true_values)
    assert ((world.observed_values >= 0) & (world.observed_values <= 100)).all()


# Texts and daily practice


def test_lists_are_worded_as_in_the_texts():
    assert evidence.catalogue("enhancement")["chinese"].tolist() == [  # 002:13
        "建立顾客数据库", "提高内部服务质量,重视员工忠诚的培养", "制定合理的产品价格",
        "提升顾客转换的“门槛”",
    ]  # fmt: skip
    assert evidence.catalogue("levers")["chinese"].tolist() == [  # 004:208
        "提供优质的产品或服务", "建立更深层次的关系", "通过忠诚客户计划奖励他们的忠诚",
        "通过有针对性的市场推广",
    ]  # fmt: skip
    made = PhaseInstrument.oliver(
        price_tolerance=(0, 1), volume=(0, 1), frequency=(0, 1), duration=(0, 1)
    )
    assert [i.chinese for phase in made.phases for i in phase.indicators] == [  # 001:8-10
        "首先想到本企业产品与服务的可能性", "首先选择本企业的可能性", "能够承受的价格浮动范围",
        "与竞争对手比较,偏爱本企业的程度", "积极情绪", "消极情绪", "保持关系的愿望",
        "追求自己所偏爱的品牌的机会", "购买量", "购买频率", "交易持续的时间",
    ]  # fmt: skip


def test_every_phase_has_its_texts():
    assert tuple(evidence.catalogue("phases")["id"]) == PHASES
    about = evidence.catalogue().set_index("list").loc["phases"]
    assert about["status"] == "recalled"
    assert "usually attributed" in about["reference"]
    names = ("strategies", "measures", "enhancement", "database", "principles", "levers")
    assert [len(evidence.catalogue(name)) for name in names] == [3, 4, 4, 3, 10, 4]


def test_exit_reasons_add_up():
    reasons = ["price"] * 5 + ["service"] * 3 + ["moved"] * 2
    counted = exit_reasons(reasons)
    assert counted["reason"].tolist() == ["price", "service", "moved"]
    assert counted["estimate"].tolist() == [0.5, 0.3, 0.2]
    assert counted["n_obs"].tolist() == [5, 3, 2]
    assert counted["cumulative"].tolist() == pytest.approx([0.5, 0.8, 1.0])
    # Wilson's interval of 5 of 10, by its formula.
    z2 = norm.ppf(0.975) ** 2
    reach = math.sqrt(z2 * (0.25 + z2 / 40) / 10) / (1 + z2 / 10)
    assert counted.loc[0, "ci_low"] == pytest.approx(0.5 - reach)
    valued = exit_reasons(reasons, value=[1.0] * 5 + [10.0] * 3 + [0.0] * 2)
    assert valued["reason"].tolist() == ["service", "price", "moved"]
    assert valued["value_share"].tolist() == pytest.approx([30 / 35, 5 / 35, 0])


# Bad input

SCORES = np.array([[60.0, 40.0, 70.0, 20.0], [80.0, 70.0, 60.0, 55.0], [30.0, 50.0, 20.0, 90.0]])
MANY = np.random.default_rng(3).uniform(10, 90, (40, 4))
FOUR = Moments(n_obs=9, items=PHASES, means=[50] * 4, covariance=100 * np.eye(4))
SAME = np.column_stack([MANY[:, 0], MANY[:, 0], MANY[:, 1], MANY[:, 2]])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: oliver(SCORES[:, :1], phases=["a"]), OptionError, "at least two phases"),
        (lambda: oliver(SCORES, phases="abcd"), OptionError, "at least two phases"),
        (lambda: oliver(SCORES, phases=["a", "a", "b", "c"]), OptionError, "name each phase once"),
        (lambda: oliver(SCORES, phases=["none", "a", "b", "c"]), OptionError, "'none'"),
        (
            lambda: oliver(SCORES, phases=["stage", "a", "b", "c"]),
            OptionError,
            "table of customers; call it otherwise",
        ),
        (lambda: oliver(SCORES, cuts=101), OptionError, "between 0 and 100"),
        (lambda: oliver(SCORES, cuts=-1), OptionError, "between 0 and 100"),
        (lambda: oliver(SCORES, cuts=math.nan), OptionError, "between 0 and 100"),
        (lambda: oliver(SCORES, cuts="half"), OptionError, "one for all phases or by name"),
        (lambda: oliver(SCORES, cuts=True), OptionError, "one for all phases or by name"),
        (lambda: oliver(SCORES, cuts=[50, 50]), OptionError, "one for all phases or by name"),
        (lambda: oliver(SCORES, cuts={"acton": 50}), OptionError, "did you mean 'action'"),
        (lambda: oliver(SCORES, ties="up"), OptionError, "choose one of"),
        (lambda: oliver(SCORES, stage_rule="in"), OptionError, "choose one of"),
        (lambda: oliver(SCORES, level=95), OptionError, "such as 0.95"),
        (lambda: oliver(SCORES, composite_weights=0), OptionError, "at least one phase"),
        (lambda: oliver(SCORES, composite_weights=[1, 1, 1, -1]), OptionError, "give one number"),
        (lambda: oliver(MANY, reliability=0), OptionError, "above 0"),
        (lambda: oliver(MANY, reliability=1.1), OptionError, "between 0 and 1"),
        (lambda: oliver(MANY, reliability={"action": 0.8}), OptionError, "name cognitive"),
        (lambda: oliver(MANY, moments=FOUR), OptionError, "give the reliability"),
        (
            lambda: oliver(MANY, reliability=0.8, moments=[1, 2, 3, 4]),
            OptionError,
            "give a structural.Moments",
        ),
        (
            lambda: oliver(MANY, reliability=0.8, moments=FOUR.select(PHASES[:2])),
            DataError,
            "no item conative, action",
        ),
        (
            lambda: oliver(np.full((9, 5), 60.0), phases=tuple("abcde"), reliability=0.8),
            OptionError,
            "merge phases, or leave reliability out",
        ),
        (lambda: oliver(SAME, reliability=0.8), NotIdentifiedError, "higher reliabilities"),
        (
            lambda: oliver(np.column_stack([MANY[:, :3], np.full(40, 50.0)]), reliability=0.8),
            DataError,
            "action are the same for all customers",
        ),
        (lambda: oliver(SCORES, reliability=0.8), DataError, "a larger sample, or leave"),
        (lambda: oliver(SCORES + 50), DataError, r"give their scale, such as"),
        (lambda: oliver(SCORES - 50), DataError, "between 0 and 100"),
        (lambda: oliver(np.where(SCORES == 40, np.nan, SCORES)), DataError, 'missing="drop"'),
        (lambda: oliver(np.where(SCORES == 40, np.inf, SCORES)), DataError, "infinite"),
        (lambda: oliver(SCORES[:, :3]), DataError, r"\(n, 4\) is needed"),
        (lambda: oliver(SCORES.astype(str)), DataError, "recode it to numbers"),
        (lambda: oliver(np.empty((0, 4))), DataError, "no values at all"),
        (lambda: oliver({"cognitive": [1, 2]}), DataError, "or name the phases"),
        (lambda: oliver(pd.DataFrame({"cognitive": [50.0]})), DataError, "no scores of affective"),
        (lambda: oliver(list(PHASES)), DataError, "give data= as well"),
        (lambda: oliver(list("abcd"), data=pd.DataFrame()), DataError, r"\{'cognitive': values\}"),
        (lambda: oliver(SCORES, weights=[1, -1, 1]), DataError, "0 or more"),
        (lambda: oliver(SCORES, weights=[0, 0, 0]), DataError, "all weights are zero"),
        (lambda: oliver(SCORES, weights="w"), DataError, "give data="),
        (
            lambda: PhaseInstrument.oliver(**RANGES | {"volume": (5, 5)}),
            ModelError,
            "lower one first",
        ),
        (lambda: PhaseInstrument(phases=[]), ModelError, "at least two"),
        (
            lambda: PhaseInstrument.oliver(**RANGES).with_columns({"persuit": "q"}),
            ModelError,
            "did you mean 'pursuit'",
        ),
        (
            lambda: PhaseInstrument.oliver(**RANGES).with_columns({"pursuit": "volume"}),
            ModelError,
            "use each once",
        ),
        (lambda: simulate_phases(0), OptionError, "at least 1"),
        (lambda: simulate_phases(9, means=120), OptionError, "between 0 and 100"),
        (lambda: simulate_phases(9, reliability=0), OptionError, "between 0.01 and 1"),
        (lambda: simulate_phases(9, correlation=-0.9), OptionError, "cannot hold together"),
        (lambda: simulate_phases(9, correlation="high"), OptionError, "not numeric"),
        (lambda: simulate_phases(9, correlation=np.eye(3)), OptionError, "correlation matrix"),
        (
            lambda: simulate_phases(9, rng=1, means=0.0, sds=50.0),
            OptionError,
            "means nearer to 50",
        ),
        (lambda: exit_reasons(["a", None]), DataError, 'missing="drop"'),
        (lambda: exit_reasons(["a", "b"], value=[0, 0]), DataError, "leave value out"),
        (lambda: exit_reasons(["a", "b"], value=[1, -1]), DataError, "0 or more"),
    ],
)
def test_bad_input_ends_in_a_named_error(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_answers_of_one_to_seven_are_not_taken_for_low_scores_in_silence():
    with pytest.warns(ScaleWarning, match=r"none is above 7.*scores"):
        oliver(np.tile([[7, 6, 5, 4]], (3, 1)))


def test_bad_answers_end_in_a_named_error(instrument, survey):
    with pytest.raises(DataError, match='beyond="cap"'):
        instrument.scores(survey.assign(pursuit=99.0))
    with pytest.raises(DataError, match="no column 'pursuit'"):
        instrument.scores(survey.drop(columns="pursuit"))
    gaps = survey.copy()
    gaps.loc["c3", "pursuit"] = np.nan
    with pytest.raises(DataError, match='missing="drop"'):
        instrument.scores(gaps)
    assert len(instrument.scores(gaps, missing="drop")) == 29
    with pytest.raises(DataError, match="at least 3"):
        instrument.reliability(survey.iloc[:2])
    with pytest.raises(DataError, match="look for another indicator"):
        instrument.reliability(survey.assign(wish_to_continue=5.0, pursuit=5.0))


def test_scores_on_a_scale_of_their_own_give_the_same_phases():
    world = drawn_world(400, reliability=0.7, rng=5)
    points = world.scores
    answers = 1 + 9 * points / 100
    given = {"reliability": 0.7, "cuts": {"affective": 60}}
    result, customers = oliver(points, **given)
    mapped = {"cognitive": (1, 10), "affective": (1, 10), "conative": (1, 10), "action": (1, 10)}
    for scale in ((1, 10), mapped):
        own, beside = oliver(answers, scale=scale, reliability=0.7, cuts={"affective": 1 + 9 * 0.6})
        assert own.cuts["cognitive"] == 5.5
        assert own.scale["action"] == (1.0, 10.0)
        pd.testing.assert_frame_equal(beside, customers, rtol=1e-9)
        pd.testing.assert_frame_equal(own.stages, result.stages, rtol=1e-9)
        pd.testing.assert_frame_equal(own.passed(answers), result.passed(points))
    # One phase may have a scale of its own, and the others keep theirs.
    mixed = points.assign(action=points["action"] / 100)
    _, beside = oliver(mixed, scale={"action": (0, 1)}, **given)
    pd.testing.assert_frame_equal(beside, customers, rtol=1e-9)


# Who stands exactly at a cut-off stands there, whatever the order of the answers


def instrument_of(*scales, weights=None, directions=None):
    parts = [
        {
            "name": f"f{k}",
            "scale": scale,
            "weight": 1 if weights is None else weights[k],
            "direction": "positive" if directions is None else directions[k],
        }
        for k, scale in enumerate(scales)
    ]
    rest = {"name": "z", "indicators": [{"name": "orders", "scale": (0, 8)}]}
    return PhaseInstrument(phases=[{"name": "x", "indicators": parts}, rest])


@pytest.mark.parametrize("ties", ["high", "low"])
@pytest.mark.parametrize("direction", ["positive", "negative"])
@pytest.mark.parametrize(
    ("k", "scale"), [(3, (1, 5)), (3, (1, 7)), (4, (1, 10)), (3, (0, 10)), (3, (-3, 3))]
)
def test_all_patterns_with_the_mean_in_the_middle_are_judged_alike(k, scale, direction, ties):
    low, high = scale
    patterns = itertools.product(range(low, high + 1), repeat=k)
    rows = [row for row in patterns if 2 * sum(row) == k * sum(scale)]
    answers = pd.DataFrame(rows, columns=[f"f{j}" for j in range(k)]).assign(orders=8)
    instrument = instrument_of(*[scale] * k, directions=[direction] * k)
    scores = instrument.scores(answers)
    assert (scores["x"] == 50).all()
    result, customers = oliver(scores, phases=["x", "z"], cuts=50, ties=ties)
    assert (customers["steps_passed"] > 0).all() == (ties == "high")
    assert (result.passed(scores)["x"] == (ties == "high")).all()


@given(st.integers(0, 10**6))
def test_scales_of_several_widths_and_weights_are_judged_alike(seed):
    rng = np.random.default_rng(seed)
    low = rng.integers(-5, 5, 4)
    scales = [(int(a), int(a + w)) for a, w in zip(low, rng.integers(1, 12, 4), strict=True)]
    instrument = instrument_of(*scales, weights=rng.integers(1, 9, 4) / 10)
    # Half of the way up on every scale; the ends of a pair of like scales are half on average.
    answers = pd.DataFrame([[(a + b) / 2 for a, b in scales]], columns=["f0", "f1", "f2", "f3"])
    scores = instrument.scores(answers.assign(orders=8))
    _, customers = oliver(scores, phases=["x", "z"], cuts=50)
    assert customers["steps_passed"].tolist() == [2]
    assert 0 <= scores["x"].item() <= 100


def test_who_answers_the_middle_everywhere_passes_everywhere():
    own = PhaseInstrument.oliver(
        price_tolerance=(0, 20),
        volume=(0, 10),
        frequency=(0, 10),
        duration=(0, 10),
        answers=(1, 5),
        likelihood=(0, 1),
    )
    middle = {i.source: [sum(i.scale) / 2] for phase in own.phases for i in phase.indicators}
    _, customers = oliver(own.scores(pd.DataFrame(middle)))
    assert customers["stage"].tolist() == ["action"]


def test_scores_without_error_stand_at_their_cut_off():
    rng = np.random.default_rng(3)
    scores = pd.DataFrame({"x": rng.integers(0, 101, 50) / 7, "z": rng.integers(0, 101, 50) / 7})
    scores.loc[0, "x"] = 0.1 + 0.2 + 4.7  # 5, but for rounding
    scores.loc[0, "z"] = 9.0
    result, customers = oliver(
        scores, phases=["x", "z"], scale=(0, 15), cuts={"x": 5, "z": 5}, reliability=[1, 0.9]
    )
    assert customers["steps_passed"].iloc[0] == 2
    assert customers["none"].iloc[0] == 0
    assert result.passed(scores)["x"].iloc[0] == 1


def test_a_correlation_table_is_put_in_order_by_its_labels():
    names = ["a", "b", "c"]
    values = np.array([[1, 0.1, 0.2], [0.1, 1, 0.7], [0.2, 0.7, 1]])
    table = pd.DataFrame(values, index=names, columns=names).iloc[[2, 0, 1], ::-1]
    plain, named = (
        simulate_phases(50, phases=names, correlation=given, rng=1)[1] for given in (values, table)
    )
    pd.testing.assert_frame_equal(plain, named)
    with pytest.raises(DataError, match="is labelled 'd'"):
        simulate_phases(9, phases=names, correlation=table.rename(index={"a": "d"}))


@pytest.mark.parametrize(
    "correlation", ["0.5", [["1", "0"], ["0", "1"]], np.inf, 1e308, 1j, 10**400]
)
def test_what_is_no_correlation_is_refused(correlation):
    with pytest.raises(OptionError, match="give one correlation"):
        simulate_phases(9, phases=["a", "b"], correlation=correlation)


@pytest.mark.parametrize(
    ("option", "one", "other"), [("means", 60, 40), ("sds", 9, 6), ("reliability", 0.5, 0.9)]
)
def test_options_by_phase_go_to_their_phases(option, one, other):
    forms = [one, other], {"b": other, "a": one}, pd.Series({"b": other, "a": one})
    worlds = [
        simulate_phases(20, phases=["a", "b"], rng=1, **({"sds": 2} | {option: form}))[0]
        for form in forms
    ]
    for world in worlds[1:]:
        pd.testing.assert_frame_equal(world, worlds[0])
