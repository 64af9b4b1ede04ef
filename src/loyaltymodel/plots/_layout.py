"""Where things go: boxes in layers from cause to effect, and labels that do not overlap.

Lengths are inches. A layout is found by trying: from many beginnings, rows of boxes and places of
labels are changed one at a time as long as that makes the picture clearer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

Edges = Sequence[tuple[int, int]]

_ROW_GAP = 0.24  # between boxes in neighbouring rows
_ROWS = 7  # rows to choose from, if there are boxes enough
_STARTS = 30  # arrangements to begin from
_BEST = 12  # of the pictures found, those whose labels are placed
_CLOSE = np.radians(14)  # arrows at one box that lie closer are hard to tell apart
_HEADS = 0.13  # arrow heads closer than this run into one
_GAP = 0.1  # between boxes, at least
_GAIN = 1e-9  # a change that gains less is none
_NEAR = (0.02, 0.05)  # coefficients, and names, that come closer to each other run into one
# Of names beside points: in which directions, and how far away, they are tried.
_AROUND = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
_REACHES = (1.0, 1.8, 2.8, 4.0, 5.5)
_STEP = 0.07  # from a point to its name at the shortest reach
_TRIES = 12  # searches from elsewhere, where names still lie on each other


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Centres of boxes and of labels, and the ends of the arrows between boxes."""

    boxes: FloatArray  # (j, 2)
    starts: FloatArray  # (e, 2)
    ends: FloatArray  # (e, 2)
    labels: FloatArray  # (e, 2)
    height: float


def levels(n: int, edges: Edges) -> IntArray:
    """Length of the longest route to each box, so that every arrow leads to a higher level."""
    level = np.zeros(n, dtype=np.intp)
    for _ in range(n):
        for source, target in edges:
            level[target] = max(level[target], level[source] + 1)
    return level


def arrange(
    edges: Edges,
    sizes: FloatArray,
    label: tuple[float, float],
    *,
    width: float,
    height: float | None,
) -> Layout:
    """Lay out boxes of given sizes (j, 2) in a picture of given width, and height if one is set.

    Arrows run straight from box to box and have a label of a given size.
    """
    level = levels(len(sizes), edges)
    step = (width - sizes[:, 0].max()) / max(level.max(), 1)
    x = sizes[:, 0].max() / 2 + level * step
    row_height = sizes[:, 1].max() + _ROW_GAP + label[1]
    # Boxes of so many neighbouring levels overlap in width, and need a row of their own.
    near = int(np.ceil((sizes[:, 0].max() + _GAP) / max(step, _GAP)))
    crowd = [int(((level >= k) & (level < k + near)).sum()) for k in range(level.max() + 1)]
    n_rows = max(3, min(len(sizes) - 1, _ROWS), *crowd)
    if height is not None:
        row_height = min(row_height, (height - sizes[:, 1].max()) / (n_rows - 1))
    pairs = np.array(edges, dtype=np.intp).reshape(-1, 2)

    def boxes_in(rows: IntArray) -> FloatArray:
        above = (rows - rows.min(axis=-1, keepdims=True)) * row_height
        return np.stack([np.broadcast_to(x, rows.shape), above + sizes[:, 1].max() / 2], axis=-1)

    def cost(rows: IntArray) -> FloatArray:
        return _box_cost(boxes_in(rows), pairs, sizes, label)

    tried = sorted(
        (_improve(cost, start, n_rows) for start in _first_rows(level, n_rows)),
        key=lambda found: found[1],
    )
    # Of the pictures found, the one whose labels fit best as well.
    choices = []
    for rows, tangle in tried[:_BEST]:
        starts, ends = _between(boxes_in(rows), pairs, sizes)
        places, jam = _place_labels(boxes_in(rows), sizes, starts, ends, label)
        used = float(np.ptp(rows) * row_height + sizes[:, 1].max())
        layout = Layout(boxes_in(rows), starts, ends, places, used)
        choices.append((tangle + 25 * jam, layout))
    return min(choices, key=lambda choice: choice[0])[1]


def touching(centres: FloatArray, sizes: FloatArray) -> bool:
    """Tell whether two rectangles (k, 2) overlap."""
    first, second = np.triu_indices(len(sizes), 1)
    return bool(_overlap(centres[first], sizes[first], centres[second], sizes[second], 0.0).any())


