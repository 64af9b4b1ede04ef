"""What was found about movement, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, number, percent, table_of
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.movement import kernels
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain, digest
from loyaltymodel.loyalty_stage.movement.hypotheses import MarkovTest, independence_test
from loyaltymodel.loyalty_stage.movement.stages import Stages

Interval = Literal["posterior", "wilson"]
Point = Literal["likelihood", "posterior_mean"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MovementEstimate(Result):
    """Transitions between stages, estimated from a panel (阶段转移).

    Attributes
    ----------
    stages : Stages
        The stages (k).
    counts : ndarray of shape (k, k)
        Moves from row to column in one period, weighted if weights were given.
    effective : ndarray of shape (k,)
        What the moves out of each stage are worth in moves of equal weight, by the linearised
        variance of their shares.
    per_date : ndarray of shape (t, k, k)
        Moves by the date of their start, without weights.
    dates : ndarray of shape (t,)
        Those dates.
    triples : ndarray of shape (k, k, k)
        Customers seen in three successive periods, by their stages, without weights.
    possible : ndarray of bool, shape (k, k)
        Moves that were said to be possible.
    prior : ndarray of shape (k, k)
        Dirichlet prior; 0 for what is impossible.
    likelihood : ndarray of shape (k, k)
        Maximum likelihood estimate; NaN in the row of a stage that nobody was seen to leave
        or stay in.
    posterior_mean : ndarray of shape (k, k)
        Mean of the posterior; NaN in a row without prior and moves.
    estimates : EstimateTable
        The estimate that ``point`` names of each transition, by ``source`` and ``target``, with
        its interval.
    draws : ndarray of shape (b, k, k)
        Posterior draws.
    point : str
        Which estimate the chain has.
    interval : str
        Kind of the interval of transitions.
    level : float
        Its level.
    weighted : bool
        Whether weights were given that differ.
    absent : str or None
        The stage of customers who have no row any more; None if they are not counted.
    n_panel, n_dropped, n_gaps, n_ended : int
        Customers in the panel; rows left out for a missing value; pairs of rows more than one
        period apart; customers whose rows end before the last date.
    """

    made_by: ClassVar[str] = "estimate_movement()"

    people: ClassVar[str] = "moves"

    stages: Stages
    counts: FloatArray
    effective: FloatArray
    per_date: FloatArray
    dates: IntArray
    triples: FloatArray
    possible: BoolArray
    prior: FloatArray
    likelihood: FloatArray
    posterior_mean: FloatArray
    estimates: EstimateTable
    draws: FloatArray
    point: Point
    interval: Interval
    level: float
    weighted: bool
    absent: str | None
    n_panel: int
    n_dropped: int
    n_gaps: int
    n_ended: int

    @property
    def n_obs(self) -> int:
        """Number of moves."""
        return int(self.per_date.sum())

    @property
    def n_resamples(self) -> int:
        """Number of posterior draws."""
        return len(self.draws)

    @property
    def transitions(self) -> pd.DataFrame:
        """A row a transition: ``source``, ``target``, ``moves``, ``estimate``, interval.

        ``moves`` are weighted if weights were given.
        """
        frame = self.estimates.frame()
        frame.insert(2, "moves", self.counts.ravel())
        return frame

    @property
    def matrix(self) -> pd.DataFrame:
        """The estimate that ``point`` names, from stage (rows) to stage (columns)."""
        names = pd.Index(self.stages.names, name="source")
        return pd.DataFrame(self._estimate().copy(), index=names, columns=names.rename("target"))

    def chain(self) -> MarkovChain:
        """Return the estimated chain with its posterior draws.

        Returns
        -------
        MarkovChain
            What follows from the transitions: times, long run, what-if.

        Raises
        ------
        NotIdentifiedError
            If nobody was seen in a stage, so that its transitions are unknown.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> moves = loyalty_stage.estimate_movement(
        ...     [1, 1, 1, 2, 2, 2],
        ...     [1, 2, 3, 1, 2, 3],
        ...     ["new", "loyal", "loyal", "new", "new", "loyal"],
        ...     stages=["new", "loyal"], rng=1,
        ... )
        >>> moves.chain().matrix.round(3)
        array([[0.333, 0.667],
               [0.   , 1.   ]])
        """
        matrix = self._estimate()
        unknown = [
            name for name, row in zip(self.stages.names, matrix, strict=True) if np.isnan(row).any()
        ]
        if unknown:
            raise NotIdentifiedError(
                f"nobody was seen to move from {enumerate_names(unknown)}, so the data say nothing "
                "about its transitions; leave the stage out of stages=, or take "
                'point="posterior_mean" with a prior that you can defend'
            )
        return MarkovChain(
            stages=self.stages,
            matrix=matrix,
            draws=self.draws,
            level=self.level,
            unseen=self._unseen() & (matrix == 0),
            origin=digest(self.counts, self.draws),
        )

    @checked
    def homogeneity_test(
        self, *, n_resamples: int = FOR_TESTS, rng: np.random.Generator | int | None = None
    ) -> MarkovTest:
        """Test whether the transitions are the same at all times (时间齐次性检验).

        Parameters
        ----------
        n_resamples : int
            Number of random tables that p-values rest on; 0 takes them from the chi-square law,
            which is right for large counts alone.
        rng : numpy.random.Generator, int or None
            Source of randomness; an int is a seed, None takes fresh entropy.

        Returns
        -------
        MarkovTest
            For each stage, and together: times against next stages.

        Raises
        ------
        NotIdentifiedError
            If moves start at one date only.
        OptionError
            If weights differ: the law of the statistics is that of plain counts; or if
            ``n_resamples`` is not allowed.

        Notes
        -----
        For each stage i, the moves at time t to stage j are a table of t by j, and the question is
        whether its rows have the same law, by likelihood ratio
        2 sum n_ij(t) log(p_ij(t) / p_ij) and by chi-square [1]_. With all moves seen at all
        times there are k (k - 1) (T - 1) degrees of freedom for T times; times at which nobody
        started in i, and stages that nobody moved to from i, have none. Both statistics are held
        against those of random tables with the same sums of rows and columns, since many cells
        are small where some moves are rare.

        References
        ----------
        .. [1] Anderson, T. W., & Goodman, L. A. (1957). Statistical inference about Markov
           chains. Annals of Mathematical Statistics, 28(1), 89-110.

        Examples
        --------
        Of 4, 2 move in the first period and all in the second, which is as far from equal as 7
        of the 15 ways to choose who stays:

        >>> from loyaltymodel import loyalty_stage
        >>> moves = loyalty_stage.estimate_movement(
        ...     [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 5, 6],
        ...     [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3],
        ...     [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1],
        ...     stages=["0", "1"], rng=1,
        ... )
        >>> moves.homogeneity_test(rng=1).tests.query("test == 'chi-square'").round(3)
                 test stage  statistic  df  p_value
        3  chi-square     0        1.5   1    0.451
        4  chi-square     1        0.0   0      NaN
        5  chi-square   all        1.5   1    0.451
        """
        self._unweighted()
        if len(self.dates) == 1:
            raise NotIdentifiedError(
                "moves start at one date only, so nothing can be compared over time; give more "
                "periods"
            )
        return independence_test(
            self.stages.names,
            "the transitions are the same at all times",
            self.per_date.swapaxes(0, 1),
            n_dropped=self.n_dropped,
            n_resamples=n_resamples,
            rng=rng,
        )

    @checked
    def order_test(
        self, *, n_resamples: int = FOR_TESTS, rng: np.random.Generator | int | None = None
    ) -> MarkovTest:
        """Test whether the present stage is enough, or the one before counts too (阶数检验).

        Parameters
        ----------
        n_resamples : int
            Number of random tables that p-values rest on; 0 takes them from the chi-square law,
            which is right for large counts alone.
        rng : numpy.random.Generator, int or None
            Source of randomness; an int is a seed, None takes fresh entropy.

        Returns
        -------
        MarkovTest
            For each present stage, and together: the stage before against the next.

        Raises
        ------
        NotIdentifiedError
            If nobody was seen in three successive periods.
        OptionError
            If weights differ, or ``n_resamples`` is not allowed.

        Notes
        -----
        A chain of order 1 against order 2 [1]_: for each present stage j, customers in three
        successive periods make a table of the stage before by the next, whose rows have the
        same law under order 1; k (k - 1)^2 degrees of freedom where everything was seen. P-values
        rest on random tables, as those of :meth:`homogeneity_test`.

        Customers who differ make the same impression as memory: if some are always more loyal
        than others, the stage before tells which they are. A small p-value says that order 1
        with one matrix for everybody does not hold, not which of the two is the reason.

        References
        ----------
        .. [1] Anderson, T. W., & Goodman, L. A. (1957). Statistical inference about Markov
           chains. Annals of Mathematical Statistics, 28(1), 89-110.

        Examples
        --------
        Everybody goes back to where they came from, as 2 of the 70 ways to choose would have it:

        >>> from loyaltymodel import loyalty_stage
        >>> moves = loyalty_stage.estimate_movement(
        ...     [c for c in range(8) for _ in range(3)],
        ...     [1, 2, 3] * 8,
        ...     ["a", "m", "a", "b", "m", "b"] * 4,
        ...     stages=["a", "m", "b"], rng=1,
        ... )
        >>> moves.order_test(rng=1).tests.query("test == 'chi-square'").round(3)
                 test stage  statistic  df  p_value
        4  chi-square     a        0.0   0      NaN
        5  chi-square     m        8.0   1    0.029
        6  chi-square     b        0.0   0      NaN
        7  chi-square   all        8.0   1    0.029
        """
        self._unweighted()
        if self.triples.sum() == 0:
            raise NotIdentifiedError(
                "nobody was seen in three successive periods, so memory cannot be tested; give "
                "more periods"
            )
        return independence_test(
            self.stages.names,
            "the next stage depends on the present one only",
            self.triples.swapaxes(0, 1),
            n_dropped=self.n_dropped,
            n_resamples=n_resamples,
            rng=rng,
        )

    def _title(self) -> str:
        return "Movement between stages"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'move')} of {count_of(self.n_panel, 'customer')} between "
            f"{len(self.stages.names)} stages"
        )

    def _facts(self) -> Facts:
        gaps = (("pairs across gaps", f"{self.n_gaps:,}"),) if self.n_gaps else ()
        if self.n_ended:
            then = f", then {self.absent}" if self.absent else ""
            gaps = (*gaps, ("rows end early", f"{count_of(self.n_ended, 'customer')}{then}"))
        return (
            ("customers", f"{self.n_panel:,}"),
            ("starting dates", f"{len(self.dates):,}"),
            ("estimate", self.point.replace("_", " ")),
            *gaps,
        )

    def _tables(self) -> tuple[Table, ...]:
        title = "Transitions in one period"
        return (
            table_of(title, self.transitions, n_labels=2, digits=(0, 3, 3, 3)),
            *self._test_table(),
        )

    def _test_table(self) -> list[Table]:
        rows = []
        for name, test in (
            ("same at all times", self.homogeneity_test),
            ("order 1", self.order_test),
        ):
            try:
                found = test(n_resamples=0)
            except (NotIdentifiedError, OptionError):
                continue
            if (df := int(found.df.sum())) > 0:
                statistic = float(found.likelihood_ratio.sum())
                # With small counts the law of chi-square says nothing, and the test itself does.
                p_value = np.nan if found.is_sparse else found.p_value
                few = f"{found.few:.0%}"
                rows.append((name, number(statistic, 2), str(df), number(p_value, 4), few))
        head = ("hypothesis", "likelihood ratio", "df", "p_value", "expected below 5")
        return [Table("Tests", head, tuple(rows))] if rows else []

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        several = self.possible.sum(axis=1, keepdims=True) > 1
        unseen = self.possible & several & (self.counts == 0)
        if unseen.any():
            names = self.stages.names
            listed = [f"{names[i]} to {names[j]}" for i, j in zip(*np.nonzero(unseen), strict=True)]
            remarks.append(
                f"Possible and never seen: {enumerate_names(listed)}. The estimate by likelihood "
                "is 0 there, while posterior draws are not: state what is impossible in possible=."
            )
        remarks += self._never_left()
        if self.n_ended and self.absent is None:
            remarks.append(
                f"The rows of {self.n_ended:,} of {self.n_panel:,} customers end before the last "
                "date, and what became of them is not counted: these are moves of those who have "
                "a next row. absent= names the stage of customers without a row."
            )
        if self.weighted:
            remarks.append(
                "Weights differ, so there are no tests of the chain, and intervals of what follows "
                "from it are somewhat short where a stage rests on few customers: with about 20, "
                "those of 95 % hold the truth in 90 to 95 %."
            )
        return tuple(remarks)

    def _never_left(self) -> list[str]:
        """Name stages that nobody was seen to leave, and how many might at most."""
        names = np.array(self.stages.names, dtype=object)
        seen = np.where(np.isnan(self.likelihood), 0.0, self.likelihood)
        paths = kernels.reachable(seen[None])[0]
        stays = kernels.never_left(seen, self._unseen()) & (self.effective > 0)
        remarks = []
        for i in np.flatnonzero(stays):
            own = paths[i]
            if own[:i].any():  # named with the first stage of its class
                continue
            n = float(self.effective[own].sum())
            most = 1 - (1 - self.level) ** (1 / n)
            remarks.append(
                f"Nobody was seen to leave {enumerate_names(names[own], most=6)} in {n:,.0f} moves:"
                f" at most {100 * most:.2g}% leave in a period, with {percent(self.level)} "
                "confidence. absorbing= says that nobody ever does."
            )
        return remarks

    def _unseen(self) -> BoolArray:
        """Tell which moves were never seen and may happen by the prior."""
        several = self.possible.sum(axis=1, keepdims=True) > 1
        return np.asarray(several & (self.counts == 0) & (self.prior > 0), dtype=np.bool_)

    def _estimate(self) -> FloatArray:
        return self.likelihood if self.point == "likelihood" else self.posterior_mean

    def _unweighted(self) -> None:
        if self.weighted:
            raise OptionError(
                "the test needs plain counts, but weights were given; estimate without weights to "
                "test"
            )
