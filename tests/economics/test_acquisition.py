"""Acquisition against retention: response curves, the best spending, and what it rests on."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyaltymodel.economics import ResponseCurve
from loyaltymodel.errors import DataError, ModelError, OptionError

from tolerances import EXACT, SAME

SHARES = st.floats(0.01, 0.95)


# Response curves


@settings(max_examples=40)
@given(SHARES, st.floats(0.01, 0.99), st.floats(0.01, 1e4), st.floats(0, 0.5))
def test_a_curve_goes_through_its_point(ceiling, part, spend, low):
    floor = low * ceiling
    rate = floor + part * (ceiling - floor)
    curve = ResponseCurve.calibrated(spend, rate, ceiling=ceiling, floor=floor)
    assert curve.rate(spend) == pytest.approx(rate, rel=SAME)
    assert curve.rate(0) == floor
    assert curve.rate(1e9 * spend) == pytest.approx(ceiling, rel=SAME)
    assert curve.spend_for(rate) == pytest.approx(spend, rel=1e-8)
    # The slope against a difference of rates.
    h = 1e-6 * spend
    steep = (curve.rate(spend + h) - curve.rate(spend - h)) / (2 * h)
    assert curve.slope(spend) == pytest.approx(steep, rel=1e-4, abs=1e-12)


@settings(max_examples=40)
@given(SHARES, st.floats(0.05, 3), st.floats(1.1, 5), st.floats(0, 0.5))
def test_two_points_give_back_the_curve_that_they_lie_on(ceiling, first, times, low):
    curve = ResponseCurve(ceiling=ceiling, steepness=0.1, floor=low * ceiling)
    spend = np.array([10 * first * times, 10 * first])  # in any order
    again = ResponseCurve.calibrated(spend, curve.rate(spend), floor=curve.floor)
    assert again.ceiling == pytest.approx(ceiling, rel=1e-6)
    assert again.steepness == pytest.approx(0.1, rel=1e-6)


def test_a_curve_answers_as_it_is_asked():
    curve = ResponseCurve(ceiling=0.4, steepness=0.5)
    assert isinstance(curve.rate(2), float)
    series = curve.rate(pd.Series([0.0, 2.0], index=["a", "b"]))
    assert series.index.tolist() == ["a", "b"]
    assert series.name == "rate"
    assert series["b"] == pytest.approx(0.4 * (1 - np.exp(-1)), rel=EXACT)
    assert curve.rate([[0, 1], [2, 3]]).shape == (2, 2)
    assert pickle.loads(pickle.dumps(curve)) == curve


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ResponseCurve(ceiling=0.2, steepness=1, floor=0.2), "must lie below the ceiling"),
        (lambda: ResponseCurve(ceiling=1.2, steepness=1), "ceiling must be at most 1"),
        (lambda: ResponseCurve(ceiling=0.2, steepness=0), "steepness must be above 0"),
        (lambda: ResponseCurve.calibrated(5, 0.2), "one point does not decide"),
        (lambda: ResponseCurve.calibrated(5, 0.4, ceiling=0.4), "must lie above the rate of 0.4"),
        (lambda: ResponseCurve.calibrated(5, 0.4, ceiling=1.4), "be at most 1"),
        (lambda: ResponseCurve.calibrated(0, 0.2, ceiling=0.4), "spend has 0.0"),
        (lambda: ResponseCurve.calibrated(5, 0.2, ceiling=0.4, floor=0.3), "above the floor"),
        (lambda: ResponseCurve.calibrated(5, 0.2, ceiling=0.4, floor=-1), "floor=-1 must be"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.2, 0.3], ceiling=0.4), "decide the ceiling"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.2, 0.4]), "less than in proportion"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.3, 0.2]), "less than in proportion"),
        (lambda: ResponseCurve.calibrated([1, 2], [0.6, 0.99]), "no share is above 1"),
        (lambda: ResponseCurve.calibrated([1, 2], 0.2), "one of each a point"),
        (lambda: ResponseCurve.calibrated([1, 2, 3], [0.1, 0.2, 0.3]), "two for two points"),
        (lambda: ResponseCurve.calibrated(np.inf, 0.2, ceiling=0.4), "must be finite"),
    ],
)
def test_curves_that_cannot_be_are_refused(made, message):
    with pytest.raises((ModelError, OptionError), match=message):
        made()


def test_rates_and_spending_out_of_range_are_refused():
    curve = ResponseCurve(ceiling=0.4, steepness=0.5, floor=0.1)
    with pytest.raises(DataError, match="spend"):
        curve.rate(-1)
    with pytest.raises(DataError, match="spend"):
        curve.slope([1, np.nan])
    for rate in (0.4, 0.05):
        with pytest.raises(DataError, match="rate"):
            curve.spend_for(rate)
