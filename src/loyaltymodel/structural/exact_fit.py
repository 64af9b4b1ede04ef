"""Could the model be exactly true? A test by resampling from a world in which it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from loyaltymodel._arrays import BoolArray, FloatArray
from loyaltymodel._frames import Missing
from loyaltymodel._options import check_choice, check_count
from loyaltymodel._resampling import Units, draw_counts, resampled_moments, slice_size
from loyaltymodel.errors import NotIdentifiedError
from loyaltymodel.structural.estimates import composites_of
from loyaltymodel.structural.fit import fit
from loyaltymodel.structural.implied import Implied, Which, distances, implied_correlations
from loyaltymodel.structural.kernels import Scheme
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.replication import (
    Task,
    count_failures,
    make_task,
    read_units,
    warn_of_failures,
)
from loyaltymodel.structural.settings import Sign

_MEASURES = ("srmr", "d_uls", "d_g")
_MODELS: tuple[Which, ...] = ("saturated", "estimated")
_DEFINITE = 1e-10  # the smallest eigenvalue of a matrix that has a root to divide by


def exact_fit_test(
    model: StructuralModel,
    data: object,
    *,
    scheme: Scheme = "path",
    consistent: bool = False,
    weights: str | None = None,
    missing: Missing = "raise",
    tol: float = 1e-10,
    max_iter: int = 300,
    sign: Sign = "sum",
    implied: Implied = "convention",
    composites: Sequence[str] = (),
    n_resamples: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Test by resampling whether the model could be exactly true (精确拟合检验).

    The answers are transformed so that the estimated model holds in them exactly (Beran and
    Srivastava), and respondents are drawn from these. How far from its own model each
    resample lies shows how far a sample lies from a true model by chance.

    Parameters
    ----------
    model : StructuralModel
        Constructs, items and paths.
    data : pandas, polars or pyarrow table
        The answers.
    scheme, consistent, weights, missing, tol, max_iter, sign : see :func:`fit`
        As there.
    implied, composites : see :meth:`StructuralResult.fit_measures`
        As there.
    n_resamples : int
        Number of resamples, at least 2.
    rng : numpy.random.Generator, int or None
        Source of randomness.

    Returns
    -------
    DataFrame
        Rows ``srmr``, ``d_uls`` and ``d_g``; columns ``model`` ("saturated" or "estimated"),
        ``value``, ``critical_95`` and ``critical_99`` (what 95 and 99 in 100 samples of a true
        model stay below), ``p_value`` (the share of resamples at or above the value) and
        ``n_used`` (resamples in which the distance exists).

    Raises
    ------
    DataError
        As of :func:`fit`.
    NotIdentifiedError
        As of :func:`fit`; or if the implied correlations are not positive definite, so that no
        data could have them.
    OptionError
        If an option is not one of its choices, or Moments are given, which have no rows.

    Warns
    -----
    FailedResamplesWarning
        If more than one resample in a hundred had to be left out.

    Notes
    -----
    With S the items' correlations and Sigma those that the model implies, standardised answers
    z become z S^(-1/2) Sigma^(1/2), whose correlations are Sigma. A small p-value speaks
    against the model; a large one says that the sample does not, which in small samples is
    easy.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.ecsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> found = structural.exact_fit_test(model, survey, n_resamples=200, rng=1)
    >>> found.query("model == 'estimated'")["p_value"].to_list()
    [0.0, 0.0, 0.0]
    """
    check_count("n_resamples", n_resamples, least=2)
    check_choice("implied", implied, Implied)
    result = fit(
        model,
        data,
        scheme=scheme,
        consistent=consistent,
        weights=weights,
        missing=missing,
        tol=tol,
        max_iter=max_iter,
        sign=sign,
    )
    task, units = make_task(result), read_units(result, data, None, None)
    measures = result.fit_measures(implied=implied, composites=composites)
    composite = composites_of(model, composites)
    generator = np.random.default_rng(rng)
    tables = []
    for which in _MODELS:
        true = implied_correlations(
            task.observed(),
            result.estimates.as_stack(),
            task.catalogue.design,
            composite,
            which=which,
            implied=implied,
        )[0]
        world = replace(units, rows=units.rows @ _transformation(task.observed()[0], true))
        apart = [
            _distances(task, moments, composite, which, implied)
            for moments in _resamples(world, n_resamples, generator)
        ]
        drawn = np.concatenate(apart)
        failed = count_failures(drawn[:, -1].astype(np.intp))
        warn_of_failures(failed, n_resamples)
        kept = drawn[drawn[:, -1] == 0, :-1]
        tables.append(_table(which, measures[which], kept))
    return pd.concat(tables)


def _resamples(
    world: Units, n_resamples: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    for counts in draw_counts(world, n_resamples, rng, size=slice_size(world)):
        yield resampled_moments(world, counts)


def _distances(
    task: Task,
    moments: tuple[FloatArray, FloatArray],
    composite: BoolArray,
    which: Which,
    implied: Implied,
) -> FloatArray:
    """Distances (b, 3) of resamples from their own models, and what was wrong with each (b, 1)."""
    observed, found, failure = task.estimate(*moments)
    claimed = implied_correlations(
        observed, found, task.catalogue.design, composite, which=which, implied=implied
    )
    apart = distances(observed, claimed)
    return np.column_stack([*(getattr(apart, name) for name in _MEASURES), failure])


def _transformation(observed: FloatArray, true: FloatArray) -> FloatArray:
    """S^(-1/2) Sigma^(1/2): standardised answers times this correlate as Sigma says."""
    roots = []
    for matrix, power in ((observed, -0.5), (true, 0.5)):
        values, vectors = np.linalg.eigh(matrix)
        if values[0] <= _DEFINITE:
            raise NotIdentifiedError(
                "the observed or the implied correlations are not positive definite, so no data "
                "could have them exactly; the solution is improper, or items are collinear"
            )
        roots.append(vectors * values**power @ vectors.T)
    transformation: FloatArray = roots[0] @ roots[1]
    return transformation


def _table(which: Which, values: pd.Series, drawn: FloatArray) -> pd.DataFrame:
    """Hold each measure against its distribution in samples of a true model."""
    exists = ~np.isnan(drawn)
    value = values[list(_MEASURES)].to_numpy()
    beyond = (drawn >= value) & exists
    p = np.where(np.isnan(value), np.nan, beyond.sum(axis=0) / exists.sum(axis=0))
    return pd.DataFrame(
        {
            "model": which,
            "value": value,
            "critical_95": np.nanquantile(drawn, 0.95, axis=0),
            "critical_99": np.nanquantile(drawn, 0.99, axis=0),
            "p_value": p,
            "n_used": exists.sum(axis=0),
        },
        index=pd.Index(_MEASURES, name="measure"),
    )
