"""What a questionnaire asks: items, and the scales on which they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, overload
from warnings import catch_warnings, filterwarnings

import numpy as np
import pandas as pd
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Strict,
    Tag,
    model_validator,
)

from loyaltymodel._core.accepted import AsGiven, Data, Variable
from loyaltymodel._core.arrays import BoolArray, FloatArray, FrozenMapping
from loyaltymodel._core.catalogue import lists
from loyaltymodel._core.frames import Missing
from loyaltymodel._core.options import enumerate_names, repeated, suggest
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import KINDS, Number, Specification
from loyaltymodel._core.variables import as_given, read_variables
from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.survey.wording import Wording, in_language, languages_of, texts_of

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


def _answers_as_numbers(labels: Any, what: str = "labels name the answer") -> Any:
    """Read the answers as numbers also where JSON made text of them."""
    if not isinstance(labels, Mapping):
        return labels
    answers = [_number_or_as_given(answer) for answer in labels]
    if repeated := [f"{answer:g}" for answer, times in Counter(answers).items() if times > 1]:
        raise ModelError(f"{what} {enumerate_names(repeated)} twice")
    return dict(zip(answers, labels.values(), strict=True))


def _number_or_as_given(answer: Any) -> Any:
    if not isinstance(answer, str):
        return answer
    try:
        return float(answer)
    except ValueError:
        return answer


def _in_order(labels: Mapping[float, Any]) -> FrozenMapping[float, Any]:
    return FrozenMapping(dict(sorted(labels.items())))


def _short_answers(labels: Mapping[float, Any]) -> dict[int | float, Any]:
    return {
        _short(answer): dict(label) if isinstance(label, Mapping) else label
        for answer, label in labels.items()
    }


def _sorted(codes: tuple[float, ...] | Mapping[float, Any]) -> Any:
    # No codes are no codes, however that was written.
    return _in_order(codes) if codes and isinstance(codes, Mapping) else tuple(sorted(codes))


def _short_codes(codes: tuple[float, ...] | Mapping[float, Any]) -> Any:
    return _short_answers(codes) if isinstance(codes, Mapping) else [_short(c) for c in codes]


_Labels = Annotated[
    Mapping[_Number, Wording],
    BeforeValidator(_answers_as_numbers),
    AfterValidator(_in_order),
    PlainSerializer(_short_answers, return_type=dict[int | float, str | dict[str, str]]),
]
_Codes = Annotated[
    Annotated[tuple[_Number, ...], Tag(KINDS[0])]
    | Annotated[Mapping[_Number, Wording], Tag(KINDS[1])],
    Discriminator(lambda codes: KINDS[isinstance(codes, Mapping)]),
    BeforeValidator(lambda codes: _answers_as_numbers(codes, "dont_know has the code")),
    AfterValidator(_sorted),
    PlainSerializer(
        _short_codes, return_type=list[int | float] | dict[int | float, str | dict[str, str]]
    ),
]


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
        ``{1: "very dissatisfied", 5: "very satisfied"}``. A text may be given by language, as in
        ``{1: {"en": "poor", "zh": "差"}}``. Kept in the order of the answers.
    dont_know : sequence of float, or mapping from code to text, optional
        Codes in the data that are no answers but stand for "don't know" or for no answer at
        all, such as ``[98, 99]`` or ``{98: "don't know"}``. They lie outside the limits.
    direction : {"up", "down"}
        Whether a high answer means much ("up") or little ("down") of what is asked. School grades
        from 1 for the best point "down".
    step : float or None
        Distance between neighbouring answers, a whole number of times from lowest to highest.
        1 for whole numbers; None where every number between the limits is an answer.

    Raises
    ------
    ModelError
        If a number is not finite, the limits are in the wrong order, the steps do not fit
        between them, a label belongs to no answer, is empty or reads as another answer, or a code
        for "don't know" is an answer or is listed twice.

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
    def languages(self) -> tuple[str, ...]:
        """Languages in which all labels are that are given by language."""
        return languages_of(self.labels.values())

    @property
    def pair(self) -> tuple[float, float]:
        """Lowest and highest possible answer."""
        return self.lowest, self.highest

    @checked
    def label(self, answer: float, *, language: str | None = None) -> str:
        """Return what the questionnaire calls an answer, or a code for "don't know".

        Parameters
        ----------
        answer : float
            An answer, or a code for "don't know".
        language : str, optional
            The language, such as "zh"; the first one without it.

        Returns
        -------
        str
            The label, or the number where it has none.

        Raises
        ------
        OptionError
            If the label has no text in this language, or the number is nothing on the scale.

        Examples
        --------
        >>> from loyaltymodel.survey import Scale
        >>> five = Scale(lowest=1, highest=5, labels={1: {"en": "poor", "zh": "差"}})
        >>> five.label(1, language="zh"), five.label(2, language="zh")
        ('差', '2')
        """
        named = dict(self.dont_know) if isinstance(self.dont_know, Mapping) else {}
        wording = {**self.labels, **named}.get(answer)
        if wording is not None:
            return in_language(wording, language, f"the label of {answer:g}")
        if not (_is_answer(self, answer) or answer in self.dont_know):
            raise OptionError(f"answer={answer:g} is not on the scale {describe(self)}")
        return f"{answer:g}"

    @classmethod
    @checked
    def of_labels(
        cls, labels: Sequence[str] | pd.Series, *, dont_know: Sequence[float] = ()
    ) -> Self:
        """Make the scale from 1 up whose answers have these labels.

        Parameters
        ----------
        labels : sequence of str or Series of str
            What the questionnaire calls the answers, from the lowest to the highest; at least two.
        dont_know : sequence of float
            Codes in the data that stand for no answer.

        Returns
        -------
        Scale
            A scale from 1 to the number of labels.

        Raises
        ------
        ModelError
            If there are fewer than two labels, or one is empty, no text or there twice.

        Notes
        -----
        The catalogue has four sets of labels of five-point satisfaction scales (5分制满意度量表).
        They are not the same scale in other words: 一般 is the middle of two of them, and 一般满意
        is 4 in another.

        Examples
        --------
        >>> from loyaltymodel import evidence
        >>> from loyaltymodel.survey import Scale
        >>> mild = Scale.of_labels(evidence.catalogue("labels_mild")["chinese"])
        >>> mild.pair, mild.labels[2]
        ((1.0, 5.0), '不太满意')
        """
        given = list(labels)
        if twice := repeated(given):
            raise ModelError(f"labels has {enumerate_names(twice)} twice; give each answer its own")
        if len(given) < 2:  # noqa: PLR2004 - a scale has two ends
            raise ModelError(f"labels has {len(given)}; name at least two answers")
        numbered = {float(code): label for code, label in enumerate(given, start=1)}
        return cls(lowest=1, highest=len(given), labels=numbered, dont_know=tuple(dont_know))

    @checked
    def codes(
        self, answers: Variable, *, data: Data | None = None, missing: Missing = "raise"
    ) -> AsGiven:
        """Return the numbers of answers that came as labels of this scale.

        Parameters
        ----------
        answers : array-like of shape (n,), Series or str
            Labels, or the name of a column of ``data``.
        data : pandas, polars or pyarrow table, optional
            Where a named column is found.
        missing : {"raise", "drop"}
            What to do where an answer is missing: refuse, or leave it out.

        Returns
        -------
        Series or ndarray of shape (n,)
            The answers as numbers; a Series with its index if labels came as one.

        Raises
        ------
        DataError
            If an answer is no label of this scale, or is missing (with ``missing="raise"``).
        ModelError
            If the scale has no labels, or two answers have the same.

        Notes
        -----
        Labels are compared letter by letter, but for spaces around them. A label of another scale
        is refused even where it looks alike, because the scale is a fact of the questionnaire.

        Examples
        --------
        >>> from loyaltymodel import evidence
        >>> from loyaltymodel.survey import Scale
        >>> mild = Scale.of_labels(evidence.catalogue("labels_mild")["chinese"])
        >>> mild.codes(["一般", "很满意", "不太满意"]).tolist()
        [3, 5, 2]
        """
        called = {
            (text.strip(), _short(answer))
            for answer, wording in self.labels.items()
            for text in texts_of(wording)
        }
        labels = dict(sorted(called, key=lambda pair: pair[1]))
        if not labels:
            raise ModelError("the scale has no labels; give Scale(labels={1: ...}) what they are")
        if twice := repeated(text for text, _ in called):
            raise ModelError(f"two answers of the scale are called {enumerate_names(twice)}")
        read = read_variables(
            {"answers": answers}, data=data, categories=["answers"], missing=missing
        )
        places, distinct = pd.factorize(read["answers"])
        stripped = [value.strip() if isinstance(value, str) else value for value in distinct]
        if unknown := [value for value in stripped if value not in labels]:
            raise DataError(
                f"answers have labels that are not on the scale: "
                f"{enumerate_names(repr(value) for value in unknown)}; the scale has "
                f"{', '.join(labels)}.{_way_out(unknown[0], labels)}"
            )
        found = np.array([labels[value] for value in stripped])[places]
        return as_given([answers], read.labels, found, name="code")


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
        text : str or mapping from language to text, optional
            The question as it was asked, in the language or in the languages in which it was.
        construct : str or None
            Name of the construct that the item shows; None for an item outside any model.
        reversed : bool
            Whether the item is worded against its construct, as "the staff are rude" is against
            friendliness (反向题), so that agreement means little of it.
        dont_know : sequence of float, or mapping from code to text, optional
            Codes of this item that are no answers, beyond those of its scale.

        Raises
        ------
        ModelError
            If the name, the name of the scale or the name of the construct is empty, or a code for
            "don't know" is listed twice.

        Examples
        --------
        >>> from loyaltymodel.survey import Item
        >>> Item(name="s1", scale="five", text="总体而言您满意吗？", construct="satisfaction").text
        '总体而言您满意吗？'
        """

        name: str
        scale: str
        text: Wording = ""
        construct: str | None = None  # type: ignore[assignment]
        reversed: Annotated[bool, Strict()] = False
        dont_know: _Codes = ()

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
            _refuse_repeated_codes(self.dont_know)
            return self

        @checked
        def wording(self, language: str | None = None) -> str:
            """Return the question in a language.

            Parameters
            ----------
            language : str, optional
                The language, such as "zh"; the first one without it.

            Returns
            -------
            str
                The question.

            Raises
            ------
            OptionError
                If the texts are given by language, and there is none in this one.

            Examples
            --------
            >>> from loyaltymodel.survey import Item
            >>> item = Item(name="s1", scale="five", text={"en": "Satisfied?", "zh": "满意吗？"})
            >>> item.wording("zh")
            '满意吗？'
            """
            return in_language(self.text, language, f"item {self.name!r}")


