"""What can go wrong, by name: one base error, a few children, and the warnings."""

import sys
import warnings

__all__ = [
    "CollinearityWarning",
    "ConvergenceWarning",
    "DataError",
    "ExtraNotInstalledError",
    "FailedResamplesWarning",
    "ImproperSolutionWarning",
    "LowReliabilityWarning",
    "LoyaltyModelError",
    "LoyaltyModelWarning",
    "MissingFontWarning",
    "ModelError",
    "NegativeWeightWarning",
    "NotIdentifiedError",
    "OptionError",
    "ScaleWarning",
    "SmallSampleWarning",
    "WeakIdentificationWarning",
]


class LoyaltyModelError(Exception):
    """Base of every error that this library raises on purpose."""


class DataError(LoyaltyModelError, ValueError):
    """The data cannot be used as they are: missing, off the scale, constant, unknown column."""


class ModelError(LoyaltyModelError):
    """The model as stated makes no sense: a cycle, an empty construct, an item used twice."""


class NotIdentifiedError(LoyaltyModelError):
    """The data do not determine the quantities asked for, whatever the method."""


class OptionError(LoyaltyModelError, ValueError):
    """An option has a value that is not allowed, or that contradicts another option."""


class ExtraNotInstalledError(LoyaltyModelError, ImportError):
    """An optional package is needed and absent; the message says what to install."""


class LoyaltyModelWarning(UserWarning):
    """Base of every warning that this library gives."""


class ConvergenceWarning(LoyaltyModelWarning):
    """An iteration stopped at its limit before it reached its tolerance."""


class SmallSampleWarning(LoyaltyModelWarning):
    """There are fewer answers than the method needs to be trusted."""


class ImproperSolutionWarning(LoyaltyModelWarning):
    """An estimate lies outside its possible range, such as a loading above one."""


class FailedResamplesWarning(LoyaltyModelWarning):
    """Many resamples could not be estimated and were left out of errors and intervals."""


class NegativeWeightWarning(LoyaltyModelWarning):
    """An index from 0 to 100 was asked for where an item has a negative weight."""


class CollinearityWarning(LoyaltyModelWarning):
    """Drivers are so alike that their shares can hardly be told apart."""


class LowReliabilityWarning(LoyaltyModelWarning):
    """A score rests on items that agree too little to be trusted as one."""


class MissingFontWarning(LoyaltyModelWarning):
    """A picture has letters that no font at hand has; they are drawn as boxes."""


class ScaleWarning(LoyaltyModelWarning):
    """Numbers fit the scale that was named, but look like answers on another one."""


class WeakIdentificationWarning(LoyaltyModelWarning):
    """An estimate rests on the form of a function more than on the data."""


def warn_caller(message: str, category: type[LoyaltyModelWarning]) -> None:
    """Warn, and point at the line outside this library that asked for what is warned of."""
    own = __name__.partition(".")[0]
    frame, level = sys._getframe(1), 3
    while frame.f_back is not None and frame.f_back.f_globals.get("__name__", "").startswith(own):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
