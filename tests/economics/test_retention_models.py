"""Models of retention: against published numbers, plain formulas, brute force and known worlds."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from scipy.special import betaln, expit, hyp2f1

from loyaltymodel.economics import Rate, fit_cohorts, fit_retention, lifetime_value
from loyaltymodel.economics.contractual.kernels import staying, sums
from loyaltymodel.economics.contractual.kernels.likelihood import Renewals, log_likelihood, slopes
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

from tolerances import EXACT, SAME

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "shifted_beta_geometric.json").read_text("utf-8")
)
REGULAR = [1000, 631, 468, 382, 326]
FITS = sorted(REFERENCE["fits"])
NAN = float("nan")
BDW = "beta_discrete_weibull"


def survivors_of(fit):
    known = REFERENCE["fits"][fit]
    shares = REFERENCE["survivors"][known["series"]][: known["renewals"] + 1]
    return np.rint(10 * np.array(shares)).astype(int), known


def beta_survival(a, b, t, c=1.0):
    t = np.asarray(t, float)
    return np.exp(betaln(a, b + np.where(t > 0, t, 1) ** c * (t > 0)) - betaln(a, b))


def alpha_beta(found, **options):
    return found.churn(**options)["estimate"].to_numpy()[2:]


# Published data, by another program to 1e-12


@pytest.mark.parametrize("fit", FITS)
def test_published_cohorts_have_the_parameters_of_another_program(fit):
    counts, known = survivors_of(fit)
    found = fit_cohorts(counts)
    assert found.converged
    assert found.limit is None
    assert alpha_beta(found) == pytest.approx([known["alpha"], known["beta"]], rel=1e-9)
    assert found.log_likelihood == pytest.approx(known["log_likelihood"], rel=EXACT)
    # Theirs is the covariance of (alpha, beta).
    a, b = known["alpha"], known["beta"]
    to_ours = np.array([[1 / a, -1 / b], [1 / (a + b), 1 / (a + b)]])
    theirs = to_ours @ np.array(known["covariance"]) @ to_ours.T
    assert found.estimates.covariance == pytest.approx(theirs, rel=1e-7)
    t = np.arange(1, 25)
    assert found.survival(t)["estimate"].to_numpy() == pytest.approx(known["survival"], rel=1e-9)
    assert found.retention(t)["estimate"].to_numpy() == pytest.approx(known["retention"], rel=1e-9)
    value = {"discount": 0.1}
    now = found.residual_value(1, timing="now", **value)["estimate"].item()
    due = found.residual_value(1, timing="before_renewal", renewals=4, **value)["estimate"].item()
    assert [now, due] == pytest.approx([known["value_now"], known["value_before_fifth"]], rel=1e-9)
    if known["expected_tenure"] is None:
        assert found.expected_tenure()["estimate"].item() == np.inf
    else:
        tenure = found.expected_tenure()["estimate"].item()
        assert tenure == pytest.approx(known["expected_tenure"], rel=1e-8)


def test_the_first_printed_parameters_are_those_of_seven_years():
    counts, _ = survivors_of("regular_K7")
    assert alpha_beta(fit_cohorts(counts)).round(3).tolist() == [0.704, 1.182]


# Kernels, against plain formulas


@given(
    eta=st.floats(-4, 3), nu=st.floats(0.05, 50), log_c=st.floats(-1, 1), t=st.integers(1, 40),
    n=st.integers(0, 39),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_survival_is_a_ratio_of_beta_functions(eta, nu, log_c, t, n):
    n = min(n, t - 1)
    a, b, c = nu * expit(eta), nu * expit(-eta), np.exp(log_c)
    got = staying.log_survival(*(np.array([x]) for x in (eta, np.log1p(1 / nu), log_c)), *(
        np.array([float(x)]) for x in (t, n)
    ))  # fmt: skip
    at = [x**c if x else 0.0 for x in (t, n)]
    expected = betaln(a, b + at[0]) - betaln(a, b + at[1])
    # The plain formula loses digits of numbers as large as these.
    size = abs(betaln(a, b + at[0])) + abs(betaln(a, b + at[1])) + nu + at[0]
    assert got == pytest.approx(expected, abs=1e-13 * size * max(np.log(nu + at[0]), 1))


def test_customers_all_alike_are_a_point_like_any_other():
    eta, t = np.array([[-1.0, 0.5, 2.0]]), np.array([1.0, 5.0, 30.0])
    for r in (0.0, 1e-14, 1e-10):
        plain = staying.staying_geometric(eta, np.full((1, 1), r), t, second=True)
        other = staying.staying_weibull(eta, np.full((1, 1), r), np.zeros((1, 1)), t, second=False)
        assert plain.value[0] == pytest.approx(np.log(expit(-eta[0])), rel=1e-7)
        assert other.value == pytest.approx(plain.value, rel=1e-11)
        assert other.first[:2] == pytest.approx(plain.first, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("weibull", [False, True])
def test_slopes_are_those_of_differences(weibull):
    rng = np.random.default_rng(3)
    renewals = Renewals(
        tenure=np.tile(np.arange(1.0, 7), 2),
        at_risk=rng.integers(50, 90, 12).astype(float),
        lost=rng.integers(0, 30, 12).astype(float),
        profile=np.repeat([0, 1], 6),
        design=np.array([[1.0, -0.7], [1.0, 1.2]]),
        weibull=weibull,
    )
    theta = np.array([[-1.0, 0.3, 0.4, 0.2][: 3 + weibull]])
    found, h = slopes(renewals, theta), 1e-5
    for j, unit in enumerate(np.eye(theta.shape[1])):
        up, down = theta + h * unit, theta - h * unit
        change = log_likelihood(renewals, up) - log_likelihood(renewals, down)
        assert found.gradient[:, j] == pytest.approx(change / (2 * h), rel=1e-6, abs=1e-5)
        bend = slopes(renewals, up).gradient - slopes(renewals, down).gradient
        assert found.observed[:, j] == pytest.approx(-bend / (2 * h), rel=1e-5, abs=1e-4)


@given(eta=st.floats(-4, 3), r=st.floats(0, 4), n=st.integers(0, 20), discount=st.floats(0.03, 2))
@settings(max_examples=25, deadline=None)
def test_the_sum_in_closed_form_is_the_sum_by_brute_force(eta, r, n, discount):
    terms = int(45 / np.log1p(discount)) + 3
    t = np.arange(terms, dtype=float)
    logs = staying.log_survival(*(np.full(terms, x) for x in (eta, r, 0.0)), n + t, 0 * t + n)
    brute = np.exp(logs - t * np.log1p(discount)).sum()
    at = [np.array([x]) for x in (eta, r, float(n), 1 / (1 + discount))]
    assert sums.geometric_sum(*at) == pytest.approx(brute, rel=1e-11)
    by_terms = sums.weibull_sum(at[0], at[1], np.zeros(1), at[2], at[3])
    assert by_terms == pytest.approx(brute, rel=1e-10)


@given(
    eta=st.floats(-3, 2), r=st.floats(0, 3), log_c=st.floats(-0.8, 0.8), discount=st.floats(0.05, 1)
)
@settings(max_examples=12, deadline=None)
def test_the_sum_of_a_beta_discrete_weibull_is_that_of_brute_force(eta, r, log_c, discount):
    terms = int(45 / np.log1p(discount)) + 3
    t = np.arange(terms, dtype=float)
    logs = staying.log_survival(*(np.full(terms, x) for x in (eta, r, log_c)), t, 0 * t)
    brute = np.exp(logs - t * np.log1p(discount)).sum()
    at = [np.array([x]) for x in (eta, r, log_c, 0.0, 1 / (1 + discount))]
    assert sums.weibull_sum(*at) == pytest.approx(brute, rel=1e-10)


def test_the_sum_is_the_hypergeometric_function_where_that_is_good():
    a, b = np.array([0.7, 2.0]), np.array([1.2, 3.0])
    eta, r = np.log(a / b), np.log1p(1 / (a + b))
    z = np.array([0.8, 0.5])
    assert sums.geometric_sum(eta, r, np.zeros(2), z) == pytest.approx(
        hyp2f1(1, b, a + b, z), rel=EXACT
    )


def test_sums_next_to_no_interest_are_integrals_over_customers():
    # A customer who stays with chance p is worth 1 / (1 - z p); the mean is over the beta law.
    a, b, discount = 1.3, 4.0, 1e-6
    z = 1 / (1 + discount)
    mean, _ = integrate.quad(
        lambda x: stats.beta.pdf(x, a, b) / (1 - z * (1 - x)), 0, 1, points=[1e-5, 1e-3, 1e-1],
        limit=400, epsabs=0, epsrel=1e-11,
    )  # fmt: skip
    at = [np.array([x]) for x in (np.log(a / b), np.log1p(1 / (a + b)), 0.0, z)]
    assert sums.geometric_sum(*at) == pytest.approx(mean, rel=1e-8)


def test_undiscounted_sums_have_an_end_only_above_a_power_of_1():
    eta, r, zero = np.array([0.0, 0.0]), np.log1p(np.array([0.4, 0.6])), np.zeros(2)
    assert sums.geometric_mean(eta, r, zero) == pytest.approx([0.6 / 0.1, np.inf])
    assert sums.weibull_sum(eta, r, zero, zero, np.ones(2)) == pytest.approx(
        [6.0, np.inf], rel=1e-10
    )
    # All alike, S(t) = 2^-(t^2), with nothing beyond the first terms.
    alike = sums.weibull_sum(zero[:1], zero[:1], np.log([2.0]), zero[:1], np.ones(1))
    assert alike == pytest.approx(sum(0.5 ** (t**2) for t in range(8)), rel=EXACT)


# What is estimated


def world(rng, n, *, nu=2.0, c=1.0, intercept=-0.5, slope=0.0):
    x = rng.integers(0, 4, n).astype(float)
    mu = expit(intercept + slope * x)
    theta = rng.beta(nu * mu, nu * (1 - mu)).clip(1e-12, 1 - 1e-12)
    left = np.ceil((np.log(rng.random(n)) / np.log1p(-theta)) ** (1 / c)).clip(1, 1e9)
    until = rng.integers(3, 9, n)
    return pd.DataFrame(
        {"tenure": np.minimum(left, until).astype(int), "lost": left <= until, "x": x}
    )


@pytest.mark.parametrize(("model", "c"), [("beta_geometric", 1.0), (BDW, 1.5)])
def test_large_samples_give_back_the_world(model, c):
    data = world(np.random.default_rng(1), 60_000, c=c, slope=-0.4)
    found = fit_retention("tenure", "lost", drivers=["x"], data=data, model=model)
    truth = [-0.5, -0.4, np.log(2.0), np.log(c)][: len(found.parameters)]
    table = found.parameters
    assert (np.abs(table["estimate"] - truth) < 3.5 * table["std_error"]).all()
    assert (table["ci_low"] < truth).all()
    assert (table["ci_high"] > truth).all()
    one, two = beta_survival(2 * expit(-0.9), 2 * expit(0.9), [1, 2], c)
    stay = found.retention(2, drivers={"x": 1})["estimate"].item()
    assert stay == pytest.approx(two / one, abs=0.02)


@pytest.mark.parametrize("weibull", [False, True])
def test_the_maximum_is_that_of_rows_written_out(weibull):
    rng = np.random.default_rng(7)
    data = world(rng, 400, slope=-0.3, c=1.2)
    entry = np.where(data["tenure"] > 1, rng.integers(0, 2, 400), 0)
    found = fit_retention(
        "tenure", "lost", entry=entry, drivers="x", data=data,
        model=BDW if weibull else "beta_geometric",
    )  # fmt: skip

    t, left, x = (data[name].to_numpy() for name in ("tenure", "lost", "x"))

    def minus(p):
        mu, nu = expit(p[0] + p[1] * x), np.exp(min(p[2], 9))
        c = np.exp(np.clip(p[3], -3, 3)) if weibull else 1.0
        a, b = nu * mu, nu * (1 - mu)
        end = beta_survival(a, b, t, c)
        gone = np.where(left, beta_survival(a, b, t - 1, c) - end, end)
        with np.errstate(divide="ignore"):
            found = -np.log(gone / beta_survival(a, b, entry, c)).sum()
        return found if np.isfinite(found) else 1e9

    p = found.parameters["estimate"].to_numpy()
    assert minus(p) == pytest.approx(-found.log_likelihood, rel=1e-11)
    for begin in (p + 0.3, p - 0.4):
        other = optimize.minimize(minus, begin, method="BFGS")
        assert -other.fun <= found.log_likelihood + 1e-7
    gradient = optimize.approx_fprime(p, minus, 1e-6)
    assert np.abs(gradient).max() < 2e-2


def test_rows_counts_and_cohorts_are_one_thing():
    counts = [369, 163, 86, 56, 326]
    tenure, lost = [1, 2, 3, 4, 4], [1, 1, 1, 1, 0]
    cohort = fit_cohorts(REGULAR)
    by_counts = fit_retention(tenure, lost, counts=counts)
    by_rows = fit_retention(np.repeat(tenure, counts), np.repeat(lost, counts))
    for other in (by_counts, by_rows):
        assert other.n_obs == 1000
        pd.testing.assert_frame_equal(other.parameters, cohort.parameters)
        pd.testing.assert_frame_equal(other.tenures, cohort.tenures)
    table = pl.DataFrame({"t": tenure, "l": lost, "n": counts})
    named = fit_retention("t", "l", counts="n", data=table)
    pd.testing.assert_frame_equal(named.parameters, cohort.parameters)


def test_a_triangle_of_cohorts_adds_up():
    found = fit_cohorts([[1000, 631, 468], [900, 560, NAN], [500, NAN, NAN]])
    assert found.n_obs == 2400
    assert found.tenures[["n_obs", "lost"]].to_numpy().tolist() == [[1900, 709], [631, 163]]
    late = fit_cohorts([[468, 382, 326]], entry=2)
    assert late.tenures["tenure"].tolist() == [3, 4]
    both = fit_cohorts([[1000, 631, 468], [468, 382, 326]], entry=[0, 2])
    pd.testing.assert_frame_equal(both.parameters, fit_cohorts(REGULAR).parameters)


def test_who_enters_late_counts_from_then_on():
    rng = np.random.default_rng(5)
    whole = world(rng, 30_000)
    entry = rng.integers(0, 3, len(whole))
    seen = whole["tenure"] > entry
    found = fit_retention(whole["tenure"][seen], whole["lost"][seen], entry=entry[seen.to_numpy()])
    table = found.parameters
    truth = np.array([-0.5, np.log(2)])
    assert (np.abs(table["estimate"] - truth) < 3.5 * table["std_error"]).all()
    # As if all had been watched from the start, the ones who left early would be missing.
    naive = fit_retention(whole["tenure"][seen], whole["lost"][seen]).parameters
    assert naive["estimate"][0] < table["estimate"][0] - 5 * table["std_error"][0]


def test_a_driver_measured_again_makes_a_second_row():
    # Split in two rows with the same driver, nothing changes.
    data = world(np.random.default_rng(2), 500, slope=-0.3)
    one = fit_retention("tenure", "lost", drivers="x", data=data)
    late = data["tenure"] > 1
    first = data.assign(entry=0, lost=data["lost"] & ~late, tenure=data["tenure"].clip(upper=1))
    second = data[late].assign(entry=1)
    split = pd.concat([first, second], ignore_index=True)
    two = fit_retention("tenure", "lost", entry="entry", drivers="x", data=split)
    pd.testing.assert_frame_equal(one.parameters, two.parameters)


def test_units_of_drivers_do_not_matter():
    data = world(np.random.default_rng(4), 2_000, slope=-0.4)
    data["far"] = 1e4 + 1e-2 * data["x"]
    near = fit_retention("tenure", "lost", drivers="x", data=data)
    far = fit_retention("tenure", "lost", drivers="far", data=data)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=SAME)
    slope = near.parameters.loc[1], far.parameters.loc[1]
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        assert slope[1][column] == pytest.approx(100 * slope[0][column], rel=1e-6)
    at = near.survival(5, drivers={"x": 2}), far.survival(5, drivers={"far": 1e4 + 0.02})
    pd.testing.assert_frame_equal(*at, rtol=1e-6)


# Intervals and tests


def ends_by_search(data, quantity):
    """Ends of a profile interval by SLSQP on the likelihood in alpha and beta."""
    counts = np.array(data, float)
    lost, t = -np.diff(counts), np.arange(len(counts))

    def minus(p):
        survival = beta_survival(*np.exp(p), t)
        return -(lost @ np.log(-np.diff(survival)) + counts[-1] * np.log(survival[-1]))

    best = optimize.minimize(minus, [0.0, 0.5], method="BFGS", options={"gtol": 1e-9})
    bound = best.fun + stats.chi2.ppf(0.95, 1) / 2
    found = []
    for sign in (1, -1):
        ends = optimize.minimize(
            lambda p, s=sign: s * quantity(*np.exp(p)), best.x, method="SLSQP",
            constraints={"type": "ineq", "fun": lambda p: bound - minus(p)},
            options={"ftol": 1e-12, "maxiter": 500},
        )  # fmt: skip
        found.append(sign * ends.fun)
    return found


@pytest.mark.parametrize("cohort", [REGULAR, [100, 63, 47, 38, 33]])
def test_profile_intervals_are_those_of_a_search(cohort):
    found = fit_cohorts(cohort)
    asked = {
        "survival": (lambda a, b: beta_survival(a, b, 10), found.survival(10)),
        "retention": (lambda a, b: (b + 2) / (a + b + 2), found.retention(3)),
        "mean": (lambda a, b: a / (a + b), found.churn().loc[[0]]),
        "value": (
            lambda a, b: hyp2f1(1, b, a + b, 1 / 1.1),
            found.residual_value(1, discount=0.1, timing="now"),
        ),
    }
    for quantity, table in asked.values():
        ends = ends_by_search(cohort, quantity)
        got = table[["ci_low", "ci_high"]].to_numpy()[0]
        assert got == pytest.approx(ends, rel=3e-4)


def test_wald_intervals_are_those_of_the_delta_method():
    counts, known = survivors_of("regular_K7")
    found = fit_cohorts(counts, interval="wald", level=0.9)
    a, b = known["alpha"], known["beta"]

    def link(x):
        return np.log(-np.log(beta_survival(*x, 10)))

    slope = optimize.approx_fprime(np.array([a, b]), link, 1e-7)
    reach = stats.norm.ppf(0.95) * np.sqrt(slope @ np.array(known["covariance"]) @ slope)
    expected = np.exp(-np.exp(link([a, b]) + reach * np.array([1, -1])))
    row = found.survival(10)[["ci_low", "ci_high"]].to_numpy()[0]
    assert row == pytest.approx(expected, rel=1e-5)
    table = found.parameters
    error = table["std_error"] * stats.norm.ppf(0.95)
    assert table["ci_high"].to_numpy() == pytest.approx(table["estimate"] + error, rel=SAME)


def test_homogeneity_is_half_a_chi_square():
    counts = [400, 200, 120, 85]
    found = fit_cohorts(counts)
    lost, n = -np.diff(counts), np.array(counts[:-1])
    p = lost.sum() / n.sum()  # the churn of customers all alike
    alike = (lost * np.log(p) + (n - lost) * np.log1p(-p)).sum()
    row = found.tests.set_index("test").loc["homogeneity"]
    gain = 2 * (found.log_likelihood - alike)
    assert row["statistic"] == pytest.approx(gain, rel=1e-9)
    assert row["p_value"] == pytest.approx(stats.chi2.sf(gain, 1) / 2, rel=1e-8)


def test_c_is_tested_against_the_beta_geometric():
    counts, _ = survivors_of("regular_K7")
    plain, other = fit_cohorts(counts), fit_cohorts(counts, model=BDW)
    gain = 2 * (other.log_likelihood - plain.log_likelihood)
    row = other.tests.set_index("test").loc["constant_churn"]
    assert row["statistic"] == pytest.approx(gain, rel=1e-7)
    assert other.parameters["p_value"].iloc[-1] == pytest.approx(stats.chi2.sf(gain, 1), rel=1e-6)
    # The interval of log c has 0 in it as the p-value says.
    assert other.parameters["ci_low"].iloc[-1] < 0 < other.parameters["ci_high"].iloc[-1]


def test_a_driver_is_tested_by_leaving_it_out():
    data = world(np.random.default_rng(6), 500, slope=-0.25)
    full = fit_retention("tenure", "lost", drivers="x", data=data)
    without = fit_retention("tenure", "lost", data=data)
    gain = 2 * (full.log_likelihood - without.log_likelihood)
    assert full.parameters["p_value"][1] == pytest.approx(stats.chi2.sf(gain, 1), rel=1e-6)


def test_fit_is_pearsons():
    found = fit_cohorts(REGULAR)
    table = found.tenures
    mean = table["expected"] / table["n_obs"]
    statistic = ((table["lost"] - table["expected"]) ** 2 / (table["expected"] * (1 - mean))).sum()
    row = found.tests.set_index("test").loc["fit"]
    assert (row["statistic"], row["df"]) == pytest.approx((statistic, 2))
    churn = 1 - found.retention(table["tenure"])["estimate"]
    assert mean.to_numpy() == pytest.approx(churn, rel=SAME)


# Limits, and what has no answer


def test_customers_all_alike_are_a_limit_that_is_named():
    found = fit_cohorts([1000, 800, 640, 512, 409])
    assert found.limit == "homogeneous"
    assert found.converged
    assert found.survival([1, 10])["estimate"].tolist() == pytest.approx([0.8, 0.8**10], rel=5e-3)
    churn = found.churn().set_index("quantity")
    assert churn.loc["polarization", ["estimate", "ci_low"]].tolist() == [0, 0]
    assert 0 < churn.loc["polarization", "ci_high"] < 0.1
    assert found.parameters["estimate"][1] == found.parameters["ci_high"][1] == np.inf
    assert np.isfinite(found.parameters["ci_low"][1])
    row = found.tests.set_index("test").loc["homogeneity"]
    assert (row["statistic"], row["p_value"]) == (pytest.approx(0, abs=1e-9), 1.0)
    assert "all alike" in str(found.summary())
    with pytest.raises(NotIdentifiedError, match="limit"):
        found.draws(10, periods=2, rng=1)
    # Underdispersed: churn rises with tenure, which no differing customers explain.
    assert fit_cohorts([1000, 950, 850, 600]).limit == "homogeneous"
    rising = fit_cohorts([1000, 950, 850, 600], model=BDW)
    assert np.exp(rising.parameters["estimate"].iloc[-1]) > 1.5


def test_all_or_nothing_is_a_limit_that_is_named():
    found = fit_cohorts([1000, 700, 700, 700])
    assert found.limit == "all_or_nothing"
    assert found.survival([1, 50])["estimate"].tolist() == pytest.approx([0.7, 0.7])
    assert found.churn()["estimate"].tolist()[:2] == pytest.approx([0.3, 1.0])
    assert found.survival(1)[["ci_low", "ci_high"]].isna().all(axis=None)
    assert "at once or never" in str(found.summary())
    with pytest.raises(NotIdentifiedError, match="beta_geometric"):
        fit_cohorts([1000, 700, 700, 700], model=BDW)


@pytest.mark.parametrize(
    ("counts", "model", "says"),
    [
        ([1000, 631], "beta_geometric", "1 renewal only"),
        ([1000, 631, 468], BDW, "2 renewals only"),
        ([1000, 1000, 1000], "beta_geometric", "no customer was lost"),
        ([1000, 0], "beta_geometric", "every customer left"),
    ],
)
def test_what_the_data_do_not_tell_has_no_estimate(counts, model, says):
    with pytest.raises(NotIdentifiedError, match=says):
        fit_cohorts(counts, model=model)


def test_no_beta_discrete_weibull_law_is_told_apart_from_a_bad_search():
    # Nobody leaves at first, then a share, then hardly anyone: c runs to infinity.
    with pytest.raises(NotIdentifiedError, match="rises without end"):
        fit_cohorts([1000, 1000, 600, 420, 330, 280], model=BDW)


def test_drivers_that_tell_too_much_or_nothing():
    tenure, lost = [1, 2, 3, 1, 3, 3, 2, 3], [1, 1, 0, 1, 0, 0, 1, 0]
    with pytest.raises(NotIdentifiedError, match="goes to 0 or 1"):
        fit_retention(tenure, lost, drivers={"x": lost})
    with pytest.raises(NotIdentifiedError, match="the same for all"):
        fit_retention(tenure, lost, drivers={"x": [2] * 8})
    x = np.arange(8.0)
    with pytest.raises(NotIdentifiedError, match="tied together"):
        fit_retention(tenure, lost, drivers={"x": x, "y": 1 - 2 * x})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1.5, 2], [0, 1]), "whole numbers"),
        (([1, 2], [0, 0.5]), "lost has 0.5 in row 1"),
        (([0, 2], [1, 0]), "row 0 has tenure 0 and was lost"),
        (([1, -2], [1, 0]), "tenure must lie"),
        (([1, 2], [1, NAN]), "missing value"),
    ],
)
def test_bad_customers_are_named(arguments, says):
    with pytest.raises(DataError, match=says):
        fit_retention(*arguments)


def test_bad_options_are_named():
    with pytest.raises(DataError, match="row 1 has tenure 1, but was watched from 2"):
        fit_retention([2, 1], [1, 0], entry=[0, 2])
    with pytest.raises(DataError, match="not shares"):
        fit_cohorts([100, 63.1, 46.8])
    with pytest.raises(DataError, match="rise in row 0, from 60 to 70"):
        fit_cohorts([100, 60, 70])
    with pytest.raises(DataError, match="gap in row 0"):
        fit_cohorts([[100, NAN, 40], [90, 50, 40]])
    with pytest.raises(OptionError, match="no driver can be called 'log_c'"):
        fit_retention([1, 2], [1, 0], drivers={"log_c": [1, 2]})
    found = fit_cohorts(REGULAR)
    with pytest.raises(OptionError, match="has no drivers"):
        found.survival(3, drivers={"x": 1})
    with pytest.raises(OptionError, match="above 4"):
        found.survival(4, renewals=4)
    with pytest.raises(OptionError, match="margin=0"):
        found.residual_value(0, discount=0.1, timing="now")
    with pytest.raises(OptionError, match="discount"):
        found.residual_value(1, discount=-0.1, timing="now")
    monthly = Rate(value=0.01, kind="discount", per="month")
    with pytest.raises(OptionError, match="per="):
        found.residual_value(1, discount=monthly, timing="now")
    with pytest.raises(OptionError, match="per month"):
        found.residual_value(1, discount=monthly, timing="now", per="year")
    data = world(np.random.default_rng(1), 300)
    driven = fit_retention("tenure", "lost", drivers="x", data=data)
    with pytest.raises(OptionError, match="drivers lacks"):
        driven.survival(3)


def test_missing_values_are_left_out_on_request():
    tenure, lost = [1, 2, 2, 3, NAN], [1, 1, 0, 0, 1]
    found = fit_retention(tenure, lost, missing="drop")
    assert (found.n_obs, found.n_dropped) == (4, 1)


# What is asked


def test_timings_differ_by_a_margin_and_by_interest():
    found = fit_cohorts(REGULAR)
    at = {"discount": 0.1, "renewals": 3}
    now, after, before = (
        found.residual_value(50, timing=timing, **at)["estimate"].item()
        for timing in ("now", "after_renewal", "before_renewal")
    )
    assert now - after == pytest.approx(50, rel=EXACT)
    assert before == pytest.approx(after * 1.1, rel=EXACT)
    yearly = Rate(value=0.1, kind="discount", per="year")
    again = found.residual_value(50, discount=yearly, timing="now", renewals=3, per="year")
    assert again["estimate"].item() == now


@pytest.mark.parametrize("model", ["beta_geometric", BDW])
def test_horizons_add_survival(model):
    found = fit_cohorts(REGULAR, model=model)
    alive = found.survival(np.arange(3, 9), renewals=2)["estimate"].to_numpy()
    discounted = alive / 1.1 ** np.arange(1, 7)
    value = found.residual_value(10, discount=0.1, timing="now", renewals=2, horizon=6)
    assert value["estimate"].item() == pytest.approx(10 + 10 * discounted.sum(), rel=SAME)
    tenure = found.expected_tenure(renewals=2, horizon=6)["estimate"].item()
    assert tenure == pytest.approx(1 + alive.sum(), rel=SAME)
    ends = value[["ci_low", "ci_high"]].to_numpy()[0]
    assert ends[0] < value["estimate"].item() < ends[1]


def test_who_has_stayed_is_likely_one_who_stays():
    found = fit_cohorts(REGULAR)
    a, b = alpha_beta(found)
    later = found.churn(renewals=6).set_index("quantity")["estimate"]
    assert later[["alpha", "beta"]].tolist() == pytest.approx([a, b + 6], rel=SAME)
    assert later["mean_churn"] == pytest.approx(a / (a + b + 6), rel=SAME)
    assert 1 - later["mean_churn"] == pytest.approx(found.retention(7)["estimate"].item())
    assert later["polarization"] == pytest.approx(1 / (1 + a + b + 6), rel=SAME)


def test_expected_tenure_may_have_no_end_and_still_a_least_value():
    found = fit_cohorts([1000, 869, 743, 653, 593])
    row = found.expected_tenure().loc[0]
    assert row["ci_low"] < row["estimate"] < row["ci_high"] == np.inf
    other = fit_cohorts([100, 63, 47, 39, 35])
    row = other.expected_tenure().loc[0]
    assert row["estimate"] == np.inf
    assert 2 < row["ci_low"] < np.inf
    assert other.expected_tenure(horizon=4)["ci_high"].item() < 5


def test_draws_go_into_other_calculators():
    found = fit_cohorts(REGULAR)
    drawn = found.draws(4_000, periods=30, rng=3)
    assert drawn.shape == (4_000, 30)
    rates = found.retention(np.arange(1, 31))
    spread = (rates["ci_high"] - rates["ci_low"]).to_numpy() / (2 * 1.96)
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.08)
    assert drawn.mean(axis=0) == pytest.approx(rates["estimate"], abs=0.003)
    value = lifetime_value(
        1, retention=rates["estimate"].to_numpy(), discount=0.1, timing="now", per="year",
        horizon=30, draws={"retention": drawn},
    )  # fmt: skip
    own = found.residual_value(1, discount=0.1, timing="now", horizon=30).loc[0]
    row = value.quantities.set_index("quantity").loc["value"]
    assert row["estimate"] == pytest.approx(own["estimate"], rel=SAME)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        [own["ci_low"], own["ci_high"]], abs=0.03
    )


def test_a_result_is_small_and_can_be_passed_on():
    data = world(np.random.default_rng(8), 5_000, slope=-0.3)
    found = fit_retention("tenure", "lost", drivers="x", data=data)
    kept = pickle.dumps(found)
    assert len(kept) < 15_000
    again = pickle.loads(kept)
    at = {"drivers": {"x": 1}}
    pd.testing.assert_frame_equal(again.projection(3, **at), found.projection(3, **at))
    assert found.to_dict()["values"]["n_obs"] == 5_000
    assert found.aic == pytest.approx(2 * 3 - 2 * found.log_likelihood)


def test_cohorts_and_their_entries_have_one_number_each():
    with pytest.raises(DataError, match="one a cohort"):
        fit_cohorts([[100, 60, 40], [90, 50, 30]], entry=[1, 2, 3])


def test_a_driver_without_losses_at_some_values_is_named_and_no_failure_of_arithmetic():
    # Found by a search: on the way to a churn of 0 derivatives overflowed.
    rows = np.array(
        [
            [1, 1, 0, 1], [2, 0, 0, 4], [2, 0, 1, 7], [2, 0, 2, 3], [2, 1, 0, 1], [3, 0, 0, 5],
            [3, 0, 1, 3], [3, 0, 2, 6],
        ]
    )  # fmt: skip
    with pytest.raises(NotIdentifiedError, match="goes to 0 or 1"):
        fit_retention(
            rows[:, 0], rows[:, 1], counts=rows[:, 3], drivers={"x": rows[:, 2]},
            model="beta_discrete_weibull",
        )  # fmt: skip
