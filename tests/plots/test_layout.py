"""The geometry of pictures: against brute force, and what must hold for any layout."""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loyaltymodel.plots import _layout

from tolerances import EXACT

# Whole numbers, so that plain arithmetic below is exact and touching really is touching.
WHOLE = st.integers(-6, 6)
POINT = st.tuples(WHOLE, WHOLE)
SEGMENT = st.tuples(POINT, POINT).filter(lambda ends: ends[0] != ends[1])
RECTANGLE = st.tuples(WHOLE, WHOLE, st.integers(1, 4), st.integers(1, 4))  # corner, half sizes

SCSB = [(0, 1), (0, 2), (1, 2), (2, 3), (2, 4), (3, 4)]
LABEL = (0.3, 0.12)
WIDTH = 3.41  # inches within a journal column


@st.composite
def graphs(draw, most):
    """A number of boxes, and arrows between them that close no circle, in any order."""
    n = draw(st.integers(2, most))
    pairs = list(combinations(draw(st.permutations(range(n))), 2))
    arrows = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=2 * n, unique=True))
    return n, arrows


def floats(*points):
    return [np.array([point], dtype=float) for point in points]


def centre_and_size(rectangle):
    left, bottom, half_width, half_height = rectangle
    centre = np.array([[left + half_width, bottom + half_height]], dtype=float)
    return centre, np.array([[2 * half_width, 2 * half_height]], dtype=float)


def boxes_of(n, width=0.77):
    """Sizes of boxes with a name, an index and an R2, in inches."""
    return np.tile([width, 0.36], (n, 1))


def overlapping(boxes, sizes):
    return [
        (a, b)
        for a, b in combinations(range(len(boxes)), 2)
        if (np.abs(boxes[a] - boxes[b]) < (sizes[a] + sizes[b]) / 2 - EXACT).all()
    ]


# Levels


@settings(max_examples=200)
@given(graphs(9))
def test_the_level_of_a_box_is_the_length_of_the_longest_route_to_it(graph):
    n, arrows = graph

    def longest(box):
        return max((1 + longest(s) for s, t in arrows if t == box), default=0)

    assert _layout.levels(n, arrows).tolist() == [longest(box) for box in range(n)]


# Plane geometry


@given(RECTANGLE, RECTANGLE)
def test_rectangles_overlap_when_they_share_a_unit_square(one, other):
    def squares(rectangle):
        left, bottom, half_width, half_height = rectangle
        return {
            (x, y)
            for x in range(left, left + 2 * half_width)
            for y in range(bottom, bottom + 2 * half_height)
        }

    (a, size_a), (b, size_b) = centre_and_size(one), centre_and_size(other)
    found = _layout._overlap(a, size_a, b, size_b, 0.0)
    assert bool(found[0]) == bool(squares(one) & squares(other))


@given(RECTANGLE, RECTANGLE, st.integers(0, 5))
def test_a_gap_between_rectangles_is_kept(one, other, gap):
    def between(low, length, other_low, other_length):
        return max(other_low - (low + length), low - (other_low + other_length))

    horizontal = between(one[0], 2 * one[2], other[0], 2 * other[2])
    vertical = between(one[1], 2 * one[3], other[1], 2 * other[3])
    (a, size_a), (b, size_b) = centre_and_size(one), centre_and_size(other)
    found = _layout._overlap(a, size_a, b, size_b, float(gap))
    assert bool(found[0]) == (horizontal < gap and vertical < gap)


def meeting(one, other):
    """Whether two segments that are not parallel have a point in common, in exact arithmetic."""
    (ax, ay), (bx, by) = one
    (cx, cy), (dx, dy) = other
    turn = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if turn == 0:
        return False
    along_one = Fraction((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx), turn)
    along_other = Fraction((cx - ax) * (by - ay) - (cy - ay) * (bx - ax), turn)
    return 0 <= along_one <= 1 and 0 <= along_other <= 1


@settings(max_examples=300)
@given(SEGMENT, SEGMENT)
def test_segments_cross_when_they_have_a_point_in_common(one, other):
    found = _layout._segments_cross(*floats(*one, *other))
    assert bool(found[0]) == meeting(one, other)


