"""From bytes to text: which encoding a file has, and what cannot be told."""

from __future__ import annotations

import codecs
import re

from loyaltymodel._core.options import enumerate_names, shown
from loyaltymodel.errors import DataError, OptionError

_MARKS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_OTHERS = ("gb18030", "cp1252", "cp1250", "cp1251", "big5", "cp932", "cp949")
_COMMON = 0.9  # of Chinese letters in a text are among the 3,755 that GB 2312 lists as common
_RARE = 0.34  # of the letters of western words have accents, at most
_SHOWN = 24
_HANGUL = re.compile("[가-힣]")
_WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f][^\W\d_]*")


def decoded(content: bytes, encoding: str | None, name: str) -> tuple[str, str]:
    """Return the text of a file, and in a few words how it was read.

    Raises
    ------
    DataError
        If it is no text in the encoding that was given, or the encoding cannot be told.
    OptionError
        If there is no such encoding.
    """
    if encoding is not None:
        return _as_told(content, encoding, name), f"{encoding}, as told"
    for mark, kind, called in _MARKS:
        if content.startswith(mark):
            return _strictly(content, kind, name), f"{called} with a byte-order mark"
    if wide := _wide(content):
        return _strictly(content, wide, name), f"{wide.upper()} without a byte-order mark"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _old(content, error, name)
    return text, "ASCII" if text.isascii() else "UTF-8"


def _as_told(content: bytes, encoding: str, name: str) -> str:
    try:
        known = codecs.lookup(encoding).name
        "a".encode(known)
    except (LookupError, ValueError, TypeError):
        raise OptionError(
            f"encoding={shown(encoding)} is no encoding that Python knows, such as 'utf-8', "
            "'cp1252' or 'gb18030'"
        ) from None
    if known == "utf-8":
        known = "utf-8-sig"  # the same, less a mark
    return _strictly(content, known, name).removeprefix("\ufeff")


def _strictly(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{name} is no text in {encoding}: byte {error.start + 1:,}, in line {line}, does not "
            "belong to it; the file is cut off or damaged, or encoding= must say another one"
        ) from None
    except UnicodeError as error:
        raise DataError(f"{name} is no text in {encoding}: {error}") from None


def _wide(content: bytes) -> str:
    """Tell UTF-16 without a mark: of most letters one byte, always on the same side, is 0."""
    start = content[:4096]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if min(even, odd) or not max(even, odd):
        return ""
    return "utf-16-le" if odd else "utf-16-be"


def _old(content: bytes, error: UnicodeDecodeError, name: str) -> tuple[str, str]:
    """Read text that is not in Unicode: western or Chinese, if only one of them can be meant."""
    texts = {}
    for kind in _OTHERS:
        try:
            texts[kind] = content.decode(kind)
        except UnicodeError:
            continue
    found = []
    if "gb18030" in texts and _is_chinese(content, texts["gb18030"]):
        korean = texts.get("cp949", "")
        found += ["gb18030"] if not _is_korean(korean) else ["gb18030", "cp949"]
    if "cp1252" in texts and _is_western(content, texts["cp1252"]):
        found.append("cp1252")
    if len(found) == 1:
        sample = _sample(texts[found[0]])
        called = {"gb18030": "GB18030", "cp1252": "Windows-1252 (cp1252)"}[found[0]]
        return texts[found[0]], f"{called}, not UTF-8, as {sample!r} shows"
    line = content[: error.start].count(b"\n") + 1
    ways = [f"{kind} ({_sample(text)!r})" for kind, text in texts.items()]
    raise DataError(
        f"{name} is not in UTF-8 (line {line}), and its encoding cannot be told for certain; say "
        f"which it is by encoding=, one of {enumerate_names(ways, most=8) or 'those of Python'}, "
        "or save it as CSV UTF-8"
    )


def _is_chinese(content: bytes, text: str) -> bool:
    letters = [letter for letter in text if not letter.isascii()]
    pairs = sum(len(run) for run in _HIGH.findall(content) if len(run) % 2 == 0)
    common = sum(_is_common(letter) for letter in letters)
    return common >= _COMMON * len(letters) and pairs > 0


def _is_common(letter: str) -> bool:
    try:
        lead = letter.encode("gb2312")[0]
    except UnicodeError:
        return False
    return lead in (0xA1, 0xA3) or 0xB0 <= lead <= 0xD7  # noqa: PLR2004  signs, common letters


def _is_korean(text: str) -> bool:
    letters = [letter for letter in text if not letter.isascii()]
    return bool(letters) and all(_HANGUL.match(letter) for letter in letters)


def _is_western(content: bytes, text: str) -> bool:
    words = "".join(_WORD.findall(text))
    accents = sum(not letter.isascii() for letter in words)
    paired = sum(len(run) > 2 for run in _HIGH.findall(content))  # noqa: PLR2004
    return accents <= max(_RARE * len(words), 1) and paired == 0


def _sample(text: str) -> str:
    """Return the first word that has letters beyond ASCII, by which a reader sees what is right."""
    found = _WORD.search(text) or re.search(r"[^\x00-\x7f]", text)
    return found.group()[:_SHOWN] if found else ""
