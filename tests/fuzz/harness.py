"""From working calls to verdicts, within one process."""

import traceback
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from .calls import Call
from .mutations import Mutation, mutations_of
from .verdicts import SECONDS, Outcome, Verdict, attempt, differs, judge

Planned = tuple[Call, str, Mutation, str]


def part_of(name: str, parts: int) -> int:
    """Give a name its part, which is the same in every run."""
    return zlib.crc32(name.encode()) % parts


def planned(calls: Iterable[Call], share: float = 1.0) -> Iterator[Planned]:
    """Yield every mutation of every argument, or a fixed share of them, with its key."""
    for call in calls:
        for argument in call.parameters:
            for mutation in mutations_of(call, argument):
                key = f"{call.key}/{argument}/{mutation.name}"
                if part_of(key, 10_000) < share * 10_000:
                    yield call, argument, mutation, key


def verdicts(
    calls: Iterable[Call],
    *,
    share: float = 1.0,
    key: str | None = None,
    skip: Collection[str] = (),
    seconds: float = SECONDS,
    said: Callable[[str], object] = str,
) -> Iterator[Verdict]:
    """Yield the verdict on every mutated call; ``said`` hears the key of each before it is made.

    A call that does not work, or gives two answers, is ``broken`` and is not mutated.
    """
    usual: dict[str, Outcome | None] = {}
    for call, argument, mutation, name in planned(calls, share):
        if (key is not None and name != key) or name in skip:
            continue
        if call.key not in usual:
            said(f"{call.key}//unchanged")
            usual[call.key], problem = _unchanged(call)
            if problem:
                yield Verdict(f"{call.key}//unchanged", "broken", problem)
        if (outcome := usual[call.key]) is None:
            continue
        said(name)
        try:
            verdict = judge(call, argument, mutation, outcome, seconds)
        except Exception as error:
            verdict = Verdict(name, "broken", f"{error!r}:", _line(error))
        if verdict is not None:
            yield verdict


def _unchanged(call: Call) -> tuple[Outcome | None, str]:
    outcome, again = attempt(call.with_arguments()), attempt(call.with_arguments())
    if outcome.error is not None:
        return None, f"{outcome.error!r}:"
    same = not differs(outcome.answer, again.answer)
    return (outcome, "") if same else (None, "two answers differ:")


def _line(error: Exception) -> str:
    own = [f for f in traceback.extract_tb(error.__traceback__) if "/fuzz/" in f.filename]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"
