"""Responses to adverse events: statsmodels, numerical derivatives, brute force, recovery."""

import itertools
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.expectation_gap import adverse_response

from tolerances import SAME

# Newton's method stops when the likelihood no longer moves; both programs are then within about
# 1e-9 of the maximum, in units of the standard errors.
MAXIMUM = 1e-7
# A central difference with a step of 1e-5 is good to about 1e-10 of values near 1.
NUMERICAL = 1e-9


def customers(rng, n, *, damping=0.03, two_shocks=False):
    """People whose slope by the shock is -0.3 at a satisfaction of 0, with unequal errors."""
    s = rng.integers(1, 11, n).astype(float)
    x = (rng.random(n) < 0.5).astype(float) if two_shocks else rng.choice([0.0, 5, 10, 15], n)
    before = 3 + 0.4 * s + rng.normal(size=n)
    after = 0.5 * before - 0.3 * x + damping * x * s + rng.normal(size=n) * (0.5 + 0.1 * x)
    stayed = rng.random(n) < expit(0.5 + 0.2 * s - 0.3 * x + damping * x * s)
    return pd.DataFrame(
        {"s": s, "x": x, "before": before, "after": after, "stayed": stayed.astype(float)}
    )


@pytest.fixture(scope="module")
def people():
    return customers(np.random.default_rng(5), 150)


def columns_of(people, *, baseline=False):
    columns = [np.ones(len(people)), people["x"], people["s"], people["x"] * people["s"]]
    return np.column_stack([*columns, people["before"]] if baseline else columns)


# The line


@pytest.mark.parametrize("baseline_as", [None, "covariate", "subtracted"])
def test_a_line_is_that_of_statsmodels(people, baseline_as):
    given = {} if baseline_as is None else {"baseline": "before", "baseline_as": baseline_as}
    result = adverse_response(
        "x", "after", satisfaction="s", at=[9, 3, 6], level=0.9, data=people, **given
    )
    y = people["after"] - (people["before"] if baseline_as == "subtracted" else 0)
    design = columns_of(people, baseline=baseline_as == "covariate")
    fitted = sm.OLS(y.to_numpy(), design).fit(cov_type="HC3", use_t=True)
    table = result.terms
    np.testing.assert_allclose(table["estimate"], fitted.params, rtol=SAME)
    np.testing.assert_allclose(table["std_error"], fitted.bse, rtol=SAME)
    # The lowest level comes first.
    sums = np.zeros((3, design.shape[1]))
    sums[:, 1], sums[:, 3] = 1, [3, 6, 9]
    found = fitted.t_test(sums)
    slopes = result.slopes
    assert slopes["satisfaction"].to_list() == [3, 6, 9]
    np.testing.assert_allclose(slopes["estimate"], found.effect, rtol=SAME)
    np.testing.assert_allclose(slopes["std_error"], found.sd.ravel(), rtol=SAME)
    np.testing.assert_allclose(slopes[["ci_low", "ci_high"]], found.conf_int(0.1), rtol=SAME)
    np.testing.assert_allclose(slopes["p_value"], found.pvalue, rtol=1e-6, atol=SAME)
    # The damping between any two levels is the coefficient of the product.
    product = table.drop(columns="term").iloc[3]
    np.testing.assert_allclose(result.damping.to_numpy(), product.to_numpy(), rtol=1e-6)


def test_four_groups_are_worked_out_by_hand():
    # Means fall by 4 and by 1 for a shock of 10, so slopes are -0.4 and -0.1. A line through four
    # means has HC3 errors from residuals of 1 with leverages of 1/2: each mean has the variance
    # (1 + 1) / (1/2)^2 / 4 = 2, a slope (2 + 2) / 100.
    result = adverse_response(
        [10, 10, 0, 0] * 2,
        [-5, -3, -1, 1, -2, 0, -1, 1],
        satisfaction=[5] * 4 + [9] * 4,
        at=[5, 9],
    )
    np.testing.assert_allclose(result.slopes["estimate"], [-0.4, -0.1], atol=SAME)
    np.testing.assert_allclose(result.slopes["std_error"], [0.2, 0.2], atol=SAME)
    assert result.damping["estimate"] == pytest.approx(0.3 / 4, abs=SAME)
    assert result.damping["std_error"] == pytest.approx(np.sqrt(0.08) / 4, abs=SAME)
    t = 0.075 / (np.sqrt(0.08) / 4)
    assert result.damping["p_value"] == pytest.approx(2 * stats.t.sf(t, 4), abs=SAME)


