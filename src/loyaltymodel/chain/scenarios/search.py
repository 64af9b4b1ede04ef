"""The largest value of functions of one number each, a stack of them together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds

_GOLDEN = (np.sqrt(5.0) - 1) / 2
_STEPS = 32  # of which each leaves 0.62 of a bracket: 2e-7 of it are left
_HILLS = 2  # nodes about which the largest value is searched for

Function = Callable[[FloatArray], FloatArray]


def largest(value: Function, nodes: FloatArray, known: FloatArray) -> FloatArray:
    """Return where each of b functions is largest between its first and its last node (g, b).

    ``value`` takes a place for each (b,) and returns the values there (b,); ``known`` (g, b) are
    those at the nodes, which rise. The place is searched for about the best node, and about the
    best of those that are not its neighbours, as there may be two hills. What is not larger there
    than at the node itself is the node, so that an end is met exactly. A hill between two nodes
    that neither of them shows is not found.
    """
    size = np.abs(known).max(axis=0)
    every, rows = np.arange(known.shape[1]), np.arange(len(known))[:, None]
    left = known
    best: FloatArray = nodes[0]
    reached: FloatArray = known[0]
    for _ in range(_HILLS):
        place = left.argmax(axis=0)
        low = nodes[np.maximum(place - 1, 0), every]
        high = nodes[np.minimum(place + 1, len(nodes) - 1), every]
        for found, there in (
            (nodes[place, every], known[place, every]),
            _golden(value, low, high),
        ):
            better = exceeds(there, reached, size=size)
            best, reached = np.where(better, found, best), np.where(better, there, reached)
        left = np.where(np.abs(rows - place) <= 1, -np.inf, left)
    return best


def _golden(value: Function, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a place (b,) of a largest value between two others, and that value (b,)."""
    size = high - low
    first, second = high - _GOLDEN * size, low + _GOLDEN * size
    at_first, at_second = value(first), value(second)
    for _ in range(_STEPS):
        left = at_first >= at_second
        low, high = np.where(left, low, first), np.where(left, second, high)
        size = high - low
        new = np.where(left, high - _GOLDEN * size, low + _GOLDEN * size)
        at_new = value(new)
        first, second = np.where(left, new, second), np.where(left, first, new)
        at_first, at_second = np.where(left, at_new, at_second), np.where(left, at_first, at_new)
    return np.where(at_first >= at_second, first, second), np.maximum(at_first, at_second)
