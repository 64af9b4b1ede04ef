"""One language: every public result and every signature in the words of ``docs/vocabulary``."""

import doctest
import functools
import importlib
import inspect
import io
import json
import pickle
import pkgutil
import re
import typing
from contextlib import redirect_stdout
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from wcwidth import wcswidth

import loyaltymodel
from loyaltymodel import report
from loyaltymodel._core.resampling import FOR_INTERVALS, FOR_TESTS
from loyaltymodel._core.results import Result, WithCustomers
from loyaltymodel.errors import LoyaltyModelError
from loyaltymodel.results import EstimateTable, Summary

import rooms

DOCS = Path(__file__).parents[1] / "docs"
FOLDER, THEORY = DOCS / "reference" / "vocabulary", DOCS / "theory"
ROOMS = [*rooms.ROOMS, "results"]
SECTIONS = ("Fields and tables of results", "Columns", "Options")

INTERVALS = {
    "wald", "wilson", "newcombe", "fisher_z", "profile", "percentile", "basic", "bca",
    "studentized", "fieller", "posterior", "exact",
}  # fmt: skip
STD_ERRORS = {"model", "robust", "cluster", "linearized", "bootstrap", "jackknife"}
# From cause to effect. Of two variables that are both listed, the earlier one stands first.
CHAIN = [
    "quality", "value", "attributes", "performance", "drivers", "covariates", "terms", "shock",
    "member", "pairs", "constraint", "normal", "splitting", "satisfaction", "loyalty", "outcome",
    "rating", "stage", "target",
]  # fmt: skip
# Words that once meant what one word of the vocabulary means now.
RETIRED = re.compile(
    r"^(.*_cut|cut_offs|.*_from|.*_above|.*_below|.*_up_to|threshold|cluster|segment|respondent"
    r"|time|seed|n_draws|n_permutations|dof|degrees|n_people|n_customers|n_missing|means|.*_scale"
    r"|low|high|frame|covariance)$"
)


def words_of(page, section):
    """The words of a room: on its page of the vocabulary, or on the page of its theory."""
    pages = [FOLDER / f"{page}.md", THEORY / f"{page.replace('_', '-')}.md"]
    texts = [page.read_text(encoding="utf-8") for page in pages if page.exists()]
    parts = [part for text in texts for part in re.split(r"^##+ ", text, flags=re.MULTILINE)]
    body = "\n".join(part for part in parts if part.startswith(section))
    cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("|")]
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def allowed(room, section):
    return words_of("index", section) | words_of(room, section)


def modules_of(room):
    package = importlib.import_module(f"loyaltymodel.{room}")
    found = [package]
    inside = pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}.")
    return found + [importlib.import_module(info.name) for info in inside]


def public_of(room):
    """What a room hands out, and the classes of its results."""
    names = [room, *(rooms.of_results(room) if room in rooms.ROOMS else ())]
    modules = [importlib.import_module(f"loyaltymodel.{name}") for name in names]
    return {name: getattr(module, name) for module in modules for name in module.__all__}


def results_of(room):
    """Every class of results that belongs to a room, wherever it is importable."""
    prefix = f"loyaltymodel.{room}."
    found, todo = [], [Result]
    modules_of(room)
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        is_base = kind._title is Result._title  # says nothing of its own
        own = kind.__module__.startswith(prefix) and not kind.__name__.startswith("_")
        if own and not is_base:
            found.append(kind)
    # Dataclasses with slots are made twice, of which only one is the class that the module has.
    return sorted(
        {k for k in found if getattr(importlib.import_module(k.__module__), k.__name__) is k},
        key=lambda k: k.__name__,
    )


@pytest.fixture(scope="module", params=ROOMS)
def made(request):
    """A room, the results that its examples make, up to six a class, and the tables."""
    room, found, tables = request.param, {}, {}
    before = Result.__post_init__

    def keep(self):
        before(self)
        instances = found.setdefault(type(self), [])
        if len(instances) < 6:
            instances.append(self)

    patch = pytest.MonkeyPatch()
    patch.setattr(Result, "__post_init__", keep)
    package = importlib.import_module(f"loyaltymodel.{room}")
    for name, thing in public_of(room).items():
        if inspect.isfunction(thing):
            patch.setattr(package, name, _watched(name, thing, tables))
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    with redirect_stdout(io.StringIO()):
        for module in modules_of(room):
            for example in finder.find(module):
                runner.run(example, clear_globs=True)
    patch.undo()
    return room, found, tables


