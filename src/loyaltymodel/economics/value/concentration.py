"""How unequal the worth of customers is: Lorenz curve, Gini's coefficient, the best few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.counts import skewness_of
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, skewed
from loyaltymodel._core.options import check_between, count_of
from loyaltymodel._core.results import Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables
from loyaltymodel.economics.value import kernels
from loyaltymodel.errors import DataError, NotIdentifiedError

_POINTS = 200  # of the curve that is kept
_FEWEST = 3  # customers for a skewness


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ValueConcentration(Result):
    """How the value of a base is spread over its customers; made by :func:`value_concentration`.

    Attributes
    ----------
    n_obs, n_dropped : int
        Customers used, and left out because their value was missing.
    level : float
        Confidence level of the intervals.
    total : float
        Value of all customers, in money: the customer equity.
    lorenz : ndarray of shape (m, 2)
        Share of customers, those worth least first, and their share of the total.
    estimates : EstimateTable
        By ``quantity`` and ``share``: "gini", and for each share of the best customers
        "top_share", their part of the total.

    Examples
    --------
    >>> from loyaltymodel import economics
    >>> economics.value_concentration([1, 1, 1, 1, 6], shares=[0.2])
    <ValueConcentration: Gini 0.40, 5 customers>
    """

    made_by: ClassVar[str] = "value_concentration()"
    people: ClassVar[str] = "customers"

    n_obs: int
    n_dropped: int
    level: float
    total: float
    lorenz: FloatArray
    estimates: EstimateTable

    @property
    def quantities(self) -> pd.DataFrame:
        """A row for Gini's coefficient and for each share of the best customers.

        ``quantity``, ``share`` of customers (NaN for the coefficient), ``estimate``,
        ``std_error``, ``ci_low``, ``ci_high``.
        """
        frame = self.estimates.frame()
        frame["share"] = pd.to_numeric(frame["share"])
        return frame

    def _title(self) -> str:
        return "Concentration of value"

    def _brief(self) -> str:
        gini = self.estimates.estimate[0]
        return f"Gini {gini:.2f}, {count_of(self.n_obs, 'customer')}"

    def _tables(self) -> tuple[Table, ...]:
        return (table_of("Concentration", self.quantities, n_labels=2),)

    def _remarks(self) -> tuple[str, ...]:
        sample = "The intervals are those of customers drawn from a larger base; "
        return (f"{sample}where these are all customers there are, the numbers are what they are.",)


@checked
def value_concentration(
    value: Variable,
    *,
    shares: Sequence[float] = (0.1, 0.2),
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> ValueConcentration:
    """Return how the value of a base is spread over its customers (客户价值集中度).

    Parameters
    ----------
    value : array or Series of shape (n,), or str
        What each customer is worth, in money; may be below 0, with a total above 0.
    shares : sequence of float
        Shares of the best customers, between 0 and 1, whose part of the total is asked for.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where ``value`` is the name of a column.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the customer out.

    Returns
    -------
    ValueConcentration
        Gini's coefficient, parts of the best, the Lorenz curve.

    Raises
    ------
    DataError
        If a value is missing or infinite, there are fewer than three customers, or the total is
        not above 0.
    NotIdentifiedError
        If all customers are worth the same, so that nothing is concentrated.
    OptionError
        If an option is outside its range.

    Notes
    -----
    L(p) is the part of the total that the share p of the customers worth least bring. Gini's
    coefficient is 1 - 2 times the area below L, and the best share p brings 1 - L(1 - p), between
    customers on a straight line. Both are moved by each customer by a known amount, whose mean has
    Hall's interval for what is skewed. With customers of negative value L dips below 0, and the
    best bring more than everything.

    In simulated bases of 400 customers 95 % intervals held the truth in 93 % to 95 %; of 100
    customers in 92 % to 94 % where value is exponential, but only in 88 % to 90 % where it is
    log-normal with a spread of 1 of the logarithm: the few who matter most are often not seen.

    Examples
    --------
    Of 10 in all one customer of five brings 6. The area below L is a triangle and what stands on
    it: L is 0.1, 0.2, 0.3, 0.4, 1 at fifths, so 2 * 0.3 = 0.6 and Gini 0.4.

    >>> from loyaltymodel import economics
    >>> found = economics.value_concentration([1, 1, 1, 1, 6], shares=[0.2])
    >>> found.quantities[["quantity", "share", "estimate"]]
        quantity  share  estimate
    0       gini    NaN       0.4
    1  top_share    0.2       0.6
    """
    check_level(level)
    for share in shares:
        check_between("each of shares", share, such_as=0.2)
    read = read_variables({"value": value}, data=data, missing=missing)
    worth = np.asarray(read["value"], np.float64)
    if len(worth) < _FEWEST:
        raise DataError(f"there are {count_of(len(worth), 'customer')}; give at least {_FEWEST}")
    if not worth.sum() > 0:
        raise DataError(f"the total value is {worth.sum():g}; shares of a total need one above 0")
    if worth.max() == worth.min():
        raise NotIdentifiedError("all customers are worth the same; nothing is concentrated")
    found = [kernels.gini(worth), *(kernels.top_share(worth, share) for share in shares)]
    estimate = np.array([value for value, _ in found])
    moved = np.array([moves for _, moves in found])
    error = moved.std(axis=1, ddof=1) / np.sqrt(len(worth))
    skewness = np.array([skewness_of(moves) for moves in moved])
    ends = skewed(estimate, error, skewness, len(worth) - 1.0, level=level)
    people, money = kernels.lorenz(worth)
    kept = np.unique(np.linspace(0, len(worth), min(len(worth), _POINTS) + 1).round().astype(int))
    labels = {
        "quantity": ("gini", *["top_share"] * len(shares)),
        "share": (float("nan"), *map(float, shares)),
    }
    return ValueConcentration(
        n_obs=read.n_rows,
        n_dropped=read.n_dropped,
        level=level,
        total=float(worth.sum()),
        lorenz=np.column_stack([people, money])[kept],
        estimates=EstimateTable(
            labels=FrozenMapping(labels),
            estimate=estimate,
            std_error=error,
            ci_low=ends.low,
            ci_high=ends.high,
            level=level,
            method="Hall",
        ),
    )
