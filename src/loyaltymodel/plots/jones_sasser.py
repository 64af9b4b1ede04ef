"""Pictures of L = f(C, S): curves from monopoly to competition, fits, people, hysteresis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._arrays import FloatArray
from loyaltymodel._options import check_choice, check_flag
from loyaltymodel._variables import read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser import Deregulation, LoyaltyCurve
from loyaltymodel.plots import _curves
from loyaltymodel.plots._cusp import cusp_hysteresis
from loyaltymodel.plots._fitted_curve import calibration, fitted_curve
from loyaltymodel.plots._people_matrix import people_matrix
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    INK,
    PALE,
    SMALL,
    VERMILION,
    axes_or_new,
    families,
    tidy,
)

__all__ = [
    "calibration",
    "curve_family",
    "cusp_hysteresis",
    "deregulation",
    "fitted_curve",
    "loyalty_surface",
    "people_matrix",
    "true_and_false_loyalty",
]

Language = Literal["en", "zh"]

_FAMILY = (0.0, 0.2, 0.5, 0.75, 0.9)
_STRONGEST = 0.999  # constraint up to which surfaces are drawn; at 1 nothing moves
_ALMOST_ONE = float(np.nextafter(1.0, 0.0))
_PALER = 1.7  # loyalty at the dark end of the colours, so that black letters can be read
_LINES = np.arange(1, 10) / 10
_WORDS = {
    "en": {
        "satisfaction": _curves.SATISFACTION,
        "loyalty": _curves.LOYALTY,
        "insensitive": "insensitive zone",
        "sensitive": "sensitive zone",
        "hostage": "hostage",
        "apostle": "apostle",
        "terrorist": "terrorist",
        "mercenary": "mercenary",
        "true": "true loyalty",
        "false": "false loyalty",
        "leaves": "leaves",
    },
    "zh": {
        "satisfaction": "满意度(占量表的比例)",
        "loyalty": "忠诚度(留存概率)",
        "insensitive": "质量不敏感区",
        "sensitive": "质量敏感区",
        "hostage": "囚禁者",
        "apostle": "传道者",
        "terrorist": "破坏者",
        "mercenary": "图利者",
        "true": "真实忠诚",
        "false": "虚假忠诚",
        "leaves": "流失",
    },
}


def curve_family(
    curve: LoyaltyCurve,
    *,
    constraints: Sequence[float] = _FAMILY,
    labels: Sequence[str] | None = None,
    zones: bool = True,
    segments: bool = False,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw loyalty over satisfaction from monopoly to competition (琼斯和萨瑟的忠诚曲线).

    Parameters
    ----------
    curve : LoyaltyCurve
        The curve; of a fit, its ``curve``.
    constraints : sequence of float
        Constraint of each line, 0 to below 1; 0 is perfect competition.
    labels : sequence of str, optional
        Name of each line, such as "local telephone (monopoly)"; by default its constraint.
    zones : bool
        Whether the zones are marked: insensitive (质量不敏感区) and sensitive (质量敏感区).
    segments : bool
        Whether the names of the people in the four corners are written: hostage, apostle,
        terrorist, mercenary.
    language : {"en", "zh"}
        Language of axes, zones and segments.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: satisfaction to the right, loyalty upwards, a line for each constraint, the
        darker the stronger. Lines are named at the left, where they lie apart, so the axis of
        loyalty stands at the right. The sensitive zone is shaded; a curve that has none has no
        zones.

    Raises
    ------
    DataError
        If a constraint is not from 0 to below 1.
    OptionError
        If ``curve`` is no curve, there are no constraints or not as many labels, or an option
        is not one of its choices.

    References
    ----------
    Jones, T. O., & Sasser, W. E. (1995). Why satisfied customers defect. Harvard Business
    Review, 73(6), 88-99. Drawn here from a formula; theirs is a sketch.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> ax = plots.jones_sasser.curve_family(jones_sasser.curve(), constraints=(0.0, 0.8))
    >>> [text.get_text() for text in ax.texts]
    ['c = 0.00', 'c = 0.80', 'insensitive zone', 'sensitive zone']
    """
    _curves.check_curve(curve)
    check_flag("zones", zones)
    check_flag("segments", segments)
    check_choice("language", language, Language)
    held = np.atleast_1d(read_numbers("constraints", constraints, bounds=(0.0, _ALMOST_ONE)))
    named = _line_names(held.tolist(), labels)
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    words = _WORDS[language]
    _curves.unit_axes(ax, x=words["satisfaction"], y=words["loyalty"])
    _curves.loyalty_on_the_right(ax)
    sensitive = np.asarray(curve.zone(_curves.GRID)) == "sensitive"
    with_zones = zones and bool(sensitive.any())
    lines = curve.loyalty(np.tile(_curves.GRID, (len(held), 1)), constraint=held[:, None])
    colours = [_curves.shade(c) for c in held.tolist()]
    for line, colour in zip(lines, colours, strict=True):
        ax.plot(_curves.GRID, line, color=colour, linewidth=1.3, zorder=2)
    low, high, row = _curves.make_strips(ax, above=with_zones + segments, below=int(segments))
    _curves.name_lines(ax, lines[:, 0], named, colours)
    if with_zones:
        _mark_zones(ax, sensitive, high + (0.5 + segments) * row, words)
    if segments:
        ends = (0.0, 1.0)
        _curves.write_row(ax, high + row / 2, ends, [words["hostage"], words["apostle"]])
        _curves.write_row(ax, low - row / 2, ends, [words["terrorist"], words["mercenary"]])
    return ax


