"""The folded curve of loyalty, with the way down and the way back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel.jones_sasser.cusp.cusp import Cusp
from loyaltymodel.plots._labels import make_strips, write_row
from loyaltymodel.plots._names import Language, Words, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    VERMILION,
    add_legend,
    axes_or_new,
    picture,
    tidy,
)

_N_POINTS = 200
_HEAD = 4  # points of a branch that an arrow head on it spans
_STYLES = {
    "high": (BLUE, 1.5, "-"),
    "middle": (GREY, 0.9, "--"),
    "low": (VERMILION, 1.5, "-"),
    "single": (BLUE, 1.5, "-"),
}
_WORDS: Mapping[Language, Words] = {
    "en": {
        "satisfaction": "Satisfaction (units of the model)",
        "loyalty": "Loyalty (units of the model)",
        "high": "loyal",
        "middle": "unstable",
        "low": "lost",
        "single": "stable",
        "lost": "lost at {:.3g}",
        "back": "back at {:.3g}",
    },
    "zh": {
        "satisfaction": "满意度(模型单位)",
        "loyalty": "忠诚度(模型单位)",
        "high": "忠诚",
        "middle": "不稳定",
        "low": "已流失",
        "single": "稳定",
        "lost": "流失于 {:.3g}",
        "back": "回归于 {:.3g}",
    },
}


@picture
def cusp_hysteresis(
    cusp: Cusp,
    *,
    constraint: float,
    satisfaction: tuple[float, float],
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how loyalty breaks as satisfaction falls, and comes back later only (滞后效应).

    Parameters
    ----------
    cusp : Cusp
        The model; of a fit, its ``cusp``.
    constraint : float
        How strongly the customer is tied, in the units of the model.
    satisfaction : pair of float
        Where the picture begins and ends, in the units of the model.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: satisfaction to the right, loyalty upwards. Full lines are stable states, the
        broken one parts those who are drawn down from those who are drawn up. Dotted lines are
        the thresholds. Arrows show the way of a customer: loyal until the lower threshold, lost
        until the higher one. Without a fold there is one line and no threshold.

    Raises
    ------
    DataError
        If the constraint is not a single number.
    OptionError
        If ``satisfaction`` is not a pair of numbers with the lower one first, or ``language``
        not one of its choices.

    References
    ----------
    Oliva, T. A., Oliver, R. L., & MacMillan, I. C. (1992). A catastrophe model for developing
    service satisfaction strategies. Journal of Marketing, 56(3), 83-95.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.jones_sasser import Cusp
    >>> cusp = Cusp(alpha=(-2, 4), beta=(0, 1))
    >>> ax = plots.jones_sasser.cusp_hysteresis(cusp, constraint=3.0, satisfaction=(-1, 2))
    >>> [text.get_text() for text in ax.texts if text.get_text()]
    ['lost at 0', 'back at 1']
    """
    words = words_in(language, _WORDS)
    table = cusp.branches(satisfaction, constraint=constraint, n_points=_N_POINTS)
    ax = axes_or_new(ax, height=COLUMN * 0.75)
    paths = {
        str(name): branch[["satisfaction", "loyalty"]].to_numpy()
        for name, branch in table.groupby("branch")
    }
    for name in [name for name in _STYLES if name in paths]:
        colour, width, line = _STYLES[name]
        x, y = paths[name].T
        ax.plot(x, y, color=colour, linewidth=width, linestyle=line, label=words[name])
    low, high = satisfaction
    ax.set_xlim(low, high)
    ax.set_xlabel(words["satisfaction"])
    ax.set_ylabel(words["loyalty"])
    tidy(ax)
    ends = cusp.thresholds(constraint)
    folded = "single" not in paths
    # Of a branch that only begins where the picture ends there is no way to draw.
    own = ("high" in paths, "low" in paths)
    seen = [k for k, end in enumerate(ends) if folded and own[k] and low <= end <= high]
    add_legend(ax)
    _, top, row = make_strips(ax, above=1.2 if seen else 0.0, below=0.0)
    if seen:
        texts = [words[("lost", "back")[k]].format(ends[k]) for k in seen]
        write_row(ax, top + 0.6 * row, [ends[k] for k in seen], texts)
    for k in seen:
        ax.vlines(ends[k], ax.get_ylim()[0], top, color=GREY, linewidth=0.7, linestyle=":")
        # The high state ends where it is lowest, and falls to the low one; and the other way.
        path = paths["high"] if k == 0 else paths["low"]
        path = path[np.argsort(path[:, 1])[:: -1 if k == 0 else 1]]
        states = cusp.equilibria(ends[k], constraint=constraint)
        _draw_way(ax, path, np.array([ends[k], states[0 if k == 0 else 2]]))
    return ax


def _draw_way(ax: Axes, path: FloatArray, landing: FloatArray) -> None:
    """Draw arrow heads on the way to the end of a branch, and an arrow from there to where."""
    middle = len(path) // 2
    for start, end, width in (
        (path[middle], path[middle + _HEAD], 0.0),
        (path[-1], landing, 0.9),
    ):
        ax.annotate(
            "",
            tuple(end),
            tuple(start),
            arrowprops={
                "arrowstyle": "-|>",
                "color": INK,
                "linewidth": width,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 8,
            },
            zorder=4,
        )
