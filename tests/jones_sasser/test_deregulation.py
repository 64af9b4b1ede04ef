"""Removal of a constraint: sums over customers, and intervals by repeated draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from loyaltymodel import jones_sasser
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT

GROUPS = {"a": 0.5, "b": 0.2, "c": 0.05}


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(1200, constraints=GROUPS, levels=10, rng=1)


@pytest.fixture(scope="module")
def fitted(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")


@pytest.fixture(scope="module")
def both(people, fitted):
    return jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry"
    )


@pytest.fixture(scope="module")
def freed(both):
    return both.result


def test_every_customer_loses_false_loyalty(people, fitted, both):
    table = both.customers
    held = fitted.constraint_of("industry", data=people)
    false = fitted.curve.false_loyalty(people["satisfaction"], constraint=held)
    np.testing.assert_allclose(table["lost"], false, atol=EXACT)
    np.testing.assert_allclose(table["after"], fitted.true_loyalty(people["satisfaction"]))
    assert (table["lost"] >= 0).all()
    assert table.index.equals(people.index)
    assert (table["group"] == people["industry"]).all()


def test_tables_are_sums_over_customers(both):
    freed, customers = both
    grouped = customers.groupby("group")
    table = freed.by_group.set_index("group")
    np.testing.assert_allclose(table["estimate"], grouped["lost"].mean())
    np.testing.assert_allclose(table["set_free"], grouped["lost"].sum())
    np.testing.assert_allclose(table["before"], grouped["before"].mean())
    total = freed.total.iloc[0]
    assert total["n_obs"] == 1200
    assert total["set_free"] == pytest.approx(customers["lost"].sum())
    assert "false loyalty" in str(freed.summary())


def test_errors_against_draws_of_the_parameters(people, fitted, freed):
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(fitted.values, fitted.uncertainty.covariance, 4000)
    s = people["satisfaction"].to_numpy()
    code = people["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    g = draws[:, 1:2] * s ** draws[:, 2:3]
    lost = np.maximum(draws[:, 3:][:, code], 0) * (1 - g)
    # 4,000 draws know a deviation to 1.1 %; the constraint near 0 bends more.
    for group in (0, 1):
        mean = lost[:, code == group].mean(axis=1)
        assert freed.estimates.std_error[group] == pytest.approx(mean.std(), rel=0.05)
    assert freed.estimates.std_error[-1] == pytest.approx(lost.mean(axis=1).std(), rel=0.08)


def test_a_constraint_can_fall_to_a_level(people, fitted):
    part, customers = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry", to=0.3
    )
    held = fitted.constraints.set_index("group")["estimate"]
    table = part.by_group.set_index("group")
    assert (table.loc[held.index[held < 0.3], "estimate"] == 0).all()
    assert table.loc["a", "estimate"] > 0
    assert customers["constraint_after"].max() == pytest.approx(0.3)


def test_constraints_that_are_known_carry_no_error_of_their_own(people, fitted):
    known, _ = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry", constraint="constraint"
    )
    table = known.by_group
    lost = people["constraint"] * (1 - fitted.true_loyalty(people["satisfaction"]))
    np.testing.assert_allclose(table["estimate"], lost.groupby(people["industry"]).mean())
    assert (known.estimates.std_error[:-2] > 0).all()
    assert (known.estimates.std_error[:-2] < [0.02, 0.02]).all()


def test_one_constraint_for_all_and_groups_for_the_tables(people):
    result = jones_sasser.fit("satisfaction", "stayed", data=people)
    alone, _ = jones_sasser.remove_constraint(result, "satisfaction", data=people)
    split, _ = jones_sasser.remove_constraint(
        result, "satisfaction", data=people, constraint_by="industry"
    )
    assert len(split.by_group) == 3
    assert split.total["estimate"].iloc[0] == pytest.approx(alone.total["estimate"].iloc[0])
    assert split.estimates.std_error[-1] == pytest.approx(alone.estimates.std_error[-1], rel=1e-6)


def test_continuous_answers_of_many_groups():
    rng = np.random.default_rng(1)
    n = 12_000  # too many values for cells
    s, group = rng.random(n), rng.integers(0, 3, n)
    y = rng.random(n) < 0.3 + 0.7 * s**3
    result = jones_sasser.fit(s, y, constraint_by=group)
    freed, _ = jones_sasser.remove_constraint(result, s, constraint_by=group)
    rounded = np.rint(s * 500) / 500
    few, _ = jones_sasser.remove_constraint(result, rounded, constraint_by=group)
    # Satisfaction rounded to 1/500 moves a mean by less than a thousandth.
    np.testing.assert_allclose(freed.estimates.std_error, few.estimates.std_error, rtol=0.01)
    np.testing.assert_allclose(freed.by_group["estimate"], few.by_group["estimate"], atol=1e-3)


@pytest.fixture(scope="module")
def driven():
    """Customers whose constraint is logistic in the years of their contract, and the fit."""
    rng = np.random.default_rng(4)
    n = 3000
    people = pd.DataFrame(
        {"s": rng.integers(0, 11, n), "years": rng.integers(0, 4, n), "city": rng.integers(0, 2, n)}
    )
    held = 1 / (1 + np.exp(1.5 - 0.8 * people["years"]))
    people["stayed"] = rng.random(n) < held + (1 - held) * 0.9 * (people["s"] / 10) ** 3
    scale = {"scale": (0, 10), "drivers": ["years"]}
    return people, jones_sasser.fit("s", "stayed", data=people, **scale)


def by_hand(people, p):
    """Mean loss of the drivers' example for parameters lo, hi, k, d[const], d[years]."""
    c = 1 / (1 + np.exp(-p[3] - p[4] * people["years"].to_numpy()))
    return np.mean(c * (1 - p[1] * (people["s"].to_numpy() / 10) ** p[2]))


