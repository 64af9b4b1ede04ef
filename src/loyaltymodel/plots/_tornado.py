"""Which input a sum of money hangs on: each alone at the ends of its range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.chain.results import WhatIf
from loyaltymodel.plots._chain_tables import check_table, counted_in, short
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    GUIDE,
    INK,
    add_legend,
    extent_of,
    picture,
    size_of,
    tidy,
    write_at_right,
    write_off,
)

_COLUMNS = ("input", "end", "value", "quantity", "estimate", "change")
_INPUTS: Mapping[Language, Words] = {
    "en": {
        "impact": "Impact of the driver",
        "curve": "Loyalty curve",
        "constraint": "Constraints",
        "constraint_after": "Constraints later",
        "churn": "Model of renewals",
        "people": "Customers of the sample",
        "retention": "Retention",
        "retention_slope": "Retention per point",
        "margin": "Margin",
        "growth": "Growth of the margin",
        "discount": "Discount",
        "acquisition_cost": "Cost of acquisition",
        "referral_value": "Value of referrals",
        "cost": "Cost, once",
        "cost_per_period": "Cost per period",
        "cost_per_customer": "Cost per customer",
        "customers": "Number of customers",
        "change": "Points of the driver",
    },
    "zh": {
        "impact": "驱动因素的影响",
        "curve": "忠诚曲线",
        "constraint": "约束",
        "constraint_after": "以后的约束",
        "churn": "续约模型",
        "people": "客户样本",
        "retention": "留存率",
        "retention_slope": "每分的留存变动",
        "margin": "单期利润",
        "growth": "利润增长",
        "discount": "贴现率",
        "acquisition_cost": "获客成本",
        "referral_value": "推荐价值",
        "cost": "一次性成本",
        "cost_per_period": "每期成本",
        "cost_per_customer": "每客成本",
        "customers": "客户数",
        "change": "驱动因素的分数",
    },
}
_WORDS: Mapping[Language, Words] = {
    "en": {
        "index_change": "Change of satisfaction (points)",
        "share_capped": "Share at an end of the scale",
        "retention_before": "Retention before",
        "retention_after": "Retention after",
        "retention_change": "Change of retention",
        "value_before": "Value of a customer before",
        "value_after": "Value of a customer after",
        "value_change": "Change of a customer's value",
        "equity_change": "Change of customer equity",
        "referrals": "Value of referrals",
        "gain": "Gain from all customers",
        "cost": "Cost",
        "net_present_value": "Net present value",
        "return_on_quality": "Return on quality",
        "low": "input at its low end",
        "high": "at its high end",
        "ends": "{} to {}",
    },
    "zh": {
        "index_change": "满意度变动(分)",
        "share_capped": "达到量表端点的比例",
        "retention_before": "变动前留存率",
        "retention_after": "变动后留存率",
        "retention_change": "留存率变动",
        "value_before": "变动前客户价值",
        "value_after": "变动后客户价值",
        "value_change": "客户价值变动",
        "equity_change": "客户资产变动",
        "referrals": "推荐价值",
        "gain": "全部客户的增益",
        "cost": "成本",
        "net_present_value": "净现值",
        "return_on_quality": "质量回报率",
        "low": "输入取低端",
        "high": "取高端",
        "ends": "{} 至 {}",
    },
}
_HIGH = 0.62  # of a row
_CARD = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
_GAP = 0.07  # inches between a bar and its end in words, both sides of it


@picture
def tornado(
    result: WhatIf | pd.DataFrame,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw a sum of money with each input alone at the ends of its range (龙卷风图).

    Parameters
    ----------
    result : WhatIf or DataFrame
        What ``chain.what_if`` returned, or the table of its method ``sensitivity``, which has the
        ranges and the quantity that you want.
    names : mapping from input to str, optional
        Names of inputs to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a bar for each input, widest on top, from the estimate to what it becomes at the
        low end of the input (grey) and at its high end (blue). What the input is there stands at
        the ends of the bar; of an input of several numbers, such as a curve, bars reach to
        quantiles of the quantity and have no such words. At the right the quantity at both ends.

    Raises
    ------
    OptionError
        If nothing has draws or the table is another one, ``names`` names no input of it, or
        ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import chain, plots
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ... )
    >>> table = chain.what_if(plan).sensitivity(ranges={"margin": (90, 120), "change": (4, 6)})
    >>> ax = plots.chain.tornado(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Points of the driver', 'Margin']
    """
    words = words_in(language, _WORDS)
    table = result.sensitivity() if isinstance(result, WhatIf) else result
    check_table(table, _COLUMNS, "the method sensitivity() of a WhatIf returns")
    inputs = list(dict.fromkeys(table["input"]))
    shown = shown_names(inputs, names, _INPUTS[language], listed="; the inputs are")
    ends = table["estimate"].to_numpy(np.float64).reshape(-1, 2)
    values = table["value"].to_numpy(np.float64).reshape(-1, 2)
    base = float(table["estimate"].iloc[0] - table["change"].iloc[0])
    unit, label = counted_in(language, words[str(table["quantity"].iloc[0])], ends)
    ends, base = ends / unit, base / unit
    ax, rows = row_axes(ax, [shown[name] for name in inputs], row=0.22, more=0.75)
    for k, colour, end in ((0, GREY, "low"), (1, BLUE, "high")):
        look: dict[str, Any] = {"left": base, "height": _HIGH, "color": colour}
        ax.barh(rows, ends[:, k] - base, label=words[end], zorder=2, **look)
        # Of two bars on one side the shorter one lies before the longer.
        inner = _inner(ends, base, k)
        ax.barh(rows[inner], ends[inner, k] - base, zorder=3, **look)
    low, high = ax.get_xlim()
    ax.axvline(base, color=INK, linewidth=0.8, zorder=4)
    ax.set_xlabel(label)
    tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    told = np.sort(ends, axis=1)
    write_at_right(
        ax,
        rows,
        [words["ends"].format(*(short(x, language) for x in pair)) for pair in told.tolist()],
    )
    add_legend(ax)
    _write_ends(ax, rows, ends, _sides(ends, values, base, language), base)
    if low < 0 < high:
        ax.axvline(0.0, **GUIDE)
    return ax


