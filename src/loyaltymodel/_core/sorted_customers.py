"""Customers sorted into classes: what the results of all matrices hold, and hand out as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.counts import Shares
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import percentile, wilson
from loyaltymodel._core.options import count_of
from loyaltymodel._core.quadrant_sorting import Sample, Sorted, remarks_on_failures
from loyaltymodel._core.quadrants import Ties
from loyaltymodel._core.results import Result
from loyaltymodel._core.tables import Table, table_of

TRUE_SHARE_REMARK = (
    'quantity "observed" counts the scores as observed; "true" estimates where the true scores '
    "lie, if they and the errors are normal."
)
CUTS_AS_KNOWN = (
    "The cut-offs at mean or median come from these customers, and count as known in the "
    'intervals, which may be wrong by much; interval="percentile" draws them again.'
)
EACH_ON_ITS_OWN = "Each interval has its level on its own, not all of them together."
_JUMPS = 3  # so many different cut-offs in resamples are few
_QUANTITIES = ("observed", "true")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SortedCustomers(Result):
    """How large classes of customers are, and how they were sorted; each matrix adds its own."""

    names: tuple[str, ...]
    n_obs: int
    n_dropped: int
    sizes: IntArray
    estimates: EstimateTable
    cuts: FrozenMapping[str, Any]
    ties: Ties
    reliability: FrozenMapping[str, float] | None
    interval: str = "wilson"
    level: float = 0.95
    n_resamples: int = 0
    n_failed: int = 0
    n_empty: int = 0
    cuts_estimated: bool = False

    people: ClassVar[str] = "customers"

    def _share_table(self) -> pd.DataFrame:
        """Return the shares with their intervals, and how many customers were sorted there."""
        table = self.estimates.frame()
        times = len(table) // len(self.names)
        table.insert(2, "n_obs", np.tile(self.sizes, times))
        return table

    def _printed_shares(self) -> Table:
        return table_of("Sizes", self._share_table(), n_labels=2, digits=[0, 3, 3, 3, 3])

    def _stated_cuts(self) -> str:
        return "; ".join(f"{name} {_in_words(cut)}" for name, cut in self.cuts.items())

    def _stated_reliability(self) -> list[tuple[str, str]]:
        if self.reliability is None:
            return []
        stated = ", ".join(f"{value:g} of {name}" for name, value in self.reliability.items())
        return [("reliability", stated)]

    def _class_remarks(self) -> list[str]:
        """Say what true shares are, and which resamples failed."""
        remarks = [EACH_ON_ITS_OWN]
        if self.cuts_estimated and self.interval == "wilson":
            remarks.append(CUTS_AS_KNOWN)
        if self.reliability is not None:
            remarks.append(TRUE_SHARE_REMARK)
        return remarks + remarks_on_failures(self.n_failed, self.n_empty)

    def _sizes_in_words(self, noun: str) -> str:
        return f"{count_of(self.n_obs, 'customer')} in {len(self.names)} {noun}"


def _in_words(cut: Any) -> str:
    return " and ".join(f"{c:.4g}" for c in cut) if isinstance(cut, tuple) else f"{cut:.4g}"


def shared_fields(
    label: str, names: tuple[str, ...], sample: Sample, found: Sorted
) -> dict[str, Any]:
    """Return all fields that matrices of two scores share, but for their cuts."""
    sorting = sample.sorting
    reliability = None
    if sorting.reliability is not None:
        reliability = FrozenMapping(dict(zip(sorting.names, sorting.reliability, strict=True)))
    return {
        "names": names,
        "n_obs": len(found.codes),
        "n_dropped": sample.variables.n_dropped,
        "sizes": np.bincount(found.codes, minlength=len(names)),
        "estimates": share_estimates(
            label,
            names,
            found.observed,
            found.true,
            found.replicates,
            found.drawn_cuts,
            level=sorting.level,
        ),
        "ties": sorting.ties,
        "reliability": reliability,
        "interval": sorting.interval,
        "level": sorting.level,
        "n_resamples": found.n_resamples,
        "n_failed": found.n_failed,
        "n_empty": found.n_empty,
        "cuts_estimated": sorting.estimates_cuts,
    }


def share_estimates(
    label: str,
    names: Sequence[str],
    observed: Shares,
    true: Shares | None,
    replicates: FloatArray | None = None,
    drawn_cuts: FloatArray | None = None,
    *,
    level: float,
) -> EstimateTable:
    """Return the shares of classes, a row a class of observed and then of true scores.

    Wilson's intervals for effective numbers of customers; between percentiles where there are
    ``replicates`` (b, rows), of which NaN are left out, and a share is not 0 or 1 in all.
    """
    parts = [observed] if true is None else [observed, true]
    labels = {
        label: [*names] * len(parts),
        "quantity": np.repeat(_QUANTITIES[: len(parts)], len(names)).tolist(),
    }
    share, error, n = (np.concatenate(values) for values in zip(*parts, strict=True))
    if replicates is None:
        return replace(EstimateTable.wilson(labels, share, n, level=level), std_error=error)
    # Resamples that fail for true shares count for observed ones.
    blocks = np.split(replicates, len(parts), axis=1)
    kept = [~np.isnan(block).any(axis=1) for block in blocks]
    blocks = [block[rows] for block, rows in zip(blocks, kept, strict=True)]
    groups = _few(drawn_cuts, level=level)
    ends = [
        _ends(block, groups[:, rows] if len(groups) else groups, part.n, level=level)
        for block, rows, part in zip(blocks, kept, parts, strict=True)
    ]
    low, high = (np.concatenate(end) for end in zip(*ends, strict=True))
    # Nobody, or everybody, in a class again and again does not show how sure that is.
    fixed = ((share <= 0) | (share >= 1)) & (low == high)
    plain = wilson(share, n, level=level)
    return EstimateTable(
        labels=FrozenMapping({name: tuple(column) for name, column in labels.items()}),
        estimate=share,
        std_error=np.concatenate([block.std(axis=0, ddof=1) for block in blocks]),
        ci_low=np.where(fixed, plain[0], low),
        ci_high=np.where(fixed, plain[1], high),
        level=level,
        method="percentile bootstrap",
        replicates=replicates,
    )


def _few(cuts: FloatArray | None, *, level: float) -> BoolArray:
    """Return in which resamples (g, b) each of a few cut-offs was drawn, if they are so few."""
    if cuts is None:
        return np.zeros((0, 0), dtype=np.bool_)
    _, code, count = np.unique(cuts, axis=0, return_inverse=True, return_counts=True)
    often = np.flatnonzero(count >= (1 - level) / 2 * len(cuts))
    found: BoolArray = code.ravel() == often[:, None]
    return found if 1 < len(often) <= _JUMPS else found[:0]


def _ends(
    block: FloatArray, groups: BoolArray, n: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return ends between percentiles of resamples (b, k), and of intervals of each cut-off.

    A cut-off that jumps between a few values, such as a median of counts, leaves shares at a few
    places, each as uncertain as with a known one, of ``n`` (k,) customers. Percentiles of all are
    too narrow there.
    """
    found = percentile(block, level=level)
    low, high = found.low, found.high
    for rows in groups:
        if rows.any():
            own = wilson(block[rows].mean(axis=0), n, level=level)
            low, high = np.minimum(low, own[0]), np.maximum(high, own[1])
    return low, high


def customer_table(
    label: str,
    codes: IntArray,
    names: Sequence[str],
    labels: pd.Index,
    probabilities: FloatArray | None,
    further: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Return what was found of each customer, a row each.

    The class as ordered categories, then ``further`` columns, and then, if there are any, the
    probabilities of the classes, each in a column called as the class.
    """
    kind = pd.CategoricalDtype(list(names), ordered=True)
    columns: dict[str, Any] = {label: pd.Categorical.from_codes(codes, dtype=kind)}
    table = pd.DataFrame({**columns, **(further or {})}, index=labels)
    if probabilities is None:
        return table
    likely = pd.DataFrame(probabilities, index=labels, columns=list(names))
    return pd.concat([table, likely], axis=1).rename_axis(columns="quantity")
