"""What each phase rests on, what endangers it, and what to do: texts as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_choice, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError

ChecklistName = Literal["strategies", "measures", "enhancement", "database", "principles", "levers"]

_ASSIGNED = ("strategies", "measures", "principles", "levers")
_OLIVER = "usually attributed to Oliver (1999), Journal of Marketing 63 (special issue), 33-44"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Advice:
    """A phase; numbers are places in the lists of the same name, counted from 1."""

    phase: str
    chinese: str
    rests_on: str
    vulnerable_to: tuple[str, ...]
    strategies: tuple[int, ...]
    measures: tuple[int, ...]
    principles: tuple[int, ...]
    levers: tuple[int, ...]


_FALLING, _NEW = "performance that falls", "the wish to try something new"

_PHASES = (
    _Advice(
        phase="cognitive",
        chinese="认知忠诚",
        rests_on="beliefs about the offer: its price and what it can do",
        vulnerable_to=("better prices or features elsewhere, real or imagined", _FALLING, _NEW),
        strategies=(1,),
        measures=(2,),
        principles=(1, 2, 4),
        levers=(1, 4),
    ),
    _Advice(
        phase="affective",
        chinese="情感忠诚",
        rests_on="a liking that grew from satisfying use",
        vulnerable_to=("dissatisfaction", "a growing liking for a rival", _FALLING, _NEW),
        strategies=(2,),
        measures=(1, 3),
        principles=(3, 5, 6, 8),
        levers=(1, 2),
    ),
    _Advice(
        phase="conative",
        chinese="意向忠诚",
        rests_on="the intention to buy again, and to stay",
        vulnerable_to=("persuasive arguments of rivals", "samples and coupons of rivals", _FALLING),
        strategies=(2,),
        measures=(1, 2, 3),
        principles=(7, 8, 9),
        levers=(2, 3),
    ),
    _Advice(
        phase="action",
        chinese="行为忠诚",
        rests_on="the habit of acting on the intention, against obstacles",
        vulnerable_to=("a product that is hard to get", "obstacles that grow", _FALLING),
        strategies=(3,),
        measures=(3, 4),
        principles=(7, 9, 10),
        levers=(3, 4),
    ),
)

# Name, English, Chinese; numbered from 1 in the order of the texts.
_LISTS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "strategies": (
        "LOY-14",
        (
            ("acquire", "win new customers", "获取新的客户"),
            ("keep", "keep the customers there are", "保持现有客户"),
            ("refer", "let old customers bring new ones", "由老客户创造新客户"),
        ),
    ),
    "measures": (
        "LOY-15",
        (
            ("treatment", "preferential treatment", "优先礼遇"),
            ("rewards", "tangible rewards", "有形的回馈"),
            ("values", "shared values", "共同的价值观"),
            ("switching_cost", "higher switching costs", "提高转移成本"),
        ),
    ),
    "enhancement": (
        "LOY-17",
        (
            (
                "customer_database",
                "a customer database: core customers, what people buy, exits",
                "建立顾客数据库",
            ),
            (
                "internal_service",
                "good service to employees, who stay in turn",
                "提高内部服务质量,重视员工忠诚的培养",
            ),
            ("reasonable_price", "a reasonable price", "制定合理的产品价格"),
            ("switching_threshold", "a higher threshold to switching", "提升顾客转换的“门槛”"),
        ),
    ),
    "database": (
        "LOY-17",
        (
            (
                "core_customers",
                "know the core customers: who prefers us, brings a profit, is of high value",
                "核心顾客识别系统",
            ),
            (
                "purchase_behaviour",
                "know what each customer usually buys, and how often",
                "顾客购买行为参考系统",
            ),
            ("exit_management", "see who leaves, learn why, and improve", "顾客退出管理系统"),
        ),
    ),
    "principles": (
        "LOY-19",
        (
            ("quality_and_price", "control quality and price", "控制产品质量和价格"),
            ("know_products", "know one's products", "了解企业的产品"),
            ("know_customers", "know one's customers", "了解企业的客户"),
            ("service_quality", "raise the quality of service", "提高服务质量"),
            ("satisfaction", "raise satisfaction", "提高客户满意度"),
            ("exceed_expectations", "exceed expectations", "超越客户期待"),
            ("individual_needs", "meet individual needs", "满足客户个性化要求"),
            ("handle_problems", "handle problems right", "正确处理客户问题"),
            ("simple_purchase", "make buying simple", "让购买程序变得简单"),
            ("internal_customers", "serve internal customers", "服务内部客户"),
        ),
    ),
    "levers": (
        "LOY-25",
        (
            ("quality", "offer a good product or service", "提供优质的产品或服务"),
            ("deeper_relation", "deepen the relationship", "建立更深层次的关系"),
            ("programme", "reward loyalty by a programme", "通过忠诚客户计划奖励他们的忠诚"),
            ("targeted_marketing", "targeted marketing", "通过有针对性的市场推广"),
        ),
    ),
}


def phase_advice() -> pd.DataFrame:
    """Return what each of Oliver's phases rests on, what endangers it, and what to do.

    Returns
    -------
    DataFrame
        A row a phase: ``phase``, ``chinese``, ``rests_on``, ``vulnerable_to``, ``reference``
        and ``status`` of the two before ("recalled": named from memory, not checked against
        the article), then ``strategies``, ``measures``, ``principles`` and ``levers`` with
        ``origin`` "assigned": the lists are the texts', which phase they suit is our choice.

    See Also
    --------
    checklist : The lists themselves.
    oliver : The phase of each customer.

    Notes
    -----
    That each phase has weaknesses of its own, and that a later phase is the safer one, is the
    point of the sequence. The texts here are paraphrases. Of the article only the abstract and
    a quotation on the cognitive phase were checked.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> texts = loyalty_stage.phase_advice()
    >>> dict(zip(texts["phase"], texts["strategies"], strict=True))["action"]
    'let old customers bring new ones'
    """
    rows = []
    for row in _PHASES:
        listed = {
            name: "; ".join(_LISTS[name][1][k - 1][1] for k in getattr(row, name))
            for name in _ASSIGNED
        }
        rows.append(
            {
                "phase": row.phase,
                "chinese": row.chinese,
                "rests_on": row.rests_on,
                "vulnerable_to": "; ".join(row.vulnerable_to),
                "reference": _OLIVER,
                "status": "recalled",
                **listed,
                "origin": "assigned",
            }
        )
    return pd.DataFrame(rows)


def loyalty_levels() -> pd.DataFrame:
    """Return the three levels of loyal customers and the strategies (忠诚客户的层次).

    Returns
    -------
    DataFrame
        A row a level: ``level``, ``name``, ``chinese``, ``strategy`` (as the text pairs them,
        first with first) and ``doubt``.

    Notes
    -----
    Paired as printed, customers who are already very satisfied would be met by winning new
    ones, which makes little sense. Read as what feeds a level it does: acquisition the first,
    retention the second, referral the third. The name of the second level is lost in the text
    at hand. No source in the literature is known.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.loyalty_levels()["name"].tolist()
    ['very satisfied', 'continues to use', 'recommends']
    """
    names = (
        ("very satisfied", "非常满意", "paired with winning new customers by order alone"),
        ("continues to use", "继续使用", "the name of this level is lost in the text"),
        ("recommends", "推荐他人", ""),
    )
    strategies = [english for _, english, _ in _LISTS["strategies"][1]]
    return pd.DataFrame(
        {
            "level": [1, 2, 3],
            "name": [name for name, _, _ in names],
            "chinese": [chinese for _, chinese, _ in names],
            "strategy": strategies,
            "doubt": [doubt for _, _, doubt in names],
        }
    )


@checked
def checklist(name: ChecklistName) -> pd.DataFrame:
    """Return a list of what to do for loyalty, as the teaching texts have it.

    Parameters
    ----------
    name : {"strategies", "measures", "enhancement", "database", "principles", "levers"}
        "strategies": three, by the levels of loyal customers (三层次对应策略). "measures": four
        means of building loyalty. "enhancement": four strategies (提升顾客忠诚策略).
        "database": three parts of the customer database, the first of these strategies.
        "principles": ten (提高顾客忠诚度十大原则). "levers": four (客户忠诚度的提升方法).

    Returns
    -------
    DataFrame
        A row an entry: ``number``, ``name``, ``english``, ``chinese``, ``phases`` (which of
        Oliver's phases it suits by our assignment, empty where none was made) and ``concept``.

    Raises
    ------
    OptionError
        If there is no list of this name.

    See Also
    --------
    checklist_score : How far a list is fulfilled.

    Notes
    -----
    These are lists of teaching texts, for which no source in the literature is known; they are
    data to work with, not findings.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.checklist("measures")["name"].tolist()
    ['treatment', 'rewards', 'values', 'switching_cost']
    """
    check_choice("name", name, ChecklistName)
    concept, entries = _LISTS[name]
    numbers = range(1, len(entries) + 1)
    suits = [
        ", ".join(row.phase for row in _PHASES if name in _ASSIGNED and k in getattr(row, name))
        for k in numbers
    ]
    return pd.DataFrame(
        {
            "number": numbers,
            "name": [own for own, _, _ in entries],
            "english": [english for _, english, _ in entries],
            "chinese": [chinese for _, _, chinese in entries],
            "phases": suits,
            "concept": concept,
        }
    )


@checked
def checklist_score(
    name: ChecklistName,
    done: Mapping[str, bool | float],
    *,
    weights: Mapping[str, float] | None = None,
) -> float:
    """Return how far a list is fulfilled, from 0 to 100.

    For the four measures this is an index of how much a firm puts into the relationship.

    Parameters
    ----------
    name : {"strategies", "measures", "enhancement", "database", "principles", "levers"}
        Which list; see :func:`checklist`.
    done : mapping from str to float
        How far each entry is fulfilled, from 0 to 1; True and False count as 1 and 0.
    weights : mapping from str to float, optional
        Weight of each entry, none negative, not all zero; without it all are equal.

    Returns
    -------
    float
        100 times the weighted mean.

    Raises
    ------
    DataError
        If an entry is absent or unknown, a value lies outside 0 to 1, or weights are negative
        or all zero.
    OptionError
        If there is no list of this name.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> loyalty_stage.checklist_score(
    ...     "measures", {"treatment": 1, "rewards": 0.5, "values": 0, "switching_cost": True}
    ... )
    62.5
    """
    entries = checklist(name)["name"].tolist()
    values = _by_entry("done", done, entries)
    if not ((values >= 0) & (values <= 1)).all():
        raise DataError(
            f"done must lie between 0 (not at all) and 1 (fully), but is {values.tolist()}; "
            "divide percentages by 100"
        )
    w = np.ones(len(entries)) if weights is None else _by_entry("weights", weights, entries)
    if not ((w >= 0).all() and w.any() and np.isfinite(w).all()):
        raise DataError("weights must be finite, none negative and not all zero")
    w = w / w.max()  # first, since the sum of huge numbers is none
    return float(100 * (w @ values) / w.sum())


def _by_entry(what: str, given: Mapping[str, float], entries: list[str]) -> FloatArray:
    if apart := sorted(set(given) ^ set(entries)):
        raise DataError(
            f"{what} and the list differ in {enumerate_names(apart)}; give a number for each of "
            f"{enumerate_names(entries, most=12)}"
        )
    try:
        return np.array([float(given[name]) for name in entries])
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers") from None
