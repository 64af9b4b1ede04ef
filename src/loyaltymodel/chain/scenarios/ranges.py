"""One input at a time at the ends of its range, all others at their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.draws import POSITIVE, Bound
from loyaltymodel._core.options import enumerate_names, shown, suggest
from loyaltymodel.chain.scenarios.evaluation import evaluate, evaluate_inputs
from loyaltymodel.chain.scenarios.kernels import QUANTITIES, Input
from loyaltymodel.chain.scenarios.specification import (
    INPUTS,
    Scenario,
    inputs_of,
    unused_inputs,
)
from loyaltymodel.errors import OptionError

_MOST = 100.0  # points of an index


class AtEnds(NamedTuple):
    """An input at both ends (2,), NaN if it is several numbers, and what follows (2,)."""

    name: str
    values: FloatArray
    outcome: FloatArray


def at_ends(
    plan: Scenario, quantity: str, ranges: Mapping[str, tuple[float, float]], level: float
) -> tuple[float, list[AtEnds]]:
    """Return a quantity of the numbers, and with each input at its ends.

    A number has the ends of its range, or the quantiles of its draws. Of an input that is several
    numbers, such as a curve, the quantity is computed for each draw and has its quantiles.
    """
    place, tails = QUANTITIES.index(quantity), [(1 - level) / 2, (1 + level) / 2]
    points = inputs_of(plan, {})
    _check(plan, ranges, [name for name, x in points.items() if x.point.size == 1])
    names = [*INPUTS, *(name for name in ranges if name not in INPUTS)]
    drawn = [name for name in names if name in plan.draws and name not in ranges]
    single = {name: np.asarray(ranges[name], np.float64) for name in names if name in ranges}
    for name in drawn:
        if points[name].point.size == 1:
            single[name] = np.quantile(plan.draws[name].reshape(-1), tails)
    stack = dict(points)
    for k, (name, ends) in enumerate(single.items()):
        rows = np.full(1 + 2 * len(single), -1)
        rows[[1 + 2 * k, 2 + 2 * k]] = 0, 1
        point = points[name].point
        stack[name] = Input(point, ends.reshape(2, *point.shape), rows)
    values = evaluate_inputs(plan, stack, 1 + 2 * len(single), payback=False).quantities[:, place]
    pairs = values[1:].reshape(-1, 2)
    found = [
        AtEnds(name, *ends) for name, *ends in zip(single, single.values(), pairs, strict=True)
    ]
    for name in (name for name in drawn if name not in single):
        rows = np.arange(len(plan.draws[name]))
        alone = evaluate(plan, {name: rows}, payback=False).quantities[:, place]
        found.append(AtEnds(name, np.full(2, np.nan), np.quantile(alone, tails)))
    return float(values[0]), found


def _check(plan: Scenario, ranges: Mapping[str, tuple[float, float]], numbers: list[str]) -> None:
    """Refuse ranges of what is no number of the scenario, or beyond where it may lie."""
    room = plan.driver_level
    points = Bound(-_MOST, _MOST) if room is None else Bound(-room, _MOST - room)
    bounds = {**INPUTS, "customers": POSITIVE, "change": points}
    unused = {"people", *unused_inputs(plan)}
    if plan.constraint_lasts is None:
        unused.add("constraint_after")
    known = [name for name in numbers if name in bounds and name not in unused]
    for name, ends in ranges.items():
        if name not in known:
            raise OptionError(
                f"ranges has {name!r}, which is no number of this scenario{suggest(name, known)}; "
                f"there are {enumerate_names(known, most=20)}"
            )
        low, high = ends
        if not low < high:
            raise OptionError(
                f"ranges[{name!r}] is {shown(ends)}; give the lower end, then the upper one"
            )
        if not (inside := bounds[name].holds(np.array(ends))).all():
            wrong = ends[int(np.argmin(inside))]
            raise OptionError(f"ranges[{name!r}] has {wrong:g}, but must be {bounds[name].words()}")
