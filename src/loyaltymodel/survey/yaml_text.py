"""Specifications of a survey as YAML: written with comments for people, read without surprises."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from loyaltymodel._core.options import shown
from loyaltymodel._core.signature import checked
from loyaltymodel._core.specification import Specification
from loyaltymodel.errors import DataError, ExtraNotInstalledError, ModelError

_WIDTH = 100
_TRUTH = re.compile(r"(?:true|false)\Z")  # the whole text, not one that begins so
_BY_ANSWER = ("labels", "dont_know")  # fields whose keys are numbers, which JSON writes as text


class YamlSpecification(Specification):
    """A specification that is also read and written as YAML."""

    @checked
    def to_yaml(self) -> str:
        """Return the specification as YAML with comments, to be read and edited by people.

        Returns
        -------
        str
            YAML that ``from_yaml`` reads back to an equal specification. Fields that have their
            default are left out.

        Raises
        ------
        ExtraNotInstalledError
            If PyYAML is not installed; the extra ``files`` has it.
        """
        yaml = _yaml()
        data = _with_numbers(self.model_dump(mode="json", exclude_defaults=True))
        comments = self._comments()
        lines: list[str] = []
        for field, value in data.items():
            lines += [f"# {line}" for line in comments.get((field,), ())]
            if field in ("scales", "items"):
                lines.append(f"{field}:")
                for place, part in enumerate(value):
                    key = part if isinstance(value, Mapping) else place
                    lines += [f"  # {line}" for line in comments.get((field, key), ())]
                    lines += _indented(
                        _dumped(yaml, {part: value[part]} if key == part else [part])
                    )
            else:
                lines += _dumped(yaml, {field: value})
        return "\n".join(lines) + "\n"

    @classmethod
    @checked
    def from_yaml(cls, text: str | bytes | os.PathLike[str]) -> Self:
        """Read a specification from YAML.

        Parameters
        ----------
        text : str, bytes or Path
            YAML text, in UTF-8 if it is bytes, or a ``pathlib.Path`` to a file of it.

        Returns
        -------
        Self
            The specification.

        Raises
        ------
        DataError
            If there is no such file.
        ModelError
            If the text is not YAML, names something twice, or describes a specification that is
            not allowed.
        ExtraNotInstalledError
            If PyYAML is not installed; the extra ``files`` has it.

        Notes
        -----
        ``yes``, ``no``, ``on`` and dates are read as the texts that they are; only ``true`` and
        ``false`` are truth values. References within the text (``&``, ``*``) are refused.
        """
        return cls.model_validate(_loaded(cls.__name__, _text_of(text)))

    def _comments(self) -> dict[tuple[str | int, ...], list[str]]:
        """Return what is said above a field, a scale or an item."""
        return {}


def _yaml() -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise ExtraNotInstalledError(
            "YAML needs the package PyYAML; install it by pip install pyyaml (the extra 'files' "
            "does), or use to_json and from_json, which need nothing extra"
        ) from None
    return yaml


def _text_of(given: str | bytes | os.PathLike[str]) -> str:
    if isinstance(given, os.PathLike):
        try:
            given = Path(given).read_bytes()
        except OSError as error:
            raise DataError(f"{os.fspath(given)!r} cannot be read: {error.strerror}") from None
    if isinstance(given, bytes):
        try:
            return given.decode("utf-8-sig")
        except UnicodeError:
            raise ModelError("the YAML is not text in UTF-8; save it as such") from None
    return given.removeprefix("\ufeff")


def _loaded(kind: str, text: str) -> Any:
    yaml = _yaml()
    try:
        found = yaml.load(text, Loader=_loader(yaml))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ModelError(
            f"{kind}: the text cannot be read as YAML: {place}{error.problem}"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"{kind}: the text cannot be read as YAML: {error}") from None
    if isinstance(found, str) and "\n" not in found and Path(found).suffix in (".yaml", ".yml"):
        raise ModelError(f"{kind}: {shown(found)} is the name of a file; give Path({found!r})")
    if not isinstance(found, Mapping):
        raise ModelError(f"{kind}: the YAML is {shown(found)}, but a mapping of fields is needed")
    return found


def _loader(yaml: Any) -> Any:
    """Make a loader that takes no text for something else, and nothing twice."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """YAML whose plain texts are texts, but for numbers, true, false and null."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.composer.ComposerError(
                    None, None, "references (*) are not read; write the text out", mark
                )
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
            made = super().construct_mapping(node, deep=deep)
            if len(made) < len(node.value):
                keys = [self.construct_object(key) for key, _ in node.value]
                place = next(k for k, key in enumerate(keys) if key in keys[:k])
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"{keys[place]!r} stands twice; name each once",
                    node.value[place][0].start_mark,
                )
            return made

    core = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in core]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUTH, list("tf"))
    return Loader


def _dumped(yaml: Any, data: Any) -> list[str]:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return str(text).splitlines()


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else line for line in lines]


def _with_numbers(data: Any) -> Any:
    """Return the data with answers as numbers where JSON made text of them."""
    if isinstance(data, list):
        return [_with_numbers(part) for part in data]
    if not isinstance(data, Mapping):
        return data
    return {
        key: {_number(answer): text for answer, text in value.items()}
        if key in _BY_ANSWER and isinstance(value, Mapping)
        else _with_numbers(value)
        for key, value in data.items()
    }


def _number(answer: str) -> int | float:
    value = float(answer)
    return int(value) if value.is_integer() else value
