"""The account: contributions, totals, marginal effects, and means over respondents."""

import pickle

import numpy as np
import pandas as pd
import pytest

from loyaltymodel.delivered_value import delivered_value, value_account
from loyaltymodel.delivered_value.results import ValueAccount
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT

VALUES, COSTS = ("product", "image"), ("monetary", "time")
WEIGHTS = {"product": 0.5, "image": 0.2, "monetary": 0.4, "time": 0.1}
OPTIONS = {"unit": "points", "values": VALUES, "costs": COSTS, "weights": WEIGHTS}


def judgements(n=40, seed=3):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(1, 8, (3 * n, 4)), columns=[*VALUES, *COSTS])
    table["brand"] = np.tile(["C", "A", "B"], n)
    table["who"] = np.repeat(np.arange(n), 3)
    return table


def test_contributions_add_up_to_delivered_value():
    table = judgements()
    account = value_account(table, **OPTIONS)
    worth = delivered_value(table, **OPTIONS)
    totals = account.totals
    np.testing.assert_allclose(account.contributions.sum(axis=1), worth, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(totals["delivered_value"], worth, rtol=EXACT, atol=EXACT)
    ratio = delivered_value(table, form="ratio", **OPTIONS)
    np.testing.assert_allclose(totals["value_cost_ratio"], ratio, rtol=EXACT)
    # Tenths add up to the same number only up to rounding, and rounding makes no rank.
    tenths = (10 * worth).round()
    np.testing.assert_array_equal(totals["rank"], tenths.rank(method="min", ascending=False))


def test_the_value_of_means_is_the_mean_of_values():
    table = judgements()
    account = value_account(table, offer="brand", **OPTIONS)
    expected = delivered_value(table, **OPTIONS).groupby(table["brand"]).mean()
    assert account.offers == ("A", "B", "C")
    np.testing.assert_allclose(account.totals["delivered_value"], expected, rtol=EXACT)
    assert account.row_counts.tolist() == [40, 40, 40]
    table.loc[0, "time"] = np.nan
    dropped = value_account(table, offer="brand", missing="drop", **OPTIONS)
    assert dropped.row_counts.tolist() == [40, 40, 39]
    assert dropped.n_dropped == 1
    assert {("rows", "119"), ("left out", "1")} <= set(dropped.summary().facts)
    assert "39 to 40" in str(dropped.summary())


def test_rows_that_are_left_out_are_offers_that_are_left_out():
    table = judgements(1).assign(time=[1, np.nan, 2])
    account = value_account(table, missing="drop", **OPTIONS)
    assert account.offers == (0, 2)
    arrays = {name: table[name].to_numpy() for name in (*VALUES, *COSTS)}
    same = value_account(arrays, missing="drop", **OPTIONS)
    assert same.offers == (0, 2)
    assert same.n_dropped == account.n_dropped == 1


@pytest.mark.parametrize("form", ["difference", "ratio"])
def test_marginal_effects_are_derivatives(form):
    levels = {"product": 5.0, "image": 3.0, "monetary": 4.0, "time": 2.0}
    effects = value_account(levels, **OPTIONS).marginal_effects(form=form).iloc[0]
    step = 1e-6
    for name, level in levels.items():
        ends = [
            delivered_value(levels | {name: level + sign * step}, form=form, **OPTIONS)
            for sign in (1, -1)
        ]
        # Central differences: error of about step squared, and of rounding over the step.
        assert effects[name] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)


def test_a_ratio_over_nothing_is_missing():
    account = value_account(
        {"product": 5, "monetary": 0}, unit="money", values=["product"], costs=["monetary"]
    )
    assert np.isnan(account.totals["value_cost_ratio"].item())
    assert account.marginal_effects(form="ratio").isna().all(axis=None)
    assert "-" in str(account.summary())


def test_offers_may_be_called_as_columns_of_the_summary():
    table = judgements().replace({"brand": {"A": "component", "B": "side"}})
    account = value_account(table, offer="brand", **OPTIONS)
    assert "component" in str(account.summary())
    assert len(account.to_dict()["tables"]["contributions"]) == 3


def test_accounts_do_not_change():
    account = value_account(judgements(), offer="brand", **OPTIONS)
    again = pickle.loads(pickle.dumps(account))
    assert isinstance(again, ValueAccount)
    for one in (account, again):
        with pytest.raises(ValueError, match="read-only"):
            one.levels[0, 0] = 1
        with pytest.raises(AttributeError):
            one.unit = "money"
    handed_out = account.contributions
    handed_out.iloc[:, :] = 0
    assert (account.contributions.to_numpy() != 0).all()


def test_the_summary_reads_as_it_should():
    offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    text = str(account.summary())
    assert "monetary cost -5.000 -3.000" in " ".join(text.split())
    assert "<table" in account.summary()._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "way_out"),
    [
        ({"offer": "make"}, DataError, "no column 'make'"),
        ({"table": judgements().set_index("brand")}, DataError, "offer="),
        ({"table": dict.fromkeys(WEIGHTS, 1.0), "offer": "brand"}, OptionError, "of a table"),
        (
            {"table": judgements(1).assign(time=[1, np.nan, 2]), "offer": "brand"},
            DataError,
            'missing="drop"',
        ),
        (
            {
                "table": judgements(1).assign(time=[1, np.nan, 2]),
                "offer": "brand",
                "missing": "drop",
            },
            DataError,
            "leave the offer out",
        ),
        (
            {"table": judgements(1).assign(time=np.nan), "missing": "drop"},
            DataError,
            "no offer is left",
        ),
        (
            {"table": judgements(1).assign(brand=["A", None, "B"]), "offer": "brand"},
            DataError,
            "offer has 1 missing value",
        ),
    ],
)
def test_bad_tables_are_named_errors(change, error, way_out):
    options = OPTIONS | change
    table = options.pop("table", judgements())
    with pytest.raises(error, match=way_out):
        value_account(table, **options)


def test_unknown_offers_and_forms_are_named_errors():
    account = value_account(judgements(), offer="brand", **OPTIONS)
    with pytest.raises(DataError, match="the offers are 'A', 'B', 'C'"):
        account.place_of("D")
    with pytest.raises(OptionError, match="'difference', 'ratio'"):
        account.marginal_effects(form="share")
