"""Movement between stages as boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from loyaltymodel._arrays import FloatArray
from loyaltymodel._options import check_choice, check_share
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.result import MovementEstimate
from loyaltymodel.plots._stages import Language
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    LETTERS,
    PALE,
    SMALL,
    VERMILION,
    axes_or_new,
    write,
)
from loyaltymodel.plots._transitions import Matrix, read_moves, shown_names
from loyaltymodel.plots.structural import _extent, _size

_LEVEL = 0.3  # inches from one height of arrows to the next
_LOOP = 0.2  # inches: height of a loop
_APEX = 0.75  # of the height of its control points that a curve reaches
_FINE = 0.5  # points: the thinnest arrow
_THICK = 3.0  # points that a probability of 1 adds
_BOX = 0.8  # of the distance between stages that a box is wide
_LETTER = 0.062  # inches: width of a letter, about
_SHORT = 6  # letters: names are not broken into shorter lines
_STRETCH = 1.5  # times its usual height that a picture takes at most
_MANY = 6  # stages that have room enough in a journal column
_WORDS = {
    "en": {
        "left out": "not drawn: {n} below {least:g}",
        "unknown": "no moves seen from: {names}",
    },
    "zh": {
        "left out": "未画出:{n} 个低于 {least:g}",
        "unknown": "没有观测:{names}",
    },
}


def transition_diagram(
    moves: MovementEstimate | MarkovChain,
    *,
    least: float = 0.05,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw stages in a row, with arrows for the moves between them (阶段转移图).

    Parameters
    ----------
    moves : MovementEstimate or MarkovChain
        What ``estimate_movement`` or ``markov_chain`` of ``loyalty_stage`` returned.
    least : float
        Probability below which a move is not drawn, 0 to 1. At 0 all that are above 0 are.
    names : mapping from stage to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels; Chinese names of stages are shown where they have any.
    ax : Axes, optional
        Where to draw; new axes by default, as wide as a journal column up to six stages.

    Returns
    -------
    Axes
        The axes. Arrows above the boxes lead to the right, those beneath to the left, and loops
        are the probability to stay. The wider, the more probable; numbers are probabilities of
        one period. A note says how many moves are left out, and which stages nobody was seen
        to start from.

    Raises
    ------
    OptionError
        If ``moves`` is of another kind, ``names`` names no stage, ``least`` is not between 0
        and 1, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> chain = loyalty_stage.markov_chain(
    ...     [[0.75, 0.25], [0.02, 0.98]], stages=["new", "loyal"]
    ... )
    >>> ax = plots.loyalty_stage.transition_diagram(chain)
    >>> [text.get_text() for text in ax.texts]
    ['new', 'loyal', '0.75', '0.25', '0.98', 'not drawn: 1 below 0.05']
    """
    if not isinstance(moves, (MovementEstimate, MarkovChain)):
        raise OptionError(
            f"moves is a {type(moves).__name__}, neither a MovementEstimate nor a MarkovChain; "
            "give what loyalty_stage.estimate_movement() or markov_chain() returned"
        )
    check_share("least", least)
    check_choice("language", language, Language)
    found = read_moves(moves)
    words = _WORDS[language]
    shown = shown_names(found, names, language)
    width = COLUMN * max(1.0, len(shown) / _MANY) if ax is None else _size(ax)[0]
    letters = max(_SHORT, int(_BOX * width / len(shown) / _LETTER))
    shown = [fill(name.replace("\n", " "), letters, break_long_words=False) for name in shown]
    values = np.nan_to_num(found.values)
    drawn = (values >= least) & (values > 0)
    k = len(shown)
    above = max([j - i for i, j in np.argwhere(drawn) if j > i], default=0)
    below = max([i - j for i, j in np.argwhere(drawn) if j < i], default=0)
    notes = _notes(found, shown, int(((values > 0) & ~drawn).sum()), least, words)
    heights = (max(above * _LEVEL, 2 * _LOOP) + 0.1, below * _LEVEL + 0.1 * (below > 0))
    box = max(name.count("\n") for name in shown) * 0.11 + 0.24
    under = 0.13 * len(notes) + 0.05
    ax = axes_or_new(ax, width=width, height=sum(heights) + box + under + 0.1)
    ax.set_axis_off()
    width, height = _size(ax)
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    # Axes that were given may be lower or higher than what the picture needs.
    squeeze = min(_STRETCH, max(height - box - under, 0.0) / sum(heights))
    spare = max(height - box - under - squeeze * sum(heights), 0.0) / 2
    step = width / k
    size = np.array([_BOX * step, box])
    centre = under + spare + squeeze * heights[1] + box / 2
    centres = np.column_stack([(np.arange(k) + 0.5) * step, np.full(k, centre)])
    for place, name, known in zip(centres, shown, ~np.isnan(found.values[:, 0]), strict=True):
        _draw_box(ax, place, size, name, known=bool(known))
    for i, j in np.argwhere(drawn).tolist():
        _draw_move(ax, centres, size, (i, j), float(values[i, j]), squeeze)
    for line, note in enumerate(reversed(notes)):
        write(ax, width / 2, spare + 0.06 + 0.13 * line, note, letters=SMALL)
        ax.texts[-1].set_color(GREY)
    return ax