def _inner(ends: FloatArray, base: float, k: int) -> BoolArray:
    """Tell which bars would be hidden by the other one of their row."""
    own, other = ends[:, k] - base, ends[:, 1 - k] - base
    return np.asarray((own * other > 0) & (np.abs(own) < np.abs(other)))


def _write_ends(
    ax: Axes, rows: FloatArray, ends: FloatArray, sides: tuple[list[str], list[str]], base: float
) -> None:
    """Write what the input is at the ends of its bars, and make room for it."""
    left, right = sides
    widths = [
        max((extent_of(ax, text)[0] for text in side if text), default=0.0)
        for side in (left, right)
    ]
    low, high = min(float(ends.min()), base), max(float(ends.max()), base)
    span = high - low if high > low else 1.0
    room = [width + _GAP for width in widths]
    across, _ = size_of(ax)
    unit = span / max(across - sum(room), across / 4)  # of the axis, an inch
    ax.set_xlim(low - unit * room[0], high + unit * room[1])
    for row, pair, one, other in zip(rows.tolist(), ends, left, right, strict=True):
        if one:
            at = min(float(pair.min()), base)
            write_off(ax, (at, row), one, away=(-2.0, 0.0), ha="right", bbox=_CARD)
        if other:
            at = max(float(pair.max()), base)
            write_off(ax, (at, row), other, away=(2.0, 0.0), bbox=_CARD)


def _sides(
    ends: FloatArray, values: FloatArray, base: float, language: Language
) -> tuple[list[str], list[str]]:
    """Return what stands to the left and to the right of each bar."""
    left: list[str] = []
    right: list[str] = []
    for pair, at in zip(ends.tolist(), values.tolist(), strict=True):
        sides: list[list[str]] = [[], []]
        for end, value in zip(pair, at, strict=True):
            if not np.isnan(value) and end != base:
                sides[int(end > base)].append(short(value, language))
        for side, found in zip(sides, (left, right), strict=True):
            found.append(", ".join(side))
    return left, right
