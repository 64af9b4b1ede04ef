"""The terms that satisfaction is explained by, and the columns that they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names, repeated, suggest
from loyaltymodel._core.variables import Bounds, Variables, read_variables
from loyaltymodel.errors import NotIdentifiedError, OptionError

Term = Literal[
    "expected",
    "perceived",
    "disconfirmation",
    "excess",
    "shortfall",
    "attributed_shortfall",
    "stable_shortfall",
    "controllable_shortfall",
    "positive_affect",
    "negative_affect",
    "fairness",
    "distributive_justice",
    "procedural_justice",
    "interactional_justice",
]

# What a shortfall is multiplied by, where it is not counted alone.
ATTRIBUTIONS = {
    "locus_firm": "attributed_shortfall",
    "stability": "stable_shortfall",
    "controllability": "controllable_shortfall",
}
_MODERATOR = {term: name for name, term in ATTRIBUTIONS.items()}
# What each term is computed from. A gap comes from "disconfirmation" itself if that was asked.
_GAP = ("disconfirmation", "excess", "shortfall", *_MODERATOR)


def check_terms(terms: Sequence[str]) -> tuple[str, ...]:
    """Return the terms, each known and named once."""
    known = get_args(Term)
    if isinstance(terms, str) or not isinstance(terms, Sequence) or not terms:
        raise OptionError(
            f"terms={terms!r} must be a sequence of at least one of {', '.join(known)}"
        )
    for term in terms:
        if term not in known:
            raise OptionError(
                f"{term!r} is no term{suggest(term, known)}; choose from {', '.join(known)}"
            )
    if twice := repeated(terms):
        raise OptionError(f"terms have {enumerate_names(twice)} twice; name each once")
    return tuple(terms)


def variables_of(terms: tuple[str, ...], given: Mapping[str, object]) -> dict[str, object]:
    """Return the variables that the terms need; refuse what is lacking and what is idle."""
    needed: dict[str, str] = {}
    for term in terms:
        sources = [term]
        if term in _GAP:
            asked = given["disconfirmation"] is not None
            sources = ["disconfirmation"] if asked else ["expected", "perceived"]
        if term in _MODERATOR:
            sources.append(_MODERATOR[term])
        needed.update(dict.fromkeys(sources, term))
    if lacking := [name for name in needed if given[name] is None]:
        name = lacking[0]
        raise OptionError(f"the term {needed[name]!r} needs {name}=; give it, or drop the term")
    if idle := [name for name, value in given.items() if value is not None and name not in needed]:
        raise OptionError(
            f"no term uses {enumerate_names(idle)}; leave it out, or add a term that does"
        )
    return {name: given[name] for name in needed}


def refuse_the_trap(terms: tuple[str, ...], *, measured: bool) -> None:
    """Refuse expected, perceived and their difference side by side."""
    if {"expected", "perceived", "disconfirmation"} <= set(terms) and not measured:
        raise NotIdentifiedError(
            "disconfirmation computed as perceived less expected follows from the two, so the "
            "three coefficients cannot be told apart: any number can be moved between them "
            "without changing a fitted value. Leave out one of the three terms, or give "
            "disconfirmation= as customers rated it directly"
        )


def read_terms(variables: dict[str, object], data: object, missing: Missing) -> Variables:
    """Read the variables; attributions lie between 0 and 1."""
    bounds: dict[str, Bounds] = dict.fromkeys(ATTRIBUTIONS, (0.0, 1.0))
    return read_variables(variables, data=data, bounds=bounds, missing=missing)


def columns_of(terms: tuple[str, ...], read: Variables) -> FloatArray:
    """Return the values (n, k) of the terms."""
    values = {name: np.asarray(column, dtype=np.float64) for name, column in read.values.items()}
    if "disconfirmation" not in values and {"expected", "perceived"} <= set(values):
        values["disconfirmation"] = values["perceived"] - values["expected"]
    if "disconfirmation" in values:
        gap = values["disconfirmation"]
        values["excess"], values["shortfall"] = gap.clip(min=0), (-gap).clip(min=0)
    for name, term in ATTRIBUTIONS.items():
        if name in values:
            values[term] = values["shortfall"] * values[name]
    return np.column_stack([values[term] for term in terms])
