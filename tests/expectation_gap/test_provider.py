"""The provider's gaps: an identity that always holds, and what each step loses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import provider_gaps

from tolerances import SAME

NAMES = ("expected", "understood", "designed", "delivered", "promised", "perceived")
LEVEL = st.floats(1, 10)


@given(st.tuples(*[LEVEL] * 6))
def test_gap_5_is_the_sum_of_three_gaps_and_what_was_not_perceived(levels):
    result = provider_gaps(**dict(zip(NAMES, levels, strict=True)))
    e, u, s, d, promise, p = levels
    gaps = result.gaps.iloc[0]
    np.testing.assert_allclose(gaps, [e - u, u - s, s - d, promise - d, e - p], atol=SAME)
    parts = result.contributions
    assert parts["amount"].sum() == pytest.approx(gaps["gap 5"], abs=SAME)
    if abs(gaps["gap 5"]) > 1e-3:  # shares of next to nothing are rounding
        assert parts["share"].sum() == pytest.approx(1, abs=1e-6)


def test_units_come_from_the_table_and_a_promise_may_be_unknown():
    table = pd.DataFrame(
        {name: [9.0, 8.0] for name in NAMES if name != "promised"}, index=["north", "south"]
    )
    columns = {name: name for name in table}
    result = provider_gaps(**columns, data=table)
    assert result.gaps.index.tolist() == ["north", "south"]
    assert result.gaps["gap 4"].isna().all()
    assert result.contributions["share"].isna().all()  # gap 5 is 0
    assert "north" in str(result.summary())


FINE = dict.fromkeys(NAMES, 5.0)
BAD = [
    ({"expected": [1, 2], "perceived": [1, 2, 3]}, DataError, "equally long"),
    ({"expected": np.nan}, DataError, 'missing="drop"'),
    ({"perceived": 11, "scale": (1, 10)}, DataError, "between 1 and 10"),
    ({"scale": (10, 1)}, OptionError, "lower one first"),
    ({"scale": "15"}, OptionError, "two numbers"),
    ({"scale": 10}, OptionError, "two numbers"),
]


@pytest.mark.parametrize(("changes", "error", "says"), BAD)
def test_bad_input_is_refused_with_a_way_out(changes, error, says):
    with pytest.raises(error, match=says):
        provider_gaps(**{**FINE, **changes})
