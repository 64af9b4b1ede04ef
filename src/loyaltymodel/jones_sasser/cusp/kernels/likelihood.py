"""Maximum likelihood for the stochastic cusp, and of the models that it competes with.

Loyalty z becomes the state y = w0 + w1 z, and alpha and beta are linear in predictors. People
with the same predictors are put together first: of their loyalty only a few sums are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel.jones_sasser.cusp.kernels.states import law

End = Literal["maximum", "straight", "sharp", "unsettled"]

# A step that promises less than this is near the maximum, where each further one doubles the
# digits; a few more are then exact.
_SETTLED = 1e-8
_ROUGHLY = 1e-2
_N_EXACT = 3
_SHORTEST = 1e-10
# Loyalty has mean 0 and standard deviation 1 here. A kappa below the first is a straight line to
# eight digits, a location farther than the last shows one sheet only, which is nearly one too.
_FLAT, _SHARP, _FAR = 1e-8, 1e8, 10.0
_LOCATIONS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
_N_TO_BEGIN = 2000
_COLLINEAR = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """People with the same predictors, together: all that the likelihood knows of them.

    Attributes: ``normal`` (c, p) and ``splitting`` (c, q), predictors with a leading 1;
    ``sums`` (5, c), of z^0 to z^4 over the customers of a cell.
    """

    normal: FloatArray
    splitting: FloatArray
    sums: FloatArray

    def thinned(self) -> Cells:
        """Return some of the cells, spread evenly, to begin a search with."""
        some = slice(None, None, -(-self.sums.shape[1] // _N_TO_BEGIN))
        return Cells(self.normal[some], self.splitting[some], self.sums[:, some])


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where a climb ended: parameters (k,), log-likelihood and its derivatives there."""

    theta: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray
    converged: bool

    @property
    def end(self) -> End:
        """What the climb ended at."""
        location, kappa = -self.theta[-2] / self.theta[-1], self.theta[-1] ** 4
        if self.converged:
            return "maximum"
        if kappa > _SHARP:
            return "sharp"
        return "straight" if kappa < _FLAT or abs(location) > _FAR else "unsettled"


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Coefficients (k,) of alpha, beta and y, their covariance (k, k), and how they were found."""

    theta: FloatArray
    covariance: FloatArray
    log_likelihood: float
    end: End


def estimate(normal: FloatArray, splitting: FloatArray, z: FloatArray) -> Estimate:
    """Fit the cusp to loyalty z (n,) with predictors (n, p - 1) and (n, q - 1)."""
    a, back_a = _standardised(normal)
    b, back_b = _standardised(splitting)
    mean, sd = z.mean(), z.std()
    rows, code = distinct_rows(np.concatenate([a, b], axis=1))
    score = (z - mean) / sd
    sums = np.array([np.bincount(code, score**k) for k in range(5)], dtype=np.float64)
    p = a.shape[1]
    top = search(Cells(a[rows], b[rows], sums))
    back = np.zeros((len(top.theta),) * 2)
    back[:p, :p], back[p:-2, p:-2] = back_a, back_b
    back[-2:, -2:] = [[1.0, -mean / sd], [0.0, 1 / sd]]
    covariance = np.full_like(back, np.nan)
    if top.converged:
        covariance = back @ np.linalg.inv(-top.hessian) @ back.T
    return Estimate(back @ top.theta, covariance, top.value - len(z) * float(np.log(sd)), top.end)


def search(cells: Cells) -> Maximum:
    """Return the highest of the maxima that are found.

    Given the location there is only one, so only the location has to be searched. Where a rough
    profile over seven locations is higher than beside, a climb sets out.
    """
    few = cells.thinned()
    rough = [climb(_begin(few, location), few, location=False) for location in _LOCATIONS]
    profile = np.array([-np.inf, *(one.value for one in rough), -np.inf])
    inner = profile[1:-1]
    chosen = np.flatnonzero((inner >= profile[:-2]) & (inner >= profile[2:]))
    found = [climb(rough[k].theta, cells, location=True) for k in chosen]
    return max(found, key=lambda one: one.value)


def _begin(cells: Cells, location: float) -> FloatArray:
    """Return alpha and beta of 0, and the best w1 for them."""
    theta = np.zeros(cells.normal.shape[1] + cells.splitting.shape[1] + 2)
    totals = cells.sums.sum(axis=1)
    w1 = (totals[0] / _product_sum(totals, -location, 1.0, 4, 0)) ** 0.25
    theta[-2:] = -location * w1, w1
    return theta


def log_likelihood(theta: FloatArray, cells: Cells) -> tuple[float, FloatArray, FloatArray]:
    """Return log-likelihood, gradient (k,) and Hessian (k, k) of loyalty z.

    ``theta`` are the coefficients of alpha, of beta, and w0 and w1 > 0 of y = w0 + w1 z. With
    the logarithm of the normaliser come its derivatives: means and covariances of y and y^2 / 2.
    """
    a, b = cells.normal, cells.splitting
    p = a.shape[1]
    alpha, beta = a @ theta[:p], b @ theta[p:-2]
    w0, w1 = theta[-2:]
    n, z, z2 = cells.sums[:3]
    totals = cells.sums.sum(axis=1)
    y, zy = w0 * n + w1 * z, w0 * z + w1 * z2
    half = (w0 * y + w1 * zy) / 2
    states = law(alpha, beta)
    value = alpha @ y + beta @ half - n @ states.log_normaliser
    value += totals[0] * np.log(w1) - _product_sum(totals, w0, w1, 4, 0) / 4

    of_w0 = alpha @ n + beta @ y - _product_sum(totals, w0, w1, 3, 0)
    of_w1 = alpha @ z + beta @ zy - _product_sum(totals, w0, w1, 3, 1) + totals[0] / w1
    gradient = np.concatenate(
        [
            a.T @ (y - n * states.moments[0]),
            b.T @ (half - n * states.moments[1] / 2),
            [of_w0, of_w1],
        ]
    )

    var_y, cov, var_half = n * states.covariance
    twice = [
        beta @ power - 3 * _product_sum(totals, w0, w1, 2, j) for j, power in enumerate((n, z, z2))
    ]
    a_w, b_w = a.T @ np.stack([n, z], axis=1), b.T @ np.stack([y, zy], axis=1)
    w_w = np.array([[twice[0], twice[1]], [twice[1], twice[2] - totals[0] / w1**2]])
    a_b = -(a.T * cov) @ b
    hessian = np.block(
        [
            [-(a.T * var_y) @ a, a_b, a_w],
            [a_b.T, -(b.T * var_half) @ b, b_w],
            [a_w.T, b_w.T, w_w],
        ]
    )
    return float(value), gradient, hessian


def climb(theta: FloatArray, cells: Cells, *, location: bool, max_iter: int = 100) -> Maximum:
    """Climb by Newton steps, with the location free, or fixed and only roughly.

    Steps are taken in natural parameters, in which the likelihood is concave for a given
    location: a w1 and b w1^2, the location -w0 / w1, and kappa = w1^4.
    """
    p = cells.normal.shape[1]
    free = np.ones(len(theta), dtype=bool)
    free[-2] = location
    left = _N_EXACT if location else 1
    at = Maximum(theta, *log_likelihood(theta, cells), converged=False)
    for _ in range(max_iter):
        natural, slope, curvature = _in_natural(at, p)
        if not _FLAT < natural[-1] < _SHARP or abs(natural[-2]) > _FAR:
            break
        step = np.zeros_like(theta)
        step[free], concave = _uphill(slope[free], curvature[np.ix_(free, free)])
        gain = float(slope @ step)
        settled = gain < (_SETTLED if location else _ROUGHLY)
        left -= settled
        length = min(1.0, 1 / max(abs(step[-2]), 1e-300))
        while length > _SHORTEST:
            trial = natural + length * step
            if trial[-1] > 0:
                theta = _from_natural(trial, p)
                found = log_likelihood(theta, cells)
                if settled or found[0] > at.value + 1e-4 * length * gain:
                    break
            length /= 2
        else:
            break
        at = Maximum(theta, *found, converged=left == 0 and concave)
        if left == 0:
            break
    return at


def _in_natural(at: Maximum, p: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return natural parameters, and gradient and Hessian by them."""
    gradient = at.gradient
    a, b, (w0, w1) = at.theta[:p], at.theta[p:-2], at.theta[-2:]
    kappa = w1**4
    jacobian = np.diag(np.concatenate([np.full(p, 1 / w1), np.full(len(b), w1**-2.0), [-w1, 0]]))
    jacobian[:, -1] = np.concatenate([-a / 4, -b / 2, [w0 / 4, w1 / 4]]) / kappa
    curvature = jacobian.T @ at.hessian @ jacobian
    # What the Jacobian itself changes by, as kappa does.
    per_term = np.concatenate([np.full(p, -1 / 4), np.full(len(b), -1 / 2), [1 / 4]])
    bend = np.diag(jacobian)[:-1] * gradient[:-1] * per_term / kappa
    curvature[:-1, -1] += bend
    curvature[-1, :-1] += bend
    curvature[-1, -1] += (
        5 * a @ gradient[:p] + 12 * b @ gradient[p:-2] - 3 * at.theta[-2:] @ gradient[-2:]
    ) / (16 * kappa**2)
    natural = np.concatenate([a * w1, b * w1**2, [-w0 / w1, kappa]])
    return natural, jacobian.T @ gradient, curvature


