"""What a file is: by its first bytes, whatever it is called; what is no file that can be read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyaltymodel._core.options import shown, suggest, visible
from loyaltymodel.errors import DataError, OptionError

_START = 4096  # bytes that tell what a file is
_DIRECTORY = 1 << 20  # bytes in which a compound file names its parts, or so
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

# How files begin that are none of those that are read, what they are and what to do.
_OTHERS = (
    (b"%PDF", "a PDF document", "export the table from the program that made it"),
    (b"7z\xbc\xaf", "an archive (7z)", "unpack it"),
    (b"Rar!", "an archive (rar)", "unpack it"),
    (b"SQLite format 3", "a database (SQLite)", "export the table as CSV"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a file of SAS", "export it as .sav or CSV"),
    (b"ASCII SPSS PORT", "a portable file of SPSS", "save it as .sav"),
    (b"RDX", "a file of R", "write it with haven::write_sav or write.csv"),
    (b"\x89PNG", "a picture", "give the file with the answers"),
    (b"\xff\xd8\xff", "a picture", "give the file with the answers"),
)
# How packed files begin, by what they were packed, and what opens them.
_PACKED: tuple[tuple[bytes, str, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", "gzip", gzip.open),
    (b"BZh", "bzip2", bz2.open),
    (b"\xfd7zXZ", "xz", lzma.open),
)
# What a packed file raises that is cut off, damaged, or packed in a way that Python does not know.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip
_UNPACKED = 10  # times the largest file that is read, the most that a packed one may unpack to
_KINDS = {
    "text": (".csv", ".tsv", ".txt", ".tab", ".dat"),
    "xlsx": (".xlsx", ".xlsm"),
    "sav": (".sav", ".zsav"),
    "dta": (".dta",),
    "parquet": (".parquet", ".pq"),
    "feather": (".feather", ".arrow", ".ft"),
}
NAMES = {
    "text": "text",
    "xlsx": "a workbook of Excel",
    "sav": "a file of SPSS",
    "dta": "a file of Stata",
    "parquet": "a Parquet file",
    "feather": "a Feather file",
}
# First byte of files of Stata before version 13; then come the order of bytes and 1.
_OLD_STATA = frozenset((102, 103, 104, 105, 108, 110, 111, 113, 114, 115))
_WHOLE_STATA = b"</stata_dta>"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read, and what it is."""

    path: Path
    kind: str
    size: int
    packed: str = ""  # by what, if it is
    content: bytes | None = None  # of a packed file

    @property
    def fact(self) -> str:
        """Say what the file is, and that its name says something else if it does."""
        if self.packed:
            return (
                f"{self.path.name}: {NAMES[self.kind]} packed by {self.packed}, {self.size:,} bytes"
            )
        named = self.path.suffix.lower()
        odd = "" if named in _KINDS[self.kind] else f" (though named {named or 'without a kind'})"
        return f"{self.path.name}: {NAMES[self.kind]}{odd}, {self.size:,} bytes"


def open_source(path: str | os.PathLike[str], max_bytes: int) -> Source:
    """Find out what a file is without reading more of it than its beginning.

    Raises
    ------
    DataError
        If there is no such file, or it is empty, too large, or of a kind that is not read.
    OptionError
        If the path is no path.
    """
    text = os.fspath(path)
    if "://" in text:
        raise DataError(
            f"{text} is an address, and a path is needed; download the file and give where it is"
        )
    if "\0" in text or not text.strip():
        raise OptionError(f"path={shown(text)} is no path of a file")
    file = Path(text)
    size = _size_of(file)
    if size == 0:
        raise DataError(f"{file} is empty: it has 0 bytes; export it again")
    if size > max_bytes:
        raise DataError(
            f"{file} has {size:,} bytes, more than the {max_bytes:,} that are read; if it is the "
            f"right file and memory allows it, give max_bytes={size}"
        )
    try:
        with file.open("rb") as opened:
            start = opened.read(_START)
            if (packed := _unpacked(file, start, max_bytes)) is not None:
                return Source(file, "text", size, *packed)
            kind = _kind_of(file, start, max_bytes)
            if kind == "dta" and start.startswith(b"<stata_dta>"):
                opened.seek(max(0, size - len(_WHOLE_STATA)))
                if opened.read() != _WHOLE_STATA:
                    raise broken(file, "dta", "its end is missing")
    except OSError as error:
        raise _not_opened(file, error) from None
    return Source(file, kind, size)


def broken(file: Path, kind: str, why: object) -> DataError:
    """Return the error for a file that is cut off or damaged."""
    said = visible(" ".join(str(why).split()).rstrip("."))
    return DataError(
        f"{file} is {NAMES[kind]} that is cut off or damaged: {said[:1].lower()}{said[1:]}; "
        "copy or export it again"
    )


def read_bytes(source: Source) -> bytes:
    """Return what is in a file, unpacked."""
    if source.content is not None:
        return source.content
    try:
        return source.path.read_bytes()
    except OSError as error:
        raise _not_opened(source.path, error) from None


