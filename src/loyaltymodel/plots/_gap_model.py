"""The gap model of service quality, as boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.tables import number
from loyaltymodel.errors import OptionError
from loyaltymodel.expectation_gap.results import ProviderGaps
from loyaltymodel.plots._boxes import Point, draw_arrow, draw_box
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    GUIDE,
    LETTERS,
    VERMILION,
    axes_or_new,
    extent_of,
    legend_look,
    picture,
    write,
    write_off,
)

# In inches: centres of the boxes, and half a box.
_X, _TOP, _BOTTOM, _ASIDE = 1.38, 3.25, 0.25, 2.99
_BOXES: dict[str, Point] = {
    "expected": (_X, _TOP),
    "perceived": (_X, 2.55),
    "delivered": (_X, 1.65),
    "designed": (_X, 0.95),
    "understood": (_X, _BOTTOM),
    "promised": (_ASIDE, 1.65),
}
_BOX = (0.48, 0.17)
_SIDE = 0.38  # where gap 1 runs down beside the boxes
_BORDER = 2.1  # between customers and the firm
_BETWEEN = 0.56  # room between the boxes of what is delivered and what is promised


def _upright(source: str, target: str) -> list[Point]:
    """Return the way from a box to one that stands above or below it."""
    (x, start), (_, end) = _BOXES[source], _BOXES[target]
    away = _BOX[1] if end > start else -_BOX[1]
    return [(x, start + away), (x, end - away)]


_LEFT = _X - _BOX[0]
# The way of each gap's arrow, and where it is named.
_WAYS: dict[str, list[Point]] = {
    "gap 1": [(_LEFT, _TOP), (_SIDE, _TOP), (_SIDE, _BOTTOM), (_LEFT, _BOTTOM)],
    "gap 2": _upright("understood", "designed"),
    "gap 3": _upright("designed", "delivered"),
    "gap 4": [(_ASIDE - _BOX[0], 1.65), (_X + _BOX[0], 1.65)],
    "gap 5": _upright("expected", "perceived"),
}
_SAID: dict[str, Point] = {
    "gap 1": (_SIDE, 1.3),
    "gap 2": (_X + 0.08, 0.6),
    "gap 3": (_X + 0.08, 1.3),
    "gap 4": ((_X + _ASIDE) / 2, 1.76),
    "gap 5": (_X + 0.08, 2.9),
}
_WORDS: Mapping[Language, Words] = {
    "en": {name: name for name in (*_BOXES, *_WAYS, "not perceived", "customers", "firm")}
    | {"unit": "levels and gaps in points", "short": "falls short", "not short": "does not"},
    "zh": {
        "expected": "客户期望",
        "perceived": "客户感知",
        "delivered": "传递的服务",
        "designed": "设计的服务",
        "understood": "企业的理解",
        "promised": "服务承诺",
        "gap 1": "差距 1",
        "gap 2": "差距 2",
        "gap 3": "差距 3",
        "gap 4": "差距 4",
        "gap 5": "差距 5",
        "not perceived": "未被感知",
        "customers": "客户",
        "firm": "企业",
        "unit": "水平与差距的单位:分",
        "short": "不足",
        "not short": "无不足",
    },
}


@picture
def gap_model(
    result: ProviderGaps,
    *,
    unit: str | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the gap model: six levels of service and the five gaps between them (差距模型图).

    Parameters
    ----------
    result : ProviderGaps
        What to draw.
    unit : str, optional
        Of which unit; needed where there are several.
    names : mapping from level to str, optional
        Names to show instead of "expected", "perceived", "delivered", "designed", "understood"
        and "promised".
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default. Boxes keep their size,
        so give axes at least as wide and as high as 3.5 inches.

    Returns
    -------
    Axes
        The axes, one data unit an inch: customers above the broken line, the firm below. An
        arrow is the thicker the larger its gap, full where something falls short, broken where
        not. What was delivered but not perceived is grey, because it is none of the five.

    Raises
    ------
    OptionError
        If ``unit`` is not among those of the result, or is needed and absent; ``names`` names no
        level; or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.expectation_gap import provider_gaps
    >>> result = provider_gaps(
    ...     expected=9, understood=8, designed=7, delivered=6, promised=8.5, perceived=5
    ... )
    >>> ax = plots.expectation_gap.gap_model(result)
    >>> [text.get_text() for text in ax.texts if text.get_text().startswith("gap 5")]
    ['gap 5: 4.00']
    """
    words = words_in(language, _WORDS)
    shown = shown_names(_BOXES, names, words)
    row = _row_of(result, unit)
    levels, gaps = result.levels.iloc[row], result.gaps.iloc[row]
    ax = axes_or_new(ax, height=COLUMN)
    ax.set_axis_off()
    ax.set_xlim(0, COLUMN)
    ax.set_ylim(0, COLUMN)
    ax.set_aspect("equal")
    most = float(np.nanmax(np.abs(gaps))) or 1.0
    for gap, way in _WAYS.items():
        if not np.isnan(gaps[gap]):
            _draw_gap(ax, way, float(gaps[gap]), most)
            _say(ax, gap, words[gap], float(gaps[gap]))
    x, low = _BOXES["delivered"]
    high = _BOXES["perceived"][1]
    ax.plot([x, x], [low + _BOX[1], high - _BOX[1]], color=GREY, linewidth=0.8, zorder=1)
    lost = (
        f"{words['not perceived']}: {number(float(levels['delivered'] - levels['perceived']), 2)}"
    )
    write_off(ax, (x, (low + high) / 2 - 0.09), lost, away=(6.0, 0.0), colour=GREY)
    for name, centre in _BOXES.items():
        if not np.isnan(levels[name]):
            text = f"{shown[name]}\n{number(float(levels[name]), 2)}"
            draw_box(ax, centre, (2 * _BOX[0], 2 * _BOX[1]), text)
    ax.axhline(_BORDER, **GUIDE | {"zorder": 0})
    for y, side in ((_BORDER + 0.09, "customers"), (_BORDER - 0.09, "firm")):
        write_off(ax, (3.46, y), words[side], away=(0.0, 0.0), colour=GREY, ha="right")
    _explain(ax, gaps.to_numpy(), words)
    return ax


