"""The base of all results: one line, a page, a dictionary, LaTeX, and other programs' tables."""

import json
import pickle
from dataclasses import dataclass, field, fields, replace

import maketables
import numpy as np
import pandas as pd
import pytest
from wcwidth import wcswidth

from loyaltymodel._core.results import WithCustomers
from loyaltymodel._core.tables import table_of
from loyaltymodel.errors import DataError
from loyaltymodel.results import EstimateTable, Result


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Toy(Result):
    """A result as theories make it."""

    n_obs: int
    n_dropped: int
    level: float
    interval: str
    n_resamples: int
    n_failed: int
    r_squared: float
    terms: tuple[str, ...]
    estimates: EstimateTable

    @property
    def coefficients(self):
        return self.estimates.frame()

    @property
    def index(self):
        raise DataError("there is no scale")

    @property
    def joint_test(self):
        return pd.Series({"statistic": 3.5, "df": 2, "p_value": 0.2})

    @property
    def shares(self):
        return pd.Series([0.25, 0.75], pd.Index(["a", "b"], name="segment"), name="share")

    def _title(self):
        return "A <toy> & more"

    def _tables(self):
        return [table_of("Terms", self.coefficients)]

    def _facts(self):
        return [("target", "满意")]

    def _remarks(self):
        return ["A long remark that says what a reader of these numbers has to know. " * 3]

    def _coefficients(self):
        return self.estimates


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OwnSettings(Result):
    """A result whose settings are an object of its own."""

    settings: object = field()

    def _title(self):
        return "own"


@pytest.fixture
def toy():
    return Toy(
        n_obs=1250,
        n_dropped=3,
        level=0.995,
        interval="bca",
        n_resamples=2000,
        n_failed=7,
        r_squared=0.5,
        terms=("质量", "a_b"),
        estimates=EstimateTable.wald({"term": ["质量", "a_b"]}, [1.0, np.nan], [0.5, np.nan]),
    )


def test_one_line(toy):
    assert repr(toy) == "<Toy: 1,250 respondents, 3 left out>"


def test_people_intervals_and_resamples_are_stated_by_the_base(toy):
    assert toy.summary().facts == (
        ("target", "满意"),
        ("respondents", "1,250"),
        ("left out", "3"),
        ("intervals", "99.5% BCa"),
        ("resamples", "2,000, 7 left out"),
    )


def test_intervals_that_do_not_exist_are_not_stated(toy):
    nothing = np.full(2, np.nan)
    known = replace(toy.estimates, ci_low=nothing, ci_high=nothing)
    facts = dict(replace(toy, estimates=known).summary().facts)
    assert facts.keys() == {"target", "respondents", "left out", "resamples"}


def test_remarks_are_wrapped_at_a_readable_width(toy):
    lines = str(toy.summary()).splitlines()
    assert max(map(len, lines)) <= 88
    remark = lines[lines.index("") :][-3:]
    assert remark[0].startswith("- A long remark")
    assert all(line.startswith("  ") for line in remark[1:])


def test_letters_of_double_width_stand_in_line(toy):
    rows = [line for line in str(toy.summary()).splitlines() if line.startswith(("质量", "a_b"))]
    assert len({len(row) for row in rows}) == 2
    assert len({wcswidth(row) for row in rows}) == 1


def test_html_and_latex_escape_what_they_would_read(toy):
    page = toy._repr_html_()
    assert page.startswith("<h3>A &lt;toy&gt; &amp; more</h3>")
    assert "<caption>Terms</caption>" in page
    assert r"a\_b" in toy.to_latex()
    assert r"\toprule" in toy.to_latex()


def test_dictionaries_are_fit_for_json(toy):
    content = json.loads(json.dumps(toy.to_dict(), allow_nan=False))
    assert content["kind"] == "Toy"
    assert content["settings"] == {"level": 0.995, "interval": "bca", "n_resamples": 2000}
    assert content["values"]["n_obs"] == 1250
    assert content["values"]["terms"] == ["质量", "a_b"]
    assert content["tables"]["coefficients"][0]["estimate"] == 1.0
    assert content["tables"]["coefficients"][1]["estimate"] is None
    assert "index" not in content["tables"]
    # A Series is a row of several numbers, unless its labels have a name: then they are rows.
    assert content["tables"]["joint_test"] == [{"statistic": 3.5, "df": 2.0, "p_value": 0.2}]
    assert content["tables"]["shares"] == [
        {"segment": "a", "share": 0.25},
        {"segment": "b", "share": 0.75},
    ]


def test_settings_of_its_own_take_the_place_of_those_of_the_base():
    found = OwnSettings(settings="mine")
    assert found.settings == "mine"
    with pytest.raises(TypeError, match="settings"):
        OwnSettings()


def test_results_pickle_with_the_version_that_made_them(toy):
    again = pickle.loads(pickle.dumps(toy))
    assert again.version == toy.version
    assert str(again.summary()) == str(toy.summary())


def test_tables_of_regressions_read_the_coefficients(toy):
    table = toy.__maketables_coef_table__
    assert table.index.tolist() == ["质量", "a_b"]
    assert table.loc["质量", ["b", "se", "t"]].tolist() == [1.0, 0.5, 2.0]
    shown = maketables.ETable([toy], model_stats=["N", "r2"]).make(type="tex")
    assert "1.000" in shown
    assert "1250" in shown.replace(",", "")
    assert not hasattr(OwnSettings(settings=1), "__maketables_coef_table__")


def test_customers_stand_beside_their_result(toy):
    customers = pd.DataFrame({"segment": ["a", "b"]}, index=["Ann", "Bo"])
    pair = WithCustomers(toy, customers)
    result, beside = pair
    assert result is toy
    assert beside is customers
    assert repr(pair) == f"({toy!r}, 2 customers x ['segment'])"
    assert pair._repr_html_().startswith("<h3>")


def test_a_line_on_a_result_is_one_line_whatever_names_there_are(toy):
    class Named(type(toy)):
        def _brief(self):
            return "a\x1b[31m\nb"

    assert repr(Named(**{f.name: getattr(toy, f.name) for f in fields(toy)})) == (
        r"<Named: a\x1b[31m\nb>"
    )