def _notes(
    found: Matrix, shown: list[str], n_small: int, least: float, words: Mapping[str, str]
) -> list[str]:
    unknown = [name for name, row in zip(shown, found.values, strict=True) if np.isnan(row).any()]
    notes = [words["unknown"].format(names=", ".join(unknown))] if unknown else []
    return notes + ([words["left out"].format(n=n_small, least=least)] if n_small else [])


def _draw_box(ax: Axes, centre: FloatArray, size: FloatArray, name: str, *, known: bool) -> None:
    """Draw the box of a stage, with a broken edge where nothing is known of it."""
    rounding = 0.04
    corner = centre - size / 2 + rounding
    box = FancyBboxPatch(
        (float(corner[0]), float(corner[1])),
        float(size[0]) - 2 * rounding,
        float(size[1]) - 2 * rounding,
        boxstyle=f"round,pad={rounding},rounding_size={rounding}",
        facecolor=PALE if known else "white",
        edgecolor=INK,
        linewidth=0.7,
        linestyle="-" if known else "--",
        zorder=2,
    )
    ax.add_patch(box)
    fits = min(1.0, 0.88 * size[0] / _extent(ax, name, LETTERS)[0])
    write(ax, float(centre[0]), float(centre[1]), name, letters=LETTERS * fits)


def _draw_move(
    ax: Axes,
    centres: FloatArray,
    size: FloatArray,
    move: tuple[int, int],
    value: float,
    squeeze: float,
) -> None:
    """Draw an arrow from box to box, or back to the same, and its probability at the top of it."""
    i, j = move
    side = -1 if j < i else 1  # above the boxes to the right, beneath to the left
    if i == j:
        reach, offset = _LOOP * squeeze, 0.07
        start, end = centres[i, 0] - offset, centres[i, 0] + offset
    else:
        # The farther an arrow leads, the nearer to the middle of the box it begins and ends.
        far = abs(j - i) * _LEVEL
        reach = (far - 0.04) * squeeze
        room = size[0] / 2 - 0.06 - 0.13
        offset = 0.13 + room / 2 ** (abs(j - i) - 1)
        start, end = centres[i, 0] + side * offset, centres[j, 0] - side * offset
    edge = centres[i, 1] + side * size[1] / 2
    control = edge + side * reach / _APEX
    path = Path(
        [(start, edge), (start, control), (end, control), (end, edge)],
        [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
    )
    thick = _FINE + _THICK * value
    arrow = FancyArrowPatch(
        path=path,
        arrowstyle=f"-|>,head_length={2.6 + thick:.1f},head_width={1.0 + 0.6 * thick:.1f}",
        mutation_scale=1.0,
        linewidth=thick,
        color=GREY if i == j else BLUE if side > 0 else VERMILION,
        capstyle="butt",
        joinstyle="miter",
        zorder=1.5,
    )
    ax.add_patch(arrow)
    # Above a loop, so that the loop is seen; on the arrow elsewhere.
    rise = 0.08 if i == j else 0.0
    write(
        ax,
        float(start + end) / 2,
        float(edge + side * (reach + rise)),
        f"{value:.2f}",
        letters=SMALL,
        on_card=True,
    )
