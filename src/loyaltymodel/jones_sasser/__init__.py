"""L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint."""

from loyaltymodel.jones_sasser.advice import advice
from loyaltymodel.jones_sasser.association import (
    Association,
    Estimate,
    LinearityTest,
    association,
    comparison_table,
)
from loyaltymodel.jones_sasser.compare import Comparison, compare
from loyaltymodel.jones_sasser.constraint import (
    combined_constraint,
    constraint_sources,
    constraint_without_each,
    profit_conditions,
    regime,
)
from loyaltymodel.jones_sasser.curve import LoyaltyCurve, curve, share_of_scale
from loyaltymodel.jones_sasser.cusp import (
    Cusp,
    cusp_equilibria,
    cusp_thresholds,
    simulate_cusp,
)
from loyaltymodel.jones_sasser.cusp_fit import fit_cusp
from loyaltymodel.jones_sasser.cusp_result import CuspResult
from loyaltymodel.jones_sasser.deregulation import Deregulation, remove_constraint
from loyaltymodel.jones_sasser.determination import PartialDetermination, partial_determination
from loyaltymodel.jones_sasser.diagnostics import calibration, influence
from loyaltymodel.jones_sasser.families import CurveFamily, Hazard, Parameter
from loyaltymodel.jones_sasser.fit import fit
from loyaltymodel.jones_sasser.hypotheses import (
    HypothesisTest,
    lack_of_fit_test,
    linearity_test,
    no_constraint_test,
    threshold_test,
)
from loyaltymodel.jones_sasser.necessity import NecessaryCondition, necessary_condition
from loyaltymodel.jones_sasser.people import satisfied_loyal, segments
from loyaltymodel.jones_sasser.published import (
    PublishedTable,
    RetainedCustomers,
    defection_table,
    retention_table,
)
from loyaltymodel.jones_sasser.readings import (
    defection_given_satisfaction,
    heskett_zone,
    heskett_zones,
    satisfaction_trap,
    xerox,
)
from loyaltymodel.jones_sasser.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.segments_result import SegmentsResult
from loyaltymodel.jones_sasser.segments_textbook import textbook_segments
from loyaltymodel.jones_sasser.segments_warning import (
    early_warning,
    market_share_quality,
    satisfaction_alerts,
)
from loyaltymodel.jones_sasser.service_profit import service_profit_chain, service_profit_links
from loyaltymodel.jones_sasser.settings import CurveSettings
from loyaltymodel.jones_sasser.simulate import simulate
from loyaltymodel.jones_sasser.views import compare_views
from loyaltymodel.jones_sasser.views_result import AverageEffects, ViewRegression, ViewsComparison
from loyaltymodel.jones_sasser.views_simulate import simulate_views

__all__ = [
    "Association",
    "AverageEffects",
    "Comparison",
    "CurveFamily",
    "CurveSettings",
    "Cusp",
    "CuspResult",
    "Deregulation",
    "Estimate",
    "Hazard",
    "HypothesisTest",
    "LinearityTest",
    "LoyaltyCurve",
    "LoyaltyCurveResult",
    "NecessaryCondition",
    "Parameter",
    "PartialDetermination",
    "PublishedTable",
    "RetainedCustomers",
    "SegmentsResult",
    "ViewRegression",
    "ViewsComparison",
    "advice",
    "association",
    "calibration",
    "combined_constraint",
    "compare",
    "compare_views",
    "comparison_table",
    "constraint_sources",
    "constraint_without_each",
    "curve",
    "cusp_equilibria",
    "cusp_thresholds",
    "defection_given_satisfaction",
    "defection_table",
    "early_warning",
    "fit",
    "fit_cusp",
    "heskett_zone",
    "heskett_zones",
    "influence",
    "lack_of_fit_test",
    "linearity_test",
    "market_share_quality",
    "necessary_condition",
    "no_constraint_test",
    "partial_determination",
    "profit_conditions",
    "regime",
    "remove_constraint",
    "retention_table",
    "satisfaction_alerts",
    "satisfaction_trap",
    "satisfied_loyal",
    "segments",
    "service_profit_chain",
    "service_profit_links",
    "share_of_scale",
    "simulate",
    "simulate_cusp",
    "simulate_views",
    "textbook_segments",
    "threshold_test",
    "xerox",
]
