"""Movement between stages or brands as a matrix, and its shares over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel.customer_base.result import PurchaseBehaviour
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.result import MovementEstimate
from loyaltymodel.loyalty_stage.movement.stages import Start
from loyaltymodel.plots._fonts import families
from loyaltymodel.plots._labels import name_areas
from loyaltymodel.plots._names import (
    Language,
    Words,
    chinese_in,
    shown_names,
    words_in,
    wrapped,
)
from loyaltymodel.plots._style import (
    COLUMN,
    GREY,
    SHADES,
    SMALL,
    axes_or_new,
    extent_of,
    ink_on,
    picture,
    size_of,
    tidy,
    without_frame,
)

Moves = MovementEstimate | MarkovChain | PurchaseBehaviour

_TINY = 3.5  # points: smaller letters are not written
_CELL = 0.62  # inches: width of a cell of new axes
_NAMES = 1.0  # inches for the names beside the cells
_WORDS: Mapping[Language, Words] = {
    "en": {
        "stage": "Stage",
        "next": "Next stage (probability, one period later)",
        "brand": "Brand",
        "next brand": "Next brand (share of next purchases)",
        "period": "Period",
        "share": "Customers (%)",
    },
    "zh": {
        "stage": "阶段",
        "next": "下一阶段(一期后的概率)",
        "brand": "品牌",
        "next brand": "下次购买的品牌(占比)",
        "period": "期",
        "share": "客户(%)",
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Names, probabilities (k, k) with their intervals if there are, and what is impossible."""

    names: tuple[str, ...]
    chinese: tuple[str, ...]
    values: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None
    counts: FloatArray | None = None
    impossible: BoolArray | None = None
    brands: bool = False


