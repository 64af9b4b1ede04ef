"""Pictures of L = f(C, S): curves from monopoly to competition, fits, people, hysteresis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.options import check_flag
from loyaltymodel._core.variables import BELOW_ONE, read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser import LoyaltyCurve
from loyaltymodel.plots import _curves
from loyaltymodel.plots._cusp import cusp_hysteresis
from loyaltymodel.plots._deregulation import deregulation
from loyaltymodel.plots._fitted_curve import calibration, fitted_curve
from loyaltymodel.plots._labels import make_strips, name_areas, name_lines, write_row
from loyaltymodel.plots._names import Language, Words, words_in
from loyaltymodel.plots._people_matrix import people_matrix
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    INK,
    PALE,
    SHADES,
    SMALL,
    VERMILION,
    axes_or_new,
    caption,
    picture,
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


def __dir__() -> list[str]:
    return list(__all__)


_FAMILY = (0.0, 0.2, 0.5, 0.75, 0.9)
_STRONGEST = 0.999  # constraint up to which surfaces are drawn; at 1 nothing moves
_PALER = 1.7  # loyalty at the dark end of the colours, so that black letters can be read
_LINES = np.arange(1, 10) / 10
_WORDS: Mapping[Language, Words] = {
    "en": {
        "insensitive": "insensitive zone",
        "sensitive": "sensitive zone",
        "hostage": "hostage",
        "apostle": "apostle",
        "terrorist": "terrorist",
        "mercenary": "mercenary",
        "true": "true loyalty",
        "false": "false loyalty",
        "leaves": "leaves",
        "constraint": "Constraint (0 = perfect competition)",
        "lines": "lines: loyalty (probability to stay)",
    },
    "zh": {
        "insensitive": "质量不敏感区",
        "sensitive": "质量敏感区",
        "hostage": "囚禁者",
        "apostle": "传道者",
        "terrorist": "破坏者",
        "mercenary": "图利者",
        "true": "真实忠诚",
        "false": "虚假忠诚",
        "leaves": "流失",
        "constraint": "约束(0 = 完全竞争)",
        "lines": "曲线:忠诚度(留存概率)",
    },
}


@picture
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
        Whether the names of the customers in the four corners are written: hostage, apostle,
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
    check_flag("zones", zones)
    check_flag("segments", segments)
    words = words_in(language, _WORDS)
    held = np.atleast_1d(read_numbers("constraints", constraints, bounds=(0.0, BELOW_ONE)))
    named = _line_names(held.tolist(), labels)
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    _curves.unit_axes(ax, language)
    _curves.loyalty_on_the_right(ax)
    sensitive = np.asarray(curve.zone(_curves.GRID)) == "sensitive"
    with_zones = zones and bool(sensitive.any())
    lines = curve.loyalty(np.tile(_curves.GRID, (len(held), 1)), constraint=held[:, None])
    colours = [_curves.shade(c) for c in held.tolist()]
    for line, colour in zip(lines, colours, strict=True):
        ax.plot(_curves.GRID, line, color=colour, linewidth=1.3, zorder=2)
    low, high, row = make_strips(ax, above=with_zones + segments, below=int(segments))
    name_lines(ax, lines[:, 0], named, colours)
    if with_zones:
        _mark_zones(ax, sensitive, high + (0.5 + segments) * row, words)
    if segments:
        ends = (0.0, 1.0)
        write_row(ax, high + row / 2, ends, [words["hostage"], words["apostle"]])
        write_row(ax, low - row / 2, ends, [words["terrorist"], words["mercenary"]])
    return ax


@picture
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
    words = words_in(language, _WORDS)
    held = read_numbers("constraint", constraint, bounds=(0.0, BELOW_ONE))
    if held.ndim:
        raise OptionError("constraint must be one number; draw several on axes of their own")
    willing = curve.true_loyalty(_curves.GRID)
    loyal = curve.loyalty(_curves.GRID, constraint=float(held))
    ax = axes_or_new(ax, height=COLUMN * 0.7)
    _curves.unit_axes(ax, language)
    ax.fill_between(_curves.GRID, 0, willing, color=BLUE, alpha=0.75, linewidth=0)
    ax.fill_between(
        _curves.GRID, willing, loyal, facecolor=VERMILION, alpha=0.45, linewidth=0, hatch="////"
    )
    ax.plot(_curves.GRID, loyal, color=INK, linewidth=1.3)
    borders = [np.zeros_like(_curves.GRID), willing, loyal, np.ones_like(_curves.GRID)]
    name_areas(ax, _curves.GRID, borders, [words["true"], words["false"], words["leaves"]])
    return ax


@picture
def loyalty_surface(
    curve: LoyaltyCurve, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw loyalty by satisfaction and constraint as a map with lines of equal loyalty.

    Parameters
    ----------
    curve : LoyaltyCurve
        The curve; of a fit, its ``curve``.
    language : {"en", "zh"}
        Language of the words.
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
        If ``curve`` is no curve, or ``language`` not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> plots.jones_sasser.loyalty_surface(jones_sasser.curve()).get_ylabel()
    'Constraint (0 = perfect competition)'
    """
    words = words_in(language, _WORDS)
    held = _curves.GRID * _STRONGEST
    s, c = np.meshgrid(_curves.GRID, held)
    loyalty = curve.loyalty(s, constraint=c)
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    _curves.unit_axes(ax, language, y=words["constraint"])
    caption(ax, words["lines"])
    ax.contourf(s, c, loyalty, levels=[0, *_LINES, 1], cmap=SHADES, vmin=0, vmax=_PALER)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    if len(seen := _LINES[loyalty.min() < _LINES]):
        lines = ax.contour(s, c, loyalty, levels=seen, colors=INK, linewidths=0.7)
        # Every line crosses the diagonal, and there they lie well apart.
        crossings = [part[np.abs(part @ [1.0, -1.0]).argmin()] for (part, *_) in lines.allsegs]
        ax.clabel(lines, fmt="%.1f", fontsize=SMALL, inline_spacing=2, manual=crossings)
    return ax


def _line_names(constraints: list[float], labels: Sequence[str] | None) -> list[str]:
    """Return the name of each line, given or made from its constraint."""
    if not constraints:
        raise OptionError("constraints is empty; give one for each line, such as (0.0, 0.5)")
    if labels is None:
        short = np.allclose(np.round(constraints, 2), constraints, rtol=0, atol=1e-9)
        return [f"c = {c:.2f}" if short else f"c = {c:.3g}" for c in constraints]
    if isinstance(labels, str) or len(labels) != len(constraints):
        raise OptionError(
            f"labels={labels!r} must have one name for each of the {len(constraints)} constraints"
        )
    return [str(label) for label in labels]


def _mark_zones(ax: Axes, sensitive: BoolArray, y: float, words: Words) -> None:
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
    write_row(ax, y, [at for at, _ in spans], [text for _, text in spans])
