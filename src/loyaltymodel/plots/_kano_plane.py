"""The plane of better and worse coefficients, with the four quadrants of Kano's categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import BboxBase

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel.attributes.kano_result import KanoResult
from loyaltymodel.errors import DataError
from loyaltymodel.plots._layout import _improve, _overlap
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    LETTERS,
    SMALL,
    axes_or_new,
    families,
    figure_of,
    tidy,
    write,
)

_MIDDLE = 0.5
_CORNERS = (
    ("Attractive", 0.0, 1.0, "left", "top"),
    ("One-dimensional", 1.0, 1.0, "right", "top"),
    ("Indifferent", 0.0, 0.0, "left", "bottom"),
    ("Must-be", 1.0, 0.0, "right", "bottom"),
)
_AROUND = [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)]
_REACHES = (1.0, 1.8, 2.8, 4.0, 5.5)
_STEP = 0.06  # inches between a point and its name, at the shortest reach
_POINT = 0.08  # inches: width of a marker with its edge
_FAR = 2.0  # reaches from which a thin line leads from the point to its name


def kano_plane(result: KanoResult, *, ax: Axes | None = None) -> Axes:
    """Draw the better and worse coefficients of attributes as a plane (Better-Worse 四分位图).

    Parameters
    ----------
    result : KanoResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: how much dissatisfaction the absence makes from left to right, how much
        satisfaction the presence makes upwards, 0 to 1 each, with thin lines for the intervals.
        Marks are full where the category is told apart from the runner-up at the level of the
        result, and hollow where it is not. Broken lines at 0.5 part the quadrants.

    Raises
    ------
    DataError
        If no attribute has coefficients.

    Notes
    -----
    The quadrant of a point and the most frequent category usually agree, but they need not:
    the coefficients leave out R and Q, and a point in the middle of the plane may come from
    people who disagree.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> counts = {"app": {"A": 45, "O": 123, "M": 95, "I": 33}}
    >>> ax = plots.attributes.kano_plane(attributes.kano_from_counts(counts))
    >>> ax.get_ylabel()
    'Satisfaction if present (better)'
    """
    table = result.coefficients
    sure = (result.categories["p_value"] <= 1 - result.level).to_numpy()
    there = (table["n_base"] > 0).to_numpy()
    if not there.any():
        raise DataError(
            "no attribute has coefficients, because nobody put any into A, O, M or I; look at "
            "the frequencies instead"
        )
    table, sure = table[there], sure[there]
    x, y = -table["worse"].to_numpy(), table["better"].to_numpy()
    across = -table[["worse_high", "worse_low"]].to_numpy()
    upright = table[["better_low", "better_high"]].to_numpy()
    ax = axes_or_new(ax, height=COLUMN)
    for line in (ax.axvline, ax.axhline):
        line(_MIDDLE, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    ax.hlines(y, across[:, 0], across[:, 1], color=GREY, linewidth=0.6, zorder=2)
    ax.vlines(x, upright[:, 0], upright[:, 1], color=GREY, linewidth=0.6, zorder=2)
    for fill, chosen in ((BLUE, sure), ("white", ~sure)):
        ax.plot(
            x[chosen],
            y[chosen],
            "o",
            markersize=4.5,
            markerfacecolor=fill,
            markeredgecolor=BLUE,
            zorder=3,
        )
    # The delta method may lead out of 0 to 1.
    ends = np.concatenate([across.ravel(), upright.ravel()])
    low, high = min(0.0, float(ends.min())), max(1.0, float(ends.max()))
    margin = 0.03 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(low - margin, high + margin)
    ax.set_xlabel("Dissatisfaction if absent (−worse)")
    ax.set_ylabel("Satisfaction if present (better)")
    tidy(ax)
    _name_quadrants(ax)
    _name_points(ax, np.column_stack([x, y]), across, upright, table["attribute"].to_list())
    return ax


def _name_quadrants(ax: Axes) -> None:
    """Write the category of each quadrant into its corner."""
    for name, x, y, side, edge in _CORNERS:
        ax.annotate(
            name,
            (x, y),
            xycoords="axes fraction",
            xytext=(2 if side == "left" else -2, 2 if edge == "bottom" else -2),
            textcoords="offset points",
            fontsize=SMALL,
            fontfamily=families(),
            color=GREY,
            ha=side,
            va=edge,
        )


def _name_points(
    ax: Axes, points: FloatArray, across: FloatArray, upright: FloatArray, names: list[str]
) -> None:
    """Write names beside points, off each other, the points, the intervals and the corners."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    inches = figure.dpi_scale_trans.inverted()
    to_inches = ax.transData + inches
    places = to_inches.transform(points)
    sizes = np.array([_extent(ax, name) for name in names])
    level = np.repeat(points[:, 1:], 2, axis=1)
    plumb = np.repeat(points[:, :1], 2, axis=1)
    middle = np.full((1, 2), _MIDDLE)
    crossing = [np.stack([across, level], 2), np.stack([plumb, upright], 2)]
    parting = [np.stack([[ax.get_xlim()], middle], 2), np.stack([middle, [ax.get_ylim()]], 2)]
    corners = [_corners(text.get_window_extent().transformed(inches)) for text in ax.texts]
    taken = np.concatenate([places[:, None] + [[-_POINT / 2] * 2, [_POINT / 2] * 2], corners])
    bounds = _corners(ax.get_window_extent().transformed(inches))
    bars, lines = (
        to_inches.transform(np.concatenate(parts).reshape(-1, 2)).reshape(-1, 2, 2)
        for parts in (crossing, parting)
    )
    in_the_way = ((3.0, bars), (0.7, lines), (8.0, taken))
    candidates, alone = _candidates(places, sizes, in_the_way, bounds)
    chosen = _choose(candidates, alone, sizes)
    back = to_inches.inverted()
    for k, name in enumerate(names):
        centre = candidates[k, chosen[k]]
        if _REACHES[chosen[k] // len(_AROUND)] > _FAR:
            near = np.clip(places[k], centre - sizes[k] / 2, centre + sizes[k] / 2)
            line = back.transform(np.array([places[k], near]))
            ax.plot(line[:, 0], line[:, 1], color=GREY, linewidth=0.4, zorder=2)
        x, y = back.transform(centre)
        write(ax, float(x), float(y), name)


def _candidates(
    places: FloatArray,
    sizes: FloatArray,
    in_the_way: Sequence[tuple[float, FloatArray]],
    bounds: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Centres (k, c, 2) where names may stand, and what each costs for itself (k, c).

    What is in the way are boxes (m, 2, 2), two opposite corners each, with the cost of
    writing on one.
    """
    around = np.array([(r * dx, r * dy) for r in _REACHES for dx, dy in _AROUND])
    centres = (
        places[:, None, :] + around[None] * _STEP + np.sign(around)[None] * sizes[:, None, :] / 2
    )
    size = np.broadcast_to(sizes[:, None, :], centres.shape)
    cost = np.broadcast_to(0.06 * np.arange(len(around)), centres.shape[:2]).copy()
    for weight, boxes in in_the_way:
        for ends in boxes:
            cost += weight * _overlap(centres, size, ends.mean(axis=0), np.ptp(ends, axis=0), 0.01)
    outside = (centres - size / 2 < bounds[0]) | (centres + size / 2 > bounds[1])
    cost += 20.0 * outside.sum(axis=2)
    return centres, cost


def _choose(candidates: FloatArray, cost_alone: FloatArray, sizes: FloatArray) -> IntArray:
    """Choose a candidate for each name so that names do not overlap each other."""
    rows = np.arange(len(candidates))
    first, second = np.triu_indices(len(candidates), 1)

    def cost(choices: IntArray) -> float:
        centres = candidates[rows, choices]
        meet = _overlap(centres[first], sizes[first], centres[second], sizes[second], 0.02)
        return float(cost_alone[rows, choices].sum() + 12.0 * meet.sum())

    start = cost_alone.argmin(axis=1).astype(np.intp)
    return _improve(cost, start, candidates.shape[1])[0]


def _corners(box: BboxBase) -> FloatArray:
    """Lower left and upper right corner of a box."""
    return np.array([[box.x0, box.y0], [box.x1, box.y1]])


def _extent(ax: Axes, text: str) -> FloatArray:
    """Width and height of a text in inches."""
    figure = figure_of(ax)
    trial = figure.text(0, 0, text, parse_math=False, fontsize=LETTERS, fontfamily=families())
    extent = trial.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    trial.remove()
    return np.array([extent.width, extent.height])
