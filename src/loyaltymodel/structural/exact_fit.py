"""Could the model be exactly true? A test by resampling from a world in which it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Data
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.comparisons import reaches
from loyaltymodel._core.options import check_choice, check_count, enumerate_names
from loyaltymodel._core.resampling import (
    FOR_TESTS,
    Units,
    draw_counts,
    resampled_moments,
    slice_size,
)
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.structural.kernels.implied import Implied, Which, distances, implied_correlations
from loyaltymodel.structural.replication import (
    Task,
    count_failures,
    make_task,
    read_units,
    warn_of_failures,
)
from loyaltymodel.structural.result import StructuralResult

_MEASURES = ("srmr", "d_uls", "d_g")
_MODELS: tuple[Which, ...] = ("saturated", "estimated")
_DEFINITE = 1e-10  # the smallest eigenvalue of a matrix that has a root to divide by


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ExactFitTest(Result):
    """How far a model lies from the data, and how far a true one would by chance.

    Made by :func:`exact_fit_test`. Arrays have a row for each of the two models, the saturated
    and the estimated one, and a column for each distance: SRMR, d_ULS and d_G.

    Attributes
    ----------
    n_obs : int
        Number of respondents.
    n_dropped : int
        Respondents left out because an answer was missing.
    n_resamples : int
        Resamples drawn from a world in which each model is true.
    n_failed : int
        Resamples that could not be estimated and were left out, of the model with more of them.
    statistic : ndarray of shape (2, 3)
        The distances.
    critical_95, critical_99 : ndarray of shape (2, 3)
        What 95 and 99 in 100 samples of a true model stay below.
    p_value : ndarray of shape (2, 3)
        Share of resamples at or above the statistic, the sample itself counted as one of them:
        (1 + number) / (1 + resamples), never 0.
    n_used : ndarray of shape (2, 3)
        Resamples in which the distance exists.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey, consistent=True)
    >>> structural.exact_fit_test(result, survey, n_resamples=50, rng=1)
    <ExactFitTest: 250 respondents, 50 resamples, SRMR of the estimated model p = 0.020>
    """

    n_obs: int
    n_dropped: int
    n_resamples: int
    n_failed: int
    statistic: FloatArray
    critical_95: FloatArray
    critical_99: FloatArray
    p_value: FloatArray
    n_used: IntArray

    @property
    def distances(self) -> pd.DataFrame:
        """The tests: model, measure, statistic, critical values, p-value, resamples used."""
        return pd.DataFrame(
            {
                "model": np.repeat(np.array(_MODELS, dtype=object), len(_MEASURES)),
                "measure": _MEASURES * len(_MODELS),
                "statistic": self.statistic.ravel(),
                "critical_95": self.critical_95.ravel(),
                "critical_99": self.critical_99.ravel(),
                "p_value": self.p_value.ravel(),
                "n_resamples": self.n_used.ravel(),
            }
        )

    def _title(self) -> str:
        return "Test of exact fit"

    def _brief(self) -> str:
        p = self.p_value[_MODELS.index("estimated"), 0]
        drawn = f"{self.n_obs:,} respondents, {self.n_resamples:,} resamples"
        return f"{drawn}, SRMR of the estimated model p = {p:.3f}"

    def _facts(self) -> Facts:
        return (("hypothesis", "the model is exactly true in the population"),)

    def _tables(self) -> Sequence[Table]:
        digits = (3, 3, 3, 3, 0)
        return (table_of("Distances", self.distances, n_labels=2, digits=digits),)

    def _remarks(self) -> Sequence[str]:
        sentence = (
            "A small p-value speaks against the model. A large one says only that this sample does "
            "not, which in small samples is easy."
        )
        return [sentence]


@checked
def exact_fit_test(
    result: StructuralResult,
    data: Data,
    *,
    implied: Implied = "convention",
    n_resamples: int = FOR_TESTS,
    rng: np.random.Generator | int | None = None,
) -> ExactFitTest:
    """Test by resampling whether the model could be exactly true (精确拟合检验).

    The answers are transformed so that the estimated model holds in them exactly (Beran and
    Srivastava), and respondents are drawn from these, with their weights. How far from its own
    model each resample lies shows how far a sample lies from a true model by chance.

    Parameters
    ----------
    result : StructuralResult
        The fitted model; it is estimated again with the same settings. A construct of mode A with
        several items needs a fit with ``consistent=True``.
    data : pandas, polars or pyarrow table
        The answers that it was fitted to, with the column of weights if there is one.
    implied : see :meth:`StructuralResult.fit_measures`
        As there.
    n_resamples : int
        Number of resamples, at least 2.
    rng : numpy.random.Generator, int or None
        Source of randomness.

    Returns
    -------
    ExactFitTest
        SRMR, d_ULS and d_G of the saturated and the estimated model, with what 95 and 99 in 100
        samples of a true model stay below, and p-values.

    Raises
    ------
    DataError
        If the data are not those of the result.
    NotIdentifiedError
        If the implied correlations are not positive definite, so that no data could have them.
    OptionError
        If an option is not one of its choices, ``result`` is no fitted model, Moments are given,
        which have no rows, or a construct of mode A with several items is not corrected.

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

    Scores of mode A that are not corrected for attenuation reproduce the correlations of neither
    factors nor composites, however large the sample, so that a test of them would reject every
    true model. PLSc reproduces those of factors, and mode B those of composites.

    Examples
    --------
    >>> from loyaltymodel import datasets, structural
    >>> model = structural.acsi(datasets.mobile_phone_items())
    >>> survey = datasets.load_mobile_phones()
    >>> result = structural.fit(model, survey, consistent=True)
    >>> found = structural.exact_fit_test(result, survey, n_resamples=199, rng=1)
    >>> found.distances.query("model == 'estimated'")["p_value"].to_list()
    [0.02, 0.02, 0.035]
    """
    check_count("n_resamples", n_resamples, least=2)
    check_choice("implied", implied, Implied)
    task = make_task(result)
    units = read_units(result, data, None, None)
    _check_corrected(result)
    composite = task.catalogue.design.mode_b
    measures = result.fit_measures(implied=implied)
    generator = np.random.default_rng(rng)
    rows, n_failed = [], []
    for which in _MODELS:
        true = implied_correlations(
            task.observed(),
            result.solution.as_stack(),
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
        failures = count_failures(drawn[:, -1].astype(np.intp))
        warn_of_failures(failures, n_resamples)
        n_failed.append(sum(failures.values()))
        statistic = measures[which].loc[list(_MEASURES)].to_numpy()
        rows.append(_held(statistic, drawn[drawn[:, -1] == 0, :-1]))
    statistic, critical_95, critical_99, p_value, n_used = map(np.array, zip(*rows, strict=True))
    return ExactFitTest(
        n_obs=result.n_obs,
        n_dropped=result.n_dropped,
        n_resamples=n_resamples,
        n_failed=max(n_failed),
        statistic=statistic,
        critical_95=critical_95,
        critical_99=critical_99,
        p_value=p_value,
        n_used=n_used,
    )


def _check_corrected(result: StructuralResult) -> None:
    several = [c.name for c in result.model.constructs if c.mode == "A" and len(c.items) > 1]
    if several and not result.settings.consistent:
        raise OptionError(
            f"the scores of {enumerate_names(several)} are of mode A and not corrected, and would "
            "fail the test however true the model is; fit reflective constructs with "
            'consistent=True, or give composites mode="B"'
        )


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


def _held(statistic: FloatArray, drawn: FloatArray) -> tuple[FloatArray | IntArray, ...]:
    """Hold each distance against its distribution in samples of a true model."""
    exists = ~np.isnan(drawn)
    beyond = reaches(drawn, statistic)  # NaN never does
    share = (1 + beyond.sum(axis=0)) / (1 + exists.sum(axis=0))
    p = np.where(np.isnan(statistic), np.nan, share)
    critical = np.nanquantile(drawn, [0.95, 0.99], axis=0)
    return statistic, critical[0], critical[1], p, exists.sum(axis=0)
