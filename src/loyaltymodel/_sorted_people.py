"""People sorted into classes: what the results of all matrices hold, and hand out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenMapping, FrozenRecord, IntArray
from loyaltymodel._options import count_of
from loyaltymodel._quadrant_sorting import Sample, Sorted
from loyaltymodel._quadrants import Ties
from loyaltymodel._scales import Pair

TRUE_SHARE_REMARK = (
    "share counts the scores as observed; true_share estimates where the true scores lie, if "
    "they and the errors are normal."
)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SortedPeople(FrozenRecord):
    """The class of each person, and how large the classes are; each matrix adds its own."""

    names: tuple[str, ...]
    codes: IntArray
    labels: pd.Index
    n_dropped: int
    cut_offs: FrozenMapping[str, float]
    ties: Ties
    reliability: Pair | None
    interval: str
    level: float
    n_resamples: int
    n_failed: int
    n_empty: int
    sizes: IntArray
    share_values: FloatArray
    true_share_values: FloatArray
    probability_values: FloatArray

    def _how_sure(self) -> str:
        """Say how intervals were made."""
        how = "Wilson"
        if self.interval == "bootstrap":
            how = f"percentiles of {count_of(self.n_resamples, 'resample')}"
        return f"{how}, at {100 * self.level:g} %, each on its own"


def shared_fields(names: tuple[str, ...], sample: Sample, found: Sorted) -> dict[str, Any]:
    """Return all fields that matrices share, but for their cut-offs."""
    sorting = sample.sorting
    return {
        "names": names,
        "codes": found.codes,
        "labels": sample.variables.labels,
        "n_dropped": sample.variables.n_dropped,
        "ties": sorting.ties,
        "reliability": sorting.reliability,
        "interval": sorting.interval,
        "level": sorting.level,
        "n_resamples": found.n_resamples,
        "n_failed": found.n_failed,
        "n_empty": found.n_empty,
        "sizes": found.sizes,
        "share_values": found.shares,
        "true_share_values": found.true_shares,
        "probability_values": found.probabilities,
    }


def class_of_each(
    codes: IntArray, names: Sequence[str], labels: pd.Index, *, name: str
) -> pd.Series:
    """Return people's classes as ordered categories."""
    kind = pd.CategoricalDtype(list(names), ordered=True)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=kind), index=labels, name=name)


def share_table(
    name: str, names: Sequence[str], sizes: IntArray, shares: FloatArray, true_shares: FloatArray
) -> pd.DataFrame:
    """Return sizes and shares with their intervals, a row a class; true shares if there are any."""
    table = pd.DataFrame({name: list(names), "n": sizes.copy()})
    table[["share", "ci_low", "ci_high"]] = shares
    if len(true_shares):
        table[["true_share", "true_ci_low", "true_ci_high"]] = true_shares
    return table


def probability_table(
    probabilities: FloatArray, names: Sequence[str], labels: pd.Index
) -> pd.DataFrame:
    """Return the probability of each class, a row a person."""
    return pd.DataFrame(probabilities.copy(), index=labels, columns=list(names))
