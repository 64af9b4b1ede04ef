"""The pages name what exists: every role, call, option and name with an underscore."""

import importlib
import importlib.util
import inspect
import json
import re
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

import loyaltymodel
from loyaltymodel import evidence, plots

import rooms

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for page in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    )
    if page.name != "CHANGELOG.md" and "api" not in page.parts
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROLE = re.compile(r"\{(?:func|class|meth|attr|mod|data|exc)\}`(?:[^`<]*<)?~?([^`>]+)>?`")
SPAN = re.compile(r"(?<![`}\\])`([^`\n]+)`")
CALL = re.compile(r"^((?:\w+\.)*)(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)$")
# Functions and options of other programs that pages speak of.
FOREIGN = {"dir", "dumps", "help", "print", "savefig", "scaled", "verify"}
OPTION = re.compile(r"(?:^|, ?)(\w+)=")


def text_of(page):
    """What a page says, without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return re.sub(r"^( *)(```+|~~~+).*?^\1\2$", "", text, flags=re.DOTALL | re.MULTILINE)


def packages():
    return [loyaltymodel, *rooms.modules().values()]


@cache
def public():
    """Public functions, classes and modules by name."""
    found = {}
    for package in packages():
        found[package.__name__.rpartition(".")[2]] = [package]
        for name in getattr(package, "__all__", ()):
            found.setdefault(name, []).append(getattr(package, name))
    return found


@cache
def members():
    """Fields, properties and methods of public classes, by name."""
    found = {}
    for things in public().values():
        for kind in filter(inspect.isclass, things):
            names = {name for name in dir(kind) if not name.startswith("_")}
            names |= {f.name for f in fields(kind)} if is_dataclass(kind) else set()
            names |= set(kind.model_fields) if issubclass(kind, BaseModel) else set()
            for name in names:
                found.setdefault(name, []).append(getattr(kind, name, None))
    return found


def options_of(name):
    """The options of all functions and methods of that name, and the fields of classes."""
    found = set()
    for thing in [*public().get(name, []), *members().get(name, [])]:
        made = inspect.isclass(thing) and not issubclass(thing, BaseException)
        if made or inspect.isfunction(thing) or inspect.ismethod(thing):
            found |= set(inspect.signature(thing).parameters)
    return found


@cache
def options():
    return {option for name in public().keys() | members().keys() for option in options_of(name)}


@cache
def vocabulary():
    words = set()
    for page in (ROOT / "docs" / "reference" / "vocabulary").glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("|"):
                words |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    return words


@cache
def short_texts():
    """Short texts in the source, such as names of checks, of kinds and of lists."""
    sources = Path(loyaltymodel.__file__).parent.rglob("*.py")
    found = {w for path in sources for w in re.findall(r'"(\w+)"', path.read_text("utf-8"))}
    return found | set(evidence.catalogue()["list"])


def resolves(path):
    """Whether a path leads from a module to something that is there."""
    parts = path.split(".")
    for k in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:k]))
        except ImportError:
            continue
        for name in parts[k:]:
            if inspect.isclass(thing) and is_dataclass(thing):
                known = {f.name for f in fields(thing)} | set(dir(thing))
                if name not in known:
                    return False
                thing = getattr(thing, name, None)
            elif hasattr(thing, name):
                thing = getattr(thing, name)
            else:
                return False
        return True
    return False


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_what_exists(page):
    text = text_of(page)
    wrong = [path for path in ROLE.findall(text) if not resolves(path)]
    functions = public().keys() | members().keys() | FOREIGN
    known = functions | options() | vocabulary()
    for span in SPAN.findall(text):
        if call := CALL.match(span):
            _owner, name, given = call.groups()
            wrong += [span] if name not in functions else []
            fine = options_of(name) | FOREIGN
            wrong += [f"{span}: {o}" for o in OPTION.findall(given) if o not in fine]
        elif re.match(r"^\w+=[^=]", span):
            wrong += [span] if span.partition("=")[0] not in known else []
        elif re.match(r"^[a-z]+(_[a-z0-9]+)+$", span):
            wrong += [span] if span not in known | short_texts() else []
        elif owned := re.match(r"^([A-Z]\w+)\.(\w+)", span):
            kind, name = owned.groups()
            if kind in public() and not any(hasattr(k, name) for k in public()[kind]):
                wrong.append(span)
    assert not wrong


WORDS = (
    "NPS", "CSAT", "CES", "top box", "mediation", "moderation", "Mokken", "Guttman", "kappa",
    "churn", "RFM", "IPMA", "IPA", "HTMT", "multi-group", "SERVQUAL", "Kano", "PLS-SEM",
    "word of mouth", "customer lifetime value", "Markov chain", "Johnson-Neyman", "NCA", "Shapley",
)  # fmt: skip


def test_words_of_others_lead_to_a_name_and_a_page():
    # That the names exist and take these options, test_pages_name_what_exists sees.
    page = (ROOT / "docs" / "start" / "words.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!you call it|---)([^|]*) \| ([^|]*) \| ([^|]*) \|$", page, re.M)
    assert not [word for word in WORDS if not any(word in row[0] for row in rows)]
    for word, name, told in rows:
        assert re.search(r"\{(func|class)\}`|`\w+[=`]|not here", name), word
        path, _, anchor = re.search(r"\]\(([^)]*)\)", told)[1].partition("#")
        text = (ROOT / "docs" / "start" / path).read_text(encoding="utf-8")
        assert not anchor or anchor in anchors(text), (word, anchor)


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def test_the_readme_names_the_words_that_people_look_for():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    paragraph = next(part for part in readme.split("## ") if "docs/start/words.md" in part)
    missing = [
        w for w in WORDS if w not in paragraph and w not in ("NCA", "Shapley", "Johnson-Neyman")
    ]
    assert missing == ["word of mouth"], missing
    for link in re.findall(r"\]\((?!http)([^)#]+)", readme):
        assert (ROOT / link).exists(), link


# What is written when the pages are built


@cache
def written():
    path = ROOT / "docs" / "written.py"
    spec = importlib.util.spec_from_file_location("written", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_lists_every_name_once():
    for room in [*rooms.ROOMS, "errors", "results"]:
        page = written().room_page(room)
        listed = re.findall(r"^   (\w+)$", page, re.M)
        modules = (
            [f"loyaltymodel.{name}" for name in (room, *rooms.of_results(room))]
            if (room in rooms.ROOMS)
            else [f"loyaltymodel.{room}"]
        )
        names = [name for module in modules for name in importlib.import_module(module).__all__]
        assert sorted(listed) == sorted(names), room
        assert f"]({room}.md)" in written().index_page()


def test_the_gallery_shows_every_picture_with_its_code():
    gallery, reference = written().gallery_page(), written().plots_page()
    for room in plots.__all__:
        for name in getattr(plots, room).__all__:
            code = written().picture_code(getattr(getattr(plots, room), name))
            assert re.search(rf"plots\.(\w+\.)?{name}\(", code.splitlines()[-1] + code), name
            assert code.startswith(("import ", "from ")), name
            assert f"loyaltymodel.plots.{room}.{name}`" in gallery, name
            assert re.search(rf"^   {name}$", reference, re.M), name
    assert gallery.count(".. plot::") == sum(len(getattr(plots, r).__all__) for r in plots.__all__)


def test_tables_stand_first_on_the_page_of_a_class():
    members = written().public_members()
    found = members["loyaltymodel.structural.results.StructuralResult"]
    assert list(found) == ["Tables", "Methods", "Further properties"]
    assert {"constructs", "paths"} <= set(found["Tables"])
    assert "scores" in found["Methods"]


@pytest.mark.parametrize("section", ["start", "how-to", "theory", "reference", "project"])
def test_a_new_page_is_listed_without_an_edit(section):
    folder = ROOT / "docs" / section
    index = (folder / "index.md").read_text(encoding="utf-8")
    filled = written().with_new_pages(f"{section}/index", index)
    for page in folder.glob("*.md"):
        assert filled.count(f"\n{page.stem}\n") == (page.stem != "index"), page
    shorter = re.sub(r"\n[a-z-]+\n\*\n", "\n*\n", index)
    assert written().with_new_pages(f"{section}/index", shorter).count("\n") == filled.count("\n")
    assert "\n*\n" not in filled
