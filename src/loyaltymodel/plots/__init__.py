"""Pictures, one module a theory: the only room that knows matplotlib.

Every function takes a result, draws on the axes that it is given or on new ones, and returns
the axes. None of them shows, saves or changes settings.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # type checkers cannot see the folder: one line a module, held by a test
    from loyaltymodel.plots import attributes as attributes
    from loyaltymodel.plots import chain as chain
    from loyaltymodel.plots import delivered_value as delivered_value
    from loyaltymodel.plots import economics as economics
    from loyaltymodel.plots import expectation_gap as expectation_gap
    from loyaltymodel.plots import jones_sasser as jones_sasser
    from loyaltymodel.plots import loyalty_stage as loyalty_stage
    from loyaltymodel.plots import planning as planning
    from loyaltymodel.plots import structural as structural
    from loyaltymodel.plots import survey as survey

_PICTURES = tuple(module.name for module in iter_modules(__path__) if module.name[0] != "_")

__all__ = [*_PICTURES]  # noqa: PLE0604  names of modules in this folder


def __getattr__(name: str) -> ModuleType:
    if name in _PICTURES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
