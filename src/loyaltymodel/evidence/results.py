"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.evidence.published.tables import PublishedTable, RetainedCustomers
from loyaltymodel.evidence.record import Dispute, Figure

__all__ = [
    "Dispute",
    "Figure",
    "PublishedTable",
    "RetainedCustomers",
]
