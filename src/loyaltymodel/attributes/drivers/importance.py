"""Derived importance: which attributes drive satisfaction, by every usual definition."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import check_count, count_of, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import one_variable, several_variables
from loyaltymodel.attributes.drivers import kernels
from loyaltymodel.attributes.drivers.resampled import observed_moments, with_resamples
from loyaltymodel.attributes.drivers.result import KeyDriversResult, labels_of, pack
from loyaltymodel.attributes.inputs import Answers, Door, read_with_target
from loyaltymodel.errors import (
    CollinearityWarning,
    NotIdentifiedError,
    OptionError,
    warn_caller,
)

SEVERE_VIF = 10.0  # beyond it the error of a coefficient is more than three times as large
_ORDERS = 2000  # drawn where there are too many drivers for all
_FEWEST_ORDERS = 4  # two pairs, for an error


@checked
def key_drivers(
    drivers: Columns,
    target: Variable,
    *,
    data: Data | None = None,
    weights: Variable | None = None,
    missing: Missing = "raise",
    n_orders: int | None = None,
    n_resamples: int = 0,
    level: float = 0.95,
    rng: np.random.Generator | int | None = None,
) -> KeyDriversResult:
    """Return how much each driver explains of a target (影响客户满意的关键因素).

    Importance is derived here from how answers go together, in a linear regression of the
    target on the drivers, and not asked for. Drivers that go together with each other leave
    open how to divide what they explain, and every method divides it differently; so all of
    them stand side by side. None of them shows that a driver is a cause.

    Parameters
    ----------
    drivers : table, names of columns, or mapping from str to str or array-like of shape (n,)
        A table of them, columns of ``data``, or names to show, each with its column or values.
    target : str or array-like of shape (n,)
        What is to be explained, such as overall satisfaction: a column of ``data``, or values.
    data : pandas, polars or pyarrow table, optional
        Where the columns are.
    weights : str or array-like of shape (n,), optional
        Weight of each respondent, none negative and not all zero.
    missing : {"raise", "drop"}
        With "drop", respondents without an answer to any of the questions are left out.
    n_orders : int, optional
        Number of orders of the drivers, drawn at random, that LMG averages over; an even
        number from 4 on. By default every order counts with up to 15 drivers, and 2,000 are
        drawn beyond.
    n_resamples : int
        Number of bootstrap resamples of respondents; 0 for no errors and intervals.
    level : float
        Confidence level between 0 and 1.
    rng : numpy.random.Generator, int or None
        Source of randomness of orders and resamples.

    Returns
    -------
    KeyDriversResult
        Every driver by every method, shares of R2, R2 and variance inflation; with resamples
        also errors and intervals of the measures, the shares and adjusted R2.

    Raises
    ------
    DataError
        If variables differ in length, are named twice, are not numeric or missing, target or
        a driver is constant, or a weight is negative.
    NotIdentifiedError
        If respondents are fewer than drivers plus two, or a driver is made up exactly by
        others.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    CollinearityWarning
        If a variance inflation factor is above 10.
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    See Also
    --------
    penalty_reward : Whether low performance hurts more than high performance helps.
    importance_performance : Importance held against performance.

    Notes
    -----
    With R the correlations of the p drivers and r theirs with the target:

    - ``standardised``, the coefficients b = inv(R) r. They do not add up to anything, and
      can be negative where r is positive.
    - ``first``, R2 of the driver alone, r_j^2: as if no other driver existed. Adds up to more
      than R2 where drivers share what they explain.
    - ``last``, the gain in R2 when the driver joins all others, b_j^2 / VIF_j.
    - ``pratt``, b_j r_j. Adds up to R2, but can be negative.
    - ``relative_weights``, Johnson's [1]_: with S the root of R, the sum over k of
      S_jk^2 (inv(S) r)_k^2. Adds up to R2. The derivation has been called flawed [2]_; the
      weights often lie close to LMG all the same.
    - ``lmg``, the gain in R2 when the driver joins the others, averaged over all p! orders in
      which drivers can join [3]_; also known as Shapley value and as general dominance. Adds
      up to R2.

    R2 of a sample is too large, and that of a resample even more so. So the interval is that of
    the adjusted one, and in resamples it is adjusted twice. Where residuals are very skewed and
    respondents few, it holds the truth somewhat less often than it says.

    ``first``, ``last``, ``relative_weights`` and ``lmg`` are never negative, so their intervals
    lie above 0 also for a driver without any effect. Whether a driver matters at all is a
    question to its coefficient.

    References
    ----------
    .. [1] Johnson, J. W. (2000). A heuristic method for estimating the relative weight of
       predictor variables in multiple regression. Multivariate Behavioral Research, 35(1),
       1-19.
    .. [2] Thomas, D. R., Zumbo, B. D., Kwan, E., & Schweitzer, L. (2014). On Johnson's (2000)
       relative weights method for assessing variable importance: a reanalysis. Multivariate
       Behavioral Research, 49(4), 329-338.
    .. [3] Grömping, U. (2006). Relative importance for linear regression in R: the package
       relaimpo. Journal of Statistical Software, 17(1). It credits Lindeman, Merenda and Gold
       (1980), whose initials are LMG.

    Examples
    --------
    Two drivers that do not correlate: satisfaction is twice the one plus the other. R2 is 1,
    and its shares are 4 to 1 by every method:

    >>> from loyaltymodel import attributes
    >>> staff, speed = [1, 1, -1, -1], [1, -1, 1, -1]
    >>> satisfaction = [3, 1, -1, -3]
    >>> found = attributes.key_drivers({"staff": staff, "speed": speed}, satisfaction)
    >>> found.shares.round(3)
            pratt  relative_weights  lmg
    driver
    staff     0.8               0.8  0.8
    speed     0.2               0.2  0.2

    Real drivers correlate, and the methods differ:

    >>> from loyaltymodel import datasets
    >>> survey = datasets.load_mobile_phones()
    >>> found = attributes.key_drivers(["PERQ1", "PERQ4", "PERV2"], "CUSA1", data=survey)
    >>> found.drivers[["standardised", "first", "last", "pratt", "lmg"]].round(3)
            standardised  first   last  pratt    lmg
    driver
    PERQ1          0.411  0.365  0.104  0.248  0.216
    PERQ4          0.255  0.268  0.045  0.132  0.138
    PERV2          0.114  0.176  0.009  0.048  0.074
    >>> round(found.r_squared, 3)
    0.428
    """
    check_resamples(n_resamples, level=level, optional=True)
    one_variable("target", target, causes="drivers", function="key_drivers", first=drivers)
    door = Door(data, weights, missing)
    answers = read_with_target(several_variables("drivers", drivers), target, door)
    names, generator = answers.names[:-1], np.random.default_rng(rng)
    orders = orders_of(len(names), n_orders, generator)
    units = answers.units()
    covariances = observed_moments(units)[1]
    check_drivers(answers, covariances[0])
    found = kernels.importance(covariances, orders)

    def evaluate(_: FloatArray, drawn: FloatArray) -> tuple[FloatArray, BoolArray]:
        of_drawn = kernels.importance(drawn, orders)
        return pack(of_drawn, answers.n_effective, resampled=True), of_drawn.solvable

    estimate = pack(found, answers.n_effective, resampled=False)[0]
    estimates, n_failed = with_resamples(
        labels_of(names),
        estimate,
        units,
        evaluate,
        # What is never negative cannot be tested against 0.
        tested=np.arange(len(estimate)) < len(names),
        n_resamples=n_resamples,
        level=level,
        rng=generator,
    )
    return KeyDriversResult(
        target=answers.names[-1],
        estimates=estimates,
        n_obs=answers.n_obs,
        n_dropped=answers.n_dropped,
        correlations=covariances[0],
        by_size=found.by_size[0],
        vif=found.vif[0],
        n_orders=None if orders is None else 2 * len(orders),
        monte_carlo_error=found.monte_carlo_error[0],
        n_resamples=n_resamples,
        n_failed=n_failed,
        level=level if n_resamples else None,
    )


def orders_of(p: int, n_orders: int | None, rng: np.random.Generator) -> IntArray | None:
    """Draw orders, or none where all of them count."""
    if n_orders is None:
        return None if p <= kernels.EXACT_UP_TO else kernels.draw_orders(p, _ORDERS, rng)
    check_count("n_orders", n_orders, least=_FEWEST_ORDERS)
    if n_orders % 2:
        raise OptionError(
            f"n_orders={n_orders} must be an even number, because every order that is drawn "
            "also counts backwards"
        )
    return kernels.draw_orders(p, n_orders, rng)


def check_drivers(answers: Answers, correlations: FloatArray) -> None:
    """Refuse drivers whose coefficients the answers leave open, and warn if they nearly do.

    Raises
    ------
    NotIdentifiedError
        If there are too few respondents, or drivers that others make up exactly.
    """
    drivers = answers.names[:-1]
    if answers.n_obs < len(drivers) + 2:
        raise NotIdentifiedError(
            f"the answers of {count_of(answers.n_obs, 'respondent')} are too few for "
            f"{count_of(len(drivers), 'driver')}: at least {len(drivers) + 2} are needed; take "
            "fewer drivers, or ask more respondents"
        )
    among = correlations[:-1, :-1]
    together = kernels.collinear(among)
    if len(together):
        listed = enumerate_names(drivers[k] for k in together)
        raise NotIdentifiedError(
            f"the drivers {listed} make each other up exactly, so what they explain cannot be "
            "told apart; leave out one of them, or put them together to one driver"
        )
    vif = np.linalg.inv(among).diagonal().tolist()
    severe = [f"{name} ({v:.1f})" for name, v in zip(drivers, vif, strict=True) if v > SEVERE_VIF]
    if severe:
        warn_caller(
            f"drivers that others nearly make up, by variance inflation: {enumerate_names(severe)}"
            f"; above {SEVERE_VIF:g} coefficients, last and Pratt say little of the single "
            "driver, and LMG and relative weights divide about evenly among those that go together",
            CollinearityWarning,
        )
