"""A fitted curve against what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._intervals import check_level
from loyaltymodel._options import check_choice, check_flag
from loyaltymodel.jones_sasser import LoyaltyCurveResult
from loyaltymodel.jones_sasser.inference import diagnostics
from loyaltymodel.plots import _curves
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    SMALL,
    VERMILION,
    axes_or_new,
    families,
    tidy,
)

Units = Literal["answers", "share"]


def fitted_curve(
    result: LoyaltyCurveResult,
    *,
    group: object = None,
    constraint: float | None = None,
    bins: int = 10,
    level: float = 0.95,
    units: Units = "answers",
    names: Mapping[Any, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a fitted curve with its interval, and the shares that were observed.

    Parameters
    ----------
    result : LoyaltyCurveResult
        A fitted curve.
    group : object, optional
        The group to draw. By default all of them, as lines without intervals and observations.
    constraint : float, optional
        Draw the curve for this constraint instead, taken as known; without observations.
    bins : int
        Levels of satisfaction to put observations together in, if there are more.
    level : float
        Confidence level of all intervals, between 0 and 1.
    units : {"answers", "share"}
        Whether satisfaction is shown as answers on the scale of the fit or as shares of it.
    names : mapping from group to str, optional
        Names to show instead.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: the curve as a line in a band, and observed shares as marks with intervals,
        a mark for each level or bin. With a ``reliability`` the curve is of true satisfaction,
        on which the marks do not lie; a broken line then joins what the fit expects of them.

    Raises
    ------
    DataError
        If the group is not in the fit, or the constraint out of range.
    OptionError
        If it is unclear which constraint is meant, since it was given or depends on drivers;
        or an option is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> people = jones_sasser.simulate(4000, levels=10, constraints={"a": 0.4, "b": 0.0}, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people, groups="industry")
    >>> ax = plots.jones_sasser.fitted_curve(result, group="a")
    >>> ax.get_ylabel()
    'Loyalty (probability to stay)'
    """
    check_choice("units", units, Units)
    check_level(level)
    groups = result.sample.groups
    known = _curves.shown(groups or (), names)
    if groups is not None and group is None and constraint is None:
        ax = axes_or_new(ax, height=COLUMN * 0.8)
        _draw_groups(ax, result, known)
    else:
        band = result.interval_of(
            "loyalty", _curves.GRID, group=group, constraint=constraint, level=level
        )
        ax = axes_or_new(ax, height=COLUMN * 0.8)
        ax.fill_between(
            _curves.GRID, band["ci_low"], band["ci_high"], color=BLUE, alpha=0.2, linewidth=0
        )
        of = "" if constraint is None else f", c = {constraint:g}"
        if group is not None and groups is not None:
            of = f", {known[groups.index(group)]}"
        words = f"fitted{of}, {100 * level:g} % interval"
        ax.plot(_curves.GRID, band["estimate"], color=BLUE, linewidth=1.3, label=words)
        if constraint is None:
            _draw_observed(ax, result, group, bins, level)
        _curves.unit_axes(ax)
        _legend(ax)
    if units == "answers" and result.settings.scale != (0.0, 1.0):
        _curves.scale_ticks(ax, result.settings.scale)
    ax.set_ylabel(f"Loyalty ({_loyalty_unit(result)})", parse_math=False)
    return ax


