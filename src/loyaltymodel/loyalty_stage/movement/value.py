"""What customers who move between stages are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.labels import in_order_of
from loyaltymodel._core.options import check_positive
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.loyalty_stage.movement import kernels

if TYPE_CHECKING:
    from loyaltymodel.loyalty_stage.movement.chain import MarkovChain

Timing = Literal["now", "after_renewal"]
ByStage = Sequence[float] | Mapping[str, float]


def read_rewards(chain: MarkovChain, rewards: ByStage, discount: float) -> FloatArray:
    """Return the money (k,) of each stage, and refuse a discount that has no end."""
    check_positive("discount", discount)
    return read_numbers("rewards", in_order_of("rewards", rewards, chain.stages.names))


def values(chain: MarkovChain, rewards: ByStage, discount: float, timing: Timing) -> FloatArray:
    """Return what a customer is worth (1 + b, k) by the stage of today."""
    money = read_rewards(chain, rewards, discount)
    found = kernels.discounted(chain.stack(), money, discount)
    return found if timing == "now" else np.asarray(found - money)


def equity(
    chain: MarkovChain, customers: ByStage, rewards: ByStage, discount: float, timing: Timing
) -> FloatArray:
    """Return what all customers are worth together (1 + b, 1)."""
    ordered = in_order_of("customers", customers, chain.stages.names)
    counts = read_numbers("customers", ordered, bounds=(0.0, np.inf))
    return values(chain, rewards, discount, timing) @ counts[:, None]
