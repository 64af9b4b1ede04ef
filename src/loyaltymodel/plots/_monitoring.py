"""Satisfaction by wave, and where a rule of alarm rings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import shown as value_shown
from loyaltymodel.chain.results import WaveAlarms, WaveIndex
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    GUIDE,
    INK,
    LETTERS,
    VERMILION,
    add_legend,
    axes_or_new,
    extent_of,
    picture,
    size_of,
    tidy,
)

_WORDS: Mapping[Language, Words] = {
    "en": {
        "wave": "Wave",
        "mean": "Mean satisfaction",
        "index": "Satisfaction index (0 to 100)",
        "centre": "centre",
        "limit": "alarm below",
        "alarm": "alarm",
        "baseline": "baseline",
    },
    "zh": {
        "wave": "调查期次",
        "mean": "平均满意度",
        "index": "满意度指数(0 至 100)",
        "centre": "中心线",
        "limit": "预警限",
        "alarm": "预警",
        "baseline": "基准期",
    },
}
_APART = 0.06  # inches between names of waves
_MORE = 0.06  # of the height, above and below what is drawn
_SIDE = 0.05  # of the distance of two waves, beside the first and the last


@picture
def waves(
    result: WaveIndex | WaveAlarms,
    *,
    alarms: WaveAlarms | None = None,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw satisfaction by wave, with intervals and the limits of a rule of alarm (满意度控制图).

    Parameters
    ----------
    result : WaveIndex or WaveAlarms
        What ``chain.index_by_wave`` found, or what the method ``monitor`` of a rule found of means.
    alarms : WaveAlarms, optional
        What a rule found of the same waves, to stand in the same picture.
    names : mapping from wave to str, optional
        Names of waves to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, waves from left to right: their means, with intervals if the result has them. Of
        a rule the centre, the baseline waves as hollow points, the mean below which it rings in
        each later wave, and the waves in which it rings; after an alarm that mean may leave the
        picture. Where waves stand too close for
        their names, not every one is named.

    Raises
    ------
    OptionError
        If ``alarms`` are of other waves, ``names`` names none of them, or an option is not one of
        its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import chain, plots
    >>> rule = chain.alarm_rule("shewhart", false_alarm=0.05, horizon=4, baseline=3)
    >>> found = rule.monitor([72, 73, 71, 72, 68], std_error=1.0)
    >>> ax = plots.chain.waves(found, language="zh")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('调查期次', '平均满意度')
    """
    words = words_in(language, _WORDS)
    labels, means = _waves_of(result)
    rule = result if isinstance(result, WaveAlarms) else alarms
    if alarms is not None:
        _check_same(alarms, labels, means)
        rule = alarms
    named = shown_names(labels, names)
    ax = axes_or_new(ax, height=2.6)
    places = np.arange(len(means), dtype=np.float64)
    rings = np.zeros(len(means), dtype=np.bool_) if rule is None else rule.alarms
    hollow = places < (rule.baseline or 0) if rule is not None else rings
    ax.plot(places, means, color=BLUE, linewidth=0.8, zorder=2)
    if isinstance(result, WaveIndex):
        ends = result.waves[["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
        label = interval_in(language, result.level)
        ax.vlines(places, *ends.T, color=BLUE, linewidth=1.0, zorder=2, label=label)
    plain = ~rings & ~hollow
    ax.plot(places[plain], means[plain], "o", color=BLUE, markersize=4, zorder=4)
    if hollow.any():
        ax.plot(
            places[hollow],
            means[hollow],
            "o",
            markerfacecolor="white",
            markeredgecolor=BLUE,
            markersize=4,
            zorder=4,
            label=words["baseline"],
        )
    if rule is not None:
        _draw_rule(ax, rule, places, words)
    if rings.any():
        ax.plot(
            places[rings],
            means[rings],
            "v",
            color=VERMILION,
            markersize=6,
            zorder=5,
            label=words["alarm"],
        )
    ax.set_xlabel(words["wave"])
    scaled = isinstance(result, WaveIndex) and result.scale is not None
    ax.set_ylabel(words["index" if scaled else "mean"])
    ax.set_xlim(-0.5 - _SIDE, len(means) - 0.5 + _SIDE)
    if rule is not None:
        ax.set_ylim(_limits_of(result, rule))
    tidy(ax)
    add_legend(ax)
    _name_waves(ax, [named[label] for label in labels])
    return ax


def _waves_of(result: WaveIndex | WaveAlarms) -> tuple[tuple[Any, ...], FloatArray]:
    if isinstance(result, WaveAlarms):
        return result.wave_labels, result.wave_means
    return result.estimates.labels["wave"], result.estimates.estimate


def _check_same(alarms: WaveAlarms, labels: tuple[Any, ...], means: FloatArray) -> None:
    if alarms.wave_labels != labels or not np.allclose(alarms.wave_means, means):
        raise OptionError(
            f"alarms are of {value_shown(alarms.wave_labels)}, and the result has other waves or "
            "means; give what rule.monitor(result) returns"
        )


def _draw_rule(ax: Axes, rule: WaveAlarms, places: FloatArray, words: Words) -> None:
    ax.axhline(rule.centre, label=words["centre"], **GUIDE)
    held = ~np.isnan(rule.control_limits)
    # A level a wave, so that it is seen to which of them it belongs.
    edges = np.append(places[held] - 0.5, places[held][-1] + 0.5)
    ax.stairs(
        rule.control_limits[held],
        edges,
        baseline=None,
        color=INK,
        linewidth=0.9,
        linestyle=":",
        label=words["limit"],
        zorder=3,
    )
    if rule.baseline:
        ax.axvline(rule.baseline - 0.5, color=GREY, linewidth=0.5, zorder=1)


def _limits_of(result: WaveIndex | WaveAlarms, rule: WaveAlarms) -> tuple[float, float]:
    """Return where the axis ends: alarm limits after the first alarm may leave it."""
    first = int(rule.alarms.argmax()) + 1 if rule.alarms.any() else len(rule.alarms)
    seen = [np.array([rule.centre]), rule.wave_means, rule.control_limits[:first]]
    if isinstance(result, WaveIndex):
        seen += list(result.waves[["ci_low", "ci_high"]].to_numpy(dtype=np.float64).T)
    low, high = np.nanmin(np.concatenate(seen)), np.nanmax(np.concatenate(seen))
    more = _MORE * (high - low) if high > low else 1.0
    return float(low - more), float(high + more)


def _name_waves(ax: Axes, names: list[str]) -> None:
    """Name waves along the axis, each of them or as many as there is room for."""
    width = max(extent_of(ax, name, LETTERS)[0] for name in names) + _APART
    room = size_of(ax)[0] / len(names)
    every = int(np.ceil(width / room))
    places = np.arange(len(names))[::every]
    ax.set_xticks(places, [names[k] for k in places], parse_math=False)