@picture
def transition_heat_map(
    moves: MovementEstimate | MarkovChain | PurchaseBehaviour,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw moves between stages, or between brands, as a matrix with numbers (转移矩阵热图).

    Parameters
    ----------
    moves : MovementEstimate, MarkovChain or PurchaseBehaviour
        What ``estimate_movement``, ``markov_chain`` or ``purchase_behaviour`` of
        ``loyalty_stage`` returned; of the last its ``switching_rates`` are drawn.
    names : mapping from stage or brand to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels; Chinese names of stages are shown where they have any.
    ax : Axes, optional
        Where to draw; new axes with room for the numbers by default.

    Returns
    -------
    Axes
        The axes: from the stage of the row to that of the column, the darker the more probable.
        In each cell stands the probability, and in brackets its interval, or of purchases how
        many there were. Moves that were said to be impossible have a dash; rows without
        observations are hatched.

    Raises
    ------
    OptionError
        If ``moves`` is of another kind, ``names`` names none of the stages, or ``language`` is
        not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
    >>> ax = plots.loyalty_stage.transition_heat_map(chain)
    >>> [text.get_text() for text in ax.texts]
    ['0.75', '0.25', '0.10', '0.90']
    """
    words = words_in(language, _WORDS)
    found = read_moves(moves)
    shown = wrapped(names_of(found, names, language))
    k = len(shown)
    side = max(COLUMN - _NAMES, _CELL * k)
    ax = axes_or_new(ax, width=side + _NAMES, height=0.75 * side + 0.7)
    ax.imshow(found.values, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for row in np.flatnonzero(np.isnan(found.values[:, 0])).tolist():
        empty = Rectangle((-0.5, row - 0.5), k, 1, facecolor="none", edgecolor=GREY, hatch="////")
        empty.set_linewidth(0)
        ax.add_patch(empty)
    ax.set_xlabel(words["next brand" if found.brands else "next"])
    ax.set_ylabel(words["brand" if found.brands else "stage"])
    ax.set_yticks(range(k), shown, parse_math=False)
    ax.set_xticks(range(k), shown, parse_math=False)
    tidy(ax)
    without_frame(ax)
    cell = size_of(ax)[0] / k
    if max(extent_of(ax, name)[0] for name in shown) > 0.95 * cell:
        ax.set_xticks(range(k), shown, rotation=45, ha="right", parse_math=False)
    _write_probabilities(ax, found)
    return ax


@picture
def state_path(
    chain: MarkovChain,
    start: Start,
    *,
    periods: int = 12,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the expected shares of stages over time, one above the other (阶段分布的变化).

    Parameters
    ----------
    chain : MarkovChain
        What ``markov_chain`` of ``loyalty_stage``, or ``chain`` of an estimate, returned.
    start : str, or mapping from stage to number
        Where everybody starts, or how many start where.
    periods : int
        Number of periods, at least 1.
    names : mapping from stage to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels; Chinese names of stages are shown where they have any.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: the period to the right, and the shares of the stages in percent, the first
        stage at the bottom and the last on top, the darker the later.

    Raises
    ------
    DataError
        If there is no such stage to start from, or the numbers there are negative, not finite
        or all 0.
    OptionError
        If ``chain`` is of another kind, ``periods`` is no whole number of at least 1, ``names``
        names no stage, or ``language`` is not one of its choices.

    Notes
    -----
    Shares between whole periods are joined by lines. Intervals are in
    ``chain.distribution``.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
    >>> ax = plots.loyalty_stage.state_path(chain, "new", periods=6)
    >>> [text.get_text() for text in ax.texts]
    ['new', 'loyal']
    """
    words = words_in(language, _WORDS)
    shown = wrapped(names_of(read_moves(chain), names, language))
    k = len(shown)
    shares = chain.distribution(start, periods=periods)["estimate"].to_numpy().reshape(-1, k)
    borders = 100 * np.column_stack([np.zeros(len(shares)), shares.cumsum(axis=1)])
    ax = axes_or_new(ax, height=COLUMN * 0.7)
    time = np.arange(periods + 1)
    shades = colormaps[SHADES](np.linspace(0.12, 0.85, k))
    for low, high, shade in zip(borders.T[:-1], borders.T[1:], shades, strict=True):
        ax.fill_between(time, low, high, facecolor=shade, edgecolor="white", linewidth=0.6)
    ax.set_xlim(0, periods)
    ax.set_ylim(0, 100)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(words["period"])
    ax.set_ylabel(words["share"])
    tidy(ax)
    fine = np.linspace(0, periods, 400)
    lines = [np.interp(fine, time, border) for border in borders.T]
    name_areas(ax, fine, lines, shown)
    return ax


def read_moves(moves: Moves) -> Matrix:
    """Read probabilities from what holds them."""
    if isinstance(moves, PurchaseBehaviour):
        rates, counts = moves.switching_rates, moves.switching
        return Matrix(
            names=tuple(str(brand) for brand in moves.brand_names),
            chinese=(),
            values=rates.to_numpy(dtype=np.float64),
            counts=counts.to_numpy(dtype=np.float64),
            brands=True,
        )
    stages, table = moves.stages, moves.transitions
    k = len(stages.names)
    values = table["estimate"].to_numpy().reshape(k, k)
    low, high = (
        table[end].to_numpy().reshape(k, k) if end in table else None
        for end in ("ci_low", "ci_high")
    )
    impossible = ~moves.possible if isinstance(moves, MovementEstimate) else None
    return Matrix(stages.names, stages.chinese, values, low, high, impossible=impossible)


def names_of(found: Matrix, names: Mapping[str, str] | None, language: Language) -> list[str]:
    """Return the names to show."""
    chinese = dict(zip(found.names, found.chinese, strict=False))
    return list(shown_names(found.names, names, chinese_in(language, chinese)).values())


def _write_probabilities(ax: Axes, found: Matrix) -> None:
    """Write into each cell its probability, and beneath it the interval or the count."""
    k = len(found.names)
    width, height = size_of(ax)
    below = np.full((k, k), "", dtype=object)
    if found.low is not None and found.high is not None:
        ends = zip(found.low.ravel(), found.high.ravel(), strict=True)
        below = np.array([f"({low:.2f}–{high:.2f})" for low, high in ends], dtype=object)
    elif found.counts is not None:
        below = np.array([f"({n:,.0f})" for n in found.counts.ravel()], dtype=object)
    below = below.reshape(k, k)
    widest = max(extent_of(ax, text)[0] for text in ["0.00", *below.ravel()])
    letters = SMALL * min(1.0, 0.92 * width / k / widest, 0.92 * height / k / 0.2)
    if letters < _TINY:
        below[:] = ""
        letters = SMALL * min(1.0, 0.92 * width / k / extent_of(ax, "0.00")[0])
    for (row, column), value in np.ndenumerate(found.values):
        if np.isnan(value):
            continue
        text = f"{value:.2f}\n{below[row, column]}".rstrip()
        if found.impossible is not None and found.impossible[row, column]:
            text = "–"
        ax.text(
            column,
            row,
            text,
            fontsize=letters,
            fontfamily=families(),
            ha="center",
            va="center",
            color=ink_on(colormaps[SHADES](value)),
        )
