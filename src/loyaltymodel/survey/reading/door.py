"""The door for files: what is in one, as a table, and the draft of its codebook."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, Literal

import pandas as pd

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import check_choice, check_flag, count_of, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.reading.columnar import read_columnar
from loyaltymodel.survey.reading.columns import (
    describe_columns,
    groups_of_options,
    table_of_columns,
)
from loyaltymodel.survey.reading.decode import decode
from loyaltymodel.survey.reading.dialect import rows_of
from loyaltymodel.survey.reading.draft import Draft, draft_codebook
from loyaltymodel.survey.reading.header import Header, read_header
from loyaltymodel.survey.reading.labelled import read_labelled
from loyaltymodel.survey.reading.letters import decoded
from loyaltymodel.survey.reading.raw import Facts, Grid, Raw
from loyaltymodel.survey.reading.result import SurveyFile
from loyaltymodel.survey.reading.source import Source, open_source, read_bytes
from loyaltymodel.survey.reading.values import Decimal, is_empty, typed
from loyaltymodel.survey.reading.workbook import rows_of_sheet, trimmed

_HALF_A_GIGABYTE = 500_000_000
_SHOWN = 5  # rows named in a message
_OF_TEXT = ("separator", "encoding", "short_rows")
_OF_CELLS = ("decimal", "header", "day_first", "no_answer")


@checked
def read_survey(
    path: str | os.PathLike[str],
    *,
    codebook: Codebook | None = None,
    sheet: str | None = None,
    separator: str | None = None,
    decimal: Decimal | None = None,
    encoding: str | None = None,
    header: int | None = None,
    day_first: bool | None = None,
    no_answer: Sequence[str] | None = None,
    short_rows: Literal["raise", "fill"] = "raise",
    max_bytes: int = _HALF_A_GIGABYTE,
) -> SurveyFile:
    r"""Read a survey from a file (读取调查数据), whatever program it comes from.

    Parameters
    ----------
    path : str or path
        A text file (CSV, tabs, semicolons), also packed (gzip, bzip2, xz, a zip of one file), a
        workbook of Excel (xlsx), a file of SPSS (.sav, .zsav) or Stata (.dta), or a Parquet or
        Feather file. What it is, its first bytes tell.
    codebook : Codebook, optional
        Decodes answers that are texts, such as "very satisfied", by its labels. Left out, the
        draft of a codebook is made.
    sheet : str, optional
        The sheet of a workbook; needed where several have something in them.
    separator : str, optional
        The sign between the columns of a text, such as ``";"`` or ``"\t"``.
    decimal : {".", ","}, optional
        The sign of decimals. The other one may part thousands.
    encoding : str, optional
        The encoding of a text, such as "utf-8", "cp1252" or "gb18030".
    header : int, optional
        How many rows at the top name the columns; 0 if none does.
    day_first : bool, optional
        Whether 01/02/2024 is the first of February.
    no_answer : sequence of str, optional
        Texts that mean no answer, in every column. Left out, NA, N/A, NaN, NULL, a point, dashes
        and the like do, in columns whose other cells are all numbers or dates.
    short_rows : {"raise", "fill"}
        What to do with rows of a text that have fewer cells than the header: refuse the file, or
        take the cells at their end as missing.
    max_bytes : int
        Size of the largest file that is read.

    Returns
    -------
    SurveyFile
        The table (``data``), the ``codebook`` or its draft, what was sensed (``said``), what each
        column seems to be (``columns``), and ``remarks``.

    Raises
    ------
    DataError
        If there is no such file, it is empty, cut off, damaged, protected, too large or of a kind
        that is not read; if a row is broken or of another length than the header; if encoding,
        separator, decimals or sheet cannot be told for certain; if a text is no label of the
        codebook. The message says where, and which option settles it.
    OptionError
        If an option is not one of those allowed, or is for another kind of file.
    ExtraNotInstalledError
        If the kind of file needs a package that is not installed.

    See Also
    --------
    Codebook.check : What does not fit between a table and its codebook.

    Notes
    -----
    Nothing is guessed in silence. What can be told for certain is told and said; what cannot is
    refused with the option that settles it. No row is dropped but empty ones at the end of the
    file and empty lines of a text, and no column but empty ones without a name at the right; both
    are said.

    A text without a byte-order mark is UTF-8 if it can be, since text in another encoding hardly
    ever can. Else it is taken for GB18030 if almost all of its letters are common Chinese ones, or
    for Windows-1252 if letters with accents stand alone among plain ones; ``said`` shows a word.

    The separator is the sign by which at least nine rows in ten have as many cells as the header.
    Decimals are points if some column can only be read so, and commas likewise; with neither,
    1,234 is refused. Numbers that begin with 0 and numbers of more than 15 digits stay text.

    What a file of SPSS or Stata declares as missing is missing in ``data``;
    ``declared_missing`` keeps which code each was, and the draft lists the codes in ``dont_know``.
    Two labelled answers are a scale of the draft if they are numbered 0 and 1, or 1 and 2, and
    the file does not call them nominal. Which items are reversed is in no file, so that the draft
    marks none.
    A code that is not declared, such as 99 among answers from 1 to 7, is named in ``remarks`` and
    left as it is: ``codebook.check`` finds it off the scale.

    Examples
    --------
    A CSV file as Excel writes it in much of Europe: semicolons, decimal commas, Windows-1252.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from loyaltymodel.survey import read_survey
    >>> path = Path(tempfile.mkdtemp()) / "gäste.csv"
    >>> text = "Filiale;F1;Gewicht\nKöln;4;0,5\nTrier;5;1,5\nMünster;2;1\n"
    >>> _ = path.write_bytes(text.encode("cp1252"))
    >>> survey = read_survey(path)
    >>> survey.data
       Filiale  F1  Gewicht
    0     Köln   4      0.5
    1    Trier   5      1.5
    2  Münster   2      1.0
    >>> for fact, found in survey.facts:
    ...     print(f"{fact}: {found}")
    file: gäste.csv: text, 54 bytes
    encoding: Windows-1252 (cp1252), not UTF-8, as 'Köln' shows
    separator: semicolons
    header: line 1
    decimals: a comma
    table: 3 rows, 3 columns
    >>> survey.columns[["name", "kind", "lowest", "highest"]]
          name    kind  lowest  highest
    0  Filiale    text     NaN      NaN
    1       F1   scale     2.0      5.0
    2  Gewicht  number     0.5      1.5
    """
    _check(decimal=decimal, day_first=day_first, short_rows=short_rows, max_bytes=max_bytes)
    source = open_source(path, max_bytes)
    given = {
        "separator": separator,
        "encoding": encoding,
        "short_rows": None if short_rows == "raise" else short_rows,
        "sheet": sheet,
        "decimal": decimal,
        "header": header,
        "day_first": day_first,
        "no_answer": no_answer,
    }
    _refuse_idle(source, given)
    if source.kind in ("sav", "dta"):
        raw = read_labelled(source)
    elif source.kind in ("parquet", "feather"):
        raw = read_columnar(source)
    else:
        if source.kind == "text":
            text, letters = decoded(read_bytes(source), encoding, str(source.path))
            grid, sign, said = rows_of(text, separator, str(source.path))
            said = [("encoding", letters), *said]
            remarks: list[str] = []
        else:
            grid, said, remarks = rows_of_sheet(source, sheet)
            sign = ""
        raw = _of_grid(
            grid, str(source.path), said, remarks,
            header=header, sign=sign, decimal=decimal, day_first=day_first, no_answer=no_answer,
            short_rows=short_rows,
        )  # fmt: skip
    return _found(source, raw, codebook)


def _check(*, decimal: str | None, day_first: bool | None, short_rows: str, max_bytes: int) -> None:
    if decimal is not None:
        check_choice("decimal", decimal, Decimal)
    if day_first is not None:
        check_flag("day_first", day_first)
    check_choice("short_rows", short_rows, Literal["raise", "fill"])
    if max_bytes < 1:
        raise OptionError(f"max_bytes={max_bytes} must be at least 1")


def _refuse_idle(source: Source, given: dict[str, Any]) -> None:
    """Refuse options that are for another kind of file."""
    allowed = {
        "text": (*_OF_TEXT, *_OF_CELLS),
        "xlsx": ("sheet", *_OF_CELLS),
    }.get(source.kind, ())
    if idle := [name for name, value in given.items() if value is not None and name not in allowed]:
        raise OptionError(f"{idle[0]} is not for this kind of file: {source.fact}; leave it out")


def _of_grid(
    grid: Grid,
    file: str,
    said: Facts,
    remarks: list[str],
    *,
    header: int | None,
    sign: str,
    decimal: Decimal | None,
    day_first: bool | None,
    no_answer: Collection[str] | None,
    short_rows: str,
) -> Raw:
    grid, empty = _without_empty_rows(grid)
    remarks = [*remarks, *empty]
    top = read_header(grid, header, file)
    rows, lines = grid.rows[top.begin :], grid.lines[top.begin :]
    if not rows:
        raise DataError(f"{file} has a header and no answers below it")
    rows, ragged = _of_one_length(rows, lines, top, grid.unit, file, short_rows)
    places = [f"{grid.unit} {line}" for line in lines]
    cells = dict(zip(top.names, zip(*rows, strict=True), strict=True))
    cells, idle = _without_idle_columns(cells, top)
    columns = typed(
        cells, separator=sign, decimal=decimal, day_first=day_first, no_answer=no_answer,
        places=places, file=file,
    )  # fmt: skip
    return Raw(
        frame=pd.DataFrame(columns.series),
        texts=top.texts,
        said=[*said, *top.said, *columns.said],
        remarks=[*remarks, *ragged, *idle, *top.remarks, *columns.remarks],
        places=places,
    )


def _without_empty_rows(grid: Grid) -> tuple[Grid, list[str]]:
    """Leave out empty lines of a text, and empty rows at the end."""
    end = trimmed(grid.rows)
    remarks = []
    # A line without anything is no row, whatever the separator; a row of separators is one.
    kept = [k for k in range(end) if grid.rows[k]]
    if gone := len(grid.rows) - len(kept):
        remarks.append(f"{count_of(gone, f'empty {grid.unit}')} left out")
    rows = [grid.rows[k] for k in kept]
    lines = [grid.lines[k] for k in kept]
    blank = [lines[k] for k, row in enumerate(rows) if all(map(is_empty, row))]
    if blank:
        remarks.append(
            f"nothing stands in {grid.unit} {enumerate_names(blank, most=_SHOWN)}; a respondent "
            "without answers"
        )
    # Rows of a workbook keep their number, by which joined cells are found.
    return Grid(rows, lines, grid.unit, grid.spans if len(kept) == end else ()), remarks


def _of_one_length(  # noqa: PLR0913, PLR0917, RUF100
    rows: list[list[Any]], lines: list[int], top: Header, unit: str, file: str, short_rows: str
) -> tuple[list[list[Any]], list[str]]:
    """Return rows of the length of the header, or refuse them."""
    width, remarks = len(top.names), []
    lengths = [len(row) for row in rows]
    longer = [k for k, n in enumerate(lengths) if n > width]
    full = [k for k in longer if any(not is_empty(cell) for cell in rows[k][width:])]
    if full:
        first = full[0]
        if len(full) == len(rows) and set(lengths) == {width + 1}:
            raise DataError(
                f"{file}: every row has {width + 1} cells, and the header {width} names; the first "
                "column seems to be without a name, as R writes it: write it with "
                "row.names=FALSE or col.names=NA"
            )
        raise DataError(
            f"{file}, {unit} {lines[first]}, column {width + 1}: the row has {lengths[first]} "
            f"cells, and the header {width} names ({count_of(len(full), 'such row')}); put texts "
            "with a separator in quotation marks, or name another one by separator="
        )
    if longer:
        rows = [row[:width] for row in rows]
        remarks.append(f"empty cells beyond the header in {count_of(len(longer), 'row')} left out")
    shorter = [k for k, n in enumerate(lengths) if n < width]
    if shorter:
        first = shorter[0]
        if short_rows == "raise" and unit == "line":
            end = "; the file may be cut off there" if first == len(rows) - 1 else ""
            raise DataError(
                f"{file}, {unit} {lines[first]}: the row has "
                f"{count_of(lengths[first], 'cell')}, and the header {width} names "
                f"({count_of(len(shorter), 'such row')}){end}; short_rows='fill' takes the rest "
                "as missing"
            )
        rows = [row + [None] * (width - len(row)) for row in rows]
        if unit == "line":
            remarks.append(f"{count_of(len(shorter), 'short row')} filled with missing answers")
    return rows, remarks


def _without_idle_columns(
    cells: dict[str, tuple[Any, ...]], top: Header
) -> tuple[dict[str, tuple[Any, ...]], list[str]]:
    """Leave out columns at the right that have neither a name nor a value."""
    unnamed = {name for name in top.unnamed if all(map(is_empty, cells[name]))}
    gone: list[str] = []
    for name in reversed(list(cells)):
        if name not in unnamed or len(gone) == len(cells) - 1:
            break
        gone.append(name)
    if not gone:
        return cells, []
    kept = {name: column for name, column in cells.items() if name not in gone}
    return kept, [f"{count_of(len(gone), 'empty column')} without a name at the right left out"]


def _found(source: Source, raw: Raw, codebook: Codebook | None) -> SurveyFile:
    remarks = list(raw.remarks)
    if codebook is not None:
        frame, decoding = decode(raw.frame, codebook, raw.places, str(source.path))
        remarks += decoding
        raw = Raw(
            frame, raw.texts, raw.labels, raw.codes, raw.nominal, raw.absent, raw.said, remarks,
            raw.places,
        )  # fmt: skip
    columns = describe_columns(raw)
    draft = (
        Draft(codebook) if codebook is not None else draft_codebook(raw, columns, source.path.name)
    )
    for kind, words in (
        ("several", "seems to hold several answers in a cell"),
        ("other", 'seems to hold the texts of an answer "other"'),
    ):
        if names := [column.name for column in columns if column.kind == kind]:
            remarks.append(f"{enumerate_names(names)} {words}")
    for first, last in groups_of_options(columns):
        remarks.append(f"{first} to {last} seem to be the options of one question")
    rows, width = raw.frame.shape
    size = f"{count_of(rows, 'row')}, {count_of(width, 'column')}"
    return SurveyFile(
        data=raw.frame,
        codebook=draft.codebook,
        facts=(("file", source.fact), *raw.said, ("table", size)),
        remarks=(*remarks, *draft.remarks),
        column_rows=FrozenMapping(
            {name: tuple(cells) for name, cells in table_of_columns(columns).items()}
        ),
        scale_origins=FrozenMapping(draft.origins),
        missing_rows=tuple(raw.absent),
    )
