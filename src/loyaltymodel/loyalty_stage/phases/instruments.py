"""Instruments of the field: Oliver's four phases, and loyalty in three components."""

from __future__ import annotations

from collections.abc import Mapping

from loyaltymodel._core.scales import Pair

Phases = list[dict[str, object]]


def oliver(
    *,
    price_tolerance: Pair,
    volume: Pair,
    frequency: Pair,
    duration: Pair,
    answers: Pair,
    likelihood: Pair,
) -> Phases:
    """Return the four phases with their eleven indicators."""
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
    return _phases(rows)


def three_components(*, repurchase: Pair, answers: Pair) -> Phases:
    """Return the three components with their five indicators."""
    rated = {"scale": answers, "unit": "answer"}
    return _phases(
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


def _open(scale: Pair, unit: str) -> dict[str, object]:
    """Describe a count that has no highest value by nature."""
    return {"scale": scale, "unit": unit, "beyond": "cap"}


def _phases(
    rows: Mapping[tuple[str, str], tuple[tuple[str, str, str, Mapping[str, object]], ...]],
) -> Phases:
    return [
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
