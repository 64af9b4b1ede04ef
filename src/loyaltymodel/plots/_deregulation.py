"""Loyalty before and after a constraint is removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel.jones_sasser.results import Deregulation
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    INK,
    VERMILION,
    add_legend,
    draw_marks,
    picture,
    tidy,
    write_at_right,
)

_EVERYBODY = "all customers"
_WORDS: Mapping[Language, Words] = {
    "en": {
        _EVERYBODY: "all customers",
        "loyalty": "Mean loyalty (probability to stay)",
        "score": "Mean loyalty (score, {:g} to {:g})",
        "before": "before",
        "after": "after",
        "interval": "{} of the loss",
        "loss": "Loss in points",
    },
    "zh": {
        _EVERYBODY: "全部客户",
        "loyalty": "平均忠诚度(留存概率)",
        "score": "平均忠诚度(得分,{:g} 至 {:g})",
        "before": "之前",
        "after": "之后",
        "interval": "损失的 {}",
        "loss": "损失(百分点)",
    },
}


@picture
def deregulation(
    result: Deregulation,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw loyalty before and after a constraint is removed, group by group (解除管制).

    Parameters
    ----------
    result : Deregulation
        What ``jones_sasser.remove_constraint`` returned first.
    names : mapping from group to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a line for each group from mean loyalty before (circle) to after (arrow head), the
        largest loss on top. Thin lines are the interval of the loss, set off from what there
        was before. At the right stands the loss in percentage points, with its interval.

    Raises
    ------
    OptionError
        If ``names`` names no group of the result, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> curve = jones_sasser.curve("power", {"k": 3.0})
    >>> freed, customers = jones_sasser.remove_constraint(curve, [0.5, 1.0], constraint=0.5)
    >>> ax = plots.jones_sasser.deregulation(freed)
    >>> ax.get_xlabel()
    'Mean loyalty (probability to stay)'
    """
    words = words_in(language, _WORDS)
    table = result.by_group
    groups = [_EVERYBODY] if result.groups is None else table["group"].tolist()
    shown = shown_names(groups, names, words if result.groups is None else None)
    order = np.argsort(-table["estimate"].to_numpy(), kind="stable")
    table = table.iloc[order]
    ax, rows = row_axes(ax, [shown[groups[k]] for k in order], row=0.2, more=0.9)
    before, after = table["before"].to_numpy(), table["after"].to_numpy()
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    ax.hlines(rows, after, before, color=VERMILION, linewidth=1.3, zorder=2)
    draw_marks(ax, before, rows, full=False, colour=VERMILION, size=4.5, label=words["before"])
    draw_marks(ax, after, rows, marker="<", colour=VERMILION, size=4.5, label=words["after"])
    # NaN, for a curve without errors, draws nothing.
    known = np.isfinite(low).any()
    interval = words["interval"].format(interval_in(language, result.level)) if known else ""
    ax.hlines(rows, before - high, before - low, color=INK, linewidth=0.7, zorder=4, label=interval)
    ax.plot([before - high, before - low], [rows, rows], "|", color=INK, markersize=4, zorder=4)
    lowest, highest = result.scale
    span = highest - lowest
    ax.set_xlim(lowest - 0.02 * span, highest + 0.02 * span)
    scored = result.outcome in ("score", "beta")
    ax.set_xlabel(words["score" if scored else "loyalty"].format(lowest, highest))
    tidy(ax)
    # Percentage points of a probability, points of a score.
    factor = 1 if scored else 100
    points = [factor * ends for ends in (table["estimate"], low, high)]
    losses = [
        f"{loss:.1f}" + ("" if np.isnan(start) else f" ({start:.1f}–{end:.1f})")
        for loss, start, end in zip(*points, strict=True)
    ]
    write_at_right(ax, rows, losses, words["loss"])
    add_legend(ax, lift=1)
    return ax
