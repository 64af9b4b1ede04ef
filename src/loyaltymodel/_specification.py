"""Base of every specification: frozen, checked on every way in, read and written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError
from pydantic import model_validator as _model_validator

from loyaltymodel.errors import ModelError


class Specification(BaseModel):
    """A statement of what is claimed, apart from any data.

    It cannot be changed after it was made, refuses fields that it does not know, and whatever
    is wrong with it is raised as a :class:`~loyaltymodel.errors.ModelError` in one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @_model_validator(mode="wrap")
    @classmethod
    def _named_error(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            problems = "; ".join(_sentence(problem) for problem in error.errors())
            raise ModelError(f"{cls.__name__}: {problems}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: a specification is frozen."""
        raise ModelError(
            f"a {type(self).__name__} is frozen, so its {name!r} cannot be set; "
            "model_copy(update={...}) makes another one"
        )

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
        """
        return self.model_dump_json(indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a specification from the JSON that ``to_json`` writes.

        Parameters
        ----------
        text : str
            JSON text.

        Returns
        -------
        Self
            An equal specification.

        Raises
        ------
        ModelError
            If the text is not JSON, or describes a specification that is not allowed.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problems = "; ".join(_sentence(problem) for problem in error.errors())
            raise ModelError(f"{cls.__name__}: {problems}") from None

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


def _sentence(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    given = "" if problem["type"] == "missing" else f" (given: {problem['input']!r})"
    message = problem["msg"]
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
    return f"{place}: {message}{given}" if place else message
