"""Comparison: rows against fits of their own, and against statsmodels on single customers."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.api import GEE, GLM, Logit, families

from loyaltymodel import jones_sasser
from loyaltymodel.errors import OptionError

GROUPS = {"a": 0.5, "b": 0.2, "c": 0.0}
# Both search until a step gains less than about 1e-10.
SEARCH = 1e-7


@pytest.fixture(scope="module")
def people():
    return jones_sasser.simulate(3000, constraints=GROUPS, levels=10, rng=1)


@pytest.fixture(scope="module")
def fitted(people):
    return jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")


@pytest.fixture(scope="module")
def comparison(fitted):
    return jones_sasser.compare(fitted)


def test_regressions_are_those_of_single_customers(people, comparison):
    table = comparison.models.set_index("model")
    dummies = pd.get_dummies(people["industry"], drop_first=True, dtype=float)
    s = people[["satisfaction"]]
    plain = pd.concat([s, dummies], axis=1).assign(constant=1.0)
    crossed = plain.assign(**{f"s{name}": s["satisfaction"] * dummies[name] for name in dummies})
    for name, x in (
        ("logistic regression, satisfaction alone", s.assign(constant=1.0)),
        ("logistic regression", plain),
        ("logistic regression with interaction", crossed),
    ):
        expected = Logit(people["stayed"], x).fit(disp=0, tol=1e-12)
        row = table.loc[name]
        assert row["log_likelihood"] == pytest.approx(expected.llf, abs=SEARCH)
        assert row["aic"] == pytest.approx(expected.aic, abs=SEARCH)
        assert row["bic"] == pytest.approx(expected.bic, abs=SEARCH)
        assert row["n_parameters"] == x.shape[1]


def test_families_are_fitted_as_if_alone(people, fitted, comparison):
    table = comparison.models.set_index("model")
    assert table.index[0] == "power"  # the truth
    assert table.loc["power", "aic"] == pytest.approx(fitted.aic)
    for family in ("hinge", "hazard"):
        alone = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", family=family
        )
        assert table.loc[family, "log_likelihood"] == pytest.approx(alone.log_likelihood)
        assert table.loc[family, "n_parameters"] == alone.n_free
    assert "d0 = 0" in table.loc["cubic", "remark"]
    assert [result.settings.family.name for result in comparison.results] == [
        name for name in table.index if not name.startswith("logistic reg")
    ]


def test_weights_are_those_of_akaike(comparison):
    table = comparison.models
    assert table["weight"].sum() == pytest.approx(1)
    assert table["delta_aic"].iloc[0] == 0
    ratio = table["weight"].iloc[1] / table["weight"].iloc[0]
    assert ratio == pytest.approx(np.exp(-table["delta_aic"].iloc[1] / 2))
    text = str(comparison.summary())
    assert "customers" in text
    assert "cubic: d0 = 0" in text


def test_counts_have_the_constants_of_their_ways():
    data = jones_sasser.simulate(
        500, constraints=GROUPS, levels=8, outcome="count", trials=4, rng=1
    )
    result = jones_sasser.fit(
        "satisfaction", "stayed", data=data, constraint_by="industry", outcome="count", trials=4
    )
    table = jones_sasser.compare(result, families=["power"]).models.set_index("model")
    dummies = pd.get_dummies(data["industry"], drop_first=True, dtype=float)
    x = pd.concat([data[["satisfaction"]], dummies], axis=1).assign(constant=1.0)
    y = np.column_stack([data["stayed"], 4 - data["stayed"]])
    expected = GLM(y, x.to_numpy(), family=families.Binomial()).fit(tol=1e-12)
    found = table.loc["logistic regression", "log_likelihood"]
    assert found == pytest.approx(expected.llf, abs=SEARCH)


def test_constraints_given_and_driven(people):
    given = jones_sasser.fit("satisfaction", "stayed", data=people, constraint="constraint")
    driven = jones_sasser.fit("satisfaction", "stayed", data=people, drivers=["constraint"])
    x = people[["satisfaction", "constraint"]].assign(constant=1.0)
    expected = Logit(people["stayed"], x).fit(disp=0, tol=1e-12).llf
    for result in (given, driven):
        table = jones_sasser.compare(result, families=["power"]).models.set_index("model")
        found = table.loc["logistic regression", "log_likelihood"]
        assert found == pytest.approx(expected, abs=SEARCH)


def test_a_family_that_cannot_be_fitted_is_told_and_not_hidden(people):
    coarse = people.assign(satisfaction=np.rint(people["satisfaction"] * 2) / 2)
    result = jones_sasser.fit("satisfaction", "stayed", data=coarse, constraint_by="industry")
    table = jones_sasser.compare(result, logistic_regression=False).models
    hinge = table.set_index("model").loc["hinge"]
    assert np.isnan(hinge["aic"])
    assert "not identified" in hinge["remark"]
    assert np.isfinite(table["aic"].iloc[0])


def test_a_family_of_ones_own_takes_part(people):
    class Line(jones_sasser.CurveFamily):
        name = "line"
        parameters = (jones_sasser.Parameter("top", 0.0, 1.0, starts=(0.8,)),)

        def value(self, s, p):
            return p[..., :1] * s

    result = jones_sasser.fit("satisfaction", "stayed", data=people, fixed={"lo": 0})
    table = jones_sasser.compare(
        result, families=["power", Line()], logistic_regression=False
    ).models.set_index("model")
    line = jones_sasser.fit("satisfaction", "stayed", data=people, fixed={"lo": 0, "k": 1})
    assert table.loc["line", "log_likelihood"] == pytest.approx(line.log_likelihood, abs=1e-6)


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(5)
    n = 400
    s, group = rng.integers(0, 7, n) / 6, rng.integers(0, 2, n)
    held = np.array([0.4, 0.1])[group]
    loyal = (held + (1 - held) * 0.9 * s**3).clip(0.01, 0.99)
    score = rng.beta(3 * loyal, 3 * (1 - loyal))
    weights = np.exp(0.6 * rng.standard_normal(n))
    return pd.DataFrame({"s": s, "group": group, "score": score, "weights": weights})


@pytest.mark.parametrize("weights", [None, "weights"])
def test_qic_of_regressions_is_that_of_estimating_equations(scores, weights):
    result = jones_sasser.fit(
        "s", "score", data=scores, outcome="score", drivers=["group"], weights=weights
    )
    found = jones_sasser.compare(result, families=[])
    table = found.models.set_index("model")
    assert table.columns.tolist() == [
        "n_parameters", "log_likelihood", "qic", "delta_qic", "weight", "remark",
    ]  # fmt: skip
    n, w = len(scores), np.ones(len(scores)) if weights is None else scores[weights]
    plain = np.column_stack([np.ones(n), scores["s"], scores["group"]])
    designs = {
        "logistic regression, satisfaction alone": plain[:, :2],
        "logistic regression": plain,
        "logistic regression with interaction": np.column_stack([plain, plain[:, 1] * plain[:, 2]]),
    }
    expected = {}
    for name, x in designs.items():
        # Written down from Pan (2001), with weights of a mean of 1 and n / (n - 1) as in the fit.
        own = GLM(scores["score"], x, family=families.Binomial(), var_weights=w / w.mean()).fit()
        mu, y, each = own.fittedvalues, scores["score"], w / w.mean()
        naive = np.linalg.inv((x * (each * mu * (1 - mu)).to_numpy()[:, None]).T @ x)
        u = x * (each * (y - mu)).to_numpy()[:, None]
        trace = np.trace(u.T @ u @ naive) * n / (n - 1)
        quasi = float((each * (y * np.log(mu) + (1 - y) * np.log(1 - mu))).sum())
        expected[name] = (-2 * quasi + 2 * trace, trace / x.shape[1])
    assert found.dispersion == pytest.approx(expected[name][1], rel=1e-6)
    for name, (criterion, _) in expected.items():
        assert table.loc[name, "qic"] * found.dispersion == pytest.approx(criterion, rel=1e-6)
    if weights is None:
        # The program knows quasi-likelihoods up to a constant, by a sum over steps. What it takes
        # off for parameters leaves the variance out of the information, so that is not compared.
        theirs = {}
        for name, x in designs.items():
            gee = GEE(scores["score"], x, groups=np.arange(n), family=families.Binomial())
            theirs[name] = gee.fit().qic(scale=1.0)[1] - 2 * x.shape[1]
        first, second, third = designs
        for one, other in ((first, second), (second, third)):
            ours = table["log_likelihood"][other] - table["log_likelihood"][one]
            assert 2 * ours == pytest.approx(theirs[one] - theirs[other], abs=1e-3)


def test_qic_of_families_is_what_leaving_one_out_says():
    rng = np.random.default_rng(3)
    s = np.arange(70) % 7 / 6
    loyal = 0.2 + 0.8 * 0.9 * s**3
    few = pd.DataFrame({"s": s, "score": rng.beta(10 * loyal, 10 * (1 - loyal))})
    result = jones_sasser.fit("s", "score", data=few, outcome="score")
    found = jones_sasser.compare(result, families=["power"], logistic_regression=False)
    worth = 0.0
    for left_out in range(len(few)):
        rest = jones_sasser.fit("s", "score", data=few.drop(index=left_out), outcome="score")
        loyal, y = rest.loyalty(few["s"][left_out]), few["score"][left_out]
        worth -= 2 * (y * np.log(loyal) + (1 - y) * np.log(1 - loyal))
    price = 2 * 3 * found.dispersion
    # The two differ by a share of about 1 / n of each customer's influence.
    assert worth + 2 * result.log_likelihood == pytest.approx(price, rel=0.15)
    qic = found.models["qic"].iloc[0] * found.dispersion
    assert qic + 2 * result.log_likelihood == pytest.approx(price)


def test_weights_that_are_equal_give_nearly_aic_and_their_unit_is_of_no_matter(people, fitted):
    kinds = ["power", "hinge", "hazard"]
    rng = np.random.default_rng(17)
    weights = np.exp(0.7 * rng.standard_normal(len(people)))
    found = {}
    for name, own in {
        "equal": np.ones(len(people)),
        "one": weights,
        "other": weights * 1e-5,
    }.items():
        result = jones_sasser.fit(
            "satisfaction", "stayed", data=people, constraint_by="industry", weights=own
        )
        found[name] = jones_sasser.compare(result, families=kinds)
    aic = jones_sasser.compare(fitted, families=kinds).models.set_index("model")
    equal = found["equal"].models.set_index("model").loc[aic.index]
    assert found["equal"].dispersion == pytest.approx(1, abs=0.1)
    ratio = equal["qic"] * found["equal"].dispersion / aic["aic"]
    np.testing.assert_allclose(ratio, 1, atol=2e-4)
    # Kish's design effect, since these weights have nothing to do with loyalty.
    assert found["one"].dispersion == pytest.approx(
        len(people) * (weights**2).sum() / weights.sum() ** 2, rel=0.1
    )
    assert found["other"].dispersion == pytest.approx(found["one"].dispersion, rel=1e-5)
    np.testing.assert_allclose(found["other"].models["qic"], found["one"].models["qic"], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "call", "message"),
    [
        ({"fixed": {"lo": 0, "k": 2}}, {}, "fit without them first"),
        ({}, {"families": ["powr"]}, "did you mean 'power'"),
        ({}, {"logistic_regression": 1}, "True or False"),
    ],
)
def test_what_cannot_be_compared(people, options, call, message):
    result = jones_sasser.fit("satisfaction", "stayed", data=people, **options)
    with pytest.raises(OptionError, match=message):
        jones_sasser.compare(result, **call)


def test_regressions_are_left_out_where_they_know_no_remedy(people):
    result = jones_sasser.fit(
        "satisfaction", "stayed", data=people, constraint_by="industry", reliability=0.95
    )
    models = jones_sasser.compare(result, families=["power", "hazard"]).models["model"]
    assert sorted(models) == ["hazard", "power"]
