"""Customers sorted into phases of loyalty: what was found, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Columns, Data
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import count_of
from loyaltymodel._core.scales import Pair
from loyaltymodel._core.signature import checked
from loyaltymodel._core.sorted_customers import SortedCustomers
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.loyalty_stage.phases.kernels import passes
from loyaltymodel.loyalty_stage.phases.reading import read_scores, sizes_of

StageRule = Literal["passed", "entered"]

NONE = "none"
_FINE = 1e-6  # a quadrature error that nobody needs to know of


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseResult(SortedCustomers):
    """How many customers have reached each phase of loyalty, and how many climb each step.

    Made by :func:`oliver`, beside a table of the customers.

    Attributes
    ----------
    phases : tuple of str
        The phases, in order.
    names : tuple of str
        What a customer can be in: the phases and, by the rule "passed", "none" before them.
    stage_rule : {"passed", "entered"}
        Which phase a customer is said to be in.
    n_obs : int
        Customers who were sorted.
    n_dropped : int
        Customers left out because of missing values.
    sizes : ndarray of shape (s,)
        Customers in each stage, each counted once.
    estimates : EstimateTable
        Share of each stage with its interval, by ``stage`` and ``quantity``: "observed", and
        "true" if a reliability was given.
    scale : mapping from str to pair of float
        Lowest and highest possible score of each phase.
    cuts : mapping from str to float
        Score from which on each phase is passed.
    ties : {"high", "low"}
        Whether a score that equals its cut-off passes ("high").
    composite_weights : ndarray of shape (k,)
        Weights of the phases in the composite; they sum to 1.
    reliability : mapping from str to float, or None
        Reliability of each score.
    level : float
        Confidence level of each interval, which is Wilson's.
    reached : ndarray of shape (k + 1,)
        Customers who pass at least 0, 1, ..., k phases in order.
    climbed : ndarray of shape (k, 3)
        What :attr:`steps` has besides, without names: weighted shares and means.
    share_out_of_order : float
        Weighted share of customers who pass a later phase without an earlier one.
    quadrature_error : float
        By how much two orders of numerical integration differ at most, on a grid of trial
        points; 0 where none was needed.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> result, customers = loyalty_stage.oliver([[80, 20, 70, 90], [20, 90, 90, 90]])
    >>> result
    <PhaseResult: 2 customers in 5 stages, 4 phases>
    >>> customers["stage"].tolist()
    ['cognitive', 'none']
    """

    made_by: ClassVar[str] = "oliver(), as .result,"

    phases: tuple[str, ...]
    stage_rule: StageRule
    scale: FrozenMapping[str, Pair]
    composite_weights: FloatArray
    reached: IntArray
    climbed: FloatArray
    share_out_of_order: float
    quadrature_error: float

    @property
    def stages(self) -> pd.DataFrame:
        """Sizes of the stages: ``stage``, ``quantity``, ``n_obs``, a share and its interval.

        ``quantity`` is "observed" for the scores as they are and, with a reliability, "true" for
        the true scores. ``n_obs`` counts the customers who were sorted there; shares, 0 to 1,
        count them with their weights. Each interval has the level on its own, not all of them
        together.
        """
        return self._share_table()

    @property
    def steps(self) -> pd.DataFrame:
        """How many climb each step, a row a phase.

        ``phase``, ``n_at_risk`` (customers who pass all phases before), ``n_passed`` (those of them
        who pass this one too), ``passed`` (their weighted share), ``passed_alone`` (weighted
        share of all who pass it, whatever the others), ``mean`` (weighted mean score of all).
        """
        return pd.DataFrame(
            {
                "phase": list(self.phases),
                "n_at_risk": self.reached[:-1],
                "n_passed": self.reached[1:],
                "passed": self.climbed[:, 0],
                "passed_alone": self.climbed[:, 1],
                "mean": self.climbed[:, 2],
            }
        )

    @checked
    def passed(
        self, scores: Columns, *, data: Data | None = None, missing: Missing = "raise"
    ) -> pd.DataFrame:
        """Return whether each score passes the cut-off of its own phase, 1 or 0.

        A later phase may be passed where an earlier one is not; :func:`reproducibility` and
        :func:`scalability` take this table and say how often.

        Parameters
        ----------
        scores : table, names of columns, mapping from phase to values, or array of shape (n, k)
            Scores as :func:`oliver` took them, on the same scale; of the same customers or others.
        data : pandas, polars or pyarrow table, optional
            Holds the columns that are named.
        missing : {"raise", "drop"}
            What to do with rows that lack a value: an error, or leave them out.

        Returns
        -------
        DataFrame
            A row a customer with the labels of the data, a column a phase.

        Raises
        ------
        DataError
            If scores are missing, not numeric or off their scale.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> scores = [[80, 20, 70, 90], [20, 90, 90, 90]]
        >>> result, customers = loyalty_stage.oliver(scores)
        >>> result.passed(scores)["action"].tolist()
        [1, 1]
        """
        variables, _ = read_scores(scores, self.scale, None, data, missing)
        x = np.column_stack([np.asarray(variables[p], np.float64) for p in self.phases])
        cuts = np.array([self.cuts[phase] for phase in self.phases])
        own = passes(x, cuts, size=sizes_of(self.scale), up=self.ties == "high").astype(np.int64)
        table = pd.DataFrame(own, index=variables.labels, columns=list(self.phases))
        return table.rename_axis(columns="phase")

    def _title(self) -> str:
        return "Phases of loyalty (Oliver)"

    def _brief(self) -> str:
        return f"{self._sizes_in_words('stages')}, {len(self.phases)} phases"

    def _facts(self) -> list[tuple[str, str]]:
        at = "passes" if self.ties == "high" else "fails"
        return [
            ("cut-offs", f"{self._stated_cuts()}; a score at one {at}"),
            ("stage", f"last phase {self.stage_rule}, all before it passed"),
            *self._stated_reliability(),
        ]

    def _tables(self) -> Sequence[Table]:
        return self._printed_shares(), table_of("Steps", self.steps, digits=(0, 0, 3, 3, 1))

    def _remarks(self) -> list[str]:
        remarks = []
        if self.share_out_of_order > 0:
            remarks.append(
                f"{100 * self.share_out_of_order:.1f}% pass a later phase without an earlier one. "
                "They stand where the chain breaks; reproducibility() and scalability() of "
                "passed() say whether it is a ladder at all."
            )
        if np.count_nonzero(np.diff(self.reached, append=0)) == 1:
            remarks.append(
                f"All {count_of(self.n_obs, 'customer')} are at one stage, so nothing can be said "
                "of the steps; other cut-offs may tell them apart."
            )
        if self.reliability is None:
            remarks.append(
                "Customers near a cut-off are sorted as if the scores were exact; give the "
                "reliability to see how probable each stage is."
            )
        remarks += self._class_remarks()
        if self.quadrature_error > _FINE:
            remarks.append(
                f"Numerical integration left an error of about {self.quadrature_error:.0e} in the "
                "probabilities: the true scores are nearly collinear."
            )
        return remarks