# Where the slope is not 0


def scanned(result, grid):
    """Whether the interval of the slope leaves out 0, at every satisfaction of a grid."""
    b, v = result.estimates.estimate, result.estimates.covariance
    slope = b[1] + grid * b[3]
    error = np.sqrt(v[1, 1] + 2 * grid * v[1, 3] + grid**2 * v[3, 3])
    law = stats.norm() if np.isinf(result.df) else stats.t(result.df)
    return np.abs(slope) > law.ppf((1 + result.level) / 2) * error


@given(
    seed=st.integers(0, 10_000),
    damping=st.sampled_from([-0.05, 0.0, 0.03, 0.06]),
    model=st.sampled_from(["linear", "logit"]),
    level=st.sampled_from([0.5, 0.95, 0.999]),
)
def test_the_region_is_what_a_scan_finds(seed, damping, model, level):
    people = customers(np.random.default_rng(seed), 60, damping=damping)
    outcome = "after" if model == "linear" else "stayed"
    try:
        result = adverse_response(
            "x", outcome, satisfaction="s", at=[2, 9], model=model, level=level, data=people
        )
    except (NotIdentifiedError, OptionError):  # separated, or nobody at 2 or below
        return
    low, high = result.satisfaction_range
    grid = np.linspace(low, high, 2001)[1:-1]
    inside = np.zeros(len(grid), dtype=bool)
    close = np.zeros(len(grid), dtype=bool)
    for row in result.region.itertuples():
        piece = (grid >= row.lowest) & (grid <= row.highest)
        inside |= piece
        b = result.estimates.estimate
        slope = b[1] + grid[piece] * b[3]
        assert (np.sign(slope) == (-1 if row.slope == "negative" else 1)).all()
        assert row.share == people["s"].between(row.lowest, row.highest).mean()
    for limit in result.limits:
        close |= np.abs(grid - limit) < 1e-6 * (1 + abs(limit))  # rounding decides there
    assert (inside == scanned(result, grid))[~close].all()


@pytest.mark.parametrize(("outcome", "damping", "n_limits"), [
    ("after", 0.06, 2), ("after", 0.0, 2), ("noise", 0.0, 0),
])  # fmt: skip
def test_the_limits_are_where_a_wide_scan_changes(outcome, damping, n_limits):
    people = customers(np.random.default_rng(2), 150, damping=damping)
    people["noise"] = np.random.default_rng(3).normal(size=150)
    result = adverse_response("x", outcome, satisfaction="s", at=[2, 9], level=0.99, data=people)
    assert len(result.limits) == n_limits
    grid = np.linspace(-400, 400, 800_001)
    changes = np.flatnonzero(np.diff(scanned(result, grid).astype(int)))
    assert len(changes) == n_limits
    # Between two points of the grid, 0.001 apart.
    assert (grid[changes] <= result.limits).all()
    assert (result.limits <= grid[changes + 1]).all()


def test_an_exact_line_turns_where_its_slope_is_0():
    x, s = np.tile([0.0, 1, 2, 3], 5), np.repeat([1.0, 2, 3, 4, 5], 4)
    result = adverse_response(x, (s - 2.5) * x + 1, satisfaction=s, at=[1, 5])
    region = result.region
    # Residuals are rounding, so intervals have almost no width: 1e-6 is far more.
    np.testing.assert_allclose(region[["lowest", "highest"]], [[1, 2.5], [2.5, 5]], atol=1e-6)
    assert region["slope"].to_list() == ["negative", "positive"]
    np.testing.assert_allclose(region["share"], [0.4, 0.6])


def test_a_response_that_nobody_shows_has_no_region():
    rng = np.random.default_rng(11)
    x, s = np.tile([0.0, 1.0], 20), np.repeat([1.0, 2, 3, 4], 10)
    result = adverse_response(x, rng.normal(size=40), satisfaction=s, at=[1, 4], level=0.9999)
    assert len(result.region) == 0
    assert "At no observed satisfaction does the slope differ from 0." in str(result.summary())


