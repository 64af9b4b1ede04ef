"""Rows with names, the first on top: what forests, dumbbells and ladders share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.plots._names import wrapped
from loyaltymodel.plots._style import BLUE, LINE, axes_or_new

_BETWEEN = 0.045  # inches between names of neighbouring rows


def row_axes(
    ax: Axes | None,
    names: Sequence[str],
    *,
    row: float,
    more: float,
    last: float = 0.0,
    letters: int | None = None,
) -> tuple[Axes, FloatArray]:
    """Return axes with a row for each name, the first on top, and where the rows stand.

    Rows are 1 apart, and farther where a name has several lines; the last may be set off. New
    axes are as high as all rows, each so many inches, and what else there is more.
    """
    shown = wrapped(names) if letters is None else wrapped(names, letters)
    lines = np.array([name.count("\n") + 1 for name in shown])
    needed = (LINE * (lines[1:] + lines[:-1]) / 2 + _BETWEEN) / row
    rows = np.concatenate([[0.0], np.maximum(needed, 1.0).cumsum()])
    rows[-1] += last
    top, bottom = np.maximum((LINE * lines[[0, -1]] + _BETWEEN) / row, 1.0) / 2
    ax = axes_or_new(ax, height=more + row * float(rows[-1] + bottom + top))
    ax.set_yticks(rows, shown, parse_math=False)
    ax.set_ylim(rows[-1] + bottom, -top)
    return ax, rows


def draw_intervals(
    ax: Axes,
    rows: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    colour: str = BLUE,
    label: str = "",
    zorder: float = 2,
) -> None:
    """Draw an interval in each row; NaN draws nothing."""
    ax.hlines(rows, low, high, color=colour, linewidth=1.0, zorder=zorder, label=label)