def _from_natural(natural: FloatArray, p: int) -> FloatArray:
    location, kappa = natural[-2:]
    w1 = kappa**0.25
    return np.concatenate([natural[:p] / w1, natural[p:-2] / w1**2, [-location * w1, w1]])


def _uphill(slope: FloatArray, curvature: FloatArray) -> tuple[FloatArray, bool]:
    """Return a Newton step with all curvatures taken as downward, and whether they are."""
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(curvature)), 1e-300))
    values, axes = np.linalg.eigh(-curvature * np.outer(scale, scale))
    size = np.maximum(np.abs(values), 1e-12 * np.abs(values).max())
    return scale * (axes @ (axes.T @ (scale * slope) / size)), bool(values[0] > 0)


def _product_sum(totals: FloatArray, w0: float, w1: float, power: int, j: int) -> float:
    """Sum of (w0 + w1 z)^power z^j over everybody."""
    terms = (comb(power, k) * w0 ** (power - k) * w1**k * totals[j + k] for k in range(power + 1))
    return float(sum(terms))


def distinct_rows(columns: FloatArray) -> tuple[IntArray, IntArray]:
    """Return one place (c,) of each distinct row of (n, k), and which of them each row is."""
    code = np.zeros(len(columns), dtype=np.intp)
    for column in columns.T:
        level = np.unique(column, return_inverse=True)[1]
        code = np.unique(code * (level.max() + 1) + level, return_inverse=True)[1]
    return np.unique(code, return_index=True)[1], code


