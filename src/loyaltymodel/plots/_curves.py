"""What pictures of loyalty curves share: axes of shares, names at the ends of lines, strips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._arrays import BoolArray, FloatArray
from loyaltymodel._options import enumerate_names
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser import LoyaltyCurve
from loyaltymodel.plots._style import GREY, INK, SMALL, families, tidy, write
from loyaltymodel.plots.structural import _extent, _size

Colour = tuple[float, float, float, float]

GRID = np.linspace(0.0, 1.0, 401)  # satisfaction at which curves are drawn
SATISFACTION = "Satisfaction (share of scale)"
LOYALTY = "Loyalty (probability to stay)"

_MARGIN = 0.02  # beyond 0 and 1, so that lines at the ends are seen whole
_ROW = 0.13  # inches: a row of small letters
_OUT = 11.0  # points from the end of a line to its name
_LIGHTEST = 0.42  # of the colour map, for a line without constraint
_POINTS = 72.0  # an inch
_ANSWERS = MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True)
_LONG = 22  # letters of a name in a line
_EDGE = 0.03  # inches from the ends of an axis that no letters come closer to
_THIN = 1.5  # heights of letters below which an area has its name outside


def shade(constraint: float) -> Colour:
    """Return the colour of a line: the darker, the stronger the constraint."""
    red, green, blue, alpha = colormaps["Blues"](_LIGHTEST + (1 - _LIGHTEST) * constraint)
    return red, green, blue, alpha


def shown(known: Sequence[object], names: Mapping[Any, str] | None) -> list[str]:
    """Return the name to show for each group or segment."""
    if names is not None and not isinstance(names, Mapping):
        raise OptionError(f"names={names!r} is no mapping from a name to the name to show")
    given = dict(names or {})
    if unknown := [name for name in given if name not in known]:
        raise OptionError(
            f"names has {enumerate_names(unknown)}, which the result has not; it has "
            f"{enumerate_names(known, most=12)}"
        )
    return [str(given.get(name, name)) for name in known]


def wrapped(names: Sequence[str]) -> list[str]:
    """Return names with the long ones in several lines."""
    return [fill(name, _LONG, break_long_words=False) for name in names]


def spread(wanted: FloatArray, sizes: FloatArray, low: float, high: float) -> FloatArray:
    """Return centres of things of some sizes on a line, as near as can be to where they should be.

    They neither overlap nor leave low to high, if there is room enough.
    """
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  slow to import

    order = np.argsort(wanted, kind="stable")
    size = sizes[order]
    before = np.cumsum(size) - size / 2  # of each centre, if all stood side by side from 0
    moved = isotonic_regression(wanted[order] - before).x
    room = high - size.sum()
    moved = np.clip(moved, low, room) if room >= low else np.full_like(moved, (low + room) / 2)
    found = np.empty_like(moved)
    found[order] = moved + before
    return found


def unit_axes(ax: Axes, *, x: str | None = None, y: str | None = None) -> None:
    """Make both axes go from 0 to 1, with their labels."""
    ax.set_xlim(-_MARGIN, 1 + _MARGIN)
    ax.set_ylim(-_MARGIN, 1 + _MARGIN)
    ticks = np.linspace(0, 1, 6)
    ax.set_xticks(ticks)
    ax.set_yticks(ticks)
    ax.set_xlabel(SATISFACTION if x is None else x)
    ax.set_ylabel(LOYALTY if y is None else y)
    tidy(ax)


def scale_ticks(ax: Axes, scale: tuple[float, float]) -> None:
    """Write answers on a scale at the axis of satisfaction instead of shares of the scale."""
    low, high = scale
    ticks = np.asarray(_ANSWERS.tick_values(low, high))
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    if low not in ticks and low == np.rint(low):
        # A lowest answer of 1 is shown in place of what lies too near to it.
        near = ticks - low < np.diff(ticks).max(initial=0.0) / 2
        ticks = np.array([low, *ticks[~near]])
    ax.set_xticks((ticks - low) / (high - low), [f"{tick:g}" for tick in ticks])
    ax.set_xlabel(f"Satisfaction (answer, {low:g} to {high:g})")


def loyalty_on_the_right(ax: Axes) -> None:
    """Put the axis of loyalty to the right, so that lines have room for names at the left."""
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set_visible(True)
    ax.spines["right"].set_linewidth(0.6)


def name_lines(ax: Axes, ends: FloatArray, names: Sequence[str], colours: Sequence[Any]) -> None:
    """Write names to the left of lines that begin at 0, one above the other where they crowd."""
    names = wrapped(names)
    _, height = _size(ax)
    bottom, top = ax.get_ylim()
    per_unit = height / (top - bottom)
    sizes = np.array([_extent(ax, name, SMALL)[1] for name in names]) + 0.02
    at = (ends - bottom) * per_unit
    centres = spread(at, sizes, 0.0, height)
    for name, end, shift, colour in zip(names, ends, centres - at, colours, strict=True):
        ax.annotate(
            name,
            (0.0, end),
            (-_OUT, shift * _POINTS),
            textcoords="offset points",
            fontsize=SMALL,
            fontfamily=families(),
            parse_math=False,
            ha="right",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (1, 0.5),
            },
        )


def make_strips(ax: Axes, *, above: float, below: float) -> tuple[float, float, float]:
    """Widen the vertical axis by strips for rows of letters; return both ends and a row's height.

    The ends are those of the axis before, and heights are in its units.
    """
    low, high = ax.get_ylim()
    _, height = _size(ax)
    row = (high - low) / max(height - (above + below) * _ROW, _ROW) * _ROW
    ax.set_ylim(low - below * row, high + above * row)
    return low, high, row


def write_row(
    ax: Axes, y: float, wanted: Iterable[float], texts: Sequence[str], *, grey: bool = False
) -> None:
    """Write texts side by side at a height, as near as can be to where they should be."""
    width, _ = _size(ax)
    left, right = ax.get_xlim()
    sizes = np.array([_extent(ax, text, SMALL)[0] for text in texts]) + 0.06
    at = (np.array(list(wanted)) - left) / (right - left) * width
    centres = left + spread(at, sizes, _EDGE, width - _EDGE) / width * (right - left)
    for x, text in zip(centres.tolist(), texts, strict=True):
        write(ax, x, y, text, letters=SMALL)
        ax.texts[-1].set_color(GREY if grey else INK)


def name_areas(
    ax: Axes, x: FloatArray, borders: Sequence[FloatArray], names: Sequence[str]
) -> None:
    """Write the name of each area between neighbouring borders where it has most room."""
    width, height = _size(ax)
    per_unit = np.array([width / np.ptp(ax.get_xlim()), height / np.ptp(ax.get_ylim())])
    for low, high, name in zip(borders[:-1], borders[1:], names, strict=True):
        if not (high - low).max() > 0:
            continue
        size = _extent(ax, name, SMALL) / per_unit
        half = 0.6 * size[0]
        inside = np.flatnonzero((x >= x[0] + half) & (x <= x[-1] - half))
        beneath = [np.abs(x - x[at]) <= half for at in inside]
        floor = np.array([low[near].max() for near in beneath])
        ceiling = np.array([high[near].min() for near in beneath])
        best = int(np.argmax(ceiling - floor))
        at, middle = float(x[inside[best]]), float(floor[best] + ceiling[best]) / 2
        if ceiling[best] - floor[best] > _THIN * size[1]:
            write(ax, at, middle, name, letters=SMALL, on_card=True)
            continue
        widest = int(np.argmax(high - low))
        point = float(x[widest]), float(low[widest] + high[widest]) / 2
        beside = point[1] + (3 if point[1] < 0.5 else -3) * size[1]  # noqa: PLR2004  half way up
        spot = float(np.clip(point[0], x[0] + 2 * half, x[-1] - 2 * half)), beside
        ax.plot(*zip(point, spot, strict=True), color=INK, linewidth=0.6, zorder=3)
        write(ax, *spot, name, letters=SMALL, on_card=True)


def legend_above(ax: Axes) -> None:
    """Write above the axes, in a line, what is what."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=4,
        frameon=False,
        prop={"family": families(), "size": SMALL},
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=0.9,
        borderaxespad=0.2,
    )


def check_curve(curve: object) -> None:
    """Raise an OptionError unless this is a curve."""
    if not isinstance(curve, LoyaltyCurve):
        raise OptionError(
            f"curve is a {type(curve).__name__}, not a LoyaltyCurve; make one by "
            "jones_sasser.curve(), or take .curve of a fit"
        )


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the first and the last place of each run of True."""
    change = np.diff(mask.astype(np.intp), prepend=0, append=0)
    starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
