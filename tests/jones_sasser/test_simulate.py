"""Simulated customers have the laws that they are said to have."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, OptionError

GROUPS = {"a": 0.6, "b": 0.0}
N = 40_000


def close(sample_mean, expected, deviation, n):
    """Tell whether a mean is within four standard errors of what is expected."""
    return abs(sample_mean - expected) < 4 * deviation / np.sqrt(n)


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(N, constraints=GROUPS, mean=0.5, sd=0.12, rng=1)


def test_industries_are_equal_and_constraints_as_given(people):
    assert people["industry"].value_counts().to_dict() == {"a": N / 2, "b": N / 2}
    assert people.groupby("industry")["constraint"].first().to_dict() == GROUPS


def test_satisfaction_is_normal_within_its_scale(people):
    assert close(people["true_satisfaction"].mean(), 0.5, 0.12, N)
    assert people["true_satisfaction"].std() == pytest.approx(0.12, rel=0.02)  # 4 / sqrt(2 N)
    assert people["true_satisfaction"].equals(people["satisfaction"])


def test_loyalty_is_drawn_from_the_curve(people):
    curve = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
    expected = curve.loyalty(people["true_satisfaction"], constraint=people["constraint"])
    np.testing.assert_allclose(people["probability"], expected)
    residual = people["stayed"] - expected
    spread = np.sqrt((expected * (1 - expected)).mean())
    assert close(residual.mean(), 0, spread, N)
    top = people["true_satisfaction"] > 0.6
    assert close(residual[top].mean(), 0, spread, top.sum())


def test_reliability_is_the_share_of_variance_without_error():
    people = jones_sasser.simulate(N, mean=0.5, sd=0.1, reliability=0.8, rng=2)
    seen, true = people["satisfaction"], people["true_satisfaction"]
    # Squared correlations of 40,000 are known to about 0.002.
    assert np.corrcoef(seen, true)[0, 1] ** 2 == pytest.approx(0.8, abs=0.008)
    assert true.var() / seen.var() == pytest.approx(0.8, abs=0.02)


def test_levels_are_those_of_a_scale():
    people = jones_sasser.simulate(2000, levels=5, rng=1)
    assert sorted(people["satisfaction"].unique()) == [0, 0.25, 0.5, 0.75, 1]


def test_counts_scores_and_answers():
    counts = jones_sasser.simulate(N, outcome="count", trials=6, rng=1)
    loyalty = counts["probability"]
    assert close(counts["stayed"].mean(), 6 * loyalty.mean(), 6 * 0.5, N)
    assert counts["stayed"].between(0, 6).all()

    scores = jones_sasser.simulate(
        N, constraints={"a": 0.4}, outcome="score", precision=12.0, rng=1
    )
    loyalty = scores["probability"]
    z = (scores["score"] - loyalty) / np.sqrt(loyalty * (1 - loyalty) / 13)
    inner = loyalty < 0.95
    assert close(z[inner].mean(), 0, 1, inner.sum())
    assert (z[inner] ** 2).mean() == pytest.approx(1, abs=0.05)

    answers = jones_sasser.simulate(
        N, constraints={"a": 0.4}, outcome="ordinal", thresholds=(-1.0, 0.0, 2.0), rng=1
    )
    loyalty = answers["probability"]
    assert set(answers["intention"]) == {1, 2, 3, 4}
    for category, theta in ((2, -1.0), (3, 0.0), (4, 2.0)):
        logit = np.log(loyalty / (1 - loyalty))
        expected = stats.logistic.cdf(logit - theta).mean()
        assert close((answers["intention"] >= category).mean(), expected, 0.5, N)


def test_draws_are_repeatable():
    one, two, other = (jones_sasser.simulate(50, rng=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": 0}, OptionError, "at least 1"),
        ({"constraints": {}}, OptionError, "at least one industry"),
        ({"constraints": {"a": 1.0}}, DataError, "from 0 to below 1"),
        ({"constraints": {"a": "much"}}, DataError, "not numeric"),
        ({"mean": np.nan}, OptionError, "such as 0.65"),
        ({"sd": 0}, OptionError, "above 0"),
        ({"reliability": 0}, OptionError, "above 0"),
        ({"reliability": "high"}, OptionError, "above 0"),
        ({"levels": 1}, OptionError, "at least 2"),
        ({"outcome": "beta"}, OptionError, "choose one of"),
        ({"trials": 0}, OptionError, "at least 1"),
        ({"precision": 0}, OptionError, "above 0"),
        ({"thresholds": (1.0, 2.0)}, OptionError, "one of them must be 0"),
        ({"thresholds": (0.0, -1.0)}, OptionError, "must rise"),
        ({"thresholds": 0.0}, OptionError, "must be a list of numbers"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    n = options.pop("n", 10)
    with pytest.raises(error, match=message):
        jones_sasser.simulate(n, **options)
