"""Kinds of customers out of the cells of a fitted curve: true scores by group, with their numbers.

The customers of a cell gave one answer. With a reliability their true scores are spread over
nodes, by the probabilities that the answer leaves (the posterior of the true score). What is
summed over customers depends on the nodes and on the group only, so that nodes by group, with the
customers expected there, say as much as all cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.estimation.kernels.likelihood import driven_constraint
from loyaltymodel.jones_sasser.estimation.observations import Observations
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.true_score import TrueScoreLaw

_MOST_GROUPS = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Kinds(FrozenRecord):
    """Kinds of customers (m,) and how cells become them.

    ``code`` (cells,) is the group of each cell, ``places`` the parameters of the constraints, and
    ``design`` (g, k) that of each group, if drivers explain them; ``given`` (g,) if they are known.
    """

    observations: Observations
    law: TrueScoreLaw | None
    code: IntArray
    names: tuple[str, ...]
    places: tuple[int, ...]
    given: FloatArray | None
    design: FloatArray | None

    @property
    def satisfaction(self) -> FloatArray:
        """Satisfaction (m,) of each kind, as a share of the scale."""
        if self.law is None:
            return self.observations.satisfaction
        return np.tile(self.law.satisfaction, len(self.names))

    @property
    def group(self) -> IntArray:
        """Group (m,) of each kind."""
        if self.law is None:
            return self.code
        return np.repeat(np.arange(len(self.names)), len(self.law.satisfaction))

    def people(self, count: FloatArray, law: TrueScoreLaw | None = None) -> FloatArray:
        """Return the weight (b, m) of each kind for numbers of customers by record (b, r).

        ``law`` has the laws of true scores of each row, if they are not that of the estimate.
        """
        seen = self.observations
        amount = np.atleast_2d(count * seen.weight)
        cells = np.add.reduceat(amount, seen.first, axis=-1)
        if self.law is None:
            return np.asarray(cells)
        own = self.law if law is None else law
        answer = self.law.answers.place(seen.satisfaction)
        k = len(self.law.answers.levels)
        both = self.code * k + answer
        order = np.argsort(both, kind="stable")
        starts = np.flatnonzero(np.diff(both[order], prepend=-1))
        table = np.zeros((len(cells), len(self.names) * k))
        table[:, both[order][starts]] = np.add.reduceat(cells[:, order], starts, axis=1)
        spread = table.reshape(len(cells), len(self.names), k) @ own.posterior()
        return np.asarray(spread.reshape(len(spread), -1))

    def constraint(self, p: FloatArray) -> FloatArray:
        """Return constraints (b, g) for parameters (b, q)."""
        if self.given is not None:
            return np.broadcast_to(self.given, (len(p), len(self.given)))
        own = p[:, list(self.places)]
        return own if self.design is None else driven_constraint(own, self.design)


def kinds_of(result: LoyaltyCurveResult, law: TrueScoreLaw | None) -> Kinds:
    """Return the kinds of the customers that a curve was fitted to."""
    seen, sample = result.sample.observations, result.sample
    letter = "d" if sample.drivers is not None else "c"
    places = tuple(
        k for k, n in enumerate(result.names) if n == letter or n.startswith(f"{letter}[")
    )
    given: FloatArray | None = None
    design: FloatArray | None = None
    names: tuple[Any, ...]
    if sample.drivers is not None:
        design, code = np.unique(np.asarray(seen.drivers), axis=0, return_inverse=True)
        names = tuple(", ".join(f"{x:g}" for x in row[1:]) for row in design)
    elif seen.given is not None:
        given, code = np.unique(seen.given, return_inverse=True)
        names = tuple(f"{c:.12g}" for c in given)
    else:
        assert seen.group is not None  # noqa: S101  one of the three says what binds
        code = seen.group
        names = ("",) if sample.groups is None else tuple(map(str, sample.groups))
    if len(names) > _MOST_GROUPS:
        raise OptionError(
            f"the customers are held by {len(names):,} different constraints; a scenario takes "
            f"{_MOST_GROUPS:,}, so round what explains them and fit the curve again"
        )
    return Kinds(seen, law, code.reshape(-1), names, places, given, design)