def true_and_false_loyalty(
    curve: LoyaltyCurve,
    *,
    constraint: float,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how much of loyalty is true and how much false (真实忠诚与虚假忠诚).

    Parameters
    ----------
    curve : LoyaltyCurve
        The curve; of a fit, its ``curve``.
    constraint : float
        How strongly the customers are held, 0 to below 1.
    language : {"en", "zh"}
        Language of axes and areas.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: over satisfaction, who stays willingly, above that who stays because he is
        held, and above loyalty who leaves.

    Raises
    ------
    DataError
        If the constraint is not from 0 to below 1.
    OptionError
        If ``curve`` is no curve, ``constraint`` not one number, or ``language`` not one of its
        choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> ax = plots.jones_sasser.true_and_false_loyalty(jones_sasser.curve(), constraint=0.6)
    >>> [text.get_text() for text in ax.texts]
    ['true loyalty', 'false loyalty', 'leaves']
    """
    _curves.check_curve(curve)
    check_choice("language", language, Language)
    held = read_numbers("constraint", constraint, bounds=(0.0, _ALMOST_ONE))
    if held.ndim:
        raise OptionError("constraint must be one number; draw several on axes of their own")
    words = _WORDS[language]
    willing = curve.true_loyalty(_curves.GRID)
    loyal = curve.loyalty(_curves.GRID, constraint=float(held))
    ax = axes_or_new(ax, height=COLUMN * 0.7)
    _curves.unit_axes(ax, x=words["satisfaction"], y=words["loyalty"])
    ax.fill_between(_curves.GRID, 0, willing, color=BLUE, alpha=0.75, linewidth=0)
    ax.fill_between(
        _curves.GRID, willing, loyal, facecolor=VERMILION, alpha=0.45, linewidth=0, hatch="////"
    )
    ax.plot(_curves.GRID, loyal, color=INK, linewidth=1.3)
    borders = [np.zeros_like(_curves.GRID), willing, loyal, np.ones_like(_curves.GRID)]
    _curves.name_areas(ax, _curves.GRID, borders, [words["true"], words["false"], words["leaves"]])
    return ax


def loyalty_surface(curve: LoyaltyCurve, *, ax: Axes | None = None) -> Axes:
    """Draw loyalty by satisfaction and constraint as a map with lines of equal loyalty.

    Parameters
    ----------
    curve : LoyaltyCurve
        The curve; of a fit, its ``curve``.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: satisfaction to the right, constraint upwards, the darker the more loyal, with
        a line at every tenth. Where lines run level, only the constraint matters; where they run
        upright, only satisfaction does.

    Raises
    ------
    OptionError
        If ``curve`` is no curve.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> plots.jones_sasser.loyalty_surface(jones_sasser.curve()).get_ylabel()
    'Constraint (0 = perfect competition)'
    """
    _curves.check_curve(curve)
    held = _curves.GRID * _STRONGEST
    s, c = np.meshgrid(_curves.GRID, held)
    loyalty = curve.loyalty(s, constraint=c)
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    _curves.unit_axes(ax, y="Constraint (0 = perfect competition)")
    ax.contourf(s, c, loyalty, levels=[0, *_LINES, 1], cmap="Blues", vmin=0, vmax=_PALER)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    if len(seen := _LINES[loyalty.min() < _LINES]):
        lines = ax.contour(s, c, loyalty, levels=seen, colors=INK, linewidths=0.7)
        # Every line crosses the diagonal, and there they lie well apart.
        crossings = [part[np.abs(part @ [1.0, -1.0]).argmin()] for (part, *_) in lines.allsegs]
        ax.clabel(lines, fmt="%.1f", fontsize=SMALL, inline_spacing=2, manual=crossings)
    return ax


def deregulation(
    record: Deregulation, *, names: Mapping[Any, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw loyalty before and after a constraint is removed, group by group (解除管制).

    Parameters
    ----------
    record : Deregulation
        What ``jones_sasser.remove_constraint`` returned.
    names : mapping from group to str, optional
        Names to show instead.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a line for each group from mean loyalty before (circle) to after (arrow head), the
        largest loss on top. Thin lines are the interval of the loss, set off from what there
        was before. At the right stands the loss in percentage points, with its interval.

    Raises
    ------
    OptionError
        If ``names`` names no group of the record.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> curve = jones_sasser.curve("power", {"k": 3.0})
    >>> freed = jones_sasser.remove_constraint(curve, [0.5, 1.0], constraint=0.5)
    >>> ax = plots.jones_sasser.deregulation(freed)
    >>> ax.get_xlabel()
    'Mean loyalty (probability to stay)'
    """
    table = record.by_group
    groups = ["all customers"] if record.groups is None else table["group"].tolist()
    shown = np.array(_curves.wrapped(_curves.shown(groups, names)), dtype=object)
    order = np.argsort(-table["lost"].to_numpy(), kind="stable")
    table, shown = table.iloc[order], shown[order]
    rows = np.arange(len(table))
    before, after = table["before"].to_numpy(), table["after"].to_numpy()
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    lines = max(name.count("\n") for name in shown) + 1
    ax = axes_or_new(ax, height=0.75 + (0.1 + 0.1 * lines) * len(table))
    ax.hlines(rows, after, before, color=VERMILION, linewidth=1.3, zorder=2)
    # NaN, for a curve without errors, draws nothing.
    ax.hlines(rows, before - high, before - low, color=INK, linewidth=0.7, zorder=4)
    ax.plot([before - high, before - low], [rows, rows], "|", color=INK, markersize=4, zorder=4)
    marks = (("o", before, "white", "before"), ("<", after, VERMILION, "after"))
    for marker, x, fill, label in marks:
        ax.plot(
            x,
            rows,
            marker,
            markersize=4.5,
            markerfacecolor=fill,
            markeredgecolor=VERMILION,
            zorder=3,
            label=label,
        )
    ax.set_yticks(rows, shown.tolist(), parse_math=False)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel("Mean loyalty (probability to stay)")
    tidy(ax)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=SMALL)
    _write_losses(ax, table["lost"].to_numpy(), low, high)
    return ax


