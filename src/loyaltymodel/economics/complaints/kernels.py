"""Arithmetic of complaints: flows, hidden numbers, ranks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import betaln, gammaln, logsumexp

from loyaltymodel._core.arrays import FloatArray

SILENT, UNHANDLED, HANDLED, AT_ONCE = range(4)


def branch_shares(numbers: Mapping[str, FloatArray]) -> FloatArray:
    """Return the share (m, 4) of the dissatisfied in each branch."""
    c, h, o = (numbers[n] for n in ("complain_share", "handled_share", "at_once_share"))
    return np.stack([1 - c, c * np.maximum(1 - h - o, 0.0), c * h, c * o], axis=-1)


def branch_returns(
    numbers: Mapping[str, FloatArray], shares: FloatArray, *, of_all: bool
) -> FloatArray:
    """Return the share (m, 4) of each branch that comes back.

    ``of_all`` says that the share who are lost is one of all branches together; then that of the
    silent is what is left, and may be impossible: NaN if nobody is there of whom it could be.
    """
    stay = 1 - numbers["lost_share"]
    own = numbers.get("return_unhandled")
    returns = np.stack([stay, stay, numbers["return_handled"], numbers["return_at_once"]], axis=-1)
    if own is not None:
        returns[:, UNHANDLED] = own
    if of_all:
        known = [HANDLED, AT_ONCE] if own is None else [UNHANDLED, HANDLED, AT_ONCE]
        rest = stay - (shares * returns)[:, known].sum(axis=-1)
        of_whom = 1 - shares[:, known].sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            returns[:, SILENT] = rest / of_whom
        if own is None:
            returns[:, UNHANDLED] = returns[:, SILENT]
    return returns


def complaints_at_most(
    hidden: FloatArray, r: float, a: float, b: float
) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities (k,) that a beta negative binomial is at most, and above, a number.

    ``hidden`` (k,) failures before the r-th success, r whole, with a success probability of law
    beta(a, b). More than x failures come before it if x + r trials have fewer than r successes,
    so that r terms of the beta binomial law are summed, whatever the number is.
    """
    x = np.arange(r)
    trials = (hidden + r)[:, None]
    log = (
        gammaln(trials + 1)
        - gammaln(x + 1)
        - gammaln(trials - x + 1)
        + betaln(a + x, b + trials - x)
        - betaln(a, b)
    )
    above = np.exp(np.minimum(logsumexp(log, axis=1), 0.0))
    return 1 - above, above
