"""How the value of a customer comes in, and how it is spread over customers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.options import count_of
from loyaltymodel.economics.results import LifetimeValue, ValueConcentration
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._labels import name_points
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    caption,
    picture,
    tidy,
)

_MOST = 4  # values whose bands can still be told apart
_COLOURS = (BLUE, VERMILION, INK, GREY)
_STYLES = ("-", "--", ":", "-.")
_WORDS: Mapping[Language, Words] = {
    "en": {
        "value": "Cumulative value of a customer",
        "day": "Days",
        "week": "Weeks",
        "month": "Months",
        "quarter": "Quarters",
        "half_year": "Half-years",
        "year": "Years",
        "named": "{}, {}",
        "break_even": "break-even: {:g}",
        "never": "never breaks even",
        "customers": "Share of customers, those worth least first",
        "total": "Share of the total value",
        "gini": "Gini {:.2f}",
        "equal": "all worth the same",
        "best": "the best {:.0%} bring {:.0%}",
    },
    "zh": {
        "value": "每位顾客的累计价值",
        "day": "日",
        "week": "周",
        "month": "月",
        "quarter": "季度",
        "half_year": "半年",
        "year": "年",
        "named": "{}，{}",
        "break_even": "盈亏平衡：{:g}",
        "never": "始终不能收回成本",
        "customers": "顾客比例(价值从低到高)",
        "total": "占总价值的比例",
        "gini": "基尼系数 {:.2f}",
        "equal": "价值完全相等",
        "best": "最好的 {:.0%} 顾客带来 {:.0%}",
    },
}


@picture
def cumulative_value(
    result: LifetimeValue | Mapping[str, LifetimeValue],
    *,
    periods: int | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how the value of a customer comes in, less what it cost to win him (先亏后赢).

    Parameters
    ----------
    result : LifetimeValue, or mapping from name to LifetimeValue
        One value, or up to four of the same period, such as offline and online.
    periods : int, optional
        The last period; by default where nearly all of each value has come in.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a line a value with its interval as a band if there are draws, and a mark where
        the cost of acquisition has come in.

    Raises
    ------
    OptionError
        If there are more than four values or their periods differ, or an option is not one of
        its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.lifetime_value(
    ...     100, retention=0.8, discount=0.1, acquisition_cost=150, timing="now", per="year"
    ... )
    >>> ax = plots.economics.cumulative_value(found)
    >>> ax.get_xlabel()
    'Years'
    """
    words = words_in(language, _WORDS)
    several = dict(result) if isinstance(result, Mapping) else {"": result}
    if not 1 <= len(several) <= _MOST:
        raise OptionError(f"there are {count_of(len(several), 'value')}; give 1 to {_MOST}")
    pers = {value.per for value in several.values()}
    if len(pers) > 1:
        raise OptionError(f"the values belong to different periods: {', '.join(sorted(pers))}")
    shown = shown_names(several, None)
    ax = axes_or_new(ax, height=2.6)
    paths = [value.path(periods=periods) for value in several.values()]
    last = max(path["period"].iloc[-1] for path in paths)
    ends = [v.horizon for v in several.values() if v.horizon is not None]
    last = min([last, *ends])
    paths = [value.path(periods=int(last)) for value in several.values()]
    ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)
    looks = zip(several.items(), paths, _COLOURS, _STYLES, strict=False)
    for (name, value), path, colour, style in looks:
        label = _labelled(shown[name], value, words)
        ax.plot(
            path["period"],
            path["estimate"],
            style,
            color=colour,
            label=label or None,
            linewidth=1.3,
            zorder=3,
        )
        if "ci_low" in path:
            ax.fill_between(
                path["period"],
                path["ci_low"],
                path["ci_high"],
                color=colour,
                alpha=0.15,
                zorder=2,
                linewidth=0,
                label=interval_in(language, value.level),
            )
        reached = path["estimate"].to_numpy() >= -1e-12 * value.estimates.estimate[0]
        if value.inputs["acquisition_cost"].any() and reached.any():
            place = int(reached.argmax())
            ax.plot(place, path["estimate"].iloc[place], "o", color=colour, markersize=4, zorder=4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(words[next(iter(pers))])
    ax.set_ylabel(words["value"])
    tidy(ax)
    add_legend(ax)
    return ax


def _labelled(name: str, value: LifetimeValue, words: Words) -> str:
    """Return the name of a line, with its break-even."""
    if not value.inputs["acquisition_cost"].any():
        return name
    row = value.estimates.place(("break_even", ""))
    place = value.estimates.estimate[row]
    told = words["break_even"].format(place) if np.isfinite(place) else words["never"]
    return words["named"].format(name, told) if name else told


@picture
def lorenz_curve(
    result: ValueConcentration, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw how the value of a base is spread over its customers (洛伦兹曲线).

    Parameters
    ----------
    result : ValueConcentration
        Of ``economics.value_concentration``.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: the curve below the line on which all are worth the same, with the parts of the
        best customers marked. With customers worth less than nothing it dips below 0.

    Raises
    ------
    OptionError
        If ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> ax = plots.economics.lorenz_curve(economics.value_concentration([1, 1, 1, 1, 6]))
    >>> ax.get_ylabel()
    'Share of the total value'
    """
    words = words_in(language, _WORDS)
    ax = axes_or_new(ax, height=3.2)
    people, money = result.lorenz.T
    ax.plot([0, 1], [0, 1], "--", color=GREY, linewidth=0.8, zorder=2)
    ax.plot(people, money, color=BLUE, linewidth=1.4, zorder=3)
    ax.fill_between(people, money, people, color=BLUE, alpha=0.12, linewidth=0, zorder=1)
    if money.min() < 0:
        ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)
    rows = result.quantities.query("quantity == 'top_share'")
    best = rows[["share", "estimate"]].to_numpy(np.float64)
    places, texts = 1 - best, [words["best"].format(*row) for row in best.tolist()]
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, 1.05 * float(money.min())), 1)
    ax.set_xlabel(words["customers"])
    ax.set_ylabel(words["total"])
    tidy(ax)
    if len(places):
        ax.plot(places[:, 0], places[:, 1], "o", color=INK, markersize=3.5, zorder=4)
        knots = result.lorenz[np.linspace(0, len(people) - 1, 50).round().astype(int)]
        curve = np.stack([knots[:-1], knots[1:]], axis=1)
        name_points(ax, places, texts, np.concatenate([curve, [[[0.0, 0.0], [1.0, 1.0]]]]))
    caption(ax, words["gini"].format(result.estimates.estimate[0]))
    return ax
