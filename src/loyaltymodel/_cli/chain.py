"""``python -m loyaltymodel chain``: from a survey to what quality is worth, as one page."""

from __future__ import annotations

import argparse
import re
import warnings
from pathlib import Path
from typing import get_args

from loyaltymodel import datasets
from loyaltymodel._cli.answers import add_reading_options, in_options, read_answers, read_text
from loyaltymodel._cli.arguments import Parser
from loyaltymodel._cli.links import Found, ask
from loyaltymodel._cli.outputs import is_own_page, refuse_strangers
from loyaltymodel._cli.plan import ChainPlan, bundled_plan
from loyaltymodel._cli.told import parts, title, told
from loyaltymodel._core.files import write_whole
from loyaltymodel._version import __version__
from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.report.words import Language

_EXAMPLE = """\
without options: the simulated barometer, of which 5,638 customers gave all answers, and a million
that is to be spent on five points of quality.

your own survey: a CSV file with a row a customer, and a plan in JSON, for which the one of the
barometer is a template:

    python -m loyaltymodel chain --write-plan plan.json
    python -m loyaltymodel chain --data survey.csv --plan plan.json
"""
_FIELDS = "|".join(ChainPlan.model_fields)


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = Parser(
        prog="python -m loyaltymodel chain",
        description=(
            "From quality to money: a structural model, the loyalty curve and what customers are\n"
            "worth say what a measure brings, and how sure that is."
        ),
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--data", metavar="FILE.csv", help="the survey; needs --plan")
    made.add_argument("--plan", metavar="FILE.json", help="model, columns, measure and economics")
    made.add_argument(
        "--driver", metavar="NAME", help="what is to be changed, in place of the plan's driver"
    )
    made.add_argument(
        "--report",
        metavar="FILE.html",
        default="loyaltymodel-chain.html",
        help="the page to write (default: %(default)s)",
    )
    made.add_argument("--no-pictures", action="store_true", help="draw nothing")
    made.add_argument(
        "--language", choices=get_args(Language), default="en", help="of the reading and the page"
    )
    made.add_argument(
        "--write-plan", metavar="FILE.json", help="write the plan of the barometer, and no more"
    )
    made.add_argument(
        "--force", action="store_true", help="overwrite files that this command did not write"
    )
    add_reading_options(made)
    made.add_argument("--version", action="version", version=f"loyaltymodel {__version__}")
    return made


def run(options: argparse.Namespace) -> str:
    """Go through the whole chain, write the page, and return what is to be printed."""
    if options.write_plan is not None:
        return _write_template(options)
    if options.data is not None and options.plan is None:
        raise OptionError("--data needs --plan; --write-plan FILE.json writes one to start from")
    page = Path(options.report)
    if not options.force:
        refuse_strangers([(page, is_own_page)])
    plan = _plan(options)
    answers = datasets.load_barometer() if options.data is None else read_answers(options).data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = ask(plan, answers)
    notes = dict.fromkeys(
        in_its_words(str(w.message)) for w in caught if issubclass(w.category, UserWarning)
    )
    content = _page(found, pictures=not options.no_pictures, language=options.language)
    write_whole(page, content.encode())
    return told(found, list(notes), source=options.data, page=page, language=options.language)


def in_its_words(message: str) -> str:
    """Say the way out of an error as a field of the plan."""
    message = re.sub(rf"\b({_FIELDS})=(\"[^\"]*\")", r'"\1": \2', message)
    return in_options(message)


def _plan(options: argparse.Namespace) -> ChainPlan:
    plan = bundled_plan()
    if options.plan is not None:
        text = read_text(Path(options.plan))
        try:
            plan = ChainPlan.from_json(text)
        except ModelError as error:
            raise ModelError(f"{options.plan}: {error}") from None
    return plan if options.driver is None else plan.model_copy(update={"driver": options.driver})


def _write_template(options: argparse.Namespace) -> str:
    if options.data is not None or options.plan is not None:
        raise OptionError("--write-plan writes the plan of the barometer; leave --data and --plan")
    path = Path(options.write_plan)
    if path.is_file() and path.stat().st_size and not options.force:
        raise OptionError(f"{path} exists; name another place, or overwrite it with --force")
    write_whole(path, f"{bundled_plan().to_json()}\n".encode())
    return (
        f"The plan of the barometer is in {path}. Change it to what your survey has, and run\n"
        f"python -m loyaltymodel chain --data survey.csv --plan {path}"
    )


def _page(found: Found, *, pictures: bool, language: Language) -> str:
    from loyaltymodel import report  # noqa: PLC0415  pictures take a second to load

    measure = found.measure.scenario
    with warnings.catch_warnings(action="ignore"):  # of fonts; the pictures say it themselves
        return report.render(
            parts(found, language),
            title=title(measure.driver, measure.change, language),
            pictures=pictures,
            language=language,
        )
