"""What customers do: purchases, returns to a site, who is overdue."""

from loyaltymodel.customer_base.measures import prefers_and_repeats, purchase_behaviour
from loyaltymodel.customer_base.reference import purchase_reference
from loyaltymodel.customer_base.result import PurchaseBehaviour
from loyaltymodel.customer_base.site import SiteLoyalty, site_loyalty

__all__ = [
    "PurchaseBehaviour",
    "SiteLoyalty",
    "prefers_and_repeats",
    "purchase_behaviour",
    "purchase_reference",
    "site_loyalty",
]
