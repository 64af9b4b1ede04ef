"""Phases of loyalty as a ladder, the funnel of its formation, and whether items make a ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._arrays import FloatArray
from loyaltymodel._intervals import check_level, wilson
from loyaltymodel._options import check_choice, enumerate_names, repeated
from loyaltymodel._variables import read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement_stages import formation_stages, life_cycle_stages
from loyaltymodel.loyalty_stage.phase_advice import phase_advice
from loyaltymodel.loyalty_stage.phase_result import NONE, PhaseResult
from loyaltymodel.loyalty_stage.scalability import ScalabilityResult
from loyaltymodel.plots import _curves
from loyaltymodel.plots._matrix import share_text
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    PALE,
    SMALL,
    axes_or_new,
    families,
    tidy,
    write,
)
from loyaltymodel.plots.structural import _extent, _size

Language = Literal["en", "zh"]

UNAWARE = "unaware"
_BEFORE = (NONE, UNAWARE)  # what people are called who have not reached the first stage
_BAR = 0.36  # height of each of two bars, of the distance between rows
_GAP = 3.0  # points between axes and what stands beside them
_LEAST_STAGES = 2
_LIMITS = (0.3, 0.4, 0.5)  # from which on H makes a weak, medium and strong scale
_OTHER_CHINESE = {NONE: "尚无", UNAWARE: "不知晓"}
_WORDS = {
    "en": {
        "customers": "Customers (%)",
        "observed": "as observed",
        "true": "by true scores",
        "everybody": "everybody",
        "reached": "People who have come so far (count, share of all); of those, who go on",
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
        "everybody": "全部",
        "reached": "到达该阶段的人数与占比;其中继续前进的比例",
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
    >>> [bar.get_width() for bar in ax.patches]
    [25.0, 50.0, 0.0, 0.0, 25.0]
    """
    check_kind("result", result, PhaseResult, "loyalty_stage.oliver()")
    check_choice("language", language, Language)
    words = _WORDS[language]
    texts = phase_advice()
    chinese = _OTHER_CHINESE | dict(zip(texts["phase"], texts["chinese"], strict=True))
    stages = _curves.wrapped(named(result.stages, chinese, names, language))
    table = result.shares
    kinds = [("observed", "", {"facecolor": BLUE, "alpha": 0.6})]
    if result.reliability is not None:
        kinds.append(("true", "true_", {"facecolor": "white", "edgecolor": BLUE, "hatch": "/////"}))
    two = len(kinds) > 1
    lines = max(name.count("\n") for name in stages) + 1
    ax = axes_or_new(ax, height=0.65 + max(0.22 + 0.1 * two, 0.12 * lines) * len(stages))
    rows = np.arange(len(stages))
    _percent_axis(ax, words["customers"])
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
        ax.hlines(at, low, high, color=INK, linewidth=1.0, zorder=3)
        ax.plot([low, high], [at, at], "|", color=INK, markersize=3.5, zorder=3)
        for y, numbers in zip(at.tolist(), zip(*values, strict=True), strict=True):
            write_beside(ax, y, share_text(*numbers))
    ax.set_yticks(rows, stages, parse_math=False)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    tidy(ax)
    if two:
        _curves.legend_above(ax)
    return ax


