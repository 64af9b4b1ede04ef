"""Which driver brings most for a point or for its cost, and how sure its rank is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._core.tables import percent
from loyaltymodel.plots._chain_tables import check_table, counted_in
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    GREY,
    GUIDE,
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
    },
}
_POINTS = 72.0  # an inch
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
    ...     margin=100, per="year", discount=0.25, timing="now", customers=1000
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
