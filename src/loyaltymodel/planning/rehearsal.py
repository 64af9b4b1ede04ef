"""A survey before it is held: raw answers as they would arrive."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_count, check_share, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.simulate import Kind, Truth, simulate
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale, is_turned
from loyaltymodel.survey.questionnaires.specification import Questionnaire


@checked
def rehearse(
    codebook: Codebook | Questionnaire,
    truth: Truth,
    n_obs: int,
    *,
    model: StructuralModel | None = None,
    rng: np.random.Generator | int | None = None,
    kind: Kind = "factor",
    missing_share: float = 0.0,
    dont_know_share: float = 0.0,
    careless_share: float = 0.0,
) -> pd.DataFrame:
    """Return raw answers as they would arrive, drawn from a model (预演数据).

    The table is what the fieldwork would deliver: each item on its own scale and in its raw
    direction, with codes for "don't know", gaps, and respondents who did not read. The whole
    analysis can be written and tried on it, and what it finds held against the truth.

    Parameters
    ----------
    codebook : Codebook or Questionnaire
        What is asked; it has all items of the model.
    truth : Truth
        The world. Means and deviations are those of the answers after reading, in which a high
        number means much of the construct.
    n_obs : int
        Respondents.
    model : StructuralModel, optional
        Constructs, items and paths; by default those that a questionnaire claims.
    rng : Generator, int or None
        Randomness.
    kind : {"factor", "composite"}
        What the constructs are; see :func:`~loyaltymodel.structural.population`.
    missing_share : float
        Share of answers that are missing, by chance alone.
    dont_know_share : float
        Share of answers that are "don't know", of items that have a code for it.
    careless_share : float
        Share of respondents who tick the same place of the scale all the way down, whatever is
        asked, and leave nothing out.

    Returns
    -------
    DataFrame
        ``n_obs`` rows, a column an item of the codebook, in its order. Items that are not in the
        model are answered at random.

    Raises
    ------
    ModelError
        If the truth does not fit the model.
    OptionError
        If there is no model, the codebook lacks items of it, a mean is off its scale, or no item
        has a code for "don't know".

    Notes
    -----
    Answers are normal, rounded to the steps of their scale and held within its limits, which
    attenuates correlations a little. Codes and gaps come by chance alone; answers that are
    missing for a reason are not rehearsed.

    Examples
    --------
    The second item is worded against its construct, so that its raw answers fall where the first
    rise, until the codebook has read them:

    >>> from loyaltymodel import planning
    >>> from loyaltymodel.structural import StructuralModel, Truth
    >>> from loyaltymodel.survey import Codebook, Item, Scale
    >>> ten = Scale(lowest=1, highest=10, dont_know=[99])
    >>> items = [
    ...     Item(name="s1", scale="ten"), Item(name="s2", scale="ten", reversed=True),
    ...     Item(name="l1", scale="ten"),
    ... ]
    >>> book = Codebook(title="pilot", scales={"ten": ten}, items=items)
    >>> model = StructuralModel.from_text("s =~ s1 + s2; l =~ l1; l ~ s")
    >>> truth = Truth(
    ...     paths={("s", "l"): 0.6}, loadings={"s1": 0.9, "s2": 0.9, "l1": 1}, means=6, deviations=2
    ... )
    >>> raw = planning.rehearse(book, truth, 2000, model=model, rng=1)
    >>> bool(raw["s1"].corr(raw["s2"]) < -0.7)
    True
    >>> read = book.clean(raw)
    >>> bool(read["s1"].corr(read["s2"]) > 0.7)
    True
    """
    check_count("n_obs", n_obs, least=1)
    shares = {
        "missing_share": missing_share,
        "dont_know_share": dont_know_share,
        "careless_share": careless_share,
    }
    for name, share in shares.items():
        check_share(name, share)
    if missing_share + dont_know_share > 1:
        raise OptionError("missing_share and dont_know_share are more than all answers together")
    if model is None:
        if not isinstance(codebook, Questionnaire):
            raise OptionError(
                "a codebook claims no paths; give model, or a questionnaire, which has one"
            )
        model = StructuralModel.from_text(codebook.model)
    if isinstance(codebook, Questionnaire):
        codebook = codebook.codebook
    known = {item.name for item in codebook.items}
    if absent := [name for name in model.items if name not in known]:
        raise OptionError(
            f"the codebook has no item {enumerate_names(absent)}, which the model needs; add them"
        )
    codes = {item.name: _codes(codebook, item) for item in codebook.items}
    if dont_know_share and not any(codes.values()):
        raise OptionError(
            'no item has a code for "don\'t know"; give its scale one, such as dont_know=[99], or '
            "leave dont_know_share at 0"
        )
    answers, outside, who, lapses, places = np.random.default_rng(rng).spawn(5)
    drawn = simulate(model, truth, n_obs, answers, kind=kind)
    careless = who.random(n_obs) < careless_share
    ticked = places.random(n_obs)
    columns = {}
    for item in codebook.items:
        scale = codebook.scales[item.scale]
        values = _raw(scale, item, drawn, outside, n_obs)
        straight = scale.lowest + ticked * (scale.highest - scale.lowest)
        values = np.where(careless, _on_steps(scale, straight), values)
        lapse = np.where(careless, 1.0, lapses.random(n_obs))
        values = np.where(lapse < missing_share, np.nan, values)
        if codes[item.name]:
            unknown = (lapse >= missing_share) & (lapse < missing_share + dont_know_share)
            values = np.where(unknown, codes[item.name][0], values)
        columns[item.name] = values
    return pd.DataFrame(columns)


def _raw(
    scale: Scale, item: Item, drawn: pd.DataFrame, rng: np.random.Generator, n: int
) -> FloatArray:
    """Return the answers (n,) to an item in its raw direction."""
    if item.name not in drawn.columns:
        return _on_steps(scale, rng.uniform(scale.lowest, scale.highest, n))
    values = drawn[item.name].to_numpy(dtype=np.float64)
    middle = float(np.median(values))
    spread = float(values.std())
    if not scale.lowest - spread <= middle <= scale.highest + spread:
        raise OptionError(
            f"answers to {item.name!r} lie about {middle:.3g}, off the scale {scale.lowest:g} to "
            f"{scale.highest:g}; give means and deviations in answer units, such as "
            "Truth(means=7, deviations=2)"
        )
    if is_turned(scale, item):
        values = scale.lowest + scale.highest - values
    return _on_steps(scale, values)


def _on_steps(scale: Scale, values: FloatArray) -> FloatArray:
    """Round to the steps of a scale, and hold within its limits."""
    if scale.step is not None:
        values = scale.lowest + np.rint((values - scale.lowest) / scale.step) * scale.step
    return np.asarray(values.clip(scale.lowest, scale.highest))


def _codes(codebook: Codebook, item: Item) -> list[float]:
    return [*item.dont_know, *codebook.scales[item.scale].dont_know]
