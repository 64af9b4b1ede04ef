"""Which driver brings most for a point or for its cost, and how it does now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._core.quadrants import Cut, check_cut, cut_offs
from loyaltymodel._core.scales import by_variable
from loyaltymodel._core.tables import percent
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._chain_tables import check_table, counted_in
from loyaltymodel.plots._labels import name_corners, name_points
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._quadrant_names import quadrant_names
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    GUIDE,
    add_legend,
    axes_or_new,
    caption,
    draw_marks,
    extent_of,
    picture,
    tidy,
    write_off,
)

_WORDS: Mapping[Language, Words] = {
    "en": {
        "money per point": "Gain per point of the driver",
        "per unit of cost": "Net present value per unit of cost",
        "rank": "Rank",
        "probability": "First",
        "share": "Draws",
        "draws": "Line: interval. Rank: with those not refuted. Draws: share in which it is first.",
        "law": "Line: interval. Rank: with those not refuted. First: with what probability.",
        "ends": "{} ({}–{})",
        "performance": "Index of the driver (0–100 points)",
        "interval": "interval",
        "cut": "cut-off",
    },
    "zh": {
        "money per point": "驱动因素每提高一分的增益",
        "per unit of cost": "每单位成本的净现值",
        "rank": "名次",
        "probability": "居首",
        "share": "抽样",
        "draws": "线为区间;括号内为未被排除的名次;抽样为居首的比例",
        "law": "线为区间;括号内为未被排除的名次;居首为其概率",
        "ends": "{} ({}–{})",
        "performance": "驱动因素的指数(0–100 分)",
        "interval": "区间",
        "cut": "分界线",
    },
}
_POINTS = 72.0  # an inch
_POINTS_OF_INDEX = (0.0, 100.0)
_HEADING = 0.5  # rows above the first one, for headings
_APART = 8.0  # points between two columns of words


@picture
def driver_ranking(
    table: pd.DataFrame,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what each driver brings, with the ranks that it may have (优先改进排序).

    Parameters
    ----------
    table : DataFrame
        What ``chain.fix_first`` returned.
    names : mapping from scenario to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a row for each driver, the first in rank on top, with its estimate and interval.
        At the right its rank, in brackets the best and the worst that is not refuted, and the
        probability to be first if the table has it, or else the share of draws in which it is.

    Raises
    ------
    OptionError
        If the table is another one, ``names`` names no scenario of it, or ``language`` is not one
        of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from loyaltymodel import chain, plots
    >>> rng = np.random.default_rng(1)
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plans = {
    ...     name: chain.scenario(
    ...         name, "satisfaction", change=5, impact=impact, retention=0.75,
    ...         retention_slope=0.01, economics=money, observed_per="year",
    ...         draws={"impact": rng.normal(impact, 0.05, 999)},
    ...     )
    ...     for name, impact in {"quality": 0.6, "value": 0.58, "image": 0.2}.items()
    ... }
    >>> table = chain.fix_first(plans, per="point", n_resamples=999, rng=1)
    >>> ax = plots.chain.driver_ranking(table)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['quality', 'value', 'image']
    """
    words = words_in(language, _WORDS)
    check_table(table, ("scenario", "unit", "estimate", "rank"), "chain.fix_first returns")
    shown = shown_names(table["scenario"], names, listed="; the scenarios are")
    label = words[str(table["unit"].iloc[0])]
    seen = table.filter(["estimate", "ci_low", "ci_high"]).to_numpy(np.float64)
    unit, label = counted_in(language, label, seen)
    ax, rows = row_axes(ax, [shown[name] for name in table["scenario"]], row=0.22, more=0.75)
    drawn = "ci_low" in table
    if drawn:
        draw_intervals(ax, rows, table["ci_low"] / unit, table["ci_high"] / unit)
        caption(ax, words["law" if "first_probability" in table else "draws"])
    draw_marks(ax, table["estimate"] / unit, rows)
    ax.margins(x=0.06)
    ax.autoscale_view(scaley=False)
    low, high = ax.get_xlim()
    if low < 0 < high:
        ax.axvline(0.0, **GUIDE)
    ax.set_xlabel(label)
    tidy(ax)
    ranks = table["rank"].astype(str).tolist()
    if "best" in table:
        ends = table[["rank", "best", "worst"]].to_numpy().tolist()
        ranks = [words["ends"].format(*row) for row in ends]
    columns = [(words["rank"], ranks)]
    if "first_probability" in table:
        said = [percent(share) for share in table["first_probability"].round(2)]
        columns.append((words["probability"], said))
    elif "first_share" in table:
        columns.append((words["share"], [percent(x) for x in table["first_share"].round(2)]))
    _write_columns(ax, rows.tolist(), columns)
    return ax


