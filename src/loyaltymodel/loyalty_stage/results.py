"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.loyalty_stage.ladder.reproducibility import ReproducibilityResult
from loyaltymodel.loyalty_stage.ladder.scalability import ScalabilityResult
from loyaltymodel.loyalty_stage.ladder.steps_result import SequentialLogitResult
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.hypotheses import MarkovTest
from loyaltymodel.loyalty_stage.movement.result import MovementEstimate
from loyaltymodel.loyalty_stage.phases.result import PhaseResult
from loyaltymodel.loyalty_stage.types.agreement.fit import AgreementResult
from loyaltymodel.loyalty_stage.types.result import LoyaltyTypes

__all__ = [
    "AgreementResult",
    "LoyaltyTypes",
    "MarkovChain",
    "MarkovTest",
    "MovementEstimate",
    "PhaseResult",
    "ReproducibilityResult",
    "ScalabilityResult",
    "SequentialLogitResult",
]
