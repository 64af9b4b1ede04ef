"""Tests of what a Markov chain claims, as records that say how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, IntArray
from loyaltymodel._counts import independence
from loyaltymodel._intervals import chi_square_tail
from loyaltymodel._results import Facts, Result
from loyaltymodel._tables import Table, number, table_of

_FEW = 5  # expected counts below it make a chi-square law a poor guide: a convention
_MUCH = 0.2  # of the cells: likewise


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarkovTest(Result):
    """A test of a chain by likelihood ratio and chi-square, stage by stage and together.

    Made by the tests of :class:`MovementEstimate`.

    Attributes
    ----------
    hypothesis : str
        What is tested.
    stages : tuple of str
        The stage that each part is about (k).
    likelihood_ratio, chi_square : ndarray of shape (k,)
        Parts of the statistics.
    df : ndarray of shape (k,)
        Degrees of freedom.
    few : float
        Share of cells with expected counts below 5, of those that count.
    n_obs, n_dropped : int
        Moves, or pairs of successive moves, that were counted; and rows left out of the panel.
    """

    people: ClassVar[str] = "moves"

    hypothesis: str
    stages: tuple[str, ...]
    likelihood_ratio: FloatArray
    chi_square: FloatArray
    df: IntArray
    few: float
    n_obs: int
    n_dropped: int

    @property
    def tests(self) -> pd.DataFrame:
        """A row a test and stage, and "all" together.

        ``test`` ("likelihood ratio" or "chi-square"), ``stage``, ``statistic``, ``df`` and
        ``p_value``, NaN where there are no degrees of freedom.
        """
        parts = []
        df = np.append(self.df, self.df.sum())
        for test, own in (
            ("likelihood ratio", self.likelihood_ratio),
            ("chi-square", self.chi_square),
        ):
            statistic = np.append(own, own.sum())
            columns = {
                "test": test,
                "stage": [*self.stages, "all"],
                "statistic": statistic,
                "df": df,
                "p_value": chi_square_tail(statistic, df),
            }
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    @property
    def p_value(self) -> float:
        """The p-value of the likelihood ratio of all stages together."""
        return float(chi_square_tail(float(self.likelihood_ratio.sum()), int(self.df.sum())))

    def _title(self) -> str:
        return "Test of a Markov chain"

    def _brief(self) -> str:
        return f"{self.hypothesis}, p = {number(self.p_value, 4)}"

    def _facts(self) -> Facts:
        return (
            ("hypothesis", self.hypothesis),
            ("expected counts below 5", f"{self.few:.0%} of cells"),
        )

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Tests", self.tests, n_labels=2, digits=(2, 0, 4)),)

    def _remarks(self) -> tuple[str, ...]:
        remarks = ["A small p-value speaks against the hypothesis."]
        if self.few > _MUCH:
            remarks.append(
                "Many expected counts are small, so the p-values are rough; join stages or periods."
            )
        return tuple(remarks)


def independence_test(
    stages: tuple[str, ...], hypothesis: str, tables: FloatArray, *, n_dropped: int
) -> MarkovTest:
    """Test whether the rows of each stage's table (k, r, c) have the same law."""
    found = independence(tables)
    counted = found.expected[found.df > 0]
    counted = counted[~np.isnan(counted)]
    return MarkovTest(
        hypothesis=hypothesis,
        stages=stages,
        likelihood_ratio=found.likelihood_ratio,
        chi_square=found.chi_square,
        df=found.df,
        few=float((counted < _FEW).mean()) if len(counted) else 0.0,
        n_obs=int(tables.sum()),
        n_dropped=n_dropped,
    )
