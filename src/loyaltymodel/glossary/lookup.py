"""Words by any of their names, and all of them as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from unicodedata import normalize

import pandas as pd

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import shown
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.glossary.record import Entry

_MOST = 5  # names in a message that may be meant
# What Markdown adds to a text: roles, links, code and formulas.
_ROLE = re.compile(r"\{\w+\}`([^`<]*?)(?:\s<[^`]*>)?`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@checked
def term(name: str) -> Entry:
    """Return what a word means here, by its English or Chinese name (术语).

    Capitals, blanks, hyphens and the width of letters do not matter, and 客户 counts as 顾客, since
    the texts of the field use both words for the customer.

    Parameters
    ----------
    name : str
        A term, an abbreviation or another name of it, such as "NPS" or "净推荐值".

    Returns
    -------
    Entry
        Its names, the definition, and the functions that compute it.

    Raises
    ------
    OptionError
        If no word has this name; the nearest ones are named.

    See Also
    --------
    terms : All words as a table.

    Examples
    --------
    >>> from loyaltymodel import glossary
    >>> print(glossary.term("顾客让渡价值"))
    customer delivered value (顾客让渡价值; CDV)
    Total customer value less total customer cost; also their ratio.
    See delivered_value.delivered_value, delivered_value.value_account.
    >>> glossary.term("客户让渡价值").english
    'customer delivered value'
    >>> glossary.term("NPS").see
    ('attributes.net_promoter',)
    """
    known = _by_name()
    if (found := known.get(_folded(name))) is not None:
        return found
    raise OptionError(
        f"the glossary has no word {shown(name)}{_nearest(name)}; glossary.terms() has all "
        f"{len(entries())} of them"
    )


def terms() -> pd.DataFrame:
    """Return all words as a table, a row each (术语表).

    Returns
    -------
    DataFrame
        The attributes of an entry as columns, in the order of the page of the documentation:
        ``english``, ``chinese``, ``variants``, ``definition``, ``see``, ``concepts`` and
        ``section``. Several names in one cell are joined by semicolons. The table is made
        afresh at every call.

    See Also
    --------
    term : One word by any of its names.

    Examples
    --------
    >>> from loyaltymodel import glossary
    >>> words = glossary.terms()
    >>> told = words[words["concepts"].str.contains("EXP-02")]
    >>> print(told[["english", "chinese"]].to_string(index=False))
              english chinese
      desired service    理想服务
     adequate service    合格服务
    zone of tolerance     容忍区
    """
    names = [field.name for field in fields(Entry)]
    rows = [{name: _cell(getattr(entry, name)) for name in names} for entry in entries()]
    return pd.DataFrame(rows, columns=names)


@cache
def entries() -> tuple[Entry, ...]:
    """Return every entry, in the order of the file."""
    import tomllib  # noqa: PLC0415 - needed only here

    file = files("loyaltymodel") / "glossary" / "terms.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Entry(
            english=found["english"][0],
            chinese=next(iter(found.get("chinese", [])), ""),
            variants=(*found["english"][1:], *found.get("chinese", [])[1:]),
            definition=_plain(found["text"]),
            see=tuple(found.get("see", [])),
            concepts=tuple(found.get("concepts", [])),
            section=section["title"],
        )
        for section in content["sections"]
        for found in section["terms"]
    )


def names_of(entry: Entry) -> list[str]:
    """Return every name of an entry."""
    return [name for name in (entry.english, entry.chinese, *entry.variants) if name]


@cache
def _by_name() -> Mapping[str, Entry]:
    return FrozenMapping({_folded(name): e for e in entries() for name in names_of(e)})


def _folded(name: str) -> str:
    """Return a name without what differs between spellings of one word."""
    words = normalize("NFKC", name).casefold().replace("-", " ").replace("’", "'").split()
    return " ".join(words).replace("客户", "顾客")


def _nearest(name: str) -> str:
    """Return a hint at the words that may be meant, or nothing."""
    asked, known = _folded(name), _by_name()
    within = [own for own in known if asked and (asked in own or own in asked.split())]
    near = [*within, *get_close_matches(asked, known, n=_MOST)]
    found = list(dict.fromkeys(known[own].english for own in near))[:_MOST]
    return f" (did you mean {' or '.join(map(repr, found))}?)" if found else ""


def _plain(text: str) -> str:
    """Return the words of a text in Markdown."""
    unlinked = _LINK.sub(r"\1", _ROLE.sub(r"\1", text))
    return " ".join(re.sub(r"[`$]|\\,", "", unlinked).split())


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, tuple) else value
