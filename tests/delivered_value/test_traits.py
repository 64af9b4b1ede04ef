"""The four traits of perceived value: what is said to measure them exists, and does."""

import numpy as np
import pandas as pd
import pytest

from loyaltymodel import delivered_value, evidence
from loyaltymodel.delivered_value import (
    compare_offers,
    heterogeneity,
    perceived_value,
    perception_shift,
    relative_value,
    value_loyalty,
)

from tolerances import EXACT


def test_the_table():
    table = evidence.catalogue("value_traits")
    assert table.set_index("id")["chinese"].to_dict() == {  # in the words of 001:25
        "use": "与产品或服务的使用相关",
        "utility": "客户的一种感知效用",
        "trade_off": "感知利得与利失的权衡",
        "preference_and_evaluation": "使用后的感知偏好和评价",
    }
    for functions in table["functions"]:
        for name in functions.split("; "):
            assert callable(getattr(delivered_value, name))


def test_every_trait_is_computed_from_one_survey():
    """Eight customers, two of each use of the service, who rate the firm and one rival."""
    ratings = pd.DataFrame(
        {
            "social": [3, 4, 3, 2, 5, 4, 4, 3],
            "emotional": [4, 4, 3, 3, 5, 5, 4, 4],
            "functional": [5, 4, 3, 4, 5, 5, 4, 3],
            "sacrifice": [2, 2, 3, 4, 1, 2, 3, 4],
        }
    )
    often = np.array([1, 1, 0, 0, 1, 1, 0, 0])
    rival = np.array([9.0, 9, 7, 6, 12, 11, 10, 7])
    loyal = [1, 1, 0, 0, 0, 1, 0, 1]
    benefits = ("social", "emotional", "functional")
    got = delivered_value.delivered_value(ratings, unit="points", values=benefits, costs=())
    assert got.to_list() == [12, 12, 9, 9, 15, 14, 12, 10]
    value = perceived_value(ratings)
    assert value.to_list() == [10, 10, 6, 5, 14, 12, 9, 6]
    # Means of 11.5 and 6.5: use goes with 5 points of value.
    use = perception_shift({"often": often}, value, model="linear")
    assert use.shifts.estimate[0] == pytest.approx(5, rel=1e-9)
    assert heterogeneity(value, often).group_means.tolist() == [6.5, 11.5]
    long = pd.DataFrame(
        {
            "who": np.tile(np.arange(8), 2),
            "offer": np.repeat(["firm", "rival"], 8),
            "value": np.concatenate([value, rival]),
        }
    )
    preferred = compare_offers("value", "offer", customer="who", data=long)
    preferred = preferred.pivot_table(index="offer", columns="quantity", values="estimate")
    assert preferred.loc["firm", "share_best"] == pytest.approx(4 / 8, rel=EXACT)
    above = relative_value("value", "offer", customer="who", data=long)[:8]
    assert above.to_list() == [1, 1, -1, -1, 2, 1, -1, -1]
    follows = value_loyalty(value, loyal, rivals=rival)
    assert follows.standing["loyalty"].iloc[[0, 2]].to_list() == [0.25, 0.75]
