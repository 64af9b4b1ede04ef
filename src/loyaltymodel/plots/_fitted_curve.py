"""A fitted curve against what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.accepted import Label
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_flag
from loyaltymodel.jones_sasser.results import LoyaltyCurveResult
from loyaltymodel.plots import _curves
from loyaltymodel.plots._labels import name_lines
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_MARKS: dict[str, Any] = {"size": 3.2, "markeredgewidth": 0.8}

_WORDS: Mapping[Language, Words] = {
    "en": {
        "fitted": "fitted{}, {}",
        "observed": "observed, {}",
        "expected": "expected of the observed",
        "loyalty": "Loyalty ({})",
        "fitted loyalty": "Fitted loyalty ({})",
        "observed loyalty": "Observed loyalty ({})",
        "stays": "probability to stay",
        "score": "score, {:g} to {:g}",
        "answers": "probability to answer {} or higher",
        "equal": "fitted = observed",
        "within": "fitted within the {}",
        "missed": "fitted outside",
    },
    "zh": {
        "fitted": "拟合{},{}",
        "observed": "观测,{}",
        "expected": "观测值的期望",
        "loyalty": "忠诚度({})",
        "fitted loyalty": "拟合的忠诚度({})",
        "observed loyalty": "观测的忠诚度({})",
        "stays": "留存概率",
        "score": "得分,{:g} 至 {:g}",
        "answers": "回答 {} 及以上的概率",
        "equal": "拟合 = 观测",
        "within": "拟合值在 {}内",
        "missed": "拟合值在区间外",
    },
}


@picture
def fitted_curve(
    result: LoyaltyCurveResult,
    *,
    group: Label | None = None,
    constraint: float | None = None,
    bins: int = 10,
    level: float = 0.95,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
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
    names : mapping from group to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, in answers on the scale of the fit: the curve as a line in a band, and observed
        loyalty as marks with intervals, a mark for each level or bin. With a ``reliability`` the
        curve is of true satisfaction, on which the marks do not lie; a broken line then joins
        what the fit expects of them.

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
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people, constraint_by="industry")
    >>> ax = plots.jones_sasser.fitted_curve(result, group="a")
    >>> ax.get_ylabel()
    'Loyalty (probability to stay)'
    """
    check_level(level)
    words = words_in(language, _WORDS)
    groups = result.sample.groups
    known = shown_names(groups or (), names)
    if groups is not None and group is None and constraint is None:
        ax = axes_or_new(ax, height=COLUMN * 0.8)
        _draw_groups(ax, result, known, language)
    else:
        grid = _grid(result)
        band = result.interval_of("loyalty", grid, group=group, constraint=constraint, level=level)
        ax = axes_or_new(ax, height=COLUMN * 0.8)
        ax.fill_between(grid, band["ci_low"], band["ci_high"], color=BLUE, alpha=0.2, linewidth=0)
        of = "" if constraint is None else f", c = {constraint:g}"
        if group is not None and groups is not None:
            of = f", {known[group]}"
        interval = interval_in(language, level)
        label = words["fitted"].format(of, interval)
        ax.plot(grid, band["estimate"], color=BLUE, linewidth=1.3, label=label)
        if constraint is None:
            _draw_observed(ax, result, group, bins, level, words, interval)
        _axes(ax, result, language)
        add_legend(ax, inside=True)
    ax.set_ylabel(words["loyalty"].format(_loyalty_unit(result, words)))
    return ax


@picture
def calibration(
    result: LoyaltyCurveResult,
    *,
    bins: int = 10,
    by_group: bool = True,
    level: float = 0.95,
    language: Language = "en",
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
    language : {"en", "zh"}
        Language of the words.
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
        If ``bins`` or ``level`` is out of its range, ``by_group`` no flag, or ``language`` not
        one of its choices.

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
    words = words_in(language, _WORDS)
    table = result.calibration(bins=bins, by_group=by_group, level=level)
    fitted, observed = table["fitted"].to_numpy(), table["estimate"].to_numpy()
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    ax = axes_or_new(ax, height=COLUMN + 0.15)
    ax.axline((0, 0), slope=1, color=GREY, linewidth=0.8, zorder=1, label=words["equal"])
    missed = (fitted < low) | (fitted > high)
    within = words["within"].format(interval_in(language, level))
    for chosen, colour, full, label in (
        (~missed, BLUE, False, within),
        (missed, VERMILION, True, words["missed"]),
    ):
        ax.vlines(fitted[chosen], low[chosen], high[chosen], color=colour, linewidth=0.7, zorder=2)
        draw_marks(
            ax, fitted[chosen], observed[chosen], full=full, colour=colour, label=label, **_MARKS
        )
    # A score that stands alone has no interval.
    drawn = np.concatenate([low, high, fitted, observed])
    least, most = np.nanmin(drawn), np.nanmax(drawn)
    margin = 0.04 * (most - least)
    ax.set_xlim(least - margin, most + margin)
    ax.set_ylim(least - margin, most + margin)
    ax.set_aspect("equal")
    unit = _loyalty_unit(result, words)
    ax.set_xlabel(words["fitted loyalty"].format(unit))
    ax.set_ylabel(words["observed loyalty"].format(unit))
    tidy(ax)
    add_legend(ax)
    return ax


def _draw_groups(
    ax: Axes, result: LoyaltyCurveResult, names: Mapping[Any, str], language: Language
) -> None:
    """Draw the curve of each group, with its name."""
    table = result.constraints
    grid = _grid(result)
    ends = []
    colours = [_curves.shade(c) for c in table["estimate"]]
    for group, colour in zip(table["group"], colours, strict=True):
        line = result.loyalty(grid, group=group)
        ends.append(line[0])
        ax.plot(grid, line, color=colour, linewidth=1.3)
    _axes(ax, result, language)
    _curves.loyalty_on_the_right(ax)
    name_lines(
        ax,
        np.array(ends),
        [names[group] for group in table["group"]],
        colours,
        begin=float(grid[0]),
    )


def _draw_observed(
    ax: Axes,
    result: LoyaltyCurveResult,
    group: object,
    bins: int,
    level: float,
    words: Words,
    interval: str,
) -> None:
    """Draw observed shares with their intervals, and what the fit expects if it differs."""
    table = result.calibration(bins=bins, level=level)
    if group is not None:
        table = table[[own == group for own in table["group"]]]
    s = table["satisfaction"].to_numpy()
    if result.settings.reliability is not None:
        ax.plot(s, table["fitted"], "--", color=BLUE, linewidth=0.9, label=words["expected"])
    ax.vlines(s, table["ci_low"], table["ci_high"], color=INK, linewidth=0.7, zorder=3)
    label = words["observed"].format(interval)
    observed = table["estimate"].to_numpy()
    draw_marks(ax, s, observed, full=False, colour=INK, label=label, zorder=4, **_MARKS)


def _grid(result: LoyaltyCurveResult) -> FloatArray:
    """Return the answers at which curves are drawn."""
    return np.linspace(*result.settings.limits("satisfaction"), len(_curves.GRID))


def _axes(ax: Axes, result: LoyaltyCurveResult, language: Language) -> None:
    limits = result.settings.limits
    _curves.scale_axes(ax, limits("satisfaction"), limits("loyalty"), language)


def _loyalty_unit(result: LoyaltyCurveResult, words: Words) -> str:
    """Say what loyalty was measured as."""
    if result.settings.outcome in ("score", "beta"):
        return words["score"].format(*result.settings.limits("loyalty"))
    if result.settings.outcome == "ordinal":
        return words["answers"].format(result.settings.cuts)
    return words["stays"]
