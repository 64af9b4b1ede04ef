"""By which measures respondents are flagged, and from where on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.options import check_finite
from loyaltymodel._core.scales import by_variable
from loyaltymodel.errors import OptionError


class Measure(NamedTuple):
    """What is held against a cut-off: from where on by default, and on which side."""

    cut: float | None
    flags: Literal["from", "below"]
    text: str


FEWEST_EQUAL = 6  # answers in a row that are flagged at the least
# No cut-off by default where the literature names none that holds for any questionnaire.
MEASURES: Mapping[str, Measure] = FrozenMapping(
    {
        "long_string": Measure(None, "from", "equal answers in a row"),
        "same_share": Measure(None, "from", "one answer all over"),
        "spread": Measure(None, "below", "answers that hardly differ"),
        "p_value": Measure(0.001, "below", "answers far from all others"),
        "inconsistency": Measure(50.0, "from", "answers that contradict each other"),
        "missing": Measure(0.5, "from", "questions left out"),
        "off_scale": Measure(1.0, "from", "answers that cannot be"),
        "seconds_per_item": Measure(2.0, "below", "too fast to read"),
        "of_median": Measure(None, "below", "much faster than others"),
        "same_answers": Measure(1.0, "from", "a copy of another"),
        "same_customer": Measure(1.0, "from", "answered more than once"),
    }
)


def cuts_of(given: Mapping[str, float | None] | None, longest: int) -> dict[str, float | None]:
    """Return the cut-off of each measure; ``longest`` is the longest stretch on one scale.

    Raises
    ------
    OptionError
        If a cut-off has the name of no measure, or is not a number of 0 or more.
    """
    defaults = {name: measure.cut for name, measure in MEASURES.items()}
    defaults["long_string"] = max(FEWEST_EQUAL, -(-longest // 2))
    found: dict[str, float | None] = by_variable("cuts", given, defaults)
    for name, cut in found.items():
        if cut is not None:
            check_finite(f"cuts[{name!r}]", cut, least=0, way_out=", or None for no cut-off")
            if cut == 0 and MEASURES[name].flags == "from":
                raise OptionError(f"cuts[{name!r}]=0 would flag everybody; give a number above 0")
    return found
