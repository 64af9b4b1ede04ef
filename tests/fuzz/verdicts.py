"""What a call did: refused by name, the same answer, another one, or something that must not be."""

# ruff: noqa: PLR0911  kinds of answers are told apart one after another

import contextlib
import decimal
import math
import numbers
import pickle
import random
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from loyaltymodel.errors import LoyaltyModelError, LoyaltyModelWarning

from .calls import AXES, Call
from .mutations import REFUSE, SAME, Mutation, fresh

SECONDS = 20
FINE = ("named", "same", "value")
BAD = ("silent", "unnamed", "warned", "changed", "state", "hang", "memory", "died")
_RELATIVE = 1e-7
# What rests on chance: where rows come in another order, other rows are drawn.
_BY_CHANCE = {"ci_low", "ci_high", "std_error", "p_value", "n_failed", "bias"}


class Hang(BaseException):
    """The call took too long; no handler of ordinary errors may keep it."""


@dataclass
class Outcome:
    """What came of one call."""

    answer: Any = None
    error: BaseException | None = None
    warned: tuple[str, str] | None = None  # what leaked, and where
    changed: str = ""
    state: str = ""

    @property
    def named(self) -> bool:
        """Whether it was refused by an error of the library."""
        return isinstance(self.error, LoyaltyModelError)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one mutated call: what, why, and the last line of the library."""

    key: str
    verdict: str
    text: str = ""
    where: str = ""


def attempt(call: Call, seconds: float = SECONDS) -> Outcome:
    """Make a call, and watch everything that it may touch."""
    outcome = Outcome()
    before, state = _print_of(call), _state()
    leaked: list[tuple[str, str]] = []

    def hear(message: Any, category: Any, *_: Any) -> None:
        if not issubclass(category, LoyaltyModelWarning):
            frames = traceback.extract_stack(sys._getframe(1))
            leaked.append((f"{category.__name__}: {message}", _last_line(frames)))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = hear
        filters = list(warnings.filters)
        try:
            with _at_most(seconds):
                outcome.answer = call.run()
        except Hang as error:
            outcome.error = error
        except (Exception, SystemExit) as error:
            outcome.error = error
        if list(warnings.filters) != filters:
            outcome.state = "warnings.filters"
    if leaked:
        outcome.warned = leaked[0]
    outcome.state = outcome.state or _difference(state, _state(), refused=outcome.error is not None)
    if before is not None and _print_of(call) != before:
        outcome.changed = _which(before, call)
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        outcome.answer = _drawn(outcome.answer)
        pyplot.close("all")
    return outcome


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judge(
    call: Call, argument: str, mutation: Mutation, usual: Outcome, seconds: float = SECONDS
) -> Verdict | None:
    """Make a mutated call and judge it; nothing if the mutation does not apply to the value."""
    key = f"{call.key}/{argument}/{mutation.name}"
    try:
        changes = mutation.make()
    except Exception:
        return None
    mutated = call.with_arguments(**changes)
    outcome = attempt(mutated, seconds)
    text, where = _text_of(outcome.error)
    if isinstance(outcome.error, Hang):
        return Verdict(key, "hang", f"Hang: over {seconds} s", where)
    if isinstance(outcome.error, MemoryError):
        return Verdict(key, "memory", text, where)
    if outcome.error is not None and not outcome.named:
        return Verdict(key, "unnamed", text, where)
    for verdict in ("changed", "state"):
        if found := getattr(outcome, verdict):
            return Verdict(key, verdict, f"{found}:", call.name)
    if outcome.warned is not None:
        return Verdict(key, "warned", *outcome.warned)
    if outcome.error is not None:
        return Verdict(key, "named", text, where)
    loose = mutation.other_order
    if mutation.due == REFUSE:
        return Verdict(key, "silent", f"answered: {_brief(outcome.answer)}")
    try:
        equal = same(usual.answer, outcome.answer, loose=loose)
    except Exception as error:  # an answer whose tables cannot be made is none
        return Verdict(key, "unnamed", *_text_of(error))
    if mutation.due == SAME:
        outcome.answer = _without_new_columns(usual.answer, outcome.answer, mutation.name)
        if differs(usual.answer, outcome.answer, loose=loose):
            return Verdict(key, "silent", f"other numbers: {_brief(outcome.answer)}")
    elif mutation.like is not None:
        due = attempt(call.with_arguments(**fresh(mutation.like())), seconds)
        if due.named:
            return Verdict(
                key, "silent", f"answered, where plain values raise {_text_of(due.error)[0]}"
            )
        if due.error is None and differs(due.answer, outcome.answer, loose=loose):
            return Verdict(key, "silent", f"not as plain values: {_brief(outcome.answer)}")
    return Verdict(key, "same" if equal else "value")


def _without_new_columns(usual: Any, answer: Any, mutation: str) -> Any:
    """Leave out the columns that were added to the data, where an answer hands them on."""
    frames = isinstance(usual, pd.DataFrame) and isinstance(answer, pd.DataFrame)
    if frames and mutation.startswith("extra_") and set(usual.columns) <= set(answer.columns):
        return answer[list(usual.columns)]
    return answer


# Comparing answers


def same(one: Any, other: Any, *, loose: bool = False) -> bool:
    """Tell whether two answers are equal in numbers and words."""
    return not differs(one, other, loose=loose, words=True)


def differs(one: Any, other: Any, *, loose: bool = False, words: bool = False) -> bool:
    """Tell whether two answers differ in their numbers, and in their words if asked."""
    return not _equal(plain(one), plain(other), loose, words)


def plain(value: Any) -> Any:
    """An answer as dictionaries, lists, tables and single values."""
    if isinstance(value, (pd.Series, pd.DataFrame, pd.Index)):
        return value
    if isinstance(value, pl.DataFrame):
        return value.to_pandas()
    if isinstance(value, pa.Table):
        return value.to_pandas()
    if isinstance(value, (pl.Series, pa.Array, pa.ChunkedArray, pd.api.extensions.ExtensionArray)):
        return np.asarray(value)
    if isinstance(value, np.ndarray):
        return value[()] if value.ndim == 0 else value
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, type):
        return value
    if hasattr(value, "to_dict"):
        found = dict(value.to_dict())
        for name in ("version", "remarks", "title", "settings"):
            found.pop(name, None)
        return plain(found)
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return value


def _equal(a: Any, b: Any, loose: bool, words: bool) -> bool:
    if isinstance(a, (pd.Series, pd.DataFrame)) and isinstance(b, (pd.Series, pd.DataFrame)):
        one, other = list(a.index), list(b.index)
        with contextlib.suppress(TypeError):  # labels that cannot be compared are left in order
            if one != other and set(one) == set(other) and len(set(one)) == len(one) == len(other):
                places = {label: k for k, label in enumerate(other)}
                b = b.iloc[[places[label] for label in one]]
    if isinstance(a, pd.DataFrame) and isinstance(b, pd.DataFrame):
        if a.shape != b.shape:
            return False
        names = list(map(str, a.columns))
        if len(set(names)) == len(names) and set(names) == set(map(str, b.columns)):
            b = b.iloc[:, [list(map(str, b.columns)).index(name) for name in names]]
        return _equal(_rows(a), _rows(b), loose, words)
    if isinstance(a, dict) and isinstance(b, dict):
        if len(a) != len(b):
            return False
        if set(a) != set(b):  # a name in other words
            return not words and _equal(list(a.values()), list(b.values()), loose, words)
        return all(
            _equal(v, b[k], loose, words) for k, v in a.items() if not (loose and k in _BY_CHANCE)
        )
    if _several(a) and _several(b):
        a, b = list(a), list(b)
        if len(a) != len(b):
            return False
        if a and all(isinstance(row, dict) for row in [*a, *b]):
            first, second = sorted(map(_row_name, a)), sorted(map(_row_name, b))
            if first == second:  # rows in another order are told apart by their words
                a, b = sorted(a, key=_row_name), sorted(b, key=_row_name)
        return all(_equal(x, y, loose, words) for x, y in zip(a, b, strict=True))
    if _several(a) or _several(b) or isinstance(a, dict) or isinstance(b, dict):
        return False
    return _equal_values(a, b, words)


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a table; columns are told apart by their place, since names may be alike."""
    columns = [list(table.iloc[:, k]) for k in range(table.shape[1])]
    names = [n if n in _BY_CHANCE else k for k, n in enumerate(map(str, table.columns))]
    rows = zip(*columns, strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _several(value: Any) -> bool:
    return isinstance(value, (list, np.ndarray, pd.Series, pd.Index, tuple))


def _row_name(row: dict[Any, Any]) -> str:
    return repr([str(v) for v in row.values() if isinstance(v, str)])


def _equal_values(a: Any, b: Any, words: bool) -> bool:
    x, y = _number(a), _number(b)
    if x is not None and y is not None:
        if math.isnan(x) or math.isnan(y):
            return math.isnan(x) and math.isnan(y)
        return math.isclose(x, y, rel_tol=_RELATIVE, abs_tol=1e-9)
    if (x is None) != (y is None):
        return False
    if isinstance(a, (str, bytes)) and isinstance(b, (str, bytes)):
        return not words or a == b
    return type(a) is type(b)


def _number(value: Any) -> float | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return math.nan
    if isinstance(value, (numbers.Real, np.bool_, decimal.Decimal)):
        with contextlib.suppress(OverflowError, TypeError, ValueError):
            return float(value)
    if isinstance(value, str):  # a number that is a label
        with contextlib.suppress(ValueError):
            return float(value)
    return None


def _drawn(answer: Any) -> Any:
    """What a picture shows: its words, and the places of its lines and points."""
    if not type(answer).__module__.startswith("matplotlib"):
        return answer
    axes = getattr(answer, "axes", None)
    if not hasattr(answer, "get_xlabel"):
        return [_drawn(a) for a in axes] if isinstance(axes, list) else []
    return {
        "texts": sorted(t.get_text() for t in answer.texts),
        "lines": [np.asarray(line.get_xydata()).tolist() for line in answer.lines],
        "points": [np.asarray(c.get_offsets()).tolist() for c in answer.collections],
        "boxes": [list(p.get_bbox().bounds) for p in answer.patches if hasattr(p, "get_bbox")],
    }


# What must stay as it was


def _print_of(call: Call) -> dict[str, bytes] | None:
    found = {}
    for name, value in call.arguments.items():
        own = type(value).__module__.startswith("loyaltymodel") and not isinstance(value, tuple)
        own = own or type(value).__module__.startswith("matplotlib")
        if value is AXES or own or isinstance(value, np.random.Generator) or callable(value):
            continue
        if isinstance(value, (Iterator, int, float, str, type(None))):
            continue
        with contextlib.suppress(Exception):
            found[name] = pickle.dumps(_comparable(value))
    return found


def _comparable(value: Any) -> Any:
    """A table by its content, because what it remembers of earlier questions may change."""
    if isinstance(value, pd.DataFrame):
        return [
            list(value.columns),
            list(value.index),
            [_comparable(value.iloc[:, k]) for k in range(value.shape[1])],
        ]
    if isinstance(value, pd.Series):
        return [str(value.dtype), value.name, list(value.index), list(value)]
    if isinstance(value, Mapping):
        return [[k, _comparable(v)] for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [_comparable(v) for v in value]]
    if isinstance(value, Iterator):
        return type(value).__name__
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, value.flags.writeable, value.tolist()]
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return [str(value.dtype), list(value)]
    return value


