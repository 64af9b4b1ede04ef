"""Pictures of planning: power by the number of respondents."""

from loyaltymodel.plots._power import power_curve

__all__ = ["power_curve"]


def __dir__() -> list[str]:
    return list(__all__)
