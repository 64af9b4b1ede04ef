"""Perceived against expected: as a difference, as a ratio, and as a state of satisfaction."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.arrays import FloatArray
from loyaltymodel._core.comparisons import difference, reaches
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_choice, check_finite
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Positive, Specification
from loyaltymodel._core.variables import Bounds, Variables, as_given, read_variables
from loyaltymodel.errors import DataError, OptionError
from loyaltymodel.expectation_gap._people import ordered_words
from loyaltymodel.expectation_gap.kernels import prospect_value

Kind = Literal["difference", "ratio", "state"]
Vocabulary = Literal["delight", "degrees"]

_STATES = {
    "delight": ("dissatisfied", "satisfied", "delighted"),
    "degrees": ("dissatisfied", "basically satisfied", "highly satisfied"),
}


class ProspectResponse(Specification):
    """How strongly gains and losses are felt: losses more than gains (损失厌恶).

    A gain of d counts d to the power ``gain_power``; a loss of d counts minus
    ``loss_aversion`` times d to the power ``loss_power``. None of the three has a default.

    Parameters
    ----------
    loss_aversion : float
        How many times more a loss of 1 counts than a gain of 1, above 0; losses weigh more
        from 1 on.
    gain_power : float
        Exponent of gains, above 0; below 1, each further point of gain counts less.
    loss_power : float
        Exponent of losses, above 0.

    Raises
    ------
    ModelError
        If a number is not finite or not above 0.

    Notes
    -----
    With exponents other than 1 the unit matters: a difference of 1 point of 5 and the same
    difference as 25 points of 100 are not felt in the same proportion. Keep one unit.

    Examples
    --------
    Losses weigh twice, without any bend: a point lost counts as two points gained.

    >>> from loyaltymodel.expectation_gap import ProspectResponse, disconfirmation
    >>> twice = ProspectResponse(loss_aversion=2.0, gain_power=1.0, loss_power=1.0)
    >>> disconfirmation([6, 4], 5, response=twice)
    array([ 1., -2.])
    """

    loss_aversion: Positive
    gain_power: Positive
    loss_power: Positive

    @classmethod
    def tversky_kahneman(cls) -> Self:
        """Return the numbers usually attributed to Tversky and Kahneman: 2.25, 0.88 and 0.88.

        Returns
        -------
        ProspectResponse
            Loss aversion 2.25 and both exponents 0.88.

        Notes
        -----
        The numbers belong to choices between amounts of money [1]_, not to satisfaction on an
        answer scale. They say what an asymmetry can look like; whether yours looks like that,
        :func:`satisfaction_drivers` estimates.

        References
        ----------
        .. [1] Tversky, A., & Kahneman, D. (1992). Advances in prospect theory: cumulative
           representation of uncertainty. Journal of Risk and Uncertainty, 5, 297-323.

        Examples
        --------
        >>> from loyaltymodel.expectation_gap import ProspectResponse
        >>> ProspectResponse.tversky_kahneman().loss_aversion
        2.25
        """
        return cls(loss_aversion=2.25, gain_power=0.88, loss_power=0.88)


@checked
def disconfirmation(
    perceived: Variable,
    expected: Variable,
    *,
    kind: Kind = "difference",
    response: ProspectResponse | None = None,
    tolerance: float | None = None,
    vocabulary: Vocabulary | None = None,
    data: Data | None = None,
    missing: Missing = "raise",
) -> AsGiven:
    """Return how far what was perceived lies from what was expected (期望不一致).

    Parameters
    ----------
    perceived : float, array-like of shape (n,), Series, or name of a column
        What the customer perceived, in points.
    expected : float, array-like of shape (n,), Series, or name of a column
        The standard that it is compared with, in the same points: an expectation, or as well
        a norm, an ideal or a competitor.
    kind : {"difference", "ratio", "state"}
        "difference" is perceived less expected (差距). "ratio" is perceived over expected
        (满意 = 可感知效果 ÷ 期望值), for ratio scales only. "state" is the word for it.
    response : ProspectResponse, optional
        How gains and losses are felt, for differences; without it as they are.
    tolerance : float, optional
        For states: differences up to this size, in points, count as none; 0 by default.
    vocabulary : {"delight", "degrees"}, optional
        For states: the words for below, equal and above. "delight" (the default) says
        dissatisfied, satisfied, delighted (不满意, 满意, 高度满意或欣喜); "degrees" says
        dissatisfied, basically satisfied, highly satisfied (不满意, 基本满意, 高度满意).
    data : pandas, polars or pyarrow table, optional
        The table, where variables are names of columns.
    missing : {"raise", "drop"}
        Whether a missing value is an error, or leaves its row out.

    Returns
    -------
    float, str, array of shape (n,) or Series
        As the variables came: points (difference), a number from 0 on (ratio), or states as
        text, an ordered categorical in a Series.

    Raises
    ------
    DataError
        If values are missing, infinite, not numeric or of unequal length, or for a ratio, an
        expectation is not above 0 or a perception is negative.
    OptionError
        If an option is not one of its choices, or does not belong to this kind.

    Notes
    -----
    D = P - E; R = P / E; state by P < E, P = E, P > E, where abs(P - E) <= tolerance counts as
    equal, but for rounding. A ratio needs a scale with a true zero, such as minutes. Answers from 1
    to 5 have none: 4 over 2 is 2, and the same two answers counted from 0 to 4 give 3 over 1.

    The difference is the textbook's idea of disconfirmation. That satisfaction follows from
    it, and with which slopes, is a claim to be tested: see :func:`satisfaction_drivers`.

    Examples
    --------
    The bus. Two people stand on the same bus, which both find worth 4 points of 10. One had
    waited in a crowd and expected no place at all; the other just missed the last seat:

    >>> from loyaltymodel.expectation_gap import disconfirmation
    >>> squeezed_in, missed_seat = disconfirmation([4, 4], [1, 7])
    >>> float(squeezed_in), float(missed_seat)
    (3.0, -3.0)
    >>> disconfirmation([4, 4], [1, 7], kind="state")
    array(['delighted', 'dissatisfied'], dtype=object)

    The taxi. Safe and on time was expected and came; that the meter stopped in the jam
    nobody expected:

    >>> disconfirmation([9, 6], [9, 0], kind="state", vocabulary="degrees")
    array(['basically satisfied', 'highly satisfied'], dtype=object)

    The window seat. A traveller wants a seat, 7 points; that it is always on the side of the
    mountain, 10 points, was never asked for:

    >>> disconfirmation(10, 7), disconfirmation(10, 7, kind="state")
    (3.0, 'delighted')

    Waiting times have a true zero: 15 minutes where 10 were expected.

    >>> disconfirmation(15, 10, kind="ratio")
    1.5
    """
    check_choice("kind", kind, Kind)
    _check_belongs(kind, response, tolerance, vocabulary)
    given = {"perceived": perceived, "expected": expected}
    bounds: dict[str, Bounds] = {}
    if kind == "ratio":
        bounds = {"perceived": (0.0, np.inf)}
    read = read_variables(given, data=data, bounds=bounds, missing=missing)
    p, e = (np.asarray(read[name], dtype=np.float64) for name in given)
    if kind == "ratio":
        return as_given(given.values(), read.labels, _ratio(p, e, read), name="ratio")
    if kind == "state":
        return _states(p, e, read, given, tolerance or 0.0, vocabulary or "delight")
    gap = difference(p, e)
    if response is not None:
        gap = prospect_value(
            gap,
            loss_aversion=response.loss_aversion,
            gain_power=response.gain_power,
            loss_power=response.loss_power,
        )
    return as_given(given.values(), read.labels, gap, name="disconfirmation")


def _check_belongs(kind: str, response: object, tolerance: object, vocabulary: object) -> None:
    if vocabulary is not None:
        check_choice("vocabulary", vocabulary, Vocabulary)
    if tolerance is not None:
        check_finite("tolerance", tolerance, least=0)
    belongs = {"response": "difference", "tolerance": "state", "vocabulary": "state"}
    for name, value in (
        ("response", response),
        ("tolerance", tolerance),
        ("vocabulary", vocabulary),
    ):
        if value is not None and kind != belongs[name]:
            raise OptionError(
                f"{name} belongs to kind={belongs[name]!r} and has no effect with kind={kind!r}; "
                "leave it out"
            )


def _ratio(p: FloatArray, e: FloatArray, read: Variables) -> FloatArray:
    if (e <= 0).any():
        row = read.labels[int(np.argmax(e <= 0))]
        raise DataError(
            f"expected is {e[e <= 0][0]:.12g} in row {row}; a ratio needs a scale with a true zero "
            'and expectations above it. For answers on a rating scale use kind="difference"'
        )
    ratio: FloatArray = p / e
    return ratio


def _states(
    p: FloatArray,
    e: FloatArray,
    read: Variables,
    given: dict[str, Variable],
    tolerance: float,
    vocabulary: str,
) -> Any:
    words = _STATES[vocabulary]
    size = np.maximum(np.abs(p), np.abs(e))
    apart = p - e
    codes = np.where(reaches(tolerance, np.abs(apart), size=size), 1, np.where(apart < 0, 0, 2))
    states = ordered_words(codes, words)
    return as_given(given.values(), read.labels, states, name="state")
