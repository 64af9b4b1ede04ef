"""A parser of arguments that says what it cannot read on any terminal."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from loyaltymodel._core.options import visible


class Parser(argparse.ArgumentParser):
    """The parser of Python, whose help fails aloud and whose errors steer no terminal."""

    def print_help(self, file: Any = None) -> None:
        """Print the help; other than the base, not in silence on a full disk."""
        print(self.format_help(), file=file, end="", flush=True)

    def error(self, message: str) -> NoReturn:
        """Say what cannot be read, and end."""
        super().error(visible(message))