def passes(segment, rectangle):
    """Whether a segment and a rectangle have a point in common: inside, or on one of its sides."""
    left, bottom, half_width, half_height = rectangle
    right, top = left + 2 * half_width, bottom + 2 * half_height
    if any(left <= x <= right and bottom <= y <= top for x, y in segment):
        return True
    corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    return any(meeting(segment, side) for side in pairwise(corners))


@settings(max_examples=300)
@given(SEGMENT, RECTANGLE)
def test_a_segment_passes_through_a_rectangle_or_not(segment, rectangle):
    found = _layout._crosses_box(*floats(*segment), *centre_and_size(rectangle))
    assert bool(found[0, 0]) == passes(segment, rectangle)


def test_every_segment_is_held_against_every_rectangle():
    starts, ends = np.array([[0.0, 0.0], [0.0, 5.0]]), np.array([[9.0, 0.0], [9.0, 5.0]])
    boxes = np.array([[3.0, 0.0], [5.0, 5.0], [7.0, 2.5]])
    found = _layout._crosses_box(starts, ends, boxes, np.ones((3, 2)))
    assert found.tolist() == [[True, False, False], [False, True, False]]


def at_the_edges(boxes, sizes):
    """Whether an arrow begins and ends on the edges of its boxes, on the line between centres."""
    (start,), (end,) = _layout._between(boxes, np.array([[0, 1]]), sizes)
    out = np.abs((start - boxes[0]) / (sizes[0] / 2)).max()
    back = np.abs((end - boxes[1]) / (sizes[1] / 2)).max()
    way, part = boxes[1] - boxes[0], end - start
    aside = way[0] * part[1] - way[1] * part[0]
    return bool(np.allclose([out, back, aside], [1, 1, 0], rtol=0, atol=1e-9))


@given(RECTANGLE, RECTANGLE)
def test_arrows_begin_and_end_at_the_edges_of_their_boxes(one, other):
    (a, size_a), (b, size_b) = centre_and_size(one), centre_and_size(other)
    assume(not _layout._overlap(a, size_a, b, size_b, 0.0)[0])
    assert at_the_edges(np.vstack([a, b]), np.vstack([size_a, size_b]))


def test_an_arrow_from_a_narrow_box_to_a_wide_one_close_by_ends_at_its_edge():
    boxes, sizes = np.array([[0.0, 0.0], [0.65, 0.0]]), np.array([[0.4, 0.3], [0.8, 0.3]])
    assert not overlapping(boxes, sizes)
    assert at_the_edges(boxes, sizes)


@pytest.mark.parametrize(("degrees", "expected"), [(7, 0.5), (0, 1.0), (14, 0.0), (90, 0.0)])
def test_narrowness_is_the_share_of_fourteen_degrees_that_is_missing(degrees, expected):
    turn = np.radians(degrees)
    boxes = np.array([[0.0, 0.0], [2.0, 0.0], [3 * np.cos(turn), 3 * np.sin(turn)]])
    pairs = np.array([[0, 1], [0, 2]])
    found = _layout._narrowness(boxes, pairs, np.array([0]), np.array([1]))
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 1), (1, 2), True),
        ((0, 1), (0, 2), True),
        ((0, 1), (2, 1), True),
        ((0, 1), (2, 3), False),
    ],
)
def test_arrows_that_share_a_box(one, other, expected):
    found = _layout._share_a_box(np.array([one]), np.array([other]))
    assert bool(found[0]) == expected


# Search


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_no_single_change_lowers_the_cost_any_further(n_entries, seed):
    values = np.random.default_rng(seed).random((3,) * n_entries)

    def cost(entries):
        return values[tuple(entries.T)]  # of one row of entries, or of each row of a stack

    start = np.zeros(n_entries, dtype=np.intp)
    found, lowest = _layout._improve(cost, start, 3)
    assert lowest == cost(found) <= cost(start)
    for k in range(n_entries):
        for value in range(3):
            other = found.copy()
            other[k] = value
            assert cost(other) >= lowest - _layout._GAIN


# Whole layouts


