"""What spending on a driver brings, by its amount."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.chain.results import ReturnOnQuality
from loyaltymodel.plots._chain_tables import counted_in
from loyaltymodel.plots._names import Language, Words, interval_in, period_in, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    GUIDE,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_WORDS: Mapping[Language, Words] = {
    "en": {
        "cost": "Spending, once",
        "cost_per_period": "Spending per {}",
        "cost_per_customer": "Spending per {} and customer",
        "money": "Money",
        "gain": "gain",
        "spent": "cost",
        "net_present_value": "net present value, {}",
        "certain": "net present value",
        "best": "best spending, {}",
        "point": "best spending",
        "nearly": "at least 95% of the best",
    },
    "zh": {
        "cost": "一次性投入",
        "cost_per_period": "每{}投入",
        "cost_per_customer": "每{}每位客户投入",
        "money": "金额",
        "gain": "增益",
        "spent": "成本",
        "net_present_value": "净现值,{}",
        "certain": "净现值",
        "best": "最佳投入,{}",
        "point": "最佳投入",
        "nearly": "不低于最佳的 95%",
    },
}


@picture
def return_on_quality(
    result: ReturnOnQuality, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw gain, cost and what is left by the amount that is spent on a driver (质量回报曲线).

    Parameters
    ----------
    result : ReturnOnQuality
        What ``chain.return_on_quality`` returned, with as many amounts as the lines are to have
        points.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: gain and cost as thin lines and the net present value as a thick one, with its
        interval if there are draws. A diamond stands at the best amount, with the interval of
        where each draw has its best, and a pale strip where little is lost against it.

    Raises
    ------
    OptionError
        If ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from loyaltymodel import chain, economics, plots
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plan = chain.scenario(
    ...     "quality", "satisfaction", change=5, impact=1, retention=0.75, retention_slope=0.01,
    ...     economics=money, observed_per="year",
    ... )
    >>> response = economics.ResponseCurve.calibrated(10_000, 0.05, ceiling=0.10)
    >>> found = chain.return_on_quality(
    ...     plan, response, spend=np.linspace(0, 60_000, 31), spend_as="cost"
    ... )
    >>> plots.chain.return_on_quality(found).get_xlabel()
    'Spending, once (thousands)'
    """
    words = words_in(language, _WORDS)
    labels = result.estimates.labels
    amounts = np.array(list(dict.fromkeys(labels["spend"])), dtype=np.float64)
    table = result.estimates.frame().set_index("quantity")
    period = period_in(language, result.scenario.economics.per)
    unit, along = counted_in(language, words[result.spend_as].format(period), amounts)
    shown = ["gain", "cost", "net_present_value"]
    drawn = result.n_resamples > 0
    columns = ["estimate", "ci_low", "ci_high"] if drawn else ["estimate"]
    money, up = counted_in(language, words["money"], table.loc[shown, columns].to_numpy(np.float64))

    def line(name: str, column: str = "estimate") -> FloatArray:
        return np.asarray(table.loc[name, column], dtype=np.float64) / money

    x = amounts / unit
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    low, high = (end / unit for end in result.nearly_best)
    ax.axhline(0.0, **GUIDE)
    if high > low:
        ax.axvspan(low, high, color=GREY, alpha=0.15, linewidth=0, zorder=0, label=words["nearly"])
    ax.plot(x, line("gain"), color=GREY, linewidth=0.9, label=words["gain"], zorder=2)
    ax.plot(x, line("cost"), "--", color=VERMILION, linewidth=0.9, label=words["spent"], zorder=2)
    level = interval_in(language, result.level)
    if drawn:
        low_ends, high_ends = (line("net_present_value", end) for end in ("ci_low", "ci_high"))
        ax.fill_between(x, low_ends, high_ends, color=BLUE, alpha=0.25, linewidth=0, zorder=1)
    net = words["net_present_value"].format(level) if drawn else words["certain"]
    ax.plot(x, line("net_present_value"), color=BLUE, linewidth=1.6, label=net, zorder=3)
    best = result.best_estimates.frame().set_index("quantity")
    at, height = best["estimate"]["spend"] / unit, best["estimate"]["net_present_value"] / money
    if drawn:
        reach = (best[end]["spend"] / unit for end in ("ci_low", "ci_high"))
        ax.hlines([height], *reach, color=INK, linewidth=1.0, zorder=4)
    said = words["best"].format(level) if drawn else words["point"]
    draw_marks(ax, [at], [height], marker="D", colour=INK, size=4.5, label=said, zorder=5)
    ax.set_xlim(x[0], x[-1])
    ax.set_xlabel(along)
    ax.set_ylabel(up)
    tidy(ax)
    add_legend(ax)
    return ax
