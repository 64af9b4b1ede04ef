"""Fitted curves: against direct maximisation, other programs, and surveys of known truth."""

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import optimize, special, stats
from statsmodels.api import Logit

from loyaltymodel import datasets, jones_sasser
from loyaltymodel.errors import (
    DataError,
    ImproperSolutionWarning,
    ModelError,
    NotIdentifiedError,
    OptionError,
    WeakIdentificationWarning,
)
from loyaltymodel.jones_sasser.estimation import problem
from loyaltymodel.jones_sasser.estimation.sample import read_sample
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings

from tolerances import SAME

REFERENCE = Path(__file__).parents[1] / "reference" / "logistic_profile.json"
# L-BFGS-B with differences of 1e-8 for derivatives stops within about 1e-5 of the maximum, which
# lies in a ridge: 1/50 of a standard error, seen in every parameter.
DIRECT = 0.02
GROUPS = {"a": 0.55, "b": 0.3, "c": 0.1}


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(3000, constraints=GROUPS, levels=10, rng=1)


@pytest.fixture(scope="module")
def counts():
    return jones_sasser.simulate(
        1500, constraints=GROUPS, levels=10, outcome="count", trials=7, rng=2
    )


@pytest.fixture(scope="module")
def scores():
    model = jones_sasser.curve("power", {"lo": 0.1, "hi": 0.9, "k": 3.0})
    return jones_sasser.simulate(
        1500, model=model, constraints=GROUPS, levels=10, outcome="score", rng=3
    )


@pytest.fixture(scope="module")
def intentions():
    return jones_sasser.simulate(2000, constraints=GROUPS, levels=10, outcome="ordinal", rng=4)


