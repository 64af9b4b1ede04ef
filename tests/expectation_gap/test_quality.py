"""Gronroos, profiles of indicators, and what a brand's image adds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from loyaltymodel import evidence
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import (
    brand_effect,
    quality_profile,
)

from tolerances import EXACT, SAME

POINT, SHARE = st.floats(0, 10), st.floats(0, 1)


# Lists


def test_lists_are_those_of_the_texts():
    sizes = {
        "constituents": 18, "perception": 3, "factors": 5, "garvin": 8, "supplier": 7,
        "purchase": 4, "product": 5, "offer": 4,
    }  # fmt: skip
    assert {name: len(evidence.catalogue(name)) for name in sizes} == sizes
    lists = {name: evidence.catalogue(name)["chinese"].tolist() for name in sizes}
    assert lists["supplier"] == [
        "按时送达率", "品质", "功能", "服务", "价格", "交流能力", "信任度"
    ]  # 004:203 # fmt: skip
    assert lists["purchase"] == ["质量", "性能", "价格", "交付时间"]  # 004:97
    assert lists["product"] == ["品质", "特征", "功能", "形象", "价格"]  # 004:199
    assert lists["offer"] == ["产品", "服务", "价格", "售后"]  # 000:184
    assert lists["perception"] == [
        "对服务质量的感知", "对服务价值的感知", "顾客满意的感知"
    ]  # 000:239-241 # fmt: skip
    assert lists["constituents"] == [  # 003:434-453, 479-481 and 530-532
        "品质", "机能", "性能", "效率", "价格",
        "设计", "色彩", "名称", "香味", "声音", "容易操作性", "方便", "使用说明书",
        "店铺、店内的气氛", "销售员的待客态度", "售后、资讯服务", "社会贡献活动", "环境保护活动",
    ]  # fmt: skip
    sources = evidence.catalogue().set_index("list")["sources"]
    assert sources[["supplier", "product", "offer"]].tolist() == ["004:203", "004:199", "000:184"]
    assert evidence.catalogue("garvin")["id"].tolist() == [
        "performance", "features", "reliability", "conformance", "durability", "serviceability",
        "aesthetics", "perceived_quality",
    ]  # fmt: skip
    elements = evidence.catalogue("constituents")
    assert set(elements.loc[~elements["direct"], "group"]) == {"corporate image"}
    with pytest.raises(OptionError, match="'garvin'"):
        quality_profile("gavin", {"features": 3}, scale=(1, 5))


def test_any_list_may_be_scored():
    # How far the four means of building loyalty are used, from 0 to 1.
    done = {"treatment": 1, "rewards": 0.5, "values": 0, "switching_cost": 1}
    found = quality_profile("measures", done, scale=(0, 1))
    assert found.total == 62.5
    assert found.elements["part"].tolist() == ["measures"] * 4


def test_a_profile_is_worked_out_person_by_person():
    rng = np.random.default_rng(3)
    people = pd.DataFrame(
        {"quality": rng.integers(1, 6, 30), "price": rng.integers(1, 11, 30),
         "environment": rng.uniform(0, 1, 30)}
    )  # fmt: skip
    scale = {"quality": (1, 5), "price": (1, 10), "environment": (0, 1)}
    weights = {"quality": 3, "price": 1, "environment": 2}
    result = quality_profile(
        "constituents", {name: name for name in people}, scale=scale, weights=weights, data=people
    )
    q, p, e = (
        25 * (people["quality"] - 1),
        100 * (people["price"] - 1) / 9,
        (100 * people["environment"]),
    )
    total = (3 * q + p + 2 * e) / 6
    assert result.total == pytest.approx(total.mean(), abs=SAME)
    theirs = stats.t.interval(0.95, 29, total.mean(), stats.sem(total))
    parts = result.parts.set_index("part")
    ends = parts.loc["total", ["ci_low", "ci_high"]].astype(float)
    np.testing.assert_allclose(ends, theirs, atol=SAME)
    own = stats.sem(e)
    assert parts.loc["indirect", "std_error"] == pytest.approx(own, rel=SAME)
    scores = parts["estimate"]
    assert scores["direct"] == pytest.approx(((3 * q + p) / 4).mean(), abs=SAME)
    assert scores["indirect"] == pytest.approx(e.mean(), abs=SAME)
    assert result.elements["contribution"].sum() == pytest.approx(result.total, abs=SAME)
    assert ("intervals", "95%") in result.summary().facts
    table = people[list(scale)]
    again = quality_profile("constituents", table, scale=scale, weights=weights)
    pd.testing.assert_frame_equal(again.parts, result.parts)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_a_profile_does_not_depend_on_the_scale(answers):
    scores = dict(zip(evidence.catalogue("garvin")["id"], answers, strict=False))
    plain = quality_profile("garvin", scores, scale=(1, 5))
    moved = quality_profile("garvin", {k: 20 * v - 7 for k, v in scores.items()}, scale=(13, 93))
    assert plain.total == pytest.approx(moved.total, abs=SAME)
    assert 0 <= plain.total <= 100
    assert plain.parts[["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
    assert np.isnan(plain.parts["estimate"][2])  # nothing indirect


BAD = [
    (("garvin", {}), {}, DataError, "at least one variable"),
    (("garvin", {"perfomance": 3}), {}, OptionError, "did you mean 'performance'"),
    (("list", {"quality": 3}), {}, OptionError, "there is no list 'list'"),
    (("garvin", {"features": 9}), {}, DataError, "between 1 and 5"),
    (("garvin", {"features": np.nan}), {}, DataError, "missing"),
    (("garvin", {"features": 3}), {"scale": {"durability": (1, 5)}}, OptionError, "features"),
    (("garvin", {"features": 3}), {"scale": (5, 1)}, OptionError, "lower one first"),
    (("garvin", {"features": 3}), {"weights": {"durability": 1}}, OptionError, "features"),
    (("garvin", {"features": 3}), {"weights": {"features": 0}}, OptionError, "not all 0"),
    (("garvin", {"features": 3}), {"weights": {"features": "a"}}, OptionError, "must be a number"),
]


@pytest.mark.parametrize(("given", "options", "error", "says"), BAD)
def test_bad_profiles_are_refused_with_a_way_out(given, options, error, says):
    with pytest.raises(error, match=says):
        quality_profile(*given, **{"scale": (1, 5), **options})


def test_equal_scores_show_no_error():
    scores = {"on_time_rate": [0.9, 0.9, 0.9], "price": [2, 3, 2]}
    limits = {"on_time_rate": (0, 1), "price": (1, 5)}
    direct = {k: quality_profile("supplier", {k: scores[k]}, scale=limits[k]) for k in scores}
    assert np.isnan(direct["on_time_rate"].estimates.ci_low[0])
    assert not np.isnan(direct["price"].estimates.ci_low[0])


# Brands


def test_the_brand_effect_is_that_of_the_teaching_text():
    names = ["Pepsi", "Coke", "neither"]
    shares = [
        dict(zip(names, [figure.low for figure in evidence.get(number)], strict=True))
        for number in ("B39", "B40")
    ]
    table = brand_effect(*shares, n_branded=200, n_blind=100)
    np.testing.assert_allclose(table["estimate"], [-0.28, 0.21, 0.07], atol=EXACT)
    error = np.sqrt(0.23 * 0.77 / 200 + 0.51 * 0.49 / 100)
    assert table["std_error"][0] == pytest.approx(error, abs=EXACT)
    for row, (p, q) in zip(table.itertuples(), ((46, 51), (130, 44), (24, 5)), strict=True):
        ends = confint_proportions_2indep(p, 200, q, 100, method="newcomb", compare="diff")
        assert (row.ci_low, row.ci_high) == pytest.approx(ends, abs=SAME)
        assert (row.p_value < 0.05) == (not row.ci_low <= 0 <= row.ci_high)


def test_a_brand_that_nobody_or_everybody_wants_has_an_interval_within_the_range():
    table = brand_effect({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, n_branded=10, n_blind=10)
    low = stats.binomtest(10, 10).proportion_ci(method="wilson").low
    # Newcombe: 1 - sqrt(2 (1 - l)^2), with l the lower end of 10 of 10.
    assert table["ci_low"][0] == pytest.approx(1 - np.sqrt(2) * (1 - low), abs=SAME)
    assert table["ci_high"].tolist() == pytest.approx([1, -table["ci_low"][0]])
    same = brand_effect({"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 0.0}, n_branded=10, n_blind=10)
    assert same["ci_low"][0] == pytest.approx(low - 1, abs=SAME)
    assert same["p_value"].tolist() == [1, 1]


@pytest.mark.slow
def test_intervals_of_brand_effects_cover_as_often_as_they_say():
    # 2,000 samples: the share that cover has a standard error of 0.005; four of them are 0.02.
    rng = np.random.default_rng(5)
    branded, blind = rng.binomial(200, 0.3, 2000) / 200, rng.binomial(150, 0.5, 2000) / 150
    covered = 0
    for p, q in zip(branded, blind, strict=True):
        table = brand_effect({"a": p, "b": 1 - p}, {"a": q, "b": 1 - q}, n_branded=200, n_blind=150)
        covered += table["ci_low"][0] <= -0.2 <= table["ci_high"][0]
    assert covered / 2000 == pytest.approx(0.95, abs=0.02)


A, B = {"a": 0.4, "b": 0.6}, {"a": 0.5, "b": 0.5}
BAD_BRANDS = [
    ((A, {"a": 0.5, "c": 0.5}), {}, DataError, "b, c are in one"),
    (({"a": 40, "b": 60}, B), {}, DataError, "by 100"),
    (({"a": 0.4, "b": 0.5}, B), {}, DataError, "add up to 1"),
    (({"a": 1.4, "b": -0.4}, B), {}, DataError, "between 0 and 1"),
    (({"a": "x", "b": 0.5}, B), {}, OptionError, "must be a number"),
    (({}, {}), {}, DataError, "mapping"),
    ((A, B), {"n_branded": 100}, OptionError, "n_blind=None"),
    ((A, B), {"n_branded": 0, "n_blind": 9}, OptionError, "at least 1"),
    ((A, B), {"level": 0}, OptionError, "0.95"),
]


@pytest.mark.parametrize(("shares", "options", "error", "says"), BAD_BRANDS)
def test_bad_shares_are_refused_with_a_way_out(shares, options, error, says):
    with pytest.raises(error, match=says):
        brand_effect(*shares, **options)
