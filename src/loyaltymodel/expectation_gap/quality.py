"""Quality as perceived: profiles of indicators, and what a brand's image adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from loyaltymodel._core.accepted import Codebook, Columns, Data
from loyaltymodel._core.arrays import FloatArray, FrozenMapping
from loyaltymodel._core.catalogue import rows_of
from loyaltymodel._core.codebooks import limits_only, takes_codebook
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_level, newcombe, wilson_at
from loyaltymodel._core.options import count_of, enumerate_names, is_whole, suggest
from loyaltymodel._core.results import Facts, Result
from loyaltymodel._core.scales import resolve_limits
from loyaltymodel._core.signature import checked
from loyaltymodel._core.tables import Table, table_of
from loyaltymodel._core.variables import read_variables, several_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap._people import means_of

_SUM = 1e-6  # shares that miss 1 by no more than this are rounded, not wrong


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class QualityProfile(Result):
    """Scores of the elements of a list, from 0 to 100, and what they add up to.

    Attributes
    ----------
    listed : str
        List of the catalogue that the elements are of.
    names : tuple of str, k
        What was scored.
    points : array, shape (k,)
        Mean score, from 0 (lowest possible) to 100 (highest possible).
    weights : array, shape (k,)
        Share of each element in the total; they add up to 1.
    estimates : EstimateTable
        Weighted scores of the parts: "total", "direct", "indirect", and each group of the list;
        NaN for a part without weight. Errors are NaN where one score each was given.
    part_weights : array
        Share of each part in the total.
    n_obs : int
        Number of respondents, or 1.
    n_dropped : int
        Respondents left out because a score was missing.
    level : float
        Confidence level.
    """

    made_by: ClassVar[str] = "quality_profile()"

    listed: str
    names: tuple[str, ...]
    points: FloatArray
    weights: FloatArray
    estimates: EstimateTable
    part_weights: FloatArray
    n_obs: int
    n_dropped: int
    level: float

    @property
    def total(self) -> float:
        """The weighted score of all elements, from 0 to 100."""
        return float(self.estimates.estimate[0])

    @property
    def elements(self) -> pd.DataFrame:
        """Points, weight and contribution of each element."""
        known = _elements_of(self.listed)
        elements = [known[name] for name in self.names]
        return pd.DataFrame(
            {
                "element": list(self.names),
                "chinese": [element.chinese for element in elements],
                "part": [element.group for element in elements],
                "direct": [element.direct for element in elements],
                "points": self.points.copy(),
                "weight": self.weights.copy(),
                "contribution": self.weights * self.points,
            }
        )

    @property
    def parts(self) -> pd.DataFrame:
        """Weighted scores of all, of direct and of indirect elements, and of each group.

        With Student's intervals; ``weight`` is the share of the total.
        """
        return self.estimates.frame().assign(weight=self.part_weights)

    def _title(self) -> str:
        return "Profile"

    def _brief(self) -> str:
        elements = count_of(len(self.names), "element")
        return f"{elements}, total {self.total:.1f} of 100"

    def _facts(self) -> Facts:
        return (("total", f"{self.total:.1f} of 100"),)

    def _tables(self) -> Sequence[Table]:
        elements = self.elements.drop(columns="direct")
        return (
            table_of("Scores (0-100 points)", self.parts, digits=[1, 3, 1, 1, 3]),
            table_of("Elements (0-100 points)", elements, n_labels=3, digits=[1, 3, 1]),
        )


@checked
@takes_codebook("scores", limits="name")
def quality_profile(
    name: str,
    scores: Columns,
    *,
    scale: tuple[float, float] | Mapping[str, tuple[float, float]] | Codebook,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    data: Data | None = None,
    missing: Missing = "raise",
) -> QualityProfile:
    """Return the profile of a list of indicators, from 0 to 100, and its weighted score.

    Parameters
    ----------
    name : str
        Name of a list of ``evidence.catalogue()``, such as "garvin".
    scores : mapping from element to variable, table, or names of columns
        Scores of elements of the list, not necessarily of all: by element as numbers, arrays of
        shape (n,), Series, or names of columns; or columns that are called as the elements.
    scale : pair of float, mapping from element to pair, or Codebook
        Lowest and highest possible score. Elements on different scales, such as a rate from 0
        to 1 beside ratings from 1 to 5, are made comparable by it. A codebook also reads the
        answers.
    weights : mapping from element to float, optional
        Weight of every element scored, none negative and not all 0; their sum does not matter.
        Without it all count the same.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where scores are names of columns.
    missing : {"raise", "drop"}
        Whether a missing score is an error, or leaves the respondent out.

    Returns
    -------
    QualityProfile
        Points, weights and scores of the parts.

    Raises
    ------
    DataError
        If scores are missing, infinite, off the scale or of unequal length.
    OptionError
        If there is no such list or element, a scale is no pair, or weights are not as
        described.

    Notes
    -----
    points = 100 (score - lowest) / (highest - lowest); total = sum(w points) / sum(w).

    Examples
    --------
    Deliveries are on time in 90 of 100 cases, quality is rated 4 of 1 to 5 and price 2. In
    points that is 90, 75 and 25; with weights 2, 1 and 1 the total is 280 / 4 = 70:

    >>> from loyaltymodel.expectation_gap import quality_profile
    >>> result = quality_profile(
    ...     "supplier",
    ...     {"on_time_rate": 0.9, "quality": 4, "price": 2},
    ...     scale={"on_time_rate": (0, 1), "quality": (1, 5), "price": (1, 5)},
    ...     weights={"on_time_rate": 2, "quality": 1, "price": 1},
    ... )
    >>> result.points.round(9).tolist(), round(result.total, 9)
    ([90.0, 75.0, 25.0], 70.0)
    """
    check_level(level)
    known = _elements_of(name)
    named = several_variables("scores", scores)
    for element in named:
        if element not in known:
            raise OptionError(
                f"{element!r} is no element of {name!r}{suggest(element, known)}; its elements "
                f"are {', '.join(known)}"
            )
    names = [element for element in known if element in named]
    limits = resolve_limits(limits_only(scale), names)
    shares = _shares(weights, names)
    given = {element: named[element] for element in names}
    bounds = dict(zip(names, limits.pairs, strict=True))
    read = read_variables(given, data=data, bounds=bounds, missing=missing)
    low, high = limits.lowest[:, None], limits.highest[:, None]
    answers = np.stack([np.asarray(read[element], dtype=np.float64) for element in names])
    points = 100 * (answers - low) / (high - low)
    member = _parts_of([known[element] for element in names])
    weights_in = np.stack(list(member.values())) * shares
    part_weights = weights_in.sum(axis=1)
    n = read.n_rows
    with np.errstate(invalid="ignore"):  # a part without weight has no score
        totals = (weights_in @ points) / part_weights[:, None]
    error = totals.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(member), np.nan)
    return QualityProfile(
        listed=name,
        names=tuple(names),
        points=points.mean(axis=1),
        weights=shares,
        estimates=means_of({"part": [*member]}, totals.mean(axis=1), error, n=n, level=level),
        part_weights=part_weights,
        n_obs=n,
        n_dropped=read.n_dropped,
        level=level,
    )


class _Element(NamedTuple):
    """What is known of an element of a list."""

    chinese: str
    group: str
    direct: bool


def _elements_of(name: str) -> dict[str, _Element]:
    """Return the elements of a list; one without groups is a group, and works directly."""
    return {
        row["id"]: _Element(row["chinese"], row.get("group", name), row.get("direct", True))
        for row in rows_of(name)
    }


def _parts_of(elements: Sequence[_Element]) -> dict[str, FloatArray]:
    """Return which elements belong to each part of a list, as 0 and 1."""
    direct = np.array([element.direct for element in elements], dtype=np.float64)
    groups = [element.group for element in elements]
    return {
        "total": np.ones(len(elements)),
        "direct": direct,
        "indirect": 1 - direct,
        **{name: np.array([float(group == name) for group in groups]) for name in groups},
    }


@checked
def brand_effect(
    branded: Mapping[str, float],
    blind: Mapping[str, float],
    *,
    n_branded: int | None = None,
    n_blind: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return how far shares of preference move when brands are shown (品牌形象的影响).

    Parameters
    ----------
    branded : mapping from choice to float
        Shares of preference with the brands shown, from 0 to 1, which add up to 1.
    blind : mapping from choice to float
        Shares of the same choices with the brands hidden.
    n_branded, n_blind : int, optional
        Number of respondents in each test, both or neither: with them there are intervals.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DataFrame
        A row a choice: ``choice``, ``branded``, ``blind``, ``estimate`` (branded less blind, as
        a share), and with numbers of respondents ``std_error``, ``ci_low``, ``ci_high`` and
        ``p_value`` of no difference.

    Raises
    ------
    DataError
        If choices differ, or shares lie outside 0 to 1 or do not add up to 1.
    OptionError
        If only one number of respondents is given, or it is no whole number of at least 1.

    Notes
    -----
    The standard error is sqrt(p (1 - p) / n + q (1 - q) / m). The interval is Newcombe's [1]_,
    made of Wilson's intervals of both shares: it never leaves -1 to 1, and has a width where
    shares are 0 or 1. For choices of a few respondents it is wide: shares of .03 and .01 in tests
    of 50 had intervals of level .95 that held their difference in all but 3 of 1,000. Both are
    for two tests of different respondents. If the same ones did both, they are wrong.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods. Statistics in Medicine, 17(8), 873-890.

    Examples
    --------
    Pepsi and Coke, as a teaching text tells it (no primary source is known): with brands shown
    23, 65 and 12 percent prefer Pepsi, Coke and neither, blind 51, 44 and 5 percent. The
    brands cost Pepsi 28 points and bring Coke 21:

    >>> from loyaltymodel import evidence
    >>> from loyaltymodel.expectation_gap import brand_effect
    >>> choices = ["Pepsi", "Coke", "neither"]
    >>> branded = dict(zip(choices, [figure.low for figure in evidence.get("B39")]))
    >>> blind = dict(zip(choices, [figure.low for figure in evidence.get("B40")]))
    >>> brand_effect(branded, blind).round(2)
        choice  branded  blind  estimate
    0    Pepsi     0.23   0.51     -0.28
    1     Coke     0.65   0.44      0.21
    2  neither     0.12   0.05      0.07
    """
    check_level(level)
    choices = _same_choices(branded, blind)
    p, q = _shares_of(branded, choices, "branded"), _shares_of(blind, choices, "blind")
    if n_branded is None and n_blind is None:
        return pd.DataFrame({"choice": choices, "branded": p, "blind": q, "estimate": p - q})
    for name, number in (("n_branded", n_branded), ("n_blind", n_blind)):
        if not is_whole(number, least=1):
            raise OptionError(
                f"{name}={number!r} must be a whole number of respondents, at least 1; give both "
                "numbers, or neither"
            )
    n, m = (np.array(float(number or 1)) for number in (n_branded, n_blind))
    found = newcombe(
        p, q, (lambda z: wilson_at(p, n, z), lambda z: wilson_at(q, m, z)), level=level
    )
    table = EstimateTable(
        labels=FrozenMapping({"choice": tuple(choices)}),
        estimate=p - q,
        std_error=np.sqrt(p * (1 - p) / n + q * (1 - q) / m),
        ci_low=found.low,
        ci_high=found.high,
        p_value=found.p_value,
        level=level,
        method="Newcombe",
    ).frame()
    table.insert(1, "branded", p)
    table.insert(2, "blind", q)
    return table


