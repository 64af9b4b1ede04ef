"""What all pictures share: size of a journal column, colours, letters."""

from __future__ import annotations

from typing import cast

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN = 3.5  # inches: the width of a journal column, 89 mm

# Four of the colours that Okabe and Ito chose to be told apart by colour-blind readers; their
# lightness differs too, so that they stay apart in grey.
INK = "#000000"
BLUE = "#0072B2"
VERMILION = "#D55E00"
SKY = "#56B4E9"
GREY = "#7F7F7F"
PALE = "#E8EEF4"

LETTERS = 7.0  # points
SMALL = 6.0


def axes_or_new(ax: Axes | None, *, width: float = COLUMN, height: float = COLUMN) -> Axes:
    """Return the axes given, or those of a new figure of a size in inches."""
    if ax is not None:
        return ax
    _, new = plt.subplots(figsize=(width, height), layout="constrained")
    return new


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to."""
    return cast(Figure, ax.get_figure(root=True))


def tidy(ax: Axes) -> None:
    """Take away what carries no information, and write small."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    for side in ("left", "bottom"):
        ax.spines[side].set_linewidth(0.6)
    ax.xaxis.label.set_fontsize(LETTERS)
    ax.yaxis.label.set_fontsize(LETTERS)
    ax.title.set_fontsize(LETTERS + 1)
