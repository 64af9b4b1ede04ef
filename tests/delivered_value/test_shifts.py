"""Covariates that shift ratings: by hand, against other programs, and by recovery."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.discrete.discrete_model import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.regression.linear_model import OLS

from loyaltymodel.delivered_value import perception_shift
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

# statsmodels stops where the mean gradient is below 1e-7, and differentiates numerically: five
# digits of estimates are far more than their standard errors ask for, and four of errors.
ESTIMATE, ERROR = 1e-5, 1e-4

LAWS = {"logit": stats.logistic, "probit": stats.norm}
CUTS = np.array([-1.5, -0.4, 0.5, 1.8])


def survey(n, *, law="logit", rng=0, tenure=0.3, new=-0.6, south=0.5):
    """Ratings of 1 to 5, shifted by tenure in years, by being new, and by region."""
    rng = np.random.default_rng(rng)
    people = pd.DataFrame(
        {
            "tenure": rng.exponential(2, n),
            "new": rng.integers(0, 2, n),
            "region": rng.choice(["east", "north", "south"], n),
        }
    )
    latent = (
        tenure * people["tenure"]
        + new * people["new"]
        + south * (people["region"] == "south")
        + LAWS[law].rvs(size=n, random_state=rng)
    )
    people["rating"] = np.searchsorted(CUTS, latent) + 1
    return people


COVARIATES = ["tenure", "new", "region"]


def fit(people, **options):
    options = {"categories": ("region",), **options}
    return perception_shift(COVARIATES, "rating", data=people, **options)


def dummies(people):
    """The same covariates as columns, made by hand."""
    return np.column_stack(
        [people["tenure"], people["new"], people["region"] == "north", people["region"] == "south"]
    ).astype(float)


def of_statsmodels(people, law):
    """Shifts, thresholds and the covariance of shifts, without any of our scaling."""
    model = OrderedModel(people["rating"].to_numpy(), dummies(people), distr=law)
    other = model.fit(method="bfgs", gtol=1e-8, maxiter=1000, disp=0)
    cuts = model.transform_threshold_params(np.asarray(other.params))[1:-1]
    return model, other, cuts


def test_a_table_by_hand():
    """Odds of at most j are a third in the second group at both thresholds: a shift of log 3."""
    rating = np.repeat([1, 2, 3, 1, 2, 3], [20, 10, 10, 10, 10, 20])
    found = perception_shift({"new": np.repeat([0, 1], 40)}, rating)
    assert found.shifts.estimate[0] == pytest.approx(np.log(3), abs=ESTIMATE)
    np.testing.assert_allclose(found.boundaries.estimate, [0, np.log(3)], atol=ESTIMATE)
    assert found.effects.estimate[0] == pytest.approx(2.25 - 1.75, abs=ESTIMATE)
    assert found.rating_counts.tolist() == [30, 20, 30]
    # No other table with these margins fits as well, and here the error is known in closed form:
    # with P(<= 1), P(<= 2) of 1/2, 3/4 and 1/4, 1/2 the information of the shift, given thresholds.
    f = {0: np.array([1 / 4, 3 / 16]), 1: np.array([3 / 16, 1 / 4])}  # densities at thresholds
    p = {0: np.array([1 / 2, 1 / 4, 1 / 4]), 1: np.array([1 / 4, 1 / 4, 1 / 2])}
    information = np.zeros((3, 3))
    for group in (0, 1):
        for k in range(3):  # d P(rating k) by (shift, first threshold, second threshold)
            upper = np.array([-group, k == 0, k == 1]) * (f[group][k] if k < 2 else 0)
            lower = np.array([-group, k == 1, k == 2]) * (f[group][k - 1] if k > 0 else 0)
            slope = upper - lower
            information += 40 * np.outer(slope, slope) / p[group][k]
    expected = np.linalg.inv(information)
    np.testing.assert_allclose(found.shifts.covariance, expected[:1, :1], rtol=ERROR)
    np.testing.assert_allclose(found.boundaries.covariance, expected[1:, 1:], rtol=ERROR, atol=1e-7)


def test_cheese_as_sas_prints_it():
    """Ratings of 1 to 9 of four cheeses, McCullagh and Nelder (1989), p. 175.

    SAS/STAT prints 1.6128 for the first additive against the fourth, towards lower ratings
    (example "Ordinal Logistic Regression" of PROC LOGISTIC and PROC HPLOGISTIC).
    """
    counts = [
        [0, 0, 1, 7, 8, 8, 19, 8, 1],
        [6, 9, 12, 11, 7, 6, 1, 0, 0],
        [1, 1, 6, 8, 23, 7, 5, 1, 0],
        [0, 0, 0, 1, 3, 7, 14, 16, 11],
    ]
    rating = np.concatenate([np.repeat(np.arange(1, 10), row) for row in counts])
    additive = np.repeat([1, 2, 3, 4], 52)
    found = perception_shift({"additive": additive}, rating, categories={"additive": 4})
    assert found.shifts.labels["term"] == ("additive=1", "additive=2", "additive=3")
    assert found.shifts.estimate[0] == pytest.approx(-1.6128, abs=5e-5)  # as printed
    # The order of liking that the example reads from the estimates: fourth, first, third, second.
    assert 0 > found.shifts.estimate[0] > found.shifts.estimate[2] > found.shifts.estimate[1]


@pytest.mark.parametrize("law", ["logit", "probit"])
def test_an_ordered_model_against_statsmodels(law):
    people = survey(300, law=law)
    found = fit(people, model=law, level=0.9)
    _, other, cuts = of_statsmodels(people, law)
    np.testing.assert_allclose(
        found.shifts.estimate, other.params[:4], rtol=ESTIMATE, atol=ESTIMATE
    )
    np.testing.assert_allclose(found.boundaries.estimate, cuts, rtol=ESTIMATE, atol=ESTIMATE)
    expected = np.asarray(other.cov_params())[:4, :4]
    np.testing.assert_allclose(found.shifts.covariance, expected, rtol=ERROR, atol=1e-6)
    # The first threshold is a parameter there as well.
    assert found.boundaries.covariance[0, 0] == pytest.approx(other.cov_params()[4, 4], rel=ERROR)
    table = found.shifts.frame()
    low = other.conf_int(0.1)[:4, 0]
    np.testing.assert_allclose(table["ci_low"], low, rtol=ERROR, atol=ERROR)
    np.testing.assert_allclose(table["p_value"], other.pvalues[:4], atol=1e-3)
    test = other.wald_test(np.eye(8)[:4], scalar=True)
    assert found.joint_test["statistic"] == pytest.approx(float(test.statistic), rel=1e-3)
    assert found.joint_test["p_value"] == pytest.approx(float(test.pvalue), rel=1e-2)
    assert found.thresholds["between"].to_list() == ["1 | 2", "2 | 3", "3 | 4", "4 | 5"]


@pytest.mark.parametrize("law", ["logit", "probit"])
def test_differences_in_the_mean_rating_by_brute_force(law):
    """Means of predicted ratings, and their errors by differences of every parameter."""
    people = survey(200, law=law, rng=1)
    found = fit(people, model=law)
    model, other, _ = of_statsmodels(people, law)
    x, params = dummies(people), np.asarray(other.params)

    def mean_of(params, x):
        return (model.predict(params, exog=x) @ np.arange(1, 6)).mean()

    def with_columns(**changed):
        columns = x.copy()
        for name, value in changed.items():
            columns[:, int(name[1:])] = value
        return columns

    def effects(params):
        step = 1e-4
        north, south = with_columns(c2=1, c3=0), with_columns(c2=0, c3=1)
        base = mean_of(params, with_columns(c2=0, c3=0))
        up, down = (with_columns(c0=x[:, 0] + sign * step) for sign in (1, -1))
        return np.array(
            [
                (mean_of(params, up) - mean_of(params, down)) / (2 * step),
                mean_of(params, with_columns(c1=1)) - mean_of(params, with_columns(c1=0)),
                mean_of(params, north) - base,
                mean_of(params, south) - base,
            ]
        )

    gradient = np.column_stack(
        [(effects(params + h) - effects(params - h)) / 2e-4 for h in np.eye(8) * 1e-4]
    )
    errors = np.sqrt(np.diag(gradient @ other.cov_params() @ gradient.T))
    np.testing.assert_allclose(found.effects.estimate, effects(params), rtol=ERROR, atol=ESTIMATE)
    # Differences of differences.
    np.testing.assert_allclose(found.effects.std_error, errors, rtol=1e-3)
    differences = found.terms[found.terms["quantity"] == "difference"]
    assert differences["change"].to_list() == ["per unit", "0 to 1", "0 to 1", "0 to 1"]
    np.testing.assert_array_equal(differences["std_error"], found.effects.std_error)


def test_a_rating_of_two_kinds_is_a_logistic_regression():
    people = survey(300)
    found = perception_shift(people[["tenure", "new"]], (people["rating"] > 3).astype(int))
    x = np.column_stack([np.ones(300), people["tenure"], people["new"]])
    other = Logit((people["rating"] > 3).to_numpy().astype(float), x).fit(disp=0)
    np.testing.assert_allclose(found.shifts.estimate, other.params[1:], rtol=ESTIMATE)
    assert found.boundaries.estimate[0] == pytest.approx(-other.params[0], rel=ESTIMATE)
    effects = other.get_margeff(at="overall", dummy=True)
    np.testing.assert_allclose(found.effects.estimate, effects.margeff, rtol=ESTIMATE)
    np.testing.assert_allclose(found.effects.std_error, effects.margeff_se, rtol=1e-3)


def test_points_against_statsmodels():
    people = survey(120)
    found = fit(people, model="linear")
    x = np.column_stack([np.ones(120), dummies(people)])
    other = OLS(people["rating"].to_numpy(), x).fit(cov_type="HC3", use_t=True)
    np.testing.assert_allclose(found.shifts.estimate, other.params[1:], rtol=1e-9)
    assert found.boundaries.estimate[0] == pytest.approx(other.params[0], rel=1e-9)
    low, high = other.conf_int()[1:].T
    np.testing.assert_allclose(found.shifts.ci_low, low, rtol=1e-8)
    np.testing.assert_allclose(found.effects.ci_high, high, rtol=1e-8)
    np.testing.assert_allclose(found.shifts.p_value, other.pvalues[1:], rtol=1e-6)
    test = other.f_test(np.eye(5)[1:])
    assert found.joint_test["statistic"] == pytest.approx(float(test.fvalue), rel=1e-8)
    assert found.joint_test["p_value"] == pytest.approx(float(test.pvalue), rel=1e-6)
    assert found.thresholds["between"].to_list() == ["constant"]
    assert "points of the rating" in str(found.summary())


def test_perception_and_thresholds_cannot_be_told_apart():
    """Two worlds that differ in everything but the ratings: better service, or a lenient scale."""
    rng = np.random.default_rng(4)
    new = np.repeat([0, 1], 150)
    felt = rng.logistic(size=300)
    better = np.searchsorted(CUTS, felt + 0.7 * new)
    lenient = (felt[:, None] > CUTS - 0.7 * new[:, None]).sum(axis=1)
    one = perception_shift({"new": new}, better)
    other = perception_shift({"new": new}, lenient)
    np.testing.assert_array_equal(one.shifts.estimate, other.shifts.estimate)
    assert "cannot tell which" in str(one.summary())


def test_customer_shifts():
    people = survey(250)
    found = fit(people)
    x = dummies(people)
    rows = found.customer_shifts(COVARIATES, data=people)
    np.testing.assert_allclose(
        rows["estimate"], (x - x.mean(axis=0)) @ found.shifts.estimate, atol=1e-12
    )
    assert rows["estimate"].mean() == pytest.approx(0, abs=1e-12)
    # Expected ratings are means of the predicted ones, and ratings in sum are those observed:
    # a property of the logit of two categories, and within 0.01 for the ordered one.
    model, other, _ = of_statsmodels(people, "logit")
    expected = model.predict(np.asarray(other.params)) @ np.arange(1, 6)
    np.testing.assert_allclose(rows["expected_rating"], expected, atol=1e-4)
    assert rows["expected_rating"].mean() == pytest.approx(found.mean_rating, abs=0.02)
    named = found.customer_shifts(
        pd.DataFrame({"new": [1], "region": ["south"], "tenure": [0.0]}, index=["Li"])
    )
    assert named.index.to_list() == ["Li"]
    at = np.array([0, 1, 0, 1.0]) - x.mean(axis=0)
    error = np.sqrt(at @ found.shifts.covariance @ at)
    reach = stats.norm.ppf(0.975) * error
    assert named.loc["Li", "ci_high"] - named.loc["Li", "estimate"] == pytest.approx(
        reach, rel=1e-9
    )
    points = fit(people, model="linear")
    rated = points.customer_shifts(people[COVARIATES])["expected_rating"]
    assert rated.mean() == pytest.approx(points.mean_rating, rel=1e-9)
    with pytest.raises(DataError, match="no values of new, region; give them"):
        found.customer_shifts({"tenure": [1.0]})
    with pytest.raises(DataError, match=r"'west', which no customer .* known are east, north"):
        found.customer_shifts({"tenure": [1.0], "new": [0], "region": ["west"]})


def test_references_and_the_order_of_things():
    people = survey(200)
    east = fit(people)
    assert east.shifts.labels["term"] == ("tenure", "new", "region=north", "region=south")
    south = fit(people, categories={"region": "south"})
    assert south.shifts.labels["term"] == ("tenure", "new", "region=east", "region=north")
    # Shifts against another reference are differences of those against the first.
    expected = [
        -east.shifts.estimate[3],
        -east.shifts.difference("region=south", "region=north").iloc[0],
    ]
    np.testing.assert_allclose(south.shifts.estimate[2:], expected, atol=ESTIMATE)
    np.testing.assert_allclose(south.effects.estimate[:2], east.effects.estimate[:2], atol=ESTIMATE)
    assert ("reference of region", "south") in south.summary().facts
    again = fit(people.sample(frac=1, random_state=3))
    np.testing.assert_allclose(again.shifts.estimate, east.shifts.estimate, atol=ESTIMATE)


@settings(max_examples=4, deadline=None)
@given(unit=st.floats(1e-3, 1e4), origin=st.floats(-100, 100), seed=st.integers(0, 20))
def test_units_of_covariates_are_taken_along(unit, origin, seed):
    people = survey(80, rng=seed)[["rating", "tenure", "new"]]
    plain = perception_shift(["tenure", "new"], "rating", data=people)
    moved = people.assign(tenure=people["tenure"] * unit + origin * unit)
    other = perception_shift(["tenure", "new"], "rating", data=moved)
    for ours, theirs in ((other.shifts, plain.shifts), (other.effects, plain.effects)):
        np.testing.assert_allclose(ours.estimate * [unit, 1], theirs.estimate, atol=ESTIMATE)
    z = plain.shifts.estimate / plain.shifts.std_error
    other_z = other.shifts.estimate / other.shifts.std_error
    np.testing.assert_allclose(other_z, z, atol=1e-3)


def test_covariates_in_every_form_are_the_same():
    people = survey(80)
    expected = fit(people).shifts.estimate
    columns = {name: people[name] for name in COVARIATES}
    for found in (
        perception_shift(columns, people["rating"], categories=["region"]),
        perception_shift(people[COVARIATES], people["rating"], categories={"region": None}),
        perception_shift(
            pl.from_pandas(people[COVARIATES]),
            people["rating"].to_numpy(),
            categories=["region"],
        ),
        fit(pl.from_pandas(people)),
        fit(pa.Table.from_pandas(people)),
        fit(people.assign(region=people["region"].astype("category"))),
    ):
        np.testing.assert_array_equal(found.shifts.estimate, expected)
    one = perception_shift("tenure", "rating", data=people)
    assert one.shifts.labels["term"] == ("tenure",)


def test_missing_values_are_refused_or_left_out():
    people = survey(150)
    people.loc[4, "region"] = None
    people.loc[9, "tenure"] = np.nan
    with pytest.raises(DataError, match='missing="drop"'):
        fit(people)
    found = fit(people, missing="drop")
    assert (found.n_obs, found.n_dropped) == (148, 2)
    kept = fit(people.dropna())
    np.testing.assert_array_equal(found.shifts.estimate, kept.shifts.estimate)
    assert {("customers", "148"), ("left out", "2")} <= set(found.summary().facts)


def test_a_record_that_stays_as_it_is():
    found = fit(survey(100))
    again = pickle.loads(pickle.dumps(found))
    with pytest.raises(ValueError, match="read-only"):
        again.effects.estimate[0] = 1
    assert again.shifts.names == found.shifts.names
    assert repr(found) == "<PerceptionShift: 100 customers, logit, 4 terms>"
    assert "Thresholds" in found._repr_html_()
    table = found.terms
    table["estimate"] = 0.0
    assert found.effects.estimate.all()
    assert found.terms["estimate"].all()


def test_an_exact_fit_has_no_errors():
    found = perception_shift({"years": [0, 1, 2, 3, 4]}, [1.0, 2, 3, 4, 5], model="linear")
    np.testing.assert_allclose(found.shifts.estimate, [1.0], rtol=1e-12)
    np.testing.assert_allclose(found.effects.std_error, 0.0, atol=1e-12)


N = 40
RATING = np.tile([1, 2, 3, 4, 5], 8)
YEARS = np.arange(N) % 7
GOOD = {"years": YEARS}


@pytest.mark.parametrize(
    ("rating", "covariates", "options", "error", "way_out"),
    [
        (np.full(N, 4), GOOD, {}, NotIdentifiedError, "everybody gives the rating 4"),
        (RATING, {"a": np.ones(N)}, {}, NotIdentifiedError, "'a' is the same .* leave it out"),
        (
            RATING,
            {"region": ["north"] * N},
            {"categories": ["region"]},
            NotIdentifiedError,
            "'north' for everybody.*leave it out",
        ),
        (
            RATING,
            {"a": YEARS, "b": 2.0 * YEARS + 1, "c": np.arange(N)},
            {},
            NotIdentifiedError,
            "^a, b determine each other.*leave one of them out",
        ),
        (YEARS, GOOD, {}, NotIdentifiedError, "apart perfectly.*merge"),
        (
            RATING,
            {"top": (RATING == 5).astype(int)},
            {},
            NotIdentifiedError,
            "apart perfectly.*merge neighbouring ratings",
        ),
        (np.arange(N), GOOD, {}, DataError, '40 distinct values.*model="linear"'),
        (RATING[:6], {"years": YEARS[:6], "b": [1, 0, 0, 1, 0, 1]}, {}, DataError, "fewer cov"),
        (RATING, {"years": YEARS[:-1]}, {}, DataError, "equally long"),
        (RATING, {"a": ["x", "y"] * 20}, {}, DataError, r"or, if .* categories=\('a',\)"),
        (RATING.astype(str), GOOD, {}, DataError, "rating is not numeric"),
        (np.where(RATING > 4, np.inf, RATING), GOOD, {}, DataError, "infinite"),
        ("rating", GOOD, {}, DataError, "give data="),
        (RATING, {}, {}, DataError, "at least one"),
        (RATING, [], {}, DataError, "at least one"),
        (RATING, ["a", "a"], {}, DataError, "a more than once; name each of them once"),
        (RATING, [1, 2], {}, DataError, "names of columns"),
        (RATING, YEARS, {}, DataError, "or a mapping"),
        (["years", "new"], "rating", {}, DataError, r"perception_shift\(\[...\], 'rating'\)"),
        (RATING, 5, {}, DataError, "table in memory"),
        (RATING, {"rating": YEARS}, {}, OptionError, "rename it"),
        (RATING, GOOD, {"categories": "years"}, OptionError, r"such as \('years',\)"),
        (RATING, GOOD, {"categories": [3]}, OptionError, "sequence of names"),
        (RATING, GOOD, {"categories": ["year"]}, OptionError, "did you mean 'years'"),
        (RATING, GOOD, {"categories": {"years": 9}}, OptionError, "9, which no customer has"),
        (RATING, GOOD, {"model": "ols"}, OptionError, "'logit', 'probit', 'linear'"),
        (RATING, GOOD, {"level": 95}, OptionError, "between 0 and 1"),
        (RATING, GOOD, {"missing": "mean"}, OptionError, "'raise', 'drop'"),
        (
            RATING,
            {"lone": (np.arange(N) == 3).astype(int)},
            {"model": "linear"},
            NotIdentifiedError,
            "row 3 alone.*leave the customer out",
        ),
    ],
)
def test_bad_input_is_a_named_error(rating, covariates, options, error, way_out):
    with pytest.raises(error, match=way_out):
        perception_shift(covariates, rating, **options)


def truth_of(people, law):
    """Average differences in the mean rating, for the customers at hand."""
    base = 0.3 * people["tenure"] - 0.6 * people["new"] + 0.5 * (people["region"] == "south")
    rate = lambda score: 5 - LAWS[law].cdf(CUTS - np.asarray(score)[:, None]).sum(axis=1)  # noqa: E731
    step = 1e-5
    without = base + 0.6 * people["new"]
    region = base - 0.5 * (people["region"] == "south")
    return np.array(
        [
            (0.3 * (rate(base + step) - rate(base - step)) / (2 * step)).mean(),
            (rate(without - 0.6) - rate(without)).mean(),
            0.0,
            (rate(region + 0.5) - rate(region)).mean(),
        ]
    )


@pytest.mark.parametrize("law", ["logit", "probit"])
def test_recovery(law):
    people = survey(4_000, law=law, rng=7)
    found = fit(people, model=law)
    errors = np.concatenate([found.shifts.std_error, found.boundaries.std_error])
    estimates = np.concatenate([found.shifts.estimate, found.boundaries.estimate])
    truth = np.concatenate([[0.3, -0.6, 0.0, 0.5], CUTS])
    # Eight estimates within four standard errors: a miss in 1 of 2,000 surveys.
    assert (np.abs(estimates - truth) < 4 * errors).all()
    apart = np.abs(found.effects.estimate - truth_of(people, law))
    assert (apart < 4 * found.effects.std_error).all()
    assert errors.max() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("law", ["logit", "probit"])
def test_coverage(law):
    worlds = 1000
    truth = np.array([0.3, -0.6, 0.0, 0.5])
    shift, effect, rejected = np.zeros(4), np.zeros(4), 0
    other = np.random.default_rng(worlds)
    for seed in range(worlds):
        people = survey(250, law=law, rng=seed)
        found = fit(people, model=law)
        table = found.shifts.frame()
        shift += (table["ci_low"] <= truth) & (truth <= table["ci_high"])
        table, expected = found.effects.frame(), truth_of(people, law)
        effect += (table["ci_low"] <= expected) & (expected <= table["ci_high"])
        idle = perception_shift({"a": other.random(250)}, people["rating"], model=law)
        rejected += idle.joint_test["p_value"] < 0.05
    # Three standard errors of 0.95 in 1,000 worlds are 0.021.
    assert (np.abs(shift / worlds - 0.95) < 0.022).all(), shift / worlds
    assert (np.abs(effect / worlds - 0.95) < 0.022).all(), effect / worlds
    assert abs(rejected / worlds - 0.05) < 0.022, rejected / worlds


@pytest.mark.slow
def test_coverage_of_points():
    worlds, truth = 2000, np.array([0.3, -0.6])
    held = np.zeros(2)
    rng = np.random.default_rng(3)
    for _ in range(worlds):
        tenure, new = rng.exponential(2, 100), rng.integers(0, 2, 100)
        rating = 0.3 * tenure - 0.6 * new + rng.normal(size=100) * (0.5 + 0.4 * tenure)
        covariates = {"tenure": tenure, "new": new}
        table = perception_shift(covariates, rating, model="linear").shifts.frame()
        held += (table["ci_low"] <= truth) & (truth <= table["ci_high"])
    # Three standard errors are 0.015; HC3 is slightly conservative or liberal at high leverage.
    assert (np.abs(held / worlds - 0.95) < 0.025).all(), held / worlds


def test_ratings_that_differ_by_rounding_are_level():
    with pytest.raises(NotIdentifiedError, match=r"everybody gives the rating 0\.3"):
        perception_shift(GOOD, [0.3, 0.1 + 0.2] * 20, model="linear")


def test_an_exact_fit_shifts_nothing_by_rounding():
    rng = np.random.default_rng(4)
    years, idle = rng.normal(size=40), rng.normal(size=40)
    found = perception_shift({"years": years, "idle": idle}, 0.1 + 0.7 * years, model="linear")
    assert found.shifts.std_error.tolist() == [0, 0]
    assert found.shifts.p_value.tolist() == [0, 1]
    assert found.joint_test[["statistic", "p_value"]].to_list() == [np.inf, 0]
    assert "exact but for rounding" in str(found.summary())