@pytest.fixture(scope="module")
def fitted(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")


def power(s, hi, k, lo=0.0):
    return lo + (hi - lo) * s**k


def direct(log_likelihood, starts, bounds):
    """Maximise a plain log-likelihood, written row by row, by a general optimiser."""
    best = min(
        (
            optimize.minimize(
                lambda p: -log_likelihood(p) / 100, start, method="L-BFGS-B", bounds=bounds
            )
            for start in starts
        ),
        key=lambda found: found.fun,
    )
    return best.x, -100 * best.fun


def agrees(result, names, found, value):
    """Check estimates, in standard errors, and that no higher value was found elsewhere."""
    places = [result.names.index(name) for name in names]
    errors = np.sqrt(np.diag(result.uncertainty.covariance))[places]
    errors = np.where(errors > 0, errors, 0.01)
    np.testing.assert_allclose((found - result.values[places]) / errors, 0, atol=DIRECT)
    assert result.log_likelihood >= value - 1e-6
    assert result.log_likelihood == pytest.approx(value, abs=1e-3)


SHARES = [(1e-6, 1 - 1e-6)]


class TestAgainstDirectMaximisation:
    def test_binary_with_groups(self, people, fitted):
        s, y = people["satisfaction"].to_numpy(), people["stayed"].to_numpy()
        code = people["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

        def log_likelihood(p):
            c = p[2:][code]
            loyalty = c + (1 - c) * power(s, p[0], p[1])
            return np.log(np.where(y == 1, loyalty, 1 - loyalty)).sum()

        starts = [[0.8, 2.0, 0.3, 0.3, 0.3], [0.9, 4.0, 0.5, 0.2, 0.1]]
        found, value = direct(log_likelihood, starts, [*SHARES, (0.1, 30), *SHARES * 3])
        agrees(fitted, ["hi", "k", "c[a]", "c[b]", "c[c]"], found, value)
        assert fitted.aic == pytest.approx(2 * 5 - 2 * fitted.log_likelihood)
        assert fitted.bic == pytest.approx(np.log(3000) * 5 - 2 * fitted.log_likelihood)

    def test_given_constraints_leave_lo_to_be_estimated(self, people):
        s, y, c = (people[name].to_numpy() for name in ("satisfaction", "stayed", "constraint"))
        result = jones_sasser.fit(s, y, constraint=c, fixed={})

        def log_likelihood(p):
            loyalty = c + (1 - c) * power(s, p[1], p[2], p[0])
            return np.log(np.where(y == 1, loyalty, 1 - loyalty)).sum()

        starts = [[0.05, 0.9, 2.0], [0.02, 0.8, 5.0]]
        found, value = direct(log_likelihood, starts, [*SHARES * 2, (0.1, 30)])
        agrees(result, ["lo", "hi", "k"], found, value)

    def test_drivers(self):
        rng = np.random.default_rng(1)
        s, z = rng.integers(0, 10, 3000) / 9, rng.normal(3, 2, 3000)
        c = special.expit(-2 + 0.5 * z)
        y = (rng.random(3000) < c + (1 - c) * power(s, 0.9, 3.0)).astype(int)
        result = jones_sasser.fit(s, y, drivers={"z1": z})
        assert result.names[3:] == ("d[const]", "d[z1]")

        def log_likelihood(p):
            c = special.expit(p[2] + p[3] * (z - z.mean()))
            loyalty = c + (1 - c) * power(s, p[0], p[1])
            return np.log(np.where(y == 1, loyalty, 1 - loyalty)).sum()

        bounds = [*SHARES, (0.1, 30), (-9, 9), (-9, 9)]
        found, value = direct(log_likelihood, [[0.8, 2, -1, 0.1], [0.9, 4, 0, 0.3]], bounds)
        found[2] -= found[3] * z.mean()
        agrees(result, ["hi", "k", "d[const]", "d[z1]"], found, value)

    def test_a_reference_frees_lo(self, people):
        result = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", reference="c"
        )
        usual = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
        # The same curves, told otherwise: 1 - L = (1 - c)(1 - g), and c of group c goes into lo.
        assert result.log_likelihood == pytest.approx(usual.log_likelihood, abs=1e-8)
        table = result.constraints.set_index("group")
        assert table.loc["c", "estimate"] == 0
        assert table.loc["c", "state"] == "fixed"
        old = usual.constraints.set_index("group")["estimate"]
        assert result.curve.parameters["lo"] == pytest.approx(old["c"], abs=1e-6)
        expected = 1 - (1 - old["a"]) / (1 - old["c"])
        assert table.loc["a", "estimate"] == pytest.approx(expected, abs=1e-6)

    def test_count(self, counts):
        result = jones_sasser.fit(
            "satisfaction",
            "stayed",
            data=counts,
            constraint_by="industry",
            outcome="count",
            trials=7,
        )
        s, y = counts["satisfaction"].to_numpy(), counts["stayed"].to_numpy()
        code = counts["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

        def log_likelihood(p):
            c = p[2:][code]
            return stats.binom.logpmf(y, 7, c + (1 - c) * power(s, p[0], p[1])).sum()

        bounds = [*SHARES, (0.1, 30), *SHARES * 3]
        found, value = direct(log_likelihood, [[0.8, 2.0, 0.3, 0.3, 0.3]], bounds)
        agrees(result, ["hi", "k", "c[a]", "c[b]", "c[c]"], found, value)

    def test_score_is_the_quasi_binomial(self, scores):
        result = jones_sasser.fit(
            "satisfaction", "score", data=scores, constraint_by="industry", outcome="score"
        )
        s, y = scores["satisfaction"].to_numpy(), scores["score"].to_numpy()
        code = scores["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

        def log_likelihood(p):
            c = p[2:][code]
            loyalty = c + (1 - c) * power(s, p[0], p[1])
            return (y * np.log(loyalty) + (1 - y) * np.log(1 - loyalty)).sum()

        bounds = [*SHARES, (0.1, 30), *SHARES * 3]
        found, value = direct(log_likelihood, [[0.8, 2.0, 0.3, 0.3, 0.3]], bounds)
        agrees(result, ["hi", "k", "c[a]", "c[b]", "c[c]"], found, value)
        assert result.uncertainty.kind == "robust"
        assert np.isnan(result.aic)
        with pytest.raises(OptionError, match="need a likelihood"):
            result.intervals(interval="profile")

    def test_beta(self, scores):
        result = jones_sasser.fit(
            "satisfaction", "score", data=scores, constraint_by="industry", outcome="beta"
        )
        s, y = scores["satisfaction"].to_numpy(), scores["score"].to_numpy()
        code = scores["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

        def log_likelihood(p):
            c, phi = p[2:5][code], np.exp(p[5])
            loyalty = c + (1 - c) * power(s, p[0], p[1])
            return stats.beta.logpdf(y, loyalty * phi, (1 - loyalty) * phi).sum()

        bounds = [*SHARES, (0.1, 30), *SHARES * 3, (-3, 6)]
        found, value = direct(log_likelihood, [[0.8, 2.0, 0.3, 0.3, 0.3, 2.0]], bounds)
        names = ["hi", "k", "c[a]", "c[b]", "c[c]", "log_precision"]
        agrees(result, names, found, value)

    def test_ordinal(self, intentions):
        result = jones_sasser.fit(
            "satisfaction",
            "intention",
            data=intentions,
            constraint_by="industry",
            outcome="ordinal",
            cuts=3,
        )
        s, y = intentions["satisfaction"].to_numpy(), intentions["intention"].to_numpy()
        code = intentions["industry"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

        def log_likelihood(p):
            c = p[2:5][code]
            logit = special.logit(c + (1 - c) * power(s, p[0], p[1]))
            theta = np.array([-np.inf, -np.exp(p[5]), 0.0, np.exp(p[6]), np.inf])
            return np.log(
                special.expit(logit - theta[y - 1]) - special.expit(logit - theta[y])
            ).sum()

        bounds = [*SHARES, (0.1, 30), *SHARES * 3, (-3, 3), (-3, 3)]
        starts = [[0.8, 2.0, 0.3, 0.3, 0.3, 0.5, 0.5]]
        found, value = direct(log_likelihood, starts, bounds)
        names = ["hi", "k", "c[a]", "c[b]", "c[c]", "log_step[2 to 3]", "log_step[3 to 4]"]
        agrees(result, names, found, value)
        thresholds = result.categories.set_index("category")["estimate"]
        assert thresholds[3] == 0
        assert thresholds[2] == pytest.approx(-np.exp(found[5]), abs=0.01)

    def test_an_ordinal_answer_of_two_categories_is_a_binary_one(self, people, fitted):
        result = jones_sasser.fit(
            "satisfaction",
            "stayed",
            data=people,
            constraint_by="industry",
            outcome="ordinal",
            cuts=1,
        )
        by_name = jones_sasser.fit(
            "satisfaction",
            "stayed",
            data=people,
            constraint_by="industry",
            outcome="ordinal",
            cuts={"loyalty": 1},
        )
        assert by_name.settings.cuts == 1
        assert by_name.log_likelihood == result.log_likelihood
        np.testing.assert_allclose(result.values, fitted.values, atol=1e-7)
        assert result.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-9)

    def test_measurement_error(self, people):
        result = jones_sasser.fit("satisfaction", "stayed", data=people, reliability=0.9)
        plain = jones_sasser.fit("satisfaction", "stayed", data=people)
        # What error flattened is steeper again.
        assert result.curve.slope(0.95) > plain.curve.slope(0.95)
        perfect = jones_sasser.fit("satisfaction", "stayed", data=people, reliability=1)
        np.testing.assert_array_equal(perfect.values, plain.values)


@pytest.fixture(scope="module")
def reference():
    return json.loads(REFERENCE.read_text("utf-8"))


@pytest.fixture(scope="module")
def regression(reference):
    x = reference["input"]
    return jones_sasser.fit(
        np.linspace(0, 1, 200),
        np.array(x["y"]),
        drivers=pd.DataFrame({"x1": x["x1"], "x2": x["x2"]}),
        fixed={"lo": 0, "hi": 0, "k": 1},
    )


class TestAgainstLogisticRegression:
    """With lo = hi = 0 nobody is willing, and L = c = logistic(d'z)."""

    # The search stops where a step would gain less than 1e-11, within sqrt(2e-11) = 4.5e-6
    # standard errors of 0.3. The file has ten digits or more.
    SEARCH = 1.5e-6

    @pytest.mark.parametrize(
        ("method", "entry"), [("wald", "wald_ci"), ("profile", "profile_ci_root")]
    )
    def test_estimates_errors_and_intervals(self, reference, regression, method, entry):
        result = regression
        table = result.intervals(["d[const]", "d[x1]", "d[x2]"], interval=method)
        expected = reference["output"]
        coef, se = expected["fit"]["coef"], expected["fit"]["se"]
        np.testing.assert_allclose(table["estimate"], list(coef.values()), atol=self.SEARCH)
        np.testing.assert_allclose(table["std_error"], list(se.values()), rtol=1e-5)
        ends = np.array(expected[entry]["values"])
        np.testing.assert_allclose(table[["ci_low", "ci_high"]], ends, atol=self.SEARCH)
        assert result.log_likelihood == pytest.approx(expected["fit"]["logLik"], abs=1e-9)
        places = [result.names.index(name) for name in table["parameter"]]
        covariance = result.uncertainty.covariance[np.ix_(places, places)]
        np.testing.assert_allclose(covariance, expected["fit"]["vcov"]["values"], rtol=1e-5)

    def test_the_sandwich_is_that_of_statsmodels(self, reference):
        x = reference["input"]
        z = np.column_stack([x["x1"], x["x2"]])
        s, y = np.linspace(0, 1, 200), np.array(x["y"])
        result = jones_sasser.fit(
            s,
            y,
            drivers={"z1": z[:, 0], "z2": z[:, 1]},
            fixed={"lo": 0, "hi": 0, "k": 1},
            std_errors="robust",
        )
        x = np.column_stack([np.ones(len(y)), z])
        model = Logit(y, x)
        other = model.fit(disp=0, tol=1e-12)
        # HC3 as MacKinnon and White (1985) write it: scores over 1 less the leverage. Each
        # customer is a cell, so leverage is u' H^-1 u of the own score u.
        scores = model.score_obs(other.params)
        inverse = np.linalg.inv(-model.hessian(other.params))
        leverage = np.einsum("ip,pq,iq->i", scores, inverse, scores)
        moved = scores @ inverse / (1 - leverage)[:, None]
        expected = moved.T @ moved
        np.testing.assert_allclose(result.uncertainty.covariance[3:, 3:], expected, rtol=1e-5)


@pytest.fixture(scope="module")
def weighted(people):
    weights = np.random.default_rng(3).integers(1, 4, len(people))
    result = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", weights=weights
    )
    return weights, result


class TestWeights:
    def test_whole_weights_give_the_estimates_of_repeated_rows(self, people, weighted):
        weights, result = weighted
        often = people.loc[people.index.repeat(weights)].reset_index(drop=True)
        repeated = jones_sasser.fit("satisfaction", "stayed", data=often, constraint_by="industry")
        np.testing.assert_allclose(result.values, repeated.values, atol=1e-6)
        assert not result.has_likelihood
        assert np.isnan(result.bic)

    def test_the_sandwich_counts_people_and_not_weights(self, people, weighted):
        weights, result = weighted
        larger = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", weights=1000 * weights
        )
        np.testing.assert_allclose(larger.values, result.values, atol=1e-6)
        np.testing.assert_allclose(
            larger.uncertainty.covariance, result.uncertainty.covariance, rtol=1e-4, atol=1e-12
        )

    def test_equal_weights_change_nothing_but_the_kind_of_errors(self, people):
        one = jones_sasser.fit("satisfaction", "stayed", data=people, weights=np.ones(3000))
        plain = jones_sasser.fit("satisfaction", "stayed", data=people, std_errors="robust")
        np.testing.assert_allclose(one.values, plain.values, atol=1e-9)
        np.testing.assert_allclose(one.uncertainty.covariance, plain.uncertainty.covariance)


class TestErrors:
    def test_three_kinds_agree_where_the_model_is_true(self, people, fitted):
        options = {"data": people, "constraint_by": "industry"}
        sandwich = jones_sasser.fit("satisfaction", "stayed", std_errors="robust", **options)
        boot = jones_sasser.fit(
            "satisfaction", "stayed", std_errors="bootstrap", n_resamples=600, rng=1, **options
        )
        names = ["hi", "k", "c[a]", "c[b]"]
        errors = [r.intervals(names)["std_error"] for r in (fitted, sandwich, boot)]
        # 600 draws know an error to 1 / sqrt(1200) = 3 %; the sandwich to about 3 % as well.
        np.testing.assert_allclose(errors[1], errors[0], rtol=0.12)
        np.testing.assert_allclose(errors[2], errors[1], rtol=0.15)
        assert boot.uncertainty.draws.shape == (600, 6)
        percentile = boot.intervals(["k"], interval="percentile").iloc[0]
        expected = np.quantile(boot.uncertainty.draws[:, 2], [0.025, 0.975], method="weibull")
        assert [percentile["ci_low"], percentile["ci_high"]] == pytest.approx(expected)

    def test_the_bootstrap_is_repeatable(self, people):
        draws = [
            jones_sasser.fit(
                "satisfaction",
                "stayed",
                data=people,
                std_errors="bootstrap",
                n_resamples=39,
                rng=seed,
            ).uncertainty.draws
            for seed in (1, 1, 2)
        ]
        np.testing.assert_array_equal(draws[0], draws[1])
        assert (draws[0] != draws[2]).any()

    def test_counts_measured_with_error_have_no_likelihood(self, counts):
        options = {"data": counts, "constraint_by": "industry", "outcome": "count", "trials": 7}
        result = jones_sasser.fit("satisfaction", "stayed", reliability=0.8, **options)
        assert result.uncertainty.kind == "robust"
        assert np.isnan(result.aic)
        with pytest.raises(OptionError, match=r"count.*reliability"):
            result.intervals(interval="profile")
        with pytest.raises(OptionError, match=r"count.*reliability"):
            jones_sasser.fit(
                "satisfaction", "stayed", reliability=0.8, std_errors="model", **options
            )

    def test_a_constraint_near_0_has_an_interval_that_can_hold_it(self, people):
        options = {"data": people, "constraint_by": "industry"}
        plain = jones_sasser.fit("satisfaction", "stayed", **options)
        weighted = jones_sasser.fit("satisfaction", "stayed", weights=np.ones(3000), **options)
        for result, method in ((plain, "profile"), (weighted, None)):
            near = result.constraints
            if method is None:
                near = near.query("estimate < 3 * std_error")
            for row in near.itertuples():
                name = f"c[{row.group}]"
                if method is None:
                    reach = stats.t.ppf(0.975, result.uncertainty.degrees)
                    low = max(0.0, row.estimate - reach * row.std_error)
                    assert row.ci_low == pytest.approx(low)
                else:
                    told = result.intervals([name], interval=method).iloc[0]
                    assert row.ci_low == pytest.approx(told["ci_low"])
                    assert row.ci_high == pytest.approx(told["ci_high"])

    def test_a_top_on_its_bound_is_not_taken_as_known(self):
        """Errors against the likelihood itself, summed up over all k and all hi up to 1."""
        rng = np.random.default_rng(7)
        s = rng.integers(0, 10, 400) / 10
        stayed = rng.random(400) < 0.97 * s**2
        result = jones_sasser.fit(s, stayed, constraint=0.0)
        table = result.parameters.set_index("parameter")
        assert table.loc["hi", "state"] == "on bound"
        k, hi = np.linspace(1.2, 3.5, 400), np.linspace(0.6, 1, 400)
        loyal = hi[:, None, None] * np.linspace(0, 0.9, 10) ** k[:, None]
        trials = np.bincount((s * 10).round().astype(int), minlength=10)
        came = np.bincount((s * 10).round().astype(int), weights=stayed, minlength=10)
        value = (special.xlogy(came, loyal) + special.xlogy(trials - came, 1 - loyal)).sum(axis=2)
        weight = np.exp(value - value.max())
        weight /= weight.sum()
        error = np.sqrt((weight * (k - result.values[2]) ** 2).sum())
        assert table.loc["k", "std_error"] == pytest.approx(error, rel=0.1)
        # With hi known to be 1 it would be much less.
        alone = weight[-1] / weight[-1].sum()
        known = np.sqrt((alone * (k - result.values[2]) ** 2).sum())
        assert np.sqrt(result.uncertainty.given_bounds[2, 2]) == pytest.approx(known, rel=0.1)
        assert known < 0.93 * error
        # The interval of hi begins at the bound; nearly all of the likelihood lies in it.
        low, high = table.loc["hi", ["ci_low", "ci_high"]]
        assert high == 1
        assert weight[hi >= low].sum() == pytest.approx(0.95, abs=0.03)

    def test_a_few_large_weights_tell_as_leaving_each_customer_out(self):
        rng = np.random.default_rng(3)
        s = rng.integers(0, 6, 150) / 5
        stayed = rng.random(150) < 0.3 + 0.7 * 0.8 * s**2
        weights = np.exp(0.9 * rng.standard_normal(150))
        options = {"constraint": np.full(150, 0.3)}
        result = jones_sasser.fit(s, stayed, weights=weights, **options)
        left_out = np.array(
            [
                jones_sasser.fit(
                    np.delete(s, i),
                    np.delete(stayed, i),
                    weights=np.delete(weights, i),
                    constraint=0.3,
                ).values[1:]
                for i in range(150)
            ]
        )
        jackknife = np.sqrt(((left_out - result.values[1:]) ** 2).sum(axis=0))
        errors = np.sqrt(np.diag(result.uncertainty.covariance))[1:]
        np.testing.assert_allclose(errors, jackknife, rtol=0.12)
        assert result.uncertainty.degrees < 100

    def test_profile_ends_are_where_the_ratio_test_turns(self, people, fitted):
        row = fitted.intervals(["k"], interval="profile", level=0.9).iloc[0]
        for end in (row["ci_low"], row["ci_high"]):
            held = jones_sasser.fit(
                "satisfaction",
                "stayed",
                data=people,
                constraint_by="industry",
                fixed={"lo": 0, "k": end},
            )
            drop = fitted.log_likelihood - held.log_likelihood
            assert drop == pytest.approx(stats.chi2.ppf(0.9, 1) / 2, abs=1e-6)

    def test_wald_intervals_are_on_the_scale_of_the_parameter(self, fitted):
        row = fitted.intervals(["k"]).iloc[0]
        reach = 1.959963984540054 * row["std_error"] / row["estimate"]
        assert row["ci_low"] == pytest.approx(row["estimate"] * np.exp(-reach))
        assert row["ci_high"] == pytest.approx(row["estimate"] * np.exp(reach))
        fixed = fitted.intervals(["lo"]).iloc[0]
        assert fixed[["std_error", "ci_low", "ci_high"]].tolist() == [0, 0, 0]

    def test_delta_intervals_against_draws_of_the_parameters(self, fitted):
        rng = np.random.default_rng(1)
        draws = rng.multivariate_normal(fitted.values, fitted.uncertainty.covariance, 20_000)
        s = np.array([0.3, 0.6, 0.9])
        loyalty = draws[:, 3:4] + (1 - draws[:, 3:4]) * draws[:, 1:2] * s ** draws[:, 2:3]
        table = fitted.interval_of("loyalty", s, group="a")
        # 20,000 draws know a deviation to 0.5 %; what bends adds a few percent.
        np.testing.assert_allclose(table["std_error"], loyalty.std(axis=0), rtol=0.05)
        np.testing.assert_allclose(table["estimate"], fitted.loyalty(s, group="a"), rtol=1e-12)
        gain = fitted.interval_of("loyalty", 0.75, step_to=1.0, group="a").iloc[0]
        step = np.diff(fitted.loyalty([0.75, 1.0], group="a"))[0]
        assert gain["estimate"] == pytest.approx(step)
        known = fitted.interval_of("loyalty", 0.6, constraint=0.2).iloc[0]
        assert known["estimate"] == pytest.approx(fitted.loyalty(0.6, constraint=0.2))


class TestIdentification:
    @pytest.mark.parametrize("n_groups", [1, 3, 8])
    @pytest.mark.parametrize("family", ["power", "logistic", "hinge", "cubic"])
    def test_lo_and_every_constraint_cannot_both_be_free(self, family, n_groups):
        rng = np.random.default_rng(1)
        s = rng.integers(0, 10, 2000) / 9
        y = rng.random(2000) < 0.2 + 0.7 * s**3
        with pytest.raises(NotIdentifiedError, match="reference"):
            jones_sasser.fit(
                s, y, constraint_by=np.arange(2000) % n_groups, family=family, fixed={}
            )

    def test_the_hazard_needs_no_fixed_floor(self, people):
        result = jones_sasser.fit(
            "satisfaction",
            "stayed",
            data=people,
            constraint_by="industry",
            family="hazard",
            fixed={},
        )
        assert set(result.states) == {"estimated"}

    def test_drivers_tell_lo_by_their_form_alone(self, people):
        with pytest.warns(WeakIdentificationWarning, match="logistic form"):
            jones_sasser.fit(
                "satisfaction", "stayed", data=people, drivers=["constraint"], fixed={}
            )

    def test_a_family_that_would_need_more_levels_is_refused(self, people):
        s = np.rint(people["satisfaction"] * 2) / 2
        with pytest.raises(NotIdentifiedError, match="3 levels of satisfaction"):
            jones_sasser.fit(s, people["stayed"], family="logistic")
        with pytest.raises(NotIdentifiedError, match="determine k"):
            jones_sasser.fit(np.rint(people["satisfaction"]), people["stayed"])
        assert jones_sasser.fit(s, people["stayed"]).converged  # hi, k and c on three levels

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            (lambda s, y: (s, y * 0 + 1), NotIdentifiedError, "every customer stayed"),
            (lambda s, y: (s, y * 0), NotIdentifiedError, "every customer left"),
            (lambda s, y: (s * 0 + 0.5, y), NotIdentifiedError, "every customer has satisf"),
            (lambda s, _: (s, (s > 0.5) * 1), DataError, "above 0.5 separates"),
            (lambda s, y: (1 - s, y), NotIdentifiedError, "direction of both scales"),
        ],
        ids=["all stayed", "all left", "constant", "separated", "falling"],
    )
    def test_data_that_say_nothing(self, people, change, error, message):
        s, y = people["satisfaction"].to_numpy(), people["stayed"].to_numpy()
        y = np.where(s < 0.1, 0, y)
        s, y = change(s, y)
        with pytest.raises(error, match=message):
            jones_sasser.fit(s, y)

    @pytest.mark.parametrize("columns", [["one"], ["constraint", "twice"]])
    def test_drivers_that_say_nothing(self, people, columns):
        data = people.assign(one=1.0, twice=2 * people["constraint"])
        with pytest.raises(NotIdentifiedError, match="leave one out"):
            jones_sasser.fit("satisfaction", "stayed", data=data, drivers=columns)

    def test_a_shape_on_its_bound_is_told(self, people):
        with pytest.warns(ImproperSolutionWarning, match="d0 = 0"):
            jones_sasser.fit("satisfaction", "stayed", data=people, family="cubic")


