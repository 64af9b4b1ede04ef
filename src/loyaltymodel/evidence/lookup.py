"""Figures by concept or number, where they contradict each other, and the catalogue of lists."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd

from loyaltymodel._core.catalogue import frame_of, lists
from loyaltymodel._core.options import suggest
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError
from loyaltymodel.evidence.contradictions import DISPUTES
from loyaltymodel.evidence.figures import FIGURES
from loyaltymodel.evidence.record import Dispute, Figure


@checked
def get(concept: str) -> tuple[Figure, ...]:
    """Return the published figures of a concept, or those with a number.

    Parameters
    ----------
    concept : str
        A concept such as "REL-09", a number such as "B35" with all that stands under it, or
        one figure of several such as "B35a".

    Returns
    -------
    tuple of Figure
        At least one figure, in the order of their numbers.

    Raises
    ------
    DataError
        If there is no figure under this name.

    Examples
    --------
    Retention by satisfaction, as teaching text 000 prints it:

    >>> from loyaltymodel import evidence
    >>> for figure in evidence.get("REL-09"):
    ...     print(figure.number, figure.subject, figure.low, figure.high)
    B01 score 5, very satisfied 0.92 0.97
    B02 score 4, satisfied 0.8 0.85
    B03 score 3, neutral 0.6 0.65
    B04 score 2, dissatisfied 0.15 0.2
    B05 score 1, very dissatisfied 0.0 0.05

    The five reasons for leaving add up to 99 percent:

    >>> round(sum(figure.low for figure in evidence.get("B35")), 2)
    0.99
    """
    text = isinstance(concept, str)
    found = tuple(f for f in FIGURES if text and concept in (f.concept, f.number, _row(f)))
    if not found:
        concepts = sorted({f.concept for f in FIGURES})
        rows = [_row(f) for f in FIGURES]
        known = [*concepts, *rows, *(f.number for f in FIGURES)]
        raise DataError(
            f"there is no figure under {concept!r}{suggest(str(concept).upper(), known)}; "
            f"ask for one of the numbers {rows[0]} to {rows[-1]}, or for one of the concepts "
            f"that have figures: {', '.join(concepts)}"
        )
    return found


def table() -> pd.DataFrame:
    """Return all figures as a table, a row each.

    Returns
    -------
    DataFrame
        The attributes of :class:`Figure` as columns, in the order of the numbers. ``low`` and
        ``high`` are floats, NaN where the figure has None; ``sources`` is one text. The table
        is made afresh on every call.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> figures = evidence.table()
    >>> told = figures[figures["concept"] == "CMP-03"]
    >>> print(told[["number", "low", "high", "unit", "status"]].to_string(index=False))
    number  low  high   unit  status
       B21  9.0   NaN people checked
      B22a 12.0  12.0 people unknown
      B22b 12.0  12.0 people unknown
       B23  8.0  12.0 people checked
      B24a  0.2   0.2  share checked
      B24b 20.0  20.0 people checked
    """
    columns = {field.name: [getattr(f, field.name) for f in FIGURES] for field in fields(Figure)}
    columns["sources"] = ["; ".join(f.sources) for f in FIGURES]
    return pd.DataFrame(columns).astype({"low": float, "high": float})


@checked
def disputes(*, concept: str | None = None) -> tuple[Dispute, ...]:
    """Return where published figures contradict each other, or themselves.

    Parameters
    ----------
    concept : str, optional
        A concept or number as :func:`get` takes it: only disputes that speak of one of its
        figures. Without it, all disputes.

    Returns
    -------
    tuple of Dispute
        Empty if nothing is in dispute.

    Raises
    ------
    DataError
        If there is no figure under this name.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> for dispute in evidence.disputes(concept="CMP-03"):
    ...     print(dispute.topic)
    people told by a dissatisfied customer
    >>> evidence.disputes(concept="SAT-17")
    ()
    """
    if concept is None:
        return DISPUTES
    numbers = {f.number for f in get(concept)}
    return tuple(d for d in DISPUTES if not numbers.isdisjoint(d.figures))


@checked
def catalogue(name: str | None = None) -> pd.DataFrame:
    """Return a list of the field with its source, or the table of all lists (清单).

    Checklists, advice on segments and types, indicators, labels of scales, components of value,
    stages, links of chains: what the texts of the field list stands here once, and what this
    library prints of it is read from here.

    Parameters
    ----------
    name : str, optional
        Name of a list, such as "garvin". Without it, the table of all lists.

    Returns
    -------
    DataFrame
        With a name, a row an entry in the order of the text: ``id``, the word by which functions
        and results know it; ``english``; ``chinese``, empty where no term is known;
        ``sources``, teaching text and lines such as "001:23", or the literature for what no
        teaching text has; then columns of the list's own. Several texts in one cell are
        joined by semicolons.

        Without a name, a row a list: ``list``, its name; ``title``; ``chinese``; ``rows``, their
        number; ``concepts``, ids of the concepts that it belongs to; ``sources``;
        ``reference``, where the literature has it; ``status``, how far that was checked
        ("checked", "recalled", "unknown", as of published figures); ``origin`` ("text":
        printed so; "literature": from there alone; "assigned": in part a choice of this
        library, which ``note`` names; "read from figure"); and ``note``, what to watch.

        The table is made afresh at every call.

    Raises
    ------
    OptionError
        If there is no list of this name.

    See Also
    --------
    table : Published figures.

    Notes
    -----
    Lists are tables, not classes, because what one does with them is filter, merge with one's own
    data by ``id``, print and translate. Entries of different lists have different columns, so
    there is no table of all entries.

    A list is what somebody wrote, not a finding. Where a text is probably wrong its words stay,
    and the note says so.

    Examples
    --------
    >>> from loyaltymodel import evidence
    >>> evidence.catalogue("heskett_zones")[["id", "chinese", "satisfaction", "loyalty"]]
                 id chinese satisfaction   loyalty
    0     defection     变节区      below 3  below 40
    1  indifference    无差异区       3 to 4  40 to 80
    2     affection     情感区      above 4  above 80
    >>> lists = evidence.catalogue()
    >>> found = lists[lists["concepts"].str.contains("LOY-14")].set_index("list")
    >>> found[["rows", "sources"]]
                    rows    sources
    list
    loyalty_levels     3  001:13-14
    strategies         3     001:14
    """
    if name is not None:
        return frame_of(name)
    rows = [
        {
            "list": own,
            "title": entry.title,
            "chinese": entry.chinese,
            "rows": len(entry.rows),
            "concepts": "; ".join(entry.concepts),
            "sources": entry.sources,
            "reference": entry.reference,
            "status": entry.status,
            "origin": entry.origin,
            "note": entry.note,
        }
        for own, entry in lists().items()
    ]
    return pd.DataFrame(rows)


def _row(figure: Figure) -> str:
    """Return the number without the letter of one figure of several."""
    return figure.number[:3]
