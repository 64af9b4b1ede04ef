"""What the summary of a structural result says: facts and remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loyaltymodel._core.options import count_of, enumerate_names
from loyaltymodel._core.results import Facts
from loyaltymodel.structural.checks import Check
from loyaltymodel.structural.estimates import PLSSolution
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


def facts(
    model: StructuralModel, settings: FitSettings, solution: PLSSolution, checks: list[Check]
) -> Facts:
    """Say what was estimated, how, and how many checks it passed."""
    modes = " and ".join(sorted({construct.mode for construct in model.constructs}))
    state = "converged" if solution.converged else "NOT CONVERGED"
    n_failed = sum(not check.passed for check in checks)
    sizes = ((model.names, "construct"), (model.items, "item"), (model.paths, "path"))
    weighted = (("weights", f"in column {settings.weights!r}"),) if settings.weights else ()
    return (
        ("model", ", ".join(count_of(len(of), noun) for of, noun in sizes)),
        ("estimator", _ESTIMATORS[settings.consistent, modes]),
        ("inner scheme", settings.scheme),
        ("iterations", f"{solution.n_iter}, {state}"),
        ("answer scale", _scale(settings)),
        ("checks", f"{len(checks) - n_failed} of {len(checks)} passed"),
        *weighted,
    )


def remarks(model: StructuralModel, checks: list[Check]) -> Sequence[str]:
    """Repeat the checks that failed, and what mode B takes the meaning of."""
    failed = [check.sentence for check in checks if not check.passed]
    if formed := [c.name for c in model.constructs if c.mode == "B" and len(c.items) > 1]:
        failed.append(
            f"{enumerate_names(formed, most=12)}: mode B, so rho_A is 1 by convention, and alpha, "
            "rho_C and AVE say nothing of reliability."
        )
    return failed


def _scale(settings: FitSettings) -> str:
    if settings.scale is None:
        return "not given, so no index"
    if isinstance(settings.scale, Mapping):
        return "given item by item"
    lowest, highest = settings.scale
    return f"{lowest:g} to {highest:g}"