class TestDoor:
    def test_estimates_do_not_depend_on_units_of_drivers(self, people):
        z = people["constraint"].to_numpy()
        values = [
            jones_sasser.fit("satisfaction", "stayed", data=people, drivers={"z": other})
            for other in (z, 1e4 * z, 1e-4 * z, z + 1000)
        ]
        for other, factor in zip(values, (1, 1e4, 1e-4, 1), strict=True):
            assert other.log_likelihood == pytest.approx(values[0].log_likelihood, abs=1e-8)
            assert other.values[4] * factor == pytest.approx(values[0].values[4], rel=1e-4)

    def test_estimates_do_not_depend_on_the_order_of_rows_or_the_scale(self, people, fitted):
        mixed = people.sample(frac=1, random_state=1)
        other = jones_sasser.fit(
            1 + 9 * mixed["satisfaction"],
            mixed["stayed"],
            constraint_by=mixed["industry"],
            scale=(1, 10),
        )
        np.testing.assert_allclose(other.values, fitted.values, atol=1e-6)
        assert other.log_likelihood == pytest.approx(fitted.log_likelihood, rel=SAME)

    def test_tables_of_all_makes(self, people, fitted):
        columns = {name: people[name].tolist() for name in people}
        for data in (pl.DataFrame(columns), pa.table(columns)):
            other = jones_sasser.fit("satisfaction", "stayed", data=data, constraint_by="industry")
            np.testing.assert_array_equal(other.values, fitted.values)
        booleans = jones_sasser.fit(
            people["satisfaction"],
            people["stayed"].astype(bool),
            constraint_by=people["industry"].astype("category"),
        )
        np.testing.assert_array_equal(booleans.values, fitted.values)

    def test_ordered_words_need_an_order(self, intentions):
        words = np.array(["no", "hardly", "rather", "sure"])[intentions["intention"] - 1]
        ordered = pd.Series(pd.Categorical(words, ["no", "hardly", "rather", "sure"], ordered=True))
        options = {"outcome": "ordinal", "cuts": "rather"}
        s = intentions["satisfaction"]
        result = jones_sasser.fit(s, ordered, **options)
        numbers = jones_sasser.fit(s, intentions["intention"], outcome="ordinal", cuts=3)
        np.testing.assert_allclose(result.values, numbers.values)
        assert result.categories["category"].tolist() == ["hardly", "rather", "sure"]
        data = intentions.assign(word=ordered)
        named = jones_sasser.fit("satisfaction", "word", data=data, **options)
        np.testing.assert_allclose(named.values, numbers.values)
        with pytest.raises(DataError, match="ordered pandas Categorical"):
            jones_sasser.fit(s, words, **options)

    def test_missing_rows_can_be_dropped(self, people):
        data = people.copy()
        data.loc[3, "satisfaction"] = np.nan
        data.loc[5, "industry"] = None
        result = jones_sasser.fit(
            "satisfaction", "stayed", data=data, constraint_by="industry", missing="drop"
        )
        whole = jones_sasser.fit(
            "satisfaction", "stayed", data=people.drop(index=[3, 5]), constraint_by="industry"
        )
        np.testing.assert_array_equal(result.values, whole.values)
        assert result.sample.n_dropped == 2
        assert dict(result.summary().facts)["left out"] == "2"

    def test_results_are_frozen_and_can_be_pickled(self, fitted):
        again = pickle.loads(pickle.dumps(fitted))
        pd.testing.assert_frame_equal(again.parameters, fitted.parameters)
        with pytest.raises(ValueError, match="read-only"):
            fitted.values[0] = 1.0
        table = fitted.parameters
        table.loc[0, "estimate"] = 9.0
        assert fitted.parameters.loc[0, "estimate"] == 0

    def test_the_summary_says_what_matters(self, people, fitted, scores):
        text = str(fitted.summary())
        for part in ("one for each of 3 groups", "observed information", "c", "attenuated", "AIC"):
            assert part in text
        score = jones_sasser.fit("satisfaction", "score", data=scores, outcome="score")
        assert "no AIC" in str(score.summary())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            logistic = jones_sasser.fit(
                "satisfaction", "stayed", data=people, family="logistic", reliability=0.9
            )
        text = str(logistic.summary())
        assert "reliability of 0.9" in text
        limit = logistic.curve.zone_limit
        assert f"from {limit:.3f} " in text


