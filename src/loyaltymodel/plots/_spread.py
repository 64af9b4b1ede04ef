"""How many people hear of something, generation by generation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.options import count_of
from loyaltymodel.economics.results import Spread
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_MOST = 3  # spreads that stand beside each other
_COLOURS = (BLUE, VERMILION, INK)
_WORDS: Mapping[Language, Words] = {
    "en": {
        "generation": "Generation of hearers",
        "people": "People who hear it",
        "total": "total",
        "median": "median",
        "mean": "mean",
        "range": "{:g}% of cases",
        "named": "{}, {}",
    },
    "zh": {
        "generation": "传播代次",
        "people": "听到的人数",
        "total": "合计",
        "median": "中位数",
        "mean": "均值",
        "range": "{:g}% 的情形",
        "named": "{}，{}",
    },
}
_WIDE = 50.0  # times the smallest mean from which a logarithmic scale is needed


@picture
def reach_by_generation(
    result: Spread | Mapping[str, Spread], *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw how many people hear of something, generation by generation (口碑传播范围).

    Parameters
    ----------
    result : Spread, or mapping from name to Spread
        What ``economics.spread`` returned, or up to three of as many generations, such as offline
        and online.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: for each generation and for the total the median (full), the mean (hollow) and
        a line from the lower to the upper quantile. The scale is linear from 0 to 1 and
        logarithmic above where numbers differ much.

    Raises
    ------
    OptionError
        If there are more than three, their generations or levels differ, or ``language`` is not one
        of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> told = economics.Audience(parts=[{"share": 1, "mean": 3, "law": "poisson"}])
    >>> found = economics.spread(told, seeds=5, generations=3, retell_share=0.4)
    >>> ax = plots.economics.reach_by_generation(found)
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['1', '2', '3', 'total']
    """
    words = words_in(language, _WORDS)
    several = dict(result) if isinstance(result, Mapping) else {"": result}
    if not 1 <= len(several) <= _MOST:
        raise OptionError(f"there are {count_of(len(several), 'spread')}; give 1 to {_MOST}")
    kinds = {(one.generations, one.level) for one in several.values()}
    if len(kinds) > 1:
        raise OptionError(
            "the spreads differ in generations or level, so that they do not stand beside each "
            "other; compute them with the same"
        )
    (generations, level), shown = kinds.pop(), shown_names(several, None)
    ax = axes_or_new(ax, height=2.6)
    places = np.append(np.arange(1.0, generations + 1), generations + 1.4)
    offsets = 0.16 * (np.arange(len(several)) - (len(several) - 1) / 2)
    for (name, one), colour, offset in zip(several.items(), _COLOURS, offsets, strict=False):
        own = "" if len(several) == 1 else shown[name]
        x = places + offset
        low, middle, high = one.reach_ends.T
        cases = words["range"].format(100 * level) if name == next(iter(several)) else ""
        ax.vlines(x, low, high, color=colour, linewidth=1.2, zorder=2, label=cases)
        draw_marks(ax, x, middle, colour=colour, label=_label(words["median"], own, words))
        mean = _label(words["mean"], own, words)
        draw_marks(ax, x, one.reach_means, full=False, colour=colour, label=mean)
    highest = [np.append(one.reach_ends, one.reach_means) for one in several.values()]
    largest = float(np.nanmax(np.concatenate([values.ravel() for values in highest])))
    means = np.concatenate([one.reach_means for one in several.values()])
    if largest > _WIDE * max(float(means.min()), 1.0):
        ax.set_yscale("symlog", linthresh=1.0, linscale=0.4)
    # Numbers as letters, not as powers of ten.
    ax.yaxis.set_major_formatter(lambda value, _place: f"{value:,.6g}")
    ax.set_ylim(bottom=0.0)
    ax.axvline(generations + 0.7, color=INK, linewidth=0.5, zorder=1)
    names = [*(str(g) for g in range(1, generations + 1)), words["total"]]
    step = max(1, generations // 10)
    chosen = [*range(0, generations, step), generations]
    ax.set_xticks(places[chosen], [names[k] for k in chosen])
    ax.set_xlabel(words["generation"])
    ax.set_ylabel(words["people"])
    tidy(ax)
    add_legend(ax)
    return ax


def _label(text: str, name: str, words: Words) -> str:
    return words["named"].format(name, text) if name else text
