"""Names on axes: beside points, at the ends of lines, in areas, in corners, over cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import BboxBase

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.plots._layout import place_beside, spread, touching
from loyaltymodel.plots._names import wrapped
from loyaltymodel.plots._style import (
    GREY,
    INK,
    LETTERS,
    SMALL,
    extent_of,
    settled,
    size_of,
    write,
    write_off,
)

_ROW = 0.13  # inches: a row of small letters
_OUT = 11.0  # points from the end of a line to its name
_POINTS = 72.0  # an inch
_EDGE = 0.03  # inches from the ends of an axis that no letters come closer to
_APART = 0.06  # inches between texts in a row
_THIN = 1.5  # heights of letters below which an area has its name outside
_FAR = 0.11  # inches from a point to its name, from which on a line joins them
_STRANGE, _OUTER = 10.0, 2.0  # cost of a caption over another cell, and of one in the outer tier
_CARD = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
_BESIDE = 0.03  # of the width of the axes, from their right end to names of thin areas
_EVEN = 0.02  # of the most room in an area, which is as good as the most
_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written about a cell, and from where to where the cell reaches."""

    text: str
    left: float
    right: float


# Beside points


def name_points(
    ax: Axes, points: FloatArray, names: Sequence[str], lines: FloatArray | None = None
) -> None:
    """Write names beside points (k, 2), off each other, off lines (m, 2, 2) and off other texts.

    A name that finds no room near its point is joined to it by a thin line. Where names are many,
    they become smaller.
    """
    figure = settled(ax)
    inches = figure.dpi_scale_trans.inverted()
    to_inches = ax.transData + inches
    places = to_inches.transform(points)
    if lines is not None:
        lines = to_inches.transform(lines.reshape(-1, 2)).reshape(-1, 2, 2)
    taken = [_corners(text.get_window_extent().transformed(inches)) for text in ax.texts]
    left, bottom, right, top = ax.get_window_extent().transformed(inches).extents
    names = wrapped(names)
    for letters in (LETTERS, SMALL, SMALL - 1):
        sizes = np.array([extent_of(ax, name, letters) for name in names])
        centres = place_beside(
            places,
            sizes,
            (left, bottom, right, top),
            lines=lines,
            taken=np.array(taken) if taken else None,
        )
        if not touching(centres, sizes):
            break
    to_data = to_inches.inverted()
    ends = np.clip(places, centres - sizes / 2, centres + sizes / 2)
    far = np.hypot(*(ends - places).T) > _FAR
    for start, end in zip(points[far], to_data.transform(ends[far]), strict=True):
        ax.plot(*zip(start, end, strict=True), color=GREY, linewidth=0.4, zorder=2)
    for (x, y), name in zip(to_data.transform(centres).tolist(), names, strict=True):
        write(ax, x, y, name, letters=letters)


def _corners(box: BboxBase) -> FloatArray:
    """Lower left and upper right corner of a box."""
    return np.array([[box.x0, box.y0], [box.x1, box.y1]])


# In strips above and below


def make_strips(ax: Axes, *, above: float, below: float) -> tuple[float, float, float]:
    """Widen the vertical axis by strips for rows of letters; return both ends and a row's height.

    The ends are those of the axis before, and heights are in its units.
    """
    low, high = ax.get_ylim()
    _, height = size_of(ax)
    row = (high - low) / max(height - (above + below) * _ROW, _ROW) * _ROW
    ax.set_ylim(low - below * row, high + above * row)
    return low, high, row


def name_corners(ax: Axes, names: Sequence[str]) -> None:
    """Write names into the corners of the axes: low left, low right, high left, high right."""
    make_strips(ax, above=1.0, below=1.0)
    for (x, y), name in zip(_CORNERS, names, strict=True):
        look: dict[str, Any] = {"bbox": _CARD, "zorder": 1.5}
        look |= {"ha": "right" if x else "left", "va": "top" if y else "bottom"}
        away = (3 - 6 * x, 2 - 4 * y)
        write_off(ax, (x, y), name, of="axes fraction", away=away, colour=GREY, **look)


def write_row(
    ax: Axes, y: float, wanted: Iterable[float], texts: Sequence[str], *, colour: str = INK
) -> None:
    """Write texts side by side at a height, as near as can be to where they should be."""
    width, _ = size_of(ax)
    widths = np.array([extent_of(ax, text)[0] for text in texts])
    places = _side_by_side(ax, width, np.array(list(wanted)), widths)
    for x, text in zip(places.tolist(), texts, strict=True):
        write(ax, x, y, text, letters=SMALL, colour=colour)


