"""From answers to service-quality scores: which columns, how weighted, how far they reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.codebooks import AnswerBook, limits_by_item, one_pair
from loyaltymodel._core.frames import Missing, checked_rows, read_columns
from loyaltymodel._core.moments import Moments
from loyaltymodel._core.options import check_choice, enumerate_names, is_number, repeated
from loyaltymodel._core.scales import Limits, check_pair
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap.servqual.model import ServiceInstrument

Design = Literal["two_column", "one_column", "performance"]
Points = Mapping[str, float] | Mapping[str, str]

_PATTERNS: dict[str, dict[str, str]] = {
    "two_column": {"expected": "E_{item}", "perceived": "P_{item}"},
    "one_column": {"direct": "{item}"},
    "performance": {"perceived": "P_{item}"},
}
_HUNDRED = 1e-6  # points that miss 100 by no more than this are rounded, not wrong


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How the columns of a table become scores: score = matrix @ answers - shift."""

    instrument: ServiceInstrument
    design: Design
    columns: tuple[str, ...]  # q columns of answers
    matrix: FloatArray  # (p, q) what each item's score takes of each column
    shift: float
    dimension_of: IntArray  # (p,)
    scale: tuple[float, float]

    @property
    def sizes(self) -> IntArray:
        """Number of items of each dimension, (d,)."""
        return np.array(self.instrument.sizes)

    @property
    def members(self) -> FloatArray:
        """The matrix (d, p) that adds the items of each dimension up."""
        member = self.dimension_of == np.arange(len(self.sizes))[:, None]
        return np.asarray(member, dtype=np.float64)

    @property
    def averaging(self) -> FloatArray:
        """The matrix (d, p) that makes the mean of a dimension of its items."""
        return np.asarray(self.members / self.sizes[:, None], dtype=np.float64)


def layout_of(
    instrument: ServiceInstrument,
    *,
    scale: object,
    design: Design,
    patterns: Mapping[str, str | None],
    neutral: float | None,
) -> Layout:
    """Check the options that say what the columns mean."""
    check_choice("design", design, Design)
    used = dict(_PATTERNS[design])
    for name, pattern in patterns.items():
        if pattern is None:
            continue
        if name not in used:
            raise OptionError(f"{name} has no effect with design={design!r}; leave it out")
        if not isinstance(pattern, str) or "{item}" not in pattern:
            raise OptionError(
                f"{name}={pattern!r} is no pattern of column names; write {{item}} where the "
                f"name of the item stands, such as {used[name]!r}"
            )
        used[name] = pattern
    p = len(instrument.items)
    blocks = {"expected": -np.eye(p), "perceived": np.eye(p), "direct": np.eye(p)}
    columns = tuple(
        pattern.replace("{item}", item) for pattern in used.values() for item in instrument.items
    )
    if twice := repeated(columns):
        raise OptionError(
            f"{' and '.join(used)} mean the same column {enumerate_names(twice)}; each needs "
            "columns of its own"
        )
    pair = one_pair(limits_by_item(scale, columns)) if isinstance(scale, AnswerBook) else scale
    lowest, highest = check_pair(pair)
    shift = _shift(design, neutral, lowest, highest)
    return Layout(
        instrument,
        design,
        columns,
        np.hstack([blocks[name] for name in used]),
        shift,
        np.repeat(np.arange(len(instrument.sizes)), instrument.sizes),
        (lowest, highest),
    )


def _shift(design: Design, neutral: float | None, lowest: float, highest: float) -> float:
    if design != "one_column":
        if neutral is not None:
            raise OptionError(f"neutral has no effect with design={design!r}; leave it out")
        return 0.0
    if neutral is None:
        return (lowest + highest) / 2
    if not is_number(neutral) or not lowest <= neutral <= highest:
        raise OptionError(
            f"neutral={neutral!r} is not on the scale from {lowest:.12g} to {highest:.12g}; give "
            "the answer that means neither better nor worse than expected"
        )
    return float(neutral)


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """Points of importance of each dimension, (d,): fixed, or means of those of customers."""

    points: FloatArray
    columns: tuple[str, ...]  # of customers' points; empty for fixed ones


def read_points(points: Points | None, layout: Layout) -> Importance | None:
    """Check points that are given, or the names of columns that hold customers' own."""
    if points is None:
        return None
    names = layout.instrument.names
    if not isinstance(points, Mapping) or set(points) != set(names):
        raise OptionError(
            f"points must be a mapping that has every dimension once: {', '.join(names)}"
        )
    given = [points[name] for name in names]
    if all(isinstance(value, str) for value in given):
        if twice := repeated([*given, *layout.columns]):
            raise OptionError(
                f"points name the column {enumerate_names(twice)} twice, or one of answers; "
                "every dimension needs a column of its own"
            )
        return Importance(np.full(len(names), np.nan), tuple(cast(list[str], given)))
    try:
        values = np.array([float(value) for value in given])
    except (TypeError, ValueError):
        values = np.full(len(names), np.nan)
    if any(isinstance(value, (str, bool)) for value in given) or np.isnan(values).any():
        raise OptionError(
            f"points are {given}; give a number for every dimension, or the name of a column for "
            "every dimension"
        )
    if (values < 0).any() or abs(values.sum() - 100) > _HUNDRED:
        raise DataError(
            f"the points {', '.join(f'{v:.12g}' for v in values)} add up to {values.sum():.12g}; "
            "points must be 0 or more and sum to 100. Divide each by their sum and multiply by 100"
        )
    return Importance(values, ())


def moments_of(
    data: object, layout: Layout, importance: Importance | None, missing: Missing
) -> Moments:
    """Return the moments of answers and of customers' points, of the same customers."""
    columns = importance.columns if importance else ()
    limits = dict.fromkeys(layout.columns, layout.scale) | dict.fromkeys(columns, (0.0, 100.0))
    return Moments.from_frame(data, [*layout.columns, *columns], scale=limits, missing=missing)


def score_slices(
    data: object, layout: Layout, importance: Importance | None, missing: Missing
) -> Iterator[tuple[FloatArray, FloatArray | None, pd.Index]]:
    """Go through a table: scores of dimensions (d, m), customers' weighted score, their labels."""
    own = importance.columns if importance else ()
    columns = read_columns(data, [*layout.columns, *own])
    q, n_own = len(layout.columns), len(own)
    limits = Limits(
        np.r_[np.full(q, layout.scale[0]), np.zeros(n_own)],
        np.r_[np.full(q, layout.scale[1]), np.full(n_own, 100.0)],
    )
    for rows, places in checked_rows(columns, limits, missing):
        # Divided once, after the sum: whoever answers alike has the same score.
        scores = layout.members @ (layout.matrix @ rows[:q] - layout.shift)
        scores /= layout.sizes[:, None]
        weighted = None
        if own:
            _check_hundred(rows[q:], places, columns.labels, own)
            weighted = (rows[q:] * scores).sum(axis=0) / 100
        elif importance is not None:
            weighted = importance.points @ scores / 100
        yield scores, weighted, columns.labels[places]


def _check_hundred(
    points: FloatArray, places: IntArray, labels: pd.Index, names: tuple[str, ...]
) -> None:
    total = points.sum(axis=0)
    wrong = np.abs(total - 100) > _HUNDRED
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"the points in {enumerate_names(names)} add up to {total[first]:.12g} in row "
            f"{labels[places[first]]}; every customer's points must sum to 100. Divide each by the "
            "customer's sum and multiply by 100, or leave such customers out"
        )
