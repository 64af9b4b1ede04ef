"""The better-worse plane: what is drawn, where it stands, and what is left alone."""

from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from loyaltymodel.attributes.kano.analysis import kano
from loyaltymodel.errors import DataError
from loyaltymodel.plots._kano_plane import kano_plane

from tolerances import EXACT

COUNTS = {
    "service app": {"M": 95, "O": 123, "A": 45, "I": 33},
    "hotline": {"M": 15, "O": 24, "A": 121, "I": 124, "R": 6, "Q": 6},
    "安全到达": {"M": 250, "O": 30, "A": 4, "I": 12},
}
CORNERS = ("Attractive", "One-dimensional", "Indifferent", "Must-be")


@pytest.fixture(scope="module")
def result():
    return kano(counts=COUNTS)


def rows_of(result, quantity):
    return result.better_worse[result.better_worse["quantity"] == quantity]


def crowd(k, n=80):
    rng = np.random.default_rng(3)
    drawn = rng.multinomial(n, rng.dirichlet(np.ones(4), k))
    return kano(
        counts={
            f"attribute {j}": dict(zip("AOMI", row, strict=True)) for j, row in enumerate(drawn)
        }
    )


def markers(ax):
    """Places of round markers and whether they are full."""
    found = {}
    for line in ax.lines:
        if line.get_marker() == "o":
            full = to_rgba(line.get_markerfacecolor()) != to_rgba("white")
            found.update({tuple(point): full for point in line.get_xydata()})
    return found


def names(ax):
    return [text for text in ax.texts if text.get_text() not in CORNERS]


def share_a_part(one, other):
    half_a_pixel = 0.5
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > half_a_pixel and height > half_a_pixel


def test_points_stand_at_the_coefficients_and_are_full_where_the_category_is_sure(result):
    drawn = markers(kano_plane(result))
    worse, better = (rows_of(result, name)["estimate"] for name in ("worse", "better"))
    expected = list(zip(-worse, better, strict=True))
    assert sorted(drawn) == sorted(expected)
    sure = (result.attributes["p_value"] < 0.05).to_list()
    assert sure == [False, False, True]
    assert [drawn[point] for point in expected] == sure


def test_intervals_are_drawn_whole(result):
    ax = kano_plane(result)
    across, upright = (
        np.array(lines.get_segments()) for lines in ax.collections if len(lines.get_segments()) == 3
    )
    worse, better = rows_of(result, "worse"), rows_of(result, "better")
    np.testing.assert_allclose(across[:, 0, 0], -worse["ci_high"], rtol=EXACT)
    np.testing.assert_allclose(across[:, 1, 0], -worse["ci_low"], rtol=EXACT)
    np.testing.assert_allclose(upright[:, :, 1], better[["ci_low", "ci_high"]], rtol=EXACT)


@pytest.mark.parametrize("k", [3, 10, 22])
def test_names_overlap_neither_each_other_nor_corners_and_stay_inside(k):
    ax = kano_plane(crowd(k))
    ax.figure.draw_without_rendering()
    assert sorted(text.get_text() for text in names(ax)) == sorted(
        f"attribute {j}" for j in range(k)
    )
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(share_a_part(a, b) for a, b in combinations(boxes, 2))
    whole = ax.get_window_extent()
    a_pixel = 1
    for box in boxes:
        assert box.x0 > whole.x0 - a_pixel
        assert box.x1 < whole.x1 + a_pixel
        assert box.y0 > whole.y0 - a_pixel
        assert box.y1 < whole.y1 + a_pixel


def test_quadrants_are_named_in_their_corners(result):
    ax = kano_plane(result)
    places = {text.get_text(): text.xy for text in ax.texts if text.get_text() in CORNERS}
    assert places == {
        "Attractive": (0, 1),
        "One-dimensional": (1, 1),
        "Indifferent": (0, 0),
        "Must-be": (1, 0),
    }


def test_attributes_without_coefficients_are_not_drawn():
    ax = kano_plane(kano(counts={"x": {"R": 5}, "y": {"O": 4, "A": 3}}))
    assert [text.get_text() for text in names(ax)] == ["y"]
    with pytest.raises(DataError, match="look at the frequencies"):
        kano_plane(kano(counts={"x": {"R": 5}}))


def test_intervals_that_leave_the_unit_square_are_in_view():
    ax = kano_plane(kano(counts={"x": {"O": 19, "I": 1}}, interval="wald"))
    assert ax.get_xlim()[1] > 1.04


def test_names_are_not_read_as_formulas():
    ax = kano_plane(kano(counts={"price $x_1$": {"O": 4, "I": 3}}))
    ax.figure.draw_without_rendering()
    assert not names(ax)[0].get_parse_math()


def test_given_axes_are_used_and_nothing_else_is_changed(result):
    before = dict(mpl.rcParams)
    _, ax = plt.subplots()
    assert kano_plane(result, ax=ax) is ax
    assert plt.get_fignums() == [ax.figure.number]
    assert dict(mpl.rcParams) == before
