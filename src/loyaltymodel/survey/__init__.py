"""Questionnaires (问卷) and the door through which their answers come in."""

from loyaltymodel.survey.codebook import Codebook
from loyaltymodel.survey.items import Item, Scale
from loyaltymodel.survey.problems import Problem

__all__ = [
    "Codebook",
    "Item",
    "Problem",
    "Scale",
]
