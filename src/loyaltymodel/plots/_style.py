"""What all pictures share: size of a journal column, palette, letters, marks and legends."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._fonts import families, warn_of_boxes
from loyaltymodel.plots._names import wrapped

COLUMN = 3.5  # inches: the width of a journal column, 89 mm

# Two of the colours that Okabe and Ito chose to be told apart by colour-blind readers; their
# lightness differs too, so that they stay apart in grey.
INK = "#000000"
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREY = "#7F7F7F"
PALE = "#E8EEF4"
# Two scales of colours, whose lightness only falls, so that they can be read without colours.
SHADES = "Blues"  # from little to much; begins at white
SURENESS = "cividis_r"  # from unsure to sure; visible on white at both ends

LETTERS = 7.0  # points
SMALL = 6.0
LINE = 0.1  # inches: height of a line of small letters

# Lines at a limit or a mean, behind everything.
GUIDE: dict[str, Any] = {
    "color": GREY,
    "linewidth": 0.7,
    "linestyle": (0, (4, 2)),
    "zorder": 1,
}

P = ParamSpec("P")

# The figures that the picture being drawn has opened.
_opened: ContextVar[list[Figure] | None] = ContextVar("_opened", default=None)
# Whether new figures are kept from pyplot, which would show them.
_unseen: ContextVar[bool] = ContextVar("_unseen", default=False)

_DARK = 0.179  # luminance below which white is farther away than black, by the rule of WCAG
_LETTERS_WIDE = 50  # letters of a line as wide as a column
_AN_EM = SMALL / 72  # inches
_SURELY_FITS = 1.8  # inches that a legend has above any axes as wide as a column


def picture(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Make a function a picture: its arguments are checked; refused it leaves no figure open."""
    closing, drawn, check_axes = _closing_what_is_refused, checked(draw), _check_axes

    def call(*args: Any, **kwargs: Any) -> Axes:
        check_axes(kwargs.get("ax"))
        with closing():
            return drawn(*args, **kwargs)

    # Made again with the globals of its own module: by them doctest knows where it belongs.
    own = types.FunctionType(call.__code__, draw.__globals__, draw.__name__, None, call.__closure__)
    return cast("Callable[P, Axes]", wraps(draw)(own))


def _check_axes(ax: object) -> None:
    """Refuse axes that cannot be drawn in as these pictures do."""
    if isinstance(ax, Axes) and ax.name != "rectilinear":
        raise OptionError(f"ax has the projection {ax.name!r}; give axes with two straight scales")
    if isinstance(ax, Axes) and ax.get_figure() is None:
        raise OptionError("ax was removed from its figure; give axes that a figure has")


@contextmanager
def _closing_what_is_refused() -> Iterator[None]:
    opened: list[Figure] = []
    before = _opened.set(opened)
    try:
        yield
    except BaseException:
        for figure in opened:
            plt.close(figure)
        raise
    finally:
        _opened.reset(before)


@contextmanager
def off_screen() -> Iterator[None]:
    """Make new figures without pyplot: nothing is shown, and nothing is left open."""
    before = _unseen.set(True)
    try:
        yield
    finally:
        _unseen.reset(before)


def axes_or_new(ax: Axes | None, *, width: float = COLUMN, height: float = COLUMN) -> Axes:
    """Return the axes given, or those of a new figure of a size in inches.

    Their labels are letters, also where a name has the signs of a formula.
    """
    if ax is None and _unseen.get():
        ax = Figure(figsize=(width, height), layout="constrained").subplots()
    elif ax is None:
        figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
        if (opened := _opened.get()) is not None:
            opened.append(figure)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_parse_math(False)
    return ax


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to."""
    return cast(Figure, ax.get_figure(root=True))


def settled(ax: Axes) -> Figure:
    """Return the figure that axes belong to, after its layout engine, if any, has settled sizes."""
    figure = figure_of(ax)
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
    return figure


def size_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of axes in inches."""
    figure = settled(ax)
    extent = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    return float(extent.width), float(extent.height)


def extent_of(ax: Axes, text: str, letters: float = SMALL) -> FloatArray:
    """Return width and height of a text in inches."""
    figure = figure_of(ax)
    warn_of_boxes(figure, text)
    trial = figure.text(0, 0, text, parse_math=False, fontsize=letters, fontfamily=families())
    extent = trial.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    trial.remove()
    return np.array([extent.width, extent.height])


def ink_on(colour: Any) -> str:
    """Return the colour of letters that can be read on a colour: black or white."""
    parts = np.array(to_rgb(colour), dtype=np.float64)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004  sRGB
    return "white" if linear @ [0.2126, 0.7152, 0.0722] < _DARK else INK


def write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    letters: float = LETTERS,
    colour: str = INK,
    on_card: bool = False,
) -> None:
    """Write about a point, above everything else; on a white card if lines pass beneath."""
    warn_of_boxes(figure_of(ax), text)
    card = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
    ax.text(
        x,
        y,
        text,
        fontsize=letters,
        fontfamily=families(),
        color=colour,
        ha="center",
        va="center",
        zorder=3 if on_card else 4,
        bbox=card if on_card else None,
        parse_math=False,
    )


