"""Sheets of a workbook of Excel."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from html import unescape
from typing import Any

from loyaltymodel._core.options import count_of, enumerate_names, hinted
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey.reading.raw import Facts, Grid, needed
from loyaltymodel.survey.reading.source import Source, broken
from loyaltymodel.survey.reading.values import is_empty

_ERRORS = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*\bt="e"')
_UNCOMPUTED = re.compile(
    rb'<c r="([A-Z]+\d+)"[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:<v></v>|<v ?/>)?</c>'
)


def rows_of_sheet(source: Source, sheet: str | None) -> tuple[Grid, Facts, list[str]]:
    """Return the rows of the sheet that was chosen, or of the only one that has any.

    Raises
    ------
    DataError
        If the workbook is damaged, empty, or has several sheets with something in them.
    OptionError
        If there is no sheet of the name that was given.
    """
    calamine = needed("python_calamine", "python-calamine", "a workbook of Excel (xlsx)")
    try:
        with calamine.CalamineWorkbook.from_path(str(source.path)) as book:
            name, remarks = _chosen(source, book, sheet)
            found = book.get_sheet_by_name(name)
            rows = found.to_python(skip_empty_area=False)
            spans = tuple(
                (first[0], first[1], last[1])
                for first, last in found.merged_cell_ranges or ()
                if first[0] == last[0]
            )
    except calamine.PasswordError:
        raise DataError(f"{source.path} is protected by a password; save it without one") from None
    except calamine.CalamineError as error:
        raise broken(source.path, "xlsx", error) from None
    if not any(not is_empty(cell) for row in rows for cell in row):
        raise DataError(f"{source.path}: the sheet {name!r} has nothing in it")
    remarks += _lost(source, name)
    return Grid(rows, list(range(1, len(rows) + 1)), "row", spans), [("sheet", name)], remarks


def _chosen(source: Source, book: Any, sheet: str | None) -> tuple[str, list[str]]:
    names = list(book.sheet_names)
    if sheet is not None:
        if sheet not in names:
            raise OptionError(
                f"sheet={hinted([sheet], names)} is none of the sheets of {source.path}: "
                f"{enumerate_names(map(repr, names), most=12)}"
            )
        return sheet, []
    filled = [name for name in names if _has_cells(book, name)]
    if not filled:
        raise DataError(f"{source.path}: none of its sheets has anything in it")
    if len(filled) > 1:
        raise DataError(
            f"{source.path} has {len(filled)} sheets with something in them: "
            f"{enumerate_names(map(repr, filled), most=12)}; say which by sheet={filled[0]!r}"
        )
    return filled[0], []


def _has_cells(book: Any, name: str) -> bool:
    try:
        sheet = book.get_sheet_by_name(name)
    except Exception:  # noqa: BLE001, RUF100  a sheet that is a chart has no cells
        return False
    return bool(sheet.height and sheet.width)


def _lost(source: Source, name: str) -> list[str]:
    """Name cells that have no value for us: errors, which are missing, and formulas without one.

    The reader of workbooks returns both as empty cells, so they are looked for in the file.
    """
    content = _xml_of(source, name)
    if uncomputed := _UNCOMPUTED.findall(content):
        cells = enumerate_names(cell.decode() for cell in uncomputed)
        raise DataError(
            f"{source.path}: the sheet {name!r} has formulas that were never computed ({cells}); "
            "open it in Excel, save it, and read it again"
        )
    if errors := _ERRORS.findall(content):
        cells = enumerate_names(cell.decode() for cell in errors)
        many = count_of(len(errors), "cell")
        return [
            f"{many} with an error of Excel, such as #N/A or #DIV/0!, count as missing: {cells}"
        ]
    return []


def _xml_of(source: Source, name: str) -> bytes:
    """Return the part of the file that holds a sheet; nothing if it is not found."""
    with zipfile.ZipFile(source.path) as archive:
        try:
            book = archive.read("xl/workbook.xml").decode("utf-8")
            links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8")
            own = {
                unescape(_attribute(tag, "name")): _attribute(tag, "r:id")
                for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book)
            }
            targets = {
                _attribute(tag, "Id"): _attribute(tag, "Target")
                for tag in re.findall(r"<Relationship\b[^>]*>", links)
            }
            target = targets[own[name]]
            return archive.read(target.lstrip("/") if target[0] == "/" else f"xl/{target}")
        except (KeyError, IndexError, UnicodeError):
            return b""


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'(?<![\w:]){name}="([^"]*)"', tag)
    return found[1] if found else ""


def trimmed(rows: Sequence[Sequence[Any]]) -> int:
    """Return how many rows there are up to the last that has something in it."""
    for k in range(len(rows), 0, -1):
        if any(not is_empty(cell) for cell in rows[k - 1]):
            return k
    return 0
