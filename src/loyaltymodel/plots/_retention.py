"""Who stays: cohorts by age, and survival by tenure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.options import count_of
from loyaltymodel._core.tables import p_text
from loyaltymodel.economics.results import CohortTable, SurvivalCurve
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._fonts import families
from loyaltymodel.plots._labels import name_lines
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    SHADES,
    SMALL,
    VERMILION,
    add_legend,
    axes_or_new,
    caption,
    extent_of,
    ink_on,
    picture,
    size_of,
    tidy,
    without_frame,
)

_ROW = 0.19  # inches: height of a row of new axes
_LOWEST = 0.5  # inches a few rows have
_MOST_ROWS = 60  # cohorts that are drawn one by one
_MOST_LINES = 4  # groups that colours tell apart
_WHOLE = 100  # percent
_COLOURS = (BLUE, VERMILION, INK, GREY)
_WORDS: Mapping[Language, Words] = {
    "en": {
        "age": "Age (periods since the first)",
        "cohort": "Cohort (customers)",
        "named": "{} ({:,})",
        "all": "all",
        "share": "Customers with a row at that age (%)",
        "tenure": "Tenure",
        "survival": "Customers who are left (%)",
        "lost": "{:,} customers, {:,} lost",
        "p": "{}; log-rank test: p = {}",
    },
    "zh": {
        "age": "年龄(首期以来的期数)",
        "cohort": "同期群(客户数)",
        "named": "{}({:,})",
        "all": "合计",
        "share": "该期仍活跃的客户(%)",
        "tenure": "客户年限",
        "survival": "留存客户(%)",
        "lost": "{:,} 位客户,流失 {:,} 位",
        "p": "{}；对数秩检验:p = {}",
    },
}


@picture
def cohort_heat_map(
    result: CohortTable, *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw how many of each cohort are there at each age (同期群热图).

    Parameters
    ----------
    result : CohortTable
        What ``economics.cohort_table`` returned.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a row a cohort with its customers at the start, a column an age from 1 on, the
        darker the larger the share, and at the bottom all cohorts that are observed at an age.
        What is not observed yet is blank; cohorts without customers are hatched. Cells have their
        percentages where there is room.

    Raises
    ------
    OptionError
        If there are more than 60 cohorts, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.cohort_table(["Li", "Wang", "Li", "Zhang", "Zhou"], [1, 1, 2, 2, 3])
    >>> ax = plots.economics.cohort_heat_map(found)
    >>> [text.get_text() for text in ax.texts]
    ['50', '0', '0', '33', '0']
    """
    words = words_in(language, _WORDS)
    n = len(result.periods)
    if n > _MOST_ROWS:
        raise OptionError(
            f"there are {count_of(n, 'cohort')}, too many to be drawn; give cohort_table a longer "
            f"per=, so that there are at most {_MOST_ROWS}"
        )
    # Age 0 is 100 percent by definition, and the last cohort is observed at no other.
    shares = result.triangle.to_numpy()[:-1, 1:]
    pooled = result.ages.set_index("age")["estimate"].reindex(range(1, n)).to_numpy()
    cells = np.vstack([shares, pooled])
    sizes = result.counts[:-1, 0]
    titles = [
        words["named"].format(name, size)
        for name, size in zip(result.periods[:-1], sizes.tolist(), strict=True)
    ]
    height = 0.75 + max(_ROW * len(cells), _LOWEST)
    ax = axes_or_new(ax, width=max(COLUMN, 1.0 + 0.21 * (n - 1)), height=height)
    # The row of all stands apart by half a row.
    rows = np.append(np.arange(n - 1.0), n - 0.5)
    colours = colormaps[SHADES]
    largest = float(np.nanmax(cells, initial=0.01))
    drawn = []
    for row, values in zip(rows.tolist(), cells, strict=True):
        for place, value in enumerate(values.tolist()):
            if np.isnan(value):
                continue
            colour = colours(0.9 * value / largest)
            ax.add_patch(Rectangle((place + 0.5, row - 0.5), 1, 1, facecolor=colour, linewidth=0))
            drawn.append((place + 1.0, row, f"{_WHOLE * value:.0f}", colour))
    for row in np.flatnonzero(sizes == 0).tolist():
        known = n - 1 - row
        empty = Rectangle(
            (0.5, row - 0.5), known, 1, facecolor="none", edgecolor=GREY, hatch="////"
        )
        empty.set_linewidth(0)
        ax.add_patch(empty)
    ax.set_xlim(0.5, n - 0.5)
    ax.set_ylim(n, -0.5)
    ax.set_xlabel(words["age"])
    ax.set_ylabel(words["cohort"])
    ax.set_yticks(rows, [*titles, words["all"]], parse_math=False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))
    tidy(ax)
    without_frame(ax)
    caption(ax, words["share"])
    _write_cells(ax, drawn, n)
    return ax


