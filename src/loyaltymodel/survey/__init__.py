"""Questionnaires (问卷) and the door through which their answers come in."""

from loyaltymodel.survey import results as results
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.reading.door import read_survey

__all__ = [
    "Codebook",
    "Item",
    "Scale",
    "read_survey",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
