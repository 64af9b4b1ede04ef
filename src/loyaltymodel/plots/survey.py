"""Pictures of questionnaires and of how they were answered."""

from __future__ import annotations

from loyaltymodel.plots._screening import screening_reasons

__all__ = ["screening_reasons"]


def __dir__() -> list[str]:
    return list(__all__)
