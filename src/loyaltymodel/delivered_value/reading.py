"""The door for offers: numbers by component, or a table with a column a component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.codebooks import read_answers
from loyaltymodel._core.frames import Columns, Missing, checked_rows, read_columns
from loyaltymodel._core.options import check_choice, enumerate_names, suggest
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.delivered_value.components import Claim, as_mapping
from loyaltymodel.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Answers to the components of a claim, a row an offer, and as what they came."""

    columns: Columns
    given: tuple[Any, ...]
    n_dropped: int  # rows left out before

    @property
    def is_one(self) -> bool:
        """Whether plain numbers were given, so that there is one offer without a label."""
        return all(np.ndim(part) == 0 and not isinstance(part, str) for part in self.given)


def read_offers(offer: object, claim: Claim, missing: Missing) -> Offers:
    """Read offers: a mapping from component to numbers, or a table.

    Raises
    ------
    DataError
        If a component is absent or unknown, or the answers are not numbers of one length.
    OptionError
        If ``missing`` is not one of its choices.
    """
    check_choice("missing", missing, Missing)
    if claim.book is not None and claim.limits is not None:
        rated = np.isfinite(claim.limits.lowest)
        items = [name for name, one in zip(claim.columns, rated, strict=True) if one]
        offer, _ = read_answers(claim.book, offer, items)
    given = as_mapping("the offer", offer)
    if given is None:
        columns = read_columns(offer, claim.columns)
        if columns.n_rows == 0:
            raise DataError("the table has no rows; at least one offer is needed")
        return Offers(columns, claim.columns, 0)
    _check_names(given, claim)
    read = read_variables(
        {name: given[column] for name, column in zip(claim.names, claim.columns, strict=True)},
        missing=missing,
    )
    values = tuple(read[name] for name in claim.names)
    parts = tuple(given[column] for column in claim.columns)
    return Offers(Columns(claim.names, values, read.labels), parts, read.n_dropped)


def read_labels(offer: str | None, data: object, offers: Offers) -> tuple[Any, ...] | FloatArray:
    """Return the name of every row, from a column or from the labels of the rows."""
    if offer is None:
        if offers.is_one:
            return ("offer",)
        return tuple(offers.columns.labels)
    if as_mapping("the offer", data) is not None:
        raise OptionError(
            "offer names a column of a table; numbers by component are one offer, or are named "
            "by the labels of their Series"
        )
    read = read_variables({"offer": offer}, data=data, categories=("offer",))
    return read["offer"]


def blocks(offers: Offers, claim: Claim, missing: Missing) -> Iterator[tuple[FloatArray, IntArray]]:
    """Go through the offers in slices: answers (k, m) and the places of their rows.

    Raises
    ------
    DataError
        If an answer is missing (with ``missing="raise"``), infinite or off the scale, or a cost
        is negative.
    """
    for rows, places in checked_rows(offers.columns, claim.limits, missing):
        _check_costs(rows, places, offers, claim)
        yield rows, places


def add_up(
    offers: Offers, claim: Claim, missing: Missing, sides: Sequence[tuple[float, float]]
) -> tuple[FloatArray, BoolArray | None]:
    """Return sums over components (q, n) of the rows that are left, and which rows those are.

    Each of the q sums counts total value and total cost as one pair of ``sides`` says: (1, 0) is
    the total value, (1, -1) the difference.
    """
    n = offers.columns.n_rows
    counts = np.repeat(np.array(sides), [claim.n_values, len(claim.costs)], axis=1)
    factors = counts * claim.weights * claim.slope
    moved = claim.origin.any()
    sums = np.empty((len(sides), n))
    kept = np.zeros(n, dtype=np.bool_)
    for rows, places in blocks(offers, claim, missing):
        part: slice | IntArray = places
        if places[-1] - places[0] == len(places) - 1:
            part = slice(int(places[0]), int(places[-1]) + 1)  # faster than by places
        # The lowest answer is 0 before it is weighted, so that no sum of lowest ones is rounding.
        sums[:, part] = factors @ (rows - claim.origin[:, None] if moved else rows)
        kept[part] = True
    if kept.all():
        return sums, None
    if not kept.any():
        raise DataError(
            f"no row is left: every one has a missing answer in {enumerate_names(claim.columns)}"
        )
    return sums[:, kept], kept


def levels_of(
    offers: Offers, claim: Claim, missing: Missing, codes: IntArray, n_offers: int
) -> tuple[FloatArray, IntArray]:
    """Return mean levels (m, k) of the offers that rows belong to, and numbers of rows (m,)."""
    sums = np.zeros((n_offers, len(claim.names)))
    counts = np.zeros(n_offers, dtype=np.intp)
    for rows, places in blocks(offers, claim, missing):
        here = codes[places]
        counts += np.bincount(here, minlength=n_offers)
        for k, row in enumerate(rows):
            sums[:, k] += np.bincount(here, row, minlength=n_offers)
    if not counts.all():
        return sums, counts
    means = sums / counts[:, None]
    return claim.slope * (means - claim.origin), counts


def hand_back(values: FloatArray, offers: Offers, kept: BoolArray | None, *, name: str) -> Any:
    """Return results as the offers came: a number, an array, or a Series with its labels."""
    labels = offers.columns.labels if kept is None else offers.columns.labels[kept]
    return as_given(offers.given, labels, values, name=name)


def _check_names(given: Mapping[str, object], claim: Claim) -> None:
    wanted = claim.columns
    if unknown := [name for name in given if name not in wanted]:
        hints = [repr(name) + suggest(name, wanted) for name in unknown]
        raise DataError(
            f"the offer has an unknown component: {enumerate_names(hints)}; expected are "
            f"{', '.join(wanted)}. Further components are named in values= or costs="
        )
    if absent := [name for name in wanted if name not in given]:
        raise DataError(
            f"the offer has no {enumerate_names(absent, most=8)}; give every component, or name "
            "in values= and costs= those that count"
        )
    if text := [name for name in wanted if isinstance(given[name], str)]:
        raise DataError(
            f"{text[0]!r} is given as the text {given[text[0]]!r}; to name columns, give the table "
            f"itself, and the columns by values= and costs=, such as "
            f"{{{text[0]!r}: {given[text[0]]!r}}}"
        )


def _check_costs(rows: FloatArray, places: IntArray, offers: Offers, claim: Claim) -> None:
    """Refuse costs below zero, unless a scale says what they mean."""
    costs = rows[claim.n_values :]
    if costs.size == 0 or costs.min() >= 0:
        return
    for k in range(claim.n_values, len(claim.names)):
        rated = claim.limits is not None and np.isfinite(claim.limits.lowest[k])
        if rated or rows[k].min() >= 0:
            continue
        first = int(np.argmax(rows[k] < 0))
        raise DataError(
            f"cost {claim.names[k]!r} is negative: {rows[k, first]:.12g} in row "
            f"{offers.columns.labels[places[first]]}; costs are given as positive numbers and "
            "subtracted here. Turn the sign, give the limits of the answers by scale=, or enter "
            "what is gained as a value"
        )
