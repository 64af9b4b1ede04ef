"""What customers do: purchases, returns to a site, who is overdue."""

from loyaltymodel.customer_base import results as results
from loyaltymodel.customer_base.measures import purchase_behaviour
from loyaltymodel.customer_base.reference import purchase_reference
from loyaltymodel.customer_base.site import site_loyalty

__all__ = [
    "purchase_behaviour",
    "purchase_reference",
    "site_loyalty",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