def funnel(
    stage: object,
    *,
    data: object = None,
    stages: Sequence[str] | None = None,
    level: float = 0.95,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many people come how far, and which share goes on from each stage (忠诚形成漏斗).

    Parameters
    ----------
    stage : Series, Categorical, array of shape (n,) or str
        How far each person has come, such as what ``loyalty_stage.formation_stage`` returns or
        ``oliver(...).stage``, or the name of a column of ``data``.
    data : pandas, polars or pyarrow table, optional
        Where the name of a column is looked up.
    stages : sequence of str, optional
        The stages, lowest first; without it they are those of ordered categories.
    level : float
        Confidence level of each interval, between 0 and 1.
    names : mapping from stage to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels, and of the stages that the library has names for.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first stage on top: a bar as wide as the share of people who are in the
        stage or beyond it. Between two bars stands which share of those in the upper one, in
        percent, is in the lower one too, with Wilson's interval. Where a lowest category "none"
        or "unaware" holds people, the bar on top is everybody.

    Raises
    ------
    DataError
        If a stage is missing or not among ``stages``, or there is nobody.
    OptionError
        If the order of the stages is not known, there are fewer than two, ``names`` names none
        of them, or an option is out of its range.

    Notes
    -----
    Shares are those of one moment: that fewer people are in a later stage does not say that
    anybody moved. How people move is what ``estimate_movement`` estimates from a panel. People
    count equally.

    Examples
    --------
    Of ten people, eight have bought, four of these prefer, one of these is loyal:

    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> stage = ["awareness"] * 2 + ["approval"] * 4 + ["preference"] * 3 + ["loyalty"]
    >>> order = loyalty_stage.formation_stages().names
    >>> ax = plots.loyalty_stage.funnel(stage, stages=order)
    >>> [bar.get_width() for bar in ax.patches]
    [100.0, 80.0, 40.0, 10.0]
    """
    check_level(level)
    check_choice("language", language, Language)
    words = _WORDS[language]
    known, counts = _stage_counts(stage, data, stages)
    chinese = dict(_OTHER_CHINESE)
    for listed in (formation_stages(), life_cycle_stages()):
        chinese |= dict(zip(listed.names, listed.chinese, strict=True))
    texts = phase_advice()
    chinese |= dict(zip(texts["phase"], texts["chinese"], strict=True))
    shown = named(known, chinese, names, language)
    if known[0] in _BEFORE:
        if counts[0]:
            shown[0] = words["everybody"] if known[0] not in (names or {}) else shown[0]
        else:
            shown, counts = shown[1:], counts[1:]
    reached = np.cumsum(counts[::-1])[::-1]
    share = 100 * reached / reached[0]
    ax = axes_or_new(ax, height=0.35 + 0.38 * len(reached))
    rows = np.arange(len(reached))
    ax.barh(rows, share, left=-share / 2, height=0.5, color=BLUE, zorder=2)
    ax.set_yticks(rows, _curves.wrapped(shown), parse_math=False)
    ax.set_ylim(len(rows) - 0.6, -0.4)
    ax.set_xlim(-52, 52)
    ax.set_xticks([])
    ax.set_xlabel(words["reached"])
    tidy(ax)
    ax.tick_params(left=False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.xaxis.label.set_fontsize(SMALL)
    _join_bars(ax, share)
    _write_counts(ax, reached, share)
    _write_conversions(ax, reached, level)
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
    texts = phase_advice()
    chinese = dict(zip(texts["phase"], texts["chinese"], strict=True))
    columns = ["H", "ci_low", "ci_high"]
    values = np.vstack([result.items[columns].to_numpy(), result.scale[columns].to_numpy()])
    h, low, high = values.T
    labels = _curves.wrapped([*named(result.names, chinese, names, language), words["all"]])
    rows = np.arange(len(labels)).astype(np.float64)
    rows[-1] += 0.3
    lines = max(label.count("\n") for label in labels) + 1
    ax = axes_or_new(ax, height=0.75 + (0.08 + 0.1 * lines) * len(labels))
    for limit in _LIMITS:
        ax.axvline(limit, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
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
    ax.set_xticks([*np.arange(np.ceil(least * 5) / 5, 0.1, 0.2).round(1), *_LIMITS, 0.8, 1.0])
    ax.set_yticks(rows, labels, parse_math=False)
    ax.set_ylim(rows[-1] + 0.6, -0.6)
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


def _percent_axis(ax: Axes, label: str) -> None:
    ax.set_xlim(-1, 101)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel(label)


def _stage_counts(
    stage: object, data: object, stages: Sequence[str] | None
) -> tuple[list[str], FloatArray]:
    """Return the stages in order, and how many people are in each."""
    values = read_variables({"stage": stage}, data=data, categories=["stage"])["stage"]
    order = _order_of(stage, data) if stages is None else _listed(stages)
    if order is None:
        raise OptionError(
            "the order of the stages is not known; give stages= from lowest to highest, or an "
            "ordered categorical such as formation_stage(...) returns"
        )
    if not len(values):
        raise DataError("there is nobody; give the stage of at least one person")
    counts = pd.Series(list(values), dtype=object).value_counts()
    if unknown := [name for name in counts.index if name not in order]:
        raise DataError(
            f"stage has {enumerate_names(map(repr, unknown))}, which stages does not name; name "
            "every stage, lowest first"
        )
    found = np.array([counts.get(name, 0) for name in order], dtype=np.float64)
    return [str(name) for name in order], found


def _listed(stages: object) -> list[object]:
    listed = [] if isinstance(stages, str) else list(stages)  # type: ignore[call-overload]
    if len(listed) < _LEAST_STAGES or repeated(listed):
        raise OptionError(
            f"stages={stages!r} must name at least two stages, each once, lowest first"
        )
    return listed


def _order_of(stage: object, data: Any) -> list[object] | None:
    """Return the ordered categories that a variable has, if any."""
    column = data[stage] if isinstance(stage, str) and isinstance(data, pd.DataFrame) else stage
    dtype = getattr(column, "dtype", None)
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        return _listed(list(dtype.categories))
    return None


def _join_bars(ax: Axes, share: FloatArray) -> None:
    """Shade between each bar and the next."""
    for k, (upper, lower) in enumerate(pairwise(share.tolist())):
        ax.fill_betweenx(
            [k + 0.25, k + 0.75],
            [-upper / 2, -lower / 2],
            [upper / 2, lower / 2],
            color=PALE,
            linewidth=0,
            zorder=1,
        )


def _write_counts(ax: Axes, reached: FloatArray, share: FloatArray) -> None:
    """Write into each bar how many people it stands for, or beside it if there is no room."""
    width, _ = _size(ax)
    per_inch = np.ptp(ax.get_xlim()) / width
    for row, (n, part) in enumerate(zip(reached.tolist(), share.tolist(), strict=True)):
        text = f"{n:,.0f} ({share_text(part / 100, np.nan, np.nan)})"
        size = _extent(ax, text, SMALL)[0] * per_inch
        inside = size < 0.95 * part
        write(ax, 0.0 if inside else part / 2 + 0.6 * size, row, text, letters=SMALL)
        ax.texts[-1].set_color("white" if inside else INK)


def _write_conversions(ax: Axes, reached: FloatArray, level: float) -> None:
    """Write between two bars which share goes on; nothing where nobody could."""
    there = reached[:-1] > 0
    before = np.where(there, reached[:-1], 1.0)
    rate = reached[1:] / before
    low, high = wilson(rate, before, level=level)
    for row, (known, *numbers) in enumerate(zip(there, rate, low, high, strict=True)):
        if known:
            write(ax, 0.0, row + 0.5, f"↓ {share_text(*map(float, numbers))}", letters=SMALL)
