"""Classes of results, for type hints; the functions of the room make them."""

from loyaltymodel.economics.acquisition.result import AcquisitionRetention
from loyaltymodel.economics.benefits import BenefitsAccount
from loyaltymodel.economics.complaints.result import (
    ComplaintFlow,
    ComplaintLog,
    HiddenDissatisfied,
    RecoverySpend,
)
from loyaltymodel.economics.contractual.result import RetentionModel
from loyaltymodel.economics.programme.result import ProgrammeEffect
from loyaltymodel.economics.retention.cohorts import CohortTable
from loyaltymodel.economics.retention.cox import CoxRegression
from loyaltymodel.economics.retention.rates import RetentionRates
from loyaltymodel.economics.retention.survival import SurvivalCurve
from loyaltymodel.economics.retention.tenures import Tenures
from loyaltymodel.economics.tenure_profit.result import TenureProfit
from loyaltymodel.economics.tenure_profit.trend_result import TenureProfitTest
from loyaltymodel.economics.value.concentration import ValueConcentration
from loyaltymodel.economics.value.result import LifetimeValue
from loyaltymodel.economics.word_of_mouth.by_satisfaction import WordOfMouth
from loyaltymodel.economics.word_of_mouth.result import AudienceEstimate, Spread

__all__ = [
    "AcquisitionRetention",
    "AudienceEstimate",
    "BenefitsAccount",
    "CohortTable",
    "ComplaintFlow",
    "ComplaintLog",
    "CoxRegression",
    "HiddenDissatisfied",
    "LifetimeValue",
    "ProgrammeEffect",
    "RecoverySpend",
    "RetentionModel",
    "RetentionRates",
    "Spread",
    "SurvivalCurve",
    "TenureProfit",
    "TenureProfitTest",
    "Tenures",
    "ValueConcentration",
    "WordOfMouth",
]
