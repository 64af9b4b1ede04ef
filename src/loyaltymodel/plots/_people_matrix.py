"""The matrix of customers by satisfaction and loyalty, with the sizes of its cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.catalogue import chinese_of
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.variables import Variables, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.results import SegmentsResult
from loyaltymodel.plots import _matrix
from loyaltymodel.plots._labels import Caption, caption_cells
from loyaltymodel.plots._matrix import Shares, Show
from loyaltymodel.plots._names import Language, Words, chinese_in, shown_names, words_in
from loyaltymodel.plots._style import COLUMN, INK, axes_or_new, picture, tidy

Borders = dict[str, float]

_WORDS: Mapping[Language, Words] = {
    "en": {
        "satisfaction": "Satisfaction (score)",
        "loyalty": "Loyalty (score)",
        "customers": "Customers",
    },
    "zh": {"satisfaction": "满意度(得分)", "loyalty": "忠诚度(得分)", "customers": "客户数"},
}
# Of segments that the teaching texts have no word for.
_CHINESE = {"defector": "变节者", "loyalist": "忠诚者"}

# For each segment: whether it is in the upper row, and the borders at its left and right.
_PLACES = {
    "terrorist": (False, "lowest", "terrorist"),
    "defector": (False, "terrorist", "satisfaction"),
    "mercenary": (False, "satisfaction", "highest"),
    "hostage": (True, "lowest", "satisfaction"),
    "loyalist": (True, "satisfaction", "apostle"),
    "apostle": (True, "apostle", "highest"),
    "dissatisfied, not loyal": (False, "lowest", "satisfaction"),
    "satisfied, not loyal": (False, "satisfaction", "highest"),
    "dissatisfied, loyal": (True, "lowest", "satisfaction"),
    "inertia loyalty": (True, "lowest", "satisfaction"),
    "monopoly loyalty": (True, "lowest", "satisfaction"),
    "satisfied, loyal": (True, "satisfaction", "highest"),
}


@picture
def people_matrix(
    result: SegmentsResult,
    satisfaction: Variable,
    loyalty: Variable,
    *,
    data: Data | None = None,
    show: Show = "auto",
    shares: Shares = "observed",
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw customers by satisfaction and loyalty, with the sizes of the segments (客户细分矩阵).

    Parameters
    ----------
    result : SegmentsResult
        The segments, of ``segments``. It keeps no scores.
    satisfaction, loyalty : Series, array of shape (n,) or str
        The scores that were sorted, or names of columns of ``data``. Customers with a missing
        score are left out, as they were then.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    show : {"auto", "customers", "density"}
        Draw a mark for each customer, or how many there are at each place; by default
        customers up to 1,500 of them. Scores with steps are shifted by up to 0.4 of a step, so
        that customers with the same scores are all seen.
    shares : {"observed", "true"}
        Which shares are written: of the scores as observed, or of the true scores.
    names : mapping from segment to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words, and of the segments.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: satisfaction to the right, loyalty upwards. Lines are the cut-offs; one that
        customers have exactly is drawn halfway to the next score on its other side. Above and
        below stand the segments with their share in percent, and in brackets its interval; a
        thin line leads to the cell where it is too narrow for its words.

    Raises
    ------
    DataError
        If the scores are not as many as were sorted, or true shares are asked of a result
        without reliability.
    OptionError
        If the result is of the textbook's classifier, which does not sort by loyalty, ``names``
        names no segment, or an option is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import jones_sasser, plots
    >>> s, l = [10, 9, 9, 3, 2, 1], [9, 8, 3, 8, 3, 2]
    >>> found, _ = jones_sasser.segments(s, l, scale=(1, 10), cuts={"extremes": None})
    >>> ax = plots.jones_sasser.people_matrix(found, s, l)
    >>> [text.get_text().split()[0] for text in ax.texts]
    ['hostage', 'loyalist', 'defector', 'mercenary']
    """
    check_choice("show", show, Show)
    check_choice("shares", shares, Shares)
    if result.classifier == "textbook":
        raise OptionError(
            "the textbook's segments do not depend on loyalty, so they have no cells in this "
            "matrix; draw those of segments()"
        )
    if shares == "true" and result.reliability is None:
        raise DataError(
            "there are no true shares, because no reliability was given when customers "
            'were sorted; choose shares="observed"'
        )
    words = words_in(language, _WORDS)
    own = chinese_in(language, _CHINESE | chinese_of(f"segments_{result.classifier}"))
    named = shown_names(result.names, names, own)
    variables = _read(result, satisfaction, loyalty, data)
    x, y = (variables[name].astype(np.float64) for name in ("satisfaction", "loyalty"))
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    if _matrix.draws_marks(show, len(x)):
        _matrix.draw_marks_of(ax, _matrix.spread_out(x, y))
    else:
        _matrix.draw_density(ax, x, y, words["customers"])
    borders, level = _borders(result, x, y)
    ax.set_xlim(borders["lowest"], borders["highest"])
    ax.set_ylim(*_matrix.limits(y, level))
    ax.set_xlabel(words["satisfaction"])
    ax.set_ylabel(words["loyalty"])
    _matrix.score_ticks(ax)
    tidy(ax)
    texts = _texts(result, shares, named)
    above, below = (
        [
            Caption(texts[name], borders[left], borders[right])
            for name, (in_upper, left, right) in _PLACES.items()
            if name in named and in_upper is upper
        ]
        for upper in (True, False)
    )
    _draw_borders(ax, borders, level, *caption_cells(ax, above, below))
    return ax


