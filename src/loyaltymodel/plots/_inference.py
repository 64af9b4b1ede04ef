"""Pictures of uncertainty: intervals side by side, replicates, and how distinct constructs are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loyaltymodel._core.options import check_choice, check_count
from loyaltymodel.plots._names import (
    Language,
    Words,
    interval_in,
    shown_names,
    words_in,
    wrapped,
)
from loyaltymodel.plots._rows import draw_intervals, row_axes
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    SHADES,
    SMALL,
    VERMILION,
    add_legend,
    axes_or_new,
    caption,
    draw_marks,
    ink_on,
    picture,
    tidy,
    without_frame,
)
from loyaltymodel.structural.results import InferenceResult

__all__ = ["forest", "htmt_map", "replicates"]

Quantity = Literal[
    "paths",
    "weights",
    "loadings",
    "total_effects",
    "specific_effects",
    "impacts",
    "index",
    "r_squared",
]
_ROUTE = 34  # letters of a route in a line
_CELL = 0.5  # inches: a cell of a small map
_WORDS: Mapping[Language, Words] = {
    "en": {
        "paths": "Path coefficient",
        "weights": "Weight",
        "loadings": "Loading",
        "total_effects": "Total effect",
        "specific_effects": "Indirect effect",
        "impacts": "Impact (points per point)",
        "index": "Index (0–100 points)",
        "r_squared": "R²",
        "out": "leaves out 0",
        "in": "holds 0",
        "resamples": "Resamples",
        "estimate": "estimate",
        "alpha": "Cronbach's alpha",
        "rho_a": "rho_A",
        "rho_c": "rho_C",
        "ave": "Average variance extracted",
        "htmt": "Heterotrait-monotrait ratio",
        "map": "heterotrait-monotrait ratio; in a frame: not surely below {:g}",
    },
    "zh": {
        "paths": "路径系数",
        "weights": "权重",
        "loadings": "载荷",
        "total_effects": "总效应",
        "specific_effects": "间接效应",
        "impacts": "影响(每分变动的分数)",
        "index": "指数(0–100 分)",
        "r_squared": "R²",
        "out": "不含 0",
        "in": "含 0",
        "resamples": "重抽样次数",
        "estimate": "估计值",
        "alpha": "克朗巴哈系数",
        "rho_a": "ρ_A",
        "rho_c": "组合信度",
        "ave": "平均方差提取量",
        "htmt": "异质-单质比率",
        "map": "异质-单质比率;加框:不能确定低于 {:g}",
    },
}


@picture
def forest(
    result: InferenceResult,
    quantity: Quantity = "paths",
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw estimates with their intervals, one below the other (森林图).

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    quantity : {"paths", "weights", "loadings", "total_effects", "specific_effects", "impacts", \
"index", "r_squared"}
        Which estimates.
    names : mapping from construct or item to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first estimate on top. Intervals that leave out 0 have a full mark, the
        others a hollow one; indices and R2, which cannot be below 0, have full marks, and so has
        what has no interval, being 1 by definition.

    Raises
    ------
    DataError
        If indices or impacts are asked of a result without ``scale``.
    OptionError
        If ``names`` names no construct or item of the model, or an option is not one of its
        choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> boot = structural.bootstrap(result, survey, n_resamples=200, rng=1)
    >>> plots.structural.forest(boot).get_xlabel()
    'Path coefficient'
    """
    check_choice("quantity", quantity, Quantity)
    words = words_in(language, _WORDS)
    shown = _shown(result, names)
    table = getattr(result, quantity)
    # Before the estimate stand the names of what it is about; of a route the last says all.
    labels = table.iloc[:, : list(table.columns).index("estimate")]
    if quantity == "specific_effects":
        labels = labels.iloc[:, -1:]
    routes = [_route(row, shown) for row in labels.itertuples(index=False)]
    ax, rows = row_axes(ax, routes, row=0.165, more=0.75, letters=_ROUTE)
    low, high = table["ci_low"].to_numpy(), table["ci_high"].to_numpy()
    bounded = quantity in ("index", "r_squared")
    if not bounded:
        ax.axvline(0, color=GREY, linewidth=0.7)
    draw_intervals(ax, rows, low, high, label=interval_in(language, result.level))
    # What is 1 by definition has no interval, and is not 0.
    out = (low > 0) | (high < 0) | np.isnan(low) | bounded
    label, hollow = ("", "") if bounded else (words["out"], words["in"])
    draw_marks(ax, table["estimate"], rows, full=out, label=label, hollow=hollow)
    ax.set_xlabel(words[quantity])
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def replicates(
    result: InferenceResult,
    name: tuple[str, ...],
    *,
    ax: Axes | None = None,
    bins: int = 40,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
) -> Axes:
    """Draw how an estimate varies between resamples (重抽样分布).

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    name : tuple of str
        Quantity and name, as :meth:`InferenceResult.difference` takes them, such as
        ``("paths", "satisfaction", "loyalty")``.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    bins : int
        Number of bars.
    names : mapping from construct or item to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes: a histogram, a full line at the estimate and broken ones at the ends of its
        interval.

    Raises
    ------
    OptionError
        If there is no such quantity, ``bins`` is below 1, ``names`` names no construct or item of
        the model, or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> boot = structural.bootstrap(result, survey, n_resamples=200, rng=1)
    >>> ax = plots.structural.replicates(boot, ("paths", "satisfaction", "loyalty"))
    >>> ax.get_xlabel()
    'Path coefficient: satisfaction → loyalty'
    """
    words = words_in(language, _WORDS)
    shown = _shown(result, names)
    check_count("bins", bins, least=1)
    values, row = result.replicates_of(name), result.row(name)
    ax = axes_or_new(ax, height=COLUMN * 0.65)
    ax.hist(values[~np.isnan(values)], bins=bins, color=BLUE, alpha=0.55, edgecolor="white")
    ax.axvline(row["estimate"], color=INK, linewidth=1.0, label=words["estimate"])
    label = interval_in(language, result.level)
    for end in (row["ci_low"], row["ci_high"]):
        ax.axvline(end, color=VERMILION, linewidth=1.0, linestyle="--", label=label)
        label = ""
    about = _route(name[1:], shown, " – " if name[0] == "htmt" else " → ")
    ax.set_xlabel("\n".join(wrapped([f"{words[name[0]]}: {about}"], 2 * _ROUTE)))
    ax.set_ylabel(words["resamples"])
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax)
    add_legend(ax)
    return ax


