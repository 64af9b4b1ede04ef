"""Movement between stages as boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.options import check_share
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.result import MovementEstimate
from loyaltymodel.plots._boxes import draw_arrow, draw_box
from loyaltymodel.plots._names import Language, Words, words_in, wrapped
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    SMALL,
    VERMILION,
    axes_or_new,
    caption,
    picture,
    size_of,
    write,
)
from loyaltymodel.plots._transitions import Matrix, names_of, read_moves

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
_WORDS: Mapping[Language, Words] = {
    "en": {
        "numbers": "probabilities within one period",
        "left out": "not drawn: {n} below {least:g}",
        "unknown": "no moves seen from: {names}",
    },
    "zh": {
        "numbers": "一期内的概率",
        "left out": "未画出:{n} 个低于 {least:g}",
        "unknown": "没有观测:{names}",
    },
}


@picture
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
    check_share("least", least)
    words = words_in(language, _WORDS)
    found = read_moves(moves)
    shown = names_of(found, names, language)
    width = COLUMN * max(1.0, len(shown) / _MANY) if ax is None else size_of(ax)[0]
    shown = wrapped(shown, max(_SHORT, int(_BOX * width / len(shown) / _LETTER)))
    values = np.nan_to_num(found.values)
    drawn = (values >= least) & (values > 0)
    notes = _notes(found, shown, int(((values > 0) & ~drawn).sum()), least, words)
    above, below = _levels(drawn)
    high = (max(above.max() * _LEVEL, 2 * _LOOP) + 0.1, below.max() * _LEVEL + 0.1 * below.any())
    box = max(name.count("\n") for name in shown) * 0.11 + 0.24
    under = 0.13 * len(notes) + 0.05
    ax = axes_or_new(ax, width=width, height=sum(high) + box + under + 0.25)
    ax.set_axis_off()
    caption(ax, words["numbers"])
    width, height = size_of(ax)
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    # Axes that were given may be lower or higher than what the picture needs.
    squeeze = min(_STRETCH, max(height - box - under, 0.0) / sum(high))
    spare = max(height - box - under - squeeze * sum(high), 0.0) / 2
    step = width / len(shown)
    size = np.array([_BOX * step, box])
    centre = under + spare + squeeze * high[1] + box / 2
    places = (np.arange(len(shown)) + 0.5) * step
    known = ~np.isnan(found.values[:, 0])
    for x, name, is_known in zip(places.tolist(), shown, known.tolist(), strict=True):
        draw_box(ax, (x, centre), size, name, known=is_known)
    centres = np.column_stack([places, np.full(len(shown), centre)])
    for i, j in np.argwhere(drawn).tolist():
        level = int((above if j > i else below)[abs(j - i)])
        _draw_move(ax, centres, size, (i, j), float(values[i, j]), level, squeeze)
    for line, note in enumerate(reversed(notes)):
        write(ax, width / 2, spare + 0.06 + 0.13 * line, note, letters=SMALL, colour=GREY)
    return ax


def _levels(drawn: BoolArray) -> tuple[IntArray, IntArray]:
    """Return how high moves over so many stages run, above the boxes and below: longer ones higher.

    Lengths that there are not take no height.
    """
    i, j = np.nonzero(drawn)
    lengths = np.arange(len(drawn))
    above, below = (np.isin(lengths, (j - i) * sign) & (lengths > 0) for sign in (1, -1))
    return above.cumsum() * above, below.cumsum() * below


def _notes(
    found: Matrix, shown: list[str], n_small: int, least: float, words: Mapping[str, str]
) -> list[str]:
    unknown = [name for name, row in zip(shown, found.values, strict=True) if np.isnan(row).any()]
    notes = [words["unknown"].format(names=", ".join(unknown))] if unknown else []
    return notes + ([words["left out"].format(n=n_small, least=least)] if n_small else [])


def _draw_move(
    ax: Axes,
    centres: FloatArray,
    size: FloatArray,
    move: tuple[int, int],
    value: float,
    level: int,
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
        reach = (level * _LEVEL - 0.04) * squeeze
        room = size[0] / 2 - 0.06 - 0.13
        offset = 0.13 + room / 2 ** (level - 1)
        start, end = centres[i, 0] + side * offset, centres[j, 0] - side * offset
    edge = centres[i, 1] + side * size[1] / 2
    control = edge + side * reach / _APEX
    thick = _FINE + _THICK * value
    draw_arrow(
        ax,
        [(start, edge), (start, control), (end, control), (end, edge)],
        width=thick,
        colour=GREY if i == j else BLUE if side > 0 else VERMILION,
        curved=True,
        head=(1.0 + 0.6 * thick, 2.6 + thick),
    )
    # Above a loop, so that the loop is seen; on the arrow elsewhere.
    rise = 0.08 if i == j else 0.0
    top = float(edge + side * (reach + rise))
    write(ax, float(start + end) / 2, top, f"{value:.2f}", letters=SMALL, on_card=True)
