"""What a prospect is worth by what is spent on winning and on keeping."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.economics.results import AcquisitionRetention
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, period_in, words_in
from loyaltymodel.plots._style import (
    GREY,
    INK,
    SHADES,
    SMALL,
    VERMILION,
    add_legend,
    axes_or_new,
    caption,
    draw_marks,
    picture,
    tidy,
)

_POINTS = 121  # of the grid each way
_WIDER = 1.5  # how far axes reach beyond what is marked
_SHADES = 8
_MOST_DOTS = 500
_WORDS: Mapping[Language, Words] = {
    "en": {
        "x": "Acquisition spending per prospect",
        "y": "Retention spending per customer and {}",
        "value": "Lines: value of a prospect",
        "best": "best",
        "within": "best within the budget",
        "draws": "best in each draw",
        "budget": "budget",
        "current": "today",
        "nothing": "worth nothing",
    },
    "zh": {
        "x": "每位潜在客户的获取支出",
        "y": "每位客户每{}的保留支出",
        "value": "等值线:每位潜在客户的价值",
        "best": "最优",
        "within": "预算内最优",
        "draws": "各次抽样的最优",
        "budget": "预算",
        "current": "目前",
        "nothing": "价值为零",
    },
}


@picture
def budget_optimum(
    result: AcquisitionRetention,
    *,
    current: tuple[float, float] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the value of a prospect by what is spent on winning and keeping (最优预算分配).

    Parameters
    ----------
    result : AcquisitionRetention
        What ``economics.acquisition_retention`` returned.
    current : tuple of two numbers, optional
        Spending of today to be marked, on acquisition and on retention.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: lines of equal value, the darker the more, white where it is below 0; a diamond
        at the best spending, dots at that of the draws (up to 500 of them), and the line on which
        the budget is spent if there is one.

    Raises
    ------
    OptionError
        If today's spending is negative, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.acquisition_retention(
    ...     economics.ResponseCurve.calibrated(5, 0.2, ceiling=0.4),
    ...     economics.ResponseCurve.calibrated(10, 0.6, ceiling=0.8),
    ...     margin=50, discount=0.1, per="year", spend_timing="at_renewal",
    ... )
    >>> ax = plots.economics.budget_optimum(found, current=(5, 10))
    >>> ax.get_xlabel()
    'Acquisition spending per prospect'
    """
    words = words_in(language, _WORDS)
    if current is not None and min(current) < 0:
        raise OptionError(f"current={current} has a negative spending; give numbers from 0")
    labels = result.estimates.labels["quantity"]
    places = [labels.index("acquisition_spend"), labels.index("retention_spend")]
    best = result.estimates.estimate[places]
    drawn = result.estimates.replicates
    dots = None if drawn is None else drawn[:: -(-len(drawn) // _MOST_DOTS), places]
    reach = _reach(result, best, dots, current)
    x, y = (np.linspace(0, end, _POINTS) for end in reach)
    grid_x, grid_y = np.meshgrid(x, y)
    value = np.asarray(result.value_at(grid_x, grid_y))
    ax = axes_or_new(ax, height=3.1)
    _draw_values(ax, x, y, value, words["nothing"])
    if result.budget is not None:
        spent = result.spending_at(grid_x, grid_y)
        ax.contour(x, y, spent, [result.budget], colors=[INK], linewidths=1.0, linestyles="--")
        ax.plot([], [], "--", color=INK, linewidth=1.0, label=words["budget"])
    if dots is not None:
        ax.plot(*dots.T, ".", color=GREY, markersize=2.0, label=words["draws"], zorder=3)
    limited = result.budget is not None and _binds(result)
    word = words["within" if limited else "best"]
    draw_marks(ax, best[:1], best[1:], marker="D", colour=INK, size=5.0, label=word, zorder=5)
    if current is not None:
        at = np.asarray(current, np.float64)
        draw_marks(
            ax, at[:1], at[1:], full=False, colour=INK, size=5.0, label=words["current"], zorder=5
        )
    ax.set_xlim(0, reach[0])
    ax.set_ylim(0, reach[1])
    ax.set_xlabel(words["x"])
    ax.set_ylabel(words["y"].format(period_in(language, result.per)))
    tidy(ax)
    add_legend(ax, lift=1)
    caption(ax, words["value"])
    return ax


def _reach(
    result: AcquisitionRetention,
    best: FloatArray,
    dots: FloatArray | None,
    current: tuple[float, float] | None,
) -> FloatArray:
    """Return how far the axes go: beyond what is marked, and where curves are still steep."""
    steep = np.array([result.acquisition.steepness, result.retention.steepness])
    marked = [best, 0.5 / steep]
    if dots is not None:
        marked.append(np.quantile(dots, 0.99, axis=0))
    if current is not None:
        marked.append(np.asarray(current, np.float64))
    return np.asarray(_WIDER * np.max(marked, axis=0))


def _draw_values(ax: Axes, x: FloatArray, y: FloatArray, value: FloatArray, nothing: str) -> None:
    """Draw lines of equal value with shades between, and where it is 0."""
    most = float(value.max())
    if most > 0:
        shades = ListedColormap(colormaps[SHADES](np.linspace(0.08, 0.6, _SHADES)))
        levels = np.asarray(MaxNLocator(_SHADES).tick_values(0, most))
        levels = np.append(levels[(levels >= 0) & (levels < most)], most)
        ax.contourf(x, y, value, levels, cmap=shades, zorder=1)
        lines = ax.contour(x, y, value, levels[1:-1], colors=[GREY], linewidths=0.5, zorder=2)
        ax.clabel(lines, fontsize=SMALL, fmt="%g", colors=[INK])
        if float(value.min()) < 0:
            ax.contour(x, y, value, [0.0], colors=[VERMILION], linewidths=1.0, zorder=2)
            ax.plot([], [], "-", color=VERMILION, linewidth=1.0, label=nothing)


def _binds(result: AcquisitionRetention) -> bool:
    place = result.estimates.labels["quantity"].index("budget_multiplier")
    return bool(result.estimates.estimate[place] > 0)
