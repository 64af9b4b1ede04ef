"""What matrices of customers share: marks or densities, borders between scores, texts of cells."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.sorted_customers import SortedCustomers
from loyaltymodel.plots._fonts import families
from loyaltymodel.plots._style import (
    BLUE,
    LETTERS,
    SHADES,
    SMALL,
    SURENESS,
    figure_of,
)

Show = Literal["auto", "customers", "density"]
Shares = Literal["observed", "true"]

_MANY = 1500  # customers from which marks hide each other
_FEW = 100  # customers that leave room for large marks
_LEVELS = 40  # different scores up to which a scale counts as having steps
_RARE = 0.25  # of the customers a score has on average; a score with fewer makes no step
_BINS = 30
_JITTER = 0.8  # of a step
_TENTH = 0.1  # share below which an interval is written with a decimal place
_SHORT = 2.0  # an axis that is not longer has ticks between whole numbers
# Steps of a sequence that fills a square evenly (Roberts): always the same picture, no seed.
_STEPS = np.array([0.7548776662466927, 0.5698402909980532])


def draws_marks(show: Show, n: int) -> bool:
    """Tell whether each customer gets a mark."""
    return show == "customers" or (show == "auto" and n <= _MANY)


def spread_out(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return where marks stand (n, 2), those of the same scores beside each other."""
    shift = (np.arange(1, len(x) + 1)[:, None] * _STEPS) % 1 - 0.5
    steps = np.array([step(values) for values in (x, y)]) * _JITTER
    return np.asarray(np.column_stack([x, y]) + shift * steps)


def mark_size(n: int) -> float:
    """Return the width of the marks of n customers, in points."""
    return 1.8 if n > _FEW else 3.0


def draw_marks_of(ax: Axes, places: FloatArray) -> None:
    """Draw a mark at each place (n, 2)."""
    ax.plot(
        *places.T,
        "o",
        markersize=mark_size(len(places)),
        markerfacecolor=BLUE,
        markeredgecolor="none",
        alpha=0.5,
        zorder=2,
    )


def draw_shaded_marks(ax: Axes, places: FloatArray, shades: FloatArray, label: str) -> None:
    """Draw a mark at each place (n, 2), the darker the larger its shade of 0 to 1; and the key."""
    image = ax.scatter(
        places[:, 0],
        places[:, 1],
        c=shades,
        s=(1.3 * mark_size(len(places))) ** 2,
        cmap=SURENESS,
        vmin=0,
        vmax=1,
        linewidths=0,
        zorder=2,
    )
    _key(ax, image, label)


def draw_density(ax: Axes, x: FloatArray, y: FloatArray, label: str) -> None:
    """Draw how many customers there are at each place, and the key to it."""
    edges = [_edges(values) for values in (x, y)]
    *_, image = ax.hist2d(x, y, bins=edges, cmin=1, cmap=SHADES, vmin=0, zorder=1)
    _key(ax, image, label, whole=True)


def draw_shaded_density(
    ax: Axes, x: FloatArray, y: FloatArray, shades: FloatArray, label: str
) -> None:
    """Draw the mean shade of the customers at each place, from 0 to 1, and the key to it."""
    edges = [_edges(values) for values in (x, y)]
    people, *_ = np.histogram2d(x, y, bins=edges)
    total, *_ = np.histogram2d(x, y, bins=edges, weights=shades)
    mean = np.ma.masked_where(people == 0, total / np.maximum(people, 1))
    image = ax.pcolormesh(*edges, mean.T, cmap=SURENESS, vmin=0, vmax=1, zorder=1)
    _key(ax, image, label)


def _key(ax: Axes, image: object, label: str, *, whole: bool = False) -> None:
    """Draw the key to shades, at whole numbers where they are counts."""
    ticks = MaxNLocator(nbins=8, integer=True) if whole else None
    bar = figure_of(ax).colorbar(image, ax=ax, fraction=0.05, pad=0.02, aspect=30, ticks=ticks)  # type: ignore[arg-type]
    bar.set_label(label, fontsize=LETTERS, fontfamily=families())
    bar.ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    bar.outline.set_visible(False)


def step(values: FloatArray) -> float:
    """Return the step between scores, 0 if they are continuous."""
    levels, people = np.unique(values.round(6), return_counts=True)
    usual = levels[people >= _RARE * people.mean()]  # means of fewer items lie in between
    return float(np.diff(usual).min()) if 1 < len(usual) <= _LEVELS else 0.0


def _edges(values: FloatArray) -> FloatArray:
    """Return edges of bins, of the width of a step if scores have steps."""
    low, high, width = values.min(), values.max(), step(values)
    if not width:
        return np.histogram_bin_edges(values, bins=_BINS if high > low else 1)
    return np.asarray(low + width * np.arange(-0.5, np.ceil((high - low) / width) + 1))


def limits(values: FloatArray, *cuts: float) -> tuple[float, float]:
    """Return the ends of an axis that shows all values and cut-offs."""
    low, high = min(values.min(), *cuts), max(values.max(), *cuts)
    margin = max(0.55 * step(values), 0.02 * (high - low)) or 0.5
    return float(low - margin), float(high + margin)


def between(values: FloatArray, cut: float, *, upwards: bool) -> float:
    """Return the cut-off, or halfway to the next score on the other side if customers have it."""
    if not (values == cut).any():
        return cut
    beyond = values[values < cut] if upwards else values[values > cut]
    if not len(beyond):
        return cut - step(values) / 2 if upwards else cut + step(values) / 2
    return float(cut + (beyond.max() if upwards else beyond.min())) / 2


def score_ticks(ax: Axes) -> None:
    """Put ticks at round scores within both axes, at whole ones unless an axis is short."""
    for axis, (least, most) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        whole = most - least > _SHORT
        finder = MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=whole)
        axis.set_ticks([t for t in finder.tick_values(least, most) if least <= t <= most])


def share_texts(result: SortedCustomers, shares: Shares) -> dict[str, str]:
    """Write the share of each class, in brackets its interval."""
    table = result.estimates.frame()
    rows = table[table["quantity"] == shares][["estimate", "ci_low", "ci_high"]]
    numbers = rows.to_numpy().tolist()
    return {name: share_text(*row) for name, row in zip(result.names, numbers, strict=True)}


def share_text(share: float, low: float, high: float) -> str:
    """Write a share in percent, and in brackets its interval if there is one."""
    digits = 1 if (share if np.isnan(high) else high) < _TENTH else 0
    at, first, last = (f"{100 * value:.{digits}f}" for value in (share, low, high))
    return f"{at}%" + ("" if np.isnan(low) else f" ({first}–{last})")
