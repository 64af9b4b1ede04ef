"""Panels and purchases of a known truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from string import ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.labels import in_order_of
from loyaltymodel._core.options import check_count, check_positive, shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.movement.chain import MarkovChain, Start
from loyaltymodel.loyalty_stage.movement.estimate import markov_chain, names_of
from loyaltymodel.loyalty_stage.movement.stages import StageNames

_MOST_ROWS = 100_000_000


@checked
def simulate_panel(
    matrix: Any,
    n: int,
    *,
    n_periods: int,
    start: Start | None = None,
    stages: StageNames | None = None,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return a panel of customers who move by a known chain (模拟面板数据).

    Parameters
    ----------
    matrix : MarkovChain, or array-like of shape (k, k)
        The true transitions.
    n : int
        Number of customers, at least 1.
    n_periods : int
        How often everybody is seen, at least 2.
    start : str, or mapping from stage to number, optional
        Where customers start; without it everybody starts in the first stage.
    stages : Stages or sequence of str or of int, optional
        The stages of an array; see :func:`markov_chain`.
    rng : numpy.random.Generator, int or None
        Source of randomness; an int is a seed, None takes fresh entropy.

    Returns
    -------
    DataFrame
        A row a customer and date: ``customer`` and ``date`` from 0 on, and ``stage``.

    Raises
    ------
    DataError
        If the matrix is no transition matrix, or there is no such stage.
    OptionError
        If a number is not allowed, or stages are given for a chain, which has its own.

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> panel = loyalty_stage.simulate_panel(
    ...     [[0, 1], [0, 1]], 2, n_periods=3, stages=["new", "loyal"], rng=1
    ... )
    >>> panel["stage"].tolist()
    ['new', 'loyal', 'loyal', 'new', 'loyal', 'loyal']
    """
    chain = _chain(matrix, stages)
    check_count("n", n, least=1)
    check_count("n_periods", n_periods, least=2)
    _check_rows(n * n_periods, f"n={n} customers seen at n_periods={n_periods}")
    shares = chain.start_shares(chain.stages.names[0] if start is None else start)
    generator = np.random.default_rng(rng)
    seen = np.empty((n, n_periods), dtype=np.intp)
    seen[:, 0] = _choose(np.broadcast_to(shares, (n, len(shares))), generator)
    for t in range(1, n_periods):
        seen[:, t] = _choose(chain.matrix[seen[:, t - 1]], generator)
    names = np.array(chain.stages.names, dtype=object)
    return pd.DataFrame(
        {
            "customer": np.repeat(np.arange(n), n_periods),
            "date": np.tile(np.arange(n_periods), n),
            "stage": names[seen.ravel()],
        }
    )


