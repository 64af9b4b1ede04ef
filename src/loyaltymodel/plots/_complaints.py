"""What becomes of dissatisfied customers: those who complain above the water, the silent below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.economics.results import ComplaintFlow
from loyaltymodel.errors import DataError
from loyaltymodel.plots._names import Language, Words, shown_names, words_in, wrapped
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    LINE,
    PALE,
    VERMILION,
    axes_or_new,
    caption,
    picture,
    size_of,
    tidy,
    without_frame,
    write_off,
)

_ORDER = ("at_once", "handled", "unhandled", "silent")  # from the tip down
_WORDS: Mapping[Language, Words] = {
    "en": {
        "at_once": "solved at once",
        "handled": "handled later",
        "unhandled": "not handled",
        "silent": "silent",
        "back": "come back",
        "lost": "lost",
        "water": "complain",
        "of": "{0}: {1:.3g}%",
        "caption": "Dissatisfied customers, {:,.6g} in all",
    },
    "zh": {
        "at_once": "当场解决",
        "handled": "事后处理",
        "unhandled": "未处理",
        "silent": "沉默",
        "back": "再次光顾",
        "lost": "流失",
        "water": "投诉",
        "of": "{0}：{1:.3g}%",
        "caption": "不满意的顾客，共 {:,.6g} 人",
    },
}
# The left side of the ice: how wide it is, at shares of its height above and below the water.
_TIP = ((1.0, 0.05), (0.7, 0.16), (0.45, 0.2), (0.2, 0.34), (0.0, 0.4))
_BULK = ((0.12, 0.55), (0.3, 0.62), (0.5, 0.56), (0.72, 0.42), (0.88, 0.3), (1.0, 0.1))
_AIR = 0.16  # above the tip, in shares of all
_GAP = 0.06  # between those who come back and those who do not
_SHARP = 40  # points of a ribbon


@picture
def iceberg_flow(
    result: ComplaintFlow,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what becomes of dissatisfied customers, from the iceberg of complaints on (抱怨冰山).

    Parameters
    ----------
    result : ComplaintFlow
        What ``economics.complaint_flow`` returned.
    names : mapping from branch to str, optional
        Names to show instead of those of "at_once", "handled", "unhandled" and "silent".
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: at the left an iceberg, those who complain above the water and the silent below
        it, as high as their shares; from it to the right bands to those who come back and those
        who are lost, as wide as the customers are many. Shares are of all dissatisfied customers.

    Raises
    ------
    DataError
        If there are no dissatisfied customers.
    OptionError
        If ``names`` names no branch, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> behaviour = economics.ComplaintBehaviour(
    ...     complain_share=0.4, handled_share=0.5, at_once_share=0.2, lost_share=0.9,
    ...     lost_base="silent", return_handled=0.7, return_at_once=0.95,
    ... )
    >>> ax = plots.economics.iceberg_flow(economics.complaint_flow(behaviour, 100))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['solved at once: 8%', 'handled later: 20%', 'not handled: 12%', 'silent: 60%']
    """
    words = words_in(language, _WORDS)
    shown = shown_names(_ORDER, names, words)
    if not result.dissatisfied > 0:
        raise DataError("there are no dissatisfied customers to draw; give a number above 0")
    table = result.branches.set_index("branch")
    share = table.loc[list(_ORDER), "share"].to_numpy()
    back = table.loc[list(_ORDER), "returning"].to_numpy() / result.dissatisfied
    ax = axes_or_new(ax, height=3.1)
    above = float(share[:3].sum())
    tops = above - np.concatenate([[0.0], np.cumsum(share)[:-1]])
    right = above + _GAP / 2
    ax.set_xlim(-0.75, 1.06)
    ax.set_ylim(above - 1 - _GAP, above + _AIR)
    ax.axhspan(above - 1 - _GAP, 0.0, color=PALE, zorder=0)
    ax.axhline(0.0, color=BLUE, linewidth=0.8, zorder=3)
    _draw_ice(ax, above)
    _draw_bands(ax, tops, back, share - back, right)
    _name_branches(
        ax,
        tops - share / 2,
        share,
        [words["of"].format(shown[n], 100 * q) for n, q in zip(_ORDER, share, strict=True)],
    )
    ends = {"back": (right, float(back.sum())), "lost": (right - back.sum() - _GAP, 1 - back.sum())}
    colours = {"back": BLUE, "lost": VERMILION}
    for name, (top, size) in ends.items():
        ax.fill_between([1.0, 1.05], top, top - size, color=colours[name], linewidth=0, zorder=3)
        write_off(ax, (1.06, top - size / 2), f"{words[name]}\n{100 * size:.3g}%")
    ax.set_xticks([])
    tidy(ax)
    without_frame(ax)
    caption(ax, words["caption"].format(result.dissatisfied))
    return ax


def _draw_ice(ax: Axes, above: float) -> None:
    """Draw the iceberg, the right side of which is straight, where the bands begin."""
    points = [(-width, height * above) for height, width in _TIP]
    points += [(-width, -depth * (1 - above)) for depth, width in _BULK]
    x, y = np.array(points).T
    ax.fill(
        np.concatenate([[0.0], x, [0.0]]),
        np.concatenate([[above], y, [above - 1]]),
        facecolor="white",
        edgecolor=GREY,
        linewidth=0.8,
        zorder=2,
    )


def _draw_bands(
    ax: Axes, tops: FloatArray, back: FloatArray, lost: FloatArray, right: float
) -> None:
    """Draw a band from each branch to those who come back, and one to those who do not."""
    t = np.linspace(0.0, 1.0, _SHARP)
    bend = t**2 * (3 - 2 * t)
    up = right - np.concatenate([[0.0], np.cumsum(back)[:-1]])
    down = right - back.sum() - _GAP - np.concatenate([[0.0], np.cumsum(lost)[:-1]])
    look: dict[str, Any] = {"linewidth": 0, "alpha": 0.45, "zorder": 2}
    for top, stays, goes, high, low in zip(tops, back, lost, up, down, strict=True):
        first = top + (high - top) * bend
        ax.fill_between(t, first, first - stays, color=BLUE, **look)
        second = top - stays + (low - top + stays) * bend
        ax.fill_between(t, second, second - goes, color=VERMILION, **look)


def _name_branches(ax: Axes, middles: FloatArray, share: FloatArray, texts: Sequence[str]) -> None:
    """Name the branches at the left, apart from each other, with lines to where they are."""
    there = share > 0
    own = [text for text, is_there in zip(texts, there, strict=True) if is_there]
    at = middles[there]
    low, high = ax.get_ylim()
    line = 1.25 * LINE / size_of(ax)[1] * (high - low)
    places = at.copy()
    # From the lowest up, each at least a line above the one below it.
    for k in range(len(places) - 2, -1, -1):
        places[k] = max(places[k], places[k + 1] + line)
    ax.set_yticks(places, wrapped(own), parse_math=False)
    left = ax.get_xlim()[0]
    for place, middle in zip(places, at, strict=True):
        ax.plot(
            [left, left + 0.06, -0.03], [place, place, middle], color=INK, linewidth=0.5, zorder=4
        )
