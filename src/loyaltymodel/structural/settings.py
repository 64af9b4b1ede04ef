"""How a structural model is estimated: one frozen object, kept on the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import check_count, check_positive
from loyaltymodel._core.scales import AnswerLimits, freeze_scale
from loyaltymodel._core.signature import checked_fields
from loyaltymodel.structural.kernels.pls import Scheme

Sign = Literal["sum"] | Mapping[str, str]


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """How a structural model is estimated; :func:`fit` says what each setting does.

    Attributes
    ----------
    scheme : {"path", "factorial", "centroid"}
        Inner scheme.
    consistent : bool
        Whether mode A is corrected for attenuation.
    scale : pair, mapping from item to pair, or None
        Lowest and highest answer.
    weights : str or None
        Column of respondents' weights.
    missing : {"raise", "drop"}
        What is done with missing answers.
    tol : float
        Change of a weight from which on the weights count as settled.
    max_iter : int
        Most iterations.
    sign : "sum", or mapping from construct to item
        What a score must correlate with positively.

    Raises
    ------
    OptionError
        If a setting is not one of its choices.
    """

    scheme: Scheme = "path"
    consistent: bool = False
    scale: AnswerLimits | None = None
    weights: str | None = None
    missing: Missing = "raise"
    tol: float = 1e-10
    max_iter: int = 300
    sign: Sign = "sum"

    def __post_init__(self) -> None:
        """Refuse settings that are not allowed, and freeze the mappings."""
        check_positive("tol", self.tol)
        check_count("max_iter", self.max_iter, least=1)
        object.__setattr__(self, "scale", freeze_scale(self.scale))
        if isinstance(self.sign, Mapping):
            object.__setattr__(self, "sign", FrozenMapping(self.sign))