@checked
def simulate_purchases(
    switching: Any,
    n: int,
    *,
    rate: float,
    window: tuple[str, str] = ("2024-01-01", "2025-01-01"),
    brands: Sequence[str] | None = None,
    start: Start | None = None,
    prices: Sequence[float] | Mapping[str, float] | None = None,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return purchases of customers who change brands by known probabilities (模拟购买记录).

    Parameters
    ----------
    switching : MarkovChain, or array-like of shape (k, k)
        Probability that a purchase of the row's brand is followed by one of the column's. Its
        diagonal holds the true repeat rates.
    n : int
        Number of customers, at least 1. Those who happen to buy nothing are not in the table.
    rate : float
        Mean number of purchases of a customer in the window, above 0; the number is Poisson.
    window : pair of str
        First day, and the day after the last.
    brands : sequence of str, optional
        Names of the brands; A, B, C and so on by default.
    start : str, or mapping from brand to number, optional
        What customers buy first; without it the shares of the steady state.
    prices : sequence of float, or mapping from brand to number, optional
        Amount of a purchase of each brand, 0 or more; 1 by default.
    rng : numpy.random.Generator, int or None
        Source of randomness; an int is a seed, None takes fresh entropy.

    Returns
    -------
    DataFrame
        A row a purchase, by customer, then time: ``customer``, ``date`` with the time of day,
        ``brand``, ``amount``.

    Raises
    ------
    DataError
        If the matrix is no transition matrix, there is no such brand, or prices do not fit.
    NotIdentifiedError
        If no ``start`` is given and the chain has no steady state.
    OptionError
        If a number or the window is not allowed, or nobody happened to buy.

    Examples
    --------
    >>> from loyaltymodel import customer_base, loyalty_stage
    >>> bought = loyalty_stage.simulate_purchases([[0.8, 0.2], [0.4, 0.6]], 5000, rate=6, rng=1)
    >>> behaviour, _ = customer_base.purchase_behaviour(
    ...     data=bought, window=("2024-01-01", "2025-01-01")
    ... )
    >>> behaviour.brands["repeat_rate"].round(2).tolist()
    [0.8, 0.6]
    """
    chain = _chain(switching, _brand_names(switching, brands))
    check_count("n", n, least=1)
    check_positive("rate", rate)
    _check_rows(n * rate, f"n={n} customers at rate={rate:.12g}")
    begin, length = _span(window)
    paid = _prices(prices, chain.stages.names)
    shares = (
        chain.steady_state()["estimate"].to_numpy() if start is None else chain.start_shares(start)
    )
    generator = np.random.default_rng(rng)
    bought = generator.poisson(rate, n)
    total = int(bought.sum())
    if total == 0:
        raise OptionError(f"nobody bought anything at rate={rate:.12g}; raise the rate or n")
    customer = np.repeat(np.arange(n), bought)
    when = generator.integers(0, length, total)
    when = when[np.lexsort((when, customer))]
    brand = _sequences(chain.matrix, shares, bought, generator)
    names = np.array(chain.stages.names, dtype=object)
    return pd.DataFrame(
        {
            "customer": customer,
            "date": begin + when.astype("timedelta64[us]"),
            "brand": names[brand],
            "amount": paid[brand],
        }
    )


def _choose(shares: FloatArray, generator: np.random.Generator) -> IntArray:
    """Draw one place from each row of probabilities."""
    ends = np.cumsum(shares, axis=1)
    drawn = generator.random(len(shares))[:, None] * ends[:, -1:]
    return np.asarray((drawn >= ends).sum(axis=1), dtype=np.intp)


def _sequences(
    matrix: FloatArray, shares: FloatArray, n: IntArray, generator: np.random.Generator
) -> IntArray:
    """Draw brands of all purchases, one customer after the other; all first ones at once."""
    ends = np.cumsum(n)
    begins = ends - n
    brand = np.empty(int(ends[-1]), dtype=np.intp)
    active = np.flatnonzero(n > 0)
    now = _choose(np.broadcast_to(shares, (len(active), len(shares))), generator)
    place = 0
    while len(active):
        brand[begins[active] + place] = now
        place += 1
        more = n[active] > place
        active = active[more]
        now = _choose(matrix[now[more]], generator)
    return brand


def _chain(matrix: Any, stages: StageNames | None) -> MarkovChain:
    if not isinstance(matrix, MarkovChain):
        return markov_chain(matrix, stages=stages)
    if stages is not None:
        raise OptionError("a chain has its own stages; leave out the names")
    return matrix


def _check_rows(rows: float, what: str) -> None:
    if rows > _MOST_ROWS:
        raise OptionError(
            f"{what} are about {rows:.2g} rows, more than a table can hold; ask for at most "
            f"{_MOST_ROWS:,}"
        )


def _brand_names(switching: Any, brands: Sequence[str] | None) -> Sequence[str] | None:
    if brands is not None or isinstance(switching, MarkovChain) or names_of(switching):
        return brands
    several = isinstance(switching, Sized) and getattr(switching, "ndim", 1) > 0
    k, letters = len(switching) if several else 1, len(ascii_uppercase)
    return [ascii_uppercase[i % letters] + str(i // letters or "") for i in range(k)]


def _span(window: tuple[str, str]) -> tuple[np.datetime64, int]:
    try:
        days = [pd.Timestamp(day).as_unit("us") for day in window]
        begin, end = (day.to_datetime64() for day in days if day.tzinfo is None)
        length = int((end - begin).astype(np.int64))
    except (TypeError, ValueError):
        length = 0
    if length <= 0:
        raise OptionError(
            f"window={shown(window)} is no rising pair of days such as ('2024-01-01', '2025-01-01')"
        )
    return begin, length


def _prices(
    prices: Sequence[float] | Mapping[str, float] | None, brands: tuple[str, ...]
) -> FloatArray:
    if prices is None:
        return np.ones(len(brands))
    return read_numbers("prices", in_order_of("prices", prices, brands), bounds=(0.0, np.inf))
