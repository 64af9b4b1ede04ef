"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.customer_base.result import PurchaseBehaviour
from loyaltymodel.customer_base.site import SiteLoyalty

__all__ = [
    "PurchaseBehaviour",
    "SiteLoyalty",
]
