"""What all pictures share: size of a journal column, colours, letters."""

from __future__ import annotations

from functools import cache
from typing import cast

import matplotlib.pyplot as plt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

COLUMN = 3.5  # inches: the width of a journal column, 89 mm

# Two of the colours that Okabe and Ito chose to be told apart by colour-blind readers; their
# lightness differs too, so that they stay apart in grey.
INK = "#000000"
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREY = "#7F7F7F"
PALE = "#E8EEF4"

LETTERS = 7.0  # points
SMALL = 6.0


_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "Arial Unicode MS",
)


@cache
def _installed(names: tuple[str, ...]) -> tuple[str, ...]:
    known = {font.name for font in fontManager.ttflist}
    return tuple(name for name in names if name in known)


def families() -> list[str]:
    """Return the fonts to write in: the user's own, then those at hand with Chinese letters."""
    return [*rcParams["font.family"], *_installed(_CHINESE)]


def axes_or_new(ax: Axes | None, *, width: float = COLUMN, height: float = COLUMN) -> Axes:
    """Return the axes given, or those of a new figure of a size in inches."""
    if ax is not None:
        return ax
    _, new = plt.subplots(figsize=(width, height), layout="constrained")
    return new


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to."""
    return cast(Figure, ax.get_figure(root=True))


def write(
    ax: Axes, x: float, y: float, text: str, *, letters: float = LETTERS, on_card: bool = False
) -> None:
    """Write about a point, above everything else; on a white card if lines pass beneath."""
    card = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
    ax.text(
        x,
        y,
        text,
        fontsize=letters,
        fontfamily=families(),
        ha="center",
        va="center",
        zorder=3 if on_card else 4,
        bbox=card if on_card else None,
        parse_math=False,
    )


def tidy(ax: Axes) -> None:
    """Take away what carries no information, and write small."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    for side in ("left", "bottom"):
        ax.spines[side].set_linewidth(0.6)
    for text in (ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set_fontfamily(families())
    ax.xaxis.label.set_fontsize(LETTERS)
    ax.yaxis.label.set_fontsize(LETTERS)
