"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.survey.problems import Problem
from loyaltymodel.survey.reading.result import SurveyFile

__all__ = [
    "Problem",
    "SurveyFile",
]
