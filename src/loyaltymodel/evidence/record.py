"""What is kept of a published figure, and of figures that contradict each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from loyaltymodel._core.options import is_number
from loyaltymodel._core.signature import checked_fields
from loyaltymodel.errors import ModelError

Unit = Literal[
    "share",
    "times",
    "people",
    "customers",
    "deals",
    "purchases",
    "surveys",
    "minutes",
    "none",
]
Kind = Literal["claim", "case", "rule", "rhetoric", "label"]
Status = Literal["checked", "recalled", "unknown"]


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published number or range, as its teaching text prints it.

    A figure is quoted, never corrected: where the text is probably wrong, the number stays and
    ``doubt`` says what is wrong with it.

    Attributes
    ----------
    number : str
        Number of the figure, such as "B01". Figures that one sentence states together share it
        and have a letter behind it, such as "B35a".
    concept : str
        The concept it belongs to, such as "REL-09".
    subject : str
        Of whom or what: the group, the level of a series, the case.
    claim : str
        What is said of the subject, as a fragment of a sentence.
    low : float or None
        The smallest value that the text allows; None without a number.
    high : float or None
        The largest value that the text allows, equal to ``low`` for a single value; None for
        an open end ("at least 9") and without a number.
    unit : str
        What ``low`` and ``high`` count. "share" is a fraction from 0 to 1, "times" a multiple
        or ratio; "people", "customers", "deals", "purchases", "surveys" and "minutes" are
        counts; "none" belongs to figures without a number.
    period : str or None
        The time within which it holds; None where the text states none.
    kind : str
        "claim" says something of customers at large, "case" tells of one firm, "rule" says
        what should be done, "rhetoric" is a figure of speech, "label" is a number printed on
        a picture.
    sources : tuple of str
        Teaching text and line, such as "000:225".
    chinese : str
        The Chinese wording, where it is known; else empty.
    literature : str
        Where the figure, or one like it, stands in the literature.
    status : str
        How far the literature was checked. "checked": a summary of the same figure, or of
        one close to it, was seen, which does not make the figure true. "recalled": named
        from memory. "unknown": no source is known.
    doubt : str
        What is doubtful about it; empty where nothing is known to be.

    Raises
    ------
    OptionError
        If a field is not of its kind.
    ModelError
        If a number is not finite, the lowest value is above the highest, or a source is empty.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> (figure,) = evidence.get("B01")
    >>> figure.subject, figure.claim, figure.low, figure.high
    ('score 5, very satisfied', 'are still customers', 0.92, 0.97)
    >>> figure.period, figure.sources, figure.status
    ('one year', ('000:223-225',), 'unknown')
    """

    number: str
    concept: str
    subject: str
    claim: str
    low: float | None
    high: float | None
    unit: Unit
    period: str | None
    kind: Kind
    sources: tuple[str, ...]
    chinese: str
    literature: str
    status: Status
    doubt: str

    def __post_init__(self) -> None:
        """Check the numbers."""
        given = [value for value in (self.low, self.high) if is_number(value)]
        if not all(map(math.isfinite, given)) or given != sorted(given):
            raise ModelError(
                f"figure {self.number!r} goes from {self.low} to {self.high}; give finite numbers, "
                "the lower one first, or None for an open end"
            )
        _check_parts("sources", self.sources)


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Figures that contradict each other, or themselves, and how to deal with it.

    Attributes
    ----------
    topic : str
        What the versions are about.
    versions : tuple of str
        What each side says, with its figures.
    figures : tuple of str
        Numbers of all figures that the versions and the verdict speak of.
    verdict : str
        How far the versions can be reconciled, and how to use them. Nothing is averaged.

    Raises
    ------
    OptionError
        If a field is not of its kind.
    ModelError
        If a version or a number of a figure is empty.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> (dispute,) = evidence.disputes(concept="ECO-07")
    >>> dispute.topic, dispute.figures
    ('cost of winning a customer against keeping one', ('B29', 'B30'))
    """

    topic: str
    versions: tuple[str, ...]
    figures: tuple[str, ...]
    verdict: str

    def __post_init__(self) -> None:
        """Check that nothing is empty."""
        _check_parts("versions", self.versions)
        _check_parts("figures", self.figures)


def _check_parts(name: str, texts: tuple[str, ...]) -> None:
    if not all(text.strip() for text in texts):
        raise ModelError(f"{name} have an empty text; leave it out")
