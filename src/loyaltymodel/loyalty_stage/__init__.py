"""Loyalty stages and types: who is how loyal, how sure we are, and how people move."""

from loyaltymodel.loyalty_stage import results as results
from loyaltymodel.loyalty_stage.ladder.reproducibility import guttman_errors, reproducibility
from loyaltymodel.loyalty_stage.ladder.scalability import scalability
from loyaltymodel.loyalty_stage.ladder.steps import sequential_logit
from loyaltymodel.loyalty_stage.movement.compare import (
    compare_chains,
    transition_sensitivity,
    transition_what_if,
)
from loyaltymodel.loyalty_stage.movement.estimate import estimate_movement, markov_chain
from loyaltymodel.loyalty_stage.movement.simulate import simulate_panel, simulate_purchases
from loyaltymodel.loyalty_stage.movement.stages import (
    Stages,
    formation_stage,
    formation_stages,
    life_cycle_stage,
    life_cycle_stages,
)
from loyaltymodel.loyalty_stage.phases.advice import (
    checklist,
    checklist_score,
    loyalty_levels,
    phase_advice,
)
from loyaltymodel.loyalty_stage.phases.indicators import (
    LoyaltyPhase,
    PhaseIndicator,
    PhaseInstrument,
)
from loyaltymodel.loyalty_stage.phases.instruments import (
    component_map,
    oliver_instrument,
    three_component_instrument,
)
from loyaltymodel.loyalty_stage.phases.oliver import oliver
from loyaltymodel.loyalty_stage.phases.scores import phase_reliability, phase_scores
from loyaltymodel.loyalty_stage.phases.simulate import SimulatedPhases, simulate_phases
from loyaltymodel.loyalty_stage.types.agreement.fit import agreement
from loyaltymodel.loyalty_stage.types.attitude import dick_basu, relative_attitude
from loyaltymodel.loyalty_stage.types.diamond import knox, ultimate_loyalty
from loyaltymodel.loyalty_stage.types.simulate import simulate_types
from loyaltymodel.loyalty_stage.types.texts import type_advice

__all__ = [
    "LoyaltyPhase",
    "PhaseIndicator",
    "PhaseInstrument",
    "SimulatedPhases",
    "Stages",
    "agreement",
    "checklist",
    "checklist_score",
    "compare_chains",
    "component_map",
    "dick_basu",
    "estimate_movement",
    "formation_stage",
    "formation_stages",
    "guttman_errors",
    "knox",
    "life_cycle_stage",
    "life_cycle_stages",
    "loyalty_levels",
    "markov_chain",
    "oliver",
    "oliver_instrument",
    "phase_advice",
    "phase_reliability",
    "phase_scores",
    "relative_attitude",
    "reproducibility",
    "scalability",
    "sequential_logit",
    "simulate_panel",
    "simulate_phases",
    "simulate_purchases",
    "simulate_types",
    "three_component_instrument",
    "transition_sensitivity",
    "transition_what_if",
    "type_advice",
    "ultimate_loyalty",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
