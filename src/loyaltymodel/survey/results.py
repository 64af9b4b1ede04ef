"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.survey.problems import Problem
from loyaltymodel.survey.reading.result import SurveyFile
from loyaltymodel.survey.screening.result import Screening

__all__ = [
    "Problem",
    "Screening",
    "SurveyFile",
]