@picture
def htmt_map(
    result: InferenceResult,
    *,
    threshold: float = 0.9,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw how distinct the constructs are: heterotrait-monotrait ratios of all pairs.

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    threshold : float
        What the ratio of two distinct constructs stays below.
    names : mapping from construct to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: the darker, the more alike. A ratio whose one-sided bound is not below the
        threshold, so that the two cannot be told apart with confidence, stands in a frame.

    Raises
    ------
    OptionError
        If the threshold is not a number above 0, ``names`` names no construct of the model, or
        ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> boot = structural.bootstrap(result, survey, n_resamples=200, rng=1)
    >>> len(plots.structural.htmt_map(boot).texts)
    21
    """
    words = words_in(language, _WORDS)
    shown = wrapped(shown_names(result.result.model.names, names).values())
    table = result.htmt_test(threshold=threshold)
    k = len(shown)
    # The pairs are listed as the lower triangle of a square, row by row.
    rows, columns = np.tril_indices(k, -1)
    ratios, bounds = table["estimate"].to_numpy(), table["ci_high"].to_numpy()
    square = np.full((k, k), np.nan)
    square[rows, columns] = ratios
    ax = axes_or_new(ax, height=min(COLUMN, 0.8 + _CELL * k))
    most = max(1.0, float(np.nanmax(ratios)))
    ax.imshow(square[1:, :-1], cmap=SHADES, vmin=0, vmax=most)
    for row, column, ratio, bound in zip(
        rows.tolist(), columns.tolist(), ratios, bounds, strict=True
    ):
        open_question = bound >= threshold
        ax.text(
            column,
            row - 1,
            f"{ratio:.2f}",
            fontsize=SMALL,
            ha="center",
            va="center",
            color=ink_on(colormaps[SHADES](ratio / most)),
            bbox={
                "boxstyle": "square,pad=0.25",
                "facecolor": "none",
                "edgecolor": VERMILION if open_question else "none",
            },
        )
    ax.set_xticks(range(k - 1), shown[:-1], rotation=45, ha="right", parse_math=False)
    ax.set_yticks(range(k - 1), shown[1:], parse_math=False)
    tidy(ax)
    without_frame(ax)
    caption(ax, words["map"].format(threshold))
    return ax


def _shown(result: InferenceResult, names: Mapping[str, str] | None) -> dict[str, str]:
    """Return the name to show for every construct and item of the model."""
    model = result.result.model
    return shown_names(model.names, names, more=model.items)


def _route(names: Iterable[str], shown: Mapping[str, str], arrow: str = " → ") -> str:
    """Write names with arrows between them; a route is one name with arrows in it."""
    return arrow.join(shown.get(part, part) for name in names for part in name.split(" -> "))
