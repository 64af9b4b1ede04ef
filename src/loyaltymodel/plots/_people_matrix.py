"""The matrix of people by satisfaction and loyalty, with the sizes of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._arrays import FloatArray
from loyaltymodel._options import check_choice
from loyaltymodel._variables import Variables, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser import SegmentsResult
from loyaltymodel.plots import _curves
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    INK,
    LETTERS,
    SMALL,
    axes_or_new,
    families,
    figure_of,
    tidy,
)

Show = Literal["auto", "people", "density"]
Shares = Literal["observed", "true"]
Borders = dict[str, float]

_MANY = 1500  # people from which marks hide each other
_LEVELS = 40  # different scores up to which a scale counts as having steps
_RARE = 0.25  # of the people a score has on average; a score with fewer makes no step
_BINS = 30
_JITTER = 0.8  # of a step
_TENTH = 0.1  # share below which an interval is written with a decimal place
# Steps of a sequence that fills a square evenly (Roberts): always the same picture, no seed.
_STEPS = np.array([0.7548776662466927, 0.5698402909980532])
# For each segment: whether it is in the upper row, and the borders at its left and right.
_PLACES = {
    "terrorist": (False, "lowest", "terrorist up to"),
    "defector": (False, "terrorist up to", "satisfaction"),
    "mercenary": (False, "satisfaction", "highest"),
    "hostage": (True, "lowest", "satisfaction"),
    "loyalist": (True, "satisfaction", "apostle from"),
    "apostle": (True, "apostle from", "highest"),
    "dissatisfied, not loyal": (False, "lowest", "satisfaction"),
    "satisfied, not loyal": (False, "satisfaction", "highest"),
    "dissatisfied, loyal": (True, "lowest", "satisfaction"),
    "inertia loyalty": (True, "lowest", "satisfaction"),
    "monopoly loyalty": (True, "lowest", "satisfaction"),
    "satisfied, loyal": (True, "satisfaction", "highest"),
}


def people_matrix(
    result: SegmentsResult,
    *,
    satisfaction: object,
    loyalty: object,
    data: object = None,
    show: Show = "auto",
    shares: Shares = "observed",
    names: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw people by satisfaction and loyalty, with the sizes of the segments (客户细分矩阵).

    Parameters
    ----------
    result : SegmentsResult
        The segments, of ``segments`` or ``satisfied_loyal``. It keeps no scores.
    satisfaction, loyalty : Series, array of shape (n,) or str
        The scores that were sorted, or names of columns of ``data``. People with a missing
        score are left out, as they were then.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    show : {"auto", "people", "density"}
        Draw a mark for each person, or how many people there are at each place; by default
        people up to 1,500 of them. Scores with steps are shifted by up to 0.4 of a step, so that
        people with the same scores are all seen.
    shares : {"observed", "true"}
        Which shares are written: of the scores as observed, or of the true scores.
    names : mapping from segment to str, optional
        Names to show instead, such as in another language.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: satisfaction to the right, loyalty upwards. Lines are the cut-offs; one that
        people have exactly is drawn halfway to the next score on its other side. Above and
        below stand the segments with their share in percent, and in brackets its interval.

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
    >>> found = jones_sasser.segments(s, l, scale=(1, 10), extreme_cut=None)
    >>> ax = plots.jones_sasser.people_matrix(found, satisfaction=s, loyalty=l)
    >>> [text.get_text().split()[0] for text in ax.texts]
    ['hostage', 'loyalist', 'defector', 'mercenary']
    """
    check_choice("show", show, Show)
    check_choice("shares", shares, Shares)
    if result.classifier == "textbook":
        raise OptionError(
            "the textbook's segments do not depend on loyalty, so they have no cells in this "
            "matrix; draw those of segments() or satisfied_loyal()"
        )
    if shares == "true" and result.reliability is None:
        raise DataError(
            "there are no true shares, because no reliability was given when people were "
            'sorted; choose shares="observed"'
        )
    named = dict(zip(result.names, _curves.shown(result.names, names), strict=True))
    variables = _read(result, satisfaction, loyalty, data)
    x, y = (variables[name].astype(np.float64) for name in ("satisfaction", "loyalty"))
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    if show == "people" or (show == "auto" and len(x) <= _MANY):
        _draw_people(ax, x, y)
    else:
        _draw_density(ax, x, y)
    borders, level = _borders(result, x, y)
    ax.set_xlim(borders["lowest"], borders["highest"])
    ax.set_ylim(*_limits(y, level))
    ax.set_xlabel("Satisfaction (score)")
    ax.set_ylabel("Loyalty (score)")
    for axis, (least, most) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        ticks = MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True).tick_values(least, most)
        axis.set_ticks([tick for tick in ticks if least <= tick <= most])
    tidy(ax)
    low, high, row = _curves.make_strips(ax, above=2.2, below=2.2)
    _draw_borders(ax, borders, level, low, high)
    texts = _texts(result, shares, named)
    for upper, height in ((True, high + 1.15 * row), (False, low - 1.15 * row)):
        chosen = [name for name in _PLACES if name in named and _PLACES[name][0] is upper]
        spans = [_span(borders, name) for name in chosen]
        centres = [(left + right) / 2 for left, right in spans]
        _curves.write_row(ax, height, centres, [texts[name] for name in chosen])
    return ax


