"""Estimating a model again and again: on resamples, without each unit, on drawn moments."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping, IntArray
from loyaltymodel._core.frames import checked_rows, read_columns, read_table
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.resampling import Units
from loyaltymodel._core.scales import resolve_limits
from loyaltymodel._core.variables import of_moderate_size, without_blanks
from loyaltymodel.errors import (
    DataError,
    FailedResamplesWarning,
    NotIdentifiedError,
    OptionError,
    SmallSampleWarning,
    warn_caller,
)
from loyaltymodel.structural.estimates import correlation_matrix, design_of
from loyaltymodel.structural.inference import errors_of
from loyaltymodel.structural.kernels.pls import Structure
from loyaltymodel.structural.kernels.quantities import (
    FAILURES,
    Catalogue,
    Evaluation,
    Setup,
    estimate,
    evaluate,
    make_catalogue,
)
from loyaltymodel.structural.result import StructuralResult

WORTH_A_WARNING = 0.01  # share of resamples left out
_SAME = 1e-9  # data are those of a result if their moments differ by less of their size
_INNER = 50  # resamples of a resample, for its standard error
_HALF = 0.5  # share of the weight above which a single unit decides
_STEP = 1e-3  # share of a unit's weight by which it is moved for a derivative


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """An estimation, arranged so that it can be repeated on moments."""

    result: StructuralResult
    catalogue: Catalogue
    setup: Setup

    def evaluate(self, means: FloatArray, covariances: FloatArray) -> Evaluation:
        """All quantities of a stack."""
        return evaluate(means, covariances, self.catalogue, self.setup)

    def estimate(
        self, means: FloatArray, covariances: FloatArray
    ) -> tuple[FloatArray, Structure, IntArray]:
        """Correlations of the items, structure and failures of a stack."""
        found = estimate(means, covariances, self.catalogue.design, self.setup)
        return found.correlations, found.structure, found.failure

    def observed(self) -> FloatArray:
        """Correlations of the items in the original sample (1, p, p)."""
        return _standard_moments(self.result.moments)[1]

    def original(self) -> Evaluation:
        """All quantities of the original sample, a stack of one."""
        return self.evaluate(*_standard_moments(self.result.moments))


Slice = tuple[FloatArray, FloatArray, FloatArray | None]


class Drawn(NamedTuple):
    """What was estimated of each of b resamples, or with each of b units left out."""

    values: FloatArray  # (b, k)
    errors: FloatArray  # (b, k) of the values, or none
    failure: IntArray  # (b,) 0, or 1 + a place in FAILURES
    admissible: BoolArray  # (b,) whether such a solution can be


def make_task(result: StructuralResult) -> Task:
    """Arrange a fitted model so that it can be estimated again, in standardised answers."""
    settings, moments = result.settings, result.moments
    sd = np.sqrt(moments.covariance.diagonal())
    lowest = highest = None
    if settings.scale is not None:
        limits = resolve_limits(settings.scale, result.model.items)
        lowest, highest = (
            (limits.lowest - moments.means) / sd,
            (limits.highest - moments.means) / sd,
        )
    setup = Setup(
        scheme=settings.scheme,
        consistent=settings.consistent,
        tol=settings.tol,
        max_iter=settings.max_iter,
        # Scores point as those of the estimate do, whatever rule turned these: where a sum of
        # items hangs by a thread, a rule that is applied anew turns some of them round.
        reference=result.solution.weights,
        lowest=lowest,
        highest=highest,
    )
    catalogue = make_catalogue(design_of(result.model), with_index=lowest is not None)
    return Task(result, catalogue, setup)


def check_same_data(result: StructuralResult, data: object) -> None:
    """Refuse data whose moments are not those that the result was estimated from.

    Raises
    ------
    DataError
        If the numbers of respondents, or means or covariances of items, differ by more than
        rounding.
    """
    settings, known = result.settings, result.moments
    if isinstance(data, Moments):
        found = data.select(result.model.items)
    else:
        found = Moments.from_frame(
            data, result.model.items, weights=settings.weights, missing=settings.missing
        )
    way_out = (
        "; give the data that the result was fitted to (if a codebook read them, codebook.clean "
        "gives them to all), or fit the model to these first"
    )
    if found.n_obs != known.n_obs:
        raise DataError(
            f"the data have {count_of(found.n_obs, 'respondent')}, and the result rests on "
            f"{known.n_obs}"
            f"{way_out}"
        )
    sd = np.sqrt(known.covariance.diagonal())
    apart = np.abs(found.means - known.means) / np.maximum(np.abs(known.means), sd)
    spread = (np.abs(found.covariance - known.covariance) / np.outer(sd, sd)).max(axis=1)
    for what, gap in (("means", apart), ("covariances", spread)):
        if (other := np.flatnonzero(gap > _SAME)).size:
            names = enumerate_names(repr(known.items[k]) for k in other)
            raise DataError(f"the {what} of {names} are not those in the result{way_out}")


def read_units(
    result: StructuralResult, data: object, clusters: str | None, strata: str | None
) -> Units:
    """Read the rows once more, less the sample's means over its deviations, and group them."""
    rows, weights, places, labels = read_answers(result, data)
    cluster = codes_in(data, clusters, places)
    stratum = codes_in(data, strata, places)
    if cluster is not None and cluster.max() == 0:
        raise DataError(
            f"column {clusters!r} of clusters has one value; at least two must be drawn from"
        )
    if cluster is not None and stratum is not None:
        pairs = len(np.unique(cluster * (stratum.max() + 1) + stratum))
        if pairs > cluster.max() + 1:
            raise DataError(f"a cluster of {clusters!r} lies in two strata of {strata!r}")
    if stratum is not None:
        alone, kind = stratum, "respondent"
        if cluster is not None:
            alone, kind = stratum[np.unique(cluster, return_index=True)[1]], "cluster"
        if (np.bincount(alone) == 1).any():
            raise DataError(
                f"a stratum in column {strata!r} has one {kind}, of whom nothing tells how others "
                "vary; put it together with another stratum"
            )
    units = resampling.make_units(rows, weights, cluster, stratum)
    share = np.bincount(units.member, weights=weights) / weights.sum()
    if share.max() > _HALF:
        who = f"the respondent in row {labels[places[int(weights.argmax())]]}"
        warn_caller(
            f"{who if cluster is None else 'one cluster'} has {share.max():.0%} of all weight and "
            "decides the estimates alone, so that errors and intervals say little",
            SmallSampleWarning,
        )
    return units


