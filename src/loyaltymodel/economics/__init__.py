"""What loyalty costs and brings in: who stays, value, programmes, complaints, word of mouth."""

from loyaltymodel.economics import results as results
from loyaltymodel.economics.acquisition.curve import ResponseCurve
from loyaltymodel.economics.acquisition.spending import acquisition_retention
from loyaltymodel.economics.benefits import benefits_account
from loyaltymodel.economics.complaints.flow import complaint_flow
from loyaltymodel.economics.complaints.hidden import hidden_dissatisfied
from loyaltymodel.economics.complaints.log import complaint_log
from loyaltymodel.economics.complaints.problems import problem_pareto
from loyaltymodel.economics.complaints.recovery import recovery_spend
from loyaltymodel.economics.complaints.specification import ComplaintBehaviour, ComplaintRate
from loyaltymodel.economics.contractual.fit import fit_cohorts, fit_retention
from loyaltymodel.economics.exits import exit_reasons
from loyaltymodel.economics.programme.effect import programme_effect
from loyaltymodel.economics.programme.returns import programme_return
from loyaltymodel.economics.programme.specification import LoyaltyProgramme, ProgrammeTier
from loyaltymodel.economics.rates import Rate
from loyaltymodel.economics.retention.cohorts import cohort_table
from loyaltymodel.economics.retention.cox import cox_regression
from loyaltymodel.economics.retention.rates import retention_rates
from loyaltymodel.economics.retention.survival import survival
from loyaltymodel.economics.retention.tenures import tenures
from loyaltymodel.economics.tenure_profit.profit import profit_by_tenure
from loyaltymodel.economics.tenure_profit.trend import tenure_profit_test
from loyaltymodel.economics.value.concentration import value_concentration
from loyaltymodel.economics.value.lifetime import customer_value, lifetime_value
from loyaltymodel.economics.word_of_mouth.audience import Audience, AudiencePart
from loyaltymodel.economics.word_of_mouth.by_satisfaction import word_of_mouth
from loyaltymodel.economics.word_of_mouth.estimate import estimate_audience
from loyaltymodel.economics.word_of_mouth.referrals import referral_value
from loyaltymodel.economics.word_of_mouth.spreading import spread

__all__ = [
    "Audience",
    "AudiencePart",
    "ComplaintBehaviour",
    "ComplaintRate",
    "LoyaltyProgramme",
    "ProgrammeTier",
    "Rate",
    "ResponseCurve",
    "acquisition_retention",
    "benefits_account",
    "cohort_table",
    "complaint_flow",
    "complaint_log",
    "cox_regression",
    "customer_value",
    "estimate_audience",
    "exit_reasons",
    "fit_cohorts",
    "fit_retention",
    "hidden_dissatisfied",
    "lifetime_value",
    "problem_pareto",
    "profit_by_tenure",
    "programme_effect",
    "programme_return",
    "recovery_spend",
    "referral_value",
    "retention_rates",
    "spread",
    "survival",
    "tenure_profit_test",
    "tenures",
    "value_concentration",
    "word_of_mouth",
]


def __dir__() -> list[str]:
    return [*__all__, "results"]
