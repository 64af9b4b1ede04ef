"""Answers of respondents in a world of known structure, and what the world looks like whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook
from loyaltymodel._core.arrays import FloatArray, FrozenMapping, FrozenRecord
from loyaltymodel._core.codebooks import AnswerBook, limits_by_item
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import (
    LARGEST,
    MOST,
    SMALLEST,
    check_count,
    enumerate_names,
    has_half_letter,
    shown,
)
from loyaltymodel._core.scales import AnswerLimits, resolve_limits
from loyaltymodel._core.signature import checked, checked_fields
from loyaltymodel.errors import ModelError, OptionError
from loyaltymodel.structural.estimates import check_shapes, design_of
from loyaltymodel.structural.kernels.pls import Design, causes_first
from loyaltymodel.structural.model import StructuralModel

Kind = Literal["factor", "composite"]
Answers = Literal["continuous", "scale"]
Pair = tuple[str, str]

_ROUNDING = -1e-12  # an eigenvalue of a possible matrix may come out this much below zero


@checked_fields
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Truth(FrozenRecord):
    """The numbers of a world: what an estimate is held against.

    Parameters
    ----------
    paths : mapping from (source, target) to float
        Coefficient of every path of the model, for constructs of variance 1.
    loadings : mapping from item to float
        Correlation of every item with its construct, between -1 and 1. In a world of
        composites they set the correlations within a block: loading times loading.
    weights : mapping from item to float, optional
        Relative weights of the items in their composite, for a world of composites; without
        it all are equal.
    correlations : mapping from (construct, construct) to float, optional
        Correlations of exogenous constructs; those not named are 0.
    means : float, or mapping from item to float
        Mean of the items, in answer units.
    deviations : float, or mapping from item to float
        Standard deviation of the items, in answer units, above 0.

    See Also
    --------
    population : The world of a truth, and what is refused.
    simulate : Answers of respondents in it.

    Examples
    --------
    >>> from loyaltymodel.structural import Truth
    >>> truth = Truth(paths={("a", "b"): 0.5}, loadings={"a1": 0.8, "a2": 0.7, "b1": 1.0})
    >>> truth.paths["a", "b"]
    0.5
    """

    paths: Mapping[Pair, float]
    loadings: Mapping[str, float]
    weights: Mapping[str, float] | None = None
    correlations: Mapping[Pair, float] | None = None
    means: float | Mapping[str, float] = 0.0
    deviations: float | Mapping[str, float] = 1.0

    def __post_init__(self) -> None:
        """Freeze the mappings, and refuse numbers that no world has."""
        for name in ("paths", "loadings", "weights", "correlations", "means", "deviations"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, FrozenMapping(value))
                _check_keys(name, value)
                if name == "correlations" and any(key[::-1] in value for key in value):
                    raise ModelError(
                        "correlations names two constructs in both orders; name each pair once"
                    )
            if value is not None:
                _check_numbers(name, value)


@checked_fields
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Population(FrozenRecord):
    """A world as a whole: what estimates approach as more and more respondents answer.

    Attributes
    ----------
    model : StructuralModel
        Its structure.
    means : ndarray of shape (p,)
        Means of the items.
    covariance : ndarray of shape (p, p)
        Covariance matrix of the items.
    construct_correlations : ndarray of shape (j, j)
        Correlations of the constructs.

    Examples
    --------
    >>> from loyaltymodel.structural import StructuralModel, Truth, fit, population
    >>> model = StructuralModel.from_text("a =~ a1 + a2; b =~ b1; b ~ a")
    >>> truth = Truth(paths={("a", "b"): 0.5}, loadings={"a1": 0.8, "a2": 0.8, "b1": 1.0})
    >>> world = population(model, truth)

    PLSc finds the path of 0.5. Without correction it is 0.5 times the root of the reliability
    of the sum of a1 and a2, 2 * 0.64 / (1 + 0.64):

    >>> fit(model, world.moments(1000), consistent=True).paths["estimate"].round(6).item()
    0.5
    >>> fit(model, world.moments(1000)).paths["estimate"].round(6).item()
    0.441726
    >>> round(0.5 * (2 * 0.64 / 1.64) ** 0.5, 6)
    0.441726
    """

    model: StructuralModel
    means: FloatArray
    covariance: FloatArray
    construct_correlations: FloatArray
    made_by: ClassVar[str] = "population()"

    def __post_init__(self) -> None:
        """Refuse arrays that are not of the model, and protect them."""
        p, j = len(self.model.items), len(self.model.names)
        needed = {"means": (p,), "covariance": (p, p), "construct_correlations": (j, j)}
        check_shapes(self, needed)
        FrozenRecord.__post_init__(self)

    @checked
    def moments(self, n_obs: int) -> Moments:
        """Return the population's moments as if of a survey that met them exactly.

        Parameters
        ----------
        n_obs : int
            Number of respondents to state; it changes adjusted R2 and nothing else.

        Returns
        -------
        Moments
            Fit them to see what an estimator aims at.

        Examples
        --------
        >>> from loyaltymodel.structural import StructuralModel, Truth, population
        >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
        >>> world = population(model, Truth(paths={("a", "b"): 0.5}, loadings={"a1": 1, "b1": 1}))
        >>> world.moments(100).covariance
        array([[1. , 0.5],
               [0.5, 1. ]])
        """
        return Moments(
            n_obs=n_obs, items=self.model.items, means=self.means, covariance=self.covariance
        )


@checked
def population(model: StructuralModel, truth: Truth, *, kind: Kind = "factor") -> Population:
    """Return the world that a model and its true numbers describe (总体).

    Parameters
    ----------
    model : StructuralModel
        Constructs, items and paths.
    truth : Truth
        A coefficient for every path and a loading for every item.
    kind : {"factor", "composite"}
        Whether the constructs are factors, which items show with error, or composites, which
        items form: weighted sums without error of their own.

    Returns
    -------
    Population
        Means and covariance matrix of the items, correlations of the constructs.

    Raises
    ------
    ModelError
        If a path or item has no number, a number belongs to nothing in the model, a loading
        is not between -1 and 1, or drivers explain more than all the variance of a construct.
    OptionError
        If ``kind`` is not one of its choices, or weights are given for factors.

    Notes
    -----
    Factors: the items correlate by loading * loading * correlation of their constructs.
    Composites: within a block the items correlate by loading * loading; the composite is the
    weighted sum, and items of different blocks correlate by the product of their correlations
    with their composites and the composites' correlation.

    Examples
    --------
    Two items with loadings 0.8 and 0.5 on constructs that correlate by 0.5 correlate by
    0.8 * 0.5 * 0.5 = 0.2:

    >>> from loyaltymodel.structural import StructuralModel, Truth, population
    >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    >>> truth = Truth(paths={("a", "b"): 0.5}, loadings={"a1": 0.8, "b1": 0.5})
    >>> population(model, truth).covariance.round(6)
    array([[1. , 0.2],
           [0.2, 1. ]])
    """
    if kind == "factor" and truth.weights is not None:
        raise OptionError('weights belong to composites; leave them out or ask kind="composite"')
    design = design_of(model)
    loadings = _by_item(model, truth.loadings, "loadings")
    constructs = _construct_correlations(model, truth, design)
    is_factor = kind == "factor"
    shown = loadings if is_factor else _composite_loadings(model, truth, loadings, design)
    correlations = np.where(
        design.same_block,
        np.outer(loadings, loadings),
        np.outer(shown, shown) * constructs[np.ix_(design.block, design.block)],
    )
    np.fill_diagonal(correlations, 1.0)
    deviations = _by_item(model, truth.deviations, "deviations")
    return Population(
        model=model,
        means=_by_item(model, truth.means, "means"),
        covariance=correlations * np.outer(deviations, deviations),
        construct_correlations=constructs,
    )


@checked
def simulate(
    model: StructuralModel,
    truth: Truth,
    n_obs: int,
    rng: np.random.Generator | int | None = None,
    *,
    kind: Kind = "factor",
    answers: Answers = "continuous",
    scale: AnswerLimits | Codebook | None = None,
) -> pd.DataFrame:
    """Return answers of respondents drawn from a world of known structure (模拟数据).

    Parameters
    ----------
    model : StructuralModel
        Constructs, items and paths.
    truth : Truth
        A coefficient for every path and a loading for every item.
    n_obs : int
        Number of respondents, at least 1.
    rng : numpy.random.Generator, int or None
        Source of randomness; an int is a seed, None takes fresh entropy.
    kind : {"factor", "composite"}
        What the constructs are; see :func:`population`.
    answers : {"continuous", "scale"}
        "continuous" gives normally distributed answers. "scale" rounds them to whole numbers
        and moves those beyond the limits of ``scale`` to the limit, as a questionnaire does;
        that attenuates correlations, so estimates from such answers differ from the truth
        however many respondents answer.
    scale : pair, mapping from item to pair, or Codebook
        Lowest and highest answer; with ``answers="scale"`` only, and needed there.

    Returns
    -------
    DataFrame
        ``n_obs`` rows, a column an item.

    Raises
    ------
    ModelError
        If the truth does not fit the model; see :func:`population`.
    OptionError
        If an option is not one of its choices, or ``scale`` and ``answers`` do not agree.

    Examples
    --------
    >>> from loyaltymodel.structural import StructuralModel, Truth, simulate
    >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    >>> truth = Truth(paths={("a", "b"): 0.5}, loadings={"a1": 1, "b1": 1}, means=7, deviations=2)
    >>> survey = simulate(model, truth, 10_000, 1)
    >>> survey["a1"].corr(survey["b1"]).round(2).item()
    0.5
    >>> rounded = simulate(model, truth, 10_000, 1, answers="scale", scale=(1, 10))
    >>> int(rounded["a1"].min()), int(rounded["a1"].max())
    (1, 10)
    """
    check_count("n_obs", n_obs, least=1)
    _check_people(n_obs)
    if (answers == "scale") != (scale is not None):
        raise OptionError('answers="scale" and scale=(lowest, highest) go together')
    world = population(model, truth, kind=kind)
    generator = np.random.default_rng(rng)
    values = _draw(world, n_obs, generator)
    if scale is not None:
        pairs = limits_by_item(scale, model.items) if isinstance(scale, AnswerBook) else scale
        limits = resolve_limits(pairs, model.items, known=())
        values = np.rint(values).clip(limits.lowest, limits.highest)
    return pd.DataFrame(values, columns=list(model.items))


def _draw(world: Population, n: int, generator: np.random.Generator) -> FloatArray:
    """Draw normal answers (n, p) with exactly the population's moments as their distribution."""
    values, vectors = np.linalg.eigh(world.covariance)
    root = vectors * np.sqrt(values.clip(0))
    answers: FloatArray = world.means + generator.standard_normal((n, len(values))) @ root.T
    return answers


