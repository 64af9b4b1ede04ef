"""Which command is asked for, and how a program ends: whatever happens, no traceback."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence

from loyaltymodel._cli import INTERRUPTED, index
from loyaltymodel._cli.terminal import complain, leave, say
from loyaltymodel.errors import LoyaltyModelError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or with one line on what was wrong another code.

    It is 2 where the call, a file or the data cannot be used, 130 after an interruption, and 1 for
    a fault of the program.
    """
    try:
        say(index.run(index.parser().parse_args(arguments)))
    except BrokenPipeError:  # whoever read has seen enough
        leave(sys.stdout)
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED)
    except OSError as error:
        of = f"{str(error.filename)!r}: " if error.filename else ""
        return complain(f"{of}{str(error.strerror or error).lower()}", 2)
    except MemoryError:
        return complain("there is not enough memory for this survey", 2)
    except LoyaltyModelError as error:
        return complain(_as_options(" ".join(str(error).split())), 2)
    except Exception as error:  # no traceback at a terminal, whatever happens
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return complain(f"a fault of this program, please report it: {what}", 1)
    return 0


def _as_options(message: str) -> str:
    """Say the way out as options of the command."""
    for argument, option in (
        ('missing="drop"', "--missing drop"),
        ("scale=(1, 10)", "--scale 1 10"),
        ("consistent=False", "no --consistent"),
        (" (pandas.to_numeric helps)", ""),
    ):
        message = message.replace(argument, option)
    if re.search(r"such as '[-+]?\d+,\d+'", message):
        message += "; decimals are written with a point here: 3.5, not 3,5"
    # A name of several words is read as one between double quotes only, in a model and a shell.
    return re.sub(
        r"\(did you mean '((?=[^']*[^\w'])[^'\\\"]+)'\?\)",
        r'(did you mean "\1"? Write it with the quotes)',
        message,
    )


def as_program() -> int:
    """Run the command as a program, on any terminal and into any pipe or disk."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:
        return complain("there is no output to print to", 2)
    try:
        code = main()
    except SystemExit as stop:  # after the help, or arguments that cannot be read
        code = int(stop.code or 0)
    try:
        sys.stdout.flush()
    except OSError as error:
        leave(sys.stdout)
        if code == 0 and not isinstance(error, BrokenPipeError):
            return complain(str(error.strerror).lower(), 2)
    return code
