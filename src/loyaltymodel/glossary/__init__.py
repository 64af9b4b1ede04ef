"""The words of the field in English and Chinese, and which function each leads to (术语表)."""

from loyaltymodel.glossary import results as results
from loyaltymodel.glossary.lookup import term, terms

__all__ = ["term", "terms"]


def __dir__() -> list[str]:
    return [*__all__, "results"]
