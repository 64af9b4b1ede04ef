"""Delivered and perceived value: the formulas, in every shape in which offers come."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel import evidence
from loyaltymodel.delivered_value import (
    delivered_value,
    perceived_value,
    value_account,
)
from loyaltymodel.errors import DataError, OptionError

from tolerances import EXACT

KOTLER = ["product", "service", "personnel", "image", "monetary", "time", "energy", "psychic"]
OFFER = dict(zip(KOTLER, (60, 20, 10, 10, 70, 5, 3, 2), strict=True))
WEIGHTS = dict(zip(KOTLER, (0.4, 0.3, 0.2, 0.1, 0.7, 0.1, 0.0, 0.2), strict=True))
SIGNS = np.repeat([1.0, -1.0], 4)


def answers(n=50, seed=1):
    numbers = np.random.default_rng(seed).integers(1, 8, (n, 8))
    return pd.DataFrame(numbers, columns=KOTLER, index=[f"r{k}" for k in range(n)])


def test_one_offer_by_hand():
    gains, losses = ({name: OFFER[name] for name in side} for side in (KOTLER[:4], KOTLER[4:]))
    assert delivered_value(gains, unit="money", costs=()) == 100
    assert delivered_value(losses, unit="money", values=()) == -80
    for wrong in ({"costs": (), "form": "ratio"}, {"values": (), "costs": ()}):
        with pytest.raises(OptionError, match="name at least one component"):
            delivered_value(gains, unit="money", **wrong)
    assert delivered_value(OFFER, unit="money") == 20
    assert delivered_value(OFFER, unit="money", form="ratio") == 1.25
    # 24 + 6 + 2 + 1 less 49 + 0.5 + 0 + 0.4
    assert delivered_value(OFFER, unit="money", weights=WEIGHTS) == pytest.approx(-16.9, rel=EXACT)
    assert isinstance(delivered_value(OFFER, unit="money"), float)


def test_every_shape_gives_the_same_numbers():
    survey = answers()
    expected = survey.to_numpy() @ (SIGNS * list(WEIGHTS.values()))
    columns = {name: survey[name] for name in KOTLER}
    arrays = {name: survey[name].to_numpy() for name in KOTLER}
    shuffled = survey[KOTLER[::-1]].assign(other="text")
    by_row = [
        delivered_value(dict(row), unit="points", weights=WEIGHTS) for _, row in survey.iterrows()
    ]
    np.testing.assert_allclose(by_row, expected, rtol=EXACT, atol=EXACT)
    for given_as in (
        survey,
        columns,
        arrays,
        shuffled,
        survey.astype("Int64"),
        pl.DataFrame(arrays),
        pa.table(arrays),
    ):
        found = delivered_value(given_as, unit="points", weights=WEIGHTS)
        np.testing.assert_allclose(found, expected, rtol=EXACT, atol=EXACT)
    for given_as in (survey, columns, shuffled):
        found = delivered_value(given_as, unit="points")
        assert found.index.equals(survey.index)
        assert found.name == "delivered_value"
    assert type(delivered_value(arrays, unit="points")) is np.ndarray
    assert delivered_value(survey.loc["r3"], unit="points") == by_plain_sum(survey.loc["r3"])


def by_plain_sum(row):
    return float(row[KOTLER[:4]].sum() - row[KOTLER[4:]].sum())


def test_a_number_stands_for_every_row():
    found = delivered_value(
        {"product": np.array([5.0, 7.0]), "monetary": 4},
        unit="money",
        values=["product"],
        costs=["monetary"],
    )
    np.testing.assert_array_equal(found, [1, 3])


def test_tables_longer_than_a_slice():
    survey = answers(20_001).reset_index(drop=True)
    expected = survey.to_numpy() @ SIGNS
    np.testing.assert_array_equal(delivered_value(survey, unit="points"), expected)
    survey.loc[[5, 9000, 20_000], "time"] = np.nan
    left = delivered_value(survey, unit="points", missing="drop")
    assert set(survey.index) - set(left.index) == {5, 9000, 20_000}
    np.testing.assert_array_equal(left, expected[left.index])


def test_components_are_open_and_renamed():
    survey = answers().rename(columns={"product": "产品", "monetary": "price"})
    survey["learning"] = 2
    found = delivered_value(
        survey,
        unit="points",
        values={"product": "产品", "image": "image"},
        costs={"monetary": "price", "learning": "learning"},
        weights={"product": 2, "image": 1, "monetary": 1, "learning": 3},
    )
    expected = 2 * survey["产品"] + survey["image"] - survey["price"] - 6
    np.testing.assert_allclose(found, expected, rtol=EXACT)


def test_scale_moves_answers_to_points():
    survey = answers()
    points = (survey - 1) / 6 * 100
    found = delivered_value(survey, unit="points", scale=(1, 7), weights=WEIGHTS)
    expected = points.to_numpy() @ (SIGNS * list(WEIGHTS.values()))
    np.testing.assert_allclose(found, expected, rtol=EXACT, atol=1e-11)  # of sums up to 100
    # Minus ratings have a meaning once the scale is stated.
    signed = delivered_value(
        {"product": 3, "monetary": -3},
        unit="points",
        values=["product"],
        costs=["monetary"],
        scale=(-3, 3),
    )
    assert signed == 100


def test_points_become_money():
    units = dict.fromkeys(KOTLER, "points") | {"monetary": "money"}
    found = delivered_value(OFFER, unit=units, money_per_point=2)
    assert found == 2 * (100 - 10) - 70
    scaled = delivered_value(
        {"product": 4, "monetary": 30},
        unit={"product": "points", "monetary": "money"},
        values=["product"],
        costs=["monetary"],
        scale={"product": (1, 5)},
        money_per_point=0.5,
    )
    assert scaled == 0.5 * 75 - 30


@given(
    st.lists(st.just(0.0) | st.floats(1e-9, 100), min_size=8, max_size=8),
    st.lists(st.floats(0, 10), min_size=8, max_size=8).filter(any),
    st.floats(0.01, 100),
)
def test_delivered_value_is_linear(levels, weights, factor):
    offer, by_name = dict(zip(KOTLER, levels, strict=True)), dict(zip(KOTLER, weights, strict=True))
    once = delivered_value(offer, unit="money", weights=by_name)
    scaled = {name: factor * level for name, level in offer.items()}
    size = EXACT * (1 + factor) * 8 * 100 * 10  # rounding of eight products of up to 1,000
    assert delivered_value(scaled, unit="money", weights=by_name) == pytest.approx(
        factor * once, abs=size
    )
    # More of a value never hurts, more of a cost never helps.
    for k, name in enumerate(KOTLER):
        moved = delivered_value(offer | {name: offer[name] + 1}, unit="money", weights=by_name)
        sign = 1 if k < 4 else -1
        assert moved - once == pytest.approx(sign * weights[k], abs=size)


def test_the_ratio_of_raw_ratings_depends_on_how_they_are_coded():
    coded = {"product": 5, "monetary": 3}
    sides = {"values": ["product"], "costs": ["monetary"], "unit": "points", "form": "ratio"}
    assert delivered_value(coded, **sides) == pytest.approx(5 / 3, rel=EXACT)
    from_zero = {"product": 4, "monetary": 2}
    assert delivered_value(from_zero, **sides) == 2
    assert delivered_value(coded, scale=(1, 5), **sides) == 2
    assert delivered_value(from_zero, scale=(0, 4), **sides) == 2


def test_perceived_value_and_perval():
    ratings = pd.DataFrame(
        {"s": [3, 1], "emotional": [4, 5], "functional": [5, 2], "sacrifice": [2, 4]}
    )
    found = perceived_value(ratings, columns={"social": "s"})
    assert found.to_list() == [10, 4]
    assert found.name == "perceived_value"
    ratio = perceived_value(ratings, columns={"social": "s"}, form="ratio")
    assert ratio.to_list() == [6, 2]
    weights = {"social": 1, "emotional": 0, "functional": 2, "sacrifice": 3}
    assert perceived_value(ratings, columns={"social": "s"}, weights=weights).to_list() == [7, -7]
    perval = {"emotional": 4, "social": 3, "quality": 5, "price": 2}
    assert perceived_value(perval, variant="perval") == 14
    # A higher price rating is better value for money; a higher sacrifice is worse.
    assert perceived_value(perval | {"price": 3}, variant="perval") == 15
    assert perceived_value(
        {"social": 3, "emotional": 4, "functional": 5, "sacrifice": 3}
    ) < perceived_value({"social": 3, "emotional": 4, "functional": 5, "sacrifice": 2})


def test_perceived_value_is_the_account_of_its_dimensions():
    listed = evidence.catalogue("components_perceived_value")
    kind = listed.groupby("side")["id"].apply(list)
    ratings = pd.DataFrame(
        np.random.default_rng(2).integers(1, 6, (9, 4)), columns=[*kind["value"], *kind["cost"]]
    )
    account = value_account(ratings, unit="points", values=kind["value"], costs=kind["cost"])
    np.testing.assert_allclose(
        account.totals["delivered_value"], perceived_value(ratings), rtol=EXACT
    )


def test_components_are_those_of_the_field():
    table = evidence.catalogue("components_delivered_value")
    assert table["id"].to_list() == KOTLER
    assert table["side"].to_list() == ["value"] * 4 + ["cost"] * 4
    assert table["chinese"].is_unique


def test_the_input_is_never_changed():
    survey = answers()
    before = survey.copy()
    delivered_value(survey, unit="points", weights=WEIGHTS, scale=(1, 7))
    pd.testing.assert_frame_equal(survey, before)


BAD = answers(4)
SHORT = {"values": ["product"], "costs": ["monetary"], "unit": "points"}


@pytest.mark.parametrize(
    ("offer", "options", "error", "way_out"),
    [
        (OFFER, {"unit": "euro"}, OptionError, "choose one of 'money', 'points'"),
        (
            OFFER,
            {"unit": dict.fromkeys(KOTLER, "points") | {"monetary": "money"}},
            OptionError,
            "money_per_point=",
        ),
        (OFFER, {"unit": {"product": "money"}}, OptionError, "unit of every component"),
        (OFFER, {"unit": {"prodct": "money"}}, OptionError, "did you mean 'product'"),
        (OFFER, {"unit": "money", "money_per_point": 2}, OptionError, "leave it out"),
        (OFFER, {"unit": "points", "money_per_point": 0}, OptionError, "above 0"),
        (OFFER, {"unit": "money", "scale": (1, 5)}, OptionError, "in money"),
        (OFFER, {"unit": "points", "scale": (5, 1)}, OptionError, "lower one first"),
        (OFFER, {"unit": "points", "form": "percent"}, OptionError, "'difference', 'ratio'"),
        (OFFER, {"unit": "points", "missing": "zero"}, OptionError, "'raise', 'drop'"),
        (OFFER, {"unit": "points", "weights": [1] * 8}, OptionError, "mapping from component"),
        (OFFER, {"unit": "points", "weights": WEIGHTS | {"time": -1}}, OptionError, "into costs"),
        (
            OFFER,
            {"unit": "points", "weights": dict.fromkeys(KOTLER, 0)},
            OptionError,
            "at least one component must count",
        ),
        (OFFER, {"unit": "points", "weights": {"product": 1}}, OptionError, "every component"),
        (
            OFFER,
            {"unit": "points", "weights": WEIGHTS | {"imagee": 1}},
            OptionError,
            "did you mean 'image'",
        ),
        (
            OFFER,
            {"unit": "points", "weights": WEIGHTS | {"time": np.nan}},
            OptionError,
            "finite numbers",
        ),
        (OFFER, {"unit": "points", "weights": WEIGHTS | {"time": "x"}}, OptionError, "one number"),
        (OFFER, {"unit": "points", "values": "product"}, OptionError, r"values=\('product',\)"),
        (
            OFFER,
            {"unit": "points", "values": [], "costs": []},
            OptionError,
            "at least one component",
        ),
        (OFFER, {"unit": "points", "values": ["a", "a"]}, OptionError, "more than once"),
        (OFFER, {"unit": "points", "values": [1]}, OptionError, "names as text"),
        (OFFER, {"unit": "points", "values": {"a": "x", "b": "x"}}, OptionError, "two components"),
        (OFFER, {"unit": "points", "values": ["time"]}, OptionError, "belongs into costs"),
        (OFFER, {"unit": "points", "costs": ["image", "x"]}, OptionError, "belongs into values"),
        (OFFER, {"unit": "points", "values": ["a"], "costs": ["a"]}, OptionError, "one side only"),
        (OFFER | {"prodct": 1}, {"unit": "points"}, DataError, "did you mean 'product'"),
        ({"product": 1}, {"unit": "points"}, DataError, "name in values= and costs="),
        (OFFER | {"time": "t1"}, {"unit": "points"}, DataError, "give the table itself"),
        (OFFER | {"time": -1}, {"unit": "money"}, DataError, "Turn the sign"),
        (OFFER | {"time": np.nan}, {"unit": "money"}, DataError, 'missing="drop"'),
        (OFFER | {"time": np.inf}, {"unit": "money"}, DataError, "infinite"),
        (
            {"product": np.ones(3), "monetary": np.ones(2)},
            SHORT,
            DataError,
            "equally long, but product has 3, monetary has 2",
        ),
        ({"product": np.ones((3, 2)), "monetary": 1}, SHORT, DataError, "one value a row"),
        ({"product": 1, "monetary": 0}, SHORT | {"form": "ratio"}, DataError, '"difference"'),
        (BAD.drop(columns="time"), {"unit": "points"}, DataError, "no column 'time'"),
        (BAD.assign(time="much"), {"unit": "points"}, DataError, "recode to numbers"),
        (BAD.assign(time=[1, np.nan, 2, 3]), {"unit": "points"}, DataError, "leaves out 1 of 4"),
        (BAD.assign(time=[1, 8, 2, 3]), {"unit": "points", "scale": (1, 7)}, DataError, "off the"),
        (BAD.assign(time=[1, -8, 2, 3]), {"unit": "points"}, DataError, "-8 in row r1"),
        (BAD.assign(time=np.nan), {"unit": "points", "missing": "drop"}, DataError, "no row is"),
        (BAD.iloc[:0], {"unit": "points"}, DataError, "no rows"),
        ([1, 2, 3], {"unit": "points"}, DataError, "pandas.DataFrame"),
    ],
)
def test_bad_input_is_a_named_error_with_a_way_out(offer, options, error, way_out):
    with pytest.raises(error, match=way_out):
        delivered_value(offer, **options)


@pytest.mark.parametrize(
    ("ratings", "options", "error", "way_out"),
    [
        (
            {"social": 1, "emotional": 1, "functional": 1, "price": 1},
            {},
            DataError,
            'variant="perval"',
        ),
        (
            {"social": 1, "emotional": 1, "quality": 1, "sacrifice": 1},
            {"variant": "perval"},
            DataError,
            'variant="sacrifice"',
        ),
        ({"social": 1}, {}, DataError, "has no emotional"),
        ({"social": 1}, {"variant": "kotler"}, OptionError, "'sacrifice', 'perval'"),
        ({"social": 1}, {"variant": "perval", "form": "ratio"}, OptionError, "no"),
        ({"social": 1}, {"columns": {"sociable": "x"}}, OptionError, "dimensions are social"),
        ({"social": 1}, {"columns": ["x"]}, OptionError, "mapping from dimension"),
    ],
)
def test_bad_ratings_are_named_errors(ratings, options, error, way_out):
    with pytest.raises(error, match=way_out):
        perceived_value(ratings, **options)


@pytest.mark.parametrize("weights", [(0.1, 0.2), (0.3, 0.6), (0.7, 0.1), (1 / 3, 1 / 7)])
def test_no_ratio_over_costs_that_are_the_lowest_possible(weights):
    named = dict(zip(("product", "monetary", "time"), (1, *weights), strict=True))
    options = {"unit": "points", "values": ["product"], "costs": ["monetary", "time"]}
    scale = {"product": (1, 5), "monetary": (0.1, 0.7), "time": (0.3, 0.9)}
    offer = {"product": 3, "monetary": 0.1, "time": 0.3}
    assert delivered_value(offer, weights=named, scale=scale, **options) == 50
    with pytest.raises(DataError, match="total cost in row 0 is 0"):
        delivered_value(offer, weights=named, scale=scale, form="ratio", **options)
