"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.glossary.record import Entry

__all__ = ["Entry"]
