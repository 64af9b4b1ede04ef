"""``python -m loyaltymodel init``: drafts of a codebook and a model, to be edited."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from loyaltymodel._cli.answers import add_reading_options, in_options, read_answers
from loyaltymodel._cli.arguments import Parser
from loyaltymodel._cli.terminal import wrapped
from loyaltymodel._core import notation
from loyaltymodel._core.files import write_whole
from loyaltymodel._core.options import count_of, visible
from loyaltymodel._version import __version__
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.survey import Codebook
from loyaltymodel.survey.results import SurveyFile

_EXAMPLE = """\
    python -m loyaltymodel init survey.xlsx
    (look through codebook.yaml and model.txt, and correct what is marked)
    python -m loyaltymodel --data survey.xlsx --codebook codebook.yaml --model model.txt
"""
_STEM = re.compile(r"^(.*?)[\s._-]*\d+$")  # of Q1_2 and sat3: what comes before the last number
_REFLECTIVE: Literal["A"] = "A"  # the mode


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = Parser(
        prog="python -m loyaltymodel init",
        description=(
            "Write a draft of the codebook and of the model for a file of answers. What the file\n"
            "says is taken from it; what is a guess is marked as one, for you to correct."
        ),
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("data", metavar="FILE", help="the answers: CSV, xlsx, .sav, .dta, Parquet")
    made.add_argument(
        "--codebook",
        metavar="FILE.yaml",
        default="codebook.yaml",
        help="the codebook to write (default: %(default)s)",
    )
    made.add_argument(
        "--model",
        metavar="FILE.txt",
        default="model.txt",
        help="the model to write (default: %(default)s)",
    )
    made.add_argument("--force", action="store_true", help="overwrite files that are there")
    add_reading_options(made)
    made.add_argument("--version", action="version", version=f"loyaltymodel {__version__}")
    return made


def run(options: argparse.Namespace) -> str:
    """Read the answers, write both drafts, and return what is to be printed."""
    targets = Path(options.codebook), Path(options.model)
    for path in targets:
        if path.is_file() and path.stat().st_size and not options.force:
            raise OptionError(f"{path} exists; name another place, or overwrite it with --force")
    survey = read_answers(options)
    if survey.codebook is None:
        raise DataError(
            f"{options.data} has no column that seems to be answered on a scale, so there is "
            "nothing to draft; read_survey(...).columns says what each column seems to be"
        )
    for path, text in zip(targets, drafts(survey, options.data), strict=True):
        write_whole(path, text.encode())
    items, scales = len(survey.codebook.items), len(survey.codebook.scales)
    size = f"{count_of(items, 'item')} on {count_of(scales, 'scale')}"
    files = f"--codebook {options.codebook} --model {options.model}"
    return "\n".join(
        [
            wrapped(f"Read: {survey.said}."),
            f"{options.codebook}: {size}. {options.model}: a draft of the model.",
            "Correct what is marked in both, and run",
            f"python -m loyaltymodel --data {options.data} {files}",
        ]
    )


def in_its_words(message: str) -> str:
    """Say the way out of an error as options of this command."""
    return in_options(message)


def drafts(survey: SurveyFile, source: str) -> tuple[str, str]:
    """Return the drafts of codebook and model, as text with comments."""
    book = survey.codebook
    if book is None:
        raise DataError("the survey has no codebook")
    return "\n".join(_codebook(survey, book, source)) + "\n", "\n".join(_model(book, source)) + "\n"


def _codebook(survey: SurveyFile, book: Codebook, source: str) -> Iterator[str]:
    yield f"# Draft of the codebook of {visible(source)}."
    yield "# Read it through: what is called a guess is only what the answers suggest."
    for remark in survey.remarks:
        yield f"# - {visible(remark)}"
    yield f"title: {_quoted(book.title)}"
    yield f"source: {_quoted(book.source)}"
    yield "scales:"
    for name, scale in book.scales.items():
        guess = survey.scale_origins.get(name) == "guess"
        longer = "  # a guess: the scale may be longer" if guess else ""
        yield f"  {_quoted(name)}:"
        yield f"    lowest: {scale.lowest:g}" + ("  # a guess" if guess else "")
        yield f"    highest: {scale.highest:g}{longer}"
        if scale.labels:
            yield "    labels:"
            yield from (f"      {a:g}: {_quoted(label)}" for a, label in scale.labels.items())
        codes = ", ".join(f"{code:g}" for code in scale.dont_know)
        yield f"    dont_know: [{codes}]  # codes that are no answers, such as 98 or 99"
        yield "    direction: up  # down, if a high answer means little, as a school grade of 5"
    yield "items:"
    yield "  # construct: what the item shows. reversed: true, if it is worded against that."
    for item in book.items:
        yield f"  - name: {_quoted(item.name)}"
        yield f"    scale: {_quoted(item.scale)}"
        if item.text:
            yield f"    text: {_quoted(item.text)}"
        yield f"    construct: {_quoted(_stem(item.name))}  # a guess, from the name"
    known = {item.name for item in book.items}
    if others := [c for c in survey.columns["name"] if c not in known]:
        yield "# Columns that are on no scale: " + ", ".join(map(visible, others))


def _model(book: Codebook, source: str) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for item in book.items:
        groups.setdefault(_stem(item.name), []).append(item.name)
    yield f"# Draft of the model for {visible(source)}: who measures what, and what drives what."
    yield "# A construct and its items. The groups are guesses, from the names of the columns."
    blocks = tuple((name, _REFLECTIVE, tuple(own)) for name, own in groups.items())
    yield notation.write(notation.Statements(blocks, ()))
    yield "# What drives what: effect ~ causes. Take away the # and name your own, such as"
    *others, last = groups
    paths = notation.Statements((), ((last, tuple(others) or ("another_construct",)),))
    yield f"# {notation.write(paths).strip()}"


def _stem(name: str) -> str:
    found = _STEM.match(name)
    return found[1] if found and found[1] else name


def _quoted(text: object) -> str:
    """Return a text, or texts by language, as both JSON and YAML read them."""
    return json.dumps(text if isinstance(text, str) else dict(text), ensure_ascii=False)  # type: ignore[call-overload]
