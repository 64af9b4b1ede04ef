"""Quality as perceived: Gronroos, profiles of indicators, and what a brand's image adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, wald
from loyaltymodel._options import check_share, enumerate_names, is_whole, suggest
from loyaltymodel._scales import resolve_limits
from loyaltymodel._tables import Summary, table_of
from loyaltymodel._variables import read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap._people import Variable
from loyaltymodel.expectation_gap.indicators import Indicator, ListName, indicators
from loyaltymodel.expectation_gap.kernels import mean_interval

_SUM = 1e-6  # shares that miss 1 by no more than this are rounded, not wrong


def gronroos_quality(
    technical: Variable,
    functional: Variable,
    *,
    expected: Variable,
    technical_weight: float,
    image: Variable | None = None,
    image_strength: float | None = None,
    data: object = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Return perceived service quality after Gronroos: experienced less expected (感知服务质量).

    Parameters
    ----------
    technical : float, array-like of shape (n,), Series, or name of a column
        Technical quality (技术质量): what the customer is left with, in points.
    functional : float, array-like of shape (n,), Series, or name of a column
        Functional quality (功能质量): how it was delivered, in the same points.
    expected : float, array-like of shape (n,), Series, or name of a column
        Expected quality (期望质量), in the same points.
    technical_weight : float
        Weight of the technical quality, from 0 to 1; the functional has the rest.
    image : float, array-like of shape (n,), Series, or name of a column, optional
        Image of the firm (企业形象), in the same points.
    image_strength : float, optional
        How far the image stands in for experience, from 0 (not at all) to 1 (altogether);
        needed with ``image``.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the person out.

    Returns
    -------
    DataFrame
        A row a person, with the labels of the data: ``experienced``, ``expected`` and
        ``perceived_quality``, their difference, in points.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length.
    OptionError
        If a weight does not lie between 0 and 1, or only one of image and its strength is
        given.

    Notes
    -----
    experienced = (1 - f) (w technical + (1 - w) functional) + f image, with the weight w and
    the strength f of the image. Gronroos [1]_ names expected and experienced service, the two
    qualities and the image, which works as a filter, and gives no formula: a weighted mean is
    the simplest one, and the filter drawn as a pull towards the image is this library's. No
    weight has a default.

    References
    ----------
    .. [1] Gronroos, C. (1984). A service quality model and its marketing implications.
       European Journal of Marketing, 18(4), 36-44.

    Examples
    --------
    A repair that holds (8), done rudely (4), where 7 was expected. With equal weights 6 was
    experienced, 1 less than expected. A good name (10) that counts a quarter lifts the
    experience to 0.75 * 6 + 0.25 * 10 = 7:

    >>> from loyaltymodel.expectation_gap import gronroos_quality
    >>> gronroos_quality(8, 4, expected=7, technical_weight=0.5)
       experienced  expected  perceived_quality
    0          6.0       7.0               -1.0
    >>> gronroos_quality(
    ...     8, 4, expected=7, technical_weight=0.5, image=10, image_strength=0.25
    ... )
       experienced  expected  perceived_quality
    0          7.0       7.0                0.0
    """
    check_share("technical_weight", technical_weight)
    if (image is None) != (image_strength is None):
        raise OptionError(
            "image and image_strength belong together; give both, or neither for experience "
            "without the filter of the image"
        )
    given = {"technical": technical, "functional": functional, "expected": expected}
    if image is not None:
        check_share("image_strength", image_strength)
        given["image"] = image
    read = read_variables(given, data=data, missing=missing)
    w, f = technical_weight, float(image_strength or 0.0)
    experienced = w * read["technical"] + (1 - w) * read["functional"]
    if image is not None:
        experienced = (1 - f) * experienced + f * read["image"]
    expectation = np.asarray(read["expected"], dtype=np.float64)
    return pd.DataFrame(
        {
            "experienced": experienced,
            "expected": expectation,
            "perceived_quality": experienced - expectation,
        },
        index=read.labels,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class QualityProfile(FrozenRecord):
    """Scores of the elements of a list, from 0 to 100, and what they add up to.

    Attributes
    ----------
    elements : tuple of Indicator, k
        What was scored.
    points : array, shape (k,)
        Mean score, from 0 (lowest possible) to 100 (highest possible).
    weights : array, shape (k,)
        Share of each element in the total; they add up to 1.
    total : float
        The weighted score, from 0 to 100.
    total_error : float
        Its standard error; NaN where one score each was given.
    n_obs : int
        Number of people, or 1.
    level : float
        Confidence level.
    """

    elements: tuple[Indicator, ...]
    points: FloatArray
    weights: FloatArray
    total: float
    total_error: float
    n_obs: int
    level: float

    @property
    def profile(self) -> pd.DataFrame:
        """Points, weight and contribution of each element."""
        return pd.DataFrame(
            {
                "element": [element.name for element in self.elements],
                "chinese": [element.chinese for element in self.elements],
                "group": [element.group for element in self.elements],
                "direct": [element.direct for element in self.elements],
                "points": self.points.copy(),
                "weight": self.weights.copy(),
                "contribution": self.weights * self.points,
            }
        )

    @property
    def scores(self) -> pd.DataFrame:
        """Weighted scores of all, of direct and of indirect elements, and of each group.

        ``weight`` is the share of the total; scores are from 0 to 100, NaN for a part without
        weight.
        """
        table = self.profile
        parts = {
            "total": np.ones(len(table), dtype=bool),
            "direct": table["direct"].to_numpy(),
            "indirect": ~table["direct"].to_numpy(),
            **{group: (table["group"] == group).to_numpy() for group in table["group"].unique()},
        }
        rows = []
        for part, chosen in parts.items():
            weight = float(self.weights[chosen].sum())
            sum_of = float((self.weights * self.points)[chosen].sum())
            rows.append((part, sum_of / weight if weight > 0 else float("nan"), weight))
        return pd.DataFrame(rows, columns=["part", "score", "weight"])

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of the total, from Student's distribution; NaN for one score each."""
        if self.n_obs == 1:
            return float("nan"), float("nan")
        low, high = mean_interval(
            np.array(self.total), np.array(self.total_error), n=self.n_obs, level=self.level
        )
        return float(low), float(high)

    def summary(self) -> Summary:
        """Return the profile as tables to print.

        Returns
        -------
        Summary
            The scores of the parts and of the elements.
        """
        facts = [("people", str(self.n_obs)), ("total", f"{self.total:.1f} of 100")]
        if self.n_obs > 1:
            low, high = self.interval
            facts.append((f"{self.level:g} interval", f"{low:.1f} to {high:.1f}"))
        profile = self.profile.drop(columns="direct")
        tables = (
            table_of("Scores (0-100 points)", self.scores, digits=[1, 3]),
            table_of("Elements (0-100 points)", profile, n_labels=3, digits=[1, 3, 1]),
        )
        return Summary("Profile", tuple(facts), tables)


def quality_profile(
    name: ListName,
    scores: Mapping[str, Variable],
    *,
    scale: tuple[float, float] | Mapping[str, tuple[float, float]],
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    data: object = None,
    missing: Missing = "raise",
) -> QualityProfile:
    """Return the profile of a list of indicators, from 0 to 100, and its weighted score.

    Parameters
    ----------
    name : str
        Name of the list, as :func:`indicators` takes it, such as "garvin".
    scores : mapping from element to variable
        Scores of elements of the list, not necessarily of all: numbers, arrays of shape (n,),
        Series, or names of columns.
    scale : pair of float, or mapping from element to pair
        Lowest and highest possible score. Elements on different scales, such as a rate from 0
        to 1 beside ratings from 1 to 5, are made comparable by it.
    weights : mapping from element to float, optional
        Weight of every element scored, none negative and not all 0; their sum does not matter.
        Without it all count the same.
    level : float
        Confidence level between 0 and 1.
    data : pandas, polars or pyarrow table, optional
        The table, where scores are names of columns.
    missing : {"raise", "drop"}
        Whether a missing score is an error, or leaves the person out.

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
    known = {element.name: element for element in indicators(name)}
    if not isinstance(scores, Mapping) or not scores:
        raise OptionError(f"scores must be a mapping from elements of {name!r} to their scores")
    for element in scores:
        if element not in known:
            raise OptionError(
                f"{element!r} is no element of {name!r}{suggest(element, known)}; its elements "
                f"are {', '.join(known)}"
            )
    elements = tuple(known[element] for element in known if element in scores)
    names = [element.name for element in elements]
    limits = resolve_limits(scale, names)
    shares = _shares(weights, names)
    given = {element: scores[element] for element in names}
    bounds = dict(zip(names, limits.pairs, strict=True))
    read = read_variables(given, data=data, bounds=bounds, missing=missing)
    low, high = limits.lowest[:, None], limits.highest[:, None]
    answers = np.stack([np.asarray(read[element], dtype=np.float64) for element in names])
    points = 100 * (answers - low) / (high - low)
    totals = shares @ points
    n = read.n_rows
    return QualityProfile(
        elements=elements,
        points=points.mean(axis=1),
        weights=shares,
        total=float(totals.mean()),
        total_error=float(totals.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
        n_obs=n,
        level=level,
    )


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
        Number of people in each test, both or neither: with them there are intervals.
    level : float
        Confidence level between 0 and 1.

    Returns
    -------
    DataFrame
        A row a choice: ``choice``, ``branded``, ``blind``, ``effect`` (branded less blind, as
        a share), and with numbers of people ``std_error``, ``ci_low``, ``ci_high``.

    Raises
    ------
    DataError
        If choices differ, or shares lie outside 0 to 1 or do not add up to 1.
    OptionError
        If only one number of people is given, or it is no whole number of at least 1.

    Notes
    -----
    The standard error is sqrt(p (1 - p) / n + q (1 - q) / m), for two tests of different
    people. If the same people did both, it is wrong.

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
        choice  branded  blind  effect
    0    Pepsi     0.23   0.51   -0.28
    1     Coke     0.65   0.44    0.21
    2  neither     0.12   0.05    0.07
    """
    check_level(level)
    choices = _same_choices(branded, blind)
    p, q = _shares_of(branded, choices, "branded"), _shares_of(blind, choices, "blind")
    table = pd.DataFrame({"choice": choices, "branded": p, "blind": q, "effect": p - q})
    if n_branded is None and n_blind is None:
        return table
    for name, number in (("n_branded", n_branded), ("n_blind", n_blind)):
        if not is_whole(number, least=1):
            raise OptionError(
                f"{name}={number!r} must be a whole number of people, at least 1; give both "
                "numbers, or neither"
            )
    error = np.sqrt(p * (1 - p) / float(n_branded or 1) + q * (1 - q) / float(n_blind or 1))
    ends = wald(p - q, error, level=level)
    return table.assign(std_error=error, ci_low=ends.low, ci_high=ends.high)


def _same_choices(branded: Mapping[str, float], blind: Mapping[str, float]) -> list[str]:
    for name, shares in (("branded", branded), ("blind", blind)):
        if not isinstance(shares, Mapping) or not shares:
            raise DataError(f"{name} must be a mapping from choice to share of preference")
    if apart := sorted(map(str, set(branded) ^ set(blind))):
        raise DataError(
            f"branded and blind have different choices: {enumerate_names(apart)} are in one of "
            "them only; a choice that nobody made has the share 0"
        )
    return list(branded)


def _shares_of(shares: Mapping[str, float], choices: list[str], name: str) -> FloatArray:
    try:
        values = np.array([float(shares[choice]) for choice in choices])
    except (TypeError, ValueError):
        raise DataError(f"the shares in {name} are not all numbers") from None
    inside = (values >= 0) & (values <= 1)
    if not inside.all() or abs(values.sum() - 1) > _SUM:
        raise DataError(
            f"the shares in {name} are {', '.join(f'{v:g}' for v in values)}; they must lie "
            "between 0 and 1 and add up to 1. Divide percentages by 100, and add a choice for "
            "those without a preference"
        )
    return values


def _shares(weights: Mapping[str, float] | None, names: list[str]) -> FloatArray:
    if weights is None:
        return np.full(len(names), 1 / len(names))
    if not isinstance(weights, Mapping) or set(weights) != set(names):
        raise OptionError(f"weights must have every element scored once: {', '.join(names)}")
    try:
        values = np.array([float(weights[name]) for name in names])
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise OptionError(
            f"weights={dict(weights)!r}; weights must be finite numbers, none negative and not "
            "all 0"
        )
    return np.asarray(values / values.sum(), dtype=np.float64)
