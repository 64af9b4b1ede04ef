"""Results as a page: one HTML file in which each number leads to its formula and its source.

``write(result, "report.html")`` takes any result of this library, or several. The file has
everything in it, also the pictures, and needs no network.
"""

from loyaltymodel.report.page import render, write

__all__ = ["render", "write"]


def __dir__() -> list[str]:
    return list(__all__)