def test_the_error_of_drivers_is_part_of_the_loss(driven):
    people, fitted = driven
    freed, customers = jones_sasser.remove_constraint(fitted, "s", data=people)
    expected = by_hand(people, fitted.values)
    assert freed.total["estimate"].iloc[0] == pytest.approx(expected, abs=EXACT)
    assert customers["lost"].mean() == pytest.approx(expected, abs=EXACT)
    # Closed form of the delta method, with the derivatives of the formula.
    _lo, hi, k, d0, d1 = fitted.values
    s, z = people["s"].to_numpy() / 10, people["years"].to_numpy()
    c = 1 / (1 + np.exp(-d0 - d1 * z))
    with np.errstate(divide="ignore"):
        log_s = np.where(s > 0, np.log(s), 0.0)
    g = s**k
    by_d0 = c * (1 - c) * (1 - hi * g)
    slope = np.array([x.mean() for x in (0 * g, -c * g, -c * hi * g * log_s, by_d0, by_d0 * z)])
    error = np.sqrt(slope @ fitted.uncertainty.covariance @ slope)
    assert freed.estimates.std_error[-1] == pytest.approx(error, rel=1e-5)
    # Constraints that are taken as known make the error too small: what this is here for.
    known, _ = jones_sasser.remove_constraint(
        fitted, "s", data=people, constraint=fitted.constraint_of(data=people)
    )
    assert known.total["estimate"].iloc[0] == pytest.approx(expected, abs=EXACT)
    assert known.estimates.std_error[-1] < 0.6 * error