def _write_columns(ax: Axes, rows: list[float], columns: list[tuple[str, list[str]]]) -> None:
    """Write columns of words to the right of the rows, each with a heading."""
    at = 3.0
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top - _HEADING)  # of rows, which grow downwards
    for heading, texts in columns:
        widest = max(extent_of(ax, text)[0] for text in (heading, *texts))
        for row, text in zip(rows, texts, strict=True):
            write_off(ax, (1.0, row), text, of=("axes fraction", "data"), away=(at, 0.0))
        place = ("axes fraction", "data")
        write_off(ax, (1.0, top), heading, of=place, away=(at, 0.0), colour=GREY)
        at += _POINTS * widest + _APART


@picture
def money_performance_map(
    table: pd.DataFrame,
    *,
    cuts: Mapping[str, Cut] | None = None,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what a driver brings in money against how well it does (金额-绩效图).

    An importance-performance map whose importance is money.

    Parameters
    ----------
    table : DataFrame
        What ``chain.fix_first`` returned, of scenarios that know the index of their drivers: made
        with ``impact=`` a structural result that was fitted with ``scale``.
    cuts : mapping, optional
        Where "performance" and "money" are cut: "mean", "median" or a number; of performance also
        "midpoint", which is 50. The mean of the drivers where nothing is said.
    names : mapping from scenario to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: index of the driver to the right, money upwards with its interval, so that what
        to act on lies at the upper left. Broken lines are the cut-offs.

    Raises
    ------
    OptionError
        If no index is known, the table is another one, ``names`` names no scenario of it, or an
        option is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import chain, plots
    >>> money = chain.CustomerEconomics(
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    ... )
    >>> plans = {
    ...     name: chain.scenario(
    ...         name, "satisfaction", change=5, impact=impact, retention=0.75,
    ...         retention_slope=0.01, economics=money, observed_per="year",
    ...     ).model_copy(update={"driver_level": level})
    ...     for name, impact, level in [("quality", 0.6, 62), ("image", 0.2, 75)]
    ... }
    >>> ax = plots.chain.money_performance_map(chain.fix_first(plans, per="point"))
    >>> ax.get_xlabel()
    'Index of the driver (0–100 points)'
    """
    words = words_in(language, _WORDS)
    check_table(table, ("scenario", "unit", "estimate", "rank"), "chain.fix_first returns")
    if "performance" not in table or table["performance"].isna().any():
        raise OptionError(
            "the table does not say how every driver does now; make the scenarios with impact= a "
            'structural result fitted with scale, or with model_copy(update={"driver_level": ...})'
        )
    rules = by_variable("cuts", cuts, {"performance": "mean", "money": "mean"})
    shown = shown_names(table["scenario"], names, listed="; the scenarios are")
    seen = table.filter(["estimate", "ci_low", "ci_high"]).to_numpy(np.float64)
    unit, label = counted_in(language, words[str(table["unit"].iloc[0])], seen)
    points = np.column_stack([table["performance"], seen[:, 0] / unit])
    lines = []
    ax = axes_or_new(ax, height=COLUMN)
    for k, (name, limits) in enumerate({"performance": _POINTS_OF_INDEX, "money": None}.items()):
        rule = rules[name]
        check_cut(f"cuts of {name!r}", rule, limits)
        cut = rule if isinstance(rule, str) or name == "performance" else rule / unit
        (at,) = cut_offs(points[:, k], np.ones((1, len(points))), cut, limits=limits).tolist()
        (ax.axvline, ax.axhline)[k](at, **GUIDE, label=words["cut"] if k else "")
        lines.append(at)
    crosses = np.repeat(points[:, None], 2, axis=1)
    if seen.shape[1] > 1:
        crosses[:, :, 1] = seen[:, 1:] / unit
        ax.vlines(points[:, 0], *crosses[:, :, 1].T, color=BLUE, linewidth=0.7, alpha=0.7)
        ax.collections[-1].set_label(words["interval"])
    draw_marks(ax, *points.T, size=4.5)
    ax.margins(0.22)
    ax.autoscale_view()
    ax.set_xlabel(words["performance"])
    ax.set_ylabel(label)
    tidy(ax)
    add_legend(ax)
    name_corners(ax, quadrant_names(language))
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    guides = [[(lines[0], bottom), (lines[0], top)], [(left, lines[1]), (right, lines[1])]]
    named = [shown[name] for name in table["scenario"]]
    name_points(ax, points, named, np.concatenate([crosses, np.array(guides)]))
    return ax