def _same_choices(branded: Mapping[str, float], blind: Mapping[str, float]) -> list[str]:
    for name, shares in (("branded", branded), ("blind", blind)):
        if not shares:
            raise DataError(f"{name} is empty; give a mapping from choice to share of preference")
    if apart := sorted(map(str, set(branded) ^ set(blind))):
        raise DataError(
            f"branded and blind have different choices: {enumerate_names(apart)} are in one of "
            "them only; a choice that nobody made has the share 0"
        )
    return list(branded)


def _shares_of(shares: Mapping[str, float], choices: list[str], name: str) -> FloatArray:
    values = np.array([shares[choice] for choice in choices], dtype=np.float64)
    inside = (values >= 0) & (values <= 1)
    if not inside.all() or abs(values.sum() - 1) > _SUM:
        raise DataError(
            f"the shares in {name} are {', '.join(f'{v:.12g}' for v in values)}; they must lie "
            "between 0 and 1 and add up to 1. Divide percentages by 100, and add a choice for "
            "those without a preference"
        )
    return values


def _shares(weights: Mapping[str, float] | None, names: list[str]) -> FloatArray:
    if weights is None:
        return np.full(len(names), 1 / len(names))
    if set(weights) != set(names):
        raise OptionError(f"weights must have every element scored once: {', '.join(names)}")
    values = np.array([weights[name] for name in names], dtype=np.float64)
    if not (np.isfinite(values).all() and (values >= 0).all() and values.any()):
        raise OptionError(
            f"weights={dict(weights)!r}; weights must be finite numbers, none negative and not "
            "all 0"
        )
    values = values / values.max()  # so that their sum is a number, whatever their unit
    return np.asarray(values / values.sum(), dtype=np.float64)
