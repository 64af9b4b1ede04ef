"""Pictures of gaps: expected against perceived, zones of tolerance, the provider's gaps."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from loyaltymodel._options import check_choice, enumerate_names
from loyaltymodel._tables import number
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap import ProviderGaps, ServqualResult, ToleranceResult
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    LETTERS,
    PALE,
    SMALL,
    VERMILION,
    axes_or_new,
    families,
    tidy,
    write,
)

__all__ = ["gap_dumbbells", "gap_model", "tolerance_zones"]

Part = Literal["items", "dimensions"]

_APART = 0.13  # rows between the marks of expected and perceived, so that intervals stay apart
_HALF = 0.26  # half the height of a zone's bar, in rows

# The gap model in inches: centres of its boxes, and half a box.
_BOXES = {
    "expected": (1.38, 3.25),
    "perceived": (1.38, 2.55),
    "delivered": (1.38, 1.65),
    "designed": (1.38, 0.95),
    "understood": (1.38, 0.25),
    "promised": (2.99, 1.65),
}
_BOX = (0.48, 0.17)
_SIDE = 0.38  # where gap 1 runs up beside the boxes
_BORDER = 2.1  # between customers and the firm


def gap_dumbbells(
    result: ServqualResult, *, part: Part = "dimensions", ax: Axes | None = None
) -> Axes:
    """Draw expected against perceived levels, a row each, with their intervals (差距哑铃图).

    Parameters
    ----------
    result : ServqualResult
        What to draw, of the two-column design or of performance alone.
    part : {"items", "dimensions"}
        Of what.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first row on top: hollow diamonds for expected, full circles for
        perceived, and a bar between the two that is the gap.

    Raises
    ------
    DataError
        If levels were not asked, as in the one-column design.
    OptionError
        If ``part`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.expectation_gap import ServiceInstrument, servqual
    >>> staff = ServiceInstrument(dimensions=[{"name": "staff", "items": [{"name": "polite"}]}])
    >>> answers = pd.DataFrame({"E_polite": [5, 6, 7], "P_polite": [6, 4, 5]})
    >>> ax = plots.expectation_gap.gap_dumbbells(servqual(answers, staff, scale=(1, 7)))
    >>> ax.get_xlabel()
    'Points (scale from 1 to 7)'
    """
    check_choice("part", part, Part)
    levels = result.levels(part)
    if levels.empty:
        raise DataError(
            "the one-column design asked for the gap alone, so there are no levels to draw; its "
            "scores are in result.dimensions and result.items"
        )
    names = list(levels["name"].unique())
    ax = axes_or_new(ax, height=0.75 + 0.2 * len(names))
    rows = np.arange(len(names))
    means = levels.pivot_table(index="name", columns="kind", values="mean", sort=False)
    if {"expected", "perceived"} <= set(means):
        ax.hlines(rows, means["expected"], means["perceived"], color=PALE, linewidth=5, zorder=1)
    looks = (
        ("expected", "D", VERMILION, "white", -_APART),
        ("perceived", "o", BLUE, BLUE, _APART),
    )
    for kind, mark, colour, fill, shift in looks:
        found = levels[levels["kind"] == kind]
        if found.empty:
            continue
        ax.hlines(rows + shift, found["ci_low"], found["ci_high"], color=colour, linewidth=1.0)
        ax.plot(
            found["mean"],
            rows + shift,
            mark,
            label=kind.capitalize(),
            markersize=4,
            markerfacecolor=fill,
            markeredgecolor=colour,
            zorder=3,
        )
    ax.set_yticks(rows, names, parse_math=False)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(f"Points (scale from {result.scale[0]:g} to {result.scale[1]:g})")
    tidy(ax)
    _legend(ax)
    return ax


def tolerance_zones(result: ToleranceResult, *, ax: Axes | None = None) -> Axes:
    """Draw the zone of tolerance of each attribute, and where perception stands (容忍区图).

    Parameters
    ----------
    result : ToleranceResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first attribute on top: a bar from the mean adequate to the mean desired
        level, a circle with its interval for the mean perceived level, and at the right the
        percentages of people below, inside and above their own zones. Without the adequate
        level a line stands at the desired one, and the percentages are those not above it and
        above it.

    Raises
    ------
    OptionError
        If ``result`` is no ToleranceResult.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.expectation_gap import zone_of_tolerance
    >>> result = zone_of_tolerance([4, 5, 7, 9], [8, 8, 8, 8], adequate=[5, 5, 5, 5])
    >>> ax = plots.expectation_gap.tolerance_zones(result)
    >>> ax.texts[-1].get_text()
    '25 / 50 / 25'
    """
    if not isinstance(result, ToleranceResult):
        raise OptionError(f"result is a {type(result).__name__}, not a ToleranceResult")
    levels, shares = result.levels, result.shares
    ax = axes_or_new(ax, height=0.8 + 0.26 * len(levels))
    rows = np.arange(len(levels))
    if result.has_adequate:
        ax.barh(
            rows,
            levels["width"],
            left=levels["adequate"],
            height=2 * _HALF,
            facecolor=PALE,
            edgecolor=GREY,
            linewidth=0.6,
            label="Zone of tolerance",
        )
    else:
        ax.vlines(levels["desired"], rows - _HALF, rows + _HALF, color=VERMILION, label="Desired")
    ax.hlines(rows, levels["ci_low"], levels["ci_high"], color=BLUE, linewidth=1.0)
    ax.plot(levels["perceived"], rows, "o", color=BLUE, markersize=4, label="Perceived")
    ax.set_yticks(rows, levels["attribute"], parse_math=False)
    ax.set_ylim(len(levels) - 0.5, -0.5)
    ax.use_sticky_edges = False  # else a bar that begins first would touch the axis
    ax.margins(x=0.08)
    ax.set_xlabel("Points")
    tidy(ax)
    _legend(ax)
    heading = "below / inside / above, %" if result.has_adequate else "not above / above, %"
    _at_right(ax, 1.0, heading, up=3)
    for row, attribute in zip(rows, levels["attribute"], strict=True):
        own = shares.loc[shares["attribute"] == attribute, "share"]
        _at_right(ax, float(row), " / ".join(f"{100 * share:.0f}" for share in own))
    return ax


def gap_model(result: ProviderGaps, *, unit: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the gap model: six levels of service and the five gaps between them (差距模型图).

    Parameters
    ----------
    result : ProviderGaps
        What to draw.
    unit : str, optional
        Of which unit; needed where there are several.
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
        If ``unit`` is not among those of the result, or is needed and absent.

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
    row = _row_of(result, unit)
    levels, gaps = result.levels.iloc[row], result.gaps.iloc[row]
    ax = axes_or_new(ax, height=COLUMN)
    ax.set_axis_off()
    most = float(np.nanmax(np.abs(gaps))) or 1.0
    for gap, source, target in (
        ("gap 5", "expected", "perceived"),
        ("gap 3", "designed", "delivered"),
        ("gap 2", "understood", "designed"),
    ):
        _vertical(ax, gap, float(gaps[gap]), source, target, most)
    _gap_one(ax, float(gaps["gap 1"]), most)
    if not np.isnan(gaps["gap 4"]):
        _gap_four(ax, float(gaps["gap 4"]), most)
    _unexplained(ax, float(levels["delivered"] - levels["perceived"]))
    for name, (x, y) in _BOXES.items():
        if not np.isnan(levels[name]):
            _box(ax, x, y, f"{name}\n{number(float(levels[name]), 2)}")
    ax.axhline(_BORDER, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
    for y, side in ((_BORDER + 0.09, "customers"), (_BORDER - 0.09, "firm")):
        ax.text(3.46, y, side, fontsize=SMALL, color=GREY, ha="right", va="center")
    ax.set_xlim(0, 3.5)
    ax.set_ylim(0, 3.5)
    ax.set_aspect("equal")
    return ax


def _row_of(result: ProviderGaps, unit: str | None) -> int:
    if unit is None and len(result.units) == 1:
        return 0
    if unit not in result.units:
        said = "there are several units" if unit is None else f"unit={unit!r} is none of them"
        raise OptionError(f"{said}; choose unit= from {enumerate_names(result.units, most=12)}")
    return result.units.index(unit)


def _legend(ax: Axes) -> None:
    legend = ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        borderaxespad=0.2,
        handletextpad=0.3,
    )
    for text in legend.get_texts():
        text.set_fontfamily(families())


def _at_right(ax: Axes, y: float, text: str, *, up: float = 0.0) -> None:
    """Write at the right end: beside a row, or above the axes if lifted."""
    ax.annotate(
        text,
        (1.0, y),
        xycoords="axes fraction" if up else ("axes fraction", "data"),
        xytext=(0, up) if up else (3, 0),
        textcoords="offset points",
        fontsize=SMALL,
        fontfamily=families(),
        color=GREY if up else INK,
        ha="center" if up else "left",
        va="bottom" if up else "center",
        parse_math=False,
    )


def _box(ax: Axes, x: float, y: float, text: str) -> None:
    wide, high = _BOX
    rounding = 0.04
    ax.add_patch(
        FancyBboxPatch(
            (x - wide + rounding, y - high + rounding),
            2 * (wide - rounding),
            2 * (high - rounding),
            boxstyle=f"round,pad={rounding},rounding_size={rounding}",
            facecolor=PALE,
            edgecolor=INK,
            linewidth=0.7,
            zorder=2,
        )
    )
    write(ax, x, y, text)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], size: float, most: float
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_width=1.6,head_length=3.2",
            linewidth=0.6 + 1.8 * abs(size) / most,
            linestyle="-" if size > 0 else "--",
            color=VERMILION if size > 0 else BLUE,
            shrinkA=0,
            shrinkB=0,
            mutation_scale=1.6,
            zorder=1,
        )
    )


def _say(ax: Axes, x: float, y: float, gap: str, size: float, *, centre: bool = False) -> None:
    ax.text(
        x,
        y,
        f"{gap}: {number(size, 2)}",
        fontsize=LETTERS,
        fontfamily=families(),
        ha="center" if centre else "left",
        va="center",
        parse_math=False,
    )


def _vertical(ax: Axes, gap: str, size: float, source: str, target: str, most: float) -> None:
    """Draw a gap between boxes that stand one above the other."""
    x, low = _BOXES[source]
    _, high = _BOXES[target]
    away = _BOX[1] if high > low else -_BOX[1]
    _arrow(ax, (x, low + away), (x, high - away), size, most)
    _say(ax, x + 0.08, (low + high) / 2, gap, size)


def _gap_one(ax: Axes, size: float, most: float) -> None:
    """Draw gap 1 round the side, from what was expected down to what was understood."""
    left = _BOXES["expected"][0] - _BOX[0]
    top, bottom = _BOXES["expected"][1], _BOXES["understood"][1]
    look = {
        "color": VERMILION if size > 0 else BLUE,
        "linewidth": 0.6 + 1.8 * abs(size) / most,
        "linestyle": "-" if size > 0 else "--",
        "zorder": 1,
        "solid_capstyle": "butt",
    }
    ax.plot([left, _SIDE, _SIDE], [top, top, bottom], **look)  # type: ignore[arg-type]
    _arrow(ax, (_SIDE, bottom), (left, bottom), size, most)
    write(ax, _SIDE, 1.3, f"gap 1:\n{number(size, 2)}", on_card=True)


def _gap_four(ax: Axes, size: float, most: float) -> None:
    (left, y), (right, _) = _BOXES["delivered"], _BOXES["promised"]
    _arrow(ax, (right - _BOX[0], y), (left + _BOX[0], y), size, most)
    _say(ax, (left + right) / 2, y + 0.11, "gap 4", size, centre=True)


def _unexplained(ax: Axes, size: float) -> None:
    """Draw what was delivered but not perceived."""
    x, low = _BOXES["delivered"]
    high = _BOXES["perceived"][1]
    ax.plot([x, x], [low + _BOX[1], high - _BOX[1]], color=GREY, linewidth=0.8, zorder=1)
    ax.text(
        x + 0.08,
        (low + high) / 2 - 0.09,
        f"not perceived: {number(size, 2)}",
        fontsize=SMALL,
        color=GREY,
        va="center",
        parse_math=False,
    )