@settings(max_examples=30)  # two fits each
@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), times=st.floats(0.1, 10))
def test_units_move_slopes_and_limits_as_they_should(seed, shift, times):
    people = customers(np.random.default_rng(seed), 80)
    low, high = people["s"].min(), people["s"].max()
    plain = adverse_response("x", "after", satisfaction="s", at=[low, high], data=people)
    moved = adverse_response(
        people["x"] * times,
        -people["after"] * 2,
        satisfaction=people["s"] + shift,
        at=[low + shift, high + shift],
    )
    # The shift changes how well conditioned the columns are.
    loose = 1e-7
    np.testing.assert_allclose(
        moved.slopes["estimate"], -2 * plain.slopes["estimate"] / times, rtol=loose, atol=loose
    )
    np.testing.assert_allclose(moved.slopes["p_value"], plain.slopes["p_value"], atol=loose)
    assert moved.damping["p_value"] == pytest.approx(plain.damping["p_value"], abs=loose)
    near = np.abs(plain.limits) < 100
    np.testing.assert_allclose(moved.limits[near], plain.limits[near] + shift, atol=1e-4)
    np.testing.assert_allclose(moved.region["share"], plain.region["share"])


# The logit


def probabilities(b, people, s, x, *, baseline):
    logit = b[0] + b[1] * x + b[2] * s + b[3] * x * s
    return expit(logit + (b[4] * people["before"].to_numpy() if baseline else 0))


def slopes_by_hand(b, people, at, *, two_shocks, baseline):
    x, found = people["x"].to_numpy(), []
    for s in at:
        if two_shocks:
            p0, p1 = (probabilities(b, people, s, k, baseline=baseline) for k in (0, 1))
            found.append((p1 - p0).mean())
        else:
            p = probabilities(b, people, s, x, baseline=baseline)
            found.append((p * (1 - p) * (b[1] + b[3] * s)).mean())
    return np.array(found)


@pytest.mark.parametrize("two_shocks", [False, True])
@pytest.mark.parametrize("baseline", [False, True])
def test_slopes_of_a_probability_are_those_of_brute_force(two_shocks, baseline):
    people = customers(np.random.default_rng(8), 400, two_shocks=two_shocks)
    given = {"baseline": "before", "baseline_as": "covariate"} if baseline else {}
    at = np.array([2.0, 6, 9])
    result = adverse_response(
        "x", "stayed", satisfaction="s", at=at, model="logit", data=people, **given
    )
    fitted = sm.Logit(people["stayed"], columns_of(people, baseline=baseline)).fit(disp=False)
    np.testing.assert_allclose(result.estimates.estimate, fitted.params, rtol=MAXIMUM, atol=MAXIMUM)
    np.testing.assert_allclose(result.estimates.covariance, fitted.cov_params(), rtol=1e-5)
    assert result.slope_kind == ("difference" if two_shocks else "derivative")

    def slopes(b):
        return slopes_by_hand(b, people, at, two_shocks=two_shocks, baseline=baseline)

    b, step = result.estimates.estimate, 1e-5
    np.testing.assert_allclose(result.slope_estimates.estimate, slopes(b), rtol=SAME)
    if not two_shocks:
        # That the derivative is what a little more shock does:
        x = people["x"].to_numpy()
        for s, slope in zip(at, result.slope_estimates.estimate, strict=True):
            more, less = (
                probabilities(b, people, s, x + end, baseline=baseline).mean()
                for end in (step, -step)
            )
            assert slope == pytest.approx((more - less) / (2 * step), abs=NUMERICAL)
    moves = step * np.eye(len(b))
    gradient = np.array([slopes(b + move) - slopes(b - move) for move in moves]) / (2 * step)
    covariance = gradient.T @ result.estimates.covariance @ gradient
    errors = np.sqrt(np.diag(covariance))
    # Errors are roots of sums in which the derivatives' rounding counts by its square.
    np.testing.assert_allclose(result.slopes["std_error"], errors, rtol=1e-6)
    z = stats.norm.ppf(0.975)
    np.testing.assert_allclose(
        result.slopes["ci_high"], result.slope_estimates.estimate + z * errors, atol=1e-6
    )
    contrast = np.array([-1, 0, 1]) / 7
    damping = result.damping
    assert damping["estimate"] == pytest.approx(contrast @ slopes(b), rel=1e-8)
    error = np.sqrt(contrast @ covariance @ contrast)
    assert damping["std_error"] == pytest.approx(error, rel=1e-6)


