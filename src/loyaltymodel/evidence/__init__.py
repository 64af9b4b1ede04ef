"""Published figures of the field, each with its source and what is doubtful about it (实证数据).

Nothing in here is a default of another part of the library: a figure is used only by its name.
"""

from loyaltymodel.evidence.lookup import disputes, get, table
from loyaltymodel.evidence.record import Dispute, Figure

__all__ = ["Dispute", "Figure", "disputes", "get", "table"]