def first_dependent(columns: FloatArray) -> int | None:
    """Return the first column of (n, k) that is constant or a combination of those before it."""
    apart = columns - columns.mean(axis=0)
    size = np.abs(columns).max(axis=0)
    spread = apart.std(axis=0)
    constant = spread <= _COLLINEAR * size
    if constant.any():
        return int(np.argmax(constant))
    left = np.abs(np.diag(np.linalg.qr(apart / spread, mode="r"))) / np.sqrt(len(columns))
    dependent = np.concatenate([left, np.zeros(columns.shape[1] - len(left))]) < _COLLINEAR
    return int(np.argmax(dependent)) if dependent.any() else None


def _standardised(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a leading 1 with standardised columns, and what turns their coefficients back."""
    mean, sd = columns.mean(axis=0), columns.std(axis=0)
    design = np.concatenate([np.ones((len(columns), 1)), (columns - mean) / sd], axis=1)
    back = np.diag(np.concatenate([[1.0], 1 / sd]))
    back[0, 1:] = -mean / sd
    return design, back


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression with normal errors, all that a comparison needs of it.

    Attributes
    ----------
    model : str
        What it is called.
    n_parameters : int
        Number of parameters, the error's variance among them.
    log_likelihood : float
        At the estimates.
    r_squared : float
        Explained variance.
    """

    model: str
    n_parameters: int
    log_likelihood: float
    r_squared: float


def rivals(columns: FloatArray, z: FloatArray) -> tuple[Regression, ...]:
    """Fit a logistic curve and a straight line to loyalty z (n,) by predictors (n, k)."""
    keep = list(range(columns.shape[1]))
    while (place := first_dependent(columns[:, keep])) is not None:
        del keep[place]
    design = _standardised(columns[:, keep])[0]
    rows, code = distinct_rows(design)
    design, n = design[rows], np.bincount(code).astype(np.float64)
    mean = np.bincount(code, z) / n
    within = float(((z - mean[code]) ** 2).sum())
    total = float(((z - z.mean()) ** 2).sum())
    root = np.sqrt(n)
    solved = np.linalg.lstsq(design * root[:, None], mean * root, rcond=None)[0]
    line = np.asarray(solved, dtype=np.float64)
    of_line = within + float(n @ (mean - design @ line) ** 2)
    # The logistic curve holds the line as a limit, so it is never worse.
    of_curve = min(of_line, within + _logistic_misfit(design, root, mean, line))
    k = design.shape[1]
    return tuple(
        Regression(model, size, _normal_log_likelihood(misfit, len(z)), 1 - misfit / total)
        for model, size, misfit in (
            ("logistic curve", k + 3, of_curve),
            ("straight line", k + 1, of_line),
        )
    )


def _normal_log_likelihood(misfit: float, n: int) -> float:
    with np.errstate(divide="ignore"):
        return float(-n / 2 * (np.log(2 * np.pi * misfit / n) + 1))


def _logistic_misfit(
    design: FloatArray, root: FloatArray, mean: FloatArray, line: FloatArray
) -> float:
    """Least weighted sum of squares of low + rise / (1 + exp(-x'g)) from the means of cells."""
    # Loaded here: scipy.optimize takes longer to import than all the rest of this library.
    from scipy.optimize import least_squares  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    def misfit(v: FloatArray) -> FloatArray:
        found: FloatArray = root * (v[0] + v[1] * expit(design @ v[2:]) - mean)
        return found

    def slopes(v: FloatArray) -> FloatArray:
        share = expit(design @ v[2:])
        bend = (v[1] * share * (1 - share))[:, None] * design
        found = np.concatenate([np.ones((len(mean), 1)), share[:, None], bend], axis=1)
        return np.asarray(root[:, None] * found, dtype=np.float64)

    direction = line.copy()
    direction[0] = 0.0
    size = np.sqrt((direction**2).sum())
    direction = direction / size if size > 0 else np.eye(len(line))[-1]
    low, high = mean.min(), mean.max()
    ends = []
    for steepness in (1.0, 4.0):
        start = np.concatenate([[low, high - low], steepness * direction])
        ends.append(2 * least_squares(misfit, start, jac=slopes, x_scale="jac").cost)
    return float(min(ends))
