"""Pictures of attributes: what is drawn, where it stands, and what is left alone."""

from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from loyaltymodel import datasets
from loyaltymodel.attributes.drivers.contrast import penalty_reward
from loyaltymodel.attributes.drivers.importance import key_drivers
from loyaltymodel.attributes.drivers.performance import importance_performance
from loyaltymodel.errors import OptionError
from loyaltymodel.plots import attributes as plots

NINE = [f"PERQ{k}" for k in range(1, 8)] + ["PERV1", "PERV2"]


@pytest.fixture(scope="module")
def survey():
    return datasets.load_mobile_phones()


@pytest.fixture(scope="module", params=[0, 200], ids=["alone", "with intervals"])
def results(request, survey):
    options = {"data": survey, "n_resamples": request.param, "rng": 1}
    return {
        "importance_performance_grid": importance_performance(
            NINE, "CUSA1", scale=(1, 10), **options
        ),
        "driver_shares": key_drivers(NINE, "CUSA1", **options),
        "penalty_reward": penalty_reward(NINE[:7], "CUSA1", cuts=(6, 9), **options),
    }


PICTURES = ["importance_performance_grid", "driver_shares", "penalty_reward"]
any_picture = pytest.mark.parametrize("name", PICTURES)


def marks(ax):
    """Coordinates of everything drawn with a mark."""
    return [line.get_xydata() for line in ax.lines if line.get_marker() == "o"]


def boxes_of(ax):
    renderer = ax.figure.canvas.get_renderer()
    return {text.get_text(): text.get_window_extent(renderer) for text in ax.texts}


@any_picture
def test_pictures_draw_where_they_are_told_and_change_no_setting(name, results):
    before = dict(mpl.rcParams)
    _, ax = plt.subplots()
    assert getattr(plots, name)(results[name], ax=ax) is ax
    assert len(plt.get_fignums()) == 1
    own = getattr(plots, name)(results[name])
    assert own.figure.get_size_inches()[0] == 3.5
    assert dict(mpl.rcParams) == before


@any_picture
def test_names_are_shown_as_given(name, results):
    ax = getattr(plots, name)(results[name], names={"PERQ1": "$质量"})
    shown = [text.get_text() for text in (*ax.texts, *ax.get_yticklabels())]
    assert "$质量" in shown
    assert "PERQ1" not in shown
    ax.figure.draw_without_rendering()
    for bad in ({"QUALITY": "x"}, "PERQ1"):
        with pytest.raises(OptionError, match="names"):
            getattr(plots, name)(results[name], names=bad)


