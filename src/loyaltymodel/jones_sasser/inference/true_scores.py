"""Does a law of true scores fit the answers."""

from __future__ import annotations

from dataclasses import replace

from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import check_choice
from loyaltymodel._core.signature import checked
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.estimation.report import law_test
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest


@checked
def true_score_test(
    result: LoyaltyCurveResult, *, true_scores: TrueScores = "normal"
) -> HypothesisTest:
    """Return a test of whether a law of true satisfaction fits the answers.

    Parameters
    ----------
    result : LoyaltyCurveResult
        A fit with a ``reliability`` below 1.
    true_scores : {"normal", "beta"}
        The law that is tested, whatever law the fit has. Free masses leave nothing to test.

    Returns
    -------
    HypothesisTest
        Pearson's chi-squared statistic of the numbers of customers by answer; weights that are
        unequal are allowed for as Rao and Scott (1981) have it. Neighbouring answers of which
        fewer than 5 customers are expected are put together.

    Raises
    ------
    NotIdentifiedError
        If there are too few answers to tell the law from others.
    OptionError
        If the fit has no reliability below 1, or free masses are to be tested.

    References
    ----------
    Rao, J. N. K., & Scott, A. J. (1981). The analysis of categorical data from complex sample
    surveys. Journal of the American Statistical Association, 76(374), 221-230.

    Examples
    --------
    Satisfaction that is skewed is not normal, and a fit that takes it to be so is off:

    >>> import numpy as np
    >>> from loyaltymodel import jones_sasser
    >>> rng = np.random.default_rng(1)
    >>> true = rng.beta(5, 1.5, 4000)
    >>> answers = np.rint((true + 0.07 * rng.normal(size=4000)).clip(0, 1) * 9) / 9
    >>> stayed = rng.random(4000) < 0.3 + 0.7 * true**4
    >>> result = jones_sasser.fit(answers, stayed, reliability=0.8)
    >>> for law in ("normal", "beta"):
    ...     print(law, round(jones_sasser.true_score_test(result, true_scores=law).p_value, 2))
    normal 0.0
    beta 0.55
    """
    check_choice("true_scores", true_scores, TrueScores)
    if true_scores == "masses":
        raise OptionError(
            'true_scores="masses" has as many numbers as the answers, so there is nothing to test; '
            'choose "normal" or "beta"'
        )
    if not result.settings.has_error:
        raise OptionError(
            "this fit takes satisfaction as measured without error, so true scores are the "
            "answers; fit with reliability"
        )
    law = set_up(replace(result.settings, true_scores=true_scores), result.sample).law
    assert law is not None  # noqa: S101  there is an error
    statistic, df = law_test(law, result.sample)
    if df < 1:
        raise NotIdentifiedError(
            f"there are too few answers with enough customers to tell a {true_scores} law from "
            "others; it has two numbers, and every law fits as many"
        )
    return HypothesisTest(
        hypothesis=f"true satisfaction has a {true_scores} law",
        statistic=statistic,
        df=df,
        p_value=float(chi_square_tail(statistic, df)),
        method="chi-squared law",
        n_obs=result.n_obs,
        n_dropped=result.n_dropped,
    )