def _row_of(result: ProviderGaps, unit: str | None) -> int:
    if unit is None and len(result.units) == 1:
        return 0
    if unit not in result.units:
        said = "there are several units" if unit is None else f"unit={unit!r} is none of them"
        raise OptionError(f"{said}; choose unit= from {enumerate_names(result.units, most=12)}")
    return result.units.index(unit)


def _draw_gap(ax: Axes, way: Sequence[Point], size: float, most: float) -> None:
    """Draw an arrow as thick as its gap is large: full if something falls short, else broken."""
    look = {"colour": VERMILION, "broken": False} if size > 0 else {"colour": BLUE, "broken": True}
    draw_arrow(ax, way, width=0.6 + 1.8 * abs(size) / most, **look)  # type: ignore[arg-type]


def _say(ax: Axes, gap: str, name: str, size: float) -> None:
    """Write the name and the size of a gap beside its arrow, or on it where it runs alone."""
    text = f"{name}: {number(size, 2)}"
    x, y = _SAID[gap]
    if gap == "gap 1":
        write(ax, x, y, text.replace(": ", ":\n"), on_card=True)
    elif gap == "gap 4":
        fits = min(1.0, _BETWEEN / float(extent_of(ax, text, LETTERS)[0]))
        write(ax, x, y, text, letters=fits * LETTERS)
    else:
        write_off(ax, (x, y), text, away=(0.0, 0.0), fontsize=LETTERS)


def _explain(ax: Axes, gaps: FloatArray, words: Words) -> None:
    """Say at the lower right what the two kinds of arrows mean, of those that there are."""
    look: dict[str, Any] = {"linewidth": 1.2}
    lines = [Line2D([], [], color="none", label=words["unit"])]
    if (gaps <= 0).any():
        lines.insert(
            0, Line2D([], [], color=BLUE, linestyle="--", label=words["not short"], **look)
        )
    if (gaps > 0).any():
        lines.insert(0, Line2D([], [], color=VERMILION, label=words["short"], **look))
    ax.legend(handles=lines, loc="lower right", **legend_look())
