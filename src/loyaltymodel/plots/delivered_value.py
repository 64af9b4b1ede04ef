"""Pictures of delivered value: what each component of offers adds and takes away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from loyaltymodel._core.accepted import Label
from loyaltymodel._core.arrays import IntArray
from loyaltymodel._core.catalogue import rows_of
from loyaltymodel._core.tables import number
from loyaltymodel.delivered_value.results import ValueAccount
from loyaltymodel.plots._names import Language, Words, chinese_in, shown_names, words_in, wrapped
from loyaltymodel.plots._rows import row_axes
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    INK,
    LINE,
    PALE,
    SMALL,
    VERMILION,
    legend_look,
    picture,
    size_of,
    tidy,
    width_of_legend,
    write,
    write_off,
)

__all__ = ["stacked", "waterfall"]


def __dir__() -> list[str]:
    return list(__all__)


_LIGHTEST = 0.78  # how far the last shade of a colour goes towards white
_ROOM = 0.1  # beside the bars for a number, of their whole reach
_WIDTH = 0.62  # of a bar, where the next one is 1 away
_ABOVE = 0.46  # from the middle of a bar to the number in the gap above it
_FEW = 4  # entries of a legend in a line
_SUMS = ("total_value", "delivered_value")
_LISTS = ("components_perceived_value", "components_delivered_value")  # with Chinese names
_WORDS: Mapping[Language, Words] = {
    "en": {
        "total_value": "total value",
        "delivered_value": "delivered value",
        "stacked": "Cost (left) and value (right), {}",
        "offer": "{}, {}",
        "money": "money",
        "points": "points",
    },
    "zh": {
        "total_value": "顾客总价值",
        "delivered_value": "顾客让渡价值",
        "stacked": "成本(左)与价值(右),{}",
        "offer": "{},{}",
        "money": "货币",
        "points": "分",
    },
}


@picture
def stacked(
    result: ValueAccount,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw what each component adds to and takes from every offer (顾客总价值与顾客总成本).

    Values are stacked to the right of 0 in shades of blue, costs to the left in shades of
    vermilion, in the order of the account and the darkest first. A diamond and a number show
    the delivered value.

    Parameters
    ----------
    result : ValueAccount
        What to draw.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from component to str, optional
        Names to show instead; also of "delivered_value".
    language : {"en", "zh"}
        Language of the words, and of the components that the library has names for.

    Returns
    -------
    Axes
        The axes, the first offer on top: weighted contributions in the unit of the account.

    Raises
    ------
    OptionError
        If ``names`` names no component of the account, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.delivered_value import value_account
    >>> offers = pd.DataFrame({"product": [9, 6], "monetary": [5, 3]}, index=["A", "B"])
    >>> account = value_account(offers, unit="points", values=["product"], costs=["monetary"])
    >>> plots.delivered_value.stacked(account).get_xlabel()
    'Cost (left) and value (right), points'
    """
    words = words_in(language, _WORDS)
    shown = _shown(result, names, language)
    parts = result.contributions.to_numpy()
    delivered = result.totals["delivered_value"].to_numpy()
    offers = [str(name) for name in result.offers]
    lines = -(-max(len(result.values), len(result.costs)) // _FEW)
    ax, rows = row_axes(ax, offers, row=0.34, more=1.0 + 0.26 * lines)
    right, left = np.zeros(len(rows)), np.zeros(len(rows))
    for k, (part, colour) in enumerate(zip(parts.T, _colours(result), strict=True)):
        start = np.where(part < 0, left, right)
        label = shown[result.components[k]]
        ax.barh(
            rows, part, _WIDTH, start, color=colour, edgecolor="white", linewidth=0.4, label=label
        )
        right += np.maximum(part, 0)
        left += np.minimum(part, 0)
    ax.axvline(0, color=INK, linewidth=0.7)
    (mark,) = ax.plot(
        delivered, rows, "D", markersize=4, color=INK, markeredgecolor="white", markeredgewidth=0.7
    )
    for row, value in zip(rows.tolist(), delivered.tolist(), strict=True):
        write(ax, value, row - _ABOVE, _short(value), letters=SMALL, on_card=True)
    ax.set_ylim(ax.get_ylim()[0], -0.75)
    ax.margins(x=0.05)
    ax.set_xlabel(words["stacked"].format(words[result.unit]))
    tidy(ax)
    _add_legend(ax, len(result.values), len(result.costs), mark, shown["delivered_value"])
    return ax


@picture
def waterfall(
    result: ValueAccount,
    offer: Label,
    *,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the way from the components of an offer to its delivered value (瀑布图).

    Parameters
    ----------
    result : ValueAccount
        What to draw from.
    offer : object
        Name of the offer.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    names : mapping from component to str, optional
        Names to show instead; also of "total_value" and "delivered_value".
    language : {"en", "zh"}
        Language of the words, and of the components that the library has names for.

    Returns
    -------
    Axes
        The axes, read from top to bottom: values add up to the total value, costs take away from
        it, and what is left is the delivered value. Every bar has its number.

    Raises
    ------
    DataError
        If there is no such offer.
    OptionError
        If ``names`` names no component of the account, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import plots
    >>> from loyaltymodel.delivered_value import value_account
    >>> parts = {"product": 9, "monetary": 5}
    >>> account = value_account(parts, unit="points", values=["product"], costs=["monetary"])
    >>> ax = plots.delivered_value.waterfall(account, "offer")
    >>> [text.get_text() for text in ax.texts]
    ['9', '9', '−5', '4']
    """
    words = words_in(language, _WORDS)
    shown = _shown(result, names, language)
    own = result.place_of(offer)
    parts = result.contributions.to_numpy()[own]
    totals = result.totals.iloc[own]
    split = len(result.values)
    after = np.cumsum(parts)
    start = np.insert(after[:-1], 0, 0.0)
    sums = (float(totals["total_value"]), float(totals["delivered_value"]))
    steps = np.concatenate([parts[:split], sums[:1], parts[split:], sums[1:]])
    starts = np.concatenate([start[:split], [0.0], start[split:], [0.0]])
    bars = [*result.values, "total_value", *result.costs, "delivered_value"]
    colours = [*[BLUE] * split, PALE, *[VERMILION] * (len(parts) - split), GREY]
    ax, rows = row_axes(ax, [shown[bar] for bar in bars], row=0.2, more=0.6)
    edges = ["none" if colour != PALE else INK for colour in colours]
    ax.barh(rows, steps, _WIDTH, starts, color=colours, edgecolor=edges, linewidth=0.6)
    ends = starts + steps
    # A thin line from where a bar ends to the next.
    ax.vlines(ends[:-1], rows[:-1] + _WIDTH / 2, rows[1:] - _WIDTH / 2, color=GREY, linewidth=0.6)
    card = {"boxstyle": "square,pad=0.02", "facecolor": "white", "edgecolor": "none"}
    for row, tip, step in zip(rows.tolist(), np.maximum(starts, ends), steps, strict=True):
        write_off(ax, (float(tip), row), _short(step), bbox=card)
    ax.axvline(0, color=INK, linewidth=0.7)
    low, high = min(0.0, starts.min(), ends.min()), max(0.0, starts.max(), ends.max())
    room = _ROOM * (high - low)
    ax.set_xlim(low - (room if low < 0 else 0), high + room)
    ax.set_xlabel(words["offer"].format(result.offers[own], words[result.unit]))
    tidy(ax)
    return ax


def _colours(result: ValueAccount) -> list[tuple[float, ...]]:
    """Return a shade of blue for each value and of vermilion for each cost, darkest first."""
    sides = ((BLUE, len(result.values)), (VERMILION, len(result.costs)))
    darkest = [(0.8 * np.array(to_rgb(base)), n) for base, n in sides]
    return [
        tuple(dark + share * (1 - dark))
        for dark, n in darkest
        for share in np.linspace(0, _LIGHTEST, n)
    ]


def _add_legend(ax: Axes, n_values: int, n_costs: int, mark: Line2D, total: str) -> None:
    """Write above the bars what is what: values, costs and the mark, in lines of their own."""
    handles, labels = ax.get_legend_handles_labels()
    handles, labels = [*handles, mark], [*wrapped(labels), total]
    room = size_of(ax)[0] + LINE
    for columns in range(min(max(n_values, n_costs), _FEW), 0, -1):
        places = _grid(n_values, n_costs, columns)
        texts = [[labels[k] for k in column if k >= 0] for column in places.T]
        if width_of_legend(ax, texts) <= room:
            break
    # A legend fills its columns one after the other; blanks keep values and costs apart.
    blank = Patch(facecolor="none", edgecolor="none")
    legend = ax.legend(
        [handles[k] if k >= 0 else blank for k in places.T.ravel()],
        [labels[k] if k >= 0 else "" for k in places.T.ravel()],
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.02),
        **legend_look(handlelength=0.9, borderaxespad=0.0),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _grid(n_values: int, n_costs: int, columns: int) -> IntArray:
    """Return which entry stands where: values, costs and the mark in lines of their own; or -1."""
    lines = [-(-n // columns) for n in (n_values, n_costs)]
    grid = np.full((sum(lines) + 1, columns), -1)
    grid[: lines[0]].flat[:n_values] = np.arange(n_values)
    grid[lines[0] : -1].flat[:n_costs] = np.arange(n_values, n_values + n_costs)
    grid[-1, 0] = n_values + n_costs
    return grid


def _short(value: float) -> str:
    """Print a number with as many places as it needs, at most two."""
    text = number(value, 2)
    return text.rstrip("0").rstrip(".").replace("-", "−")


def _shown(
    result: ValueAccount, names: Mapping[str, str] | None, language: Language
) -> dict[str, str]:
    """Return the name to show for every component and sum."""
    sums = {key: word for key, word in _WORDS[language].items() if key in _SUMS}
    sides = {"value": result.values, "cost": result.costs}
    rows = [row for name in _LISTS for row in rows_of(name)]
    chinese = {row["id"]: row["chinese"] for row in rows if row["id"] in sides[row["side"]]}
    own = dict(chinese_in(language, chinese)) | sums
    return shown_names([*result.components, *_SUMS], names, own, listed="; what can be named is")
