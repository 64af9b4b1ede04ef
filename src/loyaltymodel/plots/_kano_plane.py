"""The plane of better and worse coefficients, with the four quadrants of Kano's categories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel.attributes.kano.result import KanoResult
from loyaltymodel.errors import DataError
from loyaltymodel.plots._labels import name_corners, name_points
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in
from loyaltymodel.plots._style import (
    COLUMN,
    GREY,
    GUIDE,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_MIDDLE = 0.5
_CORNERS = ("Indifferent", "Must-be", "Attractive", "One-dimensional")  # from low left
_WORDS: Mapping[Language, Words] = {
    "en": {
        "Indifferent": "Indifferent",
        "Must-be": "Must-be",
        "Attractive": "Attractive",
        "One-dimensional": "One-dimensional",
        "worse": "Dissatisfaction if absent (−worse)",
        "better": "Satisfaction if present (better)",
        "sure": "category clear",
        "unsure": "category unclear",
    },
    "zh": {
        "Indifferent": "无差异属性",
        "Must-be": "必备属性",
        "Attractive": "魅力属性",
        "One-dimensional": "期望属性",
        "worse": "不具备时的不满意(−worse)",
        "better": "具备时的满意(better)",
        "sure": "类别明确",
        "unsure": "类别不明确",
    },
}


@picture
def kano_plane(
    result: KanoResult,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the better and worse coefficients of attributes as a plane (Better-Worse 四分位图).

    Parameters
    ----------
    result : KanoResult
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from attribute to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes: how much dissatisfaction the absence makes from left to right, how much
        satisfaction the presence makes upwards, 0 to 1 each, with thin lines for the intervals.
        Marks are full where the category is told apart from the runner-up at the level of the
        result, and hollow where it is not. Broken lines at 0.5 part the quadrants.

    Raises
    ------
    DataError
        If no attribute has coefficients.
    OptionError
        If ``names`` names no attribute of the result, or ``language`` is not one of its choices.

    Notes
    -----
    The quadrant of a point and the most frequent category usually agree, but they need not:
    the coefficients leave out R and Q, and a point in the middle of the plane may come from
    people who disagree.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import attributes, plots
    >>> counts = {"app": {"A": 45, "O": 123, "M": 95, "I": 33}}
    >>> ax = plots.attributes.kano_plane(attributes.kano(counts=counts))
    >>> ax.get_ylabel()
    'Satisfaction if present (better)'
    """
    words = words_in(language, _WORDS)
    shown = shown_names(result.names, names)
    sure = (result.attributes["p_value"] <= 1 - result.level).to_numpy()
    there = result.better_worse["n_obs"].to_numpy()[::2] > 0
    if not there.any():
        raise DataError(
            "no attribute has coefficients, because nobody put any into A, O, M or I; look at "
            "the frequencies instead"
        )
    sure = sure[there]
    found = result.estimates
    assert found.ci_low is not None  # noqa: S101  coefficients have intervals
    assert found.ci_high is not None  # noqa: S101
    y, worse = found.estimate.reshape(-1, 2)[there].T
    ends = np.column_stack([found.ci_low, found.ci_high]).reshape(-1, 2, 2)[there]
    x, upright, across = -worse, ends[:, 0], -ends[:, 1, ::-1]
    ax = axes_or_new(ax, height=COLUMN)
    for line in (ax.axvline, ax.axhline):
        line(_MIDDLE, **GUIDE)
    interval = interval_in(language, result.level)
    ax.hlines(y, *across.T, color=GREY, linewidth=0.6, zorder=2, label=interval)
    ax.vlines(x, *upright.T, color=GREY, linewidth=0.6, zorder=2)
    draw_marks(ax, x, y, full=sure, size=4.5, label=words["sure"], hollow=words["unsure"])
    # Wald's intervals may lead out of 0 to 1.
    ends = np.concatenate([across.ravel(), upright.ravel()])
    low, high = min(0.0, float(ends.min())), max(1.0, float(ends.max()))
    margin = 0.03 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(low - margin, high + margin)
    ax.set_xlabel(words["worse"])
    ax.set_ylabel(words["better"])
    tidy(ax)
    add_legend(ax)
    name_corners(ax, [words[corner] for corner in _CORNERS])
    level, plumb = np.column_stack([y, y]), np.column_stack([x, x])
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    parting = [[(left, _MIDDLE), (right, _MIDDLE)], [(_MIDDLE, bottom), (_MIDDLE, top)]]
    lines = [np.stack([across, level], 2), np.stack([plumb, upright], 2), np.array(parting)]
    names_there = [shown[name] for name, kept in zip(result.names, there, strict=True) if kept]
    name_points(ax, np.column_stack([x, y]), names_there, np.concatenate(lines))
    return ax
