"""What a careless respondent leaves in a table (n, k) of answers: runs, distances, copies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray

_SLICE = 8_192  # rows at a time, so that what is computed of them stays in the cache
_FAINT = 0.02  # correlation of which nobody can tell by how much it is too low
_MOST_RAISED = 1.5
_LEAST = 1e-10  # smallest eigenvalue of correlations that can be inverted, as part of the largest


def longest_run(answers: FloatArray, goes_on: BoolArray) -> IntArray:
    """Return the longest run of equal answers of each row, (n,).

    ``goes_on`` (k,) says whether a run may go on from the item before. A missing answer ends it.
    """
    n, k = answers.shape
    longest = np.zeros(n, dtype=np.int64)
    run = np.zeros(n, dtype=np.int64)
    for j in range(k):
        answer = answers[:, j]
        if j and goes_on[j]:
            run = np.where(answer == answers[:, j - 1], run + 1, 1)
        else:
            run[:] = 1
        run[np.isnan(answer)] = 0
        np.maximum(longest, run, out=longest)
    return longest


def commonest_share(answers: FloatArray) -> FloatArray:
    """Return the share that the commonest answer of each row has among its answers, (n,)."""
    ordered = np.sort(answers, axis=1)  # missing ones come last
    goes_on = np.ones(answers.shape[1], dtype=np.bool_)
    return _share(longest_run(ordered, goes_on), np.count_nonzero(~np.isnan(answers), axis=1))


def spread(points: FloatArray) -> FloatArray:
    """Return the standard deviation of the answers of each row, (n,); NaN below two answers."""
    given = ~np.isnan(points)
    count = given.sum(axis=1)
    filled = np.where(given, points, 0.0)
    mean = _share(filled.sum(axis=1), count)
    squares = (np.where(given, filled - mean[:, None], 0.0) ** 2).sum(axis=1)
    return np.sqrt(np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan))


def disagreement(points: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """Return how far apart the two answers of pairs of items are on average, (n,)."""
    apart = np.abs(points[:, left] - points[:, right])
    given = ~np.isnan(apart)
    return _share(np.where(given, apart, 0.0).sum(axis=1), given.sum(axis=1))


def moments_of(answers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means (k,) and covariances (k, k) from all answers, and all pairs, that are there."""
    given = ~np.isnan(answers)
    seen = given.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(given, answers, 0.0).sum(axis=0) / seen.sum(axis=0)
        centred = np.where(given, answers - mean, 0.0)
        pairs = seen.T @ seen
        # Means among those who answered both items, so that a gap in one does not tilt the pair.
        of_both = centred.T @ seen / pairs
        covariance = centred.T @ centred / pairs - of_both * of_both.T
        covariance *= pairs / (pairs - 1)
    return mean, covariance


def is_invertible(covariance: FloatArray) -> bool:
    """Tell whether items vary, and none is a sum of others."""
    size = np.sqrt(np.diag(covariance))
    if not np.isfinite(covariance).all() or not (size > 0).all():
        return False
    values = np.linalg.eigvalsh(covariance / np.outer(size, size))
    return bool(values[0] > _LEAST * values[-1])