def write_off(
    ax: Axes,
    at: tuple[float, float],
    text: str,
    *,
    of: Any = "data",
    away: tuple[float, float] = (3.0, 0.0),
    colour: str = INK,
    **look: Any,
) -> None:
    """Write small letters some points away from a place, in data or as shares of the axes.

    They begin there, unless they are told to end there or to stand about it.
    """
    warn_of_boxes(figure_of(ax), text)
    usual: dict[str, Any] = {"fontsize": SMALL, "ha": "left", "va": "center"}
    ax.annotate(
        text,
        at,
        away,
        xycoords=of,
        textcoords="offset points",
        fontfamily=families(),
        color=colour,
        annotation_clip=False,
        parse_math=False,
        **usual | look,
    )


def write_at_right(ax: Axes, rows: ArrayLike, texts: Sequence[str], heading: str = "") -> None:
    """Write a text to the right of each row, and a heading above them."""
    if heading:
        away = (3.0, 3.0)
        write_off(ax, (1.0, 1.0), heading, of="axes fraction", away=away, colour=GREY, va="bottom")
    for row, text in zip(np.asarray(rows).tolist(), texts, strict=True):
        write_off(ax, (1.0, row), text, of=("axes fraction", "data"))


def caption(ax: Axes, text: str) -> None:
    """Say above the axes what its numbers are, unless something is written there already."""
    if text and not ax.get_title(loc="left"):
        warn_of_boxes(figure_of(ax), text)
        look: dict[str, Any] = {"fontsize": SMALL, "fontfamily": families(), "color": GREY}
        _fold(ax.set_title(text, loc="left", pad=3, parse_math=False, **look))


def _fold(text: Text) -> None:
    """Break a text into lines at the edges of the figure, one with a dollar after some letters.

    Matplotlib reads formulas where it breaks lines, also in a text that is to be letters alone.
    """
    if "$" in text.get_text():
        text.set_text(*wrapped([text.get_text()], _LETTERS_WIDE))
    else:
        text.set_wrap(True)


def draw_marks(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    full: BoolArray | bool = True,
    label: str = "",
    hollow: str = "",
    marker: str = "o",
    size: float = 4.0,
    colour: str = BLUE,
    **look: Any,
) -> None:
    """Draw marks, first those that are full, then those that are hollow.

    ``label`` is that of all of them, or, if hollow ones have one of their own, of the full ones.
    """
    kinds = [(colour, full, label), ("white", np.logical_not(full), hollow or label)]
    if isinstance(full, bool):
        kinds = [kind for kind in kinds if kind[1]]
    for fill, is_of, text in kinds:
        chosen = np.broadcast_to(is_of, np.shape(x))
        ax.plot(
            np.asarray(x)[chosen],
            np.asarray(y)[chosen],
            marker,
            markersize=size,
            markerfacecolor=fill,
            markeredgecolor=colour,
            label=text if chosen.any() else "",
            **{"zorder": 3} | look,
        )


def add_legend(ax: Axes, *, inside: bool = False, lift: int = 0) -> None:
    """Say what is what, above the axes or inside, in as many columns as there is room for.

    Above the axes it stands some lines higher if lifted.
    """
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return
    warn_of_boxes(figure_of(ax), *map(str, labels))
    place: dict[str, Any] = {"loc": "best"}
    if not inside:
        place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": _columns(ax, labels)}
    look = legend_look(borderaxespad=0.2 + 1.5 * lift * LINE / _AN_EM)
    for text in ax.legend(handles, labels, **place | look).get_texts():
        text.set_parse_math(False)


def legend_look(**more: Any) -> dict[str, Any]:
    """Return how all legends look."""
    return {
        "frameon": False,
        "prop": {"family": families(), "size": SMALL},
        "handlelength": 1.5,
        "handletextpad": 0.4,
        "columnspacing": 0.9,
        "borderpad": 0.2,
        "labelspacing": 0.3,
    } | more


def width_of_legend(ax: Axes, columns: Sequence[Sequence[str]]) -> float:
    """Return the width in inches of a legend with these texts in its columns."""
    widths = [max(extent_of(ax, text)[0] for text in column if text) for column in columns]
    return float(sum(widths) + (1.9 * len(columns) + 0.9 * (len(columns) - 1) + 0.4) * _AN_EM)


def _columns(ax: Axes, labels: Sequence[str]) -> int:
    """Return in how many columns a legend fits above its axes."""
    many = len(labels)
    room = _SURELY_FITS
    for n in range(many, 1, -1):
        # A legend fills its columns one after the other, the first ones with one more.
        parts = [list(part) for part in np.array_split(np.array(labels, dtype=object), n)]
        width = width_of_legend(ax, parts)
        if width > room and room == _SURELY_FITS:
            room = max(room, _room_above(ax))
        if width <= room:
            return n
    return 1


def _room_above(ax: Axes) -> float:
    """Return how many inches there are above axes: to their end, or if alone that of the figure."""
    width, _ = size_of(ax)
    figure = figure_of(ax)
    if len(figure.axes) > 1:
        return width
    return float((figure.bbox.x1 - ax.get_window_extent().x0) / figure.dpi) - 2 * _AN_EM


def tidy(ax: Axes) -> None:
    """Take away what carries no information, and write small."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=SMALL, length=2.5, width=0.6)
    for side in ("left", "bottom"):
        ax.spines[side].set_linewidth(0.6)
    texts = (ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels())
    warn_of_boxes(figure_of(ax), *(text.get_text() for text in texts))
    fonts = families()
    for text in texts:
        text.set_fontfamily(fonts)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(LETTERS)
        _fold(label)


def without_frame(ax: Axes) -> None:
    """Take away the lines at the left and at the bottom, and the ticks."""
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
