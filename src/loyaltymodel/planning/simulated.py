"""Power from a structural model of one's own: surveys drawn from its world, a stack at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.intervals import check_level, ndtri
from loyaltymodel._core.options import check_count, check_positive, suggest
from loyaltymodel._core.resampling import matrices_in_slice
from loyaltymodel._core.scales import AnswerLimits, Limits, resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.planning.result import PowerCurve
from loyaltymodel.planning.sizes import read_sizes
from loyaltymodel.structural.estimates import design_of
from loyaltymodel.structural.kernels.pls import Scheme
from loyaltymodel.structural.kernels.quantities import Catalogue, Setup, evaluate, make_catalogue
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.simulate import Answers, Kind, Population, Truth, population

_TOL, _MOST_ROUNDS = 1e-8, 300
_MANY = 200_000  # respondents that show what rounded answers come to
_VALUES = 4_000_000  # answers of a slice of surveys: 32 MB
_MOST = 100_000  # respondents of a survey
_WHOLE = 1 - 1e-6  # a path from which on Fisher's scale has no end


class _World(NamedTuple):
    """A population to draw surveys from, and how one number of it is estimated."""

    population: Population
    root: FloatArray  # (p, p), root root' is the covariance
    limits: Limits | None
    rounded: bool
    catalogue: Catalogue
    setup: Setup
    place: int  # of the quantity

    def estimates(self, n: int, n_surveys: int, rng: np.random.Generator) -> FloatArray:
        """Return the estimate (b,) of each survey of n respondents; NaN where it failed."""
        draw = self._answered if self.rounded else self._normal
        return np.concatenate([self._of(*moments) for moments in draw(n, n_surveys, rng)])

    def truth(self, rng: np.random.Generator) -> float:
        """Return the value that surveys estimate."""
        if self.rounded:
            return float(self.estimates(_MANY, 1, rng)[0])
        world = self.population
        return float(self._of(world.means[None], world.covariance[None])[0])

    def _of(self, means: FloatArray, covariances: FloatArray) -> FloatArray:
        found = evaluate(means, covariances, self.catalogue, self.setup)
        return np.where(found.failure == 0, found.values[:, self.place], np.nan)

    def _normal(
        self, n: int, n_surveys: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Draw means and covariances of normal answers, without the answers (Bartlett)."""
        p = len(self.root)
        below, diagonal, centre = rng.spawn(3)
        for b in _slices(n_surveys, matrices_in_slice(p)):
            factor = np.tril(below.standard_normal((b, p, p)), -1)
            squares = diagonal.chisquare(n - 1 - np.arange(p), (b, p))
            factor[:, np.arange(p), np.arange(p)] = np.sqrt(squares)
            factor = self.root @ factor
            means = self.population.means + centre.standard_normal((b, p)) @ self.root.T / n**0.5
            yield means, factor @ factor.transpose(0, 2, 1) / (n - 1)

    def _answered(
        self, n: int, n_surveys: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Draw answers, rounded and within the scale, and take their moments."""
        p = len(self.root)
        limits = self.limits
        assert limits is not None  # noqa: S101  rounding needs them
        for b in _slices(n_surveys, max(1, _VALUES // (n * p))):
            rows = self.population.means + rng.standard_normal((b, n, p)) @ self.root.T
            rows = np.rint(rows).clip(limits.lowest, limits.highest)
            means = rows.mean(axis=1)
            rows -= means[:, None]
            yield means, rows.transpose(0, 2, 1) @ rows / (n - 1)


@checked
def simulate_power(
    model: StructuralModel,
    truth: Truth,
    *,
    n_obs: Sequence[int] | int,
    path: tuple[str, str] | None = None,
    index: str | None = None,
    margin: float | None = None,
    other: Truth | None = None,
    ratio: float = 1.0,
    kind: Kind = "factor",
    answers: Answers = "continuous",
    scale: AnswerLimits | None = None,
    scheme: Scheme = "path",
    consistent: bool = False,
    level: float = 0.95,
    n_surveys: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> PowerCurve:
    """Return the power of surveys that are drawn from a structural model (模拟功效分析).

    Asked is one of three things: whether a ``path`` is found not to be 0; whether an ``index``
    is estimated to within a ``margin``; whether the path or the index of a second group, whose
    world is ``other``, is found to differ from that of the first.

    Parameters
    ----------
    model : StructuralModel
        Constructs, items and paths.
    truth : Truth
        The world, such as ``Truth`` with the numbers that are expected.
    n_obs : int or sequence of int
        Respondents of a survey; of the first group, where there are two. More than there are
        items, at most 100,000.
    path : (source, target), optional
        A path of the model.
    index : str, optional
        A construct with an index from 0 to 100; needs ``scale``.
    margin : float, optional
        Points within which the index must be estimated.
    other : Truth, optional
        The world of the second group.
    ratio : float
        Respondents of the second group for each of the first, above 0.
    kind : {"factor", "composite"}
        What the constructs are; see :func:`~loyaltymodel.structural.population`.
    answers : {"continuous", "scale"}
        "scale" rounds answers and holds them within ``scale``, as a questionnaire does; it takes
        longer, because every answer is drawn.
    scale : pair, or mapping from item to pair, optional
        Lowest and highest possible answer.
    scheme : {"path", "factorial", "centroid"}
        Inner scheme; see :func:`~loyaltymodel.structural.fit`.
    consistent : bool
        Correct for attenuation (PLSc).
    level : float
        Confidence level.
    n_surveys : int
        Surveys of each size, at least 100.
    rng : Generator, int or None
        Randomness.

    Returns
    -------
    PowerCurve
        Power with its Monte Carlo error, error of the estimate, bias and failures, by size.

    Raises
    ------
    ModelError
        If the truth does not fit the model.
    NotIdentifiedError
        If nearly all surveys of a size fail.
    OptionError
        If it is not clear what is asked, or an option is out of its range.

    Notes
    -----
    A survey is tested by its estimate over the standard deviation of the estimates of all
    surveys of its size: abs(b) > z sd(b). A path of PLS is held against 0 on Fisher's scale,
    atanh b, on which the error of a correlation does not fall with its size; of single items
    that is the test of a correlation. Paths of PLSc, which can pass 1, are not. This takes the
    error as known. A bootstrap estimates it in each survey, with chance of its own, and is not
    run here: ``benchmarks/planning.py`` holds the two against each other, and they differ by a
    few hundredths.

    The power p of b surveys has the Monte Carlo error root(p (1 - p) / b). A survey that
    cannot be estimated finds nothing, and so lowers the power.

    Bias is the mean estimate less what the same method estimates of endlessly many respondents.
    That is not the path of ``truth`` itself: without ``consistent`` paths of factors are
    attenuated, and so are those of rounded answers.

    Of normal answers only means and covariances are drawn (normal and Wishart), so that a survey
    of 10,000 costs no more than one of 100.

    Examples
    --------
    Two constructs of one item each: the path is a correlation. By Fisher's transformation, one of
    0.3 in 84 respondents has a power of 0.8:

    >>> from loyaltymodel import planning
    >>> from loyaltymodel.structural import StructuralModel, Truth
    >>> model = StructuralModel.from_text("a =~ a1; b =~ b1; b ~ a")
    >>> truth = Truth(paths={("a", "b"): 0.3}, loadings={"a1": 1, "b1": 1})
    >>> found = planning.simulate_power(
    ...     model, truth, n_obs=[60, 84, 120], path=("a", "b"), n_surveys=2000, rng=1
    ... )
    >>> abs(found.power[1].item() - 0.8) < 0.04
    True
    """
    check_level(level)
    check_positive("ratio", ratio)
    check_count("n_surveys", n_surveys, least=100)
    sizes = read_sizes(n_obs, least=len(model.items) + 1)
    if sizes[-1] > _MOST:
        raise OptionError(f"n_obs={sizes[-1]} is too large to simulate; give at most {_MOST:,}")
    _check_question(path, index, margin, other, scale, ratio)
    if answers == "scale" and scale is None:
        raise OptionError('answers="scale" needs scale=(lowest, highest)')
    limits = None if scale is None else resolve_limits(scale, model.items, known=())
    worlds = [
        _world(
            model,
            one,
            kind=kind,
            answers=answers,
            limits=limits,
            scheme=scheme,
            path=path,
            index=index,
            consistent=consistent,
        )
        for one in (truth, other)
        if one is not None
    ]
    generator = np.random.default_rng(rng)
    own, *streams = generator.spawn(1 + len(sizes))
    values = [world.truth(own) for world in worlds]
    target = values[0] if other is None else values[1] - values[0]
    # Where nothing is related to anything the path is 0 and the weights are not determined, which
    # is no reason not to ask how often surveys find something.
    if margin is not None and not np.isfinite(target):
        raise NotIdentifiedError(
            "the world itself has no index: a construct has no relation to its neighbours, or an "
            "item a negative weight; change the truth"
        )
    rows = []
    for n, stream in zip(sizes, streams, strict=True):
        numbers = [n, int(np.ceil(ratio * n - 1e-9))]
        parts = [
            world.estimates(size, n_surveys, one)
            for world, size, one in zip(worlds, numbers, stream.spawn(2), strict=False)
        ]
        estimates = parts[0] if other is None else parts[1] - parts[0]
        fisher = path is not None and other is None and not consistent
        rows.append(_row(n, estimates, target, margin, level=level, fisher=fisher))
    power, std_error, bias, failed = np.array(rows).T
    return PowerCurve(
        question=_in_words(path, index, margin, other),
        sizes=np.array(sizes, dtype=np.intp),
        power=power,
        power_error=np.sqrt(power * (1 - power) / n_surveys),
        std_error=std_error,
        margin=_reach(level) * std_error,
        bias=bias,
        failed_share=failed,
        truth=target,
        within=margin,
        level=level,
        n_surveys=n_surveys,
    )


def _row(
    n: int,
    estimates: FloatArray,
    target: float,
    margin: float | None,
    *,
    level: float,
    fisher: bool,
) -> tuple[float, float, float, float]:
    """Return power, standard error, bias and share of failures."""
    done = estimates[np.isfinite(estimates)]
    if len(done) < 2:  # noqa: PLR2004  a spread needs two
        raise NotIdentifiedError(
            f"of {len(estimates)} surveys of {n:,} respondents {len(done)} could be estimated; "
            "take more respondents, or a simpler model"
        )
    error = float(done.std(ddof=1))
    if margin is None:
        tested = np.arctanh(done.clip(-_WHOLE, _WHOLE)) if fisher else done
        found = np.abs(tested) > _reach(level) * tested.std(ddof=1)
    else:
        found = np.abs(done - target) <= margin
    power = float(found.sum() / len(estimates))
    return power, error, float(done.mean() - target), 1 - len(done) / len(estimates)


def _reach(level: float) -> float:
    return float(ndtri(np.array((1 + level) / 2)))


def _slices(number: int, size: int) -> Iterator[int]:
    for start in range(0, number, size):
        yield min(size, number - start)


def _world(
    model: StructuralModel,
    truth: Truth,
    *,
    kind: Kind,
    answers: Answers,
    limits: Limits | None,
    scheme: Scheme,
    path: tuple[str, str] | None,
    index: str | None,
    consistent: bool,
) -> _World:
    world = population(model, truth, kind=kind)
    if (
        limits is not None
        and ((world.means < limits.lowest) | (world.means > limits.highest)).any()
    ):
        raise OptionError(
            "the means of the truth are not all on the scale; give means in answer units, such as "
            "Truth(means=7, deviations=2)"
        )
    design = design_of(model)
    catalogue = make_catalogue(design, with_index=limits is not None)
    setup = Setup(
        scheme=scheme,
        consistent=consistent,
        tol=_TOL,
        max_iter=_MOST_ROUNDS,
        reference=np.ones(len(model.items)),
        lowest=None if limits is None else limits.lowest,
        highest=None if limits is None else limits.highest,
    )
    place = _place(model, catalogue, path, index)
    values, vectors = np.linalg.eigh(world.covariance)
    # Bartlett's factor is triangular, but any root of the covariance turns it into the same law.
    root = vectors * np.sqrt(values.clip(0))
    rounded = answers == "scale"
    return _World(world, root, limits, rounded, catalogue, setup, place)


def _place(
    model: StructuralModel,
    catalogue: Catalogue,
    path: tuple[str, str] | None,
    index: str | None,
) -> int:
    """Return where the quantity that is asked for stands."""
    names = list(model.names)
    for name in path or (str(index),):
        if name not in names:
            raise OptionError(
                f"the model has no construct {name!r}{suggest(name, names)}; it has "
                f"{', '.join(names)}"
            )
    if path is None:
        return int(catalogue.places["index"].start) + names.index(str(index))
    ends: tuple[IntArray, IntArray] = catalogue.paths
    joined = (ends[0] == names.index(path[0])) & (ends[1] == names.index(path[1]))
    if not joined.any():
        raise OptionError(f"the model has no path from {path[0]} to {path[1]}; see model.paths")
    return int(catalogue.places["paths"].start) + int(np.flatnonzero(joined)[0])


def _check_question(
    path: tuple[str, str] | None,
    index: str | None,
    margin: float | None,
    other: Truth | None,
    scale: AnswerLimits | None,
    ratio: float,
) -> None:
    if (path is None) == (index is None):
        raise OptionError("give path=(source, target) or index=construct, one of the two")
    if index is not None and scale is None:
        raise OptionError("an index needs scale=(lowest, highest)")
    if index is not None and (margin is None) == (other is None):
        raise OptionError(
            "of an index give margin, the points within which it must be, or other, the world of "
            "a second group; one of the two"
        )
    if path is not None and margin is not None:
        raise OptionError("margin belongs to an index; a path is held against 0")
    if margin is not None:
        check_positive("margin", margin)
    if other is None and ratio != 1:
        raise OptionError("ratio is that of a second group; give its world as other")


def _in_words(
    path: tuple[str, str] | None, index: str | None, margin: float | None, other: Truth | None
) -> str:
    what = f"index {index}" if path is None else f"path {path[0]} -> {path[1]}"
    if margin is not None:
        return f"{what} within {margin:g}"
    return f"{what} not 0" if other is None else f"{what} differs between two groups"
