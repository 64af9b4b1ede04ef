"""What a questionnaire asks: items, and the scales on which they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, overload
from warnings import catch_warnings, filterwarnings

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.options import enumerate_names
from loyaltymodel._core.specification import Number, Specification
from loyaltymodel.errors import ModelError

Direction = Literal["up", "down"]

# In parts of a step; loose enough for answers that were stored in single precision.
_ROUNDING = 1e-4
_MOST_STEPS = 1e9


def _short(value: float) -> int | float:
    """Write 10 rather than 10.0."""
    return int(value) if value.is_integer() else value


_Number = Annotated[
    Number,
    PlainSerializer(_short, return_type=int | float, when_used="json"),
]


def _answers_as_numbers(labels: Any) -> Any:
    """Read the answers as numbers also where JSON made text of them."""
    if not isinstance(labels, Mapping):
        return labels
    answers = [_number_or_as_given(answer) for answer in labels]
    if repeated := [f"{answer:g}" for answer, times in Counter(answers).items() if times > 1]:
        raise ModelError(f"labels name the answer {enumerate_names(repeated)} twice")
    return dict(zip(answers, labels.values(), strict=True))


def _number_or_as_given(answer: Any) -> Any:
    if not isinstance(answer, str):
        return answer
    try:
        return float(answer)
    except ValueError:
        return answer


def _in_order(labels: Mapping[float, str]) -> FrozenMapping[float, str]:
    return FrozenMapping(dict(sorted(labels.items())))


def _short_answers(labels: Mapping[float, str]) -> dict[int | float, str]:
    return {_short(answer): label for answer, label in labels.items()}


_Labels = Annotated[
    Mapping[_Number, str],
    BeforeValidator(_answers_as_numbers),
    AfterValidator(_in_order),
    PlainSerializer(_short_answers, return_type=dict[int | float, str]),
]
_Codes = Annotated[tuple[_Number, ...], AfterValidator(lambda codes: tuple(sorted(codes)))]


class Scale(Specification):
    """The answers that an item can have: an answer scale (量表).

    Parameters
    ----------
    lowest : float
        Lowest possible answer.
    highest : float
        Highest possible answer, above the lowest.
    labels : mapping from answer to text, optional
        What the questionnaire calls the answers, for all of them or for some, such as
        ``{1: "very dissatisfied", 5: "very satisfied"}``. Kept in the order of the answers.
    dont_know : sequence of float, optional
        Codes in the data that are no answers but stand for "don't know" or for no answer at
        all, such as ``[98, 99]``. They lie outside the limits.
    direction : {"up", "down"}
        Whether a high answer is good ("up") or bad ("down"), such as a number of complaints.
    step : float or None
        Distance between neighbouring answers, a whole number of times from lowest to highest.
        1 for whole numbers; None where every number between the limits is an answer.

    Raises
    ------
    ModelError
        If a number is not finite, the limits are in the wrong order, the steps do not fit
        between them, a label belongs to no answer or is empty, or a code for "don't know" is
        an answer or is listed twice.

    Examples
    --------
    >>> from loyaltymodel.survey import Scale
    >>> five = Scale(lowest=1, highest=5, labels={1: "很不满意", 5: "很满意"}, dont_know=[99])
    >>> five.pair
    (1.0, 5.0)
    >>> print(five.to_json(indent=None))
    {"lowest":1,"highest":5,"labels":{"1":"很不满意","5":"很满意"},"dont_know":[99],"direction":"up","step":1}
    """

    lowest: _Number
    highest: _Number
    labels: _Labels = Field(default={}, validate_default=True)
    dont_know: _Codes = ()
    direction: Direction = "up"
    step: _Number | None = 1.0

    @model_validator(mode="after")
    def _ordered_in_steps_nothing_off_it(self) -> Self:
        if not self.lowest < self.highest:
            raise ModelError(
                f"a scale from {self.lowest:.12g} to {self.highest:.12g} has no answers; the "
                "lowest possible answer must be below the highest. Where a low answer is good, say "
                "direction='down'"
            )
        _check_step(self)
        _check_labels(self)
        _check_codes(self)
        return self

    @property
    def pair(self) -> tuple[float, float]:
        """Lowest and highest possible answer."""
        return self.lowest, self.highest


# pydantic warns of a field called "construct", the name of a method of its own that it has
# deprecated. Nothing here uses that method, and the field is the standard term.
with catch_warnings():
    filterwarnings("ignore", message='Field name "construct"')

    class Item(Specification):
        """One question of a questionnaire (题项), answered in one column of the data.

        Parameters
        ----------
        name : str
            Name of the item, which is the name of its column.
        scale : str
            Name of its scale in the codebook.
        text : str, optional
            The question as it was asked, in the language in which it was asked.
        construct : str or None
            Name of the construct that the item shows; None for an item outside any model.

        Raises
        ------
        ModelError
            If the name, the name of the scale or the name of the construct is empty.

        Examples
        --------
        >>> from loyaltymodel.survey import Item
        >>> Item(name="s1", scale="five", text="总体而言您满意吗？", construct="satisfaction").text
        '总体而言您满意吗？'
        """

        name: str
        scale: str
        text: str = ""
        construct: str | None = None  # type: ignore[assignment]

        @model_validator(mode="after")
        def _named(self) -> Self:
            if not self.name.strip():
                raise ModelError("an item needs a name that is not empty: that of its column")
            if not self.scale.strip():
                raise ModelError(f"item {self.name!r} has a scale whose name is empty")
            if self.construct is not None and not self.construct.strip():
                raise ModelError(
                    f"item {self.name!r} has a construct whose name is empty; leave construct out "
                    "for an item outside any model"
                )
            return self


@overload
def between_steps(scale: Scale, answers: float) -> bool: ...
@overload
def between_steps(scale: Scale, answers: FloatArray) -> BoolArray | bool: ...
def between_steps(scale: Scale, answers: float | FloatArray) -> BoolArray | bool:
    """Tell whether finite answers lie between the steps of a scale, on it or off it."""
    if scale.step is None:
        return False
    steps = (answers - scale.lowest) / scale.step
    return np.abs((steps + 0.5) % 1 - 0.5) > _ROUNDING


def has_flags(scale: Scale) -> bool:
    """Tell whether True and False are answers on a scale, 1 and 0."""
    return scale.pair == (0.0, 1.0)


def says_dont_know(scale: Scale, answers: FloatArray) -> BoolArray:
    """Tell which answers are codes for "don't know"."""
    return np.isin(answers, scale.dont_know)


def describe(scale: Scale) -> str:
    """Say the answers of a scale in words."""
    by = "" if scale.step is None or scale.step == 1 else f" by {scale.step:g}"
    return f"{scale.lowest:.12g} to {scale.highest:.12g}{by}"


def _is_answer(scale: Scale, number: float) -> bool:
    return scale.lowest <= number <= scale.highest and not between_steps(scale, number)


def _check_step(scale: Scale) -> None:
    if scale.step is None:
        return
    if scale.step <= 0:
        raise ModelError(
            f"step={scale.step:.12g} must be above 0, or None for answers of any value"
        )
    if (scale.highest - scale.lowest) / scale.step > _MOST_STEPS:
        raise ModelError(
            f"step={scale.step:.12g} is too small for a scale from {scale.lowest:.12g} to "
            f"{scale.highest:.12g}: no computer tells so many answers apart; say step=None for "
            "answers of any value"
        )
    if between_steps(scale, scale.highest):
        raise ModelError(
            f"steps of {scale.step:.12g} from {scale.lowest:.12g} do not meet "
            f"{scale.highest:.12g}; give the step between neighbouring answers, or step=None for "
            "answers of any value"
        )


def _check_labels(scale: Scale) -> None:
    labels = scale.labels.items()
    if strangers := [f"{a:.12g} ({t!r})" for a, t in labels if not _is_answer(scale, a)]:
        raise ModelError(
            f"labels name {enumerate_names(strangers)}, no answer on the scale "
            f"{describe(scale)}; codes such as 99 belong in dont_know"
        )
    if empty := [f"{answer:g}" for answer, text in scale.labels.items() if not text.strip()]:
        raise ModelError(f"the label of {enumerate_names(empty)} is empty; leave it out")


def _check_codes(scale: Scale) -> None:
    if inside := [f"{c:g}" for c in scale.dont_know if scale.lowest <= c <= scale.highest]:
        raise ModelError(
            f"dont_know has {enumerate_names(inside)}, which the scale {describe(scale)} "
            "contains; a code that can be an answer cannot be told from one"
        )
    if repeated := [f"{c:g}" for c, times in Counter(scale.dont_know).items() if times > 1]:
        raise ModelError(f"dont_know has {enumerate_names(repeated)} twice")