class TestAnswers:
    def test_constraints_of_customers(self, people, fitted):
        table = fitted.constraints.set_index("group")["estimate"]
        assert fitted.constraint_of("a") == table["a"]
        series = fitted.constraint_of("industry", data=people)
        np.testing.assert_array_equal(series, people["industry"].map(table))
        assert fitted.constraint_of(np.array(["b", "a"])).tolist() == [table["b"], table["a"]]
        loyal = fitted.loyalty(people["satisfaction"], group=people["industry"])
        expected = fitted.loyalty(people["satisfaction"], constraint=series)
        np.testing.assert_array_equal(loyal, expected)
        false = fitted.false_loyalty(0.4, group="a")
        assert fitted.loyalty(0.4, group="a") - fitted.true_loyalty(0.4) == pytest.approx(false)

    def test_constraints_by_drivers(self, people):
        result = jones_sasser.fit("satisfaction", "stayed", data=people, drivers=["constraint"])
        d = result.values[3:]
        expected = special.expit(d[0] + d[1] * people["constraint"])
        by_name = result.constraint_of(drivers=["constraint"], data=people)
        by_table = result.constraint_of(drivers=people[["constraint"]])
        by_data = result.constraint_of(data=people)
        for series in (by_name, by_table, by_data):
            np.testing.assert_allclose(series, expected)
        assert result.constraint_of(drivers={"constraint": 0.3}) == pytest.approx(
            special.expit(d[0] + d[1] * 0.3)
        )
        assert result.constraint_of(drivers={"constraint": np.array([-1e4, 1e4])}).tolist() == [
            0,
            1,
        ]

    def test_one_constraint_for_all(self, people):
        result = jones_sasser.fit("satisfaction", "stayed", data=people)
        assert result.constraint_of() == result.values[3]
        assert result.constraints["group"].tolist() == [""]
        assert result.loyalty(0.0) == pytest.approx(result.values[3])

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda r: r.constraint_of("z"), DataError, "its groups are a, b, c"),
            (lambda r: r.constraint_of(), OptionError, "give group"),
            (lambda r: r.loyalty(0.5), OptionError, "give group"),
            (lambda r: r.loyalty(0.5, constraint=0.1, group="a"), OptionError, "one of them"),
            (lambda r: r.loyalty(2.0, group="a"), DataError, "between 0 and 1"),
            (lambda r: r.constraint_of(drivers={"z": 1.0}), OptionError, "had no drivers"),
            (lambda r: r.categories, OptionError, "has no ordered categories"),
            (lambda r: r.intervals(["q"]), OptionError, "the parameters are"),
            (lambda r: r.intervals(interval="exact"), OptionError, "choose one of"),
            (lambda r: r.intervals(level=95), OptionError, "such as 0.95"),
            (lambda r: r.intervals(interval="percentile"), OptionError, "std_errors="),
            (lambda r: r.interval_of("loyalti", 0.5, group="a"), OptionError, "choose one of"),
            (lambda r: r.interval_of("loyalty", 0.5), OptionError, "give group"),
            (
                lambda r: r.interval_of("loyalty", 0.5, group=np.array(["a", "b"])),
                OptionError,
                "one group at a time",
            ),
            (
                lambda r: r.interval_of("loyalty", 0.5, constraint=[0.1, 0.2]),
                OptionError,
                "one constraint at a time",
            ),
            (
                lambda r: r.interval_of("loyalty", 0.5, group="a", interval="percentile"),
                OptionError,
                "std_errors=",
            ),
        ],
    )
    def test_questions_that_have_no_answer(self, fitted, call, error, message):
        with pytest.raises(error, match=message):
            call(fitted)


