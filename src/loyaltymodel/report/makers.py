"""Which public function makes a result or a table: known by what it says that it returns."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pandas as pd

from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Result
from loyaltymodel.report.docstrings import blocks, entries, named, sections

Functions = tuple[tuple[str, Any], ...]  # each with its name

_OWN = __name__.partition(".")[0]
_NO_ROOMS = {"errors", "plots", "report", "results"}
_CALL = re.compile(r"\.?(\w+)\(\)")
_ENOUGH = 0.5  # of the names in what is said of a table that must stand in it


def is_own(kind: type[Any]) -> bool:
    """Tell whether a class is of this library."""
    return kind.__module__.partition(".")[0] == _OWN


def makers_of(kind: type[Any]) -> Functions:
    """Return the public functions, else methods, that return results of a class, by name.

    Where no annotation names it, as of what is a part of another result, the class says who.
    """
    base = next((base for base in kind.__mro__ if is_own(base)), None)
    if base is None or base is Result:
        return ()
    functions, methods = _functions_of(base.__module__.split(".")[1])
    for things in (functions, methods):
        if made := [(n, t) for n, t in things.items() if base.__name__ in _returned(t)]:
            return tuple(sorted(made))
    said = _CALL.findall(str(getattr(base, "made_by", "")))
    everything = functions | methods
    return tuple((n, t) for s in said for n, t in everything.items() if n.endswith(f".{s}"))


def makers_of_table(frame: pd.DataFrame) -> Functions:
    """Return the function or method that makes such a table, known by the names in it.

    Its docstring names all columns among what it returns, but for those that all estimates have;
    and half of what it names are columns or labels of this table. A table that none makes, or
    several, has no maker.
    """
    of_all = entries(sections(EstimateTable)["Attributes"])
    usual = {name for entry in of_all for name in entry.names}
    columns = set(map(str, frame.columns)) - usual - {"median"}
    texts = frame.select_dtypes(exclude="number").to_numpy().ravel()
    words = columns | {text for text in texts if isinstance(text, str)}
    found = [
        (name, function)
        for name, function, names in _tables_made()
        if columns and columns <= names and len(names & words) >= _ENOUGH * len(names - usual)
    ]
    return tuple(found) if len(found) == 1 else ()


@cache
def _tables_made() -> tuple[tuple[str, Any, frozenset[str]], ...]:
    """Return what makes a table, with the names in what is said of it."""
    found = []
    for room in import_module(_OWN).__all__:
        if room.startswith("_") or room in _NO_ROOMS:
            continue
        functions, methods = _functions_of(room)
        for name, thing in (functions | methods).items():
            if str(getattr(thing, "__annotations__", {}).get("return", "")) == "pd.DataFrame":
                told = entries(sections(thing).get("Returns", ""))
                names = named(block for entry in told for block in blocks(entry.text))
                found.append((name, thing, frozenset(names)))
    return tuple(found)


def _functions_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the public functions of a room, and the methods of its classes."""
    room = import_module(f"{_OWN}.{name}")
    public = {f"{name}.{n}": getattr(room, n) for n in getattr(room, "__all__", ())}
    functions = {n: thing for n, thing in public.items() if inspect.isfunction(thing)}
    classes = {n: thing for n, thing in public.items() if inspect.isclass(thing)}
    if find_spec(f"{_OWN}.{name}.results") is not None:
        inner = import_module(f"{_OWN}.{name}.results")
        classes |= {n: getattr(inner, n) for n in getattr(inner, "__all__", ())}
    methods = {
        f"{n}.{m}": member
        for n, thing in classes.items()
        for m, member in vars(thing).items()
        if inspect.isfunction(member) and not m.startswith("_")
    }
    return functions, methods


def _returned(function: Any) -> set[str]:
    """Return the names of classes in what a function says that it returns."""
    hint = getattr(function, "__annotations__", {}).get("return")
    if not isinstance(hint, str):
        return {getattr(hint, "__name__", "")}
    return {
        node.id for node in ast.walk(ast.parse(hint, mode="eval")) if isinstance(node, ast.Name)
    }
