"""Pages that are written when the documentation is built: reference, gallery, lists, counts.

All but the notebooks go to ``docs/reference/api``, which is not kept in the repository. What they
say is read from the library, so a new room, function or picture needs no edit here.
"""

import ast
import doctest
import inspect
import re
import tomllib
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import ModuleInfo, iter_modules
from textwrap import indent
from types import FunctionType, ModuleType
from typing import Any

import loyaltymodel
from loyaltymodel import evidence, plots

DOCS = Path(__file__).parent
API = DOCS / "reference" / "api"
NOTEBOOKS = DOCS / "start" / "notebooks"
ROOMS = [name for name in loyaltymodel.__all__ if name[0] != "_"]
STATES = {
    "computed": "it can be computed; what is left out is said after a colon",
    "example": "an example in the documentation works it out with functions that serve more",
    "data": "a list, a table or published figures that can be looked up",
    "context": "not modelled, for the reason that is given",
    "planned": "not there yet",
}
_GALLERY = """\
Every picture of the library, drawn by the code that stands above it. The examples are those of the
docstrings, as small as they can be; the pages on the theories draw larger surveys. All of them are
also drawn with `language="zh"` (中文)."""
_LISTS = """\
Components, checklists, indicators, labels and advice as the texts of the field have them.
{func}`~loyaltymodel.evidence.catalogue` hands each of them out as a table, with its source."""
_TABLE = re.compile("DataFrame|Series|EstimateTable")


def write_all() -> None:
    """Write every page that is not as it should be."""
    API.mkdir(exist_ok=True)
    pages = {f"{room}.md": room_page(room) for room in ROOMS if room != "plots"}
    pages |= {"index.md": index_page(), "plots.md": plots_page(), "gallery.md": gallery_page()}
    pages["lists.md"] = lists_page()
    for old in API.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        _write(API / name, text)
    NOTEBOOKS.mkdir(exist_ok=True)
    for source in sorted((DOCS.parent / "notebooks").glob("*.ipynb")):
        _write(NOTEBOOKS / source.name, source.read_text(encoding="utf-8"))


