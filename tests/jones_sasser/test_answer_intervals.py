"""Intervals of what a curve answers, with drivers and functions of one's own, by closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, OptionError

Z = stats.norm.ppf(0.975)


@pytest.fixture(scope="module")
def customers():
    rng = np.random.default_rng(7)
    n = 3000
    people = pd.DataFrame({"s": rng.integers(0, 11, n) / 10, "years": rng.integers(0, 4, n)})
    held = 1 / (1 + np.exp(1.5 - 0.8 * people["years"]))
    people["stayed"] = rng.random(n) < held + (1 - held) * 0.9 * people["s"] ** 3
    return people


@pytest.fixture(scope="module")
def fitted(customers):
    return jones_sasser.fit("s", "stayed", data=customers, drivers=["years"])


def test_an_answer_with_drivers_has_their_error(fitted):
    _, hi, k, d0, d1 = fitted.values
    c, g = 1 / (1 + np.exp(-d0 - 2 * d1)), 0.5**k
    turn = c * (1 - c) * (1 - hi * g)
    slope = np.array([0, (1 - c) * g, (1 - c) * hi * g * np.log(0.5), turn, 2 * turn])
    error = np.sqrt(slope @ fitted.uncertainty.covariance @ slope)
    loyal = c + (1 - c) * hi * g
    row = fitted.interval_of("loyalty", 0.5, drivers={"years": 2}).iloc[0]
    assert row["estimate"] == pytest.approx(loyal, abs=1e-12)
    assert row["std_error"] == pytest.approx(error, rel=1e-5)
    logit, reach = np.log(loyal / (1 - loyal)), Z * error / (loyal * (1 - loyal))
    ends = 1 / (1 + np.exp(-(logit + np.array([-reach, reach]))))
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].to_numpy(float), ends, rtol=1e-5)
    # At the bottom loyalty is the constraint, of which nothing is unsure if it is given.
    at_bottom = fitted.interval_of("loyalty", 0.0, drivers={"years": 2}).iloc[0]
    bend = c * (1 - c) * np.array([1, 2])
    expected = np.sqrt(bend @ fitted.uncertainty.covariance[3:, 3:] @ bend)
    assert at_bottom["std_error"] == pytest.approx(expected, rel=1e-5)
    assert fitted.interval_of("loyalty", 0.0, constraint=c)["std_error"].iloc[0] == 0
    table = fitted.interval_of("loyalty", 0.5, drivers=pd.DataFrame({"years": [2]}))
    assert table.iloc[0].equals(row)


def test_a_function_of_ones_own_has_the_error_of_all_parameters(customers, fitted):
    def odds_ratio(_, parameters):
        return np.exp(parameters["d[years]"])

    row = fitted.interval_of(odds_ratio).iloc[0]
    known = fitted.intervals(["d[years]"]).iloc[0]
    assert row["quantity"] == "odds_ratio"
    assert row["estimate"] == pytest.approx(np.exp(known["estimate"]))
    assert row["std_error"] == pytest.approx(row["estimate"] * known["std_error"], rel=1e-5)
    assert row["ci_high"] == pytest.approx(row["estimate"] + Z * row["std_error"])

    # The mean loss of these customers, which remove_constraint computes on cells.
    def loss(curve, p):
        held = 1 / (1 + np.exp(-p["d[const]"] - p["d[years]"] * customers["years"]))
        false = curve.false_loyalty(customers["s"], constraint=held)
        return [false.mean(), curve.true_loyalty(1.0)]

    table = fitted.interval_of(loss)
    assert table["quantity"].tolist() == ["loss[0]", "loss[1]"]
    freed, _ = jones_sasser.remove_constraint(fitted, "s", data=customers)
    assert table["estimate"][0] == pytest.approx(freed.total["estimate"].iloc[0])
    assert table["std_error"][0] == pytest.approx(freed.total["std_error"].iloc[0], rel=1e-5)
    hi = fitted.intervals(["hi"]).iloc[0]
    assert table["std_error"][1] == pytest.approx(hi["std_error"], rel=1e-5)


def test_a_function_of_ones_own_over_draws_is_their_percentiles(customers):
    result = jones_sasser.fit(
        "s", "stayed", data=customers[:800], std_errors="bootstrap", n_resamples=99, rng=1
    )
    row = result.interval_of(lambda curve, _: curve.true_loyalty(0.7), interval="percentile")
    same = result.interval_of("true_loyalty", 0.7, interval="percentile")
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(row[columns], same[columns])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"quantity": "loyalty"}, OptionError, "give at"),
        ({"at": 0.5}, OptionError, "give years"),
        ({"at": 0.5, "drivers": {"age": 2}}, DataError, "drivers lack years"),
        ({"at": 0.5, "drivers": {"years": [1, 2]}}, OptionError, "one customer at a time"),
        ({"at": 0.5, "drivers": {"years": 1}, "group": "x"}, OptionError, "give one of them"),
        ({"quantity": lambda *_: 1.0, "at": 0.5}, OptionError, "let it use them itself"),
        ({"quantity": lambda *_: "much"}, DataError, "what quantity returns"),
    ],
)
def test_what_is_unclear_is_refused(fitted, call, error, message):
    with pytest.raises(error, match=message):
        fitted.interval_of(**({"quantity": "loyalty"} | call))


def test_an_answer_without_a_constraint_names_the_way_from_drivers(fitted):
    with pytest.raises(OptionError, match="which constraint_of computes of them"):
        fitted.loyalty(0.5)
    held = fitted.constraint_of(drivers={"years": 2})
    row = fitted.interval_of("loyalty", 0.5, drivers={"years": 2})
    assert fitted.loyalty(0.5, constraint=held) == pytest.approx(row["estimate"].iloc[0])
