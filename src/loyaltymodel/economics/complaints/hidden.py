"""How many dissatisfied customers stand behind the complaints that arrive."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.estimates import EstimateTable
from loyaltymodel._core.intervals import check_level
from loyaltymodel._core.options import check_choice, check_count
from loyaltymodel._core.signature import checked
from loyaltymodel.economics.complaints.mixture import Hidden, law_of
from loyaltymodel.economics.complaints.result import HiddenDissatisfied
from loyaltymodel.economics.complaints.specification import ComplaintRate
from loyaltymodel.errors import NotIdentifiedError, OptionError

Prior = Literal["scale", "flat"]

_MOST_COMPLAINTS = 100_000  # terms of a sum
_MOST_CUSTOMERS = 5_000_000
_RAREST = 1e-3  # probability of a bound below which the bound contradicts the rate


@checked
def hidden_dissatisfied(
    complaints: int,
    *,
    rate: ComplaintRate,
    prior: Prior = "scale",
    customers: int | None = None,
    level: float = 0.95,
) -> HiddenDissatisfied:
    """Return how many dissatisfied customers stand behind the complaints (沉默的不满客户).

    Parameters
    ----------
    complaints : int
        Dissatisfied customers who complained, each counted once; at most 100,000.
    rate : ComplaintRate
        The share of the dissatisfied who complain, as far as it is known from outside.
    prior : {"scale", "flat"}
        What is supposed of the number D of dissatisfied customers before. "scale": proportional
        to 1 / D, as many between 100 and 200 as between 1,000 and 2,000. "flat": every number is
        as likely as any other.
    customers : int, optional
        All customers whom the firm has; no more of them can be dissatisfied.
    level : float
        Probability of the intervals, between 0 and 1.

    Returns
    -------
    HiddenDissatisfied
        Median and interval of the dissatisfied and of the silent.

    Raises
    ------
    NotIdentifiedError
        If there are no complaints under the prior "scale", or under the prior "flat" the rate
        gives too much to shares next to 0 (``a`` is 1 or less), so that the law adds up to
        nothing; ``customers`` bounds it.
    OptionError
        If there are fewer customers than complaints, or hardly any law is left below the bound.

    See Also
    --------
    complaint_flow : What becomes of them.

    Notes
    -----
    Of D dissatisfied customers C complain, C binomial with share p, and p has a beta law (a, b).
    With the prior 1 / D the silent D - C are negative binomial for given p, with r = C, so that
    the mean of D is C / p, and p keeps its law: the number of complaints tells nothing of the
    share. Mixed over p they are beta negative binomial,

        P(D - C = k) = (k + r - 1 over k) B(a + r, b + k) / B(a, b),  r = C.

    The mean of D is C (a + b - 1) / (a - 1), more than C over the mean share, and infinite where
    a is 1 or less: E(1 / p) has to exist. The flat prior leads to the same law with r = C + 1 and
    a - 1 in place of a: it supposes without saying so that small shares are likelier than the law
    given, and needs a above 1, and above 2 for a mean. Bounded by ``customers`` the law is cut
    off there.

    Whatever the number is, an interval by the prior "scale" holds it in as many cases as it says,
    if the share is drawn from its law anew each time: for 1,000 and more in 95.0 % at 95 %, for 100
    in 94.4 to 97.9 %, by exact sums for laws of means from 0.05 to 0.4. By the flat prior it was
    91 to 96 %.
    If the law of the share is wrong, so is everything here.

    The 4 % that textbooks print (of the dissatisfied 4 % complain, so 24 are silent for each who
    does) has been called a misquotation by TARP, to which it is credited: of small problems 4 %
    reach the headquarters, and about half of all dissatisfied customers complain to somebody
    (Quality Progress, November 2005, seen as a stored copy). So take the share from a survey of
    one's own dissatisfied customers, and say with it what counts as a complaint.

    That a count of successes tells of the number of trials if something is known of the share is
    the question of Draper and Guttman [1]_, with a beta law of the share as here; priors such as
    1 / D are weighed by Raftery [2]_ (both seen as stored copies, journal and year from memory).

    References
    ----------
    .. [1] Draper, N., & Guttman, I. (1971). Bayesian estimation of the binomial parameter.
       Technometrics, 13(3), 667-673.
    .. [2] Raftery, A. E. (1988). Inference for the binomial N parameter: a hierarchical Bayes
       approach. Biometrika, 75(2), 223-228.

    Examples
    --------
    200 complaints, and of 50 dissatisfied customers in a survey 4 had complained. The number may
    be 1,100 or 7,300:

    >>> from loyaltymodel import economics
    >>> rate = economics.ComplaintRate.from_counts(4, 50)
    >>> found = economics.hidden_dissatisfied(200, rate=rate)
    >>> found
    <HiddenDissatisfied: 200 complaints, 2,410 dissatisfied (1,102 to 7,283)>
    >>> round(found.mean)
    2857
    """
    check_level(level)
    check_choice("prior", prior, Prior)
    check_count("complaints", complaints, least=0)
    if complaints > _MOST_COMPLAINTS:
        raise OptionError(
            f"complaints={complaints} is more than {_MOST_COMPLAINTS:,}; then only the rate "
            "matters: give a tenth of them, and take ten times what is found"
        )
    if customers is not None:
        check_count("customers", customers, least=1)
        if customers < complaints:
            raise OptionError(
                f"customers={customers} is fewer than complaints={complaints}; count each customer "
                "who complained once, or leave customers= out"
            )
        if customers > _MOST_CUSTOMERS:
            raise OptionError(
                f"customers={customers} is more than {_MOST_CUSTOMERS:,}, which are counted one by "
                "one; leave the bound out"
            )
    law = law_of(complaints, rate.a, rate.b, prior, customers)
    _check(law, rate)
    tail = (1 - level) / 2
    hidden = law.quantiles(np.array([tail, 0.5, 1 - tail]))
    if not np.isfinite(hidden).all():
        raise NotIdentifiedError(
            f"with a={rate.a:g} the share may be so small that the interval has no end that can be "
            "counted; give customers=, or a surer rate"
        )
    ends = np.array([hidden + complaints, hidden])
    return HiddenDissatisfied(
        complaints=complaints,
        a=rate.a,
        b=rate.b,
        prior=prior,
        customers=customers,
        level=level,
        estimates=EstimateTable(
            labels=FrozenMapping({"quantity": ("dissatisfied", "silent")}),
            estimate=ends[:, 1],
            ci_low=ends[:, 0],
            ci_high=ends[:, 2],
            level=level,
            method="quantiles of the law",
        ),
        mean=complaints + law.mean(),
    )


def _check(law: Hidden, rate: ComplaintRate) -> None:
    """Refuse what has no law, and a bound that contradicts the rate."""
    if law.r == 0:
        raise NotIdentifiedError(
            "without complaints the prior in proportion to 1 / D leaves no law of the number; give "
            'prior="flat", which supposes more'
        )
    if law.a <= 0 and law.most is None:
        raise NotIdentifiedError(
            f"the flat prior needs a share whose a is above 1, and it is {rate.a:g}: every number "
            'is as likely as its double, without end; give customers=, or prior="scale"'
        )
    if (inside := law.below_bound()) < _RAREST:
        raise OptionError(
            f"customers={law.most} leaves {inside:.2g} of the law of the number: either more "
            f"complain than the rate says (mean {rate.mean:.3g}), or there are more customers"
        )