def test_drivers_come_as_names_tables_and_mappings_and_groups_arrange(driven):
    people, fitted = driven
    asked = jones_sasser.remove_constraint(fitted, "s", data=people, constraint_by="city")
    for drivers in (["years"], {"years": people["years"]}, people[["years"]]):
        found = jones_sasser.remove_constraint(
            fitted, people["s"], drivers=drivers, data=people, constraint_by="city"
        )
        pd.testing.assert_frame_equal(found.result.total, asked.result.total)
    for city, table in people.groupby("city"):
        row = asked.result.by_group.set_index("group").loc[city]
        alone, _ = jones_sasser.remove_constraint(fitted, "s", data=table)
        assert row["estimate"] == pytest.approx(alone.total["estimate"].iloc[0])
        assert row["std_error"] == pytest.approx(alone.total["std_error"].iloc[0])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"constraint": 0.2, "drivers": ["years"]}, OptionError, "give one of them"),
        ({"drivers": {"age": 3}}, DataError, "drivers lack years"),
        ({"satisfaction": [1, 2], "data": None}, OptionError, "give years"),
        ({"scale": {"satisfaction": (0, 10), "loyalty": (0, 5)}}, OptionError, "leave them out"),
    ],
)
def test_drivers_that_are_unclear_are_refused(driven, options, error, message):
    people, fitted = driven
    call = {"satisfaction": "s", "data": people} | options
    with pytest.raises(error, match=message):
        jones_sasser.remove_constraint(fitted, call.pop("satisfaction"), **call)


def test_a_fit_without_drivers_takes_none(people, fitted):
    with pytest.raises(OptionError, match="had no drivers"):
        jones_sasser.remove_constraint(fitted, "satisfaction", data=people, drivers=["constraint"])


def test_a_table_of_counts_is_freed_like_its_customers(people, fitted, freed):
    table = people.groupby(["industry", "satisfaction"]).size().rename("n").reset_index()
    counted, _ = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=table, constraint_by="industry", counts="n"
    )
    for name in ("by_group", "total"):
        pd.testing.assert_frame_equal(getattr(counted, name), getattr(freed, name))
    assert counted.n_obs == 1200


def test_scores_count_nobody_on_any_scale():
    people = jones_sasser.simulate(400, constraints={"a": 0.4}, outcome="score", rng=1)
    for top in (1, 10):
        scale = {"satisfaction": (0, 1), "loyalty": (0, top)}
        scores = people["score"] * top
        fitted = jones_sasser.fit(people["satisfaction"], scores, outcome="score", scale=scale)
        freed, _ = jones_sasser.remove_constraint(fitted, people["satisfaction"], scale=scale)
        assert np.isnan(freed.total["set_free"].iloc[0])
        assert "expected to leave" not in str(freed.summary())
        assert freed.total["estimate"].iloc[0] > 0.1 * top


def test_a_plain_curve_has_no_errors():
    curve = jones_sasser.curve("power", {"hi": 1.0, "k": 3.0})
    held = pd.Series([0.5, 0.2], index=["x", "y"])
    freed, customers = jones_sasser.remove_constraint(curve, [6, 6], constraint=held, scale=(1, 11))
    np.testing.assert_allclose(customers["lost"], held * 0.875)
    assert customers.index.tolist() == ["x", "y"]
    assert freed.total[["ci_low", "ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, OptionError, "give constraint_by"),
        ({"constraint_by": "city"}, DataError, "give constraint instead"),
        ({"constraint_by": "industry", "to": 1.0}, DataError, "from 0 to below 1"),
        ({"constraint_by": "industry", "level": 95}, OptionError, "such as 0.95"),
        ({"constraint_by": "industry", "scale": (1, 10)}, DataError, "between 1 and 10"),
        ({"constraint": 1.0}, DataError, "from 0 to below 1"),
        ({"constraint_by": "industri"}, DataError, "did you mean 'industry'"),
        ({"constraint_by": "industry", "missing": "omit"}, OptionError, "choose one of"),
    ],
)
def test_bad_input_is_refused_with_a_way_out(people, fitted, options, error, message):
    data = people.assign(city="x")
    with pytest.raises(error, match=message):
        jones_sasser.remove_constraint(fitted, "satisfaction", data=data, **options)


