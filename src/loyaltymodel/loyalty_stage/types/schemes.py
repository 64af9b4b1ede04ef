"""Which cell of two variables is which type of loyalty: the matrices as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.scales import Pair

Matrix = Literal["relative_attitude", "dick_basu", "knox", "ultimate_loyalty"]
RelativeClass = Literal["lowest", "low", "high", "highest"]

RELATIVE_CLASSES: tuple[RelativeClass, ...] = ("lowest", "low", "high", "highest")
NO_SUPERIORITY = "no superiority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A matrix: two variables, and the type in each of four cells.

    ``types`` are in ascending order, and ``cells`` by 2 * (first high) + (second high).
    ``scored`` are the variables that one scale for all is for; ``scales`` and ``cuts`` are what
    holds where none is given, ``bounds`` what values have to lie between. ``outside`` is the type
    of customers to whom the matrix does not apply.
    """

    title: str
    variables: tuple[str, str]
    types: tuple[str, ...]
    cells: tuple[str, str, str, str]
    scored: tuple[str, ...]
    scales: Mapping[str, Pair | None]
    cuts: Mapping[str, str | None]
    bounds: Mapping[str, Pair] = field(default_factory=dict)
    outside: str | None = None

    def names(self, *, with_outside: bool) -> tuple[str, ...]:
        """Return the types in ascending order, with that of customers outside if need be."""
        if with_outside and self.outside is not None:
            return (self.outside, *self.types)
        return self.types

    def merge(self, *, with_outside: bool) -> FloatArray:
        """Return which type (last axis) each cell is, for customers inside and outside."""
        names = self.names(with_outside=with_outside)
        inside = [[float(name == cell) for name in names] for cell in self.cells]
        if not with_outside:
            return np.array([inside])
        outside = [[float(name == self.outside) for name in names]] * len(self.cells)
        return np.array([inside, outside])


SCHEMES: dict[Matrix, Scheme] = {
    "relative_attitude": Scheme(
        title="Relative attitude (Dick and Basu)",
        variables=("attitude", "differentiation"),
        types=RELATIVE_CLASSES,
        cells=("lowest", "high", "low", "highest"),
        scored=("attitude", "differentiation"),
        scales={"attitude": None, "differentiation": None},
        cuts={"attitude": "midpoint", "differentiation": "midpoint"},
    ),
    "dick_basu": Scheme(
        title="Types of loyalty (Dick and Basu)",
        variables=("attitude", "patronage"),
        types=("no loyalty", "spurious loyalty", "latent loyalty", "loyalty"),
        cells=("no loyalty", "spurious loyalty", "latent loyalty", "loyalty"),
        scored=("attitude",),
        scales={"attitude": None, "patronage": (0.0, 1.0)},
        cuts={"attitude": "midpoint", "patronage": "midpoint"},
    ),
    "knox": Scheme(
        title="Diamond of loyalty (Knox)",
        variables=("portfolio", "involvement"),
        types=("switcher", "variety seeker", "habitual", "loyal"),
        cells=("habitual", "loyal", "switcher", "variety seeker"),
        scored=("involvement",),
        scales={"portfolio": None, "involvement": None},
        cuts={"portfolio": "median", "involvement": "midpoint"},
        bounds={"portfolio": (0.0, np.inf)},
    ),
    "ultimate_loyalty": Scheme(
        title="Ultimate loyalty (Oliver)",
        variables=("fortitude", "support"),
        types=(
            "product superiority",
            "village envelopment",
            "determined self-isolation",
            "immersed self-identity",
        ),
        cells=(
            "product superiority",
            "village envelopment",
            "determined self-isolation",
            "immersed self-identity",
        ),
        scored=("fortitude", "support"),
        scales={"fortitude": None, "support": None},
        cuts={"fortitude": "midpoint", "support": "midpoint", "superiority": None},
        outside=NO_SUPERIORITY,
    ),
}
