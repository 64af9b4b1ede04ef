"""What a change of transitions changes: by a derivative, or between two chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_choice, check_count, check_finite
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain, Start, require_seen
from loyaltymodel.loyalty_stage.movement.tables import table_of_values

Quantity = Literal["steady_state", "expected_time", "hitting_probability"]
Compared = Literal["steady_state", "expected_time", "hitting_probability", "distribution"]


@checked
def transition_what_if(
    chain: MarkovChain,
    *,
    source: str,
    target: str,
    probability: float | None = None,
    change: float | None = None,
) -> MarkovChain:
    """Return the chain with one transition changed and the others of its row rescaled.

    Parameters
    ----------
    chain : MarkovChain
        The chain as it is.
    source, target : str
        From which stage to which.
    probability : float, optional
        What the transition becomes, from 0 to 1, in the estimate and in every draw.
    change : float, optional
        What is added to it, in the estimate and in every draw; one of the two is given.

    Returns
    -------
    MarkovChain
        A chain whose draws belong to the draws of this one, so that :func:`compare_chains`
        knows the uncertainty of the difference. A draw that the change would take beyond 0
        or 1 becomes NaN, and ``finite`` tells.

    Raises
    ------
    DataError
        If there is no such stage, or the transition is 1 and the others are all 0.
    OptionError
        If not exactly one of ``probability`` and ``change`` is given, or the result does
        not lie between 0 and 1.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> chain = loyalty_stage.markov_chain(
    ...     [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0, 0.2, 0.8]], stages=["new", "prefers", "loyal"]
    ... )
    >>> better = loyalty_stage.transition_what_if(
    ...     chain, source="new", target="loyal", change=0.09
    ... )
    >>> better.matrix[0].round(4)
    array([0.54, 0.27, 0.19])
    """
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
    changed = kernels.replaced(stack, i, j, np.asarray(value, dtype=np.float64))
    if np.isnan(changed[0]).any():
        raise DataError(
            f"from {source!r} everybody goes to {target!r}, so nothing says where those go "
            "who no longer do; give a whole matrix to markov_chain instead"
        )
    unseen = chain.unseen.copy()
    unseen[i, j] = False  # what is said to happen, or not to, is known
    if changed[0, i, j] == 1:
        unseen[i] = False
    return replace(chain, matrix=changed[0], draws=changed[1:], unseen=unseen)


@checked
def transition_sensitivity(
    chain: MarkovChain, *, quantity: Quantity, goal: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Return what one more point of a transition does to a quantity: its derivative (敏感性).

    Parameters
    ----------
    chain : MarkovChain
        The chain.
    quantity : {"steady_state", "expected_time", "hitting_probability"}
        What changes.
    goal : str or sequence of str, optional
        The goal of the last two.

    Returns
    -------
    DataFrame
        A row a transition (``source``, ``target``) and ``stage`` of the quantity. A
        derivative of 2 says that 0.01 more of the transition adds about 0.02. NaN where
        the quantity is infinite or would jump, and for a transition of 1, whose others are
        0 and cannot be rescaled.

    Raises
    ------
    DataError
        If there is no such stage.
    NotIdentifiedError
        If the steady state is asked for and depends on the start.
    OptionError
        If ``quantity`` is not one of its choices, or it needs a goal or has none.

    Notes
    -----
    What a transition gains, the others of its row lose in proportion to their size, so
    that the row still adds up to 1. Another rule would give other numbers. With d the
    change of row i, the steady state moves by pi_i d (I - P + 1 pi)^-1, and an expected
    time t by N_si d t for the start s. Sensitivities of this kind are treated in [1]_ and
    [2]_.

    References
    ----------
    .. [1] Funderlic, R. E., & Meyer, C. D. (1986). Sensitivity of the stationary distribution
       vector for an ergodic Markov chain. Linear Algebra and its Applications, 76, 1-17.
    .. [2] Caswell, H. (2013). Sensitivity analysis of discrete Markov chains via matrix
       calculus. Linear Algebra and its Applications, 438, 1727-1745.

    Examples
    --------
    The time to reach "loyal" is 1 / p, its derivative -1 / p^2 = -16:

    >>> from loyaltymodel import loyalty_stage
    >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
    >>> effect = loyalty_stage.transition_sensitivity(
    ...     chain, quantity="expected_time", goal="loyal"
    ... )
    >>> effect.query("source == 'new' and target == 'loyal'")
      source target  stage  estimate
    2    new  loyal    new     -16.0
    3    new  loyal  loyal       0.0
    """
    check_choice("quantity", quantity, Quantity)
    if (quantity == "steady_state") != (goal is None):
        raise OptionError(
            f"quantity={quantity!r} and goal={goal!r} do not go together; a steady state has "
            "no goal, and the others need one"
        )
    if goal is None:
        chain.require_long_run()
        slopes = kernels.stationary_slopes(chain.stack())
    else:
        hit, time = chain.goal_mask(goal), quantity == "expected_time"
        require_seen(chain, hit, time=time)
        slopes = kernels.hitting_slopes(chain.stack(), hit, time=time)
    names = chain.stages.names
    k = len(names)
    labels = {
        "source": np.repeat(names, k * k).tolist(),
        "target": np.tile(np.repeat(names, k), k).tolist(),
        "stage": list(names) * k**2,
    }
    return table_of_values(labels, slopes.reshape(len(slopes), -1), level=chain.level)


