"""What is refused of a chain: what the start decides, or moves that were never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loyaltymodel._core.arrays import BoolArray
from loyaltymodel._core.options import enumerate_names
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.loyalty_stage.movement import kernels

if TYPE_CHECKING:
    from loyaltymodel.loyalty_stage.movement.chain import MarkovChain

# The way out of what depends on such a move.
SAY = (
    "name in absorbing= the stages that nobody leaves, or in possible= the moves that can happen; "
    'point="posterior_mean" lets unseen moves happen, as rarely as the data allow'
)


def require_seen(chain: MarkovChain, goal: BoolArray, *, time: bool = False) -> None:
    """Refuse a goal whose answer jumps as soon as a move happens that was never seen.

    With ``time`` the expected time is asked for, and not the probability to arrive.
    """
    unsure = kernels.jumps(chain.matrix, chain.unseen, goal, time=time)
    if not unsure.any():
        return
    if time:
        raise NotIdentifiedError(
            f"everybody is seen to arrive from {named(chain, unsure)}, but a move that may happen "
            "and was never seen leads away for good, and then the expected time is infinite; "
            f"{SAY}; or ask where_reached=True"
        )
    raise NotIdentifiedError(
        f"nobody was seen to leave {named(chain, unsure)}, and who ever arrives depends on "
        f"whether somebody does; {SAY}"
    )


def require_long_run(chain: MarkovChain) -> None:
    """Refuse a chain whose long run depends on the start."""
    if int(kernels.n_closed_classes(kernels.reachable(chain.matrix[None]))[0]) == 1:
        return
    classes = sorted({c for c in chain.structure["closed_class"] if c})
    listed = " and ".join(f"({c})" for c in classes)
    unsure = kernels.never_left(chain.matrix, chain.unseen).any()
    raise NotIdentifiedError(
        f"there are {len(classes)} classes of stages that are never left, {listed}, "
        + (f"as far as was seen; {SAY}. As they are," if unsure else "so")
        + " the long run depends on the start; ask for absorption(), or for distribution() "
        "from a start"
    )


def named(chain: MarkovChain, which: BoolArray) -> str:
    """Return the names of some stages."""
    return enumerate_names(np.array(chain.stages.names, dtype=object)[which], most=6)