class Answers(NamedTuple):
    """The rows that count: answers, weights, their places in the data, labels of all rows."""

    rows: FloatArray  # (n, p) less the sample's means, over its deviations
    weights: FloatArray  # (n,)
    places: IntArray  # (n,)
    labels: pd.Index


def read_answers(result: StructuralResult, data: object) -> Answers:
    """Read the rows once more, less the sample's means over its deviations."""
    if isinstance(data, Moments):
        raise OptionError(
            "Moments have no respondents to draw or leave out; give the answers, or bootstrap "
            'with draw="parametric"'
        )
    if data is None:
        raise DataError(
            "a result keeps no answers; give the data that it was fitted to, or bootstrap with "
            'draw="parametric", for which its moments suffice'
        )
    check_same_data(result, data)
    settings, moments = result.settings, result.moments
    names = (
        result.model.items if settings.weights is None else (*result.model.items, settings.weights)
    )
    weighted = settings.weights is not None
    columns = read_columns(data, names)
    parts = list(checked_rows(columns, None, settings.missing, weighted=weighted))
    rows = np.concatenate([part.T for part, _ in parts])
    places = np.concatenate([place for _, place in parts])
    if weighted:  # who weighs nothing is no unit, as in the number of respondents
        counts = rows[:, -1] > 0
        rows, places = rows[counts], places[counts]
    weights = of_moderate_size(rows[:, -1].copy()) if weighted else np.ones(len(rows))
    rows = rows[:, : len(result.model.items)] - moments.means
    rows /= np.sqrt(moments.covariance.diagonal())
    return Answers(rows, weights, places, columns.labels)


def check_depth(units: Units) -> None:
    """Refuse a design of which a resample cannot be resampled itself."""
    if (n := int(units.size.min())) <= 2 * units.fewer:
        raise DataError(
            f"a stratum has {count_of(n, 'unit')}, of which a resample has {n - 1}, too few to "
            'resample it for its own error; put strata together, or choose interval="percentile"'
        )


def codes_in(data: object, name: str | None, places: IntArray) -> IntArray | None:
    """Give each row that is used the number of its group."""
    if name is None:
        return None
    column = read_table(data, [name])[name].iloc[places]
    groups = without_blanks(f"column {name!r}", column.to_numpy(dtype=object))
    if pd.isna(groups).any():
        raise DataError(f"column {name!r} has respondents without a group")
    return np.asarray(pd.factorize(groups)[0], dtype=np.intp)


def drawn_slices(
    task: Task, units: Units, n_resamples: int, rng: np.random.Generator, *, nested: bool
) -> Iterator[Slice]:
    """Draw respondents; for studentized intervals also the error within each resample."""
    inner = rng.spawn(1)[0] if nested else None
    size = resampling.slice_size(units, inner=_INNER if nested else 0)
    for counts in resampling.draw_counts(units, n_resamples, rng, size=size):
        errors = None if inner is None else _nested_errors(task, units, counts, inner)
        yield *resampling.resampled_moments(units, counts), errors


def _nested_errors(
    task: Task, units: Units, counts: resampling.Counts, rng: np.random.Generator
) -> FloatArray:
    """Bootstrap each resample (b, u) itself; return the errors (b, k) of all quantities."""
    again = resampling.draw_again(units, counts, _INNER, rng)
    found = task.evaluate(*resampling.resampled_moments(units, again, fewer=2 * units.fewer))
    values = np.where(found.failure[:, None] == 0, found.values, np.nan)
    values = values.reshape(len(counts), _INNER, -1)
    return errors_of(values.transpose(1, 0, 2))


