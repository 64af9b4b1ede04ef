"""What highly satisfied customers do otherwise: six outcomes, against those of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from loyaltymodel._arrays import FloatArray, FrozenRecord, IntArray
from loyaltymodel._frames import Missing
from loyaltymodel._intervals import check_level, satterthwaite, student
from loyaltymodel._options import check_finite, count_of, enumerate_names, suggest
from loyaltymodel._tables import Summary, table_of
from loyaltymodel._variables import read_variables
from loyaltymodel.attributes.measurement_kernels import weighted_mean
from loyaltymodel.errors import DataError, NotIdentifiedError, OptionError

BenefitName = Literal[
    "tenure",
    "purchases",
    "word_of_mouth",
    "price_sensitivity",
    "suggestions",
    "cost_to_serve",
]

_LEAST = 2  # people in a group, for its mean to have an error
_TINY = float(np.finfo(np.float64).tiny)
_WHOLE = 1 - 1e-9  # a share of the weight that leaves the others nothing to say
_UP, _DOWN = "up", "down"
_BOTH_PLACES = "003:96, 000:260"
_LITERATURE = "usually attributed to Kotler (1997), Marketing Management, 9th edition"

# Meaning, Chinese, whether that is the text's own wording, where it is expected to go, source.
_OUTCOMES: dict[str, tuple[str, str, bool, str, str]] = {
    "tenure": ("stay longer", "忠诚公司更久", True, _UP, "003:96"),
    "purchases": (
        "buy more: new products and better ones",
        "购买公司更多的新产品和提高购买产品",
        True,
        _UP,
        "003:96",
    ),
    "word_of_mouth": ("speak well of it", "正面口碑", False, _UP, _BOTH_PLACES),
    "price_sensitivity": (
        "heed rivals and prices less",
        "较少注意竞争者和价格",
        False,
        _DOWN,
        _BOTH_PLACES,
    ),
    "suggestions": ("suggest improvements", "提出建议", False, _UP, _BOTH_PLACES),
    "cost_to_serve": (
        "cost less to serve",
        "由于交易惯例化而比用于新顾客的服务成本低",
        True,
        _DOWN,
        "000:260",
    ),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SatisfactionBenefits(FrozenRecord):
    """Outcomes of highly satisfied customers against those of the others.

    Attributes
    ----------
    outcomes : tuple of str, k names
        The outcomes that were compared.
    high : float
        Satisfaction from which a customer counts as highly satisfied.
    means : array, shape (k, 2)
        Mean outcome of the highly satisfied and of the others.
    errors : array, shape (k, 2)
        Standard errors of these means.
    sizes : array, shape (k, 2)
        Numbers of people behind them.
    effective_sizes : array, shape (k, 2)
        Numbers of equally weighted people that tell as much (Kish's); the sizes without weights.
    n_dropped : array, shape (k,)
        People left out because of a missing value.
    no_ratio : tuple of str, k texts
        Why there is no ratio; empty where there is one.
    level : float
        Confidence level of the intervals.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> found = attributes.satisfaction_benefits(
    ...     [5, 5, 4, 2], {"suggestions": [3, 5, 1, 3]}, high=5
    ... )
    >>> found.means.tolist()
    [[4.0, 2.0]]
    """

    outcomes: tuple[str, ...]
    high: float
    means: FloatArray
    errors: FloatArray
    sizes: IntArray
    effective_sizes: FloatArray
    n_dropped: IntArray
    no_ratio: tuple[str, ...]
    level: float

    def __repr__(self) -> str:
        """Say in a line what this is; :meth:`summary` says what is in it."""
        named = ", ".join(self.outcomes)
        return f"<SatisfactionBenefits: {named}; highly satisfied from {self.high:g} on>"

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    @property
    def table(self) -> pd.DataFrame:
        """Means, differences and ratios, a row an outcome, and whether they are as expected.

        ``difference`` is that of the highly satisfied less the others, with ``difference_low``,
        ``difference_high`` and ``p_value`` of none; ``ratio`` is the first over the second, with
        ``ratio_low`` and ``ratio_high``, NaN where ``no_ratio`` says why. ``as_expected`` tells
        whether the difference has the ``expected`` direction, ``certain`` whether its interval
        leaves out 0.
        """
        expected = np.array([_OUTCOMES[name][3] for name in self.outcomes])
        difference, low, high, p_value = self._difference()
        ratio, ratio_low, ratio_high = self._ratio()
        sign = np.where(expected == _UP, 1.0, -1.0)
        return pd.DataFrame(
            {
                "outcome": list(self.outcomes),
                "expected": expected.astype(object),
                "mean_high": self.means[:, 0].copy(),
                "mean_other": self.means[:, 1].copy(),
                "difference": difference,
                "difference_low": low,
                "difference_high": high,
                "p_value": p_value,
                "as_expected": difference * sign > 0,
                "certain": (low > 0) | (high < 0),
                "ratio": ratio,
                "ratio_low": ratio_low,
                "ratio_high": ratio_high,
                "no_ratio": list(self.no_ratio),
                "n_high": self.sizes[:, 0].copy(),
                "n_other": self.sizes[:, 1].copy(),
            }
        )

    def summary(self) -> Summary:
        """Return the comparison in words and tables.

        Returns
        -------
        Summary
            Print it, or let a notebook show it.
        """
        table = self.table
        words = {True: "yes", False: "no"}
        for name in ("as_expected", "certain"):
            table[name] = table[name].map(words)
        first = ["outcome", "expected", "as_expected", "certain", "n_high", "n_other"]
        shown = table[[*first, "mean_high", "mean_other"]]
        numbers = ["difference", "difference_low", "difference_high", "p_value"]
        ratios = ["ratio", "ratio_low", "ratio_high"]
        facts = [
            ("highly satisfied", f"from {self.high:g} on"),
            ("confidence level", f"{self.level:g}"),
        ]
        if self.n_dropped.any():
            left_out = zip(self.outcomes, self.n_dropped, strict=True)
            facts.append(("left out", ", ".join(f"{name} {n}" for name, n in left_out)))
        reasons = [
            f"{name} has no ratio: {why}."
            for name, why in zip(self.outcomes, self.no_ratio, strict=True)
            if why
        ]
        reasons += [
            f"{name} does not vary within either group, so that it has no interval."
            for name, errors in zip(self.outcomes, self.errors, strict=True)
            if not errors.any()
        ]
        remark = (
            "The two groups may differ in more than satisfaction, so a difference is no proof that "
            "satisfaction made it."
        )
        tables = (
            table_of("Highly satisfied customers and the others", shown, n_labels=len(first)),
            table_of("Differences", table[["outcome", *numbers]]),
            table_of("Ratios", table[["outcome", *ratios]]),
        )
        return Summary("Benefits of high satisfaction", tuple(facts), tables, (*reasons, remark))

    def _difference(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return Welch's comparison: difference, its ends, and p-values, (k,) each."""
        difference = self.means[:, 0] - self.means[:, 1]
        error, degrees = _together(self.errors, self.effective_sizes)
        found = student(difference, error, degrees, level=self.level)
        return difference, found.low, found.high, found.p_value

    def _ratio(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ratios and their ends (k,), made on the scale of logarithms; NaN without one."""
        has_one = np.array([not why for why in self.no_ratio])
        means = np.where(has_one[:, None], self.means, np.nan)
        error, degrees = _together(self.errors / means, self.effective_sizes)
        ratio = means[:, 0] / means[:, 1]
        reach = student(np.zeros_like(error), error, degrees, level=self.level).high
        with np.errstate(over="ignore"):  # no end above, where weights leave hardly any degrees
            factor = np.exp(reach)
        return ratio, ratio / factor, ratio * factor


def benefit_outcomes() -> pd.DataFrame:
    """Return the six benefits of highly satisfied customers (高度满意顾客的六种行为).

    Returns
    -------
    DataFrame
        A row an outcome: ``outcome``, by which :func:`satisfaction_benefits` knows it;
        ``meaning``; ``chinese``, and in ``quoted`` whether that is the text's wording or a
        translation; ``expected``, "up" or "down" with high satisfaction; ``source``, teaching
        text and line; ``literature`` with its ``status`` ("recalled": named from memory, not
        checked). A new table at every call.

    Notes
    -----
    These are claims, not findings. The list is that of the texts at 003:96 and 000:260; another
    place, 000:216, has three of them only. Attention to rivals and sensitivity to price are one
    entry there, and so they are here.

    Examples
    --------
    >>> from loyaltymodel import attributes
    >>> table = attributes.benefit_outcomes()
    >>> table.loc[table["expected"] == "down", "outcome"].tolist()
    ['price_sensitivity', 'cost_to_serve']
    """
    rows = [
        (name, meaning, chinese, quoted, expected, source, _LITERATURE, "recalled")
        for name, (meaning, chinese, quoted, expected, source) in _OUTCOMES.items()
    ]
    columns = ["outcome", "meaning", "chinese", "quoted", "expected", "source"]
    return pd.DataFrame(rows, columns=[*columns, "literature", "status"])


def satisfaction_benefits(
    satisfaction: object,
    outcomes: Mapping[BenefitName, object],
    *,
    high: float,
    ratings: Sequence[BenefitName] = (),
    data: object = None,
    weights: object = None,
    level: float = 0.95,
    missing: Missing = "raise",
) -> SatisfactionBenefits:
    """Return what highly satisfied customers do otherwise than the others (高度满意顾客).

    Parameters
    ----------
    satisfaction : array-like of shape (n,), Series or str
        Satisfaction of each customer, higher for more; or the name of a column of ``data``.
    outcomes : mapping from outcome to array-like of shape (n,), Series or str
        What each customer did, by the names of :func:`benefit_outcomes`, such as years for
        "tenure" or money for "cost_to_serve"; 0 and 1 make shares. Larger must be more of it: for
        "price_sensitivity" a larger value for a more sensitive customer.
    high : float
        From which satisfaction on a customer counts as highly satisfied; the highest possible
        answer for the top box.
    ratings : sequence of str
        Which of the outcomes are answers on a rating scale. They have no true zero and get no
        ratio.
    data : pandas, polars or pyarrow table, optional
        Where named columns are found.
    weights : array-like of shape (n,), Series or str, optional
        Weight of each customer, above 0.
    level : float
        Confidence level between 0 and 1.
    missing : {"raise", "drop"}
        What to do where a value is missing: refuse, or leave the customer out for this outcome.

    Returns
    -------
    SatisfactionBenefits
        Its ``table`` has means, difference and ratio of each outcome with intervals, and whether
        the difference has the expected direction.

    Raises
    ------
    DataError
        If a group has fewer than two customers, values are missing (with ``missing="raise"``),
        infinite or of unequal length, or weights are not above 0.
    NotIdentifiedError
        If one customer has all the weight of a group.
    OptionError
        If an outcome is unknown, or another option is not allowed.

    Notes
    -----
    The interval of the difference is Welch's, for groups of unequal spread. With weights each
    mean has the variance sum of h^2 (y - m)^2 / (1 - h) with shares h of the group's weight
    (HC2), and Kish's effective number less 1 as degrees of freedom, as in
    :func:`~loyaltymodel.loyalty_stage.programme_effect`; in 2,000 simulated pairs of
    groups of 15 with normal outcomes and lognormal(1.5) weights, 95 % intervals held the truth
    in 94 % to 95 %. The ratio of means
    m1 / m2 with errors e1 and e2 has exp(log(m1 / m2) -+ t sqrt((e1 / m1)^2 + (e2 / m2)^2)), the
    delta method on the scale of logarithms, with t of as many degrees of freedom as by Welch's
    rule for these two parts. A ratio needs a true zero and means above 0. Outcomes with a
    negative value, such as a margin, have a mean that can be 0 or less: they get the difference
    only, as do ratings and groups with a mean of 0, and ``no_ratio`` says so. Where an outcome
    does not vary within either group its intervals are NaN. Six comparisons have six chances to
    err: a p-value of 0.04 among them is no surprise.

    The two groups may differ in more than satisfaction. Above all for tenure the cause can run
    the other way: whoever was not satisfied has left and was never asked.

    Examples
    --------
    Two customers in the top box made 3 and 5 suggestions, two others 1 and 3; they cost 8 and 12
    to serve, the others 18 and 22:

    >>> from loyaltymodel import attributes
    >>> found = attributes.satisfaction_benefits(
    ...     [5, 5, 4, 2], {"suggestions": [3, 5, 1, 3], "cost_to_serve": [8, 12, 18, 22]}, high=5
    ... )
    >>> found.table[["outcome", "expected", "difference", "ratio", "as_expected", "certain"]]
             outcome expected  difference  ratio  as_expected  certain
    0    suggestions       up         2.0    2.0         True    False
    1  cost_to_serve     down       -10.0    0.5         True    False
    """
    check_level(level)
    names = _check_names(outcomes, ratings)
    check_finite("high", high, way_out=", such as 5 for the top of 1 to 5")
    rows = [
        _compare(name, satisfaction, outcomes[name], float(high), weights, data, missing)
        for name in names
    ]
    means, errors, sizes, effective, dropped, negative = zip(*rows, strict=True)
    return SatisfactionBenefits(
        outcomes=tuple(names),
        high=float(high),
        means=np.array(means),
        errors=np.array(errors),
        sizes=np.array(sizes, dtype=np.intp),
        effective_sizes=np.array(effective),
        n_dropped=np.array(dropped, dtype=np.intp),
        no_ratio=tuple(
            _why_none(name in ratings, below, mean)
            for name, below, mean in zip(names, negative, means, strict=True)
        ),
        level=level,
    )


def _check_names(outcomes: object, ratings: Sequence[str]) -> list[BenefitName]:
    known: tuple[BenefitName, ...] = get_args(BenefitName)
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise OptionError(
            "outcomes must be a mapping from outcome to values, such as {'tenure': 'years'}; the "
            f"outcomes are {', '.join(known)}"
        )
    for name in outcomes:
        if name not in known:
            raise OptionError(
                f"{name!r} is no outcome{suggest(name, known)}; choose from {', '.join(known)}"
            )
    if isinstance(ratings, str) or not isinstance(ratings, Sequence):
        raise OptionError(f"ratings={ratings!r} must be a sequence of names, such as ['tenure']")
    if apart := [name for name in ratings if name not in outcomes]:
        raise OptionError(
            f"ratings have {enumerate_names(apart)}, which is not among the outcomes; name those "
            "that are"
        )
    return list(outcomes)


def _compare(
    name: str,
    satisfaction: object,
    outcome: object,
    high: float,
    weights: object,
    data: object,
    missing: Missing,
) -> tuple[list[float], list[float], list[int], list[float], int, bool]:
    """Return means, errors and sizes of both groups, and what else is to be known."""
    given = {"satisfaction": satisfaction, name: outcome}
    if weights is not None:
        given["weights"] = weights
    read = read_variables(given, data=data, bounds={"weights": (_TINY, np.inf)}, missing=missing)
    y, is_high = np.asarray(read[name], dtype=np.float64), read["satisfaction"] >= high
    w = np.ones(len(y)) if weights is None else np.asarray(read["weights"], dtype=np.float64)
    means, errors, sizes, effective = [], [], [], []
    for chosen, who in ((is_high, f"with {high:g} or more"), (~is_high, f"below {high:g}")):
        size = int(chosen.sum())
        if size < _LEAST:
            verb = "has" if size == 1 else "have"
            raise DataError(
                f"{count_of(size, 'customer')} with an answer to {name} {verb} a satisfaction "
                f"{who}, and two are needed for an interval; choose another high="
            )
        own = w[chosen] / w[chosen].max()  # so that squares are safe
        if 1 / own.sum() > _WHOLE:
            raise NotIdentifiedError(
                f"one customer has all the weight of those with a satisfaction {who}, so that "
                "their mean is this customer's and its error cannot be seen; limit the weights, or "
                "leave them out"
            )
        mean, error, degrees = weighted_mean(y[chosen, None], own)
        means.append(float(mean[0]))
        # Equal values have a mean that misses them by rounding, and an error that is no error.
        errors.append(float(error[0]) if np.ptp(y[chosen]) > 0 else 0.0)
        sizes.append(size)
        effective.append(degrees + 1)
    return means, errors, sizes, effective, read.n_dropped, bool((y < 0).any())


def _why_none(is_rating: bool, below: bool, means: Sequence[float]) -> str:  # noqa: FBT001 (internal)
    """Return why there is no ratio, or nothing if there is one."""
    if is_rating:
        return "a rating has no true zero"
    if below:
        return "values below 0 let the mean be 0 or less"
    if 0 in means:
        who = "highly satisfied" if means[0] == 0 else "others"
        return f"the mean of the {who} is 0"
    return ""


def _together(errors: FloatArray, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return errors (k,) of differences, and Welch's degrees of freedom; NaN without spread."""
    square = errors**2
    return np.sqrt(square.sum(axis=1)), satterthwaite(square, sizes - 1)