def _construct_correlations(model: StructuralModel, truth: Truth, design: Design) -> FloatArray:
    """Correlations (j, j) of the constructs, traced along the paths from cause to effect."""
    place = {name: k for k, name in enumerate(model.names)}
    paths = np.zeros((len(place), len(place)))
    claimed = {(path.source, path.target) for path in model.paths}
    _same_keys("paths", truth.paths, claimed)
    for (source, target), value in truth.paths.items():
        paths[place[source], place[target]] = value
    correlations = np.eye(len(place))
    for pair, value in (truth.correlations or {}).items():
        if not set(pair) <= set(model.exogenous) or pair[0] == pair[1]:
            raise ModelError(
                f"correlations may join two exogenous constructs, not {' and '.join(pair)}; "
                f"exogenous are {enumerate_names(model.exogenous)}"
            )
        one, other = place[pair[0]], place[pair[1]]
        correlations[one, other] = correlations[other, one] = value
    known: list[int] = []
    for k in causes_first(design):
        if design.drives[:, k].any():
            before = correlations[np.ix_(known, known)]
            explained = paths[known, k] @ before @ paths[known, k]
            if exceeds(explained, 1):
                raise ModelError(
                    f"the drivers of {model.names[k]!r} explain {explained:.3f} of its variance, "
                    "which is more than all; use smaller coefficients"
                )
            correlations[known, k] = correlations[k, known] = before @ paths[known, k]
        known.append(k)
    if np.linalg.eigvalsh(correlations)[0] < _ROUNDING:
        raise ModelError("the correlations of the exogenous constructs cannot hold together")
    return correlations