def parametric_slices(task: Task, n_resamples: int, rng: np.random.Generator) -> Iterator[Slice]:
    """Draw means and covariances as samples from a normal population have them (Bartlett)."""
    moments = task.result.moments
    n, p = moments.n_obs, len(moments.items)
    if n <= p:
        raise DataError(f"{n} respondents are too few to draw covariance matrices of {p} items")
    _, s = _standard_moments(moments)
    root = np.linalg.cholesky(s[0])
    size = resampling.matrices_in_slice(p)
    # A generator for each kind of draw, so that slices change nothing.
    below, diagonal, centre = rng.spawn(3)
    for start in range(0, n_resamples, size):
        b = min(size, n_resamples - start)
        factor = np.tril(below.standard_normal((b, p, p)), -1)
        squares = diagonal.chisquare(n - 1 - np.arange(p), (b, p))
        factor[:, np.arange(p), np.arange(p)] = np.sqrt(squares)
        factor = root @ factor
        means = centre.standard_normal((b, p)) @ root.T / np.sqrt(n)
        yield means, factor @ factor.transpose(0, 2, 1) / (n - 1), None


def _standard_moments(moments: Moments) -> tuple[FloatArray, FloatArray]:
    """Moments of standardised answers as a stack of one."""
    return np.zeros((1, len(moments.items))), correlation_matrix(moments)[None]


def collect(
    task: Task, slices: Iterator[Slice], n_resamples: int, *, progress: bool = False
) -> Drawn:
    """Estimate every resample."""
    found, errors = [], []
    done = 0
    for means, covariances, error in slices:
        found.append(task.evaluate(means, covariances))
        if error is not None:
            errors.append(error)
        done += len(means)
        if progress:
            _show(done, n_resamples)
    values = np.concatenate([one.values for one in found])
    return Drawn(
        values,
        np.concatenate(errors) if errors else values[:0],
        np.concatenate([one.failure for one in found]),
        np.concatenate([one.admissible for one in found]),
    )


def leave_out(task: Task, units: Units, *, share: float = 1.0) -> Drawn:
    """Estimate with a share of each unit left out in turn."""
    slices = resampling.moments_without_each(units, share=share)
    return collect(task, ((*moments, None) for moments in slices), units.n_units)


def move_each(task: Task, units: Units) -> Drawn:
    """Give each unit in turn a little more and a little less weight.

    The derivatives come as estimates with units left out whose spread gives the same error.
    """
    up, down = (leave_out(task, units, share=share) for share in (-_STEP, _STEP))
    n = resampling.sizes_of(units.stratum)[:, None]
    influence = (up.values - down.values) / (2 * _STEP) * (n - 1)
    values = task.original().values - influence / np.sqrt(n * (n - 1))
    failure = np.where(up.failure > 0, up.failure, down.failure)
    return Drawn(values, values[:0], failure, up.admissible & down.admissible)


def without_inadmissible(drawn: Drawn) -> IntArray:
    """Return what was wrong (b,) if an inadmissible solution is taken for a failure."""
    inadmissible = FAILURES.index("inadmissible") + 1
    return np.where(drawn.admissible | (drawn.failure > 0), drawn.failure, inadmissible)


def usable(failure: IntArray) -> BoolArray:
    """Tell which resamples (b,) did not fail, refuse fewer than two, and warn if many failed."""
    n_resamples, counted = len(failure), count_failures(failure)
    kept: BoolArray = failure == 0
    if kept.sum() < 2:  # noqa: PLR2004  a spread needs two
        raise NotIdentifiedError(
            f"of {n_resamples} resamples {kept.sum()} could be used ({dict(counted)}); ask "
            "more respondents, or leave out items that hardly vary"
        )
    warn_of_failures(counted, n_resamples)
    return kept


def count_failures(failure: IntArray) -> FrozenMapping[str, int]:
    """Count the resamples that went wrong, by what was wrong first."""
    counts = np.bincount(failure, minlength=len(FAILURES) + 1)[1:].tolist()
    return FrozenMapping(dict(zip(FAILURES, counts, strict=True)))


def warn_of_failures(failures: FrozenMapping[str, int], n_resamples: int) -> None:
    """Warn if more than one resample in a hundred went wrong."""
    n_failed = sum(failures.values())
    if n_failed > WORTH_A_WARNING * n_resamples:
        kinds = ", ".join(f"{kind} {count}" for kind, count in failures.items() if count)
        warn_caller(
            f"{n_failed} of {n_resamples} resamples were left out of everything: {kinds}",
            FailedResamplesWarning,
        )


def _show(done: int, total: int) -> None:
    """Draw a bar on standard error."""
    width = 40
    filled = width * done // total
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r[{'#' * filled}{'.' * (width - filled)}] {done}/{total}{end}")
    sys.stderr.flush()
