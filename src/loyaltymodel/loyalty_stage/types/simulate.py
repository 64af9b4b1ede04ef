"""Customers whose true scores, and so whose true types of loyalty, are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.options import check_choice, check_count, check_finite, is_number, shown
from loyaltymodel._core.quadrant_sorting import Randomness, reliabilities, two_numbers
from loyaltymodel._core.quadrants import Ties, cell_codes, quadrants
from loyaltymodel._core.scales import Pair, by_variable
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.types.schemes import SCHEMES, Matrix

_LARGEST = 1e100  # beyond it, what is drawn leaves the numbers of a computer


@checked
def simulate_types(
    n: int,
    *,
    matrix: Matrix = "dick_basu",
    means: Pair = (6.0, 6.0),
    sds: Pair = (2.0, 2.0),
    correlation: float = 0.5,
    reliability: Pair | Mapping[str, float] = (0.8, 0.8),
    cuts: float | Mapping[str, float] = 5.5,
    ties: Ties = "high",
    rng: Randomness = None,
) -> pd.DataFrame:
    """Return customers of known true scores, and thus of known types.

    True scores are normal, and observed ones have normal errors of measurement on top, which
    are independent of everything else. Neither is held within a scale.

    Parameters
    ----------
    n : int
        Number of customers.
    matrix : {"relative_attitude", "dick_basu", "knox", "ultimate_loyalty"}
        Which matrix says what the variables are called and which cell is which type.
    means, sds : pair of float
        Means and standard deviations of the true scores.
    correlation : float
        Correlation of the true scores, between -1 and 1.
    reliability : pair of float, or mapping from variable to float
        Share of the variance of each observed score that is not error, above 0 to 1.
    cuts : float, or mapping from variable to float
        From where on a true score is high: one for both, or by name.
    ties : {"high", "low"}
        Where a true score belongs that equals its cut-off.
    rng : numpy Generator or int, optional
        Randomness.

    Returns
    -------
    DataFrame
        The two variables by their names, such as ``attitude`` and ``patronage``, the same with
        ``true_`` in front, and ``true_type`` as ordered categories.

    Raises
    ------
    OptionError
        If an option is not one of its choices or out of its range.

    Examples
    --------
    With reliabilities of 0.8 four fifths of the observed variance are true, here 4 of 5.

    >>> from loyaltymodel import loyalty_stage
    >>> people = loyalty_stage.simulate_types(100_000, rng=1)
    >>> people[["true_attitude", "attitude"]].var().round(1).tolist()
    [4.0, 5.0]
    """
    check_count("n", n, least=1)
    check_choice("matrix", matrix, Matrix)
    check_choice("ties", ties, Ties)
    mean, sd = _finite("means", means), _finite("sds", sds)
    if not all(s > 0 for s in sd):
        raise OptionError(f"sds={shown(sds)} must both be above 0, such as (2, 2)")
    if not is_number(correlation) or not -1 < correlation < 1:
        raise OptionError(
            f"correlation={shown(correlation)} must lie between -1 and 1, such as 0.5"
        )
    scheme = SCHEMES[matrix]
    cut = by_variable("cuts", cuts, dict.fromkeys(scheme.variables, 5.5))
    for name, value in cut.items():
        check_finite(f"cuts[{name!r}]", value, way_out=", such as 5.5")
    shares = reliabilities(reliability, scheme.variables)
    if shares is None:
        raise OptionError("reliability=None says nothing; give (1, 1) for scores without error")
    random = np.random.default_rng(rng)
    z = random.standard_normal((n, 2))
    z[:, 1] = correlation * z[:, 0] + np.sqrt(1 - correlation**2) * z[:, 1]
    spread, r = np.array(sd), np.array(shares)
    true = np.array(mean) + spread * z
    observed = true + spread * np.sqrt((1 - r) / r) * random.standard_normal((n, 2))
    grid = quadrants(*(np.array(float(cut[v])) for v in scheme.variables), ties=ties)
    cell = cell_codes(true[:, 0], true[:, 1], grid)
    kind = pd.CategoricalDtype(list(scheme.types), ordered=True)
    places = scheme.merge(with_outside=False)[0].argmax(axis=1)
    first, second = scheme.variables
    return pd.DataFrame(
        {
            first: observed[:, 0],
            second: observed[:, 1],
            f"true_{first}": true[:, 0],
            f"true_{second}": true[:, 1],
            "true_type": pd.Categorical.from_codes(places[cell], dtype=kind),
        }
    )


def _finite(name: str, value: Any) -> Pair:
    numbers = two_numbers(value)
    if numbers is None or not (np.abs(numbers) <= _LARGEST).all():
        raise OptionError(
            f"{name}={shown(value)} must be two numbers, none beyond {_LARGEST:g}, such as (6, 6)"
        )
    return numbers
