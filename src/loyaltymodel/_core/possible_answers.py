"""Which answers a scale allows, and where one ends and the next begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, IntArray

MOST_ANSWERS = 51  # that are told apart; more are rounded to so many
_SAME = 1e-6  # of a step: answers that lie on equal steps but for rounding


@dataclass(frozen=True, slots=True, eq=False)
class PossibleAnswers(FrozenRecord):
    """Possible answers (k,) as shares of the scale, and the limits (k + 1,) between them."""

    levels: FloatArray
    limits: FloatArray

    def place(self, answers: FloatArray) -> IntArray:
        """Return which of the possible answers each answer is, or is rounded to."""
        found: IntArray = np.searchsorted(self.limits[1:-1], answers, side="right")
        return found


def possible_answers(given: FloatArray) -> PossibleAnswers:
    """Return the possible answers of a scale from 0 to 1 from those that were given (n,).

    If they lie on equal steps, an answer that nobody gave is possible as well. Of very many
    different ones neighbours are put together.
    """
    distinct = np.unique(given)
    levels = distinct
    if len(distinct) > 1:
        step = 1 / np.rint(1 / np.diff(distinct).min())
        whole = np.rint(distinct / step) * step
        on_steps = np.abs(distinct - whole).max() <= _SAME * step
        n_steps = round(1 / step) + 1
        # Half of the steps must occur: five answers scored 0, .1, .5, .9 and 1 are five.
        if on_steps and n_steps <= min(MOST_ANSWERS, 2 * len(distinct)):
            levels = np.linspace(0, 1, n_steps)
    if len(levels) > MOST_ANSWERS:
        levels = np.linspace(0, 1, MOST_ANSWERS)
    inner = (levels[1:] + levels[:-1]) / 2
    return PossibleAnswers(levels, np.concatenate([[-np.inf], inner, [np.inf]]))
