"""Pictures of gaps: expected against perceived, zones of tolerance, the provider's gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from matplotlib.axes import Axes

from loyaltymodel._core.options import check_choice
from loyaltymodel.errors import DataError
from loyaltymodel.expectation_gap.results import ServqualResult, ToleranceResult
from loyaltymodel.plots._gap_model import gap_model
from loyaltymodel.plots._names import (
    Language,
    Words,
    chinese_in,
    interval_in,
    shown_names,
    words_in,
)
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    PALE,
    VERMILION,
    add_legend,
    draw_marks,
    picture,
    tidy,
    write_at_right,
)

__all__ = ["gap_dumbbells", "gap_model", "tolerance_zones"]


def __dir__() -> list[str]:
    return list(__all__)


Part = Literal["items", "dimensions"]

_APART = 0.13  # rows between the marks of expected and perceived, so that intervals stay apart
_HALF = 0.26  # half the height of a zone's bar, in rows
_WORDS: Mapping[Language, Words] = {
    "en": {
        "expected": "Expected",
        "perceived": "Perceived",
        "desired": "Desired",
        "zone": "Zone of tolerance",
        "gap": "Gap",
        "scale": "Points (scale from {:g} to {:g})",
        "points": "Points",
        "three": "below / inside / above, %",
        "two": "not above / above, %",
    },
    "zh": {
        "expected": "期望",
        "perceived": "感知",
        "desired": "理想服务",
        "zone": "容忍区",
        "gap": "差距",
        "scale": "分(量表从 {:g} 到 {:g})",
        "points": "分",
        "three": "低于 / 在内 / 高于,%",
        "two": "不高于 / 高于,%",
    },
}


@picture
def gap_dumbbells(
    result: ServqualResult,
    *,
    part: Part = "dimensions",
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw expected against perceived levels, a row each, with their intervals (差距哑铃图).

    Parameters
    ----------
    result : ServqualResult
        What to draw, of the two-column design or of performance alone.
    part : {"items", "dimensions"}
        Of what.
    names : mapping from item or dimension to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words, and of the dimensions whose Chinese name the instrument has.
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
        If ``names`` names no item or dimension that is drawn, or an option is not one of its
        choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.expectation_gap import ServiceInstrument, servqual
    >>> staff = ServiceInstrument(dimensions=[{"name": "staff", "items": [{"name": "polite"}]}])
    >>> answers = pd.DataFrame({"E_polite": [5, 6, 7], "P_polite": [6, 4, 5]})
    >>> result, customers = servqual(staff, answers, scale=(1, 7))
    >>> ax = plots.expectation_gap.gap_dumbbells(result)
    >>> ax.get_xlabel()
    'Points (scale from 1 to 7)'
    """
    check_choice("part", part, Part)
    words = words_in(language, _WORDS)
    levels = (result.item_levels if part == "items" else result.dimension_levels).frame()
    if levels.empty:
        raise DataError(
            "the one-column design asked for the gap alone, so there are no levels to draw; its "
            "scores are in result.dimensions and result.items"
        )
    named = "item" if part == "items" else "dimension"
    known = levels[named].unique().tolist()
    dimensions = {one.name: one.chinese for one in result.instrument.dimensions}
    chinese = chinese_in(language, dimensions if part == "dimensions" else {})
    shown = shown_names(known, names, chinese)
    ax, rows = row_axes(ax, [shown[name] for name in known], row=0.2, more=0.8)
    means = levels.pivot_table(index=named, columns="quantity", values="estimate", sort=False)
    if {"expected", "perceived"} <= set(means):
        ends = (means["expected"], means["perceived"])
        ax.hlines(rows, *ends, color=PALE, linewidth=5, zorder=1, label=words["gap"])
    looks = (("expected", "D", VERMILION, -_APART), ("perceived", "o", BLUE, _APART))
    for kind, marker, colour, shift in looks:
        found = levels[levels["quantity"] == kind]
        if found.empty:
            continue
        label = interval_in(language, result.level) if kind == "perceived" else ""
        ends = (found["ci_low"], found["ci_high"])
        draw_intervals(ax, rows + shift, *ends, colour=colour, label=label)
        draw_marks(
            ax,
            found["estimate"],
            rows + shift,
            full=kind == "perceived",
            marker=marker,
            colour=colour,
            label=words[kind],
        )
    ax.set_xlabel(words["scale"].format(*result.scale))
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def tolerance_zones(
    result: ToleranceResult,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the zone of tolerance of each attribute, and where perception stands (容忍区图).

    Parameters
    ----------
    result : ToleranceResult
        What to draw.
    names : mapping from attribute to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first attribute on top: a bar from the mean adequate to the mean desired
        level, a circle with its interval for the mean perceived level, and at the right the
        percentages of respondents below, inside and above their own zones. Without the adequate
        level a line stands at the desired one, and the percentages are those not above it and
        above it.

    Raises
    ------
    OptionError
        If ``result`` is no ToleranceResult, ``names`` names no attribute of it, or ``language``
        is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.expectation_gap import zone_of_tolerance
    >>> result, _ = zone_of_tolerance([4, 5, 7, 9], [8, 8, 8, 8], adequate=[5, 5, 5, 5])
    >>> ax = plots.expectation_gap.tolerance_zones(result)
    >>> ax.texts[-1].get_text()
    '25 / 50 / 25'
    """
    words = words_in(language, _WORDS)
    levels, zones = result.attributes, result.zones
    attributes = zones["attribute"].tolist()
    perceived = levels[levels["quantity"] == "perceived"]
    shown = shown_names(attributes, names)
    ax, rows = row_axes(ax, [shown[name] for name in attributes], row=0.26, more=0.95)
    if result.has_adequate:
        ax.barh(
            rows,
            zones["width"],
            left=zones["adequate"],
            height=2 * _HALF,
            facecolor=PALE,
            edgecolor=GREY,
            linewidth=0.6,
            label=words["zone"],
        )
    else:
        reach = (rows - _HALF, rows + _HALF)
        ax.vlines(zones["desired"], *reach, color=VERMILION, label=words["desired"])
    interval = interval_in(language, result.level)
    draw_intervals(ax, rows, perceived["ci_low"], perceived["ci_high"], label=interval)
    draw_marks(ax, perceived["estimate"], rows, label=words["perceived"])
    ax.use_sticky_edges = False  # else a bar that begins first would touch the axis
    ax.margins(x=0.08)
    ax.set_xlabel(words["points"])
    tidy(ax)
    by_attribute = result.shares.groupby("attribute", sort=False)["estimate"]
    texts = [
        " / ".join(f"{100 * share:.0f}" for share in by_attribute.get_group(name))
        for name in attributes
    ]
    write_at_right(ax, rows, texts, words["three" if result.has_adequate else "two"])
    add_legend(ax, lift=1)
    return ax
