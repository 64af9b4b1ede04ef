"""Which command is asked for, and how a program ends: whatever happens, no traceback."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

from loyaltymodel._cli import INTERRUPTED, index, init
from loyaltymodel._cli.terminal import complain, leave, say
from loyaltymodel._core.options import shown, suggest
from loyaltymodel.errors import LoyaltyModelError, OptionError

_CHAIN, _INIT = "chain", "init"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or with one line on what was wrong another code.

    It is 2 where the call, a file or the data cannot be used, 130 after an interruption, and 1 for
    a fault of the program.
    """
    command: Any = index
    try:
        command, rest = _command(sys.argv[1:] if arguments is None else arguments)
        say(command.run(command.parser().parse_args(rest)))
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
        return complain(command.in_its_words(" ".join(str(error).split())), 2)
    except Exception as error:  # no traceback at a terminal, whatever happens
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return complain(f"a fault of this program, please report it: {what}", 1)
    return 0


def _command(arguments: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """Return the module of the command that is asked for, and the arguments left for it."""
    word = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    if word == _CHAIN:
        # It loads most of the theories, which takes a second.
        from loyaltymodel._cli import chain  # noqa: PLC0415

        return chain, arguments[1:]
    if word == _INIT:
        return init, arguments[1:]
    if meant := suggest(word, [_CHAIN, _INIT]):
        raise OptionError(f"there is no command {shown(word)}{meant}")
    return index, arguments


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
