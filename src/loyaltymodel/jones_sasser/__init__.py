"""L = f(C, S): how satisfaction becomes loyalty, depending on competition and constraint."""

from loyaltymodel.jones_sasser.curves.constraint import (
    combined_constraint,
    constraint_sources,
    constraint_without_each,
    profit_conditions,
    regime,
)
from loyaltymodel.jones_sasser.curves.curve import LoyaltyCurve, curve, share_of_scale
from loyaltymodel.jones_sasser.curves.families import CurveFamily, Hazard, Parameter
from loyaltymodel.jones_sasser.cusp.fit import fit_cusp
from loyaltymodel.jones_sasser.cusp.model import (
    Cusp,
    cusp_equilibria,
    cusp_thresholds,
    simulate_cusp,
)
from loyaltymodel.jones_sasser.cusp.result import CuspResult
from loyaltymodel.jones_sasser.estimation.fit import fit
from loyaltymodel.jones_sasser.estimation.result import LoyaltyCurveResult
from loyaltymodel.jones_sasser.estimation.settings import CurveSettings
from loyaltymodel.jones_sasser.estimation.simulate import simulate
from loyaltymodel.jones_sasser.inference.compare import Comparison, compare
from loyaltymodel.jones_sasser.inference.deregulation import Deregulation, remove_constraint
from loyaltymodel.jones_sasser.inference.diagnostics import calibration, influence
from loyaltymodel.jones_sasser.inference.hypotheses import (
    HypothesisTest,
    lack_of_fit_test,
    linearity_test,
    no_constraint_test,
    threshold_test,
)
from loyaltymodel.jones_sasser.inference.true_scores import true_score_test
from loyaltymodel.jones_sasser.links.association import (
    Association,
    association,
    comparison_table,
)
from loyaltymodel.jones_sasser.links.determination import (
    PartialDetermination,
    partial_determination,
)
from loyaltymodel.jones_sasser.links.moderation import slope_moderation
from loyaltymodel.jones_sasser.links.moderation_result import SlopeModeration
from loyaltymodel.jones_sasser.links.necessity import NecessaryCondition, necessary_condition
from loyaltymodel.jones_sasser.links.service_profit import (
    service_profit_chain,
    service_profit_effects,
    service_profit_links,
)
from loyaltymodel.jones_sasser.links.service_profit_paths import service_profit_paths
from loyaltymodel.jones_sasser.links.service_profit_result import ServiceProfitPaths
from loyaltymodel.jones_sasser.links.u_shape import UShape, u_shape_test
from loyaltymodel.jones_sasser.links.word_of_mouth import WordOfMouth, word_of_mouth
from loyaltymodel.jones_sasser.people.advice import advice
from loyaltymodel.jones_sasser.people.result import SegmentsResult
from loyaltymodel.jones_sasser.people.segments import satisfied_loyal, segments
from loyaltymodel.jones_sasser.people.textbook import textbook_segments
from loyaltymodel.jones_sasser.people.warning import (
    early_warning,
    market_share_quality,
    satisfaction_alerts,
)
from loyaltymodel.jones_sasser.published.readings import (
    defection_given_satisfaction,
    heskett_zone,
    heskett_zones,
    satisfaction_trap,
    xerox,
)
from loyaltymodel.jones_sasser.published.tables import (
    PublishedTable,
    RetainedCustomers,
    defection_table,
    retention_table,
)
from loyaltymodel.jones_sasser.views.comparison import compare_views
from loyaltymodel.jones_sasser.views.result import (
    AverageEffects,
    ChangeOfLoyalty,
    ViewRegression,
    ViewsComparison,
)
from loyaltymodel.jones_sasser.views.simulate import simulate_views

__all__ = [
    "Association",
    "AverageEffects",
    "ChangeOfLoyalty",
    "Comparison",
    "CurveFamily",
    "CurveSettings",
    "Cusp",
    "CuspResult",
    "Deregulation",
    "Hazard",
    "HypothesisTest",
    "LoyaltyCurve",
    "LoyaltyCurveResult",
    "NecessaryCondition",
    "Parameter",
    "PartialDetermination",
    "PublishedTable",
    "RetainedCustomers",
    "SegmentsResult",
    "ServiceProfitPaths",
    "SlopeModeration",
    "UShape",
    "ViewRegression",
    "ViewsComparison",
    "WordOfMouth",
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
    "service_profit_effects",
    "service_profit_links",
    "service_profit_paths",
    "share_of_scale",
    "simulate",
    "simulate_cusp",
    "simulate_views",
    "slope_moderation",
    "textbook_segments",
    "threshold_test",
    "true_score_test",
    "u_shape_test",
    "word_of_mouth",
    "xerox",
]