def test_a_logit_of_two_groups_is_worked_out_by_hand():
    # Of 10 unhit 8 stay; of 10 who are hit 2 of the less and 6 of the more satisfied. The model
    # has a probability for each group, so that differences are those of the shares.
    stayed = np.repeat([1, 0, 1, 0, 1, 0, 1, 0], [8, 2, 2, 8, 8, 2, 6, 4])
    hit = np.repeat([0, 1, 0, 1], 10)
    result = adverse_response(
        hit, stayed, satisfaction=np.repeat([3, 5], 20), at=[3, 5], model="logit"
    )
    np.testing.assert_allclose(result.slopes["estimate"], [-0.6, -0.2], atol=MAXIMUM)
    variance = np.array([(0.16 + 0.16), (0.16 + 0.24)]) / 10
    np.testing.assert_allclose(result.slopes["std_error"], np.sqrt(variance), atol=MAXIMUM)
    assert result.damping["estimate"] == pytest.approx(0.4 / 2, abs=MAXIMUM)


# What comes in and goes out


def test_people_without_an_answer_are_left_out(people):
    holes = people.copy()
    holes.loc[3, "s"] = np.nan
    given = {"satisfaction": "s", "at": [2, 9]}
    result = adverse_response("x", "after", **given, data=holes, missing="drop")
    rest = adverse_response("x", "after", **given, data=pl.from_pandas(people.drop(3)))
    assert (result.n_obs, result.n_dropped) == (149, 1)
    np.testing.assert_allclose(result.estimates.estimate, rest.estimates.estimate, rtol=SAME)
    again = pickle.loads(pickle.dumps(result))
    with pytest.raises(ValueError, match="read-only"):
        again.limits[0] = 0
    for table in (result.slopes, result.region, result.terms):
        table.iloc[:, 1] = 0
    np.testing.assert_array_equal(result.slopes["estimate"], result.slope_estimates.estimate)


def test_the_summary_says_what_was_found(people):
    linear = adverse_response("x", "after", satisfaction="s", at=[2, 9], data=people)
    text = " ".join(str(linear.summary()).split())
    assert "The response is weaker at a satisfaction of 9" in text
    assert "p < 0.001" in text
    assert "HC3" in text
    logit = adverse_response("x", "stayed", satisfaction="s", at=[2, 9], model="logit", data=people)
    assert "mean derivative of the probability" in str(logit.summary())
    assert "log-odds" in str(logit.summary())


