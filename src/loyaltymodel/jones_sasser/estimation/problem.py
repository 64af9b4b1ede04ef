"""The statistical problem that settings and a sample pose: parameters, bounds and starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenRecord
from loyaltymodel._core.comparisons import levels_of
from loyaltymodel._core.options import count_of, enumerate_names, suggest
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.curves.families import CurveFamily, Parameter
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import (
    Beta,
    Cells,
    Ordinal,
    Outcome,
    Problem,
    Shares,
)
from loyaltymodel.jones_sasser.estimation.sample import Sample
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.jones_sasser.estimation.true_score import TrueScoreLaw

_MANY = 4_000  # cells from which on a search begins on fewer of them
_LEAST_BINS = 40  # of satisfaction, in each group
_MOST_HELD = 0.999999
_CONSTRAINT = Parameter("c", 0.0, _MOST_HELD, starts=(0.05, 0.3), transform="logit")
_LOGIT = Parameter("d", -50.0, 50.0, starts=(0.0,))
_LEVEL_OF_DRIVERS = (0.0, -1.5, 1.5)
# Of a driver: its effect in its standard deviations, and the level at its mean.
_EFFECTS = tuple(
    (effect, level)
    for size, levels in ((1.2, (0.0, -1.5, 1.5)), (4.0, (0.0, -2.0, 2.0, -5.0, 5.0)))
    for effect in (-size, size)
    for level in levels
)
_FEW_DRIVERS = 4
_MANY_SHAPES = 300  # of the curve, with drivers
_PRECISION = Parameter("log_precision", -10.0, 25.0, starts=(1.5, 3.5))
_STEP = Parameter("log_step", -12.0, 8.0, starts=(0.0,))


@dataclass(frozen=True, slots=True, eq=False)
class Setup(FrozenRecord):
    """A problem with its statistics, and its parameters with names, bounds (q,) and starts.

    ``levels`` are the distinct values of satisfaction, ``law`` is that of true scores if they
    are not what was answered.
    """

    problem: Problem
    law: TrueScoreLaw | None
    stats: FloatArray
    parameters: tuple[Parameter, ...]
    lower: FloatArray
    upper: FloatArray
    starts: FloatArray
    levels: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)


def outcome_of(settings: CurveSettings, sample: Sample) -> tuple[Outcome, int]:
    """Return the outcome and the number of its own parameters."""
    if settings.outcome == "ordinal":
        assert sample.categories is not None  # noqa: S101  read with them
        n = len(sample.categories)
        return Ordinal(n, sample.categories.index(settings.cuts)), n - 2
    if settings.outcome == "beta":
        return Beta(), 1
    return Shares(), 0


def set_up(settings: CurveSettings, sample: Sample) -> Setup:
    """Pose the problem."""
    outcome, n_extra = outcome_of(settings, sample)
    law = _law(settings, sample)
    cells = sample.observations.cells(law)
    problem = Problem(settings.family, cells, outcome, n_extra, _kinks(settings.family, cells))
    levels, _ = levels_of(sample.observations.satisfaction)
    parameters = _parameters(settings, sample, levels, n_extra)
    names = [parameter.name for parameter in parameters]
    lower = np.array([parameter.lower for parameter in parameters])
    upper = np.array([parameter.upper for parameter in parameters])
    for name, value in fixed_values(settings, sample).items():
        if name not in names:
            raise OptionError(
                f"fixed names {name!r}, which is no parameter{suggest(name, names)}; the "
                f"parameters are {enumerate_names(names, most=12)}"
            )
        place = names.index(name)
        if not lower[place] <= value <= upper[place]:
            raise OptionError(
                f"fixed gives {name}={value!r}, which must lie between {lower[place]:.12g} and "
                f"{upper[place]:.12g}"
            )
        lower[place] = upper[place] = value
    if {"lo", "hi"} <= set(names) and lower[names.index("lo")] > upper[names.index("hi")]:
        raise OptionError(
            f"fixed gives lo={lower[names.index('lo')]:.12g} and "
            f"hi={upper[names.index('hi')]:.12g}, but hi must not be below lo"
        )
    stats = sample.observations.statistics(outcome)
    starts = _starts(parameters, lower, upper, cells)
    return Setup(problem, law, stats, parameters, lower, upper, starts, levels)


def _law(settings: CurveSettings, sample: Sample) -> TrueScoreLaw | None:
    """Estimate the law of true scores, or say why the answers do not determine it."""
    law = sample.observations.law(settings.true_scores, settings.reliability)
    if law is None:
        return None
    numbers, answers = law.n_numbers, len(law.answers.levels)
    if numbers > answers - 1:
        raise NotIdentifiedError(
            f'true_scores="{law.kind}" is a law of {count_of(numbers, "number")}, and '
            f"{count_of(answers, 'possible answer')} determine {answers - 1}; choose "
            'true_scores="masses", which has as many numbers as the answers determine, or leave '
            "reliability out"
        )
    if law.parameters is not None and law.rank() < numbers:
        raise NotIdentifiedError(
            f'the answers do not determine the two numbers of true_scores="{law.kind}"; choose '
            'true_scores="masses", or leave reliability out'
        )
    return law


def _kinks(family: CurveFamily, cells: Cells) -> FloatArray | None:
    """Return where a likelihood has kinks: at every satisfaction; with ends that are none."""
    if family.kinked is None:
        return None
    nodes = cells.nodes
    rises = len(nodes) > 1 and (nodes[1:] > nodes[:-1]).all()
    return np.concatenate([[-np.inf], nodes if rises else np.unique(nodes), [np.inf]])


def fixed_values(settings: CurveSettings, sample: Sample) -> dict[str, float]:
    """Return the parameters that are not estimated: those named, else those of the family."""
    reference = {}
    if settings.reference is not None:
        reference[f"c[{settings.reference}]"] = 0.0
    if settings.fixed is not None:
        return {**reference, **settings.fixed}
    if reference and sample.groups is not None:
        return dict(reference)
    return {p.name: p.fixed for p in settings.family.parameters if p.fixed is not None}


def _parameters(
    settings: CurveSettings, sample: Sample, levels: FloatArray, n_extra: int
) -> tuple[Parameter, ...]:
    held: list[Parameter] = []
    if sample.groups is not None:
        held = [_named(_CONSTRAINT, f"c[{group}]") for group in sample.groups]
    elif sample.drivers is not None:
        held = _driver_parameters(sample)
    elif sample.observations.given is None:
        held = [_CONSTRAINT]
    own: list[Parameter] = []
    if settings.outcome == "beta":
        own = [_PRECISION]
    elif n_extra:
        assert sample.categories is not None  # noqa: S101  read with them
        steps = sample.categories[1:]
        own = [_named(_STEP, f"log_step[{low} to {high}]") for low, high in pairwise(steps)]
    return (*settings.family.parameters_for(levels), *held, *own)


def _driver_parameters(sample: Sample) -> list[Parameter]:
    """Return parameters of drivers, with bounds that fit their units and where they are."""
    z = np.asarray(sample.observations.drivers)[:, 1:]
    spread = z.std(axis=0)
    reach = _LOGIT.upper / np.where(spread > 0, spread, 1.0)
    bounds = [_LOGIT.upper + float(np.abs(z.mean(axis=0)) @ reach), *reach.tolist()]
    names = ("const", *(sample.drivers or ()))
    return [
        Parameter(
            f"d[{name}]",
            -bound,
            bound,
            starts=_LEVEL_OF_DRIVERS if place == 0 else _LOGIT.starts,
        )
        for place, (name, bound) in enumerate(zip(names, bounds, strict=True))
    ]


def _named(parameter: Parameter, name: str) -> Parameter:
    return Parameter(
        name,
        parameter.lower,
        parameter.upper,
        starts=parameter.starts,
        transform=parameter.transform,
    )


def _starts(
    parameters: tuple[Parameter, ...], lower: FloatArray, upper: FloatArray, cells: Cells
) -> FloatArray:
    """Return every combination of the curve's starts, with all constraints low or all high.

    Drivers have no effect, or one of them has one, of some errors in either direction.
    """
    choices: list[Any] = []
    for parameter, low, high in zip(parameters, lower, upper, strict=True):
        if low == high:
            choices.append((float(low),))
        elif parameter.lower == 0 and parameter.upper == _MOST_HELD:  # moved together, below
            choices.append((np.nan,))
        else:
            choices.append(parameter.starts)
    grid = np.array(list(product(*choices)))
    rows = [np.where(np.isnan(grid), together, grid) for together in _CONSTRAINT.starts]
    starts = np.concatenate(rows)
    if cells.drivers is not None:
        names = [parameter.name for parameter in parameters]
        const = names.index("d[const]")
        z = cells.drivers[:, 1:]
        plain = np.unique(np.delete(starts, const, axis=1), axis=0)
        plain = np.insert(plain[:: len(plain) // _MANY_SHAPES + 1], const, 0.0, axis=1)
        kept = [starts]
        effects = _EFFECTS if z.shape[1] <= _FEW_DRIVERS else [(-1.2, 0.0), (1.2, 0.0)]
        for place, (mean, spread) in enumerate(zip(z.mean(axis=0), z.std(axis=0), strict=True)):
            for effect, level in effects if spread > 0 else ():
                moved = plain.copy()
                moved[:, const + 1 + place] = effect / spread
                moved[:, const] = level - effect / spread * mean
                kept.append(moved)
        starts = np.concatenate(kept)
    return np.unique(np.clip(starts, lower, upper), axis=0)


def coarser(setup: Setup) -> Setup:
    """Return the problem on fewer cells, for a first search; itself if they are few.

    Cells of a group that differ little in satisfaction are put together: their maximum is so near
    that of all cells that a step or two lead there. Where constraints or drivers of their own tell
    cells apart, every k-th is taken.
    """
    cells = setup.problem.cells
    if cells.n_cells <= _MANY:
        return setup
    part, stats = _together(cells, setup.stats) if cells.group is not None else _some(setup)
    own = replace(setup.problem, cells=part, kinks=_kinks(setup.problem.family, part))
    return replace(setup, problem=own, stats=stats)


def _together(cells: Cells, stats: FloatArray) -> tuple[Cells, FloatArray]:
    assert cells.group is not None  # noqa: S101  seen by the caller
    r = cells.node_weights.shape[1]
    nodes = np.broadcast_to(cells.nodes.reshape(-1, r), cells.node_weights.shape)
    n_groups = int(cells.group.max()) + 1
    n_bins = max(_LEAST_BINS, _MANY // n_groups)
    centre = nodes[:, 0] if r == 1 else (nodes * cells.node_weights).sum(axis=1)
    code = cells.group * n_bins + np.minimum((centre * n_bins).astype(np.intp), n_bins - 1)
    n_codes = n_groups * n_bins
    size = np.bincount(code, minlength=n_codes)
    kept = size > 0

    def added(values: FloatArray) -> FloatArray:
        return np.bincount(code, weights=values, minlength=n_codes)[kept].astype(np.float64)

    nodes, weights = (
        np.stack([added(column) for column in table.T], axis=1) / size[kept, None]
        for table in (nodes, cells.node_weights)
    )
    group = np.repeat(np.arange(n_groups), n_bins)[kept]
    summed = np.stack([added(row) for row in stats[0]])[None]
    return Cells(nodes.ravel(), weights, None, group, None), summed


def _some(setup: Setup) -> tuple[Cells, FloatArray]:
    stride = setup.problem.cells.n_cells // _MANY + 1
    return setup.problem.cells.some(stride), setup.stats[:, :, ::stride]
