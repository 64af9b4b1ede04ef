"""What an analysis of drivers found, handed out as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._intervals import percentile
from loyaltymodel._options import check_choice, enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.attributes.kernels import DECOMPOSITIONS, MEASURES, Importance
from loyaltymodel.attributes.uncertainty import Uncertainty, drawn, facts_of, tidy
from loyaltymodel.errors import OptionError

Measure = Literal["standardised", "first", "last", "pratt", "relative_weights", "lmg"]

_PLACES = [MEASURES.index(name) for name in DECOMPOSITIONS]


def pack(found: Importance) -> FloatArray:
    """Everything that has an interval, side by side (b, 9p + 1): measures, shares, R2."""
    b = len(found.r_squared)
    r_squared = found.r_squared[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = found.measures[:, _PLACES].reshape(b, -1) / r_squared
    return np.concatenate([found.measures.reshape(b, -1), shares, r_squared], axis=1)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class KeyDriversResult(FrozenRecord):
    """How much each driver adds to the explanation of a target, by every usual definition.

    Made by :func:`key_drivers`, which defines the measures.

    Attributes
    ----------
    target : str
        What is explained.
    drivers : tuple of str
        What explains it, p names.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    r_squared : float
        Share of the target's variance that all drivers explain together, from 0 to 1.
    correlations : ndarray of shape (p + 1, p + 1)
        Correlations of the drivers and, last, the target.
    measures : ndarray of shape (6, p)
        Standardised, first, last, Pratt, relative weights and LMG.
    by_size : ndarray of shape (p, p)
        Mean gain in R2 when a driver (row) joins k others (column k); NaN where no drawn
        order has that.
    vif : ndarray of shape (p,)
        Variance inflation factors, from 1.
    n_orders : int or None
        Number of orders drawn for LMG; None if all were averaged.
    monte_carlo_error : ndarray of shape (p,)
        Standard error of LMG because orders were drawn; 0 if all were averaged.
    uncertainty : Uncertainty or None
        What resampling found, if it was asked for.

    Examples
    --------
    >>> from loyaltymodel import attributes, datasets
    >>> survey = datasets.load_mobile_phones()
    >>> found = attributes.key_drivers("CUSA1", ["PERQ1", "PERQ4", "PERV2"], data=survey)
    >>> found
    <KeyDriversResult: 3 drivers of CUSA1, 250 respondents, R2 0.428>
    """

    target: str
    drivers: tuple[str, ...]
    n_obs: int
    n_dropped: int
    r_squared: float
    correlations: FloatArray
    measures: FloatArray
    by_size: FloatArray
    vif: FloatArray
    n_orders: int | None
    monte_carlo_error: FloatArray
    uncertainty: Uncertainty | None

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        return (
            f"<KeyDriversResult: {len(self.drivers)} drivers of {self.target}, "
            f"{self.n_obs} respondents, R2 {self.r_squared:.3f}>"
        )

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def table(self) -> pd.DataFrame:
        """Measures of each driver, a column a definition, and variance inflation."""
        table = pd.DataFrame(self.measures.T.copy(), self._index(), list(MEASURES))
        return table.assign(vif=self.vif.copy())

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of R2, which add up to 1, by the definitions that divide it."""
        shares = self.measures[_PLACES].T / self.r_squared
        return pd.DataFrame(shares, self._index(), list(DECOMPOSITIONS))

    @property
    def gains(self) -> pd.DataFrame:
        """Mean gain in R2 when a driver joins 0, 1, 2, ... others (conditional dominance).

        The first column is ``first``, the last is ``last``, and the mean of a row is ``lmg``. A
        driver whose row is above that of another throughout dominates it whatever the others.
        """
        sizes = pd.RangeIndex(len(self.drivers), name="others")
        return pd.DataFrame(self.by_size.copy(), self._index(), sizes)

    @property
    def r_squared_adjusted(self) -> float:
        """R2 less what as many drivers without any effect would explain by chance."""
        n, p = self.n_obs, len(self.drivers)
        return 1 - (1 - self.r_squared) * (n - 1) / (n - p - 1)

    @property
    def intervals(self) -> pd.DataFrame:
        """Measures, shares of R2 and R2, a row each, with errors and intervals.

        Raises
        ------
        DataError
            If no resamples were asked for.
        """
        p = len(self.drivers)
        kinds = [*MEASURES, *(f"{name}_share" for name in DECOMPOSITIONS)]
        labels = pd.DataFrame(
            {
                "measure": [*np.repeat(kinds, p), "r_squared"],
                "driver": [*self.drivers * len(kinds), ""],
            }
        )
        return tidy(labels, self._estimates(), self.uncertainty)

    def ranks(self, *, measure: Measure = "lmg") -> pd.DataFrame:
        """Return the rank of each driver, and how sure it is.

        Parameters
        ----------
        measure : {"standardised", "first", "last", "pratt", "relative_weights", "lmg"}
            What to rank by, largest first; coefficients by their size without sign.

        Returns
        -------
        DataFrame
            A row a driver: ``rank`` from 1, its lowest and highest within the confidence level
            over the resamples (``best``, ``worst``), and ``probability_first``, the share of
            resamples in which it ranks first.

        Raises
        ------
        DataError
            If no resamples were asked for.
        OptionError
            If there is no such measure.

        Examples
        --------
        >>> from loyaltymodel import attributes, datasets
        >>> survey = datasets.load_mobile_phones()
        >>> drivers = ["PERQ1", "PERQ4", "PERV2"]
        >>> found = attributes.key_drivers("CUSA1", drivers, data=survey, n_resamples=500, rng=1)
        >>> found.ranks()["rank"].to_list()
        [1, 2, 3]
        """
        values, replicates = self._of_measure(measure)
        if measure == "standardised":
            values, replicates = np.abs(values), np.abs(replicates)
        places = _ranks(replicates)
        tail = (1 - drawn(self.uncertainty).level) / 2
        best, worst = np.quantile(places, [tail, 1 - tail], axis=0, method="nearest")
        return pd.DataFrame(
            {
                "rank": _ranks(values[None])[0],
                "best": best,
                "worst": worst,
                "probability_first": (places == 1).mean(axis=0),
            },
            self._index(),
        )

    def difference(self, first: str, second: str, *, measure: Measure = "lmg") -> pd.Series:
        """Return by how much one driver exceeds another, with its uncertainty.

        Parameters
        ----------
        first, second : str
            Names of drivers.
        measure : {"standardised", "first", "last", "pratt", "relative_weights", "lmg"}
            What to compare by.

        Returns
        -------
        Series
            ``estimate`` (first less second), ``std_error``, ``ci_low``, ``ci_high`` and the
            two-sided ``p_value`` of no difference.

        Raises
        ------
        DataError
            If no resamples were asked for.
        OptionError
            If there is no such driver or measure.

        Examples
        --------
        >>> from loyaltymodel import attributes, datasets
        >>> survey = datasets.load_mobile_phones()
        >>> drivers = ["PERQ1", "PERQ4", "PERV2"]
        >>> found = attributes.key_drivers("CUSA1", drivers, data=survey, n_resamples=500, rng=1)
        >>> apart = found.difference("PERQ1", "PERV2")
        >>> bool(apart["ci_low"] > 0)
        True
        """
        values, replicates = self._of_measure(measure)
        one, other = self._place(first), self._place(second)
        uncertainty = drawn(self.uncertainty)
        apart = replicates[:, [one]] - replicates[:, [other]]
        found = percentile(apart, level=uncertainty.level)
        return pd.Series(
            {
                "estimate": values[one] - values[other],
                "std_error": apart.std(ddof=1),
                "ci_low": found.low[0],
                "ci_high": found.high[0],
                "p_value": found.p_value[0],
            }
        )

    def summary(self) -> Summary:
        """Return the measures, the shares of R2 and what to mind, as tables and words.

        Returns
        -------
        Summary
            ``print`` it, let a notebook show it, or take its LaTeX.
        """
        dropped = f" ({self.n_dropped} left out)" if self.n_dropped else ""
        orders = "all" if self.n_orders is None else f"{self.n_orders} drawn"
        facts = [
            ("target", self.target),
            ("respondents", f"{self.n_obs}{dropped}"),
            ("R2", f"{self.r_squared:.3f} (adjusted {self.r_squared_adjusted:.3f})"),
            ("orders", orders),
        ]
        shares = self.shares.reset_index()
        if self.uncertainty is not None:
            facts += facts_of(self.uncertainty)
            rows = self.intervals.query("measure == 'lmg_share'")
            shares["lmg_low"] = rows["ci_low"].to_numpy()
            shares["lmg_high"] = rows["ci_high"].to_numpy()
        tables = (
            table_of("Importance", self.table.reset_index()),
            table_of("Shares of R2", shares),
        )
        return Summary(f"Drivers of {self.target}", tuple(facts), tables, self._remarks())

    def _remarks(self) -> tuple[str, ...]:
        """Say what a reader should know of these numbers."""
        remarks = [
            "Pratt, relative weights and LMG add up to R2; the others do not.",
            "What goes together with satisfaction need not be a cause of it.",
        ]
        pratt = self.measures[MEASURES.index("pratt")]
        if negative := [self.drivers[k] for k in np.flatnonzero(pratt < 0)]:
            remarks.append(
                f"Pratt is negative for {enumerate_names(negative)}: the coefficient and the "
                "correlation have different signs, because of the other drivers."
            )
        if self.n_orders is not None:
            remarks.append(
                "LMG rests on drawn orders; its standard error from that is at most "
                f"{self.monte_carlo_error.max():.2g}."
            )
        return tuple(remarks)

    def _index(self) -> pd.Index:
        return pd.Index(self.drivers, name="driver")

    def _estimates(self) -> FloatArray:
        shares = self.measures[_PLACES].ravel() / self.r_squared
        return np.concatenate([self.measures.ravel(), shares, [self.r_squared]])

    def _of_measure(self, measure: str) -> tuple[FloatArray, FloatArray]:
        """Estimates (p,) and replicates (b, p) of a measure."""
        check_choice("measure", measure, Measure)
        p = len(self.drivers)
        start = MEASURES.index(measure) * p
        replicates = drawn(self.uncertainty).replicates[:, start : start + p]
        return self.measures[MEASURES.index(measure)], replicates

    def _place(self, driver: str) -> int:
        if driver not in self.drivers:
            raise OptionError(
                f"there is no driver {driver!r}; the drivers are {', '.join(self.drivers)}"
            )
        return self.drivers.index(driver)


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks (b, p) from 1 for the largest; equal values share the better rank."""
    ahead: FloatArray = (values[:, None, :] > values[:, :, None]).sum(axis=2) + 1
    return ahead
