"""What resampling found: every estimate with its error, interval and p-value, as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core import intervals
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.comparisons import ROUNDING, exceeds
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import Interval
from loyaltymodel._core.options import check_positive, enumerate_names, shown
from loyaltymodel._core.resampling import sums_by
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Summary, Table, percent, table_of
from loyaltymodel.errors import OptionError
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.kernels import mediation
from loyaltymodel.structural.kernels.quantities import (
    ABOVE_ZERO,
    RELIABILITIES,
    Catalogue,
    make_catalogue,
)
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.result import OnFit

IntervalKind = Literal["percentile", "basic", "bca", "studentized"]
Inadmissible = Literal["keep", "drop"]
Method = Literal["bootstrap", "parametric bootstrap", "jackknife", "infinitesimal jackknife"]
Name = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class InferenceResult(OnFit):
    """A structural model with the uncertainty of everything that it estimates.

    Made by :func:`bootstrap` and :func:`jackknife`. Its tables are those of the
    :class:`StructuralResult`, with ``std_error``, ``ci_low`` and ``ci_high``, and ``p_value``
    where 0 is a question: for all but indices, R2, reliabilities and HTMT. The p-value is
    two-sided, against 0, and inverts the interval: it is below 1 - level exactly where the
    interval leaves out 0. From b resamples it is never below 2 / (b + 1).

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
    n_clusters : int or None
        Clusters that were drawn or left out as a whole; None without clusters.
    inadmissible : str
        Whether resamples with an inadmissible solution, such as an R2 above 1, were kept.
    n_inadmissible : int
        How many there were of those that could be estimated; 0 unless the fit is consistent.
    failures : mapping from str to int
        Resamples left out of everything, by what was wrong with them.
    estimates : EstimateTable
        All k quantities in one table: ``quantity`` ("paths", "weights", "loadings",
        "total_effects", "specific_effects", "r_squared", "alpha", "rho_a", "rho_c", "ave",
        "htmt", "index", "impacts") and ``name`` ("image -> loyalty", "CUSA1", "satisfaction",
        or a route). With the replicates of a bootstrap, NaN where a quantity does not exist, or
        the covariance of a jackknife. A quantity that does not vary has no error and no interval.
    admissibility : EstimateTable
        The same with all ``resamples`` that could be estimated and with the "admissible" ones.
    undefined : ndarray of shape (k,)
        Number of those resamples that did not fail in which a quantity does not exist all the
        same, such as an index where a weight is negative, or of studentized intervals has no
        error of its own; its interval rests on the others.
    left_out : ndarray of shape (n, k)
        All quantities with each unit left out; empty unless the interval needed it.
    strata : ndarray of shape (n,)
        The stratum of each of these units, counted from 0.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey)
    >>> boot = structural.bootstrap(result, survey, n_resamples=500, rng=1)
    >>> row = boot.estimates.row(("paths", "image -> loyalty"))
    >>> bool(row["ci_low"] < row["estimate"] < row["ci_high"])
    True
    """

    made_by: ClassVar[str] = "bootstrap() or jackknife()"

    method: Method
    interval: str
    level: float
    n_resamples: int
    n_clusters: int | None = None
    inadmissible: Inadmissible = "keep"
    n_inadmissible: int = 0
    failures: FrozenMapping[str, int]
    estimates: EstimateTable
    admissibility: EstimateTable
    undefined: IntArray
    left_out: FloatArray
    strata: IntArray

    @property
    def n_failed(self) -> int:
        """Number of resamples left out of everything."""
        return sum(self.failures.values())

    @property
    def admissible_share(self) -> float:
        """Share of all resamples whose solution is admissible."""
        not_estimated = self.n_failed - self.failures["inadmissible"]
        return 1 - (not_estimated + self.n_inadmissible) / self.n_resamples

    @property
    def heavy_tails(self) -> pd.DataFrame:
        """Quantities whose standard error rests on a few resamples far out: their errors.

        ``std_error`` and ``percentile_error``, which is half the range between the percentiles
        15.9 and 84.1: the same for the normal law, and not moved by resamples far out. A row for
        each quantity of which the former is more than one and a half times the latter.
        """
        error = np.asarray(self.estimates.std_error)
        values = self.estimates.replicates
        if values is None:  # a jackknife has no tails
            values = np.empty((0, len(error)))
        by_percentile = np.full(len(error), np.nan)
        for rows, columns in intervals.complete_parts(values):
            ends = np.quantile(values[rows][:, columns], _ONE_DEVIATION, axis=0)
            by_percentile[columns] = (ends[1] - ends[0]) / 2
        table = self.estimates.frame()[["quantity", "name", "std_error"]]
        table["percentile_error"] = by_percentile
        return table[error > _HEAVY * by_percentile].reset_index(drop=True)

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
        return self._part("index")

    @property
    def r_squared(self) -> pd.DataFrame:
        """Explained variance: construct, and its uncertainty."""
        return self._part("r_squared")

    @property
    def reliability(self) -> pd.DataFrame:
        """Alpha, rho_A, rho_C and AVE: quantity, construct, and their uncertainty."""
        parts = [self._part(name).assign(quantity=name) for name in RELIABILITIES]
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "quantity", table.pop("quantity"))
        return table

    @property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios: first, second, and their uncertainty."""
        return self._part("htmt")

    @checked
    def htmt_test(self, *, threshold: float = 0.9) -> pd.DataFrame:
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
        >>> result = structural.fit(model, survey)
        >>> ratios = structural.bootstrap(result, survey, n_resamples=500, rng=1).htmt_test()
        >>> bool(((ratios["p_value"] < 0.05) == (ratios["ci_high"] < 0.9)).all())
        True
        """
        check_positive("threshold", threshold)
        place = self._catalogue().places["htmt"]
        table = self.htmt.drop(columns="ci_low")
        ordered = np.sort(self._replicates()[:, place], axis=0)
        k = ordered.shape[1]
        _, above = intervals.shares_at(ordered, np.full(k, threshold))
        table["ci_high"] = intervals.quantile(ordered, np.full(k, self.level))
        table["p_value"] = (1 - above).clip(1 / (len(ordered) + 1), 1.0)
        table.loc[table["std_error"].isna(), ["ci_high", "p_value"]] = np.nan
        return table

    @checked
    def mediation(self) -> pd.DataFrame:
        """Return the type of mediation along each indirect route (中介类型), and its share.

        Returns
        -------
        DataFrame
            Three rows a route, by ``quantity``: the "indirect" effect along it, the "direct" path
            from its source to its target, and "vaf", the indirect effect over the total effect
            (variance accounted for). Columns ``source``, ``target``, ``route``, ``quantity``,
            ``mediation`` (the type), ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and
            ``p_value``, which a share has not. The share is NaN unless the indirect effect was
            found and all parts of the total effect have one sign: of parts that cancel, none is a
            share.

        Notes
        -----
        An effect is found if its interval leaves out 0. With both found the mediation is
        "complementary" where their signs agree and "competitive" where not; with one it is
        "indirect-only" or "direct-only", else "no effect" [1]_. Where the model has no direct path,
        nothing tells which it is: "no direct path".

        References
        ----------
        .. [1] Zhao, X., Lynch, J. G., & Chen, Q. (2010). Reconsidering Baron and Kenny: myths and
           truths about mediation analysis. Journal of Consumer Research, 37(2), 197-206.

        Examples
        --------
        >>> from loyaltymodel import datasets, structural
        >>> model = structural.ecsi(datasets.mobile_phone_items())
        >>> survey = datasets.load_mobile_phones()
        >>> result = structural.fit(model, survey)
        >>> boot = structural.bootstrap(result, survey, n_resamples=500, rng=1)
        >>> table = boot.mediation().query("route == 'image -> satisfaction -> loyalty'")
        >>> print(table[["quantity", "mediation", "estimate"]].round(3).to_string(index=False))
        quantity     mediation  estimate
        indirect complementary     0.087
          direct complementary     0.196
             vaf complementary     0.218
        """
        catalogue = self._catalogue()
        ends = np.array([(route[0], route[-1]) for route in catalogue.routes]).reshape(-1, 2)
        pairs, pair = np.unique(ends, axis=0, return_inverse=True)
        known = {(int(a), int(b)): k for k, (a, b) in enumerate(zip(*catalogue.paths, strict=True))}
        place = np.array([known.get((int(a), int(b)), -1) for a, b in pairs], dtype=np.intp)
        place, pair = place[pair.ravel()], pair.ravel()
        routes, paths = (catalogue.places[name] for name in ("specific_effects", "paths"))
        columns = self._columns()

        def direct_of(values: FloatArray, absent: float) -> FloatArray:
            padded = np.concatenate(
                [values[..., paths], np.full((*values.shape[:-1], 1), absent)], axis=-1
            )
            found: FloatArray = padded[..., place]
            return found

        indirect = {name: values[routes] for name, values in columns.items()}
        direct = {
            name: direct_of(values, 0.0 if name == "estimate" else np.nan)
            for name, values in columns.items()
        }
        effect, own = indirect["estimate"], direct["estimate"]
        found = [_leaves_out_0(one["ci_low"], one["ci_high"]) for one in (indirect, direct)]
        types = mediation.types_of(effect, own, found[0], found[1], place >= 0)
        share = mediation.shares(effect, pair, own)
        meant = found[0] & mediation.same_sign(effect, pair, own)
        share = np.where(meant, share, np.nan)
        vaf = self._of_shares(
            share, lambda x: mediation.shares(x[:, routes], pair, direct_of(x, 0))
        )
        parts = [pd.DataFrame(one) for one in (indirect, direct, vaf)]
        labels = labels_of(self.result.model, catalogue)["specific_effects"]
        names = ("indirect", "direct", "vaf")
        table = pd.concat(
            [
                pd.concat([labels.assign(quantity=name, mediation=types), part], axis=1)
                for name, part in zip(names, parts, strict=True)
            ],
            ignore_index=True,
        )
        order = np.arange(len(table)).reshape(3, -1).T.ravel()
        return table.iloc[order].reset_index(drop=True)

    def _of_shares(
        self, share: FloatArray, shares: Callable[[FloatArray], FloatArray]
    ) -> dict[str, FloatArray]:
        """Return shares (k,) with errors and intervals, from what they are in each replicate."""
        values = shares(self._replicates())
        left_out = LeftOut(values[:0], self.strata[:0])
        if len(self.left_out):
            left_out = LeftOut(shares(self.left_out), self.strata)
        if "jackknife" in self.method:
            std_error = np.sqrt(covariance_of(left_out).diagonal())
        else:
            std_error = errors_of(values)
        kind = "wald" if self.interval == "studentized" else self.interval
        ends = make_interval(kind, values, share, std_error, left_out, values[:0], level=self.level)
        unknown = np.isnan(share)
        return {
            "estimate": share,
            "std_error": np.where(unknown, np.nan, std_error),
            "ci_low": ends.low,
            "ci_high": ends.high,
            "p_value": np.full(len(share), np.nan),
        }

    @checked
    def difference(self, first: Name, second: Name) -> pd.Series:
        """Return the difference of any two quantities, with its uncertainty.

        Parameters
        ----------
        first, second : tuple of str
            Quantity and name: ``("paths", "image", "loyalty")``, ``("index", "quality")``,
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
        >>> result = structural.fit(model, survey)
        >>> boot = structural.bootstrap(result, survey, n_resamples=500, rng=1)
        >>> apart = boot.difference(
        ...     ("paths", "satisfaction", "loyalty"), ("paths", "complaints", "loyalty")
        ... )
        >>> bool(apart["p_value"] < 0.05)
        True
        """
        one, other = self._place(first), self._place(second)
        values = self._replicates()
        replicates = (values[:, one] - values[:, other])[:, None]
        estimate = self.estimates.estimate[[one]] - self.estimates.estimate[[other]]
        left_out = LeftOut(self.left_out[:, [one]] - self.left_out[:, [other]], self.strata)
        if "jackknife" in self.method:
            std_error = np.sqrt(covariance_of(left_out).diagonal())
        else:
            std_error = errors_of(replicates)
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

    @checked
    def replicates_of(self, name: Name) -> FloatArray:
        """Return one quantity in each resample that did not fail, or without each unit.

        Parameters
        ----------
        name : tuple of str
            Quantity and name, as of :meth:`difference`.

        Returns
        -------
        ndarray of shape (b,)
            A copy; NaN where the quantity does not exist.

        Raises
        ------
        OptionError
            If there is no such quantity.
        """
        found: FloatArray = self._replicates()[:, self._place(name)].copy()
        return found

    @checked
    def row(self, name: Name) -> pd.Series:
        """Return one quantity with its uncertainty.

        Parameters
        ----------
        name : tuple of str
            Quantity and name, as of :meth:`difference`.

        Returns
        -------
        Series
            ``estimate``, ``std_error``, ``ci_low``, ``ci_high`` and ``p_value``.

        Raises
        ------
        OptionError
            If there is no such quantity.
        """
        return self.estimates.row(self._key(name))

    @checked
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
        page = OnFit.summary(self)
        if not stars:
            return page
        tables = zip(page.tables, self._printed().values(), strict=True)
        marked = tuple(table.with_column("", _stars(frame)) for table, frame in tables)
        return replace(page, tables=marked)

    def _title(self) -> str:
        return "Uncertainty of a structural model"

    def _brief(self) -> str:
        kind = dict(self._intervals())["intervals"]
        drawn = f"{self.n_resamples:,} resamples, {self.n_failed} left out"
        return f"{self.method}, {drawn}, {kind} intervals"

    def _facts(self) -> Facts:
        failed = [f"{kind} {count}" for kind, count in self.failures.items() if count]
        reasons = [("resamples left out", ", ".join(failed))] if failed else []
        if self.result.settings.consistent:
            share = f"{percent(self.admissible_share)} of the resamples"
            reasons.append(("admissible solutions", share))
        return (("method", self.method), *reasons)

    def _tables(self) -> Sequence[Table]:
        return [
            table_of(title, frame, n_labels=list(frame.columns).index("estimate"))
            for title, frame in self._printed().items()
        ]

    def _remarks(self) -> Sequence[str]:
        found = []
        table = self.estimates.frame().assign(undefined=self.undefined)
        table = table[table["estimate"].notna() & (table["undefined"] > 0)]
        if not table.empty:
            rows = zip(table["quantity"], table["name"], table["undefined"], strict=True)
            absent = enumerate_names(f"{quantity} {name} in {n:,}" for quantity, name, n in rows)
            found.append(
                "Not defined in some of the resamples, mostly because a weight is negative: "
                f"{absent}. Their intervals rest on the others."
            )
        if not (heavy := self.heavy_tails).empty:
            far = enumerate_names(
                f"{quantity} {name} ({error:.3g}, by percentiles {other:.3g})"
                for quantity, name, error, other in heavy.itertuples(index=False)
            )
            found.append(
                f"Standard errors that rest on a few resamples far out: {far}. The error by "
                "percentiles is half the range of the middle 68.3% of the resamples; read that, "
                "or a percentile interval."
            )
        if self.n_inadmissible:
            what = "Kept" if self.inadmissible == "keep" else "Left out"
            found.append(
                f"{what} are {self.n_inadmissible:,} resamples with an inadmissible solution: a "
                "loading, reliability or R2 above 1, or correlations that cannot hold together. "
                "With a large share of them the model is at the edge of what the data can tell."
            )
        return found

    def _coefficients(self) -> EstimateTable:
        place, table = self._catalogue().places["paths"], self.paths
        return EstimateTable(
            labels=FrozenMapping({name: tuple(table[name]) for name in ("source", "target")}),
            level=self.level,
            method=self.estimates.method,
            **{name: values[place] for name, values in self._columns().items()},
        )

    def _printed(self) -> dict[str, pd.DataFrame]:
        chosen = {"Paths": self.paths, "Total effects": self.total_effects}
        chosen["Explained variance"] = self.r_squared
        if self.result.settings.scale is not None:
            chosen["Index (points)"] = self.index
        if self.n_inadmissible:
            paths = self.admissibility.frame().query("quantity == 'paths'")
            side_by_side = np.arange(len(paths)).reshape(2, -1).T.ravel()
            title = "Paths, by all resamples and by the admissible ones"
            chosen[title] = paths.iloc[side_by_side][["name", "resamples", *_COLUMNS]]
        return chosen

    def _part(self, quantity: str) -> pd.DataFrame:
        place = self._catalogue().places[quantity]
        labels = labels_of(self.result.model, self._catalogue())[quantity]
        columns = {name: values[place].copy() for name, values in self._columns().items()}
        if quantity in ABOVE_ZERO:
            del columns["p_value"]
        return pd.DataFrame({**labels, **columns})

    def _columns(self) -> dict[str, FloatArray]:
        given = {name: getattr(self.estimates, name) for name in _COLUMNS}
        return {name: values for name, values in given.items() if values is not None}

    def _replicates(self) -> FloatArray:
        """All quantities in each resample, or with each unit left out by a jackknife."""
        found = self.estimates.replicates
        return self.left_out if found is None else found

    def _catalogue(self) -> Catalogue:
        with_index = self.result.settings.scale is not None
        return make_catalogue(design_of(self.result.model), with_index=with_index)

    def _place(self, name: Name) -> int:
        return self.estimates.place(self._key(name))

    def _key(self, name: Name) -> Name:
        """Return quantity and name as the estimates have them; labels may be given apart."""
        known = self._catalogue().places
        if not name or isinstance(name, str):
            raise OptionError(
                f"the name is {shown(name)}; give a quantity and whose it is, such as "
                "('index', 'loyalty')"
            )
        quantity, *labels = name
        if quantity not in known:
            raise OptionError(
                f"no quantity is called {shown(quantity)}; there are {', '.join(known)}"
            )
        key = (quantity, " -> ".join(labels))
        names = [
            row[1]
            for row in zip(*self.estimates.labels.values(), strict=True)
            if row[0] == quantity
        ]
        if key[1] not in names:
            raise OptionError(
                f"{shown(name)} is not the name of one quantity; those of {quantity!r} are such as "
                f"{', '.join(repr((quantity, n)) for n in names[:3])}"
            )
        return key


_ONE_DEVIATION = (0.158655, 0.841345)  # levels of the normal law one deviation to either side
_HEAVY = 1.5  # times the error by percentiles; that of Student's t with 3 degrees is 1.45 times

_ENDS = ("source", "target")
_COLUMNS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")


def _leaves_out_0(low: FloatArray, high: FloatArray) -> BoolArray:
    """Tell which intervals (k,) leave out 0; those that do not exist do not."""
    found: BoolArray = (low > 0) | (high < 0)
    return found


def labels_of(model: StructuralModel, catalogue: Catalogue) -> dict[str, pd.DataFrame]:
    """Name the quantities of each kind, in the order of the catalogue."""
    names = np.array(model.names, dtype=object)
    items = pd.DataFrame({"construct": names[catalogue.design.block], "item": model.items})
    pairs = [
        dict(zip(_ENDS, names[np.array(ends)], strict=True))
        for ends in (catalogue.paths, catalogue.reached)
    ]
    routes = [[model.names[k] for k in route] for route in catalogue.routes]
    constructs = pd.DataFrame({"construct": names})
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
        **dict.fromkeys(RELIABILITIES, constructs),
        "htmt": pd.DataFrame(
            {"first": names[catalogue.pairs[0]], "second": names[catalogue.pairs[1]]}
        ),
        "index": constructs,
        "impacts": pd.DataFrame(pairs[1]),
    }
    return {quantity: found[quantity] for quantity in catalogue.places}


@lru_cache(maxsize=16)  # naming them takes as long as estimating some hundred resamples
def table_labels(
    model: StructuralModel, *, with_index: bool
) -> FrozenMapping[str, tuple[str, ...]]:
    """Name all quantities in two columns: which it is, and of what."""
    catalogue = make_catalogue(design_of(model), with_index=with_index)
    quantities: list[str] = []
    names: list[str] = []
    for quantity, labels in labels_of(model, catalogue).items():
        # An item and a route say all by themselves.
        own = labels.columns[-1:] if labels.columns[-1] in ("item", "route") else labels.columns
        quantities += [quantity] * len(labels)
        names += [" -> ".join(row) for row in labels[own].itertuples(index=False, name=None)]
    return FrozenMapping({"quantity": tuple(quantities), "name": tuple(names)})


class LeftOut(NamedTuple):
    """All quantities (n, k) with each unit left out, and the stratum (n,) of each unit."""

    values: FloatArray
    stratum: IntArray


def make_interval(
    kind: str,
    replicates: FloatArray,
    estimate: FloatArray,
    std_error: FloatArray,
    left_out: LeftOut,
    errors: FloatArray,
    *,
    level: float,
) -> Interval:
    """Make intervals of a kind; a quantity that some replicates lack rests on the others.

    One that does not vary has no interval: nothing tells how it would vary among others.
    """
    low, high, p_value = (np.full(len(estimate), np.nan) for _ in range(3))
    varies = ~np.isnan(estimate) & ~is_still(estimate, std_error)
    if kind == "studentized":
        replicates = with_errors(replicates, errors)
    acceleration = acceleration_of(left_out) if kind == "bca" else estimate
    for rows, found in intervals.complete_parts(replicates):
        columns = found[varies[found]]
        if len(columns) == 0:
            continue
        part = _interval(
            kind,
            replicates[rows][:, columns],
            estimate[columns],
            std_error[columns],
            acceleration[columns],
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
    acceleration: FloatArray,
    errors: FloatArray,
    *,
    level: float,
) -> Interval:
    if kind == "percentile":
        return intervals.percentile(replicates, level=level)
    if kind == "basic":
        return intervals.basic(replicates, estimate, level=level)
    if kind == "bca":
        return intervals.bca(replicates, estimate, acceleration, level=level)
    if kind == "studentized":
        return intervals.studentized(replicates, errors, estimate, std_error, level=level)
    return intervals.wald(estimate, std_error, level=level)


def is_still(estimate: FloatArray, std_error: FloatArray) -> BoolArray:
    """Tell which quantities (k,) do not vary, but for rounding."""
    still: BoolArray = std_error <= ROUNDING * (1 + np.abs(estimate))
    return still


def with_errors(replicates: FloatArray, errors: FloatArray) -> FloatArray:
    """Leave out (NaN) the replicates without an error of their own, which have no t-value."""
    return np.where(errors > 0, replicates, np.nan)


def errors_of(replicates: FloatArray) -> FloatArray:
    """Return standard errors (...) from replicates (b, ...); NaN where fewer than two exist."""
    exist = (~np.isnan(replicates)).sum(axis=0)
    mean = np.nansum(replicates, axis=0) / np.maximum(exist, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.nansum((replicates - mean) ** 2, axis=0) / (exist - 1)
        return np.where(exist > 1, np.sqrt(variance), np.nan)


def _influences(left_out: LeftOut) -> tuple[FloatArray, FloatArray]:
    """Return what each unit adds to an estimate (n, k), and the units (n, k) of its stratum.

    With n units in its stratum it is (n - 1) / n of the mean without each less the estimate
    without this one: its influence over n. Where an estimate does not exist it is 0.
    """
    values = left_out.values
    stratum = np.unique(left_out.stratum, return_inverse=True)[1]
    exists = ~np.isnan(values)
    sums = sums_by(stratum, np.where(exists, values, 0.0))
    n = np.maximum(sums_by(stratum, exists.astype(np.float64))[stratum], 1)
    return np.where(exists, (sums[stratum] / n - values) * (n - 1) / n, 0.0), n


def acceleration_of(left_out: LeftOut) -> FloatArray:
    """Return the acceleration (k,) of BCa from estimates with each unit of each stratum left out.

    That of Davison and Hinkley (1997, section 5.3): with each influence over the number of its
    stratum, a sixth of the sum of cubes over the sum of squares to 3/2.
    """
    found, _ = _influences(left_out)
    return intervals.acceleration_of(-found)  # their mean is 0


def covariance_of(left_out: LeftOut) -> FloatArray:
    """Return the covariance (k, k) of estimates from those with each unit left out.

    In each stratum of n units it is (n - 1) / n times the sum of products of deviations.
    """
    found, n = _influences(left_out)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(n > 1, found * np.sqrt(n / (n - 1)), 0.0)
    covariance: FloatArray = scaled.T @ scaled
    unknown = (~np.isnan(left_out.values)).sum(axis=0) < 2  # noqa: PLR2004  a spread needs two
    covariance[unknown] = np.nan
    covariance[:, unknown] = np.nan
    return covariance


def _stars(table: pd.DataFrame) -> Sequence[str]:
    if "p_value" not in table:
        return [""] * len(table)
    cuts = [0.05, 0.01, 0.001]
    return ["*" * int(exceeds(cuts, p).sum()) for p in table["p_value"]]
