"""Two links of one survey, drawn together: the same customers, both links estimated again.

Each resample is a row of counts, how often every customer was drawn. From the same counts come the
moments that the structural model is estimated on, and the numbers of customers by record that the
curve, the law of true scores and the kinds of customers are estimated on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from loyaltymodel._core import resampling
from loyaltymodel._core.arrays import BoolArray, FloatArray, IntArray
from loyaltymodel._core.frames import checked_rows, read_columns
from loyaltymodel._core.resampling import Units
from loyaltymodel._core.variables import Variables, of_moderate_size, read_variables
from loyaltymodel.chain.scenarios.customers import Kinds
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.jones_sasser.estimation.problem import Setup
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.true_score import rounded
from loyaltymodel.jones_sasser.estimation.uncertainty import (
    estimated_again,
    resamples_in_slice,
)
from loyaltymodel.structural.replication import check_same_data, make_task
from loyaltymodel.structural.result import StructuralResult

_OUTCOMES = ("binary", "ordinal")


class Drawn(NamedTuple):
    """Draws of both links, a row a resample: impact (b,), parameters (b, q), people (b, m)."""

    impact: FloatArray
    parameters: FloatArray
    people: FloatArray
    n_failed: int


class Rows(NamedTuple):
    """Rows of the data that both links rest on: structural ones, and the record of each other."""

    units: Units
    record: IntArray  # (n,) of the curve, or -1


def joint_draws(
    structure: StructuralResult,
    pair: tuple[str, str],
    curve: LoyaltyCurveResult,
    setup: Setup,
    kinds: Kinds,
    rows: Rows,
    *,
    sampled: bool,
    n: int,
    rng: np.random.Generator,
) -> Drawn:
    """Draw customers again and estimate both links of each resample.

    Without ``sampled`` the customers stay who they are, and only what is known of them varies.
    """
    task = make_task(structure)
    place = _place_of(task.catalogue.places["impacts"], structure, pair)
    seen, reliability = curve.sample.observations, curve.settings.reliability
    order = np.flatnonzero(rows.record >= 0)
    order = order[np.argsort(rows.record[order], kind="stable")]
    starts = np.flatnonzero(np.diff(rows.record[order], prepend=-1))
    size = min(resampling.slice_size(rows.units), resamples_in_slice(setup, seen))
    impact, parameters, people, good = [], [], [], []
    for counts in resampling.draw_counts(rows.units, n, rng, size=size):
        found = task.evaluate(*resampling.resampled_moments(rows.units, counts))
        drawn = np.add.reduceat(counts[:, order].astype(np.float64), starts, axis=1)
        again, laws = estimated_again(setup, seen, curve.values, reliability, drawn, near=True)
        own = found.values[:, place]
        impact.append(own)
        parameters.append(again.p)
        people.append(kinds.people(drawn if sampled else seen.count, laws))
        good.append((found.failure == 0) & again.converged & np.isfinite(own))
    return _kept(impact, parameters, people, good)


def curve_resamples(
    curve: LoyaltyCurveResult,
    setup: Setup,
    kinds: Kinds,
    *,
    sampled: bool,
    n: int,
    rng: np.random.Generator,
) -> Drawn:
    """Draw the customers of a fitted curve again, and estimate it, the law and the kinds."""
    seen, reliability = curve.sample.observations, curve.settings.reliability
    size, total = resamples_in_slice(setup, seen), int(seen.count.sum())
    impact, parameters, people, good = [], [], [], []
    for first in range(0, n, size):
        b = min(size, n - first)
        drawn = rng.multinomial(total, seen.count / total, size=b).astype(np.float64)
        again, laws = estimated_again(setup, seen, curve.values, reliability, drawn, near=True)
        impact.append(np.zeros(b))
        parameters.append(again.p)
        people.append(kinds.people(drawn if sampled else seen.count, laws))
        good.append(again.converged)
    return _kept(impact, parameters, people, good)


def _kept(
    impact: list[FloatArray],
    parameters: list[FloatArray],
    people: list[FloatArray],
    good: list[BoolArray],
) -> Drawn:
    """Put slices together, without the resamples that could not be estimated."""
    kept = np.concatenate(good)
    n_failed = len(kept) - int(kept.sum())
    resampling.check_failures(
        n_failed,
        len(kept),
        "could not be estimated",
        way_out="ask more customers, or take links with fewer parameters",
    )
    first, second = (np.concatenate(part)[kept] for part in (impact, parameters))
    third = np.concatenate(people)
    # Of customers who are known, with answers free of error, there is one row a slice.
    return Drawn(first, second, third[kept] if len(third) == len(kept) else third[:1], n_failed)


def read_rows(
    structure: StructuralResult,
    curve: LoyaltyCurveResult,
    data: object,
    *,
    satisfaction: object,
    loyalty: object,
    constraint_by: object,
    constraint: object,
    weights: object,
) -> Rows:
    """Find for each row of the data what it is in both links, and that both rest on them."""
    check_same_data(structure, data)
    settings, moments = structure.settings, structure.moments
    weighted = settings.weights is not None
    names = (*structure.model.items, *([settings.weights] if settings.weights else []))
    columns = read_columns(data, names)
    n = columns.n_rows
    items = np.zeros((n, len(structure.model.items)))
    own = np.zeros(n)
    for part, places in checked_rows(columns, None, settings.missing, weighted=weighted):
        own[places] = part[-1] if weighted else 1.0
        answers = part[:-1] if weighted else part
        scale = np.sqrt(moments.covariance.diagonal())
        items[places] = ((answers.T - moments.means) / scale) * (own[places, None] > 0)
    record = _records(
        curve,
        data,
        n,
        {
            "satisfaction": satisfaction,
            "loyalty": loyalty,
            "constraint_by": constraint_by,
            "constraint": constraint,
            "weights": weights,
        },
    )
    used = (own > 0) | (record >= 0)
    moderate = of_moderate_size(own[used]) if weighted else own[used]
    units = resampling.make_units(items[used], moderate, None, None)
    return Rows(units, record[used])


def _records(curve: LoyaltyCurveResult, data: object, n: int, given: dict[str, object]) -> IntArray:
    """Return the record of the fit that each row is, or -1 for rows that were left out."""
    settings, sample = curve.settings, curve.sample
    seen = sample.observations
    if settings.outcome not in _OUTCOMES or sample.drivers is not None:
        raise OptionError(
            "both links can be drawn from data for loyalty that is 1 or 0 or an ordered answer, "
            "with constraints that are known, alike, or those of groups; leave data out, or give "
            "draws"
        )
    for name, needed in (
        ("satisfaction", True),
        ("loyalty", True),
        ("constraint_by", sample.groups is not None),
        ("constraint", seen.given is not None),
        ("weights", sample.weighted),
    ):
        if needed is (given[name] is None):
            raise OptionError(
                f"with data, {name} {'must be given' if needed else 'has no use'}: give what the "
                "curve was fitted to, so that both links are estimated again on the same customers"
            )
    ordinal = settings.outcome == "ordinal"
    read = read_variables(
        {
            "row": np.arange(n, dtype=np.float64),
            **{name: value for name, value in given.items() if value is not None},
        },
        data=data,
        bounds={"satisfaction": settings.limits("satisfaction")},
        categories=("constraint_by", "loyalty") if ordinal else ("constraint_by",),
        flags=() if ordinal else ("loyalty",),
        missing=settings.missing,
    )
    table = _table_of_rows(curve, read)
    levels, places = np.unique(_table_of_records(curve), axis=0, return_inverse=True)
    if len(levels) < seen.n_records:
        raise OptionError(
            "satisfaction has so many different values that customers of the same answer are not "
            "told together; round it before the curve is fitted"
        )
    back = np.argsort(places.reshape(-1))
    both = np.concatenate([levels, table])
    _, code = np.unique(both, axis=0, return_inverse=True)
    code = code.reshape(-1)
    known = np.full(code.max() + 1, -1)
    known[code[: len(levels)]] = back
    found = known[code[len(levels) :]]
    counted = np.bincount(found[found >= 0], minlength=seen.n_records)
    if (found < 0).any() or not np.array_equal(counted, seen.count):
        raise DataError(
            "the curve does not rest on these rows: satisfaction, loyalty or groups are not those "
            "that it was fitted to; give the same columns, or fit the curve to them first"
        )
    record = np.full(n, -1)
    record[read["row"].astype(np.intp)] = found
    return record


def _table_of_rows(curve: LoyaltyCurveResult, read: Variables) -> FloatArray:
    """Return what tells records apart (n, k) of each row."""
    settings, sample = curve.settings, curve.sample
    answered = read["satisfaction"]
    if settings.has_error:
        answered = rounded(answered, settings.limits("satisfaction"))
    low, high = settings.limits("satisfaction")
    columns = [(answered.astype(np.float64) - low) / (high - low)]
    if sample.groups is not None:
        codes, labels = read.codes("constraint_by")
        place = {name: k for k, name in enumerate(sample.groups)}
        columns.append(np.array([place.get(label, -1) for label in labels], np.float64)[codes])
    if sample.observations.given is not None:
        columns.append(read["constraint"].astype(np.float64))
    if sample.categories is not None:
        codes, labels = read.codes("loyalty")
        place = {name: k for k, name in enumerate(sample.categories)}
        columns.append(np.array([place.get(label, -1) for label in labels], np.float64)[codes])
    else:
        columns.append(read["loyalty"].astype(np.float64))
    if sample.weighted:
        columns.append(of_moderate_size(read["weights"].astype(np.float64)))
    return np.column_stack(columns)


def _table_of_records(curve: LoyaltyCurveResult) -> FloatArray:
    """Return the same (r, k) of each record."""
    sample = curve.sample
    seen = sample.observations
    cell = seen.cell
    columns = [seen.satisfaction[cell]]
    if sample.groups is not None and seen.group is not None:
        columns.append(seen.group[cell].astype(np.float64))
    if seen.given is not None:
        columns.append(seen.given[cell])
    columns.append(seen.answer[-1])
    if sample.weighted:
        columns.append(seen.weight)
    return np.column_stack(columns)


def _place_of(part: slice, structure: StructuralResult, pair: tuple[str, str]) -> int:
    """Return the place of an impact among all quantities."""
    table = structure.impacts
    rows = zip(table["source"], table["target"], strict=True)
    return int(part.start) + list(rows).index(pair)
