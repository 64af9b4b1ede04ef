"""What to do about each segment, and what it says of the firm: texts as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked

Classifier = Literal["jones_sasser", "textbook", "satisfied_loyal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Advice:
    """One segment; ``word_of_mouth`` is 1, -1, or 0 where the segment does not settle it.

    ``strategy_origin`` is "text" where a teaching text gives this advice to this segment. The
    measures are always assigned here.
    """

    segment: str
    chinese: str = ""
    meaning: str
    word_of_mouth: int
    strategy: str
    strategy_origin: Literal["text", "assigned"] = "assigned"
    measures: tuple[str, ...] = ()
    concepts: tuple[str, ...]


# The four means of building loyalty (LOY-15).
_TREATMENT = "preferential treatment (优先礼遇)"
_REWARD = "tangible rewards (有形的回馈)"
_VALUES = "shared values (共同的价值观)"
_SWITCHING = "higher switching costs (提高转移成本)"

# The three strategies (LOY-14) and the two policies by regime (REL-05, REL-06).
_REFER = "let them win new customers (由老客户创造新客户)"
_KEEP = "keep them, and satisfy them completely"
_COMPLETE = "satisfy them completely (尽力使客户完全满意)"
_PREPARE = "be prepared: raise satisfaction before the constraint goes"
_ACQUIRE = "learn why they leave; win new customers in their place (获取新的客户)"
_CONVERT = "win them round, so that fewer speak against the firm"

_ADVICE: dict[Classifier, tuple[_Advice, ...]] = {
    "jones_sasser": (
        _Advice(
            segment="terrorist",
            chinese="恐怖分子",
            meaning="not loyal, and as dissatisfied as can be",
            word_of_mouth=-1,
            strategy=_CONVERT,
            concepts=("REL-07", "REL-16", "CMP-14"),
        ),
        _Advice(
            segment="defector",
            meaning="neither satisfied nor loyal",
            word_of_mouth=-1,
            strategy=_ACQUIRE,
            concepts=("LOY-14", "LOY-18", "CMP-14"),
        ),
        _Advice(
            segment="hostage",
            chinese="囚禁者",
            meaning="loyal without being satisfied: false loyalty (虚假忠诚)",
            word_of_mouth=-1,
            strategy=_PREPARE,
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-06", "REL-07", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="mercenary",
            chinese="图利者",
            meaning="satisfied, but not loyal",
            word_of_mouth=1,
            strategy=_COMPLETE,
            measures=(_REWARD, _VALUES, _SWITCHING),
            concepts=("REL-05", "REL-07", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="loyalist",
            meaning="satisfied and loyal",
            word_of_mouth=1,
            strategy=_KEEP,
            measures=(_TREATMENT, _REWARD, _VALUES),
            concepts=("REL-05", "LOY-14", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="apostle",
            chinese="传道者",
            meaning="loyal, and as satisfied as can be",
            word_of_mouth=1,
            strategy=_REFER,
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-07", "LOY-14", "LOY-15", "CMP-14"),
        ),
    ),
    "textbook": (
        _Advice(
            segment="saboteur",
            chinese="破坏者",
            meaning="at the far left of the curve",
            word_of_mouth=-1,
            strategy=_CONVERT,
            strategy_origin="text",
            concepts=("REL-07", "CMP-14"),
        ),
        _Advice(
            segment="hostage",
            chinese="囚禁者",
            meaning="bound, and below the sensitive zone: false loyalty (虚假忠诚)",
            word_of_mouth=0,
            strategy=_PREPARE,
            strategy_origin="text",
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-06", "REL-07", "LOY-15"),
        ),
        _Advice(
            segment="mercenary",
            chinese="图利者",
            meaning="free, and below the sensitive zone",
            word_of_mouth=0,
            strategy=_COMPLETE,
            strategy_origin="text",
            measures=(_REWARD, _VALUES, _SWITCHING),
            concepts=("REL-05", "REL-07", "LOY-15"),
        ),
        _Advice(
            segment="apostle",
            chinese="传道者",
            meaning="in the sensitive zone, bound or free",
            word_of_mouth=1,
            strategy=_REFER,
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-07", "LOY-14", "LOY-15", "CMP-14"),
        ),
    ),
    "satisfied_loyal": (
        _Advice(
            segment="dissatisfied, not loyal",
            chinese="不满意,不忠诚",
            meaning="as is generally to be expected of the dissatisfied",
            word_of_mouth=-1,
            strategy=_ACQUIRE,
            concepts=("REL-08", "LOY-14", "LOY-18", "CMP-14"),
        ),
        _Advice(
            segment="dissatisfied, loyal",
            chinese="惰性忠诚、垄断忠诚",
            meaning="stay from inertia, or because there is nowhere to go",
            word_of_mouth=-1,
            strategy=_PREPARE,
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-06", "REL-08", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="inertia loyalty",
            chinese="惰性忠诚",
            meaning="dissatisfied, free to go, and loyal all the same",
            word_of_mouth=-1,
            strategy="raise satisfaction before a rival wakes them up",
            measures=(_TREATMENT, _REWARD, _VALUES),
            concepts=("REL-08", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="monopoly loyalty",
            chinese="垄断忠诚",
            meaning="dissatisfied, and loyal because bound",
            word_of_mouth=-1,
            strategy=_PREPARE,
            measures=(_TREATMENT, _VALUES),
            concepts=("REL-06", "REL-08", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="satisfied, not loyal",
            chinese="满意,不忠诚",
            meaning="satisfied, which makes loyalty possible and no more",
            word_of_mouth=1,
            strategy=_COMPLETE,
            measures=(_REWARD, _VALUES, _SWITCHING),
            concepts=("REL-05", "REL-08", "LOY-15", "CMP-14"),
        ),
        _Advice(
            segment="satisfied, loyal",
            chinese="满意,忠诚",
            meaning="satisfied and loyal",
            word_of_mouth=1,
            strategy=_KEEP,
            measures=(_TREATMENT, _REWARD, _VALUES),
            concepts=("REL-08", "LOY-14", "LOY-15", "CMP-14"),
        ),
    ),
}


@checked
def advice(classifier: Classifier) -> pd.DataFrame:
    """Return what to do about each segment, and what it says of the firm (口碑).

    Parameters
    ----------
    classifier : {"jones_sasser", "textbook", "satisfied_loyal"}
        Whose segments. A name such as "mercenary" means other customers in each.

    Returns
    -------
    DataFrame
        A row a segment: ``segment``, ``chinese``, ``meaning``, ``word_of_mouth`` (1 good, -1 bad,
        0 where the segment does not settle it), ``strategy``, ``strategy_origin`` ("text" where
        a teaching text gives this advice to this segment, "assigned" where this library chose
        it), ``measures`` (which of the four means of building loyalty suit, always assigned)
        and ``concepts`` (ids of the concepts behind it).

    Raises
    ------
    OptionError
        If there is no such classifier.

    Notes
    -----
    Advice is what teaching texts say, not a finding. The sign of word of mouth is that of
    satisfaction: the satisfied become fans, the dissatisfied spread harm. How much customers talk
    is another matter; it follows an asymmetric U, with more at both ends and most among the
    dissatisfied [1]_. Higher switching costs bind without satisfying, so they are never advised
    for customers who are already bound.

    References
    ----------
    .. [1] Anderson, E. W. (1998). Customer satisfaction and word of mouth. Journal of Service
       Research, 1(1), 5-17.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> texts = jones_sasser.advice("textbook")
    >>> print(texts[["segment", "chinese", "word_of_mouth"]].to_string(index=False))
      segment chinese  word_of_mouth
     saboteur     破坏者             -1
      hostage     囚禁者              0
    mercenary     图利者              0
      apostle     传道者              1
    """
    check_choice("classifier", classifier, Classifier)
    table = pd.DataFrame([asdict(row) for row in _ADVICE[classifier]])
    return table.assign(
        measures=table["measures"].map("; ".join), concepts=table["concepts"].map(", ".join)
    )
