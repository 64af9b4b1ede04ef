"""A structural result in words, tables and plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from loyaltymodel._moments import Moments
from loyaltymodel._options import count_of, enumerate_names
from loyaltymodel._tables import Summary, table_of
from loyaltymodel.structural.checks import Check
from loyaltymodel.structural.estimates import Estimates
from loyaltymodel.structural.model import StructuralModel
from loyaltymodel.structural.settings import FitSettings

_ESTIMATORS = {
    (False, "A"): "PLS, mode A",
    (False, "B"): "PLS, mode B",
    (False, "A and B"): "PLS, modes A and B by construct",
    (True, "A"): "consistent PLS (PLSc), mode A corrected for attenuation",
    (True, "B"): "PLS, mode B (nothing to correct for attenuation)",
    (True, "A and B"): "consistent PLS (PLSc), mode A corrected for attenuation, mode B not",
}


def summarise(
    model: StructuralModel,
    settings: FitSettings,
    moments: Moments,
    estimates: Estimates,
    *,
    constructs: pd.DataFrame,
    paths: pd.DataFrame,
    items: pd.DataFrame,
    checks: list[Check],
) -> Summary:
    """Put facts, tables and failed checks together."""
    modes = " and ".join(sorted({construct.mode for construct in model.constructs}))
    weighted = f", weights in {settings.weights!r}" if settings.weights else ""
    left_out = f", {moments.n_dropped} left out" if moments.n_dropped else ""
    state = "converged" if estimates.converged else "NOT CONVERGED"
    n_failed = sum(not check.passed for check in checks)
    facts = (
        (
            "model",
            ", ".join(
                count_of(len(of), noun)
                for of, noun in ((model.names, "construct"), (model.items, "item"), (paths, "path"))
            ),
        ),
        ("respondents", f"{moments.n_obs}{left_out}{weighted}"),
        ("estimator", _ESTIMATORS[settings.consistent, modes]),
        ("inner scheme", settings.scheme),
        ("iterations", f"{estimates.n_iter}, {state}"),
        ("answer scale", _scale(settings)),
        ("checks", f"{len(checks) - n_failed} of {len(checks)} passed"),
    )
    overview = constructs.drop(columns="r_squared_adjusted").reset_index()
    if settings.scale is None:
        overview = overview.drop(columns="index")
    n_points = overview.shape[1] - 6
    tables = (
        table_of("Constructs", overview, digits=[1] * n_points + [3] * 5),
        table_of("Paths", paths, n_labels=2),
        table_of("Items", items, n_labels=2),
    )
    remarks = tuple(check.sentence for check in checks if not check.passed)
    if formed := [c.name for c in model.constructs if c.mode == "B" and len(c.items) > 1]:
        flagged = (
            f"{enumerate_names(formed, most=12)}: mode B, so rho_A is 1 by convention, and alpha, "
            "rho_C and AVE say nothing of reliability."
        )
        remarks = (*remarks, flagged)
    return Summary("Structural model", facts, tables, remarks)


def records(table: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    """Return a table as a list of rows of plain values."""
    if table is None:
        return None
    return [plain(row) for row in table.to_dict(orient="records")]


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: no mapping types of our own, None for NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(content) for content in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _scale(settings: FitSettings) -> str:
    if settings.scale is None:
        return "not given, so no index"
    if isinstance(settings.scale, Mapping):
        return "given item by item"
    lowest, highest = settings.scale
    return f"{lowest:g} to {highest:g}"
