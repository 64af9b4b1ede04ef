"""The door: from what a user has to records and cells, with every refusal that data deserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loyaltymodel._core.arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._core.options import count_of, enumerate_names, shown
from loyaltymodel._core.variables import (
    BELOW_ONE,
    Bounds,
    Variables,
    codes_of,
    of_moderate_size,
    read_variables,
    several_variables,
)
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.estimation.observations import (
    Answers,
    Observations,
    beta_answers,
    observe,
    two_answers,
)
from loyaltymodel.jones_sasser.estimation.settings import SHARES, CurveSettings, Measured
from loyaltymodel.jones_sasser.estimation.true_score import rounded

_TINY = float(np.finfo(np.float64).tiny)
_WHOLE = (0.0, np.inf)
_ROUNDED = 1.1  # means and standard deviations are printed with few digits


@dataclass(frozen=True, slots=True, eq=False)
class Sample(FrozenRecord):
    """Observations, and what their codes mean.

    ``groups`` names the groups in the order of their codes, ``drivers`` the columns after the
    constant, ``categories`` the ordered answers from the lowest. ``log_ways`` is the part of
    the log-likelihood that no parameter changes.
    """

    observations: Observations
    n_obs: int
    n_dropped: int
    weighted: bool
    groups: tuple[Any, ...] | None
    drivers: tuple[str, ...] | None
    categories: tuple[Any, ...] | None
    log_ways: float


def read_sample(
    settings: CurveSettings,
    *,
    satisfaction: object,
    loyalty: object,
    data: object,
    constraint: object,
    drivers: object,
    constraint_by: object,
    trials: object,
    weights: object,
    counts: object = None,
    sd: object = None,
) -> Sample:
    """Read what a user gave, check it and gather it into cells."""
    bound_by = {"constraint": constraint, "drivers": drivers, "constraint_by": constraint_by}
    given = [name for name, value in bound_by.items() if value is not None]
    if len(given) > 1:
        raise OptionError(
            f"{' and '.join(given)} are given, but only one thing can say how customers are held"
        )
    if settings.reference is not None and constraint_by is None:
        raise OptionError("reference is given without constraint_by; give constraint_by as well")
    if (settings.outcome == "count") is not (trials is not None):
        raise OptionError(
            'trials and outcome="count" belong together: of how many times each customer stayed'
        )
    if sd is not None and (settings.outcome != "score" or counts is None):
        raise OptionError(
            'sd is the spread of the scores of which loyalty is the mean: it needs outcome="score" '
            "and counts, the number of customers of each row"
        )
    named = () if drivers is None else tuple(several_variables("drivers", drivers))
    wanted = {"satisfaction": satisfaction, "loyalty": loyalty}
    if drivers is not None:
        wanted |= driver_columns(several_variables("drivers", drivers))
    optional = {
        "constraint": constraint,
        "constraint_by": constraint_by,
        "trials": trials,
        "weights": weights,
        "counts": counts,
        "sd": sd,
    }
    wanted |= {name: value for name, value in optional.items() if value is not None}
    variables = _read(settings, wanted, data)
    codes = labels = None
    if constraint_by is not None:
        codes, labels = variables.codes("constraint_by")
        _check_reference(settings.reference, labels)
    z = None
    if named:
        z = design_of(variables, named)
    order = _declared_order(loyalty, data) if settings.outcome == "ordinal" else None
    people = None if counts is None else people_of(variables)
    answers, categories, log_ways = _answers(settings, variables, order, people)
    row: slice | IntArray = slice(None)
    if sd is not None and people is not None:
        row, score, people = _scores_of_means(settings, variables, answers[1], people)
        answers = [answers[0], score]
    answered: Answers = variables["satisfaction"][row]
    if settings.has_error:
        answered = rounded(answered, settings.limits("satisfaction"))
    observations = observe(
        answered,
        answers,
        of_moderate_size(variables["weights"].astype(np.float64))[row]
        if weights is not None
        else None,
        scale=settings.limits("satisfaction"),
        group=codes[row] if codes is not None else None,
        given=variables["constraint"].astype(np.float64)[row] if constraint is not None else None,
        drivers=z[row] if z is not None else None,
        counts=people,
    )
    if people is not None and sd is None and settings.outcome in ("score", "beta"):
        _check_no_means(settings, observations)
    if codes is None and constraint is None and not named:
        zeros = np.zeros(observations.n_cells, dtype=np.intp)
        observations = observations.with_group(zeros)
    return Sample(
        observations,
        variables.n_rows if people is None else int(people.sum()),
        variables.n_dropped,
        weights is not None,
        labels,
        named or None,
        categories,
        log_ways,
    )


def _read(settings: CurveSettings, wanted: dict[str, object], data: object) -> Variables:
    ordinal = settings.outcome == "ordinal"
    bounds: dict[str, Bounds] = {
        "satisfaction": settings.limits("satisfaction"),
        "constraint": (0.0, BELOW_ONE),
        "trials": (1.0, np.inf),
        "weights": (_TINY, np.inf),
        "counts": (1.0, np.inf),
        "sd": (0.0, np.inf),
    }
    if settings.outcome in ("score", "beta"):
        bounds["loyalty"] = settings.limits("loyalty")
    elif not ordinal:
        bounds["loyalty"] = _WHOLE if settings.outcome == "count" else (0.0, 1.0)
    try:
        return read_variables(
            wanted,
            data=data,
            bounds=bounds,
            categories=("constraint_by", "loyalty") if ordinal else ("constraint_by",),
            flags=("loyalty",) if settings.outcome == "binary" else (),
            gaps=("sd",),  # one customer has none
            missing=settings.missing,
        )
    except DataError as error:
        examples: dict[Measured, str] = {
            "satisfaction": "(1, 10)",
            "loyalty": '{"satisfaction": (1, 10), "loyalty": (0, 10)}',
        }
        for name, example in examples.items():
            scored = name == "satisfaction" or settings.outcome in ("score", "beta")
            if f"{name} must lie" in str(error) and scored and settings.limits(name) == SHARES:
                raise DataError(f"{error}; give its scale, such as scale={example}") from None
        raise


def driver_columns(drivers: dict[str, object]) -> dict[str, object]:
    """Return drivers under names that no other variable has."""
    return {f"driver {name!r}": value for name, value in drivers.items()}


def chosen_drivers(names: Sequence[str], given: object) -> dict[str, object]:
    """Return the drivers of a fit by name; without any given, their names in the data.

    Raises
    ------
    DataError
        If one that the fit had is not among what is given.
    """
    own = several_variables("drivers", list(names) if given is None else given)
    if absent := [name for name in names if name not in own]:
        raise DataError(
            f"drivers lack {enumerate_names(absent)}; give all that the fit had, by name: "
            f"{enumerate_names(names)}"
        )
    return {name: own[name] for name in names}


def design_of(variables: Variables, drivers: tuple[str, ...]) -> FloatArray:
    """Return the columns (n, k + 1) of a constraint by drivers, the constant first."""
    columns = [variables[f"driver {name!r}"] for name in drivers]
    return np.column_stack([np.ones(variables.n_rows), *columns]).astype(np.float64)


def _check_reference(reference: object, labels: tuple[Any, ...]) -> None:
    if reference is not None and place_of(reference, labels) is None:
        raise OptionError(
            f"reference={shown(reference)} is no group; the groups are "
            f"{enumerate_names(labels, most=12)}"
        )


def place_of(group: object, groups: tuple[Any, ...]) -> int | None:
    """Return which of the groups a value means, or nothing if it is none of them."""
    places = {own: k for k, own in enumerate(groups)}
    try:
        return places.get(group)
    except TypeError:  # a list or an array cannot be looked up
        return None


def _answers(
    settings: CurveSettings,
    variables: Variables,
    order: list[Any] | None,
    people: FloatArray | None,
) -> tuple[list[Answers], tuple[Any, ...] | None, float]:
    """Return the answers as the likelihood takes them, categories, and log of constant ways."""
    y = variables["loyalty"]
    one = np.array(1.0)
    if settings.outcome == "ordinal":
        codes, categories = codes_of(y)
        if order is not None:
            sorted_by = sorted(range(len(categories)), key=lambda k: order.index(categories[k]))
            categories = tuple(categories[k] for k in sorted_by)
            codes = np.argsort(sorted_by)[codes]
        elif any(isinstance(category, str) for category in categories):
            raise DataError(
                f"loyalty has answers in words ({enumerate_names(categories)}), whose order is "
                "unknown; recode them to numbers from the lowest to the highest, or give an "
                "ordered pandas Categorical"
            )
        _check_categories(settings.cuts, categories)
        return [codes], categories, 0.0
    if settings.outcome in ("score", "beta"):
        low, high = settings.limits("loyalty")
        share = (y.astype(np.float64) - low) / (high - low)
        if settings.outcome == "score":
            return [one, share], None, 0.0
        if edge := int(((share <= 0) | (share >= 1)).sum()):
            raise DataError(
                f'outcome="beta" needs scores strictly within {low:.12g} and {high:.12g}, but '
                f"the ends, where its density is 0 or infinite, have {count_of(edge, 'score')}; "
                'choose outcome="score"'
            )
        return list(beta_answers(share)), None, 0.0
    if settings.outcome == "binary":
        if y.dtype.kind != "b" and not ((y == 0) | (y == 1)).all():
            raise DataError(
                'outcome="binary" needs loyalty of 1 (stayed) or 0 (left); choose "score" for '
                'shares, "count" for a number of times, "ordinal" for ordered answers'
            )
        return [one, y], None, 0.0
    m = variables["trials"]
    if (y != np.rint(y)).any() or (m != np.rint(m)).any():
        raise DataError('outcome="count" needs whole numbers in loyalty and trials')
    if (more := int((y > m).sum())) > 0:
        raise DataError(
            f"loyalty is more than trials for {count_of(more, 'customer')}; it counts how many "
            "of the trials the customer stayed"
        )
    from scipy.special import gammaln  # noqa: PLC0415  slow to import

    ways = gammaln(m + 1.0) - gammaln(y + 1.0) - gammaln(m - y + 1.0)
    return [m, y], None, float(ways.sum() if people is None else ways @ people)


def people_of(variables: Variables) -> FloatArray:
    """Return how many customers each row stands for."""
    found = variables["counts"].astype(np.float64)
    if (found != np.rint(found)).any():
        raise DataError(
            "counts must be whole numbers of customers; shares and factors of a survey are weights"
        )
    return found


def _scores_of_means(
    settings: CurveSettings, variables: Variables, mean: Answers, people: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return rows, scores and people of rows whose loyalty is the mean of their scores."""
    low, high = settings.limits("loyalty")
    share, sd = mean.astype(np.float64), variables["sd"].astype(np.float64) / (high - low)
    several = people > 1
    if (absent := int(np.isnan(sd[several]).sum())) > 0:
        raise DataError(
            f"sd is missing for {count_of(absent, 'row')} of more than one customer; give 0 where "
            "all gave the same score"
        )
    most = np.sqrt(share * (1 - share) * people / np.maximum(people - 1, 1))
    if (wide := several & (sd > _ROUNDED * most)).any():
        place = int(np.flatnonzero(wide)[0])
        raise DataError(
            f"sd={sd[place] * (high - low):.6g} is more than scores between {low:.12g} and "
            f"{high:.12g} with mean {low + (high - low) * share[place]:.6g} can have, which is "
            f"{most[place] * (high - low):.6g} at most; check the scale of loyalty, and whether a "
            "standard error or a variance was given"
        )
    return two_answers(share, np.where(several, sd, 0.0), people)


