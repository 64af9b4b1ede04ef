"""Customer satisfaction and loyalty, computable: from what a customer gets to what it is worth.

Each theory is a sub-package that is loaded when it is first used:

``structural``
    Satisfaction indices of the ACSI family, estimated by partial least squares.
``delivered_value``
    What an offer gives for what it costs, against its rivals.
``expectation_gap``
    What was expected against what was perceived.
``attributes``
    Which kind each attribute is, how important, how well it does.
``jones_sasser``
    L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint.
``loyalty_stage``
    Phases and types of loyalty, behaviour, and movement between stages.
``survey``
    Scales and codebooks: the door through which answers come in.
``evidence``
    Published figures as data, with what is doubtful about them.
``datasets``
    Surveys to learn and test with.
``plots``
    Pictures of results.
``results``
    What every result is made of, for type hints and for tables of one's own.
``errors``
    What can go wrong, by name.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from loyaltymodel._version import __version__

if TYPE_CHECKING:
    from loyaltymodel import attributes as attributes
    from loyaltymodel import datasets as datasets
    from loyaltymodel import delivered_value as delivered_value
    from loyaltymodel import errors as errors
    from loyaltymodel import evidence as evidence
    from loyaltymodel import expectation_gap as expectation_gap
    from loyaltymodel import jones_sasser as jones_sasser
    from loyaltymodel import loyalty_stage as loyalty_stage
    from loyaltymodel import plots as plots
    from loyaltymodel import results as results
    from loyaltymodel import structural as structural
    from loyaltymodel import survey as survey

_SUB_PACKAGES = (
    "attributes",
    "datasets",
    "delivered_value",
    "errors",
    "evidence",
    "expectation_gap",
    "jones_sasser",
    "loyalty_stage",
    "plots",
    "results",
    "structural",
    "survey",
)

__all__ = [
    "__version__",
    "attributes",
    "datasets",
    "delivered_value",
    "errors",
    "evidence",
    "expectation_gap",
    "jones_sasser",
    "loyalty_stage",
    "plots",
    "results",
    "structural",
    "survey",
]


def __getattr__(name: str) -> ModuleType:
    if name in _SUB_PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
