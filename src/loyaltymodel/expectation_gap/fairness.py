"""Fairness: what one gets for what one puts in, against what another gets."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.arrays import FloatArray, IntArray
from loyaltymodel._core.comparisons import difference, equals, reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, check_finite
from loyaltymodel._core.signature import checked
from loyaltymodel._core.variables import Variables, as_given, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap._people import ordered_words

EquityKind = Literal["difference", "ratio", "state"]

_STATES = ("under-rewarded", "equitable", "over-rewarded")


@checked
def equity(
    outcomes: Variable,
    inputs: Variable,
    *,
    referent_outcomes: Variable,
    referent_inputs: Variable,
    kind: EquityKind = "difference",
    tolerance: float | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return own outcome for input against a referent's (对公平的感知).

    Parameters
    ----------
    outcomes : float, array-like of shape (n,), Series, or name of a column
        What the customer gets, such as benefits in money or points.
    inputs : float, array-like of shape (n,), Series, or name of a column
        What the customer puts in, such as price or effort, above 0.
    referent_outcomes : float, array-like of shape (n,), Series, or name of a column
        What the referent gets, in the units of ``outcomes``: another customer, the seller, or
        the customer's own past.
    referent_inputs : float, array-like of shape (n,), Series, or name of a column
        What the referent puts in, in the units of ``inputs``, above 0.
    kind : {"difference", "ratio", "state"}
        "difference" is the own ratio of outcomes to inputs less the referent's. "ratio" is the
        own ratio over the referent's. "state" is the word for it.
    tolerance : float, optional
        For states: how far the own ratio may lie from the referent's and still be equitable, as
        a share of the referent's; 0 by default.
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves the respondent out.

    Returns
    -------
    float, str, array of shape (n,) or Series
        As the variables came: a difference in units of outcome per unit of input, 0 where it is
        fair; a ratio from 0 on, 1 where it is fair; or a state, "under-rewarded", "equitable"
        or "over-rewarded", an ordered categorical in a Series.

    Raises
    ------
    DataError
        If values are missing, infinite or of unequal length, inputs are not above 0, or for the
        ratio, outcomes are negative or the referent's are not above 0; or if the result is beyond
        what a number can hold.
    OptionError
        If an option is not one of its choices, or does not belong to this kind.

    Notes
    -----
    With outcomes O and inputs I and a referent r: O / I - O_r / I_r, or (O / I) / (O_r / I_r).
    This is the comparison of Adams [1]_. Outcomes and inputs need scales with a true zero:
    ratios of answers from 1 to 5 change when the same answers are counted from 0. And over-reward
    need not be felt as unfair: a review found the predictions borne out for people who get too
    little, and not satisfactorily for those who get too much [2]_. So let data say what each
    does to satisfaction, as a term of :func:`satisfaction_drivers`.

    References
    ----------
    .. [1] Adams, J. S. (1965). Inequity in social exchange. Advances in Experimental Social
       Psychology, 2, 267-299.
    .. [2] Pritchard, R. D. (1969). Equity theory: a review and critique. Organizational
       Behavior and Human Performance, 4, 176-211.

    Examples
    --------
    Two guests pay 100 and 50 for a benefit of 300 and 100. Others pay 40 for 100, which is 2.5
    for each unit paid. The two get 3 and 2:

    >>> from loyaltymodel.expectation_gap import equity
    >>> others = {"referent_outcomes": 100, "referent_inputs": 40}
    >>> equity([300, 100], [100, 50], **others)
    array([ 0.5, -0.5])
    >>> equity([300, 100], [100, 50], kind="ratio", **others)
    array([1.2, 0.8])
    >>> equity([300, 100], [100, 50], kind="state", tolerance=0.1, **others).tolist()
    ['over-rewarded', 'under-rewarded']
    """
    check_choice("kind", kind, EquityKind)
    _check_tolerance(kind, tolerance)
    given = {
        "outcomes": outcomes,
        "inputs": inputs,
        "referent_outcomes": referent_outcomes,
        "referent_inputs": referent_inputs,
    }
    read = read_variables(given, data=data, missing=missing)
    for name in ("inputs", "referent_inputs"):
        _check_above_zero(name, read, "leave such rows out, for whom the ratio does not exist")
    with np.errstate(over="ignore"):  # refused below, by name
        own = np.asarray(read["outcomes"] / read["inputs"], dtype=np.float64)
        other = np.asarray(read["referent_outcomes"] / read["referent_inputs"], dtype=np.float64)
        apart = difference(own, other) if np.isfinite([own, other]).all() else own * np.nan
    for what, values in {
        "outcomes / inputs": own,
        "referent_outcomes / referent_inputs": other,
        "the difference of the two ratios": apart,
    }.items():
        _check_held(what, values, read)
    if kind == "ratio":
        way_out = 'kind="difference" takes outcomes of any sign'
        _check_above_zero("outcomes", read, way_out, or_zero=True)
        _check_above_zero("referent_outcomes", read, way_out)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # refused by name
            ratio = np.where(equals(own, other), 1.0, own / other)
        _check_held("the ratio of the two ratios", ratio, read)
        return as_given(given.values(), read.labels, ratio, name="equity")
    if kind == "difference":
        return as_given(given.values(), read.labels, apart, name="equity")
    states = ordered_words(_state(own, other, tolerance or 0.0), _STATES)
    return as_given(given.values(), read.labels, states, name="state")


def _check_tolerance(kind: str, tolerance: object) -> None:
    if tolerance is None:
        return
    if kind != "state":
        raise OptionError(
            f'tolerance belongs to kind="state" and has no effect with kind={kind!r}; leave it out'
        )
    way_out = ": a share of the referent's ratio, such as 0.1"
    check_finite("tolerance", tolerance, least=0, way_out=way_out)


def _check_above_zero(name: str, read: Variables, way_out: str, *, or_zero: bool = False) -> None:
    values = read[name]
    bad = values < 0 if or_zero else values <= 0
    if bad.any():
        row, what = read.labels[int(np.argmax(bad))], "0 or more" if or_zero else "above 0"
        raise DataError(
            f"{name} must be {what}, but is {values[bad][0]:.12g} in row {row}; {way_out}"
        )


def _check_held(what: str, values: FloatArray, read: Variables) -> None:
    """Refuse what is beyond the largest number that a computer holds, or 0 / 0 from the least."""
    if not (held := np.isfinite(values)).all():
        raise DataError(
            f"{what} is beyond what a number can hold in row {read.labels[int(np.argmin(held))]}; "
            "take other units, or check the values of that row"
        )


def _state(own: FloatArray, other: FloatArray, tolerance: float) -> IntArray:
    """Return 0 where less is got than by the referent, 1 where as much, 2 where more."""
    apart, size = own - other, np.maximum(np.abs(own), np.abs(other))
    with np.errstate(over="ignore"):  # an endless tolerance is one as well
        within = reaches(tolerance * np.abs(other), np.abs(apart), size=size)
    codes: IntArray = np.where(within, 1, np.where(apart < 0, 0, 2))
    return codes
