"""The cusp fitted to customers: the door in, the refusals, the result out."""

from __future__ import annotations

import numpy as np

from loyaltymodel._core.accepted import Columns, Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import NotIdentifiedError, WeakIdentificationWarning, warn_caller
from loyaltymodel.jones_sasser.cusp.kernels.likelihood import estimate, first_dependent, rivals
from loyaltymodel.jones_sasser.cusp.predictors import Predictors
from loyaltymodel.jones_sasser.cusp.result import (
    CONVENTIONS,
    CuspResult,
    location_remark,
    states_of,
)

_EXACT = 1e-12  # share of the variance of loyalty that a straight line leaves
_LEAST_VALUES = 3
_ENDS = {
    "straight": (
        "the likelihood still rises as the cusp flattens into a straight line with normal errors, "
        "so there is no best cusp; use linear regression, or fit a curve"
    ),
    "sharp": (
        "the likelihood rises without limit as the two states become points, so loyalty is no "
        "score with a density; fit a curve to two outcomes"
    ),
    "unsettled": (
        "the likelihood has no clear maximum, so the data do not determine all coefficients; "
        "use fewer predictors or more customers"
    ),
}


@checked
def fit_cusp(
    normal: Columns,
    splitting: Columns,
    loyalty: Variable,
    *,
    data: Data | None = None,
    missing: Missing = "raise",
    level: float = 0.95,
) -> CuspResult:
    """Fit the stochastic cusp to customers by maximum likelihood (尖点突变模型).

    Loyalty has one hill of density or two, depending on two sets of predictors: those of alpha,
    the normal factor, such as satisfaction, and those of beta, the splitting factor, such as
    the cost of switching. The same variable may stand in both.

    Parameters
    ----------
    normal : array, Series, str, table, sequence of str or mapping
        Predictor of alpha. Several are a table, names of columns of ``data``, or a mapping from
        name to array, Series or column.
    splitting : array, Series, str, table, sequence of str or mapping
        Predictor or predictors of beta, likewise.
    loyalty : array, Series or str
        A score of loyalty for each customer, or the column of ``data`` that has it. At least
        three different values.
    data : pandas, polars or pyarrow table, optional
        Where columns are looked up.
    missing : {"raise", "drop"}
        What to do with customers of whom something is missing.
    level : float
        Confidence level of intervals, between 0 and 1.

    Returns
    -------
    CuspResult
        Coefficients, thresholds, and how the cusp compares with curves that do not jump.

    Raises
    ------
    DataError
        If variables are missing, infinite, not numeric or of different lengths.
    NotIdentifiedError
        If a predictor is constant or a combination of others, loyalty takes fewer than three
        values or is an exact line in the predictors, there are no more customers than parameters,
        or the likelihood has no maximum.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    WeakIdentificationWarning
        If the loyalty between the two states lies outside all that was observed.

    Notes
    -----
    y = w0 + w1 z for loyalty z, w1 > 0, has the density

        exp(alpha y + beta y^2 / 2 - y^4 / 4) / C(alpha, beta),

    in the parametrisation of Grasman et al. [1]_, after Cobb et al. [2]_; the density of z is w1
    times that. C and its derivatives, the moments of y, are integrals to 14 digits. For a given
    location -w0 / w1 the likelihood has a single maximum, so the location alone is searched.
    Errors come from the observed information.

    The likelihood need not have a maximum. Loyalty with tails like those of the normal law, or
    heavier, is fitted ever better as the cusp flattens out; that is a
    :class:`~loyaltymodel.errors.NotIdentifiedError`. The log-likelihood is that of loyalty in
    the units given. The R package cusp 2.3.6 reports that of z / sd(z) instead, which is greater
    by n log(sd(z)), and prints it beside a linear model's that is not.

    References
    ----------
    .. [1] Grasman, R. P. P. P., van der Maas, H. L. J., & Wagenmakers, E.-J. (2009). Fitting the
       cusp catastrophe in R: A cusp package primer. Journal of Statistical Software, 32(8), 1-27.
    .. [2] Cobb, L., Koppstein, P., & Chen, N. H. (1983). Estimation and moment recursion
       relations for multimodal distributions of the exponential family. Journal of the American
       Statistical Association, 78(381).

    Examples
    --------
    A thousand customers of a known cusp, and what comes back:

    >>> import numpy as np
    >>> from loyaltymodel import jones_sasser
    >>> rng = np.random.default_rng(1)
    >>> satisfaction, cost = rng.uniform(0, 1, 1000), rng.uniform(0, 1, 1000)
    >>> truth = jones_sasser.Cusp(alpha=(-2, 4), beta=(-1, 4), location=50, unit=20)
    >>> loyalty = truth.simulate(satisfaction, constraint=cost, rng=rng)
    >>> result = jones_sasser.fit_cusp(
    ...     {"satisfaction": satisfaction}, {"cost": cost}, loyalty
    ... )
    >>> result.parameters[["parameter", "estimate", "ci_low", "ci_high"]].round(1)
                 parameter  estimate  ci_low  ci_high
    0      alpha[constant]      -2.2    -2.5     -1.9
    1  alpha[satisfaction]       4.5     3.9      5.0
    2       beta[constant]      -1.4    -1.8     -1.0
    3           beta[cost]       4.5     4.0      4.9
    4                   w0      -2.5    -2.6     -2.4
    5                   w1       0.0     0.0      0.1
    6             location      49.8    49.0     50.6
    7                 unit      20.1    19.4     20.8

    The satisfaction at which those with a cost of 1 are lost, and at which they come back (0 and
    1 in truth):

    >>> result.thresholds(1.0)[["quantity", "estimate", "ci_low", "ci_high"]].round(2)
      quantity  estimate  ci_low  ci_high
    0     loss      0.03   -0.08     0.14
    1   regain      0.96    0.85     1.06
    """
    check_level(level)
    given = Predictors.of(normal, splitting, loyalty=loyalty)
    variables = given.read(data, missing)
    z = variables["loyalty"].astype(np.float64)
    a, b = given.columns(variables, "normal"), given.columns(variables, "splitting")
    _check_predictors(given, a, b, z)
    regressions = rivals(np.concatenate([a, b], axis=1), z)
    if regressions[-1].r_squared > 1 - _EXACT:
        raise NotIdentifiedError(
            "loyalty is an exact straight line in the predictors, so no model with a spread can "
            "be fitted; is loyalty computed from them?"
        )
    found = estimate(a, b, z)
    if found.end != "maximum":
        raise NotIdentifiedError(_ENDS[found.end])
    p = a.shape[1] + 1
    alpha = found.theta[0] + a @ found.theta[1:p]
    beta = found.theta[p] + b @ found.theta[p + 1 : -2]
    states = states_of(alpha, beta, found.theta[-2:], z)
    result = CuspResult(
        normal=given.normal,
        splitting=given.splitting,
        values=found.theta,
        covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        regressions=regressions,
        explained=np.array([1 - (z - states[name]).var() / z.var() for name in CONVENTIONS]),
        n_obs=variables.n_rows,
        n_dropped=variables.n_dropped,
        n_bistable=int(states["is_bistable"].sum()),
        observed=(float(z.min()), float(z.max())),
        level=level,
    )
    if not result.is_location_observed:
        warn_caller(location_remark(result.location, result.observed), WeakIdentificationWarning)
    return result


def _check_predictors(given: Predictors, a: FloatArray, b: FloatArray, z: FloatArray) -> None:
    """Refuse what cannot be told apart, whatever the search does."""
    n_values = len(np.unique(z))
    if n_values < _LEAST_VALUES:
        raise NotIdentifiedError(
            f"loyalty takes {count_of(n_values, 'value')}, but a density with two hills needs a "
            "score; fit a curve to those who stayed and those who left"
        )
    n_parameters = a.shape[1] + b.shape[1] + 4
    if len(z) <= n_parameters:
        raise NotIdentifiedError(
            f"{count_of(len(z), 'customer')} cannot determine {n_parameters} parameters; use fewer "
            "predictors or more customers"
        )
    for role, names, columns in (("normal", given.normal, a), ("splitting", given.splitting, b)):
        place = first_dependent(columns)
        if place is None:
            continue
        if place == 0 or first_dependent(columns[:, [place]]) is not None:
            raise NotIdentifiedError(
                f"{role} predictor {names[place]!r} is the same for everybody, so its coefficient "
                "cannot be told from the constant; leave it out"
            )
        raise NotIdentifiedError(
            f"{role} predictor {names[place]!r} is a linear combination of "
            f"{enumerate_names(names[:place])}; leave one of them out"
        )
