"""Pictures of attributes: importance against performance, drivers, penalties and rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._options import check_choice, enumerate_names
from loyaltymodel.attributes.contrast import PenaltyRewardResult
from loyaltymodel.attributes.drivers_result import KeyDriversResult
from loyaltymodel.attributes.performance_result import QUADRANTS, ImportancePerformanceResult
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._kano_plane import kano_plane
from loyaltymodel.plots._layout import _crosses_box, _improve, _overlap
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    LETTERS,
    SMALL,
    VERMILION,
    axes_or_new,
    families,
    figure_of,
    tidy,
    write,
)
from loyaltymodel.plots.structural import _extent

__all__ = ["driver_shares", "importance_performance_grid", "kano_plane", "penalty_reward"]

Decomposition = Literal["pratt", "relative_weights", "lmg"]

_TITLES = {"pratt": "Pratt", "relative_weights": "relative weights", "lmg": "LMG"}
_CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # of the quadrants, by their codes
_NEAR = 0.1  # inches from a point within which its name needs no line to it
_STRIP = 0.15  # inches at top and bottom that hold the names of the quadrants


def importance_performance_grid(
    result: ImportancePerformanceResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw importance against performance, with the four quadrants (重要性-绩效图).

    Parameters
    ----------
    result : ImportancePerformanceResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from attribute to str, optional
        Names to show instead, such as in another language.

    Returns
    -------
    Axes
        The axes: performance to the right, importance upwards, so that what to act on lies at
        the upper left. Broken lines are the cut-offs, crosses the intervals if the result has
        them. Where stated importance has a scale, importance and performance are equal on the
        dotted line; above it performance lags.

    Raises
    ------
    OptionError
        If ``names`` names no attribute of the result.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> result = attributes.importance_performance(
    ...     {"staff": [1, 3], "parking": [4, 5]},
    ...     importance={"staff": [4, 5], "parking": [2, 3]},
    ...     scale=(1, 5),
    ... )
    >>> plots.attributes.importance_performance_grid(result).get_xlabel()
    'Performance (mean answer, 1 to 5)'
    """
    shown = _shown(result.attributes, names)
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    x, y = result.performance, result.importance
    for cut, line in ((result.cuts[0], ax.axhline), (result.cuts[1], ax.axvline)):
        line(cut, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    crosses = _crosses(result)
    for start, end in crosses:
        ax.plot(*zip(start, end, strict=True), color=BLUE, linewidth=0.7, alpha=0.7, zorder=2)
    ax.plot(x, y, "o", color=BLUE, markersize=4.5, zorder=3)
    ax.margins(0.22)
    ax.autoscale_view()
    _hold_limits(ax)
    if result.gap is not None and all(result.scales):
        (y_low, y_high), (x_low, x_high) = result.scales  # type: ignore[misc]
        ax.plot(
            [x_low, x_high], [y_low, y_high], color=GREY, linewidth=0.8, linestyle=":", zorder=1
        )
    ax.set_xlabel("Performance" + _units(result.scales[1]))
    ax.set_ylabel(_importance_label(result), parse_math=False)
    tidy(ax)
    _name_quadrants(ax)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across = [[(left, result.cuts[0]), (right, result.cuts[0])]]
    upwards = [[(result.cuts[1], bottom), (result.cuts[1], top)]]
    lines = np.concatenate([crosses, across, upwards])
    _write_beside(ax, np.column_stack([x, y]), lines, shown)
    return ax


def driver_shares(
    result: KeyDriversResult,
    *,
    measure: Decomposition = "lmg",
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw what share of R2 each driver has, the largest on top.

    Parameters
    ----------
    result : KeyDriversResult
        What to draw.
    measure : {"pratt", "relative_weights", "lmg"}
        How R2 is divided.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from driver to str, optional
        Names to show instead.

    Returns
    -------
    Axes
        The axes: a mark for each share of R2 in percent, with its interval if the result has
        one.

    Raises
    ------
    OptionError
        If ``measure`` is not one of its choices, or ``names`` names no driver of the result.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> result = attributes.key_drivers(
    ...     [3, 1, -1, -3], {"staff": [1, 1, -1, -1], "speed": [1, -1, 1, -1]}
    ... )
    >>> plots.attributes.driver_shares(result).get_xlabel()
    'Share of R² = 1.00 (%, LMG)'
    """
    check_choice("measure", measure, Decomposition)
    shown = np.array(_shown(result.drivers, names), dtype=object)
    shares = 100 * result.shares[measure].to_numpy()
    order = np.argsort(-shares, kind="stable")
    rows = np.arange(len(shares))
    ax = axes_or_new(ax, height=0.6 + 0.165 * len(shares))
    ax.axvline(0, color=GREY, linewidth=0.7)
    if result.uncertainty is None:
        ax.hlines(rows, 0, shares[order], color=BLUE, linewidth=1.0)
    else:
        ends = result.intervals.query("measure == @measure + '_share'")[["ci_low", "ci_high"]]
        low, high = 100 * ends.to_numpy()[order].T
        ax.hlines(rows, low, high, color=BLUE, linewidth=1.0)
    ax.plot(shares[order], rows, "o", color=BLUE, markersize=4)
    ax.set_yticks(rows, shown[order].tolist(), parse_math=False)
    ax.set_ylim(len(shares) - 0.5, -0.5)
    ax.set_xlabel(f"Share of R² = {result.r_squared:.2f} (%, {_TITLES[measure]})")
    tidy(ax)
    return ax


def penalty_reward(
    result: PenaltyRewardResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw what low performance costs and high performance brings.

    Parameters
    ----------
    result : PenaltyRewardResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from attribute to str, optional
        Names to show instead.

    Returns
    -------
    Axes
        The axes: hollow marks for penalties and full ones for rewards, in units of the target,
        with their intervals if the result has them; the widest range on top.

    Raises
    ------
    OptionError
        If ``names`` names no attribute of the result.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> result = attributes.penalty_reward(
    ...     [1, 3, 4, 6, 5, 7], {"staff": [2, 2, 6, 6, 9, 9]}, low=3, high=8
    ... )
    >>> plots.attributes.penalty_reward(result).get_xlabel()
    'Difference in target to those in between'
    """
    shown = np.array(_shown(result.attributes, names), dtype=object)
    table = result.table
    order = np.argsort(-table["range"].to_numpy(), kind="stable")
    rows = np.arange(len(table))
    ax = axes_or_new(ax, height=0.75 + 0.2 * len(table))
    ax.axvline(0, color=GREY, linewidth=0.7)
    for shift, quantity, colour, fill in (
        (0.14, "penalty", VERMILION, "white"),
        (-0.14, "reward", BLUE, BLUE),
    ):
        if result.uncertainty is not None:
            ends = result.intervals.query("quantity == @quantity")[["ci_low", "ci_high"]]
            low, high = ends.to_numpy()[order].T
            ax.hlines(rows + shift, low, high, color=colour, linewidth=1.0)
        ax.plot(
            table[quantity].to_numpy()[order],
            rows + shift,
            "o",
            markersize=4,
            markerfacecolor=fill,
            markeredgecolor=colour,
            label=quantity,
        )
    ax.set_yticks(rows, shown[order].tolist(), parse_math=False)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlabel(f"Difference in {result.target} to those in between", parse_math=False)
    tidy(ax)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=SMALL)
    return ax


def _shown(known: Sequence[str], names: Mapping[str, str] | None) -> list[str]:
    """Return the name to show for each of those known."""
    if names is not None and not isinstance(names, Mapping):
        raise OptionError(f"names={names!r} is no mapping from a name to the name to show")
    given = dict(names or {})
    if unknown := [name for name in given if name not in known]:
        raise OptionError(
            f"names has {enumerate_names(unknown)}, which the result has not; it has "
            f"{enumerate_names(known, most=12)}"
        )
    return [given.get(name, name) for name in known]


def _crosses(result: ImportancePerformanceResult) -> FloatArray:
    """Return ends (2k, 2, 2) of the intervals of performance and of importance."""
    if result.uncertainty is None:
        return np.empty((0, 2, 2))
    k = len(result.attributes)
    ends = result.intervals[["ci_low", "ci_high"]].to_numpy()[: 2 * k].reshape(2, k, 2)
    x, y = (np.repeat(v[:, None], 2, axis=1) for v in (result.performance, result.importance))
    return np.concatenate([np.stack([ends[1], y], axis=2), np.stack([x, ends[0]], axis=2)])


def _hold_limits(ax: Axes) -> None:
    """Keep the limits as they are, whatever else is drawn."""
    ax.set_xlim(ax.get_xlim())
    ax.set_ylim(ax.get_ylim())


def _units(scale: tuple[float, float] | None) -> str:
    return " (mean answer)" if scale is None else f" (mean answer, {scale[0]:g} to {scale[1]:g})"


def _importance_label(result: ImportancePerformanceResult) -> str:
    if result.importance_as == "rating":
        return "Importance" + _units(result.scales[0])
    if result.target is None:
        return "Importance (mean weight from ranks)"
    measure = str(result.measure)
    return f"Importance for {result.target} ({_TITLES.get(measure, measure)})"


def _name_quadrants(ax: Axes) -> None:
    """Write the names of the quadrants into the corners of the axes."""
    for (x, y), name in zip(_CORNERS, QUADRANTS, strict=True):
        ax.annotate(
            name,
            (x, y),
            xycoords="axes fraction",
            xytext=(3 - 6 * x, 3 - 6 * y),
            textcoords="offset points",
            fontsize=SMALL,
            fontfamily=families(),
            color=GREY,
            ha="right" if x else "left",
            va="top" if y else "bottom",
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            zorder=1.5,
        )


def _write_beside(ax: Axes, points: FloatArray, lines: FloatArray, names: Sequence[str]) -> None:
    """Write names beside points (k, 2), off lines (m, 2, 2) and each other.

    A name that finds no room near its point is joined to it by a thin line.
    """
    figure = figure_of(ax)
    figure.draw_without_rendering()
    to_inches = ax.transData + figure.dpi_scale_trans.inverted()
    bounds = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    left, bottom, right, top = bounds.extents
    sizes = np.array([_extent(ax, name, LETTERS) for name in names])
    spots = to_inches.transform(points)
    segments = to_inches.transform(lines.reshape(-1, 2)).reshape(lines.shape)
    room = (left, bottom + _STRIP, right, top - _STRIP)
    centres = _place_off(spots, segments, sizes, room)
    to_data = to_inches.inverted()
    for (x, y), name in zip(to_data.transform(centres), names, strict=True):
        write(ax, x, y, name)
    edges = np.clip(spots, centres - sizes / 2, centres + sizes / 2)
    far = np.hypot(*(edges - spots).T) > _NEAR
    for start, end in zip(points[far], to_data.transform(edges[far]), strict=True):
        ax.plot(*zip(start, end, strict=True), color=GREY, linewidth=0.5, zorder=2)


def _place_off(
    points: FloatArray,
    lines: FloatArray,
    sizes: FloatArray,
    bounds: tuple[float, float, float, float],
) -> FloatArray:
    """Find centres (k, 2) for names of points where neither lines nor names are beneath."""
    k = len(points)
    around = np.array([(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)])
    steps = np.concatenate([reach * around for reach in (1, 2, 3.5, 5)])
    spots = points[:, None] + 0.045 * steps + np.sign(steps) * sizes[:, None] / 2
    flat, size = spots.reshape(-1, 2), np.repeat(sizes, len(steps), axis=0)
    left, bottom, right, top = bounds
    outside = (flat - size / 2 < (left, bottom)) | (flat + size / 2 > (right, top))
    on_line = _crosses_box(lines[:, 0], lines[:, 1], flat, size).sum(axis=0)
    on_point = _overlap(flat[:, None], size[:, None], points, np.zeros(2), 0.03).sum(axis=1)
    order = np.tile(np.arange(len(steps)), k)  # the first places are the most natural
    # A name that lies closer to another point would be read as that of the other.
    edges = np.clip(points, (flat - size / 2)[:, None], (flat + size / 2)[:, None])
    distance = np.hypot(*np.moveaxis(edges - points, -1, 0))
    own = distance[np.arange(len(flat)), np.repeat(np.arange(k), len(steps))]
    strange = (distance < own[:, None]).sum(axis=1)
    alone = 8.0 * outside.sum(axis=1) + on_line + 5.0 * on_point + 2.0 * strange + 0.02 * order
    alone = alone.reshape(k, -1)
    first, second = np.triu_indices(k, 1)

    def cost(choices: IntArray) -> float:
        chosen = spots[np.arange(k), choices]
        touching = _overlap(chosen[first], sizes[first], chosen[second], sizes[second], 0.02)
        return float(alone[np.arange(k), choices].sum() + 10.0 * touching.sum())

    choices, _ = _improve(cost, np.zeros(k, dtype=np.intp), len(steps))
    return np.asarray(spots[np.arange(k), choices], dtype=np.float64)
