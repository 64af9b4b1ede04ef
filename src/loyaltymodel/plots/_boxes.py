"""Boxes with words, and arrows between them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.plots._style import INK, LETTERS, PALE, extent_of, write

Point = tuple[float, float]

_ROUND = 0.04  # inches: radius of the corners of a box
_RIM = 0.1  # inches of the width of a box that its words leave free
_HEAD = (2.6, 5.1)  # points: half the width and the length of the head of an arrow


def draw_box(
    ax: Axes, centre: FloatArray | Point, size: FloatArray | Point, text: str, *, known: bool = True
) -> None:
    """Draw a box with round corners and its words, on axes of an inch a unit.

    Words that are too wide become smaller; a box of which nothing is known has a broken edge.
    """
    (x, y), (width, height) = map(float, centre), map(float, size)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2 + _ROUND, y - height / 2 + _ROUND),
            width - 2 * _ROUND,
            height - 2 * _ROUND,
            boxstyle=f"round,pad={_ROUND},rounding_size={_ROUND}",
            facecolor=PALE if known else "white",
            edgecolor=INK,
            linewidth=0.7,
            linestyle="-" if known else "--",
            zorder=2,
        )
    )
    fits = min(1.0, (width - _RIM) / float(extent_of(ax, text, LETTERS)[0]))
    write(ax, x, y, text, letters=LETTERS * fits)


def draw_arrow(
    ax: Axes,
    way: Sequence[Point],
    *,
    width: float,
    colour: str,
    broken: bool = False,
    curved: bool = False,
    head: tuple[float, float] = _HEAD,
) -> None:
    """Draw an arrow from point to point; a curved one by way of two points of control."""
    codes = [Path.MOVETO, *[Path.CURVE4 if curved else Path.LINETO] * (len(way) - 1)]
    ax.add_patch(
        FancyArrowPatch(
            path=Path(way, codes),
            arrowstyle=f"-|>,head_width={head[0]:.2f},head_length={head[1]:.2f}",
            mutation_scale=1.0,
            linewidth=width,
            linestyle="--" if broken else "-",
            color=colour,
            capstyle="butt" if curved else "round",  # a thick curve would reach into its box
            joinstyle="miter" if curved else "round",
            zorder=1,
        )
    )