def place_beside(
    points: FloatArray,
    sizes: FloatArray,
    bounds: tuple[float, float, float, float],
    *,
    lines: FloatArray | None = None,
    taken: FloatArray | None = None,
) -> FloatArray:
    """Find centres for the names (k, 2 sizes) of points (k, 2): beside, off names and points.

    They also keep off lines (m, 2, 2), which are given by their ends, and off what is taken
    (t, 2, 2), given by two opposite corners; and they stay within bounds: left, bottom, right, top.
    """
    k = len(points)
    around = np.array([(reach * dx, reach * dy) for reach in _REACHES for dx, dy in _AROUND])
    spots = points[:, None] + _STEP * around + np.sign(around) * sizes[:, None] / 2
    flat, size = spots.reshape(-1, 2), np.repeat(sizes, len(around), axis=0)
    outside = (flat - size / 2 < bounds[:2]) | (flat + size / 2 > bounds[2:])
    on_point = _overlap(flat[:, None], size[:, None], points, np.zeros(2), 0.03).sum(axis=1)
    # A name that lies as close to another point could be read as that of the other.
    edges = np.clip(points, (flat - size / 2)[:, None], (flat + size / 2)[:, None])
    distance = np.hypot(*np.moveaxis(edges - points, -1, 0))
    own = distance[np.arange(len(flat)), np.repeat(np.arange(k), len(around))]
    strange = (distance <= own[:, None] + _GAIN).sum(axis=1) - 1
    order = np.tile(np.arange(len(around)), k)  # the first places are the most natural
    alone = 20.0 * outside.sum(axis=1) + 5.0 * on_point + 2.0 * strange + 0.02 * order
    if lines is not None:
        alone += 2.0 * _crosses_box(lines[:, 0], lines[:, 1], flat, size).sum(axis=0)
    if taken is not None:
        centres, extents = taken.mean(axis=1), np.ptp(taken, axis=1)
        alone += 8.0 * _overlap(flat[:, None], size[:, None], centres, extents, 0.01).sum(axis=1)
    choices, _ = _choose(spots, sizes, alone.reshape(k, -1), near=_NEAR[1], tries=_TRIES)
    return np.asarray(spots[np.arange(k), choices], dtype=np.float64)


def spread(wanted: FloatArray, sizes: FloatArray, low: float, high: float) -> FloatArray:
    """Return centres of things of some sizes on a line, as near as can be to where they should be.

    They neither overlap nor leave low to high, if there is room enough.
    """
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  slow to import

    order = np.argsort(wanted, kind="stable")
    size = sizes[order]
    before = np.cumsum(size) - size / 2  # of each centre, if all stood side by side from 0
    moved = isotonic_regression(wanted[order] - before).x
    room = high - size.sum()
    moved = np.clip(moved, low, room) if room >= low else np.full_like(moved, (low + room) / 2)
    found = np.empty_like(moved)
    found[order] = moved + before
    return found


def _first_rows(level: IntArray, n_rows: int) -> list[IntArray]:
    """Rows to start from: boxes of a level one above the other, and levels in zigzags."""
    within = np.array([int((level[:k] == level[k]).sum()) for k in range(len(level))])
    zigzags = ([0, 2, 1], [1, 0, 2], [0, 1], [1, 0], [0, 2, 4, 1, 3], [2, 0, 3, 1, 4])
    starts = [(np.array(zigzag)[level % len(zigzag)] + within) % n_rows for zigzag in zigzags]
    # Always the same, so that a model always gets the same picture.
    scattered = np.random.default_rng(0).integers(0, n_rows, (_STARTS - len(starts), len(level)))
    return [np.asarray(start, dtype=np.intp) for start in [*starts, *scattered]]


def _improve(
    cost: Callable[[IntArray], FloatArray], start: IntArray, n_values: int
) -> tuple[IntArray, float]:
    """Change one entry at a time while that lowers the cost; return entries and cost.

    The cost is that of a row of entries, or of each row of a stack.
    """
    current, value = start, float(cost(start))
    moved = True
    while moved:
        moved = False
        for k in range(len(start)):
            trials = np.tile(current, (n_values, 1))
            trials[:, k] = np.arange(n_values)
            tried = cost(trials)
            best = int(tried.argmin())
            if tried[best] < value - _GAIN:
                current, value, moved = trials[best], float(tried[best]), True
    return current, value


