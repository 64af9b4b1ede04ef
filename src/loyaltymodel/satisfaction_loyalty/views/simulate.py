"""Customers in a world in which one of the rival views is true."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.options import check_choice, check_count
from loyaltymodel._core.signature import checked
from loyaltymodel.jones_sasser.curves.curve import curve
from loyaltymodel.jones_sasser.curves.families import logistic
from loyaltymodel.jones_sasser.estimation.simulate import simulate
from loyaltymodel.satisfaction_loyalty.views.result import ViewName

_TRUST = (0.2, 0.6, 0.15)  # constant, slope and spread of the mediator


@checked
def simulate_views(
    view: ViewName,
    n: int,
    *,
    levels: int | None = 10,
    trials: int | None = None,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Return customers of a world in which a view of satisfaction and loyalty is true.

    Parameters
    ----------
    view : {"direct", "weak", "unrelated", "partial mediation", "full mediation", "threshold", \
"bonds weaken", "captive share"}
        The view that is true.
    n : int
        Number of customers.
    levels : int, optional
        Number of equally spaced answers about satisfaction; None for a continuous score.
    trials : int, optional
        How often each customer can stay or leave; without it once.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    DataFrame
        ``satisfaction`` as a share of its scale, ``mediator``, ``bond`` (0 to 1),
        ``probability`` of staying, and ``stayed``: 1 or 0, or how often.

    Raises
    ------
    OptionError
        If there is no such view, or a number is none.

    Notes
    -----
    In every world satisfaction s is normal with mean 0.65 and standard deviation 0.2, held
    within 0 and 1; the mediator is m = 0.2 + 0.6 s plus normal noise of standard deviation 0.15;
    the bond b is uniform and has nothing to do with either. Loyalty is:

    ==================== ====================================================
    view                 probability of staying
    ==================== ====================================================
    unrelated            logistic(b - 0.5)
    weak                 logistic(s + b - 1.15)
    direct               logistic(6 s + b - 4)
    partial mediation    logistic(4 s + 5 m + b - 6)
    full mediation       logistic(8 m + b - 5)
    bonds weaken         logistic(8 s + 5 b - 7 s b - 5)
    threshold            c + (1 - c) g, g from 0 over 0.1 at s = 0.65 to 0.95
    captive share        c + (1 - c) 0.95 s^4
    ==================== ====================================================

    with c = logistic(3 b - 2.5) in the last two.

    Examples
    --------
    >>> from loyaltymodel import satisfaction_loyalty
    >>> people = satisfaction_loyalty.simulate_views("direct", 4, rng=1)
    >>> people.columns.tolist()
    ['satisfaction', 'mediator', 'bond', 'probability', 'stayed']
    """
    check_choice("view", view, ViewName)
    check_count("n", n, least=1)
    if trials is not None:
        check_count("trials", trials, least=1)
    random = np.random.default_rng(rng)
    s = simulate(n, levels=levels, rng=random)["satisfaction"].to_numpy()
    constant, slope, spread = _TRUST
    mediator = constant + slope * s + spread * random.standard_normal(n)
    bond = random.random(n)
    probability = probability_of(view, s, mediator, bond)
    return pd.DataFrame(
        {
            "satisfaction": s,
            "mediator": mediator,
            "bond": bond,
            "probability": probability,
            "stayed": random.binomial(1 if trials is None else trials, probability),
        }
    )


def probability_of(view: ViewName, s: FloatArray, m: FloatArray, b: FloatArray) -> FloatArray:
    """Return the probability of staying by satisfaction, mediator and bond, (n,) each."""
    log_odds = {
        "unrelated": b - 0.5,
        "weak": s + b - 1.15,
        "direct": 6 * s + b - 4,
        "partial mediation": 4 * s + 5 * m + b - 6,
        "full mediation": 8 * m + b - 5,
        "bonds weaken": 8 * s + 5 * b - 7 * s * b - 5,
    }
    if view in log_odds:
        return logistic(log_odds[view])
    free = (
        curve("hinge", {"hi": 0.95, "share": 0.1 / 0.95, "tau": 0.65})
        if view == "threshold"
        else curve("power", {"hi": 0.95, "k": 4.0})
    )
    found: FloatArray = free.loyalty(s, constraint=logistic(3 * b - 2.5))
    return found
