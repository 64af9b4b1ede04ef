"""Types of loyalty as a map of customers, with the sizes of its four cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.catalogue import chinese_of
from loyaltymodel._core.options import check_flag
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.types.fit import as_ranks
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.schemes import NO_SUPERIORITY, RELATIVE_CLASSES, SCHEMES
from loyaltymodel.plots import _matrix
from loyaltymodel.plots._labels import Caption, caption_cells
from loyaltymodel.plots._matrix import Shares, Show
from loyaltymodel.plots._names import (
    Language,
    Words,
    chinese_in,
    shown_names,
    words_in,
    wrapped,
)
from loyaltymodel.plots._style import COLUMN, GREY, INK, axes_or_new, picture, tidy

_WORDS: Mapping[Language, Words] = {
    "en": {
        "attitude": "Attitude (score)",
        "relative": "Relative attitude (score)",
        "classes": "Relative attitude (class)",
        "differentiation": "Differentiation (score)",
        "patronage": "Repeat patronage (share or score)",
        "portfolio": "Portfolio (number of brands)",
        "involvement": "Involvement (score)",
        "fortitude": "Fortitude (score)",
        "support": "Social support (score)",
        "customers": "Customers",
        "probability": "Probability of the type",
        "outside": "{}: × {}",
        NO_SUPERIORITY: NO_SUPERIORITY,
    },
    "zh": {
        "attitude": "态度(得分)",
        "relative": "相对态度(得分)",
        "classes": "相对态度(等级)",
        "differentiation": "差异化程度(得分)",
        "patronage": "重复购买(份额或得分)",
        "portfolio": "购买的品牌数",
        "involvement": "投入程度(得分)",
        "fortitude": "个人意志(得分)",
        "support": "社会支持(得分)",
        "customers": "客户数",
        "probability": "所属类型的概率",
        "outside": "{}:× {}",
        NO_SUPERIORITY: "不认为产品优越",
    },
}


@picture
def type_map(
    result: LoyaltyTypes,
    first: Variable,
    second: Variable,
    *,
    customers: pd.DataFrame,
    data: Data | None = None,
    show: Show = "auto",
    shares: Shares = "observed",
    uncertainty: bool = False,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw customers by the two variables of their types, with the sizes of the types (忠诚类型图).

    Parameters
    ----------
    result : LoyaltyTypes
        What ``loyalty_stage.loyalty_types`` returned. It keeps no scores.
    first, second : Series, array of shape (n,) or str
        The two variables that were sorted, or names of columns of ``data``. Customers with a
        missing value are left out, as they were then.
    customers : DataFrame
        The customers that were returned beside the result.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    show : {"auto", "customers", "density"}
        Draw a mark for each customer, or how many there are at each place; by default customers
        up to 1,500 of them. Scores with steps are shifted by up to 0.4 of a step, so that
        customers with the same scores are all seen.
    shares : {"observed", "true"}
        Which shares are written: of the scores as observed, or of the true scores.
    uncertainty : bool
        Whether the shade is the probability of the type that a customer got, of a density the
        mean of those at a place. The darker, the surer.
    names : mapping from type to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of labels, and of the types.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: the first variable of the matrix upwards, the second to the right. Lines are
        the cut-offs; one that customers have exactly is drawn halfway to the next score on its
        other side. Above and below stand the types with their share in percent, and in brackets
        its interval. Customers to whom the matrix does not apply are grey crosses, and in no
        density; their share stands at the bottom.

    Raises
    ------
    DataError
        If the variables are not those of the customers who were sorted, or true shares or
        ``uncertainty`` are asked of a result without reliability.
    OptionError
        If ``result`` is of another kind, ``names`` names no type, or an option is not one of
        its choices.

    Notes
    -----
    Marks count every customer once; shares count them with their weights.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import loyalty_stage, plots
    >>> attitude, share = [8, 8, 3, 3], [0.9, 0.2, 0.9, 0.2]
    >>> result, customers = loyalty_stage.loyalty_types(
    ...     attitude, share, matrix="dick_basu", scale=(1, 10)
    ... )
    >>> ax = plots.loyalty_stage.type_map(result, attitude, share, customers=customers)
    >>> ax.get_ylabel()
    'Relative attitude (score)'
    """
    check_flag("uncertainty", uncertainty)
    words = words_in(language, _WORDS)
    if result.reliability is None and (uncertainty or shares == "true"):
        raise DataError(
            "there are neither probabilities nor true shares, because no reliability was given "
            'when customers were sorted; sort again with it, or choose shares="observed" and '
            "uncertainty=False"
        )
    texts = _texts(result, shares, names, language)
    _check_customers(customers, with_probabilities=uncertainty)
    y, x = _scores(result, customers, first, second, data)
    ax = axes_or_new(ax, height=COLUMN * 0.9)
    inside = (customers["type"] != NO_SUPERIORITY).to_numpy()
    sure = _own_probability(customers)[inside] if uncertainty else None
    _draw_customers(ax, x, y, inside, show, words, sure=sure)
    up = result.ties == "high"
    right, upwards = (
        _matrix.between(values[inside], result.cuts[name], upwards=up)
        for values, name in ((x, result.variables[1]), (y, result.variables[0]))
    )
    upright, across = (result.scale.get(name, ()) for name in result.variables)
    ax.set_xlim(*_matrix.limits(x, right, *across))
    ax.set_ylim(*_matrix.limits(y, upwards, *upright))
    _label_axes(ax, result, words, language)
    _write_cells(ax, result, (right, upwards), texts)
    return ax


