"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.planning.result import CurvePrecision, PowerCurve, SampleSize

__all__ = ["CurvePrecision", "PowerCurve", "SampleSize"]
