"""Published figures and lists of the field, with source and doubts (实证数据与清单).

Nothing in here is a default of another part of the library: a figure is used only by its name.
"""

from loyaltymodel.evidence import results as results
from loyaltymodel.evidence.lookup import catalogue, disputes, get, table
from loyaltymodel.evidence.published.readings import (
    defection_given_satisfaction,
)
from loyaltymodel.evidence.published.tables import published_table

__all__ = [
    "catalogue",
    "defection_given_satisfaction",
    "disputes",
    "get",
    "published_table",
    "table",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