def distances(
    answers: FloatArray, mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return squared Mahalanobis distances (n,) and their p-values (n,).

    Of a row with gaps it is the distance within the items that it has: means, covariances and
    degrees of freedom are theirs.
    """
    n, k = answers.shape
    squared = np.empty(n)
    given = ~np.isnan(answers)
    patterns, which = _distinct_rows(given)
    order = np.argsort(which, kind="stable")
    for start in range(0, n, _SLICE):
        rows = order[start : start + _SLICE]
        first = which[rows[0]]
        masks = patterns[first : which[rows[-1]] + 1]
        both = masks[:, :, None] & masks[:, None, :]
        # An item that is not there stands apart from all others with variance 1 and value 0.
        parts = np.where(both, covariance, 0.0) + (~masks)[:, :, None] * np.eye(k)
        inverse = np.linalg.inv(parts)
        z = np.where(given[rows], answers[rows] - mean, 0.0)
        place = which[rows] - first
        if len(masks) == 1:
            squared[rows] = ((z @ inverse[0]) * z).sum(axis=1)
        else:
            squared[rows] = np.einsum("ni,nij,nj->n", z, inverse[place], z)
    df = given.sum(axis=1)
    squared = np.where(df > 0, np.maximum(squared, 0.0), np.nan)
    return squared, np.where(df > 0, chdtrc(np.maximum(df, 1), squared), np.nan)


def copies(answers: FloatArray, survey: IntArray | None = None) -> IntArray:
    """Return how many other rows (of the same survey) have exactly the same answers, (n,).

    Rows are told apart by 64 bits: of a million rows two different ones are taken for the same
    with a probability of 3e-8.
    """
    key: npt.NDArray[np.uint64] = np.zeros(len(answers), dtype=np.uint64)
    columns = [*answers.T, *([] if survey is None else [survey.astype(np.float64)])]
    for number, column in enumerate(columns):
        plain = np.where(np.isnan(column), np.inf, column + 0.0)  # one NaN, and no -0
        key = _mixed(key ^ _mixed(plain.view(np.uint64) + np.uint64(number + 1)))
    _, which, count = np.unique(key, return_inverse=True, return_counts=True)
    found: IntArray = count[which] - 1
    return found


def alike(
    answers: FloatArray,
    covariance: FloatArray,
    n_surveys: int,
    n_rows: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw surveys (n_surveys n_rows, k) with the margins, gaps and correlations of the answers.

    Each is a normal law whose quantiles are read as those of each item. Steps of a scale weaken
    correlations, so those of the law are raised by as much as they come out too low at first.
    Rows keep the gaps of the answers: all rows, or evenly chosen ones.
    """
    n, k = answers.shape
    gaps = np.tile(np.isnan(answers[np.arange(n_rows) * n // n_rows]), (n_surveys, 1))
    ordered = [np.sort(column[~np.isnan(column)]) for column in answers.T]
    normal = rng.standard_normal((n_surveys * n_rows, k))
    wanted = _correlations(covariance)
    first = _with_margins(normal @ _root(wanted), ordered, gaps)
    came_out = _correlations(moments_of(first)[1])
    weaker = np.where(np.abs(came_out) > _FAINT, came_out, wanted)
    with np.errstate(divide="ignore", invalid="ignore"):
        raised = np.where(wanted == 0, 0.0, wanted * np.clip(wanted / weaker, 1.0, _MOST_RAISED))
    raised = np.clip(raised, -1.0, 1.0)
    np.fill_diagonal(raised, 1.0)
    return _with_margins(normal @ _root(raised), ordered, gaps)


def _correlations(covariance: FloatArray) -> FloatArray:
    """Return correlations, 0 where an item does not vary or a pair was not answered together."""
    size = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), 1.0))
    found = np.where(np.isfinite(covariance), covariance, 0.0) / np.outer(size, size)
    np.fill_diagonal(found, 1.0)
    held: FloatArray = np.clip(found, -1.0, 1.0)
    return held


def _root(correlation: FloatArray) -> FloatArray:
    """Return what turns independent normal variables (n, k), from the left, to correlated ones."""
    values, vectors = np.linalg.eigh(correlation)
    root: FloatArray = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return root


def _with_margins(drawn: FloatArray, ordered: list[FloatArray], gaps: BoolArray) -> FloatArray:
    """Read each column of what was drawn as quantiles of the ordered answers to an item."""
    found = np.full(drawn.shape, np.nan)
    rank = np.empty(len(drawn), dtype=np.int64)
    for j, answers in enumerate(ordered):
        if len(answers):
            rank[np.argsort(drawn[:, j], kind="stable")] = np.arange(len(drawn))
            found[:, j] = answers[rank * len(answers) // len(drawn)]
    found[gaps] = np.nan
    return found


def _distinct_rows(flags: BoolArray) -> tuple[BoolArray, IntArray]:
    """Return the distinct rows of flags, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(flags, axis=1))
    whole = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return flags[first], which.astype(np.int64)


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread 64 bits over 64 others, one to one, as splitmix64 does."""
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _share(part: FloatArray | IntArray, whole: IntArray) -> FloatArray:
    share: FloatArray = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return share
