"""Alerts of satisfaction over time."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.chain import satisfaction_alerts
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT


def test_control_limits_follow_their_formula():
    rng = np.random.default_rng(0)
    means, errors_of = rng.normal(75, 1, 12), rng.uniform(0.5, 2, 12)
    found = satisfaction_alerts(means, std_error=errors_of, n_sigma=2.0)
    for t in range(1, 12):
        weights = errors_of[:t] ** -2
        centre = np.average(means[:t], weights=weights)
        limit = centre - 2 * np.sqrt(errors_of[t] ** 2 + 1 / weights.sum())
        np.testing.assert_allclose(found["centre"][t], centre, rtol=EXACT)
        np.testing.assert_allclose(found["control_limit"][t], limit, rtol=EXACT)
        assert found["alert"][t] == (means[t] < limit)
    assert np.isnan(found["control_limit"][0])


def test_false_alarms_are_as_rare_as_stated_in_every_period():
    # Nothing happens in 1,500 worlds of 6 periods. At 1.645 standard errors 5 % of periods fall
    # below the limit, from the second one on; 1,500 worlds know that to 0.0056. Without the
    # error of the centre it would be 21 % in the third period.
    rng = np.random.default_rng(1)
    error = np.array([1.0, 2.0, 0.5, 1.5, 1.0, 0.7])
    below = np.array(
        [
            satisfaction_alerts(70 + error * rng.normal(size=6), std_error=error, n_sigma=1.645)[
                "below_control"
            ]
            for _ in range(1500)
        ]
    )
    share = below.mean(axis=0)
    assert share[0] == 0
    assert np.abs(share[1:] - 0.05).max() < 4 * 0.0056


def test_a_baseline_stays_what_it_is():
    means = [70.0, 72, *[62] * 8]
    found = satisfaction_alerts(means, std_error=1.0, baseline=2)
    assert found["centre"][2:].tolist() == [71.0] * 8
    np.testing.assert_allclose(found["control_limit"][2:], 71 - 3 * np.sqrt(1.5), rtol=EXACT)
    assert found["alert"].tolist() == [False, False, *[True] * 8]
    # Held against all earlier periods, a fall that lasts becomes the rule.
    moving = satisfaction_alerts(means, std_error=1.0)["alert"].tolist()
    assert moving[:5] == [False, False, True, True, True]
    assert not any(moving[6:])


def test_a_fixed_limit_needs_no_errors_and_keeps_the_labels():
    means = pd.Series([70.0, 64.9, 65.0], index=["Q1", "Q2", "Q3"])
    found = satisfaction_alerts(means, limit=65)
    assert found["alert"].to_dict() == {"Q1": False, "Q2": True, "Q3": False}
    assert found["control_limit"].isna().all()
    again = satisfaction_alerts("m", data=pd.DataFrame({"m": means}), limit=65.0)
    assert again.equals(found)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"std_error": None}, OptionError, "give limit=, or std_error="),
        ({"std_error": [1.0, 0.0]}, DataError, "is 0 in row 1; every mean needs"),
        ({"std_error": [1.0, -1.0]}, DataError, "is -1 in row 1"),
        ({"satisfaction": [70.0, np.nan]}, DataError, "missing value"),
        ({"limit": np.nan}, OptionError, "must be a finite number"),
        ({"limit": True}, OptionError, "must be a finite number"),
        ({"baseline": 0}, OptionError, "at least 1"),
        ({"n_sigma": -3.0}, OptionError, "above 0"),
    ],
)
def test_bad_alert_input(change, kind, says):
    good = {"satisfaction": [70.0, 71.0], "std_error": 1.0}
    with pytest.raises(kind, match=says):
        satisfaction_alerts(**(good | change))
