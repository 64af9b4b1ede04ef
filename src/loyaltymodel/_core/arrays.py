"""Read-only arrays and records: what makes a result immutable, also after pickling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]
# What callers may give as numbers, which arrives as an array of them where a call is checked.
Numbers = Annotated[npt.ArrayLike, FloatArray]

K = TypeVar("K")
V = TypeVar("V")


def read_only(values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Return a copy of the values that cannot be written to."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


class FrozenMapping(Mapping[K, V]):
    """A mapping that is copied once, never changes, can be hashed and can be pickled."""

    __slots__ = ("_content",)

    def __init__(self, content: Mapping[K, V]) -> None:
        self._content = dict(content)

    def __getitem__(self, key: K) -> V:
        """Return the value under a key."""
        return self._content[key]

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys in the order given."""
        return iter(self._content)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._content)

    def __hash__(self) -> int:
        """Hash the content, whatever its order."""
        return hash(frozenset(self._content.items()))

    def __repr__(self) -> str:
        """Show the content as a dictionary would."""
        return repr(self._content)


class FrozenRecord:
    """Base of frozen dataclasses whose arrays are read-only copies, also after pickling.

    NumPy forgets on unpickling that an array was read-only; so a record is pickled and copied
    by being made again from its fields, through its own constructor.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        """Protect the arrays."""
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, field.name, read_only(value, value.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        """Describe the record by its class and its fields."""
        content = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return _rebuild, (type(self), content)


def _rebuild(kind: type[Any], content: dict[str, Any]) -> Any:
    return kind(**content)
