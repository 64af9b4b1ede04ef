"""From a model and a survey to a result: the door in, the kernels, the result out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.accepted import Codebook, Data
from loyaltymodel._core.arrays import BoolArray, FloatArray
from loyaltymodel._core.codebooks import AnswerBook, limits_by_item, read_answers
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import count_of, enumerate_names, suggest
from loyaltymodel._core.scales import AnswerLimits, Limits, resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import (
    ConvergenceWarning,
    DataError,
    ImproperSolutionWarning,
    LoyaltyModelWarning,
    ModelError,
    NegativeWeightWarning,
    NotIdentifiedError,
    OptionError,
    SmallSampleWarning,
    warn_caller,
)
from loyaltymodel.structural.checks import validity_checks
from loyaltymodel.structural.estimates import PLSSolution, correlation_matrix, design_of
from loyaltymodel.structural.kernels import pls as kernels
from loyaltymodel.structural.kernels.pls import Design, Scheme
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.result import StructuralResult
from loyaltymodel.structural.settings import FitSettings, Sign

_WARNINGS: dict[str, type[LoyaltyModelWarning]] = {
    "convergence": ConvergenceWarning,
    "sample_size": SmallSampleWarning,
    "loadings_possible": ImproperSolutionWarning,
    "reliabilities_possible": ImproperSolutionWarning,
    "correlations_possible": ImproperSolutionWarning,
    "correlations_consistent": ImproperSolutionWarning,
    "r_squared_possible": ImproperSolutionWarning,
    "positive_weights": NegativeWeightWarning,
}
# Shares below this, of eigenvalues or correlations, are lost in the rounding of doubles.
_ROUNDING = 1e-12


@checked
def fit(
    model: StructuralModel,
    data: Data | Moments,
    *,
    scheme: Scheme = "path",
    consistent: bool = False,
    scale: AnswerLimits | Codebook | None = None,
    weights: str | None = None,
    missing: Missing = "raise",
    tol: float = 1e-10,
    max_iter: int = 300,
    sign: Sign = "sum",
) -> StructuralResult:
    """Estimate a structural model by partial least squares (偏最小二乘路径模型).

    The constructs become weighted sums of their items, with weights that make neighbouring
    constructs explain each other well; regressions among them give the paths [1]_. With
    ``consistent`` the paths are those between the constructs behind the sums, free of
    measurement error (PLSc).

    Parameters
    ----------
    model : StructuralModel
        Constructs, items and paths; ``acsi``, ``ecsi`` and ``scsb`` make the known ones.
    data : pandas, polars or pyarrow table, or Moments
        The answers, one row a respondent, one numeric column an item; or their moments.
        Other columns are left alone.
    scheme : {"path", "factorial", "centroid"}
        How a construct is approximated from its neighbours: "path" takes regression on its
        drivers and correlation with its followers, "factorial" takes correlations and
        "centroid" the signs of correlations.
    consistent : bool
        Correct the constructs of mode A for attenuation. The paths then estimate those of a
        reflective factor model; without it they estimate those between the weighted sums.
    scale : pair, mapping from item to pair, or Codebook, optional
        Lowest and highest answer of the questionnaire; a codebook knows them item by item, and
        the answers are read by it: labels decoded, "don't know" missing, reversed items turned.
        Needed for everything from 0 to 100, and every answer is checked against it.
    weights : str, optional
        Name of a column of respondents' weights. Moments carry their own.
    missing : {"raise", "drop"}
        With "raise" a missing answer is an error; with "drop" respondents with any missing
        answer to an item of the model are left out and counted.
    tol : float
        The weights have settled when none moves by as much; above 0.
    max_iter : int
        Most iterations; at least 1.
    sign : "sum", or mapping from construct to item
        A score may point either way; it is turned to correlate positively with the sum of its
        standardised items, or with the item named for its construct.

    Returns
    -------
    StructuralResult
        PLSSolution, index, quality criteria, checks and a summary.

    Raises
    ------
    DataError
        If an item is absent, not numeric, constant, missing, infinite or off the scale, or
        there are too few respondents.
    NotIdentifiedError
        If collinear items of mode B, collinear drivers, a construct unrelated to its
        neighbours, or a reliability that is not positive leave an estimate undetermined.
    OptionError
        If an option is not one of its choices.

    Warns
    -----
    ConvergenceWarning
        If the weights did not settle.
    SmallSampleWarning
        If there are no more respondents than items.
    ImproperSolutionWarning
        If a loading, reliability, correlation or R2 is impossible, which happens with
        ``consistent`` when constructs are poorly measured or too alike.
    NegativeWeightWarning
        If ``scale`` is given and a construct has no index because of a negative weight.

    Notes
    -----
    Only the items' means and covariance matrix enter. With S the items' correlations, W the
    weights and R = W'SW the correlations of the scores, scaled to ones on the diagonal, each
    round takes inner weights E from R by the scheme and sets the weights of a block to its
    part of S W E (mode A), for mode B multiplied by the inverse of the block's correlations.

    PLSc divides the correlations of the constructs by sqrt(rho_A) of either side and takes
    loadings w sqrt(rho_A) / (w'w), where

        rho_A = (w'w)^2 * w'(S - diag S)w / w'(ww' - diag ww')w

    within each block [2]_. Single items, and constructs of mode B, are not corrected.

    References
    ----------
    .. [1] Tenenhaus, M., Esposito Vinzi, V., Chatelin, Y.-M., & Lauro, C. (2005). PLS path
       modeling. Computational Statistics & Data Analysis, 48(1), 159-205.
    .. [2] Dijkstra, T. K., & Henseler, J. (2015). Consistent partial least squares path
       modeling. MIS Quarterly, 39(2), 297-316.

    Examples
    --------
    Two constructs with one item each: the path is the correlation of the two items. Here
    the answers move together but for one pair, and the correlation is 0.8:

    >>> import pandas as pd
    >>> from loyaltymodel.structural import StructuralModel, fit
    >>> survey = pd.DataFrame({"s": [1, 2, 3, 4], "l": [1, 3, 2, 4]})
    >>> model = StructuralModel.from_text(
    ...     "satisfaction =~ s; loyalty =~ l; loyalty ~ satisfaction"
    ... )
    >>> result = fit(model, survey, scale=(1, 5))
    >>> result.paths.round(3)
             source   target  estimate
    0  satisfaction  loyalty       0.8

    The mean answer is 2.5, and (2.5 - 1) / (5 - 1) = 0.375:

    >>> result.index
          construct  estimate
    0  satisfaction      37.5
    1       loyalty      37.5
    """
    if not isinstance(model, StructuralModel):
        raise ModelError(
            f"the model is a {type(model).__name__}; a StructuralModel is needed, such as "
            "StructuralModel.from_text(...) or acsi(items)"
        )
    if isinstance(scale, AnswerBook):
        if isinstance(data, Moments):
            _refuse_turned(scale, model)
            scale = limits_by_item(scale, model.items)
        else:
            data, scale = read_answers(scale, data, model.items)
    settings = FitSettings(
        scheme=scheme,
        consistent=consistent,
        scale=scale,
        weights=weights,
        missing=missing,
        tol=tol,
        max_iter=max_iter,
        sign=sign,
    )
    design = design_of(model)
    moments = _moments(model, data, settings)
    _check_moments(model, design, moments)
    correlations = correlation_matrix(moments)
    solution = _estimate(model, design, correlations, settings)
    _warn(model, settings, moments, solution)
    return StructuralResult(model, settings, moments, solution)


def _refuse_turned(book: AnswerBook, model: StructuralModel) -> None:
    """Refuse a codebook that turns items of which there are moments only."""
    if down := [name for name in model.items if name in book.turned]:
        raise OptionError(
            f"a high answer means little in {enumerate_names(down)}, and Moments have no answers "
            "to turn; make them of book.clean(data), and give scale=book.limits"
        )


def _moments(model: StructuralModel, data: object, settings: FitSettings) -> Moments:
    """Take the moments of the model's items, each answer or mean checked against the scale."""
    if not isinstance(data, Moments):
        return Moments.from_frame(
            data,
            model.items,
            weights=settings.weights,
            scale=settings.scale,
            missing=settings.missing,
        )
    if settings.weights is not None:
        raise OptionError(
            "weights cannot be applied to Moments, which have no rows; "
            "make them with Moments.from_frame(data, weights=...)"
        )
    moments = data.select(model.items)
    if settings.scale is not None:
        _check_means(moments, resolve_limits(settings.scale, model.items, known=data.items))
    lowest = float(np.linalg.eigvalsh(moments.covariance).min())
    if lowest < -1e-8 * moments.covariance.diagonal().max():
        raise DataError(
            f"the covariance matrix has a negative eigenvalue, {lowest:.3g}: no data have it. It "
            "may be rounded, or computed pair by pair; take it from complete answers"
        )
    return moments


def _check_means(moments: Moments, limits: Limits) -> None:
    lowest, highest = limits.reach
    outside = (moments.means < lowest) | (moments.means > highest)
    if outside.any():
        found = [
            f"{moments.items[k]} ({moments.means[k]:g}, scale {limits.describe(k)})"
            for k in np.flatnonzero(outside).tolist()
        ]
        raise DataError(f"means off the scale: {enumerate_names(found)}; correct scale or means")


def _check_moments(model: StructuralModel, design: Design, moments: Moments) -> None:
    """Refuse data that leave the model's estimates undefined."""
    blocks_b = design.sizes[design.mode_b & (design.sizes > 1)].tolist()
    needed = max(3, int(design.drives.sum(axis=0).max()) + 2, *(size + 1 for size in blocks_b))
    if moments.n_obs < needed:
        raise DataError(
            f"the answers of {count_of(moments.n_obs, 'respondent')} are too few: this model needs "
            f"at least {needed} to be computed at all, and many more to mean anything"
        )
    variances = moments.covariance.diagonal()
    # Rounding leaves a constant column a variance of at most a few units in the last place.
    constant = np.sqrt(variances) <= 1e-14 * np.maximum(np.abs(moments.means), 1e-300)
    if constant.any():
        names = [moments.items[k] for k in np.flatnonzero(constant)]
        raise DataError(
            f"every answer is the same in {enumerate_names(names)}; an item that does not vary "
            "shows nothing, so leave it out of the model"
        )
    s = correlation_matrix(moments)
    for k in np.flatnonzero(design.mode_b & (design.sizes > 1)).tolist():
        block = s[design.rows(k), design.rows(k)]
        if _is_singular(block):
            raise NotIdentifiedError(
                f"the items of {model.names[k]!r} are collinear, so mode B cannot tell their "
                'weights apart; drop an item, or use mode="A"'
            )


def _estimate(
    model: StructuralModel, design: Design, correlations: FloatArray, settings: FitSettings
) -> PLSSolution:
    """Run the kernels on a stack of one."""
    s = correlations[None]
    outer = kernels.outer_weights(
        s, design, scheme=settings.scheme, tol=settings.tol, max_iter=settings.max_iter
    )
    if not np.isfinite(outer.weights).all():
        _explain_no_weights(model, design, correlations)
    weights = kernels.orient(s, outer.weights, design, sign_reference(model, settings.sign))
    found = kernels.structure(s, weights, design, consistent=settings.consistent)
    if not np.isfinite(found.paths).all():
        _explain_no_paths(model, settings, found.rho_a[0])
    _check_drivers(model, design, found.correlations[0])
    return PLSSolution(
        weights=weights[0],
        loadings=found.loadings[0],
        cross_loadings=found.cross_loadings[0],
        correlations=found.correlations[0],
        rho_a=found.rho_a[0],
        paths=found.paths[0],
        r_squared=found.r_squared[0],
        n_iter=int(outer.n_iter[0]),
        converged=bool(outer.converged[0]),
    )


def _check_drivers(model: StructuralModel, design: Design, correlations: FloatArray) -> None:
    for equation in design.equations:
        drivers = equation.drivers
        singular = _is_singular(correlations[drivers[:, :, None], drivers[:, None, :]])
        for k in np.flatnonzero(singular):
            names = ", ".join(model.names[d] for d in drivers[k])
            raise NotIdentifiedError(
                f"the drivers of {model.names[equation.targets[k]]!r} are collinear ({names}), so "
                "their paths cannot be told apart; drop or merge one of them"
            )


def _is_singular(matrices: FloatArray) -> BoolArray:
    size = np.abs(np.linalg.eigvalsh(matrices))
    singular: BoolArray = size.min(axis=-1) <= _ROUNDING * size.max(axis=-1)
    return singular


def _explain_no_weights(model: StructuralModel, design: Design, s: FloatArray) -> None:
    """Say which construct has no relation to its neighbours, or fall back to what is known."""
    connected = design.drives | design.drives.T
    neighbours = (connected @ design.membership.T.astype(bool))[design.block]
    strength = np.abs(np.where(neighbours, s, 0.0)).max(axis=1)
    alone = [
        name for k, name in enumerate(model.names) if strength[design.rows(k)].max() < _ROUNDING
    ]
    which = f": {enumerate_names(alone)}" if alone else ""
    raise NotIdentifiedError(
        f"the weights are not determined{which}; the items of a construct do not correlate with "
        "those of its neighbours, cancel each other because some point the other way, or its "
        "drivers are collinear. Reverse or check the items, or leave the construct out"
    )


def _explain_no_paths(model: StructuralModel, settings: FitSettings, rho_a: FloatArray) -> None:
    if settings.consistent and (bad := np.flatnonzero(~((rho_a > 0) & (rho_a < np.inf)))).size:
        found = [f"{model.names[k]} ({rho_a[k]:.3f})" for k in bad]
        raise NotIdentifiedError(
            f"the reliability rho_A of {enumerate_names(found)} is not a positive number, so "
            "correlations cannot be corrected for attenuation; use consistent=False, drop the "
            'items that do not belong, or give the construct mode="B"'
        )
    raise NotIdentifiedError(
        "the drivers of a construct are collinear, so their paths cannot be told apart; "
        "drop or merge one of them"
    )


def sign_reference(model: StructuralModel, sign: Sign) -> FloatArray:
    """Weights (p,) of the standardised items that the scores are to agree with."""
    reference = np.ones(len(model.items))
    if not isinstance(sign, Mapping):
        return reference
    if unknown := [name for name in sign if name not in model.names]:
        hints = [repr(name) + suggest(name, model.names) for name in unknown]
        raise OptionError(f"sign names unknown constructs: {enumerate_names(hints)}")
    start = 0
    for construct in model.constructs:
        chosen = sign.get(construct.name)
        if chosen is not None:
            if chosen not in construct.items:
                raise OptionError(
                    f"sign names {chosen!r} for {construct.name!r}, whose items are "
                    f"{', '.join(construct.items)}"
                )
            rows = slice(start, start + len(construct.items))
            reference[rows] = [float(item == chosen) for item in construct.items]
        start += len(construct.items)
    return reference


def _warn(
    model: StructuralModel, settings: FitSettings, moments: Moments, solution: PLSSolution
) -> None:
    """Warn once a kind of what the checks found wrong."""
    failed = [c for c in validity_checks(model, settings, moments, solution) if not c.passed]
    messages: dict[type[LoyaltyModelWarning], list[str]] = {}
    # What is not used does no harm: the checks say it, but nobody needs to be warned.
    harmless = set()
    if settings.scale is None:
        harmless.add("positive_weights")
    if not settings.consistent:
        harmless.add("reliabilities_possible")
    for check in failed:
        if check.name in _WARNINGS and check.name not in harmless:
            messages.setdefault(_WARNINGS[check.name], []).append(check.sentence)
    for category, sentences in messages.items():
        warn_caller(" ".join(sentences), category)
