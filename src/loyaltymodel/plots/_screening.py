"""Whom a screening would look at again: how many for which reason, and how many by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import DataError
from loyaltymodel.plots._names import Language, Words, shown_names, words_in
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    BLUE,
    INK,
    PALE,
    add_legend,
    picture,
    tidy,
    write_at_right,
)
from loyaltymodel.survey.results import Screening

_HIGH = 0.62  # of a row
_REASONS: Mapping[Language, Words] = {
    "en": {
        "long_string": "Equal answers in a row",
        "same_share": "One answer all over",
        "spread": "Answers hardly differ",
        "p_value": "Far from all others",
        "inconsistency": "Contradictory answers",
        "missing": "Questions left out",
        "off_scale": "Impossible answers",
        "seconds_per_item": "Too fast to read",
        "of_median": "Much faster than others",
        "same_answers": "Copy of another",
        "same_customer": "Answered more than once",
    },
    "zh": {
        "long_string": "连续相同答案",
        "same_share": "几乎只选一个答案",
        "spread": "答案几乎无变化",
        "p_value": "远离其他受访者",
        "inconsistency": "前后矛盾",
        "missing": "漏答过多",
        "off_scale": "量表外的答案",
        "seconds_per_item": "作答过快",
        "of_median": "远快于其他人",
        "same_answers": "与他人完全相同",
        "same_customer": "重复作答",
    },
}
_WORDS: Mapping[Language, Words] = {
    "en": {
        "count": "Respondents",
        "only": "this reason alone",
        "more": "with other reasons",
        "expected": "expected if all are careful",
        "share": "share",
    },
    "zh": {
        "count": "受访者人数",
        "only": "仅此一项",
        "more": "另有其他原因",
        "expected": "认真作答时的预期人数",
        "share": "占比",
    },
}


@picture
def screening_reasons(
    result: Screening,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many respondents a screening flags, for which reasons (筛查原因图).

    Parameters
    ----------
    result : Screening
        What to draw.
    names : mapping from reason to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a bar for each reason, the longest on top. Its dark part are respondents whom
        nothing else flags, its pale part those with another reason too. A black line shows how
        many the cut-off would flag if everybody were careful, where that can be told. At the
        right the share of all respondents.

    Raises
    ------
    DataError
        If nothing was held against a cut-off.
    OptionError
        If ``names`` names no reason of the result, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> import pandas as pd
    >>> from loyaltymodel import plots, survey
    >>> rng = np.random.default_rng(1)
    >>> liking = rng.normal(4, 1, (200, 1))
    >>> answers = np.clip(np.round(liking + rng.normal(0, 1, (200, 10))), 1, 7)
    >>> answers[:12] = 4
    >>> answers[12:22] = rng.integers(1, 8, (10, 10))
    >>> seconds = rng.lognormal(3.6, 0.3, 200)
    >>> seconds[6:18] = 11
    >>> items = [f"q{k}" for k in range(1, 11)]
    >>> result, _ = survey.screen(
    ...     pd.DataFrame(answers, columns=items),
    ...     scale=(1, 7),
    ...     items=items,
    ...     duration=seconds,
    ...     rng=1,
    ... )
    >>> ax = plots.survey.screening_reasons(result)
    >>> [label.get_text() for label in ax.get_yticklabels()][:2]
    ['Equal answers in a row', 'Too fast to read']
    """
    words = words_in(language, _WORDS)
    table = result.reasons
    shown = shown_names(
        table["reason"], names, _REASONS[language], listed="; the reasons of the result are"
    )
    if table.empty:
        raise DataError(
            "the screening held nothing against a cut-off; it lacks "
            f"{enumerate_names(result.not_measured, most=12)}"
        )
    table = table.sort_values("count", ascending=False, kind="stable")
    ax, rows = row_axes(ax, [shown[name] for name in table["reason"]], row=0.2, more=0.7)
    count, only, expected = (
        table[name].to_numpy(np.float64) for name in ("count", "only", "expected")
    )
    ax.barh(rows, only, height=_HIGH, color=BLUE, label=words["only"], zorder=2)
    if (more := count > only).any():
        look: dict[str, Any] = {"height": _HIGH, "color": PALE, "edgecolor": BLUE, "linewidth": 0.5}
        beyond = (count - only)[more]
        ax.barh(rows[more], beyond, left=only[more], label=words["more"], zorder=2, **look)
    if (told := ~np.isnan(expected)).any():
        half, ends = _HIGH / 2 + 0.1, expected[told]
        ax.vlines(ends, rows[told] - half, rows[told] + half, color=INK, linewidth=1.2, zorder=3)
        ax.plot([], [], "|", color=INK, markersize=6, label=words["expected"])
    ax.set_xlim(0, max(1.0, 1.04 * float(np.nanmax(np.r_[count, expected]))))
    ax.set_xlabel(words["count"])
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    shares = [f"{100 * share:.1f}%" for share in table["share"]]
    write_at_right(ax, rows, shares, words["share"])
    add_legend(ax, lift=1)
    return ax