def _read(result: SegmentsResult, satisfaction: object, loyalty: object, data: object) -> Variables:
    """Read scores, and see that they are those of the people who were sorted."""
    given = {"satisfaction": satisfaction, "loyalty": loyalty}
    variables = read_variables(given, data=data, missing="drop")
    if variables.n_rows != len(result.codes):
        raise DataError(
            f"there are {variables.n_rows} people with both scores, but {len(result.codes)} were "
            "sorted; give the scores that the segments were made from"
        )
    return variables


def _draw_people(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    """Draw a mark for each person, those with the same scores beside each other."""
    shift = (np.arange(1, len(x) + 1)[:, None] * _STEPS) % 1 - 0.5
    steps = [_step(values) * _JITTER for values in (x, y)]
    ax.plot(
        x + shift[:, 0] * steps[0],
        y + shift[:, 1] * steps[1],
        "o",
        markersize=1.8 if len(x) > 100 else 3.0,  # noqa: PLR2004  a hundred leave room
        markerfacecolor=BLUE,
        markeredgecolor="none",
        alpha=0.5,
        zorder=2,
    )


def _draw_density(ax: Axes, x: FloatArray, y: FloatArray) -> None:
    """Draw how many people there are at each place, and the key to it."""
    edges = [_edges(values) for values in (x, y)]
    *_, image = ax.hist2d(x, y, bins=edges, cmin=1, cmap="Blues", vmin=0, zorder=1)
    bar = figure_of(ax).colorbar(image, ax=ax, fraction=0.05, pad=0.02, aspect=30)
    bar.set_label("People", fontsize=LETTERS, fontfamily=families())
    bar.ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    bar.outline.set_visible(False)


def _step(values: FloatArray) -> float:
    """Return the step between scores, 0 if they are continuous."""
    levels, people = np.unique(values.round(6), return_counts=True)
    usual = levels[people >= _RARE * people.mean()]  # means of fewer items lie in between
    return float(np.diff(usual).min()) if 1 < len(usual) <= _LEVELS else 0.0


def _edges(values: FloatArray) -> FloatArray:
    """Return edges of bins, of the width of a step if scores have steps."""
    low, high, step = values.min(), values.max(), _step(values)
    if not step:
        return np.histogram_bin_edges(values, bins=_BINS if high > low else 1)
    return np.asarray(low + step * np.arange(-0.5, np.ceil((high - low) / step) + 1))


def _limits(values: FloatArray, *cuts: float) -> tuple[float, float]:
    """Return the ends of an axis that shows all values and cut-offs."""
    low, high = min(values.min(), *cuts), max(values.max(), *cuts)
    margin = max(0.55 * _step(values), 0.02 * (high - low)) or 0.5
    return float(low - margin), float(high + margin)


def _borders(result: SegmentsResult, x: FloatArray, y: FloatArray) -> tuple[Borders, float]:
    """Return where lines are drawn at cut-offs of satisfaction, with both ends, and of loyalty."""
    up = {"satisfaction": result.ties == "high", "terrorist up to": False, "apostle from": True}
    cuts = {name: cut for name, cut in result.cut_offs.items() if name != "loyalty"}
    borders = {name: _between(x, cut, upwards=up[name]) for name, cut in cuts.items()}
    borders["lowest"], borders["highest"] = _limits(x, *borders.values())
    borders.setdefault("terrorist up to", borders["lowest"])
    borders.setdefault("apostle from", borders["highest"])
    return borders, _between(y, result.cut_offs["loyalty"], upwards=result.ties == "high")


def _between(values: FloatArray, cut: float, *, upwards: bool) -> float:
    """Return the cut-off, or halfway to the next score on the other side if people have it."""
    if not (values == cut).any():
        return cut
    beyond = values[values < cut] if upwards else values[values > cut]
    if not len(beyond):
        return cut - _step(values) / 2 if upwards else cut + _step(values) / 2
    return float(cut + (beyond.max() if upwards else beyond.min())) / 2


def _draw_borders(ax: Axes, borders: Borders, level: float, low: float, high: float) -> None:
    """Draw the cut-offs, those of the extremes in their half only."""
    style = {"color": INK, "linewidth": 0.8, "zorder": 3}
    ax.hlines(level, borders["lowest"], borders["highest"], **style)  # type: ignore[arg-type]
    ax.vlines(borders["satisfaction"], low, high, **style)  # type: ignore[arg-type]
    style["linestyle"] = (0, (3, 2))
    if borders["terrorist up to"] > borders["lowest"]:
        ax.vlines(borders["terrorist up to"], low, level, **style)  # type: ignore[arg-type]
    if borders["apostle from"] < borders["highest"]:
        ax.vlines(borders["apostle from"], level, high, **style)  # type: ignore[arg-type]


def _span(borders: Borders, name: str) -> tuple[float, float]:
    _, left, right = _PLACES[name]
    return borders[left], borders[right]


def _texts(result: SegmentsResult, shares: Shares, named: Mapping[str, str]) -> dict[str, str]:
    """Return what is written about each segment: its name, share and interval."""
    prefix = "true_" if shares == "true" else ""
    columns = [f"{prefix}{column}" for column in ("share", "ci_low", "ci_high")]
    table = result.shares.set_index("segment")[columns]
    texts = {}
    for name, share, low, high in table.itertuples():
        digits = 1 if high < _TENTH else 0
        at, first, last = (f"{100 * value:.{digits}f}" for value in (share, low, high))
        texts[name] = f"{named[name]}\n{at} % ({first}–{last})"
    return texts
