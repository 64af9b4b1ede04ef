"""How a curve is fitted: one frozen object, kept on the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from loyaltymodel._core.arrays import FrozenMapping
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.intervals import check_resamples
from loyaltymodel._core.options import (
    LEAST_RELIABILITY,
    check_choice,
    check_count,
    is_number,
    is_reliability,
    shown,
)
from loyaltymodel._core.resampling import FOR_INTERVALS
from loyaltymodel._core.scales import AnswerLimits, Pair, by_variable, check_pair, freeze_scale
from loyaltymodel._core.signature import checked, checked_fields
from loyaltymodel.errors import OptionError
from loyaltymodel.jones_sasser.curves.families import CurveFamily
from loyaltymodel.jones_sasser.estimation.true_score import TrueScores

OutcomeKind = Literal["binary", "count", "score", "beta", "ordinal"]
StdErrors = Literal["model", "robust", "bootstrap"]
Measured = Literal["satisfaction", "loyalty"]

SHARES: Pair = (0.0, 1.0)
_LIMITS = {"satisfaction": SHARES, "loyalty": SHARES}
_LEVEL = 0.95  # of the intervals that tables show


@checked_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSettings:
    """How a curve is fitted; :func:`fit` says what each setting does.

    Attributes
    ----------
    family : CurveFamily
        Family of the curve.
    outcome : {"binary", "count", "score", "beta", "ordinal"}
        What kind of loyalty was observed.
    fixed : mapping from name to number, or None
        Parameters that are not estimated; None for the family's own.
    reference : hashable or None
        The group whose constraint is 0.
    scale : pair of float, or mapping of them
        Lowest and highest answer about satisfaction; or by name, of satisfaction and loyalty.
    cuts : hashable or None
        The lowest category of an ordered answer that means staying.
    reliability : float or None
        Reliability of satisfaction.
    true_scores : {"masses", "beta", "normal"}
        Law of true satisfaction, where the reliability is below 1.
    missing : {"raise", "drop"}
        What is done with missing answers.
    std_errors : {"model", "robust", "bootstrap"} or None
        Kind of standard errors; None for the first that the data allow.
    n_resamples : int
        Number of resamples of the bootstrap.

    Raises
    ------
    OptionError
        If a setting is not one of its choices, or two contradict each other.
    """

    family: CurveFamily
    outcome: OutcomeKind = "binary"
    fixed: Mapping[str, float] | None = None
    reference: object = None
    scale: AnswerLimits = SHARES
    cuts: object = None
    reliability: float | None = None
    true_scores: TrueScores = "masses"
    missing: Missing = "raise"
    std_errors: StdErrors | None = None
    n_resamples: int = FOR_INTERVALS

    def __post_init__(self) -> None:
        """Refuse settings that are not allowed, and freeze what could change."""
        check_choice("outcome", self.outcome, OutcomeKind)
        check_choice("missing", self.missing, Missing)
        check_choice("true_scores", self.true_scores, TrueScores)
        if self.std_errors is not None:
            check_choice("std_errors", self.std_errors, StdErrors)
        check_count("n_resamples", self.n_resamples, least=2)
        if self.std_errors == "bootstrap":
            check_resamples(self.n_resamples, level=_LEVEL)
        self._check_scale()
        object.__setattr__(self, "scale", freeze_scale(self.scale))
        if self.fixed is not None:
            self._check_fixed()
            object.__setattr__(self, "fixed", FrozenMapping(dict(self.fixed)))
        self._check_reliability()
        cut = by_variable("cuts", self.cuts, {"loyalty": None})["loyalty"]
        object.__setattr__(self, "cuts", cut)
        if self.outcome == "ordinal" and self.cuts is None:
            raise OptionError(
                'outcome="ordinal" needs cuts, the lowest category that means staying: '
                "without it the thresholds between categories absorb the curve"
            )
        if self.outcome != "ordinal" and self.cuts is not None:
            raise OptionError(
                f'cuts belongs to outcome="ordinal"; outcome={self.outcome!r} has no categories'
            )
        if not self.has_likelihood and self.std_errors == "model":
            way_out = ', or outcome="beta"' if self.outcome == "score" else ""
            raise OptionError(
                f"with {self.without_likelihood} there is no likelihood, so errors cannot come "
                f'from one; choose std_errors="robust" or "bootstrap"{way_out}'
            )

    @checked
    def limits(self, of: Measured) -> Pair:
        """Return the lowest and the highest possible answer about satisfaction or of loyalty.

        Parameters
        ----------
        of : {"satisfaction", "loyalty"}
            What was asked. Loyalty that is no score is a probability, from 0 to 1.

        Returns
        -------
        pair of float
            Lowest and highest answer.
        """
        if isinstance(self.scale, Mapping):
            return self.scale.get(of, SHARES)
        return self.scale if of == "satisfaction" else SHARES

    def _check_scale(self) -> None:
        if not isinstance(self.scale, Mapping):
            check_pair(self.scale)
        by_variable("scale", self.scale, _LIMITS, shared=("satisfaction",))
        given = isinstance(self.scale, Mapping) and "loyalty" in self.scale
        if given and self.outcome not in ("score", "beta"):
            raise OptionError(
                f"scale gives limits of loyalty, but outcome={self.outcome!r} is no score; leave "
                'them out, or choose outcome="score"'
            )

    def _check_fixed(self) -> None:
        fixed = self.fixed
        if not isinstance(fixed, Mapping):
            raise OptionError(
                f"fixed={fixed!r} must map names of parameters to numbers, such as {{'lo': 0.1}}"
            )
        if wrong := [name for name, value in fixed.items() if not is_number(value)]:
            raise OptionError(f"fixed gives {wrong[0]}={fixed[wrong[0]]!r}, which is not a number")

    def _check_reliability(self) -> None:
        given = self.reliability
        if given is None:
            return
        if not is_reliability(given):
            raise OptionError(
                f"reliability={shown(given)} must lie above 0 and up to 1, and be "
                f"{LEAST_RELIABILITY:g} at least; it is the share of the variance of satisfaction "
                "that is not measurement error, such as 0.85"
            )
        if self.outcome == "beta" and given < 1:
            raise OptionError(
                'reliability cannot be used with outcome="beta", whose likelihood has no closed '
                'average over the true score; choose outcome="score"'
            )

    @property
    def has_error(self) -> bool:
        """Whether satisfaction is taken as measured with error."""
        return self.reliability not in (None, 1)

    @property
    def has_likelihood(self) -> bool:
        """Whether the outcome has a likelihood, so that AIC and ratios mean something."""
        return self.without_likelihood is None

    @property
    def without_likelihood(self) -> str | None:
        """What takes the likelihood away, in words; None if there is one."""
        if self.outcome == "score":
            return 'outcome="score"'
        # The trials of a customer share the true score, so they are no independent trials.
        if self.outcome == "count" and self.has_error:
            return 'outcome="count" and reliability'
        return None
