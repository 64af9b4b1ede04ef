"""The largest value of functions of one number each, a stack of them together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import exceeds

_GOLDEN = (np.sqrt(5.0) - 1) / 2
_STEPS = 24  # of which each leaves 0.62 of a bracket: 1e-5 of it are left
_HILLS = 2  # nodes about which the largest value is searched for

# Values of functions (r,) at a place of each of these rows (r,).
Function = Callable[[FloatArray, IntArray], FloatArray]


def largest(value: Function, nodes: FloatArray, known: FloatArray) -> FloatArray:
    """Return where each of b functions is largest between its first and its last node (g, b).

    ``value`` takes places and the rows that they are of; ``known`` (g, b) are the values at the
    nodes, which rise. The place is searched for about the best node, and, where there is another
    hill, about the best node of that too. What is not larger there than at the node itself is the
    node, so that an end is met exactly. A hill between two nodes that neither of them shows is not
    found.
    """
    size = np.abs(known).max(axis=0)
    place = known.argmax(axis=0)
    rows = np.arange(known.shape[1])
    best: FloatArray = nodes[place, rows]
    reached: FloatArray = known[place, rows]
    # Nodes that are no lower than both neighbours; beyond the ends nothing is.
    beyond = np.pad(known, ((1, 1), (0, 0)), constant_values=-np.inf)
    hill = (known >= beyond[:-2]) & (known >= beyond[2:])
    for _ in range(_HILLS):
        low = nodes[np.maximum(place - 1, 0), rows]
        high = nodes[np.minimum(place + 1, len(nodes) - 1), rows]
        for found, there in (
            (nodes[place, rows], known[place, rows]),
            _golden(value, low, high, rows),
        ):
            better = exceeds(there, reached[rows], size=size[rows])
            best[rows[better]], reached[rows[better]] = found[better], there[better]
        near = np.abs(np.arange(len(known))[:, None] - place) <= 1
        left = np.where(hill[:, rows] & ~near, known[:, rows], -np.inf)
        place = left.argmax(axis=0)
        more = np.isfinite(left.max(axis=0))
        place, rows = place[more], rows[more]
        if not len(rows):
            break
    return best


def _golden(
    value: Function, low: FloatArray, high: FloatArray, rows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return a place (r,) of a largest value between two others, and that value (r,)."""
    size = high - low
    first, second = high - _GOLDEN * size, low + _GOLDEN * size
    at_first, at_second = value(first, rows), value(second, rows)
    for _ in range(_STEPS):
        left = at_first >= at_second
        low, high = np.where(left, low, first), np.where(left, second, high)
        size = high - low
        new = np.where(left, high - _GOLDEN * size, low + _GOLDEN * size)
        at_new = value(new, rows)
        first, second = np.where(left, new, second), np.where(left, first, new)
        at_first, at_second = np.where(left, at_new, at_second), np.where(left, at_first, at_new)
    return np.where(at_first >= at_second, first, second), np.maximum(at_first, at_second)