Y, X, S = [1.0, 3, 2, 5, 4, 3, 6, 1], [0, 1, 0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 2, 2, 2, 2]
OK = {"satisfaction": S, "at": [1, 2]}
STAYED = [1, 0, 1, 1, 0, 1, 1, 0]
BAD = [
    ((Y, X), {**OK, "at": [2]}, OptionError, "two or more levels"),
    ((Y, X), {**OK, "at": 2}, OptionError, "two or more levels"),
    ((Y, X), {**OK, "at": [2, 2, 1]}, OptionError, "each once"),
    ((Y, X), {**OK, "at": [1, 3]}, OptionError, "at has 3.*observed is 1 to 2.*within it"),
    ((Y, X), {**OK, "at": [1, np.nan]}, DataError, "at has 1 missing value"),
    ((Y, X), {**OK, "model": "probit"}, OptionError, "'linear', 'logit'"),
    ((Y, X), {**OK, "level": 95}, OptionError, "between 0 and 1"),
    ((Y, X), {**OK, "baseline": Y}, OptionError, 'baseline_as: "covariate"'),
    ((Y, X), {**OK, "baseline_as": "covariate"}, OptionError, "give baseline="),
    ((Y, X), {**OK, "baseline": Y, "baseline_as": "change"}, OptionError, "'subtracted'"),
    ((STAYED, X), {**OK, "model": "logit", "baseline": X, "baseline_as": "subtracted"},
     OptionError, "has no logit; take"),
    ((Y, [1] * 8), OK, DataError, "shock is 1 for everybody.*hit less"),
    ((Y, X), {**OK, "satisfaction": [2] * 8}, DataError, "satisfaction is 2 for everybody"),
    (([1] * 8, X), OK, DataError, "nothing to explain"),
    (([1] * 8, X), {**OK, "model": "logit"}, DataError, "outcome is 1 for everybody"),
    ((Y, X), {**OK, "model": "logit"}, DataError, 'is 3 in row 1; recode it, or take model="lin'),
    ((Y[:4], X[:4]), {"satisfaction": [1, 1, 2, 2], "at": [1, 2]}, DataError, "more customers"),
    ((Y, X[:7]), OK, DataError, "equally long"),
    ((Y, [*X[:7], np.nan]), OK, DataError, 'missing="drop"'),
    ((Y, [0, 1, 0, 1, 0, 0, 0, 0]), OK, NotIdentifiedError, "two satisfactions at least"),
    ((Y, [0, 1, 0, 1, 0, 0, 0, 1]), OK, NotIdentifiedError, "row 7 alone.*add respondents"),
    ((Y, X), {**OK, "baseline": S, "baseline_as": "covariate"}, NotIdentifiedError, "baseline"),
    ((X, X), {**OK, "model": "logit"}, NotIdentifiedError, 'perfectly.*model="linear"'),
]  # fmt: skip


