"""What an analysis of drivers found, handed out as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.options import check_choice, count_of, enumerate_names
from loyaltymodel._core.results import Facts
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.attributes.drivers.kernels import DECOMPOSITIONS, MEASURES, Importance, adjusted
from loyaltymodel.attributes.drivers.resampled import _Resampled
from loyaltymodel.errors import OptionError

Measure = Literal["standardised", "first", "last", "pratt", "relative_weights", "lmg"]

_PLACES = [MEASURES.index(name) for name in DECOMPOSITIONS]


def labels_of(drivers: Sequence[str]) -> dict[str, list[str]]:
    """Name what :func:`pack` puts side by side."""
    kinds = [*MEASURES, *(f"{name}_share" for name in DECOMPOSITIONS)]
    return {
        "measure": [*(kind for kind in kinds for _ in drivers), "r_squared_adjusted"],
        "driver": [*list(drivers) * len(kinds), ""],
    }


def pack(found: Importance, n: float, *, resampled: bool) -> FloatArray:
    """Everything that has an interval, side by side (b, 9p + 1): measures, shares, adjusted R2."""
    b, p = found.vif.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = found.measures[:, _PLACES].reshape(b, -1) / found.r_squared[:, None]
    explained = adjusted(found.r_squared, n, p, resampled=resampled)
    return np.concatenate([found.measures.reshape(b, -1), shares, explained[:, None]], axis=1)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class KeyDriversResult(_Resampled):
    """How much each driver adds to the explanation of a target, by every usual definition.

    Made by :func:`key_drivers`, which defines the measures.

    Attributes
    ----------
    target : str
        What is explained.
    estimates : EstimateTable
        Measures, shares of R2 and adjusted R2, by ``measure`` and ``driver``.
    n_obs : int
        Number of respondents whose weight is not zero.
    n_dropped : int
        Respondents left out because an answer was missing.
    correlations : ndarray of shape (p + 1, p + 1)
        Correlations of the drivers and, last, the target.
    by_size : ndarray of shape (p, p)
        Mean gain in R2 when a driver (row) joins k others (column k); NaN where no drawn
        order has that.
    vif : ndarray of shape (p,)
        Variance inflation factors, from 1.
    n_orders : int or None
        Number of orders drawn for LMG; None if all were averaged.
    monte_carlo_error : ndarray of shape (p,)
        Standard error of LMG because orders were drawn; 0 if all were averaged.
    n_resamples : int
        Number of resamples drawn; 0 for none.
    n_failed : int
        Resamples left out because a variable was constant or collinear in them.
    level : float or None
        Confidence level of each interval; None without resamples.

    Examples
    --------
    >>> from loyaltymodel import attributes, datasets
    >>> survey = datasets.load_mobile_phones()
    >>> found = attributes.key_drivers(["PERQ1", "PERQ4", "PERV2"], "CUSA1", data=survey)
    >>> found
    <KeyDriversResult: 3 drivers of CUSA1, 250 respondents, R2 0.428>
    """

    target: str
    correlations: FloatArray
    by_size: FloatArray
    vif: FloatArray
    n_orders: int | None
    monte_carlo_error: FloatArray

    @property
    def r_squared(self) -> float:
        """Share of the target's variance that all drivers explain together, from 0 to 1.

        It is that of these respondents; of all there are, :attr:`r_squared_adjusted` tells.
        """
        return float(self._measures()[_PLACES[0]].sum())

    @property
    def r_squared_adjusted(self) -> float:
        """R2 less what as many drivers without any effect would explain by chance.

        Of weighted respondents those are counted who would tell as much with equal weights.
        """
        return float(self.estimates.estimate[-1])

    @property
    def importance(self) -> pd.DataFrame:
        """Every measure of every driver, its share of R2, and adjusted R2, a row each.

        ``measure`` and ``driver``, then ``estimate``; with resamples also ``std_error``,
        ``ci_low``, ``ci_high`` and the ``p_value`` of no effect, which only coefficients have.
        """
        return self.estimates.frame()

    @property
    def drivers(self) -> pd.DataFrame:
        """A row a driver, a column a definition of importance, and variance inflation."""
        table = pd.DataFrame(self._measures().T.copy(), self._index(), list(MEASURES))
        return table.assign(vif=self.vif.copy())

    @property
    def shares(self) -> pd.DataFrame:
        """Shares of R2, which add up to 1, by the definitions that divide it."""
        shares = self._measures()[_PLACES].T / self.r_squared
        return pd.DataFrame(shares, self._index(), list(DECOMPOSITIONS))

    @property
    def gains(self) -> pd.DataFrame:
        """Mean gain in R2 when a driver joins 0, 1, 2, ... others (conditional dominance).

        The first column is ``first``, the last is ``last``, and the mean of a row is ``lmg``. A
        driver whose row is above that of another throughout dominates it whatever the others.
        """
        sizes = pd.RangeIndex(len(self.vif), name="others")
        return pd.DataFrame(self.by_size.copy(), self._index(), sizes)

    @checked
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
            over the resamples (``best``, ``worst``), and ``resample_share_first``, the
            share of resamples in which it ranks first, which is not the probability that it is
            the first.

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
        >>> found = attributes.key_drivers(drivers, "CUSA1", data=survey, n_resamples=500, rng=1)
        >>> found.ranks()["rank"].to_list()
        [1, 2, 3]
        """
        check_choice("measure", measure, Measure)
        p = len(self.vif)
        start = MEASURES.index(measure) * p
        values = self.estimates.estimate[start : start + p]
        replicates = self._replicates()[:, start : start + p]
        if measure == "standardised":
            values, replicates = np.abs(values), np.abs(replicates)
        places = _ranks(replicates)
        tail = (1 - self.estimates.level) / 2
        best, worst = np.quantile(places, [tail, 1 - tail], axis=0, method="nearest")
        return pd.DataFrame(
            {
                "rank": _ranks(values[None])[0],
                "best": best,
                "worst": worst,
                "resample_share_first": (places == 1).mean(axis=0),
            },
            self._index(),
        )

    @checked
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
        >>> found = attributes.key_drivers(drivers, "CUSA1", data=survey, n_resamples=500, rng=1)
        >>> apart = found.difference("PERQ1", "PERV2")
        >>> bool(apart["ci_low"] > 0)
        True
        """
        check_choice("measure", measure, Measure)
        self._replicates()
        for name in (first, second):
            if name not in self._names():
                known = ", ".join(self._names())
                raise OptionError(f"there is no driver {name!r}; the drivers are {known}")
        return self.estimates.difference((measure, first), (measure, second))

    def _title(self) -> str:
        return f"Drivers of {self.target}"

    def _brief(self) -> str:
        n = count_of(len(self.vif), "driver")
        return (
            f"{n} of {self.target}, {count_of(self.n_obs, 'respondent')}, R2 {self.r_squared:.3f}"
        )

    def _facts(self) -> Facts:
        return (
            ("target", self.target),
            ("R2", f"{self.r_squared:.3f} (adjusted {self.r_squared_adjusted:.3f})"),
            ("orders", "all" if self.n_orders is None else f"{self.n_orders} drawn"),
        )

    def _tables(self) -> Sequence[Table]:
        tables = [
            table_of("Importance", self.drivers.reset_index()),
            table_of("Shares of R2", self.shares.reset_index()),
        ]
        if self.n_resamples:
            rows = self.importance.query("measure == 'lmg_share'")
            rows = rows.drop(columns=["measure", "p_value"])
            tables.append(table_of("Shares of R2 by LMG", rows))
        return tables

    def _remarks(self) -> Sequence[str]:
        remarks = [
            "Pratt, relative weights and LMG add up to R2; the others do not.",
            "What goes together with satisfaction need not be a cause of it.",
        ]
        pratt = self._measures()[MEASURES.index("pratt")]
        if negative := [self._names()[k] for k in np.flatnonzero(pratt < 0)]:
            remarks.append(
                f"Pratt is negative for {enumerate_names(negative)}: the coefficient and the "
                "correlation have different signs, because of the other drivers."
            )
        if self.n_orders is not None:
            remarks.append(
                "LMG rests on drawn orders; its standard error from that is at most "
                f"{self.monte_carlo_error.max():.2g}."
            )
        return remarks

    def _coefficients(self) -> EstimateTable:
        return self.estimates

    def _measures(self) -> FloatArray:
        """Return the measures (6, p)."""
        p = len(self.vif)
        return self.estimates.estimate[: len(MEASURES) * p].reshape(len(MEASURES), p)

    def _names(self) -> tuple[str, ...]:
        return self.estimates.labels["driver"][: len(self.vif)]

    def _index(self) -> pd.Index:
        return pd.Index(self._names(), name="driver")


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks (b, p) from 1 for the largest; values equal but for rounding share the better rank."""
    size = np.abs(values).max(axis=1)[:, None, None]
    ahead: FloatArray = exceeds(values[:, None, :], values[:, :, None], size=size).sum(axis=2) + 1
    return ahead
