"""Indices averaged upwards, and compared: by hand, by brute force, and by their errors."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from loyaltymodel.errors import DataError, LoyaltyModelError, OptionError
from loyaltymodel.structural import aggregate, compare_units

from tolerances import EXACT


@pytest.fixture
def companies():
    rng = np.random.default_rng(8)
    n = 40
    return pd.DataFrame(
        {
            "sector": rng.choice(["goods", "services", "public"], n),
            "industry": rng.choice(list("abcde"), n),
            "estimate": rng.uniform(40, 95, n),
            "std_error": rng.uniform(0.5, 3, n),
            "revenue": rng.uniform(1, 100, n),
        }
    )


def test_each_group_is_a_weighted_mean_with_its_error(companies):
    found = aggregate(
        companies, weights="revenue", groups=["sector", "industry"], std_error="std_error"
    )
    assert len(found) == len(companies[["sector", "industry"]].drop_duplicates())
    for row in found.itertuples():
        part = companies.query("sector == @row.sector and industry == @row.industry")
        share = part["revenue"] / part["revenue"].sum()
        assert found.loc[row.Index, "estimate"] == pytest.approx(
            np.average(part["estimate"], weights=part["revenue"]), abs=EXACT * 100
        )
        assert row.std_error == pytest.approx(np.sqrt((share**2 * part["std_error"] ** 2).sum()))
        assert row.revenue == pytest.approx(part["revenue"].sum())
        assert row.n_units == len(part)


def test_three_steps_up_equal_one_when_the_weights_are_the_same(companies):
    industries = aggregate(
        companies, weights="revenue", groups=["sector", "industry"], std_error="std_error"
    )
    sectors = aggregate(industries, weights="revenue", groups="sector", std_error="std_error")
    nation = aggregate(sectors, weights="revenue", std_error="std_error")
    at_once = aggregate(companies, weights="revenue", std_error="std_error")
    for column in ("estimate", "std_error", "revenue"):
        assert nation[column].item() == pytest.approx(at_once[column].item(), rel=1e-12)


def test_the_nation_can_weigh_sectors_by_something_else(companies):
    sectors = aggregate(companies, weights="revenue", groups="sector")
    shares = {"goods": 0.2, "services": 0.7, "public": 0.1}
    nation = aggregate(sectors.assign(gdp=sectors["sector"].map(shares)), weights="gdp")
    by_hand = (sectors["sector"].map(shares) * sectors["estimate"]).sum()
    assert nation["estimate"].item() == pytest.approx(by_hand)


def test_groups_come_in_order_of_appearance_and_take_polars(companies):
    ours = aggregate(companies, weights="revenue", groups="sector")
    assert list(ours["sector"]) == list(dict.fromkeys(companies["sector"]))
    pd.testing.assert_frame_equal(
        aggregate(pl.from_pandas(companies), weights="revenue", groups="sector"), ours
    )


def test_the_error_of_a_difference_from_ones_own_group_is_that_of_simulated_surveys():
    # Four companies of different size and precision, surveyed 200,000 times.
    rng = np.random.default_rng(11)
    truth = np.array([70.0, 75.0, 80.0, 60.0])
    units = pd.DataFrame(
        {"estimate": truth, "std_error": [1.0, 2.0, 0.5, 3.0], "size": [4.0, 1.0, 3.0, 2.0]}
    )
    surveys = truth + rng.standard_normal((200_000, 4)) * units["std_error"].to_numpy()
    share = (units["size"] / units["size"].sum()).to_numpy()
    spread = (surveys - (surveys @ share)[:, None]).std(axis=0)
    found = compare_units(units, weights="size")
    # The standard deviation of 200,000 draws is known to 0.16 %; five times that is allowed.
    np.testing.assert_allclose(found["std_error"], spread, rtol=0.008)
    np.testing.assert_allclose(found["estimate"], truth - truth @ share, atol=EXACT * 100)


def test_a_group_of_one_does_not_differ_from_itself():
    one = pd.DataFrame({"estimate": [70.0], "std_error": [2.0], "size": [1.0]})
    found = compare_units(one, weights="size")
    assert found["estimate"].item() == 0
    assert found["std_error"].item() == 0
    assert found["p_value"].item() == 1


def test_intervals_and_p_values_agree(companies):
    for level in (0.8, 0.95, 0.99):
        found = compare_units(companies, benchmark=68, level=level)
        excluded = (found["ci_low"] > 0) | (found["ci_high"] < 0)
        assert excluded.any()
        assert (~excluded).any()
        assert ((found["p_value"] < 1 - level) == excluded).all()


def test_the_benchmark_s_own_error_counts():
    unit = pd.DataFrame({"estimate": [75.0], "std_error": [3.0]})
    found = compare_units(unit, benchmark=70, benchmark_std_error=4)
    assert found["std_error"].item() == pytest.approx(5)
    # 1.959964 is the 97.5 % point of the standard normal distribution.
    assert found["ci_low"].item() == pytest.approx(5 - 1.959963985 * 5, abs=1e-8)


BAD = {
    "absent column": ({"revenue": None}, DataError, "no column 'revenue'"),
    "missing weight": (
        {"revenue": np.nan},
        DataError,
        "'revenue' has 1 missing value, first in row 3",
    ),
    "negative weight": ({"revenue": -1.0}, DataError, "'revenue' must lie 0 or more.*-1 in row 3"),
    "missing value": (
        {"estimate": np.nan},
        DataError,
        "'estimate' has 1 missing value, first in row 3",
    ),
    "negative error": (
        {"std_error": -2.0},
        DataError,
        "'std_error' must lie 0 or more.*-2 in row 3",
    ),
    "infinite value": ({"estimate": np.inf}, DataError, "infinite value in row 3"),
    "blank group": ({"sector": " "}, DataError, "group in column 'sector' has 1 missing value"),
    "no group": (
        {"sector": None},
        DataError,
        "group in column 'sector' has 1 missing value, first in row 3",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_units_are_refused(companies, name):
    change, error, message = BAD[name]
    ((column, value),) = change.items()
    if name == "absent column":
        companies = companies.drop(columns=column)
    else:
        companies.loc[3, column] = value
    with pytest.raises(error, match=message):
        aggregate(companies, weights="revenue", groups="sector", std_error="std_error")


def test_a_group_without_weight_is_named(companies):
    companies.loc[companies["sector"] == "public", "revenue"] = 0
    with pytest.raises(DataError, match=r"zero for group \['public'\]"):
        aggregate(companies, weights="revenue", groups="sector")


@pytest.mark.parametrize("level", [0, 1, 95, float("nan"), "0.95"])
def test_bad_levels_are_refused(companies, level):
    with pytest.raises(OptionError, match="between 0 and 1"):
        compare_units(companies, benchmark=70, level=level)


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
@pytest.mark.parametrize("kind", [dict, pd.Series])
def test_each_unit_is_held_against_the_benchmark_of_its_label(order, kind):
    now = pd.DataFrame(
        {"estimate": [80.0, 70.0, 66.0], "std_error": [1.0, 2.0, 0.5]}, index=list("ABC")
    )
    last = {"A": 79.0, "B": 70.0, "C": 68.0}
    given = kind({name: last[name] for name in order})
    found = compare_units(now, benchmark=given)
    assert found["estimate"].tolist() == [1.0, 0.0, -2.0]
    with pytest.raises(DataError, match="does not know 'C' and is labelled 'Z'"):
        compare_units(now, benchmark={"A": 1.0, "B": 1.0, "Z": 1.0})


@pytest.mark.parametrize("bad", ["70", True, 1j, np.nan, np.inf, 1e308, np.array([[1.0]])])
@pytest.mark.parametrize("by_label", [False, True])
@pytest.mark.parametrize("option", ["benchmark", "benchmark_std_error"])
def test_a_benchmark_and_its_error_are_numbers(option, by_label, bad):
    now = pd.DataFrame({"estimate": [80.0], "std_error": [1.0]}, index=["A"])
    given = {"benchmark": 70, option: {"A": bad} if by_label else bad}
    with pytest.raises(LoyaltyModelError, match=option):
        compare_units(now, **given)


@pytest.mark.parametrize("bad", [-1, {"A": -1}, pd.Series({"A": -1.0})])
def test_the_error_of_a_benchmark_is_not_negative(bad):
    now = pd.DataFrame({"estimate": [80.0], "std_error": [1.0]}, index=["A"])
    with pytest.raises(DataError, match="benchmark_std_error must lie 0 or more"):
        compare_units(now, benchmark=70, benchmark_std_error=bad)


@pytest.mark.parametrize("taken", ["estimate", "std_error", "n_units"])
@pytest.mark.parametrize("role", ["groups", "weights"])
def test_columns_of_the_result_never_overwrite_those_of_the_units(companies, role, taken):
    options = {"weights": "revenue", "groups": "sector", role: taken}
    units = companies.assign(n_units=1, index=companies["estimate"])
    with pytest.raises(DataError, match=f"rename '{taken}' in the units"):
        aggregate(units, **options, value="index", std_error="std_error")


def test_a_column_of_both_the_groups_and_the_weights_is_refused(companies):
    with pytest.raises(DataError, match="rename 'revenue'"):
        aggregate(companies, weights="revenue", groups="revenue")
    with pytest.raises(DataError, match="more than once"):
        aggregate(companies, weights="revenue", groups=["sector", "sector"])


def test_comparisons_keep_every_column_of_the_units(companies):
    units = companies.assign(benchmark="x", ci_low=1, ci_high=2, p_value=3, group="y")
    for found in (
        compare_units(units, benchmark=70),
        compare_units(units, weights="revenue", groups="sector"),
    ):
        added = ("benchmark", "estimate", "std_error", "ci_low", "ci_high", "p_value")
        kept = {name: f"unit_{name}" if name in added else name for name in units.columns}
        for name, now in kept.items():
            assert found[now].tolist() == units[name].tolist()
        np.testing.assert_allclose(found["estimate"], units["estimate"] - found["benchmark"])
    with pytest.raises(DataError, match="'unit_estimate'"):
        compare_units(found.drop(columns="unit_std_error"), benchmark=70)


def test_groups_of_several_columns_and_libraries_are_one(companies):
    names = ["sector", "industry"]
    ours = aggregate(companies, weights="revenue", groups=names)
    as_categories = companies.astype(dict.fromkeys(names, "category"))
    for other in (as_categories, pl.from_pandas(companies), pa.Table.from_pandas(companies)):
        found = aggregate(other, weights="revenue", groups=names)
        pd.testing.assert_frame_equal(
            found.astype(dict.fromkeys(names, str)), ours, check_dtype=False
        )
    for other in (pl.from_pandas(companies), pa.Table.from_pandas(companies)):
        found = compare_units(other, weights="revenue")
        np.testing.assert_allclose(
            found["estimate"], compare_units(companies, weights="revenue")["estimate"]
        )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "exactly one of benchmark"),
        ({"benchmark": 70, "weights": "revenue"}, "exactly one of benchmark"),
        ({"weights": "revenue", "benchmark_std_error": 1}, "is of a benchmark"),
        ({"benchmark": 70, "groups": "sector"}, "give weights, not benchmark"),
    ],
)
def test_units_are_held_against_one_thing(options, says):
    units = pd.DataFrame({"estimate": [80.0], "std_error": [1.0], "revenue": [1], "sector": "a"})
    with pytest.raises(OptionError, match=says):
        compare_units(units, **options)
