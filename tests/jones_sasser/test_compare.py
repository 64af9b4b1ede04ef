"""Comparison: rows against fits of their own, and against statsmodels on single customers."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.api import GLM, Logit, families

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


@pytest.mark.parametrize(
    ("options", "call", "message"),
    [
        ({"weights": np.ones(3000)}, {}, "which there is not with weights"),
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
