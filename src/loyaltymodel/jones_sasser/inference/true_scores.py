"""Does a law of true scores fit the answers."""

from __future__ import annotations

from dataclasses import replace

from loyaltymodel._core.intervals import chi_square_tail
from loyaltymodel._core.options import check_choice
from loyaltymodel.errors import NotIdentifiedError, OptionError
from loyaltymodel.jones_sasser.estimation.problem import set_up
from loyaltymodel.jones_sasser.estimation.report import law_test
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores
from loyaltymodel.jones_sasser.inference.hypotheses import HypothesisTest


def law_of_true_scores(result: LoyaltyCurveResult, true_scores: TrueScores) -> HypothesisTest:
    """Test whether a law of true satisfaction fits the answers."""
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
