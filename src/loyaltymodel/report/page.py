"""The door: results in, a page out."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from loyaltymodel._core.files import write_whole
from loyaltymodel._core.options import shown, visible
from loyaltymodel._core.results import Result, WithCustomers
from loyaltymodel._core.signature import checked
from loyaltymodel._version import __version__
from loyaltymodel.errors import OptionError
from loyaltymodel.report.content import Contents
from loyaltymodel.report.words import TAGS, Language, words_in


@checked
def write(
    result: Any,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    date: str | datetime.date | None = None,
    pictures: bool = True,
    customers: bool = False,
    language: Language = "en",
) -> Path:
    """Write results as one HTML file in which each number leads to its formula (分析报告).

    The file has everything in it: it needs no network, no other file and no script, and can be
    read on a phone, by day and by night, and printed. A file that is there is replaced.

    Parameters
    ----------
    result : Result, WithCustomers, DataFrame, list or mapping of them
        What is to be shown, in this order; the names of a mapping become headings. Tables are
        those that functions and methods of results return.
    path : str or path
        Where the file goes; its folder is there already.
    title : str, optional
        Heading of the page, without which it is that of the result, or "Report".
    date : str or date, optional
        Written below the heading, as given. Without it the page has no date, so that the same
        results give the same file, byte for byte.
    pictures : bool
        Whether the pictures are drawn that need nothing but the result.
    customers : bool
        Whether the tables of customers beside results are written too, all rows of them.
    language : {"en", "zh"}
        Language of the pictures, of readings where results have one, and of the words of the page;
        what results and docstrings say besides is in English.

    Returns
    -------
    Path
        Where the file is.

    Raises
    ------
    OptionError
        If something is no result, there is none, or the path leads to a folder or into one that is
        not there.
    OSError
        If the file cannot be written; one that was there is as it was.

    See Also
    --------
    render : The same as text.

    Notes
    -----
    What is shown is what :meth:`~loyaltymodel.results.Result.summary` says, with the options, the
    pictures and the reading of results that have one; nothing is computed anew. Explanations are
    those of the docstrings: of the function that makes such a result with its formulas and
    references, of its tables, and of its columns. Where several functions make results of a class,
    all of them are told. The maker of a table is the function or method that names all its columns
    among what it returns; without one its numbers lead nowhere. Pictures are those of
    :mod:`loyaltymodel.plots` that need nothing but such a result or table; one that this one does
    not have is named with the reason. Letters in them are shapes, so the same fonts on a machine
    give the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> from loyaltymodel import economics, report
    >>> result = economics.survival([1, 1, 2, 2], [True, False, True, False])
    >>> folder = tempfile.gettempdir()
    >>> path = report.write(result, f"{folder}/survival.html", pictures=False)
    >>> path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    >>> path.unlink()
    """
    place = _place(path)
    text = _page(result, title, date, pictures, customers, language)
    write_whole(place, text.encode())
    return place


@checked
def render(
    result: Any,
    *,
    title: str | None = None,
    date: str | datetime.date | None = None,
    pictures: bool = True,
    customers: bool = False,
    language: Language = "en",
) -> str:
    """Return the page that :func:`write` writes, as text (分析报告).

    Parameters
    ----------
    result : Result, WithCustomers, DataFrame, list or mapping of them
        What is to be shown, in this order; the names of a mapping become headings. Tables are
        those that functions and methods of results return.
    title : str, optional
        Heading of the page, without which it is that of the result, or "Report".
    date : str or date, optional
        Written below the heading, as given.
    pictures : bool
        Whether the pictures are drawn that need nothing but the result.
    customers : bool
        Whether the tables of customers beside results are written too, all rows of them.
    language : {"en", "zh"}
        Language of the pictures, of readings and of the words of the page.

    Returns
    -------
    str
        A whole page of HTML.

    Raises
    ------
    OptionError
        If something is no result, or there is none.

    See Also
    --------
    write : Writes it to a file, and says what is in it.

    Examples
    --------
    >>> from loyaltymodel import economics, report
    >>> result = economics.survival([1, 1, 2, 2], [True, False, True, False])
    >>> page = report.render(result, title="Who stayed")
    >>> "<h1>Who stayed</h1>" in page, page.count("<svg")
    (True, 1)
    """
    return _page(result, title, date, pictures, customers, language)


def _page(
    result: object,
    title: str | None,
    date: str | datetime.date | None,
    pictures: bool,  # noqa: FBT001
    customers: bool,  # noqa: FBT001
    language: Language,
) -> str:
    contents = Contents()
    for name, one in _named(result):
        if isinstance(one, pd.DataFrame):
            contents.add_table(one, name, pictures=pictures, language=language)
        else:
            contents.add(one, name, pictures=pictures, customers=customers, language=language)
    words = words_in(language)
    parts = contents.parts
    usual = parts[0].title if len(parts) == 1 else words["report"]
    return _template().render(
        title=usual if title is None else title,
        date=date.isoformat() if isinstance(date, datetime.date) else date or "",
        tag=TAGS[language],
        words=words,
        parts=parts,
        sources=list(contents.sources.values()),
        versions=sorted({part.version for part in parts}),
        version=__version__,
    )


def _named(result: object) -> Iterator[tuple[str, Result | WithCustomers[Any] | pd.DataFrame]]:
    """Yield the results and tables that were given, each with its name if it has one."""
    given: list[tuple[str, object]]
    if isinstance(result, (Result, WithCustomers, pd.DataFrame)):
        given = [("", result)]
    elif isinstance(result, Mapping):
        given = [(str(name), one) for name, one in result.items()]
    elif isinstance(result, (list, tuple)):
        given = [("", one) for one in result]
    else:
        raise OptionError(_no_result("result", result))
    if not given:
        raise OptionError("result is empty, there is nothing to report; give one result or more")
    for place, (name, one) in enumerate(given):
        if isinstance(one, (Result, pd.DataFrame)) or (
            isinstance(one, WithCustomers) and isinstance(one.result, Result)
        ):
            yield name, one
            continue
        at = repr(name) if isinstance(result, Mapping) else place
        raise OptionError(_no_result(f"result[{at}]", one))


def _no_result(name: str, value: object) -> str:
    return (
        f"{name}={shown(value)} is not a result; give what a function of this library found, such "
        "as structural.fit(...), a table of it, or a list or mapping of such"
    )


def _place(path: str | os.PathLike[str]) -> Path:
    """Return a path at which a file can stand, or say why there can be none."""
    place = Path(path)
    if not str(path) or place.is_dir():
        example = place / "report.html"
        raise OptionError(
            f"path={visible(repr(str(path)))} is a folder; name a file in it, such as "
            f"{visible(repr(str(example)))}"
        )
    if not place.parent.is_dir():
        folder = visible(repr(str(place.parent)))
        raise OptionError(
            f"the folder {folder} of path is not there; make it first: "
            f"pathlib.Path({folder}).mkdir(parents=True)"
        )
    return place


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("loyaltymodel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Whatever letters a text has, nothing in the page is unseen; pictures are no plain text.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    return environment.get_template("page.html")
