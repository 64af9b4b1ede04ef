"""Delivered value and perceived value, as the plain formulas they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from loyaltymodel._core.accepted import AsGiven, Codebook, Variable
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, enumerate_names
from loyaltymodel._core.scales import AnswerLimits
from loyaltymodel._core.signature import checked
from loyaltymodel.delivered_value.components import (
    COSTS,
    VALUES,
    Claim,
    Form,
    Names,
    Unit,
    Weights,
    as_mapping,
    make_claim,
    names_of,
)
from loyaltymodel.delivered_value.reading import add_up, hand_back, read_offers
from loyaltymodel.errors import DataError, OptionError

Variant = Literal["sacrifice", "perval"]


@checked
def delivered_value(
    offer: Variable,
    *,
    unit: Unit | Mapping[str, Unit],
    values: Names = VALUES,
    costs: Names = COSTS,
    weights: Weights | None = None,
    form: Form = "difference",
    money_per_point: float | None = None,
    scale: AnswerLimits | Codebook | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the customer delivered value of offers (顾客让渡价值).

    Total customer value less total customer cost, as the customer expects them before buying.
    It says what an offer leaves to the customer, not what it is worth to the firm; and it is
    only as good as the numbers for the components, which have to be in one unit.

    Parameters
    ----------
    offer : mapping from component to number, array or Series; or pandas, polars or pyarrow table
        One offer as numbers by component, many as arrays of shape (n,), or a table with a column
        a component and a row an offer, a customer, or a customer's view of an offer. A table
        may have other columns. Costs are positive numbers.
    unit : {"money", "points"}, or mapping from component to one of them
        What the numbers are measured in: an amount of one currency, or points of one scale.
    values, costs : sequence of str, or mapping from component to column
        Components that are added and subtracted, by default Kotler's four and four. Name more,
        such as ``costs=("monetary", "time", "energy", "psychic", "learning")``, or fewer. A
        mapping says under which name a component stands in the table. With ``costs=()`` the
        total customer value (顾客总价值) is left, with ``values=()`` the total customer cost
        (顾客总成本) with a minus.
    weights : mapping or Series from component to number, optional
        Weight of every component, none negative, not all zero; 1 each by default. They are used
        as given and need not add up to 1.
    form : {"difference", "ratio"}
        Value less cost, or value over cost.
    money_per_point : float, optional
        What one point is worth in money. With it, components in points are turned into money.
    scale : pair, mapping from component to pair, or Codebook, optional
        Lowest and highest possible answer of components in points. With it answers are checked,
        and moved to points from 0 to 100 before they are weighted.
    missing : {"raise", "drop"}
        What to do with rows that lack a component; "drop" leaves them out of the result.

    Returns
    -------
    float, ndarray or Series
        Delivered value in ``unit``, or without unit for a ratio: a number for numbers, an array
        for arrays, else a Series with the labels of the rows.

    Raises
    ------
    DataError
        If a component is absent, unknown, not numeric, missing, infinite or off the scale, a cost
        is negative, lengths differ, or a ratio has a total cost of 0.
    OptionError
        If units are mixed without ``money_per_point``, weights are negative or all zero, there
        is no component, a ratio lacks one of its sides, or an option is not as described.

    See Also
    --------
    value_account : What the components contribute, and the two totals.
    relative_value : The value of an offer against the best of its rivals.

    Notes
    -----
    difference = sum(w_i v_i) - sum(w_j c_j); ratio = sum(w_i v_i) / sum(w_j c_j).

    The two forms can rank offers differently. The ratio needs numbers with a natural zero. Points
    of a scale from 1 to 5 have none: the ratio of raw answers changes when the scale is coded from
    0 to 4. Summaries of Kotler's textbook name both forms [1]_.

    References
    ----------
    .. [1] Kotler, P. Marketing Management, 10th edition; seen in summaries only.

    Examples
    --------
    Values of 60 + 20 + 10 + 10 = 100 less costs of 70 + 5 + 3 + 2 = 80:

    >>> from loyaltymodel.delivered_value import delivered_value
    >>> offer = {
    ...     "product": 60, "service": 20, "personnel": 10, "image": 10,
    ...     "monetary": 70, "time": 5, "energy": 3, "psychic": 2,
    ... }
    >>> delivered_value(offer, unit="money")
    20.0
    >>> delivered_value(offer, unit="money", form="ratio")
    1.25

    The total customer value, and the total customer cost:

    >>> gains = {name: offer[name] for name in ("product", "service", "personnel", "image")}
    >>> losses = {name: offer[name] for name in ("monetary", "time", "energy", "psychic")}
    >>> delivered_value(gains, unit="money", costs=())
    100.0
    >>> delivered_value(losses, unit="money", values=())
    -80.0

    A price of 70 in money, everything else in points of which each is worth 2: the points make
    100 values less 10 costs, so 2 * 90 - 70 = 110:

    >>> units = {name: "points" for name in offer} | {"monetary": "money"}
    >>> delivered_value(offer, unit=units, money_per_point=2)
    110.0

    A table with a row an offer, and a cost more than Kotler names:

    >>> import pandas as pd
    >>> offers = pd.DataFrame(
    ...     {"product": [8, 9], "price": [4, 6], "learning": [1, 2]}, index=["A", "B"]
    ... )
    >>> costs = {"monetary": "price", "learning": "learning"}
    >>> delivered_value(offers, unit="points", values=["product"], costs=costs)
    A    3.0
    B    1.0
    Name: delivered_value, dtype: float64
    """
    empty = [name for name, side in (("values", values), ("costs", costs)) if _is_empty(side)]
    if len(empty) > 1:
        raise OptionError("values and costs are both empty; name at least one component")
    if empty and form == "ratio":
        raise OptionError(
            f'form="ratio" is value over cost, and {empty[0]} is empty; name at least one component'
            ' of either, or take form="difference"'
        )
    claim = make_claim(
        None if "values" in empty else values,
        None if "costs" in empty else costs,
        unit=unit,
        weights=weights,
        scale=scale,
        money_per_point=money_per_point,
    )
    return _worth(offer, claim, form, missing, "delivered_value")


