"""From a driver to money: what the draws say at each link."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.chain.results import WhatIf
from loyaltymodel.plots._names import Language, Words, interval_in, period_in, words_in
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    caption,
    draw_marks,
    picture,
    tidy,
    write_at_right,
    write_off,
)

# Links in the order of the chain: what is drawn, digits, and a factor.
_LINKS = {
    "index_change": (2, 1.0),
    "retention_change": (2, 100.0),
    "value_change": (2, 1.0),
    "gain": (0, 1.0),
    "net_present_value": (0, 1.0),
}
_WORDS: Mapping[Language, Words] = {
    "en": {
        "driver": "{}: {:+g} points",
        "index_change": "{}, points",
        "retention_change": "Retention, points per {}",
        "value_change": "Value of a customer",
        "gain": "Gain from all customers",
        "net_present_value": "Net present value",
        "draws": "Median and {} of the draws",
        "point": "Estimates",
        "zero": "0",
        "ends": "{} ({} to {})",
    },
    "zh": {
        "driver": "{}：{:+g} 分",
        "index_change": "{}(分)",
        "retention_change": "每{}留存率(百分点)",
        "value_change": "每位客户的价值",
        "gain": "全部客户的增益",
        "net_present_value": "净现值",
        "draws": "抽样的中位数与{}",
        "point": "估计值",
        "zero": "0",
        "ends": "{} ({} 至 {})",
    },
}
_BINS = 40
_SHOWN = (0.005, 0.995)  # quantiles of the draws between which they are drawn
_HIGH = 0.62  # of a row


@picture
def chain_of_effects(result: WhatIf, *, language: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw what follows from a change, link by link, with its draws (质量利润链).

    Parameters
    ----------
    result : WhatIf
        What ``chain.what_if`` returned.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a row for each link, from the driver at the top over satisfaction and retention
        to the money that is left. Each row has a scale of its own, on which the draws stand as a
        histogram, with the median (mark) and the interval (line); the numbers are at the right. A
        broken line is 0, where draws come near it, and draws of money below it are vermilion.

    Raises
    ------
    OptionError
        If ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from loyaltymodel import chain, plots
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year", cost=20_000,
    ...     draws={"impact": np.random.default_rng(1).normal(1, 0.2, 999)},
    ... )
    >>> found = chain.what_if(plan, n_resamples=999, rng=1)
    >>> ax = plots.chain.chain_of_effects(found)
    >>> [label.get_text() for label in ax.get_yticklabels()][:2]
    ['quality: +5 points', 'satisfaction, points']
    """
    words, plan = words_in(language, _WORDS), result.scenario
    table = result.quantities.set_index("quantity")
    shown = [
        name for name in _LINKS if name != "net_present_value" or table["estimate"]["cost"] > 0
    ]
    names = [words["driver"].format(plan.driver, plan.change)]
    parts = {
        "index_change": plan.target,
        "retention_change": period_in(language, plan.economics.per),
    }
    names += [words[name].format(parts.get(name, "")) for name in shown]
    ax, rows = row_axes(ax, names, row=0.34, more=0.35)
    ax.set_xlim(0.0, 1.0)
    draw_marks(ax, [0.5], rows[:1], colour=INK, marker="D", size=3.5)
    drawn = result.estimates.replicates
    order = list(result.estimates.labels["quantity"])
    texts = [""]
    for row, name in zip(rows[1:], shown, strict=True):
        digits, factor = _LINKS[name]
        if drawn is None:
            draw_marks(ax, [0.5], [row])
            texts.append(f"{factor * table['estimate'][name]:,.{digits}f}")
            continue
        numbers = {end: factor * table[end][name] for end in ("median", "ci_low", "ci_high")}
        values = factor * drawn[:, order.index(name)]
        _draw_row(ax, row, values[np.isfinite(values)], numbers, words)
        middle, low, high = (f"{number:,.{digits}f}" for number in numbers.values())
        texts.append(words["ends"].format(middle, low, high))
    said = words["point"] if drawn is None else words["draws"]
    caption(ax, said.format(interval_in(language, result.level)))
    ax.set_xticks([])
    tidy(ax)
    ax.spines["bottom"].set_visible(False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(length=0)
    write_at_right(ax, rows, texts)
    return ax


def _draw_row(
    ax: Axes, row: float, values: FloatArray, numbers: Mapping[str, float], words: Words
) -> None:
    """Draw the histogram of draws on a scale of its own, with median and interval."""
    low, high = np.quantile(values, _SHOWN)
    low, high = min(low, numbers["ci_low"]), max(high, numbers["ci_high"])
    width = high - low if high > low else max(abs(high), 1.0)
    if high == low:
        low, high = low - width / 2, high + width / 2
    # 0 is shown where it lies no farther off than half of what is drawn.
    near = low - width / 2 < 0 < high + width / 2
    if near:
        low, high = min(low, 0.0), max(high, 0.0)
    span = high - low

    def place(x: FloatArray | float) -> FloatArray:
        found: FloatArray = 0.04 + 0.92 * (np.asarray(x) - low) / span
        return found

    counts, edges = np.histogram(values[(values >= low) & (values <= high)], _BINS, (low, high))
    heights = _HIGH * counts / max(counts.max(), 1)
    base = row + 0.28
    middle = (edges[1:] + edges[:-1]) / 2
    ax.bar(
        place(middle),
        -heights,
        width=0.92 / _BINS,
        bottom=base,
        color=[BLUE if x > 0 else VERMILION for x in middle],
        alpha=0.35,
        edgecolor="none",
        zorder=1,
    )
    ends = place(np.array([numbers["ci_low"], numbers["ci_high"]]))
    ax.hlines([base], *ends[:, None], color=BLUE, linewidth=1.2, zorder=2)
    draw_marks(ax, [float(place(numbers["median"]))], [base], size=3.5)
    if near:
        at = float(place(0.0))
        ax.vlines([at], base - _HIGH, base, color=GREY, linewidth=0.7, linestyle=(0, (3, 2)))
        write_off(
            ax, (at, base), words["zero"], away=(0.0, -3.5), colour=GREY, ha="center", va="top"
        )