def calibration(
    result: LoyaltyCurveResult,
    *,
    bins: int = 10,
    by_group: bool = True,
    level: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Draw observed against fitted loyalty by level of satisfaction (校准图).

    Parameters
    ----------
    result : LoyaltyCurveResult
        A fitted curve.
    bins : int
        Levels of satisfaction to put observations together in, if there are more.
    by_group : bool
        Whether groups are kept apart.
    level : float
        Confidence level of the observed shares, between 0 and 1.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: what was fitted to the right, what was observed upwards. On the diagonal both
        are equal. Marks whose interval leaves out what was fitted are full, the others hollow;
        of right intervals of 95 %, one in twenty does so by chance.

    Raises
    ------
    OptionError
        If ``bins`` or ``level`` is out of its range, or ``by_group`` no flag.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> people = jones_sasser.simulate(4000, levels=10, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people)
    >>> plots.jones_sasser.calibration(result).get_xlabel()
    'Fitted loyalty (probability to stay)'
    """
    check_flag("by_group", by_group)
    table = diagnostics.calibration(result, bins=bins, by_group=by_group, level=level)
    fitted, observed = table["fitted"].to_numpy(), table["observed"].to_numpy()
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    ax = axes_or_new(ax)
    ax.axline((0, 0), slope=1, color=GREY, linewidth=0.8, zorder=1)
    missed = (fitted < low) | (fitted > high)
    for chosen, colour, fill in ((~missed, BLUE, "white"), (missed, VERMILION, VERMILION)):
        ax.vlines(fitted[chosen], low[chosen], high[chosen], color=colour, linewidth=0.7, zorder=2)
        ax.plot(
            fitted[chosen],
            observed[chosen],
            "o",
            markersize=3.2,
            markerfacecolor=fill,
            markeredgecolor=colour,
            markeredgewidth=0.8,
            zorder=3,
        )
    least, most = min(low.min(), fitted.min()), max(high.max(), fitted.max())
    margin = 0.04 * (most - least)
    ax.set_xlim(least - margin, most + margin)
    ax.set_ylim(least - margin, most + margin)
    ax.set_aspect("equal")
    unit = _loyalty_unit(result)
    ax.set_xlabel(f"Fitted loyalty ({unit})", parse_math=False)
    ax.set_ylabel(f"Observed loyalty ({unit})", parse_math=False)
    tidy(ax)
    return ax


def _draw_groups(ax: Axes, result: LoyaltyCurveResult, names: Sequence[str]) -> None:
    """Draw the curve of each group, with its name."""
    table = result.constraints
    ends = []
    colours = [_curves.shade(c) for c in table["constraint"]]
    for group, colour in zip(table["group"], colours, strict=True):
        line = result.loyalty(_curves.GRID, group=group)
        ends.append(line[0])
        ax.plot(_curves.GRID, line, color=colour, linewidth=1.3)
    _curves.unit_axes(ax)
    _curves.loyalty_on_the_right(ax)
    _curves.name_lines(ax, np.array(ends), names, colours)


def _draw_observed(
    ax: Axes, result: LoyaltyCurveResult, group: object, bins: int, level: float
) -> None:
    """Draw observed shares with their intervals, and what the fit expects if it differs."""
    table = diagnostics.calibration(result, bins=bins, level=level)
    if group is not None:
        table = table[[own == group for own in table["group"]]]
    s = table["satisfaction"].to_numpy()
    if result.settings.reliability is not None:
        ax.plot(
            s, table["fitted"], "--", color=BLUE, linewidth=0.9, label="expected of the observed"
        )
    ax.vlines(s, table["ci_low"], table["ci_high"], color=INK, linewidth=0.7, zorder=3)
    ax.plot(
        s,
        table["observed"],
        "o",
        markersize=3.2,
        markerfacecolor="white",
        markeredgecolor=INK,
        markeredgewidth=0.8,
        zorder=4,
        label=f"observed, {100 * level:g} % interval",
    )


def _loyalty_unit(result: LoyaltyCurveResult) -> str:
    """Say what loyalty was measured as."""
    if result.settings.outcome in ("score", "beta"):
        return "score, share of scale"
    if result.settings.outcome == "ordinal":
        return f"probability to answer {result.settings.stays_from} or higher"
    return "probability to stay"


def _legend(ax: Axes) -> None:
    ax.legend(
        loc="best",
        frameon=False,
        prop={"family": families(), "size": SMALL},
        handlelength=1.4,
        borderaxespad=0.2,
    )
