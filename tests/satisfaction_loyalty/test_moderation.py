"""Moderated slopes: against regressions, differences by hand, leaving out, sizes and coverage."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel import evidence
from loyaltymodel._core.regression import collinear
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.satisfaction_loyalty.moderation.fit import slope_moderation
from loyaltymodel.satisfaction_loyalty.moderation.kernels import slopes, terms
from loyaltymodel.satisfaction_loyalty.moderation.result import EXPECTED

from tolerances import SAME

TRUTH = (0.2, 0.8, -0.3, -0.5)


def expit(eta):
    return 1 / (1 + np.exp(-eta))


def linear(s, m, truth):
    return truth[0] + truth[1] * s + truth[2] * m + truth[3] * s * m


def world(rng, n, *, truth=TRUTH, binary=True, together=0.0):
    m = rng.normal(size=n)
    s = together * m + rng.normal(size=n)
    eta = linear(s, m, truth)
    y = (rng.random(n) < expit(eta)) * 1.0 if binary else eta + rng.normal(size=n) * (1 + abs(s))
    return pd.DataFrame({"s": 5 + 2 * s, "y": y, "m": 3 + m})


def design(table):
    s, m = table["s"].to_numpy(), table["m"].to_numpy()
    return np.column_stack([np.ones(len(s)), s, m, s * m])


@pytest.fixture(scope="module")
def binary():
    return world(np.random.default_rng(1), 300)


@pytest.fixture(scope="module")
def score():
    return world(np.random.default_rng(2), 120, binary=False)


def test_scores_are_those_of_statsmodels(score):
    found = slope_moderation(
        "s", "y", moderators=["m"], outcome="score", at={"m": [2, 3, 4.5]}, data=score, level=0.9
    )
    other = sm.OLS(score["y"].to_numpy(), design(score)).fit(cov_type="HC3", use_t=True)
    ends = other.conf_int(alpha=0.1)
    product = [other.params[3], other.bse[3], *ends[3], other.pvalues[3]]
    assert found.products.iloc[0, 1:].tolist() == pytest.approx(product, rel=1e-8)
    for row in found.slopes.itertuples():
        at = other.t_test(np.array([[0, 1, 0, row.value]]))
        expected = [at.effect.item(), at.sd.item(), *at.conf_int(alpha=0.1)[0]]
        assert [row.estimate, row.std_error, row.ci_low, row.ci_high] == pytest.approx(
            expected, rel=1e-8
        )
    assert found.interactions.loc[0, "estimate"] == pytest.approx(2.5 * other.params[3])
    assert found.interactions.loc[0, "share_opposite"] == 0
    f = other.f_test(np.array([[0, 0, 0, 1.0]]))
    for test in found.tests.itertuples():
        assert test.p_value == pytest.approx(float(f.pvalue), rel=1e-7)
        assert (test.df, test.df_residual) == (1, 116)
    mean = found.average_slope
    assert mean == pytest.approx(other.params[1] + other.params[3] * score["m"].mean(), rel=1e-9)


def test_joint_tests_of_several_moderators():
    rng = np.random.default_rng(3)
    table = world(rng, 80, binary=False).assign(k=rng.normal(size=80), o=rng.integers(0, 2, 80))
    found = slope_moderation("s", "y", moderators=["m", "k", "o"], outcome="score", data=table)
    s = table["s"].to_numpy()
    m = table[["m", "k", "o"]].to_numpy()
    x = np.column_stack([np.ones(80), s, m, s[:, None] * m])
    other = sm.OLS(table["y"].to_numpy(), x).fit(cov_type="HC3", use_t=True)
    f = other.f_test(np.eye(8)[5:])
    assert found.tests["p_value"].tolist() == pytest.approx([float(f.pvalue)] * 2, rel=1e-7)
    assert found.tests["df"].tolist() == [3, 3]
    # The slope at a value of m is that with the others at their means.
    row = found.slopes.iloc[0]
    by_hand = (
        other.params[1]
        + other.params[5] * row["value"]
        + m[:, 1:].mean(axis=0) @ (other.params[6:])
    )
    assert row["estimate"] == pytest.approx(by_hand, rel=1e-9)
    assert found.slopes.query("moderator == 'o'")["value"].tolist() == [0, 1]


def average_slope(table, coefficients, m, step=1e-5):
    """Slope of the mean probability by numerical differences, everybody with the same m."""
    s = table["s"].to_numpy()
    up, down = (expit(linear(s + h, m, coefficients)).mean() for h in (step, -step))
    return (up - down) / (2 * step)


def test_probabilities_are_those_of_statsmodels(binary):
    found = slope_moderation("s", "y", moderators=["m"], data=binary)
    other = sm.Logit(binary["y"].to_numpy(), design(binary)).fit(disp=0)
    b = other.params
    assert found.products.loc[0, "estimate"] == pytest.approx(b[3], rel=1e-7)
    values = found.slopes["value"].to_numpy()
    assert values.tolist() == binary["m"].quantile([0.25, 0.5, 0.75]).tolist()
    by_hand = [average_slope(binary, b, m) for m in values]
    assert found.slopes["estimate"].tolist() == pytest.approx(by_hand, rel=1e-6)
    cross = found.interactions.iloc[0]
    assert cross["estimate"] == pytest.approx(by_hand[2] - by_hand[0], rel=1e-5)
    own = [
        expit(eta) * (1 - expit(eta)) * (b[1] + b[3] * m)
        for m in values[[0, 2]]
        for eta in [linear(binary["s"].to_numpy(), m, b)]
    ]
    opposite = ((own[1] - own[0]) * cross["estimate"] < 0).mean()
    assert cross["share_opposite"] == pytest.approx(opposite, abs=SAME)
    # statsmodels gives HC3 for linear models only; by its formula, from the hat matrix of the GLM.
    glm = sm.GLM(binary["y"].to_numpy(), design(binary), family=sm.families.Binomial()).fit()
    x, h = design(binary), glm.get_hat_matrix_diag()
    score = x * ((binary["y"].to_numpy() - glm.fittedvalues) / (1 - h))[:, None]
    bread = glm.cov_params()
    error = np.sqrt((bread @ score.T @ score @ bread)[3, 3])
    assert found.products.loc[0, "std_error"] == pytest.approx(error, rel=1e-6)


def test_errors_are_those_of_leaving_customers_out():
    table = world(np.random.default_rng(4), 150)
    at = {"m": [2.5, 3.5]}
    found = slope_moderation("s", "y", moderators=["m"], at=at, data=table)
    apart = []
    for k in range(150):
        rest = table.drop(index=k)
        b = sm.Logit(rest["y"].to_numpy(), design(rest)).fit(disp=0).params
        low, high = (average_slope(rest, b, m) for m in at["m"])
        apart.append([low, high, high - low])
    whole = [*found.slopes["estimate"], found.interactions.loc[0, "estimate"]]
    jackknife = np.sqrt(((np.array(apart) - whole) ** 2).sum(axis=0))
    ours = [*found.slopes["std_error"], found.interactions.loc[0, "std_error"]]
    # One Newton step instead of all of them: a few percent with 150 customers.
    assert ours == pytest.approx(jackknife.tolist(), rel=0.05)


@pytest.mark.parametrize("outcome", ["binary", "score"])
def test_errors_are_those_of_leaving_markets_out(outcome):
    rng = np.random.default_rng(5)
    table = world(rng, 400, binary=outcome == "binary")
    market = rng.integers(0, 9, 400)
    found = slope_moderation(
        "s", "y", moderators=["m"], outcome=outcome, clusters=market, data=table
    )
    kind = sm.Logit if outcome == "binary" else sm.OLS
    options = {"disp": 0} if outcome == "binary" else {}
    apart = np.array(
        [
            kind(table["y"].to_numpy()[market != g], design(table)[market != g])
            .fit(**options)
            .params[3]
            for g in range(9)
        ]
    )
    error = np.sqrt(8 / 9 * ((apart - found.products.loc[0, "estimate"]) ** 2).sum())
    # For the line exact; for the logistic regression by one Newton step.
    tolerance = 0.1 if outcome == "binary" else 1e-8
    assert found.products.loc[0, "std_error"] == pytest.approx(error, rel=tolerance)
    assert found.n_clusters == 9
    assert found.tests["df_residual"].tolist() == [8, 8]
    assert "clusters" in str(found.summary())
    assert "count as independent" not in str(found.summary())


def test_an_interaction_of_probabilities_is_not_its_coefficient():
    # Bound customers are loyal anyway: their probability has no room for satisfaction, though
    # on the scale of log odds satisfaction counts even a little more.
    rng = np.random.default_rng(6)
    n = 4000
    bound, s = rng.integers(0, 2, n), rng.normal(size=n)
    truth = (-0.5, 1.0, 3.0, 0.3)
    y = rng.random(n) < expit(linear(s, bound, truth))
    found = slope_moderation(s, y, moderators={"bound": bound})
    assert found.products.loc[0, "estimate"] > 0
    cross = found.interactions.iloc[0]
    assert cross["ci_high"] < 0
    assert 0 < cross["share_opposite"] < 0.5  # of the very dissatisfied, who have room upwards
    far = rng.normal(size=400_000)
    slope = [
        (expit(e) * (1 - expit(e)) * (truth[1] + truth[3] * m)).mean()
        for m in (0, 1)
        for e in [linear(far, m, truth)]
    ]
    assert slope[1] < slope[0]
    assert cross["ci_low"] < slope[1] - slope[0] < cross["ci_high"]
    assert "may differ in sign" in str(found.summary())


def test_the_gradient_is_that_of_differences():
    rng = np.random.default_rng(7)
    s, m = rng.normal(size=50), rng.normal(size=(50, 2))
    for curved in (False, True):
        b = rng.normal(size=terms(s, m, curved=curved).shape[1])
        for logistic in (False, True):
            found = slopes(s, m, b, curved=curved, logistic=logistic)
            steps = 1e-6 * np.eye(len(b))
            numeric = [
                slopes(s, m, b + step, curved=curved, logistic=logistic).average
                - slopes(s, m, b - step, curved=curved, logistic=logistic).average
                for step in steps
            ]
            np.testing.assert_allclose(found.gradient, np.array(numeric) / 2e-6, atol=1e-8)
            eta = [terms(s + h, m, curved=curved) @ b for h in (1e-6, -1e-6)]
            up, down = (expit(e) if logistic else e for e in eta)
            np.testing.assert_allclose(found.own, (up - down) / 2e-6, atol=1e-8)


@settings(max_examples=20)
@given(
    unit=st.floats(0.1, 10),
    shift=st.floats(-20, 20),
    moderator_unit=st.floats(0.1, 10),
    kind=st.sampled_from(["binary", "score"]),
)
def test_units_are_carried_through(unit, shift, moderator_unit, kind):
    table = world(np.random.default_rng(8), 90, binary=kind == "binary")
    moved = table.assign(s=shift + unit * table["s"], m=moderator_unit * table["m"] - shift)
    first, second = (
        slope_moderation("s", "y", moderators=["m"], outcome=kind, data=t) for t in (table, moved)
    )
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        slope, moved_slope = (getattr(f.slope_estimates, name) for f in (first, second))
        np.testing.assert_allclose(moved_slope * unit, slope, rtol=1e-6)
        product, moved_product = (getattr(f.product_estimates, name) for f in (first, second))
        np.testing.assert_allclose(moved_product * unit * moderator_unit, product, rtol=1e-6)
    np.testing.assert_allclose(second.statistic, first.statistic, rtol=1e-6)
    np.testing.assert_allclose(second.p_value, first.p_value, rtol=1e-6)
    assert (second.df, second.df_residual) == (first.df, first.df_residual)
    assert second.share_opposite[0] == first.share_opposite[0]


def test_the_sign_of_a_moderator_turned_round_turns(binary):
    turned = binary.assign(m=-binary["m"])
    first, second = (slope_moderation("s", "y", moderators=["m"], data=t) for t in (binary, turned))
    ours, theirs = (f.interactions.loc[0, "estimate"] for f in (second, first))
    assert ours == pytest.approx(-theirs, rel=1e-7)
    assert second.contrasts[0].tolist() == pytest.approx([-v for v in first.contrasts[0][::-1]])


def test_expected_signs_belong_to_the_conditions():
    conditions = evidence.catalogue("profit_conditions").set_index("id")["moderates"]
    assert conditions.to_dict() == {name: of for name, (of, _) in EXPECTED.items()}


def test_verdicts(binary):
    rng = np.random.default_rng(9)
    table = binary.assign(noise=rng.normal(size=300))
    found = slope_moderation(
        "s",
        "y",
        moderators=["m", "noise"],
        conditions={"m": "switching cost", "noise": "openness"},
        data=table,
    )
    rows = found.expectations.set_index("moderator")
    assert rows.loc["m", ["condition", "expected_sign", "verdict"]].tolist() == [
        "switching cost",
        -1.0,
        "as expected",
    ]
    assert rows.loc["noise", "verdict"].startswith("open")
    assert rows.loc["noise", "expected_sign"] == 1
    other = slope_moderation(
        "s", "y", moderators={"m": -table["m"]}, conditions={"m": "risk cost"}, data=table
    )
    assert other.expectations["verdict"].item() == "against the expectation"
    assert "against the expectation" in str(other.summary())
    # For loyalty nothing is stated of the conditions of profit, and the other way round.
    for of, verdict in (("loyalty", "no sign is stated"), ("profit", "as expected")):
        profit = slope_moderation(
            "s",
            "y",
            moderators=["m"],
            conditions={"m": "customer composition"},
            measures=of,
            data=table,
        )
        assert profit.expectations["verdict"].item().startswith(verdict)
    plain = slope_moderation("s", "y", moderators=["m"], data=table)
    assert plain.expectations.empty
    assert "The conditions" not in str(plain.summary())


def test_a_bend_passes_as_moderation():
    rng = np.random.default_rng(10)
    m = rng.normal(size=3000)
    s = 0.7 * m + rng.normal(size=3000)
    y = s + 0.4 * s**2 + rng.normal(size=3000)
    options = {"moderators": {"m": m}, "outcome": "score"}
    straight = slope_moderation(s, y, **options)
    curved = slope_moderation(s, y, **options, curved=True)
    assert straight.tests["p_value"].max() < 1e-6
    # A true hypothesis: with this seed p is far from the edge.
    assert curved.tests["p_value"].min() > 0.1
    slope = curved.slopes["estimate"].to_numpy()
    # The slope at m is that averaged over all customers, 1 + 0.8 times the mean of s.
    assert slope == pytest.approx(1 + 0.8 * s.mean(), abs=0.1)  # four errors of about 0.025


def test_values_at_which_slopes_are_given(binary):
    rare = binary.assign(m=(np.arange(300) < 20) * 1.0, k=np.arange(300) % 3)
    found = slope_moderation("s", "y", moderators=["m", "k"], data=rare)
    by = found.slopes.groupby("moderator")["value"].apply(list)
    assert by.to_dict() == {"m": [0, 1], "k": [0, 1, 2]}
    mostly = binary.assign(m=np.where(np.arange(300) < 20, np.arange(300) % 4, 0.0))
    found = slope_moderation("s", "y", moderators=["m"], data=mostly)
    assert found.slopes["value"].tolist() == [0, 3]
    asked = slope_moderation("s", "y", moderators=["m"], at={"m": (3, 1, 2, 1)}, data=mostly)
    assert asked.slopes["value"].tolist() == [1, 2, 3]
    assert asked.contrasts.tolist() == [[1, 3]]


def test_columns_of_any_table(binary):
    plain = slope_moderation("s", "y", moderators=["m"], data=binary)
    arrays = slope_moderation(
        binary["s"].to_numpy(), binary["y"].to_numpy(), moderators={"m": binary["m"].to_numpy()}
    )
    polar = slope_moderation("s", "y", moderators={"m": "m"}, data=pl.from_pandas(binary))
    for other in (arrays, polar):
        pd.testing.assert_frame_equal(other.interactions, plain.interactions)
    holed = binary.copy()
    holed.loc[7, "m"] = np.nan
    dropped = slope_moderation("s", "y", moderators=["m"], data=holed, missing="drop")
    assert (dropped.n_obs, dropped.n_dropped) == (299, 1)
    loaded = pickle.loads(pickle.dumps(plain))
    pd.testing.assert_frame_equal(loaded.tests, plain.tests)
    with pytest.raises(ValueError, match="read-only"):
        loaded.difference_estimates.estimate[0] = 1


def base(**changes):
    table = world(np.random.default_rng(11), 60).assign(market=np.arange(60) % 6)
    return table.assign(**changes)


HALF = (np.arange(60) < 30) * 1.0
BAD = [
    ({"data": base(y=2.0)}, DataError, "y is 2|loyalty is 2"),
    ({"data": base(y=base()["s"])}, DataError, 'outcome="score"'),
    ({"data": base(m=1.0)}, DataError, "m is 1 for every"),
    ({"data": base(m=np.nan)}, DataError, 'missing="drop"'),
    ({"data": base(s=np.inf)}, DataError, "infinite"),
    ({"data": base(m="high")}, DataError, "recode"),
    ({"data": base()[:4]}, DataError, "at least 5"),
    ({"data": base()[:6], "moderators": ["m", "market"], "outcome": "score"}, DataError, "fewer"),
    ({"data": base(k=2 * base()["m"]), "moderators": ["m", "k"]}, NotIdentifiedError, "leave a"),
    ({"data": base(s=HALF, m=1 - HALF)}, NotIdentifiedError, "cannot be told apart"),
    ({"data": base(y=(base()["s"] > 5) * 1.0)}, NotIdentifiedError, "computed from loyalty"),
    (
        {"data": base(m=(np.arange(60) == 3) * 1.0), "outcome": "score"},
        NotIdentifiedError,
        "cannot be told apart",
    ),
    (
        {"data": base(m=(np.arange(60) < 2) * 1.0), "outcome": "score"},
        NotIdentifiedError,
        "a single customer alone",
    ),
    (
        {
            "data": base(m=(np.arange(60) % 6 == 0) * 1.0),
            "outcome": "score",
            "clusters": "market",
        },
        NotIdentifiedError,
        "a single cluster alone",
    ),
    ({"clusters": np.arange(60) % 3}, DataError, "give smaller ones"),
    ({"moderators": []}, DataError, "at least one"),
    ({"moderators": np.ones((60, 2))}, DataError, "without names"),
    ({"moderators": ["m", "m"]}, DataError, "more than once"),
    ({"moderators": {"loyalty": "m"}}, OptionError, "something else"),
    ({"moderators": ["zz"]}, DataError, "'zz'"),
    ({"conditions": {"k": "openness"}}, OptionError, "no moderator"),
    ({"conditions": {"m": "open"}}, OptionError, "choose from"),
    ({"at": {"k": [1, 2]}}, OptionError, "no moderator"),
    ({"at": {"m": [3.0]}}, OptionError, "two or more"),
    ({"at": {"m": [3.0, 99.0]}}, OptionError, "within those observed"),
    ({"at": {"m": ["low", "high"]}}, OptionError, "two or more different numbers"),
    ({"at": {"m": [[0, 1], [0.5]]}}, OptionError, "two or more different numbers"),
    ({"at": {"m": [[2, 3], [2, 4]]}}, OptionError, "two or more different numbers"),
    ({"at": {"m": 3}}, OptionError, "two or more different numbers"),
    ({"at": {"m": [3, np.nan]}}, OptionError, "two or more different numbers"),
    ({"at": [0, 1]}, OptionError, "mapping from moderator to two"),
    ({"conditions": ["openness"]}, OptionError, "mapping from moderator to condition"),
    ({"conditions": {"m": ["openness"]}}, OptionError, "choose from"),
    ({"data": base(y=0.3 + 1e-16 * HALF), "outcome": "score"}, DataError, "but for rounding"),
    ({"clusters": np.zeros(60)}, DataError, "there is 1 cluster;"),
    ({"outcome": "count"}, OptionError, "'binary', 'score'"),
    ({"measures": "growth"}, OptionError, "'loyalty', 'profit'"),
    ({"curved": 1}, OptionError, "True or False"),
    ({"level": 2}, OptionError, "between 0 and 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_what_is_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        slope_moderation("s", "y", **{"moderators": ["m"], "data": base(), **options})


def test_what_a_notebook_shows(score):
    found = slope_moderation("s", "y", moderators=["m"], outcome="score", data=score)
    assert repr(found) == "<SlopeModeration: 120 customers, 1 moderator, score outcome>"
    assert found._repr_html_() == found.summary().to_html()


def test_more_moderators_than_clusters_have_no_joint_test():
    rng = np.random.default_rng(14)
    more = {f"m{k}": rng.normal(size=200) for k in range(6)}
    s = rng.normal(size=200)
    found = slope_moderation(
        s, s + rng.normal(size=200), moderators=more, outcome="score", clusters=np.arange(200) % 5
    )
    assert found.tests["p_value"].isna().all()
    assert found.interactions["p_value"].notna().all()
    assert "too many for a joint test" in str(found.summary())


def test_columns_that_follow_from_others_are_named():
    x = np.column_stack([np.ones(5), np.arange(5.0), 2 - np.arange(5.0), [0, 0, 1, 0, 3]])
    assert collinear(x).tolist() == [0, 1, 2]
    assert collinear(x[:, [0, 1, 3]]).size == 0
    x[:, 3] = 0
    assert collinear(x).tolist() == [3]


@pytest.mark.slow
def test_intervals_keep_their_promise():
    rng = np.random.default_rng(12)
    far = rng.normal(size=2_000_000)
    slope = [
        (expit(e) * (1 - expit(e)) * (TRUTH[1] + TRUTH[3] * m) / 2).mean()
        for m in (-0.5, 0.5)
        for e in [linear(far, m, TRUTH)]
    ]
    truth = np.array([*slope, slope[1] - slope[0], TRUTH[3] / 2])
    hits = []
    for _ in range(2000):
        found = slope_moderation(
            "s", "y", moderators=["m"], at={"m": [2.5, 3.5]}, data=world(rng, 300)
        )
        tables = (found.slopes, found.interactions, found.products)
        low, high = (pd.concat([t[end] for t in tables]) for end in ("ci_low", "ci_high"))
        hits.append((low <= truth) & (truth <= high))
    # Four standard errors of a share of 2,000 at 0.95, about a share of slopes of 0.94.
    assert (np.abs(np.mean(hits, axis=0) - 0.945) < 0.021).all(), np.mean(hits, axis=0)


@pytest.mark.slow
def test_the_sizes_that_the_notes_state():
    # Twelve markets of about fifty, in which level and slope differ by chance.
    rng = np.random.default_rng(13)
    rejected = []
    for _ in range(1500):
        market = rng.integers(0, 12, 600)
        m, level, slope = rng.normal(size=12), 0.4 * rng.normal(size=12), 0.4 * rng.normal(size=12)
        s = rng.normal(size=600)
        eta = 0.2 + (0.8 + slope[market]) * s - 0.3 * m[market] + level[market]
        y = rng.random(600) < expit(eta)
        options = {"moderators": {"m": m[market]}}
        plain = slope_moderation(s, y, **options)
        clustered = slope_moderation(s, y, **options, clusters=market)
        rejected.append([plain.p_value[1] < 0.05, clustered.p_value[1] < 0.05])
    without, with_markets = np.mean(rejected, axis=0)
    # Four standard errors of shares of 1,500: 0.042 at 0.2, 0.025 at 0.06.
    assert without == pytest.approx(0.2, abs=0.042)
    assert with_markets == pytest.approx(0.06, abs=0.025)