def _write(path: Path, text: str) -> None:
    """Write a file whose text is another, so that Sphinx reads again only what has changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


# The reference


def index_page() -> str:
    """Return the first page of the reference: each room with what it says of itself."""
    rows = [
        f"| [`loyaltymodel.{room}`]({room}.md) | {_title(getattr(loyaltymodel, room))} |"
        for room in ROOMS
    ]
    return "\n".join(
        [
            "# Every name",
            "",
            "Every public name of the library, room by room. The pages are made from the",
            "docstrings, so they say what `help()` says. What a number means, the pages on the",
            "theories tell.",
            "",
            "| room | what is in it |",
            "|---|---|",
            *rows,
            "",
            "`import loyaltymodel as lm` is enough: each room is loaded when it is first used, as",
            "`lm.structural`, `lm.survey` and so on. `dir(lm)` lists the rooms, and",
            "`dir(lm.structural)` what one of them does. Classes of results are in",
            "`lm.structural.results` and its sisters; they are needed for type hints only.",
            "`lm.__version__` is the version.",
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *ROOMS,
            "```",
            "",
        ]
    )


def room_page(room: str) -> str:
    """Return the page of a room: a section a folder or module, functions before classes."""
    package = getattr(loyaltymodel, room)
    parts = [f"# `loyaltymodel.{room}`", _rst(f".. module:: {package.__name__}\n\n{_doc(package)}")]
    if told := _told_on(room):
        parts.append("Told on " + ", ".join(told) + ".")
    for title, names in _sections(package).items():
        parts += [f"## {title}", _listed(package, names)]
    if "results" in vars(package) and isinstance(package.results, ModuleType):
        results = package.results
        parts += ["## Classes of results", _doc(results).replace("``", "`")]
        parts += [_rst(f".. module:: {results.__name__}"), _listed(results, results.__all__)]
    return "\n\n".join(parts) + "\n"


def plots_page() -> str:
    """Return the page of pictures: a section a module."""
    parts = [
        "# `loyaltymodel.plots`",
        _rst(f".. module:: {plots.__name__}\n\n{_doc(plots)}"),
        "[The gallery](gallery.md) shows each of them with its code.",
        "[Pictures](../../how-to/pictures.md) says what they share.",
    ]
    for name in plots.__all__:
        module = getattr(plots, name)
        parts += [f"## {_title(module)}", _rst(f".. module:: {module.__name__}")]
        parts.append(_listed(module, module.__all__))
    return "\n\n".join(parts) + "\n"


def _sections(package: ModuleType) -> dict[str, list[str]]:
    """Sort the names of a room: a section a folder, and one each for what stands in no folder."""
    things = {name: getattr(package, name) for name in package.__all__}
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(things, key=lambda name: isinstance(things[name], type)):
        inside = things[name].__module__.removeprefix(f"{package.__name__}.").partition(".")[0]
        if _is_folder(package, inside):
            title = _title(import_module(f"{package.__name__}.{inside}"))
        elif not isinstance(things[name], type):
            inside, title = "", "Functions"
        elif not issubclass(things[name], BaseException):
            inside, title = "~", "Classes"
        else:
            inside, title = "", "Warnings" if issubclass(things[name], Warning) else "Errors"
        found.setdefault((inside, title), []).append(name)
    return {title: names for (_, title), names in sorted(found.items())}


def _is_folder(package: ModuleType, inside: str) -> bool:
    return any(found.ispkg for found in _inside(package) if found.name == inside)


def _inside(package: ModuleType) -> list[ModuleInfo]:
    return list(iter_modules(getattr(package, "__path__", [])))


def _listed(module: ModuleType, names: list[str]) -> str:
    lines = "\n".join(f"   {name}" for name in names)
    head = f".. currentmodule:: {module.__name__}\n\n.. autosummary::\n   :toctree: generated"
    return _rst(f"{head}\n   :nosignatures:\n\n{lines}")


def _told_on(room: str) -> list[str]:
    """Return links to the pages that name more of this room than of any other."""
    links = []
    for page in sorted([*(DOCS / "theory").glob("*.md"), *(DOCS / "how-to").glob("*.md")]):
        text = page.read_text(encoding="utf-8")
        named = Counter(re.findall(r"loyaltymodel\.(?:plots\.)?(\w+)\.\w", text))
        if named and named.most_common(1)[0][0] == room:
            title = text.removeprefix("# ").partition("\n")[0]
            links.append(f"[{title}](../../{page.parent.name}/{page.name})")
    return links


def _doc(thing: object) -> str:
    return inspect.getdoc(thing) or ""


def _title(module: ModuleType) -> str:
    """Return the first line of a docstring as a heading, without its full stop."""
    return _doc(module).partition("\n")[0].removesuffix(".").replace("``", "`")


def _rst(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```"


# Classes


def public_members() -> dict[str, dict[str, list[str]]]:
    """Name the members of every public class: tables, which one looks at first, before the rest."""
    found = {}
    for module in _modules():
        for name in module.__all__:
            kind = getattr(module, name)
            if isinstance(kind, type):
                found[f"{module.__name__}.{name}"] = _members(kind)
    return found


def _modules() -> list[ModuleType]:
    rooms = [getattr(loyaltymodel, room) for room in ROOMS]
    inner = [vars(room).get("results") for room in rooms]
    return rooms + [module for module in inner if isinstance(module, ModuleType)]


def _members(kind: type) -> dict[str, list[str]]:
    """Name the public tables, methods and other properties of a class and of its own bases."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("loyaltymodel")]
    found: dict[str, list[str]] = {"Tables": [], "Methods": [], "Further properties": []}
    seen = set()
    for name, value in [member for base in ours for member in vars(base).items()]:
        if name.startswith("_") or name in seen:
            continue
        seen.add(name)
        if isinstance(value, property):
            hint = str(getattr(value.fget, "__annotations__", {}).get("return", ""))
            found["Tables" if _TABLE.search(hint) else "Further properties"].append(name)
        elif isinstance(value, (FunctionType, classmethod, staticmethod)):
            found["Methods"].append(name)
    return found


# The gallery


def gallery_page() -> str:
    """Return a page with every public picture, drawn by the example of its docstring."""
    parts = [
        "# Gallery",
        _GALLERY,
    ]
    for room in plots.__all__:
        module = getattr(plots, room)
        parts.append(f"## {_title(module)}")
        for name in module.__all__:
            function = getattr(module, name)
            first = _doc(function).partition("\n\n")[0].replace("``", "`")
            path = f"loyaltymodel.plots.{room}.{name}"
            alt = " ".join(first.split()).replace("`", "")
            parts += [
                f"### {name.replace('_', ' ').capitalize()}",
                f"{{func}}`~{path}`: {first}",
                _rst(
                    f".. plot::\n   :filename-prefix: gallery-{room}-{name}\n   :width: 62%\n"
                    f"   :alt: {alt}\n\n{indent(picture_code(function), '   ')}"
                ),
            ]
    return "\n\n".join(parts) + "\n"


