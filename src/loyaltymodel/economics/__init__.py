"""What loyalty costs and brings in: programmes, word of mouth, exits."""

from loyaltymodel.economics import results as results
from loyaltymodel.economics.exits import (
    core_customers,
    exit_reasons,
    loyalty_level,
    practical_indicator,
    win_back_list,
)
from loyaltymodel.economics.programme.account import programme_account
from loyaltymodel.economics.programme.effect import programme_effect
from loyaltymodel.economics.programme.orientation import comparison_mode, value_orientation
from loyaltymodel.economics.programme.returns import programme_return
from loyaltymodel.economics.programme.specification import LoyaltyProgramme, ProgrammeTier
from loyaltymodel.economics.word_of_mouth import word_of_mouth

__all__ = [
    "LoyaltyProgramme",
    "ProgrammeTier",
    "comparison_mode",
    "core_customers",
    "exit_reasons",
    "loyalty_level",
    "practical_indicator",
    "programme_account",
    "programme_effect",
    "programme_return",
    "value_orientation",
    "win_back_list",
    "word_of_mouth",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