@pytest.mark.parametrize(("given", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        adverse_response(*given[::-1], **options)


# Recovery


@pytest.mark.slow
def test_intervals_of_a_line_cover():
    # 2,000 samples: the share that cover has a standard error of 0.005; four of them are 0.02.
    # The slope is 0 at 10, so that the region should leave 10 out as often.
    rng = np.random.default_rng(21)
    covered = np.zeros(4)
    for _ in range(2000):
        people = customers(rng, 300)
        result = adverse_response(
            "x", "after", satisfaction="s", at=[2, 9], data=people,
            baseline="before", baseline_as="covariate",
        )  # fmt: skip
        slopes = result.slopes
        truth = -0.3 + 0.03 * np.array([2, 9])
        covered[:2] += (slopes["ci_low"] <= truth) & (truth <= slopes["ci_high"])
        covered[2] += result.damping["ci_low"] <= 0.03 <= result.damping["ci_high"]
        covered[3] += not (result.region["highest"] >= 10).any()
    np.testing.assert_allclose(covered / 2000, 0.95, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("two_shocks", [False, True])
def test_intervals_of_a_logit_cover(two_shocks):
    # 1,000 samples: four standard errors of the share are 0.028. With 500 people the delta method
    # covers 0.92 of the steepest slopes, because estimate and error go together; 2,000 are used.
    # What is estimated belongs to the people of the sample, so the truth does as well.
    rng = np.random.default_rng(22)
    b, at = np.array([0.5, -0.3, 0.2, 0.03]), np.array([2.0, 9])
    covered = np.zeros(3)
    for _ in range(1000):
        people = customers(rng, 2000, two_shocks=two_shocks)
        result = adverse_response(
            "x", "stayed", satisfaction="s", at=at, model="logit", data=people
        )
        x = people["x"].to_numpy()
        if two_shocks:
            p = [expit(b[0] + b[2] * at + k * (b[1] + b[3] * at)) for k in (0, 1)]
            truth = p[1] - p[0]
        else:
            p = expit(b[0] + b[2] * at + x[:, None] * (b[1] + b[3] * at))
            truth = (p * (1 - p)).mean(axis=0) * (b[1] + b[3] * at)
        slopes = result.slopes
        covered[:2] += (slopes["ci_low"] <= truth) & (truth <= slopes["ci_high"])
        change = (truth[1] - truth[0]) / 7
        covered[2] += result.damping["ci_low"] <= change <= result.damping["ci_high"]
    np.testing.assert_allclose(covered / 1000, 0.95, atol=0.028)


# What is rounding


@pytest.mark.parametrize("seed", range(20))
def test_an_outcome_that_moved_alike_for_all_is_level_but_for_rounding(seed):
    rng = np.random.default_rng(seed)
    before = rng.normal(3, 1, 60)
    with pytest.raises(DataError, match="outcome less the baseline is the same for everybody"):
        adverse_response(
            rng.choice([0, 5, 10], 60), before + 0.1, satisfaction=np.tile([2, 5, 9], 20),
            at=[2, 9], baseline=before, baseline_as="subtracted",
        )  # fmt: skip


def test_an_outcome_that_differs_by_rounding_is_level():
    with pytest.raises(DataError, match="the outcome is the same for everybody"):
        adverse_response([0, 0, 1, 1] * 2, [0.3, 0.1 + 0.2] * 4, satisfaction=S, at=[1, 2])


def test_an_exact_line_has_no_errors_and_no_damping_from_rounding():
    x, s = np.tile([0.0, 1, 2, 3], 5), np.repeat([1.0, 2, 3, 4, 5], 4)
    result = adverse_response(x, 0.7 - 0.1 * x + 0.3 * s, satisfaction=s, at=[1, 5])
    assert (result.terms["std_error"] == 0).all()
    np.testing.assert_allclose(result.slopes["estimate"], -0.1, rtol=SAME)
    assert result.damping[["estimate", "std_error", "p_value"]].to_list() == [0, 0, 1]
    assert len(result.limits) == 0
    assert result.region["share"].to_list() == [1.0]
    assert "exact but for rounding" in str(result.summary())
    turning = adverse_response(x, (s - 2.5) * x + 1, satisfaction=s, at=[1, 5])
    np.testing.assert_allclose(turning.limits, [2.5], rtol=SAME)
    at_root = adverse_response(x, (s - 1) * x + 0.3, satisfaction=s, at=[1, 5])
    assert at_root.slopes["p_value"].to_list() == [1, 0]
    assert at_root.region["slope"].to_list() == ["positive"]


def test_a_response_that_turns_round_is_not_called_weaker():
    x, s = np.tile([0.0, 1, 2, 3], 10), np.repeat([1.0, 2, 3, 4, 5], 8)
    noise = np.random.default_rng(1).normal(0, 0.01, 40)
    for low, high, says in (
        (-0.3, 0.2, "is reversed at a satisfaction of 5"),
        (0.2, -0.3, "is reversed at a satisfaction of 5"),
        (-0.3, -0.2, "is weaker at a satisfaction of 5"),
        (-0.2, -0.3, "is not weaker at a satisfaction of 5"),
    ):
        slope = low + (high - low) * (s - 1) / 4
        result = adverse_response(x, slope * x + noise, satisfaction=s, at=[1, 5])
        assert f"The response {says}" in " ".join(str(result.summary()).split())


def test_a_result_says_in_a_line_what_it_is(people):
    result = adverse_response("x", "after", satisfaction="s", at=[2, 9], data=people)
    assert repr(result) == "<AdverseResponse: 150 customers, linear, 2 levels>"
    assert result._repr_html_() == result.summary().to_html()


@pytest.mark.parametrize("units", list(itertools.product([1.0, 1e-90, 1e90], repeat=3)), ids=str)
def test_units_however_far_apart_are_taken_or_refused_by_name(units):
    given = (
        np.array([10, 10, 0, 0, 10, 10, 0, 0.0]),
        np.array([-5, -3, -1, 1, -2, 0, -1, 1.0]),
        np.array([5, 5, 5, 5, 9, 9, 9, 9.0]),
    )
    shock, outcome, satisfaction = (v * unit for v, unit in zip(given, units, strict=True))
    message = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = adverse_response(
                shock, outcome, satisfaction=satisfaction, at=satisfaction[[0, -1]]
            )
        except DataError as error:
            message = str(error)
    if message:
        assert "units" in message
        return
    scale = units[1] / units[0]
    np.testing.assert_allclose(found.slopes["estimate"], [-0.4 * scale, -0.1 * scale], rtol=1e-9)