def picture_code(function: FunctionType) -> str:
    """Return the example of a picture's docstring up to the call that draws it."""
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(_doc(function)):
        tree = ast.parse(example.source)
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and re.match(rf"(.*\.)?plots\..*\b{function.__name__}$", ast.unparse(node.func))
        ]
        if calls:
            # What the example asks of the axes is left out.
            call = ast.get_source_segment(example.source, calls[0])
            return "".join([*lines, f"{call}\n"])
        if "matplotlib" not in example.source:
            lines.append(example.source)
    raise ValueError(f"the docstring of {function.__name__} has no example that draws it")


# Lists of the field


def lists_page() -> str:
    """Return a page with every list of the catalogue as a table."""
    parts = [
        "# Lists of the field",
        _LISTS,
    ]
    for row in evidence.catalogue().to_dict("records"):
        entries = evidence.catalogue(row["list"])
        columns = list(entries)
        title = f"## {row['title']}" + (f" ({row['chinese']})" if row["chinese"] else "")
        cells = [[_cell(value) for value in line] for line in entries[columns].to_numpy()]
        parts += [
            title,
            f'`evidence.catalogue("{row["list"]}")`; {row["concepts"]}. {row["note"]}',
            "\n".join(
                f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *cells]
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


# The glossary


def glossary_terms() -> str:
    """Return the sections of the glossary, each as a block of terms to which others can refer."""
    file = Path(loyaltymodel.__path__[0]) / "glossary" / "terms.toml"
    parts = []
    for section in tomllib.loads(file.read_text(encoding="utf-8"))["sections"]:
        entries = "\n\n".join(_entry(found) for found in section["terms"])
        parts += [f"## {section['title']}", f"```{{glossary}}\n{entries}\n```"]
    return "\n\n".join(parts)


def _entry(found: dict[str, Any]) -> str:
    """Return a term as Sphinx reads it: its names, a line each, and below them what it means."""
    names = [*found["english"], *found.get("chinese", [])]
    text = found["text"]
    if see := [f"{{py:obj}}`{name} <loyaltymodel.{name}>`" for name in found.get("see", [])]:
        text += f"\nSee {', '.join(see)}."
    return "\n".join([*names, indent(text, "    ")])


# Coverage


def coverage() -> list[dict[str, Any]]:
    """Return the areas of the list of concepts, each with its entries."""
    text = (DOCS / "project" / "coverage.toml").read_text(encoding="utf-8")
    areas: list[dict[str, Any]] = tomllib.loads(text)["areas"]
    return areas


def coverage_counts() -> str:
    """Return the table of states with how many entries have each."""
    counts = Counter(entry["state"] for area in coverage() for entry in area["entries"])
    rows = [f"| {state} | {counts[state]} | {meaning} |" for state, meaning in STATES.items()]
    total = f"| | {sum(counts.values())} | |"
    return "\n".join(["| state | entries | meaning |", "|---|---|---|", *rows, total])


def coverage_entries() -> str:
    """Return a table an area, a row a concept."""
    parts = []
    for area in coverage():
        rows = ["| id | concept | state | where |", "|---|---|---|---|"]
        for entry in area["entries"]:
            state = ": ".join(filter(None, [entry["state"], entry.get("note", "")]))
            lost = f"lost in the source: {entry['lost']}" if "lost" in entry else ""
            where = "; ".join(filter(None, [entry.get("where", ""), lost]))
            rows.append(f"| {entry['id']} | {entry['concept']} | {state} | {where} |")
        parts += [f"## {area['title']}", "\n".join(rows)]
    return "\n\n".join(parts)


# Lists of pages


def with_new_pages(name: str, page: str) -> str:
    """Return the first page of a section, whose last entry ``*`` stands for pages not yet listed.

    Sphinx knows this too, and warns where there are none.
    """
    folder = (DOCS / name).parent
    there = [path.stem for path in sorted(folder.glob("*.md")) if path.stem != "index"]
    new = [stem for stem in there if f"\n{stem}\n" not in page]
    return page.replace("\n*\n```", "\n".join(["", *new, "```"]))
