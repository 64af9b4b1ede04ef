"""Tables of cells: the same as the customers who were counted in them, and held against them."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, OptionError

SCALE = {"satisfaction": (1, 7), "loyalty": (0, 10)}
# Sums over the same people in another order.
SAME = 1e-8


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(2)
    n = 900
    s, group = rng.integers(1, 8, n), rng.choice(["a", "b"], n)
    held = np.where(group == "a", 0.4, 0.1)
    loyal = (held + (1 - held) * 0.9 * ((s - 1) / 6) ** 3).clip(0.01, 0.99)
    score = 10 * rng.beta(5 * loyal, 5 * (1 - loyal))
    stayed = (rng.random(n) < loyal).astype(int)
    often = rng.binomial(3, loyal)
    whole = np.rint(score)
    return pd.DataFrame(
        {"s": s, "group": group, "score": score, "whole": whole, "stayed": stayed, "often": often}
    )


@pytest.fixture(scope="module")
def means(people):
    """Mean, standard deviation and number of each cell, as they are published."""
    table = people.groupby(["s", "group"])["score"].agg(["mean", "std", "size"]).reset_index()
    alone = pd.DataFrame({"s": [3, 4], "group": "a", "mean": [5.0, 6.0], "std": np.nan, "size": 1})
    return pd.concat([table, alone], ignore_index=True)


def fit_means(means, **options):
    options = {"outcome": "score", "scale": SCALE, "constraint_by": "group"} | options
    return jones_sasser.fit("s", "mean", data=means, counts="size", sd="std", **options)


@pytest.fixture(scope="module")
def of_means(means):
    return fit_means(means)


@pytest.fixture(scope="module")
def with_two(people):
    """The customers, and two who are alone in their rows of the table."""
    more = pd.DataFrame({"s": [3, 4], "group": "a", "score": [5.0, 6.0]})
    return pd.concat([people, more], ignore_index=True)


def assert_same(one, other):
    np.testing.assert_allclose(one.values, other.values, atol=SAME)
    # Maxima are found but for 1e-8 of an error; third derivatives make ten times that of errors.
    np.testing.assert_allclose(
        one.uncertainty.covariance, other.uncertainty.covariance, rtol=100 * SAME, atol=SAME * 1e-3
    )
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-7)
    assert one.n_obs == other.n_obs


@pytest.mark.parametrize("options", [{}, {"family": "logistic"}, {"reliability": 0.9}])
def test_means_with_their_spread_are_the_customers(means, with_two, options):
    everybody = jones_sasser.fit(
        "s", "score", data=with_two, constraint_by="group", outcome="score", scale=SCALE, **options
    )
    assert_same(fit_means(means, **options), everybody)


def test_means_are_calibrated_and_freed_like_customers(of_means, with_two):
    everybody = jones_sasser.fit(
        "s", "score", data=with_two, constraint_by="group", outcome="score", scale=SCALE
    )
    pd.testing.assert_frame_equal(of_means.calibration(), everybody.calibration())
    one, other = (jones_sasser.compare(fitted).models for fitted in (of_means, everybody))
    pd.testing.assert_frame_equal(one, other, rtol=1e-6)


def test_a_bootstrap_of_means_is_as_wide_as_the_robust_error(means, of_means):
    drawn = fit_means(means, std_errors="bootstrap", n_resamples=300, rng=1)
    # 300 resamples know an error to 4 %.
    ratio = np.sqrt(np.diag(drawn.uncertainty.covariance)[1:])
    np.testing.assert_allclose(
        ratio / np.sqrt(np.diag(of_means.uncertainty.covariance)[1:]), 1, atol=0.15
    )


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("stayed", {}),
        ("often", {"outcome": "count", "trials": 3}),
        ("whole", {"outcome": "ordinal", "cuts": 5}),
        ("whole", {"outcome": "score", "scale": SCALE}),
    ],
)
def test_a_table_of_counts_is_the_customers(people, column, options):
    options = {"scale": (1, 7), "constraint_by": "group"} | options
    keys = ["s", "group", column]
    table = people.groupby(keys).size().rename("n").reset_index()
    table = pd.concat([table, table[:3].assign(n=1)], ignore_index=True)
    everybody = pd.concat([people[keys], table[-3:][keys]], ignore_index=True)
    counted = jones_sasser.fit("s", column, data=table, counts="n", **options)
    alone = jones_sasser.fit("s", column, data=everybody, **options)
    assert_same(counted, alone)
    if counted.has_likelihood:
        assert counted.bic == pytest.approx(alone.bic)


def test_counts_are_people_and_weights_are_not(people):
    table = people.groupby(["s", "stayed"]).size().rename("n").reset_index()
    counted = jones_sasser.fit("s", "stayed", data=table, counts="n", scale=(1, 7))
    weighted = jones_sasser.fit("s", "stayed", data=table, weights="n", scale=(1, 7))
    np.testing.assert_allclose(counted.values, weighted.values, atol=1e-6)
    assert counted.n_obs == 900
    assert weighted.n_obs == len(table)
    assert (
        np.diag(weighted.uncertainty.covariance)[1:]
        > 2 * np.diag(counted.uncertainty.covariance)[1:]
    ).all()


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"sd": None}, OptionError, "give sd, their standard deviation"),
        ({}, {"outcome": "beta", "sd": None}, OptionError, 'choose outcome="score" and give sd'),
        ({}, {"counts": None}, OptionError, 'needs outcome="score" and counts'),
        ({"std": 60.0}, {}, DataError, "more than scores between 0 and 10"),
        ({"std": np.nan}, {}, DataError, "14 rows of more than one customer"),
        ({"std": -1.0}, {}, DataError, "sd"),
        ({"size": 2.5}, {}, DataError, "whole numbers of customers"),
        ({"size": 0}, {}, DataError, "counts"),
    ],
)
def test_what_a_table_lacks_is_named(means, change, options, error, message):
    table = means[:14].assign(**change)
    options = {"outcome": "score", "counts": "size", "sd": "std", "scale": SCALE} | options
    with pytest.raises(error, match=message):
        jones_sasser.fit("s", "mean", data=table, constraint_by="group", **options)
