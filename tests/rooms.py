"""The rooms of the library and its picture modules, read from the folders."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import loyaltymodel
from loyaltymodel import plots
from loyaltymodel.results import Result

ROOMS = [
    name
    for name in loyaltymodel.__all__
    if name not in {"__version__", "errors", "plots", "results"}
]
PICTURES = [f"plots.{name}" for name in plots.__all__]


def of_results(room: str) -> list[str]:
    """Return the module of a room's classes of results, if it has one."""
    return [f"{room}.results"] if find_spec(f"loyaltymodel.{room}.results") else []


def modules(*, pictures: bool = True) -> dict[str, ModuleType]:
    """Return every module with public names, by its name below ``loyaltymodel``."""
    names = [*ROOMS, *(name for room in ROOMS for name in of_results(room)), "errors", "results"]
    names += PICTURES if pictures else []
    return {name: import_module(f"loyaltymodel.{name}") for name in sorted(names)}


def is_result(thing: object) -> bool:
    """Tell whether something is a class of results."""
    return isinstance(thing, type) and issubclass(thing, Result)
