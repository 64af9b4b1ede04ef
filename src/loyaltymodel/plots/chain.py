"""Pictures of what joins the theories: satisfaction over waves, and its alarms."""

from __future__ import annotations

from loyaltymodel.plots._monitoring import waves

__all__ = [
    "waves",
]


def __dir__() -> list[str]:
    return list(__all__)
