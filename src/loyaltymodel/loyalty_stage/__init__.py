"""Loyalty stages and types: who is how loyal, how sure we are, and how people move."""

from loyaltymodel.loyalty_stage.behaviour.measures import prefers_and_repeats, purchase_behaviour
from loyaltymodel.loyalty_stage.behaviour.result import PurchaseBehaviour
from loyaltymodel.loyalty_stage.behaviour.site import SiteLoyalty, site_loyalty
from loyaltymodel.loyalty_stage.ladder.reproducibility import (
    ReproducibilityResult,
    guttman_errors,
    reproducibility,
)
from loyaltymodel.loyalty_stage.ladder.scalability import ScalabilityResult, scalability
from loyaltymodel.loyalty_stage.ladder.steps import sequential_logit
from loyaltymodel.loyalty_stage.ladder.steps_result import SequentialLogitResult
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.compare import (
    compare_chains,
    transition_sensitivity,
    transition_what_if,
)
from loyaltymodel.loyalty_stage.movement.estimate import estimate_movement, markov_chain
from loyaltymodel.loyalty_stage.movement.hypotheses import MarkovTest
from loyaltymodel.loyalty_stage.movement.result import MovementEstimate
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
from loyaltymodel.loyalty_stage.phases.practice import (
    core_customers,
    exit_reasons,
    loyalty_level,
    practical_indicator,
    win_back_list,
)
from loyaltymodel.loyalty_stage.phases.result import PhaseResult
from loyaltymodel.loyalty_stage.phases.scores import phase_reliability, phase_scores
from loyaltymodel.loyalty_stage.phases.simulate import SimulatedPhases, simulate_phases
from loyaltymodel.loyalty_stage.programme.account import programme_account
from loyaltymodel.loyalty_stage.programme.database import purchase_reference
from loyaltymodel.loyalty_stage.programme.effect import programme_effect
from loyaltymodel.loyalty_stage.programme.orientation import comparison_mode, value_orientation
from loyaltymodel.loyalty_stage.programme.result import ProgrammeEffect
from loyaltymodel.loyalty_stage.programme.returns import programme_return
from loyaltymodel.loyalty_stage.programme.specification import LoyaltyProgramme, ProgrammeTier
from loyaltymodel.loyalty_stage.types.agreement import AgreementResult, agreement
from loyaltymodel.loyalty_stage.types.attitude import dick_basu, relative_attitude
from loyaltymodel.loyalty_stage.types.diamond import knox, ultimate_loyalty
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes
from loyaltymodel.loyalty_stage.types.simulate import simulate_types
from loyaltymodel.loyalty_stage.types.texts import type_advice

__all__ = [
    "AgreementResult",
    "LoyaltyPhase",
    "LoyaltyProgramme",
    "LoyaltyTypes",
    "MarkovChain",
    "MarkovTest",
    "MovementEstimate",
    "PhaseIndicator",
    "PhaseInstrument",
    "PhaseResult",
    "ProgrammeEffect",
    "ProgrammeTier",
    "PurchaseBehaviour",
    "ReproducibilityResult",
    "ScalabilityResult",
    "SequentialLogitResult",
    "SimulatedPhases",
    "SiteLoyalty",
    "Stages",
    "agreement",
    "checklist",
    "checklist_score",
    "compare_chains",
    "comparison_mode",
    "component_map",
    "core_customers",
    "dick_basu",
    "estimate_movement",
    "exit_reasons",
    "formation_stage",
    "formation_stages",
    "guttman_errors",
    "knox",
    "life_cycle_stage",
    "life_cycle_stages",
    "loyalty_level",
    "loyalty_levels",
    "markov_chain",
    "oliver",
    "oliver_instrument",
    "phase_advice",
    "phase_reliability",
    "phase_scores",
    "practical_indicator",
    "prefers_and_repeats",
    "programme_account",
    "programme_effect",
    "programme_return",
    "purchase_behaviour",
    "purchase_reference",
    "relative_attitude",
    "reproducibility",
    "scalability",
    "sequential_logit",
    "simulate_panel",
    "simulate_phases",
    "simulate_purchases",
    "simulate_types",
    "site_loyalty",
    "three_component_instrument",
    "transition_sensitivity",
    "transition_what_if",
    "type_advice",
    "ultimate_loyalty",
    "value_orientation",
    "win_back_list",
]
