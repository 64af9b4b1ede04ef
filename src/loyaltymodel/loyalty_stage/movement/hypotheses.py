"""Tests of what a Markov chain claims, as records that say how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.counts import independence
from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import check_count
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.tables import Table, number, table_of

_FEW = 5  # expected counts below it make a chi-square law a poor guide: a convention
_MUCH = 0.2  # of the cells: likewise
_CELLS = 5_000_000  # of random tables at a time: 40 MB


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
    exceeded : ndarray of shape (2, k + 1)
        How many random tables have parts of the likelihood ratio, and of chi-square, at least as
        large; in the last column their sums.
    n_resamples : int
        Number of random tables; with 0 p-values are those of the chi-square law.
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
    exceeded: IntArray
    n_resamples: int
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
        for test, own, exceeded in (
            ("likelihood ratio", self.likelihood_ratio, self.exceeded[0]),
            ("chi-square", self.chi_square, self.exceeded[1]),
        ):
            statistic = np.append(own, own.sum())
            if self.n_resamples:
                p_value = np.where(df > 0, (exceeded + 1) / (self.n_resamples + 1), np.nan)
            else:
                p_value = chi_square_tail(statistic, df)
            columns = {
                "test": test,
                "stage": [*self.stages, "all"],
                "statistic": statistic,
                "df": df,
                "p_value": p_value,
            }
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    @property
    def p_value(self) -> float:
        """The p-value of the likelihood ratio of all stages together."""
        return float(self.tests["p_value"].iloc[len(self.stages)])

    @property
    def is_sparse(self) -> bool:
        """Whether more than a fifth of the expected counts are below 5."""
        return self.few > _MUCH

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
        if self.n_resamples:
            remarks.append("The p-values rest on random tables with the same sums.")
        elif self.is_sparse:
            remarks.append(
                "Many expected counts are small, so the p-values are rough; ask n_resamples=999, "
                "or join stages or periods."
            )
        return tuple(remarks)


def independence_test(
    stages: tuple[str, ...],
    hypothesis: str,
    tables: FloatArray,
    *,
    n_dropped: int,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> MarkovTest:
    """Test whether the rows of each stage's table (k, r, c) have the same law."""
    check_count("n_resamples", n_resamples, least=0)
    found = independence(tables)
    seen = np.stack([found.likelihood_ratio, found.chi_square])
    drawn = _statistics_by_chance(tables, found.df, n_resamples, np.random.default_rng(rng))
    both = np.concatenate([seen, seen.sum(axis=1, keepdims=True)], axis=1)
    chance = np.concatenate([drawn, drawn.sum(axis=2, keepdims=True)], axis=2)
    counted = found.expected[found.df > 0]
    counted = counted[~np.isnan(counted)]
    return MarkovTest(
        hypothesis=hypothesis,
        stages=stages,
        likelihood_ratio=found.likelihood_ratio,
        chi_square=found.chi_square,
        df=found.df,
        few=float((counted < _FEW).mean()) if len(counted) else 0.0,
        exceeded=reaches(chance, both[:, None]).sum(axis=1),
        n_resamples=n_resamples,
        n_obs=int(tables.sum()),
        n_dropped=n_dropped,
    )


def _statistics_by_chance(
    tables: FloatArray, df: IntArray, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return likelihood ratios and chi-squares (2, n, k) of random tables of the same sums."""
    from scipy.stats import random_table  # noqa: PLC0415  slow to import

    statistics = np.zeros((2, n, len(tables)))
    for k in np.flatnonzero(df > 0):
        table = tables[k]
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        law = random_table(table.sum(axis=1), table.sum(axis=0))
        step = max(1, _CELLS // table.size)
        for start in range(0, n, step):
            some = slice(start, min(start + step, n))
            drawn = independence(law.rvs(some.stop - some.start, random_state=rng))
            statistics[:, some, k] = drawn.likelihood_ratio, drawn.chi_square
    return statistics