def _check_no_means(settings: CurveSettings, observed: Observations) -> None:
    """Refuse scores that nobody in a cell differs in, which are means whose spread is lacking."""
    if observed.n_records > observed.n_cells or observed.count.max() == 1:
        return
    ways = "give sd, their standard deviation (0 where all agree)"
    if settings.outcome == "beta":
        ways = 'choose outcome="score" and give sd, their standard deviation'
    raise OptionError(
        "counts say that all customers of a cell gave the same score, in every cell. If loyalty is "
        f"the mean of their scores, {ways}; or give the numbers as weights, which take "
        "each cell for one observation"
    )


def _declared_order(loyalty: object, data: object) -> list[Any] | None:
    """Return the categories from the lowest to the highest, if an ordered column says so."""
    if isinstance(loyalty, str) and isinstance(data, pd.DataFrame):
        loyalty = data[loyalty]
    kind = getattr(loyalty, "dtype", None)
    if isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        return list(kind.categories)
    return None


def _check_categories(cuts: object, categories: tuple[Any, ...]) -> None:
    if (place := place_of(cuts, categories)) is None:
        raise OptionError(
            f"cuts={shown(cuts)} is no answer that anybody gave; the answers are "
            f"{enumerate_names(categories, most=12)}, from the lowest to the highest"
        )
    if place == 0:
        raise NotIdentifiedError(
            f"cuts={shown(cuts)} is the lowest answer, so everybody stayed; take a higher one"
        )
