"""From answers to what is measured of each respondent, and to what careful ones would show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel.survey.screening import kernels
from loyaltymodel.survey.screening.settings import MEASURES

_MOST_DRAWN = 100_000  # respondents of a survey that is drawn
_FEWEST_DRAWN = 10_000  # of all surveys that are drawn

Measured = dict[str, npt.NDArray[np.integer[Any] | np.floating[Any]]]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers as they were given, and what has to be known of the items."""

    given: FloatArray  # (n, k); NaN where there is no answer
    lowest: FloatArray  # (k,) ends of the scales
    highest: FloatArray  # (k,)
    is_turned: BoolArray  # (k,) where a high answer means little
    goes_on: BoolArray  # (k,) where a run of equal answers may go on from the item before
    left: IntArray  # (m,) items that ask the same ...
    right: IntArray  # (m,) ... as these

    @property
    def points(self) -> FloatArray:
        """Answers on one scale from 0 to 100, a high number for much of the construct."""
        points = 100 * (self.given - self.lowest) / (self.highest - self.lowest)
        points[:, self.is_turned] = 100 - points[:, self.is_turned]
        return points


def measure(answers: Answers, survey: IntArray | None = None) -> Measured:
    """Measure each respondent by the answers; ``survey`` parts respondents who are not compared."""
    given, points = answers.given, answers.points
    found: Measured = {
        "long_string": kernels.longest_run(given, answers.goes_on),
        "same_share": (same := kernels.commonest_share(given)),
        "spread": kernels.spread(points),
    }
    mean, covariance = kernels.moments_of(points)
    varies = np.diag(covariance) > 0
    inner = covariance[np.ix_(varies, varies)]
    if varies.any() and kernels.is_invertible(inner):
        found["distance"], found["p_value"] = kernels.distances(
            points[:, varies], mean[varies], inner
        )
    if len(answers.left):
        found["inconsistency"] = kernels.disagreement(points, answers.left, answers.right)
    # Rows of one answer all over are alike by their nature, and long strings already.
    found["same_answers"] = np.where(same < 1, kernels.copies(given, survey), 0)
    return found


def flagged(
    name: str, values: npt.NDArray[np.integer[Any] | np.floating[Any]], cut: float
) -> BoolArray:
    """Tell whom a cut-off flags; nobody whose measure does not exist."""
    return np.asarray(values < cut if MEASURES[name].flags == "below" else values >= cut)


def expect(
    answers: Answers, cuts: Mapping[str, float | None], rng: np.random.Generator
) -> tuple[dict[str, float], int]:
    """Return the share that each cut-off flags of careful respondents, and how many were drawn.

    Twins depend on how many there are; where fewer are drawn than there are, their share is the
    least that it can be.
    """
    n = len(answers.given)
    n_rows = min(n, _MOST_DRAWN)
    n_surveys = -(-_FEWEST_DRAWN // n_rows)
    _, covariance = kernels.moments_of(answers.given)
    drawn = kernels.alike(answers.given, covariance, n_surveys, n_rows, rng)
    found = measure(replace(answers, given=drawn), np.repeat(np.arange(n_surveys), n_rows))
    shares = {
        name: float(flagged(name, found[name], cut).mean())
        for name, cut in cuts.items()
        if cut is not None and name in found
    }
    return shares, len(drawn)


def is_whole(answers: Answers) -> bool:
    """Tell whether as many respondents are drawn for a survey as it has."""
    return len(answers.given) <= _MOST_DRAWN