def _way_out(label: object, labels: Mapping[str, object]) -> str:
    """Say which sets of the catalogue have a label, or what to do where none has."""
    having = [
        repr(name)
        for name, entry in lists().items()
        if name.startswith("labels_") and label in [row["chinese"] for row in entry.rows]
    ]
    if having:
        return (
            f" {label!r} is in the list {' and '.join(having)} of the catalogue: make the scale "
            "of the labels that were asked"
        )
    return f" Recode other words yourself{suggest(label, labels)}, with don't know as missing"


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


def is_turned(scale: Scale, item: Item) -> bool:
    """Tell whether a high answer to an item means little of its construct."""
    return (scale.direction == "down") != item.reversed


def has_flags(scale: Scale) -> bool:
    """Tell whether True and False are answers on a scale, 1 and 0."""
    return scale.pair == (0.0, 1.0)


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
    texts = [(answer, text) for answer, wording in labels for text in texts_of(wording)]
    if empty := [f"{answer:g}" for answer, text in texts if not text.strip()]:
        raise ModelError(f"the label of {enumerate_names(empty)} is empty; leave it out")
    for answer, text in texts:
        read = _number_or_as_given(text)
        if isinstance(read, float) and read != answer and _is_answer(scale, read):
            raise ModelError(
                f"the label of {answer:g} is {text!r}, which reads as another answer; in a table "
                "nobody could tell which is meant, so give it another label"
            )


def _check_codes(scale: Scale) -> None:
    if inside := [f"{c:g}" for c in scale.dont_know if scale.lowest <= c <= scale.highest]:
        raise ModelError(
            f"dont_know has {enumerate_names(inside)}, which the scale {describe(scale)} "
            "contains; a code that can be an answer cannot be told from one"
        )
    _refuse_repeated_codes(scale.dont_know)


def _refuse_repeated_codes(codes: Iterable[float]) -> None:
    if repeated := [f"{c:g}" for c, times in Counter(list(codes)).items() if times > 1]:
        raise ModelError(f"dont_know has {enumerate_names(repeated)} twice")
