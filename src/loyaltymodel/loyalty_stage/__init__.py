"""Loyalty stages and types: who is how loyal, how sure we are, and how people move."""

from loyaltymodel.loyalty_stage import results as results
from loyaltymodel.loyalty_stage.ladder.reproducibility import guttman_errors, reproducibility
from loyaltymodel.loyalty_stage.ladder.scalability import scalability
from loyaltymodel.loyalty_stage.ladder.steps import sequential_logit
from loyaltymodel.loyalty_stage.movement.estimate import estimate_movement, markov_chain
from loyaltymodel.loyalty_stage.movement.stages import Stages, formation_stage, life_cycle_stage
from loyaltymodel.loyalty_stage.phases.indicators import (
    LoyaltyPhase,
    PhaseIndicator,
    PhaseInstrument,
)
from loyaltymodel.loyalty_stage.phases.oliver import oliver
from loyaltymodel.loyalty_stage.phases.simulate import simulate_phases
from loyaltymodel.loyalty_stage.types.agreement.fit import agreement
from loyaltymodel.loyalty_stage.types.fit import loyalty_types
from loyaltymodel.loyalty_stage.types.simulate import simulate_types

__all__ = [
    "LoyaltyPhase",
    "PhaseIndicator",
    "PhaseInstrument",
    "Stages",
    "agreement",
    "estimate_movement",
    "formation_stage",
    "guttman_errors",
    "life_cycle_stage",
    "loyalty_types",
    "markov_chain",
    "oliver",
    "reproducibility",
    "scalability",
    "sequential_logit",
    "simulate_phases",
    "simulate_types",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
