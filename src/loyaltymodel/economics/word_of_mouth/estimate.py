"""How many people customers tell, from the counts that they report."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, ndtri, wilson
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.economics.word_of_mouth.audience import Audience, AudiencePart
from loyaltymodel.economics.word_of_mouth.by_satisfaction import mean_by_level
from loyaltymodel.economics.word_of_mouth.result import AudienceEstimate
from loyaltymodel.errors import DataError, NotIdentifiedError

Fitted = Literal["empirical", "poisson", "negative_binomial"]

_FEWEST = 3


@checked
def estimate_audience(
    mentions: Variable,
    *,
    law: Fitted,
    data: Data | None = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> AudienceEstimate:
    """Return how many people customers tell, as a law with its uncertainty (口碑受众的估计).

    Parameters
    ----------
    mentions : array or Series of shape (n,), or str
        How many people each customer told, whole numbers from 0; of one kind of customers, such
        as the dissatisfied.
    law : {"empirical", "poisson", "negative_binomial"}
        "empirical": as many as were counted, and no more than the largest. "poisson" with the
        mean, "negative_binomial" with mean and variance of the sample.
    data : pandas, polars or pyarrow table, optional
        Table with the column.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do with customers without a number.

    Returns
    -------
    AudienceEstimate
        Mean, variance, dispersion and share of the silent, and the ``audience``.

    Raises
    ------
    DataError
        If there are fewer than 3 customers, or a number is missing, negative or not whole.
    NotIdentifiedError
        If the law is to be negative binomial and the variance is not above the mean.

    See Also
    --------
    word_of_mouth : Who tells how many, by satisfaction.
    spread : What comes of it.

    Notes
    -----
    The interval of the mean is Hall's, as in :func:`word_of_mouth`, that of the share of the silent
    Wilson's. The logarithm of the variance v has the error
    sqrt((kurtosis - (n - 3) / (n - 1)) / n), with the kurtosis of the sample, and the dispersion
    m^2 / (v - m) the ends that those of v give for the mean found. In 1,000 simulated samples of
    100 and 400 from negative binomial laws with a dispersion of 1 the 95 % intervals of the
    variance held it in 88 and 93 % of cases, and with a dispersion of 0.3 in 85 and 89 %: too few,
    since large numbers are rare. Those of the dispersion held it in 96 to 99 %, those of the mean
    and of the silent in 93 to 96 %.

    Examples
    --------
    Mean 2 and variance 6.5, so a dispersion of 4 / 4.5:

    >>> from loyaltymodel import economics
    >>> found = economics.estimate_audience([0, 0, 1, 3, 6], law="negative_binomial")
    >>> found.quantities[["quantity", "estimate"]].round(3)
         quantity  estimate
    0        mean     2.000
    1    variance     6.500
    2  dispersion     0.889
    3      silent     0.400
    """
    check_level(level)
    check_choice("law", law, Fitted)
    read = read_variables(
        {"mentions": mentions}, data=data, bounds={"mentions": (0.0, 1e6)}, missing=missing
    )
    told = np.asarray(read["mentions"], np.float64)
    n = len(told)
    if n < _FEWEST:
        raise DataError(f"mentions has {n} customers; a spread needs at least {_FEWEST}")
    if (told % 1 != 0).any():
        k = int(np.argmax(told % 1 != 0))
        raise DataError(
            f"mentions has {told[k]:.12g} in row {read.labels[k]}, but people are counted in whole "
            "numbers"
        )
    mean, variance = float(told.mean()), float(told.var(ddof=1))
    if law == "negative_binomial" and not variance > mean:
        raise NotIdentifiedError(
            f"the variance ({variance:.4g}) is not above the mean ({mean:.4g}), so that no "
            'negative binomial law fits; take law="poisson" or "empirical"'
        )
    rows = _rows(told, mean, variance, level)
    estimate, low, high = np.array(list(rows.values())).T
    return AudienceEstimate(
        n_obs=n,
        n_dropped=read.n_dropped,
        audience=_audience(told, law, mean, variance),
        level=level,
        estimates=EstimateTable(
            labels=FrozenMapping({"quantity": tuple(rows)}),
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            level=level,
            method="Hall, Wald and Wilson",
        ),
    )


def _audience(told: FloatArray, law: Fitted, mean: float, variance: float) -> Audience:
    if law == "poisson":
        return Audience(parts=(AudiencePart(share=1.0, mean=mean, law="poisson"),))
    if law == "negative_binomial":
        k = mean**2 / (variance - mean)
        part = AudiencePart(share=1.0, mean=mean, law="negative_binomial", dispersion=k)
        return Audience(parts=(part,))
    values, counts = np.unique(told, return_counts=True)
    shares = (counts / counts.sum()).tolist()
    return Audience(
        parts=tuple(
            AudiencePart(share=share, mean=value, law="fixed")
            for share, value in zip(shares, values.tolist(), strict=True)
        )
    )


def _rows(
    told: FloatArray, mean: float, variance: float, level: float
) -> dict[str, tuple[float, float, float]]:
    """Return each quantity with its interval."""
    n = len(told)
    silent = float((told == 0).mean())
    low, high = wilson(np.array([silent]), np.array([float(n)]), level=level)
    nan = float("nan")
    rows = {
        "mean": (mean, nan, nan),
        "variance": (variance, nan, nan),
        "dispersion": (_dispersion(mean, variance), nan, nan),
        "silent": (silent, float(low[0]), float(high[0])),
    }
    if variance > 0:
        ends = mean_by_level(told, np.zeros(n, np.intp), level)[0]
        rows["mean"] = (mean, float(ends[1]), float(ends[2]))
        kurtosis = float(((told - mean) ** 4).mean() / told.var() ** 2)
        reach = float(ndtri(np.array((1 + level) / 2)))
        apart = reach * (max(kurtosis - (n - 3) / (n - 1), 0.0) / n) ** 0.5
        below, above = variance * np.exp(-apart), variance * np.exp(apart)
        rows["variance"] = (variance, float(below), float(above))
        widest, narrowest = _dispersion(mean, float(above)), _dispersion(mean, float(below))
        rows["dispersion"] = (rows["dispersion"][0], widest, narrowest)
    return rows


def _dispersion(mean: float, variance: float) -> float:
    """Return the dispersion of the negative binomial law; infinite for Poisson's and narrower."""
    return mean**2 / (variance - mean) if variance > mean else float("inf")
