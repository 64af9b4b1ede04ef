"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.economics.acquisition.result import AcquisitionRetention
from loyaltymodel.economics.programme.result import ProgrammeEffect
from loyaltymodel.economics.word_of_mouth.by_satisfaction import WordOfMouth

__all__ = [
    "AcquisitionRetention",
    "ProgrammeEffect",
    "WordOfMouth",
]