def _which(before: dict[str, bytes], call: Call) -> str:
    after = _print_of(call) or {}
    return ", ".join(name for name, was in before.items() if after.get(name) != was)


def _state() -> dict[str, Any]:
    chance = np.random.get_state()  # noqa: NPY002  that nothing may touch
    found = {
        "np.geterr": tuple(np.geterr().items()),
        "np.random": (chance[1].tobytes(), chance[2]),
        "random": hash(random.getstate()),
        "limit of recursion": sys.getrecursionlimit(),
    }
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        found["open figures"] = len(pyplot.get_fignums())
        found["rcParams"] = hash(str(pyplot.rcParams))
    return found


def _difference(before: dict[str, Any], after: dict[str, Any], *, refused: bool) -> str:
    for name, value in before.items():
        # A picture that was asked for is open, and so are the axes that the harness gave.
        if value != after[name] and (name != "open figures" or refused):
            return name
    return ""


# Words


def _last_line(frames: Any) -> str:
    """The last line inside the library: file and number."""
    own = [f for f in frames if "/loyaltymodel/" in f.filename]
    if not own:
        return "outside"
    return f"{own[-1].filename.rpartition('/loyaltymodel/')[2]}:{own[-1].lineno}"


def _text_of(error: BaseException | None) -> tuple[str, str]:
    if error is None:
        return "", ""
    where = _last_line(traceback.extract_tb(error.__traceback__))
    try:
        text = str(error).splitlines()[0] if str(error) else ""
    except Exception:
        text = "(no message)"
    shown = text[:160].encode("ascii", "backslashreplace").decode()
    return f"{type(error).__name__}: {shown}", where


def _brief(answer: Any) -> str:
    with contextlib.suppress(Exception):
        return repr(answer)[:100].replace("\n", " ").encode("ascii", "backslashreplace").decode()
    return f"<{type(answer).__name__} that cannot show itself>"