def _composite_loadings(
    model: StructuralModel, truth: Truth, loadings: FloatArray, design: Design
) -> FloatArray:
    """Correlation (p,) of each item with the weighted sum of its block."""
    weights = np.ones(len(loadings))
    if truth.weights is not None:
        weights = _by_item(model, truth.weights, "weights")
    within = np.where(design.same_block, np.outer(loadings, loadings), 0.0)
    np.fill_diagonal(within, 1.0)
    with_sum = within @ weights
    variance = (weights * with_sum) @ design.membership
    if not (variance > 0).all():
        bad = [name for name, v in zip(model.names, variance, strict=True) if not v > 0]
        raise ModelError(f"the weights of {enumerate_names(bad)} make a sum without variance")
    found: FloatArray = with_sum / np.sqrt(variance)[design.block]
    return found


def _by_item(model: StructuralModel, values: float | Mapping[str, float], name: str) -> FloatArray:
    if not isinstance(values, Mapping):
        values = dict.fromkeys(model.items, values)
    _same_keys(name, values, set(model.items))
    return np.array([values[item] for item in model.items], dtype=np.float64)


def _check_keys(name: str, given: Mapping[Any, float]) -> None:
    """Refuse keys that name no item, or no two constructs."""
    pairs = name in ("paths", "correlations")
    for key in given:
        texts = key if pairs and isinstance(key, tuple) and len(key) == 2 else (key,)  # noqa: PLR2004
        if len(texts) != 1 + pairs or not all(isinstance(text, str) for text in texts):
            needed = "a pair of names, such as ('a', 'b')" if pairs else "the name of an item"
            raise ModelError(f"{name} has the key {shown(key)}, but needs {needed}")
        if any(map(has_half_letter, texts)):
            raise ModelError(f"{name} has the key {shown(key)}, with half of a letter in it")