S, Y = "satisfaction", "stayed"
BAD = {
    "NaN": ({"s": lambda p: p[S].where(p.index != 2)}, DataError, 'missing="drop"'),
    "infinite": ({"s": lambda p: p[S].where(p.index != 2, np.inf)}, DataError, "infinite"),
    "text": ({"s": "industry"}, DataError, "recode it to numbers"),
    "unknown column": ({"s": "satisfction"}, DataError, "did you mean 'satisfaction'"),
    "no data": ({"data": None}, DataError, "give data="),
    "empty": ({"s": [], "y": [], "data": None}, DataError, "no values at all"),
    "off the scale": ({"s": lambda p: 1 + 9 * p[S]}, DataError, r"such as scale=\(1, 10\)"),
    "off its scale": ({"scale": (0.2, 1)}, DataError, "between 0.2 and 1"),
    "no scale": ({"scale": (1, 1)}, OptionError, "lower one first"),
    "unequal lengths": ({"s": np.ones(5), "y": np.ones(4), "data": None}, DataError, "equally"),
    "other rows": ({"y": lambda p: p[Y].iloc[::-1]}, DataError, "different labels"),
    "constraint of 1": ({"constraint": 1.0}, DataError, "from 0 to below 1"),
    "negative constraint": ({"constraint": -0.1}, DataError, "from 0 to below 1"),
    "negative weights": ({"weights": np.full(3000, -1.0)}, DataError, "above 0"),
    "no weight": ({"weights": np.zeros(3000)}, DataError, "above 0"),
    "two ways to hold": ({"constraint": 0.1, "constraint_by": "industry"}, OptionError, "only one"),
    "unknown reference": (
        {"constraint_by": "industry", "reference": "z"},
        OptionError,
        "groups are a, b, c",
    ),
    "reference alone": ({"reference": "a"}, OptionError, "give constraint_by as well"),
    "not binary": ({"y": lambda p: p[Y] * 0.5}, DataError, 'choose "score"'),
    "binary above 1": ({"y": lambda p: p[Y] * 2}, DataError, "between 0 and 1"),
    "count without trials": ({"outcome": "count"}, OptionError, "belong together"),
    "trials without count": ({"trials": 3}, OptionError, "belong together"),
    "count above trials": (
        {"y": lambda p: p[Y] * 5, "outcome": "count", "trials": 3},
        DataError,
        "more than trials",
    ),
    "part of a count": (
        {"y": lambda p: p[Y] * 0.5, "outcome": "count", "trials": 3},
        DataError,
        "whole numbers",
    ),
    "negative count": (
        {"y": lambda p: -p[Y], "outcome": "count", "trials": 3},
        DataError,
        "0 or more",
    ),
    "no cuts": ({"outcome": "ordinal"}, OptionError, "needs cuts"),
    "cuts elsewhere": ({"cuts": 1}, OptionError, "has no categories"),
    "cuts of something else": (
        {"outcome": "ordinal", "cuts": {"satisfaction": 1}},
        OptionError,
        "cuts of loyalty only",
    ),
    "unknown cuts": ({"outcome": "ordinal", "cuts": 7}, OptionError, "answers are 0"),
    "lowest cuts": (
        {"outcome": "ordinal", "cuts": 0},
        NotIdentifiedError,
        "take a higher",
    ),
    "beta with ends": ({"outcome": "beta"}, DataError, 'choose outcome="score"'),
    "score off its scale": (
        {"outcome": "score", "scale": {"loyalty": (1, 10)}},
        DataError,
        "between 1 and 10",
    ),
    "reliability of 0": ({"reliability": 0}, OptionError, "such as 0.85"),
    "reliability above 1": ({"reliability": 1.2}, OptionError, "such as 0.85"),
    "reliability NaN": ({"reliability": np.nan}, OptionError, "such as 0.85"),
    "reliability of a beta": ({"outcome": "beta", "reliability": 0.8}, OptionError, '"score"'),
    "unknown outcome": ({"outcome": "binry"}, OptionError, "choose one of 'binary'"),
    "unknown family": ({"family": "powr"}, OptionError, "did you mean 'power'"),
    "unknown errors": ({"std_errors": "hc3"}, OptionError, "choose one of"),
    "few resamples": ({"n_resamples": 1}, OptionError, "at least 2"),
    "unknown missing": ({"missing": "omit"}, OptionError, "choose one of"),
    "information of a score": (
        {"outcome": "score", "std_errors": "model"},
        OptionError,
        'choose std_errors="robust"',
    ),
    "information with weights": (
        {"weights": np.ones(3000), "std_errors": "model"},
        OptionError,
        'choose std_errors="robust"',
    ),
    "unknown fixed": ({"fixed": {"low": 0.1}}, OptionError, "did you mean 'lo'"),
    "fixed out of range": ({"fixed": {"lo": 2}}, OptionError, "between 0 and 0.99"),
    "fixed text": ({"fixed": {"lo": "a"}}, OptionError, "not a number"),
    "fixed list": ({"fixed": ["lo"]}, OptionError, "must map names"),
    "fixed upside down": ({"fixed": {"lo": 0.5, "hi": 0.2}}, OptionError, "not be below lo"),
    "no drivers": ({"drivers": []}, DataError, "at least one variable"),
    "drivers without names": ({"drivers": np.ones((3000, 2))}, DataError, "without names"),
    "scale of something else": (
        {"scale": {"stayed": (0, 1)}},
        OptionError,
        "scale of satisfaction, loyalty only",
    ),
    "scale of no score": ({"scale": {"loyalty": (0, 10)}}, OptionError, "is no score"),
    "scale of None": ({"scale": None}, OptionError, "scale is None, not two numbers"),
    "unknown driver": ({"drivers": ["age"]}, DataError, "no column 'age'"),
}


