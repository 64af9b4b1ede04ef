"""Where things go: boxes in layers from cause to effect, and labels that do not overlap.

Lengths are inches. A layout is found by trying: from many beginnings, rows of boxes and places of
labels are changed one at a time as long as that makes the picture clearer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from loyaltymodel._arrays import BoolArray, FloatArray, IntArray

Edges = Sequence[tuple[int, int]]

_ROW_GAP = 0.24  # between boxes in neighbouring rows
_ROWS = 7  # rows to choose from, if there are boxes enough
_STARTS = 30  # arrangements to begin from
_BEST = 12  # of the pictures found, those whose labels are placed
_CLOSE = np.radians(14)  # arrows at one box that lie closer are hard to tell apart
_HEADS = 0.13  # arrow heads closer than this run into one
_GAP = 0.1  # between boxes, at least
_GAIN = 1e-9  # a change that gains less is none


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
        return np.column_stack([x, (rows - rows.min()) * row_height + sizes[:, 1].max() / 2])

    def cost(rows: IntArray) -> float:
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


def boxes_touch(layout: Layout, sizes: FloatArray) -> bool:
    """Tell whether two boxes of a layout overlap."""
    first, second = np.triu_indices(len(sizes), 1)
    boxes = layout.boxes
    return bool(_overlap(boxes[first], sizes[first], boxes[second], sizes[second], 0.0).any())


def place_beside(
    points: FloatArray, sizes: FloatArray, bounds: tuple[float, float, float, float]
) -> FloatArray:
    """Find centres for the names (k, 2 sizes) of points (k, 2): beside, off names and points."""
    around = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    offsets = np.array([(reach * dx, reach * dy) for reach in (1, 1.8, 2.6) for dx, dy in around])
    left, bottom, right, top = bounds

    def spot(k: int, choice: int) -> FloatArray:
        shift = offsets[choice]
        place: FloatArray = points[k] + shift * 0.07 + np.sign(shift) * sizes[k] / 2
        return place

    def cost(choices: IntArray) -> float:
        centres = np.array([spot(k, c) for k, c in enumerate(choices)])
        total = 0.02 * float(choices.sum())  # the first places are the most natural
        for a, b in combinations(range(len(points)), 2):
            total += 10.0 * bool(_overlap(centres[a], sizes[a], centres[b], sizes[b], 0.02))
        for k, other in product(range(len(points)), repeat=2):
            total += 5.0 * bool(_overlap(centres[k], sizes[k], points[other], np.zeros(2), 0.03))
        outside = (centres - sizes / 2 < (left, bottom)) | (centres + sizes / 2 > (right, top))
        return total + 8.0 * float(outside.sum())

    choices, _ = _improve(cost, np.zeros(len(points), dtype=np.intp), len(offsets))
    return np.array([spot(k, c) for k, c in enumerate(choices)]).reshape(-1, 2)


def _first_rows(level: IntArray, n_rows: int) -> list[IntArray]:
    """Rows to start from: boxes of a level one above the other, and levels in zigzags."""
    within = np.array([int((level[:k] == level[k]).sum()) for k in range(len(level))])
    zigzags = ([0, 2, 1], [1, 0, 2], [0, 1], [1, 0], [0, 2, 4, 1, 3], [2, 0, 3, 1, 4])
    starts = [(np.array(zigzag)[level % len(zigzag)] + within) % n_rows for zigzag in zigzags]
    # Always the same, so that a model always gets the same picture.
    scattered = np.random.default_rng(0).integers(0, n_rows, (_STARTS - len(starts), len(level)))
    return [np.asarray(start, dtype=np.intp) for start in [*starts, *scattered]]


def _improve(
    cost: Callable[[IntArray], float], start: IntArray, n_values: int
) -> tuple[IntArray, float]:
    """Change one entry at a time while that lowers the cost; return entries and cost."""
    current, value = start, cost(start)
    moved = True
    while moved:
        moved = False
        for k in range(len(start)):
            for choice in range(n_values):
                trial = current.copy()
                trial[k] = choice
                if (tried := cost(trial)) < value - _GAIN:
                    current, value, moved = trial, tried, True
    return current, value


def _box_cost(
    boxes: FloatArray, pairs: IntArray, sizes: FloatArray, label: tuple[float, float]
) -> float:
    """Add up what makes a picture hard to read: overlaps first, then tangles, then length."""
    n = len(boxes)
    first, second = np.triu_indices(n, 1)
    touching = _overlap(boxes[first], sizes[first], boxes[second], sizes[second], _GAP)
    starts, ends = _between(boxes, pairs, sizes)
    crossing = _crosses_box(starts, ends, boxes, sizes + 0.08)
    edge, box = np.nonzero(crossing)
    own = (pairs[edge, 0] == box) | (pairs[edge, 1] == box)
    visible = np.hypot(*(ends - starts).T)
    short = np.clip(label[0] + 0.16 - visible, 0, None)
    one, other = np.triu_indices(len(pairs), 1)
    shared = _share_a_box(pairs[one], pairs[other])
    crossings = _segments_cross(starts[one], ends[one], starts[other], ends[other]) & ~shared
    narrow = _narrowness(boxes, pairs, one[shared], other[shared])
    meet = np.hypot(*(ends[one] - ends[other]).T)
    merged = np.clip(1 - meet / _HEADS, 0, None)
    return float(
        1000 * touching.sum()
        + 40 * (~own).sum()
        + 5 * crossings.sum()
        + 12 * narrow
        + 6 * merged.sum()
        + 30 * short.sum()
        + 0.5 * visible.sum()
        + 0.6 * np.ptp(boxes[:, 1])
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
    source, target = boxes[pairs[:, 0]], boxes[pairs[:, 1]]
    way = target - source
    with np.errstate(divide="ignore"):
        out = (sizes[pairs[:, 0]] / 2 / np.abs(way)).min(axis=1)
        back = (sizes[pairs[:, 1]] / 2 / np.abs(way)).min(axis=1)
    both = np.maximum(out + back, 1.0)  # boxes that touch leave no way between them
    out, back = out / both, back / both
    return source + way * out[:, None], target - way * back[:, None]


def _crosses_box(
    starts: FloatArray, ends: FloatArray, boxes: FloatArray, sizes: FloatArray
) -> BoolArray:
    """Tell which segments (e) pass through which rectangles (k): (e, k)."""
    way = (ends - starts)[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        low = (boxes - sizes / 2 - starts[:, None, :]) / way
        high = (boxes + sizes / 2 - starts[:, None, :]) / way
    inside = np.abs(boxes - starts[:, None, :]) <= sizes / 2
    enter = np.where(way == 0, np.where(inside, -np.inf, np.inf), np.minimum(low, high))
    leave = np.where(way == 0, np.where(inside, np.inf, -np.inf), np.maximum(low, high))
    crossing: BoolArray = np.maximum(enter.max(axis=2), 0) <= np.minimum(leave.min(axis=2), 1)
    return crossing


def _segments_cross(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> BoolArray:
    def side(p: FloatArray, q: FloatArray, r: FloatArray) -> FloatArray:
        turn: FloatArray = np.sign(
            (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])
        )
        return turn

    cross: BoolArray = (side(a, b, c) != side(a, b, d)) & (side(c, d, a) != side(c, d, b))
    return cross


def _narrowness(boxes: FloatArray, pairs: IntArray, one: IntArray, other: IntArray) -> float:
    """How much narrower than 14 degrees the angles of arrows at a common box are, summed."""
    total = 0.0
    for a_end, b_end in product((0, 1), repeat=2):
        at = pairs[one, a_end] == pairs[other, b_end]
        hub = boxes[pairs[one[at], a_end]]
        u = boxes[pairs[one[at], 1 - a_end]] - hub
        v = boxes[pairs[other[at], 1 - b_end]] - hub
        turn = np.abs(np.arctan2(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0], (u * v).sum(axis=1)))
        total += float(np.clip(1 - turn / _CLOSE, 0, None).sum())
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
    first, second = np.triu_indices(n_edges, 1)

    def cost(choices: IntArray) -> float:
        chosen = spots[np.arange(n_edges), choices]
        overlaps = _overlap(chosen[first], size, chosen[second], size, 0.02)
        return float(alone[np.arange(n_edges), choices].sum() + 10.0 * overlaps.sum())

    choices, crowd = _improve(cost, np.zeros(n_edges, dtype=np.intp), n_choices)
    return spots[np.arange(n_edges), choices], crowd
