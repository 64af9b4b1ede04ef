"""What was found about movement, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._options import enumerate_names
from loyaltymodel._tables import Summary, Table, number, table_of
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain
from loyaltymodel.loyalty_stage.movement.hypotheses import MarkovTest, independence_test
from loyaltymodel.loyalty_stage.movement.stages import Stages

Interval = Literal["posterior", "wilson"]
Point = Literal["likelihood", "posterior_mean"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MovementEstimate(FrozenRecord):
    """Transitions between stages, estimated from a panel (阶段转移).

    Attributes
    ----------
    stages : Stages
        The stages (k).
    counts : ndarray of shape (k, k)
        Moves from row to column in one period, weighted if weights were given.
    effective : ndarray of shape (k,)
        What the moves out of each stage are worth in moves of equal weight.
    per_time : ndarray of shape (t, k, k)
        Moves by the time of their start, without weights.
    times : ndarray of shape (t,)
        Those times.
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
    low, high : ndarray of shape (k, k)
        Interval of each transition.
    draws : ndarray of shape (b, k, k)
        Posterior draws.
    point : str
        Which estimate the chain has.
    interval : str
        Kind of the interval of transitions.
    level : float
        Its level.
    weighted : bool
        Whether weights were given.
    n_customers, n_rows, n_dropped, n_gaps : int
        Customers and rows; rows left out for a missing value; pairs of rows left out because
        of a gap in time.
    """

    stages: Stages
    counts: FloatArray
    effective: FloatArray
    per_time: FloatArray
    times: IntArray
    triples: FloatArray
    possible: BoolArray
    prior: FloatArray
    likelihood: FloatArray
    posterior_mean: FloatArray
    low: FloatArray
    high: FloatArray
    draws: FloatArray
    point: Point
    interval: Interval
    level: float
    weighted: bool
    n_customers: int
    n_rows: int
    n_dropped: int
    n_gaps: int

    @property
    def transitions(self) -> pd.DataFrame:
        """A row a transition: ``source``, ``target``, ``count``, both estimates, interval."""
        names = self.stages.names
        return pd.DataFrame(
            {
                "source": np.repeat(names, len(names)).tolist(),
                "target": list(names) * len(names),
                "count": self.counts.ravel().copy(),
                "likelihood": self.likelihood.ravel().copy(),
                "posterior_mean": self.posterior_mean.ravel().copy(),
                "ci_low": self.low.ravel().copy(),
                "ci_high": self.high.ravel().copy(),
            }
        )

    @property
    def matrix(self) -> pd.DataFrame:
        """The estimate that ``point`` names, from stage (rows) to stage (columns)."""
        names = pd.Index(self.stages.names, name="stage")
        return pd.DataFrame(self._estimate().copy(), index=names, columns=names.rename("next"))

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
        ...     ["new", "loyal", "loyal", "new", "new", "loyal"],
        ...     customer=[1, 1, 1, 2, 2, 2], time=[1, 2, 3, 1, 2, 3],
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
        return MarkovChain(stages=self.stages, matrix=matrix, draws=self.draws, level=self.level)

    def homogeneity_test(self) -> MarkovTest:
        """Test whether the transitions are the same at all times (时间齐次性检验).

        Returns
        -------
        MarkovTest
            For each stage, and together: times against next stages.

        Raises
        ------
        NotIdentifiedError
            If moves start at one time only.
        OptionError
            If the estimate is weighted: the law of the statistics is that of plain counts.

        Notes
        -----
        For each stage i, the moves at time t to stage j are a table of t by j, and the question is
        whether its rows have the same law, by likelihood ratio
        2 sum n_ij(t) log(p_ij(t) / p_ij) and by chi-square [1]_. With all moves seen at all
        times there are k (k - 1) (T - 1) degrees of freedom for T times; times at which nobody
        started in i, and stages that nobody moved to from i, have none.

        References
        ----------
        .. [1] Anderson, T. W., & Goodman, L. A. (1957). Statistical inference about Markov
           chains. Annals of Mathematical Statistics, 28(1), 89-110.

        Examples
        --------
        Of 4, 2 move in the first period and all in the second:

        >>> from loyaltymodel import loyalty_stage
        >>> moves = loyalty_stage.estimate_movement(
        ...     [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1],
        ...     customer=[1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 5, 6],
        ...     time=[1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3],
        ...     stages=["0", "1"], rng=1,
        ... )
        >>> moves.homogeneity_test().table[["stage", "chi_square", "df"]]
          stage  chi_square  df
        0     0         1.5   1
        1     1         0.0   0
        2   all         1.5   1
        """
        self._unweighted()
        if len(self.times) == 1:
            raise NotIdentifiedError(
                "moves start at one time only, so nothing can be compared over time; give more "
                "periods"
            )
        return independence_test(
            self.stages.names,
            "The transitions are the same at all times",
            self.per_time.swapaxes(0, 1),
        )

    def order_test(self) -> MarkovTest:
        """Test whether the present stage is enough, or the one before counts too (阶数检验).

        Returns
        -------
        MarkovTest
            For each present stage, and together: the stage before against the next.

        Raises
        ------
        NotIdentifiedError
            If nobody was seen in three successive periods.
        OptionError
            If the estimate is weighted.

        Notes
        -----
        A chain of order 1 against order 2 [1]_: for each present stage j, customers in three
        successive periods make a table of the stage before by the next, whose rows have the
        same law under order 1; k (k - 1)^2 degrees of freedom where everything was seen.

        Customers who differ make the same impression as memory: if some are always more loyal
        than others, the stage before tells which they are. A small p-value says that order 1
        with one matrix for everybody does not hold, not which of the two is the reason.

        References
        ----------
        .. [1] Anderson, T. W., & Goodman, L. A. (1957). Statistical inference about Markov
           chains. Annals of Mathematical Statistics, 28(1), 89-110.

        Examples
        --------
        Everybody goes back to where they came from:

        >>> from loyaltymodel import loyalty_stage
        >>> moves = loyalty_stage.estimate_movement(
        ...     ["a", "m", "a", "b", "m", "b"] * 4,
        ...     customer=[c for c in range(8) for _ in range(3)], time=[1, 2, 3] * 8,
        ...     stages=["a", "m", "b"], rng=1,
        ... )
        >>> moves.order_test().table[["stage", "chi_square", "df"]]
          stage  chi_square  df
        0     a         0.0   0
        1     m         8.0   1
        2     b         0.0   0
        3   all         8.0   1
        """
        self._unweighted()
        if self.triples.sum() == 0:
            raise NotIdentifiedError(
                "nobody was seen in three successive periods, so memory cannot be tested; give "
                "more periods"
            )
        return independence_test(
            self.stages.names,
            "The next stage depends on the present one only",
            self.triples.swapaxes(0, 1),
        )

    def summary(self) -> Summary:
        """Return the estimate as tables to print.

        Returns
        -------
        Summary
            What was counted, the transitions with their intervals, and the tests.
        """
        left_out = [
            f"{n:,} {what}"
            for n, what in ((self.n_dropped, "rows"), (self.n_gaps, "pairs across gaps"))
            if n
        ]
        n_moves = int(self.per_time.sum())
        facts = (
            ("customers", f"{self.n_customers:,}"),
            ("moves", f"{n_moves:,} from {len(self.times)} starting times"),
            ("left out", ", ".join(left_out) if left_out else "nothing"),
            ("estimate", self.point.replace("_", " ")),
            ("interval", f"{self.interval}, level {self.level:g}"),
        )
        table = self.transitions
        chosen = table[["source", "target", "count", self.point, "ci_low", "ci_high"]]
        tables = [
            table_of("Transitions in one period", chosen, n_labels=2, digits=(0, 3, 3, 3)),
            *self._test_table(),
        ]
        return Summary("Movement between stages", facts, tuple(tables), self._remarks())

    def _test_table(self) -> list[Table]:
        rows = []
        for name, test in (("same at all times", "homogeneity"), ("order 1", "order")):
            try:
                found = self.homogeneity_test() if test == "homogeneity" else self.order_test()
            except (NotIdentifiedError, OptionError):
                continue
            last = found.table.iloc[-1]
            if last["df"] > 0:
                rows.append(
                    (
                        name,
                        number(float(last["likelihood_ratio"]), 2),
                        str(int(last["df"])),
                        number(float(last["p_likelihood_ratio"]), 4),
                        f"{found.few:.0%}",
                    )
                )
        head = ("claim", "likelihood ratio", "df", "p-value", "expected below 5")
        return [Table("Tests", head, tuple(rows))] if rows else []

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        unseen = self.possible & (self.counts == 0)
        if unseen.any():
            names = self.stages.names
            listed = [f"{names[i]} to {names[j]}" for i, j in zip(*np.nonzero(unseen), strict=True)]
            remarks.append(
                f"Possible and never seen: {enumerate_names(listed)}. The estimate by likelihood "
                "is 0 there, while posterior draws are not: state what is impossible in possible=."
            )
        if self.weighted:
            remarks.append("With weights the intervals are approximate, and there are no tests.")
        return tuple(remarks)

    def _estimate(self) -> FloatArray:
        return self.likelihood if self.point == "likelihood" else self.posterior_mean

    def _unweighted(self) -> None:
        if self.weighted:
            raise OptionError(
                "the test needs plain counts, but weights were given; estimate without weights to "
                "test"
            )
