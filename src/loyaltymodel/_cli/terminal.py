"""What is said at a terminal, and how it ends when nobody listens."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import IO

from loyaltymodel._core.options import visible

_WIDTH = 96  # letters of a line, for a terminal of 100


def say(text: str) -> None:
    """Print lines in which names from the data cannot steer the terminal."""
    print("\n".join(map(visible, text.split("\n"))))
    if sys.stdout is not None:
        sys.stdout.flush()


def complain(message: str, code: int) -> int:
    """Say in a line what was wrong, and return the code to end with."""
    try:
        print(f"loyaltymodel: {visible(message)}", file=sys.stderr, flush=True)
    except OSError:  # nobody listens
        leave(sys.stderr)
    return code


def leave(stream: IO[str] | None) -> None:
    """Send what is left for a stream to nowhere, so that Python does not complain at its end."""
    try:
        nowhere, place = os.open(os.devnull, os.O_WRONLY), stream.fileno() if stream else None
        if place is not None:
            os.dup2(nowhere, place)
    except (OSError, ValueError):  # a stream that is no file
        return


def wrapped(text: str, head: str = "") -> str:
    """Return a paragraph in lines, its first begun with a head and the others as far in."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
        break_long_words=False,  # a path is copied whole
    )
