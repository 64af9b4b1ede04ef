"""What resampling found: every estimate with its error, interval and p-value, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel import _intervals as intervals
from loyaltymodel._arrays import FloatArray, FrozenMapping, FrozenRecord, IntArray
from loyaltymodel._intervals import Interval
from loyaltymodel._options import check_positive
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.quantities import Catalogue, make_catalogue
from loyaltymodel.structural.result import StructuralResult

IntervalKind = Literal["percentile", "basic", "bca", "studentized"]
Method = Literal["bootstrap", "parametric bootstrap", "jackknife", "infinitesimal jackknife"]
Name = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class InferenceResult(FrozenRecord):
    """A structural model with the uncertainty of everything that it estimates.

    Made by :func:`bootstrap` and :func:`jackknife`. Every table has the columns ``estimate``,
    ``std_error``, ``ci_low`` and ``ci_high``, and ``p_value`` where 0 is a question: for all but
    indices, R2 and reliabilities. The p-value is two-sided, against 0, and inverts the interval:
    it is below 1 - level exactly where the interval leaves out 0. From b resamples it is never
    below 2 / (b + 1).

    Attributes
    ----------
    result : StructuralResult
        The estimates themselves.
    method : str
        How the uncertainty was found.
    interval : str
        Kind of the intervals: percentile, basic, bca, studentized, or wald for a jackknife.
    level : float
        Confidence level of each interval.
    n_resamples : int
        Resamples drawn, or units left out.
    failures : mapping from str to int
        Resamples left out of everything, by what was wrong with them.
    estimates, std_error, ci_low, ci_high, p_value : ndarray of shape (k,)
        All quantities, in the order of :meth:`table`.
    undefined : ndarray of shape (k,)
        Number of those resamples that did not fail in which a quantity does not exist all the
        same, such as an index where a weight is negative; its interval rests on the others.
    replicates : ndarray of shape (b, k)
        All quantities in each resample that did not fail, NaN where one does not exist.
    left_out : ndarray of shape (n, k)
        All quantities with each unit left out; empty unless the interval needed it.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> boot = structural.bootstrap(model, survey, n_resamples=500, rng=1)
    >>> row = boot.paths.set_index(["source", "target"]).loc[("image", "loyalty")]
    >>> bool(row["ci_low"] < row["estimate"] < row["ci_high"])
    True
    """

    result: StructuralResult
    method: Method
    interval: str
    level: float
    n_resamples: int
    failures: FrozenMapping[str, int]
    estimates: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray
    undefined: IntArray
    replicates: FloatArray
    left_out: FloatArray

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        drawn = f"{self.n_resamples} resamples, {self.n_failed} left out"
        return f"<InferenceResult: {self.method}, {drawn}, {self.interval} at {self.level:g}>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def n_failed(self) -> int:
        """Number of resamples that were left out."""
        return sum(self.failures.values())

    @property
    def paths(self) -> pd.DataFrame:
        """Path coefficients: source, target, and their uncertainty."""
        return self._part("paths")

    @property
    def weights(self) -> pd.DataFrame:
        """Outer weights: construct, item, and their uncertainty."""
        return self._part("weights")

    @property
    def loadings(self) -> pd.DataFrame:
        """Loadings: construct, item, and their uncertainty."""
        return self._part("loadings")

    @property
    def total_effects(self) -> pd.DataFrame:
        """Total effects: source, target, and their uncertainty."""
        return self._part("total_effects")

    @property
    def specific_effects(self) -> pd.DataFrame:
        """Effect along each indirect route (特定间接效应): source, target, route, uncertainty."""
        return self._part("specific_effects")

    @property
    def impacts(self) -> pd.DataFrame:
        """Impacts in points per point: source, target, and their uncertainty.

        Raises
        ------
        DataError
            If the model was fitted without ``scale``.
        """
        self.result.impacts  # noqa: B018  raises what is to be said
        return self._part("impacts")

    @property
    def index(self) -> pd.DataFrame:
        """Index of each construct in points: construct, and its uncertainty.

        Raises
        ------
        DataError
            If the model was fitted without ``scale``.
        """
        self.result.index  # noqa: B018  raises what is to be said
        return self._part("index").drop(columns="p_value")

    @property
    def r_squared(self) -> pd.DataFrame:
        """Explained variance: construct, and its uncertainty."""
        return self._part("r_squared").drop(columns="p_value")

    @property
    def reliability(self) -> pd.DataFrame:
        """Alpha, rho_A, rho_C and AVE: criterion, construct, and their uncertainty."""
        parts = [self._part(name) for name in _CRITERIA]
        return pd.concat(parts, ignore_index=True).drop(columns="p_value")

    def htmt(self, *, threshold: float = 0.9) -> pd.DataFrame:
        """Return heterotrait-monotrait ratios, tested one-sided against a threshold.

        Parameters
        ----------
        threshold : float
            What the ratio of two distinct constructs stays below.

        Returns
        -------
        DataFrame
            A row a pair: ``first``, ``second``, ``estimate``, ``std_error``, ``ci_high`` (the
            one-sided upper bound at the level, by percentile) and ``p_value`` of a ratio at or
            above the threshold, below 1 - level exactly where the bound is below it.

        Raises
        ------
        OptionError
            If the threshold is not a number above 0.

        Examples
        --------
        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> survey = datasets.load_mobile_phones()
        >>> ratios = structural.bootstrap(model, survey, n_resamples=500, rng=1).htmt()
        >>> bool(((ratios["p_value"] < 0.05) == (ratios["ci_high"] < 0.9)).all())
        True
        """
        check_positive("threshold", threshold)
        place = self._catalogue().places["htmt"]
        table = self._part("htmt").drop(columns=["ci_low", "p_value"])
        ordered = np.sort(self.replicates[:, place], axis=0)
        k = ordered.shape[1]
        _, above = intervals.shares_at(ordered, np.full(k, threshold))
        table["ci_high"] = intervals.quantile(ordered, np.full(k, self.level))
        table["p_value"] = (1 - above).clip(1 / (len(ordered) + 1), 1.0)
        return table

    def difference(self, first: Name, second: Name) -> pd.Series:
        """Return the difference of any two quantities, with its uncertainty.

        Parameters
        ----------
        first, second : tuple of str
            Kind and name: ``("paths", "image", "loyalty")``, ``("index", "quality")``,
            ``("loadings", "CUSA1")`` or ``("specific_effects", "a -> b -> c")``.

        Returns
        -------
        Series
            ``estimate`` (first less second), ``std_error``, ``ci_low``, ``ci_high`` and the
            two-sided ``p_value`` of no difference, by the interval of the result; Wald for
            studentized intervals, which would need their own resamples.

        Raises
        ------
        OptionError
            If there is no such quantity.

        Examples
        --------
        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> survey = datasets.load_mobile_phones()
        >>> boot = structural.bootstrap(model, survey, n_resamples=500, rng=1)
        >>> apart = boot.difference(
        ...     ("paths", "satisfaction", "loyalty"), ("paths", "complaints", "loyalty")
        ... )
        >>> bool(apart["p_value"] < 0.05)
        True
        """
        one, other = self._locate(first), self._locate(second)
        replicates = (self.replicates[:, one] - self.replicates[:, other])[:, None]
        estimate = np.array([self.estimates[one] - self.estimates[other]])
        left_out = self.left_out[:, [one]] - self.left_out[:, [other]]
        std_error = errors_of(replicates, jackknife="jackknife" in self.method)
        kind = "wald" if self.interval == "studentized" else self.interval
        found = make_interval(
            kind, replicates, estimate, std_error, left_out, replicates[:0], level=self.level
        )
        return pd.Series(
            {
                "estimate": estimate[0],
                "std_error": std_error[0],
                "ci_low": found.low[0],
                "ci_high": found.high[0],
                "p_value": found.p_value[0],
            }
        )

    def row_of(self, name: Name) -> pd.Series:
        """Return one quantity with its uncertainty.

        Parameters
        ----------
        name : tuple of str
            Kind and name, as of :meth:`difference`.

        Returns
        -------
        Series
            ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value``.

        Raises
        ------
        OptionError
            If there is no such quantity.
        """
        place = self._locate(name)
        columns = self._columns(slice(place, place + 1))
        return pd.Series({column: values[0] for column, values in columns.items()})

    def replicates_of(self, name: Name) -> FloatArray:
        """Return one quantity in each resample that did not fail.

        Parameters
        ----------
        name : tuple of str
            Kind and name, as of :meth:`difference`.

        Returns
        -------
        ndarray of shape (b,)
            A copy; NaN where the quantity does not exist.

        Raises
        ------
        OptionError
            If there is no such quantity.
        """
        found: FloatArray = self.replicates[:, self._locate(name)].copy()
        return found

    def table(self) -> pd.DataFrame:
        """Return every quantity in one table: kind, name, and its uncertainty.

        Returns
        -------
        DataFrame
            A row a quantity, in the order of :attr:`estimates`.
        """
        parts = self._labels()
        names = [" -> ".join(map(str, row)) for part in parts.values() for row in _rows(part)]
        kinds = [kind for kind, part in parts.items() for _ in range(len(part))]
        return pd.DataFrame({"kind": kinds, "name": names, **self._columns(slice(None))})

    def summary(self, *, stars: bool = False) -> Summary:
        """Return the paths, effects and indices with their uncertainty, as tables.

        Parameters
        ----------
        stars : bool
            Also mark p-values below 0.05, 0.01 and 0.001 by one, two and three stars.

        Returns
        -------
        Summary
            ``print`` it, let a notebook show it, or take its LaTeX.
        """
        chosen = {"Paths": self.paths, "Total effects": self.total_effects}
        chosen["Explained variance"] = self.r_squared
        if self.result.settings.scale is not None:
            chosen["Index (points)"] = self.index
        failed = ", ".join(f"{kind} {count}" for kind, count in self.failures.items() if count)
        facts = (
            ("method", f"{self.method}, {self.n_resamples} resamples"),
            ("intervals", f"{self.interval}, level {self.level:g}"),
            ("left out", failed or "none"),
        )
        tables = tuple(
            table_of(title, table, n_labels=_n_labels(table)) for title, table in chosen.items()
        )
        if stars:
            tables = tuple(table.with_column("", _stars(chosen[table.title])) for table in tables)
        return Summary("Uncertainty of a structural model", facts, tables)

    def _part(self, kind: str) -> pd.DataFrame:
        place = self._catalogue().places[kind]
        return pd.DataFrame({**self._labels()[kind], **self._columns(place)})

    def _columns(self, place: slice) -> dict[str, FloatArray]:
        return {
            "estimate": self.estimates[place].copy(),
            "std_error": self.std_error[place].copy(),
            "ci_low": self.ci_low[place].copy(),
            "ci_high": self.ci_high[place].copy(),
            "p_value": self.p_value[place].copy(),
        }

    def _catalogue(self) -> Catalogue:
        with_index = self.result.settings.scale is not None
        return make_catalogue(design_of(self.result.model), with_index=with_index)

    def _labels(self) -> dict[str, pd.DataFrame]:
        """Names of the quantities of each kind, in the order of the catalogue."""
        catalogue, model = self._catalogue(), self.result.model
        names = np.array(model.names, dtype=object)
        items = pd.DataFrame({"construct": names[catalogue.design.block], "item": model.items})
        pairs = [
            dict(zip(_ENDS, names[np.array(ends)], strict=True))
            for ends in (catalogue.paths, catalogue.reached)
        ]
        routes = [[model.names[k] for k in route] for route in catalogue.routes]
        constructs = pd.DataFrame({"construct": names})
        criteria = {
            c: constructs.assign(criterion=c)[["criterion", "construct"]] for c in _CRITERIA
        }
        found = {
            "paths": pd.DataFrame(pairs[0]),
            "weights": items,
            "loadings": items,
            "total_effects": pd.DataFrame(pairs[1]),
            "specific_effects": pd.DataFrame(
                {
                    "source": [route[0] for route in routes],
                    "target": [route[-1] for route in routes],
                    "route": [" -> ".join(route) for route in routes],
                }
            ),
            "r_squared": pd.DataFrame({"construct": model.endogenous}),
            **criteria,
            "htmt": pd.DataFrame(
                {"first": names[catalogue.pairs[0]], "second": names[catalogue.pairs[1]]}
            ),
            "index": constructs,
            "impacts": pd.DataFrame(pairs[1]),
        }
        return {kind: found[kind] for kind in catalogue.places}

    def _locate(self, name: Name) -> int:
        """Find the column of a quantity."""
        labels = self._labels()
        kind, *wanted = name
        if kind not in labels:
            raise OptionError(f"no quantity is called {kind!r}; there are {', '.join(labels)}")
        rows = _rows(labels[kind])
        # A single word may stand for the last label alone: an item, a route, a construct.
        hits = [k for k, row in enumerate(rows) if row == wanted or [row[-1]] == wanted]
        if len(hits) != 1:
            raise OptionError(
                f"{name!r} is not the name of one quantity; those of {kind!r} are such as "
                f"{', '.join(repr((kind, *row)) for row in rows[:3])}"
            )
        return int(self._catalogue().places[kind].start) + hits[0]


_ENDS = ("source", "target")
_CRITERIA = ("alpha", "rho_a", "rho_c", "ave")


def make_interval(
    kind: str,
    replicates: FloatArray,
    estimate: FloatArray,
    std_error: FloatArray,
    left_out: FloatArray,
    errors: FloatArray,
    *,
    level: float,
) -> Interval:
    """Make intervals of a kind; a quantity that some replicates lack rests on the others."""
    low, high, p_value = (np.full(len(estimate), np.nan) for _ in range(3))
    exists = ~np.isnan(estimate)
    whole = ~np.isnan(replicates).any(axis=0)
    groups = [np.flatnonzero(exists & whole)]
    groups += [np.array([k]) for k in np.flatnonzero(exists & ~whole)]
    for columns in groups:
        rows = np.flatnonzero(~np.isnan(replicates[:, columns]).any(axis=1))
        if len(rows) < 2 or len(columns) == 0:  # noqa: PLR2004  a spread needs two
            continue
        part = _interval(
            kind,
            replicates[rows][:, columns],
            estimate[columns],
            std_error[columns],
            left_out[:, columns],
            errors[rows][:, columns] if len(errors) else errors,
            level=level,
        )
        low[columns], high[columns], p_value[columns] = part.low, part.high, part.p_value
    return Interval(low, high, p_value)


def _interval(
    kind: str,
    replicates: FloatArray,
    estimate: FloatArray,
    std_error: FloatArray,
    left_out: FloatArray,
    errors: FloatArray,
    *,
    level: float,
) -> Interval:
    if kind == "percentile":
        return intervals.percentile(replicates, level=level)
    if kind == "basic":
        return intervals.basic(replicates, estimate, level=level)
    if kind == "bca":
        complete = left_out[~np.isnan(left_out).any(axis=1)]
        acceleration = intervals.acceleration_of(complete)
        return intervals.bca(replicates, estimate, acceleration, level=level)
    if kind == "studentized":
        return intervals.studentized(replicates, errors, estimate, std_error, level=level)
    return intervals.wald(estimate, std_error, level=level)


def errors_of(replicates: FloatArray, *, jackknife: bool) -> FloatArray:
    """Return standard errors (k,) from replicates, or from estimates with units left out."""
    exist = (~np.isnan(replicates)).sum(axis=0)
    mean = np.nansum(replicates, axis=0) / np.where(exist == 0, 1, exist)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.nansum((replicates - mean) ** 2, axis=0) / (exist - 1)
        spread = np.where(exist > 1, np.sqrt(variance), np.nan)
        return spread * (exist - 1) / np.sqrt(exist) if jackknife else spread


def _rows(labels: pd.DataFrame) -> list[list[str]]:
    return [list(row) for row in labels.itertuples(index=False, name=None)]


def _n_labels(table: pd.DataFrame) -> int:
    return list(table.columns).index("estimate")


def _stars(table: pd.DataFrame) -> Sequence[str]:
    if "p_value" not in table:
        return [""] * len(table)
    return ["*" * int((p < np.array([0.05, 0.01, 0.001])).sum()) for p in table["p_value"]]