def _write_losses(ax: Axes, lost: FloatArray, low: FloatArray, high: FloatArray) -> None:
    """Write losses in percentage points with their intervals to the right of the axes."""
    texts = [
        f"{100 * loss:.1f}" + ("" if np.isnan(start) else f" ({100 * start:.1f}–{100 * end:.1f})")
        for loss, start, end in zip(lost, low, high, strict=True)
    ]
    for row, text in zip([-0.5, *range(len(texts))], ["Loss in points", *texts], strict=True):
        above = row < 0
        ax.annotate(
            text,
            (1.0, row),
            (4, 4 if above else 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=SMALL,
            fontfamily=families(),
            va="bottom" if above else "center",
            ha="left",
            annotation_clip=False,
        )


def _line_names(constraints: list[float], labels: Sequence[str] | None) -> list[str]:
    """Return the name of each line, given or made from its constraint."""
    if not constraints:
        raise OptionError("constraints is empty; give one for each line, such as (0.0, 0.5)")
    if labels is None:
        short = all(round(c, 2) == c for c in constraints)
        return [f"c = {c:.2f}" if short else f"c = {c:.3g}" for c in constraints]
    if isinstance(labels, str) or len(labels) != len(constraints):
        raise OptionError(
            f"labels={labels!r} must have one name for each of the {len(constraints)} constraints"
        )
    return [str(label) for label in labels]


def _mark_zones(ax: Axes, sensitive: Any, y: float, words: Mapping[str, str]) -> None:
    """Shade where loyalty is sensitive to satisfaction, and write the names of both zones."""
    spans = []
    for name, mask in (("insensitive", ~sensitive), ("sensitive", sensitive)):
        runs = [(_curves.GRID[start], _curves.GRID[stop]) for start, stop in _curves.runs(mask)]
        if name == "sensitive":
            for left, right in runs:
                ax.axvspan(left, right, color=PALE, linewidth=0, zorder=0)
        if runs:
            longest = max(runs, key=lambda run: run[1] - run[0])
            spans.append((sum(longest) / 2, words[name]))
    _curves.write_row(ax, y, [at for at, _ in spans], [text for _, text in spans])
