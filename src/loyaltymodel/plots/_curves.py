"""What pictures of loyalty curves share: axes of shares, colours of constraints, zones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.plots._names import Language, Words
from loyaltymodel.plots._style import SHADES, tidy

Colour = tuple[float, float, float, float]

GRID = np.linspace(0.0, 1.0, 401)  # satisfaction at which curves are drawn

_SHARES = (0.0, 1.0)
_MARGIN = 0.02  # of the scale beyond its ends
_LIGHTEST = 0.42  # of the colour map, for a line without constraint
_ANSWERS = MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True)
_WORDS: Mapping[Language, Words] = {
    "en": {
        "satisfaction": "Satisfaction (share of scale)",
        "answers": "Satisfaction (answer, {:g} to {:g})",
        "loyalty": "Loyalty (probability to stay)",
    },
    "zh": {
        "satisfaction": "满意度(占量表的比例)",
        "answers": "满意度(回答,{:g} 至 {:g})",
        "loyalty": "忠诚度(留存概率)",
    },
}


def shade(constraint: float) -> Colour:
    """Return the colour of a line: the darker, the stronger the constraint."""
    red, green, blue, alpha = colormaps[SHADES](_LIGHTEST + (1 - _LIGHTEST) * constraint)
    return red, green, blue, alpha


def unit_axes(ax: Axes, language: Language, *, y: str | None = None) -> None:
    """Make both axes go from 0 to 1, of satisfaction and of loyalty or what is said instead."""
    scale_axes(ax, _SHARES, _SHARES, language)
    ax.set_ylabel(_WORDS[language]["loyalty"] if y is None else y)


def scale_axes(
    ax: Axes, scale: tuple[float, float], loyalty: tuple[float, float], language: Language
) -> None:
    """Make the axes go from the lowest to the highest answer; loyalty is named by the caller."""
    ax.set_xlim(*_beyond(scale))
    ax.set_ylim(*_beyond(loyalty))
    ax.set_xticks(scale_ticks(scale))
    ax.set_yticks(scale_ticks(loyalty))
    name = "satisfaction" if scale == _SHARES else "answers"
    ax.set_xlabel(_WORDS[language][name].format(*scale))
    tidy(ax)


def scale_ticks(scale: tuple[float, float]) -> FloatArray:
    """Return where answers are written: whole ones, the ends among them; fifths of shares."""
    if scale == _SHARES:
        return np.linspace(0, 1, 6)
    low, high = scale
    ticks = np.asarray(_ANSWERS.tick_values(low, high), dtype=np.float64)
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    if low not in ticks and low == np.rint(low):
        # A lowest answer of 1 is shown in place of what lies too near to it.
        near = ticks - low < np.diff(ticks).max(initial=0.0) / 2
        ticks = np.array([low, *ticks[~near]])
    return ticks


def _beyond(scale: tuple[float, float]) -> tuple[float, float]:
    """Return limits of an axis that shows lines at the ends of a scale whole."""
    margin = _MARGIN * (scale[1] - scale[0])
    return scale[0] - margin, scale[1] + margin


def loyalty_on_the_right(ax: Axes) -> None:
    """Put the axis of loyalty to the right, so that lines have room for names at the left."""
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set_visible(True)
    ax.spines["right"].set_linewidth(0.6)


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the first and the last place of each run of True."""
    change = np.diff(mask.astype(np.intp), prepend=0, append=0)
    starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
