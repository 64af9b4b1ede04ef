"""What a command reads: answers of any program, with options on how, and texts."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import DataError, ModelError
from loyaltymodel.survey import Codebook, Questionnaire, read_survey
from loyaltymodel.survey.results import SurveyFile

# Options of read_survey, what a shell gives for them, and what they are.
_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sheet", {"metavar": "NAME", "help": "sheet of a workbook"}),
    ("separator", {"metavar": "SIGN", "help": "between the columns of a text, such as ';'"}),
    ("decimal", {"choices": (".", ","), "help": "sign of decimals"}),
    ("encoding", {"metavar": "NAME", "help": "of a text, such as utf-8, cp1252 or gb18030"}),
    ("header", {"metavar": "ROWS", "type": int, "help": "rows at the top that name the columns"}),
    ("short_rows", {"choices": ("raise", "fill"), "help": "refuse rows that are cut off, or fill"}),
    ("no_answer", {"metavar": "TEXT", "nargs": "+", "help": "texts that mean no answer"}),
    ("max_bytes", {"metavar": "BYTES", "type": int, "help": "size of the largest file"}),
)


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add to a parser how a file is to be read, where that cannot be told for certain."""
    group = parser.add_argument_group("where it cannot be told for certain how to read the file")
    for name, how in _OPTIONS:
        group.add_argument(_as_option(name), default=argparse.SUPPRESS, **how)


def read_answers(options: argparse.Namespace, codebook: Codebook | None = None) -> SurveyFile:
    """Return the file that ``--data`` names, read as the options say."""
    given = {name: vars(options)[name] for name, _ in _OPTIONS if name in options}
    return read_survey(options.data, codebook=codebook, **given)


def refuse_repeated(survey: SurveyFile, names: Iterable[str], path: str) -> None:
    """Refuse columns that are used and whose name stands in the file more than once."""
    columns = survey.columns
    copies = columns["text"][columns["text"] != columns["name"]]
    if repeated := [name for name in dict.fromkeys(names) if name in set(copies)]:
        raise DataError(
            f"{path} has more than one column named {enumerate_names(repeated)}; rename one"
        )


def in_options(message: str) -> str:
    """Say the options of :func:`read_survey` in a message as those of a command."""
    names = "|".join(name for name, _ in _OPTIONS)
    message = re.sub(
        rf"\b({names})=('[^']*'|\"[^\"]*\"|[\w.]+)?",
        lambda found: f"{_as_option(found[1])} {found[2] or ''}".rstrip(),
        message,
    )
    # The reading says its facts for people; that a column is text is all a command can use.
    return message.replace(" (pandas.to_numeric helps)", "")


def _as_option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def read_codebook(path: Path) -> Codebook | Questionnaire:
    """Return the codebook in a file, or the questionnaire, written in JSON or YAML.

    Raises
    ------
    ModelError
        If the file holds neither.
    """
    text = read_text(path)
    as_json = text.lstrip().startswith("{")
    # A questionnaire says what its constructs are called, and a codebook has no such field.
    asks = re.search(r'^constructs:|^\s{0,4}"constructs":', text, re.MULTILINE) is not None
    kind: type[Codebook] | type[Questionnaire] = Questionnaire if asks else Codebook
    try:
        return kind.from_json(text) if as_json else kind.from_yaml(text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeError:
        raise DataError(f"{path} is not a text file in UTF-8; save it as such") from None
