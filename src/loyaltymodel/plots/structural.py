"""Pictures of structural models: the paths, the loadings, importance against performance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from loyaltymodel._arrays import FloatArray
from loyaltymodel._options import check_count, enumerate_names
from loyaltymodel._tables import number
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.plots._layout import arrange, boxes_touch, place_beside
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
    figure_of,
    tidy,
    write,
)
from loyaltymodel.structural import StructuralResult

__all__ = ["importance_performance_map", "loadings", "path_diagram"]

_HALF_SHARED = 0.708  # from this loading on, item and construct share half their variance
_PADDING = (0.12, 0.1)  # inches in a box about its words
_EDGE = 0.06  # inches free about the picture


def path_diagram(
    result: StructuralResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    digits: int = 2,
) -> Axes:
    """Draw the model as boxes and arrows, causes on the left (路径图).

    Each box has the construct's name, the index if there is one, and the R2 of what its
    drivers explain. Each arrow has its coefficient and is as thick as that is large; arrows of
    negative coefficients are broken. Boxes stand so that every arrow leads to the right.

    Parameters
    ----------
    result : StructuralResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default. Boxes keep the size of
        their words, so give axes that are wide enough.
    names : mapping from construct to str, optional
        Names to show instead, such as in another language.
    digits : int
        Decimal places of the coefficients.

    Returns
    -------
    Axes
        The axes, one data unit an inch.

    Raises
    ------
    OptionError
        If ``names`` names no construct of the model.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
    >>> ax = plots.structural.path_diagram(result)
    >>> len([text for text in ax.texts if text.get_text().startswith("satisfaction")])
    1
    """
    shown = _shown(result, names)
    check_count("digits", digits, least=0)
    own = ax is None
    ax = axes_or_new(ax)
    ax.set_axis_off()
    figure = figure_of(ax)
    width, height = _size(ax)
    constructs = list(result.model.names)
    words = [_words(result, name, shown[name]) for name in constructs]
    sizes = np.array([_extent(ax, text, LETTERS) for text in words]) + _PADDING
    arrows = [(constructs.index(p.source), constructs.index(p.target)) for p in result.model.paths]
    values = result.paths["coefficient"].to_numpy()
    coefficients = [number(value, digits) for value in values]
    label = np.max([_extent(ax, text, SMALL) for text in coefficients], axis=0) + 0.03
    layout = arrange(
        arrows,
        sizes,
        (float(label[0]), float(label[1])),
        width=width - _EDGE,
        height=None if own else height - _EDGE,
    )
    if boxes_touch(layout, sizes):
        raise OptionError(
            f"the axes are {width:.1f} inches wide, too narrow for the boxes of this model; give "
            "wider ones, or shorter names"
        )
    if own:
        figure.set_size_inches(COLUMN, layout.height + _EDGE + COLUMN - height)
        height = layout.height + _EDGE
    for k, value in enumerate(values):
        _draw_arrow(ax, layout.starts[k], layout.ends[k], float(value))
        x, y = layout.labels[k]
        write(ax, x, y, coefficients[k], letters=SMALL, on_card=True)
    for centre, size, text in zip(layout.boxes, sizes, words, strict=True):
        _draw_box(ax, centre, size, text)
    margin = (height - layout.height) / 2
    ax.set_xlim(-_EDGE / 2, width - _EDGE / 2)
    ax.set_ylim(-margin, layout.height + margin)
    ax.set_aspect("equal")
    return ax


def loadings(
    result: StructuralResult, *, ax: Axes | None = None, names: Mapping[str, str] | None = None
) -> Axes:
    """Draw the loading of each item on its construct (载荷图).

    Parameters
    ----------
    result : StructuralResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from construct to str, optional
        Names to show instead.

    Returns
    -------
    Axes
        The axes, items from top to bottom. A line stands at 0.708, from where an item shares
        half of its variance with its construct; items of mode B, for which that is no
        criterion, are hollow.

    Raises
    ------
    OptionError
        If ``names`` names no construct of the model.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments())
    >>> plots.structural.loadings(result).get_xlabel()
    'Loading'
    """
    shown = _shown(result, names)
    table = result.loadings
    ax = axes_or_new(ax, height=0.6 + 0.155 * len(table))
    rows = np.arange(len(table))
    in_mode_b = {c.name for c in result.model.constructs if c.mode == "B" and len(c.items) > 1}
    hollow = table["construct"].isin(in_mode_b).to_numpy()
    first = ~table["construct"].duplicated().to_numpy()
    for row in rows[first][1:]:
        ax.axhline(row - 0.5, color=GREY, linewidth=0.4)
    ax.axvline(_HALF_SHARED, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    ax.hlines(rows, 0, table["loading"], color=BLUE, linewidth=1.0)
    for fill, chosen in ((BLUE, ~hollow), ("white", hollow)):
        ax.plot(
            table["loading"].to_numpy()[chosen],
            rows[chosen],
            "o",
            markersize=4,
            markerfacecolor=fill,
            markeredgecolor=BLUE,
        )
    ax.set_yticks(rows, table["item"], parse_math=False)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(
        min(0.0, 1.1 * float(table["loading"].min())), 1.03 * max(1.0, table["loading"].max())
    )
    ax.set_xlabel("Loading")
    tidy(ax)
    ax.annotate(
        f"{_HALF_SHARED:g}",
        (_HALF_SHARED, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=SMALL,
        fontfamily=families(),
        color=GREY,
        ha="center",
    )
    for row, construct in zip(rows[first], table["construct"][first], strict=True):
        ax.annotate(
            shown[construct],
            (1.0, row),
            parse_math=False,
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=SMALL,
            fontfamily=families(),
            va="center",
        )
    return ax


def importance_performance_map(
    result: StructuralResult,
    target: str,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw what drives a construct against how well it does (重要性-绩效图).

    A driver far to the right moves the target much; one that also lies low has room to
    improve: the lower right is where to act first.

    Parameters
    ----------
    result : StructuralResult
        A result that was fitted with ``scale``.
    target : str
        The construct to be improved, such as "satisfaction" or "loyalty".
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from construct to str, optional
        Names to show instead.

    Returns
    -------
    Axes
        The axes: impact on the target in points per point from left to right, index from 0
        to 100 upwards. Broken lines stand at the drivers' mean impact and mean index.

    Raises
    ------
    DataError
        If the result has no scale, or no driver of the target has an index.
    OptionError
        If the target is no endogenous construct of the model, or ``names`` names none.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
    >>> ax = plots.structural.importance_performance_map(result, "satisfaction")
    >>> ax.get_ylabel()
    'Index (0-100 points)'
    """
    shown = _shown(result, names)
    if target not in result.model.endogenous:
        raise OptionError(
            f"target={target!r} has no drivers; choose one of "
            f"{', '.join(map(repr, result.model.endogenous))}"
        )
    impacts = result.impacts.query("target == @target").dropna()
    if impacts.empty:
        raise DataError(
            f"{target!r} or all of its drivers have no index, because an item has a negative weight"
        )
    importance = impacts["impact"].to_numpy()
    performance = result.index[impacts["source"]].to_numpy()
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    for middle, line in ((importance.mean(), ax.axvline), (performance.mean(), ax.axhline)):
        line(middle, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    ax.plot(importance, performance, "o", color=BLUE, markersize=4.5, zorder=3)
    ax.margins(0.22)
    ax.set_xlabel(f"Impact on {shown[target]} (points per point)", parse_math=False)
    ax.set_ylabel("Index (0-100 points)")
    tidy(ax)
    _write_beside(
        ax, np.column_stack([importance, performance]), [shown[s] for s in impacts["source"]]
    )
    return ax


def _draw_arrow(ax: Axes, start: FloatArray, end: FloatArray, coefficient: float) -> None:
    """Draw an arrow as thick as its coefficient is large, broken if it is negative."""
    negative = coefficient < 0
    arrow = FancyArrowPatch(
        (float(start[0]), float(start[1])),
        (float(end[0]), float(end[1])),
        arrowstyle="-|>,head_width=1.6,head_length=3.2",
        linewidth=0.5 + 2.2 * min(abs(coefficient), 1.0),
        linestyle="--" if negative else "-",
        color=VERMILION if negative else BLUE,
        shrinkA=0,
        shrinkB=0,
        mutation_scale=1.6,
        zorder=1,
    )
    ax.add_patch(arrow)


def _draw_box(ax: Axes, centre: FloatArray, size: FloatArray, text: str) -> None:
    """Draw a box with round corners and its words."""
    rounding = 0.04
    corner, inner = centre - size / 2 + rounding, size - 2 * rounding
    box = FancyBboxPatch(
        (float(corner[0]), float(corner[1])),
        float(inner[0]),
        float(inner[1]),
        boxstyle=f"round,pad={rounding},rounding_size={rounding}",
        facecolor=PALE,
        edgecolor=INK,
        linewidth=0.7,
        zorder=2,
    )
    ax.add_patch(box)
    x, y = centre
    write(ax, x, y, text)


def _shown(result: StructuralResult, names: Mapping[str, str] | None) -> dict[str, str]:
    """Return the name to show for every construct."""
    if names is not None and not isinstance(names, Mapping):
        raise OptionError(f"names={names!r} is no mapping from construct to the name to show")
    given = dict(names or {})
    if unknown := [name for name in given if name not in result.model.names]:
        raise OptionError(
            f"names has no construct of the model: {enumerate_names(unknown)}; the constructs "
            f"are {', '.join(result.model.names)}"
        )
    return {name: given.get(name, name) for name in result.model.names}


def _words(result: StructuralResult, name: str, shown: str) -> str:
    """Put together what stands in a box: the name, and beneath it index and R2 if there are."""
    facts = []
    if result.settings.scale is not None and np.isfinite(index := result.index[name]):
        facts.append(f"{index:.1f}")
    if name in result.model.endogenous:
        facts.append(f"R² {result.r_squared[name]:.2f}")
    return "\n".join([shown, ", ".join(facts)]) if facts else shown


def _size(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in inches."""
    figure = figure_of(ax)
    figure.draw_without_rendering()  # only now does a layout engine settle the size
    extent = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    return float(extent.width), float(extent.height)


def _extent(ax: Axes, text: str, letters: float) -> FloatArray:
    """Width and height of a text in inches."""
    figure = figure_of(ax)
    trial = figure.text(0, 0, text, parse_math=False, fontsize=letters, fontfamily=families())
    extent = trial.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    trial.remove()
    return np.array([extent.width, extent.height])


def _write_beside(ax: Axes, points: FloatArray, names: list[str]) -> None:
    """Write names beside points so that they overlap neither each other nor the points."""
    figure = figure_of(ax)
    figure.draw_without_rendering()
    to_inches = ax.transData + figure.dpi_scale_trans.inverted()
    bounds = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    sizes = np.array([_extent(ax, name, LETTERS) for name in names])
    centres = place_beside(to_inches.transform(points), sizes, bounds.extents)
    for (x, y), name in zip(to_inches.inverted().transform(centres), names, strict=True):
        write(ax, x, y, name)
