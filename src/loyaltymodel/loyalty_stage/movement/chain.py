"""A Markov chain over stages: what follows from its transitions, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import (
    check_choice,
    check_count,
    count_of,
    enumerate_names,
    repeated,
    shown,
)
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels, simulated, value
from loyaltymodel.loyalty_stage.movement.compare import (
    Compared,
    Quantity,
    changed,
    compared,
    sensitivities,
)
from loyaltymodel.loyalty_stage.movement.stages import Stages, Start, place_of
from loyaltymodel.loyalty_stage.movement.tables import table_of_values
from loyaltymodel.loyalty_stage.movement.unseen import SAY, named, require_long_run, require_seen
from loyaltymodel.loyalty_stage.movement.value import Timing

Periodic = Literal["raise", "average"]

_MOST_CELLS = 50_000_000  # of shares over time in all draws: 400 MB


def digest(*arrays: FloatArray) -> str:
    """Return a name for these numbers, the same for the same numbers."""
    found = blake2b(digest_size=16)
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarkovChain(Result):
    """A Markov chain (马尔可夫链): who is in a stage moves on with fixed probabilities.

    Tables have a column ``estimate``, and if there are posterior draws also ``std_error`` (their
    standard deviation), ``ci_low``, ``ci_high``, and ``finite``, the share of draws in which
    the quantity exists and is not infinite. Time is in periods.

    Attributes
    ----------
    stages : Stages
        The stages (k).
    matrix : ndarray of shape (k, k)
        Probability to be in the stage of the column one period after that of the row.
    draws : ndarray of shape (b, k, k)
        Posterior draws of the matrix; b is 0 for a matrix that was given.
    level : float
        Level of the intervals.
    unseen : ndarray of bool, shape (k, k)
        Moves that may happen and were never seen: 0 in the matrix and above 0 in the draws. What
        such moves decide is refused until it is said whether they happen.
    origin : str
        Names the estimate that the draws come from: those of one estimate belong together, one by
        one. Empty for a matrix that was given.
    """

    made_by: ClassVar[str] = "markov_chain(), or .chain() of estimate_movement(),"

    rests_on_data: ClassVar[bool] = False
    interval: ClassVar[str] = "posterior"

    stages: Stages
    matrix: FloatArray
    draws: FloatArray
    level: float
    unseen: BoolArray
    origin: str = ""

    @property
    def n_resamples(self) -> int:
        """Number of posterior draws."""
        return len(self.draws)

    @property
    def transitions(self) -> pd.DataFrame:
        """A row a transition: ``source``, ``target``, and its probability.

        Its interval stands in the estimate's own table.
        """
        return table_of_values(self._pairs(), self.matrix.reshape(1, -1), level=self.level)

    @property
    def structure(self) -> pd.DataFrame:
        """A row a stage: where it leads.

        ``closed_class``, the stages that are never left from here on, empty for a stage that
        is left for good; ``absorbing``, whether it is such a class alone; ``period``, 1 if
        returns may come at any time, above 1 if only at multiples of it, 0 if never;
        ``reaches``, the other stages that can be reached.
        """
        paths = kernels.reachable(self.matrix[None])
        stays = kernels.recurrent(paths)[0]
        names = np.array(self.stages.names, dtype=object)
        own = np.eye(len(names), dtype=np.bool_)
        reaches = paths[0]
        return pd.DataFrame(
            {
                "closed_class": [
                    ", ".join(names[r]) if s else "" for r, s in zip(reaches, stays, strict=True)
                ],
                "absorbing": ~((self.matrix > 0) & ~own).any(axis=1),
                "period": kernels.period(self.matrix),
                "reaches": [", ".join(names[r]) for r in reaches & ~own],
            },
            index=self._index(),
        )

    @checked
    def hitting_probability(self, goal: str | Sequence[str]) -> pd.DataFrame:
        """Return the probability ever to reach a goal from each stage (到达概率).

        Parameters
        ----------
        goal : str or sequence of str
            A stage, or several of which any will do.

        Returns
        -------
        DataFrame
            A row a stage; from 0 to 1, 1 for the goal itself.

        Raises
        ------
        DataError
            If there is no such stage.
        NotIdentifiedError
            If it depends on whether somebody leaves a stage that nobody was seen to leave.

        Examples
        --------
        From the second of three stages, 0.2 up and 0.3 out for good: 0.2 / 0.5 = 0.4.

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain(
        ...     [[1, 0, 0], [0.3, 0.5, 0.2], [0, 0, 1]], stages=["lost", "trial", "loyal"]
        ... )
        >>> chain.hitting_probability("loyal")
           stage  estimate
        0   lost       0.0
        1  trial       0.4
        2  loyal       1.0
        """
        hit = self.goal_mask(goal)
        require_seen(self, hit)
        chance, _, _ = kernels.hitting(self.stack(), hit)
        return self._by_stage(chance)

    @checked
    def expected_time(
        self, goal: str | Sequence[str], *, where_reached: bool = False
    ) -> pd.DataFrame:
        """Return the expected number of periods until a goal is reached, from each stage.

        Parameters
        ----------
        goal : str or sequence of str
            A stage, or several of which any will do.
        where_reached : bool
            True asks only about those who do reach the goal.

        Returns
        -------
        DataFrame
            A row a stage, in periods: 0 for the goal; infinite where it may never be reached.
            With ``where_reached=True`` it is finite wherever the goal can be reached, and NaN
            elsewhere.

        Raises
        ------
        DataError
            If there is no such stage.
        NotIdentifiedError
            If it depends on whether a move happens that nobody was seen to make.

        Notes
        -----
        With Q the transitions among the other stages, t = (I - Q)^-1 1, the row sums of the
        fundamental matrix. An average over everybody is infinite as soon as some never
        arrive; then :meth:`hitting_probability` says how many do.

        Examples
        --------
        A chance of 1 in 4 each period takes 4 periods on average:

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
        >>> chain.expected_time("loyal")
           stage  estimate
        0    new       4.0
        1  loyal       0.0
        """
        hit = self.goal_mask(goal)
        require_seen(self, hit, time=not where_reached)
        _, time, reached = kernels.hitting(self.stack(), hit)
        return self._by_stage(reached if where_reached else time)

    @checked
    def steady_state(self, *, periodic: Periodic = "raise") -> pd.DataFrame:
        """Return the shares of stages in the long run, wherever one starts (稳态分布).

        Parameters
        ----------
        periodic : {"raise", "average"}
            What to do with a chain that goes round and never settles. "average" gives the
            share of time in each stage.

        Returns
        -------
        DataFrame
            A row a stage; shares from 0 to 1 that add up to 1. 0 for stages that are left for
            good.

        Raises
        ------
        NotIdentifiedError
            If several classes of stages are never left, so that the long run depends on the
            start; or if the chain is periodic and ``periodic="raise"``.
        OptionError
            If ``periodic`` is not one of its choices.

        Notes
        -----
        pi P = pi with shares that add up to 1. The customers of tomorrow are those of today
        here: a chain knows no new ones, and if decline is never left, everybody ends there.

        Examples
        --------
        In and out in balance: pi * 0.25 = (1 - pi) * 0.1.

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
        >>> chain.steady_state().round(4)
           stage  estimate
        0    new    0.2857
        1  loyal    0.7143
        """
        check_choice("periodic", periodic, Periodic)
        require_long_run(self)
        stays = kernels.recurrent(kernels.reachable(self.matrix[None]))[0]
        turns = int(kernels.period(self.matrix)[stays].max())
        if turns > 1 and periodic == "raise":
            raise NotIdentifiedError(
                f"the chain returns only at multiples of {turns} periods, so shares go round and "
                'settle nowhere; periodic="average" gives the share of time in each stage'
            )
        return self._by_stage(kernels.stationary(self.stack()))

    @checked
    def distribution(self, start: Start, *, periods: int) -> pd.DataFrame:
        """Return the expected shares of stages over time.

        Parameters
        ----------
        start : str, or mapping from stage to number
            Where everybody starts, or how many start where; numbers are turned into shares,
            and stages not named have none.
        periods : int
            Number of periods, at least 1.

        Returns
        -------
        DataFrame
            A row a period, from 0 on, and stage; shares that add up to 1 in a period.

        Raises
        ------
        DataError
            If there is no such stage, or the numbers are negative, not finite or all 0.
        OptionError
            If ``periods`` is no whole number of at least 1, or too many for a table.

        Examples
        --------
        After two periods 0.75 * 0.75 + 0.25 * 0.1 = 0.5875 are new:

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
        >>> chain.distribution("new", periods=2)
           period  stage  estimate
        0       0    new    1.0000
        1       0  loyal    0.0000
        2       1    new    0.7500
        3       1  loyal    0.2500
        4       2    new    0.5875
        5       2  loyal    0.4125
        """
        check_count("periods", periods, least=1)
        stack = self.stack()
        if (cells := len(stack) * periods * len(self.stages.names)) > _MOST_CELLS:
            raise OptionError(
                f"periods={periods} of {len(stack)} chains make {cells:,} shares, more than a "
                f"table can hold; steady_state() says where the chain ends"
            )
        shares = kernels.shares_after(stack, self.start_shares(start), periods)
        names = self.stages.names
        labels: dict[str, list[Any]] = {
            "period": np.repeat(np.arange(periods + 1), len(names)).tolist(),
            "stage": list(names) * (periods + 1),
        }
        return table_of_values(labels, shares.reshape(len(shares), -1), level=self.level)

    def absorption(self) -> pd.DataFrame:
        """Return where those end who start in a stage that is left for good (吸收概率).

        Returns
        -------
        DataFrame
            A row a starting stage and a class of stages that is never left (``ends_in``):
            the probability to end there.

        Raises
        ------
        NotIdentifiedError
            If no stage is left for good, so that nobody ends anywhere; or if that depends on
            whether a move happens that nobody was seen to make.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain(
        ...     [[1, 0, 0], [0.3, 0.5, 0.2], [0, 0, 1]], stages=["lost", "trial", "loyal"]
        ... )
        >>> chain.absorption()
           stage ends_in  estimate
        0  trial    lost       0.6
        1  trial   loyal       0.4
        """
        passing, classes = self._classes()
        found = []
        for ends in classes:  # one linear system a class
            chance, _, _ = kernels.hitting(self.stack(), ends)
            found.append(chance[:, passing])
        names = np.array(self.stages.names, dtype=object)
        ends_in = [", ".join(names[ends]) for ends in classes]
        values = np.stack(found, axis=-1).reshape(len(self.stack()), -1)
        labels = {
            "stage": np.repeat(names[passing], len(classes)).tolist(),
            "ends_in": ends_in * int(passing.sum()),
        }
        return table_of_values(labels, values, level=self.level)

    def visits(self) -> pd.DataFrame:
        """Return expected periods in each stage that is left for good: the fundamental matrix.

        Returns
        -------
        DataFrame
            A row a starting stage and a stage visited, both of those that are left for good;
            in periods, the present one counted.

        Raises
        ------
        NotIdentifiedError
            If no stage is left for good, or that depends on whether a move happens that nobody
            was seen to make.

        Notes
        -----
        N = (I - Q)^-1 with Q the transitions among these stages.

        Examples
        --------
        Half stay each period, so a stay lasts 1 / (1 - 0.5) = 2 periods:

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain(
        ...     [[1, 0, 0], [0.3, 0.5, 0.2], [0, 0, 1]], stages=["lost", "trial", "loyal"]
        ... )
        >>> chain.visits()
           stage visited  estimate
        0  trial   trial       2.0
        """
        passing, _ = self._classes()
        names = np.array(self.stages.names, dtype=object)[passing]
        found = kernels.fundamental(self.stack())[:, passing][:, :, passing]
        labels = {
            "stage": np.repeat(names, len(names)).tolist(),
            "visited": names.tolist() * len(names),
        }
        return table_of_values(labels, found.reshape(len(found), -1), level=self.level)

    @checked
    def discounted_value(
        self,
        rewards: Sequence[float] | Mapping[str, float],
        *,
        discount: float,
        timing: Timing = "now",
    ) -> pd.DataFrame:
        """Return what a customer is worth who is in a stage now (客户终身价值).

        Parameters
        ----------
        rewards : sequence of float, or mapping from stage to number
            What a customer brings in a period in each stage, in money; costs are negative.
        discount : float
            Rate of interest a period, above 0: money of the next period counts 1 / (1 + discount).
        timing : {"now", "after_renewal"}
            Whether the reward of the present period counts in full, or the next one is the first.

        Returns
        -------
        DataFrame
            A row a stage, in money.

        Raises
        ------
        DataError
            If rewards are not one number for each stage.
        OptionError
            If ``discount`` is not above 0.

        Notes
        -----
        v = (I - P / (1 + d))^-1 r, as in [1]_, less r if the present period does not count. Distant
        periods hardly count, so that a move that was never seen changes little, whether it may
        happen or not.

        References
        ----------
        .. [1] Pfeifer, P. E., & Carraway, R. L. (2000). Modeling customer relationships as Markov
           chains. Journal of Interactive Marketing, 14(2), 43-55.

        Examples
        --------
        Half stay each period and bring 10, at 25 % interest: 10 / (1 - 0.5 / 1.25):

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.5, 0.5], [0, 1]], stages=["active", "gone"])
        >>> chain.discounted_value({"active": 10, "gone": 0}, discount=0.25).round(3)
            stage  estimate
        0  active    16.667
        1    gone     0.000
        """
        return self._by_stage(value.values(self, rewards, discount, timing))

    @checked
    def customer_equity(
        self,
        customers: Sequence[float] | Mapping[str, float],
        rewards: Sequence[float] | Mapping[str, float],
        *,
        discount: float,
        timing: Timing = "now",
    ) -> pd.DataFrame:
        """Return what all customers are worth together (顾客资产).

        Parameters
        ----------
        customers : sequence of float, or mapping from stage to number
            How many customers are in each stage now, none negative.
        rewards : sequence of float, or mapping from stage to number
            What a customer brings in a period in each stage, in money; costs are negative.
        discount : float
            Rate of interest a period, above 0.
        timing : {"now", "after_renewal"}
            Whether the reward of the present period counts in full, or the next one is the first.

        Returns
        -------
        DataFrame
            One row: ``quantity`` "customer_equity" and ``estimate``, in money; with draws also
            ``std_error``, ``ci_low``, ``ci_high`` and ``finite``.

        Raises
        ------
        DataError
            If customers or rewards are not one number for each stage.
        OptionError
            If ``discount`` is not above 0.

        Notes
        -----
        The sum of customers times :meth:`discounted_value`. Customers who are still to be won are
        not in it.

        Examples
        --------
        Three customers of 10 / (1 - 0.5 / 1.25) each:

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.5, 0.5], [0, 1]], stages=["active", "gone"])
        >>> chain.customer_equity({"active": 3, "gone": 8}, [10, 0], discount=0.25).round(6)
                  quantity  estimate
        0  customer_equity      50.0
        """
        found = value.equity(self, customers, rewards, discount, timing)
        return table_of_values({"quantity": ["customer_equity"]}, found, level=self.level)

    @checked
    def what_if(
        self,
        *,
        source: str,
        target: str,
        probability: float | None = None,
        change: float | None = None,
    ) -> MarkovChain:
        """Return the chain with one transition changed and the others of its row rescaled.

        Parameters
        ----------
        source, target : str
            From which stage to which.
        probability : float, optional
            What the transition becomes, from 0 to 1, in the estimate and in every draw.
        change : float, optional
            What is added to it, in the estimate and in every draw; one of the two is given.

        Returns
        -------
        MarkovChain
            A chain whose draws belong to the draws of this one, so that :meth:`compare`
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
        ...     [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0, 0.2, 0.8]],
        ...     stages=["new", "prefers", "loyal"],
        ... )
        >>> better = chain.what_if(source="new", target="loyal", change=0.09)
        >>> better.matrix[0].round(4)
        array([0.54, 0.27, 0.19])
        """
        unseen, matrices = changed(self, source, target, probability, change)
        return replace(self, matrix=matrices[0], draws=matrices[1:], unseen=unseen)

    @checked
    def sensitivity(
        self,
        *,
        quantity: Quantity,
        goal: str | Sequence[str] | None = None,
        rewards: Sequence[float] | Mapping[str, float] | None = None,
        discount: float | None = None,
    ) -> pd.DataFrame:
        """Return what one more point of a transition does to a quantity: its derivative (敏感性).

        Parameters
        ----------
        quantity : {"steady_state", "expected_time", "hitting_probability", "discounted_value"}
            What changes.
        goal : str or sequence of str, optional
            The goal of a time or a probability.
        rewards : sequence of float, or mapping from stage to number, optional
            What a customer brings in each stage, for "discounted_value".
        discount : float, optional
            Rate of interest a period, above 0, for "discounted_value".

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
        >>> effect = chain.sensitivity(quantity="expected_time", goal="loyal")
        >>> effect.query("source == 'new' and target == 'loyal'")
          source target  stage  estimate
        2    new  loyal    new     -16.0
        3    new  loyal  loyal       0.0
        """
        return sensitivities(self, quantity, goal, rewards, discount)

    @checked
    def compare(
        self,
        after: MarkovChain,
        *,
        quantity: Compared,
        goal: str | Sequence[str] | None = None,
        start: Start | None = None,
        periods: int | None = None,
    ) -> pd.DataFrame:
        """Return what differs in another chain, with the uncertainty of the difference.

        Parameters
        ----------
        after : MarkovChain
            A chain over the same stages, usually from :meth:`what_if` of this one, which is
            "before".
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
            A row a ``quantity`` ("before", "after" and "difference", which is after less before)
            and ``stage``: ``estimate``; with draws also ``std_error``, ``ci_low``, ``ci_high``
            and ``finite``.

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
        Draws of a chain and of what became of it by ``what_if`` belong together and are compared
        one by one. Two chains that were estimated apart are independent; each draw of the one is
        held against the draw of the other one place further on, so that draws of the same seed,
        which are the same random numbers, do not meet.

        Examples
        --------
        Twice the chance halves the time:

        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0.75, 0.25], [0.1, 0.9]], stages=["new", "loyal"])
        >>> better = chain.what_if(source="new", target="loyal", probability=0.5)
        >>> chain.compare(better, quantity="expected_time", goal="loyal")
             quantity  stage  estimate
        0      before    new       4.0
        1      before  loyal       0.0
        2       after    new       2.0
        3       after  loyal       0.0
        4  difference    new      -2.0
        5  difference  loyal       0.0
        """
        return compared(self, after, quantity, goal=goal, start=start, periods=periods)

    @checked
    def simulate(
        self,
        n: int,
        *,
        n_periods: int,
        start: Start | None = None,
        rng: np.random.Generator | int | None = None,
    ) -> pd.DataFrame:
        """Return a panel of customers who move by this chain (模拟面板数据).

        Parameters
        ----------
        n : int
            Number of customers, at least 1.
        n_periods : int
            How often everybody is seen, at least 2.
        start : str, or mapping from stage to number, optional
            Where customers start; without it everybody starts in the first stage.
        rng : numpy.random.Generator, int or None
            Source of randomness; an int is a seed, None takes fresh entropy.

        Returns
        -------
        DataFrame
            A row a customer and date: ``customer`` and ``date`` from 0 on, and ``stage``.

        Raises
        ------
        DataError
            If there is no such stage.
        OptionError
            If a number is not allowed.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> chain = loyalty_stage.markov_chain([[0, 1], [0, 1]], stages=["new", "loyal"])
        >>> panel = chain.simulate(2, n_periods=3, rng=1)
        >>> panel["stage"].tolist()
        ['new', 'loyal', 'loyal', 'new', 'loyal', 'loyal']
        """
        return simulated.panel(self, n, n_periods, start=start, rng=rng)

    @checked
    def simulate_purchases(
        self,
        n: int,
        *,
        rate: float,
        window: tuple[str, str] = ("2024-01-01", "2025-01-01"),
        start: Start | None = None,
        prices: Sequence[float] | Mapping[str, float] | None = None,
        rng: np.random.Generator | int | None = None,
    ) -> pd.DataFrame:
        """Return purchases of customers who change brands by the transitions (模拟购买记录).

        The stages are brands here: a transition is the probability that a purchase of the row's
        brand is followed by one of the column's, and the diagonal holds the true repeat rates.

        Parameters
        ----------
        n : int
            Number of customers, at least 1. Those who happen to buy nothing are not in the table.
        rate : float
            Mean number of purchases of a customer in the window, above 0; the number is Poisson.
        window : pair of str
            First day, and the day after the last.
        start : str, or mapping from brand to number, optional
            What customers buy first; without it the shares of the steady state.
        prices : sequence of float, or mapping from brand to number, optional
            Amount of a purchase of each brand, 0 or more; 1 by default.
        rng : numpy.random.Generator, int or None
            Source of randomness; an int is a seed, None takes fresh entropy.

        Returns
        -------
        DataFrame
            A row a purchase, by customer, then time: ``customer``, ``date`` with the time of day,
            ``brand``, ``amount``.

        Raises
        ------
        DataError
            If there is no such brand, or prices do not fit.
        NotIdentifiedError
            If no ``start`` is given and the chain has no steady state.
        OptionError
            If a number or the window is not allowed, or nobody happened to buy.

        Examples
        --------
        >>> from loyaltymodel import customer_base, loyalty_stage
        >>> brands = loyalty_stage.markov_chain([[0.8, 0.2], [0.4, 0.6]], stages=["A", "B"])
        >>> bought = brands.simulate_purchases(5000, rate=6, rng=1)
        >>> behaviour, _ = customer_base.purchase_behaviour(
        ...     data=bought, window=("2024-01-01", "2025-01-01")
        ... )
        >>> behaviour.brands["repeat_rate"].round(2).tolist()
        [0.8, 0.6]
        """
        return simulated.purchases(
            self, n, rate=rate, window=window, start=start, prices=prices, rng=rng
        )

    def _title(self) -> str:
        return "Markov chain"

    def _brief(self) -> str:
        draws = count_of(self.n_resamples, "posterior draw") if len(self.draws) else "as given"
        return f"{count_of(len(self.stages.names), 'stage')}, {draws}"

    def _facts(self) -> Facts:
        known = () if len(self.draws) else (("matrix", "counts as known"),)
        return (("stages", enumerate_names(self.stages.names, most=8)), *known)

    def _intervals(self) -> list[tuple[str, str]]:
        return Result._intervals(self) if len(self.draws) else []

    def _tables(self) -> tuple[Table, ...]:
        names = list(self.stages.names)
        matrix = pd.DataFrame(self.matrix, columns=names)
        matrix.insert(0, "from \\ to", names)
        structure = self.structure.drop(columns="reaches").reset_index()
        structure["absorbing"] = structure["absorbing"].map({True: "yes", False: "no"})
        tables = [
            table_of("Transitions in one period", matrix),
            table_of("Where stages lead", structure, n_labels=structure.shape[1]),
        ]
        with suppress(NotIdentifiedError):
            tables.append(table_of("Steady state", self.steady_state()))
        return tuple(tables)

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        stays = kernels.never_left(self.matrix, self.unseen)
        if stays.any():
            remarks.append(
                f"Nobody was seen to leave {named(self, stays)}. Draws let some do so, as rarely "
                "as the data allow; absorbing= says that nobody does."
            )
        try:
            self.steady_state()
        except NotIdentifiedError as error:
            remarks.append(f"No steady state: {error}.")
        return tuple(remarks)

    @checked
    def start_shares(self, start: Start) -> FloatArray:
        """Return starting shares as an array.

        Parameters
        ----------
        start : str, or mapping from stage to number
            Where everybody starts, or how many start where.

        Returns
        -------
        ndarray of shape (k,)
            Shares that add up to 1.

        Raises
        ------
        DataError
            If there is no such stage, or the numbers are negative, not finite or all 0.
        """
        shares = np.zeros(len(self.stages.names))
        if isinstance(start, str):
            start = {start: 1.0}
        if not isinstance(start, Mapping):
            raise DataError(
                f"start={shown(start)} is neither a stage nor a mapping from stages to numbers"
            )
        places = [self.place(name) for name in start]
        if repeated(places):
            raise DataError("start names a stage by both of its names; use one of them")
        try:
            shares[places] = numbers_of(list(start.values()))
        except NotNumbers:
            raise DataError(f"start={shown(dict(start))} must map stages to numbers") from None
        if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.any()):
            raise DataError(
                f"start={shown(dict(start))} must hold finite numbers, none negative and not all 0"
            )
        shares /= shares.max()  # first, since the sum of huge numbers is none
        return np.asarray(shares / shares.sum(), dtype=np.float64)

    @checked
    def goal_mask(self, goal: str | Sequence[str]) -> BoolArray:
        """Tell which stages belong to a goal.

        Parameters
        ----------
        goal : str or sequence of str
            One stage or several.

        Returns
        -------
        ndarray of bool, shape (k,)
            True for the stages named.

        Raises
        ------
        DataError
            If there is no such stage, or none is named.
        """
        names = [goal] if isinstance(goal, str) else list(goal)
        if not names:
            raise DataError("the goal is empty; name at least one stage")
        hit = np.zeros(len(self.stages.names), dtype=np.bool_)
        hit[[self.place(name) for name in names]] = True
        return hit

    def stack(self) -> FloatArray:
        """Return the matrix and its draws as one array.

        Returns
        -------
        ndarray of shape (1 + b, k, k)
            The matrix first.
        """
        return np.concatenate([self.matrix[None], self.draws])

    def _index(self) -> pd.Index:
        return pd.Index(self.stages.names, name="stage")

    def _pairs(self) -> dict[str, list[str]]:
        names = self.stages.names
        return {
            "source": [source for source in names for _ in names],
            "target": list(names) * len(names),
        }

    def _by_stage(self, values: FloatArray) -> pd.DataFrame:
        return table_of_values({"stage": self.stages.names}, values, level=self.level)

    @checked
    def place(self, name: str) -> int:
        """Return the place of a stage, by either of its names.

        Parameters
        ----------
        name : str
            The stage.

        Returns
        -------
        int
            From 0 on.

        Raises
        ------
        DataError
            If there is no such stage.
        """
        return place_of(self.stages, name)

    def _classes(self) -> tuple[BoolArray, list[BoolArray]]:
        """Stages that are left for good, and the classes that are never left."""
        unsure = kernels.unsure_ends(self.matrix, self.unseen)
        if unsure.any():
            raise NotIdentifiedError(
                f"whether {named(self, unsure)} is left for good depends on moves that may happen "
                f"and were never seen; {SAY}"
            )
        paths = kernels.reachable(self.matrix[None])
        stays = kernels.recurrent(paths)[0]
        if stays.all():
            raise NotIdentifiedError(
                "no stage is left for good, so nobody ends anywhere; ask for the steady state, "
                "or for the time to reach a stage"
            )
        classes = [paths[0, i] for i in np.flatnonzero(stays) if not paths[0, i, :i].any()]
        return ~stays, classes
