"""Who of the same customers changed by more than errors of measurement explain."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.chain import reliable_change
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT


def test_both_criteria_follow_their_formulas():
    rng = np.random.default_rng(0)
    before, after = rng.normal(7, 1, 50), rng.normal(6.5, 1.5, 50)
    result, customers = reliable_change(before, after, reliability=(0.8, 0.7), level=0.9)
    v1, v2 = before.var(ddof=1), after.var(ddof=1)
    error = np.sqrt(0.2 * v1 + 0.3 * v2)
    np.testing.assert_allclose(customers["statistic"], (after - before) / error, rtol=EXACT)
    true = before.mean() + 0.8 * (before - before.mean())
    given = np.sqrt(0.8 * 0.2 * v1 + 0.3 * v2)
    np.testing.assert_allclose(customers["adjusted_statistic"], (after - true) / given, rtol=1e-10)
    np.testing.assert_allclose(customers["expected"], true - before, atol=EXACT)
    fell = customers["statistic"] < -1.6448536269514722
    assert (customers["state"] == "fell").equals(fell)
    np.testing.assert_allclose(result.shares["estimate"][0], fell.mean(), rtol=EXACT)
    np.testing.assert_allclose(
        [result.error_of_change, result.error_given_before, result.correlation],
        [error, given, np.corrcoef(before, after)[0, 1]],
        rtol=EXACT,
    )
    assert result.regression_to_mean == pytest.approx(0.2)


def test_without_true_change_as_many_are_found_as_stated_and_ends_need_the_adjustment():
    # Nothing but error moves 200,000 customers, who know a share of 0.025 to 0.00035.
    rng = np.random.default_rng(1)
    true = rng.normal(size=200_000)
    x = true + 0.5 * rng.normal(size=(2, 200_000))  # reliability 1 / 1.25
    result, customers = reliable_change(*x, reliability=0.8)
    table = result.shares.set_index(["criterion", "state"])
    np.testing.assert_allclose(table["estimate"], table["by_error"], atol=4 * 0.00035)
    top = customers[x[0] > np.quantile(x[0], 0.9)]
    plain, adjusted = ((top[c] == "fell").mean() for c in ("state", "adjusted_state"))
    assert plain > 0.06  # regression to the mean, taken for falls
    assert abs(adjusted - 0.025) < 4 * 0.0011


def test_errors_of_shares_hold_that_the_limits_are_estimated():
    rng = np.random.default_rng(2)
    true = rng.normal(size=500)
    x = np.stack([true, true - 1.4]) + 0.5 * rng.normal(size=(2, 500))
    shares = reliable_change(*x, reliability=0.8).result.shares
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 500, 500)
        again, _ = reliable_change(*x[:, rows], reliability=0.8)
        drawn.append(again.shares["estimate"])
    # 400 resamples know an error to 3.5 %; a kernel of 500 changes knows a density to some 5 %.
    # As many fell as not: with limits that were known the error would be 0.022.
    ours, theirs = shares["std_error"][:2], np.std(drawn, axis=0, ddof=1)[:2]
    np.testing.assert_allclose(ours, theirs, rtol=0.12)
    assert (theirs > 0.027).all()


def test_weights_count_customers_and_labels_are_kept():
    before = pd.Series([5.0, 6, 7, 8, 9], index=list("abcde"))
    after = pd.Series([5.0, 6, 7, 8, 1], index=list("abcde"))
    result, customers = reliable_change(before, after, reliability=0.9, weights=[1, 1, 1, 1, 4])
    assert customers["state"].to_dict()["e"] == "fell"
    assert result.shares["estimate"][0] == pytest.approx(0.5)
    assert result.n_effective == pytest.approx(64 / 20)
    double, _ = reliable_change(before, after, reliability=0.9, weights=[2, 2, 2, 2, 8])
    assert double.shares.equals(result.shares)


def test_a_reliability_below_the_correlation_is_named():
    before = np.arange(20.0)
    result, _ = reliable_change(before, before[::-1] * -1 + 0.5, reliability=0.5)
    assert result.correlation == pytest.approx(1)
    assert "agree better than their reliability allows" in str(result.summary())
    noisy, _ = reliable_change(before, np.roll(before, 7), reliability=0.5)
    assert "agree better" not in str(noisy.summary())


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"reliability": 1.0}, OptionError, "every change is one"),
        ({"reliability": (0.8, 0.0)}, OptionError, "must lie between"),
        ({"before": [1.0, 2.0], "after": [1.0, 3.0]}, DataError, "there are 2 customers"),
        ({"before": [1.0, 1, 1, 1]}, NotIdentifiedError, "all answers before are equal"),
        ({"after": [1.0, np.nan, 1, 2]}, DataError, "missing value"),
        ({"level": 0.0}, OptionError, "level"),
        ({"weights": [1, -1, 1, 1]}, DataError, "weights"),
    ],
)
def test_bad_input_is_refused(change, kind, says):
    good = {"before": [1.0, 2, 3, 4], "after": [2.0, 2, 3, 5], "reliability": 0.8}
    with pytest.raises(kind, match=says):
        reliable_change(**(good | change))


def test_missing_answers_are_left_out_and_counted():
    result, customers = reliable_change(
        [1.0, 2, 3, np.nan], [1.0, 3, 2, 1], reliability=0.8, missing="drop"
    )
    assert (result.n_obs, result.n_dropped, len(customers)) == (3, 1, 3)
