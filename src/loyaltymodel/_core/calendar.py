"""Dates that were written as whole numbers, such as 202412 or 20241231, which count nothing."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.arrays import IntArray

_YEARS = (1800, 2200)  # of customers
_MONTHS, _DAYS = 12, 31


def written_as(values: IntArray) -> str:
    """Say how whole numbers write dates: "yyyymm", "yyyymmdd", or not at all ("").

    Numbers of one year, or of one month, do count months, or days; these are none.
    """
    if values.size == 0:
        return ""
    low, high = int(values.min()), int(values.max())
    if _is_year(low // 100) and _is_year(high // 100):
        in_order, part = values // 100, values % 100
        return "yyyymm" if _between(part, _MONTHS) and in_order.min() < in_order.max() else ""
    if _is_year(low // 10_000) and _is_year(high // 10_000):
        in_order, part = values // 100, values % 100
        dates = _between(part, _DAYS) and _between(in_order % 100, _MONTHS)
        return "yyyymmdd" if dates and in_order.min() < in_order.max() else ""
    return ""


def _is_year(number: int) -> bool:
    return _YEARS[0] <= number <= _YEARS[1]


def _between(part: IntArray, highest: int) -> bool:
    return bool(np.all((part >= 1) & (part <= highest)))
