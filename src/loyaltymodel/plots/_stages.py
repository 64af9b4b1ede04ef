"""Phases of loyalty as a ladder, and whether items make a ladder at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.catalogue import chinese_of
from loyaltymodel.loyalty_stage.ladder.scalability import ScalabilityResult
from loyaltymodel.loyalty_stage.phases.result import NONE, PhaseResult
from loyaltymodel.plots._labels import make_strips, write_row
from loyaltymodel.plots._matrix import share_text
from loyaltymodel.plots._names import (
    Language,
    Words,
    chinese_in,
    interval_in,
    shown_names,
    words_in,
    wrapped,
)
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    GUIDE,
    INK,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
    write_at_right,
)

_BAR = 0.36  # height of each of two bars, of the distance between rows
_TICK = 0.06  # of the length of an axis that the number at a tick takes
_LIMITS = (0.3, 0.4, 0.5)  # from which on H makes a weak, medium and strong scale
_WORDS: Mapping[Language, Words] = {
    "en": {
        "customers": "Customers (%)",
        "observed": "as observed",
        "true": "by true scores",
        "H": "Scalability H",
        "all": "all items",
        "sure": "{} from 0.3 on",
        "unsure": "{} reaches below 0.3",
        "weak": "weak",
        "medium": "medium",
        "strong": "strong",
    },
    "zh": {
        "customers": "客户(%)",
        "observed": "观测得分",
        "true": "真实得分",
        "H": "可量表化系数 H",
        "all": "全部项目",
        "sure": "{}不低于 0.3",
        "unsure": "{}含低于 0.3 的值",
        "weak": "弱",
        "medium": "中",
        "strong": "强",
    },
}


@picture
def ladder(
    result: PhaseResult,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many customers stand on each rung of loyalty (忠诚四阶段).

    Parameters
    ----------
    result : PhaseResult
        What ``loyalty_stage.oliver`` returned beside its customers.
    names : mapping from stage to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels, and of the stages that the library has names for.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the lowest stage at the bottom: a bar for the share of each, in percent of
        customers, with its interval, and the numbers beside it. If a reliability was given, the
        share by true scores stands beneath as a hatched bar.

    Raises
    ------
    OptionError
        If ``result`` is of another kind, ``names`` names no stage, or ``language`` is not one
        of its choices.

    Examples
    --------
    Two of four customers stop at the first phase:

    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> scores = [[80, 20, 70, 90], [60, 40, 40, 40], [20, 90, 90, 90], [90, 90, 90, 90]]
    >>> result, customers = loyalty_stage.oliver(scores)
    >>> ax = plots.loyalty_stage.ladder(result)
    >>> [float(bar.get_width()) for bar in ax.patches]
    [25.0, 50.0, 0.0, 0.0, 25.0]
    """
    words = words_in(language, _WORDS)
    shown = shown_names(result.names, names, chinese_in(language, chinese_phases()))
    stages = wrapped(shown.values())
    table = result.stages
    kinds = [("observed", {"facecolor": BLUE, "alpha": 0.6})]
    if result.reliability is not None:
        kinds.append(("true", {"facecolor": "white", "edgecolor": BLUE, "hatch": "/////"}))
    two = len(kinds) > 1
    lines = max(name.count("\n") for name in stages) + 1
    ax = axes_or_new(ax, height=0.65 + max(0.22 + 0.1 * two, 0.12 * lines) * len(stages))
    rows = np.arange(len(stages))
    ax.set_xlabel(words["customers"])
    most = 0.0
    for k, (kind, style) in enumerate(kinds):
        at = rows + (_BAR / 2 - k * _BAR if two else 0.0)
        values = table[table["quantity"] == kind][["estimate", "ci_low", "ci_high"]].to_numpy().T
        share, low, high = (100 * value for value in values)
        ax.barh(
            at,
            share,
            height=_BAR if two else 2 * _BAR,
            linewidth=0.6,
            zorder=2,
            label=words[kind] if two else "",
            **style,  # type: ignore[arg-type]
        )
        most = max(most, float(high.max()))
        label = interval_in(language, result.level) if k == two else ""
        draw_intervals(ax, at, low, high, colour=INK, label=label, zorder=3)
        ax.plot([low, high], [at, at], "|", color=INK, markersize=3.5, zorder=3)
        write_at_right(ax, at, [share_text(*numbers) for numbers in zip(*values, strict=True)])
    ax.set_yticks(rows, stages, parse_math=False)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    end = min(100.0, 10 * np.ceil(most / 10))
    ax.set_xlim(-0.01 * end, 1.01 * end)
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def scalability(
    result: ScalabilityResult,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw Loevinger's H of each item and of all, against the usual limits (可量表化系数).

    Parameters
    ----------
    result : ScalabilityResult
        What ``loyalty_stage.scalability`` returned.
    names : mapping from item to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels, and of the phases that the library has names for.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a mark for each item in the order of the result, and a diamond for all items
        together below them, each with its interval. Marks are full where the whole interval
        lies at 0.3 or above. Broken lines stand at 0.3, 0.4 and 0.5, from which on a scale is
        called weak, medium and strong.

    Raises
    ------
    OptionError
        If ``result`` is of another kind, ``names`` names no item, or ``language`` is not one
        of its choices.

    Notes
    -----
    The limits are usually attributed to Mokken (1971). They are conventions.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from loyaltymodel import loyalty_stage, plots
    >>> answers = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [30, 10, 30, 30], axis=0)
    >>> found = loyalty_stage.scalability({"cognitive": answers[:, 0], "affective": answers[:, 1]})
    >>> plots.loyalty_stage.scalability(found).get_xlabel()
    'Scalability H'
    """
    words = words_in(language, _WORDS)
    columns = ["estimate", "ci_low", "ci_high"]
    values = np.vstack([part[columns].to_numpy() for part in (result.items, result.whole)])
    h, low, high = values.T
    shown = shown_names(result.names, names, chinese_in(language, chinese_phases()))
    ax, rows = row_axes(ax, [*shown.values(), words["all"]], row=0.18, more=0.9, last=0.3)
    ax.vlines(_LIMITS, *ax.get_ylim(), **GUIDE)
    draw_intervals(ax, rows, low, high)
    sure = low >= _LIMITS[0]
    interval = interval_in(language, result.level)
    for k, (x, y) in enumerate(zip(h.tolist(), rows.tolist(), strict=True)):
        marker = "D" if k == len(h) - 1 else "o"
        word = "" if sure[k] in sure[:k] else words["sure" if sure[k] else "unsure"]
        label = word.format(interval)
        draw_marks(ax, [x], [y], full=bool(sure[k]), marker=marker, label=label)
    least = min(0.0, float(np.nanmin(values)))
    most = max(1.0, float(np.nanmax(values)))
    margin = 0.03 * (most - least)
    ax.set_xlim(least - margin, most + margin)
    # Round numbers, but for those that the limits leave no room for.
    even = 0.2 * np.arange(np.floor(least / 0.2), np.ceil(most / 0.2) + 1)
    room = _TICK * (most - least + 2 * margin)
    even = even[[np.abs(tick - np.array(_LIMITS)).min() > room for tick in even]]
    even = even[(even >= least - margin) & (even <= most + margin)]
    limits = _LIMITS if _LIMITS[1] - _LIMITS[0] > room else _LIMITS[::2]
    ax.set_xticks(np.union1d(even.round(1), limits))
    ax.set_xlabel(words["H"])
    tidy(ax)
    add_legend(ax)
    _, top, row = make_strips(ax, above=1.2, below=0)
    middles = (0.35, 0.45, (0.5 + most) / 2)
    kinds = [words[kind] for kind in ("weak", "medium", "strong")]
    write_row(ax, top + 0.6 * row, middles, kinds, colour=GREY)
    return ax


def chinese_phases() -> dict[str, str]:
    """Return the Chinese name of each phase, and of having reached none."""
    return {NONE: "尚无"} | chinese_of("phases")
