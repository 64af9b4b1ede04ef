"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a device, such as a terminal, as it is.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is as it was.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    own = path.resolve()  # what a link leads to
    part = ""
    try:
        made, part = tempfile.mkstemp(dir=own.parent, prefix=f".{own.name}.")
        with os.fdopen(made, "wb") as file:
            file.write(content)
        Path(part).chmod(own.stat().st_mode if own.exists() else 0o666 & ~_umask())
        Path(part).replace(own)
    except OSError as error:
        Path(part).unlink(missing_ok=True) if part else None
        raise OSError(error.errno, error.strerror, str(path)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