@pytest.mark.parametrize(("change", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_a_way_out(people, change, error, message):
    options = {"data": people} | {
        name: value(people) if callable(value) else value for name, value in change.items()
    }
    s, y = options.pop("s", S), options.pop("y", Y)
    with pytest.raises(error, match=message):
        jones_sasser.fit(s, y, **options)


def test_a_family_of_ones_own_can_be_fitted(people, fitted):
    class Own(jones_sasser.CurveFamily):
        name = "own"
        parameters = (
            jones_sasser.Parameter("hi", 0.0, 1.0, starts=(0.9,), transform="logit"),
            jones_sasser.Parameter("k", 0.05, 50.0, starts=(1.0, 3.0), transform="log"),
        )

        def value(self, s, p):
            return p[..., :1] * s ** p[..., 1:2]

    result = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", family=Own()
    )
    # Derivatives are differences here, which decides the last digits.
    np.testing.assert_allclose(result.values, fitted.values[1:], atol=1e-5)
    table = result.intervals(["k"])
    np.testing.assert_allclose(table["std_error"], fitted.intervals(["k"])["std_error"], rtol=1e-3)
    taken = type("Taken", (Own,), {"parameters": (jones_sasser.Parameter("c", 0, 1, (0.5,)),)})
    with pytest.raises(ModelError, match="a name that constraints"):
        jones_sasser.fit("satisfaction", "stayed", data=people, family=taken())


def test_a_hinge_is_found_on_its_best_threshold(people):
    result = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", family="hinge"
    )
    # Every threshold on a fine grid, each with all else estimated.
    values = []
    for tau in np.linspace(0.15, 0.85, 15):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImproperSolutionWarning)
            held = jones_sasser.fit(
                "satisfaction",
                "stayed",
                data=people,
                constraint_by="industry",
                family="hinge",
                fixed={"lo": 0, "tau": tau},
            )
        values.append(held.log_likelihood)
    assert result.log_likelihood >= max(values) - 1e-9