def test_the_same_model_is_laid_out_the_same_way_each_time():
    first, second = (
        _layout.arrange(SCSB, boxes_of(5), LABEL, width=WIDTH, height=None) for _ in range(2)
    )
    for name in ("boxes", "starts", "ends", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.height == second.height


@pytest.mark.parametrize("height", [None, 3.0])
def test_a_layout_stays_within_its_width_and_height(height):
    sizes = boxes_of(5)
    layout = _layout.arrange(SCSB, sizes, LABEL, width=WIDTH, height=height)
    low, high = layout.boxes - sizes / 2, layout.boxes + sizes / 2
    np.testing.assert_allclose(low.min(axis=0), 0, atol=EXACT)
    np.testing.assert_allclose(high.max(axis=0), [WIDTH, layout.height], atol=EXACT)
    assert height is None or layout.height <= height


def test_boxes_without_arrows_stand_apart():
    layout = _layout.arrange([], boxes_of(3), LABEL, width=WIDTH, height=None)
    assert not overlapping(layout.boxes, boxes_of(3))
    assert layout.labels.shape == (0, 2)


# A layout of nine boxes takes a second or two.
@settings(max_examples=8)
@given(graphs(9))
def test_boxes_of_any_model_up_to_nine_never_overlap(graph):
    n, arrows = graph
    layout = _layout.arrange(arrows, boxes_of(n), LABEL, width=WIDTH, height=None)
    assert not overlapping(layout.boxes, boxes_of(n))
    for source, target in arrows:
        assert layout.boxes[source, 0] < layout.boxes[target, 0]


CROWDED = {
    "five drivers of the first of a chain": [*[(k, 5) for k in range(5)], (5, 6), (6, 7), (7, 8)],
    "three threes in the middle": [
        *[(0, k) for k in (1, 2, 3)],
        *[(k, k + 3) for k in (1, 2, 3)],
        *[(k, 7) for k in (4, 5, 6)],
        (7, 8),
    ],
}


@pytest.mark.parametrize("arrows", CROWDED.values(), ids=CROWDED)
def test_boxes_of_crowded_neighbouring_levels_never_overlap(arrows):
    layout = _layout.arrange(arrows, boxes_of(9), LABEL, width=WIDTH, height=None)
    assert not overlapping(layout.boxes, boxes_of(9))


def test_arrows_of_a_model_of_nine_with_thirteen_paths_pass_no_other_box():
    arrows = [(0, 1), (0, 2), (1, 3), (1, 4), (3, 4), (1, 6), (4, 6), (5, 6), (1, 7), (2, 7)]
    arrows += [(0, 8), (3, 8), (6, 8)]
    layout = _layout.arrange(arrows, boxes_of(9), LABEL, width=WIDTH, height=None)
    steps = np.linspace(0, 1, 300)[:, None]
    for arrow, start, end in zip(arrows, layout.starts, layout.ends, strict=True):
        others = np.delete(layout.boxes, arrow, axis=0)
        apart = np.abs((start + steps * (end - start))[:, None] - others)
        assert not (apart < boxes_of(7) / 2).all(axis=2).any(), arrow


@pytest.mark.parametrize("ways", [((0.2, 1.8), (1.8, 0.2)), ((1.0, 1.0), (1.05, 1.05))])
def test_labels_of_arrows_that_cross_or_run_side_by_side_stand_apart(ways):
    starts = np.array([[0.8, start] for start, _ in ways])
    ends = np.array([[2.6, end] for _, end in ways])
    places, _ = _layout._place_labels(np.zeros((1, 2)), boxes_of(1), starts, ends, LABEL)
    assert not overlapping(places, np.tile(LABEL, (2, 1)))


def test_a_label_does_not_stand_on_a_box_in_the_middle_of_its_arrow():
    boxes, sizes = np.array([[0.4, 1.0], [3.0, 1.0], [1.7, 1.0]]), boxes_of(3, width=0.6)
    starts, ends = _layout._between(boxes, np.array([[0, 1]]), sizes)
    (place,), _ = _layout._place_labels(boxes, sizes, starts, ends, LABEL)
    assert not overlapping(np.vstack([boxes, [place]]), np.vstack([sizes, [LABEL]]))


# Names beside points


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6, unique=True)
)
def test_names_beside_points_overlap_neither_names_nor_points(places):
    points = np.array(places, dtype=float) * [0.6, 0.4] + 0.6
    sizes = np.tile([0.45, 0.1], (len(points), 1))
    bounds = (0.0, 0.0, 4.8, 3.6)
    centres = _layout.place_beside(points, sizes, bounds)
    assert not overlapping(centres, sizes)
    for centre, size in zip(centres, sizes, strict=True):
        assert not (np.abs(points - centre) < size / 2).all(axis=1).any()
        assert (centre - size / 2 >= bounds[:2]).all()
        assert (centre + size / 2 <= bounds[2:]).all()


