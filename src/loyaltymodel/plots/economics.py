"""Pictures of what loyalty is worth: who stays, what that brings, complaints, words that spread."""

from __future__ import annotations

from loyaltymodel.plots._acquisition import budget_optimum
from loyaltymodel.plots._complaints import iceberg_flow
from loyaltymodel.plots._contractual import retention_projection
from loyaltymodel.plots._retention import cohort_heat_map, survival_curve
from loyaltymodel.plots._spread import reach_by_generation
from loyaltymodel.plots._tenure_profit import profit_by_tenure_bars
from loyaltymodel.plots._value import cumulative_value, lorenz_curve

__all__ = [
    "budget_optimum",
    "cohort_heat_map",
    "cumulative_value",
    "iceberg_flow",
    "lorenz_curve",
    "profit_by_tenure_bars",
    "reach_by_generation",
    "retention_projection",
    "survival_curve",
]


def __dir__() -> list[str]:
    return list(__all__)