@pytest.fixture(scope="module")
def barometer():
    items = ["SAT1", "SAT2", "SAT3"]
    people = datasets.barometer_codebook().clean(
        datasets.load_barometer(), [*items, "STAYED"], keep=["industry"]
    )
    people = people.dropna(subset=[*items, "STAYED"])
    return people.assign(satisfaction=people[items].mean(axis=1))


def test_the_constraints_of_the_barometer_are_found(barometer):
    truth = datasets.barometer_truth()
    result = jones_sasser.fit(
        "satisfaction", "STAYED", data=barometer, constraint_by="industry", scale=(1, 10)
    )
    table = result.constraints.set_index("group")
    expected = pd.Series(truth["constraint"])[table.index]
    # A constraint on its bound has no error; that of its neighbours is about 0.03.
    error = table["std_error"].fillna(0.03)
    assert ((table["estimate"] - expected).abs() < 3 * error).all()
    covered = (table["ci_low"] <= expected) & (expected <= table["ci_high"])
    assert covered.sum() >= 7  # of eight at 95 %
    assert table["estimate"].sort_values().index.tolist() == expected.sort_values().index.tolist()
    # The mean of three items is true satisfaction, flattened by 0.85 and blurred: k moves by a
    # few tenths beside its error of 0.13.
    assert abs(result.curve.parameters["k"] - truth["curve"]["power"]) < 0.6


