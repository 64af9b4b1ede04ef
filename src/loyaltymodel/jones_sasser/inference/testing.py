"""One door for the tests of a curve: which hypothesis, and with which options."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loyaltymodel._core.options import check_count, enumerate_names, shown
from loyaltymodel._core.resampling import FOR_TESTS
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores
from loyaltymodel.jones_sasser.inference.hypotheses import (
    FEWEST,
    HypothesisTest,
    Method,
    lack_of_fit,
    linear,
    no_constraint,
    no_threshold,
)
from loyaltymodel.jones_sasser.inference.true_scores import law_of_true_scores

Hypothesis = Literal["no constraint", "linear", "no threshold", "lack of fit", "true scores"]

_DRAWN = ("method", "n_resamples", "rng")
_OPTIONS: dict[Hypothesis, tuple[str, ...]] = {
    "no constraint": ("contamination", *_DRAWN),
    "linear": _DRAWN,
    "no threshold": _DRAWN,
    "lack of fit": _DRAWN,
    "true scores": ("true_scores",),
}
_TESTS = {"linear": linear, "no threshold": no_threshold, "lack of fit": lack_of_fit}


@checked
def hypothesis_test(
    result: LoyaltyCurveResult,
    hypothesis: Hypothesis,
    *,
    method: Method = "auto",
    n_resamples: int = FOR_TESTS,
    contamination: float = 0.0,
    true_scores: TrueScores = "normal",
    rng: np.random.Generator | int | None = None,
) -> HypothesisTest:
    """Return a test of a fitted curve: of its constraints, its shape, or its fit.

    Parameters
    ----------
    result : LoyaltyCurveResult
        A fitted curve.
    hypothesis : {"no constraint", "linear", "no threshold", "lack of fit", "true scores"}
        What is asked. Taken to be true unless the data speak against it is:

        - "no constraint": nothing holds the customers, every constraint is 0. For a fit with one
          estimated constraint or one for each group;
        - "linear": true loyalty is a straight line of satisfaction. For the families "power"
          (k = 1), "cubic" (d0 = d1 = 1) and "hinge" (no threshold);
        - "no threshold": there is no threshold of satisfaction (Oliver's). For the family "hinge";
        - "lack of fit": the curve is right, and cells differ from it by chance alone. For the
          outcomes "binary", "count" and "ordinal" if customers share cells;
        - "true scores": true satisfaction has the law ``true_scores``. For a fit with a
          ``reliability`` below 1.
    method : {"auto", "asymptotic", "bootstrap"}
        "asymptotic" is the chi-squared law, or at the edge of what is possible half of it; it is
        refused where it would reject a true hypothesis too often. "bootstrap" draws surveys under
        the hypothesis. "auto" takes the first where it is right, else the second. Not for "true
        scores".
    n_resamples : int
        Surveys that are drawn, at least 19. Not for "true scores".
    contamination : float
        Share of answers that are given at random, 0 to below 1: clicks on the wrong button, or
        satisfaction and loyalty that were mixed up. For "no constraint", which then asks not for
        0 but for what such answers look like.
    true_scores : {"normal", "beta"}
        The law that is tested by "true scores", whatever law the fit has. Free masses leave
        nothing to test.
    rng : Generator, int or None
        Randomness of the bootstrap. Not for "true scores".

    Returns
    -------
    HypothesisTest
        Likelihood ratio test; without a likelihood a Wald test of "linear" for "power"; the
        deviance for "lack of fit"; Pearson's chi-squared for "true scores".

    Raises
    ------
    NotIdentifiedError
        If the hypothesis cannot be: it says that nobody at the bottom stays, and somebody did.
        Then its likelihood is 0, and there is no p-value. Or if a fit did not converge, there are
        no more cells than parameters, no two customers share one, or there are too few answers to
        tell a law from others.
    OptionError
        If the fit does not have what is asked about, there is no likelihood to test by,
        "asymptotic" would be wrong, ``lo`` was estimated and ``contamination`` is given, or an
        option is given that the hypothesis does not use.

    Warns
    -----
    FailedResamplesWarning
        If more than 5 in 100 of the surveys drawn could not be estimated.

    Notes
    -----
    *No constraint.* Where ``lo`` is fixed at 0, as by default, a free customer who is wholly
    dissatisfied never stays. So what is asked is whether anybody at the bottom of the scale
    stays, in each group, and a few wrong answers there decide it: of 412 answers one that slipped
    is enough for a p-value of 0.002. With a share e of random answers, of which a share r says
    "stay",

    P(stay) = e r + (1 - e) (c + (1 - c) g(s)),

    which at the bottom is e r where nothing holds. It is a curve of the same family whose
    constraint is e (r - lo) / (1 - lo) instead of 0, and that is the hypothesis; families without
    ``hi`` are so at the bottom only. r is 1/2, for ordered answers the share of categories that
    mean staying. The test then asks whether more stay than so many random answers explain: try
    several shares, and state the largest at which it still rejects.

    The law at the edge is half a chi-squared with 0 and half one with 1 degree of freedom [1]_,
    for one constraint with all else inside its range; with several constraints, or another
    parameter on its bound, "asymptotic" is refused, since it would reject a true hypothesis far
    too often. Without ``contamination`` it rejects too seldom where customers are near the lowest
    satisfaction, so that "auto" takes the bootstrap.

    *No threshold.* Under the hypothesis the threshold has no meaning, so the likelihood ratio is
    the largest over all thresholds, and has no law in a table: it is compared with surveys drawn
    under the straight line.

    *Lack of fit.* The saturated model has a loyalty of its own for each cell. "auto" takes the
    chi-squared law if four in five cells expect at least 5 customers of either kind, and no cell
    less than 1, which is the usual rule, and all parameters are inside their range.

    *True scores.* Unequal weights are allowed for as Rao and Scott have it [2]_. Neighbouring
    answers of which fewer than 5 customers are expected are put together.

    References
    ----------
    .. [1] Self, S. G., & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood
       estimators and likelihood ratio tests under nonstandard conditions. Journal of the American
       Statistical Association, 82(398), 605-610.
    .. [2] Rao, J. N. K., & Scott, A. J. (1981). The analysis of categorical data from complex
       sample surveys. Journal of the American Statistical Association, 76(374), 221-230.

    Examples
    --------
    >>> from loyaltymodel import jones_sasser
    >>> people = jones_sasser.simulate(3000, constraints={"telephone": 0.4}, levels=10, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people)
    >>> found = jones_sasser.hypothesis_test(result, "no constraint", contamination=0.05, rng=1)
    >>> found.hypothesis
    'nothing holds the customers, and 5% of answers are random: every constraint is 0.025'
    >>> found.p_value < 0.01
    True
    >>> free = jones_sasser.simulate(3000, levels=10, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=free)
    >>> jones_sasser.hypothesis_test(result, "linear", rng=1).p_value < 0.01
    True
    >>> jones_sasser.hypothesis_test(result, "lack of fit", rng=1).p_value > 0.05
    True

    A hinge and its threshold:

    >>> truth = jones_sasser.curve("hinge", {"hi": 0.95, "share": 0.2, "tau": 0.7})
    >>> people = jones_sasser.simulate(3000, model=truth, levels=10, rng=1)
    >>> result = jones_sasser.fit("satisfaction", "stayed", data=people, family="hinge")
    >>> jones_sasser.hypothesis_test(result, "no threshold", n_resamples=99, rng=1).p_value
    0.01

    Satisfaction that is skewed is not normal, and a fit that takes it to be so is off:

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> true = rng.beta(5, 1.5, 4000)
    >>> answers = np.rint((true + 0.07 * rng.normal(size=4000)).clip(0, 1) * 9) / 9
    >>> stayed = rng.random(4000) < 0.3 + 0.7 * true**4
    >>> result = jones_sasser.fit(answers, stayed, reliability=0.8)
    >>> for law in ("normal", "beta"):
    ...     test = jones_sasser.hypothesis_test(result, "true scores", true_scores=law)
    ...     print(law, round(test.p_value, 2))
    normal 0.0
    beta 0.55
    """
    check_count("n_resamples", n_resamples, least=FEWEST)
    given: dict[str, object] = {
        "method": method if method != "auto" else None,
        "n_resamples": n_resamples if n_resamples != FOR_TESTS else None,
        "contamination": contamination if contamination != 0 else None,
        "true_scores": true_scores if true_scores != "normal" else None,
        "rng": rng,
    }
    _refuse_unused(hypothesis, given)
    if hypothesis == "true scores":
        return law_of_true_scores(result, true_scores)
    if hypothesis == "no constraint":
        return no_constraint(
            result, contamination=contamination, method=method, n_resamples=n_resamples, rng=rng
        )
    return _TESTS[hypothesis](result, method=method, n_resamples=n_resamples, rng=rng)


def _refuse_unused(hypothesis: Hypothesis, given: dict[str, object]) -> None:
    """Refuse options, other than as they are by default, of which nothing would come."""
    for option, value in given.items():
        if value is None or option in _OPTIONS[hypothesis]:
            continue
        users = [repr(name) for name, options in _OPTIONS.items() if option in options]
        raise OptionError(
            f"hypothesis={hypothesis!r} makes no use of {option}={shown(value)}; leave it out, it "
            f"belongs to {enumerate_names(users)}"
        )