def caption_cells(
    ax: Axes, above: Sequence[Caption], below: Sequence[Caption], note: str = ""
) -> tuple[float, float]:
    """Write captions above and below a matrix, and a note at the bottom; return the matrix's ends.

    Captions that would stand over a neighbouring cell go to a tier of their own, farther out, with
    a line to their cell.
    """
    width, _ = size_of(ax)
    lines = max((c.text.count("\n") for c in (*above, *below)), default=0) + 1
    sides = [_tiers(ax, width, captions) for captions in (above, below)]
    rows = [(lines + 0.2) * max((tier + 1 for _, tier in side), default=0) for side in sides]
    low, high, row = make_strips(ax, above=rows[0], below=rows[1] + 1.2 * bool(note))
    for captions, side, edge, sign in ((above, sides[0], high, 1), (below, sides[1], low, -1)):
        near = [c for c, (_, tier) in zip(captions, side, strict=True) if tier == 0]
        for caption, (x, tier) in zip(captions, side, strict=True):
            away = tier * (lines + 0.2)  # rows from the matrix to the caption
            if tier and not any(_share(caption, other) for other in near):
                _join(ax, _foot(caption, x), edge, edge + sign * away * row)
            y = edge + sign * (away + lines / 2 + 0.15) * row
            write(ax, x, y, caption.text, letters=SMALL, on_card=tier == 0)
    if note:
        middle = sum(ax.get_xlim()) / 2
        write_row(ax, low - (rows[1] + 0.6) * row, [middle], [note], colour=GREY)
    return low, high


def _side_by_side(ax: Axes, width: float, wanted: FloatArray, widths: FloatArray) -> FloatArray:
    """Return where texts so many inches wide stand side by side, in axes of some width."""
    left, right = ax.get_xlim()
    at = (wanted - left) / (right - left) * width
    found = spread(at, widths + _APART, _EDGE, width - _EDGE)
    return np.asarray(left + found / width * (right - left))


def _tiers(ax: Axes, width: float, captions: Sequence[Caption]) -> list[tuple[float, int]]:
    """Return where each caption stands, and in which tier: 0 next to the matrix, or 1."""
    per_inch = float(np.ptp(ax.get_xlim())) / width
    middles = np.array([(c.left + c.right) / 2 for c in captions])
    widths = np.array([extent_of(ax, c.text)[0] for c in captions])

    halves = widths * per_inch / 2

    def stand(tiers: Sequence[int]) -> tuple[float, FloatArray]:
        x = middles.copy()
        for tier in set(tiers):
            own = np.array(tiers) == tier
            x[own] = _side_by_side(ax, width, middles[own], widths[own])
        strange = sum(_misleads(k, captions, x, halves, tiers) for k in range(len(captions)))
        aside = float(np.abs(x - middles).sum()) / per_inch
        return aside + _STRANGE * strange + _OUTER * sum(tiers), x

    tried = [(*stand(tiers), tiers) for tiers in product((0, 1), repeat=len(captions))]
    _, x, tiers = min(tried, key=lambda found: found[0])
    return list(zip(x.tolist(), tiers, strict=True))


def _misleads(
    k: int,
    captions: Sequence[Caption],
    x: FloatArray,
    halves: FloatArray,
    tiers: Sequence[int],
) -> bool:
    """Tell whether a caption is over another cell, or a line to its own would cross another."""
    foot = _foot(captions[k], float(x[k]))
    if tiers[k] == 0:
        return bool(foot != x[k])
    reached = np.abs(x - foot) < halves
    return bool(not reached[k]) or any(
        tier == 0 and there and not _share(other, captions[k])
        for other, there, tier in zip(captions, reached, tiers, strict=True)
    )


def _share(one: Caption, other: Caption) -> bool:
    """Tell whether two captions belong to one cell."""
    return (one.left, one.right) == (other.left, other.right)


def _foot(caption: Caption, x: float) -> float:
    """Return where a line from a caption meets its cell: straight below, or in the middle."""
    return x if caption.left <= x <= caption.right else (caption.left + caption.right) / 2


def _join(ax: Axes, x: float, start: float, end: float) -> None:
    """Draw a thin upright line that is no data."""
    line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (x, end), (x, start), arrowprops=line, zorder=2.5)


# At lines and in areas


