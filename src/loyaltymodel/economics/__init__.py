"""What loyalty costs and brings in: programmes, word of mouth, exits."""

from loyaltymodel.economics import results as results
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.spending import acquisition_retention
from loyaltymodel.economics.exits import exit_reasons
from loyaltymodel.economics.programme.effect import programme_effect
from loyaltymodel.economics.programme.returns import programme_return
from loyaltymodel.economics.programme.specification import LoyaltyProgramme, ProgrammeTier
from loyaltymodel.economics.rates import Rate
from loyaltymodel.economics.word_of_mouth.by_satisfaction import word_of_mouth

__all__ = [
    "LoyaltyProgramme",
    "ProgrammeTier",
    "Rate",
    "ResponseCurve",
    "acquisition_retention",
    "exit_reasons",
    "programme_effect",
    "programme_return",
    "word_of_mouth",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