def _choose(
    spots: FloatArray, sizes: FloatArray, alone: FloatArray, *, near: float, tries: int = 0
) -> tuple[IntArray, float]:
    """Choose one of c places (k, c, 2) for each of k labels, so that they lie off each other.

    What a place costs for itself is ``alone`` (k, c). Returns the choices, and their cost.
    """
    k, n_choices, _ = spots.shape
    each = np.arange(k)
    size = np.broadcast_to(sizes[:, None], spots.shape)
    meets = 10.0 * _overlap(spots[:, :, None, None], size[:, :, None, None], spots, size, near)
    meets[each, :, each] = 0.0  # a label does not meet itself

    def descend(choices: IntArray) -> tuple[IntArray, float]:
        moved = True
        while moved:
            moved = False
            for label in range(k):
                costs = alone[label] + meets[label][:, each, choices].sum(axis=1)
                best = int(costs.argmin())
                if costs[best] < costs[choices[label]] - _GAIN:
                    choices[label], moved = best, True
        crowd = meets[each[:, None], choices[:, None], each, choices].sum() / 2
        return choices, float(alone[each, choices].sum() + crowd)

    found, value = descend(np.zeros(k, dtype=np.intp))
    rng = np.random.default_rng(0)  # always the same picture
    for _ in range(tries):
        if not meets[each[:, None], found[:, None], each, found].any():
            break
        shaken = np.where(rng.random(k) < 1 / 3, rng.integers(0, n_choices, k), found)
        other, cost = descend(shaken)
        if cost < value - _GAIN:
            found, value = other, cost
    return found, value


def _box_cost(
    boxes: FloatArray, pairs: IntArray, sizes: FloatArray, label: tuple[float, float]
) -> FloatArray:
    """Add up what makes pictures (..., j, 2) hard to read: overlaps, then tangles, then length."""
    first, second = np.triu_indices(len(sizes), 1)
    touch = _overlap(boxes[..., first, :], sizes[first], boxes[..., second, :], sizes[second], _GAP)
    starts, ends = _between(boxes, pairs, sizes)
    crossing = _crosses_box(starts, ends, boxes, sizes + 0.08)
    own = (pairs[:, :, None] == np.arange(len(sizes))).any(axis=1)
    visible = np.hypot(*np.moveaxis(ends - starts, -1, 0))
    short = np.clip(label[0] + 0.16 - visible, 0, None)
    one, other = np.triu_indices(len(pairs), 1)
    shared = _share_a_box(pairs[one], pairs[other])
    crossings = ~shared & _segments_cross(
        starts[..., one, :], ends[..., one, :], starts[..., other, :], ends[..., other, :]
    )
    narrow = _narrowness(boxes, pairs, one[shared], other[shared])
    meet = np.hypot(*np.moveaxis(ends[..., one, :] - ends[..., other, :], -1, 0))
    merged = np.clip(1 - meet / _HEADS, 0, None)
    return np.asarray(
        1000 * touch.sum(axis=-1)
        + 40 * (crossing & ~own).sum(axis=(-2, -1))
        + 5 * crossings.sum(axis=-1)
        + 12 * narrow
        + 6 * merged.sum(axis=-1)
        + 30 * short.sum(axis=-1)
        + 0.5 * visible.sum(axis=-1)
        + 0.6 * np.ptp(boxes[..., 1], axis=-1)
    )


def _overlap(
    a: FloatArray, size_a: FloatArray, b: FloatArray, size_b: FloatArray, gap: float
) -> BoolArray:
    """Tell whether rectangles about centres come closer than a gap."""
    close = np.abs(a - b) < (size_a + size_b) / 2 + gap
    return np.asarray(close.all(axis=-1), dtype=bool)


def _share_a_box(a: IntArray, b: IntArray) -> BoolArray:
    shared: BoolArray = (a[:, :, None] == b[:, None, :]).any(axis=(1, 2))
    return shared


