"""What was found of the service profit chain across units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._options import count_of, enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.jones_sasser.links.service_profit import (
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
class ServiceProfitPaths(FrozenRecord):
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
    links : ndarray of shape (9, 5)
        Raw coefficient, standard error, ends of the interval and p-value of each link.
    standardized_links : ndarray of shape (9, 3)
        Standardised coefficient of each link, and the ends of its interval.
    effects_raw, effects_standardized : ndarray of shape (34, 4)
        Total effect of each pair, standard error, and ends of the interval.
    loyalties : ndarray of shape (3, 4)
        The same of loyal employees on loyal customers, in three ways.

    Examples
    --------
    >>> import pandas as pd
    >>> from loyaltymodel import jones_sasser
    >>> branches = pd.DataFrame(
    ...     {
    ...         "external_service_value": [1, 2, 3, 4, 5, 6],
    ...         "customer_satisfaction": [2, 3, 5, 5, 8, 8],
    ...         "customer_loyalty": [1, 3, 4, 6, 7, 8],
    ...     }
    ... )
    >>> found = jones_sasser.service_profit_paths(branches, rng=1)
    >>> found.measured
    ('external_service_value', 'customer_satisfaction', 'customer_loyalty')
    """

    n_obs: int
    n_dropped: int
    n_clusters: int | None
    level: float
    n_resamples: int
    n_failed: int
    measured: tuple[str, ...]
    r_squared: FloatArray
    links: FloatArray
    standardized_links: FloatArray
    effects_raw: FloatArray
    effects_standardized: FloatArray
    loyalties: FloatArray

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<ServiceProfitPaths: {count_of(self.n_obs, 'unit')}, {len(self.measured)} of "
            f"{len(CONSTRUCTS)} constructs measured>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def paths(self) -> pd.DataFrame:
        """Links, a row each: raw coefficient with its test, then the standardised one."""
        frame = pd.DataFrame(LINKS, columns=["source", "target"])
        raw = ["coefficient", "std_error", "ci_low", "ci_high", "p_value"]
        frame[raw] = self.links
        frame[["standardized", "standardized_low", "standardized_high"]] = self.standardized_links
        return frame

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
        """Total effects in the units of the columns, a row a pair, with routes and interval."""
        return self._effects(self.effects_raw)

    @property
    def standardized_effects(self) -> pd.DataFrame:
        """Total effects in standard deviations, a row a pair, with routes and interval."""
        return self._effects(self.effects_standardized)

    @property
    def employee_loyalty(self) -> pd.DataFrame:
        """Effect of loyal employees on loyal customers, raw: along the chain, and regressed."""
        frame = pd.DataFrame({"how": WAYS})
        frame[["estimate", "std_error", "ci_low", "ci_high"]] = self.loyalties
        return frame

    def summary(self) -> Summary:
        """Return the numbers and what they mean, ready to be printed.

        Returns
        -------
        Summary
            Text, HTML and LaTeX.
        """
        facts = [("units", str(self.n_obs)), ("left out", str(self.n_dropped))]
        if self.n_clusters is not None:
            facts.append(("clusters", str(self.n_clusters)))
        facts.append(("resamples", f"{self.n_resamples}, {self.n_failed} left out"))
        paths, effects = self.paths, self.effects
        known = effects["total"].notna()
        shown = ["source", "target", "total", "std_error", "ci_low", "ci_high"]
        longer = known & effects["direct"].isna()
        tables = []
        there = paths["coefficient"].notna()
        if there.any():
            links = paths.loc[there, paths.columns[:6]].join(paths["standardized"])
            title = f"Links in units of the columns, {100 * self.level:g}% intervals"
            tables.append(table_of(title, links, n_labels=2))
        if longer.any():
            share = f"{100 * self.level:g}% intervals"
            title = f"Effects over several links in units of the columns, {share}"
            tables.append(table_of(title, effects.loc[longer, shown], n_labels=2))
        if np.isfinite(self.loyalties[:, 0]).any():
            title = "Loyal employees (employee_retention) to loyal customers (customer_loyalty)"
            tables.append(table_of(title, self.employee_loyalty))
        return Summary("Service profit chain", tuple(facts), tuple(tables), self._remarks())

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
        part = effects["total"].notna() & (effects["routes_measured"] < effects["routes"])
        if part.any():
            listed = [f"{row.source} to {row.target}" for row in effects[part].itertuples()]
            remarks.append(
                f"Only some of the routes are measured from {enumerate_names(listed)}; the rest "
                "of the effect is not in the number."
            )
        if np.isnan(self.links[np.isfinite(self.links[:, 0]), 1]).any():
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

    def _effects(self, values: FloatArray) -> pd.DataFrame:
        joined = pairs()
        frame = pd.DataFrame(joined, columns=["source", "target", "routes"])
        frame["routes_measured"] = measured_routes(self.measured)
        link = [(source, target) in LINKS for source, target, _ in joined]
        frame["direct"] = np.where(link, values[:, 0], np.nan)
        frame[["total", "std_error", "ci_low", "ci_high"]] = values
        return frame