def test_a_curve_needs_constraints():
    with pytest.raises(OptionError, match="give constraint"):
        jones_sasser.remove_constraint(jones_sasser.curve(), [0.5])


def test_no_interval_of_a_loss_is_below_0():
    people = jones_sasser.simulate(300, constraints={"a": 0.1, "b": 0.05, "c": 0.5}, rng=2)
    fitted = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
    freed, _ = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry"
    )
    table = freed.by_group
    low = table["ci_low"].dropna()
    assert len(low) > 0
    assert (low >= 0).all()
    assert (low == 0).any()  # a loss that may well be none


def test_a_free_group_on_its_bound_has_an_interval_from_0():
    rng = np.random.default_rng(1)
    s, group = rng.integers(1, 11, 800) / 10, np.repeat(["free", "held"], 400)
    loyal = 0.9 * s**3
    stayed = rng.random(800) < np.where(group == "held", 0.4 + 0.6 * loyal, 0.9 * loyal)
    for options in ({}, {"weights": np.ones(800)}):
        fitted = jones_sasser.fit(s, stayed, constraint_by=group, **options)
        place = fitted.names.index("c[free]")
        assert fitted.states[place] == "on bound"
        freed, _ = jones_sasser.remove_constraint(fitted, s, constraint_by=group)
        row = freed.by_group.set_index("group").loc["free"]
        assert row["estimate"] == row["ci_low"] == 0
        # The loss is c times the mean of 1 - g.
        error = np.sqrt(fitted.uncertainty.covariance[place, place])
        unwilling = 1 - fitted.true_loyalty(s[group == "free"]).mean()
        assert row["std_error"] == pytest.approx(error * unwilling, rel=1e-6)
        # The likelihood falls from the bound on, so that Wald's end would be too far.
        reach = stats.t.ppf(0.975, fitted.uncertainty.degrees)
        assert 0.5 * reach * row["std_error"] < row["ci_high"] < reach * row["std_error"]
        told = fitted.constraints.set_index("group").loc["free"]
        assert told["ci_low"] == 0
        assert 0 < told["ci_high"] < 0.2


def power_likelihood(theta, s, group, stayed, weights):
    """Return the log-likelihood by the textbook formula; theta is hi, k and the constraints."""
    g = theta[0] * s ** theta[1]
    c = np.asarray(theta[2:])[group]
    loyal = np.clip(c + (1 - c) * g, 1e-12, 1 - 1e-12)
    return float(weights @ np.where(stayed, np.log(loyal), np.log1p(-loyal)))


def furthest(losses, of, start, goal, likelihood):
    """Return the smallest and largest loss whose likelihood reaches a goal, by SLSQP."""
    ends = []
    for sign in (1, -1):
        best = np.inf
        for k in (0.7, 1.0, 1.5):
            found = optimize.minimize(
                lambda x, sign=sign: sign * losses(x)[of],
                np.r_[start[0], start[1] * k, start[2:]],
                constraints={"type": "ineq", "fun": lambda x: likelihood(x) - goal},
                bounds=[(0.01, 1), (0.05, 50), (0, 0.999), (0, 0.999)],
                method="SLSQP",
                options={"maxiter": 500, "ftol": 1e-10},
            )
            if likelihood(found.x) > goal - 1e-5:
                best = min(best, found.fun)
        ends.append(sign * best)
    return ends


