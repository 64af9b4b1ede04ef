"""What becomes of dissatisfied customers, and what handling complaints saves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loyaltymodel._core.arrays import FloatArray, Numbers
from loyaltymodel._core.comparisons import exceeds
from loyaltymodel._core.draws import AMOUNT, SHARE, stack_of, table_of_rows
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_finite
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.complaints.kernels import (
    AT_ONCE,
    HANDLED,
    SILENT,
    branch_returns,
    branch_shares,
)
from loyaltymodel.economics.complaints.result import ALL, BRANCHES, ComplaintFlow
from loyaltymodel.economics.complaints.specification import ComplaintBehaviour
from loyaltymodel.errors import OptionError

_OPTIONAL = ("return_unhandled", "told_against", "told_for")


@checked
def complaint_flow(
    behaviour: ComplaintBehaviour,
    dissatisfied: float,
    *,
    value: float | None = None,
    draws: Mapping[str, Numbers] | None = None,
    level: float = 0.95,
) -> ComplaintFlow:
    """Return what becomes of dissatisfied customers, branch by branch (抱怨冰山).

    Parameters
    ----------
    behaviour : ComplaintBehaviour
        Who complains, what is handled, who comes back, how many are told.
    dissatisfied : float
        Number of dissatisfied customers, 0 or more; such as the median of
        :func:`hidden_dissatisfied`.
    value : float, optional
        What a customer who comes back is worth, in money, 0 or more.
    draws : mapping from name to array of shape (b,), optional
        Joint draws of some of the numbers of ``behaviour``, of ``dissatisfied`` and ``value``.
    level : float
        Confidence level of the intervals between percentiles of the draws.

    Returns
    -------
    ComplaintFlow
        By branch the customers, who come back and who are lost, the people told, and the value
        kept, lost and saved.

    Raises
    ------
    OptionError
        If a number or a draw is outside its range, the shares of complaints add up to more
        than 1 in a draw, or ``lost_share`` of all contradicts the branches.

    See Also
    --------
    hidden_dissatisfied : How many there are, from the number of complaints.
    recovery_spend : How much to spend on a complaint.

    Notes
    -----
    With N customers, shares q_j of the branches (silent 1 - c, unhandled c (1 - h - o), handled
    c h, at once c o) and return shares r_j: returning N q_j r_j, lost N q_j (1 - r_j),
    value saved by recovery N V q_j (r_j - r_silent). Its sum over the branches is what firms would
    lose that heard no complaint; it is negative where customers who complain in vain come back more
    rarely than the silent.

    The flow is arithmetic on claims. That those who complain come back because they were handled
    well, and not because those complain who want to come back, no figure of it shows.

    Examples
    --------
    Of 100 dissatisfied customers 4 complain and are handled later; of the silent 90 % are lost.
    9.6 and 2.8 come back:

    >>> from loyaltymodel import economics
    >>> behaviour = economics.ComplaintBehaviour(
    ...     complain_share=0.04, handled_share=1, at_once_share=0, lost_share=0.9,
    ...     lost_base="silent", return_handled=0.7, return_at_once=0.95,
    ...     told_against=12, told_for=5,
    ... )
    >>> flow = economics.complaint_flow(behaviour, 100, value=500)
    >>> flow.branches[["branch", "customers", "returning", "told_against", "value_saved"]].round(1)
          branch  customers  returning  told_against  value_saved
    0     silent       96.0        9.6        1152.0          0.0
    1  unhandled        0.0        0.0           0.0          0.0
    2    handled        4.0        2.8           0.0       1200.0
    3    at_once        0.0        0.0           0.0          0.0
    4        all      100.0       12.4        1152.0       1200.0
    """
    check_level(level)
    check_finite("dissatisfied", dissatisfied, least=0)
    given = {
        name: getattr(behaviour, name)
        for name in type(behaviour).model_fields
        if name != "lost_base"
    }
    numbers = {"dissatisfied": dissatisfied, **given, "value": value}
    numbers = {name: number for name, number in numbers.items() if number is not None}
    if absent := [
        name for name in (draws or {}) if name in (*_OPTIONAL, "value") and name not in numbers
    ]:
        raise OptionError(
            f"draws has {absent[0]!r}, of which there is no number; give {absent[0]} as well, "
            "such as the mean of the draws"
        )
    bounds = dict.fromkeys(given, SHARE) | dict.fromkeys(
        ("dissatisfied", "value", "told_against", "told_for"), AMOUNT
    )
    stack = stack_of(numbers, draws, bounds=bounds)
    handled = stack["handled_share"] + stack["at_once_share"]
    if (over := exceeds(handled, 1.0)).any():
        raise OptionError(
            f"handled_share and at_once_share add up to {handled[over][0]:.4g} in a draw, and "
            "exclude each other; draw them so that they add up to 1 at most, as by a Dirichlet law"
        )
    shares = branch_shares(stack)
    returns = branch_returns(stack, shares, of_all=behaviour.lost_base == "dissatisfied")
    returns = _possible(returns, shares, stack)
    quantities = _quantities(stack, shares, returns)
    cells = np.stack(list(quantities.values()), axis=-1)  # (m, 4, q)
    cells = np.concatenate([cells, cells.sum(axis=1, keepdims=True)], axis=1)
    labels = {
        "branch": tuple(np.repeat([*BRANCHES, ALL], len(quantities)).tolist()),
        "quantity": tuple(quantities) * (len(BRANCHES) + 1),
    }
    rows = cells.reshape(len(cells), -1)
    return ComplaintFlow(
        behaviour=behaviour,
        dissatisfied=dissatisfied,
        value=value,
        level=level,
        estimates=table_of_rows(labels, rows, level=level),
    )


def _possible(
    returns: FloatArray, shares: FloatArray, stack: Mapping[str, FloatArray]
) -> FloatArray:
    """Return the return shares, or refuse those of silent customers that cannot be."""
    silent = returns[:, SILENT]
    wrong = exceeds(silent, 1.0) | exceeds(0.0, silent) | np.isnan(silent)
    if wrong.any():
        k = int(np.argmax(wrong))
        back = float((shares[k] * returns[k])[[HANDLED, AT_ONCE]].sum())
        where = "" if k == 0 else f"in draw {k - 1} "
        found = "no number" if np.isnan(silent[k]) else f"{silent[k]:.4g}"
        raise OptionError(
            f"{where}lost_share={stack['lost_share'][k]:.4g} of all dissatisfied customers "
            f"contradicts the branches: {back:.4g} of all come back after their complaint was "
            f"handled, so that the share of the silent who come back would be {found}; give the "
            'share of the silent who are lost, with lost_base="silent"'
        )
    return np.clip(returns, 0.0, 1.0)


def _quantities(
    stack: Mapping[str, FloatArray], shares: FloatArray, returns: FloatArray
) -> dict[str, FloatArray]:
    """Return each quantity (m, 4) by name."""
    customers = stack["dissatisfied"][:, None] * shares
    found = {
        "share": shares,
        "customers": customers,
        "returning": customers * returns,
        "lost": customers * (1 - returns),
    }
    well = np.isin(np.arange(len(BRANCHES)), [HANDLED, AT_ONCE])
    for name, speak in (("told_against", ~well), ("told_for", well)):
        if name in stack:
            found[name] = customers * speak * stack[name][:, None]
    if "value" in stack:
        worth = stack["value"][:, None]
        found["value_kept"] = found["returning"] * worth
        found["value_lost"] = found["lost"] * worth
        found["value_saved"] = customers * (returns - returns[:, [SILENT]]) * worth
    return found
