"""Pictures of stages of loyalty: the ladder of phases, types of customers, and movement."""

from __future__ import annotations

from loyaltymodel.plots._diagram import transition_diagram
from loyaltymodel.plots._funnel import funnel
from loyaltymodel.plots._stages import ladder, scalability
from loyaltymodel.plots._transitions import state_path, transition_heat_map
from loyaltymodel.plots._type_map import type_map

__all__ = [
    "funnel",
    "ladder",
    "scalability",
    "state_path",
    "transition_diagram",
    "transition_heat_map",
    "type_map",
]


def __dir__() -> list[str]:
    return list(__all__)
