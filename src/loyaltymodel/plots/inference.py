"""Pictures of uncertainty: intervals side by side, replicates, and how distinct constructs are."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from loyaltymodel._options import check_choice
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GREY,
    INK,
    SMALL,
    VERMILION,
    axes_or_new,
    families,
    tidy,
)
from loyaltymodel.structural import InferenceResult

__all__ = ["forest", "htmt_map", "replicates"]

Kind = Literal[
    "paths",
    "weights",
    "loadings",
    "total_effects",
    "specific_effects",
    "impacts",
    "index",
    "r_squared",
]
_UNITS = {"index": "Index (0-100 points)", "impacts": "Impact (points per point)"}
_DARK = 0.55  # from this share of the colour scale on, white letters read better


def forest(result: InferenceResult, kind: Kind = "paths", *, ax: Axes | None = None) -> Axes:
    """Draw estimates with their intervals, one below the other (森林图).

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    kind : {"paths", "weights", "loadings", "total_effects", "specific_effects", "impacts", \
"index", "r_squared"}
        Which estimates.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes, the first estimate on top. Intervals that leave out 0 have a full mark, the
        others a hollow one; indices and R2, which cannot be below 0, have full marks.

    Raises
    ------
    DataError
        If indices or impacts are asked of a result without ``scale``.
    OptionError
        If ``kind`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> boot = structural.bootstrap(model, survey, n_resamples=200, rng=1)
    >>> plots.inference.forest(boot).get_xlabel()
    'Path coefficient'
    """
    check_choice("kind", kind, Kind)
    table = getattr(result, kind)
    n_labels = list(table.columns).index("estimate")
    rows = np.arange(len(table))
    ax = axes_or_new(ax, height=0.6 + 0.165 * len(table))
    bounded = kind in ("index", "r_squared")
    excluded = (table["ci_low"] > 0) | (table["ci_high"] < 0) | bounded
    if not bounded:
        ax.axvline(0, color=GREY, linewidth=0.7)
    ax.hlines(rows, table["ci_low"], table["ci_high"], color=BLUE, linewidth=1.0)
    for fill, chosen in ((BLUE, excluded), ("white", ~excluded)):
        ax.plot(
            table["estimate"][chosen],
            rows[chosen],
            "o",
            markersize=4,
            markerfacecolor=fill,
            markeredgecolor=BLUE,
        )
    last = table.iloc[:, n_labels - 1] if kind == "specific_effects" else None
    names = (
        last.to_list()
        if last is not None
        else [" → ".join(row) for row in table.iloc[:, :n_labels].itertuples(index=False)]
    )
    ax.set_yticks(rows, names, parse_math=False)
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlabel(_UNITS.get(kind, _title(kind)))
    tidy(ax)
    return ax


def replicates(
    result: InferenceResult, name: tuple[str, ...], *, ax: Axes | None = None, bins: int = 40
) -> Axes:
    """Draw how an estimate varies between resamples (重抽样分布).

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    name : tuple of str
        Kind and name, as :meth:`InferenceResult.difference` takes them, such as
        ``("paths", "satisfaction", "loyalty")``.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    bins : int
        Number of bars.

    Returns
    -------
    Axes
        The axes: a histogram, a full line at the estimate and broken ones at the ends of its
        interval.

    Raises
    ------
    OptionError
        If there is no such quantity.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> boot = structural.bootstrap(model, survey, n_resamples=200, rng=1)
    >>> ax = plots.inference.replicates(boot, ("paths", "satisfaction", "loyalty"))
    >>> ax.get_xlabel()
    'satisfaction → loyalty'
    """
    values, row = result.replicates_of(name), result.row_of(name)
    ax = axes_or_new(ax, height=COLUMN * 0.65)
    ax.hist(values[~np.isnan(values)], bins=bins, color=BLUE, alpha=0.55, edgecolor="white")
    ax.axvline(row["estimate"], color=INK, linewidth=1.0)
    for end in (row["ci_low"], row["ci_high"]):
        ax.axvline(end, color=VERMILION, linewidth=1.0, linestyle="--")
    ax.set_xlabel(" → ".join(name[1:]), parse_math=False)
    ax.set_ylabel("Resamples")
    tidy(ax)
    return ax


def htmt_map(result: InferenceResult, *, threshold: float = 0.9, ax: Axes | None = None) -> Axes:
    """Draw how distinct the constructs are: heterotrait-monotrait ratios of all pairs.

    Parameters
    ----------
    result : InferenceResult
        What to draw.
    threshold : float
        What the ratio of two distinct constructs stays below.
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
        If the threshold is not a number above 0.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> boot = structural.bootstrap(model, survey, n_resamples=200, rng=1)
    >>> len(plots.inference.htmt_map(boot).texts)
    21
    """
    table = result.htmt(threshold=threshold)
    names = list(result.result.model.names)
    # The pairs are listed as the lower triangle of a square, row by row.
    rows, columns = np.tril_indices(len(names), -1)
    ratios, bounds = table["estimate"].to_numpy(), table["ci_high"].to_numpy()
    square = np.full((len(names), len(names)), np.nan)
    square[rows, columns] = ratios
    ax = axes_or_new(ax)
    most = max(1.0, float(np.nanmax(ratios)))
    ax.imshow(square[1:, :-1], cmap="Blues", vmin=0, vmax=most)
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
            color="white" if ratio / most > _DARK else INK,
            bbox={
                "boxstyle": "square,pad=0.25",
                "facecolor": "none",
                "edgecolor": VERMILION if open_question else "none",
            },
        )
    ax.set_xticks(range(len(names) - 1), names[:-1], rotation=45, ha="right", parse_math=False)
    ax.set_yticks(range(len(names) - 1), names[1:], parse_math=False)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily(families())
    tidy(ax)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def _title(kind: str) -> str:
    titles = {"paths": "Path coefficient", "r_squared": "R²", "specific_effects": "Indirect effect"}
    return titles.get(kind, kind.replace("_", " ").capitalize().removesuffix("s"))
