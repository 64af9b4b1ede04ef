"""Satisfaction over time: when a fall is more than chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import exceeds, usual_size
from loyaltymodel._core.options import check_count, check_finite, check_positive
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import read_variables
from loyaltymodel.errors import DataError, OptionError


@checked
def satisfaction_alerts(
    satisfaction: Variable,
    *,
    std_error: Variable | None = None,
    data: Data | None = None,
    limit: float | None = None,
    baseline: int | None = None,
    n_sigma: float = 3.0,
) -> pd.DataFrame:
    """Return in which periods mean satisfaction fell so low that one must look (满意度预警).

    Satisfaction is a signal of problems and no more: an alert says that something is wrong, not
    what, and no alert does not say that customers stay.

    Parameters
    ----------
    satisfaction : Series, array of shape (t,) or str
        Mean satisfaction by period, in order of time, or the name of a column of ``data``.
    std_error : float, Series, array of shape (t,) or str, optional
        Standard error of each period's mean, above 0, in the same units; needed for control
        limits.
    data : pandas, polars or pyarrow table, optional
        Where names of columns are looked up.
    limit : float, optional
        A fixed limit, in the units of the means.
    baseline : int, optional
        Number of periods at the beginning that set the control limits of all later ones;
        without it, each period is held against all earlier ones.
    n_sigma : float
        How many standard errors below the earlier mean the control limit lies, above 0.

    Returns
    -------
    DataFrame
        A row a period, with its label: ``estimate`` (the mean), ``std_error``, ``limit``,
        ``centre`` (mean of the earlier periods), ``control_limit``, ``below_limit``,
        ``below_control`` and ``alert``, which is either of them. Numbers that were not
        given or cannot be computed are NaN, as the control limit of the first period.

    Raises
    ------
    DataError
        If a mean or standard error is missing or infinite, or a standard error is not above 0.
    OptionError
        If neither ``limit`` nor ``std_error`` is given, or an option is out of its range.

    See Also
    --------
    alarm_rule : Limits for a wished rate of false alarms over many waves, also of small falls.

    Notes
    -----
    control limit = centre - n_sigma sqrt(se^2 + 1 / sum(1 / se_j^2)), where the sum goes over
    the earlier periods and the centre is their mean, weighted by 1 / se_j^2. The second part is
    the error of the centre itself; charts of Shewhart's kind leave it out, because their centre
    comes from many periods. With it, a period in which nothing happened is below the limit with
    the same probability from the second period on: 0.13 % for 3 standard errors, if the means
    are normal. Satisfaction that truly wanders from period to period gives more alerts. Periods
    with an alert stay in the centre of later ones; ``baseline`` keeps them out.

    Examples
    --------
    Four periods with a standard error of 1. The last is held against the mean of 72 of the
    first three, with an error of sqrt(1 + 1/3) = 1.155, so its limit is 72 - 3.464:

    >>> from loyaltymodel import chain
    >>> found = chain.satisfaction_alerts([72, 73, 71, 68], std_error=1.0, limit=70)
    >>> found[["estimate", "centre", "control_limit", "below_control", "alert"]].round(3)
       estimate  centre  control_limit  below_control  alert
    0      72.0     NaN            NaN          False  False
    1      73.0    72.0         67.757          False  False
    2      71.0    72.5         68.826          False  False
    3      68.0    72.0         68.536           True   True
    """
    if limit is None and std_error is None:
        raise OptionError(
            "there is nothing to hold the means against; give limit=, or std_error= for control "
            "limits from the earlier periods"
        )
    if limit is not None:
        check_finite("limit", limit)
    if baseline is not None:
        check_count("baseline", baseline, least=1)
    check_positive("n_sigma", n_sigma)
    given = {"satisfaction": satisfaction} | ({} if std_error is None else {"std_error": std_error})
    read = read_variables(given, data=data, can_drop=False)
    x = np.asarray(read["satisfaction"], dtype=np.float64)
    errors = np.full(len(x), np.nan)
    centre, lower = np.full((2, len(x)), np.nan)
    if std_error is not None:
        errors = np.asarray(read["std_error"], dtype=np.float64)
        if not (errors > 0).all():
            row = read.labels[int(np.argmin(errors > 0))]
            raise DataError(
                f"std_error is {errors.min():.12g} in row {row}; every mean needs a standard error "
                "above 0, such as the standard deviation over the root of the number of answers"
            )
        centre, lower = _control_limits(x, errors, baseline, n_sigma)
    fixed = np.nan if limit is None else float(limit)
    size = usual_size(x)
    below_limit, below_control = (exceeds(line, x, size=size) for line in (fixed, lower))
    return pd.DataFrame(
        {
            "estimate": x,
            "std_error": errors,
            "limit": fixed,
            "centre": centre,
            "control_limit": lower,
            "below_limit": below_limit,
            "below_control": below_control,
            "alert": below_limit | below_control,
        },
        index=read.labels,
    )


def _control_limits(
    x: FloatArray, errors: FloatArray, baseline: int | None, n_sigma: float
) -> tuple[FloatArray, FloatArray]:
    unit = errors.min()  # whose square may leave the numbers of a computer
    errors = errors / unit
    precision = errors**-2.0
    known = np.concatenate([[0.0], np.cumsum(precision)[:-1]])
    first = x[0]  # deviations from it keep their digits in long sums
    summed = np.concatenate([[0.0], np.cumsum(precision * (x - first))[:-1]])
    if baseline is not None:
        stop = min(baseline, len(x))
        known = np.full(len(x), precision[:stop].sum())
        summed = np.full(len(x), (precision[:stop] * (x[:stop] - first)).sum())
        known[:stop] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.where(known > 0, first + summed / known, np.nan)
        lower = centre - n_sigma * (unit * np.sqrt(errors**2 + 1 / known))
    return centre, lower
