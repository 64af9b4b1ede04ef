"""What every function of the room refuses by name, whatever it is given in its parameters."""

import decimal
import math

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import customer_base, economics
from loyaltymodel import loyalty_stage as stage
from loyaltymodel.errors import DataError, LoyaltyModelError, ModelError, OptionError

PANEL = {
    "customer": [1, 1, 2, 2],
    "date": [1, 2, 1, 2],
    "stage": list("abba"),
    "stages": list("ab"),
}
BRANDS = stage.markov_chain([[0.5, 0.5], [0.2, 0.8]], stages=["a", "b"])
# Parameters that take something to be told apart from others, one after the other.
CATEGORIES = {
    "brands": lambda v: customer_base.purchase_behaviour(
        [1, 1], [1, 2], brand=["A", "B"], amount=None, window=(0, 9), brands=v
    ),
    "categories": lambda v: stage.agreement(list("AB"), list("AB"), categories=v),
    "match": lambda v: stage.agreement(list("AB"), list("AB"), match=dict(enumerate(v))),
    "stages": lambda v: stage.sequential_logit({"x": [1, 2, 3]}, list("ABA"), stages=v),
}
NO_CATEGORIES = [
    ["", "B"],
    ["A", " "],
    [["A"], "B"],
    ["A", decimal.Decimal("sNaN")],
    ["A", ("B", [1])],
    3,
    object(),
]


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("values", NO_CATEGORIES, ids=lambda v: type(v).__name__)
def test_what_cannot_be_told_apart_is_no_category(name, values):
    if name == "match" and not isinstance(values, list):
        values = [[1]]
    with pytest.raises((OptionError, DataError)):
        CATEGORIES[name](values)


# Numbers that parameters take, each with one that is right.
NUMBERS = {
    "prior": (0.5, lambda v: stage.estimate_movement(**PANEL, prior=v, rng=1)),
    "correlation": (0.5, lambda v: stage.simulate_phases(9, correlation=v, rng=1)),
    "start": (
        1,
        lambda v: BRANDS.start_shares({"a": v, "b": 1}),
    ),
    "prices": (2, lambda v: BRANDS.simulate_purchases(9, rate=1, prices=[v, 1], rng=1)),
    "rate": (2, lambda v: BRANDS.simulate_purchases(9, rate=v, rng=1)),
    "steady": (1, lambda v: stage.life_cycle_stage(3, 2, cuts=5, steady=v)),
    "effect": (1, lambda v: economics.programme_return(v, margin=1, cost=1)),
    "margin": (1, lambda v: economics.programme_return(1, margin=v, cost=1)),
    "threshold": (1, lambda v: economics.ProgrammeTier(name="gold", threshold=v)),
    "weight": (1, lambda v: stage.PhaseIndicator(name="x", scale=(0, 1), weight=v)),
    "scale": (1, lambda v: stage.PhaseIndicator(name="x", scale=(0, v))),
    "means": (6, lambda v: stage.simulate_types(9, means=(v, 6), rng=1)),
    "sds": (2, lambda v: stage.simulate_types(9, sds=(v, 2), rng=1)),
}
NO_NUMBERS = ["5", 5j, None, math.nan, [1, 2], {1}, pd.NaT, pd.NA, decimal.Decimal("sNaN"), 10**400]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, np.datetime64("2024"), object()], ids=lambda v: type(v).__name__
)
def test_what_is_no_number_is_refused_by_name(name, value):
    if name == "prior" and value is None:
        return  # the library's own prior
    with pytest.raises((OptionError, DataError, ModelError)):
        NUMBERS[name][1](value)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("kind", [np.float32, np.int8, decimal.Decimal, np.array])
def test_numbers_of_every_kind_are_numbers(name, kind):
    number, call = NUMBERS[name]
    given = kind(str(number)) if kind is decimal.Decimal else kind(number)
    if kind is np.int8 and number != int(number):
        return
    plain, other = call(number), call(given)
    if isinstance(plain, pd.DataFrame):
        pd.testing.assert_frame_equal(plain, other)
    else:
        assert repr(plain) == repr(other)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("size", [1e308, 1e-200, 1e99, 1e-99])
@pytest.mark.parametrize(
    "call",
    [
        lambda v: stage.life_cycle_stage([v, -v], [-v, v], cuts=1, steady=v),
        lambda v: stage.formation_stage(
            [1, 1], performance=[v, -v], expectation=[-v, v], least_repeats=1
        ),
        lambda v: stage.estimate_movement(**PANEL, weights=[v, v, 1, 1], rng=1),
        lambda v: stage.estimate_movement(**PANEL, prior=v, rng=1),
        lambda v: customer_base.site_loyalty([3, v], [2, 1]),
        lambda v: customer_base.site_loyalty([3, 2], [2, 1], level=v),
        lambda v: economics.programme_effect([1, 1, 0, 0], [1, 2, v, 4]),
        lambda v: economics.programme_effect([1, 1, 0, 0], [1, 2, 3, 4], weights=[1, 2, 1, v]),
        lambda v: economics.programme_return(v, margin=v, cost=1, periods=v),
        lambda v: customer_base.purchase_reference([v, 1], [1, v], purchases=[3, 4]),
        lambda v: economics.exit_reasons(list("ab"), value=[v, v]),
        lambda v: stage.oliver([[80, 20, 70, 90]] * 2, composite_weights=v),
        lambda v: stage.oliver([[80, 20, 70, 90]] * 2, weights=[v, v]),
        lambda v: stage.loyalty_types(
            [9, 2], [0.1, 0.9], matrix="dick_basu", scale=(1, 10), weights=[v, v]
        ),
        lambda v: stage.loyalty_types([1, v], [2, 9], matrix="knox", scale=(1, 10)),
        lambda v: stage.agreement(list("aabb"), list("abbb"), weights=[v, v, 1, 1]),
        lambda v: stage.simulate_types(9, sds=(v, v), rng=1),
        lambda v: stage.simulate_types(9, means=(v, v), rng=1),
        lambda v: economics.LoyaltyProgramme(
            points_per_unit=v, point_value=v, redemption_share=1
        ).account([v, 1]),
        lambda v: stage.sequential_logit({"x": [v, 2, 1, 3] * 5}, [0, 1, 1, 0] * 5),
    ],
)
def test_extreme_numbers_are_computed_or_refused_by_name(call, size):
    try:
        call(size)
    except LoyaltyModelError:
        return
