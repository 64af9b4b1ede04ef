"""What was found of the service profit chain across units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Result
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.chain.service_profit.links import (
    CONSTRUCTS,
    LINKS,
    measured_routes,
    pairs,
)

WAYS = (
    "total effect along the chain",
    "regression across units",
    "regression, employee satisfaction held",
)

_FEW = 30  # units, below which a summary says that they are few


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ServiceProfitPaths(Result):
    """The service profit chain estimated across units; made by :func:`service_profit_paths`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Units used, and left out because of missing values.
    n_clusters : int or None
        Number of clusters, if there are any.
    level : float
        Confidence level of the intervals.
    n_resamples, n_failed : int
        Resamples drawn, and how many could not be estimated and were left out.
    measured : tuple of str
        Constructs that were measured, in the order of the chain.
    r_squared : ndarray of shape (9,)
        Of each construct, in the order of the chain; NaN where nothing explains it.
    path_estimates, standardised_path_estimates : EstimateTable
        Coefficient of each of the 9 links in the units of the columns, with Student's
        intervals and p-values, and in standard deviations.
    effect_estimates, standardised_effect_estimates : EstimateTable
        Total effect of each of 34 pairs, in the units of the columns and in standard deviations.
    loyalty_estimates : EstimateTable
        Effect of loyal employees on loyal customers, in three ways.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import chain
    >>> branches = pd.DataFrame(
    ...     {
    ...         "external_service_value": [1, 2, 3, 4, 5, 6],
    ...         "customer_satisfaction": [2, 3, 5, 5, 8, 8],
    ...         "customer_loyalty": [1, 3, 4, 6, 7, 8],
    ...     }
    ... )
    >>> found = chain.service_profit_paths(data=branches, rng=1)
    >>> found.measured
    ('external_service_value', 'customer_satisfaction', 'customer_loyalty')
    """

    made_by: ClassVar[str] = "service_profit_paths()"
    people: ClassVar[str] = "units"

    n_obs: int
    n_dropped: int
    n_clusters: int | None
    level: float
    n_resamples: int
    n_failed: int
    measured: tuple[str, ...]
    r_squared: FloatArray
    path_estimates: EstimateTable
    standardised_path_estimates: EstimateTable
    effect_estimates: EstimateTable
    standardised_effect_estimates: EstimateTable
    loyalty_estimates: EstimateTable

    @property
    def paths(self) -> pd.DataFrame:
        """Links in the units of the columns, a row each: ``source``, ``target``, estimate."""
        return self.path_estimates.frame()

    @property
    def standardised_paths(self) -> pd.DataFrame:
        """Links in standard deviations, a row each: ``source``, ``target``, estimate."""
        return self.standardised_path_estimates.frame()

    @property
    def equations(self) -> pd.DataFrame:
        """Regressions, a row a target: its sources, those not measured, and R squared."""
        rows = []
        for k, target in enumerate(CONSTRUCTS):
            drivers = [source for source, end in LINKS if end == target]
            if drivers:
                there = [name for name in drivers if name in self.measured]
                absent = [name for name in drivers if name not in self.measured]
                rows.append((target, ", ".join(there), ", ".join(absent), self.r_squared[k]))
        return pd.DataFrame(rows, columns=["target", "sources", "not_measured", "r_squared"])

    @property
    def effects(self) -> pd.DataFrame:
        """Total effects in the units of the columns, a row a pair, with routes and interval.

        ``direct`` says whether a pair is a link of the chain; no pair has both a link and a
        longer route.
        """
        return self._effects(self.effect_estimates)

    @property
    def standardised_effects(self) -> pd.DataFrame:
        """Total effects in standard deviations, a row a pair, with routes and interval."""
        return self._effects(self.standardised_effect_estimates)

    @property
    def employee_loyalty(self) -> pd.DataFrame:
        """Effect of loyal employees on loyal customers, raw: along the chain, and regressed."""
        return self.loyalty_estimates.frame()

    def _title(self) -> str:
        return "Service profit chain"

    def _brief(self) -> str:
        return (
            f"{count_of(self.n_obs, 'unit')}, {len(self.measured)} of "
            f"{len(CONSTRUCTS)} constructs measured"
        )

    def _tables(self) -> tuple[Table, ...]:
        paths, effects = self.paths, self.effects
        shown = ["source", "target", "estimate", "std_error", "ci_low", "ci_high"]
        longer = effects["estimate"].notna() & ~effects["direct"]
        tables = []
        there = paths["estimate"].notna()
        if there.any():
            links = paths.loc[there, shown]
            links["standardised"] = self.standardised_path_estimates.estimate[there]
            tables.append(table_of("Links in units of the columns", links, n_labels=2))
        if longer.any():
            title = "Effects over several links in units of the columns"
            tables.append(table_of(title, effects.loc[longer, shown], n_labels=2))
        if np.isfinite(self.loyalty_estimates.estimate).any():
            title = "Loyal employees (employee_retention) to loyal customers (customer_loyalty)"
            tables.append(table_of(title, self.employee_loyalty))
        return tuple(tables)

    def _coefficients(self) -> EstimateTable:
        return self.path_estimates

    def _remarks(self) -> tuple[str, ...]:
        remarks = []
        absent = [name for name in CONSTRUCTS if name not in self.measured]
        if absent:
            remarks.append(
                f"Not measured: {enumerate_names(absent, most=len(absent))}. Links and routes "
                "over them are unknown, not 0."
            )
        cut = self.equations
        cut = cut[(cut["sources"] != "") & (cut["not_measured"] != "") & cut["r_squared"].notna()]
        remarks += [
            f"What moves {row.target} together with {row.not_measured}, which was not measured, is "
            "taken over by the coefficients of its other sources."
            for row in cut.itertuples()
        ]
        effects = self.effects
        part = effects["estimate"].notna() & (effects["routes_measured"] < effects["routes"])
        if part.any():
            listed = [f"{row.source} to {row.target}" for row in effects[part].itertuples()]
            remarks.append(
                f"Only some of the routes are measured from {enumerate_names(listed)}; the rest "
                "of the effect is not in the number."
            )
        known = np.isfinite(self.path_estimates.estimate)
        if self.paths["std_error"][known].isna().any():
            remarks.append(
                "A link without standard error rests on a single unit or cluster, without which "
                "it could not be estimated."
            )
        units = self.n_obs if self.n_clusters is None else self.n_clusters
        if units < _FEW:
            what = "units" if self.n_clusters is None else "clusters"
            remarks.append(f"{units} {what} are few: intervals are wide, and rough themselves.")
        remarks.append(
            "The effects are causal only if nothing else, such as size or place, drives both ends "
            "of a link, and if no link is missing in the chain."
        )
        return tuple(remarks)

    def _effects(self, table: EstimateTable) -> pd.DataFrame:
        frame = table.frame()
        frame.insert(2, "routes", [routes for _, _, routes in pairs()])
        frame.insert(3, "routes_measured", measured_routes(self.measured))
        frame.insert(4, "direct", [(source, target) in LINKS for source, target, _ in pairs()])
        return frame
