"""How much to spend on a complaint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenMapping, Numbers
from loyaltymodel._core.draws import POSITIVE, SHARE, stack_of, table_of_rows
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_positive
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.kernels import rate_at
from loyaltymodel.economics.complaints.result import RecoverySpend
from loyaltymodel.errors import OptionError

_QUANTITIES = ("spend", "return_share", "net_value", "gain", "break_even_value")
_PARAMETERS = ("value", "ceiling", "floor", "steepness")


@checked
def recovery_spend(
    curve: ResponseCurve,
    value: float,
    *,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> RecoverySpend:
    """Return how much should be spent on a complaint (服务补救投入).

    Parameters
    ----------
    curve : ResponseCurve
        Which share of complainants comes back for which spending on a complaint; its floor is
        the share that comes back without any.
    value : float
        What a customer who comes back is worth, in money, above 0.
    draws : mapping from name to array of shape (b,), optional
        Joint draws of "value", "ceiling", "floor" and "steepness", or some of them.
    level : float
        Confidence level of the intervals between percentiles of the draws.

    Returns
    -------
    RecoverySpend
        The best spending, what it brings, and how both move with what is supposed.

    Raises
    ------
    OptionError
        If a number or a draw is outside its range, or a draw has a floor above its ceiling.

    See Also
    --------
    ResponseCurve : How the curve is calibrated from one or two points.
    complaint_flow : What handled complaints save in total.

    Notes
    -----
    The net value of a complaint, V rho(s) - s with rho(s) = f + (c - f) (1 - exp(-k s)), is
    largest at s* = ln(k V (c - f)) / k if that is above 0, and else at 0: then already the first
    unit of money brings less than it costs, V k (c - f) <= 1. At s* it is V c - (1 + ln(k V
    (c - f))) / k. The derivatives by ln V are 1 / k and V rho(s*), by ln c they are c / (k (c - f))
    and V c (1 - exp(-k s*)), by ln f they are -f / (k (c - f)) and V f exp(-k s*), by ln k
    (1 - ln(k V (c - f))) / k and s*. The form of the curve is that of Blattberg and Deighton
    for acquisition [1]_; that it holds for complaints is supposed.

    References
    ----------
    .. [1] Blattberg, R. C., & Deighton, J. (1996). Manage marketing by the customer equity test.
       Harvard Business Review, 74(4), 136-144.

    Examples
    --------
    Without anything 10 % come back, for 20 on a complaint 70 %, never more than 95 %. For a
    customer worth 200 it pays to spend 38:

    >>> from loyaltymodel import economics
    >>> curve = economics.ResponseCurve.calibrated(20, 0.7, ceiling=0.95, floor=0.1)
    >>> found = economics.recovery_spend(curve, 200)
    >>> found.quantities.round(3)
               quantity  estimate
    0             spend    38.275
    1      return_share     0.868
    2         net_value   135.382
    3              gain   115.382
    4  break_even_value    19.227
    """
    check_level(level)
    check_positive("value", value)
    numbers = {
        "value": value, "ceiling": curve.ceiling, "floor": curve.floor,
        "steepness": curve.steepness,
    }  # fmt: skip
    bounds = {"value": POSITIVE, "ceiling": SHARE, "floor": SHARE, "steepness": POSITIVE}
    stack = stack_of(numbers, draws, bounds=bounds)
    if (wrong := stack["floor"] >= stack["ceiling"]).any():
        k = int(np.argmax(wrong))
        raise OptionError(
            f"draw {k - 1} has a floor of {stack['floor'][k]:.4g} and a ceiling of "
            f"{stack['ceiling'][k]:.4g}; the floor must lie below the ceiling"
        )
    pairs = [(name, quantity) for name in _PARAMETERS for quantity in ("spend", "net_value")]
    by = {"parameter": [n for n, _ in pairs], "quantity": [q for _, q in pairs]}
    return RecoverySpend(
        level=level,
        estimates=table_of_rows({"quantity": _QUANTITIES}, _best(stack), level=level),
        sensitivity=EstimateTable(
            labels=FrozenMapping({n: tuple(v) for n, v in by.items()}),
            estimate=_sensitivity(stack)[0],
            level=level,
        ),
    )


def _best(stack: Mapping[str, FloatArray]) -> FloatArray:
    """Return the quantities (m, 5) of the best spending."""
    value, c, f, k = (stack[name] for name in _PARAMETERS)
    at_first = k * value * (c - f)  # what the first unit of money brings
    spend = np.where(at_first > 1, np.log(np.maximum(at_first, 1.0)) / k, 0.0)
    share = rate_at(spend, c, k, f)
    net = value * share - spend
    return np.stack([spend, share, net, net - value * f, 1 / (k * (c - f))], axis=-1)


def _sensitivity(stack: Mapping[str, FloatArray]) -> FloatArray:
    """Return derivatives (m, 8) of best spend and net value by the logarithm of each parameter."""
    value, c, f, k = (stack[name] for name in _PARAMETERS)
    best = _best(stack)
    spend, share = best[:, 0], best[:, 1]
    left = np.exp(-k * spend)
    inner = spend > 0
    by_spend = [1 / k, c / (k * (c - f)), -f / (k * (c - f)), 1 / k - spend]
    by_net = [
        value * share,
        value * c * (1 - left),
        value * f * left,
        value * (c - f) * k * spend * left,
    ]
    pairs = zip(by_spend, by_net, strict=True)
    return np.stack([part for own, net in pairs for part in (own * inner, net)], axis=-1)
