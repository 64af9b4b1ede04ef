"""Customers sorted into phases of loyalty: what was found, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._options import count_of
from loyaltymodel._quadrants import Ties
from loyaltymodel._sorted_people import (
    TRUE_SHARE_REMARK,
    class_of_each,
    probability_table,
    share_table,
)
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import DataError

StageRule = Literal["passed", "entered"]

NONE = "none"
_FINE = 1e-6  # a quadrature error that nobody needs to know of


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseResult(FrozenRecord):
    """Each customer's phase of loyalty, how probable each phase is, and how large they are.

    Made by :func:`oliver`.

    Attributes
    ----------
    phases : tuple of str
        The phases, in order.
    stage_rule : {"passed", "entered"}
        Which phase a customer is said to be in.
    steps_passed : ndarray of shape (n,)
        How many phases each customer passes in order, 0 to k.
    scores : ndarray of shape (n, k)
        The scores, 0 to 100.
    labels : Index
        Labels of the customers' rows.
    n_dropped : int
        Customers left out because of missing values.
    thresholds : ndarray of shape (k,)
        Score from which on each phase is passed.
    ties : {"high", "low"}
        Whether a score that equals its threshold passes ("high").
    composite_weights : ndarray of shape (k,)
        Weights of the phases in the composite; they sum to 1.
    reliability : tuple of float or None
        Reliability of each score.
    level : float
        Confidence level of each interval.
    weights : ndarray of shape (n,)
        Survey weights of the customers.
    share_values : ndarray of shape (s, 3)
        Share of each stage, and the ends of its interval.
    true_share_values : ndarray of shape (s, 3)
        The same for true scores; without rows if no reliability was given.
    probability_values : ndarray of shape (n, s)
        Probability of each stage; without rows if no reliability was given.
    quadrature_error : float
        By how much two orders of numerical integration differ at most, on a grid of trial
        points; 0 where none was needed.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> result = loyalty_stage.oliver([[80, 20, 70, 90], [20, 90, 90, 90]])
    >>> result.stage.tolist()
    ['cognitive', 'none']
    """

    phases: tuple[str, ...]
    stage_rule: StageRule
    steps_passed: IntArray
    scores: FloatArray
    labels: pd.Index
    n_dropped: int
    thresholds: FloatArray
    ties: Ties
    composite_weights: FloatArray
    reliability: tuple[float, ...] | None
    level: float
    weights: FloatArray
    share_values: FloatArray
    true_share_values: FloatArray
    probability_values: FloatArray
    quadrature_error: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return f"<PhaseResult: {len(self.steps_passed)} customers, {len(self.phases)} phases>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def stages(self) -> tuple[str, ...]:
        """What a customer can be in: the phases and, by the rule "passed", "none" before them."""
        return (NONE, *self.phases) if self.stage_rule == "passed" else self.phases

    @property
    def stage(self) -> pd.Series:
        """Each customer's phase by the scores as observed: ordered categories, lowest first."""
        return class_of_each(self._codes(), self.stages, self.labels, name="stage")

    @property
    def composite(self) -> pd.Series:
        """Weighted mean of each customer's scores, 0 to 100, whatever the phase."""
        values = self.scores @ self.composite_weights
        return pd.Series(values, index=self.labels, name="composite")

    @property
    def passed(self) -> pd.DataFrame:
        """Whether each score passes its own threshold, 1 or 0, a column a phase.

        A later phase may be passed where an earlier one is not; :func:`reproducibility` and
        :func:`scalability` take this table and say how often.
        """
        own = self.scores > self.thresholds
        if self.ties == "high":
            own |= self.scores == self.thresholds
        return pd.DataFrame(own.astype(np.int64), index=self.labels, columns=list(self.phases))

    @property
    def probabilities(self) -> pd.DataFrame:
        """Probability that a customer's true scores put him into a stage, a column each.

        Raises
        ------
        DataError
            If no reliability was given.
        """
        if self.reliability is None:
            raise DataError(
                "there are no probabilities, because no reliability was given; give those of the "
                "scores, such as reliability=0.8, or see phase_reliability()"
            )
        return probability_table(self.probability_values, self.stages, self.labels)

    @property
    def shares(self) -> pd.DataFrame:
        """Sizes of the stages, a row each: ``stage``, ``n``, ``share`` and its interval.

        ``n`` counts customers; shares, 0 to 1, count them with their weights. With a
        reliability there follow ``true_share``, ``true_ci_low`` and ``true_ci_high`` for the
        true scores. Each interval has the level on its own, not all of them together.
        """
        sizes = np.bincount(self._codes(), minlength=len(self.stages))
        return share_table("stage", self.stages, sizes, self.share_values, self.true_share_values)

    @property
    def steps(self) -> pd.DataFrame:
        """How many climb each step, a row a phase.

        ``phase``, ``n_before`` (customers who pass all phases before), ``n_passed`` (those of
        them who pass this one too), ``passed`` (their weighted share), ``passed_alone``
        (weighted share of all who pass it, whatever the others), ``mean`` (weighted mean score
        of all).
        """
        k = len(self.phases)
        reached = self.steps_passed[:, None] >= np.arange(k + 1)
        weighted = self.weights @ reached
        with np.errstate(divide="ignore", invalid="ignore"):
            climbed = np.where(weighted[:-1] > 0, weighted[1:] / weighted[:-1], np.nan)
        counts = reached.sum(axis=0)
        total = self.weights.sum()
        return pd.DataFrame(
            {
                "phase": list(self.phases),
                "n_before": counts[:-1],
                "n_passed": counts[1:],
                "passed": climbed,
                "passed_alone": self.weights @ self.passed.to_numpy() / total,
                "mean": self.weights @ self.scores / total,
            }
        )

    @property
    def out_of_order(self) -> pd.Series:
        """Whether a customer passes a later phase without an earlier one, by customer."""
        values = self.passed.to_numpy().sum(axis=1) > self.steps_passed
        return pd.Series(values, index=self.labels, name="out_of_order")

    def summary(self) -> Summary:
        """Return the phases in words and tables.

        Returns
        -------
        Summary
            Sizes of the stages, how many climb each step, and what to keep in mind.

        Examples
        --------
        >>> from loyaltymodel import loyalty_stage
        >>> result = loyalty_stage.oliver([[80, 20, 70, 90], [20, 90, 90, 90]])
        >>> print(result.summary().title)
        Phases of loyalty (Oliver)
        """
        left_out = f", {self.n_dropped} left out" if self.n_dropped else ""
        pairs = zip(self.phases, self.thresholds, strict=True)
        cuts = "; ".join(f"{name} {value:g}" for name, value in pairs)
        facts = [
            ("customers", f"{len(self.steps_passed)}{left_out}"),
            (
                "thresholds",
                f"{cuts}; a score at one {'passes' if self.ties == 'high' else 'fails'}",
            ),
            ("stage", f"last phase {self.stage_rule}, all before it passed"),
        ]
        if self.reliability is not None:
            stated = zip(self.phases, self.reliability, strict=True)
            facts.append(("reliability", "; ".join(f"{name} {value:g}" for name, value in stated)))
        facts.append(("intervals", f"Wilson, at {100 * self.level:g} %, each on its own"))
        shares = self.shares
        return Summary(
            title="Phases of loyalty (Oliver)",
            facts=tuple(facts),
            tables=(
                table_of("Stages", shares, digits=[0, *[3] * (shares.shape[1] - 2)]),
                table_of("Steps", self.steps, digits=(0, 0, 3, 3, 1)),
            ),
            remarks=tuple(self._remarks()),
        )

    def _codes(self) -> IntArray:
        """Place of each customer's stage."""
        return np.minimum(self.steps_passed, len(self.stages) - 1)

    def _remarks(self) -> list[str]:
        remarks = []
        apart = float(self.weights @ self.out_of_order.to_numpy() / self.weights.sum())
        if apart > 0:
            remarks.append(
                f"{100 * apart:.1f} % pass a later phase without an earlier one. They stand where "
                "the chain breaks; reproducibility() and scalability() of .passed say whether it "
                "is a ladder at all."
            )
        if len(np.unique(self.steps_passed)) == 1:
            remarks.append(
                f"All {count_of(len(self.steps_passed), 'customer')} are at one stage, so nothing "
                "can be said of the steps; other thresholds may tell them apart."
            )
        if self.reliability is None:
            remarks.append(
                "Customers near a threshold are sorted as if the scores were exact; give the "
                "reliability to see how probable each stage is."
            )
        else:
            remarks.append(TRUE_SHARE_REMARK)
        if self.quadrature_error > _FINE:
            remarks.append(
                f"Numerical integration left an error of about {self.quadrature_error:.0e} in the "
                "probabilities: the true scores are nearly collinear."
            )
        return remarks
