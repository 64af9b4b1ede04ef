"""Instruments of the field: Oliver's four phases, and loyalty in three components."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel.loyalty_stage.phases.indicators import PhaseInstrument


@checked
def oliver_instrument(
    *,
    price_tolerance: Pair,
    volume: Pair,
    frequency: Pair,
    duration: Pair,
    answers: Pair = (1.0, 10.0),
    likelihood: Pair = (0.0, 1.0),
) -> PhaseInstrument:
    """Return the eleven indicators of Oliver's four phases (认知/情感/意向/行为忠诚).

    Four of them have no scale by nature. What range stands for 0 and for 100 points must be
    said: a price rise of 20 % is much for petrol and little for a hairdresser.

    Parameters
    ----------
    price_tolerance : pair of float
        Price rise that a customer puts up with before leaving, as a share of the price: what
        counts as none and as full, such as (0, 0.2).
    volume, frequency, duration : pair of float
        The same for the volume bought per period, the number of purchases per period, and the
        time since the first purchase. The units are the user's; only the range matters.
    answers : pair of float
        Lowest and highest answer to the five questions that are rated.
    likelihood : pair of float
        Lowest and highest value of the two likelihoods, (0, 100) if they are in percent.

    Returns
    -------
    PhaseInstrument
        Cognitive: ``think_first``, ``choose_first``, ``price_tolerance``,
        ``preference_over_rivals``. Affective: ``positive_emotion``, ``negative_emotion``, which
        is reversed. Conative: ``wish_to_continue``, ``pursuit``. Action: ``volume``,
        ``frequency``, ``duration``. What has no scale by nature is capped at its range.

    Raises
    ------
    ModelError
        If a range is not two finite numbers with the lower one first.

    See Also
    --------
    phase_scores : Scores of customers by this instrument.
    three_component_instrument : The variant with three components.

    Notes
    -----
    The phases are Oliver's [1]_. The list of indicators, 4 + 2 + 2 + 3, is a teaching text's;
    the Chinese is in its words (001:8-10). It has no questions, units or scales, so the texts and
    units here are ours.

    References
    ----------
    .. [1] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63(4, special
       issue), 33-44.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> instrument = loyalty_stage.oliver_instrument(
    ...     price_tolerance=(0, 0.2), volume=(0, 1200), frequency=(0, 12), duration=(0, 5)
    ... )
    >>> {phase.name: len(phase.indicators) for phase in instrument.phases}
    {'cognitive': 4, 'affective': 2, 'conative': 2, 'action': 3}
    >>> [i.name for phase in instrument.phases for i in phase.indicators
    ...  if i.direction == "negative"]
    ['negative_emotion']
    """
    rated = {"scale": answers, "unit": "answer"}
    likely = {"scale": likelihood, "unit": "likelihood"}
    rows = {
        ("cognitive", "认知忠诚"): (
            (
                "think_first",
                "首先想到本企业产品与服务的可能性",
                "thinks of us first when in need",
                likely,
            ),
            ("choose_first", "首先选择本企业的可能性", "chooses us first among suppliers", likely),
            (
                "price_tolerance",
                "能够承受的价格浮动范围",
                "price rise at which the customer would still stay",
                _open(price_tolerance, "share of the price"),
            ),
            (
                "preference_over_rivals",
                "与竞争对手比较,偏爱本企业的程度",
                "prefers us to rivals",
                rated,
            ),
        ),
        ("affective", "情感忠诚"): (
            ("positive_emotion", "积极情绪", "positive emotions towards firm and product", rated),
            (
                "negative_emotion",
                "消极情绪",
                "negative emotions towards firm and product",
                rated | {"direction": "negative"},
            ),
        ),
        ("conative", "意向忠诚"): (
            ("wish_to_continue", "保持关系的愿望", "wishes to keep the relationship", rated),
            (
                "pursuit",
                "追求自己所偏爱的品牌的机会",
                "goes to some length to get the brand",
                rated,
            ),
        ),
        ("action", "行为忠诚"): (
            ("volume", "购买量", "volume bought", _open(volume, "volume per period")),
            ("frequency", "购买频率", "purchases", _open(frequency, "purchases per period")),
            ("duration", "交易持续的时间", "time as a customer", _open(duration, "time")),
        ),
    }
    return _instrument(rows)


@checked
def three_component_instrument(*, repurchase: Pair, answers: Pair = (1.0, 10.0)) -> PhaseInstrument:
    """Return the three-component view of loyalty (情感忠诚、行为忠诚、意识忠诚).

    Parameters
    ----------
    repurchase : pair of float
        Range of the number of repeat purchases that counts as none and as full.
    answers : pair of float
        Lowest and highest answer to the questions that are rated.

    Returns
    -------
    PhaseInstrument
        Affective: identification with the firm's ideas (MI), its conduct (BI) and its visual
        identity (VI). Behavioural: ``repurchase``. Intentional: ``future_intention``.

    Raises
    ------
    ModelError
        If a range is not two finite numbers with the lower one first.

    See Also
    --------
    component_map : How the components answer to Oliver's phases.

    Notes
    -----
    The three components are those of a teaching text, for which no source in the literature is
    known. They have no cognitive part, and they stand side by side: the text claims no order,
    so the order here is that of the text and gating by it has no theory behind it. That the text
    means the three parts of corporate identity (MI, BI, VI) is this library's reading.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.three_component_instrument(repurchase=(0, 12)).names
    ('affective', 'behavioural', 'intentional')
    """
    rated = {"scale": answers, "unit": "answer"}
    return _instrument(
        {
            ("affective", "情感忠诚"): (
                ("mind_identity", "企业的理念", "identifies with the firm's ideas", rated),
                ("behaviour_identity", "企业的行为", "identifies with its conduct", rated),
                ("visual_identity", "企业的视觉形象", "identifies with its visual image", rated),
            ),
            ("behavioural", "行为忠诚"): (
                ("repurchase", "重复购买", "repeat purchases", _open(repurchase, "purchases")),
            ),
            ("intentional", "意识忠诚"): (
                ("future_intention", "未来消费意向", "intends to buy in future", rated),
            ),
        }
    )


def component_map() -> pd.DataFrame:
    """Return how the three components answer to Oliver's four phases.

    Returns
    -------
    DataFrame
        A row a phase: ``phase``, ``phase_chinese``, ``component``, ``component_chinese`` and
        ``note``; the component is empty where there is none.

    Notes
    -----
    The mapping is ours, by the wording of the two lists.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> table = loyalty_stage.component_map()
    >>> dict(zip(table["phase"], table["component"], strict=True))
    {'cognitive': '', 'affective': 'affective', 'conative': 'intentional', 'action': 'behavioural'}
    """
    rows = (
        ("cognitive", "认知忠诚", "", "", "the three components have no cognitive part"),
        ("affective", "情感忠诚", "affective", "情感忠诚", "emotions there, identification here"),
        ("conative", "意向忠诚", "intentional", "意识忠诚", "意识 is read as intention"),
        ("action", "行为忠诚", "behavioural", "行为忠诚", "repurchase is a part of action"),
    )
    columns = ["phase", "phase_chinese", "component", "component_chinese", "note"]
    return pd.DataFrame(list(rows), columns=columns)


def _open(scale: Pair, unit: str) -> dict[str, object]:
    """Describe a count that has no highest value by nature."""
    return {"scale": scale, "unit": unit, "beyond": "cap"}


def _instrument(
    rows: Mapping[tuple[str, str], tuple[tuple[str, str, str, Mapping[str, object]], ...]],
) -> PhaseInstrument:
    return PhaseInstrument.model_validate(
        {
            "phases": [
                {
                    "name": name,
                    "chinese": chinese,
                    "indicators": [
                        {"name": own, "chinese": term, "text": text, **how}
                        for own, term, text, how in indicators
                    ],
                }
                for (name, chinese), indicators in rows.items()
            ]
        }
    )