def _is_empty(side: Names) -> bool:
    return isinstance(side, (Sequence, Mapping)) and not isinstance(side, str) and not side


@checked
def perceived_value(
    ratings: Variable,
    *,
    variant: Variant = "sacrifice",
    columns: Mapping[str, str] | None = None,
    weights: Weights | None = None,
    form: Form = "difference",
    scale: AnswerLimits | Codebook | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return the perceived value of offers (客户感知价值).

    What customers find they get, weighed against what they find they give. It is a judgement of
    use, after or during it, where delivered value is what is expected before.

    Parameters
    ----------
    ratings : mapping from dimension to number, array or Series; or pandas, polars or pyarrow table
        Points for each dimension: means of its items, all on one scale or with ``scale``.
    variant : {"sacrifice", "perval"}
        With "sacrifice" social, emotional and functional value less perceived sacrifice. With
        "perval" the sum of emotional, social, quality and price, where price means value for
        money, so that a high rating is good.
    columns : mapping from dimension to column, optional
        Under which name each dimension stands in the table; by default its own.
    weights : mapping or Series from dimension to number, optional
        Weight of every dimension, none negative, not all zero; 1 each by default.
    form : {"difference", "ratio"}
        Benefits less sacrifice, or benefits over sacrifice. PERVAL has no sacrifice to divide by.
    scale : pair, mapping from dimension to pair, or Codebook, optional
        Lowest and highest possible answer; with it answers are checked, and moved to points from
        0 to 100 before they are weighted.
    missing : {"raise", "drop"}
        What to do with rows that lack a dimension; "drop" leaves them out of the result.

    Returns
    -------
    float, ndarray or Series
        Perceived value in points, or without unit for a ratio, in the shape of
        :func:`delivered_value`.

    Raises
    ------
    DataError
        If a dimension is absent, unknown, not numeric, missing, infinite or off the scale, a
        sacrifice is negative without ``scale``, or a ratio has a sacrifice of 0.
    OptionError
        If weights are negative or all zero, ``columns`` names an unknown dimension, a ratio is
        asked of PERVAL, or an option is not as described.

    See Also
    --------
    delivered_value : Value expected before buying, with other components.

    Notes
    -----
    sacrifice: PV = w_s V_s + w_e V_e + w_f V_f - w_x V_x

    perval: PV = w_e V_e + w_s V_s + w_q V_q + w_p V_p

    The variants differ in the fourth dimension, not only in its sign. Sacrifice holds everything
    that a customer gives, time and trouble as well as money, and more of it is worse. Price in
    PERVAL is a judgement of the price against what is had for it, and more of it is better. A
    sacrifice cannot be turned into a price by a minus, so the two are never converted here.

    PERVAL was published with 19 items in these four dimensions, for durable goods at the level of
    a brand [2]_; adding up the dimensions to one number is our convenience and not part of it.
    Perceived value as a trade-off of what is given and what is got is usually attributed to
    Zeithaml [1]_.

    References
    ----------
    .. [1] Zeithaml, V. A. (1988). Consumer perceptions of price, quality, and value: a means-end
       model and synthesis of evidence. Journal of Marketing, 52(3), 2-22.
    .. [2] Sweeney, J. C., & Soutar, G. N. (2001). Consumer perceived value: the development of a
       multiple item scale. Journal of Retailing, 77(2), 203-220.

    Examples
    --------
    3 + 4 + 5 less a sacrifice of 2, and over it:

    >>> from loyaltymodel.delivered_value import perceived_value
    >>> ratings = {"social": 3, "emotional": 4, "functional": 5, "sacrifice": 2}
    >>> perceived_value(ratings)
    10.0
    >>> perceived_value(ratings, form="ratio")
    6.0

    In points from 0 to 100 a 3 of 1 to 5 is 50, so this is 50 + 75 + 100 - 25:

    >>> perceived_value(ratings, scale=(1, 5))
    200.0

    >>> perval = {"emotional": 4, "social": 3, "quality": 5, "price": 4}
    >>> perceived_value(perval, variant="perval")
    16.0
    """
    check_choice("variant", variant, Variant)
    check_choice("form", form, Form)
    kind: Literal["perceived_value", "perval"] = (
        "perceived_value" if variant == "sacrifice" else "perval"
    )
    gains, losses = (names_of(kind, side) for side in ("value", "cost"))
    if form == "ratio" and not losses:
        raise OptionError(
            'a ratio needs a sacrifice to divide by, and PERVAL has none; use form="difference", '
            'or variant="sacrifice" with a rating of what customers give'
        )
    _check_variant(ratings, variant, (*gains, *losses))
    named = _columns((*gains, *losses), columns)
    claim = make_claim(
        {name: named[name] for name in gains},
        {name: named[name] for name in losses} if losses else None,
        unit="points",
        weights=weights,
        scale=scale,
    )
    return _worth(ratings, claim, form, missing, "perceived_value")


def _worth(offer: object, claim: Claim, form: Form, missing: Missing, name: str) -> Any:
    """Return value less cost, or over cost, in the shape in which the offers came."""
    check_choice("form", form, Form)
    offers = read_offers(offer, claim, missing)
    if form == "difference":
        sums, kept = add_up(offers, claim, missing, [(1, -1)])
        return hand_back(sums[0], offers, kept, name=name)
    (gain, loss), kept = add_up(offers, claim, missing, [(1, 0), (0, 1)])
    if not (loss > 0).all():
        labels = offers.columns.labels if kept is None else offers.columns.labels[kept]
        raise DataError(
            f"the total cost in row {labels[int(np.argmin(loss > 0))]} is 0, so there is no ratio; "
            'use form="difference", or leave such rows out'
        )
    return hand_back(gain / loss, offers, kept, name=name)


def _columns(names: tuple[str, ...], columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return the column of every dimension: the one named, or that of its own name."""
    if columns is None:
        return {name: name for name in names}
    if not isinstance(columns, Mapping):
        raise OptionError(f"columns={columns!r} is no mapping from dimension to column")
    if unknown := [name for name in columns if name not in names]:
        raise OptionError(
            f"columns names an unknown dimension: {enumerate_names(map(repr, unknown))}; the "
            f"dimensions are {', '.join(names)}"
        )
    return {name: columns.get(name, name) for name in names}


def _check_variant(ratings: object, variant: Variant, names: tuple[str, ...]) -> None:
    """Say what is wrong if ratings of the other variant are given by name."""
    given = as_mapping("ratings", ratings)
    other = "price" if variant == "sacrifice" else "sacrifice"
    if given is None or other not in given or set(given) == set(names):
        return
    if variant == "sacrifice":
        raise DataError(
            "the ratings have 'price', which in PERVAL is value for money and adds to the value, "
            "where a sacrifice lowers it; use variant=\"perval\", or a rating of 'sacrifice'"
        )
    raise DataError(
        "the ratings have 'sacrifice', which lowers the value, where 'price' in PERVAL is value "
        "for money and adds to it; use variant=\"sacrifice\", or a rating of 'price'"
    )
