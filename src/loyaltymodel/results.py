"""What every result is made of, for type hints and for tables of one's own.

``Result`` is the base of everything that is fitted, tested or sorted; ``EstimateTable`` holds
named estimates with their errors and intervals; ``Summary`` and ``Table`` are what is printed.
"""

from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.results import Result, WithCustomers
from loyaltymodel._core.tables import Summary, Table

__all__ = ["EstimateTable", "Result", "Summary", "Table", "WithCustomers"]