def _between(
    boxes: FloatArray, pairs: IntArray, sizes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return ends of the straight arrows from centre to centre, cut where they leave the boxes."""
    source, target = boxes[..., pairs[:, 0], :], boxes[..., pairs[:, 1], :]
    way = target - source
    with np.errstate(divide="ignore"):
        out = (sizes[pairs[:, 0]] / 2 / np.abs(way)).min(axis=-1)
        back = (sizes[pairs[:, 1]] / 2 / np.abs(way)).min(axis=-1)
    both = np.maximum(out + back, 1.0)  # boxes that touch leave no way between them
    out, back = out / both, back / both
    return source + way * out[..., None], target - way * back[..., None]


def _crosses_box(
    starts: FloatArray, ends: FloatArray, boxes: FloatArray, sizes: FloatArray
) -> BoolArray:
    """Tell which segments (..., e) pass through which rectangles (..., k): (..., e, k)."""
    start, way = starts[..., None, :], (ends - starts)[..., None, :]
    away = boxes[..., None, :, :] - start
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (away - sizes / 2) / way, (away + sizes / 2) / way
    inside = np.abs(away) <= sizes / 2
    enter = np.where(way == 0, np.where(inside, -np.inf, np.inf), np.minimum(low, high))
    leave = np.where(way == 0, np.where(inside, np.inf, -np.inf), np.maximum(low, high))
    crossing: BoolArray = np.maximum(enter.max(axis=-1), 0) <= np.minimum(leave.min(axis=-1), 1)
    return crossing


def _segments_cross(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> BoolArray:
    def side(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        way, away = q - p, r - p
        turn: FloatArray = np.sign(way[..., 0] * away[..., 1] - way[..., 1] * away[..., 0])
        return turn

    cross: BoolArray = (side(a, b, c) != side(a, b, d)) & (side(c, d, a) != side(c, d, b))
    return cross


def _narrowness(boxes: FloatArray, pairs: IntArray, one: IntArray, other: IntArray) -> FloatArray:
    """How much narrower than 14 degrees the angles of arrows at a common box are, summed."""
    total = np.zeros(boxes.shape[:-2])
    for a_end, b_end in product((0, 1), repeat=2):
        at = pairs[one, a_end] == pairs[other, b_end]
        hub = boxes[..., pairs[one[at], a_end], :]
        u = boxes[..., pairs[one[at], 1 - a_end], :] - hub
        v = boxes[..., pairs[other[at], 1 - b_end], :] - hub
        aside = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
        turn = np.abs(np.arctan2(aside, (u * v).sum(axis=-1)))
        total += np.clip(1 - turn / _CLOSE, 0, None).sum(axis=-1)
    return total


def _place_labels(
    boxes: FloatArray,
    sizes: FloatArray,
    starts: FloatArray,
    ends: FloatArray,
    label: tuple[float, float],
) -> tuple[FloatArray, float]:
    """Find a place on each arrow for its label, off boxes, labels and arrows; and how crowded."""
    steps = np.arange(0.0, 0.36, 0.03)
    shares = np.unique(np.concatenate([0.5 - steps, 0.5 + steps]))
    shares = shares[np.argsort(np.abs(shares - 0.5), kind="stable")]
    size = np.array(label)
    way = ends - starts
    spots = starts[:, None, :] + shares[None, :, None] * way[:, None, :]  # (e, c, 2)
    n_edges, n_choices, _ = spots.shape
    flat = spots.reshape(-1, 2)
    on_box = _overlap(
        flat[:, None, :], np.broadcast_to(size, flat[:, None, :].shape), boxes, sizes, 0.02
    ).sum(axis=1)
    crossed = _crosses_box(starts, ends, flat, np.broadcast_to(size + 0.03, flat.shape))
    crossed[np.repeat(np.arange(n_edges), n_choices), np.arange(len(flat))] = False
    alone = (
        8.0 * on_box + 3.0 * crossed.sum(axis=0) + 0.03 * np.tile(np.arange(n_choices), n_edges)
    ).reshape(n_edges, n_choices)
    choices, crowd = _choose(spots, np.broadcast_to(size, (n_edges, 2)), alone, near=_NEAR[0])
    return spots[np.arange(n_edges), choices], crowd
