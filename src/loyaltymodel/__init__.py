"""Customer satisfaction and loyalty, computable: from what a customer gets to what it is worth.

Each theory is a room of its own, loaded when it is first used: ``dir(loyaltymodel)`` lists the
rooms, ``dir(loyaltymodel.jones_sasser)`` what is in one, and ``help`` says more of either.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from loyaltymodel._version import __version__ as __version__

if TYPE_CHECKING:  # type checkers cannot see the folders: one line a room, held by a test
    from loyaltymodel import attributes as attributes
    from loyaltymodel import chain as chain
    from loyaltymodel import customer_base as customer_base
    from loyaltymodel import datasets as datasets
    from loyaltymodel import delivered_value as delivered_value
    from loyaltymodel import economics as economics
    from loyaltymodel import errors as errors
    from loyaltymodel import evidence as evidence
    from loyaltymodel import expectation_gap as expectation_gap
    from loyaltymodel import glossary as glossary
    from loyaltymodel import jones_sasser as jones_sasser
    from loyaltymodel import loyalty_stage as loyalty_stage
    from loyaltymodel import planning as planning
    from loyaltymodel import plots as plots
    from loyaltymodel import report as report
    from loyaltymodel import results as results
    from loyaltymodel import satisfaction_loyalty as satisfaction_loyalty
    from loyaltymodel import structural as structural
    from loyaltymodel import survey as survey

_ROOMS = tuple(room.name for room in iter_modules(__path__) if not room.name.startswith("_"))

__all__ = ["__version__", *_ROOMS]  # noqa: PLE0604  names of modules in this folder


def __getattr__(name: str) -> ModuleType:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
