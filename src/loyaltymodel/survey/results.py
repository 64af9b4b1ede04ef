"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.survey.problems import Problem

__all__ = [
    "Problem",
]
