"""What each type of loyalty means, and what to do about it: texts as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked
from loyaltymodel.loyalty_stage.types.schemes import NO_SUPERIORITY, Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """One type; ``measures`` are those means of building loyalty (LOY-15) that suit it."""

    type: str
    chinese: str = ""
    meaning: str
    strategy: str
    measures: tuple[str, ...] = ()
    concepts: tuple[str, ...]


_TREATMENT = "preferential treatment (优先礼遇)"
_REWARD = "tangible rewards (有形的回馈)"
_VALUES = "shared values (共同的价值观)"
_SWITCHING = "higher switching costs (提高转移成本)"

# The three strategies of LOY-14.
_ACQUIRE = "treat them as new customers (获取新的客户), where they can become profitable at all"
_KEEP = "keep them (保持现有客户)"
_REFER = "let them win new customers (由老客户创造新客户)"

_REFERENCES: dict[Matrix, str] = {
    "relative_attitude": "Dick & Basu 1994, Figure 2",
    "dick_basu": "Dick & Basu 1994",
    "knox": "Knox 1998",
    "ultimate_loyalty": "Oliver 1999",
}

_TEXTS: dict[Matrix, tuple[_Text, ...]] = {
    "relative_attitude": (
        _Text(
            type="lowest",
            chinese="最低",
            meaning="a weak attitude, and the rivals look alike",
            strategy="give them a reason to prefer anybody at all",
            measures=(_REWARD,),
            concepts=("LOY-03", "LOY-15"),
        ),
        _Text(
            type="low",
            chinese="低",
            meaning="a strong attitude, but one that the rivals enjoy as well",
            strategy="show what sets the firm apart from its rivals",
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-03", "LOY-15"),
        ),
        _Text(
            type="high",
            chinese="高",
            meaning="a weak attitude, but the firm is seen to be better than its rivals",
            strategy="strengthen the attitude, which stands apart already",
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-03", "LOY-15"),
        ),
        _Text(
            type="highest",
            chinese="最高",
            meaning="a strong attitude, and the firm is seen to be better than its rivals",
            strategy=_KEEP,
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-03", "LOY-14", "LOY-15"),
        ),
    ),
    "dick_basu": (
        _Text(
            type="no loyalty",
            chinese="不忠诚",
            meaning="neither prefer the firm nor come back often",
            strategy=_ACQUIRE,
            concepts=("LOY-10", "LOY-14"),
        ),
        _Text(
            type="spurious loyalty",
            chinese="虚假忠诚(伪忠诚)",
            meaning=(
                "come back often without preferring the firm: from habit, or for want of a choice"
            ),
            strategy="give them a reason to prefer the firm before a rival does",
            measures=(_TREATMENT, _VALUES, _SWITCHING),
            concepts=("LOY-10", "LOY-15"),
        ),
        _Text(
            type="latent loyalty",
            chinese="潜在忠诚",
            meaning="prefer the firm, but seldom buy there: something stands in the way",
            strategy=(
                "find and remove what keeps them from buying: price, place, hours, others' wishes"
            ),
            measures=(_REWARD,),
            concepts=("LOY-10", "LOY-15"),
        ),
        _Text(
            type="loyalty",
            chinese="忠诚",
            meaning="prefer the firm, and come back often",
            strategy=f"{_KEEP}, and {_REFER}",
            measures=(_TREATMENT, _REWARD, _VALUES),
            concepts=("LOY-02", "LOY-10", "LOY-14", "LOY-15"),
        ),
    ),
    "knox": (
        _Text(
            type="switcher",
            chinese="品牌转换者",
            meaning="buy many brands and care little which: mostly by price or convenience",
            strategy=_ACQUIRE,
            measures=(_REWARD,),
            concepts=("LOY-11", "LOY-14", "LOY-15"),
        ),
        _Text(
            type="variety seeker",
            chinese="多品牌购买者",
            meaning="care what they buy, and like to buy many brands",
            strategy="offer variety within the firm, so that a larger share stays with it",
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-11", "LOY-15"),
        ),
        _Text(
            type="habitual",
            chinese="习惯性购买者",
            meaning="buy few brands, and care little which: by habit",
            strategy="do not disturb the habit, and give it a reason",
            measures=(_TREATMENT, _SWITCHING),
            concepts=("LOY-11", "LOY-15"),
        ),
        _Text(
            type="loyal",
            chinese="忠诚者",
            meaning="care what they buy, and buy few brands",
            strategy=f"{_KEEP}, and {_REFER}",
            measures=(_TREATMENT, _REWARD, _VALUES),
            concepts=("LOY-11", "LOY-14", "LOY-15"),
        ),
    ),
    "ultimate_loyalty": (
        _Text(
            type=NO_SUPERIORITY,
            meaning="do not find the product superior, on which ultimate loyalty rests",
            strategy="make the product better, or be content with satisfaction",
            concepts=("LOY-04",),
        ),
        _Text(
            type="product superiority",
            chinese="产品优势",
            meaning="loyal for the sake of the product alone, so a better one wins them",
            strategy="stay superior, and look for a bond besides the product",
            measures=(_VALUES,),
            concepts=("LOY-04", "LOY-15"),
        ),
        _Text(
            type="village envelopment",
            chinese="群体包围",
            meaning="held by those around them more than by a will of their own",
            strategy="look after the community",
            measures=(_VALUES,),
            concepts=("LOY-04", "LOY-15"),
        ),
        _Text(
            type="determined self-isolation",
            chinese="自我坚守",
            meaning="determined to stay, with nobody around them who shares it",
            strategy="confirm their choice, and bring them together with their like",
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-04", "LOY-06", "LOY-15"),
        ),
        _Text(
            type="immersed self-identity",
            chinese="最终忠诚客户",
            meaning="determined to stay, among others who are: the product is part of who they are",
            strategy=f"{_KEEP}, and {_REFER}",
            measures=(_TREATMENT, _VALUES),
            concepts=("LOY-04", "LOY-06", "LOY-14", "LOY-15"),
        ),
    ),
}


@checked
def type_advice(matrix: Matrix) -> pd.DataFrame:
    """Return what each type of loyalty means, and what to do about it (忠诚类型与对策).

    Parameters
    ----------
    matrix : {"relative_attitude", "dick_basu", "knox", "ultimate_loyalty"}
        Whose types. A word such as "loyal" means other customers in each.

    Returns
    -------
    DataFrame
        A row a type, in ascending order: ``type``, ``chinese``, ``meaning``, ``strategy``,
        ``measures`` (which of the four means of building loyalty suit), ``concepts`` (ids of
        the concepts behind it) and ``reference`` (whose type it is).

    Raises
    ------
    OptionError
        If there is no such matrix.

    Notes
    -----
    Types and axes are those of the references. Strategies and measures were chosen for this
    library from those that teaching texts list without saying for which type: winning new
    customers, keeping customers, letting customers win customers; preferential treatment,
    tangible rewards, shared values, higher switching costs. They are advice, not findings.
    Higher switching costs bind without convincing, so they stand only where customers come back
    without conviction. The Chinese names of Oliver's cells, but for the last, are translations
    made here.

    References
    ----------
    .. [1] Dick, A. S., & Basu, K. (1994). Customer loyalty: Toward an integrated conceptual
       framework. Journal of the Academy of Marketing Science, 22(2), 99-113.
    .. [2] Knox, S. (1998). Loyalty-based segmentation and the customer development process.
       European Management Journal, 16(6), 729-737.
    .. [3] Oliver, R. L. (1999). Whence consumer loyalty? Journal of Marketing, 63, 33-44.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> texts = loyalty_stage.type_advice("knox")
    >>> print(texts[["type", "chinese"]].to_string(index=False))
              type chinese
          switcher   品牌转换者
    variety seeker  多品牌购买者
          habitual  习惯性购买者
             loyal     忠诚者
    """
    check_choice("matrix", matrix, Matrix)
    table = pd.DataFrame([asdict(row) for row in _TEXTS[matrix]])
    return table.assign(
        measures=table["measures"].map("; ".join),
        concepts=table["concepts"].map(", ".join),
        reference=_REFERENCES[matrix],
    )
