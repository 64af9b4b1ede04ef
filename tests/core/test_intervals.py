"""Intervals against published end points, and p-values against intervals."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtri
from statsmodels.stats.proportion import proportion_confint

from loyaltymodel._core import intervals
from loyaltymodel.errors import OptionError

from tolerances import EXACT

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bca.json").read_text("utf-8"))
STATISTICS = list(REFERENCE["output"])


@pytest.fixture(params=STATISTICS)
def statistic(request):
    return REFERENCE["output"][request.param]


def column(values):
    return np.array(values, dtype=float)[:, None]


def test_bias_correction_and_acceleration(statistic):
    ordered = np.sort(column(statistic["replicates"]), axis=0)
    z0 = intervals.bias_correction(ordered, np.array([statistic["t0"]]))
    assert z0 == pytest.approx(statistic["z0_midrank"], abs=EXACT)
    a = intervals.acceleration_of(column(statistic["jackknife"]))
    assert a == pytest.approx(statistic["a_efron_centred"], abs=EXACT)


def test_end_points_from_given_replicates(statistic):
    replicates = column(statistic["replicates"])
    ordered = np.sort(replicates, axis=0)
    strict, uncentred = (np.array([statistic[key]]) for key in ("z0_strict", "a_boot_uncentred"))
    for expected in statistic["intervals"]:
        level = expected["conf"]
        found = intervals.percentile(replicates, level=level)
        assert [found.low[0], found.high[0]] == pytest.approx(
            expected["percentile_type6"], abs=EXACT
        )
        # boot's variant of bias correction and acceleration, linear quantiles.
        levels = intervals.adjusted_levels(strict, uncentred, level=level)
        assert [one[0] for one in levels] == pytest.approx(expected["adj_alpha_boot"], abs=EXACT)
        ends = [intervals.quantile(ordered, one)[0] for one in levels]
        assert ends == pytest.approx(expected["bca_type6_quantile_boot_a"], abs=EXACT)


def test_bca_takes_mid_ranks_and_the_centred_acceleration(statistic):
    replicates, t0 = column(statistic["replicates"]), np.array([statistic["t0"]])
    acceleration = intervals.acceleration_of(column(statistic["jackknife"]))
    ordered = np.sort(replicates, axis=0)
    for expected in statistic["intervals"]:
        found = intervals.bca(replicates, t0, acceleration, level=expected["conf"])
        levels = [np.array([one]) for one in expected["adj_alpha_midrank_z0_efron_a"]]
        ends = [intervals.quantile(ordered, one)[0] for one in levels]
        assert [found.low[0], found.high[0]] == pytest.approx(ends, abs=1e-10)


def test_standard_error_of_the_jackknife(statistic):
    left_out = np.array(statistic["jackknife"])
    n = len(left_out)
    assert left_out.std(ddof=1) * (n - 1) / np.sqrt(n) == pytest.approx(statistic["jack_se"])


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(60, 300),
    st.floats(-1.5, 1.5),
    st.sampled_from([0.8, 0.9, 0.95]),
    st.booleans(),
)
@example(300, 300, 0.51171875, 0.8, True)  # an end is 0 but for rounding
def test_p_is_below_1_less_level_exactly_where_0_is_left_out(seed, b, centre, level, ties):
    rng = np.random.default_rng(seed)
    replicates = centre + rng.normal(0, 0.5, (b, 3))
    if ties:
        replicates = np.round(replicates, 1)
    estimate = replicates.mean(axis=0) + 0.05
    acceleration = np.array([-0.05, 0.0, 0.1])
    errors = 0.5 + 0.1 * rng.random((b, 3))
    std_error = replicates.std(axis=0, ddof=1)
    kinds = [
        intervals.percentile(replicates, level=level),
        intervals.basic(replicates, estimate, level=level),
        intervals.bca(replicates, estimate, acceleration, level=level),
        intervals.studentized(replicates, errors, estimate, std_error, level=level),
        intervals.wald(estimate, std_error, level=level),
    ]
    for found in kinds:
        excluded = (found.low > 1e-12) | (found.high < -1e-12)
        clear = np.abs(found.p_value - (1 - level)) > 1e-9
        assert ((found.p_value < 1 - level) == excluded)[clear].all()
        assert ((found.p_value > 0) & (found.p_value <= 1)).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 50), st.booleans())
def test_shares_invert_quantiles(seed, b, ties):
    rng = np.random.default_rng(seed)
    ordered = np.sort(rng.integers(0, 9, (b, 1)) if ties else rng.random((b, 1)), axis=0)
    ordered = ordered.astype(float)
    for value in (*ordered[:, 0], *(ordered[:-1, 0] + ordered[1:, 0]) / 2):
        below, above = intervals.shares_at(ordered, np.array([value]))
        assert above <= below + 1e-12
        # Quantiles are at most the value up to `below`, and at least it from `above`.
        assert intervals.quantile(ordered, below - 1e-9) <= value + 1e-9
        assert intervals.quantile(ordered, above + 1e-9) >= value - 1e-9


def test_quantiles_are_those_of_type_6():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(37, 2))
    for level in (0.01, 0.025, 0.3, 0.5, 0.9, 0.999):
        expected = np.quantile(values, level, axis=0, method="weibull")
        found = intervals.quantile(np.sort(values, axis=0), np.full(2, level))
        np.testing.assert_allclose(found, expected, atol=EXACT)


def test_wald_by_hand():
    found = intervals.wald(np.array([3.0, 0.0, 1.0]), np.array([1.5, 0.0, 0.0]), level=0.95)
    assert found.low[0] == pytest.approx(3 - 1.5 * ndtri(0.975))
    assert found.p_value.tolist() == pytest.approx([0.04550026, 1.0, 0.0], abs=1e-8)


def test_a_constant_has_an_interval_of_one_point():
    ones = np.ones((50, 1))
    for found in (
        intervals.percentile(ones, level=0.95),
        intervals.bca(ones, np.ones(1), np.zeros(1), level=0.95),
        intervals.basic(ones, np.ones(1), level=0.95),
    ):
        assert (found.low[0], found.high[0]) == (1, 1)
        assert found.p_value[0] == pytest.approx(2 / 51)


@given(st.integers(1, 200), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels(n, data, level):
    count = data.draw(st.integers(0, n))
    low, high = intervals.wilson(np.array([count]) / n, np.array(n), level=level)
    theirs = proportion_confint(count, n, alpha=1 - level, method="wilson")
    np.testing.assert_allclose([low[0], high[0]], theirs, rtol=0, atol=EXACT)


def test_wilson_covers_a_share_about_as_often_as_it_says():
    # Exactly, by summing the binomial: Wilson's coverage swings about 95 %, by a few percent at
    # 40 people; over many shares it averages to 95 %.
    n, shares = 40, np.linspace(0.05, 0.95, 181)
    low, high = intervals.wilson(np.arange(n + 1) / n, np.array(n), level=0.95)
    inside = (low <= shares[:, None]) & (shares[:, None] <= high)
    covered = (stats.binom.pmf(np.arange(n + 1), n, shares[:, None]) * inside).sum(axis=1)
    assert covered.mean() == pytest.approx(0.95, abs=0.005)
    assert covered.min() > 0.90


@given(st.integers(2, 500), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_student_reaches_as_far_as_the_quantile(degrees, level):
    theirs = stats.t.ppf((1 + level) / 2, degrees)
    assert intervals.student_reach(degrees, level=level) == pytest.approx(theirs, rel=EXACT)


@pytest.mark.parametrize(
    ("level", "least"), [(0.95, 39), (0.9, 19), (0.8, 9), (0.99, 199), (0.5, 3), (0.1, 2)]
)
def test_resamples_must_have_a_quantile_in_each_tail(level, least):
    intervals.check_resamples(least, level=level)
    intervals.check_resamples(0, level=level, optional=True)
    # One in each tail: its level is i / (b + 1) for the i-th of b sorted values.
    assert (1 - level) / 2 >= 1 / (least + 1) - EXACT
    if least > 2:
        assert (1 - level) / 2 < 1 / least
        with pytest.raises(OptionError, match=f"at least {least}, or lower the level"):
            intervals.check_resamples(least - 1, level=level)
        with pytest.raises(OptionError, match=f"at least {least}, .*draw 0 for no interval"):
            intervals.check_resamples(least - 1, level=level, optional=True)


@pytest.mark.parametrize("number", [1, 0, -1, 2.0, "39", None, True])
def test_a_number_of_resamples_that_is_none_is_refused(number):
    with pytest.raises(OptionError, match=r"n_draws=.* whole number of at least 2"):
        intervals.check_resamples(number, level=0.5, what="draws")


@pytest.mark.parametrize("n", [20, 80])
def test_means_of_skewed_counts_are_held_where_students_interval_lies_too_low(n):
    """4 of 10 customers tell others, 5 on average: a mean of 2."""
    rng = np.random.default_rng(n)
    told = (rng.random((20_000, n)) < 0.4) * (1 + rng.poisson(rng.gamma(0.5, 8, (20_000, n))))
    mean, error = told.mean(axis=1), told.std(axis=1, ddof=1) / np.sqrt(n)
    skewness = stats.skew(told, axis=1) / np.sqrt(n)
    plain = intervals.student(mean, error, n - 1, level=0.95)
    bent = intervals.skewed(mean, error, skewness, n - 1, level=0.95)
    held, other = (((i.low <= 2) & (i.high >= 2)).mean() for i in (bent, plain))
    # 20,000 samples know a share of 0.95 to 0.0015.
    assert held == pytest.approx(0.95, abs=0.012)
    assert other < held - 0.02


def test_a_skewed_interval_and_its_p_value_agree_and_without_skewness_are_students():
    estimate, error = np.linspace(-3, 3, 61), np.ones(61)
    for skewness in (-0.8, -0.1, 0.0, 0.3, 1.0):
        found = intervals.skewed(estimate, error, np.full(61, skewness), 12.0, level=0.9)
        outside = (found.low > 0) | (found.high < 0)
        assert (outside == (found.p_value < 0.1)).all()
        assert (found.low < found.high).all()
    plain = intervals.student(estimate, error, 12.0, level=0.9)
    straight = intervals.skewed(estimate, error, np.zeros(61), 12.0, level=0.9)
    assert straight.low.tolist() == plain.low.tolist()
    assert straight.p_value.tolist() == plain.p_value.tolist()
    nearly = intervals.skewed(estimate, error, np.full(61, 1e-5), 12.0, level=0.9)
    assert nearly.high == pytest.approx(plain.high, abs=1e-4)


def test_a_sum_of_skewed_parts_is_welchs_without_skewness_and_never_shorter():
    errors, degrees = np.array([[3.0], [1.0], [0.0]]), np.array([[4.0], [30.0], [5.0]])
    total = np.array([2.5])
    welch = stats.t(10.0**2 / (9.0**2 / 4 + 1.0 / 30))
    for level in (1e-9, 0.2, 0.95, 0.999):
        reach = welch.ppf((1 + level) / 2) * np.sqrt(10.0)
        plain = intervals.skewed_sum(total, errors, np.zeros((3, 1)), degrees, level=level)
        assert (plain.low[0], plain.high[0]) == pytest.approx((2.5 - reach, 2.5 + reach))
        assert plain.p_value[0] == pytest.approx(2 * welch.sf(2.5 / np.sqrt(10.0)))
        for skewness in (-0.8, -0.1, 0.3, 1.0):
            skew = np.array([[skewness], [0.2], [0.0]])
            bent = intervals.skewed_sum(total, errors, skew, degrees, level=level)
            assert bent.low[0] <= plain.low[0] + 1e-9
            assert bent.high[0] >= plain.high[0] - 1e-9
            assert (bent.p_value[0] < 1 - level) == (bent.low[0] > 0 or bent.high[0] < 0)
