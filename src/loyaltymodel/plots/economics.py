"""Pictures of what loyalty is worth: who stays, what that brings, complaints, words that spread."""

from __future__ import annotations

__all__: list[str] = []


def __dir__() -> list[str]:
    return list(__all__)
