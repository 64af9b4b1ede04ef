"""Files that a command writes: known by their content, so that no other is overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from loyaltymodel._version import __version__
from loyaltymodel.errors import OptionError

Target = tuple[Path, Callable[[bytes], bool]]  # a file to write, and what is known by its content

PROGRAM = f"loyaltymodel {__version__}"  # in the head of a picture
_BEGINNING = 4096  # bytes


def is_own_json(content: bytes) -> bool:
    """Tell whether a file is what ``--json`` writes."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"kind", "title", "version", "tables"} <= found.keys()


def is_own_page(content: bytes) -> bool:
    """Tell whether a file is a page that ``--report`` writes."""
    return b'name="generator" content="loyaltymodel ' in content[:_BEGINNING]


def is_own_picture(content: bytes) -> bool:
    """Tell whether a file is a picture of this command, which says so at its beginning."""
    return content.startswith(b"\x89PNG") and PROGRAM.encode() in content[:_BEGINNING]


def refuse_strangers(targets: Sequence[Target]) -> None:
    """Refuse to overwrite a file that no command of this program wrote."""
    for path, is_own in targets:
        if path.is_file() and (content := path.read_bytes()) and not is_own(content):
            raise OptionError(
                f"{path} exists and was not written by this command; name another place, or "
                "overwrite it with --force"
            )
