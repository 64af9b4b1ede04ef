"""Answers from a CSV file, plain or packed; whatever is no such file is named for what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pandas as pd

from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import DataError

_BEGINNING = 4096  # bytes
# What a packed file raises that is cut off or broken.
_BROKEN = (
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    NotImplementedError,  # packed in a way that Python does not know
    RuntimeError,  # or with a password
)
_KINDS = (
    (b"\xff\xfe", "text in UTF-16", "save it as CSV UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as CSV UTF-8"),
    (b"PK\x03\x04", "a workbook or an archive", "save the sheet as CSV UTF-8, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "a workbook", "save the sheet as CSV UTF-8"),
    (b"\x1f\x8b", "packed", "name it .csv.gz"),
)


def read_answers(path: str) -> pd.DataFrame:
    """Return the table in a CSV file.

    Raises
    ------
    DataError
        If it is no such file, is broken, or names a column twice.
    OSError
        If it cannot be opened.
    """
    with _unpacked(path) as file:
        try:
            header, answers = _header_and_answers(path, file)
        except DataError:
            raise
        except UnicodeError:
            raise DataError(
                f"{path} cannot be read as a CSV file: it is not text in UTF-8; save it as "
                "CSV UTF-8"
            ) from None
        except (ValueError, pd.errors.ParserWarning) as error:
            raise DataError(f"{path} cannot be read as a CSV file: {_in_plain(error)}") from None
        except (OSError, *_BROKEN) as error:
            raise _broken(path, error) from None
    named = header.dropna()
    if repeated := named[named.duplicated()].tolist():
        raise DataError(
            f"{path} has more than one column named {enumerate_names(repeated)}; rename one"
        )
    return answers


def _header_and_answers(path: str, file: IO[bytes]) -> tuple[pd.Series, pd.DataFrame]:
    start = file.read(_BEGINNING)
    _refuse_other_kinds(path, start)
    file.seek(0)
    # pandas renames a column that is named twice; the header as it stands does not.
    header = pd.read_csv(file, header=None, nrows=1, dtype=str).iloc[0]
    _refuse_other_separators(path, header)
    file.seek(0)
    with warnings.catch_warnings():
        # Rows longer than the header are cut with a warning; here they are refused.
        warnings.simplefilter("error", category=pd.errors.ParserWarning)
        return header, pd.read_csv(file, index_col=False, low_memory=False)


def _unpacked(path: str) -> IO[bytes]:
    """Open a file to read it from its beginning more than once, and one that is packed as such."""
    if "://" in path:
        raise DataError(f"{path} is an address, but a file is needed; download it first")
    file = _UNPACK.get(Path(path).suffix.lower(), open)(path, "rb")
    return file if file.seekable() else io.BytesIO(file.read())


def _only_file(path: str, _: str) -> IO[bytes]:
    """Open the only file in a ZIP archive."""
    try:
        archive = zipfile.ZipFile(path)
        if len(names := archive.namelist()) != 1:
            raise DataError(f"{path} holds {len(names)} files, but one is needed; unpack it")
        return archive.open(names[0])
    except _BROKEN as error:
        raise _broken(path, error) from None


def _broken(path: str, error: Exception) -> DataError:
    return DataError(
        f"{path} cannot be read, it is cut off or broken: {' '.join(str(error).split()).lower()}"
    )


_UNPACK: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zip": _only_file,
}


def _refuse_other_kinds(path: str, start: bytes) -> None:
    """Say what a file is that is no text, by its first bytes."""
    for first, kind, cure in _KINDS:
        if start.startswith(first):
            raise DataError(f"{path} cannot be read as a CSV file: it is {kind}; {cure}")
    if b"\0" in start:
        raise DataError(
            f"{path} cannot be read as a CSV file: it is not text; save it as CSV UTF-8"
        )


def _refuse_other_separators(path: str, header: pd.Series) -> None:
    """Say how to convert a file whose columns are not parted by commas."""
    (first, *more) = header
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "upright lines")):
        if not more and sign in str(first):
            raise DataError(
                f"{path} is parted by {name}; save it with commas between the columns and points "
                f"in decimals: pandas.read_csv({path!r}, sep={sign!r}, decimal=',')"
                ".to_csv('commas.csv', index=False)"
            )


def _in_plain(error: Exception) -> str:
    """Say without the inside of pandas why a text is no table."""
    said = str(error)
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said):
        return f"line {found[2]} has {found[3]} values, and the first line {found[1]} names"
    for part, plain in (
        ("No columns to parse", "it is empty"),
        ("EOF inside string", "a quotation mark is opened and never closed"),
        ("does not match length of data", "rows have more values than the first line has names"),
    ):
        if part in said:
            return plain
    return " ".join(said.split())


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeError:
        raise DataError(f"{path} is not a text file in UTF-8; save it as such") from None