def name_lines(
    ax: Axes,
    ends: FloatArray,
    names: Sequence[str],
    colours: Sequence[Any],
    *,
    begin: float = 0.0,
    right: bool = False,
) -> None:
    """Write names to the left of where lines begin, one above the other where they crowd.

    Or, to the right of where they end.
    """
    names = wrapped(names)
    bottom, top = ax.get_ylim()
    shifts = _shifts(ax, ends, names, (bottom, top))
    for name, end, shift, colour in zip(names, ends.tolist(), shifts, colours, strict=True):
        line = {"color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        line["relpos"] = (0 if right else 1, 0.5)
        write_off(
            ax,
            (begin, end),
            name,
            away=(_OUT if right else -_OUT, shift),
            ha="left" if right else "right",
            arrowprops={"arrowstyle": "-"} | line,
        )


def name_areas(
    ax: Axes, x: FloatArray, borders: Sequence[FloatArray], names: Sequence[str]
) -> None:
    """Write the name of each area between neighbouring borders where it has most room.

    Names of areas that are too thin stand at the right, one above the other, each with a line.
    """
    areas = [
        (low, high, name)
        for low, high, name in zip(borders[:-1], borders[1:], names, strict=True)
        if (high - low).max() > 0
    ]
    size = size_of(ax)
    places = [_place_in(ax, size, x, *area) for area in areas]
    thin = [area for area, place in zip(areas, places, strict=True) if place is None]
    if thin:
        _name_from_outside(ax, x, thin)
        # That took room from the axes.
        size = size_of(ax)
        here = zip(areas, places, strict=True)
        places = [place and _place_in(ax, size, x, *area) for area, place in here]
    for (*_, name), place in zip(areas, places, strict=True):
        if place is not None:
            write(ax, *place, name, letters=SMALL, on_card=True)


def _place_in(
    ax: Axes,
    axes_size: tuple[float, float],
    x: FloatArray,
    low: FloatArray,
    high: FloatArray,
    name: str,
) -> tuple[float, float] | None:
    """Return where in an area between two borders a name has most room, if it has enough."""
    per_inch = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())]) / axes_size
    size = extent_of(ax, name) * per_inch
    half = 0.6 * size[0]
    inside = np.flatnonzero((x >= x[0] + half) & (x <= x[-1] - half))
    if not len(inside):
        return None
    beneath = [np.abs(x - x[at]) <= half for at in inside]
    floor = np.array([low[near].max() for near in beneath])
    room = np.array([high[near].min() for near in beneath]) - floor
    if room.max() <= _THIN * size[1]:
        return None
    # Of places as good as the best, the one nearest to the middle.
    good = np.flatnonzero(room >= (1 - _EVEN) * room.max())
    best = good[np.abs(x[inside[good]] - x.mean()).argmin()]
    return float(x[inside[best]]), float(floor[best] + room[best] / 2)


def _name_from_outside(
    ax: Axes, x: FloatArray, thin: Sequence[tuple[FloatArray, FloatArray, str]]
) -> None:
    """Write names of areas to the right of the axes, one above the other, with lines to them."""
    names = wrapped([name for *_, name in thin])
    points = []
    for low, high, _ in thin:
        room = high - low  # at the right end, unless the area ends before
        end = len(x) - 1 if room[-1] > room.max() / 2 else int(room.argmax())
        points.append((float(x[end]), float(low[end] + high[end]) / 2))
    heights = np.array([y for _, y in points])
    shifts = _shifts(ax, heights, names, ax.get_ylim())
    out = ax.get_xlim()[1] + _BESIDE * float(np.ptp(ax.get_xlim()))
    per_point = float(np.ptp(ax.get_ylim())) / size_of(ax)[1] / _POINTS
    for (at, y), name, shift in zip(points, names, shifts, strict=True):
        there = y + shift * per_point
        ax.plot([at, out], [y, there], color=INK, linewidth=0.6, zorder=3, clip_on=False)
        write_off(ax, (out, there), name, away=(2.0, 0.0))


def _shifts(
    ax: Axes, wanted: FloatArray, names: Sequence[str], ends: tuple[float, float]
) -> list[float]:
    """Return by how many points names leave their heights, so that they do not overlap."""
    _, height = size_of(ax)
    per_unit = height / (ends[1] - ends[0])
    sizes = np.array([extent_of(ax, name)[1] for name in names]) + 0.02
    at = (wanted - ends[0]) * per_unit
    shifts: list[float] = ((spread(at, sizes, 0.0, height) - at) * _POINTS).tolist()
    return shifts


def name_groups(ax: Axes, rows: FloatArray, names: Sequence[str]) -> None:
    """Write names of groups of rows to the right of their first rows, off each other."""
    names = wrapped(names)
    several = any("\n" in name for name in names)
    shifts = _shifts(ax, rows, names, ax.get_ylim()) if several else [0.0] * len(names)
    for row, name, shift in zip(rows.tolist(), names, shifts, strict=True):
        write_off(ax, (1.0, row), name, of=("axes fraction", "data"), away=(3.0, shift))