def _write_cells(ax: Axes, drawn: list[tuple[float, float, str, Any]], n: int) -> None:
    """Write percentages, if there is room, in letters that all cells hold."""
    width, height = size_of(ax)
    cell = np.array([width / (n - 1), height / (n + 0.5)])
    widest = max((text for *_, text, _ in drawn), key=len, default="")
    letters = SMALL * min(1.0, float((0.9 * cell / extent_of(ax, widest)).min()))
    if letters < 0.6 * SMALL:
        return
    for x, y, text, colour in drawn:
        ax.text(
            x,
            y,
            text,
            fontsize=letters,
            fontfamily=families(),
            color=ink_on(colour[:3]),
            ha="center",
            va="center",
        )


@picture
def survival_curve(
    result: SurvivalCurve,
    *,
    names: Mapping[Any, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many customers are left after each tenure, with intervals (生存曲线).

    Parameters
    ----------
    result : SurvivalCurve
        What ``economics.survival`` returned.
    names : mapping from group to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: steps fall where customers were lost, within bands of their intervals, up to
        the last tenure that is known. Groups are named where their lines end. Above stand the
        numbers of customers, and the p-value of the test of equal survival if there is one.

    Raises
    ------
    OptionError
        If there are more than four groups, ``names`` names none of them, or ``language`` is
        not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import economics, plots
    >>> found = economics.survival([1, 2, 2, 3, 4, 4], [1, 1, 0, 1, 0, 0])
    >>> ax = plots.economics.survival_curve(found)
    >>> ax.get_title(loc="left")
    '6 customers, 3 lost'
    """
    words = words_in(language, _WORDS)
    groups = list(result.groups or ())
    if len(groups) > _MOST_LINES:
        raise OptionError(
            f"there are {count_of(len(groups), 'group')}, whose bands hide each other; draw at "
            f"most {_MOST_LINES}"
        )
    shown = shown_names(groups, names)
    table = result.survival
    ax = axes_or_new(ax, height=2.6)
    ends = []
    for k, colour in enumerate(_COLOURS[: max(len(groups), 1)]):
        own = table[table["group"] == groups[k]] if groups else table
        last = float(result.followed[k])
        tenure = np.concatenate([[0.0], own["tenure"], [last]])
        share, low, high = (
            _WHOLE * np.concatenate([[1.0], own[name], own[name].to_numpy()[-1:]])
            for name in ("estimate", "ci_low", "ci_high")
        )
        label = interval_in(language, result.level) if k == 0 else ""
        look: dict[str, Any] = {"step": "post", "color": colour, "alpha": 0.15, "linewidth": 0}
        ax.fill_between(tenure, low, high, label=label, **look)
        ax.step(tenure, share, where="post", color=colour, linewidth=1.2)
        ends.append((last, share[-1]))
    ax.set_xlim(0, float(result.followed.max()))
    ax.set_ylim(0, 102)
    ax.set_xlabel(words["tenure"])
    ax.set_ylabel(words["survival"])
    tidy(ax)
    said = words["lost"].format(result.n_obs, result.n_lost)
    if not np.isnan(result.p_value):
        said = words["p"].format(said, p_text(result.p_value)).replace("= <", "< ")
    add_legend(ax, inside=True)
    caption(ax, said)
    if groups:
        # Lines that end earlier go on as guides to the edge, where the names are.
        for (last, share), colour in zip(ends, _COLOURS, strict=False):
            ax.plot([last, ax.get_xlim()[1]], [share] * 2, ":", color=colour, linewidth=0.6)
        named = [shown[group] for group in groups]
        heights = np.array([share for _, share in ends])
        edge = ax.get_xlim()[1]
        name_lines(ax, heights, named, _COLOURS[: len(groups)], begin=edge, right=True)
    return ax
