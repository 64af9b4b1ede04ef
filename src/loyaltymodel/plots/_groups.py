"""Pictures of groups: what differs between them, and which company is better than which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from loyaltymodel._core.options import enumerate_names, shown
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    GREY,
    INK,
    SMALL,
    add_legend,
    draw_marks,
    picture,
    tidy,
)
from loyaltymodel.structural.results import GroupComparison, LeagueTable

__all__ = ["group_differences", "league_table"]

_ROW = 34  # letters of the name of a difference in a line
_GAP = 0.02  # of the width of the axes, before the ranks
_WORDS: Mapping[Language, Words] = {
    "en": {
        "paths": "path coefficients",
        "weights": "weights",
        "loadings": "loadings",
        "total_effects": "total effects",
        "specific_effects": "indirect effects",
        "impacts": "impacts",
        "index": "indices (points)",
        "r_squared": "R²",
        "alpha": "Cronbach's alpha",
        "rho_a": "rho_A",
        "rho_c": "rho_C",
        "ave": "average variance extracted",
        "htmt": "heterotrait-monotrait ratios",
        "difference": "Difference of {}",
        "between": "{}: {}",
        "out": "leaves out 0",
        "in": "holds 0",
        "points": "Index of {} (0–100 points)",
        "ranks": "at the right: possible ranks, all at once at {:g}%",
    },
    "zh": {
        "paths": "路径系数",
        "weights": "权重",
        "loadings": "载荷",
        "total_effects": "总效应",
        "specific_effects": "间接效应",
        "impacts": "影响",
        "index": "指数(分)",
        "r_squared": "R²",
        "alpha": "克朗巴哈系数",
        "rho_a": "ρ_A",
        "rho_c": "组合信度",
        "ave": "平均方差提取量",
        "htmt": "异质-单质比率",
        "difference": "{}之差",
        "between": "{}:{}",
        "out": "不含 0",
        "in": "含 0",
        "points": "{}指数(0–100 分)",
        "ranks": "右侧:可能的名次,同时成立的置信水平 {:g}%",
    },
}


@picture
def group_differences(
    result: GroupComparison,
    quantity: str = "paths",
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw by how much groups differ, with intervals, one difference below the other.

    Parameters
    ----------
    result : GroupComparison
        What to draw.
    quantity : str
        Which differences, such as "paths" or "index"; one that was compared.
    names : mapping from construct, item or group to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first difference on top. Intervals that leave out 0 have a full mark, the
        others a hollow one. Each interval is one by one, not corrected for many.

    Raises
    ------
    OptionError
        If the quantity was not compared, ``names`` has an unknown name, or ``language`` is not
        one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> survey["half"] = ["first"] * 125 + ["second"] * 125
    >>> result = structural.fit(model, survey)
    >>> found = structural.compare_groups(result, survey, groups="half", n_resamples=199, rng=1)
    >>> plots.structural.group_differences(found).get_xlabel()
    'Difference of path coefficients: first – second'
    """
    words = words_in(language, _WORDS)
    table = result.differences
    if quantity not in (known := list(dict.fromkeys(table["quantity"]))):
        every = enumerate_names(known, most=13)
        raise OptionError(f"quantity={shown(quantity)} was not compared; there are {every}")
    model = result.result.model
    named = shown_names(model.names, names, more=[*model.items, *result.sizes])
    table = table[table["quantity"] == quantity]
    label = words["difference"].format(words[quantity])
    pairs = list(dict.fromkeys(zip(table["first"], table["second"], strict=True)))
    written = {pair: " – ".join(str(named.get(g, g)) for g in pair) for pair in pairs}
    rows_of = []
    for first, second, name in table[["first", "second", "name"]].itertuples(index=False):
        route = " → ".join(named.get(part, part) for part in name.split(" -> "))
        rows_of.append(route if len(pairs) == 1 else f"{route}: {written[first, second]}")
    ax, rows = row_axes(ax, rows_of, row=0.165, more=0.75, letters=_ROW)
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    ax.axvline(0, color=GREY, linewidth=0.7)
    draw_intervals(ax, rows, low, high, label=interval_in(language, result.level))
    out = (low > 0) | (high < 0)
    draw_marks(ax, table["estimate"], rows, full=out, label=words["out"], hollow=words["in"])
    if len(pairs) == 1:
        label = words["between"].format(label, written[pairs[0]])
    ax.set_xlabel(label, parse_math=False)
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def league_table(
    result: LeagueTable,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw groups by their index, the highest on top, with the ranks that each can have (排行榜).

    Parameters
    ----------
    result : LeagueTable
        What to draw.
    names : mapping from construct or group to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: indices with an interval of each alone, and at the right the first and last rank
        that each can have, all at once.

    Raises
    ------
    OptionError
        If ``names`` has an unknown name, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> survey["shop"] = ["north"] * 100 + ["south"] * 150
    >>> result = structural.fit(model, survey, scale=(1, 10))
    >>> found = structural.league_table(result, survey, groups="shop", n_resamples=199, rng=1)
    >>> plots.structural.league_table(found).get_xlabel().splitlines()[0]
    'Index of satisfaction (0–100 points)'
    """
    words = words_in(language, _WORDS)
    table = result.ranks
    named = shown_names(table["group"], names, more=[result.construct])
    ax, rows = row_axes(
        ax, [str(named[g]) for g in table["group"]], row=0.165, more=1.05, letters=_ROW
    )
    level = interval_in(language, result.level)
    draw_intervals(ax, rows, table["ci_low"], table["ci_high"], label=level)
    draw_marks(ax, table["estimate"], rows)
    for row, low, high in zip(
        rows.tolist(), table["rank_first"].tolist(), table["rank_last"].tolist(), strict=True
    ):
        ax.text(
            1 + _GAP,
            row,
            f"{low}" if low == high else f"{low}–{high}",
            transform=ax.get_yaxis_transform(),
            fontsize=SMALL,
            color=INK,
            ha="left",
            va="center",
        )
    construct = named.get(result.construct, result.construct)
    lines = (words["points"].format(construct), words["ranks"].format(100 * result.level))
    ax.set_xlabel("\n".join(lines), parse_math=False)
    tidy(ax)
    add_legend(ax)
    return ax
