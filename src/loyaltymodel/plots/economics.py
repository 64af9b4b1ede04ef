"""Pictures of what loyalty is worth: who stays, what that brings, complaints, words that spread."""

from __future__ import annotations

from loyaltymodel.plots._value import cumulative_value, lorenz_curve

__all__ = [
    "cumulative_value",
    "lorenz_curve",
]


def __dir__() -> list[str]:
    return list(__all__)
