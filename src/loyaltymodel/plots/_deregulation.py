"""Loyalty before and after a constraint is removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel.jones_sasser import Deregulation
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    INK,
    VERMILION,
    add_legend,
    draw_marks,
    tidy,
    write_at_right,
)

_EVERYBODY = "all customers"
_WORDS: Mapping[Language, Words] = {
    "en": {
        _EVERYBODY: "all customers",
        "loyalty": "Mean loyalty (probability to stay)",
        "before": "before",
        "after": "after",
        "interval": "{} of the loss",
        "loss": "Loss in points",
    },
    "zh": {
        _EVERYBODY: "全部客户",
        "loyalty": "平均忠诚度(留存概率)",
        "before": "之前",
        "after": "之后",
        "interval": "损失的 {}",
        "loss": "损失(百分点)",
    },
}


def deregulation(
    record: Deregulation,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw loyalty before and after a constraint is removed, group by group (解除管制).

    Parameters
    ----------
    record : Deregulation
        What ``jones_sasser.remove_constraint`` returned.
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
        If ``names`` names no group of the record, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> curve = jones_sasser.curve("power", {"k": 3.0})
    >>> freed = jones_sasser.remove_constraint(curve, [0.5, 1.0], constraint=0.5)
    >>> ax = plots.jones_sasser.deregulation(freed)
    >>> ax.get_xlabel()
    'Mean loyalty (probability to stay)'
    """
    words = words_in(language, _WORDS)
    table = record.by_group
    groups = [_EVERYBODY] if record.groups is None else table["group"].tolist()
    shown = shown_names(groups, names, words if record.groups is None else None)
    order = np.argsort(-table["lost"].to_numpy(), kind="stable")
    table = table.iloc[order]
    ax, rows = row_axes(ax, [shown[groups[k]] for k in order], row=0.2, more=0.9)
    before, after = table["before"].to_numpy(), table["after"].to_numpy()
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    ax.hlines(rows, after, before, color=VERMILION, linewidth=1.3, zorder=2)
    draw_marks(ax, before, rows, full=False, colour=VERMILION, size=4.5, label=words["before"])
    draw_marks(ax, after, rows, marker="<", colour=VERMILION, size=4.5, label=words["after"])
    # NaN, for a curve without errors, draws nothing.
    known = np.isfinite(low).any()
    interval = words["interval"].format(interval_in(language, record.level)) if known else ""
    ax.hlines(rows, before - high, before - low, color=INK, linewidth=0.7, zorder=4, label=interval)
    ax.plot([before - high, before - low], [rows, rows], "|", color=INK, markersize=4, zorder=4)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel(words["loyalty"])
    tidy(ax)
    losses = [
        f"{100 * loss:.1f}" + ("" if np.isnan(start) else f" ({100 * start:.1f}–{100 * end:.1f})")
        for loss, start, end in zip(table["lost"], low, high, strict=True)
    ]
    write_at_right(ax, rows, losses, words["loss"])
    add_legend(ax, lift=1)
    return ax
