"""Phases of loyalty as a ladder, and whether items make a ladder at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._options import check_choice
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.ladder.scalability import ScalabilityResult
from loyaltymodel.loyalty_stage.phases.advice import phase_advice
from loyaltymodel.loyalty_stage.phases.result import NONE, PhaseResult
from loyaltymodel.plots import _curves
from loyaltymodel.plots._matrix import share_text
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    SMALL,
    axes_or_new,
    families,
    tidy,
)

Language = Literal["en", "zh"]

_BAR = 0.36  # height of each of two bars, of the distance between rows
_GAP = 3.0  # points between axes and what stands beside them
_LIMITS = (0.3, 0.4, 0.5)  # from which on H makes a weak, medium and strong scale
_WORDS = {
    "en": {
        "customers": "Customers (%)",
        "observed": "as observed",
        "true": "by true scores",
        "H": "Scalability H",
        "all": "all items",
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
        "weak": "弱",
        "medium": "中",
        "strong": "强",
    },
}


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
        What ``loyalty_stage.oliver`` returned.
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
    >>> ax = plots.loyalty_stage.ladder(loyalty_stage.oliver(scores))
    >>> [float(bar.get_width()) for bar in ax.patches]
    [25.0, 50.0, 0.0, 0.0, 25.0]
    """
    check_kind("result", result, PhaseResult, "loyalty_stage.oliver()")
    check_choice("language", language, Language)
    words = _WORDS[language]
    stages = _curves.wrapped(named(result.stages, chinese_phases(), names, language))
    table = result.shares
    kinds = [("observed", "", {"facecolor": BLUE, "alpha": 0.6})]
    if result.reliability is not None:
        kinds.append(("true", "true_", {"facecolor": "white", "edgecolor": BLUE, "hatch": "/////"}))
    two = len(kinds) > 1
    lines = max(name.count("\n") for name in stages) + 1
    ax = axes_or_new(ax, height=0.65 + max(0.22 + 0.1 * two, 0.12 * lines) * len(stages))
    rows = np.arange(len(stages))
    ax.set_xlabel(words["customers"])
    most = 0.0
    for k, (kind, prefix, style) in enumerate(kinds):
        at = rows + (_BAR / 2 - k * _BAR if two else 0.0)
        values = [
            table[f"{prefix}{column}"].to_numpy() for column in ("share", "ci_low", "ci_high")
        ]
        share, low, high = (100 * value for value in values)
        ax.barh(
            at,
            share,
            height=_BAR if two else 2 * _BAR,
            linewidth=0.6,
            zorder=2,
            label=words[kind],
            **style,  # type: ignore[arg-type]
        )
        most = max(most, float(high.max()))
        ax.hlines(at, low, high, color=INK, linewidth=1.0, zorder=3)
        ax.plot([low, high], [at, at], "|", color=INK, markersize=3.5, zorder=3)
        for y, numbers in zip(at.tolist(), zip(*values, strict=True), strict=True):
            write_beside(ax, y, share_text(*numbers))
    ax.set_yticks(rows, stages, parse_math=False)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    end = min(100.0, 10 * np.ceil(most / 10))
    ax.set_xlim(-0.01 * end, 1.01 * end)
    tidy(ax)
    if two:
        _curves.legend_above(ax)
    return ax


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
    >>> found = loyalty_stage.scalability(answers, items=["cognitive", "affective"])
    >>> plots.loyalty_stage.scalability(found).get_xlabel()
    'Scalability H'
    """
    check_kind("result", result, ScalabilityResult, "loyalty_stage.scalability()")
    check_choice("language", language, Language)
    words = _WORDS[language]
    columns = ["H", "ci_low", "ci_high"]
    values = np.vstack([result.items[columns].to_numpy(), result.scale[columns].to_numpy()])
    h, low, high = values.T
    labels = _curves.wrapped(
        [*named(result.names, chinese_phases(), names, language), words["all"]]
    )
    rows = np.arange(len(labels)).astype(np.float64)
    rows[-1] += 0.3
    lines = max(label.count("\n") for label in labels) + 1
    ax = axes_or_new(ax, height=0.75 + (0.08 + 0.1 * lines) * len(labels))
    ends = (rows[-1] + 0.6, -0.6)
    ax.vlines(_LIMITS, *ends, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    ax.hlines(rows, low, high, color=BLUE, linewidth=1.0, zorder=2)
    sure = low >= _LIMITS[0]
    for k, (x, y) in enumerate(zip(h.tolist(), rows.tolist(), strict=True)):
        ax.plot(
            x,
            y,
            "D" if k == len(h) - 1 else "o",
            markersize=4,
            markerfacecolor=BLUE if sure[k] else "white",
            markeredgecolor=BLUE,
            zorder=3,
        )
    least = min(0.0, float(np.nanmin(values)))
    most = max(1.0, float(np.nanmax(values)))
    margin = 0.03 * (most - least)
    ax.set_xlim(least - margin, most + margin)
    even = 0.2 * np.arange(np.ceil(least / 0.2), 6)
    ax.set_xticks(np.union1d(even.round(1), _LIMITS))
    ax.set_yticks(rows, labels, parse_math=False)
    ax.set_ylim(*ends)
    ax.set_xlabel(words["H"])
    tidy(ax)
    _, top, row = _curves.make_strips(ax, above=1.2, below=0)
    middles = (0.35, 0.45, (0.5 + most) / 2)
    kinds = [words[kind] for kind in ("weak", "medium", "strong")]
    _curves.write_row(ax, top + 0.6 * row, middles, kinds, grey=True)
    return ax


def check_kind(name: str, value: object, kind: type, source: str) -> None:
    """Raise an OptionError unless a value is a result of some kind."""
    if not isinstance(value, kind):
        raise OptionError(
            f"{name} is a {type(value).__name__}, not a {kind.__name__}; give what {source} "
            "returned"
        )


def chinese_phases() -> dict[str, str]:
    """Return the Chinese name of each phase, and of having reached none."""
    texts = phase_advice()
    return {NONE: "尚无"} | dict(zip(texts["phase"], texts["chinese"], strict=True))


def named(
    known: Sequence[str],
    chinese: Mapping[str, str],
    names: Mapping[str, str] | None,
    language: Language,
) -> list[str]:
    """Return the name to show for each: the one given, the Chinese one if asked, or its own."""
    own = {name: chinese.get(name) or name for name in known} if language == "zh" else {}
    given = dict(zip(known, _curves.shown(known, names), strict=True))
    return [given[name] if name in (names or {}) else own.get(name, name) for name in known]


def write_beside(ax: Axes, y: float, text: str) -> None:
    """Write to the right of the axes."""
    ax.annotate(
        text,
        (1.0, y),
        (_GAP, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        fontsize=SMALL,
        fontfamily=families(),
        va="center",
        ha="left",
        annotation_clip=False,
        parse_math=False,
    )
