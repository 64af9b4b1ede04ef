"""Panels and purchases drawn from a chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.labels import in_order_of
from loyaltymodel._core.options import check_count, check_positive, shown
from loyaltymodel._core.variables import read_numbers
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.movement.stages import Start

if TYPE_CHECKING:
    from loyaltymodel.loyalty_stage.movement.chain import MarkovChain

_MOST_ROWS = 100_000_000


def panel(
    chain: MarkovChain,
    n: int,
    n_periods: int,
    *,
    start: Start | None,
    rng: np.random.Generator | int | None,
) -> pd.DataFrame:
    """Return where each customer is in each period."""
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


def purchases(
    chain: MarkovChain,
    n: int,
    *,
    rate: float,
    window: tuple[str, str],
    start: Start | None,
    prices: Sequence[float] | Mapping[str, float] | None,
    rng: np.random.Generator | int | None,
) -> pd.DataFrame:
    """Return what each customer buys when: as many purchases as a Poisson law says."""
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


def _check_rows(rows: float, what: str) -> None:
    if rows > _MOST_ROWS:
        raise OptionError(
            f"{what} are about {rows:.2g} rows, more than a table can hold; ask for at most "
            f"{_MOST_ROWS:,}"
        )


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
