"""``python -m loyaltymodel``: the command line, whose parts stand in ``_cli``."""
# ruff: noqa: E402  an interruption is caught before the imports, which take a second

from __future__ import annotations

import signal
import sys

from loyaltymodel._cli import INTERRUPTED


def _stop(*_: object) -> None:
    """End the program at Ctrl-C with a line, and the code that shells give it."""
    print("loyaltymodel: interrupted", file=sys.stderr)
    raise SystemExit(INTERRUPTED)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _stop)

from loyaltymodel._cli.program import as_program, main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(as_program())
