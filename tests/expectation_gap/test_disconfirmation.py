"""Differences, ratios and states of what was perceived against what was expected."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.expectation_gap import ProspectResponse, disconfirmation

from tolerances import EXACT

POINTS = st.lists(st.tuples(st.integers(0, 10), st.integers(1, 10)), min_size=1, max_size=20)
WORDS = {
    "delight": ["dissatisfied", "satisfied", "delighted"],
    "degrees": ["dissatisfied", "basically satisfied", "highly satisfied"],
}


@given(POINTS, st.sampled_from(list(WORDS)))
def test_difference_ratio_and_state_agree(pairs, vocabulary):
    p, e = map(list, zip(*pairs, strict=True))
    difference = disconfirmation(p, e)
    ratio = disconfirmation(p, e, kind="ratio")
    state = disconfirmation(p, e, kind="state", vocabulary=vocabulary)
    for k, (own, standard) in enumerate(pairs):
        assert difference[k] == own - standard
        assert ratio[k] == own / standard
        assert state[k] == WORDS[vocabulary][int(np.sign(own - standard)) + 1]


@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 3))
def test_the_tolerance_is_part_of_the_middle(p, e, tolerance):
    state = disconfirmation(p, e, kind="state", tolerance=tolerance)
    assert (state == "satisfied") == (abs(p - e) <= tolerance)


def test_the_ratio_depends_on_the_zero_of_the_scale():
    # The trap: the same two answers, counted from 1 and from 0.
    assert disconfirmation(4, 2, kind="ratio") == 2
    assert disconfirmation(3, 1, kind="ratio") == 3


@given(st.floats(1e-90, 100), st.floats(0.1, 5), st.floats(0.2, 1.5), st.floats(0.2, 1.5))
def test_losses_are_weighed_as_said(size, aversion, gain, loss):
    response = ProspectResponse(loss_aversion=aversion, gain_power=gain, loss_power=loss)
    felt = disconfirmation([size, -size], [0, 0], response=response)
    assert felt[0] == pytest.approx(size**gain, rel=EXACT)
    assert felt[1] == pytest.approx(-aversion * size**loss, rel=EXACT)


def test_the_published_numbers_are_an_option_that_must_be_named():
    response = ProspectResponse.tversky_kahneman()
    assert (response.loss_aversion, response.gain_power, response.loss_power) == (2.25, 0.88, 0.88)
    with pytest.raises(ModelError, match="loss_aversion"):
        ProspectResponse()
    assert ProspectResponse.from_json(response.to_json()) == response


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1), (-1, 1, 1), (2, 0, 1), (2, 1, np.inf), (np.nan, 1, 1), ("2", 1, 1)]
)
def test_a_response_needs_finite_numbers_above_0(numbers):
    names = ("loss_aversion", "gain_power", "loss_power")
    with pytest.raises(ModelError):
        ProspectResponse(**dict(zip(names, numbers, strict=True)))


# What comes in and what goes out


def test_results_come_as_the_variables_came():
    p = pd.Series([4.0, 7.0], index=["Li", "Wu"])
    before = p.copy()
    difference = disconfirmation(p, 5)
    pd.testing.assert_series_equal(
        difference, pd.Series([-1.0, 2.0], index=["Li", "Wu"], name="disconfirmation")
    )
    state = disconfirmation(p, 5, kind="state")
    assert state.cat.ordered
    assert state.tolist() == ["dissatisfied", "delighted"]
    assert (state > "dissatisfied").tolist() == [False, True]
    assert isinstance(disconfirmation(4, 5), float)
    assert isinstance(disconfirmation(4, 5, kind="state"), str)
    assert disconfirmation(4, [5, 3]).tolist() == [-1, 1]
    pd.testing.assert_series_equal(p, before)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_variables_may_be_columns_of_any_table(make):
    table = make({"p": [4, 7], "e": [5, 5]})
    assert disconfirmation("p", "e", data=table).tolist() == [-1, 2]


def test_rows_without_an_answer_are_left_out_when_asked():
    p = pd.Series([4.0, np.nan, 7.0], index=[10, 11, 12])
    found = disconfirmation(p, 5, missing="drop")
    assert found.to_dict() == {10: -1.0, 12: 2.0}
    assert disconfirmation(p.to_numpy(), 5, missing="drop").tolist() == [-1, 2]


BAD = [
    (([1, 2], [1, 2, 3]), {}, DataError, "equally long"),
    (([1, np.nan], [1, 2]), {}, DataError, 'missing="drop"'),
    (([1, np.inf], [1, 2]), {}, DataError, "infinite"),
    ((["good", "bad"], [1, 2]), {}, DataError, "recode"),
    (([], []), {}, DataError, "no values"),
    (([1, 2], [1, 0]), {"kind": "ratio"}, DataError, 'kind="difference"'),
    (([1, 2], [1, -3]), {"kind": "ratio"}, DataError, "-3 in row 1"),
    (([-1, 2], [1, 1]), {"kind": "ratio"}, DataError, "0 or more"),
    ((1, 2), {"kind": "gap"}, OptionError, "'difference', 'ratio', 'state'"),
    ((1, 2), {"tolerance": 1}, OptionError, "kind='state'"),
    ((1, 2), {"vocabulary": "degrees"}, OptionError, "kind='state'"),
    ((1, 2), {"kind": "state", "vocabulary": "words"}, OptionError, "'delight', 'degrees'"),
    ((1, 2), {"kind": "state", "tolerance": -1}, OptionError, "at least 0"),
    ((1, 2), {"kind": "state", "tolerance": True}, OptionError, "at least 0"),
    ((1, 2), {"kind": "state", "response": ProspectResponse.tversky_kahneman()}, OptionError,
     "kind='difference'"),
    ((1, 2), {"response": 2.25}, OptionError, "ProspectResponse"),
    (("p", 2), {}, DataError, "data="),
    (("p", 2), {"data": pd.DataFrame({"P": [1]})}, DataError, "'P'"),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "options", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(variables, options, error, says):
    with pytest.raises(error, match=says):
        disconfirmation(*variables, **options)
