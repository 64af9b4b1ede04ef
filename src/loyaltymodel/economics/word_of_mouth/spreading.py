"""How word of mouth spreads from those who begin to those who heard it from others."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_count, check_finite, check_share
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.word_of_mouth.audience import Audience, law_of
from loyaltymodel.economics.word_of_mouth.kernels import (
    Complex,
    end_probability,
    generations_of,
    law_of_generation,
    law_of_total,
    probabilities,
    quantiles_of,
    total_moments,
)
from loyaltymodel.economics.word_of_mouth.result import Spread
from loyaltymodel.errors import OptionError

_MOST = 200  # generations


@checked
def spread(
    audience: Audience,
    *,
    seeds: int,
    generations: int,
    retell_share: float,
    lost_share: float | None = None,
    value: float | None = None,
    level: float = 0.95,
) -> Spread:
    """Return how far word of mouth reaches, generation by generation (口碑传播).

    Parameters
    ----------
    audience : Audience
        How many people somebody tells who tells it at all.
    seeds : int
        Customers with whom it begins, 1 or more.
    generations : int
        How often it is passed on: 1 for those who hear it from the seeds, 2 also for those who
        hear it from them, and so on.
    retell_share : float
        Share of those who heard it who tell it in their turn, 0 to 1.
    lost_share : float, optional
        Share of those who heard it whose purchase is lost by that, 0 to 1; or won, if the word
        is a good one.
    value : float, optional
        What such a purchase is worth, in money.
    level : float
        Probability with which the reach lies between ``lower`` and ``upper``.

    Returns
    -------
    Spread
        By generation and in total how many hear it: mean, standard deviation and quantiles; and
        the probability that it dies out.

    Raises
    ------
    OptionError
        If a number is outside its range, or a value is given without a share.

    See Also
    --------
    estimate_audience : The audience from a survey.
    word_of_mouth : Who speaks at all, by satisfaction.

    Notes
    -----
    A branching process (Galton and Watson). Each seed tells Z people, Z from the audience with
    mean m, variance s^2 and generating function G. Each hearer tells it with probability q, and
    then Z others: an offspring with mean mu = q m, variance q (s^2 + m^2) - mu^2 and generating
    function F(x) = 1 - q + q G(x). The reach of generation g has the mean seeds m mu^(g - 1) and,
    if everybody retells it (q = 1), for one seed the variance s^2 m^(g - 1) (m^g - 1) / (m - 1), or
    g s^2 if m is 1 [1]_. For mu below 1 all generations together reach seeds m / (1 - mu). It dies
    out with probability G(x)^seeds, x the smallest root of F(x) = x: surely if mu is at most 1,
    unless each tells exactly one.

    Probabilities are coefficients of the generating functions, G(F(F(...)))^seeds for a generation
    and the like for the total, found by the discrete Fourier transform from their values on the
    unit circle. Where more than four million numbers would be needed, quantiles are NaN.

    Nobody is told twice: people are without end. Of few people who know each other everybody has
    soon heard it, so that means far above their number are a sign of a wrong question. On the
    internet the law is another one, with a few who reach very many, and the mechanism the same.

    References
    ----------
    .. [1] Harris, T. E. (1963). The Theory of Branching Processes. Springer. Named from memory.

    Examples
    --------
    Each tells 2 people on average, half of the hearers tell it on, so that each generation is as
    large as the one before; and yet it dies out surely:

    >>> from loyaltymodel import economics
    >>> told = economics.Audience(parts=[{"share": 1, "mean": 2, "law": "poisson"}])
    >>> found = economics.spread(told, seeds=1, generations=3, retell_share=0.5)
    >>> found.reach[["generation", "mean", "std_dev", "lower", "median", "upper"]].round(2)
      generation  mean  std_dev  lower  median  upper
    0          1   2.0     1.41    0.0     2.0    5.0
    1          2   2.0     2.45    0.0     1.0    8.0
    2          3   2.0     3.16    0.0     0.0   11.0
    3      total   6.0     6.16    0.0     4.0   22.0
    >>> found.extinction
    1.0
    """
    check_level(level)
    check_count("seeds", seeds, least=1)
    check_count("generations", generations, least=1)
    if generations > _MOST:
        raise OptionError(f"generations={generations} is more than {_MOST:,}; take fewer")
    check_share("retell_share", retell_share)
    if lost_share is not None:
        check_share("lost_share", lost_share)
    if value is not None:
        check_finite("value", value, least=0)
        if lost_share is None:
            raise OptionError("value is given without lost_share; give the share of purchases lost")
    law = law_of(audience)
    means, variances = generations_of(law, retell_share, seeds, generations)
    total, spread_of_total = total_moments(law, retell_share, seeds, generations)
    tail = (1 - level) / 2
    levels = np.array([tail, 0.5, 1 - tail])
    laws = [law_of_generation(law, retell_share, seeds, g + 1) for g in range(generations)]
    laws.append(law_of_total(law, retell_share, seeds, generations))
    means, variances = np.append(means, total), np.append(variances, spread_of_total)
    if not np.isfinite(variances).all():
        raise OptionError(
            "the reach grows beyond any number of people; take fewer generations or a smaller "
            "retell_share"
        )
    ends, silent = _ends(laws, means, variances, levels)
    mu = law.thinned(retell_share)[0]
    after = end_probability(law, retell_share)
    return Spread(
        seeds=seeds,
        generations=generations,
        retell_share=retell_share,
        lost_share=lost_share,
        value=value,
        level=level,
        reach_means=means,
        reach_variances=variances,
        reach_ends=ends,
        died_out=silent,
        reproduction=mu,
        extinction=float(law.pgf(np.array([after]))[0].real) ** seeds,
        limit=seeds * law.mean / (1 - mu) if mu < 1 else (math.inf if law.mean > 0 else 0.0),
    )


def _ends(
    laws: list[Callable[[Complex], Complex]],
    means: FloatArray,
    variances: FloatArray,
    levels: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return quantiles (g, 3), and the probability (g,) that nobody hears it."""
    rows, nobody = [], []
    for pgf, mean, variance in zip(laws, means, variances, strict=True):
        rows.append(quantiles_of(probabilities(pgf, float(mean), float(variance)), levels))
        nobody.append(float(pgf(np.zeros(1, np.complex128))[0].real))
    return np.array(rows), np.array(nobody)
