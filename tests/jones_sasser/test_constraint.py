"""Constraints together: against the probability that one of them holds, counted out."""

import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel import evidence
from loyaltymodel.errors import DataError
from loyaltymodel.jones_sasser.curves.constraint import (
    combined_constraint,
)
from loyaltymodel.jones_sasser.curves.curve import curve

from tolerances import EXACT

strengths = st.dictionaries(
    st.sampled_from(["legal", "technical", "switching_cost", "loyalty_programme", "habit"]),
    st.floats(0, 0.99),
    min_size=1,
)


def counted_out(given):
    """Add the probabilities of all states of the world in which somebody is held."""
    held = 0.0
    for state in itertools.product([False, True], repeat=len(given)):
        each = zip(given.values(), state, strict=True)
        chance = np.prod([s if holds else 1 - s for s, holds in each])
        held += chance * any(state)
    return held


@given(given=strengths)
def test_held_by_at_least_one(given):
    c = combined_constraint(given)
    assert c == pytest.approx(counted_out(given), abs=EXACT)
    assert 0 <= c < 1
    assert c >= max(given.values()) - EXACT
    backwards = dict(reversed(given.items()))
    assert combined_constraint(backwards) == pytest.approx(c, abs=EXACT)
    assert combined_constraint({**given, "none": 0.0}) == pytest.approx(c, abs=EXACT)


def test_people_come_back_as_they_came():
    people = pd.DataFrame({"law": [0.5, 0.0], "card": [0.2, 0.5]}, index=["a", "b"])
    together = combined_constraint({"legal": "law", "loyalty_programme": "card"}, data=people)
    assert together.to_dict() == pytest.approx({"a": 0.6, "b": 0.5})
    as_arrow = combined_constraint({"legal": "law"}, data=pa.Table.from_pandas(people))
    assert as_arrow.tolist() == [0.5, 0.0]
    for strengths in (["law", "card"], people.columns, people):
        again = combined_constraint(strengths, data=people)
        pd.testing.assert_series_equal(again, together)
    assert isinstance(combined_constraint({"legal": 0.5}), float)
    assert isinstance(combined_constraint({"legal": [0.5, 0.1], "technical": 0.1}), np.ndarray)
    holed = people.assign(law=[np.nan, 0.1])
    dropped = combined_constraint({"legal": "law"}, data=holed, missing="drop")
    assert dropped.index.tolist() == ["b"]


def test_a_constraint_goes_into_the_curve():
    c = combined_constraint({"legal": 0.5, "technical": 0.2})
    free = curve("power", {"hi": 1.0, "k": 2.0})
    # c + (1 - c) s^2 with c = 0.6 and s = 0.5
    assert free.loyalty(0.5, constraint=c) == pytest.approx(0.7, abs=EXACT)


BAD = [
    ({"legal": 1.0}, DataError, "from 0 to below 1"),
    ({"legal": -0.1}, DataError, "from 0 to below 1"),
    ({"legal": [0.1, np.nan]}, DataError, 'missing="drop"'),
    ({"legal": [0.1, 0.2], "technical": [0.1, 0.2, 0.3]}, DataError, "equally long"),
    ({"legal": "strong"}, DataError, "give data="),
    ({str(k): 0.9999 for k in range(5)}, DataError, "smaller strengths"),
    ({}, DataError, "at least one"),
    ([0.5, 0.2], DataError, "mapping"),
]


@pytest.mark.parametrize(("given", "kind", "message"), BAD)
def test_constraints_that_are_refused(given, kind, message):
    with pytest.raises(kind, match=message):
        combined_constraint(given)


def test_lists_of_words():
    assert evidence.catalogue("constraint_sources")["id"].tolist() == [
        "legal", "technical", "switching_cost", "loyalty_programme",
    ]  # fmt: skip
    conditions = evidence.catalogue("profit_conditions")
    assert conditions["chinese"].tolist() == [  # as 000:47 prints them
        "市场的发育与成熟——客户结构:新客户和老客户的比例变化",
        "市场的开放性程度与客户构成",
        "成熟的传媒,替代口碑——传播的效果与阻碍",
        "风险成本:进入和退出壁垒",
        "转换成本:不同规模下的反应",
    ]
    assert set(conditions["moderates"]) == {"loyalty", "profit"}
