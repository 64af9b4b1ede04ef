"""What the quadrants of importance against performance are called."""

from __future__ import annotations

from collections.abc import Mapping

from loyaltymodel.attributes.drivers.performance_result import QUADRANTS
from loyaltymodel.plots._names import Language, Words, words_in

_WORDS: Mapping[Language, Words] = {
    "en": {name: name for name in QUADRANTS},
    "zh": dict(zip(QUADRANTS, ("次要改进", "可能过度", "重点改进", "继续保持"), strict=True)),
}


def quadrant_names(language: Language) -> list[str]:
    """Return them for the corners of a picture: low left, low right, high left, high right."""
    words = words_in(language, _WORDS)
    return [words[name] for name in QUADRANTS]