def _read(result: SegmentsResult, satisfaction: object, loyalty: object, data: object) -> Variables:
    """Read scores, and see that they are those of the customers who were sorted."""
    given = {"satisfaction": satisfaction, "loyalty": loyalty}
    variables = read_variables(given, data=data, missing="drop")
    if variables.n_rows != result.n_obs:
        others = ""
        if variables.n_rows > result.n_obs and result.n_dropped:
            others = (
                "; customers whose weight or constraint was missing were left out then, so take "
                "data.loc[customers.index]"
            )
        raise DataError(
            f"there are {variables.n_rows} customers with both scores, but {result.n_obs} were "
            f"sorted; give the scores that the segments were made from{others}"
        )
    return variables


def _borders(result: SegmentsResult, x: FloatArray, y: FloatArray) -> tuple[Borders, float]:
    """Return where lines are drawn at cut-offs of satisfaction, with both ends, and of loyalty."""
    up = {"satisfaction": result.ties == "high", "terrorist": False, "apostle": True}
    cuts = {"satisfaction": result.cuts["satisfaction"]}
    if extremes := result.cuts.get("extremes"):
        cuts |= dict(zip(("terrorist", "apostle"), extremes, strict=True))
    borders = {name: _matrix.between(x, cut, upwards=up[name]) for name, cut in cuts.items()}
    borders["lowest"], borders["highest"] = _matrix.limits(x, *borders.values())
    borders.setdefault("terrorist", borders["lowest"])
    borders.setdefault("apostle", borders["highest"])
    return borders, _matrix.between(y, result.cuts["loyalty"], upwards=result.ties == "high")


def _draw_borders(ax: Axes, borders: Borders, level: float, low: float, high: float) -> None:
    """Draw the cut-offs, those of the extremes in their half only."""
    style = {"color": INK, "linewidth": 0.8, "zorder": 3}
    ax.hlines(level, borders["lowest"], borders["highest"], **style)  # type: ignore[arg-type]
    ax.vlines(borders["satisfaction"], low, high, **style)  # type: ignore[arg-type]
    style["linestyle"] = (0, (3, 2))
    if borders["terrorist"] > borders["lowest"]:
        ax.vlines(borders["terrorist"], low, level, **style)  # type: ignore[arg-type]
    if borders["apostle"] < borders["highest"]:
        ax.vlines(borders["apostle"], level, high, **style)  # type: ignore[arg-type]


def _texts(result: SegmentsResult, shares: Shares, named: Mapping[str, str]) -> dict[str, str]:
    """Return what is written about each segment: its name, share and interval."""
    written = _matrix.share_texts(result, shares)
    return {name: f"{named[name]}\n{share}" for name, share in written.items()}