def test_the_grid_shows_attributes_cut_offs_and_intervals(results):
    result = results["importance_performance_grid"]
    ax = plots.importance_performance_grid(result)
    (points,) = marks(ax)
    np.testing.assert_array_equal(points[:, 0], result.attributes["performance"])
    np.testing.assert_array_equal(points[:, 1], result.attributes["importance"])
    dashed = [line.get_xydata() for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed[0][0, 1] == result.cuts["importance"]
    assert dashed[1][0, 0] == result.cuts["performance"]
    if result.n_resamples:
        segments = [line.get_xydata() for line in ax.lines if line.get_alpha() == 0.7]
        rows = result.coordinates.set_index(["quantity", "attribute"])
        assert len(segments) == 18
        for k, attribute in enumerate(NINE):
            across, upright = segments[k], segments[9 + k]
            ends = ["ci_low", "ci_high"]
            assert across[:, 0].tolist() == rows.loc[("performance", attribute), ends].to_list()
            assert upright[:, 1].tolist() == rows.loc[("importance", attribute), ends].to_list()
    assert ax.get_xlabel() == "Performance (mean answer, 1 to 10)"
    assert ax.get_ylabel() == "Importance for CUSA1 (LMG)"


def test_names_in_the_grid_overlap_nothing(results):
    ax = plots.importance_performance_grid(results["importance_performance_grid"])
    ax.figure.draw_without_rendering()
    boxes = boxes_of(ax)
    assert len(boxes) == 13
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert not a.overlaps(b), (one, other)
    (points,) = marks(ax)
    for spot in ax.transData.transform(points):
        assert not any(box.contains(*spot) for box in boxes.values())
    frame = ax.get_window_extent()
    for name in NINE:
        assert frame.contains(boxes[name].x0, boxes[name].y0)
        assert frame.contains(boxes[name].x1, boxes[name].y1)


def test_the_four_names_stand_in_their_corners(results):
    ax = plots.importance_performance_grid(results["importance_performance_grid"])
    ax.figure.draw_without_rendering()
    boxes = boxes_of(ax)
    act, keep, low, overkill = (
        boxes[name]
        for name in (
            "concentrate here",
            "keep up the good work",
            "low priority",
            "possible overkill",
        )
    )
    assert act.y0 > low.y1
    assert keep.y0 > overkill.y1
    assert act.x1 < keep.x0
    assert low.x1 < overkill.x0


def test_equal_importance_and_performance_are_a_line_if_there_is_a_scale():
    data = {"a": [4, 6], "b": [5, 8]}
    stated = importance_performance(data, importance=data, scale=(1, 10))
    ax = plots.importance_performance_grid(stated)
    (line,) = [line.get_xydata() for line in ax.lines if line.get_linestyle() == ":"]
    assert line.tolist() == [[1, 1], [10, 10]]
    assert ax.get_ylabel() == "Importance (mean answer, 1 to 10)"
    # The line does not widen the picture.
    assert ax.get_xlim()[0] > 4
    ranked = importance_performance(
        data, importance={"a": [1, 1], "b": [2, 2]}, importance_as="rank_sum"
    )
    ax = plots.importance_performance_grid(ranked)
    assert ax.get_ylabel() == "Importance (mean weight from ranks)"
    bare = plots.importance_performance_grid(importance_performance(data, importance=data))
    assert not [line for line in bare.lines if line.get_linestyle() == ":"]


@pytest.mark.parametrize("measure", ["pratt", "relative_weights", "lmg"])
def test_shares_stand_from_large_to_small(measure, results):
    result = results["driver_shares"]
    ax = plots.driver_shares(result, measure=measure)
    shares = 100 * result.shares[measure].sort_values(ascending=False, kind="stable")
    (points,) = marks(ax)
    assert points[:, 0] == pytest.approx(shares.to_numpy())
    assert [text.get_text() for text in ax.get_yticklabels()] == list(shares.index)
    (bars,) = ax.collections
    if not result.n_resamples:
        return
    rows = result.importance.query("measure == @measure + '_share'").set_index("driver")
    for segment, name in zip(bars.get_segments(), shares.index, strict=True):
        ends = 100 * rows.loc[name, ["ci_low", "ci_high"]].to_numpy(dtype=float)
        assert segment[:, 0] == pytest.approx(ends)


def test_an_unknown_division_is_refused(results):
    with pytest.raises(OptionError, match="measure='first' is not an option"):
        plots.driver_shares(results["driver_shares"], measure="first")


def test_penalties_are_hollow_and_rewards_full(results):
    result = results["penalty_reward"]
    ax = plots.penalty_reward(result)
    groups = result.effects.set_index("attribute").groupby("quantity")["estimate"]
    table = pd.DataFrame(dict(list(groups))).loc[NINE[:7]]
    table = table.sort_values("range", ascending=False, kind="stable")
    penalty, reward = (line for line in ax.lines if line.get_marker() == "o")
    assert penalty.get_xdata() == pytest.approx(table["penalty"].to_numpy())
    assert reward.get_xdata() == pytest.approx(table["reward"].to_numpy())
    assert penalty.get_markerfacecolor() == "white"
    assert reward.get_markerfacecolor() != "white"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["penalty", "reward"]
    assert len(ax.collections) == 2  # intervals of both
