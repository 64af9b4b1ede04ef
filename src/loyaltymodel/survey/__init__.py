"""Questionnaires (问卷) and the door through which their answers come in."""

from loyaltymodel.survey import results as results
from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.questionnaires.ready import instrument, instruments
from loyaltymodel.survey.questionnaires.specification import Questionnaire
from loyaltymodel.survey.reading.door import read_survey
from loyaltymodel.survey.screening.fit import screen

__all__ = [
    "Codebook",
    "Item",
    "Questionnaire",
    "Scale",
    "instrument",
    "instruments",
    "read_survey",
    "screen",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