def _size_of(file: Path) -> int:
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(_not_there(file)) from None
    except OSError as error:
        raise _not_opened(file, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise DataError(f"{file} is a folder; give one of its files{_listed(file)}")
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{file} is no regular file but a device or a pipe; write it to a file")
    return found.st_size


def _not_opened(file: Path, error: OSError) -> DataError:
    return DataError(f"{file} cannot be opened: {(error.strerror or str(error)).lower()}")


def _not_there(file: Path) -> str:
    folder = file.parent
    if not folder.is_dir():
        return f"there is no file {file}, since there is no folder {folder}"
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    return f"there is no file {file}{suggest(file.name, names)}; its folder is {folder.resolve()}"


def _listed(folder: Path) -> str:
    known = {suffix for kinds in _KINDS.values() for suffix in kinds}
    try:
        names = sorted(name for name in os.listdir(folder) if Path(name).suffix.lower() in known)
    except OSError:
        return ""
    return f", such as {visible(names[0])}" if names else ""


def _kind_of(file: Path, start: bytes, max_bytes: int) -> str:
    """Return what is read of a kind of file, or refuse it by its name."""
    if start.startswith(b"PK\x03\x04"):
        return _in_archive(file, max_bytes)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(_compound(file))
    if start.startswith((b"$FL2", b"$FL3")):
        return "sav"
    if start.startswith(b"<stata_dta>") or (
        start[0] in _OLD_STATA and start[1:2] in (b"\x01", b"\x02") and start[2:3] == b"\x01"
    ):
        return "dta"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"ARROW1", b"FEA1")):
        return "feather"
    for first, what, cure in _OTHERS:
        if start.startswith(first):
            raise DataError(f"{file} is {what}, which is not read; {cure}")
    _refuse_markup(file, start)
    if _CONTROLS.search(start) and not _may_be_wide(start):
        raise DataError(
            f"{file} is neither text nor a kind of file that is known by its first bytes "
            f"({start[:8].hex(' ')}); save it as xlsx, CSV, .sav, .dta or Parquet"
        )
    return "text"


def _unpacked(file: Path, start: bytes, max_bytes: int) -> tuple[str, bytes] | None:
    """Return by what a file is packed and the text in it, or None for a file that is not packed."""
    most = _UNPACKED * max_bytes
    found = None
    try:
        for first, by, opener in _PACKED:
            if start.startswith(first):
                with opener(file) as opened:
                    found = by, opened.read(most + 1)
        if start.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(file) as archive:
                parts = [part for part in archive.infolist() if not part.is_dir()]
                if len(parts) == 1 and Path(parts[0].filename).suffix.lower() in _KINDS["text"]:
                    with archive.open(parts[0]) as opened:
                        found = "zip", opened.read(most + 1)
    except _BROKEN as error:
        raise DataError(
            f"{file} is a packed file that is cut off or damaged: {visible(str(error)).lower()}; "
            "copy or export it again"
        ) from None
    return None if found is None else (found[0], _text_in(file, *found, max_bytes))


def _text_in(file: Path, by: str, content: bytes, max_bytes: int) -> bytes:
    if len(content) > _UNPACKED * max_bytes:
        raise DataError(
            f"{file} unpacks to more than {_UNPACKED * max_bytes:,} bytes; if it is the right file "
            f"and memory allows it, give a larger max_bytes than {max_bytes}"
        )
    if not content:
        raise DataError(f"{file} is packed by {by} and holds nothing; export it again")
    for first, of, _ in _PACKED:
        if content.startswith(first):
            raise DataError(f"{file} is packed by {by}, and again by {of}; unpack it once")
    if content.startswith(b"PK\x03\x04") or _kind_of(file, content[:_START], max_bytes) != "text":
        raise DataError(f"{file} is packed by {by}, and what it holds is no text; unpack it first")
    return content


def _may_be_wide(start: bytes) -> bool:
    """Tell whether bytes may be text in UTF-16 or UTF-32, in which every other byte may be 0."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return True
    even, odd = start[0::2].count(0), start[1::2].count(0)
    return min(even, odd) == 0 and max(even, odd) > 0


def _refuse_markup(file: Path, start: bytes) -> None:
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<meta")):
        what = "a web page (HTML), as some sites export under the name of a workbook"
        raise DataError(f"{file} is {what}; open it in Excel and save it as xlsx")
    if text.startswith(b"<?xml"):
        raise DataError(f"{file} is XML; open it in Excel and save it as xlsx")
    if re.match(rb"[{\[]\s*[\"{\[]", text):
        raise DataError(
            f"{file} is JSON; make a table of it by pandas.read_json or pandas.json_normalize"
        )


def _in_archive(file: Path, max_bytes: int) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" in names:
                size = sum(part.file_size for part in archive.infolist())
                if size > _UNPACKED * max_bytes:
                    raise DataError(
                        f"{file} unpacks to {size:,} bytes; if it is the right file and memory "
                        f"allows it, give max_bytes={-(-size // _UNPACKED)}"
                    )
                if bad := archive.testzip():
                    raise broken(file, "xlsx", f"its part {bad} does not have its checksum")
                return "xlsx"
    except _BROKEN as error:
        raise DataError(
            f"{file} is a workbook or an archive that is cut off or damaged: "
            f"{visible(str(error)).lower()}; copy or export it again"
        ) from None
    if "xl/workbook.bin" in names:
        raise DataError(f"{file} is a binary workbook (xlsb); save it as xlsx")
    if "content.xml" in names:
        raise DataError(f"{file} is an OpenDocument file (ods); save it as xlsx")
    held = f"{len(names)} files" if len(names) != 1 else visible(names[0])
    raise DataError(f"{file} is an archive that holds {held}; unpack it and give the file")


def _compound(file: Path) -> str:
    with file.open("rb") as opened:
        part = opened.read(_DIRECTORY)
        opened.seek(max(0, file.stat().st_size - _DIRECTORY))
        part += opened.read()
    if "EncryptedPackage".encode("utf-16-le") in part:
        return f"{file} is protected by a password; open it in Excel and save it without one"
    return f"{file} is an old workbook (xls, before 2007); open it in Excel and save it as xlsx"