def _check_customers(customers: object, *, with_probabilities: bool) -> None:
    """Refuse a table that is not the one that was returned beside a result."""
    columns = list(customers.columns) if isinstance(customers, pd.DataFrame) else []
    types = customers["type"] if columns.count("type") == 1 else None  # type: ignore[index]
    if types is not None and isinstance(types.dtype, pd.CategoricalDtype):
        needed = types.dtype.categories if with_probabilities else ()
        if all(columns.count(name) == 1 for name in needed):
            return
    raise OptionError(
        "customers is no table with one column 'type' of categories, and one with the probability "
        "of each of them; give the table of customers that was returned beside the result"
    )


def _scores(
    result: LoyaltyTypes,
    customers: pd.DataFrame,
    first: Variable,
    second: Variable,
    data: object,
) -> FloatArray:
    """Return the variables (2, n) of the customers who were sorted, in their order."""
    if result.from_classes:
        first, _ = as_ranks(first, data)
    given = dict(zip(result.variables, (first, second), strict=True))
    variables = read_variables(given, data=data, missing="drop")
    both = np.array([variables[name] for name in result.variables], dtype=np.float64)
    if variables.labels.equals(customers.index):
        return both
    # Some had a missing value of something else, and were not sorted.
    places = np.array([-1])
    if variables.labels.is_unique and customers.index.is_unique:
        places = variables.labels.get_indexer(customers.index)
    if (places < 0).any() or len(places) != result.n_obs:
        raise DataError(
            f"there are {variables.n_rows} customers with both variables, and not with the labels "
            f"of the {len(customers)} who were sorted; give what the types were made from"
        )
    return both[:, places]


def _own_probability(customers: pd.DataFrame) -> FloatArray:
    """Return the probability of the type that each customer got."""
    types = customers["type"].cat
    likely = customers[list(types.categories)].to_numpy(dtype=np.float64)
    return likely[np.arange(len(likely)), types.codes.to_numpy()]


def _draw_customers(
    ax: Axes,
    x: FloatArray,
    y: FloatArray,
    inside: BoolArray,
    show: Show,
    words: Mapping[str, str],
    *,
    sure: FloatArray | None,
) -> None:
    if not _matrix.draws_marks(show, len(x)):
        if sure is None:
            _matrix.draw_density(ax, x[inside], y[inside], words["customers"])
        else:
            _matrix.draw_shaded_density(ax, x[inside], y[inside], sure, words["probability"])
        return
    # Shifted together, so that nobody outside hides one inside.
    places = _matrix.spread_out(x, y)
    if sure is None:
        _matrix.draw_marks_of(ax, places[inside])
    else:
        _matrix.draw_shaded_marks(ax, places[inside], sure, words["probability"])
    if not inside.all():
        ax.plot(*places[~inside].T, "x", color=GREY, markersize=2.5, markeredgewidth=0.6, zorder=2)


def _label_axes(
    ax: Axes, result: LoyaltyTypes, words: Mapping[str, str], language: Language
) -> None:
    upwards, right = result.variables
    label = upwards
    if result.matrix == "dick_basu":
        label = "classes" if result.from_classes else "relative"
    ax.set_xlabel(words[right])
    ax.set_ylabel(words[label])
    _matrix.score_ticks(ax)
    if result.from_classes:
        chinese = chinese_of("types_relative_attitude")
        shown = shown_names(RELATIVE_CLASSES, None, chinese_in(language, chinese))
        ax.set_yticks(range(len(shown)), [*shown.values()], parse_math=False)
        ax.set_ylim(min(ax.get_ylim()[0], -0.5), max(ax.get_ylim()[1], len(shown) - 0.5))
    tidy(ax)


def _write_cells(
    ax: Axes, result: LoyaltyTypes, cuts: tuple[float, float], texts: Mapping[str, str]
) -> None:
    """Draw the cut-offs, and write the types above and below the halves that they are in."""
    scheme = SCHEMES[result.matrix]
    left, right = ax.get_xlim()
    spans = [(left, cuts[0]), (cuts[0], right)]
    below, above = (
        [Caption(texts[name], *span) for name, span in zip(names, spans, strict=True)]
        for names in (scheme.cells[:2], scheme.cells[2:])
    )
    note = texts.get(scheme.outside, "") if scheme.outside is not None else ""
    low, high = caption_cells(ax, above, below, note)
    ax.hlines(cuts[1], left, right, color=INK, linewidth=0.8, zorder=3)
    ax.vlines(cuts[0], low, high, color=INK, linewidth=0.8, zorder=3)


def _texts(
    result: LoyaltyTypes, shares: Shares, names: Mapping[str, str] | None, language: Language
) -> dict[str, str]:
    """Return what is written about each type: its name, share and interval."""
    words = _WORDS[language]
    chinese = chinese_in(language, chinese_of(f"types_{result.matrix}"))
    own = dict(chinese) | {NO_SUPERIORITY: words[NO_SUPERIORITY]}
    shown = wrapped(shown_names(result.names, names, own).values())
    texts = {}
    for (name, share), label in zip(
        _matrix.share_texts(result, shares).items(), shown, strict=True
    ):
        outside = name == NO_SUPERIORITY
        texts[name] = words["outside"].format(label, share) if outside else f"{label}\n{share}"
    return texts