# Of an older SciPy, whose steps leave the bounds before they are put back.
@pytest.mark.filterwarnings("ignore:Values in x were outside bounds:RuntimeWarning")
@pytest.mark.parametrize("seed", range(4))
def test_losses_end_where_the_likelihood_is_just_not_significant(seed):
    rng = np.random.default_rng(seed)
    s, group = rng.integers(1, 9, 300) / 8, np.repeat([0, 1], 150)
    held = np.array([0.5, 0.2])
    stayed = rng.random(300) < held[group] + (1 - held[group]) * 0.85 * s**2.5
    fitted = jones_sasser.fit(s, stayed, constraint_by=group)
    freed, _ = jones_sasser.remove_constraint(fitted, s, constraint_by=group)
    assert freed.interval == "profile"
    start = fitted.values[[0, *range(2, 5)]] if fitted.names[0] == "hi" else fitted.values[1:]

    def likelihood(x):
        return power_likelihood(x, s, group, stayed, np.ones(300))

    def losses(x):
        lost = np.asarray(x[2:])[group] * (1 - x[0] * s ** x[1])
        return [lost[group == 0].mean(), lost[group == 1].mean(), lost.mean()]

    goal = likelihood(start) - stats.chi2.ppf(0.95, 1) / 2
    table = freed.estimates.frame()
    for of in range(3):
        low, high = furthest(losses, of, start, goal, likelihood)
        # SLSQP stops within 1e-4 of a loss; what it finds is never more than there is.
        assert table["ci_low"][of] == pytest.approx(low, abs=2e-4)
        assert table["ci_high"][of] == pytest.approx(high, abs=2e-4)


def test_with_many_customers_the_interval_of_a_loss_is_walds():
    people = jones_sasser.simulate(200_000, constraints=GROUPS, levels=10, rng=2)
    for weights in (None, np.random.default_rng(1).choice([0.5, 1.0, 2.0], 200_000)):
        fitted = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", weights=weights
        )
        freed, _ = jones_sasser.remove_constraint(
            fitted, "satisfaction", data=people, constraint_by="industry"
        )
        table = freed.estimates.frame()
        reach = 1.96 * table["std_error"]
        # Bends are of the order of the error itself, here a hundredth.
        for end, sign in (("ci_low", -1), ("ci_high", 1)):
            wald = table["estimate"] + sign * reach
            assert table[end].to_numpy() == pytest.approx(wald.to_numpy(), abs=0.03 * reach.max())


def test_units_of_weights_do_not_matter_to_the_interval_of_a_loss(people):
    weights = np.random.default_rng(3).uniform(0.2, 3, len(people))
    ends = []
    for unit in (1.0, 1e-3):
        fitted = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", weights=unit * weights
        )
        freed, _ = jones_sasser.remove_constraint(
            fitted, "satisfaction", data=people, constraint_by="industry"
        )
        ends.append(freed.estimates.frame()[["ci_low", "ci_high"]].to_numpy())
    assert ends[0] == pytest.approx(ends[1], rel=1e-5)


def test_where_draws_exist_losses_have_their_quantiles(people):
    fitted = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", std_errors="bootstrap",
        n_resamples=99, rng=1,
    )  # fmt: skip
    freed, _ = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry"
    )
    assert freed.interval == "percentile"
    s, held = (people["satisfaction"] - 0) / 1, fitted.uncertainty.draws[:, -3:]
    names = [name for name in fitted.names if name.startswith("c[")]
    draws = fitted.uncertainty.draws
    lo, hi, k = draws[:, :3].T[..., None]
    g = lo + (hi - lo) * s.to_numpy() ** k
    code = people["industry"].map({name[2:-1]: place for place, name in enumerate(names)})
    lost = (held[:, code] * (1 - g)).mean(axis=1)
    low, high = np.quantile(lost, [0.025, 0.975], method="closest_observation")
    row = freed.total.iloc[0]
    assert low - 0.01 < row["ci_low"] < low + 0.01
    assert high - 0.01 < row["ci_high"] < high + 0.01


def test_a_curve_with_kinks_has_walds_interval_of_a_loss(people):
    fitted = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", family="hinge"
    )
    freed, _ = jones_sasser.remove_constraint(
        fitted, "satisfaction", data=people, constraint_by="industry"
    )
    assert freed.interval == "wald"
    assert (freed.by_group["ci_low"] < freed.by_group["estimate"]).all()
