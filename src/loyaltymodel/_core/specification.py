"""Base of every specification: frozen, checked on every way in, read and written as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from annotated_types import Ge, Gt, Le
from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
)
from pydantic import model_validator as _model_validator
from pydantic_core import PydanticCustomError

from loyaltymodel._core.options import (
    check_count,
    enumerate_names,
    has_half_letter,
    is_number,
    one_number,
    shown,
    suggest,
    why_not_a_list,
)
from loyaltymodel._core.signature import checked, listed
from loyaltymodel.errors import ModelError, OptionError

# What is wrong with a field, by what pydantic calls it.
_WRONG = {
    "missing": "is missing",
    "extra_forbidden": "is none of its fields",
    "invalid_key": "is none of its fields",
    "string_type": "must be text",
    "string_sub_type": "must be text",
    "string_unicode": "must be text",
    "string_too_short": "must have {min_length} or more letters",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping of fields to values",
    "model_attributes_type": "must be a mapping of fields to values",
    "literal_error": "must be {expected}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have {min_length} or more parts",
    "too_long": "must have {max_length} parts or fewer",
}
_SHOWN = 5  # problems in a message
KINDS = ("[list]", "[mapping]")  # tags of a field that is either, no part of what it is called
_OF_PYDANTIC = ("model_config", "model_fields", "model_computed_fields")
_EXCERPT = 20  # letters of a text that cannot be read


def _one_number(value: Any) -> float:
    """Return a number as Python's own; text and True, which pydantic would read, are none."""
    if not is_number(value):
        raise PydanticCustomError("float_type", "input should be a valid number")
    try:
        return float(one_number("it", value))
    except OptionError:
        raise PydanticCustomError("finite_number", "input should be a finite number") from None


# Types that fields share hold no Field(): older releases of pydantic write the default of one field
# into it, and so into all others.
Number = Annotated[float, AllowInfNan(allow_inf_nan=False), BeforeValidator(_one_number)]
Positive = Annotated[Number, Gt(0)]
NotNegative = Annotated[Number, Ge(0)]
Share = Annotated[Number, Ge(0), Le(1)]


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _Kind
else:
    _Kind = type(BaseModel)


class _KindOfSpecification(_Kind):
    def __dir__(cls) -> list[str]:  # noqa: N805  of a class of classes
        """Show what a specification has of its own, and not what pydantic adds."""
        own = [c for c in cls.__mro__ if isinstance(c, _KindOfSpecification)]
        names = {name for c in own for name in vars(c) if name not in _OF_PYDANTIC}
        names.update(getattr(cls, "__pydantic_fields__", {}))
        return sorted(name for name in names if not name.startswith("_"))


