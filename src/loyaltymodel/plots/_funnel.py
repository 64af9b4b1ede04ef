"""How many customers come how far: the funnel of the formation of loyalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import check_level, wilson
from loyaltymodel._core.options import enumerate_names, repeated, shown
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement.stages import Stages
from loyaltymodel.loyalty_stage.phases.result import NONE
from loyaltymodel.plots._matrix import share_text
from loyaltymodel.plots._names import (
    Language,
    Words,
    chinese_in,
    shown_names,
    words_in,
    wrapped,
)
from loyaltymodel.plots._stages import chinese_phases
from loyaltymodel.plots._style import (
    BLUE,
    INK,
    PALE,
    SMALL,
    axes_or_new,
    extent_of,
    picture,
    size_of,
    tidy,
    without_frame,
    write,
)

_UNAWARE = "unaware"
_BEFORE = (NONE, _UNAWARE)  # what customers are called who have not reached the first stage
_LEAST_STAGES = 2
_WORDS: Mapping[Language, Words] = {
    "en": {
        "everybody": "everybody",
        "reached": "Customers who came so far; ↓ share who went on",
    },
    "zh": {
        "everybody": "全部",
        "reached": "到达该阶段的人数;↓ 继续前进的比例",
    },
}


@picture
def funnel(
    stage: Variable,
    *,
    data: Data | None = None,
    stages: Sequence[object] | None = None,
    level: float = 0.95,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many customers come how far, and which share goes on from each stage (忠诚形成漏斗).

    Parameters
    ----------
    stage : Series, Categorical, array of shape (n,) or str
        How far each customer has come, such as what ``loyalty_stage.formation_stage`` returns or
        the column ``stage`` of the customers of ``oliver``, or the name of a column of
        ``data``.
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
        The axes, the first stage on top: a bar as wide as the share of customers who are in the
        stage or beyond it. Between two bars stands which share of those in the upper one, in
        percent, is in the lower one too, with Wilson's interval. Where a lowest category "none"
        or "unaware" holds customers, the bar on top is everybody.

    Raises
    ------
    DataError
        If a stage is missing or not among ``stages``, or there are none.
    OptionError
        If the order of the stages is not known, there are fewer than two, ``names`` names none
        of them, or an option is out of its range.

    Notes
    -----
    Shares are those of one moment: that fewer customers are in a later stage does not say
    that anybody moved. How they move is what ``estimate_movement`` estimates from a panel.
    Customers count equally.

    Examples
    --------
    Of ten customers, eight have bought, four of these prefer, one of these is loyal:

    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> stage = ["awareness"] * 2 + ["approval"] * 4 + ["preference"] * 3 + ["loyalty"]
    >>> order = loyalty_stage.Stages.formation().names
    >>> ax = plots.loyalty_stage.funnel(stage, stages=order)
    >>> [float(bar.get_width()) for bar in ax.patches]
    [100.0, 80.0, 40.0, 10.0]
    """
    check_level(level)
    words = words_in(language, _WORDS)
    known, counts = _stage_counts(stage, data, stages)
    chinese = chinese_phases() | {_UNAWARE: "不知晓"}
    for listed in (Stages.formation(), Stages.life_cycle()):
        chinese |= dict(zip(listed.names, listed.chinese, strict=True))
    everybody = {known[0]: words["everybody"]} if known[0] in _BEFORE else {}
    own = dict(chinese_in(language, chinese)) | everybody
    labels = list(shown_names(known, names, own).values())
    if everybody and not counts[0]:
        labels, counts = labels[1:], counts[1:]
    reached = np.cumsum(counts[::-1])[::-1]
    share = 100 * reached / reached[0]
    ax = axes_or_new(ax, height=0.35 + 0.38 * len(reached))
    rows = np.arange(len(reached))
    ax.barh(rows, share, left=-share / 2, height=0.5, color=BLUE, zorder=2)
    ax.set_yticks(rows, wrapped(labels), parse_math=False)
    ax.set_ylim(len(rows) - 0.6, -0.4)
    ax.set_xlim(-52, 52)
    ax.set_xticks([])
    ax.set_xlabel(words["reached"])
    tidy(ax)
    without_frame(ax)
    ax.xaxis.label.set_fontsize(SMALL)
    _join_bars(ax, share)
    _write_counts(ax, reached, share)
    _write_conversions(ax, reached, level)
    return ax


def _stage_counts(
    stage: object, data: object, stages: Sequence[object] | None
) -> tuple[list[str], FloatArray]:
    """Return the stages in order, and how many customers are in each."""
    values = read_variables({"stage": stage}, data=data, categories=["stage"], can_drop=False)[
        "stage"
    ]
    order = _order_of(stage, data) if stages is None else _listed(stages)
    if order is None:
        raise OptionError(
            "the order of the stages is not known; give stages= from lowest to highest, or an "
            "ordered categorical such as formation_stage(...) returns"
        )
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
    try:
        twice = repeated(listed)
    except TypeError:
        raise OptionError("stages has a list among its names; give text or numbers") from None
    if len(listed) < _LEAST_STAGES or twice:
        raise OptionError(
            f"stages={shown(stages)} must name at least two stages, each once, lowest first"
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
    """Write into each bar how many customers it stands for, or beside it if there is no room."""
    width, _ = size_of(ax)
    per_inch = np.ptp(ax.get_xlim()) / width
    for row, (n, part) in enumerate(zip(reached.tolist(), share.tolist(), strict=True)):
        text = f"{n:,.0f} ({share_text(part / 100, np.nan, np.nan)})"
        size = extent_of(ax, text)[0] * per_inch
        inside = size < 0.95 * part
        x, colour = (0.0, "white") if inside else (part / 2 + 0.6 * size, INK)
        write(ax, x, row, text, letters=SMALL, colour=colour)


def _write_conversions(ax: Axes, reached: FloatArray, level: float) -> None:
    """Write between two bars which share goes on; nothing where nobody could."""
    there = reached[:-1] > 0
    before = np.where(there, reached[:-1], 1.0)
    rate = reached[1:] / before
    low, high = wilson(rate, before, level=level)
    for row, (known, *numbers) in enumerate(zip(there, rate, low, high, strict=True)):
        if known:
            write(ax, 0.0, row + 0.5, f"↓ {share_text(*map(float, numbers))}", letters=SMALL)
