"""What to do about each segment, and what it says of the firm: lists of the catalogue."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from loyaltymodel._core.catalogue import frame_of

Classifier = Literal["jones_sasser", "textbook", "satisfied_loyal"]


def advice_on(classifier: Classifier) -> pd.DataFrame:
    """Return the segments of a classifier with what is advised."""
    texts = frame_of(f"segments_{classifier}").rename(columns={"id": "segment"})
    return texts.drop(columns=["english", "sources"])