def _watched(name, function, tables):
    """Call the function, and keep the tables that it returns."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        returned = function(*args, **kwargs)
        for part in returned if isinstance(returned, tuple) else (returned,):
            if isinstance(part, pd.DataFrame):
                tables.setdefault(name, []).append(part)
        return returned

    return call


def tables_of(result):
    """Every public table and Series of a result, by name."""
    for kind in type(result).__mro__:
        for name, value in vars(kind).items():
            if name.startswith("_") or not isinstance(value, property):
                continue
            try:
                found = getattr(result, name)
            except LoyaltyModelError:
                continue
            if isinstance(found, (pd.DataFrame, pd.Series)):
                yield name, found


def columns_of(table):
    """The words of a table: its columns, or the name of the axis whose labels are data."""
    index = [name for name in table.index.names if name is not None]
    if isinstance(table, pd.Series):
        return index
    if table.columns.names != [None]:
        return [*index, *table.columns.names]
    return [*index, *table.columns]


def test_every_result_is_made_by_an_example(made):
    room, found, _tables = made
    absent = [kind.__name__ for kind in results_of(room) if kind not in found]
    assert not absent, f"no example of {room} makes {absent}"


def test_results_show_themselves(made):
    room, found, _tables = made
    for kind in results_of(room):
        for result in found.get(kind, []):
            line = repr(result)
            assert "\n" not in line, line
            assert line.startswith(f"<{kind.__name__}: "), line
            assert len(line) <= 160, line
            page = result.summary()
            assert isinstance(page, Summary)
            assert page.title
            assert max(map(wcswidth, str(page).splitlines())) <= 100, str(page)
            assert result._repr_html_().startswith("<h3>")
            assert isinstance(result.to_latex(), str)
            content = result.to_dict()
            text = json.dumps(content, allow_nan=False)
            assert json.loads(text)["kind"] == kind.__name__
            assert content["version"] == loyaltymodel.__version__
            again = pickle.loads(pickle.dumps(result))
            assert repr(again) == line
            assert str(again.summary()) == str(page)
            for path, value in _fields_of(result):
                assert not isinstance(value, (pd.DataFrame, pd.Series, list, dict, set)), path


def test_results_have_a_report_whose_links_lead_somewhere(made):
    room, found, _tables = made
    for kind in results_of(room):
        for result in found.get(kind, [])[:1]:
            page = report.render(result, pictures=False)
            ids = re.findall(r' id="([^"]*)"', page)
            assert len(ids) == len(set(ids)), kind
            assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids), kind


def _fields_of(thing, path="result"):
    for field in fields(thing):
        value = getattr(thing, field.name)
        yield f"{path}.{field.name}", value
        if is_dataclass(value):
            yield from _fields_of(value, f"{path}.{field.name}")


def test_results_hold_no_row_of_the_data(made):
    # Of few people anything may have as many parts by chance.
    room, found, _ = made
    for kind in results_of(room):
        for result in found.get(kind, []):
            n_obs = getattr(result, "n_obs", 0)
            if not kind.rests_on_data or n_obs < 40:
                continue
            for path, value in _fields_of(result):
                size = np.shape(value) if isinstance(value, (np.ndarray, tuple)) else ()
                assert n_obs not in size, f"{kind.__name__}: {path} is as long as the data"


def test_results_that_rest_on_people_say_on_how_many(made):
    room, found, _tables = made
    for kind in results_of(room):
        for result in found.get(kind, []):
            if not kind.rests_on_data:
                continue
            for name in ("n_obs", "n_dropped"):
                value = getattr(result, name)
                assert isinstance(value, (int, np.integer)), (kind, name)


def test_fields_and_tables_are_called_by_words_of_the_vocabulary(made):
    room, _found, _tables = made
    fine = allowed(room, SECTIONS[0])
    unknown = set()
    for kind in results_of(room):
        names = {f.name for f in fields(kind)}
        names |= {
            name
            for base in kind.__mro__
            for name, value in vars(base).items()
            if isinstance(value, property) and not name.startswith("_")
        }
        unknown |= {f"{kind.__name__}.{name}" for name in names - fine}
    assert not unknown, sorted(unknown)


def test_columns_are_called_by_words_of_the_vocabulary(made):
    room, found, tables = made
    fine, unknown = allowed(room, SECTIONS[1]), set()
    for kind in results_of(room):
        for result in found.get(kind, []):
            for name, table in tables_of(result):
                unknown |= {
                    f"{kind.__name__}.{name}: {column}"
                    for column in columns_of(table)
                    if column not in fine
                }
    for name, returned in tables.items():
        unknown |= {f"{name}(): {c}" for t in returned for c in columns_of(t) if c not in fine}
    assert not unknown, sorted(unknown)


def test_intervals_stand_beside_their_estimate(made):
    room, found, tables = made
    for kind in results_of(room):
        for result in found.get(kind, []):
            for name, table in tables_of(result):
                columns = set(columns_of(table))
                ends = {c for c in columns if str(c).endswith(("_low", "_high"))}
                assert ends <= {"ci_low", "ci_high"}, (kind, name, ends)
                if ends:
                    assert {"estimate", "ci_low", "ci_high"} <= columns, (kind, name)
    for name, returned in tables.items():
        for table in returned:
            columns = set(columns_of(table))
            ends = {c for c in columns if str(c).endswith(("_low", "_high"))}
            assert ends <= {"ci_low", "ci_high"}, (name, ends)
            if ends:
                assert {"estimate", "ci_low", "ci_high"} <= columns, name


@pytest.mark.parametrize("room", ROOMS)
def test_no_public_record_is_left_outside_the_family(room):
    outside = words_of(room, "Records that are no results")
    for name, thing in public_of(room).items():
        if not inspect.isclass(thing) or name in outside:
            continue
        family = (Result, BaseModel, EstimateTable, WithCustomers, BaseException)
        assert issubclass(thing, family), f"{name} is a {thing}, neither result nor specification"


# Signatures


def signatures(room):
    """Every public function and method of a room, with the parameters that it takes."""
    for name, thing in public_of(room).items():
        if inspect.isfunction(thing):
            yield name, inspect.signature(thing)
        elif inspect.isclass(thing) and not issubclass(thing, BaseException):
            for method, value in vars(thing).items():
                inner = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
                if not method.startswith("_") and inspect.isfunction(inner):
                    yield f"{name}.{method}", inspect.signature(inner)


@pytest.mark.parametrize("room", [*ROOMS, "plots"])
def test_options_are_called_by_words_of_the_vocabulary(room):
    fine, unknown = allowed(room, SECTIONS[2]), set()
    for inner in rooms.PICTURES if room == "plots" else [room]:
        for name, signature in signatures(inner):
            unknown |= {
                f"{name}: {p}" for p in signature.parameters if p not in fine | {"self", "cls"}
            }
    assert not unknown, sorted(unknown)


@pytest.mark.parametrize("room", ROOMS)
def test_shared_options_have_one_default(room):
    for name, signature in signatures(room):
        for option, fixed in {
            "level": (0.95,),
            "missing": ("raise",),
            "data": (None,),
            "rng": (None,),
            "weights": (None,),
            "n_resamples": (FOR_INTERVALS, FOR_TESTS, 0),
        }.items():
            parameter = signature.parameters.get(option)
            if parameter is not None and parameter.default is not parameter.empty:
                assert parameter.default in fixed, f"{name}: {parameter}"


@pytest.mark.parametrize("room", ROOMS)
def test_kinds_of_intervals_and_errors_have_shared_words(room):
    for name, thing in public_of(room).items():
        if not inspect.isfunction(thing):
            continue
        # Hints of other functions may name what is imported for the type checker only.
        if not {"interval", "std_errors"} & set(inspect.signature(thing).parameters):
            continue
        hints = typing.get_type_hints(thing)
        for option, words in (("interval", INTERVALS), ("std_errors", STD_ERRORS)):
            if option in hints:
                choices = _choices(hints[option])
                assert choices, f"{name}: {option} has no choices"
                assert set(choices) <= words, f"{name}: {option} has {set(choices) - words}"


def _choices(hint):
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    return [c for part in typing.get_args(hint) for c in _choices(part)]


@pytest.mark.parametrize("room", ROOMS)
def test_causes_stand_before_effects_and_specifications_before_data(room):
    for name, signature in signatures(room):
        main = [
            p.name
            for p in signature.parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in ("self", "cls")
        ]
        places = [CHAIN.index(p) for p in main if p in CHAIN]
        assert places == sorted(places), f"{name}{signature}"
        # The object whose method it is stands before everything.
        if "data" in main and "." not in name:
            assert main.index("data") > 0, f"{name}: data stands first"


@pytest.mark.parametrize("page", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_no_retired_word_is_in_the_vocabulary(page):
    # A page may keep one for another meaning, and then says which.
    kept = words_of(page, "Words kept for another meaning")
    for section in (SECTIONS[0], SECTIONS[2]):
        listed = words_of(page, section) - kept
        if section == SECTIONS[0]:
            listed.discard("covariance")  # of estimates; no option
        assert not {word for word in listed if RETIRED.match(word)}
