"""The money of a scenario by group of customers and by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from loyaltymodel._core.arrays import IntArray
from loyaltymodel._core.draws import table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.quadrant_sorting import Cuts
from loyaltymodel._core.quadrants import Ties
from loyaltymodel._core.scales import Pair, check_pair
from loyaltymodel.chain.scenarios.evaluation import (
    by_input,
    draw_rows,
    evaluate_segments,
    retention_now,
)
from loyaltymodel.chain.scenarios.kernels import BY_SEGMENT, OF_A_FALL
from loyaltymodel.chain.scenarios.specification import Scenario
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.people.segments import segment_codes

By = Literal["group", "type", "both"]

_MONEY = "money per customer"
_OWN_UNITS = {"share": "share", "value_held": _MONEY, "value_lost": _MONEY}
_WHOLE = (0.0, 1.0)


def segment_table(
    plan: Scenario,
    by: By,
    *,
    cuts: Cuts,
    ties: Ties,
    scale: Pair,
    n: int,
    seed: int,
    level: float,
    units: Mapping[str, str],
) -> EstimateTable:
    """Return quantities of segments, with the same n draws that the whole had."""
    labels, code = _segments(plan, by, cuts, ties, scale)
    rows = by_input(draw_rows(plan, n, seed)) if n else {}
    k = len(next(iter(labels.values())))
    found = evaluate_segments(plan, rows, code, k)
    names = BY_SEGMENT + (OF_A_FALL if plan.constraint_lasts is not None else ())
    unit = [_OWN_UNITS.get(name) or units[name] for name in names]
    columns: dict[str, Any] = {
        **{label: [name for name in each for _ in names] for label, each in labels.items()},
        "quantity": [*names] * k,
        "unit": unit * k,
    }
    return table_of_rows(columns, found.reshape(len(found), -1), level=level)


def _segments(
    plan: Scenario, by: By, cuts: Cuts, ties: Ties, scale: Pair
) -> tuple[dict[str, tuple[str, ...]], IntArray]:
    """Return the labels of the segments, and the segment (m,) of each kind of customers."""
    if plan.link == "records":
        raise OptionError(
            "retention comes from records, which know one kind of customers only; take a curve and "
            "the satisfaction of customers"
        )
    if by != "type" and len(plan.groups) == 1:
        raise OptionError(
            'all customers are one group, since one constraint holds them; take by="type", or fit '
            "the curve with constraint_by="
        )
    place = plan.group.astype(np.intp)
    if by == "group":
        idle = {"cuts": cuts != "midpoint", "ties": ties != "high", "scale": scale != _WHOLE}
        if any(idle.values()):
            named = enumerate_names([name for name, given in idle.items() if given])
            raise OptionError(f'{named} has no use with by="group", where nothing is cut')
        return {"group": plan.groups}, place
    low, high = check_pair(scale)
    names, code = segment_codes(
        low + plan.satisfaction * (high - low),
        retention_now(plan),
        plan.people,
        scale={"satisfaction": (low, high), "loyalty": _WHOLE},
        cuts=cuts,
        ties=ties,
    )
    if by == "type":
        return {"segment": names}, code
    k = len(names)
    each = {
        "group": tuple(group for group in plan.groups for _ in names),
        "segment": names * len(plan.groups),
    }
    return each, place * k + code
