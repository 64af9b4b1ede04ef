"""Questionnaires (问卷) and the door through which their answers come in."""

from loyaltymodel.survey import results as results
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale

__all__ = [
    "Codebook",
    "Item",
    "Scale",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
