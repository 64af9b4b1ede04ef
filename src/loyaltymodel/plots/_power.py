"""Power by the number of respondents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from loyaltymodel._core.options import check_between
from loyaltymodel.planning.results import PowerCurve
from loyaltymodel.plots._names import Language, Words, interval_in, words_in
from loyaltymodel.plots._style import (
    BLUE,
    COLUMN,
    GUIDE,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)

_WORDS: Mapping[Language, Words] = {
    "en": {
        "size": "Respondents",
        "power": "Power",
        "within": "Share of surveys within the margin",
        "curve": "power",
        "share": "share",
        "band": "Monte Carlo error, {}",
        "wanted": "wanted: {:g}",
    },
    "zh": {
        "size": "受访者人数",
        "power": "检验功效",
        "within": "误差不超过界限的调查比例",
        "curve": "功效",
        "share": "比例",
        "band": "蒙特卡罗误差,{}",
        "wanted": "目标:{:g}",
    },
}
_LEVEL, _REACH = 0.95, 1.96  # of the band


@picture
def power_curve(
    result: PowerCurve,
    *,
    power: float | None = 0.8,
    ax: Axes | None = None,
    language: Language = "en",
) -> Axes:
    """Draw power by the number of respondents (功效曲线).

    Parameters
    ----------
    result : PowerCurve
        What ``planning.power`` or ``planning.simulate_power`` returned.
    power : float or None
        The power that is wanted, as a line across; None for no line.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    Axes
        The axes: a mark a size, joined by lines. The band of simulated power reaches 1.96 Monte
        Carlo errors to either side, held within 0 and 1.

    Raises
    ------
    OptionError
        If ``language`` is not one of its choices, or ``power`` does not lie between 0 and 1.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import planning, plots
    >>> found = planning.power(
    ...     planning.Quantity.mean(sd=2), n_obs=range(20, 201, 20), difference=0.8
    ... )
    >>> plots.planning.power_curve(found).get_ylabel()
    'Power'
    """
    words = words_in(language, _WORDS)
    if power is not None:
        check_between("power", power, such_as=0.8)
    ax = axes_or_new(ax, height=COLUMN * 0.8)
    x = np.asarray(result.sizes, dtype=np.float64)
    within = result.within is not None
    if power is not None:
        ax.axhline(power, **GUIDE, label=words["wanted"].format(power))
    if result.n_surveys:
        reach = _REACH * result.power_error
        low, high = (result.power - reach).clip(0, 1), (result.power + reach).clip(0, 1)
        said = words["band"].format(interval_in(language, _LEVEL))
        if len(x) > 1:
            look: dict[str, Any] = {"color": BLUE, "alpha": 0.25, "linewidth": 0, "zorder": 1}
            ax.fill_between(x, low, high, label=said, **look)
        else:
            ax.vlines(x, low, high, color=BLUE, linewidth=1.0, label=said, zorder=2)
    ax.plot(x, result.power, color=BLUE, linewidth=1.2, zorder=2)
    size = 3.5 if len(x) <= 20 else 2.0  # noqa: PLR2004  marks that do not hide each other
    draw_marks(ax, x, result.power, size=size, label=words["share" if within else "curve"])
    ax.set_ylim(0.0, 1.02)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.locator_params(axis="x", nbins=6, integer=True)
    ax.set_xlabel(words["size"])
    ax.set_ylabel(words["within" if within else "power"])
    tidy(ax)
    add_legend(ax)
    return ax
