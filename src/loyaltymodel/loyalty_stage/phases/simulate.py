"""Customers whose true phase is known: true scores, and what is measured of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import SquareTable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.labels import matrix_in_order_of
from loyaltymodel._core.native import NotNumbers, numbers_of
from loyaltymodel._core.options import check_count, shown
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage.phases.indicators import PHASES
from loyaltymodel.loyalty_stage.phases.reading import ByPhase, by_phase, check_phases

_MOST_ROUNDS = 1000
_DEFAULT_MEANS = {"cognitive": 62.0, "affective": 56.0, "conative": 50.0, "action": 44.0}


@checked
def simulate_phases(
    n: int,
    *,
    phases: Sequence[str] = PHASES,
    means: ByPhase | None = None,
    sds: ByPhase = 12.0,
    correlation: SquareTable = 0.6,
    reliability: ByPhase = 0.8,
    rng: np.random.Generator | int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return customers with known true scores, and their scores with error (模拟数据).

    Parameters
    ----------
    n : int
        Number of customers, at least 1.
    phases : sequence of str
        Names of the phases, in order, at least two.
    means : float, sequence of k floats, or mapping from phase to float, optional
        Means of the true scores, 0 to 100. Without it they fall from 62 to 44 for Oliver's
        phases, and are 50 for others.
    sds : float, sequence of k floats, or mapping from phase to float
        Standard deviations of the true scores, 0.1 to 50.
    correlation : float, array of shape (k, k), or DataFrame
        Correlation of true scores: one number for all pairs, or a matrix; a DataFrame names its
        rows and columns by phases, in any order.
    reliability : float, sequence of k floats, or mapping from phase to float
        Reliability of the measurement, 0.01 to 1.
    rng : numpy Generator or int, optional
        Randomness.

    Returns
    -------
    scores : DataFrame
        What is measured, 0 to 100, a row a customer and a column a phase.
    true_scores : DataFrame
        What is true, in the same form.

    Raises
    ------
    OptionError
        If an option is out of its range, the correlations cannot hold together, or most scores
        would fall outside 0 to 100.

    Notes
    -----
    True scores and errors are normal. A customer of whom any score falls outside 0 to 100 is
    drawn again, so nothing is clipped; means, standard deviations and correlations are those
    before that. The standard deviation of an error is sd sqrt((1 - reliability) / reliability).

    Examples
    --------
    >>> from loyaltymodel import loyalty_stage
    >>> scores, true_scores = loyalty_stage.simulate_phases(20_000, reliability=0.7, rng=1)
    >>> list(scores.columns)
    ['cognitive', 'affective', 'conative', 'action']
    >>> round(float(scores["action"].corr(true_scores["action"]) ** 2), 1)
    0.7
    """
    check_count("n", n, least=1)
    names = check_phases(phases)
    if means is None:
        means = [_DEFAULT_MEANS.get(name, 50.0) for name in names]
    centre = by_phase("means", means, names, low=0.0, high=100.0)
    spread = by_phase("sds", sds, names, low=0.1, high=50.0)
    share = by_phase("reliability", reliability, names, low=0.01, high=1.0)
    together = _correlation(correlation, names)
    true_covariance = together * np.outer(spread, spread)
    errors = spread * np.sqrt((1 - share) / share)
    true, observed = _draw(n, centre, true_covariance, errors, np.random.default_rng(rng))
    columns = pd.Index(names, name="phase")
    return pd.DataFrame(observed, columns=columns), pd.DataFrame(true, columns=columns)


def _correlation(value: Any, names: Sequence[str]) -> FloatArray:
    way_out = "give one correlation between -1 and 1, or a correlation matrix in order of phases"
    ordered = matrix_in_order_of("correlation", value, names)
    try:
        found = np.asarray(numbers_of(ordered), dtype=np.float64)
    except NotNumbers:
        raise OptionError(f"correlation={shown(value)} is not numeric; {way_out}") from None
    if not (np.abs(found) <= 1).all():
        raise OptionError(f"correlation={shown(value)} lies outside -1 to 1; {way_out}")
    k = len(names)
    if found.shape == ():
        found = np.where(np.eye(k, dtype=bool), 1.0, found)
    is_matrix = found.shape == (k, k) and np.allclose(found, found.T)
    if not is_matrix or not np.allclose(np.diagonal(found), 1):
        raise OptionError(f"correlation is no correlation matrix of {k} phases; {way_out}")
    if not np.linalg.eigvalsh(found)[0] > 0:
        raise OptionError(f"the correlations cannot hold together; {way_out}")
    return found


def _draw(
    n: int,
    means: FloatArray,
    covariance: FloatArray,
    errors: FloatArray,
    generator: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw true and observed scores (n, k) within 0 to 100; outside are drawn again."""
    k = len(means)
    root = np.linalg.cholesky(covariance)
    true, observed = np.empty((n, k)), np.empty((n, k))
    left, n_redrawn = np.arange(n), 0
    for _ in range(_MOST_ROUNDS):
        true[left] = means + generator.standard_normal((len(left), k)) @ root.T
        observed[left] = true[left] + generator.standard_normal((len(left), k)) * errors
        both = np.hstack([true[left], observed[left]])
        outside = ((both < 0) | (both > 100)).any(axis=1)  # noqa: PLR2004
        left = left[outside]
        n_redrawn += len(left)
        if len(left) == 0:
            return true, observed
        if n_redrawn > n + 10:
            break
    raise OptionError(
        f"most customers would have scores outside 0 to 100 (means {means.round(1).tolist()}); "
        "take means nearer to 50, smaller sds or a higher reliability"
    )