class Specification(BaseModel, metaclass=_KindOfSpecification):
    """A statement of what is claimed, apart from any data.

    It cannot be changed after it was made, refuses fields that it does not know, and whatever
    is wrong with it is raised as a :class:`~loyaltymodel.errors.ModelError` in one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @_model_validator(mode="wrap")
    @classmethod
    def _named_error(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, Mapping):
            for name, value in data.items():
                if why := why_not_a_list(value):
                    kind = type(value).__name__
                    raise ModelError(
                        f"{cls.__name__}: {name} is a {kind}, which {why}; give a list"
                    )
            data = {name: listed(value) for name, value in data.items()}
        try:
            made = handler(data)
        except ValidationError as error:
            problems = [_sentence(problem, cls.model_fields) for problem in error.errors()]
            raise ModelError(f"{cls.__name__}: {_some(problems)}") from None
        for name, value in made:
            for text in _texts(value):
                _check_letters(f"{cls.__name__}: {name}", text)
        return made

    def __dir__(self) -> list[str]:
        """Show what a specification has of its own, and not what pydantic adds."""
        return dir(type(self))

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: a specification is frozen."""
        raise ModelError(
            f"a {type(self).__name__} is frozen, so its {name!r} cannot be set; "
            "model_copy(update={...}) makes another one"
        )

    @checked
    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the specification as JSON, fit for a file.

        Parameters
        ----------
        indent : int or None
            Spaces per level; None writes a single line.

        Returns
        -------
        str
            JSON that ``from_json`` reads back to an equal specification.

        Raises
        ------
        OptionError
            If ``indent`` is below 0, or beyond any use.
        """
        if indent is not None:
            check_count("indent", indent, least=0)
        return self.model_dump_json(indent=indent)

    @classmethod
    @checked
    def from_json(cls, text: str | bytes) -> Self:
        """Read a specification from the JSON that ``to_json`` writes.

        Parameters
        ----------
        text : str or bytes
            JSON text, in UTF-8 if it is bytes; a byte-order mark is passed over.

        Returns
        -------
        Self
            An equal specification.

        Raises
        ------
        ModelError
            If the text is not JSON, names something twice, or describes a specification that is
            not allowed.
        """
        return cls.model_validate(_parsed(cls.__name__, text))

    @checked
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002
        """Return a copy with some fields replaced, checked like a new one.

        Parameters
        ----------
        update : mapping from field name to value, optional
            The fields to replace.
        deep : bool
            Without effect: nothing in a specification can change, so nothing needs copying.

        Returns
        -------
        Self
            A specification of the same class.
        """
        return type(self).model_validate({**dict(self), **(update or {})})


def _sentence(problem: Any, fields: Iterable[str]) -> str:
    """Say in plain words what pydantic found wrong with a field, and which may be meant."""
    kind, found = problem["type"], problem.get("ctx", {})
    wrong = str(found.get("error", "is not allowed")) if kind not in _WRONG else _WRONG[kind]
    given = "" if kind == "missing" else f" (given: {shown(problem['input'])})"
    parts = [str(part) for part in problem["loc"] if part not in ("[key]", *KINDS)]
    place = ".".join(parts) or "what is given"
    if "[key]" in problem["loc"]:
        place = f"the key {place}"
    meant = suggest(place, fields) if kind == "extra_forbidden" else ""
    return f"{place} {wrong.format(**found)}{meant}{given}"


def _some(problems: list[str]) -> str:
    rest = len(problems) - _SHOWN
    return "; ".join(problems[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")


def _texts(value: object) -> Iterator[str]:
    """Yield what is written in a field; specifications within have been checked themselves."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts((key, part))


def _check_letters(place: str, text: str) -> None:
    if has_half_letter(text):
        raise ModelError(
            f"{place} has {shown(text)}, which is not valid text: half of a letter (a surrogate) "
            "stands in it; write the whole letter, or leave it out"
        )


def _parsed(kind: str, text: str | bytes) -> Any:
    """Read JSON, in which no name stands twice."""
    if not isinstance(text, (str, bytes)):
        raise ModelError(f"{kind}: the JSON is {shown(text)}, but text is needed")
    try:
        written = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeError:
        raise ModelError(f"{kind}: the JSON is not text in UTF-8; save it as such") from None
    written = written.removeprefix("\ufeff")  # a byte-order mark
    try:
        return json.loads(written, object_pairs_hook=_each_once)
    except json.JSONDecodeError as error:
        if not written.strip():
            raise ModelError(f"{kind}: the text is empty; JSON is needed") from None
        excerpt = shown(written[error.pos :][:_EXCERPT]) if written[error.pos :] else "its end"
        raise ModelError(
            f"{kind}: the text cannot be read as JSON: line {error.lineno}, column {error.colno}, "
            f"at {excerpt}: {error.msg[0].lower()}{error.msg[1:].removesuffix(' at')}"
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets without end
        raise ModelError(
            f"{kind}: the text cannot be read as JSON: its numbers are too long, or its brackets "
            "too many; give what to_json writes"
        ) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    times = Counter(name for name, _ in pairs)
    if twice := [name for name, count in times.items() if count > 1]:
        raise ModelError(f"the JSON has {enumerate_names(twice)} more than once; name each once")
    return dict(pairs)
