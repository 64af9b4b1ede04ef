"""Pictures of attributes: importance against performance, drivers, penalties and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.scales import Pair
from loyaltymodel.attributes.drivers.contrast import PenaltyRewardResult
from loyaltymodel.attributes.drivers.performance_result import ImportancePerformanceResult
from loyaltymodel.attributes.drivers.result import KeyDriversResult
from loyaltymodel.plots._kano_plane import kano_plane
from loyaltymodel.plots._labels import name_corners, name_points
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._quadrant_names import quadrant_names
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    GUIDE,
    VERMILION,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

__all__ = ["driver_shares", "importance_performance_grid", "kano_plane", "penalty_reward"]


def __dir__() -> list[str]:
    return list(__all__)


Decomposition = Literal["pratt", "relative_weights", "lmg"]

_WORDS: Mapping[Language, Words] = {
    "en": {
        "answer": "(mean answer)",
        "scale": "(mean answer, {:g} to {:g})",
        "performance": "Performance {}",
        "importance": "Importance {}",
        "ranks": "Importance (mean weight from ranks)",
        "derived": "Importance for {} ({})",
        "equal": "importance = performance",
        "cut": "cut-off",
        "share": "Share of R² = {:.2f} (%, {})",
        "penalty": "penalty",
        "reward": "reward",
        "difference": "Difference in {} to those in between",
        "pratt": "Pratt",
        "relative_weights": "relative weights",
        "lmg": "LMG",
        "first": "first",
        "last": "last",
        "standardised": "standardised",
    },
    "zh": {
        "answer": "(平均回答)",
        "scale": "(平均回答,{:g} 至 {:g})",
        "performance": "绩效{}",
        "importance": "重要性{}",
        "ranks": "重要性(由排序得到的平均权重)",
        "derived": "对{}的重要性({})",
        "equal": "重要性 = 绩效",
        "cut": "分界线",
        "share": "占 R² = {:.2f} 的份额(%,{})",
        "penalty": "惩罚",
        "reward": "奖励",
        "difference": "{}与中间水平之差",
        "pratt": "Pratt",
        "relative_weights": "相对权重",
        "lmg": "LMG",
        "first": "首位进入",
        "last": "末位进入",
        "standardised": "标准化系数",
    },
}


@picture
def importance_performance_grid(
    result: ImportancePerformanceResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw importance against performance, with the four quadrants (重要性-绩效图).

    Parameters
    ----------
    result : ImportancePerformanceResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from attribute or target to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.

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
        If ``names`` names no attribute of the result, or ``language`` is not one of its choices.

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
    words = words_in(language, _WORDS)
    target = [] if result.target is None else [result.target]
    table = result.attributes
    shown = shown_names(table.index, names, more=target)
    ax = axes_or_new(ax, height=COLUMN)
    x, y = table["performance"].to_numpy(), table["importance"].to_numpy()
    ax.axhline(result.cuts["importance"], **GUIDE, label=words["cut"])
    ax.axvline(result.cuts["performance"], **GUIDE)
    crosses = _crosses(result)
    for start, end in crosses:
        ax.plot(*zip(start, end, strict=True), color=BLUE, linewidth=0.7, alpha=0.7, zorder=2)
    if result.level is not None:
        ax.lines[-1].set_label(interval_in(language, result.level))
    draw_marks(ax, x, y, size=4.5)
    ax.margins(0.22)
    ax.autoscale_view()
    # Kept as they are, whatever else is drawn.
    ax.set_xlim(ax.get_xlim())
    ax.set_ylim(ax.get_ylim())
    own, other = result.scale["importance"], result.scale["performance"]
    if own is not None and other is not None:
        (y_low, y_high), (x_low, x_high) = own, other
        equal = GUIDE | {"linestyle": ":"}
        ax.plot([x_low, x_high], [y_low, y_high], label=words["equal"], **equal)
    ax.set_xlabel(words["performance"].format(_units(other, words)))
    ax.set_ylabel(_importance_label(result, shown, words))
    tidy(ax)
    add_legend(ax)
    name_corners(ax, quadrant_names(language))
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across = [[(left, result.cuts["importance"]), (right, result.cuts["importance"])]]
    upwards = [[(result.cuts["performance"], bottom), (result.cuts["performance"], top)]]
    lines = np.concatenate([crosses, across, upwards])
    name_points(ax, np.column_stack([x, y]), [shown[name] for name in table.index], lines)
    return ax


@picture
def driver_shares(
    result: KeyDriversResult,
    *,
    measure: Decomposition = "lmg",
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
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
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes: a mark for each share of R2 in percent, with its interval if the result has
        one.

    Raises
    ------
    OptionError
        If ``names`` names no driver of the result, or an option is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> result = attributes.key_drivers(
    ...     {"staff": [1, 1, -1, -1], "speed": [1, -1, 1, -1]}, [3, 1, -1, -3]
    ... )
    >>> plots.attributes.driver_shares(result).get_xlabel()
    'Share of R² = 1.00 (%, LMG)'
    """
    check_choice("measure", measure, Decomposition)
    words = words_in(language, _WORDS)
    drivers = result.shares.index
    shown = shown_names(drivers, names)
    shares = 100 * result.shares[measure].to_numpy()
    order = np.argsort(-shares, kind="stable")
    resampled = result.level is not None
    ax, rows = row_axes(
        ax, [shown[drivers[k]] for k in order], row=0.165, more=0.6 + 0.15 * resampled
    )
    ax.axvline(0, color=GREY, linewidth=0.7)
    if result.level is None:
        draw_intervals(ax, rows, np.zeros_like(shares), shares[order])
    else:
        ends = result.importance.query("measure == @measure + '_share'")[["ci_low", "ci_high"]]
        interval = interval_in(language, result.level)
        draw_intervals(ax, rows, *100 * ends.to_numpy()[order].T, label=interval)
    draw_marks(ax, shares[order], rows)
    ax.set_xlabel(words["share"].format(result.r_squared, words[measure]))
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def penalty_reward(
    result: PenaltyRewardResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw what low performance costs and high performance brings.

    Parameters
    ----------
    result : PenaltyRewardResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from attribute or target to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes: hollow marks for penalties and full ones for rewards, in units of the target,
        with their intervals; the widest range on top.

    Raises
    ------
    OptionError
        If ``names`` names no attribute of the result, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> result = attributes.penalty_reward(
    ...     {"staff": [2, 2, 6, 6, 9, 9]}, [1, 3, 4, 6, 5, 7], cuts=(3, 8)
    ... )
    >>> plots.attributes.penalty_reward(result).get_xlabel()
    'Difference in target to those in between'
    """
    words = words_in(language, _WORDS)
    attributes = list(result.cuts)
    shown = shown_names(attributes, names, more=[result.target])
    effects = dict(list(result.effects.groupby("quantity")))
    order = np.argsort(-effects["range"]["estimate"].to_numpy(), kind="stable")
    ax, rows = row_axes(ax, [shown[attributes[k]] for k in order], row=0.2, more=0.75)
    ax.axvline(0, color=GREY, linewidth=0.7)
    for shift, quantity, colour in ((0.14, "penalty", VERMILION), (-0.14, "reward", BLUE)):
        ends = effects[quantity][["ci_low", "ci_high"]]
        draw_intervals(ax, rows + shift, *ends.to_numpy()[order].T, colour=colour)
        values = effects[quantity]["estimate"].to_numpy()[order]
        full = quantity == "reward"
        draw_marks(ax, values, rows + shift, full=full, colour=colour, label=words[quantity])
    ax.set_xlabel(words["difference"].format(shown[result.target]))
    tidy(ax)
    add_legend(ax)
    return ax


def _crosses(result: ImportancePerformanceResult) -> FloatArray:
    """Return ends (2k, 2, 2) of the intervals of performance and of importance."""
    if result.level is None:
        return np.empty((0, 2, 2))
    table = result.attributes
    k = len(table)
    ends = result.coordinates[["ci_low", "ci_high"]].to_numpy()[: 2 * k].reshape(2, k, 2)
    x, y = (
        np.repeat(table[[name]].to_numpy(), 2, axis=1) for name in ("performance", "importance")
    )
    return np.concatenate([np.stack([ends[1], y], axis=2), np.stack([x, ends[0]], axis=2)])


def _units(scale: Pair | None, words: Words) -> str:
    return words["answer"] if scale is None else words["scale"].format(*scale)


def _importance_label(
    result: ImportancePerformanceResult, shown: Mapping[str, str], words: Words
) -> str:
    if result.importance_as == "rating":
        return words["importance"].format(_units(result.scale["importance"], words))
    if result.target is None:
        return words["ranks"]
    measure = str(result.measure)
    return words["derived"].format(shown[result.target], words.get(measure, measure))