def _check_numbers(name: str, given: float | Mapping[Any, float]) -> None:
    """Refuse numbers that are too large, and those that no loading or deviation can be."""
    many = isinstance(given, Mapping)
    for key, one in given.items() if isinstance(given, Mapping) else [("", given)]:
        place, value = f"{name}[{key!r}]" if many else name, float(one)
        if not abs(value) <= LARGEST:
            raise ModelError(f"{place} is {value:g}; it must be a finite number up to 1e100")
        if name in ("loadings", "correlations") and exceeds(abs(value), 1):
            raise ModelError(f"{name} not between -1 and 1: {shown(key)} ({value:g})")
        if name == "deviations" and value < SMALLEST:
            raise ModelError(f"{place} is {value:g}; a standard deviation must be above 0")


def _check_people(n_obs: int) -> None:
    most, people = MOST["n"]
    if n_obs > most:
        raise OptionError(f"n_obs={n_obs} is too large; give at most {most:,} {people}")


def _same_keys(
    name: str, given: Mapping[str, float] | Mapping[Pair, float], wanted: object
) -> None:
    """Refuse numbers that are absent or that belong to nothing."""
    keys, needed = set(given), set(wanted)  # type: ignore[call-overload]
    if absent := needed - keys:
        raise ModelError(f"the truth has no {name} for {enumerate_names(sorted(map(str, absent)))}")
    if extra := keys - needed:
        raise ModelError(
            f"the truth has {name} for {enumerate_names(sorted(map(str, extra)))}, "
            "which the model does not have"
        )
