"""What a change of transitions changes: by a derivative, or between two chains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.options import check_choice, check_count, check_finite
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels
from loyaltymodel.loyalty_stage.movement.stages import Start
from loyaltymodel.loyalty_stage.movement.tables import table_of_values
from loyaltymodel.loyalty_stage.movement.unseen import require_long_run, require_seen
from loyaltymodel.loyalty_stage.movement.value import ByStage, read_rewards

if TYPE_CHECKING:
    from loyaltymodel.loyalty_stage.movement.chain import MarkovChain

Quantity = Literal["steady_state", "expected_time", "hitting_probability", "discounted_value"]
Compared = Literal["steady_state", "expected_time", "hitting_probability", "distribution"]


def changed(
    chain: MarkovChain,
    source: str,
    target: str,
    probability: float | None,
    change: float | None,
) -> tuple[BoolArray, FloatArray]:
    """Return the unseen moves (k, k), and matrix and draws (1 + b, k, k), with one changed."""
    if (probability is None) == (change is None):
        raise OptionError("give either probability= or change=, and not both")
    i, j = chain.place(source), chain.place(target)
    stack = chain.stack()
    for name, number in (("probability", probability), ("change", change)):
        if number is not None:
            check_finite(name, number)
    value = np.full(len(stack), probability) if change is None else stack[:, i, j] + change
    if not 0 <= value[0] <= 1:
        raise OptionError(
            f"the transition from {source!r} to {target!r} would become {value[0]:.12g}, but a "
            f"probability lies between 0 and 1; it is {stack[0, i, j]:.12g} now"
        )
    matrices = kernels.replaced(stack, i, j, np.asarray(value, dtype=np.float64))
    if np.isnan(matrices[0]).any():
        raise DataError(
            f"from {source!r} everybody goes to {target!r}, so nothing says where those go "
            "who no longer do; give a whole matrix to markov_chain instead"
        )
    unseen = chain.unseen.copy()
    unseen[i, j] = False  # what is said to happen, or not to, is known
    if matrices[0, i, j] == 1:
        unseen[i] = False
    return unseen, matrices


def sensitivities(
    chain: MarkovChain,
    quantity: Quantity,
    goal: str | Sequence[str] | None,
    rewards: ByStage | None,
    discount: float | None,
) -> pd.DataFrame:
    """Return the derivative of a quantity by each transition."""
    check_choice("quantity", quantity, Quantity)
    is_value = quantity == "discounted_value"
    if (rewards is not None, discount is not None) != (is_value, is_value):
        raise OptionError(
            "rewards= and discount= belong to quantity='discounted_value', which needs both; it "
            f"is {quantity!r} here"
        )
    if (goal is None) != (quantity == "steady_state" or is_value):
        raise OptionError(
            f"quantity={quantity!r} and goal={goal!r} do not go together; a steady state and a "
            "value have no goal, and the others need one"
        )
    if goal is not None:
        hit, time = chain.goal_mask(goal), quantity == "expected_time"
        require_seen(chain, hit, time=time)
        slopes = kernels.hitting_slopes(chain.stack(), hit, time=time)
    elif rewards is not None and discount is not None:
        money = read_rewards(chain, rewards, discount)
        slopes = kernels.discounted_slopes(chain.stack(), money, discount)
    else:
        require_long_run(chain)
        slopes = kernels.stationary_slopes(chain.stack())
    names = chain.stages.names
    k = len(names)
    labels = {
        "source": np.repeat(names, k * k).tolist(),
        "target": np.tile(np.repeat(names, k), k).tolist(),
        "stage": list(names) * k**2,
    }
    return table_of_values(labels, slopes.reshape(len(slopes), -1), level=chain.level)


def compared(
    before: MarkovChain,
    after: MarkovChain,
    quantity: Compared,
    *,
    goal: str | Sequence[str] | None,
    start: Start | None,
    periods: int | None,
) -> pd.DataFrame:
    """Return a quantity of two chains and its difference."""
    check_choice("quantity", quantity, Compared)
    if before.stages != after.stages or before.draws.shape != after.draws.shape:
        raise DataError(
            "the two chains differ in stages or in number of draws; compare a chain with one made "
            "of it by what_if(), or estimate both with the same stages and n_resamples"
        )
    needs_goal = quantity in ("expected_time", "hitting_probability")
    needs_start = quantity == "distribution"
    given = (goal is not None, start is not None, periods is not None)
    if given != (needs_goal, needs_start, needs_start):
        raise OptionError(
            f"quantity={quantity!r} needs "
            + ("goal= and nothing else" if needs_goal else "")
            + ("start= and periods= and nothing else" if needs_start else "")
            + ("neither goal= nor start= nor periods=" if not (needs_goal or needs_start) else "")
        )
    one, other = (_values(chain, quantity, goal, start, periods) for chain in (before, after))
    if before.origin != after.origin:
        other[1:] = np.roll(other[1:], 1, axis=0)
    with np.errstate(invalid="ignore"):  # infinite less infinite is no number
        difference = other - one
    names = before.stages.names
    labels = {
        "quantity": np.repeat(["before", "after", "difference"], len(names)).tolist(),
        "stage": list(names) * 3,
    }
    return table_of_values(labels, np.hstack([one, other, difference]), level=before.level)


def _values(
    chain: MarkovChain,
    quantity: Compared,
    goal: str | Sequence[str] | None,
    start: Start | None,
    periods: int | None,
) -> FloatArray:
    """Values (1 + b, k) of the estimate and the draws."""
    stack = chain.stack()
    if quantity == "steady_state":
        chain.steady_state()  # refuses a chain without one
        return kernels.stationary(stack)
    if start is not None and periods is not None:
        check_count("periods", periods, least=1)
        return np.asarray(chain.start_shares(start) @ np.linalg.matrix_power(stack, periods))
    assert goal is not None  # noqa: S101  the caller has checked it
    hit = chain.goal_mask(goal)
    require_seen(chain, hit, time=quantity == "expected_time")
    chance, time, _ = kernels.hitting(stack, hit)
    return time if quantity == "expected_time" else chance
