"""What is kept of a word."""

from __future__ import annotations

from dataclasses import dataclass

from loyaltymodel._core.signature import checked_fields


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One word of the field: its names, what it means here, and which functions compute it.

    Attributes
    ----------
    english : str
        The term.
    chinese : str
        The Chinese term; empty where none is known.
    variants : tuple of str
        Other names in either language that mean the same here.
    definition : str
        What the word means in this library.
    see : tuple of str
        Public names below ``loyaltymodel`` that compute it, or show it.
    concepts : tuple of str
        Ids of the concepts that it belongs to, as the page on coverage has them.
    section : str
        The part of the glossary in which it stands.

    Raises
    ------
    OptionError
        If a field is not of its kind.

    Examples
    --------
    >>> from loyaltymodel import glossary
    >>> entry = glossary.term("zone of tolerance")
    >>> entry.chinese, entry.concepts
    ('容忍区', ('EXP-02',))
    """

    english: str
    chinese: str
    variants: tuple[str, ...]
    definition: str
    see: tuple[str, ...]
    concepts: tuple[str, ...]
    section: str

    def __str__(self) -> str:
        """Return the entry as lines of text."""
        names = "; ".join(filter(None, [self.chinese, *self.variants]))
        lines = [f"{self.english} ({names})" if names else self.english, self.definition]
        if self.see:
            lines.append(f"See {', '.join(self.see)}.")
        return "\n".join(lines)