def test_a_lone_name_stands_to_the_right_of_its_point():
    (centre,) = _layout.place_beside(np.array([[1.0, 1.0]]), np.array([[0.4, 0.1]]), (0, 0, 3, 3))
    np.testing.assert_allclose(centre, [1 + 0.07 + 0.2, 1.0], atol=EXACT)


def test_a_name_does_not_cover_the_next_point():
    # To the right of its point the first name would reach over the second, and just not to the
    # second name.
    points, sizes = np.array([[1.0, 1.0], [1.3, 1.0]]), np.array([[0.26, 0.1], [0.02, 0.1]])
    first, second = _layout.place_beside(points, sizes, (0, 0, 3, 3))
    assert first[0] < points[0, 0]
    assert second[0] > points[1, 0]


def test_a_name_at_the_right_edge_stands_to_the_left():
    (centre,) = _layout.place_beside(np.array([[2.9, 1.0]]), np.array([[0.4, 0.1]]), (0, 0, 3, 3))
    assert centre[0] < 2.9


def test_a_name_stands_off_lines_and_what_is_taken():
    point, size, bounds = np.array([[1.0, 1.0]]), np.array([[0.4, 0.1]]), (0, 0, 3, 3)
    # A cross through the point leaves the four corners, of which one is taken.
    cross = np.array([[[0.5, 1.0], [1.5, 1.0]], [[1.0, 0.5], [1.0, 1.5]]])
    taken = np.array([[[1.0, 1.0], [1.6, 1.6]]])
    (centre,) = _layout.place_beside(point, size, bounds, lines=cross)
    assert (centre > point[0]).all()
    (centre,) = _layout.place_beside(point, size, bounds, lines=cross, taken=taken)
    assert centre[0] < 1 < centre[1]


def test_each_name_stands_closest_to_its_own_point():
    # To the right of its point each but the last name would end nearer to the next one.
    points, sizes = np.array([[1.0, 1.0], [1.3, 1.0], [1.6, 1.0]]), np.tile([0.18, 0.1], (3, 1))
    centres = _layout.place_beside(points, sizes, (0, 0, 3, 3))
    for k, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        ends = np.clip(points, centre - size / 2, centre + size / 2)
        assert np.hypot(*(ends - points).T).argmin() == k


def test_rectangles_touch_if_any_two_overlap():
    sizes = np.ones((3, 2))
    assert not _layout.touching(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]]), sizes)
    assert _layout.touching(np.array([[0.0, 0.0], [3.0, 0.0], [0.5, 0.9]]), sizes)


@settings(max_examples=20)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_places_are_chosen_as_well_as_any_single_change_can(k, seed):
    rng = np.random.default_rng(seed)
    spots, sizes, alone = rng.random((k, 4, 2)), np.full((k, 2), 0.3), rng.random((k, 4))

    def cost(choices):
        centres = spots[np.arange(k), choices]
        near = (np.abs(centres[:, None] - centres) < sizes + 0.02).all(axis=-1)
        return alone[np.arange(k), choices].sum() + 10 * np.triu(near, 1).sum()

    for tries in (0, 3):
        found, value = _layout._choose(spots, sizes, alone, near=0.02, tries=tries)
        assert value == pytest.approx(cost(found), rel=EXACT)
        for label in range(k):
            for place in range(4):
                other = found.copy()
                other[label] = place
                assert cost(other) >= value - _layout._GAIN