@checked
def compare_chains(
    before: MarkovChain,
    after: MarkovChain,
    *,
    quantity: Compared,
    goal: str | Sequence[str] | None = None,
    start: Start | None = None,
    periods: int | None = None,
) -> pd.DataFrame:
    """Return what differs between two chains, with the uncertainty of the difference.

    Parameters
    ----------
    before, after : MarkovChain
        Two chains over the same stages, the second usually from
        :func:`transition_what_if` of the first.
    quantity : {"steady_state", "expected_time", "hitting_probability", "distribution"}
        What is compared.
    goal : str or sequence of str, optional
        The goal of "expected_time" and "hitting_probability".
    start : str, or mapping from stage to number, optional
        Where customers start, for "distribution".
    periods : int, optional
        After how many periods, for "distribution".

    Returns
    -------
    DataFrame
        A row a ``quantity`` ("before", "after" and "difference", which is after less before) and
        ``stage``: ``estimate``; with draws also ``std_error``, ``ci_low``, ``ci_high`` and
        ``finite``.

    Raises
    ------
    DataError
        If the chains differ in stages or number of draws, or there is no such stage.
    NotIdentifiedError
        If a steady state is asked for that one of them does not have.
    OptionError
        If an option is not allowed, or does not belong to the quantity.

    Notes
    -----
    Draws of a chain and of what became of it by ``transition_what_if`` belong together and are
    compared one by one. Two chains that were estimated apart are independent; each draw of the
    one is held against the draw of the other one place further on, so that draws of the same seed,
    which are the same random numbers, do not meet.

    Examples
    --------
    Twice the chance halves the time:

    >>> from loyaltymodel import loyalty_stage
    >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
    >>> better = loyalty_stage.transition_what_if(
    ...     chain, source="new", target="loyal", probability=0.5
    ... )
    >>> loyalty_stage.compare_chains(chain, better, quantity="expected_time", goal="loyal")
         quantity  stage  estimate
    0      before    new       4.0
    1      before  loyal       0.0
    2       after    new       2.0
    3       after  loyal       0.0
    4  difference    new      -2.0
    5  difference  loyal       0.0
    """
    check_choice("quantity", quantity, Compared)
    if before.stages != after.stages or before.draws.shape != after.draws.shape:
        raise DataError(
            "the two chains differ in stages or in number of draws; compare a chain with one made "
            "of it by transition_what_if, or estimate both with the same stages and n_resamples"
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
