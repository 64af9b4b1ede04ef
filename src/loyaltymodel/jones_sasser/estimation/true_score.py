"""True satisfaction given an answer: the law of true scores, and how answers come from them.

An answer is a true score with a normal error, rounded to the nearest possible answer; what lies
beyond an end of the scale is answered by that end. The law of true scores is estimated from the
answers, and the error is as large as makes two parallel answers of the same people correlate at
the given reliability. All laws are masses of parts of the scale, spread within each part over a
few nodes, and a batch of laws shares its nodes, so that those of resamples are estimated at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.possible_answers import MOST_ANSWERS, PossibleAnswers, possible_answers

TrueScores = Literal["masses", "beta", "normal"]

_PARTS = {"masses": 30, "beta": 20, "normal": 20}  # of the scale
_FEWEST_NODES, _MOST_NODES = 30, 120
_NODES_PER_ERROR = 2.0  # so that the error of an answer is wider than the gaps between nodes
_BEYOND = np.array([0.1, 0.25, 0.5, 1.0, 3.0])  # parts beyond the scale, of normal true scores
_NODES_BEYOND = 3
_STEPS, _STEPS_A_TURN = 500, 25  # of the EM algorithm; the error is adjusted in every turn
_NEWTON = 30
_FAR = 0.7  # most that a parameter moves in a step
_SETTLED = 1e-9
_LEAST_ERROR, _MOST_ERROR = 1e-4, 50.0  # in shares of the scale
_TINY = 1e-300
_STEP = 1e-4  # of numeric derivatives
_RANK = 1e-9
_LEAST_SHARE = 1e-9
_LEAST_EXPECTED = 5.0  # customers
_STILL, _STUCK = 1e-7, 1e6  # a step so small, and damping so large, end a search
_BATCH = 2_000_000  # numbers of a kernel at a time: 16 MB


def rounded(given: npt.NDArray[np.generic], scale: tuple[float, float]) -> npt.NDArray[np.generic]:
    """Return answers on a scale, of very many different ones those that are told apart.

    What lies between two of them is of no matter beside the error, and they make few cells.
    """
    distinct = np.unique(given)
    if len(distinct) <= MOST_ANSWERS:
        return given
    low, high = scale
    share = (given.astype(np.float64) - low) / (high - low)
    answers = possible_answers(share)
    if len(answers.levels) < MOST_ANSWERS:
        return given
    return np.asarray(low + (high - low) * answers.levels[answers.place(share)])


@dataclass(frozen=True, slots=True, eq=False)
class Nodes(FrozenRecord):
    """Parts of the line by their ``edges`` (g + 1,), and nodes ``at`` (r,) within them.

    ``part`` (r,) is the part of each node, ``share`` (r,) its share of a part's even mass.
    """

    edges: FloatArray
    at: FloatArray
    part: IntArray
    share: FloatArray

    def spread(self) -> FloatArray:
        """Return the matrix (r, g) that turns masses of parts into weights of nodes."""
        found: FloatArray = self.share[:, None] * (
            self.part[:, None] == np.arange(len(self.edges) - 1)
        )
        return found


def nodes_for(error: float, law: TrueScores) -> Nodes:
    """Return parts and nodes for a law; ``error`` is about that of an answer."""
    n_parts = _PARTS[law]
    wanted = np.clip(_NODES_PER_ERROR / max(error, _LEAST_ERROR), _FEWEST_NODES, _MOST_NODES)
    each = np.full(n_parts, int(np.ceil(wanted / n_parts)))
    edges = np.linspace(0, 1, n_parts + 1)
    if law != "masses":  # narrow ones at the ends, where a beta law may be steep
        edges = (1 - np.cos(np.pi * edges)) / 2
    if law == "normal":
        edges = np.concatenate([-_BEYOND[::-1], edges, 1 + _BEYOND])
        outer = np.full(len(_BEYOND), _NODES_BEYOND)
        each = np.concatenate([outer, each, outer])
    at, part, share = [], [], []
    for k, n in enumerate(each):
        points, weights = np.polynomial.legendre.leggauss(n)
        at.append(edges[k] + (edges[k + 1] - edges[k]) * (points + 1) / 2)
        part.append(np.full(n, k))
        share.append(weights / 2)
    return Nodes(edges, np.concatenate(at), np.concatenate(part), np.concatenate(share))


@dataclass(frozen=True, slots=True, eq=False)
class TrueScoreLaw(FrozenRecord):
    """Laws of true scores: weights (b, r) of nodes, and the error (b,) of an answer.

    ``parameters`` (b, 2) are those of beta and normal laws; ``fitted`` (b, k) are the shares of
    answers that the laws imply.
    """

    kind: TrueScores
    answers: PossibleAnswers
    nodes: Nodes
    weights: FloatArray
    error: FloatArray
    fitted: FloatArray
    parameters: FloatArray | None = None

    @property
    def n_numbers(self) -> int:
        """How many numbers of the law the answers have to determine: as many as they can, or 2."""
        return len(self.answers.levels) - 1 if self.parameters is None else 2

    @property
    def satisfaction(self) -> FloatArray:
        """Satisfaction (r',) at the nodes, where all beyond an end of the scale is the end."""
        at = self.nodes.at
        if self.kind != "normal":
            return at
        return np.concatenate([[0.0], at[(at > 0) & (at < 1)], [1.0]])

    def rank(self) -> int:
        """Return how many numbers of the first law the shares of answers determine."""
        at, limits = self.nodes.at, self.answers.limits
        kernel = _kernel(at, limits, self.error[:1])[0]
        if self.parameters is None:
            slopes = kernel @ self.nodes.spread()
            slopes = slopes[:, 1:] - slopes[:, :1]
        else:
            steps = np.concatenate([np.eye(2), -np.eye(2)]) * _STEP
            weights = _weights(self.kind, self.nodes, self.parameters[0] + steps)
            slopes = kernel @ (weights[:2] - weights[2:]).T / (2 * _STEP)
        slopes = slopes / np.sqrt(np.maximum(self.fitted[0], _LEAST_SHARE))[:, None]
        size = np.linalg.norm(slopes, axis=0)
        return int(np.linalg.matrix_rank(slopes / np.where(size > 0, size, 1.0), tol=_RANK))

    def posterior(self) -> FloatArray:
        """Return probabilities (b, k, r') of satisfaction at the nodes given each answer."""
        at = self.nodes.at
        joint = _kernel(at, self.answers.limits, self.error) * self.weights[:, None]
        # An answer that no node can explain says as much as the nearest nodes.
        total = joint.sum(axis=2, keepdims=True)
        near = np.exp(-20 * np.abs(self.answers.levels[:, None] - at)) * self.weights[:, None]
        joint = np.where(total > _TINY, joint, near)
        if self.kind == "normal":
            below, above = at < 0, at > 1
            joint = np.concatenate(
                [
                    joint[..., below].sum(axis=2, keepdims=True),
                    joint[..., ~below & ~above],
                    joint[..., above].sum(axis=2, keepdims=True),
                ],
                axis=2,
            )
        found: FloatArray = joint / joint.sum(axis=2, keepdims=True)
        return found


def fit_law(
    kind: TrueScores,
    answers: PossibleAnswers,
    counts: FloatArray,
    reliability: float,
    *,
    like: TrueScoreLaw | None = None,
) -> TrueScoreLaw:
    """Estimate the law for each row of counts (b, k) of the possible answers.

    ``like`` is a law of nearly the same counts, whose nodes are taken. Free masses are those of
    maximum likelihood (Kiefer and Wolfowitz), by 500 steps of the EM algorithm from equal ones.
    Answers of k kinds determine k - 1 numbers, so that masses which differ may say the same of
    them, some of them no more than k in number (Lindsay 1983); these steps find the evenest. What
    more steps gain in likelihood is far less than chance, and makes neighbours fall apart. Beta
    and normal laws are of maximum likelihood.
    """
    if like is None:
        share = counts[:1] / counts[:1].sum()
        mean = share @ answers.levels
        spread = float(np.sqrt(share @ (answers.levels - mean) ** 2)[0])
        nodes = nodes_for(spread * np.sqrt(1 - reliability), kind)
    else:
        nodes = like.nodes
    size = max(1, _BATCH // (len(answers.levels) * len(nodes.at)))
    parts = []
    for first in range(0, len(counts), size):
        own = counts[first : first + size] / counts[first : first + size].sum(axis=1, keepdims=True)
        if kind == "masses":
            parts.append(_free_masses(answers, own, reliability, nodes))
        else:
            near = None if like is None else (like.parameters, like.error)
            parts.append(_with_parameters(kind, answers, own, reliability, nodes, near))
    if len(parts) == 1:
        return parts[0]
    kinds = [part.parameters for part in parts if part.parameters is not None]
    return replace(
        parts[0],
        weights=np.concatenate([part.weights for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        fitted=np.concatenate([part.fitted for part in parts]),
        parameters=np.concatenate(kinds) if kinds else None,
    )


def misfit(law: TrueScoreLaw, counts: FloatArray, squares: FloatArray) -> tuple[float, int]:
    """Return the chi-squared distance of answers from a law, and its degrees of freedom.

    Pearson's statistic of sums (k,) of weights, corrected for unequal ones as Rao and Scott (1981)
    have it, by their ``squares`` (k,). Neighbouring answers of which fewer than 5 customers are
    expected are put together. There are no degrees of freedom for free masses.
    """
    total = counts.sum()
    expected = law.fitted[0] / law.fitted[0].sum()
    enough = _LEAST_EXPECTED * squares.sum() / total**2
    first, seen = [0], 0.0
    for place, share in enumerate(expected):
        if seen >= enough and expected[place:].sum() >= enough:
            first.append(place)
            seen = 0.0
        seen += share
    expected = np.add.reduceat(expected, first)
    share = np.add.reduceat(counts, first) / total
    square = np.add.reduceat(squares, first)
    variance = ((1 - 2 * share) * square + share**2 * square.sum()) / total**2
    df = len(first) - 1 - law.n_numbers
    distance = ((share - expected) ** 2 / expected).sum()
    scale = (variance / expected).sum() / max(len(first) - 1, 1)
    return float(distance / max(scale, _TINY)), df


def parallel_correlation(levels: FloatArray, kernel: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the correlation (b,) of two answers whose errors are independent.

    ``kernel`` (b, k, r) has the probabilities of answers given true scores, of ``weights`` (b, r).
    """
    expected = levels @ kernel
    mean = np.vecdot(expected, weights)
    shared = np.vecdot(expected**2, weights) - mean**2
    square = np.vecdot(levels**2 @ kernel, weights)
    spread = square - mean**2
    found: FloatArray = shared / np.maximum(spread, _TINY)
    return found


def error_for(
    answers: PossibleAnswers,
    at: FloatArray,
    weights: FloatArray,
    reliability: float,
    *,
    start: FloatArray,
    turns: int = _NEWTON,
) -> FloatArray:
    """Return the error (b,) with which parallel answers correlate at the reliability.

    Newton's method in the logarithm; ``weights`` (b, r) are those of true scores ``at`` (r,).
    """
    log, step = np.log(start), _STEP
    for _ in range(turns):
        both = np.concatenate([log - step, log + step])
        kernel = _kernel(at, answers.limits, np.exp(both))
        found = parallel_correlation(answers.levels, kernel, np.concatenate([weights] * 2))
        low, high = np.split(found, 2)
        slope = np.minimum((high - low) / (2 * step), -1e-6)
        move = np.clip((reliability - (low + high) / 2) / slope, -_FAR, _FAR)
        log = np.clip(log + move, np.log(_LEAST_ERROR), np.log(_MOST_ERROR))
        if np.abs(move).max() < _SETTLED:
            break
    return np.exp(log)


def _kernel(at: FloatArray, limits: FloatArray, error: FloatArray) -> FloatArray:
    """Return the probability (b, k, r) of each answer given a true score at each node."""
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    below = ndtr((limits[1:-1, None] - at) / error[:, None, None])
    found = np.empty((len(error), len(limits) - 1, len(at)))
    found[:, 0] = below[:, 0]
    found[:, 1:-1] = below[:, 1:] - below[:, :-1]
    found[:, -1] = 1 - below[:, -1]
    return found


def _first_error(answers: PossibleAnswers, shares: FloatArray, reliability: float) -> FloatArray:
    mean = shares @ answers.levels
    variance = shares @ answers.levels**2 - mean**2
    return np.sqrt(np.maximum(variance * (1 - reliability), _LEAST_ERROR**2))


def _free_masses(
    answers: PossibleAnswers, shares: FloatArray, reliability: float, nodes: Nodes
) -> TrueScoreLaw:
    spread = nodes.spread()
    n_parts = spread.shape[1]
    masses = np.full((len(shares), n_parts), 1 / n_parts)
    error = _first_error(answers, shares, reliability)
    for _ in range(_STEPS // _STEPS_A_TURN):
        error = error_for(answers, nodes.at, masses @ spread.T, reliability, start=error, turns=1)
        kernel = _kernel(nodes.at, answers.limits, error) @ spread
        back = np.ascontiguousarray(kernel.swapaxes(1, 2))
        for _ in range(_STEPS_A_TURN):
            fitted = (kernel @ masses[..., None])[..., 0]
            ratio = shares / np.maximum(fitted, _TINY)
            masses = masses * (back @ ratio[..., None])[..., 0]
    masses = masses / masses.sum(axis=1, keepdims=True)
    weights = masses @ spread.T
    error = error_for(answers, nodes.at, weights, reliability, start=error)
    fitted = (_kernel(nodes.at, answers.limits, error) @ weights[..., None])[..., 0]
    return TrueScoreLaw("masses", answers, nodes, weights, error, fitted)


def _with_parameters(
    kind: TrueScores,
    answers: PossibleAnswers,
    shares: FloatArray,
    reliability: float,
    nodes: Nodes,
    near: tuple[FloatArray | None, FloatArray] | None,
) -> TrueScoreLaw:
    """Maximise the likelihood by damped scoring; the error follows the parameters."""
    b = len(shares)
    if near is None or near[0] is None:
        p = _start(kind, answers.levels, shares)
        error = _first_error(answers, shares, reliability)
    else:
        p, error = np.tile(near[0], (b, 1)), np.tile(near[1], b)

    def at(p: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        weights = _weights(kind, nodes, p)
        error = error_for(answers, nodes.at, weights, reliability, start=error)
        fitted = (_kernel(nodes.at, answers.limits, error) @ weights[..., None])[..., 0]
        return weights, error, np.maximum(fitted, _TINY)

    weights, error, fitted = at(p, error)
    value = np.vecdot(shares, np.log(fitted))
    damping = np.full(b, 1e-3)
    at_work = np.arange(b)
    for _ in range(_NEWTON):
        here = at_work
        moved = np.repeat(p[here][None], 2, axis=0)
        moved[[0, 1], :, [0, 1]] += _STEP
        _, _, beside = at(moved.reshape(-1, 2), np.tile(error[here], 2))
        slope = (beside.reshape(2, len(here), -1) - fitted[here]) / _STEP
        pull = np.einsum("pbk,bk->bp", slope, shares[here] / fitted[here])
        info = np.einsum("pbk,bk,qbk->bpq", slope, 1 / fitted[here], slope)
        size = np.sqrt(np.einsum("bpp->bp", info)) + 1e-12
        scaled = info / (size[:, :, None] * size[:, None, :])
        scaled += (1e-9 + damping[here, None, None]) * np.eye(2)
        move = np.linalg.solve(scaled, (pull / size)[..., None])[..., 0] / size
        move = np.clip(move, -_FAR, _FAR)
        trial = p[here] + move
        tried = at(trial, error[here])
        new = np.vecdot(shares[here], np.log(tried[2]))
        good = new >= value[here] - 1e-14
        rows = here[good]
        p[rows], value[rows] = trial[good], new[good]
        weights[rows], error[rows], fitted[rows] = (part[good] for part in tried)
        damping[rows] /= 10
        damping[here[~good]] *= 30
        at_work = here[~((np.abs(move).max(axis=1) < _STILL) | (damping[here] > _STUCK))]
        if not len(at_work):
            break
    return TrueScoreLaw(kind, answers, nodes, weights, error, fitted, p)


def _start(kind: TrueScores, levels: FloatArray, shares: FloatArray) -> FloatArray:
    """Return mean and spread as unbounded parameters (b, 2), from the moments of answers."""
    mean = np.clip(shares @ levels, 0.02, 0.98)
    variance = np.maximum(shares @ levels**2 - (shares @ levels) ** 2, 1e-6)
    if kind == "normal":
        return np.column_stack([mean, np.log(variance) / 2])
    precision = np.clip(mean * (1 - mean) / variance - 1, 0.2, 200.0)
    return np.column_stack([np.log(mean / (1 - mean)), np.log(precision)])


def _weights(kind: TrueScores, nodes: Nodes, p: FloatArray) -> FloatArray:
    """Return weights (b, r) of nodes: exact masses of parts, spread within by the density."""
    from scipy.special import betainc, ndtr  # noqa: PLC0415  slow to import

    log: FloatArray
    if kind == "normal":
        sd = np.exp(np.clip(p[:, [1]], -9.0, 4.0))
        below = np.asarray(ndtr((nodes.edges - p[:, [0]]) / sd))
        log = -0.5 * ((nodes.at - p[:, [0]]) / sd) ** 2
    else:
        mean = 0.5 + 0.5 * np.tanh(np.clip(p[:, [0]], -30.0, 30.0) / 2)
        precision = np.exp(np.clip(p[:, [1]], -7.0, 9.0))
        a, b = np.maximum(mean * precision, 1e-6), np.maximum((1 - mean) * precision, 1e-6)
        below = np.asarray(betainc(a, b, nodes.edges))
        log = (a - 1) * np.log(nodes.at) + (b - 1) * np.log1p(-nodes.at)
    mass = np.diff(np.asarray(below, dtype=np.float64), axis=1)
    starts = np.flatnonzero(np.diff(nodes.part, prepend=-1))
    highest = np.maximum.reduceat(log, starts, axis=1)[:, nodes.part]
    within = nodes.share * np.exp(log - highest)
    total = np.add.reduceat(within, starts, axis=1)[:, nodes.part]
    found = mass[:, nodes.part] * within / total
    weights: FloatArray = found / found.sum(axis=1, keepdims=True)
    return weights


def changes(
    law: TrueScoreLaw, counts: FloatArray, reliability: float
) -> tuple[TrueScoreLaw, FloatArray, BoolArray]:
    """Return laws (2 k',) of counts (k,) with a few more and a few fewer of each given answer.

    Also how many those are (k',), and which answers were given (k,): what one answer more does to
    anything that rests on the law is half the difference, divided by that number.
    """
    given = counts > 0
    places = np.flatnonzero(given)
    step = 0.01 * counts[places]
    moved = np.tile(counts, (2 * len(places), 1))
    k = np.arange(len(places))
    moved[k, places] += step
    moved[len(places) + k, places] -= step
    return fit_law(law.kind, law.answers, moved, reliability, like=law), step, given
