"""Rules of alarm: run lengths, false alarms of known and estimated centres, waves held to them."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.chain import alarm_rule, index_by_wave
from loyaltymodel.chain.monitoring.kernels import (
    Recursion,
    alarm_by,
    average_run_length,
    charted,
    innovations,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME

CUSUM, EWMA, SHEWHART = Recursion(1, 1, 0.5), Recursion(0.8, 0.2, 0), Recursion(0, 1, 0)
CHARTS = pytest.mark.parametrize("chart", [CUSUM, EWMA, SHEWHART], ids=["cusum", "ewma", "x"])


def test_run_lengths_are_the_published_ones():
    # Shewhart's chart: one over the tail of the normal law. The CUSUM with k = 0.5 of textbooks,
    # for both sides, in the digits in which they print it (Montgomery, named from memory).
    assert round(average_run_length(SHEWHART, 3.0)[0], 1) == 740.8
    both_sides = [round(average_run_length(CUSUM, h)[0] / 2) for h in (4.0, 5.0)]
    assert both_sides == [168, 465]
    falls = average_run_length(CUSUM, 5.0, np.array([1.0, 1.5, 2.0, 3.0]))
    assert falls.round(2).tolist() == [10.38, 5.75, 4.01, 2.57]
    falls = average_run_length(CUSUM, 4.0, np.array([1.0, 1.5, 2.0, 3.0]))
    assert falls.round(2).tolist() == [8.38, 4.75, 3.34, 2.19]


@CHARTS
@pytest.mark.parametrize(("baseline", "estimated"), [(None, False), (4, False), (8, True)])
def test_alarms_are_as_frequent_as_in_simulated_waves(chart, baseline, estimated):
    rng = np.random.default_rng(0)
    limit = {CUSUM: 3.5, EWMA: 0.9, SHEWHART: 2.4}[chart]
    n, horizon = 40_000, 12
    u = rng.normal(size=(n, horizon))
    if baseline is not None:
        first = rng.normal(size=(n, baseline))
        u = u + first.mean(axis=1, keepdims=True)
        if estimated:
            u = u / first.std(axis=1, ddof=1, keepdims=True)
    rings = np.maximum.accumulate(charted(u, chart) > limit, axis=1).mean(axis=0)
    found = alarm_by(chart, limit, horizon, baseline=baseline, estimated=estimated)
    # 40,000 worlds know a share to 0.0025 at most.
    np.testing.assert_allclose(found, rings, atol=4 * 0.0025)


@CHARTS
def test_the_mean_of_geometric_run_lengths_is_what_survival_adds_up_to(chart):
    limit = {CUSUM: 1.5, EWMA: 0.4, SHEWHART: 1.5}[chart]
    stays = 1 - alarm_by(chart, limit, 2000, baseline=None, estimated=False)
    np.testing.assert_allclose(1 + stays.sum(), average_run_length(chart, limit)[0], rtol=1e-8)


@pytest.mark.parametrize("chart", ["shewhart", "cusum", "ewma"])
def test_a_rule_has_the_rate_that_was_wished(chart):
    for options in ({}, {"baseline": 3}, {"baseline": 5, "spread": "baseline"}):
        rule = alarm_rule(chart, false_alarm=0.1, horizon=8, **options)
        np.testing.assert_allclose(rule.detection["alarm"][0], 0.1, rtol=1e-6)
        assert rule.detection["alarm"].is_monotonic_increasing
    rule = alarm_rule(chart, average_run_length=200)
    np.testing.assert_allclose(rule.average_run_length, 200, rtol=1e-6)
    assert "alarm" not in rule.detection


def test_limits_of_textbooks_ring_too_often_against_a_short_baseline():
    rule = alarm_rule("cusum", false_alarm=0.05, horizon=12)
    rings = alarm_by(CUSUM, rule.limit, 12, baseline=4, estimated=False)[-1]
    assert 0.16 < rings < 0.18


def test_waves_of_any_errors_ring_as_rarely_as_stated():
    # 6,000 worlds know a share of 0.05 to 0.0028. Errors that differ make the shares of the
    # centre's error differ too, which the rule does not know.
    rng = np.random.default_rng(1)
    errors = rng.uniform(0.5, 1.5, 14)
    rule = alarm_rule("cusum", false_alarm=0.05, horizon=10, baseline=4)
    x = 70 + errors * rng.normal(size=(6000, 14))
    rings = [_falls(rule, row, errors).any() for row in x]
    assert abs(np.mean(rings) - 0.05) < 4 * 0.0028
    found = rule.monitor(x[0], std_error=errors)
    np.testing.assert_array_equal(found.alarms[4:], _falls(rule, x[0], errors))


def _falls(rule, x, errors):
    """Whether a CUSUM rings, by its formula."""
    precision = errors[:4] ** -2
    centre = precision @ x[:4] / precision.sum()
    u = (centre - x[4:]) / np.sqrt(errors[4:] ** 2 + 1 / precision.sum()) * np.sqrt(1 + 1 / 4)
    q, found = 0.0, []
    for value in u:
        q = max(0.0, q + value - 0.5)
        found.append(q > rule.limit)
    return np.array(found)


@pytest.mark.parametrize("chart", ["shewhart", "cusum", "ewma"])
def test_the_control_limit_is_the_mean_at_which_the_chart_rings(chart):
    rng = np.random.default_rng(2)
    x = 70 + rng.normal(size=12)
    rule = alarm_rule(chart, false_alarm=0.05, horizon=8, baseline=4)
    found = rule.monitor(x, std_error=1.0)
    for t in (5, 11):
        for change, rings in ((-1e-6, True), (1e-6, False)):
            moved = x.copy()
            moved[t] = found.control_limits[t] + change
            assert rule.monitor(moved, std_error=1.0).alarms[t] == rings
    assert np.isnan(found.control_limits[:4]).all()
    assert not found.alarms[:4].any()


def test_against_one_wave_ahead_it_is_so_many_standard_errors():
    x, errors = np.array([72.0, 73, 71, 68.5]), np.array([1.0, 2, 1.5, 1])
    rule = alarm_rule("shewhart", false_alarm=0.0013498980316301, horizon=1, baseline=3)
    ours = rule.monitor(x, std_error=errors)
    weights = errors[:3] ** -2.0
    centre = np.average(x[:3], weights=weights)
    limit = centre - 3 * np.sqrt(1 + 1 / weights.sum())
    np.testing.assert_allclose(ours.control_limits[3], limit, rtol=1e-8)
    np.testing.assert_allclose(ours.centre, centre, rtol=EXACT)


def test_the_spread_of_the_baseline_is_its_standard_deviation():
    x = [70.0, 72, 71, 75, 74, 60]
    found = alarm_rule(
        "shewhart", false_alarm=0.05, horizon=2, baseline=4, spread="baseline"
    ).monitor(x)
    falls = (np.mean(x[:4]) - x[4:]) / np.std(x[:4], ddof=1)
    np.testing.assert_allclose(found.falls[4:], falls, rtol=EXACT)
    assert found.first_alarm == 5
    # In any units, and with the centre of very large numbers.
    again = alarm_rule(
        "shewhart", false_alarm=0.05, horizon=2, baseline=4, spread="baseline"
    ).monitor(np.array(x) * 1e-6 + 5)
    np.testing.assert_allclose(again.falls[4:], falls, rtol=1e-6)


def test_waves_of_the_same_customers_are_held_against_what_they_said_before():
    # Innovations by conditional expectation, written out.
    rng = np.random.default_rng(3)
    root = rng.normal(size=(5, 5))
    covariance = root @ root.T + np.eye(5)
    x = rng.normal(70, 1, 5)
    centre, error, expected, errors = innovations(x, covariance, 2, None)
    first = np.linalg.inv(covariance[:2, :2])
    np.testing.assert_allclose(centre, first.sum(axis=0) @ x[:2] / first.sum(), rtol=SAME)
    np.testing.assert_allclose(error**2, 1 / first.sum(), rtol=SAME)
    for t in range(2, 5):
        slope = np.linalg.solve(covariance[:t, :t], covariance[:t, t])
        np.testing.assert_allclose(expected[t], centre + slope @ (x[:t] - centre), rtol=SAME)
        own = covariance[t, t] - slope @ covariance[:t, t]
        variance = own + (1 - slope.sum()) ** 2 / first.sum()
        np.testing.assert_allclose(errors[t] ** 2, variance, rtol=SAME)


def test_waves_that_hang_together_ring_as_rarely_as_stated():
    # Means of a rotating panel, of which part stays. 4,000 series know a share of 0.1 to 0.0047;
    # held as if they were independent they would ring twice as often.
    rule = alarm_rule("cusum", false_alarm=0.1, horizon=6, baseline=4)
    t = np.arange(10)
    covariance = 0.5 ** np.abs(t[:, None] - t)
    drawn = 70 + np.random.default_rng(4).multivariate_normal(np.zeros(10), covariance, 4000)
    rings, plain = np.empty((2, len(drawn)), dtype=bool)
    for k, x in enumerate(drawn):
        _, _, expected, errors = innovations(x, covariance, 4, None)
        u = (expected - x)[4:] / errors[4:] * np.sqrt(1 + 1 / 4)
        rings[k] = (charted(u, CUSUM) > rule.limit).any()
        plain[k] = _falls(rule, x, np.ones(10)).any()
    # The centre's error weighs less in each innovation than the rule supposes, so it is careful.
    assert 0.05 < rings.mean() < 0.1 + 4 * 0.0047
    assert plain.mean() > 0.15


def test_a_result_hands_its_covariance_to_the_rule():
    rng = np.random.default_rng(5)
    x = 6 + np.repeat(rng.normal(size=20), 6) + rng.normal(size=120)
    found = index_by_wave(x, np.tile(np.arange(6), 20), customer=np.repeat(np.arange(20), 6))
    alarms = alarm_rule("ewma", false_alarm=0.1, horizon=4, baseline=2).monitor(found)
    table = found.estimates
    _, _, expected, errors = innovations(table.estimate, table.covariance, 2, None)
    falls = (expected - table.estimate) / errors * np.sqrt(1.5)
    np.testing.assert_allclose(alarms.falls[2:], falls[2:], rtol=EXACT)
    np.testing.assert_allclose(alarms.errors, table.std_error, rtol=SAME)


def test_a_baseline_that_moves_by_more_than_chance_is_named():
    rule = alarm_rule("shewhart", false_alarm=0.05, horizon=4, baseline=4)
    found = rule.monitor([60.0, 80, 60, 80, 70], std_error=1.0)
    assert found.baseline_p_value < 1e-6
    assert 'take spread="baseline"' in str(found.summary())
    quiet = rule.monitor([70.0, 71, 69, 70, *[70] * 5], std_error=1.0)
    assert quiet.baseline_p_value > 0.5
    assert "more waves than the 4" in str(quiet.summary())


def test_labels_of_waves_are_kept():
    means = pd.Series([70.0, 71, 60], index=["Q1", "Q2", "Q3"])
    rule = alarm_rule("shewhart", average_run_length=740.8)
    found = rule.monitor(means, std_error=1.0, centre=70)
    assert found.first_alarm == "Q3"
    by_name = rule.monitor("m", std_error="s", centre=70, data=pd.DataFrame({"m": means, "s": 1.0}))
    assert by_name.waves.equals(found.waves)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"false_alarm": None}, "give false_alarm= with horizon="),
        ({"horizon": None}, "give false_alarm= with horizon="),
        ({"false_alarm": 1.0}, "between 0 and 1"),
        ({"horizon": 0}, "at least 1"),
        ({"average_run_length": 100}, "two ways"),
        (
            {"false_alarm": None, "horizon": None, "average_run_length": 100, "baseline": 4},
            "needs a known centre",
        ),
        ({"smoothing": 0.5}, 'belongs to chart="ewma"'),
        ({"chart": "ewma", "smoothing": 1.0}, "between 0 and 1"),
        ({"spread": "baseline"}, "take at least 4"),
        ({"spread": "baseline", "baseline": 3}, "take at least 4"),
        ({"chart": "p"}, "is not an option"),
        ({"false_alarm": 0.9, "horizon": 1}, "even a rule that rings at the least fall"),
    ],
)
def test_bad_rules_are_refused(change, says):
    with pytest.raises(OptionError, match=says):
        alarm_rule(**({"chart": "shewhart", "false_alarm": 0.05, "horizon": 12} | change))


def test_an_option_of_the_cusum_is_refused_elsewhere():
    with pytest.raises(OptionError, match='belongs to chart="cusum"'):
        alarm_rule("shewhart", false_alarm=0.05, horizon=12, reference=0.5)
    with pytest.raises(OptionError, match="of at least 0"):
        alarm_rule("cusum", false_alarm=0.05, horizon=12, reference=-1)


@pytest.mark.parametrize(
    ("options", "given", "kind", "says"),
    [
        ({}, {"std_error": 1.0}, OptionError, "give centre="),
        ({"baseline": 2}, {"std_error": 1.0, "centre": 70}, OptionError, "does not go with a rule"),
        ({"baseline": 3}, {"std_error": 1.0}, DataError, "none is left"),
        ({"baseline": 2}, {}, OptionError, "std_error= is lacking"),
        ({"baseline": 2}, {"std_error": [1, 0, 1]}, DataError, "is 0 in row 1"),
        ({"baseline": 2}, {"std_error": [1, np.nan, 1]}, DataError, "missing value"),
    ],
)
def test_bad_waves_for_a_rule_are_refused(options, given, kind, says):
    rule = alarm_rule("shewhart", false_alarm=0.05, horizon=3, **options)
    with pytest.raises(kind, match=says):
        rule.monitor([70.0, 71, 72], **given)


def test_a_spread_of_nothing_and_waves_without_error_are_refused():
    rule = alarm_rule("shewhart", false_alarm=0.05, horizon=3, baseline=4, spread="baseline")
    with pytest.raises(NotIdentifiedError, match="all means of the baseline are equal"):
        rule.monitor([70.0, 70, 70, 70, 71])
    with pytest.raises(OptionError, match="takes the spread of the baseline"):
        rule.monitor([70.0, 71, 70, 70, 71], std_error=1.0)
    index = index_by_wave([5, 5, 4, 6, 7, 8], [1, 1, 2, 2, 3, 3])
    known = alarm_rule("shewhart", false_alarm=0.05, horizon=3, baseline=1)
    with pytest.raises(DataError, match="all answers of wave 1 are equal"):
        known.monitor(index)
    with pytest.raises(OptionError, match="the result knows it"):
        known.monitor(index, std_error=1.0)