def test_a_sample_is_read_once_and_aggregated():
    people = jones_sasser.simulate(20_000, constraints=GROUPS, levels=10, rng=1)
    sample = read_sample(
        CurveSettings(family=jones_sasser.curve().family),
        satisfaction="satisfaction",
        loyalty="stayed",
        data=people,
        constraint=None,
        drivers=None,
        constraint_by="industry",
        trials=None,
        weights=None,
    )
    assert sample.n_obs == 20_000
    assert sample.observations.n_cells <= 30
    assert sample.observations.n_records <= 60
    assert sample.observations.count.sum() == 20_000


@pytest.mark.parametrize(
    ("family", "constraint_by"),
    [("power", None), ("hinge", None), ("power", "industry"), ("logistic", None)],
)
def test_a_search_on_fewer_cells_ends_at_the_maximum_of_all(monkeypatch, family, constraint_by):
    data = jones_sasser.simulate(4500, constraints=GROUPS, levels=None, rng=2)
    given = {
        "data": data,
        "constraint_by": constraint_by,
        "family": family,
    }
    short = jones_sasser.fit("satisfaction", "stayed", **given)
    assert short.sample.observations.n_cells > problem._MANY
    monkeypatch.setattr(problem, "_MANY", 10**9)
    whole = jones_sasser.fit("satisfaction", "stayed", **given)
    # A hinge is not smooth: each search ends within a hundredth of an error of the best.
    share = 2e-2 if family == "hinge" else 1e-5
    errors = np.sqrt(np.diag(whole.uncertainty.covariance))
    assert np.all(np.abs(short.values - whole.values) <= share * errors)
    assert short.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-4)
