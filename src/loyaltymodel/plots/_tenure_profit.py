"""Profit of a customer by year of the relationship, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.catalogue import rows_of
from loyaltymodel._core.options import count_of
from loyaltymodel.economics.results import TenureProfit
from loyaltymodel.economics.tenure_profit.kernels import stacked
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, chinese_in, shown_names, words_in, wrapped
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    picture,
    tidy,
)

_MOST = 8  # shades that can be told apart
_MOST_BARS = 60
_LIGHTEST = 0.8  # how far the last shade goes towards white
_WIDTH = 0.7  # of a bar, where the next one is 1 away
_LETTERS = 20  # of a name in the legend before it is broken
_WORDS: Mapping[Language, Words] = {
    "en": {
        "acquisition": "cost of acquisition",
        "cumulative": "expected sum so far, discounted",
        "money": "Money per customer",
        "day": "Day of the relationship",
        "week": "Week of the relationship",
        "month": "Month of the relationship",
        "quarter": "Quarter of the relationship",
        "half_year": "Half-year of the relationship",
        "year": "Year of the relationship",
    },
    "zh": {
        "acquisition": "获取成本",
        "cumulative": "累计期望值(已折现)",
        "money": "每位客户的金额",
        "day": "客户关系的第几日",
        "week": "客户关系的第几周",
        "month": "客户关系的第几月",
        "quarter": "客户关系的第几季度",
        "half_year": "客户关系的第几个半年",
        "year": "客户关系的第几年",
    },
}


@picture
def profit_by_tenure_bars(
    result: TenureProfit,
    *,
    cumulative: bool = True,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what each part of the profit brings by year of the relationship (忠诚客户的利润构成).

    Parameters
    ----------
    result : TenureProfit
        What ``economics.profit_by_tenure`` returned.
    cumulative : bool
        Whether the cumulative profit is drawn too, which may be far larger than the bars.
    names : mapping from component to str, optional
        Names to show instead; also of "acquisition" and "cumulative".
    language : {"en", "zh"}
        Language of the words, and of the components that the library has names for.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a bar a period, of a customer who is there, its parts stacked in the order of the
        components and the darkest first, those that cost below 0; the cost of acquisition stands
        at 0. The line is the expected and discounted sum so far, for a new customer, with its
        interval as a band if there are draws.

    Raises
    ------
    OptionError
        If there are more than 8 components or 60 periods, ``names`` names no component, or
        ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.profit_by_tenure(
    ...     {"base": 20, "growth": [0, 10, 20]}, acquisition_cost=40, retention=0.9,
    ...     discount=0.1, timing="end_of_period", per="year",
    ... )
    >>> plots.economics.profit_by_tenure_bars(found).get_xlabel()
    'Year of the relationship'
    """
    words = words_in(language, _WORDS)
    if (n := result.n_periods) > _MOST_BARS:
        raise OptionError(
            f"there are {n} periods, at most {_MOST_BARS} are drawn; give longer ones"
        )
    if (k := len(result.names)) > _MOST:
        raise OptionError(
            f"there are {count_of(k, 'component')}, at most {_MOST} can be told apart; put some "
            "together"
        )
    rows = rows_of("loyalty_benefits")
    own = {row["id"]: row["english"] for row in rows}
    own |= chinese_in(language, {row["id"]: row["chinese"] for row in rows})
    own |= {name: words[name] for name in ("acquisition", "cumulative")}
    shown = shown_names([*result.names, "acquisition", "cumulative"], names, own)
    label = dict(zip(shown, wrapped(shown.values(), _LETTERS), strict=True))
    ax = axes_or_new(ax, height=2.9)
    period = np.arange(1, n + 1)
    parts = stacked([result.inputs[name][:1] for name in result.names], n)[0]
    dark = 0.8 * np.array(to_rgb(BLUE))
    up, down = np.zeros(n), np.zeros(n)
    for name, part, share in zip(result.names, parts, np.linspace(0, _LIGHTEST, k), strict=True):
        start = np.where(part < 0, down, up)
        look: dict[str, Any] = {"color": tuple(dark + share * (1 - dark)), "edgecolor": INK}
        ax.bar(period, part, _WIDTH, start, label=label[name], linewidth=0.3, zorder=2, **look)
        up, down = up + np.maximum(part, 0), down + np.minimum(part, 0)
    cost = float(result.inputs["acquisition_cost"][0])
    if cost:
        ax.bar([0], [-cost], _WIDTH, color=VERMILION, label=label["acquisition"], zorder=2)
    if cumulative:
        _draw_sum(ax, result, label["cumulative"])
    ax.axhline(0, color=INK, linewidth=0.7, zorder=3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=min(n + 1, 12)))
    ax.set_xlim(-0.6 if cost or cumulative else 0.4, n + 0.6)
    ax.set_xlabel(words[result.per])
    ax.set_ylabel(words["money"])
    tidy(ax)
    add_legend(ax)
    return ax


def _draw_sum(ax: Axes, result: TenureProfit, label: str) -> None:
    """Draw what has come in so far, from the cost of acquisition on."""
    table = result.periods
    table = table[table["quantity"] == "cumulative"]
    cost = result.inputs["acquisition_cost"]
    period = np.arange(result.n_periods + 1)
    line = np.append(-cost[0], table["estimate"])
    ax.plot(period, line, "o-", color=INK, markersize=2.5, linewidth=1.0, label=label, zorder=5)
    if "ci_low" in table:
        tail = (1 - result.level) / 2
        first = np.quantile(-cost[1:], [tail, 1 - tail], method="weibull")
        low, high = (
            np.append(e, table[c]) for e, c in zip(first, ("ci_low", "ci_high"), strict=True)
        )
        ax.fill_between(period, low, high, color=GREY, alpha=0.25, linewidth=0, zorder=4)
