"""Retention of customers who differ: seen, fitted, and projected."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel.economics.results import RetentionModel
from loyaltymodel.plots._names import Language, Words, interval_in, words_in
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    VERMILION,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_LEAST = 6  # renewals shown without being asked
_WORDS: Mapping[Language, Words] = {
    "en": {
        "x": "Renewals",
        "y": "Share of customers",
        "survival": "still there",
        "retention": "stay at this renewal",
        "seen": "seen (dots)",
        "beyond": "projected",
    },
    "zh": {
        "x": "续约次数",
        "y": "客户比例",
        "survival": "仍在的客户",
        "retention": "该次续约的留存率",
        "seen": "实际值(圆点)",
        "beyond": "预测",
    },
}


@picture
def retention_projection(
    result: RetentionModel,
    *,
    periods: int | None = None,
    drivers: Mapping[str, float] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw survival and retention as seen and as fitted, and go on beyond the data (留存预测图).

    Parameters
    ----------
    result : RetentionModel
        What ``economics.fit_retention`` or ``fit_cohorts`` returned.
    periods : int, optional
        Up to which renewal; twice as far as the data by default.
    drivers : mapping from str to float, optional
        Values of the drivers, if the model has any.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: dots for what was seen, full lines for the fit, broken lines with paler bands
        beyond the last renewal that was seen. A model with drivers has no dots, because what was
        seen is of customers with many values of them.

    Raises
    ------
    OptionError
        If periods is below 1, drivers are lacking or unknown, or ``language`` is not one of its
        choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.fit_cohorts([1000, 631, 468, 382, 326])
    >>> ax = plots.economics.retention_projection(found)
    >>> ax.get_xlabel(), len(ax.lines) > 3
    ('Renewals', True)
    """
    words = words_in(language, _WORDS)
    seen = result.tenures
    last = int(seen["tenure"].max())
    most = max(2 * last, _LEAST) if periods is None else periods
    table = result.projection(most, drivers=drivers)
    ax = axes_or_new(ax, height=2.6)
    for quantity, colour in (("survival", BLUE), ("retention", VERMILION)):
        part = table[table["quantity"] == quantity]
        t, fitted = part["tenure"].to_numpy(float), part["estimate"].to_numpy()
        low, high = part["ci_low"].to_numpy(), part["ci_high"].to_numpy()
        if quantity == "survival":
            t, fitted, low, high = (
                np.insert(x, 0, first)
                for x, first in ((t, 0.0), (fitted, 1.0), (low, 1.0), (high, 1.0))
            )
        within, beyond = t <= last, t >= min(last, most)
        ax.plot(t[within], fitted[within], "-", color=colour, linewidth=1.2, label=words[quantity])
        ax.plot(t[beyond], fitted[beyond], "--", color=colour, linewidth=1.0)
        # NaN, where the model has no intervals, draws nothing.
        for where, strength in ((within, 0.3), (beyond, 0.15)):
            ax.fill_between(
                t[where], low[where], high[where], color=colour, alpha=strength, linewidth=0
            )
    if not result.driver_names:
        shown = seen[seen["tenure"] <= most]
        at, stay = shown["tenure"].to_numpy(), shown["retention"].to_numpy()
        # Of customers watched from the start on; who is watched later says nothing of before.
        if at[0] == 1 and (np.diff(at) == 1).all():
            draw_marks(ax, at, np.cumprod(stay), colour=BLUE, size=3.0)
        draw_marks(ax, at, stay, colour=VERMILION, size=3.0)
        ax.plot([], [], "o", color=GREY, markersize=3, label=words["seen"])
    if most > last:
        ax.plot([], [], "--", color=GREY, linewidth=1.0, label=words["beyond"])
    if np.isfinite(table["ci_low"]).any():
        label = interval_in(language, result.level)
        ax.fill_between([], [], [], color=GREY, alpha=0.3, linewidth=0, label=label)
    ax.set_xlim(0, most * 1.02)
    ax.set_ylim(0, 1.02)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(words["x"])
    ax.set_ylabel(words["y"])
    tidy(ax)
    add_legend(ax)
    return ax
