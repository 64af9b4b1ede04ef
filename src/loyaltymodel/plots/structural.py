"""Pictures of structural models: the paths, the loadings, importance against performance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.options import check_count
from loyaltymodel._core.tables import number
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.plots._boxes import draw_arrow, draw_box
from loyaltymodel.plots._groups import group_differences, league_table
from loyaltymodel.plots._inference import forest, htmt_map, replicates
from loyaltymodel.plots._labels import name_groups, name_points
from loyaltymodel.plots._layout import arrange, touching
from loyaltymodel.plots._names import Language, Words, shown_names, words_in, wrapped
from loyaltymodel.plots._prediction import calibration
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    GUIDE,
    LETTERS,
    SMALL,
    VERMILION,
    add_legend,
    axes_or_new,
    caption,
    draw_marks,
    extent_of,
    figure_of,
    picture,
    size_of,
    tidy,
    write,
    write_off,
)
from loyaltymodel.structural.results import StructuralResult

__all__ = [
    "calibration",
    "forest",
    "group_differences",
    "htmt_map",
    "importance_performance_map",
    "league_table",
    "loadings",
    "path_diagram",
    "replicates",
]


def __dir__() -> list[str]:
    return list(__all__)


_HALF_SHARED = 0.708  # from this loading on, item and construct share half their variance
_LISTED = "; the constructs are"
_PADDING = (0.12, 0.1)  # inches in a box about its words
_EDGE = 0.06  # inches free about the picture
_WORDS: Mapping[Language, Words] = {
    "en": {
        "boxes": "in boxes: index (0–100 points), R²",
        "R²": "in boxes: R²",
        "negative": "; broken: negative",
        "loading": "Loading",
        "A": "mode A",
        "B": "mode B",
        "impact": "Impact on {} (points per point)",
        "index": "Index (0–100 points)",
        "mean": "mean of the drivers",
    },
    "zh": {
        "boxes": "框内:指数(0–100 分)、R²",
        "R²": "框内:R²",
        "negative": ";虚线:负值",
        "loading": "载荷",
        "A": "模式 A",
        "B": "模式 B",
        "impact": "对{}的影响(每分变动的分数)",
        "index": "指数(0–100 分)",
        "mean": "驱动因素的均值",
    },
}


@picture
def path_diagram(
    result: StructuralResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
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
    language : {"en", "zh"}
        Language of the words.
    digits : int
        Decimal places of the coefficients.

    Returns
    -------
    Axes
        The axes, one data unit an inch.

    Raises
    ------
    OptionError
        If ``names`` names no construct of the model, or ``language`` is not one of its choices.

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
    words = words_in(language, _WORDS)
    shown = shown_names(result.model.names, names, listed=_LISTED)
    check_count("digits", digits, least=0)
    own = ax is None
    ax = axes_or_new(ax)
    before = ax.axison, ax.get_title(loc="left")
    ax.set_axis_off()
    values = result.paths["estimate"].to_numpy()
    with_index = result.settings.scale is not None
    negative = words["negative"] if (values < 0).any() else ""
    caption(ax, words["boxes" if with_index else "R²"] + negative)
    width, height = size_of(ax)
    constructs = list(result.model.names)
    rows = result.constructs.to_dict(orient="index")
    texts = [_facts(rows[name], shown[name]) for name in constructs]
    sizes = np.array([extent_of(ax, text, LETTERS) for text in texts]) + _PADDING
    arrows = [(constructs.index(p.source), constructs.index(p.target)) for p in result.model.paths]
    coefficients = [number(value, digits) for value in values]
    label = np.max([extent_of(ax, text) for text in coefficients], axis=0) + 0.03
    layout = arrange(
        arrows,
        sizes,
        (float(label[0]), float(label[1])),
        width=width - _EDGE,
        height=None if own else height - _EDGE,
    )
    if touching(layout.boxes, sizes):
        ax.axison, title = before
        ax.set_title(title, loc="left")
        raise OptionError(
            f"the axes are {width:.1f} inches wide, too narrow for the boxes of this model; give "
            "wider ones, or shorter names"
        )
    if own:
        figure_of(ax).set_size_inches(COLUMN, layout.height + _EDGE + COLUMN - height)
        height = layout.height + _EDGE
    for k, value in enumerate(values.tolist()):
        draw_arrow(
            ax,
            [layout.starts[k], layout.ends[k]],
            width=0.5 + 2.2 * min(abs(value), 1.0),
            colour=VERMILION if value < 0 else BLUE,
            broken=value < 0,
        )
        x, y = layout.labels[k].tolist()
        write(ax, x, y, coefficients[k], letters=SMALL, on_card=True)
    for centre, size, text in zip(layout.boxes, sizes, texts, strict=True):
        draw_box(ax, centre, size, text)
    margin = (height - layout.height) / 2
    ax.set_xlim(-_EDGE / 2, width - _EDGE / 2)
    ax.set_ylim(-margin, layout.height + margin)
    ax.set_aspect("equal")
    return ax


@picture
def loadings(
    result: StructuralResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the loading of each item on its construct (载荷图).

    Parameters
    ----------
    result : StructuralResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from construct or item to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes, items from top to bottom. A line stands at 0.708, from where an item shares
        half of its variance with its construct; items of mode B, for which that is no
        criterion, are hollow.

    Raises
    ------
    OptionError
        If ``names`` names no construct or item of the model, or ``language`` is not one of its
        choices.

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
    words = words_in(language, _WORDS)
    model = result.model
    shown = shown_names(model.names, names, more=model.items, listed=_LISTED)
    table = result.loadings
    in_mode_b = {c.name for c in model.constructs if c.mode == "B" and len(c.items) > 1}
    hollow = table["construct"].isin(in_mode_b).to_numpy()
    first = ~table["construct"].duplicated().to_numpy()
    ax, rows = row_axes(
        ax, [shown[item] for item in table["item"]], row=0.155, more=0.6 + 0.15 * hollow.any()
    )
    for before, after in zip(rows[:-1][first[1:]], rows[1:][first[1:]], strict=True):
        ax.axhline((before + after) / 2, color=GREY, linewidth=0.4)
    ax.axvline(_HALF_SHARED, **GUIDE)
    values = table["estimate"].to_numpy()
    draw_intervals(ax, rows, np.zeros_like(values), values)
    draw_marks(ax, values, rows, full=~hollow, label=words["A"], hollow=words["B"])
    ax.set_xlim(min(0.0, 1.1 * float(values.min())), 1.03 * max(1.0, float(values.max())))
    ax.set_xlabel(words["loading"])
    tidy(ax)
    write_off(
        ax,
        (_HALF_SHARED, 1.0),
        f"{_HALF_SHARED:g}",
        of=("data", "axes fraction"),
        away=(0.0, 2.0),
        colour=GREY,
        ha="center",
        va="bottom",
    )
    name_groups(ax, rows[first], [shown[name] for name in table["construct"][first]])
    if hollow.any():
        add_legend(ax, lift=1)
    return ax


@picture
def importance_performance_map(
    result: StructuralResult,
    target: str,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
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
    language : {"en", "zh"}
        Language of the words.

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
        If the target is no endogenous construct of the model, ``names`` names no construct, or
        ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> result = structural.fit(model, datasets.mobile_phone_moments(), scale=(1, 10))
    >>> ax = plots.structural.importance_performance_map(result, "satisfaction")
    >>> ax.get_ylabel()
    'Index (0–100 points)'
    """
    words = words_in(language, _WORDS)
    shown = shown_names(result.model.names, names, listed=_LISTED)
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
    x = impacts["estimate"].to_numpy()
    y = result.constructs["index"][impacts["source"]].to_numpy()
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    ax.axvline(x.mean(), **GUIDE, label=words["mean"])
    ax.axhline(y.mean(), **GUIDE)
    draw_marks(ax, x, y, size=4.5)
    ax.margins(0.22)
    ax.set_xlabel(words["impact"].format(shown[target]))
    ax.set_ylabel(words["index"])
    tidy(ax)
    add_legend(ax)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    means = [[(x.mean(), bottom), (x.mean(), top)], [(left, y.mean()), (right, y.mean())]]
    names_there = [shown[source] for source in impacts["source"]]
    name_points(ax, np.column_stack([x, y]), names_there, np.array(means))
    return ax


def _facts(row: Mapping[Any, float], shown: str) -> str:
    """Put together what stands in a box: the name, and beneath it index and R2 if there are."""
    facts = []
    if np.isfinite(row["index"]):
        facts.append(f"{row['index']:.1f}")
    if np.isfinite(row["r_squared"]):
        facts.append(f"R² {row['r_squared']:.2f}")
    (text,) = wrapped([shown])
    return "\n".join([text, ", ".join(facts)]) if facts else text
