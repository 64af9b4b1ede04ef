"""What a customer is worth who brings others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.draws import AMOUNT, SHARE, Bound, stack_of, table_of_rows
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_count
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import NotIdentifiedError

_QUANTITIES = (
    "customers_won", "chain_customers", "direct_value", "chain_value", "total_value",
)  # fmt: skip


@checked
def referral_value(
    value: float,
    *,
    leads: float,
    conversion: float,
    refer_share: float,
    discount: float,
    generations: int | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return what customers are worth who bring others, who bring others in turn (推荐价值).

    Parameters
    ----------
    value : float
        What a customer is worth without any referrals, in money, such as a lifetime value.
    leads : float
        Prospects whom a customer brings who refers at all, 0 or more.
    conversion : float
        Share of those prospects who become customers.
    refer_share : float
        Share of customers who refer; those whom they won do so as well.
    discount : float
        Rate of interest, above -1, for the time between a customer and those whom he brings.
    generations : int, optional
        How far the chain is followed, 1 for those whom the customer brings; without end if it
        is not given.
    draws : mapping from name to array of shape (b,), optional
        Joint draws of some of the numbers.
    level : float
        Confidence level of the intervals between percentiles of the draws.

    Returns
    -------
    DataFrame
        ``quantity`` and ``estimate`` per customer, with intervals if there are draws:
        "customers_won" whom a customer brings, "chain_customers" with all who follow,
        "direct_value" of the first and "chain_value" of all of them, discounted, and
        "total_value" with the customer's own.

    Raises
    ------
    NotIdentifiedError
        If each customer brings one or more and the chain has no end, so that there is no sum.
    OptionError
        If a number or a draw is outside its range.

    See Also
    --------
    spread : How many hear of it.

    Notes
    -----
    Each customer wins R = refer_share * leads * conversion others on average, who are worth
    R V / (1 + d). Those win R each, and so on: R + R^2 + ... = R / (1 - R) customers if R is below
    1, with the value V x / (1 - x), x = R / (1 + d). What others bring is counted once, here, with
    the customer who began; adding up such values over all customers counts it many times.

    Examples
    --------
    A text says that a satisfied customer brings 8 deals of which at least one closes. If all
    customers did so and all who were won again, the firm would double without end:

    >>> from loyaltymodel import economics
    >>> numbers = {"leads": 8, "conversion": 0.125, "discount": 0.0}
    >>> economics.referral_value(100, refer_share=1, generations=3, **numbers)
              quantity  estimate
    0    customers_won       1.0
    1  chain_customers       3.0
    2     direct_value     100.0
    3      chain_value     300.0
    4      total_value     400.0

    If one in five does, each brings 0.2, with all who follow 0.25:

    >>> economics.referral_value(100, refer_share=0.2, **numbers).round(6)["estimate"].tolist()
    [0.2, 0.25, 20.0, 25.0, 125.0]
    """
    check_level(level)
    if generations is not None:
        check_count("generations", generations, least=1)
    numbers = {
        "value": value, "leads": leads, "conversion": conversion, "refer_share": refer_share,
        "discount": discount,
    }  # fmt: skip
    bounds = {
        "value": AMOUNT, "leads": AMOUNT, "conversion": SHARE, "refer_share": SHARE,
        "discount": Bound(-1.0, open_low=True),
    }  # fmt: skip
    stack = stack_of(numbers, draws, bounds=bounds)
    won = _won(stack)
    discounted = won / (1 + stack["discount"])
    if generations is None and (endless := np.maximum(won, discounted) >= 1).any():
        k = int(np.argmax(endless))
        where = "" if k == 0 else f" in draw {k - 1}"
        raise NotIdentifiedError(
            f"each customer brings one or more others{where} ({won[k]:.4g}, discounted "
            f"{discounted[k]:.4g}), so that the chain grows without end; give generations="
        )

    def compute(numbers: Mapping[str, FloatArray]) -> FloatArray:
        won = _won(numbers)
        x = won / (1 + numbers["discount"])
        worth = numbers["value"]
        chain, direct = worth * _geometric(x, generations), worth * x
        return np.stack([won, _geometric(won, generations), direct, chain, worth + chain], axis=-1)

    return table_of_rows({"quantity": _QUANTITIES}, compute(stack), level=level).frame()


def _won(stack: Mapping[str, FloatArray]) -> FloatArray:
    return np.asarray(stack["refer_share"] * stack["leads"] * stack["conversion"])


def _geometric(x: FloatArray, n: int | None) -> FloatArray:
    """Return x + x^2 + ... up to x^n, or without end."""
    if n is None:
        return x / (1 - x)
    apart = np.where(x == 1, 0.5, 1 - x)
    return np.where(x == 1, float(n), x * (1 - x**n) / apart)
