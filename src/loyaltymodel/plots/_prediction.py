"""Picture of predictions: what is observed where so much is predicted."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from loyaltymodel._core.options import enumerate_names, shown
from loyaltymodel.errors import OptionError
from loyaltymodel.plots._names import Language, Words, interval_in, shown_names, words_in, wrapped
from loyaltymodel.plots._style import (
    BLUE,
    GREY,
    add_legend,
    axes_or_new,
    draw_marks,
    picture,
    tidy,
)
from loyaltymodel.structural.results import PredictivePower

__all__ = ["calibration"]

_WORDS: Mapping[Language, Words] = {
    "en": {
        "predicted": "Predicted {}",
        "observed": "Observed mean",
        "scores": "{} (standard deviations)",
        "equal": "observed as predicted",
        "tenths": "tenths of respondents",
    },
    "zh": {
        "predicted": "预测值:{}",
        "observed": "观测均值",
        "scores": "{}(标准差)",
        "equal": "观测等于预测",
        "tenths": "按预测值十等分",
    },
}
_LETTERS = 44  # of a line under the axis


@picture
def calibration(
    result: PredictivePower,
    target: str | None = None,
    *,
    names: Mapping[str, str] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what was observed where so much was predicted (预测校准图).

    Parameters
    ----------
    result : PredictivePower
        What to draw.
    target : str, optional
        A driven construct or one of its items; the last construct of the model by default.
    names : mapping from construct or item to str, optional
        Names to show instead.
    language : {"en", "zh"}
        Language of the words.
    ax : Axes, optional
        Where to draw; new axes as wide as a journal column by default.

    Returns
    -------
    Axes
        The axes: a mark for each tenth of the respondents, with the interval of the observed mean,
        and the line on which predictions are right on average.

    Raises
    ------
    OptionError
        If nothing was predicted of the target, ``names`` names no construct or item of the model,
        or ``language`` is not one of its choices.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from loyaltymodel import datasets, plots, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> found = structural.plspredict(structural.fit(model, survey), survey, rng=1)
    >>> plots.structural.calibration(found).get_xlabel()
    'Predicted loyalty (standard deviations)'
    """
    words, model = words_in(language, _WORDS), result.result.model
    called = shown_names((*model.names, *model.items), names)
    table = result.calibration
    known = list(dict.fromkeys(table["target"]))
    chosen = model.endogenous[-1] if target is None else target
    if chosen not in known:
        raise OptionError(
            f"nothing is predicted of {shown(chosen)}; targets are {enumerate_names(known)}"
        )
    table = table[table["target"] == chosen]
    ax = axes_or_new(ax)
    ax.axline((table["predicted"].iloc[0],) * 2, slope=1, color=GREY, linewidth=0.8, zorder=1,
              label=words["equal"])  # fmt: skip
    label = interval_in(language, result.observed_means.level)
    ax.vlines(
        table["predicted"], table["ci_low"], table["ci_high"], color=BLUE, linewidth=1.0,
        label=label,
    )  # fmt: skip
    draw_marks(ax, table["predicted"], table["estimate"], label=words["tenths"])
    name = str(called[chosen])
    about = words["scores"].format(name) if chosen in model.endogenous else name
    ax.set_xlabel("\n".join(wrapped([words["predicted"].format(about)], _LETTERS)))
    ax.set_ylabel(words["observed"])
    tidy(ax)
    add_legend(ax)
    return ax
